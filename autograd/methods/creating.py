"""The methods of Tensor that make new tensors of its dtype."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .. import dtypes
from ..arrays import check_device, to_array
from ..errors import ShapeError
from ..ops.dims import normalize_sizes
from ..ops.memory import hollow
from ..primitive import Handle, make

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["Creating"]


def _made(array: np.ndarray, requires_grad: bool, device: Any) -> Any:
    check_device(device)
    result = make(array)
    return result.requires_grad_() if requires_grad else result


def _dtype(model: Handle, dtype: Any) -> dtypes.DType:
    return model.dtype if dtype is None else dtypes.as_dtype(dtype)


class Creating(Handle):
    """New tensors that take their dtype, unless it is given, from this one."""

    __slots__ = ()

    def new_tensor(self, data: Any, *, dtype: Any = None, requires_grad: bool = False, device: Any = None) -> Tensor:
        """A tensor from numbers; arguments as for `autograd.tensor`."""
        return _made(to_array(data, _dtype(self, dtype), "new_tensor"), requires_grad, device)

    def new_zeros(self, *size: Any, dtype: Any = None, requires_grad: bool = False, device: Any = None) -> Tensor:
        """Zeros of the given sizes; arguments as for `autograd.zeros`."""
        return _made(np.zeros(normalize_sizes("new_zeros", size), _dtype(self, dtype)), requires_grad, device)

    def new_ones(self, *size: Any, dtype: Any = None, requires_grad: bool = False, device: Any = None) -> Tensor:
        """Ones of the given sizes; arguments as for `autograd.ones`."""
        return _made(np.ones(normalize_sizes("new_ones", size), _dtype(self, dtype)), requires_grad, device)

    def new_empty(self, *size: Any, dtype: Any = None, requires_grad: bool = False, device: Any = None) -> Tensor:
        """Whatever was in memory, in the given sizes; arguments as for `autograd.empty`."""
        return _made(np.empty(normalize_sizes("new_empty", size), _dtype(self, dtype)), requires_grad, device)

    def new_full(
        self, size: Any, fill_value: Any, *, dtype: Any = None, requires_grad: bool = False, device: Any = None
    ) -> Tensor:
        """One number in the given sizes; arguments as for `autograd.full`."""
        number = to_array(fill_value, _dtype(self, dtype), "new_full")
        if number.ndim:
            raise ShapeError(f"new_full: fill_value {number.shape} is not one number; give one")
        return _made(np.full(normalize_sizes("new_full", (size,)), number), requires_grad, device)

    def new_empty_strided(
        self, size: Any, stride: Any, *, dtype: Any = None, requires_grad: bool = False, device: Any = None
    ) -> Tensor:
        """Whatever was in memory, in given sizes and steps; arguments as for `autograd.empty_strided`."""
        return _made(hollow("new_empty_strided", size, stride, _dtype(self, dtype)), requires_grad, device)

    def new(self, *data: Any) -> Tensor:
        """A tensor of this dtype from numbers, or of given sizes, as PyTorch's old method makes it."""
        if all(isinstance(size, (int, np.integer)) for size in data):
            return self.new_empty(*data) if data else self.new_empty(0)
        return self.new_empty(data[0]) if isinstance(data[0], tuple) else self.new_tensor(data[0])

    def to_sparse(self, *settings: Any, **keywords: Any) -> Any:
        """The tensor itself: none is stored sparsely; see `autograd.sparse`."""
        return self

    def to_dense(self, dtype: Any = None, **keywords: Any) -> Any:
        """The tensor itself, or in another dtype."""
        return self if dtype is None else self.to(dtype)  # type: ignore[attr-defined]

    def coalesce(self) -> Any:
        """The tensor itself, in which every index stands once."""
        return self
