"""Jacobians, Hessians and their products with vectors, as functions of a function: `torch.autograd.functional`.

Gradients flow backward, so one sweep gives a row of a Jacobian: `v^T J`. A product from the other side, `J v`, comes
from differentiating that row by its weights: `v^T J` is linear in v, and its derivative by v, applied to u, is `J u`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from . import graph
from .differentiate import grad
from .errors import ArgumentError, DtypeError, GraphError, ShapeError
from .ops.shape import stack
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


def _prepare(name: str, inputs: Any, create_graph: bool) -> tuple[tuple[Any, ...], bool]:
    """The inputs as new ends of the graph; with `create_graph` still joined to what they came from."""
    given, alone = _tuple(name, "input", inputs)
    made = []
    for k, x in enumerate(given):
        if x.dtype.kind != "f":
            raise DtypeError(f"{name}: input {k} is {x.dtype}, which has no gradients; convert it with .double()")
        made.append(x.reshape(x.shape) if create_graph and x.requires_grad else x.detach().requires_grad_())
    return tuple(made), alone


def _outputs(
    name: str, func: Callable[..., Any], inputs: tuple[Any, ...], strict: bool
) -> tuple[tuple[Any, ...], bool]:
    outputs, alone = _tuple(name, "output", func(*inputs))
    if strict:
        for k, out in enumerate(outputs):
            if not out.requires_grad:
                raise GraphError(f"{name}: output {k} does not depend on the inputs; pass strict=False to get zeros")
    return outputs, alone


def _pull(
    name: str,
    outputs: Sequence[Any],
    inputs: Sequence[Any],
    seeds: Sequence[Any],
    create_graph: bool,
    strict: bool,
) -> tuple[Any, ...]:
    """`grad`, with zeros for what does not depend."""
    joined = [(o, s) for o, s in zip(outputs, seeds, strict=True) if o.requires_grad]
    found: Sequence[Any] = [None] * len(inputs)
    if joined:
        found = grad(
            [o for o, _ in joined],
            inputs,
            [s for _, s in joined],
            retain_graph=True,
            create_graph=create_graph,
            allow_unused=True,
        )
    answers = []
    for k, (x, g) in enumerate(zip(inputs, found, strict=True)):
        if g is None:
            if strict:
                raise GraphError(f"{name}: no output depends on input {k}; pass strict=False to get zeros")
            g = make(np.zeros(x.shape, x.dtype))
        elif strict and create_graph and not g.requires_grad:
            raise GraphError(f"{name}: the result for input {k} does not depend on the inputs; pass strict=False")
        answers.append(g)
    return tuple(answers)


def _vector(name: str, v: Any, like: tuple[Any, ...], what: str) -> tuple[Any, ...]:
    """The vector that is multiplied with, checked against what it belongs to; 1 for a single number."""
    if v is None:
        if len(like) != 1 or like[0].numel() != 1:
            raise ArgumentError(f"{name}: v is needed unless there is a single {what} of one number; give v")
        return (make(np.ones(like[0].shape, like[0].dtype)),)
    vectors, _ = _tuple(name, "v", v)
    if [x.shape for x in vectors] != [x.shape for x in like]:
        raise ShapeError(
            f"{name}: v {[x.shape for x in vectors]} must have the shapes of the {what}s, {[x.shape for x in like]}"
        )
    return vectors


def _finish(values: Sequence[Any], alone: bool, create_graph: bool) -> Any:
    """Out of the graph unless it is to be differentiated further, and as many as were given."""
    done = tuple(x if create_graph else x.detach() for x in values)
    return done[0] if alone else done


def jacobian(func: Callable[..., Any], inputs: Tensors, create_graph: bool = False, strict: bool = False) -> Any:
    """All partial derivatives: `J[i, j] = d output[i] / d input[j]`, one backward sweep for each number that comes out.

    Args:
        func: a function of Tensors that gives a Tensor or a tuple of Tensors.
        inputs: a Tensor, or a tuple of Tensors.
        create_graph: record, so that the result can be differentiated.
        strict: raise where an output does not depend on an input, instead of giving zeros.

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
    with graph.enable_grad():
        xs, alone_in = _prepare("jacobian", inputs, create_graph)
        outputs, alone_out = _outputs("jacobian", func, xs, strict)
        blocks = []
        for out in outputs:
            rows = []
            for entry in range(out.numel()):
                one = np.zeros(out.numel(), out.dtype)
                one[entry] = 1
                rows.append(_pull("jacobian", [out], xs, [make(one.reshape(out.shape))], create_graph, strict))
            blocks.append(
                tuple(
                    stack([row[k] for row in rows]).reshape(out.shape + x.shape)
                    if rows
                    else make(np.zeros(out.shape + x.shape, x.dtype))
                    for k, x in enumerate(xs)
                )
            )
        answers = [_finish(block, alone_in, create_graph) for block in blocks]
    return answers[0] if alone_out else tuple(answers)


