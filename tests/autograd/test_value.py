"""Value: one number a node, held to the course's facts, to closed forms and to PyTorch."""

from __future__ import annotations

import copy
import math
import pickle

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import autograd
from autograd import Value, errors


def plain(value):
    """A Python number, without PyTorch's warning."""
    return value.item() if hasattr(value, "item") else float(value)


# --- the facts of the course, for Value and for Tensor


def number(value, kind):
    return Value(value) if kind == "Value" else autograd.tensor(value, dtype="float64", requires_grad=True)


KINDS = pytest.mark.parametrize("kind", ["Value", "Tensor"])


@KINDS
def test_x_plus_y_times_z(kind):
    x, y, z = (number(v, kind) for v in (-2.0, 5.0, -4.0))
    f = (x + y) * z
    f.backward()
    assert [float(v) for v in (f, x.grad, y.grad, z.grad)] == [-12.0, -4.0, -4.0, 3.0]


@KINDS
@pytest.mark.parametrize("node", ["small", "fused"])
def test_sigmoid_neuron(kind, node):
    w0, w1, w2, x1, x2 = inputs = [number(v, kind) for v in (-3.0, 2.0, -3.0, -1.0, -2.0)]
    score = w0 + w1 * x1 + w2 * x2
    out = 1 / (1 + (-score).exp()) if node == "small" else score.sigmoid()
    out.backward()
    assert float(out) == pytest.approx(0.731, abs=5e-4)
    assert [round(float(v.grad), 3) for v in inputs] == [0.197, 0.197 * -1, -0.393, 0.393, -0.590]
    s = 1 / (1 + math.exp(-1.0))
    for v, local in zip(inputs, (1, -1, -2, 2, -3), strict=True):
        assert float(v.grad) == pytest.approx(s * (1 - s) * local, rel=1e-14)


@KINDS
def test_small_nodes_and_one_node_agree(kind):
    gradients = []
    for fused in (True, False):
        x = number(0.7, kind)
        y = x * 3 - 1
        out = y.tanh() if fused else ((y * 2).exp() - 1) / ((y * 2).exp() + 1)
        out.backward()
        gradients.append((float(out), float(x.grad)))
    assert gradients[0] == pytest.approx(gradients[1], rel=1e-13)


def test_micrograd_readme_expression(torch):
    def run(make, relu):
        a, b = make(-4.0), make(2.0)
        c = a + b
        d = a * b + b**3
        c = c + c + 1
        c = c + 1 + c + (-a)
        d = d + d * 2 + relu(b + a)
        d = d + 3 * d + relu(b - a)
        e = c - d
        f = e**2
        g = f / 2.0
        g = g + 10.0 / f
        g.backward()
        return [plain(v) for v in (g, a.grad, b.grad)]

    ours = run(Value, lambda v: v.relu())
    theirs = run(lambda v: torch.tensor(v, dtype=torch.float64, requires_grad=True), lambda v: v.relu())
    assert ours == pytest.approx(theirs, rel=1e-14)
    assert ours[0] == pytest.approx(24.7041, abs=1e-4)
    assert ours[1:] == pytest.approx([138.8338, 645.5773], abs=1e-4)


# --- every operation against PyTorch, to second order

