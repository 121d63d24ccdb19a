"""A dilated convolution as one without dilation over more and smaller images.

With a dilation of D, the outputs i * D + a, i = 0, 1, 2 ..., of an axis meet only the inputs j * D + a - padding. Those
of every a are dealt out to an image of their own, D * D images for each one; there the taps of the filter are
neighbours. What comes out is put back in its places. A padding that is no multiple of D is dealt out with the image.
"""

import math

import numpy as np

from autograd.kernels import winograd
from autograd.kernels.conv_planes import store_block
from autograd.kernels.conv_tiles import Sizes, clear, copy_block, first_inside
from autograd.kernels.sharing import share_out
from autograd.kernels.threads import jit, scratch, thread_count


def inner_sizes(sizes: Sizes) -> Sizes:
    """The sizes of the convolution without dilation; both have a stride of 1."""
    OH, OW = -(-sizes.OH // sizes.dilation_h), -(-sizes.OW // sizes.dilation_w)
    if _keeps_padding(sizes):
        H, W = -(-sizes.H // sizes.dilation_h), -(-sizes.W // sizes.dilation_w)
        padding = (sizes.padding_h // sizes.dilation_h, sizes.padding_w // sizes.dilation_w)
    else:
        H, W = OH + sizes.FH - 1, OW + sizes.FW - 1
        padding = (0, 0)
    return Sizes(
        sizes.N * sizes.dilation_h * sizes.dilation_w, sizes.C, H, W, sizes.K, sizes.FH, sizes.FW, OH, OW,
        1, 1, *padding, 1, 1, sizes.groups,
    )  # fmt: skip


def _keeps_padding(sizes: Sizes) -> bool:
    """Whether the padding is one of whole pixels also where images are dealt out."""
    return sizes.padding_h % sizes.dilation_h == 0 and sizes.padding_w % sizes.dilation_w == 0


@jit()
def deal(thread, threads, images, channels, size, dilation, padding, into, into_size):  # type: ignore[no-untyped-def]
    """into[(n, a, b), c, j, l] = images[n, c, j * D + a - padding, l * D + b - padding], zero outside the image."""
    H, W = size
    height, width = into_size
    area = height * width
    for task in range(thread, into.size // area, threads):
        rest, c = divmod(task, channels)
        rest, b = divmod(rest, dilation[1])
        n, a = divmod(rest, dilation[0])
        row, column = a - padding[0], b - padding[1]
        top = min(first_inside(row, dilation[0]), height)
        bottom = max(min(first_inside(row - H, dilation[0]), height), top)
        low, high = first_inside(column, dilation[1]), first_inside(column - W, dilation[1])
        start = ((n * channels + c) * H + row + top * dilation[0]) * W + column
        at = task * area
        clear(into, at, at + top * width)
        copy_block(
            images, start, dilation[0] * W, dilation[1], low, high,
            into, at + top * width, width, bottom - top, width,
        )  # fmt: skip
        clear(into, at + bottom * width, at + area)


@jit()
def collect(thread, threads, images, channels, size, dilation, into, into_size):  # type: ignore[no-untyped-def]
    """into[n, k, i * D + a, j * D + b] = images[(n, a, b), k, i, j], wherever there is such a place."""
    height, width = size
    H, W = into_size
    area = height * width
    for task in range(thread, images.size // area, threads):
        rest, k = divmod(task, channels)
        rest, b = divmod(rest, dilation[1])
        n, a = divmod(rest, dilation[0])
        rows, count = (H - a + dilation[0] - 1) // dilation[0], (W - b + dilation[1] - 1) // dilation[1]
        to = ((n * channels + k) * H + a) * W + b
        store_block(images, task * area, width, into, to, dilation[0] * W, dilation[1], rows, count)


def _dealt(name: str, images: np.ndarray, sizes: Sizes, padding: tuple[int, int], into: tuple[int, int]) -> np.ndarray:
    """Images (N, channels, H, W), dealt out to images of the size `into`."""
    N, channels, *size = images.shape
    dilation = (sizes.dilation_h, sizes.dilation_w)
    shape = (N * dilation[0] * dilation[1], channels, *into)
    out = scratch(name, math.prod(shape), images.dtype)
    share_out(deal, thread_count(), images.reshape(-1), channels, tuple(size), dilation, padding, out, into)
    return out.reshape(shape)


def correlate(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, out: np.ndarray, sizes: Sizes, turned: bool) -> bool:
    """As `winograd.correlate`, for a convolution with dilation."""
    inner = inner_sizes(sizes)
    shape = (inner.N, sizes.groups * sizes.K, inner.OH, inner.OW)
    results = scratch("results dealt out", math.prod(shape), x.dtype).reshape(shape)
    padding = (0, 0) if _keeps_padding(sizes) else (sizes.padding_h, sizes.padding_w)
    images = _dealt("images dealt out", x, sizes, padding, (inner.H, inner.W))
    finite = winograd.correlate(images, weight, bias, results, inner, turned)
    places = (shape[1], shape[2:], (sizes.dilation_h, sizes.dilation_w))
    share_out(collect, thread_count(), results.reshape(-1), *places, out.reshape(-1), (sizes.OH, sizes.OW))
    return finite


def weigh(x: np.ndarray, gradient: np.ndarray, out: np.ndarray, sizes: Sizes) -> bool:
    """As `winograd.weigh`, for a convolution with dilation."""
    inner = inner_sizes(sizes)
    padding = (0, 0) if _keeps_padding(sizes) else (sizes.padding_h, sizes.padding_w)
    images = _dealt("images dealt out", x, sizes, padding, (inner.H, inner.W))
    gradients = _dealt("results dealt out", gradient, sizes, (0, 0), (inner.OH, inner.OW))
    return winograd.weigh(images, gradients, out, inner)
