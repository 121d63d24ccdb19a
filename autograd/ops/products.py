"""Matrix products and what is made of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import dtypes, kernels
from ..composites import composite
from ..deferred import Products
from ..errors import DtypeError, ShapeError
from ..primitive import Sample, as_handle, define, op
from .families import values

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["bmm", "dot", "ger", "linear", "matmul", "mm", "mv", "outer"]

Operand = Any

# Multiplications up to which OpenBLAS uses one thread.
ALONE = 1 << 18


def same_dtype(name: str, **operands: Any) -> None:
    """Raise DtypeError unless the operands share one dtype; None is passed over."""
    first = None
    for operand in operands.values():
        if operand is not None:
            if first is None:
                first = operand.dtype
            elif operand.dtype is not first and operand.dtype != first:
                listed = ", ".join(f"{n} {a.dtype}" for n, a in operands.items() if a is not None)
                raise DtypeError(
                    f"{name}: operands have several dtypes ({listed}); convert them to one with .to(dtype)"
                )


def require_floating(name: str, x: Any) -> None:
    """Raise DtypeError unless x is of a floating dtype."""
    if x.dtype.kind != "f":
        raise DtypeError(f"{name}: x is {x.dtype}, which it is not defined for; use x.float()")


def _matmul(x: Any, y: Any) -> Any:
    if x.dtype == dtypes.float16:
        return np.matmul(x.astype(dtypes.float32), y.astype(dtypes.float32)).astype(dtypes.float16)
    if x.ndim > 2 and y.ndim > 2 and x.shape[-1] == y.shape[-2] == 1:
        return x * y  # outer products: BLAS would be called for each of them
    return _product(x, y)


def _product(x: Any, y: Any, bias: Any = None) -> Any:
    """x @ y of two arrays, plus the bias in each row.

    BLAS calculates small products on one thread, and kernels need not be imported for them.
    """
    if x.size * y.shape[-1] > ALONE:
        return kernels.blas.matmul(x, y, bias)
    out = np.matmul(x, y)
    if bias is not None:
        out += bias
    return out


Products.multiply = staticmethod(_product)


def _matmul_infer(x: Any, y: Any) -> None:
    same_dtype("matmul", x=x, y=y)
    if x.shape[-1] != y.shape[-2]:
        raise ShapeError(
            f"matmul: x has {x.shape[-1]} columns but y has {y.shape[-2]} rows (x {x.shape}, y {y.shape}); "
            "make x.shape[-1] == y.shape[-2]"
        )
    try:
        np.broadcast_shapes(x.shape[:-2], y.shape[:-2])
    except ValueError:
        raise ShapeError(
            f"matmul: batch sizes {x.shape[:-2]} and {y.shape[:-2]} do not broadcast (x {x.shape}, y {y.shape})"
        ) from None


MATMUL = define(
    "matmul",
    forward=_matmul,
    inputs=("x", "y"),
    vjp={
        "x": lambda g, y: op.matmul(g, op.transpose(y, -2, -1)),
        "y": lambda g, x: Products(x, g) if Products.pay(x, g) else op.matmul(op.transpose(x, -2, -1), g),
    },
    infer=_matmul_infer,
    broadcasts=True,
    samples=lambda rng: [
        Sample((values(rng, a), values(rng, b)))
        for a, b in (((2, 3), (3, 4)), ((2, 2, 3), (3, 1)), ((1, 2, 3), (4, 3, 2)), ((0, 3), (3, 2)), ((2, 0), (0, 3)))
    ],
    error_samples=lambda rng: [Sample((values(rng, (2, 3)), values(rng, (2, 3))), (), ShapeError, "3 columns")],
    label="@",
    formula="x y",
)


def _linear(x: Any, weight: Any, bias: Any) -> Any:
    if x.dtype == dtypes.float16:
        wide = [a if a is None else a.astype(dtypes.float32) for a in (x, weight, bias)]
        return _linear(*wide).astype(dtypes.float16)
    flat = x.ndim == 2
    rows = x if flat else x.reshape(math.prod(x.shape[:-1]), x.shape[-1])
    out = _product(rows, weight.T, bias)
    return out if flat else out.reshape((*x.shape[:-1], weight.shape[0]))


def _linear_infer(x: Any, weight: Any, bias: Any) -> None:
    same_dtype("linear", x=x, weight=weight, bias=bias)
    if weight.ndim != 2 or x.ndim == 0 or x.shape[-1] != weight.shape[1]:
        raise ShapeError(
            f"linear: x {x.shape} does not fit weight {weight.shape}; weight must be (out_features, in_features) "
            "with x.shape[-1] == weight.shape[1]"
        )
    if bias is not None and bias.shape != weight.shape[:1]:
        raise ShapeError(f"linear: bias {bias.shape} does not fit weight {weight.shape}; it must be {weight.shape[:1]}")


def _rows(x: Any) -> Any:
    if len(x.shape) == 2:
        return x
    return op.reshape(x, (math.prod(x.shape[:-1]), x.shape[-1]))


def _like(rows: Any, x: Any) -> Any:
    return rows if len(x.shape) == 2 else op.reshape(rows, x.shape)


def _linear_rule(needs: Sequence[bool], g: Any, x: Any, weight: Any) -> list[Any]:
    # Arrays go straight to their products, which of small ones take less time than the way through the operation.
    multiply = _product if type(g) is np.ndarray and g.dtype != dtypes.float16 else op.matmul
    columns = _rows(g)
    by_weight = None
    if needs[1]:
        rows = _rows(x)
        if Products.pay(columns, rows):
            by_weight = Products(columns, rows)
        else:
            by_weight = multiply(op.transpose(columns, 0, 1), rows)
    return [
        _like(multiply(columns, weight), x) if needs[0] else None,
        by_weight,
        op.sum(columns, (0,), False) if needs[2] else None,
    ]


LINEAR = define(
    "linear",
    forward=_linear,
    inputs=("x", "weight", "bias"),
    vjp=_linear_rule,
    infer=_linear_infer,
    samples=lambda rng: [
        Sample((values(rng, s), values(rng, (4, 3)), values(rng, (4,)) if b else None))
        for s, b in (((2, 3), True), ((3,), True), ((2, 2, 3), False), ((0, 3), True))
    ],
    error_samples=lambda rng: [
        Sample((values(rng, (2, 4)), values(rng, (4, 3)), None), (), ShapeError, "does not fit weight")
    ],
    formula="x weight^T + bias",
)


# --- the public functions


def matmul(input: Operand, other: Operand) -> Tensor:
    """The matrix product, in all of NumPy's and PyTorch's shapes.

    Two vectors give their dot product; a matrix and a vector give a vector; of more than two dimensions the leading
    ones are a batch and broadcast. float16 is computed in float32.

    Args:
        input, other: Tensors of one dtype, with `input.shape[-1] == other.shape[-2]`.

    Raises:
        ShapeError: the shapes do not fit.
        DtypeError: the dtypes differ.

    Example:
        >>> autograd.matmul(autograd.tensor([[1.0, 2.0], [3.0, 4.0]]), autograd.tensor([1.0, 1.0]))
        tensor([3., 7.])
    """
    x, y = as_handle(input, "matmul"), as_handle(other, "matmul")
    if x.ndim == 0 or y.ndim == 0:
        raise ShapeError(f"matmul: x {x.shape} and y {y.shape} must have at least one dimension; multiply with *")
    if x.ndim == 1 and y.ndim == 1:
        if x.shape != y.shape:
            raise ShapeError(f"matmul: vectors of {x.shape[0]} and {y.shape[0]} numbers have no dot product")
        same_dtype("matmul", x=x, y=y)
        out = op.sum.apply(op.mul.apply(x, y), (0,), False)
        return out if out.dtype == x.dtype else op.to_dtype.apply(out, x.dtype)  # integers keep their dtype
    if x.ndim == 1:
        return MATMUL.apply(x.reshape(1, x.shape[0]), y).squeeze(-2)
    if y.ndim == 1:
        return matmul(x, y.reshape(y.shape[0], 1)).squeeze(-1)
    if y.ndim == 2 and x.ndim > 2 and x.shape[-1] == y.shape[0] and x.numel():
        # One large product instead of a batch of small ones, forward and backward.
        return MATMUL.apply(x.reshape(-1, x.shape[-1]), y).reshape(x.shape[:-1] + y.shape[1:])
    return MATMUL.apply(x, y)


def _of_ndim(name: str, ndim: int, **operands: Any) -> list[Any]:
    handles = []
    for label, operand in operands.items():
        handle = as_handle(operand, name)
        if handle.ndim != ndim:
            raise ShapeError(f"{name}: {label} {handle.shape} has {handle.ndim} dimensions, not {ndim}; use matmul")
        handles.append(handle)
    return handles


def _pair_samples(*pairs: tuple[tuple[int, ...], tuple[int, ...]]) -> Callable[[np.random.Generator], list[Sample]]:
    return lambda rng: [Sample((values(rng, a), values(rng, b))) for a, b in pairs]


@composite(
    formula="x y",
    samples=_pair_samples(((2, 3), (3, 4)), ((2, 0), (0, 3)), ((0, 2), (2, 2))),
    reference=np.matmul,
    error_samples=lambda rng: [
        Sample((values(rng, (2, 3)), values(rng, (2, 3))), (), ShapeError, "3 columns"),
        Sample((values(rng, (2, 3)), values(rng, (3,))), (), ShapeError, "not 2; use matmul"),
    ],
)
def mm(input: Operand, mat2: Operand) -> Tensor:
    """The product of two matrices, without broadcasting.

    Example:
        >>> autograd.mm(autograd.ones(2, 3), autograd.ones(3, 1))
        tensor([[3.],
                [3.]])
    """
    return MATMUL.apply(*_of_ndim("mm", 2, input=input, mat2=mat2))


@composite(
    formula="x_b y_b",
    samples=_pair_samples(((2, 2, 3), (2, 3, 1)), ((0, 2, 3), (0, 3, 2))),
    reference=np.matmul,
    error_samples=lambda rng: [
        Sample((values(rng, (2, 2, 3)), values(rng, (3, 3, 2))), (), ShapeError, "batches of 2 and 3"),
        Sample((values(rng, (2, 3)), values(rng, (3, 2))), (), ShapeError, "not 3; use matmul"),
    ],
)
def bmm(input: Operand, mat2: Operand) -> Tensor:
    """The products of two batches of matrices, without broadcasting.

    Example:
        >>> autograd.bmm(autograd.ones(5, 2, 3), autograd.ones(5, 3, 4)).shape
        (5, 2, 4)
    """
    x, y = _of_ndim("bmm", 3, input=input, mat2=mat2)
    if x.shape[0] != y.shape[0]:
        raise ShapeError(f"bmm: batches of {x.shape[0]} and {y.shape[0]} matrices (x {x.shape}, y {y.shape})")
    return MATMUL.apply(x, y)


@composite(
    formula="x y",
    samples=_pair_samples(((2, 3), (3,)), ((2, 0), (0,))),
    reference=np.matmul,
    error_samples=lambda rng: [Sample((values(rng, (2, 3)), values(rng, (2,))), (), ShapeError, "3 columns")],
)
def mv(input: Operand, vec: Operand) -> Tensor:
    """The product of a matrix and a vector.

    Example:
        >>> autograd.mv(autograd.tensor([[1.0, 2.0]]), autograd.tensor([3.0, 4.0]))
        tensor([11.])
    """
    (x,), (y,) = _of_ndim("mv", 2, input=input), _of_ndim("mv", 1, vec=vec)
    return matmul(x, y)


@composite(
    formula="sum_i x_i y_i",
    samples=_pair_samples(((3,), (3,)), ((0,), (0,))),
    reference=np.dot,
    error_samples=lambda rng: [Sample((values(rng, (2,)), values(rng, (3,))), (), ShapeError, "no dot product")],
)
def dot(input: Operand, tensor: Operand) -> Tensor:
    """The dot product of two vectors: `sum(x_i y_i)`.

    Example:
        >>> autograd.dot(autograd.tensor([1.0, 2.0]), autograd.tensor([3.0, 4.0]))
        tensor(11.)
    """
    return matmul(*_of_ndim("dot", 1, input=input, tensor=tensor))


@composite(
    formula="x_i y_j",
    samples=_pair_samples(((2,), (3,)), ((0,), (2,))),
    reference=np.outer,
    error_samples=lambda rng: [Sample((values(rng, (2, 2)), values(rng, (3,))), (), ShapeError, "not 1")],
)
def outer(input: Operand, vec2: Operand) -> Tensor:
    """The outer product of two vectors: `out[i][j] = x_i y_j`.

    Example:
        >>> autograd.outer(autograd.tensor([1.0, 2.0]), autograd.tensor([3.0, 4.0]))
        tensor([[3., 4.],
                [6., 8.]])
    """
    x, y = _of_ndim("outer", 1, input=input, vec2=vec2)
    return op.mul.apply(x.reshape(-1, 1) if x.numel() else x.reshape(0, 1), y)


@composite(formula="x_i y_j", samples=_pair_samples(((2,), (3,))), reference=np.outer)
def ger(input: Operand, vec2: Operand) -> Tensor:
    """The outer product of two vectors: an older name of `outer`.

    Example:
        >>> autograd.ger(autograd.tensor([1.0, 2.0]), autograd.tensor([3.0]))
        tensor([[3.],
                [6.]])
    """
    return outer(input, vec2)


def linear(input: Operand, weight: Operand, bias: Operand | None = None) -> Tensor:
    """An affine map of the last dimension: `input @ weight.T + bias`.

    Args:
        input: (..., in_features).
        weight: (out_features, in_features).
        bias: (out_features,), or None.

    Returns:
        A Tensor of shape (..., out_features).

    Raises:
        ShapeError: the shapes do not fit.
        DtypeError: the dtypes differ.

    Example:
        >>> autograd.linear(autograd.ones(1, 3), autograd.ones(2, 3), autograd.tensor([0.0, 1.0]))
        tensor([[3., 4.]])
    """
    return LINEAR.apply(input, weight, bias)
