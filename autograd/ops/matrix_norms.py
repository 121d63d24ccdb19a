"""Norms of vectors and matrices under torch.linalg's names, and the condition number. (`autograd.linalg`)"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..composites import composite
from ..errors import ArgumentError, ShapeError
from ..primitive import Sample, as_handle, op
from .dims import normalize_dim, normalize_dims
from .families import values
from .matrices import as_matrix, distinct, require_square
from .matrix_functions import SLOGDET
from .norms import vector_norm as plain_norm
from .reduce import Dims, cast, require_floating
from .solving import INV
from .spectral import SVD, spectral_norm

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["cond", "matrix_norm", "norm", "vector_norm"]

Operand = Any


def _number(name: str, ord: Any) -> float:
    if isinstance(ord, bool) or not isinstance(ord, (int, float, np.number)):
        raise ArgumentError(f"{name}: ord is {ord!r}; use a number or infinity")
    return float(ord)


def _vector_samples(rng: np.random.Generator) -> list[Sample]:
    x = values(rng, (2, 3), kinks=(0,))
    calls = [Sample((x,), (p,), keywords={"dim": 1}) for p in (2, 3, 1, 0.5, -1, math.inf, -math.inf)]
    return [*calls, Sample((x,)), Sample((x,), (2.0, (0, 1), True))]


@composite(
    name="vector_norm",
    formula="(sum_i |x_i|^ord)^(1/ord)",
    samples=_vector_samples,
    reference=lambda x, ord=2, dim=None, keepdim=False: (
        np.linalg.norm(x.ravel(), ord).reshape((1,) * x.ndim if keepdim else ())
        if dim is None or dim == (0, 1)
        else np.linalg.norm(x, ord, dim, keepdim)
    ),
    error_samples=lambda rng: [Sample((values(rng, (3,)),), ("fro",), ArgumentError, "use a number")],
)
def vector_norm(x: Operand, ord: float = 2, dim: Dims = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The vector norm over all dimensions or the given ones: `sum(|x| ** ord) ** (1 / ord)`. Its gradient at 0 is 0.

    Args:
        x: a floating Tensor of any shape.
        ord: any number, or infinity; 0 counts what is not 0.
        dim: a dimension, several, or None for all.
        keepdim: keep the reduced dimensions with size 1.
        dtype: convert to this dtype first.

    Raises:
        ArgumentError: ord is no number.
        ShapeError: x is empty, and the norm of nothing is not defined.

    Example:
        >>> autograd.linalg.vector_norm(autograd.tensor([3.0, -4.0]), 1)
        tensor(7.)
    """
    given = cast(as_handle(x, "vector_norm"), dtype)
    require_floating("vector_norm", given)
    dims = normalize_dims("vector_norm", dim, given.ndim)
    return plain_norm("vector_norm", given, _number("vector_norm", ord), dims, keepdim)


_MATRIX_ORDS = ("fro", "nuc", math.inf, -math.inf, 1, -1, 2, -2)


def _matrix_samples(rng: np.random.Generator) -> list[Sample]:
    x = distinct(rng, 2, 2, 3)
    x = np.where(np.abs(x) < 0.05, 0.1, x)
    calls = [Sample((x,), (p,)) for p in _MATRIX_ORDS]
    return [*calls, Sample((x,), (1, (0, 1), True)), Sample((x,), ("nuc", (0, 2), True))]


