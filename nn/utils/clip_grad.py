"""Clipping of gradients by their norm and by value."""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import reduce

import numpy as np

import autograd
from autograd import Tensor
from autograd.errors import ArgumentError, DtypeError, GraphError
from autograd.primitive import version_cell

__all__ = ["clip_grad_norm_", "clip_grad_value_", "get_total_norm"]


def _gradients(parameters: Tensor | Iterable[Tensor]) -> list[Tensor]:
    """The gradients that are there, each once."""
    given = [parameters] if isinstance(parameters, Tensor) else list(parameters)
    gradients = {}
    for parameter in given:
        if not isinstance(parameter, Tensor):
            raise DtypeError(f"clip_grad: expected Tensors, not {type(parameter).__name__}; give model.parameters()")
        if parameter.grad is not None:
            gradients[id(parameter.grad)] = parameter.grad
    return list(gradients.values())


def get_total_norm(
    tensors: Tensor | Iterable[Tensor],
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """The norm of all numbers of the tensors, as of one long vector: `(sum of |x|^p)^(1/p)`, for p = inf the largest.

    Args:
        tensors: the tensors.
        norm_type: p.
        error_if_nonfinite: refuse a norm that is infinite or no number.
        foreach: changes nothing here.

    Returns:
        A 0-d Tensor; 0 where there are no tensors.

    Raises:
        GraphError: the norm is not finite, and `error_if_nonfinite` is set.

    Example:
        >>> nn.utils.get_total_norm([autograd.tensor([3.0]), autograd.tensor([4.0])])
        tensor(5.)
    """
    given = [tensors] if isinstance(tensors, Tensor) else list(tensors)
    return _number(_norm("get_total_norm", given, norm_type, error_if_nonfinite), given)


def _norm(name: str, tensors: list[Tensor], norm_type: float, error_if_nonfinite: bool) -> float:
    """The norm of norms, in float64, so that no square leaves the range of the gradients' dtype."""
    p = float(norm_type)
    if not p > 0:
        raise ArgumentError(f"{name}: norm_type is {norm_type}; use a positive number, or inf")
    with np.errstate(all="ignore"):
        norms = [np.linalg.norm(t._array.astype(np.float64, copy=False).ravel(), p) for t in tensors if t.numel()]
        total = float(np.linalg.norm(norms, p)) if norms else 0.0
    if error_if_nonfinite and not math.isfinite(total):
        raise GraphError(
            f"{name}: the norm of order {norm_type:g} is {total}, as a gradient is not finite; look for the operation "
            "that made it, or pass error_if_nonfinite=False"
        )
    return total


def _number(value: float, tensors: list[Tensor]) -> Tensor:
    """A 0-d Tensor of the dtype that the tensors promote to."""
    found = [tensor.dtype for tensor in tensors] or [autograd.get_default_dtype()]
    with np.errstate(over="ignore"):
        return autograd.tensor(value, dtype=reduce(autograd.promote_types, found))


def clip_grad_norm_(
    parameters: Tensor | Iterable[Tensor],
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """Scale the gradients in place so that their common norm is at most `max_norm`:
    `g *= min(1, max_norm / (norm + 1e-6))`.

    Args:
        parameters: Tensors, those without gradient are passed over.
        max_norm: the greatest norm allowed.
        norm_type: the order of the norm; inf for the largest absolute value.
        error_if_nonfinite: refuse a norm that is infinite or no number, and leave the gradients as they are.
        foreach: changes nothing here.

    Returns:
        The norm before, a 0-d Tensor.

    Raises:
        GraphError: the norm is not finite, and `error_if_nonfinite` is set.

    Example:
        >>> p = nn.Parameter(autograd.zeros(2))
        >>> p.grad = autograd.tensor([3.0, 4.0])
        >>> nn.utils.clip_grad_norm_(p, max_norm=1.0)
        tensor(5.)
        >>> p.grad
        tensor([0.6000, 0.8000])

    Source: Pascanu, Mikolov and Bengio 2013, arXiv 1211.5063, algorithm 1.
    """
    max_norm = float(max_norm)
    gradients = _gradients(parameters)
    norm = _norm("clip_grad_norm_", gradients, norm_type, error_if_nonfinite)
    factor = max_norm / (norm + 1e-6)
    if not factor >= 1:  # also where it is NaN, which is to be seen
        with np.errstate(invalid="ignore"):
            for gradient in gradients:
                gradient._array *= factor
                version_cell(gradient)[0] += 1
    return _number(norm, gradients)


def clip_grad_value_(parameters: Tensor | Iterable[Tensor], clip_value: float, foreach: bool | None = None) -> None:
    """Limit every number of the gradients to [-clip_value, clip_value], in place.

    Args:
        parameters: Tensors, those without gradient are passed over.
        clip_value: the greatest absolute value allowed.
        foreach: changes nothing here.

    Raises:
        ArgumentError: clip_value is negative.

    Example:
        >>> p = nn.Parameter(autograd.zeros(2))
        >>> p.grad = autograd.tensor([3.0, -0.5])
        >>> nn.utils.clip_grad_value_(p, 1.0)
        >>> p.grad
        tensor([ 1.0000, -0.5000])
    """
    limit = float(clip_value)
    if not limit >= 0:
        raise ArgumentError(f"clip_grad_value_: clip_value is {clip_value}; use a number that is not negative")
    for gradient in _gradients(parameters):
        np.clip(gradient._array, -limit, limit, out=gradient._array)
        version_cell(gradient)[0] += 1
