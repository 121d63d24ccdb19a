"""Products under torch.linalg's names. (`autograd.linalg`)"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..composites import composite
from ..errors import ArgumentError, ShapeError
from ..primitive import Sample, as_handle, check_broadcast, op
from . import diagonals
from .contraction import chained, cross_along
from .dims import normalize_dim, sequence
from .families import values
from .products import same_dtype

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["cross", "diagonal", "multi_dot", "vecdot"]

Operand = Any


@composite(
    name="linalg.cross",
    formula="(x_2 y_3 - x_3 y_2, x_3 y_1 - x_1 y_3, x_1 y_2 - x_2 y_1)",
    samples=lambda rng: [
        Sample((values(rng, (2, 3)), values(rng, (1, 3)))),
        Sample((values(rng, (3, 2)), values(rng, (3, 2))), keywords={"dim": 0}),
    ],
    reference=lambda a, b, dim=-1: np.cross(a, b, axis=dim),
    error_samples=lambda rng: [Sample((values(rng, (2, 2)), values(rng, (2, 2))), (), ShapeError, "size 3")],
)
def cross(input: Operand, other: Operand, *, dim: int = -1) -> Tensor:
    """The cross product of vectors of three numbers.

    Args:
        input, other: Tensors of as many dimensions, which broadcast.
        dim: the dimension of size 3 that is the vector.

    Raises:
        ShapeError: the shapes do not fit.

    Example:
        >>> autograd.linalg.cross(autograd.tensor([1.0, 0.0, 0.0]), autograd.tensor([0.0, 1.0, 0.0]))
        tensor([0., 0., 1.])
    """
    return cross_along("cross", input, other, dim)


@composite(
    name="vecdot",
    formula="sum_i x_i y_i over a dimension",
    samples=lambda rng: [
        Sample((values(rng, (2, 3)), values(rng, (2, 3)))),
        Sample((values(rng, (2, 3)), values(rng, (2, 1))), keywords={"dim": 0}),
    ],
    reference=lambda x, y, dim=-1: (x * y).sum(dim),
    error_samples=lambda rng: [Sample((values(rng, (2,)), values(rng, (3,))), (), ShapeError, "do not broadcast")],
)
def vecdot(x: Operand, y: Operand, *, dim: int = -1) -> Tensor:
    """The dot products of vectors along a dimension: `sum(x * y, dim)`.

    Args:
        x, y: Tensors that broadcast.
        dim: the dimension that is the vector.

    Raises:
        ShapeError: the shapes do not broadcast.

    Example:
        >>> autograd.linalg.vecdot(autograd.tensor([[1.0, 2.0], [3.0, 4.0]]), autograd.tensor([1.0, 1.0]))
        tensor([3., 7.])
    """
    a, b = as_handle(x, "vecdot"), as_handle(y, "vecdot")
    shape = check_broadcast("vecdot", {"x": a._array, "y": b._array})
    if not shape:
        raise ShapeError("vecdot: x () and y () must have at least one dimension; multiply with *")
    same_dtype("vecdot", x=a, y=b)
    return op.sum.apply(op.mul.apply(a, b), (normalize_dim("vecdot", dim, len(shape)),), False)


@composite(
    name="multi_dot",
    formula="x y z ...",
    samples=lambda rng: [
        Sample((tuple(values(rng, s) for s in shapes),))
        for shapes in (((2, 3), (3, 2)), ((3,), (3, 1), (1, 2), (2,)), ((2, 0), (0, 2)), ((2,), (2,)))
    ],
    reference=lambda m: np.linalg.multi_dot(m),
    error_samples=lambda rng: [
        Sample(((values(rng, (2, 3)), values(rng, (2, 3))),), (), ShapeError, "3 columns"),
        Sample(((values(rng, (2, 3)),),), (), ArgumentError, "at least two"),
    ],
)
def multi_dot(tensors: Sequence[Operand]) -> Tensor:
    """The product of several matrices, in the order that takes the fewest multiplications.

    Args:
        tensors: two or more, of one dtype, each with as many rows as the one before has columns. The first may be a
            vector that stands for a row, and the last one for a column.

    Raises:
        ArgumentError: there are fewer than two.
        ShapeError: the shapes do not fit.

    Example:
        >>> autograd.linalg.multi_dot([autograd.ones(2, 3), autograd.ones(3, 4), autograd.ones(4)])
        tensor([12., 12.])

    Source: T. H. Cormen and others, Introduction to Algorithms, the matrix-chain problem.
    """
    factors = [as_handle(x, "multi_dot") for x in sequence("multi_dot", "tensors", tensors)]
    if len(factors) < 2:
        raise ArgumentError(f"multi_dot: {len(factors)} tensors; give at least two")
    row, column = factors[0].ndim == 1, factors[-1].ndim == 1
    if row:
        factors[0] = factors[0].reshape(1, factors[0].shape[0])
    if column:
        factors[-1] = factors[-1].reshape(factors[-1].shape[0], 1)
    out = chained("multi_dot", factors)
    shape = out.shape[int(row) : 2 - int(column)]
    return op.reshape.apply(out, shape) if row or column else out


@composite(
    name="linalg.diagonal",
    formula="out_i = A_ii",
    samples=lambda rng: [
        Sample((values(rng, (2, 3, 3)),)),
        Sample((values(rng, (3, 2)),), keywords={"offset": -1}),
    ],
    reference=lambda A, offset=0: np.diagonal(A, offset, -2, -1),
    error_samples=lambda rng: [Sample((values(rng, (3,)),), (), ShapeError, "at least two")],
)
def diagonal(A: Operand, *, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """The diagonals of matrices, as a view: `diagonal` over the last two dimensions unless others are named.

    Args:
        A: a Tensor of at least two dimensions.
        offset: which diagonal; positive numbers are above the main one.
        dim1, dim2: the rows and the columns.

    Raises:
        ShapeError: A has fewer than two dimensions.
        ArgumentError: the dimensions are not there, or the same.

    Example:
        >>> autograd.linalg.diagonal(autograd.tensor([[1, 2], [3, 4]]))
        tensor([1, 4])
    """
    x = as_handle(A, "diagonal")
    if x.ndim < 2:
        raise ShapeError(f"diagonal: x {x.shape} has no diagonal; give it at least two dimensions")
    return diagonals.diagonal(x, offset, dim1, dim2)
