"""Every public operation against PyTorch's of the same name: values, dtypes, and gradients."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import autograd
from autograd.errors import ChainruleError

from ...conformance import compare

torch = pytest.importorskip("torch", reason="PyTorch is not installed (the extra `peer`)")


@dataclass(frozen=True)
class R:
    """Random numbers of a shape, of which gradients are taken."""

    shape: tuple[int, ...] = (2, 3)
    low: float = -2.0
    high: float = 2.0


@dataclass(frozen=True)
class C:
    """A constant array (indices, masks, targets); floating ones take the dtype of the test."""

    data: Any
    dtype: str = ""


@dataclass(frozen=True)
class Call:
    """One call of both: arguments that are R or C become Tensors, in lists too."""

    args: tuple[Any, ...]
    kwargs: tuple[tuple[str, Any], ...] = ()


def call(*args: Any, **kwargs: Any) -> Call:
    return Call(args, tuple(kwargs.items()))


SHAPES: list[tuple[int, ...]] = [(), (3,), (2, 3), (2, 1, 3), (0, 2)]
PAIRS: list[tuple[tuple[int, ...], tuple[int, ...]]] = [
    ((), ()),
    ((3,), (3,)),
    ((2, 3), (3,)),
    ((2, 1), (1, 3)),
    ((), (2, 2)),
    ((4, 1, 2), (3, 1)),
    ((0, 3), (1, 3)),
]


def unary(low: float = -2.0, high: float = 2.0, *rest: Any, **kwargs: Any) -> list[Call]:
    return [call(R(shape, low, high), *rest, **kwargs) for shape in SHAPES]


def binary(low: float = -2.0, high: float = 2.0) -> list[Call]:
    calls = [call(R(a, low, high), R(b, low, high)) for a, b in PAIRS]
    return [*calls, call(R((2, 3), low, high), 2), call(R((2, 3), low, high), 1.5), call(R((), low, high), 2)]


def reduction(*, several: bool = True, empty: bool = True, **kwargs: Any) -> list[Call]:
    cases: list[tuple[tuple[int, ...], Any]] = [
        ((3,), 0),
        ((2, 3), 1),
        ((2, 3), -2),
        ((2, 3, 2), -1),
        ((), 0),
        ((), -1),
    ]
    if several:
        cases += [((2, 3, 2), (0, 2)), ((2, 3, 2), (-1, 1)), ((2, 3), (0, 1)), ((2, 3), ())]
    if empty:
        cases += [((2, 0), 0), ((0, 3), 1)]
    calls = [call(R(shape), dim, **kwargs) for shape, dim in cases]
    return [*calls, *(call(R(shape), dim, keepdim=True, **kwargs) for shape, dim in cases)]


def recurrent(gates: int, states: int) -> list[Call]:
    """Networks of one layer, and of two in both directions without biases; features 3, state 2."""
    rows = 2 * gates

    def state(runs: int) -> Any:
        h = R((runs, 2, 2), -1, 1)
        return [h, R((runs, 2, 2), -1, 1)] if states == 2 else h

    one = [R(shape, -1, 1) for shape in ((rows, 3), (rows, 2), (rows,), (rows,))]
    two = [R(shape, -1, 1) for shape in [(rows, 3), (rows, 2)] * 2 + [(rows, 4), (rows, 2)] * 2]
    return [
        call(R((4, 2, 3)), state(1), one, True, 1, 0.0, True, False, False),
        call(R((2, 4, 3)), state(4), two, False, 2, 0.0, False, True, True),
    ]


def cell(gates: int, states: int) -> list[Call]:
    rows = 2 * gates
    state: Any = [R((4, 2), -1, 1), R((4, 2), -1, 1)] if states == 2 else R((4, 2), -1, 1)
    weights = [R(shape, -1, 1) for shape in ((rows, 3), (rows, 2), (rows,), (rows,))]
    return [call(R((4, 3)), state, *weights), call(R((4, 3)), state, *weights[:2])]


WHOLE = [call(R(shape)) for shape in SHAPES]
SOME = [call(R(shape)) for shape in SHAPES if 0 not in shape]
INDEX = C([[0, 2, 1], [1, 1, 0]], "int64")
CLASSES, BATCH = C([1, 0, 3, 3], "int64"), R((4, 5))
WEIGHT = C([0.5, 1.0, 2.0, 0.25, 1.5])
REDUCTIONS = ("mean", "sum", "none")
IMAGES = R((2, 4, 6, 5))

# fmt: off
ANYWHERE = [
    "abs", "neg", "sign", "square", "exp", "expm1", "sin", "cos", "tan", "sinh", "cosh", "tanh", "atan", "erf",
    "floor", "ceil", "round", "trunc", "relu", "sigmoid", "logsigmoid", "silu", "softsign", "selu", "clone",
]
# fmt: on

CASES: dict[str, list[Call]] = {
    "lstm": recurrent(4, 2),
    "gru": recurrent(3, 1),
    **{name: recurrent(1, 1) for name in ("rnn_tanh", "rnn_relu")},
    "lstm_cell": cell(4, 2),
    "gru_cell": cell(3, 1),
    **{name: cell(1, 1) for name in ("rnn_tanh_cell", "rnn_relu_cell")},
    "chain_matmul": [call(R((2, 3)), R((3, 4)), R((4, 1)), R((1, 2)))],
    "ger": [call(R((2,)), R((3,)))],
    "inverse": [call(R((2, 2))), call(R((2, 3, 3)))],
    "orgqr": [call(R((3, 2)), R((2,)))],
    # elementwise
    **{name: unary() for name in ANYWHERE},
    **{name: unary(0.3) for name in ("log", "log2", "log10", "sqrt", "rsqrt", "reciprocal")},
    "log1p": unary(-0.7),
    "relu6": unary(-3, 9),
    "leaky_relu": unary() + unary(-2, 2, 0.3),
    "elu": unary() + unary(-2, 2, 0.5),
    "hardtanh": unary() + unary(-2, 2, -0.5, 1.5),
    "softplus": unary() + unary(-2, 2, 3.0, 2.0),
    "gelu": unary() + unary(-2, 2, approximate="tanh"),
    **{name: binary() for name in ("add", "sub", "mul", "eq", "ne", "lt", "le", "gt", "ge")},
    **{name: [c for c in binary() if isinstance(c.args[1], R)] for name in ("maximum", "minimum")},
    **{name: binary(0.4) for name in ("div", "pow", "remainder", "floor_divide")},
    "where": [
        call(C([[True, False, True]]), R((2, 3)), R((3,))),
        call(C(True), R(()), R((2,))),
        call(C([True, False]), R((2,)), 0.0),
        call(C([True, False]), 1.5, R((1,))),
    ],
    "clamp": [
        call(R((2, 5)), -1, 1),
        call(R((5,)), None, 0.5),
        call(R(()), min=-0.5),
        call(R((2, 3)), R((3,)), R((2, 1))),
        call(R((0, 2)), 0, 1),
    ],
    **{
        name: [
            call(R((2, 3)), R((3,))),
            call(C([True, False, True]), C([True, True, False])),
            call(C([0, 2]), C([3, 0])),
        ]
        for name in ("logical_and", "logical_or", "logical_xor")
    },
    **{
        name: [call(C([0.0, 1.0, math.nan, math.inf, -math.inf])), call(C([0, 3])), call(C([[]]))]
        for name in ("logical_not", "isnan", "isinf", "isfinite")
    },
    **{
        name: [call(C([3, 12]), C([[5], [-2]])), call(C([3, 12]), 6), call(C([True, False]), C([True, True]))]
        for name in ("bitwise_and", "bitwise_or", "bitwise_xor")
    },
    **{
        name: [call(C([6, -5, 3]), C([[1], [2]])), call(C([6, 5], "int32"), 2), call(C(9, "uint8"), C(3, "uint8"))]
        for name in ("bitwise_left_shift", "bitwise_right_shift")
    },
    **{
        name: [call(C([12, -18, 0]), C([[8], [3]])), call(C([6, 4], "int32"), C(10, "int64"))]
        for name in ("gcd", "lcm")
    },
    "bitwise_not": [call(C([3, -12])), call(C([True, False])), call(C([3, 7], "uint8"))],
    # reductions
    "sum": WHOLE
    + reduction()
    + [call(C([[1, 2], [3, 4]]), 0), call(C([True, True])), call(R((2, 3)), dtype="float64")],
    "mean": WHOLE + reduction() + [call(R((2, 3)), 1, dtype="float64")],
    "prod": WHOLE + reduction(several=False) + [call(C([[1, 2], [3, 4]]), 0), call(C([0.0, 2.0, 0.0])), call(R((7,)))],
    **{
        name: [
            call(R((4,))),
            call(R((2, 3))),
            call(R((2, 3, 2)), (0, 2)),
            call(R((2, 3)), 1, keepdim=True),
            call(R((2, 3)), -1, correction=0),
            call(R((2, 4)), 1, correction=2),
        ]
        for name in ("var", "std")
    },
    **{name: SOME + reduction(empty=False) + [call(C([[1, 5], [3, 4]]), 0)] for name in ("amax", "amin")},
    **{
        name: SOME + reduction(several=False, empty=False) + [call(R((2, 3)), R((3,))), call(R((0, 3)), 1)]
        for name in ("max", "min")
    },
    **{name: SOME + reduction(several=False, empty=False) for name in ("argmax", "argmin")},
    # running, sorted and statistical
    "cumprod": [call(R((3,)), 0), call(R((2, 3)), -1), call(R(()), 0), call(R((0, 2)), 0), call(C([2, 3]), 0)],
    "logcumsumexp": [call(R((3,)), 0), call(R((2, 3)), -1), call(R(()), 0), call(R((2, 0)), 1)],
    **{
        name: [call(R((4,)), 0), call(R((2, 3)), -1), call(R(()), 0), call(C([2, 3, 3, 1]), 0)]
        for name in ("cummax", "cummin")
    },
    **{
        name: [call(R((4,))), call(R((2, 3)), 0, True), call(R(())), call(R((2, 0)), 1)] for name in ("sort", "argsort")
    },
    "msort": [call(R((4,))), call(R((3, 2)))],
    "topk": [call(R((5,)), 2), call(R((3, 2)), 2, 0, False), call(R(()), 1), call(R((3,)), 0)],
    "kthvalue": [call(R((5,)), 2), call(R((3, 2)), 3, 0, True), call(R(()), 1)],
    **{
        name: [
            call(R((5,))),
            call(R((3, 4)), 1),
            call(R((3, 4)), 0, True),
            call(R(())),
            call(R((0,))),
            call(C([3, 1, 2])),
        ]
        for name in ("median", "nanmedian")
    },
    "mode": [call(R((3, 4))), call(C([2, 1, 2, 1, 3])), call(C([[1, 1, 0], [2, 3, 3]]), 1, True)],
    **{
        name: [call(R((5,)), 0.3), call(R((3, 4)), C([0.1, 0.9]), 1), call(R((3, 4)), 0.5, 0, True), call(R(()), 0.5)]
        + [call(R((4,)), 0.4, interpolation=i) for i in ("lower", "higher", "midpoint", "nearest")]
        for name in ("quantile", "nanquantile")
    },
    "unique": [call(C([3, 1, 3, 2])), call(C([[1, 0], [1, 0], [0, 1]]), True, True, True, 0), call(C([2.5, 0.5, 2.5]))],
    "unique_consecutive": [call(C([1, 1, 2, 1])), call(C([[1, 1], [1, 1], [0, 1]]), True, True, 0)],
    "searchsorted": [
        call(C([1, 3, 5, 7]), C([[3, 6], [9, 0]])),
        call(C([[1.0, 2.0], [0.0, 5.0]]), R((2, 3)), right=True),
        call(C([1, 3, 5]), 3, side="right", out_int32=True),
    ],
    "bucketize": [call(R((2, 3)), C([-1.0, 0.0, 1.0])), call(C([1, 2]), C([1, 2]), right=True), call(2, C([1, 2]))],
    "histc": [call(C([0.0, 1.0, 1.5, 4.0]), 4, 0, 2), call(C([0.0, 1.0, 4.0]), 2), call(C([2.0, 2.0]), 3)],
    "histogram": [
        call(C([0.0, 1.0, 1.5, 4.0]), 4, range=(0.0, 2.0), density=True),
        call(C([0.0, 1.0, 4.0]), C([0.0, 2.0, 4.0]), weight=C([1.0, 2.0, 4.0])),
    ],
    "bincount": [call(C([0, 2, 2])), call(C([1, 0]), C([0.5, 2.0]), 4), call(C([1, 0]), C([1, 2]))],
    "diff": [call(R((4,))), call(R((3, 4)), 2, 0), call(R((2, 3)), 1, -1, R((2, 1)), R((2, 2))), call(C([1, 4, 2]))],
    "gradient": [call(R((4,))), call(R((3, 4)), spacing=0.5), call(R((3, 4)), dim=1, edge_order=2), call(C([1, 4, 9]))],
    **{
        name: [call(R((4,))), call(R((2, 3)), R((3,))), call(R((2, 3)), dx=0.5, dim=0), call(C([1, 2, 4]))]
        for name in ("trapz", "trapezoid", "cumulative_trapezoid")
    },
    "dist": [call(R((2, 3)), R((3,)), p) for p in (2, 1, 3.5, 0.5, math.inf)],
    "renorm": [call(R((3, 4)), p, 0, 1.5) for p in (2, 1, math.inf)],
    "cdist": [call(R((3, 2)), R((2, 4, 2)), p) for p in (2.0, 1.0, 3.5, math.inf)] + [call(R((2, 0)), R((3, 0)))],
    "pdist": [call(R((4, 2)), p) for p in (2.0, 1.0, 3.5, math.inf)] + [call(R((1, 2)))],
    "cov": [
        call(R((3, 4))),
        call(R((4,))),
        call(R((2, 3)), correction=0, fweights=C([1, 2, 3]), aweights=R((3,), 0.5, 2)),
    ],
    "corrcoef": [call(R((3, 4))), call(R((4,)))],
    **{name: reduction(empty=False) for name in ("nansum", "nanmean")},
    **{name: [call(R((2, 3))), call(R((2, 3)), 1), call(R((2, 3)), False)] for name in ("var_mean", "std_mean")},
    "count_nonzero": [call(C([[0, 2, 3], [0, 0, 1]])), call(C([[0, 2, 3], [0, 0, 1]]), 1), call(C(2.0))],
    "aminmax": [call(R((2, 3))), call(R((2, 3)), dim=1, keepdim=True), call(R(()))],
    "logsumexp": [
        *(c for c in reduction() if c.args[1] != ()),
        call(C([[1, 2], [3, 4]]), 0),
        call(C([-math.inf, 0.0]), 0),
        call(C([-math.inf, -math.inf]), 0),
    ],
    "norm": WHOLE
    + [
        call(R((2, 3)), p, dim, keepdim)
        for p in (2, 1, 3, 2.5, math.inf)
        for dim in (1, (0, 1), -2)
        for keepdim in (False, True)
    ]
    + [call(R((2, 3)), "fro"), call(R((2, 3)), 0.5, 1)],
    "cumsum": [
        call(R((3,)), 0),
        call(R((2, 3)), -1),
        call(R(()), 0),
        call(R((2, 0)), 0),
        call(C([True, True]), 0),
        call(C([1, 2]), 0),
    ],
    **{
        name: [
            call(C([[0, 1], [0, 0]])),
            call(C([[True, False], [True, True]]), 1),
            call(R((2, 3)), 0, keepdim=True),
            call(C([[]]), 0),
            call(C([])),
            call(C([[0.0, 1.0]]), (0, 1)),
        ]
        for name in ("any", "all")
    },
    **{
        name: [
            call(R((3,)), 0),
            call(R((2, 3)), 1),
            call(R((2, 3, 2)), -2),
            call(R(()), 0),
            call(R((0, 2)), 1),
            call(R((2, 0)), 1),
        ]
        for name in ("softmax", "log_softmax")
    },
    # shapes
    "reshape": [call(R((2, 3)), (3, 2)), call(R((2, 3)), (-1,)), call(R(()), (1, 1)), call(R((0, 3)), (3, 0))],
    "view": [call(R((2, 3)), 3, 2), call(R((2, 3)), (-1, 2))],
    "flatten": [call(R((2, 3, 4))), call(R((2, 3, 4)), 1), call(R((2, 3, 4)), 0, 1), call(R(())), call(R((2, 0)))],
    "permute": [call(R((2, 3, 4)), (2, 0, 1)), call(R((2, 3)), (-1, 0)), call(R(()), ())],
    "transpose": [call(R((2, 3)), 0, 1), call(R((2, 3, 4)), -1, 0), call(R(()), 0, -1)],
    "movedim": [call(R((2, 3, 4)), 0, -1), call(R((2, 3, 4)), (0, 1), (2, 0))],
    "squeeze": [
        call(R((1, 3, 1))),
        call(R((1, 3, 1)), 0),
        call(R((1, 3, 1)), -1),
        call(R((1, 3, 1)), (0, 1)),
        call(R(())),
    ],
    "unsqueeze": [call(R((2, 3)), 0), call(R((2, 3)), -1), call(R(()), 0), call(R((2, 3)), 1)],
    "expand": [
        call(R((3,)), 2, 3),
        call(R((2, 1)), (2, 3)),
        call(R((2, 1)), -1, 4),
        call(R(()), 2),
        call(R((1, 3)), 0, 3),
    ],
    "broadcast_to": [call(R((3,)), (2, 3)), call(R((2, 1)), (4, 2, 3)), call(R(()), ())],
    "repeat": [call(R((2,)), 3), call(R((2, 3)), 1, 2), call(R((2,)), 2, 2), call(R(()), 2), call(R((2,)), 0)],
    "flip": [call(R((2, 3)), (0,)), call(R((2, 3)), (0, -1)), call(R((2, 3)), ())],
    "roll": [
        call(R((5,)), 2),
        call(R((2, 3)), 1),
        call(R((2, 3)), 1, 0),
        call(R((2, 3)), (1, -2), (0, 1)),
        call(R((2, 3)), -7, -1),
    ],
    "cat": [
        call([R((2,)), R((3,))]),
        call([R((2, 1)), R((2, 3))], 1),
        call([R((2, 1)), R((2, 3))], -1),
        call([R((0, 3)), R((2, 3))]),
        call([R((2,)), C([1, 2])]),
    ],
    "stack": [
        call([R((2, 3)), R((2, 3))]),
        call([R((2,)), R((2,)), R((2,))], 1),
        call([R(()), R(())]),
        call([R((2, 3)), R((2, 3))], -1),
    ],
    "split": [call(R((5, 2)), 2), call(R((5, 2)), [1, 4]), call(R((2, 4)), 2, -1), call(R((2, 4)), 9)],
    "chunk": [call(R((5, 2)), 2), call(R((5, 2)), 3), call(R((2, 4)), 2, -1), call(R((5,)), 4), call(R((2,)), 5)],
    "pad": [
        call(R((2, 3)), (1, 2)),
        call(R((2, 3)), (1, 0, 0, 2)),
        call(R((2, 3)), (1, 1), "constant", 2.5),
        call(R((2, 3)), (-1, 1)),
        call(R((2, 0)), (1, 1)),
    ],
    **{
        name: [call(R((3, 4))), call(R((3, 4)), 1), call(R((4, 3)), -1), call(R((2, 3, 3)))]
        for name in ("tril", "triu")
    },
    "one_hot": [call(C([0, 2, 1])), call(C([[0], [1]]), 4)],
    # indices
    "getitem": [
        call(R((3, 4)), i)
        for i in (
            0,
            -1,
            slice(None, None, 2),
            (Ellipsis, 1),
            (None, slice(1, 3)),
            (slice(None), [0, 2, 0]),
            ([0, 1], [1, 1]),
        )
    ]
    + [call(R((3, 4)), C([2, 0], "int64")), call(R((3,)), C([True, False, True]))],
    "unravel_index": [call(INDEX, (2, 3)), call(C(5, "int64"), 7), call(C([1, 2], "int32"), (3, 1, 2))],
    "fill_diagonal": [call(R((3, 3)), 2.5), call(R((5, 2)), 2.5, True), call(R((2, 2, 2)), -1.0)],
    "gather": [call(R((3, 3)), 0, INDEX), call(R((2, 4)), 1, INDEX), call(R((2, 4)), -1, C([[0, 0], [3, 3]], "int64"))],
    "scatter_add": [call(R((3, 3)), 0, INDEX, R((2, 3))), call(R((2, 4)), -1, INDEX, R((2, 3)))],
    "take_along_dim": [
        call(R((3, 3)), INDEX, 0),
        call(R((2, 4)), C([[1], [3]], "int64"), 1),
        call(R((1, 4)), INDEX, 1),
    ],
    # products
    "matmul": [
        call(R(a), R(b))
        for a, b in (
            ((3,), (3,)),
            ((2, 3), (3,)),
            ((3,), (3, 2)),
            ((2, 3), (3, 4)),
            ((5, 2, 3), (3,)),
            ((3,), (5, 3, 2)),
            ((5, 2, 3), (3, 4)),
            ((5, 1, 2, 3), (4, 3, 2)),
            ((0, 3), (3, 2)),
            ((2, 0), (0, 3)),
            ((0,), (0,)),
            ((4, 0, 3), (3, 2)),
        )
    ],
    "mm": [call(R((2, 3)), R((3, 4)))],
    "bmm": [call(R((5, 2, 3)), R((5, 3, 4)))],
    "mv": [call(R((2, 3)), R((3,)))],
    "dot": [call(R((3,)), R((3,))), call(R((0,)), R((0,)))],
    "outer": [call(R((3,)), R((2,))), call(R((0,)), R((2,)))],
    "linear": [call(R(s), R((4, 3)), R((4,))) for s in ((2, 3), (3,), (2, 2, 3), (0, 3))]
    + [call(R((2, 3)), R((4, 3)))],
    # images
    "conv2d": [
        call(IMAGES, R((6, 4, 3, 2)), R((6,))),
        call(IMAGES, R((6, 4, 3, 3)), None, 2, 1),
        call(IMAGES, R((6, 2, 3, 3)), R((6,)), (2, 1), (0, 2), (1, 2), 2),
        call(IMAGES, R((8, 1, 2, 2)), None, groups=4),
        call(IMAGES, R((6, 4, 3, 2)), R((6,)), padding="same"),
        call(IMAGES, R((6, 4, 1, 1)), padding="valid"),
        call(R((4, 6, 5)), R((6, 4, 3, 2))),
        call(R((0, 4, 6, 5)), R((6, 4, 3, 3))),
    ],
    "max_pool2d": [
        call(IMAGES, 2),
        call(IMAGES, (3, 2), (2, 1), (1, 1)),
        call(IMAGES, 2, 2, 0, 1, True),
        call(IMAGES, 2, 1, 0, 2),
        call(R((4, 6, 5)), 3),
        call(IMAGES, 3, 2, 1, ceil_mode=True, return_indices=True),
    ],
    "avg_pool2d": [
        call(IMAGES, 2),
        call(IMAGES, (3, 2), (2, 1), (1, 1)),
        call(IMAGES, 3, 2, 1, True, False),
        call(IMAGES, 3, 2, 1, True, True),
        call(IMAGES, 2, divisor_override=3),
        call(R((4, 6, 5)), 3),
    ],
    "im2col": [call(IMAGES, 2), call(IMAGES, (3, 2), (1, 2), (1, 0), (2, 1)), call(R((4, 6, 5)), 3, stride=2)],
    "col2im": [
        call(R((2, 12, 20)), (6, 5), 2),
        call(R((2, 12, 9)), (6, 5), (3, 2), (1, 2), (1, 0), (2, 1)),
        call(R((4, 9)), (4, 4), 2),
    ],
    "lp_pool1d": [call(R((2, 3, 6), 0.1), 2, 3), call(R((3, 6)), 2, 2, 1, True), call(R((3, 6), 0.1), 1.5, 4, 3)],
    "lp_pool2d": [call(IMAGES, 2, (3, 2)), call(R((4, 6, 5), 0.1), 3, 2, 1), call(IMAGES, 2.0, 4, 3, True)],
    "lp_pool3d": [call(R((2, 3, 4, 5, 4)), 2, (3, 2, 2)), call(R((3, 4, 5, 4), 0.1), 3, 2, 1)],
    "affine_grid": [
        call(R((2, 2, 3)), (2, 3, 4, 5)),
        call(R((2, 2, 3)), (2, 3, 1, 5), True),
        call(R((2, 3, 4)), (2, 1, 3, 4, 2), False),
    ],
    "batch_norm": [
        call(R((5, 3)), None, None, R((3,)), R((3,)), True),
        call(R((2, 3, 4, 2)), None, None, None, None, True, 0.1, 1e-3),
        call(R((5, 3)), C([0.1, 0.2, -0.3]), C([1.0, 0.5, 2.0]), R((3,)), R((3,)), False),
        call(R((2, 3, 4)), C([0.1, 0.2, -0.3]), C([1.0, 0.5, 2.0])),
    ],
    # losses
    "nll_loss": [call(BATCH, CLASSES, reduction=r) for r in REDUCTIONS]
    + [
        call(BATCH, CLASSES, WEIGHT),
        call(BATCH, CLASSES, WEIGHT, ignore_index=3),
        call(BATCH, CLASSES, ignore_index=3),
        call(R((2, 3, 2)), C([[0, 1], [2, 2]])),
        call(R((5,)), C(2)),
        call(BATCH, CLASSES, WEIGHT, reduction="none"),
    ],
    "cross_entropy": [call(BATCH, CLASSES, reduction=r) for r in REDUCTIONS]
    + [
        call(BATCH, CLASSES, WEIGHT, reduction=r, label_smoothing=s, ignore_index=i)
        for r in REDUCTIONS
        for s in (0.0, 0.2)
        for i in (-100, 3)
    ]
    + [
        call(BATCH, CLASSES, label_smoothing=0.1),
        call(R((2, 3, 2)), C([[0, 1], [2, 2]])),
        call(R((5,)), C(2)),
        call(R((2, 3)), C([[0.2, 0.3, 0.5], [1.0, 0.0, 0.0]])),
        call(R((2, 3)), R((2, 3), 0.0, 1.0)),
        call(R((2, 3)), C([[0.2, 0.3, 0.5], [1.0, 0.0, 0.0]]), C([0.5, 1.0, 2.0]), label_smoothing=0.1),
        call(R((2, 3)), C([[0.2, 0.3, 0.5], [1.0, 0.0, 0.0]]), reduction="none"),
        call(R((5,)), C([0.2, 0.3, 0.5, 0.0, 0.0])),
    ],
    "mse_loss": [call(R((2, 3)), R((2, 3)), reduction=r) for r in REDUCTIONS] + [call(R(()), R(()))],
    "l1_loss": [call(R((2, 3)), R((2, 3)), reduction=r) for r in REDUCTIONS] + [call(R(()), R(()))],
    "binary_cross_entropy_with_logits": [call(R((2, 3)), R((2, 3), 0.0, 1.0), reduction=r) for r in REDUCTIONS]
    + [
        call(R((2, 3)), C([[1.0, 0.0, 1.0], [0.0, 0.0, 1.0]]), C([0.5, 1.0, 2.0])),
        call(R((2, 3)), R((2, 3), 0.0, 1.0), pos_weight=C([0.5, 1.0, 2.0])),
    ],
    "multi_margin_loss": [call(BATCH, CLASSES, reduction=r) for r in REDUCTIONS]
    + [
        call(BATCH, CLASSES, 2, 0.5),
        call(BATCH, CLASSES, 1, 1.0, WEIGHT),
        call(R((5,)), C(2)),
        call(BATCH, CLASSES, 2, 1.5, WEIGHT, reduction="none"),
    ],
    # made from numbers
    "zeros": [call(2, 3), call((2,)), call(()), call(2, dtype="int64"), call(0, 3)],
    "ones": [call(2, 3), call((2,)), call(2, dtype="bool")],
    "full": [call((2, 3), 1.5), call((2,), 3), call((2,), True), call((), 2.5, dtype="float64")],
    **{name: [call(R((2, 3))), call(C([1, 2])), call(R((2,)), dtype="int64")] for name in ("zeros_like", "ones_like")},
    "full_like": [call(R((2, 3)), 2.5), call(C([1, 2]), 3), call(R((2,)), 1.5, dtype="float64")],
    "arange": [
        call(5),
        call(2, 7),
        call(2, 7, 2),
        call(0.0, 1.0, 0.25),
        call(5, 0, -2),
        call(3.5),
        call(3, dtype="float64"),
        call(4, 4),
    ],
    "linspace": [call(0.0, 1.0, 5), call(-1, 1, 4), call(0.0, 1.0, 1), call(3.0, -3.0, 7, dtype="float64")],
    "logspace": [call(0.0, 2.0, 3), call(-1.0, 1.0, 5, dtype="float64"), call(0.0, 3.0, 4, base=2.0)],
    **{
        name: [call(5), call(6, False, dtype="float64"), call(1), call(0)]
        for name in ("bartlett_window", "blackman_window", "hamming_window", "hann_window", "kaiser_window")
    },
    "tril_indices": [call(3, 4), call(4, 2, -1), call(2, 2, 1, dtype="int32"), call(0, 3)],
    "triu_indices": [call(3, 4), call(4, 2, -1), call(2, 2, 1, dtype="int32"), call(0, 3)],
    **{
        name: [call([R((2,)), R((3,))]), call([R((2, 1)), R((2, 3))], 1), call([R((2,)), C([1, 2])])]
        for name in ("concat", "concatenate")
    },
    "row_stack": [call([R((3,)), R((2, 3))]), call([R(()), R((1,))])],
    "moveaxis": [call(R((2, 3, 4)), 0, -1), call(R((2, 3, 4)), (0, 1), (2, 0))],
    **{name: [call(R((2, 3, 4)), 0, -1), call(R(()), 0, -1)] for name in ("swapaxes", "swapdims")},
    "select_copy": [call(R((2, 3)), 1, 2), call(R((3,)), 0, -1)],
    "unsafe_split_with_sizes": [call(R((5, 2)), [2, 3]), call(R((2, 5)), [1, 0, 4], 1)],
    "eye": [call(3), call(2, 3), call(2, dtype="int64")],
    "meshgrid": [
        call(R((2,)), R((3,)), indexing="ij"),
        call(R((2,)), R((3,)), indexing="xy"),
        call(R((2,)), indexing="ij"),
    ],
    "tensor": [
        call([1.5, 2.0]),
        call([[1, 2]]),
        call([True]),
        call(3),
        call(2.5),
        call([1, 2.5]),
        call([1.0, 2.0], dtype="int32"),
        call([]),
    ],
    "as_tensor": [call([1.5, 2.0]), call(3), call([1, 2], dtype="float64")],
}

# What PyTorch has under another name or as a method, and how it is called there. (Its floor_divide joins the graph
# and then has no derivative; ours stays outside. Its logsumexp over no dimension fails in backward.)
ADAPTED: dict[str, Callable[..., Any]] = {
    "im2col": torch.nn.functional.unfold,
    "col2im": torch.nn.functional.fold,
    "getitem": lambda x, i: x[i],
    "fill_diagonal": lambda x, *rest: x.clone().fill_diagonal_(*rest),
    "view": lambda x, *sizes: x.view(*sizes),
    "expand": lambda x, *sizes: x.expand(*sizes),
    "repeat": lambda x, *times: x.repeat(*times),
    "floor_divide": lambda x, y: x.detach() // (y.detach() if isinstance(y, torch.Tensor) else y),
    "std": lambda x, dim=None, **rest: torch.std(x, dim, **rest),
    "var": lambda x, dim=None, **rest: torch.var(x, dim, **rest),
}

# What is public and not compared here, and why.
NOT_COMPARED: dict[str, str] = {
    **dict.fromkeys(
        ("bernoulli", "dropout", "normal", "rand", "rand_like", "randint", "randn", "randn_like", "randperm"),
        "random: the streams of numbers differ; tests/autograd/test_random.py looks at distributions",
    ),
    **dict.fromkeys(("dropout1d", "gumbel_softmax"), "random; see test_neural_functions.py"),
    "maxout": "the course's function, which PyTorch lacks; see test_neural_functions.py",
    **dict.fromkeys(
        ("initial_seed", "manual_seed", "get_rng_state", "set_rng_state", "default_generator"), "state of the generator"
    ),
    **dict.fromkeys(
        (
            "checkpoint",
            "checkpoint_sequential",
            "from_dlpack",
            "is_anomaly_enabled",
            "once_differentiable",
            "operation",
        ),
        "no function of arrays; compared in the tests of its module",
    ),
    **dict.fromkeys(
        [f"{kind}Tensor" for kind in ("Bool", "Byte", "Char", "Double", "Float", "Half", "Int", "Long", "Short")]
        + ["asarray", "detach", "finfo", "iinfo", "is_nonzero", "is_same_size", "get_default_device"]
        + ["set_default_device", "get_num_threads", "set_num_threads", "set_printoptions"],
        "names of the compatibility surface; see tests/autograd/test_devices.py and tests/nn/test_compat.py",
    ),
    "poisson": "random: tests/autograd/test_random.py looks at its distribution",
    "seed": "state of the generator",
    "broadcast_shapes": "gives sizes, not a tensor; see test_moving.py",
    **dict.fromkeys(("empty", "empty_like"), "their numbers are whatever lies in memory"),
    **dict.fromkeys(("backward", "grad"), "used in every comparison here; see tests/autograd/test_differentiate.py"),
    **dict.fromkeys(
        ("result_type", "promote_types", "can_cast"), "compared for all pairs in test_dtypes_against_torch.py"
    ),
    **dict.fromkeys(("get_default_dtype", "set_default_dtype", "is_grad_enabled", "is_tensor"), "asks or sets a state"),
    **dict.fromkeys(("is_complex", "is_floating_point", "numel"), "give no tensor; see test_moving.py"),
    **dict.fromkeys(("draw", "save", "load", "define", "topological_order"), "PyTorch has none of these in this form"),
    "from_numpy": "shares memory; see tests/autograd/test_creation.py",
    "multiclass_hinge_loss": "the course's loss, which PyTorch lacks; compared with multi_margin_loss times C below",
}

DTYPES = {"float64": (1e-12, 1e-12), "float32": (3e-5, 3e-6)}


def find(name: str) -> Callable[..., Any]:
    """PyTorch's function of that name."""
    if name in ADAPTED:
        return ADAPTED[name]
    for module in (torch.nn.functional, torch, torch.Tensor):
        if hasattr(module, name):
            return getattr(module, name)
    raise LookupError(name)


