"""Operations of a user's own: `Function` subclasses as PyTorch has them, and records by a decorator."""

from __future__ import annotations

import functools
import inspect
import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from .errors import ArgumentError, DtypeError, GraphError, InPlaceError, ShapeError
from .graph import WideNode, enable_grad, local, no_grad
from .methods.inplace import guard, rejoin
from .ops import reduce
from .primitive import Handle, Primitive, as_handle, define, make, version_cell

__all__ = ["Function", "FunctionContext", "once_differentiable", "operation"]


class FunctionContext:
    """What `forward` leaves for `backward`; the first argument of both. Any attribute may be set on it."""

    def __init__(self, needs_input_grad: tuple[bool, ...]) -> None:
        self.needs_input_grad = needs_input_grad
        self._saved: list[_Saved] | None = []
        self._given: tuple[Any, ...] = ()
        self._not_differentiable: tuple[Any, ...] = ()
        self._dirty: tuple[Any, ...] = ()
        self._materialize = True
        self._to_save: tuple[Any, ...] = ()
        self._node: Callable[[], Any] = lambda: None
        self._recording = False

    def save_for_backward(self, *tensors: Any) -> None:
        """Keep inputs, outputs or other tensors until backward, which finds them in `saved_tensors`; None may be one.

        Raises:
            DtypeError: something else is given; set it as an attribute instead.
        """
        for tensor in tensors:
            if tensor is not None and not isinstance(tensor, Handle):
                raise DtypeError(
                    f"save_for_backward: expected Tensors or None, not {type(tensor).__name__}; set it as an attribute "
                    "of ctx"
                )
        self._to_save = tensors

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        """What was given to `save_for_backward`.

        Raises:
            GraphError: a sweep has passed here already, without `retain_graph=True`.
            InPlaceError: one of them has been changed in place.
        """
        if self._saved is None:
            raise GraphError(
                "saved_tensors: they are gone, because a backward sweep has passed here already; call the first "
                "backward with retain_graph=True"
            )
        return tuple([saved.restore(self._node(), self._recording) for saved in self._saved])

    def mark_dirty(self, *tensors: Any) -> None:
        """Say which inputs `forward` has changed in place; they must be among what it returns."""
        self._dirty = tensors

    def mark_non_differentiable(self, *tensors: Any) -> None:
        """Say which outputs have no gradient."""
        self._not_differentiable = tensors

    def set_materialize_grads(self, value: bool) -> None:
        """Say whether the gradient of an unused output is handed to `backward` as zeros, or as None."""
        self._materialize = value


class _Saved:
    """One saved tensor: its array and where it came from, but never a handle on an output, which would be a cycle."""

    __slots__ = ("_array", "_cell", "_count", "_index", "_source")

    def __init__(self, tensor: Any, inputs: Sequence[Any], outputs: Sequence[Any]) -> None:
        self._array = None if tensor is None else tensor._array
        self._index = next((k for k, x in enumerate(outputs) if x is tensor), None) if tensor is not None else None
        self._source = None
        if tensor is not None and self._index is None:
            own = tensor._edge is not None or tensor._requires_grad or any(x is tensor for x in inputs)
            self._source = tensor if own else None
        self._cell = None if tensor is None else version_cell(tensor)
        self._count = 0 if self._cell is None else self._cell[0]

    def restore(self, node: Any, recording: bool) -> Any:
        if self._array is None:
            return None
        if self._cell is not None and self._cell[0] != self._count:
            raise InPlaceError(
                f"saved_tensors: a tensor {self._array.shape} was changed in place after it was saved: it is at "
                f"version {self._cell[0]}, and was saved at version {self._count}; change a clone() of it instead"
            )
        if recording and self._source is not None:
            return self._source
        handle = make(self._array)
        if recording and self._index is not None and node is not None:
            handle._edge = node.plan.edges_of(node)[self._index]
            handle._requires_grad = handle._edge is not None
        return handle


