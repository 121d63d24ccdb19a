"""The recorded graph: its nodes, the topological sort, the backward sweep, and the state of each thread.

This module knows no operation. A node holds the *plan* of the operation that made it (see `primitive`), the edges
to what it was computed from, and the arrays that its gradient rule saved. The sweep asks of a node only

- `edges`: a tuple with, for each input, `None` (no gradient needed) or what the input came from: a Node, a pair
  `(node, output index)` where that node has several differentiable outputs, or an object that is handle and node in
  one: a leaf Tensor, or a Value;
- `pull(gradient, create_graph, wanted)`: the gradients of its inputs, aligned with `edges`; they may be `Deferred`;
- `receive(gradient, create_graph, owned)` where `keeps_gradient` is true;
- `shape` and `dtype`, to hold what arrives against them.
"""

from __future__ import annotations

import functools
import inspect
import operator
import threading
import weakref
from collections.abc import Callable, Iterable, Sequence
from sys import getrefcount
from typing import Any, TypeVar

import numpy as np

from .deferred import Deferred, computed
from .errors import ArgumentError, GraphError, InPlaceError

__all__ = [
    "Node",
    "PairNode",
    "WideNode",
    "enable_grad",
    "inference_mode",
    "is_grad_enabled",
    "no_grad",
    "set_grad_enabled",
    "sweep",
    "topological_order",
]

ndarray = np.ndarray
F = TypeVar("F", bound=Callable[..., Any])


# --- state of a thread


class ThreadState:
    """What one thread is doing: whether it records, who watches, and in which module it is."""

    __slots__ = ("grad_enabled", "outer_modes", "scope", "tracer", "watcher")

    def __init__(self) -> None:
        self.grad_enabled = True
        self.outer_modes: list[bool] = []  # what to go back to when the `with` blocks that are open end
        self.tracer: Any = None  # sees every operation that is applied
        self.watcher: Any = None  # sees every node that a sweep passes
        self.scope: tuple[str, ...] = ()


class _Local(threading.local):
    def __init__(self) -> None:
        self.state = ThreadState()


local = _Local()


def is_grad_enabled() -> bool:
    """Tell whether operations are recorded in the current thread.

    Example:
        >>> with autograd.no_grad():
        ...     autograd.is_grad_enabled()
        False
    """
    return local.state.grad_enabled


class _GradMode:
    """A context manager and decorator that sets whether the current thread records."""

    mode: bool

    def __new__(cls, *given: Any, **named: Any) -> Any:
        mode = super().__new__(cls)
        return mode(given[0]) if given and callable(given[0]) else mode  # `@no_grad` without parentheses

    def __enter__(self) -> None:
        state = local.state
        state.outer_modes.append(state.grad_enabled)
        state.grad_enabled = self.mode

    def __exit__(self, *exception: object) -> None:
        state = local.state
        state.grad_enabled = state.outer_modes.pop()

    def _again(self) -> _GradMode:
        return type(self)()

    def __call__(self, function: F) -> F:
        if inspect.isgeneratorfunction(function):
            raise ArgumentError(
                f"{type(self).__name__}: {function.__qualname__} is a generator, whose body runs after the mode has "
                "ended; use `with` inside the generator instead"
            )

        @functools.wraps(function)
        def wrapper(*arguments: Any, **keywords: Any) -> Any:
            with self._again():
                return function(*arguments, **keywords)

        return wrapper  # type: ignore[return-value]


class no_grad(_GradMode):  # noqa: N801 - PyTorch's name
    """Record nothing inside: `with autograd.no_grad():`, or `@autograd.no_grad()` above a function.

    Example:
        >>> x = autograd.tensor(2.0, requires_grad=True)
        >>> with autograd.no_grad():
        ...     y = x * 3
        >>> y.requires_grad
        False
    """

    mode = False


