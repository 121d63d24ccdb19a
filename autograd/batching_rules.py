"""The rules by which operations map over a leading axis, by family; see `batching`.

A record may name one of these, or one of its own, as its `batch`; for the others the table at the end does.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .batching import RULES, Rule, call, each, each_result, elementwise, is_batched, of_rank, spread, spread_all
from .primitive import Handle, Primitive, make, op

__all__ = ["along", "along_first", "along_or_all", "folded", "folded_first", "leading"]


def _onwards(dim: Any) -> Any:
    """Dimensions of an example, counted among those of all examples."""
    if type(dim) is tuple:
        return tuple([_onwards(d) for d in dim])
    return dim + 1 if dim >= 0 else dim


def along(primitive: Primitive, inputs: Any, batched: Any, size: int, attributes: tuple[Any, ...]) -> Any:
    """Operations along dimensions that attributes name: count them from behind the batch, which leads a `shape`."""
    rank = inputs[0].ndim - batched[0]
    odd = [b for x, b in zip(inputs, batched, strict=True) if isinstance(x, Handle) and x.ndim - b != rank]
    if True in odd:
        return each(primitive, inputs, batched, size, attributes)
    same = [b or not isinstance(x, Handle) or x.ndim == rank for x, b in zip(inputs, batched, strict=True)]
    ready = [spread(x, b, size) if s else x for x, b, s in zip(inputs, batched, same, strict=True)]
    named = list(zip(primitive.attributes, attributes, strict=True))
    numbers = ready[0].ndim == 1 and any(a != () for n, a in named if n in _DIMS)
    if numbers:  # a 0-d example answers to dimension 0; give it one
        ready = [op.reshape.apply(x, (size, 1)) if s else x for x, s in zip(ready, same, strict=True)]
        named = [(n, (1,) if n == "shape" else a) for n, a in named]
    moved = [_onwards(a) if n in _DIMS else (size, *a) if n == "shape" else a for n, a in named]
    results = call(primitive, ready, tuple(moved))
    return each_result(results, lambda r: op.reshape.apply(r, (size,))) if numbers else results


_DIMS = ("dim", "dims", "dim0", "dim1", "dim2")


def along_first(primitive: Primitive, inputs: Any, batched: Any, size: int, attributes: tuple[Any, ...]) -> Any:
    """`along` for operations whose other inputs are small and usually shared: these are not spread."""
    if True in batched[1:] or inputs[0].ndim == 1:
        return each(primitive, inputs, batched, size, attributes)
    named = zip(primitive.attributes, attributes, strict=True)
    moved = [_onwards(a) if n in _DIMS else (size, *a) if n == "shape" else a for n, a in named]
    return call(primitive, inputs, tuple(moved))


def along_or_all(primitive: Primitive, inputs: Any, batched: Any, size: int, attributes: tuple[Any, ...]) -> Any:
    """Operations along one dimension, or over all of an example for None: `(dim, keepdim)`."""
    dim, keepdim = attributes
    if dim is not None:
        return along(primitive, inputs, batched, size, attributes)
    (x,) = inputs
    rows = op.reshape.apply(x, (size, math.prod(x.shape[1:])))
    results = primitive.apply(rows, 1, False)
    return op.reshape.apply(results, (size, *(1,) * (x.ndim - 1))) if keepdim else results


def leading(primitive: Primitive, inputs: Any, batched: Any, size: int, attributes: tuple[Any, ...]) -> Any:
    """Operations on the last dimensions that take any leading ones, which broadcast."""
    ready = spread_all(inputs, batched, size)
    rank = max([x.ndim - 1 for x in ready if isinstance(x, Handle)])
    return call(primitive, [x if x is None else of_rank(x, rank) for x in ready], attributes)


def folded(primitive: Primitive, inputs: Any, batched: Any, size: int, attributes: tuple[Any, ...]) -> Any:
    """Operations that treat each entry of the first dimension alike: the batch becomes part of it."""
    ready = [op.reshape.apply(x, (size * x.shape[1], *x.shape[2:])) for x in spread_all(inputs, batched, size)]
    rows = inputs[0].shape[1] if batched[0] else inputs[0].shape[0]
    return _unfolded(call(primitive, ready, attributes), size, rows)


def _unfolded(results: Any, size: int, rows: int) -> Any:
    return each_result(results, lambda r: op.reshape.apply(r, (size, rows, *r.shape[1:])))


def folded_first(primitive: Primitive, inputs: Any, batched: Any, size: int, attributes: tuple[Any, ...]) -> Any:
    """`folded` for operations whose other inputs are the same for each entry: these must be shared."""
    if True in batched[1:]:
        return each(primitive, inputs, batched, size, attributes)
    x, *others = inputs
    rows = op.reshape.apply(x, (size * x.shape[1], *x.shape[2:]))
    return _unfolded(primitive.apply(rows, *others, *attributes), size, x.shape[1])


# --- the rules of single operations


def _reshape(primitive: Primitive, inputs: Any, batched: Any, size: int, attributes: Any) -> Any:
    return primitive.apply(inputs[0], (size, *attributes[0]))


def _expand(primitive: Primitive, inputs: Any, batched: Any, size: int, attributes: Any) -> Any:
    (shape,) = attributes
    return primitive.apply(of_rank(inputs[0], len(shape)), (size, *shape))


def _sum_to(primitive: Primitive, inputs: Any, batched: Any, size: int, attributes: Any) -> Any:
    (x,), (shape,) = inputs, attributes
    kept = (size, *(1,) * (x.ndim - 1 - len(shape)), *shape)
    return op.reshape.apply(primitive.apply(x, kept), (size, *shape))


def _permute(primitive: Primitive, inputs: Any, batched: Any, size: int, attributes: Any) -> Any:
    return primitive.apply(inputs[0], (0, *_onwards(attributes[0])))


def _pad(primitive: Primitive, inputs: Any, batched: Any, size: int, attributes: Any) -> Any:
    widths, value = attributes
    return primitive.apply(inputs[0], ((0, 0), *widths), value)


def _joined(primitive: Primitive, inputs: Any, batched: Any, size: int, attributes: Any) -> Any:
    return primitive.apply(tuple(spread_all(inputs, batched, size)), attributes[0] + 1)


_EVERYTHING = ("slice", None, None, None)


def _getitem(primitive: Primitive, inputs: Any, batched: Any, size: int, attributes: Any) -> Any:
    return primitive.apply(inputs[0], (_EVERYTHING, *attributes[0]))


def _getitem_adjoint(primitive: Primitive, inputs: Any, batched: Any, size: int, attributes: Any) -> Any:
    shape, pattern = attributes
    return primitive.apply(inputs[0], (size, *shape), (_EVERYTHING, *pattern))


def _places(shape: tuple[int, ...], pattern: Any, indices: Any, mapped: bool) -> np.ndarray:
    """Where x[pattern] lies in the flattened x of one example: for all examples alike, or with the batch in front."""
    flat = np.arange(math.prod(shape)).reshape(shape)
    if indices is None:
        return op.getitem(flat, pattern)
    if not mapped:
        return op.index(flat, indices, pattern)
    if not indices.shape[1]:  # a pattern of bools alone
        return np.repeat(op.index(flat, np.zeros((0, 0), np.int64), pattern)[None], len(indices), 0)
    # The examples are one more dimension of the index arrays; where that lies in the result, a size of its own tells.
    together = np.moveaxis(indices, 0, 1)
    found = op.index(flat, together, pattern)
    own = max(found.shape, default=0) + 1
    probe = np.zeros((together.shape[0], own, *together.shape[2:]), together.dtype)
    at = op.index(np.broadcast_to(0, [max(n, 1) for n in shape]), probe, pattern).shape.index(own)
    return np.moveaxis(found, at, 0)


def _on_places(
    rule: Callable[[np.ndarray, tuple[int, ...], Any], Any],
    primitive: Primitive,
    inputs: Any,
    batched: Any,
    size: int,
    attributes: Any,
    shape: tuple[int, ...],
    pattern: Any,
) -> Any:
    """Operations at indices, with the places that these choose in the flattened tensor of all examples.

    `rule(places, shape, pattern)` is told what to apply: to (batch, numbers) where the index is shared, else to all
    numbers of all examples in one row.
    """
    indices, mapped = inputs[-1], batched[-1]
    if is_batched(indices):  # by a vmap further out
        return each(primitive, inputs, batched, size, attributes)
    array = None if indices is None else indices._array
    places, count = _places(shape, pattern, array, mapped), math.prod(shape)
    if not mapped:
        return rule(places[None], (size, count), (_EVERYTHING, ("array", 0)))
    first = count * np.arange(size).reshape(size, *(1,) * (places.ndim - 1))
    return rule((places + first)[None], (size * count,), (("array", 0),))


def _index(primitive: Primitive, inputs: Any, batched: Any, size: int, attributes: Any) -> Any:
    x, shape = inputs[0], inputs[0].shape[batched[0] :]

    def rule(places: Any, flat: tuple[int, ...], pattern: Any) -> Any:
        return primitive.apply(op.reshape.apply(x, flat), places, pattern)

    if not batched[0]:
        if is_batched(inputs[1]):
            return each(primitive, inputs, batched, size, attributes)
        places = _places(shape, attributes[0], inputs[1]._array, True)
        return primitive.apply(op.reshape.apply(x, (math.prod(shape),)), places[None], (("array", 0),))
    return _on_places(rule, primitive, inputs, batched, size, attributes, shape, *attributes)


def _index_adjoint(primitive: Primitive, inputs: Any, batched: Any, size: int, attributes: Any) -> Any:
    shape, _ = attributes
    g = spread(inputs[0], batched[0], size)

    def rule(places: Any, flat: tuple[int, ...], pattern: Any) -> Any:
        return op.reshape.apply(primitive.apply(g, places, flat, pattern), (size, *shape))

    return _on_places(rule, primitive, inputs, batched, size, attributes, *attributes)


def _index_put(primitive: Primitive, inputs: Any, batched: Any, size: int, attributes: Any) -> Any:
    x, value = [spread(v, b, size) for v, b in zip(inputs[:2], batched[:2], strict=True)]
    shape = x.shape[1:]
    pattern, accumulate = attributes

    def rule(places: Any, flat: tuple[int, ...], pattern: Any) -> Any:
        rank = places.ndim - 1 - (len(flat) == 1)  # of what one example chooses
        out = primitive.apply(op.reshape.apply(x, flat), of_rank(value, rank), places, pattern, accumulate)
        return op.reshape.apply(out, (size, *shape))

    return _on_places(rule, primitive, inputs, batched, size, attributes, shape, pattern)


def _last_written(primitive: Primitive, inputs: Any, batched: Any, size: int, attributes: Any) -> Any:
    return _on_places(primitive.apply, primitive, inputs, batched, size, attributes, *attributes)


def _matmul(primitive: Primitive, inputs: Any, batched: Any, size: int, attributes: Any) -> Any:
    x, y = inputs
    if batched[0] and not batched[1] and x.ndim == 3 and y.ndim == 2 and x.shape[2] == y.shape[0]:
        rows = op.reshape.apply(x, (size * x.shape[1], x.shape[2]))  # one large product, not one for each example
        return op.reshape.apply(primitive.apply(rows, y), (size, x.shape[1], y.shape[1]))
    return elementwise(primitive, inputs, batched, size, attributes)


def _linear(primitive: Primitive, inputs: Any, batched: Any, size: int, attributes: Any) -> Any:
    x, weight, bias = inputs
    if not batched[1] and not batched[2]:
        return primitive.apply(x, weight, bias)
    features = x.shape[-1]
    lead = x.shape[1:-1] if batched[0] else x.shape[:-1]
    rows = op.reshape.apply(x, (*((size,) if batched[0] else ()), math.prod(lead), features))
    weight = spread(weight, batched[1], size)
    # With the weight on the left its gradient comes out as it is, and not transposed.
    out = op.matmul.apply(weight, _turned(rows))
    if bias is not None:
        out = op.add.apply(out, op.reshape.apply(bias, (*bias.shape, 1)))
    return op.reshape.apply(_turned(out), (size, *lead, weight.shape[-2]))


def _turned(x: Any) -> Any:
    """Matrices transposed; those of one row or column without a change in memory."""
    if 1 in x.shape[-2:]:
        return op.reshape.apply(x, (*x.shape[:-2], x.shape[-1], x.shape[-2]))
    return op.transpose.apply(x, -2, -1)


def _channels(x: Any, mapped: bool, size: int) -> Any:
    """(B, N, C, ...) or (N, C, ...) as (N, B * C, ...)."""
    x = spread(x, mapped, size)
    order = (1, 0, *range(2, x.ndim))
    return op.reshape.apply(op.permute.apply(x, order), (x.shape[1], size * x.shape[2], *x.shape[3:]))


def _from_channels(x: Any, size: int) -> Any:
    """(N, B * C, ...) as (B, N, C, ...)."""
    parts = op.reshape.apply(x, (x.shape[0], size, x.shape[1] // size, *x.shape[2:]))
    return op.permute.apply(parts, (1, 0, *range(2, parts.ndim)))


def _filters(w: Any, mapped: bool, size: int) -> Any:
    """(B, K, ...) or (K, ...) as (B * K, ...); None stays."""
    if w is None:
        return None
    w = spread(w, mapped, size)
    return op.reshape.apply(w, (size * w.shape[1], *w.shape[2:]))


def _batch_norm(primitive: Primitive, inputs: Any, batched: Any, size: int, attributes: Any) -> Any:
    x, *vectors = inputs
    results = primitive.apply(
        _channels(x, batched[0], size),
        *[_filters(v, b, size) for v, b in zip(vectors, batched[1:], strict=True)],
        *attributes,
    )
    out, *statistics = results
    return _from_channels(out, size), *[op.reshape.apply(s, (size, s.shape[0] // size)) for s in statistics]


def _scaled_channels(primitive: Primitive, inputs: Any, batched: Any, size: int, attributes: Any) -> Any:
    x, *vectors = inputs
    ready = [_filters(v, b, size) for v, b in zip(vectors, batched[1:], strict=True)]
    return _from_channels(primitive.apply(_channels(x, batched[0], size), *ready, *attributes), size)


def _convolution(primitive: Primitive, inputs: Any, batched: Any, size: int, attributes: Any) -> Any:
    """Images with the same filters are one larger batch of images; with filters of their own they are groups."""
    if True not in batched[1:]:
        return folded_first(primitive, inputs, batched, size, attributes)
    x, *filters = inputs
    rest, groups = attributes[:-1], attributes[-1]
    ready = [_filters(w, b, size) for w, b in zip(filters, batched[1:], strict=True)]
    if not batched[0] and groups == 1 and primitive is op.conv2d:
        return _from_channels(primitive.apply(x, *ready, *attributes), size)  # all filters on the same images
    out = primitive.apply(_channels(x, batched[0], size), *ready, *rest, groups * size)
    return _from_channels(out, size)


def _convolution_weights(primitive: Primitive, inputs: Any, batched: Any, size: int, attributes: Any) -> Any:
    """The gradient by the filters: each example is a group of its own."""
    x, y = [_channels(a, b, size) for a, b in zip(inputs, batched, strict=True)]
    out = primitive.apply(x, y, *attributes[:-1], attributes[-1] * size)
    return op.reshape.apply(out, (size, out.shape[0] // size, *out.shape[1:]))


def _convolution_bias(primitive: Primitive, inputs: Any, batched: Any, size: int, attributes: Any) -> Any:
    """The gradient by the bias: each example's channels are channels of one batch."""
    out = primitive.apply(_channels(inputs[0], batched[0], size))
    return op.reshape.apply(out, (size, out.shape[0] // size))


def _embedding(primitive: Primitive, inputs: Any, batched: Any, size: int, attributes: Any) -> Any:
    weight, indices, share = inputs
    if not batched[0]:
        if share is not None and batched[1] and not batched[2]:
            share = spread(share, False, size)
        return primitive.apply(weight, spread(indices, batched[1], size), share)
    rows = weight.shape[1]  # all tables are one, in which each example's stands at a place of its own
    first = make((rows * np.arange(size)).reshape(size, *(1,) * (indices.ndim - batched[1])))
    table = op.reshape.apply(weight, (size * rows, weight.shape[2]))
    share = None if share is None else spread(share, batched[2], size)
    return primitive.apply(table, op.add.apply(indices, first), share)


def _window_max(primitive: Primitive, inputs: Any, batched: Any, size: int, attributes: Any) -> Any:
    """The bounds of the windows are shared by all planes, or there are some for each plane."""
    x, *bounds = spread_all(inputs, batched, size)
    planes = x.shape[1] * x.shape[2]
    each_plane = [op.expand.apply(b, (size, planes, *b.shape[2:])) for b in bounds]
    images = op.reshape.apply(x, (size * x.shape[1], *x.shape[2:]))
    ready = [op.reshape.apply(b, (size * planes, *b.shape[2:])) for b in each_plane]
    return _unfolded(primitive.apply(images, *ready, *attributes), size, x.shape[1])


def _scaled(primitive: Primitive, inputs: Any, batched: Any, size: int, attributes: Any) -> Any:
    """Normalisations of each example's last dimensions, times weight, plus bias."""
    x, *vectors = inputs
    if True not in batched[1:]:
        return primitive.apply(*inputs, *attributes)
    x = spread(x, batched[0], size)
    out = primitive.apply(x, *[None] * len(vectors), *attributes)
    for vector, mapped, change in zip(vectors, batched[1:], (op.mul, op.add), strict=False):
        if vector is not None:
            out = change.apply(out, of_rank(vector, x.ndim - 1) if mapped else vector)
    return out


def _group_norm(primitive: Primitive, inputs: Any, batched: Any, size: int, attributes: Any) -> Any:
    if True not in batched[1:]:
        return folded_first(primitive, inputs, batched, size, attributes)
    x, weight, bias = inputs
    out = folded_first(primitive, (spread(x, batched[0], size), None, None), (True, False, False), size, attributes)
    for vector, mapped, change in ((weight, batched[1], op.mul), (bias, batched[2], op.add)):
        if vector is not None:
            lead = (size, 1) if mapped else (1, 1)
            out = change.apply(out, op.reshape.apply(vector, (*lead, vector.shape[-1], *(1,) * (out.ndim - 3))))
    return out


def _cross_entropy(primitive: Primitive, inputs: Any, batched: Any, size: int, attributes: Any) -> Any:
    (reduction,) = attributes
    losses = folded(primitive, inputs, batched, size, ("none",))
    if reduction == "none":
        return losses
    return (op.mean if reduction == "mean" else op.sum).apply(losses, (1,), False)


# --- the table

_NAMES: dict[Rule, str] = {
    elementwise: "bitwise_not clone to_dtype",
    along: (
        "sum mean var std logsumexp norm power_norm amax amin any all count_nonzero max min median nanmedian mode "
        "softmax log_softmax cumsum cumprod logcumsumexp cummax cummin recurrence sort "
        "flip roll narrow transpose diagonal diagonal_adjoint unfold_dim unfold_dim_adjoint resample resample_adjoint "
        "gather scatter scatter_add scatter_amax scatter_amin last_scattered touched"
    ),
    along_first: "index_select index_select_adjoint",
    along_or_all: "argmax argmin",
    leading: (
        "tril triu binary_cross_entropy frexp cholesky lu_factor qr inv solve solve_triangular eigh svd cofactor det "
        "slogdet matrix_exp"
    ),
    folded: (
        "max_pool2d max_pool2d_backward max_pool2d_gather max_unpool avg_pool2d avg_pool2d_backward im2col col2im "
        "cross_entropy_slope"
    ),
    _scaled: "layer_norm rms_norm",
}

RULES.update({name: rule for rule, names in _NAMES.items() for name in names.split()})
RULES.update(
    {
        "reshape": _reshape,
        "expand": _expand,
        "sum_to": _sum_to,
        "permute": _permute,
        "pad": _pad,
        "cat": _joined,
        "stack": _joined,
        "getitem": _getitem,
        "getitem_adjoint": _getitem_adjoint,
        "index": _index,
        "index_adjoint": _index_adjoint,
        "index_put": _index_put,
        "last_written": _last_written,
        "matmul": _matmul,
        "linear": _linear,
        "batch_norm": _batch_norm,
        "scaled_channels": _scaled_channels,
        "embedding": _embedding,
        "group_norm": _group_norm,
        "window_max": _window_max,
        "conv2d": _convolution,
        "conv2d_input_gradient": _convolution,
        "conv2d_weight_gradient": _convolution_weights,
        "conv2d_bias_gradient": _convolution_bias,
        "cross_entropy": _cross_entropy,
    }
)
