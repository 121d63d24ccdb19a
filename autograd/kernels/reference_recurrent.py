"""What the loops of recurrent.py compute, in plain NumPy: the same arguments, for all rows of a step at once."""

import numpy as np

Matrix = np.ndarray


def _sigmoid(x: Matrix) -> Matrix:
    small = np.exp(-np.abs(x))
    return np.where(x < 0, small, 1) / (1 + small)


def lstm_step(gates: Matrix, c: Matrix, c_before: Matrix, squashed: Matrix, h: Matrix) -> None:
    """c = f c + i g, h = o tanh(c), where `gates` holds the gates' sums"""
    i, f, g, o = np.split(gates, 4, axis=1)
    for gate in (i, f, o):
        gate[...] = _sigmoid(gate)
    g[...] = np.tanh(g)
    c_before[...] = c
    c[...] = f * c + i * g
    squashed[...] = np.tanh(c)
    h[...] = o * squashed


def lstm_step_backward(
    by_h: Matrix, gates: Matrix, squashed: Matrix, c_before: Matrix, dc: Matrix, by_gates: Matrix
) -> None:
    """The gradients of a step's sums, from those of h and of the c after it; dc becomes that of the c before."""
    i, f, g, o = np.split(gates, 4, axis=1)
    di, df, dg, do = np.split(by_gates, 4, axis=1)
    do[...] = by_h * squashed * o * (1 - o)
    dc += by_h * o * (1 - squashed * squashed)
    di[...] = dc * g * i * (1 - i)
    dg[...] = dc * i * (1 - g * g)
    df[...] = dc * c_before * f * (1 - f)
    dc *= f


def gru_step(
    kept: Matrix, added: Matrix, gates: Matrix, inner: Matrix, h: Matrix, h_before: Matrix, out: Matrix
) -> None:
    """h = (1 - z) n + z h, where `kept` comes of the state, `gates` holds what entered, and n adds to what r cuts"""
    r, z, n = np.split(gates, 3, axis=1)
    from_r, from_z, from_n = np.split(kept, 3, axis=1)
    r[...], z[...] = _sigmoid(r + from_r), _sigmoid(z + from_z)
    inner[...] = from_n + added
    n[...] = np.tanh(n + r * inner)
    h_before[...] = h
    out[...] = n + z * (h - n)
    h[...] = out


def gru_step_backward(
    gates: Matrix, inner: Matrix, h_before: Matrix, dh: Matrix, by_entered: Matrix, by_kept: Matrix
) -> None:
    """The gradients of what entered and of what came of the state; dh becomes the part that passes by z."""
    r, z, n = np.split(gates, 3, axis=1)
    dr, dz, dn = np.split(by_entered, 3, axis=1)
    dn[...] = dh * (1 - z) * (1 - n * n)
    dz[...] = dh * (h_before - n) * z * (1 - z)
    dr[...] = dn * inner * r * (1 - r)
    by_kept[...] = by_entered
    by_kept[:, 2 * dh.shape[1] :] *= r
    dh *= z


def rnn_step(entered: Matrix, out: Matrix, rectified: bool) -> None:
    """h = tanh(what entered + what came of the state), or relu of it"""
    out += entered
    out[...] = np.maximum(out, 0) if rectified else np.tanh(out)
