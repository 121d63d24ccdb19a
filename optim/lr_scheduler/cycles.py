"""Schedules that rise and fall: by t alone, whatever the learning rate was."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, ClassVar

from autograd.errors import ArgumentError

from ..optimizer import Group, Optimizer
from .base import LRScheduler, at_least_one, check_optimizer, each_group, set_lr

__all__ = ["CosineAnnealingWarmRestarts", "CyclicLR", "OneCycleLR"]


class CosineAnnealingWarmRestarts(LRScheduler):
    """Half a cosine from the learning rate down to `eta_min`, again and again, each time `T_mult` times longer.

        lr = eta_min + (base - eta_min) (1 + cos(pi T_cur / T_i)) / 2

    with T_cur the epochs since the last restart and T_i those between two.

    Args:
        optimizer: whose learning rates are set.
        T_0: the number of epochs until the first restart.
        T_mult: the factor from one run to the next.
        eta_min: the least learning rate.
        last_epoch: see `LRScheduler`.

    Raises:
        ArgumentError: T_0 or T_mult is no whole number of at least 1.

    Example:
        >>> optimizer = optim.SGD([autograd.zeros(1, requires_grad=True)], lr=1.0)
        >>> scheduler = optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, T_0=2)
        >>> rates = []
        >>> for _ in range(4):
        ...     rates.append(round(scheduler.get_last_lr()[0], 4))
        ...     scheduler.step()
        >>> rates
        [1.0, 0.5, 1.0, 0.5]

    Source: Loshchilov and Hutter 2016, arXiv 1608.03983, equation 5.
    """

    def __init__(
        self, optimizer: Optimizer, T_0: int, T_mult: int = 1, eta_min: float = 0.0, last_epoch: int = -1
    ) -> None:
        at_least_one("CosineAnnealingWarmRestarts", T_0=T_0, T_mult=T_mult)
        self.T_0 = T_0
        self.T_i: float = T_0
        self.T_mult = T_mult
        self.eta_min = eta_min
        self.T_cur: float = last_epoch
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        share = (1 + math.cos(math.pi * self.T_cur / self.T_i)) / 2
        return [self.eta_min + (base - self.eta_min) * share for base in self.base_lrs]

    def step(self, epoch: float | None = None) -> None:
        """Go on to the next t, or to any, and set the learning rates.

        Args:
            epoch: t, which need not be whole: `scheduler.step(epoch + batch / batches)` after every batch.

        Raises:
            ArgumentError: epoch is negative.
        """
        self._step_count += 1
        if epoch is None and self.last_epoch >= 0:
            self.T_cur += 1
            if self.T_cur >= self.T_i:
                self.T_cur %= self.T_i
                self.T_i *= self.T_mult
            self._go_to(self.last_epoch + 1)
            return
        epoch = 0 if epoch is None else epoch
        if epoch < 0:
            raise ArgumentError(f"CosineAnnealingWarmRestarts: epoch is {epoch}; use a number of at least 0")
        restarts = 0
        if epoch >= self.T_0:
            if self.T_mult == 1:
                self.T_cur = epoch % self.T_0
                self._go_to(math.floor(epoch))
                return
            restarts = int(math.log(epoch / self.T_0 * (self.T_mult - 1) + 1, self.T_mult))
            epochs = self.T_0 * (self.T_mult**restarts - 1) / (self.T_mult - 1)
        else:
            epochs = 0
        self.T_cur = epoch - epochs
        self.T_i = self.T_0 * self.T_mult**restarts
        self._go_to(math.floor(epoch))


class _MomentumCycle(LRScheduler):
    """What the schedules share that move momentum, or Adam's beta1, against the learning rate."""

    closed: ClassVar[bool] = False

    def _begin_momentum(self, optimizer: Optimizer, base: Any, most: Any, begins: bool) -> None:
        name = type(self).__name__
        if "momentum" not in optimizer.defaults and "betas" not in optimizer.defaults:
            raise ArgumentError(
                f"{name}: {type(optimizer).__name__} has neither momentum nor betas; set cycle_momentum=False"
            )
        self.use_beta1 = "betas" in optimizer.defaults
        self._momenta = (
            each_group(name, "base_momentum", optimizer, base),
            each_group(name, "max_momentum", optimizer, most),
        )
        if begins:
            for group, least, greatest in zip(optimizer.param_groups, *self._momenta, strict=True):
                self._set_momentum(group, greatest)
                group["max_momentum"], group["base_momentum"] = greatest, least

    def _set_momentum(self, group: Group, value: float) -> None:
        if self.use_beta1:
            group["betas"] = (value, *group["betas"][1:])
        else:
            group["momentum"] = value


