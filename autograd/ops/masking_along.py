"""Running sums, softmaxes and normalisation of the numbers where a mask holds. (`autograd.masked`)"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ..composites import composite
from ..errors import DtypeError, ShapeError
from ..primitive import Sample, as_handle, op
from . import cumulative, probability
from .dims import normalize_dim
from .extreme import distinct
from .masking import filled, log_sum, masked_samples, on_filled, plain_norm, wrong_masks
from .norms import vector_norm
from .reduce import cast, require_floating

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["cumprod", "cumsum", "log_softmax", "logaddexp", "normalize", "softmax", "softmin"]

Operand = Any


@composite(
    name="masked.cumsum",
    formula="sum of x_j for j <= i where the mask holds",
    samples=masked_samples(several=False),
    reference=on_filled(np.cumsum, 0),
    error_samples=wrong_masks("cumsum"),
)
def cumsum(input: Operand, dim: int, *, dtype: Any = None, mask: Operand | None = None) -> Tensor:
    """Running sums of the numbers where the mask holds, along one dimension.

    Args:
        input: a Tensor of any shape.
        dim: a dimension.
        dtype: convert to this dtype first.
        mask: bools that broadcast to the input's shape, True where a number counts; every number counts without it.

    Raises:
        ArgumentError: there is no such dimension.
        ShapeError: the mask does not broadcast to the input's shape.

    Example:
        >>> x, mask = autograd.tensor([1.0, 5.0, 3.0]), autograd.tensor([True, False, True])
        >>> autograd.masked.cumsum(x, 0, mask=mask)
        tensor([1., 1., 4.])
    """
    x = as_handle(input, "cumsum")
    return cumulative.cumsum(filled("cumsum", x, mask, 0), dim, dtype=dtype or x.dtype)


@composite(
    name="masked.cumprod",
    formula="product of x_j for j <= i where the mask holds",
    samples=masked_samples(several=False),
    reference=on_filled(np.cumprod, 1),
    error_samples=wrong_masks("cumprod"),
)
def cumprod(input: Operand, dim: int, *, dtype: Any = None, mask: Operand | None = None) -> Tensor:
    """Running products of the numbers where the mask holds, along one dimension.

    Args:
        input: a Tensor of any shape.
        dim: a dimension.
        dtype: convert to this dtype first.
        mask: bools that broadcast to the input's shape, True where a number counts; every number counts without it.

    Raises:
        ArgumentError: there is no such dimension.
        ShapeError: the mask does not broadcast to the input's shape.

    Example:
        >>> x, mask = autograd.tensor([1.0, 5.0, 3.0]), autograd.tensor([True, False, True])
        >>> autograd.masked.cumprod(x, 0, mask=mask)
        tensor([1., 1., 3.])
    """
    x = as_handle(input, "cumprod")
    return cumulative.cumprod(filled("cumprod", x, mask, 1), dim, dtype=dtype or x.dtype)


@composite(
    name="masked.softmax",
    formula="e^x_i / sum of e^x_j where the mask holds",
    samples=masked_samples(several=False),
    reference=on_filled(lambda x, axis: np.exp(x - log_sum(x, axis)), -np.inf),
    error_samples=wrong_masks("softmax"),
)
def softmax(input: Operand, dim: int, *, dtype: Any = None, mask: Operand | None = None) -> Tensor:
    """Probabilities from the scores where the mask holds, along one dimension: 0 elsewhere.

    Args:
        input: a Tensor of any shape.
        dim: a dimension.
        dtype: convert to this dtype first.
        mask: bools that broadcast to the input's shape, True where a number counts; every number counts without it.

    Raises:
        ArgumentError: there is no such dimension.
        ShapeError: the mask does not broadcast to the input's shape.

    Example:
        >>> x, mask = autograd.tensor([1.0, 5.0, 3.0]), autograd.tensor([True, False, True])
        >>> autograd.masked.softmax(x, 0, mask=mask)
        tensor([0.1192, 0.0000, 0.8808])
    """
    x = filled("softmax", input, mask, -math.inf)
    return probability.softmax(x, normalize_dim("softmax", dim, x.ndim), dtype=dtype)


@composite(
    name="masked.log_softmax",
    formula="x_i - ln sum of e^x_j where the mask holds",
    # Of all numbers: no finite difference can be taken of the -inf that stands for the others.
    samples=lambda rng: [Sample((distinct(rng, (2, 3)),), (d,), keywords={"mask": np.array(True)}) for d in (0, 1)],
    reference=on_filled(lambda x, axis: x - log_sum(x, axis), -np.inf),
    error_samples=wrong_masks("log_softmax"),
)
def log_softmax(input: Operand, dim: int, *, dtype: Any = None, mask: Operand | None = None) -> Tensor:
    """Logarithms of probabilities from the scores where the mask holds, along one dimension: -inf elsewhere.

    Args:
        input: a Tensor of any shape.
        dim: a dimension.
        dtype: convert to this dtype first.
        mask: bools that broadcast to the input's shape, True where a number counts; every number counts without it.

    Raises:
        ArgumentError: there is no such dimension.
        ShapeError: the mask does not broadcast to the input's shape.

    Example:
        >>> x, mask = autograd.tensor([1.0, 5.0, 3.0]), autograd.tensor([True, False, True])
        >>> autograd.masked.log_softmax(x, 0, mask=mask)
        tensor([-2.1269,    -inf, -0.1269])
    """
    x = filled("log_softmax", input, mask, -math.inf)
    return probability.log_softmax(x, normalize_dim("log_softmax", dim, x.ndim), dtype=dtype)


@composite(
    name="masked.softmin",
    formula="e^-x_i / sum of e^-x_j where the mask holds",
    samples=masked_samples(several=False),
    reference=on_filled(lambda x, axis: np.exp(-x - log_sum(-x, axis)), np.inf),
    error_samples=wrong_masks("softmin"),
)
def softmin(input: Operand, dim: int, *, dtype: Any = None, mask: Operand | None = None) -> Tensor:
    """Probabilities that favour small scores where the mask holds, along one dimension: 0 elsewhere.

    Args:
        input: a Tensor of any shape.
        dim: a dimension.
        dtype: convert to this dtype first.
        mask: bools that broadcast to the input's shape, True where a number counts; every number counts without it.

    Raises:
        ArgumentError: there is no such dimension.
        ShapeError: the mask does not broadcast to the input's shape.

    Example:
        >>> x, mask = autograd.tensor([1.0, 5.0, 3.0]), autograd.tensor([True, False, True])
        >>> autograd.masked.softmin(x, 0, mask=mask)
        tensor([0.8808, 0.0000, 0.1192])
    """
    x = filled("softmin", input, mask, math.inf)
    return probability.softmin(x, normalize_dim("softmin", dim, x.ndim), dtype=dtype)


@composite(
    name="masked.normalize",
    formula="x_i / max(norm, eps) where the mask holds, and 0 elsewhere",
    samples=lambda rng: [*masked_samples(2.0, several=False)(rng), *masked_samples(1, several=False)(rng)],
    reference=lambda x, ord, dim, mask=True: np.where(mask, x, 0) / plain_norm(x, ord, dim, True, mask),
    error_samples=wrong_masks("normalize", 2.0),
)
def normalize(
    input: Operand, ord: float, dim: int, *, eps: float = 1e-12, dtype: Any = None, mask: Operand | None = None
) -> Tensor:
    """Vectors along one dimension, of the numbers where the mask holds, divided by their norm: `x / max(norm, eps)`.

    Args:
        input: a floating Tensor of any shape.
        ord: which norm: any number, or infinity.
        dim: a dimension.
        eps: the least that is divided by.
        dtype: convert to this dtype first.
        mask: bools that broadcast to the input's shape, True where a number counts; every number counts without it.

    Raises:
        ArgumentError: there is no such dimension.
        ShapeError: the mask does not broadcast to the input's shape.
        DtypeError: the dtype is not a floating one.

    Example:
        >>> x, mask = autograd.tensor([3.0, 5.0, 4.0]), autograd.tensor([True, False, True])
        >>> autograd.masked.normalize(x, 2, 0, mask=mask)
        tensor([0.6000, 0.0000, 0.8000])
    """
    x = cast(as_handle(input, "normalize"), dtype)
    require_floating("normalize", x)
    dims = (normalize_dim("normalize", dim, x.ndim),) if x.ndim else ()
    held = filled("normalize", x, mask, math.inf if ord == -math.inf else 0)
    size = vector_norm("normalize", held, ord, dims, True)
    return filled("normalize", x, mask, 0) / op.maximum.apply(size, np.asarray(eps, dtype=x.dtype))


@composite(
    name="masked.logaddexp",
    formula="ln(e^x + e^y) where the masks hold",
    samples=lambda rng: [
        Sample((distinct(rng, (2, 3)), distinct(rng, (2, 3)))),
        Sample((distinct(rng, (2, 3)), distinct(rng, (2, 3))), keywords={"input_mask": np.array([True, False, True])}),
    ],
    reference=lambda x, y, input_mask=True: np.logaddexp(np.where(input_mask, x, -np.inf), y),
    error_samples=lambda rng: [
        Sample((np.ones(3), np.ones(3)), (), ShapeError, "logaddexp: mask", {"other_mask": np.array([True, False])}),
        Sample((np.arange(3), np.ones(3)), (), DtypeError, "logaddexp: x is int64"),
    ],
)
def logaddexp(
    input: Operand,
    other: Operand,
    *,
    dtype: Any = None,
    input_mask: Operand | None = None,
    other_mask: Operand | None = None,
) -> Tensor:
    """The logarithm of a sum of exponentials, elementwise, without overflow; what is masked out adds 0.

    Args:
        input: a floating Tensor.
        other: a floating Tensor that broadcasts with it.
        dtype: convert the result to this dtype; that of the input, unless given.
        input_mask: bools that broadcast to the input's shape, True where a number counts.
        other_mask: bools that broadcast to the other's shape.

    Raises:
        ShapeError: the shapes do not fit.
        DtypeError: a dtype is not a floating one.

    Example:
        >>> x, mask = autograd.tensor([0.0, 0.0]), autograd.tensor([True, False])
        >>> autograd.masked.logaddexp(x, x, input_mask=mask)
        tensor([0.6931, 0.0000])
    """
    x, y = as_handle(input, "logaddexp"), as_handle(other, "logaddexp")
    require_floating("logaddexp", x)
    require_floating("logaddexp", y)
    x_filled, y_filled = filled("logaddexp", x, input_mask, -math.inf), filled("logaddexp", y, other_mask, -math.inf)
    return cast(op.logaddexp.apply(x_filled, y_filled), dtype or x.dtype)
