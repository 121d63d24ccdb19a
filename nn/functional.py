"""The functions of `autograd` under the names and in the argument order of `torch.nn.functional`.

>>> import nn.functional as F
>>> F.relu(autograd.tensor([-1.0, 2.0]))
tensor([0., 2.])

With `inplace=True` the input is overwritten with the result, and returned. PyTorch's deprecated `size_average` and
`reduce` of the losses are not there; use `reduction`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import autograd
from autograd import (
    Tensor,
    adaptive_avg_pool1d,
    adaptive_avg_pool2d,
    adaptive_avg_pool3d,
    adaptive_max_pool1d,
    adaptive_max_pool2d,
    adaptive_max_pool3d,
    affine_grid,
    avg_pool1d,
    avg_pool2d,
    avg_pool3d,
    batch_norm,
    bilinear,
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    channel_shuffle,
    conv1d,
    conv2d,
    conv3d,
    conv_transpose1d,
    conv_transpose2d,
    conv_transpose3d,
    cosine_embedding_loss,
    cosine_similarity,
    cross_entropy,
    ctc_loss,
    embedding,
    embedding_bag,
    fractional_max_pool2d,
    fractional_max_pool3d,
    gaussian_nll_loss,
    gelu,
    glu,
    grid_sample,
    group_norm,
    gumbel_softmax,
    hardshrink,
    hinge_embedding_loss,
    huber_loss,
    instance_norm,
    interpolate,
    kl_div,
    l1_loss,
    layer_norm,
    linear,
    linear_cross_entropy,
    local_response_norm,
    logsigmoid,
    lp_pool1d,
    lp_pool2d,
    lp_pool3d,
    margin_ranking_loss,
    max_pool1d,
    max_pool2d,
    max_pool3d,
    max_unpool1d,
    max_unpool2d,
    max_unpool3d,
    maxout,
    mse_loss,
    multi_head_attention_forward,
    multi_margin_loss,
    multiclass_hinge_loss,
    multilabel_margin_loss,
    multilabel_soft_margin_loss,
    nll_loss,
    normalize,
    one_hot,
    pad,
    pairwise_distance,
    pdist,
    pixel_shuffle,
    pixel_unshuffle,
    poisson_nll_loss,
    prelu,
    rms_norm,
    scaled_dot_product_attention,
    sigmoid,
    smooth_l1_loss,
    soft_margin_loss,
    softplus,
    softshrink,
    softsign,
    tanh,
    tanhshrink,
    triplet_margin_loss,
    triplet_margin_with_distance_loss,
)
from autograd.errors import ArgumentError
from autograd.methods.inplace import become

__all__ = [
    "adaptive_avg_pool1d",
    "adaptive_avg_pool2d",
    "adaptive_avg_pool3d",
    "adaptive_max_pool1d",
    "adaptive_max_pool2d",
    "adaptive_max_pool3d",
    "affine_grid",
    "alpha_dropout",
    "avg_pool1d",
    "avg_pool2d",
    "avg_pool3d",
    "batch_norm",
    "bilinear",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "celu",
    "channel_shuffle",
    "conv1d",
    "conv2d",
    "conv3d",
    "conv_transpose1d",
    "conv_transpose2d",
    "conv_transpose3d",
    "cosine_embedding_loss",
    "cosine_similarity",
    "cross_entropy",
    "ctc_loss",
    "dropout",
    "dropout1d",
    "dropout2d",
    "dropout3d",
    "elu",
    "embedding",
    "embedding_bag",
    "feature_alpha_dropout",
    "fold",
    "fractional_max_pool2d",
    "fractional_max_pool3d",
    "gaussian_nll_loss",
    "gelu",
    "glu",
    "grid_sample",
    "group_norm",
    "gumbel_softmax",
    "hardshrink",
    "hardsigmoid",
    "hardswish",
    "hardtanh",
    "hinge_embedding_loss",
    "huber_loss",
    "instance_norm",
    "interpolate",
    "kl_div",
    "l1_loss",
    "layer_norm",
    "leaky_relu",
    "linear",
    "linear_cross_entropy",
    "local_response_norm",
    "log_softmax",
    "logsigmoid",
    "lp_pool1d",
    "lp_pool2d",
    "lp_pool3d",
    "margin_ranking_loss",
    "max_pool1d",
    "max_pool2d",
    "max_pool3d",
    "max_unpool1d",
    "max_unpool2d",
    "max_unpool3d",
    "maxout",
    "mish",
    "mse_loss",
    "multi_head_attention_forward",
    "multi_margin_loss",
    "multiclass_hinge_loss",
    "multilabel_margin_loss",
    "multilabel_soft_margin_loss",
    "nll_loss",
    "normalize",
    "one_hot",
    "pad",
    "pairwise_distance",
    "pdist",
    "pixel_shuffle",
    "pixel_unshuffle",
    "poisson_nll_loss",
    "prelu",
    "relu",
    "relu6",
    "rms_norm",
    "rrelu",
    "scaled_dot_product_attention",
    "selu",
    "sigmoid",
    "silu",
    "smooth_l1_loss",
    "soft_margin_loss",
    "softmax",
    "softmin",
    "softplus",
    "softshrink",
    "softsign",
    "tanh",
    "tanhshrink",
    "threshold",
    "triplet_margin_loss",
    "triplet_margin_with_distance_loss",
    "unfold",
    "upsample",
    "upsample_bilinear",
    "upsample_nearest",
]


def _overwritten(function: Callable[..., Any], input: Any, *arguments: Any) -> Any:
    """The input, overwritten with the function of it, in memory and in the graph; an array's result is new."""
    if not isinstance(input, Tensor):
        return function(input, *arguments)
    return become(input, f"{function.__name__}_", function, *arguments)


