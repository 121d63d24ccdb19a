"""Convolution with 3x3 filters and stride 1 by Winograd's method, F(4x4, 3x3): a quarter of the multiplications.

A tile of 4x4 outputs needs 6x6 inputs. With the transforms of `winograd_tiles` along both axes,

    V[p, t, c] = data transform of tile t of channel c        (p counts the 36 numbers of a transformed tile)
    U[p, c, k] = filter transform of weight[k, c]
    M[p, t, k] = sum over c of V[p, t, c] * U[p, c, k]
    output tile t of channel k = output transform of M[:, t, k]

so that all work that grows with C times K is 36 matrix products. The gradient by the input is the same convolution of
the gradient with the filters turned half round. The gradient by the weight is F(3x3, 4x4): the 4x4 tiles G[p, t, k] of
the gradient play the filter, and

    P[p, k, c] = sum over t of G[p, t, k] * V[p, t, c]
    weight gradient of k, c = weight transform of P[:, k, c]

Threads share out blocks of tiles that fit a core's cache with all 36 numbers.

What one kernel alone calls is inlined by numba, since LLVM would optimise it once by itself and again in its caller.

Sums over c are cut into runs of SUM_LENGTH, since the transforms magnify what rounding adds to M. The largest error is
then two to four times that of a plain sum in float32, relative to the largest output. An infinity or NaN spreads over
its tile: where a result is not finite, the caller computes it again in another way.

Source: Lavin and Gray 2015, arXiv 1509.09308; Winograd 1980, Arithmetic Complexity of Computations.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from autograd.kernels.conv_tiles import Sizes
from autograd.kernels.sharing import share_out
from autograd.kernels.threads import jit, scratch, thread_count
from autograd.kernels.winograd_tiles import (
    LANES,
    ROWS,
    data_transform,
    filter_transform,
    gather_lanes,
    gradient_transform,
    output_transform,
    product_1,
    product_2,
    product_3,
    scatter_lanes,
    weight_transform,
)

POINTS = 36
# Channels whose products are added up in a register before they are added to the rest.
SUM_LENGTH = 32
# What a block of tiles may take up, V and M together, and how many tiles it has at least. Every block passes over all
# of U, which takes long where U does not fit the last cache.
BLOCK_BYTES, SHORTEST_BLOCK = 640 << 10, 16
LARGE_FILTERS, SHORTEST_LARGE_BLOCK = 16 << 20, 64
# The same for the gradient by the weight, V and G together. Every block passes over all sums, which
# pays for many tiles.
WEIGH_BYTES, SHORTEST_WEIGH_BLOCK = 1280 << 10, 64
# The transforms' time, in that of multiplying and adding: of a tile, for each channel in and out, and of a filter.
DATA_COST, OUTPUT_COST, FILTER_COST = 600, 400, 1200
# The plain method's time for each of its nine products, likewise.
PLAIN_COST = 1.3
# A step of which numba does not make a type of its own, and so another version of what takes it.
ONE = np.int64(1)
# A product of weights up to this size is summed by each thread for itself.
SHARED_WEIGHTS = 128 * 128


class Tiling(NamedTuple):
    """How the tiles of a convolution are cut into blocks, and how a block lies in scratch."""

    rows: int  # rows of tiles in an image
    columns: int  # tiles in a row
    block: int  # tiles of a block, a multiple of ROWS
    C: int  # channels of the input, rounded up to whole lane groups
    K: int  # channels of the output, likewise
    data_step: int  # from one of the 36 numbers to the next in V
    product_step: int  # and in M or G


def lay_out(sizes: Sizes, block_bytes: int, shortest: int, threads: int) -> Tiling:
    """The tiling of a convolution for so many threads, in blocks of at least `shortest` tiles if there are so many."""
    rows, columns = -(-sizes.OH // 4), -(-sizes.OW // 4)
    C, K = _round_up(sizes.C, LANES), _round_up(sizes.K, LANES)
    tiles = sizes.N * rows * columns
    fitting = max(block_bytes // (POINTS * (C + K) * 4), shortest)
    blocks = _round_up(-(-tiles // fitting), threads)
    block = _round_up(-(-tiles // blocks), ROWS)
    return Tiling(rows, columns, block, C, K, _odd_lines(block * C), _odd_lines(block * K))


def _round_up(number: int, multiple: int) -> int:
    return -(-number // multiple) * multiple


def _odd_lines(numbers: int) -> int:
    """An odd number of vectors, so that the 36 numbers of a tile do not all fall into one set of the cache."""
    return (numbers // LANES | 1) * LANES


@jit()
def stage(x, plane, size, channels, row, row_stop, column, width, into, step):  # type: ignore[no-untyped-def]
    """into[(i * step + j) * LANES + c] = x[plane + c, row + i, column + j], zero outside the image.

    For row + i < row_stop and j < width; planes are images of `size` and lie end to end.
    """
    H, W = size
    low = min(max(-column, 0), width)
    high = max(min(W - column, width), low)
    for h in range(row, row_stop):
        at = (h - row) * step * LANES
        if h < 0 or h >= H or low == high:
            into[at : at + width * LANES] = 0
            continue
        into[at : at + low * LANES] = 0
        start = (plane * H + h) * W + column
        for j in range(low, high, LANES):
            gather_lanes(x, start + j, H * W, channels, high - j, into, at + j * LANES)
        into[at + high * LANES : at + width * LANES] = 0


@jit()
def transform_data(x, sizes, tiling, group, start, count, staged, data):  # type: ignore[no-untyped-def]
    """V of the tiles from `start` on: data[p * data_step + t * C + c]."""
    t = 0
    while t < count:
        row, j = divmod(start + t, tiling.columns)
        n, i = divmod(row, tiling.rows)
        run = min(tiling.columns - j, count - t)
        width = 4 * run + 2
        for c in range(0, sizes.C, LANES):
            h, w = 4 * i - sizes.padding_h, 4 * j - sizes.padding_w
            plane = (n * sizes.groups + group) * sizes.C + c
            stage(x, plane, (sizes.H, sizes.W), sizes.C - c, h, h + 6, w, width, staged, width)
            for k in range(run):
                data_transform(
                    staged, 4 * k * LANES, width * LANES, LANES,
                    data, (t + k) * tiling.C + c, 6 * tiling.data_step, tiling.data_step,
                )  # fmt: skip
        t += run


@jit(inline="always")
def transform_gradient(gradient, sizes, tiling, group, start, count, k_start, k_stop, staged, into):  # type: ignore[no-untyped-def]
    """G of the tiles from `start` on, for k_start <= k < k_stop: into[p * product_step + t * K + k]."""
    t = 0
    while t < count:
        row, j = divmod(start + t, tiling.columns)
        n, i = divmod(row, tiling.rows)
        run = min(tiling.columns - j, count - t)
        for k in range(k_start // LANES * LANES, min(k_stop, sizes.K), LANES):
            plane = (n * sizes.groups + group) * sizes.K + k
            stage(gradient, plane, (sizes.OH, sizes.OW), sizes.K - k, 4 * i, 4 * i + 4, 4 * j, 4 * run, staged, 4 * run)
            for q in range(run):
                gradient_transform(
                    staged, 4 * q * LANES, 4 * run * LANES, LANES,
                    into, (t + q) * tiling.K + k, 6 * tiling.product_step, tiling.product_step,
                )  # fmt: skip
        t += run


@jit(inline="always")
def transform_output(products, bias, sizes, tiling, group, start, count, staged, check, out):  # type: ignore[no-untyped-def]
    """out[n, k, 4 i + ., 4 j + .] = output transform of M of tile (n, i, j), plus bias[k]."""
    pixels = sizes.OH * sizes.OW
    t = 0
    while t < count:
        row, j = divmod(start + t, tiling.columns)
        n, i = divmod(row, tiling.rows)
        run = min(tiling.columns - j, count - t)
        step = 4 * run
        width = min(step, sizes.OW - 4 * j)
        for k in range(0, sizes.K, LANES):
            for q in range(run):
                output_transform(
                    products, (t + q) * tiling.K + k, 6 * tiling.product_step, tiling.product_step,
                    staged, 4 * q * LANES, step * LANES, LANES,
                )  # fmt: skip
            for r in range(min(4, sizes.OH - 4 * i)):
                plane = (n * sizes.groups + group) * sizes.K + k
                at = (plane * sizes.OH + 4 * i + r) * sizes.OW + 4 * j
                for w in range(0, width, LANES):
                    scatter_lanes(
                        staged, (r * step + w) * LANES, bias, k, check, 0, sizes.K - k, width - w, out, at + w, pixels
                    )
        t += run


@jit(inline="always")
def columns_taken(rest):  # type: ignore[no-untyped-def]
    """How many of the remaining vectors of columns a product takes: three, but four are taken two by two."""
    return 3 if rest == 3 or rest > 4 else min(rest, 2)


@jit()
def multiply(  # type: ignore[no-untyped-def]
    left, left_at, left_row, left_step, right, right_at, right_step, into, into_at, rows, columns, depth, fresh
):  # fmt: skip
    """into[r, j] = (or, unless fresh, +=) sum over d < depth of left[r, d] * right[d, j]; rows of `into` lie `columns`
    apart."""
    j = 0
    while j < columns:
        taken = columns_taken((columns - j) // LANES)
        for r in range(0, rows, ROWS):
            a, b, c = left_at + r * left_row, right_at + j, into_at + r * columns + j
            if taken == 3:
                product_3(left, a, left_row, left_step, right, b, right_step, into, c, columns, depth, fresh)
            elif taken == 2:
                product_2(left, a, left_row, left_step, right, b, right_step, into, c, columns, depth, fresh)
            else:
                product_1(left, a, left_row, left_step, right, b, right_step, into, c, columns, depth, fresh)
        j += taken * LANES


@jit(inline="always")
def correlate_block(x, filters, bias, out, sizes, tiling, group, start, staged, data, products, check):  # type: ignore[no-untyped-def]
    """`correlate_tiles` for one block."""
    count = min(tiling.block, sizes.N * tiling.rows * tiling.columns - start)
    rows = (count + ROWS - 1) // ROWS * ROWS
    transform_data(x, sizes, tiling, group, start, count, staged, data)
    for p in range(POINTS):
        for c in range(0, sizes.C, SUM_LENGTH):
            multiply(
                data, p * tiling.data_step + c, tiling.C, ONE,
                filters, (p * sizes.C + c) * tiling.K, tiling.K,
                products, p * tiling.product_step, rows, tiling.K, min(SUM_LENGTH, sizes.C - c), c == 0,
            )  # fmt: skip
    transform_output(products, bias, sizes, tiling, group, start, count, staged, check, out)


@jit()
def correlate_tiles(thread, threads, x, filters, bias, out, sizes, tiling, group, staged, data, products, check):  # type: ignore[no-untyped-def]
    """out[n, k] = bias[k] + sum over c of weight[k, c] slid over x[n, c], for a thread's share of the blocks of tiles.

    `filters` is U; staged, data, products and check have a row of scratch for each thread.
    """
    sizes = Sizes(*sizes)
    tiling = Tiling(*tiling)
    tiles = sizes.N * tiling.rows * tiling.columns
    check[thread, :] = 0
    for start in range(thread * tiling.block, tiles, threads * tiling.block):
        correlate_block(
            x, filters, bias, out, sizes, tiling, group, start,
            staged[thread], data[thread], products[thread], check[thread],
        )  # fmt: skip


@jit(inline="always")
def transform_filter(weight, inputs, outputs, input_step, output_step, turned, c, K, taps, filters):  # type: ignore[no-untyped-def]
    """`transform_filters` for one input channel."""
    for k in range(0, K, LANES):
        for lane in range(LANES):
            there = k + lane < outputs
            at = c * input_step + (k + lane) * output_step
            for tap in range(9):
                value = weight[at + (8 - tap if turned else tap)] if there else weight.dtype.type(0)
                taps[tap * LANES + lane] = value
        step = inputs * K
        filter_transform(taps, 0, 3 * LANES, LANES, filters, c * K + k, 6 * step, step)


@jit()
def transform_filters(thread, threads, weight, inputs, outputs, input_step, output_step, turned, K, taps, filters):  # type: ignore[no-untyped-def]
    """U: filters[(p * inputs + c) * K + k], of the filter that stands at c * input_step + k * output_step.

    Zero for k from `outputs` up to K; filters are turned half round first where `turned`. Threads share out the c.
    """
    for c in range(thread, inputs, threads):
        transform_filter(weight, inputs, outputs, input_step, output_step, turned, c, K, taps[thread], filters)


@jit(inline="always")
def weigh_block(x, gradient, sizes, tiling, group, start, k_start, k_stop, first, staged, data, gradients, products):  # type: ignore[no-untyped-def]
    """products[p, k, c] += sum over the tiles of the block of G[p, t, k] * V[p, t, c], for k_start <= k < k_stop."""
    count = min(tiling.block, sizes.N * tiling.rows * tiling.columns - start)
    transform_data(x, sizes, tiling, group, start, count, staged, data)
    transform_gradient(gradient, sizes, tiling, group, start, count, k_start, k_stop, staged, gradients)
    for p in range(POINTS):
        multiply(
            gradients, p * tiling.product_step + k_start, ONE, tiling.K,
            data, p * tiling.data_step, tiling.C,
            products, (p * tiling.K + k_start) * tiling.C, k_stop - k_start, tiling.C, count, first,
        )  # fmt: skip


@jit(inline="always")
def add_parts(products, at, size):  # type: ignore[no-untyped-def]
    """Add the other rows of `products` to the first, from `at` on."""
    for part in range(1, products.shape[0]):
        for i in range(at, at + size):
            products[0, i] += products[part, i]


@jit(inline="always")
def transform_weight(products, sizes, tiling, k, taps, out):  # type: ignore[no-untyped-def]
    """out[k, c] = weight transform of the sum of all rows of products[., :, k, c]"""
    step = tiling.K * tiling.C
    for p in range(POINTS):
        add_parts(products, p * step + k * tiling.C, tiling.C)
    for c in range(0, sizes.C, LANES):
        weight_transform(products[0], k * tiling.C + c, 6 * step, step, taps, 0, 3 * LANES, LANES)
        for lane in range(min(LANES, sizes.C - c)):
            for tap in range(9):
                out[(k * sizes.C + c + lane) * 9 + tap] = taps[tap * LANES + lane]


@jit()
def weigh_tiles(thread, threads, x, gradient, sizes, tiling, group, staged, data, gradients, products):  # type: ignore[no-untyped-def]
    """products[., p, k, c] = sum over a thread's share of the tiles of G[p, t, k] * V[p, t, c].

    Each thread has its own row of `products`; or where that has one row, all tiles and a share of the channels k.
    """
    sizes = Sizes(*sizes)
    tiling = Tiling(*tiling)
    by_tiles = products.shape[0] > 1
    share = (tiling.K // ROWS + threads - 1) // threads * ROWS
    k_start, k_stop = (
        (0, tiling.K) if by_tiles else (min(thread * share, tiling.K), min((thread + 1) * share, tiling.K))
    )
    begin, step = (thread * tiling.block, threads * tiling.block) if by_tiles else (0, tiling.block)
    for start in range(begin, sizes.N * tiling.rows * tiling.columns, step):
        weigh_block(
            x, gradient, sizes, tiling, group, start, k_start, k_stop, start == begin,
            staged[thread], data[thread], gradients[thread], products[thread if by_tiles else 0],
        )  # fmt: skip


@jit()
def transform_weights(thread, threads, products, sizes, tiling, taps, out):  # type: ignore[no-untyped-def]
    """out[k, c] = weight transform of the sum of all rows of products[., :, k, c], for a thread's share of the k."""
    sizes = Sizes(*sizes)
    tiling = Tiling(*tiling)
    for k in range(thread, sizes.K, threads):
        transform_weight(products, sizes, tiling, k, taps[thread], out)


