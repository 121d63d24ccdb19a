"""Changing the shape, joining, splitting, padding: operations that move numbers and do not change them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import dtypes
from ..errors import ArgumentError, DtypeError, ShapeError
from ..primitive import Sample, as_handle, define, op
from .dims import normalize_dim, normalize_dims, normalize_shape
from .families import values

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = [
    "broadcast_to",
    "cat",
    "chunk",
    "clone",
    "expand",
    "flatten",
    "flip",
    "movedim",
    "one_hot",
    "pad",
    "permute",
    "repeat",
    "reshape",
    "roll",
    "split",
    "squeeze",
    "stack",
    "transpose",
    "tril",
    "triu",
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


# --- joining


def _cat_infer(tensors: tuple[Any, ...], dim: int) -> None:
    first = tensors[0].shape
    for k, x in enumerate(tensors):
        others = [(i, a, b) for i, (a, b) in enumerate(zip(first, x.shape, strict=False)) if i != dim and a != b]
        if x.ndim != len(first) or others:
            raise ShapeError(
                f"cat: tensor 0 is {first} and tensor {k} is {x.shape}; all sizes but that of dimension {dim} "
                "must be equal"
            )


def _cat_rule(needs: Sequence[bool], g: Any, tensors_shapes: tuple[Any, ...], dim: int) -> list[Any]:
    gradients, start = [], 0
    for needed, shape in zip(needs, tensors_shapes, strict=True):
        stop = start + shape[dim]
        gradients.append(op.narrow(g, dim, start, stop) if needed else None)
        start = stop
    return gradients


CAT = define(
    "cat",
    forward=lambda tensors, dim: np.concatenate(tensors, axis=dim),
    inputs=("*tensors",),
    attributes=("dim",),
    vjp=_cat_rule,
    infer=_cat_infer,
    promotes="same",
    samples=lambda rng: [
        Sample(((values(rng, a), values(rng, b)),), (d,)) for a, b, d in (((2,), (3,), 0), ((2, 1), (2, 3), 1))
    ],
    error_samples=lambda rng: [
        Sample(((values(rng, (2, 3)), values(rng, (3, 3))),), (1,), ShapeError, "must be equal")
    ],
    formula="x, y, ... one after the other",
)


def _narrow(x: Any, dim: int, start: int, stop: int) -> Any:
    return x[(slice(None),) * dim + (slice(start, stop),)]


NARROW = define(
    "narrow",
    forward=_narrow,
    inputs=("x",),
    attributes=("dim", "start", "stop"),
    vjp={
        "x": lambda g, x_shape, dim, start, stop: op.pad(
            g,
            ((0, 0),) * dim + ((start, x_shape[dim] - stop),) + ((0, 0),) * (len(x_shape) - dim - 1),
            0,
        )
    },
    views=True,
    samples=lambda rng: [Sample((values(rng, (2, 5)),), a) for a in ((1, 1, 4), (0, 0, 1))],
    formula="x[start:stop] along a dimension",
)


def _pad(x: Any, widths: tuple[tuple[int, int], ...], value: float) -> Any:
    inner = tuple(
        [slice(max(-a, 0), size - max(-b, 0)) for (a, b), size in zip(widths, x.shape, strict=True)]
    )  # negative widths crop
    outer = [(max(a, 0), max(b, 0)) for a, b in widths]
    return np.pad(x[inner], outer, constant_values=value)


PAD = define(
    "pad",
    forward=_pad,
    inputs=("x",),
    attributes=("widths", "value"),
    vjp={"x": lambda g, widths: op.pad(g, tuple([(-a, -b) for a, b in widths]), 0)},
    samples=lambda rng: [
        Sample((values(rng, (2, 3)),), (w, v)) for w, v in ((((1, 0), (0, 2)), 0), (((0, 0), (1, -1)), 1.5))
    ],
    formula="x with a constant around it",
)


def _triangle(name: str, cut: Any, formula: str) -> Any:
    def infer(x: Any, diagonal: int) -> None:
        if x.ndim < 2:
            raise ShapeError(f"{name}: x {x.shape} is no matrix; give it at least two dimensions")

    return define(
        name,
        forward=cut,
        inputs=("x",),
        attributes=("diagonal",),
        vjp={"x": lambda g, diagonal: getattr(op, name)(g, diagonal)},
        infer=infer,
        samples=lambda rng: [Sample((values(rng, (3, 4)),), (k,)) for k in (0, 1, -1)],
        error_samples=lambda rng: [Sample((values(rng, (3,)),), (0,), ShapeError, "is no matrix")],
        formula=formula,
    )


TRIL = _triangle("tril", np.tril, "x below the diagonal, 0 above")
TRIU = _triangle("triu", np.triu, "x above the diagonal, 0 below")


# --- the public functions


def reshape(input: Operand, *shape: Any) -> Tensor:
    """The same numbers in another shape: a view where the memory allows it, else a copy.

    Args:
        input: a Tensor.
        shape: the sizes, one by one or as a tuple; one of them may be -1 and is then computed.

    Raises:
        ShapeError: the shape has another number of entries.

    Example:
        >>> autograd.reshape(autograd.arange(6), 2, -1)
        tensor([[0, 1, 2],
                [3, 4, 5]])
    """
    input = as_handle(input, "reshape")
    sizes = normalize_shape("reshape", shape)
    if -1 in sizes:
        known = math.prod(size for size in sizes if size != -1)
        if sizes.count(-1) > 1 or known == 0 or input.numel() % known:
            raise ShapeError(
                f"reshape: x {input.shape} has {input.numel()} numbers, from which the -1 in {sizes} cannot be "
                "computed; leave out one size that divides them"
            )
        sizes = tuple([input.numel() // known if size == -1 else size for size in sizes])
    return RESHAPE.apply(input, sizes)


def view(input: Operand, *shape: Any) -> Tensor:
    """The same numbers in another shape, on the same memory.

    Raises:
        ShapeError: the shape has another number of entries, or the numbers do not lie in memory in that order.

    Example:
        >>> autograd.arange(4).view(2, 2)
        tensor([[0, 1],
                [2, 3]])
    """
    input = as_handle(input, "view")
    result = reshape(input, *shape)
    if input.numel() and not np.may_share_memory(input._array, result._array):
        raise ShapeError(f"view: x {input.shape} does not lie in memory in reading order; use reshape, which copies")
    return result


def flatten(input: Operand, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """Make one dimension of those from `start_dim` to `end_dim`.

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


