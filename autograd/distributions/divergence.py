"""The divergence of Kullback and Leibler between two distributions, for the pairs of which a formula is known."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from .. import linalg, ops
from ..errors import ArgumentError
from ..tensor import Tensor
from .continuous import Beta, Exponential, Gamma, Laplace, MultivariateNormal, Normal, Uniform
from .discrete import Bernoulli, Categorical, OneHotCategorical, Poisson
from .distribution import Distribution, Independent

__all__ = ["kl_divergence", "register_kl"]

_FORMULAS: dict[tuple[type, type], Callable[..., Tensor]] = {}


def register_kl(type_p: type[Distribution], type_q: type[Distribution]) -> Callable[..., Any]:
    """Give the formula for two classes, as a decorator of a function of p and q."""

    def register(formula: Callable[..., Tensor]) -> Callable[..., Tensor]:
        _FORMULAS[type_p, type_q] = formula
        return formula

    return register


def kl_divergence(p: Distribution, q: Distribution) -> Tensor:
    """`E_p[ln(p) - ln(q)]`, for each pair of the two batches.

    Args:
        p, q: distributions, as a rule of one class.

    Raises:
        ArgumentError: no formula is known for their classes.

    Example:
        >>> from autograd.distributions import Normal, kl_divergence
        >>> kl_divergence(Normal(1.0, 1.0), Normal(0.0, 1.0))
        tensor(0.5000)
    """
    for kind_p in type(p).__mro__:
        for kind_q in type(q).__mro__:
            if (kind_p, kind_q) in _FORMULAS:
                return _FORMULAS[kind_p, kind_q](p, q)
    raise ArgumentError(
        f"kl_divergence: no formula is known from {type(p).__name__} to {type(q).__name__}; average p.log_prob(x) - "
        "q.log_prob(x) over samples of p, or give a formula with register_kl"
    )


@register_kl(Normal, Normal)
def _normal(p: Normal, q: Normal) -> Tensor:
    ratio = (p.scale / q.scale) ** 2
    return 0.5 * (ratio + ((p.loc - q.loc) / q.scale) ** 2 - 1 - ops.log(ratio))


@register_kl(Bernoulli, Bernoulli)
def _bernoulli(p: Bernoulli, q: Bernoulli) -> Tensor:
    ones = p.probs * (ops.softplus(-q.logits) - ops.softplus(-p.logits))
    return ones + (1 - p.probs) * (ops.softplus(q.logits) - ops.softplus(p.logits))


@register_kl(Categorical, Categorical)
def _categorical(p: Categorical, q: Categorical) -> Tensor:
    terms: Any = p.probs * (p.logits - q.logits)
    terms = ops.where((q.probs == 0) & (p.probs > 0), math.inf, terms)
    return ops.sum(ops.where(p.probs == 0, 0.0, terms), dim=-1)


@register_kl(OneHotCategorical, OneHotCategorical)
def _one_hot(p: OneHotCategorical, q: OneHotCategorical) -> Tensor:
    return _categorical(p._categorical, q._categorical)


@register_kl(Poisson, Poisson)
def _poisson(p: Poisson, q: Poisson) -> Tensor:
    return p.rate * (ops.log(p.rate) - ops.log(q.rate)) - (p.rate - q.rate)


@register_kl(Exponential, Exponential)
def _exponential(p: Exponential, q: Exponential) -> Tensor:
    ratio = q.rate / p.rate
    return ratio - ops.log(ratio) - 1


@register_kl(Laplace, Laplace)
def _laplace(p: Laplace, q: Laplace) -> Tensor:
    ratio, distance = p.scale / q.scale, ops.abs(p.loc - q.loc)
    return ratio * ops.exp(-distance / p.scale) + distance / q.scale - ops.log(ratio) - 1


@register_kl(Uniform, Uniform)
def _uniform(p: Uniform, q: Uniform) -> Tensor:
    outside: Any = ops.where((q.low > p.low) | (q.high < p.high), math.inf, 0.0)
    return ops.log((q.high - q.low) / (p.high - p.low)) + outside


@register_kl(Gamma, Gamma)
def _gamma(p: Gamma, q: Gamma) -> Tensor:
    a, b = p.concentration, q.concentration
    shapes = b * ops.log(p.rate / q.rate) + ops.lgamma(b) - ops.lgamma(a) + (a - b) * ops.digamma(a)
    return shapes + (q.rate - p.rate) * (a / p.rate)


@register_kl(Beta, Beta)
def _beta(p: Beta, q: Beta) -> Tensor:
    a, b = p.concentration1, p.concentration0
    da, db = a - q.concentration1, b - q.concentration0
    shapes = da * ops.digamma(a) + db * ops.digamma(b) - (da + db) * ops.digamma(a + b)
    return q._log_normaliser() - p._log_normaliser() + shapes


@register_kl(MultivariateNormal, MultivariateNormal)
def _multivariate_normal(p: MultivariateNormal, q: MultivariateNormal) -> Tensor:
    volumes = q._half_log_determinant() - p._half_log_determinant()
    spread = linalg.solve_triangular(q.scale_tril, p.scale_tril, upper=False)
    away = linalg.solve_triangular(q.scale_tril, ops.unsqueeze(q.loc - p.loc, -1), upper=False)
    distance: Any = ops.sum(spread**2, dim=(-2, -1)) + ops.sum(away**2, dim=(-2, -1))
    return volumes + 0.5 * (distance - p.event_shape[0])


@register_kl(Independent, Independent)
def _independent(p: Independent, q: Independent) -> Tensor:
    if p.reinterpreted_batch_ndims != q.reinterpreted_batch_ndims:
        raise ArgumentError("kl_divergence: the two events have different numbers of dimensions")
    return p._summed(kl_divergence(p.base_dist, q.base_dist))
