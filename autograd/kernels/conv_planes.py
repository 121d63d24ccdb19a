"""Convolution that multiplies straight out of padded planes, without gathering columns.

Lay the padded rows of one channel end to end, `row` numbers each. Then the numbers that one tap meets at the output
pixels p = oh * row + ow, p = 0, 1, 2 ..., also lie end to end: the tap's offset is fh * row + fw, and

    output[k, p] = sum over taps d of weight[k, d] * planes[offset[d] + p]

is a matrix product whose right side is read in place. The few p with ow >= OW are computed and dropped. Several small
images lie behind each other in a plane. A stride is undone first, by dealing rows and columns out to
stride_h * stride_w planes, in each of which the tap's numbers lie end to end again. Against columns this copies a
number once, not once for each tap.

The input's gradient is the same sum over the planes of the output's gradient, for the inputs of each `Phase`: along an
axis, input start + i * stride meets only the taps f with f * dilation = start + padding modulo stride.
"""

from math import gcd
from typing import NamedTuple

import numpy as np

from autograd.kernels.conv_tiles import (
    Sizes,
    clear,
    copy_block,
    first_inside,
    multiply,
    multiply_dots,
    multiply_places,
    unpack_dots,
)
from autograd.kernels.threads import jit
from autograd.kernels.tile import (
    DOT_COLUMNS,
    DOT_ROWS,
    OUTER_CHANNELS,
    OUTER_TAPS,
    OUTER_VECTORS,
    WIDE_ROWS,
    copy_rows,
    outer_tile,
    spread_rows_by_two,
    turn,
)
from autograd.kernels.vectors import VECTOR_BYTES

# Planes of one band should stay in a core's second-level cache; and where few rows of the weight meet them, so that
# reading them takes the time, in the first-level cache. With short vectors that was not worth bands of fewer rows, so
# reading always counts.
PLANE_BYTES = 768 << 10
NEAR_BYTES = 24 << 10 if VECTOR_BYTES == 64 else 0
# Sums that are stored by whole rows stay in the first-level cache.
SUM_BYTES = 24 << 10
# Taps whose numbers are used for all output channels before the next ones: overlapping rows of 32 channels, 3x3.
L1_DEPTH = 288
# Pixels of images in place over which dots are added up: the rows of a tile stay in the first-level cache.
DOT_PIXELS = 1024
# What moving one vector costs, what a band costs besides, and what adding up the lanes of a dot tile costs for each of
# its sums, counted in multiplications of vectors.
MOVE, BEGIN, LANE_SUM = 6 if VECTOR_BYTES == 64 else 10, 500, 3


class Phase(NamedTuple):
    """A grid of output pixels, (start_h + i * step_h, start_w + j * step_w), and the taps that they meet.

    A tap is (its place in the filter, plane that it reads, row and column from which it reads at i = j = 0).
    """

    start_h: int
    start_w: int
    height: int
    width: int
    taps: tuple[tuple[int, int, int, int], ...]


class Layout(NamedTuple):
    """How the planes of one band of output rows lie in scratch."""

    row: int  # from one row of a plane to the next
    rows: int  # rows of an image in a plane
    plane: int  # from one plane to the next
    band: int  # output rows that are computed at a time
    images: int  # images that are computed at a time
    unit: int  # output channels that a tile computes
    span: int  # pixels whose sums are computed before they are stored


class Place(NamedTuple):
    """The plane into which pixels are stored, and how far from each other."""

    H: int
    W: int
    step_h: int
    step_w: int


