"""What a node of an operation keeps, and how it pulls gradients back: worked out once for each way it is used."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import numpy as np

from .graph import Node, WideNode
from .handle import Handle, make
from .operations import op

if TYPE_CHECKING:
    from .primitive import Primitive

__all__ = ["Plan"]

ndarray = np.ndarray
Rule = Callable[..., Any]


class Plan:
    """What a node of one operation keeps, and how it pulls back, for one choice of inputs that need a gradient.

    `sources` lists what is saved, as (kind, position) with the arrays first; `pull(gradient, saved, wanted)` gives
    the gradients aligned with the inputs.
    """

    __slots__ = ("arrays", "keep", "needs", "op", "pick", "pull", "saved_arrays", "sources")

    def __init__(self, primitive: Primitive, needs: tuple[bool, ...]) -> None:
        self.op = primitive
        self.needs = needs
        vjp = primitive.vjp
        if callable(vjp):
            rules: dict[int, Rule] = {}
            names = _parameters(vjp)[2:]
        else:
            assert vjp is not None
            rules = {i: vjp[n] for i, n in enumerate(primitive.inputs) if needs[i] and vjp.get(n) is not None}
            names = [name for rule in rules.values() for name in _parameters(rule)[1:]]
        sources = sorted({primitive.locate(name) for name in names}, key=_order)
        self.sources = sources
        self.arrays = sum(kind in ("input", "output", "inputs") for kind, _ in sources)
        self.saved_arrays = sources[: self.arrays]
        self.pick = None if primitive.variadic else _pick(sources, len(primitive.inputs), len(primitive.outputs))
        # The position of each source in (x, y, ..., out): the elementwise fast path saves arrays alone.
        self.keep = [p if kind == "input" else len(primitive.inputs) + p for kind, p in sources]
        if callable(vjp):
            self.pull = _pull_together(vjp, [sources.index(primitive.locate(name)) for name in names], needs)
        else:
            steps = [
                (i, rule, [sources.index(primitive.locate(name)) for name in _parameters(rule)[1:]])
                for i, rule in rules.items()
            ]
            self.pull = _pull_each(steps, len(needs))

    def save(self, inputs: Sequence[Any], outputs: Sequence[Any], attributes: tuple[Any, ...]) -> tuple[Any, ...]:
        """Collect what the rules will read; `inputs` and `outputs` are arrays or numbers."""
        if self.pick is not None:
            return self.pick((*inputs, *outputs, *attributes))
        saved: list[Any] = []
        for kind, position in self.sources:
            if kind == "attribute":
                saved.append(attributes[position])
            elif kind == "output":
                saved.append(outputs[position])
            else:
                saved.append(tuple(inputs) if kind == "inputs" else tuple([x.shape for x in inputs]))
        return tuple(saved)

    def versions(self, handles: Sequence[Any], arrays: Sequence[Any], results: Sequence[Any]) -> tuple[Any, ...]:
        """Pairs of (version cell, count) for the saved arrays; a cast of an input is nobody else's and has none."""
        pairs: list[Any] = []
        for kind, position in self.saved_arrays:
            if kind == "inputs":
                read = [h for h, array in zip(handles, arrays) if isinstance(h, Handle) and h._array is array]
            else:
                handle = results[position] if kind == "output" else handles[position]
                if kind == "input" and not (isinstance(handle, Handle) and handle._array is arrays[position]):
                    continue
                read = [handle]
            for handle in read:
                cell = handle._version
                if cell is None:  # as in `version_cell`, without the call
                    cell = handle._version = [0]
                pairs.append(cell)
                pairs.append(cell[0])
        return tuple(pairs)

    def rewrap(self, node: Node, saved: Sequence[Any]) -> tuple[Any, ...]:
        """Make handles of the saved arrays again, joined to the graph where they were."""
        wrapped = list(saved)
        for k, (kind, position) in enumerate(self.saved_arrays):
            if kind == "input":
                wrapped[k] = _join(saved[k], node.edges[position])
            elif kind == "inputs":
                wrapped[k] = tuple(_join(x, edge) for x, edge in zip(saved[k], node.edges, strict=True))
            elif self.op.differentiable[position]:
                wrapped[k] = _join(saved[k], node if self.op.single else (node, position))
            else:
                wrapped[k] = _join(saved[k], None)
        return tuple(wrapped)

    def joined(self, parts: Sequence[Any], saved: Sequence[Any]) -> Sequence[Any]:
        """Gradients that came out constant although what the rule read is in a graph, joined to it with derivative 0.

        So is relu's: PyTorch's second derivative of it is zeros, and not an error.
        """
        constant = [isinstance(part, Handle) and not part._requires_grad for part in parts]
        if True not in constant:
            return parts
        read = [y for x in saved[: self.arrays] for y in (x if type(x) is tuple else (x,))]
        source = next((x for x in read if isinstance(x, Handle) and x._requires_grad), None)
        if source is None:
            return parts
        return [op.constant_in.apply(p, source) if c else p for p, c in zip(parts, constant)]

    def describe(self, saved: Sequence[Any], cell: list[int], node: Node) -> str:
        """Name the saved array whose version counter is `cell`, for an error."""
        for edge, name in zip(node.edges, self.op.inputs):
            if isinstance(edge, Handle) and edge._version is cell:
                return f"its input {name}"
        kinds = {kind for kind, _ in self.saved_arrays}
        return "its output" if kinds == {"output"} else "an input" if "output" not in kinds else "an input or output"


