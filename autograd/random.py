"""Random tensors, all from one seeded generator."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import dtypes
from .creation import _dtype, _new, _sizes
from .errors import ArgumentError
from .ops.elementwise import MUL
from .primitive import as_handle
from .tensor import Tensor

__all__ = [
    "Generator",
    "bernoulli",
    "default_generator",
    "dropout",
    "get_rng_state",
    "initial_seed",
    "manual_seed",
    "normal",
    "rand",
    "rand_like",
    "randint",
    "randn",
    "randn_like",
    "randperm",
    "set_rng_state",
]


class Generator:
    """A source of random numbers with a seed and a state; `autograd.default_generator` is the one used by default.

    Args:
        seed: where the sequence starts; drawn from the operating system, unless given.

    Example:
        >>> g = autograd.Generator(0)
        >>> a = autograd.rand(2, generator=g)
        >>> b = autograd.rand(2, generator=g.manual_seed(0))
        >>> (a == b).all()
        tensor(True)
    """

    def __init__(self, seed: int | None = None) -> None:
        self._seed = int(np.random.SeedSequence().entropy) % 2**63 if seed is None else int(seed)  # type: ignore[arg-type]
        self.numpy = np.random.default_rng(self._seed)

    def manual_seed(self, seed: int) -> Generator:
        """Start the sequence of `seed`; returns the generator."""
        if not isinstance(seed, (int, np.integer)) or seed < 0:
            raise ArgumentError(f"manual_seed: seed is {seed!r}; use a whole number that is not negative")
        self._seed = int(seed)
        self.numpy = np.random.default_rng(self._seed)
        return self

    def initial_seed(self) -> int:
        """The seed that the sequence started from."""
        return self._seed

    def get_state(self) -> dict[str, Any]:
        """The state, as plain data."""
        return {"seed": self._seed, **self.numpy.bit_generator.state}

    def set_state(self, state: dict[str, Any]) -> Generator:
        """Go on from a state that `get_state` gave; returns the generator."""
        state = dict(state)
        self._seed = state.pop("seed")
        self.numpy.bit_generator.state = state
        return self


default_generator = Generator()


def manual_seed(seed: int) -> Generator:
    """Start the default generator's sequence of `seed`, so that what follows can be repeated.

    Example:
        >>> generator = autograd.manual_seed(0)
        >>> a = autograd.randn(3)
        >>> generator = autograd.manual_seed(0)
        >>> (autograd.randn(3) == a).all()
        tensor(True)
    """
    return default_generator.manual_seed(seed)


def initial_seed() -> int:
    """The seed that the default generator's sequence started from."""
    return default_generator.initial_seed()


def get_rng_state() -> dict[str, Any]:
    """The default generator's state, as plain data."""
    return default_generator.get_state()


def set_rng_state(state: dict[str, Any]) -> None:
    """Go on from a state that `get_rng_state` gave."""
    default_generator.set_state(state)


def _source(generator: Generator | None) -> np.random.Generator:
    return (generator or default_generator).numpy


def _uniform(shape: tuple[int, ...], dtype: dtypes.DType, generator: Generator | None) -> np.ndarray:
    wide = dtype if dtype == dtypes.float64 else dtypes.float32
    return np.asarray(_source(generator).random(shape, dtype=wide.type)).astype(dtype, copy=False)


def _gaussian(shape: tuple[int, ...], dtype: dtypes.DType, generator: Generator | None) -> np.ndarray:
    wide = dtype if dtype == dtypes.float64 else dtypes.float32
    return np.asarray(_source(generator).standard_normal(shape, dtype=wide.type)).astype(dtype, copy=False)


def rand(*shape: Any, dtype: Any = None, requires_grad: bool = False, generator: Generator | None = None) -> Tensor:
    """Numbers drawn uniformly from [0, 1).

    Args:
        shape: the sizes, one by one or as a tuple.
        dtype: float32, unless given.
        requires_grad: record operations on the tensor.
        generator: the source; the default one, unless given.

    Example:
        >>> autograd.rand(2, 3).shape
        (2, 3)
    """
    return _new(_uniform(_sizes("rand", shape), _dtype(dtype), generator), requires_grad)


