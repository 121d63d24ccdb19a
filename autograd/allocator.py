"""How the C library keeps memory that arrays gave back.

glibc hands large blocks back to the system when they are freed, and the next array of that size pays a page fault for
every 4 KiB: on layers bound by memory that is more than the arithmetic costs. Told to keep what it has, it reuses the
pages of the last step. The process then stays as large as it once was, up to half a GiB beyond what is in use.
Set CHAINRULE_KEEP_MEMORY=0 before the import to leave the C library as it is; elsewhere than on Linux with glibc
nothing is changed in any case.
"""

from __future__ import annotations

import ctypes
import os
import sys

__all__ = ["keep_memory"]

# From glibc's malloc.h.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3

# Blocks of up to this size come from memory that is kept; that many bytes at most are kept free at its end.
_LARGEST, _KEPT = 64 << 20, 512 << 20


def keep_memory() -> bool:
    """Ask glibc to keep freed memory for the next arrays, and tell whether it will."""
    if not sys.platform.startswith("linux") or os.environ.get("CHAINRULE_KEEP_MEMORY") == "0":
        return False
    try:
        setting = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return False  # another C library
    # glibc before 2.35 takes 32 MiB at most.
    largest = setting(_MMAP_THRESHOLD, _LARGEST) or setting(_MMAP_THRESHOLD, 32 << 20)
    return bool(largest and setting(_TRIM_THRESHOLD, _KEPT))
