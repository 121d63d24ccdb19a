"""Parameters as one vector."""

from __future__ import annotations

from collections.abc import Iterable

import autograd
from autograd import Tensor
from autograd.errors import ShapeError

__all__ = ["parameters_to_vector", "vector_to_parameters"]


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """All parameters in one vector, recorded as an operation.

    Example:
        >>> nn.utils.parameters_to_vector(nn.Linear(2, 3).parameters()).shape
        (9,)
    """
    return autograd.cat([parameter.reshape(-1) for parameter in parameters])


def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """Overwrite the parameters with the numbers of one vector.

    Args:
        vec: as many numbers as all parameters together.
        parameters: the parameters, in the order of `parameters_to_vector`.

    Raises:
        ShapeError: the vector has too few or too many numbers.
    """
    given = list(parameters)
    count = sum(parameter.numel() for parameter in given)
    if vec.shape != (count,):
        raise ShapeError(f"vector_to_parameters: vec {vec.shape} must be ({count},), one number for each parameter's")
    start = 0
    with autograd.no_grad():
        for parameter in given:
            parameter.copy_(vec.detach()[start : start + parameter.numel()].reshape(parameter.shape))
            start += parameter.numel()
