"""`axis` and `keepdims`, wherever PyTorch takes them."""

from __future__ import annotations

import inspect
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import autograd
from autograd.errors import ArgumentError

DATA = np.random.default_rng(0).permutation(12).reshape(3, 4) / 3.0
CALLS: list[tuple[str, dict[str, Any]]] = [
    *(
        (name, {"axis": 1})
        for name in ("sum", "mean", "prod", "std", "var", "amax", "max", "argmin", "softmax", "sort")
    ),
    *((name, {"axis": 0, "keepdims": True}) for name in ("sum", "mean", "max", "median", "argmax", "all", "logsumexp")),
    *((name, {"axis": -1}) for name in ("cumsum", "log_softmax", "unsqueeze", "squeeze", "diff", "unbind", "cummax")),
    ("sum", {"axis": (0, 1)}),
    ("sum", {"axis": 0, "keepdim": True}),
    ("sum", {"dim": 0, "keepdims": True}),
    ("norm", {"p": 1, "axis": 1, "keepdims": True}),
    ("chunk", {"chunks": 2, "axis": 1}),
    ("topk", {"k": 2, "axis": 0}),
    ("quantile", {"q": 0.5, "axis": 1}),
    ("index_select", {"axis": 1, "index": [2, 0]}),
]


@pytest.mark.parametrize(("name", "keywords"), CALLS, ids=lambda x: str(x))
def test_functions_and_methods(torch: ModuleType, name: str, keywords: dict[str, Any]) -> None:
    theirs_keywords = dict(keywords)
    if name == "norm":  # PyTorch's is a function in Python, which takes its own names alone
        theirs_keywords = {"p": 1, "dim": 1, "keepdim": True}

    def run(module: Any, given: dict[str, Any]) -> list[np.ndarray]:
        given = {k: module.tensor(v) if isinstance(v, list) else v for k, v in given.items()}
        x = module.tensor(DATA)
        found = []
        for answer in (getattr(module, name)(x, **given), getattr(x, name)(**given)):
            found += [np.asarray(a) for a in (answer if isinstance(answer, tuple) else (answer,))]
        return found

    for ours, theirs in zip(run(autograd, keywords), run(torch, theirs_keywords), strict=True):
        np.testing.assert_allclose(ours, theirs)


def test_joining_and_changes_in_place(torch: ModuleType) -> None:
    for module in (autograd, torch):
        x = module.tensor(DATA)
        assert tuple(module.cat([x, x], axis=1).shape) == (3, 8)
        assert tuple(module.stack([x, x], axis=-1).shape) == (3, 4, 2)
        assert tuple(module.linalg.vector_norm(x, axis=0, keepdims=True).shape) == (1, 4)
        assert module.ones(2, 2).cumsum_(axis=0).tolist() == [[1.0, 1.0], [2.0, 2.0]]
        assert tuple(module.ones(3).unsqueeze_(axis=0).shape) == (1, 3)


def test_sizes_by_name(torch: ModuleType) -> None:
    calls: list[tuple[str, dict[str, Any]]] = [
        ("flip", {"dims": (0,)}), ("permute", {"dims": (1, 0)}), ("reshape", {"shape": (4, 3)}),
        ("view", {"size": (2, 6)}), ("expand", {"size": (2, 3, 4)}), ("repeat", {"repeats": (2, 1)}),
        ("tile", {"dims": (1, 2)}),
    ]  # fmt: skip
    for name, keywords in calls:
        ours, theirs = (getattr(m.tensor(DATA), name)(**keywords) for m in (autograd, torch))
        np.testing.assert_array_equal(np.asarray(ours), np.asarray(theirs))
    for module in (autograd, torch):
        x = module.zeros(3, 4).t()
        assert (x.stride(), x.stride(0), x.stride(-1)) == ((1, 4), 1, 4)
        assert x.copy_(other=module.ones(3), non_blocking=True).sum().item() == 12


def test_gradients_flow() -> None:
    x = autograd.ones(2, 3, requires_grad=True)
    x.mean(axis=1, keepdims=True).sum().backward()
    np.testing.assert_allclose(x.grad, np.full((2, 3), 1 / 3), rtol=1e-6)


def test_both_names_of_one_argument_are_refused(torch: ModuleType) -> None:
    with pytest.raises(ArgumentError, match="sum: axis and dim are the same argument; give one"):
        autograd.sum(autograd.ones(2), axis=0, dim=0)
    with pytest.raises(ArgumentError, match="mean: keepdims and keepdim are the same argument"):
        autograd.ones(2).mean(0, keepdim=True, keepdims=True)
    with pytest.raises(TypeError):
        torch.sum(torch.ones(2), axis=0, dim=0)


def test_unknown_names_are_still_told() -> None:
    for call in (lambda: autograd.sum(autograd.ones(2), axes=0), lambda: autograd.exp(autograd.ones(2), axis=0)):
        with pytest.raises(TypeError, match="unexpected keyword argument"):
            call()
    assert list(inspect.signature(autograd.sum).parameters) == ["input", "dim", "keepdim", "dtype"]
