"""Losses of classes, as modules.

PyTorch's older `size_average` and `reduce` are taken where PyTorch takes them, and set `reduction`.
"""

from __future__ import annotations

import math
from typing import Any

import autograd
from autograd import Tensor
from autograd.errors import ArgumentError, ShapeError

from .linear import Linear
from .module import Module

__all__ = [
    "BCELoss",
    "BCEWithLogitsLoss",
    "CTCLoss",
    "CrossEntropyLoss",
    "KLDivLoss",
    "LinearCrossEntropyLoss",
    "Loss",
    "MultiLabelMarginLoss",
    "MultiLabelSoftMarginLoss",
    "MultiMarginLoss",
    "MulticlassHingeLoss",
    "NLLLoss",
    "NLLLoss2d",
    "SoftMarginLoss",
    "WeightedLoss",
]


class Loss(Module):
    """Holds how the losses of single examples are put together."""

    def __init__(self, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean") -> None:
        super().__init__()
        if size_average is not None or reduce is not None:  # the two switches that were there before `reduction`
            reduction = "none" if reduce is False else "sum" if size_average is False else "mean"
        if reduction not in self.reductions:
            names = ", ".join(map(repr, self.reductions[:-1]))
            raise ArgumentError(
                f"{type(self).__name__}: reduction is {reduction!r}; use {names} or {self.reductions[-1]!r}"
            )
        self.reduction = reduction

    reductions: tuple[str, ...] = ("mean", "sum", "none")


class WeightedLoss(Loss):
    """Holds a weight, of classes or of examples, too."""

    weight: Tensor | None

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.register_buffer("weight", weight)


class CrossEntropyLoss(WeightedLoss):
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

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        ignore_index: int = -100,
        reduce: bool | None = None,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        if not 0 <= label_smoothing <= 1:
            raise ArgumentError(f"CrossEntropyLoss: label_smoothing is {label_smoothing}; use a number from 0 to 1")
        self.ignore_index = ignore_index
        self.label_smoothing = label_smoothing

    def forward(self, input: Any, target: Any) -> Tensor:
        """The loss."""
        return autograd.cross_entropy(
            input, target, self.weight, self.ignore_index, self.reduction, self.label_smoothing
        )


class NLLLoss(WeightedLoss):
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

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        ignore_index: int = -100,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        self.ignore_index = ignore_index

    def forward(self, input: Any, target: Any) -> Tensor:
        """The loss."""
        return autograd.nll_loss(input, target, self.weight, self.ignore_index, self.reduction)


class BCEWithLogitsLoss(Loss):
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
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
        pos_weight: Tensor | None = None,
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.register_buffer("weight", weight)
        self.register_buffer("pos_weight", pos_weight)

    def forward(self, input: Any, target: Any) -> Tensor:
        """The loss."""
        return autograd.binary_cross_entropy_with_logits(input, target, self.weight, self.reduction, self.pos_weight)


class MultiMarginLoss(WeightedLoss):
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

    def __init__(
        self,
        p: int = 1,
        margin: float = 1.0,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        if p not in (1, 2):
            raise ArgumentError(f"MultiMarginLoss: p is {p!r}; use 1 or 2")
        self.p = p
        self.margin = margin

    def forward(self, input: Any, target: Any) -> Tensor:
        """The loss."""
        return autograd.multi_margin_loss(input, target, self.p, self.margin, self.weight, self.reduction)


class MulticlassHingeLoss(Loss):
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
        super().__init__(reduction=reduction)
        self.margin = margin

    def forward(self, input: Any, target: Any) -> Tensor:
        """The loss."""
        return autograd.multiclass_hinge_loss(input, target, self.margin, self.reduction)


class NLLLoss2d(NLLLoss):
    """`NLLLoss` by its old name for images.

    Example:
        >>> nn.NLLLoss2d()(autograd.full((1, 2, 1, 1), -0.5), autograd.zeros(1, 1, 1, dtype=autograd.int64))
        tensor(0.5000)
    """


class BCELoss(WeightedLoss):
    """Binary cross-entropy of probabilities: `-(y ln x + (1 - y) ln(1 - x))`, with logarithms of at least -100.

    Args:
        weight: factors of the losses, broadcast against them.
        size_average, reduce: older forms of `reduction`.
        reduction: "mean", "sum" or "none".

    Example:
        >>> nn.BCELoss()(autograd.tensor([0.5, 1.0]), autograd.tensor([1.0, 1.0]))
        tensor(0.3466)
    """

    def forward(self, input: Any, target: Any) -> Tensor:
        """The loss."""
        return autograd.binary_cross_entropy(input, target, self.weight, self.reduction)


class KLDivLoss(Loss):
    """The Kullback-Leibler divergence of log-probabilities from probabilities: `target (ln target - input)`.

    Args:
        size_average, reduce: older forms of `reduction`.
        reduction: "mean" over all numbers, "batchmean" (the sum over the number of examples, which is the divergence),
            "sum" or "none".
        log_target: the targets are log-probabilities too.

    Example:
        >>> p = autograd.tensor([[0.5, 0.5]])
        >>> nn.KLDivLoss(reduction="batchmean")(p.log(), p)
        tensor(0.)
    """

    reductions = ("mean", "batchmean", "sum", "none")

    def __init__(
        self,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
        log_target: bool = False,
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.log_target = log_target

    def forward(self, input: Any, target: Any) -> Tensor:
        """The loss."""
        return autograd.kl_div(input, target, self.reduction, self.log_target)


class SoftMarginLoss(Loss):
    """The course's logistic loss: `ln(1 + e^(-y x))` for labels y of 1 and -1.

    Args:
        size_average, reduce: older forms of `reduction`.
        reduction: "mean", "sum" or "none".

    Example:
        >>> nn.SoftMarginLoss()(autograd.tensor([0.0, 9.0]), autograd.tensor([1.0, 1.0]))
        tensor(0.3466)
    """

    def __init__(self, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean") -> None:
        super().__init__(size_average, reduce, reduction)

    def forward(self, input: Any, target: Any) -> Tensor:
        """The loss."""
        return autograd.soft_margin_loss(input, target, self.reduction)


class MultiLabelMarginLoss(Loss):
    """The hinge loss of several right classes:
    `sum over right j, wrong i of max(0, 1 - (x[target[j]] - x[i])) / C`.

    Args:
        size_average, reduce: older forms of `reduction`.
        reduction: "mean", "sum" or "none".

    Shapes:
        scores (N, C) or (C,); targets of the same shape, the right classes first and then -1.

    Example:
        >>> scores = autograd.tensor([[0.1, 0.2, 0.4, 0.8]])
        >>> nn.MultiLabelMarginLoss()(scores, autograd.tensor([[3, 0, -1, 1]]))
        tensor(0.8500)
    """

    def __init__(self, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean") -> None:
        super().__init__(size_average, reduce, reduction)

    def forward(self, input: Any, target: Any) -> Tensor:
        """The loss."""
        return autograd.multilabel_margin_loss(input, target, self.reduction)


class MultiLabelSoftMarginLoss(WeightedLoss):
    """The binary cross-entropy of scores, averaged over the classes of each example.

    Args:
        weight: (C,), a weight for each class.
        size_average, reduce: older forms of `reduction`.
        reduction: "mean", "sum" or "none".

    Example:
        >>> nn.MultiLabelSoftMarginLoss()(autograd.tensor([[0.0, 200.0]]), autograd.tensor([[1.0, 1.0]]))
        tensor(0.3466)
    """

    def forward(self, input: Any, target: Any) -> Tensor:
        """The loss."""
        return autograd.multilabel_soft_margin_loss(input, target, self.weight, self.reduction)


class CTCLoss(Loss):
    """Connectionist temporal classification: minus the logarithm of the probability of a labelling, summed over all its
    alignments with a longer sequence.

    Args:
        blank: the class that stands for no label.
        reduction: "mean" (of the losses over the lengths of their targets), "sum" or "none".
        zero_infinity: count a target that cannot be aligned as 0.

    Shapes:
        log-probabilities (T, N, C) or (T, C); targets (N, S), or all in a row; lengths (N,), or tuples of numbers.

    Example:
        >>> x = autograd.zeros(2, 1, 2).log_softmax(2)
        >>> nn.CTCLoss()(x, autograd.tensor([[1]]), (2,), (1,))
        tensor(0.2877)

    Source: Graves et al. 2006, Connectionist temporal classification, ICML, equations 6 to 8.
    """

    def __init__(self, blank: int = 0, reduction: str = "mean", zero_infinity: bool = False) -> None:
        super().__init__(reduction=reduction)
        self.blank = blank
        self.zero_infinity = zero_infinity

    def forward(self, log_probs: Any, targets: Any, input_lengths: Any, target_lengths: Any) -> Tensor:
        """The loss."""
        return autograd.ctc_loss(
            log_probs, targets, input_lengths, target_lengths, self.blank, self.reduction, self.zero_infinity
        )


class LinearCrossEntropyLoss(Loss):
    """A linear layer and the cross-entropy of its scores in one.

    Args:
        in_features: the size of the last dimension of x.
        num_classes: C.
        out_features: further dimensions of the scores, between the classes and nothing.
        bias: give the linear layer a bias.
        device: "cpu" or None.
        dtype: of the parameters; the default dtype, unless given.
        reduction: "mean", "sum" or "none".
        weight: (C,), a weight for each class.
        ignore_index: targets of this value count for nothing.
        label_smoothing: the share of the target that is spread over all classes, 0 to 1.
        options: None; PyTorch's choices between ways to compute it have no meaning here.

    Raises:
        ArgumentError: a setting is not accepted.
        ShapeError: weight does not have a number for each class.

    Example:
        >>> loss = nn.LinearCrossEntropyLoss(4, 10)
        >>> loss(autograd.randn(2, 4), autograd.tensor([3, 7])).shape
        ()
    """

    weight: Tensor | None

    def __init__(
        self,
        in_features: int,
        num_classes: int,
        *,
        out_features: tuple[int, ...] = (),
        bias: bool = False,
        device: Any = None,
        dtype: Any = None,
        reduction: str = "mean",
        weight: Tensor | None = None,
        ignore_index: int | None = None,
        label_smoothing: float = 0.0,
        options: Any = None,
    ) -> None:
        super().__init__(reduction=reduction)
        if weight is not None and weight.shape != (num_classes,):
            raise ShapeError(f"LinearCrossEntropyLoss: weight {weight.shape} must be ({num_classes},)")
        if not 0 <= label_smoothing <= 1:
            raise ArgumentError(
                f"LinearCrossEntropyLoss: label_smoothing is {label_smoothing}; use a number from 0 to 1"
            )
        self.register_buffer("weight", weight)
        self.num_classes = num_classes
        self.out_features = out_features
        self.ignore_index = ignore_index
        self.label_smoothing = label_smoothing
        self.linear = Linear(in_features, math.prod(out_features, start=num_classes), bias, device, dtype)
        self.options = options

    def forward(self, input: Any, target: Any) -> Tensor:
        """The loss."""
        classes = (self.num_classes, *self.out_features)
        bias = self.linear.bias
        return autograd.linear_cross_entropy(
            input,
            self.linear.weight.reshape(*classes, self.linear.in_features),
            target,
            linear_bias=None if bias is None else bias.reshape(classes),
            weight=self.weight,
            reduction=self.reduction,
            ignore_index=self.ignore_index,
            label_smoothing=self.label_smoothing,
            options=self.options,
        )

    def extra_repr(self) -> str:
        return (
            f"in_features={self.linear.in_features}, num_classes={self.num_classes}, "
            f"out_features={self.out_features}, bias={self.linear.bias is not None}, reduction={self.reduction}, "
            f"ignore_index={self.ignore_index}, label_smoothing={self.label_smoothing}, options={self.options}"
        )
