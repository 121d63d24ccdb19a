"""What the direct convolutions share: sizes, copies of rows, packed weights, and products tile by tile."""

from typing import NamedTuple

from autograd.kernels.threads import jit
from autograd.kernels.tile import (
    DOT_COLUMNS,
    DOT_ROWS,
    copy_rows,
    copy_rows_by_two,
    dot_tile,
    place_tiles,
    product_tiles,
)
from autograd.kernels.vectors import VECTOR_BYTES

tile_1, tile_2, tile_3, tile_4, tile_5, tile_6, tile_7, tile_8 = product_tiles
place_1, place_2, place_3, place_4, place_5, place_6, place_7, place_8 = place_tiles


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
def multiply_places(  # type: ignore[no-untyped-def]
    unit, left, left_at, right, right_at, offsets, start, start_at, places, places_at, into, into_at, step, depth
):
    """The tile of `unit` rows whose vectors lie at given places: see `tile.place_tiles`."""
    if unit == 8:
        place_8(left, left_at, right, right_at, offsets, start, start_at, places, places_at, into, into_at, step, depth)
    elif unit == 7:
        place_7(left, left_at, right, right_at, offsets, start, start_at, places, places_at, into, into_at, step, depth)
    elif unit == 6:
        place_6(left, left_at, right, right_at, offsets, start, start_at, places, places_at, into, into_at, step, depth)
    elif unit == 5:
        place_5(left, left_at, right, right_at, offsets, start, start_at, places, places_at, into, into_at, step, depth)
    elif unit == 4:
        place_4(left, left_at, right, right_at, offsets, start, start_at, places, places_at, into, into_at, step, depth)
    elif unit == 3:
        place_3(left, left_at, right, right_at, offsets, start, start_at, places, places_at, into, into_at, step, depth)
    elif unit == 2:
        place_2(left, left_at, right, right_at, offsets, start, start_at, places, places_at, into, into_at, step, depth)
    else:
        place_1(left, left_at, right, right_at, offsets, start, start_at, places, places_at, into, into_at, step, depth)


@jit()
def pack(  # type: ignore[no-untyped-def]
    thread,
    threads,
    source,
    group_step,
    row_step,
    channel_step,
    taps_at,
    groups,
    rows,
    channels,
    unit,
    packed,
    packed_at,
):
    """packed[group, r // unit, d, r % unit] = the weight of row r and tap d = (channel, t), zero for r >= rows.

    It is source[group * group_step + r * row_step + channel * channel_step + taps_at[t]].
    """
    blocks = (rows + unit - 1) // unit
    for task in range(thread, groups * blocks, threads):
        group, r = task // blocks, task % blocks * unit
        inside = min(unit, rows - r)
        at = packed_at + task * channels * taps_at.size * unit
        for channel in range(channels):
            begin = group * group_step + r * row_step + channel * channel_step
            for t in range(taps_at.size):
                for i in range(inside):
                    packed[at + i] = source[begin + i * row_step + taps_at[t]]
                for i in range(inside, unit):
                    packed[at + i] = 0
                at += unit


@jit()
def multiply_dots(left, left_at, step, right, right_at, offsets, depth, rows, length, sums):  # type: ignore[no-untyped-def]
    """sums += left[r, i] * right[offsets[d] + i] summed over i, tile by tile; `unpack_dots` knows the order."""
    lanes = VECTOR_BYTES // right.itemsize
    size = (DOT_ROWS * DOT_COLUMNS + lanes - 1) // lanes * lanes
    at = 0
    for d in range(0, depth, DOT_COLUMNS):
        for r in range(0, rows, DOT_ROWS):
            dot_tile(left, left_at + r * step, step, right, right_at, offsets, d, sums, at, length)
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
