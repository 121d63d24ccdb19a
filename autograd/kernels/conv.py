"""Two-dimensional convolution (cross-correlation, as everywhere in deep learning) and its two gradients.

    out[n, k, oh, ow] = bias[k] + sum over c, fh, fw of
        x[n, c, oh * stride_h + fh * dilation_h - padding_h, ow * stride_w + fw * dilation_w - padding_w]
        * weight[k, c, fh, fw]

where x is zero outside its bounds and, with groups, c runs over the channels of k's group. `choose` says which path
computes a shape; the paths are in `winograd`, `conv_points`, `conv_lanes`, `conv_planes`, `conv_columns` and
`conv_depthwise`.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from autograd.kernels import conv_columns as columns
from autograd.kernels import conv_depthwise as depthwise
from autograd.kernels import conv_lanes, winograd
from autograd.kernels import conv_planes as planes
from autograd.kernels import conv_points as points
from autograd.kernels import conv_tiles as tiles
from autograd.kernels.conv_planes import Layout, Phase, Place
from autograd.kernels.conv_tiles import Sizes
from autograd.kernels.sharing import share_out
from autograd.kernels.threads import scratch, thread_count
from autograd.kernels.tile import (
    DOT_COLUMNS,
    DOT_ROWS,
    OUTER_CHANNELS,
    OUTER_TAPS,
    ROW_DOTS,
    dot_tile_size,
    tile_width,
)
from autograd.kernels.vectors import OUTER_ROWS, lanes, round_up

Pair = tuple[int, int]

# What packing a weight costs, counted in multiplications of vectors.
PACK = 5
# Pixels whose products an outer tile adds up, and what it costs to put one of its vectors of sums away: in a core's
# caches, which hold so many bytes of them, or beyond.
BAND_PIXELS, BAND_SUM, BAND_SUM_FAR, SUMS_BYTES = 256, 5, 100, 512 << 10
# Images of so many numbers are read in place: they stay in a core's second-level cache.
IN_PLACE_PIXELS = 1 << 16
# Fewer weights are packed before other threads have woken up.
FEW_WEIGHTS = 1 << 15
# Work below this many multiplications of vectors is done before other threads have woken up.
SMALL = 100_000

# The path to use in place of the chosen one, by what is computed: {"forward": "columns"}, for tests and comparisons.
OVERRIDES: dict[str, str] = {}


def choose(what: str, sizes: Sizes, dtype: np.dtype) -> str:
    """The path that computes `what` ("forward", "input gradient" or "weight gradient") for a shape.

    | path       | computes                          | chosen where                                               |
    |------------|-----------------------------------|------------------------------------------------------------|
    | `winograd` | all three                         | 3x3, 5x5, stride 1, 16 channels or more in a group, float32|
    | `rows`     | all three                         | depthwise filters that `conv_depthwise.fits`               |
    | `rows`     | the weight gradient               | other groups of one input channel                          |
    |            |                                   | else what costs least:                                     |
    | `points`   | all three                         | 1x1, stride 1, float32                                     |
    | `planes`   | all three                         | large filters, small images                                |
    | `lanes`    | forward and the input's gradient  | strides, float32                                           |
    | `pixels`   | the weight gradient               | many output channels                                       |
    | `columns`  | all three                         | many channels, few pixels                                  |

    All paths but `winograd`, which documents its error, are direct sums in the arrays' dtype. Against float64 their
    error, relative to the largest number, is about PyTorch's: 3e-7 in float32 for outputs and input gradients, up to
    2e-6 for the weight gradients of large images, which are sums of many thousand products.
    """
    if what in OVERRIDES:
        return OVERRIDES[what]
    return _choose(what, sizes, dtype, thread_count())


@lru_cache(maxsize=1024)
def _choose(what: str, sizes: Sizes, dtype: np.dtype, threads: int) -> str:
    plain = _mirrored(sizes) if what == "input gradient" else sizes
    if (sizes.stride_h, sizes.stride_w) == (1, 1) and winograd.fits(plain, dtype):
        return "winograd"
    return _choose_direct(what, sizes, dtype, threads)


@lru_cache(maxsize=1024)
def _choose_direct(what: str, sizes: Sizes, dtype: np.dtype, threads: int) -> str:
    """The path that costs least of those that can do without `winograd`."""
    if depthwise.fits(sizes):
        return "rows"
    costs: dict[str, float] = {}
    if what == "weight gradient":
        if sizes.C == 1 and sizes.groups > 1:
            return "rows"
        if points.weighs(sizes, dtype):
            costs["points"] = points.weigh_plan(sizes, threads).cost
        *_, costs["pixels"] = _pixels_plan(sizes, dtype.itemsize, threads)
        *_, costs["planes"] = _weigh_plan(sizes, dtype.itemsize, threads)
    else:
        rows = sizes.K if what == "forward" else sizes.C
        if points.fits(sizes, rows, dtype):
            costs["points"] = points.cost(sizes, rows, threads)
        plan = (_forward_plan if what == "forward" else _adjoint_plan)(sizes, dtype.itemsize, threads)
        weights = sizes.groups * sizes.K * sizes.C * sizes.FH * sizes.FW
        costs["planes"] = plan.cost + PACK * weights // _packers(weights, threads)
        by_lanes = _lanes_plan(what, sizes, threads) if conv_lanes.fits(sizes, dtype) else None
        if by_lanes is not None:
            costs["lanes"] = by_lanes.cost
    costs["columns"] = columns.cost(sizes, what, lanes(dtype), threads)
    return min(costs, key=lambda path: costs[path])


def conv2d(
    x: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray | None,
    stride: Pair,
    padding: Pair,
    dilation: Pair,
    groups: int,
) -> np.ndarray:
    """The convolution of x (N, C, H, W) with weight (K, C / groups, FH, FW) plus bias (K,): the module's formula."""
    sizes = _sizes(x.shape, weight.shape, stride, padding, dilation, groups)
    out = np.empty((sizes.N, weight.shape[0], sizes.OH, sizes.OW), x.dtype)
    if out.size == 0:
        return out
    if weight.size == 0:
        out[:] = 0 if bias is None else bias[:, None, None]
        return out
    taps = sizes.FH * sizes.FW
    # A filter of group g, channel c and row k begins at these steps in the weights.
    steps = (sizes.K * sizes.C * taps, sizes.C * taps, taps)
    path = choose("forward", sizes, x.dtype)
    if path == "winograd":
        if winograd.correlate(x, weight, np.empty(0, x.dtype) if bias is None else bias, out, sizes, False):
            return out
        path = _choose_direct("forward", sizes, x.dtype, thread_count())
    if path == "rows":
        depthwise.correlate(x, weight, bias, out, sizes)
    elif path == "points":
        points.correlate(x, weight, bias, out)
    elif path == "planes":
        _run_planes(_forward_plan(sizes, x.dtype.itemsize, thread_count()), x, weight, bias, out, steps)
    elif path == "lanes":
        by_lanes = _lanes_plan("forward", sizes, thread_count())
        assert by_lanes is not None
        _run_lanes(by_lanes, x, weight, bias, out, steps)
    else:
        columns.correlate(x, weight, bias, out, sizes)
    return out


