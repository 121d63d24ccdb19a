"""Sums, means, products and counts: functions that make one number of many."""

from __future__ import annotations

import builtins
import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import dtypes, graph, kernels
from ..composites import composite
from ..errors import ArgumentError, DtypeError, ShapeError
from ..primitive import Sample, as_handle, define, op
from .dims import normalize_dim, normalize_dims
from .families import in_float32, suits_kernel, values

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["all", "any", "count_nonzero", "logsumexp", "mean", "nanmean", "nansum", "prod", "sum"]

Operand = Any
Dims = int | Sequence[int] | None


# --- the pair that broadcasting rests on


def _sum_to(x: Any, shape: tuple[int, ...]) -> Any:
    extra = x.ndim - len(shape)
    stretched = tuple([i + extra for i, size in enumerate(shape) if size == 1 and x.shape[i + extra] != 1])
    return x.sum(axis=tuple(range(extra)) + stretched, dtype=x.dtype).reshape(shape)


def _expandable(name: str, x: Any, shape: tuple[int, ...]) -> None:
    pairs = zip(reversed(x.shape), reversed(shape), strict=False)
    fits = len(shape) >= x.ndim and builtins.all(a in (1, b) for a, b in pairs)
    if not fits:
        raise ShapeError(f"{name}: x {x.shape} does not broadcast to {shape}; only sizes of 1 can be stretched")


SUM_TO = define(
    "sum_to",
    forward=in_float32(_sum_to),
    inputs=("x",),
    attributes=("shape",),
    vjp={"x": lambda g, x_shape: op.expand(g, x_shape)},
    samples=lambda rng: [
        Sample((values(rng, a),), (b,)) for a, b in (((2, 3), (3,)), ((2, 3), (2, 1)), ((4, 2, 3), (1, 3)), ((3,), ()))
    ],
    formula="sum over what was broadcast",
)
EXPAND = define(
    "expand",
    forward=np.broadcast_to,
    inputs=("x",),
    attributes=("shape",),
    vjp={"x": lambda g, x_shape: op.sum_to(g, x_shape)},
    infer=lambda x, shape: _expandable("expand", x, shape),
    views=True,
    samples=lambda rng: [
        Sample((values(rng, a),), (b,)) for a, b in (((3,), (2, 3)), ((2, 1), (2, 3)), ((1, 3), (4, 2, 3)), ((), (3,)))
    ],
    error_samples=lambda rng: [Sample((values(rng, (2, 3)),), ((2, 4),), ShapeError, "does not broadcast")],
    formula="x repeated along sizes of 1",
)
TO_DTYPE = define(
    "to_dtype",
    forward=lambda x, dtype: x.astype(dtype),
    inputs=("x",),
    attributes=("dtype",),
    vjp={"x": lambda g: g},
    samples=lambda rng: [Sample((values(rng, (2, 3)),), (np.dtype(np.float64),))],
    label="to",
    formula="x as another dtype",
)


def _conform(gradient: Any, shape: tuple[int, ...], dtype: Any, node: Any) -> Any:
    """Bring a gradient to the shape and dtype of what it belongs to."""
    if gradient.shape != shape:
        if node is not None and not node.plan.op.broadcasts:
            name = node.plan.op.name
            raise ShapeError(
                f"{name}: its rule gave a gradient {gradient.shape} for an input {shape}; make the rule give the "
                f"input's shape, or define {name} with broadcasts=True if its inputs broadcast"
            )
        gradient = op.sum_to(gradient, shape)
    return gradient if gradient.dtype == dtype else op.to_dtype(gradient, dtype)


graph.services.conform = _conform


# --- reductions over some dimensions


def restore(g: Any, x_shape: tuple[int, ...], dims: tuple[int, ...], keepdim: bool) -> Any:
    """Spread what a reduction over `dims` gave over the shape it came from."""
    if not keepdim:
        g = op.reshape(g, tuple([1 if i in dims else size for i, size in enumerate(x_shape)]))
    return op.expand(g, x_shape)


