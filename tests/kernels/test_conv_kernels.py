"""The convolution kernels against plain NumPy, against PyTorch, against each other as adjoints, and under threads."""

import itertools
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from numba import config

from autograd.kernels import conv, reference

DTYPES = (np.float32, np.float64)
LANES = conv.points.LANES
ROOT = Path(__file__).parents[2]


@st.composite
def problems(draw):
    """(x shape, weight shape, stride, padding, dilation, groups), anything that has at least one output pixel."""
    pair = lambda low, high: st.tuples(st.integers(low, high), st.integers(low, high))  # noqa: E731
    groups = draw(st.sampled_from([1, 1, 2, 3, 5]))
    C, K = draw(st.integers(1, 5)) * groups, draw(st.integers(1, 9)) * groups
    if draw(st.booleans()) and groups > 1:
        C = groups
    kernel, stride, dilation, padding = draw(pair(1, 5)), draw(pair(1, 4)), draw(pair(1, 3)), draw(pair(0, 5))
    size = draw(st.tuples(st.integers(1, 19), st.integers(1, 19)))
    for axis in range(2):
        assume(size[axis] + 2 * padding[axis] > dilation[axis] * (kernel[axis] - 1))
    return (draw(st.integers(0, 3)), C, *size), (K, C // groups, *kernel), stride, padding, dilation, groups


# What a network has, what fills tiles exactly, and what lies outside every comfortable case.
CASES = {
    "1x1 input": ((2, 3, 1, 1), (4, 3, 1, 1), (1, 1), (0, 0), (1, 1), 1),
    "1x1 input, 3x3 filter": ((1, 2, 1, 1), (5, 2, 3, 3), (1, 1), (1, 1), (1, 1), 1),
    "lenet first": ((5, 1, 28, 28), (6, 1, 5, 5), (1, 1), (2, 2), (1, 1), 1),
    "lenet second": ((5, 6, 14, 14), (16, 6, 5, 5), (1, 1), (0, 0), (1, 1), 1),
    "3x3": ((2, 16, 16, 16), (24, 16, 3, 3), (1, 1), (1, 1), (1, 1), 1),
    "many channels": ((2, 130, 8, 8), (70, 130, 3, 3), (1, 1), (1, 1), (1, 1), 1),
    "wide rows": ((1, 3, 9, 200), (8, 3, 3, 3), (1, 1), (1, 1), (1, 1), 1),
    "resnet first": ((2, 3, 45, 45), (10, 3, 7, 7), (2, 2), (3, 3), (1, 1), 1),
    "1x1": ((3, 40, 9, 9), (50, 40, 1, 1), (1, 1), (0, 0), (1, 1), 1),
    "1x1, deep": ((2, 184, 12, 12), (24, 184, 1, 1), (1, 1), (0, 0), (1, 1), 1),
    "1x1, in place": ((7, 24, 5, 5), (32, 12, 1, 1), (1, 1), (0, 0), (1, 1), 2),
    "1x1, stride 2": ((2, 8, 9, 9), (5, 8, 1, 1), (2, 2), (0, 0), (1, 1), 1),
    "1x1, padded": ((2, 8, 9, 9), (5, 8, 1, 1), (1, 1), (2, 1), (1, 1), 1),
    "stride beyond the filter": ((2, 4, 17, 20), (5, 4, 2, 2), (5, 4), (1, 0), (1, 1), 1),
    "filter beyond half the input": ((2, 3, 6, 7), (4, 3, 5, 6), (1, 1), (0, 0), (1, 1), 1),
    "padding beyond the filter": ((2, 3, 4, 5), (4, 3, 2, 3), (1, 1), (3, 4), (1, 1), 1),
    "dilated": ((2, 6, 20, 23), (7, 6, 3, 3), (1, 1), (2, 4), (2, 4), 1),
    "dilated and strided": ((2, 6, 20, 23), (7, 6, 3, 2), (2, 3), (2, 1), (3, 2), 1),
    "groups": ((2, 12, 10, 9), (18, 4, 3, 3), (1, 1), (1, 1), (1, 1), 3),
    "groups, strided": ((2, 12, 10, 9), (18, 4, 3, 3), (2, 2), (1, 1), (1, 1), 3),
    "depthwise": ((3, 20, 14, 13), (20, 1, 3, 3), (1, 1), (1, 1), (1, 1), 20),
    "depthwise, 5x5, stride 2": ((2, 6, 21, 18), (6, 1, 5, 5), (2, 2), (2, 2), (1, 1), 6),
    "depthwise, 3x3, stride 2": ((3, 20, 16, 16), (20, 1, 3, 3), (2, 2), (1, 1), (1, 1), 20),
    "depthwise, 5x5": ((2, 6, 11, 7), (6, 1, 5, 5), (1, 1), (2, 2), (1, 1), 6),
    "depthwise, tiny": ((5, 33, 4, 4), (33, 1, 3, 3), (1, 1), (1, 1), (1, 1), 33),
    "depthwise, dilated": ((2, 6, 11, 17), (6, 1, 3, 3), (1, 1), (2, 3), (2, 3), 6),
    "depthwise, dilated, stride 3": ((2, 6, 21, 18), (6, 1, 3, 2), (3, 2), (2, 0), (2, 3), 6),
    "depthwise, two filters a channel": ((2, 5, 12, 12), (10, 1, 3, 3), (1, 1), (1, 1), (1, 1), 5),
    "depthwise, tiny images": ((40, 7, 4, 4), (7, 1, 3, 3), (1, 1), (1, 1), (1, 1), 7),
    "depthwise, row of taps": ((9, 4, 3, 5), (4, 1, 1, 3), (1, 1), (0, 1), (1, 1), 4),
    "depthwise, padding beyond the filter": ((2, 3, 4, 5), (3, 1, 2, 3), (1, 1), (3, 4), (1, 1), 3),
    "depthwise, wide rows": ((1, 2, 5, 300), (2, 1, 3, 3), (1, 1), (1, 1), (1, 1), 2),
    "depthwise, one output, strided": ((1, 2, 1, 2), (2, 1, 1, 4), (1, 2), (0, 1), (1, 1), 2),
    "rows of several bands": ((3, 8, 61, 64), (8, 8, 5, 5), (1, 1), (2, 2), (1, 1), 1),
    "rows of several images": ((5, 8, 13, 16), (8, 8, 5, 5), (1, 1), (2, 2), (1, 1), 1),
    "many output channels": ((3, 16, 30, 29), (64, 16, 3, 3), (2, 2), (1, 1), (1, 1), 1),
    "stride 2": ((3, 32, 16, 16), (64, 32, 3, 3), (2, 2), (1, 1), (1, 1), 1),
    "one output": ((3, 40, 4, 4), (50, 40, 4, 4), (1, 1), (0, 0), (1, 1), 1),
    "no images": ((0, 3, 8, 8), (4, 3, 3, 3), (1, 1), (1, 1), (1, 1), 1),
}
DEPTHWISE = ["depthwise", "depthwise, tiny", "depthwise, 5x5", "depthwise, 3x3, stride 2", "depthwise, 5x5, stride 2"]
cases = pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())


