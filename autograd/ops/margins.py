"""Losses of two classes and of several labels: from probabilities, from scores, and by margins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .. import dtypes
from ..composites import composite
from ..errors import ArgumentError, DtypeError, ShapeError
from ..primitive import Sample, as_handle, check_broadcast, define, op
from .families import values
from .loss import check_reduction, reduce_loss, same_shape

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "hinge_embedding_loss",
    "margin_ranking_loss",
    "multilabel_margin_loss",
    "multilabel_soft_margin_loss",
    "soft_margin_loss",
]

Operand = Any
Generator = np.random.Generator
REDUCTIONS = ("mean", "sum", "none")


def _reduced(losses: np.ndarray, reduction: str) -> np.ndarray:
    """The plain reduction, for the references."""
    return losses if reduction == "none" else losses.sum() if reduction == "sum" else losses.mean()


def _signs(rng: Generator, shape: tuple[int, ...]) -> np.ndarray:
    return np.where(rng.uniform(size=shape) < 0.5, -1, 1)


def _log_at_least(x: Any) -> Any:
    """The logarithm, cut off at -100."""
    with np.errstate(divide="ignore"):
        return np.maximum(np.log(x), -100)


def _bce(x: Any, y: Any) -> Any:
    with np.errstate(divide="ignore"):
        return (y - 1) * np.maximum(np.log1p(-x), -100) - y * _log_at_least(x)


def _bce_infer(x: Any, y: Any) -> None:
    if x.size and not (x.min() >= 0 and x.max() <= 1):
        raise ArgumentError(
            "binary_cross_entropy: input holds numbers outside [0, 1], which are no probabilities; "
            "for scores use binary_cross_entropy_with_logits"
        )


def _bce_slope(g: Any, x: Any, y: Any) -> Any:
    """By the probability; cut off where it is 0 or 1, as the logarithm is."""
    if x.dtype == dtypes.float16:  # in which 1e-12 is 0
        g, x, y = (op.to_dtype(a, dtypes.float32) for a in (g, x, y))
    return g * (x - y) / op.clamp(x * (1 - x), 1e-12, None)


BINARY_CROSS_ENTROPY = define(
    "binary_cross_entropy",
    forward=_bce,
    inputs=("x", "y"),
    vjp={
        "x": _bce_slope,
        "y": lambda g, x: g * (op.log1p(-x) - op.log(x)),
    },
    infer=_bce_infer,
    promotes="same",
    samples=lambda rng: [
        Sample((values(rng, shape, 0.1, 0.9), values(rng, shape, 0, 1))) for shape in ((), (3,), (2, 3), (0, 2))
    ],
    error_samples=lambda rng: [Sample((np.array([0.5, 1.5]), np.zeros(2)), (), ArgumentError, "no probabilities")],
    formula="-(y ln x + (1 - y) ln(1 - x))",
)


# --- the public functions


def binary_cross_entropy(
    input: Operand, target: Operand, weight: Operand | None = None, reduction: str = "mean"
) -> Tensor:
    """Binary cross-entropy of probabilities: `-(y log(p) + (1 - y) log(1 - p))`, with logarithms of at least -100.

    From scores, `binary_cross_entropy_with_logits` is the safer one.

    Args:
        input: probabilities p, of any shape.
        target: the probabilities y that they should be, of the same shape.
        weight: factors of the losses, broadcast against them.
        reduction: "mean", "sum" or "none".

    Raises:
        ShapeError: the shapes differ.
        ArgumentError: a number of `input` is outside [0, 1], or there is no such reduction.

    Example:
        >>> autograd.binary_cross_entropy(autograd.tensor([0.5, 1.0]), autograd.tensor([1.0, 1.0]))
        tensor(0.3466)
    """
    name = "binary_cross_entropy"
    x, y = same_shape(name, input, target)
    check_reduction(name, reduction)
    loss = BINARY_CROSS_ENTROPY.apply(x, y)
    return reduce_loss(name, loss if weight is None else _times(name, loss, weight), reduction)


def _times(name: str, loss: Any, weight: Any) -> Any:
    factors = as_handle(weight, name)
    if check_broadcast(name, {"the losses": loss._array, "weight": factors._array}) != loss.shape:
        raise ShapeError(f"{name}: weight {factors.shape} does not fit the losses {loss.shape}")
    return loss * factors


def _logits_reference(
    x: np.ndarray, y: np.ndarray, weight: Any = None, reduction: str = "mean", pos_weight: Any = None
) -> np.ndarray:
    factor = 1.0 if pos_weight is None else pos_weight
    losses = factor * y * np.logaddexp(0, -x) + (1 - y) * np.logaddexp(0, x)
    return _reduced(losses if weight is None else losses * weight, reduction)


@composite(
    formula="-(y ln s(x) + (1 - y) ln(1 - s(x))), with s(x) = 1 / (1 + e^-x)",
    samples=lambda rng: [
        Sample((values(rng, (2, 3)), values(rng, (2, 3), 0, 1), weight, r, pos_weight))
        for r in REDUCTIONS
        for weight, pos_weight in (
            (None, None),
            (None, values(rng, (3,), 0.5, 2)),
            (values(rng, (2, 1), 0.5, 2), None),
        )
    ],
    reference=_logits_reference,
    error_samples=lambda rng: [Sample((values(rng, (3,)), values(rng, (2,))), (), ShapeError, "differ")],
)
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
        ArgumentError: there is no such reduction.

    Example:
        >>> autograd.binary_cross_entropy_with_logits(autograd.tensor([0.0, 200.0]), autograd.tensor([1.0, 1.0]))
        tensor(0.3466)
    """
    name = "binary_cross_entropy_with_logits"
    x, y = same_shape(name, input, target)
    check_reduction(name, reduction)
    negative = op.softplus.apply(-x, 1.0, float("inf"))
    if pos_weight is None:
        loss = negative + (1 - y) * x
    else:
        loss = (1 - y) * x + (1 + (as_handle(pos_weight, name) - 1) * y) * negative
    return reduce_loss(name, loss if weight is None else loss * as_handle(weight, name), reduction)


