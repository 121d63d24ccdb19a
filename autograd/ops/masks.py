"""Masks: writing and picking where they hold, and the places where numbers are not zero."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import dtypes
from ..composites import composite
from ..errors import ArgumentError, DtypeError, IndexRangeError, ShapeError
from ..primitive import Sample, as_handle, check_broadcast, op
from .along import check_integers, one_number
from .dims import sequence
from .families import values
from .index import INDEX, INDEX_PUT, in_range, same_dtypes

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = [
    "argwhere",
    "fill_diagonal",
    "masked_fill",
    "masked_scatter",
    "masked_select",
    "nonzero",
    "nonzero_static",
    "unravel_index",
]

Operand = Any


def _mask(name: str, input: Any, mask: Any) -> Any:
    mask = as_handle(mask, name)
    if mask.dtype != dtypes.bool_:
        raise DtypeError(f"{name}: mask is {mask.dtype}; use bools, as from a comparison")
    check_broadcast(name, {"x": input._array, "mask": mask._array})
    return mask


def _random_mask(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return np.asarray(rng.uniform(size=shape) < 0.5)


_SHAPES: list[tuple[tuple[int, ...], tuple[int, ...]]] = [
    ((2, 3), (2, 3)),
    ((2, 3), (3,)),
    ((3,), (2, 1)),
    ((), ()),
    ((0, 2), (2,)),
]


@composite(
    formula="value where mask, elsewhere x",
    samples=lambda rng: [
        Sample((values(rng, a), _random_mask(rng, b), v)) for a, b in _SHAPES for v in (1.5, values(rng, ()))
    ],
    reference=lambda input, mask, value: np.where(mask, value, input),
    error_samples=lambda rng: [
        Sample((values(rng, (3,)), np.ones(3, bool), values(rng, (1,))), (), ShapeError, "not one number"),
        Sample((values(rng, (3,)), np.ones(3, int), 1.0), (), DtypeError, "use bools"),
        Sample((values(rng, (3,)), np.ones(2, bool), 1.0), (), ShapeError, "do not broadcast"),
    ],
)
def masked_fill(input: Operand, mask: Operand, value: Any) -> Tensor:
    """One number wherever a mask holds, and elsewhere the input.

    Args:
        input: a Tensor, which is not changed.
        mask: bools; it and the input broadcast against each other.
        value: a number or a 0-d tensor; converted to the dtype of `input`.

    Raises:
        DtypeError: the mask does not hold bools.
        ShapeError: the shapes do not broadcast, or the value is not one number.

    Example:
        >>> x = autograd.tensor([1.0, -2.0])
        >>> autograd.masked_fill(x, x < 0, 0.0)
        tensor([1., 0.])
    """
    input = as_handle(input, "masked_fill")
    mask = _mask("masked_fill", input, mask)
    return op.where.apply(mask, one_number("masked_fill", input, value), input)


def _spread(name: str, input: Any, mask: Any) -> tuple[Any, np.ndarray, Any]:
    """The input broadcast against the mask, and the places where it holds with their pattern."""
    mask = _mask(name, input, mask)
    shape = np.broadcast_shapes(input.shape, mask.shape)
    if not shape:
        places, shape = mask._array.reshape(1).nonzero(), (1,)
    else:
        places = np.broadcast_to(mask._array, shape).nonzero()
    x = input if input.shape == shape else op.expand.apply(input, shape)
    return x, np.stack(places), tuple([("mask", k) for k in range(len(shape))])


@composite(
    formula="x[mask]",
    samples=lambda rng: [Sample((values(rng, a), _random_mask(rng, b))) for a, b in _SHAPES],
    reference=lambda input, mask: np.broadcast_arrays(input, mask)[0][np.broadcast_arrays(input, mask)[1]],
    error_samples=lambda rng: [
        Sample((values(rng, (3,)), np.ones(3, int)), (), DtypeError, "use bools"),
        Sample((values(rng, (3,)), np.ones(2, bool)), (), ShapeError, "do not broadcast"),
    ],
)
def masked_select(input: Operand, mask: Operand) -> Tensor:
    """The numbers where a mask holds, in reading order, as one dimension.

    Args:
        input: a Tensor.
        mask: bools; it and the input broadcast against each other.

    Raises:
        DtypeError: the mask does not hold bools.
        ShapeError: the shapes do not broadcast.

    Example:
        >>> x = autograd.tensor([[1.0, -2.0], [3.0, -4.0]])
        >>> autograd.masked_select(x, x > 0)
        tensor([1., 3.])
    """
    x, places, pattern = _spread("masked_select", as_handle(input, "masked_select"), mask)
    return INDEX.apply(x, places, pattern)


def _masked_scatter_reference(input: Any, mask: Any, source: Any) -> Any:
    out, mask = (np.array(a) for a in np.broadcast_arrays(input, mask))
    out[mask] = np.ravel(source)[: mask.sum()]
    return out


@composite(
    formula="the numbers of source one after the other where mask, elsewhere x",
    samples=lambda rng: [Sample((values(rng, a), _random_mask(rng, b), values(rng, (3, 2)))) for a, b in _SHAPES],
    reference=_masked_scatter_reference,
    error_samples=lambda rng: [
        Sample((values(rng, (3,)), np.ones(3, int), values(rng, (3,))), (), DtypeError, "use bools"),
        Sample((values(rng, (3,)), np.ones(3, bool), values(rng, (2,))), (), ShapeError, "2 numbers for 3 places"),
    ],
)
def masked_scatter(input: Operand, mask: Operand, source: Operand) -> Tensor:
    """The numbers of `source`, one after the other, wherever a mask holds, and elsewhere the input.

    Args:
        input: a Tensor, which is not changed.
        mask: bools; it and the input broadcast against each other.
        source: of the dtype of `input`, with at least as many numbers as the mask has places.

    Raises:
        DtypeError: the mask does not hold bools, or the dtypes differ.
        ShapeError: the shapes do not broadcast, or there are too few numbers.

    Example:
        >>> mask = autograd.tensor([True, False, True])
        >>> autograd.masked_scatter(autograd.zeros(3), mask, autograd.tensor([1.0, 2.0]))
        tensor([1., 0., 2.])
    """
    input, source = as_handle(input, "masked_scatter"), as_handle(source, "masked_scatter")
    same_dtypes("masked_scatter", input, source)
    x, places, pattern = _spread("masked_scatter", input, mask)
    count, given = places.shape[1], source._array.size
    if given < count:
        raise ShapeError(
            f"masked_scatter: source {source.shape} has {given} numbers for {count} places where the mask holds; give "
            "as many"
        )
    written = op.getitem.apply(op.reshape.apply(source, (given,)), (("slice", 0, count, None),))
    result = INDEX_PUT.apply(x, written, places, pattern, False)
    shape = np.broadcast_shapes(input.shape, np.shape(mask))
    return result if result.shape == shape else op.reshape.apply(result, shape)


def _filled_diagonal(input: Any, fill_value: Any, wrap: bool = False) -> Any:
    out = np.array(input)
    np.fill_diagonal(out, fill_value, wrap)
    return out


@composite(
    formula="value on the diagonal, elsewhere x",
    samples=lambda rng: [
        *[Sample((values(rng, s), 1.5, w)) for s in ((3, 3), (2, 4), (7, 2)) for w in (False, True)],
        Sample((values(rng, (2, 2, 2)), -1.0)),
    ],
    reference=_filled_diagonal,
    error_samples=lambda rng: [
        Sample((values(rng, (3,)), 1.0), (), ShapeError, "two dimensions"),
        Sample((values(rng, (3, 3, 2)), 1.0), (), ShapeError, "equal sizes"),
    ],
)
def fill_diagonal(input: Operand, fill_value: Any, wrap: bool = False) -> Tensor:
    """One number on the main diagonal, and elsewhere the input: what `fill_diagonal_` does, out of place.

    Args:
        input: a Tensor of at least two dimensions, which is not changed; of equal sizes, if there are more.
        fill_value: a number; converted to the dtype of `input`.
        wrap: in a tall matrix, begin again one row below where the diagonal ends.

    Raises:
        ShapeError: there are fewer dimensions, or their sizes differ.

    Example:
        >>> autograd.fill_diagonal(autograd.zeros(2, 3), 5)
        tensor([[5., 0., 0.],
                [0., 5., 0.]])
    """
    input = as_handle(input, "fill_diagonal")
    if input.ndim < 2:
        raise ShapeError(f"fill_diagonal: x {input.shape} has no diagonal; give it at least two dimensions")
    if input.ndim > 2 and len(set(input.shape)) > 1:
        raise ShapeError(f"fill_diagonal: x {input.shape} has no diagonal; beyond matrices, give it equal sizes")
    step = sum(math.prod(input.shape[d + 1 :]) for d in range(input.ndim))
    stop = None if wrap or input.ndim > 2 else input.shape[1] ** 2
    flat = op.reshape.apply(input, (input._array.size,))
    value = one_number("fill_diagonal", input, fill_value)
    written = INDEX_PUT.apply(flat, value, None, (("slice", None, stop, step or 1),), False)
    return op.reshape.apply(written, input.shape)


# --- where numbers are not zero


def _sparse(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return np.asarray(values(rng, shape) * _random_mask(rng, shape))


def _nonzero_samples(rng: np.random.Generator) -> list[Sample]:
    shapes: list[tuple[int, ...]] = [(4,), (2, 3), (), (0, 2)]
    return [Sample((_sparse(rng, s),)) for s in shapes] + [Sample((np.array([True, False]),))]


@composite(
    formula="the places i where x_i != 0",
    samples=_nonzero_samples,
    reference=lambda input: np.argwhere(input),
    differentiable=False,
)
def argwhere(input: Operand) -> Tensor:
    """The places of the numbers that are not zero, one a row.

    Returns:
        int64 of shape (their number, the number of dimensions), in reading order.

    Example:
        >>> autograd.argwhere(autograd.tensor([[0, 5], [7, 0]]))
        tensor([[0, 1],
                [1, 0]])
    """
    return as_handle(np.argwhere(as_handle(input, "argwhere")._array), "argwhere")


@composite(
    formula="the places i where x_i != 0",
    samples=lambda rng: [
        *_nonzero_samples(rng),
        *[Sample(s.inputs, keywords={"as_tuple": True}) for s in _nonzero_samples(rng)],
    ],
    reference=lambda input, as_tuple=False: np.nonzero(np.atleast_1d(input)) if as_tuple else np.argwhere(input),
    differentiable=False,
)
def nonzero(input: Operand, *, as_tuple: bool = False) -> Tensor | tuple[Tensor, ...]:
    """The places of the numbers that are not zero.

    Args:
        input: a Tensor.
        as_tuple: give one Tensor for each dimension, which can be used as an index; a 0-d input counts as 1-d.

    Returns:
        int64 of shape (their number, the number of dimensions), in reading order; or a tuple of its columns.

    Example:
        >>> autograd.nonzero(autograd.tensor([[0, 5], [7, 0]]), as_tuple=True)
        (tensor([0, 1]), tensor([1, 0]))
    """
    array = as_handle(input, "nonzero")._array
    if not as_tuple:
        return as_handle(np.argwhere(array), "nonzero")
    return tuple([as_handle(places, "nonzero") for places in np.atleast_1d(array).nonzero()])


def _static_reference(input: Any, size: int, fill_value: int = -1) -> Any:
    found = np.argwhere(input)[:size]
    return np.concatenate([found, np.full((size - len(found), np.ndim(input)), fill_value)])


@composite(
    formula="the first places i where x_i != 0",
    samples=lambda rng: [
        Sample(s.inputs, keywords={"size": n, **more})
        for s in _nonzero_samples(rng)
        for n, more in ((0, {}), (1, {}), (7, {}), (9, {"fill_value": 5}))
    ],
    reference=_static_reference,
    error_samples=lambda rng: [Sample((np.ones(2),), (), ArgumentError, "at least 0", {"size": -1})],
    differentiable=False,
)
def nonzero_static(input: Operand, *, size: int, fill_value: int = -1) -> Tensor:
    """The places of the numbers that are not zero, as many rows as asked for.

    Args:
        input: a Tensor.
        size: the number of rows: the first places, and below them rows of `fill_value` where there are fewer.
        fill_value: what those rows hold.

    Returns:
        int64 of shape (size, the number of dimensions).

    Raises:
        ArgumentError: the size is negative.

    Example:
        >>> autograd.nonzero_static(autograd.tensor([0, 5]), size=2)
        tensor([[ 1],
                [-1]])
    """
    if not isinstance(size, (int, np.integer)) or size < 0:
        raise ArgumentError(f"nonzero_static: size is {size!r}; use a whole number, at least 0")
    found = np.argwhere(as_handle(input, "nonzero_static")._array)
    result = np.full((size, found.shape[1]), fill_value, dtypes.int64)
    result[: len(found)] = found[:size]
    return as_handle(result, "nonzero_static")


@composite(
    formula="(i // columns, i mod columns)",
    samples=lambda rng: [
        Sample((np.array([[5, 0], [3, 3]]), (2, 3))),
        Sample((np.array(7), (2, 2, 2))),
        Sample((np.zeros(0, int), (4,))),
    ],
    reference=lambda indices, shape: tuple([np.asarray(i) for i in np.unravel_index(indices, shape)]),
    error_samples=lambda rng: [
        Sample((np.array([6]), (2, 3)), (), IndexRangeError, "out of range"),
        Sample((np.array([1.0]), (2, 3)), (), DtypeError, "use integers"),
    ],
    differentiable=False,
)
def unravel_index(indices: Operand, shape: int | Sequence[int]) -> tuple[Tensor, ...]:
    """The places in an array of `shape` of indices into it when flattened.

    Args:
        indices: integers of any shape; negative ones count from the end.
        shape: the sizes of the array, or one size.

    Returns:
        One Tensor for each dimension: int64, of the shape of `indices`.

    Raises:
        IndexRangeError: an index is out of range (PyTorch begins again from the front).
        DtypeError: the indices are no integers.
        ShapeError: a size is negative or no whole number.

    Example:
        >>> autograd.unravel_index(autograd.tensor([1, 5]), (2, 3))
        (tensor([0, 1]), tensor([1, 2]))
    """
    indices = as_handle(indices, "unravel_index")
    check_integers("unravel_index", indices)
    sizes = (shape,) if isinstance(shape, (int, np.integer)) else sequence("unravel_index", "shape", shape)
    if not all(isinstance(n, (int, np.integer)) and not isinstance(n, bool) and n >= 0 for n in sizes):
        raise ShapeError(f"unravel_index: {sizes} is no shape; give whole numbers, at least 0")
    rest = in_range("unravel_index", indices._array, 0, (math.prod(sizes),))
    places = []
    for size in reversed(sizes):
        places.append(as_handle(rest % size if size else rest, "unravel_index"))
        rest = rest // size if size else rest
    return tuple(reversed(places))