def relu(input: Any, inplace: bool = False) -> Tensor:
    """`max(x, 0)`; its gradient at 0 is 0.

    Example:
        >>> nn.functional.relu(autograd.tensor([-1.0, 2.0]))
        tensor([0., 2.])
    """
    if inplace:
        return _overwritten(autograd.relu, input)
    return autograd.relu(input)


def relu6(input: Any, inplace: bool = False) -> Tensor:
    """`min(max(x, 0), 6)`.

    Example:
        >>> nn.functional.relu6(autograd.tensor([-1.0, 9.0]))
        tensor([0., 6.])
    """
    if inplace:
        return _overwritten(autograd.relu6, input)
    return autograd.relu6(input)


def selu(input: Any, inplace: bool = False) -> Tensor:
    """`scale * (max(x, 0) + min(alpha (e^x - 1), 0))`.

    Example:
        >>> nn.functional.selu(autograd.tensor([-1.0, 2.0]))
        tensor([-1.1113,  2.1014])

    Source: Klambauer et al. 2017, arXiv 1706.02515, equation 2.
    """
    if inplace:
        return _overwritten(autograd.selu, input)
    return autograd.selu(input)


def silu(input: Any, inplace: bool = False) -> Tensor:
    """`x / (1 + e^-x)`.

    Example:
        >>> nn.functional.silu(autograd.tensor([-1.0, 2.0]))
        tensor([-0.2689,  1.7616])

    Source: Elfwing, Uchibe and Doya 2017, arXiv 1702.03118, equation 5.
    """
    if inplace:
        return _overwritten(autograd.silu, input)
    return autograd.silu(input)


