"""Gradients that the sweep collects before it computes them.

An array of which parts are used, as `x[t]` in a loop over time, gets a gradient from each use that is zero but for the
part: as many arrays as large as x, to be added up. And a weight that is used at every step gets a gradient that is a
product with few rows, as large as the weight, from each. A rule may instead say what it would compute. The sweep joins
what one array gets, and computes it once, when that array's turn comes: one array into which the parts are written,
and one product of all rows together.

Rules do so with arrays alone. Under `create_graph` gradients are handles, and every operation is recorded as it is.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["Deferred", "Parts", "Products", "computed"]

ndarray = np.ndarray
Index = tuple[Any, ...]
WHOLE = slice(None)

# Rows of a product that are collected at most; with as many the product is as fast as with more.
ROWS = 512


class Deferred:
    """A sum of arrays of one shape that are not computed yet. Only the sweep holds one, and joins others to it."""

    __slots__ = ("shape",)

    # Differs from the dtype of every array, by which the sweep tells it from one.
    dtype = None

    shape: tuple[int, ...]

    def compute(self) -> ndarray:
        """The sum, as an array that nobody else holds."""
        raise NotImplementedError

    def join(self, other: Any) -> Any:
        """This sum with another of the same kind; either may be used up."""
        raise NotImplementedError

    def add_into(self, total: ndarray) -> None:
        """Add the sum to an array, in place."""
        total += self.compute()

    def __add__(self, other: ndarray) -> ndarray:
        total = self.compute()
        total += other
        return total


def computed(part: Any) -> Any:
    """The array of what may be deferred."""
    return part.compute() if isinstance(part, Deferred) else part


class Parts(Deferred):
    """Zeros to which arrays are added in places that basic indices choose."""

    __slots__ = ("numbers", "parts")

    def __init__(self, part: ndarray, shape: tuple[int, ...], index: Index) -> None:
        self.shape = shape
        self.parts: list[tuple[Index, ndarray]] = [(index, part)]
        self.numbers = part.size

    def compute(self) -> ndarray:
        dtype = self.parts[0][1].dtype
        if self._fill():
            out = np.empty(self.shape, dtype)
            for index, part in self.parts:
                out[index] = part
        else:
            out = np.zeros(self.shape, dtype)
            self.add_into(out)
        return out

    def join(self, other: Any) -> Any:
        if type(other) is not Parts:
            return other + self.compute()
        self.numbers += other.numbers
        self.parts += other.parts
        # Parts that overlap many times over would take more memory than their sum.
        return self.compute() if self.numbers > 2 * math.prod(self.shape) else self

    def add_into(self, total: ndarray) -> None:
        for index, part in self.parts:
            total[index] += part

    def _fill(self) -> bool:
        """Whether the parts fill the shape, one beside the other along one dimension."""
        spans = [_span(index, self.shape) for index, _ in self.parts]
        end, dim = 0, spans[0][0]
        for at, start, stop in sorted(spans):
            if at != dim or start != end:
                return False
            end = stop
        return dim >= 0 and end == self.shape[dim]


def _span(index: Index, shape: tuple[int, ...]) -> tuple[int, int, int]:
    """The dimension that an index cuts, and from where to where; -1 for the dimension unless it cuts just one."""
    dim, last = 0, len(index) - 1
    while dim < last and index[dim] == WHOLE:
        dim += 1
    while last > dim and (index[last] is Ellipsis or index[last] == WHOLE):
        last -= 1
    if last != dim or dim >= len(shape):
        return -1, 0, 0
    item = index[dim]
    if type(item) is int:
        start = item + shape[dim] if item < 0 else item
        return dim, start, start + 1
    if type(item) is not slice:
        return -1, 0, 0
    start, stop, step = item.indices(shape[dim])
    return (dim, start, max(start, stop)) if step == 1 else (-1, 0, 0)


class Products(Deferred):
    """A sum of products `x^T y` of matrices of equally many rows, which is the product of all rows together."""

    __slots__ = ("left", "right", "rows", "total")

    multiply: Callable[[ndarray, ndarray], ndarray]  # from the operations

    def __init__(self, left: ndarray, right: ndarray) -> None:
        self.shape = (left.shape[1], right.shape[1])
        self.left, self.right = [left], [right]
        self.rows = left.shape[0]
        self.total: ndarray | None = None  # of products that are computed already

    @staticmethod
    def pay(left: Any, right: Any) -> bool:
        """Whether the product is one of arrays, and has so few rows that they take less memory than it does."""
        if type(left) is not ndarray or left.ndim != 2 or right.ndim != 2 or left.dtype.char not in "fd":
            return False
        rows, m = left.shape
        n = right.shape[1]
        return rows * (m + n) <= m * n

    def compute(self) -> ndarray:
        if self.left:
            several = len(self.left) > 1
            left = np.concatenate(self.left) if several else self.left[0]
            product = self.multiply(left.T, np.concatenate(self.right) if several else self.right[0])
            if self.total is not None:
                product += self.total
            self.total = product
            self.left, self.right, self.rows = [], [], 0
        assert self.total is not None
        return self.total

    def join(self, other: Any) -> Any:
        if type(other) is not Products:
            return other + self.compute()
        self.left += other.left
        self.right += other.right
        self.rows += other.rows
        if self.rows > ROWS:
            self.compute()
        return self
