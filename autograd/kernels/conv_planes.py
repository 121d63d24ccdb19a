"""Convolution that multiplies straight out of padded planes, without gathering columns.

Lay the padded rows of one channel end to end, `row` numbers each. Then the numbers that one tap meets at the output
pixels p = oh * row + ow, p = 0, 1, 2 ..., also lie end to end: the tap's offset is fh * row + fw, and

    output[k, p] = sum over taps d of weight[k, d] * planes[offset[d] + p]

is a matrix product whose right side is read in place. The few p with ow >= OW are computed and dropped. A stride is
undone first, by dealing rows and columns out to stride_h * stride_w planes (phases), in each of which the tap's
numbers lie end to end again. Against columns this copies a number once, not once for each tap.
"""

from typing import NamedTuple

import numpy as np
from numba import prange

from autograd.kernels.conv_tiles import Sizes, first_inside, multiply_dots, unpack_dots
from autograd.kernels.threads import jit
from autograd.kernels.tile import OUTER_ROWS, OUTER_VECTORS, VECTOR_BYTES, copy_padded, outer_tile

# Planes of one band should stay in a core's second-level cache beside the weights.
PLANE_BYTES = 256 << 10
# Taps whose numbers are used for all output channels before the next ones: overlapping rows of 32 channels, 3x3.
L1_DEPTH = 288


class Layout(NamedTuple):
    """How the planes of one band of output rows lie in scratch."""

    row: int  # from one row of a plane to the next
    plane: int  # from one plane to the next
    rows: int  # rows of a plane
    band: int  # output rows that are computed at a time


