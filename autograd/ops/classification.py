"""Losses of one class out of several: cross-entropy from scores and log-probabilities, and the multiclass hinges."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .. import kernels
from ..batching import all_examples, by_example
from ..composites import composite
from ..errors import ArgumentError, DtypeError, ShapeError
from ..primitive import Sample, as_handle, define, op
from .families import suits_kernel, values
from .loss import check_reduction, reduce_loss
from .products import same_dtype

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["cross_entropy", "linear_cross_entropy", "multi_margin_loss", "multiclass_hinge_loss", "nll_loss"]

Operand = Any
Generator = np.random.Generator
REDUCTIONS = ("mean", "sum", "none")


# --- cross-entropy of scores and class indices, in one operation


# The kernel takes the place of ten of NumPy's passes, so that few scores are enough; but as many that a process which
# compares some numbers does not have to load a compiler first.
_SCORES = 256


def _for_kernel(target: Any) -> Any:
    """The targets as kernels take them."""
    flags = target.flags
    if target.dtype == np.int64 and flags.c_contiguous and flags.writeable:
        return target
    return np.require(target, np.int64, ["C", "W"])


def _losses(x: Any, target: Any) -> Any:
    if not x.size:
        return np.zeros((0,), x.dtype)
    if suits_kernel(x, _SCORES):
        return kernels.softmax.cross_entropy(x, _for_kernel(target))
    below = x - x.max(axis=1, keepdims=True)  # of which no exp overflows
    return np.log(np.exp(below).sum(axis=1)) - below[np.arange(len(x)), target]


def _cross_entropy(x: Any, target: Any, reduction: str) -> Any:
    losses = _losses(x, target)
    if reduction == "none":
        return losses
    total = np.add.reduce(losses)
    if reduction == "sum":
        return total
    return total / x.dtype.type(len(x)) if len(x) else x.dtype.type(np.nan)


def _cross_entropy_rule(g: Any, x: Any, target: Any, reduction: str) -> Any:
    if suits_kernel(x, _SCORES):
        scale = np.empty(x.shape[0], x.dtype)
        scale[:] = g / x.shape[0] if reduction == "mean" else g
        return kernels.softmax.cross_entropy_backward(x, _for_kernel(target), scale)
    if reduction == "none":
        g = op.reshape(g, (x.shape[0], 1))
    elif reduction == "mean":
        g = g / x.shape[0]
    return g * op.cross_entropy_slope(x, target)


def _all_in_range(target: Any, classes: int) -> bool:
    if not target.size:
        return True
    # Read without a sign, negative numbers are large: one pass finds both.
    bits = target.view(np.uint64) if target.dtype == np.int64 else target
    return bool(np.maximum.reduce(bits) < classes and (bits is not target or target.min() >= 0))


def _class_infer(x: Any, target: Any, reduction: str = "none") -> None:
    if x.ndim != 2 or target.shape != x.shape[:1]:
        raise ShapeError(
            f"cross_entropy: scores {x.shape} need one class index a row, {x.shape[:1]}, but target is {target.shape}"
        )
    if target.dtype.kind not in "iu":
        raise DtypeError(f"cross_entropy: class indices are {target.dtype}; use integers, as from target.long()")
    if not _all_in_range(target, x.shape[1]):
        wrong = target.min() if target.min() < 0 else target.max()
        raise ArgumentError(
            f"cross_entropy: class {wrong} is out of range; {x.shape[1]} scores need 0 to {x.shape[1] - 1}"
        )


def _excess(x: Any, target: Any) -> Any:
    """How much more probability each class has than it should: `softmax(x) - one_hot(target)`."""
    if not x.size:
        return x.copy()
    out = np.exp(x - x.max(axis=1, keepdims=True))
    out /= out.sum(axis=1, keepdims=True)
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


# --- references for the composites


def _nll_reference(
    x: np.ndarray, y: np.ndarray, weight: Any = None, ignore_index: int = -100, reduction: str = "mean"
) -> np.ndarray:
    if x.ndim == 1:
        row = _nll_reference(x[None], y[None], weight, ignore_index, reduction)
        return row[0] if reduction == "none" else row
    factors = np.ones(x.shape[1]) if weight is None else weight
    losses, counted = np.zeros(y.shape), np.zeros(y.shape)
    for place in np.ndindex(y.shape):
        if y[place] != ignore_index:
            counted[place] = factors[y[place]]
            losses[place] = -counted[place] * x[(place[0], y[place], *place[1:])]
    return losses if reduction == "none" else losses.sum() / (counted.sum() if reduction == "mean" else 1)


def _hinges(x: np.ndarray, y: np.ndarray, p: int = 1, margin: float = 1.0, weight: Any = None) -> np.ndarray:
    scores = np.atleast_2d(x)
    losses = []
    for row, right in zip(scores, np.atleast_1d(y), strict=True):
        violated = [max(0.0, margin - row[right] + s) ** p for i, s in enumerate(row) if i != right]
        losses.append(sum(violated) * (1 if weight is None else weight[right]))
    return np.asarray(losses) if x.ndim == 2 else np.asarray(losses[0])


def _reduced(losses: np.ndarray, reduction: str) -> np.ndarray:
    return losses if reduction == "none" else losses.sum() if reduction == "sum" else losses.mean()


def _class_samples(rng: Generator, **keywords: Any) -> list[Sample]:
    classes = np.array([0, 3, 1])
    return [
        *(Sample((values(rng, (3, 4)), classes), keywords={"reduction": r, **keywords}) for r in REDUCTIONS),
        Sample((values(rng, (4,)), np.array(2)), keywords=keywords),
    ]


def _wrong_classes(rng: Generator) -> list[Sample]:
    return [
        Sample((values(rng, (2, 3)), np.array([0, 3])), (), ArgumentError, "class 3 is out of range"),
        Sample((values(rng, (2, 3)), np.array([0])), (), ShapeError, "target is"),
        Sample((values(rng, (2, 3)), np.array([0.0, 1.0])), (), DtypeError, "use integers"),
    ]


# --- the public functions


def _class_indices(name: str, target: Any, classes: int, ignored: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """The indices with 0 for those that are ignored, and which count.

    Raises:
        DtypeError: they are no integers.
        ArgumentError: one is out of range.
    """
    if target.dtype.kind not in "iu":
        raise DtypeError(f"{name}: class indices are {target.dtype}; use integers, as from target.long()")
    counted = target._array != ignored
    index = np.where(counted, target._array, 0)
    if counted.any() and (index.min() < 0 or index.max() >= classes):
        wrong = index.min() if index.min() < 0 else index.max()
        raise ArgumentError(f"{name}: class {wrong} is out of range; {classes} classes need 0 to {classes - 1}")
    return index, counted


def _class_weights(name: str, weight: Any, classes: int) -> Any:
    factors = as_handle(weight, name)
    if factors.shape != (classes,):
        raise ShapeError(f"{name}: weight {factors.shape} must be ({classes},), one number a class")
    return factors


@composite(
    formula="-x[target]",
    samples=lambda rng: [
        *_class_samples(rng),
        Sample((values(rng, (3, 4)), np.array([0, 3, 1]), values(rng, (4,), 0.5, 2))),
        Sample((values(rng, (3, 4)), np.array([0, 3, 1])), keywords={"ignore_index": 3}),
        Sample((values(rng, (2, 3, 2)), np.array([[0, 2], [1, 1]])), keywords={"ignore_index": 1, "reduction": "none"}),
        Sample((values(rng, (2, 3, 2)), np.array([[0, 2], [1, 1]]), values(rng, (3,), 0.5, 2), 1, "sum")),
    ],
    reference=_nll_reference,
    error_samples=_wrong_classes,
)
def nll_loss(
    input: Operand,
    target: Operand,
    weight: Operand | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
) -> Tensor:
    """The negative log-likelihood of the target classes, from log-probabilities: `-input[n, target[n]]`.

    Args:
        input: log-probabilities, (N, C), (C,) or (N, C, d1, ...).
        target: class indices, (N,), () or (N, d1, ...).
        weight: (C,), a weight for each class; the mean is then a weighted one.
        ignore_index: targets of this value count for nothing.
        reduction: "mean", "sum" or "none".

    Raises:
        ShapeError: the shapes do not fit.
        DtypeError: the targets are no integers.
        ArgumentError: a class is out of range, or there is no such reduction.

    Example:
        >>> log_p = autograd.log_softmax(autograd.tensor([[1.0, 2.0], [0.0, 0.0]]), dim=1)
        >>> autograd.nll_loss(log_p, autograd.tensor([1, 0]))
        tensor(0.5032)
    """
    name = "nll_loss"
    x, y = as_handle(input, name), as_handle(target, name)
    check_reduction(name, reduction)
    if x.ndim == 1 and y.ndim == 0:
        row = nll_loss(x.reshape(1, -1), y.reshape(1), weight, ignore_index, reduction)
        return row.reshape(()) if reduction == "none" else row
    if x.ndim < 2 or y.shape != x.shape[:1] + x.shape[2:]:
        raise ShapeError(
            f"{name}: input {x.shape} needs targets of shape {x.shape[:1] + x.shape[2:]}, but target is {y.shape}"
        )
    index, counted = _class_indices(name, y, x.shape[1], ignore_index)
    factors = None if weight is None else _class_weights(name, weight, x.shape[1])
    picked = -op.gather.apply(x, np.expand_dims(index, 1), 1).squeeze(1)
    if factors is None and counted.all():
        return reduce_loss(name, picked, reduction)
    share = counted.astype(x.dtype) if factors is None else op.where.apply(counted, factors[index], 0.0)
    # What is ignored may be infinite.
    picked = op.where.apply(counted, picked, 0.0) * share
    return _weighted_mean(picked, share) if reduction == "mean" else reduce_loss(name, picked, reduction)


def _weighted_mean(losses: Any, share: Any) -> Any:
    """The sum of the losses over that of their factors; where nothing counts, nan with gradients of 0."""
    total = as_handle(share, "nll_loss").sum()
    return losses.sum() / total if total._array != 0 else losses.sum() + float("nan")


@by_example
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
        DtypeError: the targets are neither integers nor floating.
        ArgumentError: a class is out of range, or a setting is not accepted.

    Example:
        >>> autograd.cross_entropy(autograd.tensor([[1.0, 2.0], [0.0, 0.0]]), autograd.tensor([1, 0]))
        tensor(0.5032)
    """
    x, y = as_handle(input, "cross_entropy"), as_handle(target, "cross_entropy")
    if not 0 <= label_smoothing <= 1:
        raise ArgumentError(f"cross_entropy: label_smoothing is {label_smoothing}; use a number from 0 to 1")
    if x.ndim == 0:
        raise ShapeError("cross_entropy: input has no dimension of classes; give at least one")
    check_reduction("cross_entropy", reduction)
    probabilities = y.dtype.kind == "f"
    plain = not probabilities and weight is None and not label_smoothing
    if (
        plain
        and (x.ndim == 2 or (x.ndim == 1 and y.ndim == 0))
        and not np.count_nonzero(all_examples(y) == ignore_index)
    ):
        if x.ndim == 2:
            return CROSS_ENTROPY.apply(x, y, reduction)
        loss = CROSS_ENTROPY.apply(x.reshape(1, -1), y.reshape(1), reduction)
        return loss.reshape(()) if reduction == "none" else loss
    dim = 0 if x.ndim == 1 else 1
    log_p = op.log_softmax.apply(x, dim)
    if probabilities:
        return _soft_cross_entropy(log_p, y, weight, reduction, label_smoothing, dim)
    hard = nll_loss(log_p, y, weight, ignore_index, reduction)
    if not label_smoothing:
        return hard
    classes = x.shape[dim]
    index, counted = _class_indices("cross_entropy", y, classes, ignore_index)
    if weight is None:
        spread, share = -log_p.sum(dim), counted.astype(x.dtype)
    else:
        factors = _class_weights("cross_entropy", weight, classes)
        spread = -(log_p * factors.reshape((-1,) + (1,) * (x.ndim - dim - 1))).sum(dim)
        share = op.where.apply(counted, factors[index], 0.0)
    spread = op.where.apply(counted, spread, 0.0)
    smooth = _weighted_mean(spread, share) if reduction == "mean" else reduce_loss("cross_entropy", spread, reduction)
    return hard * (1 - label_smoothing) + smooth * (label_smoothing / classes)


