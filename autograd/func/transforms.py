"""Functions made of functions: their gradients, Jacobians, and products with vectors, in any nesting."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import graph
from ..errors import ArgumentError, DtypeError, ShapeError
from ..primitive import Handle, make
from .pytree import Structure, flatten, map_leaves, unflatten
from .sweeps import Traced, as_floating, zeros
from .vmap import vmap

__all__ = [
    "grad",
    "grad_and_value",
    "hessian",
    "hvp",
    "jacfwd",
    "jacrev",
    "jvp",
    "linearize",
    "value_and_grad",
    "vjp",
]

Argnums = int | tuple[int, ...]


class _Call:
    """A function called with some of its arguments as new ends of the graph.

    Args:
        name: the transform, for errors.
        func: the function.
        args: its arguments.
        kwargs: its keyword arguments.
        chosen: the positions of the arguments to differentiate by.
        has_aux: the function gives a pair, of which the second is only passed on.
    """

    def __init__(
        self,
        name: str,
        func: Callable[..., Any],
        args: Sequence[Any],
        kwargs: dict[str, Any],
        chosen: Sequence[int],
        has_aux: bool,
    ) -> None:
        leaves, self.structure = flatten([args[k] for k in chosen])
        inputs = [as_floating(name, x, f"input {k}") for k, x in enumerate(leaves)]
        self.traced = Traced(name, inputs)
        replaced = list(args)
        for k, value in zip(chosen, unflatten(self.traced.inputs, self.structure), strict=True):
            replaced[k] = value
        with graph.enable_grad():
            output = func(*replaced, **kwargs)
        self.aux = None
        if has_aux:
            if not isinstance(output, tuple) or len(output) != 2:
                raise ArgumentError(f"{name}: with has_aux=True the function must return a pair (output, aux)")
            output, self.aux = output
        outputs, self.form = flatten(output)
        for k, out in enumerate(outputs):
            if not isinstance(out, Handle):
                raise DtypeError(f"{name}: output {k} of the function is a {type(out).__name__}, not a Tensor")
        self.single = len(outputs) == 1 and self.form.kind is None
        extra = flatten(self.aux)[0] if has_aux else []
        self.traced.finish(outputs, extra)
        self.shapes = outputs  # of one example
        if has_aux:
            self.aux = map_leaves(self.traced.released, self.aux)

    @property
    def output(self) -> Any:
        """What the function gave."""
        return unflatten(self.traced.results(), self.form)

    def by_argument(self, gradients: list[Any]) -> list[Any]:
        """Gradients nested as the chosen arguments are."""
        return list(unflatten(gradients, self.structure))


def _chosen(name: str, argnums: Any, args: tuple[Any, ...]) -> tuple[int, ...]:
    """The positions that `argnums` names, counted from the front."""
    listed = argnums if isinstance(argnums, tuple) else (argnums,)
    for k in listed:
        if not isinstance(k, int) or isinstance(k, bool):
            raise ArgumentError(f"{name}: argnums is {argnums!r}; use a whole number, or a tuple of them")
        if not -len(args) <= k < len(args):
            raise ArgumentError(f"{name}: argnums names argument {k}, but the function was called with {len(args)}")
    positions = tuple([k % len(args) for k in listed])
    if not positions or len(set(positions)) < len(positions):
        raise ArgumentError(f"{name}: argnums {argnums!r} must name at least one argument, and none twice")
    return positions


def _arguments(argnums: Any, values: Sequence[Any]) -> Any:
    return tuple(values) if isinstance(argnums, tuple) else values[0]


def _gradient(
    name: str, func: Callable[..., Any], argnums: Any, has_aux: bool, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[Any, Any, Any]:
    """The gradient of a function of one number, the number, and what else it gave."""
    call = _Call(name, func, args, kwargs, _chosen(name, argnums, args), has_aux)
    if not call.single or call.shapes[0].ndim:
        found = call.shapes[0].shape if call.single else f"{len(call.shapes)} outputs"
        raise ShapeError(f"{name}: the function must give one number, a tensor of shape (), not {found}; use .sum()")
    traced = call.traced
    if call.shapes[0].dtype.kind != "f":
        raise DtypeError(f"{name}: the function gave {call.shapes[0].dtype}, which has no gradients")
    found = call.by_argument(traced.gradients())
    return _arguments(argnums, found), call.output, call.aux


def grad(func: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False) -> Callable[..., Any]:
    """The gradient of a function that gives one number, as a function of the same arguments.

    Args:
        func: gives a Tensor of shape (), or with `has_aux` a pair of it and anything else.
        argnums: the argument to differentiate by, or several; each a tensor, or nested tuples, lists and dicts of them.
        has_aux: pass the second part of the pair on.

    Returns:
        A function that gives the gradient, nested as the argument; a tuple for several arguments; with `has_aux` a
        pair of it and the second part.

    Raises:
        ShapeError: `func` does not give one number.
        DtypeError: an argument is no floating tensor.

    Example:
        >>> from autograd.func import grad
        >>> grad(grad(lambda x: x**3))(autograd.tensor(2.0))
        tensor(12.)
    """

    @functools.wraps(func)
    def gradient(*args: Any, **kwargs: Any) -> Any:
        found, _, aux = _gradient("grad", func, argnums, has_aux, args, kwargs)
        return (found, aux) if has_aux else found

    return gradient


def grad_and_value(func: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False) -> Callable[..., Any]:
    """The gradient of a function that gives one number, and the number: `grad`, with the value behind it.

    Args:
        func: as for `grad`.
        argnums: the argument to differentiate by, or several.
        has_aux: `func` gives a pair, of which the second part is passed on.

    Returns:
        A function that gives `(gradient, value)`, with `has_aux` `(gradient, (value, aux))`.

    Example:
        >>> from autograd.func import grad_and_value
        >>> grad_and_value(lambda x: x**3)(autograd.tensor(2.0))
        (tensor(12.), tensor(8.))
    """

    @functools.wraps(func)
    def gradient(*args: Any, **kwargs: Any) -> Any:
        found, value, aux = _gradient("grad_and_value", func, argnums, has_aux, args, kwargs)
        return (found, (value, aux)) if has_aux else (found, value)

    return gradient


def value_and_grad(func: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False) -> Callable[..., Any]:
    """The number that a function gives, and its gradient: `grad_and_value` in the order of this name.

    Example:
        >>> from autograd.func import value_and_grad
        >>> value_and_grad(lambda x: x**3)(autograd.tensor(2.0))
        (tensor(8.), tensor(12.))
    """
    both = grad_and_value(func, argnums, has_aux)

    @functools.wraps(func)
    def reversed_(*args: Any, **kwargs: Any) -> Any:
        found, value = both(*args, **kwargs)
        return value, found

    return reversed_


# --- products of vectors and Jacobians


def _like(name: str, tree: Any, structure: Structure, shapes: Sequence[Any], what: str) -> list[Any]:
    """The leaves of a tree that must be nested and shaped as something else is."""
    leaves, found = flatten(tree)
    if not _alike(found, structure):
        raise ArgumentError(f"{name}: the {what}s must be nested as what they belong to, {len(shapes)} in all")
    ready = [as_floating(name, x, f"{what} {k}") for k, x in enumerate(leaves)]
    for k, (x, like) in enumerate(zip(ready, shapes, strict=True)):
        if x.shape != like.shape:
            raise ShapeError(f"{name}: {what} {k} is {x.shape} and belongs to {like.shape}; make the shapes equal")
    return ready


def _alike(one: Structure, other: Structure) -> bool:
    """Whether two structures are the same, lists counting as tuples."""
    kinds = [tuple if kind is list else kind for kind in (one.kind, other.kind)]
    same = kinds[0] is kinds[1] and one.keys == other.keys and len(one.parts) == len(other.parts)
    return same and all(map(_alike, one.parts, other.parts))


def vjp(func: Callable[..., Any], *primals: Any, has_aux: bool = False) -> Any:
    """The output of a function, and a function that gives vector-Jacobian products `v^T J`.

    Args:
        func: a function of tensors, or nested tuples, lists and dicts of them, that gives such.
        primals: its arguments.
        has_aux: `func` gives a pair, of which the second part is passed on.

    Returns:
        `(output, pull)`, with `has_aux` `(output, pull, aux)`: `pull(v)` takes what is nested and shaped as the output
        and gives a tuple of what is nested and shaped as the arguments.

    Raises:
        ArgumentError: v is nested otherwise than the output.
        ShapeError: v does not have the shapes of the output.

    Example:
        >>> from autograd.func import vjp
        >>> output, pull = vjp(lambda x: x**2, autograd.tensor([1.0, 2.0]))
        >>> pull(autograd.tensor([1.0, 10.0]))
        (tensor([ 2., 40.]),)
    """
    call = _Call("vjp", func, primals, {}, range(len(primals)), has_aux)

    def pull(cotangents: Any, retain_graph: bool = True, create_graph: bool | None = None) -> Any:
        seeds = _like("vjp", cotangents, call.form, call.shapes, "cotangent")
        with graph.set_grad_enabled(graph.is_grad_enabled() if create_graph is None else create_graph):
            return tuple(call.by_argument(call.traced.pull(seeds, retain_graph)))

    return (call.output, pull, call.aux) if has_aux else (call.output, pull)


def _linear(name: str, func: Callable[..., Any], primals: tuple[Any, ...], has_aux: bool) -> tuple[_Call, Any]:
    """A call, and its Jacobian as a function from tangents at all leaves to those of the outputs."""
    call = _Call(name, func, primals, {}, range(len(primals)), has_aux)
    back = call.traced.transpose()

    def push(tangents: list[Any]) -> list[Any]:
        return back.pull(tangents)

    return call, push


def jvp(func: Callable[..., Any], primals: Any, tangents: Any, *, strict: bool = False, has_aux: bool = False) -> Any:
    """The output of a function, and the Jacobian-vector product `J t`: the output's slope along t.

    `v^T J` is linear in v, and its own transposed product is `J t`: so this is two backward sweeps.

    Args:
        func: a function of tensors, or nested tuples, lists and dicts of them, that gives such.
        primals: a tuple of its arguments.
        tangents: the direction, nested and shaped as `primals`.
        strict: taken for PyTorch's sake; an output that does not depend on the arguments has the slope 0.
        has_aux: `func` gives a pair, of which the second part is passed on.

    Returns:
        `(output, slope)`, with `has_aux` `(output, slope, aux)`.

    Raises:
        ArgumentError: `primals` is no tuple, or `tangents` is nested otherwise.
        ShapeError: the tangents do not have the shapes of the arguments.

    Example:
        >>> from autograd.func import jvp
        >>> jvp(autograd.sin, (autograd.tensor(0.0),), (autograd.tensor(2.0),))
        (tensor(0.), tensor(2.))
    """
    for what, value in (("primals", primals), ("tangents", tangents)):
        if not isinstance(value, (tuple, list)) or not value:
            raise ArgumentError(f"jvp: {what} is a {type(value).__name__}; give a tuple of the function's arguments")
    call, push = _linear("jvp", func, tuple(primals), has_aux)
    directions = _like("jvp", list(tangents), call.structure, call.traced.inputs, "tangent")
    slope = unflatten(push(directions), call.form)
    return (call.output, slope, call.aux) if has_aux else (call.output, slope)


def linearize(func: Callable[..., Any], *primals: Any) -> tuple[Any, Callable[..., Any]]:
    """The output of a function, and its derivative there as a linear function: `jvp` for many directions.

    Args:
        func: a function of tensors, or nested tuples, lists and dicts of them, that gives such.
        primals: its arguments.

    Returns:
        `(output, push)`: `push(*tangents)` takes what is nested and shaped as the arguments, and gives the slope of the
        output.

    Raises:
        ShapeError: the tangents do not have the shapes of the arguments.

    Example:
        >>> from autograd.func import linearize
        >>> output, push = linearize(autograd.exp, autograd.tensor(0.0))
        >>> push(autograd.tensor(3.0))
        tensor(3.)
    """
    call, push = _linear("linearize", func, primals, False)

    def derivative(*tangents: Any) -> Any:
        directions = _like("linearize", list(tangents), call.structure, call.traced.inputs, "tangent")
        return unflatten(push(directions), call.form)

    return call.output, derivative


def hvp(func: Callable[..., Any], primals: Any, tangents: Any) -> Any:
    """The product of a function's Hessian with a vector, without the matrix: `H t`.

    The Hessian is symmetric, so this is the gradient of the slope along t: two backward sweeps.

    Args:
        func: gives a Tensor of shape ().
        primals: a tuple of its arguments.
        tangents: the vector, nested and shaped as `primals`.

    Returns:
        The product, nested as the argument; a tuple for several.

    Raises:
        ShapeError: `func` does not give one number, or the tangents do not have the shapes of the arguments.

    Example:
        >>> from autograd.func import hvp
        >>> x = autograd.tensor([1.0, 2.0])
        >>> hvp(lambda x: (x**3).sum(), (x,), (autograd.tensor([1.0, 1.0]),))
        tensor([ 6., 12.])
    """
    if not isinstance(primals, (tuple, list)) or not isinstance(tangents, (tuple, list)):
        raise ArgumentError("hvp: primals and tangents must be tuples, with an entry for each argument of the function")
    everything = tuple(range(len(primals)))
    _, pull = vjp(grad(func, everything), *primals)
    found = pull(tuple(tangents))
    return found if len(found) > 1 else found[0]


# --- whole Jacobians


def basis(like: Any) -> Any:
    """One tensor for each number of `like`, with a 1 there and zeros elsewhere."""
    size = math.prod(like.shape)
    return make(np.eye(size, dtype=like.dtype).reshape(size, *like.shape))


def jacrev(
    func: Callable[..., Any],
    argnums: Argnums = 0,
    *,
    has_aux: bool = False,
    chunk_size: int | None = None,
) -> Callable[..., Any]:
    """The Jacobian of a function, by backward sweeps: all rows at once.

    Args:
        func: a function of tensors, or nested tuples, lists and dicts of them, that gives such.
        argnums: the argument to differentiate by, or several.
        has_aux: `func` gives a pair, of which the second part is passed on.
        chunk_size: so many rows at a time, to save memory; all, unless given.

    Returns:
        A function that gives tensors of shape `output.shape + input.shape`, nested as the output, and within it as the
        argument.

    Example:
        >>> from autograd.func import jacrev
        >>> jacrev(autograd.sin)(autograd.zeros(2))
        tensor([[1., 0.],
                [0., 1.]])
    """

    @functools.wraps(func)
    def jacobian(*args: Any, **kwargs: Any) -> Any:
        call = _Call("jacrev", func, args, kwargs, _chosen("jacrev", argnums, args), has_aux)
        traced, inputs = call.traced, call.traced.inputs

        def rows(position: int) -> list[Any]:
            out = call.shapes[position]

            def row(seed: Any) -> tuple[Any, ...]:
                seeds = [seed if k == position else zeros(x) for k, x in enumerate(call.shapes)]
                return tuple(traced.pull(seeds))

            if not math.prod(out.shape) or out.dtype.kind != "f":
                return [make(np.zeros((*out.shape, *x.shape), x.dtype)) for x in inputs]
            found = vmap(row, chunk_size=chunk_size)(basis(out))
            return [g.reshape(*out.shape, *x.shape) for g, x in zip(found, inputs, strict=True)]

        blocks = [_arguments(argnums, call.by_argument(rows(k))) for k in range(len(call.shapes))]
        result = unflatten(blocks, call.form)
        return (result, call.aux) if has_aux else result

    return jacobian


def jacfwd(
    func: Callable[..., Any],
    argnums: Argnums = 0,
    has_aux: bool = False,
    *,
    randomness: str = "error",
) -> Callable[..., Any]:
    """The Jacobian of a function, by products with vectors: all columns at once. For few inputs and many outputs.

    Args:
        func: a function of tensors, or nested tuples, lists and dicts of them, that gives such.
        argnums: the argument to differentiate by, or several.
        has_aux: `func` gives a pair, of which the second part is passed on.
        randomness: taken for PyTorch's sake; the function itself is called once, so there is nothing to choose.

    Returns:
        A function that gives tensors of shape `output.shape + input.shape`, nested as the output, and within it as the
        argument.

    Example:
        >>> from autograd.func import jacfwd
        >>> jacfwd(lambda x: autograd.stack([x, x**2]))(autograd.tensor(3.0))
        tensor([1., 6.])
    """

    @functools.wraps(func)
    def jacobian(*args: Any, **kwargs: Any) -> Any:
        call = _Call("jacfwd", func, args, kwargs, _chosen("jacfwd", argnums, args), has_aux)
        back, inputs = call.traced.transpose(), call.traced.inputs

        def columns(position: int) -> list[Any]:
            x = inputs[position]

            def column(tangent: Any) -> tuple[Any, ...]:
                tangents = [tangent if k == position else zeros(other) for k, other in enumerate(inputs)]
                return tuple(back.pull(tangents))

            if not math.prod(x.shape):
                return [make(np.zeros((*out.shape, *x.shape), out.dtype)) for out in call.shapes]
            found = vmap(column, out_dims=-1)(basis(x))
            return [g.reshape(*out.shape, *x.shape) for g, out in zip(found, call.shapes, strict=True)]

        by_input = [columns(k) for k in range(len(inputs))]
        blocks = [
            _arguments(argnums, call.by_argument([column[k] for column in by_input])) for k in range(len(call.shapes))
        ]
        result = unflatten(blocks, call.form)
        return (result, call.aux) if has_aux else result

    return jacobian


def hessian(func: Callable[..., Any], argnums: Argnums = 0) -> Callable[..., Any]:
    """The second derivatives of a function: the Jacobian of its Jacobian.

    Args:
        func: a function of tensors, or nested tuples, lists and dicts of them, that gives such.
        argnums: the argument to differentiate by, or several.

    Returns:
        A function that gives tensors of shape `output.shape + input.shape + input.shape`, nested as the output, and
        within it twice as the argument.

    Example:
        >>> from autograd.func import hessian
        >>> hessian(lambda x: (x**3).sum())(autograd.tensor([1.0, 2.0]))
        tensor([[ 6.,  0.],
                [ 0., 12.]])
    """
    return jacfwd(jacrev(func, argnums), argnums)
