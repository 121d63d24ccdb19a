"""Maximum and average pooling in one and two dimensions, and their adjoints as operations of their own.

A sequence is an image of one row. The average of a volume's window is that of its slices' averages.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import dtypes, kernels
from ..composites import composite
from ..errors import ArgumentError, ShapeError
from ..primitive import Sample, as_handle, define, op
from .conv import AXES, Pair, Triple, _in_dtype, _reference, kernel_arrays, whole_numbers
from .families import values
from .products import require_floating

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["avg_pool1d", "avg_pool2d", "avg_pool3d", "max_pool1d", "max_pool2d"]

Operand = Any


def pooled_size(
    name: str, size: Sequence[int], kernel: Sequence[int], stride: Sequence[int], padding: Sequence[int],
    dilation: Sequence[int], ceil_mode: bool,
) -> tuple[int, ...]:  # fmt: skip
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
    return tuple(sizes)


def _max_forward(x: Any, *window: Any) -> Any:
    (ready,) = kernel_arrays(x)
    out, indices = kernels.pool.max_pool2d(ready, *window)
    return out.astype(x.dtype, copy=False), indices


def _kernel(name: str) -> Callable[..., Any]:
    def run(*arguments: Any) -> Any:
        return getattr(kernels.pool, name)(*arguments)

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


def batched(name: str, count: int, input: Any) -> tuple[Any, bool]:
    """The input as a batch of `count` spatial dimensions, and whether it was a single image.

    Raises:
        ShapeError: it has other dimensions, or one but the batch's is 0.
    """
    x = as_handle(input, name)
    single = x.ndim == count + 1
    if not single and x.ndim != count + 2:
        raise ShapeError(f"{name}: x {x.shape} must be (N, C, {AXES[count]}) or (C, {AXES[count]})")
    if 0 in x.shape[0 if single else 1 :]:
        raise ShapeError(f"{name}: x {x.shape} has no numbers to pool; only the batch may be empty")
    return (x.reshape(1, *x.shape) if single else x), single


def window(
    name: str, count: int, kernel_size: Any, stride: Any, padding: Any, dilation: Any = 1
) -> tuple[tuple[int, ...], ...]:
    """Size, step, padding and spacing of windows in `count` dimensions.

    Raises:
        ArgumentError: one is not made of whole numbers, or the padding is more than half of a window.
    """
    kernel = whole_numbers(name, "kernel_size", kernel_size, 1, count)
    unset = stride is None or (isinstance(stride, (tuple, list)) and not stride)
    step = kernel if unset else whole_numbers(name, "stride", stride, 1, count)
    edge = whole_numbers(name, "padding", padding, 0, count)
    spacing = whole_numbers(name, "dilation", dilation, 1, count)
    if any(edge) and any(2 * p > d * (k - 1) + 1 for p, k, d in zip(edge, kernel, spacing, strict=True)):
        raise ArgumentError(
            f"{name}: padding {edge} is more than half of a window of kernel_size {kernel} and dilation {spacing}, so "
            "it could see nothing else; pad less"
        )
    return kernel, step, edge, spacing


def _plain_max(
    x: Any, kernel_size: int, stride: Any = None, padding: int = 0, dilation: int = 1, ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:  # fmt: skip
    """Maximum pooling of sequences in plain NumPy."""
    kernel, step, edge, spacing = window("max_pool1d", 1, kernel_size, stride, padding, dilation)
    (size,) = pooled_size("max_pool1d", x.shape[-1:], kernel, step, edge, spacing, ceil_mode)
    places: np.ndarray = np.arange(size)[:, None] * step[0] - edge[0] + np.arange(kernel[0]) * spacing[0]
    inside = (places >= 0) & (places < x.shape[-1])
    candidates = np.where(inside, x[..., np.where(inside, places, 0)], -np.inf)
    best = candidates.argmax(-1)
    indices = np.take_along_axis(np.broadcast_to(places, candidates.shape), best[..., None], -1)[..., 0]
    return (candidates.max(-1), indices) if return_indices else candidates.max(-1)


def max_inputs(name: str, count: int, input: Any) -> tuple[Any, bool]:
    """`batched`, for inputs that can be compared: all but bools."""
    x, single = batched(name, count, input)
    if x.dtype.kind == "b":
        require_floating(name, x)
    return x, single


def _maxima(out: Any, indices: Any, single: bool, return_indices: bool) -> Any:
    """What is returned: without the batch where there was none, and the indices as int64 where they are asked for."""
    if single:
        out = out.squeeze(0)
    if not return_indices:
        return out
    indices = op.to_dtype.apply(indices, dtypes.int64)
    return out, indices.squeeze(0) if single else indices


@composite(
    formula="max over each window",
    samples=lambda rng: [
        Sample((_distinct_images(rng, (2, 1, 7)),), (3, 2, 1)),
        Sample((_distinct_images(rng, (2, 6)),), (2,), keywords={"dilation": 2, "return_indices": True}),
        Sample((_distinct_images(rng, (1, 2, 6)),), (3, 2), keywords={"ceil_mode": True}),
        Sample((_distinct_images(rng, (0, 2, 4)),), (2,)),
    ],
    reference=_plain_max,
    error_samples=lambda rng: [
        Sample((values(rng, (4,)),), (2,), ShapeError, "max_pool1d: x .* must be"),
        Sample((values(rng, (1, 0, 4)),), (2,), ShapeError, "only the batch"),
        Sample((values(rng, (1, 1, 4)),), (5,), ShapeError, "does not fit"),
        Sample((values(rng, (1, 1, 4)),), (2, 2, 2), ArgumentError, "more than half"),
        Sample((values(rng, (1, 1, 4)),), (0,), ArgumentError, "kernel_size is 0"),
    ],
)
def max_pool1d(
    input: Operand,
    kernel_size: int | tuple[int],
    stride: int | tuple[int] | None = None,
    padding: int | tuple[int] = 0,
    dilation: int | tuple[int] = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Tensor | tuple[Tensor, Tensor]:
    """The largest number of each window. At a tie the first gets all of the gradient.

    Args:
        input: (N, C, L) or (C, L).
        kernel_size: the size of a window.
        stride: the step between windows; the kernel size, unless given.
        padding: minus infinity on each side, up to half a window.
        dilation: the spacing of a window's entries.
        ceil_mode: let the last window hang over the edge.
        return_indices: return also where in its sequence each maximum was.

    Returns:
        (N, C, OL), or a pair with the int64 indices.

    Raises:
        ShapeError: a window does not fit.

    Example:
        >>> autograd.max_pool1d(autograd.tensor([[1.0, 3.0, 2.0, 4.0, 0.0]]), 3, stride=2)
        tensor([[3., 4.]])
    """
    x, single = max_inputs("max_pool1d", 1, input)
    kernel, step, edge, spacing = window("max_pool1d", 1, kernel_size, stride, padding, dilation)
    size = pooled_size("max_pool1d", x.shape[2:], kernel, step, edge, spacing, ceil_mode)
    images = x.unsqueeze(2)
    out, indices = MAX_POOL2D.apply(images, (1, *kernel), (1, *step), (0, *edge), (1, *spacing), (1, *size))
    return _maxima(out.squeeze(2), indices.squeeze(2), single, return_indices)


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
    x, single = max_inputs("max_pool2d", 2, input)
    kernel, step, edge, spacing = window("max_pool2d", 2, kernel_size, stride, padding, dilation)
    size = pooled_size("max_pool2d", x.shape[2:], kernel, step, edge, spacing, ceil_mode)
    out, indices = MAX_POOL2D.apply(x, kernel, step, edge, spacing, size)
    return _maxima(out, indices, single, return_indices)


def _plain_average(
    x: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
    count_include_pad: bool = True, divisor_override: int | None = None,
) -> Any:  # fmt: skip
    """Average pooling of any number of dimensions in plain NumPy: a loop over the windows."""
    count = len(kernel_size)
    kernel, step, edge, spacing = window("avg_pool", count, kernel_size, stride, padding)
    size = pooled_size("avg_pool", x.shape[-count:], kernel, step, edge, spacing, ceil_mode)
    out = np.empty((*x.shape[:-count], *size))
    for at in np.ndindex(size):
        numbers, entries = x, 1
        for axis, (o, f, s, p) in enumerate(zip(at, kernel, step, edge, strict=True)):
            n = x.shape[axis - count]
            start, stop = o * s - p, min(o * s - p + f, n + p)
            inside = range(max(start, 0), min(stop, n))
            entries *= stop - start if count_include_pad else len(inside)
            numbers = numbers.take(inside, axis - count)
        place: tuple[Any, ...] = (..., *at)
        out[place] = numbers.sum(tuple(range(-count, 0))) / (divisor_override or entries)
    return out


def _averaged(name: str, count: int, input: Any, window_arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    """The input as a batch, whether it was single, and size, step, padding and output size of the windows."""
    *rest, ceil_mode = window_arguments
    x, single = batched(name, count, input)
    require_floating(name, x)
    kernel, step, edge, spacing = window(name, count, *rest)
    return x, single, kernel, step, edge, pooled_size(name, x.shape[2:], kernel, step, edge, spacing, ceil_mode)


@composite(
    formula="mean over each window",
    samples=lambda rng: [
        Sample((values(rng, (2, 1, 7)),), ((3,), 2, 1)),
        Sample((values(rng, (2, 6)),), ((4,), 3, 2, True, False)),
        Sample((values(rng, (0, 2, 4)),), ((2,),)),
    ],
    reference=_plain_average,
    error_samples=lambda rng: [
        Sample((values(rng, (4,)),), (2,), ShapeError, "avg_pool1d: x .* must be"),
        Sample((values(rng, (1, 1, 4)),), (5,), ShapeError, "does not fit"),
        Sample((values(rng, (1, 1, 4)),), (2, 2, 2), ArgumentError, "more than half"),
    ],
)
def avg_pool1d(
    input: Operand,
    kernel_size: int | tuple[int],
    stride: int | tuple[int] | None = None,
    padding: int | tuple[int] = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Tensor:
    """The mean of each window.

    Args:
        input: (N, C, L) or (C, L).
        kernel_size: the size of a window.
        stride: the step between windows; the kernel size, unless given.
        padding: zeros on each side, up to half a window.
        ceil_mode: let the last window hang over the edge.
        count_include_pad: count the padding's zeros among the numbers averaged.

    Returns:
        (N, C, OL).

    Raises:
        ShapeError: a window does not fit.

    Example:
        >>> autograd.avg_pool1d(autograd.tensor([[1.0, 3.0, 2.0, 4.0]]), 2)
        tensor([[2., 3.]])
    """
    x, single, kernel, step, edge, size = _averaged("avg_pool1d", 1, input, (kernel_size, stride, padding, ceil_mode))
    rows = (1, *kernel), (1, *step), (0, *edge), (1, *size)
    out = AVG_POOL2D.apply(x.unsqueeze(2), *rows, bool(count_include_pad), 0).squeeze(2)
    return out.reshape(out.shape[1:]) if single else out


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
    x, single, kernel, step, edge, size = _averaged("avg_pool2d", 2, input, (kernel_size, stride, padding, ceil_mode))
    divisor = _divisor("avg_pool2d", divisor_override)
    out = AVG_POOL2D.apply(x, kernel, step, edge, size, bool(count_include_pad), divisor)
    return out.reshape(out.shape[1:]) if single else out


def _divisor(name: str, divisor: int | None) -> int:
    """The divisor as the records take it: 0 for the window's size."""
    if divisor == 0:
        raise ArgumentError(f"{name}: divisor_override is 0; use another number, or None for the window's size")
    return divisor or 0


