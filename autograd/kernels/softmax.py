"""Softmax, its logarithm and cross-entropy of rows of float32 scores (R, M), a row at a time while it is in cache.

The largest score of a row is taken out before the exponential, so nothing overflows. Sums run over pieces of a thousand
numbers in float32, and over the pieces in float64.

A loop of vectors takes some of them at a time, _BLOCK numbers, and is fastest for long rows; what is left of a row goes
through one that takes a vector at a time, the last under a mask.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.kernels.elementary import exp_of_negative
from autograd.kernels.sharing import share_out
from autograd.kernels.threads import jit, thread_count

F, I = np.float32, np.int32  # noqa: E741

_LEAST = I(-(2**31))
_PIECE, _BLOCK = 1024, 64
_SHARED = 1 << 15


def softmax(x: np.ndarray) -> np.ndarray:
    """e**x[r, m] over the sum of its row."""
    out = np.empty_like(x)
    _share_rows(_softmax, x, out)
    return out


def softmax_backward(gradient: np.ndarray, out: np.ndarray) -> np.ndarray:
    """The gradient of sum(softmax(x) * gradient) by x, from the result: out (gradient - sum over m of gradient out)."""
    by_x = np.empty_like(out)
    _share_rows(_softmax_backward, gradient, out, by_x)
    return by_x


def log_softmax(x: np.ndarray) -> np.ndarray:
    """x[r, m] minus the logarithm of its row's sum of exponentials."""
    out = np.empty_like(x)
    _share_rows(_log_softmax, x, out)
    return out


def log_softmax_backward(gradient: np.ndarray, out: np.ndarray) -> np.ndarray:
    """The gradient of sum(log_softmax(x) * gradient) by x: gradient - e**out times the row's sum of gradients."""
    by_x = np.empty_like(out)
    _share_rows(_log_softmax_backward, gradient, out, by_x)
    return by_x


def cross_entropy(x: np.ndarray, target: np.ndarray) -> np.ndarray:
    """-log_softmax(x)[r, target[r]] for each row; the targets are int64 and in range."""
    out = np.empty(x.shape[0], x.dtype)
    _share_rows(_cross_entropy, x, target, out)
    return out


