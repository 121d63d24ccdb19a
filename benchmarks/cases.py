"""The work that is timed, each written once and built on either library."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch

import autograd
import nn
import nn.functional as F
import optim

Result = Callable[[], list[np.ndarray]]
Built = tuple[Callable[[], object], Result]

OURS = SimpleNamespace(
    tensor=lambda array, grad=False: autograd.tensor(array, requires_grad=grad),
    nn=nn,
    F=F,
    optim=optim,
    array=lambda t: np.array(t.detach().numpy()),
)
TORCH = SimpleNamespace(
    tensor=lambda array, grad=False: torch.tensor(array, requires_grad=grad),
    nn=torch.nn,
    F=torch.nn.functional,
    optim=torch.optim,
    array=lambda t: t.detach().numpy().copy(),
)

GROUPS = ("chain", "perceptron", "conv", "pool")


@dataclass(frozen=True)
class Case:
    """One piece of work: `build(library, rng)` gives what is timed, and a function that gives its results."""

    group: str
    name: str
    build: Callable[[Any, np.random.Generator], Built]
    tolerance: float = 1e-4  # largest difference allowed, relative to the largest number


def floats(rng: np.random.Generator, *shape: int, scale: float = 1.0) -> np.ndarray:
    """Normal float32 numbers."""
    return rng.standard_normal(shape, dtype=np.float32) * np.float32(scale)


# --- overhead: chains of small operations


def chain(backward: bool) -> Callable[[Any, np.random.Generator], Built]:
    """`x = x * b + a`, a hundred times, on 32 x 32 numbers."""

    def build(library: Any, rng: np.random.Generator) -> Built:
        start = library.tensor(floats(rng, 32, 32), True)
        b = library.tensor(rng.random((32, 32), dtype=np.float32), True)
        a = library.tensor(floats(rng, 32, 32), True)

        def forward() -> Any:
            x = start
            for _ in range(100):
                x = x * b + a
            return x

        def both() -> Any:
            start.grad = a.grad = b.grad = None
            y = forward()
            y.sum().backward()
            return y

        run = both if backward else forward

        def result() -> list[np.ndarray]:
            y = run()
            return [library.array(t) for t in ([y, start.grad, a.grad, b.grad] if backward else [y])]

        return run, result

    return build


# --- small perceptrons


def perceptron(sizes: tuple[int, ...], batch: int, optimizer: str) -> Callable[[Any, np.random.Generator], Built]:
    """One training step: forward, cross-entropy, backward, update."""

    def build(library: Any, rng: np.random.Generator) -> Built:
        layers: list[Any] = []
        for n, m in itertools.pairwise(sizes):
            layer = library.nn.Linear(n, m)
            layer.weight.data = library.tensor(floats(rng, m, n, scale=n**-0.5))
            layer.bias.data = library.tensor(floats(rng, m, scale=0.1))
            layers += [layer, library.nn.ReLU()]
        model = library.nn.Sequential(*layers[:-1])
        x = library.tensor(floats(rng, batch, sizes[0]))
        y = library.tensor(rng.integers(0, sizes[-1], batch))
        settings = {"lr": 0.01, "momentum": 0.9} if optimizer == "SGD" else {"lr": 1e-3}
        update = getattr(library.optim, optimizer)(model.parameters(), **settings)

        def step() -> Any:
            update.zero_grad()
            loss = library.F.cross_entropy(model(x), y)
            loss.backward()
            update.step()
            return loss

        def result() -> list[np.ndarray]:
            return [library.array(step()) for _ in range(3)]

        return step, result

    return build


# --- convolution and pooling


@dataclass(frozen=True)
class ConvShape:
    """The shape of a convolution: N images of C x H x H, K filters of F x F."""

    N: int
    C: int
    H: int
    K: int
    F: int
    stride: int = 1
    padding: int = 0
    groups: int = 1

    def __str__(self) -> str:
        extra = f" stride {self.stride}" if self.stride > 1 else ""
        extra += f" groups {self.groups}" if self.groups > 1 else ""
        return f"{self.N}x{self.C}x{self.H} -> {self.K}, {self.F}x{self.F}{extra}"


CONVOLUTIONS = (
    ConvShape(64, 1, 28, 6, 5, padding=2),
    ConvShape(64, 6, 14, 16, 5),
    ConvShape(32, 3, 32, 64, 3, padding=1),
    ConvShape(32, 64, 32, 64, 3, padding=1),
    ConvShape(32, 128, 16, 128, 3, padding=1),
    ConvShape(32, 256, 8, 256, 3, padding=1),
    ConvShape(8, 64, 56, 64, 3, padding=1),
    ConvShape(32, 32, 32, 32, 3, padding=1),
    ConvShape(8, 64, 56, 128, 3, stride=2, padding=1),
    ConvShape(8, 64, 56, 256, 1),
    ConvShape(4, 3, 224, 64, 7, stride=2, padding=3),
    ConvShape(32, 32, 32, 32, 3, padding=1, groups=32),
)


def convolution(shape: ConvShape, backward: bool) -> Callable[[Any, np.random.Generator], Built]:
    """A convolution with bias, and its three gradients."""

    def build(library: Any, rng: np.random.Generator) -> Built:
        x = library.tensor(floats(rng, shape.N, shape.C, shape.H, shape.H), backward)
        fan = shape.C // shape.groups * shape.F**2
        filters = floats(rng, shape.K, shape.C // shape.groups, shape.F, shape.F, scale=fan**-0.5)
        weight = library.tensor(filters, backward)
        bias = library.tensor(floats(rng, shape.K), backward)
        size = (shape.H + 2 * shape.padding - shape.F) // shape.stride + 1
        gradient = library.tensor(floats(rng, shape.N, shape.K, size, size))

        def run() -> Any:
            x.grad = weight.grad = bias.grad = None
            y = library.F.conv2d(x, weight, bias, stride=shape.stride, padding=shape.padding, groups=shape.groups)
            if backward:
                y.backward(gradient)
            return y

        def result() -> list[np.ndarray]:
            y = run()
            return [library.array(t) for t in ([y, x.grad, weight.grad, bias.grad] if backward else [y])]

        return run, result

    return build


def pooling(name: str, backward: bool) -> Callable[[Any, np.random.Generator], Built]:
    """2 x 2 pooling of 32 x 64 x 32 x 32 numbers."""

    def build(library: Any, rng: np.random.Generator) -> Built:
        x = library.tensor(floats(rng, 32, 64, 32, 32), backward)
        gradient = library.tensor(floats(rng, 32, 64, 16, 16))

        def run() -> Any:
            x.grad = None
            y = getattr(library.F, name)(x, 2)
            if backward:
                y.backward(gradient)
            return y

        def result() -> list[np.ndarray]:
            y = run()
            return [library.array(t) for t in ([y, x.grad] if backward else [y])]

        return run, result

    return build


def all_cases() -> Iterator[Case]:
    """Every case, in the order of the table."""
    ways = ((False, "forward"), (True, "forward and backward"))
    for backward, way in ways:
        yield Case("chain", f"200 operations on 32x32, {way}", chain(backward), 1e-3)
    for sizes, batch in (((64, 64, 10), 32), ((784, 256, 128, 10), 128)):
        for optimizer in ("SGD", "Adam"):
            title = f"{'-'.join(map(str, sizes))}, batch {batch}, {optimizer}"
            yield Case("perceptron", title, perceptron(sizes, batch, optimizer))
    for shape in CONVOLUTIONS:
        for backward, way in ways:
            yield Case("conv", f"{shape}, {'both' if backward else way}", convolution(shape, backward))
    for name in ("max_pool2d", "avg_pool2d"):
        for backward, way in ways:
            yield Case("pool", f"{name} 2x2 of 32x64x32, {'both' if backward else way}", pooling(name, backward))
