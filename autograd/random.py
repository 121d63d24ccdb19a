"""Random tensors, all from one seeded generator."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from . import dtypes
from .arrays import check_device, to_number
from .batching import draws
from .creation import _alike, _count, _dtype, _sizes, finish
from .errors import ArgumentError, DtypeError, ShapeError
from .generator import Generator, default_generator, gaussian, source, uniform, whole_numbers
from .ops.arithmetic import MUL
from .ops.dims import normalize_sizes
from .primitive import Handle, as_handle, check_broadcast
from .tensor import Tensor

__all__ = [
    "Generator",
    "bernoulli",
    "default_generator",
    "dropout",
    "fork_rng",
    "get_rng_state",
    "initial_seed",
    "manual_seed",
    "multinomial",
    "normal",
    "poisson",
    "rand",
    "rand_like",
    "randint",
    "randint_like",
    "randn",
    "randn_like",
    "randperm",
    "seed",
    "set_rng_state",
]


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


def seed() -> int:
    """Start the default generator's sequence of a seed drawn from the operating system; returns the seed.

    Example:
        >>> state = autograd.get_rng_state()
        >>> autograd.seed() == autograd.initial_seed()
        True
        >>> autograd.set_rng_state(state)
    """
    return default_generator.seed()


def initial_seed() -> int:
    """The seed that the default generator's sequence started from."""
    return default_generator.initial_seed()


def get_rng_state() -> dict[str, Any]:
    """The default generator's state, as plain data."""
    return default_generator.get_state()


def set_rng_state(state: dict[str, Any]) -> None:
    """Go on from a state that `get_rng_state` gave."""
    default_generator.set_state(state)


@contextlib.contextmanager
def fork_rng(devices: Any = None, enabled: bool = True) -> Iterator[None]:
    """After the block the default generator goes on as if nothing had been drawn inside.

    Args:
        devices: graphics cards, of which there are none.
        enabled: False leaves it as it is.

    Example:
        >>> with autograd.random.fork_rng():
        ...     a = autograd.rand(1)
        >>> a == autograd.rand(1)
        tensor([True])
    """
    state = get_rng_state()
    try:
        yield
    finally:
        if enabled:
            set_rng_state(state)


def _floating(name: str, dtype: Any) -> dtypes.DType:
    wanted = _dtype(dtype)
    if wanted.kind != "f":
        raise DtypeError(f"{name}: {wanted} holds no fractions; use float16, float32 or float64")
    return wanted


@draws
def rand(
    *shape: Any,
    size: Any = None,
    dtype: Any = None,
    requires_grad: bool = False,
    generator: Generator | None = None,
    device: Any = None,
) -> Tensor:
    """Numbers drawn uniformly from [0, 1).

    Args:
        shape: the sizes, one by one or as a tuple.
        size: the same by name, as a tuple.
        dtype: float32, unless given.
        requires_grad: record operations on the tensor.
        generator: the source; the default one, unless given.

    Example:
        >>> autograd.rand(2, 3).shape
        (2, 3)
    """
    check_device(device)
    return finish(uniform(_sizes("rand", shape, size), _floating("rand", dtype), generator), requires_grad, device)


@draws
def randn(
    *shape: Any,
    size: Any = None,
    dtype: Any = None,
    requires_grad: bool = False,
    generator: Generator | None = None,
    device: Any = None,
) -> Tensor:
    """Numbers drawn from the standard normal distribution; arguments as for `rand`.

    Example:
        >>> autograd.randn(2, 3).shape
        (2, 3)
    """
    check_device(device)
    numbers = gaussian(_sizes("randn", shape, size), _floating("randn", dtype), generator)
    return finish(numbers, requires_grad, device)


def rand_like(
    input: Any, *, dtype: Any = None, requires_grad: bool = False, device: Any = None, memory_format: Any = None
) -> Tensor:
    """Uniform numbers in the shape and dtype of another tensor.

    Example:
        >>> autograd.rand_like(autograd.ones(2, 3)).shape
        (2, 3)
    """
    shape, wanted = _alike("rand_like", input, dtype)
    return rand(shape, dtype=wanted, requires_grad=requires_grad, device=device)


def randn_like(
    input: Any, *, dtype: Any = None, requires_grad: bool = False, device: Any = None, memory_format: Any = None
) -> Tensor:
    """Normal numbers in the shape and dtype of another tensor.

    Example:
        >>> autograd.randn_like(autograd.ones(2, 3)).shape
        (2, 3)
    """
    shape, wanted = _alike("randn_like", input, dtype)
    return randn(shape, dtype=wanted, requires_grad=requires_grad, device=device)


