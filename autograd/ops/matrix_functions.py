"""Functions of square matrices: determinants, powers, the exponential. (`autograd.linalg`)"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .. import dtypes
from ..composites import composite
from ..errors import ArgumentError, ShapeError
from ..primitive import Sample, as_handle, define, make, op
from .families import values
from .matrices import as_matrix, distinct, require_square, square_samples, swap, widened
from .solving import INV

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["det", "matrix_exp", "matrix_power", "slogdet", "vander"]

Operand = Any


# --- determinants


def _over_matrix(g: Any) -> Any:
    """A number for each matrix, as a factor of all its entries."""
    return op.reshape(g, (*g.shape, 1, 1))


def _cofactor(x: Any) -> Any:
    """The cofactors: `det(x) x^-T`, and by singular values where x is singular or nearly so."""
    n = x.shape[-1]
    if n == 1:
        return np.ones_like(x)
    sign, log = np.linalg.slogdet(x)
    safe = np.where((sign != 0)[..., None, None], x, np.eye(n, dtype=x.dtype))
    with np.errstate(all="ignore"):
        inverse = np.linalg.inv(safe)
        size = np.abs(safe).sum((-1, -2)) * np.abs(inverse).sum((-1, -2))
        out = np.swapaxes(inverse, -1, -2) * (sign * np.exp(log))[..., None, None]
    poor = np.asarray((sign == 0) | ~(size < 1 / math.sqrt(np.finfo(x.dtype).eps)))
    if poor.any() and np.isfinite(x[poor]).all():
        u, s, vh = np.linalg.svd(x[poor])
        others = np.where(np.eye(n, dtype=bool), 1, s[..., None, :]).prod(-1)
        turn = np.sign(np.linalg.det(u) * np.linalg.det(vh))
        out = np.array(out)
        out[poor] = ((u * (others * turn[..., None])[..., None, :]) @ vh).astype(x.dtype)
    return out


def _cofactor_rule(g: Any, x: Any, out: Any) -> Any:
    inverse_t = swap(op.inv(x, False))
    inner = op.sum(g * inverse_t, (len(x.shape) - 2, len(x.shape) - 1), True)
    return out * inner - op.matmul(op.matmul(out, swap(g)), inverse_t)


COFACTOR = define(
    "cofactor",
    forward=widened(_cofactor),
    inputs=("x",),
    vjp={"x": _cofactor_rule},
    infer=require_square("cofactor"),
    samples=square_samples,
    error_samples=lambda rng: [Sample((values(rng, (2, 3)),), (), ShapeError, "make them square")],
    formula="d det(x) / d x_ij",
    source="G. W. Stewart, On the adjugate matrix, Linear Algebra and its Applications 283, 1998",
)
DET = define(
    "det",
    forward=widened(lambda x: np.asarray(np.linalg.det(x))),
    inputs=("x",),
    vjp={"x": lambda g, x: _over_matrix(g) * op.cofactor(x)},
    infer=require_square("det"),
    samples=square_samples,
    error_samples=lambda rng: [Sample((values(rng, (2, 3)),), (), ShapeError, "make them square")],
    formula="det(x)",
    source="M. B. Giles, Collected matrix derivative results for forward and reverse mode, 2008",
)


def _slogdet_rule(g: Sequence[Any], x: Any) -> Any:
    return x * 0 if g[1] is None else _over_matrix(g[1]) * swap(op.inv(x, False))


SLOGDET = define(
    "slogdet",
    forward=widened(lambda x: tuple(map(np.asarray, np.linalg.slogdet(x)))),
    inputs=("x",),
    outputs=("sign", "logabsdet"),
    differentiable=(True, True),
    vjp={"x": _slogdet_rule},
    infer=require_square("slogdet"),
    samples=square_samples,
    error_samples=lambda rng: [Sample((values(rng, (2, 3)),), (), ShapeError, "make them square")],
    formula="the sign of det(x), and ln |det(x)|",
    source="M. B. Giles, Collected matrix derivative results for forward and reverse mode, 2008",
)


# --- the exponential


def _matrix_exp(x: Any) -> Any:
    if x.size == 0:
        return x.copy()
    from scipy.linalg import expm

    return np.asarray(expm(x), dtype=x.dtype)


def _matrix_exp_rule(g: Any, x: Any) -> Any:
    # The exponential of [[a, g], [0, a]] holds in its corner how that of a changes in the direction g.
    n, d = x.shape[-1], len(x.shape) - 2
    a = swap(x)
    above, below = op.cat((a, g), d + 1), op.cat((0 * a, a), d + 1)
    whole = op.matrix_exp(op.cat((above, below), d))
    return op.narrow(op.narrow(whole, d, 0, n), d + 1, n, 2 * n)


MATRIX_EXP = define(
    "matrix_exp",
    forward=widened(_matrix_exp),
    inputs=("x",),
    vjp={"x": _matrix_exp_rule},
    infer=require_square("matrix_exp"),
    samples=lambda rng: [Sample((values(rng, s) / 2,)) for s in ((1, 3, 3), (2, 2, 2), (0, 2, 2), (1, 0, 0))],
    error_samples=lambda rng: [Sample((values(rng, (2, 3)),), (), ShapeError, "make them square")],
    formula="1 + x + x x / 2! + x x x / 3! + ...",
    source="R. Mathias, A chain rule for matrix functions and applications, 1996",
)


# --- the public functions


class SlogdetResult(NamedTuple):
    """What `linalg.slogdet` gives."""

    sign: Tensor
    logabsdet: Tensor


def det(A: Operand) -> Tensor:
    """The determinant of square matrices.

    Its gradient is that of the cofactors, right for singular matrices too; their second gradient is nan.

    Args:
        A: (..., n, n), floating.

    Returns:
        A Tensor of the batch's shape.

    Raises:
        ShapeError: A is not square.

    Example:
        >>> autograd.linalg.det(autograd.tensor([[1.0, 2.0], [3.0, 4.0]]))
        tensor(-2.)
    """
    return DET.apply(as_matrix("det", A))


def slogdet(A: Operand) -> SlogdetResult:
    """The sign of the determinant and the logarithm of its absolute value, which does not overflow.

    Args:
        A: (..., n, n), floating.

    Returns:
        (sign, logabsdet) of the batch's shape; 0 and -infinity for singular matrices, with a gradient of nan.

    Raises:
        ShapeError: A is not square.
        LinalgError: in backward, a matrix is singular.

    Example:
        >>> autograd.linalg.slogdet(autograd.tensor([[1.0, 0.0], [0.0, -1.0]]))
        SlogdetResult(sign=tensor(-1.), logabsdet=tensor(0.))
    """
    return SlogdetResult(*SLOGDET.apply(as_matrix("slogdet", A)))


def matrix_exp(A: Operand) -> Tensor:
    """The exponential of square matrices: `1 + A + A A / 2! + ...`.

    Args:
        A: (..., n, n), floating.

    Returns:
        A Tensor of A's shape.

    Raises:
        ShapeError: A is not square.

    Example:
        >>> autograd.linalg.matrix_exp(autograd.zeros(2, 2))
        tensor([[1., 0.],
                [0., 1.]])

    Source: A. H. Al-Mohy, N. J. Higham, A new scaling and squaring algorithm for the matrix exponential, 2009.
    """
    return MATRIX_EXP.apply(as_matrix("matrix_exp", A))


@composite(
    name="matrix_power",
    formula="A A ... A, n times",
    samples=lambda rng: [Sample((distinct(rng, 2, 2, 2),), (n,)) for n in (0, 1, 2, 5, -1, -3)],
    reference=lambda A, n: np.linalg.matrix_power(A, n),
    error_samples=lambda rng: [Sample((values(rng, (2, 3)),), (2,), ShapeError, "make them square")],
)
def matrix_power(A: Operand, n: int) -> Tensor:
    """A power of square matrices, by repeated squaring.

    Args:
        A: (..., n, n), floating.
        n: the exponent, whole; a negative one takes powers of the inverse, 0 gives the identity.

    Returns:
        A Tensor of A's shape.

    Raises:
        ShapeError: A is not square.
        LinalgError: the exponent is negative, and a matrix singular.

    Example:
        >>> autograd.linalg.matrix_power(autograd.tensor([[1.0, 1.0], [0.0, 1.0]]), 5)
        tensor([[1., 5.],
                [0., 1.]])
    """
    if not isinstance(n, (int, np.integer)) or isinstance(n, bool):
        raise ArgumentError(f"matrix_power: n is {n!r}; use an integer")
    x = as_matrix("matrix_power", A)
    require_square("matrix_power")(x)
    if n == 0:
        identity = make(np.broadcast_to(np.eye(x.shape[-1], dtype=x.dtype), x.shape))
        return op.where.apply(make(np.zeros((), bool)), x, identity)
    if n < 0:
        x, n = INV.apply(x, True), -n
    out: Any = None
    while True:
        if n & 1:
            out = x if out is None else op.matmul.apply(out, x)
        n >>= 1
        if not n:
            return out.clone() if out is A else out
        x = op.matmul.apply(x, x)


@composite(
    name="linalg.vander",
    formula="1, x_i, x_i^2, ... in the rows",
    samples=lambda rng: [Sample((values(rng, s),), keywords=k) for s, k in (((3,), {}), ((2, 2), {"N": 4}))],
    reference=lambda x, N=None: x[..., None] ** np.arange(N or x.shape[-1]),
)
def vander(x: Operand, *, N: int | None = None) -> Tensor:
    """The Vandermonde matrix: row i holds the powers `1, x_i, x_i^2, ...`.

    Args:
        x: (..., n).
        N: how many powers; n, unless given.

    Returns:
        A Tensor of shape (..., n, N).

    Raises:
        ArgumentError: N is less than 2.

    Example:
        >>> autograd.linalg.vander(autograd.tensor([2.0, 3.0]), N=3)
        tensor([[1., 2., 4.],
                [1., 3., 9.]])
    """
    given = as_handle(x, "vander")
    if given.ndim == 0:
        given = given.reshape(1)
    count = given.shape[-1] if N is None else N
    if count < 2:
        raise ArgumentError(f"vander: N is {count}; use at least 2")
    if given.dtype.kind != "f" and given.dtype != dtypes.int64:
        given = op.to_dtype.apply(given, dtypes.int64)
    column = given.reshape(*given.shape, 1)
    ones = make(np.ones(column.shape, given.dtype))
    power = column
    parts = [ones, column]
    for _ in range(count - 2):
        power = power * column
        parts.append(power)
    return op.cat.apply(tuple(parts), column.ndim - 1)
