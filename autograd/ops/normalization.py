"""Normalisation over a batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import dtypes
from ..errors import ArgumentError, ShapeError
from ..primitive import Sample, as_handle, define, op
from .families import values
from .products import same_dtype

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["batch_norm"]

Operand = Any


def _dims(ndim: int) -> tuple[int, ...]:
    """All dimensions but the channels."""
    return (0, *range(2, ndim))


def _channels(v: Any, ndim: int) -> Any:
    """A vector of one number a channel, shaped to broadcast."""
    return op.reshape(v, (1, v.shape[0]) + (1,) * (ndim - 2))


def _batch_norm(x: Any, weight: Any, bias: Any, eps: float) -> Any:
    if x.dtype == dtypes.float16:
        x, weight, bias = [a if a is None else a.astype(dtypes.float32) for a in (x, weight, bias)]
        out, mean, var = _batch_norm(x, weight, bias, eps)
        with np.errstate(over="ignore"):  # a variance may be too large for float16; what it scaled is not
            return tuple([a.astype(dtypes.float16) for a in (out, mean, var)])
    dims = _dims(x.ndim)
    mean = x.mean(axis=dims)
    centred = x - _channels(mean, x.ndim)
    var = np.mean(centred * centred, axis=dims)
    scale = 1 / np.sqrt(var + x.dtype.type(eps))
    out = centred * _channels(scale if weight is None else scale * weight, x.ndim)
    if bias is not None:
        out += _channels(bias, x.ndim)
    return out, mean, var


def _rule(needs: Sequence[bool], g: Any, x: Any, weight: Any, eps: float) -> list[Any]:
    """The rule of the paper's section 3, with mean and variance computed again, so that it has every order."""
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
    if x.size // max(x.shape[1], 1) < 2:
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
    samples=lambda rng: [
        Sample((values(rng, (4, 3)), values(rng, (3,)), values(rng, (3,))), (1e-5,)),
        Sample((values(rng, (2, 2, 3, 2)), values(rng, (2,)), None), (1e-3,)),
        Sample((values(rng, (2, 2, 3)), None, None), (1e-5,)),
    ],
    error_samples=lambda rng: [
        Sample((values(rng, (4, 3)), values(rng, (2,)), None), (1e-5,), ShapeError, "one number a channel"),
        Sample((values(rng, (1, 3)), None, None), (1e-5,), ShapeError, "fewer than two"),
    ],
    formula="weight (x - mean) / sqrt(var + eps) + bias",
    source="Ioffe and Szegedy 2015, arXiv 1502.03167, algorithm 1",
)


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
        input: (N, C, ...).
        running_mean, running_var: (C,), used outside training and changed in training.
        weight, bias: (C,), or None.
        training: normalise by the batch instead of the running estimates.
        momentum: the share of the new estimate.
        eps: added to the variance.

    Raises:
        ShapeError: a vector does not have C numbers, or a training batch has fewer than two numbers a channel.

    Example:
        >>> autograd.batch_norm(autograd.tensor([[1.0], [3.0]]), training=True)
        tensor([[-1.0000],
                [ 1.0000]])

    Source: Ioffe and Szegedy 2015, arXiv 1502.03167, algorithm 1.
    """
    x = as_handle(input, "batch_norm")
    if training:
        out, mean, var = BATCH_NORM.apply(x, weight, bias, float(eps))
        if running_mean is not None and running_var is not None:
            check_channels("batch_norm", x, running_mean=running_mean, running_var=running_var)
            n = x.numel() // x.shape[1]
            for running, estimate in ((running_mean, mean._array), (running_var, var._array * (n / (n - 1)))):
                running.copy_(running._array * (1 - momentum) + estimate * momentum)
        return out
    if running_mean is None or running_var is None:
        raise ArgumentError("batch_norm: outside training running_mean and running_var are needed; give both")
    running_mean, running_var = as_handle(running_mean, "batch_norm"), as_handle(running_var, "batch_norm")
    check_channels("batch_norm", x, running_mean=running_mean, running_var=running_var, weight=weight, bias=bias)
    shape = (1, x.shape[1]) + (1,) * (x.ndim - 2)
    scale = op.rsqrt.apply(running_var + eps)
    out = (x - running_mean.reshape(shape)) * (scale if weight is None else scale * weight).reshape(shape)
    return out if bias is None else out + bias.reshape(shape)
