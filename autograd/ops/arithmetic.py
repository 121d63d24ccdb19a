"""Arithmetic on each number by itself: sums, products, quotients, powers, remainders."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import dtypes, graph
from ..applying import LARGE
from ..batching import spread
from ..composites import composite
from ..errors import ArgumentError, DtypeError
from ..primitive import Sample, as_handle, define, op
from . import scalar
from .families import binary, comparison, floats_alone, unary, values

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = [
    "add",
    "addcdiv",
    "addcmul",
    "div",
    "divide",
    "float_power",
    "floor_divide",
    "fmod",
    "gcd",
    "hypot",
    "lcm",
    "lerp",
    "mul",
    "multiply",
    "neg",
    "negative",
    "positive",
    "pow",
    "reciprocal",
    "remainder",
    "rsub",
    "square",
    "sub",
    "subtract",
    "true_divide",
]

Operand = Any  # a Tensor, an array or a number

ADD = binary(
    "add", np.add, operator.add, x=lambda g: g, y=lambda g: g, threaded=True, label="+", formula="x + y"
)  # fmt: skip
SUB = binary(
    "sub", np.subtract, operator.sub, x=lambda g: g, y=lambda g: -g, threaded=True, label="-", formula="x - y"
)  # fmt: skip
MUL = binary(
    "mul", np.multiply, operator.mul, x=lambda g, y: g * y, y=lambda g, x: g * x, threaded=True, label="*",
    formula="x y",
)  # fmt: skip
DIV = binary(
    "div",
    np.true_divide,
    scalar.divide,
    x=lambda g, y: op.div(g, y),
    y=lambda g, y, out: op.div(-g * out, y),
    y_range=(0.5, 2.0),
    promotes="float",
    threaded=True,
    label="/",
    formula="x / y",
)


def _add_gradients(held: Any, part: Any) -> Any:
    if type(held) is np.ndarray and held.size >= LARGE and ADD.large is not None:
        return ADD.large(held, part)
    return held + part


graph.services.add = _add_gradients


def _power_x(g: Any, x: Any, y: Any) -> Any:
    """`y x^(y - 1)`, and 0 at 0^0: a 1 stands for the base there, so that no order of derivative meets 0 * inf.

    So it does for nan^0.
    """
    if not isinstance(y, (int, float)) or y == 0:
        x = op.where((op.eq(x, 0) | op.isnan(x)) & op.eq(y, 0), 1, x)
    return g * y * op.pow(x, y - 1)


def _power_y(g: Any, x: Any, y: Any, out: Any) -> Any:
    """`x^y ln x`, and 0 at 0^y for y >= 0, by the same exchange."""
    return g * out * op.log(op.where(op.eq(x, 0) & (y >= 0), 1, x))


def _power(x: Any, y: Any) -> Any:
    try:
        out = x**y
    except ValueError:
        if np.result_type(x, y).kind in "iu" and np.any(np.less(y, 0)):
            raise ArgumentError(
                "pow: an integer is raised to a negative power, which is no integer; convert to floats, with x.float()"
            ) from None
        raise
    if getattr(x, "dtype", None) == dtypes.bool_ and getattr(y, "dtype", None) == dtypes.bool_:
        return out.astype(dtypes.bool_)  # NumPy's is int8
    return out


POW = binary(
    "pow",
    _power,
    scalar.power,
    x=_power_x,
    y=_power_y,
    x_range=(0.3, 2.0),
    label="**",
    formula="x ** y",
)


def _square(x: Any) -> Any:
    return np.square(x) if x.dtype != dtypes.bool_ else x.astype(dtypes.int64)


NEG = unary("neg", np.negative, operator.neg, lambda g: -g, promotes="same", label="-", formula="-x")
SQUARE = unary("square", _square, lambda x: x * x, lambda g, x: 2 * g * x, promotes="same", formula="x^2")
RECIPROCAL = unary(
    "reciprocal",
    np.reciprocal,
    lambda x: scalar.divide(1.0, x),
    lambda g, out: -g * out * out,
    low=0.5,
    formula="1 / x",
)
# What a step function passes back: nothing, not even of an infinite gradient.
ZERO = unary("zero", np.zeros_like, lambda x: 0.0, lambda g: op.zero(g), promotes="same", formula="0")
# What a gradient becomes whose rule read x and did not come out as a function of it, as that of relu: its own
# derivative by x is 0, where without this it would be an error to ask for it.
CONSTANT_IN = define(
    "constant_in",
    forward=lambda value, x: np.array(value),
    inputs=("value", "x"),
    vjp={"value": lambda g: g, "x": lambda g, x: op.zero(x)},
    batch=lambda record, inputs, batched, size, _: record.apply(spread(inputs[0], batched[0], size), inputs[1]),
    samples=lambda rng: [Sample((values(rng, (2, 3)), values(rng, (4,))))],
    formula="value, with derivative 0 by x",
)

# --- quotients rounded to whole numbers


def _quotient(name: str, function: Any) -> Any:
    """`function` of x and y, refusing bools, of which NumPy would compute as of int8, and integers divided by 0."""

    def forward(x: Any, y: Any) -> Any:
        dtype: Any = getattr(y, "dtype", None) or getattr(x, "dtype", dtypes.float64)
        if dtype.kind != "f":
            if dtype == dtypes.bool_:
                raise TypeError  # the caller says so in our words
            if np.any(np.equal(y, 0)):
                raise ArgumentError(f"{name}: an integer is divided by 0; convert to floats, where that is inf or nan")
        return function(x, y)

    return forward


def _quotient_errors(rng: np.random.Generator) -> list[Sample]:
    x = rng.integers(1, 9, (2, 3))
    return [
        Sample((x, np.array([1, 0, 2])), (), ArgumentError, "divided by 0"),
        Sample((x > 4, x > 5), (), DtypeError, "not defined for bool"),
    ]


def _truncated(x: Any, y: Any) -> Any:
    """The quotient towards zero; integers are divided as such, exactly."""
    quotient = np.true_divide(x, y) if np.result_type(x, y).kind == "f" else None
    if quotient is not None:
        return np.trunc(quotient)
    return np.where((x % y != 0) & ((x < 0) != (y < 0)), x // y + 1, x // y).astype(np.result_type(x, y))


FLOOR_DIVIDE = comparison(
    "floor_divide",
    _quotient("floor_divide", np.floor_divide),
    scalar.through_array(np.floor_divide),
    y_range=(0.5, 2.0),
    label="//",
    error_samples=_quotient_errors,
    formula="floor(x / y)",
)
DIV_FLOOR = binary(
    "div_floor",
    _quotient("div_floor", np.floor_divide),
    scalar.through_array(np.floor_divide),
    x=lambda g: op.zero(g),
    y=lambda g: op.zero(g),
    x_range=(0.1, 0.4),
    y_range=(0.5, 2.0),
    label="//",
    error_samples=_quotient_errors,
    formula="floor(x / y), with gradient 0",
)
DIV_TRUNC = binary(
    "div_trunc",
    _quotient("div_trunc", _truncated),
    scalar.through_array(_truncated),
    x=lambda g: op.zero(g),
    y=lambda g: op.zero(g),
    x_range=(0.1, 0.4),
    y_range=(0.5, 2.0),
    error_samples=_quotient_errors,
    formula="trunc(x / y), with gradient 0",
)
REMAINDER = binary(
    "remainder",
    _quotient("remainder", np.remainder),
    scalar.through_array(np.remainder),
    x=lambda g: g,
    y=lambda g, x, y: -g * op.floor_divide(x, y),
    x_range=(0.1, 0.4),
    y_range=(0.5, 2.0),
    label="%",
    error_samples=_quotient_errors,
    formula="x - y floor(x / y)",
)
FMOD = binary(
    "fmod",
    _quotient("fmod", np.fmod),
    scalar.through_array(np.fmod),
    x=lambda g: g,
    y=lambda g, x, y: -g * op.div_trunc(x, y),
    x_range=(0.1, 0.4),
    y_range=(0.5, 2.0),
    error_samples=_quotient_errors,
    formula="x - y trunc(x / y)",
)


def _integers(name: str, forward: Any, formula: str) -> Any:
    """Define an operation of two whole numbers, which NumPy refuses of others."""
    return define(
        name,
        forward=forward,
        scalar=scalar.through_array(forward),
        inputs=("x", "y"),
        broadcasts=True,
        promotes="same",
        samples=lambda rng: [Sample((rng.integers(-9, 9, (2, 3)), rng.integers(0, 9, (3,))))],
        error_samples=lambda rng: [
            Sample((rng.uniform(size=2), rng.integers(0, 9, 2)), (), DtypeError, "not defined for float64")
        ],
        formula=formula,
    )


GCD = _integers("gcd", np.gcd, "the greatest whole number that divides x and y")
LCM = _integers("lcm", np.lcm, "the least positive whole number that x and y divide")

# --- three operands, and the length of a vector


def _lerp(x: Any, y: Any, weight: Any) -> Any:
    """From the nearer end, so that weight 1 gives y itself."""
    return np.where(np.abs(weight) < 0.5, x + weight * (y - x), y - (y - x) * (1 - weight))


def _lerp_samples(rng: np.random.Generator) -> list[Sample]:
    shapes: list[tuple[tuple[int, ...], ...]] = [((), (), ()), ((3,), (2, 1), (3,)), ((0,), (1,), ())]
    return [Sample((values(rng, a), values(rng, b), values(rng, c, kinks=(-0.5, 0.5)))) for a, b, c in shapes]


LERP = define(
    "lerp",
    forward=floats_alone(_lerp),
    scalar=lambda x, y, w: x + w * (y - x) if abs(w) < 0.5 else y - (y - x) * (1 - w),
    inputs=("x", "y", "weight"),
    vjp={
        "x": lambda g, weight: g * (1 - weight),
        "y": lambda g, weight: g * weight,
        "weight": lambda g, x, y: g * (y - x),
    },
    broadcasts=True,
    promotes="same",
    samples=_lerp_samples,
    error_samples=lambda rng: [Sample((rng.integers(0, 9, 2),) * 3, (), DtypeError, "not defined for int64")],
    formula="x + weight (y - x)",
)
HYPOT = binary(
    "hypot",
    floats_alone(np.hypot),
    scalar.through_array(np.hypot),
    x=lambda g, x, out: g * op.div(x, out),
    y=lambda g, y, out: g * op.div(y, out),
    y_range=(0.5, 2.0),
    error_samples=lambda rng: [Sample((rng.integers(0, 9, 2),) * 2, (), DtypeError, "not defined for int64")],
    formula="sqrt(x^2 + y^2)",
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
        return DIV_FLOOR.apply(input, other)
    if rounding_mode == "trunc":
        return DIV_TRUNC.apply(input, other)
    raise ArgumentError(f"div: rounding_mode is {rounding_mode!r}; use None, 'floor' or 'trunc'")


def pow(input: Operand, exponent: Operand) -> Tensor:
    """Raise to a power, elementwise with broadcasting: `input ** exponent`.

    The derivative by the base is `exponent * input ** (exponent - 1)`, and 0 where the exponent is 0; by the exponent
    it is `input ** exponent * log(input)`, and 0 where the base is 0 and the exponent is not negative.

    Raises:
        ShapeError: the shapes do not broadcast.
        ArgumentError: an integer is raised to a negative power.

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


