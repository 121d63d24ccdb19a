"""Two-dimensional max and average pooling, and what their gradients need.

The window of output (oh, ow) covers the rows h = oh * stride_h - padding_h + fh * dilation_h for fh < FH, and the
columns likewise. The caller computes the output's size, because with `ceil_mode` the last windows hang over the edge.
"""

import numpy as np
from numba import prange

from autograd.kernels.conv_tiles import first_inside
from autograd.kernels.threads import jit, launch

Pair = tuple[int, int]


def max_pool2d(
    x: np.ndarray, kernel_size: Pair, stride: Pair, padding: Pair, dilation: Pair, output_size: Pair
) -> tuple[np.ndarray, np.ndarray]:
    """The largest number of each window that lies in the image, and its position h * W + w as int64.

    Of equal numbers the first in row-major order wins; NaN counts as larger than any number, and of several the last
    wins, as in PyTorch. Padding never wins: a dilated window with no number in the image gives the lowest number there
    is, at position -1, which the two functions below pass over.
    """
    shape = x.shape[:2] + tuple(output_size)
    out, indices = np.empty(shape, x.dtype), np.empty(shape, np.int64)
    if out.size:
        lowest = -np.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min
        launch(_max_pool, x, x.dtype.type(lowest), kernel_size, stride, padding, dilation, out, indices)
    return out, indices


def max_pool2d_backward(gradient: np.ndarray, indices: np.ndarray, input_size: Pair) -> np.ndarray:
    """The gradient of sum(max_pool2d(x) * gradient) by x: out[n, c, indices[n, c, p]] += gradient[n, c, p]."""
    out = np.empty(gradient.shape[:2] + tuple(input_size), gradient.dtype)
    if out.size:
        launch(_scatter, _planes(gradient), _planes(indices), _planes(out))
    return out


def max_pool2d_gather(x: np.ndarray, indices: np.ndarray) -> np.ndarray:
    """The adjoint of `max_pool2d_backward`: out[n, c, oh, ow] = x[n, c, indices[n, c, oh, ow]]."""
    out = np.empty(indices.shape, x.dtype)
    if out.size:
        launch(_gather, _planes(x), _planes(indices), _planes(out))
    return out


def avg_pool2d(
    x: np.ndarray,
    kernel_size: Pair,
    stride: Pair,
    padding: Pair,
    output_size: Pair,
    count_include_pad: bool,
    divisor: int,
) -> np.ndarray:
    """The sum of each window over `divisor`, or where that is 0 over the size of the window.

    The size counts the numbers of the image and, with `count_include_pad`, those of the padding; never what hangs
    over the padding's edge.
    """
    out = np.empty(x.shape[:2] + tuple(output_size), x.dtype)
    if out.size:
        sizes = _window_sizes(x.shape[2:], output_size, kernel_size, stride, padding, count_include_pad, divisor)
        launch(_average, x, kernel_size, stride, padding, *sizes, out)
    return out


def avg_pool2d_backward(
    gradient: np.ndarray,
    input_size: Pair,
    kernel_size: Pair,
    stride: Pair,
    padding: Pair,
    count_include_pad: bool,
    divisor: int,
) -> np.ndarray:
    """The gradient of sum(avg_pool2d(x) * gradient) by x: each window passes gradient / its size to all it covers."""
    out = np.empty(gradient.shape[:2] + tuple(input_size), gradient.dtype)
    if out.size:
        sizes = _window_sizes(input_size, gradient.shape[2:], kernel_size, stride, padding, count_include_pad, divisor)
        launch(_spread_average, gradient, kernel_size, stride, padding, *sizes, out)
    return out


def _planes(array: np.ndarray) -> np.ndarray:
    N, C = array.shape[:2]
    return array.reshape(N * C, array.shape[2] * array.shape[3])


def _window_sizes(
    input_size: tuple[int, ...],
    output_size: tuple[int, ...],
    kernel_size: Pair,
    stride: Pair,
    padding: Pair,
    count_include_pad: bool,
    divisor: int,
) -> tuple[np.ndarray, np.ndarray]:
    """(heights by oh, widths by ow): a window's sum is divided by height * width."""
    if divisor:
        # PyTorch divides by a negative divisor too.
        return np.full(output_size[0], divisor), np.ones(output_size[1], np.int64)

    def extents(axis: int) -> np.ndarray:
        start: np.ndarray = np.arange(output_size[axis]) * stride[axis] - padding[axis]
        stop = np.minimum(start + kernel_size[axis], input_size[axis] + padding[axis])
        if count_include_pad:
            return stop - start
        return np.minimum(stop, input_size[axis]) - np.maximum(start, 0)

    return extents(0), extents(1)


@jit()
def _row_maxima(row, shift, stride, first, last, position, best, where):  # type: ignore[no-untyped-def]
    """Let row[ow * stride + shift] compete for best[ow], first <= ow < last; position is the index of row[0]."""
    for ow in range(first, last):
        w = ow * stride + shift
        value = row[w]
        # Written as two selections, for a branch would not be vectorised.
        wins = (value > best[ow]) | np.isnan(value)
        best[ow] = value if wins else best[ow]
        where[ow] = position + w if wins else where[ow]


@jit()
def _row_maxima_start(width, stride, padding, dilation, position, lowest, best, where):  # type: ignore[no-untyped-def]
    """Let every window begin with the lowest number at the first place that is inside the image, or at -1."""
    for ow in range(best.size):
        start = ow * stride - padding
        best[ow] = lowest
        first = start + first_inside(start, dilation) * dilation
        where[ow] = position + first if position >= 0 and first < width else -1


