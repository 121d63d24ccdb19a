"""Layers that learn the size of their input from the first one that they get.

Before that their parameters have no shape (see `UninitializedParameter`). At the first call, or when a state_dict is
loaded, they get one; and at the first call the layer becomes one of the ordinary kind, as a LazyLinear a Linear.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autograd.errors import ShapeError

from .conv import (
    Conv1d,
    Conv2d,
    Conv3d,
    ConvTranspose1d,
    ConvTranspose2d,
    ConvTranspose3d,
    _Convolution,
)
from .linear import Linear, positive
from .module import Module
from .normalization import (
    BatchNorm1d,
    BatchNorm2d,
    BatchNorm3d,
    InstanceNorm1d,
    InstanceNorm2d,
    InstanceNorm3d,
    _InstanceNorm,
    _Norm,
)
from .parameter import UninitializedBuffer, UninitializedParameter

__all__ = [
    "LazyBatchNorm1d",
    "LazyBatchNorm2d",
    "LazyBatchNorm3d",
    "LazyConv1d",
    "LazyConv2d",
    "LazyConv3d",
    "LazyConvTranspose1d",
    "LazyConvTranspose2d",
    "LazyConvTranspose3d",
    "LazyInstanceNorm1d",
    "LazyInstanceNorm2d",
    "LazyInstanceNorm3d",
    "LazyLinear",
]

Size = int | Sequence[int]


class _Lazy(Module):
    """What all of them do at the first call."""

    becomes: type[Module]

    def has_uninitialized_params(self) -> bool:
        """Whether a parameter or buffer has no shape yet."""
        held = [*self._parameters.values(), *self._buffers.values()]
        return any(isinstance(value, (UninitializedParameter, UninitializedBuffer)) for value in held)

    def initialize_parameters(self, input: Any) -> None:
        """Give the parameters their shapes, and draw their numbers, for an input of this size."""
        self._take_size(input)
        if self.has_uninitialized_params():
            self._materialize()
            self.reset_parameters()  # type: ignore[attr-defined]

    def _take_size(self, input: Any) -> None:
        raise NotImplementedError

    def _materialize(self) -> None:
        raise NotImplementedError

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Learn the size, become the ordinary layer, and compute what it computes."""
        self.initialize_parameters(args[0] if args else kwargs["input"])
        self.__class__ = self.becomes  # type: ignore[assignment]
        return self.forward(*args, **kwargs)


def _give_shape(value: Any, shape: Any) -> None:
    if isinstance(value, (UninitializedParameter, UninitializedBuffer)):
        value.materialize(shape)


class LazyLinear(_Lazy, Linear):
    """A `Linear` whose `in_features` is the size of the last dimension of its first input.

    Args:
        out_features: the size of the last dimension of y.
        bias: add a bias.
        device: "cpu" or None.
        dtype: of the parameters; the default dtype, unless given.

    Example:
        >>> layer = nn.LazyLinear(3)
        >>> layer(autograd.ones(5, 4)).shape
        (5, 3)
        >>> layer
        Linear(in_features=4, out_features=3, bias=True)
    """

    becomes = Linear

    def __init__(self, out_features: int, bias: bool = True, device: Any = None, dtype: Any = None) -> None:
        Module.__init__(self)
        positive("LazyLinear", out_features=out_features)
        self.in_features = 0
        self.out_features = out_features
        self.weight = UninitializedParameter(dtype=dtype, device=device)
        self.register_parameter("bias", UninitializedParameter(dtype=dtype, device=device) if bias else None)

    def _take_size(self, input: Any) -> None:
        self.in_features = input.shape[-1]

    def _materialize(self) -> None:
        _give_shape(self.weight, (self.out_features, self.in_features))
        _give_shape(self.bias, (self.out_features,))


class _LazyConvolution(_Lazy, _Convolution):
    lazy = True

    def _take_size(self, input: Any) -> None:
        if input.ndim not in (self.count + 1, self.count + 2):
            raise ShapeError(
                f"{type(self).__name__}: x {input.shape} must have {self.count + 2} dimensions, or {self.count + 1} "
                "without a batch"
            )
        channels = input.shape[-self.count - 1]
        if channels % self.groups:
            raise ShapeError(f"{type(self).__name__}: {self.groups} groups do not divide {channels} channels")
        self.in_channels = channels

    def _materialize(self) -> None:
        _give_shape(self.weight, self._weight_shape())
        _give_shape(self.bias, (self.out_channels,))


