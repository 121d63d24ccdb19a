"""SyncBatchNorm and DataParallel on the one process that there is, against PyTorch's."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import autograd
import nn
from autograd.errors import ArgumentError, ShapeError


@pytest.mark.parametrize("shape", [(5, 3), (4, 3, 2), (2, 3, 4, 2), (2, 3, 2, 2, 2), (2, 3, 1, 2, 1, 2)])
@pytest.mark.parametrize("settings", [{}, {"momentum": None}, {"affine": False}, {"bias": False}])
def test_sync_batch_norm(
    torch: ModuleType, agree: Callable[..., None], rng: np.random.Generator, shape: Any, settings: Any
) -> None:
    ours, theirs = nn.SyncBatchNorm(3, **settings), torch.nn.SyncBatchNorm(3, **settings)
    assert repr(ours) == repr(theirs)
    agree(ours, theirs, rng.normal(size=shape), rounds=2)
    agree(ours.eval(), theirs.eval(), rng.normal(size=shape))


def test_convert_sync_batchnorm(torch: ModuleType) -> None:
    def build(nn: Any) -> Any:
        inner = nn.Sequential(nn.BatchNorm2d(4, eps=1e-3), nn.ReLU())
        return nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4, affine=False), inner, inner, nn.InstanceNorm2d(4))

    ours, theirs = build(nn), build(torch.nn)
    ours[1].eval()
    theirs[1].eval()
    weight, mean = ours[2][0].weight, ours[2][0].running_mean
    converted = nn.SyncBatchNorm.convert_sync_batchnorm(ours)
    assert converted is ours
    assert repr(ours) == repr(torch.nn.SyncBatchNorm.convert_sync_batchnorm(theirs))
    assert ours[2][0].weight is weight and ours[2][0].running_mean is mean
    assert [m.training for m in ours.modules()] == [m.training for m in theirs.modules()]
    alone = nn.SyncBatchNorm.convert_sync_batchnorm(nn.BatchNorm1d(2))
    assert type(alone) is nn.SyncBatchNorm


def test_sync_batch_norm_refuses() -> None:
    with pytest.raises(ArgumentError, match="trains in one process"):
        nn.SyncBatchNorm(3, process_group=object())
    with pytest.raises(ShapeError, match=r"must be \(N, C, \.\.\.\)"):
        nn.SyncBatchNorm(3)(autograd.ones(3))


def test_data_parallel(torch: ModuleType, agree: Callable[..., None], rng: np.random.Generator) -> None:
    ours, theirs = nn.DataParallel(nn.Linear(3, 2)), torch.nn.DataParallel(torch.nn.Linear(3, 2))
    assert repr(ours) == repr(theirs)
    agree(ours, theirs, rng.normal(size=(4, 3)))
    assert ours.device_ids == theirs.device_ids
