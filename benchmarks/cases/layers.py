"""Layers between the products: pooling, normalisation, losses, activations, reductions, dropout, embedding.

Each on numbers that fit in a core's cache, and on numbers that do not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from . import in_jax
from .case import BOTH, WAYS, Arrays, Built, Case, floats, on_both, operation, ways

IMAGES = ((8, 16, 16, 16), (32, 64, 32, 32))
ROWS = ((64, 256), (4096, 1024))
LOGITS = ((128, 100), (4096, 1000))
ACTIVATIONS = ("relu", "gelu", "silu", "tanh", "sigmoid", "elu", "softplus")
IN_JAX = {"tanh": "numpy", "relu": "nn", "silu": "nn", "sigmoid": "nn", "elu": "nn", "softplus": "nn"}


def size(shape: tuple[int, ...]) -> str:
    """A shape as it is printed."""
    return "x".join(map(str, shape))


def normal(*shapes: tuple[int, ...]) -> Callable[[np.random.Generator], Arrays]:
    """Normal numbers of each shape."""
    return lambda rng: [floats(rng, *shape) for shape in shapes]


def cases() -> Iterator[Case]:
    """All of them, by family."""
    for shape in IMAGES:
        yield from pooling(shape)
    for shape in IMAGES:
        yield from image_norms(shape)
    for shape in ROWS:
        yield from layer_norm(shape)
    for shape in LOGITS:
        yield from losses(shape)
    for shape in ROWS:
        yield from activations(shape)
    for shape in ROWS:
        yield from the_rest(shape)
    for rows, width, count in ((1000, 64, (32, 10)), (20000, 256, (64, 256))):
        yield from embedding(rows, width, count)


def pooling(shape: tuple[int, ...]) -> Iterator[Case]:
    """Max and average in windows of 2 x 2 and 3 x 3, over the whole image, and to a given size."""
    works = {
        "max pool 2x2": lambda L, x: L.F.max_pool2d(x, 2),
        "max pool 3x3 stride 2": lambda L, x: L.F.max_pool2d(x, 3, 2, 1),
        "average pool 2x2": lambda L, x: L.F.avg_pool2d(x, 2),
        "global average": lambda L, x: L.F.adaptive_avg_pool2d(x, 1),
        "adaptive average to 4x4": lambda L, x: L.F.adaptive_avg_pool2d(x, 4),
    }
    for name, function in works.items():
        yield from ways("pool", f"{name} of {size(shape)}", function, normal(shape), goal="pool and batch norm")


def image_norms(shape: tuple[int, ...]) -> Iterator[Case]:
    """Batch norm while training and when evaluating, and group norm."""
    C = shape[1]

    def statistics(rng: np.random.Generator) -> Arrays:
        return [floats(rng, C, scale=0.1), rng.random(C, dtype=np.float32) + np.float32(0.5)]

    for training in (True, False):
        yield from ways(
            "norm",
            f"batch norm, {'training' if training else 'evaluating'}, {size(shape)}",
            lambda L, x, w, b, mean, var, training=training: L.F.batch_norm(x, mean, var, w, b, training),
            normal(shape, (C,), (C,)),
            statistics,
            goal="pool and batch norm",
        )
    yield from ways(
        "norm",
        f"group norm, 8 groups, {size(shape)}",
        lambda L, x, w, b: L.F.group_norm(x, 8, w, b),
        normal(shape, (C,), (C,)),
        goal="norms, losses, activations",
    )


def layer_norm(shape: tuple[int, ...]) -> Iterator[Case]:
    """Layer norm of rows."""
    D = shape[-1:]
    yield from ways(
        "norm",
        f"layer norm of {size(shape)}",
        lambda L, x, w, b: L.F.layer_norm(x, D, w, b),
        normal(shape, D, D),
        goal="norms, losses, activations",
    )


def losses(shape: tuple[int, ...]) -> Iterator[Case]:
    """Softmax cross-entropy of rows against classes."""
    yield from ways(
        "loss",
        f"softmax cross-entropy of {size(shape)}",
        lambda L, x, y: L.F.cross_entropy(x, y),
        normal(shape),
        lambda rng: [rng.integers(0, shape[1], shape[0])],
        goal="norms, losses, activations",
    )


def activations(shape: tuple[int, ...]) -> Iterator[Case]:
    """Elementwise functions between layers."""
    for name in ACTIVATIONS:
        for way in WAYS:
            builders = operation(lambda L, x, name=name: getattr(L.F, name)(x), normal(shape), way == BOTH)
            if name in IN_JAX:
                in_module = lambda jax, name=name: getattr(getattr(jax, IN_JAX[name]), name)  # noqa: E731
                builders["JAX"] = in_jax.elementwise(in_module, normal(shape), way == BOTH)
            yield Case("activation", f"{name} of {size(shape)}", way, builders, "norms, losses, activations")


def the_rest(shape: tuple[int, ...]) -> Iterator[Case]:
    """Softmax, sums and means, dropout."""
    works = {
        "softmax": lambda L, x: L.F.softmax(x, -1),
        "log softmax": lambda L, x: L.F.log_softmax(x, -1),
        "sum": lambda L, x: x.sum(),
        "mean over rows": lambda L, x: x.mean(0),
        "sum along rows": lambda L, x: x.sum(1),
    }
    for name, function in works.items():
        yield from ways("other", f"{name} of {size(shape)}", function, normal(shape), goal="other")
    for way in WAYS:
        yield Case("other", f"dropout of {size(shape)}", way, on_both(dropout(shape, way == BOTH)), "other", 0.02)


def dropout(shape: tuple[int, ...], backward: bool) -> Callable[[Any, np.random.Generator], Built]:
    """Dropout of a half. The masks differ, so the results are the share that is kept, and that kept numbers double."""

    def build(library: Any, rng: np.random.Generator) -> Built:
        x = library.tensor(floats(rng, *shape), backward)
        gradient = library.tensor(floats(rng, *shape))
        library.root.manual_seed(0)

        def run() -> Any:
            x.grad = None
            y = library.F.dropout(x, 0.5, True)
            if backward:
                y.backward(gradient)
            return y

        def result() -> Arrays:
            y = library.array(run())
            kept = y != 0
            right = [np.array_equal(y, library.array(x) * 2 * kept)]
            if backward:
                right.append(np.array_equal(library.array(x.grad), library.array(gradient) * 2 * kept))
            return [np.array(kept.mean()), np.array(right, float)]

        return run, result

    return build


def embedding(rows: int, width: int, count: tuple[int, ...]) -> Iterator[Case]:
    """Rows of a table by number."""
    yield from ways(
        "other",
        f"embedding, {size(count)} of {rows} rows of {width}",
        lambda L, table, index: L.F.embedding(index, table),
        normal((rows, width)),
        lambda rng: [rng.integers(0, rows, count)],
        goal="other",
    )