multiply, subtract, divide, true_divide, negative = mul, sub, div, div, neg


@composite(
    formula="y - alpha x",
    samples=lambda rng: [
        Sample((values(rng, (2, 3)), values(rng, (3,)))),
        Sample((values(rng, (2, 1)), 2.0), keywords={"alpha": 0.5}),
    ],
    reference=lambda x, y, alpha=1: y - alpha * x,
)
def rsub(input: Operand, other: Operand, *, alpha: float = 1) -> Tensor:
    """Subtract the first from the second, elementwise with broadcasting: `other - alpha * input`.

    Example:
        >>> autograd.rsub(autograd.tensor([1.0, 2.0]), 10)
        tensor([9., 8.])
    """
    return sub(other, input, alpha=alpha)


@composite(
    formula="x",
    samples=lambda rng: [Sample((values(rng, (2, 3)),))],
    reference=lambda x: x,
    error_samples=lambda rng: [Sample((np.array([True, False]),), (), DtypeError, "not defined for bool")],
)
def positive(input: Operand) -> Tensor:
    """The number itself, elementwise; bools are refused, as `neg` refuses them.

    Example:
        >>> autograd.positive(autograd.tensor([1.0, -2.0]))
        tensor([ 1., -2.])
    """
    input = as_handle(input, "positive")
    if input.dtype == dtypes.bool_:
        raise DtypeError("positive: not defined for bool; convert first, with x.to(dtype)")
    return input


