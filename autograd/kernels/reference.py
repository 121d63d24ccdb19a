"""What the kernels compute, in plain NumPy: the same names, arguments and results, for readers and for parity tests.

Convolution gathers, for every filter offset, the numbers that meet it: `_windows` is a strided view of the padded
input with axes (n, c, oh, ow, fh, fw), and each function is one sum of products over it.
"""

import numpy as np

Pair = tuple[int, int]


def conv2d(
    x: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray | None,
    stride: Pair,
    padding: Pair,
    dilation: Pair,
    groups: int,
) -> np.ndarray:
    """out[n, k, oh, ow] = bias[k] + sum over c, fh, fw of window[n, c, oh, ow, fh, fw] * weight[k, c, fh, fw]"""
    K, C, FH, FW = weight.shape
    windows = _grouped(_windows(_padded(x, padding, 0), (FH, FW), stride, dilation), groups)
    filters = weight.reshape(groups, K // groups, C, FH, FW)
    out = np.einsum("ngcpqij,gkcij->ngkpq", windows, filters)
    out = out.reshape(x.shape[0], K, *out.shape[3:])
    return out if bias is None else out + bias[:, None, None]


def conv2d_input_gradient(
    gradient: np.ndarray,
    weight: np.ndarray,
    input_size: Pair,
    stride: Pair,
    padding: Pair,
    dilation: Pair,
    groups: int,
) -> np.ndarray:
    """Each output passes gradient * weight back to the numbers of its window."""
    K, C, FH, FW = weight.shape
    N, _, OH, OW = gradient.shape
    H, W = input_size
    filters = weight.reshape(groups, K // groups, C, FH, FW)
    passed = np.einsum("ngkpq,gkcij->ngcpqij", _grouped(gradient, groups), filters)
    passed = passed.reshape(N, groups * C, OH, OW, FH, FW)
    out = np.zeros((N, groups * C, H + 2 * padding[0], W + 2 * padding[1]), gradient.dtype)
    for fh in range(FH):
        for fw in range(FW):
            rows = slice(fh * dilation[0], fh * dilation[0] + OH * stride[0], stride[0])
            columns = slice(fw * dilation[1], fw * dilation[1] + OW * stride[1], stride[1])
            # The last slice may reach over the edge by less than a stride; NumPy clips it, and the count stays OH.
            out[:, :, rows, columns] += passed[..., fh, fw]
    return out[:, :, padding[0] : padding[0] + H, padding[1] : padding[1] + W]


def conv2d_weight_gradient(
    x: np.ndarray,
    gradient: np.ndarray,
    kernel_size: Pair,
    stride: Pair,
    padding: Pair,
    dilation: Pair,
    groups: int,
) -> np.ndarray:
    """out[k, c, fh, fw] = sum over n, oh, ow of gradient[n, k, oh, ow] * window[n, c, oh, ow, fh, fw]"""
    windows = _windows(_padded(x, padding, 0), kernel_size, stride, dilation)
    # A stride can leave rows of windows that the caller's output size does not have; there are none in valid input.
    out = np.einsum("ngcpqij,ngkpq->gkcij", _grouped(windows, groups), _grouped(gradient, groups))
    return out.reshape(gradient.shape[1], x.shape[1] // groups, *kernel_size)


def conv2d_bias_gradient(gradient: np.ndarray) -> np.ndarray:
    """out[k] = sum over n, oh, ow of gradient[n, k, oh, ow]"""
    return gradient.sum(axis=(0, 2, 3))


def max_pool2d(
    x: np.ndarray, kernel_size: Pair, stride: Pair, padding: Pair, dilation: Pair, output_size: Pair
) -> tuple[np.ndarray, np.ndarray]:
    """A loop over all windows: the first of the largest wins, the last NaN before any number, -1 without any."""
    N, C, H, W = x.shape
    out = np.empty((N, C, *output_size), x.dtype)
    indices = np.empty((N, C, *output_size), np.int32)
    for oh in range(output_size[0]):
        h = _inside(oh, kernel_size[0], stride[0], padding[0], dilation[0], H)
        for ow in range(output_size[1]):
            w = _inside(ow, kernel_size[1], stride[1], padding[1], dilation[1], W)
            if h.size * w.size == 0:
                out[:, :, oh, ow], indices[:, :, oh, ow] = -np.inf, -1
                continue
            window = x[:, :, h[:, None], w].reshape(N, C, h.size * w.size)
            positions = (h[:, None] * W + w).reshape(-1)
            best = window.argmax(axis=-1)
            if x.dtype.kind == "f":
                last_nan = positions.size - 1 - np.isnan(window[..., ::-1]).argmax(axis=-1)
                best = np.where(np.isnan(window).any(axis=-1), last_nan, best)
            out[:, :, oh, ow] = np.take_along_axis(window, best[..., None], axis=-1)[..., 0]
            indices[:, :, oh, ow] = positions[best]
    return out, indices


def max_pool2d_backward(gradient: np.ndarray, indices: np.ndarray, input_size: Pair) -> np.ndarray:
    """out[n, c, indices[n, c, oh, ow]] += gradient[n, c, oh, ow]"""
    N, C, OH, OW = gradient.shape
    H, W = input_size
    out = np.zeros((N * C, H * W), gradient.dtype)
    planes = np.arange(N * C)[:, None]
    # A window without a number has the index -1, and passes nothing back.
    passed = np.where(indices < 0, 0, gradient)
    np.add.at(out, (planes, indices.reshape(N * C, OH * OW)), passed.reshape(N * C, OH * OW))
    return out.reshape(N, C, H, W)


def max_pool2d_gather(x: np.ndarray, indices: np.ndarray) -> np.ndarray:
    """out[n, c, oh, ow] = x[n, c, indices[n, c, oh, ow]]"""
    N, C, H, W = x.shape
    _, _, OH, OW = indices.shape
    picked = np.take_along_axis(x.reshape(N, C, H * W), indices.reshape(N, C, OH * OW), axis=-1)
    return np.where(indices < 0, 0, picked.reshape(N, C, OH, OW)).astype(x.dtype)


def avg_pool2d(
    x: np.ndarray,
    kernel_size: Pair,
    stride: Pair,
    padding: Pair,
    output_size: Pair,
    count_include_pad: bool,
    divisor: int,
) -> np.ndarray:
    """A loop over all windows: their sum over their size, or over the divisor where one is given."""
    out = np.empty((*x.shape[:2], *output_size), x.dtype)
    for oh in range(output_size[0]):
        for ow in range(output_size[1]):
            h, w, size = _average_window(oh, ow, x.shape[2:], kernel_size, stride, padding, count_include_pad)
            out[:, :, oh, ow] = x[:, :, h, w].sum(axis=(2, 3)) / (divisor or size)
    return out


def avg_pool2d_backward(
    gradient: np.ndarray,
    input_size: Pair,
    kernel_size: Pair,
    stride: Pair,
    padding: Pair,
    count_include_pad: bool,
    divisor: int,
) -> np.ndarray:
    """A loop over all windows: each passes gradient / size to the numbers it covers."""
    out = np.zeros((*gradient.shape[:2], *input_size), gradient.dtype)
    for oh in range(gradient.shape[2]):
        for ow in range(gradient.shape[3]):
            h, w, size = _average_window(oh, ow, input_size, kernel_size, stride, padding, count_include_pad)
            out[:, :, h, w] += gradient[:, :, oh, ow, None, None] / (divisor or size)
    return out


def _padded(x: np.ndarray, padding: Pair, value: float) -> np.ndarray:
    (ph, pw) = padding
    return np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)), constant_values=value)


