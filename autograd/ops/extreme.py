"""The largest and smallest numbers, and where they are."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .. import dtypes
from ..composites import composite
from ..errors import ArgumentError, DtypeError, ShapeError
from ..primitive import Handle, Sample, as_handle, define, op
from .dims import normalize_dim, normalize_dims
from .reduce import Dims, restore

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["amax", "amin", "aminmax", "argmax", "argmin", "max", "min"]

Operand = Any


def distinct(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Numbers at least 0.2 apart, in random order."""
    size = math.prod(shape)
    return (rng.permutation(size) * 0.3 - size * 0.15 + rng.uniform(0, 0.1, size)).reshape(shape)


def share(g: Any, x: Any, out: Any, dims: tuple[int, ...], keepdim: bool) -> Any:
    """Share the gradient evenly among the entries that equal what was chosen; nan counts as equal to nan."""
    chosen = restore(out, x.shape, dims, keepdim)
    best = op.logical_or(op.eq(x, chosen), op.logical_and(op.isnan(x), op.isnan(chosen)))
    ties = op.sum(best, dims, True)
    return op.where(best, restore(g, x.shape, dims, keepdim) / op.to_dtype(ties, g.dtype), 0)


def require_numbers(name: str, x: Any, dims: tuple[int, ...]) -> None:
    """Raise unless there is a number to choose along `dims`."""
    for d in dims:
        if x.shape[d] == 0:
            raise ShapeError(f"{name}: dimension {d} of x {x.shape} is empty and has nothing to choose from")


def _define_shared(name: str, forward: Any, formula: str) -> Any:
    """The extreme over some dimensions."""

    def samples(rng: np.random.Generator) -> list[Sample]:
        shapes: list[tuple[tuple[int, ...], tuple[int, ...]]] = [
            ((3,), (0,)),
            ((2, 3), (1,)),
            ((2, 3, 2), (0, 2)),
            ((), ()),
        ]
        return [Sample((distinct(rng, s),), (d, k)) for s, d in shapes for k in (False, True)]

    return define(
        name,
        forward=lambda x, dims, keepdim: forward(x, axis=dims, keepdims=keepdim),
        inputs=("x",),
        attributes=("dims", "keepdim"),
        vjp={"x": share},
        infer=lambda x, dims, keepdim: require_numbers(name, x, dims),
        samples=samples,
        error_samples=lambda rng: [Sample((np.zeros((2, 0)),), ((1,), False), ShapeError, "is empty")],
        formula=formula,
    )


AMAX = _define_shared("amax", np.max, "max_i x_i")
AMIN = _define_shared("amin", np.min, "min_i x_i")


def place(g: Any, indices: Any, x_shape: tuple[int, ...], dim: int, keepdim: bool) -> Any:
    """All of the gradient to the entries that were chosen along `dim`."""
    if not x_shape:
        return g
    if not keepdim:
        kept = tuple([1 if i == dim else size for i, size in enumerate(x_shape)])
        g, indices = op.reshape(g, kept), op.reshape(indices, kept)
    return op.scatter_add(g, indices, dim, x_shape)


def define_chosen(name: str, pick: Callable[..., Any], formula: str) -> Any:
    """Along one dimension, the entry whose position `pick(x, axis=dim)` gives, and that position."""

    def forward(x: Any, dim: int, keepdim: bool) -> Any:
        if x.ndim == 0:
            return x.copy(), np.zeros((), dtypes.int64)
        indices = np.expand_dims(pick(x, axis=dim), dim).astype(dtypes.int64, copy=False)
        best = np.take_along_axis(x, indices, dim)
        return (best, indices) if keepdim else (best.squeeze(dim), indices.squeeze(dim))

    def samples(rng: np.random.Generator) -> list[Sample]:
        cases: list[tuple[tuple[int, ...], int]] = [((3,), 0), ((2, 4), 1), ((2, 3, 2), 1), ((), 0)]
        return [Sample((distinct(rng, s),), (d, k)) for s, d in cases for k in (False, True)]

    return define(
        name,
        forward=forward,
        inputs=("x",),
        attributes=("dim", "keepdim"),
        outputs=("out", "indices"),
        differentiable=(True, False),
        vjp={"x": place},
        infer=lambda x, dim, keepdim: require_numbers(name, x, (dim,) if x.ndim else ()),
        samples=samples,
        error_samples=lambda rng: [Sample((np.zeros((2, 0)),), (1, False), ShapeError, "is empty")],
        formula=formula,
    )


