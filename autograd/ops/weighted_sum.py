"""A weighted sum as one node: what a neuron computes before its activation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import ArgumentError, ShapeError
from ..primitive import Sample, define
from .families import values

__all__: list[str] = []


def weighted_total(terms: Sequence[Any]) -> Any:
    """b + w1 x1 + w2 x2 + ..., from the left."""
    count = len(terms) // 2
    total = terms[-1]
    for w, x in zip(terms, terms[count:-1]):
        total = total + w * x
    return total


def _infer(terms: Sequence[Any]) -> None:
    if len(terms) % 2 == 0:
        raise ArgumentError(
            f"weighted_sum: {len(terms)} terms; give as many weights as inputs, and after them one bias"
        )
    shapes = {x.shape for x in terms}
    if len(shapes) > 1:
        raise ShapeError(f"weighted_sum: the terms have shapes {sorted(shapes)}; all must be equal")


def _rule(needs: Sequence[bool], g: Any, terms: Sequence[Any]) -> list[Any]:
    count = len(terms) // 2
    return [*[g * x for x in terms[count:-1]], *[g * w for w in terms[:count]], g]


WEIGHTED_SUM = define(
    "weighted_sum",
    forward=lambda terms: np.asarray(weighted_total(terms)),
    inputs=("*terms",),
    vjp=_rule,
    infer=_infer,
    promotes="same",
    samples=lambda rng: [Sample((tuple(values(rng, shape) for _ in range(n)),)) for shape, n in (((2,), 5), ((), 3))],
    error_samples=lambda rng: [
        Sample(((values(rng, (2,)), values(rng, (2,))),), (), ArgumentError, "as many weights as inputs"),
        Sample(((values(rng, (2,)), values(rng, (3,)), values(rng, (2,))),), (), ShapeError, "all must be equal"),
    ],
    label="w x + b",
    formula="b + sum_i w_i x_i",
)
