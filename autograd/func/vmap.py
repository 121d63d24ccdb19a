"""vmap: a function of one example becomes a function of many, without a loop over them."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from .. import batching_rules as _rules  # noqa: F401 - enters them
from .. import graph, ops
from ..batching import Level, all_examples, register_batched, spread, wrap
from ..errors import ArgumentError, DtypeError, GraphError, ShapeError
from ..primitive import Handle, as_handle, op, register_handle
from ..random import get_rng_state, set_rng_state
from ..tensor import Tensor
from .pytree import Structure, flatten, spread_over, unflatten

__all__ = ["vmap"]


def _outside(self: Any, *arguments: Any, **keywords: Any) -> Any:
    raise GraphError(
        "vmap: inside it a tensor has no place of its own in the graph, as autograd.grad, backward, hooks and changes "
        "in place need it; use autograd.func.grad or vjp, and compute new tensors"
    )


class Batched(Tensor):
    """What a mapped function sees: a tensor of one example, computed with for all examples at once."""

    __slots__ = ("inner", "level")
    inner: Any  # a tensor with the examples in front, itself mapped by the vmaps further out
    level: Level

    _edge = property(_outside, _outside)
    backward = register_hook = retain_grad = _outside

    @property
    def node(self) -> None:
        """Its graph is that of all examples."""
        return None

    @property
    def is_leaf(self) -> bool:
        """Whether no recorded operation made this tensor."""
        return self.inner.is_leaf

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Refused: `autograd.func.grad` says by what to differentiate."""
        if requires_grad != self._requires_grad:
            _outside(self)
        return self

    def detach(self) -> Tensor:
        """The tensor outside the graph."""
        return wrap(self.inner.detach(), self.level)

    data = property(detach, _outside)

    def is_contiguous(self, memory_format: Any = None) -> bool:
        """Whether the numbers lie in memory in reading order."""
        return self.inner.is_contiguous()

    def contiguous(self, memory_format: Any = None) -> Tensor:
        """The tensor in reading order in memory."""
        return wrap(self.inner.contiguous(), self.level)

    def numpy(self, *, force: bool = False) -> Any:
        """Refused: there is no array of one example."""
        return self._array.numpy  # type: ignore[attr-defined]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return self.numpy()

    def __repr__(self) -> str:
        return f"tensor(<one of {self.level.size} examples>, size={self.shape}, dtype={self.dtype})"

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __copy__(self) -> Tensor:
        return self.numpy()

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        return self.numpy()

    def __reduce__(self) -> Any:
        return self.numpy()


register_handle(Batched)
register_batched(Batched)
_unwrap_others = graph.services.unwrap


def _unwrap_for_record(value: Any) -> Any:
    """`autograd.record` keeps of a mapped sweep the sum of its gradients."""
    if type(value) is not Batched:
        return _unwrap_others(value)
    numbers = all_examples(value)
    return numbers.sum(axis=tuple(range(numbers.ndim - value.ndim)))


graph.services.unwrap = _unwrap_for_record


def vmap(
    func: Callable[..., Any],
    in_dims: Any = 0,
    out_dims: Any = 0,
    randomness: str = "error",
    *,
    chunk_size: int | None = None,
) -> Callable[..., Any]:
    """Map a function over a dimension of its arguments: all examples are computed at once.

    Args:
        func: takes tensors of one example, in nested tuples, lists and dicts, and gives such tensors.
        in_dims: the dimension of each argument that counts the examples: one for all, or nested as the arguments are;
            None for what all examples share. Keyword arguments are shared.
        out_dims: where the examples are to stand in each output: one place for all, or nested as the outputs are;
            None for an output that is the same for all.
        randomness: what random functions do inside: "error", "different" numbers for each example, or the "same".
        chunk_size: compute so many examples at a time, to save memory; all, unless given.

    Returns:
        A function of the whole arguments.

    Raises:
        ArgumentError: nothing is mapped, or dimensions do not fit the arguments.
        ShapeError: the arguments differ in the number of examples.
        GraphError: inside, the numbers of a tensor were asked for.

    Example:
        >>> from autograd.func import vmap
        >>> rows = autograd.tensor([[1.0, 2.0], [3.0, 4.0]])
        >>> vmap(autograd.dot)(rows, rows)
        tensor([ 5., 25.])
        >>> vmap(autograd.dot, in_dims=(0, None))(rows, autograd.tensor([1.0, 10.0]))
        tensor([21., 43.])
    """
    if not callable(func):
        raise ArgumentError(f"vmap: {func!r:.40} cannot be called; give a function")
    if randomness not in ("error", "different", "same"):
        raise ArgumentError(f"vmap: randomness is {randomness!r}; use 'error', 'different' or 'same'")
    if chunk_size is not None and (not isinstance(chunk_size, int) or chunk_size < 1):
        raise ArgumentError(f"vmap: chunk_size is {chunk_size!r}; use a positive whole number, or None")

    @functools.wraps(func)
    def mapped(*args: Any, **kwargs: Any) -> Any:
        leaves, structure = flatten(args)
        dims = _in_dims(in_dims, leaves, structure)
        leaves = [x if d is None else as_handle(x, "vmap") for x, d in zip(leaves, dims, strict=True)]
        size = _batch_size(leaves, dims)
        fronted = [x if d is None else ops.movedim(x, d, 0) for x, d in zip(leaves, dims, strict=True)]

        def part(start: int, stop: int) -> tuple[list[Any], list[Any], Structure]:
            pieces = fronted
            if stop - start < size:
                pieces = [
                    x if d is None else op.narrow.apply(x, 0, start, stop) for x, d in zip(fronted, dims, strict=True)
                ]
            return _run(func, pieces, dims, structure, kwargs, stop - start, randomness, out_dims)

        if chunk_size is None or chunk_size >= size:
            outputs, _, result = part(0, size)
            return unflatten(outputs, result)
        state = get_rng_state() if randomness == "same" else None
        chunks = []
        for start in range(0, size, chunk_size):
            if state is not None:
                set_rng_state(state)
            chunks.append(part(start, min(start + chunk_size, size)))
        _, places, result = chunks[0]
        columns = zip(*[outputs for outputs, _, _ in chunks], strict=True)
        joined = [c[0] if d is None else ops.cat(c, d) for c, d in zip(columns, places, strict=True)]
        return unflatten(joined, result)

    return mapped


