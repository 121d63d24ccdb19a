"""Pooling to a given size: window o of O over n numbers reaches from `o n // O` up to `(o + 1) n / O`, rounded up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import dtypes
from ..composites import composite
from ..errors import ArgumentError, ShapeError
from ..primitive import Sample, as_handle, op
from .families import values
from .pool import batched, max_inputs
from .products import require_floating
from .reduce import MEAN
from .resample import RESAMPLE, adaptive_windows
from .window_pool import WINDOW_MAX, distinct

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = [
    "adaptive_avg_pool1d",
    "adaptive_avg_pool2d",
    "adaptive_avg_pool3d",
    "adaptive_max_pool1d",
    "adaptive_max_pool2d",
    "adaptive_max_pool3d",
]

Operand = Any
Size = int | None


def _sizes(name: str, count: int, output_size: Any, spatial: Sequence[int]) -> tuple[int, ...]:
    listed = tuple(output_size) if isinstance(output_size, (tuple, list)) else (output_size,) * count
    whole = [n if o is None else o for o, n in zip(listed, spatial, strict=False)]
    if len(listed) != count or any(not isinstance(n, (int, np.integer)) or n < 0 for n in whole):
        numbers = {1: "one whole number", 2: "one or two whole numbers", 3: "one or three whole numbers"}[count]
        raise ArgumentError(
            f"{name}: output_size is {output_size!r}; use {numbers} of at least 0, or None to keep a size"
        )
    return tuple([int(n) for n in whole])


def _average(name: str, count: int, input: Any, output_size: Any) -> Tensor:
    x, single = batched(name, count, input)
    require_floating(name, x)
    sizes = _sizes(name, count, output_size, x.shape[2:])
    if all(n == 1 for n in sizes):
        return MEAN.apply(as_handle(input, name), tuple(range(2 - single, count + 2 - single)), True)
    even = all(o and n % o == 0 for o, n in zip(sizes, x.shape[2:], strict=True))
    if x.numel() and even and count < 3:
        return _tiles(x, single, sizes)
    dtype = x.dtype
    out = x.float() if dtype == dtypes.float16 else x  # nothing is rounded between the steps
    for dim, size in enumerate(sizes, 2):
        if size != out.shape[dim]:
            out = RESAMPLE.apply(out, dim, ("average", out.shape[dim], size, None, False))
    out = out.to(dtype)
    return out.squeeze(0) if single else out


def _tiles(x: Any, single: bool, sizes: tuple[int, ...]) -> Tensor:
    """Averages of windows that all have one size."""
    images = x if len(sizes) == 2 else x.unsqueeze(2)
    size = sizes if len(sizes) == 2 else (1, *sizes)
    window = tuple([n // o for n, o in zip(images.shape[2:], size, strict=True)])
    out = op.avg_pool2d.apply(images, window, window, (0, 0), size, True, 0)
    if len(sizes) == 1:
        out = out.squeeze(2)
    return out.squeeze(0) if single else out


def _maximum(name: str, count: int, input: Any, output_size: Any, return_indices: bool) -> Any:
    x, single = max_inputs(name, count, input)
    sizes = _sizes(name, count, output_size, x.shape[2:])
    missing = 3 - count
    volumes = x.reshape(*x.shape[:2], *(1,) * missing, *x.shape[2:])
    bounds = [adaptive_windows(n, o) for n, o in zip(volumes.shape[2:], (1,) * missing + sizes, strict=True)]
    out, indices = WINDOW_MAX.apply(volumes, *bounds, (1, 1, 1))
    shape = (*x.shape[1:2], *sizes) if single else (*x.shape[:2], *sizes)
    out, indices = out.reshape(shape), indices.reshape(shape)
    return (out, indices) if return_indices else out


def _plain(pick: Callable[..., Any], count: int) -> Callable[..., Any]:
    """A loop over the windows in plain NumPy; `pick` reduces the numbers of one, which lie in the last dimension."""

    def reference(x: Any, output_size: Any, return_indices: bool = False) -> Any:
        spatial = x.shape[-count:]
        sizes = _sizes("adaptive", count, output_size, spatial)
        positions = np.arange(np.prod(spatial)).reshape(spatial)
        numbers = x.reshape(*x.shape[:-count], positions.size)
        out, indices = np.empty((*x.shape[:-count], *sizes)), np.empty((*x.shape[:-count], *sizes), np.int64)
        for at in np.ndindex(sizes):
            spans = [
                slice(o * n // size, -(-(o + 1) * n // size)) for o, n, size in zip(at, spatial, sizes, strict=True)
            ]
            where = positions[tuple(spans)].reshape(-1)
            place: tuple[Any, ...] = (..., *at)
            out[place], indices[place] = pick(numbers[..., where]), where[numbers[..., where].argmax(-1)]
        return (out, indices) if return_indices else out

    return reference


_SHAPES: dict[int, list[tuple[tuple[int, ...], Any]]] = {
    1: [((2, 1, 5), 3), ((2, 4), (2,)), ((0, 1, 3), 2), ((1, 1, 2), 5)],
    2: [((1, 2, 5, 3), (3, 2)), ((2, 3, 4), (None, 2)), ((2, 1, 4, 6), 2), ((0, 1, 2, 3), 1), ((1, 1, 2, 2), 3)],
    3: [((1, 1, 3, 4, 2), (2, 3, 2)), ((2, 2, 3, 2), (None, 2, 1)), ((0, 1, 2, 2, 2), 1)],
}


def _entry(count: int, maximum: bool) -> dict[str, Any]:
    """What enters one of the functions into the list of composites."""
    name = f"adaptive_{'max' if maximum else 'avg'}_pool{count}d"

    def samples(rng: np.random.Generator) -> list[Sample]:
        calls = [
            Sample((distinct(rng, shape) if maximum else values(rng, shape),), (size,))
            for shape, size in _SHAPES[count]
        ]
        if maximum:
            shape, size = _SHAPES[count][0]
            calls.append(Sample((distinct(rng, shape),), (size,), keywords={"return_indices": True}))
        return calls

    def error_samples(rng: np.random.Generator) -> list[Sample]:
        shape = _SHAPES[count][0][0]
        return [
            Sample((values(rng, shape[-1:]),), (1,), ShapeError, f"{name}: x .* must be"),
            Sample((values(rng, shape),), (-1,), ArgumentError, f"{name}: output_size"),
            Sample((values(rng, shape),), ((1,) * (count + 1),), ArgumentError, f"{name}: output_size"),
            Sample((values(rng, (1, 0, *shape[2:])),), (1,), ShapeError, "only the batch"),
        ]

    return {
        "formula": f"{'max' if maximum else 'mean'} over each of so many windows",
        "samples": samples,
        "reference": _plain((lambda x: x.max(-1)) if maximum else (lambda x: x.mean(-1)), count),
        "error_samples": error_samples,
    }


@composite(**_entry(1, maximum=False))
def adaptive_avg_pool1d(input: Operand, output_size: int | Sequence[int]) -> Tensor:
    """The means of so many windows, which cover sequences evenly: window o starts at `o L // OL`.

    Args:
        input: (N, C, L) or (C, L).
        output_size: OL, how many windows.

    Returns:
        (N, C, OL).

    Raises:
        ArgumentError: output_size is no whole number.
        ShapeError: the input has other dimensions.

    Example:
        >>> autograd.adaptive_avg_pool1d(autograd.tensor([[1.0, 3.0, 5.0, 7.0]]), 2)
        tensor([[2., 6.]])
    """
    return _average("adaptive_avg_pool1d", 1, input, output_size)


@composite(**_entry(2, maximum=False))
def adaptive_avg_pool2d(input: Operand, output_size: Size | Sequence[Size]) -> Tensor:
    """The means of so many windows, which cover images evenly.

    Args:
        input: (N, C, H, W) or (C, H, W).
        output_size: OH x OW, how many windows; None keeps a size.

    Returns:
        (N, C, OH, OW).

    Raises:
        ArgumentError: output_size is not made of whole numbers.
        ShapeError: the input has other dimensions.

    Example:
        >>> autograd.adaptive_avg_pool2d(autograd.tensor([[[1.0, 2.0], [3.0, 6.0]]]), 1)
        tensor([[[3.]]])
    """
    return _average("adaptive_avg_pool2d", 2, input, output_size)


@composite(**_entry(3, maximum=False))
def adaptive_avg_pool3d(input: Operand, output_size: Size | Sequence[Size]) -> Tensor:
    """The means of so many windows, which cover volumes evenly.

    Args:
        input: (N, C, D, H, W) or (C, D, H, W).
        output_size: OD x OH x OW, how many windows; None keeps a size.

    Returns:
        (N, C, OD, OH, OW).

    Raises:
        ArgumentError: output_size is not made of whole numbers.
        ShapeError: the input has other dimensions.

    Example:
        >>> autograd.adaptive_avg_pool3d(autograd.ones(1, 2, 4, 6, 8), (2, 3, None)).shape
        (1, 2, 2, 3, 8)
    """
    return _average("adaptive_avg_pool3d", 3, input, output_size)


@composite(**_entry(1, maximum=True))
def adaptive_max_pool1d(
    input: Operand, output_size: int | Sequence[int], return_indices: bool = False
) -> Tensor | tuple[Tensor, Tensor]:
    """The largest numbers of so many windows, which cover sequences evenly. At a tie the first gets the gradient.

    Args:
        input: (N, C, L) or (C, L).
        output_size: OL, how many windows.
        return_indices: return also where in its sequence each maximum was.

    Returns:
        (N, C, OL), or a pair with the int64 indices.

    Raises:
        ArgumentError: output_size is no whole number.
        ShapeError: the input has other dimensions.

    Example:
        >>> autograd.adaptive_max_pool1d(autograd.tensor([[1.0, 3.0, 5.0, 2.0]]), 2)
        tensor([[3., 5.]])
    """
    return _maximum("adaptive_max_pool1d", 1, input, output_size, return_indices)


@composite(**_entry(2, maximum=True))
def adaptive_max_pool2d(
    input: Operand, output_size: Size | Sequence[Size], return_indices: bool = False
) -> Tensor | tuple[Tensor, Tensor]:
    """The largest numbers of so many windows, which cover images evenly. At a tie the first gets the gradient.

    Args:
        input: (N, C, H, W) or (C, H, W).
        output_size: OH x OW, how many windows; None keeps a size.
        return_indices: return also where in its H x W plane each maximum was.

    Returns:
        (N, C, OH, OW), or a pair with the int64 indices.

    Raises:
        ArgumentError: output_size is not made of whole numbers.
        ShapeError: the input has other dimensions.

    Example:
        >>> autograd.adaptive_max_pool2d(autograd.tensor([[[1.0, 2.0], [3.0, 6.0]]]), 1)
        tensor([[[6.]]])
    """
    return _maximum("adaptive_max_pool2d", 2, input, output_size, return_indices)


@composite(**_entry(3, maximum=True))
def adaptive_max_pool3d(
    input: Operand, output_size: Size | Sequence[Size], return_indices: bool = False
) -> Tensor | tuple[Tensor, Tensor]:
    """The largest numbers of so many windows, which cover volumes evenly. At a tie the first gets the gradient.

    Args:
        input: (N, C, D, H, W) or (C, D, H, W).
        output_size: OD x OH x OW, how many windows; None keeps a size.
        return_indices: return also where in its D x H x W volume each maximum was.

    Returns:
        (N, C, OD, OH, OW), or a pair with the int64 indices.

    Raises:
        ArgumentError: output_size is not made of whole numbers.
        ShapeError: the input has other dimensions.

    Example:
        >>> autograd.adaptive_max_pool3d(autograd.ones(1, 2, 4, 6, 8), (2, 3, None)).shape
        (1, 2, 2, 3, 8)
    """
    return _maximum("adaptive_max_pool3d", 3, input, output_size, return_indices)
