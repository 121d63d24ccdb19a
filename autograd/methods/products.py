"""The matrix methods of Tensor, each in one line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..ops import affine, contraction, older_linalg, products
from ..primitive import Handle

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["Products"]


class Products(Handle):
    """Products and linear algebra."""

    __slots__ = ()

    def matmul(self, other: Any) -> Tensor:
        """See `autograd.matmul`."""
        return products.matmul(self, other)

    def mm(self, mat2: Any) -> Tensor:
        """See `autograd.mm`."""
        return products.mm(self, mat2)

    def bmm(self, mat2: Any) -> Tensor:
        """See `autograd.bmm`."""
        return products.bmm(self, mat2)

    def mv(self, vec: Any) -> Tensor:
        """See `autograd.mv`."""
        return products.mv(self, vec)

    def dot(self, tensor: Any) -> Tensor:
        """See `autograd.dot`."""
        return products.dot(self, tensor)

    def outer(self, vec2: Any) -> Tensor:
        """See `autograd.outer`."""
        return products.outer(self, vec2)

    def addmm(self, mat1: Any, mat2: Any, *, beta: float = 1, alpha: float = 1) -> Tensor:
        """See `autograd.addmm`."""
        return affine.addmm(self, mat1, mat2, beta=beta, alpha=alpha)

    def addmv(self, mat: Any, vec: Any, *, beta: float = 1, alpha: float = 1) -> Tensor:
        """See `autograd.addmv`."""
        return affine.addmv(self, mat, vec, beta=beta, alpha=alpha)

    def addr(self, vec1: Any, vec2: Any, *, beta: float = 1, alpha: float = 1) -> Tensor:
        """See `autograd.addr`."""
        return affine.addr(self, vec1, vec2, beta=beta, alpha=alpha)

    def addbmm(self, batch1: Any, batch2: Any, *, beta: float = 1, alpha: float = 1) -> Tensor:
        """See `autograd.addbmm`."""
        return affine.addbmm(self, batch1, batch2, beta=beta, alpha=alpha)

    def baddbmm(self, batch1: Any, batch2: Any, *, beta: float = 1, alpha: float = 1) -> Tensor:
        """See `autograd.baddbmm`."""
        return affine.baddbmm(self, batch1, batch2, beta=beta, alpha=alpha)

    def inner(self, other: Any) -> Tensor:
        """See `autograd.inner`."""
        return contraction.inner(self, other)

    def vdot(self, other: Any) -> Tensor:
        """See `autograd.vdot`."""
        return contraction.vdot(self, other)

    def kron(self, other: Any) -> Tensor:
        """See `autograd.kron`."""
        return contraction.kron(self, other)

    def ger(self, vec2: Any) -> Tensor:
        """See `autograd.ger`."""
        return products.ger(self, vec2)

    def cross(self, other: Any, dim: int | None = None) -> Tensor:
        """See `autograd.cross`."""
        return contraction.cross(self, other, dim)

    def det(self) -> Tensor:
        """See `autograd.det`."""
        return older_linalg.det(self)

    def inverse(self) -> Tensor:
        """See `autograd.inverse`."""
        return older_linalg.inverse(self)

    def logdet(self) -> Tensor:
        """See `autograd.logdet`."""
        return older_linalg.logdet(self)

    def matrix_exp(self) -> Tensor:
        """See `autograd.matrix_exp`."""
        return older_linalg.matrix_exp(self)

    def slogdet(self) -> Any:
        """See `autograd.slogdet`."""
        return older_linalg.slogdet(self)

    def geqrf(self) -> Any:
        """See `autograd.geqrf`."""
        return older_linalg.geqrf(self)

    def matrix_power(self, n: int) -> Tensor:
        """See `autograd.matrix_power`."""
        return older_linalg.matrix_power(self, n)

    def pinverse(self, rcond: float = 1e-15) -> Tensor:
        """See `autograd.pinverse`."""
        return older_linalg.pinverse(self, rcond)

    def cholesky(self, upper: bool = False) -> Tensor:
        """See `autograd.cholesky`."""
        return older_linalg.cholesky(self, upper)

    def cholesky_inverse(self, upper: bool = False) -> Tensor:
        """See `autograd.cholesky_inverse`."""
        return older_linalg.cholesky_inverse(self, upper)

    def cholesky_solve(self, L: Any, upper: bool = False) -> Tensor:
        """See `autograd.cholesky_solve`."""
        return older_linalg.cholesky_solve(self, L, upper)

    def triangular_solve(self, A: Any, upper: bool = True, transpose: bool = False, unitriangular: bool = False) -> Any:
        """See `autograd.triangular_solve`."""
        return older_linalg.triangular_solve(self, A, upper, transpose, unitriangular)

    def qr(self, some: bool = True) -> Any:
        """See `autograd.qr`."""
        return older_linalg.qr(self, some)

    def svd(self, some: bool = True, compute_uv: bool = True) -> Any:
        """See `autograd.svd`."""
        return older_linalg.svd(self, some, compute_uv)

    def lu(self, pivot: bool = True, get_infos: bool = False) -> Any:
        """See `autograd.lu`."""
        return older_linalg.lu(self, pivot, get_infos)

    def lu_solve(self, LU_data: Any, LU_pivots: Any) -> Tensor:
        """See `autograd.lu_solve`."""
        return older_linalg.lu_solve(self, LU_data, LU_pivots)

    def orgqr(self, tau: Any) -> Tensor:
        """See `autograd.orgqr`."""
        return older_linalg.orgqr(self, tau)

    def ormqr(self, tau: Any, other: Any, left: bool = True, transpose: bool = False) -> Tensor:
        """See `autograd.ormqr`."""
        return older_linalg.ormqr(self, tau, other, left, transpose)
