"""Special functions: the error function and the normal distribution, the gamma function and its relatives.

SciPy computes them; it is imported when the first of them is called, as that takes longer than all of this package.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import graph
from ..composites import composite
from ..errors import ArgumentError, GraphError
from ..primitive import Handle, Sample, define, op
from . import scalar
from .families import binary, from_scipy, unary, values

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = [
    "digamma",
    "entr",
    "erf",
    "erfc",
    "erfcx",
    "erfinv",
    "igamma",
    "igammac",
    "lgamma",
    "log_ndtr",
    "mvlgamma",
    "ndtr",
    "ndtri",
    "polygamma",
    "xlog1py",
    "zeta",
]

Operand = Any  # a Tensor, an array or a number

# --- the error function and the normal distribution

_ROOT_PI, _ROOT_2PI, _ROOT_2 = math.sqrt(math.pi), math.sqrt(2 * math.pi), math.sqrt(2)


def _unary(name: str, scipy_name: str, rule: Any, **fields: Any) -> Any:
    """Define an elementwise operation of one input over a function of scipy.special."""
    forward = from_scipy(scipy_name)
    return unary(name, forward, scalar.through_array(forward), rule, **fields)


ERF = unary(
    "erf",
    from_scipy("erf"),
    math.erf,
    lambda g, x: g * (2 / _ROOT_PI) * op.exp(-x * x),
    formula="2/sqrt(pi) int e^-t^2",
)
ERFC = _unary("erfc", "erfc", lambda g, x: g * (-2 / _ROOT_PI) * op.exp(-x * x), formula="1 - erf(x)")
ERFCX = _unary("erfcx", "erfcx", lambda g, x, out: g * (2 * x * out - 2 / _ROOT_PI), formula="e^x^2 erfc(x)")
ERFINV = _unary(
    "erfinv",
    "erfinv",
    lambda g, out: g * (_ROOT_PI / 2) * op.exp(out * out),
    low=-0.9,
    high=0.9,
    formula="the y with erf(y) = x",
)
NDTR = _unary("ndtr", "ndtr", lambda g, x: g * op.exp(-0.5 * x * x) / _ROOT_2PI, formula="P(N(0, 1) <= x)")
NDTRI = _unary(
    "ndtri",
    "ndtri",
    lambda g, out: g * op.exp(0.5 * out * out) * _ROOT_2PI,
    low=0.1,
    high=0.9,
    formula="the y with P(N(0, 1) <= y) = x",
)


def _log_ndtr_rule(g: Any, x: Any) -> Any:
    """The density over the probability; below 0, where both vanish, by `erfcx`, which is their quotient."""
    below = x < 0
    low, high = op.where(below, x, -1.0), op.where(below, 1.0, x)
    left = math.sqrt(2 / math.pi) / op.erfcx(-low / _ROOT_2)
    right = op.div(op.exp(-0.5 * high * high) / _ROOT_2PI, op.ndtr(high))
    return g * op.where(below, left, right)


LOG_NDTR = _unary("log_ndtr", "log_ndtr", _log_ndtr_rule, kinks=(0,), formula="ln P(N(0, 1) <= x)")


ENTR = _unary("entr", "entr", lambda g, x: -g * (1 + op.log(x)), low=0.2, formula="-x ln x")
XLOG1PY = binary(
    "xlog1py",
    from_scipy("xlog1py"),
    scalar.through_array(from_scipy("xlog1py")),
    x=lambda g, x, y: g * op.log1p(op.where(op.eq(x, 0) & (y <= -1), 0.0, y)),
    y=lambda g, x, y: op.div(g * x, y + 1),
    y_range=(-0.6, 2.0),
    promotes="float",
    formula="x ln(1 + y), and 0 where x = 0",
)

# --- the gamma function and its relatives


def _lgamma(x: Any) -> Any:
    """At -inf it is inf, as in C and PyTorch; SciPy's is -inf."""
    from scipy.special import gammaln

    x = np.asarray(x)
    return np.asarray(gammaln(np.where(np.isneginf(x), -x, x)), dtype=x.dtype)


LGAMMA = unary(
    "lgamma",
    _lgamma,
    scalar.through_array(_lgamma),
    lambda g, x: g * op.digamma(x),
    low=0.3,
    high=4.0,
    formula="ln |gamma(x)|",
)


def _digamma(x: Any) -> Any:
    from scipy.special import psi

    return np.where(x == 0, np.copysign(x.dtype.type(math.inf), -x), np.asarray(psi(x), dtype=x.dtype))


DIGAMMA = unary(
    "digamma",
    _digamma,
    scalar.through_array(_digamma),
    lambda g, x: g * op.polygamma(x, 1),
    low=0.3,
    high=4.0,
    formula="the derivative of ln gamma(x)",
)


