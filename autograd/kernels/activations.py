"""Activation functions of float32 numbers and their gradients, each in one pass over memory.

`forward(name, x, *settings)` and `backward(name, gradient, saved, *settings)`, where what is saved is x, or out for
those functions whose derivative is plain in it.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.kernels import ufuncs
from autograd.kernels.elementary import (
    exp,
    exp_of_negative,
    exp_to_denormal,
    expm1_of_negative,
    scaled_erfc,
    sigmoid,
    softplus,
    tanh,
)
from autograd.kernels.sharing import launches, share_out
from autograd.kernels.threads import jit, thread_count

F = np.float32

# Fewer numbers are done by one thread before another one has begun.
_SHARED = 1 << 16
_SELU_SCALE, _SELU_SLOPE = F(1.0507009873554805), F(1.0507009873554805 * 1.6732632423543772)
_ROOT_HALF, _ROOT_TWO_OVER_PI, _DENSITY = F(math.sqrt(0.5)), F(math.sqrt(2 / math.pi)), F(1 / math.sqrt(2 * math.pi))
_CUBIC = F(0.044715)

_FORWARD: dict[str, Callable[..., Any]] = {}
_BACKWARD: dict[str, Callable[..., Any]] = {}
_UFUNCS: dict[Callable[..., Any], Callable[..., np.ndarray]] = {}


def forward(name: str, x: np.ndarray, *settings: float) -> np.ndarray:
    """The function of each number of x."""
    return _run(_FORWARD[name], (x,), settings)


def backward(name: str, gradient: np.ndarray, saved: np.ndarray, *settings: float) -> np.ndarray:
    """gradient times the derivative, which is worked out from x or from out."""
    return _run(_BACKWARD[name], (gradient, saved), settings)


def _run(kernel: Callable[..., Any], arrays: tuple[np.ndarray, ...], settings: tuple[float, ...]) -> np.ndarray:
    few = arrays[0].size < _SHARED
    if few and ufuncs.available:
        function = _UFUNCS.get(kernel)
        if function is None:
            function = _UFUNCS[kernel] = ufuncs.as_ufunc(kernel, len(arrays), len(settings))
        out = function(*arrays, *map(float, settings)) if settings else function(*arrays)
        if not launches.always:
            return out
    arrays = tuple([array if array.flags.carray else np.array(array, order="C") for array in arrays])
    out = np.empty_like(arrays[0])
    flat = [array.reshape(-1) for array in (*arrays, out)]
    share_out(kernel, 1 if few else thread_count(), *flat, *[F(s) for s in settings])
    return out


def _forward_loop(function: Callable[..., Any]) -> Callable[..., Any]:
    kernel = jit(fastmath={"contract"})(function)
    _FORWARD[function.__name__.removeprefix("_")] = kernel
    return kernel


def _backward_loop(function: Callable[..., Any]) -> Callable[..., Any]:
    kernel = jit(fastmath={"contract"})(function)
    _BACKWARD[function.__name__.removeprefix("_").removesuffix("_slope")] = kernel
    return kernel


@jit()
def _share(thread, threads, size):  # type: ignore[no-untyped-def]
    """Where a thread's part begins, unsigned so that no index counts from the end, and its length."""
    first = thread * size // threads
    return np.uint64(first), (thread + 1) * size // threads - first


@_forward_loop
def _relu(thread, threads, x, out):  # type: ignore[no-untyped-def]
    first, count = _share(thread, threads, x.size)
    for k in range(count):
        i = first + np.uint64(k)
        v = x[i]
        out[i] = v if (v > F(0)) | (v != v) else F(0)


@_backward_loop
def _relu_slope(thread, threads, gradient, saved, out):  # type: ignore[no-untyped-def]
    first, count = _share(thread, threads, out.size)
    for k in range(count):
        i = first + np.uint64(k)
        g, v = gradient[i], saved[i]
        out[i] = F(0) if v <= F(0) else g


@_forward_loop
def _leaky_relu(thread, threads, x, out, slope):  # type: ignore[no-untyped-def]
    first, count = _share(thread, threads, x.size)
    for k in range(count):
        i = first + np.uint64(k)
        v = x[i]
        out[i] = v if v > F(0) else slope * v


