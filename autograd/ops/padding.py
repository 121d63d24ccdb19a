"""Putting numbers around a tensor, or cropping it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..composites import composite
from ..errors import ArgumentError, DtypeError, ShapeError
from ..primitive import Handle, Sample, as_handle, define, op
from .dims import normalize_shape
from .families import values
from .joining import CAT
from .rearranging import FLIP
from .splitting import NARROW

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["constant_pad_nd", "pad"]

Operand = Any


def _pad(x: Any, widths: tuple[tuple[int, int], ...], value: float) -> Any:
    inner = tuple(
        [slice(max(-a, 0), size - max(-b, 0)) for (a, b), size in zip(widths, x.shape, strict=True)]
    )  # negative widths crop
    outer = [(max(a, 0), max(b, 0)) for a, b in widths]
    return np.pad(x[inner], outer, constant_values=value)


PAD = define(
    "pad",
    forward=_pad,
    inputs=("x",),
    attributes=("widths", "value"),
    vjp={"x": lambda g, widths: op.pad(g, tuple([(-a, -b) for a, b in widths]), 0)},
    samples=lambda rng: [
        Sample((values(rng, (2, 3)),), (w, v)) for w, v in ((((1, 0), (0, 2)), 0), (((0, 0), (1, -1)), 1.5))
    ],
    formula="x with a constant around it",
)


def pad(input: Operand, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Tensor:
    """Put numbers around the tensor; negative widths crop.

    Args:
        input: a Tensor. In the modes other than "constant" it has up to two dimensions more than are padded, which
            are the last one, two or three.
        pad: widths in pairs (before, after), beginning with the last dimension, as in PyTorch.
        mode: "constant"; "reflect" mirrors at the border, which is not repeated itself; "replicate" repeats the
            border; "circular" continues with the other end.
        value: the constant; 0, unless given.

    Raises:
        ArgumentError: the mode is unknown, or the widths are no pairs, or `value` is given for another mode.
        ShapeError: there is less to crop, to mirror or to continue with than the widths ask for.

    Example:
        >>> autograd.pad(autograd.tensor([[1, 2]]), (1, 0, 0, 1))
        tensor([[0, 1, 2],
                [0, 0, 0]])
        >>> autograd.pad(autograd.tensor([[1, 2, 3]]), (2, 1), mode="reflect")
        tensor([[3, 2, 1, 2, 3, 2]])
    """
    x = as_handle(input, "pad")
    if mode not in ("constant", "reflect", "replicate", "circular"):
        raise ArgumentError(f"pad: mode is {mode!r}; use 'constant', 'reflect', 'replicate' or 'circular'")
    if mode == "constant":
        return _constant("pad", x, pad, 0 if value is None else value)
    if value is not None and value != 0:
        raise ArgumentError(f"pad: value {value} is for mode 'constant', not {mode!r}; leave it out")
    widths = _widths("pad", x, pad)
    padded = len(widths)
    if x.ndim not in (padded + 1, padded + 2) or padded > 3:
        raise ShapeError(
            f"pad: mode {mode!r} pads the last one to three dimensions of tensors with one or two dimensions more, and "
            f"not {padded} of x {x.shape}"
        )
    if 0 in x.shape[1:] or (x.ndim == padded + 1 and x.shape[0] == 0 and mode != "circular"):
        raise ShapeError(f"pad: x {x.shape} is empty, so that there is nothing to fill in; only a batch may be empty")
    sides = {"reflect": _reflected, "replicate": _replicated, "circular": _continued}[mode]
    first = x.ndim - padded
    for k, (before, after) in enumerate(widths):
        size = x.shape[first + k]
        if size + before + after < (1 if mode != "circular" else 0):
            raise ShapeError(f"pad: {tuple(pad)} leaves nothing of dimension {first + k} of x {x.shape}")
        if before or after:
            x = sides(x, first + k, size, before, after)
    return x


@composite(
    formula="x with a constant around it",
    samples=lambda rng: [Sample((values(rng, (2, 3)),), ((1, 2, 0, 1), 1.5)), Sample((values(rng, (3,)),), ((-1, 2),))],
    reference=lambda x, widths, value=0: _pad(x, tuple(zip(*[iter(widths)] * 2, strict=True))[::-1], value),
    error_samples=lambda rng: [Sample((values(rng, (2,)),), ((-1, -2),), ShapeError, "crops more")],
)
def constant_pad_nd(input: Operand, pad: Sequence[int], value: float = 0) -> Tensor:
    """Put a constant around the tensor; negative widths crop. `pad` in its first mode.

    Example:
        >>> autograd.constant_pad_nd(autograd.tensor([1, 2]), (1, 2), 7)
        tensor([7, 1, 2, 7, 7])
    """
    return _constant("constant_pad_nd", as_handle(input, "constant_pad_nd"), pad, value)


def _widths(name: str, x: Any, pad: Sequence[int]) -> tuple[tuple[int, int], ...]:
    """The pairs of widths, those of the last dimension last."""
    given = normalize_shape(name, (tuple(pad) if isinstance(pad, list) else pad,))
    if len(given) % 2 or len(given) > 2 * x.ndim:
        raise ArgumentError(f"{name}: {given} does not fit x {x.shape}; give a pair for each padded dimension")
    return tuple([given[k : k + 2] for k in range(len(given) - 2, -1, -2)])  # type: ignore[misc]


def _constant(name: str, x: Any, pad: Sequence[int], value: Any) -> Any:
    if isinstance(value, Handle) and value.ndim == 0:
        value = value._array.item()
    if not isinstance(value, (int, float)):
        raise DtypeError(f"{name}: value is {value!r:.40}; use a number")
    pairs = _widths(name, x, pad)
    widths = ((0, 0),) * (x.ndim - len(pairs)) + pairs
    for (before, after), size in zip(widths, x.shape, strict=True):
        if size + before + after < 0 or -before > size or -after > size:
            raise ShapeError(f"{name}: {tuple(pad)} crops more than there is of x {x.shape}")
    return PAD.apply(x, widths, value)


# What stands before, within and after a dimension is cut out of the tensor, and joined.


def _join(pieces: Sequence[Any], dim: int) -> Any:
    return CAT.apply(tuple(pieces), dim)


def _reflected(x: Any, dim: int, size: int, before: int, after: int) -> Any:
    if before >= size or after >= size:
        raise ShapeError(
            f"pad: widths ({before}, {after}) of dimension {dim} of x {x.shape} must be less than its size to reflect"
        )
    low, high = max(-before, 0), size - max(-after, 0)
    pieces = [NARROW.apply(x, dim, low, high)]
    if before > 0:
        pieces.insert(0, FLIP.apply(NARROW.apply(x, dim, 1, before + 1), (dim,)))
    if after > 0:
        pieces.append(FLIP.apply(NARROW.apply(x, dim, size - 1 - after, size - 1), (dim,)))
    return _join(pieces, dim)


def _replicated(x: Any, dim: int, size: int, before: int, after: int) -> Any:
    def border(place: int, times: int) -> Any:
        shape = (*x.shape[:dim], times, *x.shape[dim + 1 :])
        return op.expand.apply(NARROW.apply(x, dim, place, place + 1), shape)

    total = size + before + after
    left = min(max(before, 0), total)
    low, high = min(max(-before, 0), size), max(size - max(-after, 0), 0)
    inner = max(high - low, 0)
    right = total - left - inner
    return _join([border(0, left), NARROW.apply(x, dim, low, low + inner), border(size - 1, right)], dim)


def _continued(x: Any, dim: int, size: int, before: int, after: int) -> Any:
    low, high = max(-before, 0), size - max(-after, 0)
    left, right = max(before, 0), max(after, 0)
    if max(left, right) > size or max(left, right) > high - low:
        raise ShapeError(
            f"pad: widths ({before}, {after}) of dimension {dim} of x {x.shape} go around more than once; "
            "use widths up to the size"
        )
    pieces = [(high - left, high), (low, high), (low, low + right)]
    return _join([NARROW.apply(x, dim, a, b) for a, b in pieces], dim)
