"""Activation functions as modules. Those that take `inplace` can overwrite their input with the result."""

from __future__ import annotations

from typing import Any

import autograd
from autograd import Tensor
from autograd.errors import ArgumentError

from . import functional as F
from . import init
from .linear import positive, reset_affine
from .module import Module
from .parameter import Parameter

__all__ = [
    "ELU",
    "GELU",
    "SELU",
    "Hardtanh",
    "LeakyReLU",
    "LogSigmoid",
    "LogSoftmax",
    "Maxout",
    "PReLU",
    "ReLU",
    "ReLU6",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Softplus",
    "Softsign",
    "Tanh",
]


class _InPlace(Module):
    """An activation whose only setting is `inplace`."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def extra_repr(self) -> str:
        return "inplace=True" if self.inplace else ""


class ReLU(_InPlace):
    """`max(x, 0)`; its gradient at 0 is 0.

    Example:
        >>> nn.ReLU()(autograd.tensor([-1.0, 2.0]))
        tensor([0., 2.])
    """

    def forward(self, input: Any) -> Tensor:
        """The activation, elementwise."""
        return F.relu(input, self.inplace)


class ReLU6(_InPlace):
    """`min(max(x, 0), 6)`.

    Example:
        >>> nn.ReLU6()(autograd.tensor([-1.0, 2.0]))
        tensor([0., 2.])
    """

    def forward(self, input: Any) -> Tensor:
        """The activation, elementwise."""
        return F.relu6(input, self.inplace)


class SELU(_InPlace):
    """`scale * (max(x, 0) + min(alpha (e^x - 1), 0))`, which drives activations to mean 0 and variance 1.

    Example:
        >>> nn.SELU()(autograd.tensor([-1.0, 2.0]))
        tensor([-1.1113,  2.1014])

    Source: Klambauer et al. 2017, arXiv 1706.02515, equation 2.
    """

    def forward(self, input: Any) -> Tensor:
        """The activation, elementwise."""
        return F.selu(input, self.inplace)


class SiLU(_InPlace):
    """`x / (1 + e^-x)`, also called swish.

    Example:
        >>> nn.SiLU()(autograd.tensor([-1.0, 2.0]))
        tensor([-0.2689,  1.7616])

    Source: Elfwing, Uchibe and Doya 2017, arXiv 1702.03118, equation 5.
    """

    def forward(self, input: Any) -> Tensor:
        """The activation, elementwise."""
        return F.silu(input, self.inplace)


class Sigmoid(Module):
    """`1 / (1 + e^-x)`.

    Example:
        >>> nn.Sigmoid()(autograd.tensor([-1.0, 2.0]))
        tensor([0.2689, 0.8808])
    """

    def forward(self, input: Any) -> Tensor:
        """The activation, elementwise."""
        return autograd.sigmoid(input)


class Tanh(Module):
    """The hyperbolic tangent.

    Example:
        >>> nn.Tanh()(autograd.tensor([-1.0, 2.0]))
        tensor([-0.7616,  0.9640])
    """

    def forward(self, input: Any) -> Tensor:
        """The activation, elementwise."""
        return autograd.tanh(input)


class LogSigmoid(Module):
    """`ln(1 / (1 + e^-x))`, without overflow.

    Example:
        >>> nn.LogSigmoid()(autograd.tensor([-1.0, 2.0]))
        tensor([-1.3133, -0.1269])
    """

    def forward(self, input: Any) -> Tensor:
        """The activation, elementwise."""
        return autograd.logsigmoid(input)


class Softsign(Module):
    """`x / (1 + |x|)`.

    Example:
        >>> nn.Softsign()(autograd.tensor([-1.0, 2.0]))
        tensor([-0.5000,  0.6667])
    """

    def forward(self, input: Any) -> Tensor:
        """The activation, elementwise."""
        return autograd.softsign(input)


class LeakyReLU(Module):
    """`x` where `x > 0`, else `negative_slope * x`.

    Args:
        negative_slope: the slope below 0.

    Example:
        >>> nn.LeakyReLU(0.1)(autograd.tensor([-1.0, 2.0]))
        tensor([-0.1000,  2.0000])
    """

    def __init__(self, negative_slope: float = 0.01, inplace: bool = False) -> None:
        super().__init__()
        self.negative_slope = negative_slope
        self.inplace = inplace

    def forward(self, input: Any) -> Tensor:
        """The activation, elementwise."""
        return F.leaky_relu(input, self.negative_slope, self.inplace)

    def extra_repr(self) -> str:
        return f"negative_slope={self.negative_slope}" + (", inplace=True" if self.inplace else "")


class PReLU(Module):
    """`x` where `x > 0`, else `weight * x`, with a slope that is learned: one for all, or one a channel.

    Args:
        num_parameters: 1, or the number of channels, the size of dimension 1 of x.
        init: the slope to begin with.
        device: "cpu" or None.
        dtype: of the slope; the default dtype, unless given.

    Example:
        >>> nn.PReLU()(autograd.tensor([-1.0, 2.0])).tolist()
        [-0.25, 2.0]

    Source: He et al. 2015, arXiv 1502.01852, equation 1.
    """

    def __init__(self, num_parameters: int = 1, init: float = 0.25, device: Any = None, dtype: Any = None) -> None:
        super().__init__()
        positive("PReLU", num_parameters=num_parameters)
        self.num_parameters = num_parameters
        self.init = init
        self.weight = Parameter(autograd.empty(num_parameters, dtype=dtype, device=device))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set the slopes to what they began with."""
        init.constant_(self.weight, self.init)

    def forward(self, input: Any) -> Tensor:
        """The activation, elementwise."""
        return F.prelu(input, self.weight)

    def extra_repr(self) -> str:
        return f"num_parameters={self.num_parameters}"