@jit()
def _max_pool_plane(x, lowest, kernel_size, stride, padding, dilation, out, indices):  # type: ignore[no-untyped-def]
    H, W = x.shape
    OH, OW = out.shape
    for oh in range(OH):
        start = oh * stride[0] - padding[0]
        first_h = start + first_inside(start, dilation[0]) * dilation[0]
        position = first_h * W if first_h < H else -1
        _row_maxima_start(W, stride[1], padding[1], dilation[1], position, lowest, out[oh], indices[oh])
        for h in range(first_h, min(start + (kernel_size[0] - 1) * dilation[0] + 1, H), dilation[0]):
            for fw in range(kernel_size[1]):
                shift = fw * dilation[1] - padding[1]
                first = first_inside(shift, stride[1])
                last = min(first_inside(shift - W, stride[1]), OW)
                if stride[1] == 1:
                    _row_maxima(x[h], shift, 1, first, last, h * W, out[oh], indices[oh])
                elif stride[1] == 2:
                    _row_maxima(x[h], shift, 2, first, last, h * W, out[oh], indices[oh])
                else:
                    _row_maxima(x[h], shift, stride[1], first, last, h * W, out[oh], indices[oh])


@jit(parallel=True)
def _max_pool(x, lowest, kernel_size, stride, padding, dilation, out, indices):  # type: ignore[no-untyped-def]
    C = x.shape[1]
    for plane in prange(x.shape[0] * C):
        n, c = divmod(np.int64(plane), C)
        _max_pool_plane(x[n, c], lowest, kernel_size, stride, padding, dilation, out[n, c], indices[n, c])


@jit()
def _scatter_plane(gradient, indices, out):  # type: ignore[no-untyped-def]
    out[:] = 0
    for j in range(gradient.size):
        if indices[j] >= 0:
            out[indices[j]] += gradient[j]


@jit(parallel=True)
def _scatter(gradient, indices, out):  # type: ignore[no-untyped-def]
    for plane in prange(out.shape[0]):
        _scatter_plane(gradient[plane], indices[plane], out[plane])


@jit()
def _gather_plane(x, indices, out):  # type: ignore[no-untyped-def]
    for j in range(out.size):
        out[j] = x[indices[j]] if indices[j] >= 0 else 0


@jit(parallel=True)
def _gather(x, indices, out):  # type: ignore[no-untyped-def]
    for plane in prange(out.shape[0]):
        _gather_plane(x[plane], indices[plane], out[plane])


@jit()
def _add_row(row, shift, stride, first, last, out):  # type: ignore[no-untyped-def]
    for ow in range(first, last):
        out[ow] += row[ow * stride + shift]


@jit()
def _spread_row(values, shift, stride, first, last, out):  # type: ignore[no-untyped-def]
    for ow in range(first, last):
        out[ow * stride + shift] += values[ow]


@jit()
def _average_plane(x, kernel_size, stride, padding, heights, widths, out):  # type: ignore[no-untyped-def]
    H, W = x.shape
    OH, OW = out.shape
    for oh in range(OH):
        out[oh, :] = 0
        start = oh * stride[0] - padding[0]
        for h in range(max(start, 0), min(start + kernel_size[0], H)):
            for fw in range(kernel_size[1]):
                shift = fw - padding[1]
                first = first_inside(shift, stride[1])
                last = min(first_inside(shift - W, stride[1]), OW)
                if stride[1] == 1:
                    _add_row(x[h], shift, 1, first, last, out[oh])
                elif stride[1] == 2:
                    _add_row(x[h], shift, 2, first, last, out[oh])
                else:
                    _add_row(x[h], shift, stride[1], first, last, out[oh])
        for ow in range(OW):
            out[oh, ow] /= out.dtype.type(heights[oh] * widths[ow])


@jit(parallel=True)
def _average(x, kernel_size, stride, padding, heights, widths, out):  # type: ignore[no-untyped-def]
    C = x.shape[1]
    for plane in prange(x.shape[0] * C):
        n, c = divmod(np.int64(plane), C)
        _average_plane(x[n, c], kernel_size, stride, padding, heights, widths, out[n, c])


@jit()
def _spread_average_plane(gradient, kernel_size, stride, padding, heights, widths, out):  # type: ignore[no-untyped-def]
    H, W = out.shape
    OH, OW = gradient.shape
    out[:, :] = 0
    share = np.empty(OW, gradient.dtype)
    for oh in range(OH):
        for ow in range(OW):
            share[ow] = gradient[oh, ow] / gradient.dtype.type(heights[oh] * widths[ow])
        start = oh * stride[0] - padding[0]
        for h in range(max(start, 0), min(start + kernel_size[0], H)):
            for fw in range(kernel_size[1]):
                shift = fw - padding[1]
                first = first_inside(shift, stride[1])
                last = min(first_inside(shift - W, stride[1]), OW)
                if stride[1] == 1:
                    _spread_row(share, shift, 1, first, last, out[h])
                elif stride[1] == 2:
                    _spread_row(share, shift, 2, first, last, out[h])
                else:
                    _spread_row(share, shift, stride[1], first, last, out[h])


@jit(parallel=True)
def _spread_average(gradient, kernel_size, stride, padding, heights, widths, out):  # type: ignore[no-untyped-def]
    C = out.shape[1]
    for plane in prange(out.shape[0] * C):
        n, c = divmod(np.int64(plane), C)
        _spread_average_plane(gradient[n, c], kernel_size, stride, padding, heights, widths, out[n, c])
