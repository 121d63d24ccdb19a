"""All steps of a recurrent layer in float32, forward and backward, as compiled loops.

Each thread takes some of the sequences through all steps, and waits for nobody. A step is a product of the state's rows
with the weights, which were packed before the first one (`panels`), and the loops over the gates, which find it in the
cache. What comes of the input, with the biases, was multiplied for all steps before.

`starts` and `counts` are the first row and the number of rows of each step, in the order in which the steps are taken.
"""

import numpy as np

from autograd.kernels.elementary import sigmoid, tanh
from autograd.kernels.panels import LANES, multiply, padded, whole_rows
from autograd.kernels.threads import jit

_loops = jit(fastmath={"contract"})


@_loops
def lstm_steps(  # type: ignore[no-untyped-def]
    thread, threads, starts, counts, w_hh, projection, h, c, gates, squashed, c_before, h_before, out
):  # fmt: skip
    """`gates` holds what comes of the input, which the gates take the place of."""
    low, high = _share(thread, threads, h.shape[0])
    width, size, rows = h.shape[1], c.shape[1], whole_rows(high - low)
    state, product = _zeros(rows, width), _zeros(rows, padded(4 * size))
    raw, projected = _zeros(rows, size), _zeros(rows, padded(width))
    _copy(h[low:high], state)
    for t in range(starts.size):
        n, first = max(min(high, counts[t]) - low, 0), starts[t] + low
        _copy(state[:n], h_before[first : first + n])
        multiply(state, n, width, w_hh, product)
        for k in range(n):
            r = first + k
            _lstm_gates(product[k], gates[r], c[low + k], c_before[r], squashed[r], raw[k])
        if projection.size > 0:
            multiply(raw, n, size, projection, projected)
            _copy(projected[:n], state)
        else:
            _copy(raw[:n], state)
        _copy(state[:n], out[first : first + n])
    _copy(state[: high - low], h[low:high])


@_loops
def _lstm_gates(product, gates, c, c_before, squashed, raw):  # type: ignore[no-untyped-def]
    size = c.size
    _sigmoids(product[: 2 * size], gates[: 2 * size])
    _tanhs(product[2 * size :], gates[2 * size : 3 * size])
    _sigmoids(product[3 * size :], gates[3 * size :])
    i, f, g, o = gates[:size], gates[size : 2 * size], gates[2 * size : 3 * size], gates[3 * size :]
    for j in range(size):
        c_before[j] = c[j]
        c[j] = f[j] * c[j] + i[j] * g[j]
    for j in range(size):
        squashed[j] = tanh(c[j])
        raw[j] = o[j] * squashed[j]


@_loops
def lstm_steps_backward(  # type: ignore[no-untyped-def]
    thread, threads, starts, counts, w_hh, projection, by_out, gates, squashed, c_before, dh, dc, by_h, by_gates,
    by_bias,
):  # fmt: skip
    low, high = _share(thread, threads, dh.shape[0])
    width, size, rows = dh.shape[1], dc.shape[1], whole_rows(high - low)
    state, by_raw = _zeros(rows, width), _zeros(rows, padded(size))
    by_state, by_sums = _zeros(rows, padded(width)), _apart(rows, 4 * size)
    _copy(dh[low:high], state)
    for t in range(starts.size):
        n, first = max(min(high, counts[t]) - low, 0), starts[t] + low
        if by_out.shape[0] > 0:
            _add(by_out[first : first + n], state)
        if projection.size > 0:
            _copy(state[:n], by_h[first : first + n])
            multiply(state, n, width, projection, by_raw)
        else:
            _copy(state[:n], by_raw)
        for k in range(n):
            r = first + k
            _lstm_gates_backward(by_raw[k], gates[r], squashed[r], c_before[r], dc[low + k], by_sums[k])
        multiply(by_sums, n, 4 * size, w_hh, by_state)
        _copy(by_state[:n], state)
        _copy(by_sums[:n], by_gates[first : first + n])
        _add_up(by_sums[:n], by_bias[thread])
    _copy(state[: high - low], dh[low:high])


