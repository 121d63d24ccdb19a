"""Batch normalisation."""

from __future__ import annotations

from typing import Any

import autograd
from autograd import Tensor
from autograd.errors import ShapeError

from . import init
from .linear import positive
from .module import Module
from .parameter import Parameter

__all__ = ["BatchNorm1d", "BatchNorm2d"]


class _BatchNorm(Module):
    dims: tuple[int, ...]
    expected: str

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        positive(type(self).__name__, num_features=num_features)
        self.num_features = num_features
        self.eps = eps
        self.momentum = momentum
        self.affine = affine
        self.track_running_stats = track_running_stats
        self.weight: Parameter | None
        self.bias: Parameter | None
        self.running_mean: Tensor | None
        self.running_var: Tensor | None
        self.num_batches_tracked: Tensor | None

        def vector() -> Tensor:
            return autograd.empty(num_features, dtype=dtype, device=device)

        self.register_parameter("weight", Parameter(vector()) if affine else None)
        self.register_parameter("bias", Parameter(vector()) if affine and bias else None)
        self.register_buffer("running_mean", vector() if track_running_stats else None)
        self.register_buffer("running_var", vector() if track_running_stats else None)
        count = autograd.tensor(0, dtype=autograd.int64) if track_running_stats else None
        self.register_buffer("num_batches_tracked", count)
        self.reset_parameters()

    def reset_running_stats(self) -> None:
        """Forget the batches seen: mean 0, variance 1, count 0."""
        if self.running_mean is not None and self.running_var is not None and self.num_batches_tracked is not None:
            init.zeros_(self.running_mean)
            init.ones_(self.running_var)
            self.num_batches_tracked.zero_()

    def reset_parameters(self) -> None:
        """Forget the batches seen, and set weight to 1 and bias to 0."""
        self.reset_running_stats()
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def forward(self, input: Any) -> Tensor:
        """The normalised input; in training the running estimates move towards those of this batch."""
        if input.ndim not in self.dims or input.shape[1] != self.num_features:
            raise ShapeError(
                f"{type(self).__name__}: x {input.shape} must be {self.expected} with C = {self.num_features}"
            )
        momentum = self.momentum
        counts = self.num_batches_tracked if self.training else None
        if momentum is None:  # the plain average of all batches
            momentum = 0.0 if counts is None else 1 / (counts.item() + 1)
        out = autograd.batch_norm(
            input,
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            self.training or self.running_mean is None,
            momentum,
            self.eps,
        )
        if counts is not None:
            counts.add_(1)
        return out

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )


class BatchNorm1d(_BatchNorm):
    """Normalises each feature: `weight * (x - mean) / sqrt(var + eps) + bias`.

    In training, mean and (biased) variance are those of the batch, and `running_mean` and `running_var` move towards
    them (the variance unbiased): `running = (1 - momentum) * running + momentum * estimate`. In evaluation the running
    estimates take their place.

    Args:
        num_features: C.
        eps: added to the variance.
        momentum: the share of the new estimate; None for the plain average of all batches seen.
        affine: learn weight and bias.
        track_running_stats: keep running estimates; without them evaluation uses the batch's too.
        device: "cpu" or None.
        dtype: of parameters and buffers; the default dtype, unless given.
        bias: learn the bias, where affine.

    Raises:
        ShapeError: an input does not fit, or a training batch has fewer than two numbers a feature.

    Shapes:
        input and output (N, C) or (N, C, L).

    Example:
        >>> nn.BatchNorm1d(1)(autograd.tensor([[1.0], [3.0]])).tolist()
        [[-0.9999949932098389], [0.9999949932098389]]

    Source: Ioffe and Szegedy 2015, arXiv 1502.03167, algorithms 1 and 2.
    """

    dims = (2, 3)
    expected = "(N, C) or (N, C, L)"


class BatchNorm2d(_BatchNorm):
    """Normalises each channel of images; as `BatchNorm1d`, for inputs (N, C, H, W).

    Example:
        >>> nn.BatchNorm2d(3)(autograd.randn(2, 3, 4, 4)).shape
        (2, 3, 4, 4)

    Source: Ioffe and Szegedy 2015, arXiv 1502.03167, section 3.2.
    """

    dims = (4,)
    expected = "(N, C, H, W)"