@draws
def randint(
    low: int = 0,
    high: Any = None,
    size: Any = None,
    *,
    dtype: Any = None,
    requires_grad: bool = False,
    generator: Generator | None = None,
    device: Any = None,
) -> Tensor:
    """Whole numbers drawn uniformly from `low` (0, if only one bound is given) up to but not including `high`.

    Args:
        low, high: the bounds.
        size: the shape.
        dtype: int64, unless given.
        requires_grad: record operations on the tensor, which is then of a floating dtype.
        generator: the source; the default one, unless given.
        device: "cpu" or None.

    Raises:
        ArgumentError: there is no number between the bounds.

    Example:
        >>> autograd.randint(0, 10, (2, 3)).shape
        (2, 3)
    """
    check_device(device)
    if size is None:
        low, high, size = 0, low, high
    elif high is None:
        low, high = 0, low
    if size is None or isinstance(size, int) or high is None:
        raise ArgumentError("randint: give the bounds and a shape: randint(high, (2, 3)) or randint(low, high, (2, 3))")
    wanted = dtypes.int64 if dtype is None else dtypes.as_dtype(dtype)
    shape = normalize_sizes("randint", (size,))
    return finish(whole_numbers("randint", low, high, shape, wanted, generator), requires_grad, device)


@draws
def randint_like(
    input: Any, low: int, high: Any = None, *, dtype: Any = None, requires_grad: bool = False, device: Any = None
) -> Tensor:
    """Whole numbers as from `randint`, in the shape and dtype of another tensor.

    Args:
        input: the tensor.
        low, high: the bounds; with one, that is `high`, and `low` is 0.
        dtype: another dtype.
        requires_grad: record operations on the tensor.
        device: "cpu" or None.

    Raises:
        ArgumentError: there is no number between the bounds.

    Example:
        >>> autograd.randint_like(autograd.ones(2, 3), 10).shape
        (2, 3)
    """
    check_device(device)
    shape, wanted = _alike("randint_like", input, dtype)
    low, high = (0, low) if high is None else (low, high)
    return finish(whole_numbers("randint_like", low, high, shape, wanted, None), requires_grad, device)


@draws
def randperm(n: int, *, dtype: Any = None, generator: Generator | None = None, device: Any = None) -> Tensor:
    """The numbers 0 to n - 1 in random order.

    Args:
        n: how many.
        dtype: int64, unless given.
        generator: the source; the default one, unless given.
        device: "cpu" or None.

    Example:
        >>> autograd.randperm(5).sum()
        tensor(10)
    """
    check_device(device)
    wanted = dtypes.int64 if dtype is None else dtypes.as_dtype(dtype)
    return finish(source(generator).permutation(_count("randperm", "n", n)).astype(wanted), False, device)


@draws
def normal(
    mean: Any,
    std: Any = 1.0,
    size: Any = None,
    *,
    dtype: Any = None,
    requires_grad: bool = False,
    generator: Generator | None = None,
    device: Any = None,
) -> Tensor:
    """Numbers drawn from the normal distribution with the given mean and standard deviation.

    Args:
        mean, std: numbers with a `size`; or Tensors, at least one of them, that broadcast against each other.
        size: the shape, for two numbers.
        dtype: float32, unless given, for two numbers; else that of the Tensors.
        requires_grad: record operations on the tensor.
        generator: the source; the default one, unless given.
        device: "cpu" or None.

    Raises:
        ArgumentError: a standard deviation is negative, or a shape is given or missing.
        ShapeError: the Tensors do not broadcast.
        DtypeError: their dtype is not floating.

    Example:
        >>> autograd.normal(0.0, 1.0, (2, 3)).shape
        (2, 3)
    """
    check_device(device)
    tensors = [x for x in (mean, std) if isinstance(x, (Handle, np.ndarray))]
    if not tensors:
        if size is None:
            raise ArgumentError("normal: the size is missing; give one with two numbers, as normal(0.0, 1.0, (2, 3))")
        centre, spread = to_number("normal", "mean", mean), to_number("normal", "std", std)
        shape, wanted = normalize_sizes("normal", (size,)), _floating("normal", dtype)
    else:
        if size is not None or dtype is not None:
            raise ArgumentError("normal: size and dtype are those of the Tensors mean and std; leave them out")
        centre, spread = (
            as_handle(x, "normal")._array if isinstance(x, (Handle, np.ndarray)) else to_number("normal", what, x)
            for what, x in (("mean", mean), ("std", std))
        )
        wanted = _floating("normal", dtypes.result_type(*[as_handle(x, "normal") for x in tensors]))
        shape = check_broadcast("normal", {"mean": centre, "std": spread})
    if np.size(spread) and np.min(spread) < 0:
        raise ArgumentError(f"normal: std is {np.min(spread)}; use numbers that are not negative")
    numbers = np.asarray(centre + spread * gaussian(shape, wanted, generator))
    return finish(numbers.astype(wanted, copy=False), requires_grad, device)