def hessian(func: Callable[..., Any], inputs: Tensors, create_graph: bool = False, strict: bool = False) -> Any:
    """All second derivatives of one number: `H[i, j] = d^2 f / d input[i] d input[j]`.

    Args:
        func: a function of Tensors that gives a Tensor of one number.
        inputs: a Tensor, or a tuple of Tensors.
        create_graph: record, so that the result can be differentiated.
        strict: raise where something does not depend on an input, instead of giving zeros.

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

    def slope(*xs: Any) -> Any:
        out = _single("hessian", func, xs, strict)
        found = _pull("hessian", [out], xs, [make(np.ones(out.shape, out.dtype))], True, strict)
        return found[0] if alone else found

    return jacobian(slope, inputs, create_graph, strict)


def _single(name: str, func: Callable[..., Any], xs: tuple[Any, ...], strict: bool) -> Any:
    outputs, _ = _outputs(name, func, xs, strict)
    if len(outputs) != 1 or outputs[0].numel() != 1:
        found = ", ".join(str(o.shape) for o in outputs)
        raise ShapeError(f"{name}: func must give one number, not {found}; reduce it, as with .sum()")
    return outputs[0]


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
    with graph.enable_grad():
        xs, alone_in = _prepare("vjp", inputs, create_graph)
        outputs, alone_out = _outputs("vjp", func, xs, strict)
        vectors = _vector("vjp", v, outputs, "output")
        found = _pull("vjp", outputs, xs, vectors, create_graph, strict)
        return _finish(outputs, alone_out, create_graph), _finish(found, alone_in, create_graph)


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
    with graph.enable_grad():
        xs, _ = _prepare("jvp", inputs, create_graph)
        vectors = _vector("jvp", v, xs, "input")
        outputs, alone_out = _outputs("jvp", func, xs, strict)
        # The row v^T J for weights of which nothing matters but that it is linear in them.
        weights = [make(np.zeros(o.shape, o.dtype)).requires_grad_() for o in outputs]
        rows = _pull("jvp", outputs, xs, weights, True, strict)
        found = _pull("jvp", rows, weights, vectors, create_graph, strict)
        return _finish(outputs, alone_out, create_graph), _finish(found, alone_out, create_graph)


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
    with graph.enable_grad():
        xs, alone = _prepare("vhp", inputs, create_graph)
        vectors = _vector("vhp", v, xs, "input")
        out = _single("vhp", func, xs, strict)
        slope = _pull("vhp", [out], xs, [make(np.ones(out.shape, out.dtype))], True, strict)
        found = _pull("vhp", slope, xs, vectors, create_graph, strict)
        return _finish([out], True, create_graph), _finish(found, alone, create_graph)


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
    with graph.enable_grad():
        xs, alone = _prepare("hvp", inputs, create_graph)
        vectors = _vector("hvp", v, xs, "input")
        out = _single("hvp", func, xs, strict)
        slope = _pull("hvp", [out], xs, [make(np.ones(out.shape, out.dtype))], True, strict)
        weights = [make(np.zeros(x.shape, x.dtype)).requires_grad_() for x in xs]
        rows = _pull("hvp", slope, xs, weights, True, strict)
        found = _pull("hvp", rows, weights, vectors, create_graph, strict)
        return _finish([out], True, create_graph), _finish(found, alone, create_graph)
