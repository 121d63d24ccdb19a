"""Orthogonal polynomials, evaluated number by number; as in PyTorch without derivatives.

They are evaluated by their recurrences, step by step up to the greatest degree; of degrees above 10000 they are nan.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from ..primitive import Primitive, Sample, define
from . import scalar
from .families import values

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = [
    "chebyshev_polynomial_t",
    "chebyshev_polynomial_u",
    "chebyshev_polynomial_v",
    "chebyshev_polynomial_w",
    "hermite_polynomial_h",
    "hermite_polynomial_he",
    "laguerre_polynomial_l",
    "legendre_polynomial_p",
    "shifted_chebyshev_polynomial_t",
    "shifted_chebyshev_polynomial_u",
    "shifted_chebyshev_polynomial_v",
    "shifted_chebyshev_polynomial_w",
]

Operand = Any  # a Tensor, an array or a number
Step = Callable[[int, Any, Any, Any], Any]
_GREATEST = 10_000  # degree


def _recurrence(first: Callable[[Any], Any], step: Step) -> Callable[[Any, Any], Any]:
    """A forward from the polynomial of degree 1 and `step(k, x, p_k, p_(k - 1))`, which gives that of degree k + 1."""

    def forward(x: Any, n: Any) -> Any:
        dtype = np.result_type(x, n)
        x, n = np.broadcast_arrays(x, np.trunc(n))
        wide = x.astype(np.float64)
        unknown = np.isnan(x) | np.isnan(n) | (n > _GREATEST)
        out = np.where(n == 0, 1.0, np.where(unknown, np.nan, 0.0))  # below degree 0 it is 0
        before, now = np.ones_like(wide), first(wide)
        degrees = n[n <= _GREATEST]
        for k in range(1, int(degrees.max(initial=0)) + 1):
            out = np.where(n == k, now, out)
            before, now = now, step(k, wide, now, before)
        return out.astype(dtype)

    return forward


def _polynomial(name: str, first: Callable[[Any], Any], step: Step, formula: str) -> Primitive:
    forward = _recurrence(first, step)

    def samples(rng: np.random.Generator) -> list[Sample]:
        shapes: list[tuple[tuple[int, ...], tuple[int, ...]]] = [((), ()), ((2, 3), (3,)), ((3,), (4, 1)), ((0,), (1,))]
        return [Sample((values(rng, x, -1.5, 1.5), rng.integers(-1, 6, n).astype(np.float64))) for x, n in shapes]

    return define(
        name,
        forward=forward,
        scalar=scalar.through_array(forward),
        inputs=("x", "n"),
        broadcasts=True,
        promotes="float",
        samples=samples,
        formula=formula,
    )


def _double(k: int, x: Any, now: Any, before: Any) -> Any:
    return 2 * x * now - before


def _double_shifted(k: int, x: Any, now: Any, before: Any) -> Any:
    return 2 * (2 * x - 1) * now - before


_CHEBYSHEV = "p_(k + 1) = 2 x p_k - p_(k - 1), "
_SHIFTED = "p_(k + 1) = 2 (2 x - 1) p_k - p_(k - 1), "
CHEBYSHEV_T = _polynomial("chebyshev_polynomial_t", lambda x: x, _double, _CHEBYSHEV + "p_1 = x")
CHEBYSHEV_U = _polynomial("chebyshev_polynomial_u", lambda x: 2 * x, _double, _CHEBYSHEV + "p_1 = 2 x")
CHEBYSHEV_V = _polynomial("chebyshev_polynomial_v", lambda x: 2 * x - 1, _double, _CHEBYSHEV + "p_1 = 2 x - 1")
CHEBYSHEV_W = _polynomial("chebyshev_polynomial_w", lambda x: 2 * x + 1, _double, _CHEBYSHEV + "p_1 = 2 x + 1")
SHIFTED_T = _polynomial(
    "shifted_chebyshev_polynomial_t", lambda x: 2 * x - 1, _double_shifted, _SHIFTED + "p_1 = 2 x - 1"
)
SHIFTED_U = _polynomial(
    "shifted_chebyshev_polynomial_u", lambda x: 4 * x - 2, _double_shifted, _SHIFTED + "p_1 = 4 x - 2"
)
SHIFTED_V = _polynomial(
    "shifted_chebyshev_polynomial_v", lambda x: 4 * x - 3, _double_shifted, _SHIFTED + "p_1 = 4 x - 3"
)
SHIFTED_W = _polynomial(
    "shifted_chebyshev_polynomial_w", lambda x: 4 * x - 1, _double_shifted, _SHIFTED + "p_1 = 4 x - 1"
)
HERMITE_H = _polynomial(
    "hermite_polynomial_h",
    lambda x: 2 * x,
    lambda k, x, now, before: 2 * (x * now - k * before),
    "p_(k + 1) = 2 x p_k - 2 k p_(k - 1), p_1 = 2 x",
)
HERMITE_HE = _polynomial(
    "hermite_polynomial_he",
    lambda x: x,
    lambda k, x, now, before: x * now - k * before,
    "p_(k + 1) = x p_k - k p_(k - 1), p_1 = x",
)
LAGUERRE_L = _polynomial(
    "laguerre_polynomial_l",
    lambda x: 1 - x,
    lambda k, x, now, before: ((2 * k + 1 - x) * now - k * before) / (k + 1),
    "(k + 1) p_(k + 1) = (2 k + 1 - x) p_k - k p_(k - 1), p_1 = 1 - x",
)
LEGENDRE_P = _polynomial(
    "legendre_polynomial_p",
    lambda x: x,
    lambda k, x, now, before: ((2 * k + 1) * x * now - k * before) / (k + 1),
    "(k + 1) p_(k + 1) = (2 k + 1) x p_k - k p_(k - 1), p_1 = x",
)

# --- the public functions


def chebyshev_polynomial_t(input: Operand, n: Operand) -> Tensor:
    """The Chebyshev polynomial of the first kind, of degree n, elementwise with broadcasting. It has no derivative.

    Example:
        >>> autograd.chebyshev_polynomial_t(autograd.tensor([0.5, 2.0]), 3)
        tensor([-1., 26.])
    """
    return CHEBYSHEV_T.apply(input, n)


def chebyshev_polynomial_u(input: Operand, n: Operand) -> Tensor:
    """The Chebyshev polynomial of the second kind, of degree n, elementwise with broadcasting. It has no derivative.

    Example:
        >>> autograd.chebyshev_polynomial_u(autograd.tensor([0.5, 2.0]), 3)
        tensor([-1., 56.])
    """
    return CHEBYSHEV_U.apply(input, n)


def chebyshev_polynomial_v(input: Operand, n: Operand) -> Tensor:
    """The Chebyshev polynomial of the third kind, of degree n, elementwise with broadcasting. It has no derivative.

    Example:
        >>> autograd.chebyshev_polynomial_v(autograd.tensor([0.5, 2.0]), 3)
        tensor([-1., 41.])
    """
    return CHEBYSHEV_V.apply(input, n)


def chebyshev_polynomial_w(input: Operand, n: Operand) -> Tensor:
    """The Chebyshev polynomial of the fourth kind, of degree n, elementwise with broadcasting. It has no derivative.

    Example:
        >>> autograd.chebyshev_polynomial_w(autograd.tensor([0.5, 2.0]), 3)
        tensor([-1., 71.])
    """
    return CHEBYSHEV_W.apply(input, n)


def hermite_polynomial_h(input: Operand, n: Operand) -> Tensor:
    """The Hermite polynomial of the physicists, of degree n, elementwise with broadcasting. It has no derivative.

    Example:
        >>> autograd.hermite_polynomial_h(autograd.tensor([0.5, 2.0]), 3)
        tensor([-5., 40.])
    """
    return HERMITE_H.apply(input, n)


def hermite_polynomial_he(input: Operand, n: Operand) -> Tensor:
    """The Hermite polynomial of the probabilists, of degree n, elementwise with broadcasting. It has no derivative.

    Example:
        >>> autograd.hermite_polynomial_he(autograd.tensor([0.5, 2.0]), 3)
        tensor([-1.3750,  2.0000])
    """
    return HERMITE_HE.apply(input, n)


def laguerre_polynomial_l(input: Operand, n: Operand) -> Tensor:
    """The Laguerre polynomial, of degree n, elementwise with broadcasting. It has no derivative.

    Example:
        >>> autograd.laguerre_polynomial_l(autograd.tensor([0.5, 2.0]), 3)
        tensor([-0.1458, -0.3333])
    """
    return LAGUERRE_L.apply(input, n)


def legendre_polynomial_p(input: Operand, n: Operand) -> Tensor:
    """The Legendre polynomial, of degree n, elementwise with broadcasting. It has no derivative.

    Example:
        >>> autograd.legendre_polynomial_p(autograd.tensor([0.5, 2.0]), 3)
        tensor([-0.4375, 17.0000])
    """
    return LEGENDRE_P.apply(input, n)


def shifted_chebyshev_polynomial_t(input: Operand, n: Operand) -> Tensor:
    """`chebyshev_polynomial_t` at `2 input - 1`, of degree n, elementwise with broadcasting. It has no derivative.

    Example:
        >>> autograd.shifted_chebyshev_polynomial_t(autograd.tensor([0.5, 2.0]), 3)
        tensor([-0., 99.])
    """
    return SHIFTED_T.apply(input, n)


def shifted_chebyshev_polynomial_u(input: Operand, n: Operand) -> Tensor:
    """`chebyshev_polynomial_u` at `2 input - 1`, of degree n, elementwise with broadcasting. It has no derivative.

    Example:
        >>> autograd.shifted_chebyshev_polynomial_u(autograd.tensor([0.5, 2.0]), 3)
        tensor([ -0., 204.])
    """
    return SHIFTED_U.apply(input, n)


def shifted_chebyshev_polynomial_v(input: Operand, n: Operand) -> Tensor:
    """`chebyshev_polynomial_v` at `2 input - 1`, of degree n, elementwise with broadcasting. It has no derivative.

    Example:
        >>> autograd.shifted_chebyshev_polynomial_v(autograd.tensor([0.5, 2.0]), 3)
        tensor([  1., 169.])
    """
    return SHIFTED_V.apply(input, n)


def shifted_chebyshev_polynomial_w(input: Operand, n: Operand) -> Tensor:
    """`chebyshev_polynomial_w` at `2 input - 1`, of degree n, elementwise with broadcasting. It has no derivative.

    Example:
        >>> autograd.shifted_chebyshev_polynomial_w(autograd.tensor([0.5, 2.0]), 3)
        tensor([ -1., 239.])
    """
    return SHIFTED_W.apply(input, n)
