"""The methods of Tensor that pick numbers out and put numbers in, each in one line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..ops import index as index_ops
from ..primitive import Handle

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["Indexing"]


class Indexing(Handle):
    """Gathering and scattering."""

    __slots__ = ()

    def gather(self, dim: Any, index: Any) -> Tensor:
        """See `autograd.gather`."""
        return index_ops.gather(self, dim, index)

    def scatter_add(self, dim: Any, index: Any, src: Any) -> Tensor:
        """See `autograd.scatter_add`."""
        return index_ops.scatter_add(self, dim, index, src)

    def take_along_dim(self, indices: Any, dim: Any) -> Tensor:
        """See `autograd.take_along_dim`."""
        return index_ops.take_along_dim(self, indices, dim)
