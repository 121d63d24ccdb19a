"""BatchNorm1d and BatchNorm2d against PyTorch's, over many steps."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import autograd
import nn
from autograd.errors import ShapeError

SETTINGS: list[dict[str, Any]] = [
    {},
    {"momentum": None},
    {"momentum": 0.3, "eps": 1e-2},
    {"affine": False},
    {"track_running_stats": False},
    {"affine": False, "momentum": None, "track_running_stats": False},
]


@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize(
    ("name", "shape"), [("BatchNorm1d", (6, 3)), ("BatchNorm1d", (4, 3, 5)), ("BatchNorm2d", (2, 3, 4, 5))]
)
def test_many_steps(
    torch: ModuleType,
    agree: Callable[..., None],
    rng: np.random.Generator,
    name: str,
    shape: tuple[int, ...],
    settings: dict[str, Any],
) -> None:
    ours, theirs = getattr(nn, name)(3, **settings), getattr(torch.nn, name)(3, **settings)
    assert repr(ours) == repr(theirs)
    for parameter in theirs.parameters():
        torch.nn.init.normal_(parameter)
    for _ in range(8):
        agree(ours, theirs, 3 * rng.normal(size=shape) + 1, rounds=2)
    if ours.num_batches_tracked is not None:
        assert ours.num_batches_tracked.item() == 16
    ours.eval()
    theirs.eval()
    agree(ours, theirs, rng.normal(size=shape), rounds=2)
    ours.train()
    theirs.train()
    agree(ours, theirs, rng.normal(size=shape))


def test_bias_can_be_left_out() -> None:
    layer = nn.BatchNorm1d(3, bias=False)
    assert [name for name, _ in layer.named_parameters()] == ["weight"] and layer.bias is None


def test_reset() -> None:
    layer = nn.BatchNorm1d(2)
    layer(autograd.randn(4, 2) + 5)
    assert layer.num_batches_tracked.item() == 1 and not (layer.running_mean == 0).any()
    with autograd.no_grad():
        layer.weight.fill_(3.0)
    layer.reset_parameters()
    assert layer.num_batches_tracked.item() == 0
    assert layer.running_mean.tolist() == [0.0, 0.0] and layer.running_var.tolist() == layer.weight.tolist() == [
        1.0,
        1.0,
    ]


def test_mistakes_get_an_error() -> None:
    with pytest.raises(ShapeError, match=r"BatchNorm1d: x \(2, 3, 4, 4\) must be \(N, C\) or \(N, C, L\) with C = 3"):
        nn.BatchNorm1d(3)(autograd.ones(2, 3, 4, 4))
    with pytest.raises(ShapeError, match=r"BatchNorm2d: x \(2, 4, 4, 4\) must be \(N, C, H, W\) with C = 3"):
        nn.BatchNorm2d(3)(autograd.ones(2, 4, 4, 4))
    layer = nn.BatchNorm1d(3)
    with pytest.raises(ShapeError, match="fewer than two numbers a channel"):
        layer(autograd.ones(1, 3))
    assert layer.num_batches_tracked.item() == 0  # a refused batch does not count