MAX = define_chosen("max", np.argmax, "max_i x_i and its position")
MIN = define_chosen("min", np.argmin, "min_i x_i and its position")


def _define_position(name: str, pick: Callable[..., Any], formula: str) -> Any:
    """The position of the extreme in the flattened tensor, or along one dimension."""

    def infer(x: Any, dim: int | None, keepdim: bool) -> None:
        require_numbers(name, x, tuple(range(x.ndim)) if dim is None else (dim,))

    return define(
        name,
        forward=lambda x, dim, keepdim: np.asarray(pick(x, axis=dim, keepdims=keepdim), dtype=dtypes.int64),
        inputs=("x",),
        attributes=("dim", "keepdim"),
        infer=infer,
        samples=lambda rng: [Sample((distinct(rng, (2, 3)),), (d, k)) for d in (None, 0, 1) for k in (False, True)],
        error_samples=lambda rng: [Sample((np.zeros((2, 0)),), (1, False), ShapeError, "is empty")],
        formula=formula,
    )


ARGMAX = _define_position("argmax", np.argmax, "argmax_i x_i")
ARGMIN = _define_position("argmin", np.argmin, "argmin_i x_i")

# --- the public functions


class Extreme(NamedTuple):
    """What `max`, `min` and others of one entry along a dimension return."""

    values: Tensor
    indices: Tensor


class Range(NamedTuple):
    """What `aminmax` returns."""

    min: Tensor
    max: Tensor


