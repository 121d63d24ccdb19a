"""The exceptions a user meets. Each also derives from the built-in exception that Python code would expect."""

from __future__ import annotations

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
]


class ChainruleError(Exception):
    """Base class of every error that chainrule raises on purpose."""


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


class MissingExtraError(ChainruleError, ImportError):
    """An optional package is needed and not installed."""
