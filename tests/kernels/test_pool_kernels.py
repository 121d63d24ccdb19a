"""The pooling kernels against plain NumPy, against PyTorch, and as adjoints."""

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from autograd.kernels import pool, reference
from autograd.kernels.sharing import share_out

DTYPES = (np.float32, np.float64)


def output_size(size, kernel, stride, padding, dilation, ceil_mode):
    """PyTorch's rule: with ceil_mode a last window may hang over, unless it would begin in the right padding."""
    out = []
    for axis in range(2):
        room = size[axis] + 2 * padding[axis] - dilation[axis] * (kernel[axis] - 1) - 1
        count = (-(-room // stride[axis]) if ceil_mode else room // stride[axis]) + 1
        if ceil_mode and (count - 1) * stride[axis] >= size[axis] + padding[axis]:
            count -= 1
        out.append(count)
    return tuple(out)


@st.composite
def problems(draw, dilated):
    """(x shape, kernel, stride, padding, dilation, ceil_mode), padding at most half the kernel, as PyTorch asks."""
    pair = lambda low, high: st.tuples(st.integers(low, high), st.integers(low, high))  # noqa: E731
    kernel, stride = draw(pair(1, 5)), draw(pair(1, 4))
    dilation = draw(pair(1, 3)) if dilated else (1, 1)
    padding = tuple(draw(st.integers(0, k // 2)) for k in kernel)
    size = draw(pair(1, 19))
    for axis in range(2):
        assume(size[axis] + 2 * padding[axis] > dilation[axis] * (kernel[axis] - 1))
    shape = (draw(st.integers(0, 3)), draw(st.integers(1, 4)), *size)
    return shape, kernel, stride, padding, dilation, draw(st.booleans())


def tied(shape, dtype, seed=0):
    """Numbers of which many are equal."""
    return np.random.default_rng(seed).integers(-3, 4, shape).astype(dtype)


@settings(max_examples=200, deadline=None)
@given(problems(dilated=True), st.sampled_from(DTYPES), st.sampled_from(["ties", "nan", "lowest"]))
def test_max_pool_agrees_with_the_reference(case, dtype, content):
    shape, kernel, stride, padding, dilation, ceil_mode = case
    size = output_size(shape[2:], kernel, stride, padding, dilation, ceil_mode)
    x = tied(shape, dtype)
    if content == "nan":
        x[x == 2] = np.nan
    if content == "lowest":
        x[x < 2] = -np.inf
    out, indices = pool.max_pool2d(x, kernel, stride, padding, dilation, size)
    expected, expected_indices = reference.max_pool2d(x, kernel, stride, padding, dilation, size)
    assert out.dtype == dtype
    assert indices.dtype == np.int32
    np.testing.assert_array_equal(out, expected)
    np.testing.assert_array_equal(indices, expected_indices)


@settings(max_examples=100, deadline=None)
@given(
    st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(2, 9), st.integers(2, 80)),
    st.sampled_from([(1, 2), (2, 2)]),
    st.sampled_from(DTYPES),
)
@example((1, 1, 2, 2), (2, 2), np.float32)
@example((2, 3, 5, 67), (2, 2), np.float32)
def test_pairs_agree_with_the_reference_in_rows_of_any_length(shape, kernel, dtype):
    size = shape[2] // kernel[0], shape[3] // 2
    x = tied(shape, dtype)
    x[x == 2] = np.nan
    attributes = kernel, kernel, (0, 0), (1, 1), size
    kernels = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pool, "share_out", lambda *a: (kernels.append(a[0]), share_out(*a)))
        pool.max_pool2d(x, *attributes)
    assert kernels == [pool.max_pool_pairs]
    for result, expected in zip(pool.max_pool2d(x, *attributes), reference.max_pool2d(x, *attributes), strict=True):
        np.testing.assert_array_equal(result, expected)


@settings(max_examples=200, deadline=None)
@given(problems(dilated=True), st.sampled_from(["ties", "nan", "lowest"]))
def test_max_pool_agrees_with_torch(case, content):
    torch = pytest.importorskip("torch")
    shape, kernel, stride, padding, dilation, ceil_mode = case
    size = output_size(shape[2:], kernel, stride, padding, dilation, ceil_mode)
    x = tied(shape, np.float32)
    if content == "nan":
        x[x == 2] = np.nan
    if content == "lowest":
        x[x < 2] = -np.inf
    expected, expected_indices = torch.nn.functional.max_pool2d(
        torch.from_numpy(x), kernel, stride, padding, dilation, ceil_mode, return_indices=True
    )
    assert tuple(expected.shape[2:]) == size
    out, indices = pool.max_pool2d(x, kernel, stride, padding, dilation, size)
    np.testing.assert_array_equal(out, expected.numpy())
    # Where a window holds no number PyTorch's index is outside of the image.
    some = indices >= 0
    np.testing.assert_array_equal(indices[some], expected_indices.numpy()[some])
    assert np.all(out[~some] == -np.inf)


@settings(max_examples=100, deadline=None)
@given(problems(dilated=True), st.sampled_from(DTYPES))
def test_max_pool_backward_and_gather_are_adjoints_and_agree_with_the_reference(case, dtype):
    shape, kernel, stride, padding, dilation, ceil_mode = case
    size = output_size(shape[2:], kernel, stride, padding, dilation, ceil_mode)
    _, indices = reference.max_pool2d(tied(shape, dtype), kernel, stride, padding, dilation, size)
    # Small whole numbers, so that sums are exact in any order.
    gradient, other = tied(indices.shape, dtype, seed=1), tied(shape, dtype, seed=2)
    backward = pool.max_pool2d_backward(gradient, indices, shape[2:])
    np.testing.assert_array_equal(backward, reference.max_pool2d_backward(gradient, indices, shape[2:]))
    gathered = pool.max_pool2d_gather(other, indices)
    np.testing.assert_array_equal(gathered, reference.max_pool2d_gather(other, indices))
    assert backward.dtype == gathered.dtype == dtype
    assert np.vdot(backward, other) == np.vdot(gradient, gathered)


def test_overlapping_windows_add_in_the_backward():
    x = np.zeros((1, 1, 3, 3), np.float32)
    x[0, 0, 1, 1] = 1
    out, indices = pool.max_pool2d(x, (2, 2), (1, 1), (0, 0), (1, 1), (2, 2))
    np.testing.assert_array_equal(out, np.ones((1, 1, 2, 2)))
    np.testing.assert_array_equal(indices, np.full((1, 1, 2, 2), 4))
    backward = pool.max_pool2d_backward(out, indices, (3, 3))
    np.testing.assert_array_equal(backward, 4 * x)


def test_a_window_without_a_number_takes_no_part():
    x = np.ones((1, 1, 1, 1), np.float32)
    out, indices = pool.max_pool2d(x, (1, 2), (1, 1), (0, 1), (1, 2), (1, 1))
    assert out.item() == -np.inf
    assert indices.item() == -1
    assert pool.max_pool2d_backward(np.ones_like(out), indices, (1, 1)).item() == 0
    assert pool.max_pool2d_gather(x, indices).item() == 0


def test_max_pool_of_whole_numbers():
    x = np.arange(-8, 8, dtype=np.int64).reshape(1, 1, 4, 4)
    out, indices = pool.max_pool2d(x, (2, 2), (2, 2), (0, 0), (1, 1), (2, 2))
    np.testing.assert_array_equal(out, [[[[-3, -1], [5, 7]]]])
    np.testing.assert_array_equal(indices, [[[[5, 7], [13, 15]]]])


averages = st.tuples(problems(dilated=False), st.booleans(), st.sampled_from([0, 0, 1, 3, 7]))


@settings(max_examples=200, deadline=None)
@given(averages, st.sampled_from(DTYPES))
def test_average_pool_agrees_with_the_reference(case, dtype):
    (shape, kernel, stride, padding, _, ceil_mode), count_include_pad, divisor = case
    size = output_size(shape[2:], kernel, stride, padding, (1, 1), ceil_mode)
    x = np.random.default_rng(0).standard_normal(shape).astype(dtype)
    out = pool.avg_pool2d(x, kernel, stride, padding, size, count_include_pad, divisor)
    expected = reference.avg_pool2d(x, kernel, stride, padding, size, count_include_pad, divisor)
    tolerance = {np.float32: 3e-6, np.float64: 1e-14}[dtype] * 25
    assert out.dtype == dtype
    np.testing.assert_allclose(out, expected, rtol=0, atol=tolerance)
    gradient = np.random.default_rng(1).standard_normal(out.shape).astype(dtype)
    arguments = (shape[2:], kernel, stride, padding, count_include_pad, divisor)
    backward = pool.avg_pool2d_backward(gradient, *arguments)
    assert backward.dtype == dtype
    np.testing.assert_allclose(backward, reference.avg_pool2d_backward(gradient, *arguments), rtol=0, atol=tolerance)


@settings(max_examples=200, deadline=None)
@given(averages)
def test_average_pool_agrees_with_torch(case):
    torch = pytest.importorskip("torch")
    (shape, kernel, stride, padding, _, ceil_mode), count_include_pad, divisor = case
    size = output_size(shape[2:], kernel, stride, padding, (1, 1), ceil_mode)
    x = np.random.default_rng(0).standard_normal(shape)
    tensor = torch.from_numpy(x).requires_grad_()
    expected = torch.nn.functional.avg_pool2d(
        tensor, kernel, stride, padding, ceil_mode, count_include_pad, divisor or None
    )
    assert tuple(expected.shape[2:]) == size
    out = pool.avg_pool2d(x, kernel, stride, padding, size, count_include_pad, divisor)
    np.testing.assert_allclose(out, expected.detach().numpy(), rtol=0, atol=1e-13)
    gradient = np.random.default_rng(1).standard_normal(out.shape)
    expected.backward(torch.from_numpy(gradient))
    backward = pool.avg_pool2d_backward(gradient, shape[2:], kernel, stride, padding, count_include_pad, divisor)
    np.testing.assert_allclose(backward, tensor.grad.numpy(), rtol=0, atol=1e-13)


@settings(max_examples=60, deadline=None)
@given(averages)
def test_average_pool_backward_is_the_adjoint(case):
    (shape, kernel, stride, padding, _, ceil_mode), count_include_pad, divisor = case
    size = output_size(shape[2:], kernel, stride, padding, (1, 1), ceil_mode)
    x = np.random.default_rng(0).standard_normal(shape)
    out = pool.avg_pool2d(x, kernel, stride, padding, size, count_include_pad, divisor)
    gradient = np.random.default_rng(1).standard_normal(out.shape)
    backward = pool.avg_pool2d_backward(gradient, shape[2:], kernel, stride, padding, count_include_pad, divisor)
    assert np.vdot(out, gradient) == pytest.approx(np.vdot(x, backward), rel=1e-10, abs=1e-10)
