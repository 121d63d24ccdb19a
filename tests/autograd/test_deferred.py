"""Gradients that the sweep collects before it computes them: those of parts, and those of weights."""

from __future__ import annotations

import numpy as np
import pytest

import autograd
import nn.functional as F
from autograd import deferred, errors
from autograd.deferred import Parts, Products
from autograd.testing import gradcheck, gradgradcheck


def numbers(*shape, dtype="float64", seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


def leaf(array):
    return autograd.tensor(array, requires_grad=True)


# --- parts


def in_a_loop(x):
    return sum(((k + 2) * x[k] ** 2).sum() for k in range(len(x)))


def in_columns(x):
    return sum(((k + 2) * x[:, k] ** 2).sum() for k in range(x.shape[1]))


def some_rows_twice(x):
    return (x[1] * x[-1]).sum() + (3 * x[1] ** 2).sum()


def overlapping(x):
    return sum(((k + 2) * x[k : k + 3] ** 2).sum() for k in range(3))


def pieces(x):
    a, b, c = x.chunk(3, 1)
    return (a * b).sum() + (5 * c**2).sum()


def pieces_of_which_one_is_unused(x):
    a, _, c = x.split([1, 2, 3], 1)
    return (a * c).sum()


def a_part_and_the_whole(x):
    return (x[2] ** 3).sum() + (x * x).sum() + (x[0] * x[1]).sum()


def the_whole_first(x):
    whole = (x * x).sum()
    return x[2:4].sum() * whole


def every_second_and_backwards(x):
    return (x[::2] ** 2).sum() + (4 * x.flip(0)[1:, ::3]).sum() + (x[:, None, 1] ** 2).sum()


def numbers_and_dots(x):
    return x[1, 2] ** 3 + (x[..., 0] ** 2).sum() + (x[..., 1:3, None] ** 2).sum()


def bound(x):
    return sum(((k + 2) * y**2).sum() for k, y in enumerate(x.unbind(1)))


def parts_of_parts(x):
    return sum((y[0] * y[1]).sum() for y in x.chunk(2))


def none_at_all(x):
    return (x[2:2] ** 2).sum() + (x[1:3] ** 2).sum()


CASES = [
    in_a_loop, in_columns, some_rows_twice, overlapping, pieces, pieces_of_which_one_is_unused, a_part_and_the_whole,
    the_whole_first, every_second_and_backwards, numbers_and_dots, bound, parts_of_parts, none_at_all,
]  # fmt: skip


@pytest.mark.parametrize("function", CASES)
def test_gradients_of_parts_are_pytorchs(function, torch):
    x = numbers(5, 6)
    ours, theirs = leaf(x), torch.tensor(x, requires_grad=True)
    for given in (ours, theirs):
        function(given).backward()
        function(given * 2).backward()
    np.testing.assert_allclose(ours.grad.numpy(), theirs.grad.numpy(), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("function", CASES)
def test_gradients_of_parts_at_every_order(function):
    x = leaf(numbers(5, 6))
    assert gradcheck(function, (x,))
    assert gradgradcheck(function, (x,))


@pytest.mark.parametrize("way", ["plain", "record", "profile", "anomaly", "create_graph", "targets"])
def test_all_ways_to_sweep_give_one_gradient(way):
    x = numbers(5, 6)
    expected = leaf(x)
    (4 * expected[1] ** 2).sum().backward()
    given = leaf(x)
    modes = {"record": autograd.record, "profile": autograd.profile, "anomaly": autograd.detect_anomaly}
    with modes.get(way, autograd.enable_grad)():
        y = given * 1
        out = sum((y[1] ** 2).sum() for _ in range(4))
        if way == "targets":
            found, at_y = autograd.grad(out, [given, y])
            np.testing.assert_array_equal(at_y.numpy(), found.numpy())
        else:
            out.backward(create_graph=way == "create_graph")
            found = given.grad.detach()
    np.testing.assert_allclose(found.numpy(), expected.grad.numpy(), rtol=1e-15)


def test_second_sweep_of_a_retained_graph_adds():
    x = leaf(numbers(4, 3))
    y = x * 1
    out = (y[0] * y[1]).sum()
    out.backward(retain_graph=True)
    once = x.grad.numpy().copy()
    out.backward()
    np.testing.assert_array_equal(x.grad.numpy(), 2 * once)


def test_part_of_one_of_several_outputs(torch):
    x = numbers(4, 4)
    ours, theirs = leaf(x), torch.tensor(x, requires_grad=True)
    for library, given in ((autograd, ours), (torch, theirs)):
        values, vectors = library.linalg.eigh(given + given.T)
        (values[0] * values[2] + (vectors[1] ** 2 * values).sum() + (vectors[0] ** 4).sum()).backward()
    np.testing.assert_allclose(ours.grad.numpy(), theirs.grad.numpy(), rtol=1e-9)


def test_anomaly_mode_sees_what_would_be_collected():
    w = leaf(np.zeros((64, 64)))
    with autograd.detect_anomaly(), pytest.raises(errors.AnomalyError, match="linear made an infinity"):
        (F.linear(autograd.tensor(np.full((2, 64), 1e200)), w) * 1e200).sum().backward()


def test_hooks_see_the_whole_gradient():
    x = leaf(numbers(3, 2))
    y = x * 1
    seen = []
    y.register_hook(lambda g: seen.append(g.numpy().copy()))
    y.retain_grad()
    x.register_hook(lambda g: 2 * g)
    (y[0].sum() + 3 * y[2].sum()).backward()
    expected = np.array([[1.0, 1], [0, 0], [3, 3]])
    np.testing.assert_array_equal(seen, [expected])
    np.testing.assert_array_equal(y.grad.numpy(), expected)
    np.testing.assert_array_equal(x.grad.numpy(), 2 * expected)


def test_parts_make_one_array(monkeypatch):
    made = []
    real = Parts.compute
    monkeypatch.setattr(Parts, "compute", lambda self: made.append(len(self.parts)) or real(self))
    x = leaf(numbers(50, 4))
    sum(x[k] for k in range(50)).sum().backward()
    assert made == [50]


def test_parts_that_overlap_many_times_take_no_more_memory_than_their_sum():
    part = np.ones((3, 4))
    total = Parts(part, (4, 4), (slice(3),))
    held = 0
    for _ in range(10):
        total = total.join(Parts(part, (4, 4), (slice(1, 4),))) if isinstance(total, Parts) else total
        held = max(held, total.numbers if isinstance(total, Parts) else 0)
    assert type(total) is np.ndarray
    assert held <= 2 * total.size
    np.testing.assert_array_equal(total[:, 0], [1, 3, 3, 2])


@pytest.mark.parametrize(
    ("indices", "filled"),
    [
        ([(0,), (1,), (2,)], True),
        ([(2,), (0,), (-2,)], True),
        ([(slice(None), slice(1)), (slice(None), slice(1, 4))], True),
        ([(slice(2),), (slice(2, None), Ellipsis)], True),
        ([(0,), (0,), (2,)], False),
        ([(0,), (1,)], False),
        ([(slice(0, 3, 2),), (1,)], False),
        ([(slice(None), slice(2)), (slice(2),)], False),
        ([(slice(None), slice(0, 4, 2))] * 2, False),
    ],
)
def test_whether_parts_fill_the_whole(indices, filled):
    x = numbers(3, 4)
    first, *others = [Parts(x[index], x.shape, index) for index in indices]
    for other in others:
        first = first.join(other)
    assert first._fill() is filled
    expected = np.zeros_like(x)
    for index in indices:
        expected[index] += x[index]
    np.testing.assert_array_equal(first.compute(), expected)


# --- weights


@pytest.mark.parametrize("rows", [1, 3, 40])
@pytest.mark.parametrize("used", ["linear", "matmul"])
def test_weight_used_at_every_step_gets_pytorchs_gradient(rows, used, torch):
    """With 40 rows a step there are more rows together than are collected."""
    steps, size = 20, 96
    x, w = numbers(steps, rows, size), 0.1 * numbers(size, size, seed=1)
    found = []
    for library, linear in ((autograd, F.linear), (torch, torch.nn.functional.linear)):
        weight = library.tensor(w, requires_grad=True)
        h = library.zeros(rows, size, dtype=library.float64)
        for t in range(steps):
            h = library.tanh((linear(h, weight) if used == "linear" else h @ weight) + library.tensor(x[t]))
        (h * h).sum().backward()
        found.append(weight.grad.numpy())
    np.testing.assert_allclose(*found, rtol=1e-9, atol=1e-12)


def test_products_together_are_one_product(monkeypatch):
    computed = []
    real = Products.compute
    monkeypatch.setattr(Products, "compute", lambda self: computed.append(len(self.left)) or real(self))
    w = leaf(numbers(64, 64, dtype="float32"))
    out = sum(F.linear(autograd.ones(4, 64), w).sum() for _ in range(6))
    out.backward()
    assert computed == [6]
    np.testing.assert_allclose(w.grad.numpy(), 24, rtol=1e-6)


def test_products_of_many_rows_are_added_up_on_the_way():
    pairs = [(numbers(100, 80, seed=k), numbers(100, 90, seed=-k - 1 + 100)) for k in range(13)]
    total = Products(*pairs[0])
    for pair in pairs[1:]:
        total = total.join(Products(*pair))
        assert total.rows <= deferred.ROWS
    np.testing.assert_allclose(total.compute(), sum(a.T @ b for a, b in pairs), rtol=1e-10, atol=1e-10)


def test_weight_used_as_a_factor_and_otherwise():
    w = leaf(numbers(64, 64))
    x = numbers(2, 64)
    order = [lambda: F.linear(autograd.tensor(x), w).sum(), lambda: (w * w).sum(), lambda: w[3].sum()]
    expected = np.ones((64, 1)) * x.sum(0) + 2 * w.detach().numpy()
    expected[3] += 1
    for shift in range(3):
        w.grad = None
        sum(term() for term in order[shift:] + order[:shift]).backward()
        np.testing.assert_allclose(w.grad.numpy(), expected, rtol=1e-12)


def test_only_products_that_take_less_memory_than_what_they_read_are_collected():
    assert Products.pay(np.ones((4, 64)), np.ones((4, 64)))
    assert not Products.pay(np.ones((64, 64)), np.ones((64, 64)))
    assert not Products.pay(np.ones((4, 64), np.float16), np.ones((4, 64), np.float16))
    assert not Products.pay(autograd.ones(4, 64), autograd.ones(4, 64))


def test_a_hook_that_changes_a_parameter_comes_after_what_is_read_of_it(torch):
    """An optimizer may step as soon as a gradient is there, while a product with the parameter is still to come."""
    a, b = numbers(4, 64), numbers(64, 64, seed=1)
    found = []
    for library in (autograd, torch):
        left, right = (library.tensor(x, requires_grad=True) for x in (a, b))

        def step(parameter, library=library):
            with library.no_grad():
                parameter.mul_(0.0)

        left.register_post_accumulate_grad_hook(step)
        (left @ right).sum().backward()
        found.append(right.grad.numpy())
    np.testing.assert_allclose(*found, rtol=1e-12)
    assert found[0].any()
