"""Winograd's convolution of few tiles and many channels: threads share out the channels of the output.

U is then larger than V, so V of all tiles is laid out first, in chunks of SUM_LENGTH channels, and a block of output
channels at a time is done from end to end: its filters are transformed, chunk by chunk, and used while they are in the
cache. The gradient by the weight likewise keeps the sums of a block of channels and a chunk in the cache, and
transforms them at once.
"""

from functools import lru_cache

import numpy as np

from autograd.kernels.conv_tiles import Sizes
from autograd.kernels.product_tiles import LANES, multiply
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

# What M or G of a block of channels may take up, and how many lane groups it has at least: every block passes over all
# of V.
BLOCK_BYTES, FEWEST_GROUPS = 512 << 10, 3


@lru_cache(maxsize=512)
def _tiling(sizes: Sizes, threads: int) -> Tiling:
    """All tiles in one block, and as many channels of the output together as fit, the same number for each thread."""
    rows, columns = tiles_of(sizes)
    tiles = sizes.N * rows * columns
    groups = -(-sizes.K // LANES)
    fitting = max(BLOCK_BYTES // (POINTS * tiles * LANES * 4), FEWEST_GROUPS)
    blocks = round_up(-(-groups // fitting), threads)
    return lay_out(sizes, tiles, SUM_LENGTH, -(-groups // blocks) * LANES)


@jit()
def lay_data(thread, threads, window, x, sizes, tiling, group, staged, data):  # type: ignore[no-untyped-def]
    """V of all tiles, for a thread's share of the lane groups, chunk by chunk."""
    sizes = Sizes(*sizes)
    tiling = Tiling(*tiling)
    tiles = sizes.N * tiling.rows * tiling.columns
    for c in range(thread * LANES, sizes.C, threads * LANES):
        chunk, lane = divmod(c, SUM_LENGTH)
        at = chunk * POINTS * tiling.V + lane
        transform_data(window, x, sizes, tiling, group, 0, tiles, c, staged[thread], data, at)


@jit()
def correlate_channels(  # type: ignore[no-untyped-def]
    thread, threads, window, weight, turned, bias, out, sizes, tiling, group, data, staged, filters, products, check
):  # fmt: skip
    """The output of a thread's share of the blocks of channels; `data` is V, and the rest as in `winograd`."""
    sizes = Sizes(*sizes)
    tiling = Tiling(*tiling)
    tiles = sizes.N * tiling.rows * tiling.columns
    staged, filters, products = staged[thread], filters[thread], products[thread]
    for start in range(thread * tiling.K, sizes.K, threads * tiling.K):
        stop = min(start + tiling.K, (sizes.K + LANES - 1) // LANES * LANES)
        for c in range(0, sizes.C, SUM_LENGTH):
            depth = min(SUM_LENGTH, sizes.C - c)
            for k in range(start, stop, LANES):
                transform_filters(window, weight, sizes, tiling, turned, c, depth, k, staged, filters, k - start)
            chunk = c // SUM_LENGTH * POINTS * tiling.V
            for p in range(POINTS):
                multiply(
                    data, chunk + p * tiling.V, tiling.C, 1,
                    filters, p * tiling.U, tiling.K,
                    products, p * tiling.M, tiling.K, tiling.block, stop - start, depth, c == 0,
                )  # fmt: skip
        for k in range(start, stop, LANES):
            transform_output(
                window, products, k - start, bias, sizes, tiling, group, 0, tiles, k, staged, check[thread], out
            )


@jit()
def weigh_channels(  # type: ignore[no-untyped-def]
    thread, threads, window, gradient, out, sizes, tiling, group, data, staged, gradients, products, zeros, check
):  # fmt: skip
    """The weight's gradient of a thread's share of the blocks of channels; `data` is V."""
    sizes = Sizes(*sizes)
    tiling = Tiling(*tiling)
    tiles = sizes.N * tiling.rows * tiling.columns
    staged, gradients, products = staged[thread], gradients[thread], products[thread]
    for start in range(thread * tiling.K, sizes.K, threads * tiling.K):
        stop = min(start + tiling.K, (sizes.K + LANES - 1) // LANES * LANES)
        for k in range(start, stop, LANES):
            transform_gradient(window, gradient, sizes, tiling, group, 0, tiles, k, staged, gradients, k - start)
        for c in range(0, sizes.C, SUM_LENGTH):
            width = min(SUM_LENGTH, (sizes.C - c + LANES - 1) // LANES * LANES)
            chunk = c // SUM_LENGTH * POINTS * tiling.V
            for p in range(POINTS):
                for t in range(0, tiles, TILES_SUMMED):
                    multiply(
                        gradients, p * tiling.M + t * tiling.K, 1, tiling.K,
                        data, chunk + p * tiling.V + t * tiling.C, tiling.C,
                        products, p * tiling.U, tiling.C, stop - start, width,
                        min(TILES_SUMMED, tiles - t), t == 0,
                    )  # fmt: skip
            for k in range(start, min(stop, sizes.K)):
                for lane in range(0, width, LANES):
                    at = (k - start) * tiling.C + lane
                    transform_weight(
                        window, products, at, sizes, tiling, k, c + lane, staged, zeros, check[thread], out
                    )


def _data(x: np.ndarray, sizes: Sizes, tiling: Tiling, group: int, staged: np.ndarray) -> np.ndarray:
    """V of one group, laid out by all threads."""
    data = scratch("data of all", -(-sizes.C // SUM_LENGTH) * POINTS * tiling.V, x.dtype)
    share_out(lay_data, len(staged), window_of(sizes), x, sizes, tiling, group, staged, data)
    return data


def correlate(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, out: np.ndarray, sizes: Sizes, turned: bool) -> bool:
    """As `winograd.correlate`; here `bias` has a row of whole lane groups for each group."""
    dtype, threads = x.dtype, threads_for(sizes)
    tiling = _tiling(sizes, threads)
    staged = scratch_for_staging(tiling, sizes, dtype, threads)
    filters = row_of_scratch("filters", POINTS * tiling.U, dtype, threads)
    products = row_of_scratch("products", POINTS * tiling.M, dtype, threads)
    check = np.zeros((threads, LANES), dtype)
    for group, weights in enumerate(weight.reshape(sizes.groups, -1)):
        data = _data(x.reshape(-1), sizes, tiling, group, staged)
        share_out(
            correlate_channels, threads, window_of(sizes), weights, turned, bias[group], out.reshape(-1), sizes, tiling,
            group, data, staged, filters, products, check,
        )  # fmt: skip
    return not check.any()


def weigh(x: np.ndarray, gradient: np.ndarray, out: np.ndarray, sizes: Sizes) -> bool:
    """As `winograd.weigh`."""
    dtype, threads = x.dtype, threads_for(sizes)
    tiling = _tiling(sizes, threads)
    staged = scratch_for_staging(tiling, sizes, dtype, threads)
    gradients = row_of_scratch("gradients", POINTS * tiling.M, dtype, threads)
    products = row_of_scratch("products", POINTS * tiling.U, dtype, threads)
    zeros, check = np.zeros(LANES, dtype), np.zeros((threads, LANES), dtype)
    for group, weights in enumerate(out.reshape(sizes.groups, -1)):
        data = _data(x.reshape(-1), sizes, tiling, group, staged)
        share_out(
            weigh_channels, threads, window_of(sizes), gradient.reshape(-1), weights, sizes, tiling, group, data,
            staged, gradients, products, zeros, check,
        )  # fmt: skip
    return not check.any()
