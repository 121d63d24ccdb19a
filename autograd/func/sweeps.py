"""What the transforms share: inputs as new ends of the graph, and sweeps from outputs to them, inside vmap too.

Inside vmap the graph is that of all examples, so one sweep gives the gradients of all of them. For that every input is
given the axes of all vmaps around it: a tensor that examples share is expanded, without a copy, and has a gradient for
each example.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import graph
from ..batching import Level, active, is_batched, under, wrap
from ..errors import ArgumentError, DtypeError, GraphError
from ..primitive import Handle, as_handle, make, op, register_handle
from ..tensor import Tensor

__all__ = ["Traced", "as_floating", "sweep", "zeros"]


def as_floating(name: str, x: Any, what: str) -> Any:
    """A tensor that can have a gradient; arrays and Python floats become constants.

    Raises:
        DtypeError: it is something else, or not floating.
    """
    if not isinstance(x, (Handle, np.ndarray, np.generic, float)):
        raise DtypeError(f"{name}: {what} is a {type(x).__name__} {x!r:.40}, not a Tensor")
    handle = as_handle(x, name)
    if handle.dtype.kind != "f":
        raise DtypeError(f"{name}: {what} is {handle.dtype}, which has no gradients; convert it with .double()")
    return handle


def zeros(like: Any) -> Any:
    """A constant of zeros in the shape of another tensor."""
    return make(np.zeros(like.shape, like.dtype))


def _take_apart(x: Any) -> tuple[Any, list[Level]]:
    """The tensor of all examples behind a mapped one, and the levels of its leading axes, the outermost first."""
    levels: list[Level] = []
    while is_batched(x):
        levels.append(x.level)
        x = x.inner
    return x, levels[::-1]


def _put_together(x: Any, levels: Sequence[Level]) -> Any:
    for level in levels:
        x = wrap(x, level)
    return x


def _moved(x: Any, order: Sequence[int]) -> Any:
    rest = range(len(order), x.ndim)
    return x if list(order) == sorted(order) else op.permute.apply(x, (*order, *rest))


def _strip(x: Any, levels: Sequence[Level]) -> Any:
    """A tensor that shows the axes of `levels` in front, present or not; those of further vmaps stay wrapped."""
    if not levels:
        return x
    whole, found = _take_apart(x)
    with under((), levels[0].below):
        inner = [level for level in found if level not in levels]
        here = [level for level in levels if level in found]
        whole = _moved(whole, [found.index(level) for level in (*inner, *here)])
        if len(here) < len(levels):
            lead, rest = whole.shape[: len(inner)], whole.shape[len(inner) + len(here) :]
            whole = op.reshape.apply(whole, (*lead, *[n.size if n in here else 1 for n in levels], *rest))
            whole = op.expand.apply(whole, (*lead, *[n.size for n in levels], *rest))
    return _put_together(whole, inner)


def _dress(x: Any, levels: Sequence[Level]) -> Any:
    """The inverse: what shows the axes of `levels` in front becomes a tensor of one example."""
    if not levels:
        return x
    whole, inner = _take_apart(x)
    if inner:
        with under((), levels[0].below):
            order = (*range(len(inner), len(inner) + len(levels)), *range(len(inner)))
            whole = _moved(whole, order)
    return _put_together(whole, (*levels, *inner))


class End(Tensor):
    """A leaf that a transform differentiates by; open while the function runs that it was made for."""

    __slots__ = ("open",)
    open: bool


register_handle(End)


def _end(array: np.ndarray, is_open: bool) -> End:
    end = object.__new__(End)
    end._array = array
    end._edge = end._grad = end._hooks = end._version = end._view = end.name = None
    end._requires_grad = True
    end.open = is_open
    return end


class Traced:
    """A call of a function whose inputs are new ends of the graph, ready to be swept from its outputs.

    Args:
        name: the transform, for errors.
        inputs: floating tensors.
    """

    def __init__(self, name: str, inputs: Sequence[Any]) -> None:
        self.name = name
        self.levels = active()
        self.recording = graph.is_grad_enabled()
        self.joined = False  # whether an input leads on to what the caller differentiates by
        self.ends = [self._end(x) for x in inputs]
        self.inputs = [_dress(x, self.levels) for x in self.ends]
        self.outputs: list[Any] = []

    def _end(self, x: Any) -> Any:
        if self.levels and not is_batched(x) and not x._requires_grad:  # as most shared parameters
            return _end(np.broadcast_to(x._array, (*[level.size for level in self.levels], *x.shape)), True)
        whole = _strip(x, self.levels)
        if self.recording and whole._requires_grad:
            self.joined = True
            with under((), self._tracer()):
                return op.reshape.apply(whole, whole.shape)
        return _end(whole._array, True)

    def finish(self, outputs: Sequence[Any], others: Sequence[Any] = ()) -> None:
        """Take the outputs, and say whether they or `others` depend on what the caller may differentiate by."""
        self.outputs = [_strip(x, self.levels) for x in outputs]
        for end in self.ends:
            if type(end) is End:
                end.open = False
        if self.recording and not self.joined:
            whole = [*self.outputs, *[_take_apart(x)[0] for x in others if isinstance(x, Handle)]]
            self.joined = _leads_on([x for x in whole if x._requires_grad])

    def released(self, x: Any) -> Any:
        """`x` as the caller sees it: outside the graph, unless that leads on."""
        return x if self.joined or not isinstance(x, Handle) else x.detach()  # type: ignore[attr-defined]

    def results(self) -> list[Any]:
        """The outputs as the caller sees them."""
        return [self.released(_dress(x, self.levels)) for x in self.outputs]

    def reach(self, seeds: Sequence[Any], retain: bool = True) -> list[Any]:
        """The gradients at the inputs for these gradients at the outputs; None for an input that is not used."""
        stripped = [_strip(seed, self._checked_levels()) for seed in seeds]
        found = self._sweep(self.outputs, stripped, self.ends, retain)
        return [None if g is None else _dress(g, self.levels) for g in found]

    def pull(self, seeds: Sequence[Any], retain: bool = True) -> list[Any]:
        """The same, with zeros for an input that is not used."""
        found = self.reach(seeds, retain)
        return [zeros(x) if g is None else g for g, x in zip(found, self.inputs, strict=True)]

    def gradients(self) -> list[Any]:
        """The gradients of the sum of the outputs; without a caller to go on, the graph is used up."""
        seeds = [make(np.ones(x.shape, x.dtype)) for x in self.outputs]
        found = self._sweep(self.outputs, seeds, self.ends, self.joined)
        return [zeros(x) if g is None else _dress(g, self.levels) for g, x in zip(found, self.inputs, strict=True)]

    def transpose(self) -> Traced:
        """The pull as something to be pulled through: from gradients at its outputs to those at this one's inputs.

        A pull is linear in what it is given, so its own pull is the product with the Jacobian from the other side.
        """
        back = Traced.__new__(Traced)
        back.name, back.levels, back.recording, back.joined = self.name, self.levels, self.recording, self.joined
        back.ends = [_end(np.zeros(x.shape, x.dtype), False) for x in self.outputs]
        back.inputs = [_dress(x, self.levels) for x in back.ends]
        with under((), self._tracer()):
            found = sweep(self.outputs, back.ends, self.ends, retain=True, record=True)
        back.outputs = [zeros(x) if g is None else g for g, x in zip(found, self.ends, strict=True)]
        return back

    def _tracer(self) -> Any:
        return self.levels[0].below if self.levels else graph.local.state.tracer

    def _checked_levels(self) -> tuple[Level, ...]:
        if not all(level.open for level in self.levels):
            raise GraphError(f"{self.name}: what it returned was called after its vmap had ended; call it inside")
        return self.levels

    def _sweep(self, outputs: Sequence[Any], seeds: Sequence[Any], targets: Sequence[Any], retain: bool) -> list[Any]:
        for out, seed in zip(outputs, seeds, strict=True):
            if seed.shape != out.shape:
                lead = len(self.levels)
                raise ArgumentError(
                    f"{self.name}: a vector {seed.shape[lead:]} was given for {out.shape[lead:]}; make the shapes equal"
                )
        record = graph.is_grad_enabled() and (self.joined or any(seed._requires_grad for seed in seeds))
        if any(map(is_batched, seeds)):  # by vmaps around this call alone: their rules are those of the sweep's steps
            return sweep(outputs, seeds, targets, retain, record)
        with under((), self._tracer()):
            return sweep(outputs, seeds, targets, retain, record)


def _leads_on(outputs: Sequence[Any]) -> bool:
    """Whether the graph of the outputs reaches a leaf of the user's, or of a call around this one."""
    seen: set[int] = set()
    stack = [graph.target_of(out._edge or out) for out in outputs]
    while stack:
        node = stack.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        edges = node.edges
        if not edges and (type(node) is not End or node.open):
            return True
        stack += [graph.target_of(edge) for edge in edges if edge is not None]
    return False


