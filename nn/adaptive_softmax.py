"""Softmax over many classes in groups: frequent classes at once, rare ones in clusters that cost less."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import autograd
from autograd import Tensor
from autograd.errors import ArgumentError, ShapeError

from .container import ModuleList, Sequential
from .linear import Linear, positive
from .module import Module

__all__ = ["AdaptiveLogSoftmaxWithLoss"]


class ASMoutput(NamedTuple):
    """The log-probability of each target, and the mean of their negatives."""

    output: Tensor
    loss: Tensor


class AdaptiveLogSoftmaxWithLoss(Module):
    """Log-probabilities of very many classes, sorted from frequent to rare, and their loss.

    A first softmax is over the classes below `cutoffs[0]` and one entry for each cluster of the rest; a class in
    cluster i has the log-probability of its cluster plus that within it,
    `ln softmax(head x)[cutoffs[0] + i] + ln softmax(tail[i] x)[class - cutoffs[i]]`. The tail of cluster i goes through
    `in_features / div_value^(i + 1)` features, and is computed for the examples that need it.

    Args:
        in_features: the size of the last dimension of x.
        n_classes: how many classes there are.
        cutoffs: where clusters begin, rising, within 1 to n_classes - 1.
        div_value: each cluster has this many times fewer features than the one before.
        head_bias: give the first layer a bias.
        device: "cpu" or None.
        dtype: of the parameters; the default dtype, unless given.

    Raises:
        ArgumentError: the cutoffs are not accepted, or a target is no class.
        ShapeError: input and target do not belong together.

    Shapes:
        input (N, in_features) with target (N), or (in_features) with (); output as the target, loss ().

    Example:
        >>> layer = nn.AdaptiveLogSoftmaxWithLoss(16, 100, cutoffs=[10, 40])
        >>> output, loss = layer(autograd.randn(3, 16), autograd.tensor([4, 12, 99]))
        >>> output.shape, layer.log_prob(autograd.randn(3, 16)).shape
        ((3,), (3, 100))

    Source: Grave et al. 2017, arXiv 1609.04309, section 4.
    """

    def __init__(
        self,
        in_features: int,
        n_classes: int,
        cutoffs: Sequence[int],
        div_value: float = 4.0,
        head_bias: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        positive("AdaptiveLogSoftmaxWithLoss", in_features=in_features, n_classes=n_classes)
        bounds = [0, *cutoffs, n_classes]
        if len(bounds) < 3 or any(int(b) != b for b in bounds) or any(a >= b for a, b in pairwise(bounds)):
            raise ArgumentError(
                f"AdaptiveLogSoftmaxWithLoss: cutoffs are {list(cutoffs)}; use rising whole numbers from 1 to "
                f"n_classes - 1 = {n_classes - 1}, at least one"
            )
        self.in_features = in_features
        self.n_classes = n_classes
        self.cutoffs = bounds[1:]
        self.div_value = div_value
        self.head_bias = head_bias
        self.shortlist_size = bounds[1]
        self.n_clusters = len(bounds) - 2
        self.head_size = self.shortlist_size + self.n_clusters
        self.head = Linear(in_features, self.head_size, head_bias, device, dtype)
        self.tail = ModuleList()
        for i, (low, high) in enumerate(pairwise(self.cutoffs)):
            width = int(in_features // div_value ** (i + 1))
            self.tail.append(
                Sequential(
                    Linear(in_features, width, False, device, dtype), Linear(width, high - low, False, device, dtype)
                )
            )

    def reset_parameters(self) -> None:
        """Draw all weights anew."""
        self.head.reset_parameters()
        for projection in self.tail:
            for layer in projection:
                layer.reset_parameters()

    def forward(self, input_: Any, target_: Any) -> ASMoutput:
        """The log-probability of each target, and the loss."""
        if target_.ndim > 1 or input_.ndim != target_.ndim + 1 or input_.shape[:-1] != target_.shape:
            raise ShapeError(
                f"AdaptiveLogSoftmaxWithLoss: x {input_.shape} and target {target_.shape} do not belong together; use "
                "(N, in_features) and (N,), or (in_features,) and ()"
            )
        x, target = input_.reshape(-1, self.in_features), target_.reshape(-1)
        lowest, highest = (target.min().item(), target.max().item()) if target.numel() else (0, 0)
        if lowest < 0 or highest >= self.n_classes:
            raise ArgumentError(
                f"AdaptiveLogSoftmaxWithLoss: targets run from {lowest} to {highest}; use classes from 0 to "
                f"{self.n_classes - 1}"
            )
        output = autograd.zeros(target.shape, dtype=x.dtype)
        place = target.clone()  # of the class, or of its cluster, in the head
        for i, (low, high) in enumerate(pairwise(self.cutoffs)):
            (rows,) = autograd.nonzero((target >= low) & (target < high), as_tuple=True)
            if rows.numel():
                inside = autograd.log_softmax(self.tail[i](x[rows]), 1)
                output = output.index_add(0, rows, inside.gather(1, (target[rows] - low).unsqueeze(1)).squeeze(1))
                place[rows] = self.shortlist_size + i
        output = output + autograd.log_softmax(self.head(x), 1).gather(1, place.unsqueeze(1)).squeeze(1)
        return ASMoutput(output.reshape(target_.shape), -output.mean())

    def _full(self, x: Any, head: Any) -> Tensor:
        head = autograd.log_softmax(head, 1)
        parts = [head[:, : self.shortlist_size]]
        for i, projection in enumerate(self.tail, self.shortlist_size):
            parts.append(autograd.log_softmax(projection(x), 1) + head[:, i : i + 1])
        return autograd.cat(parts, 1)

    def log_prob(self, input: Any) -> Tensor:
        """The log-probabilities of all classes, (N, n_classes), for (N, in_features)."""
        return self._full(input, self.head(input))

    def predict(self, input: Any) -> Tensor:
        """The most probable class of each example, (N); tails are computed where the head points to a cluster."""
        head = self.head(input)
        found = head.argmax(1)
        (rows,) = autograd.nonzero(found >= self.shortlist_size, as_tuple=True)
        if rows.numel():
            found[rows] = self._full(input[rows], head[rows]).argmax(1)
        return found