@composite(
    name="matrix_norm",
    formula="the norm of the matrix A that ord names",
    samples=_matrix_samples,
    reference=lambda A, ord, dim=(-2, -1), keepdim=False: np.linalg.norm(A, ord, dim, keepdim),
    error_samples=lambda rng: [
        Sample((values(rng, (3,)),), (), ShapeError, "is no matrix"),
        Sample((values(rng, (3, 3)),), (3,), ArgumentError, "ord is 3"),
        Sample((values(rng, (3, 3)),), (1, (0, 0)), ArgumentError, "dim"),
    ],
)
def matrix_norm(
    A: Operand,
    ord: float | str = "fro",
    dim: Sequence[int] = (-2, -1),
    keepdim: bool = False,
    *,
    dtype: Any = None,
) -> Tensor:
    """A norm of matrices.

    Args:
        A: (..., m, n), floating.
        ord: "fro": the root of the sum of squares; "nuc": the sum of the singular values; 2, -2: the largest and
            smallest singular value; 1, -1: the largest and smallest sum of absolute values in a column;
            infinity, -infinity: the same in a row.
        dim: the two dimensions that are the matrix.
        keepdim: keep them with size 1.
        dtype: convert to this dtype first.

    Raises:
        ArgumentError: there is no such norm, or dim is not two dimensions.
        ShapeError: A is no matrix, or is empty, and the norm of nothing is not defined.

    Example:
        >>> autograd.linalg.matrix_norm(autograd.tensor([[1.0, -2.0], [3.0, 4.0]]), 1)
        tensor(6.)
    """
    x = cast(as_matrix("matrix_norm", A), dtype)
    if isinstance(ord, bool) or ord not in _MATRIX_ORDS:
        raise ArgumentError(f"matrix_norm: ord is {ord!r}; use one of {', '.join(map(repr, _MATRIX_ORDS))}")
    if isinstance(dim, int) or len(tuple(dim)) != 2:
        raise ArgumentError(f"matrix_norm: dim is {dim!r}; use two dimensions, as (-2, -1)")
    first, second = (normalize_dim("matrix_norm", d, x.ndim) for d in dim)
    if first == second:
        raise ArgumentError(f"matrix_norm: dim {dim!r} names a dimension twice; name each once")
    if ord == "fro":
        return plain_norm("matrix_norm", x, 2.0, (first, second), keepdim)
    if ord == "nuc" or abs(ord) == 2:  # type: ignore[arg-type]
        return spectral_norm("matrix_norm", x, ord, first, second, keepdim)
    if abs(ord) != 1:  # type: ignore[arg-type]
        first, second = second, first
    sums = op.sum.apply(op.abs.apply(x), (first,), True)
    return _picked("matrix_norm", sums, ord, first, second, keepdim)


def _picked(name: str, sums: Any, ord: Any, first: int, second: int, keepdim: bool) -> Any:
    """The largest or smallest of the sums over the first dimension."""
    if sums.shape[second] == 0:
        raise _nothing(name, sums, ord)
    out = (op.amax if ord > 0 else op.amin).apply(sums, (second,), True)
    if keepdim:
        return out
    return op.reshape.apply(out, tuple([size for d, size in enumerate(out.shape) if d not in (first, second)]))


def _nothing(name: str, x: Any, ord: Any) -> ShapeError:
    return ShapeError(f"{name}: x {x.shape} has an empty matrix, whose norm of ord = {ord} is not defined")


