"""Normalisation by mean and variance, forward and backward in as few passes as there are sums to wait for.

Images come as (N, C, S), with all their pixels in S, rows as (R, M). Sums run over pieces of a thousand numbers in the
dtype that came in, and over the pieces in float64. The variance is that of numbers from which the mean was taken.
"""

import numpy as np
from numba import prange

from autograd.kernels.sized import sized
from autograd.kernels.threads import jit

_PIECE = 1024
# A block of rows adds up its share of a weight's gradient by itself; so many blocks there are on any number of threads.
_BLOCKS = 16
# Images of fewer pixels are taken by blocks of channels, in which neighbours lie side by side.
_FEW_PIXELS = 8
_CHANNELS = 64

Vector = np.ndarray | None


def batch_norm(x: np.ndarray, weight: Vector, bias: Vector, eps: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Each channel of x (N, C, S) at mean 0 and variance 1, times weight, plus bias; and its mean and variance."""
    out = np.empty_like(x)
    mean, var = np.empty(x.shape[1], x.dtype), np.empty(x.shape[1], x.dtype)
    kernel = _batch_norm if x.shape[2] >= _FEW_PIXELS else _batch_norm_columns
    kernel(0.3 * x.size, x, *_given(weight, bias, mean), eps, out, mean, var)
    return out, mean, var


def batch_norm_backward(
    gradient: np.ndarray, x: np.ndarray, weight: Vector, mean: np.ndarray, var: np.ndarray, eps: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The gradients of sum(batch_norm(x) * gradient) by x, weight and bias."""
    out = np.empty_like(x)
    by_weight, by_bias = np.empty_like(mean), np.empty_like(mean)
    rstd = (1 / np.sqrt(var.astype(np.float64) + eps)).astype(x.dtype)
    factors, _ = _given(weight, None, mean)
    kernel = _batch_norm_backward if x.shape[2] >= _FEW_PIXELS else _batch_norm_backward_columns
    kernel(0.3 * x.size, gradient, x, factors, mean, rstd, out, by_weight, by_bias)
    return out, by_weight, by_bias


def scale_channels(x: np.ndarray, centre: np.ndarray, scale: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """out[n, c, s] = (x[n, c, s] - centre[c]) * scale[c] + shift[c]."""
    out = np.empty_like(x)
    _scale_channels(0.2 * x.size, x, centre, scale, shift, out)
    return out


def channel_sums(gradient: np.ndarray, x: np.ndarray, centre: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The sums of gradient[n, c, s] and of gradient[n, c, s] * (x[n, c, s] - centre[c]) over n and s."""
    plain, weighted = np.empty_like(centre), np.empty_like(centre)
    _channel_sums(0.2 * x.size, gradient, x, centre, plain, weighted)
    return plain, weighted


def group_norm(x: np.ndarray, weight: Vector, bias: Vector, groups: int, eps: float) -> np.ndarray:
    """Each of the groups of channels of each x[n] (C, S) at mean 0 and variance 1, times weight[c], plus bias[c]."""
    N, C, S = x.shape
    out = np.empty_like(x)
    shape = (N * groups, C // groups, S)
    factors, shifts = _given(weight, bias, np.empty(C, x.dtype))
    _group_norm(0.3 * x.size, x.reshape(shape), factors, shifts, eps, out.reshape(shape))
    return out


def group_norm_backward(
    gradient: np.ndarray, x: np.ndarray, weight: Vector, groups: int, eps: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The gradients of sum(group_norm(x) * gradient) by x, weight and bias."""
    N, C, S = x.shape
    out = np.empty_like(x)
    shape = (N * groups, C // groups, S)
    by_weight, by_bias = np.empty((N, C), x.dtype), np.empty((N, C), x.dtype)
    factors, _ = _given(weight, None, np.empty(C, x.dtype))
    sums = by_weight.reshape(shape[:2]), by_bias.reshape(shape[:2])
    _group_norm_backward(
        0.4 * x.size, gradient.reshape(shape), x.reshape(shape), factors, eps, out.reshape(shape), *sums
    )
    return out, by_weight.sum(0), by_bias.sum(0)


def layer_norm(x: np.ndarray, weight: Vector, bias: Vector, eps: float, centred: bool) -> np.ndarray:
    """Each row of x (R, M) at mean 0 and variance 1, times weight (M,), plus bias (M,).

    Without `centred` the mean is left in, and only the mean square is made 1.
    """
    out = np.empty_like(x)
    factors, shifts = _given(weight, bias, x[0])
    _layer_norm(0.3 * x.size, x, factors, shifts, eps, centred, out)
    return out


def layer_norm_backward(
    gradient: np.ndarray, x: np.ndarray, weight: Vector, eps: float, centred: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The gradients of sum(layer_norm(x) * gradient) by x, weight and bias."""
    out = np.empty_like(x)
    blocks = min(_BLOCKS, x.shape[0])
    by_weight, by_bias = np.zeros((blocks, x.shape[1]), x.dtype), np.zeros((blocks, x.shape[1]), x.dtype)
    factors, _ = _given(weight, None, x[0])
    _layer_norm_backward(0.4 * x.size, gradient, x, factors, eps, centred, out, by_weight, by_bias)
    return out, by_weight.sum(0), by_bias.sum(0)


def _given(weight: Vector, bias: Vector, like: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.ones_like(like) if weight is None else weight, np.zeros_like(like) if bias is None else bias


_sums = jit(fastmath={"reassoc", "nsz", "contract"})


@_sums
def _sum(x, i, j, start, count):  # type: ignore[no-untyped-def]
    total = x.dtype.type(0)
    for k in range(count):
        total += x[i, j, start + np.uint64(k)]
    return total


@_sums
def _squares(x, i, j, start, count, mean):  # type: ignore[no-untyped-def]
    total = x.dtype.type(0)
    for k in range(count):
        centred = x[i, j, start + np.uint64(k)] - mean
        total += centred * centred
    return total


@_sums
def _products(gradient, x, i, j, start, count, mean):  # type: ignore[no-untyped-def]
    plain, weighted = x.dtype.type(0), x.dtype.type(0)
    for k in range(count):
        s = start + np.uint64(k)
        plain += gradient[i, j, s]
        weighted += gradient[i, j, s] * (x[i, j, s] - mean)
    return plain, weighted


@jit()
def _row_sum(x, i, j):  # type: ignore[no-untyped-def]
    total = 0.0
    for start in range(0, x.shape[2], _PIECE):
        total += _sum(x, i, j, np.uint64(start), min(_PIECE, x.shape[2] - start))
    return total


@jit()
def _row_squares(x, i, j, mean):  # type: ignore[no-untyped-def]
    total = 0.0
    for start in range(0, x.shape[2], _PIECE):
        total += _squares(x, i, j, np.uint64(start), min(_PIECE, x.shape[2] - start), mean)
    return total


@jit()
def _row_products(gradient, x, i, j, mean):  # type: ignore[no-untyped-def]
    plain, weighted = 0.0, 0.0
    for start in range(0, x.shape[2], _PIECE):
        p, w = _products(gradient, x, i, j, np.uint64(start), min(_PIECE, x.shape[2] - start), mean)
        plain += p
        weighted += w
    return plain, weighted


@jit()
def _scale_row(x, i, j, centre, scale, shift, out):  # type: ignore[no-untyped-def]
    for s in range(x.shape[2]):
        out[i, j, s] = (x[i, j, s] - centre) * scale + shift


@jit()
def _slope_row(gradient, x, i, j, centre, scale, lift, pull, out):  # type: ignore[no-untyped-def]
    for s in range(x.shape[2]):
        out[i, j, s] = scale * gradient[i, j, s] - lift - (x[i, j, s] - centre) * pull


# --- batch norm


@sized
def _batch_norm(x, weight, bias, eps, out, mean, var):  # type: ignore[no-untyped-def]
    N, C, S = x.shape
    for channel in prange(C):
        c = np.int64(channel)
        total = 0.0
        for n in range(N):
            total += _row_sum(x, n, c)
        centre = x.dtype.type(total / (N * S))
        total = 0.0
        for n in range(N):
            total += _row_squares(x, n, c, centre)
        square = total / (N * S)
        mean[c], var[c] = centre, square
        scale = x.dtype.type(weight[c] / np.sqrt(square + eps))
        for n in range(N):
            _scale_row(x, n, c, centre, scale, bias[c], out)


@sized
def _batch_norm_backward(gradient, x, weight, mean, rstd, out, by_weight, by_bias):  # type: ignore[no-untyped-def]
    N, C, S = x.shape
    for channel in prange(C):
        c = np.int64(channel)
        plain, weighted = 0.0, 0.0
        for n in range(N):
            p, w = _row_products(gradient, x, n, c, mean[c])
            plain += p
            weighted += w
        by_bias[c], by_weight[c] = plain, weighted * rstd[c]
        scale = weight[c] * rstd[c]
        lift = x.dtype.type(scale * (plain / (N * S)))
        pull = x.dtype.type(scale * rstd[c] * rstd[c] * (weighted / (N * S)))
        for n in range(N):
            _slope_row(gradient, x, n, c, mean[c], scale, lift, pull, out)


@jit()
def _batch_norm_block(x, first, count, weight, bias, eps, out, mean, var):  # type: ignore[no-untyped-def]
    N, _, S = x.shape
    sums = np.zeros(count)
    for n in range(N):
        for c in range(count):
            for s in range(S):
                sums[c] += x[n, first + np.uint64(c), s]
    for c in range(count):
        mean[first + np.uint64(c)] = sums[c] / (N * S)
        sums[c] = 0
    for n in range(N):
        for c in range(count):
            k = first + np.uint64(c)
            for s in range(S):
                sums[c] += (x[n, k, s] - mean[k]) * (x[n, k, s] - mean[k])
    scale = np.empty(count, x.dtype)
    for c in range(count):
        k = first + np.uint64(c)
        var[k] = sums[c] / (N * S)
        scale[c] = weight[k] / np.sqrt(sums[c] / (N * S) + eps)
    for n in range(N):
        for c in range(count):
            k = first + np.uint64(c)
            for s in range(S):
                out[n, k, s] = (x[n, k, s] - mean[k]) * scale[c] + bias[k]


@sized
def _batch_norm_columns(x, weight, bias, eps, out, mean, var):  # type: ignore[no-untyped-def]
    C = x.shape[1]
    for block in prange((C + _CHANNELS - 1) // _CHANNELS):
        first = np.int64(block) * _CHANNELS
        count = min(_CHANNELS, C - first)
        _batch_norm_block(x, np.uint64(first), count, weight, bias, eps, out, mean, var)


@jit()
def _batch_norm_backward_block(gradient, x, first, count, weight, mean, rstd, out, by_weight, by_bias):  # type: ignore[no-untyped-def]
    N, _, S = x.shape
    plain, weighted = np.zeros(count), np.zeros(count)
    for n in range(N):
        for c in range(count):
            k = first + np.uint64(c)
            for s in range(S):
                plain[c] += gradient[n, k, s]
                weighted[c] += gradient[n, k, s] * (x[n, k, s] - mean[k])
    scale, lift, pull = np.empty(count, x.dtype), np.empty(count, x.dtype), np.empty(count, x.dtype)
    for c in range(count):
        k = first + np.uint64(c)
        by_bias[k], by_weight[k] = plain[c], weighted[c] * rstd[k]
        scale[c] = weight[k] * rstd[k]
        lift[c] = scale[c] * (plain[c] / (N * S))
        pull[c] = scale[c] * rstd[k] * rstd[k] * (weighted[c] / (N * S))
    for n in range(N):
        for c in range(count):
            k = first + np.uint64(c)
            for s in range(S):
                out[n, k, s] = scale[c] * gradient[n, k, s] - lift[c] - (x[n, k, s] - mean[k]) * pull[c]


@sized
def _batch_norm_backward_columns(gradient, x, weight, mean, rstd, out, by_weight, by_bias):  # type: ignore[no-untyped-def]
    C = x.shape[1]
    for block in prange((C + _CHANNELS - 1) // _CHANNELS):
        first = np.int64(block) * _CHANNELS
        count = min(_CHANNELS, C - first)
        _batch_norm_backward_block(gradient, x, np.uint64(first), count, weight, mean, rstd, out, by_weight, by_bias)


@sized
def _scale_channels(x, centre, scale, shift, out):  # type: ignore[no-untyped-def]
    C = x.shape[1]
    for row in prange(x.shape[0] * C):
        n, c = divmod(np.int64(row), C)
        _scale_row(x, n, c, centre[c], scale[c], shift[c], out)


@sized
def _channel_sums(gradient, x, centre, plain, weighted):  # type: ignore[no-untyped-def]
    for channel in prange(x.shape[1]):
        c = np.int64(channel)
        p, w = 0.0, 0.0
        for n in range(x.shape[0]):
            dp, dw = _row_products(gradient, x, n, c, centre[c])
            p += dp
            w += dw
        plain[c], weighted[c] = p, w


# --- group norm: x is (N * groups, channels of a group, S)


@jit()
def _moments(x, r, centred, eps):  # type: ignore[no-untyped-def]
    """Mean and 1 / sqrt(var + eps) of x[r]; nan where the squares overflowed, which would make everything 0."""
    D, S = x.shape[1:]
    total = 0.0
    if centred:
        for d in range(D):
            total += _row_sum(x, r, d)
    mean = x.dtype.type(total / (D * S))
    total = 0.0
    for d in range(D):
        total += _row_squares(x, r, d, mean)
    square = total / (D * S)
    return mean, x.dtype.type(np.nan if np.isinf(square) else 1 / np.sqrt(square + eps))


@sized
def _group_norm(x, weight, bias, eps, out):  # type: ignore[no-untyped-def]
    D = x.shape[1]
    groups = weight.size // D
    for row in prange(x.shape[0]):
        r = np.int64(row)
        mean, rstd = _moments(x, r, True, eps)
        for d in range(D):
            c = (r % groups) * D + d
            _scale_row(x, r, d, mean, rstd * weight[c], bias[c], out)


@sized
def _group_norm_backward(gradient, x, weight, eps, out, by_weight, by_bias):  # type: ignore[no-untyped-def]
    D, S = x.shape[1:]
    groups = weight.size // D
    for row in prange(x.shape[0]):
        r = np.int64(row)
        mean, rstd = _moments(x, r, True, eps)
        plain, weighted = 0.0, 0.0
        for d in range(D):
            c = (r % groups) * D + d
            p, w = _row_products(gradient, x, r, d, mean)
            by_bias[r, d], by_weight[r, d] = p, w * rstd
            plain += p * weight[c]
            weighted += w * weight[c]
        lift = x.dtype.type(rstd * (plain / (D * S)))
        pull = x.dtype.type(rstd * rstd * rstd * (weighted / (D * S)))
        for d in range(D):
            c = (r % groups) * D + d
            _slope_row(gradient, x, r, d, mean, rstd * weight[c], lift, pull, out)


# --- layer norm: x is (R, M)


@_sums
def _weighted_products(gradient, x, r, start, count, weight, mean):  # type: ignore[no-untyped-def]
    plain, weighted = x.dtype.type(0), x.dtype.type(0)
    for k in range(count):
        m = start + np.uint64(k)
        scaled = gradient[r, m] * weight[m]
        plain += scaled
        weighted += scaled * (x[r, m] - mean)
    return plain, weighted


@jit()
def _layer_row(x, r, mean, rstd, weight, bias, out):  # type: ignore[no-untyped-def]
    for m in range(x.shape[1]):
        out[r, m] = (x[r, m] - mean) * rstd * weight[m] + bias[m]


@sized
def _layer_norm(x, weight, bias, eps, centred, out):  # type: ignore[no-untyped-def]
    R, M = x.shape
    rows = x.reshape(R, 1, M)
    for row in prange(R):
        r = np.int64(row)
        mean, rstd = _moments(rows, r, centred, eps)
        _layer_row(x, r, mean, rstd, weight, bias, out)


@jit()
def _layer_slope(gradient, x, r, weight, mean, rstd, lift, pull, out):  # type: ignore[no-untyped-def]
    for m in range(x.shape[1]):
        out[r, m] = rstd * (gradient[r, m] * weight[m]) - lift - (x[r, m] - mean) * pull


@jit()
def _add_row(gradient, x, r, mean, rstd, by_weight, by_bias, block):  # type: ignore[no-untyped-def]
    for m in range(x.shape[1]):
        by_weight[block, m] += gradient[r, m] * ((x[r, m] - mean) * rstd)
        by_bias[block, m] += gradient[r, m]


@sized
def _layer_norm_backward(gradient, x, weight, eps, centred, out, by_weight, by_bias):  # type: ignore[no-untyped-def]
    R, M = x.shape
    blocks = by_weight.shape[0]
    rows = x.reshape(R, 1, M)
    for part in prange(blocks):
        block = np.int64(part)
        for r in range(block * R // blocks, (block + 1) * R // blocks):
            mean, rstd = _moments(rows, r, centred, eps)
            plain, weighted = 0.0, 0.0
            for start in range(0, M, _PIECE):
                p, w = _weighted_products(gradient, x, r, np.uint64(start), min(_PIECE, M - start), weight, mean)
                plain += p
                weighted += w
            lift = x.dtype.type(rstd * (plain / M) if centred else 0.0)
            pull = x.dtype.type(rstd * rstd * rstd * (weighted / M))
            _layer_slope(gradient, x, r, weight, mean, rstd, lift, pull, out)
            _add_row(gradient, x, r, mean, rstd, by_weight, by_bias, block)
