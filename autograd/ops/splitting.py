"""Cutting tensors into pieces, and picking one slice: views all of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..composites import composite
from ..deferred import Parts
from ..errors import ArgumentError, DtypeError, ShapeError
from ..primitive import Handle, Sample, as_handle, define, op
from .dims import normalize_dim, sequence, whole_number
from .families import values

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = [
    "chunk",
    "dsplit",
    "hsplit",
    "narrow",
    "select",
    "split",
    "split_with_sizes",
    "tensor_split",
    "unbind",
    "unsafe_chunk",
    "unsafe_split",
    "unsafe_split_with_sizes",
    "vsplit",
]

Operand = Any


def _narrow(x: Any, dim: int, start: int, stop: int) -> Any:
    return x[(slice(None),) * dim + (slice(start, stop),)]


def _narrow_rule(g: Any, x_shape: tuple[int, ...], dim: int, start: int, stop: int) -> Any:
    if type(g) is np.ndarray:
        return Parts(g, x_shape, (slice(None),) * dim + (slice(start, stop),))
    around = ((0, 0),) * dim, (start, x_shape[dim] - stop), ((0, 0),) * (len(x_shape) - dim - 1)
    return op.pad(g, (*around[0], around[1], *around[2]), 0)


NARROW = define(
    "narrow",
    forward=_narrow,
    inputs=("x",),
    attributes=("dim", "start", "stop"),
    vjp={"x": _narrow_rule},
    views=True,
    samples=lambda rng: [Sample((values(rng, (2, 5)),), a) for a in ((1, 1, 4), (0, 0, 1))],
    formula="x[start:stop] along a dimension",
)


def _with_dimensions(name: str, input: Operand, at_least: int = 1) -> Any:
    x = as_handle(input, name)
    if x.ndim < at_least:
        raise ShapeError(f"{name}: x {x.shape} has {x.ndim} dimensions; give it at least {at_least}")
    return x


def _whole(name: str, what: str, number: Any) -> int:
    if isinstance(number, Handle) and number.ndim == 0 and number.dtype.kind in "iu":
        number = number._array.item()
    if not isinstance(number, (int, np.integer)) or isinstance(number, bool):
        raise DtypeError(f"{name}: {what} is {number!r:.60}; use a whole number")
    return int(number)


def narrow(input: Operand, dim: int, start: int, length: int) -> Tensor:
    """A part of one dimension, as a view.

    Args:
        input: a Tensor.
        dim: the dimension.
        start: where the part begins; negative numbers count from the end.
        length: how long the part is.

    Raises:
        ArgumentError: the part is not within the dimension.

    Example:
        >>> autograd.narrow(autograd.arange(5), 0, 1, 3)
        tensor([1, 2, 3])
    """
    return _part("narrow", input, dim, start, length)


def _part(name: str, input: Operand, dim: int, start: int, length: int) -> Any:
    x = _with_dimensions(name, input)
    place = normalize_dim(name, dim, x.ndim)
    size = x.shape[place]
    first, count = _whole(name, "start", start), _whole(name, "length", length)
    if count < 0:
        raise ArgumentError(f"{name}: length is {count}; use a number that is not negative")
    if not -size <= first <= size or (first := first + size if first < 0 else first) + count > size:
        raise ArgumentError(f"{name}: start {start} and length {count} exceed dimension {dim} of x {x.shape}")
    return NARROW.apply(x, place, first, first + count)


@composite(
    formula="x at one index of a dimension",
    samples=lambda rng: [Sample((values(rng, (2, 3)),), (1, 2)), Sample((values(rng, (3,)),), (0, -1))],
    reference=lambda x, dim, index: np.take(x, index, axis=dim),
    error_samples=lambda rng: [Sample((values(rng, (2, 3)),), (1, 3), ArgumentError, "out of range")],
)
def select(input: Operand, dim: int, index: int) -> Tensor:
    """What stands at one index of a dimension, which disappears; as a view.

    Args:
        input: a Tensor.
        dim: the dimension.
        index: the place along it; negative numbers count from the end.

    Raises:
        ArgumentError: there is no such place.

    Example:
        >>> autograd.select(autograd.tensor([[1, 2], [3, 4]]), 1, 0)
        tensor([1, 3])
    """
    x = _with_dimensions("select", input)
    place = normalize_dim("select", dim, x.ndim)
    return op.getitem.apply(x, pattern_of_select("select", x.shape, place, _whole("select", "index", index)))


def pattern_of_select(name: str, shape: tuple[int, ...], dim: int, index: int) -> tuple[Any, ...]:
    """The index pattern of `index` along `dim`, checked."""
    size = shape[dim]
    if not -size <= whole_number(name, "index", index) < size:
        raise ArgumentError(
            f"{name}: index {index} is out of range for dimension {dim} of x {shape}; use {-size} to {size - 1}"
        )
    return (("slice", None, None, None),) * dim + (index,)


@composite(
    formula="x at each index of a dimension",
    samples=lambda rng: [Sample((values(rng, (2, 3)),), (d,)) for d in (0, 1)],
    reference=lambda x, dim: [np.take(x, k, axis=dim) for k in range(x.shape[dim])],
)
def unbind(input: Operand, dim: int = 0) -> tuple[Tensor, ...]:
    """All slices along a dimension, which disappears; as views.

    Args:
        input: a Tensor of at least one dimension.
        dim: the dimension.

    Example:
        >>> autograd.unbind(autograd.tensor([[1, 2], [3, 4]]), 1)
        (tensor([1, 3]), tensor([2, 4]))
    """
    x = _with_dimensions("unbind", input)
    place = normalize_dim("unbind", dim, x.ndim)
    before = (("slice", None, None, None),) * place
    return tuple([op.getitem.apply(x, (*before, k)) for k in range(x.shape[place])])


def _pieces(x: Any, dim: int, sizes: Sequence[int]) -> tuple[Any, ...]:
    pieces, start = [], 0
    for length in sizes:
        pieces.append(NARROW.apply(x, dim, start, start + length))
        start += length
    return tuple(pieces)


def _np_split(x: np.ndarray, sizes: Any, dim: int = 0) -> list[np.ndarray]:
    size = x.shape[dim]
    ends = range(sizes, max(size, 1), sizes) if isinstance(sizes, int) else np.cumsum(sizes)[:-1]
    return np.split(x, list(ends), axis=dim)


@composite(
    formula="x cut into pieces",
    samples=lambda rng: [
        Sample((values(rng, (5, 2)),), (2,)),
        Sample((values(rng, (2, 5)),), ((1, 0, 4), -1)),
        Sample((values(rng, (0, 2)),), (2,)),
    ],
    reference=_np_split,
    error_samples=lambda rng: [Sample((values(rng, (5,)),), ((2, 2),), ShapeError, "add up to 4")],
)
def split(tensor: Operand, split_size_or_sections: int | Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """Cut into pieces along a dimension, as views.

    Args:
        tensor: a Tensor.
        split_size_or_sections: the size of every piece (the last may be smaller), or the size of each.
        dim: the dimension to cut.

    Raises:
        ShapeError: the sizes do not add up.
        ArgumentError: a size is negative.

    Example:
        >>> [piece.shape for piece in autograd.split(autograd.ones(5, 2), 2)]
        [(2, 2), (2, 2), (1, 2)]
    """
    return _split("split", tensor, split_size_or_sections, dim)


def _split(name: str, input: Operand, given: int | Sequence[int], dim: int) -> tuple[Any, ...]:
    x = _with_dimensions(name, input)
    place = normalize_dim(name, dim, x.ndim)
    size = x.shape[place]
    if isinstance(given, (tuple, list)):
        sizes = [_whole(name, "a size", n) for n in given]
        if sum(sizes) != size:
            raise ShapeError(f"{name}: sizes {sizes} add up to {sum(sizes)}, but dimension {place} has {size}")
        if min(sizes, default=0) < 0:
            raise ArgumentError(f"{name}: sizes {sizes} must not be negative")
        return _pieces(x, place, sizes)
    step = _whole(name, "split_size", given)
    if step < 0 or (step == 0 and size):
        raise ArgumentError(f"{name}: split_size is {step}; use a positive number")
    return _pieces(x, place, [min(step, size - start) for start in range(0, size, max(step, 1))] or [0])


@composite(
    formula="x cut into pieces of given sizes",
    samples=lambda rng: [Sample((values(rng, (5, 2)),), ((2, 3),))],
    reference=_np_split,
    error_samples=lambda rng: [Sample((values(rng, (5,)),), ((2, 2),), ShapeError, "add up to 4")],
)
def split_with_sizes(input: Operand, split_sizes: Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """Cut into pieces of given sizes along a dimension, as views.

    Example:
        >>> [piece.shape for piece in autograd.split_with_sizes(autograd.ones(5), [2, 3])]
        [(2,), (3,)]
    """
    return _split("split_with_sizes", input, list(sequence("split_with_sizes", "split_sizes", split_sizes)), dim)


def _chunk_sizes(name: str, x: Any, chunks: int, dim: int) -> tuple[int, list[int]]:
    count = _whole(name, "chunks", chunks)
    if count < 1:
        raise ArgumentError(f"{name}: chunks is {count}; use a positive number")
    place = normalize_dim(name, dim, x.ndim)
    size = x.shape[place]
    step = -(-size // count)
    return place, [min(step, size - start) for start in range(0, size, step)] if size else [0] * count


def _np_chunk(x: np.ndarray, chunks: int, dim: int = 0) -> list[np.ndarray]:
    step = -(-x.shape[dim] // chunks)
    return np.split(x, list(range(step, x.shape[dim], step)), axis=dim)


@composite(
    formula="x cut into equal pieces",
    samples=lambda rng: [Sample((values(rng, (5, 2)),), (2,)), Sample((values(rng, (2, 5)),), (4, 1))],
    reference=_np_chunk,
    error_samples=lambda rng: [Sample((values(rng, (5,)),), (0,), ArgumentError, "chunks is 0")],
)
def chunk(input: Operand, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """Cut into at most `chunks` pieces of equal size (the last may be smaller), as views.

    Args:
        input: a Tensor.
        chunks: how many pieces.
        dim: the dimension to cut.

    Example:
        >>> [piece.shape for piece in autograd.chunk(autograd.ones(5), 2)]
        [(3,), (2,)]
    """
    x = _with_dimensions("chunk", input)
    return _pieces(x, *_chunk_sizes("chunk", x, chunks, dim))


@composite(
    formula="x cut into pieces, the larger ones first",
    samples=lambda rng: [
        Sample((values(rng, (7, 2)),), (3,)),
        Sample((values(rng, (2, 5)),), ((1, 3), 1)),
        Sample((values(rng, (5,)),), ((-2, 2, 9),)),
    ],
    reference=np.array_split,
    error_samples=lambda rng: [Sample((values(rng, (5,)),), (0,), ArgumentError, "sections is 0")],
)
def tensor_split(input: Operand, indices_or_sections: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """Cut along a dimension into a number of pieces, or at given places; as views.

    Args:
        input: a Tensor of at least one dimension.
        indices_or_sections: how many pieces, of which the first ones are one longer where it does not come out even;
            or the places to cut at, which mean what they mean in a slice: a sequence, or a Tensor of integers.
        dim: the dimension to cut.

    Raises:
        ArgumentError: the number of pieces is not positive.
        DtypeError: places are no integers.

    Example:
        >>> autograd.tensor_split(autograd.arange(5), 2)
        (tensor([0, 1, 2]), tensor([3, 4]))
    """
    return _cut("tensor_split", _with_dimensions("tensor_split", input), indices_or_sections, dim)


def _cut(name: str, x: Any, where: Any, dim: int) -> tuple[Any, ...]:
    place = normalize_dim(name, dim, x.ndim)
    size = x.shape[place]
    if isinstance(where, Handle):
        if where.dtype != np.int64 or where.ndim > 1:
            raise DtypeError(f"{name}: indices are {where.dtype} {where.shape}; use a vector of int64, or one number")
        where = where._array.tolist()
    if isinstance(where, (tuple, list)):
        cuts = [0, *[_whole(name, "an index", k) for k in where], size]
        spans = [slice(a, b).indices(size)[:2] for a, b in zip([None, *cuts[1:-1]], [*cuts[1:-1], None], strict=True)]
        return tuple([NARROW.apply(x, place, a, max(a, b)) for a, b in spans])
    count = _whole(name, "sections", where)
    if count < 1:
        raise ArgumentError(f"{name}: sections is {count}; use a positive number")
    return _pieces(x, place, [size // count + (k < size % count) for k in range(count)])


def _cut_evenly(name: str, x: Any, where: Any, dim: int) -> tuple[Any, ...]:
    even = not isinstance(where, (tuple, list, Handle)) and (count := _whole(name, "sections", where)) > 0
    if even and x.shape[dim] % count:
        raise ArgumentError(
            f"{name}: dimension {dim} of x {x.shape} is not a multiple of {count}; use tensor_split, or places to cut"
        )
    return _cut(name, x, where, dim)


@composite(
    formula="x cut from left to right",
    samples=lambda rng: [Sample((values(rng, (2, 4)),), (2,)), Sample((values(rng, (4,)),), ((1, 3),))],
    reference=np.hsplit,
    error_samples=lambda rng: [Sample((values(rng, (2, 4)),), (3,), ArgumentError, "not a multiple of 3")],
)
def hsplit(input: Operand, indices_or_sections: Any) -> tuple[Tensor, ...]:
    """Cut from left to right: vectors along their only dimension, others along dimension 1. See `tensor_split`.

    Raises:
        ArgumentError: pieces of equal size do not come out even.

    Example:
        >>> autograd.hsplit(autograd.arange(4), 2)
        (tensor([0, 1]), tensor([2, 3]))
    """
    x = _with_dimensions("hsplit", input)
    return _cut_evenly("hsplit", x, indices_or_sections, 0 if x.ndim == 1 else 1)


@composite(
    formula="x cut from top to bottom",
    samples=lambda rng: [Sample((values(rng, (4, 2)),), (2,)), Sample((values(rng, (4, 1)),), ((1, 3),))],
    reference=np.vsplit,
    error_samples=lambda rng: [Sample((values(rng, (4,)),), (2,), ShapeError, "at least 2")],
)
def vsplit(input: Operand, indices_or_sections: Any) -> tuple[Tensor, ...]:
    """Cut from top to bottom, along dimension 0. See `tensor_split`.

    Raises:
        ArgumentError: pieces of equal size do not come out even.
        ShapeError: there are fewer than two dimensions.

    Example:
        >>> [piece.shape for piece in autograd.vsplit(autograd.ones(4, 2), 2)]
        [(2, 2), (2, 2)]
    """
    return _cut_evenly("vsplit", _with_dimensions("vsplit", input, 2), indices_or_sections, 0)


@composite(
    formula="x cut from front to back",
    samples=lambda rng: [Sample((values(rng, (1, 2, 4)),), (2,)), Sample((values(rng, (1, 1, 4)),), ((1, 3),))],
    reference=np.dsplit,
    error_samples=lambda rng: [Sample((values(rng, (4, 2)),), (2,), ShapeError, "at least 3")],
)
def dsplit(input: Operand, indices_or_sections: Any) -> tuple[Tensor, ...]:
    """Cut from front to back, along dimension 2. See `tensor_split`.

    Raises:
        ArgumentError: pieces of equal size do not come out even.
        ShapeError: there are fewer than three dimensions.

    Example:
        >>> [piece.shape for piece in autograd.dsplit(autograd.ones(1, 2, 4), 2)]
        [(1, 2, 2), (1, 2, 2)]
    """
    return _cut_evenly("dsplit", _with_dimensions("dsplit", input, 3), indices_or_sections, 2)


@composite(
    formula="x cut into pieces",
    samples=lambda rng: [Sample((values(rng, (5, 2)),), (2,))],
    reference=_np_split,
)
def unsafe_split(input: Operand, split_size: int, dim: int = 0) -> tuple[Tensor, ...]:
    """`split`; what PyTorch leaves unsafe about it, changes of the pieces in place, is checked here.

    Example:
        >>> [piece.shape for piece in autograd.unsafe_split(autograd.ones(5), 3)]
        [(3,), (2,)]
    """
    return _split("unsafe_split", input, split_size, dim)


@composite(
    formula="x cut into pieces of given sizes",
    samples=lambda rng: [Sample((values(rng, (5, 2)),), ((2, 3),))],
    reference=_np_split,
)
def unsafe_split_with_sizes(input: Operand, split_sizes: Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """`split_with_sizes`; what PyTorch leaves unsafe about it, changes of the pieces in place, is checked here.

    Example:
        >>> [piece.shape for piece in autograd.unsafe_split_with_sizes(autograd.ones(5), [2, 3])]
        [(2,), (3,)]
    """
    return _split("unsafe_split_with_sizes", input, list(split_sizes), dim)


@composite(
    formula="x cut into equal pieces",
    samples=lambda rng: [Sample((values(rng, (5, 2)),), (2,))],
    reference=_np_chunk,
)
def unsafe_chunk(input: Operand, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """`chunk`; what PyTorch leaves unsafe about it, changes of the pieces in place, is checked here.

    Example:
        >>> [piece.shape for piece in autograd.unsafe_chunk(autograd.ones(5), 2)]
        [(3,), (2,)]
    """
    x = _with_dimensions("unsafe_chunk", input)
    return _pieces(x, *_chunk_sizes("unsafe_chunk", x, chunks, dim))
