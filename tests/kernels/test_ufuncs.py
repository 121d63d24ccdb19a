"""Kernels as NumPy functions: on arrays of any layout, the same numbers as a kernel gives on its own."""

import inspect
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd
import nn.functional as F
from autograd.kernels import activations, ufuncs
from autograd.kernels.sharing import share_out

compiled = pytest.mark.skipif(not ufuncs.available, reason="kernels are not compiled")


def alone(kernel, *arrays, settings=()):
    """What the kernel gives on copies that lie side by side."""
    arrays = [np.array(array, order="C") for array in np.broadcast_arrays(*arrays)]
    out = np.empty_like(arrays[0])
    share_out(kernel, 1, *[array.reshape(-1) for array in (*arrays, out)], *map(np.float32, settings))
    return out


def laid_out(rng, rows, columns, layout):
    """An array of this shape whose numbers lie side by side, apart, in columns, backwards, or are one number."""
    wide = rng.standard_normal((2 * rows, 3 * columns), dtype=np.float32)
    return {
        "dense": lambda: np.ascontiguousarray(wide[:rows, :columns]),
        "part": lambda: wide[:rows, columns : 2 * columns],
        "steps": lambda: wide[::2, ::3],
        "turned": lambda: wide.T[:columns, :rows].T,
        "backwards": lambda: wide[rows - 1 :: -1, columns - 1 :: -1],
        "one": lambda: np.broadcast_to(wide[0, 0], (rows, columns)),
    }[layout]()


LAYOUTS = st.sampled_from(["dense", "part", "steps", "turned", "backwards", "one"])


@compiled
@given(st.integers(1, 40), st.integers(1, 700), LAYOUTS, LAYOUTS, st.integers(0, 99))
def test_any_layout_gives_the_same_numbers(rows, columns, first, second, seed):
    rng = np.random.default_rng(seed)
    x, g = laid_out(rng, rows, columns, first), laid_out(rng, rows, columns, second)
    forward, backward = activations._FORWARD["softplus"], activations._BACKWARD["softplus"]
    settings = (2.0, 3.0)
    np.testing.assert_array_equal(
        ufuncs.as_ufunc(forward, 1, 2)(x, *settings), alone(forward, x, settings=settings), strict=True
    )
    np.testing.assert_array_equal(
        ufuncs.as_ufunc(backward, 2, 2)(g, x, *settings), alone(backward, g, x, settings=settings), strict=True
    )


@compiled
def test_numpy_warns_of_nothing_that_a_kernel_does_inside():
    x = np.array([np.nan, np.inf, -np.inf, 1e38, -1e38, 1e-40, 0], np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for kernel in activations._FORWARD.values():
            # Beside (thread, threads, x, out).
            settings = len(inspect.signature(kernel.py_func).parameters) - 4
            ufuncs.as_ufunc(kernel, 1, settings)(x, *[0.5] * settings)


@compiled
def test_the_processors_own_marks_are_read_again_afterwards():
    ufuncs.as_ufunc(activations._FORWARD["relu"], 1, 0)(np.array([np.nan], np.float32))
    with pytest.warns(RuntimeWarning, match="divide by zero"):
        np.array([1.0], np.float32) / np.array([0.0], np.float32)


@pytest.mark.parametrize("count", [5000, 70000])
@pytest.mark.parametrize("available", [True, False])
def test_operations_give_the_same_on_either_way(count, available, monkeypatch):
    if available and not ufuncs.available:
        pytest.skip("kernels are not compiled")
    x = np.random.default_rng(0).standard_normal((2, count), dtype=np.float32)
    monkeypatch.setattr(ufuncs, "available", available)
    tensor = autograd.tensor(x, requires_grad=True)
    out = F.leaky_relu(tensor[:, ::2], np.float64(0.25))
    out.sum().backward()
    np.testing.assert_array_equal(out.detach().numpy(), np.where(x > 0, x, x * np.float32(0.25))[:, ::2])
    expected = np.where(x > 0, np.float32(1), np.float32(0.25))
    expected[:, 1::2] = 0
    np.testing.assert_array_equal(tensor.grad.numpy(), expected)
