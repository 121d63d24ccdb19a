"""Making tensors from numbers, and from nothing."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from . import dtypes
from .arrays import to_array
from .errors import ArgumentError, DtypeError, ShapeError
from .ops.dims import normalize_shape
from .primitive import Handle, as_handle, make
from .tensor import Tensor

__all__ = [
    "arange",
    "as_tensor",
    "empty",
    "empty_like",
    "eye",
    "from_numpy",
    "full",
    "full_like",
    "is_tensor",
    "linspace",
    "logspace",
    "meshgrid",
    "ones",
    "ones_like",
    "tensor",
    "zeros",
    "zeros_like",
]


def tensor(data: Any, *, dtype: Any = None, requires_grad: bool = False, device: Any = None) -> Tensor:
    """A tensor from numbers; arrays are copied.

    Args:
        data: a number, nested lists of numbers, an array, or a Tensor.
        dtype: float32 for Python floats and int64 for Python integers, unless given; arrays keep theirs.
        requires_grad: record operations on the tensor.
        device: "cpu" or None.

    Raises:
        ShapeError: nested lists have rows of different lengths.
        DtypeError: the dtype is not supported.

    Example:
        >>> autograd.tensor([[1, 2], [3, 4]])
        tensor([[1, 2],
                [3, 4]])
    """
    return _new(to_array(data, dtype), requires_grad, device)


def _new(array: np.ndarray, requires_grad: bool, device: Any = None) -> Tensor:
    if device not in (None, "cpu"):
        raise ArgumentError(f"device {device!r} is not there; chainrule computes on 'cpu'")
    result = make(array)
    return result.requires_grad_() if requires_grad else result


def as_tensor(data: Any, dtype: Any = None, device: Any = None) -> Tensor:
    """A tensor on the memory of `data` where that is possible, else a copy.

    Args:
        data: a Tensor, an array, a number, or nested lists of numbers.
        dtype: convert to this dtype.
        device: "cpu" or None.

    Example:
        >>> import numpy
        >>> array = numpy.zeros(2, "float32")
        >>> t = autograd.as_tensor(array)
        >>> array[0] = 5
        >>> t
        tensor([5., 0.])
    """
    if isinstance(data, Handle):
        result: Any = data
        return result if dtype is None else result.to(dtype)
    if isinstance(data, np.ndarray) and data.dtype in dtypes.SUPPORTED:
        wanted = data.dtype if dtype is None else dtypes.as_dtype(dtype)
        return _new(data.astype(wanted, copy=False), False, device)
    return tensor(data, dtype=dtype, device=device)


def from_numpy(array: np.ndarray) -> Tensor:
    """A tensor on the memory of an array: a change of one is a change of the other.

    Changes made through the array are not seen by the check for saved arrays that were changed in place.

    Raises:
        DtypeError: `array` is not an array of a supported dtype.

    Example:
        >>> import numpy
        >>> autograd.from_numpy(numpy.arange(3.0))
        tensor([0., 1., 2.], dtype=float64)
    """
    if not isinstance(array, np.ndarray) or array.dtype not in dtypes.SUPPORTED:
        found = array.dtype if isinstance(array, np.ndarray) else type(array).__name__
        raise DtypeError(f"from_numpy: {found} is not an array of a supported dtype; use autograd.tensor(data, dtype=)")
    return make(array)


def is_tensor(value: Any) -> bool:
    """Tell whether `value` is a Tensor.

    Example:
        >>> autograd.is_tensor([1.0])
        False
    """
    return isinstance(value, Handle)


def _sizes(name: str, shape: tuple[Any, ...]) -> tuple[int, ...]:
    sizes = normalize_shape(name, shape)
    if any(size < 0 for size in sizes):
        raise ShapeError(f"{name}: sizes {sizes} must not be negative")
    return sizes


def _count(name: str, argument: str, value: Any) -> int:
    if not isinstance(value, (int, np.integer)) or value < 0:
        raise ArgumentError(f"{name}: {argument} is {value!r}; use a whole number that is not negative")
    return int(value)


def _number(name: str, argument: str, value: Any) -> int | float:
    if isinstance(value, (Handle, np.ndarray, np.generic)) and not value.shape:
        value = value._array.item() if isinstance(value, Handle) else value.item()
    if not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ArgumentError(f"{name}: {argument} is {value!r}; use a finite number")
    return value


def _dtype(dtype: Any) -> dtypes.DType:
    return dtypes.get_default_dtype() if dtype is None else dtypes.as_dtype(dtype)


def _alike(name: str, input: Any, dtype: Any) -> tuple[tuple[int, ...], dtypes.DType]:
    """The shape and dtype of `input`, or its shape and the given dtype."""
    model = as_handle(input, name)
    return model.shape, model.dtype if dtype is None else dtypes.as_dtype(dtype)


def zeros(*shape: Any, dtype: Any = None, requires_grad: bool = False, device: Any = None) -> Tensor:
    """A tensor of zeros.

    Args:
        shape: the sizes, one by one or as a tuple.
        dtype: float32, unless given.
        requires_grad: record operations on the tensor.
        device: "cpu" or None.

    Example:
        >>> autograd.zeros(2, 3)
        tensor([[0., 0., 0.],
                [0., 0., 0.]])
    """
    return _new(np.zeros(_sizes("zeros", shape), _dtype(dtype)), requires_grad, device)


def ones(*shape: Any, dtype: Any = None, requires_grad: bool = False, device: Any = None) -> Tensor:
    """A tensor of ones; arguments as for `zeros`.

    Example:
        >>> autograd.ones(3)
        tensor([1., 1., 1.])
    """
    return _new(np.ones(_sizes("ones", shape), _dtype(dtype)), requires_grad, device)


def empty(*shape: Any, dtype: Any = None, requires_grad: bool = False, device: Any = None) -> Tensor:
    """A tensor whose numbers are whatever was in memory; arguments as for `zeros`.

    Example:
        >>> autograd.empty(2, 3).shape
        (2, 3)
    """
    return _new(np.empty(_sizes("empty", shape), _dtype(dtype)), requires_grad, device)


def full(shape: Any, fill_value: Any, *, dtype: Any = None, requires_grad: bool = False, device: Any = None) -> Tensor:
    """A tensor of one number.

    Args:
        shape: the sizes.
        fill_value: the number.
        dtype: float32 for a fraction, int64 for a whole number and bool for True and False, unless given.
        requires_grad: record operations on the tensor.
        device: "cpu" or None.

    Raises:
        ShapeError: `fill_value` is more than one number.
        DtypeError: `fill_value` is no number, or does not fit the dtype.

    Example:
        >>> autograd.full((2,), 7)
        tensor([7, 7])
    """
    number = to_array(fill_value, dtype, "full")
    if number.ndim:
        raise ShapeError(f"full: fill_value {number.shape} is not one number; give one")
    if dtype is None:
        number = number.astype(dtypes.of_number(number.item()))
    return _new(np.full(_sizes("full", (shape,)), number), requires_grad, device)


def zeros_like(input: Any, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Zeros of the shape and dtype of another tensor.

    Example:
        >>> autograd.zeros_like(autograd.ones(2))
        tensor([0., 0.])
    """
    shape, wanted = _alike("zeros_like", input, dtype)
    return zeros(shape, dtype=wanted, requires_grad=requires_grad)


