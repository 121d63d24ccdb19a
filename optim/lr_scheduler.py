"""Schedules of the learning rate. After each epoch, `scheduler.step()` sets the `lr` of the optimizer's groups.

A schedule multiplies the learning rate that it finds, so that two of them may be put on one optimizer, as a warm-up
and a decay. `t` counts the calls of `step()`; `base` is the learning rate at the beginning.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from autograd.errors import ArgumentError, DtypeError

from .optimizer import Optimizer

__all__ = [
    "CosineAnnealingLR",
    "ExponentialLR",
    "LRScheduler",
    "LambdaLR",
    "LinearLR",
    "MultiStepLR",
    "StepLR",
]


class LRScheduler:
    """The base class of schedules. A subclass defines `next_lr`.

    Args:
        optimizer: whose learning rates are set.
        last_epoch: -1 to begin; to go on without a state dict, the last t.

    Attributes:
        base_lrs: the learning rates at the beginning, one for each group.
        last_epoch: t.

    Raises:
        ArgumentError: the optimizer is none, or a schedule that goes on finds no "initial_lr" in the groups.
    """

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        if not isinstance(optimizer, Optimizer):
            raise DtypeError(f"{type(self).__name__}: expected an Optimizer, not {type(optimizer).__name__}")
        for k, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", group["lr"])
            elif "initial_lr" not in group:
                raise ArgumentError(
                    f"{type(self).__name__}: last_epoch is {last_epoch}, but group {k} has no 'initial_lr'; set it to "
                    "the learning rate that the schedule began with"
                )
        self.optimizer = optimizer
        self.base_lrs = [group["initial_lr"] for group in optimizer.param_groups]
        self.last_epoch = last_epoch
        self.step()

    def next_lr(self, lr: float, base: float, t: int, group: int) -> float:
        """The learning rate of a group at t >= 1, from that at t - 1."""
        raise NotImplementedError(
            f"{type(self).__name__} has no schedule; define `def next_lr(self, lr, base, t, group):`"
        )

    def first_lr(self, lr: float, base: float, group: int) -> float:
        """The learning rate at t = 0."""
        return lr

    def step(self) -> None:
        """Go on to the next t, and set the learning rates."""
        self.last_epoch += 1
        t = self.last_epoch
        for k, (group, base) in enumerate(zip(self.optimizer.param_groups, self.base_lrs, strict=True)):
            lr: Any = group["lr"]
            group["lr"] = self.next_lr(lr, base, t, k) if t else self.first_lr(lr, base, k)
        self._last_lr = [group["lr"] for group in self.optimizer.param_groups]

    def get_last_lr(self) -> list[float]:
        """The learning rates that were set last, one for each group."""
        return list(self._last_lr)

    def state_dict(self) -> dict[str, Any]:
        """The state as plain data, without the optimizer."""
        return {name: value for name, value in self.__dict__.items() if name != "optimizer" and not callable(value)}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on from a state that `state_dict` gave. The learning rates themselves are in the optimizer's state.

        Raises:
            ArgumentError: the state is of another schedule.
        """
        own = self.state_dict()
        if set(state_dict) != set(own):
            raise ArgumentError(
                f"{type(self).__name__}: the state has {', '.join(sorted(state_dict))}, and this schedule needs "
                f"{', '.join(sorted(own))}"
            )
        self.__dict__.update(state_dict)


class StepLR(LRScheduler):
    """Multiplies the learning rate by gamma every `step_size` epochs: `lr = base * gamma^floor(t / step_size)`.

    Args:
        optimizer: whose learning rates are set.
        step_size: the number of epochs between two drops.
        gamma: the factor.
        last_epoch: see `LRScheduler`.

    Example:
        >>> optimizer = optim.SGD([autograd.zeros(1, requires_grad=True)], lr=1.0)
        >>> scheduler = optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)
        >>> for _ in range(4):
        ...     scheduler.step()
        >>> scheduler.get_last_lr()
        [0.25]
    """

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1, last_epoch: int = -1) -> None:
        if step_size < 1:
            raise ArgumentError(f"StepLR: step_size is {step_size}; use a whole number of at least 1")
        self.step_size = step_size
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def next_lr(self, lr: float, base: float, t: int, group: int) -> float:
        return lr if t % self.step_size else lr * self.gamma


class MultiStepLR(LRScheduler):
    """Multiplies the learning rate by gamma at each milestone: `lr = base * gamma^(number of milestones <= t)`.

    Args:
        optimizer: whose learning rates are set.
        milestones: epochs; one that comes twice counts twice.
        gamma: the factor.
        last_epoch: see `LRScheduler`.

    Example:
        >>> optimizer = optim.SGD([autograd.zeros(1, requires_grad=True)], lr=1.0)
        >>> scheduler = optim.lr_scheduler.MultiStepLR(optimizer, milestones=[1, 3], gamma=0.5)
        >>> for _ in range(3):
        ...     scheduler.step()
        >>> scheduler.get_last_lr()
        [0.25]
    """

    def __init__(
        self, optimizer: Optimizer, milestones: Iterable[int], gamma: float = 0.1, last_epoch: int = -1
    ) -> None:
        self.milestones = sorted(milestones)
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def next_lr(self, lr: float, base: float, t: int, group: int) -> float:
        return lr * self.gamma ** (bisect_right(self.milestones, t) - bisect_right(self.milestones, t - 1))


