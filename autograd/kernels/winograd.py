"""Convolution with 3x3 or 5x5 filters and stride 1 by Winograd's method: F(4x4, 3x3) or F(2x2, 5x5).

A tile of 4x4 outputs of a 3x3 filter, or of 2x2 outputs of a 5x5 one, needs 6x6 inputs. With the transforms of
`winograd_tiles` along both axes,

    V[p, t, c] = data transform of tile t of channel c        (p counts the 36 numbers of a transformed tile)
    U[p, c, k] = filter transform of weight[k, c]
    M[p, t, k] = sum over c of V[p, t, c] * U[p, c, k]
    output tile t of channel k = output transform of M[:, t, k]

so that all work that grows with C times K is 36 matrix products, in place of 144 for 3x3 and 100 for 5x5. The gradient
by the input is the same convolution of the gradient with the filters turned half round. The gradient by the weight is
F(3x3, 4x4) or F(5x5, 2x2): the tiles G[p, t, k] of the gradient play the filter, and

    P[p, k, c] = sum over t of G[p, t, k] * V[p, t, c]
    weight gradient of k, c = weight transform of P[:, k, c]

Where there are many more tiles than channels, threads share out blocks of tiles that fit a core's cache with all 36
numbers; otherwise the channels of the output, in `winograd_channels`. The parts of both are in `winograd_parts`.

Sums over c are cut into runs of SUM_LENGTH, since the transforms magnify what rounding adds to M. The largest error is
then two to four times that of a plain sum in float32, relative to the largest output. An infinity or NaN spreads over
its tile: where a result is not finite, the caller computes it again in another way.

Source: Lavin and Gray 2015, arXiv 1509.09308; Winograd 1980, Arithmetic Complexity of Computations.
"""

from functools import lru_cache

import numpy as np

from autograd.kernels import winograd_channels
from autograd.kernels.conv_tiles import Sizes
from autograd.kernels.product_tiles import LANES, ROWS, multiply
from autograd.kernels.sharing import share_out
from autograd.kernels.threads import jit, scratch
from autograd.kernels.vectors import round_up
from autograd.kernels.winograd_parts import (
    POINTS,
    SUM_LENGTH,
    TILES_SUMMED,
    Tiling,
    lay_out,
    row_of_scratch,
    scratch_for_staging,
    threads_for,
    tiles_of,
    transform_data,
    transform_filters,
    transform_gradient,
    transform_output,
    transform_weight,
    window_of,
)

# What a block of tiles may take up, V with M or with G.
BLOCK_BYTES = 576 << 10
# How many tiles a block has at least, for every block passes over all of U, or of P: where that takes up to NEAR_BYTES,
# and so stays in the second-level cache, and where it does not.
NEAR_BYTES, SHORTEST_BLOCK, SHORTEST_FAR = 1 << 20, 32, 64
# The transforms' time, in that of multiplying and adding: of a tile, for each channel in and out, and of a filter.
DATA_COST, OUTPUT_COST, FILTER_COST = 900, 650, 500
# What each group but the first costs besides: groups are done one after the other, and their threads wait each time.
GROUP_COST = 9_500_000
# The plain method's time for each of its products, likewise; it is slower for images of FEW_PIXELS or less, which make
# matrices of few columns.
PLAIN_COST, PLAIN_COST_OF_FEW, FEW_PIXELS = 1.3, 2.5, 100
# A product of weights up to this size is summed by each thread for itself.
SHARED_WEIGHTS = 128 * 128


