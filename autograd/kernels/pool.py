"""Two-dimensional max and average pooling, and what their gradients need.

The window of output (oh, ow) covers the rows h = oh * stride_h - padding_h + fh * dilation_h for fh < FH, and the
columns likewise. The caller computes the output's size, because with `ceil_mode` the last windows hang over the edge.
"""

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from autograd.kernels import pool_windows
from autograd.kernels.conv_tiles import Sizes, first_inside
from autograd.kernels.pool_pairs import max_pool_pairs
from autograd.kernels.sharing import share_out
from autograd.kernels.threads import jit, thread_count
from autograd.kernels.vectors import lanes

Pair = tuple[int, int]

# Nanoseconds of one thread's work below which a launch does not pay.
SMALL = 40_000
# Nanoseconds for a vector of windows in pairs.
PAIRS = 8


def max_pool2d(
    x: np.ndarray, kernel_size: Pair, stride: Pair, padding: Pair, dilation: Pair, output_size: Pair
) -> tuple[np.ndarray, np.ndarray]:
    """The largest number of each window that lies in the image, and its position h * W + w as int32.

    Of equal numbers the first in row-major order wins; NaN counts as larger than any number, and of several the last
    wins, as in PyTorch. Padding never wins: a dilated window with no number in the image gives the lowest number there
    is, at position -1, which the two functions below pass over.
    """
    shape = x.shape[:2] + tuple(output_size)
    # Half as wide as PyTorch's indices: they are written by the forward and read by the backward.
    windows = kernel_size, stride, padding
    out, indices = np.empty(shape, x.dtype), np.empty(shape, np.int32 if math.prod(x.shape[2:]) < 2**31 else np.int64)
    if out.size:
        images, results = _images(x), (_images(out), _images(indices))
        pairs = kernel_size in ((2, 2), (1, 2)) and dilation == (1, 1) and _tiled(x.shape[2:], shape[2:], *windows)
        if pairs and x.dtype.kind == "f" and indices.dtype == np.int32:
            H, W = x.shape[2:]
            work = PAIRS * math.prod(shape[:3]) * -(-shape[3] // lanes(x.dtype))
            flat = [array.reshape(-1) for array in (x, out, indices)]
            _run(max_pool_pairs, work, flat[0], W, H * W, kernel_size[0], shape[2:], *flat[1:])
        elif x.dtype == np.float32 and indices.dtype == np.int32:
            H, W, OH, OW = *x.shape[2:], *output_size
            sizes = Sizes(len(images), 1, H, W, 1, *kernel_size, OH, OW, *stride, *padding, *dilation, 1)
            pool_windows.pool(images, sizes, *results)
        else:
            lowest = x.dtype.type(-np.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min)
            work = 0.4 * (x.size * kernel_size[1] + out.size * kernel_size[0])
            _run(_max_pool, work, images, lowest, *windows, dilation, *results)
    return out, indices


def max_pool2d_backward(gradient: np.ndarray, indices: np.ndarray, input_size: Pair) -> np.ndarray:
    """The gradient of sum(max_pool2d(x) * gradient) by x: out[n, c, indices[n, c, p]] += gradient[n, c, p]."""
    out = np.empty(gradient.shape[:2] + tuple(input_size), gradient.dtype)
    if out.size:
        _run(_scatter, 0.2 * out.size + gradient.size, _planes(gradient), _planes(indices), _planes(out))
    return out


def max_pool2d_gather(x: np.ndarray, indices: np.ndarray) -> np.ndarray:
    """The adjoint of `max_pool2d_backward`: out[n, c, oh, ow] = x[n, c, indices[n, c, oh, ow]]."""
    out = np.empty(indices.shape, x.dtype)
    if out.size:
        _run(_gather, out.size, _planes(x), _planes(indices), _planes(out))
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
        if _tiled(x.shape[2:], output_size, kernel_size, stride, padding):
            _run(
                _average_tiles,
                0.3 * x.size,
                _images(x),
                kernel_size,
                x.dtype.type(sizes[0][0] * sizes[1][0]),
                _images(out),
            )
        else:
            _run(
                _average,
                0.5 * math.prod(kernel_size) * out.size,
                _images(x),
                kernel_size,
                stride,
                padding,
                *sizes,
                _images(out),
            )
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
        if _tiled(input_size, gradient.shape[2:], kernel_size, stride, padding):
            divisor = sizes[0][0] * sizes[1][0]
            _run(
                _spread_tiles,
                0.3 * out.size,
                _images(gradient),
                kernel_size,
                gradient.dtype.type(divisor),
                _images(out),
            )
        else:
            _run(
                _spread_average,
                0.5 * math.prod(kernel_size) * gradient.size,
                _images(gradient),
                kernel_size,
                stride,
                padding,
                *sizes,
                _images(out),
            )
    return out


def _run(kernel: Callable[..., Any], nanoseconds: float, *arguments: Any) -> None:
    """Run a kernel that takes so long on one thread, on as many as pay."""
    share_out(kernel, 1 if nanoseconds < SMALL else thread_count(), *arguments)


def _planes(array: np.ndarray) -> np.ndarray:
    N, C, H, W = array.shape
    return array.reshape(N * C, H * W)


def _images(array: np.ndarray) -> np.ndarray:
    N, C, H, W = array.shape
    return array.reshape(N * C, H, W)


def _tiled(
    input_size: tuple[int, ...], output_size: tuple[int, ...], kernel_size: Pair, stride: Pair, padding: Pair
) -> bool:
    """Whether whole windows stand side by side, and none hangs over."""
    fits = all(o * f <= n for o, f, n in zip(output_size, kernel_size, input_size, strict=True))
    return fits and kernel_size == stride and padding == (0, 0)


@lru_cache(maxsize=256)
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
def _pair_maximum(a, a_at, b, b_at):  # type: ignore[no-untyped-def]
    """The larger of two numbers and its position: a where they are equal, b where it is NaN."""
    # Two selections, for a branch would not be vectorised.
    wins = (b > a) | (b != b)
    return b if wins else a, b_at if wins else a_at


@jit()
def _split_row(x, h, padding, stride, phases):  # type: ignore[no-untyped-def]
    """phases[k % stride, k // stride] = x[h, k - padding]: what windows read side by side comes to lie so."""
    W = x.shape[1]
    if stride == 1:
        start = np.uint64(padding)
        for w in range(W):
            phases[0, start + np.uint64(w)] = x[h, w]
    elif stride == 2:
        even, odd = padding % 2, (padding + 1) % 2
        even_start, odd_start = np.uint64(padding // 2), np.uint64((padding + 1) // 2)
        for j in range(W // 2):
            phases[even, even_start + np.uint64(j)] = x[h, 2 * j]
            phases[odd, odd_start + np.uint64(j)] = x[h, 2 * j + 1]
        if W % 2:
            phases[even, even_start + np.uint64(W // 2)] = x[h, W - 1]
    else:
        for w in range(W):
            phases[(w + padding) % stride, (w + padding) // stride] = x[h, w]


@jit()
def _tap(phases, phase, start, place, stride, best, where, h):  # type: ignore[no-untyped-def]
    """Let one number of each window of row h compete; the first window's is phases[phase, start], at `place` in x."""
    for ow in range(best.shape[1]):
        at = where.dtype.type(place + ow * stride)
        value = phases[phase, start + np.uint64(ow)]
        best[h, ow], where[h, ow] = _pair_maximum(best[h, ow], where[h, ow], value, at)


@jit()
def _row_maxima(x, h, lowest, first, kernel, stride, padding, dilation, phases, best, where):  # type: ignore[no-untyped-def]
    """best[h, ow] is the largest of the window's numbers in row h; before any, the lowest number at the first place."""
    W = x.shape[1]
    for ow in range(best.shape[1]):
        best[h, ow] = lowest
        where[h, ow] = h * W + first[ow] if first[ow] >= 0 else -1
    _split_row(x, h, padding, stride, phases)
    for fw in range(kernel):
        shift = fw * dilation
        place = h * W + shift - padding
        _tap(phases, shift % stride, np.uint64(shift // stride), place, stride, best, where, h)


@jit()
def _join_rows(best, where, h, oh, out, indices):  # type: ignore[no-untyped-def]
    for ow in range(out.shape[1]):
        out[oh, ow], indices[oh, ow] = _pair_maximum(out[oh, ow], indices[oh, ow], best[h, ow], where[h, ow])


@jit()
def _max_pool_plane(x, lowest, kernel_size, stride, padding, dilation, out, indices):  # type: ignore[no-untyped-def]
    """First the largest numbers of each row, then of the rows of each window; the order of places is kept so."""
    H, W = x.shape
    OH, OW = out.shape
    first = np.empty(OW, indices.dtype)
    for ow in range(OW):
        start = ow * stride[1] - padding[1]
        start += first_inside(start, dilation[1]) * dilation[1]
        first[ow] = start if start < W else -1
    reach = (kernel_size[1] - 1) * dilation[1]
    phases = np.full((stride[1], OW + max(reach, W + padding[1]) // stride[1] + 1), lowest, x.dtype)
    best, where = np.empty((H, OW), x.dtype), np.empty((H, OW), indices.dtype)
    for h in range(H):
        _row_maxima(x, h, lowest, first, kernel_size[1], stride[1], padding[1], dilation[1], phases, best, where)
    for oh in range(OH):
        start = oh * stride[0] - padding[0]
        start_h = start + first_inside(start, dilation[0]) * dilation[0]
        for ow in range(OW):
            out[oh, ow] = best[start_h, ow] if start_h < H else lowest
            indices[oh, ow] = where[start_h, ow] if start_h < H else -1
        for h in range(start_h + dilation[0], min(start + (kernel_size[0] - 1) * dilation[0] + 1, H), dilation[0]):
            _join_rows(best, where, h, oh, out, indices)


@jit()
def _max_pool(thread, threads, x, lowest, kernel_size, stride, padding, dilation, out, indices):  # type: ignore[no-untyped-def]
    for plane in range(x.shape[0] * thread // threads, x.shape[0] * (thread + 1) // threads):
        _max_pool_plane(x[plane], lowest, kernel_size, stride, padding, dilation, out[plane], indices[plane])


@jit()
def _scatter_plane(gradient, indices, out):  # type: ignore[no-untyped-def]
    out[:] = 0
    for j in range(gradient.size):
        if indices[j] >= 0:
            out[indices[j]] += gradient[j]


@jit()
def _scatter(thread, threads, gradient, indices, out):  # type: ignore[no-untyped-def]
    for plane in range(out.shape[0] * thread // threads, out.shape[0] * (thread + 1) // threads):
        _scatter_plane(gradient[plane], indices[plane], out[plane])


@jit()
def _gather_plane(x, indices, out):  # type: ignore[no-untyped-def]
    for j in range(out.size):
        out[j] = x[indices[j]] if indices[j] >= 0 else 0


@jit()
def _gather(thread, threads, x, indices, out):  # type: ignore[no-untyped-def]
    for plane in range(out.shape[0] * thread // threads, out.shape[0] * (thread + 1) // threads):
        _gather_plane(x[plane], indices[plane], out[plane])


@jit(fastmath={"reassoc", "nsz"})
def _sum_part(x, start, count):  # type: ignore[no-untyped-def]
    total = x.dtype.type(0)
    for w in range(count):
        total += x[start + w]
    return total


@jit()
def _average_plane_by_two(x, plane, divisor, out):  # type: ignore[no-untyped-def]
    for oh in range(out.shape[1]):
        for ow in range(out.shape[2]):
            upper = x[plane, 2 * oh, 2 * ow] + x[plane, 2 * oh, 2 * ow + 1]
            out[plane, oh, ow] = (upper + (x[plane, 2 * oh + 1, 2 * ow] + x[plane, 2 * oh + 1, 2 * ow + 1])) / divisor


@jit()
def _average_plane_of_tiles(x, plane, kernel_size, divisor, total, out):  # type: ignore[no-untyped-def]
    """First the sums down the columns, side by side, then those along the row that is left."""
    height, width = kernel_size
    for oh in range(out.shape[1]):
        for w in range(total.size):
            total[w] = x[plane, oh * height, w]
        for h in range(oh * height + 1, (oh + 1) * height):
            for w in range(total.size):
                total[w] += x[plane, h, w]
        for ow in range(out.shape[2]):
            out[plane, oh, ow] = _sum_part(total, ow * width, width) / divisor


@jit()
def _average_tiles(thread, threads, x, kernel_size, divisor, out):  # type: ignore[no-untyped-def]
    total = np.empty(out.shape[2] * kernel_size[1], x.dtype)
    for plane in range(x.shape[0] * thread // threads, x.shape[0] * (thread + 1) // threads):
        if kernel_size[0] == 2 and kernel_size[1] == 2:
            _average_plane_by_two(x, plane, divisor, out)
        else:
            _average_plane_of_tiles(x, plane, kernel_size, divisor, total, out)


@jit()
def _spread_row_by_two(gradient, plane, oh, divisor, out, h):  # type: ignore[no-untyped-def]
    for ow in range(gradient.shape[2]):
        share = gradient[plane, oh, ow] / divisor
        out[plane, h, 2 * ow] = share
        out[plane, h, 2 * ow + 1] = share


@jit()
def _spread_row_of_tiles(gradient, plane, oh, divisor, width, out, h):  # type: ignore[no-untyped-def]
    for ow in range(gradient.shape[2]):
        share = gradient[plane, oh, ow] / divisor
        for w in range(width):
            out[plane, h, ow * width + w] = share


@jit()
def _spread_plane_of_tiles(gradient, plane, kernel_size, divisor, out):  # type: ignore[no-untyped-def]
    height, width = kernel_size
    OH, OW = gradient.shape[1:]
    for oh in range(OH):
        first = oh * height
        if width == 2:
            _spread_row_by_two(gradient, plane, oh, divisor, out, first)
        else:
            _spread_row_of_tiles(gradient, plane, oh, divisor, width, out, first)
        for w in range(OW * width, out.shape[2]):
            out[plane, first, w] = 0
        for h in range(first + 1, first + height):
            for w in range(out.shape[2]):
                out[plane, h, w] = out[plane, first, w]
    for h in range(OH * height, out.shape[1]):
        for w in range(out.shape[2]):
            out[plane, h, w] = 0


@jit()
def _spread_tiles(thread, threads, gradient, kernel_size, divisor, out):  # type: ignore[no-untyped-def]
    for plane in range(out.shape[0] * thread // threads, out.shape[0] * (thread + 1) // threads):
        _spread_plane_of_tiles(gradient, plane, kernel_size, divisor, out)


@jit()
def _add_row(row, stride, out):  # type: ignore[no-untyped-def]
    for ow in range(out.size):
        out[ow] += row[ow * stride]


@jit()
def _spread_row(share, stride, out):  # type: ignore[no-untyped-def]
    for ow in range(share.size):
        out[ow * stride] += share[ow]


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
                if first >= last:
                    continue
                row, sums = x[h, first * stride[1] + shift :], out[oh, first:last]
                if stride[1] == 1:
                    _add_row(row, 1, sums)
                elif stride[1] == 2:
                    _add_row(row, 2, sums)
                else:
                    _add_row(row, stride[1], sums)
        for ow in range(OW):
            out[oh, ow] /= out.dtype.type(heights[oh] * widths[ow])


@jit()
def _average(thread, threads, x, kernel_size, stride, padding, heights, widths, out):  # type: ignore[no-untyped-def]
    for plane in range(x.shape[0] * thread // threads, x.shape[0] * (thread + 1) // threads):
        _average_plane(x[plane], kernel_size, stride, padding, heights, widths, out[plane])


@jit()
def _spread_average_plane(gradient, kernel_size, stride, padding, heights, widths, out):  # type: ignore[no-untyped-def]
    H, W = out.shape
    OH, OW = gradient.shape
    out[:] = 0
    share = np.empty(OW, gradient.dtype)
    for oh in range(OH):
        for ow in range(OW):
            share[ow] = gradient[oh, ow] / out.dtype.type(heights[oh] * widths[ow])
        start = oh * stride[0] - padding[0]
        for h in range(max(start, 0), min(start + kernel_size[0], H)):
            for fw in range(kernel_size[1]):
                shift = fw - padding[1]
                first = first_inside(shift, stride[1])
                last = min(first_inside(shift - W, stride[1]), OW)
                if first >= last:
                    continue
                row, shares = out[h, first * stride[1] + shift :], share[first:last]
                if stride[1] == 1:
                    _spread_row(shares, 1, row)
                elif stride[1] == 2:
                    _spread_row(shares, 2, row)
                else:
                    _spread_row(shares, stride[1], row)


@jit()
def _spread_average(thread, threads, gradient, kernel_size, stride, padding, heights, widths, out):  # type: ignore[no-untyped-def]
    for plane in range(out.shape[0] * thread // threads, out.shape[0] * (thread + 1) // threads):
        _spread_average_plane(gradient[plane], kernel_size, stride, padding, heights, widths, out[plane])
