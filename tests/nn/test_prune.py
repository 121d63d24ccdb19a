"""nn.utils.prune against PyTorch's."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import autograd
import nn
import nn.compat
from autograd.errors import ArgumentError


def l1(library: Any, conv: Any, linear: Any) -> None:
    prune = library.nn.utils.prune
    prune.l1_unstructured(conv, "weight", amount=0.3)
    prune.l1_unstructured(conv, "weight", amount=5)
    prune.l1_unstructured(linear, "bias", 0.5, importance_scores=library.arange(4.0))


def structured(library: Any, conv: Any, linear: Any) -> None:
    prune = library.nn.utils.prune
    prune.ln_structured(conv, "weight", amount=0.25, n=2, dim=0)
    prune.ln_structured(conv, "weight", amount=1, n=1, dim=0)
    prune.ln_structured(linear, "weight", amount=2, n=float("inf"), dim=-1)
    prune.l1_unstructured(linear, "weight", amount=0.5)


def given_and_global(library: Any, conv: Any, linear: Any) -> None:
    prune = library.nn.utils.prune
    mask = library.ones(4, 3)
    mask[1] = 0
    prune.custom_from_mask(linear, "weight", mask)
    places = [(conv, "weight"), (linear, "weight")]
    prune.global_unstructured(places, pruning_method=prune.L1Unstructured, amount=0.4)
    prune.identity(conv, "bias")


def a_method_of_ones_own(library: Any, conv: Any, linear: Any) -> None:
    class EveryThird(library.nn.utils.prune.BasePruningMethod):
        PRUNING_TYPE = "unstructured"

        def compute_mask(self, t: Any, default_mask: Any) -> Any:
            mask = default_mask.clone()
            mask.view(-1)[::3] = 0
            return mask

    for _ in range(2):
        EveryThird.apply(conv, "weight")


@pytest.mark.parametrize("program", [l1, structured, given_and_global, a_method_of_ones_own])
def test_masks_and_gradients(torch: ModuleType, rng: np.random.Generator, program: Callable[..., None]) -> None:
    pytest.importorskip("torch.nn.utils.prune")
    numbers = {"0.weight": (4, 2, 2, 2), "0.bias": (4,), "3.weight": (4, 3), "3.bias": (4,)}
    state = {name: rng.normal(size=shape).astype(np.float32) for name, shape in numbers.items()}
    image = rng.normal(size=(3, 2, 3, 2)).astype(np.float32)
    found = []
    for library in (nn.compat, torch):
        layers = library.nn
        conv, linear = layers.Conv2d(2, 4, 2), layers.Linear(3, 4)
        model = layers.Sequential(conv, layers.Tanh(), layers.AdaptiveAvgPool2d((1, 3)), linear)
        model.load_state_dict({name: library.tensor(value) for name, value in state.items()})
        program(library, conv, linear)
        assert library.nn.utils.prune.is_pruned(model)
        out = model(library.tensor(image))
        out.sin().sum().backward()
        named = dict(model.named_parameters())
        found.append({name: value.numpy() for name, value in model.state_dict().items()})
        found[-1] |= {f"{name} gradient": p.grad.numpy() for name, p in named.items()} | {"out": out.detach().numpy()}
        for module in (conv, linear):
            for name in ("weight", "bias"):
                if hasattr(module, name + "_mask"):
                    library.nn.utils.prune.remove(module, name)
        assert not library.nn.utils.prune.is_pruned(model) and sorted(model.state_dict()) == sorted(numbers)
        np.testing.assert_allclose(model(library.tensor(image)).detach().numpy(), found[-1]["out"], rtol=1e-5)
    ours, theirs = found
    assert sorted(ours) == sorted(theirs)
    for name, value in theirs.items():
        np.testing.assert_allclose(ours[name], value, rtol=1e-4, atol=1e-6, err_msg=name)


def test_random_methods() -> None:
    layer = nn.utils.prune.random_unstructured(nn.Linear(10, 10), "weight", 0.3)
    assert layer.weight_mask.sum().item() == 70
    nn.utils.prune.random_unstructured(layer, "weight", 20)
    assert layer.weight_mask.sum().item() == 50 and (layer.weight == 0).sum().item() == 50
    layer = nn.utils.prune.random_structured(nn.Linear(10, 10), "weight", 3, dim=1)
    assert sorted(layer.weight_mask.sum(0).tolist()) == [0.0] * 3 + [10.0] * 7
    nn.utils.prune.random_structured(layer, "weight", 3, dim=1)
    assert layer.weight_mask.sum(0).tolist().count(0.0) == 6


def test_a_pruned_weight_is_trained_and_stays_pruned() -> None:
    layer = nn.utils.prune.l1_unstructured(nn.Linear(4, 3), "weight", 0.5)
    zeros = (layer.weight_mask == 0).numpy()
    optimizer = nn.compat.optim.SGD(layer.parameters(), lr=0.1)
    before = layer.weight.detach().numpy().copy()
    for _ in range(3):
        optimizer.zero_grad()
        layer(autograd.ones(2, 4)).square().sum().backward()
        optimizer.step()
    layer(autograd.ones(2, 4))
    after = layer.weight.detach().numpy()
    assert (after[zeros] == 0).all() and (after[~zeros] != before[~zeros]).all()


def test_mistakes_get_an_error() -> None:
    prune = nn.utils.prune
    with pytest.raises(ArgumentError, match="Linear has no parameter 'kernel'"):
        prune.l1_unstructured(nn.Linear(2, 2), "kernel", 1)
    for amount in (-1, 5, 1.5):
        with pytest.raises(ArgumentError, match=r"use a share from 0\.0 to 1\.0, or a number of at most 4"):
            prune.l1_unstructured(nn.Linear(2, 2), "weight", amount)
    with pytest.raises(ArgumentError, match="has no slices"):
        prune.ln_structured(nn.Linear(2, 2), "bias", 1, 2, 0)
    with pytest.raises(ArgumentError, match=r"importance_scores \(3,\) do not fit 'weight', \(2, 2\)"):
        prune.l1_unstructured(nn.Linear(2, 2), "weight", 1, importance_scores=autograd.ones(3))
    with pytest.raises(ArgumentError, match=r"mask \(2,\) does not fit the parameter, \(2, 2\)"):
        prune.custom_from_mask(nn.Linear(2, 2), "weight", autograd.ones(2))
    with pytest.raises(ArgumentError, match="is not unstructured"):
        prune.global_unstructured([(nn.Linear(2, 2), "weight")], prune.RandomStructured, amount=1)
    with pytest.raises(ArgumentError, match="no pruned 'weight'"):
        prune.remove(nn.Linear(2, 2), "weight")
