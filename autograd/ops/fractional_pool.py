"""Max pooling over windows whose places are drawn at random, for any ratio of sizes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import dtypes
from ..composites import composite
from ..errors import ArgumentError, ShapeError
from ..generator import uniform
from ..primitive import Sample, as_handle
from .conv import Pair, Triple, whole_numbers
from .families import values
from .pool import batched
from .products import require_floating
from .window_pool import WINDOW_MAX, distinct

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["fractional_max_pool2d", "fractional_max_pool3d"]

Operand = Any


def _goal(name: str, count: int, spatial: Sequence[int], output_size: Any, output_ratio: Any) -> tuple[int, ...]:
    if (output_size is None) == (output_ratio is None):
        raise ArgumentError(
            f"{name}: output_size is {output_size!r} and output_ratio {output_ratio!r}; give one of the two"
        )
    if output_size is not None:
        return whole_numbers(name, "output_size", output_size, 1, count)
    ratios = list(output_ratio) if isinstance(output_ratio, (tuple, list)) else [output_ratio] * count
    if len(ratios) != count or any(not 0 < r < 1 for r in ratios):
        raise ArgumentError(f"{name}: output_ratio is {output_ratio!r}; use numbers between 0 and 1")
    return whole_numbers(name, "output_size", [int(n * r) for n, r in zip(spatial, ratios, strict=True)], 1, count)


def _windows(draws: np.ndarray, n: int, size: int, kernel: int) -> np.ndarray:
    """(draws, size, 2): where the windows start and stop; the last one reaches to the end.

    The others start at `int((o + u) a) - int(u a)`, with `a = (n - kernel) / (size - 1)` and u drawn for each plane.
    """
    start = np.full((draws.size, size), n - kernel)
    if size > 1:
        step = draws.dtype.type(n - kernel) / draws.dtype.type(size - 1)
        at = np.arange(size - 1, dtype=draws.dtype)
        first = (draws[:, None] * step).astype(np.int64)
        start[:, :-1] = ((at + draws[:, None]) * step).astype(np.int64) - first
    return np.stack([start, start + kernel], 2)


def _pooled(
    name: str, count: int, input: Any, kernel_size: Any, output_size: Any, output_ratio: Any, return_indices: bool,
    random_samples: Any,
) -> Any:  # fmt: skip
    x, single = batched(name, count, input)
    require_floating(name, x)
    kernel = whole_numbers(name, "kernel_size", kernel_size, 1, count)
    sizes = _goal(name, count, x.shape[2:], output_size, output_ratio)
    if any(o + k - 1 > n for o, k, n in zip(sizes, kernel, x.shape[2:], strict=True)):
        raise ShapeError(
            f"{name}: {sizes} windows of {kernel} do not fit into {tuple(x.shape[2:])}; use fewer or smaller ones"
        )
    shape = (*x.shape[:2], count)
    if random_samples is None:
        draws = uniform(shape, x.dtype, None)
    else:
        draws = as_handle(random_samples, name)._array
        if single and count == 3 and draws.shape[1:] == shape[1:]:  # of volumes PyTorch then takes the first rows
            draws = draws[:1]
        if draws.shape != shape or draws.dtype.kind != "f":
            raise ShapeError(
                f"{name}: _random_samples {draws.dtype} {draws.shape} must be {shape}, {count} numbers for each plane"
            )
    if draws.dtype == dtypes.float16:
        draws = draws.astype(dtypes.float32)
    planes = draws.reshape(-1, count)
    # Of images PyTorch takes the first number for the width; of volumes, for the depth.
    order = range(count) if count == 3 else range(count - 1, -1, -1)
    bounds = [
        _windows(planes[:, k], n, size, f) for k, n, size, f in zip(order, x.shape[2:], sizes, kernel, strict=True)
    ]
    if count == 2:
        bounds.insert(0, np.tile(np.array([[[0, 1]]]), (len(planes), 1, 1)))
    volumes = x.reshape(*x.shape[:2], *(1,) * (3 - count), *x.shape[2:])
    out, indices = WINDOW_MAX.apply(volumes, *bounds, (1, 1, 1))
    result = (*(x.shape[1:2] if single else x.shape[:2]), *sizes)
    out, indices = out.reshape(result), indices.reshape(result)
    return (out, indices) if return_indices else out


def _plain(
    x: Any, kernel_size: Any, output_size: Any = None, output_ratio: Any = None, return_indices: bool = False,
    _random_samples: Any = None,
) -> Any:  # fmt: skip
    """A loop over the planes and windows in plain NumPy."""
    count = len(kernel_size)
    spatial = x.shape[-count:]
    sizes = output_size or tuple(int(n * r) for n, r in zip(spatial, output_ratio, strict=True))
    planes = x.reshape(-1, *spatial)
    draws = _random_samples.reshape(-1, count)
    out = np.empty((len(planes), *sizes))
    indices = np.empty(out.shape, np.int64)
    for p, *at in np.ndindex(out.shape):
        places = []
        for axis, (o, n, size, f) in enumerate(zip(at, spatial, sizes, kernel_size, strict=True)):
            u = draws[p, axis if count == 3 else 1 - axis]
            a = (n - f) / (size - 1) if size > 1 else 0
            first = n - f if o == size - 1 else int((o + u) * a) - int(u * a)
            places.append(range(first, first + f))
        where = np.ravel_multi_index(np.ix_(*places), spatial).reshape(-1)
        numbers = planes[p].reshape(-1)[where]
        out[p, *at], indices[p, *at] = numbers.max(), where[numbers.argmax()]
    shape = (*x.shape[:-count], *sizes)
    return (out.reshape(shape), indices.reshape(shape)) if return_indices else out.reshape(shape)


def _entry(count: int) -> dict[str, Any]:
    """What enters one of the functions into the list of composites."""
    name, shape, kernel, size = f"fractional_max_pool{count}d", (5, 6, 4)[:count], (2, 3, 2)[:count], (3, 2, 2)[:count]

    def samples(rng: np.random.Generator) -> list[Sample]:
        draws = rng.uniform(size=(2, 2, count))
        return [
            Sample((distinct(rng, (2, 2, *shape)),), (kernel, size), keywords={"_random_samples": draws}),
            Sample(
                (distinct(rng, (2, *shape)),),
                (kernel,),
                keywords={"output_ratio": (0.5,) * count, "_random_samples": draws[:1], "return_indices": True},
            ),
        ]

    def error_samples(rng: np.random.Generator) -> list[Sample]:
        x = values(rng, (1, 1, *shape))
        return [
            Sample((x[0, 0],), (kernel, size), ShapeError, f"{name}: x .* must be"),
            Sample((x,), (kernel, 5), ShapeError, "do not fit"),
            Sample((x,), (kernel,), ArgumentError, "give one of the two"),
            Sample((x,), (kernel, None, 1.5), ArgumentError, "between 0 and 1"),
            Sample((x,), (kernel, size, None, False, values(rng, (1, count))), ShapeError, "_random_samples"),
        ]

    return {
        "formula": "max over windows at random places",
        "samples": samples,
        "reference": _plain,
        "error_samples": error_samples,
        "source": "Graham 2014, arXiv 1412.6071, section 2",
    }


@composite(**_entry(2))
def fractional_max_pool2d(
    input: Operand,
    kernel_size: int | Pair,
    output_size: int | Pair | None = None,
    output_ratio: float | tuple[float, float] | None = None,
    return_indices: bool = False,
    _random_samples: Operand | None = None,
) -> Tensor | tuple[Tensor, Tensor]:
    """The largest numbers of windows whose places are drawn at random, which need not overlap or be next to each other.

    Args:
        input: (N, C, H, W) or (C, H, W).
        kernel_size: the size of a window.
        output_size: OH x OW, how many windows.
        output_ratio: in place of output_size, how many for each number of the input, between 0 and 1.
        return_indices: return also where in its H x W plane each maximum was.
        _random_samples: (N, C, 2), numbers from [0, 1) to be used instead of drawing some.

    Returns:
        (N, C, OH, OW), or a pair with the int64 indices.

    Raises:
        ArgumentError: not one of output_size and output_ratio is given, or it is out of range.
        ShapeError: so many windows do not fit.

    Example:
        >>> autograd.fractional_max_pool2d(autograd.ones(1, 3, 9, 9), 2, output_ratio=0.7).shape
        (1, 3, 6, 6)

    Source: Graham 2014, arXiv 1412.6071, section 2.
    """
    name = "fractional_max_pool2d"
    return _pooled(name, 2, input, kernel_size, output_size, output_ratio, return_indices, _random_samples)


@composite(**_entry(3))
def fractional_max_pool3d(
    input: Operand,
    kernel_size: int | Triple,
    output_size: int | Triple | None = None,
    output_ratio: float | tuple[float, float, float] | None = None,
    return_indices: bool = False,
    _random_samples: Operand | None = None,
) -> Tensor | tuple[Tensor, Tensor]:
    """The largest numbers of windows whose places are drawn at random.

    Args:
        input: (N, C, D, H, W) or (C, D, H, W).
        kernel_size: the size of a window.
        output_size: OD x OH x OW, how many windows.
        output_ratio: in place of output_size, how many for each number of the input, between 0 and 1.
        return_indices: return also where in its D x H x W volume each maximum was.
        _random_samples: (N, C, 3), numbers from [0, 1) to be used instead of drawing some.

    Returns:
        (N, C, OD, OH, OW), or a pair with the int64 indices.

    Raises:
        ArgumentError: not one of output_size and output_ratio is given, or it is out of range.
        ShapeError: so many windows do not fit.

    Example:
        >>> autograd.fractional_max_pool3d(autograd.ones(1, 3, 9, 9, 9), 2, output_size=4).shape
        (1, 3, 4, 4, 4)

    Source: Graham 2014, arXiv 1412.6071, section 2.
    """
    name = "fractional_max_pool3d"
    return _pooled(name, 3, input, kernel_size, output_size, output_ratio, return_indices, _random_samples)