def _soft_cross_entropy(log_p: Any, y: Any, weight: Any, reduction: str, smoothing: float, dim: int) -> Any:
    if y.shape != log_p.shape:
        raise ShapeError(f"cross_entropy: probabilities {y.shape} must have the shape of input, {log_p.shape}")
    if smoothing:
        y = y * (1 - smoothing) + smoothing / log_p.shape[dim]
    if weight is not None:
        factors = _class_weights("cross_entropy", weight, log_p.shape[dim])
        log_p = log_p * factors.reshape((-1,) + (1,) * (log_p.ndim - dim - 1))
    loss = -(log_p * y).sum(dim)
    return reduce_loss("cross_entropy", loss, reduction)


def _linear_reference(x: np.ndarray, w: np.ndarray, y: np.ndarray, reduction: str = "mean") -> np.ndarray:
    scores = np.tensordot(x, w, (-1, -1))
    dim = x.ndim - 1
    log_p = scores - np.log(np.exp(scores).sum(dim, keepdims=True))
    if y.dtype.kind == "f":
        return _reduced(-(log_p * y).sum(dim), reduction)
    return _nll_reference(log_p, y, reduction=reduction)


@composite(
    formula="-ln softmax(x W^T + b)[target]",
    samples=lambda rng: (
        [
            Sample((values(rng, (4, 3)), values(rng, (5, 3)), np.array([0, 4, 1, 1])), keywords={"reduction": r})
            for r in REDUCTIONS
        ]
        + [
            Sample((values(rng, (3,)), values(rng, (5, 3)), np.array(4))),
            Sample((values(rng, (2, 3)), values(rng, (4, 2, 3)), np.array([[0, 3], [1, 2]]))),
            Sample((values(rng, (2, 3)), values(rng, (4, 3)), values(rng, (2, 4), 0, 1))),
        ]
    ),
    reference=_linear_reference,
    error_samples=lambda rng: [
        Sample((values(rng, (2, 3)), values(rng, (4, 2)), np.array([0, 1])), (), ShapeError, "linear_weight")
    ],
)
def linear_cross_entropy(
    input: Operand,
    linear_weight: Operand,
    target: Operand,
    *,
    linear_bias: Operand | None = None,
    weight: Operand | None = None,
    reduction: str = "mean",
    ignore_index: int | None = None,
    label_smoothing: float = 0.0,
    options: Any = None,
) -> Tensor:
    """`cross_entropy` of the scores of a linear layer: `cross_entropy(input @ linear_weight.T + linear_bias, target)`.

    Args:
        input: (N, in_features) or (in_features,).
        linear_weight: (C, in_features); for N rows also (C, d1, ..., in_features), with scores (N, C, d1, ...).
        target: class indices or probabilities, as for `cross_entropy`.
        linear_bias: of the shape of `linear_weight` without its last dimension, or None.
        weight, reduction, label_smoothing: as for `cross_entropy`.
        ignore_index: targets of this value count for nothing; -100, unless given. Not for probabilities.
        options: accepted for PyTorch's sake, where it says how to save memory; the result is the same.

    Raises:
        ShapeError: the shapes do not fit.
        DtypeError: the dtypes differ.
        ArgumentError: a class is out of range, or a setting is not accepted.

    Example:
        >>> autograd.linear_cross_entropy(autograd.ones(1, 2), autograd.zeros(4, 2), autograd.tensor([3]))
        tensor(1.3863)
    """
    name = "linear_cross_entropy"
    x, w, y = as_handle(input, name), as_handle(linear_weight, name), as_handle(target, name)
    bias = None if linear_bias is None else as_handle(linear_bias, name)
    same_dtype(name, input=x, linear_weight=w, linear_bias=bias)
    if x.ndim not in (1, 2) or w.ndim < 2 or x.shape[-1] != w.shape[-1]:
        raise ShapeError(
            f"{name}: input {x.shape} and linear_weight {w.shape} must be (N, in_features) or (in_features,), and "
            "(C, ..., in_features)"
        )
    if w.ndim > 2 and x.ndim == 1:
        raise ShapeError(f"{name}: linear_weight {w.shape} needs an input of rows, (N, in_features), not {x.shape}")
    if bias is not None and bias.shape != w.shape[:-1]:
        raise ShapeError(f"{name}: linear_bias {bias.shape} must be {w.shape[:-1]}, as linear_weight {w.shape}")
    if ignore_index is not None and y.dtype.kind == "f":
        raise ArgumentError(f"{name}: ignore_index {ignore_index} means nothing for targets that are probabilities")
    rows = int(np.prod(w.shape[:-1]))
    scores = op.linear.apply(x, w.reshape(rows, w.shape[-1]), None if bias is None else bias.reshape(rows))
    scores = scores.reshape((*x.shape[:-1], *w.shape[:-1]))
    return cross_entropy(scores, y, weight, -100 if ignore_index is None else ignore_index, reduction, label_smoothing)