def arrays(case, dtype, seed=0):
    """x, weight, bias and an output gradient for a problem."""
    x_shape, weight_shape, *attributes = case
    random = np.random.default_rng(seed)
    x, weight = random.standard_normal(x_shape), random.standard_normal(weight_shape)
    bias = random.standard_normal(weight_shape[0])
    gradient = random.standard_normal(reference.conv2d(x, weight, bias, *attributes).shape)
    return tuple(np.ascontiguousarray(array, dtype) for array in (x, weight, bias, gradient))


def assert_close(actual, expected, dtype):
    """Equal up to the rounding of a long sum: relative to the largest number, for single ones may cancel."""
    assert actual.dtype == dtype
    assert actual.shape == expected.shape
    assert actual.flags.c_contiguous
    if expected.size:
        tolerance = {np.float32: 2e-5, np.float64: 1e-13}[dtype] * max(1.0, float(np.abs(expected).max()))
        np.testing.assert_allclose(actual, expected, rtol=0, atol=tolerance)


def check_against_reference(case, dtype):
    x, weight, bias, gradient = arrays(case, dtype)
    *_, stride, padding, dilation, groups = case
    wide = [array.astype(np.float64) for array in (x, weight, bias, gradient)]
    attributes = (stride, padding, dilation, groups)
    out = conv.conv2d(x, weight, bias, *attributes)
    assert_close(out, reference.conv2d(*wide[:3], *attributes), dtype)
    no_bias = conv.conv2d(x, weight, None, *attributes)
    assert_close(no_bias, reference.conv2d(wide[0], wide[1], None, *attributes), dtype)
    size = x.shape[2:]
    input_gradient = conv.conv2d_input_gradient(gradient, weight, size, *attributes)
    assert_close(input_gradient, reference.conv2d_input_gradient(wide[3], wide[1], size, *attributes), dtype)
    kernel = weight.shape[2:]
    weight_gradient = conv.conv2d_weight_gradient(x, gradient, kernel, *attributes)
    assert_close(weight_gradient, reference.conv2d_weight_gradient(wide[0], wide[3], kernel, *attributes), dtype)


