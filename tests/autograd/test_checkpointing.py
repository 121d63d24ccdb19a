"""Checkpoints: the same gradients with less memory, and errors where the second run is another."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import autograd
import nn
from autograd import errors
from autograd.testing import gradcheck, gradgradcheck


def leaf(*shape: int, dtype: str = "float64") -> autograd.Tensor:
    return autograd.tensor(np.random.default_rng(0).uniform(0.5, 1.5, shape), dtype=dtype, requires_grad=True)


def body(x: autograd.Tensor, w: autograd.Tensor) -> autograd.Tensor:
    y = x * w
    y.exp_()
    return (y.tanh() @ w.t()).sin() * x.sum()


def test_gradients_of_both_orders() -> None:
    x, w = leaf(3, 3), leaf(3, 3)
    gradcheck(lambda x, w: autograd.checkpoint(body, x, w), (x, w))
    gradgradcheck(lambda x, w: autograd.checkpoint(body, x, w), (x, w))
    plain = autograd.grad(body(x, w).sum(), (x, w))
    again = autograd.grad(autograd.checkpoint(body, x, w=w).sum(), (x, w))
    for a, b in zip(plain, again, strict=True):
        assert (a == b).all()


def test_parameters_that_are_closed_over(torch: Any) -> None:
    model = nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Dropout(0.5), nn.Linear(5, 2))
    x = leaf(6, 4, dtype="float32")
    gradients = []
    for run in (model, lambda x: autograd.checkpoint(model, x), lambda x: autograd.checkpoint_sequential(model, 2, x)):
        autograd.manual_seed(3)
        model.zero_grad()
        (run(x) ** 2).sum().backward()
        after = autograd.rand(1).item()  # the second run leaves the generator as it was
        gradients.append([after, *(p.grad.tolist() for p in model.parameters() if p.grad is not None)])
    assert gradients[0] == gradients[1] == gradients[2]
    assert len(gradients[0]) == 5


def test_memory_is_not_kept() -> None:
    def deep(x: autograd.Tensor) -> autograd.Tensor:
        for _ in range(20):
            x = x.sin()
        return x

    def held(run: Any) -> int:
        x = leaf(100, 100)
        tracemalloc.start()
        y = run(x)
        size = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        y.sum().backward()
        return size

    assert held(deep) > 19 * 80_000
    assert held(lambda x: autograd.checkpoint(deep, x)) < 2 * 80_000


def test_nested_and_repeated() -> None:
    x, w = leaf(3, 3), leaf(3, 3)

    def outer(x: autograd.Tensor, w: autograd.Tensor) -> autograd.Tensor:
        return autograd.checkpoint(body, x.exp(), w) * w

    expected = autograd.grad((body(x.exp(), w) * w).sum(), (x, w))
    out = autograd.checkpoint(outer, x, w).sum()
    first = autograd.grad(out, (x, w), retain_graph=True)
    second = autograd.grad(out, (x, w))
    for a, b, c in zip(expected, first, second, strict=True):
        assert (a == b).all() and (a == c).all()


def test_the_function_runs_twice_and_under_no_grad_once() -> None:
    calls = []

    def counted(x: autograd.Tensor) -> autograd.Tensor:
        calls.append(1)
        return x.exp().sin()

    x = leaf(2)
    y = autograd.checkpoint(counted, x)
    assert len(calls) == 1
    y.sum().backward()
    assert len(calls) == 2
    with autograd.no_grad():
        autograd.checkpoint(counted, x)
    assert len(calls) == 3


def test_another_second_run_is_an_error() -> None:
    choices: Iterator[bool] = iter([True, False])

    def fickle(x: autograd.Tensor) -> autograd.Tensor:
        return x.exp().sin() if next(choices) else x.exp().cos()

    y = autograd.checkpoint(fickle, leaf(2))
    with pytest.raises(errors.GraphError, match=r"differ from number 1 on \(\['cos'\] in place of \['sin'\]\)"):
        y.sum().backward()


def test_a_changed_argument_is_an_error() -> None:
    x = leaf(2) * 1
    y = autograd.checkpoint(lambda x: x.exp().sin(), x)
    x.add_(1)
    with pytest.raises(errors.InPlaceError, match="checkpoint: an argument was changed in place"):
        y.sum().backward()


def test_segments_are_checked() -> None:
    layers = [autograd.sin, autograd.exp]
    with pytest.raises(errors.ArgumentError, match="3 segments of 2 functions; use 1 to 2"):
        autograd.checkpoint_sequential(layers, 3, leaf(2))
