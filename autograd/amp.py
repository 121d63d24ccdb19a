"""Mixed precision as far as a CPU makes sense of it: PyTorch's classes, which change nothing here.

Operations compute in the dtype of their tensors (and sums and products of float16 in float32, before they are rounded
back), so there is no dtype to choose for them, and no gradient to scale out of the range of float16. A training loop
that was written with `autocast` and `GradScaler` runs as it stands, in the dtype of the model's parameters.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from .devices import names_device
from .dtypes import get_default_dtype
from .errors import ArgumentError

__all__ = [
    "GradScaler",
    "autocast",
    "custom_bwd",
    "custom_fwd",
    "get_autocast_dtype",
    "is_autocast_available",
    "is_autocast_cpu_enabled",
    "is_autocast_enabled",
]

F = TypeVar("F", bound=Callable[..., Any])


class autocast:  # noqa: N801 - PyTorch's name
    """PyTorch's context manager and decorator that lets operations choose their dtype; here they keep their tensors'.

    Args:
        device_type: "cpu", "cuda" or another; what `torch.cuda.amp.autocast()` leaves out.
        dtype, enabled, cache_enabled: accepted, and without effect.

    Raises:
        ArgumentError: `device_type` names no device.

    Example:
        >>> with autograd.autocast("cpu"):
        ...     (autograd.ones(2) @ autograd.ones(2)).dtype
        dtype('float32')
    """

    def __init__(
        self, device_type: str = "cuda", dtype: Any = None, enabled: bool = True, cache_enabled: bool | None = None
    ) -> None:
        if isinstance(device_type, bool):  # torch.cuda.amp.autocast(enabled) has no device
            device_type = "cuda"
        if not names_device(device_type):
            raise ArgumentError(f"autocast: {device_type!r} is no device; use 'cpu'")

    def __enter__(self) -> autocast:
        return self

    def __exit__(self, *exception: object) -> None:
        pass

    def __call__(self, function: F) -> F:
        @functools.wraps(function)
        def wrapper(*arguments: Any, **keywords: Any) -> Any:
            return function(*arguments, **keywords)

        return wrapper  # type: ignore[return-value]


class GradScaler:
    """PyTorch's scaler of the loss, as it is where it is disabled: losses stay as they are, and steps are taken.

    `scale` returns what it is given, `step` calls `optimizer.step()`, `update` and `unscale_` do nothing, and the state
    is empty. So it is in PyTorch on a machine without a graphics card.

    Args:
        device, init_scale, growth_factor, backoff_factor, growth_interval, enabled: accepted, and without effect.

    Example:
        >>> x = autograd.tensor([3.0], requires_grad=True)
        >>> optimizer, scaler = optim.SGD([x], lr=0.5), autograd.amp.GradScaler()
        >>> scaler.scale((x * x).sum()).backward()
        >>> scaler.step(optimizer)
        >>> scaler.update()
        >>> x.tolist()
        [0.0]
    """

    def __init__(
        self,
        device: Any = "cuda",
        init_scale: float = 2.0**16,
        growth_factor: float = 2.0,
        backoff_factor: float = 0.5,
        growth_interval: int = 2000,
        enabled: bool = True,
    ) -> None:
        pass

    def scale(self, outputs: Any) -> Any:
        """The outputs, as they are."""
        return outputs

    def unscale_(self, optimizer: Any) -> None:
        """The gradients are not scaled, and stay as they are."""

    def step(self, optimizer: Any, *args: Any, **kwargs: Any) -> Any:
        """`optimizer.step(*args, **kwargs)`, and what it returns."""
        return optimizer.step(*args, **kwargs)

    def update(self, new_scale: Any = None) -> None:
        """There is no scale to change."""

    def get_scale(self) -> float:
        """The factor that losses are scaled with: 1."""
        return 1.0

    def is_enabled(self) -> bool:
        """Tell whether losses are scaled: they are not."""
        return False

    def state_dict(self) -> dict[str, Any]:
        """The state: empty."""
        return {}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take any state, of which nothing is needed."""


def custom_fwd(fwd: Any = None, *, device_type: str = "cuda", cast_inputs: Any = None) -> Any:
    """Mark the forward of an `autograd.Function` as one that runs under autocast: it runs as it is."""
    return functools.partial(custom_fwd, device_type=device_type) if fwd is None else fwd


def custom_bwd(bwd: Any = None, *, device_type: str = "cuda") -> Any:
    """Mark the backward of an `autograd.Function` as one that runs under autocast: it runs as it is."""
    return functools.partial(custom_bwd, device_type=device_type) if bwd is None else bwd


def is_autocast_available(device_type: str) -> bool:
    """Tell whether autocast chooses dtypes on a device: it does so nowhere."""
    return False


def is_autocast_enabled(device_type: str | None = None) -> bool:
    """Tell whether operations choose their dtype: inside of `autocast` too they keep their tensors'."""
    return False


def is_autocast_cpu_enabled() -> bool:
    """Tell whether operations choose their dtype on the CPU: they do not."""
    return False


def get_autocast_dtype(device_type: str) -> Any:
    """The dtype that autocast chooses: the default one, in which nothing changes."""
    return get_default_dtype()
