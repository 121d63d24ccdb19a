"""Two-dimensional convolution (cross-correlation, as everywhere in deep learning) and its two gradients.

    out[n, k, oh, ow] = bias[k] + sum over c, fh, fw of
        x[n, c, oh * stride_h + fh * dilation_h - padding_h, ow * stride_w + fw * dilation_w - padding_w]
        * weight[k, c, fh, fw]

where x is zero outside its bounds and, with groups, c runs over the channels of k's group. `choose` says which method
computes a shape; the methods are in `winograd`, `conv_planes`, `conv_tiles` and `conv_depthwise`.
"""

import math

import numpy as np

from autograd.kernels import conv_depthwise as depthwise
from autograd.kernels import conv_planes as planes
from autograd.kernels import conv_tiles as tiles
from autograd.kernels import winograd
from autograd.kernels.conv_tiles import Sizes
from autograd.kernels.threads import launch, scratch, thread_count
from autograd.kernels.tile import DOT_COLUMNS, DOT_ROWS, OUTER_ROWS, OUTER_VECTORS, ROW_VECTORS, dot_tile_size, lanes

Pair = tuple[int, int]

# A chunk of columns should stay in a core's second-level cache beside the weights it meets.
COLUMN_BYTES = 192 << 10
# Rows of the columns' matrix that are gathered before they are multiplied.
DEPTH_BLOCK = 320
# Planes compute some pixels in vain, for each of the K output channels; gathering columns costs about as much as
# computing this many output channels.
GATHER_COST = 16
# Dot tiles pay for adding up their lanes at the end; a shorter row of pixels is not worth it.
SHORTEST_DOT = 256


def choose(sizes: Sizes, dtype: np.dtype) -> str:
    """The method for a shape.

    | shape                                                     | method      |
    |-----------------------------------------------------------|-------------|
    | one input channel in every group                          | `depthwise` |
    | 3x3, stride 1, no dilation, 16 channels or more, float32  | `winograd`  |
    | any other                                                 | `product`   |

    A product reads its right side from padded planes or from gathered columns, whichever computes less in vain:
    `_correlate` and `_weigh` decide. A depthwise filter has too few taps for a matrix product.
    """
    if sizes.C == 1 and sizes.groups > 1:
        return "depthwise"
    if winograd.fits(sizes, dtype):
        return "winograd"
    return "product"


def conv2d(
    x: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray | None,
    stride: Pair,
    padding: Pair,
    dilation: Pair,
    groups: int,
) -> np.ndarray:
    """The convolution of x (N, C, H, W) with weight (K, C / groups, FH, FW) plus bias (K,): the module's formula."""
    sizes = _sizes(x.shape, weight.shape, stride, padding, dilation, groups)
    out = np.empty((sizes.N, weight.shape[0], sizes.OH, sizes.OW), x.dtype)
    if out.size == 0:
        return out
    if weight.size == 0:
        out[:] = 0 if bias is None else bias[:, None, None]
        return out
    if bias is None:
        bias = np.empty(0, x.dtype)
    method = choose(sizes, x.dtype)
    if method == "depthwise":
        place = depthwise.Place(sizes.OH, sizes.OW, 0, 0, 1, 1)
        _correlate_depthwise(x, weight, bias, out, sizes, place)
    elif method != "winograd" or not winograd.correlate(x, weight, bias, out, sizes, False):
        matrix = weight.reshape(groups, sizes.K, sizes.C * sizes.FH * sizes.FW)
        _correlate(x, matrix, bias, out, sizes)
    return out


