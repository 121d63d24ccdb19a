"""Weighted sums of neighbours along one dimension, which interpolation and adaptive averages are made of.

What is added up is a list of *taps*, the key of a table: `(kind, n, size, scale, align_corners)` says that n numbers
become `size`, and how. Resampling several dimensions is resampling one after the other.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..primitive import Sample, define, op
from .conv import kernel_arrays
from .families import values

__all__: list[str] = []

# kind, numbers before, numbers after, how many times as many were asked for (None: after / before), align_corners
Taps = tuple[str, int, int, float | None, bool]
# Output o is the sum over k from starts[o] to starts[o + 1] of weight[k] * x[index[k]].
Table = tuple[np.ndarray, np.ndarray, np.ndarray]


def _cubic(distance: np.ndarray, a: float) -> np.ndarray:
    """The cubic convolution kernel, which is 1 at distance 0 and 0 at 1 and from 2 on."""
    d = np.abs(distance)
    near = ((a + 2) * d - (a + 3)) * d * d + 1
    far = ((a * d - 5 * a) * d + 8 * a) * d - 4 * a
    return np.where(d <= 1, near, np.where(d < 2, far, 0.0))


def _step(n: int, size: int, scale: float | None, align_corners: bool) -> float:
    """How far one output is from the next, counted in inputs."""
    if align_corners:
        return (n - 1) / (size - 1) if size > 1 else 0.0
    return 1 / scale if scale else n / size


def _nearest(n: int, size: int, scale: float | None, offset: float) -> tuple[np.ndarray, np.ndarray]:
    # In float32, as PyTorch does it, so that both fall on the same side of a whole number.
    step = np.float32(1 / scale) if scale else np.float32(n) / np.float32(size)
    places = np.floor((np.arange(size, dtype=np.float32) + np.float32(offset)) * step).astype(np.int64)
    return np.minimum(places, n - 1)[:, None], np.ones((size, 1))


def _linear(n: int, size: int, scale: float | None, align_corners: bool) -> tuple[np.ndarray, np.ndarray]:
    step = _step(n, size, scale, align_corners)
    at = np.arange(size)
    source = at * step if align_corners else np.maximum(step * (at + 0.5) - 0.5, 0)
    if n == size:
        source = at.astype(np.float64)
    left = np.minimum(np.floor(source).astype(np.int64), n - 1)
    part = np.clip(source - left, 0, 1)
    return np.stack([left, np.minimum(left + 1, n - 1)], 1), np.stack([1 - part, part], 1)


def _bicubic(n: int, size: int, scale: float | None, align_corners: bool) -> tuple[np.ndarray, np.ndarray]:
    step = _step(n, size, scale, align_corners)
    at = np.arange(size)
    source = at * step if align_corners else step * (at + 0.5) - 0.5
    left = np.minimum(np.floor(source).astype(np.int64), n - 1)
    part = np.clip(source - left, 0, 1)
    around = np.arange(-1, 3)
    return np.clip(left[:, None] + around, 0, n - 1), _cubic(part[:, None] - around, -0.75)


def _antialiased(
    n: int, size: int, scale: float | None, align_corners: bool, reach: int
) -> tuple[np.ndarray, np.ndarray]:
    """A kernel as wide as the outputs are apart, where they are farther apart than the inputs."""
    step = _step(n, size, scale, align_corners)
    widening = max(step, 1.0)
    center = step * (np.arange(size) + 0.5)
    first = np.maximum((center - reach / 2 * widening + 0.5).astype(np.int64), 0)
    last = np.minimum((center + reach / 2 * widening + 0.5).astype(np.int64), n)
    places = first[:, None] + np.arange(int((last - first).max()))
    distance = (places - center[:, None] + 0.5) / widening
    weight = np.maximum(1 - np.abs(distance), 0) if reach == 2 else _cubic(distance, -0.5)
    weight = np.where(places < last[:, None], weight, 0)
    return np.minimum(places, n - 1), weight / weight.sum(1, keepdims=True)


def _windows(n: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Where adaptive windows start and stop."""
    at = np.arange(size)
    return at * n // size, -(-(at + 1) * n // size)


