"""Layers that bring their input to mean 0 and variance 1, or to a length: over batches, instances, groups, layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import autograd
from autograd import Tensor
from autograd.errors import ArgumentError, ShapeError

from . import init
from .linear import positive
from .module import Module
from .parameter import Parameter, UninitializedBuffer, UninitializedParameter

__all__ = [
    "BatchNorm1d",
    "BatchNorm2d",
    "BatchNorm3d",
    "CrossMapLRN2d",
    "GroupNorm",
    "InstanceNorm1d",
    "InstanceNorm2d",
    "InstanceNorm3d",
    "LayerNorm",
    "LocalResponseNorm",
    "RMSNorm",
]


class _Norm(Module):
    """Weight and bias for each channel, and running estimates of its mean and variance."""

    lazy = False
    dims: tuple[int, ...]
    expected: str
    weight: Parameter | None
    bias: Parameter | None
    running_mean: Tensor | None
    running_var: Tensor | None
    num_batches_tracked: Tensor | None
    # Checkpoints that are older than the count of batches are still read.
    _may_be_missing = frozenset({"num_batches_tracked"})

    def _set_up(
        self,
        num_features: int,
        eps: float,
        momentum: float | None,
        affine: bool,
        track_running_stats: bool,
        device: Any,
        dtype: Any,
        bias: bool,
    ) -> None:
        if not self.lazy:
            positive(type(self).__name__, num_features=num_features)
        self.num_features = num_features
        self.eps = eps
        self.momentum = momentum
        self.affine = affine
        self.track_running_stats = track_running_stats

        def parameter() -> Parameter:
            if self.lazy:
                return UninitializedParameter(dtype=dtype, device=device)
            return Parameter(autograd.empty(num_features, dtype=dtype, device=device))

        def buffer() -> Tensor:
            if self.lazy:
                return UninitializedBuffer(dtype=dtype, device=device)
            return autograd.empty(num_features, dtype=dtype, device=device)

        self.register_parameter("weight", parameter() if affine else None)
        self.register_parameter("bias", parameter() if affine and bias else None)
        self.register_buffer("running_mean", buffer() if track_running_stats else None)
        self.register_buffer("running_var", buffer() if track_running_stats else None)
        count = autograd.tensor(0, dtype=autograd.int64) if track_running_stats else None
        self.register_buffer("num_batches_tracked", count)
        if not self.lazy:
            self.reset_parameters()

    def reset_running_stats(self) -> None:
        """Forget the batches seen: mean 0, variance 1, count 0."""
        if self.running_mean is not None and self.running_var is not None and self.num_batches_tracked is not None:
            init.zeros_(self.running_mean)
            init.ones_(self.running_var)
            self.num_batches_tracked.zero_()

    def reset_parameters(self) -> None:
        """Forget the batches seen, and set weight to 1 and bias to 0."""
        self.reset_running_stats()
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )


class _BatchNorm(_Norm):
    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self._set_up(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias)

    def _check_input_dim(self, input: Any) -> None:
        """Raise unless the input fits; subclasses may say otherwise what fits."""
        if input.ndim not in self.dims or input.shape[1] != self.num_features:
            raise ShapeError(
                f"{type(self).__name__}: x {input.shape} must be {self.expected} with C = {self.num_features}"
            )

    def forward(self, input: Any) -> Tensor:
        """The normalised input; in training the running estimates move towards those of this batch."""
        self._check_input_dim(input)
        momentum, training = self.momentum, self.training
        counts = self.num_batches_tracked if training and self.track_running_stats else None
        if momentum is None:  # the plain average of all batches
            momentum = 0.0 if counts is None else 1 / (counts.item() + 1)
        estimated = self.track_running_stats or not training
        out = autograd.batch_norm(
            input,
            self.running_mean if estimated else None,
            self.running_var if estimated else None,
            self.weight,
            self.bias,
            training or self.running_mean is None,
            momentum,
            self.eps,
        )
        if counts is not None:
            counts.add_(1)
        return out


class BatchNorm1d(_BatchNorm):
    """Normalises each feature: `weight * (x - mean) / sqrt(var + eps) + bias`.

    In training, mean and (biased) variance are those of the batch, and `running_mean` and `running_var` move towards
    them (the variance unbiased): `running = (1 - momentum) * running + momentum * estimate`. In evaluation the running
    estimates take their place.

    Args:
        num_features: C.
        eps: added to the variance.
        momentum: the share of the new estimate; None for the plain average of all batches seen.
        affine: learn weight and bias.
        track_running_stats: keep running estimates; without them evaluation uses the batch's too.
        device: "cpu" or None.
        dtype: of parameters and buffers; the default dtype, unless given.
        bias: learn the bias, where affine.

    Raises:
        ShapeError: an input does not fit, or a training batch has fewer than two numbers a feature.

    Shapes:
        input and output (N, C) or (N, C, L).

    Example:
        >>> nn.BatchNorm1d(1)(autograd.tensor([[1.0], [3.0]])).tolist()
        [[-0.9999949932098389], [0.9999949932098389]]

    Source: Ioffe and Szegedy 2015, arXiv 1502.03167, algorithms 1 and 2.
    """

    dims = (2, 3)
    expected = "(N, C) or (N, C, L)"


class BatchNorm2d(_BatchNorm):
    """Normalises each channel of images; as `BatchNorm1d`, for inputs (N, C, H, W).

    Example:
        >>> nn.BatchNorm2d(3)(autograd.randn(2, 3, 4, 4)).shape
        (2, 3, 4, 4)

    Source: Ioffe and Szegedy 2015, arXiv 1502.03167, section 3.2.
    """

    dims = (4,)
    expected = "(N, C, H, W)"


class BatchNorm3d(_BatchNorm):
    """Normalises each channel of volumes; as `BatchNorm1d`, for inputs (N, C, D, H, W).

    Example:
        >>> nn.BatchNorm3d(3)(autograd.randn(2, 3, 2, 4, 4)).shape
        (2, 3, 2, 4, 4)

    Source: Ioffe and Szegedy 2015, arXiv 1502.03167, section 3.2.
    """

    dims = (5,)
    expected = "(N, C, D, H, W)"


class _InstanceNorm(_Norm):
    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self._set_up(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias)

    def forward(self, input: Any) -> Tensor:
        """The normalised input; where estimates are tracked, they move in training, and are used in evaluation."""
        if input.ndim not in self.dims:
            raise ShapeError(f"{type(self).__name__}: x {input.shape} must be {self.expected}")
        single = input.ndim == self.dims[0]
        # Without weights the number of channels is never used, and PyTorch lets it differ.
        uses_channels = self.affine or self.running_mean is not None
        if uses_channels and input.shape[0 if single else 1] != self.num_features:
            raise ShapeError(
                f"{type(self).__name__}: x {input.shape} must be {self.expected} with C = {self.num_features}"
            )
        out = autograd.instance_norm(
            input.unsqueeze(0) if single else input,
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            self.training or not self.track_running_stats,
            0.0 if self.momentum is None else self.momentum,
            self.eps,
        )
        return out.squeeze(0) if single else out


class InstanceNorm1d(_InstanceNorm):
    """Normalises each channel of each example on its own: `weight * (x - mean) / sqrt(var + eps) + bias`.

    Args:
        num_features: C.
        eps: added to the variance.
        momentum: the share of the new estimate.
        affine: learn weight and bias.
        track_running_stats: keep running estimates, which are used in evaluation.
        device: "cpu" or None.
        dtype: of parameters and buffers; the default dtype, unless given.
        bias: learn the bias, where affine.

    Raises:
        ShapeError: an input does not fit.

    Shapes:
        input and output (N, C, L) or (C, L).

    Example:
        >>> nn.InstanceNorm1d(1, eps=0.0)(autograd.tensor([[[1.0, 3.0]], [[5.0, 9.0]]]))
        tensor([[[-1.,  1.]],
                [[-1.,  1.]]])

    Source: Ulyanov, Vedaldi and Lempitsky 2016, arXiv 1607.08022, equation 4.
    """

    dims = (2, 3)
    expected = "(N, C, L) or (C, L)"


class InstanceNorm2d(_InstanceNorm):
    """Normalises each channel of each image; as `InstanceNorm1d`, for inputs (N, C, H, W) or (C, H, W).

    Example:
        >>> nn.InstanceNorm2d(3)(autograd.randn(2, 3, 4, 4)).shape
        (2, 3, 4, 4)

    Source: Ulyanov, Vedaldi and Lempitsky 2016, arXiv 1607.08022, equation 4.
    """

    dims = (3, 4)
    expected = "(N, C, H, W) or (C, H, W)"


class InstanceNorm3d(_InstanceNorm):
    """Normalises each channel of each volume; as `InstanceNorm1d`, for inputs (N, C, D, H, W) or (C, D, H, W).

    Example:
        >>> nn.InstanceNorm3d(3)(autograd.randn(2, 3, 2, 4, 4)).shape
        (2, 3, 2, 4, 4)

    Source: Ulyanov, Vedaldi and Lempitsky 2016, arXiv 1607.08022, equation 4.
    """

    dims = (4, 5)
    expected = "(N, C, D, H, W) or (C, D, H, W)"


class GroupNorm(Module):
    """Normalises groups of channels of each example, then scales each channel.

    Args:
        num_groups: into how many groups the channels are cut.
        num_channels: C.
        eps: added to the variance.
        affine: learn weight and bias.
        device: "cpu" or None.
        dtype: of the parameters; the default dtype, unless given.
        bias: learn the bias, where affine.

    Raises:
        ShapeError: num_groups does not divide num_channels.

    Shapes:
        weight and bias (C,); input and output (N, C, ...).

    Example:
        >>> nn.GroupNorm(3, 6)(autograd.randn(20, 6, 10, 10)).shape
        (20, 6, 10, 10)

    Source: Wu and He 2018, arXiv 1803.08494, equation 1.
    """

    weight: Parameter | None
    bias: Parameter | None

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        positive("GroupNorm", num_groups=num_groups, num_channels=num_channels)
        if num_channels % num_groups:
            raise ShapeError(f"GroupNorm: {num_groups} groups do not divide {num_channels} channels; use a divisor")
        self.num_groups = num_groups
        self.num_channels = num_channels
        self.eps = eps
        self.affine = affine

        def vector() -> Parameter:
            return Parameter(autograd.empty(num_channels, dtype=dtype, device=device))

        self.register_parameter("weight", vector() if affine else None)
        self.register_parameter("bias", vector() if affine and bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set weight to 1 and bias to 0."""
        _reset(self.weight, self.bias)

    def forward(self, input: Any) -> Tensor:
        """The normalised input."""
        return autograd.group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}, "
            f"bias={self.bias is not None}"
        )


