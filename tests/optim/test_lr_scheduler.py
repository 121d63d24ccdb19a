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
    ("ConstantLR", {}),
    ("ConstantLR", {"factor": 0.7, "total_iters": 30}),
    ("PolynomialLR", {}),
    ("PolynomialLR", {"total_iters": 100, "power": 2.5}),
    ("MultiplicativeLR", {"lr_lambda": lambda t: 1 - 1 / (t + 3)}),
    ("MultiplicativeLR", {"lr_lambda": [lambda t: 0.95, lambda t: 1.01]}),
    ("CosineAnnealingWarmRestarts", {"T_0": 7}),
    ("CosineAnnealingWarmRestarts", {"T_0": 5, "T_mult": 3, "eta_min": 0.001}),
    ("CyclicLR", {"base_lr": 0.01, "max_lr": 0.1, "step_size_up": 9, "cycle_momentum": False}),
    ("CyclicLR", {"base_lr": [0.01, 0.02], "max_lr": [0.1, 0.3], "step_size_up": 4, "step_size_down": 11}),
    ("CyclicLR", {"base_lr": 0.01, "max_lr": 0.1, "step_size_up": 9, "mode": "triangular2"}),
    ("CyclicLR", {"base_lr": 0.01, "max_lr": 0.1, "step_size_up": 9, "mode": "exp_range", "gamma": 0.98}),
    (
        "CyclicLR",
        {"base_lr": 0.01, "max_lr": 0.1, "step_size_up": 5, "scale_fn": lambda x: 0.9**x, "scale_mode": "iterations"},
    ),
    ("OneCycleLR", {"max_lr": 0.4, "total_steps": 121}),
    ("OneCycleLR", {"max_lr": [0.4, 0.1], "epochs": 11, "steps_per_epoch": 13, "anneal_strategy": "linear"}),
    ("OneCycleLR", {"max_lr": 0.4, "total_steps": 200, "three_phase": True, "pct_start": 0.25, "div_factor": 7.0}),
    ("OneCycleLR", {"max_lr": 0.4, "total_steps": 150, "cycle_momentum": False, "final_div_factor": 10.0}),
    ("SWALR", {"swa_lr": 0.05}),
    ("SWALR", {"swa_lr": [0.05, 0.5], "anneal_epochs": 30, "anneal_strategy": "linear"}),
    ("SWALR", {"swa_lr": 0.05, "anneal_epochs": 0}),
]


def find(library: Any, name: str) -> Any:
    return getattr(library.swa_utils if name == "SWALR" else library.lr_scheduler, name)


def optimizers(torch: ModuleType) -> tuple[Any, Any]:
    """Two groups each, of learning rates 0.5 and 0.02."""
    return (
        optim.SGD([{"params": [autograd.zeros(1)]}, {"params": [autograd.zeros(1)], "lr": 0.02}], lr=0.5, momentum=0.9),
        torch.optim.SGD([{"params": [torch.zeros(1)]}, {"params": [torch.zeros(1)], "lr": 0.02}], lr=0.5, momentum=0.9),
    )


def rates(optimizer: Any) -> list[float]:
    return [group["lr"] for group in optimizer.param_groups]


@pytest.mark.parametrize(("name", "settings"), SCHEDULES)
def test_schedules_agree_with_pytorch(torch: ModuleType, name: str, settings: dict[str, Any]) -> None:
    ours, theirs = optimizers(torch)
    mine, other = find(optim, name)(ours, **settings), find(torch.optim, name)(theirs, **settings)
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
    whole = find(optim, name)(first, **settings)
    for _ in range(9):
        whole.step()
    state = pickle.loads(pickle.dumps((first.state_dict(), whole.state_dict())))
    second, _ = optimizers(torch)
    rest = find(optim, name)(second, **settings)
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


WARM = {
    "constant and exponential": lambda s, o: s.ChainedScheduler([s.ConstantLR(o, 0.1, 7), s.ExponentialLR(o, 0.95)]),
    "linear, cosine and restarts": lambda s, o: s.SequentialLR(
        o,
        [s.LinearLR(o, 0.1, total_iters=10), s.CosineAnnealingLR(o, 30), s.CosineAnnealingWarmRestarts(o, 9, 2)],
        [10, 45],
    ),
    "functions and polynomial": lambda s, o: s.SequentialLR(
        o,
        [s.LambdaLR(o, lambda t: 0.5 + t / 20), s.MultiplicativeLR(o, lambda t: 0.9), s.PolynomialLR(o, 40, 2.0)],
        [13, 20],
    ),
    "steps after a constant": lambda s, o: s.SequentialLR(
        o, [s.ConstantLR(o, 0.5, 4), s.StepLR(o, 5, 0.5), s.MultiStepLR(o, [2, 9], 0.3)], [6, 50]
    ),
    "a sequence in a chain": lambda s, o: s.ChainedScheduler(
        [s.SequentialLR(o, [s.ConstantLR(o, 0.5, 4), s.ExponentialLR(o, 0.99)], [6]), s.StepLR(o, 30)], o
    ),
    "a milestone at 0": lambda s, o: s.SequentialLR(o, [s.ConstantLR(o, 0.5, 4), s.ExponentialLR(o, 0.99)], [0]),
}


