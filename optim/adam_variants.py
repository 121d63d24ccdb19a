"""NAdam, RAdam and Adamax: Adam with another mean, a warm-up of its own, or another norm."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, ClassVar

import numpy as np

from autograd.primitive import make

from .optimizer import Group, Optimizer, Pass, State, at_least_zero, single, two_below_one

__all__ = ["Adamax", "NAdam", "RAdam"]


class _AdamVariant(Optimizer):
    """What the variants share: the check of their settings, weight decay, and the running means."""

    def check(self, group: Group) -> None:
        names = [name for name in ("lr", "eps", "weight_decay", "momentum_decay") if name in group]
        at_least_zero(self._name, **{name: group[name] for name in names})
        two_below_one(self._name, group["betas"])

    def state_arrays(self, x: Any, group: Group) -> dict[str, Any]:
        return {"exp_avg": 0.0, "exp_avg_sq": 0.0}

    def decayed(self, x: Any, g: Any, group: Group) -> Any:
        """The gradient with the penalty's, or x itself made smaller."""
        decay = group["weight_decay"]
        if not decay:
            return g
        if group.get("decoupled_weight_decay"):
            x *= 1 - group["lr"] * decay
            return g
        return g + decay * x

    def means(self, g: Any, s: dict[str, Any], group: Group) -> tuple[Any, Any]:
        """m and v, with the new gradient."""
        beta1, beta2 = group["betas"]
        m, v = s["exp_avg"], s["exp_avg_sq"]
        m *= beta1
        m += (1 - beta1) * g
        v *= beta2
        v += (1 - beta2) * (g * g)
        return m, v

    def fused_betas(self, group: Group) -> tuple[float, float, float, float]:
        """Each beta and 1 - beta, as a compiled pass takes them."""
        beta1, beta2 = group["betas"]
        return beta1, 1 - beta1, beta2, 1 - beta2

    def fused_decay(self, group: Group) -> tuple[float, float]:
        """The penalty, and the factor of decoupled decay."""
        decay = group["weight_decay"]
        if group.get("decoupled_weight_decay"):
            return 0.0, 1 - group["lr"] * decay
        return decay, 1.0


