"""Layers that leave something out at random in training: numbers, channels, weights, whole examples."""

from __future__ import annotations

from typing import Any

import autograd
from autograd import Tensor
from autograd.errors import ArgumentError

from . import functional as F
from .linear import positive, reset_affine
from .module import Module
from .parameter import Parameter

__all__ = [
    "AlphaDropout",
    "DropConnect",
    "Dropout",
    "Dropout1d",
    "Dropout2d",
    "Dropout3d",
    "FeatureAlphaDropout",
    "StochasticDepth",
]


def probability(where: str, p: float) -> float:
    """p, if it is a probability.

    Raises:
        ArgumentError: it is none.
    """
    if not 0 <= p <= 1:
        raise ArgumentError(f"{where}: p is {p}; use a probability from 0 to 1")
    return p


class _Dropout(Module):
    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        self.p = probability(type(self).__name__, p)
        self.inplace = inplace

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"


class Dropout(_Dropout):
    """In training each number is zeroed with probability p, and the others are divided by 1 - p.

    Args:
        p: the probability of zeroing, 0 to 1.
        inplace: overwrite the input.

    Raises:
        ArgumentError: p is no probability.

    Example:
        >>> nn.Dropout(0.5).eval()(autograd.ones(3))
        tensor([1., 1., 1.])

    Source: Srivastava et al. 2014, Journal of Machine Learning Research 15, section 10 for the scaling.
    """

    def forward(self, input: Any) -> Tensor:
        """The input, thinned out in training."""
        return F.dropout(input, self.p, self.training, self.inplace)


class Dropout1d(_Dropout):
    """In training whole channels of sequences are zeroed with probability p, and the others are divided by 1 - p.

    Args:
        p: the probability of zeroing, 0 to 1.
        inplace: overwrite the input.

    Raises:
        ArgumentError: p is no probability.

    Shapes:
        input and output (N, C, L) or (C, L).

    Example:
        >>> nn.Dropout1d(1.0)(autograd.ones(1, 1, 2)).sum()
        tensor(0.)

    Source: Tompson et al. 2014, arXiv 1411.4280, section 3.2.
    """

    def forward(self, input: Any) -> Tensor:
        """The input, without some channels in training."""
        return F.dropout1d(input, self.p, self.training, self.inplace)


class Dropout2d(_Dropout):
    """In training whole channels of images are zeroed with probability p, and the others are divided by 1 - p.

    Args:
        p: the probability of zeroing, 0 to 1.
        inplace: overwrite the input.

    Raises:
        ArgumentError: p is no probability.

    Shapes:
        input and output (N, C, H, W).

    Example:
        >>> nn.Dropout2d(1.0)(autograd.ones(1, 1, 2, 2)).sum()
        tensor(0.)

    Source: Tompson et al. 2014, arXiv 1411.4280, section 3.2.
    """

    def forward(self, input: Any) -> Tensor:
        """The input, without some channels in training."""
        return F.dropout2d(input, self.p, self.training, self.inplace)


class Dropout3d(_Dropout):
    """In training whole channels of volumes are zeroed with probability p, and the others are divided by 1 - p.

    Args:
        p: the probability of zeroing, 0 to 1.
        inplace: overwrite the input.

    Raises:
        ArgumentError: p is no probability.

    Shapes:
        input and output (N, C, D, H, W) or (C, D, H, W).

    Example:
        >>> nn.Dropout3d(1.0)(autograd.ones(1, 1, 2, 2, 2)).sum()
        tensor(0.)

    Source: Tompson et al. 2014, arXiv 1411.4280, section 3.2.
    """

    def forward(self, input: Any) -> Tensor:
        """The input, without some channels in training."""
        return F.dropout3d(input, self.p, self.training, self.inplace)


class AlphaDropout(_Dropout):
    """Dropout that keeps mean 0 and variance 1, for networks of `SELU`: what is left out becomes SELU's lower limit,
    and then all is scaled and shifted.

    Args:
        p: the probability of leaving out, 0 to 1.
        inplace: overwrite the input.

    Raises:
        ArgumentError: p is no probability.

    Example:
        >>> nn.AlphaDropout(0.5).eval()(autograd.ones(3))
        tensor([1., 1., 1.])

    Source: Klambauer et al. 2017, arXiv 1706.02515, section 3.
    """

    def forward(self, input: Any) -> Tensor:
        """The input, thinned out in training."""
        return F.alpha_dropout(input, self.p, self.training, self.inplace)


