"""Losses against PyTorch's, and the hinge loss against the course's worked example."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import autograd
import nn
from autograd.errors import ArgumentError

CLASSES = np.array([0, 2, 1, 2])
WEIGHT = np.array([0.2, 1.5, 0.7])


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize(
    ("name", "settings", "target"),
    [
        ("CrossEntropyLoss", {}, CLASSES),
        ("CrossEntropyLoss", {"weight": WEIGHT, "ignore_index": 1}, CLASSES),
        ("CrossEntropyLoss", {"label_smoothing": 0.1}, CLASSES),
        ("CrossEntropyLoss", {"weight": WEIGHT}, "probabilities"),
        ("NLLLoss", {"weight": WEIGHT, "ignore_index": 2}, CLASSES),
        ("MSELoss", {}, "like"),
        ("L1Loss", {}, "like"),
        ("BCEWithLogitsLoss", {}, "probabilities"),
        ("BCEWithLogitsLoss", {"weight": WEIGHT, "pos_weight": 2 * WEIGHT}, "probabilities"),
        ("MultiMarginLoss", {}, CLASSES),
        ("MultiMarginLoss", {"p": 2, "margin": 0.5, "weight": WEIGHT}, CLASSES),
    ],
)
def test_losses(
    torch: ModuleType, rng: np.random.Generator, name: str, settings: dict[str, Any], target: Any, reduction: str
) -> None:
    scores = rng.normal(size=(4, 3))
    if isinstance(target, str):
        target = rng.normal(size=(4, 3))
        target = np.exp(target) / np.exp(target).sum(1, keepdims=True)

    def evaluate(library: Any, tensor: Callable[..., Any], losses: Any) -> tuple[Any, Any, list[str]]:
        given = {k: tensor(v) if isinstance(v, np.ndarray) else v for k, v in settings.items()}
        loss = getattr(losses, name)(**given, reduction=reduction)
        assert repr(loss) == f"{name}()"
        x = tensor(scores, requires_grad=True)
        out = loss(x, tensor(target))
        (
            out * tensor(np.arange(1.0, 1 + out.shape[0]) if reduction == "none" and out.ndim == 1 else 1.0)
        ).sum().backward()
        return out.detach().numpy(), x.grad.numpy(), list(loss.state_dict())

    ours, gradient, state = evaluate(autograd, autograd.tensor, nn)
    theirs, expected, keys = evaluate(torch, torch.tensor, torch.nn)
    np.testing.assert_allclose(ours, theirs, rtol=1e-10)
    np.testing.assert_allclose(gradient, expected, rtol=1e-10, atol=1e-14)
    assert state == keys


def test_the_course_hinge_loss() -> None:
    """Lecture 3's cat, car and frog: losses 2.9, 0 and 12.9, together 15.8, their mean 5.27."""
    scores = autograd.tensor([[3.2, 5.1, -1.7], [1.3, 4.9, 2.0], [2.2, 2.5, -3.1]], dtype=autograd.float64)
    right = autograd.tensor([0, 1, 2])
    each = nn.MulticlassHingeLoss(reduction="none")(scores, right)
    np.testing.assert_allclose(each.numpy(), [2.9, 0.0, 12.9], atol=1e-12)
    assert abs(nn.MulticlassHingeLoss(reduction="sum")(scores, right).item() - 15.8) < 1e-12
    assert round(nn.MulticlassHingeLoss()(scores, right).item(), 2) == 5.27
    wider = nn.MulticlassHingeLoss(margin=2.0, reduction="none")(scores, right)
    np.testing.assert_allclose(wider.numpy(), [3.9, 0.0, 14.9], atol=1e-12)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: nn.MSELoss(reduction="average"), "MSELoss: reduction is 'average'"),
        (lambda: nn.MultiMarginLoss(p=3), "p is 3; use 1 or 2"),
        (lambda: nn.CrossEntropyLoss(label_smoothing=2.0), "label_smoothing is 2.0"),
    ],
)
def test_mistakes_get_an_error(make: Callable[[], Any], text: str) -> None:
    with pytest.raises(ArgumentError, match=text):
        make()