class NAdam(_AdamVariant):
    """Adam with Nesterov's momentum: the step looks ahead by the next step's momentum.

        g    = g + lambda x
        mu_t = beta1 (1 - 0.5 * 0.96^(t psi))
        m    = beta1 m + (1 - beta1) g
        v    = beta2 v + (1 - beta2) g^2
        n    = mu_(t+1) m / (1 - mu_1 mu_2 ... mu_(t+1)) + (1 - mu_t) g / (1 - mu_1 mu_2 ... mu_t)
        x    = x - lr n / (sqrt(v / (1 - beta2^t)) + eps)

    Args:
        params: Tensors that require grad, or dicts of them with settings.
        lr: the learning rate.
        betas: beta1 and beta2.
        eps: keeps the quotient finite.
        weight_decay: lambda, the factor of an L2 penalty.
        momentum_decay: psi, how fast the momentum rises to beta1.
        decoupled_weight_decay: shrink x itself by `lr lambda x` instead, as `AdamW` does.
        maximize: step along the gradient instead.
        foreach, capturable, differentiable: see `Optimizer`.

    The product of the mu is kept in the state as one number of float32, as PyTorch keeps it.

    Raises:
        ArgumentError: a setting is not accepted.

    Example:
        >>> x = autograd.tensor([1.0, -3.0], requires_grad=True)
        >>> optimizer = optim.NAdam([x], lr=0.1)
        >>> (x * x).sum().backward()
        >>> optimizer.step()
        >>> [round(number, 4) for number in x.tolist()]
        [0.8944, -2.8944]

    Source: Dozat 2016, Incorporating Nesterov momentum into Adam, algorithm 2, with the mu of its section 3.
    """

    number_names: ClassVar[tuple[str, ...]] = ("mu_product",)

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        super().__init__(
            params,
            {
                "lr": lr,
                "betas": betas,
                "eps": eps,
                "weight_decay": weight_decay,
                "momentum_decay": momentum_decay,
                "decoupled_weight_decay": decoupled_weight_decay,
                "maximize": maximize,
                "foreach": foreach,
                "capturable": capturable,
                "differentiable": differentiable,
            },
        )

    def numbers(self, state: State, t: int, group: Group) -> dict[str, Any]:
        now, following = (group["betas"][0] * (1 - 0.5 * 0.96 ** (k * group["momentum_decay"])) for k in (t, t + 1))
        held = state.get("mu_product")
        before = single(1.0) if held is None else held._array[()]
        product = before * type(before)(now)
        state["mu_product"] = make(np.asarray(product))
        return {
            "share_of_g": group["lr"] * (1 - now) / (1 - float(product)),
            "share_of_m": group["lr"] * following / (1 - float(product) * following),
        }

    def update(self, x: Any, g: Any, s: dict[str, Any], t: int, group: Group) -> None:
        """One step of the rule."""
        g = self.decayed(x, g, group)
        m, v = self.means(g, s, group)
        root = np.sqrt(v / (1 - group["betas"][1] ** t))
        root += group["eps"]
        x -= s["share_of_g"] * g / root
        x -= s["share_of_m"] * m / root

    def fused_pass(self, s: dict[str, Any], t: int, group: Group) -> Pass | None:
        betas, decays, bias = self.fused_betas(group), self.fused_decay(group), 1 - group["betas"][1] ** t
        numbers = (s["share_of_g"], s["share_of_m"], *betas, bias, group["eps"], *decays)
        return Pass("nadam", ("exp_avg", "exp_avg_sq"), numbers)


