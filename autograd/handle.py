"""Handles: what the engine knows of a Tensor. The class of Tensors is entered here when it is imported."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from . import dtypes, graph
from .errors import DtypeError

if TYPE_CHECKING:
    from .primitive import Primitive

__all__ = [
    "Handle",
    "Size",
    "appliers",
    "as_handle",
    "handle_types",
    "make",
    "register_handle",
    "register_tensor",
    "version_cell",
]

ndarray = np.ndarray
new = object.__new__


class _Shapes(type):
    def __instancecheck__(cls, value: Any) -> bool:
        return isinstance(value, tuple)


class Size(tuple[int, ...], metaclass=_Shapes):
    """Sizes of dimensions: what `Tensor.size()` gives.

    `Tensor.shape` is a plain tuple, and counts as one of these.

    Example:
        >>> autograd.Size([2, 3]), autograd.Size([2, 3]).numel()
        ((2, 3), 6)
    """

    __slots__ = ()

    def numel(self) -> int:
        """How many numbers a tensor of this shape has."""
        return math.prod(self)


class Handle:
    """What the engine knows of a Tensor: its array, its gradient, and the node that made it."""

    __slots__ = ("__weakref__", "_array", "_edge", "_grad", "_hooks", "_requires_grad", "_version", "_view", "name")

    _array: np.ndarray
    _edge: Any  # None for a leaf; the Node that made it, or (node, output index) where that has several
    _grad: Any
    _hooks: dict[int, graph.Hooks] | None  # of a leaf; those of other tensors live on the node
    _requires_grad: bool
    # One list for all tensors that share memory, made when first needed: a counter of changes, and after it weak
    # references to those of the tensors that are views of another.
    _version: list[Any] | None
    _view: tuple[Handle, Primitive | None, tuple[Any, ...]] | None  # of a view: what it shows, by which operation
    name: str | None

    @property
    def shape(self) -> tuple[int, ...]:
        """The sizes of the dimensions."""
        return self._array.shape

    @property
    def dtype(self) -> dtypes.DType:
        """The dtype of the numbers."""
        return self._array.dtype

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return self._array.ndim


# Filled by Tensor and Parameter (handles of arrays), and by Value.
handle_types: set[type] = set()
appliers: dict[type, Callable[..., Any]] = {}
tensor_class: type[Any] = Handle


def register_tensor(cls: type[Any]) -> None:
    """Make `cls` the class of every result."""
    global tensor_class
    tensor_class = cls
    register_handle(cls)


def register_handle(cls: type[Any]) -> None:
    """Let operations take instances of `cls`, a subclass of Handle, as they are."""
    handle_types.add(cls)
    appliers[cls] = lambda primitive, arguments: primitive.apply(*arguments)


def make(array: np.ndarray) -> Any:
    """A constant handle on `array`."""
    result = new(tensor_class)
    result._array = array
    result._edge = None
    result._grad = None
    result._hooks = None
    result._requires_grad = False
    result._version = result._view = None
    result.name = None
    return result


def version_cell(handle: Any) -> list[Any]:
    """The version counter of the memory behind `handle`."""
    cell = handle._version
    if cell is None:
        cell = handle._version = [0]
    return cell


def as_handle(value: Any, name: str) -> Any:
    """A handle on `value`: Tensors as they are, arrays and sequences as constants."""
    if isinstance(value, Handle):
        return value
    array = value if isinstance(value, ndarray) else _to_array(value, name)
    if array.dtype not in dtypes.SUPPORTED:
        raise DtypeError(
            f"{name}: dtype {array.dtype} is not supported; use one of {', '.join(map(str, dtypes.SUPPORTED))}"
        )
    return make(array)


def _to_array(value: Any, name: str) -> np.ndarray:
    if isinstance(value, np.generic):
        return np.asarray(value)
    if isinstance(value, (bool, int, float)):
        return np.asarray(value, dtype=dtypes.of_number(value))
    raise DtypeError(f"{name}: expected a Tensor, an array or a number, not {type(value).__name__}: {value!r:.80}")
