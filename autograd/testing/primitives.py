"""Checks of an operation's record: that all it says of itself is true, on the samples that it brings."""

from __future__ import annotations

import dis
import gc
import itertools
import math
import re
import weakref
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from .. import differentiate, dtypes
from ..creation import tensor
from ..errors import ChainruleError
from ..primitive import Handle, Primitive, Sample, make
from ..value import Value
from .gradcheck import gradcheck, gradgradcheck

__all__ = ["CHECKS", "PrimitiveError", "check_primitive"]

SPECIALS = (0.0, -0.0, math.inf, -math.inf, math.nan, 1e300, -1e300, 1e-300, 1.0, -1.0, 0.5, -2.5, 3.0, 40.0, -800.0)


class PrimitiveError(ChainruleError, AssertionError):
    """The record of an operation says something of itself that is not so."""


def check_primitive(primitive: Primitive, checks: Sequence[str] | None = None, seed: int = 0) -> None:
    """Hold the record of an operation against its samples: everything that it says of itself is tried.

    That is: it is described; it has samples; forward agrees with `reference` and `scalar`; dtypes stay; nothing is
    changed in place; the layout in memory does not matter; gradients of first and second order agree with finite
    differences, for each choice of inputs that need one; only what the rules read is kept; the error samples raise.

    Args:
        primitive: the record, as `autograd.define` returns it.
        checks: names from `CHECKS`; all of them, unless given.
        seed: of the random numbers in the samples.

    Raises:
        PrimitiveError: a check failed.
        GradcheckError: a gradient is wrong.

    Example:
        >>> from autograd.testing import check_primitive
        >>> check_primitive(autograd.registry["tanh"])
    """
    for name in CHECKS if checks is None else checks:
        CHECKS[name](primitive, np.random.default_rng(seed))


# --- what the checks share


def _fail(primitive: Primitive, message: str) -> PrimitiveError:
    return PrimitiveError(f"{primitive.name}: {message}")


def _samples(primitive: Primitive, rng: np.random.Generator) -> list[Sample]:
    calls = primitive.samples(rng) if primitive.samples is not None else []
    if not calls:
        raise _fail(primitive, "has no samples, so nothing of it can be checked; give `samples`")
    return calls


def _operands(primitive: Primitive, sample: Sample) -> list[Any]:
    return list(sample.inputs[0]) if primitive.variadic else list(sample.inputs)


def _arguments(primitive: Primitive, operands: Sequence[Any], attributes: tuple[Any, ...]) -> tuple[Any, ...]:
    return (tuple(operands), *attributes) if primitive.variadic else (*operands, *attributes)


def _apply(primitive: Primitive, operands: Sequence[Any], attributes: tuple[Any, ...]) -> tuple[Any, ...]:
    result = primitive.apply(*_arguments(primitive, operands, attributes))
    return result if isinstance(result, tuple) else (result,)


def _forward(primitive: Primitive, function: Callable[..., Any], sample: Sample) -> tuple[Any, ...]:
    result = function(*_arguments(primitive, _operands(primitive, sample), sample.attributes))
    return result if isinstance(result, tuple) else (result,)


def _floating(x: Any) -> bool:
    return isinstance(x, np.ndarray) and x.dtype.kind == "f"


def _differentiable(primitive: Primitive, operands: Sequence[Any]) -> list[int]:
    """The positions of the operands that have a gradient rule."""
    vjp = primitive.vjp
    if vjp is None:
        return []
    ruled = range(len(operands)) if callable(vjp) else [i for i, n in enumerate(primitive.inputs) if vjp.get(n)]
    return [i for i in ruled if _floating(operands[i])]


def _leaves(operands: Sequence[Any], positions: Sequence[int]) -> list[Any]:
    """The operands as Tensors on their own arrays, those at `positions` requiring grad."""
    made = []
    for i, x in enumerate(operands):
        handle = make(x) if isinstance(x, np.ndarray) else x
        if i in positions:
            handle.requires_grad_()
        made.append(handle)
    return made


