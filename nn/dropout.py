"""Dropout."""

from __future__ import annotations

from typing import Any

import autograd
from autograd.errors import ArgumentError

from .module import Module

__all__ = ["Dropout"]


class Dropout(Module):
    """In training each number is zeroed with probability p, and the others are divided by 1 - p.

    Args:
        p: the probability of zeroing, 0 to 1.
        inplace: accepted for PyTorch's sake; the result is a new tensor in any case.

    Raises:
        ArgumentError: p is no probability.

    Example:
        >>> nn.Dropout(0.5).eval()(autograd.ones(3))
        tensor([1., 1., 1.])

    Source: Srivastava et al. 2014, Journal of Machine Learning Research 15, section 10 for the scaling.
    """

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        if not 0 <= p <= 1:
            raise ArgumentError(f"Dropout: p is {p}; use a probability from 0 to 1")
        self.p = p
        self.inplace = inplace

    def forward(self, input: Any) -> Any:
        """The input, thinned out in training."""
        return autograd.dropout(input, self.p, self.training)

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"
