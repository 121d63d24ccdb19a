"""Distributions of real numbers and vectors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import linalg, ops
from ..creation import as_tensor
from ..errors import ArgumentError
from ..generator import source
from ..random import rand, randn
from ..tensor import Tensor
from .distribution import Distribution, parameters, require

__all__ = ["Beta", "Exponential", "Gamma", "Laplace", "LogNormal", "MultivariateNormal", "Normal", "Uniform"]

_LOG_ROOT_TAU = math.log(math.sqrt(2 * math.pi))


class Normal(Distribution):
    """The normal distribution: density `exp(-((x - loc) / scale)^2 / 2) / (scale sqrt(2 pi))`.

    Args:
        loc: the mean.
        scale: the standard deviation, positive.

    Raises:
        ArgumentError: the scale is not positive.

    Example:
        >>> from autograd.distributions import Normal
        >>> Normal(0.0, 1.0).log_prob(autograd.tensor(0.0))
        tensor(-0.9189)
    """

    has_rsample = True

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None) -> None:
        self.loc, self.scale = parameters(loc, scale)
        require(self.scale > 0, type(self).__name__, "scale must be positive")
        super().__init__(self.loc.shape)

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """`loc + scale * noise`."""
        return self.loc + self.scale * randn(self._extended_shape(sample_shape), dtype=self.loc.dtype)

    def log_prob(self, value: Any) -> Tensor:
        """The logarithm of the density."""
        return -((value - self.loc) ** 2) / (2 * self.scale**2) - ops.log(self.scale) - _LOG_ROOT_TAU

    def cdf(self, value: Any) -> Tensor:
        """The probability of a number up to the value."""
        return 0.5 * (1 + ops.erf((value - self.loc) / (self.scale * math.sqrt(2))))

    def icdf(self, value: Any) -> Tensor:
        """The number up to which the probability is the value."""
        return self.loc + self.scale * ops.erfinv(2 * value - 1) * math.sqrt(2)

    def entropy(self) -> Tensor:
        """`ln(scale) + ln(2 pi e) / 2`."""
        return 0.5 + _LOG_ROOT_TAU + ops.log(self.scale)

    @property
    def mean(self) -> Tensor:
        """`loc`."""
        return self.loc

    @property
    def mode(self) -> Tensor:
        """`loc`."""
        return self.loc

    @property
    def stddev(self) -> Tensor:
        """`scale`."""
        return self.scale

    @property
    def variance(self) -> Tensor:
        """`scale^2`."""
        return self.scale**2


class LogNormal(Distribution):
    """The exponential of a normal number; arguments are those of `Normal`."""

    has_rsample = True

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None) -> None:
        self.base_dist = Normal(loc, scale)
        self.loc, self.scale = self.base_dist.loc, self.base_dist.scale
        super().__init__(self.loc.shape)

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """`exp(loc + scale * noise)`."""
        return ops.exp(self.base_dist.rsample(sample_shape))

    def log_prob(self, value: Any) -> Tensor:
        """The logarithm of the density."""
        (value,) = parameters(value)
        logarithm = ops.log(value)
        return self.base_dist.log_prob(logarithm) - logarithm

    def entropy(self) -> Tensor:
        """The normal number's, and `loc`."""
        return self.base_dist.entropy() + self.loc

    @property
    def mean(self) -> Tensor:
        """`exp(loc + scale^2 / 2)`."""
        return ops.exp(self.loc + self.scale**2 / 2)

    @property
    def variance(self) -> Tensor:
        """`(exp(scale^2) - 1) exp(2 loc + scale^2)`."""
        return ops.expm1(self.scale**2) * ops.exp(2 * self.loc + self.scale**2)


class Laplace(Distribution):
    """Density `exp(-|x - loc| / scale) / (2 scale)`.

    Args:
        loc: the mean.
        scale: positive.

    Raises:
        ArgumentError: the scale is not positive.
    """

    has_rsample = True

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None) -> None:
        self.loc, self.scale = parameters(loc, scale)
        require(self.scale > 0, "Laplace", "scale must be positive")
        super().__init__(self.loc.shape)

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """`loc` and an exponential step to either side."""
        u = 0.5 - rand(self._extended_shape(sample_shape), dtype=self.loc.dtype)
        return self.loc - self.scale * ops.sign(u) * ops.log1p(-2 * ops.abs(u).clamp(max=0.5 - 2.0**-25))

    def log_prob(self, value: Any) -> Tensor:
        """The logarithm of the density."""
        return -ops.log(2 * self.scale) - ops.abs(value - self.loc) / self.scale

    def entropy(self) -> Tensor:
        """`1 + ln(2 scale)`."""
        return 1 + ops.log(2 * self.scale)

    @property
    def mean(self) -> Tensor:
        """`loc`."""
        return self.loc

    @property
    def variance(self) -> Tensor:
        """`2 scale^2`."""
        return 2 * self.scale**2


