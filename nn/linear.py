"""Affine maps, and layers that only change the shape."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import autograd
from autograd import Tensor
from autograd.errors import ArgumentError

from . import init
from .module import Module
from .parameter import Parameter

__all__ = ["Bilinear", "Flatten", "Identity", "Linear", "Unflatten"]


def positive(where: str, **sizes: Any) -> None:
    """Raise ArgumentError unless every size is a whole number of at least 1."""
    for name, size in sizes.items():
        if not hasattr(size, "__index__") or isinstance(size, bool) or size < 1:
            raise ArgumentError(f"{where}: {name} is {size!r}; use a whole number of at least 1")


class Linear(Module):
    """An affine map of the last dimension: `y = x weight^T + bias`.

    Weight and bias start uniform in `(-1 / sqrt(in_features), 1 / sqrt(in_features))`.

    Args:
        in_features: the size of the last dimension of x.
        out_features: the size of the last dimension of y.
        bias: add a bias.
        device: "cpu" or None.
        dtype: of the parameters; the default dtype, unless given.

    Raises:
        ArgumentError: a size is not a whole number of at least 1.

    Shapes:
        weight (out_features, in_features), bias (out_features,); x (..., in_features), y (..., out_features).

    Example:
        >>> nn.Linear(4, 3)(autograd.ones(5, 4)).shape
        (5, 3)
    """

    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__()
        positive("Linear", in_features=in_features, out_features=out_features)
        self.in_features = in_features
        self.out_features = out_features
        self.weight = Parameter(autograd.empty(out_features, in_features, dtype=dtype, device=device))
        self.bias: Parameter | None
        self.register_parameter("bias", Parameter(autograd.empty(out_features, dtype=dtype)) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw weight and bias anew."""
        reset_affine(self.weight, self.bias)

    def forward(self, input: Any) -> Tensor:
        """`input weight^T + bias`."""
        return autograd.linear(input, self.weight, self.bias)

    def extra_repr(self) -> str:
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"


def reset_affine(weight: Parameter, bias: Parameter | None) -> None:
    """PyTorch's initial distribution of affine maps and convolutions: uniform within `1 / sqrt(fan_in)`."""
    init.kaiming_uniform_(weight, a=math.sqrt(5))  # sqrt(6 / ((1 + 5) fan_in)) = 1 / sqrt(fan_in)
    if bias is not None:
        fan_in, _ = init.fans(weight)
        bound = 1 / math.sqrt(fan_in)
        init.uniform_(bias, -bound, bound)


class Bilinear(Module):
    """A bilinear map of the last dimensions of two inputs: `y_o = x1^T weight_o x2 + bias_o`.

    Weight and bias start uniform in `(-1 / sqrt(in1_features), 1 / sqrt(in1_features))`.

    Args:
        in1_features, in2_features: the sizes of the last dimensions of x1 and x2.
        out_features: the size of the last dimension of y.
        bias: add a bias.
        device: "cpu" or None.
        dtype: of the parameters; the default dtype, unless given.

    Raises:
        ArgumentError: a size is not a whole number of at least 1.

    Shapes:
        weight (out_features, in1_features, in2_features), bias (out_features,); x1 (..., in1_features),
        x2 (..., in2_features), y (..., out_features).

    Example:
        >>> nn.Bilinear(4, 3, 2)(autograd.ones(5, 4), autograd.ones(5, 3)).shape
        (5, 2)
    """

    def __init__(
        self,
        in1_features: int,
        in2_features: int,
        out_features: int,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        positive("Bilinear", in1_features=in1_features, in2_features=in2_features, out_features=out_features)
        self.in1_features = in1_features
        self.in2_features = in2_features
        self.out_features = out_features
        shape = (out_features, in1_features, in2_features)
        self.weight = Parameter(autograd.empty(shape, dtype=dtype, device=device))
        self.bias: Parameter | None
        self.register_parameter("bias", Parameter(autograd.empty(out_features, dtype=dtype)) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw weight and bias anew."""
        bound = 1 / math.sqrt(self.in1_features)
        init.uniform_(self.weight, -bound, bound)
        if self.bias is not None:
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input1: Any, input2: Any) -> Tensor:
        """`input1^T weight_o input2 + bias_o` for each feature o."""
        return autograd.bilinear(input1, input2, self.weight, self.bias)

    def extra_repr(self) -> str:
        return (
            f"in1_features={self.in1_features}, in2_features={self.in2_features}, out_features={self.out_features}, "
            f"bias={self.bias is not None}"
        )


class Identity(Module):
    """Returns its input; any arguments are accepted and ignored.

    Example:
        >>> nn.Identity()(autograd.tensor([1.0]))
        tensor([1.])
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()

    def forward(self, input: Any) -> Any:
        """The input."""
        return input


class Flatten(Module):
    """Makes one dimension of those from `start_dim` to `end_dim`; all but the batch's, unless given.

    Args:
        start_dim, end_dim: the first and the last dimension to be merged.

    Example:
        >>> nn.Flatten()(autograd.ones(2, 3, 4)).shape
        (2, 12)
    """

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        super().__init__()
        self.start_dim = start_dim
        self.end_dim = end_dim

    def forward(self, input: Any) -> Tensor:
        """The input with its dimensions merged."""
        return autograd.flatten(input, self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Unflatten(Module):
    """Makes several dimensions of one.

    Args:
        dim: the dimension to be cut.
        unflattened_size: the sizes it is cut into, of which one may be -1.

    Raises:
        ShapeError: the sizes do not multiply to that of the dimension.

    Example:
        >>> nn.Unflatten(1, (3, 4))(autograd.ones(2, 12)).shape
        (2, 3, 4)
    """

    def __init__(self, dim: int, unflattened_size: Sequence[int]) -> None:
        super().__init__()
        self.dim = dim
        self.unflattened_size = tuple(unflattened_size)

    def forward(self, input: Any) -> Tensor:
        """The input with its dimension cut."""
        shape = input.shape
        if not -len(shape) <= self.dim < len(shape):
            raise ArgumentError(f"Unflatten: x {shape} has no dimension {self.dim}; it has {len(shape)} dimensions")
        dim = self.dim % len(shape)
        return autograd.reshape(input, shape[:dim] + self.unflattened_size + shape[dim + 1 :])

    def extra_repr(self) -> str:
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"