def count(x_shape: tuple[int, ...], dims: tuple[int, ...]) -> int:
    """How many numbers a reduction over `dims` makes one of."""
    return math.prod(x_shape[d] for d in dims)


def _share(x_shape: tuple[int, ...], dims: tuple[int, ...]) -> float:
    """1 / n, as a number: n itself may be too large for float16."""
    n = count(x_shape, dims)
    return 1 / n if n else math.inf


def unless_zero(g: Any, out: Any) -> Any:
    """`g / out`, and 0 where out is 0; the division there is by 1, so that no order of derivative meets 0 / 0."""
    zero = op.eq(out, 0)
    return op.where(zero, 0.0, op.div(g, op.where(zero, 1, out)))


# Up to so many numbers, adding up all of them is not worth a kernel that may have to be compiled first.
_WHOLE = 1 << 16

_add_up: Any = np.add.reduce  # NumPy's types know no flag that is not known in advance


def _sum(x: Any, dims: tuple[int, ...], keepdim: bool) -> Any:
    whole = len(dims) == x.ndim
    if suits_kernel(x) and (x.size > _WHOLE if whole else dims and min(dims) == x.ndim - len(dims)):
        return _trailing_sum(x, len(dims), keepdim)
    # As x.sum, which takes its arguments apart first.
    dtype = x.dtype if x.dtype.kind == "f" else dtypes.int64
    return _add_up(x, axis=dims, dtype=dtype, keepdims=keepdim)


def _trailing_sum(x: Any, summed: int, keepdim: bool) -> Any:
    """The sum over the last dimensions, whose numbers lie side by side."""
    kept = x.shape[: x.ndim - summed]
    total = kernels.sums.row_sums(x.reshape(math.prod(kept), -1))
    return total.reshape(kept + (1,) * summed if keepdim else kept)


def _mean(x: Any, dims: tuple[int, ...], keepdim: bool) -> Any:
    total = _sum(x, dims, keepdim)
    n = count(x.shape, dims)
    if not n:
        return total * x.dtype.type(np.nan)
    return total / x.dtype.type(n)


def reduction_samples(*rest: Any) -> Callable[[np.random.Generator], list[Sample]]:
    """Calls over all, one and two dimensions, with and without keepdim; `rest` are attributes between them."""

    def samples(rng: np.random.Generator) -> list[Sample]:
        cases: list[tuple[tuple[int, ...], tuple[int, ...]]] = [
            ((), ()),
            ((3,), (0,)),
            ((2, 3), (1,)),
            ((2, 3, 2), (0, 2)),
            ((2, 3), (0, 1)),
        ]
        return [Sample((values(rng, s),), (d, *rest, k)) for s, d in cases for k in (False, True)]

    return samples


SUM = define(
    "sum",
    forward=in_float32(_sum),
    inputs=("x",),
    attributes=("dims", "keepdim"),
    vjp={"x": lambda g, x_shape, dims, keepdim: restore(g, x_shape, dims, keepdim)},
    samples=reduction_samples(),
    label="Σ",
    formula="sum_i x_i",
)
MEAN = define(
    "mean",
    forward=in_float32(_mean),
    inputs=("x",),
    attributes=("dims", "keepdim"),
    vjp={"x": lambda g, x_shape, dims, keepdim: restore(g * _share(x_shape, dims), x_shape, dims, keepdim)},
    samples=reduction_samples(),
    formula="sum_i x_i / n",
)


def _logsumexp(x: Any, dims: tuple[int, ...], keepdim: bool) -> Any:
    if x.size == 0:
        with np.errstate(divide="ignore"):
            return np.log(np.sum(x, axis=dims, keepdims=keepdim))
    top = np.max(x, axis=dims, keepdims=True)
    top = np.where(np.isfinite(top), top, 0)
    with np.errstate(divide="ignore"):
        out = np.log(np.sum(np.exp(x - top), axis=dims, keepdims=True)) + top
    return out if keepdim else np.squeeze(out, axis=dims)


