"""Activation modules against PyTorch's, kinks included."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import autograd
import nn
from autograd.errors import ArgumentError, ShapeError

CALLS: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
    ("ReLU", (), {}),
    ("ReLU6", (), {}),
    ("LeakyReLU", (), {}),
    ("LeakyReLU", (0.3,), {}),
    ("PReLU", (), {}),
    ("PReLU", (3,), {"init": 0.1}),
    ("ELU", (), {}),
    ("ELU", (0.5,), {}),
    ("SELU", (), {}),
    ("GELU", (), {}),
    ("GELU", ("tanh",), {}),
    ("SiLU", (), {}),
    ("Sigmoid", (), {}),
    ("Tanh", (), {}),
    ("Softplus", (), {}),
    ("Softplus", (2.0, 1.0), {}),
    ("Softsign", (), {}),
    ("Hardtanh", (), {}),
    ("Hardtanh", (-0.5, 2.0), {}),
    ("LogSigmoid", (), {}),
    ("Softmax", (), {"dim": 1}),
    ("LogSoftmax", (-1,), {}),
]


@pytest.mark.parametrize(("name", "arguments", "settings"), CALLS)
def test_activations(
    torch: ModuleType,
    agree: Callable[..., None],
    rng: np.random.Generator,
    name: str,
    arguments: tuple[Any, ...],
    settings: dict[str, Any],
) -> None:
    ours, theirs = getattr(nn, name)(*arguments, **settings), getattr(torch.nn, name)(*arguments, **settings)
    assert repr(ours) == repr(theirs)
    x = 3 * rng.normal(size=(4, 3, 5))
    x[0, 0] = [0.0, 30.0, -30.0, 6.0, 1.0]
    agree(ours, theirs, x)


@pytest.mark.parametrize("name", ["ReLU", "ReLU6", "SELU", "SiLU", "ELU", "LeakyReLU", "Hardtanh"])
def test_inplace_overwrites_the_input(torch: ModuleType, name: str) -> None:
    ours = getattr(nn, name)(inplace=True)
    assert repr(ours) == repr(getattr(torch.nn, name)(inplace=True))
    x, y = autograd.tensor([-2.0, 2.0], requires_grad=True), torch.tensor([-2.0, 2.0], requires_grad=True)
    middle, expected = x * 3, y * 3
    assert ours(middle) is middle
    getattr(torch.nn, name)(inplace=True)(expected)
    (middle * 2).sum().backward()
    (expected * 2).sum().backward()
    np.testing.assert_allclose(middle.detach().numpy(), expected.detach().numpy(), rtol=1e-4)
    np.testing.assert_allclose(x.grad.numpy(), y.grad.numpy(), rtol=1e-4)


def test_prelu_of_a_vector(torch: ModuleType, agree: Callable[..., None]) -> None:
    agree(nn.PReLU(), torch.nn.PReLU(), np.array([-1.0, 0.0, 2.0]))
    with pytest.raises(ShapeError, match=r"prelu: weight \(4,\) does not fit x \(2, 3\); use one slope, or 3"):
        nn.PReLU(4)(autograd.ones(2, 3))


def test_maxout_is_the_course_formula(rng: np.random.Generator) -> None:
    """max(w1^T x + b1, w2^T x + b2), with the two pieces cut out of the weight by hand."""
    layer = nn.Maxout(3, 2, dtype=autograd.float64)
    x = rng.normal(size=(5, 3))
    w, b = layer.weight.detach().numpy(), layer.bias.detach().numpy()
    first, second = x @ w[:2].T + b[:2], x @ w[2:].T + b[2:]
    out = layer(autograd.tensor(x))
    np.testing.assert_allclose(out.detach().numpy(), np.maximum(first, second), rtol=1e-12)
    out.sum().backward()
    won = (first > second).astype(float)
    np.testing.assert_allclose(layer.weight.grad.numpy(), np.concatenate([won.T @ x, (1 - won).T @ x]), rtol=1e-12)
    np.testing.assert_allclose(layer.bias.grad.numpy(), np.concatenate([won.sum(0), (1 - won).sum(0)]), rtol=1e-12)
    assert nn.Maxout(3, 2, pieces=4, bias=False)(autograd.ones(7, 5, 3)).shape == (7, 5, 2)
    assert repr(layer) == "Maxout(in_features=3, out_features=2, pieces=2, bias=True)"


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: nn.Softmax(), "Softmax: dim is None"),
        (lambda: nn.LogSoftmax(), "LogSoftmax: dim is None"),
        (lambda: nn.GELU("fast"), "approximate is 'fast'"),
        (lambda: nn.Hardtanh(1.0, -1.0), "min_val 1.0 must be less than max_val -1.0"),
        (lambda: nn.PReLU(0), "num_parameters is 0"),
        (lambda: nn.Maxout(2, 2, 0), "pieces is 0"),
    ],
)
def test_mistakes_get_an_error(make: Callable[[], Any], text: str) -> None:
    with pytest.raises(ArgumentError, match=text):
        make()
