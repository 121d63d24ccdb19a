"""The parametrization of matrices with orthonormal columns or rows."""

from __future__ import annotations

from typing import Any

import autograd
from autograd import Tensor
from autograd.errors import ArgumentError, ShapeError

from ..module import Module
from . import parametrize

__all__ = ["orthogonal"]

MAPS = ("matrix_exp", "cayley", "householder")


def _upright(matrix: Any) -> Any:
    """The matrix, turned so that it has at least as many rows as columns."""
    return matrix.mT if matrix.shape[-2] < matrix.shape[-1] else matrix


def _turned(matrix: Any, like: Any) -> Any:
    """What was computed for an upright matrix, turned as `like` is."""
    return matrix.mT if like.shape[-2] < like.shape[-1] else matrix


def _sign_of_diagonal(matrix: Any) -> Any:
    return matrix.diagonal(0, -2, -1).sign().unsqueeze(-2)


def _orthonormalized(matrix: Any) -> Any:
    """Q of `matrix = Q R`, where the diagonal of R is not negative."""
    packed, tau = autograd.geqrf(matrix)
    return autograd.linalg.householder_product(packed, tau) * _sign_of_diagonal(packed)


def _is_orthogonal(matrix: Any) -> bool:
    identity = autograd.eye(matrix.shape[-1], dtype=matrix.dtype)
    tolerance = 10 * matrix.shape[-2] * autograd.finfo(matrix.dtype).eps
    return autograd.allclose(matrix.mT @ matrix, identity, atol=tolerance)


class _NoInverseError(ArgumentError, NotImplementedError):
    """No original is known for a value; when the parametrization is registered, the value itself becomes it."""


class _Orthogonal(Module):
    base: Tensor

    def __init__(self, weight: Any, orthogonal_map: str, use_trivialization: bool) -> None:
        super().__init__()
        self.shape = weight.shape
        self.orthogonal_map = orthogonal_map
        self.use_trivialization = use_trivialization
        if use_trivialization:
            self.register_buffer("base", None)

    def forward(self, weight: Any) -> Tensor:
        x = _upright(weight)
        q = self._reflected(x) if self.orthogonal_map == "householder" else self._rotated(x)
        return _turned(self.base @ q if self.use_trivialization else q, weight)

    def _rotated(self, x: Any) -> Tensor:
        """The first columns of the rotation that belongs to the skew-symmetric matrix with x below its diagonal."""
        rows, columns = x.shape[-2:]
        below = autograd.pad(x.tril(), (0, rows - columns))
        skew = below - below.mT
        if self.orthogonal_map == "matrix_exp":
            rotation = autograd.matrix_exp(skew)
        else:
            identity = autograd.eye(rows, dtype=x.dtype)
            rotation = autograd.linalg.solve(identity - 0.5 * skew, identity + 0.5 * skew)
        return rotation[..., :columns]

    def _reflected(self, x: Any) -> Tensor:
        """The product of the reflections at the columns below the diagonal of x, whose own entries are signs."""
        below = x.tril(-1)
        tau = 2 / (1 + (below * below).sum(-2))
        return autograd.linalg.householder_product(below, tau) * x.detach().diagonal(0, -2, -1).trunc().unsqueeze(-2)

    def right_inverse(self, value: Any) -> Tensor:
        if value.shape != self.shape:
            raise ShapeError(f"orthogonal: a value {value.shape} does not fit the weight, {self.shape}")
        q = _upright(value.detach())
        if not self.use_trivialization:
            return _turned(self._reflections(q), value)
        rows, columns = q.shape[-2:]
        if rows > columns:  # with columns at random, the whole of an orthogonal matrix
            q = autograd.cat([q, autograd.randn(*q.shape[:-1], rows - columns, dtype=q.dtype)], -1)
            self.base = _orthonormalized(q)
        else:
            self.base = q.clone() if _is_orthogonal(q) else _orthonormalized(q)
        # From here every map leads to the base: all reflections at 0, and the signs that undo them.
        return -autograd.eye(*value.shape[-2:], dtype=value.dtype).expand(value.shape)

    def _reflections(self, q: Any) -> Tensor:
        if self.orthogonal_map != "householder":
            raise _NoInverseError(
                f"orthogonal: without use_trivialization no original is known for a value by {self.orthogonal_map!r}; "
                'pass use_trivialization=True, or orthogonal_map="householder"'
            )
        packed, tau = autograd.geqrf(q)
        signs = packed.diagonal(0, -2, -1).sign() * (1 - 2 * (tau == 0).to(q.dtype))
        return autograd.diagonal_scatter(packed, signs, 0, -2, -1)


def orthogonal(
    module: Module, name: str = "weight", orthogonal_map: str | None = None, *, use_trivialization: bool = True
) -> Module:
    """Keep a matrix orthogonal: its columns orthonormal, or its rows, where it has more columns than rows.

    With the skew-symmetric A that has the learned numbers below its diagonal, `Q = exp(A)` ("matrix_exp") or
    `Q = (I - A / 2)^-1 (I + A / 2)` ("cayley"); or the product of the reflections at the learned columns
    ("householder").

    Args:
        module: the owner.
        name: the weight, a matrix or a batch of them.
        orthogonal_map: "matrix_exp", "cayley" or "householder"; for square matrices the first, else the last, unless
            given.
        use_trivialization: multiply by a fixed orthogonal matrix, `parametrizations.weight.0.base`, so that the map
            begins at its origin, where the weight's value is the one from before, made orthogonal.

    Returns:
        The module.

    Raises:
        ArgumentError: the map is not known, the module has no such weight, or the weight is no matrix.

    Example:
        >>> layer = nn.utils.parametrizations.orthogonal(nn.Linear(20, 40))
        >>> bool(autograd.allclose(layer.weight.mT @ layer.weight, autograd.eye(20), atol=1e-5))
        True

    Source: Lezcano-Casado 2019, arXiv 1909.09501; Lezcano-Casado and Martínez-Rubio 2019, arXiv 1901.08428.
    """
    weight = getattr(module, name, None)
    if not isinstance(weight, Tensor):
        raise ArgumentError(f"orthogonal: {type(module).__name__} has no parameter or buffer {name!r}")
    if weight.ndim < 2:
        raise ArgumentError(f"orthogonal: {name!r} {weight.shape} is no matrix; give one of at least 2 dimensions")
    if orthogonal_map is None:
        orthogonal_map = "matrix_exp" if weight.shape[-2] == weight.shape[-1] else "householder"
    if orthogonal_map not in MAPS:
        raise ArgumentError(f"orthogonal: orthogonal_map is {orthogonal_map!r}; use one of {', '.join(MAPS)}")
    made = _Orthogonal(weight, orthogonal_map, use_trivialization)
    return parametrize.register_parametrization(module, name, made, unsafe=True)
