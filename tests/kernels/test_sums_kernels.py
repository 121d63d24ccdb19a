"""The kernels of sums and tables against plain NumPy, and the operations that call them against PyTorch."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd
import nn.functional as F
from autograd.kernels import reference_sums as reference
from autograd.kernels import sums

DTYPES = (np.float32, np.float64)
widths = st.sampled_from([0, 1, 2, 15, 33, 256, 1000, 1025, 32768, 32769, 70000])


def normal(shape, dtype=np.float32, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 9), widths, st.sampled_from(DTYPES))
def test_row_sums_agree_with_the_reference(rows, columns, dtype):
    x = normal((rows, columns), dtype)
    out = sums.row_sums(x)
    assert out.dtype == dtype
    assert out.shape == (rows,)
    rounding = np.finfo(dtype).eps * np.abs(x).astype(np.longdouble).sum(1)
    assert (np.abs(out - reference.row_sums(x.astype(np.longdouble))) <= rounding).all()


def test_a_long_sum_is_as_good_as_torchs():
    torch = pytest.importorskip("torch")
    x = np.random.default_rng(0).random((1, 3_000_001), np.float32)
    exact = x.astype(np.float64).sum()
    theirs = abs(float(torch.from_numpy(x).sum()) - exact)
    assert abs(sums.row_sums(x)[0] - exact) <= max(2 * theirs, np.spacing(np.float32(exact)))


@pytest.mark.parametrize("special", [np.nan, np.inf, -np.inf])
def test_row_sums_keep_what_is_not_finite_in_its_row(special):
    x = np.ones((3, 40000), np.float32)
    x[1, 39999] = special
    np.testing.assert_array_equal(sums.row_sums(x), [40000, special, 40000])


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 40), st.integers(0, 70), st.integers(0, 3000), st.sampled_from(DTYPES))
def test_rows_are_taken_and_added_as_the_reference_does(rows, width, count, dtype):
    table, indices = normal((rows, width), dtype), np.random.default_rng(1).integers(0, rows, count)
    np.testing.assert_array_equal(sums.take_rows(table, indices), reference.take_rows(table, indices))
    gradient = normal((count, width), dtype, 2)
    out = sums.add_rows(gradient, indices, rows)
    assert out.dtype == dtype
    np.testing.assert_array_equal(out, reference.add_rows(gradient, indices, rows))


@pytest.mark.parametrize("dims", [None, 0, 1, -1, (1, 2), (-1, 1), (0, 2), (0, 1, 2)])
@pytest.mark.parametrize("keepdim", [False, True])
@pytest.mark.parametrize("layout", ["plain", "transposed", "read-only"])
def test_sums_and_means_of_many_numbers_agree_with_torch(dims, keepdim, layout):
    torch = pytest.importorskip("torch")
    x = normal((30, 40, 50))
    if layout == "transposed":
        x = x.transpose(2, 0, 1)
    if layout == "read-only":
        x.flags.writeable = False
    ours, theirs = autograd.tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    for name in ("sum", "mean"):
        a, b = getattr(ours, name)(dims, keepdim), getattr(theirs, name)(dims, keepdim)
        assert a.shape == tuple(b.shape)
        np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=1e-5, atol=1e-4)
        ours.grad = theirs.grad = None
        (a * a).sum().backward()
        (b * b).sum().backward()
        np.testing.assert_allclose(ours.grad.numpy(), theirs.grad.numpy(), rtol=1e-5, atol=1e-3)


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("single", [False, True])
def test_the_average_of_whole_images_agrees_with_torch(count, single):
    torch = pytest.importorskip("torch")
    name = f"adaptive_avg_pool{count}d"
    x = normal((3,) * (not single) + (5, *[30, 20, 10][:count]))
    ours, theirs = autograd.tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    a, b = getattr(F, name)(ours, 1), getattr(torch.nn.functional, name)(theirs, 1)
    assert a.shape == tuple(b.shape)
    np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=1e-5, atol=1e-6)
    (a * a).sum().backward()
    (b * b).sum().backward()
    np.testing.assert_allclose(ours.grad.numpy(), theirs.grad.numpy(), rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("padding", [None, 3])
def test_an_embedding_of_many_rows_agrees_with_torch(padding):
    torch = pytest.importorskip("torch")
    table, indices = normal((300, 64)), np.random.default_rng(1).integers(0, 300, (20, 30))
    ours, theirs = autograd.tensor(table, requires_grad=True), torch.tensor(table, requires_grad=True)
    a = F.embedding(autograd.tensor(indices), ours, padding)
    b = torch.nn.functional.embedding(torch.tensor(indices), theirs, padding)
    np.testing.assert_array_equal(a.detach().numpy(), b.detach().numpy())
    (a * a).sum().backward()
    (b * b).sum().backward()
    np.testing.assert_allclose(ours.grad.numpy(), theirs.grad.numpy(), rtol=1e-5, atol=1e-5)


def test_the_gradient_of_a_large_embedding_is_differentiated():
    table = autograd.tensor(normal((300, 64)), requires_grad=True)
    out = F.embedding(autograd.tensor([2, 2, 5]), table)
    (first,) = autograd.grad((out * out * out).sum(), table, create_graph=True)
    (second,) = autograd.grad(first.sum(), table)
    expected = np.zeros((300, 64), np.float32)
    expected[2], expected[5] = 12 * table.detach().numpy()[2], 6 * table.detach().numpy()[5]
    np.testing.assert_allclose(second.numpy(), expected, rtol=1e-5)