def permute(input: Operand, *dims: Any) -> Tensor:
    """The dimensions in another order, as a view.

    Args:
        input: a Tensor.
        dims: every dimension once, in the new order.

    Example:
        >>> autograd.permute(autograd.ones(2, 3, 4), (2, 0, 1)).shape
        (4, 2, 3)
    """
    input = as_handle(input, "permute")
    given = dims[0] if len(dims) == 1 and isinstance(dims[0], (tuple, list)) else dims
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


def movedim(input: Operand, source: int | Sequence[int], destination: int | Sequence[int]) -> Tensor:
    """Move dimensions to other places; the rest keep their order.

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


def squeeze(input: Operand, dim: int | Sequence[int] | None = None) -> Tensor:
    """Drop dimensions of size 1: all of them, or those given (others are left alone).

    Example:
        >>> autograd.squeeze(autograd.ones(1, 3, 1)).shape
        (3,)
    """
    input = as_handle(input, "squeeze")
    dims = normalize_dims("squeeze", dim, input.ndim)
    return RESHAPE.apply(input, tuple([s for i, s in enumerate(input.shape) if s != 1 or i not in dims]))


def unsqueeze(input: Operand, dim: int) -> Tensor:
    """Insert a dimension of size 1.

    Example:
        >>> autograd.unsqueeze(autograd.ones(3), 0).shape
        (1, 3)
    """
    input = as_handle(input, "unsqueeze")
    place = normalize_dim("unsqueeze", dim, input.ndim + 1)
    return RESHAPE.apply(input, (*input.shape[:place], 1, *input.shape[place:]))


def expand(input: Operand, *shape: Any) -> Tensor:
    """Stretch sizes of 1, as a view that repeats nothing in memory; -1 keeps a size.

    Raises:
        ShapeError: a size other than 1 would change.

    Example:
        >>> autograd.expand(autograd.tensor([[1.0], [2.0]]), 2, 3)
        tensor([[1., 1., 1.],
                [2., 2., 2.]])
    """
    input = as_handle(input, "expand")
    sizes = normalize_shape("expand", shape)
    extra = len(sizes) - input.ndim
    sizes = tuple([input.shape[i - extra] if s == -1 and i >= extra else s for i, s in enumerate(sizes)])
    return op.expand.apply(input, sizes)


def broadcast_to(input: Operand, shape: Sequence[int]) -> Tensor:
    """Stretch sizes of 1 to a shape, as a view; `expand` with the shape as one argument.

    Example:
        >>> autograd.broadcast_to(autograd.tensor([1.0, 2.0]), (2, 2))
        tensor([[1., 2.],
                [1., 2.]])
    """
    return expand(input, tuple(shape))


def repeat(input: Operand, *repeats: Any) -> Tensor:
    """Repeat the whole tensor along each dimension, as `np.tile`.

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
    sizes = (1,) * (len(times) - input.ndim) + input.shape
    pairs = RESHAPE.apply(input, tuple([n for size in sizes for n in (1, size)]))
    spread = op.expand.apply(pairs, tuple([n for t, size in zip(times, sizes, strict=True) for n in (t, size)]))
    return RESHAPE.apply(spread, tuple([t * size for t, size in zip(times, sizes, strict=True)]))


