"""Work that needs a process of its own: memory, the time to import, the first call."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import libraries

SCRIPT = Path(__file__).parents[1] / "process.py"
IN_PROCESS = (libraries.OURS, "PyTorch")


@dataclass(frozen=True)
class ProcessCase:
    """A figure that `process.py` prints, for each library in a fresh process; the median of `repeats` of them."""

    group: str
    name: str
    work: tuple[str, ...]
    figure: str
    unit: str
    goal: str = ""
    repeats: int = 3
    cold: bool = False  # without compiled kernels: only chainrule has some
    way: str = ""

    def __str__(self) -> str:
        return f"{self.group}: {self.name}"

    def figures(self) -> dict[str, float]:
        """The figure of each library."""
        names = [name for name in IN_PROCESS if libraries.installed(name) and not (self.cold and name == "PyTorch")]
        taken: dict[str, list[dict[str, float]]] = {name: [] for name in names}
        for _ in range(self.repeats):
            for name in names:
                taken[name].append(self._run(name))
        losses = [runs[0]["loss"] for runs in taken.values()]
        if max(losses) - min(losses) > 1e-3 * max(map(abs, losses)):
            sys.exit(f"benchmarks: {self}: the results differ: {losses}")
        return {name: statistics.median(run[self.figure] for run in runs) for name, runs in taken.items()}

    def _run(self, name: str) -> dict[str, float]:
        with tempfile.TemporaryDirectory() as empty:
            environment: dict[str, Any] = {**os.environ, **({"NUMBA_CACHE_DIR": empty} if self.cold else {})}
            # An installed package has its bytecode; without this, a process could spend its time on compiling sources.
            environment.pop("PYTHONDONTWRITEBYTECODE", None)
            done = subprocess.run(
                [sys.executable, str(SCRIPT), name, *self.work],
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
        if done.returncode:
            sys.exit(f"benchmarks: {self}: {name} failed:\n{done.stderr}")
        return json.loads(done.stdout)


def cases() -> Iterator[ProcessCase]:
    """Peak memory of two networks, and what a fresh process waits for."""
    for network in ("VGG-like", "ResNet-20"):
        work = ("memory", network)
        yield ProcessCase("memory", f"{network}, peak above the imports", work, "above", "MB", "memory", 2)
        yield ProcessCase("memory", f"{network}, peak of the process", work, "peak", "MB", "", 1)
    yield ProcessCase("start", "import", ("start",), "import", "s", "import", 5)
    yield ProcessCase("start", "first convolution", ("start",), "first", "s", "first call", 3)
    yield ProcessCase("start", "first convolution, no kernels kept", ("start",), "first", "s", "cold call", 1, True)
