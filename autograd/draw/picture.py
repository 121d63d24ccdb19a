"""What a picture shows, read off a recorded graph as plain data: items, and the results that pass between them.

A picture is made in three steps: `read` walks the graph, `collapse.collapse` brings it to a size that can be drawn,
and `describe` writes the texts of what is left. After that nothing refers to the graph any more, so that a drawing
shows the moment at which it was made and keeps nothing alive.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from ..graph import target_of, topological_order
from ..primitive import Handle
from ..value import Value, number
from .text import array_lines, attribute_lines, number_text, plural, shape_text, shorten

__all__ = ["Item", "Names", "Picture", "Result", "describe", "read"]

Kind = Literal["leaf", "constant", "operation", "module", "fold", "leaves"]


@dataclass(slots=True)
class Result:
    """Something that has a value: a leaf, a constant, or one output of an operation."""

    name: str = ""
    shape: Any = None  # None for a Value
    dtype: Any = None
    value: Any = None  # an array or a number; None where it was not kept
    gradient: Any = None
    kept: bool = True  # whether value and gradient would be here if there were any
    value_lines: list[str] = field(default_factory=list)
    gradient_lines: list[str] = field(default_factory=list)
    number: int = 1  # how many results are drawn as this one


@dataclass(slots=True)
class Item:
    """An operation, a leaf, or several of them drawn as one.

    `inputs` are pairs (position of the item, number of its output) in the order in which the operation takes them.
    """

    kind: Kind
    label: str = ""
    scope: tuple[str, ...] = ()
    inputs: list[tuple[int, int]] = field(default_factory=list)
    outputs: list[Result] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    source: Any = None  # the node, until it is described
    parameter: bool = False
    inner: bool = False  # a leaf that belongs to the module that uses it
    operations: int = 0  # inside, with itself
    variables: int = 0  # leaves and constants inside
    owned: int = 0  # parameters among them
    parameters: int = 0  # numbers in those
    pattern: str = ""  # what a fold repeats


@dataclass(slots=True)
class Picture:
    """Items, each after its inputs; the results that were asked for; and what the reader has to be told."""

    items: list[Item]
    roots: list[tuple[int, int]]
    titles: dict[tuple[str, ...], str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    collapsed: dict[str, str] = field(default_factory=dict)  # what was done to make it smaller, by the way it was done


# --- names


class Names:
    """Names of leaves, results and modules, from the mapping and the module that the user gave."""

    def __init__(self, names: Mapping[str, Any] | None, module: Any) -> None:
        self.handles: dict[Any, Any] = {}  # by place in the graph, to find values of results
        self.arrays: dict[int, str] = {}  # by the array, for constants, of which only that is recorded
        self.titles: dict[tuple[str, ...], str] = {}
        self.parameters: set[int] = set()
        self._names: dict[Any, str] = {}
        self._paths: dict[Any, str] = {}  # of parameters below the module
        if module is not None:
            self._read_module(module)
        for name, value in (names or {}).items():
            self._add(name, value)

    def _read_module(self, module: Any) -> None:
        if hasattr(module, "named_parameters"):
            named = list(module.named_parameters())
        else:  # a module of Values, which carry their labels
            named = [("", parameter) for parameter in module.parameters()]
        for name, parameter in named:
            self._add(name, parameter)
            self._paths[key_of(parameter)] = name
            self.parameters.add(id(parameter))
        for name, buffer in getattr(module, "named_buffers", tuple)():
            self._add(name, buffer)
        root = type(module).__name__
        self.titles[root,] = root
        for name, child in getattr(module, "named_modules", tuple)():
            if name:
                path = (root, *name.split("."))
                self.titles[path] = f"{path[-1]}: {type(child).__name__}"

    def _add(self, name: str, value: Any) -> None:
        if isinstance(value, (list, tuple)):
            for k, part in enumerate(value):
                if isinstance(part, (Handle, Value)):
                    self._add(f"{name}[{k}]", part)
        elif isinstance(value, (Handle, Value)):
            self.register(value)
            self._names.setdefault(key_of(value), name)
            if isinstance(value, Handle):
                self.arrays.setdefault(id(value._array), self.name_of(key_of(value), value.name))

    def register(self, value: Any) -> None:
        """Remember a handle, whose value and gradient then are known."""
        held = self.handles.setdefault(key_of(value), value)
        if isinstance(value, Handle) and (held._grad is None and value._grad is not None):
            self.handles[key_of(value)] = value

    def name_of(self, key: Any, own: str | None) -> str:
        """The name of what is at `key`: its path below the module, its own, or the one in the mapping."""
        return self._paths.get(key) or own or self._names.get(key, "")


def key_of(value: Any) -> Any:
    """Where a handle or a Value is in the graph: its identity for a leaf, else its node and output."""
    edge = value if isinstance(value, Value) else value._edge
    return _key(value if edge is None else edge)


def _key(edge: Any) -> Any:
    return (id(edge[0]), edge[1]) if type(edge) is tuple else (id(edge), None)


# --- reading a graph


def read(outputs: Iterable[Any], names: Names) -> Picture:
    """Read the graph above the outputs.

    Args:
        outputs: Tensors and Values.
        names: their names, and handles of results.
    """
    outputs = list(outputs)
    for output in outputs:
        names.register(output)
    edges = [(o if o._edge is None else o._edge) if isinstance(o, Handle) else o for o in outputs]
    reader = _Reader(names)
    for node in topological_order([target_of(edge) for edge in edges]):
        reader.add(node)
    roots = list(dict.fromkeys(reader.find(edge) for edge in edges))
    return Picture(reader.items, roots, names.titles)


class _Reader:
    def __init__(self, names: Names) -> None:
        self.names = names
        self.items: list[Item] = []
        self.places: dict[int, int] = {}  # position of a node's item
        self.outputs: dict[tuple[Any, int], int] = {}  # places among the outputs of a node that has several
        self.constants: dict[Any, int] = {}  # position of a constant, by its array

    def add(self, node: Any) -> None:
        """Add the item of a node whose inputs have been added."""
        if isinstance(node, Value):
            item = self._value(node)
        elif isinstance(node, Handle):
            item = self._leaf(node)
        else:
            item = self._operation(node)
        self.places[id(node)] = len(self.items)
        self.items.append(item)

    def find(self, edge: Any) -> tuple[int, int]:
        """Where an edge leads to; an output of an operation is added when it is first asked for."""
        if type(edge) is not tuple:
            position = self.places[id(edge)]
            item = self.items[position]
            if not item.outputs:
                item.outputs.append(self._output(edge, None))
            return position, 0
        node, index = edge
        position = self.places[id(node)]
        if edge not in self.outputs:
            outputs = self.items[position].outputs
            self.outputs[edge] = len(outputs)
            outputs.append(self._output(node, index))
        return position, self.outputs[edge]

    def _value(self, node: Value) -> Item:
        result = Result(self.names.name_of(_key(node), node.label), value=node.data, gradient=number(node.grad))
        if node.plan is None:
            parameter = id(node) in self.names.parameters
            return Item("leaf", outputs=[result], parameter=parameter, inner=parameter or not result.name, variables=1)
        inputs = [self.find(edge) for edge in node.edges]
        return Item("operation", node.plan.op.label, node.scope, inputs, [result], source=node, operations=1)

    def _leaf(self, leaf: Any) -> Item:
        result = Result(
            self.names.name_of(_key(leaf), leaf.name),
            leaf.shape,
            leaf.dtype,
            leaf._array,
            None if leaf._grad is None else leaf._grad._array,
        )
        # A Parameter is known by its class as well, so that a module need not be given.
        parameter = id(leaf) in self.names.parameters or type(leaf).__name__ == "Parameter"
        return Item("leaf", outputs=[result], parameter=parameter, inner=parameter or not result.name, variables=1)

    def _operation(self, node: Any) -> Item:
        op = node.plan.op
        item = Item("operation", op.label, node.scope, source=node, operations=1)
        for position, edge in enumerate(node.edges):
            if edge is not None:
                item.inputs.append(self.find(edge))
                continue
            constant = constant_of(node, position)
            if constant is UNKNOWN:
                if op.broadcasts or position == 0:  # elsewhere, what is not known may not have been given
                    item.inputs.append((self._constant(op, position, None), 0))
            elif constant is not None and not _beside(node, constant):
                item.inputs.append((self._constant(op, position, constant), 0))
        return item

    def _constant(self, op: Any, position: int, value: Any) -> int:
        shared = isinstance(value, np.ndarray)
        if shared and id(value) in self.constants:
            return self.constants[id(value)]
        result = Result(_input_name(op, position), value=value, kept=value is not None)
        # A mask or a factor belongs to the module that made it, while a batch of data comes from outside.
        inner = op.scalar is not None
        if shared:
            given = self.names.arrays.get(id(value), "")
            inner = inner and not given
            result.name = given or result.name
            result.shape, result.dtype = value.shape, value.dtype
            self.constants[id(value)] = len(self.items)
        self.items.append(Item("constant", outputs=[result], inner=inner, variables=1))
        return len(self.items) - 1

    def _output(self, node: Any, index: int | None) -> Result:
        op = node.plan.op
        key = id(node), index
        place = op.differentiable.index(True) if index is None else index
        handle = self.names.handles.get(key)
        kept = node.kept
        shape, dtype = (node.shape, node.dtype) if index is None else (node.shape[index], node.dtype[index])
        own = None if handle is None else handle.name
        if own is None and kept is not None:
            own = kept.names.get(place)
        name = self.names.name_of(key, own)
        if not name and index is not None:
            name = op.outputs[index]
        result = Result(name, shape, dtype, kept=kept is not None and bool(kept.values))
        if kept is not None:
            result.value = kept.values.get(place)
            result.gradient = kept.gradients.get(index or 0)
        if handle is not None:
            result.value = handle._array
            if result.gradient is None and handle._grad is not None:
                result.gradient = handle._grad._array
        return result


UNKNOWN = object()


def constant_of(node: Any, position: int) -> Any:
    """What went into an operation at a place that needs no gradient: an array, a number, None, or UNKNOWN."""
    if node.kept is not None and position in node.kept.constants:
        return node.kept.constants[position]
    number = node.attributes[len(node.plan.op.attributes) :]
    if number:
        return number[0]
    if node.saved is not None:
        for (kind, place), saved in zip(node.plan.sources, node.saved):
            if kind == "input" and place == position:
                return saved
            if kind == "inputs":
                return saved[position]
    return UNKNOWN


def _input_name(op: Any, position: int) -> str:
    """What to call an input of which no name is known: `target` says something, `x` and `y` do not."""
    if op.scalar is not None or op.variadic:
        return "constant"
    name: str = op.inputs[position]
    return name if len(name) > 1 else "input"


def _beside(node: Any, constant: Any) -> bool:
    """Whether a constant is one number beside the only other operand, which is written into the operation."""
    return len(node.plan.op.inputs) == 2 and node.plan.op.broadcasts and np.ndim(constant) == 0


# --- writing the texts


def describe(picture: Picture, values: bool) -> None:
    """Write the texts of all items, tell what was not kept, and let go of the graph.

    Args:
        picture: the picture, collapsed already.
        values: write values and gradients.
    """
    results = [(item, result) for item in picture.items for result in item.outputs]
    for item in picture.items:
        if item.source is not None:
            _describe_operation(item)
    many = False
    for _, result in results:
        if values:
            result.value_lines = _lines(result.value)
            result.gradient_lines = _lines(result.gradient)
            many = many or any("±" in line for line in result.value_lines + result.gradient_lines)
    if values:
        picture.notes += _missing(results)
        if many:
            picture.notes.append("of many numbers: mean ± standard deviation")
    for _, result in results:
        result.value = result.gradient = None


def _describe_operation(item: Item) -> None:
    node = item.source
    op = node.plan.op
    item.source = None
    item.lines = attribute_lines(op.attributes, node.attributes)
    # A number beside one operand is written where it stood: `x ** 2` shows `** 2`, and `1 / x` shows `1 /`.
    position = next((k for k, edge in enumerate(node.edges) if edge is None), None)
    if position is None:
        return
    constant = constant_of(node, position)
    if constant is None or constant is UNKNOWN or not _beside(node, constant):
        return
    text = number_text(constant[()] if isinstance(constant, np.ndarray) else constant)
    item.label = f"{text} {op.label}" if position == 0 else f"{op.label} {text}"


def _lines(value: Any) -> list[str]:
    if value is None:
        return []
    return array_lines(value) if isinstance(value, np.ndarray) else [number_text(value)]


def _missing(results: list[tuple[Item, Result]]) -> list[str]:
    """Say once what is not in the picture because nobody kept it."""
    passed = [result for item, result in results if item.kind != "constant" and not result.kept]
    parts = ["values"] if any(result.value is None for result in passed) else []
    if any(result.gradient is not None for _, result in results) and any(r.gradient is None for r in passed):
        parts.append("gradients")
    notes = []
    if parts:
        what = " and ".join(parts)
        notes.append(f"{what} of intermediate results were not kept: compute them under autograd.record()")
    if any(item.kind == "constant" and result.value is None for item, result in results):
        notes.append("inputs without a value were not kept: compute under autograd.record()")
    return notes


def title_of(picture: Picture, path: tuple[str, ...]) -> str:
    """The title of a module: its name, and its class where that is known."""
    return shorten(picture.titles.get(path, path[-1]))


def contents_of(item: Item) -> list[str]:
    """What is inside an item that stands for several."""
    lines = [plural(item.operations, "operation")]
    if item.parameters:
        lines.append(plural(item.parameters, "parameter"))
    if item.variables > item.owned:
        lines.append(plural(item.variables - item.owned, "variable"))
    return lines


def results_of(shape: Any, dtype: Any) -> str:
    """The shape and dtype of a result; nothing for a Value."""
    return "" if shape is None else shape_text(shape, dtype)
