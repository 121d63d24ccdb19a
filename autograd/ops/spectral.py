"""Eigenvalues, singular values, and what is made of them. (`autograd.linalg`)"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..composites import composite
from ..errors import ArgumentError, LinalgError, ShapeError
from ..primitive import Handle, Sample, as_handle, define, make, op
from .families import values
from .matrices import (
    as_matrix,
    columns,
    constant,
    distinct,
    mirrored,
    narrowed,
    on_symmetric,
    positive_definite,
    require_matrix_of,
    require_square,
    rows,
    swap,
    symmetric,
    widened,
)

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["eigh", "eigvalsh", "matrix_rank", "pinv", "svd", "svdvals"]

Operand = Any


def _converging(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """NumPy's decomposition, with our error where it does not converge."""

    def forward(x: Any, *rest: Any) -> Any:
        try:
            results = tuple(function(x, *rest))
            converged = bool(np.isfinite(results[0]).all())
        except np.linalg.LinAlgError:
            converged = False
        if not converged:
            found = "nan or infinite numbers" if not np.isfinite(x).all() else "an ill-conditioned matrix"
            raise LinalgError(f"{name}: the algorithm did not converge: x {x.shape} holds {found}")
        return results

    return widened(forward)


def _gaps(low: Any, high: Any) -> Any:
    """`high_j - low_i` as a matrix, infinite on the diagonal, so that what is divided by it vanishes there."""
    n = low.shape[-1]
    gaps = op.reshape(high, (*high.shape[:-1], 1, n)) - op.reshape(low, (*low.shape, 1))
    return op.where(constant(np.eye(n, dtype=bool), low), math.inf, gaps)


# --- eigenvalues of symmetric matrices


def _eigh_rule(g: Sequence[Any], values: Any, vectors: Any) -> Any:
    g_values, g_vectors = g
    out = None
    if g_vectors is not None:
        out = op.matmul(op.div(op.matmul(swap(vectors), g_vectors), _gaps(values, values)), swap(vectors))
    if g_values is not None:
        scaled = rows(swap(vectors), g_values)
        out = scaled if out is None else out + scaled
    return symmetric(op.matmul(vectors, out))


EIGH = define(
    "eigh",
    forward=_converging("eigh", lambda x: np.linalg.eigh((x + np.swapaxes(x, -1, -2)) * x.dtype.type(0.5))),
    inputs=("x",),
    outputs=("values", "vectors"),
    vjp={"x": _eigh_rule},
    infer=require_square("eigh"),
    samples=lambda rng: [
        Sample((positive_definite(rng, *s),)) for s in ((1, 3, 3), (2, 2, 2), (0, 2, 2), (1, 0, 0), (2, 1, 1))
    ],
    error_samples=lambda rng: [
        Sample((values(rng, (2, 3)),), (), ShapeError, "make them square"),
        Sample((np.full((2, 2), np.nan),), (), LinalgError, "did not converge"),
    ],
    formula="w and orthogonal V with V diag(w) V^T = x, of the symmetric part of x",
    source="M. B. Giles, Collected matrix derivative results for forward and reverse mode, 2008",
)


# --- singular values


def _svd_rule(g: Sequence[Any], u: Any, s: Any, vh: Any) -> Any:
    # Columns of u and rows of vh beyond the singular values have no derivative of their own, and are passed over.
    g_u, g_s, g_vh = g
    k = s.shape[-1]
    m, n = u.shape[-2], vh.shape[-1]
    u, vh = narrowed(u, -1, k), narrowed(vh, -2, k)
    inner = None
    if g_s is not None:
        inner = rows(constant(np.eye(k, dtype=s.dtype), s), g_s)
    gaps = None
    if g_u is not None or g_vh is not None:
        squares = s * s
        gaps = _gaps(squares, squares)
    u_gu = gvh_v = None
    if g_u is not None:
        g_u = narrowed(g_u, -1, k)
        u_gu = op.matmul(swap(u), g_u)
        part = columns(op.div(u_gu - swap(u_gu), gaps), s)
        inner = part if inner is None else inner + part
    if g_vh is not None:
        g_vh = narrowed(g_vh, -2, k)
        gvh_v = op.matmul(g_vh, swap(vh))
        part = rows(op.div(swap(gvh_v) - gvh_v, gaps), s)
        inner = part if inner is None else inner + part
    left = op.matmul(u, inner)
    if m > k and u_gu is not None:
        left = left + columns(g_u - op.matmul(u, u_gu), 1 / s)
    out = op.matmul(left, vh)
    if n > k and gvh_v is not None:
        out = out + op.matmul(columns(u, 1 / s), g_vh - op.matmul(gvh_v, vh))
    return out


