"""PyTorch's older forms of weight and spectral normalisation, which set the weight before each call, and max-norm."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import autograd
from autograd import Tensor
from autograd.errors import ArgumentError

from ..parameter import Parameter
from .parametrizations import as_matrix, default_dim, norm_except_dim, weighted

__all__ = [
    "clip_weight_norm_",
    "remove_spectral_norm",
    "remove_weight_norm",
    "spectral_norm",
    "weight_norm",
]


class _Before:
    """What runs before each call, with its handle."""

    handle: Any

    def __init__(self, name: str, dim: int) -> None:
        self.name = name
        self.dim = dim

    def compute(self, module: Any, training: bool) -> Tensor:
        raise NotImplementedError

    def __call__(self, module: Any, args: Any) -> None:
        setattr(module, self.name, self.compute(module, module.training))

    def install(self, module: Any) -> None:
        self.handle = module.register_forward_pre_hook(self)
        module.__dict__.setdefault("_norms", {})[type(self), self.name] = self


def _take(where: str, module: Any, kind: type, name: str) -> Any:
    found = module.__dict__.get("_norms", {}).pop((kind, name), None)
    if found is None:
        raise ArgumentError(f"{where}: {type(module).__name__} has none on {name!r}")
    found.handle.remove()
    return found


class _Weight(_Before):
    def compute(self, module: Any, training: bool) -> Tensor:
        return weighted(getattr(module, f"{self.name}_v"), getattr(module, f"{self.name}_g"), self.dim)


class _Spectral(_Before):
    def __init__(self, name: str, dim: int, count: int, eps: float) -> None:
        super().__init__(name, dim)
        self.count = count
        self.eps = eps

    def compute(self, module: Any, training: bool) -> Tensor:
        weight = getattr(module, f"{self.name}_orig")
        u, v = getattr(module, f"{self.name}_u"), getattr(module, f"{self.name}_v")
        matrix = as_matrix(weight, self.dim)
        if training:
            with autograd.no_grad():  # PyTorch's older form turns v first
                for _ in range(self.count):
                    v.copy_(autograd.normalize(autograd.mv(matrix.mT, u), dim=0, eps=self.eps))
                    u.copy_(autograd.normalize(autograd.mv(matrix, v), dim=0, eps=self.eps))
            u, v = u.clone(), v.clone()
        return weight / autograd.dot(u, autograd.mv(matrix, v))


def _parameter(where: str, module: Any, name: str) -> Parameter:
    weight = module._parameters.get(name)
    if weight is None:
        raise ArgumentError(f"{where}: {type(module).__name__} has no parameter {name!r}")
    return weight


def weight_norm(module: Any, name: str = "weight", dim: int | None = 0) -> Any:
    """The older form of `nn.utils.parametrizations.weight_norm`, with the names `weight_g` and `weight_v`.

    Args:
        module: the owner.
        name: the weight.
        dim: each slice at this dimension has a length of its own; None for one of all.

    Returns:
        The module.

    Raises:
        ArgumentError: there is no such parameter, or it is normalised already.

    Example:
        >>> layer = nn.utils.weight_norm(nn.Linear(20, 40))
        >>> layer.weight_g.shape, layer.weight_v.shape
        ((40, 1), (40, 20))

    Source: Salimans and Kingma 2016, arXiv 1602.07868, equation 2.
    """
    weight = _parameter("weight_norm", module, name)
    made = _Weight(name, -1 if dim is None else dim)
    delattr(module, name)
    with autograd.no_grad():
        module.register_parameter(f"{name}_g", Parameter(norm_except_dim(weight, made.dim)))
    module.register_parameter(f"{name}_v", Parameter(weight.detach()))
    setattr(module, name, made.compute(module, False))
    made.install(module)
    return module


def remove_weight_norm(module: Any, name: str = "weight") -> Any:
    """Take `weight_norm` away; the weight keeps its value. Returns the module.

    Raises:
        ArgumentError: there is none.
    """
    found = _take("remove_weight_norm", module, _Weight, name)
    with autograd.no_grad():
        weight = found.compute(module, False)
    for part in (name, f"{name}_g", f"{name}_v"):
        delattr(module, part)
    module.register_parameter(name, Parameter(weight))
    return module


def spectral_norm(
    module: Any, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None
) -> Any:
    """The older form of `nn.utils.parametrizations.spectral_norm`, with the names `weight_orig`, `weight_u` and
    `weight_v`; arguments as there.

    Returns:
        The module.

    Raises:
        ArgumentError: there is no such parameter, or it is normalised already.

    Example:
        >>> layer = nn.utils.spectral_norm(nn.Linear(20, 40))
        >>> list(layer.state_dict())
        ['bias', 'weight_orig', 'weight_u', 'weight_v']

    Source: Miyato et al. 2018, arXiv 1802.05957, equation 8 and algorithm 1.
    """
    weight = _parameter("spectral_norm", module, name)
    if n_power_iterations < 1:
        raise ArgumentError(f"spectral_norm: n_power_iterations is {n_power_iterations}; use at least 1")
    made = _Spectral(name, default_dim(module) if dim is None else dim, n_power_iterations, eps)
    rows, columns = as_matrix(weight.detach(), made.dim).shape
    u, v = autograd.randn(rows, dtype=weight.dtype), autograd.randn(columns, dtype=weight.dtype)
    delattr(module, name)
    module.register_parameter(f"{name}_orig", weight)
    setattr(module, name, weight.detach())
    module.register_buffer(f"{name}_u", autograd.normalize(u, dim=0, eps=eps))
    module.register_buffer(f"{name}_v", autograd.normalize(v, dim=0, eps=eps))
    made.install(module)
    return module


def remove_spectral_norm(module: Any, name: str = "weight") -> Any:
    """Take `spectral_norm` away; the weight keeps its value. Returns the module.

    Raises:
        ArgumentError: there is none.
    """
    found = _take("remove_spectral_norm", module, _Spectral, name)
    with autograd.no_grad():
        weight = found.compute(module, False)
    for part in (name, f"{name}_u", f"{name}_v", f"{name}_orig"):
        delattr(module, part)
    module.register_parameter(name, Parameter(weight.detach()))
    return module


def clip_weight_norm_(parameters: Tensor | Iterable[Tensor], max_norm: float, dim: int = 0) -> None:
    """The max-norm constraint of the course: shorten, in place, each weight vector that is longer than a bound.

    It is called after each update. Tensors of fewer than two dimensions, as biases, are left as they are.

    Args:
        parameters: the weights.
        max_norm: the greatest length, in the course 3 or 4.
        dim: each slice at this dimension is a vector.

    Raises:
        ArgumentError: max_norm is not positive.

    Example:
        >>> layer = nn.Linear(20, 40)
        >>> nn.utils.clip_weight_norm_(layer.parameters(), 0.1)
        >>> bool((layer.weight.norm(dim=1) < 0.1001).all())
        True

    Source: Srivastava et al. 2014, Journal of Machine Learning Research 15, section 5.1.
    """
    if not max_norm > 0:
        raise ArgumentError(f"clip_weight_norm_: max_norm is {max_norm}; use a positive number")
    with autograd.no_grad():
        for parameter in [parameters] if isinstance(parameters, Tensor) else parameters:
            if parameter.ndim > 1:
                parameter.copy_(autograd.renorm(parameter, 2, dim, max_norm))