@pytest.mark.parametrize("name", WARM)
def test_composed_schedules_agree_with_pytorch(torch: ModuleType, name: str) -> None:
    ours, theirs = optimizers(torch)
    mine, other = WARM[name](optim.lr_scheduler, ours), WARM[name](torch.optim.lr_scheduler, theirs)
    for _ in range(120):
        assert rates(ours) == pytest.approx(rates(theirs), rel=1e-10, abs=1e-15)
        assert mine.get_last_lr() == rates(ours)
        theirs.step()
        mine.step()
        other.step()


@pytest.mark.parametrize("name", WARM)
def test_the_state_of_composed_schedules_is_restored(torch: ModuleType, name: str) -> None:
    first, second = optimizers(torch)[0], optimizers(torch)[0]
    whole, rest = WARM[name](optim.lr_scheduler, first), WARM[name](optim.lr_scheduler, second)
    for _ in range(25):
        whole.step()
    state = pickle.loads(pickle.dumps((first.state_dict(), whole.state_dict())))
    second.load_state_dict(state[0])
    rest.load_state_dict(state[1])
    for _ in range(60):
        assert rates(first) == rates(second)
        whole.step()
        rest.step()


@pytest.mark.parametrize(("name", "settings"), SCHEDULES)
def test_a_state_of_pytorchs_is_gone_on_from(torch: ModuleType, name: str, settings: dict[str, Any]) -> None:
    """The names in the state are PyTorch's."""
    ours, theirs = optimizers(torch)
    other = find(torch.optim, name)(theirs, **settings)
    for _ in range(11):
        theirs.step()
        other.step()
    mine = find(optim, name)(ours, **settings)
    own = {key for key in mine.state_dict() if not key.startswith("_")}
    assert own == {key for key in other.state_dict() if not key.startswith("_") and key not in FUNCTIONS}
    ours.load_state_dict(theirs.state_dict())
    mine.load_state_dict({key: value for key, value in other.state_dict().items() if key not in FUNCTIONS})
    for _ in range(30):
        assert rates(ours) == pytest.approx(rates(theirs), rel=1e-10, abs=1e-15)
        theirs.step()
        mine.step()
        other.step()


FUNCTIONS = ("anneal_func", "_scale_fn_ref", "_scale_fn_custom")


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"patience": 2, "factor": 0.5, "cooldown": 3, "min_lr": [0.1, 0.001]},
        {"mode": "max", "patience": 0, "threshold": 0.1},
        {"threshold_mode": "abs", "threshold": 0.05, "patience": 1, "eps": 1e-3},
        {"mode": "max", "threshold_mode": "abs", "threshold": 0.2, "patience": 4},
    ],
)
def test_plateau_agrees_with_pytorch(torch: ModuleType, settings: dict[str, Any]) -> None:
    ours, theirs = optimizers(torch)
    mine = optim.lr_scheduler.ReduceLROnPlateau(ours, **settings)
    other = torch.optim.lr_scheduler.ReduceLROnPlateau(theirs, **settings)
    assert mine.state_dict() == other.state_dict()
    for k in range(120):
        loss = 3 * math.exp(-k / 20) + 0.2 * math.sin(k)
        mine.step(autograd.tensor(loss, dtype=autograd.float64) if k % 2 else loss)
        other.step(loss)
        assert rates(ours) == pytest.approx(rates(theirs), rel=1e-12)
        state, expected = mine.state_dict(), other.state_dict()
        assert state.keys() == expected.keys() and mine.in_cooldown == other.in_cooldown
        for key, value in expected.items():
            assert state[key] == (value if isinstance(value, (str, type(None))) else pytest.approx(value))
        if k == 60:
            again = optim.lr_scheduler.ReduceLROnPlateau(ours, patience=99)
            again.load_state_dict(pickle.loads(pickle.dumps(mine.state_dict())))
            mine = again