class FeatureAlphaDropout(_Dropout):
    """`AlphaDropout` of whole channels.

    Args:
        p: the probability of leaving out, 0 to 1.
        inplace: overwrite the input.

    Raises:
        ArgumentError: p is no probability.

    Shapes:
        input and output (N, C, ...).

    Example:
        >>> nn.FeatureAlphaDropout(0.5).eval()(autograd.ones(1, 1, 3))
        tensor([[[1., 1., 1.]]])

    Source: Klambauer et al. 2017, arXiv 1706.02515, section 3.
    """

    def forward(self, input: Any) -> Tensor:
        """The input, without some channels in training."""
        return F.feature_alpha_dropout(input, self.p, self.training, self.inplace)


class DropConnect(Module):
    """An affine map some of whose weights are left out in training: `y = x (weight * m / (1 - p))^T + bias`, where the
    numbers of m are 0 with probability p, and else 1. PyTorch has no such layer.

    Args:
        in_features: the size of the last dimension of x.
        out_features: the size of the last dimension of y.
        p: the probability of leaving a weight out, 0 to 1.
        bias: add a bias, of which nothing is left out.
        device: "cpu" or None.
        dtype: of the parameters; the default dtype, unless given.

    Raises:
        ArgumentError: p is no probability, or a size is not a whole number of at least 1.

    Shapes:
        weight (out_features, in_features), bias (out_features,); x (..., in_features), y (..., out_features).

    Example:
        >>> nn.DropConnect(4, 3, p=0.2)(autograd.ones(5, 4)).shape
        (5, 3)

    Source: Wan et al. 2013, Regularization of neural networks using DropConnect, ICML, equation 4; in evaluation the
    weights' mean takes the place of that paper's sampling.
    """

    bias: Parameter | None

    def __init__(
        self,
        in_features: int,
        out_features: int,
        p: float = 0.5,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        positive("DropConnect", in_features=in_features, out_features=out_features)
        self.in_features = in_features
        self.out_features = out_features
        self.p = probability("DropConnect", p)
        self.weight = Parameter(autograd.empty(out_features, in_features, dtype=dtype, device=device))
        self.register_parameter("bias", Parameter(autograd.empty(out_features, dtype=dtype)) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw weight and bias anew, as `Linear` does."""
        reset_affine(self.weight, self.bias)

    def forward(self, input: Any) -> Tensor:
        """The affine map, with fewer weights in training."""
        return autograd.linear(input, autograd.dropout(self.weight, self.p, self.training), self.bias)

    def extra_repr(self) -> str:
        return (
            f"in_features={self.in_features}, out_features={self.out_features}, p={self.p}, "
            f"bias={self.bias is not None}"
        )


class StochasticDepth(Module):
    """In training zeroes whole examples (or the whole batch) with probability p, and divides the others by 1 - p: put
    before the sum in a residual block, it skips the block. PyTorch has no such layer; torchvision has.

    Args:
        p: the probability of zeroing, 0 to 1.
        mode: "row" for each example on its own, "batch" for all of them together.

    Raises:
        ArgumentError: p is no probability, or the mode is not known.

    Shapes:
        input and output (N, ...).

    Example:
        >>> nn.StochasticDepth(1.0)(autograd.ones(2, 3)).sum()
        tensor(0.)

    Source: Huang et al. 2016, arXiv 1603.09382, equation 2, with the scaling in training.
    """

    def __init__(self, p: float, mode: str = "row") -> None:
        super().__init__()
        if mode not in ("row", "batch"):
            raise ArgumentError(f"StochasticDepth: mode is {mode!r}; use 'row' or 'batch'")
        self.p = probability("StochasticDepth", p)
        self.mode = mode

    def forward(self, input: Any) -> Tensor:
        """The input, without some examples in training."""
        if not self.training or self.p == 0:
            return input
        shape = (input.shape[0] if self.mode == "row" else 1,) + (1,) * (input.ndim - 1)
        return input * autograd.dropout(autograd.ones(shape, dtype=input.dtype), self.p)

    def extra_repr(self) -> str:
        return f"p={self.p}, mode={self.mode!r}"
