"""Random tensors, all from one seeded generator."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import dtypes
from .creation import _alike, _count, _dtype, _new, _number, _sizes
from .errors import ArgumentError, DtypeError
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
        self.manual_seed(int(np.random.SeedSequence().entropy) % 2**63 if seed is None else seed)  # type: ignore[arg-type]

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
        try:
            rest = dict(state)
            seed = rest.pop("seed")
            self.numpy.bit_generator.state = rest
        except (KeyError, TypeError, ValueError) as error:
            raise ArgumentError(
                f"set_state: this is no state of a generator ({error!r}); use what get_state gave"
            ) from None
        self._seed = seed
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
    if generator is not None and not isinstance(generator, Generator):
        raise DtypeError(f"generator: expected an autograd.Generator or None, not {type(generator).__name__}")
    return (default_generator if generator is None else generator).numpy


def _floating(name: str, dtype: Any) -> dtypes.DType:
    wanted = _dtype(dtype)
    if wanted.kind != "f":
        raise DtypeError(f"{name}: {wanted} holds no fractions; use float16, float32 or float64")
    return wanted


def _uniform(shape: tuple[int, ...], dtype: dtypes.DType, generator: Generator | None) -> np.ndarray:
    if dtype == dtypes.float16:  # rounding a float32 just below 1 would give 1
        steps = 2**11
        return np.asarray(_source(generator).integers(0, steps, shape) / steps).astype(dtype)
    return np.asarray(_source(generator).random(shape, dtype=dtype.type))


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
    return _new(_uniform(_sizes("rand", shape), _floating("rand", dtype), generator), requires_grad)


def randn(*shape: Any, dtype: Any = None, requires_grad: bool = False, generator: Generator | None = None) -> Tensor:
    """Numbers drawn from the standard normal distribution; arguments as for `rand`.

    Example:
        >>> autograd.randn(2, 3).shape
        (2, 3)
    """
    return _new(_gaussian(_sizes("randn", shape), _floating("randn", dtype), generator), requires_grad)


def rand_like(input: Any, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Uniform numbers in the shape and dtype of another tensor."""
    shape, wanted = _alike("rand_like", input, dtype)
    return rand(shape, dtype=wanted, requires_grad=requires_grad)


def randn_like(input: Any, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Normal numbers in the shape and dtype of another tensor."""
    shape, wanted = _alike("randn_like", input, dtype)
    return randn(shape, dtype=wanted, requires_grad=requires_grad)


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
    if not all(isinstance(bound, (int, np.integer)) for bound in (low, high)):
        raise ArgumentError(f"randint: the bounds {low!r} and {high!r} must be whole numbers")
    if high <= low:
        raise ArgumentError(f"randint: there is no whole number from {low} up to {high}; make high larger")
    wanted = dtypes.int64 if dtype is None else dtypes.as_dtype(dtype)
    if wanted.kind in "iu" and not np.iinfo(wanted).min <= low < high <= np.iinfo(wanted).max + 1:
        raise DtypeError(f"randint: numbers from {low} up to {high} do not fit {wanted}; use a wider dtype")
    return _new(np.asarray(_source(generator).integers(low, high, _sizes("randint", (size,)))).astype(wanted), False)


def randperm(n: int, *, generator: Generator | None = None) -> Tensor:
    """The numbers 0 to n - 1 in random order.

    Example:
        >>> autograd.randperm(5).sum()
        tensor(10)
    """
    return _new(_source(generator).permutation(_count("randperm", "n", n)).astype(dtypes.int64), False)


def normal(mean: float, std: float, size: Any, *, dtype: Any = None, generator: Generator | None = None) -> Tensor:
    """Numbers drawn from the normal distribution with the given mean and standard deviation.

    Example:
        >>> autograd.normal(0.0, 1.0, (2, 3)).shape
        (2, 3)
    """
    centre, spread = _number("normal", "mean", mean), _number("normal", "std", std)
    if spread < 0:
        raise ArgumentError(f"normal: std is {std}; use a number that is not negative")
    wanted = _floating("normal", dtype)
    return _new((centre + spread * _gaussian(_sizes("normal", (size,)), wanted, generator)).astype(wanted), False)


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
        DtypeError: the input is to be scaled and is not floating.

    Example:
        >>> autograd.dropout(autograd.ones(3), p=0.5, training=False)
        tensor([1., 1., 1.])

    Source: Srivastava et al. 2014, Journal of Machine Learning Research 15, section 10 for the scaling.
    """
    if not isinstance(p, (int, float)) or not 0 <= p <= 1:
        raise ArgumentError(f"dropout: p is {p!r}; use a probability from 0 to 1")
    x = as_handle(input, "dropout")
    if not training or p == 0:
        return x
    if x.dtype.kind != "f":
        raise DtypeError(f"dropout: x is {x.dtype}, which cannot be divided by 1 - p; convert it with .float() first")
    kept = _uniform(x.shape, dtypes.float32, None) >= p
    return MUL.apply(x, kept * x.dtype.type(0 if p == 1 else 1 / (1 - p)))
