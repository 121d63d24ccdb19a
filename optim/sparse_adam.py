"""SparseAdam, which is refused."""

from __future__ import annotations

from typing import Any

from autograd.errors import ArgumentError

__all__ = ["SparseAdam"]


class SparseAdam:
    """PyTorch's Adam for sparse gradients. There are none here, so it cannot be made; use `Adam`.

    Raises:
        ArgumentError: always.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise ArgumentError("SparseAdam: gradients are never sparse here; use Adam, which steps over all rows")
