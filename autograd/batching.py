"""How operations map over a leading axis, for `autograd.func.vmap`.

Inside vmap a function sees tensors of one example; what it computes with are tensors of all examples, with the batch
in front. A `Level` stands at the one seam where operations are applied: it takes the wrapped tensors of its vmap apart,
runs the operation on all examples at once by the *rule* of its record, and wraps what comes out. A rule is

    rule(primitive, inputs, batched, size, attributes)

`inputs` are tensors, of which those marked in `batched` have the batch of `size` in front; it returns what the
operation gives for every example, batch in front. Without a rule it is applied to one example after the other.
"""

from __future__ import annotations

import functools
import math
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import numpy as np

from . import dtypes, generator, graph
from .errors import ChainruleError, GraphError
from .graph import local
from .primitive import Handle, Primitive, as_handle, check_broadcast, make, op

__all__ = [
    "RULES",
    "Absent",
    "Level",
    "UnreadableError",
    "active",
    "all_examples",
    "by_example",
    "draws",
    "is_batched",
    "one_by_one",
    "register_batched",
    "rule_of",
    "spread",
    "under",
    "wrap",
]

Rule = Callable[[Primitive, Sequence[Any], Sequence[bool], int, tuple[Any, ...]], Any]
F = TypeVar("F", bound=Callable[..., Any])
_NUMBERS = (float, int, bool)


class UnreadableError(GraphError):
    """The numbers of one example were asked for inside vmap."""


class Absent:
    """What stands for the array of one example: its shape and dtype, and no numbers."""

    __slots__ = ("dtype", "level", "ndim", "shape")

    def __init__(self, shape: tuple[int, ...], dtype: dtypes.DType, level: Level | None = None) -> None:
        self.shape = shape
        self.dtype = dtype
        self.ndim = len(shape)
        self.level = level

    @property
    def size(self) -> int:
        """How many numbers one example has."""
        return math.prod(self.shape)

    @property
    def itemsize(self) -> int:
        """Bytes of one number."""
        return self.dtype.itemsize

    @property
    def nbytes(self) -> int:
        """Bytes of one example."""
        return self.size * self.itemsize

    def _refuse(self, *arguments: Any, **keywords: Any) -> Any:
        if self.level is not None and not self.level.open:
            raise GraphError("vmap: a tensor of one example was used after its vmap had ended; return it instead")
        raise UnreadableError(
            "vmap: the numbers of a tensor were asked for (by item(), numpy(), a condition, a mask as an index, a "
            "change in place ...), and inside vmap it stands for one example of many; use operations alone, as where()"
        )

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and not name.startswith("__array"):
            raise AttributeError(name)
        return self._refuse()

    __array__ = __array_ufunc__ = __getitem__ = __setitem__ = __len__ = __iter__ = _refuse
    __bool__ = __float__ = __int__ = __index__ = __contains__ = __invert__ = __neg__ = __abs__ = _refuse
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __and__ = __or__ = __xor__ = _refuse
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = __pow__ = _refuse
    __hash__ = object.__hash__


# --- the wrapped tensors and the levels they belong to

_batched_class: Any = None  # a Tensor with the slots `inner` and `level`; from `func.vmap`
_new = object.__new__


def register_batched(cls: type[Any]) -> None:
    """Make `cls` the class of the tensors that a mapped function sees."""
    global _batched_class
    _batched_class = cls


def wrap(inner: Any, level: Level) -> Any:
    """What a mapped function sees of `inner`, whose first axis holds the examples of `level`."""
    result = _new(_batched_class)
    result._array = Absent(inner.shape[1:], inner.dtype, level)
    result._grad = result._hooks = result._version = result._view = result.name = None
    result._requires_grad = inner._requires_grad
    result.inner = inner
    result.level = level
    return result


def is_batched(x: Any) -> bool:
    """Whether `x` stands for one example inside a vmap."""
    return _batched_class is not None and type(x) is _batched_class


def all_examples(x: Any) -> np.ndarray:
    """The numbers of all examples, for checks."""
    while is_batched(x):
        x = x.inner
    return x._array


class _Active(threading.local):
    def __init__(self) -> None:
        self.levels: tuple[Level, ...] = ()


_active = _Active()


def active() -> tuple[Level, ...]:
    """The levels of the vmaps that the current thread is in, the outermost first."""
    return _active.levels


@contextmanager
def under(levels: tuple[Level, ...], tracer: Any) -> Iterator[None]:
    """Be inside `levels` alone, with `tracer` watching."""
    state = local.state
    before = _active.levels, state.tracer
    _active.levels, state.tracer = levels, tracer
    try:
        yield
    finally:
        _active.levels, state.tracer = before


