"""Picking and writing along one dimension: gather, and the operations that take one index for a whole slice.

Their indices count a dimension as PyTorch's do: from 0, negative ones refused, except where a function says otherwise.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import dtypes
from ..composites import composite
from ..errors import DtypeError, IndexRangeError, ShapeError
from ..primitive import Sample, as_handle, define, op
from .dims import normalize_dim
from .families import values
from .index import INDEX, INDEX_PUT, ROWS, WHOLE, add_at, in_range, same_dtypes

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = [
    "gather",
    "index_add",
    "index_copy",
    "index_fill",
    "index_select",
    "put",
    "take",
    "take_along_dim",
]

Operand = Any
Shape = tuple[int, ...]


# --- one index for each number


def flat_places(index: np.ndarray, dim: int, shape: Shape) -> np.ndarray:
    """The places in a flattened array of `shape` of the entries (i, index[i, j], k): `dim` counted by `index`."""
    step = math.prod(shape[dim + 1 :])
    places = index.astype(dtypes.int64) * step if step != 1 else index.astype(dtypes.int64)
    step = 1
    for d in reversed(range(len(shape))):
        if d != dim and index.shape[d] > 1:
            places += (np.arange(index.shape[d]) * step).reshape((-1,) + (1,) * (len(shape) - d - 1))
        step *= shape[d]
    return places


def check_along(name: str, shape: Shape, index: Any, dim: int) -> None:
    """Refuse an index that does not fit along `dim`.

    Raises:
        DtypeError: the index does not hold integers.
        ShapeError: it has another number of dimensions, or is larger beside `dim`.
        IndexRangeError: an entry is out of range.
    """
    check_integers(name, index)
    if index.ndim != len(shape):
        raise ShapeError(
            f"{name}: index {index.shape} and x {shape} differ in the number of dimensions; make them equal"
        )
    if any(a > b for i, (a, b) in enumerate(zip(index.shape, shape, strict=True)) if i != dim):
        raise ShapeError(f"{name}: index {index.shape} is larger than x {shape} beside dimension {dim}; cut it")
    if index.size:
        low, high = index.min(), index.max()
        if low < 0 or high >= shape[dim]:
            raise IndexRangeError(
                f"{name}: index {low if low < 0 else high} is out of range for dimension {dim} of x {shape}; use 0 to "
                f"{shape[dim] - 1}"
            )


def check_integers(name: str, index: Any) -> None:
    """Refuse an index that does not hold integers.

    Raises:
        DtypeError: it holds others.
    """
    if index.dtype.kind not in "iu":
        raise DtypeError(f"{name}: index is {index.dtype}; use integers, as from index.long()")


def _gather(x: Any, index: Any, dim: int) -> Any:
    if not x.flags.c_contiguous and index.size * 4 < x.size:  # then a copy of x would cost more than it saves
        grid = list(np.ogrid[tuple([slice(size) for size in index.shape])])
        grid[dim] = index
        return x[tuple(grid)]
    return x.reshape(-1)[flat_places(index, dim, x.shape)]


CALLS: list[tuple[Shape, Any, int]] = [
    ((3, 4), [[0, 2, 1, 0], [2, 2, 0, 1]], 0),
    ((3, 4), [[3], [0], [0]], 1),
    ((2, 3, 4), [[[0, 0], [1, 1]], [[2, 0], [0, 2]]], 1),
    ((4,), [1, 1, 1], 0),
]

GATHER = define(
    "gather",
    forward=_gather,
    inputs=("x", "index"),
    attributes=("dim",),
    vjp={"x": lambda g, index, x_shape, dim: op.scatter_add(g, index, dim, x_shape)},
    infer=lambda x, index, dim: check_along("gather", x.shape, index, dim),
    samples=lambda rng: [Sample((values(rng, s), np.array(i)), (d,)) for s, i, d in CALLS],
    error_samples=lambda rng: [
        Sample((values(rng, (3, 4)), np.array([[4], [0], [0]])), (1,), IndexRangeError, "out of range")
    ],
    formula="x[i][index[i, j]]",
)
# --- one index for each slice

INDEX_SELECT = define(
    "index_select",
    forward=lambda x, index, dim: np.take(x, index, axis=dim),
    inputs=("x", "index"),
    attributes=("dim",),
    vjp={"x": lambda g, index, x_shape, dim: op.index_select_adjoint(g, index, dim, x_shape)},
    samples=lambda rng: [
        Sample((values(rng, (3, 4)), np.array([0, 2, 0])), (0,)),
        Sample((values(rng, (2, 3, 2)), np.array([1, 1, 1, 0])), (1,)),
        Sample((values(rng, (2, 3)), np.zeros(0, int)), (1,)),
    ],
    formula="x[:, index]",
)


def _add_slices(x: Any, index: Any, dim: int, shape: Shape) -> Any:
    moved = (shape[dim], *shape[:dim], *shape[dim + 1 :])
    out = np.zeros(moved, x.dtype)
    add_at(out, index, np.ascontiguousarray(np.moveaxis(x, dim, 0)))
    return np.ascontiguousarray(np.moveaxis(out, 0, dim))


INDEX_SELECT_ADJOINT = define(
    "index_select_adjoint",
    forward=_add_slices,
    inputs=("x", "index"),
    attributes=("dim", "shape"),
    vjp={"x": lambda g, index, dim: op.index_select(g, index, dim)},
    samples=lambda rng: [
        Sample((values(rng, (3, 4)), np.array([0, 2, 0])), (0, (3, 4))),
        Sample((values(rng, (2, 4, 2)), np.array([1, 1, 1, 0])), (1, (2, 3, 2))),
    ],
    formula="zeros, with x added at [:, index]",
)


# --- the public functions


def at_least_1d(*tensors: Any) -> list[Any]:
    """0-d tensors as tensors of one number."""
    return [t if t.ndim else op.reshape.apply(t, (1,)) for t in tensors]


def shaped(result: Any, shape: Shape) -> Any:
    """The result in a shape that may be 0-d."""
    return result if result.shape == shape else op.reshape.apply(result, shape)


def gather(input: Operand, dim: int, index: Operand) -> Tensor:
    """Pick along one dimension: `out[i][j] = input[index[i][j]][j]` for `dim=0`.

    Args:
        input: a Tensor.
        dim: the dimension to pick along.
        index: integers with as many dimensions as `input`, no larger beside `dim`.

    Raises:
        IndexRangeError: an index is out of range.
        ShapeError: the shapes do not fit.

    Example:
        >>> autograd.gather(autograd.tensor([[1.0, 2.0], [3.0, 4.0]]), 1, autograd.tensor([[0], [1]]))
        tensor([[1.],
                [4.]])
    """
    input, index = as_handle(input, "gather"), as_handle(index, "gather")
    dim = normalize_dim("gather", dim, input.ndim)
    x, places = at_least_1d(input, index)
    if index._array.size == 0:
        check_integers("gather", index)
        return op.reshape.apply(op.getitem.apply(x, (("slice", 0, 0, None),)), index.shape)
    return shaped(GATHER.apply(x, places, dim), index.shape)


def take_along_dim(input: Operand, indices: Operand, dim: int | None = None) -> Tensor:
    """Pick along one dimension with indices that broadcast against the others, as `np.take_along_axis`.

    Args:
        input: a Tensor.
        indices: integers with as many dimensions; negative ones count from the end.
        dim: the dimension to pick along; None for indices of any shape into the flattened input.

    Raises:
        IndexRangeError: an index is out of range.
        ShapeError: the shapes do not fit.

    Example:
        >>> x = autograd.tensor([[3.0, 1.0], [2.0, 4.0]])
        >>> autograd.take_along_dim(x, autograd.argmin(x, dim=1, keepdim=True), dim=1)
        tensor([[1.],
                [2.]])
    """
    input, indices = as_handle(input, "take_along_dim"), as_handle(indices, "take_along_dim")
    check_integers("take_along_dim", indices)
    if dim is None:
        input = op.reshape.apply(input, (input._array.size,))
        indices = op.reshape.apply(indices, (indices._array.size,))
        dim = 0
    dim = normalize_dim("take_along_dim", dim, input.ndim)
    if indices.ndim != input.ndim:
        raise ShapeError(
            f"take_along_dim: x {input.shape} and indices {indices.shape} differ in the number of dimensions; make "
            "them equal"
        )
    pairs = list(zip(indices.shape, input.shape, strict=True))
    if any(n != m and n != 1 and m != 1 for i, (n, m) in enumerate(pairs) if i != dim):
        raise ShapeError(
            f"take_along_dim: x {input.shape} and indices {indices.shape} do not broadcast beside dimension {dim}; "
            "make their sizes equal, or 1"
        )
    shape = tuple([n if i == dim else m if n == 1 else n for i, (n, m) in enumerate(pairs)])
    source = op.expand.apply(
        input, tuple([m if i == dim else n for i, (n, (_, m)) in enumerate(zip(shape, pairs, strict=True))])
    )
    index = in_range("take_along_dim", indices._array, dim, input.shape)
    return gather(source, dim, np.broadcast_to(index, shape))


def one_number(name: str, input: Any, value: Any) -> Any:
    """One number to write, in the dtype of `input`.

    Raises:
        ShapeError: there are several numbers.
        DtypeError: the dtype cannot hold it.
    """
    if isinstance(value, (bool, int, float)):
        try:
            return as_handle(np.asarray(value, dtype=input.dtype), name)
        except (OverflowError, ValueError):
            raise DtypeError(f"{name}: {value} does not fit x, {input.dtype}; convert x first") from None
    value = as_handle(value, name)
    if value.ndim:
        raise ShapeError(f"{name}: value {value.shape} is not one number; give a number or a 0-d tensor")
    return value if value.dtype == input.dtype else op.to_dtype.apply(value, input.dtype)


def _vector(name: str, index: Any, dim: int, shape: Shape, wrap: bool = False) -> np.ndarray:
    """The indices of slices, checked: a 1-d array of int64."""
    index = as_handle(index, name)
    check_integers(name, index)
    if index.ndim > 1:
        raise ShapeError(f"{name}: index {index.shape} is not 1-d; flatten it")
    return in_range(name, index._array.reshape(-1), dim, shape, wrap)


def index_select(input: Operand, dim: int, index: Operand) -> Tensor:
    """Pick slices: `out[:, j] = input[:, index[j]]` for `dim=1`.

    Args:
        input: a Tensor.
        dim: the dimension that `index` counts.
        index: integers, 1-d or 0-d; the result has their number as its size along `dim`.

    Raises:
        IndexRangeError: an index is out of range.
        ShapeError: the index has several dimensions.

    Example:
        >>> autograd.index_select(autograd.tensor([[1.0, 2.0], [3.0, 4.0]]), 1, autograd.tensor([1, 1]))
        tensor([[2., 2.],
                [4., 4.]])
    """
    input = as_handle(input, "index_select")
    dim = normalize_dim("index_select", dim, input.ndim)
    places = _vector("index_select", index, dim, input.shape)
    if input.ndim == 0 and places.size != 1:
        raise ShapeError(f"index_select: {places.size} indices into a 0-d x; give one")
    (x,) = at_least_1d(input)
    result = INDEX_SELECT.apply(x, places, dim)
    return result if input.ndim else op.reshape.apply(result, ())


def slices(name: str, input: Any, index: Any, dim: int, source: Any, wrap: bool = False) -> tuple[Any, Any, Any]:
    """The input, the indices and what is written at them, checked, none of them 0-d."""
    same_dtypes(name, input, source)
    places = _vector(name, index, dim, input.shape, wrap)
    x, written = at_least_1d(input, source)
    expected = (*x.shape[:dim], places.size, *x.shape[dim + 1 :])
    if written.shape != expected or (source.ndim != input.ndim and (source.ndim, input.ndim) not in ((0, 1), (1, 0))):
        raise ShapeError(
            f"{name}: source {source.shape} does not fit x {input.shape} and {places.size} indices along dimension "
            f"{dim}; make it {expected}"
        )
    return x, places, written


def _index_samples(rng: np.random.Generator) -> list[Sample]:
    cases: list[tuple[Shape, int, Any, Shape]] = [
        ((3, 4), 0, [0, 2, 0], (3, 4)),
        ((2, 3, 2), -2, [1, 1, 1, 0], (2, 4, 2)),
        ((3,), 0, [], (0,)),
        ((), 0, [0], ()),
    ]
    return [Sample((values(rng, s), d, np.array(i, dtype=int), values(rng, t))) for s, d, i, t in cases]


def _reference(write: Any) -> Any:
    """The reference of a function (input, dim, index, source): `write(out, k, slice)` for one index after the other."""

    def reference(input: Any, dim: int, index: Any, source: Any, **keywords: Any) -> Any:
        out = np.array(input).reshape(input.shape or (1,))
        rows, slices = np.moveaxis(out, dim, 0), np.moveaxis(np.reshape(source, np.shape(source) or (1,)), dim, 0)
        for k, written in zip(index, slices, strict=True):
            rows[k] = write(rows[k], written, **keywords)
        return out.reshape(input.shape)

    return reference


@composite(
    formula="x[:, index] + alpha source, elsewhere x",
    samples=lambda rng: [
        *_index_samples(rng),
        *[Sample(s.inputs, keywords={"alpha": -2}) for s in _index_samples(rng)],
    ],
    reference=_reference(lambda row, written, alpha=1: row + alpha * written),
    error_samples=lambda rng: [
        Sample((values(rng, (3,)), 0, np.array([3]), values(rng, (1,))), (), IndexRangeError, "out of range"),
        Sample((values(rng, (3, 2)), 0, np.array([0]), values(rng, (2,))), (), ShapeError, "does not fit"),
    ],
)
def index_add(input: Operand, dim: int, index: Operand, source: Operand, *, alpha: float = 1) -> Tensor:
    """Add slices: `out = input`, then `out[:, index[j]] += alpha * source[:, j]` for `dim=1`.

    Args:
        input: a Tensor, which is not changed.
        dim: the dimension that `index` counts.
        index: integers, 1-d; an index may stand many times.
        source: what is added, of the dtype of `input`, with one slice an index.
        alpha: a factor of what is added.

    Raises:
        IndexRangeError: an index is out of range.
        ShapeError: the shapes do not fit.
        DtypeError: the dtypes differ, or the indices are no integers.

    Example:
        >>> autograd.index_add(autograd.zeros(3), 0, autograd.tensor([0, 0]), autograd.tensor([1.0, 2.0]), alpha=2)
        tensor([6., 0., 0.])
    """
    input, source = as_handle(input, "index_add"), as_handle(source, "index_add")
    dim = normalize_dim("index_add", dim, input.ndim)
    x, places, written = slices("index_add", input, index, dim, source)
    if alpha != 1:
        written = op.mul.apply(written, one_number("index_add", input, alpha))
    added = INDEX_SELECT_ADJOINT.apply(written, places, dim, x.shape)
    return shaped(op.add.apply(x, added), input.shape)


def write_slices(x: Any, written: Any, places: np.ndarray, dim: int) -> Any:
    return INDEX_PUT.apply(x, written, places[None], (WHOLE,) * dim + ROWS, False)


@composite(
    formula="source at [:, index], elsewhere x",
    samples=_index_samples,
    reference=_reference(lambda row, written: written),
    error_samples=lambda rng: [
        Sample((values(rng, (3,)), 0, np.array([-1]), values(rng, (1,))), (), IndexRangeError, "out of range"),
        Sample((values(rng, (3, 2)), 0, np.array([0]), values(rng, (2,))), (), ShapeError, "does not fit"),
    ],
)
def index_copy(input: Operand, dim: int, index: Operand, source: Operand) -> Tensor:
    """Write slices: `out = input`, then `out[:, index[j]] = source[:, j]` for `dim=1`.

    Of an index that stands twice the last slice stays, and it alone has a gradient (PyTorch leaves that open).

    Args:
        input: a Tensor, which is not changed.
        dim: the dimension that `index` counts.
        index: integers, 1-d.
        source: what is written, of the dtype of `input`, with one slice an index.

    Raises:
        IndexRangeError: an index is out of range.
        ShapeError: the shapes do not fit.
        DtypeError: the dtypes differ, or the indices are no integers.

    Example:
        >>> autograd.index_copy(autograd.zeros(3), 0, autograd.tensor([2, 0]), autograd.tensor([1.0, 2.0]))
        tensor([2., 0., 1.])
    """
    input, source = as_handle(input, "index_copy"), as_handle(source, "index_copy")
    dim = normalize_dim("index_copy", dim, input.ndim)
    x, places, written = slices("index_copy", input, index, dim, source)
    return shaped(write_slices(x, written, places, dim), input.shape)


def _fill_reference(input: Any, dim: int, index: Any, value: Any) -> Any:
    out = np.array(input).reshape(input.shape or (1,))
    np.moveaxis(out, dim, 0)[index] = value
    return out.reshape(input.shape)


@composite(
    formula="value at [:, index], elsewhere x",
    samples=lambda rng: [
        Sample((values(rng, (3, 4)), 0, np.array([0, 2, 0]), 1.5)),
        Sample((values(rng, (2, 3)), 1, np.array([-1]), values(rng, ()))),
        Sample((values(rng, ()), 0, np.array([0]), values(rng, ()))),
        Sample((values(rng, (3,)), 0, np.zeros(0, int), 2.0)),
    ],
    reference=_fill_reference,
    error_samples=lambda rng: [
        Sample((values(rng, (3,)), 0, np.array([3]), 1.0), (), IndexRangeError, "out of range"),
        Sample((values(rng, (3,)), 0, np.array([1]), values(rng, (1,))), (), ShapeError, "not one number"),
    ],
)
def index_fill(input: Operand, dim: int, index: Operand, value: Any) -> Tensor:
    """Write one number into slices: `out = input`, then `out[:, index[j]] = value` for `dim=1`.

    Args:
        input: a Tensor, which is not changed.
        dim: the dimension that `index` counts.
        index: integers, 1-d; negative ones count from the end.
        value: a number or a 0-d tensor; converted to the dtype of `input`.

    Raises:
        IndexRangeError: an index is out of range.
        ShapeError: the value is not one number, or the index has several dimensions.

    Example:
        >>> autograd.index_fill(autograd.zeros(3), 0, autograd.tensor([0, 2]), 7)
        tensor([7., 0., 7.])
    """
    input = as_handle(input, "index_fill")
    dim = normalize_dim("index_fill", dim, input.ndim)
    places = _vector("index_fill", index, dim, input.shape, wrap=True)
    (x,) = at_least_1d(input)
    return shaped(write_slices(x, one_number("index_fill", input, value), places, dim), input.shape)


def _flat_index(name: str, input: Any, index: Any) -> np.ndarray:
    index = as_handle(index, name)
    check_integers(name, index)
    return in_range(name, index._array, 0, (input._array.size,))


@composite(
    formula="flat x[index]",
    samples=lambda rng: [
        Sample((values(rng, (2, 3)), np.array([[0, -1], [4, 4]]))),
        Sample((values(rng, ()), np.array(0))),
        Sample((values(rng, (3,)), np.zeros((0, 2), int))),
    ],
    reference=lambda input, index: np.asarray(np.take(input, index)),
    error_samples=lambda rng: [Sample((values(rng, (2, 3)), np.array([6])), (), IndexRangeError, "out of range")],
)
def take(input: Operand, index: Operand) -> Tensor:
    """The numbers of the flattened input at `index`, in the shape of `index`.

    Args:
        input: a Tensor.
        index: integers of any shape; negative ones count from the end.

    Raises:
        IndexRangeError: an index is out of range.
        DtypeError: the indices are no integers.

    Example:
        >>> autograd.take(autograd.tensor([[1.0, 2.0], [3.0, 4.0]]), autograd.tensor([0, 3]))
        tensor([1., 4.])
    """
    input = as_handle(input, "take")
    places = _flat_index("take", input, index)
    return INDEX.apply(op.reshape.apply(input, (input._array.size,)), places[None], ROWS)


def _put_reference(input: Any, index: Any, source: Any, accumulate: bool = False) -> Any:
    out = np.array(input).reshape(-1)
    for k, number in zip(np.ravel(index), np.ravel(source), strict=True):
        out[k] = number + (out[k] if accumulate else 0)
    return out.reshape(np.shape(input))


@composite(
    formula="flat x with source at [index]",
    samples=lambda rng: [
        Sample((values(rng, s), np.array(i, dtype=int), values(rng, t), a))
        for s, i, t in (((2, 3), [[0, -1], [4, 4]], (4,)), ((), 0, (1,)), ((3,), [], (0,)))
        for a in (False, True)
    ],
    reference=_put_reference,
    error_samples=lambda rng: [
        Sample((values(rng, (2, 3)), np.array([6]), values(rng, (1,))), (), IndexRangeError, "out of range"),
        Sample((values(rng, (2, 3)), np.array([1]), values(rng, (2,))), (), ShapeError, "make them equal"),
    ],
)
def put(input: Operand, index: Operand, source: Operand, accumulate: bool = False) -> Tensor:
    """A copy of `input` with `source` at the places `index` of the flattened input.

    Where a place stands twice the last number stays, and it alone has a gradient (PyTorch leaves that open).

    Args:
        input: a Tensor, which is not changed.
        index: integers of any shape; negative ones count from the end.
        source: as many numbers, of the dtype of `input`.
        accumulate: add to what is there.

    Raises:
        IndexRangeError: an index is out of range.
        ShapeError: there are more or fewer numbers than indices.
        DtypeError: the dtypes differ, or the indices are no integers.

    Example:
        >>> autograd.put(autograd.zeros(2, 2), autograd.tensor([1, 2]), autograd.tensor([5.0, 6.0]))
        tensor([[0., 5.],
                [6., 0.]])
    """
    input, source = as_handle(input, "put"), as_handle(source, "put")
    same_dtypes("put", input, source)
    places = _flat_index("put", input, index)
    if places.size != source._array.size:
        raise ShapeError(
            f"put: source {source.shape} has {source._array.size} numbers for {places.size} indices; make them equal"
        )
    flat = op.reshape.apply(input, (input._array.size,))
    written = op.reshape.apply(source, (source._array.size,))
    return op.reshape.apply(INDEX_PUT.apply(flat, written, places.reshape(1, -1), ROWS, accumulate), input.shape)
