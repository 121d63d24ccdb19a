"""Transposed convolution: what passes a convolution's gradient back to its images, as a function of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..composites import composite
from ..errors import ArgumentError, ShapeError
from ..primitive import Sample, as_handle, op
from .conv import CONV2D_INPUT_GRADIENT, Triple, check_operands, whole_numbers
from .families import values

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["conv_transpose1d", "conv_transpose2d", "conv_transpose3d"]

Operand = Any
Pair = tuple[int, int]
Sizes = tuple[int, ...]


def _transposed(
    name: str, count: int, input: Any, weight: Any, bias: Any, stride: Any, padding: Any, output_padding: Any,
    groups: int, dilation: Any,
) -> Tensor:  # fmt: skip
    """Check the arguments, spread the input over windows, crop to the padding, add the bias."""
    x, weight = as_handle(input, name), as_handle(weight, name)
    bias = None if bias is None else as_handle(bias, name)
    step = whole_numbers(name, "stride", stride, 1, count)
    edge = whole_numbers(name, "padding", padding, 0, count)
    extra = whole_numbers(name, "output_padding", output_padding, 0, count)
    spacing = whole_numbers(name, "dilation", dilation, 1, count)
    single = x.ndim == count + 1
    if single:
        x = x.unsqueeze(0)
    check_operands(name, count, x, weight, bias, groups, transposed=True)
    if any(e >= max(s, d) for e, s, d in zip(extra, step, spacing, strict=True)):
        raise ArgumentError(
            f"{name}: output_padding {extra} must be smaller than stride {step} or dilation {spacing}; pad the result "
            "instead"
        )
    whole = tuple(
        [(n - 1) * s + d * (f - 1) + 1 for n, s, d, f in zip(x.shape[2:], step, spacing, weight.shape[2:], strict=True)]
    )
    size = tuple([n - 2 * p + e for n, p, e in zip(whole, edge, extra, strict=True)])
    if min(size) < 1 or 0 in x.shape[2:]:
        raise ShapeError(
            f"{name}: x {x.shape} and weight {weight.shape} leave an output of {size}; pad less, or use a larger input"
        )
    spread = _spread_volumes if count == 3 else _spread_images
    if all(e < s for e, s in zip(extra, step, strict=True)):
        out = spread(x, weight, size, step, edge, spacing, groups)
    else:  # no convolution of the output gives an input of this size: spread in full, and cut out
        out = spread(x, weight, whole, step, (0,) * count, spacing, groups)
        ends = [p + n - w for n, w, p in zip(size, whole, edge, strict=True)]
        out = _cut(out, edge, ends)
    if bias is not None:
        out = out + bias.reshape(-1, *(1,) * count)
    return out.squeeze(0) if single else out


def _spread_images(x: Any, weight: Any, size: Sizes, step: Sizes, edge: Sizes, spacing: Sizes, groups: int) -> Any:
    """The input-gradient of the convolution in one or two dimensions."""
    if len(size) == 2:
        return CONV2D_INPUT_GRADIENT.apply(x, weight, size, step, edge, spacing, groups)
    rows = (1, *size), (1, *step), (0, *edge), (1, *spacing)
    return CONV2D_INPUT_GRADIENT.apply(x.unsqueeze(2), weight.unsqueeze(2), *rows, groups).squeeze(2)


def _spread_volumes(x: Any, weight: Any, size: Sizes, step: Sizes, edge: Sizes, spacing: Sizes, groups: int) -> Any:
    """Each slice spreads over the slices that its filters cover, which are then added up over the depth."""
    N, K, D, H, W = x.shape
    _, C, FD, FH, FW = weight.shape
    OD, OH, OW = size
    images = x.permute(0, 2, 1, 3, 4).reshape(N * D, K, H, W)
    filters = weight.reshape(K, C * FD, FH, FW)
    slices = CONV2D_INPUT_GRADIENT.apply(images, filters, (OH, OW), step[1:], edge[1:], spacing[1:], groups)
    columns = slices.reshape(N, D, C * groups * FD, OH, OW).permute(0, 2, 1, 3, 4)
    columns = columns.reshape(N, C * groups * FD, D * OH * OW)
    out = op.col2im.apply(columns, (OD, OH * OW), (FD, 1), (spacing[0], 1), (edge[0], 0), (step[0], 1))
    return out.reshape(N, C * groups, OD, OH, OW)


def _cut(x: Any, starts: Sizes, ends: list[int]) -> Any:
    """Take `starts` away before each spatial dimension, and at its end add as many zeros as `ends` says, or take."""
    x = op.pad.apply(x, ((0, 0), (0, 0), *((0, max(e, 0)) for e in ends)), 0)
    return x[(..., *(slice(s, n + min(e, 0)) for s, n, e in zip(starts, x.shape[2:], ends, strict=True)))]


def _plain(
    x: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, output_padding: Any = 0, groups: int = 1,
    dilation: Any = 1,
) -> Any:  # fmt: skip
    """In plain NumPy: every entry of the filters adds the input, times itself, at its places in the output."""
    count = weight.ndim - 2
    single, x = x.ndim == count + 1, x.reshape(-1, *x.shape[-count - 1 :])
    stride, padding, extra, dilation = (np.broadcast_to(v, count) for v in (stride, padding, output_padding, dilation))
    reach = dilation * (np.array(weight.shape[2:]) - 1)
    full = (np.array(x.shape[2:]) - 1) * stride + reach + 1
    C = weight.shape[1]
    out = np.zeros((len(x), groups, C, *(full + extra)))
    parts = x.reshape(len(x), groups, x.shape[1] // groups, *x.shape[2:])
    filters = weight.reshape(groups, -1, *weight.shape[1:])
    for at in np.ndindex(weight.shape[2:]):
        first = np.array(at) * dilation
        place = [slice(a, a + (n - 1) * s + 1, s) for a, n, s in zip(first, x.shape[2:], stride, strict=True)]
        tap: tuple[Any, ...] = (..., *at)
        target: tuple[Any, ...] = (..., *place)
        out[target] += np.einsum("ngk...,gkc->ngc...", parts, filters[tap])
    inner: tuple[Any, ...] = (..., *(slice(p, p + n - 2 * p + e) for p, n, e in zip(padding, full, extra, strict=True)))
    out = out[inner].reshape(len(x), groups * C, *(full - 2 * padding + extra))
    out = out if bias is None else out + bias.reshape(-1, *(1,) * count)
    return out[0] if single else out


def _samples(rng: np.random.Generator, count: int) -> list[Sample]:
    tall, even = (3, 2, 2)[:count], (2, 2, 1)[:count]
    v = values
    return [
        Sample((v(rng, (2, 2, *tall)), v(rng, (2, 2, *even)), v(rng, (2,))), keywords={"stride": 2, "padding": 1}),
        Sample((v(rng, (2, *tall)), v(rng, (2, 1, *even))), keywords={"groups": 2, "stride": 3, "output_padding": 2}),
        Sample((v(rng, (1, 1, *even)), v(rng, (1, 2, *tall))), keywords={"dilation": 2, "output_padding": 1}),
        Sample((v(rng, (0, 1, *tall)), v(rng, (1, 2, *even)))),
    ]


def _error_samples(rng: np.random.Generator, count: int) -> list[Sample]:
    name = f"conv_transpose{count}d"
    x, two = values(rng, (1, 2, *(3,) * count)), (2,) * count
    weight = values(rng, (2, 1, *two))
    return [
        Sample((x, values(rng, (3, 1, *two))), error=ShapeError, match=f"{name}: x has 2 channels but weight"),
        Sample((x[0, 0], weight), error=ShapeError, match=f"{name}: x must be"),
        Sample((x, weight, values(rng, (2,))), error=ShapeError, match="bias"),
        Sample((x, weight), error=ArgumentError, match="must be smaller", keywords={"output_padding": 1}),
        Sample((x, weight), error=ShapeError, match="leave an output", keywords={"padding": 2}),
        Sample((x, weight), error=ArgumentError, match="stride is 0", keywords={"stride": 0}),
    ]


@composite(
    formula="out[n,c,s i+u] += weight[k,c,u] x[n,k,i]",
    samples=lambda rng: _samples(rng, 1),
    reference=_plain,
    error_samples=lambda rng: _error_samples(rng, 1),
)
def conv_transpose1d(
    input: Operand,
    weight: Operand,
    bias: Operand | None = None,
    stride: int | tuple[int] = 1,
    padding: int | tuple[int] = 0,
    output_padding: int | tuple[int] = 0,
    groups: int = 1,
    dilation: int | tuple[int] = 1,
) -> Tensor:
    """Spread sequences over windows, the adjoint of `conv1d`: `out[n, c, S i + D u - P] += weight[k, c, u] x[n, k, i]`.

    Args:
        input: sequences, (N, K, L), or one sequence, (K, L).
        weight: filters, (K, C / groups, F).
        bias: (C,), or None.
        stride: S, the step between windows.
        padding: P, how much is cut off on each side.
        output_padding: how much the end is longer than that; smaller than the stride or the dilation.
        groups: the channels are cut into so many groups that do not see each other.
        dilation: D, the spacing of the filters' entries.

    Returns:
        (N, C, (L - 1) S - 2 P + D (F - 1) + output_padding + 1).

    Raises:
        ShapeError: channels, groups or sizes do not fit.
        DtypeError: the dtypes differ.

    Example:
        >>> autograd.conv_transpose1d(autograd.tensor([[1.0, 10.0]]), autograd.tensor([[[1.0, 2.0]]]), stride=2)
        tensor([[ 1.,  2., 10., 20.]])
    """
    return _transposed("conv_transpose1d", 1, input, weight, bias, stride, padding, output_padding, groups, dilation)


@composite(
    formula="out[n,c,s i+u,s j+v] += weight[k,c,u,v] x[n,k,i,j]",
    samples=lambda rng: _samples(rng, 2),
    reference=_plain,
    error_samples=lambda rng: _error_samples(rng, 2),
)
def conv_transpose2d(
    input: Operand,
    weight: Operand,
    bias: Operand | None = None,
    stride: int | Pair = 1,
    padding: int | Pair = 0,
    output_padding: int | Pair = 0,
    groups: int = 1,
    dilation: int | Pair = 1,
) -> Tensor:
    """Spread images over windows, the adjoint of `conv2d`.

    `out[n, c, S i + D u - P, S j + D v - P] += weight[k, c, u, v] x[n, k, i, j]`

    Args:
        input: images, (N, K, H, W), or one image, (K, H, W).
        weight: filters, (K, C / groups, FH, FW).
        bias: (C,), or None.
        stride: S, the step between windows.
        padding: P, how much is cut off on each side.
        output_padding: how much the end is longer than that; smaller than the stride or the dilation.
        groups: the channels are cut into so many groups that do not see each other.
        dilation: D, the spacing of the filters' entries.

    Returns:
        (N, C, OH, OW) with `OH = (H - 1) S - 2 P + D (FH - 1) + output_padding + 1`, and OW likewise.

    Raises:
        ShapeError: channels, groups or sizes do not fit.
        DtypeError: the dtypes differ.

    Example:
        >>> images, filters = autograd.ones(1, 6, 14, 14), autograd.ones(6, 3, 2, 2)
        >>> autograd.conv_transpose2d(images, filters, stride=2).shape
        (1, 3, 28, 28)

    Source: Zeiler et al. 2010, "Deconvolutional networks"; Dumoulin and Visin 2016, arXiv 1603.07285, chapter 4.
    """
    return _transposed("conv_transpose2d", 2, input, weight, bias, stride, padding, output_padding, groups, dilation)


@composite(
    formula="out[n,c,s h+u,s i+v,s j+w] += weight[k,c,u,v,w] x[n,k,h,i,j]",
    samples=lambda rng: _samples(rng, 3),
    reference=_plain,
    error_samples=lambda rng: _error_samples(rng, 3),
)
def conv_transpose3d(
    input: Operand,
    weight: Operand,
    bias: Operand | None = None,
    stride: int | Triple = 1,
    padding: int | Triple = 0,
    output_padding: int | Triple = 0,
    groups: int = 1,
    dilation: int | Triple = 1,
) -> Tensor:
    """Spread volumes over windows, the adjoint of `conv3d`; the formula is that of `conv_transpose2d` with a depth.

    Args:
        input: volumes, (N, K, D, H, W), or one volume, (K, D, H, W).
        weight: filters, (K, C / groups, FD, FH, FW).
        bias: (C,), or None.
        stride: the step between windows.
        padding: how much is cut off on each side.
        output_padding: how much the end is longer than that; smaller than the stride or the dilation.
        groups: the channels are cut into so many groups that do not see each other.
        dilation: the spacing of the filters' entries.

    Returns:
        (N, C, OD, OH, OW), each size as in `conv_transpose2d`.

    Raises:
        ShapeError: channels, groups or sizes do not fit.
        DtypeError: the dtypes differ.

    Example:
        >>> volumes, filters = autograd.ones(1, 6, 4, 4, 4), autograd.ones(6, 3, 2, 2, 2)
        >>> autograd.conv_transpose3d(volumes, filters, stride=2).shape
        (1, 3, 8, 8, 8)
    """
    return _transposed("conv_transpose3d", 3, input, weight, bias, stride, padding, output_padding, groups, dilation)
