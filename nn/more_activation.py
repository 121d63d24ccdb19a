"""The less common activation functions as modules."""

from __future__ import annotations

from typing import Any

import autograd
from autograd import Tensor
from autograd.errors import ShapeError

from . import functional as F
from .activation import Softmax, _InPlace
from .module import Module

__all__ = [
    "CELU",
    "GLU",
    "Hardshrink",
    "Hardsigmoid",
    "Hardswish",
    "Mish",
    "RReLU",
    "Softmax2d",
    "Softmin",
    "Softshrink",
    "Tanhshrink",
    "Threshold",
]


class CELU(Module):
    """`max(x, 0) + min(alpha (e^(x / alpha) - 1), 0)`, an ELU whose slope at 0 is 1 for every alpha.

    Args:
        alpha: minus the value at minus infinity.
        inplace: overwrite the input.

    Example:
        >>> nn.CELU()(autograd.tensor([-1.0, 2.0]))
        tensor([-0.6321,  2.0000])

    Source: Barron 2017, arXiv 1704.07483, equation 2.
    """

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__()
        self.alpha = alpha
        self.inplace = inplace

    def forward(self, input: Any) -> Tensor:
        """The activation, elementwise."""
        return F.celu(input, self.alpha, self.inplace)

    def extra_repr(self) -> str:
        return f"alpha={self.alpha}" + (", inplace=True" if self.inplace else "")


class Mish(_InPlace):
    """`x tanh(ln(1 + e^x))`.

    Example:
        >>> nn.Mish()(autograd.tensor([-1.0, 2.0]))
        tensor([-0.3034,  1.9440])

    Source: Misra 2019, arXiv 1908.08681, equation 1.
    """

    def forward(self, input: Any) -> Tensor:
        """The activation, elementwise."""
        return F.mish(input, self.inplace)


class _Quiet(_InPlace):
    """Without a word on `inplace` in the repr."""

    def extra_repr(self) -> str:
        return ""


class Hardsigmoid(_Quiet):
    """`min(max(x + 3, 0), 6) / 6`, a sigmoid of straight lines.

    Example:
        >>> nn.Hardsigmoid()(autograd.tensor([-4.0, 0.0]))
        tensor([0.0000, 0.5000])
    """

    def forward(self, input: Any) -> Tensor:
        """The activation, elementwise."""
        return F.hardsigmoid(input, self.inplace)


class Hardswish(_Quiet):
    """`x min(max(x + 3, 0), 6) / 6`.

    Example:
        >>> nn.Hardswish()(autograd.tensor([1.0, 3.0]))
        tensor([0.6667, 3.0000])

    Source: Howard et al. 2019, arXiv 1905.02244, section 5.2.
    """

    def forward(self, input: Any) -> Tensor:
        """The activation, elementwise."""
        return F.hardswish(input, self.inplace)


class Hardshrink(Module):
    """x where `|x| > lambd`, else 0.

    Args:
        lambd: the bound.

    Example:
        >>> nn.Hardshrink()(autograd.tensor([-0.5, 2.0]))
        tensor([0., 2.])
    """

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__()
        self.lambd = lambd

    def forward(self, input: Any) -> Tensor:
        """The activation, elementwise."""
        return autograd.hardshrink(input, self.lambd)

    def extra_repr(self) -> str:
        return f"{self.lambd}"


class Softshrink(Hardshrink):
    """x brought nearer to 0 by lambd, and 0 where `|x| <= lambd`.

    Args:
        lambd: how much nearer; not negative.

    Example:
        >>> nn.Softshrink()(autograd.tensor([-0.5, 2.0]))
        tensor([0.0000, 1.5000])
    """

    def forward(self, input: Any) -> Tensor:
        """The activation, elementwise."""
        return autograd.softshrink(input, self.lambd)


class Tanhshrink(Module):
    """`x - tanh(x)`.

    Example:
        >>> nn.Tanhshrink()(autograd.tensor([0.0, 2.0]))
        tensor([0.0000, 1.0360])
    """

    def forward(self, input: Any) -> Tensor:
        """The activation, elementwise."""
        return autograd.tanhshrink(input)


class Threshold(Module):
    """x where it is above a threshold, else a fixed value.

    Args:
        threshold: the threshold.
        value: what stands below.
        inplace: overwrite the input.

    Example:
        >>> nn.Threshold(0.5, 7.0)(autograd.tensor([-1.0, 2.0]))
        tensor([7., 2.])
    """

    def __init__(self, threshold: float, value: float, inplace: bool = False) -> None:
        super().__init__()
        self.threshold = threshold
        self.value = value
        self.inplace = inplace

    def forward(self, input: Any) -> Tensor:
        """The activation, elementwise."""
        return F.threshold(input, self.threshold, self.value, self.inplace)

    def extra_repr(self) -> str:
        return f"threshold={self.threshold}, value={self.value}" + (", inplace=True" if self.inplace else "")


class RReLU(Module):
    """`x` where `x > 0`, else `slope * x`: in training with slopes drawn from [lower, upper], else with their mean.

    Args:
        lower, upper: the bounds of the slopes.
        inplace: overwrite the input.

    Example:
        >>> nn.RReLU(0.5, 0.5)(autograd.tensor([-1.0, 2.0]))
        tensor([-0.5000,  2.0000])

    Source: Xu et al. 2015, arXiv 1505.00853, section 2.4.
    """

    def __init__(self, lower: float = 1 / 8, upper: float = 1 / 3, inplace: bool = False) -> None:
        super().__init__()
        self.lower = lower
        self.upper = upper
        self.inplace = inplace

    def forward(self, input: Any) -> Tensor:
        """The activation, elementwise."""
        return F.rrelu(input, self.lower, self.upper, self.training, self.inplace)

    def extra_repr(self) -> str:
        return f"lower={self.lower}, upper={self.upper}" + (", inplace=True" if self.inplace else "")


class GLU(Module):
    """The first half of a dimension times the sigmoid of the second.

    Args:
        dim: the dimension, whose size is even.

    Example:
        >>> nn.GLU()(autograd.tensor([4.0, 0.0]))
        tensor([2.])

    Source: Dauphin et al. 2016, arXiv 1612.08083, equation 1.
    """

    def __init__(self, dim: int = -1) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Any) -> Tensor:
        """The gated half."""
        return autograd.glu(input, self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class Softmin(Softmax):
    """The softmax of -x; arguments as for `Softmax`.

    Example:
        >>> nn.Softmin(dim=0)(autograd.tensor([0.0, 0.0]))
        tensor([0.5000, 0.5000])
    """

    def forward(self, input: Any) -> Tensor:
        """The probabilities."""
        return F.softmin(input, self.dim)


class Softmax2d(Module):
    """The softmax over channels, at each place of images (N, C, H, W) or (C, H, W).

    Raises:
        ShapeError: the input has another number of dimensions.

    Example:
        >>> nn.Softmax2d()(autograd.zeros(2, 1, 1))
        tensor([[[0.5000]],
                [[0.5000]]])
    """

    def forward(self, input: Any) -> Tensor:
        """The probabilities."""
        if input.ndim not in (3, 4):
            raise ShapeError(f"Softmax2d: x {input.shape} must be (N, C, H, W) or (C, H, W)")
        return autograd.softmax(input, -3)
