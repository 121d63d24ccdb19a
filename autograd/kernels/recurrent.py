"""The steps of one recurrent layer in one direction, forward and backward.

What comes of the input is one product for all steps, before the first, and so are the gradients of weights and input,
after the last. A step is a product with the state before, and one loop over the gates.

Sequences stand one step below the other, (rows, ...), with `sizes` rows in each step. A state has a row for each
sequence, and step t changes the first sizes[t] of them: so shorter sequences keep theirs, or in reverse begin later.

All steps of float32 are one compiled loop (`recurrent_steps`); those of float64 are NumPy's.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from autograd.kernels import blas
from autograd.kernels import recurrent_steps as loops
from autograd.kernels import reference_recurrent as plain
from autograd.kernels.panels import ROWS, packed, whole_rows
from autograd.kernels.sharing import share_out
from autograd.kernels.threads import thread_count

Matrix = np.ndarray
Given = np.ndarray | None

# Multiplications that one thread does before another one has woken up.
_SHARED = 1 << 18


def lstm_layer(
    x: Matrix, h: Matrix, c: Matrix, w_ih: Matrix, w_hh: Matrix, bias: Given, projection: Given, sizes: Sequence[int],
    reverse: bool,
) -> tuple[Matrix, ...]:  # fmt: skip
    """The outputs, the last h and c; and for the way back i, f, g, o, tanh(c), and h and c before each step."""
    rows, h, c = x.shape[0], h.copy(), c.copy()
    gates, squashed, c_before = _product(x, w_ih.T, bias), _rows(rows, c), _rows(rows, c)
    out, h_before = _rows(rows, h), _rows(rows, h)
    if x.dtype == np.float32:
        arrays = (packed(w_hh.T), _packed(projection, turned=True), h, c, gates, squashed, c_before, h_before, out)
        _run(loops.lstm_steps, _threads(w_hh, sizes[0]), sizes, reverse, *arrays)
        return out, h, c, gates, squashed, h_before, c_before
    raw = out if projection is None else _rows(rows, c)
    for at, n in _steps(sizes, reverse):
        h_before[at] = h[:n]
        gates[at] += h[:n] @ w_hh.T
        plain.lstm_step(gates[at], c[:n], c_before[at], squashed[at], raw[at])
        if projection is not None:
            np.matmul(raw[at], projection.T, out=out[at])
        h[:n] = out[at]
    return out, h, c, gates, squashed, h_before, c_before


def lstm_layer_backward(
    gradients: Sequence[Given], saved: Sequence[Matrix], x: Matrix, w_ih: Matrix, w_hh: Matrix, projection: Given,
    sizes: Sequence[int], reverse: bool, x_needed: bool,
) -> tuple[Any, ...]:  # fmt: skip
    """The gradients of x (None unless needed), h, c, w_ih, w_hh, bias and projection, from those of the outputs, h and
    c."""
    gates, squashed, h_before, c_before = saved
    size = squashed.shape[1]
    by_out, dh, dc = gradients[0], _begun(gradients[1], sizes[0], h_before), _begun(gradients[2], sizes[0], squashed)
    by_h = np.empty_like(h_before) if projection is not None else h_before[:0]
    threads, by_gates = _threads(w_hh, sizes[0]), np.empty_like(gates)
    by_bias = _totals(w_hh, threads)
    if gates.dtype == np.float32:
        _run(
            loops.lstm_steps_backward, threads, sizes, not reverse, packed(w_hh), _packed(projection),
            _or_none(by_out, dh), gates, squashed, c_before, dh, dc, by_h, by_gates, by_bias,
        )  # fmt: skip
    else:
        for at, n in _steps(sizes, not reverse):
            _add(dh[:n], by_out, at)
            by_raw = dh[:n]
            if projection is not None:
                by_h[at] = dh[:n]
                by_raw = dh[:n] @ projection
            plain.lstm_step_backward(by_raw, gates[at], squashed[at], c_before[at], dc[:n], by_gates[at])
            np.matmul(by_gates[at], w_hh, out=dh[:n])
        by_bias[0] = by_gates.sum(0)
    by_projection = None if projection is None else _product(by_h.T, gates[:, 3 * size :] * squashed)
    by_weights = _product(by_gates.T, x), _product(by_gates.T, h_before), _total(by_bias, x.dtype)
    return _product(by_gates, w_ih) if x_needed else None, dh, dc, *by_weights, by_projection


def gru_layer(
    x: Matrix, h: Matrix, w_ih: Matrix, w_hh: Matrix, b_ih: Given, b_hh: Given, sizes: Sequence[int], reverse: bool
) -> tuple[Matrix, ...]:
    """The outputs and the last h; and for the way back r, z and n, what r multiplied, and h before each step."""
    rows, size = x.shape[0], h.shape[1]
    h, bias = h.copy(), None if b_ih is None else b_ih.copy()
    if b_hh is not None:  # what is just added up is, once
        bias = np.zeros(3 * size, x.dtype) if bias is None else bias
        bias[: 2 * size] += b_hh[: 2 * size]
    gates, inner, out, h_before = _product(x, w_ih.T, bias), _rows(rows, h), _rows(rows, h), _rows(rows, h)
    added = np.zeros(size, x.dtype) if b_hh is None else b_hh[2 * size :]
    if x.dtype == np.float32:
        arrays = (packed(w_hh.T), added, h, gates, inner, h_before, out)
        _run(loops.gru_steps, _threads(w_hh, sizes[0]), sizes, reverse, *arrays)
        return out, h, gates, inner, h_before
    for at, n in _steps(sizes, reverse):
        plain.gru_step(h[:n] @ w_hh.T, added, gates[at], inner[at], h[:n], h_before[at], out[at])
    return out, h, gates, inner, h_before


def gru_layer_backward(
    gradients: Sequence[Given], saved: Sequence[Matrix], x: Matrix, w_ih: Matrix, w_hh: Matrix, sizes: Sequence[int],
    reverse: bool, x_needed: bool,
) -> tuple[Any, ...]:  # fmt: skip
    """The gradients of x (None unless needed), h, w_ih, w_hh and the two biases, from those of the outputs and h."""
    gates, inner, h_before = saved
    by_out, dh = gradients[0], _begun(gradients[1], sizes[0], h_before)
    by_entered, by_kept = np.empty_like(gates), np.empty_like(gates)
    threads = _threads(w_hh, sizes[0])
    by_b_ih, by_b_hh = _totals(w_hh, threads), _totals(w_hh, threads)
    if gates.dtype == np.float32:
        arrays = (packed(w_hh), _or_none(by_out, dh), gates, inner, h_before, dh, by_entered, by_kept, by_b_ih, by_b_hh)
        _run(loops.gru_steps_backward, threads, sizes, not reverse, *arrays)
    else:
        for at, n in _steps(sizes, not reverse):
            _add(dh[:n], by_out, at)
            plain.gru_step_backward(gates[at], inner[at], h_before[at], dh[:n], by_entered[at], by_kept[at])
            dh[:n] += by_kept[at] @ w_hh
        by_b_ih[0], by_b_hh[0] = by_entered.sum(0), by_kept.sum(0)
    by_weights = _product(by_entered.T, x), _product(by_kept.T, h_before)
    by_biases = _total(by_b_ih, x.dtype), _total(by_b_hh, x.dtype)
    return _product(by_entered, w_ih) if x_needed else None, dh, *by_weights, *by_biases


def rnn_layer(
    entered: Matrix, h: Matrix, weight: Matrix, rectified: bool, sizes: Sequence[int], reverse: bool
) -> tuple[Matrix, ...]:
    """The outputs and the last h; and for the way back h before each step. tanh, or relu where `rectified`."""
    h = h.copy()
    out, h_before = np.empty_like(entered), np.empty_like(entered)
    if entered.dtype == np.float32:
        arrays = (entered, packed(weight.T), rectified, h, h_before, out)
        _run(loops.rnn_steps, _threads(weight, sizes[0]), sizes, reverse, *arrays)
        return out, h, h_before
    for at, n in _steps(sizes, reverse):
        h_before[at] = h[:n]
        np.matmul(h[:n], weight.T, out=out[at])
        plain.rnn_step(entered[at], out[at], rectified)
        h[:n] = out[at]
    return out, h, h_before


def rnn_layer_backward(
    gradients: Sequence[Given], saved: Sequence[Matrix], weight: Matrix, rectified: bool, sizes: Sequence[int],
    reverse: bool,
) -> tuple[Matrix, ...]:  # fmt: skip
    """The gradients of what entered, h and weight, from those of the outputs and h."""
    out, h_before = saved
    by_out, dh = gradients[0], _begun(gradients[1], sizes[0], out)
    by_entered = np.empty_like(out)
    if out.dtype == np.float32:
        arrays = (packed(weight), rectified, _or_none(by_out, dh), out, dh, by_entered)
        _run(loops.rnn_steps_backward, _threads(weight, sizes[0]), sizes, not reverse, *arrays)
    else:
        for at, n in _steps(sizes, not reverse):
            _add(dh[:n], by_out, at)
            slope = out[at] > 0 if rectified else 1 - out[at] * out[at]
            np.multiply(dh[:n], slope, out=by_entered[at])
            np.matmul(by_entered[at], weight, out=dh[:n])
    return by_entered, dh, _product(by_entered.T, h_before)


def _product(left: Matrix, right: Matrix, bias: Given = None) -> Matrix:
    return blas.matmul(left, right, bias, beside=True)


def _steps(sizes: Sequence[int], reverse: bool) -> Iterator[tuple[slice, int]]:
    """The rows of each step and their number, in the order in which the steps are taken."""
    end = sum(sizes) if reverse else 0
    for n in reversed(sizes) if reverse else sizes:
        yield (slice(end - n, end) if reverse else slice(end, end + n)), n
        end += -n if reverse else n


def _threads(w_hh: Matrix, batch: int) -> int:
    """How many threads share the sequences: one, where a step is done before another has woken up."""
    return min(thread_count(), whole_rows(batch) // ROWS) if batch * w_hh.size >= _SHARED else 1


def _run(steps: Any, threads: int, sizes: Sequence[int], reverse: bool, *arguments: Any) -> None:
    """Take all steps, on so many threads."""
    counts = np.array(sizes, np.int64)
    starts = np.cumsum(counts) - counts
    if reverse:
        starts, counts = starts[::-1].copy(), counts[::-1].copy()
    share_out(steps, threads, starts, counts, *arguments)


def _totals(w_hh: Matrix, threads: int) -> Matrix:
    """The gradient of a bias, for each thread its own: over many steps float32 would lose some digits."""
    return np.zeros((threads, len(w_hh)))


def _total(sums: Matrix, dtype: Any) -> Matrix:
    return sums.sum(0).astype(dtype, copy=False)


def _packed(matrix: Given, turned: bool = False) -> Matrix:
    """A matrix, or its transpose, as panels; no number where there is no matrix."""
    if matrix is None:
        return np.empty(0, np.float32)
    return packed(matrix.T if turned else matrix)


def _or_none(by_out: Given, like: Matrix) -> Matrix:
    """The gradients of the outputs, for a kernel; no row where there are none."""
    return like[:0] if by_out is None else by_out


def _rows(rows: int, like: Matrix) -> Matrix:
    return np.empty((rows, like.shape[1]), like.dtype)


def _begun(gradient: Given, batch: int, like: Matrix) -> Matrix:
    """The gradient of a last state, to be written over; zeros where there is none."""
    return np.zeros((batch, like.shape[1]), like.dtype) if gradient is None else gradient.copy()


def _add(dh: Matrix, by_out: Given, at: slice) -> None:
    if by_out is not None:
        dh += by_out[at]