@_backward_loop
def _leaky_relu_slope(thread, threads, gradient, x, out, slope):  # type: ignore[no-untyped-def]
    first, count = _share(thread, threads, out.size)
    for k in range(count):
        i = first + np.uint64(k)
        g, v = gradient[i], x[i]
        out[i] = g if v > F(0) else slope * g


@_forward_loop
def _elu(thread, threads, x, out, alpha):  # type: ignore[no-untyped-def]
    first, count = _share(thread, threads, x.size)
    for k in range(count):
        i = first + np.uint64(k)
        v = x[i]
        out[i] = v if v > F(0) else alpha * expm1_of_negative(-abs(v))


@_backward_loop
def _elu_slope(thread, threads, gradient, x, out, alpha):  # type: ignore[no-untyped-def]
    first, count = _share(thread, threads, out.size)
    for k in range(count):
        i = first + np.uint64(k)
        g, v = gradient[i], x[i]
        out[i] = g if v > F(0) else g * alpha * exp_to_denormal(-abs(v))


@_forward_loop
def _selu(thread, threads, x, out):  # type: ignore[no-untyped-def]
    first, count = _share(thread, threads, x.size)
    for k in range(count):
        i = first + np.uint64(k)
        v = x[i]
        out[i] = _SELU_SCALE * v if v > F(0) else _SELU_SLOPE * expm1_of_negative(-abs(v))


@_backward_loop
def _selu_slope(thread, threads, gradient, x, out):  # type: ignore[no-untyped-def]
    first, count = _share(thread, threads, out.size)
    for k in range(count):
        i = first + np.uint64(k)
        g, v = gradient[i], x[i]
        out[i] = g * _SELU_SCALE if v > F(0) else g * _SELU_SLOPE * exp_to_denormal(-abs(v))


@_forward_loop
def _exp(thread, threads, x, out):  # type: ignore[no-untyped-def]
    first, count = _share(thread, threads, x.size)
    for k in range(count):
        i = first + np.uint64(k)
        v = x[i]
        out[i] = exp(v)


@_forward_loop
def _tanh(thread, threads, x, out):  # type: ignore[no-untyped-def]
    first, count = _share(thread, threads, x.size)
    for k in range(count):
        i = first + np.uint64(k)
        v = x[i]
        out[i] = tanh(v)


@_backward_loop
def _tanh_slope(thread, threads, gradient, saved, out):  # type: ignore[no-untyped-def]
    first, count = _share(thread, threads, out.size)
    for k in range(count):
        i = first + np.uint64(k)
        g, v = gradient[i], saved[i]
        out[i] = g * (F(1) - v * v)


@_forward_loop
def _sigmoid(thread, threads, x, out):  # type: ignore[no-untyped-def]
    first, count = _share(thread, threads, x.size)
    for k in range(count):
        i = first + np.uint64(k)
        v = x[i]
        out[i] = sigmoid(v)


@_backward_loop
def _sigmoid_slope(thread, threads, gradient, saved, out):  # type: ignore[no-untyped-def]
    first, count = _share(thread, threads, out.size)
    for k in range(count):
        i = first + np.uint64(k)
        g, v = gradient[i], saved[i]
        out[i] = g * v * (F(1) - v)


@_forward_loop
def _logsigmoid(thread, threads, x, out):  # type: ignore[no-untyped-def]
    first, count = _share(thread, threads, x.size)
    for k in range(count):
        i = first + np.uint64(k)
        v = x[i]
        out[i] = -softplus(-v)


@_backward_loop
def _logsigmoid_slope(thread, threads, gradient, x, out):  # type: ignore[no-untyped-def]
    first, count = _share(thread, threads, out.size)
    for k in range(count):
        i = first + np.uint64(k)
        g, v = gradient[i], x[i]
        out[i] = g * sigmoid(-v)


@_forward_loop
def _silu(thread, threads, x, out):  # type: ignore[no-untyped-def]
    first, count = _share(thread, threads, x.size)
    for k in range(count):
        i = first + np.uint64(k)
        v = x[i]
        out[i] = v * sigmoid(v)


@_backward_loop
def _silu_slope(thread, threads, gradient, x, out):  # type: ignore[no-untyped-def]
    first, count = _share(thread, threads, out.size)
    for k in range(count):
        i = first + np.uint64(k)
        g, v = gradient[i], x[i]
        s = sigmoid(v)
        out[i] = g * s * (F(1) + v * (F(1) - s))


