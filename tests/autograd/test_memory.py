"""What the graph keeps alive: no cycles, nothing that grows, and arrays let go as early as can be."""

from __future__ import annotations

import contextlib
import gc
import sys
import tracemalloc
import weakref

import numpy as np
import pytest

import autograd
import nn
import nn.functional as F
import optim
from autograd import Value, errors


@pytest.fixture
def no_gc():
    """No garbage collection in the test, and nothing left over from before."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def leaf(numbers, dtype="float32"):
    return autograd.tensor(numbers, dtype=dtype, requires_grad=True)


class Perceptron:
    """Two layers in plain operations of the engine, trained with its own update."""

    def __init__(self, rng):
        self.x = autograd.tensor(rng.standard_normal((16, 5)), dtype="float32")
        self.y = autograd.tensor(rng.integers(0, 3, 16))
        shapes = [(5, 8), (8,), (8, 3), (3,)]
        self.parameters = [leaf(rng.standard_normal(shape) * 0.5) for shape in shapes]

    def loss(self):
        w1, b1, w2, b2 = self.parameters
        hidden = (self.x @ w1 + b1).relu()
        hidden = autograd.dropout(hidden, 0.1)
        scores = (hidden @ w2 + b2).tanh()
        picked = autograd.log_softmax(scores, 1)[autograd.arange(16), self.y]
        return -picked.mean() + 0.01 * sum((w * w).sum() for w in self.parameters)

    def step(self):
        for parameter in self.parameters:
            parameter.grad = None
        loss = self.loss()
        loss.backward()
        with autograd.no_grad():
            for parameter in self.parameters:
                parameter -= 0.1 * parameter.grad
        return loss.item()


class Neurons:
    """A two-layer network of Values."""

    def __init__(self, rng):
        self.w = [[Value(v) for v in row] for row in rng.standard_normal((4, 3))]
        self.v = [Value(v) for v in rng.standard_normal(4)]

    def step(self):
        hidden = [sum((w * x for w, x in zip(row, (0.5, -1.0, 2.0), strict=True)), Value(0.1)).tanh() for row in self.w]
        out = sum((v * h for v, h in zip(self.v, hidden, strict=True)), Value(0.0))
        loss = (out - 1.0) ** 2
        parameters = [*self.v, *(w for row in self.w for w in row)]
        for parameter in parameters:
            parameter.zero_grad()
        loss.backward()
        for parameter in parameters:
            parameter.data -= 0.01 * parameter.grad
        return loss.data


class Convolutions:
    """A convolutional network as users write it, with batch norm, pooling and Adam."""

    def __init__(self, rng):
        autograd.manual_seed(0)
        self.x = autograd.tensor(rng.standard_normal((8, 1, 8, 8)), dtype="float32")
        self.y = autograd.tensor(rng.integers(0, 10, 8))
        features = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2))
        self.model = nn.Sequential(features, nn.Flatten(), nn.Linear(64, 10))
        self.optimizer = optim.Adam(self.model.parameters(), lr=1e-3)

    def step(self):
        loss = F.cross_entropy(self.model(self.x), self.y)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss.item()


def second_order(rng):
    x = leaf(rng.standard_normal(4))
    (slope,) = autograd.grad((x**3).sum() + x.exp().sum(), x, create_graph=True)
    (slope * slope).sum().backward()


def hooks_and_records(rng):
    x = leaf(rng.standard_normal(4))
    with autograd.record():
        y = x * 2
        y.retain_grad()
        y.register_hook(lambda g: g * 2)
        values, _ = y.view(2, 2).max(1)
        (values * y[0]).sum().backward()


def failures(rng):
    x = leaf(rng.standard_normal(4))
    y = (x * x).sum()
    y.backward()
    for kind, action in (
        (errors.GraphError, y.backward),
        (errors.ShapeError, lambda: x + autograd.ones(3)),
        (errors.InPlaceError, lambda: x.add_(1)),
    ):
        with contextlib.suppress(kind):
            action()


@pytest.mark.parametrize("network", [Perceptron, Neurons, Convolutions])
def test_a_training_step_leaves_no_garbage(no_gc, rng, network):
    model = network(rng)
    model.step()
    gc.collect()  # what compiling a kernel left
    losses = [model.step() for _ in range(20)]
    assert gc.collect() == 0
    assert losses[-1] < losses[0]


@pytest.mark.parametrize("run", [second_order, hooks_and_records, failures])
def test_other_uses_leave_no_garbage(no_gc, rng, run):
    run(rng)
    gc.collect()  # what a first call caches
    run(rng)
    assert gc.collect() == 0


def traced_after(model, steps):
    for _ in range(steps):
        model.step()
    assert gc.collect() == 0  # empties CPython's lists of freed tuples, which are traced too
    return tracemalloc.get_traced_memory()[0]


@pytest.mark.parametrize(("network", "steps"), [(Perceptron, 1000), (Neurons, 1000), (Convolutions, 1000)])
def test_traced_memory_does_not_grow(no_gc, rng, network, steps):
    model = network(rng)
    for _ in range(10):
        model.step()
    gc.collect()
    tracemalloc.start()
    try:
        early = traced_after(model, 10)
        late = traced_after(model, steps)
    finally:
        tracemalloc.stop()
    # The smallest object, a float, has 24 bytes: one that stayed behind every twentieth step would be seen.
    assert late - early < steps


def test_an_unswept_graph_is_freed_without_the_collector(no_gc):
    x = leaf(np.ones((100, 100)))
    y = x * x
    node = weakref.ref(y.node)
    z = (y.exp() + y).sum()
    array = weakref.ref(y.data.numpy())
    del y
    assert node() is not None
    del z
    assert node() is None
    assert array() is None


# --- saved arrays


def test_saved_arrays_die_as_the_sweep_passes_although_the_output_lives(no_gc):
    x = leaf(np.ones((50, 50)))
    alive = []
    references = []

    def count(_):
        alive.append(sum(reference() is not None for reference in references))

    y = x
    for _ in range(6):
        y = y.exp() * 0.1
        references.append(weakref.ref(y.node.edges[0].saved[0]))
        y.register_hook(count)
    out = y.sum()
    del y
    assert all(reference() is not None for reference in references)
    out.backward()
    assert alive == [6, 5, 4, 3, 2, 1]
    assert not any(reference() is not None for reference in references)
    assert out.node is not None
    assert out.node.edges[0].shape == (50, 50)


def test_retain_graph_keeps_them():
    x = leaf(np.ones((5, 5)))
    y = x.exp()
    reference = weakref.ref(y.data.numpy())
    out = y.sum()
    del y
    out.backward(retain_graph=True)
    assert reference() is not None
    out.backward()
    assert reference() is None


def test_gradients_on_their_way_are_dropped(no_gc):
    x = leaf(np.ones((50, 50)))
    seen = []
    alive = []
    y = x
    for _ in range(5):
        y = y * 2

        def look(gradient):
            alive.append(sum(reference() is not None for reference in seen))
            seen.append(weakref.ref(gradient.numpy()))

        y.register_hook(look)
    y.backward(autograd.ones(50, 50))
    assert max(alive) <= 1


def test_dropping_a_tensor_drops_its_array_although_the_graph_holds_the_node(no_gc):
    x = leaf(np.ones((50, 50)))
    y = x + 1
    array, node = weakref.ref(y.data.numpy()), weakref.ref(y.node)
    out = (y + 2).sum()
    del y
    assert node() is not None
    assert array() is None
    out.backward()
    assert (x.grad == 1).all()


def test_only_what_the_needed_rules_read_is_saved():
    x, c = leaf(np.ones((5, 5))), autograd.ones(5, 5)
    (saved,) = (x * c).node.saved
    assert saved is c.numpy()
    assert (x + c).node.saved == ()
    assert (x * 2.0).node.saved == (2.0,)
    (saved,) = (x @ c).node.saved
    assert saved is c.numpy()
    y = x.exp()
    assert y.node.saved[0] is y.data.numpy()


def test_the_first_gradient_that_was_summed_here_is_kept_without_a_copy():
    x = leaf(np.ones((200, 200)))
    out = (x * 2 + x * 3).sum()
    tracemalloc.start()
    try:
        out.backward()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 3.6 * x.nbytes  # the two terms and their sum, and little else


# --- bytes of a node


def test_a_node_of_a_long_chain_takes_less_than_pytorchs_577_bytes(no_gc):
    count = 100_000
    a, x = leaf(np.ones((4, 4))), leaf(np.ones((4, 4)))
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(count):
            x = x + a
        used = (tracemalloc.get_traced_memory()[0] - before) / count
    finally:
        tracemalloc.stop()
    assert used < 577 / 3, used
    assert sys.getsizeof(x.node) < 160


def test_values_have_no_dict():
    assert not hasattr(Value(1.0), "__dict__")
    assert not hasattr(autograd.ones(1), "__dict__")
    assert not hasattr((leaf([1.0]) * 2).node, "__dict__")
