"""Products of float32 matrices, by tiles in registers.

BLAS takes as long to set out a product of a few hundred rows and columns as to calculate it, or half as long, and its
threads go on spinning behind it. Here the right matrix is taken in panels, some columns wide and DEPTH rows long, of
which one stays in the first cache; they are laid out, a few at a time, only where that is soon paid back. Every panel
meets all rows of the left matrix, which is read where it lies. Threads share out the columns, or the rows where there
are more of these. A left matrix of few rows is laid out itself where the right one would have to be turned.
"""

import numpy as np
from numba import config

from autograd.kernels.panels import DEPTH, WIDTH, lay_panel, lay_panels
from autograd.kernels.product_tiles import LANES, ROWS, columns_taken, multiply
from autograd.kernels.sharing import share_out
from autograd.kernels.threads import jit, scratch, thread_count
from autograd.kernels.tile import add_rows, copy_rows, turn

# Multiplications up to which one thread is as fast as several.
SMALL = 1 << 20

# Rows up to which a right matrix that is not turned is read where it lies, unless its own rows are so far apart that
# they meet in the first cache.
IN_PLACE, FAR = 128, 4096

# Panels that are laid out together: where the right matrix's rows lie far apart, each is then read in one piece.
PANELS = 5

# Rows of a turned result that are calculated together, and how many numbers may be summed up for each; of one panel's
# depth the matrix is laid out sooner.
TALL, DEEP = max(LANES, ROWS), 1 << 13


def fits(M: int, K: int, N: int, dtype: np.dtype) -> bool:
    """Whether the product of M x K and K x N numbers is one for this module; none is where nothing is compiled."""
    return dtype.char == "f" and M > 1 and N > 1 and M * N * K > 0 and not config.DISABLE_JIT


