"""Distributions of whole numbers and of categories."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from .. import ops
from ..errors import ArgumentError
from ..graph import enable_grad, no_grad
from ..random import bernoulli, multinomial, poisson
from ..tensor import Tensor
from .distribution import Distribution, parameters, require

__all__ = ["Bernoulli", "Categorical", "OneHotCategorical", "Poisson"]

# What is computed from the parameters when first asked for carries gradients, even where sample asks.

_EPS = {"float16": 2.0**-10, "float32": 2.0**-23, "float64": 2.0**-52}


def _inside(probs: Tensor) -> Tensor:
    """Probabilities moved away from 0 and 1, so that their logarithms are finite."""
    eps = _EPS[str(probs.dtype)]
    return ops.clamp(probs, eps, 1 - eps)


def _one_of(name: str, probs: Any, logits: Any) -> None:
    if (probs is None) == (logits is None):
        raise ArgumentError(f"{name}: give either probs or logits")


class Bernoulli(Distribution):
    """1 with probability p, else 0.

    Args:
        probs: p; or
        logits: `ln(p / (1 - p))`.

    Raises:
        ArgumentError: both or none are given, or p is no probability.

    Example:
        >>> from autograd.distributions import Bernoulli
        >>> Bernoulli(autograd.tensor([0.25])).log_prob(autograd.tensor([1.0]))
        tensor([-1.3863])
    """

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool | None = None) -> None:
        _one_of("Bernoulli", probs, logits)
        if probs is not None:
            (self.probs,) = parameters(probs)
            require((self.probs >= 0) & (self.probs <= 1), "Bernoulli", "probs must be from 0 to 1")
            super().__init__(self.probs.shape)
        else:
            (self.logits,) = parameters(logits)
            super().__init__(self.logits.shape)

    @cached_property
    @enable_grad()
    def probs(self) -> Tensor:
        """p."""
        return ops.sigmoid(self.logits)

    @cached_property
    @enable_grad()
    def logits(self) -> Tensor:
        """`ln(p / (1 - p))`."""
        p = _inside(self.probs)
        return ops.log(p) - ops.log1p(-p)

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Zeros and ones."""
        with no_grad():
            return bernoulli(ops.broadcast_to(self.probs, self._extended_shape(sample_shape)))

    def log_prob(self, value: Any) -> Tensor:
        """`ln(p)` at 1, and `ln(1 - p)` at 0."""
        logits, value = ops.broadcast_tensors(self.logits, value)
        return -ops.binary_cross_entropy_with_logits(logits, value, reduction="none")

    def entropy(self) -> Tensor:
        """`-p ln(p) - (1 - p) ln(1 - p)`."""
        return ops.binary_cross_entropy_with_logits(self.logits, self.probs, reduction="none")

    @property
    def mean(self) -> Tensor:
        """p."""
        return self.probs

    @property
    def mode(self) -> Tensor:
        """The likelier of 0 and 1."""
        return (self.probs >= 0.5).to(self.probs)

    @property
    def variance(self) -> Tensor:
        """`p (1 - p)`."""
        return self.probs * (1 - self.probs)


