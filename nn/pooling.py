"""Pooling: each layer makes one number of each window."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import autograd
from autograd import Tensor
from autograd.errors import ArgumentError

from .conv import several
from .module import Module

__all__ = [
    "AdaptiveAvgPool1d",
    "AdaptiveAvgPool2d",
    "AdaptiveAvgPool3d",
    "AdaptiveMaxPool1d",
    "AdaptiveMaxPool2d",
    "AdaptiveMaxPool3d",
    "AvgPool1d",
    "AvgPool2d",
    "AvgPool3d",
    "FractionalMaxPool2d",
    "FractionalMaxPool3d",
    "LPPool1d",
    "LPPool2d",
    "LPPool3d",
    "MaxPool1d",
    "MaxPool2d",
    "MaxPool3d",
    "MaxUnpool1d",
    "MaxUnpool2d",
    "MaxUnpool3d",
]

Size = int | Sequence[int]


class _MaxPool(Module):
    function: Callable[..., Any]

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
        return type(self).function(
            input, self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode, self.return_indices
        )

    def extra_repr(self) -> str:
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, dilation={self.dilation}, "
            f"ceil_mode={self.ceil_mode}"
        )


class MaxPool1d(_MaxPool):
    """The largest number of each window of sequences; arguments as for `MaxPool2d`.

    Shapes:
        input (N, C, L) or (C, L); output (N, C, OL) or (C, OL).

    Example:
        >>> nn.MaxPool1d(2)(autograd.tensor([[1.0, 4.0, 2.0, 3.0]]))
        tensor([[4., 3.]])
    """

    function = staticmethod(autograd.max_pool1d)


class MaxPool2d(_MaxPool):
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

    function = staticmethod(autograd.max_pool2d)


class MaxPool3d(_MaxPool):
    """The largest number of each window of volumes; arguments as for `MaxPool2d`.

    Shapes:
        input (N, C, D, H, W) or (C, D, H, W); output (N, C, OD, OH, OW) or (C, OD, OH, OW).

    Example:
        >>> nn.MaxPool3d(2)(autograd.ones(1, 3, 4, 4, 4)).shape
        (1, 3, 2, 2, 2)
    """

    function = staticmethod(autograd.max_pool3d)


class _MaxUnpool(Module):
    count: int
    function: Callable[..., Tensor]

    def __init__(self, kernel_size: Size, stride: Size | None = None, padding: Size = 0) -> None:
        super().__init__()
        name, count = type(self).__name__, self.count
        self.kernel_size = several(name, "kernel_size", kernel_size, count, 1)
        self.stride = self.kernel_size if stride is None else several(name, "stride", stride, count, 1)
        self.padding = several(name, "padding", padding, count, 0)

    def forward(self, input: Any, indices: Any, output_size: Sequence[int] | None = None) -> Tensor:
        """The maxima at their places among zeros; `output_size` where pooling left the size open."""
        return type(self).function(input, indices, self.kernel_size, self.stride, self.padding, output_size)

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class MaxUnpool1d(_MaxUnpool):
    """Puts the maxima of `MaxPool1d` back to where they were, among zeros; arguments as for `MaxUnpool2d`.

    Example:
        >>> x = autograd.tensor([[1.0, 4.0, 2.0, 3.0]])
        >>> nn.MaxUnpool1d(2)(*nn.MaxPool1d(2, return_indices=True)(x))
        tensor([[0., 4., 0., 3.]])
    """

    count = 1
    function = staticmethod(autograd.max_unpool1d)


class MaxUnpool2d(_MaxUnpool):
    """Puts the maxima of `MaxPool2d` back to where they were, among zeros.

    Args:
        kernel_size: of the pooling.
        stride: of the pooling; the kernel size, unless given.
        padding: of the pooling.

    Shapes:
        maxima and indices (N, C, OH, OW) or (C, OH, OW); output (N, C, H, W) or (C, H, W).

    Example:
        >>> values, indices = nn.MaxPool2d(2, return_indices=True)(autograd.randn(1, 3, 4, 4))
        >>> nn.MaxUnpool2d(2)(values, indices).shape
        (1, 3, 4, 4)

    Source: Zeiler and Fergus 2013, arXiv 1311.2901, section 2.1.
    """

    count = 2
    function = staticmethod(autograd.max_unpool2d)


class MaxUnpool3d(_MaxUnpool):
    """Puts the maxima of `MaxPool3d` back to where they were, among zeros; arguments as for `MaxUnpool2d`.

    Example:
        >>> values, indices = nn.MaxPool3d(2, return_indices=True)(autograd.randn(1, 3, 4, 4, 4))
        >>> nn.MaxUnpool3d(2)(values, indices).shape
        (1, 3, 4, 4, 4)
    """

    count = 3
    function = staticmethod(autograd.max_unpool3d)


class AvgPool1d(Module):
    """The mean of each window of sequences.

    Args:
        kernel_size: the size of a window.
        stride: the step between windows; the kernel size, unless given.
        padding: zeros on each side, up to half a window.
        ceil_mode: let the last window hang over the edge.
        count_include_pad: count the padding's zeros among the numbers averaged.

    Shapes:
        input (N, C, L) or (C, L); output (N, C, OL) or (C, OL).

    Example:
        >>> nn.AvgPool1d(2)(autograd.tensor([[1.0, 2.0, 5.0, 6.0]]))
        tensor([[1.5000, 5.5000]])
    """

    def __init__(
        self,
        kernel_size: Size,
        stride: Size | None = None,
        padding: Size = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        super().__init__()
        self.kernel_size = several("AvgPool1d", "kernel_size", kernel_size, 1, 1)
        self.stride = self.kernel_size if stride is None else several("AvgPool1d", "stride", stride, 1, 1)
        self.padding = several("AvgPool1d", "padding", padding, 1, 0)
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad

    def forward(self, input: Any) -> Tensor:
        """The means."""
        return autograd.avg_pool1d(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.ceil_mode,
            self.count_include_pad,
        )

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class _AvgPool(Module):
    function: Callable[..., Tensor]

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
        return type(self).function(
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


class AvgPool2d(_AvgPool):
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

    function = staticmethod(autograd.avg_pool2d)


class AvgPool3d(_AvgPool):
    """The mean of each window of volumes; arguments as for `AvgPool2d`.

    Shapes:
        input (N, C, D, H, W) or (C, D, H, W); output (N, C, OD, OH, OW) or (C, OD, OH, OW).

    Example:
        >>> nn.AvgPool3d(2)(autograd.ones(1, 3, 4, 4, 4)).shape
        (1, 3, 2, 2, 2)
    """

    function = staticmethod(autograd.avg_pool3d)


class _AdaptiveAvgPool(Module):
    function: Callable[..., Tensor]

    def __init__(self, output_size: Any) -> None:
        super().__init__()
        self.output_size = output_size

    def forward(self, input: Any) -> Tensor:
        """The means."""
        return type(self).function(input, self.output_size)

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


class _AdaptiveMaxPool(Module):
    function: Callable[..., Any]

    def __init__(self, output_size: Any, return_indices: bool = False) -> None:
        super().__init__()
        self.output_size = output_size
        self.return_indices = return_indices

    def forward(self, input: Any) -> Any:
        """The maxima, and with `return_indices` where they were."""
        return type(self).function(input, self.output_size, self.return_indices)

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


class AdaptiveAvgPool1d(_AdaptiveAvgPool):
    """The mean of each of as many windows as are asked for, which cover sequences evenly.

    Args:
        output_size: the size of the result, one number.

    Shapes:
        input (N, C, L) or (C, L); output (N, C, OL) or (C, OL).

    Example:
        >>> nn.AdaptiveAvgPool1d(2)(autograd.ones(1, 3, 5)).shape
        (1, 3, 2)
    """

    function = staticmethod(autograd.adaptive_avg_pool1d)


class AdaptiveAvgPool2d(_AdaptiveAvgPool):
    """The mean of each of as many windows as are asked for, which cover images evenly.

    Args:
        output_size: the size of the result, one number or 2, of which None keeps a size.

    Shapes:
        input (N, C, H, W) or (C, H, W); output (N, C, OH, OW) or (C, OH, OW).

    Example:
        >>> nn.AdaptiveAvgPool2d(2)(autograd.ones(1, 3, 5, 5)).shape
        (1, 3, 2, 2)
    """

    function = staticmethod(autograd.adaptive_avg_pool2d)


class AdaptiveAvgPool3d(_AdaptiveAvgPool):
    """The mean of each of as many windows as are asked for, which cover volumes evenly.

    Args:
        output_size: the size of the result, one number or 3, of which None keeps a size.

    Shapes:
        input (N, C, D, H, W) or (C, D, H, W); output (N, C, OD, OH, OW) or (C, OD, OH, OW).

    Example:
        >>> nn.AdaptiveAvgPool3d(2)(autograd.ones(1, 3, 5, 5, 5)).shape
        (1, 3, 2, 2, 2)
    """

    function = staticmethod(autograd.adaptive_avg_pool3d)


class AdaptiveMaxPool1d(_AdaptiveMaxPool):
    """The largest number of each of as many windows as are asked for, which cover sequences evenly.

    Args:
        output_size: the size of the result, one number.
        return_indices: return also where in its plane each maximum was.

    Shapes:
        input (N, C, L) or (C, L); output (N, C, OL) or (C, OL).

    Example:
        >>> nn.AdaptiveMaxPool1d(2)(autograd.ones(1, 3, 5)).shape
        (1, 3, 2)
    """

    function = staticmethod(autograd.adaptive_max_pool1d)


class AdaptiveMaxPool2d(_AdaptiveMaxPool):
    """The largest number of each of as many windows as are asked for, which cover images evenly.

    Args:
        output_size: the size of the result, one number or 2, of which None keeps a size.
        return_indices: return also where in its plane each maximum was.

    Shapes:
        input (N, C, H, W) or (C, H, W); output (N, C, OH, OW) or (C, OH, OW).

    Example:
        >>> nn.AdaptiveMaxPool2d(2)(autograd.ones(1, 3, 5, 5)).shape
        (1, 3, 2, 2)
    """

    function = staticmethod(autograd.adaptive_max_pool2d)


class AdaptiveMaxPool3d(_AdaptiveMaxPool):
    """The largest number of each of as many windows as are asked for, which cover volumes evenly.

    Args:
        output_size: the size of the result, one number or 3, of which None keeps a size.
        return_indices: return also where in its plane each maximum was.

    Shapes:
        input (N, C, D, H, W) or (C, D, H, W); output (N, C, OD, OH, OW) or (C, OD, OH, OW).

    Example:
        >>> nn.AdaptiveMaxPool3d(2)(autograd.ones(1, 3, 5, 5, 5)).shape
        (1, 3, 2, 2, 2)
    """

    function = staticmethod(autograd.adaptive_max_pool3d)


class _LPPool(Module):
    function: Callable[..., Tensor]

    def __init__(
        self, norm_type: float, kernel_size: Size, stride: Size | None = None, ceil_mode: bool = False
    ) -> None:
        super().__init__()
        self.norm_type = norm_type
        self.kernel_size = kernel_size
        self.stride = stride
        self.ceil_mode = ceil_mode

    def forward(self, input: Any) -> Tensor:
        """The powers' sums, and their roots."""
        return type(self).function(input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode)

    def extra_repr(self) -> str:
        return (
            f"norm_type={self.norm_type}, kernel_size={self.kernel_size}, stride={self.stride}, "
            f"ceil_mode={self.ceil_mode}"
        )


