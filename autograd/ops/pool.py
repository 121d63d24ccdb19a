"""Maximum and average pooling in two dimensions, and their adjoints as operations of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import ArgumentError, ShapeError
from ..primitive import Sample, as_handle, define, op
from .conv import Pair, _in_dtype, _reference, pair
from .families import values
from .products import require_floating

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["avg_pool2d", "max_pool2d"]

Operand = Any


def pooled_size(
    name: str, size: Any, kernel: Pair, stride: Pair, padding: Pair, dilation: Pair, ceil_mode: bool
) -> Pair:
    """The sizes that pooling leaves; with `ceil_mode` a last window may hang over, if it starts inside.

    Raises:
        ShapeError: the window is larger than the padded image.
    """
    sizes = []
    for n, f, s, p, d in zip(size, kernel, stride, padding, dilation, strict=True):
        room = n + 2 * p - d * (f - 1) - 1
        out = (room + (s - 1 if ceil_mode else 0)) // s + 1
        if ceil_mode and (out - 1) * s >= n + p:
            out -= 1
        if out < 1:
            raise ShapeError(
                f"{name}: a window of {d * (f - 1) + 1} does not fit an image of {n} padded to {n + 2 * p}; "
                "pad more or use a smaller kernel_size"
            )
        sizes.append(out)
    return sizes[0], sizes[1]


def _max_pool2d(x: Any, *window: Any) -> Any:
    from ..kernels import pool

    return pool.max_pool2d(x, *window)


def _max_forward(x: Any, *window: Any) -> Any:
    from .conv import kernel_arrays

    (ready,) = kernel_arrays(x)
    out, indices = _max_pool2d(ready, *window)
    return out.astype(x.dtype, copy=False), indices


def _kernel(name: str) -> Callable[..., Any]:
    def run(*arguments: Any) -> Any:
        from ..kernels import pool

        return getattr(pool, name)(*arguments)

    return _in_dtype(run)


def _distinct_images(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    size = int(np.prod(shape))
    return (rng.permutation(size) * 0.3 - size * 0.15).reshape(shape)


_WINDOWS: list[tuple[tuple[int, ...], Pair, Pair, Pair, bool]] = [
    ((1, 2, 4, 4), (2, 2), (2, 2), (0, 0), False),
    ((2, 1, 5, 4), (3, 2), (2, 1), (1, 1), False),
    ((1, 1, 5, 5), (2, 2), (2, 2), (0, 0), True),
    ((0, 1, 3, 3), (2, 2), (1, 1), (0, 0), False),
]


def _max_samples(rng: np.random.Generator) -> list[Sample]:
    calls = []
    for shape, kernel, stride, padding, ceil in _WINDOWS:
        out = pooled_size("max_pool2d", shape[2:], kernel, stride, padding, (1, 1), ceil)
        calls.append(Sample((_distinct_images(rng, shape),), (kernel, stride, padding, (1, 1), out)))
    calls.append(Sample((_distinct_images(rng, (1, 1, 5, 5)),), ((2, 2), (1, 1), (0, 0), (2, 2), (3, 3))))
    return calls


_INDICES = np.array([[[[0, 4], [4, 8]]]])

MAX_POOL2D = define(
    "max_pool2d",
    forward=_max_forward,
    inputs=("x",),
    attributes=("kernel_size", "stride", "padding", "dilation", "output_size"),
    outputs=("out", "indices"),
    differentiable=(True, False),
    vjp={"x": lambda g, indices, x_shape: op.max_pool2d_backward(g, indices, x_shape[2:])},
    reference=_reference("max_pool2d"),
    samples=_max_samples,
    formula="max over each window",
)
MAX_POOL2D_BACKWARD = define(
    "max_pool2d_backward",
    forward=_kernel("max_pool2d_backward"),
    inputs=("x", "indices"),
    attributes=("input_size",),
    vjp={"x": lambda g, indices: op.max_pool2d_gather(g, indices)},
    reference=_reference("max_pool2d_backward"),
    samples=lambda rng: [Sample((values(rng, (1, 1, 2, 2)), _INDICES), ((3, 3),))],
    formula="zeros, with x added at the maxima",
)
MAX_POOL2D_GATHER = define(
    "max_pool2d_gather",
    forward=_kernel("max_pool2d_gather"),
    inputs=("x", "indices"),
    vjp={"x": lambda g, indices, x_shape: op.max_pool2d_backward(g, indices, x_shape[2:])},
    reference=_reference("max_pool2d_gather"),
    samples=lambda rng: [Sample((values(rng, (1, 1, 3, 3)), _INDICES))],
    formula="x at the maxima",
)


def _average_samples(adjoint: bool) -> Callable[[np.random.Generator], list[Sample]]:
    def samples(rng: np.random.Generator) -> list[Sample]:
        calls = []
        for shape, kernel, stride, padding, ceil in _WINDOWS:
            out = pooled_size("avg_pool2d", shape[2:], kernel, stride, padding, (1, 1), ceil)
            for include, divisor in ((True, 0), (False, 0), (True, 3)):
                if adjoint:
                    g = values(rng, shape[:2] + out)
                    calls.append(Sample((g,), (shape[2:], kernel, stride, padding, include, divisor)))
                else:
                    calls.append(Sample((values(rng, shape),), (kernel, stride, padding, out, include, divisor)))
        return calls

    return samples


AVG_POOL2D = define(
    "avg_pool2d",
    forward=_kernel("avg_pool2d"),
    inputs=("x",),
    attributes=("kernel_size", "stride", "padding", "output_size", "count_include_pad", "divisor"),
    vjp={
        "x": lambda g, x_shape, kernel_size, stride, padding, count_include_pad, divisor: op.avg_pool2d_backward(
            g, x_shape[2:], kernel_size, stride, padding, count_include_pad, divisor
        )
    },
    reference=_reference("avg_pool2d"),
    samples=_average_samples(False),
    formula="mean over each window",
)
AVG_POOL2D_BACKWARD = define(
    "avg_pool2d_backward",
    forward=_kernel("avg_pool2d_backward"),
    inputs=("x",),
    attributes=("input_size", "kernel_size", "stride", "padding", "count_include_pad", "divisor"),
    vjp={
        "x": lambda g, x_shape, kernel_size, stride, padding, count_include_pad, divisor: op.avg_pool2d(
            g, kernel_size, stride, padding, x_shape[2:], count_include_pad, divisor
        )
    },
    reference=_reference("avg_pool2d_backward"),
    samples=_average_samples(True),
    formula="each number spread over its window",
)


def _images(name: str, input: Any) -> tuple[Any, bool]:
    """The input as a batch, and whether it was a single image."""
    input = as_handle(input, name)
    require_floating(name, input)
    if input.ndim == 3:
        return input.reshape(1, *input.shape), True
    if input.ndim != 4:
        raise ShapeError(f"{name}: x {input.shape} must be (N, C, H, W) or (C, H, W)")
    return input, False


def _window(name: str, kernel_size: Any, stride: Any, padding: Any) -> tuple[Pair, Pair, Pair]:
    kernel = pair(name, "kernel_size", kernel_size, 1)
    step = kernel if stride is None or stride == () else pair(name, "stride", stride, 1)
    edge = pair(name, "padding", padding, 0)
    if any(2 * p > k for p, k in zip(edge, kernel, strict=True)):
        raise ArgumentError(
            f"{name}: padding {edge} is more than half of kernel_size {kernel}, so a window could see nothing else; "
            "pad less"
        )
    return kernel, step, edge


def max_pool2d(
    input: Operand,
    kernel_size: int | Pair,
    stride: int | Pair | None = None,
    padding: int | Pair = 0,
    dilation: int | Pair = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The largest number of each window. At a tie the first in reading order gets all of the gradient.

    Args:
        input: (N, C, H, W) or (C, H, W).
        kernel_size: the size of a window.
        stride: the step between windows; the kernel size, unless given.
        padding: minus infinity on each side, up to half a window.
        dilation: the spacing of a window's entries.
        ceil_mode: let the last window hang over the edge.
        return_indices: return also where in its H x W plane each maximum was.

    Returns:
        (N, C, OH, OW), or a pair with the int64 indices.

    Raises:
        ShapeError: a window does not fit.

    Example:
        >>> x = autograd.tensor([[[1.0, 2.0, 5.0, 6.0], [3.0, 4.0, 7.0, 8.0]]])
        >>> autograd.max_pool2d(x, 2)
        tensor([[[4., 8.]]])
    """
    x, single = _images("max_pool2d", input)
    kernel, step, edge = _window("max_pool2d", kernel_size, stride, padding)
    spacing = pair("max_pool2d", "dilation", dilation, 1)
    size = pooled_size("max_pool2d", x.shape[2:], kernel, step, edge, spacing, ceil_mode)
    out, indices = MAX_POOL2D.apply(x, kernel, step, edge, spacing, size)
    if single:
        out, indices = out.reshape(out.shape[1:]), indices.reshape(indices.shape[1:])
    return (out, indices) if return_indices else out