def _pull(
    primitive: Primitive, operands: Sequence[Any], attributes: tuple[Any, ...], positions: Sequence[int]
) -> tuple[list[Any], list[Any]]:
    """Outputs as arrays, and gradients at `positions` for fixed incoming gradients."""
    leaves = _leaves(operands, positions)
    results = _apply(primitive, leaves, attributes)
    outs = [r for r in results if r.requires_grad]
    gradients: list[Any] = []
    if outs:
        seeds = [np.cos(np.arange(o.numel(), dtype=np.float64) + 1).reshape(o.shape).astype(o.dtype) for o in outs]
        found = differentiate.grad(outs, [leaves[i] for i in positions], seeds, allow_unused=True)
        gradients = [None if g is None else g._array for g in found]
    return [r._array for r in results], gradients


def _close(a: Any, b: Any, rtol: float = 1e-11) -> bool:
    if a is None or b is None:
        return a is b
    a, b = np.asarray(a), np.asarray(b)
    if a.shape != b.shape:
        return False
    if a.dtype.kind != "f" and b.dtype.kind != "f":
        return bool(np.array_equal(a, b))
    return bool(np.allclose(a.astype(np.float64), b.astype(np.float64), rtol=rtol, atol=rtol, equal_nan=True))


# --- the record itself


def check_described(primitive: Primitive, rng: np.random.Generator) -> None:
    """It has a formula, a printable label and samples, and its rules are for inputs that it has."""
    if not primitive.formula.strip():
        raise _fail(primitive, "has no formula; say what it computes")
    for what in (primitive.label, primitive.formula):
        if not what.strip() or not what.isprintable():
            raise _fail(primitive, f"{what!r} cannot be printed; use plain text for label and formula")
    samples = _samples(primitive, rng)
    vjp = primitive.vjp
    if vjp is None:
        return
    if not callable(vjp):
        for name in vjp:
            if name not in primitive.inputs:
                raise _fail(primitive, f"has a rule for {name!r}, which is none of its inputs {primitive.inputs}")
        tried = {primitive.inputs[i] for s in samples for i in _differentiable(primitive, _operands(primitive, s))}
        untried = {name for name, rule in vjp.items() if rule is not None} - tried
        if untried:
            raise _fail(primitive, f"no sample gives a floating {', '.join(sorted(untried))}, so its rule is not tried")
    elif not any(_differentiable(primitive, _operands(primitive, s)) for s in samples):
        raise _fail(primitive, "no sample has a floating input, so its rule is not tried")
    for rule in (vjp,) if callable(vjp) else vjp.values():
        unread = _unread(rule)
        if unread:
            raise _fail(primitive, f"a rule takes {', '.join(unread)} and does not read it; drop the parameter")


def _unread(rule: Any) -> list[str]:
    """Parameters that a rule keeps alive and never uses (`g` and `needs` are free)."""
    code = getattr(rule, "__code__", None)
    if code is None:
        return []
    names = code.co_varnames[: code.co_argcount]
    used: set[str] = set(code.co_cellvars)
    for instruction in dis.get_instructions(rule):
        if instruction.opname.startswith("LOAD"):
            value = instruction.argval
            used.update(value if isinstance(value, tuple) else (value,) if isinstance(value, str) else ())
    return [n for n in names if n not in used and n not in ("g", "needs", "gradient")]


def check_forward(primitive: Primitive, rng: np.random.Generator) -> None:
    """Applying it gives what forward gives on arrays, as many outputs as it names, and what the reference gives."""
    for sample in _samples(primitive, rng):
        operands = _operands(primitive, sample)
        results = _apply(primitive, operands, sample.attributes)
        if len(results) != len(primitive.outputs):
            raise _fail(primitive, f"gave {len(results)} outputs, and names {primitive.outputs}")
        positions = _differentiable(primitive, operands)
        if positions:
            joined = _apply(primitive, _leaves(operands, positions), sample.attributes)
            passing = tuple(r.requires_grad for r in joined)
            if passing != primitive.differentiable:
                raise _fail(primitive, f"says of its outputs differentiable={primitive.differentiable}, not {passing}")
        arrays = [r._array for r in results]
        compared = [("forward", primitive.forward)]
        if primitive.reference is not None:
            compared.append(("reference", primitive.reference))
        for what, function in compared:
            expected = _forward(primitive, function, sample)
            for name, found, other in zip(primitive.outputs, arrays, expected, strict=True):
                if not _close(found, other, 1e-12):
                    raise _fail(primitive, f"{name} differs from its {what} for {_shown(sample)}")
        if primitive.scalar is not None:
            shape = np.broadcast_shapes(*(np.shape(x) for x in _operands(primitive, sample)))
            if arrays[0].shape != shape:
                raise _fail(primitive, f"is elementwise, but {_shown(sample)} gave shape {arrays[0].shape}")


