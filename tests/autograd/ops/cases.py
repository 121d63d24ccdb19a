"""The calls by which public operations are compared with PyTorch's, and why some are not."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any


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
    given = [weights, weights[:3], [*weights[:2], None, weights[3]], weights[:2]]
    return [call(R((4, 3)), state, *some) for some in given]


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
    **dict.fromkeys(
        (
            "are_deterministic_algorithms_enabled",
            "compile",
            "get_autocast_dtype",
            "get_float32_matmul_precision",
            "get_num_interop_threads",
            "is_autocast_cpu_enabled",
            "is_autocast_enabled",
            "set_default_tensor_type",
            "set_float32_matmul_precision",
            "set_flush_denormal",
            "set_num_interop_threads",
            "sparse_coo_tensor",
            "typename",
            "use_deterministic_algorithms",
        ),
        "settings, or answers to what is not here; see tests/autograd/test_compiling.py and tests/nn/test_compat.py",
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