class _FunctionPlan:
    """What stands for the record's plan on the node of a Function."""

    sources = (("attribute", 0),)
    arrays = 1

    def __init__(self, op: Primitive, passing: list[int], shapes: list[Any], dtypes: list[Any], count: int) -> None:
        self.op = op
        self.passing = passing  # the outputs that have a gradient, among all that are Tensors
        self.shapes, self.dtypes = shapes, dtypes
        self.count = count

    def edges_of(self, node: Any) -> list[Any]:
        """The edge of each output, None for those without a gradient."""
        if self.op.single:
            return [node if k in self.passing else None for k in range(len(self.shapes))]
        return [(node, k) if k in self.passing else None for k in range(len(self.shapes))]

    def rewrap(self, node: Any, saved: Any) -> Any:
        """What is saved is the context, which hands out Tensors itself."""
        return saved

    def joined(self, parts: Any, saved: Any) -> Any:
        """Whether a gradient depends on what was saved is up to the user's backward."""
        return parts

    def describe(self, saved: Any, cell: Any, node: Any) -> str:
        """Name what was saved."""
        return "a tensor"

    def pull(self, gradient: Any, saved: Any, wanted: Any) -> list[Any]:
        """Call the user's backward."""
        ctx, cls, positions = saved
        parts = list(gradient) if isinstance(gradient, list) else [gradient]
        if self.op.single and len(self.shapes) > 1:
            parts = [parts[0] if k in self.passing else None for k in range(len(self.shapes))]
        recording = any(isinstance(part, Handle) for part in parts)
        handles = []
        for part, shape, dtype in zip(parts, self.shapes, self.dtypes):
            if part is None:
                handles.append(make(np.zeros(shape, dtype)) if ctx._materialize else None)
            else:
                handles.append(part if isinstance(part, Handle) else make(np.asarray(part)))
        ctx._recording = recording
        with enable_grad() if recording else no_grad():
            answer = cls.backward(ctx, *handles)
        answers = list(answer) if isinstance(answer, (tuple, list)) else [answer]
        return self._checked(cls, ctx, answers, positions, recording)

    def _checked(self, cls: Any, ctx: Any, answers: list[Any], positions: Any, recording: bool) -> list[Any]:
        name = f"{cls.__name__}.backward"
        while len(answers) > self.count and answers[-1] is None:
            answers.pop()
        if len(answers) != self.count:
            raise ArgumentError(
                f"{name}: returned {len(answers)} gradients, and forward took {self.count} inputs; return one for "
                "each, None where there is none"
            )
        gradients: list[Any] = []
        for position, (shape, needed) in positions:
            value = answers[position]
            if not needed or value is None:
                gradients.append(None)
                continue
            if not isinstance(value, Handle):
                raise DtypeError(f"{name}: gradient {position} is {type(value).__name__}; return a Tensor, or None")
            if value.shape != shape:
                try:
                    fits = np.broadcast_shapes(value.shape, shape) == value.shape
                except ValueError:
                    fits = False
                if not fits:
                    raise ShapeError(
                        f"{name}: gradient {position} is {value.shape} for an input {shape}; return the input's shape"
                    )
                value = reduce.SUM_TO.apply(value, shape)
            gradients.append(value if recording else value._array)
        return gradients


