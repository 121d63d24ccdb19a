"""The same numbers in another shape, or another order of dimensions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..composites import composite
from ..errors import ArgumentError, ShapeError
from ..primitive import Sample, as_handle, define, op
from .dims import normalize_dim, normalize_dims, normalize_shape
from .families import values

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = [
    "atleast_1d",
    "atleast_2d",
    "atleast_3d",
    "clone",
    "flatten",
    "moveaxis",
    "movedim",
    "permute",
    "ravel",
    "reshape",
    "squeeze",
    "swapaxes",
    "swapdims",
    "t",
    "transpose",
    "unflatten",
    "unsqueeze",
    "view",
]

Operand = Any


def _reshape_infer(x: Any, shape: tuple[int, ...]) -> None:
    if math.prod(shape) != x.size:
        raise ShapeError(
            f"reshape: x {x.shape} has {x.size} numbers, and {shape} has room for {math.prod(shape)}; "
            "the products of the sizes must be equal"
        )


def _reshape(x: Any, shape: tuple[int, ...]) -> Any:
    # A NumPy scalar is made an array first: its own `reshape` keeps memory at some of its calls.
    return (x if type(x) is np.ndarray else np.asarray(x)).reshape(shape)


RESHAPE = define(
    "reshape",
    forward=_reshape,
    inputs=("x",),
    attributes=("shape",),
    vjp={"x": lambda g, x_shape: op.reshape(g, x_shape)},
    infer=_reshape_infer,
    views=True,
    samples=lambda rng: [
        Sample((values(rng, a),), (b,)) for a, b in (((2, 3), (3, 2)), ((4,), (2, 2)), ((), (1, 1)), ((0, 3), (3, 0)))
    ],
    error_samples=lambda rng: [Sample((values(rng, (2, 3)),), ((4,),), ShapeError, "6 numbers")],
    formula="the same numbers in another shape",
)


def _inverse(dims: tuple[int, ...]) -> tuple[int, ...]:
    return tuple([dims.index(i) for i in range(len(dims))])


PERMUTE = define(
    "permute",
    forward=np.transpose,
    inputs=("x",),
    attributes=("dims",),
    vjp={"x": lambda g, dims: op.permute(g, _inverse(dims))},
    views=True,
    samples=lambda rng: [
        Sample((values(rng, a),), (d,)) for a, d in (((2, 3), (1, 0)), ((2, 3, 4), (2, 0, 1)), ((), ()))
    ],
    formula="x with its dimensions in another order",
)
TRANSPOSE = define(
    "transpose",
    forward=np.swapaxes,
    inputs=("x",),
    attributes=("dim0", "dim1"),
    vjp={"x": lambda g, dim0, dim1: op.transpose(g, dim0, dim1)},
    views=True,
    samples=lambda rng: [Sample((values(rng, a),), d) for a, d in (((2, 3), (0, 1)), ((2, 3, 4), (-1, -2)))],
    label="T",
    formula="x with two dimensions exchanged",
)
CLONE = define(
    "clone",
    forward=lambda x: np.array(x, order="C"),
    inputs=("x",),
    vjp={"x": lambda g: g},
    samples=lambda rng: [Sample((values(rng, (2, 3)).T,))],
    formula="a copy of x",
)


# --- other shapes


def reshape(input: Operand, shape: int | Sequence[int]) -> Tensor:
    """The same numbers in another shape: a view where the memory allows it, else a copy.

    Args:
        input: a Tensor.
        shape: the sizes; one of them may be -1 and is then computed.

    Raises:
        ShapeError: the shape has another number of entries.

    Example:
        >>> autograd.reshape(autograd.arange(6), (2, -1))
        tensor([[0, 1, 2],
                [3, 4, 5]])
    """
    input = as_handle(input, "reshape")
    return RESHAPE.apply(input, _completed("reshape", input, normalize_shape("reshape", (shape,))))


def _completed(name: str, x: Any, sizes: tuple[int, ...]) -> tuple[int, ...]:
    """The sizes with the -1 among them computed."""
    if min(sizes, default=0) >= 0:
        return sizes
    known = math.prod(size for size in sizes if size != -1)
    if sizes.count(-1) != 1 or min(sizes) < -1 or known == 0 or x.numel() % known:
        raise ShapeError(
            f"{name}: x {x.shape} has {x.numel()} numbers, from which the -1 in {sizes} cannot be computed; "
            "leave out one size, and let the others divide them"
        )
    return tuple([x.numel() // known if size == -1 else size for size in sizes])


@composite(
    formula="the same numbers on the same memory",
    samples=lambda rng: [Sample((values(rng, (2, 3)),), (3, -1)), Sample((values(rng, (0, 3)),), (3, 0))],
    reference=lambda x, *shape: x.reshape(shape),
    error_samples=lambda rng: [Sample((values(rng, (2, 3)),), (4,), ShapeError, "6 numbers")],
)
def view(input: Operand, *shape: Any) -> Tensor:
    """The same numbers in another shape, on the same memory.

    Args:
        input: a Tensor.
        shape: the sizes, one by one or as a tuple; one of them may be -1 and is then computed.

    Raises:
        ShapeError: the shape has another number of entries, or the numbers do not lie in memory in that order.

    Example:
        >>> autograd.arange(4).view(2, 2)
        tensor([[0, 1],
                [2, 3]])
    """
    input = as_handle(input, "view")
    result = RESHAPE.apply(input, _completed("view", input, normalize_shape("view", shape)))
    if input.numel() and not np.may_share_memory(input._array, result._array):
        raise ShapeError(f"view: x {input.shape} does not lie in memory in reading order; use reshape, which copies")
    return result


@composite(
    formula="x with some dimensions made one",
    samples=lambda rng: [
        Sample((values(rng, (2, 3, 2)),)),
        Sample((values(rng, (2, 3, 2)),), (1, 2)),
        Sample((values(rng, ()),)),
    ],
    reference=lambda x, start=0, end=-1: x.reshape(-1) if start == 0 else x.reshape(*x.shape[:start], -1),
    error_samples=lambda rng: [Sample((values(rng, (2, 3)),), (1, 0), ArgumentError, "comes after")],
)
def flatten(input: Operand, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """Make one dimension of those from `start_dim` to `end_dim`.

    Args:
        input: a Tensor of any shape; one number becomes a vector of one.
        start_dim, end_dim: the first and the last of the dimensions.

    Raises:
        ArgumentError: there is no such dimension, or the first comes after the last.

    Example:
        >>> autograd.flatten(autograd.ones(2, 3, 4), 1).shape
        (2, 12)
    """
    input = as_handle(input, "flatten")
    first, last = (normalize_dim("flatten", d, input.ndim) for d in (start_dim, end_dim))
    if first > last:
        raise ArgumentError(f"flatten: start_dim {start_dim} comes after end_dim {end_dim}; exchange them")
    size = math.prod(input.shape[first : last + 1])
    return RESHAPE.apply(input, (*input.shape[:first], size, *input.shape[last + 1 :]))


@composite(
    formula="x with one dimension made several",
    samples=lambda rng: [Sample((values(rng, (2, 6)),), (1, (2, 3))), Sample((values(rng, (6, 2)),), (-2, (3, -1)))],
    reference=lambda x, dim, sizes: x.reshape((2, 2, 3) if dim == 1 else (3, 2, 2)),
    error_samples=lambda rng: [Sample((values(rng, (2, 6)),), (1, (4, 2)), ShapeError, "multiply to 8")],
)
def unflatten(input: Operand, dim: int, sizes: Sequence[int]) -> Tensor:
    """Make several dimensions of one.

    Args:
        input: a Tensor.
        dim: the dimension.
        sizes: the sizes that it becomes; one may be -1 and is then computed.

    Raises:
        ShapeError: the sizes do not multiply to that of the dimension.

    Example:
        >>> autograd.unflatten(autograd.arange(6), 0, (2, 3))
        tensor([[0, 1, 2],
                [3, 4, 5]])
    """
    input = as_handle(input, "unflatten")
    if input.ndim == 0:
        raise ShapeError("unflatten: x is a single number, without a dimension to make several of; use reshape")
    place = normalize_dim("unflatten", dim, input.ndim)
    given = normalize_shape("unflatten", (sizes,))
    size, known = input.shape[place], math.prod(n for n in given if n != -1)
    whole = known > 0 and size % known == 0
    parts = tuple([size // known if n == -1 and whole else n for n in given])
    if not given or math.prod(parts) != size or min(parts) < 0:
        raise ShapeError(
            f"unflatten: sizes {given} multiply to {math.prod(given)}, but dimension {place} of x {input.shape} has "
            f"{size}; make them equal"
        )
    return RESHAPE.apply(input, (*input.shape[:place], *parts, *input.shape[place + 1 :]))


@composite(
    formula="all numbers in a row",
    samples=lambda rng: [Sample((values(rng, shape),)) for shape in ((2, 3), (), (0, 2))],
    reference=np.ravel,
)
def ravel(input: Operand) -> Tensor:
    """All numbers in a row: a view where the memory allows it, else a copy.

    Example:
        >>> autograd.ravel(autograd.tensor([[1, 2], [3, 4]]))
        tensor([1, 2, 3, 4])
    """
    input = as_handle(input, "ravel")
    return RESHAPE.apply(input, (input.numel(),))


@composite(
    formula="x without dimensions of size 1",
    samples=lambda rng: [
        Sample((values(rng, (1, 3, 1)),)),
        Sample((values(rng, (1, 3, 1)),), (0,)),
        Sample((values(rng, (1, 3, 1)),), ((0, -1),)),
    ],
    reference=lambda x, dim=None: np.squeeze(x, dim),
    error_samples=lambda rng: [Sample((values(rng, (1, 3)),), ((0, 0),), ArgumentError, "twice")],
)
def squeeze(input: Operand, dim: int | Sequence[int] | None = None) -> Tensor:
    """Drop dimensions of size 1: all of them, or those given (others are left alone).

    Args:
        input: a Tensor.
        dim: a dimension, several, or None for all.

    Example:
        >>> autograd.squeeze(autograd.ones(1, 3, 1)).shape
        (3,)
    """
    input = as_handle(input, "squeeze")
    dims = normalize_dims("squeeze", dim, input.ndim)
    if dim is not None and not isinstance(dim, (int, np.integer)) and not len(dim):
        dims = ()
    return RESHAPE.apply(input, tuple([s for i, s in enumerate(input.shape) if s != 1 or i not in dims]))


@composite(
    formula="x with a dimension of size 1 more",
    samples=lambda rng: [Sample((values(rng, (2, 3)),), (k,)) for k in (0, 1, -1)],
    reference=np.expand_dims,
    error_samples=lambda rng: [Sample((values(rng, (2, 3)),), (3,), ArgumentError, "dim is 3")],
)
def unsqueeze(input: Operand, dim: int) -> Tensor:
    """Insert a dimension of size 1.

    Args:
        input: a Tensor.
        dim: where the new dimension stands in the result.

    Example:
        >>> autograd.unsqueeze(autograd.ones(3), 0).shape
        (1, 3)
    """
    input = as_handle(input, "unsqueeze")
    place = normalize_dim("unsqueeze", dim, input.ndim + 1)
    return RESHAPE.apply(input, (*input.shape[:place], 1, *input.shape[place:]))


def _each(name: str, tensors: tuple[Any, ...], lift: Any) -> Any:
    """`lift` of the one Tensor that was given, or of each of several."""
    if len(tensors) == 1 and not isinstance(tensors[0], (tuple, list)):
        return lift(as_handle(tensors[0], name))
    listed = tensors[0] if len(tensors) == 1 else tensors
    return tuple([lift(as_handle(t, name)) for t in listed])


@composite(
    formula="x with at least one dimension",
    samples=lambda rng: [Sample((values(rng, shape),)) for shape in ((), (2, 3))],
    reference=np.atleast_1d,
)
def atleast_1d(*tensors: Operand) -> Tensor | tuple[Tensor, ...]:
    """A single number as a vector of one; other tensors as they are.

    Args:
        tensors: a Tensor; or several, one by one or as a sequence, for which there is a tuple of results.

    Example:
        >>> autograd.atleast_1d(autograd.tensor(2.0))
        tensor([2.])
    """
    return _each("atleast_1d", tensors, lambda x: x if x.ndim else RESHAPE.apply(x, (1,)))


@composite(
    formula="x with at least two dimensions",
    samples=lambda rng: [Sample((values(rng, shape),)) for shape in ((), (3,), (2, 3))],
    reference=np.atleast_2d,
)
def atleast_2d(*tensors: Operand) -> Tensor | tuple[Tensor, ...]:
    """Numbers and vectors as a matrix of one row; other tensors as they are. Arguments as for `atleast_1d`.

    Example:
        >>> autograd.atleast_2d(autograd.tensor([1.0, 2.0]))
        tensor([[1., 2.]])
    """
    return _each("atleast_2d", tensors, lambda x: x if x.ndim > 1 else RESHAPE.apply(x, (1, x.numel())))


@composite(
    formula="x with at least three dimensions",
    samples=lambda rng: [Sample((values(rng, shape),)) for shape in ((), (3,), (2, 3), (1, 2, 3))],
    reference=np.atleast_3d,
)
def atleast_3d(*tensors: Operand) -> Tensor | tuple[Tensor, ...]:
    """Numbers as (1, 1, 1), vectors as (1, n, 1), matrices as (n, m, 1). Arguments as for `atleast_1d`.

    Example:
        >>> autograd.atleast_3d(autograd.ones(2, 3)).shape
        (2, 3, 1)
    """

    def lift(x: Any) -> Any:
        return x if x.ndim > 2 else RESHAPE.apply(x, (1, x.numel(), 1) if x.ndim < 2 else (*x.shape, 1))

    return _each("atleast_3d", tensors, lift)


# --- other orders of the dimensions


def permute(input: Operand, dims: Sequence[int]) -> Tensor:
    """The dimensions in another order, as a view.

    Args:
        input: a Tensor.
        dims: every dimension once, in the new order.

    Raises:
        ArgumentError: a dimension is missing, named twice, or not there.

    Example:
        >>> autograd.permute(autograd.ones(2, 3, 4), (2, 0, 1)).shape
        (4, 2, 3)
    """
    input = as_handle(input, "permute")
    given = normalize_shape("permute", (dims,))
    order = normalize_dims("permute", given, input.ndim) if given else ()
    if len(order) != input.ndim:
        raise ArgumentError(f"permute: {tuple(given)} names {len(order)} dimensions of x {input.shape}; name each once")
    return PERMUTE.apply(input, order)


def transpose(input: Operand, dim0: int, dim1: int) -> Tensor:
    """Exchange two dimensions, as a view.

    Example:
        >>> autograd.transpose(autograd.ones(2, 3), 0, 1).shape
        (3, 2)
    """
    input = as_handle(input, "transpose")
    a, b = (normalize_dim("transpose", d, input.ndim) for d in (dim0, dim1))
    return TRANSPOSE.apply(input, a, b) if input.ndim else input


@composite(
    formula="x with two dimensions exchanged",
    samples=lambda rng: [Sample((values(rng, (2, 3, 4)),), (0, -1))],
    reference=np.swapaxes,
)
def swapaxes(input: Operand, axis0: int, axis1: int) -> Tensor:
    """Exchange two dimensions, as a view: `transpose` under NumPy's name.

    Example:
        >>> autograd.swapaxes(autograd.ones(2, 3), 0, 1).shape
        (3, 2)
    """
    return transpose(input, axis0, axis1)


@composite(
    formula="x with two dimensions exchanged",
    samples=lambda rng: [Sample((values(rng, (2, 3, 4)),), (0, -1))],
    reference=np.swapaxes,
)
def swapdims(input: Operand, dim0: int, dim1: int) -> Tensor:
    """Exchange two dimensions, as a view: `transpose` under another name.

    Example:
        >>> autograd.swapdims(autograd.ones(2, 3), 0, 1).shape
        (3, 2)
    """
    return transpose(input, dim0, dim1)


@composite(
    formula="x with rows and columns exchanged",
    samples=lambda rng: [Sample((values(rng, shape),)) for shape in ((2, 3), (3,), ())],
    reference=np.transpose,
    error_samples=lambda rng: [Sample((values(rng, (2, 3, 4)),), (), ShapeError, "is no matrix")],
)
def t(input: Operand) -> Tensor:
    """The transposed matrix, as a view; vectors and numbers as they are.

    Raises:
        ShapeError: there are more than two dimensions.

    Example:
        >>> autograd.t(autograd.tensor([[1, 2], [3, 4]]))
        tensor([[1, 3],
                [2, 4]])
    """
    input = as_handle(input, "t")
    if input.ndim > 2:
        raise ShapeError(f"t: x {input.shape} is no matrix; use transpose(x, dim0, dim1) or x.mT")
    return TRANSPOSE.apply(input, 0, 1) if input.ndim == 2 else input


@composite(
    formula="x with dimensions moved",
    samples=lambda rng: [
        Sample((values(rng, (2, 3, 4)),), (0, -1)),
        Sample((values(rng, (2, 3, 4)),), ((0, 1), (2, 0))),
    ],
    reference=np.moveaxis,
    error_samples=lambda rng: [Sample((values(rng, (2, 3)),), ((0, 1), 0), ArgumentError, "differ in length")],
)
def movedim(input: Operand, source: int | Sequence[int], destination: int | Sequence[int]) -> Tensor:
    """Move dimensions to other places; the rest keep their order.

    Args:
        input: a Tensor.
        source: a dimension, or several.
        destination: where each of them is to stand.

    Raises:
        ArgumentError: a dimension is not there or named twice, or the two differ in length.

    Example:
        >>> autograd.movedim(autograd.ones(2, 3, 4), 0, -1).shape
        (3, 4, 2)
    """
    input = as_handle(input, "movedim")
    from_, to = (normalize_dims("movedim", d, input.ndim) for d in (source, destination))
    if len(from_) != len(to):
        raise ArgumentError(f"movedim: source {source} and destination {destination} differ in length")
    order = [i for i in range(input.ndim) if i not in from_]
    for place, dim in sorted(zip(to, from_, strict=True)):
        order.insert(place, dim)
    return PERMUTE.apply(input, tuple(order))


@composite(
    formula="x with dimensions moved",
    samples=lambda rng: [Sample((values(rng, (2, 3, 4)),), (0, -1))],
    reference=np.moveaxis,
)
def moveaxis(input: Operand, source: int | Sequence[int], destination: int | Sequence[int]) -> Tensor:
    """Move dimensions to other places: `movedim` under NumPy's name.

    Example:
        >>> autograd.moveaxis(autograd.ones(2, 3, 4), 0, -1).shape
        (3, 4, 2)
    """
    return movedim(input, source, destination)


def clone(input: Operand, *, memory_format: Any = None) -> Tensor:
    """A copy with memory of its own; gradients pass through. `memory_format` changes no number, and nothing here.

    Example:
        >>> autograd.clone(autograd.tensor([1.0, 2.0]))
        tensor([1., 2.])
    """
    return CLONE.apply(input)
