"""Functions that draw random numbers for each call: dropout of whole channels, of SELU networks, and other noise."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import dtypes
from ..batching import draws
from ..composites import composite
from ..errors import ArgumentError, DtypeError, ShapeError, shown
from ..generator import source, uniform
from ..primitive import Sample, as_handle, op
from .dims import normalize_dim, number
from .families import values

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = [
    "alpha_dropout",
    "dropout1d",
    "dropout2d",
    "dropout3d",
    "feature_alpha_dropout",
    "gumbel_softmax",
    "rrelu",
]

Operand = Any
_SELU_FLOOR = 1.7580993408473766  # minus the limit of selu at minus infinity


def check_dropout(name: str, input: Any, p: float) -> Any:
    """The input as a handle.

    Raises:
        ArgumentError: p is no probability.
        DtypeError: the input is not floating.
    """
    if not isinstance(p, (int, float)) or not 0 <= p <= 1:
        raise ArgumentError(f"{name}: p is {shown(p)}; use a probability from 0 to 1")
    x = as_handle(input, name)
    if x.dtype.kind != "f":
        raise DtypeError(f"{name}: x is {x.dtype}, which cannot be divided by 1 - p; convert it with .float() first")
    return x


@draws
def thinned(x: Any, p: float, shape: tuple[int, ...]) -> Any:
    """Zeros with probability p, and the others divided by 1 - p, drawn once for each place of `shape`."""
    kept = uniform(shape, dtypes.float32, None) >= p
    return x * (kept * x.dtype.type(0 if p == 1 else 1 / (1 - p)))


def _channels(name: str, x: Any, count: int) -> tuple[int, ...]:
    """The shape of one number a channel, where the first `count` dimensions name the channel."""
    if x.ndim < 2:
        raise ShapeError(f"{name}: x {x.shape} needs at least two dimensions, (N, C, ...)")
    return x.shape[:count] + (1,) * (x.ndim - count)


def _still(*shape: int) -> Any:
    """Samples outside training, where nothing is random."""
    return lambda rng: [Sample((values(rng, shape),), (0.5, False))]


def _unchanged(x: np.ndarray, p: float, training: bool) -> np.ndarray:
    return x


@composite(
    formula="x or 0 by channel, over 1 - p",
    samples=_still(2, 3, 4),
    reference=_unchanged,
    error_samples=lambda rng: [Sample((values(rng, (3,)),), (), ShapeError, "dropout1d")],
)
def dropout1d(input: Operand, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Dropout of whole channels: in training each is zeroed with probability p, and the others divided by 1 - p.

    Args:
        input: (N, C, L) or (C, L).
        p: the probability of zeroing, 0 to 1.
        training: outside training the input is returned as it is.
        inplace: accepted for PyTorch's sake; the result is a new tensor in any case.

    Raises:
        ArgumentError: p is no probability.
        ShapeError: the input has another number of dimensions.
        DtypeError: the input is not floating.

    Example:
        >>> autograd.dropout1d(autograd.ones(1, 2, 3), training=False)
        tensor([[[1., 1., 1.],
                 [1., 1., 1.]]])

    Source: Tompson et al. 2015, arXiv 1411.4280, section 3.3.
    """
    x = check_dropout("dropout1d", input, p)
    if x.ndim not in (2, 3):
        raise ShapeError(f"dropout1d: x {x.shape} must be (N, C, L) or (C, L)")
    return thinned(x, p, (*x.shape[:-1], 1)) if training and p else x


