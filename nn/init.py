"""Initial values of parameters. Each function fills a Tensor in place, outside the graph, and returns it.

The two families that keep the variance of activations and gradients from growing or shrinking with depth are Xavier's
(for functions that are linear at 0) and He's ("kaiming", for rectifiers). Both are given as a normal distribution of
standard deviation `std`, and as the uniform one of equal variance, in `(-sqrt(3) std, sqrt(3) std)`.

The *fans* of a weight (out, in, ...) are `fan_in = in * receptive field` and `fan_out = out * receptive field`, the
receptive field being the product of the dimensions after the second.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import autograd
from autograd import Generator, Tensor
from autograd.errors import ArgumentError, DtypeError, ShapeError

__all__ = [
    "calculate_gain",
    "constant_",
    "dirac_",
    "eye_",
    "fans",
    "kaiming_normal_",
    "kaiming_uniform_",
    "normal_",
    "ones_",
    "orthogonal_",
    "sparse_",
    "trunc_normal_",
    "uniform_",
    "xavier_normal_",
    "xavier_uniform_",
    "zeros_",
]

_LINEAR = ("linear", "sigmoid", *(f"conv{t}{n}d" for t in ("", "_transpose") for n in (1, 2, 3)))


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """The factor by which weights before a nonlinearity are made larger: 1 for linear maps and the sigmoid, 5/3 for
    tanh, `sqrt(2)` for relu, `sqrt(2 / (1 + slope^2))` for leaky_relu, 3/4 for selu.

    Args:
        nonlinearity: its functional name.
        param: the negative slope of leaky_relu; 0.01, unless given.

    Raises:
        ArgumentError: the name is none of these.

    Example:
        >>> nn.init.calculate_gain("tanh")
        1.6666666666666667
    """
    if nonlinearity in _LINEAR:
        return 1.0
    if nonlinearity == "tanh":
        return 5.0 / 3
    if nonlinearity == "relu":
        return math.sqrt(2.0)
    if nonlinearity == "leaky_relu":
        slope = 0.01 if param is None else param
        if isinstance(slope, bool) or not isinstance(slope, (int, float)):
            raise ArgumentError(f"calculate_gain: param is {slope!r}; use the negative slope, a number")
        return math.sqrt(2.0 / (1 + slope**2))
    if nonlinearity == "selu":
        return 3.0 / 4
    raise ArgumentError(
        f"calculate_gain: nonlinearity is {nonlinearity!r}; use 'linear', 'conv2d', 'sigmoid', 'tanh', 'relu', "
        "'leaky_relu' or 'selu'"
    )


def fans(tensor: Tensor) -> tuple[int, int]:
    """The number of inputs to, and outputs from, one unit: `(fan_in, fan_out)`.

    Raises:
        ShapeError: the tensor has fewer than two dimensions.

    Example:
        >>> nn.init.fans(autograd.empty(6, 3, 5, 5))
        (75, 150)
    """
    if tensor.ndim < 2:
        raise ShapeError(f"init: a weight {tensor.shape} has no fans; use at least two dimensions, (out, in, ...)")
    field = math.prod(tensor.shape[2:])
    return tensor.shape[1] * field, tensor.shape[0] * field


def _fill(name: str, tensor: Tensor, values: Any) -> Tensor:
    """Overwrite the tensor, outside the graph."""
    if not isinstance(tensor, Tensor):
        raise DtypeError(f"{name}: expected a Tensor, not {type(tensor).__name__}")
    with autograd.no_grad():
        return tensor.copy_(values)


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Uniform in [a, b).

    Raises:
        ArgumentError: a is greater than b.

    Example:
        >>> w = nn.init.uniform_(autograd.empty(3, 5), -1.0, 1.0)
        >>> bool((w.abs() <= 1).all())
        True
    """
    if a > b:
        raise ArgumentError(f"uniform_: a {a} is greater than b {b}; exchange them")
    return _fill("uniform_", tensor, a + (b - a) * autograd.rand(tensor.shape, dtype=tensor.dtype, generator=generator))


