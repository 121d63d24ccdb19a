"""Convolution in one, two and three dimensions; in two with its two adjoints as operations of their own.

Convolution is linear in the image and linear in the filters, so three operations close under differentiation: each
one's gradient is another of the three. A sequence is an image of one row. A volume is a batch of images, one for each
depth that the filters stand at, whose channels are those of all the slices which they see there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import dtypes, kernels
from ..composites import composite
from ..errors import ArgumentError, ShapeError
from ..primitive import Sample, as_handle, define, op
from .families import values
from .products import require_floating, same_dtype

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["conv1d", "conv2d", "conv3d"]

Operand = Any
Pair = tuple[int, int]
Triple = tuple[int, int, int]
AXES = {1: "L", 2: "H, W", 3: "D, H, W"}


def kernel_arrays(*arrays: Any) -> list[Any]:
    """The arrays as kernels want them: C-contiguous and writable, float16 as float32; None stays None."""
    ready = []
    for array in arrays:
        if array is not None:
            if array.dtype.char == "e":
                array = array.astype(dtypes.float32)
            if not array.flags.carray:
                array = np.require(array, requirements=["C", "W"])
        ready.append(array)
    return ready


def whole_numbers(name: str, what: str, value: Any, least: int, count: int) -> tuple[int, ...]:
    """`count` whole numbers, each at least `least`, from one or from `count` of them.

    Raises:
        ArgumentError: `value` is something else.
    """
    if type(value) is int and value >= least:
        return (value,) * count
    listed = tuple(value) if isinstance(value, (tuple, list)) else (value,)
    if len(listed) == 1:
        listed *= count
    if len(listed) != count or any(not isinstance(n, (int, np.integer)) or n < least for n in listed):
        wanted = {1: "a whole number", 2: "one or two whole numbers", 3: "one or three whole numbers"}[count]
        raise ArgumentError(f"{name}: {what} is {value!r}; use {wanted} of at least {least}")
    return tuple([int(n) for n in listed])


def pair(name: str, what: str, value: Any, least: int) -> Pair:
    """Two whole numbers, each at least `least`, from one or two.

    Raises:
        ArgumentError: `value` is something else.
    """
    first, second = whole_numbers(name, what, value, least, 2)
    return first, second


def output_size(
    name: str, size: Sequence[int], kernel: Sequence[int], stride: Sequence[int], padding: Sequence[int],
    dilation: Sequence[int],
) -> tuple[int, ...]:  # fmt: skip
    """The sizes that a window leaves: `(N + 2 P - D (F - 1) - 1) // S + 1`, in each dimension.

    Raises:
        ShapeError: the window is larger than the padded image.
    """
    sizes = []
    for n, f, s, p, d in zip(size, kernel, stride, padding, dilation, strict=True):
        room = n + 2 * p - d * (f - 1) - 1
        if room < 0:
            raise ShapeError(
                f"{name}: a window of {d * (f - 1) + 1} does not fit an image of {n} padded to {n + 2 * p} "
                f"(kernel {tuple(kernel)}, dilation {dilation}, padding {padding}); pad more or use a smaller kernel"
            )
        sizes.append(room // s + 1)
    return tuple(sizes)


def _in_dtype(kernel: Callable[..., Any]) -> Callable[..., Any]:
    """Run a kernel on what it wants, and give back the dtype that came in."""

    def forward(x: Any, *arguments: Any) -> Any:
        ready = kernel_arrays(x, *[a for a in arguments if a is None or isinstance(a, np.ndarray)])
        out = kernel(*ready, *arguments[len(ready) - 1 :])
        return out if out.dtype is x.dtype else out.astype(x.dtype, copy=False)

    return forward


def _conv2d(x: Any, weight: Any, bias: Any, *geometry: Any) -> Any:
    return kernels.conv.conv2d(x, weight, bias, *geometry)


def _input_gradient(gradient: Any, weight: Any, input_size: Pair, *geometry: Any) -> Any:
    # A rule comes here without `infer`, and with another geometry the kernel would read past its arrays.
    _input_gradient_infer(gradient, weight, input_size, *geometry)
    return kernels.conv.conv2d_input_gradient(gradient, weight, input_size, *geometry)


def _weight_gradient(x: Any, gradient: Any, kernel_size: Pair, *geometry: Any) -> Any:
    _weight_gradient_infer(x, gradient, kernel_size, *geometry)
    return kernels.conv.conv2d_weight_gradient(x, gradient, kernel_size, *geometry)


def _bias_gradient(gradient: Any) -> Any:
    return kernels.conv.conv2d_bias_gradient(gradient)


def _reference(name: str) -> Callable[..., Any]:
    def reference(*arguments: Any) -> Any:
        return getattr(kernels.reference, name)(*arguments)

    return reference


def check_operands(
    name: str, count: int, x: Any, weight: Any, bias: Any, groups: int, transposed: bool = False
) -> None:
    """Raise unless images, filters and bias of `count` spatial dimensions belong to one convolution.

    Raises:
        ShapeError: dimensions, channels or groups do not fit.
        DtypeError: the dtypes differ, or are not floating.
    """

    def shapes() -> str:  # in an error alone: to write them takes as long as a small convolution
        return f"(x {x.shape}, weight {weight.shape}" + (f", groups {groups})" if groups != 1 else ")")

    same_dtype(name, x=x, weight=weight, bias=bias)
    require_floating(name, x)
    if x.ndim != count + 2 or weight.ndim != count + 2:
        letters = ", ".join("F" + axis for axis in AXES[count].split(", ")) if count > 1 else "F"
        layout = f"(C, K / groups, {letters})" if transposed else f"(K, C / groups, {letters})"
        raise ShapeError(
            f"{name}: x must be (N, C, {AXES[count]}) or (C, {AXES[count]}), and weight {layout} {shapes()}"
        )
    if not isinstance(groups, (int, np.integer)) or groups < 1 or weight.shape[0] % groups or x.shape[1] % groups:
        filters = "channels" if transposed else "filters"
        raise ShapeError(
            f"{name}: {x.shape[1]} channels and the {weight.shape[0]} {filters} of weight cannot be cut into "
            f"{groups} groups {shapes()}; use a common divisor of both"
        )
    expected = weight.shape[0] if transposed else weight.shape[1] * groups
    if x.shape[1] != expected:
        raise ShapeError(
            f"{name}: x has {x.shape[1]} channels but weight expects {expected} {shapes()}; make x.shape[1] == "
            f"weight.shape[{0 if transposed else 1}]{' * groups' if groups != 1 and not transposed else ''}"
        )
    made = weight.shape[1] * groups if transposed else weight.shape[0]
    if bias is not None and bias.shape != (made,):
        raise ShapeError(f"{name}: bias {bias.shape} must be {(made,)}, one number for each filter {shapes()}")


def _infer(x: Any, weight: Any, bias: Any, stride: Pair, padding: Pair, dilation: Pair, groups: int) -> None:
    check_operands("conv2d", 2, x, weight, bias, groups)
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


def _bias_gradient_infer(x: Any) -> None:
    require_floating("conv2d_bias_gradient", x)
    if x.ndim != 4:
        raise ShapeError(f"conv2d_bias_gradient: the gradient must be (N, K, H, W), not {x.shape}")


_GEOMETRY = ("stride", "padding", "dilation", "groups")


def _rule(
    needs: Sequence[bool], g: Any, x: Any, weight: Any, stride: Pair, padding: Pair, dilation: Pair, groups: int
) -> list[Any]:
    geometry = (stride, padding, dilation, groups)
    return [
        op.conv2d_input_gradient(g, weight, x.shape[2:], *geometry) if needs[0] else None,
        op.conv2d_weight_gradient(x, g, weight.shape[2:], *geometry) if needs[1] else None,
        op.conv2d_bias_gradient(g) if needs[2] else None,
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
            out = output_size(of, x[2:], weight[2:], *geometry[:3])
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

CONV2D_BIAS_GRADIENT = define(
    "conv2d_bias_gradient",
    forward=_in_dtype(_bias_gradient),
    inputs=("x",),
    vjp={"x": lambda g, x_shape: op.expand(op.reshape(g, (1, x_shape[1], 1, 1)), x_shape)},
    infer=_bias_gradient_infer,
    reference=_reference("conv2d_bias_gradient"),
    samples=lambda rng: [Sample((values(rng, shape),)) for shape in ((2, 3, 4, 5), (1, 2, 1, 1), (0, 2, 3, 3))],
    formula="sum_nij g[n,k,i,j]",
)


def _prepare(
    name: str, count: int, input: Any, weight: Any, bias: Any, stride: Any, padding: Any, dilation: Any, groups: int,
    checks_itself: bool = False,
) -> tuple[Any, ...]:  # fmt: skip
    """The operands as handles with the input batched, stride, padding and dilation, and whether it was batched now.

    An operation that `checks_itself` finds out what does not fit.
    """
    x, weight = as_handle(input, name), as_handle(weight, name)
    bias = None if bias is None else as_handle(bias, name)
    steps = whole_numbers(name, "stride", stride, 1, count)
    spacing = whole_numbers(name, "dilation", dilation, 1, count)
    single = x.ndim == count + 1
    if single:
        x = x.reshape(1, *x.shape)
    checks = not checks_itself or isinstance(padding, str)
    if checks:
        check_operands(name, count, x, weight, bias, groups)
    if padding == "valid":
        edges = (0,) * count
    elif padding == "same":
        x, edges = _pad_same(name, x, weight, steps, spacing)
    elif isinstance(padding, str):
        raise ArgumentError(f"{name}: padding is {padding!r}; use numbers, 'valid' or 'same'")
    else:
        edges = whole_numbers(name, "padding", padding, 0, count)
    if checks:
        output_size(name, x.shape[2:], weight.shape[2:], steps, edges, spacing)
    return x, weight, bias, steps, edges, spacing, single


def _pad_same(
    name: str, x: Any, weight: Any, stride: tuple[int, ...], dilation: tuple[int, ...]
) -> tuple[Any, tuple[int, ...]]:
    """Pad so that the output keeps the input's size; an odd zero goes to the end, as in PyTorch."""
    if any(s != 1 for s in stride):
        raise ArgumentError(f"{name}: padding 'same' needs stride 1, not {stride}; give the padding in numbers")
    total = [d * (f - 1) for d, f in zip(dilation, weight.shape[2:], strict=True)]
    if all(n % 2 == 0 for n in total):
        return x, tuple([n // 2 for n in total])
    widths = ((0, 0), (0, 0), *((n // 2, n - n // 2) for n in total))
    return op.pad.apply(x, widths, 0), (0,) * len(total)


def _plain(
    x: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1
) -> Any:
    """Convolution of any number of dimensions in plain NumPy: windows, gathered, and one sum of products."""
    count = weight.ndim - 2
    single, x = x.ndim == count + 1, x.reshape(-1, *x.shape[-count - 1 :])
    stride, dilation = (np.broadcast_to(v, count) for v in (stride, dilation))
    reach = [d * (f - 1) for d, f in zip(dilation, weight.shape[2:], strict=True)]
    if padding == "same":
        widths = [(n // 2, n - n // 2) for n in reach]
    else:
        widths = [(p, p) for p in np.broadcast_to(0 if padding == "valid" else padding, count)]
    x = np.pad(x, [(0, 0), (0, 0), *widths])
    view = np.lib.stride_tricks.sliding_window_view(x, [n + 1 for n in reach], axis=tuple(range(2, 2 + count)))
    steps: tuple[Any, ...] = (..., *(slice(None, None, n) for n in (*stride, *dilation)))
    view = view[steps]
    outputs = view.shape[2 : 2 + count]
    windows = view.reshape(len(x), groups, weight.shape[1], int(np.prod(outputs)), weight[0, 0].size)
    filters = weight.reshape(groups, -1, weight.shape[1], weight[0, 0].size)
    out = np.einsum("ngcpf,gkcf->ngkp", windows, filters).reshape(len(x), len(weight), *outputs)
    out = out if bias is None else out + bias.reshape(-1, *(1,) * count)
    return out[0] if single else out


def _sequences(rng: np.random.Generator) -> list[Sample]:
    v = values
    return [
        Sample((v(rng, (2, 2, 5)), v(rng, (3, 2, 2)), v(rng, (3,))), keywords={"stride": 2, "padding": 1}),
        Sample((v(rng, (2, 4)), v(rng, (2, 1, 2))), keywords={"padding": "same", "groups": 2}),
        Sample((v(rng, (0, 1, 4)), v(rng, (2, 1, 3)), v(rng, (2,)))),
    ]


@composite(
    formula="sum_cu weight[k,c,u] x[n,c,s i+u] + bias[k]",
    samples=_sequences,
    reference=_plain,
    error_samples=lambda rng: [
        Sample((values(rng, (1, 2, 4)), values(rng, (1, 3, 2))), error=ShapeError, match="2 channels but weight"),
        Sample((values(rng, (1, 2, 4)), values(rng, (1, 2, 5))), error=ShapeError, match="conv1d: .* does not fit"),
        Sample((values(rng, (2, 4)), values(rng, (2, 2))), error=ShapeError, match="conv1d: x must be"),
        Sample(
            (values(rng, (2, 2, 4)), values(rng, (2, 2, 2))),
            error=ArgumentError,
            match="needs stride 1",
            keywords={"stride": 2, "padding": "same"},
        ),
    ],
)
def conv1d(
    input: Operand,
    weight: Operand,
    bias: Operand | None = None,
    stride: int | tuple[int] = 1,
    padding: int | tuple[int] | str = 0,
    dilation: int | tuple[int] = 1,
    groups: int = 1,
) -> Tensor:
    """Slide filters over sequences, in the field's way, which does not flip them.

    `out[n, k, i] = bias[k] + sum over c, u of weight[k, c, u] * x[n, c, S i + D u - P]`

    Args:
        input: sequences, (N, C, L), or one sequence, (C, L).
        weight: filters, (K, C / groups, F).
        bias: (K,), or None.
        stride: S, the step between windows.
        padding: P, zeros on each side; "valid" for none, "same" for as many as keep the length (stride 1 alone).
        dilation: D, the spacing of the filters' entries.
        groups: the channels and filters are cut into so many groups that do not see each other.

    Returns:
        (N, K, OL) with `OL = (L + 2 P - D (F - 1) - 1) // S + 1`.

    Raises:
        ShapeError: channels, groups or sizes do not fit.
        DtypeError: the dtypes differ.

    Example:
        >>> autograd.conv1d(autograd.tensor([[1.0, 2.0, 4.0, 8.0]]), autograd.tensor([[[-1.0, 1.0]]]))
        tensor([[1., 2., 4.]])
    """
    name = "conv1d"
    x, weight, bias, step, edge, spacing, single = _prepare(
        name, 1, input, weight, bias, stride, padding, dilation, groups
    )
    images, filters = x.unsqueeze(2), weight.unsqueeze(2)
    out = CONV2D.apply(images, filters, bias, (1, *step), (0, *edge), (1, *spacing), groups).squeeze(2)
    return out.reshape(out.shape[1:]) if single else out


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
    x, weight, bias, step, edge, spacing, single = _prepare(
        "conv2d", 2, input, weight, bias, stride, padding, dilation, groups, checks_itself=True
    )
    out = CONV2D.apply(x, weight, bias, step, edge, spacing, groups)
    return out.reshape(out.shape[1:]) if single else out


def _volumes(rng: np.random.Generator) -> list[Sample]:
    v = values
    return [
        Sample((v(rng, (2, 2, 3, 4, 3)), v(rng, (2, 2, 2, 2, 2)), v(rng, (2,))), keywords={"stride": (1, 2, 1)}),
        Sample((v(rng, (2, 3, 2, 3)), v(rng, (2, 1, 2, 1, 2))), keywords={"padding": "same", "groups": 2}),
        Sample(
            (v(rng, (1, 1, 3, 3, 2)), v(rng, (1, 1, 2, 2, 1)), v(rng, (1,))),
            keywords={"stride": 2, "padding": (1, 0, 1), "dilation": (2, 1, 1)},
        ),
        Sample((v(rng, (0, 1, 2, 2, 2)), v(rng, (2, 1, 1, 2, 2)))),
    ]


@composite(
    formula="sum_cuvw weight[k,c,u,v,w] x[n,c,s h+u,s i+v,s j+w] + bias[k]",
    samples=_volumes,
    reference=_plain,
    error_samples=lambda rng: [
        Sample(
            (values(rng, (1, 2, 2, 2, 2)), values(rng, (1, 3, 1, 1, 1))), error=ShapeError, match="conv3d: x has 2 ch"
        ),
        Sample((values(rng, (1, 1, 2, 2, 2)), values(rng, (1, 1, 3, 1, 1))), error=ShapeError, match="does not fit"),
    ],
)
def conv3d(
    input: Operand,
    weight: Operand,
    bias: Operand | None = None,
    stride: int | Triple = 1,
    padding: int | Triple | str = 0,
    dilation: int | Triple = 1,
    groups: int = 1,
) -> Tensor:
    """Slide filters over volumes, in the field's way, which does not flip them.

    `out[n, k, h, i, j] = bias[k] + sum over c, u, v, w of
    weight[k, c, u, v, w] * x[n, c, S h + D u - P, S i + D v - P, S j + D w - P]`

    Args:
        input: volumes, (N, C, D, H, W), or one volume, (C, D, H, W).
        weight: filters, (K, C / groups, FD, FH, FW).
        bias: (K,), or None.
        stride: S, the step between windows, one number or three.
        padding: P, zeros on each side; "valid" for none, "same" for as many as keep the size (stride 1 alone).
        dilation: D, the spacing of the filters' entries.
        groups: the channels and filters are cut into so many groups that do not see each other.

    Returns:
        (N, K, OD, OH, OW), each size as in `conv2d`.

    Raises:
        ShapeError: channels, groups or sizes do not fit.
        DtypeError: the dtypes differ.

    Example:
        >>> volumes, filters = autograd.ones(1, 3, 8, 8, 8), autograd.ones(6, 3, 3, 3, 3)
        >>> autograd.conv3d(volumes, filters).shape
        (1, 6, 6, 6, 6)
    """
    x, weight, bias, step, edge, spacing, single = _prepare(
        "conv3d", 3, input, weight, bias, stride, padding, dilation, groups
    )
    N, C, D, H, W = x.shape
    K, _, FD, FH, FW = weight.shape
    slices = op.im2col.apply(x.reshape(N, C, D, H * W), (FD, 1), (spacing[0], 1), (edge[0], 0), (step[0], 1))
    (OD,) = output_size("conv3d", (D,), (FD,), step[:1], edge[:1], spacing[:1])
    images = slices.reshape(N, C * FD, OD, H, W).permute(0, 2, 1, 3, 4).reshape(N * OD, C * FD, H, W)
    filters = weight.reshape(K, weight.shape[1] * FD, FH, FW)
    out = CONV2D.apply(images, filters, bias, step[1:], edge[1:], spacing[1:], groups)
    out = out.reshape(N, OD, *out.shape[1:]).permute(0, 2, 1, 3, 4)
    return out.reshape(out.shape[1:]) if single else out
