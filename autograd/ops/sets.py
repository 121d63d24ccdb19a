"""Distinct numbers, and where numbers belong in a sorted sequence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .. import dtypes
from ..composites import composite
from ..errors import ArgumentError, DtypeError, ShapeError
from ..primitive import Handle, Sample, as_handle, define
from .dims import normalize_dim
from .families import values

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["bucketize", "searchsorted", "unique", "unique_consecutive"]

Operand = Any


# --- distinct numbers


def _distinct(x: Any, dim: int | None, consecutive: bool) -> Any:
    """The distinct numbers or slices, which of them each one is, and how often each occurs."""
    if dim is None:
        rows = x.reshape(-1, 1)
    else:
        n = x.shape[dim]
        rows = np.moveaxis(x, dim, 0).reshape(n, x.size // n if n else 0)
    n = rows.shape[0]
    if consecutive or not n:
        order = np.arange(n)
    else:  # the first number of a slice decides first
        order = np.lexsort(rows.T[::-1]) if rows.shape[1] else np.arange(n)
    ranked = rows[order]
    new = np.ones(n, dtype=bool)
    new[1:] = (ranked[1:] != ranked[:-1]).any(axis=1)
    inverse = np.empty(n, dtypes.int64)
    inverse[order] = np.cumsum(new) - 1
    starts = np.flatnonzero(new)
    counts = np.diff(np.append(starts, n)).astype(dtypes.int64)
    if dim is None:
        return ranked[starts, 0], inverse.reshape(x.shape), counts
    return np.ascontiguousarray(np.take(x, order[starts], axis=dim)), inverse, counts


def _whole_samples(rng: np.random.Generator) -> list[Sample]:
    x = rng.integers(0, 3, (4, 2))
    return [Sample((x,), (d, c)) for d in (None, 0, 1) for c in (False, True)]


DISTINCT = define(
    "distinct",
    forward=_distinct,
    inputs=("x",),
    attributes=("dim", "consecutive"),
    outputs=("out", "inverse", "counts"),
    samples=_whole_samples,
    formula="the distinct x_i, their places and counts",
)


def _unique_reference(
    x: Any, sorted: bool = True, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None
) -> Any:
    found: Any = np.unique(x, return_inverse=return_inverse, return_counts=return_counts, axis=dim)  # type: ignore[call-overload]
    if return_inverse:
        found = [found[0], found[1].reshape(x.shape if dim is None else -1), *found[2:]]
    return found


@composite(
    formula="the distinct x_i in order",
    samples=lambda rng: [
        Sample((rng.integers(0, 4, (3, 4)),)),
        Sample((rng.integers(0, 4, (3, 4)),), (True, True, True)),
        Sample((rng.integers(0, 2, (5, 2)),), (True, True, True, 0)),
        Sample((np.array([2.5, 1.0, 2.5]),)),
    ],
    reference=_unique_reference,
    error_samples=lambda rng: [Sample((np.arange(3),), (), ArgumentError, "unique: dim is 1", {"dim": 1})],
    differentiable=False,
)
def unique(
    input: Operand,
    sorted: bool = True,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
) -> Tensor | tuple[Tensor, ...]:
    """The distinct numbers, or slices along one dimension, in ascending order.

    Args:
        input: a Tensor of any shape. Each nan is distinct from every other.
        sorted: accepted; the results are always in order.
        return_inverse: give also, for each number, which of the distinct ones it is.
        return_counts: give also how often each occurs.
        dim: compare whole slices along this dimension; None compares the numbers.

    Returns:
        The distinct ones; with `return_inverse` or `return_counts` a tuple of them and int64 Tensors.

    Raises:
        ArgumentError: there is no such dimension.

    Example:
        >>> autograd.unique(autograd.tensor([3, 1, 3, 2]), return_counts=True)
        (tensor([1, 2, 3]), tensor([1, 1, 2]))
    """
    return _unique("unique", input, dim, False, return_inverse, return_counts)


def _consecutive_reference(
    x: Any, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None
) -> Any:
    import itertools

    runs = [(value, len(list(group))) for value, group in itertools.groupby(x.reshape(-1).tolist())]
    found: list[Any] = [np.array([value for value, _ in runs])]
    if return_inverse:
        found.append(np.repeat(np.arange(len(runs)), [n for _, n in runs]).reshape(x.shape))
    if return_counts:
        found.append(np.array([n for _, n in runs]))
    return found


@composite(
    formula="x_i where it differs from x_(i-1)",
    samples=lambda rng: [
        Sample((rng.integers(0, 2, (3, 4)),)),
        Sample((rng.integers(0, 2, (8,)),), (True, True)),
        Sample((rng.integers(0, 2, (8,)),), (True, True, 0)),
    ],
    reference=_consecutive_reference,
    error_samples=lambda rng: [Sample((np.arange(3),), (), ArgumentError, "unique_consecutive: dim is 1", {"dim": 1})],
    differentiable=False,
)
def unique_consecutive(
    input: Operand, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None
) -> Tensor | tuple[Tensor, ...]:
    """The numbers, or slices along one dimension, without those that repeat the one before.

    Args:
        input: a Tensor of any shape.
        return_inverse: give also, for each number, which of the results it is.
        return_counts: give also how long each run is.
        dim: compare whole slices along this dimension; None compares the numbers of the flattened tensor.

    Returns:
        What is left; with `return_inverse` or `return_counts` a tuple of that and int64 Tensors.

    Raises:
        ArgumentError: there is no such dimension.

    Example:
        >>> autograd.unique_consecutive(autograd.tensor([1, 1, 2, 1]), return_counts=True)
        (tensor([1, 2, 1]), tensor([2, 1, 1]))
    """
    return _unique("unique_consecutive", input, dim, True, return_inverse, return_counts)


def _unique(name: str, input: Any, dim: Any, consecutive: bool, inverse: bool, counts: bool) -> Any:
    input = as_handle(input, name)
    if dim is not None:
        dim = normalize_dim(name, dim, input.ndim)
        dim = dim if input.ndim else None
    found = DISTINCT.apply(input, dim, consecutive)
    if not inverse and not counts:
        return found[0]
    return (found[0], *([found[1]] if inverse else []), *([found[2]] if counts else []))


# --- places in a sorted sequence


def _places(sequence: Any, x: Any, sorter: Any, right: bool, dtype: Any) -> Any:
    if sorter is not None:
        sequence = np.take_along_axis(sequence, sorter, -1)
    side: Any = "right" if right else "left"
    if sequence.ndim == 1:
        return np.asarray(np.searchsorted(sequence, x, side), dtype=dtype)
    out = np.empty(x.shape, dtype)
    for row in np.ndindex(sequence.shape[:-1]):
        out[row] = np.searchsorted(sequence[row], x[row], side)
    return out


SEARCHSORTED = define(
    "places",
    forward=_places,
    inputs=("sequence", "x", "sorter"),
    attributes=("right", "dtype"),
    promotes="same",
    promoted=(0, 1),
    samples=lambda rng: [
        Sample((np.sort(values(rng, (5,))), values(rng, (2, 3)), None), (False, dtypes.int64)),
        Sample((np.sort(values(rng, (2, 5))), values(rng, (2, 3)), None), (True, dtypes.int64)),
        Sample((np.array([3.0, 1.0, 2.0]), values(rng, (2,)), np.array([1, 2, 0])), (False, dtypes.int32)),
    ],
    formula="how many of a sequence are below x",
)


def _search(name: str, sequence: Any, x: Any, sorter: Any, right: bool, out_int32: bool) -> Any:
    return SEARCHSORTED.apply(sequence, x, sorter, bool(right), dtypes.int32 if out_int32 else dtypes.int64)


def _searchsorted_reference(sequence: Any, x: Any, right: bool = False, side: Any = None, sorter: Any = None) -> Any:
    side = side or ("right" if right else "left")
    if np.ndim(sequence) == 1:
        return np.searchsorted(sequence, x, side, sorter)
    return np.stack([np.searchsorted(a, b, side) for a, b in zip(sequence, x, strict=True)])


@composite(
    formula="how many of a sequence are below x",
    samples=lambda rng: [
        Sample((np.sort(values(rng, (5,))), values(rng, (2, 3)))),
        Sample((np.array([1, 2, 2, 3]), np.array([2, 4])), keywords={"right": True}),
        Sample((np.sort(values(rng, (2, 5))), values(rng, (2, 3))), keywords={"side": "right"}),
        Sample((np.array([3.0, 1.0, 2.0]), 1.5), keywords={"sorter": np.array([1, 2, 0])}),
    ],
    reference=_searchsorted_reference,
    error_samples=lambda rng: [
        Sample((values(rng, (2, 5)), values(rng, (3,))), (), ShapeError, "searchsorted: sorted_sequence"),
        Sample((np.arange(3), np.arange(2)), (), ArgumentError, "side", {"side": "middle"}),
        Sample((np.arange(3), np.arange(2)), (), ArgumentError, "right", {"side": "left", "right": True}),
        Sample((np.arange(3), np.arange(2)), (), ShapeError, "sorter", {"sorter": np.arange(2)}),
        Sample((np.arange(3), np.arange(2)), (), ArgumentError, "sorter", {"sorter": np.array([0, 1, 3])}),
    ],
    differentiable=False,
)
def searchsorted(
    sorted_sequence: Operand,
    input: Operand,
    *,
    out_int32: bool = False,
    right: bool = False,
    side: str | None = None,
    sorter: Operand | None = None,
) -> Tensor:
    """Where each number belongs in an ascending sequence: the first place whose entry is not below it.

    Args:
        sorted_sequence: ascending along the last dimension: a vector, or one sequence for each row of `input`.
        input: numbers; a Python number only with a vector.
        out_int32: give int32 instead of int64.
        right: take the first place whose entry is above it.
        side: "right" means right=True, and "left" right=False.
        sorter: int64 positions that sort a `sorted_sequence` that is not, as `argsort` gives them.

    Returns:
        Places from 0 to the length of the sequence, of the shape of `input`.

    Raises:
        ShapeError: the shapes do not fit.
        ArgumentError: another side, one that contradicts `right`, or a sorter out of range.
        DtypeError: the sorter is not int64.

    Example:
        >>> autograd.searchsorted(autograd.tensor([1, 3, 5]), autograd.tensor([0, 3, 4]))
        tensor([0, 1, 2])
    """
    name = "searchsorted"
    sequence = as_handle(sorted_sequence, name)
    given = isinstance(input, (Handle, np.ndarray))
    x = as_handle(input, name)
    if side not in (None, "left", "right"):
        raise ArgumentError(f"{name}: side is {side!r}; use 'left' or 'right'")
    if right and side == "left":
        raise ArgumentError(f"{name}: right is True and side is 'left'; give one of them")
    if sequence.ndim == 0:
        raise ShapeError(f"{name}: sorted_sequence () must have at least one dimension")
    if sequence.ndim > 1 and (not given or sequence.shape[:-1] != x.shape[:-1]):
        raise ShapeError(
            f"{name}: sorted_sequence {sequence.shape} must be a vector, or have the sizes of input {x.shape} "
            "in all dimensions but the last"
        )
    if sorter is not None:
        sorter = as_handle(sorter, name)
        if sorter.shape != sequence.shape:
            raise ShapeError(f"{name}: sorter {sorter.shape} must have the shape of sorted_sequence {sequence.shape}")
        if sorter.dtype != dtypes.int64:
            raise DtypeError(f"{name}: sorter is {sorter.dtype}; it must be int64, as from argsort")
        places = sorter._array
        if places.size and (places.min() < 0 or places.max() >= sequence.shape[-1]):
            raise ArgumentError(f"{name}: sorter has a place out of range; use 0 to {sequence.shape[-1] - 1}")
    return _search(name, sequence, x, sorter, right or side == "right", out_int32)


@composite(
    formula="how many boundaries are below x",
    samples=lambda rng: [
        Sample((values(rng, (2, 3)), np.array([-1.0, 0.0, 1.0]))),
        Sample((np.array([1, 2, 3]), np.array([1, 3])), keywords={"right": True}),
    ],
    reference=lambda x, boundaries, right=False: np.searchsorted(boundaries, x, "right" if right else "left"),
    error_samples=lambda rng: [
        Sample((values(rng, (3,)), values(rng, (2, 2))), (), ShapeError, "bucketize: boundaries"),
    ],
    differentiable=False,
)
def bucketize(input: Operand, boundaries: Operand, *, out_int32: bool = False, right: bool = False) -> Tensor:
    """The bucket of each number: i where `boundaries[i - 1] < x <= boundaries[i]`.

    Args:
        input: numbers.
        boundaries: a vector in ascending order.
        out_int32: give int32 instead of int64.
        right: i where `boundaries[i - 1] <= x < boundaries[i]`.

    Returns:
        Buckets from 0 to the number of boundaries, of the shape of `input`.

    Raises:
        ShapeError: the boundaries are no vector.

    Example:
        >>> autograd.bucketize(autograd.tensor([0.5, 2.0, 9.0]), autograd.tensor([1.0, 2.0, 3.0]))
        tensor([0, 1, 3])
    """
    x, boundaries = as_handle(input, "bucketize"), as_handle(boundaries, "bucketize")
    if boundaries.ndim != 1:
        raise ShapeError(f"bucketize: boundaries {boundaries.shape} must be a vector")
    return _search("bucketize", boundaries, x, None, right, out_int32)
