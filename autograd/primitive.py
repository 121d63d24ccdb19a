"""The record of one operation, how it is applied, and the registry of all of them.

An operation is written down once, as a `Primitive`. Everything else reads that record: running it, differentiating
it, checking it against finite differences, drawing it, documenting it. A gradient rule stands beside the forward
formula and reads like the textbook line:

    MUL = binary("mul", np.multiply, operator.mul, x=lambda g, y: g * y, y=lambda g, x: g * x)

A rule's parameters after `g` say what it reads: an input or output by its name, the shape of an input as `x_shape`,
an attribute by its name. Only what the needed rules read is kept alive until the backward sweep.

Rules call operations through `op`, the registry: `op.exp(x)`. On raw arrays and numbers that just computes, so a
first-order sweep runs at NumPy's speed; on Tensors and Values it records, so the same rule has every higher order.
"""

from __future__ import annotations

import inspect
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from . import dtypes, graph
from .errors import ArgumentError, ChainruleError, DtypeError, ShapeError
from .graph import Node, PairNode, WideNode, local

__all__ = ["Handle", "Plan", "Primitive", "Sample", "define", "op", "registry"]

ndarray = np.ndarray
new = object.__new__
Rule = Callable[..., Any]


class Handle:
    """What the engine knows of a Tensor: its array, its gradient, and the node that made it."""

    __slots__ = ("__weakref__", "_array", "_edge", "_grad", "_hooks", "_requires_grad", "_version", "_view", "name")

    _array: np.ndarray
    _edge: Any  # None for a leaf; the Node that made it, or (node, output index) where that has several
    _grad: Any
    _hooks: dict[int, graph.Hooks] | None  # of a leaf; those of other tensors live on the node
    _requires_grad: bool
    # One list for all tensors that share memory, made when first needed: a counter of changes, and after it weak
    # references to those of the tensors that are views of another.
    _version: list[Any] | None
    _view: tuple[Handle, Primitive, tuple[Any, ...]] | None  # of a view: what it shows, by which operation
    name: str | None

    @property
    def shape(self) -> tuple[int, ...]:
        """The sizes of the dimensions."""
        return self._array.shape

    @property
    def dtype(self) -> dtypes.DType:
        """The dtype of the numbers."""
        return self._array.dtype

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return self._array.ndim


# Filled by Tensor and Parameter (handles of arrays), and by Value.
handle_types: set[type] = set()
appliers: dict[type, Callable[..., Any]] = {}
tensor_class: type[Any] = Handle


def register_tensor(cls: type[Any]) -> None:
    """Make `cls` the class of every result."""
    global tensor_class
    tensor_class = cls
    register_handle(cls)


def register_handle(cls: type[Any]) -> None:
    """Let operations take instances of `cls`, a subclass of Handle, as they are."""
    handle_types.add(cls)
    appliers[cls] = lambda primitive, arguments: primitive.apply(*arguments)


def make(array: np.ndarray) -> Any:
    """A constant handle on `array`."""
    result = new(tensor_class)
    result._array = array
    result._edge = None
    result._grad = None
    result._hooks = None
    result._requires_grad = False
    result._version = result._view = None
    result.name = None
    return result


def version_cell(handle: Any) -> list[Any]:
    """The version counter of the memory behind `handle`."""
    cell = handle._version
    if cell is None:
        cell = handle._version = [0]
    return cell


@dataclass(frozen=True)
class Sample:
    """One generated call of an operation: its inputs as arrays or numbers, its attributes, and its error if any.

    `keywords` are for composites, whose functions are called as users call them.
    """

    inputs: tuple[Any, ...]
    attributes: tuple[Any, ...] = ()
    error: type[Exception] | None = None
    match: str = ""
    keywords: Mapping[str, Any] = field(default_factory=dict)


