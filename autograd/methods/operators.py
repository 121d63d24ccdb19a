"""The operators of Tensor."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..ops import arithmetic, bits, choosing, comparison, products
from ..ops import index as index_ops
from ..primitive import Handle

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["Operators"]

# Stand in the class as they are: a method around each would cost a tenth of a small operation's time.
_Operator = Callable[[Any, Any], "Tensor"]
_add: _Operator = arithmetic.ADD.apply
_sub: _Operator = arithmetic.SUB.apply
_mul: _Operator = arithmetic.MUL.apply
_div: _Operator = arithmetic.DIV.apply
_pow: _Operator = arithmetic.POW.apply


class Operators(Handle):
    """What `+ - * /` and the other signs do."""

    __slots__ = ()
    __hash__ = Handle.__hash__

    __add__ = _add

    def __radd__(self, other: Any) -> Tensor:
        return _add(other, self)

    __sub__ = _sub

    def __rsub__(self, other: Any) -> Tensor:
        return _sub(other, self)

    __mul__ = _mul

    def __rmul__(self, other: Any) -> Tensor:
        return _mul(other, self)

    __truediv__ = _div

    def __rtruediv__(self, other: Any) -> Tensor:
        return _div(other, self)

    __rdiv__ = __rtruediv__  # PyTorch's name of old

    __pow__ = _pow

    def __rpow__(self, other: Any) -> Tensor:
        return _pow(other, self)

    def __floordiv__(self, other: Any) -> Tensor:
        return arithmetic.floor_divide(self, other)

    def __rfloordiv__(self, other: Any) -> Tensor:
        return arithmetic.floor_divide(other, self)

    def __mod__(self, other: Any) -> Tensor:
        return arithmetic.remainder(self, other)

    def __rmod__(self, other: Any) -> Tensor:
        return arithmetic.remainder(other, self)

    def __matmul__(self, other: Any) -> Tensor:
        return products.matmul(self, other)

    def __rmatmul__(self, other: Any) -> Tensor:
        return products.matmul(other, self)

    def __neg__(self) -> Tensor:
        return arithmetic.neg(self)

    def __pos__(self) -> Any:
        return self

    def __abs__(self) -> Tensor:
        return choosing.abs(self)

    def __eq__(self, other: Any) -> Any:
        return False if other is None else comparison.eq(self, other)  # so that `None in (x, y)` is a question

    def __ne__(self, other: Any) -> Any:
        return True if other is None else comparison.ne(self, other)

    def __lt__(self, other: Any) -> Tensor:
        return comparison.lt(self, other)

    def __le__(self, other: Any) -> Tensor:
        return comparison.le(self, other)

    def __gt__(self, other: Any) -> Tensor:
        return comparison.gt(self, other)

    def __ge__(self, other: Any) -> Tensor:
        return comparison.ge(self, other)

    def __and__(self, other: Any) -> Tensor:
        return bits.bitwise_and(self, other)

    def __rand__(self, other: Any) -> Tensor:
        return bits.bitwise_and(other, self)

    def __or__(self, other: Any) -> Tensor:
        return bits.bitwise_or(self, other)

    def __ror__(self, other: Any) -> Tensor:
        return bits.bitwise_or(other, self)

    def __xor__(self, other: Any) -> Tensor:
        return bits.bitwise_xor(self, other)

    def __rxor__(self, other: Any) -> Tensor:
        return bits.bitwise_xor(other, self)

    def __lshift__(self, other: Any) -> Tensor:
        return bits.bitwise_left_shift(self, other)

    def __rlshift__(self, other: Any) -> Tensor:
        return bits.bitwise_left_shift(other, self)

    def __rshift__(self, other: Any) -> Tensor:
        return bits.bitwise_right_shift(self, other)

    def __rrshift__(self, other: Any) -> Tensor:
        return bits.bitwise_right_shift(other, self)

    def __invert__(self) -> Tensor:
        return bits.bitwise_not(self)

    def __getitem__(self, where: Any) -> Tensor:
        return index_ops.getitem(self, where)