class LPPool1d(_LPPool):
    """The p-norm of each window of sequences: `(sum of x^p)^(1/p)`.

    Args:
        norm_type: p; 1 gives sums, infinity the maxima.
        kernel_size: the size of a window.
        stride: the step between windows; the kernel size, unless given.
        ceil_mode: let the last window hang over the edge.

    Shapes:
        input (N, C, L) or (C, L); output (N, C, OL) or (C, OL).

    Example:
        >>> nn.LPPool1d(2, 2)(autograd.ones(1, 3, 4)).shape
        (1, 3, 2)
    """

    function = staticmethod(autograd.lp_pool1d)


class LPPool2d(_LPPool):
    """The p-norm of each window of images: `(sum of x^p)^(1/p)`.

    Args:
        norm_type: p; 1 gives sums, infinity the maxima.
        kernel_size: the size of a window.
        stride: the step between windows; the kernel size, unless given.
        ceil_mode: let the last window hang over the edge.

    Shapes:
        input (N, C, H, W) or (C, H, W); output (N, C, OH, OW) or (C, OH, OW).

    Example:
        >>> nn.LPPool2d(2, 2)(autograd.ones(1, 3, 4, 4)).shape
        (1, 3, 2, 2)
    """

    function = staticmethod(autograd.lp_pool2d)