class Plan:
    """What a node of one operation keeps, and how it pulls back, for one choice of inputs that need a gradient.

    `sources` lists what is saved, as (kind, position) with the arrays first; `pull(gradient, saved, wanted)` gives
    the gradients aligned with the inputs.
    """

    __slots__ = ("arrays", "keep", "needs", "op", "pull", "sources")

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
        saved: list[Any] = []
        for kind, position in self.sources:
            if kind == "input":
                saved.append(inputs[position])
            elif kind == "shape":
                saved.append(inputs[position].shape)
            elif kind == "attribute":
                saved.append(attributes[position])
            elif kind == "output":
                saved.append(outputs[position])
            else:
                saved.append(tuple(inputs) if kind == "inputs" else tuple([x.shape for x in inputs]))
        return tuple(saved)

    def versions(self, handles: Sequence[Any], arrays: Sequence[Any], results: Sequence[Any]) -> tuple[Any, ...]:
        """Pairs of (version cell, count) for the saved arrays; a cast of an input is nobody else's and has none."""
        pairs: list[Any] = []
        for kind, position in self.sources[: self.arrays]:
            if kind == "output":
                cell = version_cell(results[position])
                pairs += (cell, cell[0])
                continue
            for k in range(len(handles)) if kind == "inputs" else (position,):
                handle = handles[k]
                if isinstance(handle, Handle) and handle._array is arrays[k]:
                    cell = version_cell(handle)
                    pairs += (cell, cell[0])
        return tuple(pairs)

    def rewrap(self, node: Node, saved: Sequence[Any]) -> tuple[Any, ...]:
        """Make handles of the saved arrays again, joined to the graph where they were."""
        wrapped = list(saved)
        for k, (kind, position) in enumerate(self.sources[: self.arrays]):
            if kind == "input":
                wrapped[k] = _join(saved[k], node.edges[position])
            elif kind == "inputs":
                wrapped[k] = tuple(_join(x, edge) for x, edge in zip(saved[k], node.edges, strict=True))
            elif self.op.differentiable[position]:
                wrapped[k] = _join(saved[k], node if self.op.single else (node, position))
            else:
                wrapped[k] = _join(saved[k], None)
        return tuple(wrapped)

    def describe(self, saved: Sequence[Any], cell: list[int], node: Node) -> str:
        """Name the saved array whose version counter is `cell`, for an error."""
        for edge, name in zip(node.edges, self.op.inputs):
            if isinstance(edge, Handle) and edge._version is cell:
                return f"its input {name}"
        kinds = {kind for kind, _ in self.sources[: self.arrays]}
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
    node = new(WideNode)
    node.plan = op.to_dtype.plan((True,))
    node.attributes = (array.dtype,)
    node.edges = (leaf,)
    node.saved = node.versions = node.scope = ()
    node.shape, node.dtype = array.shape, array.dtype
    node.hooks = node.kept = None
    return node


def _parameters(rule: Rule) -> list[str]:
    code = getattr(rule, "__code__", None)
    if code is None:
        return list(inspect.signature(rule).parameters)
    return list(code.co_varnames[: code.co_argcount])  # a tenth of the time, for some hundred rules at import


def _pull_each(steps: list[tuple[int, Rule, list[int]]], count: int) -> Callable[..., list[Any]]:
    """One rule for each input. Rules that read one array or none, as most do, are called without unpacking."""
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

    return pull


def _pull_together(rule: Rule, picks: list[int], needs: tuple[bool, ...]) -> Callable[..., Sequence[Any]]:
    """One rule for all inputs, told which of them need a gradient."""

    def pull(gradient: Any, saved: Sequence[Any], wanted: Sequence[bool] | None) -> Sequence[Any]:
        return rule(needs if wanted is None else wanted, gradient, *[saved[k] for k in picks])

    return pull


