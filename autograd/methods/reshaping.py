"""The methods of Tensor that change its shape in place: the same tensor, on the same memory, with other dimensions.

What the tensor was lives on as a hidden one where views of it, or what it is a view of, still need it: the tensor is
then a view of that. Where nobody needs it, the tensor stays a whole.
"""

from __future__ import annotations

import math
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import ops
from ..errors import GraphError, InPlaceError
from ..ops.dims import normalize_sizes
from ..ops.memory import storage_offset_of
from ..primitive import Handle, as_handle, make, version_cell
from .inplace import follow, guard_graph, joins

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["Reshaping"]


def _reshaping(name: str) -> Callable[..., Any]:
    """The method that gives a tensor the shape and steps in memory of what the function of the name gives for it."""

    def method(self: Handle, *arguments: Any, **keywords: Any) -> Any:
        return reshape(self, f"{name}_", getattr(ops, name), *arguments, **keywords)

    method.__name__ = f"{name}_"
    method.__doc__ = f"`autograd.{name}` in place: the tensor becomes that view of itself."
    return method


class Reshaping(Handle):
    """Changes of shape in place."""

    __slots__ = ()

    as_strided_ = _reshaping("as_strided")
    squeeze_ = _reshaping("squeeze")
    swapaxes_ = _reshaping("swapaxes")
    swapdims_ = _reshaping("swapdims")
    t_ = _reshaping("t")
    transpose_ = _reshaping("transpose")
    unsqueeze_ = _reshaping("unsqueeze")

    def resize_(self, *sizes: Any, memory_format: Any = None) -> Tensor:
        """Give the tensor another size in place: its memory is read anew in that shape, and grows if it is too small.

        Numbers that come anew are 0. (In PyTorch they are what was in memory.)

        Args:
            sizes: the new sizes, one by one or as a sequence.
            memory_format: has no meaning; numbers lie in reading order.

        Raises:
            GraphError: the tensor requires grad.
            InPlaceError: it shares memory with a view.

        Example:
            >>> autograd.arange(6).resize_(2, 2)
            tensor([[0, 1],
                    [2, 3]])
        """
        shape = normalize_sizes("resize_", sizes)
        if self._requires_grad:
            raise GraphError("resize_: x requires grad, and no rule leads through it; use reshape, or x[:n]")
        if self._view is not None or (self._version is not None and len(self._version) > 1):
            raise InPlaceError("resize_: x shares memory with a view; resize a clone() of it")
        if shape != self.shape:
            count, start = math.prod(shape), storage_offset_of(self)
            memory = self._array
            while isinstance(memory.base, np.ndarray):
                memory = memory.base
            if memory.dtype != self.dtype or not memory.flags.c_contiguous:
                memory, start = self._array, 0
            numbers = memory.reshape(-1)[start : start + count]
            if numbers.size < count:
                numbers = np.concatenate([numbers, np.zeros(count - numbers.size, self.dtype)])
                self._version = list(version_cell(self))  # the memory is its own from now on
            self._array = numbers.reshape(shape)
            version_cell(self)[0] += 1
        return self  # type: ignore[return-value]

    def resize_as_(self, other: Any, memory_format: Any = None) -> Tensor:
        """Give the tensor the size of another: see `resize_`."""
        return self.resize_(as_handle(other, "resize_as_").shape)


def reshape(x: Handle, name: str, function: Callable[..., Any], *arguments: Any, **keywords: Any) -> Any:
    """Make `x` the view of itself that `function(x, ...)` gives.

    Args:
        x: the tensor; returned.
        name: of the method, for errors.
        function: gives a view.
        arguments: what it is given after `x`.
        keywords: the same by name.

    Raises:
        InPlaceError: see `inplace.guard_graph`; or `x` is part of a graph, and operations are not recorded.
    """
    recorded = joins(x)
    guard_graph(x, name)
    if not recorded and x._edge is not None:
        raise InPlaceError(
            f"{name}: x {x.shape} is the result of a recorded operation, whose gradient has its shape; change it where "
            "operations are recorded, or use detach()"
        )
    before = make(x._array)
    before._edge, before._requires_grad, before._version = x._edge, x._requires_grad, version_cell(x)
    result = function(before, *arguments, **keywords)
    cell = version_cell(x)
    cell[0] += 1
    if result is before:  # one dimension or none, where there is nothing to exchange
        return x
    views = [view for view in (reference() for reference in cell[1:]) if view is not None]
    shown = [view for view in views if view is not x and view._view is not None and view._view[0] is x]
    if x._view is None and not shown:
        follow(x, result)
        x._array = result._array
        return x
    before._view = x._view
    if x._view is not None:  # it takes the place of x in the order in which views were made
        place = next(k for k, reference in enumerate(cell) if k and reference() is x)
        cell[place] = weakref.ref(before, cell.remove)
    for view in shown:
        view._view = (before, *view._view[1:])
    follow(x, result)
    x._array, x._view = result._array, result._view
    cell.append(weakref.ref(x, cell.remove))
    return x
