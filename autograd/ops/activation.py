"""The smooth activation functions of neural networks and the rectifiers, elementwise."""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ..composites import composite
from ..errors import ArgumentError, ShapeError
from ..primitive import Sample, as_handle, op
from . import scalar
from .dims import normalize_dim, number
from .families import fused, fused_rule, parametric, unary, values

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = [
    "celu",
    "elu",
    "gelu",
    "glu",
    "hardtanh",
    "leaky_relu",
    "logsigmoid",
    "mish",
    "relu",
    "relu6",
    "selu",
    "sigmoid",
    "silu",
    "softplus",
    "softsign",
    "tanhshrink",
]

Operand = Any


def _relu(x: Any) -> Any:
    return np.maximum(x, 0)


def _sigmoid(x: Any) -> Any:
    # Nothing overflows, as no exponent is positive; a second exp takes half the time of np.where.
    return np.exp(np.minimum(x, 0)) / (1 + np.exp(-np.abs(x)))


def _log_sigmoid(x: Any) -> Any:
    return np.minimum(x, 0) - np.log1p(np.exp(-np.abs(x)))


RELU = unary(
    "relu",
    fused("relu", _relu),
    lambda x: x if x > 0 or x != x else 0.0,
    fused_rule("relu", lambda g, out: op.where(out <= 0, 0.0, g)),
    kinks=(0,),
    promotes="same",
    formula="max(x, 0)",
)
SIGMOID = unary(
    "sigmoid",
    fused("sigmoid", _sigmoid),
    scalar.sigmoid,
    fused_rule("sigmoid", lambda g, out: g * out * (1 - out)),
    label="σ",
    formula="1 / (1 + e^-x)",
)
LOGSIGMOID = unary(
    "logsigmoid",
    fused("logsigmoid", _log_sigmoid),
    lambda x: min(x, 0.0) - math.log1p(math.exp(-abs(x))),
    fused_rule("logsigmoid", lambda g, x: g * op.sigmoid(-x)),
    formula="ln(1 / (1 + e^-x))",
)
SILU = unary(
    "silu",
    fused("silu", lambda x: x * _sigmoid(x)),
    lambda x: x * scalar.sigmoid(x),
    fused_rule("silu", lambda g, x: g * op.sigmoid(x) * (1 + x * (1 - op.sigmoid(x)))),
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

LEAKY_RELU = parametric(
    "leaky_relu",
    ("slope",),
    [(0.01,), (0.2,)],
    forward=fused("leaky_relu", lambda x, slope: np.where(x > 0, x, slope * x)),
    scalar=lambda x, slope: x if x > 0 else slope * x,
    vjp=fused_rule("leaky_relu", lambda g, x, slope: op.where(x > 0, g, slope * g)),
    formula="x where x > 0, else slope x",
)
ELU = parametric(
    "elu",
    ("alpha",),
    [(1.0,), (0.5,)],
    forward=fused("elu", lambda x, alpha: np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))),
    scalar=lambda x, alpha: x if x > 0 else alpha * math.expm1(x),
    vjp=fused_rule("elu", lambda g, x, alpha: op.where(x > 0, g, g * alpha * op.exp(op.minimum(x, 0)))),
    formula="x where x > 0, else alpha (e^x - 1)",
    source="Clevert, Unterthiner and Hochreiter 2015, arXiv 1511.07289",
)
CELU = parametric(
    "celu",
    ("alpha",),
    [(1.0,), (0.5,)],
    forward=lambda x, alpha: np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0) / alpha)),
    scalar=lambda x, alpha: x if x > 0 else alpha * math.expm1(x / alpha),
    vjp=lambda g, x, alpha: op.where(x > 0, g, g * op.exp(op.minimum(x, 0) / alpha)),
    formula="x where x > 0, else alpha (e^(x / alpha) - 1)",
    source="Barron 2017, arXiv 1704.07483",
)
_SELU_ALPHA, _SELU_SCALE = 1.6732632423543772, 1.0507009873554805


def _selu_rule(g: Any, x: Any) -> Any:
    return op.where(x > 0, g * _SELU_SCALE, g * (_SELU_SCALE * _SELU_ALPHA) * op.exp(op.minimum(x, 0)))