class Level:
    """One running vmap: its batch size, and what applies operations to its tensors."""

    __slots__ = ("below", "open", "randomness", "size")

    def __init__(self, size: int, randomness: str) -> None:
        self.size = size
        self.randomness = randomness
        self.below = local.state.tracer
        self.open = True

    def run(self, function: Callable[[], Any]) -> Any:
        """Call `function` inside this level, which ends with it."""
        with under((*_active.levels, self), self):
            try:
                return function()
            finally:
                self.open = False

    def apply(self, primitive: Primitive, arguments: tuple[Any, ...]) -> Any:
        """Apply an operation to tensors of one example."""
        state = local.state
        state.tracer = self.below
        try:
            if primitive.variadic:
                given, attributes = tuple(arguments[0]), arguments[1:]
            else:
                count = len(primitive.inputs)
                given, attributes = arguments[:count], arguments[count:]
            batched = tuple([type(x) is _batched_class and x.level is self for x in given])
            if True not in batched:
                return primitive.apply(*arguments)
            inputs = [x.inner if b else _operand(primitive, x) for x, b in zip(given, batched, strict=True)]
            if primitive.promotes:
                _promote(primitive, inputs, batched)
            try:
                results = rule_of(primitive)(primitive, inputs, batched, self.size, attributes)
            except ChainruleError:
                _refuse_example(primitive, inputs, batched, attributes)
                raise
        finally:
            state.tracer = self
        for result in results if type(results) is tuple else (results,):
            if not result.ndim or result.shape[0] != self.size:
                raise AssertionError(f"{primitive.name}: its batch rule gave {result.shape} for {self.size} examples")
        return each_result(results, lambda result: wrap(result, self))


def _operand(primitive: Primitive, x: Any) -> Any:
    if isinstance(x, Handle) or x is None or (primitive.scalar is not None and type(x) in _NUMBERS):
        return x
    return as_handle(x, primitive.name)


def _promote(primitive: Primitive, inputs: list[Any], batched: Sequence[bool]) -> None:
    """Cast to the dtype of one example's result: a 0-d example does not count like the vector that all make."""
    positions = range(len(inputs)) if primitive.variadic else primitive.promoted
    handles = [inputs[i] for i in positions if isinstance(inputs[i], Handle)]
    if len({x.dtype for x in handles}) < 2:
        return
    wanted = dtypes.result_type(*[_example(inputs[i], batched[i]) for i in positions])
    if primitive.promotes == "float" and wanted.kind != "f":
        wanted = dtypes.get_default_dtype()
    for i in positions:
        if isinstance(inputs[i], Handle) and inputs[i].dtype != wanted:
            inputs[i] = op.to_dtype.apply(inputs[i], wanted)


def _example(x: Any, mapped: bool) -> Any:
    """What `infer` and the promotion of dtypes need to know of one example."""
    return Absent(x.shape[1:] if mapped else x.shape, x.dtype) if isinstance(x, Handle) else x


def _refuse_example(
    primitive: Primitive, inputs: Sequence[Any], batched: Sequence[bool], attributes: tuple[Any, ...]
) -> None:
    """After an error: raise it with the shapes of one example instead, where they tell it."""
    examples = [_example(x, b) for x, b in zip(inputs, batched, strict=True)]
    if primitive.scalar is not None:
        check_broadcast(primitive.name, dict(zip(primitive.inputs, examples, strict=True)))
    if primitive.infer is None:
        return
    try:
        primitive.infer(*([tuple(examples)] if primitive.variadic else examples), *attributes)
    except GraphError:
        return  # it looked at numbers


# By name, for records that bring no rule of their own; from `batching_rules`.
RULES: dict[str, Rule] = {}


def rule_of(primitive: Primitive) -> Rule:
    """How an operation maps over a leading axis."""
    rule = primitive.batch or RULES.get(primitive.name)
    if rule is None:
        rule = elementwise if primitive.scalar is not None else each
    return rule


# --- what rules share


def spread(x: Any, mapped: bool, size: int) -> Any:
    """`x` with the batch in front; repeated without a copy, if it had none."""
    return x if mapped or not isinstance(x, Handle) else op.expand.apply(x, (size, *x.shape))


def spread_all(inputs: Sequence[Any], batched: Sequence[bool], size: int) -> list[Any]:
    return [spread(x, b, size) for x, b in zip(inputs, batched, strict=True)]


def of_rank(x: Any, rank: int) -> Any:
    """`x` with dimensions of size 1 put behind the batch, until an example has `rank` of them."""
    missing = rank + 1 - x.ndim
    return op.reshape.apply(x, (x.shape[0], *(1,) * missing, *x.shape[1:])) if missing > 0 else x


def call(primitive: Primitive, inputs: Sequence[Any], attributes: tuple[Any, ...]) -> Any:
    return primitive.apply(*([tuple(inputs)] if primitive.variadic else inputs), *attributes)


def each_result(results: Any, change: Callable[[Any], Any]) -> Any:
    return tuple([change(r) for r in results]) if type(results) is tuple else change(results)


# --- the rules, by family