class Categorical(Distribution):
    """One of K categories, as its index.

    Args:
        probs: (..., K), not negative, which are divided by their sum; or
        logits: (..., K), their logarithms, up to a constant.

    Raises:
        ArgumentError: both or none are given, or a probability is negative.

    Example:
        >>> from autograd.distributions import Categorical
        >>> Categorical(probs=autograd.tensor([1.0, 1.0, 2.0])).entropy()
        tensor(1.0397)
    """

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool | None = None) -> None:
        _one_of("Categorical", probs, logits)
        (given,) = parameters(logits if probs is None else probs)
        if given.ndim < 1:
            raise ArgumentError("Categorical: give a vector of categories, or several of them")
        if probs is not None:
            require(given >= 0, "Categorical", "probs must not be negative")
            self.probs = given / ops.sum(given, dim=-1, keepdim=True)
        else:
            self.logits = given - ops.logsumexp(given, dim=-1, keepdim=True)
        self._num_events = given.shape[-1]
        super().__init__(given.shape[:-1])

    @cached_property
    @enable_grad()
    def probs(self) -> Tensor:
        """The probabilities, which add up to 1."""
        return ops.softmax(self.logits, dim=-1)

    @cached_property
    @enable_grad()
    def logits(self) -> Tensor:
        """The logarithms of the probabilities."""
        return ops.log(_inside(self.probs))

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Indices."""
        shape = tuple(sample_shape)
        count = 1
        for size in shape:
            count *= size
        with no_grad():
            rows = ops.reshape(self.probs, (-1, self._num_events))
            return ops.reshape(multinomial(rows, count, replacement=True).T, shape + self._batch_shape)

    def log_prob(self, value: Any) -> Tensor:
        """The logarithms of the probabilities of the given indices."""
        (value,) = parameters(value)
        index = ops.unsqueeze(value.long(), -1)
        shape = ops.broadcast_shapes(index.shape[:-1], self._batch_shape)
        index = ops.broadcast_to(index, (*shape, 1))
        table = ops.broadcast_to(self.logits, (*shape, self._num_events))
        return ops.squeeze(ops.gather(table, -1, index), -1)

    def entropy(self) -> Tensor:
        """`-sum(p ln(p))`."""
        least = ops.clamp(self.logits, min=-3.0e38 if str(self.logits.dtype) != "float16" else -6.5e4)
        return -ops.sum(least * self.probs, dim=-1)

    @property
    def mode(self) -> Tensor:
        """The likeliest index."""
        return ops.argmax(self.probs, dim=-1)


class OneHotCategorical(Distribution):
    """One of K categories, as a vector with a single 1; arguments are those of `Categorical`.

    Example:
        >>> from autograd.distributions import OneHotCategorical
        >>> OneHotCategorical(probs=autograd.tensor([0.0, 1.0])).sample()
        tensor([0., 1.])
    """

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool | None = None) -> None:
        self._categorical = Categorical(probs, logits)
        super().__init__(self._categorical.batch_shape, (self._categorical._num_events,))

    @property
    def probs(self) -> Tensor:
        """The probabilities, which add up to 1."""
        return self._categorical.probs

    @property
    def logits(self) -> Tensor:
        """The logarithms of the probabilities."""
        return self._categorical.logits

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Vectors with a single 1."""
        return ops.one_hot(self._categorical.sample(sample_shape), self._event_shape[0]).to(self.probs)

    def log_prob(self, value: Any) -> Tensor:
        """The logarithms of the probabilities of the given vectors."""
        return self._categorical.log_prob(ops.argmax(value, dim=-1))

    def entropy(self) -> Tensor:
        """`-sum(p ln(p))`."""
        return self._categorical.entropy()

    @property
    def mean(self) -> Tensor:
        """The probabilities."""
        return self.probs

    @property
    def variance(self) -> Tensor:
        """`p (1 - p)`."""
        return self.probs * (1 - self.probs)


class Poisson(Distribution):
    """The number of events where `rate` are expected.

    Args:
        rate: at least 0.

    Raises:
        ArgumentError: it is negative.
    """

    def __init__(self, rate: Any, validate_args: bool | None = None) -> None:
        (self.rate,) = parameters(rate)
        require(self.rate >= 0, "Poisson", "rate must not be negative")
        super().__init__(self.rate.shape)

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Whole numbers, in the dtype of the rate."""
        with no_grad():
            return poisson(ops.broadcast_to(self.rate, self._extended_shape(sample_shape)))

    def log_prob(self, value: Any) -> Tensor:
        """`k ln(rate) - rate - ln(k!)`."""
        rate, value = parameters(self.rate, value)
        return ops.xlogy(value, rate) - rate - ops.lgamma(value + 1)

    @property
    def mean(self) -> Tensor:
        """The rate."""
        return self.rate

    @property
    def variance(self) -> Tensor:
        """The rate."""
        return self.rate
