"""1x1 convolutions of stride 1: products of the weights with images, both read where they lie.

A panel of an image's pixels, a few vectors wide and DEPTH channels long, stays in the first cache while it meets the
weights of all channels of the result. Nothing is packed or copied. All is float32.

The gradient by the weights is a sum over pixels, so of x and the output's gradient one is turned, in panels of some
channels and DEPTH pixels, of several images if these are small. The other one is read where it lies, if it can be.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from autograd.kernels.conv_columns import lies_ready
from autograd.kernels.conv_tiles import Sizes
from autograd.kernels.panels import DEPTH, WIDTH
from autograd.kernels.product import FAR, SMALL
from autograd.kernels.product_tiles import LANES, ROWS, column_time, multiply
from autograd.kernels.sharing import share_out
from autograd.kernels.threads import jit, scratch, thread_count
from autograd.kernels.tile import copy_rows, turn

# Pixels of an image below which a panel is too narrow to keep the processor busy.
FEWEST_PIXELS = 64

# Time in that of a multiplication of vectors by `conv_planes`: of turning, copying and reading a vector, and of adding
# one to the sums.
TURN, MOVE, READ, STORE = 4, 3, 3, 3


def fits(sizes: Sizes, rows: int, dtype: np.dtype) -> bool:
    """Whether a convolution with `rows` channels in its result is one for this module."""
    pixels = sizes.OH * sizes.OW
    return (
        dtype.char == "f"
        and lies_ready(sizes)
        and sizes.groups == 1
        and FEWEST_PIXELS <= pixels < FAR
        and pixels % LANES == 0
        and rows % ROWS == 0
    )


def correlate(x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None, out: np.ndarray) -> None:
    """out[n, k] = bias[k] + sum over c of weight[k, c] * x[n, c], for each pixel."""
    _run(x, weight, bias, out, weight.shape[1], 1)


def propagate(gradient: np.ndarray, weight: np.ndarray, out: np.ndarray) -> None:
    """out[n, c] = sum over k of weight[k, c] * gradient[n, k], for each pixel."""
    _run(gradient, weight, None, out, 1, weight.shape[1])


def _run(x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None, out: np.ndarray, row: int, step: int) -> None:
    N, depth = x.shape[:2]
    rows, pixels = out.shape[1], out.shape[2] * out.shape[3]
    threads = thread_count() if N * depth * rows * pixels > SMALL else 1
    bias = np.empty(0, x.dtype) if bias is None else bias
    sizes = (N, depth, rows, pixels, row, step)
    share_out(_multiply_images, threads, weight.reshape(-1), x.reshape(-1), bias, out.reshape(-1), sizes)


@jit(inner=True)
def _multiply_images(thread, threads, weight, x, bias, out, sizes):  # type: ignore[no-untyped-def]
    """A thread's share of the panels of all images; weight[r * row + d * step] belongs to result r and channel d."""
    N, depth, rows, pixels, row, step = sizes
    vectors = pixels // LANES
    panels = (pixels + WIDTH - 1) // WIDTH
    for task in range(thread * N * panels // threads, (thread + 1) * N * panels // threads):
        n, panel = task // panels, task % panels
        column, stop = panel * vectors // panels * LANES, (panel + 1) * vectors // panels * LANES
        into = n * rows * pixels + column
        for r in range(rows if bias.size else 0):
            out[into + r * pixels : into + r * pixels + stop - column] = bias[r]
        for d in range(0, depth, DEPTH):
            multiply(
                weight, d * step, row, step, x, (n * depth + d) * pixels + column, pixels,
                out, into, pixels, rows, stop - column, min(DEPTH, depth - d), d == 0 and bias.size == 0,
            )  # fmt: skip


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


@jit(inner=True)
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


@jit(inner=True)
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
