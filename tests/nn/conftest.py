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
