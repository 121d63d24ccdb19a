"""Conv2d against PyTorch's."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import autograd
import nn
from autograd.errors import ArgumentError, ShapeError

SETTINGS: list[dict[str, Any]] = [
    {},
    {"kernel_size": (3, 2), "stride": (2, 1), "padding": (1, 0), "bias": False},
    {"dilation": 2, "groups": 2, "padding": 2},
    {"padding": "same"},
    {"padding": "same", "kernel_size": (2, 3), "dilation": (3, 2)},
    {"padding": "valid", "kernel_size": 1},
    {"groups": 4},
]


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel:UserWarning")  # PyTorch's, of its own copy
@pytest.mark.parametrize("settings", SETTINGS)
def test_conv2d(
    torch: ModuleType, agree: Callable[..., None], rng: np.random.Generator, settings: dict[str, Any]
) -> None:
    settings = {"kernel_size": 3, **settings}
    ours, theirs = nn.Conv2d(4, 8, **settings), torch.nn.Conv2d(4, 8, **settings)
    assert repr(ours) == repr(theirs)
    agree(ours, theirs, rng.normal(size=(2, 4, 7, 6)))
    agree(ours, theirs, rng.normal(size=(4, 7, 6)))


def test_initial_bounds_follow_the_fans() -> None:
    layer = nn.Conv2d(8, 64, (3, 5), groups=2)
    bound = (4 * 3 * 5) ** -0.5
    for values in (layer.weight.detach().numpy(), layer.bias.detach().numpy()):
        assert 0.9 * bound < np.abs(values).max() <= bound


@pytest.mark.parametrize(
    ("settings", "error", "text"),
    [
        ({"groups": 3}, ShapeError, "3 groups do not divide 4 channels and 8 filters"),
        ({"padding": "full"}, ArgumentError, "padding is 'full'"),
        ({"padding": "same", "stride": 2}, ArgumentError, "'same' needs stride 1"),
        ({"padding_mode": "mirror"}, ArgumentError, "padding_mode is 'mirror'; use 'zeros' or 'reflect'"),
        ({"kernel_size": 0}, ArgumentError, "kernel_size is 0"),
        ({"stride": (1, 2, 3)}, ArgumentError, r"stride is \(1, 2, 3\)"),
    ],
)
def test_mistakes_get_an_error(settings: dict[str, Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        nn.Conv2d(4, 8, **{"kernel_size": 3, **settings})


def test_a_wrong_input_names_both_shapes() -> None:
    with pytest.raises(ShapeError, match="conv2d: x has 2 channels but weight expects 3"):
        nn.Conv2d(3, 1, 1)(autograd.ones(1, 2, 4, 4))
