"""How tensors are printed: PyTorch's layout."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["format_array"]

PRECISION, EDGE_ITEMS, THRESHOLD, LINE_WIDTH = 4, 3, 1000, 80


def _formatter(shown: np.ndarray) -> Callable[[Any], str]:
    """A function that prints one number in the width that all shown numbers need."""
    if shown.dtype.kind == "b":
        cells = [str(bool(x)) for x in shown]
        width = max(map(len, cells), default=0)
        return lambda x: str(bool(x)).rjust(width)
    if shown.dtype.kind in "iu":
        width = max((len(str(int(x))) for x in shown), default=0)
        return lambda x: str(int(x)).rjust(width)
    numbers = shown.astype(np.float64)
    finite = np.abs(numbers[np.isfinite(numbers) & (numbers != 0)])
    whole = bool(np.all(finite == np.ceil(finite)))
    scientific = finite.size > 0 and bool(
        finite.max() / finite.min() > 1000 or finite.max() > 1e8 or (not whole and finite.min() < 1e-4)
    )
    if whole and finite.size and finite.max() / finite.min() > 1000 and finite.max() <= 1e8:
        scientific = False

    def plain(x: Any) -> str:
        x = float(x)
        if not math.isfinite(x):
            return str(x)
        if scientific:
            return f"{x:.{PRECISION}e}"
        return f"{x:.0f}." if whole else f"{x:.{PRECISION}f}"

    width = max((len(plain(x)) for x in numbers), default=0)
    return lambda x: plain(x).rjust(width)


def _edges(array: np.ndarray) -> np.ndarray:
    """The numbers that are shown when the middle is left out."""
    for dim, size in enumerate(array.shape):
        if size > 2 * EDGE_ITEMS:
            array = np.take(array, [*range(EDGE_ITEMS), *range(size - EDGE_ITEMS, size)], axis=dim)
    return array


def _nested(array: np.ndarray, indent: int, summarize: bool, one: Callable[[Any], str]) -> str:
    if array.ndim == 0:
        return one(array[()])
    size = array.shape[0]
    short = summarize and size > 2 * EDGE_ITEMS
    if array.ndim == 1:
        cells = [one(x) for x in (array[:EDGE_ITEMS] if short else array)]
        if short:
            cells += [" ...", *(one(x) for x in array[-EDGE_ITEMS:])]
        width = len(cells[0]) + 2 if cells else 2
        per_line = max(1, (LINE_WIDTH - indent) // width)
        lines = [", ".join(cells[k : k + per_line]) for k in range(0, len(cells), per_line)]
        return "[" + (",\n" + " " * (indent + 1)).join(lines) + "]"
    picked = [*range(EDGE_ITEMS), -1, *range(size - EDGE_ITEMS, size)] if short else range(size)
    rows = ["..." if k < 0 else _nested(array[k], indent + 1, summarize, one) for k in picked]
    gap = "," + "\n" * (array.ndim - 1) + " " * (indent + 1)
    return "[" + gap.join(rows) + "]"


def format_array(array: np.ndarray, indent: int) -> str:
    """Print the numbers of an array as nested lists, the middle of large ones left out."""
    if array.size == 0:
        return "[]"
    summarize = array.size > THRESHOLD
    shown = _edges(array) if summarize else array
    return _nested(array, indent, summarize, _formatter(shown.reshape(-1)))