class inference_mode(_GradMode):  # noqa: N801
    """Record nothing inside, as `no_grad`; PyTorch's name for blocks whose results are never differentiated.

    Args:
        mode: False records inside.

    Example:
        >>> x = autograd.tensor(2.0, requires_grad=True)
        >>> with autograd.inference_mode():
        ...     y = x * 3
        >>> y.requires_grad
        False
    """

    mode = False

    def __init__(self, mode: bool = True) -> None:
        self.mode = not mode

    def _again(self) -> _GradMode:
        return _Fixed(self.mode)


class enable_grad(_GradMode):  # noqa: N801
    """Record inside, also within `no_grad`.

    Example:
        >>> x = autograd.tensor(2.0, requires_grad=True)
        >>> with autograd.no_grad(), autograd.enable_grad():
        ...     y = x * 3
        >>> y.requires_grad
        True
    """

    mode = True


class set_grad_enabled(_GradMode):  # noqa: N801
    """Set whether the current thread records: at once, and as a context manager until its end.

    Args:
        mode: True to record, False not to.

    Example:
        >>> with autograd.set_grad_enabled(False):
        ...     autograd.is_grad_enabled()
        False
    """

    def __init__(self, mode: bool) -> None:
        state = local.state
        self.mode = bool(mode)
        # What construction changed; the first `with` goes back to it.
        self._before: bool | None = state.grad_enabled
        state.grad_enabled = self.mode

    def __enter__(self) -> None:
        super().__enter__()
        if self._before is not None:
            local.state.outer_modes[-1] = self._before
            self._before = None

    def __call__(self, function: F) -> F:
        # As a decorator only the function's body is meant, so the change made at construction is taken back.
        if self._before is not None:
            local.state.grad_enabled, self._before = self._before, None
        return super().__call__(function)

    def _again(self) -> _GradMode:
        return _Fixed(self.mode)


class _Fixed(_GradMode):
    def __init__(self, mode: bool) -> None:
        self.mode = mode


# --- nodes


class Kept:
    """What a node keeps for its user rather than for its rule: names, recorded values and gradients.

    `constants` holds the inputs that need no gradient, by their position; the others go by the output's index.
    `again` computes the saved arrays of a node that was told not to keep them; `place` is where in the user's code
    the operation ran.
    """

    __slots__ = ("again", "constants", "gradients", "names", "place", "values")

    def __init__(self) -> None:
        self.again: Callable[[Any], tuple[Any, ...]] | None = None
        self.place: str = ""
        self.constants: dict[int, Any] = {}
        self.names: dict[int, str] = {}
        self.values: dict[int, np.ndarray] = {}
        self.gradients: dict[int, np.ndarray] = {}


class Hooks:
    """The hooks on a gradient, in the order they were registered, and the handles that asked to retain it."""

    __slots__ = ("functions", "next_key", "retained")

    def __init__(self) -> None:
        self.functions: dict[int, Callable[[Any], Any]] = {}
        self.retained: list[weakref.ref[Any]] = []
        self.next_key = 0

    def add(self, function: Callable[[Any], Any]) -> RemovableHandle:
        key = self.next_key
        self.next_key += 1
        self.functions[key] = function
        return RemovableHandle(self.functions, key)


class RemovableHandle:
    """What registering a hook returns; `remove()` takes the hook away again, and may be called twice."""

    __slots__ = ("_functions", "_key")

    def __init__(self, functions: dict[int, Callable[..., Any]], key: int) -> None:
        self._functions = functions
        self._key = key

    def remove(self) -> None:
        """Take the hook away."""
        self._functions.pop(self._key, None)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *exception: object) -> None:
        self.remove()


