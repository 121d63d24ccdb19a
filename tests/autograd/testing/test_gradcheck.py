"""gradcheck finds what is wrong, says what it is, and passes what is right."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd
from autograd import Value
from autograd.errors import ArgumentError, DtypeError, GradcheckError
from autograd.testing import KinkWarning, gradcheck, gradgradcheck


def leaf(numbers: Any, name: str | None = None) -> Any:
    x = autograd.tensor(np.asarray(numbers, dtype=np.float64), requires_grad=True)
    x.name = name
    return x


def scaled_gradient(factor: float, power: int = 2) -> Any:
    """x ** power with a gradient that is wrong by a factor."""

    def function(x: Any) -> Any:
        right = x**power
        return right + (factor - 1) * (right - right.detach())  # the value of x ** power, the gradient times factor

    return function


MODES = ("full", "fast")


@pytest.mark.parametrize("mode", MODES)
def test_right_gradients_pass(mode: str) -> None:
    x, y = leaf([[0.3, -0.7, 1.1], [0.2, 0.5, -1.3]]), leaf([0.4, 0.9, -0.6])
    assert gradcheck(lambda x, y: ((x * y).sin().sum(1), x.exp() / (1 + y * y)), (x, y), mode=mode)
    assert gradgradcheck(lambda x, y: ((x * y).sin().sum(1), x.exp() / (1 + y * y)), (x, y), mode=mode)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("factor", [0.0, 0.5, 2.0, -1.0, 1 + 1e-5, 1 + 1e-6])
def test_wrong_factor_is_found(mode: str, factor: float) -> None:
    x = leaf([0.5, -1.5, 2.0])
    assert gradcheck(scaled_gradient(1.0), x, mode=mode)
    with pytest.raises(GradcheckError, match="finite differences"):
        gradcheck(scaled_gradient(factor), x, mode=mode)
    assert gradcheck(scaled_gradient(factor), x, mode=mode, raise_exception=False) is False


def test_one_wrong_entry_of_many_is_named_with_both_numbers() -> None:
    x = leaf(np.linspace(0.5, 2.0, 6).reshape(2, 3))

    def function(x: Any) -> Any:
        wrong = x[1, 2]
        return (x * x).sum(1) + (wrong - wrong.detach())

    with pytest.raises(GradcheckError) as caught:
        gradcheck(function, x)
    message = str(caught.value)
    # d(sum of squares)/dx[1, 2] = 4; the extra term adds 1, to both rows.
    assert "by x[1, 2] is" in message
    assert "5 analytically but 4 by finite differences" in message or "1 analytically but 0" in message
    assert "difference 1" in message and "2 of 12 entries" in message


def test_message_gives_difference_and_relative_error() -> None:
    with pytest.raises(GradcheckError, match=r"slope of output 0 by weights is 9 analytically but 6 by .*"):
        gradcheck(scaled_gradient(1.5), leaf(3.0, "weights"))
    with pytest.raises(GradcheckError, match=r"difference 3, relative 0\.333"):
        gradcheck(scaled_gradient(1.5), leaf(3.0))


def test_second_order_finds_what_first_order_cannot() -> None:
    def function(x: Any) -> Any:
        slope = (3 * x * x).detach()  # right as a number, and not a function of x any more
        cube = x**3
        return cube.detach() + slope * (x - x.detach())

    x = leaf([0.5, 2.0])
    assert gradcheck(function, x)
    with pytest.raises(GradcheckError, match=r"gradgradcheck: the slope of output 0"):
        gradgradcheck(function, x)
    assert gradgradcheck(function, x, raise_exception=False) is False


def test_gradgradcheck_takes_grad_outputs() -> None:
    x, v = leaf([0.5, 2.0]), leaf([1.0, -2.0])
    assert gradgradcheck(lambda x: x**3, x, v)
    with pytest.raises(ArgumentError, match="2 grad_outputs for 1 outputs"):
        gradgradcheck(lambda x: x**3, x, (v, v))


@pytest.mark.parametrize("mode", MODES)
def test_left_graph_is_found(mode: str) -> None:
    with pytest.raises(GradcheckError, match="0 analytically"):
        gradcheck(lambda x: x.detach() * 2, leaf([1.0, 2.0]), mode=mode)


def test_zero_gradients_pass_and_small_wrong_ones_do_not() -> None:
    assert gradcheck(lambda x: autograd.softmax(x, 0).sum(), leaf([0.3, 1.0, -2.0]))
    assert gradcheck(lambda x: x * 0.0, leaf([0.3, 1.0]))
    assert gradcheck(lambda x: x.floor(), leaf([0.3, 1.4]))
    assert gradcheck(lambda x: 1e-3 * x, leaf([0.3]))
    with pytest.raises(GradcheckError):
        gradcheck(lambda x: 1e-6 * x.detach(), leaf([0.3]))
    with pytest.raises(GradcheckError):
        gradcheck(lambda x: 1e-12 * x.detach(), leaf([0.3]), atol=0.0)


def test_unused_input_has_zero_gradient() -> None:
    assert gradcheck(lambda x, y: x * x, (leaf([1.0]), leaf([2.0, 3.0])))
    assert gradgradcheck(lambda x, y: x * x, (leaf([1.0]), leaf([2.0, 3.0])))
    assert gradgradcheck(lambda x: 2 * x, leaf([1.0]))


def test_inputs_that_need_no_gradient_pass_through() -> None:
    index, mask = autograd.tensor([1, 0]), np.array([True, False])
    x = leaf([[1.0, 2.0], [3.0, 4.0]])
    assert gradcheck(
        lambda x, i, m, p, z: (x[i] ** p, autograd.where(m, x, z)),
        (x, index, mask, 2, autograd.zeros(2, dtype=autograd.float64)),
    )


def test_integer_outputs_are_passed_over() -> None:
    assert gradcheck(lambda x: autograd.max(x, 1), leaf([[1.0, 2.0], [5.0, 3.0]]))
    with pytest.raises(DtypeError, match="no floating Tensor"):
        gradcheck(lambda x: x.argmax(), leaf([1.0, 2.0]))


# --- kinks


@pytest.mark.parametrize(
    ("function", "slopes", "analytic"),
    [
        (autograd.relu, "slopes 0 and 1", "analytic 0"),
        (autograd.abs, "slopes -1 and 1", "analytic 0"),
        (lambda x: autograd.maximum(x, 0.0), "slopes 0 and 1", r"analytic 0\.5"),
        (lambda x: autograd.leaky_relu(x, 0.25), r"slopes 0\.25 and 1", r"analytic 0\.25"),
        (lambda x: autograd.clamp(x, 0.0, None), "slopes 0 and 1", "analytic 1"),
    ],
)
def test_kink_is_reported_with_its_slopes(function: Any, slopes: str, analytic: str) -> None:
    x = leaf([[1.0, 2.0, 3.0], [4.0, 5.0, 0.0]], "x")
    with pytest.raises(GradcheckError, match=rf"x\[1, 2\] lies at a kink: {slopes}, {analytic}"):
        gradcheck(function, x)
    with pytest.warns(KinkWarning, match=rf"x\[1, 2\] lies at a kink: {slopes}, {analytic}"):
        assert gradcheck(function, x, kinks="report")


def test_kink_whose_central_difference_is_right_is_not_passed_over() -> None:
    # At 0 abs has gradient 0, which the central difference confirms; it is a kink nevertheless.
    with pytest.raises(GradcheckError, match="lies at a kink"):
        gradcheck(autograd.abs, leaf(0.0))


def test_kink_beside_the_point_is_reported() -> None:
    with pytest.raises(GradcheckError, match=r"within 1e-05 of a kink: slopes 0\.6 and 1"):
        gradcheck(autograd.relu, leaf(6e-6))


@pytest.mark.parametrize("mode", MODES)
def test_kink_along_a_random_direction(mode: str) -> None:
    x = leaf(np.concatenate([np.zeros(1), np.linspace(1, 2, 200)]))
    with pytest.raises(GradcheckError, match="kink"):
        gradcheck(lambda x: autograd.relu(x).sum(), x, mode=mode)
    with pytest.warns(KinkWarning, match="kink"):
        assert gradcheck(lambda x: autograd.relu(x).sum(), x, mode=mode, kinks="report")


def test_reported_kink_must_lie_between_the_slopes_and_the_rest_is_still_compared() -> None:
    def outside(x: Any) -> Any:
        return autograd.relu(x) - (x - x.detach())  # at 0 the analytic slope is -1

    with pytest.raises(GradcheckError, match="which is not between them"):
        gradcheck(outside, leaf([0.0]), kinks="report")

    def wrong_elsewhere(x: Any) -> Any:
        return autograd.relu(x) * autograd.tensor([1.0, 2.0], dtype=autograd.float64) + (x - x.detach())[1]

    with pytest.raises(GradcheckError, match="finite differences"):
        gradcheck(wrong_elsewhere, leaf([0.5, 1.0]), kinks="report")


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x * x,
        lambda x: x**4,
        lambda x: x.exp() - 1,
        lambda x: (30 * x).sin(),
        lambda x: x.cos(),
        lambda x: x * x * x,
        lambda x: autograd.softplus(x, 30.0),
        lambda x: 1e4 * x * x + x,
    ],
)
@pytest.mark.parametrize("point", [0.0, 1e-7, -3e-6, 1e-4, 0.3])
def test_smooth_functions_are_no_kinks(function: Any, point: float) -> None:
    assert gradcheck(function, leaf([point, 0.5]))


def test_kink_of_a_value() -> None:
    with pytest.raises(GradcheckError, match="height lies at a kink: slopes 0 and 1, analytic 0"):
        gradcheck(lambda v: v.relu(), Value(0.0, label="height"))


# --- Values


def test_values() -> None:
    a, b = Value(2.0), Value(-3.0)
    assert gradcheck(lambda a, b: (a * b + b.tanh(), a**b), (a, b))
    assert gradgradcheck(lambda a, b: a.exp() * b.sin(), (a, b))
    assert (a.data, b.data, a.grad, b.grad) == (2.0, -3.0, 0.0, 0.0)
    with pytest.raises(GradcheckError, match="slope of output 0 by a is 0 analytically but 4"):
        gradcheck(lambda a: Value(a.data**2), Value(2.0))


# --- functions that cannot be checked


def test_random_function_is_found() -> None:
    with pytest.raises(GradcheckError, match="not deterministic: output 0 differs"):
        gradcheck(lambda x: x * autograd.rand(3, dtype=autograd.float64), leaf([1.0, 2.0, 3.0]))
    assert gradcheck(lambda x: x + 1e-13 * float(np.random.default_rng().random()), leaf([1.0]), nondet_tol=1e-12)


def test_changed_input_is_found() -> None:
    def function(x: Any, extra: Any) -> Any:
        extra += 1
        return x * 2

    with pytest.raises(GradcheckError, match=r"changed extra in place"):
        gradcheck(function, (leaf([1.0]), np.zeros(2)))


@pytest.mark.parametrize("mode", MODES)
def test_inputs_stay_as_they_were(mode: str) -> None:
    x = leaf([1.0, 2.0])
    array, before = x._array, x._array.copy()
    gradcheck(lambda x: x * x, x, mode=mode)
    with pytest.raises(GradcheckError):
        gradcheck(scaled_gradient(2.0), x, mode=mode)

    calls = []

    def fails(x: Any) -> Any:
        calls.append(1)
        if len(calls) > 3:
            raise RuntimeError("stop")
        return x * x

    with pytest.raises(RuntimeError, match="stop"):
        gradcheck(fails, x, mode=mode)
    assert x._array is array and np.array_equal(array, before) and x.grad is None


def test_function_that_closes_over_its_input() -> None:
    weight = leaf([[1.0, -2.0], [0.5, 0.25]])
    data = autograd.tensor([[1.0, 2.0]], dtype=autograd.float64)
    assert gradcheck(lambda *_: autograd.linear(data, weight).tanh(), (weight,))
    assert gradcheck(lambda *_: autograd.linear(data, weight).tanh(), (weight,), mode="fast")


def test_backward_that_is_not_linear_is_found() -> None:
    def function(x: Any) -> Any:
        y = x * 2
        y.register_hook(lambda g: g * g)
        return y

    with pytest.raises(GradcheckError, match="not linear in the incoming gradient"):
        gradcheck(function, leaf([1.0, 2.0]))


def test_random_backward_is_found() -> None:
    rng = np.random.default_rng(0)

    def function(x: Any) -> Any:
        y = x * 2
        y.register_hook(lambda g: g * rng.random())
        return y

    with pytest.raises(GradcheckError, match="backward is not deterministic"):
        gradcheck(function, leaf([1.0, 2.0]))


def test_points_at_the_edge_of_the_domain() -> None:
    with pytest.raises(GradcheckError, match=r"not finite at x\[0\] -"), np.errstate(all="ignore"):
        gradcheck(lambda x: x.sqrt(), leaf([1e-6, 1.0]))
    with pytest.raises(GradcheckError, match="not finite at the given inputs"), np.errstate(all="ignore"):
        gradcheck(lambda x: x.log(), leaf([0.0]))
    with pytest.raises(GradcheckError, match="rounded away"):
        gradcheck(lambda x: x * 2, leaf([1e20]))


def test_bad_arguments() -> None:
    with pytest.raises(DtypeError, match="input 0 \\(2,\\) is float32"):
        gradcheck(lambda x: x, autograd.ones(2, requires_grad=True))
    with pytest.raises(DtypeError, match=r"output 0 .* is float32, though"):
        gradcheck(lambda x: x.float(), leaf([1.0]))
    with pytest.raises(DtypeError, match="is complex"):
        gradcheck(lambda x: x, np.zeros(2, complex))
    with pytest.raises(ArgumentError, match=r"no input requires grad \(given: int64 \(2,\)\)"):
        gradcheck(lambda x: x, autograd.tensor([1, 2]))
    with pytest.raises(ArgumentError, match="no input requires grad"):
        gradcheck(lambda x: x, autograd.ones(2, dtype=autograd.float64))
    with pytest.raises(DtypeError, match="output 0 of func is a float"):
        gradcheck(lambda x: float(x.sum().item()), leaf([1.0]))
    for wrong in ({"mode": "slow"}, {"kinks": "no"}, {"eps": 0.0}, {"tolerance": -1.0}, {"directions": 0}):
        with pytest.raises(ArgumentError, match=next(iter(wrong))):
            gradcheck(lambda x: x, leaf([1.0]), **wrong)


def test_torch_names_of_the_tolerances() -> None:
    wrong = scaled_gradient(1 + 1e-4)
    assert gradcheck(wrong, leaf([1.0]), eps=1e-6, atol=1e-3)
    assert gradcheck(wrong, leaf([1.0]), rtol=1e-3)
    assert not gradcheck(wrong, leaf([1.0]), rtol=1e-5, raise_exception=False)


def test_empty_inputs_and_outputs() -> None:
    assert gradcheck(lambda x: x * 2, leaf(np.zeros((0, 3))))
    assert gradcheck(lambda x: x[:0], leaf([1.0, 2.0]))
    assert gradgradcheck(lambda x: x * x, leaf(np.zeros((0, 3))), mode="fast")


def test_layout_of_the_input_does_not_matter() -> None:
    x = autograd.tensor(np.arange(1.0, 7.0).reshape(2, 3)).T.requires_grad_()
    assert gradcheck(lambda x: (x * x).sum(0), x)
    y = autograd.Tensor(np.ones(1))
    y._array = np.broadcast_to(np.array([1.5]), (3,))
    assert gradcheck(lambda y: y * y, y.requires_grad_())


@pytest.mark.parametrize("function", [lambda x: (x * x).exp(), lambda x: autograd.softmax(x.reshape(2, 2), 1)])
def test_torch_gradcheck_agrees(torch: Any, function: Any) -> None:
    """The same check in PyTorch, through a bridge of numbers and gradients, accepts our gradients."""

    class Bridge(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.leaf = autograd.tensor(x.detach().numpy(), requires_grad=True)
            ctx.out = function(ctx.leaf)
            return torch.tensor(ctx.out.detach().numpy())

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            (found,) = autograd.grad(ctx.out, ctx.leaf, g.numpy(), retain_graph=True)
            return torch.tensor(found.numpy())

    start = [0.5, -1.0, 0.25, 1.5]
    assert torch.autograd.gradcheck(Bridge.apply, torch.tensor(start, dtype=torch.float64, requires_grad=True))
    assert gradcheck(function, leaf(start))
