"""nn.scalar: micrograd's interface, gradients equal to those of Tensors, and two moons learned."""

from __future__ import annotations

import numpy as np
import pytest

import autograd
import nn
from autograd import Value
from autograd.errors import ArgumentError, ShapeError
from nn.scalar import MLP, Layer, Neuron


def test_interface() -> None:
    model = MLP(3, [4, 4, 1])
    assert len(model.parameters()) == 41 == 4 * 4 + 4 * 5 + 5
    assert all(type(p) is Value for p in model.parameters())
    out = model([1.0, Value(2.0), -1])
    assert type(out) is Value
    out.backward()
    assert any(p.grad != 0 for p in model.parameters())
    model.zero_grad()
    assert all(p.grad == 0 for p in model.parameters())
    assert isinstance(MLP(3, [2])([1, 2, 3]), list) and len(MLP(3, [2])([1, 2, 3])) == 2
    assert repr(Layer(2, 2)) == "Layer of [ReLUNeuron(2), ReLUNeuron(2)]"
    assert repr(MLP(2, [1])) == "MLP of [Layer of [LinearNeuron(2)]]"


def test_a_neuron_is_its_formula() -> None:
    neuron = Neuron(2)
    assert all(-1 < w.data < 1 for w in neuron.w) and neuron.b.data == 0
    neuron.w[0].data, neuron.w[1].data, neuron.b.data = 2.0, -3.0, 0.5
    assert neuron([1.0, 0.5]).data == 1.0
    assert neuron([0.0, 1.0]).data == 0.0
    neuron.nonlin = False
    assert neuron([0.0, 1.0]).data == -2.5


def test_seed_repeats_the_weights() -> None:
    autograd.manual_seed(5)
    first = [p.data for p in MLP(2, [3, 1]).parameters()]
    autograd.manual_seed(5)
    assert [p.data for p in MLP(2, [3, 1]).parameters()] == first


def test_gradients_equal_those_of_tensors(rng: np.random.Generator) -> None:
    model = MLP(2, [5, 4, 1])
    tensors = nn.Sequential(nn.Linear(2, 5), nn.ReLU(), nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, 1)).double()
    state = {}
    for k, layer in enumerate(model.layers):
        state[f"{2 * k}.weight"] = autograd.tensor(
            [[w.data for w in n.w] for n in layer.neurons], dtype=autograd.float64
        )
        state[f"{2 * k}.bias"] = autograd.tensor([n.b.data for n in layer.neurons], dtype=autograd.float64)
    tensors.load_state_dict(state)
    x, y = rng.normal(size=(6, 2)), np.array([1.0, -1, 1, 1, -1, -1])
    scores = [model(list(row)) for row in x]
    loss = sum(((1 - float(t) * s).relu() for t, s in zip(y, scores, strict=True)), Value(0.0)) / 6
    loss.backward()
    out = tensors(autograd.tensor(x))
    other = (1 - autograd.tensor(y)[:, None] * out).relu().mean()
    other.backward()
    assert loss.data == pytest.approx(other.item(), rel=1e-12)
    for k, layer in enumerate(model.layers):
        np.testing.assert_allclose(
            [[w.grad for w in n.w] for n in layer.neurons], tensors[2 * k].weight.grad.numpy(), rtol=1e-10, atol=1e-14
        )
        np.testing.assert_allclose(
            [n.b.grad for n in layer.neurons], tensors[2 * k].bias.grad.numpy(), rtol=1e-10, atol=1e-14
        )


def test_two_moons_are_learned() -> None:
    """Karpathy's demonstration, smaller: hinge loss with a little weight decay, plain gradient descent."""
    datasets = pytest.importorskip("sklearn.datasets")
    x, classes = datasets.make_moons(n_samples=30, noise=0.1, random_state=0)
    y = 2 * classes - 1
    model = MLP(2, [8, 8, 1])
    steps = 60
    for k in range(steps):
        scores = [model(row) for row in x.tolist()]
        losses = [(1 - t * s).relu() for t, s in zip(y.tolist(), scores, strict=True)]
        penalty = sum((p * p for p in model.parameters()), Value(0.0))
        loss = sum(losses, Value(0.0)) / len(losses) + 1e-4 * penalty
        model.zero_grad()
        loss.backward()
        for p in model.parameters():
            p.data -= (1.0 - 0.9 * k / steps) * p.grad
    right = sum((model(row).data > 0) == (t > 0) for row, t in zip(x.tolist(), y.tolist(), strict=True))
    assert right / len(x) > 0.95


def test_nodes_know_their_neuron() -> None:
    out = MLP(1, [2, 1])([1.0])
    scopes = {value.scope for value in autograd.topological_order([out]) if value._op}
    assert ("MLP", "layer 0", "neuron 1") in scopes and ("MLP", "layer 1", "neuron 0") in scopes
    assert autograd.graph.local.state.scope == ()


def test_mistakes_get_an_error() -> None:
    with pytest.raises(ShapeError, match="3 inputs do not fit 2 weights"):
        MLP(2, [1])([1, 2, 3])
    with pytest.raises(ArgumentError, match="nouts is empty"):
        MLP(2, [])
    with pytest.raises(ArgumentError, match="nin is 0"):
        Neuron(0)
    with pytest.raises(ArgumentError, match="nout is 0"):
        Layer(2, 0)
