"""Reversing, turning, shifting and repeating."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import dtypes
from ..composites import composite
from ..errors import ArgumentError, DtypeError, ShapeError
from ..primitive import Handle, Sample, as_handle, define, op
from .dims import normalize_dim, normalize_dims, normalize_shape, sequence
from .families import values
from .index import getitem
from .shape import CLONE, RESHAPE, TRANSPOSE

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["flip", "fliplr", "flipud", "repeat", "repeat_interleave", "roll", "rot90", "tile"]

Operand = Any

FLIP = define(
    "flip",
    forward=lambda x, dims: np.array(np.flip(x, dims), order="C"),
    inputs=("x",),
    attributes=("dims",),
    vjp={"x": lambda g, dims: op.flip(g, dims)},
    samples=lambda rng: [Sample((values(rng, (2, 3)),), (d,)) for d in ((0,), (0, 1), ())],
    formula="x with dimensions reversed",
)
ROLL = define(
    "roll",
    forward=np.roll,
    inputs=("x",),
    attributes=("shifts", "dims"),
    vjp={"x": lambda g, shifts, dims: op.roll(g, tuple([-s for s in shifts]), dims)},
    samples=lambda rng: [Sample((values(rng, (2, 3)),), ((1, 2), (0, 1))), Sample((values(rng, (4,)),), ((-1,), (0,)))],
    formula="x shifted around",
)


def flip(input: Operand, dims: int | Sequence[int]) -> Tensor:
    """Reverse the order along the given dimensions.

    Args:
        input: a Tensor.
        dims: a dimension, or several.

    Raises:
        ArgumentError: a dimension is not there, or named twice.

    Example:
        >>> autograd.flip(autograd.tensor([1, 2, 3]), (0,))
        tensor([3, 2, 1])
    """
    input = as_handle(input, "flip")
    given = normalize_shape("flip", (dims,))
    return FLIP.apply(input, normalize_dims("flip", given, input.ndim) if given else ())


@composite(
    formula="x from right to left",
    samples=lambda rng: [Sample((values(rng, (2, 3)),))],
    reference=np.fliplr,
    error_samples=lambda rng: [Sample((values(rng, (3,)),), (), ShapeError, "at least 2")],
)
def fliplr(input: Operand) -> Tensor:
    """Reverse the order along dimension 1.

    Raises:
        ShapeError: there are fewer than two dimensions.

    Example:
        >>> autograd.fliplr(autograd.tensor([[1, 2], [3, 4]]))
        tensor([[2, 1],
                [4, 3]])
    """
    input = as_handle(input, "fliplr")
    if input.ndim < 2:
        raise ShapeError(f"fliplr: x {input.shape} has no columns; give it at least 2 dimensions")
    return FLIP.apply(input, (1,))


@composite(
    formula="x upside down",
    samples=lambda rng: [Sample((values(rng, (2, 3)),)), Sample((values(rng, (3,)),))],
    reference=np.flipud,
    error_samples=lambda rng: [Sample((values(rng, ()),), (), ShapeError, "at least 1")],
)
def flipud(input: Operand) -> Tensor:
    """Reverse the order along dimension 0.

    Raises:
        ShapeError: the input is a single number.

    Example:
        >>> autograd.flipud(autograd.tensor([[1, 2], [3, 4]]))
        tensor([[3, 4],
                [1, 2]])
    """
    input = as_handle(input, "flipud")
    if input.ndim < 1:
        raise ShapeError("flipud: x is a single number; give it at least 1 dimension")
    return FLIP.apply(input, (0,))


@composite(
    formula="x turned by 90 degrees k times",
    samples=lambda rng: (
        [Sample((values(rng, (2, 3)),), (k,)) for k in (-1, 0, 1, 2, 3)]
        + [Sample((values(rng, (2, 3, 4)),), (1, (2, 0)))]
    ),
    reference=lambda x, k=1, dims=(0, 1): np.rot90(x, k, dims),
    error_samples=lambda rng: [Sample((values(rng, (2, 3)),), (1, (0,)), ArgumentError, "two different dimensions")],
)
def rot90(input: Operand, k: int = 1, dims: Sequence[int] = (0, 1)) -> Tensor:
    """Turn a plane by 90 degrees, from the first of two dimensions towards the second.

    Args:
        input: a Tensor of at least two dimensions.
        k: how many times; negative numbers turn the other way.
        dims: the two dimensions of the plane.

    Raises:
        ArgumentError: the plane is not of two different dimensions, or k is no whole number.

    Example:
        >>> autograd.rot90(autograd.tensor([[1, 2], [3, 4]]))
        tensor([[2, 4],
                [1, 3]])
    """
    input = as_handle(input, "rot90")
    dims = sequence("rot90", "dims", dims)
    if len(dims) != 2 or input.ndim < 2:
        raise ArgumentError(f"rot90: dims {dims} of x {input.shape}: give two different dimensions of a plane")
    a, b = (normalize_dim("rot90", d, input.ndim) for d in dims)
    if a == b:
        raise ArgumentError(f"rot90: dims {dims} are one; give two different dimensions")
    if not isinstance(k, (int, np.integer)):
        raise ArgumentError(f"rot90: k is {k!r}; use a whole number")
    turns = int(k) % 4
    if turns == 0:
        return CLONE.apply(input)
    if turns == 2:
        return FLIP.apply(input, (a, b))
    return FLIP.apply(TRANSPOSE.apply(input, a, b), (a if turns == 1 else b,))


def roll(input: Operand, shifts: int | Sequence[int], dims: int | Sequence[int] | None = None) -> Tensor:
    """Shift around: what leaves at one end comes in at the other. Without `dims`, the flattened tensor is shifted.

    Args:
        input: a Tensor.
        shifts: by how much; one number for each of `dims`.
        dims: a dimension, or several.

    Raises:
        ArgumentError: there is no such dimension, or shifts and dims differ in number.

    Example:
        >>> autograd.roll(autograd.tensor([1, 2, 3]), 1)
        tensor([3, 1, 2])
    """
    input = as_handle(input, "roll")
    steps = normalize_shape("roll", (shifts,))
    if not steps:
        raise ArgumentError("roll: shifts are missing; give one for each of dims")
    given = () if dims is None else normalize_shape("roll", (dims,))
    if len(steps) != (len(given) or 1):
        raise ArgumentError(f"roll: {len(steps)} shifts for {len(given)} dims; give one for each")
    if not given:
        return RESHAPE.apply(ROLL.apply(RESHAPE.apply(input, (input.numel(),)), steps, (0,)), input.shape)
    if input.ndim == 0:
        raise ArgumentError(f"roll: x is a single number, without a dimension {given[0]}; leave out dims")
    return ROLL.apply(input, steps, tuple([normalize_dim("roll", d, input.ndim) for d in given]))


@composite(
    formula="x repeated as a whole",
    samples=lambda rng: [
        Sample((values(rng, a),), (b,)) for a, b in (((2, 3), (2, 1)), ((3,), (2, 2)), ((3,), (1, 1)), ((), ()))
    ],
    reference=np.tile,
    error_samples=lambda rng: [Sample((values(rng, (2, 3)),), ((2,),), ArgumentError, "one for each dimension")],
)
def repeat(input: Operand, *repeats: Any) -> Tensor:
    """Repeat the whole tensor along each dimension, as `np.tile`.

    Args:
        input: a Tensor.
        repeats: how often along each dimension; more numbers than dimensions make new ones in front.

    Raises:
        ArgumentError: there are fewer numbers than dimensions, or one is negative.

    Example:
        >>> autograd.repeat(autograd.tensor([1, 2]), 2, 2)
        tensor([[1, 2, 1, 2],
                [1, 2, 1, 2]])
    """
    input = as_handle(input, "repeat")
    times = normalize_shape("repeat", repeats)
    if len(times) < input.ndim:
        raise ArgumentError(
            f"repeat: {times} gives {len(times)} counts for x {input.shape}; give one for each dimension"
        )
    return _tiled("repeat", input, times)


def _tiled(name: str, x: Any, times: tuple[int, ...]) -> Any:
    if min(times, default=0) < 0:
        raise ArgumentError(f"{name}: counts {times} must not be negative")
    sizes = (1,) * (len(times) - x.ndim) + x.shape
    pairs = RESHAPE.apply(x, tuple([n for size in sizes for n in (1, size)]))
    spread = op.expand.apply(pairs, tuple([n for t, size in zip(times, sizes, strict=True) for n in (t, size)]))
    whole = RESHAPE.apply(spread, tuple([t * size for t, size in zip(times, sizes, strict=True)]))
    return CLONE.apply(whole) if set(times) <= {1} else whole  # a view until here


@composite(
    formula="x repeated as a whole",
    samples=lambda rng: [Sample((values(rng, a),), (b,)) for a, b in (((2, 3), (2,)), ((3,), (2, 2)), ((3,), ()))],
    reference=np.tile,
)
def tile(input: Operand, dims: int | Sequence[int]) -> Tensor:
    """Repeat the whole tensor along each dimension: `repeat`, but fewer numbers than dimensions are for the last ones.

    Args:
        input: a Tensor.
        dims: how often along each dimension.

    Example:
        >>> autograd.tile(autograd.tensor([[1, 2]]), (2,))
        tensor([[1, 2, 1, 2]])
    """
    input = as_handle(input, "tile")
    times = normalize_shape("tile", (dims,))
    return _tiled("tile", input, (1,) * (input.ndim - len(times)) + times)


def _interleaved(x: np.ndarray, repeats: Any, dim: int | None = None) -> np.ndarray:
    return np.repeat(x, repeats, axis=dim)


@composite(
    formula="each entry of x several times in a row",
    samples=lambda rng: [
        Sample((values(rng, (2, 3)),), (2,)),
        Sample((values(rng, (2, 3)),), (2, 1)),
        Sample((values(rng, (2, 3)), np.array([1, 0, 2])), (-1,)),
    ],
    reference=_interleaved,
    error_samples=lambda rng: [
        Sample((values(rng, (3,)), np.array([1, 2])), (), ShapeError, "one for each"),
        Sample((values(rng, (3,)),), (-1,), ArgumentError, "must not be negative"),
    ],
)
def repeat_interleave(
    input: Operand, repeats: Any = None, dim: int | None = None, *, output_size: int | None = None
) -> Tensor:
    """Repeat each entry on the spot, as `np.repeat`.

    Args:
        input: a Tensor. As the only argument it is the counts, and the result their indices: 0 as often as the first
            says, then 1, and so on.
        repeats: how often; a whole number, or a Tensor of them with one for each entry along the dimension.
        dim: the dimension; without it, the flattened tensor is repeated.
        output_size: the resulting size of the dimension, where it is known; it is checked.

    Raises:
        ShapeError: there are not as many counts as entries, or they do not add up to `output_size`.
        ArgumentError: a count is negative.
        DtypeError: counts are no integers.

    Example:
        >>> autograd.repeat_interleave(autograd.tensor([1, 2]), 2)
        tensor([1, 1, 2, 2])
    """
    x = as_handle(input, "repeat_interleave")
    if repeats is None:
        if x.ndim != 1:
            raise ShapeError(f"repeat_interleave: counts {x.shape} are no vector; give one, or repeats too")
        x, repeats, dim = as_handle(np.arange(x.numel()), "repeat_interleave"), x, 0
    if dim is None:
        x, place = RESHAPE.apply(x, (x.numel(),)), 0
    else:
        place = normalize_dim("repeat_interleave", dim, x.ndim)
        x = x if x.ndim else RESHAPE.apply(x, (1,))
    size = x.shape[place]
    counts = _counts(repeats, size)
    total = int(counts.sum()) if counts.ndim else int(counts) * size
    if output_size is not None and output_size != total:
        raise ShapeError(f"repeat_interleave: output_size is {output_size}, but the counts add up to {total}")
    if counts.ndim:
        chosen = np.repeat(np.arange(size, dtype=dtypes.int64), counts)
        return getitem(x, (slice(None),) * place + (chosen,))
    apart = RESHAPE.apply(x, (*x.shape[: place + 1], 1, *x.shape[place + 1 :]))
    spread = op.expand.apply(apart, (*x.shape[: place + 1], int(counts), *x.shape[place + 1 :]))
    return RESHAPE.apply(spread, (*x.shape[:place], total, *x.shape[place + 1 :]))


def _counts(repeats: Any, size: int) -> np.ndarray:
    """One count as a 0-d array, or one for each entry."""
    counts = repeats._array if isinstance(repeats, Handle) else np.asarray(repeats)
    if counts.dtype.kind not in "iu":
        raise DtypeError(f"repeat_interleave: repeats are {counts.dtype}; use whole numbers, as from x.long()")
    if counts.ndim > 1 or (counts.ndim == 1 and counts.shape[0] not in (1, size)):
        raise ShapeError(
            f"repeat_interleave: repeats {counts.shape} for {size} entries; give one number, or one for each"
        )
    if counts.size and counts.min() < 0:
        raise ArgumentError(f"repeat_interleave: repeats {counts.min()} must not be negative")
    return counts.reshape(()) if counts.size == 1 else counts
