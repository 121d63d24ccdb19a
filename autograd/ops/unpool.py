"""Maxima put back where max pooling found them, and zeros elsewhere."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..composites import composite
from ..errors import ArgumentError, DtypeError, ShapeError
from ..primitive import Sample, as_handle, define, op
from .conv import Pair, Triple
from .families import values
from .pool import batched, window
from .products import require_floating

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["max_unpool1d", "max_unpool2d", "max_unpool3d"]

Operand = Any


def _put(x: Any, indices: Any, size: Pair) -> Any:
    N, C = x.shape[:2]
    out = np.zeros((N * C, size[0] * size[1]), x.dtype)
    flat = (N * C, x.shape[2] * x.shape[3])
    out[np.arange(N * C)[:, None], indices.reshape(flat)] = x.reshape(flat)
    return out.reshape(N, C, *size)


def _infer(x: Any, indices: Any, size: Pair) -> None:
    least, most = indices.min(initial=0), indices.max(initial=0)
    if least < 0 or most >= size[0] * size[1]:
        raise ArgumentError(
            f"max_unpool: index {least if least < 0 else most} is outside of the output, which has {size[0] * size[1]} "
            "places; use the indices that max pooling returns, and its kernel_size, stride and padding"
        )


_PLACES = np.array([[[[0, 5], [6, 11]], [[3, 2], [1, 0]]]])

MAX_UNPOOL = define(
    "max_unpool",
    forward=_put,
    inputs=("x", "indices"),
    attributes=("size",),
    vjp={"x": lambda g, indices: op.max_pool2d_gather(g, indices)},
    infer=_infer,
    samples=lambda rng: [
        Sample((values(rng, (1, 2, 2, 2)), _PLACES), ((3, 4),)),
        Sample((values(rng, (0, 2, 2, 2)), np.zeros((0, 2, 2, 2), np.int64)), ((3, 3),)),
    ],
    error_samples=lambda rng: [
        Sample((values(rng, (1, 2, 2, 2)), _PLACES), ((3, 3),), ArgumentError, "index 11 is outside"),
        Sample((values(rng, (1, 2, 2, 2)), _PLACES - 2), ((3, 4),), ArgumentError, "index -2 is outside"),
    ],
    formula="zeros, with x at the indices",
)


def _output_size(
    name: str, given: Sequence[int] | None, spatial: Sequence[int], kernel: Sequence[int], step: Sequence[int],
    edge: Sequence[int],
) -> tuple[int, ...]:  # fmt: skip
    """The size asked for, or the smallest that pooling could have come from."""
    smallest = [(n - 1) * s + k - 2 * p for n, k, s, p in zip(spatial, kernel, step, edge, strict=True)]
    if given is None:
        sizes = smallest
    else:
        sizes = list(given)[2:] if len(given) == len(kernel) + 2 else list(given)
        near = len(sizes) == len(kernel) and all(abs(n - m) < s for n, m, s in zip(sizes, smallest, step, strict=True))
        if not near:
            raise ArgumentError(
                f"{name}: output_size {tuple(given)} is not what pooling to {tuple(spatial)} came from; each size must "
                f"be less than a stride of {tuple(step)} away from {tuple(smallest)}"
            )
    if min(sizes) < 1:
        raise ShapeError(f"{name}: x of {tuple(spatial)} leaves an output of {tuple(sizes)}; pad less")
    return tuple([int(n) for n in sizes])


def _unpooled(
    name: str, count: int, input: Any, indices: Any, kernel_size: Any, stride: Any, padding: Any, output_size: Any
) -> Tensor:
    places = as_handle(indices, name)
    x, single = batched(name, count, input)
    require_floating(name, x)
    if places.dtype != np.int64:
        raise DtypeError(f"{name}: indices are {places.dtype}; use the int64 ones that max pooling returns")
    if places.shape != (x.shape[1:] if single else x.shape):
        raise ShapeError(
            f"{name}: indices {places.shape} do not fit the input's shape; there must be one for each number"
        )
    kernel, step, edge, _ = window(name, count, kernel_size, stride, padding)
    size = _output_size(name, output_size, x.shape[2:], kernel, step, edge)
    flat = (*x.shape[:2], x.shape[2], math.prod(x.shape[3:]))
    plane = (size[0], math.prod(size[1:]))
    out = MAX_UNPOOL.apply(x.reshape(flat), places.reshape(flat), plane).reshape(*x.shape[:2], *size)
    return out.squeeze(0) if single else out


def _plain(count: int) -> Callable[..., Any]:
    def reference(
        x: Any, indices: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, output_size: Any = None
    ) -> Any:
        kernel, step, edge, _ = window("max_unpool", count, kernel_size, stride, padding)
        size = _output_size("max_unpool", output_size, x.shape[-count:], kernel, step, edge)
        lead = x.shape[:-count]
        out = np.zeros((*lead, int(np.prod(size))))
        entries = int(np.prod(x.shape[-count:]))
        np.put_along_axis(out, indices.reshape(*lead, entries), x.reshape(*lead, entries), -1)
        return out.reshape(*lead, *size)

    return reference


def _entry(count: int) -> dict[str, Any]:
    """What enters one of the functions into the list of composites."""
    name, ones = f"max_unpool{count}d", (1,) * (count - 1)

    def samples(rng: np.random.Generator) -> list[Sample]:
        places = np.array([[0, 3, 4], [5, 2, 1]]).reshape(1, 2, *ones, 3)
        x = values(rng, places.shape)
        shape = (1, 2, *ones, 6)
        kernel = (*ones, 2)
        return [
            Sample((x, places), (kernel,)),
            Sample((x[0], places[0]), (kernel, kernel, 0, shape[2:])),
            Sample((x, places), ((*ones, 3), kernel), keywords={"output_size": shape}),
            Sample((x[:0], places[:0]), (kernel,)),
        ]

    def error_samples(rng: np.random.Generator) -> list[Sample]:
        places = np.array([0, 3, 4]).reshape(1, 1, *ones, 3)
        x, kernel = values(rng, places.shape), (*ones, 2)
        return [
            Sample((x, places[..., :2]), (kernel,), ShapeError, f"{name}: indices"),
            Sample((x, places + 9), (kernel,), ArgumentError, "index 13 is outside"),
            Sample((x, places - 1), (kernel,), ArgumentError, "index -1 is outside"),
            Sample((x, places * 1.0), (kernel,), DtypeError, "int64"),
            Sample((x, places), (kernel, None, 0, (*ones, 9)), ArgumentError, "output_size"),
        ]

    return {
        "formula": "zeros, with x at the indices",
        "samples": samples,
        "reference": _plain(count),
        "error_samples": error_samples,
        "source": "Zeiler, Taylor and Fergus 2011, section 3",
    }


@composite(**_entry(1))
def max_unpool1d(
    input: Operand,
    indices: Operand,
    kernel_size: int | tuple[int],
    stride: int | tuple[int] | None = None,
    padding: int | tuple[int] = 0,
    output_size: Sequence[int] | None = None,
) -> Tensor:
    """Put maxima back where `max_pool1d` found them, with zeros elsewhere.

    Args:
        input: (N, C, L) or (C, L).
        indices: int64, as `max_pool1d` returns them; where two are the same, the last number stays.
        kernel_size, stride, padding: those of the pooling.
        output_size: the length before pooling, where several lengths lead to L; the smallest, unless given.

    Returns:
        (N, C, OL), with `OL = (L - 1) stride - 2 padding + kernel_size` unless given.

    Raises:
        ShapeError: there is not one index for each number.
        ArgumentError: an index or output_size is out of range.

    Example:
        >>> x = autograd.tensor([[1.0, 4.0, 3.0, 2.0]])
        >>> maxima, indices = autograd.max_pool1d(x, 2, return_indices=True)
        >>> autograd.max_unpool1d(maxima, indices, 2)
        tensor([[0., 4., 3., 0.]])
    """
    return _unpooled("max_unpool1d", 1, input, indices, kernel_size, stride, padding, output_size)


@composite(**_entry(2))
def max_unpool2d(
    input: Operand,
    indices: Operand,
    kernel_size: int | Pair,
    stride: int | Pair | None = None,
    padding: int | Pair = 0,
    output_size: Sequence[int] | None = None,
) -> Tensor:
    """Put maxima back where `max_pool2d` found them, with zeros elsewhere.

    Args:
        input: (N, C, H, W) or (C, H, W).
        indices: int64, as `max_pool2d` returns them; where two are the same, the last number stays.
        kernel_size, stride, padding: those of the pooling.
        output_size: the size before pooling, where several lead to H x W; the smallest, unless given.

    Returns:
        (N, C, OH, OW), with `OH = (H - 1) stride - 2 padding + kernel_size` unless given.

    Raises:
        ShapeError: there is not one index for each number.
        ArgumentError: an index or output_size is out of range.

    Example:
        >>> maxima, indices = autograd.max_pool2d(autograd.ones(1, 3, 8, 8), 2, return_indices=True)
        >>> autograd.max_unpool2d(maxima, indices, 2).shape
        (1, 3, 8, 8)
    """
    return _unpooled("max_unpool2d", 2, input, indices, kernel_size, stride, padding, output_size)


@composite(**_entry(3))
def max_unpool3d(
    input: Operand,
    indices: Operand,
    kernel_size: int | Triple,
    stride: int | Triple | None = None,
    padding: int | Triple = 0,
    output_size: Sequence[int] | None = None,
) -> Tensor:
    """Put maxima back where `max_pool3d` found them, with zeros elsewhere.

    Args:
        input: (N, C, D, H, W) or (C, D, H, W).
        indices: int64, as `max_pool3d` returns them; where two are the same, the last number stays.
        kernel_size, stride, padding: those of the pooling.
        output_size: the size before pooling, where several lead to D x H x W; the smallest, unless given.

    Returns:
        (N, C, OD, OH, OW), with `OD = (D - 1) stride - 2 padding + kernel_size` unless given.

    Raises:
        ShapeError: there is not one index for each number.
        ArgumentError: an index or output_size is out of range.

    Example:
        >>> maxima, indices = autograd.max_pool3d(autograd.ones(1, 3, 4, 4, 4), 2, return_indices=True)
        >>> autograd.max_unpool3d(maxima, indices, 2).shape
        (1, 3, 4, 4, 4)
    """
    return _unpooled("max_unpool3d", 3, input, indices, kernel_size, stride, padding, output_size)
