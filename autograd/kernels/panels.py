"""Products of few rows with one matrix, again and again, as the steps of a recurrent layer ask for.

The matrix is packed once: panels of as many columns as a product tile has, each with its rows one after the other, so
that a tile reads the panel from its beginning to its end. BLAS packs at every product, which with few rows takes as
long as the product.

Rows and columns are made whole tiles: arrays have `whole_rows` of rows, and the panels zeros in the place of further
columns. All is float32.
"""

import numpy as np

from autograd.kernels.threads import jit
from autograd.kernels.winograd_tiles import LANES, ROWS, product_1, product_2, product_3

_WIDTH = 3 * LANES
# Rows of a panel that are multiplied at once, so that they stay in the first cache for the next rows of the result.
_DEPTH = 128

_jit = jit()


def packed(matrix: np.ndarray) -> np.ndarray:
    """The panels of a matrix, one after the other."""
    depth, columns = matrix.shape
    panels = np.zeros(depth * padded(columns), np.float32)
    _pack(matrix, panels)
    return panels


@_jit
def padded(columns):  # type: ignore[no-untyped-def]
    """How many columns there are when they are made whole vectors."""
    return (columns + LANES - 1) // LANES * LANES


@_jit
def whole_rows(rows):  # type: ignore[no-untyped-def]
    """How many rows there are when they are made whole tiles."""
    return (rows + ROWS - 1) // ROWS * ROWS


@_jit
def _pack(matrix, panels):  # type: ignore[no-untyped-def]
    depth, columns = matrix.shape
    at = 0
    for start in range(0, columns, _WIDTH):
        count = min(_WIDTH, columns - start)
        for d in range(depth):
            row = matrix[d, start : start + count]
            for j in range(count):
                panels[at + j] = row[j]
            at += padded(count)


@_jit
def multiply(left, rows, depth, panels, into):  # type: ignore[no-untyped-def]
    """into = left @ matrix, for the first `rows` rows, and those that make them whole tiles, and `depth` columns of
    left; `into` has the padded columns."""
    columns, left_row = into.shape[1], left.shape[1]
    numbers, sums = left.reshape(-1), into.reshape(-1)
    for first in range(0, depth, _DEPTH):
        deep, fresh = min(_DEPTH, depth - first), int(first == 0)
        for column in range(0, columns, _WIDTH):
            width = min(_WIDTH, columns - column)
            panel = column * depth + first * width
            for row in range(0, rows, ROWS):
                at, out = row * left_row + first, row * columns + column
                if width == _WIDTH:
                    product_3(numbers, at, left_row, 1, panels, panel, width, sums, out, columns, deep, fresh)
                elif width == 2 * LANES:
                    product_2(numbers, at, left_row, 1, panels, panel, width, sums, out, columns, deep, fresh)
                else:
                    product_1(numbers, at, left_row, 1, panels, panel, width, sums, out, columns, deep, fresh)
