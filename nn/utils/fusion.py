"""Batch normalisation, in evaluation, put into the weights of the layer before it."""

from __future__ import annotations

import copy
from typing import Any

import autograd
from autograd import Tensor
from autograd.errors import ArgumentError

from ..parameter import Parameter

__all__ = ["fuse_conv_bn_eval", "fuse_conv_bn_weights", "fuse_linear_bn_eval", "fuse_linear_bn_weights"]


def fuse_conv_bn_eval(conv: Any, bn: Any, transpose: bool = False) -> Any:
    """A convolution that computes what it and the normalisation after it do in evaluation.

    Args:
        conv: a convolution.
        bn: the BatchNorm of its channels, with running estimates.
        transpose: the convolution is a transposed one.

    Returns:
        A new convolution.

    Raises:
        ArgumentError: one of them is in training.

    Example:
        >>> conv, bn = nn.Conv2d(1, 2, 3).eval(), nn.BatchNorm2d(2).eval()
        >>> x = autograd.randn(1, 1, 4, 4)
        >>> autograd.allclose(nn.utils.fusion.fuse_conv_bn_eval(conv, bn)(x), bn(conv(x)), atol=1e-6)
        True
    """
    return _fused("fuse_conv_bn_eval", conv, bn, 1 if transpose else 0)


def fuse_linear_bn_eval(linear: Any, bn: Any) -> Any:
    """A linear layer that computes what it and the normalisation after it do in evaluation.

    Raises:
        ArgumentError: one of them is in training.
    """
    return _fused("fuse_linear_bn_eval", linear, bn, 0)


def _fused(name: str, layer: Any, bn: Any, dim: int) -> Any:
    if layer.training or bn.training:
        raise ArgumentError(f"{name}: in training the estimates change with every batch; call eval() on both first")
    fused = copy.deepcopy(layer)
    fused.weight, fused.bias = _weights(
        layer.weight, layer.bias, bn.running_mean, bn.running_var, bn.eps, bn.weight, bn.bias, dim
    )
    return fused


def fuse_conv_bn_weights(
    conv_w: Tensor,
    conv_b: Tensor | None,
    bn_rm: Tensor,
    bn_rv: Tensor,
    bn_eps: float,
    bn_w: Tensor | None,
    bn_b: Tensor | None,
    transpose: bool = False,
) -> tuple[Parameter, Parameter]:
    """The weight and bias of `fuse_conv_bn_eval`, from those of the two layers.

    Args:
        conv_w, conv_b: of the convolution.
        bn_rm, bn_rv, bn_eps: the running mean and variance, and what is added to the variance.
        bn_w, bn_b: of the normalisation; None for 1 and 0.
        transpose: the convolution is a transposed one.
    """
    return _weights(conv_w, conv_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b, 1 if transpose else 0)


def fuse_linear_bn_weights(
    linear_w: Tensor,
    linear_b: Tensor | None,
    bn_rm: Tensor,
    bn_rv: Tensor,
    bn_eps: float,
    bn_w: Tensor | None,
    bn_b: Tensor | None,
) -> tuple[Parameter, Parameter]:
    """The weight and bias of `fuse_linear_bn_eval`, from those of the two layers."""
    return _weights(linear_w, linear_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b, 0)


def _weights(
    weight: Tensor,
    bias: Tensor | None,
    mean: Tensor,
    variance: Tensor,
    eps: float,
    scale: Tensor | None,
    shift: Tensor | None,
    dim: int,
) -> tuple[Parameter, Parameter]:
    """Weights whose outputs lie along `dim`, times each output's factor, and the bias that goes with them."""
    factor = autograd.rsqrt(variance + eps)
    if scale is not None:
        factor = factor * scale
    shape = [1] * weight.ndim
    shape[dim] = -1
    moved = ((0 if bias is None else bias) - mean) * factor
    if shift is not None:
        moved = moved + shift
    return (
        Parameter(weight * factor.reshape(shape), requires_grad=weight.requires_grad),
        Parameter(moved, requires_grad=True if bias is None else bias.requires_grad),
    )
