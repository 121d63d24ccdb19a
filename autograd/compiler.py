"""torch.compile and torch.compiler for programs that run as they stand, as in PyTorch when compilation is disabled."""

from __future__ import annotations

import functools
from typing import Any, TypeVar

from .errors import ArgumentError, shown

__all__ = ["allow_in_graph", "compile", "disable", "is_compiling", "is_exporting", "reset"]

T = TypeVar("T")


def compile(model: Any = None, **settings: Any) -> Any:
    """The function or module itself, which goes on to run operation by operation. Also a decorator.

    Args:
        model: a function or a module; without it, a decorator is returned.
        settings: PyTorch's `fullgraph`, `dynamic`, `backend`, `mode`, `options` and `disable`, without effect.

    Raises:
        ArgumentError: `model` cannot be called.

    Example:
        >>> model = nn.Linear(2, 1)
        >>> autograd.compile(model, mode="reduce-overhead") is model
        True
    """
    if model is None:
        return functools.partial(compile, **settings)
    if not callable(model):
        raise ArgumentError(f"compile: {shown(model)} is no function and no module")
    return model


def disable(fn: Any = None, recursive: bool = True, **settings: Any) -> Any:
    """The function itself, which is not compiled anyway. Also a decorator."""
    return disable if fn is None else fn


def allow_in_graph(fn: T) -> T:
    """The function itself."""
    return fn


def is_compiling() -> bool:
    """Tell whether the caller is being compiled: it never is."""
    return False


def is_exporting() -> bool:
    """Tell whether the caller is being exported: it never is."""
    return False


def reset() -> None:
    """Forget what was compiled: nothing was."""
