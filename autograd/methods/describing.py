"""The methods of Tensor that say what it is: where it lies, its size, its layout and the kind of its numbers."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, Any

from ..devices import CPU, device
from ..errors import ArgumentError
from ..handle import Size
from ..ops.dims import normalize_dim
from ..primitive import Handle, as_handle

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["Describing"]


class Describing(Handle):
    """What a tensor is."""

    __slots__ = ()

    @property
    def device(self) -> device:
        """Where the numbers are: always `device("cpu")`."""
        return CPU

    def get_device(self) -> builtins.int:
        """The number of the graphics card that the numbers are on: -1, for none."""
        return -1

    @property
    def is_cpu(self) -> builtins.bool:
        """Whether the numbers are in the CPU's memory: they are."""
        return True

    @property
    def is_cuda(self) -> builtins.bool:
        """Whether the numbers are on a graphics card: they are not."""
        return False

    @property
    def is_sparse(self) -> builtins.bool:
        """Whether only numbers other than 0 are stored: all are."""
        return False

    @property
    def itemsize(self) -> int:
        """Bytes of one number."""
        return self._array.itemsize

    @property
    def nbytes(self) -> int:
        """Bytes of all numbers."""
        return self._array.nbytes

    def size(self, dim: int | None = None) -> Any:
        """The shape, or the size of one dimension."""
        if dim is None:
            return Size(self.shape)
        if self.ndim == 0:
            raise ArgumentError("size: a 0-d tensor has no dimensions; use numel()")
        return self.shape[normalize_dim("size", dim, self.ndim)]

    def dim(self) -> int:
        """The number of dimensions."""
        return self._array.ndim

    def numel(self) -> int:
        """How many numbers there are."""
        return self._array.size

    def nelement(self) -> int:
        """How many numbers there are: `numel` under another name."""
        return self._array.size

    def ndimension(self) -> int:
        """The number of dimensions: `dim` under another name."""
        return self._array.ndim

    def element_size(self) -> int:
        """Bytes of one number."""
        return self._array.itemsize

    def data_ptr(self) -> int:
        """Where the first number lies in memory."""
        return self._array.__array_interface__["data"][0]

    def is_same_size(self, other: Tensor) -> bool:
        """Tell whether another tensor has the same shape."""
        return self.shape == as_handle(other, "is_same_size").shape

    def stride(self, dim: int | None = None) -> Any:
        """Steps in memory from one entry to the next along each dimension, or along one, in numbers."""
        steps = tuple([step // self._array.itemsize for step in self._array.strides])
        return steps if dim is None else steps[normalize_dim("stride", dim, self.ndim)]

    def is_contiguous(self, memory_format: Any = None) -> bool:
        """Tell whether the numbers lie in memory in reading order."""
        return self._array.flags.c_contiguous

    def is_floating_point(self) -> bool:
        """Tell whether the dtype is a floating one."""
        return self._array.dtype.kind == "f"

    def is_signed(self) -> bool:
        """Tell whether the dtype holds negative numbers."""
        return self._array.dtype.kind in "if"

    def is_complex(self) -> bool:
        """Tell whether the dtype is a complex one: there is none."""
        return False