@composite(
    formula="ln(1 + e^(-y x))",
    samples=lambda rng: [
        Sample((values(rng, (2, 3)), values(rng, (2, 3))), keywords={"reduction": r}) for r in REDUCTIONS
    ],
    reference=lambda x, y, reduction: _reduced(np.logaddexp(0, -y * x), reduction),
    error_samples=lambda rng: [
        Sample((values(rng, (3,)), values(rng, (2,))), (), ShapeError, "soft_margin_loss: shapes do not broadcast")
    ],
)
def soft_margin_loss(input: Operand, target: Operand, reduction: str = "mean") -> Tensor:
    """The logistic loss of scores and signs: `log(1 + exp(-target * input))`, safe at any score.

    Args:
        input: scores, of any shape.
        target: -1 or 1, broadcast against the scores.
        reduction: "mean", "sum" or "none".

    Raises:
        ShapeError: the shapes do not broadcast.
        ArgumentError: there is no such reduction.

    Example:
        >>> autograd.soft_margin_loss(autograd.tensor([0.0, 80.0]), autograd.tensor([1.0, -1.0]), reduction="none")
        tensor([ 0.6931, 80.0000])
    """
    x, y = as_handle(input, "soft_margin_loss"), as_handle(target, "soft_margin_loss")
    check_reduction("soft_margin_loss", reduction)
    check_broadcast("soft_margin_loss", {"input": x._array, "target": y._array})
    return reduce_loss("soft_margin_loss", op.softplus.apply(-(x * y), 1.0, float("inf")), reduction)


@composite(
    formula="x where y = 1, max(0, margin - x) where y = -1",
    samples=lambda rng: [
        Sample((values(rng, (2, 3), kinks=(1,)), _signs(rng, (2, 3))), keywords={"reduction": r}) for r in REDUCTIONS
    ],
    reference=lambda x, y, reduction: _reduced(np.where(y == 1, x, np.maximum(0, 1 - x)), reduction),
)
def hinge_embedding_loss(input: Operand, target: Operand, margin: float = 1.0, reduction: str = "mean") -> Tensor:
    """A distance for pairs that are alike, and a hinge for those that are not: `x`, or `max(0, margin - x)`.

    Args:
        input: distances x, of any shape.
        target: 1 where a pair is alike, -1 where it is not, broadcast against `input`.
        margin: how far apart unlike pairs should be; the gradient at the margin is -1.
        reduction: "mean", "sum" or "none".

    Raises:
        ShapeError: the shapes do not broadcast.
        ArgumentError: there is no such reduction.

    Example:
        >>> autograd.hinge_embedding_loss(autograd.tensor([0.5, 0.5]), autograd.tensor([1, -1]), reduction="none")
        tensor([0.5000, 0.5000])
    """
    x, y = as_handle(input, "hinge_embedding_loss"), as_handle(target, "hinge_embedding_loss")
    check_reduction("hinge_embedding_loss", reduction)
    check_broadcast("hinge_embedding_loss", {"input": x._array, "target": y._array})
    if y.dtype.kind in "bu":  # which cannot be compared with -1
        y = op.to_dtype.apply(y, dtypes.int64)
    apart = op.where.apply(y != 1, op.clamp.apply(margin - x, 0, None), 0.0)
    return reduce_loss("hinge_embedding_loss", apart + op.where.apply(y != -1, x, 0.0), reduction)


