"""Batch normalisation in evaluation, put into the weights of the layer before it."""

from __future__ import annotations

import copy
from typing import Any

import autograd
from autograd.errors import ArgumentError

from ..module import Module
from ..parameter import Parameter

__all__ = ["fuse_conv_bn_eval", "fuse_conv_bn_weights", "fuse_linear_bn_eval", "fuse_linear_bn_weights"]

Fused = tuple[Parameter, Parameter]


def fuse_conv_bn_weights(
    conv_w: Any, conv_b: Any, bn_rm: Any, bn_rv: Any, bn_eps: float, bn_w: Any, bn_b: Any, transpose: bool = False
) -> Fused:
    """Weight and bias of the convolution that does what a convolution and batch normalisation in evaluation do.

    `weight * s` and `(bias - mean) * s + b`, with `s = w / sqrt(var + eps)` for each output channel.

    Args:
        conv_w, conv_b: of the convolution; the bias may be None.
        bn_rm, bn_rv, bn_eps: running mean and variance, and eps.
        bn_w, bn_b: of the batch normalisation, or None.
        transpose: the convolution is a transposed one, whose output channels come second.

    Returns:
        Two Parameters, on memory of their own; a bias that was not there before does not require grad.
    """
    scale = (bn_rv + bn_eps).rsqrt() * (1 if bn_w is None else bn_w)
    shape = [1] * conv_w.ndim
    shape[1 if transpose else 0] = -1
    bias = (-bn_rm if conv_b is None else conv_b - bn_rm) * scale + (0 if bn_b is None else bn_b)
    weight = conv_w * scale.reshape(shape).to(conv_w.dtype)
    return (
        Parameter(weight.detach(), conv_w.requires_grad),
        Parameter(bias.to(conv_w.dtype).detach(), conv_b is not None and conv_b.requires_grad),
    )


def fuse_linear_bn_weights(
    linear_w: Any, linear_b: Any, bn_rm: Any, bn_rv: Any, bn_eps: float, bn_w: Any, bn_b: Any
) -> Fused:
    """As `fuse_conv_bn_weights`, for a linear layer."""
    return fuse_conv_bn_weights(linear_w, linear_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b)


def fuse_conv_bn_eval(conv: Any, bn: Any, transpose: bool = False) -> Any:
    """A convolution that does what a convolution and the batch normalisation after it do in evaluation.

    Args:
        conv: the convolution; it stays as it is.
        bn: the batch normalisation, with running estimates.
        transpose: the convolution is a transposed one.

    Returns:
        A new module of the convolution's kind.

    Raises:
        ArgumentError: one of them is in training mode, or there are no running estimates.

    Example:
        >>> conv, bn = nn.Conv2d(3, 4, 1).eval(), nn.BatchNorm2d(4).eval()
        >>> x = autograd.randn(1, 3, 2, 2)
        >>> bool(autograd.allclose(nn.utils.fuse_conv_bn_eval(conv, bn)(x), bn(conv(x)), atol=1e-6))
        True
    """
    return _fused("fuse_conv_bn_eval", conv, bn, transpose)


def fuse_linear_bn_eval(linear: Any, bn: Any) -> Any:
    """As `fuse_conv_bn_eval`, for a linear layer."""
    if linear.out_features != bn.num_features and bn.num_features != 1:
        raise ArgumentError(
            f"fuse_linear_bn_eval: {linear.out_features} output features do not fit {bn.num_features} normalised ones"
        )
    return _fused("fuse_linear_bn_eval", linear, bn, False)


def _fused(name: str, layer: Any, bn: Any, transpose: bool) -> Module:
    if layer.training or bn.training:
        raise ArgumentError(f"{name}: both layers must be in evaluation mode; call eval() first")
    if bn.running_mean is None or bn.running_var is None:
        raise ArgumentError(f"{name}: the batch normalisation has no running estimates to put into weights")
    fused = copy.deepcopy(layer)
    with autograd.no_grad():
        fused.weight, fused.bias = fuse_conv_bn_weights(
            layer.weight, layer.bias, bn.running_mean, bn.running_var, bn.eps, bn.weight, bn.bias, transpose
        )
    return fused