@cases
@pytest.mark.parametrize("dtype", DTYPES)
def test_named_shapes_agree_with_the_reference(case, dtype):
    check_against_reference(case, dtype)


@settings(max_examples=150, deadline=None)
@given(problems(), st.sampled_from(DTYPES))
@example(((1, 1, 1, 1), (1, 1, 1, 1), (4, 4), (5, 5), (1, 1), 1), np.float32)
def test_any_shape_agrees_with_the_reference(case, dtype):
    check_against_reference(case, dtype)


PATHS = ("planes", "columns", "pixels")


@settings(max_examples=80, deadline=None)
@given(problems(), st.sampled_from(PATHS), st.sampled_from(DTYPES))
@example(((2, 1, 1, 4), (3, 1, 1, 1), (2, 3), (1, 0), (1, 1), 1), "planes", np.float32)
@example(((3, 2, 23, 21), (35, 2, 5, 3), (1, 2), (3, 1), (1, 1), 1), "pixels", np.float64)
def test_every_path_agrees_with_the_reference_on_any_shape(case, path, dtype):
    ways = dict.fromkeys(("forward", "input gradient", "weight gradient"), path)
    if path == "pixels":
        ways = {"weight gradient": path}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(conv, "OVERRIDES", ways)
        check_against_reference(case, dtype)


