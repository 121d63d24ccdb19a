"""Comparisons and logic: functions of each number by itself that have no derivative."""

from __future__ import annotations

import math
import operator
from typing import TYPE_CHECKING, Any

import numpy as np

from ..composites import composite
from ..errors import ArgumentError, DtypeError
from ..primitive import Sample, as_handle, check_broadcast, make
from .dims import number
from .families import comparison, unary, values

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = [
    "allclose",
    "eq",
    "equal",
    "ge",
    "greater",
    "greater_equal",
    "gt",
    "isclose",
    "isfinite",
    "isin",
    "isinf",
    "isnan",
    "isneginf",
    "isposinf",
    "isreal",
    "le",
    "less",
    "less_equal",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
    "lt",
    "ne",
    "not_equal",
]

Operand = Any  # a Tensor, an array or a number

EQ = comparison("eq", np.equal, operator.eq, label="==", formula="x = y")
NE = comparison("ne", np.not_equal, operator.ne, label="!=", formula="x != y")
LT = comparison("lt", np.less, operator.lt, label="<", formula="x < y")
LE = comparison("le", np.less_equal, operator.le, label="<=", formula="x <= y")
GT = comparison("gt", np.greater, operator.gt, label=">", formula="x > y")
GE = comparison("ge", np.greater_equal, operator.ge, label=">=", formula="x >= y")
LOGICAL_AND = comparison("logical_and", np.logical_and, lambda x, y: bool(x and y), formula="x and y")
LOGICAL_OR = comparison("logical_or", np.logical_or, lambda x, y: bool(x or y), formula="x or y")
LOGICAL_XOR = comparison("logical_xor", np.logical_xor, lambda x, y: bool(x) != bool(y), formula="x xor y")
LOGICAL_NOT = unary("logical_not", np.logical_not, operator.not_, None, promotes="", formula="not x")
ISNAN = unary("isnan", np.isnan, math.isnan, None, promotes="", formula="x is nan")
ISINF = unary("isinf", np.isinf, math.isinf, None, promotes="", formula="|x| is inf")
ISFINITE = unary("isfinite", np.isfinite, math.isfinite, None, promotes="", formula="x is finite")
ISPOSINF = unary("isposinf", lambda x: x == math.inf, lambda x: x == math.inf, None, promotes="", formula="x is inf")
ISNEGINF = unary("isneginf", lambda x: x == -math.inf, lambda x: x == -math.inf, None, promotes="", formula="x is -inf")
ISREAL = unary("isreal", lambda x: np.ones_like(x, bool), lambda x: True, None, promotes="", formula="x is real")


# --- the public functions


def eq(input: Operand, other: Operand) -> Tensor:
    """Where `input == other`, elementwise with broadcasting: a bool Tensor.

    Example:
        >>> autograd.eq(autograd.tensor([1.0, 2.0]), 2)
        tensor([False,  True])
    """
    return EQ.apply(input, other)


def ne(input: Operand, other: Operand) -> Tensor:
    """Where `input != other`, elementwise with broadcasting: a bool Tensor.

    Example:
        >>> autograd.ne(autograd.tensor([1.0, 2.0]), 2)
        tensor([ True, False])
    """
    return NE.apply(input, other)


def lt(input: Operand, other: Operand) -> Tensor:
    """Where `input < other`, elementwise with broadcasting: a bool Tensor.

    Example:
        >>> autograd.lt(autograd.tensor([1.0, 2.0]), 2)
        tensor([ True, False])
    """
    return LT.apply(input, other)


def le(input: Operand, other: Operand) -> Tensor:
    """Where `input <= other`, elementwise with broadcasting: a bool Tensor.

    Example:
        >>> autograd.le(autograd.tensor([1.0, 2.0]), 2)
        tensor([True, True])
    """
    return LE.apply(input, other)


def gt(input: Operand, other: Operand) -> Tensor:
    """Where `input > other`, elementwise with broadcasting: a bool Tensor.

    Example:
        >>> autograd.gt(autograd.tensor([1.0, 3.0]), 2)
        tensor([False,  True])
    """
    return GT.apply(input, other)


def ge(input: Operand, other: Operand) -> Tensor:
    """Where `input >= other`, elementwise with broadcasting: a bool Tensor.

    Example:
        >>> autograd.ge(autograd.tensor([1.0, 2.0]), 2)
        tensor([False,  True])
    """
    return GE.apply(input, other)


