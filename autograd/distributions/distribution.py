"""Distribution: what all of them share, and Independent, which reads the last dimensions of a batch as one event."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import ops
from ..creation import as_tensor
from ..dtypes import get_default_dtype
from ..errors import ArgumentError
from ..graph import no_grad
from ..tensor import Tensor

__all__ = ["Distribution", "Independent", "parameters", "require"]


def parameters(*values: Any) -> list[Tensor]:
    """Numbers and tensors as tensors of one shape: numbers in the dtype of the tensors, or in the default one."""
    given = [value for value in values if isinstance(value, Tensor)]
    dtype = given[0].dtype if given else get_default_dtype()
    tensors = [value if isinstance(value, Tensor) else as_tensor(value, dtype=dtype) for value in values]
    return list(ops.broadcast_tensors(*tensors))


def require(condition: Tensor, name: str, what: str) -> None:
    """Raise ArgumentError unless the condition holds everywhere."""
    if not bool(condition.all()):
        raise ArgumentError(f"{name}: {what}")


class Distribution:
    """The base class: a subclass defines `log_prob`, and `sample` or `rsample`.

    Args:
        batch_shape: the shape of the distributions that are held together.
        event_shape: the shape of what one of them draws.
        validate_args: check the parameters (subclasses do).
    """

    has_rsample = False

    def __init__(
        self, batch_shape: Sequence[int] = (), event_shape: Sequence[int] = (), validate_args: bool | None = None
    ) -> None:
        self._batch_shape = tuple(batch_shape)
        self._event_shape = tuple(event_shape)

    @property
    def batch_shape(self) -> tuple[int, ...]:
        """The shape of the distributions that are held together."""
        return self._batch_shape

    @property
    def event_shape(self) -> tuple[int, ...]:
        """The shape of what one of them draws."""
        return self._event_shape

    def _extended_shape(self, sample_shape: Sequence[int] = ()) -> tuple[int, ...]:
        return tuple(sample_shape) + self._batch_shape + self._event_shape

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Draw, so that gradients reach the parameters through what was drawn.

        Raises:
            ArgumentError: the distribution cannot be drawn from so.
        """
        raise ArgumentError(f"{type(self).__name__}: there is no rsample, through which gradients pass; use sample")

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Draw a tensor of shape `sample_shape + batch_shape + event_shape`, without gradients."""
        with no_grad():
            return self.rsample(sample_shape)

    def log_prob(self, value: Any) -> Tensor:
        """The logarithm of the probability, or of its density, at a value."""
        raise NotImplementedError

    def entropy(self) -> Tensor:
        """The entropy in nats, for each distribution of the batch."""
        raise NotImplementedError

    def perplexity(self) -> Tensor:
        """`exp(entropy)`."""
        return ops.exp(self.entropy())

    @property
    def mean(self) -> Tensor:
        """The expected value."""
        raise NotImplementedError

    @property
    def variance(self) -> Tensor:
        """The expected squared distance from the mean."""
        raise NotImplementedError

    @property
    def stddev(self) -> Tensor:
        """The square root of the variance."""
        return ops.sqrt(self.variance)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(batch_shape: {self._batch_shape}, event_shape: {self._event_shape})"


class Independent(Distribution):
    """A distribution whose last batch dimensions become one event: its log-probabilities are summed over them.

    Args:
        base_distribution: the distribution.
        reinterpreted_batch_ndims: how many dimensions.

    Raises:
        ArgumentError: the batch has fewer.

    Example:
        >>> from autograd.distributions import Independent, Normal
        >>> Independent(Normal(autograd.zeros(3), autograd.ones(3)), 1).log_prob(autograd.zeros(3))
        tensor(-2.7568)
    """

    def __init__(
        self, base_distribution: Distribution, reinterpreted_batch_ndims: int, validate_args: bool | None = None
    ) -> None:
        shape, count = base_distribution.batch_shape, reinterpreted_batch_ndims
        if not 0 <= count <= len(shape):
            raise ArgumentError(f"Independent: the batch {shape} does not have {count} dimensions")
        self.base_dist = base_distribution
        self.reinterpreted_batch_ndims = count
        split = len(shape) - count
        super().__init__(shape[:split], shape[split:] + base_distribution.event_shape)

    @property
    def has_rsample(self) -> bool:  # type: ignore[override]
        """Whether the base has it."""
        return self.base_dist.has_rsample

    def _summed(self, values: Tensor) -> Tensor:
        count = self.reinterpreted_batch_ndims
        return ops.sum(values, dim=tuple(range(-count, 0))) if count else values

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """What the base draws."""
        return self.base_dist.rsample(sample_shape)

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """What the base draws."""
        return self.base_dist.sample(sample_shape)

    def log_prob(self, value: Any) -> Tensor:
        """The sum over the event."""
        return self._summed(self.base_dist.log_prob(value))

    def entropy(self) -> Tensor:
        """The sum over the event."""
        return self._summed(self.base_dist.entropy())

    @property
    def mean(self) -> Tensor:
        """The base's."""
        return self.base_dist.mean

    @property
    def variance(self) -> Tensor:
        """The base's."""
        return self.base_dist.variance