@dataclass(eq=False, kw_only=True)
class Primitive:
    """The record of one operation.

    Args:
        name: the operation's name, PyTorch's where it has one.
        forward: arrays and attributes in, one array or a tuple of arrays out.
        inputs: names of the array inputs; a single name with a star, `("*tensors",)`, takes a tuple of any length.
        attributes: names of the attributes: hashable plain data, given after the inputs.
        outputs: names of the outputs.
        differentiable: which outputs have a gradient; all, unless given.
        vjp: the gradient rule: a mapping from input name to `rule(g, ...)`, or one function
            `rule(needs, g, ...)` that returns the gradients of all inputs. With several differentiable outputs, `g`
            is a list with None where an output was not used. None: the operation has no derivative.
        infer: `infer(*inputs, *attributes)` raises an error of ours before any arithmetic; for elementwise
            operations it is called only when NumPy refuses.
        scalar: the formula on one number, for elementwise operations; NumPy's IEEE results, never an exception.
        promotes: how inputs of several dtypes are brought together: "same" (to `torch.result_type`), "float" (that,
            and integers to the default dtype), or "" (not at all).
        promoted: the positions of the inputs that take part in promotion; all, unless given.
        broadcasts: gradients are summed back to the inputs' shapes by the sweep.
        views: the output shares memory with the first input.
        batch: how the operation maps over a leading axis, one of the rules of `batching`; elementwise operations and
            those that may go one example after the other need none.
        reference: plain NumPy, for operations whose forward calls a kernel.
        samples: `samples(rng)` gives calls on smooth points, for every sweep over the registry.
        error_samples: calls that must raise the given error.
        label: how the operation is drawn; its name, unless given.
        formula: the textbook formula.
        source: paper and equation, where there is one.
    """

    name: str
    forward: Callable[..., Any]
    inputs: tuple[str, ...]
    attributes: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ("out",)
    differentiable: tuple[bool, ...] = ()
    vjp: Mapping[str, Rule] | Rule | None = None
    infer: Callable[..., Any] | None = None
    scalar: Callable[..., Any] | None = None
    promotes: str = ""
    promoted: tuple[int, ...] = ()
    broadcasts: bool = False
    views: bool = False
    batch: Callable[..., Any] | None = None
    reference: Callable[..., Any] | None = None
    samples: Callable[[np.random.Generator], list[Sample]] | None = None
    error_samples: Callable[[np.random.Generator], list[Sample]] | None = None
    label: str = ""
    formula: str = ""
    source: str = ""
    apply: Callable[..., Any] = field(init=False, repr=False)
    single: bool = field(init=False)
    variadic: bool = field(init=False)
    ruled: tuple[bool, ...] = field(init=False)  # which inputs have a rule; () where the rule itself decides
    plans: dict[tuple[bool, ...], Plan] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.label = self.label or self.name
        self.differentiable = self.differentiable or (self.vjp is not None,) * len(self.outputs)
        self.single = sum(self.differentiable) <= 1
        self.variadic = self.inputs[0].startswith("*") if self.inputs else False
        together = self.vjp is None or callable(self.vjp)
        self.ruled = () if together else tuple(self.vjp.get(n) is not None for n in self.inputs)  # type: ignore[union-attr]
        self.promoted = self.promoted or tuple(range(len(self.inputs)))
        self.plans = {}
        if self.broadcasts and len(self.inputs) == 2 and not self.attributes and self.single:
            self.apply = _binary_applier(self)
        elif self.scalar is not None and len(self.inputs) == 1 and not self.attributes:
            self.apply = _unary_applier(self)
        else:
            self.apply = _general_applier(self)

    def locate(self, name: str) -> tuple[str, int]:
        """Find what a rule's parameter means: (kind, position)."""
        if self.variadic:
            bare = self.inputs[0][1:]
            if name == bare:
                return "inputs", 0
            if name == f"{bare}_shapes":
                return "shapes", 0
        if name in self.inputs:
            return "input", self.inputs.index(name)
        if name in self.outputs:
            return "output", self.outputs.index(name)
        if name in self.attributes:
            return "attribute", self.attributes.index(name)
        if name.endswith("_shape") and name[:-6] in self.inputs:
            return "shape", self.inputs.index(name[:-6])
        raise AssertionError(f"{self.name}: a rule reads {name!r}, which is no input, output or attribute")

    def plan(self, needs: tuple[bool, ...]) -> Plan:
        """The plan for one choice of inputs that need a gradient."""
        plan = self.plans.get(needs)
        if plan is None:
            plan = self.plans[needs] = Plan(self, needs)
        return plan

    def __call__(self, *arguments: Any) -> Any:
        """Apply the operation inside a rule: arrays and numbers are computed with, handles are recorded."""
        first = arguments[0]
        if type(first) is ndarray:
            return self.forward(*arguments)
        if type(first) is tuple and first:
            first = first[0]
        applier = appliers.get(type(first))
        if applier is not None:
            return applier(self, arguments)
        if self.scalar is not None and isinstance(first, (float, int)) and not isinstance(first, np.generic):
            if len(self.inputs) == 2:  # a number and something else
                applier = appliers.get(type(arguments[1]))
                if applier is not None:
                    return applier(self, arguments)
                if type(arguments[1]) is ndarray:
                    return self.forward(*arguments)
            return self.scalar(*arguments)
        return self.forward(*arguments)


