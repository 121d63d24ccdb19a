"""Products of float32 matrices against float64: any shape, either way round, and what is left to BLAS."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numba import config

from autograd.kernels import blas, product

few = 12 if config.DISABLE_JIT else 60


def matrix(random, rows, columns, turned):
    array = random.standard_normal((columns, rows) if turned else (rows, columns)).astype(np.float32)
    return array.T if turned else array


def error(out, left, right, bias=0):
    """The largest error, relative to what the sums of products are like at random."""
    exact = left.astype(np.float64) @ right.astype(np.float64) + bias
    return np.abs(out - exact).max() / max(np.abs(exact).max(), np.sqrt(left.shape[1]))


@settings(max_examples=few, deadline=None)
@given(
    M=st.integers(1, 40), N=st.integers(1, 130), K=st.integers(1, 300),
    left_turned=st.booleans(), right_turned=st.booleans(), biased=st.booleans(),
)  # fmt: skip
@example(M=8, N=48, K=128, left_turned=False, right_turned=False, biased=True)
@example(M=9, N=49, K=129, left_turned=True, right_turned=True, biased=True)
@example(M=30, N=96, K=130, left_turned=False, right_turned=True, biased=True)
@example(M=17, N=32, K=16, left_turned=True, right_turned=True, biased=False)
@example(M=1, N=1, K=1, left_turned=False, right_turned=True, biased=False)
def test_any_shape_agrees_with_float64(M, N, K, left_turned, right_turned, biased):
    random = np.random.default_rng(0)
    left, right = matrix(random, M, K, left_turned), matrix(random, K, N, right_turned)
    bias = random.standard_normal(N).astype(np.float32) if biased else None
    out = product.multiply_matrices(left, right, bias)
    assert out.shape == (M, N)
    assert error(out, left, right, 0 if bias is None else bias) < 1e-6


@pytest.mark.skipif(config.DISABLE_JIT, reason="takes minutes")
@pytest.mark.parametrize(
    ("M", "N", "K"), [(129, 260, 150), (700, 50, 130), (20, 900, 257), (32, 640, 257), (16, 4128, 40)]
)
@pytest.mark.parametrize("turned", [False, True])
def test_shares_of_rows_and_of_columns_are_the_whole(M, N, K, turned):
    assert M * N * K > product.SMALL
    random = np.random.default_rng(1)
    left, right = matrix(random, M, K, turned), matrix(random, K, N, turned)
    assert error(product.multiply_matrices(left, right), left, right) < 1e-6


@pytest.mark.skipif(config.DISABLE_JIT, reason="takes minutes")
def test_room_does_not_grow_beyond_what_sums_of_deep_products_take(monkeypatch):
    asked = []
    monkeypatch.setattr(product, "scratch", lambda *given: asked.append(given[1]) or np.empty(*given[1:]))
    random = np.random.default_rng(3)
    for depth in (product.DEEP, product.DEEP + 1):
        left, right = matrix(random, 3, depth, False), matrix(random, depth, 32, True)
        assert error(product.multiply_matrices(left, right), left, right) < 1e-6
    assert asked[1] < asked[0]


def test_infinities_and_nan_stay_in_their_rows_and_columns():
    left, right = np.ones((9, 20), np.float32), np.ones((20, 50), np.float32)
    left[8, 3], right[0, 49] = np.inf, np.nan
    expected = np.full((9, 50), 20.0)
    expected[8], expected[:, 49] = np.inf, np.nan
    with np.errstate(invalid="ignore"):  # which NumPy tells of where kernels are not compiled
        out = product.multiply_matrices(left, right)
    np.testing.assert_array_equal(out, expected)


def test_matrices_with_gaps_are_left_to_blas():
    random = np.random.default_rng(2)
    left, right = random.standard_normal((64, 200)).astype(np.float32), random.standard_normal((100, 64))
    right = right.astype(np.float32)
    assert product.multiply_matrices(left[:, ::2], right) is None
    frozen = right.copy()
    frozen.flags.writeable = False
    assert product.multiply_matrices(left[:, :100].copy(), frozen) is None
    for given_left, given_right in ((left[:, ::2], right), (left[:, :100].copy(), frozen)):
        assert error(blas.matmul(given_left, given_right), given_left, given_right) < 1e-6


def test_a_bias_may_have_gaps_or_be_frozen():
    random = np.random.default_rng(4)
    left, right, bias = matrix(random, 9, 20, False), matrix(random, 20, 50, False), matrix(random, 1, 100, False)[0]
    frozen = bias[:50].copy()
    frozen.flags.writeable = False
    for given_bias in (bias[::2], np.broadcast_to(bias[:1], (50,)), frozen):
        assert error(product.multiply_matrices(left, right, given_bias), left, right, given_bias) < 1e-6


@pytest.mark.skipif(config.DISABLE_JIT, reason="nothing fits")
def test_what_fits():
    single = np.dtype(np.float32)
    assert product.fits(128, 784, 256, single)
    assert not product.fits(128, 784, 256, np.dtype(np.float64))
    assert not product.fits(1000, 1000, 1, single)
    assert not product.fits(1, 1000, 1000, single)
    assert product.fits(2000, 2000, 2000, single)


@pytest.mark.skipif(config.DISABLE_JIT, reason="nothing fits")
@pytest.mark.parametrize("narrow", [False, True])
def test_large_products_are_left_to_a_blas_that_takes_long_vectors(monkeypatch, narrow):
    asked = []

    def ask(left, right, *given):
        asked.append(len(left))
        return np.zeros((len(left), right.shape[1]), np.float32)

    monkeypatch.setattr(product, "multiply_matrices", ask)
    monkeypatch.setattr(blas, "narrow", narrow)
    square, wide = np.ones((600, 600), np.float32), np.ones((4096, 4096), np.float32)
    for left, right in ((square[:150], square), (square, square), (wide[:8], wide), (wide[:9], wide.T)):
        blas.matmul(left, right)
    assert asked == ([150, 600, 9] if narrow else [150])
