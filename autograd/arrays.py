"""Arrays of supported dtypes, made from what users give."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from . import dtypes
from .devices import check_device
from .errors import ArgumentError, DtypeError, ShapeError
from .primitive import Handle

__all__ = ["check_device", "to_array", "to_number"]


def to_array(data: Any, dtype: Any = None, name: str = "tensor") -> np.ndarray:
    """A new array of a supported dtype from an array, a Tensor, a number, or nested sequences of them.

    `name` is the operation that an error names.
    """
    given = isinstance(data, (Handle, np.ndarray, np.generic))
    array = np.array(data._array if isinstance(data, Handle) else data) if given else _from_sequence(data, name)
    if array.dtype.kind not in "biuf" or (dtype is None and array.dtype.newbyteorder("=") not in dtypes.SUPPORTED):
        raise DtypeError(
            f"{name}: dtype {array.dtype} is not supported; use one of {', '.join(map(str, dtypes.SUPPORTED))}"
        )
    if dtype is not None:
        wanted = dtypes.as_dtype(dtype)
    elif not given and array.dtype == dtypes.float64:
        wanted = functools.reduce(dtypes.promote_types, _dtypes_in(data), dtypes.bool_)
    else:
        wanted = dtypes.as_dtype(array.dtype.newbyteorder("="))
    if given or wanted.kind not in "iu":
        return array.astype(wanted, copy=False)
    with np.errstate(invalid="ignore"):
        whole = array.astype(wanted)
        if not (whole == np.trunc(array)).all():
            raise DtypeError(f"{name}: a number does not fit {wanted}: {data!r:.80}; use a wider dtype")
    return whole


def _from_sequence(data: Any, name: str) -> np.ndarray:
    try:
        array = np.array(_plain(data))
    except ValueError:
        raise ShapeError(
            f"{name}: the nested lists have rows of different lengths: {data!r:.80}; make them equally long"
        ) from None
    if array.dtype.kind == "O":
        raise DtypeError(f"{name}: cannot make numbers of {type(data).__name__} {data!r:.80}; give numbers or lists")
    return array


def _plain(data: Any) -> Any:
    """Nested sequences with Tensors replaced by their arrays."""
    if isinstance(data, Handle):
        return data._array
    return [_plain(item) for item in data] if isinstance(data, (list, tuple)) else data


def _dtypes_in(data: Any) -> set[dtypes.DType]:
    """The dtypes in nested sequences: those of arrays and NumPy's numbers, the default one for Python's floats."""
    if isinstance(data, (list, tuple)):
        return set().union(*map(_dtypes_in, data)) if data else {dtypes.get_default_dtype()}
    return {data.dtype if isinstance(data, (Handle, np.ndarray, np.generic)) else dtypes.of_number(data)}


def to_number(name: str, argument: str, value: Any) -> int | float:
    """A finite Python number from a number, or from an array or Tensor of no dimensions.

    Raises:
        ArgumentError: it is none.
    """
    if isinstance(value, (Handle, np.ndarray, np.generic)) and not value.shape:
        value = value._array.item() if isinstance(value, Handle) else value.item()
    if not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ArgumentError(f"{name}: {argument} is {value!r}; use a finite number")
    return value
