"""exp, log and their like of one float32 number, written so that a loop over them is vectorised.

No branch, no call, no table: range reduction, a polynomial, and selections at the ends. numba knows no vector library
here, and the C library's functions take ten times as long. Largest errors in units in the last place, measured against
float64 over all magnitudes (tests/kernels/test_elementary_kernels.py holds them to it):

| exp | exp, expm1, up to 0 | exp to denormal | log | log1p | tanh | sigmoid | softplus | scaled_erfc |
|---|---|---|---|---|---|---|---|---|
| 1.0 | 1.0 | 1.1 | 1.0 | 1.5 | 1.5 | 2.5 | 2.0 | 5.5 |

Infinities, NaN, denormal and huge numbers come out as from NumPy. The polynomials are those of Moshier's Cephes library
(netlib.org/cephes, single precision), but for scaled_erfc.
"""

import numpy as np

from autograd.kernels.threads import jit

_jit = jit(fastmath={"contract"})
F, I = np.float32, np.int32  # noqa: E741

_ROUND = F(12582912.0)  # adding and subtracting 1.5 * 2**23 rounds to a whole number
_LOG2_E = F(1.44269504088896341)
_LN2_HIGH, _LN2_LOW = F(0.693359375), F(-2.12194440e-4)
_LOWEST = F(-87.33)  # below it, e**x is denormal


@_jit
def _power_of_two(n):  # type: ignore[no-untyped-def]
    """2**n for -127 < n < 128, by its bits."""
    return I((n + I(127)) << I(23)).view(np.float32)


@_jit
def _reduced_exp(r):  # type: ignore[no-untyped-def]
    """(e**r - 1 - r) / r**2 for |r| < 0.35."""
    p = F(1.9875691500e-4) * r + F(1.3981999507e-3)
    p = p * r + F(8.3334519073e-3)
    p = p * r + F(4.1665795894e-2)
    p = p * r + F(1.6666665459e-1)
    return p * r + F(5.0000001201e-1)


@_jit
def exp(x):  # type: ignore[no-untyped-def]
    """e**x."""
    y = F(89) if x > F(89) else x
    y = F(-105) if y < F(-105) else y
    n = (y * _LOG2_E + _ROUND) - _ROUND
    r = (y - n * _LN2_HIGH) - n * _LN2_LOW
    p = _reduced_exp(r) * r * r + r + F(1)
    # In two steps, for the result may be denormal.
    k = I(n)
    half = k >> I(1)
    return p * _power_of_two(half) * _power_of_two(k - half)


@_jit
def _scaled_exp(x, power):  # type: ignore[no-untyped-def]
    """2**power e**x, where that is a normal number."""
    rounding = _ROUND + power
    shifted = x * _LOG2_E + rounding
    n = shifted - rounding
    r = (x - n * _LN2_HIGH) - n * _LN2_LOW
    p = _reduced_exp(r) * r * r + r + F(1)
    # n + power stands in the lowest bits of `shifted`; times 2**n is n more in the exponent.
    return I(F(p).view(np.int32) + (F(shifted).view(np.int32) << I(23))).view(np.float32)


@_jit
def exp_of_negative(x):  # type: ignore[no-untyped-def]
    """e**x for x <= 0, and zero where it would be denormal: two thirds of the work of `exp`."""
    scaled = _scaled_exp(x, F(0))
    return F(0) if x < _LOWEST else scaled


@_jit
def exp_to_denormal(x):  # type: ignore[no-untyped-def]
    """e**x for x <= 0, down to the smallest denormal number."""
    return _scaled_exp(F(-105) if x < F(-105) else x, F(32)) * F(2.0**-32)


@_jit
def expm1_of_negative(x):  # type: ignore[no-untyped-def]
    """e**x - 1 for x <= 0."""
    y = F(-20) if x < F(-20) else x
    n = (y * _LOG2_E + _ROUND) - _ROUND
    r = (y - n * _LN2_HIGH) - n * _LN2_LOW
    scale = _power_of_two(I(n))
    return scale * (_reduced_exp(r) * r * r + r) + (scale - F(1))