class Node:
    """One recorded operation on arrays; how it holds its edges is up to `WideNode` and `PairNode`.

    `shape` and `dtype` are those of the differentiable output; with several, tuples of them. `attributes` are the
    operation's, and after them the number that one operand of an elementwise operation was. `saved` holds what the rule
    reads (arrays first), `versions` pairs of (version cell, count at saving) for those arrays.
    """

    __slots__ = (
        "__weakref__",
        "attributes",
        "dtype",
        "hooks",
        "kept",
        "plan",
        "saved",
        "scope",
        "shape",
        "versions",
    )

    keeps_gradient = False

    plan: Any
    attributes: tuple[Any, ...]
    edges: Any
    saved: tuple[Any, ...] | None
    versions: tuple[Any, ...]
    shape: Any
    dtype: Any
    scope: tuple[str, ...]
    hooks: dict[int, Hooks] | None
    kept: Kept | None

    def __repr__(self) -> str:
        return f"<{self.plan.op.name} node, output {self.shape}>"

    def pull(self, gradient: Any, create_graph: bool, wanted: Sequence[bool] | None = None) -> Sequence[Any]:
        """Pass the gradient of the output(s) back to the inputs, by the operation's rule."""
        plan, saved = self.plan, self.saved
        if saved is None and plan.sources:
            if self.kept is None or self.kept.again is None:
                raise GraphError(
                    f"backward: the arrays that {plan.op.name} saved are gone, because a backward sweep has passed "
                    "here already; call the first backward with retain_graph=True, or compute the output again"
                )
            saved = self.kept.again(self)
        versions = iter(self.versions)
        for cell in versions:
            if cell[0] != (count := next(versions)):
                raise InPlaceError(
                    f"backward: an array that {plan.op.name} saved ({plan.describe(saved, cell, self)}; "
                    f"output {self.shape}) was changed in place afterwards: it is at version {cell[0]}, and was saved "
                    f"at version {count}; change a clone() of it instead, or change it after backward"
                )
        if create_graph and plan.arrays:
            saved = plan.rewrap(self, saved)
            return plan.joined(plan.pull(gradient, saved, wanted), saved)
        return plan.pull(gradient, saved, wanted)

    def release(self) -> None:
        """Drop the saved arrays; shapes and attributes stay."""
        if self.plan.arrays:
            self.saved = None
            self.versions = ()


class WideNode(Node):
    """A node with any number of inputs."""

    __slots__ = ("edges",)


class PairNode(Node):
    """A node of two inputs.

    Long graphs are mostly these, and CPython's cyclic collector, which walks over every tuple and every node, took
    half the time of recording them. So a pair is held without a tuple, and `edges` makes one where it is asked for.
    """

    __slots__ = ("left", "right")

    left: Any
    right: Any
    edges = property(operator.attrgetter("left", "right"))


# --- the sort and the sweep


class Services:
    """What the sweep needs of the layers above, which fill it in when they are imported."""

    # The sum of two gradients of one shape and dtype, of which the first may be deferred; from the operations.
    add: Callable[[Any, Any], Any]
    # Sums and casts a gradient to the shape and dtype of what it belongs to; from the operations.
    conform: Callable[[Any, tuple[int, ...], Any, Any], Any]
    # A handle on an array, and the array of a handle, for hooks; from Tensor.
    wrap: Callable[[Any], Any]
    unwrap: Callable[[Any], Any]
    # A module of a layer above, imported when it is first needed; from the package.
    module: Callable[[str], Any]
    # Raises unless a hook's answer can stand in for the gradient; from Tensor.
    check_answer: Callable[[Any, Any], None]


services = Services()


def target_of(edge: Any) -> Any:
    """The node that an edge leads to."""
    return edge[0] if type(edge) is tuple else edge


def topological_order(roots: Iterable[Any]) -> list[Any]:
    """Sort what the roots were computed from so that every node stands after all of its inputs.

    A depth-first walk without recursion: a node is placed when the walk comes back to it from its last input. Each
    node is placed once and each edge followed once, so the cost is linear in the size of the graph.

    Args:
        roots: nodes to start from.

    Returns:
        The nodes, inputs before the operations that use them; the roots are among the last.

    Example:
        >>> from autograd import Value
        >>> a = Value(2.0, label="a")
        >>> b = a + a
        >>> c = b + b
        >>> [value.data for value in topological_order([c])]
        [2.0, 4.0, 8.0]
    """
    order: list[Any] = []
    seen: set[Any] = set()
    stack = list(roots)
    while stack:
        node = stack.pop()
        if node is None:
            order.append(stack.pop())
            continue
        if node in seen:
            continue
        seen.add(node)
        edges = node.edges
        if not edges:
            order.append(node)
            continue
        stack.append(node)
        stack.append(None)  # when this comes off the stack, everything below `node` has been placed
        for edge in edges:
            if edge is not None:
                target = edge[0] if type(edge) is tuple else edge
                if target not in seen:
                    stack.append(target)
    return order


