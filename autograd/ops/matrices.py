"""What the operations of linear algebra share: checks, errors, and the pieces of which their rules are made."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import dtypes
from ..errors import DtypeError, LinalgError, ShapeError
from ..primitive import Handle, Sample, as_handle, make, op
from .families import values

__all__ = [
    "as_matrix",
    "columns",
    "constant",
    "distinct",
    "elements",
    "is_recording",
    "mirrored",
    "narrowed",
    "on_matrices",
    "on_symmetric",
    "positive_definite",
    "require_matrix",
    "require_matrix_of",
    "require_square",
    "rows",
    "singular",
    "square_samples",
    "swap",
    "symmetric",
    "widened",
]


# --- what is asked of the inputs


def require_matrix(name: str, x: Any) -> None:
    """Raise unless x is a matrix, or a batch of them, of a floating dtype."""
    if x.ndim < 2:
        raise ShapeError(f"{name}: x {x.shape} is no matrix; give it at least two dimensions")
    if x.dtype.kind != "f":
        raise DtypeError(f"{name}: x is {x.dtype}, which it is not defined for; use x.float()")


def require_matrix_of(name: str) -> Callable[..., None]:
    """An `infer` that calls `require_matrix`."""

    def infer(x: Any, *attributes: Any) -> None:
        require_matrix(name, x)

    return infer


def require_square(name: str) -> Callable[..., None]:
    """An `infer` that raises unless x is a square matrix, or a batch of them, of a floating dtype."""

    def infer(x: Any, *attributes: Any) -> None:
        require_matrix(name, x)
        if x.shape[-1] != x.shape[-2]:
            raise ShapeError(
                f"{name}: x {x.shape} has matrices of {x.shape[-2]} rows and {x.shape[-1]} columns; make them square"
            )

    return infer


def as_matrix(name: str, x: Any) -> Any:
    """A handle on x, which must be a matrix, or a batch of them, of a floating dtype."""
    handle = as_handle(x, name)
    require_matrix(name, handle)
    return handle


def elements(flags: Any) -> str:
    """Name the first matrix of a batch whose flag is up, for an error."""
    flags = np.asarray(flags)
    if flags.ndim == 0:
        return "the matrix"
    return f"batch element {', '.join(str(int(i)) for i in np.argwhere(flags)[0])}"


def singular(name: str, x: Any) -> LinalgError:
    """The error for a batch in which some matrix is singular."""
    with np.errstate(all="ignore"):
        flags = np.linalg.slogdet(x)[0] == 0
    return LinalgError(
        f"{name}: {elements(flags)} is singular and has no inverse (x {x.shape}); "
        "add a small multiple of the identity, or use linalg.pinv or linalg.lstsq"
    )


def is_recording(*handles: Any) -> bool:
    """Whether a gradient can be asked of one of the handles."""
    return any(isinstance(h, Handle) and h._requires_grad for h in handles)


# --- forwards


def widened(function: Callable[..., Any]) -> Callable[..., Any]:
    """A forward for which LAPACK has no float16: it is computed in float32, and floats are cast back."""

    def forward(x: Any, *rest: Any) -> Any:
        if x.dtype != dtypes.float16:
            return function(x, *rest)
        wide = [a.astype(np.float32) if getattr(a, "dtype", None) == dtypes.float16 else a for a in rest]
        out = function(x.astype(np.float32), *wide)
        if type(out) is tuple:
            return tuple([a.astype(np.float16) if a.dtype == np.float32 else a for a in out])
        return out.astype(np.float16)

    return forward


def on_matrices(function: Callable[..., Any], *stacks: Any) -> list[np.ndarray]:
    """Call a function of single matrices for every element of equally long batches; the results stacked again.

    `stacks` are arrays whose last two dimensions (or one, for vectors given as (..., n, 1)) are the matrix.
    """
    batch = stacks[0].shape[:-2]
    flat = [s.reshape(-1, *s.shape[-2:]) if s.size else s.reshape(int(np.prod(batch)), *s.shape[-2:]) for s in stacks]
    results = [function(*matrices) for matrices in zip(*flat, strict=True)]
    return [np.stack(parts).reshape((*batch, *parts[0].shape)) for parts in zip(*results, strict=True)]


# --- pieces of rules, on arrays and Tensors alike


def swap(x: Any) -> Any:
    """The matrices transposed."""
    return op.transpose(x, -2, -1)


def symmetric(x: Any) -> Any:
    """The symmetric part."""
    return (x + swap(x)) * 0.5


def columns(x: Any, scale: Any) -> Any:
    """The matrices with column j times `scale[..., j]`."""
    return x * op.reshape(scale, (*scale.shape[:-1], 1, scale.shape[-1]))


def rows(x: Any, scale: Any) -> Any:
    """The matrices with row i times `scale[..., i]`."""
    return x * op.reshape(scale, (*scale.shape, 1))


def narrowed(x: Any, dim: int, stop: int) -> Any:
    """The first `stop` entries along a dimension that is counted from the back."""
    return x if x.shape[dim] == stop else op.narrow(x, len(x.shape) + dim, 0, stop)


def constant(array: np.ndarray, like: Any) -> Any:
    """An array as what `like` is: itself beside arrays, a constant beside Tensors."""
    return make(array) if isinstance(like, Handle) else array


def mirrored(x: Any, upper: bool) -> Any:
    """The symmetric matrix that is written in one triangle of x; what stands in the other is not read.

    Its gradient is the one for symmetric changes of x, as PyTorch has it: the numbers are those of the triangle,
    and the gradient goes to x as a whole.
    """
    fixed = x.detach()
    cut, beside = (op.triu, 1) if upper else (op.tril, -1)
    whole = cut.apply(fixed, 0) + swap(cut.apply(fixed, beside))
    if not is_recording(x):
        return whole
    # Adds 0, also where the other triangle holds what is no number, and carries the gradient.
    return whole + op.where.apply(op.isfinite.apply(fixed), x - fixed, 0.0)


def on_symmetric(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function on symmetric parts, for those that read one triangle and have the gradient of symmetric changes.

    Finite differences in single entries agree with such a gradient only so.
    """

    @functools.wraps(function)
    def on_part(A: Any, *rest: Any, **keywords: Any) -> Any:
        if isinstance(A, Handle) and A.ndim >= 2 and A.shape[-1] == A.shape[-2]:
            A = symmetric(A)
        return function(A, *rest, **keywords)

    return on_part


