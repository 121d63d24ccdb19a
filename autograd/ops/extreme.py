"""The largest and smallest numbers, and where they are."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .. import dtypes
from ..errors import ShapeError
from ..primitive import Sample, as_handle, define, op
from .dims import normalize_dim, normalize_dims
from .reduce import Dims, restore

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["amax", "amin", "argmax", "argmin", "max", "min"]

Operand = Any


def _distinct(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Numbers at least 0.1 apart, in random order."""
    size = math.prod(shape)
    return (rng.permutation(size) * 0.3 - size * 0.15 + rng.uniform(0, 0.1, size)).reshape(shape)


def _extreme_samples(rng: np.random.Generator) -> list[Sample]:
    cases: list[tuple[tuple[int, ...], tuple[int, ...]]] = [((3,), (0,)), ((2, 3), (1,)), ((2, 3, 2), (0, 2)), ((), ())]
    return [Sample((_distinct(rng, s),), (d, k)) for s, d in cases for k in (False, True)]


def _extreme_rule(g: Any, x: Any, out: Any, dims: tuple[int, ...], keepdim: bool) -> Any:
    """Share the gradient evenly among the entries that equal the extreme."""
    best = op.eq(x, restore(out, x.shape, dims, keepdim))
    ties = op.sum(best, dims, True)
    return op.where(best, restore(g, x.shape, dims, keepdim) / op.to_dtype(ties, g.dtype), 0)


def _nonempty(name: str) -> Callable[..., None]:
    def infer(x: Any, dims: tuple[int, ...], keepdim: bool) -> None:
        for d in dims:
            if x.shape[d] == 0:
                raise ShapeError(f"{name}: dimension {d} of x {x.shape} is empty and has no extreme; reduce another")

    return infer


AMAX = define(
    "amax",
    forward=lambda x, dims, keepdim: np.max(x, axis=dims, keepdims=keepdim),
    inputs=("x",),
    attributes=("dims", "keepdim"),
    vjp={"x": _extreme_rule},
    infer=_nonempty("amax"),
    samples=_extreme_samples,
    formula="max_i x_i",
)
AMIN = define(
    "amin",
    forward=lambda x, dims, keepdim: np.min(x, axis=dims, keepdims=keepdim),
    inputs=("x",),
    attributes=("dims", "keepdim"),
    vjp={"x": _extreme_rule},
    infer=_nonempty("amin"),
    samples=_extreme_samples,
    formula="min_i x_i",
)


def _along(pick: Callable[..., Any]) -> Callable[..., Any]:
    def forward(x: Any, dim: int, keepdim: bool) -> Any:
        if x.ndim == 0:
            return x.copy(), np.zeros((), dtypes.int64)
        indices = np.expand_dims(pick(x, axis=dim), dim)
        best = np.take_along_axis(x, indices, dim)
        return (best, indices) if keepdim else (best.squeeze(dim), indices.squeeze(dim))

    return forward


def _along_rule(g: Any, indices: Any, x_shape: tuple[int, ...], dim: int, keepdim: bool) -> Any:
    """All of the gradient to the one entry that was chosen."""
    if not x_shape:
        return g
    if not keepdim:
        kept = tuple([1 if i == dim else size for i, size in enumerate(x_shape)])
        g, indices = op.reshape(g, kept), op.reshape(indices, kept)
    return op.scatter_add(g, indices, dim, x_shape)


def _along_infer(name: str) -> Callable[..., None]:
    nonempty = _nonempty(name)

    def infer(x: Any, dim: int, keepdim: bool) -> None:
        nonempty(x, (dim,) if x.ndim else (), keepdim)

    return infer


def _along_samples(rng: np.random.Generator) -> list[Sample]:
    cases: list[tuple[tuple[int, ...], int]] = [((3,), 0), ((2, 3), 1), ((2, 3, 2), 1), ((), 0)]
    return [Sample((_distinct(rng, s),), (d, k)) for s, d in cases for k in (False, True)]


MAX = define(
    "max",
    forward=_along(np.argmax),
    inputs=("x",),
    attributes=("dim", "keepdim"),
    outputs=("out", "indices"),
    differentiable=(True, False),
    vjp={"x": _along_rule},
    infer=_along_infer("max"),
    samples=_along_samples,
    formula="max_i x_i and its position",
)
MIN = define(
    "min",
    forward=_along(np.argmin),
    inputs=("x",),
    attributes=("dim", "keepdim"),
    outputs=("out", "indices"),
    differentiable=(True, False),
    vjp={"x": _along_rule},
    infer=_along_infer("min"),
    samples=_along_samples,
    formula="min_i x_i and its position",
)


def _position(pick: Callable[..., Any]) -> Callable[..., Any]:
    def forward(x: Any, dim: int | None, keepdim: bool) -> Any:
        return np.asarray(pick(x, axis=dim, keepdims=keepdim), dtype=dtypes.int64)

    return forward