def conv2d_input_gradient(
    gradient: np.ndarray,
    weight: np.ndarray,
    input_size: Pair,
    stride: Pair,
    padding: Pair,
    dilation: Pair,
    groups: int,
) -> np.ndarray:
    """The gradient of sum(conv2d(x, weight) * gradient) by x, of shape (N, C) + input_size.

    input_gradient[n, c, h, w] = sum over k, fh, fw, oh, ow with h = oh * stride_h + fh * dilation_h - padding_h,
    and w likewise, of weight[k, c, fh, fw] * gradient[n, k, oh, ow]
    """
    C = weight.shape[1] * groups
    x_shape = (gradient.shape[0], C, *input_size)
    sizes = _sizes(x_shape, weight.shape, stride, padding, dilation, groups)
    if gradient.size == 0 or weight.size == 0:
        return np.zeros(x_shape, gradient.dtype)
    out = np.empty(x_shape, gradient.dtype)
    taps = sizes.FH * sizes.FW
    steps = (sizes.K * sizes.C * taps, taps, sizes.C * taps)
    path = choose("input gradient", sizes, gradient.dtype)
    if path == "winograd":
        if winograd.correlate(gradient, weight, np.empty(0, gradient.dtype), out, _mirrored(sizes), True):
            return out
        path = _choose_direct("input gradient", sizes, gradient.dtype, thread_count())
    if path == "rows":
        depthwise.propagate(gradient, weight, out, sizes)
    elif path == "points":
        points.propagate(gradient, weight, out)
    elif path == "planes":
        plan = _adjoint_plan(sizes, gradient.dtype.itemsize, thread_count())
        if not plan.covers:
            out[...] = 0
        if plan.taps:
            _run_planes(plan, gradient, weight, None, out, steps)
    elif path == "lanes":
        by_lanes = _lanes_plan("input gradient", sizes, thread_count())
        assert by_lanes is not None
        _run_lanes(by_lanes, gradient, weight, None, out, steps)
    else:
        columns.propagate(gradient, weight, out, sizes)
    return out