@composite(
    name="linalg.norm",
    formula="the norm of a vector, or of a matrix, that ord names",
    samples=lambda rng: [
        Sample((values(rng, (2, 3), kinks=(0,)),)),
        Sample((distinct(rng, 2, 3),), ("nuc",)),
        Sample((values(rng, (3,), kinks=(0,)),), (3,)),
        Sample((values(rng, (2, 3), kinks=(0,)),), (1, 1)),
    ],
    reference=lambda A, ord=None, dim=None: np.linalg.norm(A, ord, dim),
    error_samples=lambda rng: [
        Sample((values(rng, (2, 2, 2)),), (2,), ShapeError, "name them with dim"),
        Sample((values(rng, (2, 2)),), ("big",), ArgumentError, "ord is 'big'"),
    ],
)
def norm(
    A: Operand, ord: float | str | None = None, dim: Dims = None, keepdim: bool = False, *, dtype: Any = None
) -> Tensor:
    """The norm of vectors or matrices: `vector_norm` over one dimension, `matrix_norm` over two.

    Args:
        A: a floating Tensor of any shape.
        ord: as for `linalg.vector_norm` and `linalg.matrix_norm`; None: the root of the sum of squares.
        dim: one dimension for vectors, two for matrices. Unless given: all of them, which with ord must be one or two.
        keepdim: keep the reduced dimensions with size 1.
        dtype: convert to this dtype first.

    Raises:
        ArgumentError: there is no such norm.
        ShapeError: A has more than two dimensions, and ord is given without dim.

    Example:
        >>> autograd.linalg.norm(autograd.tensor([[3.0, 0.0], [0.0, 4.0]]))
        tensor(5.)
        >>> autograd.linalg.norm(autograd.tensor([[3.0, 0.0], [0.0, 4.0]]), "nuc")
        tensor(7.)
    """
    x = as_handle(A, "norm")
    if ord is None:
        return vector_norm(x, 2, dim, keepdim, dtype=dtype)
    if (dim is None and x.ndim not in (1, 2)) or (dim is not None and not isinstance(dim, int) and len(dim) > 2):
        raise ShapeError(f"norm: with ord, x {x.shape} is reduced over one dimension or two; name them with dim")
    dims = normalize_dims("norm", dim, x.ndim) if dim is None or isinstance(dim, int) else tuple(dim)
    if isinstance(ord, str) and (len(dims) != 2 or ord not in ("fro", "nuc")):
        raise ArgumentError(f"norm: ord is {ord!r} over dimensions {dims}; use a number, or 'fro' or 'nuc' over two")
    if len(dims) == 2:
        return matrix_norm(x, ord, dims, keepdim, dtype=dtype)
    return vector_norm(x, ord, dims, keepdim, dtype=dtype)  # type: ignore[arg-type]


@composite(
    name="cond",
    formula="|A| |A^-1|",
    samples=lambda rng: [Sample((distinct(rng, 2, 3, 3),), (p,)) for p in (None, "fro", 1, -2, "nuc")],
    reference=lambda A, p: np.linalg.cond(A, p) if p != "nuc" else _nuclear_condition(A),
    error_samples=lambda rng: [Sample((values(rng, (3, 2)),), (1,), ShapeError, "make them square")],
)
def cond(A: Operand, p: float | str | None = None) -> Tensor:
    """The condition number of matrices: the norm times the norm of the inverse.

    Args:
        A: (..., m, n), floating; square unless p is None, 2 or -2.
        p: a norm of `linalg.matrix_norm`; None means 2: the largest singular value divided by the smallest.

    Returns:
        A Tensor of the batch's shape; infinite for singular matrices.

    Raises:
        ShapeError: a matrix is not square.

    Example:
        >>> autograd.linalg.cond(autograd.tensor([[1.0, 0.0], [0.0, 4.0]]))
        tensor(4.)
    """
    x = as_matrix("cond", A)
    if p is None or p in (2, -2):
        s = SVD.apply(x, False)[1]
        if s.shape[-1] == 0:
            raise _nothing("cond", x, p)
        d = s.ndim - 1
        ends = (op.narrow.apply(s, d, 0, 1), op.narrow.apply(s, d, s.shape[-1] - 1, s.shape[-1]))
        most, least = ends if p != -2 else ends[::-1]
        return (most / least).squeeze(-1)
    require_square("cond")(x)
    singular = op.eq.apply(SLOGDET.apply(x.detach())[0], 0)
    inverse = op.where.apply(op.reshape.apply(singular, (*singular.shape, 1, 1)), 0.0, INV.apply(x, False))
    return op.where.apply(singular, math.inf, matrix_norm(x, p) * matrix_norm(inverse, p))


def _nuclear_condition(A: np.ndarray) -> np.ndarray:
    s = np.linalg.svd(A, compute_uv=False)
    return np.asarray(s.sum(-1) * (1 / s).sum(-1))
