"""Rounding, and the parts that floating numbers are made of."""

from __future__ import annotations

import builtins
import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .. import dtypes
from ..composites import composite
from ..errors import DtypeError
from ..primitive import Sample, as_handle, define, op
from . import scalar
from .families import binary, floats_alone, rounding, unary, values

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["ceil", "fix", "floor", "frac", "frexp", "ldexp", "nextafter", "round", "trunc"]

Operand = Any  # a Tensor, an array or a number


def _round(x: Any) -> Any:
    return np.rint(x) if x.dtype.kind == "f" else np.positive(x)


FLOOR = rounding("floor", np.floor, scalar.whole(math.floor), formula="floor(x)")
CEIL = rounding("ceil", np.ceil, scalar.whole(math.ceil), formula="ceil(x)")
ROUND = rounding("round", _round, scalar.whole(builtins.round), formula="round(x), halves to even")
TRUNC = rounding("trunc", np.trunc, scalar.whole(math.trunc), formula="trunc(x)")


FRAC = unary(
    "frac",
    floats_alone(lambda x: x - np.trunc(x)),
    lambda x: x - math.trunc(x) if math.isfinite(x) else math.nan,
    lambda g: g,
    low=0.1,
    high=0.9,
    promotes="same",
    formula="x - trunc(x)",
)
NEXTAFTER = binary(
    "nextafter",
    floats_alone(np.nextafter),
    math.nextafter,
    x=lambda g, x, y: op.where(op.eq(x, y), 0.0, g),
    y=lambda g: op.zero(g),
    formula="the number next to x on the way to y",
)


def _frexp(x: Any) -> Any:
    mantissa, exponent = np.frexp(x)
    greatest = np.finfo(x.dtype).maxexp - 1  # which the smallest subnormal numbers would exceed
    return mantissa, exponent, np.ldexp(x.dtype.type(1), np.minimum(-exponent, greatest))


def _only_floats(x: Any) -> None:
    if x.dtype.kind != "f":
        raise DtypeError(f"frexp: not defined for {x.dtype}; convert first, with x.to(dtype)")


FREXP = define(
    "frexp",
    forward=_frexp,
    inputs=("x",),
    outputs=("mantissa", "exponent", "scale"),
    differentiable=(True, False, False),
    vjp={"x": lambda g, scale: g * scale},
    infer=_only_floats,
    samples=lambda rng: [Sample((values(rng, shape, 2.4, 3.6),)) for shape in ((), (2, 3), (0, 2))],
    error_samples=lambda rng: [Sample((np.array([1, 2]),), (), DtypeError, "not defined for int64")],
    formula="x = mantissa 2^exponent, with 1/2 <= |mantissa| < 1",
)

# --- the public functions


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


def trunc(input: Operand) -> Tensor:
    """The whole number towards zero, elementwise. Its gradient is 0.

    Example:
        >>> autograd.trunc(autograd.tensor([1.7, -1.7]))
        tensor([ 1., -1.])
    """
    return TRUNC.apply(input)


def round(input: Operand, *, decimals: int = 0) -> Tensor:
    """The nearest whole number, halves to the even one, elementwise. Its gradient is 0.

    Args:
        input: a Tensor of any shape.
        decimals: how many digits after the decimal point stay; of a negative number, how many before it become 0.

    Example:
        >>> autograd.round(autograd.tensor([0.5, 1.5, 2.4]))
        tensor([0., 2., 2.])
        >>> autograd.round(autograd.tensor([0.126]), decimals=2)
        tensor([0.1300])
    """
    if decimals == 0:
        return ROUND.apply(input)
    input = as_handle(input, "round")
    if input.dtype.kind != "f":
        raise DtypeError(f"round: decimals are not defined for {input.dtype}; convert first, with x.to(dtype)")
    scale = 10.0 ** builtins.abs(decimals)
    if decimals > 0:
        return op.div.apply(ROUND.apply(op.mul.apply(input, scale)), scale)
    return op.mul.apply(ROUND.apply(op.div.apply(input, scale)), scale)


fix = trunc


def frac(input: Operand) -> Tensor:
    """What stands after the decimal point, with the sign, elementwise: `x - trunc(x)`.

    Raises:
        DtypeError: the numbers are no floating ones.

    Example:
        >>> autograd.frac(autograd.tensor([1.25, -1.25]))
        tensor([ 0.2500, -0.2500])
    """
    return FRAC.apply(input)


def nextafter(input: Operand, other: Operand) -> Tensor:
    """The floating number next to `input` in the direction of `other`, elementwise with broadcasting.

    Raises:
        DtypeError: the numbers are no floating ones.

    Example:
        >>> autograd.nextafter(autograd.tensor([1.0]), autograd.tensor([2.0])) > 1
        tensor([True])
    """
    return NEXTAFTER.apply(input, other)


class Frexp(NamedTuple):
    """What `frexp` gives."""

    mantissa: Any
    exponent: Any


def frexp(input: Operand) -> Frexp:
    """Take floating numbers apart, elementwise: `x = mantissa * 2 ** exponent`, with a mantissa from 0.5 to 1.

    Returns:
        The mantissas, and the exponents as int32; gradients pass through the mantissas.

    Raises:
        DtypeError: the numbers are no floating ones.

    Example:
        >>> mantissa, exponent = autograd.frexp(autograd.tensor([5.0, 0.25]))
        >>> mantissa
        tensor([0.6250, 0.5000])
        >>> exponent
        tensor([ 3, -1], dtype=int32)
    """
    return Frexp(*FREXP.apply(input)[:2])


def _ldexp_reference(x: Any, y: Any) -> Any:
    return x * 2.0**y


@composite(
    formula="x 2^y",
    samples=lambda rng: [
        Sample((values(rng, (2, 3)), rng.integers(-3, 4, (3,)))),
        Sample((values(rng, (2, 1)), values(rng, (3,)))),
    ],
    reference=_ldexp_reference,
)
def ldexp(input: Operand, other: Operand) -> Tensor:
    """Multiply by a power of two, elementwise with broadcasting: `input * 2 ** other`.

    Example:
        >>> autograd.ldexp(autograd.tensor([1.5]), autograd.tensor([3]))
        tensor([12.])
    """
    x, y = as_handle(input, "ldexp"), as_handle(other, "ldexp")
    dtype = dtypes.result_type(x, y)
    dtype = dtype if dtype.kind == "f" else dtypes.get_default_dtype()
    return op.mul.apply(x, op.exp2.apply(y if y.dtype == dtype else op.to_dtype.apply(y, dtype)))
