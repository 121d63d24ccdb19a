"""Arrays from other libraries, without a copy."""

from __future__ import annotations

from typing import Any

import numpy as np

from .creation import from_numpy
from .errors import ArgumentError, DtypeError
from .tensor import Tensor

__all__ = ["from_dlpack"]


def from_dlpack(source: Any) -> Tensor:
    """A tensor on the memory of an array of another library, by the DLPack protocol.

    Args:
        source: an array on the CPU that has `__dlpack__`: of NumPy, PyTorch, JAX ...

    Raises:
        DtypeError: it has no `__dlpack__`, or a dtype that is not offered.
        ArgumentError: it is on another device.

    Example:
        >>> import numpy
        >>> autograd.from_dlpack(numpy.ones(2))
        tensor([1., 1.], dtype=float64)
    """
    if not hasattr(source, "__dlpack__"):
        raise DtypeError(f"from_dlpack: {type(source).__name__} has no __dlpack__; use autograd.tensor(data)")
    device = source.__dlpack_device__()
    if device[0] != 1:  # kDLCPU
        raise ArgumentError(f"from_dlpack: the array is on device {tuple(device)}; move it to the CPU first")
    try:
        array = np.from_dlpack(source)
    except (BufferError, RuntimeError, TypeError) as error:
        raise DtypeError(f"from_dlpack: {error}") from None
    return from_numpy(array)
