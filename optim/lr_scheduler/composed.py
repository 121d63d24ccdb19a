"""Schedules made of schedules."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Any

from autograd.errors import ArgumentError

from ..optimizer import Optimizer
from .base import LRScheduler, number, set_lr
from .plateau import ReduceLROnPlateau

__all__ = ["ChainedScheduler", "SequentialLR"]


class _Composed(LRScheduler):
    """What the two share: a list of schedules of one optimizer, and their states."""

    _schedulers: list[LRScheduler]

    def _take(self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None) -> None:
        name = type(self).__name__
        if not schedulers:
            raise ArgumentError(f"{name}: there are no schedulers; give at least one")
        self.optimizer = schedulers[0].optimizer if optimizer is None else optimizer
        for k, scheduler in enumerate(schedulers):
            if isinstance(scheduler, ReduceLROnPlateau):
                raise ArgumentError(
                    f"{name}: scheduler {k} is a ReduceLROnPlateau, whose step needs a loss; call it by itself"
                )
            if scheduler.optimizer is not self.optimizer:
                raise ArgumentError(f"{name}: scheduler {k} is of another optimizer; give schedulers of one")
        self._schedulers = list(schedulers)

    def state_dict(self) -> dict[str, Any]:
        """The state, with the states of all schedules under "_schedulers"."""
        own = {name: value for name, value in self.__dict__.items() if name not in ("optimizer", "_schedulers")}
        return {**own, "_schedulers": [scheduler.state_dict() for scheduler in self._schedulers]}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on from a state that `state_dict` gave.

        Raises:
            ArgumentError: the state is of other schedules.
        """
        states = state_dict.get("_schedulers", ())
        if len(states) != len(self._schedulers):
            raise ArgumentError(
                f"{type(self).__name__}: the state is of {len(states)} schedulers, and there are "
                f"{len(self._schedulers)}; give what state_dict() returned"
            )
        own = self.state_dict()
        self.__dict__.update(
            {name: value for name, value in state_dict.items() if name in own and name != "_schedulers"}
        )
        for scheduler, state in zip(self._schedulers, states, strict=True):
            scheduler.load_state_dict(state)


class ChainedScheduler(_Composed):
    """Steps several schedules at once; each multiplies the learning rate that the one before it left.

    Args:
        schedulers: schedules of one optimizer.
        optimizer: that optimizer; None for the first schedule's.

    Raises:
        ArgumentError: there are none, or they are of several optimizers.

    Example:
        >>> optimizer = optim.SGD([autograd.zeros(1, requires_grad=True)], lr=1.0)
        >>> s = optim.lr_scheduler
        >>> scheduler = s.ChainedScheduler([s.ConstantLR(optimizer, 0.5, 1), s.ExponentialLR(optimizer, 0.5)])
        >>> scheduler.step()
        >>> scheduler.get_last_lr()
        [0.5]
    """

    def __init__(self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None = None) -> None:
        self._take(schedulers, optimizer)
        self._last_lr = [number(group["lr"]) for group in self.optimizer.param_groups]

    def step(self, epoch: int | None = None) -> None:
        """Step every schedule."""
        for scheduler in self._schedulers:
            scheduler.step(epoch)
        self._last_lr = [number(group["lr"]) for group in self.optimizer.param_groups]

    def _begin(self) -> None:
        for scheduler in self._schedulers:
            scheduler._begin()
        self._last_lr = [number(group["lr"]) for group in self.optimizer.param_groups]

    def _go_to(self, epoch: int | None) -> None:
        self.step(epoch)


class SequentialLR(_Composed):
    """One schedule after the other: at each milestone the next begins at its t = 0.

    Args:
        optimizer: whose learning rates are set.
        schedulers: schedules of that optimizer.
        milestones: the epochs at which the second, third ... begin: one fewer than schedules.
        last_epoch: see `LRScheduler`.

    Raises:
        ArgumentError: the numbers do not fit, or a schedule is of another optimizer.

    Example:
        >>> optimizer = optim.SGD([autograd.zeros(1, requires_grad=True)], lr=1.0)
        >>> s = optim.lr_scheduler
        >>> warm = s.LinearLR(optimizer, start_factor=0.5, total_iters=2)
        >>> scheduler = s.SequentialLR(optimizer, [warm, s.ExponentialLR(optimizer, 0.1)], milestones=[2])
        >>> rates = []
        >>> for _ in range(4):
        ...     rates.append(round(scheduler.get_last_lr()[0], 4))
        ...     scheduler.step()
        >>> rates
        [0.5, 0.75, 1.0, 0.1]
    """

    def __init__(
        self, optimizer: Optimizer, schedulers: list[LRScheduler], milestones: list[int], last_epoch: int = -1
    ) -> None:
        self._take(schedulers, optimizer)
        if len(milestones) != len(schedulers) - 1:
            raise ArgumentError(
                f"SequentialLR: {len(milestones)} milestones do not fit {len(schedulers)} schedulers; give one fewer"
            )
        self._milestones = list(milestones)
        self.last_epoch = last_epoch + 1
        self._undo(self)
        self._restart()

    def _undo(self, schedule: LRScheduler) -> None:
        """Take back the first step, which each schedule made when it was built."""
        for scheduler in getattr(schedule, "_schedulers", ()):
            if hasattr(scheduler, "_schedulers"):
                self._undo(scheduler)
            else:
                scheduler.last_epoch -= 1

    def _restart(self) -> None:
        for group in self.optimizer.param_groups:
            set_lr(group, number(group["initial_lr"]))
        first = self._schedulers[bisect_right(self._milestones, 0)]
        first._begin()
        self._last_lr = first.get_last_lr()

    def _begin(self) -> None:
        self.last_epoch = 0
        self._restart()

    def _go_to(self, epoch: int | None) -> None:
        if epoch is None:
            self.step()
        else:
            self.last_epoch = -1
            for scheduler in self._schedulers:
                scheduler.last_epoch = -1
            self._begin()
            for _ in range(int(epoch)):
                self.step()

    def step(self, epoch: int | None = None) -> None:
        """Step the schedule whose turn it is."""
        if epoch is not None:
            self._go_to(epoch)
            return
        self.last_epoch += 1
        turn = bisect_right(self._milestones, self.last_epoch)
        scheduler = self._schedulers[turn]
        if turn and self._milestones[turn - 1] == self.last_epoch:
            scheduler._go_to(0)
        else:
            scheduler.step()
        self._last_lr = scheduler.get_last_lr()