@st.composite
def channelled_problems(draw):
    """Problems of about as many channels as fill a vector or two, and of some images."""
    pair = lambda low, high: st.tuples(st.integers(low, high), st.integers(low, high))  # noqa: E731
    groups = draw(st.sampled_from([1, 1, 2]))
    C, K = draw(st.integers(1, 35)) * groups, draw(st.integers(1, 70)) * groups
    kernel, stride, dilation, padding = draw(pair(1, 5)), draw(pair(1, 4)), draw(pair(1, 2)), draw(pair(0, 4))
    size = draw(st.tuples(st.integers(1, 19), st.integers(1, 19)))
    for axis in range(2):
        assume(size[axis] + 2 * padding[axis] > dilation[axis] * (kernel[axis] - 1))
    return (draw(st.integers(1, 5)), C, *size), (K, C // groups, *kernel), stride, padding, dilation, groups


@settings(max_examples=60, deadline=None)
@given(channelled_problems(), st.sampled_from([1, 1 << 16, 1 << 20]), st.sampled_from([32, 192]))
@example(((3, 20, 21, 18), (70, 20, 3, 3), (2, 2), (1, 1), (1, 1), 1), 1 << 16, 32)
@example(((5, 33, 6, 7), (17, 33, 4, 5), (3, 2), (1, 3), (1, 1), 1), 1 << 20, 192)
@example(((1, 1, 1, 1), (1, 1, 5, 1), (4, 1), (4, 0), (1, 1), 1), 1 << 20, 192)
def test_channels_in_lanes_agree_with_the_reference(case, band_bytes, depth):
    x_shape, weight_shape, *attributes = case
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(conv.conv_lanes, "BAND_BYTES", band_bytes)
        patch.setattr(conv.conv_lanes, "DEPTH", depth)
        conv._lanes_plan.cache_clear()
        ways = {"forward": "lanes"}
        if conv._lanes_plan("input gradient", conv._sizes(x_shape, weight_shape, *attributes), conv.thread_count()):
            ways["input gradient"] = "lanes"
        patch.setattr(conv, "OVERRIDES", ways)
        check_against_reference(case, np.float32)
    conv._lanes_plan.cache_clear()


@settings(max_examples=300, deadline=None)
@given(
    channelled_problems(), st.integers(1, 200), st.sampled_from([(16, 8), (8, 4), (4, 4), (4, 8)]),
    st.sampled_from([1, 1 << 16, 1 << 20]),
)  # fmt: skip
@example(((4, 32, 40, 64), (48, 32, 4, 11), (4, 1), (0, 25), (1, 5), 1), 1, (16, 8), 1 << 20)
@example(((2, 64, 20, 291), (64, 64, 2, 251), (2, 1), (0, 125), (1, 1), 1), 1, (8, 4), 1 << 20)
def test_channels_in_lanes_stay_in_their_room_on_any_processor(case, wider, registers, band_bytes):
    """Also for filters along a row that are wider than the image has pixels left of them."""
    x_shape, weight_shape, stride, padding, dilation, groups = case
    K, C, FH, FW = weight_shape
    x_shape = (*x_shape[:3], x_shape[3] + wider * dilation[1])
    sizes = conv._sizes(x_shape, (K, C, FH, FW + wider), stride, padding, dilation, groups)
    lanes = conv.conv_lanes
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lanes, "BAND_BYTES", band_bytes)
        for name, number in zip(("LANES", "ROWS"), registers, strict=True):
            patch.setattr(lanes, name, number)
        for what in ("forward", "input gradient"):
            plan = conv._lanes_plan.__wrapped__(what, sizes, 2)
            if plan is None:
                continue
            layout, tile = plan.layout, lanes.ROWS
            pixels = ((layout.images - 1) * layout.rows + layout.band) * layout.row
            last = -(-pixels // tile) * tile - 1
            for start, into, depth, _, _ in plan.runs:
                assert start + last * layout.in_w * layout.C + depth <= lanes.rows_size(layout)
                assert into + last * layout.out_w * layout.K + layout.K <= lanes.sums_size(layout)


@st.composite
def pointwise_problems(draw):
    """Problems of a 1x1 filter, of which many have images of whole vectors and channels of whole tiles."""
    groups = draw(st.sampled_from([1, 1, 2, 3]))
    C, K = draw(st.integers(1, 14)) * groups, draw(st.integers(1, 4)) * draw(st.sampled_from([1, 4])) * groups
    size = draw(st.sampled_from([(4, 4), (8, 2), (2, 24), (12, 12), (16, 5), (61, 48), (1, 16), (5, 3)]))
    return (draw(st.integers(1, 4)), C, *size), (K, C // groups, 1, 1), (1, 1), (0, 0), (1, 1), groups


@settings(max_examples=100, deadline=None)
@given(pointwise_problems(), st.sampled_from(("planes", "columns")), st.sampled_from(DTYPES), st.integers(1, 3))
@example(((3, 6, 61, 48), (8, 6, 1, 1), (1, 1), (0, 0), (1, 1), 1), "planes", np.float32, 2)
@example(((3, 7, 61, 48), (8, 7, 1, 1), (1, 1), (0, 0), (1, 1), 1), "planes", np.float64, 1)
def test_pointwise_filters_agree_with_the_reference(case, path, dtype, pixels):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(conv, "OVERRIDES", dict.fromkeys(("forward", "input gradient", "weight gradient"), path))
        # Images are cut into bands of one, or several, vectors or rows.
        patch.setattr(conv.planes, "DOT_PIXELS", 8**pixels)
        conv._weigh_plan.cache_clear()
        check_against_reference(case, dtype)
    conv._weigh_plan.cache_clear()


@settings(max_examples=80, deadline=None)
@given(
    images=st.integers(1, 5), C=st.integers(1, 20), K=st.integers(1, 5),
    size=st.sampled_from([(8, 8), (16, 12), (4, 28), (32, 9), (7, 7), (1, 17), (19, 27)]),
)  # fmt: skip
@example(images=2, C=37, K=2, size=(16, 20))
@example(images=1, C=1, K=25, size=(33, 31))
@example(images=3, C=40, K=5, size=(19, 27))
@example(images=2, C=25, K=25, size=(16, 17))
@example(images=1, C=40, K=25, size=(7, 7))
def test_points_agree_with_the_reference_for_whole_tiles_of_channels(images, C, K, size):
    C, K = 8 * C, 8 * K
    case = (images, C, *size), (K, C, 1, 1), (1, 1), (0, 0), (1, 1), 1
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(conv, "OVERRIDES", dict.fromkeys(("forward", "input gradient"), "points"))
        check_against_reference(case, np.float32)


def test_points_are_chosen_for_images_that_fill_vectors():
    for channels, size, path in ((64, 56, "points"), (64, 8, "points"), (63, 8, "planes"), (512, 2, "columns")):
        sizes = conv._sizes((8, channels, size, size), (channels, channels, 1, 1), (1, 1), (0, 0), (1, 1), 1)
        for what in ("forward", "input gradient"):
            assert conv._choose(what, sizes, np.dtype(np.float32), 2) == path


def test_threads_share_out_the_channels_of_an_image_with_few_pixels():
    one, two, eight = (conv.points.plan_of(1, 512, 2048, 49, threads) for threads in (1, 2, 8))
    assert (one.cuts, two.cuts, eight.cuts) == (1, 2, 8)
    assert one.cost > 1.5 * two.cost > 4 * eight.cost
    assert conv.points.plan_of(8, 512, 2048, 784, 2).cuts == 1


@pytest.mark.parametrize(
    ("channels", "height", "width", "fits"),
    [
        (conv.points.ROWS, 1, LANES, True),
        (conv.points.ROWS, 1, LANES - 1, False),
        (conv.points.ROWS, 9, LANES, True),
        (conv.points.ROWS + 1, 9, LANES, False),
        (conv.points.ROWS, 64, 64, False),
    ],
)
def test_points_take_whole_tiles_of_images_that_are_neither_small_nor_large(channels, height, width, fits):
    sizes = conv._sizes((2, channels, height, width), (channels, channels, 1, 1), (1, 1), (0, 0), (1, 1), 1)
    assert conv.points.fits(sizes, channels, np.dtype(np.float32)) == fits


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 40), st.integers(1, 70), st.integers(1, 70), st.tuples(st.integers(1, 20), st.integers(1, 20)),
    st.integers(1, 3),
)  # fmt: skip
@example(3, 48, 40, (16, 16), 2)
@example(20, 33, 50, (3, 3), 2)
@example(300, 17, 20, (1, 1), 3)
def test_every_way_to_weigh_points_agrees_with_the_reference(images, C, K, size, threads):
    case = (images, C, *size), (K, C, 1, 1), (1, 1), (0, 0), (1, 1), 1
    x, _, _, gradient = arrays(case, np.float32)
    expected = np.einsum("nkhw,nchw->kc", gradient.astype(np.float64), x.astype(np.float64))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(conv.points, "SMALL", 0)
        plans = conv.points.weigh_plans(conv._sizes(*case), min(threads, conv.thread_count()))
    assert {(plan.by_columns, plan.turned) for plan in plans} == set(itertools.product((False, True), repeat=2))
    for plan in plans:
        assert_close(conv.points.weigh(x, gradient, plan), expected, np.float32)


