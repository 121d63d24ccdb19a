"""1x1 convolutions of stride 1: products of the weights with images.

A block of an image's pixels is packed to panels, a few vectors wide and DEPTH channels long, or up to half as many
more, which stay in the second cache while they meet the weights of all channels of the result: a few channels after the
other, whose results are written to rows from one end of the block to the other. Where there are few channels in the
result, pixels are read where they lie; weights always are. All is float32.

The gradient by the weights is a sum over pixels, so of x and the output's gradient one is turned, in panels of some
channels and DEPTH pixels, of several images if these are small. The other one is read where it lies, if it can be.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from autograd.kernels.conv_columns import lies_ready
from autograd.kernels.conv_tiles import Sizes
from autograd.kernels.panels import DEPTH, WIDTH, lay_panels
from autograd.kernels.product import FAR, SMALL
from autograd.kernels.product_tiles import (
    LANES,
    ROWS,
    column_time,
    columns_taken,
    multiply,
    multiply_tile,
)
from autograd.kernels.sharing import share_out
from autograd.kernels.threads import jit, scratch, thread_count
from autograd.kernels.tile import copy_rows, turn

# Pixels of a block, in whole vectors of any size, and rows that do not pay for packing.
PIXELS, FEW_ROWS = 240, 2 * ROWS

# Time in that of a multiplication of vectors by `conv_planes`: of turning, copying and reading a vector, and of adding
# one to the sums.
TURN, MOVE, READ, STORE = 4, 3, 3, 3


def fits(sizes: Sizes, rows: int, dtype: np.dtype) -> bool:
    """Whether a convolution with `rows` channels in its result is one for this module."""
    pixels = sizes.OH * sizes.OW
    return weighs(sizes, dtype) and rows % ROWS == 0 and LANES <= pixels < FAR


def _parts(depth: int) -> int:
    """In how many parts, of DEPTH channels or so, the sum over channels is calculated."""
    return max((depth + DEPTH // 2) // DEPTH, 1)


class Plan(NamedTuple):
    """How the work is cut into tasks, each a block of an image's pixels and some of the channels of the result."""

    threads: int
    blocks: int  # of an image
    cuts: int  # parts of the channels
    cost: int  # in multiplications of vectors by one thread


