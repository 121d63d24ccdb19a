"""NumPy's names of arguments, `axis` for `dim` and `keepdims` for `keepdim`, which PyTorch's functions take too.

They are added here to whatever has arguments of PyTorch's names; a call without them costs one step of Python more. The
package's own operations call the functions below, without that step.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from types import FunctionType
from typing import Any

from .errors import ArgumentError

__all__ = ["accept_numpy_names"]

NAMES = {"axis": "dim", "keepdims": "keepdim"}


def accept_numpy_names(namespace: dict[str, Any] | type) -> None:
    """Let every function in a namespace, or method of a class, take NumPy's names beside PyTorch's.

    Example:
        >>> autograd.sum(autograd.ones(2, 3), axis=1, keepdims=True)
        tensor([[3.],
                [3.]])
    """
    for name, found in list((vars(namespace) if isinstance(namespace, type) else namespace).items()):
        if isinstance(found, FunctionType) and not name.startswith("_"):
            code = inspect.unwrap(found).__code__
            parameters = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
            names = {given: meant for given, meant in NAMES.items() if meant in parameters and given not in parameters}
            if names and isinstance(namespace, type):
                setattr(namespace, name, _accepting(found, names))
            elif names:
                namespace[name] = _accepting(found, names)  # type: ignore[index]


def _accepting(function: Callable[..., Any], names: dict[str, str]) -> Callable[..., Any]:
    @functools.wraps(function)
    def accepting(*arguments: Any, **keywords: Any) -> Any:
        if not keywords:
            return function(*arguments)
        for given, meant in names.items():
            if given in keywords:
                if meant in keywords:
                    raise ArgumentError(f"{function.__name__}: {given} and {meant} are the same argument; give one")
                keywords[meant] = keywords.pop(given)
        return function(*arguments, **keywords)

    return accepting
