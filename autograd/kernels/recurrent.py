"""The steps of one recurrent layer in one direction, forward and backward.

What comes of the input is given, for all steps at once: a product of matrices. A step is then one product with the
state before, and one loop over its gates, which adds the biases; all gradients of the weights are one product after
the last step. The weights of the state are transposed once, since the product with them is then faster at each step.

Sequences stand one step below the other, (rows, ...), with `sizes` rows in each step. A state has a row for each
sequence, and step t changes the first sizes[t] of them: so shorter sequences keep theirs, or in reverse begin later.

float32 steps are compiled loops; those of float64 are NumPy's. The steps of an LSTM are one loop, where BLAS can be
called in it: each thread takes some of the sequences through all steps, and waits for nobody.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from autograd.kernels import blas
from autograd.kernels import reference_recurrent as plain
from autograd.kernels.blas import call_gemm
from autograd.kernels.elementary import sigmoid, tanh
from autograd.kernels.sharing import share_out
from autograd.kernels.threads import jit, thread_count

Matrix = np.ndarray
Given = np.ndarray | None

# Multiplications that one thread does before another one has woken up.
_SHARED = 1 << 18

_loops = jit(fastmath={"contract"})


def lstm_layer(
    entered: Matrix, h: Matrix, c: Matrix, weight: Matrix, bias: Given, projection: Given, sizes: Sequence[int],
    reverse: bool,
) -> tuple[Matrix, ...]:  # fmt: skip
    """The outputs, the last h and c; and for the way back i, f, g, o, tanh(c), and h and c before each step."""
    step = _step("lstm_step", entered.dtype)
    rows, size = entered.shape[0], c.shape[1]
    h, c = h.copy(), c.copy()
    gates, squashed, c_before = np.empty_like(entered), _rows(rows, c), _rows(rows, c)
    out, h_before = _rows(rows, h), _rows(rows, h)
    raw = out if projection is None else _rows(rows, c)
    by_state, bias = np.ascontiguousarray(weight.T), _bias(bias, weight)
    if projection is None and step is _lstm_step and blas.held is not None:
        arrays = (np.ascontiguousarray(entered), by_state, bias, h, c, gates, squashed, c_before, h_before, out)
        with blas.held:
            share_out(
                _lstm_steps, _threads(h, weight), blas.held.addresses["f"], *_bounds(sizes, reverse), *arrays
            )  # fmt: skip
        return out, h, c, gates, squashed, h_before, c_before
    for at, n in _steps(sizes, reverse):
        h_before[at] = h[:n]
        gate = gates[at]
        np.matmul(h[:n], by_state, out=gate)
        step(entered[at], bias, gate, c[:n], c_before[at], squashed[at], raw[at], size)
        if projection is not None:
            np.matmul(raw[at], projection.T, out=out[at])
        h[:n] = out[at]
    return out, h, c, gates, squashed, h_before, c_before


def lstm_layer_backward(
    gradients: Sequence[Given], saved: Sequence[Matrix], weight: Matrix, projection: Given, sizes: Sequence[int],
    reverse: bool,
) -> tuple[Any, ...]:  # fmt: skip
    """The gradients of what entered, h, c, weight, bias and projection, from those of the outputs, h and c."""
    gates, squashed, h_before, c_before = saved
    step = _step("lstm_step_backward", gates.dtype)
    size = squashed.shape[1]
    by_out, dh, dc = gradients[0], _begun(gradients[1], sizes[0], h_before), _begun(gradients[2], sizes[0], squashed)
    by_gates = np.empty_like(gates)
    if projection is None and step is _lstm_step_backward and blas.held is not None:
        by_out = np.empty((0, size), gates.dtype) if by_out is None else np.ascontiguousarray(by_out)
        arrays = (np.ascontiguousarray(weight), by_out, gates, squashed, c_before, dh, dc, by_gates)
        with blas.held:
            share_out(
                _lstm_steps_backward, _threads(dh, weight), blas.held.addresses["f"], *_bounds(sizes, not reverse),
                *arrays,
            )  # fmt: skip
        return by_gates, dh, dc, _product(by_gates.T, h_before), _column_sums(by_gates), None
    by_h = np.empty_like(h_before)
    for at, n in _steps(sizes, not reverse):
        _add(dh[:n], by_out, at)
        by_raw = dh[:n]
        if projection is not None:
            by_h[at] = dh[:n]
            by_raw = dh[:n] @ projection
        step(by_raw, gates[at], squashed[at], c_before[at], dc[:n], by_gates[at], size)
        np.matmul(by_gates[at], weight, out=dh[:n])
    by_projection = None if projection is None else by_h.T @ (gates[:, 3 * size :] * squashed)
    return by_gates, dh, dc, _product(by_gates.T, h_before), _column_sums(by_gates), by_projection


def gru_layer(
    entered: Matrix, h: Matrix, weight: Matrix, b_ih: Given, b_hh: Given, sizes: Sequence[int], reverse: bool
) -> tuple[Matrix, ...]:
    """The outputs and the last h; and for the way back r, z and n, what r multiplied, and h before each step."""
    step = _step("gru_step", entered.dtype)
    rows, size = entered.shape[0], h.shape[1]
    h = h.copy()
    gates, inner, out, h_before = np.empty_like(entered), _rows(rows, h), _rows(rows, h), _rows(rows, h)
    by_state = np.ascontiguousarray(weight.T)
    # Where the two are just added up, it is done once.
    outer, bias = _bias(b_ih, weight), _bias(b_hh, weight).copy()
    bias[: 2 * size] += outer[: 2 * size]
    outer = outer[2 * size :]
    for at, n in _steps(sizes, reverse):
        gate = gates[at]
        np.matmul(h[:n], by_state, out=gate)
        step(entered[at], outer, bias, gate, inner[at], h[:n], h_before[at], out[at], size)
    return out, h, gates, inner, h_before


def gru_layer_backward(
    gradients: Sequence[Given], saved: Sequence[Matrix], weight: Matrix, sizes: Sequence[int], reverse: bool
) -> tuple[Matrix, ...]:
    """The gradients of what entered, h, weight and the two biases, from those of the outputs and h."""
    gates, inner, h_before = saved
    step = _step("gru_step_backward", gates.dtype)
    size = inner.shape[1]
    by_out, dh = gradients[0], _begun(gradients[1], sizes[0], h_before)
    by_entered, by_kept, kept = np.empty_like(gates), np.empty_like(gates), np.empty_like(dh)
    for at, n in _steps(sizes, not reverse):
        _add(dh[:n], by_out, at)
        step(gates[at], inner[at], h_before[at], dh[:n], by_entered[at], by_kept[at], size)
        dh[:n] += np.matmul(by_kept[at], weight, out=kept[:n])
    return by_entered, dh, by_kept.T @ h_before, _column_sums(by_entered), _column_sums(by_kept)


def rnn_layer(
    entered: Matrix, h: Matrix, weight: Matrix, rectified: bool, sizes: Sequence[int], reverse: bool
) -> tuple[Matrix, ...]:
    """The outputs and the last h; and for the way back h before each step. tanh, or relu where `rectified`."""
    step = _step("rnn_step", entered.dtype)
    h = h.copy()
    out, h_before = np.empty_like(entered), np.empty_like(entered)
    by_state = np.ascontiguousarray(weight.T)
    for at, n in _steps(sizes, reverse):
        h_before[at] = h[:n]
        np.matmul(h[:n], by_state, out=out[at])
        step(entered[at], out[at], rectified)
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
    for at, n in _steps(sizes, not reverse):
        _add(dh[:n], by_out, at)
        slope = out[at] > 0 if rectified else 1 - out[at] * out[at]
        np.multiply(dh[:n], slope, out=by_entered[at])
        np.matmul(by_entered[at], weight, out=dh[:n])
    return by_entered, dh, by_entered.T @ h_before


def _step(name: str, dtype: np.dtype) -> Any:
    return globals()[f"_{name}"] if dtype == np.float32 else getattr(plain, name)


def _steps(sizes: Sequence[int], reverse: bool) -> Iterator[tuple[slice, int]]:
    """The rows of each step and their number, in the order in which the steps are taken."""
    end = sum(sizes) if reverse else 0
    for n in reversed(sizes) if reverse else sizes:
        yield (slice(end - n, end) if reverse else slice(end, end + n)), n
        end += -n if reverse else n


def _bounds(sizes: Sequence[int], reverse: bool) -> tuple[Matrix, Matrix]:
    """The first row of each step and the number of its rows, in the order in which the steps are taken."""
    taken = [(at.start, n) for at, n in _steps(sizes, reverse)]
    return np.array([start for start, _ in taken], np.int64), np.array([n for _, n in taken], np.int64)


def _threads(h: Matrix, weight: Matrix) -> int:
    """How many threads share the sequences: one, where a step is done before another has woken up."""
    return 1 if len(h) * weight.size < _SHARED or len(h) < 2 else thread_count()


def _product(left: Matrix, right: Matrix) -> Matrix:
    return left @ right if left.size * right.shape[1] < _SHARED else blas.matmul(left, right)


def _rows(rows: int, like: Matrix) -> Matrix:
    return np.empty((rows, like.shape[1]), like.dtype)


def _bias(given: Given, weight: Matrix) -> Matrix:
    return np.zeros(len(weight), weight.dtype) if given is None else given


def _column_sums(x: Matrix) -> Matrix:
    """The sums over all rows, added up in float64: over many steps float32 would lose some digits."""
    if x.dtype != np.float32:
        return np.asarray(x.sum(0))
    out = np.empty(x.shape[1], x.dtype)
    _add_rows(x, out)
    return out


def _begun(gradient: Given, batch: int, like: Matrix) -> Matrix:
    """The gradient of a last state, to be written over; zeros where there is none."""
    return np.zeros((batch, like.shape[1]), like.dtype) if gradient is None else gradient.copy()


def _add(dh: Matrix, by_out: Given, at: slice) -> None:
    if by_out is not None:
        dh += by_out[at]


# --- one step, float32. `gates` come in as the product with the state, and go out as the gates.


@_loops
def _lstm_step(entered, bias, gates, c, c_before, squashed, h, size):  # type: ignore[no-untyped-def]
    for r in range(entered.shape[0]):
        row, given = gates[r], entered[r]
        for j in range(4 * size):
            row[j] += given[j] + bias[j]
        _sigmoids(row[: 2 * size])
        _tanhs(row[2 * size : 3 * size])
        _sigmoids(row[3 * size :])
        i, f, g, o = gates[r, :size], gates[r, size : 2 * size], gates[r, 2 * size : 3 * size], gates[r, 3 * size :]
        cell, before, tanh_c, state = c[r], c_before[r], squashed[r], h[r]
        for j in range(size):
            before[j] = cell[j]
            cell[j] = f[j] * cell[j] + i[j] * g[j]
        for j in range(size):
            tanh_c[j] = tanh(cell[j])
            state[j] = o[j] * tanh_c[j]


@_loops
def _lstm_step_backward(by_h, gates, squashed, c_before, dc, by_gates, size):  # type: ignore[no-untyped-def]
    one = np.float32(1)
    for r in range(gates.shape[0]):
        i, f, g, o = gates[r, :size], gates[r, size : 2 * size], gates[r, 2 * size : 3 * size], gates[r, 3 * size :]
        di, df = by_gates[r, :size], by_gates[r, size : 2 * size]
        dg, do = by_gates[r, 2 * size : 3 * size], by_gates[r, 3 * size :]
        dh, d, tanh_c, before = by_h[r], dc[r], squashed[r], c_before[r]
        for j in range(size):
            do[j] = dh[j] * tanh_c[j] * o[j] * (one - o[j])
            d[j] += dh[j] * o[j] * (one - tanh_c[j] * tanh_c[j])
        for j in range(size):
            di[j] = d[j] * g[j] * i[j] * (one - i[j])
            dg[j] = d[j] * i[j] * (one - g[j] * g[j])
        for j in range(size):
            df[j] = d[j] * before[j] * f[j] * (one - f[j])
            d[j] *= f[j]


@_loops
def _lstm_steps(  # type: ignore[no-untyped-def]
    thread, threads, gemm, starts, counts, entered, by_state, bias, h, c, gates, squashed, c_before, h_before, out
):  # fmt: skip
    batch, size = h.shape
    low = thread * batch // threads
    for t in range(starts.size):
        high = min((thread + 1) * batch // threads, counts[t])
        if low < high:
            first, last = starts[t] + low, starts[t] + high
            for r in range(low, high):
                h_before[starts[t] + r] = h[r]
            call_gemm(
                gemm, False, high - low, 4 * size, size, h[low].ctypes.data, False, size,
                by_state.ctypes.data, False, 4 * size, False, gates[first].ctypes.data, 4 * size,
            )  # fmt: skip
            _lstm_step(
                entered[first:last], bias, gates[first:last], c[low:high], c_before[first:last],
                squashed[first:last], out[first:last], size,
            )  # fmt: skip
            for r in range(low, high):
                h[r] = out[starts[t] + r]


@_loops
def _lstm_steps_backward(  # type: ignore[no-untyped-def]
    thread, threads, gemm, starts, counts, weight, by_out, gates, squashed, c_before, dh, dc, by_gates
):  # fmt: skip
    batch, size = dh.shape
    low = thread * batch // threads
    for t in range(starts.size):
        high = min((thread + 1) * batch // threads, counts[t])
        if low < high:
            first, last = starts[t] + low, starts[t] + high
            if by_out.shape[0]:
                for r in range(low, high):
                    d, given = dh[r], by_out[starts[t] + r]
                    for j in range(size):
                        d[j] += given[j]
            _lstm_step_backward(
                dh[low:high], gates[first:last], squashed[first:last], c_before[first:last], dc[low:high],
                by_gates[first:last], size,
            )  # fmt: skip
            call_gemm(
                gemm, False, high - low, size, 4 * size, by_gates[first].ctypes.data, False, 4 * size,
                weight.ctypes.data, False, size, False, dh[low].ctypes.data, size,
            )  # fmt: skip


@_loops
def _gru_step(entered, outer, bias, gates, inner, h, h_before, out, size):  # type: ignore[no-untyped-def]
    for r in range(entered.shape[0]):
        row, given = gates[r], entered[r]
        for j in range(3 * size):
            row[j] += bias[j]
        for j in range(2 * size):
            row[j] += given[j]
        _sigmoids(row[: 2 * size])
        reset, z, n, e = row[:size], row[size : 2 * size], row[2 * size :], entered[r, 2 * size :]
        kept, state, before, result = inner[r], h[r], h_before[r], out[r]
        for j in range(size):
            kept[j] = n[j]
            n[j] = tanh(e[j] + outer[j] + reset[j] * n[j])
        for j in range(size):
            result[j] = n[j] + z[j] * (state[j] - n[j])
        for j in range(size):
            before[j] = state[j]
            state[j] = result[j]


@_loops
def _gru_step_backward(gates, inner, h_before, dh, by_entered, by_kept, size):  # type: ignore[no-untyped-def]
    one = np.float32(1)
    for k in range(gates.shape[0]):
        r, z, n = gates[k, :size], gates[k, size : 2 * size], gates[k, 2 * size :]
        dr, dz, dn = by_entered[k, :size], by_entered[k, size : 2 * size], by_entered[k, 2 * size :]
        d, kept, before, passed = dh[k], inner[k], h_before[k], by_kept[k, 2 * size :]
        for j in range(size):
            dn[j] = d[j] * (one - z[j]) * (one - n[j] * n[j])
            dz[j] = d[j] * (before[j] - n[j]) * z[j] * (one - z[j])
        for j in range(size):
            passed[j] = dn[j] * r[j]
            dr[j] = dn[j] * kept[j] * r[j] * (one - r[j])
        both, shared = by_entered[k, : 2 * size], by_kept[k, : 2 * size]
        for j in range(2 * size):
            shared[j] = both[j]
        for j in range(size):
            d[j] *= z[j]


@_loops
def _rnn_step(entered, out, rectified):  # type: ignore[no-untyped-def]
    for r in range(entered.shape[0]):
        if rectified:
            row, given = out[r], entered[r]
            for j in range(row.size):
                x = row[j] + given[j]
                row[j] = np.float32(0) if x < np.float32(0) else x
        else:
            row, given = out[r], entered[r]
            for j in range(row.size):
                row[j] += given[j]
            _tanhs(row)


@_loops
def _sigmoids(x):  # type: ignore[no-untyped-def]
    for j in range(x.size):
        x[j] = sigmoid(x[j])


@_loops
def _tanhs(x):  # type: ignore[no-untyped-def]
    for j in range(x.size):
        x[j] = tanh(x[j])


@_loops
def _add_rows(x, out):  # type: ignore[no-untyped-def]
    total = np.zeros(out.size)
    for r in range(x.shape[0]):
        row = x[r]
        for j in range(out.size):
            total[j] += row[j]
    for j in range(out.size):
        out[j] = total[j]