def conv2d_input_gradient(
    gradient: np.ndarray,
    weight: np.ndarray,
    input_size: Pair,
    stride: Pair,
    padding: Pair,
    dilation: Pair,
    groups: int,
) -> np.ndarray:
    """The gradient of sum(conv2d(x, weight) * gradient) by x, of shape (N, C) + input_size.

    input_gradient[n, c, h, w] = sum over k, fh, fw, oh, ow with h = oh * stride_h + fh * dilation_h - padding_h,
    and w likewise, of weight[k, c, fh, fw] * gradient[n, k, oh, ow]
    """
    C = weight.shape[1] * groups
    x_shape = (gradient.shape[0], C, *input_size)
    sizes = _sizes(x_shape, weight.shape, stride, padding, dilation, groups)
    if gradient.size == 0 or weight.size == 0:
        return np.zeros(x_shape, gradient.dtype)
    out = np.empty(x_shape, gradient.dtype)
    if choose(sizes, gradient.dtype) == "depthwise":
        _spread_depthwise(gradient, weight, out, sizes)
    elif stride == (1, 1):
        # A convolution of the gradient with the filters turned half round, input and output channels exchanged.
        mirrored = _with(
            sizes,
            C=sizes.K, K=sizes.C, H=sizes.OH, W=sizes.OW, OH=sizes.H, OW=sizes.W,
            padding_h=dilation[0] * (sizes.FH - 1) - padding[0],
            padding_w=dilation[1] * (sizes.FW - 1) - padding[1],
        )  # fmt: skip
        bias = np.empty(0, gradient.dtype)
        if choose(mirrored, gradient.dtype) == "winograd" and winograd.correlate(
            gradient, weight, bias, out, mirrored, True
        ):
            return out
        turned = weight.reshape(groups, sizes.K, sizes.C, sizes.FH, sizes.FW)[..., ::-1, ::-1].swapaxes(1, 2)
        _correlate(gradient, turned.reshape(groups, sizes.C, -1), bias, out, mirrored)
    else:
        _spread(gradient, weight, out, sizes)
    return out


