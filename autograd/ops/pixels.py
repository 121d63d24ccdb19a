"""Channels traded for resolution, and shuffled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..composites import composite
from ..errors import ArgumentError, ShapeError
from ..primitive import Sample, as_handle
from .families import values

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["channel_shuffle", "pixel_shuffle", "pixel_unshuffle"]

Operand = Any


def _check(name: str, what: str, factor: Any, x: Any, shape: str) -> None:
    if x.ndim < 3:
        raise ShapeError(f"{name}: x {x.shape} must be {shape}, of at least three dimensions")
    if not isinstance(factor, (int, np.integer)) or factor < 1:
        raise ArgumentError(f"{name}: {what} is {factor!r}; use a whole number of at least 1")


def _shuffled(x: Any, r: int) -> Any:
    *batch, C, H, W = x.shape
    blocks = x.reshape(-1, C // (r * r), r, r, H, W)
    return blocks.transpose(0, 1, 4, 2, 5, 3).reshape(*batch, C // (r * r), H * r, W * r)


def _unshuffled(x: Any, r: int) -> Any:
    *batch, C, H, W = x.shape
    blocks = x.reshape(-1, C, H // r, r, W // r, r)
    return blocks.transpose(0, 1, 3, 5, 2, 4).reshape(*batch, C * r * r, H // r, W // r)


@composite(
    formula="out[n,c,h r+i,w r+j] = x[n,(c,i,j),h,w]",
    samples=lambda rng: [
        Sample((values(rng, (2, 4, 2, 3)),), (2,)),
        Sample((values(rng, (9, 1, 2)),), (3,)),
        Sample((values(rng, (1, 2, 2, 2, 2)),), (1,)),
    ],
    reference=_shuffled,
    error_samples=lambda rng: [
        Sample((values(rng, (1, 3, 2, 2)),), (2,), ShapeError, "3 channels"),
        Sample((values(rng, (4, 4)),), (2,), ShapeError, "at least three"),
        Sample((values(rng, (1, 4, 2, 2)),), (0,), ArgumentError, "at least 1"),
    ],
    source="Shi et al. 2016, arXiv 1609.05158, section 2.2",
)
def pixel_shuffle(input: Operand, upscale_factor: int) -> Tensor:
    """Trade channels for resolution: `out[n, c, h r + i, w r + j] = x[n, (c r + i) r + j, h, w]`.

    Args:
        input: (*, C * r * r, H, W).
        upscale_factor: r, how much larger the images become.

    Returns:
        (*, C, H * r, W * r).

    Raises:
        ShapeError: r * r does not divide the channels, or there are fewer than three dimensions.

    Example:
        >>> autograd.pixel_shuffle(autograd.tensor([[[1.0]], [[2.0]], [[3.0]], [[4.0]]]), 2)
        tensor([[[1., 2.],
                 [3., 4.]]])

    Source: Shi et al. 2016, arXiv 1609.05158, section 2.2.
    """
    x = as_handle(input, "pixel_shuffle")
    _check("pixel_shuffle", "upscale_factor", upscale_factor, x, "(*, C, H, W)")
    r = int(upscale_factor)
    batch, (C, H, W) = x.shape[:-3], x.shape[-3:]
    if C % (r * r):
        raise ShapeError(
            f"pixel_shuffle: {C} channels of x {x.shape} are no multiple of {r} x {r} = {r * r}; use another "
            "upscale_factor"
        )
    n = len(batch)
    blocks = x.reshape(*batch, C // (r * r), r, r, H, W)
    blocks = blocks.permute(*range(n + 1), n + 3, n + 1, n + 4, n + 2)
    return blocks.reshape(*batch, C // (r * r), H * r, W * r)


@composite(
    formula="out[n,(c,i,j),h,w] = x[n,c,h r+i,w r+j]",
    samples=lambda rng: [
        Sample((values(rng, (2, 1, 4, 2)),), (2,)),
        Sample((values(rng, (2, 3, 6)),), (3,)),
        Sample((values(rng, (1, 2, 2, 2, 2)),), (1,)),
    ],
    reference=_unshuffled,
    error_samples=lambda rng: [
        Sample((values(rng, (1, 1, 3, 2)),), (2,), ShapeError, "no multiple"),
        Sample((values(rng, (4, 4)),), (2,), ShapeError, "at least three"),
        Sample((values(rng, (1, 1, 2, 2)),), (-1,), ArgumentError, "at least 1"),
    ],
)
def pixel_unshuffle(input: Operand, downscale_factor: int) -> Tensor:
    """Trade resolution for channels, the inverse of `pixel_shuffle`.

    Args:
        input: (*, C, H * r, W * r).
        downscale_factor: r, how much smaller the images become.

    Returns:
        (*, C * r * r, H, W).

    Raises:
        ShapeError: r does not divide height and width, or there are fewer than three dimensions.

    Example:
        >>> autograd.pixel_unshuffle(autograd.tensor([[[1.0, 2.0], [3.0, 4.0]]]), 2).flatten()
        tensor([1., 2., 3., 4.])
    """
    x = as_handle(input, "pixel_unshuffle")
    _check("pixel_unshuffle", "downscale_factor", downscale_factor, x, "(*, C, H, W)")
    r = int(downscale_factor)
    batch, (C, H, W) = x.shape[:-3], x.shape[-3:]
    if H % r or W % r:
        raise ShapeError(
            f"pixel_unshuffle: height {H} and width {W} of x {x.shape} are no multiple of {r}; use another "
            "downscale_factor"
        )
    n = len(batch)
    blocks = x.reshape(*batch, C, H // r, r, W // r, r)
    blocks = blocks.permute(*range(n + 1), n + 2, n + 4, n + 1, n + 3)
    return blocks.reshape(*batch, C * r * r, H // r, W // r)


@composite(
    formula="out[n,(j,i),...] = x[n,(i,j),...]",
    samples=lambda rng: [
        Sample((values(rng, (2, 4, 3)),), (2,)),
        Sample((values(rng, (1, 6, 1, 2)),), (3,)),
        Sample((values(rng, (0, 2, 1, 2)),), (2,)),
    ],
    reference=lambda x, groups: np.concatenate(
        [x[:, k :: x.shape[1] // groups] for k in range(x.shape[1] // groups)], 1
    ),
    error_samples=lambda rng: [
        Sample((values(rng, (1, 3, 2)),), (2,), ShapeError, "3 channels"),
        Sample((values(rng, (4, 4)),), (2,), ShapeError, "at least three"),
        Sample((values(rng, (1, 4, 2)),), (0,), ArgumentError, "at least 1"),
    ],
    source="Zhang et al. 2017, arXiv 1707.01083, section 3.1",
)
def channel_shuffle(input: Operand, groups: int) -> Tensor:
    """Mix the channels of groups: the first of every group comes first, then the second of every group, and so on.

    Args:
        input: (N, C, *), of at least three dimensions.
        groups: how many groups the channels lie in.

    Returns:
        (N, C, *).

    Raises:
        ShapeError: the groups do not divide the channels, or there are fewer than three dimensions.

    Example:
        >>> autograd.channel_shuffle(autograd.tensor([[[1.0], [2.0], [3.0], [4.0]]]), 2).flatten()
        tensor([1., 3., 2., 4.])

    Source: Zhang et al. 2017, arXiv 1707.01083, section 3.1.
    """
    x = as_handle(input, "channel_shuffle")
    _check("channel_shuffle", "groups", groups, x, "(N, C, *)")
    N, C = x.shape[:2]
    if C % groups:
        raise ShapeError(
            f"channel_shuffle: {C} channels of x {x.shape} cannot be cut into {groups} groups; use a divisor"
        )
    return x.reshape(N, groups, C // groups, *x.shape[2:]).transpose(1, 2).reshape(x.shape)
