"""Singular value decompositions of low rank, found with random directions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..composites import composite
from ..errors import ArgumentError, ShapeError
from ..generator import default_generator, gaussian
from ..primitive import Sample, make, op
from .factorization import qr
from .matrices import as_matrix, columns, distinct, swap
from .spectral import svd

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["pca_lowrank", "svd_lowrank"]

Operand = Any


def _basis(x: Any, q: int, niter: int) -> Any:
    """Orthonormal columns that nearly span the range of x, by `niter` steps of subspace iteration."""
    directions = make(gaussian((*x.shape[:-2], x.shape[-1], q), x.dtype, None))
    basis = qr(op.matmul.apply(x, directions)).Q
    for _ in range(niter):
        basis = qr(op.matmul.apply(swap(x), basis)).Q
        basis = qr(op.matmul.apply(x, basis)).Q
    return basis


def _checked(name: str, x: Any, q: int, niter: int) -> None:
    if not isinstance(q, (int, np.integer)) or q < 0:
        raise ArgumentError(f"{name}: q is {q!r}; use a rank of 0 or more")
    if not isinstance(niter, (int, np.integer)) or niter < 0:
        raise ArgumentError(f"{name}: niter is {niter!r}; use a number of steps of 0 or more")


def svd_lowrank(A: Operand, q: int = 6, niter: int = 2, M: Operand | None = None) -> tuple[Tensor, Tensor, Tensor]:
    """The first q singular values and vectors, nearly, by random directions: `A - M = U diag(S) V^T`.

    For matrices of rank up to q it is exact up to rounding; the gradient is right there.

    Args:
        A: (..., m, n), floating.
        q: how many; at most min(m, n) are given.
        niter: steps of subspace iteration, which make it closer.
        M: (..., m, n) or what broadcasts to it, subtracted first.

    Returns:
        (U, S, V): (..., m, q), (..., q) and (..., n, q).

    Raises:
        ArgumentError: q or niter is negative.
        ShapeError: A is no matrix.

    Example:
        >>> u, s, v = autograd.svd_lowrank(autograd.ones(5, 4), q=2)
        >>> s.shape
        (2,)

    Source: N. Halko, P. G. Martinsson, J. A. Tropp, Finding structure with randomness, 2011, algorithms 4.4 and 5.1.
    """
    x = as_matrix("svd_lowrank", A)
    _checked("svd_lowrank", x, q, niter)
    if M is not None:
        x = op.sub.apply(x, as_matrix("svd_lowrank", M))
    wide = x.shape[-2] < x.shape[-1]
    x = swap(x) if wide else x
    basis = _basis(x, min(q, *x.shape[-2:]), niter)
    u, s, vh = svd(op.matmul.apply(swap(basis), x), full_matrices=False)
    u, v = op.matmul.apply(basis, u), swap(vh)
    return (v, s, u) if wide else (u, s, v)


def pca_lowrank(A: Operand, q: int | None = None, center: bool = True, niter: int = 2) -> tuple[Tensor, Tensor, Tensor]:
    """The first q principal components of the rows of A, nearly, by random directions.

    Args:
        A: (..., m, n), floating: m observations of n numbers.
        q: how many, up to min(m, n); 6, or that, unless given.
        center: subtract the mean of each column first.
        niter: steps of subspace iteration, which make it closer.

    Returns:
        (U, S, V): (..., m, q), (..., q) and (..., n, q): the principal directions are the columns of V.

    Raises:
        ArgumentError: q or niter is negative, or q too large.
        ShapeError: A is no matrix.

    Example:
        >>> u, s, v = autograd.pca_lowrank(autograd.rand(5, 4), q=2)
        >>> v.shape
        (4, 2)

    Source: N. Halko, P. G. Martinsson, J. A. Tropp, Finding structure with randomness, 2011.
    """
    x = as_matrix("pca_lowrank", A)
    most = min(x.shape[-2:])
    rank = min(6, most) if q is None else q
    _checked("pca_lowrank", x, rank, niter)
    if rank > most:
        raise ArgumentError(f"pca_lowrank: q is {rank}, and x {x.shape} has room for {most}")
    if not center:
        return svd_lowrank(x, rank, niter)
    return svd_lowrank(x - x.mean(-2, keepdim=True), rank, niter)


def _multiplied(function: Any) -> Any:
    """The function as one whose result is not random, from one seed: the squares of what its factors multiply to.

    (Of the product itself the second derivative is 0, and there finite differences find noise alone.)
    """

    def product(A: Any, *rest: Any) -> Any:
        state = default_generator.get_state()
        default_generator.manual_seed(0)
        try:
            u, s, v = function(A, *rest)
        finally:
            default_generator.set_state(state)
        return op.matmul.apply(columns(u, s), swap(v)) ** 2

    return product


_MATRIX = [Sample((np.zeros(3),), (2,), ShapeError, "is no matrix")]
composite(
    name="svd_lowrank",
    formula="U diag(S) V^T near A, of rank q",
    samples=lambda rng: [Sample((distinct(rng, *s),), (2,)) for s in ((3, 2), (2, 2, 3))],
    reference=lambda A, q: A**2,
    error_samples=lambda rng: _MATRIX,
    source="N. Halko, P. G. Martinsson, J. A. Tropp, Finding structure with randomness, 2011",
)(_multiplied(svd_lowrank))
composite(
    name="pca_lowrank",
    formula="U diag(S) V^T near A less the means of its columns, of rank q",
    samples=lambda rng: [Sample((distinct(rng, *s),), (2,)) for s in ((4, 2), (2, 5, 2))],
    reference=lambda A, q: (A - A.mean(-2, keepdims=True)) ** 2,
    error_samples=lambda rng: _MATRIX,
    source="N. Halko, P. G. Martinsson, J. A. Tropp, Finding structure with randomness, 2011",
)(_multiplied(pca_lowrank))