def sweep(
    roots: Sequence[tuple[Any, Any]],
    *,
    retain_graph: bool,
    create_graph: bool,
    targets: Sequence[Any] | None = None,
) -> list[Any]:
    """Send gradients backward through the graph.

    The nodes are taken in reverse topological order, so that a node is entered once, when the gradients from all of
    its uses have been summed. Gradients and saved arrays are dropped as the sweep passes.

    Args:
        roots: pairs of (edge of an output, its gradient).
        retain_graph: keep what the nodes saved, so that the graph can be swept again.
        create_graph: gradients are handles, and what the rules compute is recorded.
        targets: edges whose gradients are returned; then leaves accumulate nothing, and only what lies between the
            roots and the targets is visited. None means that the leaves accumulate.

    Returns:
        The gradients at the targets, None where a root does not depend on one; empty without targets.
    """
    order = topological_order([target_of(edge) for edge, _ in roots])
    found: list[Any] = []
    if targets is not None:
        needed = {id(target_of(edge)) for edge in targets}
        for node in order:
            if id(node) not in needed and any(e is not None and id(target_of(e)) in needed for e in node.edges):
                needed.add(id(node))
        found = [None] * len(targets)
        captures: dict[int, list[int]] = {}
        for position, edge in enumerate(targets):
            captures.setdefault(id(target_of(edge)), []).append(position)

    # Gradients on their way: for each node one, or for a node with several differentiable outputs a list of them.
    pending: dict[Any, Any] = {}
    # Where `pending` holds a sum made here, which nobody else can see, the next term is added in place.
    owned: set[Any] = set()
    # Where `pending` may hold what is not computed yet.
    deferred: set[Any] = set()
    watcher = local.state.watcher
    start = None
    if len(roots) == 1 and type(roots[0][0]) is not tuple:
        root, gradient = roots[0]
        if targets is None or id(root) in needed:
            pending[root] = gradient
    else:
        start = Root(roots)
        order.append(start)
        pending[start] = [gradient for _, gradient in roots]
    held_at = pending.get
    with np.errstate(all="ignore"):
        while order:
            node = order.pop()
            gradient = pending.pop(node, None)
            if gradient is None:
                continue
            if deferred and node in deferred:
                gradient = computed(gradient)
            if node.hooks is not None:
                # A hook may change arrays in place that are read for what is deferred.
                for waiting in deferred & pending.keys():
                    pending[waiting] = computed(pending[waiting])
                    owned.add(waiting)
                deferred.clear()
                gradient = _run_hooks(node, gradient, create_graph)
                owned.discard(node)  # a hook may have answered with an array of its own
            edges = node.edges
            wanted = None
            if targets is None:
                if node.keeps_gradient:
                    alone = node in owned or getrefcount(gradient) == ALONE
                    node.receive(gradient, create_graph, alone)
                if not edges:
                    continue
            else:
                for position in captures.get(id(node), ()):
                    found[position] = _at(targets[position], gradient)
                wanted = [edge is not None and id(target_of(edge)) in needed for edge in edges]
                if True not in wanted:
                    continue
            if node.kept is not None and node.kept.values:
                _keep_gradient(node, gradient)
            if watcher is None or node is start:
                parts = node.pull(gradient, create_graph, wanted)
            else:
                parts = watcher.pull(node, gradient, create_graph, wanted)
            for edge, part in zip(edges, parts):
                if part is None or edge is None:
                    continue
                held: Any = held_at(edge)
                ours = held is not None and edge in owned and type(held) is ndarray
                if ours and held.shape == part.shape and held.dtype is part.dtype:
                    held += part
                    continue
                if type(edge) is tuple:
                    _deliver_to_output(pending, edge, part, node)
                    continue
                shape = edge.shape
                if shape is not None and (part.shape != shape or part.dtype is not edge.dtype):
                    if isinstance(part, Deferred) and part.shape == shape:
                        _defer(pending, owned, deferred, edge, part)
                        continue
                    part = services.conform(computed(part), shape, edge.dtype, node)
                if held is None:
                    pending[edge] = part
                elif create_graph or edge not in owned:
                    pending[edge] = held + part if create_graph else services.add(held, part)
                    owned.add(edge)
                else:
                    held += part  # in place, if it is an array that this did not find above
                    pending[edge] = held
            # Else an array that one of these still holds would seem to be somebody's.
            part = parts = held = None
            if not retain_graph:
                node.release()
    return found


