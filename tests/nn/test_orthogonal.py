"""nn.utils.parametrizations.orthogonal against PyTorch's."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest

import autograd
import nn
import nn.compat
from autograd.errors import ArgumentError, ShapeError

SHAPES = [(4, 4), (5, 3), (3, 5), (2, 4, 3)]


def owner(library: Any, weight: np.ndarray) -> Any:
    """A module with one weight in float64."""
    module = library.nn.Module()
    module.weight = library.nn.Parameter(library.tensor(weight))
    return module


@pytest.mark.parametrize("use_trivialization", [True, False])
@pytest.mark.parametrize("orthogonal_map", [None, "matrix_exp", "cayley", "householder"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_values_and_gradients(
    torch: ModuleType, rng: np.random.Generator, shape: Any, orthogonal_map: Any, use_trivialization: bool
) -> None:
    weight, direction = rng.normal(size=shape), rng.normal(size=shape)
    libraries: tuple[Any, Any] = (nn.compat, torch)
    ours, theirs = (
        library.nn.utils.parametrizations.orthogonal(
            owner(library, weight), "weight", orthogonal_map, use_trivialization=use_trivialization
        )
        for library in libraries
    )
    assert [n for n, _ in ours.named_parameters()] == [n for n, _ in theirs.named_parameters()]
    assert list(ours.state_dict()) == list(theirs.state_dict())
    if use_trivialization or orthogonal_map == "householder" or (orthogonal_map is None and shape[-1] != shape[-2]):
        # What was there before, made orthogonal, and the same numbers to learn.
        np.testing.assert_allclose(ours.weight.detach().numpy(), theirs.weight.detach().numpy(), rtol=1e-9, atol=1e-12)
        for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
            np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=1e-9, atol=1e-12)
    with torch.no_grad():  # away from the origin, where reflections are at 0
        original = theirs.parametrizations.weight.original
        original += torch.tensor(rng.normal(size=shape)).tril(-1)
    ours.load_state_dict({name: value.numpy() for name, value in theirs.state_dict().items()})
    for library, module in zip(libraries, (ours, theirs), strict=True):
        (module.weight * library.tensor(direction)).sum().backward()
    value = ours.weight.detach().numpy()
    np.testing.assert_allclose(value, theirs.weight.detach().numpy(), rtol=1e-9, atol=1e-12)
    tall = value if shape[-2] >= shape[-1] else value.mT
    products = tall.mT @ tall
    np.testing.assert_allclose(products, np.broadcast_to(np.eye(tall.shape[-1]), products.shape), atol=1e-12)
    for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
        np.testing.assert_allclose(a.grad.numpy(), b.grad.numpy(), rtol=1e-8, atol=1e-12)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_assigning(torch: ModuleType, rng: np.random.Generator, shape: Any) -> None:
    value = rng.normal(size=shape)
    q = np.linalg.qr(value if shape[-2] >= shape[-1] else value.mT)[0]
    q = q if shape[-2] >= shape[-1] else q.mT
    for settings in ({}, {"orthogonal_map": "householder", "use_trivialization": False}):
        module = nn.utils.parametrizations.orthogonal(owner(nn.compat, value), **settings)
        module.weight = autograd.tensor(q)
        np.testing.assert_allclose(module.weight.detach().numpy(), q, atol=1e-12)
    for before in (value, q):  # an orthogonal square matrix stays as it is
        module = nn.utils.parametrizations.orthogonal(owner(nn.compat, before))
        expected = torch.nn.utils.parametrizations.orthogonal(owner(torch, before))
        np.testing.assert_allclose(module.weight.detach().numpy(), expected.weight.detach().numpy(), atol=1e-12)


def test_it_stays_orthogonal_in_training(rng: np.random.Generator) -> None:
    layer = nn.utils.parametrizations.orthogonal(nn.Linear(3, 3, bias=False).double())
    target = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    target *= np.sign(np.linalg.det(target) * np.linalg.det(layer.weight.detach().numpy()))
    optimizer = nn.compat.optim.Adam(layer.parameters(), lr=0.05)
    for _ in range(150):
        loss = ((layer.weight - autograd.tensor(target)) ** 2).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() < 1e-3
    np.testing.assert_allclose((layer.weight.mT @ layer.weight).detach().numpy(), np.eye(3), atol=1e-12)


def test_mistakes_get_an_error() -> None:
    orthogonal = nn.utils.parametrizations.orthogonal
    with pytest.raises(ArgumentError, match="no parameter or buffer 'kernel'"):
        orthogonal(nn.Linear(2, 2), "kernel")
    with pytest.raises(ArgumentError, match=r"'bias' \(2,\) is no matrix"):
        orthogonal(nn.Linear(2, 2), "bias")
    with pytest.raises(ArgumentError, match="orthogonal_map is 'qr'; use one of matrix_exp, cayley, householder"):
        orthogonal(nn.Linear(2, 2), orthogonal_map="qr")
    layer = orthogonal(nn.Linear(2, 2))
    with pytest.raises(ShapeError, match=r"a value \(3, 2\) does not fit the weight, \(2, 2\)"):
        layer.weight = autograd.ones(3, 2)
    layer = orthogonal(nn.Linear(2, 2), use_trivialization=False)
    with pytest.raises(ArgumentError, match="no original is known for a value by 'matrix_exp'"):
        layer.weight = autograd.eye(2)
