"""Arithmetic, powers, exponentials and the other functions that act on each number by itself."""

from __future__ import annotations

import builtins
import math
import operator
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import dtypes
from ..errors import ArgumentError
from ..primitive import Sample, as_handle, define, op
from . import scalar
from .families import binary, comparison, rounding, unary, values

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = [
    "abs",
    "add",
    "atan",
    "ceil",
    "clamp",
    "cos",
    "cosh",
    "div",
    "erf",
    "exp",
    "expm1",
    "floor",
    "floor_divide",
    "log",
    "log1p",
    "log2",
    "log10",
    "maximum",
    "minimum",
    "mul",
    "neg",
    "pow",
    "reciprocal",
    "remainder",
    "round",
    "rsqrt",
    "sign",
    "sin",
    "sinh",
    "sqrt",
    "square",
    "sub",
    "tan",
    "tanh",
    "trunc",
    "where",
]

Operand = Any  # a Tensor, an array or a number

# --- arithmetic

ADD = binary("add", np.add, operator.add, x=lambda g: g, y=lambda g: g, label="+", formula="x + y")
SUB = binary("sub", np.subtract, operator.sub, x=lambda g: g, y=lambda g: -g, label="-", formula="x - y")
MUL = binary("mul", np.multiply, operator.mul, x=lambda g, y: g * y, y=lambda g, x: g * x, label="*", formula="x y")
DIV = binary(
    "div",
    np.true_divide,
    scalar.divide,
    x=lambda g, y: op.div(g, y),
    y=lambda g, y, out: op.div(-g * out, y),
    y_range=(0.5, 2.0),
    promotes="float",
    label="/",
    formula="x / y",
)


def _power_x(g: Any, x: Any, y: Any) -> Any:
    """`y x^(y - 1)`, and 0 at 0^0: a 1 stands for the base there, so that no order of derivative meets 0 * inf."""
    if not isinstance(y, (int, float)) or y == 0:
        x = op.where(op.eq(x, 0) & op.eq(y, 0), 1, x)
    return g * y * op.pow(x, y - 1)


def _power_y(g: Any, x: Any, y: Any, out: Any) -> Any:
    """`x^y ln x`, and 0 at 0^y for y >= 0, by the same exchange."""
    return g * out * op.log(op.where(op.eq(x, 0) & (y >= 0), 1, x))


POW = binary(
    "pow",
    operator.pow,
    scalar.power,
    x=_power_x,
    y=_power_y,
    x_range=(0.3, 2.0),
    label="**",
    formula="x ** y",
)


def _square(x: Any) -> Any:
    return np.square(x) if x.dtype != dtypes.bool_ else x.astype(dtypes.int64)


def _sign(x: Any) -> Any:
    return np.sign(x) if x.dtype != dtypes.bool_ else x.copy()


NEG = unary("neg", np.negative, operator.neg, lambda g: -g, promotes="same", label="-", formula="-x")
ABS = unary("abs", np.absolute, math.fabs, lambda g, x: g * op.sign(x), kinks=(0,), promotes="same", formula="|x|")
SIGN = unary("sign", _sign, scalar.sign, lambda g: 0 * g, kinks=(0,), promotes="same", formula="sign(x)")
SQUARE = unary("square", _square, lambda x: x * x, lambda g, x: 2 * g * x, promotes="same", formula="x^2")
RECIPROCAL = unary(
    "reciprocal",
    np.reciprocal,
    lambda x: scalar.divide(1.0, x),
    lambda g, out: -g * out * out,
    low=0.5,
    formula="1 / x",
)


def _share(g: Any, larger: Any, x: Any, y: Any) -> Any:
    """The gradient of the larger (or smaller) of x and y: all of it to the winner, half at a tie."""
    return op.where(op.eq(x, y), g / 2, op.where(larger, g, 0.0))


MAXIMUM = binary(
    "maximum",
    np.maximum,
    scalar.maximum,
    x=lambda g, x, y: _share(g, x > y, x, y),
    y=lambda g, x, y: _share(g, y > x, x, y),
    formula="max(x, y)",
)
MINIMUM = binary(
    "minimum",
    np.minimum,
    scalar.minimum,
    x=lambda g, x, y: _share(g, x < y, x, y),
    y=lambda g, x, y: _share(g, y < x, x, y),
    formula="min(x, y)",
)


