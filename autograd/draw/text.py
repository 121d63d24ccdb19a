"""How numbers, arrays, shapes and attributes are written in a picture: short, and exact where there is room."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

__all__ = ["array_lines", "attribute_lines", "count", "number_text", "plural", "shape_text", "shorten"]

# Up to so many numbers are written out; of more, the mean and the standard deviation.
MOST_NUMBERS, MOST_COLUMNS = 12, 5
MOST_CHARACTERS = 40
# Attributes that say what the result's own shape and dtype say.
_REPEATED = ("shape", "dtype", "output_size")


def number_text(number: Any) -> str:
    """Write one number: whole ones as `2.0`, others with three decimals, or as a power of ten where that says little.

    Example:
        >>> from autograd.draw.text import number_text
        >>> [number_text(x) for x in (2.0, 0.7310585, 3, 0.00004217, 123456.7)]
        ['2.0', '0.731', '3', '4.22e-05', '1.23e+05']
    """
    if isinstance(number, (bool, np.bool_)):
        return str(bool(number))
    if isinstance(number, (int, np.integer)):
        return str(int(number)) if abs(int(number)) < 10**12 else f"{float(number):.3g}"
    number = float(number)
    if not math.isfinite(number):
        return str(number)
    size = abs(number)
    if size < 1e5 and number == round(number):
        return f"{number:.1f}"
    if size >= 1e5 or size < 0.01:
        return f"{number:.2e}"
    return f"{number:.3f}" if size < 1000 else f"{number:.2f}"


def array_lines(array: np.ndarray) -> list[str]:
    """Write the numbers of an array: all of a few, of many `mean ± standard deviation`.

    Example:
        >>> import numpy as np
        >>> from autograd.draw.text import array_lines
        >>> array_lines(np.array([[1.0, 0.5], [0.25, -2.0]])), array_lines(np.ones((8, 8)))
        (['[1.0, 0.500]', '[0.250, -2.0]'], ['1.0 ± 0.0'])
    """
    if array.size == 0:
        return ["no numbers"]
    if array.ndim == 0:
        return [number_text(array[()])]
    if array.size <= MOST_NUMBERS and array.ndim <= 2 and array.shape[-1] <= MOST_COLUMNS:
        rows = array.reshape(-1, array.shape[-1])
        lines = ["[" + ", ".join(number_text(x) for x in row) + "]" for row in rows]
        return lines if array.ndim == 1 or len(lines) > 1 else [f"[{lines[0]}]"]
    if array.dtype.kind == "b":
        return [f"{count(int(array.sum()))} of {count(array.size)} true"]
    numbers = array.astype(np.float64)
    finite = np.isfinite(numbers)
    lines = []
    if finite.any():
        chosen = numbers[finite]
        with np.errstate(all="ignore"):
            lines.append(f"{number_text(chosen.mean())} ± {number_text(chosen.std())}")
    if not finite.all():
        lines.append(f"{count(int((~finite).sum()))} inf or nan")
    return lines


def shape_text(shape: Any, dtype: Any) -> str:
    """Write a shape and a dtype, as `(2, 3) float32`."""
    return f"{tuple(shape)} {dtype}"


def count(number: int) -> str:
    """Write a count with its thousands apart."""
    return f"{number:,}"


def plural(number: int, word: str) -> str:
    """Write a count of things."""
    return f"{count(number)} {word}{'s' * (number != 1)}"


def shorten(text: str, most: int = MOST_CHARACTERS) -> str:
    """Cut the middle out of a text that would not fit."""
    if len(text) <= most:
        return text
    half = (most - 1) // 2
    return f"{text[:half]}…{text[-half:]}"


def _attribute(value: Any) -> str:
    if isinstance(value, tuple):
        parts = [_attribute(part) for part in value]
        if len(parts) > 1 and len(set(parts)) == 1:
            return parts[0]  # a stride of (1, 1) is read as 1
        return "(" + ", ".join(parts) + ("," if len(parts) == 1 else "") + ")"
    return number_text(value) if isinstance(value, float) else str(value)


def attribute_lines(names: Iterable[str], values: Iterable[Any]) -> list[str]:
    """Write what an operation was told beside its inputs, two attributes a line; what is off or long is left out.

    Example:
        >>> from autograd.draw.text import attribute_lines
        >>> attribute_lines(("dims", "keepdim", "stride"), ((0, 1), False, (2, 2)))
        ['dims (0, 1), stride 2']
    """
    parts = []
    for name, value in zip(names, values):
        if name in _REPEATED or value is None or value is False or value == ():
            continue
        text = f"{name} {_attribute(value)}"
        if len(text) <= MOST_CHARACTERS // 2:
            parts.append(text)
    parts = parts[:4]
    return [", ".join(parts[k : k + 2]) for k in range(0, len(parts), 2)]
