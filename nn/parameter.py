"""Parameter: a Tensor that a module owns and an optimizer changes; and Buffer, one that no optimizer changes."""

from __future__ import annotations

from typing import Any

import autograd
from autograd import Tensor
from autograd.errors import GraphError
from autograd.primitive import register_handle, version_cell

__all__ = ["Buffer", "Parameter", "UninitializedBuffer", "UninitializedParameter"]


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


class Buffer(Tensor):
    """A Tensor that a module lists among its buffers as soon as it is assigned to one of its attributes.

    Results of operations on it are plain Tensors.

    Args:
        data: a Tensor or array, whose memory is shared, or nested lists of numbers.
        persistent: put it into `state_dict`.

    Example:
        >>> module = nn.Module()
        >>> module.mean = nn.Buffer(autograd.zeros(2))
        >>> list(module.state_dict())
        ['mean']
    """

    __slots__ = ("persistent",)
    persistent: bool

    def __init__(self, data: Any = (), *, persistent: bool = True) -> None:
        source = autograd.as_tensor(data)
        self._array = source._array
        self._version = version_cell(source)
        self._edge = self._grad = self._hooks = self._view = self.name = None
        self._requires_grad = source.requires_grad
        self.persistent = persistent

    def __getstate__(self) -> dict[str, Any]:
        return super().__getstate__() | {"persistent": self.persistent}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self.persistent = state["persistent"]


register_handle(Buffer)


class _Uninitialized(Tensor):
    """A tensor of a lazy module, whose shape is not known before its first input."""

    __slots__ = ()
    becomes: type[Tensor]

    @property
    def shape(self) -> tuple[int, ...]:
        """Not known yet.

        Raises:
            GraphError: always.
        """
        raise GraphError(
            f"{type(self).__name__}: the shape is not known before the first input; call the lazy module once, on an "
            "input of the right size, before its parameters are used"
        )

    def materialize(self, shape: tuple[int, ...], device: Any = None, dtype: Any = None) -> None:
        """Give the tensor its shape; its numbers are yet to be set. It becomes an ordinary one, and stays the same
        object, so that an optimizer that holds it holds it still.
        """
        wanted = self._array.dtype if dtype is None else dtype
        self._array = autograd.empty(shape, dtype=wanted, device=device)._array
        self.__class__ = self.becomes  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


class UninitializedParameter(_Uninitialized, Parameter):
    """A Parameter of a lazy module before its first input.

    Args:
        requires_grad: accumulate gradients in `.grad`.
        device: "cpu" or None.
        dtype: the default dtype, unless given.

    Example:
        >>> layer = nn.LazyLinear(3)
        >>> layer.weight
        <UninitializedParameter>
        >>> layer(autograd.ones(2, 5)).shape, layer.weight.shape
        ((2, 3), (3, 5))
    """

    __slots__ = ()
    becomes = Parameter

    def __init__(self, requires_grad: bool = True, device: Any = None, dtype: Any = None) -> None:
        super().__init__(autograd.empty(0, dtype=dtype, device=device), requires_grad)


class UninitializedBuffer(_Uninitialized, Buffer):
    """A buffer of a lazy module before its first input.

    Args:
        requires_grad: False; buffers have no gradients.
        device: "cpu" or None.
        dtype: the default dtype, unless given.
        persistent: put it into `state_dict`.
    """

    __slots__ = ()
    becomes = Buffer

    def __init__(
        self, requires_grad: bool = False, device: Any = None, dtype: Any = None, persistent: bool = True
    ) -> None:
        super().__init__(autograd.empty(0, dtype=dtype, device=device), persistent=persistent)


register_handle(UninitializedParameter)
register_handle(UninitializedBuffer)