def _shown(sample: Sample) -> str:
    def show(x: Any) -> str:
        if isinstance(x, tuple):
            return "(" + ", ".join(show(y) for y in x) + ")"
        return f"{x.dtype} {x.shape}" if isinstance(x, np.ndarray) else repr(x)

    return ", ".join([show(x) for x in sample.inputs] + [repr(a) for a in sample.attributes])


def check_dtypes(primitive: Primitive, rng: np.random.Generator) -> None:
    """Outputs and gradients of float32 and float16 inputs have their dtype, and about the numbers of float64."""
    for sample in _samples(primitive, rng):
        operands = _operands(primitive, sample)
        positions = _differentiable(primitive, operands)
        fixed = any(isinstance(a, np.dtype) for a in sample.attributes)  # the result's dtype is asked for
        expected, slopes = _pull(primitive, operands, sample.attributes, positions)
        for dtype, rtol in ((dtypes.float32, 2e-4), (dtypes.float16, 6e-2)):
            narrow = [x.astype(dtype) if _floating(x) else x for x in operands]
            found, gradients = _pull(primitive, narrow, sample.attributes, positions)
            for name, a, b in zip(primitive.outputs, found, expected, strict=True):
                if _floating(b) and not fixed and a.dtype != dtype:
                    raise _fail(primitive, f"{name} of {dtype} inputs is {a.dtype} for {_shown(sample)}")
                # Steps and comparisons may fall on the other side of a threshold after rounding.
                if _floating(b) and primitive.vjp is not None and not _close(a, b, rtol):
                    raise _fail(primitive, f"{name} of {dtype} inputs is far from that of float64 for {_shown(sample)}")
            for i, a, b in zip(positions, gradients, slopes, strict=False):
                if a is not None and a.dtype != dtype:
                    raise _fail(primitive, f"the gradient by a {dtype} operand {i} is {a.dtype} for {_shown(sample)}")
                size = 0.0 if b is None else float(np.max(np.abs(b), initial=0.0))
                if not _close(a, b, 2 * rtol * max(1.0, size)):
                    raise _fail(primitive, f"the gradient by operand {i} in {dtype} is far off for {_shown(sample)}")


def check_unchanged(primitive: Primitive, rng: np.random.Generator) -> None:
    """Forward and backward write neither into the inputs nor, in backward, into the outputs."""
    for sample in _samples(primitive, rng):
        operands = [x.copy() if isinstance(x, np.ndarray) else x for x in _operands(primitive, sample)]
        before = [x.tobytes() if isinstance(x, np.ndarray) else None for x in operands]
        positions = _differentiable(primitive, operands)
        results = _apply(primitive, _leaves(operands, positions), sample.attributes)
        outs = [r for r in results if r.requires_grad]
        held = [r._array.tobytes() for r in results]
        if outs:
            seeds = [np.ones(o.shape) for o in outs]
            differentiate.backward(outs, seeds)
            if any((s != 1).any() for s in seeds):
                raise _fail(primitive, "backward changed the incoming gradient")
        if [x.tobytes() if isinstance(x, np.ndarray) else None for x in operands] != before:
            raise _fail(primitive, f"changed an input in place for {_shown(sample)}")
        if [r._array.tobytes() for r in results] != held:
            raise _fail(primitive, f"backward changed an output in place for {_shown(sample)}")


