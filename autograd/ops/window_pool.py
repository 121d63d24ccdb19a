"""Max pooling over windows that lie anywhere: in volumes, and in images where their places are not evenly apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .. import kernels
from ..composites import composite
from ..errors import ArgumentError, ShapeError
from ..primitive import Sample, define, op
from .conv import Triple, _reference, kernel_arrays
from .pool import max_inputs, pooled_size, window

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["max_pool3d"]

Operand = Any


def distinct(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Numbers in random order, no two of them close to each other."""
    size = int(np.prod(shape))
    return (rng.permutation(size) * 0.3 - size * 0.15).reshape(shape)


def _window_max(x: Any, depth: Any, rows: Any, columns: Any, dilation: Triple) -> Any:
    ready, *bounds = kernel_arrays(x, depth, rows, columns)
    out, indices = kernels.windows.window_max(ready, bounds[0], bounds[1], bounds[2], dilation)
    return out.astype(x.dtype, copy=False), indices


def _rule(g: Any, indices: Any, x_shape: tuple[int, ...]) -> Any:
    """The gradient goes to the maxima; volumes are images whose rows are slices."""
    N, C, D, H, W = x_shape
    flat = (N, C, g.shape[2], g.shape[3] * g.shape[4])
    images = op.max_pool2d_backward(op.reshape(g, flat), op.reshape(indices, flat), (D, H * W))
    return op.reshape(images, x_shape)


def _bounds(*spans: tuple[int, int]) -> np.ndarray:
    return np.array([spans])


def _samples(rng: np.random.Generator) -> list[Sample]:
    one = _bounds((0, 1))
    halves = _bounds((0, 2), (1, 3))
    apart = np.array([[(0, 2), (2, 3)], [(0, 1), (1, 3)]])
    return [
        Sample((distinct(rng, (2, 1, 3, 3, 3)), halves, halves, halves), ((1, 1, 1),)),
        Sample((distinct(rng, (1, 2, 1, 3, 3)), np.stack([one[0], one[0]]), apart, apart), ((1, 1, 1),)),
        Sample((distinct(rng, (1, 1, 3, 3, 3)), _bounds((0, 3)), halves, _bounds((0, 3))), ((2, 1, 2),)),
        Sample((distinct(rng, (0, 1, 3, 3, 3)), halves, halves, halves), ((1, 1, 1),)),
    ]


WINDOW_MAX = define(
    "window_max",
    forward=_window_max,
    inputs=("x", "depth", "rows", "columns"),
    attributes=("dilation",),
    outputs=("out", "indices"),
    differentiable=(True, False),
    vjp={"x": _rule},
    reference=_reference("window_max"),
    samples=_samples,
    formula="max over each window",
)


def even_windows(n: int, size: int, kernel: int, stride: int, padding: int, dilation: int) -> np.ndarray:
    """(1, size, 2): where windows one stride apart start and stop inside of n numbers."""
    start: np.ndarray = np.arange(size) * stride - padding
    stop = np.minimum(start + dilation * (kernel - 1) + 1, n)
    start = start + np.maximum(-(start // dilation), 0) * dilation
    return np.stack([start, np.maximum(stop, start)], 1)[None]


def _plain_max(
    x: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:  # fmt: skip
    """Maximum pooling of volumes in plain NumPy: a loop over the windows."""
    kernel, step, edge, spacing = window("max_pool3d", 3, kernel_size, stride, padding, dilation)
    size = pooled_size("max_pool3d", x.shape[-3:], kernel, step, edge, spacing, ceil_mode)
    positions = np.arange(np.prod(x.shape[-3:])).reshape(x.shape[-3:])
    out, indices = np.full((*x.shape[:-3], *size), -np.inf), np.full((*x.shape[:-3], *size), -1)
    for at in np.ndindex(size):
        inside = []
        for n, o, f, s, p, d in zip(x.shape[-3:], at, kernel, step, edge, spacing, strict=True):
            places: np.ndarray = o * s - p + np.arange(f) * d
            inside.append(places[(places >= 0) & (places < n)])
        where = positions[np.ix_(*inside)].reshape(-1)
        if where.size:
            numbers = x.reshape(*x.shape[:-3], positions.size)[..., where]
            place: tuple[Any, ...] = (..., *at)
            out[place], indices[place] = numbers.max(-1), where[numbers.argmax(-1)]
    return (out, indices) if return_indices else out


@composite(
    formula="max over each window",
    samples=lambda rng: [
        Sample((distinct(rng, (1, 2, 3, 4, 4)),), ((2, 2, 3), 1, (1, 0, 1))),
        Sample((distinct(rng, (2, 4, 3, 3)),), (2, 2, 1, 1, True, True)),
        Sample((distinct(rng, (1, 1, 4, 5, 3)),), (2, (1, 2, 1), 1), keywords={"dilation": (2, 3, 1)}),
        Sample((distinct(rng, (0, 1, 2, 2, 2)),), ((2, 1, 2),)),
    ],
    reference=_plain_max,
    error_samples=lambda rng: [
        Sample((distinct(rng, (4, 4, 4)),), (2,), ShapeError, "max_pool3d: x .* must be"),
        Sample((distinct(rng, (1, 4, 4, 4)),), (5,), ShapeError, "does not fit"),
        Sample((distinct(rng, (1, 4, 0, 4)),), (1,), ShapeError, "only the batch"),
        Sample((distinct(rng, (1, 4, 4, 4)),), (2, 2, 2), ArgumentError, "more than half"),
    ],
)
def max_pool3d(
    input: Operand,
    kernel_size: int | Triple,
    stride: int | Triple | None = None,
    padding: int | Triple = 0,
    dilation: int | Triple = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Tensor | tuple[Tensor, Tensor]:
    """The largest number of each window. At a tie the first in reading order gets all of the gradient.

    Args:
        input: (N, C, D, H, W) or (C, D, H, W).
        kernel_size: the size of a window.
        stride: the step between windows; the kernel size, unless given.
        padding: minus infinity on each side, up to half a window.
        dilation: the spacing of a window's entries.
        ceil_mode: let the last window hang over the edge.
        return_indices: return also where in its D x H x W volume each maximum was.

    Returns:
        (N, C, OD, OH, OW), or a pair with the int64 indices.

    Raises:
        ShapeError: a window does not fit.

    Example:
        >>> autograd.max_pool3d(autograd.ones(1, 2, 4, 6, 8), 2).shape
        (1, 2, 2, 3, 4)
    """
    name = "max_pool3d"
    x, single = max_inputs(name, 3, input)
    kernel, step, edge, spacing = window(name, 3, kernel_size, stride, padding, dilation)
    size = pooled_size(name, x.shape[2:], kernel, step, edge, spacing, ceil_mode)
    bounds = [even_windows(*axis) for axis in zip(x.shape[2:], size, kernel, step, edge, spacing, strict=True)]
    out, indices = WINDOW_MAX.apply(x, *bounds, spacing)
    if single:
        out, indices = out.squeeze(0), indices.squeeze(0)
    return (out, indices) if return_indices else out
