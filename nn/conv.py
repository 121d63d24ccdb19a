"""Convolutions, and the transposed convolutions that undo their change of size."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import autograd
from autograd import Tensor
from autograd.errors import ArgumentError, ShapeError

from .linear import positive, reset_affine
from .module import Module
from .parameter import Parameter, UninitializedParameter

__all__ = ["Conv1d", "Conv2d", "Conv3d", "ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d"]

Size = int | Sequence[int]
_MODES = ("zeros", "reflect", "replicate", "circular")


def several(where: str, what: str, value: Any, count: int, least: int) -> tuple[int, ...]:
    """`count` whole numbers, of one number or of a sequence.

    Raises:
        ArgumentError: they are too many, too few, too small, or no whole numbers.
    """
    given = tuple(value) if isinstance(value, (tuple, list)) else (value,) * count
    if len(given) != count or any(not hasattr(n, "__index__") or isinstance(n, bool) or n < least for n in given):
        raise ArgumentError(
            f"{where}: {what} is {value!r}; use a whole number of at least {least}, or {count} of them in a tuple"
        )
    return tuple([int(n) for n in given])


class _Convolution(Module):
    """What convolutions and transposed ones have in common."""

    count: int
    transposed = False
    lazy = False
    modes: tuple[str, ...] = _MODES
    weight: Parameter
    bias: Parameter | None

    def _set_up(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Size,
        stride: Size,
        padding: Size | str,
        dilation: Size,
        output_padding: Size,
        groups: int,
        padding_mode: str,
        bias: bool,
        device: Any,
        dtype: Any,
    ) -> None:
        name, count = type(self).__name__, self.count
        positive(name, out_channels=out_channels, groups=groups)
        if not self.lazy:
            positive(name, in_channels=in_channels)
        if in_channels % groups or out_channels % groups:
            raise ShapeError(
                f"{name}: {groups} groups do not divide {in_channels} channels and {out_channels} filters; "
                "use a common divisor of both"
            )
        if padding_mode not in self.modes:
            raise ArgumentError(f"{name}: padding_mode is {padding_mode!r}; use {' or '.join(map(repr, self.modes))}")
        if isinstance(padding, str) and (self.transposed or padding not in ("same", "valid")):
            names = "" if self.transposed else ", 'valid' or 'same'"
            raise ArgumentError(f"{name}: padding is {padding!r}; use numbers{names}")
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = several(name, "kernel_size", kernel_size, count, 1)
        self.stride = several(name, "stride", stride, count, 1)
        self.padding = padding if isinstance(padding, str) else several(name, "padding", padding, count, 0)
        self.dilation = several(name, "dilation", dilation, count, 1)
        self.output_padding = several(name, "output_padding", output_padding, count, 0)
        if padding == "same" and self.stride != (1,) * count:
            raise ArgumentError(
                f"{name}: padding 'same' needs stride 1, not {self.stride}; give the padding in numbers"
            )
        self.groups = groups
        self.padding_mode = padding_mode
        if self.lazy:
            self.weight = UninitializedParameter(dtype=dtype, device=device)
            self.register_parameter("bias", UninitializedParameter(dtype=dtype) if bias else None)
            return
        self.weight = Parameter(autograd.empty(self._weight_shape(), dtype=dtype, device=device))
        self.register_parameter("bias", Parameter(autograd.empty(out_channels, dtype=dtype)) if bias else None)
        self.reset_parameters()

    def _weight_shape(self) -> tuple[int, ...]:
        first, second = self.out_channels, self.in_channels
        if self.transposed:
            first, second = second, first
        return (first, second // self.groups, *self.kernel_size)

    def reset_parameters(self) -> None:
        """Draw weight and bias anew."""
        reset_affine(self.weight, self.bias)

    def extra_repr(self) -> str:
        text = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        nothing = (0,) * self.count
        if self.padding != nothing:
            text += f", padding={self.padding}"
        if self.dilation != (1,) * self.count:
            text += f", dilation={self.dilation}"
        if self.output_padding != nothing:
            text += f", output_padding={self.output_padding}"
        if self.groups != 1:
            text += f", groups={self.groups}"
        if self.bias is None:
            text += ", bias=False"
        return text if self.padding_mode == "zeros" else f"{text}, padding_mode={self.padding_mode}"


class _Conv(_Convolution):
    function: Callable[..., Tensor]

    def __init__(
        self,
        in_channels: int,
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
        super().__init__()
        self._set_up(
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding,
            dilation,
            0,
            groups,
            padding_mode,
            bias,
            device,
            dtype,
        )

    def _edges(self) -> list[int]:
        """How much is put before and after each dimension, the last dimension first, as `pad` wants it."""
        if self.padding == "valid":
            return [0] * (2 * self.count)
        edges = []
        for k in reversed(range(self.count)):
            if isinstance(self.padding, str):
                total = self.dilation[k] * (self.kernel_size[k] - 1)
                edges += [total // 2, total - total // 2]
            else:
                edges += [self.padding[k]] * 2
        return edges

    @property
    def _reversed_padding_repeated_twice(self) -> list[int]:
        """PyTorch's name for the edges, which subclasses hand to `pad`."""
        return self._edges()

    def forward(self, input: Any) -> Tensor:
        """The filtered input."""
        return self._conv_forward(input, self.weight, self.bias)

    def _conv_forward(self, input: Any, weight: Any, bias: Any) -> Tensor:
        """The input filtered with other weights, as subclasses that change them call it."""
        padding: Any = self.padding
        if self.padding_mode != "zeros":
            input = autograd.pad(input, self._edges(), mode=self.padding_mode)
            padding = 0
        return type(self).function(input, weight, bias, self.stride, padding, self.dilation, self.groups)


