"""Reductions of the numbers where a mask holds. (`autograd.masked`)

Each is the plain operation on the input with the masked-out numbers replaced by what changes nothing: 0 for sums, 1 for
products, -inf for maxima, nan for a median that skips nan.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import dtypes
from ..composites import composite
from ..errors import ArgumentError, ShapeError
from ..primitive import Sample, as_handle, op
from . import extreme, reduce, sorting
from .dims import normalize_dim, normalize_dims
from .extreme import distinct
from .norms import vector_norm
from .reduce import cast, require_floating

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = [
    "amax",
    "amin",
    "argmax",
    "argmin",
    "logsumexp",
    "mean",
    "median",
    "norm",
    "prod",
    "std",
    "sum",
    "var",
]

Operand = Any
Dims = int | Sequence[int] | None


def _mask(name: str, input: Any, mask: Any) -> Any:
    """The mask as bools that broadcast to the input."""
    mask = as_handle(mask, name)
    pairs = zip(reversed(mask.shape), reversed(input.shape), strict=False)
    if mask.ndim > input.ndim or not all(a in (1, b) for a, b in pairs):
        raise ShapeError(f"{name}: mask {mask.shape} does not broadcast to input {input.shape}")
    return mask if mask.dtype == dtypes.bool_ else op.ne.apply(mask, 0)


def filled(name: str, input: Any, mask: Any, fill: float) -> Any:
    """The input with `fill` where the mask does not hold; an infinite fill is an integer dtype's limit."""
    input = as_handle(input, name)
    if mask is None:
        return input
    if input.dtype.kind in "iu" and math.isinf(fill):
        limits = np.iinfo(input.dtype)
        fill = limits.min if fill < 0 else limits.max
    return op.where.apply(_mask(name, input, mask), input, fill)


def _counted(name: str, input: Any, mask: Any, dims: tuple[int, ...], keepdim: bool) -> Any:
    """How many numbers are left over `dims`."""
    held = op.expand.apply(np.asarray(True) if mask is None else _mask(name, input, mask), tuple(input.shape))
    return op.sum.apply(held, dims, keepdim)


# --- samples and plain references


def masked_samples(*before: Any, first: Sequence[int] = (0,), several: bool = True) -> Callable[..., list[Sample]]:
    """Calls with and without masks; at least one number is left in each row and column."""

    def samples(rng: np.random.Generator) -> list[Sample]:
        mask = np.array([[True, True, False], [False, True, True]])
        x = distinct(rng, (2, 3)) + 0.07
        calls = [
            Sample((x,), (*before, 1), keywords={"mask": mask}),
            Sample((x,), (*before, -1), keywords={"mask": np.array([True, False, True])}),
            Sample((x,), (*before, 0)),
        ]
        if several:
            calls.append(Sample((x,), before, keywords={"mask": mask, "keepdim": True}))
            calls.append(Sample((x,), (*before, (0, 1)), keywords={"mask": mask[:, :1]}))
        return calls

    return samples


def wrong_masks(name: str, *before: Any) -> Callable[..., list[Sample]]:
    def samples(rng: np.random.Generator) -> list[Sample]:
        x = distinct(rng, (2, 3))
        return [
            Sample((x,), (*before, 0), ShapeError, f"{name}: mask", {"mask": np.array([True, False])}),
            Sample((x,), (*before, 2), ArgumentError, f"{name}: dim", {"mask": np.array(True)}),
        ]

    return samples


def on_filled(function: Callable[..., Any], fill: float) -> Callable[..., Any]:
    """A reference: NumPy's function of the input with `fill` where the mask does not hold."""

    def reference(x: Any, dim: Any = None, *, mask: Any = True, **keywords: Any) -> Any:
        if "keepdim" in keywords:
            keywords["keepdims"] = keywords.pop("keepdim")
        return function(np.where(mask, x, fill), axis=dim, **keywords)

    return reference


def log_sum(x: Any, axis: Any, keepdims: bool = True) -> Any:
    """For the references: `ln sum e^x`."""
    return np.log(np.sum(np.exp(x), axis=axis, keepdims=keepdims))


# --- the public functions