@lru_cache(maxsize=512)
def _blocks(sizes: Sizes, threads: int) -> Tiling:
    """The tiling of a convolution for so many threads."""
    rows, columns = tiles_of(sizes)
    C, K = round_up(sizes.C, LANES), round_up(sizes.K, LANES)
    tiles = sizes.N * rows * columns
    shortest = SHORTEST_BLOCK if POINTS * C * K * 4 <= NEAR_BYTES else SHORTEST_FAR
    fitting = max(BLOCK_BYTES // (POINTS * (C + K) * 4), shortest)
    blocks = round_up(-(-tiles // fitting), threads)
    return lay_out(sizes, -(-tiles // blocks), C, K)


@jit()
def lay_filters(thread, threads, window, weight, sizes, turned, tiling, staged, filters):  # type: ignore[no-untyped-def]
    """U, for a thread's share of the channels: filters[p * U + c * K + k]."""
    sizes = Sizes(*sizes)
    tiling = Tiling(*tiling)
    groups = tiling.K // LANES
    for task in range(thread, groups * ((sizes.C + LANES - 1) // LANES), threads):
        c, k = task // groups * LANES, task % groups * LANES
        depth, at = min(LANES, sizes.C - c), c * tiling.K + k
        transform_filters(window, weight, sizes, tiling, turned, c, depth, k, staged[thread], filters, at)


@jit()
def correlate_tiles(  # type: ignore[no-untyped-def]
    thread, threads, window, x, filters, bias, out, sizes, tiling, group, staged, data, products, check
):  # fmt: skip
    """out[n, k] = bias[k] + sum over c of weight[k, c] slid over x[n, c], for a thread's share of the blocks of tiles.

    `filters` is U; staged, data, products and check have a row of scratch for each thread.
    """
    sizes = Sizes(*sizes)
    tiling = Tiling(*tiling)
    tiles = sizes.N * tiling.rows * tiling.columns
    staged, data, products = staged[thread], data[thread], products[thread]
    for start in range(thread * tiling.block, tiles, threads * tiling.block):
        count = min(tiling.block, tiles - start)
        rows = (count + ROWS - 1) // ROWS * ROWS
        for c in range(0, sizes.C, LANES):
            transform_data(window, x, sizes, tiling, group, start, count, c, staged, data, c)
        for p in range(POINTS):
            for c in range(0, sizes.C, SUM_LENGTH):
                multiply(
                    data, p * tiling.V + c, tiling.C, 1,
                    filters, p * tiling.U + c * tiling.K, tiling.K,
                    products, p * tiling.M, tiling.K, rows, tiling.K, min(SUM_LENGTH, sizes.C - c), c == 0,
                )  # fmt: skip
        for k in range(0, sizes.K, LANES):
            transform_output(
                window, products, k, bias, sizes, tiling, group, start, count, k, staged, check[thread], out
            )


@jit()
def weigh_tiles(  # type: ignore[no-untyped-def]
    thread, threads, window, x, gradient, sizes, tiling, group, staged, data, gradients, products
):  # fmt: skip
    """products[., p, k, c] = sum over a thread's share of the tiles of G[p, t, k] * V[p, t, c].

    Each thread has its own row of `products`; or where that has one row, all tiles and a share of the channels k.
    """
    sizes = Sizes(*sizes)
    tiling = Tiling(*tiling)
    by_tiles = products.shape[0] > 1
    share = (tiling.K // LANES + threads - 1) // threads * LANES
    k_start, k_stop = (
        (0, tiling.K) if by_tiles else (min(thread * share, tiling.K), min((thread + 1) * share, tiling.K))
    )
    begin, step = (thread * tiling.block, threads * tiling.block) if by_tiles else (0, tiling.block)
    staged, data, gradients, products = staged[thread], data[thread], gradients[thread], products[thread * by_tiles]
    tiles = sizes.N * tiling.rows * tiling.columns
    for start in range(begin, tiles, step):
        count = min(tiling.block, tiles - start)
        for c in range(0, sizes.C, LANES):
            transform_data(window, x, sizes, tiling, group, start, count, c, staged, data, c)
        for k in range(k_start, min(k_stop, sizes.K), LANES):
            transform_gradient(window, gradient, sizes, tiling, group, start, count, k, staged, gradients, k)
        for p in range(POINTS):
            for t in range(0, count, TILES_SUMMED):
                multiply(
                    gradients, p * tiling.M + t * tiling.K + k_start, 1, tiling.K,
                    data, p * tiling.V + t * tiling.C, tiling.C,
                    products, p * tiling.U + k_start * tiling.C, tiling.C, k_stop - k_start, tiling.C,
                    min(TILES_SUMMED, count - t), start == begin and t == 0,
                )  # fmt: skip


@jit()
def transform_weights(thread, threads, window, products, sizes, tiling, staged, zeros, check, out):  # type: ignore[no-untyped-def]
    """out[k, c] = weight transform of the sum of all rows of products[., :, k, c], for a thread's share of the k."""
    sizes = Sizes(*sizes)
    tiling = Tiling(*tiling)
    for k in range(thread, sizes.K, threads):
        at = k * tiling.C
        for part in range(1, products.shape[0]):
            for p in range(POINTS):
                for i in range(at + p * tiling.U, at + p * tiling.U + tiling.C):
                    products[0, i] += products[part, i]
        for c in range(0, sizes.C, LANES):
            transform_weight(
                window, products[0], at + c, sizes, tiling, k, c, staged[thread], zeros, check[thread], out
            )


def correlate(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, out: np.ndarray, sizes: Sizes, turned: bool) -> bool:
    """Convolve x with `weight` into `out`, and say whether all of it is finite.

    Args:
        x: (N, groups * C, H, W).
        weight: (groups * K, C, F, F); where `turned`, (groups * C, K, F, F), whose filters are turned half round first.
        bias: (groups * K,), or of size 0 for none.
        out: (N, groups * K, OH, OW).
        sizes: those of the convolution.
        turned: convolve as the input's gradient does.
    """
    dtype, threads = x.dtype, threads_for(sizes)
    padded = np.zeros((sizes.groups, round_up(sizes.K, LANES)), dtype)
    if bias.size:
        padded[:, : sizes.K] = bias.reshape(sizes.groups, sizes.K)
    if _few_tiles(sizes):
        return winograd_channels.correlate(x, weight, padded, out, sizes, turned)
    tiling = _blocks(sizes, threads)
    filters = scratch("filters", POINTS * tiling.U, dtype)
    data = row_of_scratch("data", POINTS * tiling.V, dtype, threads)
    products = row_of_scratch("products", POINTS * tiling.M, dtype, threads)
    staged = scratch_for_staging(tiling, sizes, dtype, threads)
    check = np.zeros((threads, LANES), dtype)
    x, out, window = x.reshape(-1), out.reshape(-1), window_of(sizes)
    for group, weights in enumerate(weight.reshape(sizes.groups, -1)):
        share_out(lay_filters, threads, window, weights, sizes, turned, tiling, staged, filters)
        places = (staged, data, products, check)
        share_out(correlate_tiles, threads, window, x, filters, padded[group], out, sizes, tiling, group, *places)
    return not check.any()


def _few_tiles(sizes: Sizes) -> bool:
    """Whether V, of all tiles, takes less room than U, or little more."""
    rows, columns = tiles_of(sizes)
    return 2 * sizes.N * rows * columns <= 3 * sizes.K


def fits(sizes: Sizes, dtype: np.dtype) -> bool:
    """Whether the method applies to a convolution of stride 1, and takes less time than its plain products."""
    if dtype != np.float32 or (sizes.FH, sizes.FW) not in ((3, 3), (5, 5)):
        return False
    C, K = round_up(sizes.C, LANES), round_up(sizes.K, LANES)
    rows, columns = tiles_of(sizes)
    tiles = round_up(sizes.N * rows * columns, ROWS)
    transformed = C * K * (tiles * POINTS + FILTER_COST) + tiles * (C * DATA_COST + K * OUTPUT_COST)
    plain: float = sizes.FH * sizes.FW * sizes.N * sizes.OH * sizes.OW * sizes.C * sizes.K
    plain *= PLAIN_COST if sizes.OH * sizes.OW > FEW_PIXELS else PLAIN_COST_OF_FEW
    return sizes.groups * transformed + (sizes.groups - 1) * GROUP_COST < sizes.groups * plain


def weigh(x: np.ndarray, gradient: np.ndarray, out: np.ndarray, sizes: Sizes) -> bool:
    """The weight's gradient (groups * K, C, F, F) into `out`, and whether all of it is finite."""
    if _few_tiles(sizes):
        return winograd_channels.weigh(x, gradient, out, sizes)
    dtype, threads = x.dtype, threads_for(sizes)
    tiling = _blocks(sizes, threads)
    by_tiles = sizes.C * sizes.K <= SHARED_WEIGHTS and tiling.block * threads <= sizes.N * tiling.rows * tiling.columns
    if not by_tiles:
        tiling = _blocks(sizes, 1)
    size = POINTS * tiling.U
    rows = row_of_scratch("products", size, dtype, threads) if by_tiles else scratch("products", size, dtype)[None]
    data = row_of_scratch("data", POINTS * tiling.V, dtype, threads)
    gradients = row_of_scratch("gradients", POINTS * tiling.M, dtype, threads)
    staged = scratch_for_staging(tiling, sizes, dtype, threads)
    zeros, check = np.zeros(LANES, dtype), np.zeros((threads, LANES), dtype)
    x, gradient, window = x.reshape(-1), gradient.reshape(-1), window_of(sizes)
    for group, weights in enumerate(out.reshape(sizes.groups, -1)):
        share_out(weigh_tiles, threads, window, x, gradient, sizes, tiling, group, staged, data, gradients, rows)
        share_out(transform_weights, threads, window, rows, sizes, tiling, staged, zeros, check, weights)
    return not check.any()
