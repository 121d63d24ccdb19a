"""Sums along the rows of a matrix, and rows of a table looked up and added to.

A row is summed in blocks of numbers that are added in many lanes at once, and the sums of the blocks in float64; a long
row is first cut into pieces, whose sums NumPy adds in pairs. So an error hardly grows with the length of the row.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.kernels.sharing import share_out
from autograd.kernels.threads import jit, thread_count

_BLOCK = 1024
_PIECE = 1 << 15

# Numbers below which one thread does all.
_SHARED = 1 << 17


def row_sums(x: np.ndarray) -> np.ndarray:
    """out[r] = sum over k of x[r, k]."""
    rows, columns = x.shape
    pieces = max(-(-columns // _PIECE), 1)
    out = np.empty(rows * pieces, x.dtype)
    _run(_sum_pieces, x.size, x.reshape(-1), columns, pieces, out)
    return out if pieces == 1 else out.reshape(rows, pieces).sum(1)


def take_rows(table: np.ndarray, indices: np.ndarray) -> np.ndarray:
    """out[i] = table[indices[i]]; the indices are in range."""
    out = np.empty((indices.size, table.shape[1]), table.dtype)
    _run(_take_rows, out.size, table, indices, out)
    return out


def add_rows(gradient: np.ndarray, indices: np.ndarray, rows: int) -> np.ndarray:
    """The adjoint of `take_rows`: zeros of so many rows, and out[indices[i]] += gradient[i] for each i in turn."""
    out = np.empty((rows, gradient.shape[1]), gradient.dtype)
    _run(_add_rows, out.size + gradient.size, gradient, indices, out)
    return out


def _run(kernel: Callable[..., Any], numbers: int, *arguments: Any) -> None:
    share_out(kernel, 1 if numbers < _SHARED else thread_count(), *arguments)


@jit(fastmath={"reassoc", "nsz"})
def _block_sum(x):  # type: ignore[no-untyped-def]
    total = x.dtype.type(0)
    for i in range(x.size):
        total += x[i]
    return total


@jit()
def _piece_sum(x):  # type: ignore[no-untyped-def]
    total = np.float64(_block_sum(x[:_BLOCK]))
    for start in range(_BLOCK, x.size, _BLOCK):
        total += _block_sum(x[start : start + _BLOCK])
    return total


@jit()
def _sum_pieces(thread, threads, x, columns, pieces, out):  # type: ignore[no-untyped-def]
    """out[r * pieces + p] is the sum of the p-th piece of row r."""
    for i in range(out.size * thread // threads, out.size * (thread + 1) // threads):
        row = i // pieces
        start = (i - row * pieces) * _PIECE
        out[i] = _piece_sum(x[row * columns + start : row * columns + min(start + _PIECE, columns)])


@jit()
def _take_rows(thread, threads, table, indices, out):  # type: ignore[no-untyped-def]
    for i in range(indices.size * thread // threads, indices.size * (thread + 1) // threads):
        row, copy = table[indices[i]], out[i]
        for k in range(copy.size):
            copy[k] = row[k]


@jit()
def _add_rows(thread, threads, gradient, indices, out):  # type: ignore[no-untyped-def]
    """Each thread looks after its own rows of the result, so that no two write to the same."""
    first, last = out.shape[0] * thread // threads, out.shape[0] * (thread + 1) // threads
    out[first:last] = 0
    for i in range(indices.size):
        if first <= indices[i] < last:
            row, added = out[indices[i]], gradient[i]
            for k in range(row.size):
                row[k] += added[k]
