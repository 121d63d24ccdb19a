"""micrograd's demonstration on Values: a perceptron of single numbers learns two moons."""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import libraries

from .case import STEP, Arrays, Built, Case

POINTS, SIZES = 100, (2, 16, 16, 1)


class Neuron:
    """A weighted sum and, unless it is in the last layer, a relu, in micrograd's way of writing."""

    def __init__(self, value: Callable[[float], Any], inputs: int, bent: bool) -> None:
        self.w = [value(0.0) for _ in range(inputs)]
        self.b = value(0.0)
        self.bent = bent

    def __call__(self, x: list[Any]) -> Any:
        total = sum((wi * xi for wi, xi in zip(self.w, x)), self.b)
        return total.relu() if self.bent else total

    def parameters(self) -> list[Any]:
        return [*self.w, self.b]


class Layer:
    """Neurons side by side."""

    def __init__(self, value: Callable[[float], Any], inputs: int, outputs: int, bent: bool) -> None:
        self.neurons = [Neuron(value, inputs, bent) for _ in range(outputs)]

    def __call__(self, x: list[Any]) -> Any:
        out = [neuron(x) for neuron in self.neurons]
        return out[0] if len(out) == 1 else out

    def parameters(self) -> list[Any]:
        return [p for neuron in self.neurons for p in neuron.parameters()]


class MLP:
    """Layers one after the other."""

    def __init__(self, value: Callable[[float], Any], sizes: tuple[int, ...]) -> None:
        last = len(sizes) - 2
        self.layers = [Layer(value, sizes[k], sizes[k + 1], k < last) for k in range(last + 1)]

    def __call__(self, x: Any) -> Any:
        for layer in self.layers:
            x = layer(x)
        return x

    def parameters(self) -> list[Any]:
        return [p for layer in self.layers for p in layer.parameters()]


def moons(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Two half circles that reach into each other, with noise, and +1 or -1."""
    angle = rng.random(POINTS) * math.pi
    side = np.arange(POINTS) % 2
    x = np.stack([np.cos(angle) * (1 - 2 * side) + side, np.sin(angle) * (1 - 2 * side) + side / 2], 1)
    return x + rng.standard_normal(x.shape) * 0.1, 2 * side - 1


def training(value_in: str, model: Callable[[Callable[[float], Any]], Any]) -> Callable[[np.random.Generator], Built]:
    """A step over all points: hinge loss and penalty, backward, update."""

    def build(rng: np.random.Generator) -> Built:
        value = importlib.import_module(value_in).Value
        network = model(value)
        parameters = network.parameters()
        for p, number in zip(parameters, rng.uniform(-1, 1, len(parameters)).tolist(), strict=True):
            p.data = number
        x, y = (array.tolist() for array in moons(rng))

        def step() -> Any:
            scores = [network(list(map(value, row))) for row in x]
            losses = [(1 + -target * score).relu() for target, score in zip(y, scores)]
            loss = sum(losses) * (1.0 / len(losses)) + 1e-4 * sum(p * p for p in parameters)
            for p in parameters:
                p.grad = 0.0
            loss.backward()
            for p in parameters:
                p.data -= 0.1 * p.grad
            return loss

        def result() -> Arrays:
            first = step().data
            return [np.array(first), np.array([p.grad for p in parameters], float), np.array(step().data)]

        return step, result

    return build


def cases() -> Iterator[Case]:
    """As a user of each library would write it, and the same code over either Value."""

    def ours(value: Callable[[float], Any]) -> Any:
        return importlib.import_module("nn").scalar.MLP(SIZES[0], list(SIZES[1:]))

    def theirs(value: Callable[[float], Any]) -> Any:
        return importlib.import_module("micrograd.nn").MLP(SIZES[0], list(SIZES[1:]))

    title = f"MLP(2, [16, 16, 1]), {POINTS} points"
    own = {
        libraries.OURS: training("autograd", ours),
        "micrograd": training("micrograd.engine", theirs),
    }
    yield Case("scalar", f"{title}, each library's own", STEP, own, "scalar", 1e-9)
    same = {
        libraries.OURS: training("autograd", lambda value: MLP(value, SIZES)),
        "micrograd": training("micrograd.engine", lambda value: MLP(value, SIZES)),
    }
    yield Case("scalar", f"{title}, written out alike", STEP, same, "scalar", 1e-9)
