"""Ready-made parametrizations of weights: by length and direction, the largest singular value, a bound; orthogonal."""

from __future__ import annotations

from typing import Any

import autograd
from autograd import Tensor
from autograd.errors import ArgumentError

from ..conv import ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
from ..module import Module
from . import parametrize
from .orthogonal import orthogonal

__all__ = ["max_norm", "orthogonal", "spectral_norm", "weight_norm"]


def norm_except_dim(v: Any, dim: int) -> Any:
    """The length of each slice at `dim`, with the other dimensions of size 1; of all of v, where dim is -1."""
    others = tuple([k for k in range(v.ndim) if dim == -1 or k != dim % v.ndim])
    return autograd.linalg.vector_norm(v, 2, others, keepdim=True) if dim != -1 else autograd.linalg.vector_norm(v)


def weighted(v: Any, g: Any, dim: int) -> Any:
    """`g v / |v|`."""
    return v * (g / norm_except_dim(v, dim))


class _WeightNorm(Module):
    def __init__(self, dim: int | None = 0) -> None:
        super().__init__()
        self.dim = -1 if dim is None else dim

    def forward(self, weight_g: Any, weight_v: Any) -> Tensor:
        return weighted(weight_v, weight_g, self.dim)

    def right_inverse(self, weight: Any) -> tuple[Tensor, Tensor]:
        return norm_except_dim(weight, self.dim), weight


def weight_norm(module: Module, name: str = "weight", dim: int | None = 0) -> Module:
    """Learn the length and the direction of weight vectors apart: `weight = g v / |v|`.

    Args:
        module: the owner.
        name: the weight; g and v become `parametrizations.weight.original0` and `original1`.
        dim: each slice at this dimension has a length of its own; None for one of all.

    Returns:
        The module.

    Example:
        >>> layer = nn.utils.parametrizations.weight_norm(nn.Linear(20, 40))
        >>> layer.parametrizations.weight.original0.shape
        (40, 1)

    Source: Salimans and Kingma 2016, arXiv 1602.07868, equation 2.
    """
    return parametrize.register_parametrization(module, name, _WeightNorm(dim), unsafe=True)


def power_iteration(weight: Any, u: Any, v: Any, count: int, eps: float) -> None:
    """Turn u and v, in place, towards the singular vectors of the largest singular value of a matrix."""
    with autograd.no_grad():
        for _ in range(count):
            u.copy_(autograd.normalize(autograd.mv(weight, v), dim=0, eps=eps))
            v.copy_(autograd.normalize(autograd.mv(weight.mT, u), dim=0, eps=eps))


def as_matrix(weight: Any, dim: int) -> Any:
    """The weight with dimension `dim` first and the others made one."""
    if dim:
        weight = weight.permute(dim, *[k for k in range(weight.ndim) if k != dim])
    return weight.flatten(1)


def default_dim(module: Module) -> int:
    """The dimension of the outputs: 1 for transposed convolutions, else 0."""
    return int(isinstance(module, (ConvTranspose1d, ConvTranspose2d, ConvTranspose3d)))


class _SpectralNorm(Module):
    _u: Tensor
    _v: Tensor

    def __init__(self, weight: Any, n_power_iterations: int = 1, dim: int = 0, eps: float = 1e-12) -> None:
        super().__init__()
        if not -weight.ndim <= dim < weight.ndim:
            raise ArgumentError(f"spectral_norm: x {weight.shape} has no dimension {dim}")
        if n_power_iterations < 1:
            raise ArgumentError(f"spectral_norm: n_power_iterations is {n_power_iterations}; use at least 1")
        self.dim = dim % weight.ndim
        self.eps = eps
        self.n_power_iterations = n_power_iterations
        if weight.ndim > 1:
            matrix = as_matrix(weight.detach(), self.dim)
            rows, columns = matrix.shape
            u, v = autograd.randn(rows, dtype=weight.dtype), autograd.randn(columns, dtype=weight.dtype)
            self.register_buffer("_u", autograd.normalize(u, dim=0, eps=eps))
            self.register_buffer("_v", autograd.normalize(v, dim=0, eps=eps))
            power_iteration(matrix, self._u, self._v, 15, eps)

    def forward(self, weight: Any) -> Tensor:
        if weight.ndim == 1:
            return autograd.normalize(weight, dim=0, eps=self.eps)
        matrix = as_matrix(weight, self.dim)
        if self.training:
            power_iteration(matrix.detach(), self._u, self._v, self.n_power_iterations, self.eps)
        u, v = self._u.clone(), self._v.clone()  # the next call changes them, and backward needs these
        return weight / autograd.dot(u, autograd.mv(matrix, v))

    def right_inverse(self, value: Any) -> Any:
        return value


def spectral_norm(
    module: Module, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None
) -> Module:
    """Divide a weight by its largest singular value, so that the layer stretches nothing: `weight / sigma(weight)`.

    Sigma is followed by power iteration, a few steps at each reading in training.

    Args:
        module: the owner.
        name: the weight.
        n_power_iterations: how many steps.
        eps: the least length that vectors are divided by.
        dim: the dimension of the outputs: 1 for transposed convolutions, else 0, unless given.

    Returns:
        The module.

    Raises:
        ArgumentError: a setting is not accepted.

    Example:
        >>> layer = nn.utils.parametrizations.spectral_norm(nn.Linear(20, 40))
        >>> abs(float(autograd.linalg.matrix_norm(layer.weight, 2)) - 1) < 0.1
        True

    Source: Miyato et al. 2018, arXiv 1802.05957, equation 8 and algorithm 1.
    """
    weight = getattr(module, name, None)
    if not isinstance(weight, Tensor):
        raise ArgumentError(f"spectral_norm: {type(module).__name__} has no parameter or buffer {name!r}")
    made = _SpectralNorm(weight, n_power_iterations, default_dim(module) if dim is None else dim, eps)
    return parametrize.register_parametrization(module, name, made)


class _MaxNorm(Module):
    def __init__(self, bound: float, dim: int) -> None:
        super().__init__()
        self.bound = bound
        self.dim = dim

    def forward(self, weight: Any) -> Tensor:
        return autograd.renorm(weight, 2, self.dim, self.bound)

    def right_inverse(self, value: Any) -> Any:
        return value


def max_norm(module: Module, name: str = "weight", bound: float = 3.0, dim: int = 0) -> Module:
    """Shorten the weight vectors that are longer than a bound to that length, wherever they are used.

    To shorten the learned weights themselves, as after each update, see `nn.utils.clip_weight_norm_`. PyTorch has
    neither.

    Args:
        module: the owner.
        name: the weight.
        bound: the greatest length, in the course 3 or 4.
        dim: each slice at this dimension is a vector.

    Returns:
        The module.

    Raises:
        ArgumentError: the bound is not positive.

    Example:
        >>> layer = nn.utils.parametrizations.max_norm(nn.Linear(20, 40), bound=0.1)
        >>> bool((layer.weight.norm(dim=1) < 0.1001).all())
        True

    Source: Srivastava et al. 2014, Journal of Machine Learning Research 15, section 5.1.
    """
    if not bound > 0:
        raise ArgumentError(f"max_norm: bound is {bound}; use a positive number")
    return parametrize.register_parametrization(module, name, _MaxNorm(bound, dim))
