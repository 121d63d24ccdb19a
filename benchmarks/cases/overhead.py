"""Many small operations: what a library costs beside the arithmetic."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from . import in_jax
from .case import BOTH, STEP, WAYS, Arrays, Built, Case, floats, on_both, training_step

OPTIMIZERS = {"SGD": {"lr": 0.01, "momentum": 0.9}, "Adam": {"lr": 1e-3}}


def chain(backward: bool, length: int, *shape: int) -> Callable[[Any, np.random.Generator], Built]:
    """`x = x * b + a`, until there are `length` operations."""

    def build(library: Any, rng: np.random.Generator) -> Built:
        start, b, a = (library.tensor(array, True) for array in chain_inputs(rng, *shape))

        def forward() -> Any:
            x = start
            for _ in range(length // 2):
                x = x * b + a
            return x

        def both() -> Any:
            start.grad = a.grad = b.grad = None
            y = forward()
            y.sum().backward()
            return y

        run = both if backward else forward

        def result() -> Arrays:
            y = run()
            return [library.array(t) for t in ([y, start.grad, a.grad, b.grad] if backward else [y])]

        return run, result

    return build


def chain_inputs(rng: np.random.Generator, *shape: int) -> Arrays:
    """The start, the factor and the summand of a chain.

    The factor is a little below 1, so that the chain stays finite and its gradients do not become subnormal numbers,
    which take a processor many times as long.
    """
    factor = 1 - np.float32(0.1) * rng.random(shape, dtype=np.float32)
    return [floats(rng, *shape), factor, floats(rng, *shape)]


def perceptron(*sizes: int) -> Callable[[Any], Any]:
    """Linear layers with relu between them."""

    def network(nn: Any) -> Any:
        layers = [module for n, m in itertools.pairwise(sizes) for module in (nn.Linear(n, m), nn.ReLU())]
        return nn.Sequential(*layers[:-1])

    return network


def cases() -> Iterator[Case]:
    """Chains, and training steps of perceptrons: small ones, and one with matrix products that take their time."""
    for way in WAYS:
        builders = on_both(chain(way == BOTH, 200, 32, 32)) | {"JAX": in_jax.chain(way == BOTH, 200, 32, 32)}
        goal = "small" if way == BOTH else "chain forward"
        yield Case("overhead", "200 operations on 32x32", way, builders, goal, 1e-3)
    for sizes, batch, group, goal in (
        ((64, 64, 10), 32, "overhead", "small"),
        ((784, 256, 128, 10), 128, "perceptron", "perceptron"),
    ):
        for optimizer, settings in OPTIMIZERS.items():
            builders = training_step(perceptron(*sizes), (batch, sizes[0]), sizes[-1], optimizer, settings)
            builders["JAX"] = in_jax.perceptron(sizes, batch, optimizer, settings)
            yield Case(group, f"{'-'.join(map(str, sizes))}, batch {batch}, {optimizer}", STEP, builders, goal)
