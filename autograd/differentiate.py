"""`backward` and `grad`: starting a sweep from outputs, for Tensors and Values alike."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import graph
from .errors import ArgumentError, DtypeError, GraphError, ShapeError
from .primitive import Handle, make

__all__ = ["backward", "grad"]


def _edge(output: Any, name: str) -> Any:
    """The edge at which an output's gradient enters the graph."""
    if not isinstance(output, Handle):
        if hasattr(output, "pull"):  # a Value is its own node
            return output
        raise DtypeError(f"{name}: expected a Tensor or a Value, not {type(output).__name__}")
    if not output._requires_grad:
        raise GraphError(
            f"{name}: the output {output.shape} does not require grad and has no graph; make an input with "
            "requires_grad=True, and compute outside no_grad()"
        )
    return output._edge or output


def _seed(output: Any, gradient: Any, create_graph: bool, name: str) -> Any:
    """The gradient that enters at an output: the given one, or 1 for a single number."""
    if not isinstance(output, Handle):
        number = 1.0 if gradient is None else gradient
        return output.constant(number) if create_graph else float(number)
    array = output._array
    seed: Any
    if gradient is None:
        if array.size != 1:
            raise GraphError(
                f"{name}: the output {array.shape} is not a single number; reduce it, as with .sum(), or give a "
                f"gradient of shape {array.shape}"
            )
        seed = np.ones_like(array)
    else:
        if isinstance(gradient, Handle) and create_graph and gradient._array.dtype == array.dtype:
            seed = gradient
        else:
            seed = np.array(gradient._array if isinstance(gradient, Handle) else gradient, dtype=array.dtype)
        if seed.shape != array.shape:
            raise ShapeError(f"{name}: gradient {seed.shape} must have the shape of its output, {array.shape}")
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
        inputs: accumulate into these leaves alone.

    Raises:
        GraphError: an output has no graph, or its graph was swept already.
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
    leaves = _listed(inputs)
    targets = [_edge(leaf, "backward") for leaf in leaves]
    if any(type(edge) is tuple for edge in targets):
        raise GraphError("backward: inputs must be leaves; for other tensors use autograd.grad")
    for leaf, gradient in zip(leaves, _run(roots, retain_graph, create_graph, targets), strict=True):
        if gradient is not None:
            leaf.receive(gradient, create_graph, False)


def grad(
    outputs: Any,
    inputs: Any,
    grad_outputs: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    allow_unused: bool | None = None,
    materialize_grads: bool = False,
) -> tuple[Any, ...]:
    """The gradients of the sum of the outputs with respect to the inputs; no `.grad` is touched.

    Args:
        outputs: a Tensor or Value, or several.
        inputs: a Tensor or Value, or several: leaves or results.
        grad_outputs: the gradient of each output; None for outputs of a single number, whose gradient is 1.
        retain_graph: keep what the graph saved; the value of `create_graph`, unless given.
        create_graph: record the sweep, so that the result can be differentiated again.
        allow_unused: give None for an input on which no output depends, instead of an error.
        materialize_grads: give zeros instead of None.

    Returns:
        A tuple with a gradient for each input.

    Raises:
        GraphError: an input does not require grad, was not used, or the graph was swept already.

    Example:
        >>> x = autograd.tensor(3.0, requires_grad=True)
        >>> (slope,) = autograd.grad(x**3, x, create_graph=True)
        >>> autograd.grad(slope, x)
        (tensor(18.),)
    """
    roots = _roots(_listed(outputs), grad_outputs, create_graph, "grad")
    sources = _listed(inputs)
    targets = [_edge(source, "grad") for source in sources]
    found = _run(roots, retain_graph, create_graph, targets)
    answers = []
    for position, (source, gradient) in enumerate(zip(sources, found, strict=True)):
        tensor = isinstance(source, Handle)
        if gradient is None and materialize_grads:
            gradient = np.zeros_like(source._array) if tensor else 0.0
        elif gradient is None and not allow_unused:
            raise GraphError(
                f"grad: no output depends on input {position}; drop it, or pass allow_unused=True to get None for it"
            )
        if tensor and gradient is not None and not isinstance(gradient, Handle):
            gradient = make(np.array(gradient))
        answers.append(gradient)
    return tuple(answers)