class ELU(Module):
    """`x` where `x > 0`, else `alpha * (e^x - 1)`.

    Args:
        alpha: minus the value at minus infinity.

    Example:
        >>> nn.ELU()(autograd.tensor([-1.0, 2.0]))
        tensor([-0.6321,  2.0000])

    Source: Clevert, Unterthiner and Hochreiter 2015, arXiv 1511.07289, equation 15.
    """

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__()
        self.alpha = alpha
        self.inplace = inplace

    def forward(self, input: Any) -> Tensor:
        """The activation, elementwise."""
        return F.elu(input, self.alpha, self.inplace)

    def extra_repr(self) -> str:
        return f"alpha={self.alpha}" + (", inplace=True" if self.inplace else "")


class GELU(Module):
    """`x * Phi(x)` with the normal distribution function Phi.

    Args:
        approximate: "none", or "tanh" for the approximation by tanh.

    Raises:
        ArgumentError: `approximate` is something else.

    Example:
        >>> nn.GELU()(autograd.tensor([-1.0, 2.0]))
        tensor([-0.1587,  1.9545])

    Source: Hendrycks and Gimpel 2016, arXiv 1606.08415, section 2.
    """

    def __init__(self, approximate: str = "none") -> None:
        super().__init__()
        if approximate not in ("none", "tanh"):
            raise ArgumentError(f"GELU: approximate is {approximate!r}; use 'none' or 'tanh'")
        self.approximate = approximate

    def forward(self, input: Any) -> Tensor:
        """The activation, elementwise."""
        return autograd.gelu(input, self.approximate)

    def extra_repr(self) -> str:
        return f"approximate={self.approximate!r}"


class Softplus(Module):
    """`ln(1 + e^(beta x)) / beta`, a smooth rectifier.

    Args:
        beta: how sharp its bend is.
        threshold: where `beta x` is above this, x itself is returned.

    Example:
        >>> nn.Softplus()(autograd.tensor([0.0, 100.0]))
        tensor([  0.6931, 100.0000])
    """

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        super().__init__()
        self.beta = beta
        self.threshold = threshold

    def forward(self, input: Any) -> Tensor:
        """The activation, elementwise."""
        return autograd.softplus(input, self.beta, self.threshold)

    def extra_repr(self) -> str:
        return f"beta={self.beta}, threshold={self.threshold}"


