"""Training steps of convolutional networks, and the networks, each written once for either library."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

from .case import STEP, Case, training_step

# Of the first loss, the gradients, the second loss. Relu's kink makes float32 gradients of deep networks uncertain:
# PyTorch's own are off by 1.2e-2 of the largest in ResNet-18, by 0.7e-2 in MobileNet v2, against float64.
TOLERANCE = (1e-4, 2e-2, 1e-3)
SETTINGS = {"lr": 1e-3, "momentum": 0.9}


def lenet(nn: Any) -> Any:
    """LeNet-5, with relu and max pooling, for 28 x 28 digits."""
    convolutions = [nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2)]
    convolutions += [nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()]
    return nn.Sequential(
        *convolutions, nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10)
    )


def vgg(nn: Any) -> Any:
    """Six 3x3 convolutions in three pairs, after VGG, for 32 x 32 images."""
    layers: list[Any] = []
    before = 3
    for width in (64, 128, 256):
        layers += [nn.Conv2d(before, width, 3, padding=1), nn.ReLU()]
        layers += [nn.Conv2d(width, width, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
        before = width
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(256 * 16, 256), nn.ReLU(), nn.Linear(256, 10))


@functools.cache
def residual(nn: Any) -> Any:
    """The class of a block that adds what it computes to its input, or to a projection of it."""

    class Residual(nn.Module):  # type: ignore[misc]
        def __init__(self, main: Any, shortcut: Any, last: Any) -> None:
            super().__init__()
            self.main, self.shortcut, self.last = main, shortcut, last

        def forward(self, x: Any) -> Any:
            return self.last(self.main(x) + self.shortcut(x))

    return Residual


def conv_norm(nn: Any, n: int, m: int, size: int, stride: int = 1, groups: int = 1) -> list[Any]:
    """A convolution without bias, and batch norm."""
    return [nn.Conv2d(n, m, size, stride, size // 2, groups=groups, bias=False), nn.BatchNorm2d(m)]


def basic_block(nn: Any, n: int, m: int, stride: int) -> Any:
    """ResNet's block of two 3x3 convolutions."""
    main = nn.Sequential(*conv_norm(nn, n, m, 3, stride), nn.ReLU(), *conv_norm(nn, m, m, 3))
    same = n == m and stride == 1
    shortcut = nn.Identity() if same else nn.Sequential(*conv_norm(nn, n, m, 1, stride))
    return residual(nn)(main, shortcut, nn.ReLU())


def resnet(nn: Any, stem: list[Any], widths: tuple[int, ...], blocks: int, classes: int) -> Any:
    """A stem, then stages of basic blocks, each half as large and wider."""
    layers = list(stem)
    before = widths[0]
    for width in widths:
        for k in range(blocks):
            layers.append(basic_block(nn, before, width, 2 if k == 0 and width != widths[0] else 1))
            before = width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(before, classes))


def resnet20(nn: Any) -> Any:
    """ResNet-20 for 32 x 32 images."""
    return resnet(nn, [*conv_norm(nn, 3, 16, 3), nn.ReLU()], (16, 32, 64), 3, 10)


def resnet18(nn: Any) -> Any:
    """ResNet-18 for 224 x 224 images."""
    stem = [*conv_norm(nn, 3, 64, 7, 2), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
    return resnet(nn, stem, (64, 128, 256, 512), 2, 1000)


def mobilenet(nn: Any) -> Any:
    """MobileNet v2, with the first two strides left out for 32 x 32 images."""
    layers = [*conv_norm(nn, 3, 32, 3), nn.ReLU6()]
    n = 32
    for expand, m, count, first in (
        (1, 16, 1, 1),
        (6, 24, 2, 1),
        (6, 32, 3, 2),
        (6, 64, 4, 2),
        (6, 96, 3, 1),
        (6, 160, 3, 2),
        (6, 320, 1, 1),
    ):
        for k in range(count):
            layers.append(inverted_block(nn, n, m, expand, first if k == 0 else 1))
            n = m
    layers += [*conv_norm(nn, n, 1280, 1), nn.ReLU6(), nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    return nn.Sequential(*layers, nn.Linear(1280, 10))


def inverted_block(nn: Any, n: int, m: int, expand: int, stride: int) -> Any:
    """MobileNet v2's block: widen by 1x1, filter each channel, narrow by 1x1."""
    wide = n * expand
    widen = [*conv_norm(nn, n, wide, 1), nn.ReLU6()] if expand > 1 else []
    filters = [*conv_norm(nn, wide, wide, 3, stride, wide), nn.ReLU6()]
    main = nn.Sequential(*widen, *filters, *conv_norm(nn, wide, m, 1))
    return residual(nn)(main, nn.Identity(), nn.Identity()) if n == m and stride == 1 else main


NETWORKS: dict[str, tuple[Callable[[Any], Any], tuple[int, ...], int, str]] = {
    "LeNet-5": (lenet, (64, 1, 28, 28), 10, "models"),
    "VGG-like": (vgg, (32, 3, 32, 32), 10, "VGG-like"),
    "ResNet-20": (resnet20, (32, 3, 32, 32), 10, "models"),
    "ResNet-18": (resnet18, (2, 3, 224, 224), 1000, "models"),
    "MobileNet v2": (mobilenet, (32, 3, 32, 32), 10, "models"),
}


def cases() -> Iterator[Case]:
    """A step of each network."""
    for name, (network, shape, classes, goal) in NETWORKS.items():
        builders = training_step(network, shape, classes, "SGD", SETTINGS)
        yield Case("model", f"{name}, {'x'.join(map(str, shape))}", STEP, builders, goal, TOLERANCE)
