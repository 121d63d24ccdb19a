"""Convolution with channels in the lanes: images whose channels lie together, times packed filters.

With the channels of a pixel side by side, and the pixels of a padded row after each other, the numbers that a row of
the filter meets at one output pixel lie end to end: all channels of FW neighbouring pixels. With the channels made
whole vectors, C of them,

    output[p, k] = sum over fh and d < FW * C of rows[start[fh] + p * stride_w * C + d] * filters[fh, d, k]

for p = oh * row + ow is one matrix product for each row of the filter (a `run`), whose left side is read in place. A
stride needs no copies of its own: rows are dealt out to stride_h planes, and along a row it is a longer step. Images
are turned when they are laid out, and the sums when they are stored.

The gradient by the input is the same for each `Phase` of `conv_planes`; there it is the sums that are a stride apart.
"""

from typing import NamedTuple

import numpy as np

from autograd.kernels.conv_planes import Phase
from autograd.kernels.conv_tiles import Sizes
from autograd.kernels.lane_scatter import scatter_lanes
from autograd.kernels.product_tiles import LANES, ROWS, column_time, columns_taken, multiply
from autograd.kernels.threads import jit
from autograd.kernels.tile import turn
from autograd.kernels.vectors import round_up

# What the rows and the sums of a band may take up, and the filters that all its pixels meet before the next ones.
BAND_BYTES, DEPTH = 768 << 10, 192
# Time in that of a multiplication of vectors by `conv_planes`: of turning one in or out, of packing a weight, and of a
# band besides.
TURN, WEIGHT, BEGIN = 10, 10, 1000


class Layout(NamedTuple):
    """How a band of output rows lies in scratch."""

    row: int  # pixels from one output row to the next
    rows: int  # rows of an image in a plane
    band: int  # output rows that are computed at a time
    images: int  # images that are computed at a time
    C: int  # channels of the input, in whole vectors
    K: int  # channels of the output, likewise
    in_h: int  # input rows from one output row to the next
    in_w: int
    out_h: int  # output rows from one row of a phase to the next
    out_w: int
    planes: int  # planes that the input's rows are dealt out to, of those that meet any tap
    depth: int  # products of an output number, of all phases


