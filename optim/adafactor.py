"""Adafactor."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, ClassVar

import numpy as np

from autograd.errors import ArgumentError

from .optimizer import Group, Optimizer, at_least_zero

__all__ = ["Adafactor"]


class Adafactor(Optimizer):
    """Steps over the root of mean squares of gradients, of which a matrix keeps the means of rows and columns alone.

        b = t^tau                                        (the share of the new gradient; tau < 0)
        a = max(eps2, RMS(x)) min(lr, 1 / sqrt(t))
        x = (1 - lr lambda) x
        matrices:  r = (1 - b) r + b mean of g^2 over each row
                   c = (1 - b) c + b mean of g^2 over each column
                   v = r c / max(mean(r), eps1)
        vectors:   v = (1 - b) v + b g^2
        u = g / sqrt(max(v, eps1^2))
        x = x - a u / max(1, RMS(u) / d)

    with RMS the root of the mean of squares. Of more than two dimensions the last two are the matrix.

    Args:
        params: Tensors that require grad, or dicts of them with settings.
        lr: the greatest relative step.
        beta2_decay: tau.
        eps: eps1 and eps2; None for eps1 is the machine epsilon of the parameter's dtype.
        d: the greatest RMS of u.
        weight_decay: lambda; it shrinks x itself.
        maximize: step along the gradient instead.
        foreach: see `Optimizer`.

    Raises:
        ArgumentError: a setting is not accepted.

    Example:
        >>> x = autograd.tensor([[1.0, -3.0]], requires_grad=True)
        >>> optimizer = optim.Adafactor([x], lr=0.1)
        >>> (x * x).sum().backward()
        >>> optimizer.step()
        >>> [round(number, 4) for number in x[0].tolist()]
        [0.7764, -2.7764]

    Source: Shazeer and Stern 2018, arXiv 1804.04235, algorithms 4 and 5 without momentum, with means in the place of
    sums, and with eps1 beneath the quotients alone, as PyTorch has it.
    """

    whole: ClassVar[bool] = True

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        beta2_decay: float = -0.8,
        eps: tuple[float | None, float] = (None, 1e-3),
        d: float = 1.0,
        weight_decay: float = 0.0,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
    ) -> None:
        super().__init__(
            params,
            {
                "lr": lr,
                "beta2_decay": beta2_decay,
                "eps": eps,
                "d": d,
                "weight_decay": weight_decay,
                "foreach": foreach,
                "maximize": maximize,
            },
        )

    def check(self, group: Group) -> None:
        eps = group["eps"]
        if not isinstance(eps, (tuple, list)) or len(eps) != 2:
            raise ArgumentError(f"Adafactor: eps is {eps!r}; use eps1, or None, and eps2, as (None, 1e-3)")
        at_least_zero("Adafactor", lr=group["lr"], weight_decay=group["weight_decay"])
        at_least_zero("Adafactor", eps1=0 if eps[0] is None else eps[0], eps2=eps[1])
        if not group["beta2_decay"] <= 0:
            raise ArgumentError(f"Adafactor: beta2_decay is {group['beta2_decay']!r}; use a number of at most 0")
        if not group["d"] >= 1:
            raise ArgumentError(f"Adafactor: d is {group['d']!r}; use a number of at least 1")

    def state_arrays(self, x: Any, group: Group) -> dict[str, Any]:
        if x.ndim < 2:
            return {"variance": 0.0}
        return {"row_var": (*x.shape[:-1], 1), "col_var": (*x.shape[:-2], 1, x.shape[-1])}

    def update(self, x: Any, g: Any, s: dict[str, Any], t: int, group: Group) -> None:
        """One step of the rule."""
        if not x.size:
            return
        eps1, eps2 = group["eps"]
        eps1 = float(np.finfo(x.dtype).eps) if eps1 is None else eps1
        b = t ** group["beta2_decay"]
        a = max(eps2, _rms(x)) * min(group["lr"], 1 / math.sqrt(t))
        if group["weight_decay"]:
            x *= 1 - group["lr"] * group["weight_decay"]
        square = g * g
        if x.ndim < 2:
            v = s["variance"]
            v += b * (square - v)
        else:
            r, c = s["row_var"], s["col_var"]
            r += b * (square.mean(axis=-1, keepdims=True) - r)
            c += b * (square.mean(axis=-2, keepdims=True) - c)
            v = r * c / np.maximum(r.mean(axis=-2, keepdims=True), x.dtype.type(eps1))
        u = g / np.sqrt(np.maximum(v, x.dtype.type(eps1 * eps1)))
        x -= a / max(1.0, _rms(u) / group["d"]) * u


def _rms(x: Any) -> float:
    wide = x.astype(np.float32) if x.dtype == np.float16 else x
    return float(np.linalg.norm(wide)) / math.sqrt(x.size)
