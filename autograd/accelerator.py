"""What `torch.accelerator` answers on a machine that has none."""

from __future__ import annotations

from .devices import device

__all__ = ["current_accelerator", "device_count", "is_available"]


def is_available() -> bool:
    """Tell whether something faster than the CPU is computed on: nothing is.

    Example:
        >>> autograd.accelerator.current_accelerator().type if autograd.accelerator.is_available() else "cpu"
        'cpu'
    """
    return False


def device_count() -> int:
    """How many accelerators there are: 0."""
    return 0


def current_accelerator(check_available: bool = False) -> device | None:
    """The accelerator in use: None."""
    return None
