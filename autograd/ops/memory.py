"""Other looks at the same memory, such that windows may overlap, and tensors with a part replaced."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..composites import composite
from ..errors import ArgumentError, ShapeError
from ..primitive import Handle, Sample, as_handle, define, op
from .dims import normalize_dim, normalize_shape, normalize_sizes
from .families import values
from .reduce import TO_DTYPE
from .splitting import pattern_of_select
from .views import VIEW_SCATTER

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = [
    "as_strided",
    "as_strided_scatter",
    "diagonal_scatter",
    "fill",
    "select_scatter",
    "slice_scatter",
]

Operand = Any
as_strided_array = np.lib.stride_tricks.as_strided


# --- windows


def _windows(x: Any, dim: int, size: int, step: int) -> Any:
    count = (x.shape[dim] - size) // step + 1
    shape = (*x.shape[:dim], count, *x.shape[dim + 1 :], size)
    strides = list(x.strides)
    strides[dim] *= step
    apart = size <= step and x.flags.writeable
    return as_strided_array(x, shape, (*strides, x.strides[dim]), writeable=apart)


def _windows_adjoint(g: Any, shape: tuple[int, ...], dim: int, size: int, step: int) -> Any:
    out = np.zeros(shape, g.dtype)
    count = g.shape[dim]
    for k in range(size):
        out[(slice(None),) * dim + (slice(k, k + step * (count - 1) + 1, step),)] += g[..., k]
    return out


UNFOLD_DIM = define(
    "unfold_dim",
    forward=_windows,
    inputs=("x",),
    attributes=("dim", "size", "step"),
    vjp={"x": lambda g, x_shape, dim, size, step: op.unfold_dim_adjoint(g, x_shape, dim, size, step)},
    views=True,
    samples=lambda rng: [
        Sample((values(rng, shape),), a)
        for shape, a in (((5,), (0, 3, 1)), ((2, 7, 2), (1, 2, 3)), ((3, 4), (1, 4, 1)), ((2, 3), (0, 1, 1)))
    ],
    label="unfold",
    formula="x[k step : k step + size] for each k",
)
UNFOLD_DIM_ADJOINT = define(
    "unfold_dim_adjoint",
    forward=_windows_adjoint,
    inputs=("x",),
    attributes=("shape", "dim", "size", "step"),
    vjp={"x": lambda g, dim, size, step: op.unfold_dim(g, dim, size, step)},
    samples=lambda rng: [
        Sample((values(rng, (3, 3)),), ((5,), 0, 3, 1)),
        Sample((values(rng, (2, 2, 2, 2)),), ((2, 7, 2), 1, 2, 3)),
    ],
    label="fold",
    formula="zeros, with each window of x added in its place",
)


def windows(input: Operand, dimension: int, size: int, step: int) -> Any:
    """What Tensor.unfold is; see there."""
    x = as_handle(input, "unfold")
    dim = normalize_dim("unfold", dimension, x.ndim)
    length = x.shape[dim] if x.ndim else 1
    if not all(isinstance(n, (int, np.integer)) for n in (size, step)) or size < 0 or step < 1:
        raise ArgumentError(f"unfold: size {size!r} and step {step!r}: use a size of at least 0 and a positive step")
    if size > length:
        raise ShapeError(f"unfold: size {size} is more than the {length} of dimension {dim} of x {x.shape}")
    if x.ndim == 0:
        return op.narrow.apply(op.reshape.apply(x, (1,)), 0, 0, int(size))
    return UNFOLD_DIM.apply(x, dim, int(size), int(step))


# --- strides as they are asked for


def _strided(x: Any, size: tuple[int, ...], stride: tuple[int, ...], offset: int) -> Any:
    row = np.ascontiguousarray(x).reshape(-1)
    strides = tuple([s * row.itemsize for s in stride])
    return as_strided_array(row[offset:], size, strides, writeable=row.flags.writeable and not _overlap(size, stride))


def _overlap(size: tuple[int, ...], stride: tuple[int, ...]) -> bool:
    """Whether two entries may be the same number: no, if each stride steps over all that the smaller ones reach."""
    reach = 0
    for step, n in sorted(zip(stride, size, strict=True)):
        if n > 1:
            if step <= reach:
                return True
            reach += step * (n - 1)
    return False


def _places(size: tuple[int, ...], stride: tuple[int, ...], offset: int) -> np.ndarray:
    places = np.full(size, offset)
    for k, (n, step) in enumerate(zip(size, stride, strict=True)):
        places += (np.arange(n) * step).reshape((-1,) + (1,) * (len(size) - k - 1))
    return places


def _strided_adjoint(
    g: Any, shape: tuple[int, ...], size: tuple[int, ...], stride: tuple[int, ...], offset: int
) -> Any:
    out = np.zeros(math.prod(shape), g.dtype)
    np.add.at(out, _places(size, stride, offset).reshape(-1), g.reshape(-1))
    return out.reshape(shape)


def _strided_infer(x: Any, size: tuple[int, ...], stride: tuple[int, ...], offset: int) -> None:
    if len(size) != len(stride):
        raise ShapeError(f"as_strided: size {size} and stride {stride} differ in length")
    if min(stride, default=0) < 0:
        raise ArgumentError(f"as_strided: stride {stride} must not be negative")
    reach = offset + sum([(n - 1) * step for n, step in zip(size, stride, strict=True)])
    if offset < 0 or (0 not in size and reach >= x.size):
        raise ShapeError(
            f"as_strided: size {size} with stride {stride} reads the numbers {offset} to {reach} of x {x.shape}, which "
            f"has the numbers 0 to {x.size - 1}"
        )


_STRIDES: list[tuple[tuple[int, ...], tuple[Any, ...]]] = [
    ((2, 3), ((3, 2), (1, 3), 0)),
    ((7,), ((3, 3), (1, 2), 0)),
    ((6,), ((2,), (2,), 1)),
    ((2,), ((), (), 1)),
    ((3,), ((2, 2), (0, 1), 0)),
]
AS_STRIDED = define(
    "as_strided",
    forward=_strided,
    inputs=("x",),
    attributes=("size", "stride", "offset"),
    vjp={"x": lambda g, x_shape, size, stride, offset: op.as_strided_adjoint(g, x_shape, size, stride, offset)},
    infer=_strided_infer,
    views=True,
    samples=lambda rng: [Sample((values(rng, shape),), a) for shape, a in _STRIDES],
    error_samples=lambda rng: [
        Sample((values(rng, (3,)),), ((2,), (3,), 0), ShapeError, "0 to 3"),
        Sample((values(rng, (3,)),), ((2,), (-1,), 2), ArgumentError, "negative"),
    ],
    formula="x[offset + i stride[0] + j stride[1] + ...]",
)
AS_STRIDED_ADJOINT = define(
    "as_strided_adjoint",
    forward=_strided_adjoint,
    inputs=("x",),
    attributes=("shape", "size", "stride", "offset"),
    vjp={"x": lambda g, size, stride, offset: op.as_strided(g, size, stride, offset)},
    samples=lambda rng: [Sample((values(rng, a[0]),), (shape, *a)) for shape, a in _STRIDES],
    formula="zeros, with x added at offset + i stride[0] + j stride[1] + ...",
)


def _strides_of(
    name: str, x: Any, size: Any, stride: Any, storage_offset: Any
) -> tuple[tuple[int, ...], tuple[int, ...], int]:
    """Size, stride and the offset from the first number of `x`."""
    if not x._array.flags.c_contiguous:
        raise ShapeError(f"{name}: x {x.shape} does not lie in memory in reading order; use x.contiguous() first")
    sizes, steps = normalize_sizes(name, (size,)), normalize_shape(name, (stride,))
    offset = 0 if storage_offset is None else normalize_shape(name, (storage_offset,))[0] - storage_offset_of(x)
    _strided_infer(x._array, sizes, steps, offset)
    return sizes, steps, offset


def hollow(name: str, size: Any, stride: Any, dtype: Any) -> np.ndarray:
    """An array of the given sizes and steps, with whatever was in memory."""
    sizes, steps = normalize_sizes(name, (size,)), normalize_shape(name, (stride,))
    if len(sizes) != len(steps) or min(steps, default=0) < 0:
        raise ShapeError(f"{name}: size {sizes} and stride {steps}: give a stride, not negative, for each size")
    reach = 0 if 0 in sizes else 1 + sum([(n - 1) * step for n, step in zip(sizes, steps, strict=True)])
    row = np.empty(reach, dtype)
    return as_strided_array(row, sizes, tuple([step * row.itemsize for step in steps]))


def storage_offset_of(x: Handle) -> int:
    """How many numbers lie in memory before the first of `x`, counted from the start of the array that owns it."""
    owner = x._array
    while isinstance(owner.base, np.ndarray):
        owner = owner.base
    return (x._array.__array_interface__["data"][0] - np.lib.array_utils.byte_bounds(owner)[0]) // x._array.itemsize


def as_strided(input: Operand, size: Sequence[int], stride: Sequence[int], storage_offset: int | None = None) -> Tensor:
    """The numbers of a tensor read with the given steps, as a view; entries may overlap, and then it is read-only.

    Args:
        input: a Tensor whose numbers lie in memory in reading order.
        size: the sizes of the result.
        stride: the steps in memory along each of its dimensions, in numbers.
        storage_offset: where it begins, counted as `input.storage_offset()`; with the first number of the input,
            unless given.

    Raises:
        ShapeError: the input is not contiguous, or the result would read what does not belong to it.

    Example:
        >>> autograd.as_strided(autograd.arange(5), (3, 3), (1, 1))
        tensor([[0, 1, 2],
                [1, 2, 3],
                [2, 3, 4]])
    """
    x = as_handle(input, "as_strided")
    return AS_STRIDED.apply(x, *_strides_of("as_strided", x, size, stride, storage_offset))


# --- a part replaced


def _replaced(name: str, x: Any, src: Operand, view: tuple[str, tuple[Any, ...]], shape: tuple[int, ...]) -> Any:
    """`x` with `src` in place of what the view shows, which has the given shape."""
    source = as_handle(src, name)
    if source.shape != shape:
        raise ShapeError(f"{name}: src {source.shape} does not fit the part {shape} of x {x.shape}; make them equal")
    if source.dtype != x.dtype:
        source = TO_DTYPE.apply(source, x.dtype)
    return VIEW_SCATTER.apply(x, source, (view,))


def _np_scatter(part: Any) -> Any:
    def reference(x: np.ndarray, src: np.ndarray, *arguments: Any) -> np.ndarray:
        out = np.array(x)
        part(out, *arguments)[...] = src
        return out

    return reference


@composite(
    formula="x, with y at one index of a dimension",
    samples=lambda rng: [Sample((values(rng, (2, 3)), values(rng, (2,))), (1, k)) for k in (0, -1)],
    reference=_np_scatter(lambda x, dim, index: np.moveaxis(x, dim, 0)[index, ...]),
    error_samples=lambda rng: [
        Sample((values(rng, (2, 3)), values(rng, (3,))), (1, 0), ShapeError, "does not fit"),
        Sample((values(rng, (2, 3)), values(rng, (2,))), (1, 3), ArgumentError, "out of range"),
    ],
)
def select_scatter(input: Operand, src: Operand, dim: int, index: int) -> Tensor:
    """A copy in which `src` stands at one index of a dimension.

    Args:
        input: a Tensor of at least one dimension.
        src: what `select(input, dim, index)` is to be.
        dim: the dimension.
        index: the place along it.

    Raises:
        ShapeError: `src` has not the shape of that part.
        ArgumentError: there is no such place.

    Example:
        >>> autograd.select_scatter(autograd.zeros(2, 2), autograd.tensor([1.0, 2.0]), 1, 0)
        tensor([[1., 0.],
                [2., 0.]])
    """
    x = as_handle(input, "select_scatter")
    if x.ndim == 0:
        raise ShapeError("select_scatter: x is a single number; give it at least 1 dimension")
    place = normalize_dim("select_scatter", dim, x.ndim)
    pattern = pattern_of_select("select_scatter", x.shape, place, index)
    return _replaced("select_scatter", x, src, ("getitem", (pattern,)), x.shape[:place] + x.shape[place + 1 :])


@composite(
    formula="x, with y at [start:end:step] of a dimension",
    samples=lambda rng: [
        Sample((values(rng, (2, 5)), values(rng, (2, 2))), (1, 1, 4, 2)),
        Sample((values(rng, (3,)), values(rng, (2,))), (0, -2)),
    ],
    reference=_np_scatter(
        lambda x, dim=0, start=None, end=None, step=1: x[(slice(None),) * dim + (slice(start, end, step),)]
    ),
    error_samples=lambda rng: [
        Sample((values(rng, (3,)), values(rng, (3,))), (0, 1), ShapeError, "does not fit"),
        Sample((values(rng, (3,)), values(rng, (3,))), (0, 0, 3, 0), ArgumentError, "step is 0"),
    ],
)
def slice_scatter(
    input: Operand, src: Operand, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1
) -> Tensor:
    """A copy in which `src` stands at a slice of a dimension.

    Args:
        input: a Tensor of at least one dimension.
        src: what the slice `start:end:step` is to be.
        dim: the dimension.
        start, end, step: the slice; the step is positive.

    Raises:
        ShapeError: `src` has not the shape of that part.

    Example:
        >>> autograd.slice_scatter(autograd.zeros(4), autograd.tensor([1.0, 2.0]), start=1, end=3)
        tensor([0., 1., 2., 0.])
    """
    x = as_handle(input, "slice_scatter")
    if x.ndim == 0:
        raise ShapeError("slice_scatter: x is a single number; give it at least 1 dimension")
    place = normalize_dim("slice_scatter", dim, x.ndim)
    if not isinstance(step, (int, np.integer)) or step < 1:
        raise ArgumentError(f"slice_scatter: step is {step!r}; use a positive number")
    first, last = (None if b is None else normalize_shape("slice_scatter", (b,))[0] for b in (start, end))
    count = len(range(*slice(first, last, int(step)).indices(x.shape[place])))
    pattern = (("slice", None, None, None),) * place + (("slice", first, last, int(step)),)
    shape = (*x.shape[:place], count, *x.shape[place + 1 :])
    return _replaced("slice_scatter", x, src, ("getitem", (pattern,)), shape)


def _np_diagonal(x: np.ndarray, offset: int = 0, dim1: int = 0, dim2: int = 1) -> np.ndarray:
    view = np.diagonal(x, offset, dim1, dim2)
    view.flags.writeable = True
    return view


@composite(
    formula="x, with y on a diagonal",
    samples=lambda rng: [
        Sample((values(rng, (3, 4)), values(rng, (3,))), (1,)),
        Sample((values(rng, (2, 3, 4)), values(rng, (3, 2))), (0, 0, 2)),
    ],
    reference=_np_scatter(_np_diagonal),
    error_samples=lambda rng: [Sample((values(rng, (3, 3)), values(rng, (3,))), (1,), ShapeError, "does not fit")],
)
def diagonal_scatter(input: Operand, src: Operand, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """A copy in which `src` stands on a diagonal.

    Args:
        input: a Tensor of at least two dimensions.
        src: what `diagonal(input, offset, dim1, dim2)` is to be.
        offset, dim1, dim2: the diagonal.

    Raises:
        ShapeError: `src` has not the shape of that part.

    Example:
        >>> autograd.diagonal_scatter(autograd.zeros(2, 2), autograd.tensor([1.0, 2.0]))
        tensor([[1., 0.],
                [0., 2.]])
    """
    x = as_handle(input, "diagonal_scatter")
    a, b = (normalize_dim("diagonal_scatter", d, x.ndim) for d in (dim1, dim2))
    if a == b:
        raise ArgumentError(
            f"diagonal_scatter: dim1 and dim2 are both {a}; give two different dimensions of x {x.shape}"
        )
    offset = normalize_shape("diagonal_scatter", (offset,))[0]
    shape = np.diagonal(x._array, offset, a, b).shape
    return _replaced("diagonal_scatter", x, src, ("diagonal", (offset, a, b)), shape)


@composite(
    formula="x, with y at offset + i stride[0] + j stride[1] + ...",
    samples=lambda rng: [Sample((values(rng, (6,)), values(rng, (2, 2))), ((2, 2), (3, 1), 1))],
    reference=_np_scatter(lambda x, size, stride, offset: _strided(x, size, stride, offset)),
    error_samples=lambda rng: [
        Sample((values(rng, (6,)), values(rng, (2, 2))), ((2, 2), (1, 1)), ArgumentError, "overlap")
    ],
)
def as_strided_scatter(
    input: Operand, src: Operand, size: Sequence[int], stride: Sequence[int], storage_offset: int | None = None
) -> Tensor:
    """A copy in which `src` stands where `as_strided(input, size, stride, storage_offset)` reads.

    Raises:
        ArgumentError: entries overlap, so that it is not clear which is to stand there.
        ShapeError: `src` has not that size, or the places are not within the input.

    Example:
        >>> autograd.as_strided_scatter(autograd.zeros(4), autograd.tensor([1.0, 2.0]), (2,), (2,))
        tensor([1., 0., 2., 0.])
    """
    x = as_handle(input, "as_strided_scatter")
    sizes, steps, offset = _strides_of("as_strided_scatter", x, size, stride, storage_offset)
    if _overlap(sizes, steps):
        raise ArgumentError(f"as_strided_scatter: entries of size {sizes} with stride {steps} overlap; make them apart")
    return _replaced("as_strided_scatter", x, src, ("as_strided", (sizes, steps, offset)), sizes)


@composite(
    formula="y in the shape of x",
    samples=lambda rng: [Sample((values(rng, (2, 3)), values(rng, ()))), Sample((values(rng, (2,)), 3))],
    reference=lambda x, value: np.full(x.shape, value, x.dtype),
    error_samples=lambda rng: [Sample((values(rng, (2,)), values(rng, (2,))), (), ShapeError, "one number")],
)
def fill(input: Operand, value: Operand) -> Tensor:
    """One number in the shape and dtype of a tensor, whose gradient is 0.

    Args:
        input: a Tensor.
        value: a number, or a Tensor of no dimensions.

    Raises:
        ShapeError: the value is more than one number.

    Example:
        >>> autograd.fill(autograd.zeros(2), 3)
        tensor([3., 3.])
    """
    x, number = as_handle(input, "fill"), as_handle(value, "fill")
    if number.ndim:
        raise ShapeError(f"fill: value {number.shape} is not one number; give one")
    return op.where.apply(np.True_, TO_DTYPE.apply(number, x.dtype), x)
