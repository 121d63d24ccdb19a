"""Windows: weights for the samples of a piece of a signal, under the names and signatures of `torch.signal.windows`.

A symmetric window of M weights reads the same from both ends; `sym=False` gives the first M weights of the symmetric
one of M + 1, so that copies put one after the other are periodic.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import dtypes
from ..arrays import to_number
from ..creation import finish
from ..errors import ArgumentError, DtypeError
from ..tensor import Tensor

__all__ = [
    "bartlett",
    "blackman",
    "cosine",
    "exponential",
    "gaussian",
    "general_cosine",
    "general_hamming",
    "hamming",
    "hann",
    "kaiser",
    "nuttall",
]


def _window(
    name: str, length: Any, sym: bool, dtype: Any, requires_grad: bool, device: Any, weights: Callable[..., Any]
) -> Tensor:
    """The window `weights(n, last)` of the places n = 0, 1, ..., where `last` is the end of the symmetric window."""
    wanted = dtypes.get_default_dtype() if dtype is None else dtypes.as_dtype(dtype)
    if wanted not in (dtypes.float32, dtypes.float64):
        raise DtypeError(f"{name}: dtype is {wanted}; use float32 or float64")
    if not isinstance(length, (int, np.integer)) or length < 0:
        raise ArgumentError(f"{name}: the length is {length!r}; use a whole number that is not negative")
    last = length if not sym and length > 1 else length - 1
    # A single weight is 1, but for a window whose middle may be elsewhere.
    numbers = weights(np.arange(length), last) if last > 0 or name == "exponential" else np.ones(length)
    return finish(numbers.astype(wanted), requires_grad, device)


def _positive(name: str, what: str, value: Any) -> float:
    number = to_number(name, what, value)
    if number <= 0:
        raise ArgumentError(f"{name}: {what} is {value}; use a positive number")
    return number


_NUTTALL = (0.3635819, 0.4891775, 0.1365995, 0.0106411)


def _arch(n: np.ndarray, last: int) -> Any:
    return np.sin(math.pi * (n + 0.5) / (last + 1))


def _cosines(coefficients: Sequence[float]) -> Callable[..., Any]:
    def weights(n: np.ndarray, last: int) -> Any:
        turns = 2 * math.pi * n / last
        return sum((-1) ** k * a * np.cos(k * turns) for k, a in enumerate(coefficients))

    return weights


def bartlett(
    M: int,
    *,
    sym: bool = True,
    dtype: Any = None,
    requires_grad: bool = False,
    device: Any = None,
) -> Tensor:
    """A triangle: `1 - |2 n / N - 1|`, where N is the last place.

    Args:
        M: the number of weights.
        sym: whether the window is symmetric, or the beginning of a period.
        dtype: float32, unless given, or float64.
        requires_grad: record operations on the tensor.
        device: "cpu" or None.

    Example:
        >>> autograd.signal.windows.bartlett(5)
        tensor([0.0000, 0.5000, 1.0000, 0.5000, 0.0000])
    """
    return _window("bartlett", M, sym, dtype, requires_grad, device, lambda n, last: 1 - np.abs(2 * n / last - 1))


def blackman(
    M: int,
    *,
    sym: bool = True,
    dtype: Any = None,
    requires_grad: bool = False,
    device: Any = None,
) -> Tensor:
    """`0.42 - 0.5 cos(2 pi n / N) + 0.08 cos(4 pi n / N)`, where N is the last place.

    Args:
        M: the number of weights.
        sym: whether the window is symmetric, or the beginning of a period.
        dtype: float32, unless given, or float64.
        requires_grad: record operations on the tensor.
        device: "cpu" or None.

    Example:
        >>> autograd.signal.windows.blackman(5)
        tensor([-1.3878e-17,  3.4000e-01,  1.0000e+00,  3.4000e-01, -1.3878e-17])

    Source: Blackman and Tukey 1958, The Measurement of Power Spectra.
    """
    return _window("blackman", M, sym, dtype, requires_grad, device, _cosines((0.42, 0.5, 0.08)))


def cosine(
    M: int,
    *,
    sym: bool = True,
    dtype: Any = None,
    requires_grad: bool = False,
    device: Any = None,
) -> Tensor:
    """An arch: `sin(pi (n + 1/2) / (N + 1))`, where N is the last place.

    Args:
        M: the number of weights.
        sym: whether the window is symmetric, or the beginning of a period.
        dtype: float32, unless given, or float64.
        requires_grad: record operations on the tensor.
        device: "cpu" or None.

    Example:
        >>> autograd.signal.windows.cosine(3)
        tensor([0.5000, 1.0000, 0.5000])
    """
    return _window(
        "cosine", M, sym, dtype, requires_grad, device, lambda n, last: np.sin(math.pi * (n + 0.5) / (last + 1))
    )


def exponential(
    M: int,
    *,
    center: float | None = None,
    tau: float = 1.0,
    sym: bool = True,
    dtype: Any = None,
    requires_grad: bool = False,
    device: Any = None,
) -> Tensor:
    """`e^(-|n - center| / tau)`.

    Args:
        M: the number of weights.
        center: the place of the largest weight, for windows that are not symmetric; the middle, unless given.
        tau: how fast the weights fall.
        sym: whether the window is symmetric, or the beginning of a period.
        dtype: float32, unless given, or float64.
        requires_grad: record operations on the tensor.
        device: "cpu" or None.

    Example:
        >>> autograd.signal.windows.exponential(3)
        tensor([0.3679, 1.0000, 0.3679])
    """
    if sym and center is not None:
        raise ArgumentError("exponential: center is for windows that are not symmetric; leave it out, or use sym=False")
    decay = _positive("exponential", "tau", tau)
    middle = None if center is None else to_number("exponential", "center", center)

    def weights(n: np.ndarray, last: int) -> Any:
        return np.exp(-np.abs(n - (last / 2 if middle is None else middle)) / decay)

    return _window("exponential", M, sym, dtype, requires_grad, device, weights)


def gaussian(
    M: int,
    *,
    std: float = 1.0,
    sym: bool = True,
    dtype: Any = None,
    requires_grad: bool = False,
    device: Any = None,
) -> Tensor:
    """`e^(-(n - m)^2 / (2 std^2))`, where m is the middle.

    Args:
        M: the number of weights.
        std: the standard deviation, in places.
        sym: whether the window is symmetric, or the beginning of a period.
        dtype: float32, unless given, or float64.
        requires_grad: record operations on the tensor.
        device: "cpu" or None.

    Example:
        >>> autograd.signal.windows.gaussian(3)
        tensor([0.6065, 1.0000, 0.6065])
    """
    width = _positive("gaussian", "std", std)

    def weights(n: np.ndarray, last: int) -> Any:
        return np.exp(-(((n - last / 2) / width) ** 2) / 2)

    return _window("gaussian", M, sym, dtype, requires_grad, device, weights)


def general_cosine(
    M: int,
    *,
    a: Sequence[float],
    sym: bool = True,
    dtype: Any = None,
    requires_grad: bool = False,
    device: Any = None,
) -> Tensor:
    """`a[0] - a[1] cos(2 pi n / N) + a[2] cos(4 pi n / N) - ...`, where N is the last place.

    Args:
        M: the number of weights.
        a: the coefficients.
        sym: whether the window is symmetric, or the beginning of a period.
        dtype: float32, unless given, or float64.
        requires_grad: record operations on the tensor.
        device: "cpu" or None.

    Example:
        >>> autograd.signal.windows.general_cosine(3, a=[0.5, 0.5])
        tensor([0., 1., 0.])
    """
    if not isinstance(a, (tuple, list)) or not a:
        raise ArgumentError(f"general_cosine: a is {a!r}; give a list of coefficients that is not empty")
    coefficients = [to_number("general_cosine", "a coefficient", x) for x in a]
    return _window("general_cosine", M, sym, dtype, requires_grad, device, _cosines(coefficients))


def general_hamming(
    M: int,
    *,
    alpha: float = 0.54,
    sym: bool = True,
    dtype: Any = None,
    requires_grad: bool = False,
    device: Any = None,
) -> Tensor:
    """`alpha - (1 - alpha) cos(2 pi n / N)`, where N is the last place.

    Args:
        M: the number of weights.
        alpha: the height of the middle line.
        sym: whether the window is symmetric, or the beginning of a period.
        dtype: float32, unless given, or float64.
        requires_grad: record operations on the tensor.
        device: "cpu" or None.

    Example:
        >>> autograd.signal.windows.general_hamming(3)
        tensor([0.0800, 1.0000, 0.0800])
    """
    alpha = to_number("general_hamming", "alpha", alpha)
    return _window("general_hamming", M, sym, dtype, requires_grad, device, _cosines((alpha, 1 - alpha)))


def hamming(
    M: int,
    *,
    sym: bool = True,
    dtype: Any = None,
    requires_grad: bool = False,
    device: Any = None,
) -> Tensor:
    """`0.54 - 0.46 cos(2 pi n / N)`, where N is the last place.

    Args:
        M: the number of weights.
        sym: whether the window is symmetric, or the beginning of a period.
        dtype: float32, unless given, or float64.
        requires_grad: record operations on the tensor.
        device: "cpu" or None.

    Example:
        >>> autograd.signal.windows.hamming(3)
        tensor([0.0800, 1.0000, 0.0800])
    """
    return _window("hamming", M, sym, dtype, requires_grad, device, _cosines((0.54, 0.46)))


def hann(
    M: int,
    *,
    sym: bool = True,
    dtype: Any = None,
    requires_grad: bool = False,
    device: Any = None,
) -> Tensor:
    """`sin^2(pi n / N)`, where N is the last place.

    Args:
        M: the number of weights.
        sym: whether the window is symmetric, or the beginning of a period.
        dtype: float32, unless given, or float64.
        requires_grad: record operations on the tensor.
        device: "cpu" or None.

    Example:
        >>> autograd.signal.windows.hann(3)
        tensor([0., 1., 0.])
    """
    return _window("hann", M, sym, dtype, requires_grad, device, _cosines((0.5, 0.5)))


def kaiser(
    M: int,
    *,
    beta: float = 12.0,
    sym: bool = True,
    dtype: Any = None,
    requires_grad: bool = False,
    device: Any = None,
) -> Tensor:
    """`I0(beta sqrt(1 - (2 n / N - 1)^2)) / I0(beta)`, where N is the last place.

    Args:
        M: the number of weights.
        beta: how narrow it is.
        sym: whether the window is symmetric, or the beginning of a period.
        dtype: float32, unless given, or float64.
        requires_grad: record operations on the tensor.
        device: "cpu" or None.

    Example:
        >>> autograd.signal.windows.kaiser(3, beta=1.0)
        tensor([0.7898, 1.0000, 0.7898])

    Source: Kaiser and Schafer 1980, IEEE Transactions on Acoustics, Speech and Signal Processing 28, equation 1.
    """
    shape = to_number("kaiser", "beta", beta)
    if shape < 0:
        raise ArgumentError(f"kaiser: beta is {beta}; use a number that is not negative")

    def weights(n: np.ndarray, last: int) -> Any:
        from scipy.special import i0e

        arch = shape * np.sqrt(np.maximum(1 - (2 * n / last - 1) ** 2, 0))
        return i0e(arch) / i0e(shape) * np.exp(arch - shape)  # I0 of a large beta alone would overflow

    return _window("kaiser", M, sym, dtype, requires_grad, device, weights)


def nuttall(
    M: int,
    *,
    sym: bool = True,
    dtype: Any = None,
    requires_grad: bool = False,
    device: Any = None,
) -> Tensor:
    """`0.3635819 - 0.4891775 cos(2 pi n / N) + 0.1365995 cos(4 pi n / N) - 0.0106411 cos(6 pi n / N)`.

    Args:
        M: the number of weights.
        sym: whether the window is symmetric, or the beginning of a period.
        dtype: float32, unless given, or float64.
        requires_grad: record operations on the tensor.
        device: "cpu" or None.

    Example:
        >>> autograd.signal.windows.nuttall(3)
        tensor([3.6280e-04, 1.0000e+00, 3.6280e-04])

    Source: Nuttall 1981, IEEE Transactions on Acoustics, Speech and Signal Processing 29, table II.
    """
    return _window(
        "nuttall", M, sym, dtype, requires_grad, device, _cosines((0.3635819, 0.4891775, 0.1365995, 0.0106411))
    )
