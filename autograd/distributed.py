"""What `torch.distributed` answers where there is one process."""

from __future__ import annotations

from typing import Any

from .errors import ArgumentError

__all__ = ["get_rank", "get_world_size", "init_process_group", "is_available", "is_initialized"]


def is_available() -> bool:
    """Tell whether processes can train together: they cannot.

    Example:
        >>> autograd.distributed.get_rank() if autograd.distributed.is_initialized() else 0
        0
    """
    return False


def is_initialized() -> bool:
    """Tell whether this process trains together with others: it does not."""
    return False


def _refused(name: str) -> ArgumentError:
    return ArgumentError(f"distributed.{name}: chainrule trains in one process; ask distributed.is_available() first")


def init_process_group(backend: Any = None, **settings: Any) -> None:
    """Join other processes.

    Raises:
        ArgumentError: always.
    """
    raise _refused("init_process_group")


def get_rank(group: Any = None) -> int:
    """The number of this process.

    Raises:
        ArgumentError: always; there is no group to count in.
    """
    raise _refused("get_rank")


def get_world_size(group: Any = None) -> int:
    """How many processes there are.

    Raises:
        ArgumentError: always; there is no group to count.
    """
    raise _refused("get_world_size")
