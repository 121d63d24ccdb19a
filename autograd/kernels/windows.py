"""Weighted sums along one axis, and maxima of windows that each begin and end where they please.

Interpolation and adaptive averages are sums of a few neighbours, one axis after the other; adaptive, fractional and
three-dimensional max pooling differ only in where their windows lie. The caller works that out and passes it in.
"""

import numpy as np

from autograd.kernels.sharing import share_out
from autograd.kernels.threads import jit, thread_count

# Numbers read below which a launch does not pay.
SMALL = 1 << 15

Triple = tuple[int, int, int]


def combine(x: np.ndarray, starts: np.ndarray, index: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """out[n, o, j] = sum over k from starts[o] to starts[o + 1] of weight[k] * x[n, index[k], j]."""
    out = np.empty((x.shape[0], starts.size - 1, x.shape[2]), x.dtype)
    if out.size:
        threads = 1 if x.shape[0] * index.size * x.shape[2] < SMALL else thread_count()
        share_out(_combine, threads, np.ascontiguousarray(x), starts, index, weight.astype(x.dtype), out)
    return out


def window_max(
    x: np.ndarray, depth: np.ndarray, rows: np.ndarray, columns: np.ndarray, dilation: Triple
) -> tuple[np.ndarray, np.ndarray]:
    """The largest number of each window of x (N, C, D, H, W), and its position (d * H + h) * W + w as int64.

    depth (S, OD, 2), rows (S, OH, 2) and columns (S, OW, 2) say where the windows start and stop, all inside of x, by
    steps of the dilation; S is N * C, or 1 where all planes have the same windows. Of equal numbers the first in
    row-major order wins, of several NaN the last. An empty window gives the lowest number there is, at position -1.
    """
    N, C = x.shape[:2]
    shape = (N, C, depth.shape[1], rows.shape[1], columns.shape[1])
    out, indices = np.empty(shape, x.dtype), np.empty(shape, np.int64)
    if out.size:
        lowest = x.dtype.type(-np.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min)
        volumes = (N * C, *x.shape[2:])
        flat = (N * C, *shape[2:])
        threads = 1 if max(x.size, out.size) < SMALL else thread_count()
        windows = [np.ascontiguousarray(bounds) for bounds in (depth, rows, columns)]
        x = np.ascontiguousarray(x).reshape(volumes)
        share_out(_window_max, threads, x, lowest, *windows, dilation, out.reshape(flat), indices.reshape(flat))
    return out, indices


@jit()
def _combine_rows(x, starts, index, weight, out):  # type: ignore[no-untyped-def]
    for o in range(out.shape[0]):
        if out.shape[1] == 1:
            total = x.dtype.type(0)
            for k in range(starts[o], starts[o + 1]):
                total += weight[k] * x[index[k], 0]
            out[o, 0] = total
            continue
        out[o, :] = 0
        for k in range(starts[o], starts[o + 1]):
            w = weight[k]
            row = x[index[k]]
            for j in range(out.shape[1]):
                out[o, j] += w * row[j]


@jit()
def _combine(thread, threads, x, starts, index, weight, out):  # type: ignore[no-untyped-def]
    for n in range(thread, x.shape[0], threads):
        _combine_rows(x[n], starts, index, weight, out[n])


@jit()
def _largest(x, lowest, depth, rows, columns, dilation):  # type: ignore[no-untyped-def]
    """The largest number of one window of x (D, H, W), and its position."""
    H, W = x.shape[1:]
    best, where = lowest, np.int64(-1)
    if depth[0] < depth[1] and rows[0] < rows[1] and columns[0] < columns[1]:
        where = (depth[0] * H + rows[0]) * W + columns[0]
    for d in range(depth[0], depth[1], dilation[0]):
        for h in range(rows[0], rows[1], dilation[1]):
            for w in range(columns[0], columns[1], dilation[2]):
                value = x[d, h, w]
                if value > best or np.isnan(value):
                    best, where = value, (d * H + h) * W + w
    return best, where


@jit()
def _window_max(thread, threads, x, lowest, depth, rows, columns, dilation, out, indices):  # type: ignore[no-untyped-def]
    OD, OH, OW = out.shape[1:]
    for n in range(thread, x.shape[0], threads):
        s = n if depth.shape[0] > 1 else 0
        for d in range(OD):
            for h in range(OH):
                for w in range(OW):
                    best, where = _largest(x[n], lowest, depth[s, d], rows[s, h], columns[s, w], dilation)
                    out[n, d, h, w] = best
                    indices[n, d, h, w] = where