def cross_entropy_backward(x: np.ndarray, target: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """scale[r] (softmax(x)[r] - one_hot(target[r]))."""
    out = np.empty_like(x)
    _share_rows(_cross_entropy_backward, x, target, scale, out)
    return out


def _share_rows(kernel: Callable[..., Any], x: np.ndarray, *arrays: np.ndarray) -> None:
    share_out(kernel, thread_count() if x.size >= _SHARED else 1, x, *arrays)


@jit()
def _ordered(value):  # type: ignore[no-untyped-def]
    """A float's bits as an integer in the same order, and back: the maximum of integers is vectorised."""
    return I(value ^ ((value >> I(31)) & I(0x7FFFFFFF)))


@jit()
def _largest(x, r):  # type: ignore[no-untyped-def]
    best = _LEAST
    for m in range(x.shape[1]):
        value = _ordered(F(x[r, m]).view(np.int32))
        best = value if value > best else best
    return I(_ordered(best)).view(np.float32)


_FAST = {"reassoc", "nsz", "contract"}
_sums = jit(fastmath=_FAST)
_masked_sums = jit(masked=True, fastmath=_FAST)


@jit(inline="always")
def _sum_exponentials(x, r, largest, start, count):  # type: ignore[no-untyped-def]
    total = F(0)
    for k in range(count):
        total += exp_of_negative(x[r, start + np.uint64(k)] - largest)
    return total


@jit(inline="always")
def _keep_exponentials(x, r, largest, out, start, count):  # type: ignore[no-untyped-def]
    """out = e**(x - largest), and its sum."""
    total = F(0)
    for k in range(count):
        m = start + np.uint64(k)
        e = exp_of_negative(x[r, m] - largest)
        out[r, m] = e
        total += e
    return total


@_sums
def _piece_of_exponentials(x, r, largest, start, count):  # type: ignore[no-untyped-def]
    return _sum_exponentials(x, r, largest, start, count)


@_masked_sums
def _rest_of_exponentials(x, r, largest, start, count):  # type: ignore[no-untyped-def]
    return _sum_exponentials(x, r, largest, start, count)


@_sums
def _exponentials(x, r, largest, out, start, count):  # type: ignore[no-untyped-def]
    return _keep_exponentials(x, r, largest, out, start, count)


@_masked_sums
def _exponentials_of_rest(x, r, largest, out, start, count):  # type: ignore[no-untyped-def]
    return _keep_exponentials(x, r, largest, out, start, count)


@_sums
def _piece_of_products(a, b, r, start, count):  # type: ignore[no-untyped-def]
    total = F(0)
    for k in range(count):
        total += a[r, start + np.uint64(k)] * b[r, start + np.uint64(k)]
    return total


@_sums
def _piece(a, r, start, count):  # type: ignore[no-untyped-def]
    total = F(0)
    for k in range(count):
        total += a[r, start + np.uint64(k)]
    return total


@jit()
def _log_of_sum(x, r, largest):  # type: ignore[no-untyped-def]
    M = x.shape[1]
    whole = M // _BLOCK * _BLOCK
    total = np.float64(_rest_of_exponentials(x, r, largest, np.uint64(whole), M - whole))
    for start in range(0, whole, _PIECE):
        total += _piece_of_exponentials(x, r, largest, np.uint64(start), min(_PIECE, whole - start))
    return F(np.log(total))


@jit()
def _exponential_row(x, r, out):  # type: ignore[no-untyped-def]
    M = x.shape[1]
    largest, whole = _largest(x, r), M // _BLOCK * _BLOCK
    total = np.float64(_exponentials_of_rest(x, r, largest, out, np.uint64(whole), M - whole))
    for start in range(0, whole, _PIECE):
        total += _exponentials(x, r, largest, out, np.uint64(start), min(_PIECE, whole - start))
    return total


@jit()
def _softmax(thread, threads, x, out):  # type: ignore[no-untyped-def]
    for r in range(thread * x.shape[0] // threads, (thread + 1) * x.shape[0] // threads):
        total = F(_exponential_row(x, r, out))
        for m in range(x.shape[1]):
            out[r, m] /= total


@jit()
def _softmax_backward(thread, threads, gradient, out, by_x):  # type: ignore[no-untyped-def]
    M = out.shape[1]
    for r in range(thread * out.shape[0] // threads, (thread + 1) * out.shape[0] // threads):
        total = 0.0
        for start in range(0, M, _PIECE):
            total += _piece_of_products(gradient, out, r, np.uint64(start), min(_PIECE, M - start))
        mean = F(total)
        for m in range(M):
            by_x[r, m] = out[r, m] * (gradient[r, m] - mean)


@jit()
def _log_softmax(thread, threads, x, out):  # type: ignore[no-untyped-def]
    for r in range(thread * x.shape[0] // threads, (thread + 1) * x.shape[0] // threads):
        largest = _largest(x, r)
        log_of_sum = _log_of_sum(x, r, largest)
        for m in range(x.shape[1]):
            out[r, m] = (x[r, m] - largest) - log_of_sum


@jit()
def _log_softmax_backward(thread, threads, gradient, out, by_x):  # type: ignore[no-untyped-def]
    M = out.shape[1]
    for r in range(thread * out.shape[0] // threads, (thread + 1) * out.shape[0] // threads):
        total = 0.0
        for start in range(0, M, _PIECE):
            total += _piece(gradient, r, np.uint64(start), min(_PIECE, M - start))
        whole = F(total)
        for m in range(M):
            by_x[r, m] = gradient[r, m] - exp_of_negative(out[r, m]) * whole


@jit()
def _cross_entropy(thread, threads, x, target, out):  # type: ignore[no-untyped-def]
    for r in range(thread * x.shape[0] // threads, (thread + 1) * x.shape[0] // threads):
        largest = _largest(x, r)
        out[r] = _log_of_sum(x, r, largest) - (x[r, target[r]] - largest)


@jit()
def _cross_entropy_backward(thread, threads, x, target, scale, out):  # type: ignore[no-untyped-def]
    for r in range(thread * x.shape[0] // threads, (thread + 1) * x.shape[0] // threads):
        total = F(_exponential_row(x, r, out))
        factor = scale[r] / total
        right = out[r, target[r]] / total
        for m in range(x.shape[1]):
            out[r, m] *= factor
        out[r, target[r]] = (right - F(1)) * scale[r]