def _row(name: str, numbers: int, dtype: np.dtype) -> np.ndarray:
    """A row of scratch for each thread."""
    threads, step = thread_count(), _round_up(numbers, 64)
    return scratch(name, threads * step, dtype).reshape(threads, step)


def _staged(tiling: Tiling, dtype: np.dtype) -> np.ndarray:
    """Scratch for six rows of a run of tiles, with a lane group's pixels to spare."""
    width = 4 * min(tiling.block, tiling.columns) + 2
    return _row("staged", (6 * width + LANES) * LANES, dtype)


def correlate(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, out: np.ndarray, sizes: Sizes, turned: bool) -> bool:
    """Convolve x with `weight` into `out`, and say whether all of it is finite.

    Args:
        x: (N, groups * C, H, W).
        weight: (groups * K, C, 3, 3); where `turned`, (groups * C, K, 3, 3), whose filters are turned half round first.
        bias: (groups * K,), or of size 0 for none.
        out: (N, groups * K, OH, OW).
        sizes: those of the convolution.
        turned: convolve as the input's gradient does.
    """
    dtype, threads = x.dtype, thread_count()
    shortest = SHORTEST_BLOCK if POINTS * sizes.C * sizes.K * 4 <= LARGE_FILTERS else SHORTEST_LARGE_BLOCK
    tiling = lay_out(sizes, BLOCK_BYTES, shortest, threads)
    filters = scratch("filters", POINTS * sizes.C * tiling.K, dtype)
    steps = (9, sizes.C * 9) if not turned else (sizes.K * 9, 9)
    taps = _row("taps", 9 * LANES, dtype)
    data = _row("data", POINTS * tiling.data_step, dtype)
    products = _row("products", POINTS * tiling.product_step, dtype)
    check = _row("check", LANES, dtype)
    staged = _staged(tiling, dtype)
    x, out = x.reshape(-1), out.reshape(-1)
    padded = np.zeros((sizes.groups, tiling.K), dtype)
    if bias.size:
        padded[:, : sizes.K] = bias.reshape(sizes.groups, sizes.K)
    finite = True
    for group, weights in enumerate(weight.reshape(sizes.groups, -1)):
        share_out(transform_filters, threads, weights, sizes.C, sizes.K, *steps, turned, tiling.K, taps, filters)
        places = (staged, data, products, check)
        share_out(correlate_tiles, threads, x, filters, padded[group], out, sizes, tiling, group, *places)
        finite = finite and bool(np.isfinite(check[:, :LANES]).all())
    return finite


