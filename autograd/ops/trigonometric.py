"""Trigonometric and hyperbolic functions of each number by itself, and their inverses."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ..composites import composite
from ..primitive import Sample, as_handle, op
from . import scalar
from .families import binary, fused, fused_rule, in_float32, unary, values

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = [
    "acos",
    "acosh",
    "arccos",
    "arccosh",
    "arcsin",
    "arcsinh",
    "arctan",
    "arctan2",
    "arctanh",
    "asin",
    "asinh",
    "atan",
    "atan2",
    "atanh",
    "cos",
    "cosh",
    "deg2rad",
    "rad2deg",
    "sin",
    "sinc",
    "sinh",
    "tan",
    "tanh",
]

Operand = Any  # a Tensor, an array or a number

SIN = unary("sin", np.sin, scalar.guarded(math.sin), lambda g, x: g * op.cos(x), formula="sin x")
COS = unary("cos", np.cos, scalar.guarded(math.cos), lambda g, x: -g * op.sin(x), formula="cos x")
TAN = unary(
    "tan", np.tan, scalar.guarded(math.tan), lambda g, out: g * (1 + out * out), low=-1, high=1, formula="tan x"
)
SINH = unary("sinh", np.sinh, scalar.sinh, lambda g, x: g * op.cosh(x), formula="sinh x")
COSH = unary("cosh", np.cosh, scalar.cosh, lambda g, x: g * op.sinh(x), formula="cosh x")
TANH = unary(
    "tanh",
    fused("tanh", np.tanh),
    math.tanh,
    fused_rule("tanh", lambda g, out: g * (1 - out * out)),
    formula="tanh x",
)

ASIN = unary(
    "asin",
    np.arcsin,
    scalar.guarded(math.asin),
    lambda g, x: g * op.rsqrt(1 - x * x),
    low=-0.9,
    high=0.9,
    formula="arcsin x",
)
ACOS = unary(
    "acos",
    np.arccos,
    scalar.guarded(math.acos),
    lambda g, x: -g * op.rsqrt(1 - x * x),
    low=-0.9,
    high=0.9,
    formula="arccos x",
)
ATAN = unary("atan", np.arctan, math.atan, lambda g, x: g / (1 + x * x), formula="arctan x")
ASINH = unary("asinh", np.arcsinh, math.asinh, lambda g, x: g * op.rsqrt(x * x + 1), formula="arsinh x")
ACOSH = unary(
    "acosh",
    np.arccosh,
    scalar.guarded(math.acosh),
    lambda g, x: g * op.rsqrt(x * x - 1),
    low=1.2,
    high=3.0,
    formula="arcosh x",
)
ATANH = unary(
    "atanh",
    np.arctanh,
    scalar.through_array(np.arctanh),
    lambda g, x: op.div(g, 1 - x * x),
    low=-0.9,
    high=0.9,
    formula="artanh x",
)


def _square_length(x: Any, y: Any) -> Any:
    """`x^2 + y^2`, with a 1 in place of 0, so that the gradients at the origin are 0."""
    length = x * x + y * y
    return op.where(op.eq(length, 0), 1.0, length)


ATAN2 = binary(
    "atan2",
    np.arctan2,
    math.atan2,
    x=lambda g, x, y: op.div(g * y, _square_length(x, y)),
    y=lambda g, x, y: op.div(-g * x, _square_length(x, y)),
    y_range=(0.5, 2.0),
    promotes="float",
    formula="the angle of the point (y, x)",
)


def _sinc_rule(g: Any, x: Any, out: Any) -> Any:
    zero = op.eq(x, 0)
    return op.where(zero, 0.0, g * op.div(op.cos(math.pi * x) - out, op.where(zero, 1.0, x)))


SINC = unary("sinc", in_float32(np.sinc), scalar.through_array(np.sinc), _sinc_rule, formula="sin(pi x) / (pi x)")

# --- the public functions


def sin(input: Operand) -> Tensor:
    """The sine of an angle in radians, elementwise.

    Example:
        >>> autograd.sin(autograd.tensor([0.0, 1.0]))
        tensor([0.0000, 0.8415])
    """
    return SIN.apply(input)


def cos(input: Operand) -> Tensor:
    """The cosine of an angle in radians, elementwise.

    Example:
        >>> autograd.cos(autograd.tensor([0.0, 1.0]))
        tensor([1.0000, 0.5403])
    """
    return COS.apply(input)


def tan(input: Operand) -> Tensor:
    """The tangent of an angle in radians, elementwise.

    Example:
        >>> autograd.tan(autograd.tensor([0.0, 1.0]))
        tensor([0.0000, 1.5574])
    """
    return TAN.apply(input)


def sinh(input: Operand) -> Tensor:
    """The hyperbolic sine, elementwise.

    Example:
        >>> autograd.sinh(autograd.tensor([0.0, 1.0]))
        tensor([0.0000, 1.1752])
    """
    return SINH.apply(input)


def cosh(input: Operand) -> Tensor:
    """The hyperbolic cosine, elementwise.

    Example:
        >>> autograd.cosh(autograd.tensor([0.0, 1.0]))
        tensor([1.0000, 1.5431])
    """
    return COSH.apply(input)


def tanh(input: Operand) -> Tensor:
    """The hyperbolic tangent, elementwise; its derivative is `1 - tanh(x) ** 2`.

    Example:
        >>> autograd.tanh(autograd.tensor([0.0, 1.0]))
        tensor([0.0000, 0.7616])
    """
    return TANH.apply(input)


def atan(input: Operand) -> Tensor:
    """The inverse tangent in radians, elementwise; its derivative is `1 / (1 + x ** 2)`.

    Example:
        >>> autograd.atan(autograd.tensor([0.0, 1.0]))
        tensor([0.0000, 0.7854])
    """
    return ATAN.apply(input)


def acos(input: Operand) -> Tensor:
    """The inverse cosine in radians, elementwise; its derivative is `-1 / sqrt(1 - x ** 2)`.

    Example:
        >>> autograd.acos(autograd.tensor([1.0, 0.5]))
        tensor([0.0000, 1.0472])
    """
    return ACOS.apply(input)


def asin(input: Operand) -> Tensor:
    """The inverse sine in radians, elementwise; its derivative is `1 / sqrt(1 - x ** 2)`.

    Example:
        >>> autograd.asin(autograd.tensor([0.0, 0.5]))
        tensor([0.0000, 0.5236])
    """
    return ASIN.apply(input)


def acosh(input: Operand) -> Tensor:
    """The inverse hyperbolic cosine, elementwise; its derivative is `1 / sqrt(x ** 2 - 1)`.

    Example:
        >>> autograd.acosh(autograd.tensor([1.0, 2.0]))
        tensor([0.0000, 1.3170])
    """
    return ACOSH.apply(input)


def asinh(input: Operand) -> Tensor:
    """The inverse hyperbolic sine, elementwise; its derivative is `1 / sqrt(x ** 2 + 1)`.

    Example:
        >>> autograd.asinh(autograd.tensor([0.0, 1.0]))
        tensor([0.0000, 0.8814])
    """
    return ASINH.apply(input)


def atanh(input: Operand) -> Tensor:
    """The inverse hyperbolic tangent, elementwise; its derivative is `1 / (1 - x ** 2)`.

    Example:
        >>> autograd.atanh(autograd.tensor([0.0, 0.5]))
        tensor([0.0000, 0.5493])
    """
    return ATANH.apply(input)


def atan2(input: Operand, other: Operand) -> Tensor:
    """The angle in radians of the point (`other`, `input`), elementwise, in the right quadrant.

    Example:
        >>> autograd.atan2(autograd.tensor([1.0, -1.0]), autograd.tensor([-1.0, -1.0]))
        tensor([ 2.3562, -2.3562])
    """
    return ATAN2.apply(input, other)


arccos, arcsin, arctan, arctan2 = acos, asin, atan, atan2
arccosh, arcsinh, arctanh = acosh, asinh, atanh


def sinc(input: Operand) -> Tensor:
    """The normalised sinc function, elementwise: `sin(pi x) / (pi x)`, and 1 at 0.

    Example:
        >>> autograd.sinc(autograd.tensor([0.0, 0.5, 1.5]))
        tensor([ 1.0000,  0.6366, -0.2122])
    """
    return SINC.apply(input)


def _angles(rng: np.random.Generator) -> list[Sample]:
    return [Sample((values(rng, (2, 3)),)), Sample((values(rng, ()),))]


def _scaled(input: Operand, name: str, factor: float) -> Tensor:
    return op.mul.apply(as_handle(input, name), factor)


@composite(formula="pi x / 180", samples=_angles, reference=np.deg2rad)
def deg2rad(input: Operand) -> Tensor:
    """Angles in degrees as radians, elementwise.

    Example:
        >>> autograd.deg2rad(autograd.tensor([180.0, -90.0]))
        tensor([ 3.1416, -1.5708])
    """
    return _scaled(input, "deg2rad", math.pi / 180)


@composite(formula="180 x / pi", samples=_angles, reference=np.rad2deg)
def rad2deg(input: Operand) -> Tensor:
    """Angles in radians as degrees, elementwise.

    Example:
        >>> autograd.rad2deg(autograd.tensor([3.0, -1.5]))
        tensor([171.8873, -85.9437])
    """
    return _scaled(input, "rad2deg", 180 / math.pi)
