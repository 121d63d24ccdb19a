"""One recurrent layer in one direction, over all steps, as one operation.

Sequences stand one step below the other, (rows, features), with the number of rows of each step beside them, `sizes`.
That is how packed sequences come, whose shorter ones have ended before the longer; for others every step has as many.
What comes of the input, `entered`, may be one product with the rows of all steps; a step takes its rows of it.

The records call kernels, forward and backward. `composed` is the same layer made of other operations, by whose rules a
gradient is found that is to be differentiated again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import graph, kernels
from ..primitive import Handle, Sample, define, op
from .families import values
from .products import LINEAR

__all__ = ["CUT", "GATES", "composed", "steps"]

Step = Callable[..., tuple[Any, ...]]
Sizes = tuple[int, ...]


def _cut(x: Any, dim: int, at: int) -> tuple[Any, Any]:
    before = (slice(None),) * dim
    return x[(*before, slice(None, at))], x[(*before, slice(at, None))]


def _cut_rule(g: Any, x_shape: tuple[int, ...], dim: int, at: int) -> Any:
    first, last = g
    if first is not None and last is not None:
        return op.cat((first, last), dim)
    whole, rest = ((0, 0),) * dim, ((0, 0),) * (len(x_shape) - dim - 1)
    if first is None:
        return op.pad(last, (*whole, (at, 0), *rest), 0)
    return op.pad(first, (*whole, (0, x_shape[dim] - at), *rest), 0)


# The gradients of two slices would each be as large as x, and be added; that of a cut is written once.
CUT = define(
    "cut",
    forward=_cut,
    inputs=("x",),
    attributes=("dim", "at"),
    outputs=("first", "last"),
    vjp={"x": _cut_rule},
    samples=lambda rng: [Sample((values(rng, (3, 4)),), a) for a in ((0, 1), (1, 2), (1, 0))],
    formula="x[:at] and x[at:] along a dimension",
)


# --- one step: from what comes of the input, and the state, to the next state; `weights` are those of the state


def _tanh_step(entered: Any, state: tuple[Any, ...], weight: Any, bias: Any, _: Any) -> tuple[Any, ...]:
    return (op.tanh.apply(op.add.apply(entered, LINEAR.apply(state[0], weight, bias))),)


def _relu_step(entered: Any, state: tuple[Any, ...], weight: Any, bias: Any, _: Any) -> tuple[Any, ...]:
    return (op.relu.apply(op.add.apply(entered, LINEAR.apply(state[0], weight, bias))),)


def _lstm_step(entered: Any, state: tuple[Any, ...], weight: Any, bias: Any, projection: Any) -> tuple[Any, ...]:
    h, c = state
    size = c.shape[1]
    gates = op.add.apply(entered, LINEAR.apply(h, weight, bias))
    first, last = CUT.apply(gates, 1, 2 * size)
    i, f = CUT.apply(op.sigmoid.apply(first), 1, size)
    g, o = CUT.apply(last, 1, size)
    c = op.add.apply(op.mul.apply(f, c), op.mul.apply(i, op.tanh.apply(g)))
    h = op.mul.apply(op.sigmoid.apply(o), op.tanh.apply(c))
    return h if projection is None else LINEAR.apply(h, projection, None), c


def _gru_step(entered: Any, state: tuple[Any, ...], weight: Any, bias: Any, _: Any) -> tuple[Any, ...]:
    h = state[0]
    size = h.shape[1]
    gates, candidate = CUT.apply(entered, 1, 2 * size)
    from_state, inner = CUT.apply(LINEAR.apply(h, weight, bias), 1, 2 * size)
    r, z = CUT.apply(op.sigmoid.apply(op.add.apply(gates, from_state)), 1, size)
    n = op.tanh.apply(op.add.apply(candidate, op.mul.apply(r, inner)))
    return (op.add.apply(n, op.mul.apply(z, op.sub.apply(h, n))),)


_STEPS: dict[str, Step] = {"rnn_tanh": _tanh_step, "rnn_relu": _relu_step, "lstm": _lstm_step, "gru": _gru_step}
GATES = {"rnn_tanh": 1, "rnn_relu": 1, "lstm": 4, "gru": 3}


def _pieces(x: Any, sizes: Sequence[int]) -> list[Any]:
    """The rows of each step, by halves: the cost grows as T log T with the steps."""
    if len(sizes) == 1:
        return [x]
    middle = len(sizes) // 2
    first, last = CUT.apply(x, 0, sum(sizes[:middle]))
    return _pieces(first, sizes[:middle]) + _pieces(last, sizes[middle:])


def composed(
    name: str, entered: Any, state: tuple[Any, ...], weights: tuple[Any, ...], sizes: Sizes, reverse: bool
) -> tuple[Any, tuple[Any, ...]]:
    """The outputs, in the order of the input, and the last state of each sequence, by operations.

    `weights` are those of the state: w_hh, its bias or None, and the projection or None.
    """
    step = _STEPS[name]
    pieces = _pieces(entered, sizes)
    outputs: list[Any] = []
    if reverse:
        rows, waiting = sizes[0], ()
        if sizes[-1] < sizes[0]:
            rows = sizes[-1]
            state, waiting = zip(*[CUT.apply(s, 0, rows) for s in state], strict=True)
        for piece, count in zip(reversed(pieces), reversed(sizes), strict=True):
            if count > rows:  # sequences that end here begin here
                begin, waiting = zip(*[CUT.apply(s, 0, count - rows) for s in waiting], strict=True)  # type: ignore
                state = tuple([op.cat.apply(pair, 0) for pair in zip(state, begin, strict=True)])
                rows = count
            state = step(piece, state, *weights)
            outputs.append(state[0])
        return op.cat.apply(tuple(reversed(outputs)), 0), state
    ended: list[tuple[Any, ...]] = []
    rows = sizes[0]
    for piece, count in zip(pieces, sizes, strict=True):
        if count < rows:
            state, last = zip(*[CUT.apply(s, 0, count) for s in state], strict=True)
            ended.append(last)
            rows = count
        state = step(piece, state, *weights)
        outputs.append(state[0])
    if ended:
        state = tuple([op.cat.apply(parts, 0) for parts in zip(state, *reversed(ended), strict=True)])
    return op.cat.apply(tuple(outputs), 0), state


# --- as one operation


def steps(
    name: str, x: Any, state: tuple[Any, ...], weights: Sequence[Any], sizes: Sizes, reverse: bool
) -> tuple[Any, tuple[Any, ...]]:
    """The outputs, in the order of the input, and the last state of each sequence, by the layer's record.

    `weights` are w_ih, w_hh, both biases, and the projection; None for those that are not there.
    """
    w_ih, w_hh, b_ih, b_hh, projection = weights
    if name == "gru":
        out, *last = GRU_LAYER.apply(x, *state, w_ih, w_hh, b_ih, b_hh, sizes, reverse)[:2]
        return out, tuple(last)
    if b_ih is None or b_hh is None:
        bias = b_hh if b_ih is None else b_ih
    else:
        bias = op.add.apply(b_ih, b_hh)
    if name == "lstm":
        out, *last = LSTM_LAYER.apply(x, *state, w_ih, w_hh, bias, projection, sizes, reverse)[:3]
    else:
        entered = LINEAR.apply(x, w_ih, bias)
        out, *last = RNN_LAYER.apply(entered, *state, w_hh, name == "rnn_relu", sizes, reverse)[:2]
    return out, tuple(last)


def _kernel(name: str, *arguments: Any) -> Any:
    from .conv import kernel_arrays

    dtype = next(a.dtype for a in arguments if isinstance(a, np.ndarray))
    ready = [kernel_arrays(a)[0] if isinstance(a, np.ndarray) else a for a in arguments]
    found = getattr(kernels.recurrent, name)(*ready)
    return tuple([a if a is None else a.astype(dtype, copy=False) for a in found])


def _back(name: str, g: Sequence[Any], saved: Sequence[Any], *arguments: Any) -> Any:
    from .conv import kernel_arrays

    return _kernel(name, kernel_arrays(*g), kernel_arrays(*saved), *arguments)


def _composed_rule(
    needs: Sequence[bool], g: Sequence[Any], inputs: Sequence[Any], layer: Callable[..., Any]
) -> list[Any]:
    """The gradients of the inputs by the rules of the operations that the layer is composed of."""
    with graph.enable_grad():
        # Copies, so that the sweep ends at them even where one input came of another.
        ends = [op.reshape.apply(x, x.shape) if need else x for x, need in zip(inputs, needs, strict=True)]
        out, state = layer(*ends)
    roots = [(y._edge, given) for y, given in zip((out, *state), g, strict=False) if given is not None]
    targets = [end._edge for end, need in zip(ends, needs, strict=True) if need]
    found = iter(graph.sweep(roots, retain_graph=True, create_graph=True, targets=targets))
    return [next(found) if need else None for need in needs]


def _lstm_rule(
    needs: Sequence[bool], g: Any, x: Any, h: Any, c: Any, w_ih: Any, w_hh: Any, bias: Any, projection: Any,
    gates: Any, squashed: Any, h_before: Any, c_before: Any, sizes: Sizes, reverse: bool,
) -> Any:  # fmt: skip
    if isinstance(x, Handle):
        return _composed_rule(
            needs, g[:3], (x, h, c, w_ih, w_hh, bias, projection),
            lambda x, h, c, v, w, b, p: composed(
                "lstm", LINEAR.apply(x, v, None), (h, c), (w, b, p), sizes, reverse
            ),
        )  # fmt: skip
    saved = gates, squashed, h_before, c_before
    return _back("lstm_layer_backward", g[:3], saved, x, w_ih, w_hh, projection, sizes, reverse, needs[0])


def _gru_rule(
    needs: Sequence[bool], g: Any, x: Any, h: Any, w_ih: Any, w_hh: Any, b_ih: Any, b_hh: Any, gates: Any, inner: Any,
    h_before: Any, sizes: Sizes, reverse: bool,
) -> Any:  # fmt: skip
    if isinstance(x, Handle):
        return _composed_rule(
            needs, g[:2], (x, h, w_ih, w_hh, b_ih, b_hh),
            lambda x, h, v, w, a, b: composed("gru", LINEAR.apply(x, v, a), (h,), (w, b, None), sizes, reverse),
        )  # fmt: skip
    return _back("gru_layer_backward", g[:2], (gates, inner, h_before), x, w_ih, w_hh, sizes, reverse, needs[0])


def _rnn_rule(
    needs: Sequence[bool], g: Any, entered: Any, h: Any, weight: Any, out: Any, h_before: Any, rectified: bool,
    sizes: Sizes, reverse: bool,
) -> Any:  # fmt: skip
    if isinstance(entered, Handle):
        name = "rnn_relu" if rectified else "rnn_tanh"
        return _composed_rule(
            needs, g[:2], (entered, h, weight),
            lambda e, h, w: composed(name, e, (h,), (w, None, None), sizes, reverse),
        )  # fmt: skip
    return _back("rnn_layer_backward", g[:2], (out, h_before), weight, rectified, sizes, reverse)


_SIZES = ((2, 2, 2), (3, 2, 1), (2,))


def _samples(name: str, states: int, *weights: tuple[int, ...] | None) -> Callable[[np.random.Generator], list[Sample]]:
    def samples(rng: np.random.Generator) -> list[Sample]:
        found = []
        for sizes in _SIZES:
            for reverse in (False, True):
                features = 2 * GATES[name] if name.startswith("rnn") else 3
                arrays = [values(rng, (sum(sizes), features), -1, 1)]
                arrays += [values(rng, (sizes[0], 2), -1, 1) for _ in range(states)]
                given = [None if shape is None else values(rng, shape, -1, 1) for shape in weights]
                kind = (name == "rnn_relu",) if name.startswith("rnn") else ()
                found.append(Sample((*arrays, *given), (*kind, sizes, reverse)))
        if name == "lstm":  # projected from 2 numbers to 1
            shapes = ((5, 3), (3, 1), (3, 2), (8, 3), (8, 1), None, (1, 2))
            given = [None if shape is None else values(rng, shape, -1, 1) for shape in shapes]
            found.append(Sample(tuple(given), ((3, 2), False)))
        return found

    return samples


LSTM_LAYER = define(
    "lstm_layer",
    forward=lambda *arguments: _kernel("lstm_layer", *arguments),
    inputs=("x", "h", "c", "w_ih", "w_hh", "bias", "projection"),
    attributes=("sizes", "reverse"),
    outputs=("out", "h_last", "c_last", "gates", "squashed", "h_before", "c_before"),
    differentiable=(True, True, True, False, False, False, False),
    vjp=_lstm_rule,
    samples=_samples("lstm", 2, (8, 3), (8, 2), (8,), None),
    formula="c = f c + i g, h = o tanh(c), at each step",
)
GRU_LAYER = define(
    "gru_layer",
    forward=lambda *arguments: _kernel("gru_layer", *arguments),
    inputs=("x", "h", "w_ih", "w_hh", "b_ih", "b_hh"),
    attributes=("sizes", "reverse"),
    outputs=("out", "h_last", "gates", "inner", "h_before"),
    differentiable=(True, True, False, False, False),
    vjp=_gru_rule,
    samples=_samples("gru", 1, (6, 3), (6, 2), (6,), (6,)),
    formula="h = (1 - z) n + z h, at each step",
)
RNN_LAYER = define(
    "rnn_layer",
    forward=lambda *arguments: _kernel("rnn_layer", *arguments),
    inputs=("entered", "h", "weight"),
    attributes=("rectified", "sizes", "reverse"),
    outputs=("out", "h_last", "h_before"),
    differentiable=(True, True, False),
    vjp=_rnn_rule,
    samples=_samples("rnn_tanh", 1, (2, 2)),
    formula="h = tanh(entered + weight h), or relu, at each step",
)