def multiply_matrices(
    left: np.ndarray, right: np.ndarray, bias: np.ndarray | None = None, out: np.ndarray | None = None
) -> np.ndarray | None:
    """left (M, K) @ right (K, N), plus bias (N,) in each row; None where one has gaps or may not be written to.

    Either matrix may be the transpose of one without gaps. The result is laid into `out`, which has none, if it is
    given.
    """
    left_flat, right_flat = _flat(left), _flat(right)
    if left_flat is None or right_flat is None:
        return None
    (M, K), N = left.shape, right.shape[1]
    out = np.empty((M, N), np.float32) if out is None else out
    if bias is None:
        bias = out[0, :0]
    elif not bias.flags.carray:
        bias = np.array(bias, order="C")
    turned = right.strides[0] < right.strides[1]
    threads = thread_count() if M * N * K > SMALL else 1
    if turned and M <= WIDTH and N % TALL == 0 and DEPTH < K <= DEEP:
        across = (M, N, K, left.strides[1] == 4)
        room = scratch("panel", threads * (K + LANES + 2 * TALL) * WIDTH, out.dtype).reshape(threads, -1)
        share_out(_share_across, threads, left_flat, right_flat, bias, out.reshape(-1), across, room)
        return out
    sizes = (M, N, K, left.strides[0] // 4, left.strides[1] // 4, turned)
    numbers = DEPTH * (PANELS * WIDTH + ROWS) + ROWS * WIDTH
    room = scratch("panel", threads * numbers, out.dtype).reshape(threads, numbers)
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
def _begin(out, row, rows, N, column, columns, bias):  # type: ignore[no-untyped-def]
    """The bias, or zeros, in some rows and columns."""
    copy_rows(bias, column, 0, 0, columns if bias.size else 0, out, row * N + column, N, rows, columns)


@jit()
def _share(thread, threads, left, right, bias, out, sizes, room):  # type: ignore[no-untyped-def]
    """A thread's share of the product. `room` has panels, the last rows of the left matrix, and a tile of results."""
    M, N, K, left_row, left_step, turned = sizes
    vectors, tiles = (N + LANES - 1) // LANES, (M + ROWS - 1) // ROWS
    by_columns = vectors * LANES >= M or tiles < 2 * threads
    share, of = (thread, threads) if by_columns else (0, 1)
    column, stop = share * vectors // of * LANES, (share + 1) * vectors // of * LANES
    share, of = (0, 1) if by_columns else (thread, threads)
    first, last = share * tiles // of * ROWS, min((share + 1) * tiles // of * ROWS, M)
    panels, rest, tile = (
        room[thread, : DEPTH * PANELS * WIDTH], room[thread, DEPTH * PANELS * WIDTH :], room[thread, -ROWS * WIDTH :],
    )  # fmt: skip
    while column < stop:
        wide = min(PANELS * WIDTH, stop - column)
        if column + wide > N and N - column >= WIDTH:  # what is no whole vector comes by itself
            wide = (N - column) // WIDTH * WIDTH
        columns = min(wide, N - column)
        begun = bias.size > 0 or columns < wide or (last - first) % ROWS > 0
        in_place = not turned and columns == wide and last - first <= IN_PLACE and N < FAR
        if begun:
            _begin(out, first, last - first, N, column, columns, bias)
        for k in range(0, K, DEPTH):
            depth = min(DEPTH, K - k)
            if not in_place and not turned:
                lay_panels(right, k * N + column, N, columns, wide, depth, panels)
            j = 0
            while j < wide:
                width = columns_taken((wide - j) // LANES) * LANES
                beside, begin, row = (right, k * N + column + j, N) if in_place else (panels, j * depth, width)
                if turned:
                    begin = 0
                    lay_panel(right, K, N, turned, k, depth, column + j, width, panels, 0)
                _multiply_panel(
                    left, first * left_row + k * left_step, left_row, left_step, beside, begin, row,
                    out, first * N + column + j, N, last - first, width, min(width, N - column - j), depth,
                    k == 0 and not begun, rest, tile,
                )  # fmt: skip
                j += width
        column += wide


@jit()
def _multiply_panel(  # type: ignore[no-untyped-def]
    left, at, left_row, left_step, panel, begin, row, out, to, N, rows, width, columns, depth, fresh, rest, tile
):  # fmt: skip
    """out (+)= left @ panel, for rows of which the last may not make a whole tile, and columns that may be fewer than
    the panel's; `rest` and `tile` are room for these."""
    done = 0
    if columns == width:
        done = rows // ROWS * ROWS
        multiply(left, at, left_row, left_step, panel, begin, row, out, to, N, done, width, depth, fresh)
    while done < rows:
        count, start = min(ROWS, rows - done), at + done * left_row
        if count == ROWS:
            multiply(left, start, left_row, left_step, panel, begin, row, tile, 0, width, ROWS, width, depth, True)
        else:
            _lay_rows(left, start, left_row, left_step, count, depth, rest)
            multiply(rest, 0, 1, ROWS, panel, begin, row, tile, 0, width, ROWS, width, depth, True)
        _add_tile(tile, width, count, columns, out, to + done * N, N)
        done += count


@jit()
def _share_across(thread, threads, left, right, bias, out, sizes, room):  # type: ignore[no-untyped-def]
    """A thread's share of out^T = right^T left^T, for the transpose of a matrix on the right and few rows on the left.

    It is the left matrix that is laid out, as one panel; tiles of results are turned.
    """
    M, N, K, turned = sizes
    width = (M + LANES - 1) // LANES * LANES
    panel, rest = room[thread, : (K + LANES) * width], room[thread, (K + LANES) * width :]
    tile, across = rest[: TALL * width], rest[TALL * width :]
    lay_panel(left, K, M, turned, 0, K, 0, width, panel, 0)
    first, last = thread * (N // TALL) // threads * TALL, (thread + 1) * (N // TALL) // threads * TALL
    _begin(out, 0, M, N, first, last - first, bias)
    for n in range(first, last, TALL):
        # In pieces, as in `_share`: one sum of all would round as often as it has terms.
        for k in range(0, K, DEPTH):
            depth = min(DEPTH, K - k)
            multiply(right, n * K + k, K, 1, panel, k * width, width, tile, 0, width, TALL, width, depth, k == 0)
        for r in range(0, TALL, LANES):
            for j in range(0, width, LANES):
                turn(tile, r * width + j, width, LANES, LANES, across, j * TALL + r, TALL)
        add_rows(across, 0, TALL, 0, TALL, out, n, N, M, TALL)
