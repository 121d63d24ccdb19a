"""The same work in JAX, compiled with `jax.jit`, where it is simple to say. JAX is imported when a case is built."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from .case import Arrays, Builder, Built, floats


def _built(compiled: Callable[..., Any], *arguments: Any) -> Built:
    import jax

    def run() -> Any:
        return jax.block_until_ready(compiled(*arguments))

    return run, lambda: [np.array(array) for array in jax.tree.leaves(run())]


def chain(backward: bool, length: int, *shape: int) -> Builder:
    """`x = x * b + a`, until there are `length` operations."""

    def build(rng: np.random.Generator) -> Built:
        import jax

        start, b, a = floats(rng, *shape), rng.random(shape, dtype=np.float32), floats(rng, *shape)

        def forward(start: Any, a: Any, b: Any) -> Any:
            x = start
            for _ in range(length // 2):
                x = x * b + a
            return x

        def both(start: Any, a: Any, b: Any) -> Any:
            y, pull = jax.vjp(forward, start, a, b)
            return y, pull(jax.numpy.ones_like(y))

        return _built(jax.jit(both if backward else forward), *map(jax.numpy.asarray, (start, a, b)))

    return build


def elementwise(
    function: Callable[[Any], Callable[[Any], Any]], inputs: Callable[[np.random.Generator], Arrays], backward: bool
) -> Builder:
    """`function(jax)` of one array; with backward, its gradient for a random gradient of the result."""

    def build(rng: np.random.Generator) -> Built:
        import jax

        operation = function(jax)
        (x,) = inputs(rng)
        gradient = floats(rng, *jax.eval_shape(operation, x).shape)

        def both(x: Any, gradient: Any) -> Any:
            y, pull = jax.vjp(operation, x)
            return y, *pull(gradient)

        arguments = map(jax.numpy.asarray, (x, gradient) if backward else (x,))
        return _built(jax.jit(both if backward else operation), *arguments)

    return build


def perceptron(sizes: tuple[int, ...], batch: int, optimizer: str, settings: Mapping[str, Any]) -> Builder:
    """A training step of a perceptron: loss and gradients by `value_and_grad`, and the update, in one function."""

    def build(rng: np.random.Generator) -> Built:
        import jax
        import jax.numpy as jnp

        pairs = []
        for n, m in itertools.pairwise(sizes):
            bias = floats(rng, m, scale=0.1)
            pairs.append((floats(rng, m, n, scale=(2 / n) ** 0.5), bias))
        x = jnp.asarray(floats(rng, batch, sizes[0]))
        y = jnp.asarray(rng.integers(0, sizes[-1], batch))

        def loss(parameters: Any) -> Any:
            h = x
            for k, (weight, bias) in enumerate(parameters):
                h = h @ weight.T + bias
                h = jax.nn.relu(h) if k < len(parameters) - 1 else h
            return -jnp.take_along_axis(jax.nn.log_softmax(h), y[:, None], 1).mean()

        @jax.jit
        def step(state: Any) -> Any:
            parameters, first, second, t = state
            value, gradients = jax.value_and_grad(loss)(parameters)
            each = jax.tree.map
            if optimizer == "SGD":
                first = each(lambda m, g: settings["momentum"] * m + g, first, gradients)
                parameters = each(lambda p, m: p - settings["lr"] * m, parameters, first)
            else:
                first = each(lambda m, g: 0.9 * m + 0.1 * g, first, gradients)
                second = each(lambda v, g: 0.999 * v + 0.001 * g * g, second, gradients)
                rate, scale = settings["lr"] / (1 - 0.9**t), (1 - 0.999**t) ** 0.5
                parameters = each(lambda p, m, v: p - rate * m / (v**0.5 / scale + 1e-8), parameters, first, second)
            return (parameters, first, second, t + 1), value, gradients

        start = jax.tree.map(jnp.asarray, pairs)
        zeros = jax.tree.map(jnp.zeros_like, start)
        state = [(start, zeros, zeros, jnp.float32(1))]

        def run() -> Any:
            state[0], value, gradients = jax.block_until_ready(step(state[0]))
            return value, gradients

        def result() -> Arrays:
            value, gradients = run()
            flat = [np.array(array).ravel() for pair in gradients for array in pair]
            return [np.array(value), np.concatenate(flat), np.array(run()[0])]

        return run, result

    return build