@composite(
    name="masked.sum",
    formula="sum of x_i where the mask holds",
    samples=masked_samples(),
    reference=on_filled(np.sum, 0),
    error_samples=wrong_masks("sum"),
)
def sum(
    input: Operand, dim: Dims = None, *, keepdim: bool = False, dtype: Any = None, mask: Operand | None = None
) -> Tensor:
    """Add up the numbers where the mask holds: 0 where it holds nowhere.

    Args:
        input: a Tensor of any shape.
        dim: a dimension, several, or None for all.
        keepdim: keep the reduced dimensions with size 1.
        dtype: convert to this dtype first.
        mask: bools that broadcast to the input's shape, True where a number counts; every number counts without it.

    Raises:
        ArgumentError: there is no such dimension.
        ShapeError: the mask does not broadcast to the input's shape.

    Example:
        >>> x, mask = autograd.tensor([1.0, 5.0, 3.0]), autograd.tensor([True, False, True])
        >>> autograd.masked.sum(x, mask=mask)
        tensor(4.)
    """
    x = filled("sum", input, mask, 0)
    return reduce.sum(x, normalize_dims("sum", dim, x.ndim) or None, keepdim, dtype=dtype)


@composite(
    name="masked.prod",
    formula="product of x_i where the mask holds",
    samples=masked_samples(),
    reference=on_filled(np.prod, 1),
    error_samples=wrong_masks("prod"),
)
def prod(
    input: Operand, dim: Dims = None, *, keepdim: bool = False, dtype: Any = None, mask: Operand | None = None
) -> Tensor:
    """Multiply the numbers where the mask holds: 1 where it holds nowhere.

    Args:
        input: a Tensor of any shape.
        dim: a dimension, several, or None for all.
        keepdim: keep the reduced dimensions with size 1.
        dtype: convert to this dtype first.
        mask: bools that broadcast to the input's shape, True where a number counts; every number counts without it.

    Raises:
        ArgumentError: there is no such dimension.
        ShapeError: the mask does not broadcast to the input's shape.

    Example:
        >>> x, mask = autograd.tensor([1.0, 5.0, 3.0]), autograd.tensor([True, False, True])
        >>> autograd.masked.prod(x, mask=mask)
        tensor(3.)
    """
    x = cast(filled("prod", input, mask, 1), dtype)
    dims = normalize_dims("prod", dim, x.ndim)
    if not dims:
        return reduce.prod(x, None)
    for d in sorted(dims, reverse=True):
        x = reduce.prod(x, d, keepdim)
    return x


@composite(
    name="masked.amax",
    formula="max of x_i where the mask holds",
    samples=masked_samples(),
    reference=on_filled(np.max, -np.inf),
    error_samples=wrong_masks("amax"),
)
def amax(
    input: Operand, dim: Dims = None, *, keepdim: bool = False, dtype: Any = None, mask: Operand | None = None
) -> Tensor:
    """The largest number where the mask holds: -inf where it holds nowhere. Ties share the gradient.

    Args:
        input: a Tensor of any shape.
        dim: a dimension, several, or None for all.
        keepdim: keep the reduced dimensions with size 1.
        dtype: convert the result to this dtype; that of the input, unless given.
        mask: bools that broadcast to the input's shape, True where a number counts; every number counts without it.

    Raises:
        ArgumentError: there is no such dimension.
        ShapeError: the mask does not broadcast to the input's shape.
            Or there is no number to choose from.

    Example:
        >>> x, mask = autograd.tensor([1.0, 5.0, 3.0]), autograd.tensor([True, False, True])
        >>> autograd.masked.amax(x, mask=mask)
        tensor(3.)
    """
    x = filled("amax", input, mask, -math.inf)
    return cast(extreme.amax(x, normalize_dims("amax", dim, x.ndim), keepdim), dtype or as_handle(input, "amax").dtype)


@composite(
    name="masked.amin",
    formula="min of x_i where the mask holds",
    samples=masked_samples(),
    reference=on_filled(np.min, np.inf),
    error_samples=wrong_masks("amin"),
)
def amin(
    input: Operand, dim: Dims = None, *, keepdim: bool = False, dtype: Any = None, mask: Operand | None = None
) -> Tensor:
    """The smallest number where the mask holds: inf where it holds nowhere. Ties share the gradient.

    Args:
        input: a Tensor of any shape.
        dim: a dimension, several, or None for all.
        keepdim: keep the reduced dimensions with size 1.
        dtype: convert the result to this dtype; that of the input, unless given.
        mask: bools that broadcast to the input's shape, True where a number counts; every number counts without it.

    Raises:
        ArgumentError: there is no such dimension.
        ShapeError: the mask does not broadcast to the input's shape.
            Or there is no number to choose from.

    Example:
        >>> x, mask = autograd.tensor([1.0, 5.0, 3.0]), autograd.tensor([True, False, True])
        >>> autograd.masked.amin(x, mask=mask)
        tensor(1.)
    """
    x = filled("amin", input, mask, math.inf)
    return cast(extreme.amin(x, normalize_dims("amin", dim, x.ndim), keepdim), dtype or as_handle(input, "amin").dtype)