def _position_infer(name: str) -> Callable[..., None]:
    def infer(x: Any, dim: int | None, keepdim: bool) -> None:
        if (x.size if dim is None else x.shape[dim]) == 0:
            raise ShapeError(f"{name}: x {x.shape} is empty along dim {dim} and has no extreme; reduce another")

    return infer


ARGMAX = define(
    "argmax",
    forward=_position(np.argmax),
    inputs=("x",),
    attributes=("dim", "keepdim"),
    infer=_position_infer("argmax"),
    samples=lambda rng: [Sample((_distinct(rng, (2, 3)),), (d, False)) for d in (None, 0, 1)],
    formula="argmax_i x_i",
)
ARGMIN = define(
    "argmin",
    forward=_position(np.argmin),
    inputs=("x",),
    attributes=("dim", "keepdim"),
    infer=_position_infer("argmin"),
    samples=lambda rng: [Sample((_distinct(rng, (2, 3)),), (d, False)) for d in (None, 0, 1)],
    formula="argmin_i x_i",
)

# --- the public functions


class Extreme(NamedTuple):
    """What `max` and `min` along a dimension return."""

    values: Tensor
    indices: Tensor


def amax(input: Operand, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """The largest number, over all dimensions or the given ones. Entries that tie share the gradient evenly.

    Example:
        >>> autograd.amax(autograd.tensor([[1.0, 5.0], [3.0, 4.0]]), dim=1)
        tensor([5., 4.])
    """
    input = as_handle(input, "amax")
    return AMAX.apply(input, normalize_dims("amax", dim, input.ndim), keepdim)


def amin(input: Operand, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """The smallest number, over all dimensions or the given ones. Entries that tie share the gradient evenly.

    Example:
        >>> autograd.amin(autograd.tensor([[1.0, 5.0], [3.0, 4.0]]), dim=1)
        tensor([1., 3.])
    """
    input = as_handle(input, "amin")
    return AMIN.apply(input, normalize_dims("amin", dim, input.ndim), keepdim)


def max(input: Operand, dim: Any = None, keepdim: bool = False) -> Any:
    """The largest number of all, or along one dimension with its position.

    Without `dim`, entries that tie share the gradient evenly; with it, the entry whose index is returned gets all.

    Args:
        input: a Tensor of any shape.
        dim: a dimension; a Tensor here means `maximum(input, dim)`; None for the largest of all.
        keepdim: keep the reduced dimension with size 1.

    Returns:
        A 0-d Tensor, or with `dim` a pair `(values, indices)`; of several equal entries the first is indexed.

    Example:
        >>> autograd.max(autograd.tensor([[1.0, 5.0], [3.0, 4.0]]), dim=1).indices
        tensor([1, 1])
    """
    input = as_handle(input, "max")
    if dim is None:
        return AMAX.apply(input, normalize_dims("max", None, input.ndim), keepdim)
    if hasattr(dim, "ndim"):
        return op.maximum.apply(input, dim)
    return Extreme(*MAX.apply(input, normalize_dim("max", dim, input.ndim), keepdim))


def min(input: Operand, dim: Any = None, keepdim: bool = False) -> Any:
    """The smallest number of all, or along one dimension with its position.

    Without `dim`, entries that tie share the gradient evenly; with it, the entry whose index is returned gets all.

    Args:
        input: a Tensor of any shape.
        dim: a dimension; a Tensor here means `minimum(input, dim)`; None for the smallest of all.
        keepdim: keep the reduced dimension with size 1.

    Returns:
        A 0-d Tensor, or with `dim` a pair `(values, indices)`; of several equal entries the first is indexed.

    Example:
        >>> autograd.min(autograd.tensor([[1.0, 5.0], [3.0, 4.0]]), dim=1).indices
        tensor([0, 0])
    """
    input = as_handle(input, "min")
    if dim is None:
        return AMIN.apply(input, normalize_dims("min", None, input.ndim), keepdim)
    if hasattr(dim, "ndim"):
        return op.minimum.apply(input, dim)
    return Extreme(*MIN.apply(input, normalize_dim("min", dim, input.ndim), keepdim))


def _one_or_all(name: str, dim: int | None, ndim: int) -> int | None:
    return None if dim is None or ndim == 0 else normalize_dim(name, dim, ndim)


def argmax(input: Operand, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """The position of the largest number: in the flattened tensor, or along one dimension.

    Example:
        >>> autograd.argmax(autograd.tensor([[1.0, 5.0], [3.0, 4.0]]), dim=1)
        tensor([1, 1])
    """
    input = as_handle(input, "argmax")
    return ARGMAX.apply(input, _one_or_all("argmax", dim, input.ndim), keepdim)


def argmin(input: Operand, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """The position of the smallest number: in the flattened tensor, or along one dimension.

    Example:
        >>> autograd.argmin(autograd.tensor([[1.0, 5.0], [3.0, 4.0]]), dim=1)
        tensor([0, 0])
    """
    input = as_handle(input, "argmin")
    return ARGMIN.apply(input, _one_or_all("argmin", dim, input.ndim), keepdim)
