"""NumPy's functions on Tensors: NumPy's numbers, in the graph; and what passes between without a copy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import Tensor, errors
from autograd.numpy_protocols import FUNCTIONS, UFUNCS

rng = np.random.default_rng(0)
A = rng.uniform(0.5, 1.5, (3, 4))
B = rng.uniform(0.5, 1.5, (3, 4))
V = rng.uniform(0.5, 1.5, 4)
S = A[:, :3] @ A[:, :3].T + np.eye(3)
CUBE = rng.uniform(0.5, 1.5, (2, 3, 4))

Call = tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]


def call(function: Callable[..., Any], *arguments: Any, **keywords: Any) -> Call:
    return function, arguments, keywords


CALLS: list[Call] = [
    *[call(f, A) for f in (np.sum, np.mean, np.max, np.min, np.prod, np.var, np.std, np.median, np.ptp)],
    *[call(f, A, axis=1) for f in (np.sum, np.mean, np.max, np.min, np.prod, np.var, np.std, np.median, np.ptp)],
    *[call(f, CUBE, axis=(0, 2), keepdims=True) for f in (np.sum, np.mean, np.max, np.min, np.prod, np.var)],
    call(np.sum, A, dtype=np.float32), call(np.var, A, 0, ddof=1), call(np.std, A, correction=1),
    *[call(f, A > 1, axis=0) for f in (np.all, np.any)], call(np.all, A), call(np.any, A > 5),
    *[call(f, A, axis=1) for f in (np.argmax, np.argmin)], call(np.argmax, A), call(np.argmin, A, keepdims=True),
    *[call(f, np.where(A > B, np.nan, A), axis=1) for f in (np.nansum, np.nanmean)],
    call(np.quantile, A, 0.3, axis=1), call(np.quantile, A, 0.25, method="lower"), call(np.count_nonzero, A > 1),
    call(np.count_nonzero, A > 1, axis=0), call(np.cumsum, A), call(np.cumsum, A, axis=1), call(np.cumprod, A, 0),
    call(np.linalg.norm, A), call(np.linalg.norm, A, axis=1), call(np.linalg.norm, A, 1),
    call(np.linalg.norm, V, np.inf),
    call(np.reshape, A, (2, 6)), call(np.reshape, A, -1), call(np.ravel, A), call(np.transpose, A),
    call(np.transpose, CUBE, (2, 0, 1)), call(np.matrix_transpose, CUBE), call(np.swapaxes, CUBE, 0, 2),
    call(np.moveaxis, CUBE, 0, -1), call(np.squeeze, A[None]), call(np.squeeze, A[None], 0), call(np.expand_dims, A, 1),
    call(np.expand_dims, A, (0, -1)), call(np.broadcast_to, V, (3, 4)), call(np.broadcast_arrays, A, V),
    call(np.concatenate, [A, B]), call(np.concatenate, (A, B), axis=1), call(np.concatenate, [A, V], axis=None),
    call(np.stack, [A, B], axis=-1), call(np.vstack, [A, V]), call(np.hstack, [A, B]), call(np.dstack, [A, B]),
    call(np.column_stack, [V, V]), call(np.split, A, 2, axis=1), call(np.split, A, [1, 3], axis=1),
    call(np.array_split, V, 3), call(np.tile, A, 2), call(np.tile, V, (2, 2)), call(np.repeat, A, 2),
    call(np.repeat, A, [1, 0, 2], axis=0), call(np.roll, A, 1), call(np.roll, A, 1, axis=1), call(np.flip, A),
    call(np.flip, A, 0), call(np.flip, CUBE, (0, 2)), call(np.fliplr, A), call(np.flipud, A), call(np.rot90, A),
    call(np.rot90, A, 3), call(np.pad, A, 1), call(np.pad, A, ((0, 1), (2, 0)), constant_values=3.0),
    call(np.tril, A), call(np.triu, A, 1), call(np.outer, V, V), call(np.kron, A, B), call(np.inner, A, B),
    call(np.vdot, V, V), call(np.trace, A), call(np.diag, V), call(np.diag, A), call(np.diagonal, A, 1),
    call(np.atleast_1d, V[0]), call(np.atleast_2d, V), call(np.atleast_3d, CUBE), call(np.array_equal, A, A),
    call(np.isclose, A, B), call(np.allclose, A, A), call(np.sinc, A), call(np.nan_to_num, A), call(np.i0, V),
    call(np.isposinf, A), call(np.isneginf, A), call(np.isin, np.arange(4), np.array([1, 3])),
    call(np.where, A > 1, A, B), call(np.where, A > 1), call(np.clip, A, 0.8, 1.2), call(np.clip, A, None, 1.0),
    call(np.clip, A, min=1.0), call(np.round, A, 1), call(np.around, A), call(np.dot, A, V), call(np.dot, A, B.T),
    call(np.dot, CUBE, B.T), call(np.dot, V, V), call(np.tensordot, A, B, axes=((0, 1), (0, 1))),
    call(np.tensordot, A, B.T, 1), call(np.einsum, "ij,kj->ik", A, B), call(np.cross, A[:, :3], B[:, :3]),
    call(np.take, A, [2, 0], axis=1), call(np.take, A, np.array([[5, 1]])), call(np.sort, A), call(np.sort, A, axis=0),
    call(np.sort, A, axis=None), call(np.argsort, A), call(np.argsort, A, axis=None),
    call(np.take_along_axis, A, np.argsort(A, 1), axis=1), call(np.diff, A), call(np.diff, A, 2, axis=1),
    call(np.trapezoid, A), call(np.trapezoid, A, V), call(np.nonzero, A > 1), call(np.copy, A),
    call(np.astype, A, np.float32), call(np.zeros_like, A), call(np.ones_like, A), call(np.full_like, A, 3.0),
    call(np.shape, A), call(np.ndim, A), call(np.size, A), call(np.size, A, 1), call(np.result_type, A, A),
    *[call(getattr(np.linalg, n), S) for n in ("inv", "det", "slogdet", "cholesky", "eigvalsh", "pinv", "svdvals")],
    call(np.linalg.solve, S, B), call(np.linalg.matrix_power, S, 3), call(np.linalg.multi_dot, [S, A, B.T]),
    call(np.linalg.matrix_rank, A), call(np.linalg.svd, A, compute_uv=False),
]  # fmt: skip
SHAPE_ALONE = {np.empty_like}
WITH_FREE_SIGNS = {np.linalg.eigh, np.linalg.svd, np.linalg.qr}


def tensors(value: Any) -> Any:
    if isinstance(value, (np.ndarray, np.floating)):
        return autograd.tensor(np.asarray(value))
    if type(value) in (tuple, list):
        return type(value)([tensors(x) for x in value])
    return value


def flat(value: Any) -> list[Any]:
    return [y for x in value for y in flat(x)] if isinstance(value, (tuple, list)) else [value]


def shown(case: Call) -> str:
    function, arguments, keywords = case
    listed = [str(np.shape(a)) if isinstance(a, np.ndarray) else repr(a)[:20] for a in arguments]
    return f"{function.__name__}-{'-'.join(listed)}-{sorted(keywords)}"


@pytest.mark.parametrize("case", CALLS, ids=shown)
def test_a_function_gives_numpys_numbers(case: Call) -> None:
    function, arguments, keywords = case
    expected = flat(function(*arguments, **keywords))
    # At least the first argument is a Tensor; masks and index lists stay as they are.
    first = 1 if isinstance(arguments[0], str) else 0
    given = (*arguments[:first], tensors(arguments[first]), *arguments[first + 1 :])
    for inputs in (given, tuple(tensors(a) for a in arguments)):
        found = flat(function(*inputs, **keywords))
        assert len(found) == len(expected)
        for ours, theirs in zip(found, expected, strict=True):
            if isinstance(theirs, np.ndarray):
                assert isinstance(ours, Tensor), type(ours)
            plain = ours.numpy() if isinstance(ours, Tensor) else np.asarray(ours)
            assert plain.shape == np.shape(theirs)
            if np.asarray(theirs).dtype.kind == "f":
                np.testing.assert_allclose(plain, theirs, rtol=1e-6 if plain.dtype == np.float32 else 1e-11)
            else:
                assert np.array_equal(plain, theirs)


def test_every_function_is_tried() -> None:
    tried = {function for function, _, _ in CALLS} | SHAPE_ALONE | WITH_FREE_SIGNS
    assert {f.__name__ for f in FUNCTIONS.keys() - tried} == set()
    assert np.empty_like(autograd.tensor(A)).shape == A.shape
    t = autograd.tensor(S)
    w, v = np.linalg.eigh(t)
    np.testing.assert_allclose((v * w) @ v.mT, S)
    u, s, vh = np.linalg.svd(t)
    np.testing.assert_allclose((u * s) @ vh, S)
    q, r = np.linalg.qr(t)
    np.testing.assert_allclose(q @ r, S)


@pytest.mark.parametrize("name", UFUNCS)
def test_a_ufunc_gives_numpys_numbers(name: str) -> None:
    ufunc = getattr(np, name)
    kinds: list[np.ndarray] = [A, B, A / 2]
    if name in (
        "gcd",
        "lcm",
        "bitwise_and",
        "bitwise_or",
        "bitwise_xor",
        "invert",
        "left_shift",
        "right_shift",
        "ldexp",
    ):
        kinds = [np.arange(6).reshape(2, 3), np.arange(6).reshape(2, 3)[::-1], np.arange(6)]
    left, right = kinds[0], kinds[1]
    if name in ("arcsin", "arccos", "arctanh"):
        left = A / 2
    if name == "arccosh":
        left = A + 1
    if name == "ldexp":
        left = left.astype(float)
    if name == "matmul":
        right = right.T
    arguments = (left, right)[: ufunc.nin]
    expected = flat(ufunc(*arguments))
    for given in ((tensors(arguments[0]), *arguments[1:]), (*arguments[:-1], tensors(arguments[-1]))):
        found = flat(ufunc(*given))
        for ours, theirs in zip(found, expected, strict=True):
            assert isinstance(ours, Tensor)
            np.testing.assert_allclose(ours.numpy(), theirs, rtol=1e-12)


def test_the_graph_goes_on() -> None:
    x = autograd.tensor(V, requires_grad=True)
    y = np.sum(np.exp(x) * np.sqrt(V)) + np.mean(np.concatenate([x, x])) + np.linalg.norm(x) + np.add.reduce(x)
    y.backward()
    assert x.grad is not None
    expected = np.exp(V) * np.sqrt(V) + 1 / len(V) + V / np.linalg.norm(V) + 1
    np.testing.assert_allclose(x.grad, expected)


def test_methods_of_ufuncs() -> None:
    t = autograd.tensor(A)
    for ufunc in (np.add, np.multiply, np.maximum, np.minimum, np.logaddexp):
        np.testing.assert_allclose(ufunc.reduce(t), ufunc.reduce(A))
        np.testing.assert_allclose(ufunc.reduce(t, axis=1, keepdims=True), ufunc.reduce(A, axis=1, keepdims=True))
    assert bool(np.logical_and.reduce(t > 0, axis=None)) and not bool(np.logical_or.reduce(t < 0, axis=None))
    np.testing.assert_allclose(np.add.accumulate(t, 1), np.add.accumulate(A, 1))
    np.testing.assert_allclose(np.multiply.accumulate(t), np.multiply.accumulate(A))
    np.testing.assert_allclose(np.subtract.outer(autograd.tensor(V), A), np.subtract.outer(V, A))


def test_operators_with_arrays_on_either_side() -> None:
    t = autograd.tensor(A, dtype="float32", requires_grad=True)
    for result in (
        A + t,
        t + A,
        np.float64(2.0) * t,
        V - t,
        A.astype(np.float32) @ t.mT,
        t < A,
        np.greater(A, t),
        np.float32(1.0) / t,
    ):
        assert isinstance(result, Tensor)
    assert (np.float64(2.0) * t).dtype == autograd.float32
    assert (A + t).requires_grad
    array = A.copy()
    with pytest.raises(errors.ArgumentError, match=r"np\.add: out cannot be given with Tensors"):
        array += t
    assert (array == A).all()


def test_what_is_not_offered_stays_outside_the_graph() -> None:
    t = autograd.tensor(A)
    counts, _ = np.histogram(t)
    assert isinstance(counts, np.ndarray) and counts.sum() == A.size
    assert isinstance(np.cbrt(t), np.ndarray)
    leaf = autograd.tensor(A, requires_grad=True)
    with pytest.raises(errors.DtypeError, match=r"np\.histogram: not offered on Tensors that require grad"):
        np.histogram(leaf)
    with pytest.raises(errors.DtypeError, match=r"np\.cbrt: not offered"):
        np.cbrt(leaf)
    with pytest.raises(errors.ArgumentError, match=r"np\.exp: out cannot be given"):
        np.exp(leaf, out=np.empty_like(A))
    with pytest.raises(errors.ArgumentError, match=r"np\.sum: out cannot be given"):
        np.sum(leaf, out=np.empty(()))
    with pytest.raises(errors.ArgumentError, match=r"np\.pad: mode 'reflect'"):
        np.pad(leaf, 1, "reflect")


def test_dlpack_shares_memory_both_ways(torch: Any) -> None:
    t = autograd.tensor(A)
    for other in (np.from_dlpack(t), torch.from_dlpack(t)):
        t.fill_(7.0)
        assert bool((other == 7).all())
        t.copy_(A)
        assert float(other[1, 2]) == A[1, 2]
    theirs = torch.ones(2, 3, dtype=torch.float32)
    back = autograd.from_dlpack(theirs)
    assert back.dtype == autograd.float32 and back.shape == (2, 3)
    theirs.fill_(3.0)
    assert (back == 3).all()
    back.fill_(4.0)
    assert bool((theirs == 4).all())
    assert autograd.from_dlpack(A).tolist() == A.tolist()
    assert t.__dlpack_device__() == (1, 0)
    with pytest.raises(errors.GraphError, match="requires grad"):
        np.from_dlpack(autograd.tensor(A, requires_grad=True))
    with pytest.raises(errors.DtypeError, match=r"from_dlpack: .* has no __dlpack__"):
        autograd.from_dlpack([1.0])


# --- the array API


def standardized(xp: Any, x: Any, y: Any) -> list[Any]:
    """A program in the standard's functions alone."""
    centred = x - xp.mean(x, axis=-1, keepdims=True)
    scaled = xp.divide(centred, xp.std(x, axis=-1, keepdims=True, correction=1) + 1e-3)
    weights = xp.exp(scaled - xp.max(scaled, axis=-1, keepdims=True))
    weights = weights / xp.sum(weights, axis=-1, keepdims=True)
    joined = xp.concat([weights, xp.zeros((1, 4), dtype=x.dtype)], axis=0)
    product = xp.matmul(joined, xp.matrix_transpose(y))
    picked = xp.where(product > 0.2, product, xp.zeros_like(product))
    parts = xp.unstack(xp.permute_dims(picked, (1, 0)))
    total = xp.cumulative_sum(xp.stack(list(parts), axis=0), axis=1)
    shape = xp.reshape(total, (-1,))
    return [
        shape, xp.vecdot(x, y), xp.var(x, axis=0), xp.linspace(0.0, 1.0, 5), xp.arange(2, 8, 2), xp.eye(3, 4, k=1),
        xp.clip(x, 0.7, 1.0), xp.pow(x, y), xp.bitwise_invert(xp.asarray([True, False])), xp.argmax(x, axis=1),
        xp.any(x > 1, axis=0), xp.expand_dims(x, axis=0), xp.tile(x, (2, 1)), xp.astype(x, xp.float32),
        xp.full((2,), 3.0), xp.ones(3), xp.sort(x, axis=1), xp.take(x, xp.asarray([1, 0]), axis=1),
        xp.linalg.inv(x @ xp.matrix_transpose(x)), xp.asarray(xp.pi),
    ]  # fmt: skip