@composite(
    formula="sum over i != y of max(0, margin - x_y + x_i)^p / C",
    samples=lambda rng: [
        *_class_samples(rng),
        *_class_samples(rng, p=2, margin=0.5),
        Sample((values(rng, (3, 4)), np.array([0, 3, 1]), 1, 1.0, values(rng, (4,), 0.5, 2))),
    ],
    reference=lambda x, y, p=1, margin=1.0, weight=None, reduction="mean": _reduced(
        _hinges(x, y, p, margin, weight) / x.shape[-1], reduction
    ),
    error_samples=_wrong_classes,
)
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
        target: class indices, (N,), or () or (1,).
        p: 1 or 2.
        margin: how far the right score should be above the others.
        weight: (C,), a weight for each class.
        reduction: "mean", "sum" or "none".

    Raises:
        ShapeError: the shapes do not fit.
        DtypeError: the targets are no integers.
        ArgumentError: p is neither 1 nor 2, a class is out of range, or there is no such reduction.

    Example:
        >>> autograd.multi_margin_loss(autograd.tensor([[3.2, 5.1, -1.7]]), autograd.tensor([0]))
        tensor(0.9667)
    """
    loss, classes = _margins("multi_margin_loss", input, target, p, margin, weight, reduction)
    return reduce_loss("multi_margin_loss", loss / classes, reduction)


@composite(
    formula="sum over i != y of max(0, margin - x_y + x_i)",
    samples=lambda rng: [
        Sample((values(rng, (3, 4)), np.array([0, 3, 1])), keywords={"reduction": r}) for r in REDUCTIONS
    ],
    reference=lambda x, y, reduction: _reduced(_hinges(x, y), reduction),
    error_samples=_wrong_classes,
)
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
        DtypeError: the targets are no integers.
        ArgumentError: a class is out of range, or there is no such reduction.

    Example:
        >>> scores = autograd.tensor([[3.2, 5.1, -1.7], [1.3, 4.9, 2.0], [2.2, 2.5, -3.1]])
        >>> autograd.multiclass_hinge_loss(scores, autograd.tensor([0, 1, 2]), reduction="none")
        tensor([ 2.9000,  0.0000, 12.9000])
    """
    loss, _ = _margins("multiclass_hinge_loss", input, target, 1, margin, None, reduction)
    return reduce_loss("multiclass_hinge_loss", loss, reduction)


