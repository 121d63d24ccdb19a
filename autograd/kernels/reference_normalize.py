"""What the kernels of normalisation compute, in plain NumPy."""

import numpy as np

Vector = np.ndarray | None


def batch_norm(x: np.ndarray, weight: Vector, bias: Vector, eps: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Each channel of x (N, C, S) at mean 0 and variance 1, times weight, plus bias; and its mean and variance."""
    mean, var = x.mean((0, 2)), x.var((0, 2))
    return scale_channels(x, mean, var, weight, bias, eps), mean, var


def batch_norm_backward(
    gradient: np.ndarray, x: np.ndarray, weight: Vector, mean: np.ndarray, var: np.ndarray, eps: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The rule of the paper: what changes mean or variance of a channel is taken out of the gradient."""
    rstd, hat = 1 / np.sqrt(var + eps), scale_channels(x, mean, var, None, None, eps)
    by_bias, by_weight = gradient.sum((0, 2)), (gradient * hat).sum((0, 2))
    centred = gradient - gradient.mean((0, 2))[:, None] - hat * (gradient * hat).mean((0, 2))[:, None]
    return centred * (_or_ones(weight, mean) * rstd)[:, None], by_weight, by_bias


def scale_channels(
    x: np.ndarray, mean: np.ndarray, var: np.ndarray, weight: Vector, bias: Vector, eps: float
) -> np.ndarray:
    """`batch_norm` by a mean and a variance that are given."""
    scale = _or_ones(weight, mean) / np.sqrt(var + eps)
    return (x - mean[:, None]) * scale[:, None] + _or_zeros(bias, mean)[:, None]


def scale_channels_backward(
    gradient: np.ndarray, x: np.ndarray, mean: np.ndarray, var: np.ndarray, weight: Vector, eps: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The gradients of sum(scale_channels(x) * gradient) by x, weight and bias."""
    hat, scale = scale_channels(x, mean, var, None, None, eps), _or_ones(weight, mean) / np.sqrt(var + eps)
    return gradient * scale[:, None], (gradient * hat).sum((0, 2)), gradient.sum((0, 2))


def group_norm(x: np.ndarray, weight: Vector, bias: Vector, groups: int, eps: float) -> np.ndarray:
    """Each of the groups of channels of each x[n] (C, S) at mean 0 and variance 1, times weight[c], plus bias[c]."""
    rows = x.reshape(x.shape[0] * groups, -1)
    hat = layer_norm(rows, None, None, eps, True).reshape(x.shape)
    return hat * _or_ones(weight, x[0, :, 0])[:, None] + _or_zeros(bias, x[0, :, 0])[:, None]


def group_norm_backward(
    gradient: np.ndarray, x: np.ndarray, weight: Vector, groups: int, eps: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The gradients of sum(group_norm(x) * gradient) by x, weight and bias."""
    rows = x.reshape(x.shape[0] * groups, -1)
    hat = layer_norm(rows, None, None, eps, True).reshape(x.shape)
    scaled = (gradient * _or_ones(weight, x[0, :, 0])[:, None]).reshape(rows.shape)
    slope, _, _ = layer_norm_backward(scaled, rows, None, eps, True)
    return slope.reshape(x.shape), (gradient * hat).sum((0, 2)), gradient.sum((0, 2))


def layer_norm(x: np.ndarray, weight: Vector, bias: Vector, eps: float, centred: bool) -> np.ndarray:
    """Each row of x (R, M) at mean 0 (where `centred`) and mean square 1, times weight, plus bias."""
    return _standardized(x, eps, centred)[0] * _or_ones(weight, x[0]) + _or_zeros(bias, x[0])


def layer_norm_backward(
    gradient: np.ndarray, x: np.ndarray, weight: Vector, eps: float, centred: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The gradients of sum(layer_norm(x) * gradient) by x, weight and bias."""
    hat, rstd = _standardized(x, eps, centred)
    scaled = gradient * _or_ones(weight, x[0])
    slope = scaled - hat * (scaled * hat).mean(1, keepdims=True)
    if centred:
        slope = slope - scaled.mean(1, keepdims=True)
    return slope * rstd, (gradient * hat).sum(0), gradient.sum(0)


def _standardized(x: np.ndarray, eps: float, centred: bool) -> tuple[np.ndarray, np.ndarray]:
    """The rows at mean 0 and variance 1, and 1 / sqrt(var + eps); nan where the squares overflow."""
    moved = x - x.mean(1, keepdims=True) if centred else x
    with np.errstate(over="ignore"):
        square = (moved * moved).mean(1, keepdims=True)
    rstd = np.where(np.isinf(square), np.nan, 1 / np.sqrt(square + eps)).astype(x.dtype)
    return moved * rstd, rstd


def _or_ones(weight: Vector, like: np.ndarray) -> np.ndarray:
    return np.ones_like(like) if weight is None else weight


def _or_zeros(bias: Vector, like: np.ndarray) -> np.ndarray:
    return np.zeros_like(like) if bias is None else bias
