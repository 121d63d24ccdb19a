"""Embedding, EmbeddingBag and Bilinear against PyTorch's."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import autograd
import nn
from autograd.errors import ArgumentError, IndexRangeError, ShapeError

Alike = Callable[..., None]
INDICES = np.array([[0, 3, 3], [4, 1, 3]])
EMBEDDINGS: list[dict[str, Any]] = [
    {},
    {"padding_idx": 3},
    {"padding_idx": -2},
    {"max_norm": 1.0},
    {"max_norm": 1.5, "norm_type": 1.0},
    {"scale_grad_by_freq": True, "padding_idx": 0},
]


@pytest.mark.parametrize("settings", EMBEDDINGS)
@pytest.mark.parametrize("indices", [INDICES, INDICES[0], np.array(2), INDICES[:0]])
def test_embedding(torch: ModuleType, alike: Alike, settings: dict[str, Any], indices: np.ndarray) -> None:
    ours, theirs = nn.Embedding(5, 4, **settings), torch.nn.Embedding(5, 4, **settings)
    alike(ours, theirs, indices)
    np.testing.assert_allclose(ours.weight.detach().numpy(), theirs.weight.detach().numpy(), rtol=1e-12)


BAGS: list[dict[str, Any]] = [
    {},
    {"mode": "sum"},
    {"mode": "max"},
    {"mode": "sum", "padding_idx": 3},
    {"mode": "mean", "max_norm": 1.0, "norm_type": 3.0},
    {"mode": "max", "padding_idx": 1},
]


@pytest.mark.parametrize("settings", BAGS)
def test_embedding_bag(torch: ModuleType, alike: Alike, rng: np.random.Generator, settings: dict[str, Any]) -> None:
    ours, theirs = nn.EmbeddingBag(5, 4, **settings), torch.nn.EmbeddingBag(5, 4, **settings)
    alike(ours, theirs, INDICES)
    alike(ours, theirs, INDICES.reshape(-1), np.array([0, 2, 2, 5]))
    if settings.get("mode") == "sum":
        alike(ours, theirs, INDICES, None, rng.normal(size=INDICES.shape))
    last = {**settings, "include_last_offset": True}
    alike(nn.EmbeddingBag(5, 4, **last), torch.nn.EmbeddingBag(5, 4, **last), INDICES.reshape(-1), np.array([0, 2, 6]))


@pytest.mark.parametrize("mode", ["sum", "mean"])
def test_bags_scaled_by_frequency(torch: ModuleType, alike: Alike, mode: str) -> None:
    """PyTorch divides the rows that come after a repeated one by its count, so here the last one is repeated."""
    settings = {"mode": mode, "scale_grad_by_freq": True}
    indices = np.array([[0, 4, 4], [1, 4, 3]])
    alike(nn.EmbeddingBag(5, 4, **settings), torch.nn.EmbeddingBag(5, 4, **settings), indices)
    layer = nn.EmbeddingBag(5, 1, **settings)
    layer(autograd.tensor(INDICES)).sum().backward()
    share = 1 if mode == "sum" else 1 / 3
    np.testing.assert_allclose(layer.weight.grad.numpy()[:, 0], [share, share, 0, share, share], rtol=1e-6)


def test_from_pretrained(torch: ModuleType, alike: Alike, rng: np.random.Generator) -> None:
    table = rng.normal(size=(5, 4))
    for name, settings in (("Embedding", {"padding_idx": 1}), ("EmbeddingBag", {"mode": "sum"})):
        ours = getattr(nn, name).from_pretrained(autograd.tensor(table), **settings)
        theirs = getattr(torch.nn, name).from_pretrained(torch.tensor(table), **settings)
        assert not ours.weight.requires_grad and (ours.weight.numpy() == table).all()
        alike(ours, theirs, INDICES)
        trained = getattr(nn, name).from_pretrained(autograd.tensor(table), freeze=False, **settings)
        alike(trained, getattr(torch.nn, name).from_pretrained(torch.tensor(table), freeze=False, **settings), INDICES)
    shared = autograd.tensor(table)
    layer = nn.Embedding.from_pretrained(shared)
    shared[0] = 7.0
    assert (layer(autograd.tensor([0])) == 7).all()


def test_initial_values_are_pytorchs(torch: ModuleType) -> None:
    for library in (nn, torch.nn):
        for layer in (library.Embedding(50, 40, padding_idx=2), library.EmbeddingBag(50, 40, padding_idx=2)):
            table = layer.weight.detach().numpy().copy()
            assert (table[2] == 0).all()
            rest = np.delete(table, 2, 0)
            assert abs(rest.mean()) < 4 / np.sqrt(rest.size) and abs(rest.std() - 1) < 4 / np.sqrt(2 * rest.size)
            layer.reset_parameters()
            assert (layer.weight.detach().numpy()[2] == 0).all()
            assert not (layer.weight.detach().numpy()[0] == table[0]).any()


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("batch", [(5,), (2, 3), ()])
def test_bilinear(
    torch: ModuleType, alike: Alike, rng: np.random.Generator, bias: bool, batch: tuple[int, ...]
) -> None:
    ours, theirs = nn.Bilinear(3, 2, 4, bias), torch.nn.Bilinear(3, 2, 4, bias)
    alike(ours, theirs, rng.normal(size=(*batch, 3)), rng.normal(size=(*batch, 2)))


def test_bilinear_begins_as_pytorchs(torch: ModuleType) -> None:
    for layer in (nn.Bilinear(100, 20, 30), torch.nn.Bilinear(100, 20, 30)):
        for parameter in layer.parameters():
            assert 0.08 < np.abs(parameter.detach().numpy()).max() <= 0.1


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: nn.Embedding(0, 3), ArgumentError, "Embedding: num_embeddings is 0"),
        (lambda: nn.Embedding(4, 3, padding_idx=4), IndexRangeError, "padding_idx 4 is not one of 4 rows"),
        (lambda: nn.Embedding(4, 3, sparse=True), ArgumentError, "sparse"),
        (lambda: nn.Embedding(4, 3)(autograd.tensor([4])), IndexRangeError, "4"),
        (lambda: nn.Embedding.from_pretrained(autograd.ones(3)), ShapeError, "num_embeddings, embedding_dim"),
        (lambda: nn.Embedding(4, 3, _weight=autograd.ones(3, 3)), ShapeError, r"must be \(4, 3\)"),
        (lambda: nn.EmbeddingBag(4, 3, mode="min"), ArgumentError, "mode is 'min'"),
        (lambda: nn.EmbeddingBag(4, 3)(autograd.tensor([1, 2])), ArgumentError, "offsets"),
        (lambda: nn.Bilinear(3, 2, 0), ArgumentError, "Bilinear: out_features is 0"),
        (lambda: nn.Bilinear(3, 2, 1)(autograd.ones(3), autograd.ones(3)), ShapeError, "bilinear"),
    ],
)
def test_mistakes_get_an_error(call: Callable[[], Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        call()
