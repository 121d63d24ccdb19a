"""Stretching dimensions of size 1, and adding up over what was stretched."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import dtypes
from ..composites import composite
from ..errors import ShapeError
from ..primitive import Sample, as_handle, check_broadcast, op
from .dims import normalize_shape, normalize_sizes, sequence
from .families import values

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["broadcast_shapes", "broadcast_tensors", "broadcast_to", "expand", "sum_to_size"]

Operand = Any


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
    if min(sizes, default=0) < 0:
        raise ShapeError(f"expand: sizes {sizes} for x {input.shape} are negative where there is no size to keep")
    return op.expand.apply(input, sizes)


@composite(
    formula="x stretched to a shape",
    samples=lambda rng: [Sample((values(rng, (2, 1)),), ((3, 2, 4),)), Sample((values(rng, ()),), ((0, 2),))],
    reference=np.broadcast_to,
    error_samples=lambda rng: [Sample((values(rng, (2, 3)),), ((2, 4),), ShapeError, "does not broadcast")],
)
def broadcast_to(input: Operand, shape: Sequence[int]) -> Tensor:
    """Stretch sizes of 1 to a shape, as a view; `expand` with the shape as one argument.

    Example:
        >>> autograd.broadcast_to(autograd.tensor([1.0, 2.0]), (2, 2))
        tensor([[1., 2.],
                [1., 2.]])
    """
    return expand(input, sequence("broadcast_to", "shape", shape))


@composite(
    formula="x, y, ... stretched to a common shape",
    samples=lambda rng: [Sample((values(rng, (2, 1)), values(rng, (3,)))), Sample((values(rng, (2, 3)),))],
    reference=np.broadcast_arrays,
    error_samples=lambda rng: [Sample((values(rng, (2,)), values(rng, (3,))), (), ShapeError, "do not broadcast")],
)
def broadcast_tensors(*tensors: Operand) -> tuple[Tensor, ...]:
    """Stretch tensors to their common shape, as views.

    Raises:
        ShapeError: two sizes of one dimension differ and neither is 1.

    Example:
        >>> [x.shape for x in autograd.broadcast_tensors(autograd.ones(2, 1), autograd.ones(3))]
        [(2, 3), (2, 3)]
    """
    listed = tensors[0] if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)) else tensors
    handles = [as_handle(x, "broadcast_tensors") for x in listed]
    shape = check_broadcast("broadcast_tensors", {f"tensor {k}": h._array for k, h in enumerate(handles)})
    return tuple([op.expand.apply(h, shape) for h in handles])


@composite(
    formula="the shape to which shapes broadcast",
    samples=lambda rng: [Sample(((2, 1), (3,))), Sample(((4, 1, 2), 2, ()))],
    reference=np.broadcast_shapes,
    error_samples=lambda rng: [Sample(((2,), (3,)), (), ShapeError, "do not broadcast")],
    differentiable=False,
)
def broadcast_shapes(*shapes: int | Sequence[int]) -> tuple[int, ...]:
    """The shape to which tensors of the given shapes broadcast.

    Raises:
        ShapeError: two sizes of one dimension differ and neither is 1.

    Example:
        >>> autograd.broadcast_shapes((2, 1), (3,))
        (2, 3)
    """
    sizes = [normalize_sizes("broadcast_shapes", (shape,)) for shape in shapes]
    hollow = {f"shape {k}": np.broadcast_to(np.empty(()), shape) for k, shape in enumerate(sizes)}
    return check_broadcast("broadcast_shapes", hollow)


@composite(
    formula="sum over what would be stretched",
    samples=lambda rng: [
        Sample((values(rng, a),), (b,)) for a, b in (((2, 3), (3,)), ((2, 3), (2, 1)), ((3,), ()), ((2,), (2,)))
    ],
    reference=lambda x, size: x.sum(0) if len(size) < x.ndim else x.sum(1, keepdims=True) if x.ndim == 2 else x,
    error_samples=lambda rng: [Sample((values(rng, (2, 3)),), ((2,),), ShapeError, "cannot be stretched")],
)
def sum_to_size(input: Operand, *size: Any) -> Tensor:
    """Add up along dimensions until the given shape is left, which is one that could be stretched to that of the input.

    Args:
        input: a Tensor; integers and bools are summed as int64.
        size: the sizes, one by one or as a tuple.

    Raises:
        ShapeError: the shape cannot be stretched to that of the input.

    Example:
        >>> autograd.sum_to_size(autograd.ones(2, 3), 1, 3)
        tensor([[2., 2., 2.]])
    """
    x = as_handle(input, "sum_to_size")
    sizes = normalize_sizes("sum_to_size", size)
    pairs = zip(reversed(sizes), reversed(x.shape), strict=False)
    if len(sizes) > x.ndim or any(a not in (1, b) for a, b in pairs):
        raise ShapeError(f"sum_to_size: {sizes} cannot be stretched to x {x.shape}; use sizes of 1 or those of x")
    if sizes != x.shape and x.dtype.kind != "f":
        x = op.to_dtype.apply(x, dtypes.int64)
    return op.sum_to.apply(x, sizes)
