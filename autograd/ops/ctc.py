"""Connectionist temporal classification: the likelihood of a sequence whose alignment in time is unknown."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..composites import composite
from ..errors import ArgumentError, DtypeError, ShapeError
from ..primitive import Sample, as_handle, op
from .families import values
from .joining import cat, stack
from .loss import check_reduction, reduce_loss

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["ctc_loss"]

Operand = Any
NAME = "ctc_loss"


def _lengths(label: str, given: Any, batch: int, most: int, unit: str) -> np.ndarray:
    """One length for each sequence of the batch, none larger than `most`."""
    array = np.asarray(given) if isinstance(given, Sequence) else as_handle(given, NAME)._array
    if array.dtype.kind not in "iu":
        raise DtypeError(f"{NAME}: {label} is {array.dtype}; use integers")
    if array.size != batch or array.ndim > 1:
        raise ShapeError(f"{NAME}: {label} {array.shape} must hold one length for each of {batch} sequences")
    array = array.reshape(batch)
    if batch and (array.min() < 0 or array.max() > most):
        raise ArgumentError(f"{NAME}: {label} {array.tolist()} must be from 0 to {most}, the {unit}")
    return array


def _rows(targets: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """The targets as rows of one length; what is beyond a target's length means nothing."""
    if targets.ndim == 2:
        return targets
    rows = np.zeros((len(lengths), int(lengths.max(initial=0))), targets.dtype)
    for row, start, length in zip(rows, np.cumsum(lengths) - lengths, lengths, strict=True):
        row[:length] = targets[start : start + length]
    return rows


