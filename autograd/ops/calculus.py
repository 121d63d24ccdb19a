"""Differences, slopes and areas of sampled functions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..composites import composite
from ..errors import ArgumentError, DtypeError, ShapeError
from ..primitive import Handle, Sample, as_handle, check_broadcast, op
from .dims import normalize_dim, normalize_dims
from .families import values

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["cumulative_trapezoid", "diff", "gradient", "trapezoid", "trapz"]

Operand = Any


def _part(x: Any, dim: int, start: int, stop: int) -> Any:
    """`x[start:stop]` along `dim`, counted from the end where negative."""
    n = x.shape[dim]
    start, stop = (k + n if k < 0 else k for k in (start, stop))
    return op.narrow.apply(x, dim, min(start, n), max(min(stop, n), min(start, n)))


# --- differences


def _diff_reference(x: Any, n: int = 1, dim: int = -1, prepend: Any = None, append: Any = None) -> Any:
    ends = {name: end for name, end in (("prepend", prepend), ("append", append)) if end is not None}
    return np.diff(x, n, axis=dim, **ends)


@composite(
    formula="x_(i+1) - x_i",
    samples=lambda rng: [
        Sample((values(rng, (4,)),)),
        Sample((values(rng, (4, 3)),), (2, 0)),
        Sample((values(rng, (2, 3)),), (4,)),
        Sample((values(rng, (2, 3)), 1, 1, values(rng, (2, 1)), values(rng, (2, 2)))),
        Sample((np.array([True, True, False]),)),
    ],
    reference=_diff_reference,
    error_samples=lambda rng: [
        Sample((values(rng, ()),), (), ShapeError, "diff: x"),
        Sample((values(rng, (3,)),), (-1,), ArgumentError, "diff: n is -1"),
        Sample((values(rng, (3, 2)), 1, 1, values(rng, (2,))), (), ShapeError, "diff: prepend"),
    ],
)
def diff(
    input: Operand, n: int = 1, dim: int = -1, prepend: Operand | None = None, append: Operand | None = None
) -> Tensor:
    """Differences of neighbours along one dimension, n times over: `out_i = x_(i+1) - x_i`.

    Args:
        input: a Tensor of at least one dimension; of bools, neighbours that differ give True.
        n: how often.
        dim: the dimension to go along.
        prepend: what to put before the numbers first, of the input's shape beside `dim`.
        append: what to put after them.

    Returns:
        The differences, n fewer than there were numbers.

    Raises:
        ArgumentError: there is no such dimension, or n is negative.
        ShapeError: a 0-d Tensor, or ends that do not fit.

    Example:
        >>> autograd.diff(autograd.tensor([1.0, 3.0, 6.0]))
        tensor([2., 3.])
    """
    x = as_handle(input, "diff")
    if x.ndim == 0:
        raise ShapeError("diff: x () must have at least one dimension")
    dim = normalize_dim("diff", dim, x.ndim)
    if not isinstance(n, (int, np.integer)) or isinstance(n, bool) or n < 0:
        raise ArgumentError(f"diff: n is {n!r}; use a whole number from 0")
    parts = [x]
    for label, end in (("prepend", prepend), ("append", append)):
        if end is None:
            continue
        end = as_handle(end, "diff")
        if end.ndim != x.ndim or any(a != b for d, (a, b) in enumerate(zip(end.shape, x.shape)) if d != dim):
            raise ShapeError(f"diff: {label} {end.shape} must have the shape of x {x.shape} beside dimension {dim}")
        parts = [end, *parts] if label == "prepend" else [*parts, end]
    if n == 0:
        return x.clone()
    if len(parts) > 1:
        x = op.cat.apply(tuple(parts), dim)
    for _ in range(min(n, x.shape[dim])):
        after, before = _part(x, dim, 1, x.shape[dim]), _part(x, dim, 0, max(x.shape[dim] - 1, 0))
        x = op.logical_xor.apply(after, before) if x.dtype.kind == "b" else after - before
    return x


# --- slopes


def _gradient_samples(rng: np.random.Generator) -> list[Sample]:
    x = np.array([0.0, 0.5, 1.5, 1.8])
    return [
        Sample((values(rng, (4,)),)),
        Sample((values(rng, (4, 3)),), keywords={"spacing": 0.5}),
        Sample((values(rng, (4, 3)),), keywords={"spacing": (0.5, 2.0), "edge_order": 2}),
        Sample((values(rng, (3, 4)),), keywords={"dim": 1, "edge_order": 2}),
        Sample((values(rng, (4, 3)),), keywords={"dim": (0,), "spacing": (x,)}),
        Sample((values(rng, (4, 3)),), keywords={"dim": (0,), "spacing": (x,), "edge_order": 2}),
    ]


def _gradient_reference(x: Any, spacing: Any = 1, dim: Any = None, edge_order: Any = 1) -> Any:
    steps = spacing if isinstance(spacing, tuple) else (spacing,)
    dim = (dim,) if isinstance(dim, int) else dim
    found = np.gradient(x, *steps, axis=dim, edge_order=edge_order)
    return found if isinstance(found, tuple) else (found,)


@composite(
    formula="(x_(i+1) - x_(i-1)) / (2 h), one-sided at the ends",
    samples=_gradient_samples,
    reference=_gradient_reference,
    error_samples=lambda rng: [
        Sample((values(rng, (3, 3)),), (), ArgumentError, "gradient: edge_order is 3", {"edge_order": 3}),
        Sample((values(rng, (3, 1)),), (), ShapeError, "at least 2"),
        Sample((values(rng, (2, 2)),), (), ShapeError, "at least 3", {"edge_order": 2}),
        Sample((values(rng, (3, 3)),), (), ArgumentError, "names a dimension twice", {"dim": (1, 1)}),
        Sample((values(rng, (3, 3)),), (), ArgumentError, "1 spacings for 2", {"spacing": (0.1,), "dim": (0, 1)}),
    ],
)
def gradient(
    input: Operand, *, spacing: Any = 1, dim: int | Sequence[int] | None = None, edge_order: int = 1
) -> tuple[Tensor, ...]:
    """The slopes of a sampled function, along each dimension: central differences, one-sided at the ends.

    `(x_(i+1) - x_(i-1)) / (2 h)`, and where the samples are unevenly spaced the slope of the parabola through three.

    Args:
        input: the samples, of at least `edge_order + 1` along each dimension.
        spacing: the distance of neighbours, one for all dimensions or a sequence of one for each; or a sequence of
            vectors, the coordinates along each dimension.
        dim: a dimension, several, or None for all.
        edge_order: 1 for differences of two samples at the ends, 2 for parabolas through three.

    Returns:
        One Tensor of the input's shape for each dimension.

    Raises:
        ArgumentError: there is no such dimension, or one twice; too few or too many spacings; another edge_order.
        ShapeError: too few samples, or coordinates that are not one for each.

    Example:
        >>> autograd.gradient(autograd.tensor([1.0, 4.0, 9.0, 16.0]))
        (tensor([3., 4., 6., 7.]),)
    """
    x = as_handle(input, "gradient")
    if edge_order not in (1, 2):
        raise ArgumentError(f"gradient: edge_order is {edge_order!r}; use 1 or 2")
    if dim is not None and not isinstance(dim, int):
        dim = tuple(dim)
    dims = normalize_dims("gradient", dim, x.ndim)
    several = isinstance(spacing, (list, tuple))
    steps = list(spacing) if several else [1 if spacing is None else spacing] * len(dims)
    if len(steps) != len(dims):
        raise ArgumentError(f"gradient: {len(steps)} spacings for {len(dims)} dimensions; give one, or one for each")
    for d in dims:
        if x.shape[d] < edge_order + 1:
            raise ShapeError(
                f"gradient: x {x.shape} must have at least {edge_order + 1} samples along dimension {d} "
                f"for edge_order {edge_order}"
            )
    if x.dtype.kind != "f":
        x = x.float()
    return tuple([_slope(x, d, step, edge_order) for d, step in zip(dims, steps, strict=True)])


def _slope(x: Any, dim: int, step: Any, edge_order: int) -> Any:
    n = x.shape[dim]
    gaps = None
    if isinstance(step, (Handle, np.ndarray)) and step.ndim > 0:
        places = as_handle(step, "gradient")
        if places.shape != (n,):
            raise ShapeError(f"gradient: coordinates {places.shape} must be ({n},), one for each sample of x {x.shape}")
        gaps = (places[1:] - places[:-1]).to(x.dtype).reshape([-1 if d == dim else 1 for d in range(x.ndim)])
    low, mid, high = _part(x, dim, 0, n - 2), _part(x, dim, 1, n - 1), _part(x, dim, 2, n)
    first, last = (_part(x, dim, 0, 1), _part(x, dim, 1, 2)), (_part(x, dim, n - 2, n - 1), _part(x, dim, n - 1, n))
    if gaps is None:
        inner = (high - low) / (2 * step)
        if edge_order == 1:
            edges = [(b - a) / step for a, b in (first, last)]
        else:
            edges = [
                (-3 * first[0] + 4 * first[1] - _part(x, dim, 2, 3)) / (2 * step),
                (3 * last[1] - 4 * last[0] + _part(x, dim, n - 3, n - 2)) / (2 * step),
            ]
        return op.cat.apply((edges[0], inner, edges[1]), dim)
    a, b = _part(gaps, dim, 0, n - 2), _part(gaps, dim, 1, n - 1)
    inner = -b / (a * (a + b)) * low + (b - a) / (a * b) * mid + a / (b * (a + b)) * high
    if edge_order == 1:
        start = (first[1] - first[0]) / _part(gaps, dim, 0, 1)
        end = (last[1] - last[0]) / _part(gaps, dim, n - 2, n - 1)
    else:
        a, b = _part(gaps, dim, 0, 1), _part(gaps, dim, 1, 2)
        start = -(2 * a + b) / (a * (a + b)) * first[0] + (a + b) / (a * b) * first[1]
        start = start - a / (b * (a + b)) * _part(x, dim, 2, 3)
        a, b = _part(gaps, dim, n - 3, n - 2), _part(gaps, dim, n - 2, n - 1)
        end = b / (a * (a + b)) * _part(x, dim, n - 3, n - 2) - (a + b) / (a * b) * last[0]
        end = end + (a + 2 * b) / (b * (a + b)) * last[1]
    return op.cat.apply((start, inner, end), dim)


# --- areas


def _strips(name: str, y: Any, x: Any, dx: Any, dim: int) -> tuple[Any, int]:
    """The area between each two neighbours, and the dimension counted from the front."""
    y = as_handle(y, name)
    if y.ndim == 0:
        raise ShapeError(f"{name}: y () must have at least one dimension")
    if y.dtype.kind == "b":
        raise DtypeError(f"{name}: y is bool; use numbers, as from y.float()")
    dim = normalize_dim(name, dim, y.ndim)
    if x is not None and dx is not None:
        raise ArgumentError(f"{name}: x and dx are given both; give one of them")
    if dx is not None and (not isinstance(dx, (int, float, np.number)) or isinstance(dx, bool)):
        raise DtypeError(f"{name}: dx is {dx!r:.40}; it must be a number, and coordinates are given as x")
    n = y.shape[dim]
    width = 1.0 if dx is None else float(dx)
    if x is not None:
        x = as_handle(x, name)
        if x.dtype.kind == "b":
            raise DtypeError(f"{name}: x is bool; use numbers, as from x.float()")
        if x.ndim == 1:
            if x.shape[0] != n:
                raise ShapeError(f"{name}: x {x.shape} must be ({n},), one coordinate for each sample of y {y.shape}")
            x = x.reshape([-1 if d == dim else 1 for d in range(y.ndim)])
        elif x.ndim < y.ndim:
            x = x.reshape((1,) * (y.ndim - x.ndim) + tuple(x.shape))
        check_broadcast(name, {"y": y._array, "x": x._array})
        along = dim - y.ndim + x.ndim
        width = _part(x, along, 1, x.shape[along]) - _part(x, along, 0, max(x.shape[along] - 1, 0))
    sums = _part(y, dim, 1, n) + _part(y, dim, 0, max(n - 1, 0))
    areas = sums * width / 2
    return areas, dim - y.ndim + areas.ndim


def _area_samples(rng: np.random.Generator) -> list[Sample]:
    return [
        Sample((values(rng, (4,)),)),
        Sample((values(rng, (4,)), np.sort(values(rng, (4,))))),
        Sample((values(rng, (4, 3)), values(rng, (4,))), keywords={"dim": 0}),
        Sample((values(rng, (2, 3)), values(rng, (2, 3)))),
        Sample((values(rng, (2, 3)),), keywords={"dx": 0.5}),
    ]


def _area_reference(y: Any, x: Any = None, dx: float = 1.0, dim: int = -1) -> Any:
    return np.trapezoid(y, x, dx, axis=dim)


def _running_reference(y: Any, x: Any = None, dx: float = 1.0, dim: int = -1) -> Any:
    from scipy.integrate import cumulative_trapezoid

    return cumulative_trapezoid(y, x, dx, axis=dim)


def _area_errors(name: str) -> Any:
    def samples(rng: np.random.Generator) -> list[Sample]:
        y = values(rng, (2, 3))
        return [
            Sample((y, y), (), ArgumentError, f"{name}: x and dx", {"dx": 1.0}),
            Sample((y, values(rng, (2,))), (), ShapeError, f"{name}: x"),
            Sample((np.array([True, False]),), (), DtypeError, f"{name}: y is bool"),
        ]

    return samples


@composite(
    formula="sum_i (y_i + y_(i+1)) (x_(i+1) - x_i) / 2",
    samples=_area_samples,
    reference=_area_reference,
    error_samples=_area_errors("trapezoid"),
)
def trapezoid(y: Operand, x: Operand | None = None, *, dx: float | None = None, dim: int = -1) -> Tensor:
    """The area under a sampled function, by trapezoids: `sum((y_i + y_(i+1)) * (x_(i+1) - x_i) / 2)`.

    Args:
        y: the samples, of at least one dimension.
        x: their coordinates: a vector along `dim`, or of a shape that broadcasts with y; 0, 1, 2 ... unless given.
        dx: the distance of neighbours, instead of x.
        dim: the dimension to go along.

    Returns:
        y without the dimension `dim`.

    Raises:
        ArgumentError: there is no such dimension, or x and dx are given both.
        ShapeError: the coordinates do not fit.
        DtypeError: bool, or dx is no number.

    Example:
        >>> autograd.trapezoid(autograd.tensor([1.0, 2.0, 3.0]))
        tensor(4.)
    """
    strips, dim = _strips("trapezoid", y, x, dx, dim)
    return strips.sum(dim)


@composite(
    formula="sum_i (y_i + y_(i+1)) (x_(i+1) - x_i) / 2",
    samples=_area_samples,
    reference=_area_reference,
    error_samples=_area_errors("trapz"),
)
def trapz(y: Operand, x: Operand | None = None, *, dx: float | None = None, dim: int = -1) -> Tensor:
    """The area under a sampled function, by trapezoids; another name for `trapezoid`.

    Args:
        y: the samples, of at least one dimension.
        x: their coordinates: a vector along `dim`, or of a shape that broadcasts with y; 0, 1, 2 ... unless given.
        dx: the distance of neighbours, instead of x.
        dim: the dimension to go along.

    Returns:
        y without the dimension `dim`.

    Raises:
        ArgumentError: there is no such dimension, or x and dx are given both.
        ShapeError: the coordinates do not fit.
        DtypeError: bool, or dx is no number.

    Example:
        >>> autograd.trapz(autograd.tensor([1.0, 2.0, 3.0]), autograd.tensor([0.0, 2.0, 4.0]))
        tensor(8.)
    """
    strips, dim = _strips("trapz", y, x, dx, dim)
    return strips.sum(dim)


@composite(
    formula="sum_(j <= i) (y_j + y_(j+1)) (x_(j+1) - x_j) / 2",
    samples=_area_samples,
    reference=_running_reference,
    error_samples=_area_errors("cumulative_trapezoid"),
)
def cumulative_trapezoid(y: Operand, x: Operand | None = None, *, dx: float | None = None, dim: int = -1) -> Tensor:
    """The area under a sampled function up to each sample but the first, by trapezoids.

    Args:
        y: the samples, of at least one dimension.
        x: their coordinates: a vector along `dim`, or of a shape that broadcasts with y; 0, 1, 2 ... unless given.
        dx: the distance of neighbours, instead of x.
        dim: the dimension to go along.

    Returns:
        The running sums of the trapezoids, one fewer along `dim` than there are samples.

    Raises:
        ArgumentError: there is no such dimension, or x and dx are given both.
        ShapeError: the coordinates do not fit.
        DtypeError: bool, or dx is no number.

    Example:
        >>> autograd.cumulative_trapezoid(autograd.tensor([1.0, 2.0, 3.0]))
        tensor([1.5000, 4.0000])
    """
    strips, dim = _strips("cumulative_trapezoid", y, x, dx, dim)
    return op.cumsum.apply(strips, dim)
