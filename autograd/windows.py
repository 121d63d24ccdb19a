"""The windows of `autograd.signal.windows` under their older names, which are periodic unless told otherwise."""

from __future__ import annotations

from typing import Any

from .errors import named
from .signal import windows
from .tensor import Tensor

__all__ = ["bartlett_window", "blackman_window", "hamming_window", "hann_window", "kaiser_window"]


def bartlett_window(
    window_length: int, periodic: bool = True, *, dtype: Any = None, requires_grad: bool = False, device: Any = None
) -> Tensor:
    """A triangle; see `autograd.signal.windows.bartlett`.

    Example:
        >>> autograd.bartlett_window(4)
        tensor([0.0000, 0.5000, 1.0000, 0.5000])
    """
    with named("bartlett_window"):
        return windows.bartlett(
            window_length, sym=not periodic, dtype=dtype, requires_grad=requires_grad, device=device
        )


def blackman_window(
    window_length: int, periodic: bool = True, *, dtype: Any = None, requires_grad: bool = False, device: Any = None
) -> Tensor:
    """See `autograd.signal.windows.blackman`.

    Example:
        >>> autograd.blackman_window(2, dtype=autograd.float64)[1]
        tensor(1.0000, dtype=float64)
    """
    with named("blackman_window"):
        return windows.blackman(
            window_length, sym=not periodic, dtype=dtype, requires_grad=requires_grad, device=device
        )


def hamming_window(
    window_length: int,
    periodic: bool = True,
    alpha: float = 0.54,
    beta: float = 0.46,
    *,
    dtype: Any = None,
    requires_grad: bool = False,
    device: Any = None,
) -> Tensor:
    """`alpha - beta cos(2 pi n / N)`; see `autograd.signal.windows.general_cosine`.

    Example:
        >>> autograd.hamming_window(4)
        tensor([0.0800, 0.5400, 1.0000, 0.5400])
    """
    with named("hamming_window"):
        return windows.general_cosine(
            window_length, a=[alpha, beta], sym=not periodic, dtype=dtype, requires_grad=requires_grad, device=device
        )


def hann_window(
    window_length: int, periodic: bool = True, *, dtype: Any = None, requires_grad: bool = False, device: Any = None
) -> Tensor:
    """`sin^2(pi n / N)`; see `autograd.signal.windows.hann`.

    Example:
        >>> autograd.hann_window(4)
        tensor([0.0000, 0.5000, 1.0000, 0.5000])
    """
    with named("hann_window"):
        return windows.hann(window_length, sym=not periodic, dtype=dtype, requires_grad=requires_grad, device=device)


def kaiser_window(
    window_length: int,
    periodic: bool = True,
    beta: float = 12.0,
    *,
    dtype: Any = None,
    requires_grad: bool = False,
    device: Any = None,
) -> Tensor:
    """See `autograd.signal.windows.kaiser`.

    Example:
        >>> autograd.kaiser_window(2, beta=0.0)
        tensor([1., 1.])
    """
    with named("kaiser_window"):
        return windows.kaiser(
            window_length, beta=beta, sym=not periodic, dtype=dtype, requires_grad=requires_grad, device=device
        )
