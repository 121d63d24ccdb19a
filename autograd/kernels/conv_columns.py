"""Convolution as matrix products of BLAS over gathered columns.

Write `column[d, q]` for the input number that tap d = (channel, fh, fw) of the filter meets at output pixel q, or zero
in the padding. Then

    output[k, q]          = sum over d of weight[k, d] * column[d, q]
    column_gradient[d, q] = sum over k of weight[k, d] * gradient[k, q]
    weight_gradient[k, d] = sum over q of gradient[k, q] * column[d, q]

and the gradient by the input is the sum, for each number, of the column gradients of the places it was gathered to.
A filter of 1x1 with stride 1 and no padding meets the images themselves, which are multiplied where they lie. Images of
few pixels are gathered side by side, to make one large product of many small ones.

Source: Chellapilla, Puri and Simard 2006, High Performance Convolutional Neural Networks for Document Processing.
"""

import numpy as np

from autograd.kernels.blas import products
from autograd.kernels.conv_tiles import Sizes, clear, copy_block, first_inside
from autograd.kernels.sharing import share_out
from autograd.kernels.threads import jit, scratch, thread_count
from autograd.kernels.tile import add_rows, copy_rows

# What the columns of the images that are gathered together may take up; they stay in the last cache.
GATHERED_BYTES = 3 << 20
# Images of fewer pixels lie side by side.
FEW_PIXELS = 256
# Channels that are gathered together, for those of an image are neighbours.
BLOCK = 8
# Numbers that are moved by one thread, before another one has woken up.
SMALL = 1 << 14
# Time in that of a multiplication of vectors by `conv_planes`: of one by BLAS, of its packing a vector of two operands
# that are both as long as an image, of gathering one, of adding one up where it came from, of laying one beside others,
# and of the launches.
PRODUCT, PACK, GATHER, SCATTER, JOIN, BEGIN = 1.2, 9, 32, 20, 40, 40_000


@jit()
def gather(thread, threads, x, sizes, group, n_start, images, step, columns):  # type: ignore[no-untyped-def]
    """columns[d * step + i * pixels + q] = column[d, q] of image n_start + i, for a thread's share of the channels."""
    sizes = Sizes(*sizes)
    pixels = sizes.OH * sizes.OW
    for block in range(thread * BLOCK, sizes.C, threads * BLOCK):
        for i in range(images):
            for c in range(block, min(block + BLOCK, sizes.C)):
                plane = ((n_start + i) * sizes.groups + group) * sizes.C + c
                for fh in range(sizes.FH):
                    shift_h = fh * sizes.dilation_h - sizes.padding_h
                    top = min(first_inside(shift_h, sizes.stride_h), sizes.OH)
                    bottom = max(min(first_inside(shift_h - sizes.H, sizes.stride_h), sizes.OH), top)
                    for fw in range(sizes.FW):
                        shift_w = fw * sizes.dilation_w - sizes.padding_w
                        low = first_inside(shift_w, sizes.stride_w)
                        high = first_inside(shift_w - sizes.W, sizes.stride_w)
                        at = ((c * sizes.FH + fh) * sizes.FW + fw) * step + i * pixels
                        start = (plane * sizes.H + shift_h + top * sizes.stride_h) * sizes.W + shift_w
                        clear(columns, at, at + top * sizes.OW)
                        copy_block(
                            x, start, sizes.stride_h * sizes.W, sizes.stride_w, low, high,
                            columns, at + top * sizes.OW, sizes.OW, bottom - top, sizes.OW,
                        )  # fmt: skip
                        clear(columns, at + bottom * sizes.OW, at + pixels)


@jit()
def add_block(source, at, source_row, target, to, target_row, step, rows, count):  # type: ignore[no-untyped-def]
    """target[r, i * step] += source[r, i] for r < rows and i < count"""
    if step == 1:
        add_rows(source, at, source_row, 0, count, target, to, target_row, rows, count)
    else:
        for r in range(rows):
            for i in range(count):
                target[to + r * target_row + i * step] += source[at + r * source_row + i]


