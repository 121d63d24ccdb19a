"""Convolution as matrix products over chunks of output pixels, in loops that call no BLAS.

Write `column[d, q]` for the input number that tap d = (channel, fh, fw) of the filter meets at output pixel q, or zero
in the padding; q counts the pixels of all images. Then

    output[k, q]          = sum over d of weight[k, d] * column[d, q]
    weight_gradient[k, d] = sum over q of gradient[k, q] * column[d, q]

Columns are never whole in memory: a thread gathers those of a few hundred pixels into scratch that stays in its cache,
and multiplies at once.
"""

from typing import NamedTuple

from autograd.kernels.threads import jit
from autograd.kernels.tile import (
    DOT_COLUMNS,
    DOT_ROWS,
    OUTER_VECTORS,
    VECTOR_BYTES,
    WIDE_ROWS,
    copy_rows,
    copy_rows_by_two,
    dot_tile,
    product_tiles,
)

tile_1, tile_2, tile_3, tile_4, tile_5, tile_6, tile_7, tile_8 = product_tiles

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
def copy_block(source, source_at, source_row, step, low, high, target, target_at, target_row, rows, count):  # type: ignore[no-untyped-def]
    """target[r, i] = source[r, i * step] where low <= i < high, and zero elsewhere, for r < rows and i < count."""
    if step == 1:
        copy_rows(source, source_at, source_row, low, high, target, target_at, target_row, rows, count)
    elif step == 2:
        copy_rows_by_two(source, source_at, source_row, low, high, target, target_at, target_row, rows, count)
    else:
        for r in range(rows):
            for i in range(count):
                place = target_at + r * target_row + i
                target[place] = source[source_at + r * source_row + i * step] if low <= i < high else 0


@jit()
def clear(target, start, stop):  # type: ignore[no-untyped-def]
    """target[i] = 0 for start <= i < stop"""
    for i in range(start, stop):
        target[i] = 0


@jit()
def multiply(  # type: ignore[no-untyped-def]
    unit, left, left_at, right, right_at, offsets, offsets_at, start, start_at, first, into, into_at, step, depth
):
    """The product tile of `unit` rows: see `tile.product_tiles`."""
    if unit == 8:
        tile_8(left, left_at, right, right_at, offsets, offsets_at, start, start_at, first, into, into_at, step, depth)
    elif unit == 7:
        tile_7(left, left_at, right, right_at, offsets, offsets_at, start, start_at, first, into, into_at, step, depth)
    elif unit == 6:
        tile_6(left, left_at, right, right_at, offsets, offsets_at, start, start_at, first, into, into_at, step, depth)
    elif unit == 5:
        tile_5(left, left_at, right, right_at, offsets, offsets_at, start, start_at, first, into, into_at, step, depth)
    elif unit == 4:
        tile_4(left, left_at, right, right_at, offsets, offsets_at, start, start_at, first, into, into_at, step, depth)
    elif unit == 3:
        tile_3(left, left_at, right, right_at, offsets, offsets_at, start, start_at, first, into, into_at, step, depth)
    elif unit == 2:
        tile_2(left, left_at, right, right_at, offsets, offsets_at, start, start_at, first, into, into_at, step, depth)
    else:
        tile_1(left, left_at, right, right_at, offsets, offsets_at, start, start_at, first, into, into_at, step, depth)


@jit()
def pack(source, group_step, row_step, channel_step, taps_at, groups, rows, channels, unit, packed, packed_at):  # type: ignore[no-untyped-def]
    """packed[group, r // unit, d, r % unit] = the weight of row r and tap d = (channel, t), zero for r >= rows.

    It is source[group * group_step + r * row_step + channel * channel_step + taps_at[t]].
    """
    at = packed_at
    for group in range(groups):
        for r in range(0, rows, unit):
            inside = min(unit, rows - r)
            for channel in range(channels):
                begin = group * group_step + r * row_step + channel * channel_step
                for t in range(taps_at.size):
                    for i in range(inside):
                        packed[at + i] = source[begin + i * row_step + taps_at[t]]
                    for i in range(inside, unit):
                        packed[at + i] = 0
                    at += unit


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
                    copy_block(x, start, 0, sizes.stride_w, low - ow, inside, columns, at + q - q_start, 0, 1, run)
                    q += run
                    ow = 0
                    oh += 1
                    if oh == sizes.OH:
                        oh = 0
                        n += 1
                clear(columns, at + q_stop - q_start, at + step)
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
            copy_rows(gradient, start, 0, 0, run, rows, k * step + q - q_start, 0, 1, run)
            q += run
            pixel = 0
            n += 1
        clear(rows, k * step + q_stop - q_start, (k + 1) * step)


