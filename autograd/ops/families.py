"""How the elementwise families are written down, and the samples that their members share."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import kernels
from ..dtypes import float32
from ..primitive import Primitive, Sample, define, op

__all__ = [
    "binary",
    "comparison",
    "floats_alone",
    "from_scipy",
    "fused",
    "fused_rule",
    "in_float32",
    "is_raw",
    "parametric",
    "rounding",
    "suits_kernel",
    "unary",
    "values",
]

Generator = np.random.Generator


def values(
    rng: Generator, shape: tuple[int, ...], low: float = -2.0, high: float = 2.0, kinks: Sequence[float] = ()
) -> np.ndarray:
    """Random float64 numbers between `low` and `high`, at least 0.05 away from every kink."""
    x = rng.uniform(low, high, shape)
    for kink in kinks:
        x = np.where(np.abs(x - kink) < 0.05, kink + np.where(x < kink, -0.1, 0.1), x)
    return np.asarray(x)


def in_float32(function: Callable[..., Any]) -> Callable[..., Any]:
    """A forward that adds up many numbers: float16 is added up in float32."""

    def forward(x: Any, *attributes: Any) -> Any:
        if x.dtype == np.float16:
            return function(x.astype(np.float32), *attributes).astype(np.float16)
        return function(x, *attributes)

    return forward


def floats_alone(function: Any) -> Any:
    """`function` of floating numbers, refusing integers as PyTorch does; the caller says so in our words."""

    def forward(*operands: Any) -> Any:
        if any(x.dtype.kind != "f" for x in operands if hasattr(x, "dtype")):
            raise TypeError
        return function(*operands)

    return forward


def is_raw(*operands: Any) -> bool:
    """Whether a rule was given arrays alone, of a dtype that kernels take: then it may call one for its formula.

    (Where gradients are recorded it is given Tensors, and the formula has every order.)
    """
    for x in operands:
        if x is not None and (type(x) is not np.ndarray or x.dtype.char == "e" or not x.size):
            return False
    return True


# From this many numbers on a kernel is faster than NumPy's passes, also on one thread.
_MANY = 4096


def suits_kernel(x: Any, many: int = _MANY) -> bool:
    """Whether there are so many float32 numbers, side by side, that a kernel is faster than NumPy."""
    return type(x) is np.ndarray and x.size >= many and x.dtype.char == "f" and x.flags.carray


def fused(name: str, plain: Callable[..., Any]) -> Callable[..., Any]:
    """A forward that calls the kernel of that name on many float32 numbers, and `plain` on all else."""

    def forward(x: Any, *settings: Any) -> Any:
        if x.dtype is float32 and x.size >= _MANY:
            return kernels.activations.forward(name, x, *settings)
        return plain(x, *settings)

    return forward


class fused_rule:  # noqa: N801 - stands where a function does
    """A rule that calls the kernel of that name on many float32 numbers; on all else, and on Tensors, `rule` itself.

    The rule's parameters are the gradient, x or out, and all settings.
    """

    def __init__(self, name: str, rule: Callable[..., Any]) -> None:
        self.name, self.rule = name, rule
        self.__signature__, self.__wrapped__ = inspect.signature(rule), rule  # what `inspect` shows of it

    def __call__(self, g: Any, saved: Any, *settings: Any) -> Any:
        raw = type(g) is np.ndarray and type(saved) is np.ndarray
        if raw and g.dtype is saved.dtype is float32 and saved.size >= _MANY and g.shape == saved.shape:
            return kernels.activations.backward(self.name, g, saved, *settings)
        return self.rule(g, saved, *settings)


# From so many numbers on a launch is sooner done than NumPy, with a number for the other operand.
_MANY_BESIDE_ONE = 1 << 18


def on_all_threads(function: np.ufunc) -> Callable[[Any, Any], Any]:
    """NumPy's add, subtract, multiply or divide of two large arrays of one dtype, or one and a number, by a kernel.

    NumPy does what does not fit the kernel: other shapes, dtypes, layouts and kinds of arrays, and what it may have to
    warn of.
    """

    def large(x: Any, y: Any) -> Any:
        array, other = (x, y) if isinstance(x, np.ndarray) else (y, x)
        if not (_fits_all_threads(array, other) and kernels.arithmetic.available()):
            return function(x, y)
        warnings = np.geterr()
        if warnings["under"] != "ignore":
            return function(x, y)
        out = np.empty_like(array)
        finite = kernels.arithmetic.calculate(function, x, y, out)
        # Where something is not finite, NumPy knows whether that is new.
        return out if finite or set(warnings.values()) == {"ignore"} else function(x, y, out)

    return large


def _fits_all_threads(array: Any, other: Any) -> bool:
    if type(array) is not np.ndarray or array.dtype.char not in "fd" or not array.flags.carray:
        return False
    if not isinstance(other, np.ndarray):
        return array.size >= _MANY_BESIDE_ONE
    alike = type(other) is np.ndarray and other.dtype == array.dtype and other.shape == array.shape
    return alike and other.flags.carray


def from_scipy(name: str) -> Callable[..., Any]:
    """A forward that calls a function of scipy.special, in the dtype of its operands."""

    def forward(*operands: Any) -> Any:
        from scipy import special  # imported when first needed: it takes longer than all of this package

        return np.asarray(getattr(special, name)(*operands), dtype=np.result_type(*operands))

    return forward


def unary(
    name: str,
    forward: Callable[..., Any],
    scalar: Callable[[float], float],
    vjp: Callable[..., Any] | None,
    *,
    low: float = -2.0,
    high: float = 2.0,
    kinks: Sequence[float] = (),
    promotes: str = "float",
    **fields: Any,
) -> Primitive:
    """Define an elementwise operation of one input `x`, sampled between `low` and `high` away from its kinks."""

    def samples(rng: Generator) -> list[Sample]:
        shapes: list[tuple[int, ...]] = [(), (3,), (2, 3), (0, 2)]
        calls = [Sample((values(rng, shape, low, high, kinks),)) for shape in shapes]
        calls.append(Sample((values(rng, (3, 2), low, high, kinks).T,)))
        return calls

    return define(
        name,
        forward=forward,
        scalar=scalar,
        inputs=("x",),
        vjp=None if vjp is None else {"x": vjp},
        promotes=promotes,
        samples=samples,
        **fields,
    )


def parametric(
    name: str,
    attributes: tuple[str, ...],
    settings: Sequence[tuple[Any, ...]],
    *,
    vjp: Callable[..., Any],
    kinks: Sequence[float] = (0,),
    promotes: str = "float",
    **fields: Any,
) -> Primitive:
    """Define an elementwise operation of one input and some attributes, sampled at several settings of them."""

    def samples(rng: Generator) -> list[Sample]:
        shapes: list[tuple[int, ...]] = [(), (2, 3), (0, 2)]
        return [Sample((values(rng, shape, kinks=kinks),), setting) for setting in settings for shape in shapes]

    return define(
        name, inputs=("x",), attributes=attributes, promotes=promotes, samples=samples, vjp={"x": vjp}, **fields
    )


_PAIRS: list[tuple[tuple[int, ...], tuple[int, ...]]] = [
    ((), ()),
    ((3,), (3,)),
    ((2, 3), (3,)),
    ((2, 1), (1, 3)),
    ((), (2, 2)),
    ((1, 2, 1), (3, 1, 2)),
    ((0, 3), (1, 3)),
]


def binary(
    name: str,
    forward: Callable[..., Any],
    scalar: Callable[[float, float], Any],
    *,
    x: Callable[..., Any] | None,
    y: Callable[..., Any] | None,
    x_range: tuple[float, float] = (-2.0, 2.0),
    y_range: tuple[float, float] = (-2.0, 2.0),
    y_kinks: Sequence[float] = (),
    promotes: str = "same",
    threaded: bool = False,
    **fields: Any,
) -> Primitive:
    """Define an elementwise operation of two inputs that broadcast, with one rule for each; if `threaded`, one whose
    forward is a NumPy function that runs `on_all_threads`."""

    def samples(rng: Generator) -> list[Sample]:
        return [Sample((values(rng, a, *x_range), values(rng, b, *y_range, kinks=y_kinks))) for a, b in _PAIRS]

    rules = {input: rule for input, rule in (("x", x), ("y", y)) if rule is not None}
    return define(
        name,
        forward=forward,
        scalar=scalar,
        large=on_all_threads(forward) if threaded else None,  # type: ignore[arg-type]
        inputs=("x", "y"),
        vjp=rules or None,
        broadcasts=True,
        promotes=promotes,
        samples=samples,
        **fields,
    )


def comparison(
    name: str, forward: Callable[..., Any], scalar: Callable[[float, float], Any], **fields: Any
) -> Primitive:
    """Define an elementwise operation of two inputs that has no derivative."""
    return binary(name, forward, scalar, x=None, y=None, **fields)


def rounding(name: str, forward: Callable[..., Any], scalar: Callable[[float], float], **fields: Any) -> Primitive:
    """Define an elementwise step function of one input, whose derivative is 0 wherever it exists."""
    halves = tuple(k / 2 for k in range(-4, 5))
    return unary(name, forward, scalar, lambda g: op.zero(g), kinks=halves, promotes="same", **fields)
