"""Tables of vectors, looked up by index: one for each index, or the sum, mean or largest of a bag of them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import kernels
from ..composites import composite
from ..errors import ArgumentError, DtypeError, IndexRangeError, InPlaceError, ShapeError
from ..primitive import Sample, as_handle, define, op, version_cell
from .along import check_integers
from .families import suits_kernel, values
from .index import in_range, same_dtypes

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["embedding", "embedding_bag"]

Operand = Any


def _embedding_rule(g: Any, indices: Any, share: Any, weight_shape: tuple[int, ...]) -> Any:
    """The gradients of all places where a row stands, added up; `share` says how much of each counts."""
    if share is not None:
        g = op.where(op.ne(share, 0), g * share, 0)
    count = math.prod(indices.shape)
    flat, rows = op.reshape(g, (count, weight_shape[1])), op.reshape(indices, (count,))
    if suits_kernel(flat) and _suits_rows(rows):
        return kernels.sums.add_rows(flat, rows, weight_shape[0])
    return op.index_select_adjoint(flat, rows, 0, weight_shape)


def _suits_rows(indices: Any) -> bool:
    """Whether a kernel may read the indices, which are in range."""
    return type(indices) is np.ndarray and indices.dtype == np.int64 and indices.flags.carray


def _look_up(weight: Any, indices: Any, share: Any) -> Any:
    if suits_kernel(weight) and _suits_rows(indices):
        return kernels.sums.take_rows(weight, indices.reshape(-1)).reshape(*indices.shape, weight.shape[1])
    return weight[indices]


EMBEDDING = define(
    "embedding",
    forward=_look_up,
    inputs=("weight", "indices", "share"),
    vjp={"weight": _embedding_rule},
    samples=lambda rng: [
        Sample((values(rng, (4, 3)), np.array([[0, 3], [0, 1]]), None)),
        Sample((values(rng, (4, 3)), np.array([0, 0, 2]), np.ones((3, 1)))),
        Sample((values(rng, (4, 3)), np.array(1), None)),
        Sample((values(rng, (4, 2)), np.zeros((0, 2), int), None)),
    ],
    formula="weight[indices]",
)
BAG_ARGMAX = define(
    "bag_argmax",
    forward=lambda x, starts: _bag_argmax(x, starts),
    inputs=("x", "starts"),
    samples=lambda rng: [
        Sample((values(rng, (5, 2)), np.array([0, 2]))),
        Sample((np.array([[1.0], [1.0], [0.0]]), np.array([0]))),
    ],
    formula="the row of the largest x in each bag of rows, the first of several",
)


def _bag_argmax(x: Any, starts: Any) -> Any:
    lengths = np.diff(np.append(starts, len(x)))
    best = np.repeat(np.maximum.reduceat(x, starts, axis=0), lengths, axis=0)
    rows = np.arange(len(x))[:, None]
    return np.minimum.reduceat(np.where((x == best) | np.isnan(x), rows, len(x) - 1), starts, axis=0)


def _check_table(name: str, input: Any, weight: Any, sparse: bool, padding_idx: int | None) -> tuple[Any, int | None]:
    """The indices, checked, and the row of padding counted from the front."""
    check_integers(name, input)
    if weight.ndim != 2:
        raise ShapeError(f"{name}: weight {weight.shape} is no table; give it two dimensions, a row for each index")
    if sparse:
        raise ArgumentError(f"{name}: sparse gradients are not offered; leave out sparse=True")
    rows = weight.shape[0]
    if padding_idx is not None:
        if not -rows <= padding_idx < rows:
            raise IndexRangeError(f"{name}: padding_idx {padding_idx} is not one of {rows} rows; use 0 to {rows - 1}")
        padding_idx = padding_idx % rows
    return in_range(name, input._array, 0, weight.shape, wrap=False), padding_idx


def _renormalize(name: str, weight: Any, indices: np.ndarray, max_norm: float, norm_type: float) -> None:
    """Shorten the rows that are looked up to `max_norm`, in place, as PyTorch does."""
    rows = np.unique(indices)
    chosen = weight._array[rows]
    norms = np.linalg.norm(chosen.astype(np.float64), norm_type, axis=1)
    long = norms > max_norm
    if not long.any():
        return
    if not weight._array.flags.writeable:
        raise InPlaceError(f"{name}: max_norm changes weight in place, which is read-only; give a clone() of it")
    scaled = chosen[long] * (max_norm / (norms[long] + 1e-7))[:, None]
    weight._array[rows[long]] = scaled.astype(weight.dtype)
    version_cell(weight)[0] += 1


def _shares(weight: Any, indices: np.ndarray, padding_idx: int | None, scale_grad_by_freq: bool) -> Any:
    """How much of the gradient counts at each place; None for all of it."""
    if padding_idx is None and not scale_grad_by_freq:
        return None
    share = np.ones(indices.shape, weight.dtype)
    if scale_grad_by_freq:
        share /= np.bincount(indices.reshape(-1), minlength=weight.shape[0])[indices].astype(weight.dtype)
    if padding_idx is not None:
        share[indices == padding_idx] = 0
    return share[..., None]


def embedding(
    input: Operand,
    weight: Operand,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    """Look rows of a table up: `weight[input]`.

    Args:
        input: indices, integers of any shape.
        weight: (rows, features).
        padding_idx: a row that gets no gradient.
        max_norm: first shorten the rows that are looked up to this norm; that changes `weight` in place.
        norm_type: which norm that is.
        scale_grad_by_freq: divide the gradient of each row by how often it stands in `input`.
        sparse: refused.

    Returns:
        A Tensor of the shape of `input` and one dimension of features more.

    Raises:
        IndexRangeError: an index is out of range.
        ShapeError: weight is no table.
        DtypeError: the indices are no integers.
        ArgumentError: sparse gradients are asked for.

    Example:
        >>> table = autograd.tensor([[0.0, 0.0], [1.0, 2.0]])
        >>> autograd.embedding(autograd.tensor([1, 0]), table)
        tensor([[1., 2.],
                [0., 0.]])
    """
    input, weight = as_handle(input, "embedding"), as_handle(weight, "embedding")
    indices, padding_idx = _check_table("embedding", input, weight, sparse, padding_idx)
    if max_norm is not None:
        _renormalize("embedding", weight, indices, max_norm, norm_type)
    return EMBEDDING.apply(weight, indices, _shares(weight, indices, padding_idx, scale_grad_by_freq))


def _bag_reference(
    input: Any,
    weight: Any,
    offsets: Any = None,
    max_norm: Any = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    sparse: bool = False,
    per_sample_weights: Any = None,
) -> Any:
    factors = np.ones(input.shape) if per_sample_weights is None else per_sample_weights
    ends = [] if offsets is None else [*offsets[1:], len(input)]
    parts: Any = [slice(a, b) for a, b in zip(offsets, ends, strict=True)] if ends else range(len(input))
    combine: Any = {"sum": np.sum, "mean": np.mean, "max": np.max}[mode]
    out = np.zeros((len(parts), weight.shape[1]))
    for k, part in enumerate(parts):
        if len(input[part]):
            out[k] = combine(weight[input[part]] * factors[part][:, None], axis=0)
    return out


def _bag_samples(rng: np.random.Generator) -> list[Sample]:
    table, flat, matrix = values(rng, (5, 3)), np.array([0, 4, 4, 2, 1]), np.array([[0, 4], [3, 1]])
    calls = []
    for mode in ("sum", "mean", "max"):
        calls.append(Sample((flat, table, np.array([0, 2])), keywords={"mode": mode}))
        calls.append(Sample((flat, table, np.array([0, 2, 2])), keywords={"mode": mode}))
        calls.append(Sample((matrix, table), keywords={"mode": mode}))
    calls.append(Sample((matrix, table, None, None, 2.0, False, "sum", False, values(rng, (2, 2)))))
    return calls


@composite(
    formula="sum, mean or max of the rows weight[i] of each bag",
    samples=_bag_samples,
    reference=_bag_reference,
    error_samples=lambda rng: [
        Sample((np.array([5]), values(rng, (5, 3)), np.array([0])), (), IndexRangeError, "out of range"),
        Sample((np.array([1]), values(rng, (5, 3))), (), ArgumentError, "offsets"),
        Sample((np.array([[1]]), values(rng, (5, 3)), np.array([0])), (), ArgumentError, "offsets"),
    ],
)
def embedding_bag(
    input: Operand,
    weight: Operand,
    offsets: Operand = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    sparse: bool = False,
    per_sample_weights: Operand = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Tensor:
    """Look bags of rows of a table up, and give the sum, mean or maximum of each bag; an empty one gives zeros.

    Args:
        input: indices: (bags, size of each), or (all,) with `offsets`.
        weight: (rows, features).
        offsets: where in a 1-d `input` each bag begins; the first is 0.
        max_norm: first shorten the rows that are looked up to this norm; that changes `weight` in place.
        norm_type: which norm that is.
        scale_grad_by_freq: divide the gradient of each row by how often it stands in `input`; not for "max".
        mode: "sum", "mean" or "max"; of equal maxima the first in the bag gets the gradient.
        sparse: refused.
        per_sample_weights: factors of the rows, in the shape of `input`; for "sum" alone.
        include_last_offset: the last of the offsets is the end of the last bag.
        padding_idx: a row that is left out of its bags.

    Returns:
        A Tensor (bags, features).

    Raises:
        IndexRangeError: an index is out of range.
        ShapeError: the shapes do not fit.
        DtypeError: indices or offsets are no integers.
        ArgumentError: offsets are missing, too many or not in order, or options exclude each other.

    Example:
        >>> table = autograd.tensor([[1.0, 1.0], [2.0, 4.0]])
        >>> autograd.embedding_bag(autograd.tensor([0, 1, 1]), table, autograd.tensor([0, 2]), mode="sum")
        tensor([[3., 5.],
                [2., 4.]])
    """
    name = "embedding_bag"
    input, weight = as_handle(input, name), as_handle(weight, name)
    if mode not in ("sum", "mean", "max"):
        raise ArgumentError(f"{name}: mode is {mode!r}; use 'sum', 'mean' or 'max'")
    if mode == "max" and scale_grad_by_freq:
        raise ArgumentError(f"{name}: mode 'max' gives each gradient to one row alone; leave out scale_grad_by_freq")
    indices, padding_idx = _check_table(name, input, weight, sparse, padding_idx)
    bags, count = _bags(input, offsets, include_last_offset)
    factors = None
    if per_sample_weights is not None:
        factors = as_handle(per_sample_weights, name)
        if mode != "sum":
            raise ArgumentError(f"{name}: per_sample_weights are for mode 'sum', not {mode!r}")
        if factors.shape != input.shape:
            raise ShapeError(f"{name}: per_sample_weights {factors.shape} and input {input.shape} differ")
        same_dtypes(name, weight, factors)
        factors = op.reshape.apply(factors, (indices.size, 1))
    if max_norm is not None:
        _renormalize(name, weight, indices, max_norm, norm_type)
    indices = indices.reshape(-1)
    if padding_idx is not None:
        kept = np.flatnonzero(indices != padding_idx)
        indices, bags = indices[kept], bags[kept]
        factors = factors if factors is None else op.index_select.apply(factors, kept, 0)
    rows = EMBEDDING.apply(weight, indices, _shares(weight, indices, None, scale_grad_by_freq))
    shape = (count, weight.shape[1])
    if mode == "max":
        filled, starts = np.unique(bags, return_index=True)
        if not filled.size:
            return op.index_select_adjoint.apply(rows, bags, 0, shape)
        best = op.gather.apply(rows, op.bag_argmax.apply(rows, starts), 0)
        return op.index_select_adjoint.apply(best, filled, 0, shape)
    if factors is not None:
        rows = op.mul.apply(rows, factors)
    total = op.index_select_adjoint.apply(rows, bags, 0, shape)
    if mode == "sum":
        return total
    sizes = np.maximum(np.bincount(bags, minlength=count), 1).astype(weight.dtype)
    return op.div.apply(total, sizes[:, None])


def _bags(input: Any, offsets: Any, include_last_offset: bool) -> tuple[np.ndarray, int]:
    """The bag of each index, and the number of bags."""
    name = "embedding_bag"
    if input.ndim == 2:
        if offsets is not None:
            raise ArgumentError(f"{name}: the rows of input {input.shape} are the bags; leave out offsets")
        return np.repeat(np.arange(input.shape[0]), input.shape[1]), input.shape[0]
    if input.ndim != 1:
        raise ShapeError(f"{name}: input {input.shape} has {input.ndim} dimensions; give one, or two")
    if offsets is None:
        raise ArgumentError(f"{name}: input {input.shape} has one dimension, so offsets must say where bags begin")
    offsets = as_handle(offsets, name)
    if offsets.dtype.kind not in "iu":
        raise DtypeError(f"{name}: offsets are {offsets.dtype}; use integers")
    size = input.shape[0]
    begins = offsets._array.astype(np.int64)
    if begins.ndim != 1 or (include_last_offset and not begins.size):
        raise ShapeError(f"{name}: offsets {offsets.shape}; give one dimension, with an entry for each bag")
    if begins.size and begins[0] != 0:
        raise ArgumentError(f"{name}: the first offset is {begins[0]}; the first bag begins at 0")
    ends = np.append(begins, size) if not include_last_offset else begins
    lengths = np.diff(ends)
    if (lengths < 0).any() or (ends.size and ends[-1] > size):
        raise ArgumentError(f"{name}: offsets {begins.tolist()!r:.60} are not in order, or go beyond {size} indices")
    if include_last_offset and ends[-1] != size:
        raise ArgumentError(f"{name}: the last offset is {ends[-1]}; with include_last_offset it is {size}, the end")
    return np.repeat(np.arange(lengths.size), lengths), lengths.size