@_loops
def _lstm_gates_backward(by_raw, gates, squashed, c_before, dc, by_gates):  # type: ignore[no-untyped-def]
    size, one = dc.size, np.float32(1)
    i, f, g, o = gates[:size], gates[size : 2 * size], gates[2 * size : 3 * size], gates[3 * size :]
    di, df, dg = by_gates[:size], by_gates[size : 2 * size], by_gates[2 * size : 3 * size]
    do = by_gates[3 * size :]
    for j in range(size):
        do[j] = by_raw[j] * squashed[j] * o[j] * (one - o[j])
        dc[j] += by_raw[j] * o[j] * (one - squashed[j] * squashed[j])
    for j in range(size):
        di[j] = dc[j] * g[j] * i[j] * (one - i[j])
        dg[j] = dc[j] * i[j] * (one - g[j] * g[j])
    for j in range(size):
        df[j] = dc[j] * c_before[j] * f[j] * (one - f[j])
        dc[j] *= f[j]


@_loops
def gru_steps(  # type: ignore[no-untyped-def]
    thread, threads, starts, counts, w_hh, added, h, gates, inner, h_before, out
):  # fmt: skip
    """`gates` holds what comes of the input, which the gates take the place of; `added` is n's bias inside of r."""
    low, high = _share(thread, threads, h.shape[0])
    size, rows = h.shape[1], whole_rows(high - low)
    state, product = _zeros(rows, size), _zeros(rows, padded(3 * size))
    _copy(h[low:high], state)
    for t in range(starts.size):
        n, first = max(min(high, counts[t]) - low, 0), starts[t] + low
        multiply(state, n, size, w_hh, product)
        for k in range(n):
            r = first + k
            _gru_gates(product[k], added, gates[r], inner[r], state[k], h_before[r], out[r])
    _copy(state[: high - low], h[low:high])


@_loops
def _gru_gates(product, added, gates, inner, h, h_before, out):  # type: ignore[no-untyped-def]
    size = h.size
    _sigmoids(product[: 2 * size], gates[: 2 * size])
    r, z, n, last = gates[:size], gates[size : 2 * size], gates[2 * size :], product[2 * size :]
    for j in range(size):
        inner[j] = last[j] + added[j]
    for j in range(size):
        n[j] = tanh(n[j] + r[j] * inner[j])
    for j in range(size):
        h_before[j] = h[j]
        h[j] = n[j] + z[j] * (h[j] - n[j])
    for j in range(size):
        out[j] = h[j]


@_loops
def gru_steps_backward(  # type: ignore[no-untyped-def]
    thread, threads, starts, counts, w_hh, by_out, gates, inner, h_before, dh, by_entered, by_kept, by_b_ih, by_b_hh
):  # fmt: skip
    low, high = _share(thread, threads, dh.shape[0])
    size, rows = dh.shape[1], whole_rows(high - low)
    state, by_state = _zeros(rows, size), _zeros(rows, padded(size))
    by_outer, by_inner = _apart(rows, 3 * size), _apart(rows, 3 * size)
    _copy(dh[low:high], state)
    for t in range(starts.size):
        n, first = max(min(high, counts[t]) - low, 0), starts[t] + low
        if by_out.shape[0] > 0:
            _add(by_out[first : first + n], state)
        for k in range(n):
            r = first + k
            _gru_gates_backward(gates[r], inner[r], h_before[r], state[k], by_outer[k], by_inner[k])
        multiply(by_inner, n, 3 * size, w_hh, by_state)
        _add(by_state[:n], state)
        _copy(by_outer[:n], by_entered[first : first + n])
        _copy(by_inner[:n], by_kept[first : first + n])
        _add_up(by_outer[:n], by_b_ih[thread])
        _add_up(by_inner[:n], by_b_hh[thread])
    _copy(state[: high - low], dh[low:high])


@_loops
def _gru_gates_backward(gates, inner, h_before, dh, by_entered, by_inner):  # type: ignore[no-untyped-def]
    size, one = dh.size, np.float32(1)
    r, z, n = gates[:size], gates[size : 2 * size], gates[2 * size :]
    dr, dz, dn, passed = by_entered[:size], by_entered[size : 2 * size], by_entered[2 * size :], by_inner[2 * size :]
    for j in range(size):
        dn[j] = dh[j] * (one - z[j]) * (one - n[j] * n[j])
        dz[j] = dh[j] * (h_before[j] - n[j]) * z[j] * (one - z[j])
    for j in range(size):
        passed[j] = dn[j] * r[j]
        dr[j] = dn[j] * inner[j] * r[j] * (one - r[j])
    for j in range(2 * size):
        by_inner[j] = by_entered[j]
    for j in range(size):
        dh[j] *= z[j]


