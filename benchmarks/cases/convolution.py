"""Convolutions: the shapes of well-known networks, and awkward ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from .case import BOTH, WAYS, Arrays, Case, floats, operation


@dataclass(frozen=True)
class Shape:
    """N images of C x H x H, K filters of F x F."""

    N: int
    C: int
    H: int
    K: int
    F: int
    stride: int = 1
    padding: int = 0
    dilation: int = 1
    groups: int = 1

    def __str__(self) -> str:
        extra = f" stride {self.stride}" if self.stride > 1 else ""
        extra += f" dilation {self.dilation}" if self.dilation > 1 else ""
        if self.groups > 1:
            extra += " depthwise" if self.groups == self.C else f" groups {self.groups}"
        return f"{self.N}x{self.C}x{self.H} -> {self.K}, {self.F}x{self.F}{extra}"

    @property
    def goal(self) -> str:
        """The class of the goal table it belongs to."""
        wide = min(self.C, self.K) >= 32
        plain = self.F == 3 and self.stride == self.dilation == self.groups == 1
        return "conv 3x3" if plain and wide else "conv other"


SHAPES = (
    Shape(64, 1, 28, 6, 5, padding=2),
    Shape(64, 6, 14, 16, 5),
    Shape(32, 3, 32, 64, 3, padding=1),
    Shape(32, 64, 32, 64, 3, padding=1),
    Shape(32, 128, 16, 128, 3, padding=1),
    Shape(32, 256, 8, 256, 3, padding=1),
    Shape(8, 64, 56, 64, 3, padding=1),
    Shape(32, 32, 32, 32, 3, padding=1),
    Shape(8, 64, 56, 128, 3, stride=2, padding=1),
    Shape(8, 64, 56, 256, 1),
    Shape(4, 3, 224, 64, 7, stride=2, padding=3),
    Shape(32, 32, 32, 32, 3, padding=1, groups=32),
    Shape(32, 96, 16, 96, 3, stride=2, padding=1, groups=96),
    Shape(32, 3, 32, 16, 3, padding=1),
    Shape(32, 16, 32, 16, 3, padding=1),
    Shape(32, 17, 32, 17, 3, padding=1),
    Shape(32, 48, 28, 48, 3, padding=1),
    Shape(8, 256, 7, 256, 3, padding=1),
    Shape(1, 64, 56, 64, 3, padding=1),
    Shape(1, 512, 7, 512, 3, padding=1),
    Shape(32, 64, 16, 64, 3, padding=2, dilation=2),
    Shape(32, 64, 16, 64, 3, padding=1, groups=4),
    Shape(32, 32, 16, 32, 5, padding=2),
    Shape(32, 64, 16, 128, 1, stride=2),
    Shape(1, 256, 14, 1024, 1),
    Shape(32, 960, 4, 160, 1),
)


def cases() -> Iterator[Case]:
    """Every shape, with bias."""
    for shape in SHAPES:
        for way in WAYS:
            yield Case("conv", str(shape), way, convolution(shape, way == BOTH), shape.goal if way == BOTH else "")


def convolution(shape: Shape, backward: bool) -> Any:
    """A convolution with bias, and its three gradients."""

    def inputs(rng: np.random.Generator) -> Arrays:
        channels = shape.C // shape.groups
        x = floats(rng, shape.N, shape.C, shape.H, shape.H)
        filters = floats(rng, shape.K, channels, shape.F, shape.F, scale=(channels * shape.F**2) ** -0.5)
        return [x, filters, floats(rng, shape.K)]

    def function(library: Any, x: Any, weight: Any, bias: Any) -> Any:
        return library.F.conv2d(x, weight, bias, shape.stride, shape.padding, shape.dilation, shape.groups)

    return operation(function, inputs, backward)