def fits(sizes: Sizes, dtype: np.dtype) -> bool:
    """Whether the method applies to a convolution of stride 1, and takes less time than nine products a number."""
    if dtype != np.float32 or (sizes.FH, sizes.FW) != (3, 3):
        return False
    C, K = _round_up(sizes.C, LANES), _round_up(sizes.K, LANES)
    tiles = sizes.N * -(-sizes.OH // 4) * -(-sizes.OW // 4)
    transformed = C * K * (tiles * POINTS + FILTER_COST) + tiles * (C * DATA_COST + K * OUTPUT_COST)
    return transformed < PLAIN_COST * 9 * sizes.N * sizes.OH * sizes.OW * sizes.C * sizes.K


def weigh(x: np.ndarray, gradient: np.ndarray, out: np.ndarray, sizes: Sizes) -> bool:
    """The weight's gradient (groups * K, C, 3, 3) into `out`, and whether all of it is finite."""
    dtype, threads = x.dtype, thread_count()
    tiling = lay_out(sizes, WEIGH_BYTES, SHORTEST_WEIGH_BLOCK, threads)
    by_tiles = sizes.C * sizes.K <= SHARED_WEIGHTS and tiling.block * threads <= sizes.N * tiling.rows * tiling.columns
    if not by_tiles:
        tiling = lay_out(sizes, WEIGH_BYTES, SHORTEST_WEIGH_BLOCK, 1)
    size = POINTS * tiling.K * tiling.C
    products = _row("products", size, dtype) if by_tiles else scratch("products", size, dtype).reshape(1, size)
    data = _row("data", POINTS * tiling.data_step, dtype)
    gradients = _row("gradients", POINTS * tiling.product_step, dtype)
    staged = _staged(tiling, dtype)
    x, gradient = x.reshape(-1), gradient.reshape(-1)
    for group, weights in enumerate(out.reshape(sizes.groups, -1)):
        share_out(weigh_tiles, threads, x, gradient, sizes, tiling, group, staged, data, gradients, products)
        share_out(transform_weights, threads, products, sizes, tiling, staged, weights)
    return bool(np.isfinite(out).all())
