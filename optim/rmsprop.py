"""RMSProp."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from .optimizer import Group, Optimizer, Pass, at_least_zero, below_one

__all__ = ["RMSprop"]


class RMSprop(Optimizer):
    """Steps divided by the root of a running mean of squared gradients.

        g = g + lambda x
        h = alpha h + (1 - alpha) g^2
        m = alpha m + (1 - alpha) g                 (centered alone; else m = 0)
        u = g / (sqrt(h - m^2) + eps)
        v = mu v + u                                (v = u without momentum)
        x = x - lr v

    Args:
        params: Tensors that require grad, or dicts of them with settings.
        lr: the learning rate.
        alpha: the decay of the running means.
        eps: keeps the quotient finite.
        weight_decay: lambda, the factor of an L2 penalty.
        momentum: mu.
        centered: divide by the running standard deviation instead.
        maximize: step along the gradient instead.
        capturable, foreach, differentiable: see `Optimizer`.

    Raises:
        ArgumentError: a setting is not accepted.

    Example:
        >>> x = autograd.tensor([1.0, -3.0], requires_grad=True)
        >>> optimizer = optim.RMSprop([x], lr=0.01)
        >>> (x * x).sum().backward()
        >>> optimizer.step()
        >>> x
        tensor([ 0.9000, -2.9000], requires_grad=True)

    Source: Tieleman and Hinton 2012, Neural Networks for Machine Learning, lecture 6.5; centered: Graves 2013,
    arXiv 1308.0850, equations 38 to 40, with eps outside the root, as PyTorch has it.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        super().__init__(
            params,
            {
                "lr": lr,
                "alpha": alpha,
                "eps": eps,
                "weight_decay": weight_decay,
                "momentum": momentum,
                "centered": centered,
                "maximize": maximize,
                "foreach": foreach,
                "capturable": capturable,
                "differentiable": differentiable,
            },
        )

    def check(self, group: Group) -> None:
        at_least_zero("RMSprop", **{name: group[name] for name in ("lr", "eps", "weight_decay", "momentum")})
        below_one("RMSprop", alpha=group["alpha"])

    def state_arrays(self, x: Any, group: Group) -> dict[str, Any]:
        arrays: dict[str, Any] = {"square_avg": 0.0}
        if group["momentum"]:
            arrays["momentum_buffer"] = 0.0
        if group["centered"]:
            arrays["grad_avg"] = 0.0
        return arrays

    def update(self, x: Any, g: Any, s: dict[str, Any], t: int, group: Group) -> None:
        """One step of the rule."""
        alpha = group["alpha"]
        if group["weight_decay"]:
            g = g + group["weight_decay"] * x
        h = s["square_avg"]
        h *= alpha
        h += (1 - alpha) * (g * g)
        if group["centered"]:
            m = s["grad_avg"]
            m += (1 - alpha) * (g - m)
            spread = h - m * m
        else:
            spread = h
        u = g / (np.sqrt(spread) + group["eps"])
        if group["momentum"]:
            v = s["momentum_buffer"]
            v *= group["momentum"]
            v += u
        else:
            v = u
        x -= group["lr"] * v

    def fused_pass(self, s: dict[str, Any], t: int, group: Group) -> Pass | None:
        if group["momentum"] or group["centered"]:
            return None
        lr, alpha, eps, decay = group["lr"], group["alpha"], group["eps"], group["weight_decay"]
        return Pass("rmsprop", ("square_avg",), (lr, alpha, 1 - alpha, eps, decay))
