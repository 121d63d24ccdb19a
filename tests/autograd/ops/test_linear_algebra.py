"""Products and linear algebra where the sweep over all operations does not look: degenerate matrices, odd equations."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import linalg
from autograd.errors import ArgumentError, DtypeError, LinalgError, ShapeError
from autograd.testing import gradcheck, gradgradcheck


def leaf(x: Any) -> autograd.Tensor:
    return autograd.tensor(np.asarray(x, dtype=np.float64), requires_grad=True)


def pull(function: Callable[..., Any], *inputs: Any) -> list[np.ndarray]:
    leaves = [leaf(x) for x in inputs]
    return [g.numpy() for g in autograd.grad(function(*leaves).sum(), leaves)]


def positive(rng: np.random.Generator, *shape: int) -> np.ndarray:
    a = rng.normal(size=shape)
    return np.asarray(a @ np.swapaxes(a, -1, -2) + np.eye(shape[-1]))


# --- einsum


def random_equation(rng: np.random.Generator) -> tuple[str, list[tuple[int, ...]]]:
    """Up to four operands over up to five letters, some repeated, some of size 1 in one operand alone."""
    letters = "abcde"[: rng.integers(1, 6)]
    sizes = {c: int(rng.integers(1, 4)) for c in letters}
    terms, shapes = [], []
    for _ in range(rng.integers(1, 5)):
        term = "".join(rng.choice(list(letters), rng.integers(1, 4)))
        terms.append(term)
        narrow = len(set(term)) == len(term) and rng.random() < 0.2
        shapes.append(tuple(1 if narrow and k == 0 else sizes[c] for k, c in enumerate(term)))
    used = sorted(set("".join(terms)))
    output = "".join(rng.permutation([c for c in used if rng.random() < 0.5]))
    return ",".join(terms) + "->" + output, shapes


@pytest.mark.parametrize("seed", range(60))
def test_einsum_of_random_equations_is_numpys(seed: int) -> None:
    rng = np.random.default_rng(seed)
    equation, shapes = random_equation(rng)
    arrays = [rng.normal(size=s) for s in shapes]
    expected = np.einsum(equation, *arrays)
    found = autograd.einsum(equation, *map(autograd.tensor, arrays))
    assert found.shape == expected.shape
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-12, atol=1e-12, err_msg=equation)
    if seed < 15:
        gradcheck(lambda *x: autograd.einsum(equation, *x), tuple(map(leaf, arrays)))


def test_einsum_in_its_other_forms() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 3, 4)), rng.normal(size=(5, 4, 2))
    a, b = autograd.tensor(x), autograd.tensor(y)
    expected = np.einsum("bij,cjb->ci", x, y)
    for found in (
        autograd.einsum("bij,cjb->ci", [a, b]),
        autograd.einsum(" b i j , c j b -> c i ", a, b),
        autograd.einsum(a, [1, 8, 9], b, [2, 9, 1], [2, 8]),
    ):
        np.testing.assert_allclose(found.numpy(), expected, rtol=1e-12)
    np.testing.assert_allclose(
        autograd.einsum(a, [..., 0, 1], a, [..., 2, 1], [..., 0, 2]).numpy(), x @ np.swapaxes(x, 1, 2), rtol=1e-12
    )
    np.testing.assert_allclose(autograd.einsum("B...,b...->b...", a, a).numpy(), x.sum(0) * x, rtol=1e-12)


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        (("ij->ii", np.ones((2, 2))), ArgumentError, "here once"),
        (("i.j", np.ones((2, 2))), ArgumentError, "ellipsis"),
        (("ii", np.ones((2, 3))), ShapeError, "sizes 2 and 3"),
        (("...", np.ones(2), np.ones(2)), ArgumentError, "1 terms for 2 operands"),
        (("ijk...", np.ones((2, 2))), ShapeError, "2 dimensions"),
        ((np.ones(2), [70]), ArgumentError, "from 0 to 51"),
        ((np.ones(2), 3), ArgumentError, "list of numbers"),
        (("i",), ArgumentError, "at least one operand"),
        (("i,i", np.ones(2), np.ones(2, dtype=np.float32)), DtypeError, "several dtypes"),
    ],
)
def test_einsum_refuses(arguments: Any, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        autograd.einsum(*arguments)


def test_addmm_does_not_read_its_input_where_beta_is_0() -> None:
    nothing = autograd.tensor([math.nan])
    found = autograd.addmm(nothing, autograd.ones(2, 2), autograd.ones(2, 2), beta=0)
    np.testing.assert_array_equal(found.numpy(), np.full((2, 2), 2.0))


# --- singular and other matrices without a factorization


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (linalg.inv, "inv: batch element 1, 0 is singular"),
        (lambda x: linalg.solve(x, x), "solve: batch element 1, 0 is singular"),
        (linalg.cholesky, "cholesky: batch element 1, 0 is not positive definite: its leading minor of order 2"),
        (linalg.lu_factor, "lu_factor: batch element 1, 0 is singular: U has a 0 on its diagonal at 2"),
        (lambda x: linalg.matrix_power(x, -1), "inv: batch element 1, 0 is singular"),
    ],
)
def test_the_error_says_which_matrix(function: Callable[..., Any], said: str) -> None:
    x = np.broadcast_to(np.eye(2), (2, 1, 2, 2)).copy()
    x[1, 0] = 1.0
    with pytest.raises(LinalgError, match=said) as caught:
        function(autograd.tensor(x))
    assert isinstance(caught.value, RuntimeError) and type(caught.value) is linalg.LinAlgError


def test_one_singular_matrix_leaves_the_others_alone() -> None:
    x = np.stack([np.eye(2) * 2, np.ones((2, 2))])
    for result, info in (linalg.inv_ex(leaf(x)), linalg.solve_ex(leaf(x), leaf(np.ones((2, 2, 1))))):
        np.testing.assert_array_equal(info.numpy(), [0, 2])
        np.testing.assert_array_equal(result[0].detach().numpy().flat[0], 0.5)
        assert np.isnan(result[1].detach().numpy()).all()
    assert linalg.cholesky_ex(autograd.tensor(x)).info.tolist() == [0, 2]
    with pytest.raises(LinalgError):
        linalg.inv_ex(autograd.tensor(x), check_errors=True)


@pytest.mark.parametrize("rank", [0, 1, 2, 3])
def test_the_gradient_of_det_is_right_at_every_rank(rank: int) -> None:
    """Against minors; and finite differences of a polynomial do not mind a singular matrix, if there is a slope."""
    rng = np.random.default_rng(rank)
    x = rng.normal(size=(3, rank)) @ rng.normal(size=(rank, 3))
    if rank >= 2:
        gradcheck(linalg.det, leaf(x))
    (found,) = pull(linalg.det, x)
    minors = [[np.delete(np.delete(x, i, 0), j, 1) for j in range(3)] for i in range(3)]
    expected = [[(-1) ** (i + j) * np.linalg.det(minors[i][j]) for j in range(3)] for i in range(3)]
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_det_of_one_singular_matrix_among_others() -> None:
    x = np.stack([np.diag([2.0, 3.0]), np.array([[1.0, 2.0], [2.0, 4.0]])])
    (found,) = pull(linalg.det, x)
    np.testing.assert_allclose(found, [[[3, 0], [0, 2]], [[4, -2], [-2, 1]]], atol=1e-13)


def test_logarithm_of_a_determinant_that_overflows() -> None:
    x = np.diag(np.full(40, 1e10))
    sign, log = linalg.slogdet(leaf(x))
    assert sign.item() == 1.0
    np.testing.assert_allclose(log.item(), 400 * math.log(10), rtol=1e-14)
    np.testing.assert_allclose(pull(lambda x: linalg.slogdet(x)[1], x)[0], np.eye(40) * 1e-10, rtol=1e-14)
    values = autograd.logdet(autograd.tensor(np.array([[[1.0]], [[0.0]], [[-1.0]]])))
    np.testing.assert_array_equal(values.numpy(), [0, -math.inf, math.nan])


def test_equal_eigenvalues_have_a_gradient_and_their_vectors_none() -> None:
    x = np.eye(2)
    np.testing.assert_allclose(pull(linalg.eigvalsh, x)[0], np.eye(2))
    np.testing.assert_allclose(pull(linalg.svdvals, x)[0], np.eye(2))
    for function in (lambda x: linalg.eigh(x)[1] ** 2, lambda x: linalg.svd(x)[0]):
        assert not np.isfinite(pull(function, x)[0]).all()


def test_the_pseudoinverse_of_a_matrix_of_lower_rank() -> None:
    """Its gradient is right along the matrices of that rank."""
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(4, 2)), rng.normal(size=(2, 3))
    gradcheck(lambda a, b: linalg.pinv(a @ b), (leaf(a), leaf(b)))
    gradgradcheck(lambda a, b: linalg.pinv(a @ b), (leaf(a), leaf(b)))
    np.testing.assert_allclose(linalg.pinv(autograd.tensor(a @ b)).numpy(), np.linalg.pinv(a @ b), atol=1e-13)
    assert linalg.matrix_rank(autograd.tensor(a @ b)).item() == 2


def test_lstsq_of_a_matrix_of_lower_rank_is_the_smallest_solution() -> None:
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(4, 2)) @ rng.normal(size=(2, 3)), rng.normal(size=(4, 2))
    found = linalg.lstsq(autograd.tensor(a), autograd.tensor(b), driver="gelsd")
    x, _, rank, s = np.linalg.lstsq(a, b, rcond=None)
    np.testing.assert_allclose(found.solution.numpy(), x, atol=1e-12)
    np.testing.assert_allclose(found.singular_values.numpy(), s, atol=1e-12)
    assert found.rank.item() == rank and found.residuals.shape == (0,)


# --- one triangle


@pytest.mark.parametrize("upper", [False, True])
def test_only_one_triangle_is_read(upper: bool) -> None:
    rng = np.random.default_rng(0)
    x = positive(rng, 3, 3)
    torn = x.copy()
    torn[np.triu_indices(3, 1) if not upper else np.tril_indices(3, -1)] = math.nan
    side = "U" if upper else "L"
    for function in (
        lambda x: linalg.cholesky(x, upper=upper),
        lambda x: linalg.eigvalsh(x, side),
        lambda x: linalg.eigh(x, side)[1] ** 2,
    ):
        expected, found = function(autograd.tensor(x)), function(autograd.tensor(torn))
        np.testing.assert_allclose(found.numpy(), expected.numpy(), rtol=1e-12)
        np.testing.assert_allclose(function(leaf(torn)).detach().numpy(), expected.numpy(), rtol=1e-12)


def test_gradients_by_symmetric_matrices_are_symmetric() -> None:
    rng = np.random.default_rng(0)
    x = positive(rng, 2, 3, 3)
    for function in (linalg.cholesky, lambda x: linalg.eigh(x)[1] ** 2 * 0.3, linalg.eigvalsh):
        (found,) = pull(function, x)
        np.testing.assert_allclose(found, np.swapaxes(found, -1, -2), atol=1e-13)


def test_triangular_solving_reads_one_triangle_and_no_diagonal_of_ones() -> None:
    a = np.array([[math.nan, math.nan], [3.0, math.nan]])
    found = linalg.solve_triangular(autograd.tensor(a), autograd.ones(2, 1).double(), upper=False, unitriangular=True)
    np.testing.assert_array_equal(found.numpy(), [[1.0], [-2.0]])


# --- invariants, in functions that no sign of a vector changes


def test_decompositions_multiply_to_the_matrix_and_their_gradient_to_ones() -> None:
    """The gradient of a product that is always the matrix itself is that of the identity."""
    rng = np.random.default_rng(0)
    for shape in ((3, 3), (2, 4, 3), (2, 3, 4), (0, 3, 2), (2, 0)):
        x = rng.normal(size=shape)
        weight = autograd.tensor(rng.normal(size=shape))

        def by_svd(x: Any) -> Any:
            u, s, vh = linalg.svd(x, full_matrices=False)
            return (u * s.unsqueeze(-2)) @ vh

        def by_qr(x: Any) -> Any:
            q, r = linalg.qr(x)
            return q @ r

        def by_lu(x: Any) -> Any:
            p, lower, upper = linalg.lu(x)
            return p @ lower @ upper

        for function in (by_svd, by_qr, by_lu):
            np.testing.assert_allclose(function(autograd.tensor(x)).numpy(), x, atol=1e-13)
            (found,) = pull(lambda x, function=function, weight=weight: function(x) * weight, x)
            np.testing.assert_allclose(found, weight.numpy(), atol=1e-11)


def test_results_of_a_factorization_are_used_by_its_solver() -> None:
    rng = np.random.default_rng(0)
    a, b = positive(rng, 2, 3, 3), rng.normal(size=(2, 3, 2))
    x, y = autograd.tensor(a), autograd.tensor(b)
    expected = np.linalg.solve(a, b)
    for found in (
        linalg.solve(x, y),
        linalg.lu_solve(*linalg.lu_factor(x), y),
        linalg.ldl_solve(*linalg.ldl_factor(x), y),
        autograd.cholesky_solve(y, linalg.cholesky(x)),
        autograd.cholesky_solve(y, linalg.cholesky(x, upper=True), upper=True),
        autograd.lu_solve(y, *autograd.lu(x)),
        linalg.lstsq(x, y).solution,
        autograd.cholesky_inverse(linalg.cholesky(x)) @ y,
    ):
        np.testing.assert_allclose(found.numpy(), expected, rtol=1e-10)
    packed = autograd.geqrf(x)
    q, r = linalg.qr(x)
    np.testing.assert_allclose(linalg.householder_product(*packed).numpy(), q.numpy(), atol=1e-13)
    np.testing.assert_allclose(autograd.ormqr(*packed, x, transpose=True).triu().numpy(), r.numpy(), atol=1e-12)


def test_symmetric_indefinite_matrices_need_the_pivots() -> None:
    x = np.array([[0.0, 2.0, 1.0], [2.0, 0.0, 0.0], [1.0, 0.0, 0.5]])
    factors, pivots = linalg.ldl_factor(autograd.tensor(x))
    assert pivots.tolist() == [-2, -2, 3]
    b = autograd.tensor(x @ np.ones((3, 1)))
    np.testing.assert_allclose(linalg.ldl_solve(factors, pivots, b).numpy(), np.ones((3, 1)))
    with pytest.raises(ArgumentError, match="pivots must be from 1 to 3"):
        linalg.ldl_solve(factors, autograd.tensor(np.array([1, 2, 9], np.int32)), b)


def test_what_has_no_derivative_says_so() -> None:
    x = leaf(np.ones((3, 2)) + np.eye(3, 2))
    with pytest.raises(ArgumentError, match="'complete' adds have no derivative"):
        linalg.qr(x, "complete")
    assert linalg.qr(x.detach(), "complete").Q.shape == (3, 3)
    assert not hasattr(linalg, "eig")


def test_float16_is_computed_in_float32() -> None:
    rng = np.random.default_rng(0)
    a = positive(rng, 3, 3).astype(np.float16)
    for function in (linalg.inv, linalg.det, linalg.cholesky, linalg.svdvals, linalg.eigvalsh, linalg.matrix_exp):
        x = autograd.tensor(a / 4, requires_grad=True)
        out = function(x)
        (found,) = autograd.grad(out.sum(), [x])
        assert out.dtype == found.dtype == np.float16
        np.testing.assert_allclose(out.detach().numpy(), function(x.detach().double()).numpy(), rtol=0.02, atol=0.02)
    with pytest.raises(DtypeError, match=r"use x\.float"):
        linalg.ldl_factor(autograd.tensor(a))


def test_norms_of_huge_and_tiny_numbers() -> None:
    for scale in (1e200, 1e-200):
        x = np.array([[3.0, 0.0], [0.0, 4.0]]) * scale
        for ord in (None, "fro", "nuc", 1, 2, -2, math.inf):
            found = linalg.norm(leaf(x), ord)
            np.testing.assert_allclose(found.item(), np.linalg.norm(x / scale, ord) * scale, rtol=1e-13)
            (slope,) = pull(lambda x, ord=ord: linalg.norm(x, ord), x)
            (expected,) = pull(lambda x, ord=ord: linalg.norm(x, ord), x / scale)
            np.testing.assert_allclose(slope, expected, atol=1e-13)


def test_an_empty_chain_of_products_is_the_identity() -> None:
    assert linalg.matrix_power(autograd.ones(0, 0), 3).shape == (0, 0)
    np.testing.assert_array_equal(linalg.matrix_power(autograd.ones(2, 2), 0).numpy(), np.eye(2))
    assert linalg.det(autograd.ones(0, 0)).item() == 1.0
    assert linalg.det(autograd.ones(3, 0, 0)).tolist() == [1.0, 1.0, 1.0]
    assert autograd.einsum("ij,jk->ik", autograd.ones(2, 0), autograd.ones(0, 3)).tolist() == [[0.0] * 3] * 2


def test_matrices_of_low_rank_are_found_by_random_directions() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 30, 3)), rng.normal(size=(2, 3, 40))

    def product(a: Any, b: Any) -> Any:
        u, s, v = autograd.svd_lowrank(a @ b, q=3)
        return (u * s.unsqueeze(-2)) @ v.mT

    np.testing.assert_allclose(product(leaf(a), leaf(b)).detach().numpy(), a @ b, atol=1e-11)
    found = pull(lambda a, b: product(a, b) ** 2, a, b)
    expected = pull(lambda a, b: (a @ b) ** 2, a, b)
    for x, y in zip(found, expected, strict=True):
        np.testing.assert_allclose(x, y, atol=1e-8)
    values = autograd.pca_lowrank(autograd.tensor(a[0] @ b[0]), q=3)[1].numpy()
    centred = a[0] @ b[0] - (a[0] @ b[0]).mean(0)
    np.testing.assert_allclose(values, np.linalg.svd(centred, compute_uv=False)[:3], rtol=1e-10)
