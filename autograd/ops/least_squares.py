"""Least squares. (`autograd.linalg`)"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..composites import composite
from ..errors import ArgumentError, DtypeError, ShapeError
from ..primitive import Sample, as_handle, make, op
from .families import values
from .matrices import as_matrix, distinct
from .spectral import PINV, SVD

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["lstsq"]

Operand = Any


class LstsqResult(NamedTuple):
    """What `linalg.lstsq` gives."""

    solution: Tensor
    residuals: Tensor
    rank: Tensor
    singular_values: Tensor


def _reference(A: np.ndarray, B: np.ndarray, driver: str) -> tuple[Any, ...]:
    m, n = A.shape[-2:]
    x = np.linalg.pinv(A) @ B
    residuals = ((A @ x - B) ** 2).sum(-2) if m > n else np.zeros(0)
    return x, residuals, np.linalg.matrix_rank(A), np.linalg.svd(A, compute_uv=False)


@composite(
    name="lstsq",
    formula="x of the least |A x - B|",
    samples=lambda rng: [
        Sample((distinct(rng, *a), values(rng, b)), keywords={"driver": "gelsd"})
        for a, b in (((3, 3), (3, 2)), ((2, 4, 2), (2, 4, 1)), ((2, 3), (2, 2)))
    ],
    reference=_reference,
    error_samples=lambda rng: [
        Sample((values(rng, (3,)), values(rng, (3,))), (), ShapeError, "is no matrix"),
        Sample((values(rng, (3, 2)), values(rng, (2, 2))), (), ShapeError, "must have 3 rows"),
    ],
)
def lstsq(A: Operand, B: Operand, rcond: float | None = None, *, driver: str | None = None) -> LstsqResult:
    """The solution of `min |A X - B|`, and of these the smallest, by singular values.

    Args:
        A: (..., m, n), floating.
        B: (..., m, k), or (m,) or A's shape without the last dimension, for vectors.
        rcond: singular values up to this times the largest count as 0; `eps * max(m, n)` unless given.
        driver: LAPACK's "gels", "gelsy" (the default), "gelsd" or "gelss": it says which of the other results are
            given; the solution is computed in one way.

    Returns:
        (solution, residuals, rank, singular_values): (..., n, k); the sums of squares that remain, (..., k), empty
        for "gelsy" and unless m > n and all ranks are n; the ranks, empty for "gels"; the singular values for "gelsd"
        and "gelss", else empty.

    Raises:
        ShapeError: the shapes do not fit.
        ArgumentError: there is no such driver.

    Example:
        >>> a = autograd.tensor([[1.0], [1.0]])
        >>> autograd.linalg.lstsq(a, autograd.tensor([[1.0], [3.0]])).solution
        tensor([[2.0000]])

    Source: G. H. Golub, V. Pereyra, The differentiation of pseudo-inverses, 1973.
    """
    a, b = as_matrix("lstsq", A), as_handle(B, "lstsq")
    if driver not in (None, "gels", "gelsy", "gelsd", "gelss"):
        raise ArgumentError(f"lstsq: driver is {driver!r}; use 'gels', 'gelsy', 'gelsd' or 'gelss'")
    m, n = a.shape[-2:]
    vector = b.ndim == 1 or (b.ndim + 1 == a.ndim and b.shape == a.shape[:-1])
    right = op.reshape.apply(b, (*b.shape, 1)) if vector else b
    if right.ndim < 2 or right.shape[-2] != m:
        raise ShapeError(f"lstsq: B {b.shape} does not fit A {a.shape}; it must have {m} rows")
    if a.dtype != b.dtype:
        raise DtypeError(f"lstsq: A is {a.dtype} and B {b.dtype}; convert them to one dtype with .to(dtype)")
    limit = np.asarray(float(np.finfo(a.dtype).eps) * max(m, n) if rcond is None else rcond)
    solution = op.matmul.apply(PINV.apply(a, np.zeros(()), limit), right)
    s = SVD.forward(a._array, False)[1]
    ranks = (s > limit * np.max(s, axis=-1, keepdims=True, initial=0)).sum(-1)
    none = make(np.zeros(0, a.dtype))
    residuals = op.narrow.apply(op.reshape.apply(solution, (solution.numel(),)), 0, 0, 0)
    if m > n and (driver == "gels" or (driver not in (None, "gelsy") and (ranks == n).all())):
        rest = op.matmul.apply(a, solution) - right
        residuals = op.sum.apply(rest * rest, (rest.ndim - 2,), False)
    if vector:
        solution = solution.squeeze(-1)
    given = make(np.asarray(ranks, np.int64)) if driver != "gels" else make(np.zeros(0, np.int64))
    return LstsqResult(solution, residuals, given, make(s) if driver in ("gelsd", "gelss") else none)
