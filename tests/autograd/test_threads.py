"""Threads: state of their own, graphs of their own, and exact sums where they share a leaf."""

from __future__ import annotations

import sys
import threading

import numpy as np
import pytest

import autograd
from autograd import Value, errors


@pytest.fixture
def eager_switching():
    """Let Python change threads as often as it can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def run(*functions):
    """Run functions at once, in a thread each; their results, or the first exception."""
    barrier = threading.Barrier(len(functions))
    results = [None] * len(functions)
    failures = []

    def work(k):
        barrier.wait()
        try:
            results[k] = functions[k]()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(len(functions))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    if failures:
        raise failures[0]
    return results


def test_modes_scopes_and_recorders_are_each_threads_own():
    entered, looked = threading.Event(), threading.Event()

    def inside():
        with autograd.no_grad(), autograd.record():
            entered.set()
            looked.wait(10)
            x = autograd.ones(1, requires_grad=True)
            return autograd.is_grad_enabled(), (x * 2).requires_grad

    def outside():
        entered.wait(10)
        x = autograd.ones(1, requires_grad=True)
        y = x * 2
        looked.set()
        return autograd.is_grad_enabled(), y.requires_grad, y.node.kept

    assert run(inside, outside) == [(False, False), (True, True, None)]
    assert autograd.is_grad_enabled()


def test_a_new_thread_records_whatever_its_parent_does():
    with autograd.no_grad():
        assert run(autograd.is_grad_enabled) == [True]
        assert not autograd.is_grad_enabled()


def test_a_decorated_function_in_two_threads():
    @autograd.no_grad()
    def work():
        seen = set()
        for _ in range(300):
            seen.add(autograd.is_grad_enabled())
        return seen

    def call():
        return [work() for _ in range(20)], autograd.is_grad_enabled()

    for inside, after in run(call, call, call):
        assert inside == [{False}] * 20
        assert after is True


def test_tensors_with_a_leaf_in_common_sum_exactly(eager_switching):
    x = autograd.tensor(np.arange(1.0, 5.0), requires_grad=True)

    def work(weight):
        def loop():
            for _ in range(300):
                y = x * weight
                (y * y + y).sum().backward()

        return loop

    run(work(1.0), work(2.0), work(3.0))
    numbers = np.arange(1.0, 5.0)
    expected = 300 * sum(2 * w * w * numbers + w for w in (1.0, 2.0, 3.0))
    np.testing.assert_array_equal(x.grad.numpy(), expected)  # whole numbers: exact in any order


def test_a_leaf_in_common_under_create_graph(eager_switching):
    x = autograd.tensor([1.0, 2.0], dtype="float64", requires_grad=True)

    def loop():
        for _ in range(40):
            (x * x).sum().backward(create_graph=True)

    run(loop, loop)
    assert x.grad.tolist() == [160.0, 320.0]
    x.grad = None


def test_values_with_a_leaf_in_common_sum_exactly(eager_switching):
    x = Value(3.0)

    def loop():
        for _ in range(1500):
            (x * 2 + x * x).backward()

    run(loop, loop)
    assert x.grad == 2 * 1500 * (2 + 6)


def test_graphs_of_two_threads_do_not_disturb_each_other(eager_switching):
    def work(seed):
        rng = np.random.default_rng(seed)
        arrays = [rng.standard_normal((6, 6)) for _ in range(3)]

        def once():
            a, b, c = (autograd.tensor(v, requires_grad=True) for v in arrays)
            out = ((a @ b).tanh() @ c + a.exp()).sum()
            first = autograd.grad(out, [a, b], create_graph=True)
            (first[0] * first[1]).sum().backward()
            return [t.grad.tolist() for t in (a, b, c)]

        reference = once()

        def loop():
            return all(once() == reference for _ in range(25))

        return loop

    assert run(work(1), work(2), work(3)) == [True, True, True]


def test_one_graph_swept_by_two_threads(eager_switching):
    x = autograd.tensor([1.0, 2.0], dtype="float64", requires_grad=True)
    y = (x * x * x).sum()

    def loop():
        for _ in range(100):
            y.backward(retain_graph=True)

    run(loop, loop)
    assert x.grad.tolist() == [600.0, 2400.0]


def test_a_graph_made_in_one_thread_is_swept_in_another():
    x = autograd.tensor([1.0, 2.0], requires_grad=True)
    (y,) = run(lambda: (x * x).sum())
    run(y.backward)
    assert x.grad.tolist() == [2.0, 4.0]
    with pytest.raises(errors.GraphError, match="retain_graph"):
        run(y.backward)


def test_version_counters_count_every_change(eager_switching):
    x = autograd.zeros(2)
    w = autograd.ones(2, requires_grad=True)
    y = (w * x).sum()

    def loop():
        for _ in range(200):
            x.zero_()

    run(loop, loop)
    with pytest.raises(errors.InPlaceError, match="changed in place"):
        y.backward()
