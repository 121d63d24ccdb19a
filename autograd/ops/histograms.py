"""Counting how many numbers fall into which bin."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .. import dtypes
from ..composites import composite
from ..errors import ArgumentError, DtypeError, ShapeError
from ..primitive import Handle, Sample, as_handle, define
from .families import values

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["bincount", "histc", "histogram", "histogramdd"]

Operand = Any


# --- counts of whole numbers


def _bincount_infer(x: Any, weights: Any, minlength: int, dtype: Any) -> None:
    if x.dtype.kind not in "iu":
        raise DtypeError(f"bincount: x is {x.dtype}; use integers, as from x.long()")
    if x.ndim != 1 and x.size:
        raise ShapeError(f"bincount: x {x.shape} must be a vector; use x.reshape(-1)")
    if x.size and x.min() < 0:
        raise ArgumentError(f"bincount: x has {x.min()}; it must not be negative")
    if minlength < 0:
        raise ArgumentError(f"bincount: minlength is {minlength}; it must be at least 0")
    if weights is not None and weights.shape != x.shape:
        raise ShapeError(f"bincount: weights {weights.shape} must have the shape of x {x.shape}")


BINCOUNT = define(
    "bincount",
    forward=lambda x, weights, minlength, dtype: np.bincount(x.reshape(-1), weights, minlength).astype(dtype),
    inputs=("x", "weights"),
    attributes=("minlength", "dtype"),
    infer=_bincount_infer,
    samples=lambda rng: [
        Sample((rng.integers(0, 5, (8,)), None), (0, dtypes.int64)),
        Sample((rng.integers(0, 5, (8,)), values(rng, (8,))), (7, dtypes.float64)),
        Sample((np.zeros((0,), int), None), (2, dtypes.int64)),
    ],
    error_samples=lambda rng: [
        Sample((np.array([1, -1]), None), (0, dtypes.int64), ArgumentError, "must not be negative"),
        Sample((np.array([1.5]), None), (0, dtypes.int64), DtypeError, "x is float64"),
        Sample((np.array([[1], [2]]), None), (0, dtypes.int64), ShapeError, "must be a vector"),
        Sample((np.array([1, 2]), np.ones(3)), (0, dtypes.int64), ShapeError, "must have the shape"),
    ],
    formula="how many x are 0, 1, 2, ...",
)


# --- bins of any width


def _histogramdd(operands: tuple[Any, ...], weighted: bool, density: bool) -> Any:
    """`operands` are the points (n, D), the D vectors of edges, and the weights if `weighted`."""
    x, edges = operands[0], operands[1 : len(operands) - weighted]
    weights = operands[-1].astype(np.float64) if weighted else None
    place = np.zeros(len(x), dtypes.int64)
    inside = np.ones(len(x), dtype=bool)
    for column, bounds in zip(x.T, edges, strict=True):
        found = np.searchsorted(bounds, column, "right") - 1
        found = np.where(column == bounds[-1], len(bounds) - 2, found)  # the last bin is closed
        inside &= (column >= bounds[0]) & (column <= bounds[-1])
        place = place * (len(bounds) - 1) + found
    shape = tuple([len(bounds) - 1 for bounds in edges])
    counts = np.bincount(place[inside], None if weights is None else weights[inside], math.prod(shape)).reshape(shape)
    counts = counts.astype(np.float64)
    if density:
        with np.errstate(invalid="ignore", divide="ignore"):  # no point at all, or a bin without width
            for d, bounds in enumerate(edges):
                widths = np.diff(bounds.astype(np.float64))
                counts = counts / widths.reshape([-1 if k == d else 1 for k in range(len(shape))])
            counts = counts / (np.sum(inside) if weights is None else np.sum(weights[inside]))
    return counts.astype(x.dtype)


def _edges_infer(operands: tuple[Any, ...], weighted: bool, density: bool) -> None:
    for d, bounds in enumerate(operands[1 : len(operands) - weighted]):
        if bounds.ndim != 1 or bounds.size < 2:
            raise ShapeError(f"bin_counts: edges {bounds.shape} of dimension {d} must be a vector of at least 2")


BIN_COUNTS = define(
    "bin_counts",
    forward=_histogramdd,
    inputs=("*operands",),
    attributes=("weighted", "density"),
    infer=_edges_infer,
    samples=lambda rng: [
        Sample(((values(rng, (6, 1)), np.linspace(-2, 2, 4)),), (False, False)),
        Sample(((values(rng, (6, 2)), np.linspace(-2, 2, 4), np.linspace(-1, 1, 3)),), (False, True)),
        Sample(((values(rng, (6, 1)), np.linspace(-2, 2, 4), values(rng, (6,), 0, 1)),), (True, False)),
    ],
    formula="how many x are in [a_i, a_(i+1))",
)


def _limits(name: str, x: np.ndarray, low: Any, high: Any) -> tuple[float, float]:
    """The outer edges of equal bins: as given, or those of the data; never equal."""
    if low is None:
        low, high = (float(x.min()), float(x.max())) if x.size else (0.0, 1.0)
        if not (math.isfinite(low) and math.isfinite(high)):
            raise ArgumentError(f"{name}: the numbers range from {low} to {high}; give a finite range")
    if not (math.isfinite(low) and math.isfinite(high)) or low > high:
        raise ArgumentError(f"{name}: the range is {low} to {high}; it must be finite and ascending")
    return (low, high) if low < high else (low - 0.5, high + 0.5)


def _bins(name: str, bins: Any) -> int:
    if not isinstance(bins, (int, np.integer)) or isinstance(bins, bool) or bins < 1:
        raise ArgumentError(f"{name}: bins is {bins!r:.40}; use a whole number from 1, or a Tensor of edges")
    return int(bins)


def _require_real(name: str, x: Any) -> Any:
    x = as_handle(x, name)
    if x.dtype.kind != "f":
        raise DtypeError(f"{name}: x is {x.dtype}; use x.float()")
    return x


# --- the public functions


class Histogram(NamedTuple):
    """What `histogram` and `histogramdd` return."""

    hist: Tensor
    bin_edges: Any


def bincount(input: Operand, weights: Operand | None = None, minlength: int = 0) -> Tensor:
    """Count how often each whole number occurs: `out[i]` is how many entries are i.

    Args:
        input: a vector of integers from 0.
        weights: numbers of the input's shape; entry k then counts `weights[k]`.
        minlength: the least length of the result.

    Returns:
        int64 counts of 0 to the largest entry; with weights float64, or float32 of float32 weights.

    Raises:
        DtypeError: not integers.
        ShapeError: no vector, or weights of another shape.
        ArgumentError: a negative entry or minlength.

    Example:
        >>> autograd.bincount(autograd.tensor([0, 2, 2]))
        tensor([1, 0, 2])
    """
    if weights is None:
        return BINCOUNT.apply(as_handle(input, "bincount"), None, minlength, dtypes.int64)
    weights = as_handle(weights, "bincount")
    dtype = dtypes.float32 if weights.dtype == dtypes.float32 else dtypes.float64
    return BINCOUNT.apply(as_handle(input, "bincount"), weights, minlength, dtype)


def _histc_reference(x: Any, bins: int = 100, min: float = 0, max: float = 0) -> Any:
    if min == max == 0:
        min, max = x.min(), x.max()
    return np.histogram(x, bins, (min, max))[0].astype(x.dtype)


@composite(
    formula="how many x are in each of n equal bins",
    samples=lambda rng: [
        Sample((values(rng, (3, 5)),), (4,)),
        Sample((values(rng, (9,)),), (5, -1, 1)),
    ],
    reference=_histc_reference,
    error_samples=lambda rng: [
        Sample((values(rng, (3,)),), (0,), ArgumentError, "histc: bins is 0"),
        Sample((values(rng, (3,)),), (3, 2, 1), ArgumentError, "histc: the range"),
        Sample((np.arange(3),), (), DtypeError, "histc: x is int64"),
    ],
    differentiable=False,
)
def histc(input: Operand, bins: int = 100, min: float = 0, max: float = 0) -> Tensor:
    """Count how many numbers fall into each of `bins` equal bins from `min` to `max`; others are not counted.

    Args:
        input: a floating Tensor of any shape.
        bins: how many bins.
        min: where the first begins; with `min == max` the range of the numbers is taken.
        max: where the last ends.

    Returns:
        (bins,) counts of the input's dtype.

    Raises:
        ArgumentError: no bin, or a range that is not finite and ascending.
        DtypeError: the dtype is not a floating one.

    Example:
        >>> autograd.histc(autograd.tensor([1.0, 2.0, 1.0]), bins=4, min=0, max=3)
        tensor([0., 2., 1., 0.])
    """
    x = _require_real("histc", input)
    bins = _bins("histc", bins)
    low, high = (None, None) if min == max else (float(min), float(max))
    low, high = _limits("histc", x._array, low, high)
    edges = np.linspace(low, high, bins + 1, dtype=np.float64)
    return BIN_COUNTS.apply((x.reshape(-1, 1), edges), False, False)


def _histogram_reference(x: Any, bins: Any, range: Any = None, weight: Any = None, density: bool = False) -> Any:
    return np.histogram(x, bins, range, density, weight)


@composite(
    formula="how many x are in [a_i, a_(i+1)), and the a_i",
    samples=lambda rng: [
        Sample((values(rng, (3, 5)),), (4,)),
        Sample((values(rng, (9,)), np.array([-1.0, 0.0, 0.5, 2.0]))),
        Sample((values(rng, (9,)),), (3,), keywords={"range": (-1.0, 1.0), "density": True}),
    ],
    reference=_histogram_reference,
    error_samples=lambda rng: [
        Sample((values(rng, (3,)),), (0,), ArgumentError, "histogram: bins is 0"),
        Sample((values(rng, (3,)), np.array([1.0])), (), ShapeError, "a vector of at least 2"),
        Sample((values(rng, (3,)),), (2,), ShapeError, "weight", {"weight": np.ones(2)}),
    ],
    differentiable=False,
)
def histogram(
    input: Operand,
    bins: Any,
    *,
    range: Sequence[float] | None = None,
    weight: Operand | None = None,
    density: bool = False,
) -> Histogram:
    """Count how many numbers fall into each bin `[a_i, a_(i+1))`; the last bin is closed.

    Args:
        input: a floating Tensor of any shape.
        bins: how many equal bins, or an ascending vector of edges (which is not checked).
        range: where equal bins begin and end; the range of the numbers, unless given.
        weight: numbers of the input's shape; each entry then counts its weight.
        density: divide by the total and the widths, so that the area is 1.

    Returns:
        `(hist, bin_edges)`, both of the input's dtype.

    Raises:
        ArgumentError: no bin, or a range that is not finite and ascending.
        ShapeError: weights of another shape, or edges that are no vector.
        DtypeError: the dtype is not a floating one.

    Example:
        >>> autograd.histogram(autograd.tensor([1.0, 2.0, 1.0]), 3, range=(0.0, 3.0)).hist
        tensor([0., 2., 1.])
    """
    x = _require_real("histogram", input)
    limits = None if range is None else tuple(range)
    if limits is not None and len(limits) != 2:
        raise ArgumentError(f"histogram: range {limits} must be two numbers")
    edges = _edges("histogram", x._array, bins, limits)
    weight = _weight("histogram", weight, x, x.shape)
    operands = (x.reshape(-1, 1), edges, *([] if weight is None else [weight.reshape(-1)]))
    return Histogram(BIN_COUNTS.apply(operands, weight is not None, bool(density)), as_handle(edges, "histogram"))


def _edges(name: str, x: np.ndarray, bins: Any, limits: Any) -> np.ndarray:
    if isinstance(bins, (Handle, np.ndarray)):
        edges = np.array(bins._array if isinstance(bins, Handle) else bins)
        if edges.dtype != x.dtype:
            raise DtypeError(f"{name}: edges are {edges.dtype} and x is {x.dtype}; they must be of one dtype")
        if edges.ndim != 1 or edges.size < 2:
            raise ShapeError(f"{name}: edges {edges.shape} must be a vector of at least 2")
        return edges
    low, high = _limits(name, x, *(limits or (None, None)))
    return np.linspace(low, high, _bins(name, bins) + 1, dtype=np.float64).astype(x.dtype)


def _weight(name: str, weight: Any, x: Any, shape: tuple[int, ...]) -> Any:
    if weight is None:
        return None
    weight = as_handle(weight, name)
    if weight.dtype != x.dtype:
        raise DtypeError(f"{name}: weight is {weight.dtype} and x is {x.dtype}; they must be of one dtype")
    if tuple(weight.shape) != tuple(shape):
        raise ShapeError(f"{name}: weight {weight.shape} must be {tuple(shape)}")
    return weight


@composite(
    formula="how many points are in each box",
    samples=lambda rng: [
        Sample((values(rng, (9, 2)),), ((2, 3),)),
        Sample((values(rng, (9, 1)),), ((4,),), keywords={"density": True}),
    ],
    reference=lambda x, bins, density=False: np.histogramdd(x, bins, density=density),
    error_samples=lambda rng: [
        Sample((values(rng, (5, 3)),), ((2, 2),), ShapeError, "2 bins for 3"),
        Sample((values(rng, (5,)),), (2,), ShapeError, "at least two dimensions"),
    ],
    differentiable=False,
)
def histogramdd(
    input: Operand,
    bins: Any,
    *,
    range: Sequence[float] | None = None,
    weight: Operand | None = None,
    density: bool = False,
) -> Histogram:
    """Count how many points of D coordinates fall into each box of a grid.

    Args:
        input: (..., D) floating.
        bins: how many equal bins along each coordinate, one number or D of them, or D ascending vectors of edges
            (which is not checked).
        range: D pairs in a row: where equal bins begin and end along each coordinate.
        weight: (...) numbers; each point then counts its weight.
        density: divide by the total and the volumes, so that the integral is 1.

    Returns:
        `(hist, bin_edges)`: the counts, of D dimensions, and a tuple of D vectors.

    Raises:
        ArgumentError: no bin, or a range that is not finite and ascending.
        ShapeError: fewer than two dimensions, not D bins, or weights of another shape.
        DtypeError: the dtype is not a floating one.

    Example:
        >>> autograd.histogramdd(autograd.tensor([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]), [2, 2]).hist
        tensor([[0., 1.],
                [1., 1.]])
    """
    x = _require_real("histogramdd", input)
    if x.ndim < 2:
        raise ShapeError(f"histogramdd: x {x.shape} must have at least two dimensions: points, coordinates")
    size = x.shape[-1]
    given = list(bins) if isinstance(bins, (list, tuple)) else [bins] * size
    if len(given) != size:
        raise ShapeError(f"histogramdd: {len(given)} bins for {size} coordinates of x {x.shape}; give one for each")
    limits: list[Any] = [None] * size
    if range is not None:
        if len(range) != 2 * size:
            raise ArgumentError(f"histogramdd: range has {len(range)} numbers; give {2 * size}, a pair a coordinate")
        limits = [(range[2 * d], range[2 * d + 1]) for d, _ in enumerate(given)]
    points = x.reshape(-1, size)
    columns = zip(points._array.T, given, limits, strict=True)
    edges = [_edges("histogramdd", column, bins, limit) for column, bins, limit in columns]
    weight = _weight("histogramdd", weight, x, x.shape[:-1])
    operands = (points, *edges, *([] if weight is None else [weight.reshape(-1)]))
    hist = BIN_COUNTS.apply(operands, weight is not None, bool(density))
    return Histogram(hist, tuple([as_handle(e, "histogramdd") for e in edges]))