@composite(
    formula="max(0, margin - y (x_1 - x_2))",
    samples=lambda rng: [
        Sample(
            (values(rng, (2, 3), 1, 2), values(rng, (2, 3), -2, 0.5), _signs(rng, (2, 3))), keywords={"reduction": r}
        )
        for r in REDUCTIONS
    ],
    reference=lambda a, b, y, reduction: _reduced(np.maximum(0, -y * (a - b)), reduction),
    error_samples=lambda rng: [
        Sample((values(rng, (2, 3)), values(rng, (2, 3)), np.ones(3)), (), ShapeError, "same number of dimensions")
    ],
)
def margin_ranking_loss(
    input1: Operand, input2: Operand, target: Operand, margin: float = 0.0, reduction: str = "mean"
) -> Tensor:
    """A hinge that asks for an order: `max(0, margin - target * (input1 - input2))`.

    Args:
        input1, input2: scores, of shapes that broadcast.
        target: 1 where the first should be the larger, -1 where the second should.
        margin: by how much; at the margin the gradient is that of the violated side.
        reduction: "mean", "sum" or "none".

    Raises:
        ShapeError: the shapes do not broadcast, or their numbers of dimensions differ.
        ArgumentError: there is no such reduction.

    Example:
        >>> autograd.margin_ranking_loss(autograd.tensor([1.0]), autograd.tensor([3.0]), autograd.tensor([1.0]))
        tensor(2.)
    """
    name = "margin_ranking_loss"
    a, b, y = as_handle(input1, name), as_handle(input2, name), as_handle(target, name)
    check_reduction(name, reduction)
    if not a.ndim == b.ndim == y.ndim:
        raise ShapeError(
            f"{name}: input1 {a.shape}, input2 {b.shape} and target {y.shape} need the same number of dimensions"
        )
    check_broadcast(name, {"input1": a._array, "input2": b._array, "target": y._array})
    return reduce_loss(name, op.clamp.apply(margin - y * (a - b), 0, None), reduction)


def _multilabel_reference(x: np.ndarray, y: np.ndarray, reduction: str) -> np.ndarray:
    rows = []
    for scores, targets in zip(np.atleast_2d(x), np.atleast_2d(y), strict=True):
        right = list(targets[: list(targets).index(-1)] if -1 in targets else targets)
        wrong = [i for i in range(len(scores)) if i not in right]
        rows.append(sum(max(0.0, 1 - scores[j] + scores[i]) for j in right for i in wrong) / len(scores))
    losses = np.asarray(rows)
    return _reduced(losses if x.ndim == 2 else losses[0], reduction)