def ones_like(input: Any, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Ones of the shape and dtype of another tensor.

    Example:
        >>> autograd.ones_like(autograd.zeros(2))
        tensor([1., 1.])
    """
    shape, wanted = _alike("ones_like", input, dtype)
    return ones(shape, dtype=wanted, requires_grad=requires_grad)


def empty_like(input: Any, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Whatever was in memory, in the shape and dtype of another tensor.

    Example:
        >>> autograd.empty_like(autograd.ones(2, 3)).shape
        (2, 3)
    """
    shape, wanted = _alike("empty_like", input, dtype)
    return empty(shape, dtype=wanted, requires_grad=requires_grad)


def full_like(input: Any, fill_value: Any, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """One number in the shape and dtype of another tensor.

    Example:
        >>> autograd.full_like(autograd.ones(2), 7)
        tensor([7., 7.])
    """
    shape, wanted = _alike("full_like", input, dtype)
    return full(shape, fill_value, dtype=wanted, requires_grad=requires_grad)


def arange(start: Any, end: Any = None, step: Any = 1, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Numbers from `start` (0, if only one argument is given) up to but not including `end`.

    Args:
        start, end, step: numbers; int64 if all are whole, else float32.
        dtype: another dtype.
        requires_grad: record operations on the tensor.

    Raises:
        ArgumentError: the step is 0 or leads away from the end.

    Example:
        >>> autograd.arange(1, 2, 0.25)
        tensor([1.0000, 1.2500, 1.5000, 1.7500])
    """
    if end is None:
        start, end = 0, start
    start, end, step = _number("arange", "start", start), _number("arange", "end", end), _number("arange", "step", step)
    if step == 0 or (end - start) * step < 0:
        raise ArgumentError(f"arange: step {step} does not lead from {start} to {end}; change its sign, or its size")
    whole = all(isinstance(n, int) for n in (start, end, step))
    wanted = (dtypes.int64 if whole else dtypes.get_default_dtype()) if dtype is None else dtypes.as_dtype(dtype)
    count = math.ceil((end - start) / step)
    return _new((start + step * np.arange(count)).astype(wanted), requires_grad)


def linspace(start: float, end: float, steps: int, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """`steps` numbers at equal distances from `start` to `end`, both included.

    Example:
        >>> autograd.linspace(0, 1, 5)
        tensor([0.0000, 0.2500, 0.5000, 0.7500, 1.0000])
    """
    first, last = _number("linspace", "start", start), _number("linspace", "end", end)
    return _new(np.linspace(first, last, _count("linspace", "steps", steps)).astype(_dtype(dtype)), requires_grad)


def logspace(
    start: float, end: float, steps: int, base: float = 10.0, *, dtype: Any = None, requires_grad: bool = False
) -> Tensor:
    """`steps` numbers at equal ratios from `base ** start` to `base ** end`, both included.

    Example:
        >>> autograd.logspace(0, 2, 3)
        tensor([  1.,  10., 100.])
    """
    first, last = _number("logspace", "start", start), _number("logspace", "end", end)
    exponents = np.linspace(first, last, _count("logspace", "steps", steps))
    return _new(np.power(float(_number("logspace", "base", base)), exponents).astype(_dtype(dtype)), requires_grad)


def eye(n: int, m: int | None = None, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """The identity matrix of n rows and m columns (n, unless given).

    Example:
        >>> autograd.eye(2)
        tensor([[1., 0.],
                [0., 1.]])
    """
    rows, columns = _sizes("eye", (n, n if m is None else m))
    return _new(np.eye(rows, columns, dtype=_dtype(dtype)), requires_grad)


def meshgrid(*tensors: Any, indexing: str = "ij") -> tuple[Tensor, ...]:
    """Coordinates of a grid, a tensor for each of the given vectors.

    Args:
        tensors: vectors.
        indexing: "ij" for matrix order, "xy" for that of pictures.

    Example:
        >>> autograd.meshgrid(autograd.arange(2), autograd.arange(3))[0]
        tensor([[0, 0, 0],
                [1, 1, 1]])
    """
    if indexing not in ("ij", "xy"):
        raise ArgumentError(f"meshgrid: indexing is {indexing!r}; use 'ij' or 'xy'")
    handles = [as_tensor(t) for t in tensors]
    shape = tuple(h.numel() for h in handles)
    swap = indexing == "xy" and len(handles) > 1
    grids = []
    for k, handle in enumerate(handles):
        grid = handle.reshape(tuple(-1 if i == k else 1 for i in range(len(handles)))).expand(shape)
        grids.append(grid.transpose(0, 1) if swap else grid)
    return tuple(grids)