def _polygamma(x: Any, n: int) -> Any:
    from scipy.special import polygamma

    return _digamma(x) if n == 0 else np.asarray(polygamma(n, x), dtype=x.dtype)


POLYGAMMA = define(
    "polygamma",
    forward=_polygamma,
    scalar=lambda x, n: _polygamma(np.float64(x), n).item(),
    inputs=("x",),
    attributes=("n",),
    vjp={"x": lambda g, x, n: g * op.polygamma(x, n + 1)},
    promotes="float",
    samples=lambda rng: [
        Sample((values(rng, shape, 0.8, 4.0),), (n,)) for n in (0, 1, 2) for shape in ((), (2, 3), (0, 2))
    ],
    formula="the derivative n + 1 times of ln gamma(x)",
)


def _incomplete(name: str, scipy_name: str, sign: int, formula: str) -> Any:
    """Define an incomplete gamma function, which has a derivative by its second input alone."""
    forward = from_scipy(scipy_name)
    return binary(
        name,
        forward,
        scalar.through_array(forward),
        x=None,
        y=lambda g, x, y: sign * g * op.exp((x - 1) * op.log(y) - y - op.lgamma(x)),
        x_range=(0.5, 3.0),
        y_range=(0.5, 3.0),
        promotes="float",
        formula=formula,
    )


IGAMMA = _incomplete("igamma", "gammainc", 1, "int_0^y t^(x - 1) e^-t dt / gamma(x)")
IGAMMAC = _incomplete("igammac", "gammaincc", -1, "int_y^inf t^(x - 1) e^-t dt / gamma(x)")
ZETA = binary(
    "zeta",
    from_scipy("zeta"),
    scalar.through_array(from_scipy("zeta")),
    x=None,
    y=lambda g, x, y: -g * x * op.zeta(x + 1, y),
    x_range=(1.5, 4.0),
    y_range=(0.5, 3.0),
    promotes="float",
    formula="sum_k (y + k)^-x",
)

# --- the public functions


def erfc(input: Operand) -> Tensor:
    """One minus the error function, elementwise, exact also where that is nearly 1.

    Example:
        >>> autograd.erfc(autograd.tensor([0.0, 1.0]))
        tensor([1.0000, 0.1573])
    """
    return ERFC.apply(input)


def erfcx(input: Operand) -> Tensor:
    """The scaled complement of the error function, elementwise: `exp(x ** 2) * erfc(x)`.

    Example:
        >>> autograd.erfcx(autograd.tensor([0.0, 100.0]))
        tensor([1.0000, 0.0056])
    """
    return ERFCX.apply(input)


def erfinv(input: Operand) -> Tensor:
    """The inverse of the error function, elementwise; inf at 1, nan outside of -1 to 1.

    Example:
        >>> autograd.erfinv(autograd.tensor([0.0, 0.5]))
        tensor([0.0000, 0.4769])
    """
    return ERFINV.apply(input)


def ndtr(input: Operand) -> Tensor:
    """The probability that a standard normal number is at most x, elementwise.

    Example:
        >>> autograd.ndtr(autograd.tensor([0.0, 1.0]))
        tensor([0.5000, 0.8413])
    """
    return NDTR.apply(input)


def log_ndtr(input: Operand) -> Tensor:
    """The logarithm of the probability that a standard normal number is at most x, elementwise, without underflow.

    Example:
        >>> autograd.log_ndtr(autograd.tensor([0.0, -100.0]))
        tensor([-6.9315e-01, -5.0055e+03])
    """
    return LOG_NDTR.apply(input)


def ndtri(input: Operand) -> Tensor:
    """The number that a standard normal one does not exceed with the given probability, elementwise.

    Example:
        >>> autograd.ndtri(autograd.tensor([0.5, 0.975]))
        tensor([0.0000, 1.9600])
    """
    return NDTRI.apply(input)


def entr(input: Operand) -> Tensor:
    """The entropy of each number: `-x * log(x)`, 0 at 0 and -inf below.

    Example:
        >>> autograd.entr(autograd.tensor([0.0, 0.5]))
        tensor([0.0000, 0.3466])
    """
    return ENTR.apply(input)


def xlog1py(input: Operand, other: Operand) -> Tensor:
    """`input * log(1 + other)`, elementwise with broadcasting, and 0 where `input` is 0.

    Example:
        >>> autograd.xlog1py(autograd.tensor([0.0, 2.0]), autograd.tensor([-1.0, 3.0]))
        tensor([0.0000, 2.7726])
    """
    return XLOG1PY.apply(input, other)


def lgamma(input: Operand) -> Tensor:
    """The logarithm of the absolute value of the gamma function, elementwise; its derivative is `digamma`.

    Example:
        >>> autograd.lgamma(autograd.tensor([0.5, 4.0]))
        tensor([0.5724, 1.7918])
    """
    return LGAMMA.apply(input)


