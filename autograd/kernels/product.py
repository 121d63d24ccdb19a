"""Products of float32 matrices of a few hundred rows and columns, by tiles in registers.

BLAS takes as long to set out a product of that size as to calculate it, or half as long, and its threads go on spinning
behind it. Here the right matrix is laid out in panels that stay in the first cache, some columns wide and DEPTH rows
long; every panel meets all rows of the left one, which is read where it lies. Threads share out the columns, or the
rows where there are more of these.
"""

import numpy as np
from numba import config

from autograd.kernels.panels import DEPTH, WIDTH, lay_panel
from autograd.kernels.product_tiles import LANES, ROWS, columns_taken, multiply
from autograd.kernels.sharing import share_out
from autograd.kernels.threads import jit, scratch, thread_count

# Multiplications up to which one thread is as fast as several, and from which on BLAS is.
SMALL, LARGE = 1 << 21, 1 << 26


def fits(M: int, K: int, N: int, dtype: np.dtype) -> bool:
    """Whether the product of M x K and K x N numbers is one for this module; none is where nothing is compiled."""
    return dtype.char == "f" and M > 1 and N > 1 and 0 < M * N * K <= LARGE and not config.DISABLE_JIT


def multiply_matrices(left: np.ndarray, right: np.ndarray, bias: np.ndarray | None = None) -> np.ndarray | None:
    """left (M, K) @ right (K, N), plus bias (N,) in each row; None where one has gaps or may not be written to.

    Either matrix may be the transpose of one without gaps.
    """
    left_flat, right_flat = _flat(left), _flat(right)
    if left_flat is None or right_flat is None:
        return None
    (M, K), N = left.shape, right.shape[1]
    out = np.empty((M, N), np.float32)
    if bias is None:
        bias = out[0, :0]
    turned = right.strides[0] < right.strides[1]
    sizes = (M, N, K, left.strides[0] // 4, left.strides[1] // 4, turned)
    threads = thread_count() if M * N * K > SMALL else 1
    room = scratch("panel", threads * (DEPTH + ROWS) * (WIDTH + ROWS), out.dtype).reshape(threads, -1)
    share_out(_share, threads, left_flat, right_flat, bias, out.reshape(-1), sizes, room)
    return out


def _flat(matrix: np.ndarray) -> np.ndarray | None:
    """The numbers in the order in which they lie in memory."""
    flags = matrix.flags
    if not flags.writeable:
        return None
    if flags.c_contiguous:
        return matrix.reshape(-1)
    return matrix.T.reshape(-1) if flags.f_contiguous else None


@jit()
def _lay_rows(left, at, row, step, rows, depth, into):  # type: ignore[no-untyped-def]
    """into[d * ROWS + r] = left[r, d], and zero from r = rows on."""
    for d in range(depth):
        for r in range(ROWS):
            into[d * ROWS + r] = left[at + r * row + d * step] if r < rows else np.float32(0)


@jit()
def _add_tile(tile, width, rows, columns, out, at, N):  # type: ignore[no-untyped-def]
    for r in range(rows):
        for j in range(columns):
            out[at + r * N + j] += tile[r * width + j]


@jit()
def _begin(out, first, last, N, column, columns, bias):  # type: ignore[no-untyped-def]
    """The bias, or zeros, in some rows and columns."""
    for r in range(first, last):
        for j in range(column, column + columns):
            out[r * N + j] = bias[j] if bias.size else np.float32(0)


@jit()
def _share(thread, threads, left, right, bias, out, sizes, room):  # type: ignore[no-untyped-def]
    """A thread's share of the product. `room` has a panel, the last rows of the left matrix, and a tile of results."""
    M, N, K, left_row, left_step, turned = sizes
    vectors, tiles = (N + LANES - 1) // LANES, (M + ROWS - 1) // ROWS
    by_columns = vectors * LANES >= M or tiles < 2 * threads
    share, of = (thread, threads) if by_columns else (0, 1)
    column, stop = share * vectors // of * LANES, (share + 1) * vectors // of * LANES
    share, of = (0, 1) if by_columns else (thread, threads)
    first, last = share * tiles // of * ROWS, min((share + 1) * tiles // of * ROWS, M)
    whole = first + (last - first) // ROWS * ROWS
    panel, rest, tile = room[thread, : DEPTH * WIDTH], room[thread, DEPTH * WIDTH :], room[thread, -ROWS * WIDTH :]
    while column < stop:
        width = columns_taken((stop - column) // LANES) * LANES
        columns = min(width, N - column)
        _begin(out, first, last, N, column, columns, bias)
        for k in range(0, K, DEPTH):
            depth = min(DEPTH, K - k)
            lay_panel(right, K, N, turned, k, depth, column, width, panel, 0)
            done = first
            if columns == width:
                at, to = first * left_row + k * left_step, first * N + column
                multiply(left, at, left_row, left_step, panel, 0, width, out, to, N, whole - first, width, depth, False)
                done = whole
            while done < last:
                rows = min(ROWS, last - done)
                at = done * left_row + k * left_step
                if rows == ROWS:
                    multiply(left, at, left_row, left_step, panel, 0, width, tile, 0, width, ROWS, width, depth, True)
                else:
                    _lay_rows(left, at, left_row, left_step, rows, depth, rest)
                    multiply(rest, 0, 1, ROWS, panel, 0, width, tile, 0, width, ROWS, width, depth, True)
                _add_tile(tile, width, rows, columns, out, done * N + column, N)
                done += rows
        column += width
