"""Muon."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, ClassVar

import numpy as np

from autograd.errors import ArgumentError, ShapeError

from .optimizer import Group, Optimizer, at_least_zero

__all__ = ["Muon"]


class Muon(Optimizer):
    """Momentum whose matrix is made nearly orthogonal before each step. For the hidden layers' matrices alone.

        m = mu m + (1 - mu) g
        u = (1 - mu) g + mu m               (Nesterov; u = m without it)
        U = u / max(|u|, eps)               (the Frobenius norm)
        k times: A = U U^T,  U = a U + (b A + c A A) U
        x = (1 - lr lambda) x - lr f U      (f: see adjust_lr_fn)

    The k steps of Newton and Schulz's iteration carry every singular value of U near 1. As in PyTorch, every product in
    them is rounded to bfloat16 (the sums are of float32), whatever the parameter's dtype.

    Args:
        params: matrices that require grad, or dicts of them with settings. Give vectors, embeddings and the last layer
            to another optimizer, as `AdamW`.
        lr: the learning rate.
        weight_decay: lambda; it shrinks x itself.
        momentum: mu.
        nesterov: look ahead.
        ns_coefficients: a, b and c.
        eps: the least norm that u is divided by.
        ns_steps: k, less than 100.
        adjust_lr_fn: "original" or None for `f = sqrt(max(1, rows / columns))`; "match_rms_adamw" for
            `f = 0.2 sqrt(max(rows, columns))`, with which AdamW's lr and weight decay can be used.

    Raises:
        ArgumentError: a setting is not accepted.
        ShapeError: a parameter is no matrix.

    Example:
        >>> x = autograd.tensor([[3.0, 0.0], [0.0, 4.0]], requires_grad=True)
        >>> optimizer = optim.Muon([x], lr=0.1)
        >>> (x * x).sum().backward()
        >>> optimizer.step()
        >>> [[round(number, 2) for number in row] for row in x.tolist()]
        [[2.9, 0.0], [0.0, 3.85]]

    Source: Jordan et al. 2024, Muon: an optimizer for hidden layers in neural networks
    (kellerjordan.github.io/posts/muon), with the running mean in the place of the running sum, as PyTorch has it;
    match_rms_adamw: Liu et al. 2025, arXiv 2502.16982, equation 4.
    """

    counts: ClassVar[bool] = False
    whole: ClassVar[bool] = True

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        weight_decay: float = 0.1,
        momentum: float = 0.95,
        nesterov: bool = True,
        ns_coefficients: tuple[float, float, float] = (3.4445, -4.7750, 2.0315),
        eps: float = 1e-7,
        ns_steps: int = 5,
        adjust_lr_fn: str | None = None,
    ) -> None:
        super().__init__(
            params,
            {
                "lr": lr,
                "weight_decay": weight_decay,
                "momentum": momentum,
                "nesterov": nesterov,
                "ns_coefficients": ns_coefficients,
                "eps": eps,
                "ns_steps": ns_steps,
                "adjust_lr_fn": adjust_lr_fn,
            },
        )

    def check(self, group: Group) -> None:
        at_least_zero("Muon", **{name: group[name] for name in ("lr", "weight_decay", "momentum", "eps")})
        if group["adjust_lr_fn"] not in (None, "original", "match_rms_adamw"):
            raise ArgumentError(
                f"Muon: adjust_lr_fn is {group['adjust_lr_fn']!r}; use None, 'original' or 'match_rms_adamw'"
            )
        if len(group["ns_coefficients"]) != 3:
            raise ArgumentError(f"Muon: ns_coefficients are {group['ns_coefficients']!r}; use three numbers")
        if not 0 <= group["ns_steps"] < 100:
            raise ArgumentError(f"Muon: ns_steps is {group['ns_steps']!r}; use a whole number from 0 to 99")
        for parameter in group["params"]:
            if parameter.ndim != 2:
                raise ShapeError(
                    f"Muon: a parameter {parameter.shape} is no matrix; give it to another optimizer, as AdamW"
                )

    def state_arrays(self, x: Any, group: Group) -> dict[str, Any]:
        return {"momentum_buffer": 0.0}

    def update(self, x: Any, g: Any, s: dict[str, Any], t: int, group: Group) -> None:
        """One step of the rule."""
        lr, mu = group["lr"], group["momentum"]
        m = s["momentum_buffer"]
        m += (1 - mu) * (g - m)
        u = g + mu * (m - g) if group["nesterov"] else m
        rows, columns = x.shape
        f = math.sqrt(max(1, rows / columns)) if columns else 1.0
        if group["adjust_lr_fn"] == "match_rms_adamw":
            f = 0.2 * math.sqrt(max(rows, columns))
        x *= 1 - lr * group["weight_decay"]
        x -= (lr * f) * _orthogonal(u, group["ns_coefficients"], group["ns_steps"], group["eps"]).astype(x.dtype)


def _orthogonal(u: Any, coefficients: tuple[float, float, float], steps: int, eps: float) -> Any:
    a, b, c = (np.float64(np.float32(each)) for each in coefficients)  # the sums of two terms are rounded once
    tall = u.shape[0] > u.shape[1]
    U = _bfloat16(u.T if tall else u)  # the smaller product
    U = _bfloat16(U / max(_bfloat16(np.linalg.norm(U)), _bfloat16(eps)))
    for _ in range(steps):
        A = _bfloat16(U @ U.T)
        B = _bfloat16(b * A + c * (A @ A))
        U = _bfloat16(a * U + B @ U)
    return U.T if tall else U


def _bfloat16(x: Any) -> Any:
    """Float32 numbers with the last 16 bits rounded away, to even."""
    bits = np.array(x, np.float32, order="C").view(np.uint32)
    bits += ((bits >> 16) & 1) + np.uint32(0x7FFF)
    bits &= np.uint32(0xFFFF0000)
    return bits.view(np.float32)