def forward_phase(sizes: Sizes) -> Phase:
    """All output pixels; rows and columns of the input are dealt out to stride_h * stride_w planes."""
    taps = []
    for f in range(sizes.FH * sizes.FW):
        h, w = f // sizes.FW * sizes.dilation_h, f % sizes.FW * sizes.dilation_w
        plane = h % sizes.stride_h * sizes.stride_w + w % sizes.stride_w
        taps.append((f, plane, h // sizes.stride_h, w // sizes.stride_w))
    return Phase(0, 0, sizes.OH, sizes.OW, tuple(taps))


def adjoint(sizes: Sizes) -> tuple[Sizes, list[Phase]]:
    """The input gradient as a correlation of stride 1: its sizes, and the phases of the input that meet any tap."""
    axes = []
    for size, taps, stride, padding, dilation in (
        (sizes.H, sizes.FH, sizes.stride_h, sizes.padding_h, sizes.dilation_h),
        (sizes.W, sizes.FW, sizes.stride_w, sizes.padding_w, sizes.dilation_w),
    ):
        grids = []
        for start in range(min(stride, size)):
            met = [f for f in reversed(range(taps)) if (f * dilation - start - padding) % stride == 0]
            # Input start + i * stride meets tap f at the output i - (f * dilation - start - padding) / stride.
            places = [(f, -((f * dilation - start - padding) // stride)) for f in met]
            if met:
                grids.append((start, -(-(size - start) // stride), places))
        axes.append(grids)
    lowest = [min([at for _, _, places in grids for _, at in places], default=0) for grids in axes]
    phases = []
    for start_h, height, taps_h in axes[0]:
        for start_w, width, taps_w in axes[1]:
            meeting = tuple([(h * sizes.FW + w, 0, i - lowest[0], j - lowest[1]) for h, i in taps_h for w, j in taps_w])
            phases.append(Phase(start_h, start_w, height, width, meeting))
    changed = {
        "C": sizes.K, "K": sizes.C, "H": sizes.OH, "W": sizes.OW, "stride_h": 1, "stride_w": 1,
        "OH": -(-sizes.H // sizes.stride_h), "OW": -(-sizes.W // sizes.stride_w),
        "padding_h": -lowest[0], "padding_w": -lowest[1],
    }  # fmt: skip
    return Sizes(**(sizes._asdict() | changed)), phases


def _met(stride: int, taps: int, dilation: int) -> int:
    """How many of the planes along an axis a filter reaches, as `fill_planes` counts them."""
    return min(stride, (taps - 1) * dilation + 1)


def lay_out(
    sizes: Sizes,
    phases: list[Phase],
    unit: int,
    width: int,
    itemsize: int,
    threads: int,
    rows_beside: int = 0,
    begin: int = BEGIN,
    placed: bool = False,
    in_place: bool = False,
) -> tuple[Layout, int]:
    """The layout that costs least, and its cost in multiplications of vectors by one thread.

    A tile computes `unit` output channels of `width` pixels; where they are `placed`, these are vectors of single rows,
    which are stored where they belong at once, and read `in_place` if the planes are the images. So many rows of pixels
    lie beside the planes, and a band costs `begin` besides what grows with its size.
    """
    reach_h = max([row for phase in phases for _, _, row, _ in phase.taps])
    reach_w = max([column for phase in phases for _, _, _, column in phase.taps])
    row, rows = sizes.OW + reach_w, reach_h
    # The zeros to the right of a row are those to the left of the next, and so with those between two images.
    if sizes.stride_w == 1 and 0 < sizes.padding_w <= reach_w and row >= 2 * sizes.padding_w + sizes.W:
        row -= sizes.padding_w
    shared = 0
    if sizes.stride_h == 1 and 0 < sizes.padding_h <= reach_h and sizes.OH + reach_h >= 2 * sizes.padding_h + sizes.H:
        shared = sizes.padding_h
    dealt, vector = sizes.C * _met(sizes.stride_h, sizes.FH, sizes.dilation_h), VECTOR_BYTES // itemsize
    dealt *= _met(sizes.stride_w, sizes.FW, sizes.dilation_w)
    outputs = -(-sizes.K // unit) * unit
    depth = sizes.C * sum([len(phase.taps) for phase in phases])
    best: tuple[float, Layout] | None = None
    bands = sorted({-(-sizes.OH // count) for count in range(1, sizes.OH + 1)})
    candidates = [(band, 1) for band in bands] + [(sizes.OH, images) for images in range(2, min(sizes.N, 32) + 1)]
    for band, images in candidates:
        rows = band + reach_h - (shared if images > 1 else 0)
        pixels = (images - 1) * rows * row + band * row
        computed = -(-pixels // width) * width
        stored = images * band * -(-sizes.OW // vector)
        if placed:
            computed, stored = -(-stored * vector // width) * width, 0
        line = 64 // itemsize
        # The last tile reads on behind the last row. An odd number of cache lines spreads planes over the cache's sets.
        plane = (-(-(max(computed, pixels) + reach_h * row + reach_w + vector) // line) | 1) * line
        if (dealt * plane + rows_beside * computed) * itemsize > PLANE_BYTES and (band, images) != candidates[0]:
            continue
        tasks = -(-sizes.N // images) * sizes.groups * -(-sizes.OH // band)
        far = int(dealt * plane * itemsize > NEAR_BYTES)
        moved = dealt * images * rows * -(-row // vector) + sizes.K * stored
        products = computed // vector * (outputs + far * outputs // unit) * depth
        if in_place:
            moved = 0
        cost = -(-tasks // threads) * (products + MOVE * moved + begin)
        if best is None or cost < best[0]:
            whole = outputs * computed * itemsize <= SUM_BYTES
            best = cost, Layout(row, rows, plane, band, images, unit, computed if whole else width)
    assert best is not None
    return best[1], int(best[0])


def lay_out_in_place(sizes: Sizes, itemsize: int) -> tuple[Layout, int] | None:
    """(layout, cost) of `weigh` where the images of a 1x1 filter are read in place, or None where they cannot be.

    A band is of whole vectors of one image, about as many as the caches hold, and the output channels are whole tiles.
    """
    area, lanes = sizes.OH * sizes.OW, VECTOR_BYTES // itemsize
    if area % lanes or sizes.K % DOT_ROWS:
        return None
    pixels = min(DOT_PIXELS, PLANE_BYTES // (sizes.K * itemsize))
    whole = lanes // gcd(sizes.OW, lanes)
    band = min(max(pixels // sizes.OW // whole, 1) * whole, sizes.OH)
    dots = sizes.K * -(-sizes.C // DOT_COLUMNS) * DOT_COLUMNS
    bands = -(-sizes.OH // band)
    cost = area // lanes * dots + bands * (BEGIN + LANE_SUM * dots)
    return Layout(sizes.OW, sizes.OH, area, band, 1, DOT_ROWS, 0), sizes.N * sizes.groups * cost


def row_places(sizes: Sizes, layout: Layout, lanes: int, vectors: int) -> np.ndarray:
    """Where the vectors of a band lie, as (in the planes, in an output channel); a multiple of `vectors` of them.

    A row's last vector ends with the row, so it computes some pixels that the one before it does, too.
    """
    columns = np.minimum(np.arange(0, sizes.OW, lanes), sizes.OW - lanes)
    steps = ((layout.rows * layout.row, sizes.groups * sizes.K * sizes.OH * sizes.OW), (layout.row, sizes.OW))
    places: np.ndarray = np.stack(
        [
            (np.arange(layout.images)[:, None, None] * image + np.arange(layout.band)[:, None] * row + columns).reshape(
                -1
            )
            for image, row in zip(*steps, strict=True)
        ],
        axis=1,
    ).astype(np.int64)
    return np.pad(places, ((0, -len(places) % vectors), (0, 0)), mode="edge")


def tap_offsets(sizes: Sizes, layout: Layout, phase: Phase) -> np.ndarray:
    """offset[d]: where tap d = (channel, tap of the phase) begins to read in the planes."""
    taps: np.ndarray = np.array([plane * layout.plane + i * layout.row + j for _, plane, i, j in phase.taps], np.int64)
    channel: np.ndarray = np.arange(sizes.C) * sizes.stride_h * sizes.stride_w * layout.plane
    return (channel[:, None] + taps).reshape(-1)


@jit()
def fill_planes(x, sizes, layout, n, images, group, channel, count, oh, planes):  # type: ignore[no-untyped-def]
    """Copy `count` channels of some images on to planes whose row 0 belongs to output row `oh`.

    Planes that are beyond the filter's last row or column, where the stride is longer, are left as they are.
    """
    at = 0
    image_size = layout.rows * layout.row
    for c in range(channel, channel + count):
        for phase_h in range(sizes.stride_h):
            first_row = oh * sizes.stride_h + phase_h - sizes.padding_h
            # Rows above `top` and from `bottom` on lie in the padding.
            top = min(first_inside(first_row, sizes.stride_h), layout.rows)
            bottom = max(min(first_inside(first_row - sizes.H, sizes.stride_h), layout.rows), top)
            for phase_w in range(sizes.stride_w):
                if phase_h > (sizes.FH - 1) * sizes.dilation_h or phase_w > (sizes.FW - 1) * sizes.dilation_w:
                    at += layout.plane
                    continue
                shift = phase_w - sizes.padding_w
                low = first_inside(shift, sizes.stride_w)
                high = min(first_inside(shift - sizes.W, sizes.stride_w), layout.row)
                for image in range(images):
                    place = ((n + image) * sizes.groups + group) * sizes.C + c
                    start = (place * sizes.H + first_row + top * sizes.stride_h) * sizes.W + shift
                    to = at + image * image_size
                    clear(planes, to, to + top * layout.row)
                    copy_block(
                        x, start, sizes.stride_h * sizes.W, sizes.stride_w, low, high,
                        planes, to + top * layout.row, layout.row, bottom - top, layout.row,
                    )  # fmt: skip
                    clear(planes, to + bottom * layout.row, to + image_size)
                clear(planes, at + images * image_size, at + layout.plane)
                at += layout.plane


@jit()
def store_block(sums, at, sums_row, out, out_at, out_row, step, rows, count):  # type: ignore[no-untyped-def]
    """out[r, i * step] = sums[r, i] for r < rows and i < count"""
    if step == 1:
        copy_rows(sums, at, sums_row, 0, count, out, out_at, out_row, rows, count)
    elif step == 2:
        spread_rows_by_two(sums, at, sums_row, out, out_at, out_row, rows, count)
    else:
        for r in range(rows):
            for i in range(count):
                out[out_at + r * out_row + i * step] = sums[at + r * sums_row + i]


@jit()
def store(sums, out, sizes, layout, place, phase, n, images, group, oh, height, p, taken, pixels):  # type: ignore[no-untyped-def]
    """Store the sums of the `taken` pixels from p on, of `pixels`, of all the group's output channels."""
    start_h, start_w, width = phase[0], phase[1], phase[3]
    area = place.H * place.W
    first = (n * sizes.groups + group) * sizes.K * area + (start_h + oh * place.step_h) * place.W + start_w
    image_step = sizes.groups * sizes.K * area
    span = layout.span
    down = place.step_h * place.W
    if taken == pixels and height >= sizes.K:
        for k in range(sizes.K):
            for image in range(images):
                at = k * span + image * layout.rows * layout.row
                to = first + k * area + image * image_step
                store_block(sums, at, layout.row, out, to, down, place.step_w, height, width)
        return
    # Rows without a gap on either side are one long row.
    joined = width == layout.row and down == width and place.step_w == 1
    j = 0
    while j < taken:
        i, w = divmod(p + j, layout.row)
        image, i = divmod(i, layout.rows)
        run = min((height - i) * width - w if joined else width - w, taken - j)
        if i < height and run > 0:
            to = first + image * image_step + i * down + w * place.step_w
            store_block(sums, j, span, out, to, area, place.step_w, sizes.K, run)
        j += max(run, 0) if joined and i < height else layout.row - w


@jit()
def correlate(thread, threads, x, packed, bias, out, sizes, layout, place, phases, offsets, planes, sums):  # type: ignore[no-untyped-def]
    """out[n, k, place of p] = bias[k] + sum over d of weight[k, d] * planes[offset[d] + p], by bands of output rows.

    A row of `phases` is (start_h, start_w, height, width, taps of the phases before it, taps). `packed` holds weight
    phase by phase as (groups, K / unit, d, unit), and `bias` a number for each of its rows; `planes` and `sums` have a
    row of scratch for each thread.
    """
    sizes, layout, place = Sizes(*sizes), Layout(*layout), Place(*place)
    unit = layout.unit
    tile = OUTER_VECTORS * (VECTOR_BYTES // x.itemsize) * (2 if unit <= WIDE_ROWS else 1)
    rows = (sizes.K + unit - 1) // unit * unit
    bands = (sizes.OH + layout.band - 1) // layout.band
    batches = (sizes.N + layout.images - 1) // layout.images
    for task in range(thread, batches * sizes.groups * bands, threads):
        n, oh = task // (bands * sizes.groups) * layout.images, task % bands * layout.band
        group = task // bands % sizes.groups
        images = min(layout.images, sizes.N - n)
        fill_planes(x, sizes, layout, n, images, group, 0, sizes.C, oh, planes[thread])
        for number in range(phases.shape[0]):
            phase = phases[number]
            height = min(layout.band, phase[2] - oh)
            depth = sizes.C * phase[5]
            offsets_at = sizes.C * phase[4]
            packed_at = (sizes.groups * offsets_at + group * depth) * rows
            pixels = ((images - 1) * layout.rows + height) * layout.row if height > 0 else 0
            for p in range(0, pixels, layout.span):
                taken = min(layout.span, pixels - p)
                for j in range(0, taken, tile):
                    for d in range(0, depth, L1_DEPTH):
                        for r in range(0, rows, unit):
                            multiply(
                                unit, packed, packed_at + r * depth + d * unit, planes[thread], p + j,
                                offsets, offsets_at + d, bias, group * rows + r, d == 0,
                                sums[thread], r * layout.span + j, layout.span, min(L1_DEPTH, depth - d),
                            )  # fmt: skip
                store(sums[thread], out, sizes, layout, place, phase, n, images, group, oh, height, p, taken, pixels)


@jit()
def correlate_rows(thread, threads, x, packed, bias, out, sizes, layout, in_place, places, offsets, planes):  # type: ignore[no-untyped-def]
    """What `correlate` computes for one phase without gaps, in vectors that are stored at once: see `row_places`.

    The last band, and the last images, begin early enough to be as many as all others. If `in_place`, the planes are
    the images.
    """
    sizes, layout = Sizes(*sizes), Layout(*layout)
    unit, area, depth = layout.unit, sizes.OH * sizes.OW, offsets.size
    vectors = OUTER_VECTORS * (2 if unit <= WIDE_ROWS else 1)
    bands = (sizes.OH + layout.band - 1) // layout.band
    batches = (sizes.N + layout.images - 1) // layout.images
    for task in range(thread, batches * sizes.groups * bands, threads):
        n = min(task // (bands * sizes.groups) * layout.images, sizes.N - layout.images)
        oh = min(task % bands * layout.band, sizes.OH - layout.band)
        group = task // bands % sizes.groups
        source, start = planes[thread], 0
        if in_place:
            source, start = x, (n * sizes.groups + group) * layout.plane * sizes.C
        else:
            fill_planes(x, sizes, layout, n, layout.images, group, 0, sizes.C, oh, source)
        for k in range(group * sizes.K, (group + 1) * sizes.K, unit):
            to = (n * sizes.groups * sizes.K + k) * area + oh * sizes.OW
            for v in range(0, places.shape[0], vectors):
                multiply_places(
                    unit, packed, k * depth, source, start, offsets, bias, k, places, v, out, to, area, depth
                )  # fmt: skip


@jit()
def gather_gradient(gradient, sizes, layout, n, images, group, k, count, oh, rows, step):  # type: ignore[no-untyped-def]
    """rows[k * step + p] = the gradient at pixel p of the planes, zero between the rows and images, for `count` k's."""
    height = min(layout.band, sizes.OH - oh)
    for i in range(count):
        for image in range(images):
            at = (((n + image) * sizes.groups + group) * sizes.K + k + i) * sizes.OH + oh
            to = i * step + image * layout.rows * layout.row
            copy_rows(gradient, at * sizes.OW, sizes.OW, 0, sizes.OW, rows, to, layout.row, height, layout.row)
            if image + 1 < images:
                clear(rows, to + height * layout.row, to + layout.rows * layout.row)
        clear(rows, i * step + ((images - 1) * layout.rows + height) * layout.row, (i + 1) * step)


@jit()
def weigh(  # type: ignore[no-untyped-def]
    thread, threads, x, gradient, partial, sizes, layout, in_place, block, step, offsets, planes, rows, sums
):
    """partial[part, group, k, d] = sum over p of gradient[k, p] * planes[offset[d] + p] in the images of the part.

    Threads share out the groups, the blocks of `block` channels and the parts, which are every so manyth batch of
    images. Zeros between the gradient's rows meet numbers that are not their business: where one of those is infinite
    or NaN, so is the sum. If `in_place`, the planes are the images, and the rows those of the gradient.
    """
    sizes, layout = Sizes(*sizes), Layout(*layout)
    planes, rows, sums = planes[thread], rows[thread], sums[thread]
    lanes = VECTOR_BYTES // x.itemsize
    parts = partial.shape[0]
    taps = sizes.FH * sizes.FW
    blocks = (sizes.C + block - 1) // block
    batches = (sizes.N + layout.images - 1) // layout.images
    for task in range(thread, parts * sizes.groups * blocks, threads):
        part, group = task // (blocks * sizes.groups), task // blocks % sizes.groups
        c = task % blocks * block
        count = min(block, sizes.C - c)
        clear(sums, 0, sums.size)
        clear(rows, sizes.K * step, rows.size)
        for batch in range(part, batches, parts):
            n = batch * layout.images
            images = min(layout.images, sizes.N - n)
            for oh in range(0, sizes.OH, layout.band):
                height = min(layout.band, sizes.OH - oh)
                if in_place:
                    place, beside = (n * sizes.groups + group) * sizes.C + c, (n * sizes.groups + group) * sizes.K
                    left_at, right_at = (beside * sizes.OH + oh) * sizes.OW, (place * sizes.OH + oh) * sizes.OW
                    length = height * sizes.OW
                    multiply_dots(gradient, left_at, step, x, right_at, offsets, count, sizes.K, length, sums)
                    continue
                fill_planes(x, sizes, layout, n, images, group, c, count, oh, planes)
                gather_gradient(gradient, sizes, layout, n, images, group, 0, sizes.K, oh, rows, step)
                pixels = ((images - 1) * layout.rows + height) * layout.row
                length = (pixels + lanes - 1) // lanes * lanes
                multiply_dots(rows, 0, step, planes, 0, offsets, count * taps, sizes.K, length, sums)
        unpack_dots(sums, sizes.K, count * taps, partial[part, group], c * taps)


@jit()
def turn_gradient(gradient, start, area, rows, pixels, step, turned):  # type: ignore[no-untyped-def]
    """turned[block, p, k] = gradient[start + (block * width + k) * area + p], zero from the end of the `rows` rows on.

    There are `width` rows in a block, which an outer tile takes, and it is `step` numbers to the next block.
    """
    lanes = VECTOR_BYTES // gradient.itemsize
    width = OUTER_CHANNELS * lanes
    for k in range(0, (rows + width - 1) // width * width, lanes):
        to = k // width * step + k % width
        for p in range(0, pixels, lanes):
            turn(
                gradient, start + k * area + p, area, min(max(rows - k, 0), lanes), min(pixels - p, lanes),
                turned, to + p * width, width,
            )  # fmt: skip


@jit()
def weigh_pixels(  # type: ignore[no-untyped-def]
    thread, threads, x, gradient, partial, sizes, layout, stride_h, stride_w, offsets, planes, turned, sums
):
    """What `weigh` computes, pixel by pixel: a tap's number there times the gradients of all output channels.

    The gradient is turned, so that channels lie together. A stride is not undone, so `sizes` and `layout` are those of
    a convolution without one. Each thread computes the sums of a part, from its share of the bands.
    """
    sizes, layout = Sizes(*sizes), Layout(*layout)
    planes, turned, sums = planes[thread], turned[thread], sums[thread]
    width = OUTER_CHANNELS * (VECTOR_BYTES // x.itemsize)
    rows, area = (sizes.K + width - 1) // width * width, sizes.OH * sizes.OW
    depth = sizes.C * sizes.FH * sizes.FW
    step = turned.size // (rows // width)
    bands = (sizes.OH + layout.band - 1) // layout.band
    for group in range(sizes.groups):
        clear(sums, 0, sums.size)
        for task in range(thread, sizes.N * bands, threads):
            n, oh = task // bands, task % bands * layout.band
            height = min(layout.band, sizes.OH - oh)
            fill_planes(x, sizes, layout, n, 1, group, 0, sizes.C, oh * stride_h, planes)
            start = (n * sizes.groups + group) * sizes.K * area + oh * sizes.OW
            turn_gradient(gradient, start, area, sizes.K, height * sizes.OW, step, turned)
            for k in range(0, rows, width):
                for d in range(0, depth, OUTER_TAPS):
                    outer_tile(
                        planes, 0, stride_h * layout.row, stride_w, offsets, d,
                        turned, k // width * step, sums, d * rows + k, rows, height, sizes.OW,
                    )  # fmt: skip
        for k in range(sizes.K):
            for d in range(depth):
                partial[thread, group, k, d] = sums[d * rows + k]