# --- samples


def distinct(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Random matrices whose singular values are about 1, 2, 3 ...: far from singular, and far from each other."""
    *batch, m, n = shape
    left, _ = np.linalg.qr(values(rng, (*batch, m, m)))
    right, _ = np.linalg.qr(values(rng, (*batch, n, n)))
    k = min(m, n)
    spectrum = np.arange(1.0, k + 1) + rng.uniform(-0.2, 0.2, (*batch, k))
    return np.asarray((left[..., :k] * spectrum[..., None, :]) @ right[..., :k, :])


def positive_definite(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Random symmetric matrices whose eigenvalues are about 1, 2, 3 ..."""
    *batch, n, _ = shape
    q, _ = np.linalg.qr(values(rng, (*batch, n, n)))
    spectrum = np.arange(1.0, n + 1) + rng.uniform(-0.2, 0.2, (*batch, n))
    return np.asarray((q * spectrum[..., None, :]) @ np.swapaxes(q, -1, -2))


def square_samples(rng: np.random.Generator) -> list[Sample]:
    """Batches of invertible matrices."""
    shapes: list[tuple[int, ...]] = [(1, 3, 3), (2, 2, 2), (2, 1, 1, 1), (0, 2, 2), (1, 0, 0)]
    return [Sample((distinct(rng, *shape),)) for shape in shapes]
