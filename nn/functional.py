"""The functions of `autograd` under the names and in the argument order of `torch.nn.functional`.

>>> import nn.functional as F
>>> F.relu(autograd.tensor([-1.0, 2.0]))
tensor([0., 2.])

Where PyTorch's function takes `inplace`, it is accepted and the result is a new tensor in any case. PyTorch's
deprecated `size_average` and `reduce` of the losses are not there; use `reduction`.
"""

from __future__ import annotations

from typing import Any

import autograd
from autograd import (
    Tensor,
    avg_pool2d,
    batch_norm,
    binary_cross_entropy_with_logits,
    conv2d,
    cross_entropy,
    gelu,
    l1_loss,
    linear,
    logsigmoid,
    max_pool2d,
    mse_loss,
    multi_margin_loss,
    multiclass_hinge_loss,
    nll_loss,
    one_hot,
    pad,
    sigmoid,
    softplus,
    softsign,
    tanh,
)
from autograd.errors import ArgumentError, ShapeError
from autograd.primitive import as_handle

__all__ = [
    "avg_pool2d",
    "batch_norm",
    "binary_cross_entropy_with_logits",
    "conv2d",
    "cross_entropy",
    "dropout",
    "elu",
    "gelu",
    "hardtanh",
    "l1_loss",
    "leaky_relu",
    "linear",
    "log_softmax",
    "logsigmoid",
    "max_pool2d",
    "mse_loss",
    "multi_margin_loss",
    "multiclass_hinge_loss",
    "nll_loss",
    "normalize",
    "one_hot",
    "pad",
    "prelu",
    "relu",
    "relu6",
    "selu",
    "sigmoid",
    "silu",
    "softmax",
    "softplus",
    "softsign",
    "tanh",
]


def relu(input: Any, inplace: bool = False) -> Tensor:
    """`max(x, 0)`; its gradient at 0 is 0.

    Example:
        >>> nn.functional.relu(autograd.tensor([-1.0, 2.0]))
        tensor([0., 2.])
    """
    return autograd.relu(input)


def relu6(input: Any, inplace: bool = False) -> Tensor:
    """`min(max(x, 0), 6)`.

    Example:
        >>> nn.functional.relu6(autograd.tensor([-1.0, 9.0]))
        tensor([0., 6.])
    """
    return autograd.relu6(input)


def selu(input: Any, inplace: bool = False) -> Tensor:
    """`scale * (max(x, 0) + min(alpha (e^x - 1), 0))`.

    Example:
        >>> nn.functional.selu(autograd.tensor([-1.0, 2.0]))
        tensor([-1.1113,  2.1014])

    Source: Klambauer et al. 2017, arXiv 1706.02515, equation 2.
    """
    return autograd.selu(input)


def silu(input: Any, inplace: bool = False) -> Tensor:
    """`x / (1 + e^-x)`.

    Example:
        >>> nn.functional.silu(autograd.tensor([-1.0, 2.0]))
        tensor([-0.2689,  1.7616])

    Source: Elfwing, Uchibe and Doya 2017, arXiv 1702.03118, equation 5.
    """
    return autograd.silu(input)


def elu(input: Any, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """`x` where `x > 0`, else `alpha * (e^x - 1)`.

    Example:
        >>> nn.functional.elu(autograd.tensor([-1.0, 2.0]))
        tensor([-0.6321,  2.0000])

    Source: Clevert, Unterthiner and Hochreiter 2015, arXiv 1511.07289, equation 15.
    """
    return autograd.elu(input, alpha)


def leaky_relu(input: Any, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """`x` where `x > 0`, else `negative_slope * x`.

    Example:
        >>> nn.functional.leaky_relu(autograd.tensor([-1.0, 2.0]), 0.1)
        tensor([-0.1000,  2.0000])
    """
    return autograd.leaky_relu(input, negative_slope)


def prelu(input: Any, weight: Any) -> Tensor:
    """`x` where `x > 0`, else `weight * x`.

    Args:
        input: of any shape; with several slopes, channels are dimension 1.
        weight: (1,), or (C,) with one slope a channel.

    Raises:
        ShapeError: there are neither one nor C slopes.

    Example:
        >>> nn.functional.prelu(autograd.tensor([-1.0, 2.0]), autograd.tensor([0.5]))
        tensor([-0.5000,  2.0000])

    Source: He et al. 2015, arXiv 1502.01852, equation 1.
    """
    x, slope = as_handle(input, "prelu"), as_handle(weight, "prelu")
    if slope.ndim > 1 or (slope.numel() != 1 and (x.ndim < 2 or slope.numel() != x.shape[1])):
        channels = f"{x.shape[1]}, one a channel" if x.ndim > 1 else "1"
        raise ShapeError(f"prelu: weight {slope.shape} does not fit x {x.shape}; use one slope, or {channels}")
    if slope.numel() != 1:
        slope = slope.reshape((-1,) + (1,) * (x.ndim - 2))
    elif x.ndim == 0:
        slope = slope.reshape(())
    return autograd.where(x > 0, x, slope * x)


def hardtanh(input: Any, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Tensor:
    """x limited to an interval; the gradient at its bounds is 0.

    Example:
        >>> nn.functional.hardtanh(autograd.tensor([-3.0, 0.5]))
        tensor([-1.0000,  0.5000])
    """
    return autograd.hardtanh(input, min_val, max_val)


def dropout(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """In training each number is zeroed with probability p, and the others are divided by 1 - p.

    Example:
        >>> nn.functional.dropout(autograd.ones(3), training=False)
        tensor([1., 1., 1.])
    """
    return autograd.dropout(input, p, training)


def required_dim(name: str, dim: int | None) -> int:
    """The dimension, or an error where it was left out."""
    if dim is None:
        raise ArgumentError(f"{name}: dim is None, which leaves open what is to sum to 1; give it, as in dim=1")
    return dim


def softmax(input: Any, dim: int | None = None, *, dtype: Any = None) -> Tensor:
    """`e^x[i] / sum over j of e^x[j]` along a dimension.

    Args:
        input: scores, of any shape.
        dim: the dimension that is to sum to 1; it must be given.
        dtype: convert the input first.

    Raises:
        ArgumentError: dim is None, or there is no such dimension.

    Example:
        >>> nn.functional.softmax(autograd.tensor([0.0, 0.0]), dim=0)
        tensor([0.5000, 0.5000])
    """
    dim = required_dim("softmax", dim)
    return autograd.softmax(input if dtype is None else as_handle(input, "softmax").to(dtype), dim)


def log_softmax(input: Any, dim: int | None = None, *, dtype: Any = None) -> Tensor:
    """The logarithm of `softmax`, without overflow; arguments as there.

    Example:
        >>> nn.functional.log_softmax(autograd.tensor([0.0, 0.0]), dim=0)
        tensor([-0.6931, -0.6931])
    """
    dim = required_dim("log_softmax", dim)
    return autograd.log_softmax(input if dtype is None else as_handle(input, "log_softmax").to(dtype), dim)


def normalize(input: Any, p: float = 2.0, dim: int = 1, eps: float = 1e-12) -> Tensor:
    """Vectors along a dimension divided by their norm: `x / max(norm_p(x), eps)`.

    Args:
        input: of any shape.
        p: which norm.
        dim: the dimension of the vectors.
        eps: the least that is divided by.

    Example:
        >>> nn.functional.normalize(autograd.tensor([[3.0, 4.0]]))
        tensor([[0.6000, 0.8000]])
    """
    x = as_handle(input, "normalize")
    return x / x.norm(p, dim, True).clamp(min=eps)
