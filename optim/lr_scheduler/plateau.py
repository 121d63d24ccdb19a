"""A schedule that waits for the loss."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from autograd.errors import ArgumentError

from ..optimizer import Optimizer
from .base import LRScheduler, check_optimizer, each_group, number, set_lr

__all__ = ["ReduceLROnPlateau"]


class ReduceLROnPlateau(LRScheduler):
    """Multiplies the learning rate by `factor` when a loss, or another measure, has stopped improving.

    Args:
        optimizer: whose learning rates are set.
        mode: "min" where less is better, "max" where more is.
        factor: below 1.
        patience: how many epochs in a row may pass without improvement.
        threshold: what counts as one.
        threshold_mode: "rel": better than `best * (1 - threshold)`, or `best * (1 + threshold)` for "max"; "abs":
            better than `best - threshold`, or `best + threshold`.
        cooldown: how many epochs after a reduction are not counted.
        min_lr: the least learning rate, or one for each group.
        eps: a smaller reduction is left out.

    Raises:
        ArgumentError: a setting is not accepted.

    Example:
        >>> optimizer = optim.SGD([autograd.zeros(1, requires_grad=True)], lr=1.0)
        >>> scheduler = optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=1)
        >>> for loss in [3.0, 2.0, 2.0, 2.0]:
        ...     scheduler.step(loss)
        >>> scheduler.get_last_lr()
        [0.1]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr: float | list[float] = 0,
        eps: float = 1e-8,
    ) -> None:
        check_optimizer(self, optimizer)
        if not factor < 1:
            raise ArgumentError(f"ReduceLROnPlateau: factor is {factor}; use a number below 1")
        if mode not in ("min", "max"):
            raise ArgumentError(f"ReduceLROnPlateau: mode is {mode!r}; use 'min' or 'max'")
        if threshold_mode not in ("rel", "abs"):
            raise ArgumentError(f"ReduceLROnPlateau: threshold_mode is {threshold_mode!r}; use 'rel' or 'abs'")
        self.optimizer = optimizer
        self.factor = factor
        self.default_min_lr = None if isinstance(min_lr, (list, tuple)) else min_lr
        self.min_lrs = each_group("ReduceLROnPlateau", "min_lr", optimizer, min_lr)
        self.patience = patience
        self.cooldown = cooldown
        self.eps = eps
        self.last_epoch = 0
        self._last_lr = [number(group["lr"]) for group in optimizer.param_groups]
        self.mode = mode
        self.threshold = threshold
        self.threshold_mode = threshold_mode
        self.mode_worse = math.inf if mode == "min" else -math.inf
        self.best = self.mode_worse
        self.cooldown_counter = 0
        self.num_bad_epochs = 0

    @property
    def in_cooldown(self) -> bool:
        """Whether a reduction was made so short ago that epochs do not count."""
        return self.cooldown_counter > 0

    def _is_better(self, value: float) -> bool:
        sign = 1 if self.mode == "min" else -1
        if self.threshold_mode == "rel":
            return sign * value < sign * (self.best * (1 - sign * self.threshold))
        return sign * value < sign * (self.best - sign * self.threshold)

    def step(self, metrics: Any, epoch: int | None = None) -> None:  # type: ignore[override]
        """Take in the measure of one epoch, and reduce the learning rates if it is time.

        Args:
            metrics: a number or a Tensor of one.
            epoch: the epoch's number; None for the next.
        """
        value = float(metrics)
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        if self._is_better(value):
            self.best = value
            self.num_bad_epochs = 0
        else:
            self.num_bad_epochs += 1
        if self.in_cooldown:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            self._reduce()
            self.cooldown_counter = self.cooldown
            self.num_bad_epochs = 0
        self._last_lr = [number(group["lr"]) for group in self.optimizer.param_groups]

    def _reduce(self) -> None:
        groups = self.optimizer.param_groups
        if len(self.min_lrs) != len(groups):
            if self.default_min_lr is None:
                raise ArgumentError(
                    f"ReduceLROnPlateau: min_lrs has {len(self.min_lrs)} values for {len(groups)} groups, as one was "
                    "added; set scheduler.min_lrs to one for each"
                )
            self.min_lrs = [self.default_min_lr] * len(groups)
        for group, least in zip(groups, self.min_lrs, strict=True):
            old = number(group["lr"])
            new = max(old * self.factor, least)
            if old - new > self.eps:
                set_lr(group, new)

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on from a state that `state_dict` gave."""
        super().load_state_dict(state_dict)
        self.mode_worse = math.inf if self.mode == "min" else -math.inf
