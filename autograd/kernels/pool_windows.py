"""Max pooling of float32 images with any windows, many outputs at a time.

Images lie end to end on planes as those of `conv_planes`, as many as make a long row, with the lowest number for a
padding, which is written once. There the numbers that one place of the windows meets are neighbours, so the largest of
all places and which it was stay in registers.
"""

from functools import lru_cache

import numpy as np

from autograd.kernels.conv_planes import Layout, Phase, forward_phase, tap_offsets
from autograd.kernels.conv_tiles import Sizes, copy_block, first_inside
from autograd.kernels.sharing import share_out
from autograd.kernels.threads import jit, scratch, thread_count
from autograd.kernels.tile import MAX_VECTORS, copy_rows, max_tile
from autograd.kernels.vectors import lanes

# What the images beside each other may take up, of the first-level cache.
RUN_BYTES = 16 << 10
# Numbers compared by one thread before another one has woken up.
SMALL = 1 << 17
_FLOAT, _WHOLE = np.dtype(np.float32), np.dtype(np.int32)
_LANES = lanes(_FLOAT)


def _lay_out(sizes: Sizes, phase: Phase) -> Layout:
    """Whole images, as many as fit."""
    reach_h, reach_w = max(tap[2] for tap in phase.taps), max(tap[3] for tap in phase.taps)
    rows, row, width = sizes.OH + reach_h, sizes.OW + reach_w, MAX_VECTORS * _LANES
    taken = rows * row * sizes.stride_h * sizes.stride_w * _FLOAT.itemsize
    images = max(min(RUN_BYTES // taken, sizes.N), 1)
    span = -(-((images - 1) * rows + sizes.OH) * row // width) * width
    plane = span + reach_h * row + reach_w + _LANES
    return Layout(row, rows, plane, sizes.OH, images, 1, span)


@jit()
def fill(x, sizes, layout, n, images, planes):  # type: ignore[no-untyped-def]
    """Put some images on to planes, where the padding is already."""
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
                start = ((n + image) * sizes.H + first_h) * sizes.W + first_w
                copy_block(
                    x, start, sizes.stride_h * sizes.W, sizes.stride_w, 0, columns,
                    planes, at + (image * layout.rows + row) * layout.row + column, layout.row, rows, columns,
                )  # fmt: skip
            at += layout.plane


@jit()
def _first_place(start, dilation, taps, size):  # type: ignore[no-untyped-def]
    """The first place of a window along an axis that lies in the image; -1 if none does."""
    tap = first_inside(start, dilation)
    place = start + tap * dilation
    return place if tap < taps and place < size else -1


@jit()
def _store_places(where, at, row, firsts, indices, to, rows, count):  # type: ignore[no-untyped-def]
    """Store the places of an image's outputs, and say whether one of them found nothing larger than the padding."""
    missing = False
    for r in range(rows):
        source, target, first = np.uint64(at + r * row), np.uint64(to + r * count), np.uint64(r * count)
        for i in range(np.uint64(count)):
            delta = where[source + i]
            indices[target + i] = np.int32(firsts[first + i] + delta)
            missing |= delta < 0
    return missing


@jit()
def _store_missing(where, at, row, sizes, indices, to):  # type: ignore[no-untyped-def]
    """Where nothing is larger than the padding, the first place in the image has it."""
    for oh in range(sizes.OH):
        h = _first_place(oh * sizes.stride_h - sizes.padding_h, sizes.dilation_h, sizes.FH, sizes.H)
        for ow in range(sizes.OW):
            if where[at + oh * row + ow] < 0:
                w = _first_place(ow * sizes.stride_w - sizes.padding_w, sizes.dilation_w, sizes.FW, sizes.W)
                indices[to + oh * sizes.OW + ow] = h * sizes.W + w if h >= 0 and w >= 0 else -1


@jit()
def max_pool(thread, threads, x, lowest, sizes, layout, offsets, deltas, firsts, planes, best, where, out, indices):  # type: ignore[no-untyped-def]
    """The largest number of each window and its position.

    `firsts` are the positions of the windows' first places, and `deltas` how far the other places lie from there.
    `planes`, `best` and `where` have a row of scratch for each thread.
    """
    sizes, layout = Sizes(*sizes), Layout(*layout)
    planes, best, where = planes[thread], best[thread], where[thread]
    step = MAX_VECTORS * _LANES
    batches = (sizes.N + layout.images - 1) // layout.images
    planes[: sizes.stride_h * sizes.stride_w * layout.plane] = lowest
    for batch in range(thread * batches // threads, (thread + 1) * batches // threads):
        n = batch * layout.images
        images = min(layout.images, sizes.N - n)
        fill(x, sizes, layout, n, images, planes)
        for p in range(0, ((images - 1) * layout.rows + sizes.OH) * layout.row, step):
            max_tile(planes, p, offsets, deltas, offsets.size, lowest, best, where, p)
        for image in range(images):
            at, to = image * layout.rows * layout.row, (n + image) * sizes.OH * sizes.OW
            copy_rows(best, at, layout.row, 0, sizes.OW, out, to, sizes.OW, sizes.OH, sizes.OW)
            if _store_places(where, at, layout.row, firsts, indices, to, sizes.OH, sizes.OW):
                _store_missing(where, at, layout.row, sizes, indices, to)


@lru_cache(maxsize=256)
def _plan(sizes: Sizes) -> tuple[Layout, np.ndarray, np.ndarray, np.ndarray]:
    phase = forward_phase(sizes)
    layout = _lay_out(sizes, phase)
    taps = range(sizes.FH * sizes.FW)
    deltas = [t // sizes.FW * sizes.dilation_h * sizes.W + t % sizes.FW * sizes.dilation_w for t in taps]
    h: np.ndarray = np.arange(sizes.OH, dtype=np.int32)[:, None] * sizes.stride_h - sizes.padding_h
    w: np.ndarray = np.arange(sizes.OW, dtype=np.int32) * sizes.stride_w - sizes.padding_w
    firsts = np.ascontiguousarray(h * sizes.W + w, np.int32).reshape(-1)
    return layout, tap_offsets(sizes, layout, phase), np.array(deltas, np.int64), firsts


def pool(x: np.ndarray, sizes: Sizes, out: np.ndarray, indices: np.ndarray) -> None:
    """Max pooling of x (N, H, W) into `out` and `indices`, of int32."""
    layout, offsets, deltas, firsts = _plan(sizes)
    threads = 1 if out.size * offsets.size < SMALL else thread_count()
    rows = [sizes.stride_h * sizes.stride_w * layout.plane, layout.span, layout.span]
    planes, best, where = (
        scratch(name, threads * -(-size // 64) * 64, dtype).reshape(threads, -1)
        for name, size, dtype in zip(("planes", "best", "where"), rows, (_FLOAT, _FLOAT, _WHOLE), strict=True)
    )
    share_out(
        max_pool, threads, x.reshape(-1), _FLOAT.type(-np.inf), sizes, layout, offsets, deltas, firsts, planes, best,
        where, out.reshape(-1), indices.reshape(-1),
    )  # fmt: skip