def amax(input: Operand, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """The largest number, over all dimensions or the given ones. Entries that tie share the gradient evenly.

    Where a number is nan, the result is nan and the gradient goes to that entry alone (PyTorch's is nan everywhere).

    Args:
        input: a Tensor of any shape.
        dim: a dimension, several, or None for all.
        keepdim: keep the reduced dimensions with size 1.

    Raises:
        ArgumentError: there is no such dimension.
        ShapeError: there is no number along it.

    Example:
        >>> autograd.amax(autograd.tensor([[1.0, 5.0], [3.0, 4.0]]), dim=1)
        tensor([5., 4.])
    """
    input = as_handle(input, "amax")
    return AMAX.apply(input, normalize_dims("amax", dim, input.ndim), keepdim)


def amin(input: Operand, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """The smallest number, over all dimensions or the given ones. Entries that tie share the gradient evenly.

    Where a number is nan, the result is nan and the gradient goes to that entry alone (PyTorch's is nan everywhere).

    Args:
        input: a Tensor of any shape.
        dim: a dimension, several, or None for all.
        keepdim: keep the reduced dimensions with size 1.

    Raises:
        ArgumentError: there is no such dimension.
        ShapeError: there is no number along it.

    Example:
        >>> autograd.amin(autograd.tensor([[1.0, 5.0], [3.0, 4.0]]), dim=1)
        tensor([1., 3.])
    """
    input = as_handle(input, "amin")
    return AMIN.apply(input, normalize_dims("amin", dim, input.ndim), keepdim)


def _range_reference(x: Any, dim: int | None = None, keepdim: bool = False) -> Any:
    return np.min(x, axis=dim, keepdims=keepdim), np.max(x, axis=dim, keepdims=keepdim)


@composite(
    formula="(min_i x_i, max_i x_i)",
    samples=lambda rng: [
        Sample((distinct(rng, (2, 3)),)),
        Sample((distinct(rng, (2, 3)),), keywords={"dim": 1, "keepdim": True}),
        Sample((distinct(rng, ()),)),
    ],
    reference=_range_reference,
    error_samples=lambda rng: [
        Sample((np.zeros((0,)),), (), ShapeError, "aminmax: dimension 0"),
        Sample((np.zeros((2,)),), (), ArgumentError, "aminmax: dim is 3", {"dim": 3}),
    ],
)
def aminmax(input: Operand, *, dim: int | None = None, keepdim: bool = False) -> Range:
    """The smallest and the largest number, of all or along one dimension. Entries that tie share the gradient evenly.

    Where a number is nan, the result is nan and the gradient goes to that entry alone (PyTorch's is nan everywhere).

    Args:
        input: a Tensor of any shape.
        dim: a dimension, or None for all.
        keepdim: keep the reduced dimensions with size 1.

    Returns:
        `(min, max)`.

    Raises:
        ArgumentError: there is no such dimension.
        ShapeError: there is no number along it.

    Example:
        >>> autograd.aminmax(autograd.tensor([1.0, -3.0, 5.0]))
        Range(min=tensor(-3.), max=tensor(5.))
    """
    input = as_handle(input, "aminmax")
    dims = normalize_dims("aminmax", dim, input.ndim)
    require_numbers("aminmax", input, dims)
    return Range(AMIN.apply(input, dims, keepdim), AMAX.apply(input, dims, keepdim))


def max(input: Operand, dim: Any = None, keepdim: bool = False) -> Any:
    """The largest number of all, or along one dimension with its position.

    Without `dim`, entries that tie share the gradient evenly; with it, the entry whose index is returned gets all.

    Args:
        input: a Tensor of any shape.
        dim: a dimension; a Tensor here means `maximum(input, dim)`; None for the largest of all.
        keepdim: keep the reduced dimension with size 1.

    Returns:
        A 0-d Tensor, or with `dim` a pair `(values, indices)`; of several equal entries the first is indexed.

    Raises:
        ArgumentError: there is no such dimension.
        ShapeError: there is no number along it.

    Example:
        >>> autograd.max(autograd.tensor([[1.0, 5.0], [3.0, 4.0]]), dim=1).indices
        tensor([1, 1])
    """
    return _extreme("max", AMAX, MAX, op.maximum, input, dim, keepdim)


def min(input: Operand, dim: Any = None, keepdim: bool = False) -> Any:
    """The smallest number of all, or along one dimension with its position.

    Without `dim`, entries that tie share the gradient evenly; with it, the entry whose index is returned gets all.

    Args:
        input: a Tensor of any shape.
        dim: a dimension; a Tensor here means `minimum(input, dim)`; None for the smallest of all.
        keepdim: keep the reduced dimension with size 1.

    Returns:
        A 0-d Tensor, or with `dim` a pair `(values, indices)`; of several equal entries the first is indexed.

    Raises:
        ArgumentError: there is no such dimension.
        ShapeError: there is no number along it.

    Example:
        >>> autograd.min(autograd.tensor([[1.0, 5.0], [3.0, 4.0]]), dim=1).indices
        tensor([0, 0])
    """
    return _extreme("min", AMIN, MIN, op.minimum, input, dim, keepdim)


def _extreme(name: str, whole: Any, along: Any, pairwise: Any, input: Any, dim: Any, keepdim: bool) -> Any:
    if isinstance(dim, (Handle, np.ndarray)) and not isinstance(input, (Handle, np.ndarray)):
        raise DtypeError(f"{name}: input is {type(input).__name__}; it must be a Tensor, as from tensor({input!r:.40})")
    input = as_handle(input, name)
    if dim is None:
        return whole.apply(input, normalize_dims(name, None, input.ndim), keepdim)
    if isinstance(dim, (Handle, np.ndarray)):
        return pairwise.apply(input, dim)
    return Extreme(*along.apply(input, normalize_dim(name, dim, input.ndim), keepdim))


def _one_or_all(name: str, dim: int | None, ndim: int) -> int | None:
    return None if dim is None or normalize_dim(name, dim, ndim) == ndim else normalize_dim(name, dim, ndim)


def argmax(input: Operand, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """The position of the largest number: in the flattened tensor, or along one dimension.

    Args:
        input: a Tensor of any shape.
        dim: a dimension, or None for the flattened tensor.
        keepdim: keep the reduced dimensions with size 1.

    Returns:
        int64; of several equal entries the first.

    Raises:
        ArgumentError: there is no such dimension.
        ShapeError: there is no number along it.

    Example:
        >>> autograd.argmax(autograd.tensor([[1.0, 5.0], [3.0, 4.0]]), dim=1)
        tensor([1, 1])
    """
    input = as_handle(input, "argmax")
    return ARGMAX.apply(input, _one_or_all("argmax", dim, input.ndim), keepdim)


def argmin(input: Operand, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """The position of the smallest number: in the flattened tensor, or along one dimension.

    Args:
        input: a Tensor of any shape.
        dim: a dimension, or None for the flattened tensor.
        keepdim: keep the reduced dimensions with size 1.

    Returns:
        int64; of several equal entries the first.

    Raises:
        ArgumentError: there is no such dimension.
        ShapeError: there is no number along it.

    Example:
        >>> autograd.argmin(autograd.tensor([[1.0, 5.0], [3.0, 4.0]]), dim=1)
        tensor([0, 0])
    """
    input = as_handle(input, "argmin")
    return ARGMIN.apply(input, _one_or_all("argmin", dim, input.ndim), keepdim)
