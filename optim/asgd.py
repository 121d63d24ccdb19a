"""Averaged stochastic gradient descent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

import numpy as np

from autograd.primitive import make

from .optimizer import Group, Optimizer, State, at_least_zero, single

__all__ = ["ASGD"]


class ASGD(Optimizer):
    """Steps against the gradient with a falling rate, and beside them the average of the points passed.

        g   = g + w x
        x   = (1 - lambda eta_t) x - eta_t g
        a   = a + mu_t (x - a)
        eta_(t+1) = lr / (1 + lambda lr t)^alpha        (eta_1 = lr)
        mu_(t+1)  = 1 / max(1, t - t0)                  (mu_1 = 1: a is x until t0)

    The average stands in the state under "ax"; copy it into the parameters when training is over.

    Args:
        params: Tensors that require grad, or dicts of them with settings.
        lr: the learning rate at the beginning.
        lambd: lambda, the decay of x and, with alpha, of the rate.
        alpha: the power of the rate's decay.
        t0: the step at which averaging begins.
        weight_decay: w, the factor of an L2 penalty.
        foreach, maximize, differentiable, capturable: see `Optimizer`; maximize: step along the gradient instead.

    eta and mu are kept in the state as numbers of float32, as PyTorch keeps them.

    Raises:
        ArgumentError: a setting is not accepted.

    Example:
        >>> x = autograd.tensor([1.0, -3.0], requires_grad=True)
        >>> optimizer = optim.ASGD([x], lr=0.1, t0=0)
        >>> for _ in range(2):
        ...     optimizer.zero_grad()
        ...     (x * x).sum().backward()
        ...     optimizer.step()
        >>> optimizer.state[x]["ax"]
        tensor([ 0.6400, -1.9200])

    Source: Polyak and Juditsky 1992, Acceleration of stochastic approximation by averaging; the rates: Bottou 2012,
    Stochastic gradient descent tricks, section 5.
    """

    number_names: ClassVar[tuple[str, ...]] = ("eta", "mu")

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        lambd: float = 1e-4,
        alpha: float = 0.75,
        t0: float = 1e6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        super().__init__(
            params,
            {
                "lr": lr,
                "lambd": lambd,
                "alpha": alpha,
                "t0": t0,
                "weight_decay": weight_decay,
                "foreach": foreach,
                "maximize": maximize,
                "differentiable": differentiable,
                "capturable": capturable,
            },
        )

    def check(self, group: Group) -> None:
        at_least_zero("ASGD", lr=group["lr"], weight_decay=group["weight_decay"])

    def state_arrays(self, x: Any, group: Group) -> dict[str, Any]:
        return {"ax": 0.0}

    def numbers(self, state: State, t: int, group: Group) -> dict[str, Any]:
        lr = group["lr"]
        eta = float(state["eta"]._array) if "eta" in state else float(single(lr))
        mu = float(state["mu"]._array) if "mu" in state else 1.0
        state["eta"] = make(np.asarray(single(lr / (1 + group["lambd"] * lr * t) ** group["alpha"])))
        state["mu"] = make(np.asarray(single(1 / max(1, t - group["t0"]))))
        return {"eta": eta, "mu": mu}

    def update(self, x: Any, g: Any, s: dict[str, Any], t: int, group: Group) -> None:
        """One step of the rule."""
        eta, mu, a = s["eta"], s["mu"], s["ax"]
        if group["weight_decay"]:
            g = g + group["weight_decay"] * x
        x *= 1 - group["lambd"] * eta
        x -= eta * g
        if mu == 1:
            a[...] = x
        else:
            a += mu * (x - a)