class LPPool3d(_LPPool):
    """The p-norm of each window of volumes: `(sum of x^p)^(1/p)`.

    Args:
        norm_type: p; 1 gives sums, infinity the maxima.
        kernel_size: the size of a window.
        stride: the step between windows; the kernel size, unless given.
        ceil_mode: let the last window hang over the edge.

    Shapes:
        input (N, C, D, H, W) or (C, D, H, W); output (N, C, OD, OH, OW) or (C, OD, OH, OW).

    Example:
        >>> nn.LPPool3d(2, 2)(autograd.ones(1, 3, 4, 4, 4)).shape
        (1, 3, 2, 2, 2)
    """

    function = staticmethod(autograd.lp_pool3d)


class _FractionalMaxPool(Module):
    count: int
    function: Callable[..., Any]
    _random_samples: Tensor | None

    def __init__(
        self,
        kernel_size: Size,
        output_size: Size | None = None,
        output_ratio: float | Sequence[float] | None = None,
        return_indices: bool = False,
        _random_samples: Any = None,
    ) -> None:
        super().__init__()
        name, count = type(self).__name__, self.count
        self.kernel_size = several(name, "kernel_size", kernel_size, count, 1)
        self.return_indices = return_indices
        self.register_buffer("_random_samples", _random_samples)
        self.output_size = None if output_size is None else several(name, "output_size", output_size, count, 1)
        self.output_ratio: tuple[float, ...] | None = None
        if (output_size is None) == (output_ratio is None):
            raise ArgumentError(f"{name}: give either output_size or output_ratio")
        if output_ratio is not None:
            ratio: Any = output_ratio if isinstance(output_ratio, (tuple, list)) else (output_ratio,) * count
            self.output_ratio = tuple(ratio)
            if len(ratio) != count or not all(0 < r < 1 for r in ratio):
                raise ArgumentError(f"{name}: output_ratio is {output_ratio!r}; use numbers between 0 and 1")

    def forward(self, input: Any) -> Any:
        """The maxima, and with `return_indices` where they were."""
        samples = self._random_samples
        return type(self).function(
            input, self.kernel_size, self.output_size, self.output_ratio, self.return_indices, samples
        )


