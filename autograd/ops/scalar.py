"""Formulas on one Python number, with IEEE results where Python's math module raises."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = [
    "cosh",
    "divide",
    "exp",
    "expm1",
    "guarded",
    "log",
    "log1p",
    "maximum",
    "minimum",
    "power",
    "sigmoid",
    "sign",
    "sinh",
    "softplus",
    "sqrt",
    "through_array",
    "whole",
]

inf, nan = math.inf, math.nan


def guarded(function: Callable[[float], float], overflow: float = inf) -> Callable[[float], float]:
    """`function`, with nan where it is undefined and `overflow` where its result is too large."""

    def safe(x: float) -> float:
        try:
            return float(function(x))
        except ValueError:
            return nan
        except OverflowError:
            return overflow

    return safe


def through_array(forward: Callable[..., Any]) -> Callable[..., Any]:
    """The formula that `forward` has for arrays, on one number, where Python has no function of its own."""

    def formula(x: float, *rest: Any) -> Any:
        with np.errstate(all="ignore"):
            return forward(np.asarray(x), *rest).item()

    return formula


exp = guarded(math.exp)
expm1 = guarded(math.expm1)
sqrt = guarded(math.sqrt)


def cosh(x: float) -> float:
    """Hyperbolic cosine."""
    try:
        return math.cosh(x)
    except OverflowError:
        return inf


def sinh(x: float) -> float:
    """Hyperbolic sine."""
    try:
        return math.sinh(x)
    except OverflowError:
        return math.copysign(inf, x)


def log(x: float) -> float:
    """Natural logarithm; -inf at 0, nan below."""
    return math.log(x) if x > 0 else (-inf if x == 0 else nan)


def log1p(x: float) -> float:
    """`log(1 + x)`; -inf at -1, nan below."""
    return math.log1p(x) if x > -1 else (-inf if x == -1 else nan)


def divide(x: float, y: float) -> float:
    """`x / y`, by IEEE's rules at y = 0."""
    if y != 0:
        return x / y
    if x == 0 or x != x:
        return nan
    return math.copysign(inf, x) * math.copysign(1.0, y)


def power(x: float, y: float) -> float:
    """`x ** y`, by IEEE's rules where Python raises or turns complex; `x ** 0.5` is NumPy's and PyTorch's sqrt(x)."""
    if y == 0.5:
        return sqrt(x)
    try:
        return math.pow(x, y)
    except OverflowError:
        return -inf if x < 0 and y % 2 == 1 else inf
    except ValueError:
        if x == 0:
            return math.copysign(inf, x) if y % 2 == 1 else inf
        return nan


def sigmoid(x: float) -> float:
    """`1 / (1 + exp(-x))` without overflow."""
    e = math.exp(-abs(x))
    return 1 / (1 + e) if x >= 0 else e / (1 + e)


def softplus(x: float) -> float:
    """`log(1 + exp(x))` without overflow."""
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))


def maximum(x: float, y: float) -> float:
    """The larger of two; nan if one is."""
    return x if x >= y or x != x else y


def minimum(x: float, y: float) -> float:
    """The smaller of two; nan if one is."""
    return x if x <= y or x != x else y


def whole(function: Callable[[float], float]) -> Callable[[float], float]:
    """A rounding function that leaves infinities and nan alone; what is rounded to 0 keeps its sign."""
    return lambda x: math.copysign(function(x), x) if math.isfinite(x) else x


def sign(x: float) -> float:
    """-1, 0 or 1; 0 for nan."""
    return float((x > 0) - (x < 0))
