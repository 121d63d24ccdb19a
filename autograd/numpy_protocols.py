"""NumPy's functions on Tensors: `np.exp(t)`, `np.concatenate([t, u])` and `np.mean(t)` stay in the graph.

NumPy asks an operand that has `__array_ufunc__` or `__array_function__` to compute in its place; Tensor has both, and
they look NumPy's function up here. A function that is not listed gets plain arrays and gives plain arrays, if no
Tensor requires grad; otherwise it is refused by name, instead of leaving the graph unseen.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from . import creation, dtypes, linalg, ops
from .creation import as_tensor
from .dtypes import as_dtype
from .errors import ArgumentError, DtypeError
from .primitive import Handle

__all__ = ["FUNCTIONS", "UFUNCS", "call_function", "call_ufunc"]

# NumPy's ufuncs whose name is not ours.
_OTHER_NAMES = {
    "subtract": "sub", "multiply": "mul", "divide": "div", "power": "pow", "float_power": "float_power",
    "negative": "neg", "absolute": "abs", "fabs": "abs", "rint": "round", "arcsin": "asin", "arccos": "acos",
    "arctan": "atan", "arctan2": "atan2", "arcsinh": "asinh", "arccosh": "acosh", "arctanh": "atanh",
    "degrees": "rad2deg", "radians": "deg2rad", "equal": "eq", "not_equal": "ne", "less": "lt", "less_equal": "le",
    "greater": "gt", "greater_equal": "ge", "invert": "bitwise_not", "left_shift": "bitwise_left_shift",
    "right_shift": "bitwise_right_shift", "conjugate": "conj",
}  # fmt: skip
_SAME_NAMES = (
    "add", "floor_divide", "remainder", "fmod", "exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "sqrt",
    "square", "reciprocal", "sin", "cos", "tan", "sinh", "cosh", "tanh", "deg2rad", "rad2deg", "floor", "ceil", "trunc",
    "sign", "signbit", "copysign", "nextafter", "ldexp", "frexp", "hypot", "maximum", "minimum", "fmax", "fmin",
    "logaddexp", "logaddexp2", "heaviside", "gcd", "lcm", "positive", "isfinite", "isinf", "isnan", "logical_and",
    "logical_or", "logical_xor", "logical_not", "bitwise_and", "bitwise_or", "bitwise_xor", "matmul",
)  # fmt: skip
# NumPy's ufuncs by name, and the names of our functions.
UFUNCS: dict[str, str] = {**{name: name for name in _SAME_NAMES}, **_OTHER_NAMES}
# What `ufunc.reduce` and `ufunc.accumulate` are.
_REDUCTIONS = {
    "add": "sum", "multiply": "prod", "maximum": "max", "minimum": "min", "logical_and": "all", "logical_or": "any",
    "logaddexp": "logaddexp.reduce",
}  # fmt: skip
_ACCUMULATIONS = {"add": "cumsum", "multiply": "cumprod"}


def call_ufunc(ufunc: Any, method: str, inputs: Sequence[Any], keywords: dict[str, Any]) -> Any:
    """What NumPy's ufunc is on Tensors.

    Raises:
        DtypeError: the ufunc is not offered on Tensors.
        ArgumentError: `out`, `where` or another keyword is given that has no place in a graph.
    """
    name = ufunc.__name__
    given = {k: v for k, v in keywords.items() if v is not None}
    if method == "__call__" and name in UFUNCS:
        _refuse(f"np.{name}", given, {})
        return getattr(ops, UFUNCS[name])(*inputs)
    if method == "reduce" and name in _REDUCTIONS:
        _refuse(f"np.{name}.reduce", given, {"axis": ..., "keepdims": ..., "dtype": ...})
        if name == "logaddexp":
            return ops.logsumexp(inputs[0], keywords.get("axis", 0), keywords.get("keepdims", False))
        handler = FUNCTIONS[getattr(np, _REDUCTIONS[name])]
        return handler(inputs[0], **{"axis": 0, **keywords})
    if method == "accumulate" and name in _ACCUMULATIONS:
        _refuse(f"np.{name}.accumulate", given, {"axis": ...})
        return getattr(ops, _ACCUMULATIONS[name])(inputs[0], keywords.get("axis", 0))
    if method == "outer" and name in UFUNCS and not given:
        left, right = (x if isinstance(x, Handle) else as_tensor(x) for x in inputs)
        return getattr(ops, UFUNCS[name])(ops.reshape(left, (*left.shape, *(1,) * right.ndim)), right)
    called = f"{ufunc.__name__}" if method == "__call__" else f"{name}.{method}"
    return _outside(f"np.{called}", getattr(ufunc, method), inputs, keywords)


def call_function(function: Any, arguments: Sequence[Any], keywords: dict[str, Any]) -> Any:
    """What a function of NumPy is on Tensors.

    Raises:
        DtypeError: the function is not offered on Tensors.
        ArgumentError: a keyword is given that has no place in a graph.
    """
    handler = FUNCTIONS.get(function)
    if handler is None:
        name = f"{function.__module__}.{function.__name__}".replace("numpy", "np", 1)
        return _outside(name, function, arguments, keywords)
    try:
        return handler(*arguments, **keywords)
    except TypeError as error:
        if isinstance(error, DtypeError) or "argument" not in str(error):
            raise
        raise ArgumentError(f"np.{function.__name__}: on Tensors, {error}; drop the argument") from None


def _outside(name: str, function: Any, arguments: Sequence[Any], keywords: dict[str, Any]) -> Any:
    """Call a function of NumPy on the arrays of Tensors, outside of any graph."""

    def array_of(value: Any) -> Any:
        if isinstance(value, Handle):
            if value._requires_grad:
                raise DtypeError(
                    f"{name}: not offered on Tensors that require grad; use a function of autograd, or t.detach()"
                )
            return value._array
        if type(value) in (tuple, list):
            return type(value)([array_of(x) for x in value])
        return value

    return function(*array_of(tuple(arguments)), **{key: array_of(value) for key, value in keywords.items()})


def _refuse(name: str, given: dict[str, Any], allowed: dict[str, Any]) -> None:
    wrong = [key for key, value in given.items() if key not in allowed and value is not np._NoValue]
    if wrong:
        raise ArgumentError(
            f"{name}: {', '.join(wrong)} cannot be given with Tensors, whose results are new tensors; leave it out"
        )


# NumPy's functions, and what they are on Tensors, with NumPy's arguments.
FUNCTIONS: dict[Any, Callable[..., Any]] = {}


def _as(*functions: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def decorate(handler: Callable[..., Any]) -> Callable[..., Any]:
        for function in functions:
            FUNCTIONS[function] = handler
        return handler

    return decorate


def _enter(handler: Callable[[str], Callable[..., Any]], names: dict[Any, str]) -> None:
    FUNCTIONS.update({function: handler(name) for function, name in names.items()})


def _none(name: str, **given: Any) -> None:
    _refuse(name, {k: v for k, v in given.items() if v is not None}, {})


# --- reductions


def _reduction(name: str) -> Callable[..., Any]:
    def handler(
        a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False, **rest: Any
    ) -> Any:
        _none(f"np.{name}", out=out, **rest)
        keepdims = False if keepdims is np._NoValue else keepdims
        if dtype is not None:
            a = as_tensor(a).to(as_dtype(dtype))
        return getattr(ops, name)(a, axis, bool(keepdims))

    return handler


_enter(_reduction, {np.sum: "sum", np.mean: "mean", np.nansum: "nansum", np.nanmean: "nanmean"})


def _plain_reduction(name: str) -> Callable[..., Any]:
    def handler(a: Any, axis: Any = None, out: Any = None, keepdims: Any = False, **rest: Any) -> Any:
        _none(f"np.{name}", out=out, **rest)
        keepdims = False if keepdims is np._NoValue else keepdims
        return getattr(ops, name)(a, axis, bool(keepdims))

    return handler


_enter(_plain_reduction, {np.max: "amax", np.min: "amin", np.all: "all", np.any: "any"})
_enter(_plain_reduction, {np.argmax: "argmax", np.argmin: "argmin"})


@_as(np.prod)
def _prod(a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False, **rest: Any) -> Any:
    _none("np.prod", out=out, **rest)
    keepdims = False if keepdims is np._NoValue else bool(keepdims)
    a = as_tensor(a)
    axes = range(a.ndim) if axis is None else [axis] if isinstance(axis, int) else axis
    for dim in sorted((d % a.ndim for d in axes), reverse=True):
        a = ops.prod(a, dim, keepdims, dtype=dtype)
    return a


def _spread_of(name: str) -> Callable[..., Any]:
    def handler(
        a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: Any = 0, keepdims: Any = False, **rest: Any
    ) -> Any:
        correction = rest.pop("correction", np._NoValue)
        _none(f"np.{name}", out=out, **rest)
        keepdims = False if keepdims is np._NoValue else bool(keepdims)
        if dtype is not None:
            a = as_tensor(a).to(as_dtype(dtype))
        return getattr(ops, name)(
            a, axis, correction=ddof if correction is np._NoValue else correction, keepdim=keepdims
        )

    return handler


FUNCTIONS[np.var], FUNCTIONS[np.std] = _spread_of("var"), _spread_of("std")


@_as(np.median)
def _median(a: Any, axis: Any = None, out: Any = None, overwrite_input: bool = False, keepdims: bool = False) -> Any:
    _none("np.median", out=out)
    return _quantile(a, 0.5, axis, keepdims=keepdims)


@_as(np.quantile)
def _quantile(
    a: Any, q: Any, axis: Any = None, out: Any = None, overwrite_input: bool = False, method: str = "linear",
    keepdims: bool = False,
) -> Any:  # fmt: skip
    _none("np.quantile", out=out)
    return ops.quantile(a, q, axis, keepdims, interpolation=method)


@_as(np.count_nonzero)
def _count_nonzero(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    counted = ops.ne(a, 0)
    return ops.sum(counted, axis, keepdims)


@_as(np.ptp)
def _ptp(a: Any, axis: Any = None, out: Any = None, keepdims: Any = False) -> Any:
    _none("np.ptp", out=out)
    keepdims = False if keepdims is np._NoValue else bool(keepdims)
    return ops.amax(a, axis, keepdims) - ops.amin(a, axis, keepdims)


def _running(name: str) -> Callable[..., Any]:
    def handler(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
        _none(f"np.{name}", out=out)
        a = as_tensor(a) if dtype is None else as_tensor(a).to(as_dtype(dtype))
        return getattr(ops, name)(ops.flatten(a), 0) if axis is None else getattr(ops, name)(a, axis)

    return handler


FUNCTIONS[np.cumsum], FUNCTIONS[np.cumprod] = _running("cumsum"), _running("cumprod")


@_as(np.linalg.norm)
def _norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    return linalg.norm(x, ord, axis, keepdims)


# --- shape


@_as(np.reshape)
def _reshape(a: Any, /, shape: Any, order: str = "C", *, copy: Any = None) -> Any:
    if order != "C":
        raise ArgumentError(f"np.reshape: order is {order!r}; on Tensors only 'C' is there")
    return ops.reshape(a, shape)


@_as(np.ravel)
def _ravel(a: Any, order: str = "C") -> Any:
    return _reshape(a, (-1,), order)


@_as(np.transpose)
def _transpose(a: Any, axes: Any = None) -> Any:
    a = as_tensor(a)
    return ops.permute(a, tuple(reversed(range(a.ndim))) if axes is None else tuple(axes))


@_as(np.matrix_transpose)
def _matrix_transpose(x: Any, /) -> Any:
    return ops.transpose(x, -2, -1)


@_as(np.swapaxes)
def _swapaxes(a: Any, axis1: int, axis2: int) -> Any:
    return ops.transpose(a, axis1, axis2)


@_as(np.moveaxis)
def _moveaxis(a: Any, source: Any, destination: Any) -> Any:
    return ops.movedim(a, source, destination)


@_as(np.squeeze)
def _squeeze(a: Any, axis: Any = None) -> Any:
    a = as_tensor(a)
    dims = () if axis is None else [axis] if isinstance(axis, int) else axis
    if builtins.any(a.shape[d] != 1 for d in dims):
        raise ArgumentError(f"np.squeeze: axis is {axis!r}, but x is {a.shape}; only sizes of 1 can be taken away")
    return ops.squeeze(a) if axis is None else ops.squeeze(a, tuple(dims))


@_as(np.expand_dims)
def _expand_dims(a: Any, axis: Any) -> Any:
    a = as_tensor(a)
    axes = [axis] if isinstance(axis, int) else list(axis)
    rank = a.ndim + len(axes)
    for dim in sorted(d % rank for d in axes):
        a = ops.unsqueeze(a, dim)
    return a


@_as(np.broadcast_to)
def _broadcast_to(array: Any, shape: Any, subok: bool = False) -> Any:
    return ops.broadcast_to(array, shape)


@_as(np.concatenate)
def _concatenate(arrays: Any, axis: Any = 0, out: Any = None, *, dtype: Any = None, casting: Any = None) -> Any:
    _none("np.concatenate", out=out, casting=None if casting == "same_kind" else casting)
    parts = [as_tensor(a) for a in arrays]
    if axis is None:
        parts, axis = [ops.flatten(a) for a in parts], 0
    if dtype is not None:
        parts = [a.to(as_dtype(dtype)) for a in parts]
    return ops.cat(parts, axis)


@_as(np.stack)
def _stack(arrays: Any, axis: int = 0, out: Any = None, *, dtype: Any = None, casting: Any = None) -> Any:
    _none("np.stack", out=out, dtype=dtype, casting=None if casting == "same_kind" else casting)
    return ops.stack([as_tensor(a) for a in arrays], axis)


def _joining(name: str) -> Callable[..., Any]:
    def handler(tup: Any, *, dtype: Any = None, casting: Any = None) -> Any:
        _none(f"np.{name}", dtype=dtype, casting=None if casting == "same_kind" else casting)
        return getattr(ops, name)([as_tensor(a) for a in tup])

    return handler


_enter(_joining, {f: f.__name__ for f in (np.vstack, np.hstack, np.dstack, np.column_stack)})


@_as(np.split, np.array_split)
def _split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    return list(ops.tensor_split(ary, indices_or_sections, axis))


@_as(np.tile)
def _tile(A: Any, reps: Any) -> Any:
    return ops.tile(A, (reps,) if isinstance(reps, int) else tuple(reps))


@_as(np.repeat)
def _repeat(a: Any, repeats: Any, axis: Any = None) -> Any:
    return ops.repeat_interleave(as_tensor(a), repeats, axis)


@_as(np.roll)
def _roll(a: Any, shift: Any, axis: Any = None) -> Any:
    return ops.roll(a, shift, axis)


@_as(np.flip)
def _flip(m: Any, axis: Any = None) -> Any:
    m = as_tensor(m)
    return ops.flip(m, tuple(range(m.ndim)) if axis is None else (axis,) if isinstance(axis, int) else axis)


@_as(np.rot90)
def _rot90(m: Any, k: int = 1, axes: Any = (0, 1)) -> Any:
    return ops.rot90(m, k, axes)


@_as(np.pad)
def _pad(array: Any, pad_width: Any, mode: str = "constant", *, constant_values: Any = 0) -> Any:
    array = as_tensor(array)
    if mode != "constant" or np.ndim(constant_values):
        raise ArgumentError(
            f"np.pad: mode {mode!r} with {constant_values!r} is not offered on Tensors; use autograd.pad"
        )
    widths = np.broadcast_to(pad_width, (array.ndim, 2)).tolist()
    return ops.pad(array, [n for pair in reversed(widths) for n in pair], "constant", constant_values)


# --- pairs of functions with the same arguments, but for `axis`


def _same(name: str, axis: str = "axis") -> Callable[..., Any]:
    def handler(*arguments: Any, **keywords: Any) -> Any:
        if axis in keywords:
            keywords["dim"] = keywords.pop(axis)
        _none(f"np.{name}", out=keywords.pop("out", None))
        return getattr(ops, name)(*arguments, **keywords)

    return handler


_enter(
    _same,
    {
        np.tril: "tril",
        np.triu: "triu",
        np.outer: "outer",
        np.kron: "kron",
        np.inner: "inner",
        np.vdot: "vdot",
        np.trace: "trace",
        np.diag: "diag",
        np.diagonal: "diagonal",
        np.fliplr: "fliplr",
        np.flipud: "flipud",
        np.atleast_1d: "atleast_1d",
        np.atleast_2d: "atleast_2d",
        np.atleast_3d: "atleast_3d",
        np.sinc: "sinc",
        np.nan_to_num: "nan_to_num",
        np.i0: "i0",
        np.isposinf: "isposinf",
        np.isneginf: "isneginf",
    },
)


def _question(function: Any) -> Callable[..., Any]:
    """A function without a derivative, which is computed outside of any graph."""

    def handler(*arguments: Any, **keywords: Any) -> Any:
        plain = [x._array if isinstance(x, Handle) else x for x in arguments]
        found = function(*plain, **keywords)
        return found if isinstance(found, builtins.bool) else as_tensor(np.asarray(found))

    return handler


for _compared in (np.array_equal, np.isclose, np.allclose, np.isin):
    FUNCTIONS[_compared] = _question(_compared)


@_as(np.where)
def _where(condition: Any, x: Any = None, y: Any = None, /) -> Any:
    if x is None:
        return ops.nonzero(as_tensor(condition), as_tuple=True)
    return ops.where(condition, x, y)


@_as(np.clip)
def _clip(a: Any, a_min: Any = None, a_max: Any = None, out: Any = None, *, min: Any = None, max: Any = None) -> Any:
    _none("np.clip", out=out)
    bounds = [None if b is np._NoValue else b for b in (a_min, a_max, min, max)]
    return ops.clamp(
        a, bounds[0] if bounds[0] is not None else bounds[2], bounds[1] if bounds[1] is not None else bounds[3]
    )


@_as(np.round, np.around)
def _round(a: Any, decimals: int = 0, out: Any = None) -> Any:
    _none("np.round", out=out)
    return ops.round(a, decimals=decimals)


@_as(np.dot)
def _dot(a: Any, b: Any, out: Any = None) -> Any:
    _none("np.dot", out=out)
    a, b = as_tensor(a), as_tensor(b)
    if a.ndim == 0 or b.ndim == 0:
        return a * b
    return ops.tensordot(a, b, ([a.ndim - 1], [max_(b.ndim - 2, 0)]))


max_ = builtins.max


@_as(np.tensordot)
def _tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    if not isinstance(axes, int):
        axes = tuple([[x] if isinstance(x, int) else list(x) for x in axes])
    return ops.tensordot(a, b, axes)


@_as(np.einsum)
def _einsum(*operands: Any, out: Any = None, optimize: Any = False, **rest: Any) -> Any:
    _none("np.einsum", out=out, **rest)
    return ops.einsum(*operands)


@_as(np.cross)
def _cross(a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: Any = None) -> Any:
    if (axisa, axisb, axisc) != (-1, -1, -1):
        raise ArgumentError("np.cross: on Tensors, use axis in place of axisa, axisb and axisc")
    return linalg.cross(a, b, dim=-1 if axis is None else axis)


@_as(np.take)
def _take(a: Any, indices: Any, axis: Any = None, out: Any = None, mode: str = "raise") -> Any:
    _none("np.take", out=out, mode=None if mode == "raise" else mode)
    a, indices = as_tensor(a), np.asarray(indices._array if isinstance(indices, Handle) else indices)
    if axis is None:
        return ops.flatten(a)[indices]
    return a[(slice(None),) * (axis % a.ndim) + (indices,)]


@_as(np.take_along_axis)
def _take_along_axis(arr: Any, indices: Any, axis: Any = -1) -> Any:
    return ops.take_along_dim(arr, indices, axis)


@_as(np.sort)
def _sort(a: Any, axis: Any = -1, kind: Any = None, order: Any = None, *, stable: Any = None) -> Any:
    _none("np.sort", order=order)
    return ops.sort(ops.flatten(a), 0)[0] if axis is None else ops.sort(a, axis)[0]


@_as(np.argsort)
def _argsort(a: Any, axis: Any = -1, kind: Any = None, order: Any = None, *, stable: Any = None) -> Any:
    _none("np.argsort", order=order)
    return ops.argsort(ops.flatten(a), 0) if axis is None else ops.argsort(a, axis)


@_as(np.diff)
def _diff(a: Any, n: int = 1, axis: int = -1) -> Any:
    return ops.diff(a, n, axis)


@_as(np.trapezoid)
def _trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Any:
    return ops.trapezoid(y, dx=dx, dim=axis) if x is None else ops.trapezoid(y, x, dim=axis)


@_as(np.nonzero)
def _nonzero(a: Any) -> Any:
    return ops.nonzero(a, as_tuple=True)


@_as(np.copy)
def _copy(a: Any, order: str = "K", subok: bool = False) -> Any:
    return ops.clone(a)


@_as(np.astype)
def _astype(x: Any, dtype: Any, /, *, copy: bool = True, device: Any = None) -> Any:
    return x.to(as_dtype(dtype), copy=copy)


def _like(name: str) -> Callable[..., Any]:
    def handler(a: Any, *fill: Any, dtype: Any = None, **rest: Any) -> Any:
        return getattr(creation, name)(a, *fill, dtype=dtype)

    return handler


_enter(
    _like,
    {np.zeros_like: "zeros_like", np.ones_like: "ones_like", np.full_like: "full_like", np.empty_like: "empty_like"},
)

FUNCTIONS[np.shape] = lambda a: a.shape
FUNCTIONS[np.ndim] = lambda a: a.ndim
FUNCTIONS[np.size] = lambda a, axis=None: a.numel() if axis is None else a.shape[axis]
FUNCTIONS[np.result_type] = lambda *given: dtypes.result_type(*given)
FUNCTIONS[np.broadcast_arrays] = lambda *given, subok=False: tuple(
    ops.broadcast_to(as_tensor(a), np.broadcast_shapes(*[np.shape(x) for x in given])) for a in given
)

# --- linear algebra


def _of_linalg(name: str) -> Callable[..., Any]:
    return lambda *arguments, **keywords: getattr(linalg, name)(*arguments, **keywords)


for _name in (
    "inv", "solve", "det", "slogdet", "cholesky", "eigh", "eigvalsh", "pinv", "matrix_power", "multi_dot",
    "matrix_rank", "svdvals",
):  # fmt: skip
    FUNCTIONS[getattr(np.linalg, _name)] = _of_linalg(_name)


@_as(np.linalg.svd)
def _svd(a: Any, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False) -> Any:
    return linalg.svd(a, full_matrices) if compute_uv else linalg.svdvals(a)


@_as(np.linalg.qr)
def _qr(a: Any, mode: str = "reduced") -> Any:
    return linalg.qr(a, mode)