class Registry(Mapping[str, Primitive]):
    """Every operation by name; rules reach them as attributes: `op.exp(x)`."""

    def __init__(self) -> None:
        self._records: dict[str, Primitive] = {}

    def register(self, primitive: Primitive) -> Primitive:
        """Enter an operation under its name."""
        if primitive.name in self._records:
            raise ArgumentError(f"define: there is an operation {primitive.name!r} already; choose another name")
        self._records[primitive.name] = primitive
        setattr(self, primitive.name, primitive)  # a plain attribute, so that rules find it at once
        return primitive

    def __getitem__(self, name: str) -> Primitive:
        return self._records[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._records)

    def __len__(self) -> int:
        return len(self._records)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"there is no operation {name!r}")


registry = Registry()
op: Any = registry


def define(name: str, **fields: Any) -> Primitive:
    """Write an operation down; see `Primitive` for the fields."""
    return registry.register(Primitive(name=name, **fields))


# --- applying


def as_handle(value: Any, name: str) -> Any:
    """A handle on `value`: Tensors as they are, arrays and sequences as constants."""
    if isinstance(value, Handle):
        return value
    array = value if isinstance(value, ndarray) else _to_array(value, name)
    if array.dtype not in dtypes.SUPPORTED:
        raise DtypeError(
            f"{name}: dtype {array.dtype} is not supported; use one of {', '.join(map(str, dtypes.SUPPORTED))}"
        )
    return make(array)


def _to_array(value: Any, name: str) -> np.ndarray:
    if isinstance(value, np.generic):
        return np.asarray(value)
    if isinstance(value, (bool, int, float)):
        return np.asarray(value, dtype=dtypes.of_number(value))
    raise DtypeError(f"{name}: expected a Tensor, an array or a number, not {type(value).__name__}: {value!r:.80}")


def _general_applier(primitive: Primitive) -> Callable[..., Any]:
    count = len(primitive.inputs)

    def apply(*arguments: Any) -> Any:
        if primitive.variadic:
            return apply_general(primitive, tuple(arguments[0]), arguments[1:])
        return apply_general(primitive, arguments[:count], arguments[count:])

    return apply


def apply_general(primitive: Primitive, inputs: tuple[Any, ...], attributes: tuple[Any, ...]) -> Any:
    """Apply any operation to handles, arrays and numbers."""
    state = local.state
    if state.tracer is not None:
        given = (inputs, *attributes) if primitive.variadic else inputs + attributes
        return state.tracer.apply(primitive, given)
    elementwise = primitive.scalar is not None
    handles = []
    arrays = []
    recorded = False
    for value in inputs:
        if type(value) not in handle_types:
            if type(value) in _NUMBERS if elementwise else value is None:  # an operand, or an optional input
                handles.append(value)
                arrays.append(value)
                continue
            value = as_handle(value, primitive.name)
        handles.append(value)
        arrays.append(value._array)
        recorded = recorded or value._requires_grad
    if primitive.promotes:
        _promote(primitive, arrays)
    try:
        if primitive.variadic:
            operands = tuple(arrays)
            if primitive.infer is not None:
                primitive.infer(operands, *attributes)
            results = primitive.forward(operands, *attributes)
        else:
            if primitive.infer is not None and not elementwise:
                primitive.infer(*arrays, *attributes)
            results = primitive.forward(*arrays, *attributes)
    except (ValueError, TypeError, OverflowError) as error:
        if elementwise and not isinstance(error, ChainruleError):
            _check_elementwise(primitive, arrays)
        raise
    outputs = results if type(results) is tuple else (results,)
    wrapped = [make(array if type(array) is ndarray else np.asarray(array)) for array in outputs]
    if primitive.views and np.may_share_memory(arrays[0], wrapped[0]._array):
        view, source = wrapped[0], handles[0]
        view._version = cell = version_cell(source)
        view._view = (source, primitive, attributes)
        cell.append(weakref.ref(view, cell.remove))
    if recorded and state.grad_enabled and primitive.vjp is not None:
        _record(primitive, state, handles, arrays, wrapped, attributes)
    return wrapped[0] if len(wrapped) == 1 else tuple(wrapped)


_NUMBERS = (float, int, bool)


