"""What watches a thread: tracers see every operation that is applied, watchers every node that a sweep passes, too."""

from __future__ import annotations

import functools
import linecache
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .deferred import computed
from .errors import GraphError
from .graph import Kept, Node, local, services

__all__ = ["Tracer", "Watcher", "keep", "place_in_user_code", "record"]


class Tracer:
    """A context manager that sees every operation that is applied inside, in the current thread.

    Tracers nest: `below` runs an operation as it would have run without this one.
    """

    def __init__(self) -> None:
        self._below: list[Any] = []

    def __enter__(self) -> Any:
        state = local.state
        if self._below:
            name = type(self).__name__
            raise GraphError(f"{name}: this one is active already; nest a new `autograd.{name}()` instead")
        self._below.append(state.tracer)
        state.tracer = self
        return self

    def __exit__(self, *exception: object) -> None:
        local.state.tracer = self._below.pop()

    def below(self, op: Any, arguments: tuple[Any, ...]) -> Any:
        """Run one operation with the tracer outside of this one."""
        state = local.state
        state.tracer = self._below[-1]
        try:
            return op.apply(*arguments)
        finally:
            state.tracer = self

    def apply(self, op: Any, arguments: tuple[Any, ...]) -> Any:
        """Run one operation; what a tracer does beside is here."""
        return self.below(op, arguments)


class Watcher(Tracer):
    """A tracer that sees the nodes of every sweep inside, too."""

    def __init__(self) -> None:
        super().__init__()
        self._watcher_below: Any = None

    def __enter__(self) -> Any:
        super().__enter__()
        state = local.state
        self._watcher_below, state.watcher = state.watcher, self
        return self

    def __exit__(self, *exception: object) -> None:
        local.state.watcher, self._watcher_below = self._watcher_below, None
        super().__exit__(*exception)

    def pull(self, node: Any, gradient: Any, create_graph: bool, wanted: Any) -> Any:
        """Pull a gradient back through one node, as the watcher outside of this one would."""
        outer = self._watcher_below
        pull = node.pull if outer is None else functools.partial(outer.pull, node)
        return [computed(part) for part in pull(gradient, create_graph, wanted)]


class record(Tracer):  # noqa: N801 - a context manager, named like no_grad
    """Keep every intermediate value and gradient of what runs inside, for drawing and study.

    Example:
        >>> x = autograd.tensor([1.0, 2.0], requires_grad=True)
        >>> with autograd.record():
        ...     squares = x * x
        ...     squares.sum().backward()
        >>> squares.node.kept.values[0], squares.node.kept.gradients[0]
        (array([1., 4.], dtype=float32), array([1., 1.], dtype=float32))
    """

    def apply(self, op: Any, arguments: tuple[Any, ...]) -> Any:
        """Run one operation as it would have run, and keep a copy of what came out."""
        result = self.below(op, arguments)
        for index, handle in enumerate(result if isinstance(result, tuple) else (result,)):
            node = handle.node
            if node is not None:
                kept = keep(node)
                kept.values[index] = np.array(services.unwrap(handle))
                _keep_constants(node, arguments[0] if op.variadic else arguments, kept.constants)
        return result


def keep(node: Any) -> Kept:
    """Where a node keeps things for its user, made when first needed."""
    if node.kept is None:
        node.kept = Kept()
    return node.kept


def _keep_constants(node: Node, inputs: Sequence[Any], constants: dict[int, Any]) -> None:
    for position, (edge, given) in enumerate(zip(node.edges, inputs)):
        if edge is None and given is not None:
            constants[position] = services.unwrap(given)


_PACKAGES = tuple(str(Path(__file__).parent.parent / name) + os.sep for name in ("autograd", "nn", "optim"))


def place_in_user_code() -> str:
    """Where the running operation was called from: file, line, function and text, outside of our own packages."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_PACKAGES):
        frame = frame.f_back
    code = frame.f_code
    text = linecache.getline(code.co_filename, frame.f_lineno).strip()
    return f"{code.co_filename}, line {frame.f_lineno}, in {code.co_name}" + (f": {text}" if text else "")
