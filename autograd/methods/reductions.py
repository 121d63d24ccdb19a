"""The methods of Tensor that make one number of many, each in one line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..ops import (
    calculus,
    cumulative,
    extreme,
    histograms,
    norms,
    quantiles,
    reduce,
    sets,
    sorting,
    statistics,
)
from ..primitive import Handle

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["Reductions"]


class Reductions(Handle):
    """Sums, means, extremes and their like."""

    __slots__ = ()

    def sum(self, dim: Any = None, keepdim: Any = False, *, dtype: Any = None) -> Tensor:
        """See `autograd.sum`."""
        return reduce.sum(self, dim, keepdim, dtype=dtype)

    def mean(self, dim: Any = None, keepdim: Any = False, *, dtype: Any = None) -> Tensor:
        """See `autograd.mean`."""
        return reduce.mean(self, dim, keepdim, dtype=dtype)

    def prod(self, dim: Any = None, keepdim: Any = False, *, dtype: Any = None) -> Tensor:
        """See `autograd.prod`."""
        return reduce.prod(self, dim, keepdim, dtype=dtype)

    def var(self, dim: Any = None, unbiased: Any = None, keepdim: Any = False, *, correction: Any = None) -> Tensor:
        """See `autograd.var`."""
        return statistics.var(self, dim, unbiased, keepdim, correction=correction)

    def std(self, dim: Any = None, unbiased: Any = None, keepdim: Any = False, *, correction: Any = None) -> Tensor:
        """See `autograd.std`."""
        return statistics.std(self, dim, unbiased, keepdim, correction=correction)

    def amax(self, dim: Any = None, keepdim: Any = False) -> Tensor:
        """See `autograd.amax`."""
        return extreme.amax(self, dim, keepdim)

    def amin(self, dim: Any = None, keepdim: Any = False) -> Tensor:
        """See `autograd.amin`."""
        return extreme.amin(self, dim, keepdim)

    def any(self, dim: Any = None, keepdim: Any = False) -> Tensor:
        """See `autograd.any`."""
        return reduce.any(self, dim, keepdim)

    def all(self, dim: Any = None, keepdim: Any = False) -> Tensor:
        """See `autograd.all`."""
        return reduce.all(self, dim, keepdim)

    def max(self, dim: Any = None, keepdim: Any = False) -> Any:
        """See `autograd.max`."""
        return extreme.max(self, dim, keepdim)

    def min(self, dim: Any = None, keepdim: Any = False) -> Any:
        """See `autograd.min`."""
        return extreme.min(self, dim, keepdim)

    def argmax(self, dim: Any = None, keepdim: Any = False) -> Tensor:
        """See `autograd.argmax`."""
        return extreme.argmax(self, dim, keepdim)

    def argmin(self, dim: Any = None, keepdim: Any = False) -> Tensor:
        """See `autograd.argmin`."""
        return extreme.argmin(self, dim, keepdim)

    def logsumexp(self, dim: Any, keepdim: Any = False) -> Tensor:
        """See `autograd.logsumexp`."""
        return reduce.logsumexp(self, dim, keepdim)

    def norm(self, p: Any = "fro", dim: Any = None, keepdim: Any = False, dtype: Any = None) -> Tensor:
        """See `autograd.norm`."""
        return norms.norm(self, p, dim, keepdim, dtype=dtype)

    def dist(self, other: Any, p: Any = 2) -> Tensor:
        """See `autograd.dist`."""
        return norms.dist(self, other, p)

    def renorm(self, p: Any, dim: Any, maxnorm: Any) -> Tensor:
        """See `autograd.renorm`."""
        return norms.renorm(self, p, dim, maxnorm)

    def cov(self, *, correction: Any = 1, fweights: Any = None, aweights: Any = None) -> Tensor:
        """See `autograd.cov`."""
        return statistics.cov(self, correction=correction, fweights=fweights, aweights=aweights)

    def corrcoef(self) -> Tensor:
        """See `autograd.corrcoef`."""
        return statistics.corrcoef(self)

    def nansum(self, dim: Any = None, keepdim: Any = False, *, dtype: Any = None) -> Tensor:
        """See `autograd.nansum`."""
        return reduce.nansum(self, dim, keepdim, dtype=dtype)

    def nanmean(self, dim: Any = None, keepdim: Any = False, *, dtype: Any = None) -> Tensor:
        """See `autograd.nanmean`."""
        return reduce.nanmean(self, dim, keepdim, dtype=dtype)

    def count_nonzero(self, dim: Any = None) -> Tensor:
        """See `autograd.count_nonzero`."""
        return reduce.count_nonzero(self, dim)

    def cumsum(self, dim: Any, *, dtype: Any = None) -> Tensor:
        """See `autograd.cumsum`."""
        return cumulative.cumsum(self, dim, dtype=dtype)

    def cumprod(self, dim: Any, *, dtype: Any = None) -> Tensor:
        """See `autograd.cumprod`."""
        return cumulative.cumprod(self, dim, dtype=dtype)

    def logcumsumexp(self, dim: Any) -> Tensor:
        """See `autograd.logcumsumexp`."""
        return cumulative.logcumsumexp(self, dim)

    def cummax(self, dim: Any) -> Any:
        """See `autograd.cummax`."""
        return cumulative.cummax(self, dim)

    def cummin(self, dim: Any) -> Any:
        """See `autograd.cummin`."""
        return cumulative.cummin(self, dim)

    def aminmax(self, *, dim: Any = None, keepdim: Any = False) -> Any:
        """See `autograd.aminmax`."""
        return extreme.aminmax(self, dim=dim, keepdim=keepdim)

    def sort(self, dim: Any = -1, descending: Any = False, stable: Any = False) -> Any:
        """See `autograd.sort`."""
        return sorting.sort(self, dim, descending, stable)

    def argsort(self, dim: Any = -1, descending: Any = False, stable: Any = False) -> Tensor:
        """See `autograd.argsort`."""
        return sorting.argsort(self, dim, descending, stable)

    def msort(self) -> Tensor:
        """See `autograd.msort`."""
        return sorting.msort(self)

    def topk(self, k: Any, dim: Any = -1, largest: Any = True, sorted: Any = True) -> Any:
        """See `autograd.topk`."""
        return sorting.topk(self, k, dim, largest, sorted)

    def kthvalue(self, k: Any, dim: Any = -1, keepdim: Any = False) -> Any:
        """See `autograd.kthvalue`."""
        return sorting.kthvalue(self, k, dim, keepdim)

    def median(self, dim: Any = None, keepdim: Any = False) -> Any:
        """See `autograd.median`."""
        return sorting.median(self, dim, keepdim)

    def nanmedian(self, dim: Any = None, keepdim: Any = False) -> Any:
        """See `autograd.nanmedian`."""
        return sorting.nanmedian(self, dim, keepdim)

    def mode(self, dim: Any = -1, keepdim: Any = False) -> Any:
        """See `autograd.mode`."""
        return sorting.mode(self, dim, keepdim)

    def quantile(self, q: Any, dim: Any = None, keepdim: Any = False, *, interpolation: Any = "linear") -> Tensor:
        """See `autograd.quantile`."""
        return quantiles.quantile(self, q, dim, keepdim, interpolation=interpolation)

    def nanquantile(self, q: Any, dim: Any = None, keepdim: Any = False, *, interpolation: Any = "linear") -> Tensor:
        """See `autograd.nanquantile`."""
        return quantiles.nanquantile(self, q, dim, keepdim, interpolation=interpolation)

    def unique(
        self, sorted: Any = True, return_inverse: Any = False, return_counts: Any = False, dim: Any = None
    ) -> Any:
        """See `autograd.unique`."""
        return sets.unique(self, sorted, return_inverse, return_counts, dim)

    def unique_consecutive(self, return_inverse: Any = False, return_counts: Any = False, dim: Any = None) -> Any:
        """See `autograd.unique_consecutive`."""
        return sets.unique_consecutive(self, return_inverse, return_counts, dim)

    def diff(self, n: Any = 1, dim: Any = -1, prepend: Any = None, append: Any = None) -> Tensor:
        """See `autograd.diff`."""
        return calculus.diff(self, n, dim, prepend, append)

    def bincount(self, weights: Any = None, minlength: Any = 0) -> Tensor:
        """See `autograd.bincount`."""
        return histograms.bincount(self, weights, minlength)

    def histc(self, bins: Any = 100, min: Any = 0, max: Any = 0) -> Tensor:
        """See `autograd.histc`."""
        return histograms.histc(self, bins, min, max)

    def histogram(self, bins: Any, *, range: Any = None, weight: Any = None, density: Any = False) -> Any:
        """See `autograd.histogram`."""
        return histograms.histogram(self, bins, range=range, weight=weight, density=density)