@composite(
    formula="sum over right j and wrong i of max(0, 1 - x_j + x_i) / C",
    samples=lambda rng: [
        *(
            Sample((values(rng, (2, 4)), np.array([[3, 0, -1, 1], [1, -1, 2, 2]])), keywords={"reduction": r})
            for r in REDUCTIONS
        ),
        Sample((values(rng, (4,)), np.array([2, 0, 1, -1])), keywords={"reduction": "none"}),
    ],
    reference=_multilabel_reference,
    error_samples=lambda rng: [
        Sample((values(rng, (2, 3)), np.array([0, 1])), (), ShapeError, "shape of input"),
        Sample((values(rng, (3,)), np.array([0, 3, -1])), (), ArgumentError, "class 3 is out of range"),
    ],
)
def multilabel_margin_loss(input: Operand, target: Operand, reduction: str = "mean") -> Tensor:
    """A hinge between each right class and each wrong one: `sum of max(0, 1 - (x[right] - x[wrong])) / C`.

    Args:
        input: scores, (N, C) or (C,).
        target: class indices of the same shape: the right classes of a row, ended by -1 if fewer than C.
        reduction: "mean", "sum" or "none".

    Raises:
        ShapeError: the shapes do not fit.
        DtypeError: the targets are no integers.
        ArgumentError: a class is out of range, or there is no such reduction.

    Example:
        >>> autograd.multilabel_margin_loss(autograd.tensor([0.1, 0.2, 0.4, 0.8]), autograd.tensor([3, 0, -1, 1]))
        tensor(0.8500)
    """
    name = "multilabel_margin_loss"
    x, y = as_handle(input, name), as_handle(target, name)
    check_reduction(name, reduction)
    if x.ndim > 2 or (x.ndim and x.shape[-1] == 0):
        raise ShapeError(f"{name}: input {x.shape} must be scores (N, C) or (C,), with at least one class")
    if y.shape != x.shape and not (x.ndim < 2 and y.ndim < 2 and x.numel() == y.numel()):
        raise ShapeError(f"{name}: target {y.shape} must have the shape of input, {x.shape}")
    if y.dtype.kind not in "iu":
        raise DtypeError(f"{name}: class indices are {y.dtype}; use integers, as from target.long()")
    rows = x.shape[:-1]
    x = x.reshape((-1, x.shape[-1]) if x.ndim else (1, 1)) if x.numel() else x
    classes = x.shape[-1]
    index = y._array.reshape(x.shape)
    valid = np.logical_and.accumulate(index != -1, axis=1)
    index = np.where(valid, index, 0)
    if index.size and (index.min() < 0 or index.max() >= classes):
        wrong = index.min() if index.min() < 0 else index.max()
        raise ArgumentError(f"{name}: class {wrong} is out of range; {classes} scores need 0 to {classes - 1}")
    right = np.zeros(x.shape, dtype=bool)
    np.put_along_axis(right, index, valid, axis=1)
    for row, known in enumerate(valid):  # a later filler of class 0 must not undo a real one
        right[row, index[row, known]] = True
    pairs = valid[:, :, None] & ~right[:, None, :]
    scores = op.gather.apply(x, index, 1).reshape((*x.shape, 1))
    violated = op.relu.apply(1 - scores + x.reshape((x.shape[0], 1, classes)))
    loss = op.where.apply(pairs, violated, 0.0).sum((1, 2)) / classes
    return reduce_loss(name, loss.reshape(rows), reduction)


def _soft_reference(x: np.ndarray, y: np.ndarray, weight: Any = 1.0, reduction: str = "mean") -> np.ndarray:
    return _reduced((weight * (y * np.logaddexp(0, -x) + (1 - y) * np.logaddexp(0, x))).mean(-1), reduction)


@composite(
    formula="-sum_i (y_i ln s(x_i) + (1 - y_i) ln(1 - s(x_i))) / C",
    samples=lambda rng: [
        *(Sample((values(rng, (2, 3)), values(rng, (2, 3), 0, 1)), keywords={"reduction": r}) for r in REDUCTIONS),
        Sample((values(rng, (3,)), values(rng, (3,), 0, 1), values(rng, (3,), 0.5, 2))),
    ],
    reference=_soft_reference,
    error_samples=lambda rng: [Sample((values(rng, (3,)), values(rng, (2,))), (), ShapeError, "differ")],
)
def multilabel_soft_margin_loss(
    input: Operand, target: Operand, weight: Operand | None = None, reduction: str = "mean"
) -> Tensor:
    """Binary cross-entropy of scores, averaged over the classes: `-mean(y log s(x) + (1 - y) log s(-x))`.

    Args:
        input: scores, (..., C).
        target: 0 or 1 for each class, of the same shape.
        weight: factors of the classes, broadcast against the scores.
        reduction: "mean", "sum" or "none".

    Raises:
        ShapeError: the shapes differ.
        ArgumentError: there is no such reduction.

    Example:
        >>> autograd.multilabel_soft_margin_loss(autograd.tensor([0.0, 200.0]), autograd.tensor([1.0, 1.0]))
        tensor(0.3466)
    """
    name = "multilabel_soft_margin_loss"
    x, y = same_shape(name, input, target)
    check_reduction(name, reduction)
    if x.ndim == 0:
        raise ShapeError(f"{name}: input has no dimension of classes; give at least one")
    loss = -(y * op.logsigmoid.apply(x) + (1 - y) * op.logsigmoid.apply(-x))
    if weight is not None:
        loss = loss * as_handle(weight, name)
    return reduce_loss(name, loss.sum(-1) / x.shape[-1], reduction)
