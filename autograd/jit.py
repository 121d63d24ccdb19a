"""torch.jit for programs that run as Python: what it compiles there stays an ordinary function or module here.

So it is in PyTorch when PYTORCH_JIT=0 is set: `script` and `trace` give back what they are given, the decorators mark
nothing, and nobody is ever scripting or tracing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

from .errors import ArgumentError

__all__ = [
    "Final",
    "annotate",
    "export",
    "ignore",
    "is_scripting",
    "is_tracing",
    "load",
    "save",
    "script",
    "script_if_tracing",
    "trace",
    "unused",
]

T = TypeVar("T")


def script(obj: T, *arguments: Any, **keywords: Any) -> T:
    """The function, class or module itself, which runs as Python. Also a decorator.

    Example:
        >>> @autograd.jit.script
        ... def double(x):
        ...     return 2 * x
        >>> double(autograd.ones(2))
        tensor([2., 2.])
    """
    return obj


def trace(func: T, *example_inputs: Any, **keywords: Any) -> T:
    """The function or module itself; it is not run on the examples."""
    return func


def script_if_tracing(fn: T) -> T:
    """The function itself."""
    return fn


def export(fn: T) -> T:
    """The function itself."""
    return fn


def unused(fn: T) -> T:
    """The function itself."""
    return fn


def ignore(drop: Any = False, **keywords: Any) -> Any:
    """The function itself, as a decorator with brackets or without."""
    return drop if callable(drop) else _same


def _same(fn: T) -> T:
    return fn


_overload: Callable[[T], T] = _same
_overload_method: Callable[[T], T] = _same


def annotate(the_type: Any, the_value: T) -> T:
    """The value, whatever type it is said to have."""
    return the_value


def is_scripting() -> bool:
    """Tell whether the caller is being compiled: it never is.

    Example:
        >>> autograd.jit.is_scripting(), autograd.jit.is_tracing()
        (False, False)
    """
    return False


def is_tracing() -> bool:
    """Tell whether the caller is being traced: it never is."""
    return False


def save(m: Any, f: Any, **keywords: Any) -> None:
    """Write a compiled program.

    Raises:
        ArgumentError: always; there are none.
    """
    raise ArgumentError("jit.save: there are no compiled programs; save the weights, as in save(m.state_dict(), path)")


def load(f: Any, **keywords: Any) -> Any:
    """Read a compiled program.

    Raises:
        ArgumentError: always; files with programs are not executed.
    """
    raise ArgumentError(
        "jit.load: programs in files are not executed; build the model, and model.load_state_dict(load(path))"
    )
