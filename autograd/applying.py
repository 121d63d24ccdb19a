"""How an operation is applied to Tensors: promotion, forward, and the node that records it.

Which way an operation goes is decided when it is defined: `unary_applier` and `binary_applier` are the fast ways of
elementwise operations, `single_applier` and `plain_applier` those of operations on one or several inputs that are taken
as they are; all hand what is out of the ordinary to `apply_general`.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from . import dtypes, graph
from . import handle as handles
from .dtypes import float32
from .errors import ArgumentError, ChainruleError, DtypeError, ShapeError, shown
from .graph import PairNode, WideNode, local
from .handle import Handle, as_handle, handle_types, make, new, version_cell

if TYPE_CHECKING:
    from .primitive import Primitive

__all__ = [
    "LARGE",
    "apply_general",
    "binary_applier",
    "check_broadcast",
    "general_applier",
    "join_graph",
    "plain_applier",
    "single_applier",
    "unary_applier",
]

ndarray = np.ndarray

# Numbers from which on an operation of two inputs is calculated by what it has for large arrays.
LARGE = 1 << 17


def general_applier(primitive: Primitive) -> Callable[..., Any]:
    count = len(primitive.inputs)

    def apply(*arguments: Any) -> Any:
        if primitive.variadic:
            return apply_general(primitive, tuple(arguments[0]), arguments[1:])
        return apply_general(primitive, arguments[:count], arguments[count:])

    return apply


def plain_applier(primitive: Primitive) -> Callable[..., Any]:
    """The fast path of an operation of fixed inputs, taken as they are, and one output that has a gradient; as linear.
    """  # fmt: skip
    count = len(primitive.inputs)
    passing = primitive.differentiable.index(True) if primitive.vjp is not None else 0
    forward, infer, views = primitive.forward, primitive.infer, primitive.views
    ruled = primitive.ruled or (primitive.vjp is not None,) * count
    plans = primitive.plans

    def apply(*arguments: Any) -> Any:
        state = local.state
        if state.tracer is not None:
            return state.tracer.apply(primitive, arguments)
        arrays = []
        edges = []
        recorded = False
        for value, has_rule in zip(arguments, ruled):
            if type(value) in handle_types:
                arrays.append(value._array)
                if value._requires_grad and has_rule:
                    edges.append(value._edge or value)
                    recorded = True
                    continue
            elif value is None:
                arrays.append(None)
            else:
                return apply_general(primitive, arguments[:count], arguments[count:])
            edges.append(None)
        attributes = arguments[count:]
        try:
            if infer is not None:
                infer(*arrays, *attributes)
            out = forward(*arrays, *attributes)
        except (ValueError, TypeError, OverflowError, AttributeError):
            return apply_general(primitive, arguments[:count], attributes)  # which says why
        results = None
        if type(out) is not ndarray:
            out, results = _taken_apart(out, passing)
        if results is None:
            result = new(handles.tensor_class)
            result._array = out
            result._grad = result._hooks = result._version = result._view = result.name = result._edge = None
            result._requires_grad = False
        else:
            result = results[passing]
        if views:
            _join_memory(result, arguments[0], primitive, attributes)
        if recorded and state.grad_enabled and out.dtype.kind == "f":
            needs = tuple([edge is not None for edge in edges])
            plan = plans.get(needs) or primitive.plan(needs)
            node = WideNode()
            node.plan = plan
            node.attributes = attributes
            node.edges = tuple(edges)
            node.saved = plan.save(arrays, (out,) if results is None else [r._array for r in results], attributes)
            node.versions = plan.versions(arguments, arrays, results or (result,)) if plan.arrays else ()
            node.shape = out.shape
            node.dtype = out.dtype
            node.scope = state.scope
            node.hooks = node.kept = None
            result._edge = node
            result._requires_grad = True
        return result if results is None else results

    return apply


def single_applier(primitive: Primitive) -> Callable[..., Any]:
    """`plain_applier` for one input, which may be one that promotes to floating numbers, or elementwise."""
    forward, views, promotes = primitive.forward, primitive.views, primitive.promotes == "float"
    infer = primitive.infer if primitive.scalar is None else None  # elementwise, it says why NumPy refused
    plan = primitive.plan((True,)) if primitive.vjp is not None else None
    passing = primitive.differentiable.index(True) if plan is not None else 0
    # Many rules read the shape and all that was given, as of a sum and of a part.
    everything = [("shape", 0), *[("attribute", k) for k in range(len(primitive.attributes))]]
    saves_everything = plan is not None and plan.sources == everything

    def apply(x: Any, *attributes: Any) -> Any:
        state = local.state
        if type(x) not in handle_types or state.tracer is not None:
            return apply_general(primitive, (x,), attributes)
        array = x._array
        if promotes and array.dtype is not float32 and array.dtype.kind != "f":
            return apply_general(primitive, (x,), attributes)
        try:
            if infer is not None:
                infer(array, *attributes)
            out = forward(array, *attributes)
        except (ValueError, TypeError, OverflowError, AttributeError):
            return apply_general(primitive, (x,), attributes)  # which says why
        results = None
        if type(out) is not ndarray:
            out, results = _taken_apart(out, passing)
        if results is None:
            result = new(handles.tensor_class)
            result._array = out
            result._grad = result._hooks = result._version = result._view = result.name = result._edge = None
            result._requires_grad = False
        else:
            result = results[passing]
        if views:
            _join_memory(result, x, primitive, attributes)
        if x._requires_grad and plan is not None and state.grad_enabled and out.dtype.kind == "f":
            node = WideNode()
            node.plan = plan
            node.attributes = attributes
            node.edges = (x._edge or x,)
            if saves_everything:
                node.saved = (array.shape, *attributes)
            else:
                node.saved = plan.save((array,), (out,) if results is None else [r._array for r in results], attributes)
            node.versions = plan.versions((x,), (array,), results or (result,)) if plan.arrays else ()
            node.shape = out.shape
            node.dtype = out.dtype
            node.scope = state.scope
            node.hooks = node.kept = None
            result._edge = node
            result._requires_grad = True
        return result if results is None else results

    return apply


def _join_memory(view: Any, source: Any, primitive: Primitive, attributes: tuple[Any, ...]) -> None:
    """Give a result that is a view its source's version counter, unless it came out as a copy."""
    array, base = source._array, view._array.base
    owner = array.base
    if base is array or (base is not None and base is owner) or np.may_share_memory(array, view._array):
        view._version = cell = version_cell(source)
        view._view = (source, primitive, attributes)
        cell.append(weakref.ref(view, cell.remove))


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
    except (ValueError, TypeError, OverflowError, AttributeError) as error:
        if isinstance(error, ChainruleError):
            raise
        if elementwise:
            _check_elementwise(primitive, arrays, attributes)
        if isinstance(error, (TypeError, AttributeError)):
            raise _not_defined(primitive, arrays, attributes) from error
        raise
    outputs = results if type(results) is tuple else (results,)
    wrapped = _wrapped(outputs)
    if primitive.views:
        _join_memory(wrapped[0], handles[0], primitive, attributes)
    if recorded and state.grad_enabled and primitive.vjp is not None:
        _record(primitive, state, handles, arrays, wrapped, attributes)
    return wrapped[0] if len(wrapped) == 1 else wrapped


