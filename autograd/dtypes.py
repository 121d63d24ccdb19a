"""The dtypes, and how they meet: PyTorch's promotion, not NumPy's.

A dtype is NumPy's `np.dtype`. Three ranks decide the dtype of a result: arrays of one or more dimensions, then 0-d
arrays, then Python numbers. A lower rank counts only where it is of a higher category (bool < integer < float) than
every higher rank: a float32 array and a float64 number, or 0-d array, give float32.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .errors import DtypeError

__all__ = [
    "DType",
    "as_dtype",
    "bool_",
    "can_cast",
    "double",
    "float16",
    "float32",
    "float64",
    "get_default_dtype",
    "half",
    "int8",
    "int16",
    "int32",
    "int64",
    "long",
    "promote_types",
    "result_type",
    "set_default_dtype",
    "uint8",
]

DType = np.dtype

bool_ = np.dtype(np.bool_)
uint8 = np.dtype(np.uint8)
int8 = np.dtype(np.int8)
int16 = short = np.dtype(np.int16)
int32 = np.dtype(np.int32)
int64 = long = np.dtype(np.int64)
float16 = half = np.dtype(np.float16)
float32 = np.dtype(np.float32)
float64 = double = np.dtype(np.float64)

SUPPORTED = (float32, float64, float16, int64, int32, int16, int8, uint8, bool_)
_CATEGORY = {"b": 0, "u": 1, "i": 1, "f": 2}
_default = float32


def get_default_dtype() -> DType:
    """The dtype that Python floats become: float32, unless `set_default_dtype` changed it."""
    return _default


def set_default_dtype(dtype: Any) -> None:
    """Set the dtype that Python floats become.

    Args:
        dtype: float32, float64 or float16.

    Raises:
        DtypeError: the dtype is not a floating one.
    """
    global _default
    dtype = as_dtype(dtype)
    if dtype.kind != "f":
        raise DtypeError(f"set_default_dtype: {dtype} is not a floating dtype; use float16, float32 or float64")
    _default = dtype


def as_dtype(dtype: Any) -> DType:
    """The supported dtype that `dtype` names: a dtype, a NumPy scalar type, Python's bool, int or float, or a name.

    Raises:
        DtypeError: it names none.
    """
    if dtype is float:
        return _default
    try:
        found = None if dtype is None else np.dtype(dtype)
    except TypeError:
        found = None
    if found is None or found not in SUPPORTED:
        raise DtypeError(f"dtype {dtype!r} is not supported; use one of {', '.join(map(str, SUPPORTED))}")
    return SUPPORTED[SUPPORTED.index(found)]  # that very object: fast paths compare with `is`


def of_number(value: Any) -> DType:
    """The dtype that a Python number becomes."""
    if isinstance(value, bool):
        return bool_
    return int64 if isinstance(value, int) else _default


def promote_types(a: Any, b: Any) -> DType:
    """The smallest dtype of the higher category that holds both; an integer and a float give that float.

    Example:
        >>> import autograd
        >>> autograd.promote_types(autograd.int64, autograd.float16)
        dtype('float16')
    """
    a, b = as_dtype(a), as_dtype(b)
    if a.kind == "f" and b.kind != "f":
        return a
    if b.kind == "f" and a.kind != "f":
        return b
    return np.promote_types(a, b)


def can_cast(source: Any, target: Any) -> bool:
    """Tell whether a result of dtype `source` may be stored as `target`: not a float as integer, nor these as bool."""
    return _CATEGORY[as_dtype(source).kind] <= _CATEGORY[as_dtype(target).kind]


def result_type(*operands: Any) -> DType:
    """The dtype of an arithmetic result, as `torch.result_type` has it.

    Args:
        operands: arrays, Tensors and Python numbers.

    Example:
        >>> import autograd
        >>> autograd.result_type(autograd.ones(2), 2.5)
        dtype('float32')
        >>> autograd.result_type(autograd.ones(2, dtype=autograd.int64), 2.5)
        dtype('float32')
    """
    ranks: list[DType | None] = [None, None, None]
    for operand in operands:
        if operand is None:
            continue
        if isinstance(operand, (bool, int, float)) and not isinstance(operand, np.generic):
            rank, dtype = 2, of_number(operand)
        else:
            rank, dtype = (0 if operand.ndim else 1), operand.dtype
        held = ranks[rank]
        ranks[rank] = dtype if held is None else promote_types(held, dtype)
    best: DType | None = None
    for candidate in ranks:
        if candidate is None:
            continue
        if best is None or _CATEGORY[candidate.kind] > _CATEGORY[best.kind]:
            best = candidate
    if best is None:
        raise DtypeError("result_type: there are no operands; give at least one Tensor, array or number")
    return best


# PyTorch's old names, which are those of constructors.
CONSTRUCTORS = {
    float16: "HalfTensor",
    float32: "FloatTensor",
    float64: "DoubleTensor",
    uint8: "ByteTensor",
    int8: "CharTensor",
    int16: "ShortTensor",
    int32: "IntTensor",
    int64: "LongTensor",
    bool_: "BoolTensor",
}
