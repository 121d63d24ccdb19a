"""Winograd's convolution against plain NumPy: any shape, its rounding, and numbers that are not finite."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from autograd.kernels import conv, reference, winograd
from autograd.kernels.conv_tiles import Sizes
from autograd.kernels.winograd_tiles import A, B, data_map, sums_map, values_map

ROOT = Path(__file__).parents[2]


def sizes_of(N, C, H, W, K, padding_h, padding_w, groups=1, F=3):
    OH, OW = H + 2 * padding_h - F + 1, W + 2 * padding_w - F + 1
    return Sizes(N, C, H, W, K, F, F, OH, OW, 1, 1, padding_h, padding_w, 1, 1, groups)


def arrays(sizes, seed=0):
    """x, weight, bias and an output gradient in float32."""
    random = np.random.default_rng(seed)
    shapes = [
        (sizes.N, sizes.groups * sizes.C, sizes.H, sizes.W),
        (sizes.groups * sizes.K, sizes.C, sizes.FH, sizes.FW),
        (sizes.groups * sizes.K,),
        (sizes.N, sizes.groups * sizes.K, sizes.OH, sizes.OW),
    ]
    return [random.standard_normal(shape).astype(np.float32) for shape in shapes]


def exact(sizes, x, weight, bias, gradient):
    """Output, input's gradient and weight's gradient in float64."""
    x, weight, bias, gradient = (a.astype(np.float64) for a in (x, weight, bias, gradient))
    geometry = ((1, 1), (sizes.padding_h, sizes.padding_w), (sizes.dilation_h, sizes.dilation_w), sizes.groups)
    return (
        reference.conv2d(x, weight, bias, *geometry),
        reference.conv2d_input_gradient(gradient, weight, x.shape[2:], *geometry),
        reference.conv2d_weight_gradient(x, gradient, weight.shape[2:], *geometry),
    )


def spread(sizes, *given_arrays):
    """The root of the largest sum of squared products of each result.

    A sum may be far smaller than its products, whose rounding it carries; this is what it is like at random.
    """
    return [np.sqrt(squares.max()) for squares in exact(sizes, *[a.astype(np.float64) ** 2 for a in given_arrays])]


def transformed(sizes, x, weight, bias, gradient):
    """The same by the kernels."""
    mirrored = Sizes(
        sizes.N, sizes.K, sizes.OH, sizes.OW, sizes.C, sizes.FH, sizes.FW, sizes.H, sizes.W,
        1, 1, sizes.FH - 1 - sizes.padding_h, sizes.FW - 1 - sizes.padding_w, 1, 1, sizes.groups,
    )  # fmt: skip
    out, by_x, by_weight = (np.full(a.shape, 7, np.float32) for a in (gradient, x, weight))
    assert winograd.correlate(x, weight, bias, out, sizes, False)
    assert winograd.correlate(gradient, weight, np.empty(0, np.float32), by_x, mirrored, True)
    assert winograd.weigh(x, gradient, by_weight, sizes)
    return out, by_x, by_weight


def largest_error(found, expected):
    """The largest error relative to the largest number."""
    return np.abs(found - expected).max() / np.abs(expected).max()


shapes = st.builds(
    sizes_of,
    N=st.integers(1, 3), C=st.integers(1, 40), H=st.integers(5, 21), W=st.integers(5, 40), K=st.integers(1, 40),
    padding_h=st.integers(0, 4), padding_w=st.integers(0, 4), groups=st.sampled_from([1, 1, 3]),
    F=st.sampled_from([3, 5]),
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(shapes)
@example(sizes_of(1, 1, 3, 3, 1, 0, 0))
@example(sizes_of(2, 130, 9, 8, 140, 1, 1))
@example(sizes_of(40, 17, 7, 7, 33, 1, 1))
@example(sizes_of(1, 16, 4, 300, 16, 1, 1))
@example(sizes_of(1, 5, 3, 3, 1, 0, 0))
@example(sizes_of(2, 17, 9, 9, 20, 1, 1, groups=3))
@example(sizes_of(1, 70, 7, 7, 200, 1, 1))
@example(sizes_of(3, 40, 16, 12, 70, 1, 1))
@example(sizes_of(5, 520, 20, 16, 33, 1, 1))
@example(sizes_of(2, 17, 3, 4, 90, 2, 2, groups=2, F=5))
@example(sizes_of(3, 33, 9, 8, 20, 2, 2, F=5))
def test_any_shape_agrees_with_the_reference(sizes):
    given_arrays = arrays(sizes)
    for found, expected, scale in zip(
        transformed(sizes, *given_arrays), exact(sizes, *given_arrays), spread(sizes, *given_arrays), strict=True
    ):
        assert np.abs(found - expected).max() / max(np.abs(expected).max(), scale) < 4e-6


@settings(max_examples=40, deadline=None)
@given(shapes, st.tuples(st.integers(1, 4), st.integers(1, 4)))
@example(sizes_of(2, 32, 16, 16, 32, 2, 2), (2, 2))
@example(sizes_of(1, 16, 3, 3, 16, 4, 3), (4, 3))
@example(sizes_of(1, 16, 12, 17, 16, 0, 7), (3, 4))
@example(sizes_of(3, 20, 21, 40, 17, 1, 2), (2, 3))
@example(sizes_of(3, 40, 20, 37, 70, 3, 3, F=5), (1, 3))
def test_any_dilation_agrees_with_the_reference(sizes, dilation):
    OH = sizes.H + 2 * sizes.padding_h - (sizes.FH - 1) * dilation[0]
    OW = sizes.W + 2 * sizes.padding_w - (sizes.FW - 1) * dilation[1]
    assume(OH > 0 and OW > 0)
    sizes = sizes._replace(OH=OH, OW=OW, dilation_h=dilation[0], dilation_w=dilation[1])
    given_arrays = arrays(sizes)
    x, weight, bias, gradient = given_arrays
    geometry = ((1, 1), (sizes.padding_h, sizes.padding_w), dilation, sizes.groups)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(conv, "OVERRIDES", dict.fromkeys(("forward", "input gradient", "weight gradient"), "winograd"))
        results = (
            conv.conv2d(x, weight, bias, *geometry),
            conv.conv2d_input_gradient(gradient, weight, x.shape[2:], *geometry),
            conv.conv2d_weight_gradient(x, gradient, weight.shape[2:], *geometry),
        )
    for found, expected, scale in zip(results, exact(sizes, *given_arrays), spread(sizes, *given_arrays), strict=True):
        assert np.abs(found - expected).max() / max(np.abs(expected).max(), scale) < 4e-6


@pytest.mark.parametrize("F", [3, 5])
@pytest.mark.parametrize("distribution", ["normal", "positive", "far from zero"])
def test_rounding_is_a_few_times_that_of_a_plain_sum(distribution, F):
    torch = pytest.importorskip("torch")
    sizes = sizes_of(2, 64, 32, 32, 64, F // 2, F // 2, F=F)
    x, weight, bias, gradient = arrays(sizes)
    if distribution == "positive":
        x, weight = np.abs(x), np.abs(weight)
    elif distribution == "far from zero":
        x += np.float32(10)
    tensors = [torch.from_numpy(a.copy()).requires_grad_() for a in (x, weight, bias)]
    theirs = torch.nn.functional.conv2d(*tensors, padding=F // 2)
    theirs.backward(torch.from_numpy(gradient))
    theirs = (theirs.detach().numpy(), tensors[0].grad.numpy(), tensors[1].grad.numpy())
    ours, right = transformed(sizes, x, weight, bias, gradient), exact(sizes, x, weight, bias, gradient)
    for found, other, expected in zip(ours, theirs, right, strict=True):
        assert largest_error(found, expected) < 5 * largest_error(other, expected)


@pytest.mark.parametrize("taps", [2, 3, 4, 5])
def test_maps_are_exact_in_one_dimension(taps):
    random = np.random.default_rng(0)
    d, g = random.standard_normal(6), random.standard_normal(taps)
    slid = [d[i : i + taps] @ g for i in range(7 - taps)]
    np.testing.assert_allclose(sums_map(7 - taps)(np.multiply(data_map(d), values_map(g))), slid, rtol=1e-12)


def test_filters_are_evaluated_at_the_points():
    # The polynomial 2 + 3 z + 5 z^2, over the product of the point's distances to the other points.
    points = (0, A, -A, B, -B)
    expected = [(2 + 3 * p + 5 * p * p) / np.prod([p - q for q in points if q != p]) for p in points]
    np.testing.assert_allclose(values_map([2.0, 3.0, 5.0]), [*expected, 5.0], rtol=1e-12)


@pytest.mark.parametrize("bad", [np.nan, np.inf, np.float32(3e38)])
def test_a_result_that_is_not_finite_is_reported(bad):
    sizes = sizes_of(2, 16, 9, 9, 16, 1, 1)
    x, weight, bias, gradient = arrays(sizes)
    x[1, 3, 4, 5] = bad
    out, by_weight = np.empty_like(gradient), np.empty_like(weight)
    assert not winograd.correlate(x, weight, bias, out, sizes, False)
    assert not winograd.weigh(x, gradient, by_weight, sizes)
    x[1, 3, 4, 5] = 1
    assert winograd.correlate(x, weight, bias, out, sizes, False)


def test_large_numbers_come_out_as_by_the_plain_method():
    # Each product is finite, and the transforms' sums are not.
    sizes = sizes_of(2, 32, 16, 16, 32, 1, 1)
    x, weight, bias, _ = arrays(sizes)
    x *= np.float32(2e37)
    weight *= np.float32(0.01)
    assert conv.choose("forward", sizes, x.dtype) == "winograd"
    out = conv.conv2d(x, weight, bias, (1, 1), (1, 1), (1, 1), 1)
    expected = exact(sizes, x, weight, bias, out)[0]
    assert np.isfinite(out).all()
    assert largest_error(out, expected) < 4e-6


@pytest.mark.parametrize(
    ("sizes", "dtype", "chosen"),
    [
        (sizes_of(32, 64, 32, 32, 64, 1, 1), np.float32, True),
        (sizes_of(32, 16, 32, 32, 16, 1, 1), np.float32, True),
        (sizes_of(32, 64, 7, 7, 64, 1, 1), np.float32, True),
        (sizes_of(32, 16, 16, 16, 16, 1, 1, groups=4), np.float32, False),
        (sizes_of(32, 32, 16, 16, 32, 1, 1, groups=4), np.float32, True),
        (sizes_of(32, 64, 18, 18, 64, 2, 2)._replace(OH=18, OW=18, dilation_h=2, dilation_w=2), np.float32, True),
        (sizes_of(32, 64, 18, 18, 64, 1, 1)._replace(OH=9, OW=9, stride_h=2, stride_w=2), np.float32, False),
        (sizes_of(32, 4, 16, 16, 4, 1, 1, groups=16), np.float32, False),
        (sizes_of(32, 32, 16, 16, 32, 2, 2, F=5), np.float32, True),
        (sizes_of(64, 6, 14, 14, 16, 2, 2, F=5), np.float32, False),
        (sizes_of(32, 64, 32, 32, 64, 1, 1), np.float64, False),
        (sizes_of(32, 3, 32, 32, 64, 1, 1), np.float32, False),
        (sizes_of(1, 512, 7, 7, 512, 1, 1), np.float32, True),
        (sizes_of(32, 512, 2, 2, 512, 1, 1), np.float32, True),
        (sizes_of(1, 512, 4, 4, 512, 1, 1), np.float32, False),
        (sizes_of(4, 512, 2, 2, 512, 1, 1), np.float32, False),
    ],
)
def test_method_is_chosen_by_what_it_costs(sizes, dtype, chosen):
    assert (conv.choose("forward", sizes, np.dtype(dtype)) == "winograd") == chosen


UNCOMPILED = """
import numpy as np
import tests_of_winograd as tests
for sizes in (tests.sizes_of(1, 3, 6, 7, 20, 1, 0), tests.sizes_of(2, 17, 5, 3, 2, 2, 1)):
    given = tests.arrays(sizes)
    for found, expected in zip(tests.transformed(sizes, *given), tests.exact(sizes, *given)):
        assert tests.largest_error(found, expected) < 4e-6
x, weight, bias, gradient = given
x[0, 0, 0, 0] = np.nan
assert not tests.winograd.correlate(x, weight, bias, gradient, sizes, False)
print("equal")
"""


def test_works_uncompiled(tmp_path):
    (tmp_path / "tests_of_winograd.py").write_text(Path(__file__).read_text())
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{tmp_path}", "NUMBA_DISABLE_JIT": "1"}
    done = subprocess.run(
        [sys.executable, "-c", UNCOMPILED], env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.stdout.strip() == "equal", done.stderr
