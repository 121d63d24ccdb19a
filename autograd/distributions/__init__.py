"""Probability distributions, under the names of `torch.distributions`.

>>> import autograd
>>> from autograd.distributions import Categorical
>>> policy = Categorical(logits=autograd.zeros(2, 4))
>>> policy.log_prob(autograd.tensor([0, 3]))
tensor([-1.3863, -1.3863])
"""

from __future__ import annotations

from .continuous import Beta, Exponential, Gamma, Laplace, LogNormal, MultivariateNormal, Normal, Uniform
from .discrete import Bernoulli, Categorical, OneHotCategorical, Poisson
from .distribution import Distribution, Independent
from .divergence import kl_divergence, register_kl

__all__ = [
    "Bernoulli",
    "Beta",
    "Categorical",
    "Distribution",
    "Exponential",
    "Gamma",
    "Independent",
    "Laplace",
    "LogNormal",
    "MultivariateNormal",
    "Normal",
    "OneHotCategorical",
    "Poisson",
    "Uniform",
    "kl_divergence",
    "register_kl",
]
