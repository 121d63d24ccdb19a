"""AdaGrad."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from .optimizer import Group, Optimizer, Pass, at_least_zero

__all__ = ["Adagrad"]


class Adagrad(Optimizer):
    """Steps that shrink, number by number, with all the gradients seen.

        g = g + lambda x
        h = h + g^2
        x = x - lr / (1 + (t - 1) eta) * g / (sqrt(h) + eps)

    Args:
        params: Tensors that require grad, or dicts of them with settings.
        lr: the learning rate.
        lr_decay: eta, by which the learning rate falls.
        weight_decay: lambda, the factor of an L2 penalty.
        initial_accumulator_value: what h begins with.
        eps: keeps the quotient finite.
        maximize: step along the gradient instead.
        foreach, differentiable, fused: see `Optimizer`.

    Raises:
        ArgumentError: a setting is not accepted.

    Example:
        >>> x = autograd.tensor([1.0, -3.0], requires_grad=True)
        >>> optimizer = optim.Adagrad([x], lr=0.1)
        >>> (x * x).sum().backward()
        >>> optimizer.step()
        >>> x
        tensor([ 0.9000, -2.9000], requires_grad=True)

    Source: Duchi, Hazan and Singer 2011, Journal of Machine Learning Research 12, the diagonal form of figure 1.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        super().__init__(
            params,
            {
                "lr": lr,
                "lr_decay": lr_decay,
                "weight_decay": weight_decay,
                "initial_accumulator_value": initial_accumulator_value,
                "eps": eps,
                "maximize": maximize,
                "foreach": foreach,
                "differentiable": differentiable,
                "fused": fused,
            },
        )

    def check(self, group: Group) -> None:
        names = ("lr", "lr_decay", "weight_decay", "initial_accumulator_value", "eps")
        at_least_zero("Adagrad", **{name: group[name] for name in names})

    def state_arrays(self, x: Any, group: Group) -> dict[str, Any]:
        return {"sum": group["initial_accumulator_value"]}

    def update(self, x: Any, g: Any, s: dict[str, Any], t: int, group: Group) -> None:
        """One step of the rule."""
        lr = group["lr"] / (1 + (t - 1) * group["lr_decay"])
        if group["weight_decay"]:
            g = g + group["weight_decay"] * x
        h = s["sum"]
        h += g * g
        x -= lr * g / (np.sqrt(h) + group["eps"])

    def fused_pass(self, s: dict[str, Any], t: int, group: Group) -> Pass | None:
        lr = group["lr"] / (1 + (t - 1) * group["lr_decay"])
        return Pass("adagrad", ("sum",), (lr, group["eps"], group["weight_decay"]))