def _in_dims(in_dims: Any, leaves: list[Any], structure: Structure) -> list[int | None]:
    """The mapped dimension of each leaf, counted from the front."""
    if not leaves:
        raise ArgumentError("vmap: the function was called without arguments, and there is nothing to map over")
    found = spread_over("vmap: in_dims", tuple(in_dims) if isinstance(in_dims, list) else in_dims, structure)
    dims: list[int | None] = []
    for x, d in zip(leaves, found, strict=True):
        if d is None:
            dims.append(None)
            continue
        if not isinstance(d, int) or isinstance(d, bool):
            raise ArgumentError(f"vmap: in_dims has {d!r}; use whole numbers, and None for what is shared")
        if not hasattr(x, "ndim"):
            raise DtypeError(f"vmap: in_dims maps {x!r:.40}, which is no tensor; use None for it in in_dims")
        if not -x.ndim <= d < x.ndim:
            raise ArgumentError(f"vmap: in_dims has {d} for a tensor {x.shape}, which has no such dimension")
        dims.append(d % x.ndim)
    if all(d is None for d in dims):
        raise ArgumentError("vmap: in_dims is None for every argument, so there is nothing to map over")
    return dims


def _batch_size(leaves: list[Any], dims: list[int | None]) -> int:
    sizes = [x.shape[d] for x, d in zip(leaves, dims, strict=True) if d is not None]
    if len(set(sizes)) > 1:
        raise ShapeError(f"vmap: the mapped dimensions have sizes {sizes}; they must be equal")
    return sizes[0]


def _run(
    func: Callable[..., Any],
    leaves: list[Any],
    dims: list[int | None],
    structure: Structure,
    kwargs: dict[str, Any],
    size: int,
    randomness: str,
    out_dims: Any,
) -> tuple[list[Any], list[Any], Structure]:
    """The outputs for all examples, the places of the examples in them, and how they are nested."""
    level = Level(size, randomness)
    examples = [x if d is None else wrap(x, level) for x, d in zip(leaves, dims, strict=True)]
    output = level.run(lambda: func(*unflatten(examples, structure), **kwargs))
    results, nested = flatten(output)
    given = tuple(out_dims) if isinstance(out_dims, list) else out_dims
    places = spread_over("vmap: out_dims", given, nested)
    done, normal = [], []
    for result, place in zip(results, places, strict=True):
        value, at = _unwrap(result, place, level)
        done.append(value)
        normal.append(at)
    return done, normal, nested


def _unwrap(result: Any, place: Any, level: Level) -> tuple[Any, int | None]:
    mapped = type(result) is Batched and result.level is level
    if place is None:
        if mapped:
            raise ArgumentError("vmap: out_dims is None for an output that differs between examples; give it a place")
        return result, None
    if not isinstance(result, Handle):
        raise DtypeError(
            f"vmap: the function returned a {type(result).__name__}; return tensors, or give it None in out_dims"
        )
    if not isinstance(place, int) or isinstance(place, bool) or not -result.ndim - 1 <= place <= result.ndim:
        raise ArgumentError(f"vmap: out_dims has {place!r} for an output {result.shape} of one example")
    whole: Any = result.inner if isinstance(result, Batched) and mapped else spread(result, False, level.size)
    at = place % whole.ndim
    return (ops.movedim(whole, 0, at) if at else whole), at
