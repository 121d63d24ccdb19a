"""Images made larger or smaller: one dimension after the other, each by weighted sums of neighbours."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import dtypes
from ..composites import composite
from ..errors import ArgumentError, ShapeError
from ..primitive import Sample, as_handle
from .families import values
from .products import require_floating
from .resample import RESAMPLE

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["interpolate"]

Operand = Any

# The mode's kind of taps, and how many spatial dimensions it is for.
MODES = {
    "nearest": ("nearest", (1, 2, 3)),
    "nearest-exact": ("nearest-exact", (1, 2, 3)),
    "linear": ("linear", (1,)),
    "bilinear": ("linear", (2,)),
    "bicubic": ("cubic", (2,)),
    "trilinear": ("linear", (3,)),
    "area": ("average", (1, 2, 3)),
}


def _per_dimension(what: str, value: Any, count: int, spatial: Sequence[int]) -> list[Any]:
    listed = list(value) if isinstance(value, (tuple, list)) else [value] * count
    if len(listed) != count:
        raise ArgumentError(
            f"interpolate: {what} {value!r} has {len(listed)} numbers, and x has {count} spatial dimensions "
            f"{tuple(spatial)}; give one for each, or one for all"
        )
    return listed


def _goal(
    spatial: Sequence[int], size: Any, scale_factor: Any, recompute: bool
) -> tuple[list[int], list[float | None]]:
    """The sizes of the output, and by how much each dimension is to be larger (None: output size / input size)."""
    count = len(spatial)
    if (size is None) == (scale_factor is None):
        raise ArgumentError(f"interpolate: size is {size!r} and scale_factor {scale_factor!r}; give one of the two")
    if size is not None:
        if recompute:
            raise ArgumentError("interpolate: recompute_scale_factor has no meaning with a size; leave it out")
        sizes = _per_dimension("size", size, count, spatial)
        if any(not isinstance(n, (int, np.integer)) for n in sizes):
            raise ArgumentError(f"interpolate: size is {size!r}; use whole numbers, or scale_factor")
        scales: list[float | None] = [None] * count
    else:
        factors = _per_dimension("scale_factor", scale_factor, count, spatial)
        if any(not isinstance(f, (int, float, np.number)) or not 0 < f < math.inf for f in factors):
            raise ArgumentError(f"interpolate: scale_factor is {scale_factor!r}; use numbers above 0")
        sizes = [math.floor(n * float(f)) for n, f in zip(spatial, factors, strict=True)]
        scales = [None if recompute else float(f) for f in factors]
    if min(sizes) < 1:
        raise ShapeError(f"interpolate: {tuple(spatial)} would become {tuple(sizes)}; each size must be at least 1")
    return [int(n) for n in sizes], scales


def _plain(
    x: Any, size: Any = None, scale_factor: Any = None, mode: str = "nearest", align_corners: bool | None = None
) -> Any:
    """Row after row in plain NumPy, with a textbook formula for each mode."""
    sizes, scales = _goal(x.shape[2:], size, scale_factor, mode == "area" and size is None)
    for dim, (wanted, scale) in enumerate(zip(sizes, scales, strict=True), 2):
        n = x.shape[dim]
        step = 1 / scale if scale else n / wanted
        at = np.arange(wanted)
        if align_corners:
            source = at * ((n - 1) / (wanted - 1))
        else:
            source = (at + 0.5) * step - 0.5
        if mode == "area":
            rows = [x.take(range(o * n // wanted, -(-(o + 1) * n // wanted)), dim).mean(dim) for o in range(wanted)]
            x = np.stack(rows, dim)
        elif mode.startswith("nearest"):
            places = np.floor(at * step) if mode == "nearest" else np.floor(source + 0.5)
            x = x.take(np.minimum(places, n - 1).astype(int), dim)
        elif mode == "bicubic":
            total: Any = 0
            for k in range(-1, 3):
                d = np.abs(source - np.floor(source) - k)
                near, far = 1.25 * d**3 - 2.25 * d**2 + 1, -0.75 * d**3 + 3.75 * d**2 - 6 * d + 3
                weight = np.where(d <= 1, near, far).reshape([-1 if i == dim else 1 for i in range(x.ndim)])
                total = total + weight * x.take(np.clip(np.floor(source).astype(int) + k, 0, n - 1), dim)
            x = total
        elif x.size:
            x = np.apply_along_axis(lambda row: np.interp(source, np.arange(row.size), row), dim, x)  # noqa: B023
        else:
            x = np.zeros((*x.shape[:dim], wanted, *x.shape[dim + 1 :]))
    return x


def _samples(rng: np.random.Generator) -> list[Sample]:
    calls: list[tuple[tuple[int, ...], dict[str, Any]]] = [
        ((2, 1, 3), {"size": 5}),
        ((1, 2, 5), {"size": 3, "mode": "linear"}),
        ((1, 1, 2, 3), {"scale_factor": 2, "mode": "nearest-exact"}),
        ((1, 2, 3, 2), {"size": (4, 5), "mode": "bilinear", "align_corners": True}),
        ((1, 1, 4, 5), {"scale_factor": (0.6, 1.5), "mode": "bilinear"}),
        ((1, 1, 3, 4), {"scale_factor": 1.7, "mode": "bicubic"}),
        ((1, 1, 5, 4), {"size": (3, 2), "mode": "area"}),
        ((1, 1, 2, 3, 2), {"size": (3, 2, 4), "mode": "trilinear"}),
        ((0, 1, 3), {"size": 2, "mode": "linear"}),
    ]
    return [Sample((values(rng, shape),), keywords=keywords) for shape, keywords in calls]


def _error_samples(rng: np.random.Generator) -> list[Sample]:
    calls: list[tuple[tuple[int, ...], dict[str, Any], type[Exception], str]] = [
        ((1, 1, 3), {}, ArgumentError, "give one of the two"),
        ((1, 1, 3), {"size": 3, "scale_factor": 2.0}, ArgumentError, "give one of the two"),
        ((1, 1, 3), {"size": (3, 4)}, ArgumentError, "spatial dimensions"),
        ((1, 1, 3), {"size": 2.5}, ArgumentError, "whole numbers"),
        ((1, 1, 3), {"scale_factor": 0.0}, ArgumentError, "above 0"),
        ((1, 1, 3), {"size": 0}, ShapeError, "at least 1"),
        ((1, 1, 3), {"size": 2, "mode": "bilinear"}, ArgumentError, "mode 'bilinear' is for 2"),
        ((1, 1, 3), {"size": 2, "mode": "sharp"}, ArgumentError, "there is no mode"),
        ((1, 1, 3), {"size": 2, "align_corners": True}, ArgumentError, "align_corners"),
        ((1, 1, 3), {"size": 2, "recompute_scale_factor": True}, ArgumentError, "no meaning"),
        ((1, 1, 3), {"size": 2, "antialias": True}, ArgumentError, "antialias"),
        ((1, 3), {"size": 2}, ShapeError, "x .* must be"),
        ((1, 1, 0), {"size": 2}, ShapeError, "no numbers"),
    ]
    return [Sample((values(rng, s),), error=e, match=m, keywords=k) for s, k, e, m in calls]


@composite(
    formula="out[o] = sum_k weight[o,k] x[index[o,k]], along each dimension",
    samples=_samples,
    reference=_plain,
    error_samples=_error_samples,
)
def interpolate(
    input: Operand,
    size: int | Sequence[int] | None = None,
    scale_factor: float | Sequence[float] | None = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Tensor:
    """Make sequences, images or volumes larger or smaller.

    Along each dimension, output o lies at `(o + 1/2) s - 1/2` of the input, where s is the input's size over the
    output's, or 1 / scale_factor where that is given. Places outside are moved to the edge.

    Args:
        input: (N, C, L), (N, C, H, W) or (N, C, D, H, W).
        size: of the output, one number for all dimensions or one for each.
        scale_factor: in place of size, how many times larger; sizes are rounded down.
        mode: "nearest", the number at `floor(o s)`; "nearest-exact", the number nearest to the place; "linear",
            "bilinear" and "trilinear", on the line between neighbours; "bicubic", a cubic through four neighbours in
            each dimension; "area", `adaptive_avg_pool`.
        align_corners: for the linear and cubic modes, let the first and last numbers of input and output coincide.
        recompute_scale_factor: take s from the rounded sizes, where scale_factor is given.
        antialias: average over wider windows when making images smaller ("bilinear" and "bicubic" alone).

    Returns:
        (N, C, *size).

    Raises:
        ArgumentError: arguments contradict each other.
        ShapeError: the input has other dimensions, or the output would have no numbers.

    Example:
        >>> x = autograd.tensor([[[1.0, 3.0]]])
        >>> autograd.interpolate(x, scale_factor=2, mode="linear")
        tensor([[[1.0000, 1.5000, 2.5000, 3.0000]]])

    Source: Keys 1981, "Cubic convolution interpolation for digital image processing", with a = -3/4 (with antialias,
    -1/2).
    """
    x = as_handle(input, "interpolate")
    require_floating("interpolate", x)
    count = x.ndim - 2
    if not 1 <= count <= 3:
        raise ShapeError(f"interpolate: x {x.shape} must be (N, C, L), (N, C, H, W) or (N, C, D, H, W)")
    if 0 in x.shape[1:]:
        raise ShapeError(f"interpolate: x {x.shape} has no numbers to start from; only the batch may be empty")
    if mode not in MODES:
        raise ArgumentError(f"interpolate: there is no mode {mode!r}; use one of {', '.join(MODES)}")
    kind, counts = MODES[mode]
    if count not in counts:
        raise ArgumentError(
            f"interpolate: mode {mode!r} is for {counts[0]} spatial dimensions, and x {x.shape} has {count}"
        )
    if align_corners is not None and kind not in ("linear", "cubic"):
        raise ArgumentError(f"interpolate: mode {mode!r} knows no align_corners; leave it out")
    if antialias and mode not in ("bilinear", "bicubic"):
        raise ArgumentError(f"interpolate: mode {mode!r} knows no antialias; use bilinear or bicubic, or leave it out")
    sizes, scales = _goal(x.shape[2:], size, scale_factor, bool(recompute_scale_factor))
    if kind == "average":
        scales = [None] * count
    if antialias:
        kind += " antialiased"
    if antialias or (mode == "nearest" and count > 1):  # then PyTorch copies what keeps its size
        scales = [None if n == m else s for n, m, s in zip(x.shape[2:], sizes, scales, strict=True)]
    dtype = x.dtype
    out = x.float() if dtype == dtypes.float16 else x  # nothing is rounded between the steps
    for dim, (wanted, scale) in enumerate(zip(sizes, scales, strict=True), 2):
        n = out.shape[dim]
        if n != wanted or scale not in (None, 1.0):
            out = RESAMPLE.apply(out, dim, (kind, n, wanted, scale, bool(align_corners)))
    return out.to(dtype)