@jit()
def scatter(thread, threads, columns, sizes, group, n_start, images, step, out):  # type: ignore[no-untyped-def]
    """out[n_start + i, c, h, w] = sum of the columns' numbers that `gather` would take from there."""
    sizes = Sizes(*sizes)
    pixels, area = sizes.OH * sizes.OW, sizes.H * sizes.W
    for task in range(thread, images * sizes.C, threads):
        i, c = divmod(task, sizes.C)
        to = (((n_start + i) * sizes.groups + group) * sizes.C + c) * area
        clear(out, to, to + area)
        for fh in range(sizes.FH):
            shift_h = fh * sizes.dilation_h - sizes.padding_h
            top = min(first_inside(shift_h, sizes.stride_h), sizes.OH)
            bottom = min(first_inside(shift_h - sizes.H, sizes.stride_h), sizes.OH)
            for fw in range(sizes.FW):
                shift_w = fw * sizes.dilation_w - sizes.padding_w
                low = min(first_inside(shift_w, sizes.stride_w), sizes.OW)
                high = min(first_inside(shift_w - sizes.W, sizes.stride_w), sizes.OW)
                at = ((c * sizes.FH + fh) * sizes.FW + fw) * step + i * pixels
                start = to + (top * sizes.stride_h + shift_h) * sizes.W + low * sizes.stride_w + shift_w
                add_block(
                    columns, at + top * sizes.OW + low, sizes.OW,
                    out, start, sizes.stride_h * sizes.W, sizes.stride_w, bottom - top, high - low,
                )  # fmt: skip


@jit()
def join(thread, threads, images, n_start, count, image_step, place, channels, pixels, rows):  # type: ignore[no-untyped-def]
    """rows[c, i, q] = images[n_start + i, c, q], for channels that begin at `place` in an image."""
    for c in range(thread * BLOCK, channels, threads * BLOCK):
        block = min(BLOCK, channels - c)
        for i in range(count):
            start = (n_start + i) * image_step + place + c * pixels
            copy_rows(images, start, pixels, 0, pixels, rows, (c * count + i) * pixels, count * pixels, block, pixels)


@jit()
def deal(thread, threads, rows, n_start, count, image_step, place, channels, pixels, images):  # type: ignore[no-untyped-def]
    """images[n_start + i, c, q] = rows[c, i, q]: what `join` undoes."""
    for c in range(thread * BLOCK, channels, threads * BLOCK):
        block = min(BLOCK, channels - c)
        for i in range(count):
            start = (n_start + i) * image_step + place + c * pixels
            copy_rows(rows, (c * count + i) * pixels, count * pixels, 0, pixels, images, start, pixels, block, pixels)


def _threads(numbers: int) -> int:
    return 1 if numbers < SMALL else thread_count()


def lies_ready(sizes: Sizes) -> bool:
    """Whether the columns are the images themselves."""
    return (sizes.FH, sizes.FW, sizes.stride_h, sizes.stride_w, sizes.padding_h, sizes.padding_w) == (1, 1, 1, 1, 0, 0)