class _LazyConv(_LazyConvolution):
    def __init__(
        self,
        out_channels: int,
        kernel_size: Size,
        stride: Size = 1,
        padding: Size | str = 0,
        dilation: Size = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        Module.__init__(self)
        self._set_up(
            0, out_channels, kernel_size, stride, padding, dilation, 0, groups, padding_mode, bias, device, dtype
        )


class _LazyConvTranspose(_LazyConvolution):
    def __init__(
        self,
        out_channels: int,
        kernel_size: Size,
        stride: Size = 1,
        padding: Size = 0,
        output_padding: Size = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Size = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        Module.__init__(self)
        self._set_up(
            0,
            out_channels,
            kernel_size,
            stride,
            padding,
            dilation,
            output_padding,
            groups,
            padding_mode,
            bias,
            device,
            dtype,
        )


class _LazyNorm(_Lazy, _Norm):
    lazy = True

    def _take_size(self, input: Any) -> None:
        dims = self.becomes.dims  # type: ignore[attr-defined]
        if input.ndim not in dims:
            raise ShapeError(
                f"{type(self).__name__}: x {input.shape} must be {self.becomes.expected}"  # type: ignore[attr-defined]
            )
        single = issubclass(self.becomes, _InstanceNorm) and input.ndim == dims[0]
        self.num_features = input.shape[0 if single else 1]

    def _materialize(self) -> None:
        for value in (self.weight, self.bias, self.running_mean, self.running_var):
            _give_shape(value, (self.num_features,))


class _LazyBatchNorm(_LazyNorm):
    def __init__(
        self,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        Module.__init__(self)
        self._set_up(0, eps, momentum, affine, track_running_stats, device, dtype, bias)


class _LazyInstanceNorm(_LazyNorm):
    def __init__(
        self,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        Module.__init__(self)
        self._set_up(0, eps, momentum, affine, track_running_stats, device, dtype, bias)


class LazyConv1d(_LazyConv, Conv1d):
    """A `Conv1d` whose `in_channels` are those of its first input; the other arguments as there.

    Example:
        >>> nn.LazyConv1d(6, 3)(autograd.ones(1, 4, 5)).shape
        (1, 6, 3)
    """

    becomes = Conv1d


class LazyConv2d(_LazyConv, Conv2d):
    """A `Conv2d` whose `in_channels` are those of its first input; the other arguments as there.

    Example:
        >>> nn.LazyConv2d(6, 3)(autograd.ones(1, 4, 5, 5)).shape
        (1, 6, 3, 3)
    """

    becomes = Conv2d


class LazyConv3d(_LazyConv, Conv3d):
    """A `Conv3d` whose `in_channels` are those of its first input; the other arguments as there.

    Example:
        >>> nn.LazyConv3d(6, 3)(autograd.ones(1, 4, 5, 5, 5)).shape
        (1, 6, 3, 3, 3)
    """

    becomes = Conv3d


class LazyConvTranspose1d(_LazyConvTranspose, ConvTranspose1d):
    """A `ConvTranspose1d` whose `in_channels` are those of its first input; the other arguments as there.

    Example:
        >>> nn.LazyConvTranspose1d(6, 3)(autograd.ones(1, 4, 5)).shape
        (1, 6, 7)
    """

    becomes = ConvTranspose1d


class LazyConvTranspose2d(_LazyConvTranspose, ConvTranspose2d):
    """A `ConvTranspose2d` whose `in_channels` are those of its first input; the other arguments as there.

    Example:
        >>> nn.LazyConvTranspose2d(6, 3)(autograd.ones(1, 4, 5, 5)).shape
        (1, 6, 7, 7)
    """

    becomes = ConvTranspose2d


class LazyConvTranspose3d(_LazyConvTranspose, ConvTranspose3d):
    """A `ConvTranspose3d` whose `in_channels` are those of its first input; the other arguments as there.

    Example:
        >>> nn.LazyConvTranspose3d(6, 3)(autograd.ones(1, 4, 5, 5, 5)).shape
        (1, 6, 7, 7, 7)
    """

    becomes = ConvTranspose3d


class LazyBatchNorm1d(_LazyBatchNorm, BatchNorm1d):
    """A `BatchNorm1d` whose `num_features` are the channels of its first input; the other arguments as there.

    Example:
        >>> nn.LazyBatchNorm1d()(autograd.randn(2, 4, 5)).shape
        (2, 4, 5)
    """

    becomes = BatchNorm1d


class LazyBatchNorm2d(_LazyBatchNorm, BatchNorm2d):
    """A `BatchNorm2d` whose `num_features` are the channels of its first input; the other arguments as there.

    Example:
        >>> nn.LazyBatchNorm2d()(autograd.randn(2, 4, 5, 5)).shape
        (2, 4, 5, 5)
    """

    becomes = BatchNorm2d


class LazyBatchNorm3d(_LazyBatchNorm, BatchNorm3d):
    """A `BatchNorm3d` whose `num_features` are the channels of its first input; the other arguments as there.

    Example:
        >>> nn.LazyBatchNorm3d()(autograd.randn(2, 4, 5, 5, 5)).shape
        (2, 4, 5, 5, 5)
    """

    becomes = BatchNorm3d


class LazyInstanceNorm1d(_LazyInstanceNorm, InstanceNorm1d):
    """A `InstanceNorm1d` whose `num_features` are the channels of its first input; the other arguments as there.

    Example:
        >>> nn.LazyInstanceNorm1d()(autograd.randn(2, 4, 5)).shape
        (2, 4, 5)
    """

    becomes = InstanceNorm1d


class LazyInstanceNorm2d(_LazyInstanceNorm, InstanceNorm2d):
    """A `InstanceNorm2d` whose `num_features` are the channels of its first input; the other arguments as there.

    Example:
        >>> nn.LazyInstanceNorm2d()(autograd.randn(2, 4, 5, 5)).shape
        (2, 4, 5, 5)
    """

    becomes = InstanceNorm2d


class LazyInstanceNorm3d(_LazyInstanceNorm, InstanceNorm3d):
    """A `InstanceNorm3d` whose `num_features` are the channels of its first input; the other arguments as there.

    Example:
        >>> nn.LazyInstanceNorm3d()(autograd.randn(2, 4, 5, 5, 5)).shape
        (2, 4, 5, 5, 5)
    """

    becomes = InstanceNorm3d
