"""Similarity and distance of vectors, as modules."""

from __future__ import annotations

from typing import Any

import autograd
from autograd import Tensor

from .module import Module

__all__ = ["CosineSimilarity", "PairwiseDistance"]


class CosineSimilarity(Module):
    """The cosine of the angle between vectors: `x1 . x2 / (|x1| |x2|)`.

    Args:
        dim: the dimension along which the vectors lie.
        eps: the least length that a vector counts with.

    Example:
        >>> nn.CosineSimilarity(dim=0)(autograd.tensor([1.0, 0.0]), autograd.tensor([3.0, 4.0]))
        tensor(0.6000)
    """

    def __init__(self, dim: int = 1, eps: float = 1e-8) -> None:
        super().__init__()
        self.dim = dim
        self.eps = eps

    def forward(self, x1: Any, x2: Any) -> Tensor:
        """The cosines."""
        return autograd.cosine_similarity(x1, x2, self.dim, self.eps)


class PairwiseDistance(Module):
    """The distance of vectors along the last dimension: the p-norm of `x1 - x2 + eps`.

    Args:
        p: the order of the norm.
        eps: added to the differences.
        keepdim: keep the last dimension, with size 1.

    Example:
        >>> nn.PairwiseDistance()(autograd.tensor([[0.0, 0.0]]), autograd.tensor([[3.0, 4.0]]))
        tensor([5.0000])
    """

    def __init__(self, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> None:
        super().__init__()
        self.norm = p
        self.eps = eps
        self.keepdim = keepdim

    def forward(self, x1: Any, x2: Any) -> Tensor:
        """The distances."""
        return autograd.pairwise_distance(x1, x2, self.norm, self.eps, self.keepdim)