def build(value: Any, module: Any, dtype: str, rng: np.random.Generator, leaves: list[Any]) -> Any:
    """An argument for one of the two packages; Tensors of random numbers are noted in `leaves`."""
    if isinstance(value, R):
        array = np.asarray(rng.uniform(value.low, value.high, value.shape)).astype(dtype)
        leaf = module.tensor(array, requires_grad=True)
        leaves.append(leaf)
        return leaf
    if isinstance(value, C):
        array = np.array(value.data)
        return module.tensor(array.astype(value.dtype or (dtype if array.dtype.kind == "f" else array.dtype)))
    if isinstance(value, list) and any(isinstance(v, (R, C)) for v in value):
        return [build(v, module, dtype, rng, leaves) for v in value]
    return value


def run(function: Callable[..., Any], module: Any, case: Call, dtype: str) -> tuple[list[Any], list[Any], list[Any]]:
    """Outputs, their requires_grad, and the gradients of the random inputs."""
    rng, leaves = np.random.default_rng(0), []
    args = [build(a, module, dtype, rng, leaves) for a in case.args]
    kwargs = {k: build(v, module, dtype, rng, leaves) for k, v in case.kwargs}
    if "dtype" in kwargs:
        kwargs["dtype"] = getattr(module, kwargs["dtype"])
    out = function(*args, **kwargs)
    outs = list(out) if isinstance(out, (tuple, list)) else [out]
    joined = [o for o in outs if o.requires_grad]
    gradients: list[Any] = [None] * len(leaves)
    if joined:
        seeds = []
        for o in joined:
            numbers = np.cos(np.arange(o.numel()) + 0.5).reshape(tuple(o.shape))
            seeds.append(module.tensor(numbers.astype(str(o.dtype).removeprefix("torch."))))
        found = module.autograd.grad if module is torch else autograd.grad
        gradients = list(found(joined, leaves, seeds, allow_unused=True))
    return outs, [o.requires_grad for o in outs], gradients


