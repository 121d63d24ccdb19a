"""Recurrent networks: a state that each step of a sequence changes.

A network is its layers, each in one or two directions, one after the other; `recurrent_layers` has one of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from ..composites import composite
from ..errors import ArgumentError, DtypeError, ShapeError
from ..primitive import Sample, as_handle, op
from .dropping import check_dropout, thinned
from .families import values
from .products import same_dtype
from .recurrent_cells import ELMAN, GRU, LSTM, np_cell, random_weights
from .recurrent_layers import GATES, steps

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["gru", "lstm", "rnn_relu", "rnn_tanh"]

Operand = Any


def _direction(
    name: str, x: Any, sizes: tuple[int, ...], state: tuple[Any, ...], given: Sequence[Any], reverse: bool
) -> tuple[Any, tuple[Any, ...]]:
    """One layer in one direction: all its outputs, in the order of the input, and the last state of each sequence."""
    return steps(name, x, state, given, sizes, reverse)


def _run(
    name: str,
    input: Any,
    states: Sequence[Any],
    params: Any,
    has_biases: bool,
    num_layers: int,
    dropout: float,
    train: bool,
    bidirectional: bool,
    batch_first: bool,
    batch_sizes: Any,
) -> tuple[Any, ...]:
    """All layers and directions: (outputs, last states, ...)."""
    x = check_dropout(name, input, dropout)
    hx = [as_handle(s, name) for s in states]
    if not isinstance(params, (list, tuple)):
        raise DtypeError(f"{name}: params is a {type(params).__name__}; give the weights in a list")
    weights = [as_handle(w, name) for w in params]
    same_dtype(name, input=x, **{f"hx{k}": s for k, s in enumerate(hx)}, **{f"w{k}": w for k, w in enumerate(weights)})
    directions = 2 if bidirectional else 1
    runs = num_layers * directions
    projected = len(hx) == 2 and hx[0].shape[-1:] != hx[1].shape[-1:]
    each = 2 + 2 * bool(has_biases) + projected
    if num_layers < 1 or len(weights) != runs * each:
        raise ArgumentError(
            f"{name}: params has {len(weights)} tensors; {num_layers} layers in {directions} directions have "
            f"{runs * each}, {each} each: w_ih, w_hh" + ", b_ih, b_hh" * bool(has_biases) + ", w_hr" * projected
        )
    length = None
    if batch_sizes is None:
        if x.ndim != 3:
            raise ShapeError(f"{name}: x {x.shape} must have three dimensions; (L, N, features), or N first")
        x = x.transpose(0, 1) if batch_first else x
        length, batch = x.shape[:2]
        sizes = (batch,) * length
        x = x.reshape(length * batch, x.shape[2])
    else:
        sizes = _sizes(name, batch_sizes, x)
        batch = sizes[0] if sizes else 0
    if not sizes:
        raise ShapeError(f"{name}: x {x.shape} has no step; a sequence needs at least one")
    for s in hx:
        if s.ndim != 3 or s.shape[:2] != (runs, batch):
            raise ShapeError(f"{name}: a state {s.shape} must be ({runs}, {batch}, size), for x {input.shape}")
    parts = [weights[k * each : (k + 1) * each] for k in range(runs)]
    full = [
        (*p[:2], *(p[2:4] if has_biases else (None, None)), p[-1] if projected else None) for p in parts
    ]  # fmt: skip
    rows = GATES[name] * hx[-1].shape[2]
    features = x.shape[1]
    for k, (w_ih, w_hh, b_ih, b_hh, w_hr) in enumerate(full):
        layer = k // directions
        fits = {
            "w_ih": (w_ih, (rows, features if layer == 0 else directions * hx[0].shape[2])),
            "w_hh": (w_hh, (rows, hx[0].shape[2])),
            "b_ih": (b_ih, (rows,)),
            "b_hh": (b_hh, (rows,)),
            "w_hr": (w_hr, (hx[0].shape[2], hx[-1].shape[2])),
        }
        for label, (weight, shape) in fits.items():
            if weight is not None and weight.shape != shape:
                raise ShapeError(
                    f"{name}: {label} {weight.shape} of layer {layer} must be {shape}, for x {input.shape} and states "
                    + " and ".join(str(s.shape) for s in hx)
                )
    last: list[tuple[Any, ...]] = []
    for layer in range(num_layers):
        if layer and train and dropout:
            x = thinned(x, dropout, x.shape)
        outputs = []
        for direction in range(directions):
            k = layer * directions + direction
            out, state = _direction(name, x, sizes, tuple([s[k] for s in hx]), full[k], direction == 1)
            outputs.append(out)
            last.append(state)
        x = op.cat.apply(tuple(outputs), 1) if bidirectional else outputs[0]
    if length is not None:
        x = x.reshape(length, batch, x.shape[1])
        x = x.transpose(0, 1) if batch_first else x
    finals = [op.cat.apply(tuple(of_kind), 0).reshape(s.shape) for of_kind, s in zip(zip(*last), hx, strict=True)]
    return x, *finals


def _sizes(name: str, batch_sizes: Any, x: Any) -> tuple[int, ...]:
    """The rows of each step of a packed sequence, checked."""
    sizes = as_handle(np.asarray(batch_sizes) if isinstance(batch_sizes, (list, tuple)) else batch_sizes, name)
    if sizes.ndim != 1 or sizes.dtype.kind not in "iu":
        raise DtypeError(f"{name}: batch_sizes {sizes.shape} of {sizes.dtype} must be a vector of whole numbers")
    counts = tuple([int(n) for n in sizes._array])
    if any(a < b for a, b in pairwise(counts)) or (counts and counts[-1] < 1):
        raise ArgumentError(f"{name}: batch_sizes {list(counts)!r:.60} must be positive and must not grow")
    if x.ndim != 2 or x.shape[0] != sum(counts):
        raise ShapeError(f"{name}: x {x.shape} must be ({sum(counts)}, features), a row for each of batch_sizes")
    return counts


def _np_run(name: str) -> Callable[..., Any]:
    def reference(x, hx, params, has_biases, layers, dropout, train, both, first=False, batch_sizes=None) -> Any:  # type: ignore[no-untyped-def]
        states = hx if name == "lstm" else (hx,)
        x = np.swapaxes(x, 0, 1) if first else x
        each = len(params) // (layers * (1 + both))
        finals = [s.copy() for s in states]
        if batch_sizes is None:
            ends, starts = [len(x)] * x.shape[1], np.arange(len(x))
        else:  # each sequence on its own, in the rows of which it consists
            ends = [sum(n > k for n in batch_sizes) for k in range(batch_sizes[0])]
            starts = np.concatenate([[0], np.cumsum(batch_sizes)[:-1]])
        for layer in range(layers):
            outputs = []
            for direction in range(1 + both):
                k = layer * (1 + both) + direction
                p = params[k * each : (k + 1) * each]
                given = (*p[:2], *(p[2:4] if has_biases else (None, None)), p[-1] if each in (3, 5) else None)
                out = np.zeros((*x.shape[:-1], states[0].shape[-1]))
                for n, length in enumerate(ends):
                    state = tuple([s[k, n] for s in states])
                    for t in range(length)[:: -1 if direction else 1]:
                        place = (t, n) if batch_sizes is None else starts[t] + n
                        state = np_cell(name, x[place], state, given)
                        out[place] = state[0]
                    for final, s in zip(finals, state, strict=True):
                        final[k, n] = s
                outputs.append(out)
            x = np.concatenate(outputs, axis=-1)
        return np.swapaxes(x, 0, 1) if first else x, *finals

    return reference


def _samples(name: str) -> Callable[[np.random.Generator], list[Sample]]:
    def samples(rng: np.random.Generator) -> list[Sample]:
        def state(runs: int, batch: int, size: int = 2, out: int = 0) -> Any:
            h = values(rng, (runs, batch, out or size), -1, 1)
            return (h, values(rng, (runs, batch, size), -1, 1)) if name == "lstm" else h

        one = (values(rng, (3, 2, 2)), state(1, 2), random_weights(rng, name, 2, 2, 1, False, True))
        two = (values(rng, (1, 2, 3)), state(4, 1), random_weights(rng, name, 3, 2, 2, True, False))
        packed = (values(rng, (4, 2)), state(2, 2), random_weights(rng, name, 2, 2, 1, True, True))
        found = [
            Sample(one, (True, 1, 0.0, False, False)),
            Sample(two, (False, 2, 0.5, False, True, True)),
            Sample(packed, (True, 1, 0.0, True, True), keywords={"batch_sizes": (2, 1, 1)}),
        ]
        if name == "lstm":
            projected = (values(rng, (2, 1, 2)), state(1, 1, 3, 2), random_weights(rng, name, 2, 3, 1, False, True, 2))
            found.append(Sample(projected, (True, 1, 0.0, False, False)))
        return found

    return samples


def _errors(name: str) -> Callable[[np.random.Generator], list[Sample]]:
    def errors(rng: np.random.Generator) -> list[Sample]:
        x, h = values(rng, (3, 1, 2)), values(rng, (1, 1, 2))
        hx = (h, h) if name == "lstm" else h
        params, rest = random_weights(rng, name, 2, 2, 1, False, True), (True, 1, 0.0, False, False)
        return [
            Sample((x[0], hx, params), rest, ShapeError, "three dimensions"),
            Sample((x, hx, params[:3]), rest, ArgumentError, "params has 3 tensors"),
            Sample((x[..., :1], hx, params), rest, ShapeError, "w_ih"),
            Sample((x[:, [0, 0]], hx, params), rest, ShapeError, "state"),
            Sample((x[:0], hx, params), rest, ShapeError, "no step"),
        ]

    return errors


def _entered(name: str, formula: str, source: str) -> Callable[[Any], Any]:
    return composite(
        formula=formula, samples=_samples(name), reference=_np_run(name), error_samples=_errors(name), source=source
    )


@_entered("lstm", "c = f c + i g, h = o tanh(c)", LSTM)
def lstm(
    input: Operand,
    hx: Sequence[Operand],
    params: Sequence[Operand],
    has_biases: bool,
    num_layers: int,
    dropout: float,
    train: bool,
    bidirectional: bool,
    batch_first: bool = False,
    *,
    batch_sizes: Operand | None = None,
) -> tuple[Tensor, Tensor, Tensor]:
    """A network with long short-term memory: at each step `c = f c + i g` and `h = o tanh(c)`.

    The gates i, f and o are `sigmoid(w_ih x + b_ih + w_hh h + b_hh)`, and g the same with tanh; their rows stand in
    the order i, f, g, o. With projections `h = w_hr (o tanh(c))`.

    Args:
        input: (L, N, features), or (rows, features) with `batch_sizes`.
        hx: h and c at the beginning, (layers * directions, N, size).
        params: for each layer, and in it for each direction, w_ih, w_hh, b_ih, b_hh, and w_hr where h and c differ
            in size.
        has_biases: whether the biases are there.
        num_layers: how many layers; each takes the outputs of the one before.
        dropout: the probability with which what passes between layers is zeroed, in training.
        train: whether this is training.
        bidirectional: a second network in each layer goes backwards; the outputs stand side by side.
        batch_first: input and output are (N, L, features).
        batch_sizes: the number of rows of each step of packed sequences, the longest sequence first.

    Returns:
        The outputs of the last layer, h at the end of each layer and direction, and c likewise.

    Raises:
        ShapeError: the shapes do not fit.
        ArgumentError: the number of weights is wrong, or dropout is no probability.
        DtypeError: the dtypes differ.

    Example:
        >>> weights = [autograd.ones(8, 3), autograd.ones(8, 2), autograd.zeros(8), autograd.zeros(8)]
        >>> state = autograd.zeros(1, 1, 2), autograd.zeros(1, 1, 2)
        >>> out, h, c = autograd.lstm(autograd.ones(5, 1, 3), state, weights, True, 1, 0.0, False, False)
        >>> out.shape, h.shape, c.shape
        ((5, 1, 2), (1, 1, 2), (1, 1, 2))

    Source: Hochreiter and Schmidhuber 1997, Long short-term memory, Neural Computation 9; the forget gate: Gers,
    Schmidhuber and Cummins 2000; projections: Sak, Senior and Beaufays 2014, arXiv 1402.1128.
    """
    if not isinstance(hx, (tuple, list)) or len(hx) != 2:
        raise ArgumentError("lstm: hx must be the two states (h, c)")
    settings = (has_biases, num_layers, dropout, train, bidirectional, batch_first, batch_sizes)
    return _run("lstm", input, hx, params, *settings)


@_entered("gru", "h = (1 - z) n + z h", GRU)
def gru(
    input: Operand,
    hx: Operand,
    params: Sequence[Operand],
    has_biases: bool,
    num_layers: int,
    dropout: float,
    train: bool,
    bidirectional: bool,
    batch_first: bool = False,
    *,
    batch_sizes: Operand | None = None,
) -> tuple[Tensor, Tensor]:
    """A network of gated recurrent units: at each step `h = (1 - z) n + z h`.

    The gates r and z are `sigmoid(w_ih x + b_ih + w_hh h + b_hh)`, and `n = tanh(w_ih x + b_ih + r (w_hh h + b_hh))`;
    their rows stand in the order r, z, n. The arguments are those of `lstm`, with one state, and no projection.

    Returns:
        The outputs of the last layer, and h at the end of each layer and direction.

    Example:
        >>> weights = [autograd.ones(6, 3), autograd.ones(6, 2), autograd.zeros(6), autograd.zeros(6)]
        >>> out, h = autograd.gru(autograd.ones(5, 1, 3), autograd.zeros(1, 1, 2), weights, True, 1, 0.0, False, False)
        >>> out.shape, h.shape
        ((5, 1, 2), (1, 1, 2))

    Source: Cho et al. 2014, arXiv 1406.1078, section 2.3; r after the product, as in Chung et al. 2014,
    arXiv 1412.3555, and PyTorch.
    """
    settings = (has_biases, num_layers, dropout, train, bidirectional, batch_first, batch_sizes)
    return _run("gru", input, (hx,), params, *settings)


@_entered("rnn_tanh", "h = tanh(w_ih x + b_ih + w_hh h + b_hh)", ELMAN)
def rnn_tanh(
    input: Operand,
    hx: Operand,
    params: Sequence[Operand],
    has_biases: bool,
    num_layers: int,
    dropout: float,
    train: bool,
    bidirectional: bool,
    batch_first: bool = False,
    *,
    batch_sizes: Operand | None = None,
) -> tuple[Tensor, Tensor]:
    """Elman's network: at each step `h = tanh(w_ih x + b_ih + w_hh h + b_hh)`.

    The arguments are those of `lstm`, with one state, and no projection.

    Returns:
        The outputs of the last layer, and h at the end of each layer and direction.

    Example:
        >>> weights = [autograd.ones(2, 3), autograd.ones(2, 2)]
        >>> out, h = autograd.rnn_tanh(
        ...     autograd.ones(5, 1, 3), autograd.zeros(1, 1, 2), weights, False, 1, 0.0, False, False)
        >>> out.shape, h.shape
        ((5, 1, 2), (1, 1, 2))

    Source: Elman 1990, Finding structure in time, Cognitive Science 14.
    """
    settings = (has_biases, num_layers, dropout, train, bidirectional, batch_first, batch_sizes)
    return _run("rnn_tanh", input, (hx,), params, *settings)


@_entered("rnn_relu", "h = relu(w_ih x + b_ih + w_hh h + b_hh)", ELMAN)
def rnn_relu(
    input: Operand,
    hx: Operand,
    params: Sequence[Operand],
    has_biases: bool,
    num_layers: int,
    dropout: float,
    train: bool,
    bidirectional: bool,
    batch_first: bool = False,
    *,
    batch_sizes: Operand | None = None,
) -> tuple[Tensor, Tensor]:
    """Elman's network with a rectifier: at each step `h = relu(w_ih x + b_ih + w_hh h + b_hh)`.

    The arguments are those of `lstm`, with one state, and no projection.

    Returns:
        The outputs of the last layer, and h at the end of each layer and direction.

    Example:
        >>> weights = [autograd.ones(2, 3), autograd.ones(2, 2)]
        >>> out, h = autograd.rnn_relu(
        ...     autograd.ones(2, 1, 3), autograd.zeros(1, 1, 2), weights, False, 1, 0.0, False, False)
        >>> out.tolist()
        [[[3.0, 3.0]], [[9.0, 9.0]]]

    Source: Le, Jaitly and Hinton 2015, arXiv 1504.00941.
    """
    settings = (has_biases, num_layers, dropout, train, bidirectional, batch_first, batch_sizes)
    return _run("rnn_relu", input, (hx,), params, *settings)