def _layouts(x: np.ndarray) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """The same numbers laid out otherwise in memory: (how, plain, otherwise)."""
    plain = np.ascontiguousarray(x).reshape(x.shape)
    frozen = plain.copy()
    frozen.flags.writeable = False
    yield "read-only", plain, frozen
    if x.ndim == 0:
        return
    yield "transposed", plain, np.array(plain.T, order="C").T
    backwards = tuple(slice(None, None, -1) for _ in x.shape)
    yield "negative strides", plain, np.ascontiguousarray(plain[backwards])[backwards]
    wide = np.zeros(tuple(2 * n for n in x.shape), x.dtype)
    wide[tuple(slice(None, None, 2) for _ in x.shape)] = plain
    yield "strided", plain, wide[tuple(slice(None, None, 2) for _ in x.shape)]
    if x.shape[0]:
        expanded = np.broadcast_to(plain[:1], x.shape)
        yield "expanded", expanded.copy(), expanded


def check_layouts(primitive: Primitive, rng: np.random.Generator) -> None:
    """Results and gradients do not depend on how the inputs lie in memory."""
    for sample in _samples(primitive, rng):
        operands = _operands(primitive, sample)
        for i, x in enumerate(operands):
            if not isinstance(x, np.ndarray):
                continue
            for how, plain, other in _layouts(x):
                answers = []
                for array in (plain, other):
                    given = [*operands[:i], array, *operands[i + 1 :]]
                    answers.append(_pull(primitive, given, sample.attributes, _differentiable(primitive, given)))
                if not all(_close(a, b) for a, b in zip(*(o + g for o, g in answers), strict=True)):
                    raise _fail(primitive, f"gives something else when operand {i} is {how}, for {_shown(sample)}")


# --- gradients


def _as_function(primitive: Primitive, sample: Sample) -> tuple[Callable[..., Any], list[Any]]:
    operands = _operands(primitive, sample)
    positions = _differentiable(primitive, operands)

    def function(*moved: Any) -> Any:
        given = list(operands)
        for i, handle in zip(positions, moved, strict=True):
            given[i] = handle
        results = _apply(primitive, given, sample.attributes)
        return tuple(r for r, d in zip(results, primitive.differentiable, strict=True) if d)

    return function, [tensor(operands[i], requires_grad=True) for i in positions]


def check_gradients(primitive: Primitive, rng: np.random.Generator) -> None:
    """The rules agree with finite differences."""
    for sample in _samples(primitive, rng):
        function, inputs = _as_function(primitive, sample)
        if inputs:
            gradcheck(function, inputs)


def check_second_gradients(primitive: Primitive, rng: np.random.Generator) -> None:
    """The rules, differentiated themselves, agree with finite differences."""
    for sample in _samples(primitive, rng):
        function, inputs = _as_function(primitive, sample)
        if inputs:
            gradgradcheck(function, inputs)


def check_subsets(primitive: Primitive, rng: np.random.Generator) -> None:
    """Each choice of inputs that need a gradient gives the same gradients, and none where there is no rule."""
    for sample in _samples(primitive, rng):
        operands = _operands(primitive, sample)
        positions = _differentiable(primitive, operands)
        floating = [i for i, x in enumerate(operands) if _floating(x)]
        if not positions:
            if any(r.requires_grad for r in _apply(primitive, _leaves(operands, floating), sample.attributes)):
                raise _fail(primitive, "has no rule, yet its result requires grad")
            continue
        _, complete = _pull(primitive, operands, sample.attributes, positions)
        for size in range(1, len(positions)):
            for subset in itertools.combinations(positions, size):
                _, gradients = _pull(primitive, operands, sample.attributes, subset)
                for i, gradient in zip(subset, gradients, strict=True):
                    if not _close(gradient, complete[positions.index(i)]):
                        raise _fail(primitive, f"the gradient by operand {i} depends on which others need one")


