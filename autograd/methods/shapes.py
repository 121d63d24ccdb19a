"""The methods of Tensor that move numbers and do not change them, each in one line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import ShapeError
from ..ops import copies, diagonals, memory, rearranging, splitting, stretching
from ..ops import shape as shape_ops
from ..primitive import Handle, as_handle

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["Shapes"]


def _given(sizes: tuple[Any, ...], by_name: Any = None) -> Any:
    """Sizes given one by one, as one sequence, or by name, as one argument."""
    if by_name is not None:
        return by_name
    return sizes[0] if len(sizes) == 1 else sizes


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
        if self.ndim < 2:
            raise ShapeError(f"mT: x {self.shape} is no matrix; give it at least two dimensions")
        return shape_ops.transpose(self, -2, -1)

    @property
    def H(self) -> Tensor:  # noqa: N802
        """The transposed matrix: numbers are real here, so there is nothing to conjugate."""
        if self.ndim not in (0, 2):
            raise ShapeError(f"H: x {self.shape} is no matrix; use x.mH for several")
        return shape_ops.t(self)

    @property
    def mH(self) -> Tensor:  # noqa: N802
        """The tensor with its last two dimensions exchanged; numbers are real here."""
        if self.ndim < 2:
            raise ShapeError(f"mH: x {self.shape} is no matrix; give it at least two dimensions")
        return shape_ops.transpose(self, -2, -1)

    def reshape(self, *given: Any, shape: Any = None) -> Tensor:
        """See `autograd.reshape`."""
        return shape_ops.reshape(self, _given(given, shape))

    def reshape_as(self, other: Any) -> Tensor:
        """The same numbers in the shape of another tensor."""
        return shape_ops.reshape(self, as_handle(other, "reshape_as").shape)

    def view(self, *given: Any, size: Any = None) -> Tensor:
        """See `autograd.view`."""
        return shape_ops.view(self, _given(given, size))

    def view_as(self, other: Any) -> Tensor:
        """The same numbers on the same memory in the shape of another tensor."""
        return shape_ops.view(self, as_handle(other, "view_as").shape)

    def flatten(self, start_dim: Any = 0, end_dim: Any = -1) -> Tensor:
        """See `autograd.flatten`."""
        return shape_ops.flatten(self, start_dim, end_dim)

    def unflatten(self, dim: Any, sizes: Any) -> Tensor:
        """See `autograd.unflatten`."""
        return shape_ops.unflatten(self, dim, sizes)

    def ravel(self) -> Tensor:
        """See `autograd.ravel`."""
        return shape_ops.ravel(self)

    def permute(self, *given: Any, dims: Any = None) -> Tensor:
        """See `autograd.permute`."""
        return shape_ops.permute(self, _given(given, dims))

    def transpose(self, dim0: Any, dim1: Any) -> Tensor:
        """See `autograd.transpose`."""
        return shape_ops.transpose(self, dim0, dim1)

    def swapaxes(self, axis0: Any, axis1: Any) -> Tensor:
        """See `autograd.swapaxes`."""
        return shape_ops.swapaxes(self, axis0, axis1)

    def swapdims(self, dim0: Any, dim1: Any) -> Tensor:
        """See `autograd.swapdims`."""
        return shape_ops.swapdims(self, dim0, dim1)

    def t(self) -> Tensor:
        """See `autograd.t`."""
        return shape_ops.t(self)

    def movedim(self, source: Any, destination: Any) -> Tensor:
        """See `autograd.movedim`."""
        return shape_ops.movedim(self, source, destination)

    def moveaxis(self, source: Any, destination: Any) -> Tensor:
        """See `autograd.moveaxis`."""
        return shape_ops.moveaxis(self, source, destination)

    def squeeze(self, dim: Any = None) -> Tensor:
        """See `autograd.squeeze`."""
        return shape_ops.squeeze(self, dim)

    def unsqueeze(self, dim: Any) -> Tensor:
        """See `autograd.unsqueeze`."""
        return shape_ops.unsqueeze(self, dim)

    def expand(self, *given: Any, size: Any = None) -> Tensor:
        """See `autograd.expand`."""
        return stretching.expand(self, _given(given, size))

    def expand_as(self, other: Any) -> Tensor:
        """Stretch sizes of 1 to the shape of another tensor."""
        return stretching.expand(self, as_handle(other, "expand_as").shape)

    def broadcast_to(self, shape: Any) -> Tensor:
        """See `autograd.broadcast_to`."""
        return stretching.broadcast_to(self, shape)

    def sum_to_size(self, *size: Any) -> Tensor:
        """See `autograd.sum_to_size`."""
        return stretching.sum_to_size(self, *size)

    def clone(self, *, memory_format: Any = None) -> Tensor:
        """See `autograd.clone`; `memory_format` changes no number, and nothing here."""
        return shape_ops.clone(self)

    def contiguous(self, memory_format: Any = None) -> Any:
        """The tensor in reading order in memory: itself, or a copy. (That is the order for every `memory_format`.)"""
        return self if self._array.flags.c_contiguous else shape_ops.clone(self)

    def repeat(self, *given: Any, repeats: Any = None) -> Tensor:
        """See `autograd.repeat`."""
        return rearranging.repeat(self, _given(given, repeats))

    def repeat_interleave(self, repeats: Any, dim: Any = None, *, output_size: Any = None) -> Tensor:
        """See `autograd.repeat_interleave`."""
        return rearranging.repeat_interleave(self, repeats, dim, output_size=output_size)

    def tile(self, *given: Any, dims: Any = None) -> Tensor:
        """See `autograd.tile`."""
        return rearranging.tile(self, _given(given, dims))

    def flip(self, *given: Any, dims: Any = None) -> Tensor:
        """See `autograd.flip`."""
        return rearranging.flip(self, _given(given, dims))

    def fliplr(self) -> Tensor:
        """See `autograd.fliplr`."""
        return rearranging.fliplr(self)

    def flipud(self) -> Tensor:
        """See `autograd.flipud`."""
        return rearranging.flipud(self)

    def rot90(self, k: Any = 1, dims: Any = (0, 1)) -> Tensor:
        """See `autograd.rot90`."""
        return rearranging.rot90(self, k, dims)

    def roll(self, shifts: Any, dims: Any = None) -> Tensor:
        """See `autograd.roll`."""
        return rearranging.roll(self, shifts, dims)

    def split(self, split_size: Any, dim: Any = 0) -> tuple[Tensor, ...]:
        """See `autograd.split`."""
        return splitting.split(self, split_size, dim)

    def split_with_sizes(self, split_sizes: Any, dim: Any = 0) -> tuple[Tensor, ...]:
        """See `autograd.split_with_sizes`."""
        return splitting.split_with_sizes(self, split_sizes, dim)

    def chunk(self, chunks: Any, dim: Any = 0) -> tuple[Tensor, ...]:
        """See `autograd.chunk`."""
        return splitting.chunk(self, chunks, dim)

    def unsafe_split(self, split_size: Any, dim: Any = 0) -> tuple[Tensor, ...]:
        """See `autograd.unsafe_split`."""
        return splitting.unsafe_split(self, split_size, dim)

    def unsafe_split_with_sizes(self, split_sizes: Any, dim: Any = 0) -> tuple[Tensor, ...]:
        """See `autograd.unsafe_split_with_sizes`."""
        return splitting.unsafe_split_with_sizes(self, split_sizes, dim)

    def unsafe_chunk(self, chunks: Any, dim: Any = 0) -> tuple[Tensor, ...]:
        """See `autograd.unsafe_chunk`."""
        return splitting.unsafe_chunk(self, chunks, dim)

    def tensor_split(self, indices_or_sections: Any, dim: Any = 0) -> tuple[Tensor, ...]:
        """See `autograd.tensor_split`."""
        return splitting.tensor_split(self, indices_or_sections, dim)

    def hsplit(self, indices_or_sections: Any) -> tuple[Tensor, ...]:
        """See `autograd.hsplit`."""
        return splitting.hsplit(self, indices_or_sections)

    def vsplit(self, indices_or_sections: Any) -> tuple[Tensor, ...]:
        """See `autograd.vsplit`."""
        return splitting.vsplit(self, indices_or_sections)

    def dsplit(self, indices_or_sections: Any) -> tuple[Tensor, ...]:
        """See `autograd.dsplit`."""
        return splitting.dsplit(self, indices_or_sections)

    def unbind(self, dim: Any = 0) -> tuple[Tensor, ...]:
        """See `autograd.unbind`."""
        return splitting.unbind(self, dim)

    def narrow(self, dim: Any, start: Any, length: Any) -> Tensor:
        """See `autograd.narrow`."""
        return splitting.narrow(self, dim, start, length)

    def narrow_copy(self, dim: Any, start: Any, length: Any) -> Tensor:
        """See `autograd.narrow_copy`."""
        return copies.narrow_copy(self, dim, start, length)

    def select(self, dim: Any, index: Any) -> Tensor:
        """See `autograd.select`."""
        return splitting.select(self, dim, index)

    def unfold(self, dimension: Any, size: Any, step: Any) -> Tensor:
        """All windows of a dimension, as a view: they become the entries of a new last dimension.

        Args:
            dimension: the dimension.
            size: the length of a window.
            step: the distance from one window to the next.

        Example:
            >>> autograd.arange(4).unfold(0, 2, 1)
            tensor([[0, 1],
                    [1, 2],
                    [2, 3]])
        """
        return memory.windows(self, dimension, size, step)

    def as_strided(self, size: Any, stride: Any, storage_offset: Any = None) -> Tensor:
        """See `autograd.as_strided`."""
        return memory.as_strided(self, size, stride, storage_offset)

    def storage_offset(self) -> int:
        """How many numbers lie in memory before the first, counted from the start of the array that owns it."""
        return memory.storage_offset_of(self)

    def select_scatter(self, src: Any, dim: Any, index: Any) -> Tensor:
        """See `autograd.select_scatter`."""
        return memory.select_scatter(self, src, dim, index)

    def slice_scatter(self, src: Any, dim: Any = 0, start: Any = None, end: Any = None, step: Any = 1) -> Tensor:
        """See `autograd.slice_scatter`."""
        return memory.slice_scatter(self, src, dim, start, end, step)

    def diagonal_scatter(self, src: Any, offset: Any = 0, dim1: Any = 0, dim2: Any = 1) -> Tensor:
        """See `autograd.diagonal_scatter`."""
        return memory.diagonal_scatter(self, src, offset, dim1, dim2)

    def as_strided_scatter(self, src: Any, size: Any, stride: Any, storage_offset: Any = None) -> Tensor:
        """See `autograd.as_strided_scatter`."""
        return memory.as_strided_scatter(self, src, size, stride, storage_offset)

    def diag(self, diagonal: Any = 0) -> Tensor:
        """See `autograd.diag`."""
        return diagonals.diag(self, diagonal)

    def diag_embed(self, offset: Any = 0, dim1: Any = -2, dim2: Any = -1) -> Tensor:
        """See `autograd.diag_embed`."""
        return diagonals.diag_embed(self, offset, dim1, dim2)

    def diagflat(self, offset: Any = 0) -> Tensor:
        """See `autograd.diagflat`."""
        return diagonals.diagflat(self, offset)

    def diagonal(self, offset: Any = 0, dim1: Any = 0, dim2: Any = 1) -> Tensor:
        """See `autograd.diagonal`."""
        return diagonals.diagonal(self, offset, dim1, dim2)

    def trace(self) -> Tensor:
        """See `autograd.trace`."""
        return diagonals.trace(self)

    def tril(self, diagonal: Any = 0) -> Tensor:
        """See `autograd.tril`."""
        return diagonals.tril(self, diagonal)

    def triu(self, diagonal: Any = 0) -> Tensor:
        """See `autograd.triu`."""
        return diagonals.triu(self, diagonal)
