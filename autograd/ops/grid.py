"""Images read at places given by a grid, and the grids of affine maps."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..composites import composite
from ..errors import ArgumentError, ShapeError
from ..primitive import Sample, as_handle, make, op
from .dims import sequence
from .families import values
from .products import require_floating, same_dtype

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["affine_grid", "grid_sample"]

Operand = Any

MODES = ("bilinear", "nearest", "bicubic")
PADDINGS = ("zeros", "border", "reflection")


def _inside(at: Any, n: int, padding: str, align_corners: bool) -> Any:
    """Places along one dimension, brought into the image as the padding says; "zeros" leaves them."""
    if padding == "zeros":
        return at
    if padding == "reflection":
        low, span = (0.0, float(n - 1)) if align_corners else (-0.5, float(n))
        if span == 0:
            at = at * 0
        else:
            away = at - low
            away = op.where.apply(away < 0, -away, away)
            turns = (away / span).floor().detach()
            part = away - turns * span
            at = op.where.apply(turns % 2 == 0, part, span - part) + low
    last = float(n - 1)
    return op.where.apply(at <= 0, 0.0, op.where.apply(at >= last, last, at))


def _taps(at: Any, n: int, mode: str, padding: str, align_corners: bool) -> list[tuple[Any, Any]]:
    """The neighbours of places along one dimension: (index, or -1 outside of the image; weight) for each."""
    if mode != "bicubic":
        at = _inside(at, n, padding, align_corners)
    near = at.detach().abs() < 2.0**31  # neither nan nor so far away that it is no index
    base = at.detach().round() if mode == "nearest" else at.detach().floor()
    base = op.where.apply(near, base, -100.0)
    if mode == "nearest":
        return [(_index(base, n), None)]
    part = at - base
    if mode == "bilinear":
        return [(_index(base, n), 1 - part), (_index(base + 1, n), part)]
    a, taps = -0.75, []
    for k in range(-1, 3):
        d = part - k if k < 1 else k - part
        if k in (0, 1):
            weight = ((a + 2) * d - (a + 3)) * d * d + 1
        else:
            weight = ((a * d - 5 * a) * d + 8 * a) * d - 4 * a
        taps.append((_index(_inside(base + k, n, padding, align_corners), n), weight))
    return taps


def _index(place: Any, n: int) -> Any:
    """Whole places as int64 indices; -1 outside of the image."""
    return op.where.apply((place >= 0) * (place < n), place, -1.0).long()


def _check(x: Any, grid: Any, mode: str, padding_mode: str) -> None:
    name, count = "grid_sample", x.ndim - 2
    same_dtype(name, x=x, grid=grid)
    require_floating(name, x)
    if count not in (2, 3) or grid.ndim != x.ndim or grid.shape[-1] != count or grid.shape[0] != x.shape[0]:
        raise ShapeError(
            f"{name}: x {x.shape} and grid {grid.shape} must be (N, C, H, W) and (N, OH, OW, 2), or (N, C, D, H, W) "
            "and (N, OD, OH, OW, 3)"
        )
    if 0 in x.shape[2:]:
        raise ShapeError(f"{name}: x {x.shape} has no numbers to read")
    if mode not in MODES:
        raise ArgumentError(f"{name}: there is no mode {mode!r}; use one of {', '.join(MODES)}")
    if padding_mode not in PADDINGS:
        raise ArgumentError(f"{name}: there is no padding_mode {padding_mode!r}; use one of {', '.join(PADDINGS)}")
    if mode == "bicubic" and count == 3:
        raise ArgumentError(f"{name}: mode 'bicubic' is for images, and x {x.shape} are volumes; use 'bilinear'")


def _plain(
    x: Any, grid: Any, mode: str = "bilinear", padding_mode: str = "zeros", align_corners: bool | None = None
) -> Any:
    """Point after point in plain NumPy, by the distance to every pixel along each dimension."""
    spatial = x.shape[2:]

    def kernel(d: float) -> float:
        d = abs(d)
        if mode == "bilinear":
            return max(1 - d, 0.0)
        return 1.25 * d**3 - 2.25 * d**2 + 1 if d <= 1 else -0.75 * d**3 + 3.75 * d**2 - 6 * d + 3 if d < 2 else 0.0

    def fold(at: float, n: int) -> float:
        if padding_mode == "reflection":
            low, high = (0, n - 1) if align_corners else (-0.5, n - 0.5)
            while high > low and not low <= at <= high:
                at = 2 * low - at if at < low else 2 * high - at
        return at if padding_mode == "zeros" else min(max(at, 0), n - 1)

    out = np.zeros((*x.shape[:2], *grid.shape[1:-1]))
    for n, *at in np.ndindex(out.shape[0], *out.shape[2:]):
        axes: list[list[tuple[int, float]]] = []
        for size, g in zip(spatial, grid[(n, *at)][::-1], strict=True):
            place = (g + 1) / 2 * (size - 1) if align_corners else ((g + 1) * size - 1) / 2
            if mode != "bicubic":
                place = fold(place, size)
            reach = range(math.floor(place) - 1, math.floor(place) + 3)
            taps = [(round(place), 1.0)] if mode == "nearest" else [(k, kernel(place - k)) for k in reach]
            axes.append([(int(fold(k, size)) if mode == "bicubic" else k, w) for k, w in taps])
        for corner in itertools.product(*axes):
            if all(0 <= k < size for (k, _), size in zip(corner, spatial, strict=True)):
                pixel: tuple[Any, ...] = (n, slice(None), *(k for k, _ in corner))
                out[(n, slice(None), *at)] += math.prod(w for _, w in corner) * x[pixel]
    return out


def _points(rng: np.random.Generator, shape: tuple[int, ...], spatial: Sequence[int]) -> np.ndarray:
    """A grid that reaches over the edges, its places away from pixels and from halves between them."""
    sizes = np.array(spatial[::-1])
    twice = rng.integers(-2, 2 * sizes + 1, shape)
    place = twice / 2 + rng.uniform(0.1, 0.4, shape)
    return (2 * place + 1) / sizes - 1


def _samples(rng: np.random.Generator) -> list[Sample]:
    calls: list[Sample] = []
    for mode, padding, align_corners in [
        ("bilinear", "zeros", None),
        ("bilinear", "border", False),
        ("bilinear", "reflection", False),
        ("nearest", "zeros", False),
        ("nearest", "reflection", False),
        ("bicubic", "zeros", False),
        ("bicubic", "reflection", False),
    ]:
        x, grid = values(rng, (2, 1, 3, 4)), _points(rng, (2, 2, 3, 2), (3, 4))
        keywords = {"mode": mode, "padding_mode": padding, "align_corners": align_corners}
        calls.append(Sample((x, grid), keywords=keywords))
    x, grid = values(rng, (1, 2, 3, 2)), rng.uniform(-0.9, 0.9, (1, 2, 2, 2))
    calls.append(Sample((x, grid), keywords={"align_corners": True, "padding_mode": "reflection"}))
    x, grid = values(rng, (1, 2, 2, 3, 2)), _points(rng, (1, 1, 2, 2, 3), (2, 3, 2))
    calls.append(Sample((x, grid)))
    calls.append(Sample((values(rng, (0, 1, 2, 2)), values(rng, (0, 1, 2, 2)))))
    return calls


@composite(
    formula="out[n,c,p] = sum_q weight(grid[n,p] - q) x[n,c,q]",
    samples=_samples,
    reference=_plain,
    error_samples=lambda rng: [
        Sample((values(rng, (1, 1, 2, 2)), values(rng, (1, 2, 2, 3))), error=ShapeError, match="x .* and grid"),
        Sample((values(rng, (1, 1, 2, 2)), values(rng, (2, 2, 2, 2))), error=ShapeError, match="x .* and grid"),
        Sample((values(rng, (1, 1, 0, 2)), values(rng, (1, 2, 2, 2))), error=ShapeError, match="no numbers"),
        Sample((values(rng, (1, 1, 2, 2)), values(rng, (1, 2, 2, 2)), "best"), (), ArgumentError, "no mode"),
        Sample((values(rng, (1, 1, 2, 2)), values(rng, (1, 2, 2, 2)), "nearest", "ones"), (), ArgumentError, "padding"),
        Sample((values(rng, (1, 1, 2, 2, 2)), values(rng, (1, 2, 2, 2, 3)), "bicubic"), (), ArgumentError, "volumes"),
    ],
    source="Jaderberg et al. 2015, arXiv 1506.02025, equations 3 to 5",
)
def grid_sample(
    input: Operand,
    grid: Operand,
    mode: str = "bilinear",
    padding_mode: str = "zeros",
    align_corners: bool | None = None,
) -> Tensor:
    """Read images at the places of a grid, between pixels by interpolation.

    Args:
        input: images (N, C, H, W), or volumes (N, C, D, H, W).
        grid: places (N, OH, OW, 2) as (x, y), or (N, OD, OH, OW, 3) as (x, y, z): x goes along the width, and -1 and 1
            are the first and the last edge.
        mode: "bilinear" (of volumes, trilinear), "nearest", or of images "bicubic".
        padding_mode: what lies outside: "zeros", "border" (the nearest pixel), or "reflection".
        align_corners: -1 and 1 are the middles of the first and last pixels, and not their outer edges.

    Returns:
        (N, C, OH, OW), or (N, C, OD, OH, OW).

    Raises:
        ShapeError: input and grid do not belong together.
        ArgumentError: there is no such mode.

    Example:
        >>> x = autograd.tensor([[[[1.0, 2.0], [3.0, 4.0]]]])
        >>> autograd.grid_sample(x, autograd.zeros(1, 1, 1, 2))
        tensor([[[[2.5000]]]])

    Source: Jaderberg et al. 2015, arXiv 1506.02025, equations 3 to 5.
    """
    x, grid = as_handle(input, "grid_sample"), as_handle(grid, "grid_sample")
    _check(x, grid, mode, padding_mode)
    align = bool(align_corners)
    N, C, *spatial = x.shape
    count, output = len(spatial), grid.shape[1:-1]
    axes = []
    for k, n in enumerate(spatial):
        g = grid[..., count - 1 - k]
        at = (g + 1) / 2 * (n - 1) if align else ((g + 1) * n - 1) / 2
        axes.append(_taps(at, n, mode, padding_mode, align))
    rows = math.prod(output[:-1])
    images = x.reshape(N, C, spatial[0], math.prod(spatial[1:]))
    out: Any = None
    for corner in itertools.product(*axes):
        place: Any = 0
        known: Any = True
        weight: Any = None
        for n, (index, share) in zip(spatial, corner, strict=True):
            known = (index >= 0) * known
            place = place * n + index
            if share is not None:
                weight = share if weight is None else weight * share
        place = op.where.apply(known, place, -1)
        places = place.reshape(N, 1, rows, output[-1]).expand(N, C, rows, output[-1])
        read = op.max_pool2d_gather.apply(images, places)
        if weight is not None:
            read = read * weight.reshape(N, 1, rows, output[-1])
        out = read if out is None else out + read
    return out.reshape(N, C, *output)


def _axis(n: int, align_corners: bool, dtype: Any) -> np.ndarray:
    """The places of n pixels between -1 and 1."""
    at: np.ndarray = np.arange(n) * 2 + 1 - n
    return (at / max(n - 1 if align_corners else n, 1)).astype(dtype)


def _plain_affine(theta: Any, size: Sequence[int], align_corners: bool | None = None) -> Any:
    """Point after point in plain NumPy."""
    out = np.empty((len(theta), *size[2:], len(size) - 2))
    for at in np.ndindex(out.shape[:-1]):
        place = []
        for k, n in zip(at[1:], size[2:], strict=True):
            edge = 1 if align_corners else 1 - 1 / n
            place.append(-edge + 2 * edge * k / (n - 1) if n > 1 else 0.0)
        out[at] = theta[at[0]] @ np.array([*place[::-1], 1.0])
    return out


@composite(
    formula="grid[n,i,j] = theta[n] (x[j], y[i], 1)",
    samples=lambda rng: [
        Sample((values(rng, (2, 2, 3)), (2, 1, 3, 2))),
        Sample((values(rng, (1, 2, 3)), (1, 3, 2, 1), True)),
        Sample((values(rng, (1, 3, 4)), (1, 1, 2, 3, 2), False)),
    ],
    reference=_plain_affine,
    error_samples=lambda rng: [
        Sample((values(rng, (2, 2, 2)), (2, 1, 3, 2)), error=ShapeError, match="theta"),
        Sample((values(rng, (2, 2, 3)), (1, 1, 3, 2)), error=ShapeError, match="theta"),
        Sample((values(rng, (2, 2, 3)), (2, 3, 2)), error=ArgumentError, match="size"),
        Sample((values(rng, (2, 2, 3)), (2, 1, 0, 2)), error=ArgumentError, match="size"),
    ],
    source="Jaderberg et al. 2015, arXiv 1506.02025, equation 1",
)
def affine_grid(theta: Operand, size: Sequence[int], align_corners: bool | None = None) -> Tensor:
    """The places that affine maps send the pixels of an image to, for `grid_sample`.

    `grid[n, i, j] = theta[n] (x[j], y[i], 1)`

    Args:
        theta: maps (N, 2, 3), or (N, 3, 4) for volumes.
        size: of the images to be made, (N, C, H, W) or (N, C, D, H, W).
        align_corners: -1 and 1 are the middles of the first and last pixels, and not their outer edges.

    Returns:
        (N, H, W, 2), or (N, D, H, W, 3).

    Raises:
        ShapeError: theta does not fit size.
        ArgumentError: size is not made of four or five whole numbers above 0.

    Example:
        >>> autograd.affine_grid(autograd.tensor([[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]]), (1, 1, 1, 2))
        tensor([[[[-0.5000,  0.0000],
                  [ 0.5000,  0.0000]]]])

    Source: Jaderberg et al. 2015, arXiv 1506.02025, equation 1.
    """
    theta = as_handle(theta, "affine_grid")
    require_floating("affine_grid", theta)
    size = sequence("affine_grid", "size", size)
    if len(size) not in (4, 5) or any(not isinstance(n, (int, np.integer)) or n < 1 for n in size):
        raise ArgumentError(f"affine_grid: size is {size}; use (N, C, H, W) or (N, C, D, H, W), each above 0")
    count, spatial = len(size) - 2, tuple(size[2:])
    if theta.shape != (size[0], count, count + 1):
        raise ShapeError(
            f"affine_grid: theta {theta.shape} must be {(size[0], count, count + 1)} for images of {tuple(size)}"
        )
    places = np.meshgrid(*[_axis(n, bool(align_corners), theta.dtype) for n in spatial], indexing="ij")
    base = np.stack([*places[::-1], np.ones(spatial, theta.dtype)], -1).reshape(-1, count + 1)
    return op.matmul.apply(make(base), theta.transpose(1, 2)).reshape(size[0], *spatial, count)