def _not_bools(function: Any) -> Any:
    """`function`, which NumPy computes of bools as of int8, refusing them; the caller says so in our words."""

    def forward(x: Any, y: Any) -> Any:
        if getattr(x, "dtype", None) == dtypes.bool_ == getattr(y, "dtype", None):
            raise TypeError
        return function(x, y)

    return forward


FLOOR_DIVIDE = comparison(
    "floor_divide",
    _not_bools(np.floor_divide),
    lambda x, y: np.floor_divide(x, y).item(),
    y_range=(0.5, 2.0),
    label="//",
    formula="floor(x / y)",
)
REMAINDER = binary(
    "remainder",
    _not_bools(np.remainder),
    lambda x, y: np.remainder(x, y).item(),
    x=lambda g: g,
    y=lambda g, x, y: -g * op.floor_divide(x, y),
    x_range=(0.1, 0.4),
    y_range=(0.5, 2.0),
    label="%",
    formula="x - y floor(x / y)",
)

# --- exponentials, logarithms, roots

EXP = unary("exp", np.exp, scalar.exp, lambda g, out: g * out, formula="e^x")
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

# --- trigonometric and hyperbolic

SIN = unary("sin", np.sin, scalar.guarded(math.sin), lambda g, x: g * op.cos(x), formula="sin x")
COS = unary("cos", np.cos, scalar.guarded(math.cos), lambda g, x: -g * op.sin(x), formula="cos x")
TAN = unary(
    "tan", np.tan, scalar.guarded(math.tan), lambda g, out: g * (1 + out * out), low=-1, high=1, formula="tan x"
)
SINH = unary("sinh", np.sinh, scalar.sinh, lambda g, x: g * op.cosh(x), formula="sinh x")
COSH = unary("cosh", np.cosh, scalar.cosh, lambda g, x: g * op.sinh(x), formula="cosh x")
TANH = unary("tanh", np.tanh, math.tanh, lambda g, out: g * (1 - out * out), formula="tanh x")
ARCTAN = unary("atan", np.arctan, math.atan, lambda g, x: g / (1 + x * x), formula="arctan x")


def _erf(x: Any) -> Any:
    from scipy.special import erf  # imported when first needed: it takes longer than all of this package

    return np.asarray(erf(x), dtype=x.dtype)


ERF = unary(
    "erf", _erf, math.erf, lambda g, x: g * (2 / math.sqrt(math.pi)) * op.exp(-x * x), formula="2/sqrt(pi) int e^-t^2"
)

# --- rounding


def _round(x: Any) -> Any:
    return np.rint(x) if x.dtype.kind == "f" else np.positive(x)


FLOOR = rounding("floor", np.floor, scalar.whole(math.floor), formula="floor(x)")
CEIL = rounding("ceil", np.ceil, scalar.whole(math.ceil), formula="ceil(x)")
ROUND = rounding("round", _round, scalar.whole(builtins.round), formula="round(x), halves to even")
TRUNC = rounding("trunc", np.trunc, scalar.whole(math.trunc), formula="trunc(x)")


# --- choosing and clamping


def _where_samples(rng: np.random.Generator) -> list[Sample]:
    shapes: list[tuple[tuple[int, ...], ...]] = [((3,), (3,), (3,)), ((2, 1), (3,), ()), ((), (2, 2), (2,))]
    return [Sample((rng.uniform(size=c) > 0.5, values(rng, a), values(rng, b))) for c, a, b in shapes]


WHERE = define(
    "where",
    forward=np.where,
    scalar=lambda condition, x, y: x if condition else y,
    inputs=("condition", "x", "y"),
    vjp={
        "x": lambda g, condition: op.where(condition, g, 0.0),
        "y": lambda g, condition: op.where(condition, 0.0, g),
    },
    broadcasts=True,
    promotes="same",
    promoted=(1, 2),
    samples=_where_samples,
    formula="x where condition, else y",
)


def _clamp(x: Any, low: float | None, high: float | None) -> Any:
    return np.clip(x, low, high)


def _clamp_scalar(x: float, low: float | None, high: float | None) -> float:
    x = low if low is not None and x < low else x
    return high if high is not None and x > high else x


def _clamp_rule(g: Any, x: Any, low: float | None, high: float | None) -> Any:
    inside = g if low is None else op.where(x >= low, g, 0.0)
    return inside if high is None else op.where(x <= high, inside, 0.0)


CLAMP = define(
    "clamp",
    forward=_clamp,
    scalar=_clamp_scalar,
    inputs=("x",),
    attributes=("low", "high"),
    vjp={"x": _clamp_rule},
    samples=lambda rng: [
        Sample((values(rng, (2, 5), kinks=(-1, 1)),), (low, high)) for low, high in ((-1, 1), (None, 1), (-1, None))
    ],
    formula="min(max(x, low), high)",
)


