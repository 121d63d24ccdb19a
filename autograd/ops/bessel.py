"""Bessel and Airy functions of each number by itself.

As in PyTorch, `i0`, `i0e`, `i1` and `i1e` have derivatives, and the others have none. SciPy computes them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..primitive import op
from . import scalar
from .families import from_scipy, unary

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = [
    "airy_ai",
    "bessel_j0",
    "bessel_j1",
    "bessel_y0",
    "bessel_y1",
    "i0",
    "i0e",
    "i1",
    "i1e",
    "modified_bessel_i0",
    "modified_bessel_i1",
    "modified_bessel_k0",
    "modified_bessel_k1",
    "scaled_modified_bessel_k0",
    "scaled_modified_bessel_k1",
    "spherical_bessel_j0",
]

Operand = Any  # a Tensor, an array or a number


def _function(name: str, forward: Any, rule: Any, formula: str, **fields: Any) -> Any:
    return unary(name, forward, scalar.through_array(forward), rule, formula=formula, **fields)


def _i1_rule(g: Any, x: Any, out: Any) -> Any:
    """`i0(x) - i1(x) / x`, which is 1/2 at 0."""
    zero = op.eq(x, 0)
    x = op.where(zero, 1.0, x)
    return g * op.where(zero, 0.5, op.i0(x) - op.div(out, x))


def _i1e_rule(g: Any, x: Any, out: Any) -> Any:
    zero = op.eq(x, 0)
    x = op.where(zero, 1.0, x)
    return g * op.where(zero, 0.5, op.i0e(x) - out * (op.sign(x) + 1 / x))


I0 = _function("i0", from_scipy("i0"), lambda g, x: g * op.i1(x), "I0(x)")
I0E = _function(
    "i0e", from_scipy("i0e"), lambda g, x, out: g * (op.i1e(x) - op.sign(x) * out), "e^-|x| I0(x)", kinks=(0,)
)
I1 = _function("i1", from_scipy("i1"), _i1_rule, "I1(x)")
I1E = _function("i1e", from_scipy("i1e"), _i1e_rule, "e^-|x| I1(x)", kinks=(0,))


def _airy(x: Any) -> Any:
    from scipy.special import airy

    return np.where(x > 1e4, 0, np.asarray(airy(x)[0], dtype=x.dtype))  # where SciPy gives up


def _spherical_j0(x: Any) -> Any:
    """`sin(x) / x`, and 0 at infinity."""
    zero, infinite = x == 0, np.isinf(x)
    x = np.where(zero | infinite, 1, x)
    return np.where(zero, 1, np.where(infinite, 0, np.sin(x) / x))


AIRY_AI = _function("airy_ai", _airy, None, "Ai(x)")
BESSEL_J0 = _function("bessel_j0", from_scipy("j0"), None, "J0(x)")
BESSEL_J1 = _function("bessel_j1", from_scipy("j1"), None, "J1(x)")
BESSEL_Y0 = _function("bessel_y0", from_scipy("y0"), None, "Y0(x)", low=0.1)
BESSEL_Y1 = _function("bessel_y1", from_scipy("y1"), None, "Y1(x)", low=0.1)
MODIFIED_I0 = _function("modified_bessel_i0", from_scipy("i0"), None, "I0(x)")
MODIFIED_I1 = _function("modified_bessel_i1", from_scipy("i1"), None, "I1(x)")
MODIFIED_K0 = _function("modified_bessel_k0", from_scipy("k0"), None, "K0(x)", low=0.1)
MODIFIED_K1 = _function("modified_bessel_k1", from_scipy("k1"), None, "K1(x)", low=0.1)
SCALED_K0 = _function("scaled_modified_bessel_k0", from_scipy("k0e"), None, "e^x K0(x)", low=0.1)
SCALED_K1 = _function("scaled_modified_bessel_k1", from_scipy("k1e"), None, "e^x K1(x)", low=0.1)
SPHERICAL_J0 = _function("spherical_bessel_j0", _spherical_j0, None, "sin(x) / x")

# --- the public functions


def i0(input: Operand) -> Tensor:
    """The modified Bessel function of the first kind of order 0, elementwise; its derivative is `i1`.

    Example:
        >>> autograd.i0(autograd.tensor([0.0, 1.0]))
        tensor([1.0000, 1.2661])
    """
    return I0.apply(input)


def i0e(input: Operand) -> Tensor:
    """`i0` without overflow, elementwise: `exp(-|x|) * i0(x)`.

    Example:
        >>> autograd.i0e(autograd.tensor([0.0, 1.0]))
        tensor([1.0000, 0.4658])
    """
    return I0E.apply(input)


def i1(input: Operand) -> Tensor:
    """The modified Bessel function of the first kind of order 1, elementwise; its derivative is `i0(x) - i1(x) / x`.

    Example:
        >>> autograd.i1(autograd.tensor([0.0, 1.0]))
        tensor([0.0000, 0.5652])
    """
    return I1.apply(input)


def i1e(input: Operand) -> Tensor:
    """`i1` without overflow, elementwise: `exp(-|x|) * i1(x)`.

    Example:
        >>> autograd.i1e(autograd.tensor([0.0, 1.0]))
        tensor([0.0000, 0.2079])
    """
    return I1E.apply(input)


def airy_ai(input: Operand) -> Tensor:
    """The Airy function Ai, elementwise. It has no derivative.

    Example:
        >>> autograd.airy_ai(autograd.tensor([0.0, 1.0]))
        tensor([0.3550, 0.1353])
    """
    return AIRY_AI.apply(input)


def bessel_j0(input: Operand) -> Tensor:
    """The Bessel function of the first kind of order 0, elementwise. It has no derivative.

    Example:
        >>> autograd.bessel_j0(autograd.tensor([0.0, 1.0]))
        tensor([1.0000, 0.7652])
    """
    return BESSEL_J0.apply(input)


def bessel_j1(input: Operand) -> Tensor:
    """The Bessel function of the first kind of order 1, elementwise. It has no derivative.

    Example:
        >>> autograd.bessel_j1(autograd.tensor([0.0, 1.0]))
        tensor([0.0000, 0.4401])
    """
    return BESSEL_J1.apply(input)


def bessel_y0(input: Operand) -> Tensor:
    """The Bessel function of the second kind of order 0, elementwise; nan below 0. It has no derivative.

    Example:
        >>> autograd.bessel_y0(autograd.tensor([1.0, 2.0]))
        tensor([0.0883, 0.5104])
    """
    return BESSEL_Y0.apply(input)


def bessel_y1(input: Operand) -> Tensor:
    """The Bessel function of the second kind of order 1, elementwise; nan below 0. It has no derivative.

    Example:
        >>> autograd.bessel_y1(autograd.tensor([1.0, 2.0]))
        tensor([-0.7812, -0.1070])
    """
    return BESSEL_Y1.apply(input)


def modified_bessel_i0(input: Operand) -> Tensor:
    """`i0` under its other name, elementwise; as in PyTorch, without a derivative.

    Example:
        >>> autograd.modified_bessel_i0(autograd.tensor([0.0, 1.0]))
        tensor([1.0000, 1.2661])
    """
    return MODIFIED_I0.apply(input)


def modified_bessel_i1(input: Operand) -> Tensor:
    """`i1` under its other name, elementwise; as in PyTorch, without a derivative.

    Example:
        >>> autograd.modified_bessel_i1(autograd.tensor([0.0, 1.0]))
        tensor([0.0000, 0.5652])
    """
    return MODIFIED_I1.apply(input)


def modified_bessel_k0(input: Operand) -> Tensor:
    """The modified Bessel function of the second kind of order 0, elementwise; nan below 0. It has no derivative.

    Example:
        >>> autograd.modified_bessel_k0(autograd.tensor([1.0, 2.0]))
        tensor([0.4210, 0.1139])
    """
    return MODIFIED_K0.apply(input)


def modified_bessel_k1(input: Operand) -> Tensor:
    """The modified Bessel function of the second kind of order 1, elementwise; nan below 0. It has no derivative.

    Example:
        >>> autograd.modified_bessel_k1(autograd.tensor([1.0, 2.0]))
        tensor([0.6019, 0.1399])
    """
    return MODIFIED_K1.apply(input)


def scaled_modified_bessel_k0(input: Operand) -> Tensor:
    """`modified_bessel_k0` without underflow, elementwise: `exp(x) * modified_bessel_k0(x)`. It has no derivative.

    Example:
        >>> autograd.scaled_modified_bessel_k0(autograd.tensor([1.0, 2.0]))
        tensor([1.1445, 0.8416])
    """
    return SCALED_K0.apply(input)


def scaled_modified_bessel_k1(input: Operand) -> Tensor:
    """`modified_bessel_k1` without underflow, elementwise: `exp(x) * modified_bessel_k1(x)`. It has no derivative.

    Example:
        >>> autograd.scaled_modified_bessel_k1(autograd.tensor([1.0, 2.0]))
        tensor([1.6362, 1.0335])
    """
    return SCALED_K1.apply(input)


def spherical_bessel_j0(input: Operand) -> Tensor:
    """The spherical Bessel function of the first kind of order 0, elementwise: `sin(x) / x`. It has no derivative.

    Example:
        >>> autograd.spherical_bessel_j0(autograd.tensor([0.0, 1.0]))
        tensor([1.0000, 0.8415])
    """
    return SPHERICAL_J0.apply(input)