def conv2d_weight_gradient(
    x: np.ndarray,
    gradient: np.ndarray,
    kernel_size: Pair,
    stride: Pair,
    padding: Pair,
    dilation: Pair,
    groups: int,
) -> np.ndarray:
    """The gradient of sum(conv2d(x, weight) * gradient) by weight, of shape (K, C / groups) + kernel_size.

    weight_gradient[k, c, fh, fw] = sum over n, oh, ow of gradient[n, k, oh, ow]
        * x[n, c, oh * stride_h + fh * dilation_h - padding_h, ow * stride_w + fw * dilation_w - padding_w]
    """
    K = gradient.shape[1]
    shape = (K, x.shape[1] // groups, *kernel_size)
    if gradient.size == 0 or x.size == 0:
        return np.zeros(shape, x.dtype)
    sizes = _sizes(x.shape, shape, stride, padding, dilation, groups)
    path = choose("weight gradient", sizes, x.dtype)
    if path == "winograd":
        out = np.empty(shape, x.dtype)
        if winograd.weigh(x, gradient, out, sizes):
            return out
        path = _choose_direct("weight gradient", sizes, x.dtype, thread_count())
    if path == "rows":
        return (depthwise.weigh if depthwise.fits(sizes) else _weigh_rows)(x, gradient, sizes).reshape(shape)
    if path == "points":
        return points.weigh(x, gradient, points.weigh_plan(sizes, thread_count())).reshape(shape)
    if path == "pixels":
        return _weigh_pixels(x, gradient, sizes).reshape(shape)
    if path == "planes":
        out = _weigh_planes(x, gradient, sizes).reshape(shape)
        if np.isfinite(out).all():
            return out
        # Columns meet no number that is not theirs, so an infinity or NaN spoils the right weights only.
    out = np.empty(shape, x.dtype)
    columns.weigh(x, gradient, out, sizes)
    return out


def conv2d_bias_gradient(gradient: np.ndarray) -> np.ndarray:
    """The gradient of sum(conv2d(x, weight, bias) * gradient) by bias, of shape (K,): the sum of each channel."""
    N, K, OH, OW = gradient.shape
    out = np.empty(K, gradient.dtype)
    threads = 1 if gradient.size < SMALL else thread_count()
    share_out(tiles.sum_channels, threads, gradient.reshape(N * K, OH * OW), out)
    return out


@lru_cache(maxsize=512)
def _sizes(
    x_shape: tuple[int, ...],
    weight_shape: tuple[int, ...],
    stride: Pair,
    padding: Pair,
    dilation: Pair,
    groups: int,
) -> Sizes:
    N, C, H, W = x_shape
    K, _, FH, FW = weight_shape
    OH = (H + 2 * padding[0] - dilation[0] * (FH - 1) - 1) // stride[0] + 1
    OW = (W + 2 * padding[1] - dilation[1] * (FW - 1) - 1) // stride[1] + 1
    return Sizes(
        N, C // groups, H, W, K // groups, FH, FW, OH, OW, *stride, *padding, *dilation, groups
    )  # fmt: skip


def _with(sizes: Sizes, **changes: int) -> Sizes:
    """The sizes with some of them changed."""
    return Sizes(**(sizes._asdict() | changes))


@lru_cache(maxsize=512)
def _mirrored(sizes: Sizes) -> Sizes:
    """The convolution of stride 1 that computes the input gradient of one."""
    return _with(
        sizes,
        C=sizes.K, K=sizes.C, H=sizes.OH, W=sizes.OW, OH=sizes.H, OW=sizes.W,
        padding_h=sizes.dilation_h * (sizes.FH - 1) - sizes.padding_h,
        padding_w=sizes.dilation_w * (sizes.FW - 1) - sizes.padding_w,
    )  # fmt: skip


def _flat(sizes: Sizes) -> Sizes:
    """The sizes with an image as one row of pixels, where a 1x1 filter meets them all and they can be read in place."""
    pixels = sizes.OH * sizes.OW
    if not columns.lies_ready(sizes) or pixels * max(sizes.C, sizes.K) > IN_PLACE_PIXELS:
        return sizes
    return _with(sizes, H=1, W=pixels, OH=1, OW=pixels)


class _Plan(NamedTuple):
    """All that a correlation by planes takes from the shapes alone."""

    sizes: Sizes
    layout: Layout
    place: Place
    phases: np.ndarray
    taps: tuple[np.ndarray, ...]
    offsets: np.ndarray
    in_place: bool  # no planes are filled
    places: np.ndarray | None  # of the vectors of rows, if `planes.correlate_rows` is to run
    covers: bool
    cost: int


@lru_cache(maxsize=512)
def _forward_plan(sizes: Sizes, itemsize: int, threads: int) -> _Plan:
    sizes = _flat(sizes)
    return _plan(sizes, [planes.forward_phase(sizes)], Place(sizes.OH, sizes.OW, 1, 1), itemsize, threads)


@lru_cache(maxsize=512)
def _adjoint_plan(sizes: Sizes, itemsize: int, threads: int) -> _Plan:
    sizes = _flat(sizes)
    place = Place(sizes.H, sizes.W, sizes.stride_h, sizes.stride_w)
    return _plan(*planes.adjoint(sizes), place, itemsize, threads)


def _plan(sizes: Sizes, phases: list[Phase], place: Place, itemsize: int, threads: int) -> _Plan:
    unit, dtype = _unit(sizes.K), np.dtype(f"f{itemsize}")
    tile = tile_width(unit, dtype)
    covers = sum([phase.height * phase.width for phase in phases]) == place.H * place.W
    if not phases:
        layout, cost = Layout(0, 0, 0, 0, 0, unit, 0), 0
    else:
        layout, cost = planes.lay_out(sizes, phases, unit, tile, itemsize, threads)
    places, in_place = None, False
    if len(phases) == 1 and covers and lanes(dtype) <= sizes.OW and sizes.K % unit == 0:
        in_place = columns.lies_ready(sizes) and sizes.H == 1
        by_rows, less = planes.lay_out(
            sizes, phases, unit, tile, itemsize, threads, placed=True, in_place=in_place
        )  # fmt: skip
        if less <= cost:
            layout, cost = by_rows, less
            if in_place:
                layout = layout._replace(rows=sizes.groups * sizes.C, plane=sizes.W)
            places = planes.row_places(sizes, layout, lanes(dtype), tile // lanes(dtype))
    table, before = [], 0
    for phase in phases:
        table.append((phase.start_h, phase.start_w, phase.height, phase.width, before, len(phase.taps)))
        before += len(phase.taps)
    offsets = [planes.tap_offsets(sizes, layout, phase) for phase in phases]
    taps = tuple([np.array([tap[0] for tap in phase.taps]) for phase in phases])
    return _Plan(
        sizes, layout, place, np.array(table, np.int64).reshape(-1, 6), taps,
        np.concatenate([*offsets, np.empty(0, np.int64)]), in_place, places, covers, cost,
    )  # fmt: skip


def _unit(rows: int) -> int:
    """How many rows a product tile has, so that the last tile is nearly full."""
    return -(-rows // -(-rows // OUTER_ROWS))


def _packers(weights: int, threads: int) -> int:
    """On how many threads weights are packed."""
    return 1 if weights < FEW_WEIGHTS else threads


def _scratch(name: str, rows: int, dtype: np.dtype) -> np.ndarray:
    """A row of scratch for each thread, with a vector to spare; rows begin on cache lines."""
    threads = thread_count()
    row = round_up(rows + lanes(dtype), 64)
    return scratch(name, threads * row, dtype).reshape(threads, row)


def _padded_bias(bias: np.ndarray | None, sizes: Sizes, rows: int, dtype: np.dtype) -> np.ndarray:
    """The bias with zeros behind each group's, up to `rows` numbers for a group."""
    padded = np.zeros((sizes.groups, rows), dtype)
    if bias is not None:
        padded[:, : sizes.K] = bias.reshape(sizes.groups, sizes.K)
    return padded.reshape(-1)


def _run_planes(
    plan: _Plan,
    x: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray | None,
    out: np.ndarray,
    steps: tuple[int, int, int],
) -> None:
    """Run `planes.correlate` or `planes.correlate_rows`."""
    sizes, layout, dtype = plan.sizes, plan.layout, x.dtype
    rows = round_up(sizes.K, layout.unit)
    packed = scratch("packed", sizes.groups * rows * plan.offsets.size, dtype)
    weight, at = weight.reshape(-1), 0
    for taps in plan.taps:
        share_out(
            tiles.pack, _packers(packed.size, thread_count()),
            weight, *steps, taps, sizes.groups, sizes.K, sizes.C, layout.unit, packed, at,
        )  # fmt: skip
        at += sizes.groups * rows * sizes.C * taps.size
    memory = _scratch("columns", sizes.C * sizes.stride_h * sizes.stride_w * layout.plane, dtype)
    threads = 1 if plan.cost < SMALL else thread_count()
    arguments = (x.reshape(-1), packed, _padded_bias(bias, sizes, rows, dtype), out.reshape(-1), sizes, layout)
    if plan.places is not None:
        share_out(planes.correlate_rows, threads, *arguments, plan.in_place, plan.places, plan.offsets, memory)
        return
    sums = _scratch("sums", rows * layout.span, dtype)
    share_out(planes.correlate, threads, *arguments, plan.place, plan.phases, plan.offsets, memory, sums)


class _LanesPlan(NamedTuple):
    """All that a correlation by `conv_lanes` takes from the shapes alone."""

    sizes: Sizes
    layout: conv_lanes.Layout
    runs: np.ndarray
    places: np.ndarray  # of the taps
    H: int  # of the outputs
    W: int
    cost: int


@lru_cache(maxsize=512)
def _lanes_plan(what: str, sizes: Sizes, threads: int) -> _LanesPlan | None:
    """The plan, or None where some numbers of the input meet no tap."""
    if what == "forward":
        H, W, out_h, out_w = sizes.OH, sizes.OW, 1, 1
        phases = [conv_lanes.forward_phase(sizes)]
    else:
        H, W, out_h, out_w = sizes.H, sizes.W, sizes.stride_h, sizes.stride_w
        sizes, phases = planes.adjoint(sizes)
        if sum([phase.height * phase.width for phase in phases]) < H * W:
            return None
    layout, cost = conv_lanes.lay_out(sizes, phases, out_h, out_w, threads)
    runs, places = conv_lanes.runs_of(layout, phases, sizes.FH * sizes.FW)
    return _LanesPlan(sizes, layout, runs, places, H, W, cost)


def _run_lanes(
    plan: _LanesPlan,
    x: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray | None,
    out: np.ndarray,
    steps: tuple[int, int, int],
) -> None:
    """Run `conv_lanes.correlate`."""
    sizes, layout, dtype = plan.sizes, plan.layout, x.dtype
    packed = scratch("packed", sizes.groups * layout.K * layout.depth, dtype)
    share_out(
        conv_lanes.pack_filters, _packers(packed.size, thread_count()),
        weight.reshape(-1), *steps, plan.places, sizes, layout,
        _scratch("rows", conv_lanes.staged_size(sizes), dtype), packed,
    )  # fmt: skip
    threads = 1 if plan.cost < SMALL else thread_count()
    share_out(
        conv_lanes.correlate, threads,
        x.reshape(-1), packed, _padded_bias(bias, sizes, layout.K, dtype), out.reshape(-1), sizes, layout,
        plan.H, plan.W, plan.runs, _scratch("columns", conv_lanes.rows_size(layout), dtype),
        _scratch("sums", conv_lanes.sums_size(layout), dtype), np.zeros((threads, lanes(dtype)), dtype),
    )  # fmt: skip


@lru_cache(maxsize=512)
def _weigh_plan(sizes: Sizes, itemsize: int, threads: int) -> tuple[Layout, bool, np.ndarray, int]:
    """(layout, whether images are read in place, offsets, cost) of `planes.weigh`.

    Channels are shared out first, for parts cost a sum of their own.
    """
    block = -(-sizes.C // max(threads // sizes.groups, 1))
    blocks, share = -(-sizes.C // block), _with(sizes, C=block)
    phase, dtype = planes.forward_phase(sizes), np.dtype(f"f{itemsize}")
    dots = -(-sizes.K // DOT_ROWS) * -(-block * sizes.FH * sizes.FW // DOT_COLUMNS)
    layout, cost = planes.lay_out(
        share, [phase], DOT_ROWS, lanes(dtype), itemsize, 1, sizes.K,
        planes.BEGIN + planes.LANE_SUM * dots * DOT_ROWS * DOT_COLUMNS,
    )  # fmt: skip
    in_place = None
    # The last block may not reach beyond the channels.
    if columns.lies_ready(sizes) and block * blocks == sizes.C:
        in_place = planes.lay_out_in_place(share, itemsize)
    if in_place is not None and in_place[1] <= cost:
        layout, cost = in_place
    else:
        in_place = None
    offsets = planes.tap_offsets(share, layout, phase)
    padded = np.pad(offsets, (0, -offsets.size % DOT_COLUMNS))
    return layout, in_place is not None, padded, cost * blocks // threads


def _weigh_planes(x: np.ndarray, gradient: np.ndarray, sizes: Sizes) -> np.ndarray:
    """Run `planes.weigh` and add up its parts."""
    dtype, depth, threads = x.dtype, sizes.C * sizes.FH * sizes.FW, thread_count()
    layout, in_place, offsets, _ = _weigh_plan(sizes, dtype.itemsize, threads)
    block = -(-sizes.C // max(threads // sizes.groups, 1))
    blocks = -(-sizes.C // block)
    parts = max(min(-(-threads // (blocks * sizes.groups)), -(-sizes.N // layout.images)), 1)
    partial = np.empty((parts, sizes.groups, sizes.K, depth), dtype)
    step = layout.plane if in_place else _row_step(layout, dtype)
    memory = _scratch("columns", 0 if in_place else block * sizes.stride_h * sizes.stride_w * layout.plane, dtype)
    rows = _scratch("rows", 0 if in_place else round_up(sizes.K, DOT_ROWS) * step, dtype)
    sums = _scratch("sums", _dot_sums(sizes.K, offsets.size, dtype), dtype)
    arguments = (x.reshape(-1), gradient.reshape(-1), partial, sizes, layout, in_place, block, step, offsets)
    share_out(planes.weigh, threads, *arguments, memory, rows, sums)
    return partial[0] if parts == 1 else partial.sum(axis=0)


@lru_cache(maxsize=512)
def _pixels_plan(sizes: Sizes, itemsize: int, threads: int) -> tuple[Sizes, Layout, np.ndarray, int]:
    """(sizes without the stride, layout, offsets, cost) of `planes.weigh_pixels`."""
    line, vector = 64 // itemsize, lanes(np.dtype(f"f{itemsize}"))
    reach_h, reach_w = sizes.dilation_h * (sizes.FH - 1), sizes.dilation_w * (sizes.FW - 1)
    row = (sizes.OW - 1) * sizes.stride_w + reach_w + 1
    band = -(-sizes.OH // -(-sizes.OH * sizes.OW // BAND_PIXELS))
    rows = (band - 1) * sizes.stride_h + reach_h + 1
    plain = _with(sizes, stride_h=1, stride_w=1)
    plane = (-(-rows * row // line) | 1) * line
    layout = Layout(row, rows, plane, band, 1, 0, 0)
    offsets = planes.tap_offsets(plain, layout, planes.forward_phase(plain))
    padded = np.pad(offsets, (0, -offsets.size % OUTER_TAPS))
    channels = round_up(sizes.K, OUTER_CHANNELS * vector) // vector
    moved = sizes.C * rows * -(-row // vector) + channels * band * sizes.OW
    tasks = -(-sizes.N * -(-sizes.OH // band) // threads) * sizes.groups
    put_away = BAND_SUM if padded.size * channels * vector * itemsize <= SUMS_BYTES else BAND_SUM_FAR
    cost = tasks * (padded.size * channels * (band * sizes.OW + put_away) + planes.MOVE * moved + planes.BEGIN)
    return plain, layout, padded, cost


def _weigh_pixels(x: np.ndarray, gradient: np.ndarray, sizes: Sizes) -> np.ndarray:
    """Run `planes.weigh_pixels` and add up its parts."""
    dtype, threads = x.dtype, thread_count()
    plain, layout, offsets, _ = _pixels_plan(sizes, dtype.itemsize, threads)
    partial = np.empty((threads, sizes.groups, sizes.K, sizes.C * sizes.FH * sizes.FW), dtype)
    rows = round_up(sizes.K, OUTER_CHANNELS * lanes(dtype))
    memory = _scratch("columns", sizes.C * layout.plane, dtype)
    turned = _scratch("rows", rows * round_up(layout.band * sizes.OW, lanes(dtype)), dtype)
    sums = _scratch("sums", offsets.size * rows, dtype)
    arguments = (x.reshape(-1), gradient.reshape(-1), partial, plain, layout, sizes.stride_h, sizes.stride_w)
    share_out(planes.weigh_pixels, threads, *arguments, offsets, memory, turned, sums)
    return partial[0] if threads == 1 else partial.sum(axis=0)


def _row_step(layout: Layout, dtype: np.dtype) -> int:
    """From one row of the gradient to the next beside the planes."""
    return round_up(((layout.images - 1) * layout.rows + layout.band) * layout.row, lanes(dtype))


def _dot_sums(rows: int, columns: int, dtype: np.dtype) -> int:
    """How many numbers the dot tiles of `rows` times `columns` sums take up."""
    return -(-rows // DOT_ROWS) * -(-columns // DOT_COLUMNS) * dot_tile_size(DOT_ROWS, DOT_COLUMNS, dtype)


@lru_cache(maxsize=512)
def _rows_plan(sizes: Sizes, itemsize: int) -> tuple[Layout, np.ndarray]:
    phase, dtype = planes.forward_phase(sizes), np.dtype(f"f{itemsize}")
    layout, _ = planes.lay_out(sizes, [phase], 1, lanes(dtype), itemsize, 1, 1)
    offsets = planes.tap_offsets(sizes, layout, phase)
    return layout, np.pad(offsets, (0, -offsets.size % ROW_DOTS))


def _weigh_rows(x: np.ndarray, gradient: np.ndarray, sizes: Sizes) -> np.ndarray:
    """Run `depthwise.weigh_planes`."""
    dtype = x.dtype
    layout, offsets = _rows_plan(sizes, dtype.itemsize)
    out = np.empty((sizes.groups * sizes.K, sizes.FH * sizes.FW), dtype)
    step = _row_step(layout, dtype)
    memory = _scratch("columns", sizes.stride_h * sizes.stride_w * layout.plane, dtype)
    rows = _scratch("rows", step, dtype)
    sums = _scratch("sums", sizes.K * offsets.size // ROW_DOTS * dot_tile_size(1, ROW_DOTS, dtype), dtype)
    arguments = (x.reshape(-1), gradient.reshape(-1), out, sizes, layout, step, offsets, memory, rows, sums)
    share_out(depthwise.weigh_planes, thread_count(), *arguments)
    return out
