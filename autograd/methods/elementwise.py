"""The elementwise methods of Tensor, each in one line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..ops import (
    activation,
    arithmetic,
    bessel,
    choosing,
    exponential,
    piecewise,
    probability,
    rounding,
    special_functions,
    trigonometric,
)
from ..primitive import Handle

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["Elementwise"]


class Elementwise(Handle):
    """Functions of each number, and of pairs of numbers."""

    __slots__ = ()

    def exp(self) -> Tensor:
        """See `autograd.exp`."""
        return exponential.exp(self)

    def expm1(self) -> Tensor:
        """See `autograd.expm1`."""
        return exponential.expm1(self)

    def log(self) -> Tensor:
        """See `autograd.log`."""
        return exponential.log(self)

    def log1p(self) -> Tensor:
        """See `autograd.log1p`."""
        return exponential.log1p(self)

    def log2(self) -> Tensor:
        """See `autograd.log2`."""
        return exponential.log2(self)

    def log10(self) -> Tensor:
        """See `autograd.log10`."""
        return exponential.log10(self)

    def sqrt(self) -> Tensor:
        """See `autograd.sqrt`."""
        return exponential.sqrt(self)

    def rsqrt(self) -> Tensor:
        """See `autograd.rsqrt`."""
        return exponential.rsqrt(self)

    def square(self) -> Tensor:
        """See `autograd.square`."""
        return arithmetic.square(self)

    def reciprocal(self) -> Tensor:
        """See `autograd.reciprocal`."""
        return arithmetic.reciprocal(self)

    def neg(self) -> Tensor:
        """See `autograd.neg`."""
        return arithmetic.neg(self)

    def sign(self) -> Tensor:
        """See `autograd.sign`."""
        return choosing.sign(self)

    def sin(self) -> Tensor:
        """See `autograd.sin`."""
        return trigonometric.sin(self)

    def cos(self) -> Tensor:
        """See `autograd.cos`."""
        return trigonometric.cos(self)

    def tan(self) -> Tensor:
        """See `autograd.tan`."""
        return trigonometric.tan(self)

    def sinh(self) -> Tensor:
        """See `autograd.sinh`."""
        return trigonometric.sinh(self)

    def cosh(self) -> Tensor:
        """See `autograd.cosh`."""
        return trigonometric.cosh(self)

    def tanh(self) -> Tensor:
        """See `autograd.tanh`."""
        return trigonometric.tanh(self)

    def atan(self) -> Tensor:
        """See `autograd.atan`."""
        return trigonometric.atan(self)

    def erf(self) -> Tensor:
        """See `autograd.erf`."""
        return special_functions.erf(self)

    def floor(self) -> Tensor:
        """See `autograd.floor`."""
        return rounding.floor(self)

    def ceil(self) -> Tensor:
        """See `autograd.ceil`."""
        return rounding.ceil(self)

    def trunc(self) -> Tensor:
        """See `autograd.trunc`."""
        return rounding.trunc(self)

    def abs(self) -> Tensor:
        """See `autograd.abs`."""
        return choosing.abs(self)

    def round(self, *, decimals: int = 0) -> Tensor:
        """See `autograd.round`."""
        return rounding.round(self, decimals=decimals)

    def mul(self, other: Any) -> Tensor:
        """See `autograd.mul`."""
        return arithmetic.mul(self, other)

    def maximum(self, other: Any) -> Tensor:
        """See `autograd.maximum`."""
        return choosing.maximum(self, other)

    def minimum(self, other: Any) -> Tensor:
        """See `autograd.minimum`."""
        return choosing.minimum(self, other)

    def floor_divide(self, other: Any) -> Tensor:
        """See `autograd.floor_divide`."""
        return arithmetic.floor_divide(self, other)

    def remainder(self, other: Any) -> Tensor:
        """See `autograd.remainder`."""
        return arithmetic.remainder(self, other)

    def add(self, other: Any, *, alpha: Any = 1) -> Tensor:
        """See `autograd.add`."""
        return arithmetic.add(self, other, alpha=alpha)

    def sub(self, other: Any, *, alpha: Any = 1) -> Tensor:
        """See `autograd.sub`."""
        return arithmetic.sub(self, other, alpha=alpha)

    def div(self, other: Any, *, rounding_mode: str | None = None) -> Tensor:
        """See `autograd.div`."""
        return arithmetic.div(self, other, rounding_mode=rounding_mode)

    def pow(self, exponent: Any) -> Tensor:
        """See `autograd.pow`."""
        return arithmetic.pow(self, exponent)

    def where(self, condition: Any, other: Any) -> Tensor:
        """See `autograd.where`."""
        return choosing.WHERE.apply(condition, self, other)

    def clamp(self, min: Any = None, max: Any = None) -> Tensor:
        """See `autograd.clamp`."""
        return choosing.clamp(self, min, max)

    def clip(self, min: Any = None, max: Any = None) -> Tensor:
        """See `autograd.clamp`."""
        return choosing.clamp(self, min, max)

    def addcdiv(self, tensor1: Any, tensor2: Any, *, value: float = 1) -> Tensor:
        """See `autograd.addcdiv`."""
        return arithmetic.addcdiv(self, tensor1, tensor2, value=value)

    def addcmul(self, tensor1: Any, tensor2: Any, *, value: float = 1) -> Tensor:
        """See `autograd.addcmul`."""
        return arithmetic.addcmul(self, tensor1, tensor2, value=value)

    def divide(self, other: Any, *, rounding_mode: str | None = None) -> Tensor:
        """See `autograd.div`."""
        return arithmetic.div(self, other, rounding_mode=rounding_mode)

    def float_power(self, exponent: Any) -> Tensor:
        """See `autograd.float_power`."""
        return arithmetic.float_power(self, exponent)

    def fmod(self, other: Any) -> Tensor:
        """See `autograd.fmod`."""
        return arithmetic.fmod(self, other)

    def gcd(self, other: Any) -> Tensor:
        """See `autograd.gcd`."""
        return arithmetic.gcd(self, other)

    def hypot(self, other: Any) -> Tensor:
        """See `autograd.hypot`."""
        return arithmetic.hypot(self, other)

    def lcm(self, other: Any) -> Tensor:
        """See `autograd.lcm`."""
        return arithmetic.lcm(self, other)

    def lerp(self, end: Any, weight: Any) -> Tensor:
        """See `autograd.lerp`."""
        return arithmetic.lerp(self, end, weight)

    def multiply(self, other: Any) -> Tensor:
        """See `autograd.mul`."""
        return arithmetic.mul(self, other)

    def negative(self) -> Tensor:
        """See `autograd.neg`."""
        return arithmetic.neg(self)

    def positive(self) -> Tensor:
        """See `autograd.positive`."""
        return arithmetic.positive(self)

    def subtract(self, other: Any, *, alpha: float = 1) -> Tensor:
        """See `autograd.sub`."""
        return arithmetic.sub(self, other, alpha=alpha)

    def true_divide(self, other: Any, *, rounding_mode: str | None = None) -> Tensor:
        """See `autograd.div`."""
        return arithmetic.div(self, other, rounding_mode=rounding_mode)

    def absolute(self) -> Tensor:
        """See `autograd.abs`."""
        return choosing.abs(self)

    def angle(self) -> Tensor:
        """See `autograd.angle`."""
        return choosing.angle(self)

    def clamp_max(self, max: Any) -> Tensor:
        """See `autograd.clamp_max`."""
        return choosing.clamp_max(self, max)

    def clamp_min(self, min: Any) -> Tensor:
        """See `autograd.clamp_min`."""
        return choosing.clamp_min(self, min)

    def conj(self) -> Tensor:
        """See `autograd.conj`."""
        return choosing.conj(self)

    def conj_physical(self) -> Tensor:
        """See `autograd.conj`."""
        return choosing.conj(self)

    def copysign(self, other: Any) -> Tensor:
        """See `autograd.copysign`."""
        return choosing.copysign(self, other)

    def fmax(self, other: Any) -> Tensor:
        """See `autograd.fmax`."""
        return choosing.fmax(self, other)

    def fmin(self, other: Any) -> Tensor:
        """See `autograd.fmin`."""
        return choosing.fmin(self, other)

    def heaviside(self, values: Any) -> Tensor:
        """See `autograd.heaviside`."""
        return choosing.heaviside(self, values)

    def nan_to_num(self, nan: float | None = None, posinf: float | None = None, neginf: float | None = None) -> Tensor:
        """See `autograd.nan_to_num`."""
        return choosing.nan_to_num(self, nan, posinf, neginf)

    @property
    def real(self) -> Tensor:
        """See `autograd.real`."""
        return choosing.real(self)

    def resolve_conj(self) -> Tensor:
        """See `autograd.conj`."""
        return choosing.conj(self)

    def resolve_neg(self) -> Tensor:
        """See `autograd.conj`."""
        return choosing.conj(self)

    def sgn(self) -> Tensor:
        """See `autograd.sign`."""
        return choosing.sign(self)

    def signbit(self) -> Tensor:
        """See `autograd.signbit`."""
        return choosing.signbit(self)

    def exp2(self) -> Tensor:
        """See `autograd.exp2`."""
        return exponential.exp2(self)

    def logaddexp(self, other: Any) -> Tensor:
        """See `autograd.logaddexp`."""
        return exponential.logaddexp(self, other)

    def logaddexp2(self, other: Any) -> Tensor:
        """See `autograd.logaddexp2`."""
        return exponential.logaddexp2(self, other)

    def logit(self, eps: float | None = None) -> Tensor:
        """See `autograd.logit`."""
        return exponential.logit(self, eps)

    def xlogy(self, other: Any) -> Tensor:
        """See `autograd.xlogy`."""
        return exponential.xlogy(self, other)

    def acos(self) -> Tensor:
        """See `autograd.acos`."""
        return trigonometric.acos(self)

    def acosh(self) -> Tensor:
        """See `autograd.acosh`."""
        return trigonometric.acosh(self)

    def arccos(self) -> Tensor:
        """See `autograd.acos`."""
        return trigonometric.acos(self)

    def arccosh(self) -> Tensor:
        """See `autograd.acosh`."""
        return trigonometric.acosh(self)

    def arcsin(self) -> Tensor:
        """See `autograd.asin`."""
        return trigonometric.asin(self)

    def arcsinh(self) -> Tensor:
        """See `autograd.asinh`."""
        return trigonometric.asinh(self)

    def arctan(self) -> Tensor:
        """See `autograd.atan`."""
        return trigonometric.atan(self)

    def arctan2(self, other: Any) -> Tensor:
        """See `autograd.atan2`."""
        return trigonometric.atan2(self, other)

    def arctanh(self) -> Tensor:
        """See `autograd.atanh`."""
        return trigonometric.atanh(self)

    def asin(self) -> Tensor:
        """See `autograd.asin`."""
        return trigonometric.asin(self)

    def asinh(self) -> Tensor:
        """See `autograd.asinh`."""
        return trigonometric.asinh(self)

    def atan2(self, other: Any) -> Tensor:
        """See `autograd.atan2`."""
        return trigonometric.atan2(self, other)

    def atanh(self) -> Tensor:
        """See `autograd.atanh`."""
        return trigonometric.atanh(self)

    def deg2rad(self) -> Tensor:
        """See `autograd.deg2rad`."""
        return trigonometric.deg2rad(self)

    def rad2deg(self) -> Tensor:
        """See `autograd.rad2deg`."""
        return trigonometric.rad2deg(self)

    def sinc(self) -> Tensor:
        """See `autograd.sinc`."""
        return trigonometric.sinc(self)

    def fix(self) -> Tensor:
        """See `autograd.trunc`."""
        return rounding.trunc(self)

    def frac(self) -> Tensor:
        """See `autograd.frac`."""
        return rounding.frac(self)

    def frexp(self) -> Any:
        """See `autograd.frexp`."""
        return rounding.frexp(self)

    def ldexp(self, other: Any) -> Tensor:
        """See `autograd.ldexp`."""
        return rounding.ldexp(self, other)

    def nextafter(self, other: Any) -> Tensor:
        """See `autograd.nextafter`."""
        return rounding.nextafter(self, other)

    def digamma(self) -> Tensor:
        """See `autograd.digamma`."""
        return special_functions.digamma(self)

    def erfc(self) -> Tensor:
        """See `autograd.erfc`."""
        return special_functions.erfc(self)

    def erfinv(self) -> Tensor:
        """See `autograd.erfinv`."""
        return special_functions.erfinv(self)

    def igamma(self, other: Any) -> Tensor:
        """See `autograd.igamma`."""
        return special_functions.igamma(self, other)

    def igammac(self, other: Any) -> Tensor:
        """See `autograd.igammac`."""
        return special_functions.igammac(self, other)

    def lgamma(self) -> Tensor:
        """See `autograd.lgamma`."""
        return special_functions.lgamma(self)

    def mvlgamma(self, p: int) -> Tensor:
        """See `autograd.mvlgamma`."""
        return special_functions.mvlgamma(self, p)

    def polygamma(self, n: int) -> Tensor:
        """See `autograd.polygamma`."""
        return special_functions.polygamma(n, self)

    def i0(self) -> Tensor:
        """See `autograd.i0`."""
        return bessel.i0(self)

    # --- activations

    def relu(self) -> Tensor:
        """See `autograd.relu`."""
        return activation.relu(self)

    def sigmoid(self) -> Tensor:
        """See `autograd.sigmoid`."""
        return activation.sigmoid(self)

    def softmax(self, dim: Any, *, dtype: Any = None) -> Tensor:
        """See `autograd.softmax`."""
        return probability.softmax(self, dim, dtype=dtype)

    def log_softmax(self, dim: Any, *, dtype: Any = None) -> Tensor:
        """See `autograd.log_softmax`."""
        return probability.log_softmax(self, dim, dtype=dtype)

    def hardshrink(self, lambd: Any = 0.5) -> Tensor:
        """See `autograd.hardshrink`."""
        return piecewise.hardshrink(self, lambd)

    def prelu(self, weight: Any) -> Tensor:
        """See `autograd.prelu`."""
        return piecewise.prelu(self, weight)