def test_the_images_of_pointwise_filters_are_weighed_in_place():
    for channels, size, rows, in_place in ((64, 56, 256, True), (64, 7, 256, False), (64, 56, 255, False)):
        sizes = conv._sizes((8, channels, size, size), (rows, channels, 1, 1), (1, 1), (0, 0), (1, 1), 1)
        assert conv._weigh_plan(sizes, 4, 2)[1] == in_place


@st.composite
def depthwise_problems(draw):
    """Problems for the masked rows of `conv_depthwise`: all that fit, from planes of one pixel on."""
    taps, stride, groups = draw(st.sampled_from([3, 5])), draw(st.sampled_from([1, 2])), draw(st.integers(1, 20))
    size = draw(st.tuples(st.integers(1, 40), st.integers(1, 40)))
    dilation = draw(st.tuples(st.integers(1, 3), st.integers(1, 3))) if stride == 1 else (1, 1)
    same = dilation[1] * (taps - 1) // 2
    padding = (draw(st.integers(0, 6)), same if stride == 1 else draw(st.integers(same, same + 3)))
    assume(size[0] + 2 * padding[0] > dilation[0] * (taps - 1))
    x_shape = (draw(st.integers(1, 5)), groups, *size)
    return x_shape, (groups, 1, taps, taps), (stride, stride), padding, dilation, groups


@settings(max_examples=150, deadline=None)
@given(depthwise_problems(), st.sampled_from(DTYPES), st.sampled_from([1600, 4096, 16384]), st.booleans())
def test_depthwise_rows_agree_with_the_reference(case, dtype, room, shared):
    x_shape, weight_shape, *attributes = case
    sizes = conv._sizes(x_shape, weight_shape, *attributes)
    assert conv.depthwise.fits(sizes)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(conv, "OVERRIDES", dict.fromkeys(("forward", "input gradient", "weight gradient"), "rows"))
        # Room for the sums of some groups, from that for a single one of 25 taps with the longest vectors.
        patch.setattr(conv.depthwise, "SUMS_BYTES", room)
        patch.setattr(conv.depthwise, "SMALL", 0 if shared else conv.depthwise.SMALL)
        check_against_reference(case, dtype)