@composite(
    name="masked.argmax",
    formula="argmax of x_i where the mask holds",
    samples=masked_samples(several=False),
    reference=on_filled(np.argmax, -np.inf),
    error_samples=wrong_masks("argmax"),
    differentiable=False,
)
def argmax(
    input: Operand, dim: int | None = None, *, keepdim: bool = False, dtype: Any = None, mask: Operand | None = None
) -> Tensor:
    """The position of the largest number where the mask holds, in PyTorch's dtype for it: that of the input.

    Args:
        input: a Tensor of any shape.
        dim: a dimension, or None for the flattened tensor.
        keepdim: keep the reduced dimensions with size 1.
        dtype: convert the result to this dtype; that of the input, unless given.
        mask: bools that broadcast to the input's shape, True where a number counts; every number counts without it.

    Raises:
        ArgumentError: there is no such dimension.
        ShapeError: the mask does not broadcast to the input's shape.

    Example:
        >>> x, mask = autograd.tensor([1.0, 5.0, 3.0]), autograd.tensor([True, False, True])
        >>> autograd.masked.argmax(x, mask=mask)
        tensor(2.)
    """
    x = filled("argmax", input, mask, -math.inf)
    return cast(extreme.argmax(x, dim, keepdim), dtype or as_handle(input, "argmax").dtype)


@composite(
    name="masked.argmin",
    formula="argmin of x_i where the mask holds",
    samples=masked_samples(several=False),
    reference=on_filled(np.argmin, np.inf),
    error_samples=wrong_masks("argmin"),
    differentiable=False,
)
def argmin(
    input: Operand, dim: int | None = None, *, keepdim: bool = False, dtype: Any = None, mask: Operand | None = None
) -> Tensor:
    """The position of the smallest number where the mask holds, in PyTorch's dtype for it: that of the input.

    Args:
        input: a Tensor of any shape.
        dim: a dimension, or None for the flattened tensor.
        keepdim: keep the reduced dimensions with size 1.
        dtype: convert the result to this dtype; that of the input, unless given.
        mask: bools that broadcast to the input's shape, True where a number counts; every number counts without it.

    Raises:
        ArgumentError: there is no such dimension.
        ShapeError: the mask does not broadcast to the input's shape.

    Example:
        >>> x, mask = autograd.tensor([1.0, 5.0, 3.0]), autograd.tensor([True, False, True])
        >>> autograd.masked.argmin(x, mask=mask)
        tensor(0.)
    """
    x = filled("argmin", input, mask, math.inf)
    return cast(extreme.argmin(x, dim, keepdim), dtype or as_handle(input, "argmin").dtype)


@composite(
    name="masked.mean",
    formula="sum of x_i / n where the mask holds",
    samples=masked_samples(),
    reference=lambda x, dim=None, keepdim=False, mask=True: np.mean(
        x, axis=dim, keepdims=keepdim, where=np.broadcast_to(mask, x.shape)
    ),
    error_samples=wrong_masks("mean"),
)
def mean(
    input: Operand, dim: Dims = None, *, keepdim: bool = False, dtype: Any = None, mask: Operand | None = None
) -> Tensor:
    """Average the numbers where the mask holds: nan where it holds nowhere.

    Args:
        input: a floating Tensor of any shape.
        dim: a dimension, several, or None for all.
        keepdim: keep the reduced dimensions with size 1.
        dtype: convert to this dtype first.
        mask: bools that broadcast to the input's shape, True where a number counts; every number counts without it.

    Raises:
        ArgumentError: there is no such dimension.
        ShapeError: the mask does not broadcast to the input's shape.
        DtypeError: the dtype is not a floating one.

    Example:
        >>> x, mask = autograd.tensor([1.0, 5.0, 3.0]), autograd.tensor([True, False, True])
        >>> autograd.masked.mean(x, mask=mask)
        tensor(2.)
    """
    x = cast(as_handle(input, "mean"), dtype)
    require_floating("mean", x)
    dims = normalize_dims("mean", dim, x.ndim)
    total = op.sum.apply(filled("mean", x, mask, 0), dims, keepdim)
    return total / cast(_counted("mean", x, mask, dims, keepdim), x.dtype)


