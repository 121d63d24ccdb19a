"""Comparisons, logic and bits: functions of each number by itself that have no derivative."""

from __future__ import annotations

import math
import operator
from typing import TYPE_CHECKING, Any

import numpy as np

from ..primitive import Sample, define
from .families import comparison, unary

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = [
    "bitwise_and",
    "bitwise_not",
    "bitwise_or",
    "bitwise_xor",
    "eq",
    "ge",
    "gt",
    "isfinite",
    "isinf",
    "isnan",
    "le",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
    "lt",
    "ne",
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


def _bits(name: str, forward: Any, scalar_formula: Any, label: str) -> Any:
    def samples(rng: np.random.Generator) -> list[Sample]:
        return [Sample((rng.integers(0, 9, (2, 3)), rng.integers(0, 9, (3,))))]

    return define(
        name,
        forward=forward,
        scalar=scalar_formula,
        inputs=("x", "y"),
        broadcasts=True,
        promotes="same",
        samples=samples,
        label=label,
        formula=f"x {label} y, bit by bit",
    )


BITWISE_AND = _bits("bitwise_and", np.bitwise_and, operator.and_, "&")
BITWISE_OR = _bits("bitwise_or", np.bitwise_or, operator.or_, "|")
BITWISE_XOR = _bits("bitwise_xor", np.bitwise_xor, operator.xor, "^")
BITWISE_NOT = define(
    "bitwise_not",
    forward=np.bitwise_not,
    inputs=("x",),
    samples=lambda rng: [Sample((rng.integers(0, 9, (2, 3)),)), Sample((rng.integers(0, 2, (3,)) > 0,))],
    label="~",
    formula="not x, bit by bit",
)

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


def bitwise_and(input: Operand, other: Operand) -> Tensor:
    """And, bit by bit, of integers or bools.

    Example:
        >>> autograd.bitwise_and(autograd.tensor([6, 5]), 3)
        tensor([2, 1])
    """
    return BITWISE_AND.apply(input, other)


def bitwise_or(input: Operand, other: Operand) -> Tensor:
    """Or, bit by bit, of integers or bools.

    Example:
        >>> autograd.bitwise_or(autograd.tensor([6, 5]), 3)
        tensor([7, 7])
    """
    return BITWISE_OR.apply(input, other)


def bitwise_xor(input: Operand, other: Operand) -> Tensor:
    """Exclusive or, bit by bit, of integers or bools.

    Example:
        >>> autograd.bitwise_xor(autograd.tensor([6, 5]), 3)
        tensor([5, 6])
    """
    return BITWISE_XOR.apply(input, other)


def bitwise_not(input: Operand) -> Tensor:
    """Not, bit by bit, of integers or bools.

    Example:
        >>> autograd.bitwise_not(autograd.tensor([True, False]))
        tensor([False,  True])
    """
    return BITWISE_NOT.apply(input)
