"""Variance, standard deviation, covariance and correlation."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from ..composites import composite
from ..errors import ArgumentError, DtypeError, ShapeError
from ..primitive import Sample, as_handle, define, op
from .dims import normalize_dims, number
from .families import in_float32, values
from .reduce import Dims, count, require_floating, restore, unless_zero

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["corrcoef", "cov", "std", "std_mean", "var", "var_mean"]

Operand = Any


def _var(x: Any, dims: tuple[int, ...], correction: float, keepdim: bool) -> Any:
    with np.errstate(all="ignore"):
        centred = x - x.mean(axis=dims, keepdims=True)
        divisor = max(count(x.shape, dims) - correction, 0)
        return np.sum(centred * centred, axis=dims, keepdims=keepdim, dtype=x.dtype) / x.dtype.type(divisor)


def _std(x: Any, dims: tuple[int, ...], correction: float, keepdim: bool) -> Any:
    out = np.sqrt(_var(x, dims, correction, keepdim))
    limits = np.finfo(x.dtype)
    if x.size == 0 or not np.any((out < np.sqrt(limits.tiny / limits.eps)) | np.isinf(out)):
        return out
    # Squares overflow or vanish long before their root does: take out the largest number first.
    top = np.max(np.abs(x), axis=dims, keepdims=True)
    scale = np.where((top == 0) | ~np.isfinite(top), 1, top).astype(x.dtype, copy=False)
    out = np.sqrt(_var(x / scale, dims, correction, True)) * scale
    return out if keepdim else np.squeeze(out, axis=dims)


def _var_rule(g: Any, x: Any, dims: tuple[int, ...], correction: float, keepdim: bool) -> Any:
    g = restore(g, x.shape, dims, keepdim)
    centred = x - op.mean(x, dims, True)
    freedom = count(x.shape, dims) - correction
    if freedom <= 0:  # the limit as it goes to 0: nan at the mean, infinite elsewhere
        return g * op.where(op.eq(centred, 0), math.nan, math.inf)
    return g * centred * (2 / freedom)


def _std_rule(g: Any, x: Any, out: Any, dims: tuple[int, ...], correction: float, keepdim: bool) -> Any:
    return _var_rule(unless_zero(g, out) / 2, x, dims, correction, keepdim)


def _spread_samples(rng: np.random.Generator) -> list[Sample]:
    cases: list[tuple[tuple[int, ...], tuple[int, ...]]] = [((3,), (0,)), ((2, 3), (1,)), ((2, 3, 2), (0, 2))]
    return [Sample((values(rng, s),), (d, c, k)) for s, d in cases for c, k in ((1, False), (0, True))]


VAR = define(
    "var",
    forward=in_float32(_var),
    inputs=("x",),
    attributes=("dims", "correction", "keepdim"),
    vjp={"x": _var_rule},
    samples=_spread_samples,
    formula="sum_i (x_i - mean)^2 / (n - correction)",
)
STD = define(
    "std",
    forward=in_float32(_std),
    inputs=("x",),
    attributes=("dims", "correction", "keepdim"),
    vjp={"x": _std_rule},
    samples=_spread_samples,
    formula="sqrt(var(x))",
)


# --- the public functions


def _spread(name: str, input: Any, dim: Any, unbiased: bool | None, correction: float | None) -> tuple[Any, ...]:
    """What `var` and its kin are given, as (input, dims, correction)."""
    input = as_handle(input, name)
    if isinstance(dim, bool):  # PyTorch's var(input, unbiased)
        dim, unbiased = None, dim
    require_floating(name, input)
    if unbiased is not None and correction is not None:
        raise ArgumentError(f"{name}: unbiased and correction are given both; correction=1 is what unbiased=True means")
    if correction is None:
        correction = 1 if unbiased is None else int(unbiased)
    elif not isinstance(correction, int):
        correction = number(name, "correction", correction)
    return input, normalize_dims(name, dim, input.ndim), correction


def var(
    input: Operand,
    dim: Dims = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> Tensor:
    """The variance, over all dimensions or the given ones: `sum((x - mean(x)) ** 2) / (n - correction)`.

    Args:
        input: a floating Tensor of any shape.
        dim: a dimension, several, or None for all; a bool here is `unbiased`.
        unbiased: True for correction 1, False for 0.
        keepdim: keep the reduced dimensions with size 1.
        correction: 1, unless given, for the unbiased estimate; 0 for the variance of the numbers themselves.

    Raises:
        ArgumentError: there is no such dimension, or both `unbiased` and `correction` are given.
        DtypeError: the dtype is not a floating one.

    Example:
        >>> autograd.var(autograd.tensor([1.0, 2.0, 3.0, 4.0]))
        tensor(1.6667)
    """
    return VAR.apply(*_spread("var", input, dim, unbiased, correction), keepdim)


def std(
    input: Operand,
    dim: Dims = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> Tensor:
    """The standard deviation, over all dimensions or the given ones: `sqrt(var(x))`. Its gradient at 0 is 0.

    Args:
        input: a floating Tensor of any shape.
        dim: a dimension, several, or None for all; a bool here is `unbiased`.
        unbiased: True for correction 1, False for 0.
        keepdim: keep the reduced dimensions with size 1.
        correction: 1, unless given, for the unbiased variance; 0 for that of the numbers themselves.

    Raises:
        ArgumentError: there is no such dimension, or both `unbiased` and `correction` are given.
        DtypeError: the dtype is not a floating one.

    Example:
        >>> autograd.std(autograd.tensor([1.0, 2.0, 3.0, 4.0]))
        tensor(1.2910)
    """
    return STD.apply(*_spread("std", input, dim, unbiased, correction), keepdim)


def _moments_samples(rng: np.random.Generator) -> list[Sample]:
    return [
        Sample((values(rng, (2, 3)),)),
        Sample((values(rng, (2, 3)),), (1,), keywords={"correction": 0, "keepdim": True}),
        Sample((values(rng, (3,)),), (False,)),
    ]


def _moments_reference(spread: Callable[..., Any]) -> Callable[..., Any]:
    def reference(x: Any, dim: Any = None, correction: float = 1, keepdim: bool = False) -> Any:
        if dim is False:
            dim, correction = None, 0
        return spread(x, axis=dim, ddof=correction, keepdims=keepdim), np.mean(x, axis=dim, keepdims=keepdim)

    return reference


def _both_errors(name: str) -> Callable[[np.random.Generator], list[Sample]]:
    def samples(rng: np.random.Generator) -> list[Sample]:
        both = {"unbiased": True, "correction": 1}
        return [
            Sample((values(rng, (3,)),), (0,), ArgumentError, f"{name}: unbiased and correction", both),
            Sample((np.arange(3),), (0,), DtypeError, f"{name}: x is int64"),
        ]

    return samples


@composite(
    formula="(var(x), mean(x))",
    samples=_moments_samples,
    reference=_moments_reference(np.var),
    error_samples=_both_errors("var_mean"),
)
def var_mean(
    input: Operand,
    dim: Dims = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> tuple[Tensor, Tensor]:
    """The variance and the mean, over all dimensions or the given ones: `(var(x), mean(x))`.

    Args:
        input: a floating Tensor of any shape.
        dim: a dimension, several, or None for all; a bool here is `unbiased`.
        unbiased: True for correction 1, False for 0.
        keepdim: keep the reduced dimensions with size 1.
        correction: 1, unless given, for the unbiased variance; 0 for that of the numbers themselves.

    Raises:
        ArgumentError: there is no such dimension, or both `unbiased` and `correction` are given.
        DtypeError: the dtype is not a floating one.

    Example:
        >>> autograd.var_mean(autograd.tensor([1.0, 2.0, 3.0]))
        (tensor(1.), tensor(2.))
    """
    input, dims, correction = _spread("var_mean", input, dim, unbiased, correction)
    return VAR.apply(input, dims, correction, keepdim), op.mean.apply(input, dims, keepdim)


@composite(
    formula="(std(x), mean(x))",
    samples=_moments_samples,
    reference=_moments_reference(np.std),
    error_samples=_both_errors("std_mean"),
)
def std_mean(
    input: Operand,
    dim: Dims = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> tuple[Tensor, Tensor]:
    """The standard deviation and the mean, over all dimensions or the given ones: `(std(x), mean(x))`.

    Args:
        input: a floating Tensor of any shape.
        dim: a dimension, several, or None for all; a bool here is `unbiased`.
        unbiased: True for correction 1, False for 0.
        keepdim: keep the reduced dimensions with size 1.
        correction: 1, unless given, for the unbiased variance; 0 for that of the numbers themselves.

    Raises:
        ArgumentError: there is no such dimension, or both `unbiased` and `correction` are given.
        DtypeError: the dtype is not a floating one.

    Example:
        >>> autograd.std_mean(autograd.tensor([1.0, 2.0, 3.0]))
        (tensor(1.), tensor(2.))
    """
    input, dims, correction = _spread("std_mean", input, dim, unbiased, correction)
    return STD.apply(input, dims, correction, keepdim), op.mean.apply(input, dims, keepdim)


def _observation_weights(name: str, label: str, weights: Any, n: int, kinds: str) -> Any:
    weights = as_handle(weights, name)
    if weights.ndim > 1 or weights.shape not in ((n,), ()) or (weights.ndim == 0 and n != 1):
        raise ShapeError(f"{name}: {label} {weights.shape} must be ({n},), one number an observation")
    if weights.dtype.kind not in kinds:
        wanted = "integers" if kinds == "iu" else "floating"
        raise DtypeError(f"{name}: {label} is {weights.dtype}; it must be {wanted}")
    if bool((weights._array < 0).any()):
        raise ArgumentError(f"{name}: {label} has a negative number; a weight must be at least 0")
    return weights.reshape(-1)


def _cov_samples(rng: np.random.Generator) -> list[Sample]:
    return [
        Sample((values(rng, (2, 4)),)),
        Sample((values(rng, (4,)),)),
        Sample((values(rng, (3, 4)),), keywords={"correction": 0}),
        Sample(
            (values(rng, (2, 3)),),
            keywords={"fweights": np.array([1, 2, 1])},
        ),
    ]


def _cov_reference(x: Any, correction: int = 1, fweights: Any = None, aweights: Any = None) -> Any:
    return np.cov(x, ddof=correction, fweights=fweights, aweights=aweights)


@composite(
    formula="sum_k w_k (x_ik - mean_i) (x_jk - mean_j) / (sum_k w_k - correction)",
    samples=_cov_samples,
    reference=_cov_reference,
    error_samples=lambda rng: [
        Sample((values(rng, (2, 2, 2)),), (), ShapeError, "at most two dimensions"),
        Sample((values(rng, (2, 3)),), (), ShapeError, "one number an observation", {"fweights": np.ones(2, int)}),
        Sample((values(rng, (2, 3)),), (), ArgumentError, "negative", {"aweights": -np.ones(3)}),
    ],
)
def cov(
    input: Operand, *, correction: int = 1, fweights: Operand | None = None, aweights: Operand | None = None
) -> Tensor:
    """The covariances of variables, of which each row of `input` holds the observations.

    `C_ij = sum_k w_k (x_ik - m_i) (x_jk - m_j) / d`, where the means m are weighted by w as well, and d is the number
    of observations less `correction` (with weights `sum(w) - correction * sum(w * aweights) / sum(w)`).

    Args:
        input: (variables, observations), or (observations,) of one variable; not bool.
        correction: 1 for unbiased estimates, 0 for the covariances of the numbers themselves.
        fweights: (observations,) integers: how often each was seen.
        aweights: (observations,) floating: how much each counts.

    Returns:
        (variables, variables), or a 0-d Tensor for one variable.

    Raises:
        ShapeError: there are more than two dimensions, or weights are not one an observation.
        DtypeError: bool, or weights of the wrong kind.
        ArgumentError: a weight is negative.

    Example:
        >>> autograd.cov(autograd.tensor([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]]))
        tensor([[ 1., -1.],
                [-1.,  1.]])
    """
    return _cov("cov", as_handle(input, "cov"), correction, fweights, aweights)


def _cov(name: str, input: Any, correction: int = 1, fweights: Any = None, aweights: Any = None) -> Any:
    if input.ndim > 2:
        raise ShapeError(f"{name}: x {input.shape} must have at most two dimensions: variables, observations")
    if input.dtype.kind == "b":
        raise DtypeError(f"{name}: x is bool; use numbers, as from x.float()")
    x = input.reshape(1, -1) if input.ndim < 2 else input
    n = x.shape[1]
    if x.dtype.kind != "f":
        x = x.float()
    weights = None
    if fweights is not None:
        weights = _observation_weights(name, "fweights", fweights, n, "iu")
    if aweights is not None:
        aweights = _observation_weights(name, "aweights", aweights, n, "f")
        weights = aweights if weights is None else weights * aweights
    if weights is not None and not weights._array.sum() > 0:
        raise ArgumentError(f"{name}: the weights add up to 0; let at least one be positive")
    if weights is None:
        centred = x - x.mean(1, keepdim=True)
        product, divisor = centred @ centred.transpose(0, 1), float(max(n - correction, 0))
        result = product / divisor
    else:
        total = weights.sum()
        centred = x - (x * weights).sum(1, keepdim=True) / total
        spent = correction * (weights * aweights).sum() / total if aweights is not None else correction
        divisor = (total - spent).clamp(min=0)
        result = (centred * weights) @ centred.transpose(0, 1) / divisor
    return result.squeeze() if input.ndim < 2 or input.shape[0] == 1 else result


@composite(
    formula="cov_ij / sqrt(cov_ii cov_jj)",
    samples=lambda rng: [Sample((values(rng, (3, 4)),)), Sample((values(rng, (4,)),))],
    reference=np.corrcoef,
    error_samples=lambda rng: [Sample((values(rng, (2, 2, 2)),), (), ShapeError, "at most two dimensions")],
)
def corrcoef(input: Operand) -> Tensor:
    """The correlations of variables, of which each row of `input` holds the observations: `cov_ij / (s_i s_j)`.

    The results are clamped to between -1 and 1, which rounding could leave.

    Args:
        input: (variables, observations), or (observations,) of one variable; not bool.

    Returns:
        (variables, variables), or a 0-d Tensor for one variable.

    Raises:
        ShapeError: there are more than two dimensions.

    Example:
        >>> autograd.corrcoef(autograd.tensor([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]]))
        tensor([[ 1., -1.],
                [-1.,  1.]])
    """
    c = _cov("corrcoef", as_handle(input, "corrcoef"))
    if c.ndim == 0:
        return c / c
    n = c.shape[0]
    spread = c.reshape(-1)[:: n + 1].sqrt() if n else c.reshape(-1)
    return (c / spread.reshape(-1, 1) / spread).clamp(-1, 1)
