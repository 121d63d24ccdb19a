"""Choosing between numbers: signs and absolute values, the larger of two, limits, conditions."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import dtypes
from ..composites import composite
from ..errors import ArgumentError
from ..primitive import Sample, as_handle, define, make, op
from . import scalar
from .families import binary, comparison, unary, values

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = [
    "abs",
    "absolute",
    "angle",
    "clamp",
    "clamp_max",
    "clamp_min",
    "clip",
    "conj",
    "conj_physical",
    "copysign",
    "fmax",
    "fmin",
    "heaviside",
    "maximum",
    "minimum",
    "nan_to_num",
    "real",
    "resolve_conj",
    "resolve_neg",
    "sgn",
    "sign",
    "signbit",
    "where",
]

Operand = Any  # a Tensor, an array or a number

# --- signs


def _sign(x: Any) -> Any:
    """Of nan it is 0, as in PyTorch; NumPy's is nan."""
    return np.subtract(x > 0, x < 0, dtype=x.dtype) if x.dtype != dtypes.bool_ else x.copy()


ABS = unary("abs", np.absolute, math.fabs, lambda g, x: g * op.sign(x), kinks=(0,), promotes="same", formula="|x|")
SIGN = unary("sign", _sign, scalar.sign, lambda g: op.zero(g), kinks=(0,), promotes="same", formula="sign(x)")
SIGNBIT = unary(
    "signbit",
    lambda x: np.signbit(x) if np.asarray(x).dtype.kind == "f" else np.less(x, 0),
    lambda x: math.copysign(1.0, x) < 0,
    None,
    kinks=(0,),
    promotes="",
    formula="x < 0, and true of -0",
)
COPYSIGN = binary(
    "copysign",
    np.copysign,
    math.copysign,
    x=lambda g, x, out: g * op.sign(x) * op.sign(out),
    y=lambda g: op.zero(g),
    x_range=(0.3, 2.0),
    y_range=(0.3, 2.0),
    promotes="float",
    formula="|x| with the sign of y",
)


def _angle(x: Any) -> Any:
    return np.where(np.isnan(x), x, np.where(x < 0, x.dtype.type(math.pi), x.dtype.type(0)))


ANGLE = unary(
    "angle",
    _angle,
    lambda x: x if x != x else math.pi if x < 0 else 0.0,
    lambda g: op.zero(g),
    kinks=(0,),
    formula="pi where x < 0, else 0",
)
HEAVISIDE = comparison(
    "heaviside",
    lambda x, y: np.where(np.equal(x, 0), y, np.greater(x, 0).astype(np.result_type(x, y))),
    lambda x, y: y if x == 0 else float(x > 0),
    formula="1 where x > 0, y where x = 0, else 0",
)

# --- the larger and the smaller of two


def _share(g: Any, lost: Any, x: Any, y: Any) -> Any:
    """The gradient of the larger (or smaller) of x and y: none to the loser, half at a tie, all where one is nan."""
    return op.where(op.eq(x, y), g / 2, op.where(lost, 0.0, g))


MAXIMUM = binary(
    "maximum",
    np.maximum,
    scalar.maximum,
    x=lambda g, x, y: _share(g, x < y, x, y),
    y=lambda g, x, y: _share(g, y < x, x, y),
    formula="max(x, y)",
)
MINIMUM = binary(
    "minimum",
    np.minimum,
    scalar.minimum,
    x=lambda g, x, y: _share(g, x > y, x, y),
    y=lambda g, x, y: _share(g, y > x, x, y),
    formula="min(x, y)",
)
# At a tie x takes all of the gradient; so does it where y is nan.
FMAX = binary(
    "fmax",
    np.fmax,
    scalar.through_array(np.fmax),
    x=lambda g, x, y: op.where((x >= y) | op.isnan(y), g, 0.0),
    y=lambda g, x, y: op.where((x >= y) | op.isnan(y), 0.0, g),
    formula="max(x, y), or the one that is not nan",
)
FMIN = binary(
    "fmin",
    np.fmin,
    scalar.through_array(np.fmin),
    x=lambda g, x, y: op.where((x <= y) | op.isnan(y), g, 0.0),
    y=lambda g, x, y: op.where((x <= y) | op.isnan(y), 0.0, g),
    formula="min(x, y), or the one that is not nan",
)
CLAMP_MIN = binary(
    "clamp_min",
    np.maximum,
    scalar.maximum,
    x=lambda g, x, y: op.where(x >= y, g, 0.0),
    y=lambda g, x, y: op.where(x < y, g, 0.0),
    formula="max(x, low)",
)
CLAMP_MAX = binary(
    "clamp_max",
    np.minimum,
    scalar.minimum,
    x=lambda g, x, y: op.where(x <= y, g, 0.0),
    y=lambda g, x, y: op.where(x > y, g, 0.0),
    formula="min(x, high)",
)