@_forward_loop
def _softplus(thread, threads, x, out, beta, threshold):  # type: ignore[no-untyped-def]
    first, count = _share(thread, threads, x.size)
    for k in range(count):
        i = first + np.uint64(k)
        v = x[i]
        out[i] = v if beta * v > threshold else softplus(beta * v) / beta


@_backward_loop
def _softplus_slope(thread, threads, gradient, x, out, beta, threshold):  # type: ignore[no-untyped-def]
    first, count = _share(thread, threads, out.size)
    for k in range(count):
        i = first + np.uint64(k)
        g, v = gradient[i], x[i]
        out[i] = g if beta * v > threshold else g * sigmoid(beta * v)


@_forward_loop
def _mish(thread, threads, x, out):  # type: ignore[no-untyped-def]
    first, count = _share(thread, threads, x.size)
    for k in range(count):
        i = first + np.uint64(k)
        v = x[i]
        out[i] = v * tanh(softplus(v))


@_backward_loop
def _mish_slope(thread, threads, gradient, x, out):  # type: ignore[no-untyped-def]
    first, count = _share(thread, threads, out.size)
    for k in range(count):
        i = first + np.uint64(k)
        g, v = gradient[i], x[i]
        t = tanh(softplus(v))
        out[i] = g * (t + v * sigmoid(v) * (F(1) - t * t))


@jit(fastmath={"contract"})
def _normal(v):  # type: ignore[no-untyped-def]
    """e**(-v v / 2), and the chance that a standard normal number lies further out than |v| on one side."""
    e = exp_of_negative(F(-0.5) * v * v)
    return e, F(0.5) * e * scaled_erfc(abs(v) * _ROOT_HALF)


@jit()
def _finite(v):  # type: ignore[no-untyped-def]
    """v, or what it may stand for where all of the normal distribution lies on one side of it."""
    v = F(20) if v > F(20) else v
    return F(-20) if v < F(-20) else v


@_forward_loop
def _gelu(thread, threads, x, out):  # type: ignore[no-untyped-def]
    first, count = _share(thread, threads, x.size)
    for k in range(count):
        i = first + np.uint64(k)
        v = x[i]
        near = _finite(v)
        _, beyond = _normal(near)
        out[i] = (F(0) if v < F(0) else v) - abs(near) * beyond


@_backward_loop
def _gelu_slope(thread, threads, gradient, x, out):  # type: ignore[no-untyped-def]
    first, count = _share(thread, threads, out.size)
    for k in range(count):
        i = first + np.uint64(k)
        g, v = gradient[i], _finite(x[i])
        e, beyond = _normal(v)
        out[i] = g * ((beyond if v < F(0) else F(1) - beyond) + v * e * _DENSITY)


@_forward_loop
def _gelu_tanh(thread, threads, x, out):  # type: ignore[no-untyped-def]
    first, count = _share(thread, threads, x.size)
    for k in range(count):
        i = first + np.uint64(k)
        v = x[i]
        out[i] = F(0.5) * v * (F(1) + tanh(_ROOT_TWO_OVER_PI * (v + _CUBIC * v * v * v)))


@_backward_loop
def _gelu_tanh_slope(thread, threads, gradient, x, out):  # type: ignore[no-untyped-def]
    first, count = _share(thread, threads, out.size)
    for k in range(count):
        i = first + np.uint64(k)
        g, v = gradient[i], x[i]
        t = tanh(_ROOT_TWO_OVER_PI * (v + _CUBIC * v * v * v))
        inner = _ROOT_TWO_OVER_PI * (F(1) + F(3) * _CUBIC * v * v)
        out[i] = g * (F(0.5) * (F(1) + t) + F(0.5) * v * (F(1) - t * t) * inner)


@_forward_loop
def _hardtanh(thread, threads, x, out, low, high):  # type: ignore[no-untyped-def]
    first, count = _share(thread, threads, x.size)
    for k in range(count):
        i = first + np.uint64(k)
        v = x[i]
        out[i] = low if v < low else high if v > high else v


@_backward_loop
def _hardtanh_slope(thread, threads, gradient, x, out, low, high):  # type: ignore[no-untyped-def]
    first, count = _share(thread, threads, out.size)
    for k in range(count):
        i = first + np.uint64(k)
        g, v = gradient[i], x[i]
        out[i] = g if (v > low) & (v < high) else F(0)