class Uniform(Distribution):
    """All numbers from `low` up to `high` alike.

    Args:
        low, high: the bounds.

    Raises:
        ArgumentError: `high` is not above `low`.
    """

    has_rsample = True

    def __init__(self, low: Any, high: Any, validate_args: bool | None = None) -> None:
        self.low, self.high = parameters(low, high)
        require(self.high > self.low, "Uniform", "high must be above low")
        super().__init__(self.low.shape)

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """`low + (high - low) * u`."""
        return self.low + (self.high - self.low) * rand(self._extended_shape(sample_shape), dtype=self.low.dtype)

    def log_prob(self, value: Any) -> Tensor:
        """`-ln(high - low)` inside of the bounds, and minus infinity outside."""
        inside = (value >= self.low) & (value < self.high)
        return ops.log(inside.to(self.low)) - ops.log(self.high - self.low)

    def entropy(self) -> Tensor:
        """`ln(high - low)`."""
        return ops.log(self.high - self.low)

    @property
    def mean(self) -> Tensor:
        """The middle."""
        return (self.low + self.high) / 2

    @property
    def variance(self) -> Tensor:
        """`(high - low)^2 / 12`."""
        return (self.high - self.low) ** 2 / 12


class Exponential(Distribution):
    """The time to the next of events that come `rate` times in the unit of time: density `rate exp(-rate x)`.

    Args:
        rate: positive.

    Raises:
        ArgumentError: it is not.
    """

    has_rsample = True

    def __init__(self, rate: Any, validate_args: bool | None = None) -> None:
        (self.rate,) = parameters(rate)
        require(self.rate > 0, "Exponential", "rate must be positive")
        super().__init__(self.rate.shape)

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """`-ln(1 - u) / rate`."""
        return -ops.log1p(-rand(self._extended_shape(sample_shape), dtype=self.rate.dtype)) / self.rate

    def log_prob(self, value: Any) -> Tensor:
        """`ln(rate) - rate x`."""
        return ops.log(self.rate) - self.rate * value

    def entropy(self) -> Tensor:
        """`1 - ln(rate)`."""
        return 1 - ops.log(self.rate)

    @property
    def mean(self) -> Tensor:
        """`1 / rate`."""
        return 1 / self.rate

    @property
    def variance(self) -> Tensor:
        """`1 / rate^2`."""
        return self.rate**-2


class Gamma(Distribution):
    """Density `rate^a x^(a - 1) exp(-rate x) / gamma(a)`, of which `sample` draws, and not `rsample`.

    Args:
        concentration: a, positive.
        rate: positive.

    Raises:
        ArgumentError: one of them is not.
    """

    def __init__(self, concentration: Any, rate: Any, validate_args: bool | None = None) -> None:
        self.concentration, self.rate = parameters(concentration, rate)
        require((self.concentration > 0) & (self.rate > 0), "Gamma", "concentration and rate must be positive")
        super().__init__(self.rate.shape)

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Positive numbers."""
        drawn = source(None).standard_gamma(self.concentration._array, self._extended_shape(sample_shape))
        return as_tensor(np.asarray(drawn, dtype=self.rate.dtype)) / self.rate.detach()

    def log_prob(self, value: Any) -> Tensor:
        """The logarithm of the density."""
        a, rate, value = parameters(self.concentration, self.rate, value)
        return ops.xlogy(a, rate) + ops.xlogy(a - 1, value) - rate * value - ops.lgamma(a)

    def entropy(self) -> Tensor:
        """`a - ln(rate) + lgamma(a) + (1 - a) digamma(a)`."""
        a = self.concentration
        return a - ops.log(self.rate) + ops.lgamma(a) + (1 - a) * ops.digamma(a)

    @property
    def mean(self) -> Tensor:
        """`a / rate`."""
        return self.concentration / self.rate

    @property
    def variance(self) -> Tensor:
        """`a / rate^2`."""
        return self.concentration / self.rate**2


class Beta(Distribution):
    """Density `x^(a - 1) (1 - x)^(b - 1) / B(a, b)`, of which `sample` draws, and not `rsample`.

    Args:
        concentration1: a, positive.
        concentration0: b, positive.

    Raises:
        ArgumentError: one of them is not.
    """

    def __init__(self, concentration1: Any, concentration0: Any, validate_args: bool | None = None) -> None:
        self.concentration1, self.concentration0 = parameters(concentration1, concentration0)
        positive = (self.concentration1 > 0) & (self.concentration0 > 0)
        require(positive, "Beta", "the concentrations must be positive")
        super().__init__(self.concentration1.shape)

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Numbers from 0 to 1."""
        a, b = self.concentration1._array, self.concentration0._array
        return as_tensor(np.asarray(source(None).beta(a, b, self._extended_shape(sample_shape)), dtype=a.dtype))

    def _log_normaliser(self) -> Tensor:
        a, b = self.concentration1, self.concentration0
        return ops.lgamma(a) + ops.lgamma(b) - ops.lgamma(a + b)

    def log_prob(self, value: Any) -> Tensor:
        """The logarithm of the density."""
        a, b, value = parameters(self.concentration1, self.concentration0, value)
        return ops.xlogy(a - 1, value) + ops.xlogy(b - 1, 1 - value) - self._log_normaliser()

    def entropy(self) -> Tensor:
        """`ln(B(a, b)) - (a - 1) digamma(a) - (b - 1) digamma(b) + (a + b - 2) digamma(a + b)`."""
        a, b = self.concentration1, self.concentration0
        parts = (a - 1) * ops.digamma(a) + (b - 1) * ops.digamma(b) - (a + b - 2) * ops.digamma(a + b)
        return self._log_normaliser() - parts

    @property
    def mean(self) -> Tensor:
        """`a / (a + b)`."""
        return self.concentration1 / (self.concentration1 + self.concentration0)

    @property
    def variance(self) -> Tensor:
        """`a b / ((a + b)^2 (a + b + 1))`."""
        total = self.concentration1 + self.concentration0
        return self.concentration1 * self.concentration0 / (total**2 * (total + 1))


