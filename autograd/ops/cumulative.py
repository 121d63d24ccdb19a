"""Running sums, products, extremes and logarithms of sums."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .. import dtypes
from ..errors import ArgumentError, DtypeError, ShapeError
from ..primitive import Sample, as_handle, define, op
from .dims import check_dim, normalize_dim
from .families import in_float32, values
from .reduce import cast

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["cummax", "cummin", "cumprod", "cumsum", "logcumsumexp"]

Operand = Any


def _running_samples(rng: np.random.Generator) -> list[Sample]:
    cases: list[tuple[tuple[int, ...], int]] = [((3,), 0), ((2, 3), 1), ((3, 2), 0), ((2, 0), 0), ((2, 0), 1), ((), 0)]
    return [Sample((values(rng, s, kinks=(0,)),), (d,)) for s, d in cases]


def _no_dim(rng: np.random.Generator) -> list[Sample]:
    return [Sample((values(rng, (2, 3)),), (2,), ArgumentError, "dim is 2")]


def _accumulate(ufunc: Any) -> Callable[..., Any]:
    """Sums or products up to each place; integers and bools in int64."""

    def forward(x: Any, dim: int) -> Any:
        dtype = x.dtype if x.dtype.kind == "f" else dtypes.int64
        return ufunc.accumulate(x.reshape(x.shape or (1,)), axis=dim, dtype=dtype).reshape(x.shape)

    return forward


CUMSUM = define(
    "cumsum",
    forward=in_float32(_accumulate(np.add)),
    inputs=("x",),
    attributes=("dim",),
    vjp={"x": lambda g, dim: op.flip(op.cumsum(op.flip(g, (dim,)), dim), (dim,)) if g.ndim else g},
    infer=check_dim("cumsum"),
    samples=_running_samples,
    error_samples=_no_dim,
    formula="sum_(j <= i) x_j",
)


# --- a recurrence, in which the rules of running products are written: nothing is divided by a factor


def _recurrence(x: Any, a: Any, dim: int) -> Any:
    out = np.array(x, order="C")
    steps, factors = np.moveaxis(out, dim, 0), np.moveaxis(a, dim, 0)
    for i in range(1, len(steps)):
        steps[i] += factors[i] * steps[i - 1]
    return out


def _recurrence_infer(x: Any, a: Any, dim: int) -> None:
    if x.ndim == 0 or x.shape != a.shape:
        raise ShapeError(f"recurrence: x {x.shape} and a {a.shape} must have one shape of at least one dimension")
    normalize_dim("recurrence", dim, x.ndim)


def _ahead(a: Any, dim: int, fill: float) -> Any:
    """Each place has what was one place after it, and the last `fill`."""
    n = a.shape[dim]
    return op.pad(op.narrow(a, dim, min(1, n), n), _widths(a.ndim, dim, (0, min(1, n))), fill)


def _behind(a: Any, dim: int, fill: float) -> Any:
    """Each place has what was one place before it, and the first `fill`."""
    n = a.shape[dim]
    return op.pad(op.narrow(a, dim, 0, max(n - 1, 0)), _widths(a.ndim, dim, (min(1, n), 0)), fill)


def _widths(ndim: int, dim: int, width: tuple[int, int]) -> tuple[tuple[int, int], ...]:
    return tuple([width if d == dim else (0, 0) for d in range(ndim)])


def _from_behind(g: Any, a: Any, dim: int) -> Any:
    """`h_i = g_i + a_i h_(i+1)`, from the last place to the first."""
    return op.flip(op.recurrence(op.flip(g, (dim,)), op.flip(a, (dim,)), dim), (dim,))


RECURRENCE = define(
    "recurrence",
    forward=_recurrence,
    inputs=("x", "a"),
    attributes=("dim",),
    vjp={
        "x": lambda g, a, dim: _from_behind(g, _ahead(a, dim, 0), dim),
        "a": lambda g, a, out, dim: _from_behind(g, _ahead(a, dim, 0), dim) * _behind(out, dim, 0),
    },
    infer=_recurrence_infer,
    samples=lambda rng: [
        Sample((values(rng, s), values(rng, s)), (d,)) for s, d in (((4,), 0), ((2, 3), 1), ((3, 2), 0), ((0, 2), 0))
    ],
    error_samples=lambda rng: [Sample((values(rng, (3,)), values(rng, (2,))), (0,), ShapeError, "must have one shape")],
    formula="out_i = x_i + a_i out_(i-1)",
)


def _cumprod_rule(g: Any, x: Any, out: Any, dim: int) -> Any:
    """The product before i, times `h_i = g_i + x_(i+1) h_(i+1)`: right with any number of zeros, at every order."""
    if not x.ndim:
        return g
    return _behind(out, dim, 1) * _from_behind(g, _ahead(x, dim, 0), dim)


CUMPROD = define(
    "cumprod",
    forward=in_float32(_accumulate(np.multiply)),
    inputs=("x",),
    attributes=("dim",),
    vjp={"x": _cumprod_rule},
    infer=check_dim("cumprod"),
    samples=lambda rng: [*_running_samples(rng), Sample((np.array([2.0, 0.0, 3.0, 0.0, 4.0]),), (0,))],
    error_samples=_no_dim,
    formula="prod_(j <= i) x_j",
)


def _logcumsumexp(x: Any, dim: int) -> Any:
    return np.logaddexp.accumulate(x.reshape(x.shape or (1,)), axis=dim).reshape(x.shape)


def _logcumsumexp_rule(g: Any, x: Any, dim: int) -> Any:
    """`e_i h_i` with `h_i = g_i / s_i + a_(i+1) h_(i+1)`, where s are the running sums of e without a common factor.

    The factor is the largest number so far: exponents are differences to it, and a large x is not rounded away.
    """
    if not x.ndim:
        return g
    top = op.cummax(x, dim)[0]
    finite = op.isfinite(top)
    base = op.where(finite, top, 0.0)
    e = op.exp(x - base)
    endless = op.eq(top, math.inf)
    fading = op.where(finite, op.exp(_behind(top, dim, -math.inf) - base), op.where(endless, 1.0, 0 * base))
    total = op.recurrence(op.where(endless, math.inf, e), fading, dim)
    share = g / op.where(op.eq(total, 0), 1.0, total)
    return e * _from_behind(share, _ahead(fading, dim, 0), dim)


def _floating_dim(name: str) -> Callable[..., None]:
    def infer(x: Any, dim: int) -> None:
        if x.dtype.kind != "f":
            raise DtypeError(f"{name}: x is {x.dtype}, and the result would not be whole; use x.float()")
        normalize_dim(name, dim, x.ndim)

    return infer


LOGCUMSUMEXP = define(
    "logcumsumexp",
    forward=in_float32(_logcumsumexp),
    inputs=("x",),
    attributes=("dim",),
    vjp={"x": _logcumsumexp_rule},
    infer=_floating_dim("logcumsumexp"),
    samples=_running_samples,
    error_samples=lambda rng: [*_no_dim(rng), Sample((np.arange(3),), (0,), DtypeError, "x is int64")],
    formula="ln sum_(j <= i) e^x_j",
)


def _extremes(ufunc: Any) -> Callable[..., Any]:
    """The extreme up to each place and where it was; of equal ones the last, and nan above all."""

    def forward(x: Any, dim: int) -> Any:
        given, x = x, x.reshape(x.shape or (1,))
        out = ufunc.accumulate(x, axis=dim)
        places = np.arange(x.shape[dim]).reshape([-1 if d == dim else 1 for d in range(x.ndim)])
        new = (x == out) | (x != x)
        indices = np.maximum.accumulate(np.where(new, places, 0), axis=dim)
        return out.reshape(given.shape), indices.astype(dtypes.int64, copy=False).reshape(given.shape)

    return forward


def _distinct_running(rng: np.random.Generator) -> list[Sample]:
    cases: list[tuple[tuple[int, ...], int]] = [((5,), 0), ((2, 3), 1), ((3, 2), 0), ((2, 0), 1), ((), 0)]
    return [Sample((np.asarray(rng.permutation(int(np.prod(s))).reshape(s) * 0.3 - 0.5),), (d,)) for s, d in cases]


def _define_extreme(name: str, ufunc: Any, formula: str) -> Any:
    return define(
        name,
        forward=_extremes(ufunc),
        inputs=("x",),
        attributes=("dim",),
        outputs=("out", "indices"),
        differentiable=(True, False),
        vjp={"x": lambda g, indices, x_shape, dim: op.scatter_add(g, indices, dim, x_shape) if x_shape else g},
        infer=check_dim(name),
        samples=_distinct_running,
        error_samples=_no_dim,
        formula=formula,
    )


CUMMAX = _define_extreme("cummax", np.maximum, "max_(j <= i) x_j and its position")
CUMMIN = _define_extreme("cummin", np.minimum, "min_(j <= i) x_j and its position")


# --- the public functions


class Running(NamedTuple):
    """What `cummax` and `cummin` return."""

    values: Tensor
    indices: Tensor


def cumsum(input: Operand, dim: int, *, dtype: Any = None) -> Tensor:
    """Running sums along one dimension: entry i is the sum of entries 0 to i.

    Args:
        input: a Tensor of any shape; integers and bools are summed as int64.
        dim: the dimension to run along.
        dtype: convert to this dtype first.

    Raises:
        ArgumentError: there is no such dimension.

    Example:
        >>> autograd.cumsum(autograd.tensor([1.0, 2.0, 3.0]), dim=0)
        tensor([1., 3., 6.])
    """
    input = as_handle(input, "cumsum")
    return CUMSUM.apply(cast(input, dtype), normalize_dim("cumsum", dim, input.ndim))


def cumprod(input: Operand, dim: int, *, dtype: Any = None) -> Tensor:
    """Running products along one dimension: entry i is the product of entries 0 to i.

    The gradient is right with any number of zeros among the factors, at every order.

    Args:
        input: a Tensor of any shape; integers and bools are multiplied as int64.
        dim: the dimension to run along.
        dtype: convert to this dtype first.

    Raises:
        ArgumentError: there is no such dimension.

    Example:
        >>> autograd.cumprod(autograd.tensor([1.0, 2.0, 3.0]), dim=0)
        tensor([1., 2., 6.])
    """
    input = as_handle(input, "cumprod")
    return CUMPROD.apply(cast(input, dtype), normalize_dim("cumprod", dim, input.ndim))


def logcumsumexp(input: Operand, dim: int) -> Tensor:
    """Logarithms of running sums of exponentials, without overflow: entry i is `log(sum_(j <= i) exp(x_j))`.

    Args:
        input: a floating Tensor of any shape.
        dim: the dimension to run along.

    Raises:
        ArgumentError: there is no such dimension.
        DtypeError: the dtype is not a floating one.

    Example:
        >>> autograd.logcumsumexp(autograd.tensor([1000.0, 1000.0]), dim=0)
        tensor([1000.0000, 1000.6932])
    """
    input = as_handle(input, "logcumsumexp")
    return LOGCUMSUMEXP.apply(input, normalize_dim("logcumsumexp", dim, input.ndim))


def cummax(input: Operand, dim: int) -> Running:
    """The largest number so far along one dimension, and where it is.

    Args:
        input: a Tensor of any shape.
        dim: the dimension to run along.

    Returns:
        `(values, indices)`; of several equal entries the last is indexed, and it gets all of the gradient.

    Raises:
        ArgumentError: there is no such dimension.

    Example:
        >>> autograd.cummax(autograd.tensor([1.0, 3.0, 2.0]), dim=0)
        Running(values=tensor([1., 3., 3.]), indices=tensor([0, 1, 1]))
    """
    input = as_handle(input, "cummax")
    return Running(*CUMMAX.apply(input, normalize_dim("cummax", dim, input.ndim)))


def cummin(input: Operand, dim: int) -> Running:
    """The smallest number so far along one dimension, and where it is.

    Args:
        input: a Tensor of any shape.
        dim: the dimension to run along.

    Returns:
        `(values, indices)`; of several equal entries the last is indexed, and it gets all of the gradient.

    Raises:
        ArgumentError: there is no such dimension.

    Example:
        >>> autograd.cummin(autograd.tensor([3.0, 1.0, 2.0]), dim=0)
        Running(values=tensor([3., 1., 1.]), indices=tensor([0, 1, 1]))
    """
    input = as_handle(input, "cummin")
    return Running(*CUMMIN.apply(input, normalize_dim("cummin", dim, input.ndim)))
