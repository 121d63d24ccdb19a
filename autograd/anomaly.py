"""Anomaly mode: the first nan or infinity is an error that says which operation made it, where, and of what."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import numpy as np

from .errors import AnomalyError, GraphError
from .graph import local
from .primitive import Handle
from .tracing import Watcher, keep, place_in_user_code

__all__ = ["detect_anomaly", "is_anomaly_enabled", "set_detect_anomaly"]

F = TypeVar("F", bound=Callable[..., Any])


class detect_anomaly(Watcher):  # noqa: N801 - PyTorch's name
    """Raise at the first nan or infinity that an operation makes of finite numbers, forward or backward.

    The error names the operation, its module, the place in the user's code where it ran forward, and the shapes and
    ranges of its inputs; backward too. It costs time: every result is looked through. A context manager and a
    decorator.

    Args:
        check_nan: look for nan.
        check_infinity: look for infinities too; masks of minus infinity, which are inputs, are no anomaly.

    Raises:
        AnomalyError: such a number was made.

    Example:
        >>> x = autograd.tensor([0.0, 1.0], requires_grad=True)
        >>> with autograd.detect_anomaly():  # doctest: +ELLIPSIS
        ...     y = (x.sqrt() * 2).sum()
        ...     y.backward()
        Traceback (most recent call last):
        autograd.errors.AnomalyError: backward: sqrt made an infinity of finite numbers; ...
    """

    def __init__(self, check_nan: bool = True, *, check_infinity: bool = True) -> None:
        super().__init__()
        self.check_nan = check_nan
        self.check_infinity = check_infinity

    def __call__(self, function: F) -> F:
        @functools.wraps(function)
        def wrapper(*arguments: Any, **keywords: Any) -> Any:
            with detect_anomaly(self.check_nan, check_infinity=self.check_infinity):
                return function(*arguments, **keywords)

        return wrapper  # type: ignore[return-value]

    def apply(self, op: Any, arguments: tuple[Any, ...]) -> Any:
        """Run one operation and look at what came out."""
        with np.errstate(all="ignore"):  # what NumPy would warn of is an error here
            result = self.below(op, arguments)
        given = list(_flat(arguments))
        for handle in result if isinstance(result, tuple) else (result,):
            problem = self._first(handle._array, given)
            if problem:
                names = list(op.inputs) if not op.variadic else []
                raise AnomalyError(
                    f"forward: {op.name} made {problem} of finite numbers, {_module(local.state.scope)}at "
                    f"{place_in_user_code()}; its inputs: {_listed(names, given)}"
                )
            if handle.node is not None:
                keep(handle.node).place = place_in_user_code()
        return result

    def pull(self, node: Any, gradient: Any, create_graph: bool, wanted: Any) -> Any:
        """Pull a gradient through a node and look at what came out."""
        saved = node.saved
        parts = super().pull(node, gradient, create_graph, wanted)
        incoming = list(_flat(gradient if isinstance(gradient, (tuple, list)) else [gradient]))
        for part in parts:
            problem = None if part is None else self._first(_array(part), incoming)
            if problem:
                place = f" at {node.kept.place}" if node.kept is not None and node.kept.place else ""
                raise AnomalyError(
                    f"backward: {node.plan.op.name} made {problem} of finite numbers; {_module(node.scope)}it ran "
                    f"forward{place}; the incoming gradient: {_listed([], incoming)}; what its rule reads: "
                    f"{_listed([], list(_flat(saved or ()))) or 'nothing'}"
                )
        return parts

    def _first(self, array: Any, given: Iterable[Any]) -> str | None:
        """What the array has that no input has: "nan", "an infinity", or None."""
        if not isinstance(array, (np.ndarray, np.generic)) or array.dtype.kind != "f" or np.isfinite(array).all():
            return None
        for wanted, present, what in (
            (self.check_nan, np.isnan, "a nan"),
            (self.check_infinity, np.isinf, "an infinity"),
        ):
            if wanted and present(array).any() and not any(_has(x, present) for x in given):
                return what
        return None


def is_anomaly_enabled() -> bool:
    """Tell whether anomaly mode is on in the current thread."""
    tracer = local.state.tracer
    while tracer is not None:
        if isinstance(tracer, detect_anomaly):
            return True
        below = getattr(tracer, "_below", None)
        tracer = below[-1] if below else None
    return False


class _Switched(threading.local):
    mode: detect_anomaly | None = None


_switched = _Switched()


class set_detect_anomaly:  # noqa: N801 - PyTorch's name
    """Switch anomaly mode on or off in the current thread; as a context manager, until its end.

    Args:
        mode: True for on.
        check_nan: look for nan.

    Raises:
        GraphError: it is switched off inside a `with` block that was opened after it was switched on.

    Example:
        >>> switch = autograd.set_detect_anomaly(True)
        >>> autograd.is_anomaly_enabled()
        True
        >>> switch = autograd.set_detect_anomaly(False)
    """

    def __init__(self, mode: bool, check_nan: bool = True) -> None:
        self._before = _switched.mode is not None
        _switch(mode, check_nan)

    def __enter__(self) -> None:
        """Nothing is left to do."""

    def __exit__(self, *exception: object) -> None:
        _switch(self._before, True)


def _switch(mode: bool, check_nan: bool) -> None:
    held = _switched.mode
    if held is not None:
        if local.state.tracer is not held:
            raise GraphError("set_detect_anomaly: leave the `with` blocks that were opened since it was switched on")
        held.__exit__()
        _switched.mode = None
    if mode:
        _switched.mode = detect_anomaly(check_nan)
        _switched.mode.__enter__()


# --- what the error says


def _array(value: Any) -> Any:
    return value._array if isinstance(value, Handle) else value


def _flat(values: Iterable[Any]) -> Iterable[Any]:
    """The arrays and numbers among arguments."""
    for value in values:
        if isinstance(value, (tuple, list)):
            yield from _flat(value)
        elif isinstance(value, Handle):
            yield value._array
        elif isinstance(value, (np.ndarray, np.generic, float)):
            yield value


def _has(value: Any, present: Callable[[Any], Any]) -> bool:
    array = np.asarray(value)
    return array.dtype.kind == "f" and bool(present(array).any())


def _listed(names: list[str], values: list[Any]) -> str:
    parts = []
    for k, value in enumerate(values):
        name = names[k] + " " if k < len(names) else ""
        array = np.asarray(value)
        if isinstance(value, float):
            parts.append(f"{name}{value!r}")
        elif array.size == 0:
            parts.append(f"{name}{array.dtype} {array.shape}")
        else:
            parts.append(f"{name}{array.dtype} {array.shape} from {array.min():g} to {array.max():g}")
    return ", ".join(parts)


def _module(scope: tuple[str, ...]) -> str:
    return f"in module {'.'.join(scope)} " if scope else ""
