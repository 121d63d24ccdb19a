"""Settings of the whole package: how tensors are printed, and how many threads compute."""

from __future__ import annotations

from typing import Any

from . import formatting
from .errors import ArgumentError, shown

__all__ = ["get_num_threads", "set_num_threads", "set_printoptions"]

_PROFILES: dict[str, dict[str, Any]] = {
    "default": {"precision": 4, "threshold": 1000, "edgeitems": 3, "linewidth": 80},
    "short": {"precision": 2, "threshold": 1000, "edgeitems": 2, "linewidth": 80},
    "full": {"precision": 4, "threshold": float("inf"), "edgeitems": 3, "linewidth": 80},
}


def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Set how tensors are printed. What is left out stays as it is, except `sci_mode`, which is decided anew.

    Args:
        precision: digits behind the point; 4 at first.
        threshold: the middle of tensors with more numbers is left out; 1000 at first.
        edgeitems: how many numbers then stand on each side; 3 at first.
        linewidth: letters in a line; 80 at first.
        profile: "default", "short" or "full", to begin with.
        sci_mode: print powers of ten always or never; None where the numbers need them.

    Raises:
        ArgumentError: a number is none or too small, or there is no such profile.

    Example:
        >>> autograd.set_printoptions(precision=2)
        >>> autograd.tensor([1 / 3])
        tensor([0.33])
        >>> autograd.set_printoptions(profile="default")
    """
    if profile is not None and profile not in _PROFILES:
        raise ArgumentError(f"set_printoptions: profile is {profile!r}; use one of {', '.join(_PROFILES)}")
    chosen: dict[str, Any] = dict(_PROFILES[profile]) if profile else {}
    given = {"precision": precision, "threshold": threshold, "edgeitems": edgeitems, "linewidth": linewidth}
    chosen.update({name: value for name, value in given.items() if value is not None})
    for name, value in chosen.items():
        whole = isinstance(value, int) or (name == "threshold" and isinstance(value, float))
        if not whole or value < (0 if name in ("precision", "threshold") else 1):
            raise ArgumentError(f"set_printoptions: {name} is {value!r}; use a whole number that is large enough")
    formatting.PRECISION = chosen.get("precision", formatting.PRECISION)
    formatting.THRESHOLD = chosen.get("threshold", formatting.THRESHOLD)
    formatting.EDGE_ITEMS = chosen.get("edgeitems", formatting.EDGE_ITEMS)
    formatting.LINE_WIDTH = chosen.get("linewidth", formatting.LINE_WIDTH)
    formatting.SCIENTIFIC = sci_mode


def set_num_threads(num: int) -> None:
    """Set how many threads the compiled loops of this package use, in the calling thread.

    Matrix products are NumPy's, whose library reads OPENBLAS_NUM_THREADS or its like when the process begins.

    Args:
        num: how many; more than the machine runs at once count as so many.

    Raises:
        ArgumentError: `num` is no positive whole number.
    """
    if not isinstance(num, int) or isinstance(num, bool) or num < 1:
        raise ArgumentError(f"set_num_threads: num is {shown(num)}; use a positive whole number")
    from .kernels.threads import set_thread_count

    set_thread_count(num)


def get_num_threads() -> int:
    """How many threads the compiled loops of this package use, in the calling thread.

    Example:
        >>> autograd.get_num_threads() >= 1
        True
    """
    from .kernels.threads import thread_count

    return thread_count()
