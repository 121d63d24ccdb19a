"""One piece of work, and the builders that most cases share."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

import libraries

Arrays = list[np.ndarray]
Built = tuple[Callable[[], object], Callable[[], Arrays]]
Builder = Callable[[np.random.Generator], Built]

FORWARD, BOTH, STEP = "forward", "both", "step"
WAYS = (FORWARD, BOTH)


@dataclass(frozen=True)
class Case:
    """Work that is timed in this process.

    `builders` maps a library to the function that builds the work on it from random numbers, and gives what is timed
    and what returns the results to be compared. A time is divided by `per`, and multiplied from seconds to `unit`.
    """

    group: str
    name: str
    way: str
    builders: Mapping[str, Builder]
    goal: str = ""  # a key of goals.GOALS
    tolerance: float | tuple[float, ...] = 1e-4  # largest difference relative to the largest number; or of each result
    per: int = 1
    unit: str = "ms"

    def __str__(self) -> str:
        return f"{self.group}: {self.name}, {self.way}"


def on_both(build: Callable[[Any, np.random.Generator], Built]) -> dict[str, Builder]:
    """Work that is written once, for chainrule and for PyTorch."""
    return {name: functools.partial(_load_and_build, build, name) for name in (libraries.OURS, "PyTorch")}


def _load_and_build(build: Callable[[Any, np.random.Generator], Built], name: str, rng: np.random.Generator) -> Built:
    return build(libraries.load(name), rng)


def floats(rng: np.random.Generator, *shape: int, scale: float = 1.0) -> np.ndarray:
    """Normal float32 numbers."""
    return np.asarray(rng.standard_normal(shape, dtype=np.float32) * np.float32(scale))


def operation(
    function: Callable[..., Any],
    inputs: Callable[[np.random.Generator], Arrays],
    backward: bool,
    fixed: Callable[[np.random.Generator], Arrays] = lambda rng: [],
) -> dict[str, Builder]:
    """`function(library, *inputs, *fixed)`; with backward, the gradients of the inputs for a random gradient of it."""

    def build(library: Any, rng: np.random.Generator) -> Built:
        tensors = [library.tensor(array, backward) for array in inputs(rng)]
        constants = [library.tensor(array) for array in fixed(rng)]
        gradient = library.tensor(floats(rng, *function(library, *tensors, *constants).shape))

        def run() -> Any:
            for tensor in tensors:
                tensor.grad = None
            y = function(library, *tensors, *constants)
            if backward:
                y.backward(gradient)
            return y

        def result() -> Arrays:
            y = run()
            return [library.array(t) for t in (y, *(t.grad for t in tensors if backward))]

        return run, result

    return on_both(build)


def ways(
    group: str,
    name: str,
    function: Callable[..., Any],
    inputs: Callable[[np.random.Generator], Arrays],
    fixed: Callable[[np.random.Generator], Arrays] = lambda rng: [],
    goal: str = "",
    **settings: Any,
) -> Iterator[Case]:
    """An operation forward, and forward with backward."""
    for way in WAYS:
        yield Case(group, name, way, operation(function, inputs, way == BOTH, fixed), goal, **settings)


def training_step(
    network: Callable[[Any], Any],
    shape: tuple[int, ...],
    classes: int,
    optimizer: str,
    settings: Mapping[str, Any],
) -> dict[str, Builder]:
    """Forward, cross-entropy, backward, update. The results are the first losses and the first gradients."""

    def build(library: Any, rng: np.random.Generator) -> Built:
        model = network(library.nn)
        initialise(library, model, rng)
        x = library.tensor(floats(rng, *shape))
        y = library.tensor(rng.integers(0, classes, shape[0]))
        parameters = list(model.parameters())
        update = getattr(library.optim, optimizer)(parameters, **settings)

        def step() -> Any:
            update.zero_grad()
            loss = library.F.cross_entropy(model(x), y)
            loss.backward()
            update.step()
            return loss

        def result() -> Arrays:
            first = library.array(step())
            gradients = np.concatenate([library.array(p.grad).ravel() for p in parameters])
            return [first, gradients, library.array(step())]

        return step, result

    return on_both(build)


def initialise(library: Any, model: Any, rng: np.random.Generator) -> None:
    """Give every parameter the same numbers in either library: He's for weights, about 1 and about 0 for vectors."""
    for name, parameter in sorted(model.named_parameters(), key=lambda pair: pair[0]):
        shape = tuple(parameter.shape)
        if len(shape) > 1:
            numbers = floats(rng, *shape, scale=math.sqrt(2 / math.prod(shape[1:])))
        else:
            numbers = floats(rng, *shape, scale=0.1) + np.float32(name.endswith("weight"))
        parameter.data = library.tensor(numbers)
