"""Elementwise functions beyond what the registry and PyTorch's database try: namespaces, operators, refusals."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import autograd
import autograd.special
from autograd import Value
from autograd.errors import ArgumentError, DtypeError, ShapeError


def test_special_has_pytorchs_names(torch: Any) -> None:
    theirs = {n for n in dir(torch.special) if not n.startswith("_") and n != "Tensor"}
    assert set(autograd.special.__all__) == {n for n in theirs if callable(getattr(torch.special, n))}
    for name in autograd.special.__all__:
        assert callable(getattr(autograd.special, name))
    assert autograd.special.psi is autograd.digamma and autograd.special.gammaln is autograd.lgamma


@pytest.mark.parametrize(
    ("name", "scipy_name"),
    [
        ("chebyshev_polynomial_t", "eval_chebyt"),
        ("chebyshev_polynomial_u", "eval_chebyu"),
        ("shifted_chebyshev_polynomial_t", "eval_sh_chebyt"),
        ("shifted_chebyshev_polynomial_u", "eval_sh_chebyu"),
        ("hermite_polynomial_h", "eval_hermite"),
        ("hermite_polynomial_he", "eval_hermitenorm"),
        ("laguerre_polynomial_l", "eval_laguerre"),
        ("legendre_polynomial_p", "eval_legendre"),
    ],
)
def test_polynomials_are_scipys(name: str, scipy_name: str) -> None:
    from scipy import special

    x, n = np.linspace(-1, 1, 11)[:, None], np.arange(12)
    found = getattr(autograd.special, name)(autograd.from_numpy(x), autograd.from_numpy(n)).numpy()
    expected = getattr(special, scipy_name)(n, x)
    # Near its roots a polynomial is a difference of numbers of its usual size, so each degree is held to that size.
    error = np.abs(found - expected).max(axis=0) / np.abs(expected).max(axis=0)
    assert (error < 1e-13).all(), error


def test_polynomials_of_odd_degrees(torch: Any) -> None:
    x, n = [0.25, 0.25, 0.25, math.nan], [-1.0, 0.0, 2.7, 0.0]
    for module in (torch, autograd):
        found = module.special.legendre_polynomial_p(module.tensor(x), module.tensor(n)).tolist()
        assert found[:3] == [0.0, 1.0, -0.40625]
    assert math.isnan(autograd.special.legendre_polynomial_p(0.25, math.nan).item())
    assert math.isnan(autograd.special.legendre_polynomial_p(0.25, 1e30).item())


def test_shifts_and_the_other_operators(torch: Any) -> None:
    for module in (torch, autograd):
        x = module.tensor([1, 5, -8])
        assert [(x << 2).tolist(), (x >> 1).tolist(), (2 << module.tensor([1, 3])).tolist()] == [
            [4, 20, -32], [0, 2, -4], [4, 16],
        ]  # fmt: skip
        assert (64 >> module.tensor([1, 3])).tolist() == [32, 8]
    for wrong in (autograd.tensor([1.0]), autograd.tensor([True])):
        with pytest.raises(DtypeError, match="bitwise_left_shift"):
            wrong << wrong
    with pytest.raises(DtypeError, match="gcd: not defined for float32"):
        autograd.gcd(autograd.tensor([1.0]), 2)


@pytest.mark.parametrize("name", ["floor_divide", "remainder", "fmod"])
def test_integers_divided_by_zero_are_refused(torch: Any, name: str) -> None:
    with pytest.raises(RuntimeError):
        getattr(torch, name)(torch.tensor([4, 1]), torch.tensor([2, 0]))
    with pytest.raises(ArgumentError, match="an integer is divided by 0"):
        getattr(autograd, name)(autograd.tensor([4, 1]), autograd.tensor([2, 0]))


@pytest.mark.parametrize("mode", ["floor", "trunc"])
def test_rounded_quotients_of_integers(torch: Any, mode: str) -> None:
    x, y = np.meshgrid(np.arange(-7, 8), [-3, -2, -1, 1, 2, 3])
    theirs = torch.div(torch.from_numpy(x), torch.from_numpy(y), rounding_mode=mode)
    found = autograd.div(autograd.from_numpy(x), autograd.from_numpy(y), rounding_mode=mode)
    assert found.dtype == np.int64
    np.testing.assert_array_equal(found.numpy(), theirs.numpy())


def test_where_of_a_condition_alone(torch: Any) -> None:
    for condition in (np.array([[True, False], [True, True]]), np.array(True), np.array(False), np.array([0.0, 2.0])):
        theirs = torch.where(torch.from_numpy(condition))
        ours = autograd.where(autograd.tensor(condition))
        assert [x.tolist() for x in ours] == [x.tolist() for x in theirs]
    with pytest.raises(ArgumentError, match="both input and other"):
        autograd.where(autograd.tensor([True]), 1.0)


def test_wrong_calls_say_what_is_wrong() -> None:
    x = autograd.tensor([1.0, 2.0])
    for call, kind, text in (
        (lambda: autograd.polygamma(-1, x), ArgumentError, "polygamma: n is -1"),
        (lambda: autograd.polygamma(1.5, x), ArgumentError, "polygamma: n is 1.5"),  # type: ignore[arg-type]
        (lambda: autograd.mvlgamma(x, 0), ArgumentError, "mvlgamma: p is 0"),
        (lambda: autograd.isclose(x, x, rtol=-1), ArgumentError, "rtol is -1"),
        (lambda: autograd.allclose(x, x.double()), DtypeError, "float32 and float64"),
        (lambda: autograd.equal(x, x.double()), DtypeError, "float32 and float64"),
        (lambda: autograd.isclose(x, autograd.ones(3)), ShapeError, "isclose: shapes do not broadcast"),
        (lambda: autograd.frexp(autograd.tensor([1])), DtypeError, "frexp: not defined for int64"),
        (lambda: autograd.hypot(autograd.tensor([1]), 2), DtypeError, "hypot: not defined for int64"),
        (lambda: autograd.lerp(autograd.tensor([1]), 2, 1), DtypeError, "lerp: not defined for int64"),
        (lambda: autograd.frac(autograd.tensor([1])), DtypeError, "frac: not defined for int64"),
        (lambda: autograd.nextafter(autograd.tensor([1]), 2), DtypeError, "nextafter"),
        (lambda: autograd.round(autograd.tensor([1]), decimals=2), DtypeError, "round: decimals"),
        (lambda: autograd.addcdiv(x, autograd.tensor([1]), 2), DtypeError, "addcdiv: tensor1 and tensor2 are integers"),
        (lambda: autograd.positive(autograd.tensor([True])), DtypeError, "positive: not defined for bool"),
        (lambda: autograd.clamp(x), ArgumentError, "clamp: give min, max, or both"),
        (lambda: autograd.div(x, 2, rounding_mode="up"), ArgumentError, "rounding_mode is 'up'"),
    ):
        with pytest.raises(kind, match=text):
            call()


def test_frexp_and_its_gradient_at_the_ends_of_the_range() -> None:
    x = autograd.tensor([1e-300, 1e300, 0.0, -5e-324], dtype=autograd.float64, requires_grad=True)
    found = autograd.frexp(x)
    np.testing.assert_array_equal(np.ldexp(found.mantissa.detach().numpy(), found.exponent.numpy()), x.detach().numpy())
    assert found.exponent.dtype == np.int32
    found.mantissa[:3].sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), [2.0**996, 2.0**-997, 1, 0])


def test_a_number_before_a_value_or_a_tensor_in_a_rule() -> None:
    """Rules may give the number first: `op.div(1, x)` computes with whatever x is."""
    from autograd.primitive import op

    assert op.div(1, 4.0) == 0.25
    np.testing.assert_array_equal(op.div(1, np.array([2.0, 4.0])), [0.5, 0.25])
    assert isinstance(op.div(1, Value(4.0)), Value)
    assert op.div(1, autograd.tensor([4.0])).tolist() == [0.25]


def test_real_and_conjugate_are_the_tensor_itself(torch: Any) -> None:
    for module in (torch, autograd):
        x = module.tensor([1.0, -2.0], requires_grad=True)
        for same in (x.real, module.real(x), x.conj(), module.resolve_conj(x), module.conj_physical(x)):
            same.sum().backward()
        assert x.grad.tolist() == [5, 5]


def test_numbers_are_operands_without_dimensions(torch: Any) -> None:
    x = np.array([-1.5, 0.0, 2.0], np.float32)
    expected = torch.heaviside(torch.from_numpy(x), torch.tensor(0.5)).tolist()
    t = autograd.tensor(x)
    for out in (autograd.heaviside(t, 0.5), np.heaviside(t, 0.5)):
        assert out.tolist() == expected and out.dtype == np.float32
    assert autograd.signbit(-1.0).item() and autograd.signbit(-0.0).item() and autograd.signbit(-3).item()
    assert not autograd.signbit(float("nan")).item() and not autograd.signbit(2).item()


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_xlogy_of_a_number_keeps_the_dtype(dtype: str) -> None:
    x = autograd.tensor([1.0, 0.5, 2.0], dtype=dtype)
    assert autograd.xlogy(x, 2).dtype == autograd.xlogy(2, x).dtype == dtype
    np.testing.assert_allclose(autograd.xlogy(x, 2).numpy(), x.numpy() * np.log(2.0), rtol=1e-3)


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int16", "int32", "int64"])
def test_products_of_vectors_keep_integer_dtypes(torch: Any, dtype: str) -> None:
    x, y = np.array([100, 7], dtype), np.array([3, 5], dtype)
    expected = torch.dot(torch.from_numpy(x), torch.from_numpy(y))
    a, b = autograd.tensor(x), autograd.tensor(y)
    for out in (autograd.dot(a, b), autograd.vdot(a, b), a @ b):
        assert out.dtype == dtype and out.item() == expected.item()


def test_powers_of_bools_are_bools(torch: Any) -> None:
    x, y = np.array([True, True, False, False]), np.array([True, False, True, False])
    out = autograd.tensor(x) ** autograd.tensor(y)
    assert out.dtype == np.bool_ and out.tolist() == [True, True, False, True]
    assert (autograd.tensor(x) ** True).dtype == np.bool_
    assert (torch.from_numpy(x) ** True).dtype == torch.bool  # of two tensors PyTorch has no such power


def test_distance_of_integers_and_floats(torch: Any) -> None:
    x, y = np.array([1, 2], np.uint8), np.array([4.0, 6.0], np.float32)
    assert autograd.dist(autograd.tensor(x), autograd.tensor(y)).item() == 5.0
    assert torch.dist(torch.from_numpy(x), torch.from_numpy(y)).item() == 5.0
