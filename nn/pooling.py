"""Pooling."""

from __future__ import annotations

from typing import Any

import autograd
from autograd import Tensor

from .module import Module

__all__ = ["AvgPool2d", "MaxPool2d"]

Size = int | tuple[int, int]


class MaxPool2d(Module):
    """The largest number of each window. At a tie the first in reading order gets all of the gradient.

    Args:
        kernel_size: the size of a window.
        stride: the step between windows; the kernel size, unless given.
        padding: minus infinity on each side, up to half a window.
        dilation: the spacing of a window's entries.
        return_indices: return also where in its plane each maximum was.
        ceil_mode: let the last window hang over the edge.

    Shapes:
        input (N, C, H, W) or (C, H, W); output (N, C, OH, OW) or (C, OH, OW).

    Example:
        >>> nn.MaxPool2d(2)(autograd.ones(1, 3, 8, 8)).shape
        (1, 3, 4, 4)
    """

    def __init__(
        self,
        kernel_size: Size,
        stride: Size | None = None,
        padding: Size = 0,
        dilation: Size = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.dilation = dilation
        self.return_indices = return_indices
        self.ceil_mode = ceil_mode

    def forward(self, input: Any) -> Any:
        """The maxima, and with `return_indices` where they were."""
        return autograd.max_pool2d(
            input, self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode, self.return_indices
        )

    def extra_repr(self) -> str:
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, dilation={self.dilation}, "
            f"ceil_mode={self.ceil_mode}"
        )


class AvgPool2d(Module):
    """The mean of each window.

    Args:
        kernel_size: the size of a window.
        stride: the step between windows; the kernel size, unless given.
        padding: zeros on each side, up to half a window.
        ceil_mode: let the last window hang over the edge.
        count_include_pad: count the padding's zeros among the numbers averaged.
        divisor_override: divide by this instead of the number of entries.

    Shapes:
        input (N, C, H, W) or (C, H, W); output (N, C, OH, OW) or (C, OH, OW).

    Example:
        >>> nn.AvgPool2d(2)(autograd.tensor([[[1.0, 2.0], [3.0, 4.0]]]))
        tensor([[[2.5000]]])
    """

    def __init__(
        self,
        kernel_size: Size,
        stride: Size | None = None,
        padding: Size = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad
        self.divisor_override = divisor_override

    def forward(self, input: Any) -> Tensor:
        """The means."""
        return autograd.avg_pool2d(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.ceil_mode,
            self.count_include_pad,
            self.divisor_override,
        )

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"