@jit()
def correlate(thread, threads, x, packed, bias, out, sizes, unit, step, block, offsets, columns, sums):  # type: ignore[no-untyped-def]
    """out[n, k, q] = bias[k] + sum over d of weight[k, d] * column[d, q], by chunks of `step` pixels.

    `packed` holds weight as (groups, K / unit, d, unit) and `bias` a number for each of its rows; `block` says how many
    channels are gathered at a time; `columns` and `sums` have a row of scratch for each thread.
    """
    sizes = Sizes(*sizes)
    columns, sums = columns[thread], sums[thread]
    pixels = sizes.OH * sizes.OW
    taps = sizes.FH * sizes.FW
    depth = sizes.C * taps
    rows = (sizes.K + unit - 1) // unit * unit
    width = OUTER_VECTORS * (VECTOR_BYTES // x.itemsize) * (2 if unit <= WIDE_ROWS else 1)
    chunks = (sizes.N * pixels + step - 1) // step
    for task in range(thread, chunks * sizes.groups, threads):
        group, chunk = divmod(task, chunks)
        q_start = chunk * step
        q_stop = min(q_start + step, sizes.N * pixels)
        for c in range(0, sizes.C, block):
            c_stop = min(c + block, sizes.C)
            gather_columns(x, sizes, group, c, c_stop, q_start, q_stop, columns, step)
            gathered = (c_stop - c) * taps
            for j in range(0, step, width):
                # The part of the columns that meets all rows of the weight should stay in the first-level cache.
                for d in range(0, gathered, L1_DEPTH):
                    for r in range(0, rows, unit):
                        at = (group * rows + r) * depth + (c * taps + d) * unit
                        multiply(
                            unit, packed, at, columns, j, offsets, d, bias, group * rows + r, c + d == 0,
                            sums, r * step + j, step, min(L1_DEPTH, gathered - d),
                        )  # fmt: skip
        n, pixel = divmod(q_start, pixels)
        q = q_start
        while q < q_stop:
            run = min(pixels - pixel, q_stop - q)
            at = (n * sizes.groups + group) * sizes.K * pixels + pixel
            copy_rows(sums, q - q_start, step, 0, run, out, at, pixels, sizes.K, run)
            q += run
            pixel = 0
            n += 1


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
def weigh(thread, threads, x, gradient, partial, sizes, step, block, offsets, columns, rows, sums):  # type: ignore[no-untyped-def]
    """partial[p, group, k, d] = sum over the pixels q of part p of gradient[k, q] * column[d, q].

    Threads share out the groups, the blocks of `block` channels and the parts, which are every so manyth chunk.
    """
    sizes = Sizes(*sizes)
    columns, rows, sums = columns[thread], rows[thread], sums[thread]
    parts = partial.shape[0]
    pixels = sizes.N * sizes.OH * sizes.OW
    taps = sizes.FH * sizes.FW
    blocks = (sizes.C + block - 1) // block
    for task in range(thread, parts * sizes.groups * blocks, threads):
        part, group = task // (blocks * sizes.groups), task // blocks % sizes.groups
        c = task % blocks * block
        c_stop = min(c + block, sizes.C)
        depth = (c_stop - c) * taps
        clear(sums, 0, sums.size)
        # Rows that fill up the last tiles; nothing else is written there.
        clear(columns, depth * step, columns.size)
        clear(rows, sizes.K * step, rows.size)
        for q in range(part * step, pixels, parts * step):
            q_stop = min(q + step, pixels)
            gather_columns(x, sizes, group, c, c_stop, q, q_stop, columns, step)
            gather_gradient(gradient, sizes, group, q, q_stop, rows, step)
            multiply_dots(rows, step, columns, offsets, depth, sizes.K, step, sums)
        unpack_dots(sums, sizes.K, depth, partial[part, group], c * taps)


@jit(fastmath={"reassoc"})
def total(numbers):  # type: ignore[no-untyped-def]
    """The sum of some numbers, in any order."""
    result = numbers.dtype.type(0)
    for i in range(numbers.size):
        result += numbers[i]
    return result


@jit()
def sum_channels(thread, threads, planes, out):  # type: ignore[no-untyped-def]
    """out[k] = sum over n and p of planes[n * K + k, p]"""
    K = out.size
    for k in range(thread, K, threads):
        whole = 0.0
        for plane in range(k, planes.shape[0], K):
            whole += total(planes[plane])
        out[k] = whole
