"""`backward` and `grad`: starting a sweep from outputs, for Tensors and Values alike."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import graph
from .arrays import to_array
from .errors import ArgumentError, DtypeError, GraphError, ShapeError
from .primitive import Handle, make, op

__all__ = ["backward", "grad"]


def _edge(tensor: Any, name: str, role: str = "output") -> Any:
    """The edge at which an output's gradient enters the graph, or an input's leaves it."""
    if not isinstance(tensor, Handle):
        if hasattr(tensor, "pull"):  # a Value is its own node
            return tensor
        raise DtypeError(
            f"{name}: the {role} is no Tensor or Value but {type(tensor).__name__} {tensor!r:.40}; give one, or a "
            "list of them"
        )
    if not tensor._requires_grad:
        fix = "set requires_grad=True on it before computing the outputs"
        if role == "output":
            fix = (
                "make an input with requires_grad=True, and compute outside no_grad(); a gradient that is to be "
                "differentiated again must come from a sweep with create_graph=True"
            )
        raise GraphError(f"{name}: the {role} {tensor.shape} does not require grad and has no graph; {fix}")
    return tensor._edge or tensor


def _seed(output: Any, gradient: Any, create_graph: bool, name: str) -> Any:
    """The gradient that enters at an output: the given one, or 1 for a single number."""
    if not isinstance(output, Handle):
        number = output.constant(1.0 if gradient is None else gradient)
        return number if create_graph else number.data
    array = output._array
    seed: Any
    if gradient is None:
        if array.size != 1:
            raise GraphError(
                f"{name}: the output {array.shape} is not a single number; reduce it, as with .sum(), or give a "
                f"gradient of shape {array.shape}"
            )
        seed = np.empty(array.shape, array.dtype)
        seed.fill(1)
    elif isinstance(gradient, Handle) and create_graph:
        with graph.enable_grad():
            seed = gradient if gradient.dtype == array.dtype else op.to_dtype.apply(gradient, array.dtype)
    elif isinstance(gradient, Handle) and gradient.dtype == array.dtype:
        seed = gradient._array  # the sweep writes into none that it has not made
    else:
        seed = to_array(gradient, array.dtype, name)
    if seed.shape != array.shape:
        raise ShapeError(
            f"{name}: a gradient {seed.shape} was given for an output {array.shape}; their shapes must be equal"
        )
    return make(seed) if create_graph and not isinstance(seed, Handle) else seed


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (tuple, list)) else [value]


def _roots(outputs: list[Any], gradients: Any, create_graph: bool, name: str) -> list[tuple[Any, Any]]:
    given = [None] * len(outputs) if gradients is None else _listed(gradients)
    if len(given) != len(outputs):
        raise ArgumentError(f"{name}: {len(given)} gradients for {len(outputs)} outputs; give one for each, or None")
    return [(_edge(o, name), _seed(o, g, create_graph, name)) for o, g in zip(outputs, given, strict=True)]


def _run(roots: list[tuple[Any, Any]], retain: bool | None, create_graph: bool, targets: Any) -> list[Any]:
    retain_graph = create_graph if retain is None else retain
    if not create_graph:
        return graph.sweep(roots, retain_graph=retain_graph, create_graph=False, targets=targets)
    with graph.enable_grad():
        return graph.sweep(roots, retain_graph=retain_graph, create_graph=True, targets=targets)


def backward(
    tensors: Any,
    grad_tensors: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Any = None,
) -> None:
    """Add the gradients of the outputs to the `.grad` of every leaf that they depend on.

    Args:
        tensors: an output, or several, each a Tensor or a Value.
        grad_tensors: the gradient of each output; None for outputs of a single number, whose gradient is 1.
        retain_graph: keep what the graph saved, so that it can be swept again; the value of `create_graph`, unless
            given.
        create_graph: record the sweep itself, so that gradients can be differentiated again.
        inputs: accumulate into these tensors alone.

    Raises:
        GraphError: an output has no graph, or its graph was swept already.
        ShapeError: a gradient does not have the shape of its output.
        InPlaceError: an array that a rule needs was changed in place.

    Example:
        >>> x = autograd.tensor([1.0, 2.0], requires_grad=True)
        >>> autograd.backward([(x * x).sum(), (3 * x).sum()])
        >>> x.grad
        tensor([5., 7.])
    """
    roots = _roots(_listed(tensors), grad_tensors, create_graph, "backward")
    if inputs is None:
        _run(roots, retain_graph, create_graph, None)
        return
    sources = list({id(source): source for source in _listed(inputs)}.values())  # one named twice counts once
    if not sources:
        raise ArgumentError("backward: inputs is empty; name the tensors that shall accumulate, or pass None for all")
    targets = [_edge(source, "backward", "input") for source in sources]
    found = _run(roots, retain_graph, create_graph, targets)
    with graph.set_grad_enabled(create_graph):
        for source, gradient in zip(sources, found, strict=True):
            if gradient is not None and not _retained(source):
                source.receive(gradient, create_graph, False)


def grad(
    outputs: Any,
    inputs: Any,
    grad_outputs: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    only_inputs: bool = True,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> tuple[Any, ...]:
    """The gradients of the sum of the outputs with respect to the inputs; no `.grad` is touched.

    Args:
        outputs: a Tensor or Value, or several.
        inputs: a Tensor or Value, or several: leaves or results.
        grad_outputs: the gradient of each output; None for outputs of a single number, whose gradient is 1.
        retain_graph: keep what the graph saved; the value of `create_graph`, unless given.
        create_graph: record the sweep, so that the result can be differentiated again.
        only_inputs: True; `backward` is what touches `.grad`.
        allow_unused: give None for an input on which no output depends, instead of an error.
        is_grads_batched: `grad_outputs` hold several gradients along a first dimension, and so do the answers.
        materialize_grads: give zeros instead of None.

    Returns:
        A tuple with a gradient for each input.

    Raises:
        ArgumentError: `only_inputs` is False, or there is no batch of gradients.
        GraphError: an input does not require grad, was not used, or the graph was swept already.

    Example:
        >>> x = autograd.tensor(3.0, requires_grad=True)
        >>> (slope,) = autograd.grad(x**3, x, create_graph=True)
        >>> autograd.grad(slope, x)
        (tensor(18.),)
    """
    if not only_inputs:
        raise ArgumentError("grad: only_inputs is False; to accumulate into every leaf, call backward")
    if is_grads_batched:
        batches = _listed(grad_outputs)
        if not all(isinstance(batch, Handle) and batch.ndim for batch in batches):
            raise ArgumentError("grad: is_grads_batched is True; give grad_outputs with a first dimension to go along")
        keep = create_graph if retain_graph is None else retain_graph
        count = len(batches[0])
        rows = [
            grad(
                outputs,
                inputs,
                [batch[row] for batch in batches],
                keep or row + 1 < count,
                create_graph,
                allow_unused=allow_unused,
                materialize_grads=materialize_grads,
            )
            for row in range(count)
        ]
        with graph.set_grad_enabled(create_graph):
            stack = graph.services.module("ops").stack
            return tuple(None if column[0] is None else stack(column) for column in zip(*rows, strict=True))
    roots = _roots(_listed(outputs), grad_outputs, create_graph, "grad")
    sources = _listed(inputs)
    targets = [_edge(source, "grad", "input") for source in sources]
    found = _run(roots, retain_graph, create_graph, targets)
    answers = []
    for position, (source, gradient) in enumerate(zip(sources, found, strict=True)):
        if gradient is not None:
            answers.append(_own(gradient, create_graph))
        elif materialize_grads:
            answers.append(_zero(source, create_graph))
        elif allow_unused:
            answers.append(None)
        else:
            raise GraphError(
                f"grad: no output depends on input {position}; drop it, or pass allow_unused=True to get None for it"
            )
    return tuple(answers)


def _retained(source: Any) -> bool:
    """Whether the sweep itself has delivered to this tensor, because its gradient is retained."""
    edge = getattr(source, "_edge", None)
    hooks = None if edge is None else graph.target_of(edge).hooks
    return any(reference() is source for own in (hooks or {}).values() for reference in own.retained)


def _own(gradient: Any, create_graph: bool) -> Any:
    """A handle on memory that is the gradient's own: several inputs may have been handed one array."""
    if isinstance(gradient, Handle):
        with graph.set_grad_enabled(create_graph):
            return op.clone.apply(gradient)
    return make(np.array(gradient)) if isinstance(gradient, (np.ndarray, np.generic)) else gradient


def _zero(source: Any, create_graph: bool) -> Any:
    if isinstance(source, Handle):
        return make(np.zeros_like(source._array))
    return source.constant(0.0) if create_graph else 0.0