SELU = unary(
    "selu",
    fused("selu", lambda x: _SELU_SCALE * np.where(x > 0, x, _SELU_ALPHA * np.expm1(np.minimum(x, 0)))),
    lambda x: _SELU_SCALE * (x if x > 0 else _SELU_ALPHA * math.expm1(x)),
    fused_rule("selu", _selu_rule),
    kinks=(0,),
    formula="scale elu(x, alpha)",
    source="Klambauer et al. 2017, arXiv 1706.02515",
)
HARDTANH = parametric(
    "hardtanh",
    ("low", "high"),
    [(-1.0, 1.0), (-0.5, 1.5)],
    kinks=(-1, -0.5, 1, 1.5),
    forward=fused("hardtanh", lambda x, low, high: np.clip(x, low, high)),
    scalar=lambda x, low, high: min(max(x, low), high),
    vjp=fused_rule("hardtanh", lambda g, x, low, high: op.where((x > low) & (x < high), g, 0.0)),
    formula="min(max(x, low), high)",
)


def _softplus(x: Any, beta: float, threshold: float) -> Any:
    scaled = beta * x
    soft = (np.maximum(scaled, 0) + np.log1p(np.exp(-np.abs(scaled)))) / beta
    return np.where(scaled > threshold, x, soft)


SOFTPLUS = parametric(
    "softplus",
    ("beta", "threshold"),
    [(1.0, 20.0), (2.0, 20.0), (2.0, 1.0)],
    kinks=(0.5,),
    forward=fused("softplus", _softplus),
    scalar=lambda x, beta, threshold: x if beta * x > threshold else scalar.softplus(beta * x) / beta,
    vjp=fused_rule(
        "softplus", lambda g, x, beta, threshold: op.where(beta * x > threshold, g, g * op.sigmoid(beta * x))
    ),
    formula="ln(1 + e^(beta x)) / beta",
)


def _mish(x: Any) -> Any:
    return x * np.tanh(np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x))))


def _mish_rule(g: Any, x: Any) -> Any:
    t = op.tanh(op.softplus(x, 1.0, math.inf))
    return g * (t + x * op.sigmoid(x) * (1 - t * t))


