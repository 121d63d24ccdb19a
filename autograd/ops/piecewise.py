"""Activation functions of straight pieces, and thresholds, elementwise; and maxout."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..composites import composite
from ..errors import ArgumentError, ShapeError
from ..primitive import Sample, as_handle, define, op
from .dims import normalize_dim, number
from .families import parametric, unary, values
from .products import same_dtype
from .scalar import maximum, minimum

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["hardshrink", "hardsigmoid", "hardswish", "maxout", "prelu", "softshrink", "threshold"]

Operand = Any


def _ramp(x: Any) -> Any:
    return np.clip(x + 3, 0, 6) / 6


HARDSIGMOID = unary(
    "hardsigmoid",
    _ramp,
    lambda x: minimum(maximum(x + 3, 0.0), 6.0) / 6,
    lambda g, x: op.where((x > -3) & (x < 3), g / 6, 0.0),
    low=-5,
    high=5,
    kinks=(-3, 3),
    formula="min(max(x + 3, 0), 6) / 6",
    source="Courbariaux et al. 2015, arXiv 1511.00363, for a steeper one",
)
HARDSWISH = unary(
    "hardswish",
    lambda x: x * _ramp(x),
    lambda x: x * (minimum(maximum(x + 3, 0.0), 6.0) / 6),
    lambda g, x: op.where(x <= -3, 0.0, op.where(x < 3, g * (x / 3 + 0.5), g)),
    low=-5,
    high=5,
    kinks=(-3, 3),
    formula="x min(max(x + 3, 0), 6) / 6",
    source="Howard et al. 2019, arXiv 1905.02244",
)
THRESHOLD = parametric(
    "threshold",
    ("threshold", "value"),
    [(0.0, 0.0), (0.5, -1.0)],
    kinks=(0, 0.5),
    promotes="same",
    forward=lambda x, threshold, value: np.where(x <= threshold, x.dtype.type(value), x),
    scalar=lambda x, threshold, value: value if x <= threshold else x,
    vjp=lambda g, x, threshold: op.where(x <= threshold, 0.0, g),
    formula="x where x > threshold, else value",
)
HARDSHRINK = parametric(
    "hardshrink",
    ("lambd",),
    [(0.5,), (1.0,)],
    kinks=(-1, -0.5, 0.5, 1),
    forward=lambda x, lambd: np.where((x >= -lambd) & (x <= lambd), x.dtype.type(0), x),
    scalar=lambda x, lambd: 0.0 if -lambd <= x <= lambd else x,
    vjp=lambda g, x, lambd: op.where((x >= -lambd) & (x <= lambd), 0.0, g),
    formula="x where |x| > lambd, else 0",
)
SOFTSHRINK = parametric(
    "softshrink",
    ("lambd",),
    [(0.5,), (1.0,)],
    kinks=(-1, -0.5, 0.5, 1),
    forward=lambda x, lambd: x - np.clip(x, -lambd, lambd) if lambd else x + x.dtype.type(0),
    scalar=lambda x, lambd: x - minimum(maximum(x, -lambd), lambd),
    vjp=lambda g, x, lambd: op.where((x >= -lambd) & (x <= lambd), 0.0, g),
    formula="x - min(max(x, -lambd), lambd)",
)
PRELU = define(
    "prelu",
    forward=lambda x, weight: np.where(x > 0, x, weight * x),
    scalar=lambda x, weight: x if x > 0 else weight * x,
    inputs=("x", "weight"),
    vjp={
        "x": lambda g, x, weight: op.where(x > 0, g, weight * g),
        "weight": lambda g, x: op.where(x > 0, 0.0, g * x),
    },
    broadcasts=True,
    promotes="same",
    samples=lambda rng: [
        Sample((values(rng, a, kinks=(0,)), values(rng, b)))
        for a, b in (((), ()), ((3,), (1,)), ((2, 3), (3,)), ((2, 3, 2), (3, 1)), ((0, 3), (3,)))
    ],
    formula="x where x > 0, else weight x",
    source="He et al. 2015, arXiv 1502.01852",
)


# --- the public functions


def hardsigmoid(input: Operand, inplace: bool = False) -> Tensor:
    """The logistic function in three straight pieces, elementwise: `min(max(x + 3, 0), 6) / 6`.

    Its gradient at -3 and 3 is 0.

    Args:
        input: a Tensor of any shape.
        inplace: accepted for PyTorch's sake; the result is a new tensor in any case.

    Example:
        >>> autograd.hardsigmoid(autograd.tensor([-4.0, 0.0, 1.5]))
        tensor([0.0000, 0.5000, 0.7500])
    """
    return HARDSIGMOID.apply(input)


def hardswish(input: Operand, inplace: bool = False) -> Tensor:
    """Swish with the logistic function in straight pieces, elementwise: `x * min(max(x + 3, 0), 6) / 6`.

    Its gradient is 0 at -3 and 1 at 3.

    Args:
        input: a Tensor of any shape.
        inplace: accepted for PyTorch's sake; the result is a new tensor in any case.

    Example:
        >>> autograd.hardswish(autograd.tensor([-4.0, 1.0, 4.0]))
        tensor([-0.0000,  0.6667,  4.0000])

    Source: Howard et al. 2019, arXiv 1905.02244, section 5.2.
    """
    return HARDSWISH.apply(input)


def threshold(input: Operand, threshold: float, value: float, inplace: bool = False) -> Tensor:
    """Keep what is above a threshold, elementwise: `x` where `x > threshold`, else `value`.

    Args:
        input: a Tensor of any shape.
        threshold: the bound; the gradient at it is 0.
        value: what takes the place of numbers up to it.
        inplace: accepted for PyTorch's sake; the result is a new tensor in any case.

    Example:
        >>> autograd.threshold(autograd.tensor([-1.0, 2.0]), 0.5, 7.0)
        tensor([7., 2.])
    """
    return THRESHOLD.apply(input, threshold, value)


def hardshrink(input: Operand, lambd: float = 0.5) -> Tensor:
    """Set small numbers to 0, elementwise: `x` where `|x| > lambd`, else 0. Its gradient at the bounds is 0.

    Example:
        >>> autograd.hardshrink(autograd.tensor([-1.0, 0.25]))
        tensor([-1.,  0.])
    """
    return HARDSHRINK.apply(input, number("hardshrink", "lambd", lambd))


def softshrink(input: Operand, lambd: float = 0.5) -> Tensor:
    """Bring numbers closer to 0, elementwise: `x - lambd`, `x + lambd`, or 0 where `|x| <= lambd`.

    Args:
        input: a Tensor of any shape.
        lambd: by how much, at least 0; the gradient at plus and minus lambd is 0.

    Raises:
        ArgumentError: lambd is negative.

    Example:
        >>> autograd.softshrink(autograd.tensor([-1.0, 0.25, 2.0]))
        tensor([-0.5000,  0.0000,  1.5000])
    """
    lambd = number("softshrink", "lambd", lambd)
    if not lambd >= 0:
        raise ArgumentError(f"softshrink: lambd is {lambd}; use a number that is not negative")
    return SOFTSHRINK.apply(input, lambd)


def prelu(input: Operand, weight: Operand) -> Tensor:
    """Rectified linear unit with learned slopes below 0: `x` where `x > 0`, else `weight * x`.

    Args:
        input: of any shape; with several slopes, channels are dimension 1.
        weight: () or (1,), or (C,) with one slope a channel, of the dtype of `input`.

    Raises:
        ShapeError: there are neither one nor C slopes.
        DtypeError: the dtypes differ.

    Example:
        >>> autograd.prelu(autograd.tensor([-1.0, 2.0]), autograd.tensor([0.5]))
        tensor([-0.5000,  2.0000])

    Source: He et al. 2015, arXiv 1502.01852, equation 1.
    """
    x, slope = as_handle(input, "prelu"), as_handle(weight, "prelu")
    same_dtype("prelu", x=x, weight=slope)
    channels = 1 if x.ndim < 2 else x.shape[1]
    if slope.ndim > 1 or slope.numel() not in (1, channels):
        fitting = "one slope" if x.ndim < 2 else f"one slope, or {channels}, one a channel"
        raise ShapeError(f"prelu: weight {slope.shape} does not fit x {x.shape}; use {fitting}")
    if slope.numel() != 1:
        slope = slope.reshape((-1,) + (1,) * (x.ndim - 2))
    elif x.ndim == 0:
        slope = slope.reshape(())
    return PRELU.apply(x, slope)


def _maxout_reference(x: np.ndarray, pieces: int, dim: int = -1) -> np.ndarray:
    return np.max(np.split(x, pieces, dim), axis=0)


@composite(
    formula="max over k of x_k, with x in pieces x_1, x_2, ...",
    samples=lambda rng: [Sample((values(rng, (2, 6)),), (3,)), Sample((values(rng, (4, 2)),), (2, 0))],
    reference=_maxout_reference,
    error_samples=lambda rng: [
        Sample((values(rng, (2, 5)),), (2,), ShapeError, "2 pieces"),
        Sample((values(rng, (2, 5)),), (0,), ArgumentError, "pieces"),
    ],
    source="Goodfellow et al. 2013, arXiv 1302.4389",
)
def maxout(input: Operand, pieces: int, dim: int = -1) -> Tensor:
    """The largest of several pieces of one dimension, elementwise; at a tie they share the gradient.

    Args:
        input: scores, of size `pieces * n` along `dim`, piece after piece.
        pieces: how many there are.
        dim: the dimension that holds the pieces.

    Returns:
        A Tensor of size n along `dim`.

    Raises:
        ShapeError: the size along `dim` is no multiple of `pieces`.
        ArgumentError: there is no such dimension, or `pieces` is no positive whole number.

    Example:
        >>> autograd.maxout(autograd.tensor([1.0, 5.0, 3.0, 2.0]), 2)
        tensor([3., 5.])

    Source: Goodfellow et al. 2013, arXiv 1302.4389, section 3.
    """
    x = as_handle(input, "maxout")
    if not isinstance(pieces, (int, np.integer)) or pieces < 1:
        raise ArgumentError(f"maxout: pieces is {pieces!r}; use a positive whole number")
    dim = normalize_dim("maxout", dim, x.ndim)
    size = x.shape[dim] if x.ndim else 1
    if size % pieces:
        raise ShapeError(f"maxout: x {x.shape} has {size} numbers along dimension {dim}, which are not {pieces} pieces")
    split = x.reshape((*x.shape[:dim], pieces, size // pieces, *x.shape[dim + 1 :]))
    return op.amax.apply(split, (dim,), False)