@_loops
def rnn_steps(thread, threads, starts, counts, entered, weight, rectified, h, h_before, out):  # type: ignore[no-untyped-def]
    low, high = _share(thread, threads, h.shape[0])
    size, rows = h.shape[1], whole_rows(high - low)
    state, product = _zeros(rows, size), _zeros(rows, padded(size))
    _copy(h[low:high], state)
    for t in range(starts.size):
        n, first = max(min(high, counts[t]) - low, 0), starts[t] + low
        _copy(state[:n], h_before[first : first + n])
        multiply(state, n, size, weight, product)
        for k in range(n):
            row, given = product[k], entered[first + k]
            for j in range(size):
                row[j] += given[j]
            _squash(row[:size], rectified, state[k])
        _copy(state[:n], out[first : first + n])
    _copy(state[: high - low], h[low:high])


@_loops
def rnn_steps_backward(  # type: ignore[no-untyped-def]
    thread, threads, starts, counts, weight, rectified, by_out, out, dh, by_entered
):  # fmt: skip
    low, high = _share(thread, threads, dh.shape[0])
    size, rows = dh.shape[1], whole_rows(high - low)
    state, by_sums, before = _zeros(rows, size), _zeros(rows, size), _zeros(rows, padded(size))
    _copy(dh[low:high], state)
    for t in range(starts.size):
        n, first = max(min(high, counts[t]) - low, 0), starts[t] + low
        if by_out.shape[0] > 0:
            _add(by_out[first : first + n], state)
        for k in range(n):
            _slope(state[k], out[first + k], rectified, by_sums[k])
        _copy(by_sums[:n], by_entered[first : first + n])
        multiply(by_sums, n, size, weight, before)
        _copy(before[:n], state)
    _copy(state[: high - low], dh[low:high])


@_loops
def _squash(x, rectified, out):  # type: ignore[no-untyped-def]
    if rectified:
        for j in range(x.size):
            out[j] = np.float32(0) if x[j] < np.float32(0) else x[j]
    else:
        for j in range(x.size):
            out[j] = tanh(x[j])


@_loops
def _slope(dh, out, rectified, by_sums):  # type: ignore[no-untyped-def]
    if rectified:
        for j in range(dh.size):
            by_sums[j] = dh[j] if out[j] > np.float32(0) else np.float32(0)
    else:
        for j in range(dh.size):
            by_sums[j] = dh[j] * (np.float32(1) - out[j] * out[j])


@_loops
def _share(thread, threads, batch):  # type: ignore[no-untyped-def]
    """A thread's share of the sequences."""
    return thread * batch // threads, (thread + 1) * batch // threads


@_loops
def _zeros(rows, columns):  # type: ignore[no-untyped-def]
    return np.zeros((rows, columns), np.float32)


@_loops
def _apart(rows, columns):  # type: ignore[no-untyped-def]
    """Room for rows whose distance is no power of two, as such rows drive each other out of the cache."""
    return np.zeros((rows, whole_rows(padded(columns)) + LANES), np.float32)


@_loops
def _copy(x, out):  # type: ignore[no-untyped-def]
    """The rows of x, as far as `out` has columns for them, and into its first ones."""
    for r in range(x.shape[0]):
        given, row = x[r], out[r]
        for j in range(min(given.size, row.size)):
            row[j] = given[j]


@_loops
def _add(x, out):  # type: ignore[no-untyped-def]
    for r in range(x.shape[0]):
        given, row = x[r], out[r]
        for j in range(min(given.size, row.size)):
            row[j] += given[j]


@_loops
def _sigmoids(product, gates):  # type: ignore[no-untyped-def]
    for j in range(gates.size):
        gates[j] = sigmoid(product[j] + gates[j])


@_loops
def _tanhs(product, gates):  # type: ignore[no-untyped-def]
    for j in range(gates.size):
        gates[j] = tanh(product[j] + gates[j])


@jit(fastmath={"contract"})
def _add_up(x, totals):  # type: ignore[no-untyped-def]
    """Add the rows to totals of float64: over many steps float32 would lose some digits."""
    for r in range(x.shape[0]):
        row = x[r]
        for j in range(totals.size):
            totals[j] += row[j]
