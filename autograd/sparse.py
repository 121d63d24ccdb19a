"""torch.sparse for programs that use it with tensors that hold their zeros like other numbers.

No tensor is stored sparsely: what would be sparse is an ordinary tensor with the same numbers, and `is_sparse` is
False. Programs that multiply by an adjacency matrix run unchanged, with the memory of the whole matrix.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from . import dtypes, ops
from .creation import as_tensor, zeros
from .devices import check_device
from .errors import ArgumentError, ShapeError
from .tensor import Tensor

__all__ = ["FloatTensor", "addmm", "log_softmax", "mm", "softmax", "sparse_coo_tensor", "sum"]


def sparse_coo_tensor(
    indices: Any,
    values: Any,
    size: Sequence[int] | None = None,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    check_invariants: bool | None = None,
    is_coalesced: bool | None = None,
) -> Tensor:
    """A tensor that is 0 but for some numbers; those with the same indices are added up.

    Args:
        indices: (D, N), whole numbers: a row for each dimension.
        values: (N, ...), the numbers; they carry gradients.
        size: the sizes of all dimensions; as small as may be, unless given.
        dtype: that of the values, unless given.
        device: "cpu" or None.
        requires_grad: record operations on the tensor.
        check_invariants, is_coalesced: accepted, and without effect.

    Raises:
        ArgumentError: the size does not have the dimensions.
        ShapeError: indices and values do not fit together.
        IndexRangeError: an index is outside.

    Example:
        >>> autograd.sparse_coo_tensor([[0, 1], [2, 0]], [3.0, 4.0], (2, 3))
        tensor([[0., 0., 3.],
                [4., 0., 0.]])
    """
    check_device(device, "sparse_coo_tensor")
    places = as_tensor(indices).long()
    numbers = values if isinstance(values, Tensor) else as_tensor(values)
    numbers = numbers if dtype is None else numbers.to(dtypes.as_dtype(dtype))
    if places.ndim != 2 or (numbers.ndim and numbers.shape[0] != places.shape[1]):
        raise ShapeError(
            f"sparse_coo_tensor: indices {places.shape} must be (D, N), and values {numbers.shape} (N, ...)"
        )
    if size is None:
        size = (*[int(n) + 1 for n in places.amax(dim=1).tolist()], *numbers.shape[1:])
    if len(size) != places.shape[0] + max(numbers.ndim - 1, 0):
        raise ArgumentError(f"sparse_coo_tensor: size {tuple(size)} does not have the dimensions of the indices")
    whole = zeros(tuple(size), dtype=numbers.dtype)
    result = ops.index_put(whole, tuple(places.unbind(0)), numbers, accumulate=True)
    return result.requires_grad_() if requires_grad else result


def mm(mat1: Tensor, mat2: Tensor) -> Tensor:
    """The matrix product; see `autograd.mm`.

    Example:
        >>> autograd.sparse.mm(autograd.eye(2).to_sparse(), autograd.ones(2, 1))
        tensor([[1.],
                [1.]])
    """
    return ops.mm(mat1, mat2)


def addmm(mat: Tensor, mat1: Tensor, mat2: Tensor, *, beta: float = 1.0, alpha: float = 1.0) -> Tensor:
    """`beta * mat + alpha * mat1 @ mat2`; see `autograd.addmm`."""
    return ops.addmm(mat, mat1, mat2, beta=beta, alpha=alpha)


def softmax(input: Tensor, dim: int, *, dtype: Any = None) -> Tensor:
    """The softmax of the numbers that are not 0, which a tensor without sparse storage cannot tell from zeros.

    Raises:
        ArgumentError: always.
    """
    raise _unstored("softmax")


def log_softmax(input: Tensor, dim: int, *, dtype: Any = None) -> Tensor:
    """The logarithm of `softmax`.

    Raises:
        ArgumentError: always.
    """
    raise _unstored("log_softmax")


def _unstored(name: str) -> ArgumentError:
    return ArgumentError(
        f"sparse.{name}: no tensor is stored sparsely, so which numbers are there is not known; mask the others with "
        f"-inf and use autograd.{name}"
    )


def sum(input: Tensor, dim: Any = None, dtype: Any = None) -> Tensor:
    """The sum over some dimensions; see `autograd.sum`."""
    return ops.sum(input, dim=dim, dtype=dtype)


def FloatTensor(indices: Any, values: Any, size: Sequence[int] | None = None) -> Tensor:  # noqa: N802 - PyTorch's name
    """`sparse_coo_tensor` under its name before PyTorch 1.0, in float32."""
    return sparse_coo_tensor(indices, values, size, dtype=dtypes.float32)
