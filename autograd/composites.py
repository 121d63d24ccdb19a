"""Composites: public functions made of other operations, entered beside the records with what checks them.

A composite has no gradient rule of its own: its gradient is that of the operations that it calls. It stands in the
list of operations all the same, with samples and a reference, so that it is swept like every record:

    @composite(
        formula="log(p / (1 - p))",
        samples=lambda rng: [Sample((values(rng, (3,), 0.1, 0.9),))],
        reference=lambda p: np.log(p / (1 - p)),
    )
    def logit(input: Operand) -> Tensor: ...
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from .batching import by_example
from .errors import ArgumentError
from .primitive import Sample, registry

__all__ = ["Composite", "composite", "composites"]

F = TypeVar("F", bound=Callable[..., Any])
Samples = Callable[[np.random.Generator], list[Sample]]


@dataclass(frozen=True)
class Composite:
    """A public function of operations, with what says and checks what it computes.

    Args:
        name: the function's name in PyTorch.
        function: the function.
        formula: the textbook formula.
        samples: `samples(rng)` gives calls on smooth points: arrays, or tuples of arrays for sequences of tensors.
        reference: the same on arrays in plain NumPy or SciPy.
        error_samples: calls that must raise the given error.
        differentiable: False for functions without a derivative: of integers, comparisons, counts.
        source: paper and equation, where there is one.
        widens: True for the few whose results of float32 inputs are float64.
    """

    name: str
    function: Callable[..., Any]
    formula: str
    samples: Samples
    reference: Callable[..., Any]
    error_samples: Samples | None = None
    differentiable: bool = True
    source: str = ""
    widens: bool = False


composites: dict[str, Composite] = {}


def composite(
    *,
    formula: str,
    samples: Samples,
    reference: Callable[..., Any],
    error_samples: Samples | None = None,
    differentiable: bool = True,
    source: str = "",
    name: str = "",
    widens: bool = False,
) -> Callable[[F], F]:
    """Enter a function into the list of composites, under its own name or `name`; see `Composite` for the rest."""

    def decorate(function: F) -> F:
        key = name or function.__name__
        if key in composites or key in registry:
            raise ArgumentError(f"composite: there is an operation {key!r} already; choose another name")
        function = by_example(function)  # vmap takes the one that reads numbers an example at a time
        composites[key] = Composite(
            key, function, formula, samples, reference, error_samples, differentiable, source, widens
        )
        return function

    return decorate
