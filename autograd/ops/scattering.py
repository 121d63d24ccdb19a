"""Writing along one dimension with one index for each number: scatter, and what it may do to what is there."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import dtypes
from ..composites import composite
from ..errors import ArgumentError, IndexRangeError, ShapeError
from ..primitive import Sample, as_handle, define, op
from .along import (
    CALLS,
    Shape,
    at_least_1d,
    check_along,
    check_integers,
    flat_places,
    one_number,
    shaped,
    slices,
)
from .dims import normalize_dim
from .families import values
from .index import INDEX, INDEX_PUT, ROWS, add_at, same_dtypes

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["index_reduce", "scatter", "scatter_add", "scatter_reduce"]

Operand = Any
REDUCTIONS = ("sum", "prod", "mean", "amax", "amin")


def _scatter_add(x: Any, index: Any, dim: int, shape: Shape) -> Any:
    out = np.zeros(shape, x.dtype)
    add_at(out.reshape(-1), flat_places(index, dim, shape), x)
    return out


def _scatter(x: Any, src: Any, index: Any, dim: int) -> Any:
    out = np.array(x, order="C")
    out.reshape(-1)[flat_places(index, dim, x.shape)] = src
    return out


def _last_scattered(index: Any, dim: int, shape: Shape) -> Any:
    places = flat_places(index, dim, shape)
    order = np.arange(places.size).reshape(places.shape)
    slots = np.empty(math.prod(shape), dtypes.int64)
    slots[places.reshape(-1)] = order.reshape(-1)
    return slots[places] == order


SCATTER_ADD = define(
    "scatter_add",
    forward=_scatter_add,
    inputs=("x", "index"),
    attributes=("dim", "shape"),
    vjp={"x": lambda g, index, dim: op.gather(g, index, dim)},
    infer=lambda x, index, dim, shape: check_along("scatter_add", shape, index, dim),
    samples=lambda rng: [Sample((values(rng, np.shape(i)), np.array(i)), (d, s)) for s, i, d in CALLS],
    formula="zeros, with x added at index",
)
SCATTER = define(
    "scatter",
    forward=_scatter,
    inputs=("x", "src", "index"),
    attributes=("dim",),
    vjp={
        "x": lambda g, index, dim: op.scatter(g, 0, index, dim),
        "src": lambda g, index, x_shape, dim: op.where(
            op.last_scattered(index, dim, x_shape), op.gather(g, index, dim), 0
        ),
    },
    infer=lambda x, src, index, dim: check_along("scatter", x.shape, index, dim),
    samples=lambda rng: [Sample((values(rng, s), values(rng, np.shape(i)), np.array(i)), (d,)) for s, i, d in CALLS],
    error_samples=lambda rng: [
        Sample((values(rng, (3,)), values(rng, (1,)), np.array([-1])), (0,), IndexRangeError, "out of range")
    ],
    formula="x with src at index",
)
LAST_SCATTERED = define(
    "last_scattered",
    forward=_last_scattered,
    inputs=("index",),
    attributes=("dim", "shape"),
    samples=lambda rng: [Sample((np.array(i),), (d, s)) for s, i, d in CALLS],
    formula="whether what is scattered to index is not written over",
)


# --- the largest and the smallest of what is there and what comes


def _extreme(pick: np.ufunc) -> Any:
    def forward(x: Any, src: Any, index: Any, dim: int, include_self: bool) -> Any:
        out = np.array(x, order="C")
        flat, places = out.reshape(-1), flat_places(index, dim, x.shape).reshape(-1)
        if not include_self:
            bound = np.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).max if x.dtype.kind != "b" else True
            low = -bound if x.dtype.kind == "f" else np.iinfo(x.dtype).min if x.dtype.kind != "b" else False
            flat[places] = low if pick is np.maximum else bound
        pick.at(flat, places, np.ascontiguousarray(src).reshape(-1))
        return out

    return forward


def _extreme_rule(
    needs: Any, g: Any, x: Any, src: Any, index: Any, out: Any, dim: int, include_self: bool
) -> list[Any]:
    """Share the gradient evenly among the numbers that equal the extreme."""
    kept, came = op.eq(x, out), op.eq(src, op.gather(out, index, dim))
    if not include_self:
        kept = op.where(op.touched(index, dim, x.shape), False, kept)
    kept, came = op.to_dtype(kept, g.dtype), op.to_dtype(came, g.dtype)
    share = g / (kept + op.scatter_add(came, index, dim, x.shape))
    return [
        kept * share if needs[0] else None,
        came * op.gather(share, index, dim) if needs[1] else None,
        None,
    ]


def _touched(index: Any, dim: int, shape: Shape) -> Any:
    out = np.zeros(math.prod(shape), dtypes.bool_)
    out[flat_places(index, dim, shape)] = True
    return out.reshape(shape)


def _extreme_samples(rng: np.random.Generator) -> list[Sample]:
    def distinct(shape: Shape, shift: float) -> np.ndarray:
        return (rng.permutation(math.prod(shape)) * 0.3 + shift).reshape(shape)

    return [
        Sample((distinct(s, 0.0), distinct(np.shape(i), 0.1), np.array(i)), (d, k))
        for s, i, d in CALLS
        for k in (False, True)
    ]


for _name, _pick, _word in (("amax", np.maximum, "max"), ("amin", np.minimum, "min")):
    define(
        f"scatter_{_name}",
        forward=_extreme(_pick),
        inputs=("x", "src", "index"),
        attributes=("dim", "include_self"),
        vjp=_extreme_rule,
        infer=lambda x, src, index, dim, include_self: check_along("scatter_reduce", x.shape, index, dim),
        samples=_extreme_samples,
        formula=f"x, with the {_word} of itself and src at index",
    )
TOUCHED = define(
    "touched",
    forward=_touched,
    inputs=("index",),
    attributes=("dim", "shape"),
    samples=lambda rng: [Sample((np.array(i),), (d, s)) for s, i, d in CALLS],
    formula="whether an index points there",
)


# --- the public functions


def cut_source(name: str, input: Any, index: Any, src: Any) -> Any:
    """What is scattered, cut to the shape of its index."""
    same_dtypes(name, input, src)
    if src.ndim != index.ndim or any(a < b for a, b in zip(src.shape, index.shape, strict=True)):
        raise ShapeError(
            f"{name}: src {src.shape} has no number for every place of index {index.shape}; make it as large"
        )
    if src.shape == index.shape:
        return src
    return op.getitem.apply(src, tuple([("slice", 0, size, None) for size in index.shape]))


def scatter(
    input: Operand, dim: int, index: Operand, src: Operand = None, *, value: Any = None, reduce: str | None = None
) -> Tensor:
    """Write along one dimension: `out = input`, then `out[index[i][j]][j] = src[i][j]` for `dim=0`.

    Where a place is written to twice the last number stays, and it alone has a gradient (PyTorch leaves that open).

    Args:
        input: a Tensor, which is not changed.
        dim: the dimension that `index` counts.
        index: integers with as many dimensions as `input`, no larger beside `dim`.
        src: what is written, of the dtype of `input` and at least as large as `index`; or one number.
        value: one number, instead of `src`.
        reduce: "add" or "multiply" what is there by what is written, instead of writing over it.

    Raises:
        IndexRangeError: an index is out of range.
        ShapeError: the shapes do not fit.
        DtypeError: the dtypes differ, or the indices are no integers.
        ArgumentError: neither or both of `src` and `value` are given, or `reduce` is another.

    Example:
        >>> autograd.scatter(autograd.zeros(3), 0, autograd.tensor([2, 0]), autograd.tensor([1.0, 2.0]))
        tensor([2., 0., 1.])
    """
    input, index = as_handle(input, "scatter"), as_handle(index, "scatter")
    if (src is None) == (value is None):
        raise ArgumentError("scatter: give what is to be written, either as src or as value")
    if reduce not in (None, "add", "multiply"):
        raise ArgumentError(f"scatter: reduce is {reduce!r}; use 'add' or 'multiply', or leave it out")
    dim = normalize_dim("scatter", dim, input.ndim)
    if src is None or isinstance(src, (int, float, np.generic)):
        written = one_number("scatter", input, value if src is None else src)
        written = op.expand.apply(written, index.shape)
    else:
        written = cut_source("scatter", input, index, as_handle(src, "scatter"))
    if reduce is not None:
        return scatter_reduce(input, dim, index, written, "sum" if reduce == "add" else "prod")
    x, places, written = at_least_1d(input, index, written)
    if index._array.size == 0:
        check_integers("scatter", index)
        return op.clone.apply(input)
    return shaped(SCATTER.apply(x, written, places, dim), input.shape)


def scatter_add(input: Operand, dim: int, index: Operand, src: Operand) -> Tensor:
    """Add along one dimension: `out = input`, then `out[index[i][j]][j] += src[i][j]` for `dim=0`.

    Args:
        input: a Tensor, which is not changed.
        dim: the dimension that `index` counts.
        index: integers with as many dimensions as `input`, no larger beside `dim`.
        src: what is added, of the dtype of `input` and at least as large as `index`.

    Raises:
        IndexRangeError: an index is out of range.
        ShapeError: the shapes do not fit.
        DtypeError: the dtypes differ, or the indices are no integers.

    Example:
        >>> autograd.scatter_add(autograd.zeros(3), 0, autograd.tensor([0, 0, 2]), autograd.tensor([1.0, 2.0, 3.0]))
        tensor([3., 0., 3.])
    """
    input, src, index = (as_handle(t, "scatter_add") for t in (input, src, index))
    dim = normalize_dim("scatter_add", dim, input.ndim)
    src = cut_source("scatter_add", input, index, src)
    x, places, src = at_least_1d(input, index, src)
    if index._array.size == 0:
        check_integers("scatter_add", index)
        return op.clone.apply(input)
    return shaped(op.add.apply(x, SCATTER_ADD.apply(src, places, dim, x.shape)), input.shape)


def _multiply(x: Any, src: Any, index: Any, dim: int, include_self: bool) -> Any:
    """Products by a tree, so that zeros need no rule of their own at any order: each round multiplies neighbours."""
    places = flat_places(index._array, dim, x.shape).reshape(-1)
    flat = op.reshape.apply(x, (x._array.size,))
    factors = op.reshape.apply(src, (places.size,))
    if include_self:
        own = np.unique(places)
        factors = op.cat.apply((INDEX.apply(flat, own[None], ROWS), factors), 0)
        places = np.concatenate([own, places])
    order = np.argsort(places, kind="stable")
    places = places[order]
    factors = INDEX.apply(factors, order[None], ROWS)
    while True:
        count = np.arange(places.size)
        first = np.maximum.accumulate(np.where(np.append(True, places[1:] != places[:-1]), count, 0))
        if (first == count).all():
            break
        left = count[(count - first) % 2 == 0]
        right = np.minimum(left + 1, places.size - 1)
        paired = (right != left) & (places[right] == places[left])
        partners = op.where.apply(paired, INDEX.apply(factors, right[None], ROWS), np.ones((), x.dtype))
        factors = op.mul.apply(INDEX.apply(factors, left[None], ROWS), partners)
        places = places[left]
    return op.reshape.apply(INDEX_PUT.apply(flat, factors, places[None], (("mask", 0),), False), x.shape)


def _average(x: Any, src: Any, index: Any, dim: int, include_self: bool) -> Any:
    count = np.bincount(flat_places(index._array, dim, x.shape).reshape(-1), minlength=x._array.size).reshape(x.shape)
    count = np.maximum(count + include_self, 1).astype(x.dtype)
    total = op.add.apply(x, op.scatter_add.apply(src, index, dim, x.shape))
    return op.div.apply(total, count) if x.dtype.kind == "f" else op.floor_divide.apply(total, count)


def _reduce_reference(input: Any, dim: int, index: Any, src: Any, reduce: str, include_self: bool = True) -> Any:
    out = np.array(input).reshape(input.shape or (1,))
    index, src = (np.reshape(a, np.shape(a) or (1,)) for a in (index, src))
    groups: dict[tuple[int, ...], list[float]] = {}
    for place in np.ndindex(*index.shape):
        target = (*place[:dim], int(index[place]), *place[dim + 1 :])
        groups.setdefault(target, [float(out[target])] if include_self else []).append(float(src[place]))
    combine: Any = {"sum": np.sum, "prod": np.prod, "mean": np.mean, "amax": np.max, "amin": np.min}[reduce]
    for target, numbers in groups.items():
        out[target] = combine(numbers)
    return out.reshape(np.shape(input))


def _reduce_samples(rng: np.random.Generator) -> list[Sample]:
    calls = [*CALLS, ((), 0, 0), ((3, 2), np.zeros((0, 2), int), 0)]
    return [
        Sample((values(rng, s), d, np.array(i), values(rng, np.shape(i)), r), keywords={"include_self": k})
        for s, i, d in calls
        for r in REDUCTIONS
        for k in (True, False)
    ]


@composite(
    formula="x, with the sum, product, mean, max or min of itself and src at index",
    samples=_reduce_samples,
    reference=_reduce_reference,
    error_samples=lambda rng: [
        Sample((values(rng, (3,)), 0, np.array([3]), values(rng, (1,)), "sum"), (), IndexRangeError, "out of range"),
        Sample((values(rng, (3,)), 0, np.array([0]), values(rng, (1,)), "max"), (), ArgumentError, "'amax'"),
    ],
)
def scatter_reduce(
    input: Operand, dim: int, index: Operand, src: Operand, reduce: str, *, include_self: bool = True
) -> Tensor:
    """Combine along one dimension: each place of `input` with all numbers of `src` whose index points there.

    Gradients of the largest and smallest are shared evenly among the numbers that equal them; those of products are
    right with zeros among the factors, at every order.

    Args:
        input: a Tensor, which is not changed.
        dim: the dimension that `index` counts.
        index: integers with as many dimensions as `input`, no larger beside `dim`.
        src: what is combined, of the dtype of `input` and at least as large as `index`.
        reduce: "sum", "prod", "mean", "amax" or "amin". The mean of integers is rounded down.
        include_self: whether the number of `input` takes part; without it, places that no index points to keep theirs.

    Raises:
        IndexRangeError: an index is out of range.
        ShapeError: the shapes do not fit.
        DtypeError: the dtypes differ, or the indices are no integers.
        ArgumentError: `reduce` is another.

    Example:
        >>> index, src = autograd.tensor([0, 0, 2]), autograd.tensor([2.0, 3.0, 4.0])
        >>> autograd.scatter_reduce(autograd.ones(3), 0, index, src, "prod")
        tensor([6., 1., 4.])
    """
    input, src, index = (as_handle(t, "scatter_reduce") for t in (input, src, index))
    if reduce not in REDUCTIONS:
        raise ArgumentError(f"scatter_reduce: reduce is {reduce!r}; use one of {', '.join(map(repr, REDUCTIONS))}")
    dim = normalize_dim("scatter_reduce", dim, input.ndim)
    src = cut_source("scatter_reduce", input, index, src)
    if index._array.size == 0:
        check_integers("scatter_reduce", index)
        return op.clone.apply(input)
    x, places, src = at_least_1d(input, index, src)
    check_along("scatter_reduce", x.shape, places._array, dim)
    if reduce in ("amax", "amin"):
        return shaped(op[f"scatter_{reduce}"].apply(x, src, places, dim, include_self), input.shape)
    if reduce == "prod":
        return shaped(_multiply(x, src, places, dim, include_self), input.shape)
    if not include_self:
        x = SCATTER.apply(x, np.zeros((), x.dtype), places, dim)
    if reduce == "mean":
        return shaped(_average(x, src, places, dim, include_self), input.shape)
    return shaped(op.add.apply(x, SCATTER_ADD.apply(src, places, dim, x.shape)), input.shape)


def _index_reduce_reference(
    input: Any, dim: int, index: Any, source: Any, reduce: str, include_self: bool = True
) -> Any:
    spread = np.reshape(index, (-1,) + (1,) * (max(np.ndim(source), 1) - dim % max(np.ndim(input), 1) - 1))
    every = np.broadcast_to(spread, np.shape(source) or (1,))
    return _reduce_reference(input, dim % max(np.ndim(input), 1), every, source, reduce, include_self)


@composite(
    formula="x, with the product, mean, max or min of itself and source at [:, index]",
    samples=lambda rng: [
        Sample((values(rng, s), d, np.array(i, dtype=int), values(rng, t), r), keywords={"include_self": k})
        for s, d, i, t in (((3, 4), 0, [0, 2, 0], (3, 4)), ((2, 3, 2), -2, [1, 1, 1, 0], (2, 4, 2)), ((), 0, [0], ()))
        for r in REDUCTIONS[1:]
        for k in (True, False)
    ],
    reference=_index_reduce_reference,
    error_samples=lambda rng: [
        Sample((values(rng, (3,)), 0, np.array([3]), values(rng, (1,)), "mean"), (), IndexRangeError, "out of range"),
        Sample((values(rng, (3,)), 0, np.array([0]), values(rng, (1,)), "sum"), (), ArgumentError, "index_add"),
    ],
)
def index_reduce(
    input: Operand, dim: int, index: Operand, source: Operand, reduce: str, *, include_self: bool = True
) -> Tensor:
    """Combine slices: those of `input` with all slices of `source` whose index points there, as `scatter_reduce`.

    Args:
        input: a Tensor, which is not changed.
        dim: the dimension that `index` counts.
        index: integers, 1-d; an index may stand many times.
        source: what is combined, of the dtype of `input`, with one slice an index.
        reduce: "prod", "mean", "amax" or "amin".
        include_self: whether the slices of `input` take part.

    Raises:
        IndexRangeError: an index is out of range.
        ShapeError: the shapes do not fit.
        DtypeError: the dtypes differ, or the indices are no integers.
        ArgumentError: `reduce` is another.

    Example:
        >>> autograd.index_reduce(autograd.ones(2), 0, autograd.tensor([0, 0]), autograd.tensor([2.0, 6.0]), "mean")
        tensor([3., 1.])
    """
    input, source = as_handle(input, "index_reduce"), as_handle(source, "index_reduce")
    if reduce not in REDUCTIONS[1:]:
        raise ArgumentError(
            f"index_reduce: reduce is {reduce!r}; use 'prod', 'mean', 'amax' or 'amin', and index_add for sums"
        )
    dim = normalize_dim("index_reduce", dim, input.ndim)
    x, places, written = slices("index_reduce", input, index, dim, source)
    every = np.broadcast_to(places.reshape((-1,) + (1,) * (x.ndim - dim - 1)), written.shape)
    return shaped(scatter_reduce(x, dim, every, written, reduce, include_self=include_self), input.shape)
