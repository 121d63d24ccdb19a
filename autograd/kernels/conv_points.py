"""1x1 convolutions of stride 1: products of the weights with images, both read where they lie.

A panel of an image's pixels, a few vectors wide and DEPTH channels long, stays in the first cache while it meets the
weights of all channels of the result. Nothing is packed or copied. All is float32.
"""

import numpy as np

from autograd.kernels.conv_columns import lies_ready
from autograd.kernels.conv_tiles import Sizes
from autograd.kernels.panels import DEPTH, WIDTH
from autograd.kernels.product import FAR, SMALL
from autograd.kernels.product_tiles import LANES, ROWS, multiply
from autograd.kernels.sharing import share_out
from autograd.kernels.threads import jit, thread_count

# Pixels of an image below which a panel is too narrow to keep the processor busy.
FEWEST_PIXELS = 64


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
