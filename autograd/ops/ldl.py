"""The LDL decomposition of symmetric matrices, which has no derivative. (`autograd.linalg`)"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .. import dtypes
from ..composites import composite
from ..errors import ArgumentError, DtypeError, LinalgError, ShapeError
from ..primitive import Sample, as_handle, make
from .families import values
from .matrices import as_matrix, elements, on_matrices, positive_definite, require_square
from .solving import fits

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["ldl_factor", "ldl_factor_ex", "ldl_solve"]

Operand = Any


class LDLFactorResult(NamedTuple):
    """What `linalg.ldl_factor` gives."""

    LD: Tensor
    pivots: Tensor


class LDLFactorExResult(NamedTuple):
    """What `linalg.ldl_factor_ex` gives."""

    LD: Tensor
    pivots: Tensor
    info: Tensor


def _ldl(x: np.ndarray) -> list[np.ndarray]:
    from scipy.linalg.lapack import get_lapack_funcs

    (sytrf,) = get_lapack_funcs(("sytrf",), (np.zeros(0, x.dtype),))
    n = x.shape[-1]
    if x.size == 0:
        batch = x.shape[:-2]
        return [x.copy(), np.zeros((*batch, n), np.int32), np.zeros(batch, np.int32)]

    def one(matrix: Any) -> tuple[Any, ...]:
        factors, pivots, info = sytrf(matrix, lower=True)
        return np.tril(factors), np.asarray(pivots, np.int32), np.asarray(info, np.int32)

    return on_matrices(one, x)


def _ldl_call(name: str, A: Operand) -> list[np.ndarray]:
    x = as_handle(A, name)
    require_square(name)(x)
    if x.dtype == dtypes.float16:
        raise DtypeError(f"{name}: x is float16, for which LAPACK has no such decomposition; use x.float()")
    return _ldl(x._array)


@composite(
    name="ldl_factor",
    formula="L unit lower triangular and D of blocks, with L D L^T = A",
    samples=lambda rng: [Sample((positive_definite(rng, 2, 3, 3),))],
    reference=lambda A: _ldl(A)[:2],
    error_samples=lambda rng: [Sample((np.zeros((2, 2, 2)),), (), LinalgError, "batch element 0 is singular")],
    differentiable=False,
)
def ldl_factor(A: Operand, *, hermitian: bool = False) -> LDLFactorResult:
    """The LDL decomposition of a symmetric matrix, as LAPACK packs it: `A = L D L^T`. It has no gradient.

    Args:
        A: (..., n, n), floating, of which the lower triangle is read.
        hermitian: without meaning for real matrices.

    Returns:
        (LD, pivots), for `linalg.ldl_solve`.

    Raises:
        LinalgError: D is singular.

    Example:
        >>> autograd.linalg.ldl_factor(autograd.tensor([[4.0, 2.0], [2.0, 3.0]])).LD
        tensor([[4.0000, 0.0000],
                [0.5000, 2.0000]])
    """
    factors, pivots, infos = _ldl_call("ldl_factor", A)
    if infos.any():
        raise LinalgError(f"ldl_factor: {elements(infos)} is singular: D has a 0; use linalg.ldl_factor_ex")
    return LDLFactorResult(make(factors), make(pivots))


@composite(
    name="ldl_factor_ex",
    formula="L and D, and where D has a 0",
    samples=lambda rng: [Sample((positive_definite(rng, 2, 3, 3),))],
    reference=lambda A: _ldl(A),
    error_samples=lambda rng: [Sample((values(rng, (2, 3)),), (), ShapeError, "make them square")],
    differentiable=False,
)
def ldl_factor_ex(A: Operand, *, hermitian: bool = False, check_errors: bool = False) -> LDLFactorExResult:
    """The LDL decomposition as `linalg.ldl_factor`, with a number for singular matrices instead of an error.

    Example:
        >>> autograd.linalg.ldl_factor_ex(autograd.zeros(2, 2)).info
        tensor(1, dtype=int32)
    """
    if check_errors:
        ldl_factor(A)
    return LDLFactorExResult(*map(make, _ldl_call("ldl_factor_ex", A)))


def _solve_samples(rng: np.random.Generator) -> list[Sample]:
    factors, pivots, _ = _ldl(positive_definite(rng, 2, 3, 3))
    return [Sample((factors, pivots, values(rng, (2, 3, 2))))]


def _solve_reference(LD: np.ndarray, pivots: np.ndarray, B: np.ndarray) -> np.ndarray:
    # Without exchanges, as the samples are, D is the diagonal.
    lower = np.tril(LD, -1) + np.eye(3)
    whole = (lower * np.diagonal(LD, axis1=1, axis2=2)[:, None, :]) @ np.swapaxes(lower, 1, 2)
    return np.linalg.solve(whole, B)


@composite(
    name="ldl_solve",
    formula="x with L D L^T x = B",
    samples=_solve_samples,
    reference=_solve_reference,
    differentiable=False,
)
def ldl_solve(LD: Operand, pivots: Operand, B: Operand, *, hermitian: bool = False) -> Tensor:
    """The solution X of `A X = B`, from the LDL decomposition of A. It has no gradient, as in PyTorch.

    Args:
        LD, pivots: what `linalg.ldl_factor` gave.
        B: (..., n, k). Batches broadcast.
        hermitian: without meaning for real matrices.

    Example:
        >>> ld, pivots = autograd.linalg.ldl_factor(autograd.tensor([[4.0, 2.0], [2.0, 3.0]]))
        >>> autograd.linalg.ldl_solve(ld, pivots, autograd.tensor([[4.0], [2.0]]))
        tensor([[1.],
                [0.]])
    """
    factors, b, given = as_matrix("ldl_solve", LD), as_matrix("ldl_solve", B), as_handle(pivots, "ldl_solve")
    require_square("ldl_solve")(factors)
    fits("ldl_solve", factors, b)
    if factors.dtype == dtypes.float16:
        raise DtypeError("ldl_solve: LD is float16, for which LAPACK has no such solver; use LD.float()")
    if given.shape != factors.shape[:-1] or given.dtype != dtypes.int32:
        raise ShapeError(f"ldl_solve: pivots {given.dtype} {given.shape} does not fit LD {factors.shape}")
    places = given._array
    if places.size and (np.abs(places).min() < 1 or np.abs(places).max() > places.shape[-1]):
        raise ArgumentError(f"ldl_solve: pivots must be from 1 to {places.shape[-1]}, or negative; use ldl_factor's")
    batch = np.broadcast_shapes(factors.shape[:-2], b.shape[:-2])
    right = np.broadcast_to(b._array, (*batch, *b.shape[-2:]))
    if right.size == 0:
        return make(np.zeros(right.shape, right.dtype))
    from scipy.linalg.lapack import get_lapack_funcs

    (sytrs,) = get_lapack_funcs(("sytrs",), (np.zeros(0, b.dtype),))

    def one(matrix: Any, places: Any, rows: Any) -> tuple[Any]:
        return (np.ascontiguousarray(sytrs(matrix, places[0], rows, lower=True)[0]),)

    left = np.broadcast_to(factors._array, (*batch, *factors.shape[-2:]))
    places = np.broadcast_to(places[..., None, :], (*batch, 1, places.shape[-1]))
    return make(on_matrices(one, left, places, right)[0])