class CyclicLR(_MomentumCycle):
    """A zigzag between two learning rates; momentum moves the other way.

        cycle = floor(1 + t / (up + down))
        height = how far t is up the cycle's slope, or down, from 0 to 1
        lr = base_lr + (max_lr - base_lr) height scale

    with scale 1 ("triangular"), `1 / 2^(cycle - 1)` ("triangular2"), `gamma^t` ("exp_range"), or by `scale_fn`.

    Args:
        optimizer: whose learning rates are set.
        base_lr: the lower learning rate, or one for each group.
        max_lr: the upper learning rate, or one for each group.
        step_size_up: the number of steps up.
        step_size_down: the number of steps down; None for as many.
        mode: "triangular", "triangular2" or "exp_range".
        gamma: see above.
        scale_fn: a function for the scale; then `mode` is ignored.
        scale_mode: "cycle" or "iterations": whether `scale_fn` is given the cycle or t.
        cycle_momentum: move momentum, or Adam's beta1, too.
        base_momentum, max_momentum: between which it moves; one number, or one for each group.
        last_epoch: see `LRScheduler`.

    Raises:
        ArgumentError: the mode is not known, or the optimizer has no momentum.

    Example:
        >>> optimizer = optim.SGD([autograd.zeros(1, requires_grad=True)], lr=1.0, momentum=0.9)
        >>> scheduler = optim.lr_scheduler.CyclicLR(optimizer, base_lr=0.0, max_lr=1.0, step_size_up=2)
        >>> rates = []
        >>> for _ in range(5):
        ...     rates.append(scheduler.get_last_lr()[0])
        ...     scheduler.step()
        >>> rates
        [0.0, 0.5, 1.0, 0.5, 0.0]

    Source: Smith 2015, arXiv 1506.01186.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        base_lr: float | list[float],
        max_lr: float | list[float],
        step_size_up: int = 2000,
        step_size_down: int | None = None,
        mode: str = "triangular",
        gamma: float = 1.0,
        scale_fn: Callable[[float], float] | None = None,
        scale_mode: str = "cycle",
        cycle_momentum: bool = True,
        base_momentum: float | list[float] = 0.8,
        max_momentum: float | list[float] = 0.9,
        last_epoch: int = -1,
    ) -> None:
        check_optimizer(self, optimizer)
        if scale_fn is None and mode not in ("triangular", "triangular2", "exp_range"):
            raise ArgumentError(f"CyclicLR: mode is {mode!r}; use 'triangular', 'triangular2' or 'exp_range'")
        lower = each_group("CyclicLR", "base_lr", optimizer, base_lr)
        if last_epoch == -1:
            for group, lr in zip(optimizer.param_groups, lower, strict=True):
                set_lr(group, lr)
        self.max_lrs = each_group("CyclicLR", "max_lr", optimizer, max_lr)
        down = float(step_size_up if step_size_down is None else step_size_down)
        self.total_size = float(step_size_up) + down
        self.step_ratio = float(step_size_up) / self.total_size
        self.mode = mode
        self.gamma = gamma
        self._scale_fn = scale_fn
        self.scale_mode = scale_mode if scale_fn is not None else "iterations" if mode == "exp_range" else "cycle"
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self._begin_momentum(optimizer, base_momentum, max_momentum, last_epoch == -1)
            self.base_momentums, self.max_momentums = self._momenta
        super().__init__(optimizer, last_epoch)
        self.base_lrs = lower

    def scale_fn(self, x: float) -> float:
        """The scale of a cycle, or of t."""
        if self._scale_fn is not None:
            return self._scale_fn(x)
        if self.mode == "triangular2":
            return 1 / 2.0 ** (x - 1)
        return self.gamma**x if self.mode == "exp_range" else 1.0

    def get_lr(self) -> list[float]:
        turns = self.last_epoch / self.total_size
        cycle = math.floor(1 + turns)
        x = 1.0 + turns - cycle
        height = x / self.step_ratio if x <= self.step_ratio else (x - 1) / (self.step_ratio - 1)
        scale = self.scale_fn(cycle if self.scale_mode == "cycle" else self.last_epoch)
        if self.cycle_momentum:
            for group, least, most in zip(
                self.optimizer.param_groups, self.base_momentums, self.max_momentums, strict=True
            ):
                self._set_momentum(group, most - (most - least) * height * scale)
        return [low + (high - low) * height * scale for low, high in zip(self.base_lrs, self.max_lrs, strict=True)]

    def state_dict(self) -> dict[str, Any]:
        return {name: value for name, value in super().state_dict().items() if name not in ("_momenta", "_scale_fn")}


class OneCycleLR(_MomentumCycle):
    """One rise to the greatest learning rate and one fall far below the first; momentum moves the other way.

    From `max_lr / div_factor` to `max_lr` in the first `pct_start` of all steps, and down to
    `max_lr / div_factor / final_div_factor`; with `three_phase` back to `max_lr / div_factor` in as many steps, and
    then down. Each phase is half a cosine or a straight line. Call `step` after every batch.

    Args:
        optimizer: whose learning rates are set.
        max_lr: the greatest learning rate, or one for each group.
        total_steps: the number of steps, the last of which may not be passed.
        epochs, steps_per_epoch: whose product is `total_steps`, where that is None.
        pct_start: the share of the rise.
        anneal_strategy: "cos" or "linear".
        cycle_momentum: move momentum, or Adam's beta1, too.
        base_momentum, max_momentum: between which it moves; one number, or one for each group.
        div_factor, final_div_factor: see above.
        three_phase: see above.
        last_epoch: see `LRScheduler`.

    Raises:
        ArgumentError: a setting is not accepted, or `step` is called more than `total_steps` times.

    Example:
        >>> optimizer = optim.SGD([autograd.zeros(1, requires_grad=True)], lr=1.0, momentum=0.9)
        >>> scheduler = optim.lr_scheduler.OneCycleLR(optimizer, max_lr=1.0, total_steps=10)
        >>> for _ in range(2):
        ...     scheduler.step()
        >>> scheduler.get_last_lr(), optimizer.param_groups[0]["momentum"]
        ([1.0], 0.85)

    Source: Smith and Topin 2017, arXiv 1708.07120.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float | list[float],
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        cycle_momentum: bool = True,
        base_momentum: float | list[float] = 0.85,
        max_momentum: float | list[float] = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        last_epoch: int = -1,
    ) -> None:
        check_optimizer(self, optimizer)
        if total_steps is None:
            if epochs is None or steps_per_epoch is None:
                raise ArgumentError("OneCycleLR: give total_steps, or both epochs and steps_per_epoch")
            at_least_one("OneCycleLR", epochs=epochs, steps_per_epoch=steps_per_epoch)
            total_steps = epochs * steps_per_epoch
        at_least_one("OneCycleLR", total_steps=total_steps)
        if not 0 <= pct_start <= 1:
            raise ArgumentError(f"OneCycleLR: pct_start is {pct_start}; use a number from 0 to 1")
        if anneal_strategy not in ("cos", "linear"):
            raise ArgumentError(f"OneCycleLR: anneal_strategy is {anneal_strategy!r}; use 'cos' or 'linear'")
        self.total_steps = total_steps
        rise = {
            "end_step": float(pct_start * total_steps) - 1,
            "start_lr": "initial_lr",
            "end_lr": "max_lr",
            "start_momentum": "max_momentum",
            "end_momentum": "base_momentum",
        }
        fall = {
            "end_step": total_steps - 1,
            "start_lr": "max_lr",
            "end_lr": "min_lr",
            "start_momentum": "base_momentum",
            "end_momentum": "max_momentum",
        }
        self._schedule_phases: list[dict[str, Any]] = [rise, fall]
        if three_phase:
            back = {**fall, "end_step": float(2 * pct_start * total_steps) - 2, "end_lr": "initial_lr"}
            last = {**fall, "start_lr": "initial_lr", "start_momentum": "max_momentum"}
            self._schedule_phases = [rise, back, last]
        self._anneal_func_type = anneal_strategy
        greatest = each_group("OneCycleLR", "max_lr", optimizer, max_lr)
        if last_epoch == -1:
            for group, lr in zip(optimizer.param_groups, greatest, strict=True):
                group["initial_lr"], group["max_lr"] = lr / div_factor, lr
                group["min_lr"] = group["initial_lr"] / final_div_factor
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self._begin_momentum(optimizer, base_momentum, max_momentum, last_epoch == -1)
        super().__init__(optimizer, last_epoch)

    def _between(self, start: float, end: float, share: float) -> float:
        if self._anneal_func_type == "cos":
            return end + (start - end) / 2 * (1 + math.cos(math.pi * share))
        return (end - start) * share + start

    def get_lr(self) -> list[float]:
        t = self.last_epoch
        if t > self.total_steps:
            raise ArgumentError(
                f"OneCycleLR: step {t} of {self.total_steps}; give as many total_steps as there are calls of step"
            )
        begin = 0.0
        for phase in self._schedule_phases:
            end = phase["end_step"]
            if t <= end or phase is self._schedule_phases[-1]:
                break
            begin = end
        share = (t - begin) / (end - begin) if end != begin else 1.0
        if self.cycle_momentum:
            for group in self.optimizer.param_groups:
                momenta = group[phase["start_momentum"]], group[phase["end_momentum"]]
                self._set_momentum(group, self._between(*momenta, share))
        return [
            self._between(group[phase["start_lr"]], group[phase["end_lr"]], share)
            for group in self.optimizer.param_groups
        ]

    def state_dict(self) -> dict[str, Any]:
        return {name: value for name, value in super().state_dict().items() if name != "_momenta"}