def randn(*shape: Any, dtype: Any = None, requires_grad: bool = False, generator: Generator | None = None) -> Tensor:
    """Numbers drawn from the standard normal distribution; arguments as for `rand`.

    Example:
        >>> autograd.randn(2, 3).shape
        (2, 3)
    """
    return _new(_gaussian(_sizes("randn", shape), _dtype(dtype), generator), requires_grad)


def rand_like(input: Any, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Uniform numbers in the shape and dtype of another tensor."""
    return rand(input.shape, dtype=input.dtype if dtype is None else dtype, requires_grad=requires_grad)


def randn_like(input: Any, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Normal numbers in the shape and dtype of another tensor."""
    return randn(input.shape, dtype=input.dtype if dtype is None else dtype, requires_grad=requires_grad)


def randint(
    low: int, high: Any = None, size: Any = None, *, dtype: Any = None, generator: Generator | None = None
) -> Tensor:
    """Whole numbers drawn uniformly from `low` (0, if only one bound is given) up to but not including `high`.

    Args:
        low, high: the bounds.
        size: the shape.
        dtype: int64, unless given.
        generator: the source; the default one, unless given.

    Raises:
        ArgumentError: there is no number between the bounds.

    Example:
        >>> autograd.randint(0, 10, (2, 3)).shape
        (2, 3)
    """
    if size is None:
        low, high, size = 0, low, high
    if size is None or isinstance(size, int) or high is None:
        raise ArgumentError("randint: give the bounds and a shape: randint(high, (2, 3)) or randint(low, high, (2, 3))")
    if high <= low:
        raise ArgumentError(f"randint: there is no whole number from {low} up to {high}; make high larger")
    drawn = np.asarray(_source(generator).integers(low, high, _sizes("randint", tuple(size))))
    return _new(drawn.astype(dtypes.int64 if dtype is None else dtypes.as_dtype(dtype)), False)


def randperm(n: int, *, generator: Generator | None = None) -> Tensor:
    """The numbers 0 to n - 1 in random order.

    Example:
        >>> autograd.randperm(5).sum()
        tensor(10)
    """
    if n < 0:
        raise ArgumentError(f"randperm: n is {n}; use a number that is not negative")
    return _new(_source(generator).permutation(n).astype(dtypes.int64), False)


def normal(mean: float, std: float, size: Any, *, dtype: Any = None, generator: Generator | None = None) -> Tensor:
    """Numbers drawn from the normal distribution with the given mean and standard deviation.

    Example:
        >>> autograd.normal(0.0, 1.0, (2, 3)).shape
        (2, 3)
    """
    if std < 0:
        raise ArgumentError(f"normal: std is {std}; use a number that is not negative")
    return _new(
        (mean + std * _gaussian(_sizes("normal", tuple(size)), _dtype(dtype), generator)).astype(_dtype(dtype)), False
    )


def bernoulli(input: Any, *, generator: Generator | None = None) -> Tensor:
    """1 with the probability that the input gives, else 0, elementwise.

    Example:
        >>> autograd.bernoulli(autograd.tensor([0.0, 1.0]))
        tensor([0., 1.])
    """
    p = as_handle(input, "bernoulli")._array
    if p.size and not (p.min() >= 0 and p.max() <= 1):
        raise ArgumentError("bernoulli: the input holds numbers outside [0, 1], which are no probabilities")
    return _new((_uniform(p.shape, dtypes.float64, generator) < p).astype(p.dtype), False)


def dropout(input: Any, p: float = 0.5, training: bool = True) -> Tensor:
    """Inverted dropout: in training each number is zeroed with probability p, and the others divided by 1 - p.

    Args:
        input: a Tensor of any shape.
        p: the probability of zeroing, 0 to 1.
        training: outside training the input is returned as it is.

    Raises:
        ArgumentError: p is no probability.

    Example:
        >>> autograd.dropout(autograd.ones(3), p=0.5, training=False)
        tensor([1., 1., 1.])

    Source: Srivastava et al. 2014, Journal of Machine Learning Research 15, section 10 for the scaling.
    """
    if not 0 <= p <= 1:
        raise ArgumentError(f"dropout: p is {p}; use a probability from 0 to 1")
    x = as_handle(input, "dropout")
    if not training or p == 0:
        return x
    kept = _uniform(x.shape, dtypes.float32, None) >= p
    return MUL.apply(x, kept * x.dtype.type(0 if p == 1 else 1 / (1 - p)))