def check(ours: Any, theirs: Any, dtype: str, what: str) -> None:
    rtol, atol = DTYPES["float32" if ours.dtype == autograd.float32 else dtype]
    assert str(ours.dtype) == str(theirs.dtype).removeprefix("torch."), f"dtype of {what}"
    a, b = ours.detach().numpy(), theirs.detach().numpy()
    assert a.shape == b.shape, f"shape of {what}"
    np.testing.assert_allclose(a, b, rtol=rtol, atol=atol, err_msg=what)


ALL = [(name, k) for name, calls in CASES.items() for k in range(len(calls))]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("name", "k"), ALL)
@pytest.mark.filterwarnings("ignore")  # PyTorch's own deprecations, and numbers that are not there (empty means)
def test_same_as_torch(name: str, k: int, dtype: str) -> None:
    case = CASES[name][k]
    theirs, their_needs, their_gradients = run(find(name), torch, case, dtype)
    ours, our_needs, our_gradients = run(getattr(autograd, name), autograd, case, dtype)
    assert len(ours) == len(theirs)
    for position, (a, b) in enumerate(zip(ours, theirs, strict=True)):
        check(a, b, dtype, f"output {position}")
    assert our_needs == their_needs, "requires_grad of the outputs"
    for position, (a, b) in enumerate(zip(our_gradients, their_gradients, strict=True)):
        if a is None or b is None:
            assert (a is None or not a.numpy().any()) and (b is None or not b.numpy().any())
        else:
            check(a, b, dtype, f"gradient {position}")


