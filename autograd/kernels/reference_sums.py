"""What the kernels of sums and of tables compute, in plain NumPy."""

import numpy as np


def row_sums(x: np.ndarray) -> np.ndarray:
    """out[r] = sum over k of x[r, k]."""
    out: np.ndarray = x.sum(1)
    return out


def take_rows(table: np.ndarray, indices: np.ndarray) -> np.ndarray:
    """out[i] = table[indices[i]]"""
    return table[indices]


def add_rows(gradient: np.ndarray, indices: np.ndarray, rows: int) -> np.ndarray:
    """Zeros of so many rows, and out[indices[i]] += gradient[i] for each i."""
    out = np.zeros((rows, gradient.shape[1]), gradient.dtype)
    np.add.at(out, indices, gradient)
    return out
