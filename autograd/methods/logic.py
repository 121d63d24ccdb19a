"""The methods of Tensor that compare, and those of bits, each in one line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..ops import bits, comparison
from ..primitive import Handle

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["Logic"]


class Logic(Handle):
    """Comparisons, logic and bits."""

    __slots__ = ()

    def logical_not(self) -> Tensor:
        """See `autograd.logical_not`."""
        return comparison.logical_not(self)

    def isnan(self) -> Tensor:
        """See `autograd.isnan`."""
        return comparison.isnan(self)

    def isinf(self) -> Tensor:
        """See `autograd.isinf`."""
        return comparison.isinf(self)

    def isfinite(self) -> Tensor:
        """See `autograd.isfinite`."""
        return comparison.isfinite(self)

    def bitwise_not(self) -> Tensor:
        """See `autograd.bitwise_not`."""
        return bits.bitwise_not(self)

    def eq(self, other: Any) -> Tensor:
        """See `autograd.eq`."""
        return comparison.eq(self, other)

    def ne(self, other: Any) -> Tensor:
        """See `autograd.ne`."""
        return comparison.ne(self, other)

    def lt(self, other: Any) -> Tensor:
        """See `autograd.lt`."""
        return comparison.lt(self, other)

    def le(self, other: Any) -> Tensor:
        """See `autograd.le`."""
        return comparison.le(self, other)

    def gt(self, other: Any) -> Tensor:
        """See `autograd.gt`."""
        return comparison.gt(self, other)

    def ge(self, other: Any) -> Tensor:
        """See `autograd.ge`."""
        return comparison.ge(self, other)

    def logical_and(self, other: Any) -> Tensor:
        """See `autograd.logical_and`."""
        return comparison.logical_and(self, other)

    def logical_or(self, other: Any) -> Tensor:
        """See `autograd.logical_or`."""
        return comparison.logical_or(self, other)

    def logical_xor(self, other: Any) -> Tensor:
        """See `autograd.logical_xor`."""
        return comparison.logical_xor(self, other)

    def bitwise_and(self, other: Any) -> Tensor:
        """See `autograd.bitwise_and`."""
        return bits.bitwise_and(self, other)

    def bitwise_or(self, other: Any) -> Tensor:
        """See `autograd.bitwise_or`."""
        return bits.bitwise_or(self, other)

    def bitwise_xor(self, other: Any) -> Tensor:
        """See `autograd.bitwise_xor`."""
        return bits.bitwise_xor(self, other)

    def allclose(self, other: Any, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> bool:
        """See `autograd.allclose`."""
        return comparison.allclose(self, other, rtol, atol, equal_nan)

    def equal(self, other: Any) -> bool:
        """See `autograd.equal`."""
        return comparison.equal(self, other)

    def greater(self, other: Any) -> Tensor:
        """See `autograd.gt`."""
        return comparison.gt(self, other)

    def greater_equal(self, other: Any) -> Tensor:
        """See `autograd.ge`."""
        return comparison.ge(self, other)

    def isclose(self, other: Any, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> Tensor:
        """See `autograd.isclose`."""
        return comparison.isclose(self, other, rtol, atol, equal_nan)

    def isneginf(self) -> Tensor:
        """See `autograd.isneginf`."""
        return comparison.isneginf(self)

    def isposinf(self) -> Tensor:
        """See `autograd.isposinf`."""
        return comparison.isposinf(self)

    def isreal(self) -> Tensor:
        """See `autograd.isreal`."""
        return comparison.isreal(self)

    def less(self, other: Any) -> Tensor:
        """See `autograd.lt`."""
        return comparison.lt(self, other)

    def less_equal(self, other: Any) -> Tensor:
        """See `autograd.le`."""
        return comparison.le(self, other)

    def not_equal(self, other: Any) -> Tensor:
        """See `autograd.ne`."""
        return comparison.ne(self, other)

    def bitwise_left_shift(self, other: Any) -> Tensor:
        """See `autograd.bitwise_left_shift`."""
        return bits.bitwise_left_shift(self, other)

    def bitwise_right_shift(self, other: Any) -> Tensor:
        """See `autograd.bitwise_right_shift`."""
        return bits.bitwise_right_shift(self, other)
