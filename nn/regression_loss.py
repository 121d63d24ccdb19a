"""Losses of numbers and of distances, as modules.

PyTorch's older `size_average` and `reduce` are taken where PyTorch takes them, and set `reduction`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import autograd
from autograd import Tensor
from autograd.errors import ArgumentError

from .distance import PairwiseDistance
from .loss import Loss

__all__ = [
    "CosineEmbeddingLoss",
    "GaussianNLLLoss",
    "HingeEmbeddingLoss",
    "HuberLoss",
    "L1Loss",
    "MSELoss",
    "MarginRankingLoss",
    "PoissonNLLLoss",
    "SmoothL1Loss",
    "TripletMarginLoss",
    "TripletMarginWithDistanceLoss",
]


class _Plain(Loss):
    """A loss without settings of its own."""

    def __init__(self, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean") -> None:
        super().__init__(size_average, reduce, reduction)


class MSELoss(_Plain):
    """The squared error: `(input - target)^2`.

    Args:
        size_average, reduce: older forms of `reduction`.
        reduction: "mean", "sum" or "none".

    Example:
        >>> nn.MSELoss()(autograd.tensor([1.0, 2.0]), autograd.tensor([3.0, 2.0]))
        tensor(2.)
    """

    def forward(self, input: Any, target: Any) -> Tensor:
        """The loss."""
        return autograd.mse_loss(input, target, self.reduction)


class L1Loss(_Plain):
    """The absolute error: `|input - target|`.

    Args:
        size_average, reduce: older forms of `reduction`.
        reduction: "mean", "sum" or "none".

    Example:
        >>> nn.L1Loss()(autograd.tensor([1.0, 2.0]), autograd.tensor([3.0, 2.0]))
        tensor(1.)
    """

    def forward(self, input: Any, target: Any) -> Tensor:
        """The loss."""
        return autograd.l1_loss(input, target, self.reduction)


class SmoothL1Loss(Loss):
    """The squared error over `2 beta` where `|input - target| < beta`, else the absolute one less `beta / 2`.

    Args:
        size_average, reduce: older forms of `reduction`.
        reduction: "mean", "sum" or "none".
        beta: where the parabola ends; at 0 it is the absolute error.

    Raises:
        ArgumentError: beta is negative.

    Example:
        >>> nn.SmoothL1Loss()(autograd.tensor([1.0, 4.0]), autograd.tensor([1.0, 1.0]))
        tensor(1.2500)

    Source: Girshick 2015, arXiv 1504.08083, equation 3.
    """

    def __init__(
        self,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
        beta: float = 1.0,
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        if beta < 0:
            raise ArgumentError(f"SmoothL1Loss: beta is {beta}; use a number that is not negative")
        self.beta = beta

    def forward(self, input: Any, target: Any) -> Tensor:
        """The loss."""
        return autograd.smooth_l1_loss(input, target, self.reduction, self.beta)


class HuberLoss(Loss):
    """Half the squared error where `|input - target| < delta`, else `delta (|input - target| - delta / 2)`.

    Args:
        reduction: "mean", "sum" or "none".
        delta: where the parabola ends.

    Raises:
        ArgumentError: delta is not positive.

    Example:
        >>> nn.HuberLoss()(autograd.tensor([1.0, 4.0]), autograd.tensor([1.0, 1.0]))
        tensor(1.2500)

    Source: Huber 1964, Robust estimation of a location parameter, Annals of Mathematical Statistics 35.
    """

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        super().__init__(reduction=reduction)
        if not delta > 0:
            raise ArgumentError(f"HuberLoss: delta is {delta}; use a positive number")
        self.delta = delta

    def forward(self, input: Any, target: Any) -> Tensor:
        """The loss."""
        return autograd.huber_loss(input, target, self.reduction, self.delta)


class GaussianNLLLoss(Loss):
    """The negative log-likelihood of normal distributions: `(ln var + (input - target)^2 / var) / 2`.

    Args:
        full: add the constant, `ln(2 pi) / 2`.
        eps: the least variance; gradients pass it as if it were not there.
        reduction: "mean", "sum" or "none".

    Example:
        >>> nn.GaussianNLLLoss()(autograd.tensor([1.0]), autograd.tensor([3.0]), autograd.tensor([1.0]))
        tensor(2.)
    """

    def __init__(self, *, full: bool = False, eps: float = 1e-6, reduction: str = "mean") -> None:
        super().__init__(reduction=reduction)
        self.full = full
        self.eps = eps

    def forward(self, input: Any, target: Any, var: Any) -> Tensor:
        """The loss."""
        return autograd.gaussian_nll_loss(input, target, var, self.full, self.eps, self.reduction)


class PoissonNLLLoss(Loss):
    """The negative log-likelihood of Poisson distributions: `e^input - target input`.

    Args:
        log_input: the input is the logarithm of the rate; else `input - target ln(input + eps)`.
        full: add Stirling's approximation of `ln target!`, where the target is above 1.
        size_average, reduce: older forms of `reduction`.
        eps: keeps the logarithm finite.
        reduction: "mean", "sum" or "none".

    Example:
        >>> nn.PoissonNLLLoss()(autograd.tensor([0.0]), autograd.tensor([5.0]))
        tensor(1.)
    """

    def __init__(
        self,
        log_input: bool = True,
        full: bool = False,
        size_average: bool | None = None,
        eps: float = 1e-8,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.log_input = log_input
        self.full = full
        self.eps = eps

    def forward(self, log_input: Any, target: Any) -> Tensor:
        """The loss."""
        return autograd.poisson_nll_loss(log_input, target, self.log_input, self.full, self.eps, self.reduction)


class HingeEmbeddingLoss(Loss):
    """x where the label is 1, `max(0, margin - x)` where it is -1.

    Args:
        margin: how large distances of different things should be.
        size_average, reduce: older forms of `reduction`.
        reduction: "mean", "sum" or "none".

    Example:
        >>> nn.HingeEmbeddingLoss()(autograd.tensor([0.5, 0.25]), autograd.tensor([1.0, -1.0]))
        tensor(0.6250)
    """

    def __init__(
        self,
        margin: float = 1.0,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.margin = margin

    def forward(self, input: Any, target: Any) -> Tensor:
        """The loss."""
        return autograd.hinge_embedding_loss(input, target, self.margin, self.reduction)


class MarginRankingLoss(Loss):
    """`max(0, -y (x1 - x2) + margin)`: y is 1 where x1 should be the larger, -1 where x2 should.

    Args:
        margin: by how much.
        size_average, reduce: older forms of `reduction`.
        reduction: "mean", "sum" or "none".

    Example:
        >>> nn.MarginRankingLoss()(autograd.tensor([1.0]), autograd.tensor([3.0]), autograd.tensor([1.0]))
        tensor(2.)
    """

    def __init__(
        self,
        margin: float = 0.0,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.margin = margin

    def forward(self, input1: Any, input2: Any, target: Any) -> Tensor:
        """The loss."""
        return autograd.margin_ranking_loss(input1, input2, target, self.margin, self.reduction)


class CosineEmbeddingLoss(Loss):
    """`1 - cos(x1, x2)` where the label is 1, `max(0, cos(x1, x2) - margin)` where it is -1.

    Args:
        margin: the cosine up to which different things cost nothing.
        size_average, reduce: older forms of `reduction`.
        reduction: "mean", "sum" or "none".

    Example:
        >>> x = autograd.tensor([[1.0, 0.0]])
        >>> nn.CosineEmbeddingLoss()(x, autograd.tensor([[0.0, 2.0]]), autograd.tensor([1.0]))
        tensor(1.)
    """

    def __init__(
        self,
        margin: float = 0.0,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.margin = margin

    def forward(self, input1: Any, input2: Any, target: Any) -> Tensor:
        """The loss."""
        return autograd.cosine_embedding_loss(input1, input2, target, self.margin, self.reduction)


class TripletMarginLoss(Loss):
    """`max(0, |anchor - positive|_p - |anchor - negative|_p + margin)`.

    Args:
        margin: how much farther the negative should be.
        p: the order of the norm.
        eps: added to the differences.
        swap: measure the negative from the positive, where that is nearer.
        size_average, reduce: older forms of `reduction`.
        reduction: "mean", "sum" or "none".

    Raises:
        ArgumentError: the margin is not positive.

    Example:
        >>> anchor, positive, negative = autograd.tensor([[[0.0]], [[1.0]], [[3.0]]])
        >>> nn.TripletMarginLoss(margin=4.0)(anchor, positive, negative)
        tensor(2.)

    Source: Schroff, Kalenichenko and Philbin 2015, arXiv 1503.03832, equation 3; swap: Balntas et al. 2016, BMVC.
    """

    def __init__(
        self,
        margin: float = 1.0,
        p: float = 2.0,
        eps: float = 1e-6,
        swap: bool = False,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        _check_margin("TripletMarginLoss", margin)
        self.margin = margin
        self.p = p
        self.eps = eps
        self.swap = swap

    def forward(self, anchor: Any, positive: Any, negative: Any) -> Tensor:
        """The loss."""
        return autograd.triplet_margin_loss(
            anchor, positive, negative, self.margin, self.p, self.eps, self.swap, self.reduction
        )


class TripletMarginWithDistanceLoss(Loss):
    """`TripletMarginLoss` with a distance of one's own: `max(0, d(anchor, positive) - d(anchor, negative) + margin)`.

    Args:
        distance_function: d, of two Tensors; the euclidean distance, unless given.
        margin: how much farther the negative should be.
        swap: measure the negative from the positive, where that is nearer.
        reduction: "mean", "sum" or "none".

    Raises:
        ArgumentError: the margin is not positive.

    Example:
        >>> loss = nn.TripletMarginWithDistanceLoss(distance_function=lambda x, y: (x - y).abs().sum(-1))
        >>> anchor, positive, negative = autograd.tensor([[[0.0]], [[1.0]], [[1.5]]])
        >>> loss(anchor, positive, negative)
        tensor(0.5000)
    """

    def __init__(
        self,
        *,
        distance_function: Callable[[Any, Any], Any] | None = None,
        margin: float = 1.0,
        swap: bool = False,
        reduction: str = "mean",
    ) -> None:
        super().__init__(reduction=reduction)
        _check_margin("TripletMarginWithDistanceLoss", margin)
        self.distance_function = PairwiseDistance() if distance_function is None else distance_function
        self.margin = margin
        self.swap = swap

    def forward(self, anchor: Any, positive: Any, negative: Any) -> Tensor:
        """The loss."""
        return autograd.triplet_margin_with_distance_loss(
            anchor,
            positive,
            negative,
            distance_function=self.distance_function,
            margin=self.margin,
            swap=self.swap,
            reduction=self.reduction,
        )


def _check_margin(name: str, margin: float) -> None:
    if not margin > 0:
        raise ArgumentError(f"{name}: margin is {margin}; use a positive number")
