"""The matrix methods of Tensor, each in one line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..ops import products
from ..primitive import Handle

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["Products"]


class Products(Handle):
    """Products and linear algebra."""

    __slots__ = ()

    def matmul(self, other: Any) -> Tensor:
        """See `autograd.matmul`."""
        return products.matmul(self, other)

    def mm(self, mat2: Any) -> Tensor:
        """See `autograd.mm`."""
        return products.mm(self, mat2)

    def bmm(self, mat2: Any) -> Tensor:
        """See `autograd.bmm`."""
        return products.bmm(self, mat2)

    def mv(self, vec: Any) -> Tensor:
        """See `autograd.mv`."""
        return products.mv(self, vec)

    def dot(self, tensor: Any) -> Tensor:
        """See `autograd.dot`."""
        return products.dot(self, tensor)

    def outer(self, vec2: Any) -> Tensor:
        """See `autograd.outer`."""
        return products.outer(self, vec2)
