"""Cost as work grows: per node of graphs of a thousand to a million nodes, per image of batches of 1 to 256."""

from __future__ import annotations

import importlib
from collections.abc import Iterator

import numpy as np

import libraries

from .case import BOTH, STEP, WAYS, Builder, Built, Case, on_both, training_step
from .models import NETWORKS, SETTINGS
from .overhead import chain

NODES = (10**3, 10**4, 10**5, 10**6)
BATCHES = (1, 4, 16, 64, 256)


def value_chain(length: int) -> Builder:
    """A chain of Values, forward and backward."""

    def build(rng: np.random.Generator) -> Built:
        value = importlib.import_module("autograd").Value
        start, b, a = value(1.0), value(0.5), value(0.25)

        def run() -> list[float]:
            x = start
            for _ in range(length // 2):
                x = x * b + a
            x.backward()
            return [x.data]

        return run, lambda: [np.array(run())]

    return build


def cases() -> Iterator[Case]:
    """Each size is a row; a column of rows that stays level is a line through the origin."""
    for way in WAYS:
        for nodes in NODES:
            builders = on_both(chain(way == BOTH, nodes, 4))
            yield Case("scale", f"tensor graph of {nodes:,} nodes", way, builders, "", 1e-3, nodes, "µs a node")
    for nodes in NODES:
        builders = {libraries.OURS: value_chain(nodes)}
        yield Case("scale", f"Value graph of {nodes:,} nodes", BOTH, builders, "", per=nodes, unit="µs a node")
    network, shape, classes, _ = NETWORKS["LeNet-5"]
    for batch in BATCHES:
        builders = training_step(network, (batch, *shape[1:]), classes, "SGD", SETTINGS)
        name = f"LeNet-5, batch of {batch}"
        yield Case("scale", name, STEP, builders, "", 1e-3, per=batch, unit="ms an image")
