"""Tensors made of all combinations of entries, and rows that say which class is meant."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import dtypes
from ..composites import composite
from ..errors import ArgumentError, DtypeError, ShapeError
from ..primitive import Sample, as_handle, op
from .dims import whole_number
from .families import values
from .index import getitem
from .joining import stack
from .shape import RESHAPE, TRANSPOSE

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["cartesian_prod", "combinations", "meshgrid", "one_hot"]

Operand = Any


def _vectors(name: str, tensors: tuple[Any, ...]) -> list[Any]:
    listed = tensors[0] if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)) else tensors
    handles = [as_handle(x, name) for x in listed]
    if not handles:
        raise ArgumentError(f"{name}: there are no tensors; give at least one")
    for k, h in enumerate(handles):
        if h.ndim > 1:
            raise ShapeError(f"{name}: tensor {k} is {h.shape}; give vectors")
        if h.dtype != handles[0].dtype:
            raise DtypeError(f"{name}: tensor 0 is {handles[0].dtype} and tensor {k} is {h.dtype}; make them equal")
    return handles


def _grids(handles: list[Any], swap: bool) -> tuple[Any, ...]:
    shape = tuple([h.numel() for h in handles])
    grids = []
    for k, handle in enumerate(handles):
        alone = RESHAPE.apply(handle, tuple([size if i == k else 1 for i, size in enumerate(shape)]))
        grid = op.expand.apply(alone, shape)
        grids.append(TRANSPOSE.apply(grid, 0, 1) if swap else grid)
    return tuple(grids)


@composite(
    formula="the coordinates of a grid",
    samples=lambda rng: [
        Sample((values(rng, (2,)), values(rng, (3,))), (), keywords={"indexing": i}) for i in ("ij", "xy")
    ],
    reference=np.meshgrid,
    error_samples=lambda rng: [Sample((values(rng, (2, 3)),), (), ShapeError, "give vectors")],
)
def meshgrid(*tensors: Any, indexing: str = "ij") -> tuple[Tensor, ...]:
    """Coordinates of a grid, a tensor for each of the given vectors; as views.

    Args:
        tensors: vectors, one by one or as a sequence; single numbers count as vectors of one.
        indexing: "ij" for matrix order, "xy" for that of pictures.

    Raises:
        ArgumentError: the indexing is neither.
        ShapeError: a tensor has more than one dimension.
        DtypeError: the dtypes differ.

    Example:
        >>> autograd.meshgrid(autograd.arange(2), autograd.arange(3))[0]
        tensor([[0, 0, 0],
                [1, 1, 1]])
    """
    if indexing not in ("ij", "xy"):
        raise ArgumentError(f"meshgrid: indexing is {indexing!r}; use 'ij' or 'xy'")
    handles = _vectors("meshgrid", tensors)
    return _grids(handles, indexing == "xy" and len(handles) > 1)


def _product(*vectors: np.ndarray) -> np.ndarray:
    return vectors[0] if len(vectors) == 1 else np.array(list(itertools.product(*vectors)))


@composite(
    formula="all ways to take one entry of each vector",
    samples=lambda rng: [Sample((values(rng, (2,)), values(rng, (3,)))), Sample((values(rng, (2,)),))],
    reference=_product,
    error_samples=lambda rng: [Sample((values(rng, (2, 3)),), (), ShapeError, "vectors")],
)
def cartesian_prod(*tensors: Operand) -> Tensor:
    """All ways to take one entry of each vector, a row for each; of a single vector, the vector itself.

    Raises:
        ShapeError: a tensor is no vector.

    Example:
        >>> autograd.cartesian_prod(autograd.tensor([1, 2]), autograd.tensor([3, 4]))
        tensor([[1, 3],
                [1, 4],
                [2, 3],
                [2, 4]])
    """
    handles = _vectors("cartesian_prod", tensors)
    for k, h in enumerate(handles):
        if h.ndim != 1:
            raise ShapeError(f"cartesian_prod: tensor {k} is a single number; give vectors")
    if len(handles) == 1:
        return handles[0]
    return stack([RESHAPE.apply(grid, (grid.numel(),)) for grid in _grids(handles, False)], 1)


def _chosen(x: np.ndarray, r: int = 2, with_replacement: bool = False) -> np.ndarray:
    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    return np.array(list(choose(x, r))).reshape(-1, r)


@composite(
    formula="all ways to take r entries",
    samples=lambda rng: [
        Sample((values(rng, (3,)),)),
        Sample((values(rng, (3,)),), (2, True)),
        Sample((values(rng, (2,)),), (3,)),
    ],
    reference=_chosen,
    error_samples=lambda rng: [Sample((values(rng, (2, 3)),), (), ShapeError, "no vector")],
)
def combinations(input: Operand, r: int = 2, with_replacement: bool = False) -> Tensor:
    """All ways to take r entries of a vector regardless of order, a row for each.

    Args:
        input: a vector.
        r: how many entries.
        with_replacement: an entry may be taken again.

    Raises:
        ShapeError: the input is no vector.
        ArgumentError: r is negative.

    Example:
        >>> autograd.combinations(autograd.tensor([1, 2, 3]))
        tensor([[1, 2],
                [1, 3],
                [2, 3]])
    """
    x = as_handle(input, "combinations")
    if x.ndim != 1:
        raise ShapeError(f"combinations: x {x.shape} is no vector; flatten it first")
    if not isinstance(r, (int, np.integer)) or r < 0:
        raise ArgumentError(f"combinations: r is {r!r}; use a whole number that is not negative")
    if r == 0:
        return as_handle(np.empty((0,), x.dtype), "combinations")
    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    rows = np.array(list(choose(range(x.numel()), r)), dtype=dtypes.int64).reshape(-1, r)
    return getitem(x, rows)


@composite(
    formula="1 at the index, 0 elsewhere",
    samples=lambda rng: [Sample((np.array([0, 2, 1]),)), Sample((np.array([[0], [2]]), 4)), Sample((np.array(1), 2))],
    reference=lambda x, classes=-1: np.eye(x.max() + 1 if classes < 0 else classes, dtype=np.int64)[x],
    error_samples=lambda rng: [Sample((np.array([3]), 2), (), ArgumentError, "does not fit")],
    differentiable=False,
)
def one_hot(input: Operand, num_classes: int = -1) -> Tensor:
    """A row of zeros with a 1 at each index.

    Args:
        input: class indices, integers of any shape.
        num_classes: the length of a row; the largest index plus one, unless given.

    Returns:
        An int64 Tensor with one dimension more.

    Raises:
        DtypeError: the indices are no integers.
        ArgumentError: an index is negative, or does not fit the number of classes.

    Example:
        >>> autograd.one_hot(autograd.tensor([0, 2]))
        tensor([[1, 0, 0],
                [0, 0, 1]])
    """
    input = as_handle(input, "one_hot")
    if input.dtype.kind not in "iu":
        raise DtypeError(f"one_hot: indices are {input.dtype}; use integers, as from x.long()")
    indices = input._array
    if indices.size and indices.min() < 0:
        raise ArgumentError(f"one_hot: index {indices.min()} is negative; class indices start at 0")
    num_classes = whole_number("one_hot", "num_classes", num_classes)
    if num_classes < -1 or (num_classes == -1 and not indices.size):
        raise ArgumentError(f"one_hot: num_classes {num_classes} for indices {indices.shape}; give their number")
    classes = num_classes if num_classes >= 0 else int(indices.max(initial=-1)) + 1
    if indices.size and indices.max() >= classes:
        raise ArgumentError(f"one_hot: index {indices.max()} does not fit {classes} classes; raise num_classes")
    return as_handle((indices[..., None] == np.arange(classes)).astype(dtypes.int64), "one_hot")