def _windows(x: np.ndarray, kernel_size: Pair, stride: Pair, dilation: Pair) -> np.ndarray:
    """The strided view windows[n, c, oh, ow, fh, fw] of a padded input."""
    reach = tuple(d * (f - 1) + 1 for d, f in zip(dilation, kernel_size, strict=True))
    view = np.lib.stride_tricks.sliding_window_view(x, reach, axis=(2, 3))
    return view[:, :, :: stride[0], :: stride[1], :: dilation[0], :: dilation[1]]


def _grouped(array: np.ndarray, groups: int) -> np.ndarray:
    """Split axis 1 into (groups, channels of a group)."""
    return array.reshape(array.shape[0], groups, array.shape[1] // groups, *array.shape[2:])


def _inside(o: int, kernel: int, stride: int, padding: int, dilation: int, size: int) -> np.ndarray:
    """The positions of window o along one axis that lie in the input."""
    positions: np.ndarray = o * stride - padding + np.arange(kernel) * dilation
    return positions[(positions >= 0) & (positions < size)]


def _average_window(
    oh: int,
    ow: int,
    input_size: tuple[int, ...],
    kernel_size: Pair,
    stride: Pair,
    padding: Pair,
    count_include_pad: bool,
) -> tuple[slice, slice, int]:
    """(rows, columns, size) of a window; its size may count padding, but nothing beyond the padding."""
    size = 1
    slices = []
    for axis, o in enumerate((oh, ow)):
        start = o * stride[axis] - padding[axis]
        stop = min(start + kernel_size[axis], input_size[axis] + padding[axis])
        inside = slice(max(start, 0), min(stop, input_size[axis]))
        size *= stop - start if count_include_pad else inside.stop - inside.start
        slices.append(inside)
    return slices[0], slices[1], size


def combine(x: np.ndarray, starts: np.ndarray, index: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """out[n, o, j] = sum over k from starts[o] to starts[o + 1] of weight[k] * x[n, index[k], j]"""
    out = np.zeros((x.shape[0], starts.size - 1, x.shape[2]), x.dtype)
    for o in range(starts.size - 1):
        for k in range(starts[o], starts[o + 1]):
            out[:, o] += weight[k] * x[:, index[k]]
    return out


def window_max(
    x: np.ndarray, depth: np.ndarray, rows: np.ndarray, columns: np.ndarray, dilation: tuple[int, int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """A loop over all windows of all planes: the first of the largest wins, the last NaN, -1 without any number."""
    N, C, _, H, W = x.shape
    out = np.full((N, C, depth.shape[1], rows.shape[1], columns.shape[1]), -np.inf).astype(x.dtype)
    indices = np.full(out.shape, -1, np.int64)
    for n, c, od, oh, ow in np.ndindex(out.shape):
        s = n * C + c if depth.shape[0] > 1 else 0
        spans = (depth[s, od], rows[s, oh], columns[s, ow])
        places = np.ix_(*(np.arange(span[0], span[1], step) for span, step in zip(spans, dilation, strict=True)))
        window = x[n, c][places].reshape(-1)
        if window.size:
            positions = np.broadcast_to((places[0] * H + places[1]) * W + places[2], x[n, c][places].shape).reshape(-1)
            missing = np.flatnonzero(np.isnan(window))
            best = missing[-1] if missing.size else window.argmax()
            out[n, c, od, oh, ow], indices[n, c, od, oh, ow] = window[best], positions[best]
    return out, indices
