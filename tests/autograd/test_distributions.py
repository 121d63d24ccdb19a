"""Distributions: formulas and gradients as PyTorch's, samples by their moments."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import distributions
from autograd.errors import ArgumentError

RNG = np.random.default_rng(0)
POSITIVE, REAL = RNG.uniform(0.3, 2, (4, 3)), RNG.normal(size=(4, 3))
SHARES = RNG.uniform(0.1, 0.9, (4, 3))
SQUARE = np.eye(3) + 0.3 * np.tril(RNG.normal(size=(4, 3, 3)))

# Name, parameters of two distributions, and a value that they may draw.
CASES: list[tuple[str, dict[str, Any], dict[str, Any], np.ndarray]] = [
    ("Normal", {"loc": REAL, "scale": POSITIVE}, {"loc": 0.5, "scale": POSITIVE + 1}, REAL[::-1]),
    ("LogNormal", {"loc": REAL, "scale": POSITIVE}, {}, POSITIVE),
    ("Laplace", {"loc": REAL, "scale": POSITIVE}, {"loc": REAL + 1, "scale": 2.0}, REAL[::-1]),
    ("Uniform", {"low": REAL, "high": REAL + POSITIVE}, {"low": REAL - 1, "high": REAL + 4}, REAL + 0.1 * POSITIVE),
    ("Exponential", {"rate": POSITIVE}, {"rate": POSITIVE + 1}, POSITIVE),
    ("Gamma", {"concentration": POSITIVE, "rate": SHARES}, {"concentration": 2.0, "rate": POSITIVE}, POSITIVE),
    (
        "Beta",
        {"concentration1": POSITIVE, "concentration0": SHARES},
        {"concentration1": 2.0, "concentration0": POSITIVE},
        SHARES,
    ),
    ("Poisson", {"rate": POSITIVE}, {"rate": POSITIVE + 1}, np.round(POSITIVE)),
    ("Bernoulli", {"probs": SHARES}, {"logits": REAL}, np.round(SHARES)),
    ("Bernoulli", {"logits": REAL}, {"probs": SHARES}, np.round(SHARES)),
    ("Categorical", {"probs": POSITIVE}, {"logits": REAL}, np.array([0, 2, 1, 1])),
    ("Categorical", {"logits": REAL}, {"probs": SHARES}, np.array([[0, 2, 1, 1], [2, 2, 2, 0]])),
    ("OneHotCategorical", {"probs": POSITIVE}, {"logits": REAL}, np.eye(3)[[0, 2, 1, 1]]),
    (
        "MultivariateNormal",
        {"loc": REAL, "covariance_matrix": SQUARE @ SQUARE.swapaxes(-1, -2)},
        {"loc": REAL[:1], "scale_tril": np.tril(SQUARE) + 2 * np.eye(3)},
        REAL[::-1],
    ),
    ("MultivariateNormal", {"loc": REAL, "precision_matrix": SQUARE @ SQUARE.swapaxes(-1, -2)}, {}, REAL[::-1]),
]


def made(library: Any, kinds: Any, name: str, given: dict[str, Any]) -> tuple[Any, list[Any]]:
    """A distribution of one library, and its parameters that want gradients."""
    tensors = {
        key: library.tensor(value.copy(), requires_grad=True) if isinstance(value, np.ndarray) else value
        for key, value in given.items()
    }
    return getattr(kinds, name)(**tensors), [value for value in tensors.values() if not isinstance(value, float)]


def numbers(library: Any, kinds: Any, case: Any) -> list[np.ndarray]:
    """Everything that a distribution computes, with gradients."""
    name, first, second, value = case
    p, leaves = made(library, kinds, name, first)
    results = {"log_prob": p.log_prob(library.tensor(value.copy()))}
    if name != "Poisson":
        results["entropy"] = p.entropy()
    if name != "Categorical":
        results |= {"mean": p.mean, "variance": p.variance, "stddev": p.stddev}
    if second:
        results["divergence"] = kinds.kl_divergence(p, made(library, kinds, name, second)[0])
    if name in ("Normal", "Bernoulli", "Categorical"):
        results["mode"] = p.mode
    if name == "Normal":
        results |= {"cdf": p.cdf(library.tensor(0.3)), "icdf": p.icdf(library.tensor(0.3, dtype=library.float64))}
    found = [result.detach().numpy() for result in results.values()]
    for key, result in results.items():
        if result.requires_grad:
            grads = library.autograd.grad(result.sum(), leaves, retain_graph=True, allow_unused=True)
            found += [np.zeros(1) if grad is None or key == "mode" else grad.numpy() for grad in grads]
    assert p.batch_shape == (4,) or p.batch_shape == (4, 3)
    return found


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]}-{'-'.join(case[1])}")
def test_formulas_and_gradients_are_those_of_torch(torch: ModuleType, case: Any) -> None:
    import nn.compat

    expected = numbers(torch, torch.distributions, case)
    found = numbers(nn.compat, distributions, case)
    assert len(found) == len(expected)
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]}-{'-'.join(case[1])}")
def test_samples_have_the_mean_and_variance(case: Any) -> None:
    autograd.manual_seed(0)
    p, leaves = made(autograd, distributions, case[0], case[1])
    drawn = p.sample((4000,))
    assert drawn.shape == (4000, *p.batch_shape, *p.event_shape) and not drawn.requires_grad
    if case[0] == "Categorical":
        shares = autograd.one_hot(drawn, 3).double()
        np.testing.assert_allclose(shares.mean(0).numpy(), p.probs.detach().numpy(), atol=0.04)
    else:
        mean, stddev = p.mean.detach().numpy(), p.stddev.detach().numpy()
        assert (np.abs(drawn.mean(0).numpy() - mean) < 0.08 * stddev + 1e-6).all()
        loose = 0.6 if case[0] == "LogNormal" else 0.15
        np.testing.assert_allclose(drawn.std(0).numpy(), stddev, rtol=loose)
    if p.has_rsample:
        assert all(grad is not None for grad in autograd.grad(p.rsample().sum(), leaves))
    else:
        with pytest.raises(ArgumentError, match="there is no rsample"):
            p.rsample()


def test_independent_sums_over_the_event(torch: ModuleType) -> None:
    def made(library: Any, kinds: Any) -> Any:
        loc, scale = library.tensor(REAL), library.tensor(POSITIVE)
        return kinds.Independent(kinds.Normal(loc, scale), 1), kinds.Independent(kinds.Normal(0 * loc, scale), 1)

    (p, q), (a, b) = made(torch, torch.distributions), made(autograd, distributions)
    assert (a.batch_shape, a.event_shape, a.has_rsample) == ((4,), (3,), True)
    value = REAL[::-1].copy()
    np.testing.assert_allclose(a.log_prob(autograd.tensor(value)).numpy(), p.log_prob(torch.tensor(value)).numpy())
    np.testing.assert_allclose(a.entropy().numpy(), p.entropy().numpy())
    divergence = torch.distributions.kl_divergence(p, q)
    np.testing.assert_allclose(distributions.kl_divergence(a, b).numpy(), divergence.numpy())
    assert a.rsample((2,)).shape == (2, 4, 3)


def test_what_is_refused() -> None:
    for make, message in (
        (lambda: distributions.Normal(0.0, 0.0), "Normal: scale must be positive"),
        (lambda: distributions.Categorical(), "give either probs or logits"),
        (lambda: distributions.Categorical(probs=autograd.tensor([-1.0, 2.0])), "must not be negative"),
        (lambda: distributions.Bernoulli(probs=1.5), "from 0 to 1"),
        (lambda: distributions.Uniform(1.0, 1.0), "high must be above low"),
        (lambda: distributions.MultivariateNormal(autograd.zeros(2)), "give one of"),
        (lambda: distributions.Independent(distributions.Normal(0.0, 1.0), 1), "does not have 1 dim"),
        (
            lambda: distributions.kl_divergence(distributions.Normal(0.0, 1.0), distributions.Uniform(0.0, 1.0)),
            "no formula is known from Normal to Uniform",
        ),
    ):
        with pytest.raises(ArgumentError, match=message):
            make()


@pytest.mark.parametrize("kind", ["Bernoulli", "Categorical"])
def test_what_sample_computed_first_carries_gradients(kind: str) -> None:
    logits = autograd.tensor(REAL, requires_grad=True)

    def slope(sampled: bool) -> Any:
        p = getattr(distributions, kind)(logits=logits)
        if sampled:
            with autograd.no_grad():
                p.sample()
        return autograd.grad(p.entropy().sum(), logits)[0].numpy()

    np.testing.assert_array_equal(slope(True), slope(False))
