"""Making tensors from numbers, and from nothing."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from . import dtypes
from .arrays import check_device, to_array, to_number
from .errors import ArgumentError, DtypeError, ShapeError
from .ops.dims import normalize_dims, normalize_sizes
from .ops.memory import hollow
from .primitive import Handle, as_handle, make
from .tensor import Tensor

__all__ = [
    "arange",
    "as_tensor",
    "empty",
    "empty_like",
    "empty_permuted",
    "empty_strided",
    "eye",
    "from_numpy",
    "full",
    "full_like",
    "is_complex",
    "is_floating_point",
    "is_tensor",
    "linspace",
    "logspace",
    "numel",
    "ones",
    "ones_like",
    "scalar_tensor",
    "tensor",
    "tril_indices",
    "triu_indices",
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
    return finish(to_array(data, dtype), requires_grad, device)


def finish(array: np.ndarray, requires_grad: bool, device: Any = None) -> Tensor:
    """A tensor on a new array, for the functions that make tensors."""
    check_device(device)
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
        return finish(data.astype(wanted, copy=False), False, device)
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


def numel(input: Any) -> int:
    """How many numbers a tensor has.

    Example:
        >>> autograd.numel(autograd.ones(2, 3))
        6
    """
    return as_handle(input, "numel").numel()


def is_floating_point(input: Any) -> bool:
    """Tell whether a tensor's dtype is a floating one.

    Example:
        >>> autograd.is_floating_point(autograd.arange(3))
        False
    """
    return as_handle(input, "is_floating_point").dtype.kind == "f"


def is_complex(input: Any) -> bool:
    """Tell whether a tensor's dtype is a complex one: there is none.

    Example:
        >>> autograd.is_complex(autograd.ones(2))
        False
    """
    return as_handle(input, "is_complex").is_complex()


def _count(name: str, argument: str, value: Any) -> int:
    if not isinstance(value, (int, np.integer)) or value < 0:
        raise ArgumentError(f"{name}: {argument} is {value!r}; use a whole number that is not negative")
    return int(value)


def _dtype(dtype: Any) -> dtypes.DType:
    return dtypes.get_default_dtype() if dtype is None else dtypes.as_dtype(dtype)


def _alike(name: str, input: Any, dtype: Any) -> tuple[tuple[int, ...], dtypes.DType]:
    """The shape and dtype of `input`, or its shape and the given dtype. (PyTorch's memory format changes no number.)"""
    model = as_handle(input, name)
    return model.shape, model.dtype if dtype is None else dtypes.as_dtype(dtype)


def _sizes(name: str, shape: tuple[Any, ...], size: Any) -> tuple[int, ...]:
    """The sizes that were given by position, or by name."""
    return normalize_sizes(name, shape if size is None else (size,))


def zeros(*shape: Any, size: Any = None, dtype: Any = None, requires_grad: bool = False, device: Any = None) -> Tensor:
    """A tensor of zeros.

    Args:
        shape: the sizes, one by one or as a tuple.
        size: the same by name, as a tuple.
        dtype: float32, unless given.
        requires_grad: record operations on the tensor.
        device: "cpu" or None.

    Example:
        >>> autograd.zeros(2, 3)
        tensor([[0., 0., 0.],
                [0., 0., 0.]])
    """
    return finish(np.zeros(_sizes("zeros", shape, size), _dtype(dtype)), requires_grad, device)


def ones(*shape: Any, size: Any = None, dtype: Any = None, requires_grad: bool = False, device: Any = None) -> Tensor:
    """A tensor of ones; arguments as for `zeros`.

    Example:
        >>> autograd.ones(3)
        tensor([1., 1., 1.])
    """
    return finish(np.ones(_sizes("ones", shape, size), _dtype(dtype)), requires_grad, device)


def empty(*shape: Any, size: Any = None, dtype: Any = None, requires_grad: bool = False, device: Any = None) -> Tensor:
    """A tensor whose numbers are whatever was in memory; arguments as for `zeros`.

    Example:
        >>> autograd.empty(2, 3).shape
        (2, 3)
    """
    return finish(np.empty(_sizes("empty", shape, size), _dtype(dtype)), requires_grad, device)


def full(size: Any, fill_value: Any, *, dtype: Any = None, requires_grad: bool = False, device: Any = None) -> Tensor:
    """A tensor of one number.

    Args:
        size: the sizes.
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
    return finish(np.full(normalize_sizes("full", (size,)), number), requires_grad, device)


def zeros_like(
    input: Any, *, dtype: Any = None, requires_grad: bool = False, device: Any = None, memory_format: Any = None
) -> Tensor:
    """Zeros of the shape and dtype of another tensor.

    Example:
        >>> autograd.zeros_like(autograd.ones(2))
        tensor([0., 0.])
    """
    shape, wanted = _alike("zeros_like", input, dtype)
    return zeros(shape, dtype=wanted, requires_grad=requires_grad, device=device)


def ones_like(
    input: Any, *, dtype: Any = None, requires_grad: bool = False, device: Any = None, memory_format: Any = None
) -> Tensor:
    """Ones of the shape and dtype of another tensor.

    Example:
        >>> autograd.ones_like(autograd.zeros(2))
        tensor([1., 1.])
    """
    shape, wanted = _alike("ones_like", input, dtype)
    return ones(shape, dtype=wanted, requires_grad=requires_grad, device=device)


def empty_like(
    input: Any, *, dtype: Any = None, requires_grad: bool = False, device: Any = None, memory_format: Any = None
) -> Tensor:
    """Whatever was in memory, in the shape and dtype of another tensor.

    Example:
        >>> autograd.empty_like(autograd.ones(2, 3)).shape
        (2, 3)
    """
    shape, wanted = _alike("empty_like", input, dtype)
    return empty(shape, dtype=wanted, requires_grad=requires_grad, device=device)


def full_like(
    input: Any,
    fill_value: Any,
    *,
    dtype: Any = None,
    requires_grad: bool = False,
    device: Any = None,
    memory_format: Any = None,
) -> Tensor:
    """One number in the shape and dtype of another tensor.

    Example:
        >>> autograd.full_like(autograd.ones(2), 7)
        tensor([7., 7.])
    """
    shape, wanted = _alike("full_like", input, dtype)
    return full(shape, fill_value, dtype=wanted, requires_grad=requires_grad, device=device)


def arange(
    start: Any, end: Any = None, step: Any = 1, *, dtype: Any = None, requires_grad: bool = False, device: Any = None
) -> Tensor:
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
    given = {"start": start, "end": end, "step": step}
    start, end, step = (to_number("arange", what, number) for what, number in given.items())
    if step == 0 or (end - start) * step < 0:
        raise ArgumentError(f"arange: step {step} does not lead from {start} to {end}; change its sign, or its size")
    whole = all(isinstance(n, int) for n in (start, end, step))
    wanted = (dtypes.int64 if whole else dtypes.get_default_dtype()) if dtype is None else dtypes.as_dtype(dtype)
    count = math.ceil((end - start) / step)
    return finish((start + step * np.arange(count)).astype(wanted), requires_grad, device)


def linspace(
    start: float, end: float, steps: int, *, dtype: Any = None, requires_grad: bool = False, device: Any = None
) -> Tensor:
    """`steps` numbers at equal distances from `start` to `end`, both included.

    Example:
        >>> autograd.linspace(0, 1, 5)
        tensor([0.0000, 0.2500, 0.5000, 0.7500, 1.0000])
    """
    first, last = to_number("linspace", "start", start), to_number("linspace", "end", end)
    numbers = np.linspace(first, last, _count("linspace", "steps", steps))
    return finish(numbers.astype(_dtype(dtype)), requires_grad, device)


def logspace(
    start: float,
    end: float,
    steps: int,
    base: float = 10.0,
    *,
    dtype: Any = None,
    requires_grad: bool = False,
    device: Any = None,
) -> Tensor:
    """`steps` numbers at equal ratios from `base ** start` to `base ** end`, both included.

    Example:
        >>> autograd.logspace(0, 2, 3)
        tensor([  1.,  10., 100.])
    """
    first, last = to_number("logspace", "start", start), to_number("logspace", "end", end)
    exponents = np.linspace(first, last, _count("logspace", "steps", steps))
    numbers = np.power(float(to_number("logspace", "base", base)), exponents)
    return finish(numbers.astype(_dtype(dtype)), requires_grad, device)


def eye(n: int, m: int | None = None, *, dtype: Any = None, requires_grad: bool = False, device: Any = None) -> Tensor:
    """The identity matrix of n rows and m columns (n, unless given).

    Example:
        >>> autograd.eye(2)
        tensor([[1., 0.],
                [0., 1.]])
    """
    rows, columns = normalize_sizes("eye", (n, n if m is None else m))
    return finish(np.eye(rows, columns, dtype=_dtype(dtype)), requires_grad, device)


def _triangle_indices(name: str, cut: Any, row: int, col: int, offset: int, dtype: Any, device: Any) -> Tensor:
    rows, columns = normalize_sizes(name, (row, col))
    if not isinstance(offset, (int, np.integer)):
        raise ArgumentError(f"{name}: offset is {offset!r}; use a whole number")
    places = np.stack(cut(rows, offset, columns))
    return finish(places.astype(dtypes.int64 if dtype is None else dtypes.as_dtype(dtype)), False, device)


def tril_indices(row: int, col: int, offset: int = 0, *, dtype: Any = None, device: Any = None) -> Tensor:
    """Where the numbers of a lower triangle stand: a row of row indices and a row of column indices.

    Args:
        row, col: the sizes of the matrix.
        offset: the last diagonal of the triangle; positive numbers are above the main one.
        dtype: int64, unless given.
        device: "cpu" or None.

    Example:
        >>> autograd.tril_indices(2, 2)
        tensor([[0, 1, 1],
                [0, 0, 1]])
    """
    return _triangle_indices("tril_indices", np.tril_indices, row, col, offset, dtype, device)


def triu_indices(row: int, col: int, offset: int = 0, *, dtype: Any = None, device: Any = None) -> Tensor:
    """Where the numbers of an upper triangle stand; arguments as for `tril_indices`.

    Example:
        >>> autograd.triu_indices(2, 2)
        tensor([[0, 0, 1],
                [0, 1, 1]])
    """
    return _triangle_indices("triu_indices", np.triu_indices, row, col, offset, dtype, device)


def scalar_tensor(s: Any, *, dtype: Any = None, requires_grad: bool = False, device: Any = None) -> Tensor:
    """One number as a tensor of no dimensions; of the default dtype, unless another is given.

    Example:
        >>> autograd.scalar_tensor(2)
        tensor(2.)
    """
    if not isinstance(s, (int, float)):
        raise DtypeError(f"scalar_tensor: expected a number, not {type(s).__name__}; use autograd.tensor")
    return finish(to_array(s, _dtype(dtype), "scalar_tensor"), requires_grad, device)


def empty_strided(
    size: Any, stride: Any, *, dtype: Any = None, requires_grad: bool = False, device: Any = None
) -> Tensor:
    """A tensor of given sizes and steps in memory, whose numbers are whatever was there.

    Args:
        size: the sizes.
        stride: the steps along each dimension, in numbers.
        dtype: float32, unless given.
        requires_grad: record operations on the tensor.
        device: "cpu" or None.

    Raises:
        ShapeError: there is not a stride for each size.

    Example:
        >>> autograd.empty_strided((2, 3), (1, 2)).stride()
        (1, 2)
    """
    return finish(hollow("empty_strided", size, stride, _dtype(dtype)), requires_grad, device)


def empty_permuted(
    size: Any, physical_layout: Any, *, dtype: Any = None, requires_grad: bool = False, device: Any = None
) -> Tensor:
    """A tensor of given sizes that lies in memory without gaps in another order of dimensions.

    Args:
        size: the sizes.
        physical_layout: the dimensions in the order in which they lie in memory, the slowest first.
        dtype: float32, unless given.
        requires_grad: record operations on the tensor.
        device: "cpu" or None.

    Raises:
        ArgumentError: a dimension is missing, named twice, or not there.

    Example:
        >>> autograd.empty_permuted((2, 3), (1, 0)).stride()
        (1, 2)
    """
    sizes = normalize_sizes("empty_permuted", (size,))
    layout = tuple(physical_layout)
    order = normalize_dims("empty_permuted", layout, len(sizes)) if layout else ()
    if len(order) != len(sizes) or min(layout, default=0) < 0:
        raise ArgumentError(f"empty_permuted: physical_layout {layout} does not name each dimension of {sizes} once")
    lying = np.empty(tuple([sizes[k] for k in order]), _dtype(dtype))
    return finish(lying.transpose(tuple([order.index(k) for k in range(len(sizes))])), requires_grad, device)
