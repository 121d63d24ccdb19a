"""Elementwise functions at zeros, infinities, nan, huge and tiny numbers: values and gradients are PyTorch's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd

torch = pytest.importorskip("torch", reason="PyTorch is not installed (the extra `peer`)")

POINTS: dict[str, list[float]] = {
    "float64": [0.0, -0.0, 1, -1, 0.5, -0.5, 2, -2, 2.5, -2.5, 3, 1e-300, -1e-300, 1e-20, 1e-8, 30, -30, 100, -100, 710,
                -710, 1e10, -1e10, 1e200, 1e300, -1e300, np.inf, -np.inf, np.nan],
    "float32": [0.0, -0.0, 1, -1, 0.5, -0.5, 2, -2, 2.5, 3, 1e-38, -1e-38, 1e-4, 30, -30, 90, -90, 1e10, -1e10, 1e38,
                np.inf, -np.inf, np.nan],
    "float16": [0.0, -0.0, 1, -1, 0.5, -0.5, 2, -2, 2.5, 3, 6e-5, 10, -10, 100, -100, 6e4, -6e4, np.inf, -np.inf,
                np.nan],
}  # fmt: skip
TOLERANCE = {"float64": (1e-10, 1e-290), "float32": (2e-5, 1e-37), "float16": (4e-3, 1e-3)}

ONE = [
    "acos", "acosh", "asin", "asinh", "atan", "atanh", "sin", "cos", "tan", "sinh", "cosh", "tanh", "sinc", "deg2rad",
    "rad2deg", "exp", "exp2", "expm1", "log", "log1p", "log2", "log10", "sqrt", "rsqrt", "logit", "abs", "sign",
    "signbit", "angle", "nan_to_num", "neg", "positive", "square", "reciprocal", "floor", "ceil", "round", "trunc",
    "frac", "erf", "erfc", "erfinv", "lgamma", "digamma", "i0", "isposinf", "isneginf", "isreal", "isnan", "isinf",
    "isfinite", "logical_not", "special.erfcx", "special.ndtr", "special.ndtri", "special.log_ndtr", "special.entr",
    "special.i0e", "special.i1", "special.i1e", "special.expit", "special.modified_bessel_i0",
    "special.modified_bessel_k0", "special.modified_bessel_k1", "special.spherical_bessel_j0",
]  # fmt: skip
TWO = [
    "add", "sub", "mul", "div", "pow", "remainder", "fmod", "hypot", "maximum", "minimum", "fmax", "fmin",
    "clamp_min", "clamp_max", "copysign", "atan2", "logaddexp", "logaddexp2", "xlogy", "nextafter", "float_power",
    "eq", "lt", "logical_and", "special.xlog1py",
]  # fmt: skip

# Where ours is not PyTorch's on purpose: the points, and why.
ELSEWHERE: dict[str, tuple[Callable[..., Any], str]] = {
    "sinc": (
        lambda x: (np.abs(x) < 1e-3) | (np.abs(x) > 1e100) | (np.abs(x) == 2.5),
        "the slope cancels near 0, it does not vanish far out, and in float16 2.5 pi is rounded in both",
    ),
    "digamma": (lambda x: np.ones_like(x, bool), "PyTorch's trigamma is right to nine digits, and wrong at its poles"),
    "special.ndtr": (lambda x: x == -30, "PyTorch's underflows too early"),
    "special.erfcx": (lambda x: x == 90, "the slope cancels in both"),
    "special.log_ndtr": (lambda x: x < -80, "PyTorch's slope is nan or cancels where ours is -x"),
    "special.i0e": (lambda x: np.abs(x) > 50, "the slope is rounded to 0 by cancelling in both"),
    "special.i1": (lambda x: np.isnan(x) | (np.abs(x) == 90), "PyTorch's slope of nan is 1/2, of large numbers nan"),
    "special.i1e": (lambda x: np.isnan(x) | (np.abs(x) > 1e6), "PyTorch's slope of nan is 1/2; else it cancels"),
    "remainder": (lambda x, y: np.abs(x) > 1e38 * np.abs(y), "PyTorch's is nan where the quotient overflows"),
    "fmod": (lambda x, y: np.abs(x) > 1e38 * np.abs(y), "PyTorch's is nan where the quotient overflows"),
    "copysign": (lambda x, y: ~np.isfinite(x), "PyTorch's slope at infinity is nan, ours 1 or -1"),
    "logaddexp2": (lambda x, y: (x == -1) & (y == -1), "PyTorch gives the last bit in place of 0"),
    "atan2": (lambda x, y: np.hypot(x, y) < 1e-4, "in float16 the square of the length vanishes"),
}


def find(module: Any, name: str) -> Any:
    for part in name.split("."):
        module = getattr(module, part)
    return module


def numbers(x: Any) -> np.ndarray:
    return np.asarray(x.detach().numpy() if isinstance(x, autograd.Tensor) else x.detach().numpy(force=True))


def compare(name: str, inputs: list[np.ndarray], dtype: str) -> None:
    theirs = [torch.tensor(x.copy(), requires_grad=True) for x in inputs]
    ours = [autograd.tensor(x.copy(), requires_grad=True) for x in inputs]
    try:
        expected = find(torch, name)(*theirs)
    except RuntimeError as error:
        pytest.skip(f"PyTorch has it not: {error}")
    found = find(autograd, name)(*ours)
    kept = ~ELSEWHERE[name][0](*[x.astype(np.float64) for x in inputs]) if name in ELSEWHERE else slice(None)
    rtol, atol = TOLERANCE[dtype]

    def same(a: Any, b: Any, what: str) -> None:
        assert str(a.dtype) == str(b.dtype).removeprefix("torch."), what
        places = np.stack(inputs, -1)[kept]
        a, b = numbers(a)[kept].astype(np.float64), numbers(b)[kept].astype(np.float64)
        with np.errstate(all="ignore"):
            right = (a == b) | (np.isnan(a) & np.isnan(b)) | (np.abs(a - b) <= atol + rtol * np.abs(b))
        wrong = [(*place.tolist(), x, y) for place, x, y in zip(places[~right], a[~right], b[~right], strict=True)]
        assert not wrong, f"{what} of {name} at, ours, PyTorch's: {wrong[:5]}"

    same(found, expected, "value")
    assert found.requires_grad == expected.requires_grad
    if not expected.requires_grad:
        return
    try:
        slopes = torch.autograd.grad(expected.sum(), theirs)
    except RuntimeError as error:
        pytest.skip(f"PyTorch has no gradient of it: {error}")
    for k, (a, b) in enumerate(zip(autograd.grad(found.sum(), ours), slopes, strict=True)):
        same(a, b, f"gradient {k}")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("dtype", POINTS)
@pytest.mark.parametrize("name", ONE)
def test_of_one_number(name: str, dtype: str) -> None:
    compare(name, [np.array(POINTS[dtype], dtype=dtype)], dtype)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("dtype", POINTS)
@pytest.mark.parametrize("name", TWO)
def test_of_two_numbers(name: str, dtype: str) -> None:
    x, y = np.meshgrid(*[np.array(POINTS[dtype], dtype=dtype)] * 2)
    compare(name, [x.ravel(), y.ravel()], dtype)


@pytest.mark.parametrize("name", ["sign", "floor", "ceil", "round", "trunc", "angle"])
def test_step_functions_stop_an_infinite_gradient(name: str) -> None:
    x = autograd.tensor([0.0, 1.5, -2.5], requires_grad=True)
    getattr(autograd, name)(x).backward(autograd.tensor([np.inf, -np.inf, np.nan]))
    assert x.grad.tolist() == [0, 0, 0]


def test_derivatives_that_are_not_there_are_refused() -> None:
    """PyTorch raises in backward; here the call itself does, and not with numbers that need no gradient."""
    x, y = autograd.tensor([1.5], requires_grad=True), autograd.tensor([2.0], requires_grad=True)
    for function in (autograd.igamma, autograd.igammac, autograd.zeta):
        with pytest.raises(autograd.errors.GraphError, match="no derivative by input"):
            function(x, y)
        function(x.detach(), y).backward()
        with autograd.no_grad():
            function(x, y)
