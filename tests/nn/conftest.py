"""Comparing a module with PyTorch's of the same name."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import autograd
import nn


@pytest.fixture
def agree(torch: ModuleType, rng: np.random.Generator) -> Callable[..., None]:
    """Compare outputs, all gradients and buffers of two modules with the same numbers in them, in float64."""

    def check(ours: nn.Module, theirs: Any, *inputs: np.ndarray, rtol: float = 1e-10, rounds: int = 1) -> None:
        ours.double()
        theirs.double()
        state = {name: value.numpy() for name, value in theirs.state_dict().items()}
        result = ours.load_state_dict(state)
        assert not result.missing_keys and not result.unexpected_keys
        assert list(ours.state_dict()) == list(state)
        for _ in range(rounds):
            mine = [autograd.tensor(x, requires_grad=x.dtype.kind == "f") for x in inputs]
            other = [torch.tensor(x, requires_grad=x.dtype.kind == "f") for x in inputs]
            out, expected = ours(*mine), theirs(*other)
            np.testing.assert_allclose(out.detach().numpy(), expected.detach().numpy(), rtol=rtol, atol=1e-12)
            if expected.requires_grad:
                gradient = rng.normal(size=expected.shape)
                out.backward(autograd.tensor(gradient))
                expected.backward(torch.tensor(gradient))
            pairs = [(x.grad, y.grad) for x, y in zip(mine, other, strict=True)]
            pairs += [(p.grad, q.grad) for p, q in zip(ours.parameters(), theirs.parameters(), strict=True)]
            for a, b in pairs:
                assert (a is None) == (b is None)
                if a is not None:
                    np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=rtol, atol=1e-12)
            for name, value in theirs.state_dict().items():
                np.testing.assert_allclose(ours.state_dict()[name].numpy(), value.numpy(), rtol=rtol, atol=1e-12)

    return check


def _flat(found: Any) -> list[Any]:
    """Tensors in a row, out of tuples and lists; None is left out."""
    if isinstance(found, (tuple, list)):
        return [x for part in found for x in _flat(part)]
    return [] if found is None else [found]


@pytest.fixture
def alike(torch: ModuleType, rng: np.random.Generator) -> Callable[..., None]:
    """As `agree`, for modules that take and return nested tuples, and arguments by name that need no gradient."""

    def check(ours: nn.Module, theirs: Any, *inputs: Any, rtol: float = 1e-10, **named: Any) -> None:
        assert repr(ours) == repr(theirs)
        ours.double()
        theirs.double()
        state = {name: value.numpy() for name, value in theirs.state_dict().items()}
        assert {name: value.shape for name, value in ours.state_dict().items()} == {
            name: value.shape for name, value in state.items()
        }
        assert list(ours.state_dict()) == list(state)
        ours.load_state_dict(state)
        ours.zero_grad()
        theirs.zero_grad()

        def run(module: Any, tensor: Callable[..., Any], seeds: list[np.ndarray]) -> tuple[list[Any], list[Any]]:
            leaves = []

            def enter(given: Any) -> Any:
                if isinstance(given, (tuple, list)):
                    return tuple(enter(x) for x in given)
                if not isinstance(given, np.ndarray):
                    return given
                leaves.append(tensor(given, requires_grad=given.dtype.kind == "f"))
                return leaves[-1]

            rest = {name: tensor(x) if isinstance(x, np.ndarray) else x for name, x in named.items()}
            out = _flat(module(*enter(inputs), **rest))
            passing = [x for x in out if x.requires_grad]
            total: Any = 0.0
            for k, x in enumerate(passing):
                if len(seeds) <= k:
                    seeds.append(rng.normal(size=tuple(x.shape)))
                total = total + (x * tensor(seeds[k])).sum()
            if passing:
                total.backward()
            return out, [x.grad for x in leaves] + [p.grad for p in module.parameters()]

        seeds: list[np.ndarray] = []
        mine, mine_gradients = run(ours, autograd.tensor, seeds)
        other, other_gradients = run(theirs, torch.tensor, seeds)
        assert len(mine) == len(other)
        for a, b in zip(mine, other, strict=True):
            assert tuple(a.shape) == tuple(b.shape)
            np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=rtol, atol=1e-11)
        for a, b in zip(mine_gradients, other_gradients, strict=True):
            assert (a is None) == (b is None)
            if a is not None:
                np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=rtol, atol=1e-11)

    return check
