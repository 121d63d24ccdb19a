"""Arithmetic on large arrays against NumPy, number for number, and where it is left to NumPy."""

import warnings

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numba import config

import autograd
from autograd.applying import LARGE
from autograd.kernels import arithmetic, threads
from autograd.kernels.sharing import share_out
from autograd.kernels.threads import thread_count
from autograd.ops import families
from autograd.ops.families import on_all_threads

compiled = pytest.mark.skipif(config.DISABLE_JIT or thread_count() < 2, reason="all is left to NumPy")
FUNCTIONS = [np.add, np.subtract, np.multiply, np.true_divide]
DTYPES = [np.float32, np.float64]


def numbers(size, dtype, seed=0):
    return np.random.default_rng(seed).uniform(1, 3, size).astype(dtype)


@compiled
@settings(max_examples=100, deadline=None)
@given(st.sampled_from(FUNCTIONS), st.sampled_from(DTYPES), st.integers(1, 5000), st.sampled_from(["xy", "x2", "2x"]))
@example(np.subtract, np.float32, 2048, "2x")
@example(np.true_divide, np.float64, 1024, "x2")
def test_results_are_those_of_numpy(function, dtype, size, operands):
    x, y = numbers((size, 1), dtype), numbers((size, 1), dtype, 1)
    given = {"xy": (x, y), "x2": (x, 2.5), "2x": (2.5, x)}[operands]
    runs = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(families, "_MANY_BESIDE_ONE", 0)
        patch.setattr(arithmetic, "share_out", lambda *a: (runs.append(a), share_out(*a)))
        result = on_all_threads(function)(*given)
    assert len(runs) == 1
    expected = function(*given)
    assert result.dtype == expected.dtype
    np.testing.assert_array_equal(result, expected, strict=True)


@pytest.fixture(autouse=True)
def launched():
    """Sums are NumPy's until something else has run on several threads."""
    share_out(arithmetic._calculate, thread_count(), 0, *np.zeros((3, 1), np.float32), np.zeros(8, np.float32))


@pytest.fixture
def no_kernels(monkeypatch):
    def refuse(*arguments):
        raise AssertionError("a kernel was run")

    monkeypatch.setattr(arithmetic, "share_out", refuse)


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.usefixtures("no_kernels")
def test_what_does_not_fit_is_left_to_numpy(function):
    x, y = numbers((40, 50), np.float32), numbers((40, 50), np.float32, 1)
    fixed = y.copy()
    fixed.flags.writeable = False
    masked = np.ma.masked_array(x, x > 2)
    for pair in ((masked, masked), (masked, y), (x, masked)):
        np.testing.assert_array_equal(on_all_threads(function)(*pair), function(*pair))
    for pair in (
        (x, y.astype(np.float64)),
        (x, y.astype(">f4")),
        (x.astype(">f4"), y),
        (x, y[0]),
        (x[:, ::2], y[:, ::2]),
        (x.T, y.T),
        (x, fixed),
        (x.astype(np.float16), y.astype(np.float16)),
    ):
        np.testing.assert_array_equal(on_all_threads(function)(*pair), function(*pair), strict=True)


@pytest.mark.usefixtures("no_kernels")
def test_all_is_left_to_numpy_where_nothing_was_launched_or_numpy_has_to_warn_of_small_results(monkeypatch):
    x = np.full(LARGE, 1e-30, np.float32)
    with np.errstate(under="raise"), pytest.raises(FloatingPointError, match="underflow"):
        on_all_threads(np.multiply)(x, x)
    for layer in (None, "omp"):
        monkeypatch.setattr(threads, "_threading_layer", lambda layer=layer: layer)
        assert not on_all_threads(np.multiply)(x, x).any()


@pytest.mark.parametrize("place", [0, LARGE // 2, LARGE - 1])
def test_numpy_warns_of_what_is_not_finite(place):
    x, y = numbers(LARGE, np.float32), numbers(LARGE, np.float32, 1)
    x[place], y[place] = np.finfo(np.float32).max, 0
    with pytest.warns(RuntimeWarning, match="divide by zero"):
        out = on_all_threads(np.true_divide)(x, y)
    assert out[place] == np.inf
    assert np.isinf(out).sum() == 1
    with pytest.warns(RuntimeWarning, match="overflow"):
        assert on_all_threads(np.multiply)(x, x)[place] == np.inf
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        x[place], y[place] = np.inf, np.nan
        assert np.isnan(on_all_threads(np.subtract)(x, y)[place])
        assert on_all_threads(np.add)(x, x)[place] == np.inf


def test_a_number_beyond_the_dtype_is_treated_as_by_numpy():
    x = numbers(2 * LARGE, np.float32)
    with pytest.warns(RuntimeWarning, match="overflow"):
        expected = x * 1e300
    with pytest.warns(RuntimeWarning, match="overflow"):
        np.testing.assert_array_equal(on_all_threads(np.multiply)(x, 1e300), expected)


@compiled
@pytest.mark.parametrize("dtype", DTYPES)
def test_large_tensors_are_calculated_by_kernels_and_small_ones_by_numpy(dtype, monkeypatch):
    calls = []
    calculate = arithmetic.calculate

    def count(function, *operands):
        calls.append(function)
        return calculate(function, *operands)

    monkeypatch.setattr(arithmetic, "calculate", count)
    a, b = numbers(LARGE, dtype), numbers(LARGE, dtype, 1)
    results = []
    for size in (LARGE - 1, LARGE):
        x, y = (autograd.tensor(array[:size], requires_grad=True) for array in (a, b))
        calls.clear()
        out = (x + y) * (x - y) / x
        out.backward(np.ones(size, dtype))
        # x gets a gradient from three places, and the first two of them are added so.
        assert calls[:4] == ([np.add, np.subtract, np.multiply, np.true_divide] if size == LARGE else [])
        assert (np.add in calls[4:]) == (size == LARGE)
        results.append([t.detach().numpy()[: LARGE - 1] for t in (out, x.grad, y.grad)])
    for large, small in zip(*results[::-1], strict=True):
        np.testing.assert_array_equal(large, small)
    ratio = (b / a)[:-1].astype(np.float64)
    eps = np.finfo(dtype).eps
    np.testing.assert_allclose(results[1][1], 1 + ratio**2, rtol=16 * eps)
    np.testing.assert_allclose(results[1][2], -2 * ratio, rtol=16 * eps)
