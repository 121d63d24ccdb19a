"""Linear algebra under torch.linalg's names.

Complex numbers are not offered, and so `eig` and `eigvals`, whose results are complex, are not here; for symmetric
matrices there are `eigh` and `eigvalsh`.
"""

from __future__ import annotations

from .errors import LinalgError
from .numpy_names import accept_numpy_names
from .ops.factorization import (
    cholesky,
    cholesky_ex,
    householder_product,
    lu,
    lu_factor,
    lu_factor_ex,
    qr,
)
from .ops.ldl import ldl_factor, ldl_factor_ex, ldl_solve
from .ops.least_squares import lstsq
from .ops.linalg_products import cross, diagonal, multi_dot, vecdot
from .ops.matrix_functions import det, matrix_exp, matrix_power, slogdet, vander
from .ops.matrix_norms import cond, matrix_norm, norm, vector_norm
from .ops.products import matmul
from .ops.solving import (
    inv,
    inv_ex,
    lu_solve,
    solve,
    solve_ex,
    solve_triangular,
    tensorinv,
    tensorsolve,
)
from .ops.spectral import eigh, eigvalsh, matrix_rank, pinv, svd, svdvals

LinAlgError = LinalgError


__all__ = [
    "LinAlgError",
    "cholesky",
    "cholesky_ex",
    "cond",
    "cross",
    "det",
    "diagonal",
    "eigh",
    "eigvalsh",
    "householder_product",
    "inv",
    "inv_ex",
    "ldl_factor",
    "ldl_factor_ex",
    "ldl_solve",
    "lstsq",
    "lu",
    "lu_factor",
    "lu_factor_ex",
    "lu_solve",
    "matmul",
    "matrix_exp",
    "matrix_norm",
    "matrix_power",
    "matrix_rank",
    "multi_dot",
    "norm",
    "pinv",
    "qr",
    "slogdet",
    "solve",
    "solve_ex",
    "solve_triangular",
    "svd",
    "svdvals",
    "tensorinv",
    "tensorsolve",
    "vander",
    "vecdot",
    "vector_norm",
]

accept_numpy_names(globals())