def test_nothing_public_is_left_uncompared() -> None:
    public = {
        name
        for name in autograd.__all__
        if inspect.isfunction(getattr(autograd, name)) or inspect.isbuiltin(getattr(autograd, name))
    }
    entries = {name.split("/")[0].rsplit(".", 1)[-1] for name in compare.database() if compare.ours(name) is not None}
    aliases = {name for name in public if getattr(autograd, name).__name__ in public - {name}}
    assert public - set(CASES) - set(NOT_COMPARED) - entries - aliases == set()
    assert set(CASES) & set(NOT_COMPARED) == set()
    assert {name for name in NOT_COMPARED if name != "default_generator"} <= public | {"draw", "save", "load"}
    assert set(CASES) <= public


def test_aliases_are_pytorchs() -> None:
    """What is one function under two names here is so in PyTorch too: the same documentation, or the same numbers."""
    x, y = torch.tensor([0.25, 0.5, -0.75]), torch.tensor([0.5, -0.25, 1.5])
    compared = 0
    for name in autograd.__all__:
        function = getattr(autograd, name)
        original = getattr(torch, function.__name__, None) if inspect.isfunction(function) else None
        if original is None or function.__name__ == name or not hasattr(torch, name):
            continue
        for arguments in ((x,), (x, y)):
            try:
                expected = original(*arguments)
            except (TypeError, RuntimeError):
                continue
            np.testing.assert_array_equal(getattr(torch, name)(*arguments).numpy(), expected.numpy(), err_msg=name)
            compared += 1
    assert compared > 15


