"""Linear algebra under the names that PyTorch has outside of torch.linalg."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..composites import composite
from ..errors import ShapeError
from ..primitive import Sample, as_handle, make, op
from . import factorization, solving, spectral
from .factorization import (
    LU,
    QRResult,
    check_reflections,
    permutation,
    reflected,
    unpacked,
)
from .families import values
from .matrices import (
    as_matrix,
    distinct,
    on_symmetric,
    positive_definite,
    require_square,
    square_samples,
    swap,
    widened,
)
from .matrix_functions import SLOGDET, det, matrix_exp, matrix_power, slogdet
from .solving import SOLVE_TRIANGULAR, pivot_order

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = [
    "cholesky",
    "cholesky_inverse",
    "cholesky_solve",
    "det",
    "geqrf",
    "inverse",
    "logdet",
    "lu",
    "lu_solve",
    "lu_unpack",
    "matrix_exp",
    "matrix_power",
    "orgqr",
    "ormqr",
    "pinverse",
    "qr",
    "slogdet",
    "svd",
    "triangular_solve",
]

Operand = Any


class GeqrfResult(NamedTuple):
    """What `geqrf` gives."""

    a: Tensor
    tau: Tensor


class LegacySVDResult(NamedTuple):
    """What `svd` gives."""

    U: Tensor
    S: Tensor
    V: Tensor


class LUUnpackResult(NamedTuple):
    """What `lu_unpack` gives."""

    P: Tensor
    L: Tensor
    U: Tensor


class TriangularSolveResult(NamedTuple):
    """What `triangular_solve` gives."""

    solution: Tensor
    cloned_coefficient: Tensor


@composite(
    name="inverse",
    formula="y with x y = I",
    samples=square_samples,
    reference=lambda x: np.linalg.inv(x),
    error_samples=lambda rng: [Sample((values(rng, (2, 3)),), (), ShapeError, "make them square")],
)
def inverse(input: Operand) -> Tensor:
    """The inverse of square matrices: `linalg.inv`.

    Example:
        >>> autograd.inverse(autograd.tensor([[2.0]]))
        tensor([[0.5000]])
    """
    return solving.inv(input)


@composite(
    name="pinverse",
    formula="y with x y x = x, y x y = y, x y and y x symmetric",
    samples=lambda rng: [Sample((distinct(rng, *s),)) for s in ((2, 3), (2, 3, 2))],
    reference=lambda x: np.linalg.pinv(x),
)
def pinverse(input: Operand, rcond: float = 1e-15) -> Tensor:
    """The pseudoinverse of matrices: `linalg.pinv`.

    Args:
        input: (..., m, n), floating.
        rcond: singular values up to this times the largest count as 0.

    Example:
        >>> autograd.pinverse(autograd.tensor([[2.0], [0.0]]))
        tensor([[0.5000, 0.0000]])
    """
    return spectral.pinv(input, rcond)


@composite(
    name="logdet",
    formula="ln det(x)",
    samples=lambda rng: [Sample((positive_definite(rng, *s),)) for s in ((3, 3), (2, 2, 2), (0, 2, 2), (0, 0))],
    reference=lambda x: np.log(np.linalg.det(x)),
)
def logdet(input: Operand) -> Tensor:
    """The logarithm of the determinant: -infinity where it is 0, nan where it is negative.

    Args:
        input: (..., n, n), floating.

    Returns:
        A Tensor of the batch's shape.

    Example:
        >>> autograd.logdet(autograd.eye(3))
        tensor(0.)
    """
    sign, log = SLOGDET.apply(as_matrix("logdet", input))
    return op.where.apply(sign < 0, math.nan, log)


def cholesky(input: Operand, upper: bool = False) -> Tensor:
    """The Cholesky factor of symmetric positive definite matrices: `linalg.cholesky`.

    Example:
        >>> autograd.cholesky(autograd.tensor([[4.0]]))
        tensor([[2.]])
    """
    return factorization.cholesky(input, upper=upper)


composite(
    name="older cholesky",
    formula="lower triangular L with L L^T = x",
    samples=lambda rng: [Sample((positive_definite(rng, 2, 2, 2),), (u,)) for u in (False, True)],
    reference=lambda x, upper: np.linalg.cholesky(x, upper=upper),
)(on_symmetric(cholesky))


def _triangles(rng: np.random.Generator) -> list[Sample]:
    lower = np.tril(values(rng, (2, 2, 2))) + 2 * np.eye(2)
    return [Sample((lower,)), Sample((np.swapaxes(lower, 1, 2).copy(),), (True,))]


@composite(
    name="cholesky_inverse",
    formula="(L L^T)^-1",
    samples=_triangles,
    reference=lambda x, upper=False: np.linalg.inv(np.swapaxes(x, 1, 2) @ x if upper else x @ np.swapaxes(x, 1, 2)),
)
def cholesky_inverse(L: Operand, upper: bool = False) -> Tensor:
    """The inverse of a symmetric positive definite matrix, from its Cholesky factor: `(L L^T)^-1`.

    Args:
        L: (..., n, n), floating; the other triangle is not read.
        upper: L is the upper factor U, and the result `(U^T U)^-1`.

    Returns:
        A Tensor of L's shape.

    Example:
        >>> autograd.cholesky_inverse(autograd.tensor([[2.0]]))
        tensor([[0.2500]])
    """
    x = as_matrix("cholesky_inverse", L)
    require_square("cholesky_inverse")(x)
    lower = swap(x) if upper else x
    half = SOLVE_TRIANGULAR.apply(lower, make(np.eye(x.shape[-1], dtype=x.dtype)), False, False)
    return op.matmul.apply(swap(half), half)


@composite(
    name="cholesky_solve",
    formula="x with L L^T x = b",
    samples=lambda rng: [Sample((values(rng, (2, 2, 3)), *s.inputs), s.attributes) for s in _triangles(rng)],
    reference=lambda b, x, upper=False: np.linalg.solve(
        np.swapaxes(x, 1, 2) @ x if upper else x @ np.swapaxes(x, 1, 2), b
    ),
    error_samples=lambda rng: [Sample((values(rng, (3, 2)), np.eye(2)), (), ShapeError, "must have 2 rows")],
)
def cholesky_solve(B: Operand, L: Operand, upper: bool = False) -> Tensor:
    """The solution X of `A X = B` from the Cholesky factor of A.

    Args:
        B: (..., n, k). Batches broadcast.
        L: (..., n, n): `A = L L^T`; the other triangle is not read.
        upper: L is the upper factor U, and `A = U^T U`.

    Raises:
        ShapeError: the shapes do not fit.

    Example:
        >>> autograd.cholesky_solve(autograd.tensor([[8.0]]), autograd.tensor([[2.0]]))
        tensor([[2.]])
    """
    b, x = as_matrix("cholesky_solve", B), as_matrix("cholesky_solve", L)
    lower = swap(x) if upper else x
    half = SOLVE_TRIANGULAR.apply(lower, b, False, False)
    return SOLVE_TRIANGULAR.apply(swap(lower), half, True, False)


@composite(
    name="triangular_solve",
    formula="x with A x = b, A triangular",
    samples=lambda rng: [
        Sample((values(rng, (2, 3)), values(rng, (2, 2)) + 3 * np.eye(2)), keywords=k)
        for k in ({}, {"upper": False}, {"transpose": True})
    ],
    reference=lambda b, a, upper=True, transpose=False: (
        np.linalg.solve((np.triu if upper else np.tril)(a).T if transpose else (np.triu if upper else np.tril)(a), b),
        a,
    ),
)
def triangular_solve(
    b: Operand, A: Operand, upper: bool = True, transpose: bool = False, unitriangular: bool = False
) -> TriangularSolveResult:
    """The solution X of `A X = b` for a triangular A: an older form of `linalg.solve_triangular`.

    Args:
        b: (..., n, k). Batches broadcast.
        A: (..., n, n); the other triangle is not read.
        upper: A is upper triangular.
        transpose: solve with the transpose of A.
        unitriangular: take the diagonal of A as ones.

    Returns:
        (solution, cloned_coefficient): X, and a copy of A.

    Example:
        >>> autograd.triangular_solve(autograd.tensor([[4.0]]), autograd.tensor([[2.0]])).solution
        tensor([[2.]])
    """
    a = as_matrix("triangular_solve", A)
    matrix, above = (swap(a), not upper) if transpose else (a, upper)
    out = solving.solve_triangular(matrix, b, upper=above, unitriangular=unitriangular)
    batch = out.shape[:-2]
    return TriangularSolveResult(out, op.expand.apply(a, (*batch, *a.shape[-2:])).clone())


# --- QR and its reflections


@composite(
    name="older qr",
    formula="Q of orthonormal columns and R upper triangular, with Q R = x",
    samples=lambda rng: [Sample((distinct(rng, *s),)) for s in ((3, 2), (2, 2, 3))],
    reference=lambda x: tuple(np.linalg.qr(x)),
)
def qr(input: Operand, some: bool = True) -> QRResult:
    """The QR decomposition: `linalg.qr`, with `some=False` for its mode "complete".

    Example:
        >>> autograd.qr(autograd.tensor([[2.0]])).R.abs()
        tensor([[2.]])
    """
    return factorization.qr(input, "reduced" if some else "complete")


@composite(
    name="geqrf",
    formula="R on and above the diagonal, reflections below it, and their factors",
    samples=lambda rng: [Sample((distinct(rng, *s),)) for s in ((3, 2), (2, 2, 3))],
    reference=lambda x: _packed_qr(x),
    differentiable=False,
)
def geqrf(input: Operand) -> GeqrfResult:
    """The QR decomposition as LAPACK packs it: R on and above the diagonal, reflections below. It has no gradient.

    Args:
        input: (..., m, n), floating.

    Returns:
        (a, tau), for `ormqr` and `linalg.householder_product`.

    Example:
        >>> autograd.geqrf(autograd.eye(2)).tau
        tensor([0., 0.])
    """
    x = as_matrix("geqrf", input)
    m, n = x.shape[-2:]
    if x._array.size == 0:
        return GeqrfResult(make(x._array.copy()), make(np.zeros((*x.shape[:-2], min(m, n)), x.dtype)))
    packed, tau = widened(lambda a: tuple(np.linalg.qr(a, mode="raw")))(x._array)
    return GeqrfResult(make(np.ascontiguousarray(np.swapaxes(packed, -1, -2))), make(tau))


def _packed_qr(x: np.ndarray) -> tuple[Any, Any]:
    packed, tau = np.linalg.qr(x, mode="raw")
    return np.swapaxes(packed, -1, -2), tau


@composite(
    name="orgqr",
    formula="the first columns of (I - tau_1 v_1 v_1^T) (I - tau_2 v_2 v_2^T) ...",
    samples=lambda rng: [Sample((values(rng, (3, 2)), values(rng, (2,))))],
    reference=lambda a, tau: factorization.product_of_reflections(a, tau)[..., : a.shape[-1]],
)
def orgqr(input: Operand, tau: Operand) -> Tensor:
    """The first columns of a product of Householder reflections: `linalg.householder_product`.

    Example:
        >>> autograd.orgqr(autograd.zeros(1, 1), autograd.tensor([2.0]))
        tensor([[-1.]])
    """
    return factorization.householder_product(input, tau)


def _ormqr_reference(a: Any, tau: Any, other: Any, left: bool = True, transpose: bool = False) -> Any:
    q = factorization.product_of_reflections(a, tau)
    q = np.swapaxes(q, -1, -2) if transpose else q
    return q @ other if left else other @ q


@composite(
    name="ormqr",
    formula="Q x, with Q = (I - tau_1 v_1 v_1^T) (I - tau_2 v_2 v_2^T) ...",
    samples=lambda rng: [
        Sample((values(rng, (3, 2)), values(rng, (2,)), values(rng, s)), keywords={"left": le, "transpose": t})
        for s, le, t in (((3, 2), True, False), ((3, 2), True, True), ((2, 3), False, False), ((2, 3), False, True))
    ],
    reference=_ormqr_reference,
    error_samples=lambda rng: [
        Sample((values(rng, (3, 2)), values(rng, (2,)), values(rng, (2, 3))), (), ShapeError, "must have 3 rows")
    ],
)
def ormqr(input: Operand, tau: Operand, other: Operand, left: bool = True, transpose: bool = False) -> Tensor:
    """The product of a matrix and the Q of a QR decomposition as `geqrf` packs it.

    Args:
        input, tau: what `geqrf` gave: (..., m, k) and (..., k).
        other: (..., m, n), or (..., n, m) with left=False.
        left: Q stands to the left.
        transpose: take the transpose of Q.

    Returns:
        A Tensor of other's shape.

    Raises:
        ShapeError: the shapes do not fit.

    Example:
        >>> autograd.ormqr(autograd.zeros(1, 1), autograd.tensor([2.0]), autograd.tensor([[3.0]]))
        tensor([[-3.]])
    """
    x, scales, y = as_matrix("ormqr", input), as_handle(tau, "ormqr"), as_matrix("ormqr", other)
    check_reflections("ormqr", x, scales)
    m, n = x.shape[-2:]
    side = "rows" if left else "columns"
    if y.shape[-2 if left else -1] != m or scales.shape[-1] > min(m, n):
        raise ShapeError(f"ormqr: other {y.shape} must have {m} {side} for input {x.shape}, tau {scales.shape}")
    if y.shape[:-2] != x.shape[:-2] or y.dtype != x.dtype:
        raise ShapeError(f"ormqr: input {x.dtype} {x.shape} and other {y.dtype} {y.shape} must share batch and dtype")
    whole = y if left else swap(y)
    out = reflected(whole, x, scales, left != transpose)
    out = out if left else swap(out)
    return out.clone() if out is y else out


# --- SVD and LU


@composite(
    name="older svd",
    formula="orthogonal U, V and s with U diag(s) V^T = x",
    samples=lambda rng: [Sample((distinct(rng, *s),)) for s in ((3, 3), (2, 3, 2))],
    reference=lambda x: _legacy_svd(x),
)
def svd(input: Operand, some: bool = True, compute_uv: bool = True) -> LegacySVDResult:
    """The singular value decomposition in its older form: `x = U diag(S) V^T`; see `linalg.svd`.

    Args:
        input: (..., m, n), floating.
        some: U and V have min(m, n) columns; else they are square.
        compute_uv: if False, U and V are zeros.

    Returns:
        (U, S, V).

    Example:
        >>> autograd.svd(autograd.tensor([[3.0, 0.0], [0.0, -4.0]])).S
        tensor([4., 3.])
    """
    x = as_matrix("svd", input)
    u, s, vh = spectral.svd(x, full_matrices=not some and compute_uv)
    if not compute_uv:
        m, n = x.shape[-2:]
        zeros = (make(np.zeros((*x.shape[:-2], size, size), x.dtype)) for size in (m, n))
        return LegacySVDResult(next(zeros), s, next(zeros))
    return LegacySVDResult(u, s, swap(vh))


def _legacy_svd(x: np.ndarray) -> tuple[Any, ...]:
    u, s, vh = np.linalg.svd(x, full_matrices=False)
    return u, s, np.swapaxes(vh, -1, -2)


@composite(
    name="older lu",
    formula="L and U in one matrix, with the exchanges of rows",
    samples=lambda rng: [Sample((distinct(rng, *s),)) for s in ((3, 3), (2, 2, 3))],
    reference=lambda x: LU.forward(x, False)[:2],
)
def lu(A: Operand, pivot: bool = True, get_infos: bool = False) -> tuple[Tensor, ...]:
    """The LU decomposition in one matrix: an older form of `linalg.lu_factor_ex`.

    Returns:
        (LU, pivots), and with get_infos a third: 0, or the place of the first 0 on U's diagonal.

    Example:
        >>> autograd.lu(autograd.tensor([[1.0, 2.0], [4.0, 4.0]]))[1]
        tensor([2, 2], dtype=int32)
    """
    found = factorization.lu_factor_ex(A, pivot=pivot)
    return tuple(found) if get_infos else tuple(found[:2])


@composite(
    name="lu_solve",
    formula="x with P L U x = b",
    samples=lambda rng: [
        Sample((values(rng, (2, 3)), distinct(rng, 2, 2) + 3 * np.eye(2), np.array([2, 2], np.int32)))
    ],
    reference=lambda b, data, pivots: np.linalg.solve(
        np.eye(2)[::-1] @ (np.tril(data, -1) + np.eye(2)) @ np.triu(data), b
    ),
)
def lu_solve(b: Operand, LU_data: Operand, LU_pivots: Operand) -> Tensor:
    """The solution X of `A X = b` from the LU decomposition of A: `linalg.lu_solve` with b first.

    Example:
        >>> lu, pivots = autograd.linalg.lu_factor(autograd.tensor([[2.0]]))
        >>> autograd.lu_solve(autograd.tensor([[4.0]]), lu, pivots)
        tensor([[2.]])
    """
    return solving.lu_solve(LU_data, LU_pivots, b)


@composite(
    name="lu_unpack",
    formula="P, L and U out of what lu_factor gives",
    samples=lambda rng: [Sample((values(rng, (3, 2)), np.array([3, 2], np.int32)))],
    reference=lambda data, pivots: (
        np.array([[0.0, 0, 1], [0, 1, 0], [1, 0, 0]]),
        np.tril(data, -1) + np.eye(3, 2),
        np.triu(data[:2]),
    ),
)
def lu_unpack(
    LU_data: Operand, LU_pivots: Operand, unpack_data: bool = True, unpack_pivots: bool = True
) -> LUUnpackResult:
    """The permutation and the triangles out of what `linalg.lu_factor` gives.

    Args:
        LU_data: (..., m, n).
        LU_pivots: (..., min(m, n)), int32.
        unpack_data: give L and U; else they are empty.
        unpack_pivots: give P; else it is empty.

    Returns:
        (P, L, U) with `A = P L U`.

    Raises:
        DtypeError: the pivots are not int32.
        ShapeError: the shapes do not fit.

    Example:
        >>> autograd.lu_unpack(*autograd.linalg.lu_factor(autograd.tensor([[2.0]]))).U
        tensor([[2.]])
    """
    x = as_matrix("lu_unpack", LU_data)
    order = pivot_order("lu_unpack", x, LU_pivots)
    none = make(np.zeros(0, x.dtype))
    lower, upper = unpacked(x) if unpack_data else (none, none)
    return LUUnpackResult(permutation(order, x.dtype) if unpack_pivots else none, lower, upper)