class MultivariateNormal(Distribution):
    """Normal vectors with a covariance.

    Args:
        loc: (..., K), the mean.
        covariance_matrix: (..., K, K), positive definite; or
        precision_matrix: its inverse; or
        scale_tril: its Cholesky factor.

    Raises:
        ArgumentError: not exactly one of the three is given.

    Example:
        >>> from autograd.distributions import MultivariateNormal
        >>> MultivariateNormal(autograd.zeros(2), autograd.eye(2)).log_prob(autograd.zeros(2))
        tensor(-1.8379)
    """

    has_rsample = True

    def __init__(
        self,
        loc: Tensor,
        covariance_matrix: Tensor | None = None,
        precision_matrix: Tensor | None = None,
        scale_tril: Tensor | None = None,
        validate_args: bool | None = None,
    ) -> None:
        given = [m for m in (covariance_matrix, precision_matrix, scale_tril) if m is not None]
        if len(given) != 1:
            raise ArgumentError("MultivariateNormal: give one of covariance_matrix, precision_matrix and scale_tril")
        if scale_tril is None:
            covariance = covariance_matrix if precision_matrix is None else linalg.inv(precision_matrix)
            scale_tril = linalg.cholesky(covariance)
        size = loc.shape[-1]
        batch = ops.broadcast_shapes(loc.shape[:-1], scale_tril.shape[:-2])
        self.loc = ops.broadcast_to(loc, (*batch, size))
        self.scale_tril = ops.broadcast_to(scale_tril, (*batch, size, size))
        super().__init__(batch, (size,))

    @property
    def covariance_matrix(self) -> Tensor:
        """`L L^T`, L being the Cholesky factor."""
        return ops.matmul(self.scale_tril, self.scale_tril.mT)

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """`loc + L noise`."""
        noise = randn(self._extended_shape(sample_shape), dtype=self.loc.dtype)
        return self.loc + ops.squeeze(ops.matmul(self.scale_tril, ops.unsqueeze(noise, -1)), -1)

    def _half_log_determinant(self) -> Tensor:
        return ops.sum(ops.log(ops.diagonal(self.scale_tril, dim1=-2, dim2=-1)), dim=-1)

    def log_prob(self, value: Any) -> Tensor:
        """The logarithm of the density."""
        away = value - self.loc
        factor = ops.broadcast_to(self.scale_tril, (*away.shape, away.shape[-1]))
        solved = ops.squeeze(linalg.solve_triangular(factor, ops.unsqueeze(away, -1), upper=False), -1)
        distance = ops.sum(solved**2, dim=-1)
        return -0.5 * (self._event_shape[0] * math.log(2 * math.pi) + distance) - self._half_log_determinant()

    def entropy(self) -> Tensor:
        """`K (1 + ln(2 pi)) / 2 + ln(det(L))`."""
        return 0.5 * self._event_shape[0] * (1 + math.log(2 * math.pi)) + self._half_log_determinant()

    @property
    def mean(self) -> Tensor:
        """`loc`."""
        return self.loc

    @property
    def variance(self) -> Tensor:
        """The diagonal of the covariance."""
        return ops.sum(self.scale_tril**2, dim=-1)