@composite(
    name="masked.logsumexp",
    formula="ln sum of e^x_i where the mask holds",
    samples=masked_samples(),
    reference=lambda x, dim=None, keepdim=False, mask=True: log_sum(np.where(mask, x, -np.inf), dim, keepdim),
    error_samples=wrong_masks("logsumexp"),
)
def logsumexp(
    input: Operand, dim: Dims = None, *, keepdim: bool = False, dtype: Any = None, mask: Operand | None = None
) -> Tensor:
    """The logarithm of the sum of exponentials where the mask holds, without overflow: -inf where it holds nowhere.

    Args:
        input: a Tensor of any shape.
        dim: a dimension, several, or None for all.
        keepdim: keep the reduced dimensions with size 1.
        dtype: convert the result to this dtype; that of the input, unless given.
        mask: bools that broadcast to the input's shape, True where a number counts; every number counts without it.

    Raises:
        ArgumentError: there is no such dimension.
        ShapeError: the mask does not broadcast to the input's shape.

    Example:
        >>> x, mask = autograd.tensor([1.0, 5.0, 3.0]), autograd.tensor([True, False, True])
        >>> autograd.masked.logsumexp(x, mask=mask)
        tensor(3.1269)
    """
    x = filled("logsumexp", input, mask, -math.inf)
    out = op.logsumexp.apply(x, normalize_dims("logsumexp", dim, x.ndim), keepdim)
    return cast(out, dtype or as_handle(input, "logsumexp").dtype)


@composite(
    name="masked.median",
    formula="the middle x_i where the mask holds",
    samples=masked_samples(several=False),
    reference=lambda x, dim, mask=True: np.nanquantile(np.where(mask, x, np.nan), 0.5, axis=dim, method="lower"),
    error_samples=wrong_masks("median"),
)
def median(
    input: Operand, dim: int = -1, *, keepdim: bool = False, dtype: Any = None, mask: Operand | None = None
) -> Tensor:
    """The middle number along one dimension where the mask holds, of two the lower: nan where it holds nowhere.

    Args:
        input: a floating Tensor of any shape.
        dim: a dimension.
        keepdim: keep the reduced dimension with size 1.
        dtype: accepted for PyTorch's sake; the result has the input's dtype.
        mask: bools that broadcast to the input's shape, True where a number counts; every number counts without it.

    Raises:
        ArgumentError: there is no such dimension.
        ShapeError: the mask does not broadcast to the input's shape.
        DtypeError: the dtype is not a floating one.

    Example:
        >>> x, mask = autograd.tensor([1.0, 5.0, 3.0]), autograd.tensor([True, False, True])
        >>> autograd.masked.median(x, mask=mask)
        tensor(1.)
    """
    x = as_handle(input, "median")
    require_floating("median", x)
    return sorting.NANMEDIAN.apply(filled("median", x, mask, math.nan), normalize_dim("median", dim, x.ndim), keepdim)[
        0
    ]


def plain_norm(x: Any, ord: float, dim: Any = None, keepdim: bool = False, mask: Any = True) -> Any:
    """For the references: the norm of what the mask leaves."""
    size = np.where(mask, np.abs(x), np.inf if ord < 0 else 0.0)
    if math.isinf(ord):
        return (np.max if ord > 0 else np.min)(size, axis=dim, keepdims=keepdim)
    return np.sum(size**ord, axis=dim, keepdims=keepdim) ** (1 / ord)


@composite(
    name="masked.norm",
    formula="(sum of |x_i|^p where the mask holds)^(1/p)",
    samples=lambda rng: [*masked_samples(2.0)(rng), *masked_samples(1)(rng), *masked_samples(-math.inf)(rng)],
    reference=plain_norm,
    error_samples=wrong_masks("norm", 2.0),
)
def norm(
    input: Operand,
    ord: float = 2.0,
    dim: Dims = None,
    *,
    keepdim: bool = False,
    dtype: Any = None,
    mask: Operand | None = None,
) -> Tensor:
    """The vector norm of the numbers where the mask holds: `sum(|x| ** ord) ** (1 / ord)`.

    Args:
        input: a floating Tensor of any shape.
        ord: any number, or infinity.
        dim: a dimension, several, or None for all.
        keepdim: keep the reduced dimensions with size 1.
        dtype: convert to this dtype first.
        mask: bools that broadcast to the input's shape, True where a number counts; every number counts without it.

    Raises:
        ArgumentError: there is no such dimension.
        ShapeError: the mask does not broadcast to the input's shape.
        DtypeError: the dtype is not a floating one.

    Example:
        >>> x, mask = autograd.tensor([3.0, 5.0, 4.0]), autograd.tensor([True, False, True])
        >>> autograd.masked.norm(x, mask=mask)
        tensor(5.)
    """
    x = cast(filled("norm", input, mask, math.inf if ord == -math.inf else 0), dtype)
    require_floating("norm", x)
    return vector_norm("norm", x, ord, normalize_dims("norm", dim, x.ndim), keepdim)


