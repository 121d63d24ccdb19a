"""Convolution as matrix products over chunks of output pixels, in parallel loops that call no BLAS.

Write `column[d, q]` for the input number that tap d = (channel, fh, fw) of the filter meets at output pixel q, or zero
in the padding; q counts the pixels of all images. Then

    output[k, q]          = sum over d of weight[k, d] * column[d, q]
    weight_gradient[k, d] = sum over q of gradient[k, q] * column[d, q]
    column_gradient[d, q] = sum over k of weight[k, d] * gradient[k, q]

and the input's gradient adds up the column gradients that came from the same number. Columns are never whole in
memory: a thread gathers those of a few hundred pixels into scratch that stays in its cache, and multiplies at once.
"""

from typing import NamedTuple

import numpy as np
from numba import prange

from autograd.kernels.threads import jit
from autograd.kernels.tile import (
    DOT_COLUMNS,
    DOT_ROWS,
    OUTER_ROWS,
    OUTER_VECTORS,
    VECTOR_BYTES,
    copy_padded,
    dot_tile,
    outer_tile,
)

# Rows of a product's right side that are used before the next ones: a third of a first-level cache of 32 KiB.
L1_DEPTH = 96


class Sizes(NamedTuple):
    """The sizes of one convolution. C and K count the channels of one group; `groups` groups lie side by side."""

    N: int
    C: int
    H: int
    W: int
    K: int
    FH: int
    FW: int
    OH: int
    OW: int
    stride_h: int
    stride_w: int
    padding_h: int
    padding_w: int
    dilation_h: int
    dilation_w: int
    groups: int


@jit()
def first_inside(start: int, stride: int) -> int:
    """The first j >= 0 with start + j * stride >= 0."""
    return 0 if start >= 0 else (-start + stride - 1) // stride


@jit()
def gather_columns(x, sizes, group, c_start, c_stop, q_start, q_stop, columns, step):  # type: ignore[no-untyped-def]
    """columns[d * step + q - q_start] = column[d, q] for the taps d of the channels c_start <= c < c_stop.

    A row of columns is zero from q_stop up to `step`.
    """
    pixels = sizes.OH * sizes.OW
    d = 0
    for c in range(c_start, c_stop):
        for fh in range(sizes.FH):
            for fw in range(sizes.FW):
                n, pixel = divmod(q_start, pixels)
                oh, ow = divmod(pixel, sizes.OW)
                shift = fw * sizes.dilation_w - sizes.padding_w
                low = first_inside(shift, sizes.stride_w)
                high = first_inside(shift - sizes.W, sizes.stride_w)
                q = q_start
                at = d * step
                while q < q_stop:
                    run = min(sizes.OW - ow, q_stop - q)
                    h = oh * sizes.stride_h + fh * sizes.dilation_h - sizes.padding_h
                    plane = (n * sizes.groups + group) * sizes.C + c
                    start = (plane * sizes.H + h) * sizes.W + ow * sizes.stride_w + shift
                    inside = high - ow if 0 <= h < sizes.H else 0
                    copy_padded(x, start, sizes.stride_w, low - ow, inside, columns, at + q - q_start, run)
                    q += run
                    ow = 0
                    oh += 1
                    if oh == sizes.OH:
                        oh = 0
                        n += 1
                tail = q_stop - q_start
                copy_padded(x, 0, 1, 0, 0, columns, at + tail, step - tail)
                d += 1


@jit()
def gather_gradient(gradient, sizes, group, q_start, q_stop, rows, step):  # type: ignore[no-untyped-def]
    """rows[k * step + q - q_start] = gradient[k, q] for every k of the group; zero from q_stop up to `step`."""
    pixels = sizes.OH * sizes.OW
    for k in range(sizes.K):
        n, pixel = divmod(q_start, pixels)
        q = q_start
        while q < q_stop:
            run = min(pixels - pixel, q_stop - q)
            start = ((n * sizes.groups + group) * sizes.K + k) * pixels + pixel
            copy_padded(gradient, start, 1, 0, run, rows, k * step + q - q_start, run)
            q += run
            pixel = 0
            n += 1
        tail = q_stop - q_start
        copy_padded(gradient, 0, 1, 0, 0, rows, k * step + tail, step - tail)


