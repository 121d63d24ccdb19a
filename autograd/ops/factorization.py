"""Matrices as products of simpler ones: Cholesky, LU, QR, and products of reflections. (`autograd.linalg`)"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .. import dtypes
from ..composites import composite
from ..errors import ArgumentError, DtypeError, LinalgError, ShapeError
from ..primitive import Sample, as_handle, define, make, op
from .dims import flag
from .families import values
from .matrices import (
    as_matrix,
    constant,
    distinct,
    elements,
    is_recording,
    mirrored,
    on_matrices,
    on_symmetric,
    positive_definite,
    require_matrix,
    require_matrix_of,
    require_square,
    swap,
    symmetric,
    widened,
)

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = [
    "cholesky",
    "cholesky_ex",
    "householder_product",
    "lu",
    "lu_factor",
    "lu_factor_ex",
    "qr",
]

Operand = Any


# --- Cholesky


def _cholesky(x: Any, upper: bool) -> Any:
    whole = (x + np.swapaxes(x, -1, -2)) * x.dtype.type(0.5)
    try:
        return np.linalg.cholesky(whole, upper=upper)
    except np.linalg.LinAlgError:
        minors = _first_bad_minors(whole)
        raise LinalgError(
            f"cholesky: {elements(minors)} is not positive definite: its leading minor of order "
            f"{int(minors[minors > 0][0])} is not positive (x {x.shape}); add a small multiple of the identity"
        ) from None


def _first_bad_minors(x: Any) -> np.ndarray:
    """For each matrix the order of its first leading minor that is not positive; 0 where all are."""
    from scipy.linalg.lapack import get_lapack_funcs

    (potrf,) = get_lapack_funcs(("potrf",), (np.zeros(0, x.dtype),))
    if x.size == 0:
        return np.zeros(x.shape[:-2], np.int32)
    infos = [potrf(matrix, lower=True)[1] for matrix in x.reshape(-1, *x.shape[-2:])]
    return np.array(infos, dtype=np.int32).reshape(x.shape[:-2])


def _cholesky_rule(g: Any, out: Any, upper: bool) -> Any:
    # A = L L^T: with phi(X) = tril(X) less half its diagonal, the gradient is L^-T phi(L^T g) L^-1, symmetric part.
    lower, g = (swap(out), swap(g)) if upper else (out, g)
    inner = op.matmul(swap(lower), g)
    inner = (op.tril(inner, 0) + op.tril(inner, -1)) * 0.5
    inner = symmetric(inner)
    half = op.solve_triangular(swap(lower), inner, True, False)
    return swap(op.solve_triangular(swap(lower), swap(half), True, False))


CHOLESKY = define(
    "cholesky",
    forward=widened(_cholesky),
    inputs=("x",),
    attributes=("upper",),
    vjp={"x": _cholesky_rule},
    infer=require_square("cholesky"),
    samples=lambda rng: [
        Sample((positive_definite(rng, *s),), (u,))
        for s, u in (((1, 3, 3), False), ((2, 2, 2), True), ((0, 2, 2), False), ((1, 0, 0), False))
    ],
    error_samples=lambda rng: [
        Sample((values(rng, (2, 3)),), (False,), ShapeError, "make them square"),
        Sample((-np.eye(2),), (False,), LinalgError, "the matrix is not positive definite"),
    ],
    formula="lower triangular L with L L^T = x",
    source="M. B. Giles, Collected matrix derivative results, 2008; I. Murray, Differentiation of Cholesky, 2016",
)


# --- LU


def _lu(x: Any, checked: bool = False) -> Any:
    """The factors in one matrix, the exchanges, and where the rows went; `checked` refuses singular matrices."""
    from scipy.linalg.lapack import get_lapack_funcs

    (getrf,) = get_lapack_funcs(("getrf",), (np.zeros(0, x.dtype),))
    m, n = x.shape[-2:]
    k = min(m, n)

    def one(matrix: Any) -> tuple[Any, Any]:
        factors, pivots, _ = getrf(matrix)
        return np.ascontiguousarray(factors), np.asarray(pivots, np.int32)

    if x.size == 0:
        pivots = np.broadcast_to(np.arange(k, dtype=np.int32), (*x.shape[:-2], k)) + np.int32(1)
        return x.copy(), pivots, pivot_rows(pivots, m)
    factors, pivots = on_matrices(one, x)
    infos = _lu_infos(factors) if checked else np.zeros(())
    if infos.any():
        raise LinalgError(
            f"lu_factor: {elements(infos)} is singular: U has a 0 on its diagonal at {int(infos[infos > 0][0])}; "
            "use linalg.lu, or linalg.lu_factor_ex"
        )
    pivots += np.int32(1)  # counted from 1, as LAPACK and PyTorch have it
    return factors, pivots, pivot_rows(pivots, m)


def pivot_rows(pivots: Any, m: int) -> np.ndarray:
    """The rows for which `x = (L U)[rows]`, of m rows exchanged one after the other as the pivots say."""
    batch = pivots.shape[:-1]
    order = np.broadcast_to(np.arange(m), (*batch, m)).copy()
    for i in range(pivots.shape[-1]):
        other = pivots[..., i, None].astype(np.int64) - 1
        here = order[..., i, None].copy()
        there = np.take_along_axis(order, other, -1)
        order[..., i, None] = there
        np.put_along_axis(order, other, here, -1)
    return np.argsort(order, -1)


def take_rows(x: Any, order: Any) -> Any:
    """The matrices with their rows in the given order: `out[i] = x[order[i]]`."""
    if x.shape[:-2] != order.shape[:-1]:
        batch = np.broadcast_shapes(x.shape[:-2], order.shape[:-1])
        x, order = op.expand(x, (*batch, *x.shape[-2:])), op.expand(order, (*batch, order.shape[-1]))
    spread = op.expand(op.reshape(order, (*order.shape, 1)), x.shape)
    return op.gather(x, spread, len(x.shape) - 2)


def over_upper(x: Any, upper: Any) -> Any:
    """`x U^-T` for an upper triangular U."""
    return swap(op.solve_triangular(upper, swap(x), True, False))


def _lu_rule(g: Any, out: Any, rows: Any) -> Any:
    # L^-1 d(L U) U^-1 = L^-1 dL + dU U^-1 falls into a strictly lower and an upper triangle; where the matrix is not
    # square, the rest of it follows from the square part.
    m, n = out.shape[-2:]
    k, d = min(m, n), len(out.shape) - 2
    head, g_head = (op.narrow(op.narrow(a, d, 0, k), d + 1, 0, k) for a in (out, g))
    upper = op.triu(head, 0)
    lower_t = swap(op.tril(head, -1) + constant(np.eye(k, dtype=out.dtype), out))
    below = op.matmul(lower_t, op.tril(g_head, -1))
    above = op.matmul(op.triu(g_head, 0), swap(upper))
    rest = None
    if n > m:
        u, g_u = op.narrow(out, d + 1, k, n), op.narrow(g, d + 1, k, n)
        below = below - op.matmul(g_u, swap(u))
        rest = op.solve_triangular(lower_t, g_u, True, True)
    elif m > n:
        lo, g_lo = op.narrow(out, d, k, m), op.narrow(g, d, k, m)
        above = above - op.matmul(swap(lo), g_lo)
        rest = over_upper(g_lo, upper)
    inner = op.tril(below, -1) + op.triu(above, 0)
    whole = over_upper(op.solve_triangular(lower_t, inner, True, True), upper)
    if rest is not None:
        whole = op.cat((whole, rest), d + 1 if n > m else d)
    return take_rows(whole, rows)


LU = define(
    "lu_factor",
    forward=widened(_lu),
    inputs=("x",),
    attributes=("checked",),
    outputs=("out", "pivots", "rows"),
    differentiable=(True, False, False),
    vjp={"x": _lu_rule},
    infer=require_matrix_of("lu_factor"),
    samples=lambda rng: [
        Sample((distinct(rng, *s) + 0.1 * values(rng, s),), (False,))
        for s in ((1, 3, 3), (2, 4, 2), (2, 2, 3), (0, 2, 2), (1, 0, 0))
    ],
    error_samples=lambda rng: [
        Sample((values(rng, (3,)),), (False,), ShapeError, "is no matrix"),
        Sample((np.ones((2, 2)),), (True,), LinalgError, "the matrix is singular"),
    ],
    formula="L below the diagonal and U above it, with (L U)[rows] = x",
    source="F. de Hoog, R. Anderssen, M. Lukas, Differentiation of matrix functionals using triangular factorization",
)


# --- QR


def _qr(x: Any) -> Any:
    q, r = np.linalg.qr(x)
    return q, r


def _qr_rule(g: Sequence[Any], q: Any, r: Any) -> Any:
    # With M = R gR^T - gQ^T Q and its lower triangle mirrored: (gQ + Q M) R^-T.
    g_q, g_r = g
    inner = None
    if g_r is not None:
        inner = op.matmul(r, swap(g_r))
    if g_q is not None:
        turned = op.matmul(swap(g_q), q)
        inner = -turned if inner is None else inner - turned
    inner = op.matmul(q, op.tril(inner, 0) + swap(op.tril(inner, -1)))
    return over_upper(inner if g_q is None else g_q + inner, r)


def _qr_infer(x: Any) -> None:
    require_matrix("qr", x)
    if x.shape[-2] < x.shape[-1]:
        raise ShapeError(f"qr: x {x.shape} has fewer rows than columns; use linalg.qr")


QR = define(
    "qr",
    forward=widened(_qr),
    inputs=("x",),
    outputs=("q", "r"),
    vjp={"x": _qr_rule},
    infer=_qr_infer,
    samples=lambda rng: [Sample((distinct(rng, *s),)) for s in ((1, 3, 3), (2, 4, 2), (0, 2, 2), (1, 2, 0))],
    error_samples=lambda rng: [Sample((values(rng, (2, 3)),), (), ShapeError, "fewer rows")],
    formula="Q of orthonormal columns and R upper triangular, with Q R = x",
    source="S. F. Walter, L. Lehmann, Algorithmic differentiation of linear algebra functions, 2010",
)


# --- the public functions


class QRResult(NamedTuple):
    """The factors of `linalg.qr`."""

    Q: Tensor
    R: Tensor


class LUResult(NamedTuple):
    """The factors of `linalg.lu`."""

    P: Tensor
    L: Tensor
    U: Tensor


class LUFactorResult(NamedTuple):
    """What `linalg.lu_factor` gives."""

    LU: Tensor
    pivots: Tensor


class LUFactorExResult(NamedTuple):
    """What `linalg.lu_factor_ex` gives."""

    LU: Tensor
    pivots: Tensor
    info: Tensor


class CholeskyExResult(NamedTuple):
    """What `linalg.cholesky_ex` gives."""

    L: Tensor
    info: Tensor


def cholesky(A: Operand, *, upper: bool = False) -> Tensor:
    """The Cholesky factor of a symmetric positive definite matrix: `A = L L^T`, or `U^T U`.

    One triangle of A alone is read, as PyTorch does, and the gradient is that for symmetric changes of A.

    Args:
        A: (..., n, n), floating.
        upper: read the upper triangle and return U instead of L.

    Returns:
        A Tensor of A's shape, 0 in the other triangle.

    Raises:
        ShapeError: A is not square.
        LinalgError: a matrix is not positive definite; the message says which.

    Example:
        >>> autograd.linalg.cholesky(autograd.tensor([[4.0, 2.0], [2.0, 5.0]]))
        tensor([[2., 0.],
                [1., 2.]])

    Source: M. B. Giles, Collected matrix derivative results for forward and reverse mode, 2008.
    """
    x = as_handle(A, "cholesky")
    require_square("cholesky")(x)
    upper = flag("cholesky", "upper", upper)
    return CHOLESKY.apply(mirrored(x, upper), upper)


def cholesky_ex(A: Operand, *, upper: bool = False, check_errors: bool = False) -> CholeskyExResult:
    """The Cholesky factor, and where there is none a number that says so instead of an error.

    Args:
        A: (..., n, n), floating.
        upper: as for `linalg.cholesky`.
        check_errors: raise as `linalg.cholesky` does.

    Returns:
        (L, info): info is int32 of the batch's shape: 0, or the order of the first leading minor that is not positive;
        L is nan where info is not 0.

    Example:
        >>> autograd.linalg.cholesky_ex(autograd.tensor([[1.0, 2.0], [2.0, 1.0]])).info
        tensor(2, dtype=int32)
    """
    x = as_handle(A, "cholesky_ex")
    require_square("cholesky_ex")(x)
    upper = flag("cholesky_ex", "upper", upper)
    whole = mirrored(x, upper)
    wide = whole._array.astype(np.float32) if x.dtype == dtypes.float16 else whole._array
    infos = _first_bad_minors(np.ascontiguousarray(wide))
    if infos.any() and not check_errors:
        good = make(infos[..., None, None] == 0)
        whole = op.where.apply(good, whole, make(np.eye(x.shape[-1], dtype=x.dtype)))
        factors = op.where.apply(good, CHOLESKY.apply(whole, upper), float("nan"))
        return CholeskyExResult(factors, make(infos))
    return CholeskyExResult(CHOLESKY.apply(whole, upper), make(infos))


composite(
    name="cholesky_ex",
    formula="the Cholesky factor of A, and the order of the first leading minor that is not positive, or 0",
    samples=lambda rng: [Sample((positive_definite(rng, 2, 2, 2),), keywords={"upper": u}) for u in (False, True)],
    reference=lambda A, upper: (np.linalg.cholesky(A, upper=upper), np.zeros(A.shape[:-2], np.int32)),
)(on_symmetric(cholesky_ex))


def qr(A: Operand, mode: str = "reduced") -> QRResult:
    """The QR decomposition: Q of orthonormal columns, R upper triangular, `A = Q R`.

    Args:
        A: (..., m, n), floating.
        mode: "reduced": Q is (..., m, k) with k = min(m, n); "complete": Q is (..., m, m); "r": Q is empty.

    Returns:
        (Q, R). Gradients need the first k columns of A to be independent, and with "complete" m <= n.

    Raises:
        ArgumentError: there is no such mode, or a gradient is asked of "complete" with more rows than columns.

    Example:
        >>> q, r = autograd.linalg.qr(autograd.tensor([[3.0, 1.0], [4.0, 2.0]]))
        >>> r[0, 0].abs()
        tensor(5.)

    Source: S. F. Walter, L. Lehmann, Algorithmic differentiation of linear algebra functions, 2010.
    """
    x = as_matrix("qr", A)
    if mode not in ("reduced", "complete", "r"):
        raise ArgumentError(f"qr: mode is {mode!r}; use 'reduced', 'complete' or 'r'")
    m, n = x.shape[-2:]
    if mode == "complete" and m > n:
        if is_recording(x):
            raise ArgumentError(
                f"qr: x {x.shape} has more rows than columns, and the columns that 'complete' adds have no "
                "derivative; use mode='reduced'"
            )
        q, r = widened(lambda a: tuple(np.linalg.qr(a, mode="complete")))(x._array)
        return QRResult(make(q), make(r))
    if m >= n:
        q, r = QR.apply(x)
    else:
        d = x.ndim - 1
        q, r = QR.apply(op.narrow.apply(x, d, 0, m))
        r = op.cat.apply((r, op.matmul.apply(swap(q), op.narrow.apply(x, d, m, n))), d)
    if mode == "r":
        q = make(np.zeros(0, x.dtype))
    return QRResult(q, r)


def _lu_infos(factors: np.ndarray) -> np.ndarray:
    """For each matrix the position, from 1, of the first 0 on the diagonal of U; 0 where there is none."""
    zeros = np.diagonal(factors, axis1=-2, axis2=-1) == 0
    if not zeros.shape[-1]:
        return np.zeros(zeros.shape[:-1], np.int32)
    return np.where(zeros.any(-1), zeros.argmax(-1) + 1, 0).astype(np.int32)


def _pivoted(name: str, pivot: bool) -> None:
    if not pivot:
        raise ArgumentError(f"{name}: pivot=False is not offered (nor by PyTorch outside of CUDA); use pivot=True")


def lu_factor(A: Operand, *, pivot: bool = True) -> LUFactorResult:
    """The LU decomposition with partial pivoting, in one matrix: L below the diagonal, U on and above it.

    Args:
        A: (..., m, n), floating.
        pivot: exchange rows; only True is offered.

    Returns:
        (LU, pivots): pivots is int32 (..., min(m, n)), counted from 1: row i was exchanged with row pivots[i].

    Raises:
        LinalgError: a matrix is singular.

    Example:
        >>> autograd.linalg.lu_factor(autograd.tensor([[1.0, 2.0], [4.0, 4.0]])).pivots
        tensor([2, 2], dtype=int32)
    """
    _pivoted("lu_factor", pivot)
    factors, pivots, _ = LU.apply(as_matrix("lu_factor", A), True)
    return LUFactorResult(factors, pivots)


@composite(
    name="lu_factor_ex",
    formula="L and U in one matrix, with the exchanges of rows, and where U has a 0 on its diagonal",
    samples=lambda rng: [Sample((distinct(rng, 2, 3, 3),))],
    reference=lambda A: (*_lu(A)[:2], np.zeros(A.shape[:-2], np.int32)),
)
def lu_factor_ex(A: Operand, *, pivot: bool = True, check_errors: bool = False) -> LUFactorExResult:
    """The LU decomposition as `linalg.lu_factor`, with a number for singular matrices instead of an error.

    Returns:
        (LU, pivots, info): info is int32 of the batch's shape: 0, or the place of the first 0 on U's diagonal.

    Example:
        >>> autograd.linalg.lu_factor_ex(autograd.zeros(2, 2)).info
        tensor(1, dtype=int32)
    """
    if check_errors:
        lu_factor(A, pivot=pivot)
    _pivoted("lu_factor_ex", pivot)
    factors, pivots, _ = LU.apply(as_matrix("lu_factor_ex", A), False)
    return LUFactorExResult(factors, pivots, make(_lu_infos(factors._array)))


def unpacked(factors: Any) -> tuple[Any, Any]:
    """L and U out of the one matrix in which `lu_factor` gives them."""
    m, n = factors.shape[-2:]
    k, d = min(m, n), factors.ndim - 2
    lower = op.tril.apply(op.narrow.apply(factors, d + 1, 0, k), -1) + make(np.eye(m, k, dtype=factors.dtype))
    return lower, op.triu.apply(op.narrow.apply(factors, d, 0, k), 0)


def permutation(order: np.ndarray, dtype: Any) -> Any:
    """The matrices P with `P X = X[order]`."""
    m = order.shape[-1]
    return make((order[..., :, None] == np.arange(m)).astype(dtype))


@composite(
    name="lu",
    formula="P a permutation, L unit lower and U upper triangular, with P L U = A",
    samples=lambda rng: [Sample((distinct(rng, *s) + 0.1 * values(rng, s),)) for s in ((3, 3), (2, 4, 2), (2, 2, 3))],
    reference=lambda A: __import__("scipy.linalg").linalg.lu(A),
)
def lu(A: Operand, *, pivot: bool = True) -> LUResult:
    """The LU decomposition with partial pivoting: `A = P L U`.

    Args:
        A: (..., m, n), floating. Singular matrices have a decomposition too (and no gradient).
        pivot: exchange rows; only True is offered.

    Returns:
        (P, L, U): (..., m, m), (..., m, k) and (..., k, n) with k = min(m, n).

    Example:
        >>> autograd.linalg.lu(autograd.tensor([[1.0, 2.0], [4.0, 4.0]])).U
        tensor([[4., 4.],
                [0., 1.]])
    """
    _pivoted("lu", pivot)
    x = as_matrix("lu", A)
    factors, _, order = LU.apply(x, False)
    return LUResult(permutation(order._array, x.dtype), *unpacked(factors))


# --- reflections


def reflected(x: Any, vectors: Any, tau: Any, backwards: bool) -> Any:
    """Apply to x the reflections `I - tau_i v_i v_i^T`, the last one first if `backwards`.

    v_i is 1 at i, 0 above it, and below it what column i of `vectors` is.
    """
    m, k = vectors.shape[-2], tau.shape[-1]
    d = vectors.ndim - 2
    lower = op.tril.apply(op.narrow.apply(vectors, d + 1, 0, k), -1) + make(np.eye(m, k, dtype=vectors.dtype))
    for i in reversed(range(k)) if backwards else range(k):
        v = op.narrow.apply(lower, d + 1, i, i + 1)
        scale = op.reshape.apply(op.narrow.apply(tau, d, i, i + 1), (*tau.shape[:-1], 1, 1))
        x = x - op.matmul.apply(v * scale, op.matmul.apply(swap(v), x))
    return x


def _reflection_samples(rng: np.random.Generator) -> list[Sample]:
    shapes: list[tuple[tuple[int, ...], tuple[int, ...]]] = [((3, 3), (2,)), ((2, 4, 2), (2, 2)), ((2, 2), (0,))]
    return [Sample((values(rng, a), values(rng, b))) for a, b in shapes]


def product_of_reflections(A: np.ndarray, tau: np.ndarray) -> np.ndarray:
    """The whole product of the reflections, as a square matrix, the plain way."""
    n = A.shape[-2]
    out = np.broadcast_to(np.eye(n), (*A.shape[:-2], n, n))
    for i in range(tau.shape[-1]):
        v = np.tril(A, -1)[..., :, i, None] + np.eye(n)[:, i, None]
        out = out @ (np.eye(n) - tau[..., i, None, None] * v * np.swapaxes(v, -1, -2))
    return out


def check_reflections(name: str, x: Any, tau: Any) -> None:
    """Raise ShapeError unless tau fits the vectors in the columns of x."""
    require_matrix(name, x)
    if tau.ndim != x.ndim - 1 or tau.shape[:-1] != x.shape[:-2] or tau.shape[-1] > x.shape[-1]:
        raise ShapeError(f"{name}: tau {tau.shape} does not fit x {x.shape}; it must be {x.shape[:-2]} with a number "
                         f"for each reflection, at most {x.shape[-1]}")  # fmt: skip
    if tau.dtype != x.dtype:
        raise DtypeError(f"{name}: x is {x.dtype} and tau {tau.dtype}; convert them to one dtype")


@composite(
    name="householder_product",
    formula="the first columns of (I - tau_1 v_1 v_1^T) (I - tau_2 v_2 v_2^T) ...",
    samples=_reflection_samples,
    reference=lambda A, tau: product_of_reflections(A, tau)[..., : A.shape[-1]],
    error_samples=lambda rng: [Sample((values(rng, (2, 3)), values(rng, (2,))), (), ShapeError, "fewer rows")],
)
def householder_product(A: Operand, tau: Operand) -> Tensor:
    """The first columns of a product of Householder reflections, as `geqrf` packs them.

    Args:
        A: (..., m, n) with m >= n: column i holds, below the diagonal, the vector of reflection i.
        tau: (..., k) with k <= n, the factors of the reflections.

    Returns:
        A Tensor of A's shape.

    Raises:
        ShapeError: the shapes do not fit.

    Example:
        >>> autograd.linalg.householder_product(autograd.zeros(2, 1), autograd.tensor([2.0]))
        tensor([[-1.],
                [ 0.]])
    """
    x, scales = as_handle(A, "householder_product"), as_handle(tau, "householder_product")
    check_reflections("householder_product", x, scales)
    m, n = x.shape[-2:]
    if m < n:
        raise ShapeError(f"householder_product: x {x.shape} has fewer rows than columns")
    start = make(np.broadcast_to(np.eye(m, n, dtype=x.dtype), x.shape))
    # The first columns of the identity, also where there is no reflection, depend on A in the graph.
    return reflected(op.where.apply(make(np.zeros((), bool)), x, start), x, scales, True)
