"""The methods of Tensor that make one number of many, each in one line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..ops import extreme, reduce
from ..primitive import Handle

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["Reductions"]


class Reductions(Handle):
    """Sums, means, extremes and their like."""

    __slots__ = ()

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