def cost(sizes: Sizes, what: str, lanes: int, threads: int) -> int:
    """What computing `what` by columns costs, in multiplications of vectors by one thread."""
    pixels, depth = sizes.OH * sizes.OW, sizes.C * sizes.FH * sizes.FW
    vectors = -(-sizes.N * pixels // (lanes * threads)) * sizes.groups
    moved: float = GATHER + (SCATTER if what == "input gradient" else 0)
    if lies_ready(sizes):
        packed = PACK if what == "weight gradient" else 0
        moved = (JOIN if _side_by_side(sizes.N, pixels) else packed) * (1 + sizes.K / depth)
    # Rows shorter than a vector are moved no faster than a whole one.
    moved *= max(lanes / sizes.OW, 1) if not lies_ready(sizes) else max(lanes / pixels, 1)
    return int(vectors * depth * (PRODUCT * sizes.K + moved)) + BEGIN


def _chunks(sizes: Sizes, itemsize: int) -> list[tuple[int, int]]:
    """(first image, images) of the images that are gathered together."""
    most = max(GATHERED_BYTES // (sizes.C * sizes.FH * sizes.FW * sizes.OH * sizes.OW * itemsize), 1)
    return [(n, min(most, sizes.N - n)) for n in range(0, sizes.N, most)]


def _side_by_side(images: int, pixels: int) -> bool:
    return images > 1 and pixels < FEW_PIXELS


def _columns(x: np.ndarray, sizes: Sizes, group: int, n: int, images: int, joined: bool) -> np.ndarray:
    """The columns of some images, (images, depth, pixels); joined, they are (1, depth, images * pixels)."""
    depth, pixels = sizes.C * sizes.FH * sizes.FW, sizes.OH * sizes.OW
    if lies_ready(sizes):
        if joined:
            return _joined(x, group, n, images, sizes.C, "columns")
        return x.reshape(sizes.N, sizes.groups, depth, pixels)[n : n + images, group]
    step = images * pixels
    columns = scratch("columns", depth * step, x.dtype)
    share_out(gather, _threads(depth * step), x.reshape(-1), sizes, group, n, images, step, columns)
    columns = columns.reshape(1, depth, step)
    return columns if joined else columns.reshape(depth, images, pixels).transpose(1, 0, 2)


def _gradient(gradient: np.ndarray, sizes: Sizes, group: int, n: int, images: int, joined: bool) -> np.ndarray:
    """The output's gradient of some images, (images, K, pixels); joined, it is (1, K, images * pixels)."""
    if joined:
        return _joined(gradient, group, n, images, sizes.K, "rows")
    return gradient.reshape(sizes.N, sizes.groups, sizes.K, sizes.OH * sizes.OW)[n : n + images, group]


def _joined(images: np.ndarray, group: int, n: int, count: int, channels: int, name: str) -> np.ndarray:
    """The channels of a group in some images, side by side: (1, channels, count * pixels)."""
    pixels = images.shape[2] * images.shape[3]
    rows = scratch(name, channels * count * pixels, images.dtype)
    places = (n, count, images.shape[1] * pixels, group * channels * pixels, channels, pixels)
    share_out(join, _threads(rows.size), images.reshape(-1), *places, rows)
    return rows.reshape(1, channels, count * pixels)


def _deal(rows: np.ndarray, group: int, n: int, count: int, channels: int, out: np.ndarray) -> None:
    """Put rows (channels, count * pixels) back into the images of `out`."""
    pixels = out.shape[2] * out.shape[3]
    places = (n, count, out.shape[1] * pixels, group * channels * pixels, channels, pixels)
    share_out(deal, _threads(rows.size), rows.reshape(-1), *places, out.reshape(-1))


def _repeated(matrix: np.ndarray, count: int) -> np.ndarray:
    """The same matrix `count` times, in one place."""
    return np.broadcast_to(matrix, (count, *matrix.shape))


def correlate(x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None, out: np.ndarray, sizes: Sizes) -> None:
    """out[k, q] = bias[k] + sum over d of weight[k, d] * column[d, q]"""
    depth, pixels = sizes.C * sizes.FH * sizes.FW, sizes.OH * sizes.OW
    filters = weight.reshape(sizes.groups, sizes.K, depth)
    results = out.reshape(sizes.N, sizes.groups, sizes.K, pixels)
    for group in range(sizes.groups):
        numbers = None if bias is None else bias[group * sizes.K : (group + 1) * sizes.K]
        for n, images in _chunks(sizes, x.itemsize):
            joined = _side_by_side(images, pixels)
            columns = _columns(x, sizes, group, n, images, joined)
            if joined:
                rows = scratch("rows", sizes.K * images * pixels, x.dtype).reshape(1, sizes.K, images * pixels)
                products(filters[group][None], columns, rows, bias=numbers)
                _deal(rows[0], group, n, images, sizes.K, out)
            else:
                products(_repeated(filters[group], images), columns, results[n : n + images, group], bias=numbers)


def propagate(gradient: np.ndarray, weight: np.ndarray, out: np.ndarray, sizes: Sizes) -> None:
    """The gradient by the input, of any stride: the column gradients, added up where their columns came from."""
    depth, pixels = sizes.C * sizes.FH * sizes.FW, sizes.OH * sizes.OW
    filters = weight.reshape(sizes.groups, sizes.K, depth).transpose(0, 2, 1)
    ready = lies_ready(sizes)
    for group in range(sizes.groups):
        for n, images in _chunks(sizes, gradient.itemsize):
            joined = _side_by_side(images, pixels)
            rows = _gradient(gradient, sizes, group, n, images, joined)
            if ready and not joined:
                results = out.reshape(sizes.N, sizes.groups, depth, pixels)[n : n + images, group]
                products(_repeated(filters[group], images), rows, results)
                continue
            step = images * pixels
            columns = scratch("columns", depth * step, gradient.dtype).reshape(depth, step)
            into = columns[None] if joined else columns.reshape(depth, images, pixels).transpose(1, 0, 2)
            products(_repeated(filters[group], len(into)), rows, into)
            if ready:
                _deal(columns, group, n, images, sizes.C, out)
            else:
                flat = columns.reshape(-1)
                share_out(scatter, _threads(flat.size), flat, sizes, group, n, images, step, out.reshape(-1))


def weigh(x: np.ndarray, gradient: np.ndarray, out: np.ndarray, sizes: Sizes) -> None:
    """out[k, d] = sum over q of gradient[k, q] * column[d, q]"""
    depth, pixels = sizes.C * sizes.FH * sizes.FW, sizes.OH * sizes.OW
    results = out.reshape(sizes.groups, sizes.K, depth)
    for group in range(sizes.groups):
        for n, images in _chunks(sizes, x.itemsize):
            joined = _side_by_side(images, pixels)
            rows = _gradient(gradient, sizes, group, n, images, joined)
            columns = _columns(x, sizes, group, n, images, joined)
            products(rows, columns.transpose(0, 2, 1), results[group][None], summed=True, add=n > 0)
