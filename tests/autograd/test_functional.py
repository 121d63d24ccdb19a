"""Jacobians, Hessians and their products, against finite differences, closed forms and PyTorch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd
from autograd import functional
from autograd.errors import ArgumentError, DtypeError, GraphError, ShapeError
from autograd.testing import gradcheck


def t(numbers: Any, **fields: Any) -> Any:
    return autograd.tensor(np.asarray(numbers, dtype=np.float64), **fields)


A = np.array([[1.0, 2.0], [2.0, -3.0]])


def quadratic(x: Any) -> Any:
    return 0.5 * (x * autograd.matmul(t(A), x)).sum()


def test_closed_forms_of_a_quadratic() -> None:
    x, v = t([0.5, -1.0]), t([2.0, 3.0])
    np.testing.assert_allclose(functional.jacobian(quadratic, x).numpy(), A @ x.numpy(), rtol=1e-14)
    np.testing.assert_allclose(functional.hessian(quadratic, x).numpy(), A, rtol=1e-14)
    np.testing.assert_allclose(functional.vhp(quadratic, x, v)[1].numpy(), A @ v.numpy(), rtol=1e-14)
    np.testing.assert_allclose(functional.hvp(quadratic, x, v)[1].numpy(), A @ v.numpy(), rtol=1e-14)
    assert functional.hvp(quadratic, x, v)[0].item() == quadratic(x).item()


def vector(m: Any, x: Any, y: Any) -> Any:
    """The same function in our package and in PyTorch."""
    return (x[:, None] * y).sin().sum(0), m.exp(x) * 2


FUNCTIONS = {
    "one to one": (lambda m, x: x**3, ((3,),)),
    "one to a number": (lambda m, x: (x**3).sum() * x[0], ((3,),)),
    "number to number": (lambda m, x: m.exp(x), ((),)),
    "two to two": (vector, ((2,), (2, 3))),
    "matrix": (lambda m, x, y: m.matmul(x, y), ((2, 3), (3, 2))),
    "to an empty one": (lambda m, x: x[:0], ((2,),)),
    "unused input": (lambda m, x, y: x * 2, ((2,), (3,))),
}


def arrays(shapes: Any, seed: int = 0) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [np.asarray(rng.uniform(0.5, 1.5, shape)) for shape in shapes]


def numbers(result: Any) -> Any:
    return [numbers(r) for r in result] if isinstance(result, (tuple, list)) else np.asarray(result.detach().numpy())


def same(ours: Any, theirs: Any) -> None:
    if isinstance(ours, list):
        assert isinstance(theirs, list) and len(ours) == len(theirs)
        for a, b in zip(ours, theirs, strict=True):
            same(a, b)
        return
    assert ours.shape == theirs.shape and ours.dtype == theirs.dtype
    np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(
    ("name", "case"),
    # PyTorch's jacobian stacks no rows and raises; see the test of a function of no rows.
    [(n, c) for n in ("jacobian", "vjp", "jvp") for c in FUNCTIONS if (n, c) != ("jacobian", "to an empty one")],
)
def test_first_order_against_torch(torch: Any, name: str, case: str) -> None:
    function, shapes = FUNCTIONS[case]
    answers = []
    for module in (autograd, torch):
        made = [module.tensor(a) for a in arrays(shapes)]
        inputs = made[0] if len(made) == 1 else tuple(made)
        call = getattr(module.functional if module is autograd else module.autograd.functional, name)
        arguments = [lambda *xs, module=module: function(module, *xs), inputs]
        if name == "vjp":
            out = function(module, *made)
            outs = out if isinstance(out, tuple) else (out,)
            v = [module.tensor(a) for a in arrays([tuple(o.shape) for o in outs], 1)]
            arguments.append(tuple(v) if isinstance(out, tuple) else v[0])
        elif name == "jvp":
            v = [module.tensor(a) for a in arrays(shapes, 2)]
            arguments.append(v[0] if len(v) == 1 else tuple(v))
        answers.append(numbers(call(*arguments)))
    same(*answers)


@pytest.mark.parametrize("name", ["hessian", "vhp", "hvp"])
@pytest.mark.parametrize("tuples", [False, True])
def test_second_order_against_torch(torch: Any, name: str, tuples: bool) -> None:
    answers = []
    for module in (autograd, torch):
        given = [module.tensor(a) for a in arrays([(2,), (2, 3)] if tuples else [(3,)])]

        def function(*xs: Any) -> Any:
            return (xs[0][:, None] * xs[1] ** 2).sin().sum() if len(xs) == 2 else (xs[0] ** 3).sum() * xs[0][1].exp()

        call = getattr(module.functional if module is autograd else module.autograd.functional, name)
        inputs = tuple(given) if tuples else given[0]
        arguments = [function, inputs]
        if name != "hessian":
            v = [module.tensor(a) for a in arrays([(2,), (2, 3)] if tuples else [(3,)], 3)]
            arguments.append(tuple(v) if tuples else v[0])
        answers.append(numbers(call(*arguments)))
    same(*answers)


def test_jacobian_against_finite_differences() -> None:
    def f(x: np.ndarray) -> np.ndarray:
        return np.array([np.sin(x[0]) * x[1], x[0] ** 2 / x[1], np.exp(x[0] - x[1])])

    def ours(x: Any) -> Any:
        return autograd.stack([x[0].sin() * x[1], x[0] ** 2 / x[1], (x[0] - x[1]).exp()])

    x, h = np.array([0.7, 1.3]), 1e-5
    numerical = np.stack([(f(x + h * e) - f(x - h * e)) / (2 * h) for e in np.eye(2)], axis=1)
    analytic = functional.jacobian(ours, t(x)).numpy()
    assert np.linalg.norm(analytic - numerical) / np.linalg.norm(analytic) < 1e-9


def test_jvp_is_the_jacobian_times_v_and_vjp_its_transpose() -> None:
    def f(x: Any) -> Any:
        return autograd.tanh(x[:2] * x[1:]) * x.sum()

    x, u, v = t([0.3, -0.8, 1.2]), t([1.0, 2.0, -1.0]), t([0.5, -3.0])
    J = functional.jacobian(f, x).numpy()
    np.testing.assert_allclose(functional.jvp(f, x, u)[1].numpy(), J @ u.numpy(), rtol=1e-13)
    np.testing.assert_allclose(functional.vjp(f, x, v)[1].numpy(), v.numpy() @ J, rtol=1e-13)


def test_create_graph_lets_the_results_be_differentiated() -> None:
    x, v = t([0.5, 1.5], requires_grad=True), t([1.0, -2.0], requires_grad=True)

    def cube(x: Any) -> Any:
        return x**3 * x.sum()

    gradcheck(lambda x: functional.jacobian(cube, x, create_graph=True), x)
    gradcheck(lambda x, v: functional.jvp(cube, x, v, create_graph=True), (x, v))
    gradcheck(lambda x, v: functional.vjp(cube, x, v, create_graph=True), (x, v))
    gradcheck(lambda x: functional.hessian(lambda x: cube(x).sum(), x, create_graph=True), x)
    gradcheck(lambda x, v: functional.hvp(lambda x: cube(x).sum(), x, v, create_graph=True), (x, v))
    gradcheck(lambda x, v: functional.vhp(lambda x: cube(x).sum(), x, v, create_graph=True), (x, v))
    assert not functional.jacobian(cube, x).requires_grad
    assert x.grad is None


def test_jacobian_of_a_function_of_no_rows() -> None:
    assert functional.jacobian(lambda x: x[:0], t([1.0, 2.0])).shape == (0, 2)


def test_inside_no_grad() -> None:
    with autograd.no_grad():
        assert functional.jacobian(lambda x: x * x, t(3.0)).item() == 6.0


def test_strict() -> None:
    with pytest.raises(GraphError, match="jacobian: no output depends on input 1"):
        functional.jacobian(lambda x, y: x * 2, (t([1.0]), t([1.0])), strict=True)
    with pytest.raises(GraphError, match="vjp: output 0 does not depend"):
        functional.vjp(lambda x: t([1.0]), t([1.0]), t([1.0]), strict=True)
    with pytest.raises(GraphError, match=r"hessian|jacobian"):
        functional.hessian(lambda x: x.sum(), t([1.0]), strict=True)
    assert functional.hessian(lambda x: x.sum(), t([1.0])).tolist() == [[0.0]]
    assert functional.jacobian(lambda x: t([1.0, 2.0]), t([1.0])).tolist() == [[0.0], [0.0]]


def test_bad_arguments() -> None:
    with pytest.raises(DtypeError, match="jacobian: input 0 is int64"):
        functional.jacobian(lambda x: x, autograd.tensor([1]))
    with pytest.raises(DtypeError, match="vjp: output 0 is a float, not a Tensor"):
        functional.vjp(lambda x: 1.0, t([1.0]), t([1.0]))
    with pytest.raises(DtypeError, match="hvp: input 0 is a ndarray"):
        functional.hvp(lambda x: x, np.zeros(2))
    with pytest.raises(ShapeError, match=r"jvp: v \[\(3,\)\] must have the shapes of the inputs, \[\(2,\)\]"):
        functional.jvp(lambda x: x, t([1.0, 2.0]), t([1.0, 2.0, 3.0]))
    with pytest.raises(ArgumentError, match="vjp: v is needed"):
        functional.vjp(lambda x: x, t([1.0, 2.0]))
    with pytest.raises(ShapeError, match="hessian: func must give one number"):
        functional.hessian(lambda x: x, t([1.0, 2.0]))
    with pytest.raises(ArgumentError, match="there are no inputs"):
        functional.jacobian(lambda: 1, ())


@pytest.mark.parametrize("strategy", ["reverse-mode", "forward-mode"])
@pytest.mark.parametrize("vectorize", [False, True])
@pytest.mark.parametrize("case", FUNCTIONS)
def test_all_ways_to_a_jacobian_agree(case: str, vectorize: bool, strategy: str) -> None:
    function, shapes = FUNCTIONS[case]
    inputs = tuple(t(a) for a in arrays(shapes))

    def ours(*xs: Any) -> Any:
        return function(autograd, *xs)

    plain = numbers(functional.jacobian(ours, inputs))
    same(numbers(functional.jacobian(ours, inputs, vectorize=vectorize, strategy=strategy)), plain)


@pytest.mark.parametrize("strategy", ["reverse-mode", "forward-mode"])
@pytest.mark.parametrize("vectorize", [False, True])
def test_all_ways_to_a_hessian_agree(vectorize: bool, strategy: str) -> None:
    x = t([0.5, 1.5, -0.3])

    def f(x: Any) -> Any:
        return (x**3).sum() * x[0].exp()

    plain = numbers(functional.hessian(f, x))
    same(numbers(functional.hessian(f, x, vectorize=vectorize, outer_jacobian_strategy=strategy)), plain)
    with pytest.raises(ArgumentError, match="strategy"):
        functional.jacobian(f, x, strategy="sideways")


def test_inside_vmap() -> None:
    rows = t(arrays(((4, 3),))[0])
    for call in (
        lambda x: functional.jacobian(lambda y: y**3 * y.sum(), x),
        lambda x: functional.hessian(lambda y: (y**3).sum() * y[0], x),
        lambda x: functional.jvp(lambda y: y**3 * y.sum(), x, x)[1],
        lambda x: functional.hvp(lambda y: (y**3).sum() * y[0], x, x)[1],
    ):
        mapped = autograd.func.vmap(call)(rows).numpy()
        np.testing.assert_allclose(mapped, np.stack([call(row).numpy() for row in rows]), rtol=1e-12)
