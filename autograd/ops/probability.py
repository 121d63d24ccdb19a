"""Probabilities from scores along one dimension: softmax and its logarithm."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import dtypes, kernels
from ..composites import composite
from ..primitive import Sample, as_handle, define, op
from .dims import check_dim
from .families import in_float32, suits_kernel, values

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["log_softmax", "softmax", "softmin"]

Operand = Any


def _softmax(x: Any, dim: int) -> Any:
    e = np.exp(x - x.max(axis=dim, keepdims=True)) if x.size else x
    return e / e.sum(axis=dim, keepdims=True) if x.size else e


def _log_softmax(x: Any, dim: int) -> Any:
    if not x.size:
        return x
    shifted = x - x.max(axis=dim, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=dim, keepdims=True))


def _by_rows(name: str, plain: Callable[..., Any]) -> Callable[..., Any]:
    """The kernel of that name on many rows of the last dimension, and `plain` on all else.

    The arguments are arrays of one shape, and the dimension.
    """

    def run(*arguments: Any) -> Any:
        *arrays, dim = arguments
        shape = arrays[-1].shape
        if dim not in (-1, len(shape) - 1):
            return plain(*arguments)
        for array in arrays:
            if not suits_kernel(array) or array.shape != shape:
                return plain(*arguments)
        kernel = getattr(kernels.softmax, name)
        if len(shape) == 2:
            return kernel(*arrays)
        return kernel(*[array.reshape(-1, shape[-1]) for array in arrays]).reshape(shape)

    return run


def _softmax_rule(g: Any, out: Any, dim: int) -> Any:
    return out * (g - _sum_along(g * out, dim))


def _log_softmax_rule(g: Any, out: Any, dim: int) -> Any:
    return g - op.exp(out) * _sum_along(g, dim)


_softmax_backward = _by_rows("softmax_backward", _softmax_rule)
_log_softmax_backward = _by_rows("log_softmax_backward", _log_softmax_rule)


def _along_samples(rng: np.random.Generator) -> list[Sample]:
    cases: list[tuple[tuple[int, ...], int]] = [((3,), 0), ((2, 3), 1), ((2, 3), -2), ((2, 3, 2), 1), ((0, 2), 1)]
    cases.append(((), 0))
    return [Sample((values(rng, shape),), (dim,)) for shape, dim in cases]


def _sum_along(x: Any, dim: int) -> Any:
    return op.sum(x, (dim,) if x.ndim else (), True)


SOFTMAX = define(
    "softmax",
    forward=_by_rows("softmax", in_float32(lambda x, dim: _softmax(x, dim) if x.ndim else np.ones_like(x))),
    inputs=("x",),
    attributes=("dim",),
    vjp={"x": lambda g, out, dim: _softmax_backward(g, out, dim)},
    infer=check_dim("softmax"),
    promotes="float",
    samples=_along_samples,
    formula="e^x_i / sum_j e^x_j",
)
LOG_SOFTMAX = define(
    "log_softmax",
    forward=_by_rows("log_softmax", in_float32(lambda x, dim: _log_softmax(x, dim) if x.ndim else np.zeros_like(x))),
    inputs=("x",),
    attributes=("dim",),
    vjp={"x": lambda g, out, dim: _log_softmax_backward(g, out, dim)},
    infer=check_dim("log_softmax"),
    promotes="float",
    samples=_along_samples,
    formula="x_i - ln sum_j e^x_j",
)


# --- the public functions


def _cast(input: Operand, dtype: Any, name: str) -> Any:
    return input if dtype is None else op.to_dtype.apply(as_handle(input, name), dtypes.as_dtype(dtype))


def softmax(input: Operand, dim: int, *, dtype: Any = None) -> Tensor:
    """Probabilities from scores along one dimension: `exp(x_i) / sum_j exp(x_j)`, safe for large scores.

    Args:
        input: scores, of any shape.
        dim: the dimension that is to sum to 1.
        dtype: convert the scores to this dtype first.

    Raises:
        ArgumentError: there is no such dimension.

    Example:
        >>> autograd.softmax(autograd.tensor([1.0, 2.0, 1000.0]), dim=0)
        tensor([0., 0., 1.])
    """
    return SOFTMAX.apply(_cast(input, dtype, "softmax"), dim)


def log_softmax(input: Operand, dim: int, *, dtype: Any = None) -> Tensor:
    """Logarithms of the softmax probabilities: `x_i - log(sum_j exp(x_j))`, without overflow or underflow.

    Args:
        input: scores, of any shape.
        dim: the dimension whose probabilities are to sum to 1.
        dtype: convert the scores to this dtype first.

    Raises:
        ArgumentError: there is no such dimension.

    Example:
        >>> autograd.log_softmax(autograd.tensor([1.0, 2.0, 3.0]), dim=0)
        tensor([-2.4076, -1.4076, -0.4076])
    """
    return LOG_SOFTMAX.apply(_cast(input, dtype, "log_softmax"), dim)


def _softmin_reference(x: np.ndarray, dim: int) -> np.ndarray:
    e = np.exp(-x)
    return e / e.sum(dim, keepdims=True) if x.ndim else np.ones(())


@composite(formula="e^-x_i / sum_j e^-x_j", samples=_along_samples, reference=_softmin_reference)
def softmin(input: Operand, dim: int, *, dtype: Any = None) -> Tensor:
    """Probabilities that favour small scores: `exp(-x_i) / sum_j exp(-x_j)`.

    Args:
        input: scores, of any shape.
        dim: the dimension that is to sum to 1.
        dtype: convert the scores to this dtype first.

    Raises:
        ArgumentError: there is no such dimension.

    Example:
        >>> autograd.softmin(autograd.tensor([1.0, 1.0, 1000.0]), dim=0)
        tensor([0.5000, 0.5000, 0.0000])
    """
    return SOFTMAX.apply(-_cast(as_handle(input, "softmin"), dtype, "softmin"), dim)