# --- choosing and limiting


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


def _nan_to_num(x: Any, nan: float | None, posinf: float | None, neginf: float | None) -> Any:
    if x.dtype.kind != "f":
        return x.copy()
    with np.errstate(over="ignore"):
        return np.nan_to_num(x, nan=0.0 if nan is None else nan, posinf=posinf, neginf=neginf)


def _nan_to_num_scalar(x: float, nan: float | None, posinf: float | None, neginf: float | None) -> float:
    return _nan_to_num(np.asarray(x), nan, posinf, neginf).item()


NAN_TO_NUM = define(
    "nan_to_num",
    forward=_nan_to_num,
    scalar=_nan_to_num_scalar,
    inputs=("x",),
    attributes=("nan", "posinf", "neginf"),
    vjp={"x": lambda g, x: op.where(op.isfinite(x), g, 0.0)},
    samples=lambda rng: [Sample((values(rng, shape),), (0.5, 2.0, -2.0)) for shape in ((), (2, 3), (0, 2))],
    formula="x, and other numbers in place of nan, inf and -inf",
)

# --- the public functions


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


def where(condition: Operand, input: Operand = None, other: Operand = None) -> Tensor | tuple[Tensor, ...]:
    """Choose, elementwise with broadcasting: `input` where `condition` holds, else `other`.

    Args:
        condition: a bool Tensor or array.
        input, other: Tensors, arrays or numbers. Without them: the indices where `condition` holds, one Tensor of
            integers for each dimension.

    Raises:
        ArgumentError: only one of `input` and `other` is given.

    Example:
        >>> x = autograd.tensor([-1.0, 2.0])
        >>> autograd.where(x > 0, x, 0.0)
        tensor([0., 2.])
        >>> autograd.where(x > 0)
        (tensor([1]),)
    """
    if input is None and other is None:
        array = as_handle(condition, "where")._array
        return tuple([make(indices) for indices in np.nonzero(np.atleast_1d(array))])
    if input is None or other is None:
        raise ArgumentError("where: give both input and other, or neither")
    return WHERE.apply(condition, input, other)


def clamp(input: Operand, min: Operand = None, max: Operand = None) -> Tensor:
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
        low = input if min is None else CLAMP_MIN.apply(input, min)
        return low if max is None else CLAMP_MAX.apply(low, max)
    input = as_handle(input, "clamp")
    if input.dtype.kind != "f":  # whole numbers between float bounds become floats
        dtype = dtypes.result_type(input, min, max)
        input = input if input.dtype == dtype else op.to_dtype.apply(input, dtype)
    return CLAMP.apply(input, min, max)


clip = clamp


absolute, sgn = abs, sign


def signbit(input: Operand) -> Tensor:
    """Where the sign bit is set, elementwise: of negative numbers and of -0.0. A bool Tensor.

    Example:
        >>> autograd.signbit(autograd.tensor([1.0, -0.0, -2.0]))
        tensor([False,  True,  True])
    """
    return SIGNBIT.apply(input)


def copysign(input: Operand, other: Operand) -> Tensor:
    """The absolute value of the first with the sign of the second, elementwise with broadcasting.

    Its derivative by `input` is 1 where the sign stays, -1 where it changes and 0 at 0; by `other` it is 0.

    Example:
        >>> autograd.copysign(autograd.tensor([1.0, 2.0]), autograd.tensor([-3.0, 0.0]))
        tensor([-1.,  2.])
    """
    return COPYSIGN.apply(input, other)