def _moment(
    name: str, input: Any, dim: Any, unbiased: Any, correction: Any, keepdim: bool, dtype: Any, mask: Any
) -> Any:
    if unbiased is not None and correction is not None:
        raise ArgumentError(f"{name}: unbiased and correction are given both; correction=1 is what unbiased=True means")
    if correction is None:
        correction = 1.0 if unbiased is None else float(unbiased)
    x = cast(as_handle(input, name), dtype)
    x = x if x.dtype.kind == "f" else x.float()
    dims = normalize_dims(name, dim, x.ndim)
    found = cast(_counted(name, x, mask, dims, True), x.dtype)
    average = op.sum.apply(filled(name, x, mask, 0), dims, True) / found
    total = op.sum.apply(filled(name, (x - average) ** 2, mask, 0), dims, keepdim)
    left = found if keepdim else found.reshape(total.shape)
    return total / (left - float(correction)).clamp(min=0)


def _spread(function: Callable[..., Any]) -> Callable[..., Any]:
    def reference(x: Any, dim: Any = None, keepdim: bool = False, mask: Any = True, correction: float = 1) -> Any:
        return function(x, axis=dim, keepdims=keepdim, ddof=correction, where=np.broadcast_to(mask, x.shape))

    return reference


def _spread_samples(rng: np.random.Generator) -> list[Sample]:
    return [Sample(s.inputs, s.attributes, keywords={"correction": 0.5, **s.keywords}) for s in masked_samples()(rng)]


@composite(
    name="masked.var",
    formula="sum of (x_i - mean)^2 / (n - correction) where the mask holds",
    samples=_spread_samples,
    reference=_spread(np.var),
    error_samples=wrong_masks("var"),
)
def var(
    input: Operand,
    dim: Dims = None,
    unbiased: bool | None = None,
    *,
    correction: float | None = None,
    keepdim: bool = False,
    dtype: Any = None,
    mask: Operand | None = None,
) -> Tensor:
    """The variance of the numbers where the mask holds.

    Args:
        input: a Tensor of any shape.
        dim: a dimension, several, or None for all.
        unbiased: True for correction 1, False for 0.
        correction: 1, unless given; what is taken from the count of the numbers in the divisor.
        keepdim: keep the reduced dimensions with size 1.
        dtype: convert to this dtype first.
        mask: bools that broadcast to the input's shape, True where a number counts; every number counts without it.

    Raises:
        ArgumentError: there is no such dimension, or `unbiased` and `correction` are given both.
        ShapeError: the mask does not broadcast to the input's shape.

    Example:
        >>> x, mask = autograd.tensor([1.0, 5.0, 3.0]), autograd.tensor([True, False, True])
        >>> autograd.masked.var(x, mask=mask)
        tensor(2.)
    """
    return _moment("var", input, dim, unbiased, correction, keepdim, dtype, mask)


@composite(
    name="masked.std",
    formula="sqrt of sum of (x_i - mean)^2 / (n - correction) where the mask holds",
    samples=_spread_samples,
    reference=_spread(np.std),
    error_samples=wrong_masks("std"),
)
def std(
    input: Operand,
    dim: Dims = None,
    unbiased: bool | None = None,
    *,
    correction: float | None = None,
    keepdim: bool = False,
    dtype: Any = None,
    mask: Operand | None = None,
) -> Tensor:
    """The standard deviation of the numbers where the mask holds.

    Args:
        input: a Tensor of any shape.
        dim: a dimension, several, or None for all.
        unbiased: True for correction 1, False for 0.
        correction: 1, unless given; what is taken from the count of the numbers in the divisor.
        keepdim: keep the reduced dimensions with size 1.
        dtype: convert to this dtype first.
        mask: bools that broadcast to the input's shape, True where a number counts; every number counts without it.

    Raises:
        ArgumentError: there is no such dimension, or `unbiased` and `correction` are given both.
        ShapeError: the mask does not broadcast to the input's shape.

    Example:
        >>> x, mask = autograd.tensor([1.0, 5.0, 3.0]), autograd.tensor([True, False, True])
        >>> autograd.masked.std(x, mask=mask)
        tensor(1.4142)
    """
    return _moment("std", input, dim, unbiased, correction, keepdim, dtype, mask).sqrt()
