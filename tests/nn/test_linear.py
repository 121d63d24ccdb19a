"""Linear, Identity, Flatten, Unflatten, against PyTorch's."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np
import pytest

import autograd
import nn
from autograd.errors import ArgumentError, ShapeError

Agree = Callable[..., None]


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shape", [(5, 3), (3,), (2, 4, 3), (0, 3)])
def test_linear(torch: ModuleType, agree: Agree, rng: np.random.Generator, bias: bool, shape: tuple[int, ...]) -> None:
    agree(nn.Linear(3, 4, bias), torch.nn.Linear(3, 4, bias), rng.normal(size=shape))


def test_shapes(torch: ModuleType, agree: Agree, rng: np.random.Generator) -> None:
    x = rng.normal(size=(2, 3, 4, 2))
    agree(nn.Flatten(), torch.nn.Flatten(), x)
    agree(nn.Flatten(0, -2), torch.nn.Flatten(0, -2), x)
    agree(nn.Unflatten(-2, (2, 2)), torch.nn.Unflatten(-2, (2, 2)), x)
    agree(nn.Identity(3, some=4), torch.nn.Identity(3, some=4), x)


def test_initial_distribution_is_pytorchs(torch: ModuleType) -> None:
    """Uniform within 1 / sqrt(fan_in): the bounds hold and are almost reached, the variance is bound^2 / 3."""
    torch.manual_seed(0)
    for layer in (nn.Linear(400, 300), torch.nn.Linear(400, 300)):
        for values in (layer.weight.detach().numpy(), layer.bias.detach().numpy()):
            bound = 400**-0.5
            assert 0.98 * bound < np.abs(values).max() <= bound
            count = values.size
            assert abs(values.mean()) < 4 * bound / np.sqrt(3 * count)
            assert abs(values.var() / (bound**2 / 3) - 1) < 4 * np.sqrt(0.8 / count)


def test_seed_repeats_the_parameters() -> None:
    autograd.manual_seed(3)
    a = nn.Linear(2, 2)
    autograd.manual_seed(3)
    b = nn.Linear(2, 2)
    assert (a.weight == b.weight).all() and (a.bias == b.bias).all()
    b.reset_parameters()
    assert not (a.weight == b.weight).any()


def test_dtype_and_repr(torch: ModuleType) -> None:
    assert nn.Linear(2, 2, dtype=autograd.float64).bias.dtype == np.float64
    for make in (
        lambda library: library.Linear(2, 3, bias=False),
        lambda library: library.Flatten(),
        lambda library: library.Unflatten(1, (2, 2)),
        lambda library: library.Identity(),
    ):
        assert repr(make(nn)) == repr(make(torch.nn))


def test_mistakes_get_an_error() -> None:
    with pytest.raises(ArgumentError, match="Linear: out_features is 0; use a whole number of at least 1"):
        nn.Linear(3, 0)
    with pytest.raises(ArgumentError, match=r"in_features is 2\.5"):
        nn.Linear(2.5, 1)
    with pytest.raises(ShapeError, match=r"linear: x \(1, 4\) does not fit weight \(2, 3\)"):
        nn.Linear(3, 2)(autograd.ones(1, 4))
    with pytest.raises(ArgumentError, match="x \\(2,\\) has no dimension 1"):
        nn.Unflatten(1, (2, 2))(autograd.ones(2))
