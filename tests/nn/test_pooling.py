"""MaxPool2d and AvgPool2d against PyTorch's."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import autograd
import nn


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("MaxPool2d", {"kernel_size": 2}),
        ("MaxPool2d", {"kernel_size": (3, 2), "stride": (2, 1), "padding": 1}),
        ("MaxPool2d", {"kernel_size": 2, "dilation": 2, "ceil_mode": True}),
        ("AvgPool2d", {"kernel_size": 2}),
        ("AvgPool2d", {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True}),
        ("AvgPool2d", {"kernel_size": 3, "padding": 1, "count_include_pad": False}),
        ("AvgPool2d", {"kernel_size": 3, "divisor_override": 5}),
    ],
)
def test_pooling(
    torch: ModuleType, agree: Callable[..., None], rng: np.random.Generator, name: str, settings: dict[str, Any]
) -> None:
    ours, theirs = getattr(nn, name)(**settings), getattr(torch.nn, name)(**settings)
    assert repr(ours) == repr(theirs)
    agree(ours, theirs, rng.normal(size=(2, 3, 7, 8)))
    agree(ours, theirs, rng.normal(size=(3, 7, 8)))


def test_indices(torch: ModuleType, rng: np.random.Generator) -> None:
    x = rng.normal(size=(2, 3, 7, 8))
    ours = nn.MaxPool2d(3, 2, return_indices=True)(autograd.tensor(x))
    theirs = torch.nn.MaxPool2d(3, 2, return_indices=True)(torch.tensor(x))
    for a, b in zip(ours, theirs, strict=True):
        assert (a.numpy() == b.numpy()).all()
