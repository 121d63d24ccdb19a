"""Convolution in two dimensions, and its two adjoints as operations of their own.

Convolution is linear in the image and linear in the filters, so three operations close under differentiation: each
one's gradient is another of the three.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import dtypes
from ..errors import ArgumentError, ShapeError
from ..primitive import Sample, as_handle, define, op
from .families import values
from .products import require_floating, same_dtype

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["conv2d"]

Operand = Any
Pair = tuple[int, int]


def kernel_arrays(*arrays: Any) -> list[Any]:
    """The arrays as kernels want them: C-contiguous and writable, float16 as float32; None stays None."""
    ready = []
    for array in arrays:
        if array is not None:
            if array.dtype == dtypes.float16:
                array = array.astype(dtypes.float32)
            array = np.require(array, requirements=["C", "W"])
        ready.append(array)
    return ready


def pair(name: str, what: str, value: Any, least: int) -> Pair:
    """Two whole numbers, each at least `least`, from one or two.

    Raises:
        ArgumentError: `value` is something else.
    """
    both = tuple(value) if isinstance(value, (tuple, list)) else (value, value)
    if len(both) != 2 or any(not isinstance(n, (int, np.integer)) or n < least for n in both):
        raise ArgumentError(f"{name}: {what} is {value!r}; use one or two whole numbers of at least {least}")
    return int(both[0]), int(both[1])


def output_size(name: str, size: Sequence[int], kernel: Pair, stride: Pair, padding: Pair, dilation: Pair) -> Pair:
    """The sizes that a window leaves: `(N + 2 P - D (F - 1) - 1) // S + 1`, in both dimensions.

    Raises:
        ShapeError: the window is larger than the padded image.
    """
    sizes = []
    for n, f, s, p, d in zip(size, kernel, stride, padding, dilation, strict=True):
        room = n + 2 * p - d * (f - 1) - 1
        if room < 0:
            raise ShapeError(
                f"{name}: a window of {d * (f - 1) + 1} does not fit an image of {n} padded to {n + 2 * p} "
                f"(kernel {kernel}, dilation {dilation}, padding {padding}); pad more or use a smaller kernel"
            )
        sizes.append(room // s + 1)
    return sizes[0], sizes[1]


def _in_dtype(kernel: Callable[..., Any]) -> Callable[..., Any]:
    """Run a kernel on what it wants, and give back the dtype that came in."""

    def forward(*arguments: Any) -> Any:
        dtype = arguments[0].dtype
        arrays = [a for a in arguments if a is None or isinstance(a, np.ndarray)]
        out = kernel(*kernel_arrays(*arrays), *arguments[len(arrays) :])
        return out.astype(dtype, copy=False)

    return forward


def _conv2d(x: Any, weight: Any, bias: Any, *geometry: Any) -> Any:
    from ..kernels import conv

    return conv.conv2d(x, weight, bias, *geometry)


def _input_gradient(gradient: Any, weight: Any, input_size: Pair, *geometry: Any) -> Any:
    from ..kernels import conv

    # A rule comes here without `infer`, and with another geometry the kernel would read past its arrays.
    _input_gradient_infer(gradient, weight, input_size, *geometry)
    return conv.conv2d_input_gradient(gradient, weight, input_size, *geometry)


def _weight_gradient(x: Any, gradient: Any, kernel_size: Pair, *geometry: Any) -> Any:
    from ..kernels import conv

    _weight_gradient_infer(x, gradient, kernel_size, *geometry)
    return conv.conv2d_weight_gradient(x, gradient, kernel_size, *geometry)


def _reference(name: str) -> Callable[..., Any]:
    def reference(*arguments: Any) -> Any:
        from ..kernels import reference as plain

        return getattr(plain, name)(*arguments)

    return reference


def _infer(x: Any, weight: Any, bias: Any, stride: Pair, padding: Pair, dilation: Pair, groups: int) -> None:
    shapes = f"(x {x.shape}, weight {weight.shape}" + (f", groups {groups})" if groups != 1 else ")")
    same_dtype("conv2d", x=x, weight=weight, bias=bias)
    require_floating("conv2d", x)
    if x.ndim != 4 or weight.ndim != 4:
        raise ShapeError(f"conv2d: x must be (N, C, H, W) and weight (K, C / groups, FH, FW) {shapes}")
    if not isinstance(groups, int) or groups < 1 or x.shape[1] % groups or weight.shape[0] % groups:
        raise ShapeError(
            f"conv2d: {groups} groups divide neither {x.shape[1]} channels into {weight.shape[0]} filters {shapes}; "
            "use a common divisor of both"
        )
    if x.shape[1] != weight.shape[1] * groups:
        raise ShapeError(
            f"conv2d: x has {x.shape[1]} channels but weight expects {weight.shape[1] * groups} {shapes}; "
            f"make x.shape[1] == weight.shape[1]{' * groups' if groups != 1 else ''}"
        )
    if bias is not None and bias.shape != weight.shape[:1]:
        raise ShapeError(f"conv2d: bias {bias.shape} must be {weight.shape[:1]}, one number for each filter {shapes}")
    output_size("conv2d", x.shape[2:], weight.shape[2:], stride, padding, dilation)


def _check_gradient(
    name: str, x: Sequence[int], weight: Sequence[int], gradient: Sequence[int], stride: Pair, padding: Pair,
    dilation: Pair, groups: int,
) -> None:  # fmt: skip
    """Raise unless `gradient` has the shape of the convolution of x with weight."""
    size = output_size(name, x[2:], (weight[2], weight[3]), stride, padding, dilation)
    fits = x[1] == weight[1] * groups and weight[0] % groups == 0 and x[0] == gradient[0]
    if not fits or tuple(gradient[1:]) != (weight[0], *size):
        raise ShapeError(
            f"{name}: a gradient {tuple(gradient)} does not belong to x {tuple(x)} and weight {tuple(weight)}, whose "
            f"convolution is {(x[0], weight[0], *size)}"
        )


def _input_gradient_infer(x: Any, weight: Any, input_size: Pair, *geometry: Any) -> None:
    same_dtype("conv2d_input_gradient", x=x, weight=weight)
    image = (x.shape[0], weight.shape[1] * geometry[3], *input_size)
    _check_gradient("conv2d_input_gradient", image, weight.shape, x.shape, *geometry)


def _weight_gradient_infer(x: Any, y: Any, kernel_size: Pair, *geometry: Any) -> None:
    same_dtype("conv2d_weight_gradient", x=x, y=y)
    filters = (y.shape[1], x.shape[1] // geometry[3], *kernel_size)
    _check_gradient("conv2d_weight_gradient", x.shape, filters, y.shape, *geometry)


_GEOMETRY = ("stride", "padding", "dilation", "groups")


def _rule(
    needs: Sequence[bool], g: Any, x: Any, weight: Any, stride: Pair, padding: Pair, dilation: Pair, groups: int
) -> list[Any]:
    geometry = (stride, padding, dilation, groups)
    return [
        op.conv2d_input_gradient(g, weight, x.shape[2:], *geometry) if needs[0] else None,
        op.conv2d_weight_gradient(x, g, weight.shape[2:], *geometry) if needs[1] else None,
        op.sum(g, (0, 2, 3), False) if needs[2] else None,
    ]


_SHAPES: list[tuple[tuple[int, ...], tuple[int, ...], tuple[Any, ...]]] = [
    ((2, 2, 4, 5), (3, 2, 3, 2), ((1, 1), (0, 0), (1, 1), 1)),
    ((1, 2, 5, 5), (2, 2, 3, 3), ((2, 1), (1, 0), (1, 2), 1)),
    ((1, 4, 4, 4), (2, 2, 2, 2), ((1, 1), (1, 1), (1, 1), 2)),
    ((1, 2, 3, 3), (4, 1, 3, 3), ((1, 1), (1, 1), (1, 1), 2)),
    ((2, 3, 3, 2), (2, 3, 1, 1), ((2, 1), (0, 0), (1, 1), 1)),
    ((0, 1, 3, 3), (2, 1, 2, 2), ((1, 1), (0, 0), (1, 1), 1)),
]


def _samples(rng: np.random.Generator) -> list[Sample]:
    calls = []
    for k, (x, weight, geometry) in enumerate(_SHAPES):
        bias = values(rng, weight[:1]) if k % 2 == 0 else None
        calls.append(Sample((values(rng, x), values(rng, weight), bias), geometry))
    return calls


def _gradient_samples(of: str) -> Callable[[np.random.Generator], list[Sample]]:
    def samples(rng: np.random.Generator) -> list[Sample]:
        calls = []
        for x, weight, geometry in _SHAPES:
            out = output_size(of, x[2:], weight[2:], *geometry[:3])  # type: ignore[arg-type]
            g = values(rng, (x[0], weight[0], *out))
            if of == "input":
                calls.append(Sample((g, values(rng, weight)), (x[2:], *geometry)))
            else:
                calls.append(Sample((values(rng, x), g), (weight[2:], *geometry)))
        return calls

    return samples


CONV2D = define(
    "conv2d",
    forward=_in_dtype(_conv2d),
    inputs=("x", "weight", "bias"),
    attributes=_GEOMETRY,
    vjp=_rule,
    infer=_infer,
    reference=_reference("conv2d"),
    samples=_samples,
    error_samples=lambda rng: [
        Sample(
            (values(rng, (1, 2, 4, 4)), values(rng, (1, 3, 2, 2)), None),
            ((1, 1), (0, 0), (1, 1), 1),
            ShapeError,
            "x has 2 channels but weight expects 3",
        ),
        Sample(
            (values(rng, (1, 1, 2, 2)), values(rng, (1, 1, 3, 3)), None),
            ((1, 1), (0, 0), (1, 1), 1),
            ShapeError,
            "does not fit an image",
        ),
    ],
    formula="sum_cuv weight[k,c,u,v] x[n,c,s i+u,s j+v] + bias[k]",
)
CONV2D_INPUT_GRADIENT = define(
    "conv2d_input_gradient",
    forward=_in_dtype(_input_gradient),
    inputs=("x", "weight"),
    attributes=("input_size", *_GEOMETRY),
    vjp={
        "x": lambda g, weight, stride, padding, dilation, groups: op.conv2d(
            g, weight, None, stride, padding, dilation, groups
        ),
        "weight": lambda g, x, weight_shape, stride, padding, dilation, groups: op.conv2d_weight_gradient(
            g, x, weight_shape[2:], stride, padding, dilation, groups
        ),
    },
    infer=_input_gradient_infer,
    reference=_reference("conv2d_input_gradient"),
    samples=_gradient_samples("input"),
    formula="adjoint of conv2d by its image",
)
CONV2D_WEIGHT_GRADIENT = define(
    "conv2d_weight_gradient",
    forward=_in_dtype(_weight_gradient),
    inputs=("x", "y"),
    attributes=("kernel_size", *_GEOMETRY),
    vjp={
        "x": lambda g, y, x_shape, stride, padding, dilation, groups: op.conv2d_input_gradient(
            y, g, x_shape[2:], stride, padding, dilation, groups
        ),
        "y": lambda g, x, stride, padding, dilation, groups: op.conv2d(x, g, None, stride, padding, dilation, groups),
    },
    infer=_weight_gradient_infer,
    reference=_reference("conv2d_weight_gradient"),
    samples=_gradient_samples("weight"),
    formula="adjoint of conv2d by its filters",
)


def conv2d(
    input: Operand,
    weight: Operand,
    bias: Operand | None = None,
    stride: int | Pair = 1,
    padding: int | Pair | str = 0,
    dilation: int | Pair = 1,
    groups: int = 1,
) -> Tensor:
    """Slide filters over images, in the field's way, which does not flip them.

    `out[n, k, i, j] = bias[k] + sum over c, u, v of weight[k, c, u, v] * x[n, c, S i + D u - P, S j + D v - P]`

    Args:
        input: images, (N, C, H, W), or one image, (C, H, W).
        weight: filters, (K, C / groups, FH, FW).
        bias: (K,), or None.
        stride: S, the step between windows.
        padding: P, zeros on each side; "valid" for none, "same" for as many as keep the size (stride 1 alone).
        dilation: D, the spacing of the filters' entries.
        groups: the channels and filters are cut into so many groups that do not see each other.

    Returns:
        (N, K, OH, OW) with `OH = (H + 2 P - D (FH - 1) - 1) // S + 1`, and OW likewise.

    Raises:
        ShapeError: channels, groups or sizes do not fit.
        DtypeError: the dtypes differ.

    Example:
        >>> images, filters = autograd.ones(1, 3, 32, 32), autograd.ones(6, 3, 5, 5)
        >>> autograd.conv2d(images, filters).shape
        (1, 6, 28, 28)
    """
    input, weight = as_handle(input, "conv2d"), as_handle(weight, "conv2d")
    stride, dilation = pair("conv2d", "stride", stride, 1), pair("conv2d", "dilation", dilation, 1)
    single = input.ndim == 3
    if single:
        input = input.reshape(1, *input.shape)
    if padding == "valid":
        padding = 0
    elif padding == "same":
        input, padding = _pad_same(input, weight, stride, dilation)
    elif isinstance(padding, str):
        raise ArgumentError(f"conv2d: padding is {padding!r}; use numbers, 'valid' or 'same'")
    both = pair("conv2d", "padding", padding, 0)
    out = CONV2D.apply(input, weight, bias, stride, both, dilation, groups)
    return out.reshape(out.shape[1:]) if single else out


def _pad_same(input: Any, weight: Any, stride: Pair, dilation: Pair) -> tuple[Any, Pair]:
    """Pad so that the output keeps the input's size; an odd zero goes to the end, as in PyTorch."""
    if stride != (1, 1):
        raise ArgumentError(f"conv2d: padding 'same' needs stride 1, not {stride}; give the padding in numbers")
    total = [d * (f - 1) for d, f in zip(dilation, weight.shape[2:], strict=True)]
    if all(n % 2 == 0 for n in total):
        return input, (total[0] // 2, total[1] // 2)
    widths = ((0, 0), (0, 0), *((n // 2, n - n // 2) for n in total))
    return op.pad.apply(input, widths, 0), (0, 0)