def _logsumexp_rule(g: Any, x: Any, dims: tuple[int, ...], keepdim: bool) -> Any:
    """The softmax, from differences to the largest number: `exp(x - out)` would carry the rounding of a large out."""
    g = restore(g, x.shape, dims, keepdim)
    if 0 in x.shape:
        return g * x
    top = op.amax(x, dims, True)
    e = op.exp(x - op.where(op.isfinite(top), top, 0))
    total = op.sum(e, dims, True)
    return g * e / op.where(op.eq(total, 0), 1, total)


LOGSUMEXP = define(
    "logsumexp",
    forward=in_float32(_logsumexp),
    inputs=("x",),
    attributes=("dims", "keepdim"),
    vjp={"x": _logsumexp_rule},
    promotes="float",
    samples=reduction_samples(),
    formula="ln sum_i e^x_i",
)


def _truth(ufunc: Any) -> Callable[..., Any]:
    """Whether some or all are not 0: bool, and uint8 of uint8 as in PyTorch."""

    def forward(x: Any, dims: tuple[int, ...], keepdim: bool) -> Any:
        out = ufunc(x, axis=dims, keepdims=keepdim)
        return out.astype(dtypes.uint8) if x.dtype == dtypes.uint8 else out

    return forward


def _truth_samples(rng: np.random.Generator) -> list[Sample]:
    return [Sample((rng.integers(0, 2, (2, 3)),), (d, k)) for d in ((0,), (0, 1), ()) for k in (False, True)]


ANY = define(
    "any",
    forward=_truth(np.any),
    inputs=("x",),
    attributes=("dims", "keepdim"),
    samples=_truth_samples,
    formula="x_1 or x_2 or ...",
)
ALL = define(
    "all",
    forward=_truth(np.all),
    inputs=("x",),
    attributes=("dims", "keepdim"),
    samples=_truth_samples,
    formula="x_1 and x_2 and ...",
)
COUNT_NONZERO = define(
    "count_nonzero",
    forward=lambda x, dims: np.asarray(np.count_nonzero(x, axis=dims), dtype=dtypes.int64),
    inputs=("x",),
    attributes=("dims",),
    samples=lambda rng: [Sample((rng.integers(0, 2, (2, 3)),), (d,)) for d in ((0,), (0, 1))],
    formula="how many x_i are not 0",
)


# --- the public functions


def require_floating(name: str, input: Any) -> None:
    """Raise unless `input` is floating."""
    if input.dtype.kind != "f":
        raise DtypeError(f"{name}: x is {input.dtype}, and the result would not be whole; use x.float()")


def cast(input: Any, dtype: Any) -> Any:
    """`input` in the dtype that a user asked for, if one is."""
    return input if dtype is None else TO_DTYPE.apply(input, dtypes.as_dtype(dtype))


