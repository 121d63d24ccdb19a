"""Diagonals and triangles of matrices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..composites import composite
from ..errors import ArgumentError, ShapeError
from ..primitive import Sample, as_handle, define, op
from .dims import normalize_dim
from .families import values
from .shape import CLONE, RESHAPE

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["diag", "diag_embed", "diagflat", "diagonal", "trace", "tril", "triu"]

Operand = Any


# --- records


def _diagonal(x: Any, offset: int, dim1: int, dim2: int) -> Any:
    view = np.diagonal(x, offset, dim1, dim2)
    if x.flags.writeable:
        view.flags.writeable = True  # NumPy gives it read-only, whatever x is
    return view


def _diagonal_adjoint(g: Any, shape: tuple[int, ...], offset: int, dim1: int, dim2: int) -> Any:
    out = np.zeros(shape, g.dtype)
    _diagonal(out, offset, dim1, dim2)[...] = g
    return out


def _check_offset(name: str, shape: tuple[int, ...], offset: Any, dim1: int, dim2: int) -> None:
    if not isinstance(offset, (int, np.integer)):
        raise ArgumentError(f"{name}: offset is {offset!r}; use a whole number")
    if dim1 == dim2:
        raise ArgumentError(f"{name}: dim1 and dim2 are both {dim1}; give two different dimensions of x {shape}")


DIAGONAL = define(
    "diagonal",
    forward=_diagonal,
    inputs=("x",),
    attributes=("offset", "dim1", "dim2"),
    vjp={
        "x": lambda g, x_shape, offset, dim1, dim2: op.diagonal_adjoint(g, x_shape, offset, dim1, dim2),
    },
    infer=lambda x, offset, dim1, dim2: _check_offset("diagonal", x.shape, offset, dim1, dim2),
    views=True,
    samples=lambda rng: [
        Sample((values(rng, shape),), a)
        for shape, a in (((3, 3), (0, 0, 1)), ((3, 4), (1, 0, 1)), ((2, 3, 4), (-1, 2, 0)), ((2, 2), (5, 0, 1)))
    ],
    error_samples=lambda rng: [Sample((values(rng, (2, 2)),), (0, 1, 1), ArgumentError, "two different")],
    formula="x[i, i + offset]",
)
DIAGONAL_ADJOINT = define(
    "diagonal_adjoint",
    forward=_diagonal_adjoint,
    inputs=("x",),
    attributes=("shape", "offset", "dim1", "dim2"),
    vjp={"x": lambda g, offset, dim1, dim2: op.diagonal(g, offset, dim1, dim2)},
    samples=lambda rng: [
        Sample((values(rng, shape),), a)
        for shape, a in (((3,), ((3, 4), 1, 0, 1)), ((3, 2), ((2, 3, 4), -1, 2, 0)), ((0,), ((2, 2), 5, 0, 1)))
    ],
    formula="zeros with x at [i, i + offset]",
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


def diagonal(input: Operand, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """The diagonals of two dimensions as a new last dimension, as a view.

    Args:
        input: a Tensor of at least two dimensions.
        offset: which diagonal; positive numbers are above the main one.
        dim1, dim2: the rows and the columns.

    Raises:
        ArgumentError: the dimensions are not there, or the same.

    Example:
        >>> autograd.diagonal(autograd.tensor([[1, 2], [3, 4]]))
        tensor([1, 4])
    """
    x = as_handle(input, "diagonal")
    a, b = (normalize_dim("diagonal", d, x.ndim) for d in (dim1, dim2))
    return DIAGONAL.apply(x, offset, a, b)


def _np_diag_embed(x: np.ndarray, offset: int = 0, dim1: int = -2, dim2: int = -1) -> np.ndarray:
    size = x.shape[-1] + abs(offset)
    out = np.zeros((*x.shape[:-1], size, size))
    for k in range(x.shape[-1]):
        out[..., k + max(-offset, 0), k + max(offset, 0)] = x[..., k]
    return np.moveaxis(out, (-2, -1), (dim1, dim2))


@composite(
    formula="x on a diagonal, 0 elsewhere",
    samples=lambda rng: [
        Sample((values(rng, (3,)),)),
        Sample((values(rng, (2, 3)),), (1,)),
        Sample((values(rng, (2, 3)),), (-1, 0, 2)),
        Sample((values(rng, (2, 3)),), (1, -1, 0)),
    ],
    reference=_np_diag_embed,
    error_samples=lambda rng: [Sample((values(rng, ()),), (), ShapeError, "single number")],
)
def diag_embed(input: Operand, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """Square matrices with the last dimension on a diagonal, and zeros elsewhere.

    Args:
        input: a Tensor of at least one dimension.
        offset: which diagonal; positive numbers are above the main one.
        dim1, dim2: the rows and the columns in the result.

    Raises:
        ArgumentError: the dimensions are not there, or the same.

    Example:
        >>> autograd.diag_embed(autograd.tensor([1, 2]))
        tensor([[1, 0],
                [0, 2]])
    """
    x = as_handle(input, "diag_embed")
    if x.ndim == 0:
        raise ShapeError("diag_embed: x is a single number; give it at least 1 dimension")
    a, b = (normalize_dim("diag_embed", d, x.ndim + 1) for d in (dim1, dim2))
    _check_offset("diag_embed", x.shape, offset, a, b)
    size = x.shape[-1] + abs(offset)
    rest = iter(x.shape[:-1])
    shape = tuple([size if k in (a, b) else next(rest) for k in range(x.ndim + 1)])
    return DIAGONAL_ADJOINT.apply(x, shape, int(offset), a, b)


@composite(
    formula="a matrix of a diagonal, or the diagonal of a matrix",
    samples=lambda rng: [Sample((values(rng, s),), (k,)) for s in ((3,), (3, 4)) for k in (0, 1, -2)],
    reference=np.diag,
    error_samples=lambda rng: [Sample((values(rng, (2, 2, 2)),), (), ShapeError, "neither a vector nor a matrix")],
)
def diag(input: Operand, diagonal: int = 0) -> Tensor:
    """Of a vector the matrix with it on the diagonal, of a matrix its diagonal.

    Args:
        input: a vector or a matrix.
        diagonal: which diagonal; positive numbers are above the main one.

    Raises:
        ShapeError: the input is neither.

    Example:
        >>> autograd.diag(autograd.tensor([1, 2]))
        tensor([[1, 0],
                [0, 2]])
    """
    x = as_handle(input, "diag")
    if x.ndim == 1:
        return diag_embed(x, diagonal)
    if x.ndim != 2:
        raise ShapeError(f"diag: x {x.shape} is neither a vector nor a matrix; use diagonal or diag_embed")
    return CLONE.apply(DIAGONAL.apply(x, diagonal, 0, 1))


@composite(
    formula="all numbers of x on a diagonal",
    samples=lambda rng: [Sample((values(rng, s),), (k,)) for s in ((), (3,), (2, 2)) for k in (0, -1)],
    reference=np.diagflat,
)
def diagflat(input: Operand, offset: int = 0) -> Tensor:
    """A square matrix with all numbers of a tensor on a diagonal, and zeros elsewhere.

    Args:
        input: a Tensor of any shape.
        offset: which diagonal; positive numbers are above the main one.

    Example:
        >>> autograd.diagflat(autograd.tensor([[1], [2]]))
        tensor([[1, 0],
                [0, 2]])
    """
    x = as_handle(input, "diagflat")
    return diag_embed(RESHAPE.apply(x, (x.numel(),)), offset)


@composite(
    formula="sum of x[i, i]",
    samples=lambda rng: [Sample((values(rng, s),)) for s in ((3, 3), (2, 4), (0, 2))],
    reference=np.trace,
    error_samples=lambda rng: [Sample((values(rng, (2, 2, 2)),), (), ShapeError, "is no matrix")],
)
def trace(input: Operand) -> Tensor:
    """The sum of the numbers on the diagonal of a matrix.

    Raises:
        ShapeError: the input is no matrix.

    Example:
        >>> autograd.trace(autograd.tensor([[1, 2], [3, 4]]))
        tensor(5)
    """
    x = as_handle(input, "trace")
    if x.ndim != 2:
        raise ShapeError(f"trace: x {x.shape} is no matrix; use diagonal(x, 0, dim1, dim2).sum(-1) for several")
    return DIAGONAL.apply(x, 0, 0, 1).sum()


def tril(input: Operand, diagonal: int = 0) -> Tensor:
    """The lower triangle of the last two dimensions; zeros above the given diagonal.

    Args:
        input: a Tensor of at least two dimensions.
        diagonal: the last diagonal that is kept; positive numbers are above the main one.

    Example:
        >>> autograd.tril(autograd.ones(2, 3))
        tensor([[1., 0., 0.],
                [1., 1., 0.]])
    """
    return TRIL.apply(input, diagonal)


def triu(input: Operand, diagonal: int = 0) -> Tensor:
    """The upper triangle of the last two dimensions; zeros below the given diagonal.

    Args:
        input: a Tensor of at least two dimensions.
        diagonal: the first diagonal that is kept; positive numbers are above the main one.

    Example:
        >>> autograd.triu(autograd.ones(2, 3))
        tensor([[1., 1., 1.],
                [0., 1., 1.]])
    """
    return TRIU.apply(input, diagonal)