SVD = define(
    "svd",
    forward=_converging("svd", lambda x, full: np.linalg.svd(x, full_matrices=full)),
    inputs=("x",),
    attributes=("full_matrices",),
    outputs=("u", "s", "vh"),
    vjp={"x": _svd_rule},
    infer=require_matrix_of("svd"),
    samples=lambda rng: [
        Sample((distinct(rng, *s),), (f,))
        for s, f in (
            ((1, 3, 3), False),
            ((2, 3, 2), False),
            ((1, 2, 3), False),
            ((0, 2, 2), False),
            ((1, 0, 2), False),
            ((1, 2, 2), True),
        )
    ],
    error_samples=lambda rng: [
        Sample((values(rng, (3,)),), (False,), ShapeError, "is no matrix"),
        Sample((np.full((2, 2), np.nan),), (False,), LinalgError, "did not converge"),
    ],
    formula="orthogonal U, V and s with U diag(s) V^T = x",
    source="J. Townsend, Differentiating the singular value decomposition, 2016",
)


def spectral_norm(name: str, x: Any, ord: Any, first: int, second: int, keepdim: bool) -> Any:
    """The norm "nuc", 2 or -2 of the matrices in two dimensions."""
    rest = tuple([d for d in range(x.ndim) if d not in (first, second)])
    s = SVD.apply(op.permute.apply(x, (*rest, first, second)), False)[1]
    last = s.ndim - 1
    if ord == "nuc":
        out = op.sum.apply(s, (last,), False)
    elif s.shape[last] == 0:
        raise ShapeError(f"{name}: x {x.shape} has an empty matrix, whose norm of ord = {ord} is not defined")
    else:
        out = (op.amax if ord > 0 else op.amin).apply(s, (last,), False)
    return (
        op.reshape.apply(out, tuple([1 if d in (first, second) else size for d, size in enumerate(x.shape)]))
        if keepdim
        else out
    )


# --- the pseudoinverse


def _cutoff(s: Any, atol: Any, rtol: Any) -> Any:
    """Which singular values count, by their absolute and relative tolerances."""
    largest = np.max(s, axis=-1, keepdims=True, initial=0)
    return s > np.maximum(np.asarray(atol)[..., None], np.asarray(rtol)[..., None] * largest)


def _pinv(x: Any, atol: Any, rtol: Any) -> Any:
    u, s, vh = SVD.forward(x, False)
    keep = _cutoff(s, atol, rtol)
    inverse = np.where(keep, np.divide(1, s, out=np.zeros_like(s), where=keep), s.dtype.type(0))
    return np.matmul(np.swapaxes(vh, -1, -2) * inverse[..., None, :], np.swapaxes(u, -1, -2))


def _pinv_rule(g: Any, x: Any, out: Any) -> Any:
    # The three terms of the differential, each written so that the products are of the smaller side.
    gt, yt = swap(g), swap(out)
    first = op.matmul(op.matmul(yt, g), yt)
    a = op.matmul(op.matmul(gt, out), yt)
    b = op.matmul(op.matmul(yt, out), gt)
    return a - op.matmul(op.matmul(x, out), a) + b - op.matmul(b, op.matmul(out, x)) - first


PINV = define(
    "pinv",
    forward=widened(_pinv),
    inputs=("x", "atol", "rtol"),
    vjp={"x": _pinv_rule},
    infer=lambda x, atol, rtol: require_matrix_of("pinv")(x),
    samples=lambda rng: [
        Sample((distinct(rng, *s), np.zeros(s[:-2]), np.full(s[:-2], 1e-4)))
        for s in ((1, 3, 3), (2, 3, 2), (1, 2, 3), (0, 2, 2), (1, 0, 2))
    ],
    error_samples=lambda rng: [Sample((values(rng, (3,)), np.zeros(()), np.zeros(())), (), ShapeError, "no matrix")],
    formula="y with x y x = x, y x y = y, x y and y x symmetric",
    source="G. H. Golub, V. Pereyra, The differentiation of pseudo-inverses, 1973",
)