def _count_one() -> int:
    """What `getrefcount` says of an object that one variable holds; that has changed between versions of Python."""
    alone = object()
    return getrefcount(alone)


ALONE = _count_one()


class Root:
    """The node above the outputs: it hands each of them the gradient it was given."""

    __slots__ = ("edges",)

    keeps_gradient = False
    hooks = kept = None

    def __init__(self, roots: Sequence[tuple[Any, Any]]) -> None:
        self.edges = tuple([edge for edge, _ in roots])

    def pull(self, gradient: Any, create_graph: bool, wanted: Any) -> Any:
        """The given gradients, one for each output."""
        return gradient

    def release(self) -> None:
        """Nothing is saved."""


def _defer(pending: dict[Any, Any], owned: set[Any], deferred: set[Any], edge: Any, part: Deferred) -> None:
    """Add to an edge's gradient what is not computed yet."""
    held = pending.get(edge)
    if held is None:
        pending[edge] = part
        deferred.add(edge)
    elif isinstance(held, Deferred):
        pending[edge] = held.join(part)
    elif edge in owned:
        part.add_into(held)
    else:
        pending[edge] = part + held
        owned.add(edge)


def _deliver_to_output(pending: dict[Any, Any], edge: tuple[Any, int], part: Any, source: Any) -> None:
    """Add a gradient to the slot of one of a node's several outputs."""
    target, index = edge
    part = computed(part)
    if part.shape != target.shape[index] or part.dtype != target.dtype[index]:
        part = services.conform(part, target.shape[index], target.dtype[index], source)
    slots = pending.get(target)
    if slots is None:
        slots = pending[target] = [None] * len(target.shape)
    slots[index] = part if slots[index] is None else slots[index] + part


def _at(edge: Any, gradient: Any) -> Any:
    """The part of a node's gradient that belongs to one edge."""
    return gradient[edge[1]] if type(gradient) is list else gradient


def _run_hooks(node: Any, gradient: Any, create_graph: bool) -> Any:
    several = type(gradient) is list
    for index, hooks in node.hooks.items():
        if index < 0:
            continue  # called after accumulation
        part = gradient[index] if several else gradient
        if part is None:
            continue
        for function in list(hooks.functions.values()):
            answer = function(part if create_graph else services.wrap(part))
            if answer is not None:
                services.check_answer(answer, part)
                part = answer if create_graph else services.unwrap(answer)
        for reference in hooks.retained:
            handle = reference()
            if handle is not None:
                handle.receive(part, create_graph, False)
        if several:
            gradient[index] = part
        else:
            gradient = part
    return gradient


def _keep_gradient(node: Any, gradient: Any) -> None:
    parts = gradient if type(gradient) is list else [gradient]
    for index, part in enumerate(parts):
        if part is not None:
            array = np.asarray(services.unwrap(part))
            before = node.kept.gradients.get(index)
            node.kept.gradients[index] = array.copy() if before is None else before + array