@pytest.mark.parametrize("name", ["CyclicLR", "OneCycleLR"])
@pytest.mark.parametrize("rule", ["SGD", "Adam"])
def test_momentum_moves_with_the_cycle(torch: ModuleType, name: str, rule: str) -> None:
    settings: dict[str, Any] = {"max_lr": [0.1, 0.3], "base_momentum": 0.7, "max_momentum": 0.93}
    settings |= {"base_lr": 0.01, "step_size_up": 8} if name == "CyclicLR" else {"total_steps": 60}
    momenta = []
    for library, zeros in ((optim, autograd.zeros), (torch.optim, torch.zeros)):
        start = {"momentum": 0.9} if rule == "SGD" else {}
        optimizer = getattr(library, rule)([{"params": [zeros(1)]}, {"params": [zeros(1)]}], lr=0.1, **start)
        schedule = getattr(library.lr_scheduler, name)(optimizer, **settings)
        found = []
        for _ in range(50):
            optimizer.step()
            schedule.step()
            found += [g["momentum"] if rule == "SGD" else g["betas"][0] for g in optimizer.param_groups]
            found += rates(optimizer)
        momenta.append(found)
    assert momenta[0] == pytest.approx(momenta[1], rel=1e-12)


def test_restarts_take_parts_of_epochs(torch: ModuleType) -> None:
    for T_mult in (1, 2):
        ours, theirs = optimizers(torch)
        mine = optim.lr_scheduler.CosineAnnealingWarmRestarts(ours, 4, T_mult, 0.01)
        other = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(theirs, 4, T_mult, 0.01)
        theirs.step()
        for k in range(120):
            mine.step(k / 3)
            other.step(k / 3)
            assert rates(ours) == pytest.approx(rates(theirs), rel=1e-10)


def test_an_epoch_may_be_given(torch: ModuleType) -> None:
    for name, settings in SCHEDULES:
        if name in ("SWALR", "CyclicLR", "OneCycleLR", "MultiplicativeLR"):
            continue
        ours, theirs = optimizers(torch)
        mine, other = find(optim, name)(ours, **settings), find(torch.optim, name)(theirs, **settings)
        theirs.step()
        for epoch in (5, 2, 17):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                other.step(epoch)
            mine.step(epoch)
            assert rates(ours) == pytest.approx(rates(theirs), rel=1e-10, abs=1e-15), name


def test_a_schedule_of_ones_own_defines_get_lr(torch: ModuleType) -> None:
    """As scripts written for PyTorch do."""

    def build(base: Any) -> Any:
        class Warm(base):  # type: ignore[misc]
            def __init__(self, optimizer: Any, warmup: int) -> None:
                self.warmup = warmup
                super().__init__(optimizer)

            def get_lr(self) -> list[float]:
                return [lr * min(1.0, (self.last_epoch + 1) / self.warmup) for lr in self.base_lrs]

        return Warm

    ours, theirs = optimizers(torch)
    mine = build(optim.lr_scheduler._LRScheduler)(ours, 7)
    other = build(torch.optim.lr_scheduler.LRScheduler)(theirs, 7)
    for _ in range(12):
        assert rates(ours) == pytest.approx(rates(theirs))
        theirs.step()
        mine.step()
        other.step()


def test_a_learning_rate_may_be_a_tensor() -> None:
    p = autograd.ones(1, requires_grad=True)
    p.grad = autograd.ones(1)
    rate = autograd.tensor(0.5)
    optimizer = optim.SGD([p], lr=rate)
    schedule = optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
    optimizer.step()
    assert p.item() == 0.5
    schedule.step()
    assert optimizer.param_groups[0]["lr"] is rate and rate.item() == 0.25
    optimizer.step()
    assert p.item() == 0.25


class Decay:
    """A function of an epoch that has attributes."""

    def __init__(self, factor: float) -> None:
        self.factor = factor

    def __call__(self, t: int) -> float:
        return self.factor**t


def test_attributes_of_function_objects_are_in_the_state() -> None:
    optimizer = optim.SGD([autograd.zeros(1)], lr=1.0)
    state = optim.lr_scheduler.LambdaLR(optimizer, Decay(0.5)).state_dict()
    assert state["lr_lambdas"] == [{"factor": 0.5}]
    other = optim.lr_scheduler.LambdaLR(optimizer, Decay(0.9))
    other.load_state_dict(state)
    other.step()
    assert rates(optimizer) == [0.5]


def run_over(schedule: Any) -> None:
    for _ in range(10):
        schedule.step()


