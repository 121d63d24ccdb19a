"""The topological sort, the sweep, the grad modes and `record`."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd
from autograd import Value, errors
from autograd.graph import sweep, topological_order
from autograd.primitive import Primitive


def leaf(numbers, dtype="float64"):
    return autograd.tensor(numbers, dtype=dtype, requires_grad=True)


def positions(order):
    return {id(node): k for k, node in enumerate(order)}


def check_order(order):
    """Each node once, and after everything that it was computed from."""
    place = positions(order)
    assert len(place) == len(order)
    for node in order:
        for edge in node.edges:
            if edge is not None:
                target = edge[0] if type(edge) is tuple else edge
                assert place[id(target)] < place[id(node)]


# --- the sort


def test_order_of_the_graph_that_shows_why_a_sort_is_needed():
    a = Value(2.0)
    b = a + a
    c = b + b
    order = topological_order([c])
    assert order == [a, b, c]
    c.backward()
    assert (a.grad, b.grad, c.grad) == (4.0, 2.0, 1.0)


def test_order_where_a_node_is_reached_by_a_short_and_by_a_long_path():
    a = Value(1.0)
    b = a * 2
    c = b * 3
    d = c * 4
    out = a + d + b + c + a
    order = topological_order([out])
    check_order(order)
    assert order[-1] is out
    out.backward()
    assert a.grad == 1 + 24 + 2 + 6 + 1


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)), min_size=1, max_size=60))
def test_order_of_random_graphs(pairs):
    nodes = [Value(1.0), Value(2.0)]
    for i, j in pairs:
        nodes.append(nodes[i % len(nodes)] + nodes[j % len(nodes)])
    order = topological_order([nodes[-1]])
    check_order(order)
    reached, stack = set(), [nodes[-1]]
    while stack:
        node = stack.pop()
        if id(node) not in reached:
            reached.add(id(node))
            stack.extend(node._prev)
    assert set(positions(order)) == reached


def test_order_of_several_roots_and_of_tensors():
    x = leaf([1.0, 2.0])
    y = x * x
    a, b = y.sum(), (y * 3).sum()
    order = topological_order([a.node, b.node])
    check_order(order)
    assert order[0] is x
    assert {id(a.node), id(b.node)} <= set(positions(order))
    assert sum(node is y.node for node in order) == 1


def test_sort_follows_each_edge_once():
    class Counted:
        def __init__(self, *edges):
            self._edges, self.asked = edges, 0

        @property
        def edges(self):
            self.asked += 1
            return self._edges

    layer = [Counted()]
    everything = list(layer)
    for _ in range(50):  # 2 ** 50 paths
        layer = [Counted(*layer, *layer), Counted(*layer)]
        everything += layer
    order = topological_order([Counted(*layer)])
    check_order(order)
    assert len(order) == len(everything) + 1


# --- the sweep


def test_deep_chain_of_values_needs_no_recursion():
    x = Value(1.0)
    y = x
    for _ in range(20_000):
        y = y + 0.5
    y.backward()
    assert y.data == 10_001.0
    assert x.grad == 1.0


def test_deep_chain_of_tensors_runs_differentiates_and_is_freed():
    a = leaf(np.ones((4, 4)), "float32")
    x = leaf(np.ones((4, 4)), "float32")
    y = x
    for _ in range(100_000):
        y = y + a
    y.backward(autograd.ones(4, 4))
    assert (x.grad == 1).all()
    assert (a.grad == 100_000).all()
    del y


def test_deep_chain_that_is_dropped_unswept():
    y = leaf(1.0)
    for _ in range(100_000):
        y = y * 1.0
    del y


@pytest.mark.parametrize("build", [lambda n: Value(n), lambda n: leaf(n)], ids=["Value", "Tensor"])
def test_fan_out_adds(build):
    x = build(3.0)
    y = x + x
    y.backward()
    assert float(x.grad) == 2.0
    x = build(3.0)
    y = x * x * x
    y.backward()
    assert float(x.grad) == 27.0
    x = build(3.0)
    left, right = x * 2, x * 5
    (left * right + left).backward()
    assert float(x.grad) == 2 * 10 * 3 + 2


def test_many_uses_of_one_node_accumulate_in_place_and_rightly():
    x = leaf([1.0, 2.0])
    y = x * 1
    out = y * 0
    for k in range(20):
        out = out + y * k
    out.backward(autograd.ones(2, dtype="float64"))
    assert x.grad.tolist() == [190.0, 190.0]


def test_graph_of_constants_is_not_recorded():
    a, b = autograd.ones(2), autograd.ones(2)
    assert (a + b).node is None
    x = leaf([1.0, 2.0])
    assert (x + a).node.edges[1] is None


def test_sweep_of_several_roots_sums():
    x = leaf([1.0, 2.0])
    y = x * x
    autograd.backward([y, (3 * y).sum(), x], [autograd.tensor([1.0, 10.0], dtype="float64"), None, x.detach() * 0 + 7])
    assert x.grad.tolist() == [2 * (1 + 3) + 7, 4 * (10 + 3) + 7]


def test_sweep_with_targets_leaves_grad_alone_and_skips_what_does_not_lead_to_them():
    x, w = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    hidden = x * w
    out = (hidden * w.exp()).sum()
    called = []
    w.register_hook(called.append)
    (gradient,) = sweep([(out._edge, np.ones(()))], retain_graph=False, create_graph=False, targets=[hidden._edge])
    assert np.allclose(gradient, np.exp([3.0, 4.0]), rtol=1e-15)
    assert x.grad is None
    assert w.grad is None
    assert called == []


def test_rules_that_nobody_asked_for_do_not_run():
    ran = []
    probe = Primitive(
        name="probe",
        forward=np.multiply,
        inputs=("x", "y"),
        vjp={"x": lambda g, y: ran.append("x") or g * y, "y": lambda g, x: ran.append("y") or g * x},
    )
    x, w = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    out = probe.apply(x, w).sum()
    assert autograd.grad(out, w, retain_graph=True)[0].tolist() == [1.0, 2.0]
    assert ran == ["y"]
    out.backward(inputs=[x])
    assert ran == ["y", "x"]
    ran.clear()
    probe.apply(x, w.detach()).sum().backward()
    assert ran == ["x"]


def test_a_failing_hook_leaves_the_thread_as_it_was():
    x = leaf(2.0)

    def fail(gradient):
        raise KeyError("mine")

    handle = x.register_hook(fail)
    with pytest.raises(KeyError, match="mine"), autograd.no_grad():
        with autograd.enable_grad():
            y = x * x
        y.backward(create_graph=True)
    assert autograd.is_grad_enabled()
    handle.remove()
    (x * x).backward()
    assert float(x.grad) == 4.0


def test_numpy_warnings_are_silenced_in_the_sweep_and_left_alone_in_forward():
    x = leaf([0.0, 1.0])
    x.sqrt().sum().backward()  # 1 / (2 sqrt(0)) would warn, and warnings are errors here
    assert x.grad.tolist() == [np.inf, 0.5]
    with pytest.warns(RuntimeWarning, match="divide by zero"):
        x.log()


# --- repeated sweeps


def test_second_backward_needs_retain_graph():
    x = leaf([1.0, 2.0])
    y = (x * x).sum()
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad.tolist() == [4.0, 8.0]
    with pytest.raises(errors.GraphError, match=r"backward: the arrays that mul saved are gone.*retain_graph=True"):
        y.backward()
    assert x.grad.tolist() == [4.0, 8.0]
    with pytest.raises(errors.GraphError, match="retain_graph"):
        autograd.grad(y, x)


def test_second_backward_through_what_saves_nothing_is_allowed_as_in_pytorch(torch):
    def run(module):
        x = module.tensor([1.0, 2.0], requires_grad=True)
        y = (x + x).sum()
        y.backward()
        y.backward()
        return x.grad.tolist()

    assert run(autograd) == run(torch) == [4.0, 4.0]


def test_repeated_backward_does_not_corrupt_intermediates():
    x = leaf([1.0, 2.0])
    y = x * 2
    y.retain_grad()
    z = (y * y).sum()
    for k in (1, 2, 3):
        z.backward(retain_graph=True)
        assert x.grad.tolist() == [8.0 * k, 16.0 * k]
        assert y.grad.tolist() == [4.0 * k, 8.0 * k]


def test_repeated_backward_of_a_value_adds():
    x = Value(3.0)
    y = x * x
    y.backward()
    y.backward()
    assert x.grad == 12.0
    x.zero_grad()
    y.backward()
    assert x.grad == 6.0


def test_create_graph_retains_unless_told_otherwise():
    x = leaf(2.0)
    y = x**3
    autograd.grad(y, x, create_graph=True)
    assert float(autograd.grad(y, x)[0]) == 12.0
    y = x**3
    autograd.grad(y, x, create_graph=True, retain_graph=False)
    with pytest.raises(errors.GraphError, match="pow saved are gone"):
        autograd.grad(y, x)


# --- grad modes


def test_modes_nest_and_survive_exceptions():
    assert autograd.is_grad_enabled()
    with autograd.no_grad():
        assert not autograd.is_grad_enabled()
        with autograd.enable_grad():
            assert autograd.is_grad_enabled()
            with autograd.no_grad():
                assert not autograd.is_grad_enabled()
            assert autograd.is_grad_enabled()
        assert not autograd.is_grad_enabled()
    with pytest.raises(ZeroDivisionError), autograd.no_grad():
        raise ZeroDivisionError
    assert autograd.is_grad_enabled()


def test_one_mode_object_entered_twice():
    mode = autograd.no_grad()
    with mode:
        with mode:
            assert not autograd.is_grad_enabled()
        assert not autograd.is_grad_enabled()
    assert autograd.is_grad_enabled()


def test_modes_as_decorators():
    @autograd.no_grad()
    def without(depth):
        """Doc."""
        return (autograd.is_grad_enabled(), without(depth - 1)) if depth else autograd.is_grad_enabled()

    @autograd.enable_grad()
    def with_(x):
        return x * 2

    assert without(2) == (False, (False, False))
    assert without.__name__ == "without"
    assert without.__doc__ == "Doc."
    assert autograd.is_grad_enabled()
    with autograd.no_grad():
        assert with_(leaf(1.0)).requires_grad
        assert not autograd.is_grad_enabled()

    @autograd.no_grad()
    def fails():
        raise ValueError("inside")

    with pytest.raises(ValueError, match="inside"):
        fails()
    assert autograd.is_grad_enabled()


def test_set_grad_enabled_at_once_as_context_and_as_decorator():
    try:
        autograd.set_grad_enabled(False)
        assert not autograd.is_grad_enabled()
    finally:
        autograd.set_grad_enabled(True)
    assert autograd.is_grad_enabled()
    with autograd.set_grad_enabled(False):
        assert not autograd.is_grad_enabled()
        with autograd.set_grad_enabled(True):
            assert autograd.is_grad_enabled()
        assert not autograd.is_grad_enabled()
    assert autograd.is_grad_enabled()

    @autograd.set_grad_enabled(False)
    def without():
        return autograd.is_grad_enabled()

    assert autograd.is_grad_enabled()
    assert without() is False
    assert autograd.is_grad_enabled()
    mode = autograd.set_grad_enabled(False)
    with mode:
        pass
    assert autograd.is_grad_enabled()


def test_results_made_without_recording_are_leaves():
    x = leaf([1.0])
    with autograd.no_grad():
        y = x * 2
        z = x.view(1)
    assert y.is_leaf
    assert not y.requires_grad
    assert not z.requires_grad
    with autograd.no_grad():
        assert autograd.tensor([1.0], requires_grad=True).requires_grad
    with autograd.no_grad():
        assert Value(2.0)._prev == (Value(2.0) * 3)._prev == ()


def test_generator_functions_are_refused_or_run_in_the_mode():
    def numbers():
        yield autograd.is_grad_enabled()

    try:
        decorated = autograd.no_grad()(numbers)
    except errors.ArgumentError as error:
        assert "generator" in str(error)
        assert "with" in str(error)
    else:
        assert list(decorated()) == [False]


# --- record


def test_record_keeps_values_and_gradients():
    x = leaf([1.0, 2.0])
    with autograd.record():
        y = x * x
        z = y.sum()
    z.backward()
    assert y.node.kept.values[0].tolist() == [1.0, 4.0]
    assert y.node.kept.gradients[0].tolist() == [1.0, 1.0]
    assert z.node.kept.values[0] == 5.0
    assert z.node.kept.gradients[0] == 1.0
    assert x.grad.tolist() == [2.0, 4.0]
    assert (x * 2).node.kept is None


def test_recorded_arrays_are_copies():
    x = leaf([1.0, 2.0])
    with autograd.record():
        y = x * 3
    with autograd.no_grad():
        y.mul_(0)
    assert y.node.kept.values[0].tolist() == [3.0, 6.0]
    y.sum().backward()
    kept = y.node.kept.gradients[0]
    assert not np.shares_memory(kept, x.grad.numpy())
    assert kept.tolist() == [1.0, 1.0]


def test_recorded_gradients_add_over_sweeps():
    x = leaf([1.0, 2.0])
    with autograd.record():
        y = x * 3
    z = (y * y).sum()
    z.backward(retain_graph=True)
    z.backward()
    assert y.node.kept.gradients[0].tolist() == [12.0, 24.0]


def test_record_nests_and_survives_exceptions():
    x = leaf([1.0])
    with autograd.record():
        with autograd.record():
            a = x * 2
        b = x * 2
    c = x * 2
    assert a.node.kept.values[0].tolist() == b.node.kept.values[0].tolist() == [2.0]
    assert c.node.kept is None
    with pytest.raises(errors.ShapeError), autograd.record():
        autograd.ones(2) + autograd.ones(3)
    assert (x * 2).node.kept is None
    with autograd.record() as recorder:
        with pytest.raises(errors.GraphError, match="active already"), recorder:
            pass
        assert (x * 2).node.kept is not None
    assert (x * 2).node.kept is None


def test_record_under_create_graph_and_of_several_outputs():
    x = leaf([3.0, 1.0, 2.0])
    with autograd.record():
        values, indices = x.max(0)
        (slope,) = autograd.grad(values**3, x, create_graph=True)
    assert int(indices) == 0
    assert slope.tolist() == [27.0, 0.0, 0.0]
    assert values.node.kept.values[0] == 3.0
    slope.sum().backward()
    assert x.grad.tolist() == [18.0, 0.0, 0.0]


def test_a_decorator_without_parentheses():
    @autograd.no_grad
    def without(x):
        return autograd.is_grad_enabled(), x

    assert without(3) == (False, 3)
    assert without.__name__ == "without"
    assert autograd.is_grad_enabled()


def test_a_recorder_is_not_entered_twice_through_another():
    recorder = autograd.record()
    with recorder, autograd.record():
        with pytest.raises(errors.GraphError, match="active already"), recorder:
            pass
        assert (leaf(1.0) * 2).node.kept is not None
    with recorder:
        pass


@pytest.mark.parametrize(
    ("view", "kept"),
    [
        (lambda made, held: made, True),
        (lambda made, held: made.reshape(2, 2).reshape(4), True),
        (lambda made, held: held.append(made) or made, False),
        (lambda made, held: held.append(made) or made.reshape(2, 2).reshape(4), False),
        (lambda made, held: held.append(made[:1]) or made.reshape(2, 2).reshape(4), False),
        (lambda made, held: np.concatenate([made, made])[:4], False),
    ],
)
def test_gradient_is_copied_where_somebody_else_holds_it(view, kept) -> None:
    seen, held = [], []

    def rule(g):
        result = view(g * 2, held)
        seen.append(result.__array_interface__["data"][0])
        return result

    CATCH = autograd.Primitive(
        name="catch",
        forward=lambda x: x + 1,
        inputs=("x",),
        vjp={"x": rule},
    )
    x = autograd.ones(4, requires_grad=True)
    CATCH.apply(x).backward(autograd.ones(4))
    assert (x.grad._array.__array_interface__["data"][0] == seen[0]) == kept and x.grad.tolist() == [2.0] * 4


def test_gradient_that_somebody_holds_is_copied() -> None:
    x, y = autograd.ones(3, requires_grad=True), autograd.ones(3, requires_grad=True)
    given, held = autograd.ones(3), []
    z = x + y
    z.register_hook(held.append)
    x.register_hook(held.append)
    z.backward(given)
    arrays = [given._array, x.grad._array, y.grad._array, *(t._array for t in held[1:])]
    x.grad[0] = 7.0
    y.grad[1] = 8.0
    assert given.tolist() == [1.0, 1.0, 1.0] and all(t.tolist() == [1.0, 1.0, 1.0] for t in held)
    assert x.grad.tolist() == [7.0, 1.0, 1.0] and y.grad.tolist() == [1.0, 8.0, 1.0]
    assert not np.shares_memory(arrays[0], arrays[1]) and not np.shares_memory(arrays[1], arrays[2])
