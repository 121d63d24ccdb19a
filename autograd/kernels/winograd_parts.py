"""What Winograd's convolutions are put together from: how tiles are laid out, their transforms, and their products.

`winograd` says what all of it computes. By the type of `window` (see `window_of`), kernels are compiled for filters of
3x3, whose tiles have 4x4 outputs, or of 5x5, whose tiles have 2x2, and without a dilation or with one. Arrays are flat,
and lane groups are as many channels as a vector register has lanes.

With a dilation of D, the outputs of a tile lie D apart along an axis, and so do its inputs: D tiles are interlaced, and
cover D times as many pixels without a gap. Along an axis, tile q begins at pixel q // D * D * step + q % D, where step
is the number of its outputs. What is done for a run of tiles begins and ends with such D tiles.
"""

import math
from typing import NamedTuple

import numpy as np

from autograd.kernels.conv_tiles import Sizes
from autograd.kernels.lane_scatter import scatter_lanes
from autograd.kernels.product_tiles import LANES, ROWS
from autograd.kernels.threads import jit, scratch, thread_count
from autograd.kernels.tile import turn
from autograd.kernels.vectors import round_up
from autograd.kernels.winograd_tiles import (
    LINE,
    ask_for,
    between,
    data_transform,
    filter_transform,
    gradient_transform,
    output_transform,
    weight_transform,
)

POINTS = 36
# Channels whose products are added up in a register before they are added to the rest.
SUM_LENGTH = 32
# Tiles whose products are added up so, in the gradient by the weight.
TILES_SUMMED = 32
# How far ahead filters are asked for, whose numbers lie in more places than the processor guesses by itself: filters
# that are far apart, or numbers of those that are read side by side.
FILTERS_AHEAD, TAPS_AHEAD = 2, 3 * LANES
# Multiplications of the plain method up to which one thread is as fast as several.
SMALL = 1 << 22


class Tiling(NamedTuple):
    """How the tiles of a convolution are cut into blocks, and how a block lies in scratch."""

    rows: int  # rows of tiles in an image
    columns: int  # tiles in a row
    block: int  # tiles of a block, a multiple of ROWS and of the tiles that are interlaced in a row
    C: int  # channels of the input that lie together in V and P, in whole lane groups
    K: int  # channels of the output that lie together in M, G and U, likewise
    V: int  # from one of a tile's 36 numbers to the next in V, where those of all tiles lie together
    M: int  # likewise in M and in G
    U: int  # from one of a filter's 36 numbers to the next in U and in P


def threads_for(sizes: Sizes) -> int:
    """On how many threads a convolution is calculated."""
    taps = sizes.FH * sizes.FW * sizes.C * sizes.K * sizes.groups
    return thread_count() if sizes.N * sizes.OH * sizes.OW * taps > SMALL else 1


def window_of(sizes: Sizes) -> tuple[float, ...]:
    """As many numbers as a filter has along one axis, F; integers where it has no dilation."""
    dilated = sizes.dilation_h > 1 or sizes.dilation_w > 1
    return (0.0 if dilated else 0,) * sizes.FH