def elu(input: Any, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """`x` where `x > 0`, else `alpha * (e^x - 1)`.

    Example:
        >>> nn.functional.elu(autograd.tensor([-1.0, 2.0]))
        tensor([-0.6321,  2.0000])

    Source: Clevert, Unterthiner and Hochreiter 2015, arXiv 1511.07289, equation 15.
    """
    if inplace:
        return _overwritten(autograd.elu, input, alpha)
    return autograd.elu(input, alpha)


def leaky_relu(input: Any, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """`x` where `x > 0`, else `negative_slope * x`.

    Example:
        >>> nn.functional.leaky_relu(autograd.tensor([-1.0, 2.0]), 0.1)
        tensor([-0.1000,  2.0000])
    """
    if inplace:
        return _overwritten(autograd.leaky_relu, input, negative_slope)
    return autograd.leaky_relu(input, negative_slope)


def hardtanh(input: Any, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Tensor:
    """x limited to an interval; the gradient at its bounds is 0.

    Example:
        >>> nn.functional.hardtanh(autograd.tensor([-3.0, 0.5]))
        tensor([-1.0000,  0.5000])
    """
    if inplace:
        return _overwritten(autograd.hardtanh, input, min_val, max_val)
    return autograd.hardtanh(input, min_val, max_val)


def dropout(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """In training each number is zeroed with probability p, and the others are divided by 1 - p.

    Example:
        >>> nn.functional.dropout(autograd.ones(3), training=False)
        tensor([1., 1., 1.])
    """
    if inplace and training and p:
        return _overwritten(autograd.dropout, input, p, training)
    return autograd.dropout(input, p, training)


def celu(input: Any, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """`max(x, 0) + min(alpha (e^(x / alpha) - 1), 0)`: see `autograd.celu`.

    Example:
        >>> nn.functional.celu(autograd.tensor([-1.0, 2.0]))
        tensor([-0.6321,  2.0000])
    """
    return _overwritten(autograd.celu, input, alpha) if inplace else autograd.celu(input, alpha)


def mish(input: Any, inplace: bool = False) -> Tensor:
    """`x tanh(softplus(x))`: see `autograd.mish`.

    Example:
        >>> nn.functional.mish(autograd.tensor([-1.0, 2.0]))
        tensor([-0.3034,  1.9440])
    """
    return _overwritten(autograd.mish, input) if inplace else autograd.mish(input)


def hardsigmoid(input: Any, inplace: bool = False) -> Tensor:
    """`relu6(x + 3) / 6`: see `autograd.hardsigmoid`.

    Example:
        >>> nn.functional.hardsigmoid(autograd.tensor([-4.0, 0.0]))
        tensor([0.0000, 0.5000])
    """
    return _overwritten(autograd.hardsigmoid, input) if inplace else autograd.hardsigmoid(input)


def hardswish(input: Any, inplace: bool = False) -> Tensor:
    """`x relu6(x + 3) / 6`: see `autograd.hardswish`.

    Example:
        >>> nn.functional.hardswish(autograd.tensor([-4.0, 3.0])).tolist()
        [-0.0, 3.0]
    """
    return _overwritten(autograd.hardswish, input) if inplace else autograd.hardswish(input)


def threshold(input: Any, threshold: float, value: float, inplace: bool = False) -> Tensor:
    """x where it is above `threshold`, else `value`: see `autograd.threshold`.

    Example:
        >>> nn.functional.threshold(autograd.tensor([-1.0, 2.0]), 0.5, 7.0)
        tensor([7., 2.])
    """
    if inplace:
        return _overwritten(autograd.threshold, input, threshold, value)
    return autograd.threshold(input, threshold, value)


def rrelu(
    input: Any, lower: float = 1 / 8, upper: float = 1 / 3, training: bool = False, inplace: bool = False
) -> Tensor:
    """`leaky_relu` whose slopes are drawn in training: see `autograd.rrelu`.

    Example:
        >>> nn.functional.rrelu(autograd.tensor([-1.0, 2.0]), 0.5, 0.5)
        tensor([-0.5000,  2.0000])
    """
    if inplace:
        return _overwritten(autograd.rrelu, input, lower, upper, training)
    return autograd.rrelu(input, lower, upper, training)


def dropout1d(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Dropout of whole channels of sequences: see `autograd.dropout1d`.

    Example:
        >>> nn.functional.dropout1d(autograd.ones(1, 1, 3), training=False).shape
        (1, 1, 3)
    """
    if inplace and training and p:
        return _overwritten(autograd.dropout1d, input, p, training)
    return autograd.dropout1d(input, p, training)


def dropout2d(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Dropout of whole channels of images: see `autograd.dropout2d`.

    Example:
        >>> nn.functional.dropout2d(autograd.ones(1, 1, 3, 3), training=False).shape
        (1, 1, 3, 3)
    """
    if inplace and training and p:
        return _overwritten(autograd.dropout2d, input, p, training)
    return autograd.dropout2d(input, p, training)


def dropout3d(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Dropout of whole channels of volumes: see `autograd.dropout3d`.

    Example:
        >>> nn.functional.dropout3d(autograd.ones(1, 1, 3, 3, 3), training=False).shape
        (1, 1, 3, 3, 3)
    """
    if inplace and training and p:
        return _overwritten(autograd.dropout3d, input, p, training)
    return autograd.dropout3d(input, p, training)


def alpha_dropout(input: Any, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """Dropout that keeps mean 0 and variance 1: see `autograd.alpha_dropout`.

    Example:
        >>> nn.functional.alpha_dropout(autograd.ones(1, 1, 3), training=False).shape
        (1, 1, 3)
    """
    if inplace and training and p:
        return _overwritten(autograd.alpha_dropout, input, p, training)
    return autograd.alpha_dropout(input, p, training)


def feature_alpha_dropout(input: Any, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """`alpha_dropout` of whole channels: see `autograd.feature_alpha_dropout`.

    Example:
        >>> nn.functional.feature_alpha_dropout(autograd.ones(1, 1, 3), training=False).shape
        (1, 1, 3)
    """
    if inplace and training and p:
        return _overwritten(autograd.feature_alpha_dropout, input, p, training)
    return autograd.feature_alpha_dropout(input, p, training)


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
    return autograd.softmax(input, dim, dtype=dtype)


def log_softmax(input: Any, dim: int | None = None, *, dtype: Any = None) -> Tensor:
    """The logarithm of `softmax`, without overflow; arguments as there.

    Example:
        >>> nn.functional.log_softmax(autograd.tensor([0.0, 0.0]), dim=0)
        tensor([-0.6931, -0.6931])
    """
    dim = required_dim("log_softmax", dim)
    return autograd.log_softmax(input, dim, dtype=dtype)


def softmin(input: Any, dim: int | None = None, *, dtype: Any = None) -> Tensor:
    """The softmax of `-x`; arguments as there.

    Example:
        >>> nn.functional.softmin(autograd.tensor([0.0, 0.0]), dim=0)
        tensor([0.5000, 0.5000])
    """
    return autograd.softmin(input, required_dim("softmin", dim), dtype=dtype)


def unfold(input: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Tensor:
    """The windows of images, each laid out as a column: see `autograd.im2col`.

    Example:
        >>> nn.functional.unfold(autograd.ones(1, 3, 4, 4), kernel_size=2).shape
        (1, 12, 9)
    """
    return autograd.im2col(input, kernel_size, dilation, padding, stride)


def fold(
    input: Any, output_size: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
) -> Tensor:
    """Columns added up into images, where their windows overlap: see `autograd.col2im`.

    Example:
        >>> nn.functional.fold(autograd.ones(1, 12, 9), (4, 4), kernel_size=2).shape
        (1, 3, 4, 4)
    """
    return autograd.col2im(input, output_size, kernel_size, dilation, padding, stride)


def upsample(
    input: Any, size: Any = None, scale_factor: Any = None, mode: str = "nearest", align_corners: bool | None = None
) -> Tensor:
    """The old name of `interpolate`, without its last arguments.

    Example:
        >>> nn.functional.upsample(autograd.ones(1, 3, 4, 4), scale_factor=2).shape
        (1, 3, 8, 8)
    """
    return autograd.interpolate(input, size, scale_factor, mode, align_corners)


def upsample_nearest(input: Any, size: Any = None, scale_factor: Any = None) -> Tensor:
    """The old name of `interpolate` in mode "nearest".

    Example:
        >>> nn.functional.upsample_nearest(autograd.ones(1, 3, 4, 4), scale_factor=2).shape
        (1, 3, 8, 8)
    """
    return autograd.interpolate(input, size, scale_factor, "nearest")


def upsample_bilinear(input: Any, size: Any = None, scale_factor: Any = None) -> Tensor:
    """The old name of `interpolate` in mode "bilinear" with `align_corners`.

    Example:
        >>> nn.functional.upsample_bilinear(autograd.ones(1, 3, 4, 4), scale_factor=2).shape
        (1, 3, 8, 8)
    """
    return autograd.interpolate(input, size, scale_factor, "bilinear", True)


def _in_place(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """PyTorch's second name for `inplace=True`."""

    def overwrite(input: Any, *arguments: Any, **keywords: Any) -> Tensor:
        return function(input, *arguments, **keywords, inplace=True)

    overwrite.__name__ = overwrite.__qualname__ = f"{function.__name__}_"
    overwrite.__doc__ = f"`{function.__name__}` with `inplace=True`: the input is overwritten and returned."
    return overwrite


relu_ = _in_place(relu)
leaky_relu_ = _in_place(leaky_relu)
elu_ = _in_place(elu)
selu_ = _in_place(selu)
celu_ = _in_place(celu)
hardtanh_ = _in_place(hardtanh)
rrelu_ = _in_place(rrelu)
threshold_ = _in_place(threshold)