class Hardtanh(Module):
    """x limited to an interval; the gradient at its bounds is 0.

    Args:
        min_val, max_val: the bounds.
        inplace: overwrite the input.
        min_value, max_value: older names of the bounds.

    Raises:
        ArgumentError: the bounds are in the wrong order.

    Example:
        >>> nn.Hardtanh()(autograd.tensor([-3.0, 0.5]))
        tensor([-1.0000,  0.5000])
    """

    def __init__(
        self,
        min_val: float = -1.0,
        max_val: float = 1.0,
        inplace: bool = False,
        min_value: float | None = None,
        max_value: float | None = None,
    ) -> None:
        super().__init__()
        min_val = min_val if min_value is None else min_value
        max_val = max_val if max_value is None else max_value
        if min_val >= max_val:
            raise ArgumentError(f"Hardtanh: min_val {min_val} must be less than max_val {max_val}")
        self.min_val = min_val
        self.max_val = max_val
        self.inplace = inplace

    def forward(self, input: Any) -> Tensor:
        """The activation, elementwise."""
        return F.hardtanh(input, self.min_val, self.max_val, self.inplace)

    def extra_repr(self) -> str:
        return f"min_val={self.min_val}, max_val={self.max_val}" + (", inplace=True" if self.inplace else "")


class Softmax(Module):
    """`e^x[i] / sum over j of e^x[j]` along a dimension.

    Args:
        dim: the dimension that is to sum to 1; it must be given.

    Raises:
        ArgumentError: dim is None, which leaves open what is to sum to 1.

    Example:
        >>> nn.Softmax(dim=0)(autograd.tensor([0.0, 0.0]))
        tensor([0.5000, 0.5000])
    """

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        F.required_dim(type(self).__name__, dim)
        self.dim = dim

    def forward(self, input: Any) -> Tensor:
        """The probabilities."""
        return F.softmax(input, self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class LogSoftmax(Softmax):
    """The logarithm of `Softmax`, without overflow; arguments as there.

    Example:
        >>> nn.LogSoftmax(dim=0)(autograd.tensor([0.0, 0.0]))
        tensor([-0.6931, -0.6931])
    """

    def forward(self, input: Any) -> Tensor:
        """The log-probabilities."""
        return F.log_softmax(input, self.dim)


class Maxout(Module):
    """The largest of several affine maps: `max over k of (x weight_k^T + bias_k)`; at a tie they share the gradient.

    With two pieces it is the course's neuron, `max(w1^T x + b1, w2^T x + b2)`. PyTorch has no such layer.

    Args:
        in_features, out_features: sizes of the last dimensions of x and of the result.
        pieces: how many affine maps.
        bias: add biases.
        device: "cpu" or None.
        dtype: of the parameters; the default dtype, unless given.

    Shapes:
        weight (pieces * out_features, in_features), bias (pieces * out_features,), piece after piece.

    Example:
        >>> nn.Maxout(4, 3)(autograd.ones(5, 4)).shape
        (5, 3)

    Source: Goodfellow et al. 2013, arXiv 1302.4389, section 3.
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        pieces: int = 2,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        positive("Maxout", in_features=in_features, out_features=out_features, pieces=pieces)
        self.in_features = in_features
        self.out_features = out_features
        self.pieces = pieces
        rows = pieces * out_features
        self.weight = Parameter(autograd.empty(rows, in_features, dtype=dtype, device=device))
        self.bias: Parameter | None
        self.register_parameter("bias", Parameter(autograd.empty(rows, dtype=dtype)) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw weight and bias anew, as `Linear` does."""
        reset_affine(self.weight, self.bias)

    def forward(self, input: Any) -> Tensor:
        """The maxima."""
        out = autograd.linear(input, self.weight, self.bias)
        return out.reshape(*out.shape[:-1], self.pieces, self.out_features).amax(-2)

    def extra_repr(self) -> str:
        return (
            f"in_features={self.in_features}, out_features={self.out_features}, pieces={self.pieces}, "
            f"bias={self.bias is not None}"
        )
