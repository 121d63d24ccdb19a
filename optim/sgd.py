"""Stochastic gradient descent, with momentum."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from autograd.errors import ArgumentError

from .optimizer import Group, Optimizer, Pass, at_least_zero

__all__ = ["SGD"]


class SGD(Optimizer):
    """Steps against the gradient, with or without momentum.

    With the learning rate lr, momentum mu, dampening tau and weight decay lambda:

        g = g + lambda x
        v = mu v + (1 - tau) g      (v = g in the first step)
        x = x - lr v                (Nesterov: x = x - lr (g + mu v))

    Without momentum v is g.

    Args:
        params: Tensors that require grad, or dicts of them with settings.
        lr: the learning rate.
        momentum: mu.
        dampening: tau.
        weight_decay: lambda, the factor of an L2 penalty `lambda / 2 |x|^2`.
        nesterov: look ahead: needs momentum, and no dampening.
        maximize: step along the gradient instead.
        foreach, differentiable, fused: see `Optimizer`.

    Raises:
        ArgumentError: a setting is not accepted.

    Example:
        >>> x = autograd.tensor([1.0], requires_grad=True)
        >>> optimizer = optim.SGD([x], lr=0.1)
        >>> (x * x).sum().backward()
        >>> optimizer.step()
        >>> x
        tensor([0.8000], requires_grad=True)

    Source: Polyak 1964 for momentum; Sutskever, Martens, Dahl and Hinton 2013, On the importance of initialization and
    momentum in deep learning, equations 1 to 4, with lr taken out of v, as PyTorch has it.
    """

    counts: ClassVar[bool] = False

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        super().__init__(
            params,
            {
                "lr": lr,
                "momentum": momentum,
                "dampening": dampening,
                "weight_decay": weight_decay,
                "nesterov": nesterov,
                "maximize": maximize,
                "foreach": foreach,
                "differentiable": differentiable,
                "fused": fused,
            },
        )

    def check(self, group: Group) -> None:
        at_least_zero("SGD", lr=group["lr"], momentum=group["momentum"], weight_decay=group["weight_decay"])
        if group["nesterov"] and (group["momentum"] <= 0 or group["dampening"] != 0):
            raise ArgumentError(
                f"SGD: nesterov needs momentum above 0 and dampening 0; they are {group['momentum']} and "
                f"{group['dampening']}"
            )

    def state_arrays(self, x: Any, group: Group) -> dict[str, Any]:
        return {"momentum_buffer": 0.0} if group["momentum"] else {}

    def update(self, x: Any, g: Any, s: dict[str, Any], t: int, group: Group) -> None:
        """One step of the rule."""
        lr, mu, decay = group["lr"], group["momentum"], group["weight_decay"]
        if decay:
            g = g + decay * x
        if mu:
            v = s["momentum_buffer"]
            v *= mu
            damp = group["dampening"]
            v += g if t == 1 or not damp else (1 - damp) * g
            g = g + mu * v if group["nesterov"] else v
        x -= lr * g

    def fused_pass(self, s: dict[str, Any], t: int, group: Group) -> Pass | None:
        lr, mu, decay = group["lr"], group["momentum"], group["weight_decay"]
        if mu:
            undamped = 1 if t == 1 else 1 - group["dampening"]
            return Pass("sgd_momentum", ("momentum_buffer",), (lr, mu, undamped, decay, group["nesterov"]))
        return Pass("sgd", (), (lr, decay))