class Conv1d(_Conv):
    """Slides filters over sequences: see `autograd.conv1d` for the formula.

    Arguments, initial values and errors are those of `Conv2d`, with one number for each size.

    Shapes:
        weight (out_channels, in_channels / groups, F), bias (out_channels,); input (N, in_channels, L) or
        (in_channels, L), output (N, out_channels, OL) or without N.

    Example:
        >>> nn.Conv1d(3, 6, 5)(autograd.ones(1, 3, 32)).shape
        (1, 6, 28)
    """

    count = 1
    function = staticmethod(autograd.conv1d)


class Conv2d(_Conv):
    """Slides filters over images: see `autograd.conv2d` for the formula.

    Weight and bias start uniform in `(-1 / sqrt(fan_in), 1 / sqrt(fan_in))`, with
    `fan_in = in_channels / groups * kernel height * kernel width`.

    Args:
        in_channels, out_channels: channels of input and output.
        kernel_size: the size of a filter, one number or (height, width).
        stride: the step between windows.
        padding: how much is put on each side; "valid" for none, "same" for as much as keeps the size (stride 1 alone).
        dilation: the spacing of a filter's entries.
        groups: channels are cut into so many groups that do not see each other.
        bias: add a bias to each output channel.
        padding_mode: what is put there: "zeros", "reflect", "replicate" or "circular", as `autograd.pad` has them.
        device: "cpu" or None.
        dtype: of the parameters; the default dtype, unless given.

    Raises:
        ArgumentError: an argument has a value that is not accepted.
        ShapeError: groups does not divide the channels.

    Shapes:
        weight (out_channels, in_channels / groups, FH, FW), bias (out_channels,); input (N, in_channels, H, W) or
        (in_channels, H, W), output (N, out_channels, OH, OW) or without N.

    Example:
        >>> nn.Conv2d(3, 6, 5)(autograd.ones(1, 3, 32, 32)).shape
        (1, 6, 28, 28)
    """

    count = 2
    function = staticmethod(autograd.conv2d)


class Conv3d(_Conv):
    """Slides filters over volumes: see `autograd.conv3d` for the formula; arguments as for `Conv2d`.

    Shapes:
        weight (out_channels, in_channels / groups, FD, FH, FW), bias (out_channels,); input (N, in_channels, D, H, W)
        or without N, output (N, out_channels, OD, OH, OW) or without N.

    Example:
        >>> nn.Conv3d(3, 6, 3)(autograd.ones(1, 3, 8, 8, 8)).shape
        (1, 6, 6, 6, 6)
    """

    count = 3
    function = staticmethod(autograd.conv3d)


