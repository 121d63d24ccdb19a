"""The vector code of Winograd's convolution: transforms of tiles, transposes, and products in registers.

All of it works on groups of channels, as many as a vector register has lanes ("a lane group"). Arrays are flat; `*_at`
is where something begins, `*_row`, `*_column` and `*_step` are distances, all counted in numbers. Each function has a
twin in NumPy, which stands in for it under NUMBA_DISABLE_JIT=1.

The transforms are those of Toom and Cook for the points 0, a, -a, b, -b and infinity, with a = 1 / sqrt(2) and
b = sqrt(2): of all choices tried, these lose the fewest digits in float32. Each is a linear map of a few numbers,
written once, as a function that takes NumPy arrays and vector registers alike; a tile is mapped along its columns and
then along its rows. Six points serve filters of F = 3 numbers with 4 outputs, and of 5 with 2: always 7 - F.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from llvmlite import ir
from numba import config, types
from numba.core import cgutils
from numba.extending import intrinsic

from autograd.kernels.product_tiles import ALIGN, FLOATS, LANES
from autograd.kernels.vectors import load, pointer_to, prefetch, store

A = 1 / math.sqrt(2)
B = math.sqrt(2)
# The products of a point's distances to the other finite points: 0, then a and -a, then b and -b.
_AT_0 = A * A * B * B
_AT_A = 2 * A * A * (A * A - B * B)
_AT_B = 2 * B * B * (B * B - A * A)

Map = Callable[[Sequence[Any]], list[Any]]


def data_map(d: Sequence[Any]) -> list[Any]:
    """Six numbers of the input: the transpose of interpolation, whose rows are products of (z - other points)."""
    even_a, odd_a = d[4] - d[2] * (B * B), (d[3] - d[1] * (B * B)) * A
    even_b, odd_b = d[4] - d[2] * (A * A), (d[3] - d[1] * (A * A)) * B
    return [
        d[0] * _AT_0 - d[2] * (A * A + B * B) + d[4],
        even_a + odd_a,
        even_a - odd_a,
        even_b + odd_b,
        even_b - odd_b,
        d[1] * _AT_0 - d[3] * (A * A + B * B) + d[5],
    ]


def values_map(g: Sequence[Any]) -> list[Any]:
    """Two to five numbers, as coefficients of a polynomial: its values at the points.

    That is a filter, or the output's gradient, which stands for the filter where the weight's gradient is the output.
    """

    def at(point: float, scale: float) -> tuple[Any, Any]:
        even, odd = g[0], g[1]
        for power, g_even in enumerate(g[2::2], 1):
            even = even + g_even * point ** (2 * power)
        for power, g_odd in enumerate(g[3::2], 1):
            odd = odd + g_odd * point ** (2 * power)
        return even * (1 / scale), odd * (point / scale)

    even_a, odd_a = at(A, _AT_A)
    even_b, odd_b = at(B, _AT_B)
    return [g[0] * (1 / _AT_0), even_a + odd_a, even_a - odd_a, even_b + odd_b, even_b - odd_b, g[-1]]


def sums_map(count: int) -> Map:
    """The map of six products to so many outputs, or to so many numbers of a filter's gradient."""

    def mapped(m: Sequence[Any]) -> list[Any]:
        sum_a, difference_a, sum_b, difference_b = m[1] + m[2], m[1] - m[2], m[3] + m[4], m[3] - m[4]
        out = [m[0] + sum_a + sum_b]
        for power in range(1, count):
            of_a, of_b = (difference_a, difference_b) if power % 2 else (sum_a, sum_b)
            out.append(of_a * A**power + of_b * B**power)
        out[-1] = out[-1] + m[5]
        return out

    return mapped


class _Register:
    """A vector register whose arithmetic writes LLVM's instructions, so that a map can be applied to it."""

    __slots__ = ("builder", "value")

    def __init__(self, builder: Any, value: Any) -> None:
        self.builder = builder
        self.value = value

    def __add__(self, other: _Register) -> _Register:
        return _Register(self.builder, self.builder.fadd(self.value, other.value, flags=("contract",)))

    def __sub__(self, other: _Register) -> _Register:
        return _Register(self.builder, self.builder.fsub(self.value, other.value, flags=("contract",)))

    def __mul__(self, factor: float) -> _Register:
        factors = ir.Constant(self.value.type, [factor] * self.value.type.count)
        return _Register(self.builder, self.builder.fmul(self.value, factors, flags=("contract",)))


