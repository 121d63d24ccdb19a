"""Distances and similarities of vectors, and the losses made of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from ..composites import composite
from ..errors import ArgumentError, ShapeError
from ..primitive import Sample, as_handle, check_broadcast, op
from .dims import normalize_dim, number
from .families import values
from .loss import check_reduction, reduce_loss
from .norms import norm

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = [
    "cosine_embedding_loss",
    "cosine_similarity",
    "normalize",
    "pairwise_distance",
    "triplet_margin_loss",
    "triplet_margin_with_distance_loss",
]

Operand = Any
Generator = np.random.Generator
REDUCTIONS = ("mean", "sum", "none")


def _reduced(losses: np.ndarray, reduction: str) -> np.ndarray:
    """The plain reduction, for the references."""
    return losses if reduction == "none" else losses.sum() if reduction == "sum" else losses.mean()


def _length(x: np.ndarray, p: float = 2.0, dim: int = -1, keepdim: bool = True) -> np.ndarray:
    return np.asarray(np.linalg.norm(x, p, dim, keepdim))


@composite(
    formula="x / max(norm_p(x), eps)",
    samples=lambda rng: [
        Sample((values(rng, (2, 3), kinks=(0,)),), keywords=keywords)
        for keywords in ({}, {"p": 3.0}, {"p": 1.0, "dim": 0}, {"eps": 10.0})
    ],
    reference=lambda x, p=2.0, dim=1, eps=1e-12: x / np.maximum(_length(x, p, dim), eps),
)
def normalize(input: Operand, p: float = 2.0, dim: int = 1, eps: float = 1e-12) -> Tensor:
    """Vectors along a dimension divided by their norm: `x / max(norm_p(x), eps)`.

    Args:
        input: of any shape.
        p: which norm.
        dim: the dimension of the vectors.
        eps: the least that is divided by.

    Raises:
        ArgumentError: there is no such dimension or norm.

    Example:
        >>> autograd.normalize(autograd.tensor([[3.0, 4.0]]))
        tensor([[0.6000, 0.8000]])
    """
    x = as_handle(input, "normalize")
    p, eps = number("normalize", "p", p), number("normalize", "eps", eps)
    return x / op.clamp.apply(norm(x, p, dim, True), eps, None)


@composite(
    formula="norm_p(x_1 - x_2 + eps)",
    samples=lambda rng: (
        [
            Sample((values(rng, (2, 3)), values(rng, (2, 3)) + 5), keywords=keywords)
            for keywords in ({}, {"p": 3.0}, {"p": 1.0, "keepdim": True})
        ]
        + [Sample((values(rng, (3,)), values(rng, (2, 3)) + 5))]
    ),
    reference=lambda a, b, p=2.0, eps=1e-6, keepdim=False: _length(a - b + eps, p, -1, keepdim),
    error_samples=lambda rng: [
        Sample((values(rng, (2, 3)), values(rng, (2, 2))), (), ShapeError, "pairwise_distance: shapes do not broadcast")
    ],
)
def pairwise_distance(x1: Operand, x2: Operand, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> Tensor:
    """The distance of each pair of vectors: the p-norm of `x1 - x2 + eps` over the last dimension.

    Args:
        x1, x2: (..., D), of shapes that broadcast.
        p: which norm.
        eps: added to each difference, which keeps 2-norms from 0.
        keepdim: keep the last dimension with size 1.

    Raises:
        ShapeError: the shapes do not broadcast.

    Example:
        >>> autograd.pairwise_distance(autograd.tensor([[3.0, 0.0]]), autograd.tensor([[0.0, 4.0]]))
        tensor([5.])
    """
    a, b = as_handle(x1, "pairwise_distance"), as_handle(x2, "pairwise_distance")
    check_broadcast("pairwise_distance", {"x1": a._array, "x2": b._array})
    p, eps = number("pairwise_distance", "p", p), number("pairwise_distance", "eps", eps)
    return norm(a - b + eps, p, -1, keepdim)


def _unit(x: Any, dim: int, eps: float) -> Any:
    """Vectors over their length, or over eps where that is larger; the gradient is that of the length in any case."""
    length = norm(x, 2, dim, True)
    return x / (length + np.maximum(eps - length._array, 0))


@composite(
    formula="sum_i x_i y_i / (norm(x) norm(y))",
    samples=lambda rng: [
        Sample((values(rng, (2, 3)), values(rng, (2, 3)))),
        Sample((values(rng, (2, 3)), values(rng, (2, 3))), (0,)),
        Sample((values(rng, (1, 3)), values(rng, (4, 1, 3))), (-1,)),
    ],
    reference=lambda a, b, dim=1, eps=1e-8: (
        np.sum(a * b, dim) / (_length(a, 2, dim, False) * _length(b, 2, dim, False))
    ),
    error_samples=lambda rng: [
        Sample((values(rng, (2, 3)), values(rng, (2, 2))), (), ShapeError, "cosine_similarity: shapes do not broadcast")
    ],
)
def cosine_similarity(x1: Operand, x2: Operand, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """The cosine of the angle between vectors: their dot product over their lengths, each at least eps.

    Args:
        x1, x2: Tensors of shapes that broadcast.
        dim: the dimension of the vectors, counted in the broadcast shape.
        eps: the least length that is divided by.

    Raises:
        ShapeError: the shapes do not broadcast.
        ArgumentError: there is no such dimension.

    Example:
        >>> autograd.cosine_similarity(autograd.tensor([[1.0, 0.0]]), autograd.tensor([[1.0, 1.0]]))
        tensor([0.7071])
    """
    a, b = as_handle(x1, "cosine_similarity"), as_handle(x2, "cosine_similarity")
    shape = check_broadcast("cosine_similarity", {"x1": a._array, "x2": b._array})
    dim = normalize_dim("cosine_similarity", dim, len(shape))
    a, b = op.expand.apply(a, shape), op.expand.apply(b, shape)
    return (_unit(a, dim, eps) * _unit(b, dim, eps)).sum(dim)


def _cosine_reference(
    a: np.ndarray, b: np.ndarray, y: np.ndarray, margin: float = 0.0, reduction: str = "mean"
) -> np.ndarray:
    cosine = np.sum(a * b, -1) / (_length(a, keepdim=False) * _length(b, keepdim=False))
    return _reduced(np.where(y == 1, 1 - cosine, np.maximum(0, cosine - margin)), reduction)


@composite(
    formula="1 - cos(x_1, x_2) where y = 1, max(0, cos(x_1, x_2) - margin) where y = -1",
    samples=lambda rng: (
        [
            Sample(
                (values(rng, (3, 4)), values(rng, (3, 4)), np.array([1, -1, 1])),
                keywords={"reduction": r, "margin": -0.95},
            )
            for r in REDUCTIONS
        ]
        + [Sample((values(rng, (4,)), values(rng, (4,)), np.array(1)))]
    ),
    reference=_cosine_reference,
    error_samples=lambda rng: [
        Sample((values(rng, (3, 4)), values(rng, (3, 4)), np.array(1)), (), ShapeError, "one target")
    ],
)
def cosine_embedding_loss(
    input1: Operand, input2: Operand, target: Operand, margin: float = 0.0, reduction: str = "mean"
) -> Tensor:
    """Brings alike vectors to one direction and others apart: `1 - cos`, or `max(0, cos - margin)`.

    Args:
        input1, input2: (N, D) or (D,).
        target: 1 where a pair is alike, -1 where it is not, (N,) or ().
        margin: how large the cosine of unlike pairs may be.
        reduction: "mean", "sum" or "none".

    Raises:
        ShapeError: the shapes do not fit.
        ArgumentError: there is no such reduction.

    Example:
        >>> x, y = autograd.tensor([[1.0, 0.0]]), autograd.tensor([[0.0, 1.0]])
        >>> autograd.cosine_embedding_loss(x, y, autograd.tensor([1]))
        tensor(1.)
    """
    name = "cosine_embedding_loss"
    a, b, y = as_handle(input1, name), as_handle(input2, name), as_handle(target, name)
    check_reduction(name, reduction)
    shape = check_broadcast(name, {"input1": a._array, "input2": b._array})
    if a.ndim not in (1, 2) or a.ndim != b.ndim or y.shape != shape[:-1]:
        raise ShapeError(
            f"{name}: input1 {a.shape} and input2 {b.shape} must be (N, D) or (D,) with one target each, but target "
            f"is {y.shape}"
        )
    tiny = 1e-12  # keeps the cosine of a vector of zeros at 0
    lengths = (op.square.apply(a).sum(-1) + tiny) * (op.square.apply(b).sum(-1) + tiny)
    cosine = (a * b).sum(-1) / op.sqrt.apply(lengths)
    apart = op.where.apply(y == -1, op.clamp.apply(cosine - margin, 0, None), 0.0)
    return reduce_loss(name, op.where.apply(y == 1, 1 - cosine, 0.0) + apart, reduction)


def _triplet_reference(
    a: np.ndarray, b: np.ndarray, c: np.ndarray, reduction: str = "mean", swap: bool = False, **_: Any
) -> np.ndarray:
    far = _length(a - c + 1e-6, keepdim=False)
    if swap:
        far = np.minimum(far, _length(b - c + 1e-6, keepdim=False))
    return _reduced(np.maximum(0, 2 + _length(a - b + 1e-6, keepdim=False) - far), reduction)


def _triplets(rng: Generator) -> list[Sample]:
    calls = []
    for reduction, swap in (("mean", False), ("sum", False), ("none", True)):
        inputs = tuple([values(rng, (3, 4)) for _ in range(3)])
        calls.append(Sample(inputs, keywords={"reduction": reduction, "margin": 2.0, "swap": swap}))
    return calls


def _wrong_triplets(rng: Generator) -> list[Sample]:
    a, b = values(rng, (3, 4)), values(rng, (4,))
    return [Sample((a, a, b), (), ShapeError, "same number of dimensions")]


def _triplet(
    name: str,
    operands: dict[str, Any],
    distance: Callable[[Any, Any], Any],
    margin: float,
    swap: bool,
    reduction: str,
) -> Any:
    check_reduction(name, reduction)
    if not number(name, "margin", margin) > 0:
        raise ArgumentError(f"{name}: margin is {margin}; use a positive number")
    anchor, positive, negative = handles = [as_handle(x, name) for x in operands.values()]
    if len({x.ndim for x in handles}) > 1:
        listed = ", ".join(f"{label} {x.shape}" for label, x in zip(operands, handles, strict=True))
        raise ShapeError(f"{name}: {listed} need the same number of dimensions")
    check_broadcast(name, {label: x._array for label, x in zip(operands, handles, strict=True)})
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = op.minimum.apply(far, distance(positive, negative))
    return reduce_loss(name, op.clamp.apply(margin + near - far, 0, None), reduction)


@composite(
    formula="max(0, d(a, p) - d(a, n) + margin)",
    samples=_triplets,
    reference=_triplet_reference,
    error_samples=_wrong_triplets,
    source="Balntas et al. 2016, British Machine Vision Conference",
)
def triplet_margin_loss(
    anchor: Operand,
    positive: Operand,
    negative: Operand,
    margin: float = 1.0,
    p: float = 2.0,
    eps: float = 1e-6,
    swap: bool = False,
    reduction: str = "mean",
) -> Tensor:
    """Asks that the anchor be closer to its like than to another: `max(0, d(a, p) - d(a, n) + margin)`.

    Args:
        anchor, positive, negative: (N, D) or (D,), of shapes that broadcast; d is `pairwise_distance`.
        margin: by how much closer, greater than 0.
        p, eps: as for `pairwise_distance`.
        swap: use `min(d(a, n), d(p, n))` for the distance of unlike ones.
        reduction: "mean", "sum" or "none".

    Raises:
        ShapeError: the shapes do not fit.
        ArgumentError: margin is not positive, or there is no such reduction.

    Example:
        >>> a, b, c = autograd.tensor([[0.0]]), autograd.tensor([[1.0]]), autograd.tensor([[3.0]])
        >>> autograd.triplet_margin_loss(a, c, b)
        tensor(3.)

    Source: Balntas et al. 2016, British Machine Vision Conference, section 3.
    """

    def distance(a: Any, b: Any) -> Any:
        return pairwise_distance(a, b, p, eps)

    operands = {"anchor": anchor, "positive": positive, "negative": negative}
    return _triplet("triplet_margin_loss", operands, distance, margin, swap, reduction)


@composite(
    formula="max(0, d(a, p) - d(a, n) + margin)",
    samples=_triplets,
    reference=_triplet_reference,
    error_samples=_wrong_triplets,
)
def triplet_margin_with_distance_loss(
    anchor: Operand,
    positive: Operand,
    negative: Operand,
    *,
    distance_function: Callable[[Any, Any], Any] | None = None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = "mean",
) -> Tensor:
    """`triplet_margin_loss` with a distance of one's own.

    Args:
        anchor, positive, negative: Tensors of shapes that broadcast.
        distance_function: a function of two of them that gives their distances; `pairwise_distance`, unless given.
        margin, swap, reduction: as for `triplet_margin_loss`.

    Raises:
        ShapeError: the shapes do not fit.
        ArgumentError: margin is not positive, or there is no such reduction.

    Example:
        >>> a, b, c = autograd.tensor([[0.0]]), autograd.tensor([[1.0]]), autograd.tensor([[3.0]])
        >>> autograd.triplet_margin_with_distance_loss(a, c, b, distance_function=lambda x, y: (x - y).abs().sum(-1))
        tensor(3.)
    """
    operands = {"anchor": anchor, "positive": positive, "negative": negative}
    distance = pairwise_distance if distance_function is None else distance_function
    return _triplet("triplet_margin_with_distance_loss", operands, distance, margin, swap, reduction)