def check_kept(primitive: Primitive, rng: np.random.Generator) -> None:
    """Until the backward sweep nothing is kept alive but the arrays that the rules read, and after it nothing."""
    for sample in _samples(primitive, rng):
        operands = _operands(primitive, sample)
        positions = _differentiable(primitive, operands)
        if not positions or primitive.views:  # a view's memory is that of its input, which is not ours to count
            continue
        if any(isinstance(x, np.ndarray) and x.size == 0 for x in operands):  # nothing to keep
            continue
        # Results of operations, whose arrays nobody holds but their handles and the node.
        leaves = _leaves(operands, positions)
        handles = [h.clone() if i in positions else h for i, h in enumerate(leaves)]
        watched = {("input", i): weakref.ref(handles[i]._array) for i in positions}
        results = _apply(primitive, handles, sample.attributes)
        joined = [r for r in results if r.requires_grad]
        node = joined[0].node
        for j, r in enumerate(results):
            watched["output", j] = weakref.ref(r._array)
        kept = {(kind, place) for kind, place in node.plan.sources if kind in ("input", "output")}
        if ("inputs", 0) in node.plan.sources:
            kept |= {("input", i) for i in positions}
        kept &= watched.keys()
        seeds = [np.ones(r.shape) for r in joined]
        # A forward that returns its own input (as a sum over no dimension may) shares it: then keeping is free.
        shared = {k for k, a in watched.items() for m, b in watched.items() if k != m and _overlap(a(), b())}
        edges = [r._edge for r in joined]
        del handles, results, joined, r
        alive = {key for key, reference in watched.items() if reference() is not None}
        if alive - kept - shared:
            raise _fail(primitive, f"keeps {sorted(alive - kept)} alive, which no rule reads, for {_shown(sample)}")
        if kept - alive:
            raise _fail(primitive, f"its rules read {sorted(kept - alive)}, which is gone, for {_shown(sample)}")
        _sweep(edges, seeds)
        del edges
        alive = {key for key, reference in watched.items() if reference() is not None}
        if alive:
            raise _fail(primitive, f"keeps {sorted(alive)} alive after the backward sweep, for {_shown(sample)}")
        del node


def _overlap(a: Any, b: Any) -> bool:
    return a is not None and b is not None and bool(np.may_share_memory(a, b))


def _sweep(edges: list[Any], seeds: list[np.ndarray]) -> None:
    from .. import graph

    enabled = gc.isenabled()
    gc.disable()
    try:
        graph.sweep(list(zip(edges, seeds, strict=True)), retain_graph=False, create_graph=False)
    finally:
        if enabled:
            gc.enable()


def check_errors(primitive: Primitive, rng: np.random.Generator) -> None:
    """The error samples raise what they say, in words that name the operation."""
    for sample in primitive.error_samples(rng) if primitive.error_samples is not None else ():
        if sample.error is None or not sample.match:
            raise _fail(primitive, "an error sample lacks the error or its text; give both")
        if not issubclass(sample.error, ChainruleError):
            raise _fail(primitive, f"an error sample expects {sample.error.__name__}, which is none of ours")
        try:
            _apply(primitive, _operands(primitive, sample), sample.attributes)
        except sample.error as error:
            if not re.search(sample.match, str(error)):
                raise _fail(primitive, f"says {str(error)!r}, in which {sample.match!r} is not found") from error
            if not str(error).startswith(primitive.name):
                raise _fail(primitive, f"says {str(error)!r}, which does not begin with its name") from error
        else:
            raise _fail(primitive, f"{_shown(sample)} raised nothing instead of {sample.error.__name__}")


# --- one number


def _numbers(primitive: Primitive, rng: np.random.Generator) -> Iterator[tuple[tuple[float, ...], tuple[Any, ...]]]:
    """Inputs of one number each, with attributes: from the samples, at random, and all pairs of special ones."""
    count = len(primitive.inputs)
    settings = []
    for sample in _samples(primitive, rng):
        if sample.attributes not in settings:
            settings.append(sample.attributes)
        spread = np.broadcast_arrays(*_operands(primitive, sample))
        for column in zip(*(a.ravel()[:4].tolist() for a in spread), strict=True):
            yield column, sample.attributes
    for attributes in settings:
        for _ in range(20):
            yield tuple(rng.normal(0, 3, count).tolist()), attributes
        values: Sequence[float] = SPECIALS if count < 3 else (0.0, -0.0, math.inf, math.nan, 2.0)
        for column in itertools.product(values, repeat=count):
            yield column, attributes


def _same_number(a: Any, b: Any, signs: bool) -> bool:
    """Equal up to the last bits, nan to nan, and if `signs` zeros of one sign."""
    a, b = float(a), float(b)
    if math.isnan(a) or math.isnan(b):
        return math.isnan(a) and math.isnan(b)
    if a == b:
        return a != 0 or not signs or math.copysign(1, a) == math.copysign(1, b)
    return math.isclose(a, b, rel_tol=1e-13, abs_tol=1e-300)


