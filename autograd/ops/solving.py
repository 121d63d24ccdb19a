"""Inverses, and systems of linear equations. (`autograd.linalg`)"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .. import dtypes
from ..composites import composite
from ..errors import ArgumentError, DtypeError, LinalgError, ShapeError
from ..primitive import Sample, as_handle, define, make, op
from .dims import normalize_dims, whole_number
from .factorization import LU, pivot_rows, take_rows
from .families import values
from .matrices import (
    as_matrix,
    distinct,
    on_matrices,
    require_square,
    singular,
    square_samples,
    swap,
    widened,
)

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = [
    "inv",
    "inv_ex",
    "lu_solve",
    "solve",
    "solve_ex",
    "solve_triangular",
    "tensorinv",
    "tensorsolve",
]

Operand = Any


# --- records


def _inv(x: Any, checked: bool) -> Any:
    try:
        return np.linalg.inv(x)
    except np.linalg.LinAlgError:
        if checked:
            raise singular("inv", x) from None
    with np.errstate(all="ignore"):
        good = (np.linalg.slogdet(x)[0] != 0)[..., None, None]
    return np.where(good, np.linalg.inv(np.where(good, x, np.eye(x.shape[-1], dtype=x.dtype))), x.dtype.type(np.nan))


INV = define(
    "inv",
    forward=widened(_inv),
    inputs=("x",),
    attributes=("checked",),
    vjp={"x": lambda g, out: -op.matmul(op.matmul(swap(out), g), swap(out))},
    infer=require_square("inv"),
    samples=lambda rng: [Sample(s.inputs, (True,)) for s in square_samples(rng)],
    error_samples=lambda rng: [
        Sample((values(rng, (2, 3)),), (True,), ShapeError, "make them square"),
        Sample((np.zeros((2, 2)),), (True,), LinalgError, "the matrix is singular"),
        Sample((np.stack([np.eye(2), np.ones((2, 2))]),), (True,), LinalgError, "batch element 1 is singular"),
    ],
    formula="y with x y = I",
    source="M. B. Giles, Collected matrix derivative results for forward and reverse mode, 2008",
)


def fits(name: str, a: Any, b: Any) -> None:
    """Raise unless b has the rows, the dtype and a batch that fit the matrices a."""
    if b.ndim < 2 or b.shape[-2] != a.shape[-2]:
        raise ShapeError(f"{name}: b {b.shape} does not fit a {a.shape}; it must have {a.shape[-2]} rows")
    if a.dtype != b.dtype:
        raise DtypeError(f"{name}: a is {a.dtype} and b {b.dtype}; convert them to one dtype with .to(dtype)")
    try:
        np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    except ValueError:
        raise ShapeError(
            f"{name}: batch sizes {a.shape[:-2]} and {b.shape[:-2]} do not broadcast (a {a.shape}, b {b.shape})"
        ) from None


def _solve_infer(a: Any, b: Any) -> None:
    require_square("solve")(a)
    fits("solve", a, b)


def _solve(a: Any, b: Any) -> Any:
    try:
        return np.linalg.solve(a, b)
    except np.linalg.LinAlgError:
        raise singular("solve", a) from None


def _solve_rule(needs: Sequence[bool], g: Any, a: Any, out: Any) -> list[Any]:
    g_b = op.solve(swap(a), g)
    return [-op.matmul(g_b, swap(out)) if needs[0] else None, g_b]


def _system_samples(rng: np.random.Generator) -> list[Sample]:
    shapes: list[tuple[tuple[int, ...], tuple[int, ...]]] = [
        ((1, 3, 3), (1, 3, 2)),
        ((2, 2, 2), (1, 2, 1)),
        ((1, 2, 2), (3, 2, 2)),
        ((0, 2, 2), (0, 2, 1)),
        ((1, 0, 0), (1, 0, 2)),
    ]
    return [Sample((distinct(rng, *a), values(rng, b))) for a, b in shapes]


SOLVE = define(
    "solve",
    forward=widened(_solve),
    inputs=("a", "b"),
    vjp=_solve_rule,
    infer=_solve_infer,
    broadcasts=True,
    samples=_system_samples,
    error_samples=lambda rng: [
        Sample((values(rng, (2, 2)), values(rng, (3, 2))), (), ShapeError, "must have 2 rows"),
        Sample((np.zeros((2, 2)), np.ones((2, 1))), (), LinalgError, "singular"),
    ],
    formula="x with a x = b",
    source="M. B. Giles, Collected matrix derivative results for forward and reverse mode, 2008",
)


def _triangular_infer(a: Any, b: Any, upper: bool, unitriangular: bool) -> None:
    require_square("solve_triangular")(a)
    fits("solve_triangular", a, b)


def _solve_small_triangles(a: Any, b: Any, upper: bool, unitriangular: bool) -> Any:
    """All of a batch in one call of NumPy, or None where a matrix is singular or not finite.

    NumPy's LU decomposition of an upper triangle finds nothing to exchange and nothing to eliminate, so that what it
    does is the plain back substitution; a lower triangle is an upper one backwards.
    """
    whole = np.triu(a) if upper else np.tril(a)[..., ::-1, ::-1]
    if unitriangular:
        diagonal = np.arange(a.shape[-1])
        whole[..., diagonal, diagonal] = 1
    if not np.isfinite(whole).all():
        return None
    try:
        out = np.linalg.solve(whole, b if upper else b[..., ::-1, :])
    except np.linalg.LinAlgError:
        return None
    return out if upper else np.ascontiguousarray(out[..., ::-1, :])


def _solve_triangular(a: Any, b: Any, upper: bool, unitriangular: bool) -> Any:
    batch = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    if 0 in batch or b.shape[-1] == 0 or b.shape[-2] == 0:
        return np.zeros((*batch, *b.shape[-2:]), b.dtype)
    if math.prod(batch) > 1 and a.shape[-1] <= 64:
        out = _solve_small_triangles(a, b, upper, unitriangular)
        if out is not None:
            return out
    from scipy.linalg.blas import get_blas_funcs

    (trsm,) = get_blas_funcs(("trsm",), (np.zeros(0, a.dtype),))
    a, b = np.broadcast_to(a, (*batch, *a.shape[-2:])), np.broadcast_to(b, (*batch, *b.shape[-2:]))

    def one(matrix: Any, right: Any) -> tuple[Any]:
        return (np.ascontiguousarray(trsm(1.0, matrix, right, lower=not upper, diag=unitriangular)),)

    return on_matrices(one, a, b)[0]


def _triangular_rule(needs: Sequence[bool], g: Any, a: Any, out: Any, upper: bool, unitriangular: bool) -> list[Any]:
    g_b = op.solve_triangular(swap(a), g, not upper, unitriangular)
    g_a = None
    if needs[0]:
        g_a = -op.matmul(g_b, swap(out))
        g_a = op.triu(g_a, int(unitriangular)) if upper else op.tril(g_a, -int(unitriangular))
    return [g_a, g_b]


def _triangular_samples(rng: np.random.Generator) -> list[Sample]:
    kinds = [(False, False), (True, False), (False, True), (True, True), (True, False)]
    samples = []
    for sample, kind in zip(_system_samples(rng), kinds, strict=True):
        a, b = sample.inputs
        samples.append(Sample((a + 3 * np.eye(a.shape[-1]), b), kind))
    return samples


SOLVE_TRIANGULAR = define(
    "solve_triangular",
    forward=widened(_solve_triangular),
    inputs=("a", "b"),
    attributes=("upper", "unitriangular"),
    vjp=_triangular_rule,
    infer=_triangular_infer,
    broadcasts=True,
    samples=_triangular_samples,
    error_samples=lambda rng: [
        Sample((values(rng, (2, 3)), values(rng, (2, 2))), (True, False), ShapeError, "make them square")
    ],
    formula="x with a x = b, a triangular",
    source="M. B. Giles, Collected matrix derivative results for forward and reverse mode, 2008",
)


# --- the public functions


class InverseExResult(NamedTuple):
    """What `linalg.inv_ex` gives."""

    inverse: Tensor
    info: Tensor


class SolveExResult(NamedTuple):
    """What `linalg.solve_ex` gives."""

    result: Tensor
    info: Tensor


def inv(A: Operand) -> Tensor:
    """The inverse of a square matrix.

    To solve equations use `linalg.solve`, which is faster and more exact.

    Args:
        A: (..., n, n), floating.

    Returns:
        A Tensor of A's shape.

    Raises:
        ShapeError: A is not square.
        LinalgError: a matrix is singular; the message says which.

    Example:
        >>> autograd.linalg.inv(autograd.tensor([[2.0, 0.0], [0.0, 4.0]]))
        tensor([[0.5000, 0.0000],
                [0.0000, 0.2500]])
    """
    return INV.apply(as_matrix("inv", A), True)


def _infos(name: str, x: Any) -> np.ndarray:
    """For each matrix the place of the first 0 on the diagonal of its U; 0 where it is not singular."""
    require_square(name)(x)
    factors = LU.forward(x._array, False)[0]
    zeros = np.diagonal(factors, axis1=-2, axis2=-1) == 0
    if not zeros.shape[-1]:
        return np.zeros(zeros.shape[:-1], np.int32)
    return np.where(zeros.any(-1), zeros.argmax(-1) + 1, 0).astype(np.int32)


def _guarded(x: Any, infos: np.ndarray) -> tuple[Any, Any]:
    """The matrices with the identity in place of the singular ones, and where they were not singular."""
    good = make(infos[..., None, None] == 0)
    return op.where.apply(good, x, make(np.eye(x.shape[-1], dtype=x.dtype))), good


@composite(
    name="inv_ex",
    formula="the inverse of A, and where it is singular",
    samples=square_samples,
    reference=lambda A: (np.linalg.inv(A), np.zeros(A.shape[:-2], np.int32)),
)
def inv_ex(A: Operand, *, check_errors: bool = False) -> InverseExResult:
    """The inverse, and where there is none a number that says so instead of an error.

    Args:
        A: (..., n, n), floating.
        check_errors: raise as `linalg.inv` does.

    Returns:
        (inverse, info): info is int32 of the batch's shape: 0, or the place of the first 0 on the diagonal of U in
        the LU decomposition; the inverse is nan where info is not 0.

    Example:
        >>> autograd.linalg.inv_ex(autograd.zeros(2, 2)).info
        tensor(1, dtype=int32)
    """
    x = as_matrix("inv_ex", A)
    infos = _infos("inv_ex", x)
    return InverseExResult(INV.apply(x, bool(check_errors)), make(infos))


def _system(name: str, A: Operand, B: Operand, left: bool) -> tuple[Any, Any, bool]:
    """The matrix, the right-hand side as matrices, and whether it was vectors."""
    a, b = as_matrix(name, A), as_handle(B, name)
    require_square(name)(a)
    vector = b.ndim == 1 or (b.ndim + 1 == a.ndim and b.shape == a.shape[:-1])
    if vector:
        if not left:
            raise ArgumentError(f"{name}: B {b.shape} is a vector for A {a.shape}, which needs left=True")
        b = b.reshape(*b.shape, 1)
    return a, b, vector


def solve(A: Operand, B: Operand, *, left: bool = True) -> Tensor:
    """The solution X of `A X = B`, or of `X A = B`.

    Args:
        A: (..., n, n), floating, invertible.
        B: (..., n, k), or vectors: (n,), or A's shape without the last dimension. Batches broadcast.
        left: A stands to the left of X.

    Returns:
        A Tensor of B's shape, with the batches broadcast.

    Raises:
        ShapeError: the shapes do not fit.
        LinalgError: a matrix is singular; the message says which.

    Example:
        >>> autograd.linalg.solve(autograd.tensor([[2.0, 0.0], [0.0, 4.0]]), autograd.tensor([2.0, 2.0]))
        tensor([1.0000, 0.5000])
    """
    a, b, vector = _system("solve", A, B, left)
    if not left:
        _solve_infer(swap(a), swap(b) if b.ndim >= 2 else b)
        return swap(SOLVE.apply(swap(a), swap(b)))
    _solve_infer(a, b)
    out = SOLVE.apply(a, b)
    return out.squeeze(-1) if vector else out


@composite(
    name="solve_ex",
    formula="x with A x = B, and where A is singular",
    samples=_system_samples,
    reference=lambda A, B: (
        np.linalg.solve(A, B),
        np.zeros(A.shape[:-2], np.int32),
    ),
)
def solve_ex(A: Operand, B: Operand, *, left: bool = True, check_errors: bool = False) -> SolveExResult:
    """The solution of `A X = B`, and where there is none a number that says so instead of an error.

    Returns:
        (result, info): info is int32 of A's batch shape, 0 where A is not singular; the result is nan elsewhere.

    Example:
        >>> autograd.linalg.solve_ex(autograd.zeros(1, 1), autograd.ones(1)).info
        tensor(1, dtype=int32)
    """
    a, b, vector = _system("solve_ex", A, B, left)
    infos = _infos("solve_ex", a)
    if check_errors or not infos.any():
        return SolveExResult(solve(A, B, left=left), make(infos))
    whole, good = _guarded(a, infos)
    out = op.where.apply(good, solve(whole, b, left=left), math.nan)
    return SolveExResult(out.squeeze(-1) if vector else out, make(infos))


def solve_triangular(A: Operand, B: Operand, *, upper: bool, left: bool = True, unitriangular: bool = False) -> Tensor:
    """The solution X of `A X = B`, or of `X A = B`, for a triangular A.

    Args:
        A: (..., n, n), floating; the other triangle is not read.
        B: (..., n, k), or (..., k, n) with left=False. Batches broadcast.
        upper: A is upper triangular.
        left: A stands to the left of X.
        unitriangular: take the diagonal of A as ones.

    Returns:
        A Tensor of B's shape, with the batches broadcast; infinite or nan where A has a 0 on its diagonal.

    Raises:
        ShapeError: the shapes do not fit.

    Example:
        >>> a = autograd.tensor([[2.0, 0.0], [1.0, 1.0]])
        >>> autograd.linalg.solve_triangular(a, autograd.tensor([[2.0], [3.0]]), upper=False)
        tensor([[1.],
                [2.]])
    """
    a, b = as_matrix("solve_triangular", A), as_matrix("solve_triangular", B)
    require_square("solve_triangular")(a)
    if left:
        return SOLVE_TRIANGULAR.apply(a, b, bool(upper), bool(unitriangular))
    return swap(SOLVE_TRIANGULAR.apply(swap(a), swap(b), not upper, bool(unitriangular)))


@composite(
    name="linalg.lu_solve",
    formula="x with P L U x = B",
    samples=lambda rng: [
        Sample((distinct(rng, *s) + 3 * np.eye(2), np.array(p, np.int32), values(rng, b)), keywords=k)
        for s, p, b, k in (
            ((2, 2), [2, 2], (2, 3), {}),
            ((2, 2), [1, 2], (2, 3), {"adjoint": True}),
            ((1, 2, 2), [[2, 2]], (3, 4, 2), {"left": False}),
        )
    ],
    reference=lambda LU, pivots, B, left=True, adjoint=False: _lu_solve_reference(LU, pivots, B, left, adjoint),
)
def lu_solve(LU: Operand, pivots: Operand, B: Operand, *, left: bool = True, adjoint: bool = False) -> Tensor:
    """The solution X of `A X = B`, or of `X A = B`, from the LU decomposition of A.

    Args:
        LU, pivots: what `linalg.lu_factor` gave: (..., n, n) and (..., n).
        B: (..., n, k), or (..., k, n) with left=False. Batches broadcast.
        left: A stands to the left of X.
        adjoint: take the transpose of A.

    Returns:
        A Tensor of B's shape, with the batches broadcast.

    Raises:
        ShapeError: the shapes do not fit.
        DtypeError: pivots is not int32.

    Example:
        >>> lu, pivots = autograd.linalg.lu_factor(autograd.tensor([[0.0, 2.0], [1.0, 0.0]]))
        >>> autograd.linalg.lu_solve(lu, pivots, autograd.tensor([[4.0], [3.0]]))
        tensor([[3.],
                [2.]])
    """
    factors, b = as_matrix("lu_solve", LU), as_matrix("lu_solve", B)
    order = pivot_order("lu_solve", factors, pivots)
    require_square("lu_solve")(factors)
    if not left:
        adjoint, b = not adjoint, swap(b)
    fits("lu_solve", factors, b)
    if not adjoint:  # P L U x = b
        b = take_rows(b, make(np.argsort(order, -1)))
        b = SOLVE_TRIANGULAR.apply(factors, b, False, True)
        out = SOLVE_TRIANGULAR.apply(factors, b, True, False)
    else:  # U^T L^T P^T x = b
        b = SOLVE_TRIANGULAR.apply(swap(factors), b, False, False)
        b = SOLVE_TRIANGULAR.apply(swap(factors), b, True, True)
        out = take_rows(b, make(order))
    return out if left else swap(out)


def pivot_order(name: str, factors: Any, pivots: Operand) -> np.ndarray:
    """The rows for which `A = (L U)[rows]`, of pivots as `lu_factor` gives them."""
    given = as_handle(pivots, name)
    m, n = factors.shape[-2:]
    if given.dtype != dtypes.int32:
        raise DtypeError(f"{name}: pivots is {given.dtype}, not int32; use what lu_factor gave")
    if given.shape != (*factors.shape[:-2], min(m, n)):
        raise ShapeError(f"{name}: pivots {given.shape} does not fit LU {factors.shape}")
    counted = given._array
    if counted.size and (counted.min() < 1 or counted.max() > m):
        raise ArgumentError(f"{name}: pivots must be from 1 to {m}, the number of rows")
    return pivot_rows(counted, m)


def _lu_solve_reference(LU: Any, pivots: Any, B: Any, left: bool, adjoint: bool) -> Any:
    n = LU.shape[-1]
    a = np.take_along_axis(
        (np.tril(LU, -1) + np.eye(n)) @ np.triu(LU), pivot_rows(pivots, n)[..., None] * np.ones(n, int), -2
    )
    a = np.swapaxes(a, -1, -2) if adjoint else a
    if left:
        return np.linalg.solve(a, B)
    return np.swapaxes(np.linalg.solve(np.swapaxes(a, -1, -2), np.swapaxes(B, -1, -2)), -1, -2)


@composite(
    name="tensorinv",
    formula="the inverse of A as a matrix, its first `ind` dimensions against the others",
    samples=lambda rng: [
        Sample((distinct(rng, 4, 4).reshape(2, 2, 4),)),
        Sample((distinct(rng, 4, 4).reshape(4, 2, 2),), keywords={"ind": 1}),
    ],
    reference=lambda A, ind=2: np.linalg.tensorinv(A, ind),
)
def tensorinv(A: Operand, ind: int = 2) -> Tensor:
    """The inverse for `tensordot`: of A as a matrix from its last dimensions to its first `ind` ones.

    Args:
        A: floating; the product of its first `ind` sizes is that of the others.
        ind: how many dimensions stand for the rows.

    Returns:
        A Tensor of shape `A.shape[ind:] + A.shape[:ind]`.

    Raises:
        ArgumentError: ind is not positive.
        ShapeError: the products of the sizes differ.

    Example:
        >>> autograd.linalg.tensorinv(autograd.eye(4).reshape(2, 2, 4)).shape
        (4, 2, 2)
    """
    x = as_handle(A, "tensorinv")
    if whole_number("tensorinv", "ind", ind) < 1:
        raise ArgumentError(f"tensorinv: ind is {ind}; use a number from 1 to {x.ndim}")
    first, rest = x.shape[:ind], x.shape[ind:]
    if math.prod(first) != math.prod(rest):
        raise ShapeError(f"tensorinv: the sizes {first} and {rest} of x {x.shape} must have equal products")
    n = math.prod(rest)
    return inv(x.reshape(n, n)).reshape(rest + first)


@composite(
    name="tensorsolve",
    formula="x with tensordot(A, x, x.ndim) = B",
    samples=lambda rng: [
        Sample((distinct(rng, 6, 6).reshape(2, 3, 6), values(rng, (2, 3)))),
        Sample((distinct(rng, 6, 6).reshape(6, 2, 3), values(rng, (6,)))),
    ],
    reference=lambda A, B: np.linalg.tensorsolve(A, B),
)
def tensorsolve(A: Operand, B: Operand, dims: Sequence[int] | None = None) -> Tensor:
    """The solution X of `tensordot(A, X, X.ndim) = B`.

    Args:
        A: floating, of shape `B.shape + X.shape` with equal products, after `dims` are moved.
        B: floating.
        dims: dimensions of A that are moved to its end first.

    Returns:
        A Tensor X.

    Raises:
        ShapeError: the shapes do not fit.

    Example:
        >>> autograd.linalg.tensorsolve(autograd.eye(4).reshape(2, 2, 4), autograd.ones(2, 2))
        tensor([1., 1., 1., 1.])
    """
    a, b = as_handle(A, "tensorsolve"), as_handle(B, "tensorsolve")
    if dims is not None:
        moved = normalize_dims("tensorsolve", dims, a.ndim)
        a = op.permute.apply(a, tuple([d for d in range(a.ndim) if d not in moved]) + moved)
    shape = a.shape[b.ndim :]
    n = math.prod(shape)
    if math.prod(a.shape[: b.ndim]) != b.numel() or b.numel() != n:
        raise ShapeError(
            f"tensorsolve: A {a.shape} does not fit B {b.shape}; the products of its first {b.ndim} sizes and of the "
            f"others must be {b.numel()}"
        )
    return solve(a.reshape(n, n), b.reshape(n)).reshape(shape)
