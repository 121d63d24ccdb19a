"""Sorting, and picking by rank: sort, top k, medians, modes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .. import dtypes
from ..composites import composite
from ..errors import ArgumentError, DtypeError
from ..primitive import Sample, as_handle, define, op
from .dims import normalize_dim
from .extreme import Extreme, define_chosen, distinct, place, share

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["argsort", "kthvalue", "median", "mode", "msort", "nanmedian", "sort", "topk"]

Operand = Any


def _order(x: Any, dim: int, descending: bool) -> Any:
    """The positions that sort; equal entries stay in their order, and nan counts as the largest number."""
    if not descending:
        return np.argsort(x, axis=dim, kind="stable")
    return x.shape[dim] - 1 - np.flip(np.argsort(np.flip(x, dim), axis=dim, kind="stable"), dim)


def _sort(x: Any, dim: int, descending: bool) -> Any:
    if x.ndim == 0:
        return x.copy(), np.zeros((), dtypes.int64)
    indices = np.ascontiguousarray(_order(x, dim, descending)).astype(dtypes.int64, copy=False)
    return np.take_along_axis(x, indices, dim), indices


SORT = define(
    "sort",
    forward=_sort,
    inputs=("x",),
    attributes=("dim", "descending"),
    outputs=("out", "indices"),
    differentiable=(True, False),
    vjp={"x": lambda g, indices, x_shape, dim: place(g, indices, x_shape, dim, True)},
    infer=lambda x, dim, descending: normalize_dim("sort", dim, x.ndim),
    samples=lambda rng: [
        Sample((distinct(rng, s),), (d, k))
        for s, d in (((4,), 0), ((2, 3), 1), ((3, 2, 2), 0), ((), 0), ((2, 0), 1))
        for k in (False, True)
    ],
    error_samples=lambda rng: [Sample((distinct(rng, (2, 3)),), (2, False), ArgumentError, "dim is 2")],
    formula="x_(1) <= x_(2) <= ... and their positions",
)


def _median_position(x: Any, axis: int) -> Any:
    """The lower middle one; where there is a nan, the first nan."""
    order = np.argsort(x, axis=axis, kind="stable")
    n, missing = x.shape[axis], np.sum(x != x, axis=axis, keepdims=True)
    rank = np.where(missing > 0, n - missing, (n - 1) // 2)
    return np.take_along_axis(order, rank, axis).squeeze(axis)


def _nanmedian_position(x: Any, axis: int) -> Any:
    """The lower middle one of those that are not nan."""
    order = np.argsort(x, axis=axis, kind="stable")
    found = np.sum(x == x, axis=axis, keepdims=True)
    return np.take_along_axis(order, np.maximum(found - 1, 0) // 2, axis).squeeze(axis)


def _mode_position(x: Any, axis: int) -> Any:
    """The last entry of the smallest most frequent number."""
    order = np.argsort(x, axis=axis, kind="stable")
    ranked = np.moveaxis(np.take_along_axis(x, order, axis), axis, -1)
    places = np.broadcast_to(np.arange(ranked.shape[-1]), ranked.shape)
    starts = np.zeros(ranked.shape, dtypes.int64)
    starts[..., 1:] = np.where(ranked[..., 1:] != ranked[..., :-1], places[..., 1:], 0)
    run = places - np.maximum.accumulate(starts, axis=-1)
    best = np.expand_dims(np.argmax(run, axis=-1), axis)
    return np.take_along_axis(order, best, axis).squeeze(axis)


MEDIAN = define_chosen("median", _median_position, "the middle x_i and its position")
NANMEDIAN = define_chosen("nanmedian", _nanmedian_position, "the middle x_i that is not nan, and its position")
MODE = define_chosen("mode", _mode_position, "the most frequent x_i and its position")


def _define_of_all(name: str, position: Any, formula: str) -> Any:
    """The one chosen of all; entries that equal it share the gradient."""

    def forward(x: Any, dims: tuple[int, ...], keepdim: bool) -> Any:
        flat = x.reshape(-1)
        if flat.size == 0:
            return np.asarray(np.nan, dtype=x.dtype)
        return np.asarray(flat[position(flat, 0)]).reshape((1,) * x.ndim if keepdim else ())

    return define(
        name,
        forward=forward,
        inputs=("x",),
        attributes=("dims", "keepdim"),
        vjp={"x": share},
        samples=lambda rng: [Sample((distinct(rng, s),), (tuple(range(len(s))), False)) for s in ((5,), (2, 3), ())],
        formula=formula,
    )


MEDIAN_OF_ALL = _define_of_all("median_of_all", _median_position, "the middle x_i")
NANMEDIAN_OF_ALL = _define_of_all("nanmedian_of_all", _nanmedian_position, "the middle x_i that is not nan")

# --- the public functions


def sort(input: Operand, dim: int = -1, descending: bool = False, stable: bool = False) -> Extreme:
    """The numbers along one dimension in order, and where each was.

    Args:
        input: a Tensor of any shape. nan counts as larger than every number.
        dim: the dimension to sort along.
        descending: the largest first.
        stable: accepted; equal entries always stay in their order.

    Returns:
        `(values, indices)`: the gradient of each value goes to the entry that its index names.

    Raises:
        ArgumentError: there is no such dimension.

    Example:
        >>> autograd.sort(autograd.tensor([3.0, 1.0, 2.0]))
        Extreme(values=tensor([1., 2., 3.]), indices=tensor([1, 2, 0]))
    """
    input = as_handle(input, "sort")
    return Extreme(*SORT.apply(input, normalize_dim("sort", dim, input.ndim), bool(descending)))


@composite(
    formula="the positions of x_(1) <= x_(2) <= ...",
    samples=lambda rng: [
        Sample((distinct(rng, (2, 3)),)),
        Sample((distinct(rng, (3, 2)),), (0, True)),
        Sample((np.array([2, 1, 2, 1]),), (0, False, True)),
    ],
    reference=lambda x, dim=-1, descending=False, stable=False: np.argsort(
        -x if descending else x, axis=dim, kind="stable"
    ),
    error_samples=lambda rng: [Sample((distinct(rng, (3,)),), (1,), ArgumentError, "argsort: dim is 1")],
    differentiable=False,
)
def argsort(input: Operand, dim: int = -1, descending: bool = False, stable: bool = False) -> Tensor:
    """The positions along one dimension that would sort the numbers.

    Args:
        input: a Tensor of any shape. nan counts as larger than every number.
        dim: the dimension to sort along.
        descending: the largest first.
        stable: accepted; equal entries always stay in their order.

    Returns:
        int64, of the input's shape.

    Raises:
        ArgumentError: there is no such dimension.

    Example:
        >>> autograd.argsort(autograd.tensor([3.0, 1.0, 2.0]))
        tensor([1, 2, 0])
    """
    input = as_handle(input, "argsort")
    return SORT.apply(input, normalize_dim("argsort", dim, input.ndim), bool(descending))[1]


@composite(
    formula="x_(1) <= x_(2) <= ... along the first dimension",
    samples=lambda rng: [Sample((distinct(rng, s),)) for s in ((3,), (3, 2), ())],
    reference=lambda x: np.sort(x, axis=0) if x.ndim else x,
)
def msort(input: Operand) -> Tensor:
    """The numbers along the first dimension in order: `sort(input, dim=0).values`.

    Example:
        >>> autograd.msort(autograd.tensor([3.0, 1.0, 2.0]))
        tensor([1., 2., 3.])
    """
    return SORT.apply(as_handle(input, "msort"), 0, False)[0]


def _rank_reference(largest: bool) -> Any:
    def reference(x: Any, k: int, dim: int = -1, *rest: Any) -> Any:
        order = np.argsort(-x if largest else x, axis=dim, kind="stable")
        if largest:
            order = np.take(order, range(k), axis=dim)
        else:
            order = np.take(order, k - 1, axis=dim)
            return np.take_along_axis(x, np.expand_dims(order, dim), dim).squeeze(dim), order
        return np.take_along_axis(x, order, dim), order

    return reference


def _whole(name: str, label: str, value: Any, low: int, high: int) -> int:
    if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or not low <= value <= high:
        raise ArgumentError(f"{name}: {label} is {value!r}; use a whole number from {low} to {high}")
    return int(value)


@composite(
    formula="the k largest x_i and their positions",
    samples=lambda rng: [
        Sample((distinct(rng, (5,)),), (2,)),
        Sample((distinct(rng, (3, 4)),), (2, 0)),
        Sample((distinct(rng, (3, 4)),), (4, 1, True, True)),
    ],
    reference=_rank_reference(True),
    error_samples=lambda rng: [Sample((distinct(rng, (3,)),), (4,), ArgumentError, "topk: k is 4")],
)
def topk(input: Operand, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> Extreme:
    """The k largest numbers along one dimension, in descending order, and where they are.

    Args:
        input: a Tensor of any shape. nan counts as larger than every number.
        k: how many.
        dim: the dimension to look along.
        largest: False for the k smallest, in ascending order.
        sorted: accepted; the results are always in order.

    Returns:
        `(values, indices)`, of size k along `dim`; of equal entries the first are taken, in their order.

    Raises:
        ArgumentError: there is no such dimension, or it has fewer than k entries.

    Example:
        >>> autograd.topk(autograd.tensor([3.0, 1.0, 2.0]), 2)
        Extreme(values=tensor([3., 2.]), indices=tensor([0, 2]))
    """
    input = as_handle(input, "topk")
    dim = normalize_dim("topk", dim, input.ndim)
    k = _whole("topk", "k", k, 0, input.shape[dim] if input.ndim else 1)
    values, indices = SORT.apply(input, dim, bool(largest))
    if input.ndim == 0:
        return Extreme(values, indices)
    return Extreme(op.narrow.apply(values, dim, 0, k), op.narrow.apply(indices, dim, 0, k).clone())


@composite(
    formula="x_(k) and its position",
    samples=lambda rng: [
        Sample((distinct(rng, (5,)),), (2,)),
        Sample((distinct(rng, (3, 4)),), (3, 0)),
        Sample((distinct(rng, (3, 4)),), (1, -1)),
    ],
    reference=_rank_reference(False),
    error_samples=lambda rng: [Sample((distinct(rng, (3,)),), (4,), ArgumentError, "kthvalue: k is 4")],
)
def kthvalue(input: Operand, k: int, dim: int = -1, keepdim: bool = False) -> Extreme:
    """The k-th smallest number along one dimension, and where it is.

    Args:
        input: a Tensor of any shape. nan counts as larger than every number.
        k: which one, from 1.
        dim: the dimension to look along.
        keepdim: keep the reduced dimension with size 1.

    Returns:
        `(values, indices)`; equal entries are counted in their order (a stable sort), and the one that is indexed
        gets the gradient.

    Raises:
        ArgumentError: there is no such dimension, or it has fewer than k entries.

    Example:
        >>> autograd.kthvalue(autograd.tensor([3.0, 1.0, 2.0]), 2)
        Extreme(values=tensor(2.), indices=tensor(2))
    """
    input = as_handle(input, "kthvalue")
    dim = normalize_dim("kthvalue", dim, input.ndim)
    k = _whole("kthvalue", "k", k, 1, input.shape[dim] if input.ndim else 1)
    values, indices = SORT.apply(input, dim, False)
    if input.ndim == 0:
        return Extreme(values, indices)
    values, indices = op.narrow.apply(values, dim, k - 1, k), op.narrow.apply(indices, dim, k - 1, k).clone()
    return Extreme(values, indices) if keepdim else Extreme(values.squeeze(dim), indices.squeeze(dim))


def _middle(name: str, whole: Any, along: Any, input: Any, dim: int | None, keepdim: bool) -> Any:
    input = as_handle(input, name)
    if input.dtype.kind == "b":
        raise DtypeError(f"{name}: x is bool, which has no middle; use numbers, as from x.float()")
    if dim is None:
        if input.numel() == 0 and input.dtype.kind != "f":
            raise ArgumentError(f"{name}: x {input.shape} is empty, and {input.dtype} has no nan; give it a number")
        return whole.apply(input, tuple(range(input.ndim)), keepdim)
    return Extreme(*along.apply(input, normalize_dim(name, dim, input.ndim), keepdim))


def median(input: Operand, dim: int | None = None, keepdim: bool = False) -> Tensor | Extreme:
    """The middle number of all, or along one dimension with its position; of two middle ones the lower.

    Without `dim`, entries that equal the median share the gradient evenly; with it, the entry whose index is returned
    gets all. Where there is a nan, the median is nan.

    Args:
        input: a Tensor of any shape; not bool.
        dim: a dimension, or None for the median of all.
        keepdim: keep the reduced dimension with size 1.

    Returns:
        A 0-d Tensor, or with `dim` a pair `(values, indices)`.

    Raises:
        ArgumentError: there is no such dimension.
        ShapeError: there is no number along it.
        DtypeError: bool.

    Example:
        >>> autograd.median(autograd.tensor([4.0, 1.0, 3.0, 2.0]))
        tensor(2.)
    """
    return _middle("median", MEDIAN_OF_ALL, MEDIAN, input, dim, keepdim)


def nanmedian(input: Operand, dim: int | None = None, keepdim: bool = False) -> Tensor | Extreme:
    """The middle one of the numbers that are not nan: of all, or along one dimension with its position.

    Without `dim`, entries that equal the median share the gradient evenly; with it, the entry whose index is returned
    gets all. Where everything is nan, so is the median.

    Args:
        input: a Tensor of any shape; not bool.
        dim: a dimension, or None for the median of all.
        keepdim: keep the reduced dimension with size 1.

    Returns:
        A 0-d Tensor, or with `dim` a pair `(values, indices)`.

    Raises:
        ArgumentError: there is no such dimension.
        ShapeError: there is no number along it.
        DtypeError: bool.

    Example:
        >>> autograd.nanmedian(autograd.tensor([1.0, float("nan"), 3.0]))
        tensor(1.)
    """
    return _middle("nanmedian", NANMEDIAN_OF_ALL, NANMEDIAN, input, dim, keepdim)


def mode(input: Operand, dim: int = -1, keepdim: bool = False) -> Extreme:
    """The most frequent number along one dimension, and where it stands last; of several the smallest.

    Args:
        input: a Tensor of any shape.
        dim: the dimension to look along.
        keepdim: keep the reduced dimension with size 1.

    Returns:
        `(values, indices)`; the entry that is indexed gets all of the gradient.

    Raises:
        ArgumentError: there is no such dimension.
        ShapeError: there is no number along it.

    Example:
        >>> autograd.mode(autograd.tensor([1.0, 2.0, 2.0, 3.0]))
        Extreme(values=tensor(2.), indices=tensor(2))
    """
    input = as_handle(input, "mode")
    return Extreme(*MODE.apply(input, normalize_dim("mode", dim, input.ndim), keepdim))
