"""How tensors are printed: PyTorch's layout."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

__all__ = ["format_array", "with_suffixes"]

# `set_printoptions` sets them.
PRECISION, EDGE_ITEMS, THRESHOLD, LINE_WIDTH = 4, 3, 1000.0, 80
SCIENTIFIC: bool | None = None  # powers of ten: always, never, or where the numbers need them


def _formatter(shown: np.ndarray) -> tuple[Callable[[Any], str], int]:
    """A function that prints one number in the width that the shown numbers need, and that width."""
    if shown.dtype.kind != "f":
        width = max(len(str(x)) for x in shown.tolist())
        return (lambda x: str(x.item()).rjust(width)), width
    numbers = shown.astype(np.float64)
    counted = numbers[np.isfinite(numbers) & (numbers != 0)]  # zeros, nan and inf decide neither form nor width
    sizes = np.abs(counted)
    whole = bool((counted == np.floor(counted)).all())
    with np.errstate(over="ignore"):
        scientific = counted.size > 0 and bool(
            sizes.max() / sizes.min() > 1000 or sizes.max() > 1e8 or sizes.min() < 1e-4
        )
    if SCIENTIFIC is not None:
        scientific = SCIENTIFIC

    def plain(x: Any) -> str:
        x = float(x)
        if scientific:
            return f"{x:.{PRECISION}e}"
        if not whole:
            return f"{x:.{PRECISION}f}"
        return f"{x:.0f}." if math.isfinite(x) else str(x)

    width = max((len(plain(x)) for x in counted), default=1)
    return (lambda x: plain(x).rjust(width)), width


def _edges(array: np.ndarray) -> np.ndarray:
    """The numbers that are shown when the middle is left out."""
    for dim, size in enumerate(array.shape):
        if size > 2 * EDGE_ITEMS:
            array = np.take(array, [*range(EDGE_ITEMS), *range(size - EDGE_ITEMS, size)], axis=dim)
    return array


def _nested(array: np.ndarray, indent: int, summarize: bool, one: Callable[[Any], str], width: int) -> str:
    if array.ndim == 0:
        return one(array[()])
    size = array.shape[0]
    short = summarize and size > 2 * EDGE_ITEMS
    if array.ndim == 1:
        cells = [one(x) for x in (array[:EDGE_ITEMS] if short else array)]
        if short:
            cells += [" ...", *(one(x) for x in array[-EDGE_ITEMS:])]
        per_line = max(1, (LINE_WIDTH - indent) // (width + 2))
        lines = [", ".join(cells[k : k + per_line]) for k in range(0, len(cells), per_line)]
        return "[" + (",\n" + " " * (indent + 1)).join(lines) + "]"
    picked = [*range(EDGE_ITEMS), -1, *range(size - EDGE_ITEMS, size)] if short else range(size)
    rows = ["..." if k < 0 else _nested(array[k], indent + 1, summarize, one, width) for k in picked]
    gap = "," + "\n" * (array.ndim - 1) + " " * (indent + 1)
    return "[" + gap.join(rows) + "]"


def format_array(array: np.ndarray, indent: int) -> str:
    """Print the numbers of an array as nested lists, the middle of large ones left out."""
    if array.size == 0:
        return "[]"
    summarize = array.size > THRESHOLD
    shown = _edges(array) if summarize else array
    return _nested(array, indent, summarize, *_formatter(shown.reshape(-1)))


def with_suffixes(text: str, suffixes: Sequence[str], indent: int) -> str:
    """Close a printed tensor with its dtype and the like, each on a new line where the last one would be too long."""
    length = len(text) - text.rfind("\n") + 1
    for suffix in suffixes:
        if length + len(suffix) + 2 > LINE_WIDTH:
            text += ",\n" + " " * indent + suffix
            length = indent + len(suffix)
        else:
            text += ", " + suffix
            length += len(suffix) + 2
    return text + ")"
