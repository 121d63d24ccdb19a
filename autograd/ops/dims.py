"""Dimensions as users give them, checked and counted from the front."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from ..errors import ArgumentError, ShapeError, shown

__all__ = [
    "check_dim",
    "flag",
    "normalize_dim",
    "normalize_dims",
    "normalize_shape",
    "normalize_sizes",
    "number",
    "sequence",
    "whole_number",
]


def number(name: str, what: str, value: Any) -> float:
    """`value` as a Python float; a Tensor or an array of one number counts as that number.

    Raises:
        ArgumentError: it is no number.
    """
    if type(value) is float:
        return value
    if not isinstance(value, (str, bytes)):
        try:
            return float(value)
        except (TypeError, ValueError):
            pass
    raise ArgumentError(f"{name}: {what} is {shown(value)}; use a number")


def whole_number(name: str, what: str, value: Any) -> int:
    """`value` as a Python int.

    Raises:
        ArgumentError: it is no whole number.
    """
    if not isinstance(value, (int, np.integer)) or isinstance(value, bool):
        raise ArgumentError(f"{name}: {what} is {shown(value)}; use a whole number")
    return int(value)


def flag(name: str, what: str, value: Any) -> bool:
    """`value` as a bool.

    Raises:
        ArgumentError: it is neither a bool nor a number.
    """
    if not isinstance(value, (int, np.bool_)):
        raise ArgumentError(f"{name}: {what} is {shown(value)}; use True or False")
    return bool(value)


def sequence(name: str, what: str, value: Any) -> tuple[Any, ...]:
    """`value` as a tuple.

    Raises:
        ArgumentError: it is no sequence.
    """
    if type(value) is tuple:
        return value
    if isinstance(value, (str, bytes)) or not isinstance(value, Iterable):
        raise ArgumentError(f"{name}: {what} is {shown(value)}; use a tuple")
    return tuple(value)


def normalize_dim(name: str, dim: Any, ndim: int) -> int:
    """`dim` counted from the front.

    Raises:
        ArgumentError: there is no such dimension.
    """
    size = max(ndim, 1)  # a 0-d tensor answers to 0 and -1
    if not isinstance(dim, (int, np.integer)) or isinstance(dim, bool) or not -size <= dim < size:
        raise ArgumentError(f"{name}: dim is {shown(dim)}, but x has {ndim} dimensions; use {-size} to {size - 1}")
    return int(dim) % size


def normalize_dims(name: str, dim: int | Sequence[int] | None, ndim: int) -> tuple[int, ...]:
    """The dimensions that `dim` names, counted from the front; all of them for None and for ().

    Raises:
        ArgumentError: there is no such dimension, or one is named twice.
    """
    if dim is None:
        return tuple(range(ndim))
    if isinstance(dim, (int, np.integer)):
        dims: tuple[int, ...] = (normalize_dim(name, dim, ndim),)
    elif not isinstance(dim, Iterable):
        raise ArgumentError(f"{name}: dim is {shown(dim)}; use a whole number, a tuple of them, or None")
    else:
        dims = tuple([normalize_dim(name, d, ndim) for d in dim]) or tuple(range(ndim))
    if len(set(dims)) != len(dims):
        raise ArgumentError(f"{name}: dim {dim!r} names a dimension twice; name each once")
    return dims if ndim else ()


def check_dim(name: str) -> Callable[..., None]:
    """An `infer` for operations whose only attribute is one dimension."""

    def infer(x: Any, dim: int) -> None:
        normalize_dim(name, dim, x.ndim)

    return infer


def normalize_shape(name: str, shape: Sequence[Any]) -> tuple[int, ...]:
    """Sizes given one by one or as one sequence: `f(2, 3)` or `f((2, 3))`.

    Raises:
        ShapeError: a size is not a whole number.
    """
    if len(shape) == 1 and isinstance(shape[0], (tuple, list)):
        shape = shape[0]
    for size in shape:
        if not isinstance(size, (int, np.integer)) or isinstance(size, bool):
            raise ShapeError(
                f"{name}: size {shown(size)} in {shown(tuple(shape))} is not a whole number; give integers"
            )
    return tuple([int(size) for size in shape])


def normalize_sizes(name: str, shape: Sequence[Any]) -> tuple[int, ...]:
    """Sizes as for `normalize_shape`, none of which is negative.

    Raises:
        ShapeError: a size is negative or not a whole number.
    """
    sizes = normalize_shape(name, shape)
    if min(sizes, default=0) < 0:
        raise ShapeError(f"{name}: sizes {sizes} must not be negative")
    return sizes
