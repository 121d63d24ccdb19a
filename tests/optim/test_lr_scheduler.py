"""Schedules against PyTorch's over many steps, and against their closed forms."""

from __future__ import annotations

import math
import pickle
import warnings
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

import autograd
import optim
from autograd.errors import ArgumentError, DtypeError

SCHEDULES: list[tuple[str, dict[str, Any]]] = [
    ("StepLR", {"step_size": 7}),
    ("StepLR", {"step_size": 1, "gamma": 0.97}),
    ("MultiStepLR", {"milestones": [3, 11, 11, 30], "gamma": 0.5}),
    ("ExponentialLR", {"gamma": 0.95}),
    ("CosineAnnealingLR", {"T_max": 60}),
    ("CosineAnnealingLR", {"T_max": 13, "eta_min": 0.01}),
    ("CosineAnnealingLR", {"T_max": 1}),
    ("LambdaLR", {"lr_lambda": lambda t: 0.9**t}),
    ("LambdaLR", {"lr_lambda": [lambda t: 1 / (1 + t), lambda t: math.cos(t) ** 2]}),
    ("LinearLR", {}),
    ("LinearLR", {"start_factor": 1.0, "end_factor": 0.0, "total_iters": 20}),
]


def optimizers(torch: ModuleType) -> tuple[Any, Any]:
    """Two groups each, of learning rates 0.5 and 0.02."""
    return (
        optim.SGD([{"params": [autograd.zeros(1)]}, {"params": [autograd.zeros(1)], "lr": 0.02}], lr=0.5),
        torch.optim.SGD([{"params": [torch.zeros(1)]}, {"params": [torch.zeros(1)], "lr": 0.02}], lr=0.5),
    )


def rates(optimizer: Any) -> list[float]:
    return [group["lr"] for group in optimizer.param_groups]


@pytest.mark.parametrize(("name", "settings"), SCHEDULES)
def test_schedules_agree_with_pytorch(torch: ModuleType, name: str, settings: dict[str, Any]) -> None:
    ours, theirs = optimizers(torch)
    mine = getattr(optim.lr_scheduler, name)(ours, **settings)
    other = getattr(torch.optim.lr_scheduler, name)(theirs, **settings)
    for _ in range(120):
        assert rates(ours) == pytest.approx(rates(theirs), rel=1e-10, abs=1e-15)
        assert mine.get_last_lr() == rates(ours)
        theirs.step()
        mine.step()
        other.step()
    assert mine.last_epoch == other.last_epoch == 120 and mine.base_lrs == other.base_lrs


def test_closed_forms() -> None:
    def run(make: Callable[[Any], Any], steps: int) -> float:
        optimizer = optim.SGD([autograd.zeros(1)], lr=0.8)
        schedule = make(optimizer)
        for _ in range(steps):
            schedule.step()
        return rates(optimizer)[0]

    s = optim.lr_scheduler
    assert run(lambda o: s.StepLR(o, 10, 0.5), 25) == pytest.approx(0.2)
    assert run(lambda o: s.MultiStepLR(o, [5, 2], 0.1), 4) == pytest.approx(0.08)
    assert run(lambda o: s.CosineAnnealingLR(o, 100, 0.2), 30) == pytest.approx(
        0.2 + 0.3 * (1 + math.cos(0.3 * math.pi))
    )
    assert run(lambda o: s.CosineAnnealingLR(o, 100), 100) == pytest.approx(0, abs=1e-12)
    assert run(lambda o: s.LinearLR(o, 0.5, 1.0, 4), 1) == pytest.approx(0.8 * 0.625)


def test_two_schedules_on_one_optimizer(torch: ModuleType) -> None:
    ours, theirs = optimizers(torch)
    pairs = []
    for library, optimizer in ((optim, ours), (torch.optim, theirs)):
        s = library.lr_scheduler
        pairs.append((s.LinearLR(optimizer, 0.1, total_iters=8), s.ExponentialLR(optimizer, 0.9)))
    for _ in range(30):
        assert rates(ours) == pytest.approx(rates(theirs), rel=1e-10)
        theirs.step()
        for schedule in pairs[0] + pairs[1]:
            schedule.step()


@pytest.mark.parametrize(("name", "settings"), SCHEDULES)
def test_state_is_saved_and_restored(torch: ModuleType, name: str, settings: dict[str, Any]) -> None:
    first, _ = optimizers(torch)
    whole = getattr(optim.lr_scheduler, name)(first, **settings)
    for _ in range(9):
        whole.step()
    state = pickle.loads(pickle.dumps((first.state_dict(), whole.state_dict())))
    second, _ = optimizers(torch)
    rest = getattr(optim.lr_scheduler, name)(second, **settings)
    second.load_state_dict(state[0])
    rest.load_state_dict(state[1])
    for _ in range(30):
        assert rates(first) == rates(second)
        whole.step()
        rest.step()


def test_going_on_from_an_epoch(torch: ModuleType) -> None:
    """`last_epoch` without a state: what was done is in the group's "initial_lr" and "lr"."""
    for library in (optim, torch.optim):
        zeros = autograd.zeros(1) if library is optim else torch.zeros(1)
        optimizer = library.SGD([{"params": [zeros], "initial_lr": 1.0}], lr=0.5)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            schedule = library.lr_scheduler.StepLR(optimizer, 3, 0.5, last_epoch=4)
            lrs = []
            for _ in range(6):
                lrs.append(rates(optimizer)[0])
                schedule.step()
        assert lrs == [0.5, 0.25, 0.25, 0.25, 0.125, 0.125]


@pytest.mark.parametrize(
    ("act", "error", "text"),
    [
        (lambda o: optim.lr_scheduler.StepLR(o, 0), ArgumentError, "step_size is 0"),
        (lambda o: optim.lr_scheduler.CosineAnnealingLR(o, 0), ArgumentError, "T_max is 0"),
        (lambda o: optim.lr_scheduler.LinearLR(o, 0.0), ArgumentError, r"start_factor 0\.0 must be above 0"),
        (lambda o: optim.lr_scheduler.LinearLR(o, total_iters=0), ArgumentError, "total_iters is 0"),
        (lambda o: optim.lr_scheduler.LambdaLR(o, [abs, abs]), ArgumentError, "2 functions do not fit 1 groups"),
        (lambda o: optim.lr_scheduler.StepLR([o], 1), DtypeError, "expected an Optimizer, not list"),
        (lambda o: optim.lr_scheduler.StepLR(o, 1, last_epoch=3), ArgumentError, "group 0 has no 'initial_lr'"),
        (lambda o: optim.lr_scheduler.StepLR(o, 1).load_state_dict({"T_max": 3}), ArgumentError, "the state has T_max"),
        (lambda o: optim.lr_scheduler.LRScheduler(o).step(), NotImplementedError, "LRScheduler has no schedule"),
    ],
)
def test_mistakes_get_an_error(act: Callable[[Any], Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        act(optim.SGD([autograd.zeros(1)]))
