"""Parameter: a Tensor that a module owns and an optimizer changes."""

from __future__ import annotations

from typing import Any

import autograd
from autograd import Tensor
from autograd.primitive import register_handle

__all__ = ["Parameter"]


class Parameter(Tensor):
    """A Tensor that a module lists among its parameters as soon as it is assigned to one of its attributes.

    Results of operations on it are plain Tensors.

    Args:
        data: a Tensor or array, whose memory is shared, or nested lists of numbers.
        requires_grad: accumulate gradients in `.grad`.

    Raises:
        DtypeError: gradients are asked of a dtype that is not floating.

    Example:
        >>> nn.Parameter(autograd.ones(2))
        Parameter containing:
        tensor([1., 1.], requires_grad=True)
    """

    __slots__ = ()

    def __init__(self, data: Any = (), requires_grad: bool = True) -> None:
        source = data.detach() if isinstance(data, Tensor) else autograd.as_tensor(data)
        self._array = source._array
        self._version = source._version
        self._edge = self._grad = self._hooks = self._view = self.name = None
        self._requires_grad = False
        self.requires_grad_(requires_grad)

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        register_handle(cls)

    def __repr__(self) -> str:
        return "Parameter containing:\n" + super().__repr__()


register_handle(Parameter)
