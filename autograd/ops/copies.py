"""The operations that give views, giving copies: PyTorch has each of them under its name with `_copy` added."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..composites import composite
from ..primitive import Sample, as_handle
from .diagonals import diagonal
from .dims import sequence
from .families import values
from .memory import as_strided, windows
from .shape import CLONE, permute, squeeze, t, transpose, unsqueeze, view
from .splitting import narrow, select, split_with_sizes, unbind
from .stretching import expand

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = [
    "alias_copy",
    "as_strided_copy",
    "diagonal_copy",
    "expand_copy",
    "narrow_copy",
    "permute_copy",
    "select_copy",
    "split_with_sizes_copy",
    "squeeze_copy",
    "t_copy",
    "transpose_copy",
    "unbind_copy",
    "unfold_copy",
    "unsqueeze_copy",
    "view_copy",
]

Operand = Any


def _copy(x: Any) -> Any:
    return CLONE.apply(x)


def _copies(pieces: Sequence[Any]) -> tuple[Any, ...]:
    return tuple([CLONE.apply(piece) for piece in pieces])


@composite(
    formula="a copy of x",
    samples=lambda rng: [Sample((values(rng, (2, 3)),))],
    reference=np.array,
)
def alias_copy(input: Operand) -> Tensor:
    """The tensor itself, as a copy with memory of its own.

    Example:
        >>> autograd.alias_copy(autograd.tensor([1.0, 2.0]))
        tensor([1., 2.])
    """
    return _copy(as_handle(input, "alias_copy"))


@composite(
    formula="a copy of what as_strided shows",
    samples=lambda rng: [Sample((values(rng, (5,)),), ((3, 3), (1, 1)))],
    reference=lambda x, size, stride: np.lib.stride_tricks.sliding_window_view(x, 3),
)
def as_strided_copy(
    input: Operand, size: Sequence[int], stride: Sequence[int], storage_offset: int | None = None
) -> Tensor:
    """`as_strided`, as a copy with memory of its own.

    Example:
        >>> autograd.as_strided_copy(autograd.arange(4), (2,), (2,))
        tensor([0, 2])
    """
    return _copy(as_strided(input, size, stride, storage_offset))


@composite(
    formula="a copy of what diagonal shows",
    samples=lambda rng: [Sample((values(rng, (3, 4)),), (1,))],
    reference=np.diagonal,
)
def diagonal_copy(input: Operand, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """`diagonal`, as a copy with memory of its own.

    Example:
        >>> autograd.diagonal_copy(autograd.tensor([[1, 2], [3, 4]]))
        tensor([1, 4])
    """
    return _copy(diagonal(input, offset, dim1, dim2))


@composite(
    formula="a copy of what expand shows",
    samples=lambda rng: [Sample((values(rng, (2, 1)),), ((2, 3),))],
    reference=np.broadcast_to,
)
def expand_copy(input: Operand, size: Sequence[int]) -> Tensor:
    """`expand`, as a copy with memory of its own.

    Example:
        >>> autograd.expand_copy(autograd.tensor([[1], [2]]), (2, 2))
        tensor([[1, 1],
                [2, 2]])
    """
    return _copy(expand(input, sequence("expand_copy", "size", size)))


@composite(
    formula="a copy of what narrow shows",
    samples=lambda rng: [Sample((values(rng, (2, 5)),), (1, 1, 3))],
    reference=lambda x, dim, start, length: x[:, start : start + length],
)
def narrow_copy(input: Operand, dim: int, start: int, length: int) -> Tensor:
    """`narrow`, as a copy with memory of its own.

    Example:
        >>> autograd.narrow_copy(autograd.arange(5), 0, 1, 3)
        tensor([1, 2, 3])
    """
    return _copy(narrow(input, dim, start, length))


@composite(
    formula="a copy of what permute shows",
    samples=lambda rng: [Sample((values(rng, (2, 3, 4)),), ((2, 0, 1),))],
    reference=np.transpose,
)
def permute_copy(input: Operand, dims: Sequence[int]) -> Tensor:
    """`permute`, as a copy with memory of its own.

    Example:
        >>> autograd.permute_copy(autograd.ones(2, 3, 4), (2, 0, 1)).shape
        (4, 2, 3)
    """
    return _copy(permute(input, dims))


@composite(
    formula="a copy of what select shows",
    samples=lambda rng: [Sample((values(rng, (2, 3)),), (1, 2))],
    reference=lambda x, dim, index: np.take(x, index, axis=dim),
)
def select_copy(input: Operand, dim: int, index: int) -> Tensor:
    """`select`, as a copy with memory of its own.

    Example:
        >>> autograd.select_copy(autograd.tensor([[1, 2], [3, 4]]), 1, 0)
        tensor([1, 3])
    """
    return _copy(select(input, dim, index))


@composite(
    formula="a copy of what split_with_sizes shows",
    samples=lambda rng: [Sample((values(rng, (5, 2)),), ((2, 3),))],
    reference=lambda x, sizes: [x[:2], x[2:]],
)
def split_with_sizes_copy(input: Operand, split_sizes: Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """`split_with_sizes`, as copies with memory of their own.

    Example:
        >>> autograd.split_with_sizes_copy(autograd.arange(3), [1, 2])
        (tensor([0]), tensor([1, 2]))
    """
    return _copies(split_with_sizes(input, split_sizes, dim))


@composite(
    formula="a copy of what squeeze shows",
    samples=lambda rng: [Sample((values(rng, (1, 3, 1)),), (0,))],
    reference=np.squeeze,
)
def squeeze_copy(input: Operand, dim: int | Sequence[int] | None = None) -> Tensor:
    """`squeeze`, as a copy with memory of its own.

    Example:
        >>> autograd.squeeze_copy(autograd.ones(1, 3, 1)).shape
        (3,)
    """
    return _copy(squeeze(input, dim))


@composite(
    formula="a copy of what t shows",
    samples=lambda rng: [Sample((values(rng, (2, 3)),))],
    reference=np.transpose,
)
def t_copy(input: Operand) -> Tensor:
    """`t`, as a copy with memory of its own.

    Example:
        >>> autograd.t_copy(autograd.ones(2, 3)).shape
        (3, 2)
    """
    return _copy(t(input))


@composite(
    formula="a copy of what transpose shows",
    samples=lambda rng: [Sample((values(rng, (2, 3, 4)),), (0, -1))],
    reference=np.swapaxes,
)
def transpose_copy(input: Operand, dim0: int, dim1: int) -> Tensor:
    """`transpose`, as a copy with memory of its own.

    Example:
        >>> autograd.transpose_copy(autograd.ones(2, 3), 0, 1).shape
        (3, 2)
    """
    return _copy(transpose(input, dim0, dim1))


@composite(
    formula="a copy of what unbind shows",
    samples=lambda rng: [Sample((values(rng, (2, 3)),), (1,))],
    reference=lambda x, dim: [x[:, 0], x[:, 1], x[:, 2]],
)
def unbind_copy(input: Operand, dim: int = 0) -> tuple[Tensor, ...]:
    """`unbind`, as copies with memory of their own.

    Example:
        >>> autograd.unbind_copy(autograd.tensor([[1, 2], [3, 4]]))
        (tensor([1, 2]), tensor([3, 4]))
    """
    return _copies(unbind(input, dim))


@composite(
    formula="a copy of what unfold shows",
    samples=lambda rng: [Sample((values(rng, (2, 6)),), (1, 3, 2))],
    reference=lambda x, dim, size, step: np.lib.stride_tricks.sliding_window_view(x, size, dim)[:, ::step],
)
def unfold_copy(input: Operand, dimension: int, size: int, step: int) -> Tensor:
    """`Tensor.unfold`, as a copy with memory of its own.

    Example:
        >>> autograd.unfold_copy(autograd.arange(4), 0, 2, 1)
        tensor([[0, 1],
                [1, 2],
                [2, 3]])
    """
    return _copy(windows(input, dimension, size, step))


@composite(
    formula="a copy of what unsqueeze shows",
    samples=lambda rng: [Sample((values(rng, (2, 3)),), (1,))],
    reference=np.expand_dims,
)
def unsqueeze_copy(input: Operand, dim: int) -> Tensor:
    """`unsqueeze`, as a copy with memory of its own.

    Example:
        >>> autograd.unsqueeze_copy(autograd.ones(3), 0).shape
        (1, 3)
    """
    return _copy(unsqueeze(input, dim))


@composite(
    formula="a copy of what view shows",
    samples=lambda rng: [Sample((values(rng, (2, 3)),), ((3, 2),))],
    reference=np.reshape,
)
def view_copy(input: Operand, size: Sequence[int]) -> Tensor:
    """`view`, as a copy with memory of its own.

    Example:
        >>> autograd.view_copy(autograd.arange(4), (2, 2))
        tensor([[0, 1],
                [2, 3]])
    """
    return _copy(view(input, size))