def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Normal with the given mean and standard deviation.

    Raises:
        ArgumentError: std is negative.
    """
    if std < 0:
        raise ArgumentError(f"normal_: std is {std}; use a number that is not negative")
    return _fill("normal_", tensor, mean + std * autograd.randn(tensor.shape, dtype=tensor.dtype, generator=generator))


def trunc_normal_(
    tensor: Tensor,
    mean: float = 0.0,
    std: float = 1.0,
    a: float = -2.0,
    b: float = 2.0,
    generator: Generator | None = None,
) -> Tensor:
    """Normal, of which only what falls into [a, b] is kept: the quantiles of uniform numbers.

    Args:
        mean, std: of the normal distribution before it is cut.
        a, b: the bounds, as numbers and not as multiples of std.

    Raises:
        ArgumentError: std is not positive, or a is not less than b.
    """
    from scipy.special import ndtr, ndtri

    if std <= 0 or a >= b:
        raise ArgumentError(f"trunc_normal_: std {std} must be positive, and a {a} less than b {b}")
    low, high = ndtr((a - mean) / std), ndtr((b - mean) / std)
    drawn = autograd.rand(tensor.shape, dtype=autograd.float64, generator=generator).numpy()
    return _fill("trunc_normal_", tensor, np.clip(mean + std * ndtri(low + (high - low) * drawn), a, b))


def constant_(tensor: Tensor, val: float) -> Tensor:
    """One number everywhere.

    Example:
        >>> nn.init.constant_(autograd.empty(2), 0.5)
        tensor([0.5000, 0.5000])
    """
    return _fill("constant_", tensor, val)


def zeros_(tensor: Tensor) -> Tensor:
    """Zeros."""
    return constant_(tensor, 0.0)


def ones_(tensor: Tensor) -> Tensor:
    """Ones."""
    return constant_(tensor, 1.0)


def eye_(tensor: Tensor) -> Tensor:
    """1 on the diagonal, 0 elsewhere.

    Raises:
        ShapeError: the tensor is no matrix.

    Example:
        >>> nn.init.eye_(autograd.empty(2, 3))
        tensor([[1., 0., 0.],
                [0., 1., 0.]])
    """
    if tensor.ndim != 2:
        raise ShapeError(f"eye_: x {tensor.shape} must be a matrix")
    return _fill("eye_", tensor, np.eye(tensor.shape[0], tensor.shape[1]))


def xavier_uniform_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Uniform with `std = gain * sqrt(2 / (fan_in + fan_out))`.

    Raises:
        ShapeError: the tensor has fewer than two dimensions.

    Source: Glorot and Bengio 2010, Understanding the difficulty of training deep feedforward neural networks,
    equation 16.
    """
    bound = math.sqrt(3.0) * _xavier(tensor, gain)
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Normal with `std = gain * sqrt(2 / (fan_in + fan_out))`.

    Raises:
        ShapeError: the tensor has fewer than two dimensions.

    Source: Glorot and Bengio 2010, Understanding the difficulty of training deep feedforward neural networks,
    equation 12.
    """
    return normal_(tensor, 0.0, _xavier(tensor, gain), generator)


def _xavier(tensor: Tensor, gain: float) -> float:
    fan_in, fan_out = fans(tensor)
    return gain * math.sqrt(2.0 / max(fan_in + fan_out, 1))


def kaiming_uniform_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    """Uniform with `std = gain / sqrt(fan)`.

    Args:
        a: the negative slope, where the nonlinearity is leaky_relu.
        mode: "fan_in" keeps the variance of activations, "fan_out" that of gradients.
        nonlinearity: what follows the layer; see `calculate_gain`.

    Raises:
        ShapeError: the tensor has fewer than two dimensions.
        ArgumentError: mode or nonlinearity is not known.

    Source: He et al. 2015, arXiv 1502.01852, equations 10, 14 and 15.
    """
    bound = math.sqrt(3.0) * _kaiming(tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    """Normal with `std = gain / sqrt(fan)`; arguments and source as for `kaiming_uniform_`."""
    return normal_(tensor, 0.0, _kaiming(tensor, a, mode, nonlinearity), generator)


def _kaiming(tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float:
    if mode not in ("fan_in", "fan_out"):
        raise ArgumentError(f"kaiming: mode is {mode!r}; use 'fan_in' or 'fan_out'")
    return calculate_gain(nonlinearity, a) / math.sqrt(max(fans(tensor)[mode == "fan_out"], 1))


def orthogonal_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """An orthogonal matrix, uniform among all of them, times `gain`; dimensions after the first count as columns.

    Raises:
        ShapeError: the tensor has fewer than two dimensions.

    Source: Saxe, McClelland and Ganguli 2013, arXiv 1312.6120; the signs that make it uniform: Mezzadri 2007,
    arXiv math-ph/0609050, section 5.
    """
    if tensor.ndim < 2:
        raise ShapeError(f"orthogonal_: x {tensor.shape} must have at least two dimensions")
    rows, columns = tensor.shape[0], math.prod(tensor.shape[1:])
    if rows * columns == 0:
        return tensor
    drawn = autograd.randn(max(rows, columns), min(rows, columns), dtype=autograd.float64, generator=generator).numpy()
    q, r = np.linalg.qr(drawn)
    q = q * np.sign(np.diag(r))
    return _fill("orthogonal_", tensor, gain * (q if rows >= columns else q.T).reshape(tensor.shape))


def dirac_(tensor: Tensor, groups: int = 1) -> Tensor:
    """Filters of a convolution that hand on their input: 1 in the middle of filter k at channel k, 0 elsewhere.

    Args:
        tensor: (out_channels, in_channels, ...), with one to three dimensions after the second.
        groups: the same in each of so many groups of filters.

    Raises:
        ShapeError: the tensor is no weight of a convolution, or groups do not divide its filters.

    Example:
        >>> nn.init.dirac_(autograd.empty(1, 2, 3))
        tensor([[[0., 1., 0.],
                 [0., 0., 0.]]])
    """
    if tensor.ndim not in (3, 4, 5):
        raise ShapeError(f"dirac_: x {tensor.shape} must be (out, in, ...) with one to three dimensions after those")
    if groups < 1 or tensor.shape[0] % groups:
        raise ShapeError(f"dirac_: {groups} groups do not divide {tensor.shape[0]} filters; use a divisor")
    values = np.zeros(tensor.shape)
    filters = tensor.shape[0] // groups
    middle = tuple([n // 2 for n in tensor.shape[2:]])
    k = np.arange(min(filters, tensor.shape[1]))
    for group in range(groups):
        where: Any = (group * filters + k, k, *middle)
        values[where] = 1
    return _fill("dirac_", tensor, values)


def sparse_(tensor: Tensor, sparsity: float, std: float = 0.01, generator: Generator | None = None) -> Tensor:
    """Normal with the given standard deviation, with a share of each column, drawn at random, set to 0.

    Args:
        tensor: a matrix.
        sparsity: the share of zeros, rounded up to whole numbers of a column.
        std: of the others.
        generator: what to draw from; the default one, unless given.

    Raises:
        ShapeError: the tensor is no matrix.

    Source: Martens 2010, Deep learning via Hessian-free optimization, ICML, section 5.
    """
    if tensor.ndim != 2:
        raise ShapeError(f"sparse_: x {tensor.shape} must be a matrix")
    rows, columns = tensor.shape
    count = math.ceil(sparsity * rows)
    drawn = autograd.randn(rows, columns, dtype=autograd.float64, generator=generator).numpy() * std
    ranks = autograd.rand(rows, columns, dtype=autograd.float64, generator=generator).numpy().argsort(0)
    np.put_along_axis(drawn, ranks[:count], 0.0, 0)
    return _fill("sparse_", tensor, drawn)


_calculate_fan_in_and_fan_out = fans  # PyTorch's name, which model files use

# The names without underscore are PyTorch's older ones.
uniform, normal, constant, eye, dirac = uniform_, normal_, constant_, eye_, dirac_
xavier_uniform, xavier_normal, orthogonal, sparse = xavier_uniform_, xavier_normal_, orthogonal_, sparse_
kaiming_uniform, kaiming_normal = kaiming_uniform_, kaiming_normal_