class LayerNorm(Module):
    """Normalises each example over its last dimensions: `weight * (x - mean) / sqrt(var + eps) + bias`.

    Args:
        normalized_shape: the sizes of the dimensions to normalise over, which are the last; one number for one.
        eps: added to the variance.
        elementwise_affine: learn weight and bias.
        bias: learn the bias, where elementwise_affine.
        device: "cpu" or None.
        dtype: of the parameters; the default dtype, unless given.

    Shapes:
        weight and bias of `normalized_shape`; input and output (..., *normalized_shape).

    Example:
        >>> nn.LayerNorm(2, eps=0.0)(autograd.tensor([[1.0, 3.0]]))
        tensor([[-1.,  1.]], grad_fn=<layer_norm>)

    Source: Ba, Kiros and Hinton 2016, arXiv 1607.06450, equation 4.
    """

    weight: Parameter | None
    bias: Parameter | None

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.normalized_shape = _shape("LayerNorm", normalized_shape)
        self.eps = eps
        self.elementwise_affine = elementwise_affine

        def filled() -> Parameter:
            return Parameter(autograd.empty(self.normalized_shape, dtype=dtype, device=device))

        self.register_parameter("weight", filled() if elementwise_affine else None)
        self.register_parameter("bias", filled() if elementwise_affine and bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set weight to 1 and bias to 0."""
        _reset(self.weight, self.bias)

    def forward(self, input: Any) -> Tensor:
        """The normalised input."""
        return autograd.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}, "
            f"bias={self.bias is not None}"
        )


class RMSNorm(Module):
    """Divides each example by the root of its mean square: `weight * x / sqrt(mean x^2 + eps)`.

    Args:
        normalized_shape: the sizes of the dimensions to normalise over, which are the last; one number for one.
        eps: added to the mean square; the precision of the input's dtype, unless given.
        elementwise_affine: learn a weight.
        device: "cpu" or None.
        dtype: of the weight; the default dtype, unless given.

    Shapes:
        weight of `normalized_shape`; input and output (..., *normalized_shape).

    Example:
        >>> nn.RMSNorm(2, eps=0.0)(autograd.tensor([[3.0, 4.0]])).tolist()
        [[0.8485281467437744, 1.1313709020614624]]

    Source: Zhang and Sennrich 2019, arXiv 1910.07467, equation 4.
    """

    weight: Parameter | None

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float | None = None,
        elementwise_affine: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.normalized_shape = _shape("RMSNorm", normalized_shape)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        weight = Parameter(autograd.empty(self.normalized_shape, dtype=dtype, device=device))
        self.register_parameter("weight", weight if elementwise_affine else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set the weight to 1."""
        _reset(self.weight, None)

    def forward(self, input: Any) -> Tensor:
        """The normalised input."""
        return autograd.rms_norm(input, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"


def _shape(name: str, sizes: int | Sequence[int]) -> tuple[int, ...]:
    given = tuple(sizes) if isinstance(sizes, (tuple, list)) else (sizes,)
    if not given or not all(hasattr(n, "__index__") for n in given):
        raise ArgumentError(f"{name}: normalized_shape is {sizes!r}; use a whole number or several")
    return tuple([int(n) for n in given])


def _reset(weight: Parameter | None, bias: Parameter | None) -> None:
    if weight is not None:
        init.ones_(weight)
    if bias is not None:
        init.zeros_(bias)


class LocalResponseNorm(Module):
    """Divides each number by the sum of squares of its neighbours in other channels:
    `x / (k + alpha * mean of squares in a window of channels)^beta`.

    Args:
        size: the number of channels in a window.
        alpha, beta, k: as in the formula.

    Shapes:
        input and output (N, C, ...).

    Example:
        >>> nn.LocalResponseNorm(2)(autograd.randn(2, 5, 4, 4)).shape
        (2, 5, 4, 4)

    Source: Krizhevsky, Sutskever and Hinton 2012, ImageNet classification with deep convolutional neural networks,
    section 3.3.
    """

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> None:
        super().__init__()
        self.size = size
        self.alpha = alpha
        self.beta = beta
        self.k = k

    def forward(self, input: Any) -> Tensor:
        """The normalised input."""
        return autograd.local_response_norm(input, self.size, self.alpha, self.beta, self.k)

    def extra_repr(self) -> str:
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"


class CrossMapLRN2d(LocalResponseNorm):
    """The older form of `LocalResponseNorm`, for images (N, C, H, W): its windows have `size` channels where that is
    odd, and `size - 1` where it is even. (PyTorch's keeps the first channel in all windows after those that it is in;
    this one does not.)

    Args:
        size: the number of channels in a window, by which alpha is divided.
        alpha, beta, k: as in the formula there.

    Example:
        >>> nn.CrossMapLRN2d(3)(autograd.randn(2, 5, 4, 4)).shape
        (2, 5, 4, 4)
    """

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1) -> None:
        super().__init__(size, alpha, beta, k)

    def forward(self, input: Any) -> Tensor:
        """The normalised input."""
        if input.ndim != 4:
            raise ShapeError(f"CrossMapLRN2d: x {input.shape} must be (N, C, H, W)")
        window = self.size - 1 + self.size % 2
        return autograd.local_response_norm(input, window, self.alpha * window / self.size, self.beta, self.k)
