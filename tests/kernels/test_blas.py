"""Matrix products on our threads against NumPy's own."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd.kernels import blas, product, threads

ROOT = Path(__file__).parents[2]
needs_library = pytest.mark.skipif(blas.held is None, reason="NumPy's BLAS is not one that is called by address")


def matrices(random, batch, rows, columns, dtype, way):
    """Random matrices whose rows, or columns, or neither are without gaps."""
    if way == "columns":
        return random.standard_normal((*batch, columns, rows)).astype(dtype).swapaxes(-1, -2)
    if way == "gaps":
        return random.standard_normal((*batch, rows, columns + 3)).astype(dtype)[..., :columns]
    if way == "strided":
        return random.standard_normal((*batch, rows, 2 * columns)).astype(dtype)[..., ::2]
    return random.standard_normal((*batch, rows, columns)).astype(dtype)


def assert_close(actual, expected, depth):
    """As near as sums of `depth` products are in the arrays' dtype."""
    assert actual.dtype == expected.dtype
    np.testing.assert_allclose(actual, expected, rtol=0, atol=np.finfo(actual.dtype).eps * 8 * max(depth, 1))


sizes = st.tuples(st.integers(0, 70), st.integers(0, 70), st.integers(0, 70))
ways = st.sampled_from(["rows", "columns", "gaps", "strided"])
dtypes = st.sampled_from([np.float32, np.float64])


@settings(max_examples=150, deadline=None)
@given(sizes, st.sampled_from([(), (1,), (2,), (3,), (9,), (2, 3)]), ways, ways, dtypes, st.sampled_from([0, 1 << 21]))
def test_products_agree_with_those_of_numpy(size, batch, left_way, right_way, dtype, small):
    M, N, K = size
    random = np.random.default_rng(0)
    left, right = matrices(random, batch, M, K, dtype, left_way), matrices(random, batch, K, N, dtype, right_way)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blas, "SMALL", small)
        assert_close(blas.matmul(left, right), np.matmul(left, right), K)


@settings(max_examples=100, deadline=None)
@given(sizes, st.integers(1, 5), ways, ways, dtypes, st.booleans(), st.booleans())
def test_sums_of_products_agree_with_those_of_numpy(size, batch, left_way, right_way, dtype, summed, add):
    M, N, K = size
    random = np.random.default_rng(1)
    left, right = matrices(random, (batch,), M, K, dtype, left_way), matrices(random, (batch,), K, N, dtype, right_way)
    # Rows of the result lie apart, and what is between them is nobody's.
    whole = random.standard_normal((1 if summed else batch, M, N + 2)).astype(dtype)
    out, expected = whole[..., :N], np.matmul(left, right)
    expected = (expected.sum(0, keepdims=True) if summed else expected) + (out if add else 0)
    beside = whole[..., N:].copy()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blas, "SMALL", 0)
        blas.products(left, right, out, summed=summed, add=add)
    assert_close(out, expected.astype(dtype), K * batch)
    np.testing.assert_array_equal(whole[..., N:], beside)


@settings(max_examples=50, deadline=None)
@given(sizes, st.integers(1, 5), dtypes, st.sampled_from([0, 1 << 21]))
def test_a_bias_is_added_to_every_product(size, batch, dtype, small):
    M, N, K = size
    random = np.random.default_rng(4)
    left, right = matrices(random, (batch,), M, K, dtype, "rows"), matrices(random, (batch,), K, N, dtype, "rows")
    bias = random.standard_normal(M).astype(dtype)
    whole = np.full((batch, M, N + 2), 7, dtype)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blas, "SMALL", small)
        blas.products(left, right, whole[..., :N], bias=bias)
    assert_close(whole[..., :N], np.matmul(left, right) + bias[:, None], K + 1)
    assert (whole[..., N:] == 7).all()


