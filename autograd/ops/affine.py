"""Products of matrices added to something, under PyTorch's names for them: `addmm` and its family, `bilinear`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from ..composites import composite
from ..errors import DtypeError, ShapeError, named
from ..primitive import Sample, as_handle, op
from .families import values
from .products import bmm, mm, mv, outer, same_dtype

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["addbmm", "addmm", "addmv", "addr", "baddbmm", "bilinear"]

Operand = Any
Shapes = list[tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]]


def _added(name: str, input: Operand, product: Any, beta: float, alpha: float) -> Any:
    """`beta input + alpha product`; with beta = 0 nothing of input is read, nan neither."""
    x = as_handle(input, name)
    same_dtype(name, input=x, product=product)
    if x.dtype.kind != "f" and (isinstance(alpha, float) or isinstance(beta, float)):
        raise DtypeError(f"{name}: beta {beta} and alpha {alpha} must be integers for {x.dtype}")
    pairs = zip(reversed(x.shape), reversed(product.shape), strict=False)
    if x.ndim > product.ndim or not all(a in (1, b) for a, b in pairs):
        raise ShapeError(f"{name}: input {x.shape} does not broadcast to the product's shape {product.shape}")
    if alpha != 1:
        product = product * alpha
    if beta == 0:
        return product
    return op.add.apply(x if beta == 1 else x * beta, product)


def _samples(shapes: Shapes) -> Callable[[np.random.Generator], list[Sample]]:
    def samples(rng: np.random.Generator) -> list[Sample]:
        factors = {"beta": 0.2, "alpha": 0.6}
        calls = [Sample(tuple(values(rng, s) for s in triple), keywords=factors) for triple in shapes]
        return [*calls, Sample(tuple(values(rng, s) for s in shapes[0]))]

    return samples


def _errors(shapes: tuple[Any, Any, Any]) -> Callable[[np.random.Generator], list[Sample]]:
    def samples(rng: np.random.Generator) -> list[Sample]:
        return [Sample(tuple(values(rng, s) for s in shapes), (), ShapeError, "does not broadcast")]

    return samples


@composite(
    formula="beta input + alpha mat1 mat2",
    samples=_samples([((2, 4), (2, 3), (3, 4)), ((4,), (2, 3), (3, 4)), ((), (2, 0), (0, 2))]),
    reference=lambda x, a, b, beta=1, alpha=1: beta * x + alpha * (a @ b),
    error_samples=_errors(((3, 4), (2, 3), (3, 4))),
)
def addmm(input: Operand, mat1: Operand, mat2: Operand, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """A matrix product added to something: `beta * input + alpha * (mat1 @ mat2)`.

    Args:
        input: broadcasts to (n, p); with beta = 0 it is not read.
        mat1: (n, m).
        mat2: (m, p).
        beta, alpha: numbers.

    Raises:
        ShapeError: the shapes do not fit.
        DtypeError: the dtypes differ.

    Example:
        >>> autograd.addmm(autograd.tensor([1.0]), autograd.ones(2, 3), autograd.ones(3, 1), alpha=2)
        tensor([[7.],
                [7.]])
    """
    with named("addmm"):
        product = mm(mat1, mat2)
    return _added("addmm", input, product, beta, alpha)


@composite(
    formula="beta input + alpha mat vec",
    samples=_samples([((2,), (2, 3), (3,)), ((), (2, 3), (3,)), ((1,), (2, 3), (3,))]),
    reference=lambda x, a, b, beta=1, alpha=1: beta * x + alpha * (a @ b),
    error_samples=_errors(((3,), (2, 3), (3,))),
)
def addmv(input: Operand, mat: Operand, vec: Operand, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """The product of a matrix and a vector added to something: `beta * input + alpha * (mat @ vec)`.

    Args:
        input: broadcasts to (n,); with beta = 0 it is not read.
        mat: (n, m).
        vec: (m,).
        beta, alpha: numbers.

    Raises:
        ShapeError: the shapes do not fit.
        DtypeError: the dtypes differ.

    Example:
        >>> autograd.addmv(autograd.tensor([1.0, 2.0]), autograd.ones(2, 3), autograd.ones(3))
        tensor([4., 5.])
    """
    with named("addmv"):
        product = mv(mat, vec)
    return _added("addmv", input, product, beta, alpha)


@composite(
    formula="beta input + alpha vec1 vec2^T",
    samples=_samples([((2, 3), (2,), (3,)), ((3,), (2,), (3,)), ((), (2,), (3,))]),
    reference=lambda x, a, b, beta=1, alpha=1: beta * x + alpha * np.outer(a, b),
    error_samples=_errors(((3, 3), (2,), (3,))),
)
def addr(input: Operand, vec1: Operand, vec2: Operand, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """An outer product added to something: `beta * input + alpha * outer(vec1, vec2)`.

    Args:
        input: broadcasts to (n, m); with beta = 0 it is not read.
        vec1: (n,).
        vec2: (m,).
        beta, alpha: numbers.

    Raises:
        ShapeError: the shapes do not fit.
        DtypeError: the dtypes differ.

    Example:
        >>> autograd.addr(autograd.zeros(2, 2), autograd.tensor([1.0, 2.0]), autograd.tensor([3.0, 4.0]))
        tensor([[3., 4.],
                [6., 8.]])
    """
    with named("addr"):
        product = outer(vec1, vec2)
    return _added("addr", input, product, beta, alpha)


@composite(
    formula="beta input + alpha sum_b batch1_b batch2_b",
    samples=_samples([((2, 4), (3, 2, 3), (3, 3, 4)), ((), (2, 2, 1), (2, 1, 2))]),
    reference=lambda x, a, b, beta=1, alpha=1: beta * x + alpha * (a @ b).sum(0),
    error_samples=_errors(((3, 4), (3, 2, 3), (3, 3, 4))),
)
def addbmm(input: Operand, batch1: Operand, batch2: Operand, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """A sum of matrix products added to something: `beta * input + alpha * sum(batch1 @ batch2)`.

    Args:
        input: broadcasts to (n, p); with beta = 0 it is not read.
        batch1: (b, n, m).
        batch2: (b, m, p).
        beta, alpha: numbers.

    Raises:
        ShapeError: the shapes do not fit.
        DtypeError: the dtypes differ.

    Example:
        >>> autograd.addbmm(autograd.zeros(1), autograd.ones(5, 2, 3), autograd.ones(5, 3, 1))
        tensor([[15.],
                [15.]])
    """
    with named("addbmm"):
        product = bmm(batch1, batch2).sum(0)
    return _added("addbmm", input, product, beta, alpha)


@composite(
    formula="beta input_b + alpha batch1_b batch2_b",
    samples=_samples([((3, 2, 4), (3, 2, 3), (3, 3, 4)), ((), (2, 2, 1), (2, 1, 2))]),
    reference=lambda x, a, b, beta=1, alpha=1: beta * x + alpha * (a @ b),
    error_samples=_errors(((2, 2, 4), (3, 2, 3), (3, 3, 4))),
)
def baddbmm(input: Operand, batch1: Operand, batch2: Operand, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """Batched matrix products added to something: `beta * input + alpha * (batch1 @ batch2)`.

    Args:
        input: broadcasts to (b, n, p); with beta = 0 it is not read.
        batch1: (b, n, m).
        batch2: (b, m, p).
        beta, alpha: numbers.

    Raises:
        ShapeError: the shapes do not fit.
        DtypeError: the dtypes differ.

    Example:
        >>> autograd.baddbmm(autograd.ones(1), autograd.ones(5, 2, 3), autograd.ones(5, 3, 4)).shape
        (5, 2, 4)
    """
    with named("baddbmm"):
        product = bmm(batch1, batch2)
    return _added("baddbmm", input, product, beta, alpha)


def _bilinear_reference(x: Any, y: Any, w: Any, b: Any = None) -> Any:
    out = np.einsum("...i,oij,...j->...o", x, w, y)
    return out if b is None else out + b


@composite(
    formula="y_o = x1^T W_o x2 + b_o",
    samples=lambda rng: [
        Sample((values(rng, (2, 3)), values(rng, (2, 4)), values(rng, (5, 3, 4)), values(rng, (5,)))),
        Sample((values(rng, (2, 2, 3)), values(rng, (2, 2, 1)), values(rng, (2, 3, 1)))),
        Sample((values(rng, (3,)), values(rng, (2,)), values(rng, (2, 3, 2)))),
    ],
    reference=_bilinear_reference,
    error_samples=lambda rng: [
        Sample((values(rng, (2, 3)), values(rng, (2, 4)), values(rng, (5, 4, 3))), (), ShapeError, "does not fit"),
        Sample((values(rng, (2, 3)), values(rng, (1, 4)), values(rng, (5, 3, 4))), (), ShapeError, "leading"),
    ],
)
def bilinear(input1: Operand, input2: Operand, weight: Operand, bias: Operand | None = None) -> Tensor:
    """A bilinear map of the last dimensions: `y_o = x1^T W_o x2 + b_o`.

    Args:
        input1: (..., m).
        input2: (..., n), with input1's leading dimensions.
        weight: (out_features, m, n).
        bias: (out_features,), or None.

    Returns:
        A Tensor of shape (..., out_features).

    Raises:
        ShapeError: the shapes do not fit.
        DtypeError: the dtypes differ.

    Example:
        >>> nn.functional.bilinear(autograd.ones(1, 2), autograd.ones(1, 3), autograd.ones(1, 2, 3))
        tensor([[6.]])
    """
    x, y, w = (as_handle(v, "bilinear") for v in (input1, input2, weight))
    b = None if bias is None else as_handle(bias, "bilinear")
    same_dtype("bilinear", input1=x, input2=y, weight=w, bias=b)
    if not x.ndim or not y.ndim or x.shape[:-1] != y.shape[:-1]:
        raise ShapeError(f"bilinear: the leading dimensions of input1 {x.shape} and input2 {y.shape} must be equal")
    if w.ndim != 3 or w.shape[1:] != (x.shape[-1], y.shape[-1]):
        raise ShapeError(
            f"bilinear: weight {w.shape} does not fit input1 {x.shape} and input2 {y.shape}; it must be "
            f"(out_features, {x.shape[-1]}, {y.shape[-1]})"
        )
    if b is not None and b.shape != w.shape[:1]:
        raise ShapeError(f"bilinear: bias {b.shape} does not fit weight {w.shape}; it must be {w.shape[:1]}")
    outs, m, n = w.shape
    lead = x.shape[:-1]
    # x1 against all the W_o at once, then the product with x2 for each row.
    mixed = op.permute.apply(w, (1, 0, 2)).reshape(m, outs * n)
    rows = int(np.prod(lead))
    half = op.matmul.apply(x.reshape(rows, m), mixed).reshape(rows, outs, n)
    out = op.reshape.apply(op.matmul.apply(half, y.reshape(rows, n, 1)), (*lead, outs))
    return out if b is None else out + b