def test_every_tensor_method_of_an_operation_gives_what_the_function_gives() -> None:
    """Methods and functions of one name agree on the first cases that have a Tensor first."""
    skipped = {"tensor", "getitem", "where", "zeros_like", "ones_like", "full_like", "meshgrid", "as_tensor"}
    compared = 0
    for name, calls in CASES.items():
        method = getattr(autograd.Tensor, name, None)
        if method is None or name in skipped:
            continue
        for case in calls[:4]:
            if "dtype" in dict(case.kwargs):
                continue
            with np.errstate(all="ignore"):
                ours, _, gradients = run(getattr(autograd, name), autograd, case, "float64")
                others, _, same = run(method, autograd, case, "float64")
            for a, b in zip([*ours, *gradients], [*others, *same], strict=True):
                assert (a is None and b is None) or np.array_equal(
                    a.detach().numpy(), b.detach().numpy(), equal_nan=True
                )
            compared += 1
    assert compared > 200


def test_multiclass_hinge_loss_is_multi_margin_loss_times_the_number_of_classes() -> None:
    rng = np.random.default_rng(0)
    scores, target = rng.normal(size=(4, 5)), np.array([0, 4, 2, 2])
    for margin in (1.0, 0.3):
        x = torch.tensor(scores, requires_grad=True)
        theirs = 5 * torch.nn.functional.multi_margin_loss(x, torch.tensor(target), margin=margin)
        theirs.backward()
        y = autograd.tensor(scores, requires_grad=True)
        ours = autograd.multiclass_hinge_loss(y, autograd.tensor(target), margin)
        ours.backward()
        np.testing.assert_allclose(ours.item(), theirs.item(), rtol=1e-12)
        np.testing.assert_allclose(y.grad.numpy(), x.grad.numpy(), rtol=1e-12)


