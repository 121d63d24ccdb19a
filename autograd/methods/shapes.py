"""The methods of Tensor that move numbers and do not change them, each in one line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..ops import shape as shape_ops
from ..primitive import Handle

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["Shapes"]


class Shapes(Handle):
    """Other shapes, other orders."""

    __slots__ = ()

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
