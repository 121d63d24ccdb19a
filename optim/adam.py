"""Adam, and Adam with decoupled weight decay."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from .optimizer import Group, Optimizer, Pass, at_least_zero, two_below_one

__all__ = ["Adam", "AdamW"]


class Adam(Optimizer):
    """Steps along a running mean of gradients, divided by the root of that of their squares.

        g = g + lambda x
        m = beta1 m + (1 - beta1) g
        v = beta2 v + (1 - beta2) g^2
        x = x - lr * (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + eps)

    The divisors `1 - beta^t` correct the bias of m and v, which begin with 0. With `amsgrad` the largest v so far
    takes v's place in the last line.

    Args:
        params: Tensors that require grad, or dicts of them with settings.
        lr: the learning rate.
        betas: beta1 and beta2.
        eps: keeps the quotient finite.
        weight_decay: lambda, the factor of an L2 penalty; see `AdamW` for true weight decay.
        amsgrad: divide by the largest v so far.
        maximize: step along the gradient instead.
        decoupled_weight_decay: decay as `AdamW` does.
        foreach, capturable, differentiable, fused: see `Optimizer`.

    Raises:
        ArgumentError: a setting is not accepted.

    Example:
        >>> x = autograd.tensor([1.0, -3.0], requires_grad=True)
        >>> optimizer = optim.Adam([x], lr=0.1)
        >>> (x * x).sum().backward()
        >>> optimizer.step()
        >>> x
        tensor([ 0.9000, -2.9000], requires_grad=True)

    Source: Kingma and Ba 2014, arXiv 1412.6980, algorithm 1; amsgrad: Reddi, Kale and Kumar 2019, arXiv 1904.09237,
    algorithm 2.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:
        super().__init__(
            params,
            {
                "lr": lr,
                "betas": betas,
                "eps": eps,
                "weight_decay": weight_decay,
                "amsgrad": amsgrad,
                "maximize": maximize,
                "foreach": foreach,
                "capturable": capturable,
                "differentiable": differentiable,
                "fused": fused,
                "decoupled_weight_decay": decoupled_weight_decay,
            },
        )

    def check(self, group: Group) -> None:
        name, betas = type(self).__name__, group["betas"]
        at_least_zero(name, lr=group["lr"], eps=group["eps"], weight_decay=group["weight_decay"])
        two_below_one(name, betas)

    def state_arrays(self, x: Any, group: Group) -> dict[str, Any]:
        arrays = {"exp_avg": 0.0, "exp_avg_sq": 0.0}
        return {**arrays, "max_exp_avg_sq": 0.0} if group["amsgrad"] else arrays

    def update(self, x: Any, g: Any, s: dict[str, Any], t: int, group: Group) -> None:
        """One step of the rule."""
        lr, (beta1, beta2), decay = group["lr"], group["betas"], group["weight_decay"]
        if decay:
            if group["decoupled_weight_decay"]:
                x *= 1 - lr * decay
            else:
                g = g + decay * x
        m, v = s["exp_avg"], s["exp_avg_sq"]
        m *= beta1
        m += (1 - beta1) * g
        v *= beta2
        square = g * g
        square *= 1 - beta2
        v += square
        if group["amsgrad"]:
            v = np.maximum(s["max_exp_avg_sq"], v, out=s["max_exp_avg_sq"])
        root = np.sqrt(v)
        root /= math.sqrt(1 - beta2**t)
        root += group["eps"]
        step = m / root
        step *= lr / (1 - beta1**t)
        x -= step

    def fused_pass(self, s: dict[str, Any], t: int, group: Group) -> Pass | None:
        lr, (beta1, beta2), decay = group["lr"], group["betas"], group["weight_decay"]
        decoupled = group["decoupled_weight_decay"]
        numbers = (
            lr / (1 - beta1**t),
            beta1,
            1 - beta1,
            beta2,
            1 - beta2,
            math.sqrt(1 - beta2**t),
            group["eps"],
            0 if decoupled else decay,
            1 - lr * decay if decoupled else 1,
        )
        return Pass("adam", ("exp_avg", "exp_avg_sq", "max_exp_avg_sq"), numbers)


class AdamW(Adam):
    """Adam whose weight decay shrinks the parameters themselves and does not pass through m and v:

        x = x - lr lambda x

    and then Adam's rule with lambda = 0.

    Args:
        params, lr, betas, eps, amsgrad, maximize, foreach, capturable, differentiable, fused: as for `Adam`.
        weight_decay: lambda.

    Raises:
        ArgumentError: a setting is not accepted.

    Example:
        >>> x = autograd.tensor([1.0, -3.0], requires_grad=True)
        >>> optimizer = optim.AdamW([x], lr=0.1, weight_decay=0.5)
        >>> (x * x).sum().backward()
        >>> optimizer.step()
        >>> x
        tensor([ 0.8500, -2.7500], requires_grad=True)

    Source: Loshchilov and Hutter 2017, arXiv 1711.05101, algorithm 2, with the schedule's factor in lr.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        super().__init__(
            params,
            lr,
            betas,
            eps,
            weight_decay,
            amsgrad,
            foreach=foreach,
            maximize=maximize,
            capturable=capturable,
            differentiable=differentiable,
            fused=fused,
            decoupled_weight_decay=True,
        )