def test_running_estimates_of_batch_norm() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(4, 3, 2))
    answers = []
    for module, function in ((torch, torch.nn.functional.batch_norm), (autograd, autograd.batch_norm)):
        mean, var = module.tensor(np.array([0.1, 0.2, 0.3])), module.tensor(np.array([1.0, 2.0, 3.0]))
        function(module.tensor(x), mean, var, training=True, momentum=0.3)
        answers.append((mean.numpy(), var.numpy()))
    np.testing.assert_allclose(answers[0], answers[1], rtol=1e-13)


# Calls that PyTorch refuses; ours must refuse them too, with an error of its own.
REFUSED: dict[str, list[Call]] = {
    "add": [call(R((2, 3)), R((2,)))],
    "matmul": [call(R((2, 3)), R((2, 3))), call(R(()), R((2,))), call(R((2, 3)), R((4, 3, 2, 2)))],
    "mm": [call(R((2, 3)), R((3,)))],
    "bmm": [call(R((2, 2, 3)), R((3, 3, 2)))],
    "dot": [call(R((2,)), R((3,)))],
    "linear": [call(R((2, 3)), R((4, 2))), call(R((2, 3)), R((4, 3)), R((3,)))],
    "sum": [call(R((2, 3)), 2), call(R((2, 3)), (0, 0)), call(R((2, 3)), -3)],
    "mean": [call(C([1, 2]))],
    "amax": [call(R((0, 2)), 0)],
    "max": [call(R((0, 2)), 0)],
    "argmax": [call(R((0,)))],
    "softmax": [call(R((2, 3)), 2)],
    "cumsum": [call(R((2, 3)), 2)],
    "reshape": [call(R((2, 3)), (4,)), call(R((2, 3)), (-1, 4)), call(R((2, 3)), (-1, -1))],
    "permute": [call(R((2, 3)), (0,)), call(R((2, 3)), (0, 0))],
    "transpose": [call(R((2, 3)), 0, 2)],
    "movedim": [call(R((2, 3)), (0, 1), (0,))],
    "unsqueeze": [call(R((2, 3)), 4)],
    "expand": [call(R((2, 3)), 2, 4), call(R((2, 3)), 3)],
    "repeat": [call(R((2, 3)), 2)],
    "cat": [call([R((2, 3)), R((3, 2))]), call([R((2,)), R((2, 2))])],
    "stack": [call([R((2,)), R((3,))])],
    "split": [call(R((5,)), [2, 2])],
    "chunk": [call(R((5,)), 0)],
    "pad": [call(R((2,)), (1, 1, 1, 1)), call(R((2,)), (-2, -2))],
    "tril": [call(R((3,)))],
    "one_hot": [call(C([0, 3]), 2), call(C([-1])), call(C([0.5]))],
    "gather": [call(R((2, 3)), 1, C([[3]])), call(R((2, 3)), 1, C([0])), call(R((2, 3)), 2, C([[0]]))],
    "getitem": [call(R((2, 3)), 2), call(R((2, 3)), (0, 0, 0)), call(R((2, 3)), C([5]))],
    "conv2d": [
        call(R((1, 2, 4, 4)), R((1, 3, 2, 2))),
        call(R((1, 2, 2, 2)), R((1, 2, 3, 3))),
        call(R((1, 3, 4, 4)), R((2, 1, 2, 2)), groups=2),
        call(IMAGES, R((6, 4, 3, 2)), R((5,))),
        call(IMAGES, R((6, 4, 2, 2)), None, 2, "same"),
        call(IMAGES, R((6, 4, 2, 2)), None, 0),
    ],
    "max_pool2d": [call(R((1, 1, 2, 2)), 3), call(IMAGES, 2, 1, 2), call(R((2, 2)), 2)],
    "avg_pool2d": [call(R((1, 1, 2, 2)), 3), call(IMAGES, 2, 1, 2), call(IMAGES, 2, divisor_override=0)],
    "batch_norm": [
        call(R((1, 3)), None, None, None, None, True),
        call(R((4, 3)), None, None, R((2,)), None, True),
        call(R((4, 3))),
    ],
    "nll_loss": [call(BATCH, C([0, 1])), call(BATCH, C([0, 1, 2, 5])), call(BATCH, CLASSES, reduction="all")],
    "cross_entropy": [call(BATCH, C([0, 1])), call(BATCH, C([0, 1, 2, 5])), call(BATCH, CLASSES, label_smoothing=2.0)],
    "multi_margin_loss": [call(BATCH, CLASSES, 3), call(BATCH, C([0, 1])), call(BATCH, C([0, 1, 2, 5]))],
    "binary_cross_entropy_with_logits": [call(R((2, 3)), R((3,)))],
    "logsumexp": [call(R((2, 3)), 2)],
    "norm": [call(R((2, 3)), 2, 2), call(C([1, 2]))],
    "clamp": [call(R((2, 3)))],
    "tensor": [call([[1, 2], [3]]), call("a")],
    "arange": [call(0, 5, 0), call(0, 5, -1)],
}


@pytest.mark.parametrize(("name", "k"), [(name, k) for name, calls in REFUSED.items() for k in range(len(calls))])
def test_refused_by_both(name: str, k: int) -> None:
    case = REFUSED[name][k]
    with pytest.raises((RuntimeError, ValueError, TypeError, IndexError, NotImplementedError)):
        run(find(name), torch, case, "float64")
    with pytest.raises(ChainruleError) as caught:
        run(getattr(autograd, name), autograd, case, "float64")
    assert len(str(caught.value)) > 20