def tolerances(name: str, x: Any, atol: Any, rtol: Any) -> tuple[Any, Any]:
    """Absolute and relative tolerances as arrays: `eps max(m, n)`, relative, unless given."""
    limit = float(np.finfo(x.dtype).eps) * max(x.shape[-2:])
    arrays = []
    for label, given in (("atol", atol), ("rtol", rtol)):
        if isinstance(given, Handle):
            if given._requires_grad:
                raise ArgumentError(f"{name}: {label} requires grad, and has no gradient; use {label}.detach()")
            given = given._array
        array = None if given is None else np.asarray(given)
        if array is not None and array.dtype.kind not in "biuf":
            raise ArgumentError(f"{name}: {label} is {given!r}; use a number, or a tensor with one for each matrix")
        arrays.append(array)
    absolute, relative = arrays
    if relative is None:
        relative = np.asarray(limit) if absolute is None else np.where(absolute > 0, 0.0, limit)
    if absolute is None:
        absolute = np.zeros(())
    return absolute, relative


# --- the public functions


class EighResult(NamedTuple):
    """What `linalg.eigh` gives."""

    eigenvalues: Tensor
    eigenvectors: Tensor


class SVDResult(NamedTuple):
    """What `linalg.svd` gives."""

    U: Tensor
    S: Tensor
    Vh: Tensor


def _triangle(name: str, UPLO: str) -> bool:
    if not isinstance(UPLO, str) or UPLO.upper() not in ("L", "U"):
        raise ArgumentError(f"{name}: UPLO is {UPLO!r}; use 'L' or 'U', the triangle that is read")
    return UPLO.upper() == "U"


def eigh(A: Operand, UPLO: str = "L") -> EighResult:
    """The eigenvalues and eigenvectors of symmetric matrices: `A = V diag(w) V^T`.

    The sign of each eigenvector is arbitrary; gradients are right for functions that do not depend on it. Where
    eigenvalues are equal, the eigenvectors have no gradient, and what comes is infinite or nan.

    Args:
        A: (..., n, n), floating, of which one triangle is read.
        UPLO: "L" or "U": which triangle.

    Returns:
        (eigenvalues, eigenvectors): (..., n), in ascending order, and (..., n, n), in the columns.

    Raises:
        ShapeError: A is not square.
        LinalgError: A holds nan or infinite numbers.

    Example:
        >>> autograd.linalg.eigh(autograd.tensor([[2.0, 0.0], [0.0, 1.0]])).eigenvalues
        tensor([1., 2.])

    Source: M. B. Giles, Collected matrix derivative results for forward and reverse mode, 2008.
    """
    x = as_handle(A, "eigh")
    require_square("eigh")(x)
    return EighResult(*EIGH.apply(mirrored(x, _triangle("eigh", UPLO))))


def eigvalsh(A: Operand, UPLO: str = "L") -> Tensor:
    """The eigenvalues of symmetric matrices, in ascending order.

    Args:
        A: (..., n, n), floating, of which one triangle is read.
        UPLO: "L" or "U": which triangle.

    Returns:
        A Tensor of shape (..., n).

    Raises:
        ShapeError: A is not square.

    Example:
        >>> autograd.linalg.eigvalsh(autograd.tensor([[2.0, 0.0], [0.0, 1.0]]))
        tensor([1., 2.])
    """
    x = as_handle(A, "eigvalsh")
    require_square("eigvalsh")(x)
    return EIGH.apply(mirrored(x, _triangle("eigvalsh", UPLO)))[0]


composite(
    name="eigvalsh",
    formula="the eigenvalues of a symmetric A",
    samples=lambda rng: [Sample((positive_definite(rng, 2, 3, 3),))],
    reference=lambda A: np.linalg.eigvalsh(A),
    error_samples=lambda rng: [Sample((values(rng, (2, 2, 3)),), (), ShapeError, "eigvalsh")],
)(on_symmetric(eigvalsh))