@composite(formula="x or 0 by channel, over 1 - p", samples=_still(2, 3, 2, 2), reference=_unchanged)
def dropout2d(input: Operand, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Dropout of whole channels of images: in training each is zeroed with probability p, others divided by 1 - p.

    Args:
        input: (N, C, ...).
        p, training, inplace: as for `dropout1d`.

    Raises:
        ArgumentError: p is no probability.
        ShapeError: the input has fewer than two dimensions.
        DtypeError: the input is not floating.

    Example:
        >>> autograd.dropout2d(autograd.ones(1, 2, 1, 1), p=1.0).sum()
        tensor(0.)

    Source: Tompson et al. 2015, arXiv 1411.4280, section 3.3.
    """
    x = check_dropout("dropout2d", input, p)
    shape = _channels("dropout2d", x, 2)
    return thinned(x, p, shape) if training and p else x


@composite(formula="x or 0 by channel, over 1 - p", samples=_still(2, 3, 1, 2, 1), reference=_unchanged)
def dropout3d(input: Operand, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Dropout of whole channels of volumes: in training each is zeroed with probability p, others divided by 1 - p.

    Args:
        input: (N, C, D, H, W), or (C, D, H, W).
        p, training, inplace: as for `dropout1d`.

    Raises:
        ArgumentError: p is no probability.
        ShapeError: the input has fewer than two dimensions.
        DtypeError: the input is not floating.

    Example:
        >>> autograd.dropout3d(autograd.ones(1, 2, 1, 1, 1), p=1.0).sum()
        tensor(0.)

    Source: Tompson et al. 2015, arXiv 1411.4280, section 3.3.
    """
    x = check_dropout("dropout3d", input, p)
    shape = _channels("dropout3d", x, 1 if x.ndim == 4 else 2)
    return thinned(x, p, shape) if training and p else x


@draws
def _alpha(x: Any, p: float, shape: tuple[int, ...]) -> Any:
    """Zeroing for SELU networks: what is dropped becomes SELU's floor; then mean and variance are set right."""
    if p == 1:
        return x * 0.0
    a = ((_SELU_FLOOR**2 * p + 1) * (1 - p)) ** -0.5
    kept = (uniform(shape, dtypes.float32, None) >= p).astype(x.dtype)
    return x * (kept * x.dtype.type(a)) + (kept - x.dtype.type(1 - p)) * x.dtype.type(_SELU_FLOOR * a)


@composite(formula="a (x or -1.7581) + b", samples=_still(2, 3), reference=_unchanged)
def alpha_dropout(input: Operand, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """Dropout that keeps mean 0 and variance 1 in networks of SELUs: in training, numbers fall to SELU's floor.

    Args:
        input: of any shape.
        p: the probability of falling, 0 to 1.
        training: outside training the input is returned as it is.
        inplace: accepted for PyTorch's sake; the result is a new tensor in any case.

    Raises:
        ArgumentError: p is no probability.
        DtypeError: the input is not floating.

    Example:
        >>> autograd.alpha_dropout(autograd.ones(3))
        tensor([1., 1., 1.])

    Source: Klambauer et al. 2017, arXiv 1706.02515, section "new dropout technique".
    """
    x = check_dropout("alpha_dropout", input, p)
    return _alpha(x, p, x.shape) if training and p else x


@composite(formula="a (x or -1.7581 by channel) + b", samples=_still(2, 3, 2), reference=_unchanged)
def feature_alpha_dropout(input: Operand, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """`alpha_dropout` of whole channels.

    Args:
        input: (N, C, ...).
        p, training, inplace: as for `alpha_dropout`.

    Raises:
        ArgumentError: p is no probability.
        ShapeError: the input has fewer than two dimensions.
        DtypeError: the input is not floating.

    Example:
        >>> autograd.feature_alpha_dropout(autograd.ones(1, 2), training=False)
        tensor([[1., 1.]])

    Source: Klambauer et al. 2017, arXiv 1706.02515, section "new dropout technique".
    """
    x = check_dropout("feature_alpha_dropout", input, p)
    if not (training and p):
        return x
    return _alpha(x, p, _channels("feature_alpha_dropout", x, 2))


@composite(
    formula="x where x > 0, else a x with a random",
    samples=lambda rng: [Sample((values(rng, (2, 3), kinks=(0,)),), (0.25, 0.5))],
    reference=lambda x, lower, upper: np.where(x > 0, x, (lower + upper) / 2 * x),
    error_samples=lambda rng: [Sample((values(rng, (3,)),), (0.5, 0.25), ArgumentError, "lower")],
    source="Xu et al. 2015, arXiv 1505.00853",
)
@draws
def rrelu(
    input: Operand, lower: float = 1 / 8, upper: float = 1 / 3, training: bool = False, inplace: bool = False
) -> Tensor:
    """Leaky rectified linear unit with random slopes below 0, drawn uniformly for each number.

    Args:
        input: of any shape.
        lower, upper: the bounds of the slopes.
        training: outside training the slope is their mean.
        inplace: accepted for PyTorch's sake; the result is a new tensor in any case.

    Raises:
        ArgumentError: lower is greater than upper, or not finite.
        DtypeError: the input is not floating.

    Example:
        >>> autograd.rrelu(autograd.tensor([-1.0, 2.0]), 0.1, 0.3)
        tensor([-0.2000,  2.0000])

    Source: Xu et al. 2015, arXiv 1505.00853, section 2.4.
    """
    x = as_handle(input, "rrelu")
    lower, upper = number("rrelu", "lower", lower), number("rrelu", "upper", upper)
    if not (math.isfinite(lower) and math.isfinite(upper) and lower <= upper):
        raise ArgumentError(f"rrelu: lower {lower} must not be greater than upper {upper}, and both be finite")
    if x.dtype.kind != "f":
        raise DtypeError(f"rrelu: x is {x.dtype}; convert it with .float() first")
    if not training:
        return op.leaky_relu.apply(x, (lower + upper) / 2)
    slopes = uniform(x.shape, x.dtype, None) * (upper - lower) + lower
    return op.where.apply(x <= 0, x * slopes.astype(x.dtype, copy=False), x)


def _gumbel_reference(x: np.ndarray, *_: Any) -> np.ndarray:
    return np.ones_like(x)


@composite(
    formula="softmax((x + noise) / tau)",
    # Of one class, whatever the noise: its probability is 1.
    samples=lambda rng: [Sample((values(rng, (2, 1)),), (0.5, hard)) for hard in (False, True)],
    reference=_gumbel_reference,
    error_samples=lambda rng: [Sample((values(rng, (3,)),), (0.0,), ArgumentError, "tau")],
    source="Jang, Gu and Poole 2016, arXiv 1611.01144",
)
@draws
def gumbel_softmax(logits: Operand, tau: float = 1.0, hard: bool = False, eps: float = 1e-10, dim: int = -1) -> Tensor:
    """Draws from classes that a gradient passes through: the softmax of scores with Gumbel noise.

    Args:
        logits: unnormalised log-probabilities, of any shape.
        tau: the temperature; the lower, the closer to one class. Not 0.
        hard: give one-hot vectors, with the gradient of the soft ones.
        eps: of no effect, as in PyTorch.
        dim: the dimension of the classes.

    Raises:
        ArgumentError: tau is 0, or there is no such dimension.
        DtypeError: the logits are not floating.

    Example:
        >>> autograd.gumbel_softmax(autograd.tensor([-1000.0, 0.0, -1000.0]), hard=True)
        tensor([0., 1., 0.])

    Source: Jang, Gu and Poole 2016, arXiv 1611.01144, equation 2.
    """
    x = as_handle(logits, "gumbel_softmax")
    if tau == 0:
        raise ArgumentError("gumbel_softmax: tau is 0, by which the scores would be divided; use a positive number")
    if x.dtype.kind != "f":
        raise DtypeError(f"gumbel_softmax: logits are {x.dtype}; convert them with .float() first")
    dim = normalize_dim("gumbel_softmax", dim, x.ndim)
    noise = np.asarray(source(None).gumbel(size=x.shape)).astype(x.dtype)
    soft = op.softmax.apply((x + noise) / tau, dim)
    if not hard or not x.numel():
        return soft
    chosen = np.zeros_like(soft._array)
    best = np.argmax(soft._array, axis=dim) if x.ndim else None
    if best is None:
        chosen[...] = 1
    else:
        np.put_along_axis(chosen, np.expand_dims(best, dim), 1, axis=dim)
    return soft + (chosen - soft._array)