def logical_and(input: Operand, other: Operand) -> Tensor:
    """Where both are nonzero, elementwise with broadcasting: a bool Tensor.

    Example:
        >>> autograd.logical_and(autograd.tensor([True, False]), True)
        tensor([ True, False])
    """
    return LOGICAL_AND.apply(input, other)


def logical_or(input: Operand, other: Operand) -> Tensor:
    """Where at least one is nonzero, elementwise with broadcasting: a bool Tensor.

    Example:
        >>> autograd.logical_or(autograd.tensor([True, False]), False)
        tensor([ True, False])
    """
    return LOGICAL_OR.apply(input, other)


def logical_xor(input: Operand, other: Operand) -> Tensor:
    """Where exactly one is nonzero, elementwise with broadcasting: a bool Tensor.

    Example:
        >>> autograd.logical_xor(autograd.tensor([True, False]), True)
        tensor([False,  True])
    """
    return LOGICAL_XOR.apply(input, other)


def logical_not(input: Operand) -> Tensor:
    """Where the number is zero, elementwise: a bool Tensor.

    Example:
        >>> autograd.logical_not(autograd.tensor([True, False]))
        tensor([False,  True])
    """
    return LOGICAL_NOT.apply(input)


def isnan(input: Operand) -> Tensor:
    """Where the number is nan, elementwise: a bool Tensor.

    Example:
        >>> autograd.isnan(autograd.tensor([1.0, float("nan")]))
        tensor([False,  True])
    """
    return ISNAN.apply(input)


def isinf(input: Operand) -> Tensor:
    """Where the number is infinite, elementwise: a bool Tensor.

    Example:
        >>> autograd.isinf(autograd.tensor([1.0, float("inf")]))
        tensor([False,  True])
    """
    return ISINF.apply(input)


def isfinite(input: Operand) -> Tensor:
    """Where the number is neither nan nor infinite, elementwise: a bool Tensor.

    Example:
        >>> autograd.isfinite(autograd.tensor([1.0, float("inf")]))
        tensor([ True, False])
    """
    return ISFINITE.apply(input)


greater, greater_equal, less, less_equal, not_equal = gt, ge, lt, le, ne


def isposinf(input: Operand) -> Tensor:
    """Where the number is inf, elementwise: a bool Tensor.

    Example:
        >>> autograd.isposinf(autograd.tensor([1.0, float("inf"), float("-inf")]))
        tensor([False,  True, False])
    """
    return ISPOSINF.apply(input)


def isneginf(input: Operand) -> Tensor:
    """Where the number is -inf, elementwise: a bool Tensor.

    Example:
        >>> autograd.isneginf(autograd.tensor([1.0, float("inf"), float("-inf")]))
        tensor([False, False,  True])
    """
    return ISNEGINF.apply(input)


def isreal(input: Operand) -> Tensor:
    """Where the number has no imaginary part: everywhere, as complex numbers are not offered. A bool Tensor.

    Example:
        >>> autograd.isreal(autograd.tensor([1.0, 2.0]))
        tensor([True, True])
    """
    return ISREAL.apply(input)


def _pairs(rng: np.random.Generator) -> list[Sample]:
    x = values(rng, (2, 3))
    far = np.array([[1e-9, 1.0, 0.0]])
    nan = np.array([math.nan, math.inf, 1.0])
    return [
        Sample((x, x + far)),
        Sample((x, x + far), keywords={"rtol": 0.0, "atol": 2.0}),
        Sample((nan, nan), keywords={"equal_nan": True}),
    ]


def _wrong_pairs(rng: np.random.Generator) -> list[Sample]:
    x = values(rng, (2, 3))
    return [
        Sample((x, x), (-1.0,), ArgumentError, "rtol is -1.0"),
        Sample((x, x), (0.0, -1.0), ArgumentError, "atol is -1.0"),
        Sample((x, x.astype(np.float32)), (), DtypeError, "float64 and float32"),
    ]


def _close(name: str, input: Operand, other: Operand, rtol: float, atol: float, equal_nan: bool) -> Any:
    a, b = as_handle(input, name)._array, as_handle(other, name)._array
    for what, value in (("rtol", rtol), ("atol", atol)):
        if not number(name, what, value) >= 0:
            raise ArgumentError(f"{name}: {what} is {value}; use a number that is not negative")
    if a.dtype != b.dtype:
        raise DtypeError(f"{name}: dtypes {a.dtype} and {b.dtype} are compared; convert one first, with x.to(dtype)")
    check_broadcast(name, {"input": a, "other": b})
    with np.errstate(all="ignore"):
        return np.asarray(np.isclose(a, b, rtol, atol, equal_nan))