def lay_out(sizes: Sizes, itemsize: int, width: int, threads: int) -> Layout:
    """The layout for a convolution; `width` is how many pixels a tile computes."""
    reach_h = sizes.dilation_h * (sizes.FH - 1) // sizes.stride_h
    reach_w = sizes.dilation_w * (sizes.FW - 1) // sizes.stride_w
    row = sizes.OW + reach_w
    if sizes.stride_w == 1 and 0 < sizes.padding_w <= reach_w and row >= 2 * sizes.padding_w + sizes.W:
        # The zeros to the right of a row are those to the left of the next.
        row -= sizes.padding_w
    planes = sizes.C * sizes.stride_h * sizes.stride_w
    band = min(max(PLANE_BYTES // (planes * row * itemsize) - reach_h, 1), sizes.OH)
    # Bands of equal height, and at least one for each thread.
    bands = max(-(-sizes.OH // band), min(-(-threads // (sizes.N * sizes.groups)), sizes.OH))
    band = -(-sizes.OH // bands)
    rows = band + reach_h
    # The last tile reads on behind the last row. An odd number of cache lines spreads the planes over the cache's sets.
    line = 64 // itemsize
    lines = (rows * row + row + reach_w + width + line - 1) // line | 1
    return Layout(row, lines * line, rows, band)


def tap_offsets(sizes: Sizes, layout: Layout) -> np.ndarray:
    """offset[d]: where tap d = (c, fh, fw) begins to read in the planes."""
    fh: np.ndarray = np.arange(sizes.FH) * sizes.dilation_h
    fw: np.ndarray = np.arange(sizes.FW) * sizes.dilation_w
    phase = (fh % sizes.stride_h * sizes.stride_w)[:, None] + fw % sizes.stride_w
    inside = (fh // sizes.stride_h * layout.row)[:, None] + fw // sizes.stride_w
    channel: np.ndarray = np.arange(sizes.C) * sizes.stride_h * sizes.stride_w * layout.plane
    return (channel[:, None, None] + phase * layout.plane + inside).reshape(-1)


@jit()
def fill_planes(x, sizes, layout, channel, count, oh, planes):  # type: ignore[no-untyped-def]
    """Copy `count` channels from `channel` (of all images) on to planes whose row 0 belongs to output row `oh`."""
    at = 0
    for c in range(channel, channel + count):
        for phase_h in range(sizes.stride_h):
            for phase_w in range(sizes.stride_w):
                shift = phase_w - sizes.padding_w
                low = first_inside(shift, sizes.stride_w)
                high = first_inside(shift - sizes.W, sizes.stride_w)
                for i in range(layout.rows):
                    h = (oh + i) * sizes.stride_h + phase_h - sizes.padding_h
                    start = (c * sizes.H + h) * sizes.W + shift
                    inside = min(high, layout.row) if 0 <= h < sizes.H else 0
                    copy_padded(x, start, sizes.stride_w, low, inside, planes, at + i * layout.row, layout.row)
                used = layout.rows * layout.row
                copy_padded(x, 0, 1, 0, 0, planes, at + used, layout.plane - used)
                at += layout.plane


@jit()
def correlate_band(x, packed, bias, out, sizes, layout, offsets, n, group, oh, planes, sums):  # type: ignore[no-untyped-def]
    """`correlate` for the output rows from `oh` on of one group of one image."""
    width = OUTER_VECTORS * (VECTOR_BYTES // x.itemsize)
    depth = offsets.size
    rows = (sizes.K + OUTER_ROWS - 1) // OUTER_ROWS * OUTER_ROWS
    height = min(layout.band, sizes.OH - oh)
    fill_planes(x, sizes, layout, (n * sizes.groups + group) * sizes.C, sizes.C, oh, planes)
    for p in range(0, height * layout.row, width):
        for r in range(rows):
            start = bias[group * sizes.K + r] if r < sizes.K and bias.size > 0 else 0
            sums[r * width : (r + 1) * width] = start
        for d in range(0, depth, L1_DEPTH):
            taken = min(L1_DEPTH, depth - d)
            for r in range(0, rows, OUTER_ROWS):
                left_at = (group * rows + r) * depth + d * OUTER_ROWS
                outer_tile(packed, left_at, planes, p, offsets, d, sums, r * width, width, taken)
        # The tile's pixels may lie in several rows.
        j = 0
        while j < width:
            i, ow = divmod(p + j, layout.row)
            if i >= height:
                break
            run = min(sizes.OW - ow, width - j)
            if run > 0:
                at = (((n * sizes.groups + group) * sizes.K) * sizes.OH + oh + i) * sizes.OW + ow
                for k in range(sizes.K):
                    copy_padded(sums, k * width + j, 1, 0, run, out, at + k * sizes.OH * sizes.OW, run)
            j += layout.row - ow


@jit(parallel=True)
def correlate(x, packed, bias, out, sizes, layout, offsets, planes, sums):  # type: ignore[no-untyped-def]
    """out[n, k, p] = bias[k] + sum over d of weight[k, d] * planes[offset[d] + p], by bands of output rows.

    `packed` holds weight as (groups, K / OUTER_ROWS, d, OUTER_ROWS); `planes` and `sums` have a row of scratch for each
    thread.
    """
    sizes = Sizes(*sizes)
    layout = Layout(*layout)
    threads = planes.shape[0]
    bands = (sizes.OH + layout.band - 1) // layout.band
    for thread in prange(threads):
        for task in range(thread, sizes.N * sizes.groups * bands, threads):
            place, band = divmod(task, bands)
            n, group = divmod(place, sizes.groups)
            correlate_band(
                x, packed, bias, out, sizes, layout, offsets, n, group, band * layout.band,
                planes[thread], sums[thread],
            )  # fmt: skip


@jit()
def gather_gradient(gradient, sizes, layout, n, group, oh, height, rows, step):  # type: ignore[no-untyped-def]
    """rows[k * step + p] = gradient[k, oh + p // row, p % row], zero between the rows and up to `step`."""
    for k in range(sizes.K):
        plane = (n * sizes.groups + group) * sizes.K + k
        for i in range(height):
            at = (plane * sizes.OH + oh + i) * sizes.OW
            copy_padded(gradient, at, 1, 0, sizes.OW, rows, k * step + i * layout.row, layout.row)
        used = height * layout.row
        copy_padded(gradient, 0, 1, 0, 0, rows, k * step + used, step - used)


@jit()
def weigh_share(x, gradient, sizes, layout, group, c, count, part, parts, step, offsets, planes, rows, sums):  # type: ignore[no-untyped-def]
    """`weigh` for `count` channels from c on of every `parts`-th image."""
    depth = count * sizes.FH * sizes.FW
    sums[:] = 0
    rows[sizes.K * step :] = 0
    for n in range(part, sizes.N, parts):
        for oh in range(0, sizes.OH, layout.band):
            height = min(layout.band, sizes.OH - oh)
            fill_planes(x, sizes, layout, (n * sizes.groups + group) * sizes.C + c, count, oh, planes)
            gather_gradient(gradient, sizes, layout, n, group, oh, height, rows, step)
            multiply_dots(rows, step, planes, offsets, depth, sizes.K, step, sums)


@jit(parallel=True)
def weigh(x, gradient, partial, sizes, layout, block, offsets, planes, rows, sums):  # type: ignore[no-untyped-def]
    """partial[part, group, k, d] = sum over p of gradient[k, p] * planes[offset[d] + p] in the images of the part.

    Threads share out the groups, the blocks of channels and the parts. Zeros between the gradient's rows meet numbers
    that are not their business: where one of those is infinite or NaN, so is the sum.
    """
    sizes = Sizes(*sizes)
    layout = Layout(*layout)
    threads = planes.shape[0]
    parts = partial.shape[0]
    taps = sizes.FH * sizes.FW
    blocks = (sizes.C + block - 1) // block
    lanes = VECTOR_BYTES // x.itemsize
    step = (layout.band * layout.row + lanes - 1) // lanes * lanes
    for thread in prange(threads):
        for task in range(thread, parts * sizes.groups * blocks, threads):
            rest, c_block = divmod(task, blocks)
            part, group = divmod(rest, sizes.groups)
            c = c_block * block
            count = min(block, sizes.C - c)
            weigh_share(
                x, gradient, sizes, layout, group, c, count, part, parts, step, offsets,
                planes[thread], rows[thread], sums[thread],
            )  # fmt: skip
            unpack_dots(sums[thread], sizes.K, count * taps, partial[part, group], c * taps)
