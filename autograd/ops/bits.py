"""Bits of integers, and logic of bools: functions that have no derivative."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import dtypes
from ..errors import DtypeError
from ..primitive import Sample, define
from . import scalar

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = [
    "bitwise_and",
    "bitwise_left_shift",
    "bitwise_not",
    "bitwise_or",
    "bitwise_right_shift",
    "bitwise_xor",
]

Operand = Any  # a Tensor, an array or a number


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
        error_samples=lambda rng: [
            Sample((rng.uniform(size=2), rng.uniform(size=2)), (), DtypeError, "not defined for float64")
        ],
        label=label,
        formula=f"x {label} y, bit by bit",
    )


BITWISE_AND = _bits("bitwise_and", np.bitwise_and, operator.and_, "&")
BITWISE_OR = _bits("bitwise_or", np.bitwise_or, operator.or_, "|")
BITWISE_XOR = _bits("bitwise_xor", np.bitwise_xor, operator.xor, "^")


def _shifted(shift: Any) -> Any:
    """A shift by whole numbers; bools, which NumPy would take for int8, are refused."""

    def forward(x: Any, y: Any) -> Any:
        if x.dtype == dtypes.bool_:
            raise TypeError  # the caller says so in our words
        return shift(x, y)

    return forward


LEFT_SHIFT = _bits("bitwise_left_shift", _shifted(np.left_shift), scalar.through_array(np.left_shift), "<<")
RIGHT_SHIFT = _bits("bitwise_right_shift", _shifted(np.right_shift), scalar.through_array(np.right_shift), ">>")
BITWISE_NOT = define(
    "bitwise_not",
    forward=np.bitwise_not,
    inputs=("x",),
    samples=lambda rng: [Sample((rng.integers(0, 9, (2, 3)),)), Sample((rng.integers(0, 2, (3,)) > 0,))],
    label="~",
    formula="not x, bit by bit",
)

# --- the public functions


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


def bitwise_left_shift(input: Operand, other: Operand) -> Tensor:
    """Move the bits of integers to the left, elementwise with broadcasting: `input * 2 ** other`, as `<<` does.

    Example:
        >>> autograd.bitwise_left_shift(autograd.tensor([1, 3]), 2)
        tensor([ 4, 12])
    """
    return LEFT_SHIFT.apply(input, other)


def bitwise_right_shift(input: Operand, other: Operand) -> Tensor:
    """Move the bits of integers to the right, elementwise with broadcasting: `input // 2 ** other`, as `>>` does.

    Example:
        >>> autograd.bitwise_right_shift(autograd.tensor([8, -7]), 2)
        tensor([ 2, -2])
    """
    return RIGHT_SHIFT.apply(input, other)
