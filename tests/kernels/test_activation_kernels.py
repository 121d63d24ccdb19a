"""The kernels of activation functions against plain NumPy in float64, and the operations that call them."""

import numpy as np
import pytest

import autograd
import nn.functional as F
from autograd.kernels import activations
from autograd.kernels import reference_activations as reference

SETTINGS = {"leaky_relu": (0.1,), "elu": (1.5,), "softplus": (2.0, 3.0), "hardtanh": (-0.5, 1.5)}
NAMES = list(activations._FORWARD)


# NumPy tells of overflow where kernels are not compiled: tanh(x) goes by e**(2 x).
pytestmark = pytest.mark.filterwarnings("ignore:overflow", "ignore:invalid value")


def numbers(count, seed=0):
    x = np.random.default_rng(seed).standard_normal(count) * 4
    return x.astype(np.float32)


def test_the_reference_has_the_same_functions():
    assert list(reference._FORWARD) == NAMES
    assert list(reference._SLOPES) == list(activations._BACKWARD)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("count", [0, 1, 37, 1000])
def test_forward_agrees_with_the_reference(name, count):
    x = numbers(count)
    out = activations.forward(name, x, *SETTINGS.get(name, ()))
    assert out.dtype == np.float32
    expected = reference.forward(name, x.astype(np.float64), *SETTINGS.get(name, ()))
    np.testing.assert_allclose(out, expected, rtol=4e-7, atol=6e-7)  # gelu's 1 + erf cancels below 0


@pytest.mark.parametrize("name", list(activations._BACKWARD))
def test_backward_agrees_with_the_reference(name):
    settings = SETTINGS.get(name, ())
    x, gradient = numbers(999), numbers(999, 1)
    saved = activations.forward(name, x, *settings) if name in ("relu", "tanh", "sigmoid") else x
    out = activations.backward(name, gradient, saved, *settings)
    wide = gradient.astype(np.float64), saved.astype(np.float64)
    assert out.dtype == np.float32
    np.testing.assert_allclose(out, reference.backward(name, *wide, *settings), rtol=2e-6, atol=4e-6)


def test_nan_passes_and_infinities_end_where_they_should():
    x = np.array([np.nan, np.inf, -np.inf], np.float32)
    for name in NAMES:
        assert np.isnan(activations.forward(name, x, *SETTINGS.get(name, ()))[0]), name
    np.testing.assert_array_equal(activations.forward("sigmoid", x)[1:], [1, 0])
    np.testing.assert_array_equal(activations.forward("tanh", x)[1:], [1, -1])
    np.testing.assert_array_equal(activations.forward("softplus", x, 1.0, 20.0)[1:], [np.inf, 0])
    np.testing.assert_array_equal(activations.forward("elu", x, 2.0)[1:], [np.inf, -2])


def test_shares_of_several_threads_meet(call):
    x = numbers(activations._SHARED + 5)
    out = np.full_like(x, np.nan)
    for thread in range(3):
        call(activations._FORWARD["tanh"], thread, 3, x, out)
    np.testing.assert_array_equal(out, activations.forward("tanh", x))


@pytest.mark.parametrize("name", ["relu", "gelu", "silu", "tanh", "elu", "softplus", "sigmoid", "hardtanh", "mish"])
def test_many_numbers_get_the_values_and_gradients_of_few(name):
    x = numbers(5000).reshape(50, 100)
    function = getattr(F, name)
    many, wide = (autograd.tensor(x.astype(dtype), requires_grad=True) for dtype in (np.float32, np.float64))
    function(many).sum().backward()
    function(wide).sum().backward()
    np.testing.assert_allclose(function(many).detach().numpy(), function(wide).detach().numpy(), rtol=4e-7, atol=6e-7)
    np.testing.assert_allclose(many.grad.numpy(), wide.grad.numpy(), rtol=2e-6, atol=2e-6)
    (slope,) = autograd.grad(function(many).sum(), many, create_graph=True)
    np.testing.assert_allclose(slope.detach().numpy(), wide.grad.numpy(), rtol=2e-6, atol=2e-6)