def digamma(input: Operand) -> Tensor:
    """The derivative of `lgamma`, elementwise.

    Example:
        >>> autograd.digamma(autograd.tensor([1.0, 0.5]))
        tensor([-0.5772, -1.9635])
    """
    return DIGAMMA.apply(input)


def polygamma(n: int, input: Operand) -> Tensor:
    """The derivative of `digamma`, n times, elementwise.

    Args:
        n: how many times; 0 gives `digamma` itself.
        input: a Tensor of any shape.

    Raises:
        ArgumentError: n is negative or no whole number.

    Example:
        >>> autograd.polygamma(1, autograd.tensor([1.0, 0.5]))
        tensor([1.6449, 4.9348])
    """
    if not isinstance(n, int) or n < 0:
        raise ArgumentError(f"polygamma: n is {n!r}; use a whole number that is not negative")
    return POLYGAMMA.apply(input, n)


def _mvlgamma_reference(x: Any, p: int) -> Any:
    from scipy.special import multigammaln

    return np.vectorize(lambda a: multigammaln(a, p))(x)


@composite(
    formula="p (p - 1) / 4 ln(pi) + sum_i ln gamma(x - i / 2), i < p",
    samples=lambda rng: [Sample((values(rng, (2, 3), 2.0, 5.0),), (p,)) for p in (1, 3)],
    reference=_mvlgamma_reference,
    error_samples=lambda rng: [Sample((values(rng, (2,), 2.0, 5.0),), (0,), ArgumentError, "p is 0")],
)
def mvlgamma(input: Operand, p: int) -> Tensor:
    """The logarithm of the gamma function of p dimensions, elementwise.

    Args:
        input: a Tensor of any shape, of numbers greater than `(p - 1) / 2`.
        p: the number of dimensions.

    Raises:
        ArgumentError: p is not positive.

    Example:
        >>> autograd.mvlgamma(autograd.tensor([2.0, 3.0]), 2)
        tensor([0.4516, 1.5502])
    """
    if not isinstance(p, int) or p < 1:
        raise ArgumentError(f"mvlgamma: p is {p!r}; use a positive whole number")
    total = LGAMMA.apply(input)
    for i in range(1, p):
        total = op.add.apply(total, LGAMMA.apply(op.sub.apply(input, i / 2)))
    return total if p == 1 else op.add.apply(total, p * (p - 1) / 4 * math.log(math.pi))


def _only_by_other(name: str, input: Operand) -> Operand:
    """Refuse a gradient by `input` where it would otherwise be missing unseen."""
    if isinstance(input, Handle) and input._requires_grad and graph.is_grad_enabled():
        raise GraphError(f"{name}: there is no derivative by input, only by other; give input.detach()")
    return input


def igamma(input: Operand, other: Operand) -> Tensor:
    """The regularised lower incomplete gamma function, elementwise with broadcasting.

    That is the integral of `t ** (input - 1) * exp(-t)` from 0 to `other`, divided by the gamma function of `input`.

    Raises:
        GraphError: a gradient by `input` would be needed; there is one by `other` alone.

    Example:
        >>> autograd.igamma(autograd.tensor([1.0, 4.0]), autograd.tensor([2.0, 2.0]))
        tensor([0.8647, 0.1429])
    """
    return IGAMMA.apply(_only_by_other("igamma", input), other)


def igammac(input: Operand, other: Operand) -> Tensor:
    """The regularised upper incomplete gamma function, elementwise with broadcasting: `1 - igamma(input, other)`.

    Raises:
        GraphError: a gradient by `input` would be needed; there is one by `other` alone.

    Example:
        >>> autograd.igammac(autograd.tensor([1.0, 4.0]), autograd.tensor([2.0, 2.0]))
        tensor([0.1353, 0.8571])
    """
    return IGAMMAC.apply(_only_by_other("igammac", input), other)


def zeta(input: Operand, other: Operand) -> Tensor:
    """The Hurwitz zeta function, elementwise with broadcasting: the sum of `(other + k) ** -input` over k = 0, 1, ...

    Raises:
        GraphError: a gradient by `input` would be needed; there is one by `other` alone.

    Example:
        >>> autograd.zeta(autograd.tensor([2.0, 4.0]), 1)
        tensor([1.6449, 1.0823])
    """
    return ZETA.apply(_only_by_other("zeta", input), other)


def erf(input: Operand) -> Tensor:
    """The error function, elementwise: `2 / sqrt(pi)` times the integral of `exp(-t ** 2)` from 0 to x.

    Example:
        >>> autograd.erf(autograd.tensor([0.0, 1.0]))
        tensor([0.0000, 0.8427])
    """
    return ERF.apply(input)