@pytest.mark.parametrize(
    ("case", "what", "path"),
    [
        ("lenet first", "forward", "planes"),
        ("3x3", "input gradient", "winograd"),
        ("depthwise", "forward", "rows"),
        ("depthwise, 5x5, stride 2", "input gradient", "rows"),
        ("depthwise", "weight gradient", "rows"),
        ("depthwise, dilated, stride 3", "forward", "planes"),
        ("depthwise, two filters a channel", "weight gradient", "rows"),
        ("depthwise, two filters a channel", "forward", "planes"),
        ("groups, strided", "input gradient", "planes"),
        ("lenet first", "weight gradient", "planes"),
        ("many output channels", "weight gradient", "pixels"),
        ("many output channels", "forward", "lanes"),
        ("stride 2", "input gradient", "lanes"),
        ("1x1, in place", "forward", "planes"),
        ("1x1", "weight gradient", "points"),
        ("one output", "forward", "columns"),
    ],
)
def test_the_path_is_chosen_from_the_shape(case, what, path):
    x_shape, weight_shape, *attributes = CASES[case]
    sizes = conv._sizes((32, *x_shape[1:]), weight_shape, *attributes)
    assert conv._choose(what, sizes, np.dtype(np.float32), 2) == path


@pytest.mark.parametrize(
    "name",
    [
        "lenet second",
        "1x1",
        "1x1, deep",
        "resnet first",
        "many output channels",
        "stride 2",
        "groups, strided",
        "depthwise",
        "depthwise, 5x5, stride 2",
        "many channels",
    ],
)
def test_the_error_is_like_that_of_torch(name):
    torch = pytest.importorskip("torch")
    case = CASES[name]
    x, weight, bias, gradient = arrays(case, np.float32, seed=5)
    *_, stride, padding, dilation, groups = case
    attributes = (stride, padding, dilation, groups)
    wide = [array.astype(np.float64) for array in (x, weight, gradient)]
    exact = [
        reference.conv2d(wide[0], wide[1], bias.astype(np.float64), *attributes),
        reference.conv2d_input_gradient(wide[2], wide[1], x.shape[2:], *attributes),
        reference.conv2d_weight_gradient(wide[0], wide[2], weight.shape[2:], *attributes),
    ]
    tensors = [torch.from_numpy(array).requires_grad_() for array in (x, weight, bias)]
    out = torch.nn.functional.conv2d(*tensors, *attributes)
    out.backward(torch.from_numpy(gradient))
    theirs = [out.detach().numpy(), tensors[0].grad.numpy(), tensors[1].grad.numpy()]
    ours = [
        conv.conv2d(x, weight, bias, *attributes),
        conv.conv2d_input_gradient(gradient, weight, x.shape[2:], *attributes),
        conv.conv2d_weight_gradient(x, gradient, weight.shape[2:], *attributes),
    ]
    for a, b, right in zip(ours, theirs, exact, strict=True):
        largest = np.abs(right).max()
        error, their_error = np.abs(a - right).max() / largest, np.abs(b - right).max() / largest
        assert error <= 4 * their_error + 2e-7


@settings(max_examples=60, deadline=None)
@given(problems())
def test_gradients_are_adjoints_of_the_forward(case):
    x, weight, _, gradient = arrays(case, np.float64, seed=1)
    *_, stride, padding, dilation, groups = case
    attributes = (stride, padding, dilation, groups)
    out = conv.conv2d(x, weight, None, *attributes)
    by_output = np.vdot(out, gradient)
    by_x = np.vdot(x, conv.conv2d_input_gradient(gradient, weight, x.shape[2:], *attributes))
    by_weight = np.vdot(weight, conv.conv2d_weight_gradient(x, gradient, weight.shape[2:], *attributes))
    scale = 1e-12 * max(1.0, float(np.linalg.norm(out) * np.linalg.norm(gradient)))
    assert by_x == pytest.approx(by_output, rel=0, abs=scale)
    assert by_weight == pytest.approx(by_output, rel=0, abs=scale)


@cases
@pytest.mark.parametrize("dtype", DTYPES)
def test_agrees_with_torch(case, dtype):
    torch = pytest.importorskip("torch")
    x, weight, bias, gradient = arrays(case, dtype, seed=2)
    *_, stride, padding, dilation, groups = case
    tensors = [torch.from_numpy(array).requires_grad_() for array in (x, weight, bias)]
    expected = torch.nn.functional.conv2d(*tensors, stride, padding, dilation, groups)
    expected.backward(torch.from_numpy(gradient))
    attributes = (stride, padding, dilation, groups)
    assert_close(conv.conv2d(x, weight, bias, *attributes), expected.detach().numpy(), dtype)
    input_gradient = conv.conv2d_input_gradient(gradient, weight, x.shape[2:], *attributes)
    assert_close(input_gradient, tensors[0].grad.numpy(), dtype)
    weight_gradient = conv.conv2d_weight_gradient(x, gradient, weight.shape[2:], *attributes)
    assert_close(weight_gradient, tensors[1].grad.numpy(), dtype)


