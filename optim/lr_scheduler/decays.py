"""Schedules that follow from the learning rate at the epoch before."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

from autograd.errors import ArgumentError

from ..optimizer import Optimizer
from .base import LRScheduler, at_least_one

__all__ = [
    "ConstantLR",
    "CosineAnnealingLR",
    "ExponentialLR",
    "LambdaLR",
    "LinearLR",
    "MultiStepLR",
    "MultiplicativeLR",
    "PolynomialLR",
    "StepLR",
]


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
        at_least_one("StepLR", step_size=step_size)
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
        self.milestones = Counter(milestones)
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def next_lr(self, lr: float, base: float, t: int, group: int) -> float:
        return lr * self.gamma ** self.milestones[t]

    def state_dict(self) -> dict[str, Any]:
        return {**super().state_dict(), "milestones": dict(self.milestones)}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        super().load_state_dict(state_dict)
        self.milestones = Counter(self.milestones)


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
        at_least_one("CosineAnnealingLR", T_max=T_max)
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
        at_least_one("LinearLR", total_iters=total_iters)
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


class ConstantLR(LRScheduler):
    """`lr = factor * base` for the first `total_iters` epochs, and base after it.

    Args:
        optimizer: whose learning rates are set.
        factor: from 0 to 1.
        total_iters: the number of epochs with the factor.
        last_epoch: see `LRScheduler`.

    Example:
        >>> optimizer = optim.SGD([autograd.zeros(1, requires_grad=True)], lr=1.0)
        >>> scheduler = optim.lr_scheduler.ConstantLR(optimizer, factor=0.5, total_iters=1)
        >>> scheduler.get_last_lr()
        [0.5]
        >>> scheduler.step()
        >>> scheduler.get_last_lr()
        [1.0]
    """

    def __init__(
        self, optimizer: Optimizer, factor: float = 1.0 / 3, total_iters: int = 5, last_epoch: int = -1
    ) -> None:
        if not 0 <= factor <= 1:
            raise ArgumentError(f"ConstantLR: factor is {factor}; use a number from 0 to 1")
        self.factor = factor
        self.total_iters = total_iters
        super().__init__(optimizer, last_epoch)

    def first_lr(self, lr: float, base: float, group: int) -> float:
        return lr * self.factor

    def next_lr(self, lr: float, base: float, t: int, group: int) -> float:
        return lr if t != self.total_iters else lr / self.factor if self.factor else base


class PolynomialLR(LRScheduler):
    """`lr = base * (1 - t / total_iters)^power`, and 0 after `total_iters` epochs.

    Args:
        optimizer: whose learning rates are set.
        total_iters: the number of epochs until 0.
        power: 1 for a straight line.
        last_epoch: see `LRScheduler`.

    Example:
        >>> optimizer = optim.SGD([autograd.zeros(1, requires_grad=True)], lr=1.0)
        >>> scheduler = optim.lr_scheduler.PolynomialLR(optimizer, total_iters=2, power=2.0)
        >>> scheduler.step()
        >>> scheduler.get_last_lr()
        [0.25]
    """

    def __init__(self, optimizer: Optimizer, total_iters: int = 5, power: float = 1.0, last_epoch: int = -1) -> None:
        self.total_iters = total_iters
        self.power = power
        super().__init__(optimizer, last_epoch)

    def next_lr(self, lr: float, base: float, t: int, group: int) -> float:
        if t > self.total_iters:
            return lr
        return lr * ((1 - t / self.total_iters) / (1 - (t - 1) / self.total_iters)) ** self.power


class _FunctionLR(LRScheduler):
    """A schedule by functions of t, one for each group. Their objects' attributes are in the state; functions are not.

    Args:
        optimizer: whose learning rates are set.
        lr_lambda: a function from t to a factor, or a list of them.
        last_epoch: see `LRScheduler`.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        lr_lambda: Callable[[int], float] | list[Callable[[int], float]],
        last_epoch: int = -1,
    ) -> None:
        name, count = type(self).__name__, len(getattr(optimizer, "param_groups", ()))
        functions = list(lr_lambda) if isinstance(lr_lambda, (list, tuple)) else [lr_lambda] * count
        if len(functions) != count and isinstance(optimizer, Optimizer):
            raise ArgumentError(f"{name}: {len(functions)} functions do not fit {count} groups; give one for each")
        self.lr_lambdas = functions
        super().__init__(optimizer, last_epoch)

    def state_dict(self) -> dict[str, Any]:
        kept = [None if isinstance(f, _FUNCTION) else dict(getattr(f, "__dict__", {})) for f in self.lr_lambdas]
        return {**super().state_dict(), "lr_lambdas": kept}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        functions = self.lr_lambdas
        super().load_state_dict(state_dict)
        for function, attributes in zip(functions, self.lr_lambdas, strict=True):
            if attributes is not None:
                function.__dict__.update(attributes)  # type: ignore[call-overload]
        self.lr_lambdas = functions


_FUNCTION = type(lambda: None)


class LambdaLR(_FunctionLR):
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

    def first_lr(self, lr: float, base: float, group: int) -> float:
        return base * self.lr_lambdas[group](0)

    def next_lr(self, lr: float, base: float, t: int, group: int) -> float:
        return base * self.lr_lambdas[group](t)


class MultiplicativeLR(_FunctionLR):
    """Multiplies the learning rate by `lr_lambda(t)` at each t from 1 on.

    Args:
        optimizer: whose learning rates are set.
        lr_lambda: a function from t to a factor, or a list of them, one for each group.
        last_epoch: see `LRScheduler`.

    Raises:
        ArgumentError: there is not one function for each group.

    Example:
        >>> optimizer = optim.SGD([autograd.zeros(1, requires_grad=True)], lr=1.0)
        >>> scheduler = optim.lr_scheduler.MultiplicativeLR(optimizer, lambda t: 0.5)
        >>> for _ in range(3):
        ...     scheduler.step()
        >>> scheduler.get_last_lr()
        [0.125]
    """

    closed: ClassVar[bool] = False

    def first_lr(self, lr: float, base: float, group: int) -> float:
        return lr if self._is_initial else lr * self.lr_lambdas[group](0)  # begun anew by a SequentialLR

    def next_lr(self, lr: float, base: float, t: int, group: int) -> float:
        return lr * self.lr_lambdas[group](t)