class _ConvTranspose(_Convolution):
    transposed = True
    modes = ("zeros",)
    function: Callable[..., Tensor]

    def __init__(
        self,
        in_channels: int,
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
        super().__init__()
        self._set_up(
            in_channels,
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

    def _extra(self, input: Any, output_size: Sequence[int] | None) -> tuple[int, ...]:
        """The output padding that gives the size asked for."""
        if output_size is None:
            return self.output_padding
        count, name = self.count, type(self).__name__
        if len(output_size) not in (count, input.ndim):
            raise ArgumentError(f"{name}: output_size is {tuple(output_size)}; give {count} or {input.ndim} numbers")
        wanted = tuple(output_size)[-count:]
        extra = []
        for k, n in enumerate(input.shape[-count:]):
            least = (n - 1) * self.stride[k] - 2 * int(self.padding[k])
            least += self.dilation[k] * (self.kernel_size[k] - 1) + 1
            if not least <= wanted[k] < least + self.stride[k]:
                raise ArgumentError(
                    f"{name}: output_size {wanted} cannot come from x {input.shape}: size {k} must be from {least} to "
                    f"{least + self.stride[k] - 1}"
                )
            extra.append(wanted[k] - least)
        return tuple(extra)

    def forward(self, input: Any, output_size: Sequence[int] | None = None) -> Tensor:
        """The input spread out by the filters; `output_size` chooses among the sizes that a stride leaves open."""
        extra = self._extra(input, output_size)
        return type(self).function(
            input, self.weight, self.bias, self.stride, self.padding, extra, self.groups, self.dilation
        )


class ConvTranspose1d(_ConvTranspose):
    """The gradient of `Conv1d` by its input, as a layer: each number spreads a filter; arguments as for
    `ConvTranspose2d`.

    Shapes:
        weight (in_channels, out_channels / groups, F), bias (out_channels,); input (N, in_channels, L) or without N,
        output (N, out_channels, OL) or without N.

    Example:
        >>> nn.ConvTranspose1d(3, 6, 5)(autograd.ones(1, 3, 28)).shape
        (1, 6, 32)
    """

    count = 1
    function = staticmethod(autograd.conv_transpose1d)


class ConvTranspose2d(_ConvTranspose):
    """The gradient of `Conv2d` by its input, as a layer, also called deconvolution: each number spreads a filter.

    Args:
        in_channels, out_channels: channels of input and output.
        kernel_size: the size of a filter, one number or (height, width).
        stride: the step between the places where filters are laid down.
        padding: so much is cut off each side of the output.
        output_padding: so much is added at the end of each dimension of the output.
        groups: channels are cut into so many groups that do not see each other.
        bias: add a bias to each output channel.
        dilation: the spacing of a filter's entries.
        padding_mode: "zeros"; there is no other.
        device: "cpu" or None.
        dtype: of the parameters; the default dtype, unless given.

    Raises:
        ArgumentError: an argument has a value that is not accepted.
        ShapeError: groups does not divide the channels.

    Shapes:
        weight (in_channels, out_channels / groups, FH, FW), bias (out_channels,); input (N, in_channels, H, W) or
        without N, output (N, out_channels, OH, OW) or without N, with
        `OH = (H - 1) stride - 2 padding + dilation (FH - 1) + output_padding + 1`.

    Example:
        >>> nn.ConvTranspose2d(3, 6, 4, stride=2, padding=1)(autograd.ones(1, 3, 8, 8)).shape
        (1, 6, 16, 16)

    Source: Zeiler et al. 2010, Deconvolutional networks, CVPR.
    """

    count = 2
    function = staticmethod(autograd.conv_transpose2d)


class ConvTranspose3d(_ConvTranspose):
    """The gradient of `Conv3d` by its input, as a layer; arguments as for `ConvTranspose2d`.

    Shapes:
        weight (in_channels, out_channels / groups, FD, FH, FW), bias (out_channels,); input (N, in_channels, D, H, W)
        or without N.

    Example:
        >>> nn.ConvTranspose3d(3, 6, 3)(autograd.ones(1, 3, 4, 4, 4)).shape
        (1, 6, 6, 6, 6)
    """

    count = 3
    function = staticmethod(autograd.conv_transpose3d)
