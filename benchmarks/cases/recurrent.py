"""LSTM and GRU over 50 steps: as a layer, and written out as a Python loop."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .case import BOTH, Arrays, Built, Case, floats, on_both, operation

STEPS, BATCH, WIDTH = 50, 32, 128


def cases() -> Iterator[Case]:
    """Both cells, forward with backward."""
    size = f"{STEPS} steps of {BATCH}x{WIDTH}"
    for name in ("LSTM", "GRU"):
        yield Case("recurrent", f"{name} layer, {size}", BOTH, on_both(layer(name)), "recurrent layer", 1e-3)
    for name, gates, step in (("LSTM", 4, lstm_step), ("GRU", 3, gru_step)):
        builders = operation(unrolled(step), inputs(gates), True)
        yield Case("recurrent", f"{name} by hand, {size}", BOTH, builders, "recurrent by hand", 1e-3)


def layer(name: str) -> Callable[[Any, np.random.Generator], Built]:
    """The library's own layer, and the gradients of its input and parameters."""

    def build(library: Any, rng: np.random.Generator) -> Built:
        module = getattr(library.nn, name)(WIDTH, WIDTH)
        for parameter in module.parameters():
            parameter.data = library.tensor(floats(rng, *parameter.shape, scale=WIDTH**-0.5))
        x = library.tensor(floats(rng, STEPS, BATCH, WIDTH), True)
        gradient = library.tensor(floats(rng, STEPS, BATCH, WIDTH))
        tensors = [x, *module.parameters()]

        def run() -> Any:
            for tensor in tensors:
                tensor.grad = None
            y, _ = module(x)
            y.backward(gradient)
            return y

        def result() -> Arrays:
            return [library.array(t) for t in (run(), *(tensor.grad for tensor in tensors))]

        return run, result

    return build


def inputs(gates: int) -> Callable[[np.random.Generator], Arrays]:
    """The sequence, and the weights and biases of input and state."""
    shapes = [(gates * WIDTH, WIDTH), (gates * WIDTH, WIDTH), (gates * WIDTH,), (gates * WIDTH,)]
    return lambda rng: [
        floats(rng, STEPS, BATCH, WIDTH),
        *(floats(rng, *shape, scale=WIDTH**-0.5) for shape in shapes),
    ]


def unrolled(step: Callable[..., tuple[Any, ...]]) -> Callable[..., Any]:
    """A loop over time; `step` takes and returns the state, whose first part is the output."""

    def function(library: Any, x: Any, *weights: Any) -> Any:
        state = (library.root.zeros(BATCH, WIDTH),) * 2
        outputs = []
        for t in range(STEPS):
            state = step(library, x[t], state, *weights)
            outputs.append(state[0])
        return library.root.stack(outputs)

    return function


def lstm_step(L: Any, x: Any, state: tuple[Any, ...], w: Any, u: Any, b: Any, c: Any) -> tuple[Any, ...]:
    """One step of an LSTM, as a course writes it."""
    h, cell = state
    i, f, g, o = (L.F.linear(x, w, b) + L.F.linear(h, u, c)).chunk(4, 1)
    cell = L.root.sigmoid(f) * cell + L.root.sigmoid(i) * L.root.tanh(g)
    return L.root.sigmoid(o) * L.root.tanh(cell), cell


def gru_step(L: Any, x: Any, state: tuple[Any, ...], w: Any, u: Any, b: Any, c: Any) -> tuple[Any, ...]:
    """One step of a GRU, as a course writes it."""
    h = state[0]
    r, z, n = L.F.linear(x, w, b).chunk(3, 1)
    hr, hz, hn = L.F.linear(h, u, c).chunk(3, 1)
    r, z = L.root.sigmoid(r + hr), L.root.sigmoid(z + hz)
    n = L.root.tanh(n + r * hn)
    return n + z * (h - n), h
