"""What the kernels of activation functions compute, in plain NumPy."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

_SCALE, _ALPHA = 1.0507009873554805, 1.6732632423543772
_ROOT = math.sqrt(2 / math.pi)


def _sigmoid(x: Any) -> Any:
    return np.exp(np.minimum(x, 0)) / (1 + np.exp(-np.abs(x)))


def _softplus(x: Any, beta: float = 1.0, threshold: float = math.inf) -> Any:
    return np.where(beta * x > threshold, x, np.logaddexp(0, beta * x) / beta)


def _normal(x: Any) -> Any:
    """The probability that a standard normal number is below x."""
    from scipy.special import ndtr

    return ndtr(x)


def _bend(x: Any) -> Any:
    return np.tanh(_ROOT * (x + 0.044715 * x**3))


_FORWARD: dict[str, Callable[..., Any]] = {
    "relu": lambda x: np.maximum(x, 0),
    "leaky_relu": lambda x, slope: np.where(x > 0, x, slope * x),
    "elu": lambda x, alpha: np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0))),
    "selu": lambda x: _SCALE * np.where(x > 0, x, _ALPHA * np.expm1(np.minimum(x, 0))),
    "exp": np.exp,
    "tanh": np.tanh,
    "sigmoid": _sigmoid,
    "logsigmoid": lambda x: -_softplus(-x),
    "silu": lambda x: x * _sigmoid(x),
    "softplus": _softplus,
    "mish": lambda x: x * np.tanh(_softplus(x)),
    "gelu": lambda x: x * _normal(x),
    "gelu_tanh": lambda x: 0.5 * x * (1 + _bend(x)),
    "hardtanh": np.clip,
}

# Of x, or of out for those functions whose derivative is plain in it.
_SLOPES: dict[str, Callable[..., Any]] = {
    "relu": lambda out: np.where(out <= 0, 0, 1),
    "leaky_relu": lambda x, slope: np.where(x > 0, 1, slope),
    "elu": lambda x, alpha: np.where(x > 0, 1, alpha * np.exp(np.minimum(x, 0))),
    "selu": lambda x: _SCALE * np.where(x > 0, 1, _ALPHA * np.exp(np.minimum(x, 0))),
    "tanh": lambda out: 1 - out * out,
    "sigmoid": lambda out: out * (1 - out),
    "logsigmoid": lambda x: _sigmoid(-x),
    "silu": lambda x: _sigmoid(x) * (1 + x * (1 - _sigmoid(x))),
    "softplus": lambda x, beta, threshold: np.where(beta * x > threshold, 1, _sigmoid(beta * x)),
    "mish": lambda x: np.tanh(_softplus(x)) + x * _sigmoid(x) * (1 - np.tanh(_softplus(x)) ** 2),
    "gelu": lambda x: _normal(x) + x * np.exp(-0.5 * x * x) / math.sqrt(2 * math.pi),
    "gelu_tanh": lambda x: 0.5 * (1 + _bend(x)) + 0.5 * x * (1 - _bend(x) ** 2) * _ROOT * (1 + 0.134145 * x * x),
    "hardtanh": lambda x, low, high: np.where((x > low) & (x < high), 1, 0),
}


def forward(name: str, x: np.ndarray, *settings: float) -> np.ndarray:
    """The function of each number of x."""
    return np.asarray(_FORWARD[name](x, *settings))


def backward(name: str, gradient: np.ndarray, saved: np.ndarray, *settings: float) -> np.ndarray:
    """gradient times the derivative, which is worked out from x or from out."""
    return np.asarray(gradient * _SLOPES[name](saved, *settings))