@pytest.mark.parametrize("shape", [(3, 5, 4, 7), (2, 3, 1, 1), (0, 2, 3, 3), (16, 8, 40, 40)])
@pytest.mark.parametrize("dtype", DTYPES)
def test_the_gradient_by_the_bias_is_the_sum_of_each_channel(shape, dtype):
    gradient = np.random.default_rng(3).standard_normal(shape).astype(dtype)
    expected = reference.conv2d_bias_gradient(gradient.astype(np.float64))
    assert_close(conv.conv2d_bias_gradient(gradient), expected, dtype)


def test_a_hand_computed_convolution():
    x = np.arange(9, dtype=np.float32).reshape(1, 1, 3, 3)
    weight = np.array([[[[1, 2], [3, 4]]]], np.float32)
    out = conv.conv2d(x, weight, np.array([0.5], np.float32), (1, 1), (0, 0), (1, 1), 1)
    # 0*1 + 1*2 + 3*3 + 4*4 = 27; a step to the right adds 1+2+3+4, a step down three times that.
    np.testing.assert_array_equal(out, [[[[27.5, 37.5], [57.5, 67.5]]]])


@cases
def test_the_arguments_are_left_alone(case):
    x, weight, bias, gradient = arrays(case, np.float32)
    copies = [array.copy() for array in (x, weight, bias, gradient)]
    *_, stride, padding, dilation, groups = case
    conv.conv2d(x, weight, bias, stride, padding, dilation, groups)
    conv.conv2d_input_gradient(gradient, weight, x.shape[2:], stride, padding, dilation, groups)
    conv.conv2d_weight_gradient(x, gradient, weight.shape[2:], stride, padding, dilation, groups)
    for array, copy in zip((x, weight, bias, gradient), copies, strict=True):
        np.testing.assert_array_equal(array, copy)


@pytest.mark.parametrize("name", ["3x3", "1x1", "1x1, in place", "groups", "lenet second", "resnet first", *DEPTHWISE])
def test_a_nan_reaches_the_outputs_that_read_it_and_no_others(name):
    case = CASES[name]
    x, weight, bias, _ = arrays(case, np.float32)
    *_, stride, padding, dilation, groups = case
    x[0, 0, 3, 3] = np.nan
    x[-1, -1, -1, -1] = np.inf
    with np.errstate(invalid="ignore"):
        out = conv.conv2d(x, weight, bias, stride, padding, dilation, groups)
        expected = reference.conv2d(x, weight, bias, stride, padding, dilation, groups)
    np.testing.assert_array_equal(np.isnan(out), np.isnan(expected))
    np.testing.assert_array_equal(np.isinf(out), np.isinf(expected))


@pytest.mark.parametrize("name", ["3x3", "groups", "many channels", *DEPTHWISE])
def test_a_nan_in_the_input_spoils_only_its_own_weights(name):
    case = CASES[name]
    x, weight, _, gradient = arrays(case, np.float32)
    *_, stride, padding, dilation, groups = case
    x[0, -1, 3, 3] = np.nan
    actual = conv.conv2d_weight_gradient(x, gradient, weight.shape[2:], stride, padding, dilation, groups)
    expected = reference.conv2d_weight_gradient(x, gradient, weight.shape[2:], stride, padding, dilation, groups)
    np.testing.assert_array_equal(np.isnan(actual), np.isnan(expected))


@pytest.mark.parametrize("name", DEPTHWISE)
def test_a_nan_in_the_gradient_reaches_its_own_inputs_only(name):
    case = CASES[name]
    x, weight, _, gradient = arrays(case, np.float32)
    attributes = case[2:]
    gradient[0, 0, 1, 1] = np.nan
    gradient[-1, -1, -1, -1] = np.inf
    actual = conv.conv2d_input_gradient(gradient, weight, x.shape[2:], *attributes)
    expected = reference.conv2d_input_gradient(gradient, weight, x.shape[2:], *attributes)
    np.testing.assert_array_equal(np.isfinite(actual), np.isfinite(expected))


# Run in a process of its own, for the threading layer is chosen once, and its failure is the process's end.
TWO_THREADS = """
import threading
import numpy as np
from autograd.kernels import conv, pool, reference

random = np.random.default_rng(0)
x = random.standard_normal((4, 8, 20, 20))
weight = random.standard_normal((12, 8, 3, 3))
attributes = ((1, 1), (1, 1), (1, 1), 1)
expected = reference.conv2d(x, weight, None, *attributes)
pooled = reference.max_pool2d(x, (2, 2), (2, 2), (0, 0), (1, 1), (10, 10))[0]
wrong = []
start = threading.Barrier(3)

def work():
    start.wait()
    for _ in range(40):
        if not np.allclose(conv.conv2d(x, weight, None, *attributes), expected):
            wrong.append("conv2d")
        if not np.array_equal(pool.max_pool2d(x, (2, 2), (2, 2), (0, 0), (1, 1), (10, 10))[0], pooled):
            wrong.append("max_pool2d")

threads = [threading.Thread(target=work) for _ in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
assert not wrong, wrong
import numba
print("done on", numba.threading_layer())
"""