def test_a_program_of_the_standard() -> None:
    t, u = autograd.tensor(A), autograd.tensor(B)
    xp = t.__array_namespace__()
    for ours, theirs in zip(standardized(xp, t, u), standardized(np, A, B), strict=True):
        assert isinstance(ours, Tensor)
        np.testing.assert_allclose(ours.numpy(), theirs, rtol=1e-5 if ours.dtype == np.float32 else 1e-11)
    leaf = autograd.tensor(A, requires_grad=True)
    standardized(xp, leaf, u)[0].sum().backward()
    assert leaf.grad is not None
    assert xp.isdtype(t.dtype, "real floating") and xp.can_cast(xp.float32, xp.float64)
    assert xp.finfo(t).eps == np.finfo(np.float64).eps and xp.iinfo(xp.int8).max == 127
    assert t.to_device("cpu") is t
    with pytest.raises(errors.ArgumentError, match="device 'gpu' is not there"):
        xp.zeros((2,), device="gpu")
    with pytest.raises(errors.ArgumentError, match=r"version '1999\.12' of the standard"):
        t.__array_namespace__(api_version="1999.12")


def test_every_name_of_the_namespace_is_there() -> None:
    from autograd import array_api

    for name in array_api.__all__:
        assert getattr(array_api, name, 0) != 0 or name == "newaxis", name
