"""Normalisation over the last dimensions, and over groups of channels, of each example."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import dtypes, kernels
from ..errors import ArgumentError, ShapeError
from ..primitive import Sample, as_handle, define, op
from .conv import kernel_arrays
from .dims import number, sequence
from .families import is_raw, values
from .products import require_floating, same_dtype

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["group_norm", "layer_norm", "rms_norm"]

Operand = Any
Size = int | Sequence[int]


def _narrow(forward: Any) -> Any:
    """A forward that computes float16 in float32."""

    def wide(*arguments: Any) -> Any:
        if arguments[0].dtype != dtypes.float16:
            return forward(*arguments)
        cast = [a.astype(dtypes.float32) if isinstance(a, np.ndarray) else a for a in arguments]
        with np.errstate(over="ignore"):
            return forward(*cast).astype(dtypes.float16)

    return wide


def _widened(x: Any, *others: Any) -> list[Any]:
    """What a rule computes with: float16 as float32."""
    if x.dtype != dtypes.float16:
        return [x, *others]
    return [a if a is None else op.to_dtype(a, dtypes.float32) for a in (x, *others)]


def _root(square: Any, eps: float) -> Any:
    """sqrt(square + eps); nan where the squares overflowed, which would make everything 0."""
    root = np.sqrt(square + square.dtype.type(eps))
    overflow = np.isinf(root)
    return np.where(overflow, square.dtype.type(np.nan), root) if overflow.any() else root


def _rsqrt(square: Any, eps: float) -> Any:
    """1 / sqrt(square + eps) for a rule, with the same nan."""
    return op.where(op.isinf(square), float("nan"), op.rsqrt(square + eps))


def _standardized(x: Any, dims: tuple[int, ...], eps: float) -> Any:
    centred = x - x.mean(axis=dims, keepdims=True)
    return centred / _root(np.mean(centred * centred, axis=dims, keepdims=True), eps)


def _rows(x: Any, weight: Any, bias: Any, count: int, eps: float, centred: bool) -> Any:
    """Normalise the last `count` dimensions by the kernel."""
    rows, factors, shifts = kernel_arrays(x, weight, bias)
    # Small ones would spend an eighth of their time on being reshaped to what they are.
    if x.ndim == 2 and count == 1:
        return kernels.normalize.layer_norm(rows, factors, shifts, eps, centred)
    size = math.prod(x.shape[x.ndim - count :])
    factors, shifts = [v if v is None else v.reshape(size) for v in (factors, shifts)]
    return kernels.normalize.layer_norm(rows.reshape(-1, size), factors, shifts, eps, centred).reshape(x.shape)


def _rows_backward(g: Any, x: Any, weight: Any, count: int, eps: float, centred: bool) -> list[Any]:
    gradient, rows, factors = kernel_arrays(g, x, weight)
    if x.ndim == 2 and count == 1:
        return list(kernels.normalize.layer_norm_backward(gradient, rows, factors, eps, centred))
    shape = x.shape[x.ndim - count :]
    size = math.prod(shape)
    factors = None if weight is None else factors.reshape(size)
    gradient, rows = gradient.reshape(-1, size), rows.reshape(-1, size)
    gradients = kernels.normalize.layer_norm_backward(gradient, rows, factors, eps, centred)
    return [v.reshape(s) for v, s in zip(gradients, (x.shape, shape, shape), strict=True)]


def _slope(g: Any, hat: Any, rstd: Any, dims: tuple[int, ...]) -> Any:
    """How a gradient passes back through `hat = (x - mean) / std`."""
    return rstd * (g - op.mean(g, dims, True) - hat * op.mean(g * hat, dims, True))


def _moments(x: Any, dims: tuple[int, ...], eps: float) -> tuple[Any, Any]:
    """The standardised numbers and 1 / std, computed again from x, so that a rule has every order."""
    centred = x - op.mean(x, dims, True)
    rstd = _rsqrt(op.mean(centred * centred, dims, True), eps)
    return centred * rstd, rstd


def _last(x: Any, count: int) -> tuple[int, ...]:
    return tuple(range(x.ndim - count, x.ndim))


# --- over the last dimensions


def _layer_reference(x: Any, weight: Any, bias: Any, count: int, eps: float) -> Any:
    out = _standardized(x, _last(x, count), eps) if x.size else x.copy()
    if weight is not None:
        out = out * weight
    return out if bias is None else out + bias


@_narrow
def _layer_norm(x: Any, weight: Any, bias: Any, count: int, eps: float) -> Any:
    return _rows(x, weight, bias, count, eps, True) if x.size else x.copy()


def _layer_rule(needs: Sequence[bool], g: Any, x: Any, weight: Any, count: int, eps: float) -> list[Any]:
    if is_raw(g, x, weight):
        return _rows_backward(g, x, weight, count, eps, True)
    x, g, weight = _widened(x, g, weight)
    dims, rows = _last(x, count), tuple(range(x.ndim - count))
    if 0 in x.shape:
        hat, rstd = x, x
    else:
        hat, rstd = _moments(x, dims, eps)
    scaled = g if weight is None else g * weight
    slope = None
    if needs[0]:
        slope = g * 0 if 0 in x.shape else _slope(scaled, hat, rstd, dims)
    return [slope, op.sum(g * hat, rows, False) if needs[1] else None, op.sum(g, rows, False) if needs[2] else None]


def _layer_infer(x: Any, weight: Any, bias: Any, count: int, eps: float) -> None:
    same_dtype("layer_norm", x=x, weight=weight, bias=bias)


LAYER_NORM = define(
    "layer_norm",
    forward=_layer_norm,
    inputs=("x", "weight", "bias"),
    attributes=("count", "eps"),
    vjp=_layer_rule,
    infer=_layer_infer,
    reference=_layer_reference,
    samples=lambda rng: [
        Sample((values(rng, (2, 4)), values(rng, (4,)), values(rng, (4,))), (1, 1e-5)),
        Sample((values(rng, (2, 2, 3)), values(rng, (2, 3)), None), (2, 1e-3)),
        Sample((values(rng, (3, 4)), None, None), (1, 1e-5)),
        Sample((values(rng, (0, 3)), values(rng, (3,)), values(rng, (3,))), (1, 1e-5)),
    ],
    formula="weight (x - mean) / sqrt(var + eps) + bias",
    source="Ba, Kiros and Hinton 2016, arXiv 1607.06450, equation 4",
)


def _rms_reference(x: Any, weight: Any, count: int, eps: float) -> Any:
    if not x.size:
        return x.copy()
    out = x / _root(np.mean(x * x, axis=_last(x, count), keepdims=True), eps)
    return out if weight is None else out * weight


@_narrow
def _rms_norm(x: Any, weight: Any, count: int, eps: float) -> Any:
    return _rows(x, weight, None, count, eps, False) if x.size else x.copy()


def _rms_rule(needs: Sequence[bool], g: Any, x: Any, weight: Any, count: int, eps: float) -> list[Any]:
    if is_raw(g, x, weight):
        return _rows_backward(g, x, weight, count, eps, False)[:2]
    x, g, weight = _widened(x, g, weight)
    dims, rows = _last(x, count), tuple(range(x.ndim - count))
    if 0 in x.shape:
        return [g * 0 if needs[0] else None, op.sum(g * x, rows, False) if needs[1] else None]
    scale = _rsqrt(op.mean(x * x, dims, True), eps)
    hat = x * scale
    scaled = g if weight is None else g * weight
    return [
        scale * (scaled - hat * op.mean(scaled * hat, dims, True)) if needs[0] else None,
        op.sum(g * hat, rows, False) if needs[1] else None,
    ]


def _rms_infer(x: Any, weight: Any, count: int, eps: float) -> None:
    same_dtype("rms_norm", x=x, weight=weight)


RMS_NORM = define(
    "rms_norm",
    forward=_rms_norm,
    inputs=("x", "weight"),
    attributes=("count", "eps"),
    vjp=_rms_rule,
    infer=_rms_infer,
    reference=_rms_reference,
    samples=lambda rng: [
        Sample((values(rng, (2, 4)), values(rng, (4,))), (1, 1e-5)),
        Sample((values(rng, (2, 2, 3)), None), (2, 1e-3)),
        Sample((values(rng, (0, 3)), values(rng, (3,))), (1, 1e-5)),
    ],
    formula="weight x / sqrt(mean(x^2) + eps)",
    source="Zhang and Sennrich 2019, arXiv 1910.07467, equation 4",
)


# --- over groups of channels


def _grouped(x: Any, groups: int) -> tuple[int, int, int]:
    return (x.shape[0], groups, math.prod(x.shape[1:]) // groups)


def _channels(v: Any, ndim: int) -> Any:
    """A vector of one number a channel, shaped to broadcast."""
    return op.reshape(v, (1, v.shape[0]) + (1,) * (ndim - 2))


def _group_reference(x: Any, weight: Any, bias: Any, groups: int, eps: float) -> Any:
    if not x.size:
        return x.copy()
    out = _standardized(x.reshape(_grouped(x, groups)), (2,), eps).reshape(x.shape)
    if weight is not None:
        out = out * _channels(weight, x.ndim)
    return out if bias is None else out + _channels(bias, x.ndim)


def _pixels(x: Any) -> Any:
    """Images as kernels want them: (N, C, S)."""
    return x.reshape(*x.shape[:2], math.prod(x.shape[2:]))


@_narrow
def _group_norm(x: Any, weight: Any, bias: Any, groups: int, eps: float) -> Any:
    if not x.size:
        return x.copy()
    images, factors, shifts = kernel_arrays(x, weight, bias)
    return kernels.normalize.group_norm(_pixels(images), factors, shifts, groups, eps).reshape(x.shape)


def _group_rule(needs: Sequence[bool], g: Any, x: Any, weight: Any, groups: int, eps: float) -> list[Any]:
    if is_raw(g, x, weight):
        gradient, images, factors = kernel_arrays(g, x, weight)
        by_x, *vectors = kernels.normalize.group_norm_backward(_pixels(gradient), _pixels(images), factors, groups, eps)
        return [by_x.reshape(x.shape), *vectors]
    x, g, weight = _widened(x, g, weight)
    dims, shape = (0, *range(2, x.ndim)), _grouped(x, groups)
    slope, hat = None, x
    if 0 in x.shape:
        slope = g * 0 if needs[0] else None
    else:
        hat, rstd = _moments(op.reshape(x, shape), (2,), eps)
        if needs[0]:
            scaled = op.reshape(g if weight is None else g * _channels(weight, x.ndim), shape)
            slope = op.reshape(_slope(scaled, hat, rstd, (2,)), x.shape)
        hat = op.reshape(hat, x.shape)
    return [slope, op.sum(g * hat, dims, False) if needs[1] else None, op.sum(g, dims, False) if needs[2] else None]


def _group_infer(x: Any, weight: Any, bias: Any, groups: int, eps: float) -> None:
    if x.ndim < 2:
        raise ShapeError(f"group_norm: x {x.shape} must be (N, C, ...)")
    same_dtype("group_norm", x=x, weight=weight, bias=bias)
    for label, vector in (("weight", weight), ("bias", bias)):
        if vector is not None and vector.shape != (x.shape[1],):
            raise ShapeError(f"group_norm: {label} {vector.shape} must be ({x.shape[1]},), one number a channel")


GROUP_NORM = define(
    "group_norm",
    forward=_group_norm,
    inputs=("x", "weight", "bias"),
    attributes=("groups", "eps"),
    vjp=_group_rule,
    infer=_group_infer,
    reference=_group_reference,
    samples=lambda rng: [
        Sample((values(rng, (2, 4, 3)), values(rng, (4,)), values(rng, (4,))), (2, 1e-5)),
        Sample((values(rng, (2, 4)), values(rng, (4,)), None), (1, 1e-3)),
        Sample((values(rng, (1, 2, 2, 2)), None, None), (2, 1e-5)),
        Sample((values(rng, (0, 2, 2)), values(rng, (2,)), values(rng, (2,))), (2, 1e-5)),
    ],
    error_samples=lambda rng: [
        Sample((values(rng, (4,)), None, None), (2, 1e-5), ShapeError, "must be"),
        Sample((values(rng, (2, 4)), values(rng, (3,)), None), (2, 1e-5), ShapeError, "one number a channel"),
    ],
    formula="weight (x - mean) / sqrt(var + eps) + bias",
    source="Wu and He 2018, arXiv 1803.08494, equations 1 to 6",
)


# --- the public functions


def _normalized(name: str, x: Any, shape: Size, **vectors: Any) -> int:
    """How many of the last dimensions `shape` stands for.

    Raises:
        ShapeError: x does not end in `shape`, or a vector is not of it.
    """
    sizes = (shape,) if isinstance(shape, (int, np.integer)) else sequence(name, "normalized_shape", shape)
    if not sizes or x.shape[-len(sizes) :] != sizes:
        raise ShapeError(
            f"{name}: x {x.shape} does not end in normalized_shape {sizes}; give at least one of its last sizes"
        )
    for label, vector in vectors.items():
        if vector is not None and vector.shape != sizes:
            raise ShapeError(f"{name}: {label} {vector.shape} must have normalized_shape {sizes}")
    return len(sizes)


def _handles(name: str, *given: Any) -> list[Any]:
    return [v if v is None else as_handle(v, name) for v in given]


def layer_norm(
    input: Operand,
    normalized_shape: Size,
    weight: Operand | None = None,
    bias: Operand | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """Normalise over the last dimensions: `weight * (x - mean) / sqrt(var + eps) + bias`.

    Args:
        input: (..., *normalized_shape), of a floating dtype; float16 is computed in float32.
        normalized_shape: the sizes of the dimensions over which mean and (biased) variance are taken.
        weight, bias: of that shape, or None.
        eps: added to the variance.

    Raises:
        ShapeError: the shapes do not fit.
        DtypeError: the dtypes differ.

    Example:
        >>> autograd.layer_norm(autograd.tensor([[1.0, 3.0], [10.0, 30.0]]), (2,))
        tensor([[-1.0000,  1.0000],
                [-1.0000,  1.0000]])

    Source: Ba, Kiros and Hinton 2016, arXiv 1607.06450, equation 4.
    """
    x, factors, shifts = as_handle(input, "layer_norm"), *_handles("layer_norm", weight, bias)
    require_floating("layer_norm", x)
    count = _normalized("layer_norm", x, normalized_shape, weight=factors, bias=shifts)
    return LAYER_NORM.apply(x, factors, shifts, count, number("layer_norm", "eps", eps))


def rms_norm(input: Operand, normalized_shape: Size, weight: Operand | None = None, eps: float | None = None) -> Tensor:
    """Divide by the root of the mean square over the last dimensions: `weight * x / sqrt(mean(x ** 2) + eps)`.

    Args:
        input: (..., *normalized_shape), of a floating dtype; float16 is computed in float32.
        normalized_shape: the sizes of the dimensions over which the mean is taken.
        weight: of that shape, or None.
        eps: added to the mean; the distance from 1 to the next number of the dtype that is computed in, unless given.

    Raises:
        ShapeError: the shapes do not fit.
        DtypeError: the dtypes differ.

    Example:
        >>> autograd.rms_norm(autograd.tensor([[1.0, 7.0]]), (2,))
        tensor([[0.2000, 1.4000]])

    Source: Zhang and Sennrich 2019, arXiv 1910.07467, equation 4.
    """
    x, factors = as_handle(input, "rms_norm"), *_handles("rms_norm", weight)
    require_floating("rms_norm", x)
    count = _normalized("rms_norm", x, normalized_shape, weight=factors)
    if eps is None:
        eps = float(np.finfo(dtypes.float32 if x.dtype == dtypes.float16 else x.dtype).eps)
    return RMS_NORM.apply(x, factors, count, number("rms_norm", "eps", eps))


def group_norm(
    input: Operand, num_groups: int, weight: Operand | None = None, bias: Operand | None = None, eps: float = 1e-5
) -> Tensor:
    """Normalise over groups of channels of each example: `weight * (x - mean) / sqrt(var + eps) + bias`.

    Args:
        input: (N, C, ...), of a floating dtype; float16 is computed in float32.
        num_groups: into how many groups of equal size the channels are divided, one after the other.
        weight, bias: (C,), or None.
        eps: added to the variance.

    Raises:
        ShapeError: the shapes do not fit, or a group has one number.
        ArgumentError: C is no multiple of num_groups.
        DtypeError: the dtypes differ.

    Example:
        >>> autograd.group_norm(autograd.tensor([[1.0, 3.0, 10.0, 30.0]]), 2)
        tensor([[-1.0000,  1.0000, -1.0000,  1.0000]])

    Source: Wu and He 2018, arXiv 1803.08494, equations 1 to 6.
    """
    x, factors, shifts = as_handle(input, "group_norm"), *_handles("group_norm", weight, bias)
    require_floating("group_norm", x)
    if x.ndim < 2:
        raise ShapeError(f"group_norm: x {x.shape} must be (N, C, ...)")
    if not isinstance(num_groups, (int, np.integer)) or num_groups < 1 or x.shape[1] % num_groups:
        raise ArgumentError(
            f"group_norm: {x.shape[1]} channels of x {x.shape} cannot be divided into num_groups = {num_groups!r}"
        )
    if x.numel() and x.numel() == num_groups:
        raise ShapeError(f"group_norm: each group of x {x.shape} has one number, which has no variance")
    return GROUP_NORM.apply(x, factors, shifts, int(num_groups), number("group_norm", "eps", eps))
