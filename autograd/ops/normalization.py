"""Normalisation of each channel over a batch, or over each example."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import dtypes, kernels
from ..composites import composite
from ..errors import ArgumentError, ShapeError
from ..primitive import Sample, as_handle, define, op, version_cell
from .conv import kernel_arrays
from .families import is_raw, values
from .joining import cat
from .products import same_dtype

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["batch_norm", "instance_norm", "local_response_norm"]

Operand = Any


def _dims(ndim: int) -> tuple[int, ...]:
    """All dimensions but the channels."""
    return (0, *range(2, ndim))


def _channels(v: Any, ndim: int) -> Any:
    """A vector of one number a channel, shaped to broadcast."""
    return op.reshape(v, (1, v.shape[0]) + (1,) * (ndim - 2))


def _batch_reference(x: Any, weight: Any, bias: Any, eps: float) -> Any:
    dims = _dims(x.ndim)
    if not x.size:
        nothing = np.zeros(x.shape[1], x.dtype)
        return x.copy(), nothing, nothing.copy()
    mean = x.mean(axis=dims)
    centred = x - _channels(mean, x.ndim)
    var = np.mean(centred * centred, axis=dims)
    scale = 1 / np.sqrt(var + x.dtype.type(eps))
    out = centred * _channels(scale if weight is None else scale * weight, x.ndim)
    if bias is not None:
        out += _channels(bias, x.ndim)
    return out, mean, var


def _pixels(x: Any) -> Any:
    """Images as kernels want them: (N, C, S)."""
    return x.reshape(*x.shape[:2], math.prod(x.shape[2:]))


def _batch_norm(x: Any, weight: Any, bias: Any, eps: float) -> Any:
    if not x.size:
        return _batch_reference(x, weight, bias, eps)
    images, factors, shifts = kernel_arrays(x, weight, bias)
    out, mean, var = kernels.normalize.batch_norm(_pixels(images), factors, shifts, eps)
    if out.dtype is x.dtype:
        return out.reshape(x.shape), mean, var
    with np.errstate(over="ignore"):  # a variance may be too large for float16; what it scaled is not
        return out.reshape(x.shape).astype(x.dtype, copy=False), mean.astype(x.dtype), var.astype(x.dtype)


def _rule(needs: Sequence[bool], g: Any, x: Any, weight: Any, mean: Any, var: Any, eps: float) -> list[Any]:
    """The rule of the paper's section 3; for every order with mean and variance computed again."""
    if is_raw(g, x, weight):
        images, rows, factors = kernel_arrays(g, x, weight)
        slope, *vectors = kernels.normalize.batch_norm_backward(_pixels(images), _pixels(rows), factors, mean, var, eps)
        return [slope.reshape(x.shape), *vectors]
    if x.dtype == dtypes.float16:
        g, x = op.to_dtype(g, dtypes.float32), op.to_dtype(x, dtypes.float32)
    dims, ndim = _dims(x.ndim), x.ndim
    centred = x - op.mean(x, dims, True)
    rstd = op.rsqrt(op.mean(centred * centred, dims, True) + eps)
    hat = centred * rstd
    scaled = g if weight is None else g * _channels(weight, ndim)
    return [
        rstd * (scaled - op.mean(scaled, dims, True) - hat * op.mean(scaled * hat, dims, True)) if needs[0] else None,
        op.sum(g * hat, dims, False) if needs[1] else None,
        op.sum(g, dims, False) if needs[2] else None,
    ]


def _infer(x: Any, weight: Any, bias: Any, eps: float) -> None:
    check_channels("batch_norm", x, weight=weight, bias=bias)
    if x.size and x.size == x.shape[1]:
        raise ShapeError(
            f"batch_norm: x {x.shape} has fewer than two numbers a channel, which have no variance; "
            "use a larger batch, or eval mode"
        )


def check_channels(name: str, x: Any, **vectors: Any) -> None:
    """Raise unless x is (N, C, ...) and every vector that is given is (C,) of x's dtype."""
    if x.ndim < 2:
        raise ShapeError(f"{name}: x {x.shape} must be (N, C, ...)")
    same_dtype(name, x=x, **vectors)
    for label, vector in vectors.items():
        if vector is not None and vector.shape != (x.shape[1],):
            raise ShapeError(
                f"{name}: {label} {vector.shape} must be ({x.shape[1]},), one number a channel of {x.shape}"
            )