@composite(
    formula="mean over each window",
    samples=lambda rng: [
        Sample((values(rng, (1, 2, 3, 4, 4)),), ((2, 2, 3), 1, (1, 0, 1))),
        Sample((values(rng, (2, 4, 3, 3)),), ((3, 2, 2), 2, 1, True, False)),
        Sample((values(rng, (1, 1, 2, 3, 2)),), ((2, 2, 1), None, 0, True, True, 3)),
        Sample((values(rng, (0, 1, 2, 2, 2)),), ((2, 1, 2),)),
    ],
    reference=_plain_average,
    error_samples=lambda rng: [
        Sample((values(rng, (4, 4, 4)),), (2,), ShapeError, "avg_pool3d: x .* must be"),
        Sample((values(rng, (1, 4, 4, 4)),), (5,), ShapeError, "does not fit"),
        Sample((values(rng, (1, 4, 4, 4)),), (2, 2, 2), ArgumentError, "more than half"),
        Sample((values(rng, (1, 4, 4, 4)),), ((2, 2),), ArgumentError, "one or three"),
    ],
)
def avg_pool3d(
    input: Operand,
    kernel_size: int | Triple,
    stride: int | Triple | None = None,
    padding: int | Triple = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """The mean of each window.

    Args:
        input: (N, C, D, H, W) or (C, D, H, W).
        kernel_size: the size of a window.
        stride: the step between windows; the kernel size, unless given.
        padding: zeros on each side, up to half a window.
        ceil_mode: let the last window hang over the edge.
        count_include_pad: count the padding's zeros among the numbers averaged.
        divisor_override: divide by this instead of the number of entries.

    Returns:
        (N, C, OD, OH, OW).

    Raises:
        ShapeError: a window does not fit.

    Example:
        >>> autograd.avg_pool3d(autograd.ones(1, 2, 4, 6, 8), 2).shape
        (1, 2, 2, 3, 4)
    """
    x, single, kernel, step, edge, size = _averaged("avg_pool3d", 3, input, (kernel_size, stride, padding, ceil_mode))
    divisor = _divisor("avg_pool3d", divisor_override)
    dtype, (N, C, D, H, W) = x.dtype, x.shape
    images = x.reshape(N, C * D, H, W)
    if dtype == dtypes.float16:
        images = images.float()  # nothing is rounded between the two steps
    include = bool(count_include_pad)
    means = AVG_POOL2D.apply(images, kernel[1:], step[1:], edge[1:], size[1:], include, 1 if divisor else 0)
    slices = means.reshape(N, C, D, size[1] * size[2])
    column = (kernel[0], 1), (step[0], 1), (edge[0], 0), (size[0], slices.shape[3])
    out = AVG_POOL2D.apply(slices, *column, include, divisor).to(dtype).reshape(N, C, *size)
    return out.reshape(out.shape[1:]) if single else out