@lru_cache(maxsize=512)
def plan_of(N: int, depth: int, rows: int, pixels: int, threads: int) -> Plan:
    """The plan that costs least for `rows` channels of the result from `depth`."""
    threads = threads if N * depth * rows * pixels > SMALL else 1
    vectors, fewest = pixels // LANES, -(-pixels // PIXELS)
    plans = []
    for blocks in range(fewest, max(fewest, -(-vectors * LANES // WIDTH)) + 1):
        for cuts in {1, min(threads, rows // ROWS)}:
            wide, high = -(-vectors // blocks), -(-rows // cuts)
            products = depth * high * (column_time(wide) + column_time(min(pixels % LANES, 1)) / blocks)
            moved = MOVE * depth * wide * (high > FEW_ROWS) + STORE * _parts(depth) * high * wide
            cost = -(-N * blocks * cuts // threads) * (products + moved + READ * depth * high // LANES)
            plans.append(Plan(threads, blocks, cuts, int(cost)))
    return min(plans, key=lambda plan: plan.cost)


def cost(sizes: Sizes, rows: int, threads: int) -> int:
    """What computing `rows` channels costs, in multiplications of vectors by one thread."""
    return plan_of(sizes.N, sizes.C + sizes.K - rows, rows, sizes.OH * sizes.OW, threads).cost


def correlate(x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None, out: np.ndarray) -> None:
    """out[n, k] = bias[k] + sum over c of weight[k, c] * x[n, c], for each pixel."""
    _run(x, weight, bias, out, weight.shape[1], 1)


def propagate(gradient: np.ndarray, weight: np.ndarray, out: np.ndarray) -> None:
    """out[n, c] = sum over k of weight[k, c] * gradient[n, k], for each pixel."""
    _run(gradient, weight, None, out, 1, weight.shape[1])


def _run(x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None, out: np.ndarray, row: int, step: int) -> None:
    N, depth = x.shape[:2]
    rows, pixels = out.shape[1], out.shape[2] * out.shape[3]
    threads, blocks, cuts, _ = plan_of(N, depth, rows, pixels, thread_count())
    bias = np.empty(0, x.dtype) if bias is None else bias
    parts = _parts(depth)
    sizes = (N, depth, rows, pixels, row, step, blocks, cuts, parts)
    room = scratch("panel", threads * -(-depth // parts) * PIXELS, x.dtype).reshape(threads, -1)
    share_out(_multiply_images, threads, weight.reshape(-1), x.reshape(-1), bias, out.reshape(-1), sizes, room)


@jit()
def _multiply_images(thread, threads, weight, x, bias, out, sizes, room):  # type: ignore[no-untyped-def]
    """A thread's share of the tasks of all images; weight[r * row + d * step] belongs to result r and channel d."""
    N, depth, rows, pixels, row, step, blocks, cuts, parts = sizes
    tiles, vectors = rows // ROWS, pixels // LANES
    for task in range(thread * N * blocks * cuts // threads, (thread + 1) * N * blocks * cuts // threads):
        place, cut = task // cuts, task % cuts
        n, block = place // blocks, place % blocks
        filters = (cut * tiles // cuts * ROWS, (cut + 1) * tiles // cuts * ROWS, row, step, depth, parts)
        column, stop = block * vectors // blocks * LANES, (block + 1) * vectors // blocks * LANES
        x_at, out_at = n * depth * pixels, n * rows * pixels
        _multiply_pixels(weight, filters, x, x_at, bias, out, out_at, pixels, column, stop, room[thread])
        if stop < pixels and block == blocks - 1:
            # The last vector ends with the image, so some of its pixels are calculated twice.
            _multiply_pixels(weight, filters, x, x_at, bias, out, out_at, pixels, pixels - LANES, pixels, room[thread])


@jit()
def _multiply_pixels(weight, filters, x, x_at, bias, out, out_at, pixels, start, stop, room):  # type: ignore[no-untyped-def]
    """Some results for the pixels from `start` to `stop` of an image, which are packed where many rows read them."""
    first, last, row, step, depth, parts = filters
    packs = last - first > FEW_ROWS
    for part in range(parts):
        d = part * depth // parts
        deep, fresh = (part + 1) * depth // parts - d, part == 0 and bias.size == 0
        if packs:
            lay_panels(x, x_at + d * pixels + start, pixels, stop - start, stop - start, deep, room)
        for r in range(first, last, ROWS):
            for i in range(r, r + ROWS if part == 0 and bias.size else r):
                out[out_at + i * pixels + start : out_at + i * pixels + stop] = bias[i]
            left, column = r * row + d * step, start
            while column < stop:
                taken = columns_taken((stop - column) // LANES)
                into, beside, at, apart = out_at + r * pixels + column, x, x_at + d * pixels + column, pixels
                if packs:
                    beside, at, apart = room, (column - start) * deep, taken * LANES
                multiply_tile(taken, weight, left, row, step, beside, at, apart, out, into, pixels, deep, fresh)
                column += taken * LANES


def weighs(sizes: Sizes, dtype: np.dtype) -> bool:
    """Whether `weigh` computes the gradient by a convolution's weights."""
    return dtype.char == "f" and lies_ready(sizes) and sizes.groups == 1


class WeighPlan(NamedTuple):
    """How the sum over pixels is computed: the left images row by row, times the right ones, which are turned."""

    N: int
    pixels: int  # of an image
    images: int  # whose pixels are multiplied at once
    depth: int  # pixels of an image that are
    left: int  # channels
    right: int
    rows: int  # whole tiles of left channels
    columns: int  # whole vectors of right channels
    packs: bool  # left images are packed
    by_columns: bool  # what threads share out
    turned: bool  # x plays the left part
    threads: int
    cost: int  # in multiplications of vectors by one thread


def weigh_plans(sizes: Sizes, threads: int) -> list[WeighPlan]:
    """The ways in which `weigh` may go."""
    N, pixels = sizes.N, sizes.OH * sizes.OW
    threads = threads if N * pixels * sizes.C * sizes.K > SMALL else 1
    images, depth = min(max(DEPTH // pixels, 1), N), min(pixels, DEPTH)
    runs, vectors = -(-N // images) * -(-pixels // depth), N * -(-pixels // LANES)
    plans = []
    for left, right, turned in ((sizes.K, sizes.C, False), (sizes.C, sizes.K, True)):
        tiles, columns = -(-left // ROWS), -(-right // LANES)
        packs = images > 1 or tiles * ROWS != left
        for by_columns in (False, True):
            own_rows = ROWS * (tiles if by_columns else -(-tiles // threads))
            own_columns = -(-columns // threads) if by_columns else columns
            products = N * pixels * own_rows * column_time(own_columns) + STORE * runs * own_rows * own_columns
            moved = MOVE * vectors * own_rows * packs + TURN * N * pixels * own_columns
            moved += READ * vectors * (own_rows + own_columns * LANES) + TURN * left * columns // threads * turned
            layout = (N, pixels, images, depth, left, right, tiles * ROWS, columns * LANES)
            plans.append(WeighPlan(*layout, packs, by_columns, turned, threads, int(products + moved)))
    return plans


@lru_cache(maxsize=512)
def weigh_plan(sizes: Sizes, threads: int) -> WeighPlan:
    """The way that costs least."""
    return min(weigh_plans(sizes, threads), key=lambda plan: plan.cost)


def weigh(x: np.ndarray, gradient: np.ndarray, plan: WeighPlan) -> np.ndarray:
    """out[k, c] = sum over n and all pixels of gradient[n, k] * x[n, c]."""
    left, right = (x, gradient) if plan.turned else (gradient, x)
    sums = np.empty((plan.rows, plan.columns), x.dtype)
    panel = scratch("panel", plan.threads * (plan.images * plan.depth + LANES) * WIDTH, x.dtype)
    room = plan.rows * (plan.images * plan.depth + LANES) if plan.packs else 0
    packed = scratch("rows", plan.threads * room, x.dtype)
    share_out(
        _weigh_images, plan.threads, left.reshape(-1), right.reshape(-1), sums.reshape(-1), plan,
        panel.reshape(plan.threads, -1), packed.reshape(plan.threads, -1),
    )  # fmt: skip
    if not plan.turned:
        return np.ascontiguousarray(sums[: plan.left, : plan.right])
    out = np.empty((plan.columns, plan.left), x.dtype)
    share_out(_turn_sums, plan.threads, sums.reshape(-1), out.reshape(-1), plan)
    return out[: plan.right]


@jit()
def _weigh_images(thread, threads, left, right, sums, plan, panel, packed):  # type: ignore[no-untyped-def]
    """A thread's share of the sums; `panel` and `packed` have a row of scratch for each thread."""
    plan = WeighPlan(*plan)
    panel, packed, pixels = panel[thread], packed[thread], plan.pixels
    tiles, vectors = plan.rows // ROWS, plan.columns // LANES
    share, of = (0, 1) if plan.by_columns else (thread, threads)
    first, last = share * tiles // of * ROWS, (share + 1) * tiles // of * ROWS
    share, of = (thread, threads) if plan.by_columns else (0, 1)
    start, stop = share * vectors // of * LANES, (share + 1) * vectors // of * LANES
    fresh = True
    for n in range(0, plan.N, plan.images):
        images = min(plan.images, plan.N - n)
        for p in range(0, pixels, plan.depth):
            depth = min(plan.depth, pixels - p)
            row = plan.images * depth + LANES
            if plan.packs:  # but no channels that only make whole tiles: nobody reads their sums
                present = min(last, plan.left) - first
                for i in range(images):
                    at = ((n + i) * plan.left + first) * pixels + p
                    copy_rows(left, at, pixels, 0, depth, packed, i * depth, row, present, depth)
            for column in range(start, stop, WIDTH):
                width = min(WIDTH, stop - column)
                for i in range(images):
                    at = ((n + i) * plan.right + column) * pixels + p
                    for j in range(0, width, LANES):
                        for d in range(0, depth, LANES):
                            turn(
                                right, at + j * pixels + d, pixels, plan.right - column - j, depth - d,
                                panel, (i * depth + d) * width + j, width,
                            )  # fmt: skip
                into = first * plan.columns + column
                if plan.packs:
                    multiply(
                        packed, 0, row, 1, panel, 0, width, sums, into, plan.columns, last - first, width,
                        images * depth, fresh,
                    )  # fmt: skip
                else:
                    multiply(
                        left, (n * plan.left + first) * pixels + p, pixels, 1, panel, 0, width, sums, into,
                        plan.columns, last - first, width, depth, fresh,
                    )  # fmt: skip
            fresh = False


@jit()
def _turn_sums(thread, threads, sums, out, plan):  # type: ignore[no-untyped-def]
    """out[r, c] = sums[c, r] for right channels r and left channels c."""
    plan = WeighPlan(*plan)
    whole = plan.left // LANES * LANES
    for r in range(thread * LANES, plan.columns, threads * LANES):
        for c in range(0, whole, LANES):
            turn(sums, c * plan.columns + r, plan.columns, LANES, LANES, out, r * plan.left + c, plan.left)
        for k in range(r, r + LANES):
            for c in range(whole, plan.left):
                out[k * plan.left + c] = sums[c * plan.columns + k]
