"""Convolution."""

from __future__ import annotations

from typing import Any

import autograd
from autograd import Tensor
from autograd.errors import ArgumentError, ShapeError
from autograd.ops.conv import pair

from .linear import positive, reset_affine
from .module import Module
from .parameter import Parameter

__all__ = ["Conv2d"]

Size = int | tuple[int, int]


class Conv2d(Module):
    """Slides filters over images: see `autograd.conv2d` for the formula.

    Weight and bias start uniform in `(-1 / sqrt(fan_in), 1 / sqrt(fan_in))`, with
    `fan_in = in_channels / groups * kernel height * kernel width`.

    Args:
        in_channels, out_channels: channels of input and output.
        kernel_size: the size of a filter, one number or (height, width).
        stride: the step between windows.
        padding: zeros on each side; "valid" for none, "same" for as many as keep the size (stride 1 alone).
        dilation: the spacing of a filter's entries.
        groups: channels are cut into so many groups that do not see each other.
        bias: add a bias to each output channel.
        padding_mode: "zeros"; there is no other.
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
        positive("Conv2d", in_channels=in_channels, out_channels=out_channels, groups=groups)
        if in_channels % groups or out_channels % groups:
            raise ShapeError(
                f"Conv2d: {groups} groups do not divide {in_channels} channels and {out_channels} filters; "
                "use a common divisor of both"
            )
        if padding_mode != "zeros":
            raise ArgumentError(f"Conv2d: padding_mode is {padding_mode!r}; only 'zeros' is there")
        if isinstance(padding, str) and padding not in ("same", "valid"):
            raise ArgumentError(f"Conv2d: padding is {padding!r}; use numbers, 'valid' or 'same'")
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = pair("Conv2d", "kernel_size", kernel_size, 1)
        self.stride = pair("Conv2d", "stride", stride, 1)
        self.padding = padding if isinstance(padding, str) else pair("Conv2d", "padding", padding, 0)
        self.dilation = pair("Conv2d", "dilation", dilation, 1)
        if padding == "same" and self.stride != (1, 1):
            raise ArgumentError(
                f"Conv2d: padding 'same' needs stride 1, not {self.stride}; give the padding in numbers"
            )
        self.groups = groups
        self.padding_mode = padding_mode
        shape = (out_channels, in_channels // groups, *self.kernel_size)
        self.weight = Parameter(autograd.empty(shape, dtype=dtype, device=device))
        self.bias: Parameter | None
        self.register_parameter("bias", Parameter(autograd.empty(out_channels, dtype=dtype)) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw weight and bias anew."""
        reset_affine(self.weight, self.bias)

    def forward(self, input: Any) -> Tensor:
        """The filtered images."""
        return autograd.conv2d(input, self.weight, self.bias, self.stride, self.padding, self.dilation, self.groups)

    def extra_repr(self) -> str:
        text = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        if self.padding != (0, 0):
            text += f", padding={self.padding}"
        if self.dilation != (1, 1):
            text += f", dilation={self.dilation}"
        if self.groups != 1:
            text += f", groups={self.groups}"
        return text if self.bias is not None else text + ", bias=False"