class ExponentialLR(LRScheduler):
    """Multiplies the learning rate by gamma every epoch: `lr = base * gamma^t`.

    Args:
        optimizer: whose learning rates are set.
        gamma: the factor.
        last_epoch: see `LRScheduler`.
    """

    def __init__(self, optimizer: Optimizer, gamma: float, last_epoch: int = -1) -> None:
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def next_lr(self, lr: float, base: float, t: int, group: int) -> float:
        return lr * self.gamma


class CosineAnnealingLR(LRScheduler):
    """Half a cosine from the learning rate down to `eta_min`:
    `lr = eta_min + (base - eta_min) (1 + cos(pi t / T_max)) / 2`; after T_max it rises again.

    Args:
        optimizer: whose learning rates are set.
        T_max: the number of epochs of the way down.
        eta_min: the least learning rate.
        last_epoch: see `LRScheduler`.

    Example:
        >>> optimizer = optim.SGD([autograd.zeros(1, requires_grad=True)], lr=1.0)
        >>> scheduler = optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=10)
        >>> for _ in range(5):
        ...     scheduler.step()
        >>> round(scheduler.get_last_lr()[0], 4)
        0.5

    Source: Loshchilov and Hutter 2016, arXiv 1608.03983, equation 5, without restarts.
    """

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0, last_epoch: int = -1) -> None:
        if T_max < 1:
            raise ArgumentError(f"CosineAnnealingLR: T_max is {T_max}; use a whole number of at least 1")
        self.T_max = T_max
        self.eta_min = eta_min
        super().__init__(optimizer, last_epoch)

    def next_lr(self, lr: float, base: float, t: int, group: int) -> float:
        if (t - 1 - self.T_max) % (2 * self.T_max) == 0:  # at the bottom lr - eta_min is 0: begin the way up
            return lr + (base - self.eta_min) * (1 - math.cos(math.pi / self.T_max)) / 2
        before, now = (1 + math.cos(math.pi * k / self.T_max) for k in (t - 1, t))
        return self.eta_min + (lr - self.eta_min) * now / before


class LinearLR(LRScheduler):
    """A straight line from `start_factor * base` to `end_factor * base` in `total_iters` epochs, and level after it.

    Args:
        optimizer: whose learning rates are set.
        start_factor, end_factor: the factors of the learning rate at both ends.
        total_iters: the number of epochs between them.
        last_epoch: see `LRScheduler`.

    Example:
        >>> optimizer = optim.SGD([autograd.zeros(1, requires_grad=True)], lr=1.0)
        >>> scheduler = optim.lr_scheduler.LinearLR(optimizer, start_factor=0.5, total_iters=2)
        >>> scheduler.step()
        >>> scheduler.get_last_lr()
        [0.75]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        start_factor: float = 1.0 / 3,
        end_factor: float = 1.0,
        total_iters: int = 5,
        last_epoch: int = -1,
    ) -> None:
        if not 0 < start_factor <= 1 or not 0 <= end_factor <= 1:
            raise ArgumentError(
                f"LinearLR: start_factor {start_factor} must be above 0 and at most 1, and end_factor {end_factor} "
                "from 0 to 1"
            )
        if total_iters < 1:
            raise ArgumentError(f"LinearLR: total_iters is {total_iters}; use a whole number of at least 1")
        self.start_factor = start_factor
        self.end_factor = end_factor
        self.total_iters = total_iters
        super().__init__(optimizer, last_epoch)

    def _factor(self, t: int) -> float:
        return self.start_factor + (self.end_factor - self.start_factor) * min(t / self.total_iters, 1)

    def first_lr(self, lr: float, base: float, group: int) -> float:
        return lr * self.start_factor

    def next_lr(self, lr: float, base: float, t: int, group: int) -> float:
        return lr * self._factor(t) / self._factor(t - 1) if t <= self.total_iters else lr


class LambdaLR(LRScheduler):
    """`lr = base * lr_lambda(t)`.

    Args:
        optimizer: whose learning rates are set.
        lr_lambda: a function from t to a factor, or a list of them, one for each group.
        last_epoch: see `LRScheduler`.

    Raises:
        ArgumentError: there is not one function for each group.

    Example:
        >>> optimizer = optim.SGD([autograd.zeros(1, requires_grad=True)], lr=1.0)
        >>> scheduler = optim.lr_scheduler.LambdaLR(optimizer, lambda t: 1 / (1 + t))
        >>> scheduler.step()
        >>> scheduler.get_last_lr()
        [0.5]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        lr_lambda: Callable[[int], float] | list[Callable[[int], float]],
        last_epoch: int = -1,
    ) -> None:
        count = len(optimizer.param_groups)
        functions = list(lr_lambda) if isinstance(lr_lambda, (list, tuple)) else [lr_lambda] * count
        if len(functions) != count:
            raise ArgumentError(f"LambdaLR: {len(functions)} functions do not fit {count} groups; give one for each")
        self._lambda = _Functions(functions)
        super().__init__(optimizer, last_epoch)

    def first_lr(self, lr: float, base: float, group: int) -> float:
        return base * self._lambda(group, 0)

    def next_lr(self, lr: float, base: float, t: int, group: int) -> float:
        return base * self._lambda(group, t)


class _Functions:
    """Functions of a schedule; being callable, they stay out of its state."""

    def __init__(self, functions: list[Callable[[int], float]]) -> None:
        self.functions = functions

    def __call__(self, group: int, t: int) -> float:
        return self.functions[group](t)
