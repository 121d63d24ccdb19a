"""Anomaly mode: the first nan or infinity is named, with its place and its inputs."""

from __future__ import annotations

import numpy as np
import pytest

import autograd
import nn
from autograd import errors


def leaf(numbers: list[float]) -> autograd.Tensor:
    return autograd.tensor(numbers, requires_grad=True)


def test_forward_names_operation_place_and_ranges() -> None:
    x = leaf([1.0, -2.0])
    with (
        autograd.detect_anomaly(),
        pytest.raises(
            errors.AnomalyError,
            match=r"forward: log made a nan of finite numbers, at .*test_anomaly\.py, line \d+, in "
            r"test_forward_names_operation_place_and_ranges: y = x\.log\(\) \+ 1"
            r".*; its inputs: x float32 \(2,\) from -2 to 1",
        ),
    ):
        y = x.log() + 1
        y.sum().backward()


def test_infinity_and_the_choice_of_what_is_looked_for() -> None:
    x = leaf([0.0, 1.0])
    with pytest.raises(errors.AnomalyError, match="div made an infinity"), autograd.detect_anomaly():
        1.0 / x
    with autograd.detect_anomaly(check_infinity=False):
        y = 1.0 / x
        with pytest.raises(errors.AnomalyError, match="sub made a nan"):
            y - y
    with autograd.detect_anomaly(check_nan=False):
        autograd.log(leaf([-1.0]))


def test_backward_names_where_the_operation_ran_forward() -> None:
    layer = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
    with autograd.detect_anomaly():
        y = autograd.sqrt(layer(autograd.ones(1, 2)).sum() * 0)  # the place
        with pytest.raises(errors.AnomalyError) as caught:
            y.backward()
    assert "backward: sqrt made an infinity of finite numbers" in str(caught.value)
    assert "# the place" in str(caught.value)
    assert "the incoming gradient: float32 () from 1 to 1; what its rule reads: float32 () from 0 to 0" in str(
        caught.value
    )


def test_the_module_is_named() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = nn.Sequential(nn.Identity() if hasattr(nn, "Identity") else nn.Flatten(), Root())

        def forward(self, x: autograd.Tensor) -> autograd.Tensor:
            return self.inner(x)

    class Root(nn.Module):
        def forward(self, x: autograd.Tensor) -> autograd.Tensor:
            return x.sqrt()

    with autograd.detect_anomaly(), pytest.raises(errors.AnomalyError, match=r"in module Net\.inner\.1 at"):
        Net()(autograd.tensor([[-1.0]]))


def test_what_came_in_is_no_anomaly() -> None:
    x = leaf([1.0, 2.0])
    mask = autograd.tensor([0.0, float("-inf")])
    with autograd.detect_anomaly():
        autograd.softmax(x + mask, 0).sum().backward()
        (x * float("nan")).sum()
    assert x.grad is not None


def test_results_are_the_same_and_the_mode_ends() -> None:
    x = leaf([0.5, 2.0])
    (x.exp() * x).sum().backward()
    expected = x.grad
    x.grad = None
    with autograd.detect_anomaly():
        assert autograd.is_anomaly_enabled()
        with autograd.record():
            assert autograd.is_anomaly_enabled()
        (x.exp() * x).sum().backward()
    assert not autograd.is_anomaly_enabled()
    assert x.grad is not None and expected is not None
    assert x.grad.tolist() == expected.tolist()
    with np.errstate(invalid="ignore"):
        autograd.log(leaf([-1.0]))

    @autograd.detect_anomaly()
    def guarded() -> autograd.Tensor:
        return autograd.log(leaf([-1.0]))

    for _ in range(2):
        with pytest.raises(errors.AnomalyError):
            guarded()


def test_second_order_is_watched_too() -> None:
    x = leaf([0.0])
    with autograd.detect_anomaly():
        (slope,) = autograd.grad((x**1.5).sum(), x, create_graph=True)
        with pytest.raises(errors.AnomalyError, match="an infinity"):
            slope.sum().backward()


def test_switching() -> None:
    assert not autograd.is_anomaly_enabled()
    autograd.set_detect_anomaly(True)
    try:
        with pytest.raises(errors.AnomalyError):
            autograd.log(leaf([-1.0]))
        with autograd.record(), pytest.raises(errors.GraphError, match="leave the `with` blocks"):
            autograd.set_detect_anomaly(False)
        with autograd.set_detect_anomaly(False), np.errstate(invalid="ignore"):
            autograd.log(leaf([-1.0]))
        assert autograd.is_anomaly_enabled()
    finally:
        autograd.set_detect_anomaly(False)
    assert not autograd.is_anomaly_enabled()