def run_in_a_process(code, **environment):
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.mark.skipif(config.DISABLE_JIT, reason="nothing is launched uncompiled")
@pytest.mark.parametrize("layer", ["workqueue", "omp"])
def test_python_threads_may_launch_at_once(layer):
    result = run_in_a_process(TWO_THREADS, NUMBA_THREADING_LAYER=layer)
    if "No threading layer could be loaded" in result.stderr:
        pytest.skip(f"numba has no {layer} here")
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip() == f"done on {layer}"


SMALL_PARITY = """
import numpy as np
from autograd.kernels import conv, reference
random = np.random.default_rng(0)
for groups, stride in ((1, (1, 1)), (1, (2, 2)), (4, (1, 1)), (4, (2, 2))):
    x = random.standard_normal((2, 4, 6, 6))
    weight = random.standard_normal((20, 4 // groups, 3, 3))
    attributes = (stride, (1, 1), (1, 1), groups)
    for path, by_weight in (("columns", "columns"), ("planes", "planes"), ("planes", "pixels")):
        conv.OVERRIDES.update(dict.fromkeys(("forward", "input gradient"), path) | {"weight gradient": by_weight})
        out = conv.conv2d(x, weight, None, *attributes)
        assert np.allclose(out, reference.conv2d(x, weight, None, *attributes))
        assert np.allclose(conv.conv2d_input_gradient(out, weight, (6, 6), *attributes),
                           reference.conv2d_input_gradient(out, weight, (6, 6), *attributes))
        assert np.allclose(conv.conv2d_weight_gradient(x, out, (3, 3), *attributes),
                           reference.conv2d_weight_gradient(x, out, (3, 3), *attributes))
    x32, weight32, out32 = (a.astype(np.float32) for a in (x, weight, out))
    conv.OVERRIDES.update(dict.fromkeys(("forward", "input gradient"), "lanes"))
    for found, expected in (
        (conv.conv2d(x32, weight32, None, *attributes), out),
        (conv.conv2d_input_gradient(out32, weight32, (6, 6), *attributes),
         reference.conv2d_input_gradient(out, weight, (6, 6), *attributes)),
    ):
        assert found.dtype == np.float32
        assert np.abs(found - expected).max() < 1e-6 * np.abs(expected).max()
    conv.OVERRIDES.clear()
    out = conv.conv2d(x, weight, None, *attributes)
    assert np.allclose(out, reference.conv2d(x, weight, None, *attributes))
    assert np.allclose(conv.conv2d_input_gradient(out, weight, (6, 6), *attributes),
                       reference.conv2d_input_gradient(out, weight, (6, 6), *attributes))
    assert np.allclose(conv.conv2d_weight_gradient(x, out, (3, 3), *attributes),
                       reference.conv2d_weight_gradient(x, out, (3, 3), *attributes))
print("equal")
"""


def test_works_uncompiled():
    result = run_in_a_process(SMALL_PARITY, NUMBA_DISABLE_JIT="1")
    assert result.stdout.strip() == "equal", result.stderr


def test_works_without_a_folder_for_the_cache():
    result = run_in_a_process(SMALL_PARITY, NUMBA_CACHE_DIR="/proc/no/such/folder")
    assert result.stdout.strip() == "equal", result.stderr


FORK = """
import os
import numpy as np
from autograd.kernels import conv
x, weight = np.ones((2, 3, 8, 8)), np.ones((4, 3, 3, 3))
run = lambda: conv.conv2d(x, weight, None, (1, 1), (1, 1), (1, 1), 1)
expected = run()
child = os.fork()
if child == 0:
    os._exit(0 if np.array_equal(run(), expected) else 1)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the platform has no fork")
def test_a_forked_child_may_launch():
    result = run_in_a_process(FORK)
    assert result.stdout.strip() == "0", result.stderr


def test_importing_the_package_of_kernels_imports_no_numba():
    result = run_in_a_process("import autograd.kernels, sys; print('numba' in sys.modules)")
    assert result.stdout.strip() == "False", result.stderr
