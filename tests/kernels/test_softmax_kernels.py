"""The kernels of softmax and cross-entropy against plain NumPy in float64, and the operations that call them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd
import nn.functional as F
from autograd.kernels import reference_softmax as reference
from autograd.kernels import softmax

shapes = st.tuples(st.integers(0, 9), st.sampled_from([1, 2, 10, 16, 33, 100, 1000, 1500]))


def normal(shape, seed=0, scale=3.0):
    return (np.random.default_rng(seed).standard_normal(shape) * scale).astype(np.float32)


def wide(*arrays):
    return [a.astype(np.float64) if a.dtype.kind == "f" else a for a in arrays]


@settings(max_examples=30, deadline=None)
@given(shapes, st.sampled_from([0.0, 1000.0, -1e30]))
def test_softmax_and_its_logarithm_agree_with_the_reference(shape, shift):
    x, gradient = normal(shape) + np.float32(shift), normal(shape, 1)
    for name in ("softmax", "log_softmax"):
        out = getattr(softmax, name)(x)
        assert out.dtype == np.float32
        if x.size:
            np.testing.assert_allclose(out, getattr(reference, name)(*wide(x)), rtol=3e-6, atol=1e-6)
        backward = getattr(softmax, f"{name}_backward")(gradient, out)
        expected = getattr(reference, f"{name}_backward")(*wide(gradient, out))
        np.testing.assert_allclose(backward, expected, rtol=3e-6, atol=2e-5)


@settings(max_examples=30, deadline=None)
@given(shapes)
def test_cross_entropy_agrees_with_the_reference(shape):
    x, scale = normal(shape), normal(shape[0], 1)
    target = np.random.default_rng(2).integers(0, shape[1], shape[0])
    if not x.size:
        assert softmax.cross_entropy(x, target).shape == (0,)
        return
    np.testing.assert_allclose(
        softmax.cross_entropy(x, target), reference.cross_entropy(*wide(x, target)), rtol=2e-6, atol=2e-6
    )
    backward = softmax.cross_entropy_backward(x, target, scale)
    expected = reference.cross_entropy_backward(*wide(x, target, scale))
    np.testing.assert_allclose(backward, expected, rtol=3e-6, atol=3e-6)


@pytest.mark.filterwarnings("ignore:invalid value", "ignore:overflow")
def test_what_is_not_a_number_spoils_its_row_alone():
    x = normal((4, 40))
    x[0, 5], x[1, 7], x[2] = np.nan, -np.nan, -np.inf
    for function in (softmax.softmax, softmax.log_softmax):
        assert (np.isnan(function(x)).all(1) == [True, True, True, False]).all()
    x[2, 3] = 0
    np.testing.assert_array_equal(softmax.softmax(x)[2], np.eye(40)[3])


def test_shares_of_several_threads_meet(call):
    x = normal((7, 33))
    out = np.full_like(x, np.nan)
    for thread in range(3):
        call(softmax._softmax, thread, 3, x, out)
    np.testing.assert_array_equal(out, softmax.softmax(x))


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("shape", [(64, 100), (2, 50, 8, 9)])
def test_many_scores_get_the_losses_and_gradients_of_few(shape, reduction):
    x, y = normal(shape), np.random.default_rng(1).integers(0, shape[1], (shape[0], *shape[2:]))
    results = []
    for dtype in (np.float32, np.float64):
        scores = autograd.tensor(x.astype(dtype), requires_grad=True)
        loss = F.cross_entropy(scores, autograd.tensor(y), reduction=reduction)
        (slope,) = autograd.grad(loss.sum(), scores, create_graph=True)
        (loss * loss).sum().backward()
        results.append((loss.detach().numpy(), scores.grad.numpy(), slope.detach().numpy()))
    for single, double in zip(*results, strict=True):
        np.testing.assert_allclose(single, double, rtol=5e-6, atol=5e-6 * np.abs(double).max())
