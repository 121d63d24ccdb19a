"""From a list of examples to one batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

import autograd
from autograd import Tensor
from autograd.errors import DtypeError, ShapeError

__all__ = ["default_collate", "default_convert"]


def default_collate(batch: Sequence[Any]) -> Any:
    """Put a list of examples together: Tensors, arrays and numbers are stacked, what holds them is kept.

    Args:
        batch: examples that are built alike. Floats become float64 and whole numbers int64; texts stay as they are;
            of tuples and lists comes a list (of named tuples a named tuple), of dicts a dict, of batches.

    Raises:
        ShapeError: the examples are of different shapes or lengths.
        DtypeError: they are of a type that cannot be put together.

    Example:
        >>> nn.data.default_collate([(1.0, "a"), (2.0, "b")])
        [tensor([1., 2.], dtype=float64), ('a', 'b')]
    """
    if not batch:
        raise ShapeError("default_collate: there are no examples; give at least one")
    first = batch[0]
    if isinstance(first, Tensor):
        return autograd.stack(list(batch))
    if isinstance(first, np.ndarray):
        return autograd.stack([autograd.as_tensor(array) for array in batch])
    if isinstance(first, np.generic):
        return autograd.as_tensor(np.array(batch))
    if isinstance(first, float):
        return autograd.tensor(list(batch), dtype=autograd.float64)
    if isinstance(first, int):
        return autograd.tensor(list(batch))
    if isinstance(first, (str, bytes)):
        return batch
    if isinstance(first, Mapping):
        return {name: default_collate([example[name] for example in batch]) for name in first}
    if isinstance(first, (tuple, list)):
        if any(len(example) != len(first) for example in batch):
            lengths = sorted({len(example) for example in batch})
            raise ShapeError(
                f"default_collate: the examples have lengths {lengths}; make them equal, or give collate_fn"
            )
        parts = [default_collate(part) for part in zip(*batch, strict=True)]
        return type(first)(*parts) if hasattr(first, "_fields") else parts
    raise DtypeError(
        f"default_collate: cannot put {type(first).__name__} together; use Tensors, arrays, numbers, texts, tuples, "
        "lists and dicts of them, or give collate_fn"
    )


def default_convert(data: Any) -> Any:
    """Turn the arrays of one example into Tensors, and tuples into lists, and leave the rest as it is.

    Example:
        >>> import numpy
        >>> nn.data.default_convert({"x": numpy.zeros(2, "float32"), "y": 1})
        {'x': tensor([0., 0.]), 'y': 1}
    """
    if isinstance(data, (np.ndarray, np.generic)) and data.dtype.kind in "biuf":
        return autograd.as_tensor(data)
    if isinstance(data, Mapping):
        return {name: default_convert(value) for name, value in data.items()}
    if isinstance(data, (tuple, list)):
        parts = [default_convert(value) for value in data]
        return type(data)(*parts) if hasattr(data, "_fields") else parts
    return data
