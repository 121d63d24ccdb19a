"""Resilient backpropagation."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from autograd.errors import ArgumentError

from .optimizer import Group, Optimizer, at_least_zero

__all__ = ["Rprop"]


class Rprop(Optimizer):
    """Steps of a size of their own for each number, of which the gradient gives the sign alone. For whole batches.

        where g g' > 0:  d = min(eta+ d, d_max)
        where g g' < 0:  d = max(eta- d, d_min),  g = 0
        x  = x - sign(g) d
        g' = g

    d begins with lr, and g' is the gradient of the step before.

    Args:
        params: Tensors that require grad, or dicts of them with settings.
        lr: the first size of a step.
        etas: eta- and eta+, below 1 and above 1.
        step_sizes: d_min and d_max.
        maximize: step along the gradient instead.
        capturable, foreach, differentiable: see `Optimizer`.

    Raises:
        ArgumentError: a setting is not accepted.

    Example:
        >>> x = autograd.tensor([1.0, -3.0], requires_grad=True)
        >>> optimizer = optim.Rprop([x], lr=0.1)
        >>> for _ in range(2):
        ...     optimizer.zero_grad()
        ...     (x * x).sum().backward()
        ...     optimizer.step()
        >>> x
        tensor([ 0.7800, -2.7800], requires_grad=True)

    Source: Riedmiller and Braun 1993, A direct adaptive method for faster backpropagation learning, without the step
    back: the variant iRprop- of Igel and Huesken 2000.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50),
        *,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        super().__init__(
            params,
            {
                "lr": lr,
                "etas": etas,
                "step_sizes": step_sizes,
                "foreach": foreach,
                "maximize": maximize,
                "differentiable": differentiable,
                "capturable": capturable,
            },
        )

    def check(self, group: Group) -> None:
        at_least_zero("Rprop", lr=group["lr"])
        for name in ("etas", "step_sizes"):
            if not isinstance(group[name], (tuple, list)) or len(group[name]) != 2:
                raise ArgumentError(f"Rprop: {name} is {group[name]!r}; use two numbers")
        low, high = group["etas"]
        if not 0 < low < 1 < high:
            raise ArgumentError(f"Rprop: etas are {low} and {high}; the first is between 0 and 1, the second above 1")

    def state_arrays(self, x: Any, group: Group) -> dict[str, Any]:
        return {"prev": 0.0, "step_size": group["lr"]}

    def update(self, x: Any, g: Any, s: dict[str, Any], t: int, group: Group) -> None:
        """One step of the rule."""
        before, d = s["prev"], s["step_size"]
        low, high = group["etas"]
        agreement = np.sign(g * before)
        d *= np.where(agreement > 0, x.dtype.type(high), np.where(agreement < 0, x.dtype.type(low), x.dtype.type(1)))
        np.clip(d, *group["step_sizes"], out=d)
        before[...] = np.where(agreement < 0, 0, g)
        x -= np.sign(before) * d
