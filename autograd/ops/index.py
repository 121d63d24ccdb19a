"""Reading and writing at indices, as `x[index]` and `x[index] = value` do.

An index is written as hashable data, its *pattern*: an integer, None, Ellipsis, `("slice", start, stop, step)`,
`("bool", b)` for a single bool, or `("array", k)` and `("mask", k)` for row k of an array of `indices`, which is an
input of the operation: index arrays are broadcast and stacked, and masks are turned into the positions where they hold
(so that no place stands twice in them).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import dtypes
from ..batching import UnreadableError, all_examples, is_batched, one_by_one
from ..deferred import Parts
from ..errors import ArgumentError, DtypeError, IndexRangeError, ShapeError
from ..primitive import Handle, Sample, as_handle, define, op
from .families import values

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["getitem", "index_put"]

Operand = Any
Pattern = tuple[Any, ...]
WHOLE = ("slice", None, None, None)


# --- indices as patterns


def decode(pattern: Pattern, indices: Any = None) -> tuple[Any, ...]:
    """The NumPy index that a pattern stands for."""
    index: list[Any] = []
    for item in pattern:
        if type(item) is not tuple:
            index.append(item)
        elif item[0] == "slice":
            index.append(slice(*item[1:]))
        else:
            index.append(item[1] if item[0] == "bool" else indices[item[1]])
    return tuple(index)


def encode(index: Any, shape: tuple[int, ...]) -> tuple[Pattern, np.ndarray | None]:
    """Write an index into an array of this shape as a pattern and its indices, None where it chooses a view.

    Raises:
        IndexRangeError: an index is out of range, or there are too many.
        ShapeError: a mask does not fit, or index arrays do not broadcast.
        DtypeError: an index is neither an integer, a slice, None, Ellipsis, nor an array of integers or bools.
        ArgumentError: there are two Ellipses, or the step of a slice is 0.
    """
    pattern: list[Any] = []
    arrays: list[np.ndarray] = []
    masks: dict[int, tuple[int, ...]] = {}  # the shape of each mask, by its place in the pattern
    for item in index if type(index) is tuple else (index,):
        if item is None or item is Ellipsis or type(item) is int:
            pattern.append(item)
        elif isinstance(item, slice):
            pattern.append(_slice(item))
        elif isinstance(item, np.integer):
            pattern.append(int(item))
        elif isinstance(item, (bool, np.bool_)):
            pattern.append(("bool", bool(item)))
        else:
            array = _index_array(item)
            if array.dtype.kind != "b":
                if array.ndim:
                    pattern.append(("array", len(arrays)))
                    arrays.append(array)
                else:
                    pattern.append(int(array))
            elif array.ndim:
                masks[len(pattern)] = array.shape
                places = array.nonzero()
                pattern += [("mask", len(arrays) + k) for k in range(len(places))]
                arrays += places
            else:
                pattern.append(("bool", bool(array)))
    used = _check_index(pattern, arrays, masks, shape)
    basic = not arrays and ("bool", True) not in pattern and ("bool", False) not in pattern
    if basic:
        return tuple(pattern), None
    if used == len(shape) and Ellipsis in pattern:
        pattern.remove(Ellipsis)  # it stands for nothing, but would part index arrays in NumPy
    return tuple(pattern), _stack(arrays, ("bool", False) in pattern)


def _slice(item: slice) -> Pattern:
    if item.start is None and item.stop is None and item.step is None:
        return WHOLE
    bounds = []
    for bound in (item.start, item.stop, item.step):
        try:
            bounds.append(bound if bound is None or type(bound) is int else int(bound.__index__()))
        except AttributeError:
            raise DtypeError(f"index: slice bound {bound!r} is not a whole number; use integers") from None
    if bounds[2] == 0:
        raise ArgumentError("index: a slice has step 0, with which it would not end; use another")
    return ("slice", *bounds)


def _index_array(item: Any) -> np.ndarray:
    array = np.asarray(item._array) if isinstance(item, Handle) else item
    if isinstance(array, (list, tuple, range)):
        try:
            array = np.asarray(_plain(array))
        except ValueError:
            raise ShapeError(f"index: the lists of {item!r:.40} differ in length; make them equally long") from None
        if array.size == 0:
            array = array.astype(dtypes.int64)
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "biu":
        found = array.dtype if isinstance(array, np.ndarray) else f"{item!r:.40}"
        raise DtypeError(f"index: {found} is no index; use integers, slices, None, ..., or arrays of integers or bools")
    return array


def _plain(data: Any) -> Any:
    if isinstance(data, Handle):
        return data._array
    return [_plain(item) for item in data] if isinstance(data, (list, tuple)) else data


def _check_index(
    pattern: list[Any], arrays: list[np.ndarray], masks: dict[int, tuple[int, ...]], shape: tuple[int, ...]
) -> int:
    """Check the index, bring its arrays into range, and count the dimensions that it speaks of."""
    used = len(pattern)
    for item in pattern:
        if item is None or item is Ellipsis or (type(item) is tuple and item[0] == "bool"):
            used -= 1
    if used > len(shape):
        raise IndexRangeError(f"index: {used} indices for x {shape}, which has {len(shape)} dimensions; use fewer")
    if pattern.count(Ellipsis) > 1:
        raise ArgumentError("index: '...' stands twice; use it once")
    dim = 0
    for place, item in enumerate(pattern):
        mask = masks.get(place) if masks else None
        if mask is not None and mask != shape[dim : dim + len(mask)]:
            raise ShapeError(
                f"index: a mask {mask} does not fit x {shape}, of which it covers {shape[dim : dim + len(mask)]}; "
                "make the shapes equal"
            )
        if item is Ellipsis:
            dim += len(shape) - used
        elif type(item) is int:
            if not -shape[dim] <= item < shape[dim]:
                raise _out_of_range("index", item, dim, shape)
            dim += 1
        elif item is not None and item[0] != "bool":
            if item[0] == "array":
                arrays[item[1]] = in_range("index", arrays[item[1]], dim, shape)
            dim += 1
    return used


def _out_of_range(name: str, index: int, dim: int, shape: tuple[int, ...], least: int | None = None) -> IndexRangeError:
    size = shape[dim] if shape else 1
    if size == 0:
        fix = "there is none to choose"
    else:
        fix = f"use {-size if least is None else least} to {size - 1}"
    return IndexRangeError(f"{name}: index {index} is out of range for dimension {dim} of x {shape}; {fix}")


def in_range(name: str, index: np.ndarray, dim: int, shape: tuple[int, ...], wrap: bool = True) -> np.ndarray:
    """A copy of integer indices into a dimension as int64, counted from the front; 0-d shapes count as (1,).

    Raises:
        IndexRangeError: one is out of range; without `wrap`, negative ones are.
    """
    size = shape[dim] if shape else 1
    index = index.astype(dtypes.int64)  # a copy: what is saved must not change with the user's array
    if index.size:
        low, high = int(index.min()), int(index.max())
        least = -size if wrap else 0
        if low < least or high >= size:
            raise _out_of_range(name, low if low < least else high, dim, shape, least)
        if low < 0:
            index[index < 0] += size
    return index


def _stack(arrays: list[np.ndarray], none: bool) -> np.ndarray:
    """The arrays in one; a single False, which chooses none, goes with them as an array of shape (0,)."""
    shapes = [array.shape for array in arrays] + [(0,)] * none
    try:
        np.broadcast_shapes(*shapes)
        if len(arrays) < 2:
            return arrays[0][None] if arrays else np.zeros((0, 0), dtypes.int64)
        return np.stack(np.broadcast_arrays(*arrays))
    except ValueError:
        listed = ", ".join(map(str, shapes))
        raise ShapeError(f"index: index arrays {listed} do not broadcast; make their shapes equal, or 1") from None


@functools.lru_cache(maxsize=1024)
def _stages(pattern: Pattern) -> tuple[Pattern, Pattern]:
    """A pattern as a basic one and one of arrays after it: PyTorch first takes integers, and then looks at arrays."""
    if int not in map(type, pattern) or not any(type(item) is tuple and item[0] != "slice" for item in pattern):
        return (), pattern
    basic = [WHOLE if type(item) is tuple and item[0] in ("array", "mask") else item for item in pattern]
    rest = [WHOLE if item is None or (type(item) is tuple and item[0] == "slice") else item for item in pattern]
    basic = [item for item in basic if type(item) is not tuple or item[0] != "bool"]
    if Ellipsis not in basic:
        basic.append(Ellipsis)  # so that NumPy makes a 0-d view of one number, and not a copy
    return tuple(basic), tuple([item for item in rest if type(item) is not int])


@functools.lru_cache(maxsize=1024)
def _basic(pattern: Pattern) -> tuple[Any, ...]:
    """The NumPy index of a pattern without arrays; here too the Ellipsis is for the view."""
    return decode(pattern) if Ellipsis in pattern else (*decode(pattern), Ellipsis)


def pick(x: Any, pattern: Pattern, indices: Any = None) -> Any:
    """What a pattern chooses of an array: a view if the pattern is basic."""
    if indices is None:
        return x[_basic(pattern)]
    basic, rest = _stages(pattern)
    return x[decode(rest, indices)] if not basic else x[decode(basic)][decode(rest, indices)]


def write(x: Any, value: Any, pattern: Pattern, indices: Any = None) -> None:
    """Write into what a pattern chooses of an array; where a place stands twice, the last value stays."""
    basic, rest = _stages(pattern)
    if basic:
        x = x[decode(basic)]
    x[decode(rest, indices)] = value


def add_at(total: np.ndarray, places: np.ndarray, values: np.ndarray) -> None:
    """Add `values` to the rows of the contiguous `total` at `places`, where a place may stand many times."""
    width = math.prod(total.shape[1:])
    places = places.reshape(-1)
    if not width or not places.size:
        return
    if total.dtype == np.float16:  # added up in float32
        wide = total.astype(np.float32)
        add_at(wide, places, values.astype(np.float32))
        total[...] = wide
        return
    flat, rows = total.reshape(-1), np.ascontiguousarray(values, total.dtype).reshape(-1, width)
    if width > 512:
        out = total.reshape(-1, width)
        for place, row in zip(places.tolist(), rows, strict=True):
            out[place] += row
        return
    # NumPy's add.at is quick for flat arrays of one dtype alone. Blocks, since the places of all numbers may be many.
    steps, block = np.arange(width), max(2**18 // width, 1)
    for start in range(0, places.size, block):
        some = places[start : start + block]
        flat_places = (some[:, None] * width + steps).reshape(-1) if width > 1 else some
        np.add.at(flat, flat_places, rows[start : start + block].reshape(-1))


def _add_into(total: np.ndarray, value: Any, pattern: Pattern, indices: Any) -> None:
    """Add to what a pattern chooses of a contiguous array, and again where a place stands again."""
    kinds = {item[0] for item in pattern if type(item) is tuple}
    if "array" not in kinds:
        write(total, pick(total, pattern, indices) + value, pattern, indices)
        return
    front = sum(type(item) is tuple and item[0] in ("array", "mask") for item in pattern)
    behind = pattern[front:]
    if indices.shape[0] == front and all(item == WHOLE or item is Ellipsis for item in behind):
        places = np.ravel_multi_index(tuple(indices), total.shape[:front]) if front > 1 else indices[0]
        rows = total.reshape(math.prod(total.shape[:front]), *total.shape[front:])
        chosen = places.shape + total.shape[front:]
    else:
        places = pick(np.arange(total.size).reshape(total.shape), pattern, indices)
        rows = total.reshape(-1)
        chosen = places.shape
    add_at(rows, places, value if np.shape(value) == chosen else np.broadcast_to(value, chosen))


# --- the records


def _put(x: Any, value: Any, indices: Any, pattern: Pattern, accumulate: bool) -> Any:
    out = np.array(x, order="C")
    if accumulate:
        _add_into(out, value, pattern, indices)
    else:
        write(out, value, pattern, indices)
    return out


def _adjoint(x: Any, indices: Any, shape: tuple[int, ...], pattern: Pattern) -> Any:
    out = np.zeros(shape, x.dtype)
    if any(type(item) is tuple and item[0] == "array" for item in pattern):
        _add_into(out, x, pattern, indices)
    else:
        write(out, x, pattern, indices)
    return out


def _last(indices: Any, shape: tuple[int, ...], pattern: Pattern) -> Any:
    places = pick(np.arange(math.prod(shape)).reshape(shape), pattern, indices)
    order = np.arange(places.size).reshape(places.shape)
    slots = np.empty(math.prod(shape), dtypes.int64)
    slots[places.reshape(-1)] = order.reshape(-1)
    return slots[places] == order


def _value_rule(
    g: Any, indices: Any, value_shape: tuple[int, ...], x_shape: tuple[int, ...], pattern: Pattern, accumulate: bool
) -> Any:
    """What was written gets the gradient of its place; what was written over gets none."""
    if indices is None:
        return op.sum_to(op.getitem(g, pattern), value_shape)
    chosen = op.index(g, indices, pattern)
    if not accumulate and any(type(item) is tuple and item[0] == "array" for item in pattern):
        chosen = op.where(op.last_written(indices, x_shape, pattern), chosen, 0)
    return op.sum_to(chosen, value_shape)


def _part_rule(g: Any, x_shape: tuple[int, ...], pattern: Pattern) -> Any:
    return Parts(g, x_shape, _basic(pattern)) if type(g) is np.ndarray else op.getitem_adjoint(g, x_shape, pattern)


def _slice_samples(rng: np.random.Generator) -> list[Sample]:
    patterns: list[Pattern] = [
        (1,),
        (1, 2),
        (("slice", 1, None, None), Ellipsis),
        (Ellipsis, 0),
        (("slice", None, None, -2), None, ("slice", 0, 2, 1)),
    ]
    return [Sample((values(rng, (3, 4)),), (p,)) for p in patterns]


ROWS: Pattern = (("array", 0),)
_CALLS: list[tuple[tuple[int, ...], Any, Pattern]] = [
    ((3, 4), [[0, 2, 0]], ROWS),
    ((3, 4), [[[0, 0], [2, 2]], [[1, 1], [1, 3]]], (("array", 0), ("array", 1))),
    ((2, 3, 4), [[1, 1]], (WHOLE, ("array", 0), 2)),
    ((2, 3, 4), [[1, 1, 3]], (0, WHOLE, ("array", 0))),
    ((2, 3, 4), [[1, 0], [3, 0]], (("array", 0), None, ("slice", 0, 2, None), ("array", 1))),
    ((2, 3), [[0, 1, 1], [0, 0, 2]], (("mask", 0), ("mask", 1))),
    ((2, 3), np.zeros((1, 0), int), ROWS),
    ((3, 4), np.zeros((0, 0), int), (("bool", True), 0)),
    ((3,), np.zeros((0, 0), int), (("bool", False),)),
]


def _chosen(shape: tuple[int, ...], indices: Any, pattern: Pattern) -> tuple[int, ...]:
    return pick(np.empty(shape), pattern, np.asarray(indices)).shape


GETITEM = define(
    "getitem",
    forward=pick,
    inputs=("x",),
    attributes=("pattern",),
    vjp={"x": _part_rule},
    views=True,
    samples=_slice_samples,
    label="[ ]",
    formula="x[i, j:k, ...]",
)
GETITEM_ADJOINT = define(
    "getitem_adjoint",
    forward=lambda x, shape, pattern: _adjoint(x, None, shape, pattern),
    inputs=("x",),
    attributes=("shape", "pattern"),
    vjp={"x": lambda g, pattern: op.getitem(g, pattern)},
    samples=lambda rng: [
        Sample((values(rng, (4,)),), ((3, 4), (1,))),
        Sample((values(rng, (3, 1)),), ((3, 2), (("slice", None, None, -1), ("slice", 1, None, None)))),
    ],
    formula="zeros with x at [i, j:k, ...]",
)
INDEX = define(
    "index",
    forward=lambda x, indices, pattern: pick(x, pattern, indices),
    inputs=("x", "indices"),
    attributes=("pattern",),
    vjp={"x": lambda g, indices, x_shape, pattern: op.index_adjoint(g, indices, x_shape, pattern)},
    samples=lambda rng: [Sample((values(rng, s), np.asarray(i)), (p,)) for s, i, p in _CALLS],
    label="[ ]",
    formula="x[indices]",
)
INDEX_ADJOINT = define(
    "index_adjoint",
    forward=_adjoint,
    inputs=("x", "indices"),
    attributes=("shape", "pattern"),
    vjp={"x": lambda g, indices, pattern: op.index(g, indices, pattern)},
    samples=lambda rng: [Sample((values(rng, _chosen(s, i, p)), np.asarray(i)), (s, p)) for s, i, p in _CALLS],
    formula="zeros, with x added at [indices]",
)
INDEX_PUT = define(
    "index_put",
    forward=_put,
    inputs=("x", "value", "indices"),
    attributes=("pattern", "accumulate"),
    vjp={
        "x": lambda g, indices, pattern, accumulate: g if accumulate else op.index_put(g, 0, indices, pattern, False),
        "value": _value_rule,
    },
    samples=lambda rng: [
        *[
            Sample((values(rng, s), values(rng, _chosen(s, i, p)), np.asarray(i)), (p, a))
            for s, i, p in _CALLS
            for a in (False, True)
        ],
        Sample((values(rng, (3, 4)), values(rng, (1,)), np.array([[0, 2, 0]])), (ROWS, False)),
        Sample((values(rng, (3, 4)), values(rng, (4,)), np.array([[0, 2, 0]])), (ROWS, True)),
        Sample((values(rng, (3, 4)), values(rng, (3, 1)), None), ((Ellipsis, ("slice", None, None, 2)), False)),
        Sample((values(rng, (3, 4)), values(rng, ()), None), ((1,), True)),
    ],
    label="[ ] =",
    formula="x with value at [indices]",
)
LAST_WRITTEN = define(
    "last_written",
    forward=_last,
    inputs=("indices",),
    attributes=("shape", "pattern"),
    samples=lambda rng: [Sample((np.asarray(i),), (s, p)) for s, i, p in _CALLS],
    formula="whether what is written at [indices] is not written over",
)


# --- the public functions


def getitem(input: Operand, index: Any) -> Tensor:
    """What `input[index]` gives: a view for integers, slices, None and Ellipsis, else a copy of what is chosen.

    As in NumPy and PyTorch, with their exceptions: like NumPy's, steps of slices may be negative, and unsigned bytes
    are positions (PyTorch reads them as masks); like PyTorch's, integers beside index arrays are taken first, so that
    `x[0, :, [1, 2]]` has the dimension of the slice before that of the list (NumPy puts it last).

    Args:
        input: a Tensor.
        index: integers, slices, None, Ellipsis, bools, arrays or lists or Tensors of integers or bools, or a tuple of
            these. Masks have the shape of the dimensions that they stand for.

    Raises:
        IndexRangeError: an index is out of range, or there are more than dimensions; it is an IndexError too.
        ShapeError: a mask does not fit, or index arrays do not broadcast.
        DtypeError: something is no index.

    Example:
        >>> x = autograd.arange(6).reshape(2, 3)
        >>> x[:, [0, 2]]
        tensor([[0, 2],
                [3, 5]])
    """
    input = as_handle(input, "index")
    if type(index) is int:
        shape = input._array.shape
        if shape and -shape[0] <= index < shape[0]:
            return GETITEM.apply(input, (index,))
    try:
        pattern, indices = encode(index, input.shape)
    except UnreadableError:
        return _getitem_mapped(input, index)
    return GETITEM.apply(input, pattern) if indices is None else INDEX.apply(input, indices, pattern)


def _getitem_mapped(input: Any, index: Any) -> Any:
    """`input[index]` inside vmap, where examples have indices of their own; masks go one example after the other."""
    items = index if type(index) is tuple else (index,)
    own = [item for item in items if is_batched(item)]
    if not own or any(item.dtype.kind != "i" for item in own):
        return one_by_one(getitem, (input, index), {})
    stand_ins = tuple([np.zeros(item.shape or (1,), dtypes.int64) if is_batched(item) else item for item in items])
    pattern, indices = encode(stand_ins, input.shape)
    assert indices is not None
    single = [is_batched(item) and not item.shape for item in items]
    if any(single) and len(indices) > sum(single):  # integers are taken before arrays are looked at
        whole = [(item,) if alone else _whole(item) for item, alone in zip(items, single, strict=True)]
        taken = getitem(input, tuple([part for parts in whole for part in parts]))
        return getitem(taken, tuple([item for item, alone in zip(items, single, strict=True) if not alone]))
    rows: list[Any] = [row.reshape(()) for row in indices] if any(single) else list(indices)
    free = sum(item is None or item is Ellipsis or (type(item) is tuple and item[0] == "bool") for item in pattern)
    row = dim = 0
    for item in items:
        if is_batched(item):
            rows[row] = op.expand.apply(_in_range_mapped(item, dim, input.shape), rows[row].shape)
            row, dim = row + 1, dim + 1
        elif item is Ellipsis:
            dim += len(input.shape) - (len(pattern) - free)
        else:
            count = len(_whole(item))
            row, dim = row + (count if _is_array(item) else 0), dim + count
    return INDEX.apply(input, op.stack.apply(tuple(rows), 0), pattern)


def _is_array(item: Any) -> bool:
    if item is None or isinstance(item, (int, slice, np.integer, np.bool_)):
        return False
    return _index_array(item).ndim > 0


def _whole(item: Any) -> tuple[Any, ...]:
    """What chooses everything of the dimensions that an item of an index stands for."""
    if item is None or isinstance(item, (bool, np.bool_)):
        return ()
    if item is Ellipsis:
        return (Ellipsis,)
    if isinstance(item, (int, slice, np.integer)) or is_batched(item):
        return (slice(None),)
    array = _index_array(item)
    return (slice(None),) * (array.ndim if array.dtype.kind == "b" else 1)


def _in_range_mapped(index: Any, dim: int, shape: tuple[int, ...]) -> Any:
    """`in_range` for indices of which each example has its own."""
    numbers = all_examples(index)
    in_range("index", numbers, dim, shape)
    index = op.to_dtype.apply(index, dtypes.int64)
    return op.where.apply(op.lt.apply(index, 0), op.add.apply(index, shape[dim]), index)


def assign(input: Operand, index: Any, value: Operand, accumulate: bool = False, name: str = "index_put") -> Tensor:
    """A copy of `input` after `input[index] = value`, joined to both in the graph; errors call it `name`.

    Raises:
        ShapeError: the value does not broadcast to what is chosen.
    """
    input, value = as_handle(input, name), as_handle(value, name)
    pattern, indices = encode(index, input.shape)
    chosen = pick(np.broadcast_to(0, input.shape), pattern, indices).shape
    if value.ndim > len(chosen) and math.prod(value.shape[: value.ndim - len(chosen)]) == 1:
        value = op.reshape.apply(value, value.shape[value.ndim - len(chosen) :])
    fits = len(value.shape) <= len(chosen) and all(
        a in (1, b) for a, b in zip(reversed(value.shape), reversed(chosen), strict=False)
    )
    if not fits:
        raise ShapeError(
            f"{name}: a value {value.shape} does not broadcast to the {chosen} numbers chosen from x {input.shape}; "
            "make the shapes equal"
        )
    if value.dtype != input.dtype:
        value = op.to_dtype.apply(value, input.dtype)
    return INDEX_PUT.apply(input, value, indices, pattern, accumulate)


def index_put(input: Operand, indices: Sequence[Any], values: Operand, accumulate: bool = False) -> Tensor:
    """A copy of `input` with `values` at `input[indices]`.

    Where a place stands twice in `indices` the last value stays, and it alone has a gradient (PyTorch leaves that
    open); with `accumulate` all are added.

    Args:
        input: a Tensor, which is not changed.
        indices: a tuple of index arrays and masks, as in `input[indices]`.
        values: what is written, of the dtype of `input`; broadcast to what is chosen.
        accumulate: add to what is there.

    Raises:
        DtypeError: the dtypes differ, or something is no index.
        IndexRangeError: an index is out of range.
        ShapeError: the values do not broadcast to what is chosen.

    Example:
        >>> autograd.index_put(autograd.zeros(3), (autograd.tensor([0, 2]),), autograd.tensor([1.0, 2.0]))
        tensor([1., 0., 2.])
    """
    input, value = as_handle(input, "index_put"), as_handle(values, "index_put")
    if not isinstance(indices, (tuple, list)):
        raise DtypeError(f"index_put: indices are {type(indices).__name__}; give a tuple of arrays, as (index,)")
    same_dtypes("index_put", input, value)
    return assign(input, tuple(indices), value, accumulate)


def same_dtypes(name: str, input: Any, value: Any) -> None:
    """Refuse what is written in another dtype.

    Raises:
        DtypeError: the dtypes differ.
    """
    if input.dtype != value.dtype:
        raise DtypeError(f"{name}: x is {input.dtype} and what is written is {value.dtype}; convert it to x.dtype")