def sweep(
    outputs: Sequence[Any], seeds: Sequence[Any], targets: Sequence[Any], retain: bool, record: bool
) -> list[Any]:
    """The gradients at the targets, as tensors; None where no output depends on one."""
    roots = [(out, seed) for out, seed in zip(outputs, seeds, strict=True) if out._requires_grad]
    if not roots:
        return [None] * len(targets)
    edges = [target._edge or target for target in targets]
    handles = record or any(is_batched(seed) for _, seed in roots)
    if handles:
        pairs = [(out._edge or out, _cast(seed, out.dtype)) for out, seed in roots]
        with graph.set_grad_enabled(record):
            return graph.sweep(pairs, retain_graph=retain, create_graph=True, targets=edges)
    arrays = [(out._edge or out, np.asarray(seed._array, dtype=out.dtype)) for out, seed in roots]
    found = graph.sweep(arrays, retain_graph=retain, create_graph=False, targets=edges)
    taken = {id(seed) for _, seed in arrays}
    return [None if g is None else make(_own(g, taken)) for g in found]


def _cast(seed: Any, dtype: Any) -> Any:
    return seed if seed.dtype == dtype else op.to_dtype.apply(seed, dtype)


def _own(gradient: Any, taken: set[int]) -> np.ndarray:
    """The gradient as an array that nobody else holds."""
    shared = id(gradient) in taken or type(gradient) is not np.ndarray
    taken.add(id(gradient))
    if shared or gradient.base is not None or not gradient.flags.writeable:
        return np.array(gradient)
    return gradient
