"""How tensors print: PyTorch's text, but for the names of dtypes and of the operation."""

from __future__ import annotations

import re

import numpy as np
import pytest

import autograd

SHAPES = [(), (1,), (3,), (7,), (20,), (30,), (2, 3), (3, 1, 2), (2, 2, 2, 2), (0,), (2, 0), (0, 3)]
LARGE = [(1000,), (1001,), (40, 40), (7, 200), (200, 7), (11, 10, 10), (3, 400), (1, 1, 1100), (4, 5, 6, 10)]
FLOATS = ["float32", "float64", "float16"]
INTEGERS = ["int64", "int32", "int16", "int8", "uint8"]
SCALES = [1, 1e-3, 1e-5, 1e4, 1e9, 1e-40, 3e4]


def joined(text):
    """The text with what follows the numbers on their line: `torch.float64` is longer than `float64`."""
    return re.sub(r",\s+(dtype|requires_grad|size|grad_fn)=", r", \1=", text.replace("torch.", ""))


def check(torch, array):
    theirs = torch.from_numpy(np.array(array))
    ours = autograd.tensor(array)
    assert joined(repr(ours)) == joined(repr(theirs))
    if ours.dtype == np.float32:
        assert repr(ours) == repr(theirs)
        assert repr(ours.requires_grad_()) == repr(theirs.requires_grad_())
    assert str(ours) == repr(ours)


def variants(array):
    """The array, rounded, with nan and inf, and with one large number beside a zero."""
    yield array
    yield np.round(array)
    if array.size > 2:
        special = array.copy()
        special.flat[:3] = [np.nan, np.inf, -np.inf]
        yield special
        yield np.round(special)
        wide = array.copy()
        wide.flat[0], wide.flat[-1] = 0, 1e4
        yield wide


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("scale", SCALES)
def test_random_floats(torch, rng, dtype, scale):
    for shape in SHAPES:
        with np.errstate(all="ignore"):
            array = np.asarray(rng.standard_normal(shape) * scale).astype(dtype)
        for variant in variants(array):
            check(torch, variant)


@pytest.mark.parametrize("dtype", ["float32", *INTEGERS, "bool"])
def test_large_tensors_are_shortened(torch, rng, dtype):
    for shape in LARGE:
        if dtype == "float32":
            arrays = [rng.standard_normal(shape), np.round(rng.standard_normal(shape) * 100)]
        else:
            arrays = [rng.integers(0, 2 if dtype == "bool" else 120, shape)]
        for array in arrays:
            check(torch, array.astype(dtype))


@pytest.mark.parametrize("dtype", [*INTEGERS, "bool"])
def test_random_integers_and_bools(torch, rng, dtype):
    for shape in SHAPES:
        low, high = (0, 2) if dtype == "bool" else (0, 200) if dtype == "uint8" else (-100, 100)
        check(torch, rng.integers(low, high, shape).astype(dtype))


@pytest.mark.parametrize(
    "numbers",
    [
        0.0, -0.0, 3.0, -2.5, 1e-4, 9.9e-5, 1e8, 1.0000001e8, 1e20, 1e-20, 1000.5, 99999.125, np.nan, np.inf, -np.inf,
        [1.0, 1000.0], [1.0, 1001.0], [0.5, 500.0], [0.5, 501.0], [1e8, 1e5], [1e8, 1e4], [np.nan, np.nan],
        [np.inf, 1.5], [np.inf, 1.0], [0.0, 0.0], [0.0, np.nan], [1e-5, 1.0], [123456789.0, 1.0], [99999.0, 0.1],
        [-1.0, 2.0], [-1.5, 20.25], [1e-45, 1e38], [-0.0, 5.0], [[1e10]], [[[np.nan]]], [2.0**53],
    ],
)  # fmt: skip
def test_chosen_floats(torch, numbers):
    for dtype in FLOATS:
        with np.errstate(over="ignore"):
            check(torch, np.asarray(numbers, dtype=dtype))


@pytest.mark.parametrize("numbers", [2**62, -5, [2**62, -1], [-(2**63), 2**63 - 1], True, [[False]], [0, -100, 7]])
def test_chosen_integers(torch, numbers):
    check(torch, np.asarray(numbers))


def test_layouts_that_are_not_contiguous(torch):
    array = np.arange(24.0, dtype="float32").reshape(4, 6)
    for view in (array.T, array[::2, ::-1], np.broadcast_to(array[0], (3, 6))):
        assert repr(autograd.from_numpy(view)) == repr(torch.tensor(view.copy()))


def test_suffixes_move_to_a_new_line_as_in_pytorch(torch):
    for count in range(1, 14):
        ours, theirs = autograd.ones(count, requires_grad=True), torch.ones(count, requires_grad=True)
        assert repr(ours) == repr(theirs)
        assert repr(ours * 1.5).split(" grad_fn")[0].split() == repr(theirs * 1.5).split(" grad_fn")[0].split()
    long = repr(autograd.ones(14, dtype="float64", requires_grad=True))
    assert all(len(line) <= 80 for line in long.split("\n"))
    assert long.endswith("dtype=float64,\n       requires_grad=True)")


def test_where_a_tensor_came_from():
    x = autograd.tensor([1.0, 2.0], requires_grad=True)
    assert repr(x) == "tensor([1., 2.], requires_grad=True)"
    assert repr(x * 2) == "tensor([2., 4.], grad_fn=<mul>)"
    assert repr((x * 2).detach()) == "tensor([2., 4.])"
    assert repr(x.double()) == "tensor([1., 2.], dtype=float64, grad_fn=<to_dtype>)"
    values, _ = x.max(0)
    assert repr(values).startswith("tensor(2., grad_fn=<max")
    assert repr(autograd.zeros(0, 3, dtype="int64")) == "tensor([], size=(0, 3), dtype=int64)"
    assert repr(autograd.zeros(2, dtype="float16")) == "tensor([0., 0.], dtype=float16)"


def test_printing_a_large_tensor_touches_its_edges_alone():
    import time

    x = autograd.ones(3000, 3000)
    start = time.perf_counter()
    text = repr(x)
    assert time.perf_counter() - start < 0.5
    assert len(text) < 500