def forward_phase(sizes: Sizes) -> Phase:
    """All output pixels; rows of the input are dealt out to stride_h planes."""
    taps = []
    for f in range(sizes.FH * sizes.FW):
        h, w = f // sizes.FW * sizes.dilation_h, f % sizes.FW * sizes.dilation_w
        taps.append((f, h % sizes.stride_h, h // sizes.stride_h, w))
    return Phase(0, 0, sizes.OH, sizes.OW, tuple(taps))


def fits(sizes: Sizes, dtype: np.dtype) -> bool:
    """Whether the method applies: strides beyond 1, with larger filters than 1x1."""
    return dtype == np.float32 and max(sizes.stride_h, sizes.stride_w) > 1 and sizes.FH * sizes.FW > 1


def lay_out(sizes: Sizes, phases: list[Phase], out_h: int, out_w: int, threads: int) -> tuple[Layout, int]:
    """The layout that costs least, and its cost in multiplications of vectors by one thread."""
    taps = [tap for phase in phases for tap in phase.taps]
    reach_h, reach_w = max([tap[2] for tap in taps]), max([tap[3] for tap in taps])
    C, K, in_h, in_w = round_up(sizes.C, LANES), round_up(sizes.K, LANES), sizes.stride_h, sizes.stride_w
    row = -(-((sizes.OW - 1) * in_w + reach_w + 1) // in_w)
    planes = min(in_h, (sizes.FH - 1) * sizes.dilation_h + 1)
    depth = len(taps) * C
    vectors = column_time(K // LANES)
    best: tuple[float, Layout] | None = None
    bands = sorted({-(-sizes.OH // count) for count in range(1, sizes.OH + 1)})
    candidates = [(band, 1) for band in bands] + [(sizes.OH, images) for images in range(2, min(sizes.N, 32) + 1)]
    for band, images in candidates:
        rows = band + reach_h
        pixels = ((images - 1) * rows + band) * row
        numbers = images * rows * row * (planes * in_w * C + out_h * out_w * K)
        if numbers * 4 > BAND_BYTES and (band, images) != candidates[0]:
            continue
        tasks = -(-sizes.N // images) * sizes.groups * -(-sizes.OH // band)
        read = images * planes * rows * -(-row * in_w // LANES) * C
        stored = images * band * out_h * -(-sizes.OW * out_w // LANES) * K
        products = -(-pixels // ROWS) * ROWS * vectors * depth
        cost = -(-tasks // threads) * (products + TURN * (read + stored) + BEGIN)
        if best is None or cost < best[0]:
            best = cost, Layout(row, rows, band, images, C, K, in_h, in_w, out_h, out_w, planes, depth)
    assert best is not None
    return best[1], int(best[0] + WEIGHT * sizes.groups * depth * K // threads)


def runs_of(layout: Layout, phases: list[Phase], size: int) -> tuple[np.ndarray, np.ndarray]:
    """The rows (start, where their sums go, depth, products before them, whether they are a phase's first), and the
    place of each of the filter's taps among the products, -1 where it meets nothing."""
    table, places, place = [], np.full(size, -1, np.int64), 0
    width, plane = layout.row * layout.in_w, layout.images * layout.rows
    for phase in phases:
        into = (phase.start_h * plane * layout.row * layout.out_w + phase.start_w) * layout.K
        fresh, before = 1, None
        for f, at, i, j in sorted(phase.taps, key=lambda tap: tap[1:]):
            start = ((at * plane + i) * width + j) * layout.C
            if before == start and table[-1][2] + layout.C <= DEPTH:
                table[-1][2] += layout.C
            else:
                for d in range(0, layout.C, DEPTH):
                    deep = min(DEPTH, layout.C - d)
                    table.append([start + d, into, deep, place * layout.C + d, fresh])
                    fresh = 0
            before = start + layout.C
            places[f] = place
            place += 1
    return np.array(table, np.int64), places


def rows_size(layout: Layout) -> int:
    """Room for the rows of a band, and for what is turned or read beyond them.

    Turning goes on to a whole vector of pixels. The pixels that make up whole tiles, fewer than ROWS, read as far as a
    filter reaches along a row, which is no further than the row's length.
    """
    laid = layout.planes * layout.images * layout.rows * layout.row
    return (laid + layout.row + LANES + ROWS) * layout.in_w * layout.C


def sums_size(layout: Layout) -> int:
    """Room for the sums of a band, likewise: a vector's pixels are stored, and a tile's computed, beyond the last."""
    return (layout.out_h * layout.images * layout.rows * layout.row + LANES + ROWS) * layout.out_w * layout.K


def staged_size(sizes: Sizes) -> int:
    """Room for the filters that are turned together."""
    return (sizes.FH * sizes.FW + 1) * LANES * LANES


@jit()
def lay_rows(x, plane, image_step, images, channels, size, top, left, step, rows, width, C, into, at):  # type: ignore[no-untyped-def]
    """into[at + ((n * rows + r) * width + j) * C + c] = x[plane + n * image_step + c, top + r * step, left + j].

    It is zero outside the image and from `channels` channels on. Planes are images of `size` and lie end to end.
    Vectors reach beyond a row, into what is laid out next.
    """
    H, W = size
    low = min(max(-left, 0), width)
    high = max(min(W - left, width), low)
    for c in range(0, C, LANES):
        for line in range(images * rows):
            n, r = line // rows, line % rows
            h, to = top + r * step, at + line * width * C + c
            there = 0 <= h < H
            for j in range(low if there else width):
                into[to + j * C : to + j * C + LANES] = 0
            if there:
                start = ((plane + n * image_step + c) * H + h) * W + left
                for j in range(low, high, LANES):
                    turn(x, start + j, H * W, channels - c, high - j, into, to + j * C, C)
                for j in range(high, width):
                    into[to + j * C : to + j * C + LANES] = 0


@jit()
def pack_filters(  # type: ignore[no-untyped-def]
    thread, threads, weight, group_step, row_step, channel_step, places, sizes, layout, staged, packed
):
    """The filters by groups and by the columns that are taken together: (place of the tap, channel, column).

    The weight of row k, channel c and tap f is weight[group * group_step + k * row_step + c * channel_step + f].
    """
    sizes, layout, staged = Sizes(*sizes), Layout(*layout), staged[thread]
    size, blocks = sizes.FH * sizes.FW, layout.C // LANES
    for task in range(thread, sizes.groups * blocks, threads):
        group, c = task // blocks, task % blocks * LANES
        depth = min(sizes.C - c, LANES)
        # Numbers that lie end to end, and how many such rows there are.
        count, rows = (depth * size, 1) if channel_step == size else (size, depth)
        k = 0
        while k < layout.K:
            width = columns_taken((layout.K - k) // LANES) * LANES
            begin = (group * layout.K + k) * layout.depth
            for lane in range(0, width, LANES):
                start = group * group_step + (k + lane) * row_step + c * channel_step
                for r in range(rows):
                    for i in range(0, count, LANES):
                        turn(
                            weight, start + r * channel_step + i, row_step, sizes.K - k - lane, count - i,
                            staged, (r * count + i) * LANES, LANES,
                        )  # fmt: skip
                for f in range(size):
                    if places[f] < 0:
                        continue
                    for d in range(LANES):
                        to, at = begin + (places[f] * layout.C + c + d) * width + lane, (d * size + f) * LANES
                        for i in range(LANES):
                            packed[to + i] = staged[at + i] if d < depth else 0
            k += width


@jit()
def correlate(thread, threads, x, packed, bias, out, sizes, layout, H, W, runs, rows, sums, check):  # type: ignore[no-untyped-def]
    """out[n, k, h, w] = bias[k] + the sum of all runs, for outputs of H x W, by bands of output rows.

    `rows`, `sums` and `check` have a row of scratch for each thread; `bias` has whole vectors for each group. Nobody
    reads the checks: a number that is not finite reaches only the sums that it belongs to.
    """
    sizes, layout = Sizes(*sizes), Layout(*layout)
    rows, sums, check = rows[thread], sums[thread], check[thread]
    width, C, K = layout.row * layout.in_w, layout.C, layout.K
    bands = (sizes.OH + layout.band - 1) // layout.band
    batches = (sizes.N + layout.images - 1) // layout.images
    plane = layout.images * layout.rows
    for task in range(thread, batches * sizes.groups * bands, threads):
        n, oh = task // (bands * sizes.groups) * layout.images, task % bands * layout.band
        group = task // bands % sizes.groups
        images, height = min(layout.images, sizes.N - n), min(layout.band, sizes.OH - oh)
        for a in range(layout.planes):
            lay_rows(
                x, (n * sizes.groups + group) * sizes.C, sizes.groups * sizes.C, images, sizes.C, (sizes.H, sizes.W),
                oh * layout.in_h - sizes.padding_h + a, -sizes.padding_w, layout.in_h, layout.rows, width, C,
                rows, a * plane * width * C,
            )  # fmt: skip
        pixels = ((images - 1) * layout.rows + height) * layout.row
        pixels = (pixels + ROWS - 1) // ROWS * ROWS
        k = 0
        while k < K:
            columns = columns_taken((K - k) // LANES) * LANES
            at = (group * K + k) * layout.depth
            for run in range(runs.shape[0]):
                multiply(
                    rows, runs[run, 0], layout.in_w * C, 1, packed, at + runs[run, 3] * columns, columns,
                    sums, runs[run, 1] + k, layout.out_w * K, pixels, columns, runs[run, 2], runs[run, 4] == 1,
                )  # fmt: skip
            k += columns
        for image in range(images):
            for k in range(0, sizes.K, LANES):
                to = (((n + image) * sizes.groups + group) * sizes.K + k) * H * W
                for r in range(height * layout.out_h):
                    h = oh * layout.out_h + r
                    if h >= H:
                        break
                    i, a = r // layout.out_h, r % layout.out_h
                    at = ((a * layout.images + image) * layout.rows + i) * layout.row * layout.out_w
                    for w in range(0, W, LANES):
                        scatter_lanes(
                            sums, (at + w) * K + k, K, bias, group * K + k, check, 0, sizes.K - k, W - w,
                            out, to + h * W + w, H * W,
                        )  # fmt: skip