BATCH_NORM = define(
    "batch_norm",
    forward=_batch_norm,
    inputs=("x", "weight", "bias"),
    attributes=("eps",),
    outputs=("out", "mean", "var"),
    differentiable=(True, False, False),
    vjp=_rule,
    infer=_infer,
    reference=_batch_reference,
    samples=lambda rng: [
        Sample((values(rng, (4, 3)), values(rng, (3,)), values(rng, (3,))), (1e-5,)),
        Sample((values(rng, (2, 2, 3, 2)), values(rng, (2,)), None), (1e-3,)),
        Sample((values(rng, (2, 2, 3)), None, None), (1e-5,)),
        Sample((values(rng, (0, 2)), values(rng, (2,)), values(rng, (2,))), (1e-5,)),
    ],
    error_samples=lambda rng: [
        Sample((values(rng, (4, 3)), values(rng, (2,)), None), (1e-5,), ShapeError, "one number a channel"),
        Sample((values(rng, (1, 3)), None, None), (1e-5,), ShapeError, "fewer than two"),
    ],
    formula="weight (x - mean) / sqrt(var + eps) + bias",
    source="Ioffe and Szegedy 2015, arXiv 1502.03167, algorithm 1",
)


def _scaled_reference(x: Any, mean: Any, var: Any, weight: Any, bias: Any, eps: float) -> Any:
    scale = 1 / np.sqrt(var + x.dtype.type(eps))
    out = (x - _channels(mean, x.ndim)) * _channels(scale if weight is None else scale * weight, x.ndim)
    return out if bias is None else out + _channels(bias, x.ndim)


def _scaled(x: Any, mean: Any, var: Any, weight: Any, bias: Any, eps: float) -> Any:
    images, *vectors = kernel_arrays(x, mean, var, weight, bias)
    return kernels.normalize.scale_channels(_pixels(images), *vectors, eps).reshape(x.shape).astype(x.dtype, copy=False)


def _scaled_rule(needs: Sequence[bool], g: Any, x: Any, mean: Any, var: Any, weight: Any, eps: float) -> list[Any]:
    if x.dtype == dtypes.float16:
        g, x, mean, var, weight = [
            a if a is None else op.to_dtype(a, dtypes.float32) for a in (g, x, mean, var, weight)
        ]
    rstd: Any = None
    by_x: Any = None
    by_weight = by_bias = None
    if is_raw(g, x):
        gradient, images, centre, *scales = kernel_arrays(g, x, mean, var, weight)
        gradient = _pixels(gradient)
        if True in needs[1:]:
            given = gradient, _pixels(images), centre, *scales, eps
            by_x, by_weight, by_bias = kernels.normalize.scale_channels_backward(*given, needs[0])
        elif needs[0]:
            by_x = kernels.normalize.scale_channels(gradient, np.zeros_like(centre), *scales, None, eps)
        by_x = by_x.reshape(x.shape) if needs[0] else None
    else:
        dims, rstd = _dims(x.ndim), op.rsqrt(var + eps)
        by_x = g * _channels(rstd if weight is None else rstd * weight, x.ndim)
        by_weight = rstd * op.sum(g * (x - _channels(mean, x.ndim)), dims, False)
        by_bias = op.sum(g, dims, False)
    by_mean = by_var = None
    if needs[1] or needs[2]:
        rstd = op.rsqrt(var + eps) if rstd is None else rstd
        scale = rstd if weight is None else rstd * weight
        by_mean, by_var = -scale * by_bias, -0.5 * scale * rstd * by_weight
    return [by_x, by_mean, by_var, by_weight if needs[3] else None, by_bias if needs[4] else None]


SCALED_CHANNELS = define(
    "scaled_channels",
    forward=_scaled,
    inputs=("x", "mean", "var", "weight", "bias"),
    attributes=("eps",),
    vjp=_scaled_rule,
    reference=_scaled_reference,
    samples=lambda rng: [
        Sample(
            (values(rng, (4, 3)), values(rng, (3,)), values(rng, (3,), 0.5, 2), values(rng, (3,)), values(rng, (3,))),
            (1e-5,),
        ),
        Sample((values(rng, (2, 2, 3, 2)), values(rng, (2,)), values(rng, (2,), 0.5, 2), None, None), (1e-3,)),
    ],
    formula="weight (x - mean) / sqrt(var + eps) + bias, of mean and var that are given",
    source="Ioffe and Szegedy 2015, arXiv 1502.03167, algorithm 2",
)