_NUMBERS = (float, int, bool)


def _taken_apart(out: Any, passing: int) -> tuple[Any, tuple[Any, ...] | None]:
    """The array that may have a gradient, of what a forward gave, and the handles of all outputs if there are several.
    """  # fmt: skip
    if type(out) is tuple:
        results = _wrapped(out)
        return results[passing]._array, results
    return np.asarray(out), None


def _wrapped(outputs: Sequence[Any]) -> tuple[Any, ...]:
    """A handle of each array, or of what a forward gave for one of no dimensions."""
    return tuple([make(array if type(array) is ndarray else np.asarray(array)) for array in outputs])


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
    results: Sequence[Any],
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
    node = WideNode()
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


def _not_defined(primitive: Primitive, arrays: Sequence[Any], attributes: tuple[Any, ...]) -> DtypeError:
    """The error for operands or settings of a type that the formula cannot be computed with."""
    labels = [primitive.inputs[0][1:]] * len(arrays) if primitive.variadic else primitive.inputs
    given = [
        f"{label} {array.dtype} {array.shape}" if isinstance(array, ndarray) else f"{label} {shown(array)}"
        for label, array in zip(labels, arrays, strict=False)
    ]
    given += [f"{label} = {shown(value)}" for label, value in zip(primitive.attributes, attributes, strict=False)]
    return DtypeError(
        f"{primitive.name}: not defined for {', '.join(given)}; give operands and settings of other types"
    )