def _average(n: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    start, stop = _windows(n, size)
    places = start[:, None] + np.arange(int((stop - start).max(initial=0)))
    inside = places < stop[:, None]
    return np.minimum(places, n - 1), inside / (stop - start)[:, None]


def adaptive_windows(n: int, size: int) -> np.ndarray:
    """(1, size, 2): where each of `size` windows over n numbers starts and stops."""
    return np.stack(_windows(n, size), 1)[None]


_KINDS: dict[str, Callable[[int, int, float | None, bool], tuple[np.ndarray, np.ndarray]]] = {
    "nearest": lambda n, size, scale, _: _nearest(n, size, scale, 0.0),
    "nearest-exact": lambda n, size, scale, _: _nearest(n, size, scale, 0.5),
    "linear": _linear,
    "cubic": _bicubic,
    "linear antialiased": lambda n, size, scale, align_corners: _antialiased(n, size, scale, align_corners, 2),
    "cubic antialiased": lambda n, size, scale, align_corners: _antialiased(n, size, scale, align_corners, 4),
    "average": lambda n, size, *_: _average(n, size),
}


@functools.lru_cache(maxsize=256)
def table(taps: Taps, adjoint: bool = False) -> Table:
    """The sums that the taps stand for, or those of the adjoint; taps of weight 0 are left out."""
    kind, n, size, scale, align_corners = taps
    places, weights = _KINDS[kind](n, size, scale, align_corners)
    outputs = np.broadcast_to(np.arange(size)[:, None], places.shape)
    real = weights != 0
    inputs, outputs, weight = places[real], outputs[real], weights[real]
    if adjoint:
        order = np.argsort(inputs, kind="stable")
        inputs, outputs, weight = outputs[order], inputs[order], weight[order]
    starts = np.searchsorted(outputs, np.arange((n if adjoint else size) + 1))
    return np.require(starts, np.int64), np.require(inputs, np.int64), np.require(weight, np.float64)


def _resample(adjoint: bool, plain: bool = False) -> Callable[..., Any]:
    def forward(x: Any, dim: int, taps: Taps) -> Any:
        if plain:
            from ..kernels import reference as kernel
        else:
            from ..kernels import windows as kernel  # type: ignore[no-redef]

        shape = x.shape
        (ready,) = kernel_arrays(x)
        flat = ready.reshape(math.prod(shape[:dim]), shape[dim], math.prod(shape[dim + 1 :]))
        out = kernel.combine(flat, *table(taps, adjoint))
        return out.reshape(*shape[:dim], out.shape[1], *shape[dim + 1 :]).astype(x.dtype, copy=False)

    return forward


_SAMPLED: list[Taps] = [
    ("nearest", 3, 5, None, False),
    ("nearest-exact", 4, 2, 0.6, False),
    ("linear", 3, 5, None, False),
    ("linear", 4, 3, None, True),
    ("cubic", 3, 4, 1.4, False),
    ("linear antialiased", 5, 2, None, False),
    ("cubic antialiased", 6, 3, None, False),
    ("average", 5, 3, None, False),
]


def _samples(adjoint: bool) -> Callable[[np.random.Generator], list[Sample]]:
    def samples(rng: np.random.Generator) -> list[Sample]:
        calls = []
        for k, taps in enumerate(_SAMPLED):
            length = taps[2] if adjoint else taps[1]
            shape = (2, length) if k % 2 else (1, length, 2)
            calls.append(Sample((values(rng, shape),), (1, taps)))
        calls.append(Sample((values(rng, (0, 5 if adjoint else 3)),), (1, _SAMPLED[0])))
        return calls

    return samples


RESAMPLE = define(
    "resample",
    forward=_resample(adjoint=False),
    inputs=("x",),
    attributes=("dim", "taps"),
    vjp={"x": lambda g, dim, taps: op.resample_adjoint(g, dim, taps)},
    reference=_resample(adjoint=False, plain=True),
    samples=_samples(adjoint=False),
    formula="out[o] = sum_k weight[o,k] x[index[o,k]]",
)
RESAMPLE_ADJOINT = define(
    "resample_adjoint",
    forward=_resample(adjoint=True),
    inputs=("x",),
    attributes=("dim", "taps"),
    vjp={"x": lambda g, dim, taps: op.resample(g, dim, taps)},
    reference=_resample(adjoint=True, plain=True),
    samples=_samples(adjoint=True),
    formula="out[index[o,k]] += weight[o,k] x[o]",
)
