"""Jacobians, Hessians and their products with vectors, as functions of a function: `torch.autograd.functional`.

Gradients flow backward, so one sweep gives a row of a Jacobian: `v^T J`. A product from the other side, `J v`, comes
from differentiating that row by its weights: `v^T J` is linear in v, and its derivative by v, applied to u, is `J u`.
`autograd.func` has the same as functions of functions, which can be nested.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from . import graph, ops
from .errors import ArgumentError, DtypeError, GraphError, ShapeError
from .func.sweeps import Traced, zeros
from .func.transforms import basis
from .func.vmap import vmap
from .primitive import Handle, make

__all__ = ["hessian", "hvp", "jacobian", "jvp", "vhp", "vjp"]

Tensors = Any  # a Tensor, or a tuple of them


def _tuple(name: str, what: str, value: Any) -> tuple[tuple[Any, ...], bool]:
    """A Tensor or several as a tuple, and whether there was one alone."""
    alone = not isinstance(value, (tuple, list))
    listed = (value,) if alone else tuple(value)
    for k, x in enumerate(listed):
        if not isinstance(x, Handle):
            raise DtypeError(f"{name}: {what} {k} is a {type(x).__name__}, not a Tensor")
    if not listed:
        raise ArgumentError(f"{name}: there are no {what}s; give a Tensor, or a tuple of Tensors")
    return listed, alone


class _Call:
    """A function called with new ends of the graph, still joined to what they came from with `create_graph`."""

    def __init__(self, name: str, func: Callable[..., Any], inputs: Tensors, create_graph: bool, strict: bool) -> None:
        given, self.alone = _tuple(name, "input", inputs)
        for k, x in enumerate(given):
            if x.dtype.kind != "f":
                raise DtypeError(f"{name}: input {k} is {x.dtype}, which has no gradients; convert it with .double()")
        self.name, self.create_graph, self.strict = name, create_graph, strict
        with graph.set_grad_enabled(create_graph):
            self.traced = Traced(name, given)
        self.inputs = self.traced.inputs
        with graph.enable_grad():
            self.outputs, self.alone_out = _tuple(name, "output", func(*self.inputs))
        for k, out in enumerate(self.outputs if strict else ()):
            if not out.requires_grad:
                raise GraphError(f"{name}: output {k} does not depend on the inputs; pass strict=False to get zeros")
        self.traced.finish(self.outputs)
        self.traced.joined = create_graph

    def pull(self, seeds: Sequence[Any]) -> tuple[Any, ...]:
        """`v^T J`, in the shapes of the inputs."""
        return self._checked(self.traced, seeds, self.inputs)

    def push(self, tangents: Sequence[Any]) -> tuple[Any, ...]:
        """`J v`, in the shapes of the outputs."""
        back = self.traced.transpose()
        for k, out in enumerate(back.outputs if self.strict else ()):
            if not out.requires_grad:
                raise GraphError(f"{self.name}: no output depends on input {k}; pass strict=False to get zeros")
        return self._checked(back, tangents, self.outputs)

    def _checked(self, traced: Traced, seeds: Sequence[Any], like: Sequence[Any]) -> tuple[Any, ...]:
        with graph.set_grad_enabled(self.create_graph):
            found = traced.reach(seeds)
        for k, g in enumerate(found if self.strict else ()):
            if g is None:
                raise GraphError(f"{self.name}: no output depends on input {k}; pass strict=False to get zeros")
            if self.create_graph and not g.requires_grad:
                raise GraphError(
                    f"{self.name}: the result for input {k} does not depend on the inputs; pass strict=False"
                )
        return tuple([zeros(x) if g is None else g for g, x in zip(found, like, strict=True)])

    def vector(self, v: Any, like: Sequence[Any], what: str) -> tuple[Any, ...]:
        """The vector that is multiplied with, checked against what it belongs to; 1 for a single number."""
        if v is None:
            if len(like) != 1 or like[0].numel() != 1:
                raise ArgumentError(f"{self.name}: v is needed unless there is a single {what} of one number; give v")
            return (make(np.ones(like[0].shape, like[0].dtype)),)
        vectors, _ = _tuple(self.name, "v", v)
        if [x.shape for x in vectors] != [x.shape for x in like]:
            raise ShapeError(
                f"{self.name}: v {[x.shape for x in vectors]} must have the shapes of the {what}s, "
                f"{[x.shape for x in like]}"
            )
        return vectors

    def finish(self, values: Sequence[Any], alone: bool) -> Any:
        """Out of the graph unless it is to be differentiated further, and as many as were given."""
        done = tuple(x if self.create_graph else x.detach() for x in values)
        return done[0] if alone else done


def _slope(name: str, func: Callable[..., Any], strict: bool, values: list[Any]) -> Callable[..., Any]:
    """The gradient of a function of one number, ready to be differentiated; the number goes to `values`."""

    def slope(*xs: Any) -> Any:
        call = _Call(name, func, xs, True, strict)
        if len(call.outputs) != 1 or call.outputs[0].numel() != 1:
            found = ", ".join(str(o.shape) for o in call.outputs)
            raise ShapeError(f"{name}: func must give one number, not {found}; reduce it, as with .sum()")
        values[:] = call.traced.results()
        (out,) = call.outputs
        return call.pull([make(np.ones(out.shape, out.dtype))])

    return slope


def jacobian(
    func: Callable[..., Any],
    inputs: Tensors,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    strategy: str = "reverse-mode",
) -> Any:
    """All partial derivatives: `J[i, j] = d output[i] / d input[j]`.

    Args:
        func: a function of Tensors that gives a Tensor or a tuple of Tensors.
        inputs: a Tensor, or a tuple of Tensors.
        create_graph: record, so that the result can be differentiated.
        strict: raise where an output does not depend on an input, instead of giving zeros.
        vectorize: compute all rows at once by `vmap`, which is faster and needs more memory.
        strategy: "reverse-mode", a sweep for each number that comes out, or "forward-mode", for each that goes in.

    Returns:
        A Tensor of shape `output.shape + input.shape`; a tuple over the inputs if they were a tuple, within a tuple
        over the outputs if they were.

    Raises:
        DtypeError: an input is not a floating Tensor, or func gives something else than Tensors.
        GraphError: `strict`, and something does not depend.

    Example:
        >>> autograd.functional.jacobian(lambda x: x**2, autograd.tensor([1.0, 2.0]))
        tensor([[2., 0.],
                [0., 4.]])
    """
    if strategy not in ("reverse-mode", "forward-mode"):
        raise ArgumentError(f"jacobian: strategy is {strategy!r}; use 'reverse-mode' or 'forward-mode'")
    call = _Call("jacobian", func, inputs, create_graph, strict)
    if strategy == "forward-mode":
        blocks = _columns(call, vectorize)
    else:
        blocks = [_rows(call, k, vectorize) for k in range(len(call.outputs))]
    answers = [call.finish(block, call.alone) for block in blocks]
    return answers[0] if call.alone_out else tuple(answers)


def _all_of(function: Callable[..., Any], vectors: Any, vectorize: bool) -> list[Any]:
    """What a function gives for each vector, stacked: at once, or in a loop that needs less memory."""
    if vectorize:
        return list(vmap(function)(vectors))
    return [ops.stack(column) for column in zip(*[function(vector) for vector in vectors], strict=True)]


def _rows(call: _Call, position: int, vectorize: bool) -> list[Any]:
    """The derivatives of one output by all inputs."""
    out = call.outputs[position]
    if not out.numel():
        return [make(np.zeros(out.shape + x.shape, x.dtype)) for x in call.inputs]

    def row(seed: Any) -> tuple[Any, ...]:
        return call.pull([seed if other is out else zeros(other) for other in call.outputs])

    with graph.set_grad_enabled(call.create_graph):
        found = _all_of(row, basis(out), vectorize)
        return [g.reshape(out.shape + x.shape) for g, x in zip(found, call.inputs, strict=True)]


def _columns(call: _Call, vectorize: bool) -> list[list[Any]]:
    """The derivatives of all outputs by all inputs, by products with vectors."""
    back = call.traced.transpose()
    blocks: list[list[Any]] = [[] for _ in call.outputs]
    for x in call.inputs:

        def column(tangent: Any, x: Any = x) -> tuple[Any, ...]:
            return tuple(back.pull([tangent if other is x else zeros(other) for other in call.inputs]))

        with graph.set_grad_enabled(call.create_graph):
            found = _all_of(column, basis(x), vectorize) if x.numel() else [None] * len(blocks)
            for block, out, g in zip(blocks, call.outputs, found, strict=True):
                shape = out.shape + x.shape
                block.append(make(np.zeros(shape, out.dtype)) if g is None else ops.movedim(g, 0, -1).reshape(shape))
    return blocks


def hessian(
    func: Callable[..., Any],
    inputs: Tensors,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    outer_jacobian_strategy: str = "reverse-mode",
) -> Any:
    """All second derivatives of one number: `H[i, j] = d^2 f / d input[i] d input[j]`.

    Args:
        func: a function of Tensors that gives a Tensor of one number.
        inputs: a Tensor, or a tuple of Tensors.
        create_graph: record, so that the result can be differentiated.
        strict: raise where something does not depend on an input, instead of giving zeros.
        vectorize: compute all rows at once by `vmap`, which is faster and needs more memory.
        outer_jacobian_strategy: how the gradient is differentiated: "reverse-mode" or "forward-mode".

    Returns:
        A Tensor of shape `input.shape + input.shape`; a tuple of tuples if the inputs were a tuple.

    Raises:
        ShapeError: func gives more than one number.

    Example:
        >>> autograd.functional.hessian(lambda x: (x**3).sum(), autograd.tensor([1.0, 2.0]))
        tensor([[ 6.,  0.],
                [ 0., 12.]])
    """
    alone = not isinstance(inputs, (tuple, list))
    slope = _slope("hessian", func, strict, [])
    rows = jacobian(slope, inputs, create_graph, strict, vectorize, outer_jacobian_strategy)
    return rows[0] if alone else rows


def vjp(
    func: Callable[..., Any],
    inputs: Tensors,
    v: Tensors | None = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:
    """The outputs, and the vector-Jacobian product `v^T J`: one backward sweep.

    Args:
        func: a function of Tensors that gives a Tensor or a tuple of Tensors.
        inputs: a Tensor, or a tuple of Tensors.
        v: of the shapes of the outputs; may be left out for a single number.
        create_graph: record, so that the result can be differentiated.
        strict: raise where an output does not depend on an input, instead of giving zeros.

    Returns:
        A pair: what func gives, and the product, in the shapes of the inputs.

    Raises:
        ShapeError: v does not have the shapes of the outputs.

    Example:
        >>> autograd.functional.vjp(lambda x: x**2, autograd.tensor([1.0, 2.0]), autograd.tensor([1.0, 10.0]))
        (tensor([1., 4.]), tensor([ 2., 40.]))
    """
    call = _Call("vjp", func, inputs, create_graph, strict)
    found = call.pull(call.vector(v, call.outputs, "output"))
    return call.finish(call.traced.results(), call.alone_out), call.finish(found, call.alone)


def jvp(
    func: Callable[..., Any],
    inputs: Tensors,
    v: Tensors | None = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:
    """The outputs, and the Jacobian-vector product `J v`, their slope along v: two backward sweeps.

    Args:
        func: a function of Tensors that gives a Tensor or a tuple of Tensors.
        inputs: a Tensor, or a tuple of Tensors.
        v: of the shapes of the inputs; may be left out for a single number.
        create_graph: record, so that the result can be differentiated.
        strict: raise where an output does not depend on an input, instead of giving zeros.

    Returns:
        A pair: what func gives, and the product, in the shapes of the outputs.

    Raises:
        ShapeError: v does not have the shapes of the inputs.

    Example:
        >>> autograd.functional.jvp(lambda x: x**2, autograd.tensor([1.0, 2.0]), autograd.tensor([1.0, 10.0]))
        (tensor([1., 4.]), tensor([ 2., 40.]))
    """
    call = _Call("jvp", func, inputs, create_graph, strict)
    found = call.push(call.vector(v, call.inputs, "input"))
    return call.finish(call.traced.results(), call.alone_out), call.finish(found, call.alone_out)


def vhp(
    func: Callable[..., Any],
    inputs: Tensors,
    v: Tensors | None = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:
    """The number that comes out, and the vector-Hessian product `v^T H`: two backward sweeps, without the matrix.

    Args:
        func: a function of Tensors that gives a Tensor of one number.
        inputs: a Tensor, or a tuple of Tensors.
        v: of the shapes of the inputs; may be left out for a single number.
        create_graph: record, so that the result can be differentiated.
        strict: raise where something does not depend on an input, instead of giving zeros.

    Returns:
        A pair: what func gives, and the product, in the shapes of the inputs.

    Raises:
        ShapeError: func gives more than one number, or v does not have the shapes of the inputs.

    Example:
        >>> autograd.functional.vhp(lambda x: (x**3).sum(), autograd.tensor([1.0, 2.0]), autograd.tensor([1.0, 1.0]))
        (tensor(9.), tensor([ 6., 12.]))
    """
    values: list[Any] = []
    call = _Call("vhp", _slope("vhp", func, strict, values), inputs, create_graph, strict)
    found = call.pull(call.vector(v, call.inputs, "input"))
    return call.finish(values, True), call.finish(found, call.alone)


def hvp(
    func: Callable[..., Any],
    inputs: Tensors,
    v: Tensors | None = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:
    """The number that comes out, and the Hessian-vector product `H v`.

    A Hessian is symmetric, so this is `vhp`; where a function has second derivatives that depend on their order, `vhp`
    gives `v^T H` and this `H v`, by a third sweep.

    Args:
        func: a function of Tensors that gives a Tensor of one number.
        inputs: a Tensor, or a tuple of Tensors.
        v: of the shapes of the inputs; may be left out for a single number.
        create_graph: record, so that the result can be differentiated.
        strict: raise where something does not depend on an input, instead of giving zeros.

    Returns:
        A pair: what func gives, and the product, in the shapes of the inputs.

    Raises:
        ShapeError: func gives more than one number, or v does not have the shapes of the inputs.

    Example:
        >>> autograd.functional.hvp(lambda x: (x**3).sum(), autograd.tensor([1.0, 2.0]), autograd.tensor([1.0, 1.0]))
        (tensor(9.), tensor([ 6., 12.]))
    """
    values: list[Any] = []
    call = _Call("hvp", _slope("hvp", func, strict, values), inputs, create_graph, strict)
    found = call.push(call.vector(v, call.inputs, "input"))
    return call.finish(values, True), call.finish(found, call.alone)