def _transform(choose: Callable[[int], tuple[int, Map]], ahead: bool = False) -> Any:
    """The intrinsic that maps a tile of size x size lane groups along its columns and then along its rows.

    Its first argument is a tuple of as many numbers as a filter has along one axis: by its type a kernel is compiled
    for that size. `choose` gives the size of the tile and the map for it.
    """

    @intrinsic
    def transform(  # type: ignore[no-untyped-def]
        typing_context, window, source, source_at, source_row, source_column, into, into_at, into_row, into_column
    ):  # fmt: skip
        size, mapped = choose(window.count)

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            _, source, source_at, source_row, source_column, into, into_at, into_row, into_column = arguments
            start = pointer_to(context, builder, signature.args[1], source, source_at)
            end = pointer_to(context, builder, signature.args[5], into, into_at)
            index = source_at.type

            def place(pointer: Any, row: Any, column: Any, i: int, j: int) -> Any:
                # Two steps: what is common to the places of a column, and of a row, is calculated once.
                return builder.gep(builder.gep(pointer, [builder.mul(column, index(j))]), [builder.mul(row, index(i))])

            if ahead:
                for i in range(6):
                    for j in range(6):
                        prefetch(builder, place(end, into_row, into_column, i, j), to_write=True)
            columns = [
                mapped(
                    [
                        _Register(builder, load(builder, FLOATS, place(start, source_row, source_column, i, j), ALIGN))
                        for i in range(size)
                    ]
                )
                for j in range(size)
            ]
            for i in range(len(columns[0])):
                for j, register in enumerate(mapped([column[i] for column in columns])):
                    store(builder, register.value, place(end, into_row, into_column, i, j), ALIGN)
            return context.get_dummy_value()

        n = types.intp
        return types.void(window, source, n, n, n, into, n, n, n), generate

    def plain(window, source, source_at, source_row, source_column, into, into_at, into_row, into_column) -> None:  # type: ignore[no-untyped-def]
        size, mapped = choose(len(window))
        tile = _tile(source, source_at, source_row, source_column, size, size)
        columns = np.stack(mapped(list(tile)))
        rows = np.stack(mapped(list(columns.swapaxes(0, 1))), axis=1)
        _tile(into, into_at, into_row, into_column, *rows.shape[:2])[...] = rows

    return plain if config.DISABLE_JIT else transform


def _tile(array: np.ndarray, at: int, row: int, column: int, rows: int, columns: int) -> np.ndarray:
    """The (rows, columns, LANES) lane groups that begin at `at` in a flat array, as a view."""
    strides = (row * 4, column * 4, 4)
    return np.lib.stride_tricks.as_strided(array[at:], (rows, columns, LANES), strides)


data_transform = _transform(lambda taps: (6, data_map), ahead=True)
filter_transform = _transform(lambda taps: (taps, values_map), ahead=True)
gradient_transform = _transform(lambda taps: (7 - taps, values_map), ahead=True)
output_transform = _transform(lambda taps: (6, sums_map(7 - taps)))
weight_transform = _transform(lambda taps: (6, sums_map(taps)))


# Float32 numbers in a cache line.
LINE = 16


def _ask_for(array: np.ndarray, start: int, count: int) -> None:
    """Nothing: the numbers are there when they are read."""


@intrinsic
def _prefetched(typing_context, array, start, count):  # type: ignore[no-untyped-def]
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array, start, count = arguments
        first = pointer_to(context, builder, signature.args[0], array, start)
        with cgutils.for_range(builder, count, intp=count.type) as loop:
            prefetch(builder, builder.gep(first, [builder.mul(loop.index, count.type(LINE))]))
        return context.get_dummy_value()

    return types.void(array, types.intp, types.intp), generate


# Asks for so many cache lines of a float32 array, which may lie beyond it.
ask_for = _ask_for if config.DISABLE_JIT else _prefetched


def _between(window: Any, dilation: int) -> int:
    return dilation


@intrinsic
def _known_between(typing_context, window, dilation):  # type: ignore[no-untyped-def]
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return arguments[1].type(1) if isinstance(window.dtype, types.Integer) else arguments[1]

    return types.intp(window, types.intp), generate


# The distance of a tile's numbers along an axis, which is the dilation: where the window is of integers, a constant 1,
# by which addresses need no products and where a tile begins no division.
between = _between if config.DISABLE_JIT else _known_between
