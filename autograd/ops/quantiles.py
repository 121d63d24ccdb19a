"""Quantiles, with and without nan."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import dtypes
from ..composites import composite
from ..errors import ArgumentError, DtypeError, ShapeError, shown
from ..primitive import Handle, Sample, as_handle, op
from .dims import normalize_dim
from .extreme import distinct

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["nanquantile", "quantile"]

Operand = Any
_ROUNDINGS: dict[str, Callable[[Any], Any]] = {
    "linear": np.floor,
    "midpoint": np.floor,
    "lower": np.floor,
    "higher": np.ceil,
    "nearest": np.round,
}


def _samples(rng: np.random.Generator) -> list[Sample]:
    x = distinct(rng, (3, 5))
    return [
        Sample((x,), (0.3,)),
        Sample((x, np.array([0.15, 0.6, 0.85])), (1,)),
        Sample((x,), (0.35, 0, True)),
        *(Sample((x,), (0.4, 1), keywords={"interpolation": name}) for name in _ROUNDINGS),
    ]


def _reference(x: Any, q: Any, dim: int | None = None, keepdim: bool = False, interpolation: Any = "linear") -> Any:
    return np.quantile(x, q, axis=dim, keepdims=keepdim, method=interpolation)


def _errors(name: str) -> Callable[[np.random.Generator], list[Sample]]:
    def samples(rng: np.random.Generator) -> list[Sample]:
        x = distinct(rng, (3,))
        return [
            Sample((x,), (1.5,), ArgumentError, f"{name}: q is"),
            Sample((x, np.zeros((1, 1))), (), ShapeError, f"{name}: q"),
            Sample((np.zeros((0,)),), (0.5,), ShapeError, f"{name}: .* empty"),
            Sample((np.arange(3),), (0.5,), DtypeError, f"{name}: x is int64"),
            Sample((x,), (0.5,), ArgumentError, f"{name}: interpolation", {"interpolation": "cubic"}),
        ]

    return samples


@composite(
    formula="x_(i) + (r - i) (x_(i+1) - x_(i)) with r = q (n - 1) and i = floor(r)",
    samples=_samples,
    reference=_reference,
    error_samples=_errors("quantile"),
)
def quantile(
    input: Operand,
    q: Operand,
    dim: int | None = None,
    keepdim: bool = False,
    *,
    interpolation: str = "linear",
) -> Tensor:
    """The q-quantiles, of all or along one dimension: what stands at rank `q * (n - 1)` of the sorted numbers.

    A rank between two numbers is interpolated: "linear" between both, "lower" or "higher" takes one of them,
    "nearest" the nearer (of two equally near that of even rank), "midpoint" their mean. Where there is a nan, the
    quantile is nan.

    Args:
        input: a float32 or float64 Tensor of any shape.
        q: a number from 0 to 1, or a Tensor of at most one dimension of such.
        dim: a dimension, or None for all.
        keepdim: keep the reduced dimensions with size 1.
        interpolation: "linear", "lower", "higher", "midpoint" or "nearest".

    Returns:
        The quantiles; with several `q` these are counted by a new first dimension.

    Raises:
        ArgumentError: there is no such dimension or interpolation, or q is not between 0 and 1.
        ShapeError: there is nothing along the dimension, or q has several dimensions.
        DtypeError: the dtype is not float32 or float64, or q is of another.

    Example:
        >>> autograd.quantile(autograd.tensor([1.0, 2.0, 3.0, 4.0]), 0.5)
        tensor(2.5000)
    """
    return _quantile("quantile", input, q, dim, keepdim, interpolation, skip_nan=False)


@composite(
    formula="the quantile of the x_i that are not nan",
    samples=_samples,
    reference=lambda x, q, dim=None, keepdim=False, interpolation="linear": np.nanquantile(
        x, q, axis=dim, keepdims=keepdim, method=interpolation
    ),
    error_samples=_errors("nanquantile"),
)
def nanquantile(
    input: Operand,
    q: Operand,
    dim: int | None = None,
    keepdim: bool = False,
    *,
    interpolation: str = "linear",
) -> Tensor:
    """The q-quantiles of what is not nan, of all or along one dimension; nan where there is nothing else.

    Args:
        input: a float32 or float64 Tensor of any shape.
        q: a number from 0 to 1, or a Tensor of at most one dimension of such.
        dim: a dimension, or None for all.
        keepdim: keep the reduced dimensions with size 1.
        interpolation: "linear", "lower", "higher", "midpoint" or "nearest"; see `quantile`.

    Returns:
        The quantiles; with several `q` these are counted by a new first dimension.

    Raises:
        ArgumentError: there is no such dimension or interpolation, or q is not between 0 and 1.
        ShapeError: there is nothing along the dimension, or q has several dimensions.
        DtypeError: the dtype is not float32 or float64, or q is of another.

    Example:
        >>> autograd.nanquantile(autograd.tensor([1.0, float("nan"), 3.0]), 0.5)
        tensor(2.)
    """
    return _quantile("nanquantile", input, q, dim, keepdim, interpolation, skip_nan=True)


def _quantile(
    name: str, input: Any, q: Any, dim: int | None, keepdim: bool, interpolation: str, *, skip_nan: bool
) -> Any:
    x = as_handle(input, name)
    if x.dtype not in (dtypes.float32, dtypes.float64):
        raise DtypeError(f"{name}: x is {x.dtype}; it must be float32 or float64")
    if interpolation not in _ROUNDINGS:
        raise ArgumentError(f"{name}: interpolation is {interpolation!r}; use one of {', '.join(_ROUNDINGS)}")
    if not isinstance(q, (Handle, np.ndarray)):
        try:
            q = np.asarray(q, dtype=x.dtype)
        except (TypeError, ValueError):
            raise ArgumentError(f"{name}: q is {shown(q)}; use a number, or a Tensor of one dimension") from None
    q = as_handle(q, name)
    if q.dtype != x.dtype:
        raise DtypeError(f"{name}: q is {q.dtype} and x is {x.dtype}; they must be of one dtype")
    if q.ndim > 1:
        raise ShapeError(f"{name}: q {q.shape} must be a number or a vector")
    if not bool(((q._array >= 0) & (q._array <= 1)).all()):
        raise ArgumentError(f"{name}: q is {q._array.tolist()!r:.60}; it must be between 0 and 1")
    kept: tuple[int, ...]
    if dim is None:
        kept = (1,) * x.ndim
        x = x.reshape(-1)
    else:
        dim = normalize_dim(name, dim, x.ndim)
        kept = tuple([1 if d == dim else size for d, size in enumerate(x.shape)])
        x = x.movedim(dim, -1) if x.ndim else x.reshape(1)
    if x.shape[-1] == 0:
        raise ShapeError(f"{name}: x {as_handle(input, name).shape} is empty along dim {dim}; give it a number")
    out = _at_ranks(x, q.reshape(-1), interpolation, skip_nan)
    shape = kept if keepdim else x.shape[:-1]
    return out.movedim(-1, 0).reshape((q.shape[0], *shape) if q.ndim else shape)


def _at_ranks(x: Any, q: Any, interpolation: str, skip_nan: bool) -> Any:
    """The quantiles along the last dimension: (..., n) and (k,) give (..., k)."""
    ordered, _ = op.sort.apply(x, x.ndim - 1, False)
    missing = np.isnan(x._array)
    last = np.full((*x.shape[:-1], 1), x.shape[-1] - 1, x.dtype)
    if skip_nan:
        last = np.maximum(last - missing.sum(-1, keepdims=True, dtype=x.dtype), 0)
        ranks = q * last
    else:
        ranks = op.where.apply(missing.any(-1, keepdims=True), as_handle(last, "quantile"), q * last)
    low = _ROUNDINGS[interpolation](ranks._array)
    below = op.gather.apply(ordered, low.astype(dtypes.int64), x.ndim - 1)
    if interpolation not in ("linear", "midpoint"):
        return below
    above = op.gather.apply(ordered, np.ceil(ranks._array).astype(dtypes.int64), x.ndim - 1)
    share = ranks - low if interpolation == "linear" else ranks * 0 + 0.5
    step = above - below
    # From the nearer side, so that an infinite number on the other is not taken 0 times.
    return op.where.apply(share < 0.5, below + share * step, above - (1 - share) * step)
