"""The loops of recurrent layers, which float32 takes, against NumPy's steps, which float64 takes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograd.kernels import panels, recurrent, recurrent_steps

SIZE = 21  # no multiple of a vector's length
CASES = [((3, 3, 3, 3), False), ((3, 3, 3), True), ((5, 3, 3, 1), False), ((5, 3, 3, 1), True), ((0, 0), False)]


def _arrays(*shapes: tuple[int, ...]) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [0.3 * rng.standard_normal(shape) for shape in shapes]


def _agree(name: str, inputs: list[Any], gradients: list[Any], sizes: Any, reverse: bool, *kind: bool) -> None:
    """Run forward and backward in both dtypes."""
    found = {}
    for dtype in (np.float32, np.float64):
        given = [None if x is None else x.astype(dtype) for x in inputs]
        before = [None if x is None else x.copy() for x in given]
        forward = getattr(recurrent, name)(*given, *kind, sizes, reverse)
        count = {"lstm_layer": 3, "gru_layer": 2, "rnn_layer": 2}[name]
        saved = forward[count:] if name != "rnn_layer" else (forward[0], forward[2])
        weights = {
            "lstm_layer": [given[0], *given[3:5], given[-1]],
            "gru_layer": [given[0], *given[2:4]],
            "rnn_layer": given[2:3],
        }[name]
        passed = [None if g is None else g.astype(dtype) for g in gradients]
        x_needed = () if name == "rnn_layer" else (True,)
        backward = getattr(recurrent, f"{name}_backward")(passed, saved, *weights, *kind, sizes, reverse, *x_needed)
        for kept, x in zip(before, given, strict=True):
            np.testing.assert_array_equal(kept, x)
        found[dtype] = [*forward, *[g for g in backward if g is not None]]
    for a, b in zip(found[np.float32], found[np.float64], strict=True):
        assert a.dtype == np.float32
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-6 * max(1, np.abs(b).max(initial=0)))


@pytest.mark.parametrize(("sizes", "reverse"), CASES)
@pytest.mark.parametrize("projected", [0, 4])
@pytest.mark.parametrize("biased", [True, False])
def test_lstm(sizes: tuple[int, ...], reverse: bool, projected: int, biased: bool) -> None:
    rows, batch, out = sum(sizes), sizes[0], projected or SIZE
    *given, bias, projection = _arrays(
        (rows, 5), (batch, out), (batch, SIZE), (4 * SIZE, 5), (4 * SIZE, out), (4 * SIZE,), (out, SIZE)
    )
    inputs = [*given, bias if biased else None, projection if projected else None]
    gradients = _arrays((rows, out), (batch, out), (batch, SIZE))
    _agree("lstm_layer", inputs, gradients, sizes, reverse)


@pytest.mark.parametrize(("sizes", "reverse"), CASES)
@pytest.mark.parametrize("biased", [(True, True), (True, False), (False, True), (False, False)])
def test_gru(sizes: tuple[int, ...], reverse: bool, biased: tuple[bool, bool]) -> None:
    rows, batch = sum(sizes), sizes[0]
    *inputs, b_ih, b_hh = _arrays((rows, 5), (batch, SIZE), (3 * SIZE, 5), (3 * SIZE, SIZE), (3 * SIZE,), (3 * SIZE,))
    given = [*inputs, b_ih if biased[0] else None, b_hh if biased[1] else None]
    gradients = _arrays((rows, SIZE), (batch, SIZE))
    _agree("gru_layer", given, gradients, sizes, reverse)
    zeros = [*inputs, *[b if has else np.zeros_like(b) for b, has in zip((b_ih, b_hh), biased, strict=True)]]
    for without, with_zeros in zip(*[recurrent.gru_layer(*v, sizes, reverse) for v in (given, zeros)], strict=True):
        np.testing.assert_allclose(without, with_zeros, rtol=1e-12)


def test_gradients_of_biases_are_added_up_over_many_steps_without_loss(call: Any) -> None:
    x = (1 + np.random.default_rng(0).random((20000, 3))).astype(np.float32)
    totals = np.zeros(3)
    call(recurrent_steps._add_up, x, totals)
    np.testing.assert_allclose(totals, x.sum(0, dtype=np.float64), rtol=1e-12)


@pytest.mark.parametrize("name", ["lstm_layer", "gru_layer"])
@pytest.mark.parametrize("reverse", [False, True])
def test_sequences_shared_by_threads(name: str, reverse: bool) -> None:
    """Two threads, last tiles that are not whole, sequences of different lengths, and no gradient of the last states.
    """  # fmt: skip
    size, features, sizes = 60, 33, (35,) * 9 + (20, 17, 3)
    gates, states = (4, 2) if name == "lstm_layer" else (3, 1)
    shapes = [(sum(sizes), features), *[(35, size)] * states, (gates * size, features), (gates * size, size)]
    inputs = [*_arrays(*shapes, (gates * size,)), None]
    gradients = [*_arrays((sum(sizes), size)), None, None]
    assert recurrent._threads(inputs[states + 2], 35) == min(recurrent.thread_count(), -(-35 // panels.ROWS))
    _agree(name, inputs, gradients, sizes, reverse)


@pytest.mark.parametrize(("sizes", "reverse"), CASES)
@pytest.mark.parametrize("rectified", [True, False])
def test_rnn(sizes: tuple[int, ...], reverse: bool, rectified: bool) -> None:
    rows, batch = sum(sizes), sizes[0]
    inputs = _arrays((rows, SIZE), (batch, SIZE), (SIZE, SIZE))
    _agree("rnn_layer", inputs, _arrays((rows, SIZE), (batch, SIZE)), sizes, reverse, rectified)