@composite(
    formula="x ** y, in float64",
    samples=lambda rng: [
        Sample((values(rng, (2, 3), 0.3, 2.0), values(rng, (3,)))),
        Sample((values(rng, (2,), 0.3, 2.0), 2)),
        Sample((rng.integers(1, 9, 3), values(rng, (2, 1)))),
    ],
    reference=np.float_power,
    widens=True,
)
def float_power(input: Operand, exponent: Operand) -> Tensor:
    """Raise to a power in float64, elementwise with broadcasting: `input ** exponent`.

    Example:
        >>> autograd.float_power(autograd.tensor([1, 2, 3]), 2)
        tensor([1., 4., 9.], dtype=float64)
    """
    base, power = [
        x if isinstance(x, (int, float)) else op.to_dtype.apply(as_handle(x, "float_power"), dtypes.float64)
        for x in (input, exponent)
    ]
    if isinstance(base, (int, float)) and isinstance(power, (int, float)):
        base = np.asarray(base, dtype=dtypes.float64)
    return POW.apply(base, power)


def fmod(input: Operand, other: Operand) -> Tensor:
    """The remainder with the sign of the dividend, elementwise: `input - other * trunc(input / other)`.

    Raises:
        ArgumentError: an integer is divided by 0.

    Example:
        >>> autograd.fmod(autograd.tensor([7.0, -7.0]), 3)
        tensor([ 1., -1.])
    """
    return FMOD.apply(input, other)


