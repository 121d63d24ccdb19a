"""The namespace of the Python array API standard for Tensors: `xp = x.__array_namespace__()`.

Functions have the standard's names and arguments (`axis`, `keepdims`), in place of PyTorch's, and stay in the graph.
What the standard asks and is not here: complex numbers, and `size` as an attribute (PyTorch's is a method).

    xp = x.__array_namespace__()
    xp.sum(xp.exp(x), axis=-1, keepdims=True)

Source: https://data-apis.org/array-api/2023.12
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from . import creation, linalg
from .creation import as_tensor, tensor
from .dtypes import as_dtype, bool_, float32, float64, get_default_dtype, int8, int16, int32, int64, uint8
from .dtypes import can_cast as _can_cast
from .errors import ArgumentError
from .exchange import from_dlpack
from .numpy_protocols import FUNCTIONS, UFUNCS, call_ufunc
from .primitive import Handle
from .tensor import Tensor

__array_api_version__ = "2023.12"

e, inf, nan, pi, newaxis = math.e, math.inf, math.nan, math.pi, None
bool = bool_

# Functions of the standard that are NumPy's of the same name.
_ELEMENTWISE = (
    "abs", "acos", "acosh", "add", "asin", "asinh", "atan", "atan2", "atanh", "bitwise_and", "bitwise_left_shift",
    "bitwise_invert", "bitwise_or", "bitwise_right_shift", "bitwise_xor", "ceil", "copysign", "cos", "cosh", "divide",
    "equal", "exp", "expm1", "floor", "floor_divide", "greater", "greater_equal", "hypot", "isfinite", "isinf", "isnan",
    "less", "less_equal", "log", "log10", "log1p", "log2", "logaddexp", "logical_and", "logical_not", "logical_or",
    "logical_xor", "matmul", "maximum", "minimum", "multiply", "negative", "not_equal", "positive", "pow", "reciprocal",
    "remainder", "sign", "signbit", "sin", "sinh", "sqrt", "square", "subtract", "tan", "tanh", "trunc",
)  # fmt: skip
_OTHERS = (
    "all", "any", "argmax", "argmin", "argsort", "astype", "broadcast_arrays", "broadcast_to", "clip", "concat",
    "empty_like", "expand_dims", "flip", "full_like", "matrix_transpose", "max", "mean", "min", "moveaxis", "nonzero",
    "ones_like", "permute_dims", "prod", "repeat", "reshape", "result_type", "roll", "round", "sort", "squeeze",
    "stack", "sum", "take", "tensordot", "tile", "tril", "triu", "where", "zeros_like",
)  # fmt: skip


def _elementwise(ufunc: Any) -> Callable[..., Any]:
    def function(*arrays: Any) -> Any:
        return call_ufunc(ufunc, "__call__", arrays, {})

    function.__name__ = function.__qualname__ = ufunc.__name__
    function.__doc__ = f"NumPy's `{ufunc.__name__}` on Tensors, as `autograd.{UFUNCS[ufunc.__name__]}`."
    return function


for _name in _ELEMENTWISE:
    globals()[_name] = _elementwise(getattr(np, _name))
for _name in _OTHERS:
    globals()[_name] = FUNCTIONS[getattr(np, _name)]


def _only_cpu(device: Any) -> None:
    if device not in (None, "cpu"):
        raise ArgumentError(f"array_api: device {device!r} is not there; chainrule computes on 'cpu'")


def asarray(obj: Any, /, *, dtype: Any = None, device: Any = None, copy: Any = None) -> Tensor:
    """A Tensor of numbers, an array or nested lists; Python floats become the default dtype."""
    _only_cpu(device)
    if isinstance(obj, Handle):
        found = as_tensor(obj) if dtype is None else as_tensor(obj).to(as_dtype(dtype))
        return found.clone() if copy else found
    return tensor(obj, dtype=dtype) if copy or not isinstance(obj, np.ndarray) else as_tensor(obj, dtype=dtype)


def _shaped(name: str) -> Callable[..., Any]:
    def function(shape: Any, *fill: Any, dtype: Any = None, device: Any = None) -> Tensor:
        _only_cpu(device)
        sizes = (shape,) if isinstance(shape, int) else tuple(shape)
        return getattr(creation, name)(sizes, *fill, dtype=dtype)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"As `autograd.{name}`, of a shape."
    return function


zeros, ones, empty = _shaped("zeros"), _shaped("ones"), _shaped("empty")


def full(shape: Any, fill_value: Any, *, dtype: Any = None, device: Any = None) -> Tensor:
    """A Tensor of one number."""
    _only_cpu(device)
    return creation.full((shape,) if isinstance(shape, int) else tuple(shape), fill_value, dtype=dtype)


def arange(start: Any, /, stop: Any = None, step: Any = 1, *, dtype: Any = None, device: Any = None) -> Tensor:
    """Numbers at equal steps, the stop left out."""
    _only_cpu(device)
    first, last = (0, start) if stop is None else (start, stop)
    return creation.arange(first, last, step, dtype=dtype)


def linspace(
    start: Any, stop: Any, /, num: int, *, dtype: Any = None, device: Any = None, endpoint: Any = True
) -> Tensor:
    """`num` numbers at equal steps."""
    _only_cpu(device)
    last = stop if endpoint else start + (stop - start) * (num - 1) / num
    return creation.linspace(start, last, num, dtype=dtype)


def eye(n_rows: int, n_cols: Any = None, /, *, k: int = 0, dtype: Any = None, device: Any = None) -> Tensor:
    """Ones on the k-th diagonal."""
    _only_cpu(device)
    return tensor(np.eye(n_rows, n_cols, k, dtype=get_default_dtype() if dtype is None else as_dtype(dtype)))


def var(x: Any, /, *, axis: Any = None, correction: Any = 0.0, keepdims: Any = False) -> Tensor:
    """The variance; `correction` is taken off the count."""
    return FUNCTIONS[np.var](x, axis, ddof=correction, keepdims=keepdims)


def std(x: Any, /, *, axis: Any = None, correction: Any = 0.0, keepdims: Any = False) -> Tensor:
    """The standard deviation; `correction` is taken off the count."""
    return FUNCTIONS[np.std](x, axis, ddof=correction, keepdims=keepdims)


def cumulative_sum(x: Any, /, *, axis: Any = None, dtype: Any = None, include_initial: Any = False) -> Tensor:
    """Sums of the numbers up to each place."""
    found = FUNCTIONS[np.cumsum](x, 0 if axis is None and x.ndim == 1 else axis, dtype)
    if not include_initial:
        return found
    sizes = list(found.shape)
    dim = 0 if axis is None else axis
    sizes[dim] = 1
    return FUNCTIONS[np.concatenate]([creation.zeros(sizes, dtype=found.dtype), found], dim)


def unstack(x: Any, /, *, axis: int = 0) -> tuple[Tensor, ...]:
    """The parts along an axis."""
    return tuple(FUNCTIONS[np.moveaxis](x, axis, 0))


def vecdot(x1: Any, x2: Any, /, *, axis: int = -1) -> Tensor:
    """Products of numbers, summed along an axis."""
    return FUNCTIONS[np.sum](x1 * x2, axis)


def can_cast(from_: Any, to: Any, /) -> Any:
    """Whether a dtype goes over into another without a loss of kind."""
    return _can_cast(from_.dtype if isinstance(from_, Handle) else from_, to)


def isdtype(dtype: Any, kind: Any) -> Any:
    """Whether a dtype is of a kind: "bool", "signed integer", "integral", "real floating", "numeric", or a tuple."""
    return np.isdtype(as_dtype(dtype), kind)


def finfo(type: Any, /) -> Any:
    """The limits of a floating dtype."""
    return np.finfo(type.dtype if isinstance(type, Handle) else type)


def iinfo(type: Any, /) -> Any:
    """The limits of an integer dtype."""
    return np.iinfo(type.dtype if isinstance(type, Handle) else type)


__all__ = [
    *_ELEMENTWISE, *_OTHERS, "arange", "asarray", "bool", "can_cast", "cumulative_sum", "e", "empty", "eye", "finfo",
    "float32", "float64", "from_dlpack", "full", "iinfo", "inf", "int8", "int16", "int32", "int64", "isdtype", "linalg",
    "linspace", "nan", "newaxis", "ones", "pi", "std", "uint8", "unstack", "var", "vecdot", "zeros",
]  # fmt: skip
