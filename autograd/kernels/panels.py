"""Products of matrices inside a kernel, as the steps of a recurrent layer ask for: of few rows with one large matrix.

The matrix is packed once: panels of as many columns as a product tile has, each with its rows one after the other, so
that a tile reads the panel from its beginning to its end. BLAS packs at every product, which with few rows takes as
long as the product.

Rows and columns are made whole tiles: arrays have `whole_rows` of rows, and `padded` columns of which the panels have
zeros in the place of those that are not there. All is float32.
"""

import numpy as np

from autograd.kernels import product_tiles
from autograd.kernels.product_tiles import LANES, ROWS, columns_taken
from autograd.kernels.sharing import share_out
from autograd.kernels.threads import jit
from autograd.kernels.tile import copy_rows, turn

WIDTH = 3 * LANES
# Rows of a panel that are multiplied at once, so that they stay in the first cache for the next rows of the result.
DEPTH = 128

_multiply = product_tiles.multiply


def packed(matrix: np.ndarray) -> np.ndarray:
    """The panels of a matrix, one after the other."""
    depth, columns = matrix.shape
    panels = np.empty((depth + LANES) * padded(columns), np.float32)
    turned = matrix.flags.f_contiguous and not matrix.flags.c_contiguous
    numbers = np.ascontiguousarray(matrix.T if turned else matrix).reshape(-1)
    share_out(_pack, 1, numbers, depth, columns, turned, panels)
    return panels


@jit(inline="always")
def padded(columns):  # type: ignore[no-untyped-def]
    """How many columns there are when they are made whole vectors."""
    return (columns + LANES - 1) // LANES * LANES


@jit(inline="always")
def whole_rows(rows):  # type: ignore[no-untyped-def]
    """How many rows there are when they are made whole tiles."""
    return (rows + ROWS - 1) // ROWS * ROWS


@jit()
def lay_panel(right, K, N, turned, k, depth, column, width, panels, at):  # type: ignore[no-untyped-def]
    """panels[at + d * width + j] = right[k + d, column + j], and zero from column N on, for d < depth and j < width.

    `right` is K x N numbers, or where `turned` the transpose of so many. Zeros follow, up to a whole vector of rows.
    """
    if not turned:
        copy_rows(right, k * N + column, N, 0, min(width, N - column), panels, at, width, depth, width)
        return
    for j in range(0, width, LANES):
        for d in range(0, depth, LANES):
            start = (column + j) * K + k + d
            turn(right, start, K, N - column - j, depth - d, panels, at + d * width + j, width)


@jit()
def lay_panels(source, at, row, present, columns, depth, into):  # type: ignore[no-untyped-def]
    """Panels of the widths that `columns_taken` says, one behind the other, of rows that begin at at + d * row.

    into[c * depth + d * width + j] = source[at + d * row + c + j] for the panel of columns c and on, and zero from
    column `present` on. What lies side by side in the source is read together.
    """
    column = 0
    while columns_taken((columns - column) // LANES) == 3 and column + WIDTH <= present:
        column += WIDTH
    for d in range(depth if column else 0):
        # What is a row here, for `copy_rows`, is that of a panel.
        copy_rows(source, at + d * row, WIDTH, 0, WIDTH, into, d * WIDTH, depth * WIDTH, column // WIDTH, WIDTH)
    while column < columns:
        width = columns_taken((columns - column) // LANES) * LANES
        there = min(width, present - column)
        copy_rows(source, at + column, row, 0, there, into, column * depth, width, depth, width)
        column += width


@jit()
def _pack(thread, threads, matrix, depth, columns, turned, panels):  # type: ignore[no-untyped-def]
    for column in range(thread * WIDTH, columns, threads * WIDTH):
        width = min(WIDTH, padded(columns) - column)
        lay_panel(matrix, depth, columns, turned, 0, depth, column, width, panels, column * depth)


@jit()
def multiply(left, rows, depth, panels, into):  # type: ignore[no-untyped-def]
    """into = left @ matrix, for the first `rows` rows and `depth` columns of left; `into` has the padded columns.

    Rows behind the last whole tile are taken one by one if they are few, and else with the next ones, which make one.
    """
    columns, left_row = into.shape[1], left.shape[1]
    numbers, sums = left.reshape(-1), into.reshape(-1)
    whole = rows // ROWS * ROWS
    if 3 * (rows - whole) > ROWS:
        whole = whole_rows(rows)
    for first in range(0, depth, DEPTH):
        deep, fresh = min(DEPTH, depth - first), int(first == 0)
        for column in range(0, columns, WIDTH):
            width = min(WIDTH, columns - column)
            panel = column * depth + first * width
            if whole > 0:
                _multiply(
                    numbers, first, left_row, 1, panels, panel, width, sums, column, columns, whole, width, deep, fresh
                )  # fmt: skip
            for r in range(whole, rows):
                at, to = r * left_row + first, r * columns + column
                _multiply(numbers, at, left_row, 1, panels, panel, width, sums, to, columns, 1, width, deep, fresh)
