"""The one device that there is, under PyTorch's name for it."""

from __future__ import annotations

from typing import Any

from .errors import ArgumentError

__all__ = ["check_device", "device", "names_device"]

_KINDS = ("cpu", "cuda", "mps", "xpu", "meta", "xla", "hpu")


class device:  # noqa: N801 - PyTorch's name
    """Where tensors are: always the CPU.

    Args:
        type: "cpu", "cpu:0", or another device.
        index: a number; the CPU has none, or 0.

    Attributes:
        type: "cpu".
        index: None or 0.

    Raises:
        ArgumentError: another device is asked for.

    Example:
        >>> place = autograd.device("cuda" if autograd.cuda.is_available() else "cpu")
        >>> place
        device(type='cpu')
        >>> autograd.ones(2, device=place).device == place
        True
    """

    __slots__ = ("index", "type")
    type: str
    index: int | None

    def __init__(self, type: Any, index: int | None = None) -> None:
        name = str(type)
        if name == "cpu:0" and index is None:
            name, index = "cpu", 0
        if name != "cpu" or index not in (None, 0):
            raise ArgumentError(
                f"device {name if index is None else f'{name}:{index}'!r} is not there; chainrule computes on 'cpu'"
            )
        self.type, self.index = name, index

    def __repr__(self) -> str:
        return (
            f"device(type={self.type!r})" if self.index is None else f"device(type={self.type!r}, index={self.index})"
        )

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __eq__(self, other: object) -> bool:
        return str(self) == str(other) if isinstance(other, (device, str)) else NotImplemented

    def __hash__(self) -> int:
        return hash(str(self))

    def __reduce__(self) -> Any:
        return device, (self.type, self.index)

    def __enter__(self) -> device:
        return self

    def __exit__(self, *exception: object) -> None:
        """New tensors are on the CPU inside of the block as outside."""


CPU = device("cpu")


def check_device(place: Any, name: str = "") -> None:
    """Raise unless the device is None or the CPU. `name` is the operation that the error names.

    Raises:
        ArgumentError: another device is asked for.
    """
    if place is None or place is CPU:
        return
    try:
        device(place)
    except ArgumentError as error:
        raise ArgumentError(f"{name}: {error}" if name else str(error)) from None


def names_device(value: Any) -> bool:
    """Tell whether `value` is a device, or a text that names one, here or elsewhere: "cpu", "cuda:0"."""
    return isinstance(value, device) or (isinstance(value, str) and value.split(":")[0] in _KINDS)