# --- the public functions


def add(input: Operand, other: Operand, *, alpha: float = 1) -> Tensor:
    """Add, elementwise with broadcasting: `input + alpha * other`.

    Args:
        input, other: Tensors, arrays or numbers whose shapes broadcast.
        alpha: a number that multiplies `other`.

    Raises:
        ShapeError: the shapes do not broadcast.

    Example:
        >>> autograd.add(autograd.tensor([1.0, 2.0]), 10)
        tensor([11., 12.])
    """
    return ADD.apply(input, other if alpha == 1 else MUL.apply(other, alpha))


def sub(input: Operand, other: Operand, *, alpha: float = 1) -> Tensor:
    """Subtract, elementwise with broadcasting: `input - alpha * other`.

    Example:
        >>> autograd.sub(autograd.tensor([1.0, 2.0]), 10)
        tensor([-9., -8.])
    """
    return SUB.apply(input, other if alpha == 1 else MUL.apply(other, alpha))


def mul(input: Operand, other: Operand) -> Tensor:
    """Multiply, elementwise with broadcasting: `input * other`.

    Example:
        >>> autograd.mul(autograd.tensor([[1.0], [2.0]]), autograd.tensor([3.0, 4.0]))
        tensor([[3., 4.],
                [6., 8.]])
    """
    return MUL.apply(input, other)


def div(input: Operand, other: Operand, *, rounding_mode: str | None = None) -> Tensor:
    """Divide, elementwise with broadcasting: `input / other`; integers are divided as float32.

    Args:
        input, other: Tensors, arrays or numbers whose shapes broadcast.
        rounding_mode: None, "floor" (towards minus infinity) or "trunc" (towards zero).

    Example:
        >>> autograd.div(autograd.tensor([1.0, -7.0]), 2)
        tensor([ 0.5000, -3.5000])
    """
    if rounding_mode is None:
        return DIV.apply(input, other)
    if rounding_mode == "floor":
        return FLOOR_DIVIDE.apply(input, other)
    if rounding_mode == "trunc":
        return TRUNC.apply(DIV.apply(input, other))
    raise ArgumentError(f"div: rounding_mode is {rounding_mode!r}; use None, 'floor' or 'trunc'")


def pow(input: Operand, exponent: Operand) -> Tensor:
    """Raise to a power, elementwise with broadcasting: `input ** exponent`.

    The derivative by the base is `exponent * input ** (exponent - 1)`, and 0 where the exponent is 0; by the exponent
    it is `input ** exponent * log(input)`, and 0 where the base is 0 and the exponent is not negative.

    Example:
        >>> autograd.pow(autograd.tensor([1.0, 2.0, 3.0]), 2)
        tensor([1., 4., 9.])
    """
    return POW.apply(input, exponent)


def neg(input: Operand) -> Tensor:
    """Change the sign, elementwise: `-x`.

    Example:
        >>> autograd.neg(autograd.tensor([1.0, -2.0]))
        tensor([-1.,  2.])
    """
    return NEG.apply(input)


def abs(input: Operand) -> Tensor:
    """The absolute value, elementwise: `|x|`. Its gradient at 0 is 0.

    Example:
        >>> autograd.abs(autograd.tensor([1.0, -2.0]))
        tensor([1., 2.])
    """
    return ABS.apply(input)


def sign(input: Operand) -> Tensor:
    """The sign, elementwise: -1, 0 or 1.

    Example:
        >>> autograd.sign(autograd.tensor([3.0, 0.0, -2.0]))
        tensor([ 1.,  0., -1.])
    """
    return SIGN.apply(input)


def square(input: Operand) -> Tensor:
    """The square, elementwise: `x ** 2`.

    Example:
        >>> autograd.square(autograd.tensor([3.0, -2.0]))
        tensor([9., 4.])
    """
    return SQUARE.apply(input)


def reciprocal(input: Operand) -> Tensor:
    """The reciprocal, elementwise: `1 / x`, whose derivative is `-1 / x ** 2`.

    Example:
        >>> autograd.reciprocal(autograd.tensor([2.0, 4.0]))
        tensor([0.5000, 0.2500])
    """
    return RECIPROCAL.apply(input)


