"""nn.init: fans and gains as PyTorch's, and the distributions by their moments and bounds."""

from __future__ import annotations

import math
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import scipy.stats

import autograd
from autograd.errors import ArgumentError, DtypeError, ShapeError
from nn import init

SHAPES = [(6, 3), (8, 4, 3, 3), (5, 7, 2)]


@pytest.mark.parametrize("shape", SHAPES)
def test_fans_agree_with_pytorch(torch: ModuleType, shape: tuple[int, ...]) -> None:
    assert init.fans(autograd.empty(shape)) == torch.nn.init._calculate_fan_in_and_fan_out(torch.empty(shape))


def test_gains_agree_with_pytorch(torch: ModuleType) -> None:
    names = ["linear", "conv1d", "conv2d", "conv_transpose3d", "sigmoid", "tanh", "relu", "leaky_relu", "selu"]
    for name in names:
        assert init.calculate_gain(name) == torch.nn.init.calculate_gain(name)
    assert init.calculate_gain("leaky_relu", 0.3) == torch.nn.init.calculate_gain("leaky_relu", 0.3)


def is_normal(values: np.ndarray, mean: float, std: float) -> None:
    """Moments within four standard deviations of themselves, and the shape by Kolmogorov's test."""
    count = values.size
    assert abs(values.mean() - mean) < 4 * std / math.sqrt(count)
    assert abs(values.var() / std**2 - 1) < 4 * math.sqrt(2 / count)
    assert scipy.stats.kstest(values.ravel(), "norm", (mean, std)).pvalue > 1e-4


def is_uniform(values: np.ndarray, low: float, high: float) -> None:
    width = high - low
    assert low <= values.min() < low + 0.01 * width and high - 0.01 * width < values.max() <= high
    assert scipy.stats.kstest(values.ravel(), "uniform", (low, width)).pvalue > 1e-4


def numbers(tensor: Any) -> np.ndarray:
    return tensor.numpy().astype(np.float64)


def test_plain_distributions() -> None:
    x = autograd.empty(200, 100)
    assert init.uniform_(x, -1.0, 3.0) is x
    is_uniform(numbers(x), -1, 3)
    is_normal(numbers(init.normal_(x, 2.0, 0.5)), 2, 0.5)


@pytest.mark.parametrize("shape", [(200, 100), (64, 32, 3, 5)])
def test_xavier(shape: tuple[int, ...]) -> None:
    field = math.prod(shape[2:])
    std = 3 * math.sqrt(2 / (field * (shape[0] + shape[1])))
    is_normal(numbers(init.xavier_normal_(autograd.empty(shape), gain=3.0)), 0, std)
    bound = math.sqrt(3) * std
    is_uniform(numbers(init.xavier_uniform_(autograd.empty(shape), gain=3.0)), -bound, bound)


@pytest.mark.parametrize("mode", ["fan_in", "fan_out"])
@pytest.mark.parametrize("shape", [(200, 100), (64, 32, 3, 5)])
def test_kaiming(shape: tuple[int, ...], mode: str) -> None:
    fan = math.prod(shape[2:]) * shape[1 if mode == "fan_in" else 0]
    for a, name, gain in (
        (0, "leaky_relu", math.sqrt(2)),
        (0.5, "leaky_relu", math.sqrt(2 / 1.25)),
        (0, "tanh", 5 / 3),
    ):
        std = gain / math.sqrt(fan)
        is_normal(numbers(init.kaiming_normal_(autograd.empty(shape), a, mode, name)), 0, std)
        bound = math.sqrt(3) * std
        is_uniform(numbers(init.kaiming_uniform_(autograd.empty(shape), a, mode, name)), -bound, bound)


def test_he_keeps_the_size_of_activations_through_twenty_layers() -> None:
    """Equation 10 of He et al.: the second moment after each layer stays what it was; Xavier's halves it each time."""
    for fill, expected in ((init.kaiming_normal_, 1.0), (init.xavier_normal_, 2.0**-20)):
        x = autograd.randn(400, 400)
        for _ in range(20):
            x = autograd.linear(x, fill(autograd.empty(400, 400))).relu()
        second_moment = (x * x).mean().item()
        assert 0.4 < second_moment / expected < 2.5


def test_trunc_normal() -> None:
    values = numbers(init.trunc_normal_(autograd.empty(200, 100), 1.0, 2.0, -1.0, 4.0))
    assert values.min() >= -1 and values.max() <= 4
    assert scipy.stats.kstest(values.ravel(), scipy.stats.truncnorm(-1, 1.5, 1, 2).cdf).pvalue > 1e-4


@pytest.mark.parametrize("shape", [(5, 5), (3, 7), (7, 3), (4, 2, 3)])
def test_orthogonal(shape: tuple[int, ...]) -> None:
    q = init.orthogonal_(autograd.empty(shape, dtype=autograd.float64), gain=2.0).numpy().reshape(shape[0], -1)
    product = q @ q.T if q.shape[0] <= q.shape[1] else q.T @ q
    np.testing.assert_allclose(product, 4 * np.eye(min(q.shape)), atol=1e-12)


def test_orthogonal_matrices_are_uniform() -> None:
    """Then q and -q are equally likely, so every entry has mean 0, and variance 1 / n."""
    drawn = np.stack([init.orthogonal_(autograd.empty(3, 3)).numpy() for _ in range(1000)])
    assert np.abs(drawn.mean(0)).max() < 4 / math.sqrt(3 * 1000)


def test_constants(torch: ModuleType) -> None:
    x = autograd.empty(2, 3)
    assert (init.constant_(x, 2.5) == 2.5).all() and (init.zeros_(x) == 0).all() and (init.ones_(x) == 1).all()
    assert (init.eye_(x).numpy() == torch.nn.init.eye_(torch.empty(2, 3)).numpy()).all()


def test_a_generator_is_used_and_parameters_stay_leaves() -> None:
    x = autograd.empty(5, 5, requires_grad=True)
    for fill in (init.uniform_, init.normal_, init.xavier_normal_, init.kaiming_uniform_, init.orthogonal_):
        first = fill(x, generator=autograd.Generator(7)).detach().clone()
        assert (fill(x, generator=autograd.Generator(7)) == first).all()
        assert not (fill(x) == first).all()
    assert x.is_leaf and x.requires_grad


@pytest.mark.parametrize(
    ("act", "error", "text"),
    [
        (lambda x: init.uniform_(x, 1.0, 0.0), ArgumentError, r"uniform_: a 1\.0 is greater"),
        (lambda x: init.normal_(x, 0.0, -1.0), ArgumentError, r"std is -1\.0"),
        (lambda x: init.trunc_normal_(x, a=2.0, b=1.0), ArgumentError, "less than b"),
        (lambda x: init.xavier_normal_(x[0]), ShapeError, r"a weight \(3,\) has no fans"),
        (lambda x: init.orthogonal_(x[0]), ShapeError, "at least two dimensions"),
        (lambda x: init.eye_(x[0]), ShapeError, "must be a matrix"),
        (lambda x: init.kaiming_normal_(x, mode="fan"), ArgumentError, "mode is 'fan'"),
        (lambda x: init.calculate_gain("swish"), ArgumentError, "nonlinearity is 'swish'"),
        (lambda x: init.calculate_gain("leaky_relu", "a"), ArgumentError, "param is 'a'"),
        (lambda x: init.zeros_([1.0]), DtypeError, "expected a Tensor, not list"),
    ],
)
def test_mistakes_get_an_error(act: Callable[[Any], Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        act(autograd.empty(2, 3))