OPERATIONS = {
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "mul": lambda x, y: x * y,
    "div": lambda x, y: x / y,
    "pow": lambda x, y: x**y,
    "neg": lambda x, y: -x * y,
    "abs": lambda x, y: abs(x - 3) * y,
    "numbers on the right": lambda x, y: (((x + 2) * 3 - 1) / 4) ** 2 * y,
    "numbers on the left": lambda x, y: 2 ** (3 - 2 / (1 + 4 * x)) * y,
    "exp": lambda x, y: (x * y).exp(),
    "log": lambda x, y: x.log() * y,
    "sqrt": lambda x, y: x.sqrt() * y,
    "sin": lambda x, y: x.sin() * y,
    "cos": lambda x, y: x.cos() * y,
    "tan": lambda x, y: x.tan() * y,
    "sinh": lambda x, y: x.sinh() * y,
    "cosh": lambda x, y: x.cosh() * y,
    "tanh": lambda x, y: x.tanh() * y,
    "sigmoid": lambda x, y: x.sigmoid() * y,
    "relu": lambda x, y: x.relu() * y + (-x).relu(),
    "maximum": lambda x, y: x.maximum(y) * x + x.maximum(y.detach() if hasattr(y, "detach") else Value(y.data)),
    "minimum": lambda x, y: x.minimum(y) * x * x,
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_operation_against_pytorch(torch, name):
    function = OPERATIONS[name]

    def run(x, y, grad):
        out = function(x, y)
        out = out * out
        first = grad(out, [x, y], create_graph=True)
        second = grad(first[0] * 2 + first[1] * 3, [x, y], allow_unused=True, materialize_grads=True)
        return [plain(v) for v in (out, *first, *second)]

    theirs = run(*(torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in (0.8, 1.7)), torch.autograd.grad)
    ours = run(Value(0.8), Value(1.7), autograd.grad)
    assert ours == pytest.approx(theirs, rel=1e-12, abs=1e-14)


def test_weighted_sum_is_the_sum_of_products_at_every_order():
    def small(w, x, b):
        total = b
        for weight, number in zip(w, x, strict=True):
            total = total + weight * number
        return total

    found = []
    for function in (Value.weighted_sum, small):
        w, x, b = [Value(0.5), Value(-2.0), Value(3.0)], [Value(1.5), Value(0.25), Value(-1.0)], Value(0.75)
        out = function(w, [x[0], x[1], x[0]], b)  # an input that is used twice
        out = out * out
        first = autograd.grad(out, [*w, x[0], x[1], b], create_graph=True)
        second = autograd.grad(first[0] * first[3] + first[5], [*w, x[0], x[1], b])
        out.backward()
        found.append([out.data, *map(plain, first), *map(plain, second), *[v.grad for v in (*w, *x, b)]])
    assert found[0] == pytest.approx(found[1], rel=1e-13)


def test_weighted_sum_is_one_node_and_takes_numbers():
    w = [Value(2.0), Value(-1.0)]
    out = Value.weighted_sum(w, [3, 4.0])
    assert (out.data, out._op, len(out._prev)) == (2.0, "w x + b", 5)
    with pytest.raises(errors.ShapeError, match="weighted_sum: 1 inputs do not fit 2 weights"):
        Value.weighted_sum(w, [1.0])
    with pytest.raises(errors.DtypeError, match="expected a number"):
        Value.weighted_sum(w, [1.0, "x"])


def test_repeated_backward_adds_along_the_whole_graph():
    x = Value(3.0)
    y = x * x
    z = y + x
    z.backward()
    z.backward()
    assert (z.grad, y.grad, x.grad) == (2.0, 2.0, 14.0)


def test_leaky_relu_and_softplus(torch):
    for v in (-1.5, 0.5, 30.0):
        x = Value(v)
        (x.leaky_relu(0.2) + x.softplus()).backward()
        t = torch.tensor(v, dtype=torch.float64, requires_grad=True)
        (torch.nn.functional.leaky_relu(t, 0.2) + torch.nn.functional.softplus(t)).backward()
        assert x.grad == pytest.approx(float(t.grad), rel=1e-12)


def test_ties_and_kinks():
    cases = [
        (lambda x: x.relu(), 0.0, 0.0),
        (lambda x: abs(x), 0.0, 0.0),
        (lambda x: x.maximum(1.0), 1.0, 0.5),
        (lambda x: x.minimum(1.0), 1.0, 0.5),
        (lambda x: x**0, 0.0, 0.0),
        (lambda x: x**2, 0.0, 0.0),
    ]
    for function, at, slope in cases:
        x = Value(at)
        function(x).backward()
        assert x.grad == slope


def test_ieee_results_and_never_an_exception():
    assert (1 / Value(0.0)).data == math.inf
    assert Value(0.0).log().data == -math.inf
    assert math.isnan(Value(-1.0).log().data)
    assert math.isnan((Value(-2.0) ** 0.5).data)
    assert Value(1000.0).exp().data == math.inf
    assert Value(1e200).__mul__(1e200).data == math.inf
    assert (Value(-1000.0)).sigmoid().data == 0.0


# --- second and third derivatives


def test_gradients_of_gradients_in_closed_form():
    x = Value(1.3)
    y = x**4
    (first,) = autograd.grad(y, x, create_graph=True)
    (second,) = autograd.grad(first, x, create_graph=True)
    (third,) = autograd.grad(second, x, create_graph=True)
    (fourth,) = autograd.grad(third, x)
    assert isinstance(first, Value)
    assert isinstance(fourth, float)
    expected = [4 * 1.3**3, 12 * 1.3**2, 24 * 1.3, 24]
    assert [float(v) for v in (first, second, third, fourth)] == pytest.approx(expected, rel=1e-12)


def test_backward_with_create_graph():
    x = Value(3.0)
    (x**3).backward(create_graph=True)
    slope = x.grad
    assert isinstance(slope, Value)
    assert slope.data == 27.0
    x.zero_grad()
    slope.backward()
    assert float(x.grad) == 18.0


def test_grad_leaves_grad_alone_and_knows_unused_inputs():
    x, y = Value(2.0), Value(5.0)
    out = x * x
    assert autograd.grad(out, [x, out]) == (4.0, 1.0)
    assert (x.grad, out.grad) == (0.0, 0.0)
    with pytest.raises(errors.GraphError, match=r"grad: no output depends on input 1.*allow_unused=True"):
        autograd.grad(out, [x, y])
    assert autograd.grad(out, [x, y], allow_unused=True) == (4.0, None)
    assert autograd.grad(out, [x, y], materialize_grads=True) == (4.0, 0.0)
    zero = autograd.grad(out, y, materialize_grads=True, create_graph=True)[0]
    assert isinstance(zero, Value)
    assert zero.data == 0.0
    assert autograd.grad([out, out * y], [x], grad_outputs=[3.0, None])[0] == 3 * 4 + 4 * 5


def test_backward_reaches_every_value_between():
    x = Value(2.0)
    y = x * 3
    z = y * y
    z.backward()
    assert (z.grad, y.grad, x.grad) == (1.0, 12.0, 36.0)


# --- what it is


def test_interface():
    x = Value(2, label="x")
    assert type(x.data) is float
    assert type(x.grad) is float
    assert x._prev == ()
    assert x._op == ""
    y = x + x
    assert y._prev == (x, x)
    assert y._op == "+"
    assert [(x * 2)._op, (x - 1)._op, (x / 2)._op, (x**2)._op, x.tanh()._op] == ["*", "-", "/", "**", "tanh"]
    assert type(y.data) is float
    assert (2**x)._prev[1] is x


def test_repr():
    x = Value(0.1234567, label="w")
    assert repr(x) == "Value(data=0.123457, grad=0, label='w')"
    (x * 2).backward(create_graph=True)
    assert repr(x) == "Value(data=0.123457, grad=2, label='w')"
    assert repr(Value(-3)) == "Value(data=-3, grad=0)"


def test_numbers_of_every_kind():
    for given_ in (2, 2.0, True, np.float32(2), np.int64(2), np.array(2.0)):
        assert Value(given_).data == float(given_)
        assert type(Value(given_).data) is float
    x = Value(3.0)
    for result in (np.float64(2) * x, x * np.float64(2), np.float32(2) * x, x * np.array(2.0), np.int64(2) * x):
        assert type(result) is Value
        assert result.data == 6.0
        assert x in result._prev
    assert sum([Value(1.0), Value(2.0)]).data == 3.0


def test_comparisons_and_identity():
    a, b = Value(1.0), Value(2.0)
    assert a < b
    assert a <= 1
    assert b > 1.5
    assert b >= a
    assert not a > b
    assert a in [a]  # by identity, so that Values can be keys
    assert a != Value(1.0)
    assert len({a, Value(1.0)}) == 2
    assert bool(a)
    assert not Value(0.0)
    assert float(b) == 2.0
    assert max([a, b]) is b


@pytest.mark.parametrize(
    ("action", "kind", "words"),
    [
        (lambda: Value("2"), errors.DtypeError, ["expected a number", "str", "'2'"]),
        (lambda: Value(None), errors.DtypeError, ["expected a number", "NoneType"]),
        (lambda: Value(1j), errors.DtypeError, ["expected a number", "complex"]),
        (lambda: Value(np.ones(2)), errors.DtypeError, ["expected a number", "ndarray", "float()"]),
        (lambda: Value(10**400), errors.DtypeError, ["expected a number", "int"]),
        (lambda: Value(Value(1.0)), errors.DtypeError, ["expected a number", "Value"]),
        (lambda: Value(autograd.ones(())), errors.DtypeError, ["expected a number", "Tensor"]),
        (lambda: Value(1.0) + "a", errors.DtypeError, ["expected a number", "'a'"]),
        (lambda: None * Value(1.0), errors.DtypeError, ["expected a number", "None"]),
        (lambda: Value(1.0) * np.ones(2), errors.DtypeError, ["expected a number", "ndarray"]),
        (lambda: Value(1.0) < "a", errors.DtypeError, ["expected a number", "'a'"]),
        (lambda: Value(1.0).maximum("a"), errors.DtypeError, ["expected a number", "'a'"]),
        (lambda: Value(1.0) + autograd.ones(()), errors.DtypeError, ["add", "Value"]),
        (lambda: autograd.ones(2) * Value(1.0), errors.DtypeError, ["mul", "Value"]),
        (lambda: autograd.grad(Value(1.0), "x"), errors.DtypeError, ["grad", "input", "str", "'x'"]),
        (lambda: autograd.grad("y", Value(1.0)), errors.DtypeError, ["grad", "output", "'y'"]),
        (lambda: autograd.grad(Value(1.0), Value(1.0), grad_outputs="g"), errors.DtypeError, ["number", "'g'"]),
        (lambda: copy.deepcopy(Value(1.0) * 2), errors.GraphError, ["deepcopy", "result of an operation", "x.data"]),
        (lambda: pickle.dumps(Value(1.0) * 2), errors.GraphError, ["pickle", "result of an operation", "x.data"]),
    ],
)
def test_errors(action, kind, words):
    with pytest.raises(kind) as caught:
        action()
    for word in words:
        assert word in str(caught.value)


def test_copies_of_leaves():
    x = Value(2.0, label="x")
    (x * 3).backward()
    deep = copy.deepcopy({"a": x, "b": [x]})
    assert deep["a"] is deep["b"][0]
    assert deep["a"] is not x
    assert (deep["a"].data, deep["a"].grad, deep["a"].label) == (2.0, 3.0, "x")
    (deep["a"] * 5).backward()
    assert (x.grad, deep["a"].grad) == (3.0, 8.0)
    again = pickle.loads(pickle.dumps(x))
    assert (again.data, again.label) == (2.0, "x")


# --- random graphs, three ways

STEP = st.tuples(
    st.sampled_from(["add", "mul", "sub", "tanh", "neg", "square"]), st.integers(0, 999), st.integers(0, 999)
)


def grow(nodes, steps):
    """A directed acyclic graph over `nodes` with reuse; mul goes through tanh to stay bounded."""
    nodes = list(nodes)
    for kind, i, j in steps:
        a, b = nodes[i % len(nodes)], nodes[j % len(nodes)]
        if kind == "add":
            nodes.append(a * 0.5 + b)
        elif kind == "sub":
            nodes.append(a - b * 0.25)
        elif kind == "mul":
            nodes.append((a * b).tanh())
        elif kind == "tanh":
            nodes.append(a.tanh())
        elif kind == "neg":
            nodes.append(-a)
        else:
            nodes.append((a * a).tanh())
    total = nodes[-1]
    for node in nodes[-4:-1]:
        total = total + node
    return nodes, total


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(-2, 2), min_size=3, max_size=3), st.lists(STEP, min_size=1, max_size=25))
@example([1.0, 1.0, 1.0], [("mul", 0, 0)] * 5)
def test_random_graphs_as_values_tensors_and_in_pytorch(numbers, steps):
    torch = pytest.importorskip("torch")
    values = [Value(v) for v in numbers]
    tensors = [autograd.tensor(v, dtype="float64", requires_grad=True) for v in numbers]
    theirs = [torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in numbers]
    results = []
    for leaves in (values, tensors, theirs):
        nodes, out = grow(leaves, steps)
        out.backward()
        gradients = [0.0 if leaf.grad is None else plain(leaf.grad) for leaf in leaves]
        results.append([plain(node) for node in [*nodes, out]] + gradients)
    assert results[0] == pytest.approx(results[2], rel=1e-10, abs=1e-12)
    assert results[1] == pytest.approx(results[2], rel=1e-10, abs=1e-12)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.floats(-1, 1), min_size=2, max_size=2), st.lists(STEP, min_size=1, max_size=8))
def test_second_derivatives_of_random_graphs(numbers, steps):
    torch = pytest.importorskip("torch")
    results = []
    for make, grad in (
        (Value, autograd.grad),
        (lambda v: autograd.tensor(v, dtype="float64", requires_grad=True), autograd.grad),
        (lambda v: torch.tensor(v, dtype=torch.float64, requires_grad=True), torch.autograd.grad),
    ):
        leaves = [make(v) for v in numbers]
        out = grow(leaves, steps)[1] + sum((leaf * leaf) * (leaf * 0.5) for leaf in leaves)
        first = grad(out, leaves, create_graph=True)
        second = grad(first[0] * 2.0 + first[1] * first[0], leaves)
        results.append([plain(v) for v in (*first, *second)])
    assert results[0] == pytest.approx(results[2], rel=1e-9, abs=1e-11)
    assert results[1] == pytest.approx(results[2], rel=1e-9, abs=1e-11)