def gcd(input: Operand, other: Operand) -> Tensor:
    """The greatest common divisor, elementwise with broadcasting, of integers. It has no derivative.

    Example:
        >>> autograd.gcd(autograd.tensor([12, 7]), 18)
        tensor([6, 1])
    """
    return GCD.apply(input, other)


def lcm(input: Operand, other: Operand) -> Tensor:
    """The least common multiple, elementwise with broadcasting, of integers. It has no derivative.

    Example:
        >>> autograd.lcm(autograd.tensor([4, 3]), 6)
        tensor([12,  6])
    """
    return LCM.apply(input, other)


def lerp(input: Operand, end: Operand, weight: Operand) -> Tensor:
    """Go from one to the other along a line, elementwise with broadcasting: `input + weight * (end - input)`.

    Args:
        input, end: Tensors, arrays or numbers where the line starts and ends; floating.
        weight: how far to go: a number, or a Tensor.

    Raises:
        DtypeError: the numbers are no floating ones.

    Example:
        >>> autograd.lerp(autograd.tensor([0.0, 10.0]), autograd.tensor([1.0, 20.0]), 0.5)
        tensor([ 0.5000, 15.0000])
    """
    return LERP.apply(input, end, weight)


def hypot(input: Operand, other: Operand) -> Tensor:
    """The hypotenuse of a right triangle, elementwise, without overflow: `sqrt(input ** 2 + other ** 2)`.

    Raises:
        DtypeError: the numbers are no floating ones.

    Example:
        >>> autograd.hypot(autograd.tensor([3.0]), autograd.tensor([4.0]))
        tensor([5.])
    """
    return HYPOT.apply(input, other)


def _three(rng: np.random.Generator) -> list[Sample]:
    a, b, c = values(rng, (2, 3)), values(rng, (3,)), values(rng, (2, 1), 0.5, 2.0)
    return [Sample((a, b, c)), Sample((a, b, c), keywords={"value": -0.5}), Sample((np.asarray(1.5), b, c))]


@composite(
    formula="x + value y z",
    samples=_three,
    reference=lambda x, y, z, value=1: x + value * y * z,
)
def addcmul(input: Operand, tensor1: Operand, tensor2: Operand, *, value: float = 1) -> Tensor:
    """Add a product, elementwise with broadcasting: `input + value * tensor1 * tensor2`.

    Args:
        input, tensor1, tensor2: Tensors, arrays or numbers whose shapes broadcast.
        value: a number that multiplies the product.

    Example:
        >>> autograd.addcmul(autograd.tensor([1.0]), autograd.tensor([2.0]), autograd.tensor([3.0]), value=10)
        tensor([61.])
    """
    product = MUL.apply(tensor1, tensor2)
    return ADD.apply(input, product if value == 1 else MUL.apply(product, value))


@composite(
    formula="x + value y / z",
    samples=_three,
    reference=lambda x, y, z, value=1: x + value * y / z,
)
def addcdiv(input: Operand, tensor1: Operand, tensor2: Operand, *, value: float = 1) -> Tensor:
    """Add a quotient, elementwise with broadcasting: `input + value * tensor1 / tensor2`.

    Args:
        input, tensor1, tensor2: Tensors, arrays or numbers whose shapes broadcast; not all of integers.
        value: a number that multiplies the quotient.

    Raises:
        DtypeError: integers are divided by integers.

    Example:
        >>> autograd.addcdiv(autograd.tensor([1.0]), autograd.tensor([6.0]), autograd.tensor([3.0]), value=10)
        tensor([21.])
    """
    given = [x if isinstance(x, (int, float)) else as_handle(x, "addcdiv") for x in (tensor1, tensor2)]
    if dtypes.result_type(*given).kind != "f":
        raise DtypeError("addcdiv: tensor1 and tensor2 are integers; convert one first, with x.to(dtype)")
    quotient = DIV.apply(tensor1, tensor2)
    return ADD.apply(input, quotient if value == 1 else MUL.apply(quotient, value))
