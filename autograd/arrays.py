"""Arrays of supported dtypes, made from what users give."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import dtypes
from .errors import DtypeError, ShapeError
from .primitive import Handle

__all__ = ["to_array"]


def to_array(data: Any, dtype: Any = None) -> np.ndarray:
    """A new array of a supported dtype from an array, a Tensor, a number, or nested sequences of them."""
    if isinstance(data, Handle):
        array = np.array(data._array)
    elif isinstance(data, (np.ndarray, np.generic)):
        array = np.array(data)
    else:
        array = _from_sequence(data)
    if dtype is not None:
        return array.astype(dtypes.as_dtype(dtype))
    if array.dtype not in dtypes.SUPPORTED:
        native = array.dtype.newbyteorder("=")
        if native not in dtypes.SUPPORTED:
            raise DtypeError(
                f"tensor: dtype {array.dtype} is not supported; pass dtype=, one of "
                f"{', '.join(map(str, dtypes.SUPPORTED))}"
            )
        array = array.astype(native)
    return array


def _from_sequence(data: Any) -> np.ndarray:
    try:
        array = np.array(_plain(data))
    except ValueError:
        raise ShapeError(f"tensor: the nested lists have rows of different lengths: {data!r:.80}") from None
    except OverflowError:
        raise DtypeError(f"tensor: a number does not fit any dtype: {data!r:.80}") from None
    if array.dtype.kind == "O":
        raise DtypeError(f"tensor: cannot make numbers of {type(data).__name__} {data!r:.80}")
    if array.dtype == dtypes.float64 and not _holds_numpy(data):
        array = array.astype(dtypes.get_default_dtype())
    return array


def _plain(data: Any) -> Any:
    """Nested sequences with Tensors replaced by their arrays."""
    if isinstance(data, Handle):
        return data._array
    return [_plain(item) for item in data] if isinstance(data, (list, tuple)) else data


def _holds_numpy(data: Any) -> bool:
    """Whether the first number found carries a dtype of its own."""
    while isinstance(data, (list, tuple)) and data:
        data = data[0]
    return isinstance(data, (np.ndarray, np.generic, Handle))
