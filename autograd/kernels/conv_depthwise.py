"""Convolution with few filters per group (one, in a depthwise convolution), read out of padded planes.

As in `conv_planes`, whose layout this uses, an output plane is the sum of a few shifted planes; with one output channel
there is no matrix product to be made of it, so each filter is applied by itself. The sums of several vectors of pixels
stay in registers while the taps pass.
"""

from typing import NamedTuple

import numpy as np
from numba import prange

from autograd.kernels.conv_planes import Layout, fill_planes
from autograd.kernels.conv_tiles import Sizes
from autograd.kernels.threads import jit
from autograd.kernels.tile import ROW_VECTORS, VECTOR_BYTES, copy_padded, row_tile


class Place(NamedTuple):
    """Where an output pixel (oh, ow) goes in a plane of H x W: to (start_h + oh * step_h, start_w + ow * step_w)."""

    H: int
    W: int
    start_h: int
    start_w: int
    step_h: int
    step_w: int


@jit()
def store_row(sums, sums_at, out, at, step, count):  # type: ignore[no-untyped-def]
    """out[at + j * step] = sums[sums_at + j]"""
    if step == 1:
        copy_padded(sums, sums_at, 1, 0, count, out, at, count)
    else:
        for j in range(count):
            out[at + j * step] = sums[sums_at + j]


@jit()
def correlate_band(x, weight, bias, out, sizes, layout, place, offsets, n, group, oh, planes, sums):  # type: ignore[no-untyped-def]
    """`correlate` for the output rows from `oh` on of one group of one image."""
    width = ROW_VECTORS * (VECTOR_BYTES // x.itemsize)
    height = min(layout.band, sizes.OH - oh)
    fill_planes(x, sizes, layout, (n * sizes.groups + group) * sizes.C, sizes.C, oh, planes)
    for k in range(group * sizes.K, (group + 1) * sizes.K):
        used = (height * layout.row + width - 1) // width * width
        sums[:used] = bias[k] if bias.size > 0 else 0
        for p in range(0, used, width):
            row_tile(weight, k * offsets.size, planes, p, offsets, 0, sums, p, width, offsets.size)
        plane = n * sizes.groups * sizes.K + k
        for i in range(height):
            h = place.start_h + (oh + i) * place.step_h
            at = (plane * place.H + h) * place.W + place.start_w
            store_row(sums, i * layout.row, out, at, place.step_w, sizes.OW)


@jit(parallel=True)
def correlate(x, weight, bias, out, sizes, layout, place, offsets, planes, sums):  # type: ignore[no-untyped-def]
    """out[n, k, place of p] = bias[k] + sum over d of weight[k, d] * planes[offset[d] + p], by bands of output rows."""
    sizes = Sizes(*sizes)
    layout = Layout(*layout)
    place = Place(*place)
    threads = planes.shape[0]
    bands = (sizes.OH + layout.band - 1) // layout.band
    for thread in prange(threads):
        for task in range(thread, sizes.N * sizes.groups * bands, threads):
            at, band = divmod(task, bands)
            n, group = divmod(at, sizes.groups)
            correlate_band(
                x, weight, bias, out, sizes, layout, place, offsets, n, group, band * layout.band,
                planes[thread], sums[thread],
            )  # fmt: skip


@jit(fastmath={"contract", "reassoc"})
def dot(left, right):  # type: ignore[no-untyped-def]
    """sum over j of left[j] * right[j]"""
    total = left.dtype.type(0)
    for j in range(left.size):
        total += left[j] * right[j]
    return total


@jit()
def dot_by_rows(left, right, row, width):  # type: ignore[no-untyped-def]
    """`dot` without the numbers behind the first `width` of each row."""
    total = left.dtype.type(0)
    for at in range(0, left.size, row):
        total += dot(left[at : at + width], right[at : at + width])
    return total


@jit()
def weigh_group(x, gradient, out, sizes, layout, offsets, group, planes, rows):  # type: ignore[no-untyped-def]
    """`weigh` for one group."""
    out[group * sizes.K : (group + 1) * sizes.K, :] = 0
    for n in range(sizes.N):
        for oh in range(0, sizes.OH, layout.band):
            height = min(layout.band, sizes.OH - oh)
            fill_planes(x, sizes, layout, n * sizes.groups + group, 1, oh, planes)
            for k in range(group * sizes.K, (group + 1) * sizes.K):
                for i in range(height):
                    at = ((n * sizes.groups * sizes.K + k) * sizes.OH + oh + i) * sizes.OW
                    copy_padded(gradient, at, 1, 0, sizes.OW, rows, i * layout.row, layout.row)
                used = height * layout.row
                for d in range(offsets.size):
                    numbers = planes[offsets[d] : offsets[d] + used]
                    total = dot(rows[:used], numbers)
                    if not np.isfinite(total):
                        # A zero between the gradient's rows may have met an infinity or NaN that is not its business.
                        total = dot_by_rows(rows[:used], numbers, layout.row, sizes.OW)
                    out[k, d] += total


@jit(parallel=True)
def weigh(x, gradient, out, sizes, layout, offsets, planes, rows):  # type: ignore[no-untyped-def]
    """out[k, d] = sum over n, p of gradient[n, k, p] * planes[offset[d] + p], for groups of one input channel."""
    sizes = Sizes(*sizes)
    layout = Layout(*layout)
    threads = planes.shape[0]
    for thread in prange(threads):
        for group in range(thread, sizes.groups, threads):
            weigh_group(x, gradient, out, sizes, layout, offsets, group, planes[thread], rows[thread])