def conv2d_weight_gradient(
    x: np.ndarray,
    gradient: np.ndarray,
    kernel_size: Pair,
    stride: Pair,
    padding: Pair,
    dilation: Pair,
    groups: int,
) -> np.ndarray:
    """The gradient of sum(conv2d(x, weight) * gradient) by weight, of shape (K, C / groups) + kernel_size.

    weight_gradient[k, c, fh, fw] = sum over n, oh, ow of gradient[n, k, oh, ow]
        * x[n, c, oh * stride_h + fh * dilation_h - padding_h, ow * stride_w + fw * dilation_w - padding_w]
    """
    K = gradient.shape[1]
    shape = (K, x.shape[1] // groups, *kernel_size)
    if gradient.size == 0 or x.size == 0:
        return np.zeros(shape, x.dtype)
    sizes = _sizes(x.shape, shape, stride, padding, dilation, groups)
    method = choose(sizes, x.dtype)
    if method != "product":
        out = np.empty(shape, x.dtype)
        if method == "depthwise":
            _weigh_depthwise(x, gradient, out, sizes)
            return out
        if winograd.weigh(x, gradient, out, sizes):
            return out
    return _weigh(x, gradient, sizes).reshape(shape)


def _sizes(
    x_shape: tuple[int, ...],
    weight_shape: tuple[int, ...],
    stride: Pair,
    padding: Pair,
    dilation: Pair,
    groups: int,
) -> Sizes:
    N, C, H, W = x_shape
    K, _, FH, FW = weight_shape
    OH = (H + 2 * padding[0] - dilation[0] * (FH - 1) - 1) // stride[0] + 1
    OW = (W + 2 * padding[1] - dilation[1] * (FW - 1) - 1) // stride[1] + 1
    return Sizes(
        N, C // groups, H, W, K // groups, FH, FW, OH, OW, *stride, *padding, *dilation, groups
    )  # fmt: skip


def _with(sizes: Sizes, **changes: int) -> Sizes:
    """The sizes with some of them changed. (`_replace` leaves a tuple behind in CPython's free list at each call.)"""
    return Sizes(**(sizes._asdict() | changes))


def _flattened(sizes: Sizes) -> Sizes:
    """A 1x1 convolution sees no neighbours, so an image may as well be one long row: the runs to copy get longer."""
    if (sizes.FH, sizes.FW, sizes.OH, sizes.OW) == (1, 1, sizes.H, sizes.W) and (
        sizes.stride_h, sizes.stride_w, sizes.padding_h, sizes.padding_w
    ) == (1, 1, 0, 0):  # fmt: skip
        pixels = sizes.H * sizes.W
        return _with(sizes, H=1, W=pixels, OH=1, OW=pixels)
    return sizes


def _round_up(number: int, multiple: int) -> int:
    return -(-number // multiple) * multiple


def _chunk(pixels: int, unit: int, longest: int, tasks_per_chunk: int) -> int:
    """How many pixels a chunk has: a multiple of `unit` up to `longest` that leaves no thread waiting for long."""
    threads = thread_count()
    units = -(-pixels // unit)

    def time(length: int) -> tuple[int, int]:
        rounds = -(-(-(-units // length) * tasks_per_chunk) // threads)
        return rounds * length, -length

    return unit * min(range(1, max(longest // unit, 1) + 1), key=time)


def _scratch(name: str, rows: int, dtype: np.dtype) -> np.ndarray:
    """A row of scratch for each thread, with a vector to spare; rows begin on cache lines."""
    threads = thread_count()
    row = _round_up(rows + lanes(dtype), 64)
    return scratch(name, threads * row, dtype).reshape(threads, row)


def _correlate(x: np.ndarray, matrix: np.ndarray, bias: np.ndarray, out: np.ndarray, sizes: Sizes) -> None:
    """Convolve by planes or by columns; `matrix` is the weight as (groups, K, depth)."""
    dtype, sizes = x.dtype, _flattened(sizes)
    depth, rows = matrix.shape[2], _round_up(sizes.K, OUTER_ROWS)
    packed = scratch("packed", sizes.groups * rows * depth, dtype)
    tiles.pack_rows(matrix, packed.reshape(sizes.groups, rows // OUTER_ROWS, depth, OUTER_ROWS))
    unit = OUTER_VECTORS * lanes(dtype)
    x, out = x.reshape(-1), out.reshape(-1)
    layout = planes.lay_out(sizes, dtype.itemsize, unit, thread_count())
    computed = _round_up(layout.band * layout.row, unit)
    if computed * sizes.K <= layout.band * sizes.OW * (sizes.K + GATHER_COST):
        channels = sizes.C * sizes.stride_h * sizes.stride_w
        memory = _scratch("columns", channels * layout.plane, dtype)
        sums = _scratch("sums", rows * unit, dtype)
        taps_at = planes.tap_offsets(sizes, layout)
        launch(planes.correlate, x, packed, bias, out, sizes, layout, taps_at, memory, sums)
        return
    taps = sizes.FH * sizes.FW
    block = max(min(DEPTH_BLOCK // taps, sizes.C), 1)
    longest = COLUMN_BYTES // (block * taps * dtype.itemsize)
    step = _chunk(sizes.N * sizes.OH * sizes.OW, unit, min(longest, 8 * unit), sizes.groups)
    columns = _scratch("columns", block * taps * step, dtype)
    sums = _scratch("sums", rows * step, dtype)
    offsets: np.ndarray = np.arange(block * taps) * step
    launch(tiles.correlate, x, packed, bias, out, sizes, step, block, offsets, columns, sums)


def _spread(gradient: np.ndarray, weight: np.ndarray, out: np.ndarray, sizes: Sizes) -> None:
    """Run `tiles.spread`."""
    dtype = gradient.dtype
    taps = sizes.FH * sizes.FW
    block = max(min(DEPTH_BLOCK // taps, sizes.C), 1)
    if sizes.N * sizes.groups < thread_count():
        block = min(block, -(-sizes.C // thread_count()))
    blocks = -(-sizes.C // block)
    block_rows = _round_up(block * taps, OUTER_ROWS)
    unit = OUTER_VECTORS * lanes(dtype)
    longest = COLUMN_BYTES // (max(block_rows, sizes.K) * dtype.itemsize)
    step = min(max(longest // unit, 1) * unit, 8 * unit, _round_up(sizes.OH * sizes.OW, unit))
    packed = scratch("packed", sizes.groups * blocks * block_rows * sizes.K, dtype)
    packed = packed.reshape(sizes.groups, blocks, block_rows // OUTER_ROWS, sizes.K, OUTER_ROWS)
    matrix = weight.reshape(sizes.groups, sizes.K, sizes.C * taps).swapaxes(1, 2)
    for b in range(blocks):
        tiles.pack_rows(matrix[:, b * block * taps : (b + 1) * block * taps], packed[:, b])
    rows_of_gradient = _scratch("columns", sizes.K * step, dtype)
    sums = _scratch("sums", block_rows * step, dtype)
    offsets: np.ndarray = np.arange(sizes.K) * step
    launch(
        tiles.spread, gradient.reshape(-1), packed.reshape(-1), out.reshape(-1), sizes, step, block, offsets,
        rows_of_gradient, sums,
    )  # fmt: skip


def _weigh(x: np.ndarray, gradient: np.ndarray, sizes: Sizes) -> np.ndarray:
    """The weight's gradient (groups, K, depth), by planes or by columns."""
    flat = _flattened(sizes)
    # Channels are shared out first: parts of the pixels cost a sum of their own.
    block = -(-flat.C // max(thread_count() // flat.groups, 1))
    layout = planes.lay_out(_with(flat, C=block), x.dtype.itemsize, lanes(x.dtype), 1)
    if layout.band * layout.row >= SHORTEST_DOT and layout.row * flat.K <= flat.OW * (flat.K + GATHER_COST):
        out = _weigh_planes(x, gradient, flat, block, layout)
        if np.isfinite(out).all():
            return out
        # Columns meet no number that is not theirs, so an infinity or NaN spoils the right weights only.
    return _weigh_columns(x, gradient, flat)


def _weigh_planes(x: np.ndarray, gradient: np.ndarray, sizes: Sizes, block: int, layout: planes.Layout) -> np.ndarray:
    """Run `planes.weigh` and add up its parts."""
    dtype, depth = x.dtype, sizes.C * sizes.FH * sizes.FW
    blocks = -(-sizes.C // block)
    parts = max(min(-(-thread_count() // (blocks * sizes.groups)), sizes.N), 1)
    partial = np.empty((parts, sizes.groups, sizes.K, depth), dtype)
    step = _round_up(layout.band * layout.row, lanes(dtype))
    offsets = planes.tap_offsets(_with(sizes, C=block), layout)
    offsets = np.pad(offsets, (0, -offsets.size % DOT_COLUMNS))
    memory = _scratch("columns", block * sizes.stride_h * sizes.stride_w * layout.plane, dtype)
    rows = _scratch("rows", _round_up(sizes.K, DOT_ROWS) * step, dtype)
    sums = _scratch("sums", _dot_sums(sizes.K, offsets.size, dtype), dtype)
    x, gradient = x.reshape(-1), gradient.reshape(-1)
    launch(planes.weigh, x, gradient, partial, sizes, layout, block, offsets, memory, rows, sums)
    return partial[0] if parts == 1 else partial.sum(axis=0)


def _dot_sums(rows: int, columns: int, dtype: np.dtype) -> int:
    """How many numbers the dot tiles of `rows` times `columns` sums take up."""
    return -(-rows // DOT_ROWS) * -(-columns // DOT_COLUMNS) * dot_tile_size(dtype)


def _weigh_columns(x: np.ndarray, gradient: np.ndarray, sizes: Sizes) -> np.ndarray:
    """Run `tiles.weigh` and add up its parts."""
    dtype, taps, threads = x.dtype, sizes.FH * sizes.FW, thread_count()
    pixels = sizes.N * sizes.OH * sizes.OW
    block = max(min(DEPTH_BLOCK // 2 // taps, -(-sizes.C * sizes.groups // threads), sizes.C), 1)
    blocks = -(-sizes.C // block)
    step = max(COLUMN_BYTES // (block * taps * dtype.itemsize) // 64 * 64, 64)
    step = min(step, 512, _round_up(pixels, lanes(dtype)))
    parts = max(min(-(-threads // (blocks * sizes.groups)), pixels // step), 1)
    partial = np.empty((parts, sizes.groups, sizes.K, sizes.C * taps), dtype)
    width, height = _round_up(block * taps, DOT_COLUMNS), _round_up(sizes.K, DOT_ROWS)
    columns = _scratch("columns", width * step, dtype)
    rows = _scratch("rows", height * step, dtype)
    sums = _scratch("sums", _dot_sums(sizes.K, width, dtype), dtype)
    offsets: np.ndarray = np.arange(width) * step
    x, gradient = x.reshape(-1), gradient.reshape(-1)
    launch(tiles.weigh, x, gradient, partial, sizes, step, block, offsets, columns, rows, sums)
    return partial[0] if parts == 1 else partial.sum(axis=0)


def _correlate_depthwise(
    x: np.ndarray, weight: np.ndarray, bias: np.ndarray, out: np.ndarray, sizes: Sizes, place: depthwise.Place
) -> None:
    """Run `depthwise.correlate`."""
    dtype, unit = x.dtype, ROW_VECTORS * lanes(x.dtype)
    layout = planes.lay_out(sizes, dtype.itemsize, unit, thread_count())
    channels = sizes.C * sizes.stride_h * sizes.stride_w
    memory = _scratch("columns", channels * layout.plane, dtype)
    sums = _scratch("sums", _round_up(layout.band * layout.row, unit), dtype)
    offsets = planes.tap_offsets(sizes, layout)
    x, weight, out = x.reshape(-1), weight.reshape(-1), out.reshape(-1)
    launch(depthwise.correlate, x, weight, bias, out, sizes, layout, place, offsets, memory, sums)


def _spread_depthwise(gradient: np.ndarray, weight: np.ndarray, out: np.ndarray, sizes: Sizes) -> None:
    """The input gradient as convolutions of the gradient, one for each place an input has between two strides.

    Along one axis, input h = start + i * stride meets only the taps f with
    f * dilation = start + padding modulo stride, and the outputs they belong to lie dilation / gcd apart.
    """
    phases_h = _phases(sizes.H, sizes.FH, sizes.stride_h, sizes.padding_h, sizes.dilation_h)
    phases_w = _phases(sizes.W, sizes.FW, sizes.stride_w, sizes.padding_w, sizes.dilation_w)
    filters = weight.reshape(sizes.groups, sizes.K, sizes.FH, sizes.FW)
    bias = np.empty(0, gradient.dtype)
    if sizes.stride_h > sizes.FH or sizes.stride_w > sizes.FW or max(sizes.dilation_h, sizes.dilation_w) > 1:
        # Some inputs may meet no tap at all.
        out[...] = 0
    for start_h, count_h, taps_h, dilation_h, padding_h in phases_h:
        for start_w, count_w, taps_w, dilation_w, padding_w in phases_w:
            turned = np.ascontiguousarray(filters[:, :, taps_h][..., taps_w])
            one = Sizes(
                sizes.N, sizes.K, sizes.OH, sizes.OW, 1, len(taps_h), len(taps_w), count_h, count_w,
                1, 1, padding_h, padding_w, dilation_h, dilation_w, sizes.groups,
            )  # fmt: skip
            place = depthwise.Place(sizes.H, sizes.W, start_h, start_w, sizes.stride_h, sizes.stride_w)
            _correlate_depthwise(gradient, turned, bias, out, one, place)


def _phases(
    size: int, taps: int, stride: int, padding: int, dilation: int
) -> list[tuple[int, int, list[int], int, int]]:
    """(first input, how many inputs, taps in falling order, dilation, padding) of each phase that meets any tap."""
    phases = []
    for start in range(min(stride, size)):
        met = [f for f in reversed(range(taps)) if (f * dilation - start - padding) % stride == 0]
        if met:
            # Input start + i * stride meets tap f at the output i + (start + padding - f * dilation) / stride.
            back = (met[0] * dilation - start - padding) // stride
            phases.append((start, -(-(size - start) // stride), met, dilation // math.gcd(dilation, stride), back))
    return phases


def _weigh_depthwise(x: np.ndarray, gradient: np.ndarray, out: np.ndarray, sizes: Sizes) -> None:
    """Run `depthwise.weigh`."""
    dtype = x.dtype
    layout = planes.lay_out(sizes, dtype.itemsize, lanes(dtype), 1)
    memory = _scratch("columns", sizes.stride_h * sizes.stride_w * layout.plane, dtype)
    rows = _scratch("rows", layout.band * layout.row, dtype)
    offsets = planes.tap_offsets(sizes, layout)
    x, gradient, out = x.reshape(-1), gradient.reshape(-1), out.reshape(out.shape[0], -1)
    launch(depthwise.weigh, x, gradient, out, sizes, layout, offsets, memory, rows)
