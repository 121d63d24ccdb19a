"""What the losses have in common: reductions, and operands of one shape."""

from __future__ import annotations

from typing import Any

from ..errors import ArgumentError, ShapeError
from ..primitive import as_handle, op

__all__ = ["check_reduction", "reduce_loss", "same_shape", "weighted"]


def check_reduction(name: str, reduction: str) -> None:
    """Raise ArgumentError unless `reduction` is "mean", "sum" or "none"."""
    if reduction not in ("mean", "sum", "none"):
        raise ArgumentError(f"{name}: reduction is {reduction!r}; use 'mean', 'sum' or 'none'")


def reduce_loss(name: str, loss: Any, reduction: str) -> Any:
    """Apply "mean", "sum" or "none".

    Raises:
        ArgumentError: `reduction` is something else.
    """
    check_reduction(name, reduction)
    if reduction == "none":
        return loss
    return (op.mean if reduction == "mean" else op.sum).apply(loss, tuple(range(loss.ndim)), False)


def same_shape(name: str, input: Any, target: Any) -> tuple[Any, Any]:
    """Both as handles.

    Raises:
        ShapeError: their shapes differ.
    """
    x, y = as_handle(input, name), as_handle(target, name)
    if x.shape != y.shape:
        raise ShapeError(f"{name}: input {x.shape} and target {y.shape} differ; make them equal, as with reshape")
    return x, y


def weighted(name: str, loss: Any, weight: Any, reduction: str) -> Any:
    """Reduce losses by weights of their shape, if there are any; the mean is then a weighted one.

    Raises:
        ShapeError: the weights have another shape.
    """
    if weight is None:
        return reduce_loss(name, loss, reduction)
    check_reduction(name, reduction)
    factors = as_handle(weight, name)
    if factors.shape != loss.shape:
        raise ShapeError(f"{name}: weight {factors.shape} must have the shape of the losses, {loss.shape}")
    total = reduce_loss(name, loss * factors, "none" if reduction == "none" else "sum")
    return total / factors.sum() if reduction == "mean" else total
