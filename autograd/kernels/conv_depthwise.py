"""The weight gradient of a convolution with one input channel in each group, as dots of rows.

    weight_gradient[k, d] = sum over p of gradient[k, p] * planes[offset[d] + p]

with the planes of `conv_planes`. All taps' sums of one output channel stay in registers while the pixels pass.
"""

import numpy as np

from autograd.kernels.conv_planes import Layout, fill_planes, gather_gradient
from autograd.kernels.conv_tiles import Sizes, clear
from autograd.kernels.threads import jit
from autograd.kernels.tile import ROW_DOTS, VECTOR_BYTES, row_dot_tile


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
def weigh(thread, threads, x, gradient, out, sizes, layout, step, offsets, planes, rows, sums):  # type: ignore[no-untyped-def]
    """out[k, d] = sum over n, p of gradient[n, k, p] * planes[offset[d] + p], for groups of one input channel."""
    sizes, layout = Sizes(*sizes), Layout(*layout)
    planes, rows, sums = planes[thread], rows[thread], sums[thread]
    lanes = VECTOR_BYTES // x.itemsize
    size = (ROW_DOTS + lanes - 1) // lanes * lanes
    dots = offsets.size // ROW_DOTS
    for group in range(thread, sizes.groups, threads):
        clear(sums, 0, sums.size)
        for n in range(0, sizes.N, layout.images):
            images = min(layout.images, sizes.N - n)
            for oh in range(0, sizes.OH, layout.band):
                fill_planes(x, sizes, layout, n, images, group, 0, 1, oh, planes)
                pixels = ((images - 1) * layout.rows + min(layout.band, sizes.OH - oh)) * layout.row
                length = (pixels + lanes - 1) // lanes * lanes
                for k in range(sizes.K):
                    gather_gradient(gradient, sizes, layout, n, images, group, k, 1, oh, rows, step)
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
