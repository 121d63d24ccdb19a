"""One step of recurrent networks: the cells."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..composites import composite
from ..errors import ArgumentError, ShapeError
from ..primitive import Sample, as_handle
from .families import values
from .products import same_dtype
from .recurrent_layers import GATES, steps

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["gru_cell", "lstm_cell", "rnn_relu_cell", "rnn_tanh_cell"]

Operand = Any


# --- plain NumPy, and samples


def _np_sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def np_cell(name: str, x: Any, state: tuple[Any, ...], given: Sequence[Any]) -> tuple[Any, ...]:
    """The textbook equations, for one step."""
    w_ih, w_hh, b_ih, b_hh, w_hr = given
    entered = x @ w_ih.T + (0 if b_ih is None else b_ih)
    kept = state[0] @ w_hh.T + (0 if b_hh is None else b_hh)
    if name == "lstm":
        i, f, g, o = np.split(entered + kept, 4, axis=-1)
        c = _np_sigmoid(f) * state[1] + _np_sigmoid(i) * np.tanh(g)
        h = _np_sigmoid(o) * np.tanh(c)
        return h if w_hr is None else h @ w_hr.T, c
    if name == "gru":
        (a, b, c), (d, e, f) = np.split(entered, 3, axis=-1), np.split(kept, 3, axis=-1)
        r, z = _np_sigmoid(a + d), _np_sigmoid(b + e)
        return ((1 - z) * np.tanh(c + r * f) + z * state[0],)
    return (np.tanh(entered + kept) if name == "rnn_tanh" else np.maximum(entered + kept, 0),)


def random_weights(
    rng: np.random.Generator, name: str, features: int, size: int, layers: int, both: bool, bias: bool, proj: int = 0
) -> tuple[np.ndarray, ...]:
    rows, out = GATES[name] * size, proj or size
    params = []
    for layer in range(layers):
        for _ in range(1 + both):
            shapes = [(rows, features if layer == 0 else out * (1 + both)), (rows, out)] + [(rows,)] * (2 * bias)
            params += [values(rng, shape, -1, 1) for shape in shapes + [(out, size)] * bool(proj)]
    return tuple(params)


ELMAN = "Elman 1990, Finding structure in time"
LSTM = "Hochreiter and Schmidhuber 1997, Long short-term memory; forget gates: Gers, Schmidhuber and Cummins 2000"
GRU = "Cho et al. 2014, arXiv 1406.1078"


# --- cells


def _cell(name: str, input: Any, states: Sequence[Any], w_ih: Any, w_hh: Any, b_ih: Any, b_hh: Any) -> tuple[Any, ...]:
    """One step of one layer."""
    label = f"{name}_cell"
    x, h = as_handle(input, label), [as_handle(s, label) for s in states]
    w_ih, w_hh = as_handle(w_ih, label), as_handle(w_hh, label)
    biases = [None if b is None else as_handle(b, label) for b in (b_ih, b_hh)]
    same_dtype(label, input=x, **{f"hx{k}": s for k, s in enumerate(h)}, w_ih=w_ih, w_hh=w_hh)
    if x.ndim != 2 or any(s.ndim != 2 or s.shape != (x.shape[0], h[0].shape[1]) for s in h):
        raise ShapeError(
            f"{label}: x {x.shape} must be (N, features), and the state "
            + " and ".join(str(s.shape) for s in h)
            + " (N, size)"
        )
    rows, size = GATES[name] * h[0].shape[1], h[0].shape[1]
    if w_ih.shape != (rows, x.shape[1]) or w_hh.shape != (rows, size):
        raise ShapeError(
            f"{label}: w_ih {w_ih.shape} and w_hh {w_hh.shape} must be ({rows}, {x.shape[1]}) and ({rows}, {size})"
        )
    if any(b is not None and b.shape != (rows,) for b in biases):
        raise ShapeError(f"{label}: b_ih and b_hh must be ({rows},)")
    return steps(name, x, tuple(h), (w_ih, w_hh, *biases, None), (x.shape[0],), False)[1]


def _np_of_cell(name: str) -> Callable[..., Any]:
    def reference(x: Any, hx: Any, w_ih: Any, w_hh: Any, b_ih: Any = None, b_hh: Any = None) -> Any:
        found = np_cell(name, x, hx if name == "lstm" else (hx,), (w_ih, w_hh, b_ih, b_hh, None))
        return found if name == "lstm" else found[0]

    return reference


def _entered_cell(name: str, formula: str, source: str) -> Callable[[Any], Any]:
    def state(rng: np.random.Generator) -> Any:
        h = values(rng, (2, 2), -1, 1)
        return (h, values(rng, (2, 2), -1, 1)) if name == "lstm" else h

    return composite(
        formula=formula,
        samples=lambda rng: [
            Sample((values(rng, (2, 3)), state(rng), *random_weights(rng, name, 3, 2, 1, False, bias)))
            for bias in (True, False)
        ],
        reference=_np_of_cell(name),
        error_samples=lambda rng: [
            Sample(
                (values(rng, (2, 4)), state(rng), *random_weights(rng, name, 3, 2, 1, False, True)),
                (),
                ShapeError,
                "w_ih",
            ),
            Sample(
                (values(rng, (3,)), state(rng), *random_weights(rng, name, 3, 2, 1, False, True)), (), ShapeError, "x "
            ),
        ],
        source=source,
    )


@_entered_cell("lstm", "c = f c + i g, h = o tanh(c)", LSTM)
def lstm_cell(
    input: Operand,
    hx: Sequence[Operand],
    w_ih: Operand,
    w_hh: Operand,
    b_ih: Operand | None = None,
    b_hh: Operand | None = None,
) -> tuple[Tensor, Tensor]:
    """One step of `lstm`: the next h and c.

    Args:
        input: (N, features).
        hx: h and c, (N, size).
        w_ih, w_hh: (4 size, features) and (4 size, size).
        b_ih, b_hh: (4 size,), or None.

    Raises:
        ShapeError: the shapes do not fit.
        DtypeError: the dtypes differ.

    Example:
        >>> state = autograd.zeros(1, 2), autograd.zeros(1, 2)
        >>> h, c = autograd.lstm_cell(autograd.ones(1, 3), state, autograd.ones(8, 3), autograd.ones(8, 2))
        >>> c
        tensor([[0.9479, 0.9479]])

    Source: Hochreiter and Schmidhuber 1997, Long short-term memory, Neural Computation 9.
    """
    if not isinstance(hx, (tuple, list)) or len(hx) != 2:
        raise ArgumentError("lstm_cell: hx must be the two states (h, c)")
    return _cell("lstm", input, hx, w_ih, w_hh, b_ih, b_hh)


@_entered_cell("gru", "h = (1 - z) n + z h", GRU)
def gru_cell(
    input: Operand,
    hx: Operand,
    w_ih: Operand,
    w_hh: Operand,
    b_ih: Operand | None = None,
    b_hh: Operand | None = None,
) -> Tensor:
    """One step of `gru`: the next h. Arguments as for `lstm_cell`, with 3 size rows, and one state.

    Example:
        >>> autograd.gru_cell(autograd.ones(1, 3), autograd.zeros(1, 2), autograd.ones(6, 3), autograd.ones(6, 2))
        tensor([[0.0472, 0.0472]])

    Source: Cho et al. 2014, arXiv 1406.1078, section 2.3.
    """
    return _cell("gru", input, (hx,), w_ih, w_hh, b_ih, b_hh)[0]


@_entered_cell("rnn_tanh", "h = tanh(w_ih x + b_ih + w_hh h + b_hh)", ELMAN)
def rnn_tanh_cell(
    input: Operand,
    hx: Operand,
    w_ih: Operand,
    w_hh: Operand,
    b_ih: Operand | None = None,
    b_hh: Operand | None = None,
) -> Tensor:
    """One step of `rnn_tanh`: the next h. Arguments as for `lstm_cell`, with `size` rows, and one state.

    Example:
        >>> autograd.rnn_tanh_cell(autograd.ones(1, 3), autograd.zeros(1, 2), autograd.ones(2, 3), autograd.ones(2, 2))
        tensor([[0.9951, 0.9951]])

    Source: Elman 1990, Finding structure in time, Cognitive Science 14.
    """
    return _cell("rnn_tanh", input, (hx,), w_ih, w_hh, b_ih, b_hh)[0]


@_entered_cell("rnn_relu", "h = relu(w_ih x + b_ih + w_hh h + b_hh)", ELMAN)
def rnn_relu_cell(
    input: Operand,
    hx: Operand,
    w_ih: Operand,
    w_hh: Operand,
    b_ih: Operand | None = None,
    b_hh: Operand | None = None,
) -> Tensor:
    """One step of `rnn_relu`: the next h. Arguments as for `lstm_cell`, with `size` rows, and one state.

    Example:
        >>> autograd.rnn_relu_cell(autograd.ones(1, 3), autograd.zeros(1, 2), autograd.ones(2, 3), autograd.ones(2, 2))
        tensor([[3., 3.]])

    Source: Le, Jaitly and Hinton 2015, arXiv 1504.00941.
    """
    return _cell("rnn_relu", input, (hx,), w_ih, w_hh, b_ih, b_hh)[0]