def _whole(primitive: Primitive, rng: np.random.Generator) -> bool:
    """Whether its samples are integers alone (bit operations have no floats)."""
    return all(not _floating(x) for s in _samples(primitive, rng) for x in _operands(primitive, s))


def check_scalar(primitive: Primitive, rng: np.random.Generator) -> None:
    """The formula on one number agrees with forward, also at 0, -0, infinities, nan, huge and tiny numbers."""
    if primitive.scalar is None:
        return
    whole = _whole(primitive, rng)
    for numbers, attributes in _numbers(primitive, rng):
        if whole and not all(math.isfinite(n) and abs(n) < 1e9 for n in numbers):
            continue
        given: tuple[Any, ...] = tuple(int(n) for n in numbers) if whole else numbers
        with np.errstate(all="ignore"):
            expected = primitive.forward(*(np.asarray(n) for n in given), *attributes)
            try:
                found = primitive.scalar(*given, *attributes)
            except (ArithmeticError, ValueError, TypeError) as error:
                raise _fail(primitive, f"scalar formula raises {error!r} for {given}, {attributes}") from error
        if type(found) not in (float, int, bool):
            raise _fail(primitive, f"scalar formula gives a {type(found).__name__} for {given}")
        # IEEE leaves the sign of a zero open where zeros meet, as in max(0, -0).
        if not _same_number(found, expected, 0.0 not in numbers):
            raise _fail(primitive, f"scalar formula gives {found!r} for {given} {attributes}, forward {expected!r}")


def check_values(primitive: Primitive, rng: np.random.Generator) -> None:
    """A Value's number and its first and second derivatives are a Tensor's, at every number and attribute."""
    if primitive.scalar is None or primitive.vjp is None:
        return
    for numbers, attributes in _numbers(primitive, rng):
        positions = _differentiable(primitive, [np.asarray(float(n)) for n in numbers])
        values = [Value(n) if i in positions else n for i, n in enumerate(numbers)]
        tensors = [
            tensor(float(n), dtype=dtypes.float64, requires_grad=True)
            if i in positions
            else make(np.asarray(n if isinstance(n, bool) else bool(n) if primitive.name == "where" else n))
            for i, n in enumerate(numbers)
        ]
        with np.errstate(all="ignore"):
            answers = []
            for operands in (values, tensors):
                out = (
                    primitive(*operands, *attributes) if operands is values else primitive.apply(*operands, *attributes)
                )
                answers.append((out, _derivatives(out, [operands[i] for i in positions])))
        (one, first), (other, second) = answers
        if not _same_number(one.data, other._array, 0.0 not in numbers):
            raise _fail(primitive, f"a Value gives {one.data!r} for {numbers} {attributes}, a Tensor {other._array!r}")
        for a, b in zip(first, second, strict=True):
            if not (a == b or (a != a and b != b) or math.isclose(a, b, rel_tol=1e-10, abs_tol=1e-13)):
                raise _fail(
                    primitive,
                    f"a Value's derivatives at {numbers} {attributes} are {first}, a Tensor's {second}",
                )


def _derivatives(out: Any, inputs: list[Any]) -> list[float]:
    """First derivatives, then those of their sum."""
    first = differentiate.grad(out, inputs, create_graph=True, allow_unused=True, materialize_grads=True)
    numbers = [float(g.data if isinstance(g, Value) else g._array if isinstance(g, Handle) else g) for g in first]
    joined = [g for g in first if isinstance(g, Value) or (isinstance(g, Handle) and g._requires_grad)]
    if joined:
        second = differentiate.grad(joined, inputs, allow_unused=True, materialize_grads=True)
        numbers += [float(g._array if isinstance(g, Handle) else g) for g in second]
    else:
        numbers += [0.0] * len(inputs)
    return numbers


CHECKS: dict[str, Callable[[Primitive, np.random.Generator], None]] = {
    "described": check_described,
    "forward": check_forward,
    "dtypes": check_dtypes,
    "unchanged": check_unchanged,
    "layouts": check_layouts,
    "gradients": check_gradients,
    "second gradients": check_second_gradients,
    "subsets": check_subsets,
    "kept": check_kept,
    "errors": check_errors,
    "scalar": check_scalar,
    "values": check_values,
}
