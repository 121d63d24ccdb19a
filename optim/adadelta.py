"""AdaDelta."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from .optimizer import Group, Optimizer, Pass, at_least_zero

__all__ = ["Adadelta"]


class Adadelta(Optimizer):
    """Steps whose unit is that of the parameter: the root of a running mean of squared steps, over that of gradients.

        g = g + lambda x
        h = rho h + (1 - rho) g^2
        d = sqrt(r + eps) / sqrt(h + eps) * g
        r = rho r + (1 - rho) d^2
        x = x - lr d

    Args:
        params: Tensors that require grad, or dicts of them with settings.
        lr: a factor of the step, 1 in the paper.
        rho: the decay of the running means.
        eps: keeps the quotient finite, and lets the first step be taken.
        weight_decay: lambda, the factor of an L2 penalty.
        maximize: step along the gradient instead.
        foreach, capturable, differentiable: see `Optimizer`.

    Raises:
        ArgumentError: a setting is not accepted.

    Example:
        >>> x = autograd.tensor([1.0, -3.0], requires_grad=True)
        >>> optimizer = optim.Adadelta([x])
        >>> (x * x).sum().backward()
        >>> optimizer.step()
        >>> x
        tensor([ 0.9968, -2.9968], requires_grad=True)

    Source: Zeiler 2012, arXiv 1212.5701, algorithm 1.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        capturable: bool = False,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        super().__init__(
            params,
            {
                "lr": lr,
                "rho": rho,
                "eps": eps,
                "weight_decay": weight_decay,
                "maximize": maximize,
                "capturable": capturable,
                "foreach": foreach,
                "differentiable": differentiable,
            },
        )

    def check(self, group: Group) -> None:
        at_least_zero("Adadelta", **{name: group[name] for name in ("lr", "rho", "eps", "weight_decay")})
        at_least_zero("Adadelta", **{"1 - rho": 1 - group["rho"]})

    def state_arrays(self, x: Any, group: Group) -> dict[str, Any]:
        return {"square_avg": 0.0, "acc_delta": 0.0}

    def update(self, x: Any, g: Any, s: dict[str, Any], t: int, group: Group) -> None:
        """One step of the rule."""
        rho, eps = group["rho"], group["eps"]
        if group["weight_decay"]:
            g = g + group["weight_decay"] * x
        h, r = s["square_avg"], s["acc_delta"]
        h *= rho
        h += (1 - rho) * (g * g)
        d = np.sqrt(r + eps) / np.sqrt(h + eps) * g
        r *= rho
        r += (1 - rho) * (d * d)
        x -= group["lr"] * d

    def fused_pass(self, s: dict[str, Any], t: int, group: Group) -> Pass | None:
        lr, rho, eps, decay = group["lr"], group["rho"], group["eps"], group["weight_decay"]
        return Pass("adadelta", ("square_avg", "acc_delta"), (lr, rho, 1 - rho, eps, decay))