def test_one_matrix_may_stand_for_a_batch():
    random = np.random.default_rng(2)
    left, right = random.standard_normal((40, 30)), random.standard_normal((6, 30, 20))
    out = np.empty((6, 40, 20))
    blas.products(np.broadcast_to(left, (6, 40, 30)), right, out)
    assert_close(out, left @ right, 30)


@needs_library
def test_the_library_has_its_threads_back_afterwards():
    before = blas.held._get()
    left = np.ones((200, 200))
    workers = [threading.Thread(target=lambda: [blas.matmul(left, left) for _ in range(50)]) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    with blas.held, blas.held:
        assert blas.held._get() == 1
    assert blas.held._get() == before


@needs_library
def test_products_beside_kernels_are_calculated_on_their_threads(monkeypatch):
    shared = []
    monkeypatch.setattr(blas, "products", lambda left, right, out: shared.append(left.shape))
    monkeypatch.setattr(blas, "_among_kernels", lambda: False)
    left, right = np.ones((200, 200)), np.ones((200, 200))  # float64, which is always BLAS's
    blas.matmul(left, right)
    assert not shared
    blas.matmul(left, right, beside=True)
    monkeypatch.setattr(blas, "_among_kernels", lambda: True)
    blas.matmul(left, right)
    assert shared == [(1, 200, 200)] * 2


@needs_library
@pytest.mark.skipif(threads.config.NUMBA_NUM_THREADS < 2, reason="there is one thread")
def test_a_limit_that_is_set_during_a_product_stays(monkeypatch):
    before = blas.held._get()
    monkeypatch.setattr(threads, "_limit", 0)
    try:
        blas.held._set(2)
        with blas.held:
            threads.set_thread_count(1)
        assert blas.held._get() == 1
    finally:
        blas.held._set(before)


@needs_library
@pytest.mark.parametrize("narrow", [False, True])
def test_products_of_a_batch_are_left_to_kernels_where_blas_takes_shorter_vectors(monkeypatch, narrow):
    random = np.random.default_rng(4)
    left, right = (random.standard_normal((3, 40, 40)).astype(np.float32) for _ in range(2))
    asked, multiply = [], product.multiply_matrices

    def ask(*given, **named):
        asked.append(given[0].shape)
        return multiply(*given, **named)

    monkeypatch.setattr(blas, "narrow", narrow)
    monkeypatch.setattr(product, "multiply_matrices", ask)
    bias, out = random.standard_normal(40).astype(np.float32), np.empty((3, 40, 40), np.float32)
    blas.products(left, right, out, bias=bias)
    assert_close(out, left @ right + bias[:, None], 40)
    assert len(asked) == (3 if narrow else 0)
    for out, changes in ((np.zeros((1, 40, 40), np.float32), {"summed": True}), (np.zeros_like(left), {"add": True})):
        blas.products(left, right, out, **changes)
        assert_close(out, (left @ right).sum(0, keepdims=True) if "summed" in changes else left @ right, 120)
    assert len(asked) == (3 if narrow else 0)


def test_without_a_library_products_are_left_to_numpy(monkeypatch):
    random = np.random.default_rng(3)
    left, right = random.standard_normal((3, 40, 30)), random.standard_normal((3, 30, 20))
    expected = blas.matmul(left, right), blas.matmul(left, right).sum(0, keepdims=True)
    monkeypatch.setattr(blas, "held", None)
    assert_close(blas.matmul(left, right), expected[0], 30)
    out = np.ones((1, 40, 20))
    blas.products(left, right, out, summed=True, add=True)
    assert_close(out, expected[1] + 1, 90)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the platform has no fork")
def test_a_forked_child_may_multiply():
    code = """
import os
import numpy as np
from autograd.kernels import blas, threads
left = np.random.default_rng(0).standard_normal((300, 300))
expected = blas.matmul(left, left)
child = os.fork()
if child == 0:
    os._exit(0 if np.array_equal(blas.matmul(left, left), expected) else 1)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    result = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert result.stdout.splitlines()[-1] == "0", result.stderr