def _move(running: Any, estimate: Any, momentum: float) -> None:
    """Move a running estimate towards a new one."""
    array = running._array
    if running._requires_grad or running._view or not array.flags.writeable:
        running.copy_(array * (1 - momentum) + estimate * momentum)  # which refuses it, or changes the whole too
        return
    array *= 1 - momentum
    array += estimate * momentum
    version_cell(running)[0] += 1


def batch_norm(
    input: Operand,
    running_mean: Operand | None = None,
    running_var: Operand | None = None,
    weight: Operand | None = None,
    bias: Operand | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Normalise each channel: `weight * (x - mean) / sqrt(var + eps) + bias`.

    In training, mean and (biased) variance are those of the batch, and the running estimates, where given, move
    towards them: `running = (1 - momentum) * running + momentum * estimate`, with the unbiased variance.

    Args:
        input: (N, C, ...); or empty, of any shape.
        running_mean, running_var: (C,), used outside training and changed in training.
        weight, bias: (C,), or None.
        training: normalise by the batch instead of the running estimates.
        momentum: the share of the new estimate.
        eps: added to the variance.

    Raises:
        ShapeError: a vector does not have C numbers, or a training batch has one number a channel.
        ArgumentError: eps is negative, or 0 in training.

    Example:
        >>> autograd.batch_norm(autograd.tensor([[1.0], [3.0]]), training=True)
        tensor([[-1.0000],
                [ 1.0000]])

    Source: Ioffe and Szegedy 2015, arXiv 1502.03167, algorithm 1.
    """
    x = as_handle(input, "batch_norm")
    if eps < 0 or (training and eps == 0):
        raise ArgumentError(f"batch_norm: eps is {eps}; use a positive number")
    if x.ndim == 1 and not x.numel():
        return op.clone.apply(x)
    if training:
        out, mean, var = BATCH_NORM.apply(x, weight, bias, float(eps))
        if running_mean is not None and running_var is not None and x.numel():
            for running in (running_mean, running_var):
                if running.shape != mean.shape or running.dtype != mean.dtype:
                    check_channels("batch_norm", x, running_mean=running_mean, running_var=running_var)
            n = x.numel() // x.shape[1]
            _move(running_mean, mean._array, momentum)
            _move(running_var, var._array * (n / (n - 1)), momentum)
        return out
    if running_mean is None or running_var is None:
        raise ArgumentError("batch_norm: outside training running_mean and running_var are needed; give both")
    running_mean, running_var = as_handle(running_mean, "batch_norm"), as_handle(running_var, "batch_norm")
    check_channels("batch_norm", x, running_mean=running_mean, running_var=running_var, weight=weight, bias=bias)
    if not x.numel():
        return x.clone()
    return SCALED_CHANNELS.apply(x, running_mean, running_var, weight, bias, float(eps))


def _instance_reference(x: np.ndarray, mean: None = None, var: None = None, weight: Any = 1, bias: Any = 0) -> Any:
    dims = tuple(range(2, x.ndim))
    out = (x - x.mean(dims, keepdims=True)) / np.sqrt(x.var(dims, keepdims=True) + 1e-5)
    shape = (-1,) + (1,) * (x.ndim - 2)
    return out * np.reshape(weight, shape) + np.reshape(bias, shape)


@composite(
    formula="weight (x - mean) / sqrt(var + eps) + bias, over each channel of each example",
    samples=lambda rng: [
        Sample((values(rng, (2, 3, 4)),)),
        Sample((values(rng, (2, 2, 3, 2)), None, None, values(rng, (2,)), values(rng, (2,)))),
    ],
    reference=_instance_reference,
    error_samples=lambda rng: [Sample((values(rng, (2, 3, 1)),), (), ShapeError, "one number a channel")],
    source="Ulyanov, Vedaldi and Lempitsky 2016, arXiv 1607.08022",
)
def instance_norm(
    input: Operand,
    running_mean: Operand | None = None,
    running_var: Operand | None = None,
    weight: Operand | None = None,
    bias: Operand | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Normalise each channel of each example: `weight * (x - mean) / sqrt(var + eps) + bias`.

    Args:
        input: (N, C, ...).
        running_mean, running_var: (C,), moved towards the averages of the examples' means and unbiased variances;
            without `use_input_stats` they take the place of the examples' own.
        weight, bias: (C,), or None.
        use_input_stats: normalise each example by its own mean and variance.
        momentum: the share of the new estimate.
        eps: added to the variance.

    Raises:
        ShapeError: a vector does not have C numbers, or an example has one number a channel.
        ArgumentError: running estimates are needed and not given.

    Example:
        >>> autograd.instance_norm(autograd.tensor([[[1.0, 3.0]]]))
        tensor([[[-1.0000,  1.0000]]])

    Source: Ulyanov, Vedaldi and Lempitsky 2016, arXiv 1607.08022, equation 4.
    """
    x = as_handle(input, "instance_norm")
    vectors = {"running_mean": running_mean, "running_var": running_var, "weight": weight, "bias": bias}
    given = {label: v if v is None else as_handle(v, "instance_norm") for label, v in vectors.items()}
    check_channels("instance_norm", x, **given)
    if not use_input_stats:
        return batch_norm(x, running_mean, running_var, weight, bias, False, momentum, eps)
    n = math.prod(x.shape[2:])
    if n == 1:
        raise ShapeError(
            f"instance_norm: an example of x {x.shape} has one number a channel, which has no variance; use larger ones"
        )
    out = op.group_norm.apply(x, given["weight"], given["bias"], x.shape[1], float(eps)) if x.numel() else x
    if x.numel() and running_mean is not None and running_var is not None:
        dims = tuple(range(2, x.ndim))
        _move(running_mean, x._array.mean(axis=dims).mean(axis=0), momentum)
        _move(running_var, x._array.var(axis=dims, ddof=1).mean(axis=0), momentum)
    return out


def _response_reference(
    x: np.ndarray, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
) -> np.ndarray:
    out = np.empty_like(x)
    for c in range(x.shape[1]):
        near = x[:, max(c - size // 2, 0) : c + (size - 1) // 2 + 1]
        out[:, c] = x[:, c] / (k + alpha * (near**2).sum(1) / size) ** beta
    return out


@composite(
    formula="x / (k + alpha mean of x^2 over near channels)^beta",
    samples=lambda rng: [
        Sample((values(rng, (2, 4, 3)), 3), keywords={"alpha": 0.5}),
        Sample((values(rng, (1, 5, 2, 2)), 2), keywords={"alpha": 1.0, "beta": 0.5, "k": 2.0}),
    ],
    reference=_response_reference,
    error_samples=lambda rng: [
        Sample((values(rng, (2, 3)), 2), (), ShapeError, "three dimensions"),
        Sample((values(rng, (2, 3, 1)), 0), (), ArgumentError, "size"),
    ],
    source="Krizhevsky, Sutskever and Hinton 2012, Advances in Neural Information Processing Systems 25",
)
def local_response_norm(input: Operand, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Tensor:
    """Divide by the strength of near channels: `x / (k + alpha * mean(near ** 2)) ** beta`.

    Args:
        input: (N, C, d1, ...).
        size: how many channels are near: `size // 2` before and `(size - 1) // 2` after, with zeros at the ends.
        alpha, beta, k: the numbers of the formula.

    Raises:
        ShapeError: the input has fewer than three dimensions.
        ArgumentError: size is no positive whole number.

    Example:
        >>> autograd.local_response_norm(autograd.ones(1, 2, 1), 2, alpha=1.0, beta=1.0)
        tensor([[[0.6667],
                 [0.5000]]])

    Source: Krizhevsky, Sutskever and Hinton 2012, Advances in Neural Information Processing Systems 25, section 3.3,
    where the sum is not divided by the size.
    """
    x = as_handle(input, "local_response_norm")
    if x.ndim < 3:
        raise ShapeError(f"local_response_norm: x {x.shape} needs at least three dimensions, (N, C, d1, ...)")
    if not isinstance(size, (int, np.integer)) or size < 1:
        raise ArgumentError(f"local_response_norm: size is {size!r}; use a positive whole number")
    if not x.numel():
        return x

    def silent(channels: int) -> Any:
        return as_handle(np.zeros((x.shape[0], channels, *x.shape[2:]), x.dtype), "local_response_norm")

    squares = cat((silent(size // 2), op.square.apply(x), silent((size - 1) // 2)), 1)
    near = squares[:, : x.shape[1]]
    for first in range(1, size):
        near = near + squares[:, first : first + x.shape[1]]
    return x / (near * (alpha / size) + k) ** beta
