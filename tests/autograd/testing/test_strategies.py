"""The strategies give what they promise, and serve to property-test a function in three lines."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, find, given, settings
from hypothesis import strategies as st

import autograd
from autograd.errors import ArgumentError, GradcheckError
from autograd.testing import gradcheck
from autograd.testing.strategies import (
    axes,
    broadcastable_shapes,
    broadcastable_tensors,
    dims,
    floating_dtypes,
    matmul_shapes,
    numbers,
    shapes,
    tensors,
)

few = settings(max_examples=30, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])


# --- the three lines


@few
@given(tensors(avoid=(0,)))
def test_mine(x: Any) -> None:
    gradcheck(lambda x: autograd.relu(x) * x, x)


def test_a_wrong_gradient_is_found_by_the_same_three_lines() -> None:
    def wrong(x: Any) -> Any:
        return x * x.detach()

    @few
    @given(tensors(avoid=(0,)))
    def mine(x: Any) -> None:
        gradcheck(wrong, x)

    with pytest.raises(GradcheckError, match="finite differences"):
        mine()


@few
@given(broadcastable_tensors(2, max_dims=2, max_side=3))
def test_arithmetic_of_broadcast_tensors(pair: Any) -> None:
    gradcheck(lambda x, y: x * y - x.sin() + y, pair)


@few
@given(tensors(shape=shapes(min_dims=1, max_dims=2), distinct=True, gap=0.001))
def test_extremes_of_distinct_numbers(x: Any) -> None:
    gradcheck(lambda x: (autograd.amax(x), autograd.min(x, 0).values), x)


@few
@given(st.data())
def test_matmul_of_all_shapes(data: Any) -> None:
    first, second = data.draw(matmul_shapes(max_dims=1, max_side=3))
    x, y = data.draw(tensors(first)), data.draw(tensors(second))
    assert autograd.matmul(x, y).shape == np.matmul(np.zeros(first), np.zeros(second)).shape
    gradcheck(autograd.matmul, (x, y))


@few
@given(st.data())
def test_sum_over_any_dimensions(data: Any) -> None:
    x = data.draw(tensors(shape=shapes(min_dims=1)))
    chosen = data.draw(axes(x.shape, min_size=1))
    np.testing.assert_allclose(x.sum(chosen).detach().numpy(), x.detach().numpy().sum(axis=chosen), atol=1e-12)
    gradcheck(lambda x: x.sum(chosen), x)


# --- what is promised


@few
@given(st.data())
def test_shapes_and_dims_are_within_bounds(data: Any) -> None:
    shape = data.draw(shapes(min_dims=1, max_dims=4, min_side=0, max_side=3))
    assert 1 <= len(shape) <= 4 and all(0 <= n <= 3 for n in shape)
    dim = data.draw(dims(shape))
    assert -len(shape) <= dim < len(shape)
    chosen = data.draw(axes(shape, min_size=1))
    assert len({d % len(shape) for d in chosen}) == len(chosen) >= 1
    assert data.draw(axes(())) == ()


@few
@given(broadcastable_shapes(3))
def test_groups_broadcast(group: Any) -> None:
    assert len(group) == 3
    np.broadcast_shapes(*group)


@pytest.mark.parametrize("wanted", [(1, 1), (1, 2), (2, 1), (2, 2), (3, 2), (2, 3), (3, 3)])
def test_every_kind_of_matmul_is_drawn(wanted: tuple[int, int]) -> None:
    found = find(matmul_shapes(), lambda pair: (len(pair[0]), len(pair[1])) == wanted)
    np.matmul(np.zeros(found[0]), np.zeros(found[1]))


@few
@given(st.data())
def test_numbers_keep_away_from_kinks(data: Any) -> None:
    width = data.draw(st.sampled_from([16, 32, 64]))
    x = data.draw(numbers(-1.0, 3.0, avoid=(0, 1, 3, 7), gap=0.25, width=width))
    assert -1 <= x <= 3
    assert min(abs(x - kink) for kink in (0, 1, 3, 7)) >= 0.25


@pytest.mark.parametrize("interval", [(-1.0, -0.25), (0.25, 0.75), (1.25, 2.75)])
def test_every_side_of_a_kink_is_drawn(interval: tuple[float, float]) -> None:
    low, high = interval
    found = find(numbers(-1.0, 3.0, avoid=(0, 1, 3), gap=0.25), lambda x: low < x < high)
    assert low < found < high


@few
@given(st.data())
def test_tensors_have_what_was_asked(data: Any) -> None:
    dtype = data.draw(floating_dtypes())
    x = data.draw(tensors(shape=(2, 3), dtype=dtype, low=0.5, high=1.5, avoid=(1,), gap=0.1))
    array = x.detach().numpy()
    assert x.shape == (2, 3) and x.dtype == dtype and x.requires_grad
    assert ((array >= 0.5) & (array <= 1.5) & (abs(array - 1) >= 0.099)).all()
    whole = data.draw(tensors(shape=(4,), dtype=autograd.int64, low=-3, high=3, avoid=(0,)))
    assert whole.dtype == autograd.int64 and not whole.requires_grad and 0 not in whole.tolist()
    assert not data.draw(tensors(requires_grad=False)).requires_grad
    assert data.draw(tensors(dtype=autograd.bool)).dtype == autograd.bool


@few
@given(tensors(shape=(3, 4), distinct=True, gap=0.05, avoid=(0,)))
def test_distinct_numbers_are_apart(x: Any) -> None:
    entries = np.sort(x.detach().numpy().ravel())
    assert np.diff(entries).min() >= 0.05 and abs(entries).min() >= 0.05


def test_bounds_that_leave_nothing() -> None:
    with pytest.raises(ArgumentError, match="nothing between"):
        numbers(0.0, 1.0, avoid=(0.5,), gap=0.6)
    with pytest.raises(ArgumentError, match="finite low <= high"):
        numbers(2.0, 1.0)
    with pytest.raises(ArgumentError, match="width is 8"):
        numbers(width=8)
    with pytest.raises(ArgumentError, match="no room for 100 numbers"):
        find(tensors(shape=(100,), distinct=True, gap=0.1), lambda x: True)


def test_without_hypothesis_the_error_names_the_command() -> None:
    program = (
        "import sys; sys.modules['hypothesis'] = None\n"
        "import autograd\n"
        "autograd.testing.gradcheck\n"
        "try:\n"
        "    import autograd.testing.strategies\n"
        "except autograd.errors.MissingExtraError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "pip install 'chainrule[testing]'" in done.stdout


def test_importing_autograd_imports_neither_testing_nor_hypothesis() -> None:
    program = (
        "import sys, autograd\n"
        "print([m for m in ('autograd.testing', 'autograd.functional', 'hypothesis') if m in sys.modules])\n"
        "autograd.functional.jacobian, autograd.testing.gradcheck\n"
        "print('hypothesis' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ["[]", "False"]
