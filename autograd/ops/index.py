"""Reading and adding at indices: NumPy's indexing, gather and scatter.

An index is written as hashable data, its *pattern*: an integer, None, Ellipsis, `("slice", start, stop, step)`, or
`("array", k)` for the k-th index array, which is an input of the operation.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import dtypes
from ..errors import ArgumentError, DtypeError, ShapeError
from ..primitive import Handle, Sample, as_handle, define, op
from .dims import normalize_dim
from .families import values

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["gather", "getitem", "scatter_add", "take_along_dim"]

Operand = Any
Pattern = tuple[Any, ...]


def decode(pattern: Pattern, arrays: Sequence[np.ndarray] = ()) -> tuple[Any, ...]:
    """The NumPy index that a pattern stands for."""
    index: list[Any] = []
    for item in pattern:
        if type(item) is tuple:
            index.append(arrays[item[1]] if item[0] == "array" else slice(*item[1:]))
        else:
            index.append(item)
    return tuple(index)


def encode(index: Any, shape: tuple[int, ...]) -> tuple[Pattern, list[Any]]:
    """Write an index as a pattern and its arrays; masks become the positions where they hold.

    Raises:
        ArgumentError: an index is out of range, or there are too many.
        DtypeError: an index is neither an integer, a slice, None, Ellipsis, nor an array of integers or bools.
    """
    items = index if type(index) is tuple else (index,)
    pattern: list[Any] = []
    arrays: list[Any] = []
    masks: dict[int, tuple[int, ...]] = {}  # the shape of each mask, by its place in the pattern
    for item in items:
        if item is None or item is Ellipsis or type(item) is int:
            pattern.append(item)
        elif isinstance(item, slice):
            bounds = [None if b is None else _whole(b) for b in (item.start, item.stop, item.step)]
            pattern.append(("slice", *bounds))
        elif isinstance(item, np.integer):
            pattern.append(int(item))
        else:
            if _is_mask(item):
                masks[len(pattern)] = np.shape(item._array if isinstance(item, Handle) else item)
            for part in _index_arrays(item):
                pattern.append(("array", len(arrays)))
                arrays.append(part)
    _check_index(pattern, arrays, masks, shape)
    return tuple(pattern), arrays


def _whole(bound: Any) -> int:
    try:
        return bound.__index__()
    except AttributeError:
        raise DtypeError(f"index: slice bound {bound!r} is not a whole number; use integers") from None


def _is_mask(item: Any) -> bool:
    array = item._array if isinstance(item, Handle) else np.asarray(item)
    return array.dtype.kind == "b"


def _index_arrays(item: Any) -> list[np.ndarray]:
    array = item._array if isinstance(item, Handle) else item
    if isinstance(array, (list, range)):
        array = np.asarray(array, dtype=None if len(array) else dtypes.int64)
    if isinstance(array, (bool, np.bool_)):
        array = np.asarray(array)
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "biu":
        found = array.dtype if isinstance(array, np.ndarray) else f"{item!r:.40}"
        raise DtypeError(f"index: {found} is no index; use integers, slices, None, ..., or arrays of integers or bools")
    if array.dtype.kind != "b":
        return [array.astype(dtypes.int64)]  # a copy: what is saved must not change with the user's array
    if array.ndim == 0:
        raise DtypeError("index: a single bool is not supported as an index; use x[None] or an empty slice")
    return list(array.nonzero())


def _check_index(
    pattern: list[Any], arrays: list[np.ndarray], masks: dict[int, tuple[int, ...]], shape: tuple[int, ...]
) -> None:
    used = sum(item is not None and item is not Ellipsis for item in pattern)
    if used > len(shape):
        raise ArgumentError(f"index: {used} indices for x {shape}, which has {len(shape)} dimensions; use fewer")
    if sum(item is Ellipsis for item in pattern) > 1:
        raise ArgumentError("index: '...' stands twice; use it once")
    try:
        np.broadcast_shapes(*[array.shape for array in arrays])
    except ValueError:
        listed = ", ".join(str(array.shape) for array in arrays)
        raise ShapeError(f"index: index arrays {listed} do not broadcast; make their shapes equal, or 1") from None
    dim = 0
    for place, item in enumerate(pattern):
        mask = masks.get(place)
        if mask is not None and mask != shape[dim : dim + len(mask)]:
            raise ShapeError(
                f"index: a mask {mask} does not fit x {shape}, of which it covers {shape[dim : dim + len(mask)]}; "
                "make the shapes equal"
            )
        if item is Ellipsis:
            dim += len(shape) - used
            continue
        if item is None:
            continue
        size = shape[dim]
        if type(item) is int:
            low = high = item
        elif item[0] == "array" and arrays[item[1]].size:
            low, high = int(arrays[item[1]].min()), int(arrays[item[1]].max())
        else:
            low = high = 0
            if item[0] == "slice" or not arrays[item[1]].size:
                dim += 1
                continue
        if low < -size or high >= size:
            wrong = low if low < -size else high
            raise ArgumentError(
                f"index: {wrong} is out of range for dimension {dim} of x {shape}; use {-size} to {size - 1}"
            )
        dim += 1


# --- NumPy's indexing


def _add_at(shape: tuple[int, ...], index: Any, g: Any) -> Any:
    out = np.zeros(shape, g.dtype)
    np.add.at(out, index, g)
    return out


def _put(g: Any, shape: tuple[int, ...], pattern: Pattern) -> Any:
    out = np.zeros(shape, g.dtype)
    out[decode(pattern)] = g
    return out


def _slice(x: np.ndarray, pattern: Pattern) -> np.ndarray:
    # With '...' a single number comes out as a view of one, too.
    return x[decode(pattern) if Ellipsis in pattern else (*decode(pattern), Ellipsis)]


def _slice_samples(rng: np.random.Generator) -> list[Sample]:
    patterns: list[Pattern] = [
        (1,),
        (("slice", 1, None, None), Ellipsis),
        (Ellipsis, 0),
        (("slice", None, None, -2), None, ("slice", 0, 2, 1)),
    ]
    return [Sample((values(rng, (3, 4)),), (p,)) for p in patterns]


GETITEM = define(
    "getitem",
    forward=_slice,
    inputs=("x",),
    attributes=("pattern",),
    vjp={"x": lambda g, x_shape, pattern: op.getitem_adjoint(g, x_shape, pattern)},
    views=True,
    samples=_slice_samples,
    label="[ ]",
    formula="x[i, j:k, ...]",
)
GETITEM_ADJOINT = define(
    "getitem_adjoint",
    forward=_put,
    inputs=("x",),
    attributes=("shape", "pattern"),
    vjp={"x": lambda g, pattern: op.getitem(g, pattern)},
    samples=lambda rng: [Sample((values(rng, (4,)),), ((3, 4), (1,)))],
    formula="zeros with x at [i, j:k, ...]",
)
INDEX = define(
    "index",
    forward=lambda operands, pattern: operands[0][decode(pattern, operands[1:])],
    inputs=("*operands",),
    attributes=("pattern",),
    vjp=lambda needs, g, operands, operands_shapes, pattern: [
        op.index_adjoint((g, *operands[1:]), operands_shapes[0], pattern),
        *[None] * (len(operands) - 1),
    ],
    samples=lambda rng: [
        Sample(((values(rng, (3, 4)), np.array([0, 2, 0])),), ((("array", 0),),)),
        Sample(((values(rng, (3, 4)), np.array([[0], [2]]), np.array([1, 1])),), ((("array", 0), ("array", 1)),)),
        Sample(((values(rng, (2, 3, 4)), np.array([1, 1])),), ((("slice", None, None, None), ("array", 0), 2),)),
    ],
    label="[ ]",
    formula="x[indices]",
)
INDEX_ADJOINT = define(
    "index_adjoint",
    forward=lambda operands, shape, pattern: _add_at(shape, decode(pattern, operands[1:]), operands[0]),
    inputs=("*operands",),
    attributes=("shape", "pattern"),
    vjp=lambda needs, g, operands, pattern: [
        op.index((g, *operands[1:]), pattern),
        *[None] * (len(operands) - 1),
    ],
    samples=lambda rng: [Sample(((values(rng, (3, 4)), np.array([0, 2, 0])),), ((3, 4), (("array", 0),)))],
    formula="zeros, with x added at [indices]",
)


# --- gather and scatter


def _grid(index: np.ndarray, dim: int) -> tuple[Any, ...]:
    """The full index whose entry along `dim` is `index` and elsewhere the place itself."""
    grid = list(np.ogrid[tuple([slice(size) for size in index.shape])]) if index.ndim else []
    if index.ndim:
        grid[dim] = index
    return tuple(grid)


def _gather_infer(x: Any, index: Any, dim: int) -> None:
    _check_along("gather", x.shape, index, dim)


def _check_along(name: str, shape: tuple[int, ...], index: Any, dim: int) -> None:
    if index.dtype.kind not in "iu":
        raise DtypeError(f"{name}: index is {index.dtype}; use integers, as from index.long()")
    if index.ndim != len(shape):
        raise ShapeError(f"{name}: index {index.shape} and x {shape} differ in the number of dimensions")
    if any(a > b for i, (a, b) in enumerate(zip(index.shape, shape, strict=True)) if i != dim):
        raise ShapeError(f"{name}: index {index.shape} is larger than x {shape} beside dimension {dim}")
    if index.size and len(shape) and (index.min() < 0 or index.max() >= shape[dim]):
        wrong = index.min() if index.min() < 0 else index.max()
        raise ArgumentError(
            f"{name}: index {wrong} is out of range for dimension {dim} of x {shape}; use 0 to {shape[dim] - 1}"
        )


GATHER = define(
    "gather",
    forward=lambda x, index, dim: x[_grid(index, dim)],
    inputs=("x", "index"),
    attributes=("dim",),
    vjp={"x": lambda g, index, x_shape, dim: op.scatter_add(g, index, dim, x_shape)},
    infer=_gather_infer,
    samples=lambda rng: [
        Sample((values(rng, (3, 4)), np.array([[0, 2, 1, 0], [2, 2, 0, 1]])), (0,)),
        Sample((values(rng, (3, 4)), np.array([[3], [0], [0]])), (1,)),
    ],
    error_samples=lambda rng: [
        Sample((values(rng, (3, 4)), np.array([[4], [0], [0]])), (1,), ArgumentError, "out of range")
    ],
    formula="x[i][index[i, j]]",
)
SCATTER_ADD = define(
    "scatter_add",
    forward=lambda x, index, dim, shape: _add_at(shape, _grid(index, dim), x),
    inputs=("x", "index"),
    attributes=("dim", "shape"),
    vjp={"x": lambda g, index, dim: op.gather(g, index, dim)},
    infer=lambda x, index, dim, shape: _check_along("scatter_add", shape, index, dim),
    samples=lambda rng: [Sample((values(rng, (2, 3)), np.array([[0, 0, 4], [1, 1, 1]])), (1, (2, 5)))],
    formula="zeros, with x added at index",
)


# --- the public functions


def getitem(input: Operand, index: Any) -> Tensor:
    """What NumPy's `input[index]` gives: a view for integers and slices, a copy for arrays of indices and masks.

    Raises:
        ArgumentError: an index is out of range.
        DtypeError: something is no index.

    Example:
        >>> x = autograd.arange(6).reshape(2, 3)
        >>> x[:, [0, 2]]
        tensor([[0, 2],
                [3, 5]])
    """
    input = as_handle(input, "index")
    pattern, arrays = encode(index, input.shape)
    if arrays:
        return INDEX.apply((input, *arrays), pattern)
    return GETITEM.apply(input, pattern)


def gather(input: Operand, dim: int, index: Operand) -> Tensor:
    """Pick along one dimension: `out[i][j] = input[index[i][j]][j]` for `dim=0`.

    Args:
        input: a Tensor.
        dim: the dimension to pick along.
        index: integers with as many dimensions as `input`, no larger beside `dim`.

    Raises:
        ArgumentError: an index is out of range.
        ShapeError: the shapes do not fit.

    Example:
        >>> autograd.gather(autograd.tensor([[1.0, 2.0], [3.0, 4.0]]), 1, autograd.tensor([[0], [1]]))
        tensor([[1.],
                [4.]])
    """
    input = as_handle(input, "gather")
    return GATHER.apply(input, index, normalize_dim("gather", dim, input.ndim))


def scatter_add(input: Operand, dim: int, index: Operand, src: Operand) -> Tensor:
    """Add along one dimension: `out = input`, then `out[index[i][j]][j] += src[i][j]` for `dim=0`.

    Args:
        input: a Tensor, which is not changed.
        dim: the dimension that `index` counts.
        index: integers of the shape of `src`.
        src: what is added.

    Example:
        >>> autograd.scatter_add(autograd.zeros(3), 0, autograd.tensor([0, 0, 2]), autograd.tensor([1.0, 2.0, 3.0]))
        tensor([3., 0., 3.])
    """
    input, src, index = (as_handle(t, "scatter_add") for t in (input, src, index))
    dim = normalize_dim("scatter_add", dim, input.ndim)
    if src.shape != index.shape:
        raise ShapeError(f"scatter_add: index {index.shape} and src {src.shape} differ; make them equal")
    return op.add.apply(input, SCATTER_ADD.apply(src, index, dim, input.shape))


def take_along_dim(input: Operand, indices: Operand, dim: int) -> Tensor:
    """Pick along one dimension with indices that broadcast against the others, as `np.take_along_axis`.

    Example:
        >>> x = autograd.tensor([[3.0, 1.0], [2.0, 4.0]])
        >>> autograd.take_along_dim(x, autograd.argmin(x, dim=1, keepdim=True), dim=1)
        tensor([[1.],
                [2.]])
    """
    input, indices = as_handle(input, "take_along_dim"), as_handle(indices, "take_along_dim")
    dim = normalize_dim("take_along_dim", dim, input.ndim)
    if indices.ndim != input.ndim:
        raise ShapeError(f"take_along_dim: x {input.shape} and indices {indices.shape} differ in dimensions")
    shape = tuple(
        [n if i == dim else max(n, m) for i, (n, m) in enumerate(zip(indices.shape, input.shape, strict=True))]
    )
    source = op.expand.apply(
        input, tuple([m if i == dim else n for i, (n, m) in enumerate(zip(shape, input.shape, strict=True))])
    )
    return GATHER.apply(source, op.expand.apply(indices, shape), dim)
