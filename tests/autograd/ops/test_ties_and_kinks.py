"""Gradients where a function has several slopes: the choices of the design, by value, and PyTorch's where it agrees."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import Value


def gradients(module: Any, function: Callable[..., Any], *inputs: Any) -> list[list[float]]:
    """The gradients of the sum of what comes out."""
    leaves = [module.tensor(np.asarray(x, dtype=np.float64), requires_grad=True) for x in inputs]
    function(module, *leaves).sum().backward()
    return [leaf.grad.tolist() for leaf in leaves]


# Name: (function, inputs, gradients).
CHOICES: dict[str, tuple[Callable[..., Any], list[Any], list[Any]]] = {
    "relu at 0": (lambda m, x: m.relu(x), [[-0.0, 0.0, 1.0]], [[0, 0, 1]]),
    "hardtanh at its bounds": (
        lambda m, x: (autograd if m is autograd else m.nn.functional).hardtanh(x),
        [[-1.0, 1.0, 0.0]],
        [[0, 0, 1]],
    ),
    "relu6 at its bounds": (
        lambda m, x: (autograd if m is autograd else m.nn.functional).relu6(x),
        [[0.0, 6.0, 3.0]],
        [[0, 0, 1]],
    ),
    "leaky_relu at 0": (
        lambda m, x: (autograd if m is autograd else m.nn.functional).leaky_relu(x, 0.25),
        [[0.0]],
        [[0.25]],
    ),
    "elu at 0": (lambda m, x: (autograd if m is autograd else m.nn.functional).elu(x, 0.5), [[0.0]], [[0.5]]),
    "maximum at a tie": (lambda m, x, y: m.maximum(x, y), [[1.0, 2.0], [1.0, 1.0]], [[0.5, 1], [0.5, 0]]),
    "minimum at a tie": (lambda m, x, y: m.minimum(x, y), [[1.0, 2.0], [1.0, 1.0]], [[0.5, 0], [0.5, 1]]),
    "max of all": (lambda m, x: m.max(x), [[3.0, 1.0, 3.0]], [[0.5, 0, 0.5]]),
    "min of all": (lambda m, x: m.min(x), [[1.0, 1.0, 1.0, 4.0]], [[1 / 3, 1 / 3, 1 / 3, 0]]),
    "amax along a dimension": (
        lambda m, x: m.amax(x, 1),
        [[[2.0, 2.0], [1.0, 5.0]]],
        [[[0.5, 0.5], [0, 1]]],
    ),
    "max along a dimension": (lambda m, x: m.max(x, 1)[0], [[[2.0, 2.0], [1.0, 5.0]]], [[[1, 0], [0, 1]]]),
    "min along a dimension": (lambda m, x: m.min(x, 0)[0], [[[2.0, 2.0], [2.0, 5.0]]], [[[1, 1], [0, 0]]]),
    "clamp at its bounds": (lambda m, x: m.clamp(x, -1, 1), [[-1.0, 1.0, 0.0, 2.0]], [[1, 1, 1, 0]]),
    "abs at 0": (lambda m, x: m.abs(x), [[0.0, -0.0, -2.0]], [[0, 0, -1]]),
    "sign and rounding": (lambda m, x: m.sign(x) + m.floor(x) + m.round(x), [[0.0, 1.0, 0.5]], [[0, 0, 0]]),
    "norm at 0": (lambda m, x: m.norm(x), [[0.0, 0.0]], [[0, 0]]),
    "norm of rows, one of them 0": (
        lambda m, x: m.norm(x, 2, 1),
        [[[0.0, 0.0], [3.0, 4.0]]],
        [[[0, 0], [0.6, 0.8]]],
    ),
    "1-norm at 0": (lambda m, x: m.norm(x, 1), [[0.0, -2.0]], [[0, -1]]),
    "3-norm at 0": (lambda m, x: m.norm(x, 3), [[0.0, 0.0]], [[0, 0]]),
    "inf-norm at a tie": (lambda m, x: m.norm(x, float("inf")), [[2.0, -2.0, 1.0]], [[0.5, -0.5, 0]]),
    "std of equal numbers": (lambda m, x: m.std(x), [[2.0, 2.0, 2.0]], [[0, 0, 0]]),
    "prod with a zero": (lambda m, x: m.prod(x), [[2.0, 0.0, 3.0]], [[0, 6, 0]]),
    "prod with two zeros": (lambda m, x: m.prod(x), [[0.0, 0.0, 3.0]], [[0, 0, 0]]),
    "prod along a dimension with zeros": (
        lambda m, x: m.prod(x, 1),
        [[[2.0, 0.0], [3.0, 4.0]]],
        [[[0, 2], [4, 3]]],
    ),
    "pow at 0": (lambda m, x: x**2 + x**1 + x**0, [[0.0, 3.0]], [[1, 7]]),
    "0 to the power of a Tensor": (
        lambda m, x, y: x**y,
        [[0.0, 0.0, 0.0, 2.0], [0.0, 1.0, 2.0, 0.0]],
        [[0, 1, 0, 0], [0, 0, 0, np.log(2)]],
    ),
    "max pooling at a tie": (
        lambda m, x: (autograd if m is autograd else m.nn.functional).max_pool2d(x, 2),
        [np.ones((1, 1, 2, 2))],
        [[[[[1, 0], [0, 0]]]]],
    ),
    "hinge at its margin": (
        lambda m, x: (autograd if m is autograd else m.nn.functional).multi_margin_loss(x, m.tensor([0])) * 3,
        [[[2.0, 1.0, 1.5]]],
        # x[1] is below x[0] by just the margin: gradient 0; x[2] violates it by 0.5.
        [[[-1, 0, 1]]],
    ),
    "where with nan in the branch not taken": (
        lambda m, x: m.where(x > 0, x, m.zeros_like(x)),
        [[1.0, -1.0]],
        [[1, 0]],
    ),
    "repeated index": (lambda m, x: x[[0, 0, 1]], [[1.0, 2.0, 3.0]], [[2, 1, 0]]),
    "softsign at 0": (
        lambda m, x: (autograd if m is autograd else m.nn.functional).softsign(x),
        [[0.0]],
        [[1]],
    ),
    "l1_loss at 0": (
        lambda m, x: (autograd if m is autograd else m.nn.functional).l1_loss(x, m.zeros_like(x), reduction="sum"),
        [[0.0, 2.0]],
        [[0, 1]],
    ),
}


@pytest.mark.parametrize("choice", CHOICES)
def test_by_value(choice: str) -> None:
    function, inputs, expected = CHOICES[choice]
    found = gradients(autograd, function, *inputs)
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(np.asarray(a), np.asarray(b, dtype=float), rtol=1e-14)


@pytest.mark.parametrize("choice", CHOICES)
def test_as_torch(torch: Any, choice: str) -> None:
    function, inputs, expected = CHOICES[choice]
    theirs = gradients(torch, function, *inputs)
    for a, b in zip(theirs, expected, strict=True):
        np.testing.assert_allclose(np.asarray(a), np.asarray(b, dtype=float), rtol=1e-14)


@pytest.mark.parametrize(
    ("function", "inputs", "expected"),
    [
        (lambda a: a.relu(), (0.0,), (0.0,)),
        (lambda a: a.abs(), (0.0,), (0.0,)),
        (lambda a, b: a.maximum(b), (1.0, 1.0), (0.5, 0.5)),
        (lambda a, b: a.minimum(b), (1.0, 1.0), (0.5, 0.5)),
        (lambda a: a.maximum(a), (1.0,), (1.0,)),
        (lambda a: a**0, (0.0,), (0.0,)),
        (lambda a, b: a**b, (0.0, 2.0), (0.0, 0.0)),
        (lambda a: a.leaky_relu(0.25), (0.0,), (0.25,)),
    ],
)
def test_values_choose_alike(function: Any, inputs: tuple[float, ...], expected: tuple[float, ...]) -> None:
    values = [Value(x) for x in inputs]
    function(*values).backward()
    assert tuple(v.grad for v in values) == expected


@pytest.mark.parametrize("choice", [c for c in CHOICES if c != "hinge at its margin"])
def test_second_derivatives_are_finite(choice: str) -> None:
    """No 0 / 0 and no 0 * inf behind a branch that was not taken, at second order either."""
    function, inputs, _ = CHOICES[choice]
    leaves = [autograd.tensor(np.asarray(x, dtype=np.float64), requires_grad=True) for x in inputs]
    first = autograd.grad(function(autograd, *leaves).sum(), leaves, create_graph=True, allow_unused=True)
    total = sum((g * g + g).sum() for g in first if g is not None)
    if total.requires_grad:
        second = autograd.grad(total, leaves, allow_unused=True)
        assert all(np.isfinite(g.numpy()).all() for g in second if g is not None)
