"""Checkpoints: what a function computed on the way is computed again in backward, instead of being kept."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from .errors import ArgumentError, GraphError, InPlaceError
from .graph import enable_grad, local
from .primitive import Handle, version_cell
from .random import get_rng_state, set_rng_state
from .tracing import Tracer, keep

__all__ = ["checkpoint", "checkpoint_sequential"]


def checkpoint(
    function: Callable[..., Any],
    *args: Any,
    use_reentrant: bool = False,
    preserve_rng_state: bool = True,
    **kwargs: Any,
) -> Any:
    """Call a function without keeping what its gradient rules read; backward computes that again.

    The graph is recorded as always, but the arrays that its nodes save are dropped. When a sweep comes to the first
    of these nodes, the function runs once more, with the same random numbers, and hands each node what it had saved.
    So gradients of parameters that the function closes over, `autograd.grad`, and second derivatives all work.

    Args:
        function: any function of Tensors that computes the same each time; a module.
        args: what it is given; a tensor among them must not be changed in place before backward.
        use_reentrant: accepted as PyTorch has it; there is one way, which is PyTorch's `use_reentrant=False`.
        preserve_rng_state: the second run draws the random numbers of the first.
        kwargs: given by name.

    Returns:
        What the function returns.

    Raises:
        GraphError: in backward, the second run applied other operations than the first.
        InPlaceError: in backward, an argument has been changed in place.

    Example:
        >>> x = autograd.tensor([1.0, 2.0], requires_grad=True)
        >>> y = autograd.checkpoint(lambda x: x.exp().sin(), x)
        >>> y.node.saved is None
        True
        >>> y.sum().backward()
        >>> x.grad
        tensor([-2.4784,  3.3129])

    Source: Chen, Xu, Zhang and Guestrin 2016, arXiv 1604.06174.
    """
    if not local.state.grad_enabled:
        return function(*args, **kwargs)
    again = _Again(function, args, kwargs, preserve_rng_state)
    with _Collector() as collector:
        result = function(*args, **kwargs)
    again.names = [node.plan.op.name for node in collector.nodes]
    for position, node in enumerate(collector.nodes):
        if node.plan.arrays:
            node.saved, node.versions = None, ()
            keep(node).again = functools.partial(again.saved, position)
    return result


def checkpoint_sequential(functions: Any, segments: int, input: Any) -> Any:
    """Call functions one after the other, as a chain of `segments` checkpoints.

    Args:
        functions: a sequence of functions, or a module of modules such as `nn.Sequential`.
        segments: how many checkpoints to make, of as many functions each as can be.
        input: what the first function is given.

    Raises:
        ArgumentError: there are fewer functions than segments, or none.

    Example:
        >>> layers = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
        >>> autograd.checkpoint_sequential(layers, 2, autograd.ones(4, 2)).shape
        (4, 1)
    """
    layers = list(functions)
    if not 1 <= segments <= len(layers):
        raise ArgumentError(
            f"checkpoint_sequential: {segments} segments of {len(layers)} functions; use 1 to {len(layers)}"
        )
    size = len(layers) // segments
    for k in range(segments):
        part = layers[k * size : (k + 1) * size if k < segments - 1 else len(layers)]
        input = checkpoint(functools.partial(_chain, part), input)
    return input


def _chain(functions: Sequence[Callable[[Any], Any]], value: Any) -> Any:
    for function in functions:
        value = function(value)
    return value


class _Collector(Tracer):
    """Lists the nodes that are recorded inside."""

    def __init__(self) -> None:
        super().__init__()
        self.nodes: list[Any] = []

    def apply(self, op: Any, arguments: tuple[Any, ...]) -> Any:
        result = self.below(op, arguments)
        for handle in result if isinstance(result, tuple) else (result,):
            if handle.node is not None:
                self.nodes.append(handle.node)
                break
        return result


class _Again:
    """One call of a checkpointed function, which can be made again."""

    def __init__(
        self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], preserve_rng_state: bool
    ) -> None:
        self.function = function
        self.args = args
        self.kwargs = kwargs
        self.random = get_rng_state() if preserve_rng_state else None
        self.scope = local.state.scope
        self.names: list[str] = []
        given = [x for x in (*args, *kwargs.values()) if isinstance(x, Handle)]
        self.versions = [(version_cell(x), version_cell(x)[0]) for x in given]
        self.nodes: dict[int, Any] = {}  # those of the second run that have not been asked for yet

    def saved(self, position: int, node: Any) -> tuple[Any, ...]:
        """What the node at a position saves."""
        if position not in self.nodes:
            self.run()
        twin = self.nodes.pop(position)
        return twin.saved if twin.saved is not None else twin.kept.again(twin)

    def run(self) -> None:
        """Make the call again, and hold what its nodes save."""
        if any(cell[0] != count for cell, count in self.versions):
            raise InPlaceError(
                "checkpoint: an argument was changed in place since the function ran, so it cannot be run again; "
                "change a clone() of it instead"
            )
        state = local.state
        random, scope = get_rng_state(), state.scope
        state.scope = self.scope
        if self.random is not None:
            set_rng_state(self.random)
        try:
            with enable_grad(), _Collector() as collector:
                self.function(*self.args, **self.kwargs)
        finally:
            state.scope = scope
            if self.random is not None:
                set_rng_state(random)
        names = [node.plan.op.name for node in collector.nodes]
        if names != self.names:
            differing = next((k for k, (a, b) in enumerate(zip(names, self.names)) if a != b), len(self.names))
            raise GraphError(
                f"checkpoint: the second run applied {len(names)} operations and the first {len(self.names)}, which "
                f"differ from number {differing} on ({names[differing : differing + 1]} in place of "
                f"{self.names[differing : differing + 1]}); the function must compute the same each time"
            )
        self.nodes = {k: node for k, node in enumerate(collector.nodes) if node.plan.arrays}
