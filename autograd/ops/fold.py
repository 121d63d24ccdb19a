"""Windows of images laid out as columns, and columns added back into images: each is the other's adjoint."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import ShapeError
from ..primitive import Sample, as_handle, define, op
from .conv import Pair, pair
from .conv import output_size as windows_of
from .families import in_float32, values

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["col2im", "im2col"]

Operand = Any


def _taps(
    output: Sequence[int], kernel: Pair, dilation: Pair, stride: Pair
) -> Iterator[tuple[int, int, tuple[slice, slice]]]:
    """For each entry of the kernel, where in the padded image the windows have it."""
    for fh in range(kernel[0]):
        for fw in range(kernel[1]):
            starts = (fh * dilation[0], fw * dilation[1])
            rows, columns = (slice(a, a + (o - 1) * s + 1, s) for a, o, s in zip(starts, output, stride, strict=True))
            yield fh, fw, (rows, columns)


def _im2col(x: Any, kernel: Pair, dilation: Pair, padding: Pair, stride: Pair) -> Any:
    N, C, H, W = x.shape
    output = windows_of("im2col", (H, W), kernel, stride, padding, dilation)
    if padding != (0, 0):
        x = np.pad(x, ((0, 0), (0, 0), (padding[0], padding[0]), (padding[1], padding[1])))
    out = np.empty((N, C, *kernel, *output), x.dtype)
    for fh, fw, place in _taps(output, kernel, dilation, stride):
        out[:, :, fh, fw] = x[(..., *place)]
    return out.reshape(N, C * kernel[0] * kernel[1], output[0] * output[1])


def _col2im(x: Any, size: Pair, kernel: Pair, dilation: Pair, padding: Pair, stride: Pair) -> Any:
    output = windows_of("col2im", size, kernel, stride, padding, dilation)
    N, C = x.shape[0], x.shape[1] // (kernel[0] * kernel[1])
    columns = x.reshape(N, C, *kernel, *output)
    out = np.zeros((N, C, size[0] + 2 * padding[0], size[1] + 2 * padding[1]), x.dtype)
    for fh, fw, place in _taps(output, kernel, dilation, stride):
        out[(..., *place)] += columns[:, :, fh, fw]
    return out[:, :, padding[0] : padding[0] + size[0], padding[1] : padding[1] + size[1]]


def _im2col_infer(x: Any, kernel: Pair, dilation: Pair, padding: Pair, stride: Pair) -> None:
    windows_of("im2col", x.shape[2:], kernel, stride, padding, dilation)


def _col2im_infer(x: Any, size: Pair, kernel: Pair, dilation: Pair, padding: Pair, stride: Pair) -> None:
    output = windows_of("col2im", size, kernel, stride, padding, dilation)
    entries, count = kernel[0] * kernel[1], output[0] * output[1]
    if x.shape[1] % entries or x.shape[2] != count:
        raise ShapeError(
            f"col2im: columns {x.shape} do not fold into images of {size}: a window has {kernel[0]} x {kernel[1]} = "
            f"{entries} entries, which must divide {x.shape[1]}, and there are {output[0]} x {output[1]} = {count} "
            f"windows, which must be {x.shape[2]} (dilation {dilation}, padding {padding}, stride {stride})"
        )


# image, kernel, dilation, padding, stride
_GEOMETRIES: list[tuple[tuple[int, ...], Pair, Pair, Pair, Pair]] = [
    ((2, 1, 4, 3), (2, 2), (1, 1), (0, 0), (1, 1)),
    ((1, 2, 3, 4), (2, 1), (1, 2), (1, 0), (2, 1)),
    ((1, 1, 3, 3), (2, 2), (2, 1), (1, 1), (1, 2)),
    ((0, 1, 2, 2), (1, 2), (1, 1), (0, 0), (1, 1)),
]


def _column_samples(rng: np.random.Generator) -> list[Sample]:
    calls = []
    for shape, kernel, dilation, padding, stride in _GEOMETRIES:
        output = windows_of("col2im", shape[2:], kernel, stride, padding, dilation)
        columns = values(rng, (shape[0], shape[1] * kernel[0] * kernel[1], output[0] * output[1]))
        calls.append(Sample((columns,), (shape[2:], kernel, dilation, padding, stride)))
    return calls


_WINDOW = ("kernel_size", "dilation", "padding", "stride")

IM2COL = define(
    "im2col",
    forward=_im2col,
    inputs=("x",),
    attributes=_WINDOW,
    vjp={
        "x": lambda g, x_shape, kernel_size, dilation, padding, stride: op.col2im(
            g, x_shape[2:], kernel_size, dilation, padding, stride
        )
    },
    infer=_im2col_infer,
    samples=lambda rng: [Sample((values(rng, shape),), tuple(geometry)) for shape, *geometry in _GEOMETRIES],
    error_samples=lambda rng: [
        Sample((values(rng, (1, 1, 2, 2)),), ((3, 3), (1, 1), (0, 0), (1, 1)), ShapeError, "does not fit")
    ],
    formula="out[n,(c,u,v),(i,j)] = x[n,c,s i+u,s j+v]",
)
COL2IM = define(
    "col2im",
    forward=in_float32(_col2im),
    inputs=("x",),
    attributes=("output_size", *_WINDOW),
    vjp={"x": lambda g, kernel_size, dilation, padding, stride: op.im2col(g, kernel_size, dilation, padding, stride)},
    infer=_col2im_infer,
    samples=_column_samples,
    error_samples=lambda rng: [
        Sample((values(rng, (1, 4, 3)),), ((3, 3), (2, 2), (1, 1), (0, 0), (1, 1)), ShapeError, "do not fold"),
        Sample((values(rng, (1, 3, 4)),), ((3, 3), (2, 2), (1, 1), (0, 0), (1, 1)), ShapeError, "must divide 3"),
    ],
    formula="out[n,c,s i+u,s j+v] += x[n,(c,u,v),(i,j)]",
)


def _window(name: str, kernel_size: Any, dilation: Any, padding: Any, stride: Any) -> tuple[Pair, Pair, Pair, Pair]:
    return (
        pair(name, "kernel_size", kernel_size, 1),
        pair(name, "dilation", dilation, 1),
        pair(name, "padding", padding, 0),
        pair(name, "stride", stride, 1),
    )


def im2col(
    input: Operand,
    kernel_size: int | Pair,
    dilation: int | Pair = 1,
    padding: int | Pair = 0,
    stride: int | Pair = 1,
) -> Tensor:
    """The windows of images, each laid out as a column: `torch.nn.functional.unfold`.

    `out[n, (c FH + u) FW + v, i OW + j] = x[n, c, S i + D u - P, S j + D v - P]`

    Args:
        input: images, (N, C, H, W), or one image, (C, H, W).
        kernel_size: the size of a window, FH x FW.
        dilation: D, the spacing of a window's entries.
        padding: P, zeros on each side.
        stride: S, the step between windows.

    Returns:
        (N, C * FH * FW, OH * OW), with OH and OW as in `conv2d`.

    Raises:
        ShapeError: a window does not fit.

    Example:
        >>> autograd.im2col(autograd.tensor([[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]]), (2, 2))
        tensor([[1., 2.],
                [2., 3.],
                [4., 5.],
                [5., 6.]])
    """
    x = as_handle(input, "im2col")
    window = _window("im2col", kernel_size, dilation, padding, stride)
    single = x.ndim == 3
    if not single and x.ndim != 4:
        raise ShapeError(f"im2col: x {x.shape} must be (N, C, H, W) or (C, H, W)")
    if 0 in x.shape[1:]:
        raise ShapeError(f"im2col: x {x.shape} has no numbers to take windows of; only the batch may be empty")
    out = IM2COL.apply(x.unsqueeze(0) if single else x, *window)
    return out.squeeze(0) if single else out


def col2im(
    input: Operand,
    output_size: int | Pair,
    kernel_size: int | Pair,
    dilation: int | Pair = 1,
    padding: int | Pair = 0,
    stride: int | Pair = 1,
) -> Tensor:
    """Columns added up into images, where their windows overlap: `torch.nn.functional.fold`, the adjoint of `im2col`.

    Args:
        input: columns, (N, C * FH * FW, L) or (C * FH * FW, L).
        output_size: the size of the images, H x W.
        kernel_size: the size of a window, FH x FW.
        dilation: the spacing of a window's entries.
        padding: how far the windows hang over each side; what falls there is dropped.
        stride: the step between windows.

    Returns:
        (N, C, H, W) or (C, H, W).

    Raises:
        ShapeError: there are not as many windows, or their entries are no multiple of FH * FW.

    Example:
        >>> autograd.col2im(autograd.ones(1, 2, 2), (1, 3), (1, 2))
        tensor([[[[1., 2., 1.]]]])
    """
    x = as_handle(input, "col2im")
    size = pair("col2im", "output_size", output_size, 1)
    window = _window("col2im", kernel_size, dilation, padding, stride)
    single = x.ndim == 2
    if not single and x.ndim != 3:
        raise ShapeError(f"col2im: x {x.shape} must be (N, C * FH * FW, L) or (C * FH * FW, L)")
    out = COL2IM.apply(x.unsqueeze(0) if single else x, size, *window)
    return out.squeeze(0) if single else out
