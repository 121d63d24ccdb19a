"""Lion."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

import numpy as np

from .optimizer import Group, Optimizer, Pass, at_least_zero, two_below_one

__all__ = ["Lion"]


class Lion(Optimizer):
    """Steps of one size for all numbers: the sign of a mean of the gradient and its running mean.

        c = beta1 m + (1 - beta1) g
        x = x - lr (sign(c) + lambda x)
        m = beta2 m + (1 - beta2) g

    PyTorch has no Lion; as every number moves by lr, take lr 3 to 10 times smaller than for `AdamW`, and the weight
    decay greater by as much.

    Args:
        params: Tensors that require grad, or dicts of them with settings.
        lr: the learning rate.
        betas: beta1 and beta2.
        weight_decay: lambda.
        maximize: step along the gradient instead.
        foreach: see `Optimizer`.

    Raises:
        ArgumentError: a setting is not accepted.

    Example:
        >>> x = autograd.tensor([1.0, -3.0], requires_grad=True)
        >>> optimizer = optim.Lion([x], lr=0.1)
        >>> (x * x).sum().backward()
        >>> optimizer.step()
        >>> x
        tensor([ 0.9000, -2.9000], requires_grad=True)

    Source: Chen, Liang, Huang, Real, Wang, Liu, Pham, Dong, Luong, Hsieh, Lu and Le 2023, arXiv 2302.06675,
    algorithm 2.
    """

    counts: ClassVar[bool] = False

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-4,
        betas: tuple[float, float] = (0.9, 0.99),
        weight_decay: float = 0.0,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
    ) -> None:
        super().__init__(
            params,
            {"lr": lr, "betas": betas, "weight_decay": weight_decay, "foreach": foreach, "maximize": maximize},
        )

    def check(self, group: Group) -> None:
        at_least_zero("Lion", lr=group["lr"], weight_decay=group["weight_decay"])
        two_below_one("Lion", group["betas"])

    def state_arrays(self, x: Any, group: Group) -> dict[str, Any]:
        return {"exp_avg": 0.0}

    def update(self, x: Any, g: Any, s: dict[str, Any], t: int, group: Group) -> None:
        """One step of the rule."""
        lr, (beta1, beta2) = group["lr"], group["betas"]
        m = s["exp_avg"]
        c = beta1 * m
        c += (1 - beta1) * g
        if group["weight_decay"]:
            x *= 1 - lr * group["weight_decay"]
        x -= lr * np.sign(c)
        m *= beta2
        m += (1 - beta2) * g

    def fused_pass(self, s: dict[str, Any], t: int, group: Group) -> Pass | None:
        lr, (beta1, beta2) = group["lr"], group["betas"]
        shrink = 1 - lr * group["weight_decay"]
        return Pass("lion", ("exp_avg",), (lr, beta1, 1 - beta1, beta2, 1 - beta2, shrink))
