"""The activation functions of neural networks, elementwise, and softmax."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import ArgumentError
from ..primitive import Sample, define, op
from . import scalar
from .dims import check_dim
from .families import in_float32, unary, values

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = [
    "elu",
    "gelu",
    "hardtanh",
    "leaky_relu",
    "log_softmax",
    "logsigmoid",
    "relu",
    "relu6",
    "selu",
    "sigmoid",
    "silu",
    "softmax",
    "softplus",
    "softsign",
]

Operand = Any


def _relu(x: Any) -> Any:
    return np.maximum(x, 0)


def _sigmoid(x: Any) -> Any:
    e = np.exp(-np.abs(x))  # at most 1, so nothing overflows
    return np.where(x >= 0, 1, e) / (1 + e)


def _log_sigmoid(x: Any) -> Any:
    return np.minimum(x, 0) - np.log1p(np.exp(-np.abs(x)))


RELU = unary(
    "relu",
    _relu,
    lambda x: x if x > 0 or x != x else 0.0,
    lambda g, out: op.where(out <= 0, 0.0, g),
    kinks=(0,),
    promotes="same",
    formula="max(x, 0)",
)
SIGMOID = unary(
    "sigmoid", _sigmoid, scalar.sigmoid, lambda g, out: g * out * (1 - out), label="σ", formula="1 / (1 + e^-x)"
)
LOGSIGMOID = unary(
    "logsigmoid",
    _log_sigmoid,
    lambda x: min(x, 0.0) - math.log1p(math.exp(-abs(x))),
    lambda g, x: g * op.sigmoid(-x),
    formula="ln(1 / (1 + e^-x))",
)
SILU = unary(
    "silu",
    lambda x: x * _sigmoid(x),
    lambda x: x * scalar.sigmoid(x),
    lambda g, x: g * op.sigmoid(x) * (1 + x * (1 - op.sigmoid(x))),
    formula="x / (1 + e^-x)",
    source="Elfwing, Uchibe and Doya 2017, arXiv 1702.03118",
)
SOFTSIGN = unary(
    "softsign",
    lambda x: x / (1 + np.abs(x)),
    lambda x: x / (1 + abs(x)),
    lambda g, x: g / (1 + op.abs(x)) / (1 + op.abs(x)),
    kinks=(0,),
    formula="x / (1 + |x|)",
)


def _activation(name: str, attributes: tuple[str, ...], settings: list[tuple[Any, ...]], **fields: Any) -> Any:
    """Define an activation with attributes, sampled at several settings of them."""
    kinks = fields.pop("kinks", (0,))

    def samples(rng: np.random.Generator) -> list[Sample]:
        shapes: list[tuple[int, ...]] = [(), (2, 3), (0, 2)]
        return [Sample((values(rng, shape, kinks=kinks),), setting) for setting in settings for shape in shapes]

    vjp = fields.pop("vjp")
    return define(
        name, inputs=("x",), attributes=attributes, promotes="float", samples=samples, vjp={"x": vjp}, **fields
    )


LEAKY_RELU = _activation(
    "leaky_relu",
    ("slope",),
    [(0.01,), (0.2,)],
    forward=lambda x, slope: np.where(x > 0, x, slope * x),
    scalar=lambda x, slope: x if x > 0 else slope * x,
    vjp=lambda g, x, slope: op.where(x > 0, g, slope * g),
    formula="x where x > 0, else slope x",
)
ELU = _activation(
    "elu",
    ("alpha",),
    [(1.0,), (0.5,)],
    forward=lambda x, alpha: np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0))),
    scalar=lambda x, alpha: x if x > 0 else alpha * math.expm1(x),
    vjp=lambda g, x, alpha: op.where(x > 0, g, g * alpha * op.exp(op.minimum(x, 0))),
    formula="x where x > 0, else alpha (e^x - 1)",
    source="Clevert, Unterthiner and Hochreiter 2015, arXiv 1511.07289",
)
_SELU_ALPHA, _SELU_SCALE = 1.6732632423543772, 1.0507009873554805
SELU = unary(
    "selu",
    lambda x: _SELU_SCALE * np.where(x > 0, x, _SELU_ALPHA * np.expm1(np.minimum(x, 0))),
    lambda x: _SELU_SCALE * (x if x > 0 else _SELU_ALPHA * math.expm1(x)),
    lambda g, x: op.where(x > 0, g * _SELU_SCALE, g * (_SELU_SCALE * _SELU_ALPHA) * op.exp(op.minimum(x, 0))),
    kinks=(0,),
    formula="scale elu(x, alpha)",
    source="Klambauer et al. 2017, arXiv 1706.02515",
)
HARDTANH = _activation(
    "hardtanh",
    ("low", "high"),
    [(-1.0, 1.0), (-0.5, 1.5)],
    kinks=(-1, -0.5, 1, 1.5),
    forward=lambda x, low, high: np.clip(x, low, high),
    scalar=lambda x, low, high: min(max(x, low), high),
    vjp=lambda g, x, low, high: op.where((x > low) & (x < high), g, 0.0),
    formula="min(max(x, low), high)",
)


def _softplus(x: Any, beta: float, threshold: float) -> Any:
    scaled = beta * x
    soft = (np.maximum(scaled, 0) + np.log1p(np.exp(-np.abs(scaled)))) / beta
    return np.where(scaled > threshold, x, soft)


SOFTPLUS = _activation(
    "softplus",
    ("beta", "threshold"),
    [(1.0, 20.0), (2.0, 20.0), (2.0, 1.0)],
    kinks=(0.5,),
    forward=_softplus,
    scalar=lambda x, beta, threshold: x if beta * x > threshold else scalar.softplus(beta * x) / beta,
    vjp=lambda g, x, beta, threshold: op.where(beta * x > threshold, g, g * op.sigmoid(beta * x)),
    formula="ln(1 + e^(beta x)) / beta",
)


_ROOT = math.sqrt(2 / math.pi)


def _gelu(x: Any, approximate: str) -> Any:
    if approximate == "tanh":
        return 0.5 * x * (1 + np.tanh(_ROOT * (x + 0.044715 * x * x * x)))
    from scipy.special import erf

    return 0.5 * x * (1 + np.asarray(erf(x / math.sqrt(2)), dtype=x.dtype))


def _gelu_scalar(x: float, approximate: str) -> float:
    if approximate == "tanh":
        return 0.5 * x * (1 + math.tanh(_ROOT * (x + 0.044715 * x * x * x)))
    return 0.5 * x * (1 + math.erf(x / math.sqrt(2)))


def _gelu_rule(g: Any, x: Any, approximate: str) -> Any:
    if approximate == "tanh":
        t = op.tanh(_ROOT * (x + 0.044715 * x * x * x))
        return g * (0.5 * (1 + t) + 0.5 * x * (1 - t * t) * _ROOT * (1 + 0.134145 * x * x))
    density = op.exp(-0.5 * x * x) / math.sqrt(2 * math.pi)
    return g * (0.5 * (1 + op.erf(x / math.sqrt(2))) + x * density)


GELU = _activation(
    "gelu",
    ("approximate",),
    [("none",), ("tanh",)],
    kinks=(),
    forward=_gelu,
    scalar=_gelu_scalar,
    vjp=_gelu_rule,
    formula="x P(N(0, 1) <= x)",
    source="Hendrycks and Gimpel 2016, arXiv 1606.08415",
)


# --- softmax


def _softmax(x: Any, dim: int) -> Any:
    e = np.exp(x - x.max(axis=dim, keepdims=True)) if x.size else x
    return e / e.sum(axis=dim, keepdims=True) if x.size else e


def _log_softmax(x: Any, dim: int) -> Any:
    if not x.size:
        return x
    shifted = x - x.max(axis=dim, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=dim, keepdims=True))


def _along_samples(rng: np.random.Generator) -> list[Sample]:
    cases: list[tuple[tuple[int, ...], int]] = [((3,), 0), ((2, 3), 1), ((2, 3), -2), ((2, 3, 2), 1), ((0, 2), 1)]
    cases.append(((), 0))
    return [Sample((values(rng, shape),), (dim,)) for shape, dim in cases]


def _sum_along(x: Any, dim: int) -> Any:
    return op.sum(x, (dim,) if x.ndim else (), True)


SOFTMAX = define(
    "softmax",
    forward=in_float32(lambda x, dim: _softmax(x, dim) if x.ndim else np.ones_like(x)),
    inputs=("x",),
    attributes=("dim",),
    vjp={"x": lambda g, out, dim: out * (g - _sum_along(g * out, dim))},
    infer=check_dim("softmax"),
    promotes="float",
    samples=_along_samples,
    formula="e^x_i / sum_j e^x_j",
)
LOG_SOFTMAX = define(
    "log_softmax",
    forward=in_float32(lambda x, dim: _log_softmax(x, dim) if x.ndim else np.zeros_like(x)),
    inputs=("x",),
    attributes=("dim",),
    vjp={"x": lambda g, out, dim: g - op.exp(out) * _sum_along(g, dim)},
    infer=check_dim("log_softmax"),
    promotes="float",
    samples=_along_samples,
    formula="x_i - ln sum_j e^x_j",
)


# --- the public functions


def relu(input: Operand) -> Tensor:
    """Rectified linear unit, elementwise: `max(x, 0)`. Its gradient at 0 is 0.

    Example:
        >>> autograd.relu(autograd.tensor([-1.0, 2.0]))
        tensor([0., 2.])
    """
    return RELU.apply(input)


def relu6(input: Operand) -> Tensor:
    """Rectified linear unit up to six, elementwise: `min(max(x, 0), 6)`. Its gradient at 0 and 6 is 0.

    Example:
        >>> autograd.relu6(autograd.tensor([-1.0, 2.0, 9.0]))
        tensor([0., 2., 6.])
    """
    return HARDTANH.apply(input, 0.0, 6.0)


def sigmoid(input: Operand) -> Tensor:
    """The logistic function, elementwise: `1 / (1 + exp(-x))`; its derivative is `s (1 - s)`.

    Example:
        >>> autograd.sigmoid(autograd.tensor([0.0, 2.0]))
        tensor([0.5000, 0.8808])
    """
    return SIGMOID.apply(input)


def logsigmoid(input: Operand) -> Tensor:
    """The logarithm of the logistic function, elementwise, without underflow: `-log(1 + exp(-x))`.

    Example:
        >>> autograd.logsigmoid(autograd.tensor([0.0, -200.0]))
        tensor([  -0.6931, -200.0000])
    """
    return LOGSIGMOID.apply(input)


def silu(input: Operand) -> Tensor:
    """Sigmoid linear unit (swish), elementwise: `x * sigmoid(x)`.

    Example:
        >>> autograd.silu(autograd.tensor([-1.0, 2.0]))
        tensor([-0.2689,  1.7616])

    Source: Elfwing, Uchibe and Doya 2017, arXiv 1702.03118, equation 5.
    """
    return SILU.apply(input)


def softsign(input: Operand) -> Tensor:
    """Softsign, elementwise: `x / (1 + |x|)`.

    Example:
        >>> autograd.softsign(autograd.tensor([-1.0, 3.0]))
        tensor([-0.5000,  0.7500])
    """
    return SOFTSIGN.apply(input)


def leaky_relu(input: Operand, negative_slope: float = 0.01) -> Tensor:
    """Leaky rectified linear unit, elementwise: `x` where `x > 0`, else `negative_slope * x`.

    Example:
        >>> autograd.leaky_relu(autograd.tensor([-1.0, 2.0]), 0.1)
        tensor([-0.1000,  2.0000])
    """
    return LEAKY_RELU.apply(input, float(negative_slope))


def elu(input: Operand, alpha: float = 1.0) -> Tensor:
    """Exponential linear unit, elementwise: `x` where `x > 0`, else `alpha * (exp(x) - 1)`.

    Example:
        >>> autograd.elu(autograd.tensor([-1.0, 2.0]))
        tensor([-0.6321,  2.0000])

    Source: Clevert, Unterthiner and Hochreiter 2015, arXiv 1511.07289, equation 15.
    """
    return ELU.apply(input, float(alpha))


def selu(input: Operand) -> Tensor:
    """Scaled exponential linear unit, elementwise: `1.0507 * elu(x, 1.6733)`.

    Example:
        >>> autograd.selu(autograd.tensor([-1.0, 2.0]))
        tensor([-1.1113,  2.1014])

    Source: Klambauer et al. 2017, arXiv 1706.02515, equation 2.
    """
    return SELU.apply(input)


def hardtanh(input: Operand, min_val: float = -1.0, max_val: float = 1.0) -> Tensor:
    """Limit to an interval, elementwise; the gradient at its bounds is 0 (that of `clamp` is 1).

    Example:
        >>> autograd.hardtanh(autograd.tensor([-3.0, 0.5]))
        tensor([-1.0000,  0.5000])
    """
    if min_val > max_val:
        raise ArgumentError(f"hardtanh: min_val {min_val} is greater than max_val {max_val}; exchange them")
    return HARDTANH.apply(input, float(min_val), float(max_val))


def softplus(input: Operand, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    """A smooth rectifier, elementwise: `log(1 + exp(beta * x)) / beta`, and `x` itself where `beta * x > threshold`.

    Example:
        >>> autograd.softplus(autograd.tensor([0.0, 100.0]))
        tensor([  0.6931, 100.0000])
    """
    return SOFTPLUS.apply(input, float(beta), float(threshold))


def gelu(input: Operand, approximate: str = "none") -> Tensor:
    """Gaussian error linear unit, elementwise: x times the probability that a standard normal is below x.

    Args:
        input: a Tensor of any shape.
        approximate: "none" for `0.5 x (1 + erf(x / sqrt(2)))`, "tanh" for the approximation by tanh.

    Example:
        >>> autograd.gelu(autograd.tensor([-1.0, 2.0]))
        tensor([-0.1587,  1.9545])

    Source: Hendrycks and Gimpel 2016, arXiv 1606.08415, section 2.
    """
    if approximate not in ("none", "tanh"):
        raise ArgumentError(f"gelu: approximate is {approximate!r}; use 'none' or 'tanh'")
    return GELU.apply(input, approximate)


def softmax(input: Operand, dim: int) -> Tensor:
    """Probabilities from scores along one dimension: `exp(x_i) / sum_j exp(x_j)`, safe for large scores.

    Args:
        input: scores, of any shape.
        dim: the dimension that is to sum to 1.

    Raises:
        ArgumentError: there is no such dimension.

    Example:
        >>> autograd.softmax(autograd.tensor([1.0, 2.0, 1000.0]), dim=0)
        tensor([0., 0., 1.])
    """
    return SOFTMAX.apply(input, dim)


def log_softmax(input: Operand, dim: int) -> Tensor:
    """Logarithms of the softmax probabilities: `x_i - log(sum_j exp(x_j))`, without overflow or underflow.

    Args:
        input: scores, of any shape.
        dim: the dimension whose probabilities are to sum to 1.

    Raises:
        ArgumentError: there is no such dimension.

    Example:
        >>> autograd.log_softmax(autograd.tensor([1.0, 2.0, 3.0]), dim=0)
        tensor([-2.4076, -1.4076, -0.4076])
    """
    return LOG_SOFTMAX.apply(input, dim)