def angle(input: Operand) -> Tensor:
    """The angle of a real number as a complex one, elementwise: pi where it is negative, else 0; nan for nan.

    Example:
        >>> autograd.angle(autograd.tensor([1.0, -2.0]))
        tensor([0.0000, 3.1416])
    """
    return ANGLE.apply(input)


def heaviside(input: Operand, values: Operand) -> Tensor:
    """The step function, elementwise with broadcasting: 0 below 0, 1 above, `values` at 0. It has no derivative.

    Example:
        >>> autograd.heaviside(autograd.tensor([-1.5, 0.0, 2.0]), autograd.tensor([0.5]))
        tensor([0.0000, 0.5000, 1.0000])
    """
    return HEAVISIDE.apply(input, values)


def fmax(input: Operand, other: Operand) -> Tensor:
    """The larger of two, elementwise with broadcasting, and where one is nan the other.

    At a tie `input` takes all of the gradient.

    Example:
        >>> autograd.fmax(autograd.tensor([1.0, float("nan")]), autograd.tensor([3.0, 2.0]))
        tensor([3., 2.])
    """
    return FMAX.apply(input, other)


def fmin(input: Operand, other: Operand) -> Tensor:
    """The smaller of two, elementwise with broadcasting, and where one is nan the other.

    At a tie `input` takes all of the gradient.

    Example:
        >>> autograd.fmin(autograd.tensor([1.0, float("nan")]), autograd.tensor([3.0, 2.0]))
        tensor([1., 2.])
    """
    return FMIN.apply(input, other)


def clamp_min(input: Operand, min: Operand) -> Tensor:
    """Limit from below, elementwise with broadcasting: `maximum(x, min)`. At a tie `input` takes all of the gradient.

    Example:
        >>> autograd.clamp_min(autograd.tensor([-2.0, 0.5]), 0)
        tensor([0.0000, 0.5000])
    """
    return CLAMP_MIN.apply(input, min)


def clamp_max(input: Operand, max: Operand) -> Tensor:
    """Limit from above, elementwise with broadcasting: `minimum(x, max)`. At a tie `input` takes all of the gradient.

    Example:
        >>> autograd.clamp_max(autograd.tensor([-2.0, 0.5]), 0)
        tensor([-2.,  0.])
    """
    return CLAMP_MAX.apply(input, max)


def nan_to_num(
    input: Operand, nan: float | None = None, posinf: float | None = None, neginf: float | None = None
) -> Tensor:
    """Put numbers in place of nan and infinities, elementwise. The gradient there is 0.

    Args:
        input: a Tensor of any shape; integers stay as they are.
        nan: what stands for nan; 0, unless given.
        posinf, neginf: what stands for inf and -inf; the largest and smallest numbers of the dtype, unless given.

    Example:
        >>> autograd.nan_to_num(autograd.tensor([float("nan"), float("inf"), 2.0]), posinf=1.0)
        tensor([0., 1., 2.])
    """
    return NAN_TO_NUM.apply(input, nan, posinf, neginf)


def _itself(rng: np.random.Generator) -> list[Sample]:
    return [Sample((values(rng, (2, 3)),)), Sample((np.asarray(1.5),))]


@composite(formula="x", samples=_itself, reference=lambda x: x)
def real(input: Operand) -> Tensor:
    """The real part: the Tensor itself, as complex numbers are not offered.

    Example:
        >>> autograd.real(autograd.tensor([1.0, -2.0]))
        tensor([ 1., -2.])
    """
    return as_handle(input, "real")


@composite(formula="x", samples=_itself, reference=lambda x: x)
def conj(input: Operand) -> Tensor:
    """The complex conjugate: of a real Tensor, itself.

    Example:
        >>> autograd.conj(autograd.tensor([1.0, -2.0]))
        tensor([ 1., -2.])
    """
    return as_handle(input, "conj")


conj_physical = resolve_conj = resolve_neg = conj
