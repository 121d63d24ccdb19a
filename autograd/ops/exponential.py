"""Exponentials, logarithms and roots of each number by itself."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ..primitive import Sample, define, op
from . import scalar
from .dims import number
from .families import binary, fused, unary, values

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = [
    "exp",
    "exp2",
    "expm1",
    "log",
    "log1p",
    "log2",
    "log10",
    "logaddexp",
    "logaddexp2",
    "logit",
    "rsqrt",
    "sqrt",
    "xlogy",
]

Operand = Any  # a Tensor, an array or a number

EXP = unary("exp", fused("exp", np.exp), scalar.exp, lambda g, out: g * out, formula="e^x")
EXP2 = unary("exp2", np.exp2, scalar.through_array(np.exp2), lambda g, out: g * out * math.log(2), formula="2^x")
EXPM1 = unary("expm1", np.expm1, scalar.expm1, lambda g, out: g * (out + 1), formula="e^x - 1")
LOG = unary("log", np.log, scalar.log, lambda g, x: op.div(g, x), low=0.3, formula="ln x")
LOG1P = unary("log1p", np.log1p, scalar.log1p, lambda g, x: op.div(g, 1 + x), low=-0.7, formula="ln(1 + x)")
LOG2 = unary(
    "log2",
    np.log2,
    lambda x: scalar.log(x) / math.log(2),
    lambda g, x: op.div(g, x * math.log(2)),
    low=0.3,
    formula="log2 x",
)
LOG10 = unary(
    "log10",
    np.log10,
    lambda x: scalar.log(x) / math.log(10),
    lambda g, x: op.div(g, x * math.log(10)),
    low=0.3,
    formula="log10 x",
)
SQRT = unary("sqrt", np.sqrt, scalar.sqrt, lambda g, out: op.div(g, 2 * out), low=0.3, formula="sqrt(x)")
RSQRT = unary(
    "rsqrt",
    lambda x: 1 / np.sqrt(x),
    lambda x: scalar.divide(1.0, scalar.sqrt(x)),
    lambda g, out: -0.5 * g * out * out * out,
    low=0.3,
    formula="1 / sqrt(x)",
)
LOGADDEXP = binary(
    "logaddexp",
    np.logaddexp,
    scalar.through_array(np.logaddexp),
    x=lambda g, x, y: g * op.sigmoid(x - y),
    y=lambda g, x, y: g * op.sigmoid(y - x),
    promotes="float",
    formula="ln(e^x + e^y)",
)
LOGADDEXP2 = binary(
    "logaddexp2",
    np.logaddexp2,
    scalar.through_array(np.logaddexp2),
    x=lambda g, x, y: g * op.sigmoid((x - y) * math.log(2)),
    y=lambda g, x, y: g * op.sigmoid((y - x) * math.log(2)),
    promotes="float",
    formula="log2(2^x + 2^y)",
)


def _xlogy(x: Any, y: Any) -> Any:
    zero = np.equal(x, 0) & ~np.isnan(y)
    y = np.where(zero, 1, np.asarray(y, dtype=np.result_type(x, y)))  # a number in the dtype of the other operand
    return np.where(zero, 0, x * np.log(y))


XLOGY = binary(
    "xlogy",
    _xlogy,
    scalar.through_array(_xlogy),
    x=lambda g, x, y: g * op.log(op.where(op.eq(x, 0) & (y <= 0), 1.0, y)),
    y=lambda g, x, y: op.div(g * x, y),
    y_range=(0.3, 2.0),
    promotes="float",
    formula="x ln y, and 0 where x = 0",
)


def _inside(x: Any, eps: float | None) -> Any:
    return x if eps is None else np.clip(x, eps, 1 - eps)


def _logit(x: Any, eps: float | None) -> Any:
    p = _inside(x, eps)
    return np.log(p / (1 - p))


def _logit_rule(g: Any, x: Any, eps: float | None) -> Any:
    if eps is None:
        p = op.where((x < 0) | (x > 1), math.nan, x)
        return op.div(g, p * (1 - p))
    inside = (x >= eps) & (x <= 1 - eps)
    p = op.where(inside, x, 0.5)
    return op.where(inside, op.div(g, p * (1 - p)), 0.0)


LOGIT = define(
    "logit",
    forward=_logit,
    scalar=scalar.through_array(_logit),
    inputs=("x",),
    attributes=("eps",),
    vjp={"x": _logit_rule},
    promotes="float",
    samples=lambda rng: [
        Sample((values(rng, shape, 0.05, 0.95, (0.2, 0.8)),), (eps,))
        for eps in (None, 0.2)
        for shape in ((), (2, 3), (0, 2))
    ],
    formula="ln(x / (1 - x))",
)

# --- the public functions


def exp(input: Operand) -> Tensor:
    """The exponential, elementwise: `e ** x`.

    Example:
        >>> autograd.exp(autograd.tensor([0.0, 1.0]))
        tensor([1.0000, 2.7183])
    """
    return EXP.apply(input)


def expm1(input: Operand) -> Tensor:
    """`e ** x - 1`, elementwise, exact also near 0.

    Example:
        >>> autograd.expm1(autograd.tensor([0.0, 1.0]))
        tensor([0.0000, 1.7183])
    """
    return EXPM1.apply(input)


def log(input: Operand) -> Tensor:
    """The natural logarithm, elementwise; its derivative is `1 / x`.

    Example:
        >>> autograd.log(autograd.tensor([1.0, 10.0]))
        tensor([0.0000, 2.3026])
    """
    return LOG.apply(input)


def log1p(input: Operand) -> Tensor:
    """`log(1 + x)`, elementwise, exact also near 0.

    Example:
        >>> autograd.log1p(autograd.tensor([0.0, 1.0]))
        tensor([0.0000, 0.6931])
    """
    return LOG1P.apply(input)


def log2(input: Operand) -> Tensor:
    """The logarithm to base 2, elementwise.

    Example:
        >>> autograd.log2(autograd.tensor([1.0, 8.0]))
        tensor([0., 3.])
    """
    return LOG2.apply(input)


def log10(input: Operand) -> Tensor:
    """The logarithm to base 10, elementwise.

    Example:
        >>> autograd.log10(autograd.tensor([1.0, 20.0]))
        tensor([0.0000, 1.3010])
    """
    return LOG10.apply(input)


def sqrt(input: Operand) -> Tensor:
    """The square root, elementwise; its derivative is `1 / (2 sqrt(x))`.

    Example:
        >>> autograd.sqrt(autograd.tensor([4.0, 2.0]))
        tensor([2.0000, 1.4142])
    """
    return SQRT.apply(input)


def rsqrt(input: Operand) -> Tensor:
    """One over the square root, elementwise: `1 / sqrt(x)`.

    Example:
        >>> autograd.rsqrt(autograd.tensor([4.0, 1.0]))
        tensor([0.5000, 1.0000])
    """
    return RSQRT.apply(input)


def exp2(input: Operand) -> Tensor:
    """Two to the power of each number: `2 ** x`.

    Example:
        >>> autograd.exp2(autograd.tensor([0.0, 3.0]))
        tensor([1., 8.])
    """
    return EXP2.apply(input)


def logaddexp(input: Operand, other: Operand) -> Tensor:
    """The logarithm of a sum of exponentials, elementwise, without overflow: `log(exp(input) + exp(other))`.

    Example:
        >>> autograd.logaddexp(autograd.tensor([1000.0]), autograd.tensor([1000.0]))
        tensor([1000.6932])
    """
    return LOGADDEXP.apply(input, other)


def logaddexp2(input: Operand, other: Operand) -> Tensor:
    """The same to base 2, elementwise: `log2(2 ** input + 2 ** other)`.

    Example:
        >>> autograd.logaddexp2(autograd.tensor([3.0]), autograd.tensor([3.0]))
        tensor([4.])
    """
    return LOGADDEXP2.apply(input, other)


def xlogy(input: Operand, other: Operand) -> Tensor:
    """`input * log(other)`, elementwise with broadcasting, and 0 where `input` is 0.

    Example:
        >>> autograd.xlogy(autograd.tensor([0.0, 2.0]), autograd.tensor([0.0, 3.0]))
        tensor([0.0000, 2.1972])
    """
    return XLOGY.apply(input, other)


def logit(input: Operand, eps: float | None = None) -> Tensor:
    """The inverse of the logistic function, elementwise: `log(x / (1 - x))`.

    Args:
        input: probabilities, of any shape.
        eps: limits the input to `eps ... 1 - eps`, outside of which the gradient is 0. Without it numbers outside
            of 0 to 1 give nan.

    Example:
        >>> autograd.logit(autograd.tensor([0.5, 0.8]))
        tensor([0.0000, 1.3863])
    """
    return LOGIT.apply(input, None if eps is None else number("logit", "eps", eps))
