"""Norms of vectors, and the distances that they measure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import dtypes
from ..composites import composite
from ..errors import ArgumentError, DtypeError, ShapeError
from ..primitive import Sample, as_handle, check_broadcast, define, op
from .dims import normalize_dim, normalize_dims, number
from .families import in_float32, values
from .reduce import Dims, cast, count, reduction_samples, require_floating, restore, unless_zero

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["cdist", "dist", "norm", "pdist", "renorm"]

Operand = Any


def _norm(x: Any, dims: tuple[int, ...], keepdim: bool) -> Any:
    with np.errstate(over="ignore", under="ignore"):
        out = np.sqrt(np.sum(x * x, axis=dims, keepdims=keepdim))
    limits = np.finfo(x.dtype)
    if x.size == 0 or not np.any((out < np.sqrt(limits.tiny / limits.eps)) | np.isinf(out)):
        return out
    # Squares overflow or vanish long before their root does: take out the largest number first.
    top = np.max(np.abs(x), axis=dims, keepdims=True)
    scale = np.where((top == 0) | ~np.isfinite(top), 1, top).astype(x.dtype, copy=False)
    out = np.sqrt(np.sum(np.square(x / scale), axis=dims, keepdims=True)) * scale
    return out if keepdim else np.squeeze(out, axis=dims)


NORM = define(
    "norm",
    forward=in_float32(_norm),
    inputs=("x",),
    attributes=("dims", "keepdim"),
    vjp={
        "x": lambda g, x, out, dims, keepdim: x * restore(unless_zero(g, out), x.shape, dims, keepdim),
    },
    samples=reduction_samples(),
    formula="sqrt(sum_i x_i^2)",
)


def _power_norm(x: Any, p: float, dims: tuple[int, ...], keepdim: bool) -> Any:
    size = np.abs(x)
    if p == 0:
        return np.sum(size != 0, axis=dims, keepdims=keepdim, dtype=x.dtype)
    if p == 1 or x.size == 0:
        return np.sum(size, axis=dims, keepdims=keepdim)
    # Powers overflow or vanish long before their root does: take out the number that counts most first.
    top = (np.max if p > 0 else np.min)(size, axis=dims, keepdims=True)
    scale = np.where((top == 0) | ~np.isfinite(top), 1, top).astype(x.dtype, copy=False)
    with np.errstate(divide="ignore", over="ignore", under="ignore"):
        out = np.sum((size / scale) ** p, axis=dims, keepdims=True) ** (1 / p) * scale
    return out if keepdim else np.squeeze(out, axis=dims)


def _power_norm_rule(g: Any, x: Any, out: Any, p: float, dims: tuple[int, ...], keepdim: bool) -> Any:
    """`g sign(x) (|x| / norm)^(p - 1)`, and 0 where x is 0 or the norm; a ratio of 1 is put there."""
    g = restore(g, x.shape, dims, keepdim)
    if p == 0:
        return g * 0
    if p == 1:
        return g * op.sign(x)
    out = restore(out, x.shape, dims, keepdim)
    none = op.logical_or(op.eq(x, 0), op.eq(out, 0))
    ratio = op.where(none, 1.0, op.abs(x)) / op.where(none, 1.0, out)
    return op.where(none, 0.0, g * op.sign(x) * op.pow(ratio, p - 1))


def _power_norm_samples(rng: np.random.Generator) -> list[Sample]:
    x = values(rng, (2, 3), kinks=(0,))
    calls = [Sample((x,), (p, (1,), k)) for p in (0.0, 0.5, 1.0, 1.5, 3.0, 4.0, -1.0, -2.5) for k in (False, True)]
    return [*calls, Sample((x,), (3.0, (0, 1), False)), Sample((values(rng, (), 1, 2),), (3.0, (), False))]


POWER_NORM = define(
    "power_norm",
    forward=in_float32(_power_norm),
    inputs=("x",),
    attributes=("p", "dims", "keepdim"),
    vjp={"x": _power_norm_rule},
    samples=_power_norm_samples,
    formula="(sum_i |x_i|^p)^(1/p)",
)


def vector_norm(name: str, input: Any, p: float, dims: tuple[int, ...], keepdim: bool) -> Any:
    """The p-norm of a floating Tensor over `dims`, for any number p or infinity."""
    p = number(name, "p", p)
    if p == 2:
        return NORM.apply(input, dims, keepdim)
    if (p < 0 or p == math.inf) and count(input.shape, dims) == 0:
        raise ShapeError(f"{name}: x {input.shape} is empty over {dims}, where a norm of p = {p} is not defined")
    if math.isinf(p):
        return (op.amax if p > 0 else op.amin).apply(op.abs.apply(input), dims, keepdim)
    return POWER_NORM.apply(input, float(p), dims, keepdim)


# --- the public functions


def norm(
    input: Operand, p: float | str | None = "fro", dim: Dims = None, keepdim: bool = False, *, dtype: Any = None
) -> Tensor:
    """The vector norm over all dimensions or the given ones: `sum(|x| ** p) ** (1 / p)`. Its gradient at 0 is 0.

    Args:
        input: a floating Tensor of any shape.
        p: any number; "fro" and None mean 2; infinity is the largest absolute value and -infinity the smallest; 0
            counts what is not 0; "nuc" is the sum of a matrix's singular values.
        dim: a dimension, several, or None for all.
        keepdim: keep the reduced dimensions with size 1.
        dtype: convert to this dtype first.

    Raises:
        ArgumentError: there is no such dimension, or no such norm.
        DtypeError: the dtype is not a floating one.

    Example:
        >>> autograd.norm(autograd.tensor([3.0, 4.0]))
        tensor(5.)
    """
    input = cast(as_handle(input, "norm"), dtype)
    require_floating("norm", input)
    dims = normalize_dims("norm", dim, input.ndim)
    if isinstance(p, str) and p == "nuc":
        if len(dims) != 2:
            raise ShapeError(f"norm: the norm 'nuc' is of matrices; name two dimensions of x {input.shape}, not {dims}")
        rest = tuple([d for d in range(input.ndim) if d not in dims])
        total = op.svd.apply(op.permute.apply(input, (*rest, *dims)), False)[1].sum(-1)
        kept = tuple([1 if d in dims else size for d, size in enumerate(input.shape)])
        return total.reshape(kept) if keepdim else total
    if p is None or (isinstance(p, str) and p == "fro"):
        p = 2.0
    if isinstance(p, (str, bool)):
        raise ArgumentError(f"norm: p is {p!r}; use a number, infinity, 'fro' or 'nuc'")
    return vector_norm("norm", input, p, dims, keepdim)


@composite(
    formula="|x - y|_p",
    samples=lambda rng: [
        Sample((values(rng, (2, 3)), values(rng, (2, 3)))),
        Sample((values(rng, (2, 3)), values(rng, (3,))), (3,)),
        Sample((values(rng, (2, 1)), values(rng, (1, 3))), (math.inf,)),
        Sample((values(rng, (3,)), values(rng, (3,))), (1,)),
    ],
    reference=lambda x, y, p=2: np.linalg.norm((x - y).ravel(), p),
    error_samples=lambda rng: [
        Sample((values(rng, (3,)), values(rng, (2,))), (), ShapeError, "dist: shapes do not broadcast"),
        Sample((np.arange(3), np.arange(3)), (), DtypeError, "dist: x is int64"),
    ],
)
def dist(input: Operand, other: Operand, p: float = 2) -> Tensor:
    """The p-norm of the difference of two Tensors that broadcast: `norm(input - other, p)`.

    Args:
        input: a floating Tensor.
        other: a floating Tensor.
        p: any number, or infinity.

    Returns:
        A 0-d Tensor.

    Raises:
        ShapeError: the shapes do not broadcast.
        DtypeError: a dtype is not a floating one.

    Example:
        >>> autograd.dist(autograd.tensor([1.0, 2.0]), autograd.tensor([4.0, 6.0]))
        tensor(5.)
    """
    input, other = as_handle(input, "dist"), as_handle(other, "dist")
    check_broadcast("dist", {"input": input._array, "other": other._array})
    if dtypes.result_type(input, other).kind != "f":
        require_floating("dist", input)
        require_floating("dist", other)
    difference = op.sub.apply(input, other)
    return vector_norm("dist", difference, p, tuple(range(difference.ndim)), False)


def _renorm_reference(x: Any, p: float, dim: int, maxnorm: float) -> Any:
    rows = np.moveaxis(x, dim, 0).copy()
    for row in rows:
        size = np.linalg.norm(row.ravel(), p)
        if size > maxnorm:
            row *= maxnorm / (size + 1e-7)
    return np.moveaxis(rows, 0, dim)


@composite(
    formula="x maxnorm / (|x|_p + 1e-7) where |x|_p > maxnorm",
    samples=lambda rng: [
        Sample((values(rng, (3, 4)) * np.array([[0.1], [1], [2]]),), (2, 0, 1.0)),
        Sample((values(rng, (2, 3, 2)),), (3, 1, 0.5)),
        Sample((values(rng, (2, 3), kinks=(0,)),), (1, -1, 10.0)),
    ],
    reference=_renorm_reference,
    error_samples=lambda rng: [
        Sample((values(rng, (3,)),), (2, 0, 1.0), ShapeError, "at least two dimensions"),
        Sample((values(rng, (3, 2)),), (0, 0, 1.0), ArgumentError, "p is 0.0"),
        Sample((values(rng, (3, 2)),), (2, 0, -1.0), ArgumentError, "maxnorm is -1.0"),
    ],
)
def renorm(input: Operand, p: float, dim: int, maxnorm: float) -> Tensor:
    """Scale each slice along `dim` whose p-norm is above `maxnorm` down to it.

    `out_i = x_i * maxnorm / (norm(x_i, p) + 1e-7)` where `norm(x_i, p) > maxnorm`, else `x_i`.

    Args:
        input: a floating Tensor of at least two dimensions.
        p: a positive number, or infinity.
        dim: the dimension that counts the slices.
        maxnorm: the largest norm that is left alone.

    Raises:
        ShapeError: fewer than two dimensions.
        ArgumentError: there is no such dimension, p is not positive, or maxnorm is negative.

    Example:
        >>> autograd.renorm(autograd.tensor([[3.0, 4.0], [0.3, 0.4]]), 2, 0, 1.0)
        tensor([[0.6000, 0.8000],
                [0.3000, 0.4000]])
    """
    input = as_handle(input, "renorm")
    require_floating("renorm", input)
    if input.ndim < 2:
        raise ShapeError(f"renorm: x {input.shape} must have at least two dimensions; add one with unsqueeze")
    p, maxnorm = number("renorm", "p", p), number("renorm", "maxnorm", maxnorm)
    if not p > 0:
        raise ArgumentError(f"renorm: p is {p}; it must be positive")
    if not maxnorm >= 0:
        raise ArgumentError(f"renorm: maxnorm is {maxnorm}; it must be at least 0")
    dim = normalize_dim("renorm", dim, input.ndim)
    dims = tuple([d for d in range(input.ndim) if d != dim])
    wide = op.to_dtype.apply(input, dtypes.float32) if input.dtype == dtypes.float16 else input
    size = vector_norm("renorm", wide, p, dims, True)
    out = wide * op.where.apply(size > maxnorm, maxnorm / (size + 1e-7), 1.0)
    return out if wide is input else op.to_dtype.apply(out, dtypes.float16)


# --- distances between the rows of matrices


def _distance(name: str, difference: Any, p: float) -> Any:
    """The p-norm over the last dimension; at infinity each coordinate that is the largest has the whole slope."""
    if difference.shape[-1] == 0:
        return difference.sum(-1)
    if p != math.inf:
        return vector_norm(name, difference, p, (difference.ndim - 1,), False)
    size = difference.abs()
    out = op.amax.apply(size.detach(), (size.ndim - 1,), True)
    largest = size == out
    # The sum is 0, and its slope is 1 for each of them.
    return (op.where.apply(largest, size - size.detach(), 0.0).sum(-1, keepdim=True) + out).squeeze(-1)


def _check_p(name: str, p: float) -> None:
    if not number(name, "p", p) >= 0:
        raise ArgumentError(f"{name}: p is {p}; it must be at least 0")


def _cdist_reference(x: Any, y: Any, p: float = 2.0) -> Any:
    difference = np.abs(x[..., :, None, :] - y[..., None, :, :])
    return difference.max(-1) if p == math.inf else (difference**p).sum(-1) ** (1 / p)


@composite(
    formula="out_ij = |x_i - y_j|_p",
    samples=lambda rng: [
        Sample((values(rng, (3, 2)), values(rng, (4, 2)))),
        Sample((values(rng, (2, 3, 2)), values(rng, (1, 2, 2))), (3.0,)),
        Sample((values(rng, (3, 2)), values(rng, (2, 2))), (math.inf,)),
    ],
    reference=_cdist_reference,
    error_samples=lambda rng: [
        Sample((values(rng, (3, 2)), values(rng, (4, 3))), (), ShapeError, "the last sizes must be equal"),
        Sample((values(rng, (2,)), values(rng, (4, 2))), (), ShapeError, "at least two dimensions"),
        Sample((values(rng, (3, 2)), values(rng, (4, 2))), (-1,), ArgumentError, "p is -1"),
    ],
)
def cdist(
    x1: Operand, x2: Operand, p: float = 2.0, compute_mode: str = "use_mm_for_euclid_dist_if_necessary"
) -> Tensor:
    """The p-norm of the difference of each row of `x1` and each row of `x2`: `out_ij = norm(x1_i - x2_j, p)`.

    The gradient at a distance of 0 is 0.

    Args:
        x1: (..., P, M) floating.
        x2: (..., R, M) floating; the leading dimensions broadcast.
        p: a number from 0, or infinity.
        compute_mode: accepted and ignored; the distance is always computed from the differences.

    Returns:
        (..., P, R).

    Raises:
        ShapeError: there are fewer than two dimensions, or the shapes do not fit.
        ArgumentError: p is negative.

    Example:
        >>> autograd.cdist(autograd.tensor([[0.0, 0.0], [3.0, 0.0]]), autograd.tensor([[3.0, 4.0]]))
        tensor([[5.],
                [4.]])
    """
    x1, x2 = as_handle(x1, "cdist"), as_handle(x2, "cdist")
    for x in (x1, x2):
        require_floating("cdist", x)
        if x.ndim < 2:
            raise ShapeError(f"cdist: x1 {x1.shape} and x2 {x2.shape} must have at least two dimensions (rows, size)")
    if x1.shape[-1] != x2.shape[-1]:
        raise ShapeError(f"cdist: rows of x1 {x1.shape} and x2 {x2.shape} differ; the last sizes must be equal")
    check_broadcast("cdist", {"x1": x1._array[..., 0:0, 0:0], "x2": x2._array[..., 0:0, 0:0]})
    _check_p("cdist", p)
    modes = ("use_mm_for_euclid_dist_if_necessary", "use_mm_for_euclid_dist", "donot_use_mm_for_euclid_dist")
    if compute_mode is not None and compute_mode not in modes:
        raise ArgumentError(f"cdist: compute_mode is {compute_mode!r}; use one of {', '.join(modes)}")
    return _distance("cdist", x1.unsqueeze(-2) - x2.unsqueeze(-3), p)


def _pdist_reference(x: Any, p: float = 2.0) -> Any:
    i, j = np.triu_indices(len(x), 1)
    return _cdist_reference(x, x, p)[i, j]


@composite(
    formula="|x_i - x_j|_p for i < j",
    samples=lambda rng: [Sample((values(rng, (4, 3)),), (p,)) for p in (2.0, 3.0, 1.0, math.inf)],
    reference=_pdist_reference,
    error_samples=lambda rng: [
        Sample((values(rng, (3,)),), (), ShapeError, "must be a matrix"),
        Sample((values(rng, (3, 2)),), (-1,), ArgumentError, "p is -1"),
    ],
)
def pdist(input: Operand, p: float = 2.0) -> Tensor:
    """The p-norm of the difference of each pair of rows, without repetition: `norm(x_i - x_j, p)` for i < j.

    The gradient at a distance of 0 is 0.

    Args:
        input: (N, M) floating.
        p: a number from 0, or infinity.

    Returns:
        (N * (N - 1) / 2,): the upper triangle of `cdist(input, input, p)` without the diagonal, row by row.

    Raises:
        ShapeError: the input is no matrix.
        ArgumentError: p is negative.

    Example:
        >>> autograd.pdist(autograd.tensor([[0.0, 0.0], [3.0, 4.0], [3.0, 0.0]]))
        tensor([5., 3., 4.])
    """
    input = as_handle(input, "pdist")
    require_floating("pdist", input)
    if input.ndim != 2:
        raise ShapeError(f"pdist: x {input.shape} must be a matrix (N, M)")
    _check_p("pdist", p)
    i, j = np.triu_indices(input.shape[0], 1)
    return _distance("pdist", input[i] - input[j], p)
