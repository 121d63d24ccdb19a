"""The methods of Tensor that overwrite it with random numbers, from the one seeded generator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .. import dtypes
from ..arrays import to_number
from ..errors import ArgumentError, DtypeError, ShapeError
from ..generator import Generator, gaussian, source, uniform, whole_numbers
from ..graph import services
from ..primitive import Handle, make
from .inplace import guard

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["Sampling"]


def _check(x: Handle, name: str, kinds: str, **positive: Any) -> None:
    """Raise unless `x` may be overwritten with numbers of such a distribution, before any number is drawn."""
    if x.dtype.kind not in kinds:
        raise DtypeError(f"{name}: x is {x.dtype}, which does not hold such numbers; convert it with .float() first")
    for what, value in positive.items():
        if value <= 0:
            raise ArgumentError(f"{name}: {what} is {value}; use a positive number")
    guard(x, name)


def _overwrite(x: Any, numbers: Any) -> Any:
    return x.copy_(make(np.asarray(numbers).astype(x.dtype, copy=False)))


class Sampling(Handle):
    """Random numbers in place, where the gradient of what was there before is 0; and draws with given chances."""

    __slots__ = ()

    def bernoulli(self, p: Any = None, *, generator: Generator | None = None) -> Tensor:
        """See `autograd.bernoulli`."""
        return services.module("random").bernoulli(self, p, generator=generator)

    def multinomial(self, num_samples: int, replacement: bool = False, *, generator: Generator | None = None) -> Tensor:
        """See `autograd.multinomial`."""
        return services.module("random").multinomial(self, num_samples, replacement, generator=generator)

    def uniform_(self, from_: Any = 0, to: Any = 1, *, generator: Generator | None = None) -> Tensor:
        """Overwrite with numbers drawn uniformly from [from_, to).

        Raises:
            ArgumentError: `from_` is larger than `to`.
            DtypeError: the dtype is not floating.
        """
        low, high = to_number("uniform_", "from", from_), to_number("uniform_", "to", to)
        if low > high:
            raise ArgumentError(f"uniform_: from {low} is larger than to {high}; exchange them")
        _check(self, "uniform_", "f")
        wide = dtypes.float64 if self.dtype == dtypes.float64 else dtypes.float32
        numbers = (low + (high - low) * uniform(self.shape, wide, generator)).astype(self.dtype)
        below = np.nextafter(self.dtype.type(high), self.dtype.type(-np.inf))  # rounding may have reached the end
        return _overwrite(self, np.where(numbers >= high, max(below, low), numbers) if low < high else numbers)

    def normal_(self, mean: Any = 0, std: Any = 1, *, generator: Generator | None = None) -> Tensor:
        """Overwrite with numbers of the normal distribution.

        Raises:
            ArgumentError: `std` is negative.
            DtypeError: the dtype is not floating.
        """
        centre, spread = to_number("normal_", "mean", mean), to_number("normal_", "std", std)
        if spread < 0:
            raise ArgumentError(f"normal_: std is {std}; use a number that is not negative")
        _check(self, "normal_", "f")
        return _overwrite(self, centre + spread * gaussian(self.shape, self.dtype, generator))

    def log_normal_(self, mean: Any = 1, std: Any = 2, *, generator: Generator | None = None) -> Tensor:
        """Overwrite with numbers whose logarithms have the normal distribution with this mean and `std`.

        Raises:
            ArgumentError: `std` is not positive.
            DtypeError: the dtype is not floating.
        """
        centre, spread = to_number("log_normal_", "mean", mean), to_number("log_normal_", "std", std)
        _check(self, "log_normal_", "f", std=spread)
        with np.errstate(over="ignore"):
            return _overwrite(self, np.exp(centre + spread * gaussian(self.shape, dtypes.float64, generator)))

    def exponential_(self, lambd: Any = 1, *, generator: Generator | None = None) -> Tensor:
        """Overwrite with numbers of the exponential distribution, whose density is `lambd e^(-lambd x)`.

        Raises:
            ArgumentError: `lambd` is not positive.
            DtypeError: the dtype is not floating.
        """
        rate = to_number("exponential_", "lambd", lambd)
        _check(self, "exponential_", "f", lambd=rate)
        return _overwrite(self, source(generator).standard_exponential(self.shape) / rate)

    def cauchy_(self, median: Any = 0, sigma: Any = 1, *, generator: Generator | None = None) -> Tensor:
        """Overwrite with numbers of the Cauchy distribution.

        Raises:
            ArgumentError: `sigma` is not positive.
            DtypeError: the dtype is not floating.
        """
        centre, width = to_number("cauchy_", "median", median), to_number("cauchy_", "sigma", sigma)
        _check(self, "cauchy_", "f", sigma=width)
        with np.errstate(over="ignore"):
            return _overwrite(self, centre + width * source(generator).standard_cauchy(self.shape))

    def geometric_(self, p: Any, *, generator: Generator | None = None) -> Tensor:
        """Overwrite with how many trials it took to the first success, each with probability p: 1, 2, ...

        Raises:
            ArgumentError: p is not between 0 and 1.
            DtypeError: the dtype is bool.
        """
        chance = to_number("geometric_", "p", p)
        if not 0 < chance < 1:
            raise ArgumentError(f"geometric_: p is {p}; use a probability between 0 and 1, both excluded")
        _check(self, "geometric_", "iuf")
        return _overwrite(self, source(generator).geometric(chance, self.shape))

    def bernoulli_(self, p: Any = 0.5, *, generator: Generator | None = None) -> Tensor:
        """Overwrite with 1 with probability p, else 0; p is a number, or a Tensor that broadcasts to this one.

        Raises:
            ArgumentError: p is no probability.
            ShapeError: p does not broadcast.
        """
        chances = p._array if isinstance(p, Handle) else np.asarray(to_number("bernoulli_", "p", p))
        if chances.size and not (chances.min() >= 0 and chances.max() <= 1):
            raise ArgumentError("bernoulli_: p holds numbers outside [0, 1], which are no probabilities")
        pairs = zip(reversed(chances.shape), reversed(self.shape), strict=False)
        if chances.ndim > self.ndim or any(a not in (1, b) for a, b in pairs):
            raise ShapeError(f"bernoulli_: p {chances.shape} does not broadcast to x {self.shape}")
        _check(self, "bernoulli_", "biuf")
        return _overwrite(self, uniform(self.shape, dtypes.float64, generator) < chances)

    def random_(self, from_: Any = 0, to: Any = None, *, generator: Generator | None = None) -> Tensor:
        """Overwrite with whole numbers drawn uniformly from `from_` up to but not including `to`.

        With one bound, that is `to`. Without bounds, all whole numbers from 0 that the dtype holds: up to the largest
        for integers, and as far as each is represented for floating dtypes.

        Raises:
            ArgumentError: there is no number between the bounds.
            DtypeError: they do not fit the dtype.
        """
        dtype = self.dtype
        if to is None and from_ != 0:
            from_, to = 0, from_
        if to is None:
            if dtype.kind == "f":
                to = 2 ** (np.finfo(dtype).nmant + 1) + 1
            else:
                to = 2 if dtype == dtypes.bool_ else int(np.iinfo(dtype).max) + 1
        _check(self, "random_", "biuf")
        return _overwrite(self, whole_numbers("random_", from_, to, self.shape, dtype, generator))
