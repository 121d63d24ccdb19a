"""The part of torch.fx that model files use without tracing anything."""

from __future__ import annotations

from typing import Any

__all__ = ["wrap"]


def wrap(fn_or_name: Any) -> Any:
    """What it is given: a mark for `torch.fx.symbolic_trace`, which is not offered.

    Example:
        >>> @autograd.fx.wrap
        ... def shift(x):
        ...     return x + 1
        >>> shift(1)
        2
    """
    return fn_or_name
