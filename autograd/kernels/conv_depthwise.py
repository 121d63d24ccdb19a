"""Convolutions with one input channel in each group.

With one output channel as well, filters of 3x3 and 5x5 and strides of 1 and 2, all three computations read numbers
where they lie, without padding them:

    out[p] = bias + sum over taps t of weight[t] * source[p + offset[t]]        weight_gradient[t] = likewise, over p

where a mask says which of a vector's numbers exist (see `tile_masked`), so that planes of few pixels fill vectors and
nothing meets a number that is not its business. The pixels p are those of a plane whose rows lie end to end, `OW` to a
row; so they must in the source. With a stride of 2, `source` is a copy of the plane, dealt out to one plane for each
remainder of rows and columns; the input gradient is computed for each remainder by itself and dealt together again.

Else the weight gradient is a dot of rows with the planes of `conv_planes`, with all taps' sums of an output channel in
registers (`weigh_planes`).
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from autograd.kernels.conv_planes import Layout, fill_planes, gather_gradient
from autograd.kernels.conv_tiles import Sizes, clear, total
from autograd.kernels.sharing import share_out
from autograd.kernels.threads import jit, scratch, thread_count
from autograd.kernels.tile import ROW_DOTS, row_dot_tile
from autograd.kernels.tile_masked import dot_run, product_run, unzip_rows, zip_rows
from autograd.kernels.vectors import VECTOR_BYTES, lanes

product_1, product_2, product_4, product_6, product_9, product_25 = map(product_run, (1, 2, 4, 6, 9, 25))
dot_9, dot_25 = dot_run(9), dot_run(25)

# The masks of a plane should stay in the second-level cache; planes that are dealt out, and the sums of some groups, in
# the first-level one.
MASK_BYTES, DEALT_BYTES, SUMS_BYTES = 256 << 10, 16 << 10, 16 << 10
# Work below this many products of vectors is done before other threads have woken up.
SMALL = 50_000


def fits(sizes: Sizes) -> bool:
    """Whether the three computations by masks are written for these sizes."""
    stride = sizes.stride_h
    return (
        sizes.C == sizes.K == 1
        and (sizes.FH, sizes.FW) in ((3, 3), (5, 5))
        and sizes.stride_w == stride
        and (
            (stride == 1 and sizes.OW == sizes.W)
            or (stride == 2 and (sizes.dilation_h, sizes.dilation_w) == (1, 1) and -(-sizes.W // 2) <= sizes.OW)
        )
        and max(sizes.H, sizes.OH) * sizes.W * sizes.FH * sizes.FW <= MASK_BYTES
    )


class Table(NamedTuple):
    """Where the taps of each phase read, for pixels `OW` to a row.

    A phase is (row and column it begins at, its rows and columns, taps of the phases before it, its taps).
    """

    phases: np.ndarray
    offsets: np.ndarray
    masks: np.ndarray
    order: np.ndarray  # which weight belongs to each tap
    size: int  # pixels of a phase


def _masks(sizes: Sizes, rows: int, width: int, taps: list[tuple[int, int, int, int]], dtype: np.dtype) -> np.ndarray:
    """The masks of rows * OW pixels, for taps (first row, first column, rows and columns of what they read)."""
    vector = lanes(dtype)
    size = rows * sizes.OW
    i, j = np.divmod(np.arange(-(-size // vector) * vector), sizes.OW)
    inside = (i < rows) & (j < width)
    bits = 1 << np.arange(vector, dtype=np.int64)
    masks = np.empty((i.size // vector, len(taps)), np.int32)
    for t, (h, w, height, columns) in enumerate(taps):
        exists = inside & (i + h >= 0) & (i + h < height) & (j + w >= 0) & (j + w < columns)
        masks[:, t] = (exists.reshape(-1, vector) * bits).sum(axis=1)
    return masks.reshape(-1)


@lru_cache(maxsize=256)
def forward_table(sizes: Sizes, itemsize: int, planes: int) -> Table:
    """The one phase of the outputs, whose taps read planes dealt out by the stride."""
    stride, taps, offsets = sizes.stride_h, [], []
    dealt = planes * -(-sizes.H // stride) * sizes.OW
    for f in range(sizes.FH * sizes.FW):
        h, a = divmod(f // sizes.FW * sizes.dilation_h - sizes.padding_h, stride)
        w, b = divmod(f % sizes.FW * sizes.dilation_w - sizes.padding_w, stride)
        taps.append((h, w, -(-(sizes.H - a) // stride), -(-(sizes.W - b) // stride)))
        offsets.append((a * stride + b) * dealt + h * sizes.OW + w)
    masks = _masks(sizes, sizes.OH, sizes.OW, taps, np.dtype(f"f{itemsize}"))
    phases = np.array([[0, 0, sizes.OH, sizes.OW, 0, len(taps)]])
    return Table(phases, np.array(offsets), masks, np.arange(len(taps)), sizes.OH * sizes.OW)


@lru_cache(maxsize=256)
def adjoint_table(sizes: Sizes, itemsize: int) -> Table:
    """The phases of the inputs, whose taps read the output's gradient: row h * stride + a and likewise columns."""
    stride, phases, offsets, masks = sizes.stride_h, [], [], []
    order: list[int] = []
    rows = -(-sizes.H // stride)
    for phase in range(stride * stride):
        a, b = divmod(phase, stride)
        width = -(-(sizes.W - b) // stride)
        taps, before = [], len(order)
        for f in range(sizes.FH * sizes.FW):
            h, rest_h = divmod(a + sizes.padding_h - f // sizes.FW * sizes.dilation_h, stride)
            w, rest_w = divmod(b + sizes.padding_w - f % sizes.FW * sizes.dilation_w, stride)
            if rest_h == rest_w == 0:
                taps.append((h, w, sizes.OH, sizes.OW))
                offsets.append(h * sizes.OW + w)
                order.append(f)
        masks.append(_masks(sizes, rows, width, taps, np.dtype(f"f{itemsize}")))
        phases.append((a, b, -(-(sizes.H - a) // stride), width, before, len(taps)))
    return Table(np.array(phases), np.array(offsets), np.concatenate(masks), np.array(order), rows * sizes.OW)


def correlate(x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None, out: np.ndarray, sizes: Sizes) -> None:
    """The convolution, for sizes that fit."""
    stride, planes = sizes.stride_h, 1
    dealt = stride * stride * -(-sizes.H // stride) * sizes.OW
    if stride > 1 and sizes.H % stride == 0:
        planes = max(1, min(DEALT_BYTES // (dealt * x.itemsize), 16))
    table = forward_table(sizes, x.itemsize, planes)
    begin = np.zeros(sizes.groups, x.dtype) if bias is None else bias
    memory = _memory("dealt", dealt * planes if stride > 1 else 0, x.dtype)
    share_out(
        correlate_planes, _threads(sizes, table), x.reshape(-1), weight.reshape(-1), begin, out.reshape(-1), sizes,
        table.offsets, table.masks, planes, memory,
    )  # fmt: skip


def propagate(gradient: np.ndarray, weight: np.ndarray, out: np.ndarray, sizes: Sizes) -> None:
    """The input gradient, for sizes that fit."""
    table = adjoint_table(sizes, gradient.itemsize)
    ordered = np.ascontiguousarray(weight.reshape(sizes.groups, -1)[:, table.order]).reshape(-1)
    threads, gradient, into = _threads(sizes, table), gradient.reshape(-1), out.reshape(-1)
    if sizes.stride_h == 1:
        # A correlation as well, of gradients that reach as far as their taps say.
        mirrored = Sizes(**(sizes._asdict() | {"H": sizes.OH, "OH": sizes.H}))
        zeros, memory = np.zeros(sizes.groups, out.dtype), _memory("dealt", 0, out.dtype)
        share_out(
            correlate_planes, threads, gradient, ordered, zeros, into, mirrored, table.offsets, table.masks, 1, memory
        )  # fmt: skip
        return
    memory = _memory("dealt", 4 * table.size, gradient.dtype)
    share_out(
        propagate_planes, threads, gradient, ordered, into, sizes, table.phases, table.offsets, table.masks,
        table.size, memory,
    )  # fmt: skip


def weigh(x: np.ndarray, gradient: np.ndarray, sizes: Sizes) -> np.ndarray:
    """The weight gradient (groups, taps), for sizes that fit."""
    stride, taps = sizes.stride_h, sizes.FH * sizes.FW
    table = forward_table(sizes, x.itemsize, 1)
    out = np.empty((sizes.groups, taps), x.dtype)
    memory = _memory("dealt", stride * stride * -(-sizes.H // stride) * sizes.OW if stride > 1 else 0, x.dtype)
    sums = _memory("sums", SUMS_BYTES // x.itemsize, x.dtype)
    share_out(
        weigh_masked, _threads(sizes, table), x.reshape(-1), gradient.reshape(-1), out, sizes,
        table.offsets, table.masks, memory, sums,
    )  # fmt: skip
    return out


def _threads(sizes: Sizes, table: Table) -> int:
    return 1 if sizes.N * sizes.groups * table.masks.size < SMALL else thread_count()


def _memory(name: str, numbers: int, dtype: np.dtype) -> np.ndarray:
    """A row of scratch for each thread; rows begin on cache lines."""
    row = -(-max(numbers, 1) // 64) * 64
    return scratch(name, thread_count() * row, dtype).reshape(-1, row)


@jit()
def multiply(taps, source, source_at, offsets, masks, taps_at, weight, weight_at, begin, out, out_at, size):  # type: ignore[no-untyped-def]
    """`tile_masked.product_run` for the taps of a phase."""
    if taps == 9:
        product_9(source, source_at, offsets, masks, taps_at, weight, weight_at, begin, out, out_at, size)
    elif taps == 6:
        product_6(source, source_at, offsets, masks, taps_at, weight, weight_at, begin, out, out_at, size)
    elif taps == 4:
        product_4(source, source_at, offsets, masks, taps_at, weight, weight_at, begin, out, out_at, size)
    elif taps == 2:
        product_2(source, source_at, offsets, masks, taps_at, weight, weight_at, begin, out, out_at, size)
    else:
        product_1(source, source_at, offsets, masks, taps_at, weight, weight_at, begin, out, out_at, size)


@jit()
def deal(x, at, planes, sizes, memory, to, apart):  # type: ignore[no-untyped-def]
    """Deal the rows and columns of adjoining planes out by two, to areas that lie `apart` from each other.

    More than one plane has an even number of rows, so that the rows of all of them take turns.
    """
    for a in range(2):
        rows, area = (planes * sizes.H - a + 1) // 2, to + 2 * a * apart
        unzip_rows(
            x, at + a * sizes.W, 2 * sizes.W, memory, area, memory, area + apart, sizes.OW, rows, sizes.W
        )  # fmt: skip


@jit()
def correlate_planes(thread, threads, x, weight, bias, out, sizes, offsets, masks, planes, memory):  # type: ignore[no-untyped-def]
    """out[plane, p] = bias + sum over t of weight[t] * source[p + offsets[t]], `planes` of them at a time."""
    sizes, memory = Sizes(*sizes), memory[thread]
    taps, area, size = sizes.FH * sizes.FW, sizes.H * sizes.W, sizes.OH * sizes.OW
    count, stride = sizes.N * sizes.groups, sizes.stride_h
    dealt = (sizes.H + stride - 1) // stride * sizes.OW
    last = count * (thread + 1) // threads
    for first in range(count * thread // threads, last, planes):
        some = min(planes, last - first)
        if stride > 1:
            deal(x, first * area, some, sizes, memory, 0, planes * dealt)
        source, start, step = (memory, 0, dealt) if stride > 1 else (x, first * area, area)
        for i in range(some):
            g, at = (first + i) % sizes.groups, start + i * step
            out_at = (first + i) * size
            if taps == 9:
                product_9(source, at, offsets, masks, 0, weight, g * taps, bias[g], out, out_at, size)
            else:
                product_25(source, at, offsets, masks, 0, weight, g * taps, bias[g], out, out_at, size)


@jit()
def propagate_planes(thread, threads, gradient, weight, out, sizes, phases, offsets, masks, size, memory):  # type: ignore[no-untyped-def]
    """The input gradient for a stride of 2, plane by plane; `weight` has the order of the phases' taps."""
    sizes, memory = Sizes(*sizes), memory[thread]
    taps, area, read = sizes.FH * sizes.FW, sizes.H * sizes.W, sizes.OH * sizes.OW
    count, zero = sizes.N * sizes.groups, out.dtype.type(0)
    for plane in range(count * thread // threads, count * (thread + 1) // threads):
        at, weight_at, out_at = plane * read, plane % sizes.groups * taps, plane * area
        for i in range(phases.shape[0]):
            before = phases[i, 4]
            multiply(
                phases[i, 5], gradient, at, offsets, masks, before, weight, weight_at + before, zero,
                memory, i * size, size,
            )  # fmt: skip
        for a in range(2):
            even, rows = 2 * a * size, phases[2 * a, 2]
            zip_rows(
                memory, even, memory, even + size, sizes.OW, out, out_at + a * sizes.W, 2 * sizes.W, rows, sizes.W
            )  # fmt: skip


@jit()
def weigh_masked(thread, threads, x, gradient, out, sizes, offsets, masks, memory, sums):  # type: ignore[no-untyped-def]
    """out[g, t] = sum over n, p of gradient[n, g, p] * source[n, g, p + offsets[t]].

    Of as many groups at a time as there is room for sums, so that planes are read in the order in which they lie.
    """
    sizes, memory, sums = Sizes(*sizes), memory[thread], sums[thread]
    taps, area, size = sizes.FH * sizes.FW, sizes.H * sizes.W, sizes.OH * sizes.OW
    stride, own = sizes.stride_h, taps * (VECTOR_BYTES // x.itemsize)
    dealt = (sizes.H + stride - 1) // stride * sizes.OW
    stop, block = sizes.groups * (thread + 1) // threads, sums.size // own
    for first in range(sizes.groups * thread // threads, stop, block):
        last = min(first + block, stop)
        clear(sums, 0, (last - first) * own)
        for n in range(sizes.N):
            for g in range(first, last):
                plane, into = n * sizes.groups + g, (g - first) * own
                source, at = x, plane * area
                if stride > 1:
                    deal(x, plane * area, 1, sizes, memory, 0, dealt)
                    source, at = memory, 0
                if taps == 9:
                    dot_9(gradient, plane * size, source, at, offsets, masks, sums, into, size)
                else:
                    dot_25(gradient, plane * size, source, at, offsets, masks, sums, into, size)
        for g in range(first, last):
            for t in range(taps):
                begin = (g - first) * own + t * (own // taps)
                out[g, t] = total(sums[begin : begin + own // taps])


@jit()
def weigh_exactly(x, gradient, out, sizes, group):  # type: ignore[no-untyped-def]
    """`weigh_planes` for one group in plain loops, in which a number meets none that is not its business."""
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
def weigh_planes(thread, threads, x, gradient, out, sizes, layout, step, offsets, planes, rows, sums):  # type: ignore[no-untyped-def]
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
