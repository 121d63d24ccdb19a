"""The work that is timed, by group. Most of it is written once, and built on either library from the same numbers."""

from __future__ import annotations

from collections.abc import Iterator

from . import convolution, layers, models, optimizers, overhead, processes, recurrent, scalars, scale
from .case import BOTH, FORWARD, STEP, Case
from .processes import ProcessCase

__all__ = ["BOTH", "FORWARD", "GROUPS", "STEP", "Case", "ProcessCase", "all_cases"]

FAMILIES = (overhead, scalars, convolution, layers, recurrent, models, optimizers, scale, processes)


def all_cases() -> Iterator[Case | ProcessCase]:
    """Every case, in the order of the table."""
    for family in FAMILIES:
        yield from family.cases()


GROUPS = tuple(dict.fromkeys(case.group for case in all_cases()))
