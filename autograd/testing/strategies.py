"""Hypothesis strategies for shapes, dimensions and Tensors, so that a function is property-tested in three lines.

@given(tensors(avoid=(0,)))
def test_mine(x):
    gradcheck(mine, x)
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import dtypes
from ..creation import tensor
from ..errors import ArgumentError, MissingExtraError

try:
    from hypothesis import strategies as st
    from hypothesis.extra import numpy as arrays
except ImportError as error:
    raise MissingExtraError(
        "autograd.testing.strategies needs hypothesis, which is not installed: pip install 'chainrule[testing]'"
    ) from error

__all__ = [
    "axes",
    "broadcastable_shapes",
    "broadcastable_tensors",
    "dims",
    "floating_dtypes",
    "matmul_shapes",
    "numbers",
    "shapes",
    "tensors",
]

Shape = tuple[int, ...]
Strategy = st.SearchStrategy


def shapes(min_dims: int = 0, max_dims: int = 3, min_side: int = 1, max_side: int = 4) -> Strategy[Shape]:
    """Shapes: `min_dims` to `max_dims` sizes of `min_side` to `max_side`; `min_side=0` gives empty ones too.

    Example:
        >>> from autograd.testing.strategies import shapes
        >>> from hypothesis import find
        >>> find(shapes(min_dims=2), lambda shape: shape[0] > shape[1])
        (2, 1)
    """
    return arrays.array_shapes(min_dims=min_dims, max_dims=max_dims, min_side=min_side, max_side=max_side)


def broadcastable_shapes(
    n: int, *, max_dims: int = 3, min_side: int = 1, max_side: int = 4
) -> Strategy[tuple[Shape, ...]]:
    """Groups of `n` shapes that broadcast together.

    Example:
        >>> from autograd.testing.strategies import broadcastable_shapes
        >>> from hypothesis import find
        >>> sorted(find(broadcastable_shapes(2), lambda pair: len(pair[0]) != len(pair[1])))
        [(), (1,)]
    """
    groups = arrays.mutually_broadcastable_shapes(num_shapes=n, max_dims=max_dims, min_side=min_side, max_side=max_side)
    return groups.map(lambda group: tuple(group.input_shapes))


def matmul_shapes(*, max_dims: int = 2, min_side: int = 1, max_side: int = 4) -> Strategy[tuple[Shape, Shape]]:
    """Pairs of shapes that `matmul` takes: vectors, matrices, and batches of them that broadcast.

    Args:
        max_dims: the most batch dimensions.
        min_side, max_side: bounds of the sizes.

    Example:
        >>> from autograd.testing.strategies import matmul_shapes
        >>> from hypothesis import find
        >>> find(matmul_shapes(), lambda pair: len(pair[0]) == len(pair[1]) == 2)
        ((1, 1), (1, 1))
    """
    groups = arrays.mutually_broadcastable_shapes(
        signature="(m?,n),(n,p?)->(m?,p?)", max_dims=max_dims, min_side=min_side, max_side=max_side
    )
    return groups.map(lambda group: (group.input_shapes[0], group.input_shapes[1]))


def dims(shape: Sequence[int]) -> Strategy[int]:
    """One dimension of `shape`, counted from the front or, negative, from the back; 0 and -1 for a single number.

    Example:
        >>> from autograd.testing.strategies import dims
        >>> from hypothesis import find
        >>> find(dims((2, 3)), lambda dim: dim < 0)
        -1
    """
    size = max(len(shape), 1)
    return st.integers(-size, size - 1)


def axes(shape: Sequence[int], min_size: int = 0, max_size: int | None = None) -> Strategy[tuple[int, ...]]:
    """Several dimensions of `shape`, none twice, in any order, counted from the front or the back.

    Example:
        >>> from autograd.testing.strategies import axes
        >>> from hypothesis import find
        >>> find(axes((2, 3)), lambda dims: len(dims) == 2)
        (0, 1)
    """
    ndim = len(shape)
    most = ndim if max_size is None else min(max_size, ndim)
    if ndim == 0:
        return st.just(())
    picked = st.lists(st.integers(0, ndim - 1), min_size=min_size, max_size=most, unique=True)
    return picked.flatmap(lambda chosen: st.tuples(*(st.sampled_from((d, d - ndim)) for d in chosen)))


def floating_dtypes() -> Strategy[Any]:
    """The dtypes that have gradients: float64, float32 and float16.

    Example:
        >>> from autograd.testing.strategies import floating_dtypes
        >>> from hypothesis import find
        >>> find(floating_dtypes(), lambda dtype: dtype.itemsize < 8)
        dtype('float32')
    """
    return st.sampled_from([dtypes.float64, dtypes.float32, dtypes.float16])


def numbers(
    low: float = -2.0, high: float = 2.0, avoid: Sequence[float] = (), gap: float = 0.01, width: int = 64
) -> Strategy[float]:
    """Numbers between `low` and `high`, at least `gap` away from every kink in `avoid`.

    Args:
        low, high: the bounds, included where they are no kink.
        avoid: the kinks.
        gap: how far away the numbers stay.
        width: of the floating dtype in bits.

    Raises:
        ArgumentError: nothing is left between the bounds.

    Example:
        >>> from autograd.testing.strategies import numbers
        >>> from hypothesis import find
        >>> find(numbers(avoid=(0, 1)), lambda x: x > 1)
        2.0
    """
    if not (math.isfinite(low) and math.isfinite(high) and low <= high and gap >= 0):
        raise ArgumentError(f"numbers: low {low}, high {high} and gap {gap} leave no numbers; use finite low <= high")
    kind = {16: np.float16, 32: np.float32, 64: np.float64}.get(width)
    if kind is None:
        raise ArgumentError(f"numbers: width is {width}; use 16, 32 or 64")
    pieces, start = [], low
    for kink in sorted(avoid):
        pieces.append((start, kink - gap))
        start = max(start, kink + gap)
    pieces.append((start, high))
    fitting = []
    for a, b in pieces:
        first, last = _inside(a, min(b, high), kind)
        if first <= last:
            fitting.append(
                st.floats(first, last, width=width, allow_nan=False, allow_infinity=False, allow_subnormal=False)  # type: ignore[arg-type]
            )
    if not fitting:
        raise ArgumentError(
            f"numbers: nothing between {low} and {high} is {gap} away from {tuple(avoid)}; widen the bounds"
        )
    return st.one_of(fitting)


def _inside(low: float, high: float, kind: Any) -> tuple[float, float]:
    """The outermost numbers of a dtype between two bounds."""
    first, last = kind(low), kind(high)
    if float(first) < low:
        first = np.nextafter(first, kind(np.inf))
    if float(last) > high:
        last = np.nextafter(last, kind(-np.inf))
    return float(first), float(last)


def tensors(
    shape: Shape | Strategy[Shape] | None = None,
    dtype: Any = dtypes.float64,
    low: float = -2.0,
    high: float = 2.0,
    avoid: Sequence[float] = (),
    gap: float = 0.01,
    distinct: bool = False,
    requires_grad: bool | None = None,
) -> Strategy[Any]:
    """Tensors of numbers between `low` and `high`, away from given kinks.

    Args:
        shape: a shape, or a strategy for shapes; `shapes()`, unless given.
        dtype: a dtype, or a strategy for dtypes. Integers lie between the bounds too.
        low, high: the bounds.
        avoid: kinks, as 0 for relu.
        gap: how far the numbers stay from the kinks.
        distinct: no two numbers closer than `gap`, so that max, min and sorting are smooth around them.
        requires_grad: True for floating dtypes, unless given.

    Example:
        >>> from autograd.testing.strategies import tensors
        >>> from hypothesis import find
        >>> find(tensors(shape=(2,), avoid=(0,)), lambda x: bool((x > 0).all()))
        tensor([1., 1.], dtype=float64, requires_grad=True)
    """
    where = shapes() if shape is None else shape if isinstance(shape, Strategy) else st.just(tuple(shape))
    kinds = dtype if isinstance(dtype, Strategy) else st.just(dtypes.as_dtype(dtype))

    def build(chosen: tuple[Shape, Any]) -> Strategy[Any]:
        size, kind = chosen
        if kind.kind == "f" and distinct:
            entries = _distinct(math.prod(size), low, high, avoid, gap)
        else:
            entries = st.lists(
                _entries(kind, low, high, avoid, gap), min_size=math.prod(size), max_size=math.prod(size)
            )
        needs = kind.kind == "f" if requires_grad is None else requires_grad
        return entries.map(lambda drawn: tensor(np.array(drawn, dtype=kind).reshape(size), requires_grad=needs))

    return st.tuples(where, kinds).flatmap(build)


def _entries(kind: Any, low: float, high: float, avoid: Sequence[float], gap: float) -> Strategy[Any]:
    if kind.kind == "f":
        return numbers(low, high, avoid, gap, width=8 * kind.itemsize)
    if kind.kind == "b":
        return st.booleans()
    info = np.iinfo(kind)
    whole = st.integers(max(math.ceil(low), int(info.min)), min(math.floor(high), int(info.max)))
    return whole.filter(lambda n: n not in avoid) if avoid else whole


def _distinct(count: int, low: float, high: float, avoid: Sequence[float], gap: float) -> Strategy[list[float]]:
    """`count` numbers from a grid of twice the gap, none twice."""
    step = 2 * gap if gap > 0 else (high - low) / max(4 * count, 1)
    grid = [low + step * (k + 0.5) for k in range(int((high - low) / step))]
    grid = [x for x in grid if all(abs(x - kink) >= gap for kink in avoid)]
    if len(grid) < count:
        raise ArgumentError(
            f"tensors: between {low} and {high} there is no room for {count} numbers {step} apart; widen the bounds, "
            "or make gap smaller"
        )
    return st.lists(st.sampled_from(grid), min_size=count, max_size=count, unique=True)


def broadcastable_tensors(n: int, *, max_dims: int = 3, max_side: int = 4, **fields: Any) -> Strategy[tuple[Any, ...]]:
    """Groups of `n` Tensors whose shapes broadcast together; `fields` as for `tensors`.

    Example:
        >>> from autograd.testing.strategies import broadcastable_tensors
        >>> from hypothesis import find
        >>> [x.shape for x in find(broadcastable_tensors(2), lambda pair: pair[0].ndim < pair[1].ndim)]
        [(), (1,)]
    """
    groups = broadcastable_shapes(n, max_dims=max_dims, max_side=max_side)
    return groups.flatmap(lambda group: st.tuples(*(tensors(shape, **fields) for shape in group)))
