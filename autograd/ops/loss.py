"""Losses: one number from predictions and targets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import ArgumentError, DtypeError, ShapeError
from ..primitive import Sample, as_handle, define, op
from .families import values

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = [
    "binary_cross_entropy_with_logits",
    "cross_entropy",
    "l1_loss",
    "mse_loss",
    "multi_margin_loss",
    "multiclass_hinge_loss",
    "nll_loss",
]

Operand = Any


def _check_reduction(name: str, reduction: str) -> None:
    """Raise ArgumentError unless `reduction` is "mean", "sum" or "none"."""
    if reduction not in ("mean", "sum", "none"):
        raise ArgumentError(f"{name}: reduction is {reduction!r}; use 'mean', 'sum' or 'none'")


def reduce_loss(name: str, loss: Any, reduction: str) -> Any:
    """Apply "mean", "sum" or "none".

    Raises:
        ArgumentError: `reduction` is something else.
    """
    _check_reduction(name, reduction)
    if reduction == "none":
        return loss
    return (op.mean if reduction == "mean" else op.sum).apply(loss, tuple(range(loss.ndim)), False)


# --- cross-entropy of scores and class indices, in one operation


def _log_probabilities(x: Any) -> Any:
    shifted = x - x.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def _cross_entropy(x: Any, target: Any, reduction: str) -> Any:
    losses = -_log_probabilities(x)[np.arange(len(x)), target] if x.size else np.zeros((0,), x.dtype)
    if reduction == "none":
        return losses
    total = losses.sum()
    if reduction == "mean":
        with np.errstate(invalid="ignore"):
            total = total / x.dtype.type(len(x))
    return total


def _cross_entropy_rule(g: Any, x: Any, target: Any, reduction: str) -> Any:
    if reduction == "none":
        g = op.reshape(g, (x.shape[0], 1))
    elif reduction == "mean":
        g = g / x.shape[0]
    return g * op.cross_entropy_slope(x, target)


def _class_infer(x: Any, target: Any, reduction: str = "none") -> None:
    if x.ndim != 2 or target.shape != x.shape[:1]:
        raise ShapeError(
            f"cross_entropy: scores {x.shape} need one class index a row, {x.shape[:1]}, but target is {target.shape}"
        )
    if target.dtype.kind not in "iu":
        raise DtypeError(f"cross_entropy: class indices are {target.dtype}; use integers, as from target.long()")
    if target.size and (target.min() < 0 or target.max() >= x.shape[1]):
        wrong = target.min() if target.min() < 0 else target.max()
        raise ArgumentError(
            f"cross_entropy: class {wrong} is out of range; {x.shape[1]} scores need 0 to {x.shape[1] - 1}"
        )


def _excess(x: Any, target: Any) -> Any:
    """How much more probability each class has than it should: `softmax(x) - one_hot(target)`."""
    out = np.exp(_log_probabilities(x)) if x.size else x.copy()
    out[np.arange(len(x)), target] -= 1
    return out


def _excess_rule(g: Any, x: Any) -> Any:
    p = op.softmax(x, 1)
    return p * (g - op.sum(g * p, (1,), True))


CROSS_ENTROPY_SLOPE = define(
    "cross_entropy_slope",
    forward=_excess,
    inputs=("x", "target"),
    vjp={"x": _excess_rule},
    infer=_class_infer,
    samples=lambda rng: [Sample((values(rng, (3, 4)), np.array([0, 3, 1])))],
    formula="softmax(x) - one_hot(target)",
)
CROSS_ENTROPY = define(
    "cross_entropy",
    forward=_cross_entropy,
    inputs=("x", "target"),
    attributes=("reduction",),
    vjp={"x": _cross_entropy_rule},
    infer=_class_infer,
    samples=lambda rng: [
        Sample((values(rng, (3, 4)), np.array([0, 3, 1])), (reduction,)) for reduction in ("mean", "sum", "none")
    ],
    error_samples=lambda rng: [
        Sample((values(rng, (2, 3)), np.array([0, 3])), ("mean",), ArgumentError, "class 3 is out of range"),
        Sample((values(rng, (2, 3)), np.array([0])), ("mean",), ShapeError, "one class index a row"),
    ],
    formula="-ln softmax(x)[target]",
)


# --- the public functions


def nll_loss(
    input: Operand,
    target: Operand,
    weight: Operand | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
) -> Tensor:
    """The negative log-likelihood of the target classes, from log-probabilities: `-input[n, target[n]]`.

    Args:
        input: log-probabilities, (N, C) or (N, C, d1, ...).
        target: class indices, (N,) or (N, d1, ...).
        weight: (C,), a weight for each class; the mean is then a weighted one.
        ignore_index: targets of this value count for nothing.
        reduction: "mean", "sum" or "none".

    Raises:
        ShapeError: the shapes do not fit.
        ArgumentError: a class is out of range.

    Example:
        >>> log_p = autograd.log_softmax(autograd.tensor([[1.0, 2.0], [0.0, 0.0]]), dim=1)
        >>> autograd.nll_loss(log_p, autograd.tensor([1, 0]))
        tensor(0.5032)
    """
    x, index = as_handle(input, "nll_loss"), as_handle(target, "nll_loss")
    _check_reduction("nll_loss", reduction)
    if x.ndim == 1 and index.ndim == 0:
        row = nll_loss(x.reshape(1, -1), index.reshape(1), weight, ignore_index, reduction)
        return row.reshape(()) if reduction == "none" else row
    if x.ndim < 2 or index.shape != x.shape[:1] + x.shape[2:]:
        raise ShapeError(
            f"nll_loss: input {x.shape} needs targets of shape {x.shape[:1] + x.shape[2:]}, but target is {index.shape}"
        )
    if index.dtype.kind not in "iu":
        raise DtypeError(f"nll_loss: class indices are {index.dtype}; use integers, as from target.long()")
    counted = index._array != ignore_index
    classes = np.where(counted, index._array, 0)
    if classes.size and (classes.min() < 0 or classes.max() >= x.shape[1]):
        wrong = classes.min() if classes.min() < 0 else classes.max()
        raise ArgumentError(f"nll_loss: class {wrong} is out of range; {x.shape[1]} classes need 0 to {x.shape[1] - 1}")
    picked = -op.gather.apply(x, np.expand_dims(classes, 1), 1).squeeze(1)
    if weight is not None or not counted.all():
        factors = counted.astype(x.dtype) if weight is None else as_handle(weight, "nll_loss")._array[classes] * counted
        picked = op.where.apply(counted, picked, 0.0) * factors.astype(x.dtype, copy=False)
        if reduction == "mean":
            return _weighted_mean(picked, factors)
    return reduce_loss("nll_loss", picked, reduction)


def _weighted_mean(losses: Any, factors: np.ndarray) -> Any:
    """The sum of the losses over that of their factors; where nothing counts, nan with gradients of 0."""
    total = float(factors.sum())
    return losses.sum() / total if total else losses.sum() + float("nan")


def cross_entropy(
    input: Operand,
    target: Operand,
    weight: Operand | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """Softmax cross-entropy of scores: `-log(softmax(input)[target])`; at random scores about `log(C)`.

    Args:
        input: unnormalised scores, (N, C), (C,) or (N, C, d1, ...).
        target: class indices, (N,), () or (N, d1, ...), or probabilities of the shape of `input`.
        weight: (C,), a weight for each class; the mean is then a weighted one.
        ignore_index: target indices of this value count for nothing.
        reduction: "mean", "sum" or "none".
        label_smoothing: the share of the target that is spread over all classes, 0 to 1.

    Raises:
        ShapeError: the shapes do not fit.
        ArgumentError: a class is out of range.

    Example:
        >>> autograd.cross_entropy(autograd.tensor([[1.0, 2.0], [0.0, 0.0]]), autograd.tensor([1, 0]))
        tensor(0.5032)
    """
    x, y = as_handle(input, "cross_entropy"), as_handle(target, "cross_entropy")
    if not 0 <= label_smoothing <= 1:
        raise ArgumentError(f"cross_entropy: label_smoothing is {label_smoothing}; use a number from 0 to 1")
    probabilities = y.dtype.kind == "f"
    plain = x.ndim == 2 and not probabilities and weight is None and not label_smoothing
    _check_reduction("cross_entropy", reduction)
    if plain and not (y.numel() and (y._array == ignore_index).any()):
        return CROSS_ENTROPY.apply(x, y, reduction)
    dim = 0 if x.ndim == 1 else 1
    log_p = op.log_softmax.apply(x, dim)
    if probabilities:
        return _soft_cross_entropy(log_p, y, weight, reduction, label_smoothing, dim)
    hard = nll_loss(log_p, y, weight, ignore_index, reduction)
    if not label_smoothing:
        return hard
    classes = x.shape[dim]
    factors = as_handle(np.ones(classes, x.dtype) if weight is None else weight, "cross_entropy").detach()
    column = factors.reshape((-1,) + (1,) * (x.ndim - dim - 1))
    counted = y._array != ignore_index
    spread = op.where.apply(counted, -(log_p * column).sum(dim), 0.0)
    if reduction == "mean":
        smooth = _weighted_mean(spread, factors._array[np.where(counted, y._array, 0)] * counted)
    else:
        smooth = reduce_loss("cross_entropy", spread, reduction)
    return hard * (1 - label_smoothing) + smooth * (label_smoothing / classes)


def _soft_cross_entropy(log_p: Any, y: Any, weight: Any, reduction: str, smoothing: float, dim: int) -> Any:
    if y.shape != log_p.shape:
        raise ShapeError(f"cross_entropy: probabilities {y.shape} must have the shape of input, {log_p.shape}")
    if smoothing:
        y = y * (1 - smoothing) + smoothing / log_p.shape[dim]
    if weight is not None:
        log_p = log_p * as_handle(weight, "cross_entropy").reshape((-1,) + (1,) * (log_p.ndim - dim - 1))
    loss = -(log_p * y).sum(dim)
    return loss.sum() / max(loss.numel(), 1) if reduction == "mean" else reduce_loss("cross_entropy", loss, reduction)


def _same_shape(name: str, input: Any, target: Any) -> tuple[Any, Any]:
    x, y = as_handle(input, name), as_handle(target, name)
    if x.shape != y.shape:
        raise ShapeError(f"{name}: input {x.shape} and target {y.shape} differ; make them equal, as with reshape")
    return x, y


def mse_loss(input: Operand, target: Operand, reduction: str = "mean") -> Tensor:
    """The squared error: `(input - target) ** 2`.

    Args:
        input, target: Tensors of one shape.
        reduction: "mean", "sum" or "none".

    Raises:
        ShapeError: the shapes differ.

    Example:
        >>> autograd.mse_loss(autograd.tensor([1.0, 2.0]), autograd.tensor([3.0, 2.0]))
        tensor(2.)
    """
    x, y = _same_shape("mse_loss", input, target)
    return reduce_loss("mse_loss", op.square.apply(x - y), reduction)


def l1_loss(input: Operand, target: Operand, reduction: str = "mean") -> Tensor:
    """The absolute error: `|input - target|`.

    Args:
        input, target: Tensors of one shape.
        reduction: "mean", "sum" or "none".

    Raises:
        ShapeError: the shapes differ.

    Example:
        >>> autograd.l1_loss(autograd.tensor([1.0, 2.0]), autograd.tensor([3.0, 2.0]))
        tensor(1.)
    """
    x, y = _same_shape("l1_loss", input, target)
    return reduce_loss("l1_loss", op.abs.apply(x - y), reduction)


def binary_cross_entropy_with_logits(
    input: Operand,
    target: Operand,
    weight: Operand | None = None,
    reduction: str = "mean",
    pos_weight: Operand | None = None,
) -> Tensor:
    """Binary cross-entropy of scores: `-(y log s(x) + (1 - y) log(1 - s(x)))` with the sigmoid s, safe at any score.

    Args:
        input: scores, of any shape.
        target: probabilities of the same shape.
        weight: factors of the losses, broadcast against them.
        reduction: "mean", "sum" or "none".
        pos_weight: a factor of the positive term, broadcast against the scores.

    Raises:
        ShapeError: the shapes differ.

    Example:
        >>> autograd.binary_cross_entropy_with_logits(autograd.tensor([0.0, 200.0]), autograd.tensor([1.0, 1.0]))
        tensor(0.3466)
    """
    x, y = _same_shape("binary_cross_entropy_with_logits", input, target)
    if pos_weight is None:
        loss = op.softplus.apply(-x, 1.0, float("inf")) + (1 - y) * x
    else:
        factor = 1 + (as_handle(pos_weight, "binary_cross_entropy_with_logits") - 1) * y
        loss = (1 - y) * x + factor * op.softplus.apply(-x, 1.0, float("inf"))
    if weight is not None:
        loss = loss * weight
    return reduce_loss("binary_cross_entropy_with_logits", loss, reduction)


def multi_margin_loss(
    input: Operand,
    target: Operand,
    p: int = 1,
    margin: float = 1.0,
    weight: Operand | None = None,
    reduction: str = "mean",
) -> Tensor:
    """PyTorch's multiclass hinge loss: `sum over i != y of max(0, margin - x[y] + x[i]) ** p / C`.

    Args:
        input: scores, (N, C) or (C,).
        target: class indices, (N,) or ().
        p: 1 or 2.
        margin: how far the right score should be above the others.
        weight: (C,), a weight for each class.
        reduction: "mean", "sum" or "none".

    Raises:
        ShapeError: the shapes do not fit.
        ArgumentError: p is neither 1 nor 2, or a class is out of range.

    Example:
        >>> autograd.multi_margin_loss(autograd.tensor([[3.2, 5.1, -1.7]]), autograd.tensor([0]))
        tensor(0.9667)
    """
    loss, classes = _margins("multi_margin_loss", input, target, p, margin, weight)
    return reduce_loss("multi_margin_loss", loss / classes, reduction)


def multiclass_hinge_loss(input: Operand, target: Operand, margin: float = 1.0, reduction: str = "mean") -> Tensor:
    """The course's multiclass support vector machine loss: `sum over i != y of max(0, x[i] - x[y] + margin)`.

    (`multi_margin_loss` is this divided by the number of classes.)

    Args:
        input: scores, (N, C) or (C,).
        target: class indices, (N,) or ().
        margin: how far the right score should be above the others.
        reduction: "mean", "sum" or "none".

    Raises:
        ShapeError: the shapes do not fit.
        ArgumentError: a class is out of range.

    Example:
        >>> scores = autograd.tensor([[3.2, 5.1, -1.7], [1.3, 4.9, 2.0], [2.2, 2.5, -3.1]])
        >>> autograd.multiclass_hinge_loss(scores, autograd.tensor([0, 1, 2]), reduction="none")
        tensor([ 2.9000,  0.0000, 12.9000])
    """
    loss, _ = _margins("multiclass_hinge_loss", input, target, 1, margin, None)
    return reduce_loss("multiclass_hinge_loss", loss, reduction)


def _margins(name: str, input: Any, target: Any, p: int, margin: float, weight: Any) -> tuple[Any, int]:
    """The sum over the wrong classes of the violated margins, to the power p, and the number of classes."""
    x, y = as_handle(input, name), as_handle(target, name)
    if p not in (1, 2):
        raise ArgumentError(f"{name}: p is {p!r}; use 1 or 2")
    if x.ndim == 1 and y.ndim == 0:
        row, classes = _margins(name, x.reshape(1, -1), y.reshape(1), p, margin, weight)
        return row.reshape(()), classes
    if x.ndim != 2 or y.shape != x.shape[:1]:
        raise ShapeError(f"{name}: scores {x.shape} need one class index a row, {x.shape[:1]}, but target is {y.shape}")
    index = y._array[:, None]
    right = op.gather.apply(x, y.reshape(-1, 1), 1)
    violated = op.relu.apply(x - right + margin)
    if p == 2:
        violated = op.square.apply(violated)
    if weight is not None:
        violated = violated * as_handle(weight, name)._array[index]
    wrong = np.arange(x.shape[1]) != index
    return op.where.apply(wrong, violated, 0.0).sum(1), x.shape[1]