def clone(input: Operand) -> Tensor:
    """A copy with memory of its own; gradients pass through.

    Example:
        >>> autograd.clone(autograd.tensor([1.0, 2.0]))
        tensor([1., 2.])
    """
    return CLONE.apply(input)


def flip(input: Operand, *dims: Any) -> Tensor:
    """Reverse the order along the given dimensions.

    Example:
        >>> autograd.flip(autograd.tensor([1, 2, 3]), 0)
        tensor([3, 2, 1])
    """
    input = as_handle(input, "flip")
    sizes = normalize_shape("flip", dims)
    return FLIP.apply(input, normalize_dims("flip", sizes, input.ndim) if sizes else ())


def roll(input: Operand, shifts: int | Sequence[int], dims: int | Sequence[int] | None = None) -> Tensor:
    """Shift around: what leaves at one end comes in at the other. Without `dims`, the flattened tensor is shifted.

    Example:
        >>> autograd.roll(autograd.tensor([1, 2, 3]), 1)
        tensor([3, 1, 2])
    """
    input = as_handle(input, "roll")
    steps = (shifts,) if isinstance(shifts, int) else tuple(shifts)
    if dims is None:
        return ROLL.apply(RESHAPE.apply(input, (input.numel(),)), steps, (0,)).reshape(input.shape)
    places = tuple([normalize_dim("roll", d, input.ndim) for d in ((dims,) if isinstance(dims, int) else dims)])
    if len(steps) != len(places):
        raise ArgumentError(f"roll: {len(steps)} shifts for {len(places)} dims; give one for each")
    return ROLL.apply(input, steps, places)


def cat(tensors: Sequence[Operand], dim: int = 0) -> Tensor:
    """Join tensors along a dimension that they have.

    Args:
        tensors: Tensors whose sizes are equal but for dimension `dim`.
        dim: the dimension that grows.

    Raises:
        ShapeError: other sizes differ.

    Example:
        >>> autograd.cat([autograd.tensor([1, 2]), autograd.tensor([3])])
        tensor([1, 2, 3])
    """
    handles = tuple([as_handle(t, "cat") for t in tensors])
    if not handles:
        raise ArgumentError("cat: there are no tensors to join; give at least one")
    if handles[0].ndim == 0:
        raise ShapeError("cat: 0-d tensors cannot be joined along a dimension; use stack")
    return CAT.apply(handles, normalize_dim("cat", dim, handles[0].ndim))


def stack(tensors: Sequence[Operand], dim: int = 0) -> Tensor:
    """Join tensors of one shape along a new dimension.

    Raises:
        ShapeError: the shapes differ.

    Example:
        >>> autograd.stack([autograd.tensor([1, 2]), autograd.tensor([3, 4])], dim=1)
        tensor([[1, 3],
                [2, 4]])
    """
    handles = [as_handle(t, "stack") for t in tensors]
    if not handles:
        raise ArgumentError("stack: there are no tensors to join; give at least one")
    for k, handle in enumerate(handles):
        if handle.shape != handles[0].shape:
            raise ShapeError(f"stack: tensor 0 is {handles[0].shape} and tensor {k} is {handle.shape}; make them equal")
    return cat([unsqueeze(handle, dim) for handle in handles], dim)


