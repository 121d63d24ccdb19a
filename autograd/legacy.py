"""Names that PyTorch scripts use and that are not operations: constants, limits of dtypes, and old constructors."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from . import dtypes
from .creation import as_tensor, tensor
from .devices import CPU, check_device, device
from .errors import ArgumentError, DtypeError
from .handle import Size
from .primitive import as_handle
from .tensor import Tensor

__all__ = [
    "BoolTensor",
    "ByteTensor",
    "CharTensor",
    "DoubleTensor",
    "FloatTensor",
    "HalfTensor",
    "IntTensor",
    "LongTensor",
    "ShortTensor",
    "Size",
    "asarray",
    "bfloat16",
    "channels_last",
    "channels_last_3d",
    "contiguous_format",
    "detach",
    "e",
    "finfo",
    "get_default_device",
    "iinfo",
    "inf",
    "is_nonzero",
    "is_same_size",
    "nan",
    "newaxis",
    "pi",
    "preserve_format",
    "set_default_device",
    "set_default_tensor_type",
    "strided",
    "typename",
]

e, pi, inf, nan = math.e, math.pi, math.inf, math.nan
newaxis = None

# NumPy has no bfloat16: the name stands for a dtype of files, as in `save(state, path, dtype=autograd.bfloat16)`.
bfloat16 = "bfloat16"

# Orders in memory, which change no number: every one of them may be asked for, and tensors keep the order they have.
contiguous_format, preserve_format = "contiguous_format", "preserve_format"
channels_last, channels_last_3d = "channels_last", "channels_last_3d"
strided = "strided"  # the one layout: no tensor is sparse


def _typed(name: str, dtype: dtypes.DType) -> Callable[..., Tensor]:
    def make_typed(*data: Any) -> Tensor:
        return Tensor(*data, dtype=dtype)

    make_typed.tensor_dtype = dtype  # type: ignore[attr-defined]  # what `Tensor.type` converts to
    make_typed.__name__ = make_typed.__qualname__ = name
    make_typed.__doc__ = f"""A {dtype} tensor from numbers, or from sizes: `autograd.Tensor` with that dtype.

    Example:
        >>> autograd.{name}([1, 0]).dtype
        dtype('{dtype}')
    """
    return make_typed


FloatTensor = _typed("FloatTensor", dtypes.float32)
DoubleTensor = _typed("DoubleTensor", dtypes.float64)
HalfTensor = _typed("HalfTensor", dtypes.float16)
LongTensor = _typed("LongTensor", dtypes.int64)
IntTensor = _typed("IntTensor", dtypes.int32)
ShortTensor = _typed("ShortTensor", dtypes.int16)
CharTensor = _typed("CharTensor", dtypes.int8)
ByteTensor = _typed("ByteTensor", dtypes.uint8)
BoolTensor = _typed("BoolTensor", dtypes.bool_)


def finfo(type: Any = None) -> Any:
    """The limits of a floating dtype (`eps`, `max`, `min`, `tiny`, `bits`), as NumPy's `finfo` has them.

    Args:
        type: the dtype; the default one, unless given.

    Raises:
        DtypeError: it is no floating one.

    Example:
        >>> float(autograd.finfo(autograd.float32).eps)
        1.1920928955078125e-07
    """
    dtype = dtypes.get_default_dtype() if type is None else dtypes.as_dtype(type)
    if dtype.kind != "f":
        raise DtypeError(f"finfo: {dtype} holds no fractions; use iinfo")
    return np.finfo(dtype)


def iinfo(type: Any) -> Any:
    """The limits of a dtype of whole numbers (`max`, `min`, `bits`), as NumPy's `iinfo` has them.

    Args:
        type: the dtype.

    Raises:
        DtypeError: it is none of whole numbers.

    Example:
        >>> autograd.iinfo(autograd.int8).max
        127
    """
    dtype = dtypes.as_dtype(type)
    if dtype.kind not in "iu":
        raise DtypeError(f"iinfo: {dtype} does not hold whole numbers; use finfo")
    return np.iinfo(dtype)


def is_nonzero(input: Any) -> bool:
    """Tell whether the only number of a tensor is not 0.

    Raises:
        ShapeError: there is not exactly one.

    Example:
        >>> autograd.is_nonzero(autograd.tensor([0.5]))
        True
    """
    return bool(as_handle(input, "is_nonzero"))


def is_same_size(input: Any, other: Any) -> bool:
    """Tell whether two tensors have the same shape.

    Example:
        >>> autograd.is_same_size(autograd.ones(2), autograd.ones(3))
        False
    """
    return as_handle(input, "is_same_size").shape == as_handle(other, "is_same_size").shape


def detach(input: Any) -> Tensor:
    """A tensor on the same memory, outside the graph.

    Example:
        >>> autograd.detach(autograd.ones(2, requires_grad=True)).requires_grad
        False
    """
    return as_handle(input, "detach").detach()


def asarray(
    obj: Any, *, dtype: Any = None, device: Any = None, copy: bool | None = None, requires_grad: bool = False
) -> Tensor:
    """A tensor from numbers, on the memory of `obj` where that is possible.

    Args:
        obj: a Tensor, an array, a number, or nested lists of numbers.
        dtype: convert to this dtype.
        device: "cpu" or None.
        copy: True copies in any case; False refuses to.
        requires_grad: record operations on the tensor.

    Raises:
        ArgumentError: `copy` is False, and a copy is needed.

    Example:
        >>> autograd.asarray([1, 2])
        tensor([1, 2])
    """
    shared = as_tensor(obj, dtype, device)
    base = getattr(obj, "_array", obj)
    fresh = not isinstance(base, np.ndarray) or not np.shares_memory(base, shared._array)
    if copy is False and fresh and shared._array.size:
        raise ArgumentError("asarray: copy is False, and these numbers cannot be shared; leave it out")
    result = tensor(shared) if copy and not fresh else shared
    return result.requires_grad_() if requires_grad else result


def set_default_device(device: Any) -> None:
    """Set where new tensors are.

    Args:
        device: "cpu"; there is no other.

    Raises:
        ArgumentError: it is another one.
    """
    check_device(device)


def get_default_device() -> device:
    """Where new tensors are: on the CPU.

    Example:
        >>> autograd.get_default_device()
        device(type='cpu')
    """
    return CPU


def set_default_tensor_type(t: Any) -> None:
    """Set the dtype of new tensors from a constructor or its name, as PyTorch did before `set_default_dtype`.

    Args:
        t: `FloatTensor` or another constructor of floating tensors, or its name: "torch.DoubleTensor".

    Raises:
        ArgumentError: it is no such constructor.
    """
    name = t.rpartition(".")[2] if isinstance(t, str) else getattr(t, "__name__", "")
    kinds = {"FloatTensor": dtypes.float32, "DoubleTensor": dtypes.float64, "HalfTensor": dtypes.float16}
    if name not in kinds:
        raise ArgumentError(f"set_default_tensor_type: {t!r} is none of {', '.join(kinds)}")
    dtypes.set_default_dtype(kinds[name])


def typename(obj: Any) -> str:
    """The name of an object's type, and for a Tensor that of its constructor.

    Example:
        >>> autograd.typename(autograd.ones(2)), autograd.typename(nn.ReLU())
        ('torch.FloatTensor', 'nn.activation.ReLU')
    """
    if isinstance(obj, Tensor):
        return str(obj.type())
    kind = obj if isinstance(obj, type) else type(obj)
    module = "" if kind.__module__ in ("builtins", "__builtin__") else kind.__module__
    return f"{module}.{kind.__qualname__}" if module else kind.__qualname__


def _assert(condition: Any, message: str) -> None:
    """PyTorch's `assert` in the form of a function, which tracing sees."""
    assert condition, message
