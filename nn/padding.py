"""Layers that put something around their input."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import autograd
from autograd import Tensor
from autograd.errors import ArgumentError

from .module import Module

__all__ = [
    "CircularPad1d",
    "CircularPad2d",
    "CircularPad3d",
    "ConstantPad1d",
    "ConstantPad2d",
    "ConstantPad3d",
    "ReflectionPad1d",
    "ReflectionPad2d",
    "ReflectionPad3d",
    "ReplicationPad1d",
    "ReplicationPad2d",
    "ReplicationPad3d",
    "ZeroPad1d",
    "ZeroPad2d",
    "ZeroPad3d",
]

Size = int | Sequence[int]


class _Pad(Module):
    """Holds how much is put before and after each dimension, the last dimension first."""

    count: int
    mode: str

    def __init__(self, padding: Size) -> None:
        super().__init__()
        entries = 2 * self.count
        given: tuple[Any, ...] = tuple(padding) if isinstance(padding, (tuple, list)) else (padding,) * entries
        if len(given) != entries or not all(hasattr(n, "__index__") for n in given):
            raise ArgumentError(
                f"{type(self).__name__}: padding is {padding!r}; use a whole number, or {entries} of them: before and "
                "after each dimension, the last dimension first"
            )
        self.padding = tuple([int(n) for n in given])

    def forward(self, input: Any) -> Tensor:
        """The padded input."""
        return autograd.pad(input, self.padding, mode=self.mode)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class _ConstantPad(_Pad):
    mode = "constant"

    def __init__(self, padding: Size, value: float) -> None:
        super().__init__(padding)
        self.value = value

    def forward(self, input: Any) -> Tensor:
        """The padded input."""
        return autograd.pad(input, self.padding, mode=self.mode, value=self.value)

    def extra_repr(self) -> str:
        return f"padding={self.padding}, value={self.value}"


class _ZeroPad(_ConstantPad):
    def __init__(self, padding: Size) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class ConstantPad1d(_ConstantPad):
    """Puts a number around sequences.

    Args:
        padding: how much, one number or 2: before and after each dimension, the last dimension first.
        value: the number.

    Raises:
        ArgumentError: padding is no such number.

    Shapes:
        input (N, C, L) or (C, L).

    Example:
        >>> nn.ConstantPad1d(1, 3.5)(autograd.ones(1, 2, 4)).shape
        (1, 2, 6)
    """

    count = 1


class ConstantPad2d(_ConstantPad):
    """Puts a number around images.

    Args:
        padding: how much, one number or 4: before and after each dimension, the last dimension first.
        value: the number.

    Raises:
        ArgumentError: padding is no such number.

    Shapes:
        input (N, C, H, W) or (C, H, W).

    Example:
        >>> nn.ConstantPad2d(1, 3.5)(autograd.ones(1, 2, 4, 4)).shape
        (1, 2, 6, 6)
    """

    count = 2


class ConstantPad3d(_ConstantPad):
    """Puts a number around volumes.

    Args:
        padding: how much, one number or 6: before and after each dimension, the last dimension first.
        value: the number.

    Raises:
        ArgumentError: padding is no such number.

    Shapes:
        input (N, C, D, H, W) or (C, D, H, W).

    Example:
        >>> nn.ConstantPad3d(1, 3.5)(autograd.ones(1, 2, 4, 4, 4)).shape
        (1, 2, 6, 6, 6)
    """

    count = 3


class ZeroPad1d(_ZeroPad):
    """Puts zeros around sequences.

    Args:
        padding: how much, one number or 2: before and after each dimension, the last dimension first.

    Raises:
        ArgumentError: padding is no such number.

    Shapes:
        input (N, C, L) or (C, L).

    Example:
        >>> nn.ZeroPad1d(1)(autograd.ones(1, 2, 4)).shape
        (1, 2, 6)
    """

    count = 1


class ZeroPad2d(_ZeroPad):
    """Puts zeros around images.

    Args:
        padding: how much, one number or 4: before and after each dimension, the last dimension first.

    Raises:
        ArgumentError: padding is no such number.

    Shapes:
        input (N, C, H, W) or (C, H, W).

    Example:
        >>> nn.ZeroPad2d(1)(autograd.ones(1, 2, 4, 4)).shape
        (1, 2, 6, 6)
    """

    count = 2


class ZeroPad3d(_ZeroPad):
    """Puts zeros around volumes.

    Args:
        padding: how much, one number or 6: before and after each dimension, the last dimension first.

    Raises:
        ArgumentError: padding is no such number.

    Shapes:
        input (N, C, D, H, W) or (C, D, H, W).

    Example:
        >>> nn.ZeroPad3d(1)(autograd.ones(1, 2, 4, 4, 4)).shape
        (1, 2, 6, 6, 6)
    """

    count = 3


class ReflectionPad1d(_Pad):
    """Puts what is on the other side of the edge, which is not repeated, around sequences.

    Args:
        padding: how much, one number or 2: before and after each dimension, the last dimension first.

    Raises:
        ArgumentError: padding is no such number.

    Shapes:
        input (N, C, L) or (C, L).

    Example:
        >>> nn.ReflectionPad1d(1)(autograd.ones(1, 2, 4)).shape
        (1, 2, 6)
    """

    count = 1
    mode = "reflect"


class ReflectionPad2d(_Pad):
    """Puts what is on the other side of the edge, which is not repeated, around images.

    Args:
        padding: how much, one number or 4: before and after each dimension, the last dimension first.

    Raises:
        ArgumentError: padding is no such number.

    Shapes:
        input (N, C, H, W) or (C, H, W).

    Example:
        >>> nn.ReflectionPad2d(1)(autograd.ones(1, 2, 4, 4)).shape
        (1, 2, 6, 6)
    """

    count = 2
    mode = "reflect"


class ReflectionPad3d(_Pad):
    """Puts what is on the other side of the edge, which is not repeated, around volumes.

    Args:
        padding: how much, one number or 6: before and after each dimension, the last dimension first.

    Raises:
        ArgumentError: padding is no such number.

    Shapes:
        input (N, C, D, H, W) or (C, D, H, W).

    Example:
        >>> nn.ReflectionPad3d(1)(autograd.ones(1, 2, 4, 4, 4)).shape
        (1, 2, 6, 6, 6)
    """

    count = 3
    mode = "reflect"


class ReplicationPad1d(_Pad):
    """Puts the number at the edge around sequences.

    Args:
        padding: how much, one number or 2: before and after each dimension, the last dimension first.

    Raises:
        ArgumentError: padding is no such number.

    Shapes:
        input (N, C, L) or (C, L).

    Example:
        >>> nn.ReplicationPad1d(1)(autograd.ones(1, 2, 4)).shape
        (1, 2, 6)
    """

    count = 1
    mode = "replicate"


class ReplicationPad2d(_Pad):
    """Puts the number at the edge around images.

    Args:
        padding: how much, one number or 4: before and after each dimension, the last dimension first.

    Raises:
        ArgumentError: padding is no such number.

    Shapes:
        input (N, C, H, W) or (C, H, W).

    Example:
        >>> nn.ReplicationPad2d(1)(autograd.ones(1, 2, 4, 4)).shape
        (1, 2, 6, 6)
    """

    count = 2
    mode = "replicate"


class ReplicationPad3d(_Pad):
    """Puts the number at the edge around volumes.

    Args:
        padding: how much, one number or 6: before and after each dimension, the last dimension first.

    Raises:
        ArgumentError: padding is no such number.

    Shapes:
        input (N, C, D, H, W) or (C, D, H, W).

    Example:
        >>> nn.ReplicationPad3d(1)(autograd.ones(1, 2, 4, 4, 4)).shape
        (1, 2, 6, 6, 6)
    """

    count = 3
    mode = "replicate"


class CircularPad1d(_Pad):
    """Puts what is at the opposite end around sequences.

    Args:
        padding: how much, one number or 2: before and after each dimension, the last dimension first.

    Raises:
        ArgumentError: padding is no such number.

    Shapes:
        input (N, C, L) or (C, L).

    Example:
        >>> nn.CircularPad1d(1)(autograd.ones(1, 2, 4)).shape
        (1, 2, 6)
    """

    count = 1
    mode = "circular"


class CircularPad2d(_Pad):
    """Puts what is at the opposite end around images.

    Args:
        padding: how much, one number or 4: before and after each dimension, the last dimension first.

    Raises:
        ArgumentError: padding is no such number.

    Shapes:
        input (N, C, H, W) or (C, H, W).

    Example:
        >>> nn.CircularPad2d(1)(autograd.ones(1, 2, 4, 4)).shape
        (1, 2, 6, 6)
    """

    count = 2
    mode = "circular"


class CircularPad3d(_Pad):
    """Puts what is at the opposite end around volumes.

    Args:
        padding: how much, one number or 6: before and after each dimension, the last dimension first.

    Raises:
        ArgumentError: padding is no such number.

    Shapes:
        input (N, C, D, H, W) or (C, D, H, W).

    Example:
        >>> nn.CircularPad3d(1)(autograd.ones(1, 2, 4, 4, 4)).shape
        (1, 2, 6, 6, 6)
    """

    count = 3
    mode = "circular"
