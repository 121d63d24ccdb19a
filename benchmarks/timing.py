"""Compare the results of the libraries, then time them in turns."""

from __future__ import annotations

import gc
import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

import cases
import libraries

# Before a turn there is a rest, because the waiting threads of the other library spin: OpenBLAS's for 26 ms after a
# product, which halved PyTorch's speed. Then some calls are not timed, as the caches hold the other's numbers; they
# matter little to a call that takes long.
REST = 0.05
SETTLE = 0.005
LONG = 0.1
TURN = 0.08

# A share of the cores for other processes that counts as a quiet machine, and how often to try for one.
QUIET = 0.1
TRIES = 3

UNITS = {"ms": 1e3, "ms an image": 1e3, "µs a node": 1e6}


@dataclass(frozen=True)
class Row:
    """The figures of one case, by library."""

    group: str
    name: str
    way: str
    unit: str
    goal: str
    figures: dict[str, float]
    others: float = 0.0  # the share of the cores that other processes took meanwhile

    @property
    def ours(self) -> float:
        """Our figure."""
        return self.figures[libraries.OURS]

    def ratio(self, peer: str) -> float | None:
        """How many times the peer's figure is ours, or None where the peer was not measured."""
        return self.figures[peer] / self.ours if peer in self.figures else None

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def check_equal(case: cases.Case, peer: str, ours: list[np.ndarray], theirs: list[np.ndarray]) -> None:
    """Stop the benchmark if two libraries did not compute the same thing."""
    if len(ours) != len(theirs):
        sys.exit(f"benchmarks: {case}: {len(ours)} results, {peer} has {len(theirs)}")
    for k, (a, b) in enumerate(zip(ours, theirs, strict=True)):
        if a.shape != b.shape:
            sys.exit(f"benchmarks: {case}: result {k} differs from {peer}'s: shape {a.shape}, not {b.shape}")
        scale = max(float(np.abs(b).max(initial=0)), 1e-30)
        error = float(np.abs(a - b).max(initial=0)) / scale
        allowed = case.tolerance[k] if isinstance(case.tolerance, tuple) else case.tolerance
        if not error < allowed:
            sys.exit(f"benchmarks: {case}: result {k} differs from {peer}'s by {error:.1e}")


def time_in_turns(functions: Sequence[Callable[[], object]], seconds: float) -> list[float]:
    """The median time of a call of each function, in seconds; about `seconds` are spent on all of them.

    Each has been called before. The garbage collector stays on, as it is for a user of one library: it does not walk
    over what the others have loaded, and starts each turn clean, as a graph of cycles like micrograd's would else be
    collected in the other's time.
    """
    gc.collect()
    gc.freeze()
    try:
        return _medians_in_turns(functions, seconds)
    finally:
        gc.unfreeze()


def _medians_in_turns(functions: Sequence[Callable[[], object]], seconds: float) -> list[float]:
    once = []
    for function in functions:
        gc.collect()
        start = time.perf_counter()
        function()
        once.append(time.perf_counter() - start)
    enough = 2 if max(once) > 1 else 3 if max(once) > LONG else 7
    times: list[list[float]] = [[length] if length > LONG else [] for length in once]
    end = time.perf_counter() + seconds
    while min(map(len, times)) < enough or time.perf_counter() < end:
        for function, taken, length in zip(functions, times, once, strict=True):
            gc.collect()
            time.sleep(REST)
            settled = time.perf_counter() + (SETTLE if length < LONG else 0)
            while time.perf_counter() < settled:
                function()
            turn_ends = time.perf_counter() + TURN
            while True:
                start = time.perf_counter()
                function()
                stop = time.perf_counter()
                taken.append(stop - start)
                if stop > turn_ends:
                    break
    return [statistics.median(taken) for taken in times]


def measure(case: cases.Case | cases.ProcessCase, seconds: float) -> Row:
    """Check and time one case on every library that it is written for and that is installed.

    A busy machine slows libraries unequally (threads that wait for each other lose most), so what was timed on one is
    timed again, and the quietest of three tries counts.
    """
    tries = []
    for _ in range(TRIES):
        busy = Busy()
        figures = case.figures() if isinstance(case, cases.ProcessCase) else _times(case, seconds)
        tries.append(Row(case.group, case.name, case.way, case.unit, case.goal, figures, busy.others()))
        if tries[-1].others <= QUIET:
            break
    return min(tries, key=lambda row: row.others)


def _times(case: cases.Case, seconds: float) -> dict[str, float]:
    names = [name for name in case.builders if libraries.installed(name)]
    built = {name: case.builders[name](np.random.default_rng(0)) for name in names}
    results = {name: result() for name, (_, result) in built.items()}
    for name in names[1:]:
        check_equal(case, name, results[names[0]], results[name])
    del results
    medians = time_in_turns([run for run, _ in built.values()], seconds)
    return {name: median * UNITS[case.unit] / case.per for name, median in zip(names, medians, strict=True)}


class Busy:
    """The time that processes other than this one and its children spend on the cores, from now on (Linux)."""

    def __init__(self) -> None:
        self.start = time.perf_counter()
        self.before = self._seconds()

    def others(self) -> float:
        """Their share of the cores since then."""
        passed = (time.perf_counter() - self.start) * (os.cpu_count() or 1)
        return max(0.0, (self._seconds() - self.before) / passed)

    def _seconds(self) -> float:
        try:
            with open("/proc/stat", encoding="ascii") as file:
                user, nice, system, _, _, *rest = map(int, file.readline().split()[1:9])
        except (OSError, ValueError):
            return 0.0
        return (user + nice + system + sum(rest)) / os.sysconf("SC_CLK_TCK") - sum(os.times()[:4])
