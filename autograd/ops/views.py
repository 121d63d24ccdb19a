"""Writing through a view: the operation that a change of part of a tensor is, seen from the whole."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..primitive import Sample, define, op, registry
from .families import values

__all__: list[str] = []

# The operations that lead from a tensor to a view of it, in order: pairs of name and attributes.
Chain = tuple[tuple[str, tuple[Any, ...]], ...]


def look(x: Any, chain: Chain) -> Any:
    """What the view shows of `x`, an array or a handle."""
    for name, attributes in chain:
        x = registry[name](x, *attributes)
    return x


def _write(x: np.ndarray, value: Any, chain: Chain) -> np.ndarray:
    out = np.array(x, order="C")
    view = look(out, chain)
    if np.may_share_memory(view, out):
        view[...] = value
    else:  # a reshape that had to copy: find the places by following their numbers
        places = look(np.arange(out.size).reshape(out.shape), chain)
        out.reshape(-1)[places] = value
    return out


def _samples(rng: np.random.Generator) -> list[Sample]:
    rows: Chain = (("getitem", ((("slice", 1, None, None),),)),)
    turned: Chain = (*rows, ("permute", ((1, 0),)), ("getitem", ((0,),)))
    return [
        Sample((values(rng, (3, 4)), values(rng, (2, 4))), (rows,)),
        Sample((values(rng, (3, 4)), values(rng, (2,))), (turned,)),
        Sample((values(rng, (2, 3)), values(rng, (6,))), ((("reshape", ((6,),)),),)),
    ]


VIEW_SCATTER = define(
    "view_scatter",
    forward=_write,
    inputs=("x", "value"),
    attributes=("chain",),
    vjp={
        "x": lambda g, chain: op.view_scatter(g, 0.0, chain),
        "value": lambda g, chain: look(g, chain),
    },
    samples=_samples,
    label="view = value",
    formula="x, where value replaces what a view shows",
)