class Function:
    """An operation with a gradient rule of your own: subclass it, define `forward` and `backward`, call `apply`.

    `forward(ctx, *args)` computes, outside the graph; `backward(ctx, *gradients)` returns one gradient for each
    argument of forward, None for those that have none. Instead of `forward(ctx, ...)` a subclass may define
    `forward(*args)` together with `setup_context(ctx, inputs, output)`. Gradients of gradients follow from
    what `backward` computes with Tensors, unless it is marked `once_differentiable`.

    Example:
        >>> class Cube(autograd.Function):
        ...     @staticmethod
        ...     def forward(ctx, x):
        ...         ctx.save_for_backward(x)
        ...         return x**3
        ...
        ...     @staticmethod
        ...     def backward(ctx, gradient):
        ...         (x,) = ctx.saved_tensors
        ...         return gradient * 3 * x**2
        >>> x = autograd.tensor(2.0, requires_grad=True)
        >>> y = Cube.apply(x)
        >>> y.backward()
        >>> x.grad
        tensor(12.)
    """

    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        """Compute; every subclass defines it."""
        raise NotImplementedError("Function: define forward as a static method of the subclass")

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        """Give the gradients of forward's arguments; every subclass that is differentiated defines it."""
        raise NotImplementedError("Function: define backward as a static method of the subclass")

    setup_context: Any = None

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """Call the operation.

        Args:
            args: what `forward` is given; gradients flow to the Tensors among them.
            kwargs: given to `forward` by name; no gradients flow to them.

        Returns:
            What `forward` returns: a Tensor, or a tuple of Tensors and other things.

        Raises:
            DtypeError: `forward` returned something else.
            ArgumentError: in backward, the count of gradients is wrong.
            ShapeError: in backward, a gradient has a wrong shape.
        """
        state = local.state
        needs = tuple([isinstance(a, Handle) and a._requires_grad for a in args])
        ctx = FunctionContext(needs)
        with no_grad():
            if cls.setup_context is not None:
                result = cls.forward(*args, **kwargs)
                cls.setup_context(ctx, args, result)
            else:
                result = cls.forward(ctx, *args, **kwargs)
        several = isinstance(result, tuple)
        results = list(result) if isinstance(result, tuple) else [result]
        tensors = [r for r in results if isinstance(r, Handle)]
        if not tensors:
            raise DtypeError(f"{cls.__name__}.forward: returned {type(result).__name__}; return a Tensor, or a tuple")
        dirty = [t for t in ctx._dirty if isinstance(t, Handle)]
        for tensor in dirty:
            if not any(t is tensor for t in tensors):
                raise ArgumentError(f"{cls.__name__}.forward: an input marked dirty is not among what it returned")
            guard(tensor, f"{cls.__name__}.forward")
        # An input that is returned as it came is a result of its own, or the graph would end in itself.
        returned = [t for t in tensors if any(t is a for a in args) and not any(t is d for d in dirty)]
        fresh = {id(t): _twin(t) for t in returned}
        results = [fresh.get(id(r), r) for r in results]
        tensors = [fresh.get(id(t), t) for t in tensors]
        without = [fresh.get(id(t), t) for t in ctx._not_differentiable]
        if state.grad_enabled and True in needs:
            for tensor in tensors:
                if not any(tensor is d for d in dirty):
                    _mark_shared(tensor, args)
            cls._join(ctx, args, needs, tensors, without, dirty)
        return tuple(results) if several else results[0]

    @classmethod
    def _join(
        cls, ctx: FunctionContext, args: Any, needs: Any, tensors: list[Any], without: list[Any], dirty: list[Any]
    ) -> None:
        """Record the call."""
        passing = [k for k, t in enumerate(tensors) if t._array.dtype.kind == "f" and not any(t is w for w in without)]
        if not passing:
            return
        given = [(k, a) for k, a in enumerate(args) if isinstance(a, Handle)]
        node = WideNode.__new__(WideNode)
        shapes, dtypes = [t.shape for t in tensors], [t.dtype for t in tensors]
        differentiable = tuple([k in passing for k in range(len(tensors))])
        op = _record_of(cls.__name__, len(given), differentiable)
        node.plan = _FunctionPlan(op, passing, shapes, dtypes, len(args))
        node.attributes = ()
        node.edges = tuple([(a._edge or a) if needs[k] else None for k, a in given])
        node.versions = ()
        node.scope = local.state.scope
        node.hooks = node.kept = None
        if op.single:
            node.shape, node.dtype = shapes[passing[0]], dtypes[passing[0]]
        else:
            node.shape, node.dtype = tuple(shapes), tuple(dtypes)
        ctx._saved = [_Saved(tensor, args, tensors) for tensor in ctx._to_save]
        ctx._to_save = ctx._dirty = ctx._not_differentiable = ()
        ctx._node = weakref.ref(node)
        node.saved = (ctx, cls, [(k, (a.shape, needs[k])) for k, a in given])
        for k in passing:
            edge = node if op.single else (node, k)
            if any(tensors[k] is d for d in dirty):
                result = make(tensors[k]._array)
                result._edge, result._requires_grad = edge, True
                rejoin(tensors[k], result)
            else:
                tensors[k]._edge, tensors[k]._requires_grad = edge, True


def _twin(tensor: Any) -> Any:
    twin = make(tensor._array)
    twin._version = version_cell(tensor)  # the memory is shared
    return twin


def _mark_shared(result: Any, args: Sequence[Any]) -> None:
    """Enter a result that shows the memory of an argument as its view, by no operation that could be looked up."""
    result._view = None
    for source in args:
        if isinstance(source, Handle) and np.may_share_memory(result._array, source._array):
            result._version = cell = version_cell(source)
            result._view = (source, None, ())
            cell.append(weakref.ref(result, cell.remove))
            return


@functools.cache
def _record_of(name: str, inputs: int, differentiable: tuple[bool, ...]) -> Primitive:
    """A record for pictures and errors, outside of the registry."""
    return Primitive(
        name=name,
        forward=lambda *arrays: arrays,
        inputs=tuple([f"x{k}" for k in range(inputs)]),
        outputs=tuple([f"out{k}" for k in range(len(differentiable))]) if len(differentiable) > 1 else ("out",),
        differentiable=differentiable,
        vjp=lambda needs, g: [],
        label=name,
        formula=name,
    )