def split(tensor: Operand, split_size: int | Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """Cut into pieces along a dimension, as views.

    Args:
        tensor: a Tensor.
        split_size: the size of every piece (the last may be smaller), or the size of each.
        dim: the dimension to cut.

    Raises:
        ShapeError: the sizes do not add up.

    Example:
        >>> [piece.shape for piece in autograd.split(autograd.ones(5, 2), 2)]
        [(2, 2), (2, 2), (1, 2)]
    """
    tensor = as_handle(tensor, "split")
    dim = normalize_dim("split", dim, tensor.ndim)
    size = tensor.shape[dim]
    if isinstance(split_size, int):
        if split_size < 1:
            raise ArgumentError(f"split: split_size is {split_size}; use a positive number")
        sizes = [min(split_size, size - start) for start in range(0, size, split_size)] or [0]
    else:
        sizes = list(split_size)
        if sum(sizes) != size:
            raise ShapeError(f"split: sizes {sizes} add up to {sum(sizes)}, but dimension {dim} has {size}")
    pieces, start = [], 0
    for length in sizes:
        pieces.append(NARROW.apply(tensor, dim, start, start + length))
        start += length
    return tuple(pieces)


def chunk(input: Operand, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """Cut into at most `chunks` pieces of equal size (the last may be smaller), as views.

    Example:
        >>> [piece.shape for piece in autograd.chunk(autograd.ones(5), 2)]
        [(3,), (2,)]
    """
    input = as_handle(input, "chunk")
    if chunks < 1:
        raise ArgumentError(f"chunk: chunks is {chunks}; use a positive number")
    size = input.shape[normalize_dim("chunk", dim, input.ndim)]
    return split(input, max(-(-size // chunks), 1), dim)


def pad(input: Operand, pad: Sequence[int], mode: str = "constant", value: float = 0.0) -> Tensor:
    """Put a constant around the tensor; negative widths crop.

    Args:
        input: a Tensor.
        pad: widths in pairs (before, after), beginning with the last dimension, as in PyTorch.
        mode: "constant".
        value: the constant.

    Example:
        >>> autograd.pad(autograd.tensor([[1, 2]]), (1, 0, 0, 1))
        tensor([[0, 1, 2],
                [0, 0, 0]])
    """
    input = as_handle(input, "pad")
    if mode != "constant":
        raise ArgumentError(f"pad: mode is {mode!r}; only 'constant' is there")
    if len(pad) % 2 or len(pad) > 2 * input.ndim:
        raise ArgumentError(f"pad: {tuple(pad)} does not fit x {input.shape}; give a pair for each padded dimension")
    pairs = [(int(pad[k]), int(pad[k + 1])) for k in range(0, len(pad), 2)]
    widths = ((0, 0),) * (input.ndim - len(pairs)) + tuple(reversed(pairs))
    for (before, after), size in zip(widths, input.shape, strict=True):
        if size + before + after < 0 or -before > size or -after > size:
            raise ShapeError(f"pad: {tuple(pad)} crops more than there is of x {input.shape}")
    return PAD.apply(input, widths, value)


def tril(input: Operand, diagonal: int = 0) -> Tensor:
    """The lower triangle of the last two dimensions; zeros above the given diagonal.

    Example:
        >>> autograd.tril(autograd.ones(2, 3))
        tensor([[1., 0., 0.],
                [1., 1., 0.]])
    """
    return TRIL.apply(input, diagonal)


def triu(input: Operand, diagonal: int = 0) -> Tensor:
    """The upper triangle of the last two dimensions; zeros below the given diagonal.

    Example:
        >>> autograd.triu(autograd.ones(2, 3))
        tensor([[1., 1., 1.],
                [0., 1., 1.]])
    """
    return TRIU.apply(input, diagonal)


def one_hot(input: Operand, num_classes: int = -1) -> Tensor:
    """A row of zeros with a 1 at each index.

    Args:
        input: class indices, integers of any shape.
        num_classes: the length of a row; the largest index plus one, unless given.

    Returns:
        An int64 Tensor with one dimension more.

    Example:
        >>> autograd.one_hot(autograd.tensor([0, 2]))
        tensor([[1, 0, 0],
                [0, 0, 1]])
    """
    input = as_handle(input, "one_hot")
    if input.dtype.kind not in "iu":
        raise DtypeError(f"one_hot: indices are {input.dtype}; use integers, as from x.long()")
    indices = input._array
    if indices.size and indices.min() < 0:
        raise ArgumentError(f"one_hot: index {indices.min()} is negative; class indices start at 0")
    classes = num_classes if num_classes >= 0 else int(indices.max(initial=-1)) + 1
    if indices.size and indices.max() >= classes:
        raise ArgumentError(f"one_hot: index {indices.max()} does not fit {classes} classes; raise num_classes")
    return as_handle((indices[..., None] == np.arange(classes)).astype(dtypes.int64), "one_hot")