@composite(
    formula="|x - y| <= atol + rtol |y|",
    samples=_pairs,
    reference=lambda x, y, rtol=1e-5, atol=1e-8, equal_nan=False: np.isclose(x, y, rtol, atol, equal_nan),
    error_samples=_wrong_pairs,
    differentiable=False,
)
def isclose(
    input: Operand, other: Operand, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False
) -> Tensor:
    """Where two numbers are nearly equal, elementwise: `|input - other| <= atol + rtol * |other|`.

    Args:
        input, other: Tensors of one dtype whose shapes broadcast.
        rtol, atol: the relative and the absolute tolerance.
        equal_nan: whether nan is near to nan.

    Raises:
        ArgumentError: a tolerance is negative.
        DtypeError: the dtypes differ.

    Example:
        >>> autograd.isclose(autograd.tensor([1.0, 2.0]), autograd.tensor([1.0, 2.1]))
        tensor([ True, False])
    """
    return make(_close("isclose", input, other, rtol, atol, equal_nan))


@composite(
    formula="all |x - y| <= atol + rtol |y|",
    samples=_pairs,
    reference=lambda x, y, rtol=1e-5, atol=1e-8, equal_nan=False: np.allclose(x, y, rtol, atol, equal_nan),
    error_samples=_wrong_pairs,
    differentiable=False,
)
def allclose(input: Operand, other: Operand, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> bool:
    """Whether all numbers are nearly equal; see `isclose`.

    Raises:
        ArgumentError: a tolerance is negative.
        DtypeError: the dtypes differ.

    Example:
        >>> autograd.allclose(autograd.tensor([1.0, 2.0]), autograd.tensor([1.0, 2.0 + 1e-7]))
        True
    """
    return bool(_close("allclose", input, other, rtol, atol, equal_nan).all())


@composite(
    formula="all x = y, of one shape",
    samples=lambda rng: [
        Sample((rng.integers(0, 9, 3), np.array([1, 2, 3]))),
        Sample((np.ones((2, 3)), np.ones((2, 3)))),
        Sample((np.ones((2, 3)), np.ones((1, 3)))),
    ],
    reference=np.array_equal,
    error_samples=lambda rng: [Sample((np.ones(2), np.ones(2, np.float32)), (), DtypeError, "float64 and float32")],
    differentiable=False,
)
def equal(input: Operand, other: Operand) -> bool:
    """Whether two Tensors have one shape and the same numbers.

    Raises:
        DtypeError: the dtypes differ.

    Example:
        >>> autograd.equal(autograd.tensor([1, 2]), autograd.tensor([1, 2]))
        True
    """
    a, b = as_handle(input, "equal")._array, as_handle(other, "equal")._array
    if a.dtype != b.dtype:
        raise DtypeError(f"equal: dtypes {a.dtype} and {b.dtype} are compared; convert one first, with x.to(dtype)")
    return bool(np.array_equal(a, b))


@composite(
    formula="x is one of the others",
    samples=lambda rng: [
        Sample((rng.integers(0, 5, (2, 3)), np.array([1, 2]))),
        Sample((rng.integers(0, 5, (2, 3)), np.array([[1, 2]])), keywords={"invert": True}),
        Sample((np.array([0.5, math.nan]), np.array([math.nan, 0.5]))),
    ],
    reference=np.isin,
    differentiable=False,
)
def isin(elements: Operand, test_elements: Operand, *, assume_unique: bool = False, invert: bool = False) -> Tensor:
    """Where a number is one of others: a bool Tensor of the shape of `elements`.

    Args:
        elements: a Tensor of any shape, or a number.
        test_elements: the numbers to look for, of any shape, or one number.
        assume_unique: taken for PyTorch's sake; the result does not depend on it.
        invert: tell where it is none of them.

    Example:
        >>> autograd.isin(autograd.tensor([1, 2, 3]), autograd.tensor([3, 1]))
        tensor([ True, False,  True])
    """
    a, b = as_handle(elements, "isin")._array, as_handle(test_elements, "isin")._array
    return make(np.asarray(np.isin(a, b, invert=invert)))
