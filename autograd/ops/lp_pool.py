"""Pooling by the p-norm of each window."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from ..composites import composite
from ..errors import ArgumentError, ShapeError
from ..primitive import Sample, op
from .conv import Pair, Triple, whole_numbers
from .families import values
from .pool import avg_pool1d, avg_pool2d, avg_pool3d, batched, pooled_size, window
from .products import require_floating

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["lp_pool1d", "lp_pool2d", "lp_pool3d"]

Operand = Any

_AVERAGES: dict[int, Callable[..., Any]] = {1: avg_pool1d, 2: avg_pool2d, 3: avg_pool3d}


def _pooled(
    name: str, count: int, input: Any, norm_type: float, kernel_size: Any, stride: Any, ceil_mode: bool
) -> Tensor:
    if isinstance(norm_type, bool) or not isinstance(norm_type, (int, float)) or not 0 < norm_type < math.inf:
        raise ArgumentError(f"{name}: norm_type is {norm_type!r}; use a number above 0")
    x, single = batched(name, count, input)
    require_floating(name, x)
    kernel = whole_numbers(name, "kernel_size", kernel_size, 1, count)
    mean = _AVERAGES[count](x**norm_type, kernel, stride, 0, ceil_mode)
    # Where the sum is 0 the root has no slope, and relu passes the gradient 0 on.
    total = mean.sign().detach() * op.relu.apply(mean.abs()) * math.prod(kernel)
    out = total ** (1 / norm_type)
    return out.squeeze(0) if single else out


def _plain(count: int) -> Callable[..., Any]:
    def reference(x: Any, p: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> Any:
        kernel, step, edge, spacing = window("lp_pool", count, kernel_size, stride, 0)
        sizes = pooled_size("lp_pool", x.shape[-count:], kernel, step, edge, spacing, ceil_mode)
        out = np.empty((*x.shape[:-count], *sizes))
        for at in np.ndindex(sizes):
            part = x[(..., *(slice(o * s, o * s + k) for o, s, k in zip(at, step, kernel, strict=True)))]
            powers = (part**p).reshape(*x.shape[:-count], math.prod(part.shape[-count:]))
            place: tuple[Any, ...] = (..., *at)
            out[place] = (powers.mean(-1) * math.prod(kernel)) ** (1 / p)
        return out

    return reference


def _entry(count: int) -> dict[str, Any]:
    """What enters one of the functions into the list of composites."""
    name, shape = f"lp_pool{count}d", (5, 4, 3)[:count]

    def samples(rng: np.random.Generator) -> list[Sample]:
        def x(*lead: int) -> np.ndarray:
            return values(rng, (*lead, *shape), 0.3, 2.0)

        return [
            Sample((x(1, 2),), (2, 2)),
            Sample((x(2),), (3, (2,) * count, 1)),
            Sample((-x(1, 1),), (2.0, 2, 2, True)),
            Sample((x(0, 1),), (1.5, 2)),
        ]

    def error_samples(rng: np.random.Generator) -> list[Sample]:
        x = values(rng, (1, 1, *shape))
        return [
            Sample((x,), (0, 2), ArgumentError, f"{name}: norm_type is 0"),
            Sample((x,), (2, 9), ShapeError, "does not fit"),
            Sample((x[0, 0],), (2, 2), ShapeError, f"{name}: x .* must be"),
        ]

    return {
        "formula": "(sum of x^p over each window)^(1/p)",
        "samples": samples,
        "reference": _plain(count),
        "error_samples": error_samples,
    }


@composite(**_entry(1))
def lp_pool1d(
    input: Operand,
    norm_type: float,
    kernel_size: int | tuple[int],
    stride: int | tuple[int] | None = None,
    ceil_mode: bool = False,
) -> Tensor:
    """`(sum of x^p over each window)^(1/p)`; of odd p the numbers' signs count, and a negative sum has no root.

    Args:
        input: (N, C, L) or (C, L).
        norm_type: p, above 0.
        kernel_size: the size of a window.
        stride: the step between windows; the kernel size, unless given.
        ceil_mode: let the last window hang over the edge; its sum is scaled to that of a whole one.

    Returns:
        (N, C, OL).

    Raises:
        ShapeError: a window does not fit.
        ArgumentError: norm_type is not above 0.

    Example:
        >>> autograd.lp_pool1d(autograd.tensor([[3.0, 4.0, 0.0, 2.0]]), 2, 2)
        tensor([[5., 2.]])
    """
    return _pooled("lp_pool1d", 1, input, norm_type, kernel_size, stride, ceil_mode)


@composite(**_entry(2))
def lp_pool2d(
    input: Operand,
    norm_type: float,
    kernel_size: int | Pair,
    stride: int | Pair | None = None,
    ceil_mode: bool = False,
) -> Tensor:
    """`(sum of x^p over each window)^(1/p)`; of odd p the numbers' signs count, and a negative sum has no root.

    Args:
        input: (N, C, H, W) or (C, H, W).
        norm_type: p, above 0.
        kernel_size: the size of a window.
        stride: the step between windows; the kernel size, unless given.
        ceil_mode: let the last window hang over the edge; its sum is scaled to that of a whole one.

    Returns:
        (N, C, OH, OW).

    Raises:
        ShapeError: a window does not fit.
        ArgumentError: norm_type is not above 0.

    Example:
        >>> autograd.lp_pool2d(autograd.tensor([[[1.0, 1.0], [1.0, 1.0]]]), 2, 2)
        tensor([[[2.]]])
    """
    return _pooled("lp_pool2d", 2, input, norm_type, kernel_size, stride, ceil_mode)


@composite(**_entry(3))
def lp_pool3d(
    input: Operand,
    norm_type: float,
    kernel_size: int | Triple,
    stride: int | Triple | None = None,
    ceil_mode: bool = False,
) -> Tensor:
    """`(sum of x^p over each window)^(1/p)`; of odd p the numbers' signs count, and a negative sum has no root.

    Args:
        input: (N, C, D, H, W) or (C, D, H, W).
        norm_type: p, above 0.
        kernel_size: the size of a window.
        stride: the step between windows; the kernel size, unless given.
        ceil_mode: let the last window hang over the edge; its sum is scaled to that of a whole one.

    Returns:
        (N, C, OD, OH, OW).

    Raises:
        ShapeError: a window does not fit.
        ArgumentError: norm_type is not above 0.

    Example:
        >>> autograd.lp_pool3d(autograd.ones(1, 2, 4, 4, 4), 2, 2).shape
        (1, 2, 2, 2, 2)
    """
    return _pooled("lp_pool3d", 3, input, norm_type, kernel_size, stride, ceil_mode)