def tiles_of(sizes: Sizes) -> tuple[int, int]:
    """The rows of tiles in an image, and the tiles in a row."""
    step = 7 - sizes.FH
    rows, columns = -(-sizes.OH // (sizes.dilation_h * step)), -(-sizes.OW // (sizes.dilation_w * step))
    return rows * sizes.dilation_h, columns * sizes.dilation_w


def lay_out(sizes: Sizes, tiles: int, C: int, K: int) -> Tiling:
    """A tiling in blocks of at least so many tiles and so many channels."""
    block = round_up(tiles, math.lcm(ROWS, sizes.dilation_w))
    return Tiling(*tiles_of(sizes), block, C, K, _odd_lines(block * C), _odd_lines(block * K), _odd_lines(C * K))


def _odd_lines(numbers: int) -> int:
    """An odd number of vectors, so that the 36 numbers of a tile do not fall into one set of the cache."""
    return (numbers // LANES | 1) * LANES


def row_of_scratch(name: str, numbers: int, dtype: np.dtype, threads: int) -> np.ndarray:
    """A row of scratch for each thread."""
    step = round_up(numbers, 64)
    return scratch(name, threads * step, dtype).reshape(threads, step)


def scratch_for_staging(tiling: Tiling, sizes: Sizes, dtype: np.dtype, threads: int) -> np.ndarray:
    """For each thread, room for six rows of a run of tiles, or for the filters that are transformed together."""
    run = (7 - sizes.FH) * min(tiling.block, tiling.columns) + (sizes.FH - 1) * sizes.dilation_w
    numbers = max(6 * run, SUM_LENGTH * sizes.FH * sizes.FW)
    return row_of_scratch("staged", (numbers + LANES) * LANES, dtype, threads)


@jit()
def _turn_lanes(source, source_at, source_step, rows, columns, target, target_at, target_step):  # type: ignore[no-untyped-def]
    """`turn`, compiled once for all that call it."""
    turn(source, source_at, source_step, rows, columns, target, target_at, target_step)


@jit()
def stage(x, plane, size, channels, row, rows, dilation, column, width, into):  # type: ignore[no-untyped-def]
    """into[(i * width + j) * LANES + c] = x[plane + c, row + i * dilation, column + j], zero outside the image.

    For i < rows and j < width; planes are images of `size` and lie end to end.
    """
    H, W = size
    low = min(max(-column, 0), width)
    high = max(min(W - column, width), low)
    for i in range(rows):
        h, at = row + i * dilation, i * width * LANES
        if h < 0 or h >= H or low == high:
            into[at : at + width * LANES] = 0
            continue
        into[at : at + low * LANES] = 0
        start = (plane * H + h) * W + column
        for j in range(low, high, LANES):
            _turn_lanes(x, start + j, H * W, channels, high - j, into, at + j * LANES, LANES)
        into[at + high * LANES : at + width * LANES] = 0


@jit(inline="always")
def first_pixel(tile, step, dilation):  # type: ignore[no-untyped-def]
    """Where a tile begins along an axis."""
    return tile // dilation * dilation * step + tile % dilation


@jit(inline="always")
def transform_data(window, x, sizes, tiling, group, start, count, c, staged, data, at):  # type: ignore[no-untyped-def]
    """V of the tiles from `start` on, for the lane group from channel c on: data[at + p * V + t * C + lane]."""
    step, down, apart = 7 - len(window), between(window, sizes.dilation_h), between(window, sizes.dilation_w)
    t = 0
    while t < count:
        row, j = divmod(start + t, tiling.columns)
        n, i = divmod(row, tiling.rows)
        run = min(tiling.columns - j, count - t)
        width = step * run + (len(window) - 1) * apart
        h, w = first_pixel(i, step, down) - sizes.padding_h, step * j - sizes.padding_w
        plane = (n * sizes.groups + group) * sizes.C + c
        stage(x, plane, (sizes.H, sizes.W), sizes.C - c, h, 6, down, w, width, staged)
        for q in range(0, run, apart):
            for b in range(apart):
                data_transform(
                    window, staged, (step * q + b) * LANES, width * LANES, apart * LANES,
                    data, at + (t + q + b) * tiling.C, 6 * tiling.V, tiling.V,
                )  # fmt: skip
        t += run


@jit(inline="always")
def transform_gradient(window, gradient, sizes, tiling, group, start, count, k, staged, into, at):  # type: ignore[no-untyped-def]
    """G of the tiles from `start` on, for the lane group from channel k on: into[at + p * M + t * K + lane].
    """  # fmt: skip
    step, down, apart = 7 - len(window), between(window, sizes.dilation_h), between(window, sizes.dilation_w)
    t = 0
    while t < count:
        row, j = divmod(start + t, tiling.columns)
        n, i = divmod(row, tiling.rows)
        run = min(tiling.columns - j, count - t)
        h, w, width = first_pixel(i, step, down), step * j, step * run
        plane = (n * sizes.groups + group) * sizes.K + k
        stage(gradient, plane, (sizes.OH, sizes.OW), sizes.K - k, h, step, down, w, width, staged)
        for q in range(0, run, apart):
            for b in range(apart):
                gradient_transform(
                    window, staged, (step * q + b) * LANES, width * LANES, apart * LANES,
                    into, at + (t + q + b) * tiling.K, 6 * tiling.M, tiling.M,
                )  # fmt: skip
        t += run


@jit(inline="always")
def transform_output(window, products, at, bias, sizes, tiling, group, start, count, k, staged, check, out):  # type: ignore[no-untyped-def]
    """The outputs of the tiles from `start` on, for the lane group from channel k on, plus bias[k].

    M lies at products[at + p * M + t * K + lane].
    """
    step, down, apart = 7 - len(window), between(window, sizes.dilation_h), between(window, sizes.dilation_w)
    pixels = sizes.OH * sizes.OW
    t = 0
    while t < count:
        row, j = divmod(start + t, tiling.columns)
        n, i = divmod(row, tiling.rows)
        run = min(tiling.columns - j, count - t)
        width = min(step * run, sizes.OW - step * j)
        for q in range(0, run, apart):
            for b in range(apart):
                output_transform(
                    window, products, at + (t + q + b) * tiling.K, 6 * tiling.M, tiling.M,
                    staged, (step * q + b) * LANES, step * run * LANES, apart * LANES,
                )  # fmt: skip
        first = first_pixel(i, step, down)
        for r in range(step):
            h = first + r * down
            if h >= sizes.OH:
                break
            plane = (n * sizes.groups + group) * sizes.K + k
            to = (plane * sizes.OH + h) * sizes.OW + step * j
            for w in range(0, width, LANES):
                source = (r * step * run + w) * LANES
                scatter_lanes(staged, source, LANES, bias, k, check, 0, sizes.K - k, width - w, out, to + w, pixels)
        t += run


@jit(inline="always")
def transform_filters(window, weight, sizes, tiling, turned, c, depth, k, taps, filters, at):  # type: ignore[no-untyped-def]
    """U of `depth` filters from channel c on, for the lane group from channel k on: filters[at + p * U + d * K].

    The filter of c and k is weight[k, c]; where `turned`, weight[c, k] turned half round. Zero for k beyond K.
    """
    F = len(window)
    size = F * F
    down, along = (-F * LANES, -LANES) if turned else (F * LANES, LANES)
    if not turned:
        start, numbers = (k * sizes.C + c) * size, depth * size
        for tap in range(0, numbers, LANES):
            for r in range(LANES):
                ask_for(weight, start + r * sizes.C * size + tap + TAPS_AHEAD, 1)
            _turn_lanes(
                weight, start + tap, sizes.C * size, sizes.K - k, numbers - tap, taps, tap * LANES, LANES
            )  # fmt: skip
    for d in range(depth):
        if turned:
            start = ((c + d) * sizes.K + k) * size
            ask_for(weight, start + FILTERS_AHEAD * sizes.K * size, size * LANES // LINE + 1)
            for tap in range(0, size, LANES):
                _turn_lanes(weight, start + tap, size, sizes.K - k, size - tap, taps, tap * LANES, LANES)
        at_tap = (size - 1) * LANES if turned else d * size * LANES
        filter_transform(
            window, taps, at_tap, down, along, filters, at + d * tiling.K, 6 * tiling.U, tiling.U
        )  # fmt: skip


@jit(inline="always")
def transform_weight(window, products, at, sizes, tiling, k, c, taps, zeros, check, out):  # type: ignore[no-untyped-def]
    """out[k, c + lane] = weight transform of products[at + p * U + lane], for a lane group."""
    F = len(window)
    size = F * F
    weight_transform(window, products, at, 6 * tiling.U, tiling.U, taps, 0, F * LANES, LANES)
    for tap in range(0, size, LANES):
        to = (k * sizes.C + c) * size + tap
        scatter_lanes(taps, tap * LANES, LANES, zeros, 0, check, 0, sizes.C - c, size - tap, out, to, size)