def avg_pool2d(
    input: Operand,
    kernel_size: int | Pair,
    stride: int | Pair | None = None,
    padding: int | Pair = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """The mean of each window.

    Args:
        input: (N, C, H, W) or (C, H, W).
        kernel_size: the size of a window.
        stride: the step between windows; the kernel size, unless given.
        padding: zeros on each side, up to half a window.
        ceil_mode: let the last window hang over the edge.
        count_include_pad: count the padding's zeros among the numbers averaged.
        divisor_override: divide by this instead of the number of entries.

    Returns:
        (N, C, OH, OW).

    Raises:
        ShapeError: a window does not fit.

    Example:
        >>> x = autograd.tensor([[[1.0, 2.0, 5.0, 6.0], [3.0, 4.0, 7.0, 8.0]]])
        >>> autograd.avg_pool2d(x, 2)
        tensor([[[2.5000, 6.5000]]])
    """
    x, single = _images("avg_pool2d", input)
    kernel, step, edge = _window("avg_pool2d", kernel_size, stride, padding)
    if divisor_override == 0:
        raise ArgumentError("avg_pool2d: divisor_override is 0; use another number, or None for the window's size")
    size = pooled_size("avg_pool2d", x.shape[2:], kernel, step, edge, (1, 1), ceil_mode)
    out = AVG_POOL2D.apply(x, kernel, step, edge, size, bool(count_include_pad), divisor_override or 0)
    return out.reshape(out.shape[1:]) if single else out
