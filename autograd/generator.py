"""The source of random numbers, with a seed and a state, and what is drawn from it: plain arrays."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from . import dtypes
from .devices import CPU, check_device, device, names_device
from .errors import ArgumentError, DtypeError

__all__ = ["Generator", "default_generator", "drawing_from", "gaussian", "source", "uniform", "whole_numbers"]


class Generator:
    """A source of random numbers with a seed and a state; `autograd.default_generator` is the one used by default.

    Args:
        seed: where the sequence starts; drawn from the operating system, unless given.
        device: "cpu" or None; it may stand first, as in PyTorch.

    Example:
        >>> g = autograd.Generator(0)
        >>> a = autograd.rand(2, generator=g)
        >>> b = autograd.rand(2, generator=g.manual_seed(0))
        >>> (a == b).all()
        tensor(True)
    """

    def __init__(self, seed: Any = None, device: Any = None) -> None:
        if names_device(seed):  # PyTorch's only argument
            seed, device = None, seed
        check_device(device)
        self.manual_seed(int(np.random.SeedSequence().entropy) % 2**63 if seed is None else seed)  # type: ignore[arg-type]

    def manual_seed(self, seed: int) -> Generator:
        """Start the sequence of `seed`; returns the generator."""
        if not isinstance(seed, (int, np.integer)) or seed < 0:
            raise ArgumentError(f"manual_seed: seed is {seed!r}; use a whole number that is not negative")
        self._seed = int(seed)
        self.numpy = np.random.default_rng(self._seed)
        return self

    def seed(self) -> int:
        """Start a sequence of a seed drawn from the operating system; returns the seed."""
        self.manual_seed(int(np.random.SeedSequence().entropy) % 2**63)  # type: ignore[arg-type]
        return self._seed

    def initial_seed(self) -> int:
        """The seed that the sequence started from."""
        return self._seed

    @property
    def device(self) -> device:
        """Where numbers are drawn: on the CPU."""
        return CPU

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


class _StandIn(threading.local):
    """What this thread draws from in place of the default generator."""

    generator: Generator | None = None


_stand_in = _StandIn()


@contextlib.contextmanager
def drawing_from(generator: Generator) -> Iterator[None]:
    """Inside, what would draw from the default generator in this thread draws from another one."""
    before, _stand_in.generator = _stand_in.generator, generator
    try:
        yield
    finally:
        _stand_in.generator = before


# Called before numbers are drawn, and may refuse it; vmap does.
guards: list[Callable[[], None]] = []


def source(generator: Generator | None) -> np.random.Generator:
    """NumPy's generator inside of `generator`, or inside of the default one.

    Raises:
        DtypeError: it is no generator.
    """
    if generator is not None and not isinstance(generator, Generator):
        raise DtypeError(f"generator: expected an autograd.Generator or None, not {type(generator).__name__}")
    for guard in guards:
        guard()
    return (generator or _stand_in.generator or default_generator).numpy


def uniform(shape: tuple[int, ...], dtype: dtypes.DType, generator: Generator | None) -> np.ndarray:
    """Numbers from [0, 1)."""
    if dtype == dtypes.float16:  # rounding a float32 just below 1 would give 1
        steps = 2**11
        return np.asarray(source(generator).integers(0, steps, shape) / steps).astype(dtype)
    return np.asarray(source(generator).random(shape, dtype=dtype.type))


def gaussian(shape: tuple[int, ...], dtype: dtypes.DType, generator: Generator | None) -> np.ndarray:
    """Numbers of the standard normal distribution."""
    wide = dtype if dtype == dtypes.float64 else dtypes.float32
    return np.asarray(source(generator).standard_normal(shape, dtype=wide.type)).astype(dtype, copy=False)


def whole_numbers(
    name: str, low: int, high: int, shape: tuple[int, ...], dtype: dtypes.DType, generator: Generator | None
) -> np.ndarray:
    """Whole numbers from `low` up to but not including `high`, as `dtype`.

    Raises:
        ArgumentError: there is no number between the bounds.
        DtypeError: they do not fit the dtype.
    """
    if not all(isinstance(bound, (int, np.integer)) for bound in (low, high)):
        raise ArgumentError(f"{name}: the bounds {low!r} and {high!r} must be whole numbers")
    if high <= low:
        raise ArgumentError(f"{name}: there is no whole number from {low} up to {high}; make high larger")
    wide = np.iinfo(dtype if dtype.kind in "iu" else dtypes.int64)
    if not wide.min <= low < high <= wide.max + 1 or (dtype == dtypes.bool_ and not 0 <= low < high <= 2):
        raise DtypeError(f"{name}: numbers from {low} up to {high} do not fit {dtype}; use a wider dtype")
    return np.asarray(source(generator).integers(low, high - 1, shape, endpoint=True)).astype(dtype)
