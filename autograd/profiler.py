"""A profile: time and memory by operation and by module."""

from __future__ import annotations

import time
from typing import Any, NamedTuple

from .errors import ArgumentError
from .graph import local
from .tracing import Watcher

__all__ = ["ProfileRow", "profile"]


class ProfileRow(NamedTuple):
    """What one operation, or one module, took: seconds forward and backward, and bytes of its results."""

    name: str
    calls: int
    forward: float
    backward: float
    bytes: int

    @property
    def total(self) -> float:
        """Seconds forward and backward."""
        return self.forward + self.backward


class profile(Watcher):  # noqa: N801 - a context manager, named as torch.autograd's
    """Measure what runs inside: time and memory, by operation and by module, forward and backward.

    Memory is what the results of the operations take that are not views. An operation that a gradient rule applies
    counts as the backward time of the operation whose rule it is.

    Example:
        >>> x = autograd.ones(3, requires_grad=True)
        >>> with autograd.profile() as p:
        ...     (x.exp() * 2).sum().backward()
        >>> sorted(row.name for row in p.rows())
        ['exp', 'mul', 'sum']
        >>> print(p.table().splitlines()[0])
        operation   calls   forward ms   backward ms   share   MB of results
    """

    def __init__(self) -> None:
        super().__init__()
        self.seconds = 0.0
        self._start = 0.0
        self._inside_rule = False
        # By operation and module: calls, seconds forward, seconds backward, bytes.
        self._counts: dict[tuple[str, tuple[str, ...]], list[Any]] = {}

    def __enter__(self) -> profile:
        super().__enter__()
        self._start = time.perf_counter()
        return self

    def __exit__(self, *exception: object) -> None:
        self.seconds += time.perf_counter() - self._start
        super().__exit__(*exception)

    def apply(self, op: Any, arguments: tuple[Any, ...]) -> Any:
        """Run and time one operation."""
        if self._inside_rule:
            return self.below(op, arguments)
        start = time.perf_counter()
        result = self.below(op, arguments)
        took = time.perf_counter() - start
        count = self._counts.setdefault((op.name, local.state.scope), [0, 0.0, 0.0, 0])
        count[0] += 1
        count[1] += took
        for handle in result if isinstance(result, tuple) else (result,):
            if handle._view is None:
                count[3] += handle._array.nbytes
        return result

    def pull(self, node: Any, gradient: Any, create_graph: bool, wanted: Any) -> Any:
        """Pull a gradient through a node, and time it."""
        plan = getattr(node, "plan", None)
        if plan is None or self._inside_rule:
            return super().pull(node, gradient, create_graph, wanted)
        start = time.perf_counter()
        self._inside_rule = True
        try:
            return super().pull(node, gradient, create_graph, wanted)
        finally:
            self._inside_rule = False
            count = self._counts.setdefault((plan.op.name, getattr(node, "scope", ())), [0, 0.0, 0.0, 0])
            count[2] += time.perf_counter() - start

    def rows(self, by: str = "operation") -> list[ProfileRow]:
        """The measurements, what took longest first.

        Args:
            by: "operation" or "module"; a module's row holds what it computed itself, not what its children did.

        Raises:
            ArgumentError: `by` is something else.
        """
        if by not in ("operation", "module"):
            raise ArgumentError(f"profile: by is {by!r}; use 'operation' or 'module'")
        sums: dict[str, list[Any]] = {}
        for (name, scope), count in self._counts.items():
            key = name if by == "operation" else ".".join(scope) or "(no module)"
            held = sums.setdefault(key, [0, 0.0, 0.0, 0])
            for k, value in enumerate(count):
                held[k] += value
        rows = [ProfileRow(name, *count) for name, count in sums.items()]
        return sorted(rows, key=lambda row: row.total, reverse=True)

    def table(self, by: str = "operation") -> str:
        """The rows as text, with what share of the whole time each took, and the whole at the end.

        Args:
            by: "operation" or "module".
        """
        rows = self.rows(by)
        whole = max(self.seconds, 1e-12)
        lines = [(by, "calls", "forward ms", "backward ms", "share", "MB of results")]
        for row in [*rows, _sum_of(rows)]:
            times = f"{row.forward * 1e3:.3f}", f"{row.backward * 1e3:.3f}", f"{row.total / whole:.0%}"
            lines.append((row.name, str(row.calls), *times, f"{row.bytes / 1e6:.3f}"))
        widths = [max(len(line[k]) for line in lines) for k in range(len(lines[0]))]
        text = [
            "   ".join(cell.ljust(w) if k == 0 else cell.rjust(w) for k, (cell, w) in enumerate(zip(line, widths)))
            for line in lines
        ]
        return "\n".join([*text, f"{self.seconds * 1e3:.3f} ms in all"])

    def __str__(self) -> str:
        return self.table()


def _sum_of(rows: list[ProfileRow]) -> ProfileRow:
    return ProfileRow(
        "sum", sum(r.calls for r in rows), sum(r.forward for r in rows), sum(r.backward for r in rows),
        sum(r.bytes for r in rows),
    )  # fmt: skip
