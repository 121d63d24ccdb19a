"""Time chainrule against PyTorch on the same work, in one run.

    python benchmarks/run.py                 # everything
    python benchmarks/run.py chain conv      # some groups
    python benchmarks/run.py --markdown      # the table as the README shows it

Each case is built twice, once on each library, from the same random numbers. The two results are compared first; then
the two are timed in turns, one call each, until there are enough pairs. The ratio is the median of PyTorch's times over
the median of ours: above 1 we are faster. PyTorch runs eagerly, with as many threads as there are cores.
"""

from __future__ import annotations

import argparse
import math
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

import autograd

try:
    import torch
except ImportError:
    sys.exit("benchmarks: PyTorch is not installed; install it with `pip install -e '.[bench]'`")

import cases


@dataclass(frozen=True)
class Row:
    """One measured case: medians in milliseconds."""

    group: str
    name: str
    ours: float
    theirs: float

    @property
    def ratio(self) -> float:
        """How many times PyTorch's time is ours."""
        return self.theirs / self.ours


def check_equal(case: cases.Case, ours: list[np.ndarray], theirs: list[np.ndarray]) -> None:
    """Stop the benchmark if the two libraries did not compute the same thing."""
    if len(ours) != len(theirs):
        sys.exit(f"benchmarks: {case.group} {case.name}: {len(ours)} results, PyTorch has {len(theirs)}")
    for k, (a, b) in enumerate(zip(ours, theirs, strict=True)):
        scale = max(float(np.abs(b).max(initial=0)), 1e-30)
        error = float(np.abs(a - b).max(initial=0)) / scale
        if a.shape != b.shape or not error < case.tolerance:
            sys.exit(f"benchmarks: {case.group} {case.name}: result {k} differs from PyTorch's by {error:.1e}")


def time_pairs(ours: Callable[[], object], theirs: Callable[[], object], seconds: float) -> tuple[float, float]:
    """Time two functions in turns for about `seconds`; medians in milliseconds."""
    ours()
    theirs()
    a: list[float] = []
    b: list[float] = []
    end = time.perf_counter() + seconds
    while len(a) < 7 or (time.perf_counter() < end and len(a) < 2000):
        for function, times in ((ours, a), (theirs, b)):
            start = time.perf_counter()
            function()
            times.append(time.perf_counter() - start)
    return statistics.median(a) * 1e3, statistics.median(b) * 1e3


def measure(groups: list[str], seconds: float) -> list[Row]:
    """Check and time every case of the groups."""
    rows = []
    for case in cases.all_cases():
        if groups and case.group not in groups:
            continue
        ours, our_result = case.build(cases.OURS, np.random.default_rng(0))
        theirs, their_result = case.build(cases.TORCH, np.random.default_rng(0))
        check_equal(case, our_result(), their_result())
        rows.append(Row(case.group, case.name, *time_pairs(ours, theirs, seconds)))
        print(f"{rows[-1].group:11s}{rows[-1].name:46s}{rows[-1].ours:10.3f}{rows[-1].theirs:10.3f}"
              f"{rows[-1].ratio:8.2f}", flush=True)  # fmt: skip
    return rows


def geometric_mean(ratios: list[float]) -> float:
    """The mean of ratios."""
    return math.exp(statistics.fmean(math.log(r) for r in ratios))


def machine() -> str:
    """What the figures were measured on."""
    model = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            model = next(line.split(":", 1)[1].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    return (
        f"{model}, {os.cpu_count()} cores; Python {platform.python_version()}, NumPy {np.__version__}, "
        f"PyTorch {torch.__version__} with {torch.get_num_threads()} threads, chainrule {autograd.__version__}"
    )


def main() -> None:
    """Read the arguments, measure, and print the table and the mean of each group."""
    parser = argparse.ArgumentParser(description="Time chainrule against PyTorch on the same work, in one run.")
    parser.add_argument("groups", nargs="*", choices=[*cases.GROUPS, []], help="groups to run; all, unless given")
    parser.add_argument("--seconds", type=float, default=1.0, help="time spent on each case (default 1)")
    parser.add_argument("--markdown", action="store_true", help="print a Markdown table at the end")
    arguments = parser.parse_args()
    torch.set_num_threads(os.cpu_count() or 1)
    print(machine())
    print(f"{'group':11s}{'case':46s}{'ours ms':>10s}{'torch ms':>10s}{'ratio':>8s}")
    rows = measure(arguments.groups, arguments.seconds)
    for group in dict.fromkeys(row.group for row in rows):
        ratios = [row.ratio for row in rows if row.group == group]
        print(f"{group}: geometric mean {geometric_mean(ratios):.2f}, lowest {min(ratios):.2f}")
    if arguments.markdown:
        print("\n| work | chainrule, ms | PyTorch, ms | PyTorch / chainrule |\n|---|---|---|---|")
        for row in rows:
            print(f"| {row.group}: {row.name} | {row.ours:.3g} | {row.theirs:.3g} | {row.ratio:.2f} |")


if __name__ == "__main__":
    main()