class RAdam(_AdamVariant):
    """Adam that waits for its variance: the quotient is taken, and scaled down, once enough gradients were seen.

        g = g + lambda x
        m = beta1 m + (1 - beta1) g
        v = beta2 v + (1 - beta2) g^2
        rho_inf = 2 / (1 - beta2) - 1
        rho     = rho_inf - 2 t beta2^t / (1 - beta2^t)
        where rho > 5:
            r = sqrt((rho - 4) (rho - 2) rho_inf / ((rho_inf - 4) (rho_inf - 2) rho))
            x = x - lr * m / (1 - beta1^t) * r * sqrt(1 - beta2^t) / (sqrt(v) + eps)
        else:
            x = x - lr * m / (1 - beta1^t)

    Args:
        params: Tensors that require grad, or dicts of them with settings.
        lr: the learning rate.
        betas: beta1 and beta2.
        eps: keeps the quotient finite.
        weight_decay: lambda, the factor of an L2 penalty.
        decoupled_weight_decay: shrink x itself by `lr lambda x` instead, as `AdamW` does.
        maximize: step along the gradient instead.
        foreach, capturable, differentiable: see `Optimizer`.

    Raises:
        ArgumentError: a setting is not accepted.

    Example:
        >>> x = autograd.tensor([1.0, -3.0], requires_grad=True)
        >>> optimizer = optim.RAdam([x], lr=0.1)
        >>> (x * x).sum().backward()
        >>> optimizer.step()
        >>> x
        tensor([ 0.8000, -2.4000], requires_grad=True)

    Source: Liu, Jiang, He, Chen, Liu, Gao and Han 2019, arXiv 1908.03265, algorithm 2, with the bound 5 in the place
    of 4 and eps beside the root, as PyTorch has them.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        super().__init__(
            params,
            {
                "lr": lr,
                "betas": betas,
                "eps": eps,
                "weight_decay": weight_decay,
                "maximize": maximize,
                "foreach": foreach,
                "capturable": capturable,
                "decoupled_weight_decay": decoupled_weight_decay,
                "differentiable": differentiable,
            },
        )

    def update(self, x: Any, g: Any, s: dict[str, Any], t: int, group: Group) -> None:
        """One step of the rule."""
        beta1, beta2 = group["betas"]
        g = self.decayed(x, g, group)
        m, v = self.means(g, s, group)
        step = group["lr"] / (1 - beta1**t) * m
        rectified = self.rectified(t, beta2)
        if rectified:
            root = np.sqrt(v)
            root += group["eps"]
            step *= rectified
            step /= root
        x -= step

    def rectified(self, t: int, beta2: float) -> float:
        """r sqrt(1 - beta2^t), or 0 while rho is too small."""
        unbiased = 1 - beta2**t
        rho_inf = 2 / (1 - beta2) - 1
        rho = rho_inf - 2 * t * beta2**t / unbiased
        if rho <= 5:
            return 0.0
        r = math.sqrt((rho - 4) * (rho - 2) * rho_inf / ((rho_inf - 4) * (rho_inf - 2) * rho))
        return r * math.sqrt(unbiased)

    def fused_pass(self, s: dict[str, Any], t: int, group: Group) -> Pass | None:
        beta1, beta2 = group["betas"]
        betas, decays, rate = self.fused_betas(group), self.fused_decay(group), group["lr"] / (1 - beta1**t)
        numbers = (rate, *betas, self.rectified(t, beta2), group["eps"], *decays)
        return Pass("radam", ("exp_avg", "exp_avg_sq"), numbers)


class Adamax(_AdamVariant):
    """Adam with the largest gradient so far, which fades, in the place of the root of mean squares.

        g = g + lambda x
        m = beta1 m + (1 - beta1) g
        u = max(beta2 u, |g| + eps)
        x = x - lr / (1 - beta1^t) * m / u

    Args:
        params: Tensors that require grad, or dicts of them with settings.
        lr: the learning rate.
        betas: beta1 and beta2.
        eps: keeps the quotient finite.
        weight_decay: lambda, the factor of an L2 penalty.
        maximize: step along the gradient instead.
        foreach, differentiable, capturable: see `Optimizer`.

    Raises:
        ArgumentError: a setting is not accepted.

    Example:
        >>> x = autograd.tensor([1.0, -3.0], requires_grad=True)
        >>> optimizer = optim.Adamax([x], lr=0.1)
        >>> (x * x).sum().backward()
        >>> optimizer.step()
        >>> x
        tensor([ 0.9000, -2.9000], requires_grad=True)

    Source: Kingma and Ba 2014, arXiv 1412.6980, algorithm 2, with eps as PyTorch has it.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        super().__init__(
            params,
            {
                "lr": lr,
                "betas": betas,
                "eps": eps,
                "weight_decay": weight_decay,
                "foreach": foreach,
                "maximize": maximize,
                "differentiable": differentiable,
                "capturable": capturable,
            },
        )

    def state_arrays(self, x: Any, group: Group) -> dict[str, Any]:
        return {"exp_avg": 0.0, "exp_inf": 0.0}

    def update(self, x: Any, g: Any, s: dict[str, Any], t: int, group: Group) -> None:
        """One step of the rule."""
        beta1, beta2 = group["betas"]
        g = self.decayed(x, g, group)
        m, u = s["exp_avg"], s["exp_inf"]
        m *= beta1
        m += (1 - beta1) * g
        u *= beta2
        np.maximum(u, np.abs(g) + group["eps"], out=u)
        x -= group["lr"] / (1 - beta1**t) * m / u

    def fused_pass(self, s: dict[str, Any], t: int, group: Group) -> Pass | None:
        beta1, beta2 = group["betas"]
        numbers = (group["lr"] / (1 - beta1**t), beta1, 1 - beta1, beta2, group["eps"], group["weight_decay"])
        return Pass("adamax", ("exp_avg", "exp_inf"), numbers)
