"""Reductions and normalisations of the numbers where a mask holds, under the names of `torch.masked`.

>>> x = autograd.tensor([1.0, 5.0, 3.0])
>>> autograd.masked.mean(x, mask=x < 4)
tensor(2.)
"""

from __future__ import annotations

from .ops.masking import amax, amin, argmax, argmin, logsumexp, mean, median, norm, prod, std, sum, var
from .ops.masking_along import cumprod, cumsum, log_softmax, logaddexp, normalize, softmax, softmin

__all__ = [
    "amax",
    "amin",
    "argmax",
    "argmin",
    "cumprod",
    "cumsum",
    "log_softmax",
    "logaddexp",
    "logsumexp",
    "mean",
    "median",
    "norm",
    "normalize",
    "prod",
    "softmax",
    "softmin",
    "std",
    "sum",
    "var",
]