class FractionalMaxPool2d(_FractionalMaxPool):
    """The largest number of each window, with windows of images whose steps are drawn, so that sizes shrink by
    any factor.

    Args:
        kernel_size: the size of a window.
        output_size: the size of the result, or
        output_ratio: its ratio to the size of the input, between 0 and 1.
        return_indices: return also where in its plane each maximum was.
        _random_samples: (N, C, 2), the numbers from 0 to 1 that place the windows; drawn anew, unless given.

    Raises:
        ArgumentError: neither or both of output_size and output_ratio are given.

    Shapes:
        input (N, C, H, W) or (C, H, W); output (N, C, OH, OW) or (C, OH, OW).

    Example:
        >>> nn.FractionalMaxPool2d(2, output_size=3)(autograd.randn(1, 3, 7, 7)).shape
        (1, 3, 3, 3)

    Source: Graham 2014, arXiv 1412.6071.
    """

    count = 2
    function = staticmethod(autograd.fractional_max_pool2d)


class FractionalMaxPool3d(_FractionalMaxPool):
    """The largest number of each window, with windows of volumes whose steps are drawn, so that sizes shrink by
    any factor.

    Args:
        kernel_size: the size of a window.
        output_size: the size of the result, or
        output_ratio: its ratio to the size of the input, between 0 and 1.
        return_indices: return also where in its plane each maximum was.
        _random_samples: (N, C, 3), the numbers from 0 to 1 that place the windows; drawn anew, unless given.

    Raises:
        ArgumentError: neither or both of output_size and output_ratio are given.

    Shapes:
        input (N, C, D, H, W) or (C, D, H, W); output (N, C, OD, OH, OW) or (C, OD, OH, OW).

    Example:
        >>> nn.FractionalMaxPool3d(2, output_size=3)(autograd.randn(1, 3, 7, 7, 7)).shape
        (1, 3, 3, 3, 3)

    Source: Graham 2014, arXiv 1412.6071.
    """

    count = 3
    function = staticmethod(autograd.fractional_max_pool3d)