@draws
def bernoulli(input: Any, p: float | None = None, *, generator: Generator | None = None) -> Tensor:
    """1 with the probability that the input gives, else 0, elementwise.

    Args:
        input: probabilities.
        p: one probability for all, in place of those of the input, which then gives shape and dtype alone.
        generator: the source; the default one, unless given.

    Raises:
        ArgumentError: a number is no probability.
        DtypeError: the probabilities are not floating.

    Example:
        >>> autograd.bernoulli(autograd.tensor([0.0, 1.0]))
        tensor([0., 1.])
    """
    x = as_handle(input, "bernoulli")
    if p is None and x.dtype.kind != "f":
        raise DtypeError(f"bernoulli: probabilities are {x.dtype}; use a floating dtype, as from x.float()")
    chances = x._array if p is None else np.asarray(to_number("bernoulli", "p", p))
    if chances.size and not (chances.min() >= 0 and chances.max() <= 1):
        raise ArgumentError("bernoulli: the input holds numbers outside [0, 1], which are no probabilities")
    return finish((uniform(x.shape, dtypes.float64, generator) < chances).astype(x.dtype), False)


@draws
def poisson(input: Any, generator: Generator | None = None) -> Tensor:
    """Numbers drawn from Poisson distributions, elementwise.

    Args:
        input: the mean of each, in a floating dtype.
        generator: the source; the default one, unless given.

    Raises:
        ArgumentError: a mean is negative, or too large for a count.
        DtypeError: the means are not floating.

    Example:
        >>> autograd.poisson(autograd.zeros(2))
        tensor([0., 0.])
    """
    x = as_handle(input, "poisson")
    if x.dtype.kind != "f":
        raise DtypeError(f"poisson: means are {x.dtype}; use a floating dtype, as from x.float()")
    if x._array.size and not (x._array.min() >= 0 and x._array.max() < 2.0**62):
        raise ArgumentError("poisson: means must be numbers from 0 to 2 ** 62")
    return finish(np.asarray(source(generator).poisson(x._array)).astype(x.dtype), False)


@draws
def multinomial(
    input: Any, num_samples: int, replacement: bool = False, *, generator: Generator | None = None
) -> Tensor:
    """Indices drawn with the given weights.

    Args:
        input: weights that are not negative, a vector or a matrix with a distribution in each row; they need not add
            up to 1.
        num_samples: how many indices of each distribution.
        replacement: an index may be drawn again.
        generator: the source; the default one, unless given.

    Returns:
        An int64 Tensor, (num_samples,) or (rows, num_samples).

    Raises:
        ArgumentError: weights are negative, infinite, or add up to 0, or there are fewer positive ones than samples.
        ShapeError: the input is neither a vector nor a matrix.
        DtypeError: the weights are not floating.

    Example:
        >>> autograd.multinomial(autograd.tensor([0.0, 1.0, 0.0]), 3, replacement=True)
        tensor([1, 1, 1])
    """
    x = as_handle(input, "multinomial")
    if x.dtype.kind != "f":
        raise DtypeError(f"multinomial: weights are {x.dtype}; use a floating dtype, as from x.float()")
    if x.ndim not in (1, 2) or not x.shape[-1]:
        raise ShapeError(f"multinomial: weights {x.shape}; give a vector, or a matrix of them, that is not empty")
    count = _count("multinomial", "num_samples", num_samples)
    weights = np.atleast_2d(x._array).astype(np.float64)
    if not (np.isfinite(weights).all() and (weights >= 0).all() and (weights.sum(1) > 0).all()):
        raise ArgumentError("multinomial: weights must be finite, not negative, and not all 0 in a row")
    if count < 1:
        raise ArgumentError("multinomial: num_samples is 0; draw at least one")
    if not replacement and count > (fewest := int((weights > 0).sum(1).min(initial=x.shape[-1]))):
        raise ArgumentError(
            f"multinomial: {count} samples without replacement, but a row has {fewest} positive weights; draw fewer, "
            "or with replacement=True"
        )
    rng = source(generator)
    if replacement:
        steps = np.cumsum(weights, axis=1)
        drawn = rng.random((weights.shape[0], count)) * steps[:, -1:]
        chosen = np.array([np.searchsorted(s, d, side="right") for s, d in zip(steps, drawn, strict=True)])
        last = weights.shape[1] - 1 - np.argmax(weights[:, ::-1] > 0, axis=1)  # where rounding steps over the end
        chosen = np.minimum(chosen.reshape(-1, count), last[:, None])
    else:  # the first to ring of exponential clocks with these rates
        with np.errstate(divide="ignore"):
            rings = rng.standard_exponential(weights.shape) / weights
        chosen = np.argsort(rings, axis=1, kind="stable")[:, :count]
    return finish(chosen.astype(dtypes.int64).reshape(*x.shape[:-1], count), False)


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
    return MUL.apply(x, _kept(x.shape, p, x.dtype))


@draws
def _kept(shape: tuple[int, ...], p: float, dtype: dtypes.DType) -> Any:
    """What numbers are multiplied with: 0 with probability p, else 1 / (1 - p)."""
    kept = uniform(shape, dtypes.float32, None) >= p
    return as_handle(kept * dtype.type(0 if p == 1 else 1 / (1 - p)), "dropout")
