"""What `torch.cuda` answers on a machine without a graphics card, so that scripts that ask go on with the CPU."""

from __future__ import annotations

from typing import Any

from . import amp
from .amp import GradScaler, autocast
from .errors import ArgumentError

__all__ = [
    "GradScaler",
    "amp",
    "autocast",
    "current_device",
    "device_count",
    "empty_cache",
    "is_available",
    "is_initialized",
    "manual_seed",
    "manual_seed_all",
    "synchronize",
]


def is_available() -> bool:
    """Tell whether there is a graphics card that is computed on: there is none.

    Example:
        >>> "cuda" if autograd.cuda.is_available() else "cpu"
        'cpu'
    """
    return False


def is_initialized() -> bool:
    """Tell whether a graphics card is in use: none is."""
    return False


def device_count() -> int:
    """How many graphics cards there are: 0."""
    return 0


def manual_seed(seed: int) -> None:
    """Seed the graphics card's generator; there is none, and so nothing to seed, as in PyTorch without a card."""


def manual_seed_all(seed: int) -> None:
    """Seed the generators of all graphics cards, of which there are none."""


def empty_cache() -> None:
    """Release the graphics card's spare memory, of which there is none."""


def _refused(name: str) -> ArgumentError:
    return ArgumentError(f"cuda.{name}: there is no graphics card; ask cuda.is_available() first, which is False")


def synchronize(device: Any = None) -> None:
    """Wait for the graphics card.

    Raises:
        ArgumentError: always, as there is none.
    """
    raise _refused("synchronize")


def current_device() -> int:
    """The number of the graphics card in use.

    Raises:
        ArgumentError: always, as there is none.
    """
    raise _refused("current_device")
