"""The exceptions a user meets. Each also derives from the built-in exception that Python code would expect."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

__all__ = [
    "AnomalyError",
    "ArgumentError",
    "ChainruleError",
    "DrawError",
    "DtypeError",
    "FileFormatError",
    "GradcheckError",
    "GraphError",
    "InPlaceError",
    "IndexRangeError",
    "LinalgError",
    "MissingExtraError",
    "ShapeError",
    "WorkerError",
]


def shown(value: object) -> str:
    """A wrong argument for a message, on one line: a Tensor or an array by its dtype and shape."""
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple) and hasattr(value, "dtype") and (shape or not isinstance(value, (int, float))):
        return f"a {type(value).__name__} of {value.dtype} {shape}"
    if isinstance(value, (tuple, list)) and any(hasattr(item, "dtype") for item in value):
        inner = ", ".join(map(shown, value))
        return f"[{inner}]" if isinstance(value, list) else f"({inner}{',' * (len(value) == 1)})"
    text = " ".join(repr(value).split())
    return text if len(text) <= 200 else text[:197] + "..."


class ChainruleError(Exception):
    """Base class of every error that chainrule raises on purpose."""


@contextmanager
def named(name: str) -> Iterator[None]:
    """Let errors of what is called inside name the operation that the user called."""
    try:
        yield
    except ChainruleError as error:
        raise type(error)(f"{name}:{str(error).partition(':')[2]}") from None


class ArgumentError(ChainruleError, ValueError):
    """An argument has a value that the operation does not accept."""


class ShapeError(ChainruleError, ValueError):
    """The shapes of the operands do not fit together."""


class IndexRangeError(ChainruleError, IndexError):
    """An index is out of range, or there are more indices than dimensions."""


class DtypeError(ChainruleError, TypeError):
    """An operand has a dtype or a type that the operation does not accept."""


class GraphError(ChainruleError, RuntimeError):
    """The recorded graph does not allow what was asked of it."""


class InPlaceError(GraphError):
    """An in-place change would make a gradient wrong."""


class LinalgError(ChainruleError, RuntimeError):
    """A matrix is singular, not positive definite, or its decomposition did not converge."""


class AnomalyError(ChainruleError, FloatingPointError):
    """An operation made the first nan or infinity, forward or backward."""


class GradcheckError(ChainruleError, AssertionError):
    """An analytic gradient differs from its finite difference."""


class FileFormatError(ChainruleError, ValueError):
    """A file is truncated, corrupted, or not of the format that it claims."""


class DrawError(ChainruleError, RuntimeError):
    """A picture could not be drawn."""


class WorkerError(ChainruleError, RuntimeError):
    """A worker of a DataLoader died, or did not answer in time."""


class MissingExtraError(ChainruleError, ImportError):
    """An optional package is needed and not installed."""