MISH = unary(
    "mish",
    fused("mish", _mish),
    lambda x: x * math.tanh(scalar.softplus(x)),
    fused_rule("mish", _mish_rule),
    formula="x tanh(ln(1 + e^x))",
    source="Misra 2019, arXiv 1908.08681",
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


_KERNELS = {"none": "gelu", "tanh": "gelu_tanh"}
_GELUS = {way: fused(name, functools.partial(_gelu, approximate=way)) for way, name in _KERNELS.items()}
_GELU_RULES = {way: fused_rule(name, functools.partial(_gelu_rule, approximate=way)) for way, name in _KERNELS.items()}
GELU = parametric(
    "gelu",
    ("approximate",),
    [("none",), ("tanh",)],
    kinks=(),
    forward=lambda x, approximate: _GELUS[approximate](x),
    scalar=_gelu_scalar,
    vjp=lambda g, x, approximate: _GELU_RULES[approximate](g, x),
    formula="x P(N(0, 1) <= x)",
    source="Hendrycks and Gimpel 2016, arXiv 1606.08415",
)


# --- the public functions


def relu(input: Operand) -> Tensor:
    """Rectified linear unit, elementwise: `max(x, 0)`. Its gradient at 0 is 0.

    Example:
        >>> autograd.relu(autograd.tensor([-1.0, 2.0]))
        tensor([0., 2.])
    """
    return RELU.apply(input)


@composite(
    formula="min(max(x, 0), 6)",
    samples=lambda rng: [Sample((values(rng, shape, -3, 9, (0, 6)),)) for shape in ((), (2, 3), (0, 2))],
    reference=lambda x: np.clip(x, 0, 6),
)
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
    return LEAKY_RELU.apply(input, number("leaky_relu", "negative_slope", negative_slope))


def elu(input: Operand, alpha: float = 1.0) -> Tensor:
    """Exponential linear unit, elementwise: `x` where `x > 0`, else `alpha * (exp(x) - 1)`.

    Example:
        >>> autograd.elu(autograd.tensor([-1.0, 2.0]))
        tensor([-0.6321,  2.0000])

    Source: Clevert, Unterthiner and Hochreiter 2015, arXiv 1511.07289, equation 15.
    """
    return ELU.apply(input, number("elu", "alpha", alpha))


def celu(input: Operand, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """Exponential linear unit with slope 1 at 0, elementwise: `x` where `x > 0`, else `alpha * (exp(x / alpha) - 1)`.

    Args:
        input: a Tensor of any shape.
        alpha: minus the limit at minus infinity; not 0.
        inplace: accepted for PyTorch's sake; the result is a new tensor in any case.

    Raises:
        ArgumentError: alpha is 0.

    Example:
        >>> autograd.celu(autograd.tensor([-1.0, 2.0]), 0.5)
        tensor([-0.4323,  2.0000])

    Source: Barron 2017, arXiv 1704.07483, equation 2.
    """
    alpha = number("celu", "alpha", alpha)
    if alpha == 0:
        raise ArgumentError("celu: alpha is 0, by which x would be divided; use another number")
    return CELU.apply(input, alpha)


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
    low, high = number("hardtanh", "min_val", min_val), number("hardtanh", "max_val", max_val)
    if low > high:
        raise ArgumentError(f"hardtanh: min_val {min_val} is greater than max_val {max_val}; exchange them")
    return HARDTANH.apply(input, low, high)


def softplus(input: Operand, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    """A smooth rectifier, elementwise: `log(1 + exp(beta * x)) / beta`, and `x` itself where `beta * x > threshold`.

    Example:
        >>> autograd.softplus(autograd.tensor([0.0, 100.0]))
        tensor([  0.6931, 100.0000])
    """
    return SOFTPLUS.apply(input, number("softplus", "beta", beta), number("softplus", "threshold", threshold))


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


def mish(input: Operand, inplace: bool = False) -> Tensor:
    """Mish, elementwise: `x * tanh(softplus(x))`.

    Args:
        input: a Tensor of any shape.
        inplace: accepted for PyTorch's sake; the result is a new tensor in any case.

    Example:
        >>> autograd.mish(autograd.tensor([-1.0, 2.0]))
        tensor([-0.3034,  1.9440])

    Source: Misra 2019, arXiv 1908.08681, equation 1.
    """
    return MISH.apply(input)


@composite(
    formula="x - tanh(x)",
    samples=lambda rng: [Sample((values(rng, shape),)) for shape in ((), (2, 3), (0, 2))],
    reference=lambda x: x - np.tanh(x),
)
def tanhshrink(input: Operand) -> Tensor:
    """What tanh takes away, elementwise: `x - tanh(x)`.

    Example:
        >>> autograd.tanhshrink(autograd.tensor([-1.0, 2.0]))
        tensor([-0.2384,  1.0360])
    """
    x = as_handle(input, "tanhshrink")
    return x - op.tanh.apply(x)


@composite(
    formula="a / (1 + e^-b), with x in halves a and b",
    samples=lambda rng: [
        Sample((values(rng, (4,)),)),
        Sample((values(rng, (2, 3, 2)),), (0,)),
        Sample((values(rng, (0, 2)),), (1,)),
    ],
    reference=lambda x, dim=-1: np.split(x, 2, dim)[0] / (1 + np.exp(-np.split(x, 2, dim)[1])),
    error_samples=lambda rng: [Sample((values(rng, (3,)),), (0,), ShapeError, "an even number")],
    source="Dauphin et al. 2016, arXiv 1612.08083",
)
def glu(input: Operand, dim: int = -1) -> Tensor:
    """Gated linear unit: `a * sigmoid(b)`, where a and b are the halves of the input along a dimension.

    Args:
        input: at least one-dimensional, of even size along `dim`.
        dim: the dimension that is halved.

    Returns:
        A Tensor of half the size along `dim`.

    Raises:
        ShapeError: the size along `dim` is odd, or there are no dimensions.
        ArgumentError: there is no such dimension.

    Example:
        >>> autograd.glu(autograd.tensor([1.0, 2.0, 0.0, 100.0]))
        tensor([0.5000, 2.0000])

    Source: Dauphin et al. 2016, arXiv 1612.08083, equation 1.
    """
    x = as_handle(input, "glu")
    if x.ndim == 0:
        raise ShapeError("glu: x has no dimensions and cannot be halved; give at least one")
    dim = normalize_dim("glu", dim, x.ndim)
    if x.shape[dim] % 2:
        raise ShapeError(f"glu: x {x.shape} has {x.shape[dim]} numbers along dimension {dim}; it needs an even number")
    half = x.shape[dim] // 2
    return op.narrow.apply(x, dim, 0, half) * op.sigmoid.apply(op.narrow.apply(x, dim, half, 2 * half))