def svd(A: Operand, full_matrices: bool = True) -> SVDResult:
    """The singular value decomposition: `A = U diag(S) Vh`.

    The signs of the singular vectors are arbitrary, in pairs; gradients are right for functions that do not depend on
    them, nor on the vectors that full_matrices adds. Where singular values are equal, or 0, the vectors have no
    gradient, and what comes is infinite or nan.

    Args:
        A: (..., m, n), floating.
        full_matrices: U and Vh are square; else (..., m, k) and (..., k, n) with k = min(m, n).

    Returns:
        (U, S, Vh), S in descending order.

    Raises:
        LinalgError: A holds nan or infinite numbers.

    Example:
        >>> autograd.linalg.svd(autograd.tensor([[3.0, 0.0], [0.0, -4.0]])).S
        tensor([4., 3.])

    Source: J. Townsend, Differentiating the singular value decomposition, 2016.
    """
    return SVDResult(*SVD.apply(as_matrix("svd", A), bool(full_matrices)))


@composite(
    name="svdvals",
    formula="the singular values of A",
    samples=lambda rng: [Sample((distinct(rng, *s),)) for s in ((3, 3), (2, 2, 3))],
    reference=lambda A: np.linalg.svd(A, compute_uv=False),
    error_samples=lambda rng: [Sample((values(rng, (3,)),), (), ShapeError, "is no matrix")],
)
def svdvals(A: Operand) -> Tensor:
    """The singular values of matrices, in descending order.

    Args:
        A: (..., m, n), floating.

    Returns:
        A Tensor of shape (..., min(m, n)).

    Example:
        >>> autograd.linalg.svdvals(autograd.tensor([[3.0, 0.0], [0.0, -4.0]]))
        tensor([4., 3.])
    """
    return SVD.apply(as_matrix("svdvals", A), False)[1]


def pinv(A: Operand, rcond: Any = None, hermitian: bool = False, *, atol: Any = None, rtol: Any = None) -> Tensor:
    """The Moore-Penrose pseudoinverse, by singular values; those up to `max(atol, rtol * largest)` count as 0.

    Args:
        A: (..., m, n), floating.
        rcond: NumPy's name for rtol.
        hermitian: A is symmetric, and its lower triangle alone is read.
        atol, rtol: numbers, or tensors with one for each matrix; rtol is `eps * max(m, n)` unless one is given.

    Returns:
        A Tensor of shape (..., n, m). Its gradient is right among matrices of equal rank.

    Example:
        >>> autograd.linalg.pinv(autograd.tensor([[2.0, 0.0], [0.0, 0.0]]))
        tensor([[0.5000, 0.0000],
                [0.0000, 0.0000]])

    Source: G. H. Golub, V. Pereyra, The differentiation of pseudo-inverses, 1973.
    """
    x = as_matrix("pinv", A)
    absolute, relative = tolerances("pinv", x, atol, rcond if rtol is None else rtol)
    if hermitian:
        require_square("pinv")(x)
        x = mirrored(x, False)
    return PINV.apply(x, absolute, relative)


@composite(
    name="matrix_rank",
    formula="how many singular values of A count",
    samples=lambda rng: [Sample((distinct(rng, 2, 3, 3),)), Sample((np.ones((2, 2)),))],
    reference=lambda A: np.linalg.matrix_rank(A),
    differentiable=False,
)
def matrix_rank(A: Operand, tol: Any = None, hermitian: bool = False, *, atol: Any = None, rtol: Any = None) -> Tensor:
    """The rank: how many singular values are above `max(atol, rtol * largest)`. It has no gradient.

    Args:
        A: (..., m, n), floating.
        tol: NumPy's name for atol.
        hermitian: A is symmetric, and its lower triangle alone is read.
        atol, rtol: numbers, or tensors with one for each matrix; rtol is `eps * max(m, n)` unless one is given.

    Returns:
        An int64 Tensor of the batch's shape.

    Example:
        >>> autograd.linalg.matrix_rank(autograd.ones(3, 3))
        tensor(1)
    """
    x = as_matrix("matrix_rank", A).detach()
    absolute, relative = tolerances("matrix_rank", x, tol if atol is None else atol, rtol)
    if hermitian:
        require_square("matrix_rank")(x)
        s = np.abs(EIGH.forward(mirrored(x, False)._array)[0])
    else:
        s = SVD.forward(x._array, False)[1]
    return make(np.asarray(_cutoff(s, absolute, relative).sum(-1), dtype=np.int64))
