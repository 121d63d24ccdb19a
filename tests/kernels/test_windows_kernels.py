"""Sums along an axis and maxima of windows, against plain NumPy."""

import numpy as np
import pytest

from autograd.kernels import reference, windows

DTYPES = (np.float32, np.float64)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(2, 5, 3), (3, 5, 1), (1, 5, 2), (0, 5, 2), (2, 5, 0)])
def test_combine_agrees_with_the_reference(shape, dtype):
    rng = np.random.default_rng(0)
    starts = np.array([0, 2, 2, 5, 6])  # the second sum is empty
    index, weight = rng.integers(0, 5, 6), rng.normal(size=6)
    x = rng.normal(size=shape).astype(dtype)
    out = windows.combine(x, starts, index, weight)
    assert out.dtype == dtype
    np.testing.assert_allclose(out, reference.combine(x, starts, index, weight), rtol=1e-5, atol=1e-6)


def test_an_infinity_reaches_no_sum_that_does_not_read_it():
    x = np.array([[[1.0], [np.inf], [2.0]]])
    out = windows.combine(x, np.array([0, 2, 3]), np.array([0, 2, 1]), np.ones(3))
    np.testing.assert_array_equal(out, [[[3.0], [np.inf]]])


def bounds(rng, planes, count, size):
    start = rng.integers(0, size, (planes, count))
    return np.stack([start, np.minimum(start + rng.integers(0, 4, start.shape), size)], -1)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("dilation", [(1, 1, 1), (1, 2, 3)])
def test_window_max_agrees_with_the_reference(dtype, own, dilation):
    rng = np.random.default_rng(0)
    x = rng.integers(-2, 3, (2, 3, 3, 4, 5)).astype(dtype)
    x[rng.uniform(size=x.shape) < 0.05] = np.nan
    x[rng.uniform(size=x.shape) < 0.2] = -np.inf
    places = [bounds(rng, 6 if own else 1, 4, size) for size in x.shape[2:]]
    out, indices = windows.window_max(x, *places, dilation)
    expected, expected_indices = reference.window_max(x, *places, dilation)
    assert out.dtype == dtype
    assert indices.dtype == np.int64
    np.testing.assert_array_equal(out, expected)
    np.testing.assert_array_equal(indices, expected_indices)


def test_maxima_of_whole_numbers():
    x = np.arange(8, dtype=np.int64).reshape(1, 1, 2, 2, 2) - 4
    whole = np.array([[[0, 2]]])
    out, indices = windows.window_max(x, whole, whole, np.array([[[0, 1], [1, 1]]]), (1, 1, 1))
    assert out.reshape(-1).tolist() == [2, np.iinfo(np.int64).min]
    assert indices.reshape(-1).tolist() == [6, -1]