def once_differentiable(function: Callable[..., Any]) -> Callable[..., Any]:
    """Say that a Function's backward cannot be differentiated itself, as when it computes with NumPy.

    Under `create_graph=True` the gradients are computed all the same; differentiating them is an error.

    Example:
        >>> class Double(autograd.Function):
        ...     @staticmethod
        ...     def forward(ctx, x):
        ...         return x * 2
        ...
        ...     @staticmethod
        ...     @autograd.once_differentiable
        ...     def backward(ctx, gradient):
        ...         return autograd.tensor(gradient.numpy() * 2)
        >>> x = autograd.tensor(1.0, requires_grad=True)
        >>> autograd.grad(Double.apply(x), x)
        (tensor(2.),)
    """

    @functools.wraps(function)
    def wrapper(ctx: Any, *gradients: Any) -> Any:
        recording = ctx._recording
        sources = [t for t in (*gradients, *ctx.saved_tensors) if isinstance(t, Handle)] if recording else []
        ctx._recording = False
        plain = [make(g._array) if isinstance(g, Handle) else g for g in gradients]
        with no_grad():
            answer = function(ctx, *plain)
        if not recording:
            return answer
        answers = answer if isinstance(answer, tuple) else (answer,)
        marked = tuple([_End.apply(a, *sources) if isinstance(a, Handle) else a for a in answers])
        return marked if isinstance(answer, tuple) else marked[0]

    return wrapper


class _End(Function):
    """The identity of its first input, whose gradient is an error."""

    @staticmethod
    def forward(ctx: Any, x: Any, *sources: Any) -> Any:
        return x.clone()

    @staticmethod
    def backward(ctx: Any, gradient: Any) -> Any:
        raise GraphError(
            "backward: this gradient came from a backward that is marked once_differentiable, so it cannot be "
            "differentiated again; compute with Tensors there and drop the mark"
        )


def operation(
    function: Callable[..., Any] | None = None,
    *,
    vjp: Mapping[str, Callable[..., Any]] | Callable[..., Any] | None = None,
    **fields: Any,
) -> Any:
    """Make an operation of a function of arrays: write its record down, and get a function of Tensors.

    The parameters of the function that can be given by position are the record's inputs, those by name alone its
    attributes. See `Primitive` for `vjp` and the other fields; with `samples` and `formula`,
    `autograd.testing.check_primitive(autograd.registry[name])` tries it as the package's own are tried.

    Args:
        function: arrays in, an array or a tuple of arrays out.
        vjp: the gradient rules.
        fields: of the record: `name` (the function's own, unless given), `samples`, `formula`, `infer` ...

    Raises:
        ArgumentError: there is an operation of that name already.

    Example:
        >>> @autograd.operation(vjp={"x": lambda g, x, scale: g * scale * x * 2})
        ... def scaled_square(x, *, scale=1.0):
        ...     return scale * x * x
        >>> x = autograd.tensor([1.0, 2.0], requires_grad=True)
        >>> scaled_square(x, scale=3.0).sum().backward()
        >>> x.grad
        tensor([ 6., 12.])
    """
    if function is None:
        return functools.partial(operation, vjp=vjp, **fields)
    parameters = inspect.signature(function).parameters.values()
    inputs = tuple([p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)])
    attributes = tuple([p.name for p in parameters if p.kind is p.KEYWORD_ONLY])
    if len(inputs) + len(attributes) != len(parameters) or not inputs:
        raise ArgumentError(
            f"operation: {function.__name__} takes {inspect.signature(function)}; use parameters with names, of which "
            "those by position are arrays and those by name alone are attributes"
        )
    defaults = {p.name: p.default for p in parameters if p.default is not p.empty}
    arrays_of = function

    def forward(*arguments: Any) -> Any:
        named = dict(zip(attributes, arguments[len(inputs) :]))
        return arrays_of(*arguments[: len(inputs)], **named)

    record = define(
        fields.pop("name", function.__name__), forward=forward, inputs=inputs, attributes=attributes, vjp=vjp,
        **{"formula": f"{function.__name__}({', '.join(inputs)})", **fields},
    )  # fmt: skip

    @functools.wraps(function)
    def apply(*arguments: Any, **keywords: Any) -> Any:
        given = dict(zip(inputs, arguments))
        wrong = keywords.keys() - {*inputs, *attributes} | (keywords.keys() & given.keys())
        values = {**defaults, **given, **keywords}
        missing = [name for name in (*inputs, *attributes) if name not in values]
        if wrong or missing or len(arguments) > len(inputs):
            raise ArgumentError(
                f"{record.name}: takes {', '.join(inputs)}"
                + (f" and by name {', '.join(attributes)}" if attributes else "")
                + (f"; missing: {', '.join(missing)}" if missing else "; too many, or others, were given")
            )
        handles = [as_handle(values[name], record.name) if values[name] is not None else None for name in inputs]
        return record.apply(*handles, *[values[name] for name in attributes])

    return apply
