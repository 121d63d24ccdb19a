"""The elementwise methods of Tensor, each in one line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..ops import activation, comparison, elementwise
from ..primitive import Handle

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["Elementwise"]


class Elementwise(Handle):
    """Functions of each number, and of pairs of numbers."""

    __slots__ = ()

    def exp(self) -> Tensor:
        """See `autograd.exp`."""
        return elementwise.exp(self)

    def expm1(self) -> Tensor:
        """See `autograd.expm1`."""
        return elementwise.expm1(self)

    def log(self) -> Tensor:
        """See `autograd.log`."""
        return elementwise.log(self)

    def log1p(self) -> Tensor:
        """See `autograd.log1p`."""
        return elementwise.log1p(self)

    def log2(self) -> Tensor:
        """See `autograd.log2`."""
        return elementwise.log2(self)

    def log10(self) -> Tensor:
        """See `autograd.log10`."""
        return elementwise.log10(self)

    def sqrt(self) -> Tensor:
        """See `autograd.sqrt`."""
        return elementwise.sqrt(self)

    def rsqrt(self) -> Tensor:
        """See `autograd.rsqrt`."""
        return elementwise.rsqrt(self)

    def square(self) -> Tensor:
        """See `autograd.square`."""
        return elementwise.square(self)

    def reciprocal(self) -> Tensor:
        """See `autograd.reciprocal`."""
        return elementwise.reciprocal(self)

    def neg(self) -> Tensor:
        """See `autograd.neg`."""
        return elementwise.neg(self)

    def sign(self) -> Tensor:
        """See `autograd.sign`."""
        return elementwise.sign(self)

    def sin(self) -> Tensor:
        """See `autograd.sin`."""
        return elementwise.sin(self)

    def cos(self) -> Tensor:
        """See `autograd.cos`."""
        return elementwise.cos(self)

    def tan(self) -> Tensor:
        """See `autograd.tan`."""
        return elementwise.tan(self)

    def sinh(self) -> Tensor:
        """See `autograd.sinh`."""
        return elementwise.sinh(self)

    def cosh(self) -> Tensor:
        """See `autograd.cosh`."""
        return elementwise.cosh(self)

    def tanh(self) -> Tensor:
        """See `autograd.tanh`."""
        return elementwise.tanh(self)

    def atan(self) -> Tensor:
        """See `autograd.atan`."""
        return elementwise.atan(self)

    def erf(self) -> Tensor:
        """See `autograd.erf`."""
        return elementwise.erf(self)

    def floor(self) -> Tensor:
        """See `autograd.floor`."""
        return elementwise.floor(self)

    def ceil(self) -> Tensor:
        """See `autograd.ceil`."""
        return elementwise.ceil(self)

    def trunc(self) -> Tensor:
        """See `autograd.trunc`."""
        return elementwise.trunc(self)

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
        return comparison.bitwise_not(self)

    def abs(self) -> Tensor:
        """See `autograd.abs`."""
        return elementwise.abs(self)

    def round(self) -> Tensor:
        """See `autograd.round`."""
        return elementwise.round(self)

    def mul(self, other: Any) -> Tensor:
        """See `autograd.mul`."""
        return elementwise.mul(self, other)

    def maximum(self, other: Any) -> Tensor:
        """See `autograd.maximum`."""
        return elementwise.maximum(self, other)

    def minimum(self, other: Any) -> Tensor:
        """See `autograd.minimum`."""
        return elementwise.minimum(self, other)

    def floor_divide(self, other: Any) -> Tensor:
        """See `autograd.floor_divide`."""
        return elementwise.floor_divide(self, other)

    def remainder(self, other: Any) -> Tensor:
        """See `autograd.remainder`."""
        return elementwise.remainder(self, other)

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
        return comparison.bitwise_and(self, other)

    def bitwise_or(self, other: Any) -> Tensor:
        """See `autograd.bitwise_or`."""
        return comparison.bitwise_or(self, other)

    def bitwise_xor(self, other: Any) -> Tensor:
        """See `autograd.bitwise_xor`."""
        return comparison.bitwise_xor(self, other)

    def add(self, other: Any, *, alpha: Any = 1) -> Tensor:
        """See `autograd.add`."""
        return elementwise.add(self, other, alpha=alpha)

    def sub(self, other: Any, *, alpha: Any = 1) -> Tensor:
        """See `autograd.sub`."""
        return elementwise.sub(self, other, alpha=alpha)

    def div(self, other: Any, *, rounding_mode: str | None = None) -> Tensor:
        """See `autograd.div`."""
        return elementwise.div(self, other, rounding_mode=rounding_mode)

    def pow(self, exponent: Any) -> Tensor:
        """See `autograd.pow`."""
        return elementwise.pow(self, exponent)

    def where(self, condition: Any, other: Any) -> Tensor:
        """See `autograd.where`."""
        return elementwise.where(condition, self, other)

    def clamp(self, min: Any = None, max: Any = None) -> Tensor:
        """See `autograd.clamp`."""
        return elementwise.clamp(self, min, max)

    def clip(self, min: Any = None, max: Any = None) -> Tensor:
        """See `autograd.clamp`."""
        return elementwise.clamp(self, min, max)

    # --- activations

    def relu(self) -> Tensor:
        """See `autograd.relu`."""
        return activation.relu(self)

    def sigmoid(self) -> Tensor:
        """See `autograd.sigmoid`."""
        return activation.sigmoid(self)

    def softmax(self, dim: Any) -> Tensor:
        """See `autograd.softmax`."""
        return activation.softmax(self, dim)

    def log_softmax(self, dim: Any) -> Tensor:
        """See `autograd.log_softmax`."""
        return activation.log_softmax(self, dim)
