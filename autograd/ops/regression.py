"""Losses of predicted numbers and distributions."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ..composites import composite
from ..errors import ArgumentError, ShapeError
from ..primitive import Sample, as_handle, check_broadcast, op
from .dims import number
from .families import values
from .loss import check_reduction, reduce_loss, same_shape, weighted

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = [
    "gaussian_nll_loss",
    "huber_loss",
    "kl_div",
    "l1_loss",
    "mse_loss",
    "poisson_nll_loss",
    "smooth_l1_loss",
]

Operand = Any
Generator = np.random.Generator


def _reduced(losses: np.ndarray, reduction: str, weight: Any = None) -> np.ndarray:
    """The plain reduction, for the references."""
    if weight is not None:
        total = losses * weight
        return total if reduction == "none" else total.sum() / (weight.sum() if reduction == "mean" else 1)
    return losses if reduction == "none" else losses.sum() if reduction == "sum" else losses.mean()


def _pairs(rng: Generator, *, before_weight: tuple[Any, ...] | None = None, **keywords: Any) -> list[Sample]:
    """Predictions and targets whose differences keep away from 0 and 1; and weights after the given arguments."""
    calls = []
    for reduction, shape in (("mean", (2, 3)), ("sum", (3,)), ("none", (2, 2)), ("none", ())):
        target = values(rng, shape)
        gap = values(rng, shape, kinks=(-1, 0, 1))
        calls.append(Sample((np.asarray(target + gap), target), keywords={"reduction": reduction, **keywords}))
    if before_weight is not None:
        for reduction in ("mean", "sum", "none"):
            target, factors = values(rng, (2, 2)), values(rng, (2, 2), 0.5, 2)
            inputs = (target + values(rng, (2, 2), kinks=(-1, 0, 1)), target, reduction, *before_weight, factors)
            calls.append(Sample(inputs))
    return calls


def _unlike(rng: Generator) -> list[Sample]:
    return [Sample((values(rng, (3,)), values(rng, (3, 1))), (), ShapeError, "differ")]


@composite(
    formula="(x - y)^2",
    samples=lambda rng: _pairs(rng, before_weight=()),
    reference=lambda x, y, reduction, weight=None: _reduced((x - y) ** 2, reduction, weight),
    error_samples=_unlike,
)
def mse_loss(input: Operand, target: Operand, reduction: str = "mean", weight: Operand | None = None) -> Tensor:
    """The squared error: `(input - target) ** 2`.

    Args:
        input, target: Tensors of one shape.
        reduction: "mean", "sum" or "none".
        weight: factors of the losses, of their shape; the mean is then a weighted one.

    Raises:
        ShapeError: the shapes differ.
        ArgumentError: there is no such reduction.

    Example:
        >>> autograd.mse_loss(autograd.tensor([1.0, 2.0]), autograd.tensor([3.0, 2.0]))
        tensor(2.)
    """
    x, y = same_shape("mse_loss", input, target)
    return weighted("mse_loss", op.square.apply(x - y), weight, reduction)


@composite(
    formula="|x - y|",
    samples=lambda rng: _pairs(rng, before_weight=()),
    reference=lambda x, y, reduction, weight=None: _reduced(np.abs(x - y), reduction, weight),
    error_samples=_unlike,
)
def l1_loss(input: Operand, target: Operand, reduction: str = "mean", weight: Operand | None = None) -> Tensor:
    """The absolute error: `|input - target|`; its gradient where they are equal is 0.

    Args:
        input, target: Tensors of one shape.
        reduction: "mean", "sum" or "none".
        weight: factors of the losses, of their shape; the mean is then a weighted one.

    Raises:
        ShapeError: the shapes differ.
        ArgumentError: there is no such reduction.

    Example:
        >>> autograd.l1_loss(autograd.tensor([1.0, 2.0]), autograd.tensor([3.0, 2.0]))
        tensor(1.)
    """
    x, y = same_shape("l1_loss", input, target)
    return weighted("l1_loss", op.abs.apply(x - y), weight, reduction)


def _huber(error: Any, delta: float) -> Any:
    return np.where(np.abs(error) < delta, 0.5 * error**2, delta * (np.abs(error) - 0.5 * delta))


@composite(
    formula="(x - y)^2 / (2 beta) where |x - y| < beta, else |x - y| - beta / 2",
    samples=lambda rng: [*_pairs(rng), *_pairs(rng, beta=0.0)],
    reference=lambda x, y, reduction, beta=1.0: _reduced(
        np.abs(x - y) if beta == 0 else _huber(x - y, beta) / beta, reduction
    ),
    error_samples=_unlike,
    source="Girshick 2015, arXiv 1504.08083",
)
def smooth_l1_loss(input: Operand, target: Operand, reduction: str = "mean", beta: float = 1.0) -> Tensor:
    """The absolute error, rounded off below `beta`: `e ** 2 / (2 beta)` where `|e| < beta`, else `|e| - beta / 2`.

    Args:
        input, target: Tensors of one shape; e is their difference.
        reduction: "mean", "sum" or "none".
        beta: where the parabola ends; at 0 this is `l1_loss`.

    Raises:
        ShapeError: the shapes differ.
        ArgumentError: beta is negative, or there is no such reduction.

    Example:
        >>> autograd.smooth_l1_loss(autograd.tensor([0.5, 3.0]), autograd.zeros(2), reduction="none")
        tensor([0.1250, 2.5000])

    Source: Girshick 2015, arXiv 1504.08083, equation 3.
    """
    x, y = same_shape("smooth_l1_loss", input, target)
    beta = number("smooth_l1_loss", "beta", beta)
    if beta < 0:
        raise ArgumentError(f"smooth_l1_loss: beta is {beta}; use a number that is not negative")
    error = x - y
    size = op.abs.apply(error)
    if beta == 0:
        return reduce_loss("smooth_l1_loss", size, reduction)
    far = size >= beta  # not where it is nan: the parabola has nan's gradient
    parabola = op.square.apply(op.where.apply(far, 0.0, error)) * (0.5 / beta)  # of nothing that is infinite
    loss = op.where.apply(far, size - 0.5 * beta, parabola)
    return reduce_loss("smooth_l1_loss", loss, reduction)


@composite(
    formula="(x - y)^2 / 2 where |x - y| <= delta, else delta (|x - y| - delta / 2)",
    samples=lambda rng: _pairs(rng, before_weight=(1.5,)),
    reference=lambda x, y, reduction, delta=1.0, weight=1.0: _reduced(_huber(x - y, delta) * weight, reduction),
    error_samples=_unlike,
    source="Huber 1964, Annals of Mathematical Statistics 35",
)
def huber_loss(
    input: Operand, target: Operand, reduction: str = "mean", delta: float = 1.0, weight: Operand | None = None
) -> Tensor:
    """Squared near 0 and straight beyond: `e ** 2 / 2` where `|e| <= delta`, else `delta * (|e| - delta / 2)`.

    Args:
        input, target: Tensors of one shape; e is their difference.
        reduction: "mean", "sum" or "none".
        delta: where the parabola ends, greater than 0.
        weight: factors of the losses, of their shape; the mean is that of the products, as in PyTorch.

    Raises:
        ShapeError: the shapes differ.
        ArgumentError: delta is not positive, or there is no such reduction.

    Example:
        >>> autograd.huber_loss(autograd.tensor([0.5, 3.0]), autograd.zeros(2), reduction="none", delta=2.0)
        tensor([0.1250, 4.0000])

    Source: Huber 1964, Annals of Mathematical Statistics 35, section 1.
    """
    x, y = same_shape("huber_loss", input, target)
    delta = number("huber_loss", "delta", delta)
    if not delta > 0:
        raise ArgumentError(f"huber_loss: delta is {delta}; use a positive number")
    error = x - y
    size = op.abs.apply(error)
    far = size > delta  # not where it is nan: the parabola has nan's gradient
    parabola = op.square.apply(op.where.apply(far, 0.0, error)) * 0.5  # of nothing that is infinite
    loss = op.where.apply(far, (size - 0.5 * delta) * delta, parabola)
    if weight is not None:
        loss = weighted("huber_loss", loss, weight, "none")
    return reduce_loss("huber_loss", loss, reduction)


def _kl_reference(x: np.ndarray, y: np.ndarray, reduction: str, log_target: bool = False) -> np.ndarray:
    losses = np.exp(y) * (y - x) if log_target else np.where(y > 0, y * np.log(np.where(y > 0, y, 1)), 0) - y * x
    return losses.sum() / len(x) if reduction == "batchmean" else _reduced(losses, reduction)


@composite(
    formula="y (ln y - x)",
    samples=lambda rng: [
        Sample((values(rng, (2, 3)), values(rng, (2, 3), 0.1, 1)), keywords={"reduction": r, "log_target": log})
        for r in ("mean", "batchmean", "sum", "none")
        for log in (False, True)
    ],
    reference=_kl_reference,
    source="Kullback and Leibler 1951, Annals of Mathematical Statistics 22",
)
def kl_div(input: Operand, target: Operand, reduction: str = "mean", log_target: bool = False) -> Tensor:
    """The Kullback-Leibler divergence of log-probabilities from target probabilities: `target * (log(target) - input)`.

    Args:
        input: log-probabilities, of any shape.
        target: probabilities, or with `log_target` their logarithms, that broadcast against `input`.
        reduction: "mean" over all numbers, "batchmean" for the sum over the batch size, "sum" or "none".
        log_target: the targets are logarithms.

    Raises:
        ShapeError: the shapes do not broadcast.
        ArgumentError: there is no such reduction.

    Example:
        >>> autograd.kl_div(autograd.tensor([0.5, 0.5]).log(), autograd.tensor([1.0, 0.0]), reduction="sum")
        tensor(0.6931)

    Source: Kullback and Leibler 1951, Annals of Mathematical Statistics 22, equation 2.4.
    """
    x, y = as_handle(input, "kl_div"), as_handle(target, "kl_div")
    if reduction != "batchmean":
        check_reduction("kl_div", reduction)
    check_broadcast("kl_div", {"input": x._array, "target": y._array})
    if log_target:
        loss = op.exp.apply(y) * (y - x)
    else:
        zero = y == 0  # y ln y is 0 there, and so is its share of the gradient
        loss = op.where.apply(zero, 0.0 * y, y * op.log.apply(op.where.apply(zero, 1.0, y))) - y * x
    if reduction == "batchmean":
        return loss.sum() / (x.shape[0] if x.ndim else 1)
    return reduce_loss("kl_div", loss, reduction)


def _poisson_reference(
    x: np.ndarray, y: np.ndarray, reduction: str, log_input: bool = True, full: bool = False, eps: float = 1e-8
) -> np.ndarray:
    losses = np.exp(x) - y * x if log_input else x - y * np.log(x + eps)
    if full:
        losses = losses + np.where(y > 1, y * np.log(np.abs(y)) - y + 0.5 * np.log(2 * math.pi * np.abs(y)), 0)
    return _reduced(losses, reduction)


@composite(
    formula="e^x - y x",
    samples=lambda rng: [
        Sample(
            (values(rng, (2, 3), 0.2, 2), values(rng, (2, 3), 0.2, 3, kinks=(1,))),
            keywords={"reduction": r, "log_input": log, "full": full},
        )
        for r, log, full in (("mean", True, False), ("sum", False, True), ("none", True, True), ("none", False, False))
    ],
    reference=_poisson_reference,
    error_samples=lambda rng: [
        Sample((values(rng, (3,)), values(rng, (2,))), (), ShapeError, "poisson_nll_loss: shapes do not broadcast")
    ],
)
def poisson_nll_loss(
    input: Operand,
    target: Operand,
    log_input: bool = True,
    full: bool = False,
    eps: float = 1e-8,
    reduction: str = "mean",
) -> Tensor:
    """The negative log-likelihood of counts from a Poisson distribution, up to a constant: `exp(x) - target * x`.

    Args:
        input: logarithms of the expected counts, or with `log_input=False` the counts.
        target: counts, that broadcast against `input`.
        log_input: whether the input is a logarithm; otherwise the loss is `x - target * log(x + eps)`.
        full: add Stirling's approximation of `log(target!)` where `target > 1`.
        eps: keeps the logarithm from 0.
        reduction: "mean", "sum" or "none".

    Raises:
        ShapeError: the shapes do not broadcast.
        ArgumentError: there is no such reduction.

    Example:
        >>> autograd.poisson_nll_loss(autograd.tensor([0.0, 1.0]), autograd.tensor([1.0, 2.0]), reduction="none")
        tensor([1.0000, 0.7183])
    """
    x, y = as_handle(input, "poisson_nll_loss"), as_handle(target, "poisson_nll_loss")
    check_reduction("poisson_nll_loss", reduction)
    check_broadcast("poisson_nll_loss", {"input": x._array, "target": y._array})
    loss = op.exp.apply(x) - y * x if log_input else x - y * op.log.apply(x + eps)
    if full:
        several = y > 1
        n = op.where.apply(several, y, 1.0)
        log_n = op.log.apply(n)
        stirling = n * log_n - n + 0.5 * (log_n + math.log(2 * math.pi))
        loss = loss + op.where.apply(several, stirling, 0.0)
    return reduce_loss("poisson_nll_loss", loss, reduction)


def _gaussian_reference(
    x: np.ndarray, y: np.ndarray, var: Any, full: bool = False, eps: float = 1e-6, reduction: str = "mean"
) -> np.ndarray:
    spread = np.maximum(var, eps)
    if spread.ndim < x.ndim:
        spread = spread[..., None]
    losses = 0.5 * (np.log(spread) + (x - y) ** 2 / spread) + (0.5 * math.log(2 * math.pi) if full else 0)
    return _reduced(losses, reduction)


@composite(
    formula="(ln var + (x - y)^2 / var) / 2",
    samples=lambda rng: [
        Sample((values(rng, (2, 3)), values(rng, (2, 3)), values(rng, shape, 0.3, 2)), keywords=keywords)
        for shape, keywords in (
            ((2, 3), {}),
            ((2,), {"full": True}),
            ((2, 1), {"reduction": "sum"}),
            ((2, 3), {"reduction": "none"}),
        )
    ],
    reference=_gaussian_reference,
    error_samples=lambda rng: [
        Sample((values(rng, (3,)), values(rng, (3,)), -np.ones(3)), (), ArgumentError, "negative"),
        Sample((values(rng, (2, 3)), values(rng, (2, 3)), np.ones((2, 2))), (), ShapeError, "var"),
    ],
    source="Nix and Weigend 1994, IEEE International Conference on Neural Networks",
)
def gaussian_nll_loss(
    input: Operand,
    target: Operand,
    var: Operand,
    full: bool = False,
    eps: float = 1e-6,
    reduction: str = "mean",
) -> Tensor:
    """The negative log-likelihood of a normal distribution: `(log(var) + (input - target) ** 2 / var) / 2`.

    Args:
        input: the expected values, of any shape.
        target: the observed values, that broadcast against them.
        var: the variances: of the shape of `input`, or of it with the last dimension missing or one dimension of
            size 1, or one number. What is below `eps` counts as `eps`, and its gradient is taken there.
        full: add the constant `log(2 pi) / 2`.
        eps: the least variance, greater than 0.
        reduction: "mean", "sum" or "none".

    Raises:
        ShapeError: the shapes do not fit.
        ArgumentError: a variance is negative, eps is not positive, or there is no such reduction.

    Example:
        >>> autograd.gaussian_nll_loss(autograd.tensor([1.0]), autograd.tensor([3.0]), autograd.tensor([4.0]))
        tensor(1.1931)

    Source: Nix and Weigend 1994, IEEE International Conference on Neural Networks, equation 4.
    """
    name = "gaussian_nll_loss"
    x, y, spread = as_handle(input, name), as_handle(target, name), as_handle(var, name)
    check_reduction(name, reduction)
    eps = number(name, "eps", eps)
    if not eps > 0:
        raise ArgumentError(f"{name}: eps is {eps}; use a positive number")
    check_broadcast(name, {"input": x._array, "target": y._array})
    if (spread._array < 0).any():
        raise ArgumentError(f"{name}: var holds negative numbers, which are no variances")
    if spread.shape != x.shape and spread.ndim:
        if spread.shape == x.shape[:-1]:
            spread = spread.reshape((*spread.shape, 1))
        odd = [m for n, m in zip(x.shape, spread.shape, strict=False) if n != m]
        if spread.ndim != x.ndim or odd not in ([], [1]):
            raise ShapeError(f"{name}: var {as_handle(var, name).shape} does not fit input {x.shape}; use its shape")
    if spread.dtype.kind != "f":
        spread = op.to_dtype.apply(spread, x.dtype)
    spread = spread + np.maximum(eps - spread._array, 0)  # a constant: the gradient passes unchanged
    loss = 0.5 * (op.log.apply(spread) + op.square.apply(x - y) / spread)
    return reduce_loss(name, loss + 0.5 * math.log(2 * math.pi) if full else loss, reduction)
