"""Dropout."""

from __future__ import annotations

from types import ModuleType

import pytest

import autograd
import nn
from autograd.errors import ArgumentError


def test_training_scales_what_is_left() -> None:
    layer, x = nn.Dropout(0.3), autograd.ones(100, 100, dtype=autograd.float64, requires_grad=True)
    out = layer(x)
    kept = out != 0
    assert (out[kept] == 1 / 0.7).all()
    assert abs(kept.double().mean().item() - 0.7) < 0.02  # more than four standard deviations of 10,000 draws
    out.sum().backward()
    assert (x.grad == out).all()
    assert not (layer(x) == out).all()


def test_evaluation_changes_nothing() -> None:
    layer, x = nn.Dropout(0.3).eval(), autograd.randn(5)
    assert (layer(x) == x).all()
    assert (nn.Dropout(0.0)(x) == x).all() and (nn.Dropout(1.0)(x) == 0).all()


def test_seed_repeats_the_mask() -> None:
    autograd.manual_seed(1)
    a = nn.Dropout()(autograd.ones(50))
    autograd.manual_seed(1)
    assert (nn.Dropout()(autograd.ones(50)) == a).all()


def test_repr_and_mistakes(torch: ModuleType) -> None:
    assert repr(nn.Dropout(0.2)) == repr(torch.nn.Dropout(0.2))
    with pytest.raises(ArgumentError, match=r"Dropout: p is 1\.5"):
        nn.Dropout(1.5)


@pytest.mark.parametrize("kind", [nn.Dropout, nn.AlphaDropout, nn.FeatureAlphaDropout])
def test_in_place_with_nothing_to_drop_changes_nothing(kind: type[nn.Module]) -> None:
    x = autograd.ones(2, 3, requires_grad=True)
    weights = x.softmax(-1)  # saves its output
    layer = kind(0.0, inplace=True)
    assert layer(weights) is weights
    weights.sum().backward()
