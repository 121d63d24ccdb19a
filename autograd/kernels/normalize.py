"""Normalisation by mean and variance, forward and backward in as few passes as there are sums to wait for.

Images come as (N, C, S), with all their pixels in S, rows as (R, M). Sums run over pieces of a thousand numbers in the
dtype that came in, or over a few images, and over the pieces in float64. The variance is that of numbers from which the
mean was taken.
"""

import numpy as np

from autograd.kernels.sharing import share_out
from autograd.kernels.threads import jit, thread_count

_PIECE = 1024
# A block of rows adds up its share of a weight's gradient by itself. There are so many, on any number of threads,
# or fewer where they would have fewer rows than this.
_BLOCKS, _ROWS = 16, 16
# Images of fewer pixels are taken by blocks of channels, of so many numbers in an image, which lie side by side.
_FEW_PIXELS, _BLOCK = 128, 1024
# The images whose numbers are added up before the sums are added in float64.
_IMAGES = 32
# Numbers that one thread has normalised before another one has woken up.
_SMALL = 1 << 16

Vector = np.ndarray | None


def _threads(x: np.ndarray) -> int:
    return 1 if x.size < _SMALL else thread_count()


def batch_norm(x: np.ndarray, weight: Vector, bias: Vector, eps: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Each channel of x (N, C, S) at mean 0 and variance 1, times weight, plus bias; and its mean and variance."""
    N, C, S = x.shape
    out = np.empty_like(x)
    mean, var = np.empty(C, x.dtype), np.empty(C, x.dtype)
    factors, shifts = _factors(weight, C, x.dtype), _shifts(bias, C, x.dtype)
    if S >= _FEW_PIXELS:
        share_out(_batch_norm, _threads(x), x, factors, shifts, eps, out, mean, var)
    else:
        shape = (N, C * S)
        share_out(
            _batch_norm_blocks, _threads(x), x.reshape(shape), factors, shifts, eps, out.reshape(shape), mean, var
        )
    return out, mean, var


def batch_norm_backward(
    gradient: np.ndarray, x: np.ndarray, weight: Vector, mean: np.ndarray, var: np.ndarray, eps: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The gradients of sum(batch_norm(x) * gradient) by x, weight and bias."""
    N, C, S = x.shape
    out = np.empty_like(x)
    by_weight, by_bias = np.empty_like(mean), np.empty_like(mean)
    factors = _factors(weight, C, x.dtype)
    results = (by_weight, by_bias)
    if S >= _FEW_PIXELS:
        share_out(_batch_norm_backward, _threads(x), gradient, x, factors, mean, var, eps, out, *results)
    else:
        g, rows, slope = (a.reshape(N, C * S) for a in (gradient, x, out))
        share_out(_batch_norm_backward_blocks, _threads(x), g, rows, factors, mean, var, eps, slope, *results)
    return out, by_weight, by_bias


def scale_channels(
    x: np.ndarray, mean: np.ndarray, var: np.ndarray, weight: Vector, bias: Vector, eps: float
) -> np.ndarray:
    """`batch_norm` by a mean and a variance that are given."""
    out = np.empty_like(x)
    factors, shifts = _factors(weight, mean.size, x.dtype), _shifts(bias, mean.size, x.dtype)
    share_out(_scale_channels, _threads(x), x, mean, var, factors, shifts, eps, out)
    return out


def scale_channels_backward(
    gradient: np.ndarray, x: np.ndarray, mean: np.ndarray, var: np.ndarray, weight: Vector, eps: float,
    x_needed: bool = True,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """The gradients of sum(scale_channels(x) * gradient) by x, weight and bias; that by x is empty unless needed."""
    out, by_weight, by_bias = np.empty_like(x if x_needed else x[:0]), np.empty_like(mean), np.empty_like(mean)
    arrays = (gradient, x, mean, var, _factors(weight, mean.size, x.dtype), eps, out, by_weight, by_bias)
    share_out(_scale_channels_backward, _threads(x), *arrays)
    return out, by_weight, by_bias


def group_norm(x: np.ndarray, weight: Vector, bias: Vector, groups: int, eps: float) -> np.ndarray:
    """Each of the groups of channels of each x[n] (C, S) at mean 0 and variance 1, times weight[c], plus bias[c]."""
    N, C, S = x.shape
    out = np.empty_like(x)
    shape = (N * groups, C // groups, S)
    factors, shifts = _factors(weight, C, x.dtype), _shifts(bias, C, x.dtype)
    share_out(_group_norm, _threads(x), x.reshape(shape), factors, shifts, eps, out.reshape(shape))
    return out


def group_norm_backward(
    gradient: np.ndarray, x: np.ndarray, weight: Vector, groups: int, eps: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The gradients of sum(group_norm(x) * gradient) by x, weight and bias."""
    N, C, S = x.shape
    out = np.empty_like(x)
    shape = (N * groups, C // groups, S)
    vectors = np.empty((2, N, C), x.dtype)
    factors, sums = _factors(weight, C, x.dtype), vectors.reshape(2, *shape[:2])
    share_out(
        _group_norm_backward, _threads(x), gradient.reshape(shape), x.reshape(shape), factors, eps, out.reshape(shape),
        *sums,
    )  # fmt: skip
    by_weight, by_bias = np.add.reduce(vectors, 1)
    return out, by_weight, by_bias


def layer_norm(x: np.ndarray, weight: Vector, bias: Vector, eps: float, centred: bool) -> np.ndarray:
    """Each row of x (R, M) at mean 0 and variance 1, times weight (M,), plus bias (M,).

    Without `centred` the mean is left in, and only the mean square is made 1.
    """
    out = np.empty_like(x)
    size, dtype = x.shape[1], x.dtype
    factors, shifts = _factors(weight, size, dtype), _shifts(bias, size, dtype)
    share_out(_layer_norm, _threads(x), x, factors, shifts, eps, centred, out)
    return out


def layer_norm_backward(
    gradient: np.ndarray, x: np.ndarray, weight: Vector, eps: float, centred: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The gradients of sum(layer_norm(x) * gradient) by x, weight and bias."""
    out = np.empty_like(x)
    R, M = x.shape
    # Sums do not depend on the number of threads.
    sums = np.zeros((2, min(_BLOCKS, -(-R // _ROWS)), M), x.dtype)
    factors = _factors(weight, M, x.dtype)
    share_out(_layer_norm_backward, _threads(x), gradient, x, factors, eps, centred, out, sums[0], sums[1])
    by_weight, by_bias = sums[:, 0] if sums.shape[1] == 1 else np.add.reduce(sums, 1)
    return out, by_weight, by_bias


def _factors(weight: Vector, size: int, dtype: np.dtype) -> np.ndarray:
    return np.ones(size, dtype) if weight is None else weight


def _shifts(bias: Vector, size: int, dtype: np.dtype) -> np.ndarray:
    return np.zeros(size, dtype) if bias is None else bias


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


@jit()
def _batch_norm(thread, threads, x, weight, bias, eps, out, mean, var):  # type: ignore[no-untyped-def]
    N, C, S = x.shape
    for c in range(thread, C, threads):
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


@jit()
def _batch_norm_backward(thread, threads, gradient, x, weight, mean, var, eps, out, by_weight, by_bias):  # type: ignore[no-untyped-def]
    N, C, S = x.shape
    for c in range(thread, C, threads):
        plain, weighted = 0.0, 0.0
        for n in range(N):
            p, w = _row_products(gradient, x, n, c, mean[c])
            plain += p
            weighted += w
        rstd = 1 / np.sqrt(np.float64(var[c]) + eps)
        by_bias[c], by_weight[c] = plain, weighted * rstd
        scale = weight[c] * rstd
        lift = x.dtype.type(scale * (plain / (N * S)))
        pull = x.dtype.type(scale * rstd * rstd * (weighted / (N * S)))
        for n in range(N):
            _slope_row(gradient, x, n, c, mean[c], x.dtype.type(scale), lift, pull, out)


@jit()
def _add(into, row):  # type: ignore[no-untyped-def]
    for k in range(row.size):
        into[k] += row[k]


@jit()
def _add_squares(into, row, centre):  # type: ignore[no-untyped-def]
    for k in range(row.size):
        centred = row[k] - centre[k]
        into[k] += centred * centred


@jit()
def _add_products(into, gradient, row, centre):  # type: ignore[no-untyped-def]
    for k in range(row.size):
        into[k] += gradient[k] * (row[k] - centre[k])


@jit()
def _scale_numbers(row, centre, scale, shift, out):  # type: ignore[no-untyped-def]
    for k in range(row.size):
        out[k] = (row[k] - centre[k]) * scale[k] + shift[k]


@jit()
def _slope_numbers(gradient, row, centre, scale, lift, pull, out):  # type: ignore[no-untyped-def]
    for k in range(row.size):
        out[k] = scale[k] * gradient[k] - lift[k] - (row[k] - centre[k]) * pull[k]


@jit()
def _flush(numbers, pixels, totals):  # type: ignore[no-untyped-def]
    """Move sums of single numbers to those of their channels."""
    for c in range(totals.size):
        for s in range(pixels):
            totals[c] += numbers[c * pixels + s]
    numbers[:] = 0


@jit()
def _repeat(number, c, pixels, into):  # type: ignore[no-untyped-def]
    for s in range(pixels):
        into[c * pixels + s] = number


@jit()
def _batch_norm_blocks(thread, threads, x, weight, bias, eps, out, mean, var):  # type: ignore[no-untyped-def]
    """`_batch_norm` of x (N, C * S), by blocks of channels: every sum runs over the images, for all numbers at once."""
    N, C = x.shape[0], mean.size
    S = x.shape[1] // C
    block = max(_BLOCK // S, 1)
    vectors = np.zeros((4, block * S), x.dtype)
    sums, centre, scale, shift = vectors[0], vectors[1], vectors[2], vectors[3]
    totals = np.zeros(block)
    for first in range(thread * block, C, threads * block):
        count = min(block, C - first)
        start, stop = first * S, (first + count) * S
        totals[:] = 0
        for n in range(N):
            _add(sums, x[n, start:stop])
            if n % _IMAGES == _IMAGES - 1:
                _flush(sums, S, totals)
        _flush(sums, S, totals)
        for c in range(count):
            mean[first + c] = totals[c] / (N * S)
            _repeat(mean[first + c], c, S, centre)
        totals[:] = 0
        for n in range(N):
            _add_squares(sums, x[n, start:stop], centre)
            if n % _IMAGES == _IMAGES - 1:
                _flush(sums, S, totals)
        _flush(sums, S, totals)
        for c in range(count):
            square = totals[c] / (N * S)
            var[first + c] = square
            _repeat(x.dtype.type(weight[first + c] / np.sqrt(square + eps)), c, S, scale)
            _repeat(bias[first + c], c, S, shift)
        for n in range(N):
            _scale_numbers(x[n, start:stop], centre, scale, shift, out[n, start:stop])


@jit()
def _batch_norm_backward_blocks(thread, threads, gradient, x, weight, mean, var, eps, out, by_weight, by_bias):  # type: ignore[no-untyped-def]
    N, C = x.shape[0], mean.size
    S = x.shape[1] // C
    block = max(_BLOCK // S, 1)
    vectors = np.zeros((6, block * S), x.dtype)
    sums, products, centre = vectors[0], vectors[1], vectors[2]
    scale, lift, pull = vectors[3], vectors[4], vectors[5]
    plain, weighted = np.zeros(block), np.zeros(block)
    for first in range(thread * block, C, threads * block):
        count = min(block, C - first)
        start, stop = first * S, (first + count) * S
        plain[:] = 0
        weighted[:] = 0
        for c in range(count):
            _repeat(mean[first + c], c, S, centre)
        for n in range(N):
            _add(sums, gradient[n, start:stop])
            _add_products(products, gradient[n, start:stop], x[n, start:stop], centre)
            if n % _IMAGES == _IMAGES - 1:
                _flush(sums, S, plain)
                _flush(products, S, weighted)
        _flush(sums, S, plain)
        _flush(products, S, weighted)
        for c in range(count):
            rstd = 1 / np.sqrt(np.float64(var[first + c]) + eps)
            by_bias[first + c], by_weight[first + c] = plain[c], weighted[c] * rstd
            slope = weight[first + c] * rstd
            _repeat(x.dtype.type(slope), c, S, scale)
            _repeat(x.dtype.type(slope * (plain[c] / (N * S))), c, S, lift)
            _repeat(x.dtype.type(slope * rstd * rstd * (weighted[c] / (N * S))), c, S, pull)
        for n in range(N):
            _slope_numbers(gradient[n, start:stop], x[n, start:stop], centre, scale, lift, pull, out[n, start:stop])


@jit()
def _scale_channels(thread, threads, x, mean, var, weight, bias, eps, out):  # type: ignore[no-untyped-def]
    C = x.shape[1]
    rows = x.shape[0] * C
    for row in range(thread * rows // threads, (thread + 1) * rows // threads):
        n, c = divmod(row, C)
        scale = x.dtype.type(weight[c] / np.sqrt(np.float64(var[c]) + eps))
        _scale_row(x, n, c, mean[c], scale, bias[c], out)


@jit()
def _scale_channels_backward(thread, threads, gradient, x, mean, var, weight, eps, out, by_weight, by_bias):  # type: ignore[no-untyped-def]
    for c in range(thread, x.shape[1], threads):
        rstd = 1 / np.sqrt(np.float64(var[c]) + eps)
        scale, none = x.dtype.type(weight[c] * rstd), x.dtype.type(0)
        plain, weighted = 0.0, 0.0
        for n in range(x.shape[0]):
            p, w = _row_products(gradient, x, n, c, mean[c])
            plain += p
            weighted += w
            if out.shape[0] > 0:
                _scale_row(gradient, n, c, none, scale, none, out)
        by_bias[c], by_weight[c] = plain, weighted * rstd


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


@jit()
def _group_norm(thread, threads, x, weight, bias, eps, out):  # type: ignore[no-untyped-def]
    D = x.shape[1]
    groups = weight.size // D
    rows = x.shape[0]
    for r in range(thread * rows // threads, (thread + 1) * rows // threads):
        mean, rstd = _moments(x, r, True, eps)
        for d in range(D):
            c = (r % groups) * D + d
            _scale_row(x, r, d, mean, rstd * weight[c], bias[c], out)


@jit()
def _group_norm_backward(thread, threads, gradient, x, weight, eps, out, by_weight, by_bias):  # type: ignore[no-untyped-def]
    D, S = x.shape[1:]
    groups = weight.size // D
    rows = x.shape[0]
    for r in range(thread * rows // threads, (thread + 1) * rows // threads):
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


@jit()
def _layer_norm(thread, threads, x, weight, bias, eps, centred, out):  # type: ignore[no-untyped-def]
    R, M = x.shape
    rows = x.reshape(R, 1, M)
    for r in range(thread * R // threads, (thread + 1) * R // threads):
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


@jit()
def _layer_norm_backward(thread, threads, gradient, x, weight, eps, centred, out, by_weight, by_bias):  # type: ignore[no-untyped-def]
    R, M = x.shape
    blocks = by_weight.shape[0]
    rows = x.reshape(R, 1, M)
    for block in range(thread * blocks // threads, (thread + 1) * blocks // threads):
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
