"""The kernels of normalisation against plain NumPy in float64, and as gradients of each other."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from autograd.kernels import normalize
from autograd.kernels import reference_normalize as reference

TOLERANCES = {np.float32: 2e-5, np.float64: 1e-12}
EPS = 1e-5

sizes = st.sampled_from([1, 2, 3, 7, 8, 9, 16, 33, 49, 100, 1024, 1500])
images = st.tuples(st.integers(1, 5), st.integers(1, 70), sizes).filter(lambda s: s[0] * s[2] > 1)
dtypes = st.sampled_from(list(TOLERANCES))


def normal(shape, seed, dtype, mean=0.0):
    return (np.random.default_rng(seed).standard_normal(shape) + mean).astype(dtype)


def check(results, expected, dtype):
    for result, wanted in zip(results, expected, strict=True):
        assert result.dtype == dtype
        scale = max(float(np.abs(wanted).max(initial=0)), 1.0)
        np.testing.assert_allclose(result, wanted, rtol=0, atol=TOLERANCES[dtype] * scale)


def wide(*arguments):
    return [a.astype(np.float64) if isinstance(a, np.ndarray) else a for a in arguments]


def vectors(size, dtype, given_them):
    return (normal(size, 1, dtype), normal(size, 2, dtype)) if given_them else (None, None)


@settings(max_examples=60, deadline=None)
@given(images, st.booleans(), dtypes)
def test_batch_norm_agrees_with_the_reference(shape, affine, dtype):
    x, gradient = normal(shape, 0, dtype, mean=3), normal(shape, 3, dtype)
    # A channel whose numbers are nearly equal magnifies the rounding of its mean.
    assume(x.std((0, 2)).min() > 0.02)
    weight, bias = vectors(shape[1], dtype, affine)
    results = normalize.batch_norm(x, weight, bias, EPS)
    check(results, reference.batch_norm(*wide(x, weight, bias), EPS), dtype)
    backward = normalize.batch_norm_backward(gradient, x, weight, *results[1:], EPS)
    check(backward, reference.batch_norm_backward(*wide(gradient, x, weight, *results[1:]), EPS), dtype)


@settings(max_examples=40, deadline=None)
@given(images, st.booleans(), dtypes)
def test_channels_agree_with_the_reference(shape, affine, dtype):
    x, gradient, mean = normal(shape, 0, dtype), normal(shape, 3, dtype), normal(shape[1], 4, dtype)
    var = normal(shape[1], 5, dtype) ** 2 + dtype(0.1)
    weight, bias = vectors(shape[1], dtype, affine)
    out = normalize.scale_channels(x, mean, var, weight, bias, EPS)
    check([out], [reference.scale_channels(*wide(x, mean, var, weight, bias), EPS)], dtype)
    backward = normalize.scale_channels_backward(gradient, x, mean, var, weight, EPS)
    check(backward, reference.scale_channels_backward(*wide(gradient, x, mean, var, weight), EPS), dtype)
    empty, *sums = normalize.scale_channels_backward(gradient, x, mean, var, weight, EPS, False)
    assert empty.size == 0
    for alone, beside in zip(sums, backward[1:], strict=True):
        np.testing.assert_array_equal(alone, beside)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 4), st.integers(1, 4), st.integers(1, 6), sizes, st.booleans(), dtypes)
def test_group_norm_agrees_with_the_reference(N, groups, channels, S, affine, dtype):
    shape = (N, groups * channels, S if channels * S > 1 else 2)
    x, gradient = normal(shape, 0, dtype, mean=3), normal(shape, 3, dtype)
    weight, bias = vectors(shape[1], dtype, affine)
    check([normalize.group_norm(x, weight, bias, groups, EPS)],
          [reference.group_norm(*wide(x, weight, bias), groups, EPS)], dtype)  # fmt: skip
    if channels * shape[2] < 3:
        return  # of two numbers the gradient is rounding alone
    check(normalize.group_norm_backward(gradient, x, weight, groups, EPS),
          reference.group_norm_backward(*wide(gradient, x, weight), groups, EPS), dtype)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 40), sizes.filter(lambda m: m > 2), st.booleans(), st.booleans(), dtypes)
def test_layer_norm_agrees_with_the_reference(R, M, affine, centred, dtype):
    x, gradient = normal((R, M), 0, dtype, mean=1), normal((R, M), 3, dtype)
    weight, bias = vectors(M, dtype, affine)
    check([normalize.layer_norm(x, weight, bias, EPS, centred)],
          [reference.layer_norm(*wide(x, weight, bias), EPS, centred)], dtype)  # fmt: skip
    check(normalize.layer_norm_backward(gradient, x, weight, EPS, centred),
          reference.layer_norm_backward(*wide(gradient, x, weight), EPS, centred), dtype)  # fmt: skip


@pytest.mark.parametrize("count", [8, 4])
def test_a_mean_far_from_zero_costs_no_more_than_its_rounding(count):
    x = normal((4, 3, count), 0, np.float32) + np.float32(1000)
    out, _, var = normalize.batch_norm(x, None, None, EPS)
    expected = reference.batch_norm(*wide(x), None, None, EPS)
    np.testing.assert_allclose(out, expected[0], rtol=0, atol=2e-4)
    np.testing.assert_allclose(var, expected[2], rtol=2e-4)


def test_squares_that_overflow_give_nan_and_no_zeros():
    x = np.array([[3e38, -3e38, 1.0]], np.float32)
    with np.errstate(over="ignore"):  # which NumPy tells of where kernels are not compiled
        assert np.isnan(normalize.layer_norm(x, None, None, EPS, False)).all()
