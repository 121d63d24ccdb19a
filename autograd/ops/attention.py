"""Attention: averages of values, weighted by how well queries and keys agree."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import dtypes
from ..composites import composite
from ..errors import ArgumentError, DtypeError, ShapeError
from ..primitive import Sample, as_handle, op
from .dims import number
from .dropping import thinned
from .families import values
from .joining import cat
from .products import linear, matmul, same_dtype

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["multi_head_attention_forward", "scaled_dot_product_attention"]

Operand = Any


def _attend(q: Any, k: Any, v: Any, scale: float, mask: Any, dropout_p: float, causal: bool = False) -> tuple[Any, Any]:
    """The averages, and the weights; `mask` is added to the scores. A query that may see nothing gets 0."""
    scores = matmul(q * scale, k.transpose(-2, -1))
    if mask is None:
        weights = op.softmax.apply(scores, -1)
    elif causal:  # each query sees at least the first key
        weights = op.softmax.apply(scores + mask, -1)
    else:
        blind = op.all.apply(mask == -math.inf, (mask.ndim - 1,), True) if mask.ndim else mask == -math.inf
        weights = op.softmax.apply(scores + op.where.apply(blind, 0.0, mask), -1)
        weights = op.where.apply(blind, 0.0, weights)
    if dropout_p:
        weights = thinned(weights, dropout_p, weights.shape)
    return matmul(weights, v), weights


def _probability(name: str, p: float) -> None:
    if not 0 <= number(name, "dropout_p", p) <= 1:
        raise ArgumentError(f"{name}: dropout_p is {p}; use a probability from 0 to 1")


def _reference(
    q: np.ndarray,
    k: np.ndarray,
    v: np.ndarray,
    mask: Any = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> np.ndarray:
    if enable_gqa:
        times = q.shape[-3] // k.shape[-3]
        k, v = np.repeat(k, times, -3), np.repeat(v, times, -3)
    scores = q @ np.swapaxes(k, -1, -2) * (scale or q.shape[-1] ** -0.5)
    if is_causal:
        mask = np.tril(np.ones(scores.shape[-2:], dtype=bool))
    if mask is not None:
        scores = np.where(mask, scores, -np.inf) if mask.dtype == bool else scores + mask
    e = np.exp(scores)
    total = e.sum(-1, keepdims=True)
    return e / np.where(total == 0, 1, total) @ v


def _triple(rng: np.random.Generator, *batch: int, length: int = 3) -> tuple[np.ndarray, ...]:
    return values(rng, (*batch, 2, 4)), values(rng, (*batch, length, 4)), values(rng, (*batch, length, 2))


@composite(
    formula="softmax(q k^T / sqrt(d) + mask) v",
    samples=lambda rng: [
        Sample(_triple(rng)),
        Sample((*_triple(rng, 2), values(rng, (2, 3)))),
        Sample((*_triple(rng, 2, 1), np.array([[True, False, True], [False, False, False]]))),
        Sample(_triple(rng, 2), (None, 0.0, True, 0.5)),
        Sample((values(rng, (4, 2, 3)), values(rng, (2, 3, 3)), values(rng, (2, 3, 3))), keywords={"enable_gqa": True}),
    ],
    reference=_reference,
    error_samples=lambda rng: [
        Sample((values(rng, (2, 4)), values(rng, (3, 5)), values(rng, (3, 2))), (), ShapeError, "key"),
        Sample((*_triple(rng), values(rng, (3, 3))), (), ShapeError, "attn_mask"),
        Sample((*_triple(rng), np.ones((2, 3), bool)), (0.0, True), ArgumentError, "is_causal"),
    ],
    source="Vaswani et al. 2017, arXiv 1706.03762",
)
def scaled_dot_product_attention(
    query: Operand,
    key: Operand,
    value: Operand,
    attn_mask: Operand | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """Averages of values by how well queries and keys agree: `softmax(query @ key.T * scale + mask) @ value`.

    Args:
        query: (..., L, E), of a floating dtype; float16 is computed in float32.
        key: (..., S, E).
        value: (..., S, Ev).
        attn_mask: broadcast against the scores (..., L, S): of bools, True where a query may see a key, or numbers
            that are added to the scores. A query that may see no key gets 0.
        dropout_p: the probability with which each weight is zeroed, 0 to 1; at 0 nothing is random.
        is_causal: query i sees keys 0 to i only; not together with a mask.
        scale: the factor of the scores; `1 / sqrt(E)`, unless given.
        enable_gqa: let several heads of queries, dimension -3, share one of keys and values.

    Returns:
        A Tensor (..., L, Ev).

    Raises:
        ShapeError: the shapes do not fit.
        DtypeError: the dtypes differ, or the mask's is neither theirs nor bool.
        ArgumentError: both a mask and is_causal are given, or dropout_p is no probability.

    Example:
        >>> q, k, v = autograd.zeros(1, 2), autograd.ones(2, 2), autograd.tensor([[1.0], [3.0]])
        >>> autograd.scaled_dot_product_attention(q, k, v)
        tensor([[2.]])

    Source: Vaswani et al. 2017, arXiv 1706.03762, equation 1.
    """
    name = "scaled_dot_product_attention"
    q, k, v = as_handle(query, name), as_handle(key, name), as_handle(value, name)
    same_dtype(name, query=q, key=k, value=v)
    _probability(name, dropout_p)
    shapes = f"query {q.shape}, key {k.shape} and value {v.shape}"
    if q.dtype.kind != "f":
        raise DtypeError(f"{name}: query is {q.dtype}; convert it with .float() first")
    if min(q.ndim, k.ndim, v.ndim) < 2 or q.shape[-1] != k.shape[-1] or k.shape[-2] != v.shape[-2]:
        raise ShapeError(f"{name}: {shapes} must be (..., L, E), (..., S, E) and (..., S, Ev)")
    if enable_gqa:
        if min(q.ndim, k.ndim, v.ndim) < 3 or any(not x.shape[-3] or q.shape[-3] % x.shape[-3] for x in (k, v)):
            raise ShapeError(f"{name}: heads of {shapes}, in dimension -3, cannot be shared evenly")
        k, v = _repeated(k, q.shape[-3]), _repeated(v, q.shape[-3])
    try:
        batch = np.broadcast_shapes(q.shape[:-2], k.shape[:-2], v.shape[:-2])
    except ValueError:
        raise ShapeError(f"{name}: batches of {shapes} do not broadcast") from None
    mask = _mask(name, attn_mask, (*batch, q.shape[-2], k.shape[-2]), q.dtype)
    if is_causal:
        if mask is not None:
            raise ArgumentError(f"{name}: attn_mask and is_causal are both given; write the one into the other")
        seen = np.tril(np.ones((q.shape[-2], k.shape[-2]), dtype=bool))
        mask = as_handle(np.where(seen, 0, -np.inf).astype(q.dtype), name)
    factor = number(name, "scale", scale) if scale is not None else 1 / math.sqrt(q.shape[-1]) if q.shape[-1] else 1.0
    narrow = q.dtype
    if narrow == dtypes.float16:
        q, k, v, mask = [x if x is None else op.to_dtype.apply(x, dtypes.float32) for x in (q, k, v, mask)]
    out = _attend(q, k, v, factor, mask, dropout_p, is_causal)[0]
    return op.to_dtype.apply(out, narrow) if narrow == dtypes.float16 else out


def _repeated(x: Any, heads: int) -> Any:
    """Each head several times in a row, to make `heads` of them."""
    *batch, own, length, size = x.shape
    wide = op.expand.apply(x.reshape((*batch, own, 1, length, size)), (*batch, own, heads // own, length, size))
    return wide.reshape((*batch, heads, length, size))


def _mask(name: str, mask: Any, shape: tuple[int, ...], dtype: Any) -> Any:
    """A mask to be added to the scores, from bools that are True where a key may be seen or from numbers."""
    if mask is None:
        return None
    mask = as_handle(mask, name)
    if mask.dtype not in (dtypes.bool_, dtype):
        raise DtypeError(f"{name}: attn_mask is {mask.dtype}; use bools, or numbers of the query's dtype {dtype}")
    try:
        fits = np.broadcast_shapes(mask.shape, shape) == shape
    except ValueError:
        fits = False
    if not fits:
        raise ShapeError(f"{name}: attn_mask {mask.shape} does not broadcast to the scores {shape}")
    if mask.dtype == dtypes.bool_:
        return op.where.apply(mask, *[as_handle(np.asarray(x, dtype), name) for x in (0.0, -math.inf)])
    return mask


# --- several heads, with their projections


def _heads_reference(query: np.ndarray, key: np.ndarray, value: np.ndarray, *rest: Any, **_: Any) -> Any:
    """One head after the other, with loops over the batch."""
    embed, heads, weight, _, _, _, _, _, out_weight, out_bias = rest[:10]
    size = embed // heads
    q, k, v = (x @ w.T for x, w in zip((query, key, value), np.split(weight, 3), strict=True))
    out = np.zeros_like(q)
    weights = np.zeros((q.shape[1], heads, q.shape[0], k.shape[0]))
    for n in range(q.shape[1]):
        for h in range(heads):
            part = slice(h * size, (h + 1) * size)
            e = np.exp(q[:, n, part] @ k[:, n, part].T / math.sqrt(size))
            weights[n, h] = e / e.sum(-1, keepdims=True)
            out[:, n, part] = weights[n, h] @ v[:, n, part]
    return out @ out_weight.T + out_bias, weights.mean(1)


def _heads_samples(rng: np.random.Generator) -> list[Sample]:
    tensors = [values(rng, shape) for shape in ((2, 2, 4), (3, 2, 4), (3, 2, 4))]
    first, last, bias = (values(rng, shape, -1, 1) for shape in ((12, 4), (4, 4), (4,)))
    # Without a bias before: the gradient by that of the keys is 0, of which differences show rounding alone.
    return [Sample((*tensors, 4, 2, first, None, None, None, False, 0.0, last, bias))]


@composite(
    formula="softmax(q k^T / sqrt(d) + mask) v of each head, then projected",
    samples=_heads_samples,
    reference=_heads_reference,
    source="Vaswani et al. 2017, arXiv 1706.03762",
)
def multi_head_attention_forward(
    query: Operand,
    key: Operand,
    value: Operand,
    embed_dim_to_check: int,
    num_heads: int,
    in_proj_weight: Operand | None,
    in_proj_bias: Operand | None,
    bias_k: Operand | None,
    bias_v: Operand | None,
    add_zero_attn: bool,
    dropout_p: float,
    out_proj_weight: Operand,
    out_proj_bias: Operand | None,
    training: bool = True,
    key_padding_mask: Operand | None = None,
    need_weights: bool = True,
    attn_mask: Operand | None = None,
    use_separate_proj_weight: bool = False,
    q_proj_weight: Operand | None = None,
    k_proj_weight: Operand | None = None,
    v_proj_weight: Operand | None = None,
    static_k: Operand | None = None,
    static_v: Operand | None = None,
    average_attn_weights: bool = True,
    is_causal: bool = False,
) -> tuple[Tensor, Tensor | None]:
    """Attention of several heads, with the projections before and after: what `nn.MultiheadAttention` computes.

    Args:
        query: (L, N, E), or (L, E) of one example.
        key, value: (S, N, Ek) and (S, N, Ev), or without N.
        embed_dim_to_check: E.
        num_heads: into how many heads E is divided.
        in_proj_weight, in_proj_bias: (3 E, E) and (3 E,), for queries, keys and values one below the other.
        bias_k, bias_v: (1, 1, E), a further key and value; both or neither.
        add_zero_attn: a further key and value of zeros.
        dropout_p: the probability with which each weight is zeroed in training.
        out_proj_weight, out_proj_bias: (E, E) and (E,), of the last projection.
        training: drop weights.
        key_padding_mask: (N, S) or (S,): True, or a number that is added, where a key is none.
        need_weights: return the weights too.
        attn_mask: (L, S) or (N num_heads, L, S): True where a query must not see a key, or numbers that are added.
        use_separate_proj_weight: take the three projections from the next three instead of from in_proj_weight.
        q_proj_weight, k_proj_weight, v_proj_weight: (E, E), (E, Ek) and (E, Ev).
        static_k, static_v: (N num_heads, S, E / num_heads), taken in place of projected keys and values.
        average_attn_weights: give the mean of the weights over the heads.
        is_causal: says that attn_mask, which must be given, is causal; of no further effect.

    Returns:
        The result (L, N, E) and the weights (N, L, S), or (N, num_heads, L, S), or None; without N for one example.

    Raises:
        ShapeError: the shapes do not fit.
        ArgumentError: the arguments do not go together, or dropout_p is no probability.

    Example:
        >>> x, eye = autograd.ones(2, 4), autograd.eye(4)
        >>> weight = autograd.cat([eye, eye, eye])
        >>> out, weights = autograd.multi_head_attention_forward(
        ...     x, x, x, 4, 2, weight, None, None, None, False, 0.0, eye, None)
        >>> weights
        tensor([[0.5000, 0.5000],
                [0.5000, 0.5000]])

    Source: Vaswani et al. 2017, arXiv 1706.03762, section 3.2.2.
    """
    name = "multi_head_attention_forward"
    q, k, v = as_handle(query, name), as_handle(key, name), as_handle(value, name)
    _probability(name, dropout_p)
    if q.ndim not in (2, 3) or not q.ndim == k.ndim == v.ndim:
        raise ShapeError(f"{name}: query {q.shape}, key {k.shape} and value {v.shape} must all be 3-d, or all 2-d")
    if is_causal and attn_mask is None:
        raise ArgumentError(f"{name}: is_causal says that attn_mask is causal, but there is none; give it")
    if (bias_k is None) != (bias_v is None):
        raise ArgumentError(f"{name}: bias_k and bias_v go together; give both or neither")
    padding = None if key_padding_mask is None else as_handle(key_padding_mask, name)
    single = q.ndim == 2
    if single:
        q, k, v = (x.reshape((x.shape[0], 1, x.shape[1])) for x in (q, k, v))
        padding = padding if padding is None else padding.reshape((1, -1))
    length, batch, embed = q.shape
    if embed != embed_dim_to_check or num_heads < 1 or embed % num_heads:
        raise ShapeError(
            f"{name}: query has {embed} numbers, where embed_dim_to_check is {embed_dim_to_check} and must be "
            f"divisible by num_heads = {num_heads}"
        )
    if k.shape[:2] != v.shape[:2] or k.shape[1] != batch:
        raise ShapeError(f"{name}: key {k.shape} and value {v.shape} do not fit each other or query {q.shape}")
    size, rows = embed // num_heads, batch * num_heads
    biases = None if in_proj_bias is None else as_handle(in_proj_bias, name)
    if use_separate_proj_weight:
        given = [q_proj_weight, k_proj_weight, v_proj_weight]
        if any(w is None for w in given):
            raise ArgumentError(f"{name}: use_separate_proj_weight needs q_proj_weight, k_proj_weight, v_proj_weight")
    else:
        if in_proj_weight is None:
            raise ArgumentError(f"{name}: in_proj_weight is None; give it, or set use_separate_proj_weight")
        packed = as_handle(in_proj_weight, name)
        given = [packed[i * embed : (i + 1) * embed] for i in range(3)]
    parts = [None if biases is None else biases[i * embed : (i + 1) * embed] for i in range(3)]
    q, k, v = (linear(x, w, b) for x, w, b in zip((q, k, v), given, parts, strict=True))

    further = 0
    if bias_k is not None and bias_v is not None:
        if static_k is not None or static_v is not None:
            raise ArgumentError(f"{name}: bias_k and bias_v cannot be added to static_k and static_v")
        ends = [op.expand.apply(as_handle(b, name), (1, batch, embed)) for b in (bias_k, bias_v)]
        k, v = cat((k, ends[0])), cat((v, ends[1]))
        further += 1

    def split(x: Any) -> Any:
        return x.reshape((x.shape[0], rows, size)).transpose(0, 1)

    q = split(q)
    k = split(k) if static_k is None else as_handle(static_k, name)
    v = split(v) if static_v is None else as_handle(static_v, name)
    if any(x.ndim != 3 or (x.shape[0], x.shape[2]) != (rows, size) for x in (k, v)) or k.shape[1] != v.shape[1]:
        raise ShapeError(f"{name}: static_k {k.shape} and static_v {v.shape} must be ({rows}, S, {size})")
    if add_zero_attn:
        nothing = as_handle(np.zeros((rows, 1, size), q.dtype), name)
        k, v = cat((k, nothing), 1), cat((v, nothing), 1)
        further += 1
    mask = _hidden(name, attn_mask, q.dtype, k.shape[1] - further, further)
    if mask is not None:
        shape = mask.shape
        if shape[-2:] != (length, k.shape[1]) or mask.ndim > 3 or (mask.ndim == 3 and shape[0] != rows):
            raise ShapeError(
                f"{name}: attn_mask must be ({length}, {k.shape[1] - further}) or with {rows} before, one a head"
            )
    hidden = _hidden(name, padding, q.dtype, k.shape[1] - further, further)
    if hidden is not None:
        if hidden.shape != (batch, k.shape[1]):
            raise ShapeError(f"{name}: key_padding_mask must be ({batch}, {k.shape[1] - further})")
        hidden = op.expand.apply(hidden.reshape((batch, 1, 1, k.shape[1])), (batch, num_heads, 1, k.shape[1]))
        hidden = hidden.reshape((rows, 1, k.shape[1]))
        mask = hidden if mask is None else mask + hidden

    out, weights = _attend(q, k, v, 1 / math.sqrt(size), mask, dropout_p if training else 0.0)
    out = linear(out.transpose(0, 1).reshape((length, batch, embed)), out_proj_weight, out_proj_bias)
    out = out.reshape((length, out.shape[-1])) if single else out
    if not need_weights:
        return out, None
    weights = weights.reshape((batch, num_heads, length, k.shape[1]))
    weights = weights.mean(1) if average_attn_weights else weights
    return out, weights.reshape(weights.shape[1:]) if single else weights


def _hidden(name: str, mask: Any, dtype: Any, size: int, further: int) -> Any:
    """A mask to be added to the scores, from bools that are True where a key is hidden; further keys are not."""
    if mask is None:
        return None
    mask = as_handle(mask, name)
    if mask.ndim < 2 or mask.shape[-1] != size:
        raise ShapeError(f"{name}: a mask {mask.shape} does not fit {size} keys")
    if mask.dtype == dtypes.bool_:
        mask = op.where.apply(mask, *[as_handle(np.asarray(x, dtype), name) for x in (-math.inf, 0.0)])
    elif mask.dtype.kind != "f":
        raise DtypeError(f"{name}: a mask is {mask.dtype}; use bools, or numbers that are added to the scores")
    if not further:
        return mask
    return cat((mask, as_handle(np.zeros((*mask.shape[:-1], further), mask.dtype), name)), mask.ndim - 1)