def _margins(name: str, input: Any, target: Any, p: int, margin: float, weight: Any, reduction: str) -> tuple[Any, int]:
    """The sum over the wrong classes of the violated margins, to the power p, and the number of classes."""
    x, y = as_handle(input, name), as_handle(target, name)
    check_reduction(name, reduction)
    if p not in (1, 2):
        raise ArgumentError(f"{name}: p is {p!r}; use 1 or 2")
    if x.ndim < 2 and x.numel() and y.numel() == 1 and y.ndim < 2:
        row, classes = _margins(name, x.reshape(1, -1), y.reshape(1), p, margin, weight, reduction)
        return row.reshape(y.shape if x.ndim else ()), classes
    if x.ndim != 2 or x.shape[1] == 0 or y.shape != x.shape[:1]:
        raise ShapeError(f"{name}: scores {x.shape} must be (N, C) with one class index a row, but target is {y.shape}")
    factors = None if weight is None else _class_weights(name, weight, x.shape[1])
    index, _ = _class_indices(name, y, x.shape[1])
    right = op.gather.apply(x, index[:, None], 1)
    violated = op.relu.apply(x - right + margin)
    if p == 2:
        violated = op.square.apply(violated)
    loss = op.where.apply(np.arange(x.shape[1]) != index[:, None], violated, 0.0).sum(1)
    return loss if factors is None else loss * factors[index], x.shape[1]