def maximum(input: Operand, other: Operand) -> Tensor:
    """The larger of two, elementwise with broadcasting. At a tie each gets half of the gradient.

    Example:
        >>> autograd.maximum(autograd.tensor([1.0, 5.0]), autograd.tensor([3.0, 2.0]))
        tensor([3., 5.])
    """
    return MAXIMUM.apply(input, other)


def minimum(input: Operand, other: Operand) -> Tensor:
    """The smaller of two, elementwise with broadcasting. At a tie each gets half of the gradient.

    Example:
        >>> autograd.minimum(autograd.tensor([1.0, 5.0]), autograd.tensor([3.0, 2.0]))
        tensor([1., 2.])
    """
    return MINIMUM.apply(input, other)


def floor_divide(input: Operand, other: Operand) -> Tensor:
    """Divide and round towards minus infinity, elementwise: `floor(input / other)`. It has no derivative.

    Example:
        >>> autograd.floor_divide(autograd.tensor([7, -7]), 2)
        tensor([ 3, -4])
    """
    return FLOOR_DIVIDE.apply(input, other)


def remainder(input: Operand, other: Operand) -> Tensor:
    """The remainder with the sign of the divisor, elementwise: `input - other * floor(input / other)`.

    Example:
        >>> autograd.remainder(autograd.tensor([7.0, -7.0]), 3)
        tensor([1., 2.])
    """
    return REMAINDER.apply(input, other)


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
    return ARCTAN.apply(input)


def erf(input: Operand) -> Tensor:
    """The error function, elementwise: `2 / sqrt(pi)` times the integral of `exp(-t ** 2)` from 0 to x.

    Example:
        >>> autograd.erf(autograd.tensor([0.0, 1.0]))
        tensor([0.0000, 0.8427])
    """
    return ERF.apply(input)


def floor(input: Operand) -> Tensor:
    """The largest whole number that is not greater, elementwise. Its gradient is 0.

    Example:
        >>> autograd.floor(autograd.tensor([1.5, -1.5]))
        tensor([ 1., -2.])
    """
    return FLOOR.apply(input)


def ceil(input: Operand) -> Tensor:
    """The smallest whole number that is not less, elementwise. Its gradient is 0.

    Example:
        >>> autograd.ceil(autograd.tensor([1.5, -1.5]))
        tensor([ 2., -1.])
    """
    return CEIL.apply(input)


def round(input: Operand) -> Tensor:
    """The nearest whole number, halves to the even one, elementwise. Its gradient is 0.

    Example:
        >>> autograd.round(autograd.tensor([0.5, 1.5, 2.4]))
        tensor([0., 2., 2.])
    """
    return ROUND.apply(input)


def trunc(input: Operand) -> Tensor:
    """The whole number towards zero, elementwise. Its gradient is 0.

    Example:
        >>> autograd.trunc(autograd.tensor([1.7, -1.7]))
        tensor([ 1., -1.])
    """
    return TRUNC.apply(input)


def where(condition: Operand, input: Operand, other: Operand) -> Tensor:
    """Choose, elementwise with broadcasting: `input` where `condition` holds, else `other`.

    Args:
        condition: a bool Tensor or array.
        input, other: Tensors, arrays or numbers.

    Example:
        >>> x = autograd.tensor([-1.0, 2.0])
        >>> autograd.where(x > 0, x, 0.0)
        tensor([0., 2.])
    """
    return WHERE.apply(condition, input, other)


def clamp(input: Operand, min: float | None = None, max: float | None = None) -> Tensor:
    """Limit to an interval, elementwise: `minimum(maximum(x, min), max)`. The gradient is 1 at the bounds.

    Args:
        input: a Tensor of any shape.
        min, max: the bounds, as numbers or Tensors; at least one must be given.

    Raises:
        ArgumentError: neither bound is given.

    Example:
        >>> autograd.clamp(autograd.tensor([-2.0, 0.5, 2.0]), min=-1, max=1)
        tensor([-1.0000,  0.5000,  1.0000])
    """
    if min is None and max is None:
        raise ArgumentError("clamp: give min, max, or both")
    numbers = (int, float, type(None))
    if not (isinstance(min, numbers) and isinstance(max, numbers)):
        low = input if min is None else WHERE.apply(op.lt.apply(input, min), min, input)
        return low if max is None else WHERE.apply(op.gt.apply(low, max), max, low)
    input = as_handle(input, "clamp")
    if input.dtype.kind != "f":  # whole numbers between float bounds become floats
        dtype = dtypes.result_type(input, min, max)
        input = input if input.dtype == dtype else op.to_dtype.apply(input, dtype)
    return CLAMP.apply(input, min, max)
