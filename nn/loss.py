"""Losses as modules."""

from __future__ import annotations

from typing import Any

import autograd
from autograd import Tensor
from autograd.errors import ArgumentError

from .module import Module

__all__ = [
    "BCEWithLogitsLoss",
    "CrossEntropyLoss",
    "L1Loss",
    "MSELoss",
    "MultiMarginLoss",
    "MulticlassHingeLoss",
    "NLLLoss",
]


class _Loss(Module):
    def __init__(self, reduction: str) -> None:
        super().__init__()
        if reduction not in ("mean", "sum", "none"):
            raise ArgumentError(f"{type(self).__name__}: reduction is {reduction!r}; use 'mean', 'sum' or 'none'")
        self.reduction = reduction


class CrossEntropyLoss(_Loss):
    """Softmax cross-entropy of scores: `-ln softmax(input)[target]`; at random scores about `ln(C)`.

    Args:
        weight: (C,), a weight for each class; the mean is then a weighted one.
        ignore_index: target indices of this value count for nothing.
        reduction: "mean", "sum" or "none".
        label_smoothing: the share of the target that is spread over all classes, 0 to 1.

    Raises:
        ArgumentError: a setting is not accepted.

    Shapes:
        scores (N, C), (C,) or (N, C, d1, ...); targets class indices (N,), () or (N, d1, ...), or probabilities of the
        shape of the scores.

    Example:
        >>> nn.CrossEntropyLoss()(autograd.zeros(2, 10), autograd.tensor([3, 7]))
        tensor(2.3026)
    """

    weight: Tensor | None

    def __init__(
        self,
        weight: Tensor | None = None,
        *,
        ignore_index: int = -100,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(reduction)
        if not 0 <= label_smoothing <= 1:
            raise ArgumentError(f"CrossEntropyLoss: label_smoothing is {label_smoothing}; use a number from 0 to 1")
        self.register_buffer("weight", weight)
        self.ignore_index = ignore_index
        self.label_smoothing = label_smoothing

    def forward(self, input: Any, target: Any) -> Tensor:
        """The loss."""
        return autograd.cross_entropy(
            input, target, self.weight, self.ignore_index, self.reduction, self.label_smoothing
        )


class NLLLoss(_Loss):
    """The negative log-likelihood, from log-probabilities: `-input[n, target[n]]`.

    Args:
        weight: (C,), a weight for each class; the mean is then a weighted one.
        ignore_index: targets of this value count for nothing.
        reduction: "mean", "sum" or "none".

    Shapes:
        log-probabilities (N, C) or (N, C, d1, ...); class indices (N,) or (N, d1, ...).

    Example:
        >>> nn.NLLLoss()(autograd.tensor([[-0.5, -2.0]]), autograd.tensor([0]))
        tensor(0.5000)
    """

    weight: Tensor | None

    def __init__(self, weight: Tensor | None = None, *, ignore_index: int = -100, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.register_buffer("weight", weight)
        self.ignore_index = ignore_index

    def forward(self, input: Any, target: Any) -> Tensor:
        """The loss."""
        return autograd.nll_loss(input, target, self.weight, self.ignore_index, self.reduction)


class MSELoss(_Loss):
    """The squared error: `(input - target)^2`.

    Args:
        reduction: "mean", "sum" or "none".

    Example:
        >>> nn.MSELoss()(autograd.tensor([1.0, 2.0]), autograd.tensor([3.0, 2.0]))
        tensor(2.)
    """

    def __init__(self, *, reduction: str = "mean") -> None:
        super().__init__(reduction)

    def forward(self, input: Any, target: Any) -> Tensor:
        """The loss."""
        return autograd.mse_loss(input, target, self.reduction)


class L1Loss(_Loss):
    """The absolute error: `|input - target|`.

    Args:
        reduction: "mean", "sum" or "none".

    Example:
        >>> nn.L1Loss()(autograd.tensor([1.0, 2.0]), autograd.tensor([3.0, 2.0]))
        tensor(1.)
    """

    def __init__(self, *, reduction: str = "mean") -> None:
        super().__init__(reduction)

    def forward(self, input: Any, target: Any) -> Tensor:
        """The loss."""
        return autograd.l1_loss(input, target, self.reduction)


class BCEWithLogitsLoss(_Loss):
    """Binary cross-entropy of scores: `-(y ln s(x) + (1 - y) ln(1 - s(x)))` with the sigmoid s, safe at any score.

    Args:
        weight: factors of the losses, broadcast against them.
        reduction: "mean", "sum" or "none".
        pos_weight: a factor of the positive term, broadcast against the scores.

    Example:
        >>> nn.BCEWithLogitsLoss()(autograd.tensor([0.0, 200.0]), autograd.tensor([1.0, 1.0]))
        tensor(0.3466)
    """

    weight: Tensor | None
    pos_weight: Tensor | None

    def __init__(
        self, weight: Tensor | None = None, *, reduction: str = "mean", pos_weight: Tensor | None = None
    ) -> None:
        super().__init__(reduction)
        self.register_buffer("weight", weight)
        self.register_buffer("pos_weight", pos_weight)

    def forward(self, input: Any, target: Any) -> Tensor:
        """The loss."""
        return autograd.binary_cross_entropy_with_logits(input, target, self.weight, self.reduction, self.pos_weight)


class MultiMarginLoss(_Loss):
    """PyTorch's multiclass hinge loss: `sum over i != y of max(0, margin - x[y] + x[i])^p / C`.

    Args:
        p: 1 or 2.
        margin: how far the right score should be above the others.
        weight: (C,), a weight for each class.
        reduction: "mean", "sum" or "none".

    Raises:
        ArgumentError: p is neither 1 nor 2.

    Example:
        >>> nn.MultiMarginLoss()(autograd.tensor([[3.2, 5.1, -1.7]]), autograd.tensor([0]))
        tensor(0.9667)
    """

    weight: Tensor | None

    def __init__(
        self, p: int = 1, margin: float = 1.0, weight: Tensor | None = None, *, reduction: str = "mean"
    ) -> None:
        super().__init__(reduction)
        if p not in (1, 2):
            raise ArgumentError(f"MultiMarginLoss: p is {p!r}; use 1 or 2")
        self.p = p
        self.margin = margin
        self.register_buffer("weight", weight)

    def forward(self, input: Any, target: Any) -> Tensor:
        """The loss."""
        return autograd.multi_margin_loss(input, target, self.p, self.margin, self.weight, self.reduction)


class MulticlassHingeLoss(_Loss):
    """The course's multiclass support vector machine loss: `sum over i != y of max(0, x[i] - x[y] + margin)`.

    `MultiMarginLoss` is this divided by the number of classes. PyTorch has no such loss.

    Args:
        margin: how far the right score should be above the others.
        reduction: "mean", "sum" or "none".

    Example:
        >>> scores = autograd.tensor([[3.2, 5.1, -1.7], [1.3, 4.9, 2.0], [2.2, 2.5, -3.1]])
        >>> nn.MulticlassHingeLoss()(scores, autograd.tensor([0, 1, 2]))
        tensor(5.2667)
    """

    def __init__(self, margin: float = 1.0, *, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.margin = margin

    def forward(self, input: Any, target: Any) -> Tensor:
        """The loss."""
        return autograd.multiclass_hinge_loss(input, target, self.margin, self.reduction)
