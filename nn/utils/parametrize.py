"""Parametrizations: a parameter that is computed, each time it is read, from others that are learned in its place.

A module with a parametrized `weight` keeps what is learned as `parametrizations.weight.original`, and the steps that
make the weight of it as `parametrizations.weight.0` and so on. Reading `module.weight` computes it; assigning to it
asks the steps' `right_inverse` what the originals would have to be.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import autograd
from autograd import Tensor
from autograd.errors import ArgumentError, DtypeError

from ..container import ModuleDict, ModuleList
from ..module import Module
from ..parameter import Parameter

__all__ = [
    "ParametrizationList",
    "cached",
    "is_parametrized",
    "register_parametrization",
    "remove_parametrizations",
]


class _Cache:
    """What has been computed inside `cached`, by list; None outside."""

    depth = 0
    values: dict[int, Tensor] | None = None


@contextmanager
def cached() -> Iterator[None]:
    """Inside, each parametrized tensor is computed once, as for a weight that is shared or read in a loop.

    Example:
        >>> with nn.utils.parametrize.cached():
        ...     pass
    """
    _Cache.depth += 1
    _Cache.values = {} if _Cache.values is None else _Cache.values
    try:
        yield
    finally:
        _Cache.depth -= 1
        if not _Cache.depth:
            _Cache.values = None


class ParametrizationList(ModuleList):
    """The steps that compute one tensor, with what they compute it from.

    Args:
        modules: the steps, in order.
        original: the tensor that was there before.
        unsafe: do not demand that the result has the shape and dtype of what was there before.
    """

    def __init__(self, modules: Sequence[Module], original: Tensor, unsafe: bool = False) -> None:
        super().__init__(modules)
        self.unsafe = unsafe
        shape, dtype = original.shape, original.dtype
        try:
            value = self._inverse(original)
        except NotImplementedError:  # a step that cannot be undone begins with what is there
            value = original
        self.is_tensor = isinstance(value, Tensor)
        if isinstance(value, Tensor):
            self.ntensors = 1
            if isinstance(original, Parameter):
                with autograd.no_grad():
                    original.data = value.detach()
                self.register_parameter("original", original)
            else:
                self.register_buffer("original", value)
        else:
            self.ntensors = len(value)
            for k, part in enumerate(value):
                if isinstance(original, Parameter):
                    self.register_parameter(f"original{k}", Parameter(part, original.requires_grad))
                else:
                    self.register_buffer(f"original{k}", part)
        if not unsafe:
            with autograd.no_grad():
                result = self()
            if not isinstance(result, Tensor) or result.shape != shape or result.dtype != dtype:
                found = f"{result.dtype} {result.shape}" if isinstance(result, Tensor) else type(result).__name__
                raise ArgumentError(
                    f"register_parametrization: the parametrization gives {found} in place of {dtype} {shape}; "
                    "give a module that keeps both, or pass unsafe=True"
                )

    def _inverse(self, value: Any) -> Any:
        with autograd.no_grad():
            for module in reversed(list(self)):
                inverse = getattr(module, "right_inverse", None)
                if inverse is not None:
                    value = inverse(value)
        if not isinstance(value, (Tensor, tuple, list)):
            raise DtypeError(f"right_inverse: returned a {type(value).__name__}; return a Tensor or several in a tuple")
        return value

    def originals(self) -> list[Any]:
        """What is learned."""
        names = ["original"] if self.is_tensor else [f"original{k}" for k in range(self.ntensors)]
        return [getattr(self, name) for name in names]

    def right_inverse(self, value: Any) -> None:
        """Set the originals so that the result is this value, as far as the steps can say."""
        parts = self._inverse(value)
        with autograd.no_grad():
            for original, part in zip(self.originals(), [parts] if self.is_tensor else parts, strict=True):
                original.copy_(part)

    def forward(self) -> Any:
        """The tensor, computed."""
        steps = iter(self)
        value = next(steps)(*self.originals())
        for step in steps:
            value = step(value)
        return value


def _read(name: str) -> property:
    def read(self: Any) -> Any:
        steps = self.parametrizations[name]
        values = _Cache.values
        if values is None:
            return steps()
        if id(steps) not in values:
            values[id(steps)] = steps()
        return values[id(steps)]

    return property(read)


@functools.cache
def _class(base: type, names: tuple[str, ...]) -> type:
    """The subclass of `base` in which these attributes are computed."""

    def set_attribute(self: Any, name: str, value: Any) -> None:
        if name in names:
            self.parametrizations[name].right_inverse(value)
        else:
            base.__setattr__(self, name, value)  # type: ignore[call-arg]

    fields: dict[str, Any] = {name: _read(name) for name in names}
    fields |= {"__setattr__": set_attribute, "_plain": base, "__module__": base.__module__, "__doc__": base.__doc__}
    return type(f"Parametrized{base.__name__}", (base,), fields)


def is_parametrized(module: Module, tensor_name: str | None = None) -> bool:
    """Whether a module has parametrizations, or one of the tensor of this name.

    Example:
        >>> nn.utils.parametrize.is_parametrized(nn.Linear(2, 2))
        False
    """
    lists = module.__dict__.get("parametrizations")
    if not isinstance(lists, ModuleDict):
        return False
    return len(lists) > 0 if tensor_name is None else tensor_name in lists


def _reclass(module: Module) -> None:
    plain: Any = getattr(type(module), "_plain", type(module))
    lists = module.__dict__.get("parametrizations")
    names = tuple(sorted(lists)) if lists is not None else ()
    module.__class__ = _class(plain, names) if names else plain


def register_parametrization(
    module: Module, tensor_name: str, parametrization: Module, *, unsafe: bool = False
) -> Module:
    """Compute a parameter or buffer by a module, each time it is read, from what takes its place.

    Args:
        module: the owner.
        tensor_name: the parameter or buffer.
        parametrization: its `forward` computes the tensor from the originals (or from what the step before it gave);
            its `right_inverse`, if there is one, gives originals, one Tensor or several in a tuple, for a value.
        unsafe: allow another shape or dtype.

    Returns:
        The module.

    Raises:
        ArgumentError: there is no such tensor, or the result does not fit in its place.

    Example:
        >>> class Symmetric(nn.Module):
        ...     def forward(self, x):
        ...         return x.triu() + x.triu(1).mT
        >>> layer = nn.utils.parametrize.register_parametrization(nn.Linear(3, 3), "weight", Symmetric())
        >>> bool((layer.weight == layer.weight.mT).all())
        True
        >>> [name for name, _ in layer.named_parameters()]
        ['bias', 'parametrizations.weight.original']
    """
    if is_parametrized(module, tensor_name):
        steps: Any = module.parametrizations[tensor_name]  # type: ignore[attr-defined]
        with autograd.no_grad():
            value = getattr(module, tensor_name)
            inverse = getattr(parametrization, "right_inverse", None)
            before = value if inverse is None else inverse(value)
            found = parametrization(*before) if isinstance(before, (tuple, list)) else parametrization(before)
        if not unsafe and (found.shape != value.shape or found.dtype != value.dtype):
            raise ArgumentError(
                f"register_parametrization: the parametrization gives {found.dtype} {found.shape} in place of "
                f"{value.dtype} {value.shape}; give a module that keeps both, or pass unsafe=True"
            )
        if inverse is not None:
            steps.right_inverse(before)
        steps.append(parametrization)
        return module
    original = module._parameters.get(tensor_name)
    if original is None:
        original = module._buffers.get(tensor_name)  # type: ignore[assignment]
    if original is None:
        raise ArgumentError(
            f"register_parametrization: {type(module).__name__} has no parameter or buffer {tensor_name!r}"
        )
    made = ParametrizationList([parametrization], original, unsafe)
    made.train(module.training)
    delattr(module, tensor_name)
    if "parametrizations" not in module.__dict__:
        module.register_module("parametrizations", ModuleDict())
    module.parametrizations[tensor_name] = made  # type: ignore[attr-defined]
    _reclass(module)
    return module


def remove_parametrizations(module: Module, tensor_name: str, leave_parametrized: bool = True) -> Module:
    """Make a tensor an ordinary one again.

    Args:
        module: the owner.
        tensor_name: the tensor.
        leave_parametrized: with the value that it has now; else with that of the original.

    Returns:
        The module.

    Raises:
        ArgumentError: the tensor is not parametrized, or has no one original to go back to.
    """
    if not is_parametrized(module, tensor_name):
        raise ArgumentError(f"remove_parametrizations: {type(module).__name__} has no parametrized {tensor_name!r}")
    lists: Any = module.parametrizations  # type: ignore[attr-defined]
    steps = lists[tensor_name]
    if not leave_parametrized and not steps.is_tensor:
        raise ArgumentError(
            f"remove_parametrizations: {tensor_name!r} is computed from {steps.ntensors} tensors, to none of which it "
            "can go back; pass leave_parametrized=True"
        )
    with autograd.no_grad():
        value = getattr(module, tensor_name).detach().clone()
    originals = steps.originals()
    del lists[tensor_name]
    _reclass(module)
    if not len(lists):
        delattr(module, "parametrizations")
    if isinstance(originals[0], Parameter):
        kept = originals[0] if steps.is_tensor else Parameter(value, originals[0].requires_grad)
        if steps.is_tensor and leave_parametrized:
            kept.data = value
        module.register_parameter(tensor_name, kept)
    else:
        module.register_buffer(tensor_name, value if leave_parametrized else originals[0])
    return module
