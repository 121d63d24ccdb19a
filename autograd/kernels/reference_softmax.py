"""What the kernels of softmax and cross-entropy compute, in plain NumPy."""

import numpy as np


def softmax(x: np.ndarray) -> np.ndarray:
    """e**x[r, m] over the sum of its row."""
    e = np.exp(x - x.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def softmax_backward(gradient: np.ndarray, out: np.ndarray) -> np.ndarray:
    """out (gradient - sum over m of gradient out)"""
    return out * (gradient - (gradient * out).sum(1, keepdims=True))


def log_softmax(x: np.ndarray) -> np.ndarray:
    """x[r, m] minus the logarithm of its row's sum of exponentials."""
    shifted = x - x.max(1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(1, keepdims=True))


def log_softmax_backward(gradient: np.ndarray, out: np.ndarray) -> np.ndarray:
    """gradient - e**out times the row's sum of gradients"""
    return gradient - np.exp(out) * gradient.sum(1, keepdims=True)


def cross_entropy(x: np.ndarray, target: np.ndarray) -> np.ndarray:
    """-log_softmax(x)[r, target[r]] for each row."""
    return -log_softmax(x)[np.arange(len(x)), target]


def cross_entropy_backward(x: np.ndarray, target: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """scale[r] (softmax(x)[r] - one_hot(target[r]))"""
    return scale[:, None] * (softmax(x) - np.eye(x.shape[1])[target])
