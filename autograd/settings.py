"""Settings of the whole package: how tensors are printed, and how many threads compute."""

from __future__ import annotations

from typing import Any

from . import formatting
from .errors import ArgumentError, shown

__all__ = [
    "are_deterministic_algorithms_enabled",
    "get_float32_matmul_precision",
    "get_num_interop_threads",
    "get_num_threads",
    "set_float32_matmul_precision",
    "set_flush_denormal",
    "set_num_interop_threads",
    "set_num_threads",
    "set_printoptions",
    "use_deterministic_algorithms",
]

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
    """Set how many threads compute, in the whole process.

    That is so in compiled loops, and in NumPy's matrix products where its library is OpenBLAS or MKL.

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
    """How many threads compute.

    Example:
        >>> autograd.get_num_threads() >= 1
        True
    """
    from .kernels.threads import thread_count

    return thread_count()


def set_num_interop_threads(num: int) -> None:
    """Accept how many operations may run at once: they run one after another, as their program says."""


def get_num_interop_threads() -> int:
    """How many operations run at once: 1."""
    return 1


def use_deterministic_algorithms(mode: bool, *, warn_only: bool = False) -> None:
    """Accept that results are to be the same in every run: with the same seed they are, whatever `mode` says."""


def are_deterministic_algorithms_enabled() -> bool:
    """Tell whether results are the same in every run: they are, always."""
    return True


def set_float32_matmul_precision(precision: str) -> None:
    """Accept how precise products of float32 have to be: they are at the highest precision in any case.

    Args:
        precision: "highest", "high" or "medium".

    Raises:
        ArgumentError: it is none of these.
    """
    if precision not in ("highest", "high", "medium"):
        raise ArgumentError(f"set_float32_matmul_precision: {precision!r} is none of 'highest', 'high', 'medium'")


def get_float32_matmul_precision() -> str:
    """How precise products of float32 are: "highest"."""
    return "highest"


def set_flush_denormal(mode: bool) -> bool:
    """Ask for numbers too small for full precision to become 0, and learn whether they do: they are kept."""
    return False