_KINDS = ("input", "inputs", "output", "shape", "shapes", "attribute")


def _order(source: tuple[str, int]) -> tuple[int, int]:
    return _KINDS.index(source[0]), source[1]


def _join(array: Any, edge: Any) -> Any:
    """A handle on `array` whose gradient goes to `edge`; numbers and None stay what they are."""
    if not isinstance(array, (ndarray, np.generic)):
        return array
    if isinstance(edge, Handle):
        if edge._array is array:
            return edge
        edge = _alias(edge, np.asarray(array))
    result = make(np.asarray(array))
    if edge is not None:
        result._edge = edge
        result._requires_grad = True
    return result


def _alias(leaf: Any, array: np.ndarray) -> Node:
    """An edge to a leaf for an array that is not the leaf's own (any more): a cast of it, or what it was before."""
    node = WideNode()
    node.plan = op.to_dtype.plan((True,))
    node.attributes = (array.dtype,)
    node.edges = (leaf,)
    node.saved = node.versions = node.scope = ()
    node.shape, node.dtype = array.shape, array.dtype
    node.hooks = node.kept = None
    return node


def _pick(sources: list[tuple[str, int]], inputs: int, outputs: int) -> Callable[[Any], tuple[Any, ...]]:
    """What takes the sources out of (*inputs, *outputs, *attributes)."""
    begins = {"input": 0, "shape": 0, "output": inputs, "attribute": inputs + outputs}
    places = [begins[kind] + position for kind, position in sources]
    if len(places) > 1 and all(kind != "shape" for kind, _ in sources):
        return itemgetter(*places)  # which gives a tuple from two on
    shapes = [kind == "shape" for kind, _ in sources]
    return lambda values: tuple([values[k].shape if shape else values[k] for k, shape in zip(places, shapes)])


def _parameters(rule: Rule) -> list[str]:
    code = getattr(rule, "__code__", None)
    if code is None:
        return list(inspect.signature(rule).parameters)
    return list(code.co_varnames[: code.co_argcount])  # a tenth of the time, for some hundred rules at import


def _pull_each(steps: list[tuple[int, Rule, list[int]]], count: int) -> Callable[..., Sequence[Any]]:
    """One rule for each input. Rules that read one array or none, as most do, are called without unpacking."""
    if count == len(steps) == 1:
        return _pull_one(*steps[0][1:])
    direct = [(i, rule, picks[0] if picks else -1, picks if len(picks) > 1 else None) for i, rule, picks in steps]

    def pull(gradient: Any, saved: Sequence[Any], wanted: Sequence[bool] | None) -> list[Any]:
        gradients: list[Any] = [None] * count
        for i, rule, k, picks in direct:
            if wanted is None or wanted[i]:
                if picks is not None:
                    gradients[i] = rule(gradient, *[saved[k] for k in picks])
                else:
                    gradients[i] = rule(gradient) if k < 0 else rule(gradient, saved[k])
        return gradients

    if count == len(steps) == 2 and all(picks is None for _, _, _, picks in direct):
        return _pull_pair(direct[0][1], direct[0][2], direct[1][1], direct[1][2], pull)
    return pull


def _pull_one(rule: Rule, picks: list[int]) -> Callable[..., Sequence[Any]]:
    """The rule of the only input, to which the sweep only comes if it is wanted."""
    if picks == list(range(len(picks))):
        return lambda gradient, saved, wanted: (rule(gradient, *saved),)
    return lambda gradient, saved, wanted: (rule(gradient, *[saved[k] for k in picks]),)


def _pull_pair(
    left: Rule, k: int, right: Rule, m: int, one_of_them: Callable[..., Sequence[Any]]
) -> Callable[..., Sequence[Any]]:
    """The rules of both inputs, which each read the array at k and at m, or none at -1: most of a long graph."""
    if k < 0 and m < 0:

        def pull(gradient: Any, saved: Sequence[Any], wanted: Sequence[bool] | None) -> Sequence[Any]:
            return (left(gradient), right(gradient)) if wanted is None else one_of_them(gradient, saved, wanted)

    elif k >= 0 and m >= 0:

        def pull(gradient: Any, saved: Sequence[Any], wanted: Sequence[bool] | None) -> Sequence[Any]:
            if wanted is None:
                return left(gradient, saved[k]), right(gradient, saved[m])
            return one_of_them(gradient, saved, wanted)

    else:
        return one_of_them
    return pull


def _pull_together(rule: Rule, picks: list[int], needs: tuple[bool, ...]) -> Callable[..., Sequence[Any]]:
    """One rule for all inputs, told which of them need a gradient."""

    def pull(gradient: Any, saved: Sequence[Any], wanted: Sequence[bool] | None) -> Sequence[Any]:
        return rule(needs if wanted is None else wanted, gradient, *[saved[k] for k in picks])

    return pull
