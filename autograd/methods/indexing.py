"""The methods of Tensor that pick numbers out and put numbers in, each in one line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..ops import along, masks, scattering
from ..ops import index as index_ops
from ..primitive import Handle

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["Indexing"]


class Indexing(Handle):
    """Gathering and scattering."""

    __slots__ = ()

    def argwhere(self) -> Tensor:
        """See `autograd.argwhere`."""
        return masks.argwhere(self)

    def gather(self, dim: Any, index: Any) -> Tensor:
        """See `autograd.gather`."""
        return along.gather(self, dim, index)

    def index_add(self, dim: Any, index: Any, source: Any, *, alpha: Any = 1) -> Tensor:
        """See `autograd.index_add`."""
        return along.index_add(self, dim, index, source, alpha=alpha)

    def index_copy(self, dim: Any, index: Any, source: Any) -> Tensor:
        """See `autograd.index_copy`."""
        return along.index_copy(self, dim, index, source)

    def index_fill(self, dim: Any, index: Any, value: Any) -> Tensor:
        """See `autograd.index_fill`."""
        return along.index_fill(self, dim, index, value)

    def index_put(self, indices: Any, values: Any, accumulate: bool = False) -> Tensor:
        """See `autograd.index_put`."""
        return index_ops.index_put(self, indices, values, accumulate)

    def index_reduce(self, dim: Any, index: Any, source: Any, reduce: str, *, include_self: bool = True) -> Tensor:
        """See `autograd.index_reduce`."""
        return scattering.index_reduce(self, dim, index, source, reduce, include_self=include_self)

    def index_select(self, dim: Any, index: Any) -> Tensor:
        """See `autograd.index_select`."""
        return along.index_select(self, dim, index)

    def masked_fill(self, mask: Any, value: Any) -> Tensor:
        """See `autograd.masked_fill`."""
        return masks.masked_fill(self, mask, value)

    def masked_scatter(self, mask: Any, source: Any) -> Tensor:
        """See `autograd.masked_scatter`."""
        return masks.masked_scatter(self, mask, source)

    def masked_select(self, mask: Any) -> Tensor:
        """See `autograd.masked_select`."""
        return masks.masked_select(self, mask)

    def nonzero(self, *, as_tuple: bool = False) -> Tensor | tuple[Tensor, ...]:
        """See `autograd.nonzero`."""
        return masks.nonzero(self, as_tuple=as_tuple)

    def nonzero_static(self, *, size: int, fill_value: int = -1) -> Tensor:
        """See `autograd.nonzero_static`."""
        return masks.nonzero_static(self, size=size, fill_value=fill_value)

    def put(self, index: Any, source: Any, accumulate: bool = False) -> Tensor:
        """See `autograd.put`."""
        return along.put(self, index, source, accumulate)

    def scatter(self, dim: Any, index: Any, src: Any = None, *, value: Any = None, reduce: str | None = None) -> Tensor:
        """See `autograd.scatter`."""
        return scattering.scatter(self, dim, index, src, value=value, reduce=reduce)

    def scatter_add(self, dim: Any, index: Any, src: Any) -> Tensor:
        """See `autograd.scatter_add`."""
        return scattering.scatter_add(self, dim, index, src)

    def scatter_reduce(self, dim: Any, index: Any, src: Any, reduce: str, *, include_self: bool = True) -> Tensor:
        """See `autograd.scatter_reduce`."""
        return scattering.scatter_reduce(self, dim, index, src, reduce, include_self=include_self)

    def take(self, index: Any) -> Tensor:
        """See `autograd.take`."""
        return along.take(self, index)

    def take_along_dim(self, indices: Any, dim: Any = None) -> Tensor:
        """See `autograd.take_along_dim`."""
        return along.take_along_dim(self, indices, dim)