def sum(input: Operand, dim: Dims = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """Add up, over all dimensions or the given ones.

    Args:
        input: a Tensor of any shape; integers and bools are summed as int64, float16 in float32.
        dim: a dimension, several, or None for all.
        keepdim: keep the summed dimensions with size 1.
        dtype: convert to this dtype first.

    Raises:
        ArgumentError: there is no such dimension.

    Example:
        >>> autograd.sum(autograd.tensor([[1.0, 2.0], [3.0, 4.0]]), dim=0)
        tensor([4., 6.])
    """
    input = as_handle(input, "sum")
    input = cast(input, dtype)
    return SUM.apply(input, normalize_dims("sum", dim, input.ndim), keepdim)


def mean(input: Operand, dim: Dims = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """Average, over all dimensions or the given ones: `sum(x) / n`.

    Args:
        input: a floating Tensor of any shape.
        dim: a dimension, several, or None for all.
        keepdim: keep the averaged dimensions with size 1.
        dtype: convert to this dtype first.

    Raises:
        ArgumentError: there is no such dimension.
        DtypeError: the dtype is not a floating one.

    Example:
        >>> autograd.mean(autograd.tensor([[1.0, 2.0], [3.0, 4.0]]), dim=0)
        tensor([2., 3.])
    """
    input = as_handle(input, "mean")
    input = cast(input, dtype)
    require_floating("mean", input)
    return MEAN.apply(input, normalize_dims("mean", dim, input.ndim), keepdim)


def _prod_reference(x: Any, dim: int | None = None, keepdim: bool = False) -> Any:
    return np.prod(x, axis=dim, keepdims=keepdim)


@composite(
    formula="x_1 x_2 ... x_n",
    samples=lambda rng: [
        Sample((values(rng, (5,)),)),
        Sample((values(rng, (2, 3)),), (1,)),
        Sample((values(rng, (2, 3)) * np.array([[1, 0, 1], [0, 1, 0]]),), (-1, True)),
        Sample((values(rng, ()),)),
        Sample((values(rng, (0, 2)),), (0,)),
    ],
    reference=_prod_reference,
    error_samples=lambda rng: [Sample((values(rng, (2, 3)),), (2,), ArgumentError, "prod: dim is 2")],
)
def prod(input: Operand, dim: int | None = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """Multiply together, over all dimensions or one.

    The factors are multiplied in pairs, the products in pairs again, and so on: nothing is ever divided by a factor,
    so gradients of every order are right with any number of zeros among the factors.

    Args:
        input: a Tensor of any shape; integers and bools are multiplied as int64.
        dim: a dimension, or None for all.
        keepdim: keep the multiplied dimension with size 1.
        dtype: convert to this dtype first.

    Example:
        >>> autograd.prod(autograd.tensor([2.0, 3.0, 4.0]))
        tensor(24.)
    """
    input = as_handle(input, "prod")
    x = cast(input, dtype)
    if x.dtype.kind != "f" and x.dtype != dtypes.int64:
        x = TO_DTYPE.apply(x, dtypes.int64)
    if dim is None:
        kept: tuple[int, ...] = (1,) * x.ndim if keepdim else ()
        x, axis = x.reshape(-1), 0
    else:
        axis = normalize_dim("prod", dim, x.ndim)
        if x.ndim == 0:
            return x.clone()
        kept = tuple([1 if i == axis else size for i, size in enumerate(x.shape) if keepdim or i != axis])
    x = op.permute.apply(x, (axis, *(i for i in range(x.ndim) if i != axis)))
    if x.shape[0] == 0:
        return (x.sum(0) + 1).reshape(kept)
    while (n := x.shape[0]) > 1:
        half = n // 2
        pairs = x[:half] * x[half : 2 * half]
        x = op.cat.apply((pairs, x[2 * half :]), 0) if n % 2 else pairs
    return x.reshape(kept)


def logsumexp(input: Operand, dim: Dims, keepdim: bool = False) -> Tensor:
    """The logarithm of the sum of exponentials, without overflow: `log(sum(exp(x)))`.

    Args:
        input: a Tensor of any shape.
        dim: a dimension, or several.
        keepdim: keep the reduced dimensions with size 1.

    Example:
        >>> autograd.logsumexp(autograd.tensor([1000.0, 1000.0]), dim=0)
        tensor(1000.6932)
    """
    input = as_handle(input, "logsumexp")
    return LOGSUMEXP.apply(input, normalize_dims("logsumexp", dim, input.ndim), keepdim)


def _some_dims(name: str, dim: Dims, ndim: int) -> tuple[int, ...]:
    """`dim` of `any` and `all`, for which, unlike for sums, () means no dimension."""
    return () if isinstance(dim, (tuple, list)) and not dim else normalize_dims(name, dim, ndim)


def any(input: Operand, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """Tell whether at least one number is nonzero, over all dimensions or the given ones.

    Example:
        >>> autograd.any(autograd.tensor([0.0, 2.0]))
        tensor(True)
    """
    input = as_handle(input, "any")
    return ANY.apply(input, _some_dims("any", dim, input.ndim), keepdim)


def all(input: Operand, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """Tell whether every number is nonzero, over all dimensions or the given ones.

    Example:
        >>> autograd.all(autograd.tensor([0.0, 2.0]))
        tensor(False)
    """
    input = as_handle(input, "all")
    return ALL.apply(input, _some_dims("all", dim, input.ndim), keepdim)


def _nan_samples(rng: np.random.Generator) -> list[Sample]:
    # Without nan, at which no finite difference can be taken; tests/autograd/ops/test_extremes.py has them.
    x = values(rng, (2, 3))
    return [Sample((x,)), Sample((x,), (1,)), Sample((x,), ((0,), True))]


def _without_nan(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda x, dim=None, keepdim=False: function(x, axis=dim, keepdims=keepdim)


@composite(
    formula="sum of the x_i that are not nan",
    samples=_nan_samples,
    reference=_without_nan(np.nansum),
    error_samples=lambda rng: [Sample((values(rng, (2, 3)),), (2,), ArgumentError, "nansum: dim is 2")],
)
def nansum(input: Operand, dim: Dims = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """Add up what is not nan, over all dimensions or the given ones. The gradient at nan is 0.

    Args:
        input: a Tensor of any shape; integers and bools are summed as int64, float16 in float32.
        dim: a dimension, several, or None for all.
        keepdim: keep the summed dimensions with size 1.
        dtype: convert to this dtype first.

    Raises:
        ArgumentError: there is no such dimension.

    Example:
        >>> autograd.nansum(autograd.tensor([1.0, float("nan"), 2.0]))
        tensor(3.)
    """
    input = cast(as_handle(input, "nansum"), dtype)
    dims = normalize_dims("nansum", dim, input.ndim)
    if input.dtype.kind == "f":
        input = op.where.apply(op.isnan.apply(input), 0.0, input)
    return SUM.apply(input, dims, keepdim)


@composite(
    formula="mean of the x_i that are not nan",
    samples=_nan_samples,
    reference=_without_nan(np.nanmean),
    error_samples=lambda rng: [Sample((np.arange(3),), (), DtypeError, "nanmean: x is int64")],
)
def nanmean(input: Operand, dim: Dims = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """Average what is not nan, over all dimensions or the given ones; nan where there is nothing else.

    Args:
        input: a floating Tensor of any shape.
        dim: a dimension, several, or None for all.
        keepdim: keep the averaged dimensions with size 1.
        dtype: convert to this dtype first.

    Raises:
        ArgumentError: there is no such dimension.
        DtypeError: the dtype is not a floating one.

    Example:
        >>> autograd.nanmean(autograd.tensor([1.0, float("nan"), 2.0]))
        tensor(1.5000)
    """
    input = cast(as_handle(input, "nanmean"), dtype)
    require_floating("nanmean", input)
    dims = normalize_dims("nanmean", dim, input.ndim)
    missing = op.isnan.apply(input)
    found = SUM.apply(op.logical_not.apply(missing), dims, keepdim)
    total = SUM.apply(op.where.apply(missing, 0.0, input), dims, keepdim)
    return total / TO_DTYPE.apply(found, input.dtype)


def count_nonzero(input: Operand, dim: Dims = None) -> Tensor:
    """Count what is not 0, over all dimensions or the given ones.

    Args:
        input: a Tensor of any shape and dtype; nan is not 0.
        dim: a dimension, several, or None for all.

    Returns:
        int64.

    Raises:
        ArgumentError: there is no such dimension.

    Example:
        >>> autograd.count_nonzero(autograd.tensor([[0.0, 2.0], [3.0, 4.0]]), dim=1)
        tensor([1, 2])
    """
    input = as_handle(input, "count_nonzero")
    return COUNT_NONZERO.apply(input, normalize_dims("count_nonzero", dim, input.ndim))
