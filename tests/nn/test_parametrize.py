"""Parametrizations, and the older weight and spectral norm, against PyTorch's; the max-norm constraint."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import reduce
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import autograd
import nn
from autograd.errors import ArgumentError
from nn.utils import parametrize

FORMS = ["parametrizations.weight_norm", "parametrizations.spectral_norm", "weight_norm", "spectral_norm"]
OWNERS: list[tuple[str, tuple[int, ...], tuple[int, ...]]] = [
    ("Linear", (4, 3), (3, 4)),
    ("Conv2d", (4, 3, 2), (2, 4, 5, 5)),
    ("ConvTranspose2d", (4, 3, 2), (2, 4, 5, 5)),
]


@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::UserWarning")
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(("owner", "arguments", "shape"), OWNERS)
@pytest.mark.parametrize("form", FORMS)
def test_normalized_weights(
    torch: ModuleType, agree: Callable[..., None], rng: np.random.Generator, form: str, owner: str,
    arguments: tuple[int, ...], shape: tuple[int, ...], training: bool,
) -> None:  # fmt: skip
    ours, theirs = (
        reduce(getattr, form.split("."), library.utils)(getattr(library, owner)(*arguments))
        for library in (nn, torch.nn)
    )
    assert repr(ours) == repr(theirs)
    assert [n for n, _ in ours.named_parameters()] == [n for n, _ in theirs.named_parameters()]
    agree(ours.train(training), theirs.train(training), rng.normal(size=shape), rounds=1, rtol=1e-9)


@pytest.mark.parametrize("dim", [None, 1])
def test_other_dimensions(
    torch: ModuleType, agree: Callable[..., None], rng: np.random.Generator, dim: int | None
) -> None:
    ours, theirs = (
        library.utils.parametrizations.weight_norm(library.Linear(4, 3), dim=dim) for library in (nn, torch.nn)
    )
    agree(ours, theirs, rng.normal(size=(2, 4)))


def test_a_parametrized_weight_is_read_assigned_copied_and_removed() -> None:
    layer = nn.utils.parametrizations.weight_norm(nn.Linear(4, 3))
    before = layer.weight.detach().numpy().copy()
    again = copy.deepcopy(layer)
    np.testing.assert_array_equal(again.weight.detach().numpy(), before)
    layer.weight = autograd.ones(3, 4)
    np.testing.assert_allclose(layer.weight.detach().numpy(), 1, rtol=1e-6)
    np.testing.assert_array_equal(again.weight.detach().numpy(), before)
    assert parametrize.is_parametrized(layer, "weight") and not parametrize.is_parametrized(layer, "bias")
    parametrize.remove_parametrizations(layer, "weight")
    assert type(layer) is nn.Linear and not parametrize.is_parametrized(layer)
    assert list(layer.state_dict()) == ["bias", "weight"]
    np.testing.assert_allclose(layer.weight.detach().numpy(), 1, rtol=1e-6)


def test_several_steps_and_the_cache() -> None:
    class Double(nn.Module):
        calls = 0

        def forward(self, x: Any) -> Any:
            Double.calls += 1
            return x * 2

        def right_inverse(self, x: Any) -> Any:
            return x / 2

    layer = nn.Linear(2, 2)
    before = layer.weight.tolist()
    for _ in range(2):
        parametrize.register_parametrization(layer, "weight", Double())
        assert layer.weight.tolist() == before
    assert layer.parametrizations.weight.original.tolist() == (np.array(before) / 4).tolist()
    Double.calls = 0
    with parametrize.cached():
        assert layer.weight is layer.weight
    assert Double.calls == 2


def test_mistakes_get_an_error() -> None:
    class Flat(nn.Module):
        def forward(self, x: Any) -> Any:
            return x.reshape(-1)

    with pytest.raises(ArgumentError, match=r"gives float32 \(4,\) in place of float32 \(2, 2\)"):
        parametrize.register_parametrization(nn.Linear(2, 2), "weight", Flat())
    with pytest.raises(ArgumentError, match="no parameter or buffer 'kernel'"):
        parametrize.register_parametrization(nn.Linear(2, 2), "kernel", Flat())
    with pytest.raises(ArgumentError, match="no parametrized 'weight'"):
        parametrize.remove_parametrizations(nn.Linear(2, 2), "weight")
    with pytest.raises(ArgumentError, match="has none on 'weight'"):
        nn.utils.remove_weight_norm(nn.Linear(2, 2))


@pytest.mark.parametrize("kind", ["weight_norm", "spectral_norm"])
def test_the_older_forms_are_removed(kind: str) -> None:
    layer = getattr(nn.utils, kind)(nn.Linear(4, 3))
    x = autograd.ones(2, 4)
    layer.eval()
    before = layer(x).detach().numpy()
    getattr(nn.utils, f"remove_{kind}")(layer)
    assert sorted(layer.state_dict()) == ["bias", "weight"]
    np.testing.assert_allclose(layer(x).detach().numpy(), before, rtol=1e-5)


def test_max_norm() -> None:
    layer = nn.Linear(8, 5)
    with autograd.no_grad():
        layer.weight.mul_(autograd.tensor([[0.01], [1.0], [10.0], [0.0], [100.0]]))
    lengths = np.linalg.norm(layer.weight.detach().numpy(), axis=1)
    constrained = nn.utils.parametrizations.max_norm(copy.deepcopy(layer), bound=0.5)
    wanted = np.minimum(lengths, 0.5)
    np.testing.assert_allclose(np.linalg.norm(constrained.weight.detach().numpy(), axis=1), wanted, rtol=1e-5)
    nn.utils.clip_weight_norm_(layer.parameters(), 0.5)
    np.testing.assert_allclose(np.linalg.norm(layer.weight.detach().numpy(), axis=1), wanted, rtol=1e-5)
