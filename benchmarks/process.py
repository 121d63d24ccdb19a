"""Measure something in this fresh process, and print it as JSON: `process.py LIBRARY memory NETWORK`, or `start`.

- memory: how far the peak of resident memory rises above the imports in three training steps, and the peak, in MB.
- start: how long the imports take, and how much longer the first convolution with backward takes than the second, in s.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
import resource
import sys
import time

start = time.perf_counter()
if sys.argv[1] == "chainrule":
    import autograd  # noqa: F401
    import nn  # noqa: F401
    import optim  # noqa: F401
else:
    import torch  # noqa: F401
IMPORT = time.perf_counter() - start

import numpy as np  # noqa: E402

import libraries  # noqa: E402
from cases.case import floats, initialise  # noqa: E402


def peak() -> float:
    """The largest resident memory so far, in MB."""
    try:
        # ru_maxrss would start at what the parent had: it outlives exec.
        with open("/proc/self/status", encoding="ascii") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmHWM")) / 2**10
    except (OSError, StopIteration):
        pass
    # macOS counts it in bytes, others in KB.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def memory(name: str, network: str) -> dict[str, float]:
    """Three training steps of a network."""
    from cases.models import NETWORKS, SETTINGS

    library = libraries.load(name)
    if name == "chainrule":
        # PyTorch's kernels come with its import, ours when they are first used.
        kernels = importlib.import_module("autograd.kernels")
        for module in pkgutil.iter_modules(kernels.__path__, "autograd.kernels."):
            importlib.import_module(module.name)
    before = peak()
    build, shape, classes, _ = NETWORKS[network]
    rng = np.random.default_rng(0)
    model = build(library.nn)
    initialise(library, model, rng)
    x, y = library.tensor(floats(rng, *shape)), library.tensor(rng.integers(0, classes, shape[0]))
    optimizer = library.optim.SGD(model.parameters(), **SETTINGS)
    for _ in range(3):
        optimizer.zero_grad()
        loss = library.F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
    return {"above": peak() - before, "peak": peak(), "loss": loss.item()}


def first_call(name: str) -> dict[str, float]:
    """A small 3x3 convolution, twice."""
    library = libraries.load(name)
    rng = np.random.default_rng(0)
    x, weight = (library.tensor(floats(rng, *shape), True) for shape in ((8, 16, 16, 16), (16, 16, 3, 3)))
    times = []
    for _ in range(2):
        begin = time.perf_counter()
        loss = (library.F.conv2d(x, weight, padding=1) ** 2).mean()
        loss.backward()
        times.append(time.perf_counter() - begin)
    return {"import": IMPORT, "first": times[0] - times[1], "loss": loss.item()}


if __name__ == "__main__":
    _, name, work, *rest = sys.argv
    print(json.dumps(memory(name, *rest) if work == "memory" else first_call(name)))