def _check_elementwise(primitive: Primitive, arrays: Sequence[Any], attributes: tuple[Any, ...] = ()) -> None:
    """Say in our own words why NumPy refused an elementwise operation."""
    if primitive.infer is not None:
        primitive.infer(*arrays)
    check_broadcast(primitive.name, dict(zip(primitive.inputs, arrays, strict=True)))
    if any(not isinstance(value, (int, float)) for value in attributes):
        raise _not_defined(primitive, arrays, attributes)
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


def unary_applier(primitive: Primitive) -> Callable[[Any], Any]:
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
        dtype = array.dtype
        if needs_float and dtype is not float32 and dtype.kind != "f":
            return apply_general(primitive, (x,), ())
        try:
            out = forward(array)
        except TypeError:
            _check_elementwise(primitive, (array,))
            raise
        if type(out) is not ndarray:
            out = np.asarray(out)
        result = new(handles.tensor_class)
        result._array = out
        result._grad = result._hooks = result._version = result._view = result.name = None
        if plan is not None and x._requires_grad and state.grad_enabled:
            node = WideNode()
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


def binary_applier(primitive: Primitive) -> Callable[[Any, Any], Any]:
    """The fast path of an elementwise operation of two inputs of one floating dtype, or of one and a number."""
    forward = primitive.forward
    large = primitive.large or forward
    if primitive.vjp is None:
        plans: list[Any] = [None] * 4
    else:
        plans = [None, *(primitive.plan(needs) for needs in ((True, False), (False, True), (True, True)))]
    keeps = [tuple(plan.keep) if plan is not None else () for plan in plans]
    both = (0, 1)
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
        if dtype is not float32 and dtype.kind != "f":
            return apply_general(primitive, (a, b), ())
        try:
            out = (forward if (y if x is number else x).size < LARGE else large)(x, y)
        except (ValueError, TypeError, OverflowError):
            _check_elementwise(primitive, (x, y))
            raise
        if type(out) is not ndarray:
            out = np.asarray(out)
        result = new(handles.tensor_class)
        result._array = out
        result._grad = result._hooks = result._version = result._view = result.name = None
        plan = plans[needs]
        if plan is not None and state.grad_enabled:
            node = PairNode()
            node.plan = plan
            node.attributes = () if number is None else (number,)
            node.left = left = (a._edge or a) if needs & 1 else None
            node.right = (b._edge or b) if needs & 2 else None
            keep = keeps[needs]
            if keep == both and number is None:  # as of a product
                left_cell = a._version
                if left_cell is None:
                    left_cell = a._version = [0]
                right_cell = b._version
                if right_cell is None:
                    right_cell = b._version = [0]
                node.saved = x, y
                node.versions = left_cell, left_cell[0], right_cell, right_cell[0]
            elif keep:
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
            if type(left) is PairNode and left.shape == shape:
                shape = left.shape  # one tuple for the whole chain
            node.shape = shape
            node.dtype = dtype
            node.scope = state.scope
            node.hooks = node.kept = None
            result._edge = node
            result._requires_grad = True
        else:
            result._edge = None
            result._requires_grad = False
        return result

    return apply
