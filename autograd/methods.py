"""The operators and methods of Tensor that are operations, each in one line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .ops import activation, comparison, elementwise, extreme, linalg, reduce
from .ops import index as index_ops
from .ops import shape as shape_ops
from .primitive import Handle

if TYPE_CHECKING:
    from .tensor import Tensor

__all__ = ["Methods"]

_add, _sub, _mul = elementwise.ADD.apply, elementwise.SUB.apply, elementwise.MUL.apply
_div, _pow = elementwise.DIV.apply, elementwise.POW.apply


class Methods(Handle):
    """What Tensor inherits: every operator and operation, as a method."""

    __slots__ = ()
    __hash__ = Handle.__hash__
    __array_ufunc__ = None  # so that `ndarray + tensor` asks the tensor

    # --- arithmetic

    def __add__(self, other: Any) -> Tensor:
        return _add(self, other)

    def __radd__(self, other: Any) -> Tensor:
        return _add(other, self)

    def __sub__(self, other: Any) -> Tensor:
        return _sub(self, other)

    def __rsub__(self, other: Any) -> Tensor:
        return _sub(other, self)

    def __mul__(self, other: Any) -> Tensor:
        return _mul(self, other)

    def __rmul__(self, other: Any) -> Tensor:
        return _mul(other, self)

    def __truediv__(self, other: Any) -> Tensor:
        return _div(self, other)

    def __rtruediv__(self, other: Any) -> Tensor:
        return _div(other, self)

    def __pow__(self, other: Any) -> Tensor:
        return _pow(self, other)

    def __rpow__(self, other: Any) -> Tensor:
        return _pow(other, self)

    def __floordiv__(self, other: Any) -> Tensor:
        return elementwise.floor_divide(self, other)

    def __rfloordiv__(self, other: Any) -> Tensor:
        return elementwise.floor_divide(other, self)

    def __mod__(self, other: Any) -> Tensor:
        return elementwise.remainder(self, other)

    def __rmod__(self, other: Any) -> Tensor:
        return elementwise.remainder(other, self)

    def __matmul__(self, other: Any) -> Tensor:
        return linalg.matmul(self, other)

    def __rmatmul__(self, other: Any) -> Tensor:
        return linalg.matmul(other, self)

    def __neg__(self) -> Tensor:
        return elementwise.neg(self)

    def __pos__(self) -> Any:
        return self

    def __abs__(self) -> Tensor:
        return elementwise.abs(self)

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
        return comparison.bitwise_and(self, other)

    def __rand__(self, other: Any) -> Tensor:
        return comparison.bitwise_and(other, self)

    def __or__(self, other: Any) -> Tensor:
        return comparison.bitwise_or(self, other)

    def __ror__(self, other: Any) -> Tensor:
        return comparison.bitwise_or(other, self)

    def __xor__(self, other: Any) -> Tensor:
        return comparison.bitwise_xor(self, other)

    def __rxor__(self, other: Any) -> Tensor:
        return comparison.bitwise_xor(other, self)

    def __invert__(self) -> Tensor:
        return comparison.bitwise_not(self)

    def __getitem__(self, where: Any) -> Tensor:
        return index_ops.getitem(self, where)

    # --- elementwise

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

    # --- reductions

    def sum(self, dim: Any = None, keepdim: Any = False, *, dtype: Any = None) -> Tensor:
        """See `autograd.sum`."""
        return reduce.sum(self, dim, keepdim, dtype=dtype)

    def mean(self, dim: Any = None, keepdim: Any = False, *, dtype: Any = None) -> Tensor:
        """See `autograd.mean`."""
        return reduce.mean(self, dim, keepdim, dtype=dtype)

    def prod(self, dim: Any = None, keepdim: Any = False, *, dtype: Any = None) -> Tensor:
        """See `autograd.prod`."""
        return reduce.prod(self, dim, keepdim, dtype=dtype)

    def var(self, dim: Any = None, *, correction: Any = 1, keepdim: Any = False) -> Tensor:
        """See `autograd.var`."""
        return reduce.var(self, dim, correction=correction, keepdim=keepdim)

    def std(self, dim: Any = None, *, correction: Any = 1, keepdim: Any = False) -> Tensor:
        """See `autograd.std`."""
        return reduce.std(self, dim, correction=correction, keepdim=keepdim)

    def amax(self, dim: Any = None, keepdim: Any = False) -> Tensor:
        """See `autograd.amax`."""
        return extreme.amax(self, dim, keepdim)

    def amin(self, dim: Any = None, keepdim: Any = False) -> Tensor:
        """See `autograd.amin`."""
        return extreme.amin(self, dim, keepdim)

    def any(self, dim: Any = None, keepdim: Any = False) -> Tensor:
        """See `autograd.any`."""
        return reduce.any(self, dim, keepdim)

    def all(self, dim: Any = None, keepdim: Any = False) -> Tensor:
        """See `autograd.all`."""
        return reduce.all(self, dim, keepdim)

    def max(self, dim: Any = None, keepdim: Any = False) -> Any:
        """See `autograd.max`."""
        return extreme.max(self, dim, keepdim)

    def min(self, dim: Any = None, keepdim: Any = False) -> Any:
        """See `autograd.min`."""
        return extreme.min(self, dim, keepdim)

    def argmax(self, dim: Any = None, keepdim: Any = False) -> Tensor:
        """See `autograd.argmax`."""
        return extreme.argmax(self, dim, keepdim)

    def argmin(self, dim: Any = None, keepdim: Any = False) -> Tensor:
        """See `autograd.argmin`."""
        return extreme.argmin(self, dim, keepdim)

    def logsumexp(self, dim: Any, keepdim: Any = False) -> Tensor:
        """See `autograd.logsumexp`."""
        return reduce.logsumexp(self, dim, keepdim)

    def norm(self, p: Any = 2, dim: Any = None, keepdim: Any = False) -> Tensor:
        """See `autograd.norm`."""
        return reduce.norm(self, p, dim, keepdim)

    def cumsum(self, dim: Any) -> Tensor:
        """See `autograd.cumsum`."""
        return reduce.cumsum(self, dim)

    # --- shape

    @property
    def T(self) -> Tensor:  # noqa: N802
        """The tensor with its dimensions reversed."""
        return shape_ops.permute(self, tuple(reversed(range(self.ndim))))

    @property
    def mT(self) -> Tensor:  # noqa: N802
        """The tensor with its last two dimensions exchanged."""
        return shape_ops.transpose(self, -2, -1)

    def reshape(self, *sizes: Any) -> Tensor:
        """See `autograd.reshape`."""
        return shape_ops.reshape(self, *sizes)

    def view(self, *sizes: Any) -> Tensor:
        """See `autograd.view`."""
        return shape_ops.view(self, *sizes)

    def flatten(self, start_dim: Any = 0, end_dim: Any = -1) -> Tensor:
        """See `autograd.flatten`."""
        return shape_ops.flatten(self, start_dim, end_dim)

    def permute(self, *dims: Any) -> Tensor:
        """See `autograd.permute`."""
        return shape_ops.permute(self, *dims)

    def transpose(self, dim0: Any, dim1: Any) -> Tensor:
        """See `autograd.transpose`."""
        return shape_ops.transpose(self, dim0, dim1)

    def t(self) -> Tensor:
        """The transposed matrix."""
        return shape_ops.permute(self, tuple(reversed(range(self.ndim))))

    def movedim(self, source: Any, destination: Any) -> Tensor:
        """See `autograd.movedim`."""
        return shape_ops.movedim(self, source, destination)

    def squeeze(self, dim: Any = None) -> Tensor:
        """See `autograd.squeeze`."""
        return shape_ops.squeeze(self, dim)

    def unsqueeze(self, dim: Any) -> Tensor:
        """See `autograd.unsqueeze`."""
        return shape_ops.unsqueeze(self, dim)

    def expand(self, *sizes: Any) -> Tensor:
        """See `autograd.expand`."""
        return shape_ops.expand(self, *sizes)

    def expand_as(self, other: Tensor) -> Tensor:
        """Stretch sizes of 1 to the shape of another tensor."""
        return shape_ops.expand(self, other.shape)

    def broadcast_to(self, sizes: Any) -> Tensor:
        """See `autograd.broadcast_to`."""
        return shape_ops.broadcast_to(self, sizes)

    def repeat(self, *repeats: Any) -> Tensor:
        """See `autograd.repeat`."""
        return shape_ops.repeat(self, *repeats)

    def clone(self) -> Tensor:
        """See `autograd.clone`."""
        return shape_ops.clone(self)

    def contiguous(self) -> Any:
        """The tensor in reading order in memory: itself, or a copy."""
        return self if self._array.flags.c_contiguous else shape_ops.clone(self)

    def flip(self, *dims: Any) -> Tensor:
        """See `autograd.flip`."""
        return shape_ops.flip(self, *dims)

    def roll(self, shifts: Any, dims: Any = None) -> Tensor:
        """See `autograd.roll`."""
        return shape_ops.roll(self, shifts, dims)

    def split(self, split_size: Any, dim: Any = 0) -> tuple[Tensor, ...]:
        """See `autograd.split`."""
        return shape_ops.split(self, split_size, dim)

    def chunk(self, chunks: Any, dim: Any = 0) -> tuple[Tensor, ...]:
        """See `autograd.chunk`."""
        return shape_ops.chunk(self, chunks, dim)

    def tril(self, diagonal: Any = 0) -> Tensor:
        """See `autograd.tril`."""
        return shape_ops.tril(self, diagonal)

    def triu(self, diagonal: Any = 0) -> Tensor:
        """See `autograd.triu`."""
        return shape_ops.triu(self, diagonal)

    # --- indices and products

    def gather(self, dim: Any, index: Any) -> Tensor:
        """See `autograd.gather`."""
        return index_ops.gather(self, dim, index)

    def scatter_add(self, dim: Any, index: Any, src: Any) -> Tensor:
        """See `autograd.scatter_add`."""
        return index_ops.scatter_add(self, dim, index, src)

    def take_along_dim(self, indices: Any, dim: Any) -> Tensor:
        """See `autograd.take_along_dim`."""
        return index_ops.take_along_dim(self, indices, dim)

    def matmul(self, other: Any) -> Tensor:
        """See `autograd.matmul`."""
        return linalg.matmul(self, other)

    def mm(self, mat2: Any) -> Tensor:
        """See `autograd.mm`."""
        return linalg.mm(self, mat2)

    def bmm(self, mat2: Any) -> Tensor:
        """See `autograd.bmm`."""
        return linalg.bmm(self, mat2)

    def mv(self, vec: Any) -> Tensor:
        """See `autograd.mv`."""
        return linalg.mv(self, vec)

    def dot(self, tensor: Any) -> Tensor:
        """See `autograd.dot`."""
        return linalg.dot(self, tensor)

    def outer(self, vec2: Any) -> Tensor:
        """See `autograd.outer`."""
        return linalg.outer(self, vec2)
