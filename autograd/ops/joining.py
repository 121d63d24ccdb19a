"""Joining tensors, along a dimension that they have or along a new one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..composites import composite
from ..errors import ArgumentError, DtypeError, ShapeError
from ..primitive import Sample, as_handle, define, op
from .dims import normalize_dim
from .families import values
from .shape import RESHAPE, atleast_1d, atleast_2d, atleast_3d

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = [
    "block_diag",
    "cat",
    "column_stack",
    "concat",
    "concatenate",
    "dstack",
    "hstack",
    "row_stack",
    "stack",
    "vstack",
]

Operand = Any


def _cat_infer(tensors: tuple[Any, ...], dim: int) -> None:
    first = tensors[0].shape
    for k, x in enumerate(tensors):
        others = [(i, a, b) for i, (a, b) in enumerate(zip(first, x.shape, strict=False)) if i != dim and a != b]
        if x.ndim != len(first) or others:
            raise ShapeError(
                f"cat: tensor 0 is {first} and tensor {k} is {x.shape}; all sizes but that of dimension {dim} "
                "must be equal"
            )


def _cat_rule(needs: Sequence[bool], g: Any, tensors_shapes: tuple[Any, ...], dim: int) -> list[Any]:
    gradients, start = [], 0
    for needed, shape in zip(needs, tensors_shapes, strict=True):
        stop = start + shape[dim]
        gradients.append(op.narrow(g, dim, start, stop) if needed else None)
        start = stop
    return gradients


CAT = define(
    "cat",
    forward=lambda tensors, dim: np.concatenate(tensors, axis=dim),
    inputs=("*tensors",),
    attributes=("dim",),
    vjp=_cat_rule,
    infer=_cat_infer,
    promotes="same",
    samples=lambda rng: [
        Sample(((values(rng, a), values(rng, b)),), (d,)) for a, b, d in (((2,), (3,), 0), ((2, 1), (2, 3), 1))
    ],
    error_samples=lambda rng: [
        Sample(((values(rng, (2, 3)), values(rng, (3, 3))),), (1,), ShapeError, "must be equal")
    ],
    formula="x, y, ... one after the other",
)


def _stack_infer(tensors: tuple[Any, ...], dim: int) -> None:
    first = tensors[0].shape
    for k, x in enumerate(tensors):
        if x.shape != first:
            raise ShapeError(f"stack: tensor 0 is {first} and tensor {k} is {x.shape}; make them equal")


def _stack_rule(needs: Sequence[bool], g: Any, dim: int) -> list[Any]:
    if type(g) is np.ndarray:
        before: Any = (slice(None),) * dim
        return [g[(*before, k, ...)] if needed else None for k, needed in enumerate(needs)]
    dims = (("slice", None, None, None),) * dim
    return [op.getitem(g, (*dims, k)) if needed else None for k, needed in enumerate(needs)]


STACK = define(
    "stack",
    forward=lambda tensors, dim: np.stack(tensors, axis=dim),
    inputs=("*tensors",),
    attributes=("dim",),
    vjp=_stack_rule,
    infer=_stack_infer,
    promotes="same",
    samples=lambda rng: (
        [Sample(((values(rng, (2, 3)), values(rng, (2, 3))),), (d,)) for d in (0, 1, 2)]
        + [Sample(((values(rng, ()), values(rng, ())),), (0,))]
    ),
    error_samples=lambda rng: [Sample(((values(rng, (2,)), values(rng, (3,))),), (0,), ShapeError, "make them equal")],
    formula="x, y, ... side by side in a new dimension",
)


def _handles(name: str, tensors: Any) -> list[Any]:
    if not isinstance(tensors, (tuple, list)):
        raise DtypeError(f"{name}: expected a list or tuple of tensors, not {type(tensors).__name__}; write [x, y]")
    if not tensors:
        raise ArgumentError(f"{name}: there are no tensors to join; give at least one")
    return [as_handle(t, name) for t in tensors]


def cat(tensors: Sequence[Operand], dim: int = 0) -> Tensor:
    """Join tensors along a dimension that they have.

    Args:
        tensors: Tensors whose sizes are equal but for dimension `dim`; an empty vector joins with any of them.
        dim: the dimension that grows.

    Raises:
        ShapeError: other sizes differ.

    Example:
        >>> autograd.cat([autograd.tensor([1, 2]), autograd.tensor([3])])
        tensor([1, 2, 3])
    """
    handles = _handles("cat", tensors)
    if any(h.ndim == 0 for h in handles):
        raise ShapeError("cat: 0-d tensors cannot be joined along a dimension; use stack")
    model = next((h for h in handles if h.shape != (0,)), handles[0])
    dim = normalize_dim("cat", dim, model.ndim)
    if model.ndim > 1:
        hollow = (*model.shape[:dim], 0, *model.shape[dim + 1 :])
        handles = [RESHAPE.apply(h, hollow) if h.shape == (0,) else h for h in handles]
    return CAT.apply(tuple(handles), dim)


@composite(
    formula="x, y, ... one after the other",
    samples=lambda rng: [Sample(((values(rng, (2, 1)), values(rng, (2, 3))),), (1,))],
    reference=np.concatenate,
)
def concat(tensors: Sequence[Operand], dim: int = 0) -> Tensor:
    """Join tensors along a dimension that they have: `cat` under another name.

    Example:
        >>> autograd.concat([autograd.tensor([1, 2]), autograd.tensor([3])])
        tensor([1, 2, 3])
    """
    return cat(tensors, dim)


@composite(
    formula="x, y, ... one after the other",
    samples=lambda rng: [Sample(((values(rng, (2, 1)), values(rng, (2, 3))),), (1,))],
    reference=np.concatenate,
)
def concatenate(tensors: Sequence[Operand], dim: int = 0) -> Tensor:
    """Join tensors along a dimension that they have: `cat` under NumPy's name.

    Example:
        >>> autograd.concatenate([autograd.tensor([1, 2]), autograd.tensor([3])])
        tensor([1, 2, 3])
    """
    return cat(tensors, dim)


def stack(tensors: Sequence[Operand], dim: int = 0) -> Tensor:
    """Join tensors of one shape along a new dimension.

    Args:
        tensors: Tensors of one shape.
        dim: where the new dimension stands in the result.

    Raises:
        ShapeError: the shapes differ.

    Example:
        >>> autograd.stack([autograd.tensor([1, 2]), autograd.tensor([3, 4])], dim=1)
        tensor([[1, 3],
                [2, 4]])
    """
    handles = _handles("stack", tensors)
    return STACK.apply(tuple(handles), normalize_dim("stack", dim, handles[0].ndim + 1))


def _vectors_and_matrices(rng: np.random.Generator) -> list[Sample]:
    return [Sample(((values(rng, shape), values(rng, shape)),)) for shape in ((3,), (2, 3), ())]


@composite(formula="x, y, ... from left to right", samples=_vectors_and_matrices, reference=np.hstack)
def hstack(tensors: Sequence[Operand]) -> Tensor:
    """Join from left to right: vectors along their only dimension, others along dimension 1.

    Raises:
        ShapeError: other sizes differ.

    Example:
        >>> autograd.hstack([autograd.tensor([1, 2]), autograd.tensor([3])])
        tensor([1, 2, 3])
    """
    handles: Any = [atleast_1d(h) for h in _handles("hstack", tensors)]
    return cat(handles, 0 if handles[0].ndim == 1 else 1)


@composite(formula="x, y, ... from top to bottom", samples=_vectors_and_matrices, reference=np.vstack)
def vstack(tensors: Sequence[Operand]) -> Tensor:
    """Join from top to bottom: vectors as rows, others along dimension 0.

    Raises:
        ShapeError: other sizes differ.

    Example:
        >>> autograd.vstack([autograd.tensor([1, 2]), autograd.tensor([3, 4])])
        tensor([[1, 2],
                [3, 4]])
    """
    handles: Any = [atleast_2d(h) for h in _handles("vstack", tensors)]
    return cat(handles, 0)


@composite(formula="x, y, ... from top to bottom", samples=_vectors_and_matrices, reference=np.vstack)
def row_stack(tensors: Sequence[Operand]) -> Tensor:
    """Join from top to bottom: `vstack` under another name.

    Example:
        >>> autograd.row_stack([autograd.tensor([1, 2]), autograd.tensor([3, 4])])
        tensor([[1, 2],
                [3, 4]])
    """
    return vstack(tensors)


@composite(formula="x, y, ... one behind the other", samples=_vectors_and_matrices, reference=np.dstack)
def dstack(tensors: Sequence[Operand]) -> Tensor:
    """Join along dimension 2, after giving each tensor three dimensions with `atleast_3d`.

    Raises:
        ShapeError: other sizes differ.

    Example:
        >>> autograd.dstack([autograd.tensor([1, 2]), autograd.tensor([3, 4])])
        tensor([[[1, 3],
                 [2, 4]]])
    """
    handles: Any = [atleast_3d(h) for h in _handles("dstack", tensors)]
    return cat(handles, 2)


@composite(
    formula="x, y, ... as columns",
    samples=lambda rng: [
        Sample(((values(rng, (3,)), values(rng, (3, 2))),)),
        Sample(((values(rng, ()), values(rng, (1,))),)),
    ],
    reference=np.column_stack,
)
def column_stack(tensors: Sequence[Operand]) -> Tensor:
    """Join from left to right: vectors as columns, others along dimension 1.

    Raises:
        ShapeError: other sizes differ.

    Example:
        >>> autograd.column_stack([autograd.tensor([1, 2]), autograd.tensor([3, 4])])
        tensor([[1, 3],
                [2, 4]])
    """
    handles = _handles("column_stack", tensors)
    return cat([RESHAPE.apply(h, (h.numel(), 1)) if h.ndim < 2 else h for h in handles], 1)


def _block_diag(*blocks: np.ndarray) -> np.ndarray:
    matrices = [np.atleast_2d(b) for b in blocks]
    out = np.zeros((sum(m.shape[0] for m in matrices), sum(m.shape[1] for m in matrices)))
    row = column = 0
    for m in matrices:
        out[row : row + m.shape[0], column : column + m.shape[1]] = m
        row, column = row + m.shape[0], column + m.shape[1]
    return out


@composite(
    formula="x, y, ... along the diagonal, 0 elsewhere",
    samples=lambda rng: [Sample((values(rng, (2, 3)), values(rng, (2,)), values(rng, ()), values(rng, (1, 0))))],
    reference=_block_diag,
    error_samples=lambda rng: [Sample((values(rng, (2, 3, 4)),), (), ShapeError, "at most two dimensions")],
)
def block_diag(*tensors: Operand) -> Tensor:
    """A matrix with the given matrices along its diagonal, and zeros elsewhere.

    Args:
        tensors: matrices; vectors count as rows, and numbers as (1, 1).

    Raises:
        ShapeError: a tensor has more than two dimensions.

    Example:
        >>> autograd.block_diag(autograd.tensor([[1, 2]]), autograd.tensor([[3], [4]]))
        tensor([[1, 2, 0],
                [0, 0, 3],
                [0, 0, 4]])
    """
    handles = [as_handle(t, "block_diag") for t in tensors]
    for k, h in enumerate(handles):
        if h.ndim > 2:
            raise ShapeError(f"block_diag: tensor {k} is {h.shape}; give tensors of at most two dimensions")
    blocks: Any = [atleast_2d(h) for h in handles] or [as_handle(np.empty((1, 0), np.float32), "block_diag")]
    width, rows, left = sum(b.shape[1] for b in blocks), [], 0
    for b in blocks:
        rows.append(op.pad.apply(b, ((0, 0), (left, width - left - b.shape[1])), 0))
        left += b.shape[1]
    return CAT.apply(tuple(rows), 0)