def each(primitive: Primitive, inputs: Any, batched: Any, size: int, attributes: tuple[Any, ...]) -> Any:
    """One example after the other: right for every operation."""
    rows: list[tuple[Any, ...]] = []
    for k in range(size):
        row = [op.getitem.apply(x, (k,)) if b else x for x, b in zip(inputs, batched, strict=True)]
        out = call(primitive, row, attributes)
        rows.append(out if type(out) is tuple else (out,))
    if not rows:  # the shapes of the results are those of any example
        with graph.no_grad(), np.errstate(all="ignore"):
            row = [make(np.ones(x.shape[1:], x.dtype)) if b else x for x, b in zip(inputs, batched, strict=True)]
            out = call(primitive, row, attributes)
        return each_result(out, lambda r: make(np.zeros((0, *r.shape), r.dtype)))
    results = tuple([stacked(primitive.name, column) for column in zip(*rows, strict=True)])
    return results if len(results) > 1 else results[0]


def stacked(name: str, rows: Sequence[Any]) -> Any:
    """The results of all examples, one behind the other along a new first axis."""
    for k, row in enumerate(rows):
        if row.shape != rows[0].shape:
            raise GraphError(
                f"vmap: {name} gives {rows[0].shape} for example 0 and {row.shape} for example {k}; a shape that "
                "depends on the numbers cannot be mapped"
            )
    return op.stack.apply(tuple(rows), 0)


def elementwise(primitive: Primitive, inputs: Any, batched: Any, size: int, attributes: tuple[Any, ...]) -> Any:
    """Operations whose inputs broadcast: line the examples' dimensions up behind the batch."""
    rank = max([x.ndim - b for x, b in zip(inputs, batched, strict=True) if isinstance(x, Handle)])
    ready = [of_rank(x, rank) if b else x for x, b in zip(inputs, batched, strict=True)]
    return call(primitive, ready, attributes)


# --- random numbers


def check_draw() -> None:
    """Raise unless numbers may be drawn here that all examples share.

    Raises:
        GraphError: a vmap around refuses random numbers, or wants different ones for each example.
    """
    for level in _active.levels:
        if level.randomness == "error":
            raise GraphError(
                "vmap: random numbers are drawn inside; say whether examples get their own, with "
                "vmap(..., randomness='different'), or share them, with randomness='same'"
            )
        if level.randomness == "different":
            raise GraphError("vmap: this function cannot draw different numbers for each example; use autograd's own")


generator.guards.append(check_draw)


def draws(function: F) -> F:
    """Let a function that draws random numbers follow the `randomness` of the vmap that it is called in."""

    @functools.wraps(function)
    def wrapper(*arguments: Any, **keywords: Any) -> Any:
        if not _active.levels or _active.levels[-1].randomness == "error":
            return function(*arguments, **keywords)
        if _active.levels[-1].randomness == "different":
            return one_by_one(wrapper, arguments, keywords, always=True)
        source = keywords.get("generator") or generator.default_generator
        return one_by_one(wrapper, arguments, keywords, state=(source, source.get_state()))

    return wrapper  # type: ignore[return-value]


# --- functions one example after the other


def by_example(function: F) -> F:
    """Let a function that asks for numbers be mapped all the same: where it does, one example after the other."""

    @functools.wraps(function)
    def wrapper(*arguments: Any, **keywords: Any) -> Any:
        if not _active.levels:
            return function(*arguments, **keywords)
        try:
            return function(*arguments, **keywords)
        except UnreadableError:
            if not _active.levels:
                raise
        return one_by_one(wrapper, arguments, keywords)

    return wrapper  # type: ignore[return-value]


def one_by_one(
    function: Callable[..., Any], arguments: Any, keywords: dict[str, Any], always: bool = False, state: Any = None
) -> Any:
    """Leave the innermost vmap for a loop over its examples; once for all, if they share all arguments."""
    *lower, level = _active.levels
    with under(tuple(lower), level.below):
        if not always and not _holds(level, (arguments, keywords)):
            return function(*arguments, **keywords)
        rows = []
        for k in range(level.size):
            if state is not None:
                state[0].set_state(state[1])  # so that all examples draw the same
            rows.append(function(*_example_of(arguments, level, k), **_example_of(keywords, level, k)))
        if not rows or not all(isinstance(x, Handle) for x in (_columns(rows[0]))):
            raise UnreadableError(f"vmap: {function.__name__} cannot be mapped over {level.size} examples")
        columns = zip(*map(_columns, rows), strict=True)
        results = [wrap(stacked(function.__name__, column), level) for column in columns]
    if isinstance(rows[0], Handle):
        return results[0]
    kind: Any = type(rows[0])
    return kind(*results) if hasattr(kind, "_fields") else kind(results)


def _columns(result: Any) -> tuple[Any, ...]:
    return tuple(result) if isinstance(result, (tuple, list)) else (result,)


def _holds(level: Level, value: Any) -> bool:
    """Whether tensors of the level are among nested arguments."""
    if isinstance(value, dict):
        value = tuple(value.values())
    if type(value) in (tuple, list):
        return any(_holds(level, item) for item in value)
    return is_batched(value) and value.level is level


def _example_of(value: Any, level: Level, k: int) -> Any:
    """Nested arguments with the tensors of one example."""
    if isinstance(value, dict):
        return {name: _example_of(item, level, k) for name, item in value.items()}
    if type(value) in (tuple, list):
        return type(value)([_example_of(item, level, k) for item in value])
    return op.getitem.apply(value.inner, (k,)) if is_batched(value) and value.level is level else value
