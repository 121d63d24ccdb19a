"""Layers that move pixels: to other sizes, between channels and space, into columns and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import autograd
from autograd import Tensor
from autograd.errors import ArgumentError

from .module import Module

__all__ = [
    "ChannelShuffle",
    "Fold",
    "PixelShuffle",
    "PixelUnshuffle",
    "Unfold",
    "Upsample",
    "UpsamplingBilinear2d",
    "UpsamplingNearest2d",
]

Size = int | Sequence[int]
Scale = float | Sequence[float]


class Upsample(Module):
    """Enlarges sequences, images or volumes: see `autograd.interpolate`.

    Args:
        size: the new size, or
        scale_factor: the factor by which to enlarge, one number or one a dimension.
        mode: "nearest", "linear", "bilinear", "bicubic" or "trilinear".
        align_corners: let the corners of input and output coincide.
        recompute_scale_factor: take the factor anew from the sizes, which are whole numbers.

    Raises:
        ArgumentError: neither or both of size and scale_factor are given, at the call.

    Example:
        >>> nn.Upsample(scale_factor=2)(autograd.tensor([[[1.0, 2.0]]]))
        tensor([[[1., 1., 2., 2.]]])
    """

    def __init__(
        self,
        size: Size | None = None,
        scale_factor: Scale | None = None,
        mode: str = "nearest",
        align_corners: bool | None = None,
        recompute_scale_factor: bool | None = None,
    ) -> None:
        super().__init__()
        self.name = type(self).__name__
        self.size = size
        self.scale_factor: float | tuple[float, ...] | None
        if isinstance(scale_factor, (tuple, list)):
            self.scale_factor = tuple([float(factor) for factor in scale_factor])
        else:
            self.scale_factor = float(scale_factor) if scale_factor else None  # type: ignore[arg-type]
        self.mode = mode
        self.align_corners = align_corners
        self.recompute_scale_factor = recompute_scale_factor

    def forward(self, input: Any) -> Tensor:
        """The enlarged input."""
        return autograd.interpolate(
            input, self.size, self.scale_factor, self.mode, self.align_corners, self.recompute_scale_factor
        )

    def extra_repr(self) -> str:
        by = f"scale_factor={self.scale_factor!r}" if self.scale_factor is not None else f"size={self.size!r}"
        return f"{by}, mode={self.mode!r}"


class UpsamplingNearest2d(Upsample):
    """Enlarges images by repeating pixels; `Upsample` in mode "nearest".

    Args:
        size: the new size, or
        scale_factor: the factor by which to enlarge.

    Example:
        >>> nn.UpsamplingNearest2d(scale_factor=2)(autograd.ones(1, 3, 4, 4)).shape
        (1, 3, 8, 8)
    """

    def __init__(self, size: Size | None = None, scale_factor: Scale | None = None) -> None:
        super().__init__(size, scale_factor, mode="nearest")


class UpsamplingBilinear2d(Upsample):
    """Enlarges images linearly in both directions; `Upsample` in mode "bilinear" with `align_corners`.

    Args:
        size: the new size, or
        scale_factor: the factor by which to enlarge.

    Example:
        >>> nn.UpsamplingBilinear2d(scale_factor=2)(autograd.ones(1, 3, 4, 4)).shape
        (1, 3, 8, 8)
    """

    def __init__(self, size: Size | None = None, scale_factor: Scale | None = None) -> None:
        super().__init__(size, scale_factor, mode="bilinear", align_corners=True)


class PixelShuffle(Module):
    """Makes (.., C r^2, H, W) into (.., C, H r, W r): channels become the pixels of blocks.

    Args:
        upscale_factor: r.

    Example:
        >>> nn.PixelShuffle(2)(autograd.ones(1, 8, 3, 3)).shape
        (1, 2, 6, 6)

    Source: Shi et al. 2016, arXiv 1609.05158, equation 4.
    """

    def __init__(self, upscale_factor: int) -> None:
        super().__init__()
        self.upscale_factor = upscale_factor

    def forward(self, input: Any) -> Tensor:
        """The enlarged images."""
        return autograd.pixel_shuffle(input, self.upscale_factor)

    def extra_repr(self) -> str:
        return f"upscale_factor={self.upscale_factor}"


class PixelUnshuffle(Module):
    """Undoes `PixelShuffle`: makes (.., C, H r, W r) into (.., C r^2, H, W).

    Args:
        downscale_factor: r.

    Example:
        >>> nn.PixelUnshuffle(2)(autograd.ones(1, 2, 6, 6)).shape
        (1, 8, 3, 3)
    """

    def __init__(self, downscale_factor: int) -> None:
        super().__init__()
        self.downscale_factor = downscale_factor

    def forward(self, input: Any) -> Tensor:
        """The images made small."""
        return autograd.pixel_unshuffle(input, self.downscale_factor)

    def extra_repr(self) -> str:
        return f"downscale_factor={self.downscale_factor}"


class ChannelShuffle(Module):
    """Deals the channels of each group out over all groups.

    Args:
        groups: the number of groups.

    Raises:
        ArgumentError: groups is not at least 1.

    Example:
        >>> x = autograd.arange(4.0).reshape(1, 4, 1, 1)
        >>> nn.ChannelShuffle(2)(x).flatten()
        tensor([0., 2., 1., 3.])

    Source: Zhang et al. 2017, arXiv 1707.01083, section 3.1.
    """

    def __init__(self, groups: int) -> None:
        super().__init__()
        if groups < 1:
            raise ArgumentError(f"ChannelShuffle: groups is {groups!r}; use a whole number of at least 1")
        self.groups = groups

    def forward(self, input: Any) -> Tensor:
        """The shuffled channels."""
        return autograd.channel_shuffle(input, self.groups)

    def extra_repr(self) -> str:
        return f"groups={self.groups}"


class _Columns(Module):
    """The geometry of windows."""

    def __init__(self, kernel_size: Size, dilation: Size, padding: Size, stride: Size) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.dilation = dilation
        self.padding = padding
        self.stride = stride

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, dilation={self.dilation}, padding={self.padding}, stride={self.stride}"


class Unfold(_Columns):
    """Lays each window of images out as a column: see `autograd.im2col`.

    Args:
        kernel_size: the size of a window.
        dilation: the spacing of its entries.
        padding: zeros on each side.
        stride: the step between windows.

    Shapes:
        input (N, C, H, W), output (N, C FH FW, windows).

    Example:
        >>> nn.Unfold(2)(autograd.ones(1, 3, 4, 4)).shape
        (1, 12, 9)
    """

    def __init__(self, kernel_size: Size, dilation: Size = 1, padding: Size = 0, stride: Size = 1) -> None:
        super().__init__(kernel_size, dilation, padding, stride)

    def forward(self, input: Any) -> Tensor:
        """The columns."""
        return autograd.im2col(input, self.kernel_size, self.dilation, self.padding, self.stride)


class Fold(_Columns):
    """Adds columns up into images, where their windows overlap: see `autograd.col2im`.

    Args:
        output_size: the height and width of the images.
        kernel_size: the size of a window.
        dilation: the spacing of its entries.
        padding: zeros on each side.
        stride: the step between windows.

    Shapes:
        input (N, C FH FW, windows), output (N, C, H, W).

    Example:
        >>> nn.Fold((4, 4), 2)(autograd.ones(1, 12, 9)).shape
        (1, 3, 4, 4)
    """

    def __init__(
        self, output_size: Size, kernel_size: Size, dilation: Size = 1, padding: Size = 0, stride: Size = 1
    ) -> None:
        super().__init__(kernel_size, dilation, padding, stride)
        self.output_size = output_size

    def forward(self, input: Any) -> Tensor:
        """The images."""
        return autograd.col2im(input, self.output_size, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}, {super().extra_repr()}"
