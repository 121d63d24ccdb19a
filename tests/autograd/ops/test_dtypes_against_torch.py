"""Result dtypes are PyTorch's, for all pairs of dtypes, of arrays, 0-d arrays and Python numbers."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd
from autograd.dtypes import SUPPORTED
from autograd.errors import ChainruleError

torch = pytest.importorskip("torch", reason="PyTorch is not installed (the extra `peer`)")

TORCH = {dtype: getattr(torch, dtype.name) for dtype in SUPPORTED}
NUMBERS: dict[str, Any] = {"True": True, "3": 3, "2.5": 2.5}
KINDS: list[tuple[str, Any]] = [("array", d) for d in SUPPORTED] + [("0-d", d) for d in SUPPORTED]
KINDS += [("number", n) for n in NUMBERS]


def operand(kind: str, what: Any, module: Any) -> Any:
    if kind == "number":
        return NUMBERS[what]
    array = np.ones((2,) if kind == "array" else (), what)
    return autograd.tensor(array) if module is autograd else torch.tensor(array)


PAIRS = [(a, b) for a, b in itertools.product(KINDS, KINDS) if not a[0] == b[0] == "number"]


def name_of(dtype: Any) -> str:
    return str(dtype).removeprefix("torch.")


def outcome(function: Callable[..., Any], *operands: Any) -> str:
    """The dtype of the result, or that it was refused."""
    try:
        return name_of(function(*operands).dtype)
    except (RuntimeError, TypeError, ChainruleError, NotImplementedError):
        return "refused"


def test_result_type_of_all_pairs() -> None:
    wrong = []
    for a, b in PAIRS:
        ours = name_of(autograd.result_type(operand(*a, autograd), operand(*b, autograd)))
        theirs = name_of(torch.result_type(operand(*a, torch), operand(*b, torch)))
        if ours != theirs:
            wrong.append((a, b, ours, theirs))
    assert len(PAIRS) == 21 * 21 - 9
    assert wrong == []


def test_promote_types_and_can_cast_of_all_pairs() -> None:
    for a, b in itertools.product(SUPPORTED, SUPPORTED):
        assert name_of(autograd.promote_types(a, b)) == name_of(torch.promote_types(TORCH[a], TORCH[b])), (a, b)
        assert autograd.can_cast(a, b) == torch.can_cast(TORCH[a], TORCH[b]), (a, b)


BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": operator.pow,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "&": operator.and_,
    "|": operator.or_,
    "^": operator.xor,
}


@pytest.mark.parametrize("sign", BINARY)
def test_operators_of_all_pairs(sign: str) -> None:
    function, wrong = BINARY[sign], []
    for a, b in PAIRS:
        ours = outcome(function, operand(*a, autograd), operand(*b, autograd))
        theirs = outcome(function, operand(*a, torch), operand(*b, torch))
        if ours != theirs and not _deviates(sign, a, b, ours, theirs):
            wrong.append((a, b, ours, theirs))
    assert wrong == []


def _deviates(sign: str, a: Any, b: Any, ours: str, theirs: str) -> bool:
    """Where we differ on purpose."""
    bools = [what in (autograd.bool, "True") for _, what in (a, b)]
    if sign == "-":
        # PyTorch refuses to subtract a mask, and from one; `1 - mask` is useful, and what it gives is not in doubt.
        return theirs == "refused" and bools in ([True, False], [False, True])
    if sign == "**":
        # PyTorch's bool ** bool is a bool with a number as exponent, and refused otherwise; ours is a bool always.
        return bools == [True, True] and ours == "bool"
    return False


FUNCTIONS = ("maximum", "minimum", "logical_and", "logical_or", "logical_xor")


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_of_all_pairs(name: str) -> None:
    wrong = []
    for a, b in PAIRS:
        if "number" in (a[0], b[0]):  # PyTorch takes Tensors alone here
            continue
        ours = outcome(getattr(autograd, name), operand(*a, autograd), operand(*b, autograd))
        theirs = outcome(getattr(torch, name), operand(*a, torch), operand(*b, torch))
        if ours != theirs:
            wrong.append((a, b, ours, theirs))
    assert wrong == []


def test_where_of_all_pairs() -> None:
    wrong = []
    for a, b in PAIRS:
        ours = outcome(autograd.where, autograd.tensor([True, False]), operand(*a, autograd), operand(*b, autograd))
        theirs = outcome(torch.where, torch.tensor([True, False]), operand(*a, torch), operand(*b, torch))
        if ours != theirs:
            wrong.append((a, b, ours, theirs))
    assert wrong == []


@pytest.mark.parametrize("name", ["cat", "stack"])
def test_joining_of_all_pairs(name: str) -> None:
    for a, b in itertools.product(SUPPORTED, SUPPORTED):
        ours = getattr(autograd, name)([operand("array", a, autograd), operand("array", b, autograd)])
        theirs = getattr(torch, name)([operand("array", a, torch), operand("array", b, torch)])
        assert name_of(ours.dtype) == name_of(theirs.dtype), (a, b)


# fmt: off
ONE = [
    "abs", "neg", "sign", "square", "reciprocal", "exp", "expm1", "log", "log1p", "log2", "log10", "sqrt", "rsqrt",
    "sin", "cos", "tan", "sinh", "cosh", "tanh", "atan", "erf", "floor", "ceil", "round", "trunc", "logical_not",
    "isnan", "isinf", "isfinite", "bitwise_not", "relu", "sigmoid", "sum", "mean", "prod", "var", "std", "amax",
    "amin", "argmax", "argmin", "any", "all", "norm", "clone",
]
# fmt: on
UNARY: dict[str, Callable[[Any, Any], Any]] = {
    **{name: (lambda module, x, name=name: getattr(module, name)(x)) for name in ONE},
    "cumsum": lambda module, x: module.cumsum(x, 0),
    "logsumexp": lambda module, x: module.logsumexp(x, 0),
    "softmax": lambda module, x: module.softmax(x, 0),
    "log_softmax": lambda module, x: module.log_softmax(x, 0),
    "max": lambda module, x: module.max(x),
    "max along": lambda module, x: module.max(x, 0)[0],
    "clamp": lambda module, x: module.clamp(x, 0, 1),
    "clamp by floats": lambda module, x: module.clamp(x, 0.5, 1.5),
    "-x": lambda module, x: -x,
    "+x": lambda module, x: +x,
    "~x": lambda module, x: ~x,
}
# Where we differ on purpose: (function, dtype): (ours, PyTorch's, why).
_SAME = "the numbers are bools already, and nothing is in doubt"
WHOLE = ("int64", "int32", "int16", "int8", "uint8", "bool")
DEVIATIONS: dict[tuple[str, str], tuple[str, str, str]] = {
    **{(name, "bool"): ("bool", "refused", _SAME) for name in ("abs", "floor", "ceil", "trunc", "+x")},
    ("relu", "bool"): ("int64", "refused", "max(x, 0) with the integer 0"),
    **{(name, "bool"): ("int64", "refused", "NumPy's: the first True or False") for name in ("argmax", "argmin")},
    **{
        (name, dtype): ("float32", "refused", "whole numbers are taken as floats, as by exp")
        for name in ("softmax", "log_softmax")
        for dtype in WHOLE
    },
}


@pytest.mark.parametrize("kind", ["array", "0-d"])
@pytest.mark.parametrize("name", UNARY)
@pytest.mark.filterwarnings("ignore")  # both warn of the variance of a single number
def test_functions_of_all_dtypes(name: str, kind: str) -> None:
    wrong = []
    for dtype in SUPPORTED:
        ours = outcome(UNARY[name], autograd, operand(kind, dtype, autograd))
        theirs = outcome(UNARY[name], torch, operand(kind, dtype, torch))
        expected = DEVIATIONS.get((name, dtype.name), (theirs, theirs, ""))
        if (ours, theirs) != expected[:2]:
            wrong.append((dtype.name, ours, theirs))
    assert wrong == []