def _promote(primitive: Primitive, arrays: list[Any]) -> None:
    """Bring the inputs that take part to one dtype, in place in the list."""
    positions = range(len(arrays)) if primitive.variadic else primitive.promoted
    dtype = dtypes.result_type(*[arrays[i] for i in positions])
    if primitive.promotes == "float" and dtype.kind != "f":
        dtype = dtypes.get_default_dtype()
    for i in positions:
        array = arrays[i]
        if not isinstance(array, ndarray):
            try:
                arrays[i] = np.asarray(array, dtype=dtype)
            except OverflowError:
                raise ArgumentError(
                    f"{primitive.name}: {array} does not fit {dtype}, the dtype of the result; convert the other "
                    "operand first, with x.to(dtype)"
                ) from None
        elif array.dtype != dtype:
            arrays[i] = array.astype(dtype)


def _record(
    primitive: Primitive,
    state: graph.ThreadState,
    handles: list[Any],
    arrays: list[Any],
    results: list[Any],
    attributes: tuple[Any, ...],
) -> None:
    """Record the operation, if an input that has a rule needs a gradient and an output can have one."""
    ruled = primitive.ruled or (True,) * len(handles)
    edges = tuple(
        [
            (h._edge or h) if has_rule and isinstance(h, Handle) and h._requires_grad else None
            for h, has_rule in zip(handles, ruled)
        ]
    )
    needs = tuple([edge is not None for edge in edges])
    if True not in needs:
        return
    passing = [j for j, d in enumerate(primitive.differentiable) if d and results[j]._array.dtype.kind == "f"]
    if not passing:
        return
    plan = primitive.plan(needs)
    node = new(WideNode)
    node.plan = plan
    numbers = [h for h in handles if type(h) in _NUMBERS] if primitive.broadcasts and len(handles) == 2 else ()
    node.attributes = (*attributes, *numbers)
    node.edges = edges
    node.saved = plan.save(arrays, [r._array for r in results], attributes)
    node.versions = plan.versions(handles, arrays, results) if plan.arrays else ()
    if primitive.single:
        array = results[passing[0]]._array
        node.shape, node.dtype = array.shape, array.dtype
    else:
        node.shape = tuple([r._array.shape for r in results])
        node.dtype = tuple([r._array.dtype for r in results])
    node.scope = state.scope
    node.hooks = node.kept = None
    for j in passing:
        results[j]._edge = node if primitive.single else (node, j)
        results[j]._requires_grad = True


def join_graph(primitive: Primitive, inputs: Sequence[Any], attributes: tuple[Any, ...], result: Any) -> None:
    """Record that `result`, a handle that is there already, came from an operation on handles."""
    _record(primitive, local.state, list(inputs), [x._array for x in inputs], [result], attributes)


def _check_elementwise(primitive: Primitive, arrays: Sequence[Any]) -> None:
    """Say in our own words why NumPy refused an elementwise operation."""
    if primitive.infer is not None:
        primitive.infer(*arrays)
    check_broadcast(primitive.name, dict(zip(primitive.inputs, arrays, strict=True)))
    found = ", ".join(str(getattr(a, "dtype", type(a).__name__)) for a in arrays)
    raise DtypeError(f"{primitive.name}: not defined for {found}; convert the operands first, with x.to(dtype)")


def check_broadcast(name: str, operands: dict[str, Any]) -> tuple[int, ...]:
    """The shape that the operands broadcast to.

    Raises:
        ShapeError: two sizes of one dimension differ and neither is 1.
    """
    shapes = [np.shape(a) for a in operands.values()]
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        pass
    listed = ", ".join(f"{n} {np.shape(a)}" for n, a in operands.items())
    for k in range(1, max(map(len, shapes)) + 1):
        sizes = {s[-k] for s in shapes if len(s) >= k and s[-k] != 1}
        if len(sizes) > 1:
            clash = " and ".join(map(str, sorted(sizes)))
            raise ShapeError(
                f"{name}: shapes do not broadcast: sizes {clash} meet in dimension -{k} ({listed}); "
                "sizes counted from the last dimension must be equal or 1"
            )
    raise AssertionError("np.broadcast_shapes refused shapes that broadcast")


