"""LRScheduler: what all schedules share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from autograd import Tensor
from autograd.errors import ArgumentError, DtypeError

from ..optimizer import Group, Optimizer

__all__ = ["LRScheduler", "at_least_one", "each_group", "number", "set_lr"]


def number(value: Any) -> float:
    """The number of a setting that may be a 0-d Tensor."""
    return value.item() if isinstance(value, Tensor) else value


def set_lr(group: Group, value: float) -> None:
    """Set the learning rate; one that is a Tensor is filled."""
    if isinstance(group["lr"], Tensor):
        group["lr"].fill_(value)
    else:
        group["lr"] = value


def each_group(name: str, setting: str, optimizer: Optimizer, value: Any) -> list[float]:
    """One number for each group, from one for all of them or from a list."""
    count = len(optimizer.param_groups)
    if not isinstance(value, (list, tuple)):
        return [number(value)] * count
    if len(value) != count:
        raise ArgumentError(f"{name}: {setting} has {len(value)} values for {count} groups; give one, or one for each")
    return [number(each) for each in value]


def at_least_one(name: str, **settings: Any) -> None:
    """Raise ArgumentError unless every setting is a whole number of at least 1."""
    for setting, value in settings.items():
        if not isinstance(value, int) or value < 1:
            raise ArgumentError(f"{name}: {setting} is {value}; use a whole number of at least 1")


class LRScheduler:
    """The base class of schedules. A subclass defines `next_lr`, or `get_lr` as in PyTorch.

    Args:
        optimizer: whose learning rates are set.
        last_epoch: -1 to begin; to go on without a state dict, the last t.

    Attributes:
        base_lrs: the learning rates at the beginning, one for each group.
        last_epoch: t.

    Raises:
        ArgumentError: a schedule that goes on finds no "initial_lr" in the groups.
        DtypeError: the optimizer is none.

    Example:
        >>> class Halving(optim.lr_scheduler.LRScheduler):
        ...     def get_lr(self):
        ...         return [base / 2**self.last_epoch for base in self.base_lrs]
        >>> optimizer = optim.SGD([autograd.zeros(1, requires_grad=True)], lr=1.0)
        >>> scheduler = Halving(optimizer)
        >>> scheduler.step()
        >>> scheduler.get_last_lr()
        [0.5]
    """

    # Whether `t` may be set to any epoch, from the learning rates at the beginning.
    closed: ClassVar[bool] = True

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        check_optimizer(self, optimizer)
        for k, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", number(group["lr"]))
            elif "initial_lr" not in group:
                raise ArgumentError(
                    f"{type(self).__name__}: last_epoch is {last_epoch}, but group {k} has no 'initial_lr'; set it to "
                    "the learning rate that the schedule began with"
                )
        self.optimizer = optimizer
        self.base_lrs = [number(group["initial_lr"]) for group in optimizer.param_groups]
        self.last_epoch = last_epoch
        self._begin()

    def _begin(self) -> None:
        self._step_count = 0
        self._is_initial = True
        self.step()
        self._is_initial = False

    def next_lr(self, lr: float, base: float, t: int, group: int) -> float:
        """The learning rate of a group at t >= 1, from that at t - 1."""
        raise NotImplementedError(
            f"{type(self).__name__} has no schedule; define `def next_lr(self, lr, base, t, group):`"
        )

    def first_lr(self, lr: float, base: float, group: int) -> float:
        """The learning rate at t = 0."""
        return lr

    def get_lr(self) -> list[float]:
        """The learning rates at t, from those at t - 1; for `step`, while `get_last_lr` is for users."""
        t = self.last_epoch
        found = []
        for k, (group, base) in enumerate(zip(self.optimizer.param_groups, self.base_lrs, strict=True)):
            lr = number(group["lr"])
            found.append(self.next_lr(lr, base, t, k) if t else self.first_lr(lr, base, k))
        return found

    def step(self, epoch: int | None = None) -> None:
        """Go on to the next t, and set the learning rates.

        Args:
            epoch: t is set to it, and the learning rates follow from those at the beginning; as old scripts call it.
        """
        self._step_count += 1
        self._go_to(epoch)

    def _go_to(self, epoch: int | None) -> None:
        if epoch is None:
            self.last_epoch += 1
            rates = self.get_lr()
        else:
            self.last_epoch = epoch
            rates = self._from_beginning(epoch) if self._has_closed_form() else self.get_lr()
        for group, lr in zip(self.optimizer.param_groups, rates, strict=True):
            set_lr(group, lr)
        self._last_lr = [number(group["lr"]) for group in self.optimizer.param_groups]

    def _has_closed_form(self) -> bool:
        return self.closed and type(self).get_lr is LRScheduler.get_lr

    def _from_beginning(self, epoch: int) -> list[float]:
        found = []
        for k, base in enumerate(self.base_lrs):
            lr = self.first_lr(base, base, k)
            for t in range(1, int(epoch) + 1):
                lr = self.next_lr(lr, base, t, k)
            found.append(lr)
        return found

    def get_last_lr(self) -> list[float]:
        """The learning rates that were set last, one for each group."""
        return list(self._last_lr)

    def state_dict(self) -> dict[str, Any]:
        """The state as plain data, without the optimizer and without functions."""
        return {name: value for name, value in self.__dict__.items() if name != "optimizer" and not callable(value)}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on from a state that `state_dict` gave, here or in PyTorch. The learning rates themselves are in the
        optimizer's state.

        Raises:
            ArgumentError: the state is of another schedule.
        """
        own = self.state_dict()
        public = [
            {name for name in names if not name.startswith("_") and name != "verbose"} for names in (own, state_dict)
        ]
        if public[0] != public[1]:
            raise ArgumentError(
                f"{type(self).__name__}: the state has {', '.join(sorted(state_dict))}, and this schedule needs "
                f"{', '.join(sorted(own))}"
            )
        self.__dict__.update({name: value for name, value in state_dict.items() if name in own})


def check_optimizer(schedule: Any, optimizer: Any) -> None:
    """Raise DtypeError unless it is an optimizer."""
    if not isinstance(optimizer, Optimizer):
        raise DtypeError(f"{type(schedule).__name__}: expected an Optimizer, not {type(optimizer).__name__}")
