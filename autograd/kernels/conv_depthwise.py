"""Convolution with one input channel in each group, as in a depthwise filter, by long rows.

    output[k, p]          = bias[k] + sum over d of weight[k, d] * planes[offset[d] + p]
    weight_gradient[k, d] = sum over p of gradient[k, p] * planes[offset[d] + p]

with the planes of `conv_planes`, of which one holds a channel of as many images as make a long row: where there are few
products for each number, what is done for each image counts. So the padding is cleared once, not for every image.
"""

from collections.abc import Sequence

import numpy as np

from autograd.kernels.conv_planes import Layout, Phase, Place, store_block
from autograd.kernels.conv_tiles import Sizes, clear, copy_block
from autograd.kernels.threads import jit
from autograd.kernels.tile import OUTER_VECTORS, ROW_DOTS, VECTOR_BYTES, copy_rows, product_tiles, row_dot_tile

tile_1 = product_tiles[0]

# What the images beside each other may take up, of the first-level cache.
RUN_BYTES = 16 << 10


def lay_out(sizes: Sizes, phases: Sequence[Phase], width: int, itemsize: int) -> Layout:
    """Whole images, as many as fit; sums are computed `width` at a time."""
    reach_h = max(tap[2] for phase in phases for tap in phase.taps)
    reach_w = max(tap[3] for phase in phases for tap in phase.taps)
    rows, row = sizes.OH + reach_h, sizes.OW + reach_w
    taken = rows * row * sizes.stride_h * sizes.stride_w * itemsize
    images = max(min(RUN_BYTES // taken, sizes.N), 1)
    span = -(-((images - 1) * rows + sizes.OH) * row // width) * width
    plane = span + reach_h * row + reach_w + VECTOR_BYTES // itemsize
    return Layout(row, rows, plane, sizes.OH, images, 1, span)


@jit()
def fill(x, sizes, layout, n, images, group, planes):  # type: ignore[no-untyped-def]
    """Put the channel of some images on to planes, where the padding is zero already."""
    at = 0
    for phase_h in range(sizes.stride_h):
        first_h = (phase_h - sizes.padding_h) % sizes.stride_h
        row = (first_h + sizes.padding_h) // sizes.stride_h
        rows = min((sizes.H - first_h + sizes.stride_h - 1) // sizes.stride_h, layout.rows - row)
        for phase_w in range(sizes.stride_w):
            first_w = (phase_w - sizes.padding_w) % sizes.stride_w
            column = (first_w + sizes.padding_w) // sizes.stride_w
            columns = min((sizes.W - first_w + sizes.stride_w - 1) // sizes.stride_w, layout.row - column)
            for image in range(images):
                start = (((n + image) * sizes.groups + group) * sizes.H + first_h) * sizes.W + first_w
                copy_block(
                    x, start, sizes.stride_h * sizes.W, sizes.stride_w, 0, columns,
                    planes, at + (image * layout.rows + row) * layout.row + column, layout.row, rows, columns,
                )  # fmt: skip
            at += layout.plane


@jit()
def correlate(thread, threads, x, packed, bias, out, sizes, layout, place, phases, offsets, planes, sums):  # type: ignore[no-untyped-def]
    """`conv_planes.correlate` for groups of one channel in and one out."""
    sizes, layout, place = Sizes(*sizes), Layout(*layout), Place(*place)
    planes, sums = planes[thread], sums[thread]
    tile = 2 * OUTER_VECTORS * (VECTOR_BYTES // x.itemsize)
    batches = (sizes.N + layout.images - 1) // layout.images
    tasks = sizes.groups * batches
    clear(planes, 0, sizes.stride_h * sizes.stride_w * layout.plane)
    for task in range(thread * tasks // threads, (thread + 1) * tasks // threads):
        group, batch = divmod(task, batches)
        n = batch * layout.images
        images = min(layout.images, sizes.N - n)
        fill(x, sizes, layout, n, images, group, planes)
        for number in range(phases.shape[0]):
            start_h, start_w, height, width, before, taps = phases[number]
            for p in range(0, ((images - 1) * layout.rows + height) * layout.row, tile):
                tile_1(
                    packed, sizes.groups * before + group * taps, planes, p, offsets, before, bias, group, True,
                    sums, p, 0, taps,
                )  # fmt: skip
            for image in range(images):
                first = ((n + image) * sizes.groups + group) * place.H + start_h
                store_block(
                    sums, image * layout.rows * layout.row, layout.row, out, first * place.W + start_w,
                    place.step_h * place.W, place.step_w, height, width,
                )  # fmt: skip


@jit()
def weigh_exactly(x, gradient, out, sizes, group):  # type: ignore[no-untyped-def]
    """`weigh` for one group in plain loops, in which a number meets none that is not its business."""
    for k in range(group * sizes.K, (group + 1) * sizes.K):
        for fh in range(sizes.FH):
            for fw in range(sizes.FW):
                total = out.dtype.type(0)
                for n in range(sizes.N):
                    x_at = (n * sizes.groups + group) * sizes.H
                    at = (n * sizes.groups * sizes.K + k) * sizes.OH
                    for oh in range(sizes.OH):
                        h = oh * sizes.stride_h + fh * sizes.dilation_h - sizes.padding_h
                        for ow in range(sizes.OW):
                            w = ow * sizes.stride_w + fw * sizes.dilation_w - sizes.padding_w
                            inside = 0 <= h < sizes.H and 0 <= w < sizes.W
                            number = x[(x_at + h) * sizes.W + w] if inside else out.dtype.type(0)
                            total += gradient[(at + oh) * sizes.OW + ow] * number
                out[k, fh * sizes.FW + fw] = total


@jit()
def weigh(thread, threads, x, gradient, out, sizes, layout, offsets, planes, rows, sums):  # type: ignore[no-untyped-def]
    """out[k, d] = sum over n, p of gradient[n, k, p] * planes[offset[d] + p]"""
    sizes, layout = Sizes(*sizes), Layout(*layout)
    planes, rows, sums = planes[thread], rows[thread], sums[thread]
    lanes = VECTOR_BYTES // x.itemsize
    size = (ROW_DOTS + lanes - 1) // lanes * lanes
    dots = offsets.size // ROW_DOTS
    clear(planes, 0, sizes.stride_h * sizes.stride_w * layout.plane)
    clear(rows, 0, rows.size)
    for group in range(thread, sizes.groups, threads):
        clear(sums, 0, sums.size)
        for n in range(0, sizes.N, layout.images):
            images = min(layout.images, sizes.N - n)
            fill(x, sizes, layout, n, images, group, planes)
            pixels = ((images - 1) * layout.rows + sizes.OH) * layout.row
            length = (pixels + lanes - 1) // lanes * lanes
            for k in range(sizes.K):
                for image in range(images):
                    at = (((n + image) * sizes.groups + group) * sizes.K + k) * sizes.OH * sizes.OW
                    to = image * layout.rows * layout.row
                    copy_rows(gradient, at, sizes.OW, 0, sizes.OW, rows, to, layout.row, sizes.OH, sizes.OW)
                clear(rows, pixels, length)
                for i in range(dots):
                    row_dot_tile(rows, 0, 0, planes, 0, offsets, i * ROW_DOTS, sums, (k * dots + i) * size, length)
        finite = True
        for k in range(sizes.K):
            for d in range(sizes.FH * sizes.FW):
                total = sums[(k * dots + d // ROW_DOTS) * size + d % ROW_DOTS]
                out[group * sizes.K + k, d] = total
                finite = finite and np.isfinite(total)
        if not finite:
            # A zero between the gradient's rows may have met an infinity or NaN that is not its business.
            weigh_exactly(x, gradient, out, sizes, group)