@_jit
def _log_near_one(z, n):  # type: ignore[no-untyped-def]
    """ln(1 + z) + n ln(2) for 1 + z between sqrt(1/2) and sqrt(2)."""
    p = F(7.0376836292e-2) * z + F(-1.1514610310e-1)
    p = p * z + F(1.1676998740e-1)
    p = p * z + F(-1.2420140846e-1)
    p = p * z + F(1.4249322787e-1)
    p = p * z + F(-1.6668057665e-1)
    p = p * z + F(2.0000714765e-1)
    p = p * z + F(-2.4999993993e-1)
    p = p * z + F(3.3333331174e-1)
    square = z * z
    return z + (p * z * square + n * _LN2_LOW - F(0.5) * square) + n * _LN2_HIGH


@_jit
def log(x):  # type: ignore[no-untyped-def]
    """The natural logarithm."""
    small = x < F(1.17549435e-38)
    y = x * F(8388608) if small else x
    bits = F(y).view(np.int32)
    k = ((bits >> I(23)) & I(255)) - I(126)
    m = I((bits & I(0x7FFFFF)) | I(0x3F000000)).view(np.float32)  # between 1/2 and 1
    low = m < F(0.707106781186547524)
    k = k - I(1) if low else k
    k = k - I(23) if small else k
    z = (m + m - F(1)) if low else (m - F(1))
    out = _log_near_one(z, F(k))
    out = x if x == F(np.inf) else out
    out = F(-np.inf) if x == F(0) else out
    return F(np.nan) if (x < F(0)) | (x != x) else out


@_jit
def log1p(x):  # type: ignore[no-untyped-def]
    """ln(1 + x), with what is lost in 1 + x added again."""
    one_more = F(1) + x
    lost = (x - (one_more - F(1))) if one_more < F(8388608) else F(0)
    out = log(one_more)
    return out + lost / one_more if one_more > F(0) else out


@_jit
def tanh(x):  # type: ignore[no-untyped-def]
    """The hyperbolic tangent."""
    size = abs(x)
    z = x * x
    p = F(-5.70498872745e-3) * z + F(2.06390887954e-2)
    p = p * z + F(-5.37397155531e-2)
    p = p * z + F(1.33314422036e-1)
    p = p * z + F(-3.33332819422e-1)
    near = p * z * x + x
    e = exp_of_negative(F(-2) * size)
    far = F(1) - (e + e) / (e + F(1))
    far = -far if x < F(0) else far
    return near if size < F(0.625) else far


@_jit
def sigmoid(x):  # type: ignore[no-untyped-def]
    """1 / (1 + e**-x), in which nothing overflows."""
    e = exp_to_denormal(-abs(x))
    return (e if x < F(0) else F(1)) / (F(1) + e)


@_jit
def softplus(x):  # type: ignore[no-untyped-def]
    """ln(1 + e**x), in which nothing overflows."""
    above = x if x > F(0) else F(0)
    u = exp_to_denormal(-abs(x))
    # ln(1 + u) without forming the sum; above sqrt(2) it is ln(2) + ln((1 + u) / 2).
    half = u > F(0.41421356)
    return above + _log_near_one(F(0.5) * (u - F(1)) if half else u, F(1) if half else F(0))


@_jit
def scaled_erfc(x):  # type: ignore[no-untyped-def]
    """(1 - erf(x)) e**(x x) for x >= 0, as a polynomial of t = 1 / (1 + x / 2), fitted to it up to x = 10."""
    t = F(1) / (F(1) + F(0.5) * x)
    p = F(-0.059068966656923294) * t + F(0.2845749855041504)
    p = p * t + F(-0.48719996213912964)
    p = p * t + F(0.2780672013759613)
    p = p * t + F(-0.026625696569681168)
    p = p * t + F(0.2026868760585785)
    p = p * t + F(0.2431037575006485)
    p = p * t + F(0.282375305891037)
    return (p * t + F(0.28208643198013306)) * t