def _reference(
    log_probs: np.ndarray,
    targets: np.ndarray,
    input_lengths: Any,
    target_lengths: Any,
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> np.ndarray:
    """The sum over all ways to spell each target, one by one."""
    single = log_probs.ndim == 2
    if single:
        log_probs, targets = log_probs[:, None], targets.reshape(1, -1)
    times, lengths = np.reshape(input_lengths, -1), np.reshape(target_lengths, -1)
    losses = []
    for n, row in enumerate(_rows(targets, lengths)):
        total = -math.inf
        for path in itertools.product(range(log_probs.shape[2]), repeat=int(times[n])):
            merged = [c for c, _ in itertools.groupby(path) if c != blank]
            if merged == list(row[: lengths[n]]):
                total = np.logaddexp(total, sum(log_probs[t, n, c] for t, c in enumerate(path)))
        losses.append(0.0 if zero_infinity and total == -math.inf else -total)
    found = np.asarray(losses[0] if single else losses)
    if reduction == "mean":
        return np.asarray((found / np.maximum(lengths, 1)).mean())
    return found if reduction == "none" else np.asarray(found.sum())


def _samples(rng: np.random.Generator) -> list[Sample]:
    def scores(*shape: int) -> np.ndarray:
        x = values(rng, shape)
        return x - np.log(np.exp(x).sum(-1, keepdims=True))

    rows = np.array([[1, 1, 0], [2, 0, 0]])
    return [
        *(Sample((scores(4, 2, 3), rows, [4, 3], [2, 1]), keywords={"reduction": r}) for r in ("mean", "sum", "none")),
        Sample((scores(4, 2, 3), np.array([1, 2, 2]), np.array([4, 2]), np.array([2, 1]))),
        Sample((scores(4, 3), np.array([1, 0]), 4, 2), (2, "none")),
        Sample((scores(4, 2, 3), np.array([[1], [0]]), [4, 3], [1, 0]), (0, "none")),
        Sample((scores(2, 2, 3), np.array([[1, 1], [1, 2]]), [2, 2], [2, 2]), (0, "none", True)),
    ]


@composite(
    formula="-ln of the sum over paths that spell the target of prod_t p_t",
    samples=_samples,
    reference=_reference,
    error_samples=lambda rng: [
        Sample((values(rng, (4, 2, 3)), np.ones((2, 2), int), [4, 5], [2, 1]), (), ArgumentError, "input_lengths"),
        Sample((values(rng, (4, 2, 3)), np.ones((2, 2), int), [4, 4], [2, 3]), (), ArgumentError, "target_lengths"),
        Sample((values(rng, (4, 2, 3)), np.full((2, 2), 3), [4, 4], [2, 1]), (), ArgumentError, "class 3"),
    ],
    source="Graves et al. 2006, International Conference on Machine Learning",
)
def ctc_loss(
    log_probs: Operand,
    targets: Operand,
    input_lengths: Operand,
    target_lengths: Operand,
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> Tensor:
    """The negative log-likelihood of a target sequence, summed over all its alignments with the input.

    An alignment names a class or the blank at each time; repetitions are merged, then blanks dropped.

    Args:
        log_probs: log-probabilities of the classes at each time, (T, N, C), or (T, C) of one sequence.
        targets: classes other than the blank, (N, S), or (sum of the lengths,) in a row.
        input_lengths: how many times of each sequence count, (N,): a Tensor, list or tuple.
        target_lengths: how long each target is, (N,).
        blank: the class that stands for nothing.
        reduction: "mean" of the losses over their target lengths, "sum" or "none".
        zero_infinity: count targets that cannot be spelled in the time given, whose loss is infinite, as 0.

    Returns:
        A Tensor of shape (), or with reduction "none" (N,), or () for one sequence.

    Raises:
        ShapeError: the shapes do not fit.
        DtypeError: targets or lengths are no integers.
        ArgumentError: a length or a class is out of range, or there is no such reduction.

    Example:
        >>> log_probs = autograd.log_softmax(autograd.zeros(3, 1, 2), dim=2)
        >>> autograd.ctc_loss(log_probs, autograd.tensor([[1]]), [3], [1]).exp()  # 6 of 8 paths spell "1"
        tensor(1.3333)

    Source: Graves et al. 2006, International Conference on Machine Learning, equations 6 to 8.
    """
    x, y = as_handle(log_probs, NAME), as_handle(targets, NAME)
    check_reduction(NAME, reduction)
    if x.ndim not in (2, 3):
        raise ShapeError(f"{NAME}: log_probs {x.shape} must be (T, N, C) or (T, C)")
    if x.dtype.kind != "f":
        raise DtypeError(f"{NAME}: log_probs is {x.dtype}; use log-probabilities of a floating dtype")
    if y.dtype.kind not in "iu":
        raise DtypeError(f"{NAME}: targets are {y.dtype}; use integers, as from targets.long()")
    single = x.ndim == 2
    if single:
        x = x.reshape((x.shape[0], 1, x.shape[1]))
        y = y.reshape((1, -1)) if y.numel() else y.reshape((1, 0))
    steps, batch, classes = x.shape
    if not 0 <= blank < classes:
        raise ArgumentError(f"{NAME}: blank is {blank}; {classes} classes need 0 to {classes - 1}")
    if y.ndim not in (1, 2) or (y.ndim == 2 and y.shape[0] != batch):
        raise ShapeError(f"{NAME}: targets {y.shape} must be ({batch}, S), or one row of all targets")
    times = _lengths("input_lengths", input_lengths, batch, steps, "times")
    lengths = _lengths("target_lengths", target_lengths, batch, y.shape[-1], "numbers in targets")
    if y.ndim == 1 and lengths.sum() != y.shape[0]:
        raise ShapeError(f"{NAME}: targets {y.shape} must hold {lengths.sum()} numbers, the sum of target_lengths")
    rows = _rows(y._array, lengths)
    known = np.arange(rows.shape[1]) < lengths[:, None]
    used = rows[known]
    if used.size and (used.min() < 0 or used.max() >= classes):
        wrong = used.min() if used.min() < 0 else used.max()
        raise ArgumentError(f"{NAME}: class {wrong} is out of range; {classes} classes need 0 to {classes - 1}")
    losses = -_likelihood(x, np.where(known, rows, blank), times, lengths, blank)
    if zero_infinity:
        losses = op.where.apply(losses == math.inf, 0.0, losses)
    if reduction == "mean":
        losses = losses / np.maximum(lengths, 1).astype(x.dtype)
    return reduce_loss(NAME, losses.reshape(()) if single else losses, reduction)


def _likelihood(x: Any, rows: np.ndarray, times: np.ndarray, lengths: np.ndarray, blank: int) -> Any:
    """The log-likelihoods (N,), by the forward recursion over the targets with blanks between, 2 S + 1 places."""
    batch, places = len(rows), 2 * rows.shape[1] + 1
    spelled = np.full((batch, places), blank, dtype=np.int64)
    spelled[:, 1::2] = rows
    # A blank between two classes may be left out, unless they are the same.
    skips = np.zeros((batch, places), dtype=bool)
    skips[:, 2:] = (spelled[:, 2:] != blank) & (spelled[:, 2:] != spelled[:, :-2])
    place = np.arange(places)
    starts = (place == 0) | ((place == 1) & (lengths > 0)[:, None])
    ends = (place == 2 * lengths[:, None]) | ((place == 2 * lengths[:, None] - 1) & (lengths > 0)[:, None])
    never = np.full((batch, 2), -math.inf, x.dtype)
    emitted = op.gather.apply(x, np.broadcast_to(spelled, (x.shape[0], batch, places)), 2)
    if not x.shape[0]:
        return op.where.apply(lengths == 0, 0.0, -math.inf) + x.sum((0, 2))
    # alpha[s]: the log-probability of all paths that are at place s now.
    alpha = op.where.apply(starts, emitted[0], -math.inf)
    alpha = op.where.apply((times > 0)[:, None], alpha, np.where(place == 0, 0.0, -math.inf).astype(x.dtype))
    for t in range(1, int(times.max(initial=0))):
        padded = cat((as_handle(never, NAME), alpha), 1)
        step, skip = padded[:, 1 : places + 1], op.where.apply(skips, padded[:, :places], -math.inf)
        moved = emitted[t] + op.logsumexp.apply(stack((alpha, step, skip)), (0,), False)
        alpha = op.where.apply((t < times)[:, None], moved, alpha)
    return op.logsumexp.apply(op.where.apply(ends, alpha, -math.inf), (1,), False)
