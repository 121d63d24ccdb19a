"""Hooks around saving and loading, changed submodules, checkpoints that are older, and the summary."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd
import nn
import nn.compat
from autograd.errors import ArgumentError, DtypeError


def test_hooks_see_the_state_pass() -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1))
    seen: list[Any] = []
    model.register_state_dict_pre_hook(lambda module, prefix, keep: seen.append((prefix, keep)))
    handle = model[1].register_state_dict_post_hook(
        lambda module, state, prefix, metadata: state.update({prefix + "extra": 1})
    )
    assert list(model.state_dict(prefix="m."))[-1] == "m.1.extra"
    assert seen == [("m.", False)]
    handle.remove()
    state = model.state_dict()

    def rename(module: nn.Module, state: Any, prefix: str, *others: Any) -> None:
        state[prefix + "bias"] = state.pop(prefix + "b")

    model[1].register_load_state_dict_pre_hook(rename)
    given = {("1.b" if k == "1.bias" else k): v for k, v in state.items()}
    assert str(model.load_state_dict(given)) == "<All keys matched successfully>"
    assert "1.b" in given  # a copy was changed
    with pytest.raises(ArgumentError, match=r"unexpected: 'other'"):
        model.load_state_dict({**given, "other": autograd.ones(1)})
    model.register_load_state_dict_post_hook(lambda module, keys: keys.unexpected_keys.clear())
    model.load_state_dict({**given, "other": autograd.ones(1)})


def test_a_checkpoint_without_the_count_of_batches_is_read() -> None:
    layer = nn.Sequential(nn.BatchNorm1d(2))
    state = layer.state_dict()
    del state["0.num_batches_tracked"]
    assert layer.load_state_dict(state).missing_keys == []


def test_set_submodule() -> None:
    model = nn.Sequential(nn.Sequential(nn.ReLU()))
    model.set_submodule("0.0", nn.Tanh(), strict=True)
    assert isinstance(model[0][0], nn.Tanh)
    with pytest.raises(ArgumentError, match="no 'head'"):
        model.set_submodule("0.head", nn.Tanh(), strict=True)
    with pytest.raises(ArgumentError, match="path is empty"):
        model.set_submodule("", nn.Tanh())
    with pytest.raises(DtypeError, match="cannot become a int"):
        model.set_submodule("0", 3)  # type: ignore[arg-type]


def test_summary_counts() -> None:
    model = nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ConvTranspose2d(8, 4, 2, stride=2), nn.Flatten(),
        nn.LazyLinear(10),
    )  # fmt: skip
    before = {k: np.array(v) for k, v in model[:3].state_dict().items()}
    table = model.summary((2, 3, 8, 8))
    assert table.multiply_adds == 2 * 8 * 64 * 27 + 2 * 8 * 64 * 4 * 4 + 2 * 10 * 1024
    assert [row.output for row in table.rows[1:]][-1] == (2, 10)
    assert table.parameters == sum(p.numel() for p in model.parameters()) == table.trainable
    assert model.training and all((before[k] == v.numpy()).all() for k, v in model[:3].state_dict().items())
    model[0].requires_grad_(False)
    assert nn.summary(model, (2, 3, 8, 8)).trainable == table.parameters - 224


def test_initial_values_of_dirac_and_sparse(rng: np.random.Generator) -> None:
    x = rng.normal(size=(1, 4, 6, 6))
    layer = nn.Conv2d(4, 4, 3, padding=1, bias=False, groups=2).double()
    nn.init.dirac_(layer.weight, groups=2)
    np.testing.assert_array_equal(layer(autograd.tensor(x)).detach().numpy(), x)
    w = nn.init.sparse_(autograd.empty(10, 50), 0.25, std=2.0).numpy()
    assert ((w == 0).sum(0) == 3).all() and 1.7 < w[w != 0].std() < 2.3
    assert nn.init._calculate_fan_in_and_fan_out(autograd.empty(6, 3, 5, 5)) == (75, 150)


def test_extra_state_passes_as_in_pytorch(torch: Any) -> None:
    def run(library: Any) -> list[Any]:
        class Counter(library.nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.weight = library.nn.Parameter(library.zeros(1))
                self.count = 3

            def get_extra_state(self) -> Any:
                return {"count": self.count}

            def set_extra_state(self, state: Any) -> None:
                self.count = state["count"]

        model = library.nn.Sequential(Counter(), library.nn.Linear(1, 1), Counter())
        model[2].count = 5
        state = model.state_dict()
        other = library.nn.Sequential(Counter(), library.nn.Linear(1, 1), Counter())
        keys = other.load_state_dict(state)
        found = [list(state), state["2._extra_state"], other[0].count, other[2].count, list(keys)]
        del state["0._extra_state"]
        for extra in ({}, {"1._extra_state": 0}):
            keys = other.load_state_dict({**state, **extra}, strict=False)
            found.append(list(keys))
            with pytest.raises((RuntimeError, ArgumentError), match=r"0\._extra_state"):
                other.load_state_dict({**state, **extra})
        return found

    assert run(nn.compat) == run(torch)


def test_to_empty_gives_new_memory_of_the_same_shapes(torch: Any) -> None:
    for library in (nn.compat, torch):
        model = library.nn.Sequential(library.nn.Linear(3, 2), library.nn.BatchNorm1d(2))
        shapes = {name: tuple(value.shape) for name, value in model.state_dict().items()}
        first, pointer = model[0].weight, model[0].weight.data_ptr()
        assert model.to_empty(device="cpu") is model
        assert {name: tuple(value.shape) for name, value in model.state_dict().items()} == shapes
        assert model[0].weight is first and first.requires_grad and first.data_ptr() != pointer
        kept = model[1].weight.data_ptr()
        model.to_empty(device="cpu", recurse=False)
        assert model[1].weight.data_ptr() == kept
    with pytest.raises(ArgumentError, match="cuda"):
        nn.Linear(1, 1).to_empty(device="cuda")


def test_modules_in_two_places_are_listed_once_or_twice(torch: Any) -> None:
    for library in (nn, torch.nn):
        shared = library.ReLU()
        model = library.Sequential(shared, library.Sequential(shared))
        assert [len(list(model.modules(flag))) for flag in (True, False)] == [3, 4]