@pytest.mark.parametrize(
    ("act", "error", "text"),
    [
        (lambda o: optim.lr_scheduler.StepLR(o, 0), ArgumentError, "step_size is 0"),
        (lambda o: optim.lr_scheduler.CosineAnnealingLR(o, 0), ArgumentError, "T_max is 0"),
        (lambda o: optim.lr_scheduler.LinearLR(o, 0.0), ArgumentError, r"start_factor 0\.0 must be above 0"),
        (lambda o: optim.lr_scheduler.LinearLR(o, total_iters=0), ArgumentError, "total_iters is 0"),
        (lambda o: optim.lr_scheduler.LambdaLR(o, [abs, abs]), ArgumentError, "2 functions do not fit 1 groups"),
        (lambda o: optim.lr_scheduler.ConstantLR(o, 2.0), ArgumentError, "factor is 2"),
        (lambda o: optim.lr_scheduler.CosineAnnealingWarmRestarts(o, 0), ArgumentError, "T_0 is 0"),
        (lambda o: optim.lr_scheduler.CosineAnnealingWarmRestarts(o, 1).step(-1), ArgumentError, "epoch is -1"),
        (lambda o: optim.lr_scheduler.CyclicLR(o, 0.1, 1, mode="zigzag"), ArgumentError, "mode is 'zigzag'"),
        (lambda o: optim.lr_scheduler.CyclicLR(o, [0.1, 0.2], 1), ArgumentError, "base_lr has 2 values for 1 groups"),
        (
            lambda o: optim.lr_scheduler.CyclicLR(optim.Rprop([autograd.zeros(1)]), 0.1, 1),
            ArgumentError,
            "Rprop has neither momentum nor betas",
        ),
        (lambda o: optim.lr_scheduler.OneCycleLR(o, 1.0), ArgumentError, "give total_steps"),
        (lambda o: optim.lr_scheduler.OneCycleLR(o, 1.0, 5, pct_start=2), ArgumentError, "pct_start is 2"),
        (lambda o: optim.lr_scheduler.OneCycleLR(o, 1.0, 5, anneal_strategy="no"), ArgumentError, "is 'no'"),
        (lambda o: run_over(optim.lr_scheduler.OneCycleLR(o, 1.0, 3)), ArgumentError, "step 4 of 3"),
        (lambda o: optim.lr_scheduler.ReduceLROnPlateau(o, factor=1.0), ArgumentError, "factor is 1"),
        (lambda o: optim.lr_scheduler.ReduceLROnPlateau(o, "least"), ArgumentError, "mode is 'least'"),
        (lambda o: optim.lr_scheduler.ReduceLROnPlateau(o, threshold_mode="x"), ArgumentError, "threshold_mode is 'x'"),
        (lambda o: optim.lr_scheduler.SequentialLR(o, [], []), ArgumentError, "no schedulers"),
        (
            lambda o: optim.lr_scheduler.SequentialLR(o, [optim.lr_scheduler.StepLR(o, 1)], [3]),
            ArgumentError,
            "1 milestones do not fit 1 schedulers",
        ),
        (
            lambda o: optim.lr_scheduler.ChainedScheduler([optim.lr_scheduler.ReduceLROnPlateau(o)]),
            ArgumentError,
            "scheduler 0 is a ReduceLROnPlateau",
        ),
        (
            lambda o: optim.lr_scheduler.ChainedScheduler(
                [optim.lr_scheduler.StepLR(o, 1), optim.lr_scheduler.StepLR(optim.SGD([autograd.zeros(1)]), 1)]
            ),
            ArgumentError,
            "scheduler 1 is of another optimizer",
        ),
        (lambda o: optim.swa_utils.SWALR(o, 0.1, anneal_strategy="x"), ArgumentError, "anneal_strategy is 'x'"),
        (lambda o: optim.swa_utils.SWALR(o, 0.1, anneal_epochs=-1), ArgumentError, "anneal_epochs is -1"),
        (lambda o: optim.lr_scheduler.StepLR([o], 1), DtypeError, "expected an Optimizer, not list"),
        (lambda o: optim.lr_scheduler.StepLR(o, 1, last_epoch=3), ArgumentError, "group 0 has no 'initial_lr'"),
        (lambda o: optim.lr_scheduler.StepLR(o, 1).load_state_dict({"T_max": 3}), ArgumentError, "the state has T_max"),
        (lambda o: optim.lr_scheduler.LRScheduler(o).step(), NotImplementedError, "LRScheduler has no schedule"),
    ],
)
def test_mistakes_get_an_error(act: Callable[[Any], Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        act(optim.SGD([autograd.zeros(1)], momentum=0.9))