@jit()
def multiply_tiles(left, left_at, left_depth, right, offsets, step, into, rows, depth):  # type: ignore[no-untyped-def]
    """into[r, j] += sum over d < depth of left[r, d] * right[offsets[d] + j], for all j < step.

    The rows of `left` are packed in blocks of OUTER_ROWS by left_depth; rows of `into` are `step` long.
    """
    width = OUTER_VECTORS * (VECTOR_BYTES // right.itemsize)
    for j in range(0, step, width):
        # The part of `right` that meets all rows of `left` should stay in the first-level cache.
        for d in range(0, depth, L1_DEPTH):
            taken = min(L1_DEPTH, depth - d)
            for r in range(0, rows, OUTER_ROWS):
                at = left_at + r * left_depth + d * OUTER_ROWS
                outer_tile(left, at, right, j, offsets, d, into, r * step + j, step, taken)


@jit()
def correlate_chunk(x, packed, bias, out, sizes, group, chunk, step, block, offsets, columns, sums):  # type: ignore[no-untyped-def]
    """`correlate` for one chunk of `step` pixels of one group."""
    pixels = sizes.OH * sizes.OW
    taps = sizes.FH * sizes.FW
    depth = sizes.C * taps
    rows = (sizes.K + OUTER_ROWS - 1) // OUTER_ROWS * OUTER_ROWS
    q_start = chunk * step
    q_stop = min(q_start + step, sizes.N * pixels)
    for r in range(rows):
        start = bias[group * sizes.K + r] if r < sizes.K and bias.size > 0 else bias.dtype.type(0)
        sums[r * step : (r + 1) * step] = start
    for c in range(0, sizes.C, block):
        c_stop = min(c + block, sizes.C)
        gather_columns(x, sizes, group, c, c_stop, q_start, q_stop, columns, step)
        left_at = group * rows * depth + c * taps * OUTER_ROWS
        multiply_tiles(packed, left_at, depth, columns, offsets, step, sums, rows, (c_stop - c) * taps)
    for k in range(sizes.K):
        n, pixel = divmod(q_start, pixels)
        q = q_start
        while q < q_stop:
            run = min(pixels - pixel, q_stop - q)
            at = ((n * sizes.groups + group) * sizes.K + k) * pixels + pixel
            from_ = k * step + q - q_start
            copy_padded(sums, from_, 1, 0, run, out, at, run)
            q += run
            pixel = 0
            n += 1


@jit(parallel=True)
def correlate(x, packed, bias, out, sizes, step, block, offsets, columns, sums):  # type: ignore[no-untyped-def]
    """out[n, k, q] = bias[k] + sum over d of weight[k, d] * column[d, q], by chunks of `step` pixels.

    `packed` holds weight as (groups, K / OUTER_ROWS, d, OUTER_ROWS), `block` the channels that are gathered at a time;
    `columns` and `sums` have a row of scratch for each thread.
    """
    sizes = Sizes(*sizes)
    threads = columns.shape[0]
    chunks = (sizes.N * sizes.OH * sizes.OW + step - 1) // step
    for thread in prange(threads):
        for task in range(thread, chunks * sizes.groups, threads):
            group, chunk = divmod(task, chunks)
            correlate_chunk(
                x, packed, bias, out, sizes, group, chunk, step, block, offsets, columns[thread], sums[thread]
            )


@jit()
def scatter_columns(column_gradient, sizes, group, n, c_start, c_stop, q_start, q_stop, step, out):  # type: ignore[no-untyped-def]
    """Add column_gradient[d, q] to the number of `out` that column[d, q] was read from; all pixels are of image n."""
    d = 0
    for c in range(c_start, c_stop):
        plane = (n * sizes.groups + group) * sizes.C + c
        for fh in range(sizes.FH):
            for fw in range(sizes.FW):
                oh, ow = divmod(q_start, sizes.OW)
                shift = fw * sizes.dilation_w - sizes.padding_w
                low = first_inside(shift, sizes.stride_w)
                high = first_inside(shift - sizes.W, sizes.stride_w)
                q = q_start
                while q < q_stop:
                    run = min(sizes.OW - ow, q_stop - q)
                    h = oh * sizes.stride_h + fh * sizes.dilation_h - sizes.padding_h
                    first, last = max(low, ow), min(high, ow + run)
                    if 0 <= h < sizes.H and first < last:
                        start = (plane * sizes.H + h) * sizes.W + first * sizes.stride_w + shift
                        from_ = d * step + q - q_start + first - ow
                        count = last - first
                        add_spread(
                            out[start : start + (count - 1) * sizes.stride_w + 1],
                            sizes.stride_w,
                            column_gradient[from_ : from_ + count],
                        )
                    q += run
                    ow = 0
                    oh += 1
                d += 1


@jit()
def add_spread(out, stride, values):  # type: ignore[no-untyped-def]
    """out[j * stride] += values[j]"""
    for j in range(values.size):
        out[j * stride] += values[j]


@jit()
def spread_share(gradient, packed, out, sizes, group, n, c, block, step, offsets, rows_of_gradient, sums):  # type: ignore[no-untyped-def]
    """`spread` for the channels c <= . < c + block of one group of one image."""
    pixels = sizes.OH * sizes.OW
    taps = sizes.FH * sizes.FW
    block_rows = (block * taps + OUTER_ROWS - 1) // OUTER_ROWS * OUTER_ROWS
    blocks = (sizes.C + block - 1) // block
    left_at = (group * blocks + c // block) * block_rows * sizes.K
    c_stop = min(c + block, sizes.C)
    plane = (n * sizes.groups + group) * sizes.C
    out[(plane + c) * sizes.H * sizes.W : (plane + c_stop) * sizes.H * sizes.W] = 0
    for q in range(0, pixels, step):
        q_stop = min(q + step, pixels)
        gather_gradient(gradient, sizes, group, n * pixels + q, n * pixels + q_stop, rows_of_gradient, step)
        sums[: block_rows * step] = 0
        multiply_tiles(packed, left_at, sizes.K, rows_of_gradient, offsets, step, sums, block_rows, sizes.K)
        scatter_columns(sums, sizes, group, n, c, c_stop, q, q_stop, step, out)


@jit(parallel=True)
def spread(gradient, packed, out, sizes, step, block, offsets, rows_of_gradient, sums):  # type: ignore[no-untyped-def]
    """out[n, c, h, w] = the sum of those column gradients whose column was read from that place.

    `packed` holds the weight as (groups, blocks of channels, d / OUTER_ROWS, K, OUTER_ROWS). Blocks of channels, like
    images and groups, write to different places, so they are what threads share out.
    """
    sizes = Sizes(*sizes)
    threads = sums.shape[0]
    blocks = (sizes.C + block - 1) // block
    for thread in prange(threads):
        for task in range(thread, sizes.N * sizes.groups * blocks, threads):
            plane, c_block = divmod(task, blocks)
            n, group = divmod(plane, sizes.groups)
            spread_share(
                gradient,
                packed,
                out,
                sizes,
                group,
                n,
                c_block * block,
                block,
                step,
                offsets,
                rows_of_gradient[thread],
                sums[thread],
            )


@jit()
def multiply_dots(left, step, right, offsets, depth, rows, length, sums):  # type: ignore[no-untyped-def]
    """sums += left[r, i] * right[offsets[d] + i] summed over i, tile by tile; `unpack_dots` knows the order."""
    lanes = VECTOR_BYTES // right.itemsize
    size = (DOT_ROWS * DOT_COLUMNS + lanes - 1) // lanes * lanes
    at = 0
    for d in range(0, depth, DOT_COLUMNS):
        for r in range(0, rows, DOT_ROWS):
            dot_tile(left, r * step, step, right, 0, offsets, d, sums, at, length)
            at += size


@jit()
def unpack_dots(sums, rows, depth, out, start):  # type: ignore[no-untyped-def]
    """out[r, start + d] = the sum of row r and column d"""
    lanes = VECTOR_BYTES // sums.itemsize
    size = (DOT_ROWS * DOT_COLUMNS + lanes - 1) // lanes * lanes
    row_tiles = (rows + DOT_ROWS - 1) // DOT_ROWS
    for r in range(rows):
        for d in range(depth):
            tile = d // DOT_COLUMNS * row_tiles + r // DOT_ROWS
            out[r, start + d] = sums[tile * size + r % DOT_ROWS * DOT_COLUMNS + d % DOT_COLUMNS]


@jit()
def weigh_share(x, gradient, sizes, group, c, c_stop, part, parts, step, offsets, columns, rows, sums):  # type: ignore[no-untyped-def]
    """sums[k, d] = sum over every `parts`-th chunk of gradient[k, q] * column[d, q], for c <= channel < c_stop."""
    pixels = sizes.N * sizes.OH * sizes.OW
    depth = (c_stop - c) * sizes.FH * sizes.FW
    sums[:] = 0
    # Rows that fill up the last tiles; nothing else is written there.
    columns[depth * step :] = 0
    rows[sizes.K * step :] = 0
    for q in range(part * step, pixels, parts * step):
        q_stop = min(q + step, pixels)
        gather_columns(x, sizes, group, c, c_stop, q, q_stop, columns, step)
        gather_gradient(gradient, sizes, group, q, q_stop, rows, step)
        multiply_dots(rows, step, columns, offsets, depth, sizes.K, step, sums)


@jit(parallel=True)
def weigh(x, gradient, partial, sizes, step, block, offsets, columns, rows, sums):  # type: ignore[no-untyped-def]
    """partial[p, group, k, d] = sum over the pixels q of part p of gradient[k, q] * column[d, q].

    Threads share out the groups, the blocks of channels and the parts.
    """
    sizes = Sizes(*sizes)
    threads = columns.shape[0]
    parts = partial.shape[0]
    taps = sizes.FH * sizes.FW
    blocks = (sizes.C + block - 1) // block
    for thread in prange(threads):
        for task in range(thread, parts * sizes.groups * blocks, threads):
            rest, c_block = divmod(task, blocks)
            part, group = divmod(rest, sizes.groups)
            c = c_block * block
            c_stop = min(c + block, sizes.C)
            weigh_share(
                x, gradient, sizes, group, c, c_stop, part, parts, step, offsets,
                columns[thread], rows[thread], sums[thread],
            )  # fmt: skip
            unpack_dots(sums[thread], sizes.K, (c_stop - c) * taps, partial[part, group], c * taps)


def pack_rows(matrix: np.ndarray, packed: np.ndarray) -> None:
    """Copy `matrix` (..., rows, depth) to `packed` (..., rows / OUTER_ROWS rounded up, depth, OUTER_ROWS)."""
    rows = matrix.shape[-2]
    whole = rows // OUTER_ROWS
    lead = matrix.shape[:-2]
    if whole:
        blocks = matrix[..., : whole * OUTER_ROWS, :].reshape(*lead, whole, OUTER_ROWS, matrix.shape[-1])
        packed[..., :whole, :, :] = blocks.swapaxes(-1, -2)
    if rows > whole * OUTER_ROWS:
        left_over = rows - whole * OUTER_ROWS
        packed[..., whole, :, :left_over] = matrix[..., whole * OUTER_ROWS :, :].swapaxes(-1, -2)
        packed[..., whole, :, left_over:] = 0