def _unary_applier(primitive: Primitive) -> Callable[[Any], Any]:
    """The fast path of an elementwise operation of one input."""
    forward = primitive.forward
    needs_float = primitive.promotes == "float"
    plan = primitive.plan((True,)) if primitive.vjp is not None else None
    keep = tuple(plan.keep) if plan is not None else ()
    saves_x, saves_out, plain = 0 in keep, 1 in keep, plan is None or plan.arrays == len(keep)

    def apply(x: Any) -> Any:
        state = local.state
        if type(x) not in handle_types or state.tracer is not None or not plain:
            return apply_general(primitive, (x,), ())
        array = x._array
        if needs_float and array.dtype.kind != "f":
            return apply_general(primitive, (x,), ())
        try:
            out = forward(array)
        except TypeError:
            _check_elementwise(primitive, (array,))
            raise
        if type(out) is not ndarray:
            out = np.asarray(out)
        result = new(tensor_class)
        result._array = out
        result._grad = result._hooks = result._version = result._view = result.name = None
        if plan is not None and x._requires_grad and state.grad_enabled:
            node = new(WideNode)
            node.plan = plan
            node.attributes = ()
            node.edges = (x._edge or x,)
            if saves_x:
                cell = version_cell(x)
                if saves_out:
                    own = result._version = [0]
                    node.saved, node.versions = (array, out), (cell, cell[0], own, 0)
                else:
                    node.saved, node.versions = (array,), (cell, cell[0])
            elif saves_out:
                own = result._version = [0]
                node.saved, node.versions = (out,), (own, 0)
            else:
                node.saved = node.versions = ()
            node.shape = out.shape
            node.dtype = out.dtype
            node.scope = state.scope
            node.hooks = node.kept = None
            result._edge = node
            result._requires_grad = True
        else:
            result._edge = None
            result._requires_grad = False
        return result

    return apply


def _binary_applier(primitive: Primitive) -> Callable[[Any, Any], Any]:
    """The fast path of an elementwise operation of two inputs of one floating dtype, or of one and a number."""
    forward = primitive.forward
    if primitive.vjp is None:
        plans: list[Any] = [None] * 4
    else:
        plans = [None, *(primitive.plan(needs) for needs in ((True, False), (False, True), (True, True)))]
    keeps = [tuple(plan.keep) if plan is not None else () for plan in plans]
    plain = all(plan is None or plan.arrays == len(plan.sources) for plan in plans)

    def apply(a: Any, b: Any) -> Any:
        state = local.state
        if state.tracer is not None or not plain:
            return apply_general(primitive, (a, b), ())
        needs = 0
        number = None
        if type(a) in handle_types:
            x = a._array
            dtype = x.dtype
            if a._requires_grad:
                needs = 1
            if type(b) in handle_types:
                y = b._array
                if dtype is not y.dtype:
                    return apply_general(primitive, (a, b), ())
                if b._requires_grad:
                    needs += 2
            elif type(b) is float or type(b) is int:
                y = number = b
            else:
                return apply_general(primitive, (a, b), ())
        elif (type(a) is float or type(a) is int) and type(b) in handle_types:
            x = number = a
            y = b._array
            dtype = y.dtype
            if b._requires_grad:
                needs = 2
        else:
            return apply_general(primitive, (a, b), ())
        if dtype.kind != "f":
            return apply_general(primitive, (a, b), ())
        try:
            out = forward(x, y)
        except (ValueError, TypeError, OverflowError):
            _check_elementwise(primitive, (x, y))
            raise
        if type(out) is not ndarray:
            out = np.asarray(out)
        result = new(tensor_class)
        result._array = out
        result._grad = result._hooks = result._version = result._view = result.name = None
        plan = plans[needs]
        if plan is not None and state.grad_enabled:
            node = new(PairNode)
            node.plan = plan
            node.attributes = () if number is None else (number,)
            node.left = left = (a._edge or a) if needs & 1 else None
            node.right = (b._edge or b) if needs & 2 else None
            keep = keeps[needs]
            if keep:
                saved: list[Any] = []
                versions: list[Any] = []
                for k in keep:
                    if k == 0:
                        saved.append(x)
                        source = a
                    elif k == 1:
                        saved.append(y)
                        source = b
                    else:
                        saved.append(out)
                        source = result
                    if type(source) in handle_types or source is result:
                        cell = source._version
                        if cell is None:
                            cell = source._version = [0]
                        versions.append(cell)
                        versions.append(cell[0])
                node.saved = tuple(saved)
                node.versions = tuple(versions)
            else:
                node.saved = node.versions = ()
            shape = out.shape
            if isinstance(left, Node) and left.shape == shape:
                shape = left.shape  # one tuple for the whole chain
            node.shape = shape
            node.dtype = out.dtype
            node.scope = state.scope
            node.hooks = node.kept = None
            result._edge = node
            result._requires_grad = True
        else:
            result._edge = None
            result._requires_grad = False
        return result

    return apply
