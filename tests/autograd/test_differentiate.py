"""`backward` and `grad`: outputs, inputs, gradients given, unused inputs, and derivatives of every order."""

from __future__ import annotations

import math

import numpy as np
import pytest

import autograd
from autograd import Value, errors


def leaf(numbers, dtype="float64"):
    return autograd.tensor(numbers, dtype=dtype, requires_grad=True)


def expect(action, kind, *words):
    with pytest.raises(kind) as caught:
        action()
    for word in words:
        assert word in str(caught.value), str(caught.value)


def grad_of(module):
    return autograd.grad if module is autograd else module.autograd.grad


def backward_of(module):
    return autograd.backward if module is autograd else module.autograd.backward


def same(run, torch):
    """Run with both packages, and compare the nested lists of numbers."""
    ours, theirs = run(autograd), run(torch)
    np.testing.assert_equal(ours, theirs)
    return ours


def double(module, numbers):
    return module.tensor(numbers, dtype=module.float64, requires_grad=True)


# --- gradients at results, at outputs, and in several places


def test_grad_at_a_result_at_the_output_and_at_a_leaf(torch):
    def run(module):
        x = double(module, [1.0, 2.0, 3.0])
        y = x * 2
        z = (y * y).sum()
        gradients = grad_of(module)(z, [z, y, x, y])
        return [g.tolist() for g in gradients], x.grad is None

    assert same(run, torch)[0][0] == 1.0


def test_an_input_that_is_itself_the_output(torch):
    def run(module):
        x = double(module, 2.0)
        (g,) = grad_of(module)(x, x)
        v = double(module, [1.0, 2.0])
        (h,) = grad_of(module)(v, v, module.tensor([5.0, 6.0], dtype=module.float64))
        return g.tolist(), h.tolist()

    same(run, torch)


def test_grad_at_an_input_below_another_input(torch):
    def run(module):
        x = double(module, [0.5, 1.0])
        a = x * 3
        b = a.exp()
        c = (b * a).sum()
        return [g.tolist() for g in grad_of(module)(c, [b, a, x])]

    ours, theirs = run(autograd), run(torch)
    for one, other in zip(ours, theirs, strict=True):
        assert one == pytest.approx(other, rel=1e-14)


def test_several_outputs_with_and_without_gradients(torch):
    def run(module):
        x, w = double(module, [1.0, 2.0]), double(module, [3.0, 4.0])
        y = x * w
        ones = module.tensor([1.0, 10.0], dtype=module.float64)
        gradients = grad_of(module)([y, (y * x).sum(), w.sum()], [x, w], [ones, None, None])
        return [g.tolist() for g in gradients]

    same(run, torch)


def test_backward_of_several_outputs_into_chosen_inputs(torch):
    def run(module):
        x, w = double(module, [1.0, 2.0]), double(module, [3.0, 4.0])
        y = x * w
        z = y * x
        backward_of(module)([z.sum(), y.sum()], inputs=[w, y, w])
        return x.grad is None, w.grad.tolist(), y.grad.tolist()

    same(run, torch)


def test_backward_into_one_of_several_outputs_of_an_operation(torch):
    def run(module):
        x = double(module, [[1.0, 5.0], [4.0, 2.0]])
        values, indices = x.max(1)
        (values * values).sum().backward(inputs=[values])
        return values.grad.tolist(), indices.tolist(), x.grad is None

    same(run, torch)


def test_a_used_and_an_unused_output_of_one_operation(torch):
    def run(module):
        x = double(module, [1.0, 2.0, 3.0, 4.0, 5.0])
        a, _, c = module.split(x, 2)
        (a.sum() * 3 + c.prod()).backward()
        return x.grad.tolist()

    same(run, torch)


def test_backward_leaves_other_leaves_alone():
    x, unused = leaf([1.0]), leaf([1.0])
    (x * 2).sum().backward()
    assert unused.grad is None


# --- unused inputs


def test_hooks_of_an_output_that_depends_on_no_input_are_not_called():
    x, unused, seen = leaf([1.0]), leaf([1.0]), []
    y = x * x
    y.register_hook(seen.append)
    y.retain_grad()
    assert autograd.grad(y, unused, allow_unused=True) == (None,)
    assert not seen
    assert y.grad is None
    autograd.grad(y, [unused, x], allow_unused=True)
    assert len(seen) == 1


def test_unused_inputs(torch):
    def run(module):
        x, u = double(module, [1.0, 2.0]), double(module, [[1.0, 2.0]])
        none = grad_of(module)((x * x).sum(), [x, u], allow_unused=True)
        zero = grad_of(module)((x * x).sum(), [x, u], materialize_grads=True)
        return none[0].tolist(), none[1] is None, zero[1].tolist()

    same(run, torch)
    x, u = leaf([1.0, 2.0]), leaf([1.0])
    expect(
        lambda: autograd.grad((x * x).sum(), [x, u]),
        errors.GraphError,
        "grad",
        "no output depends on input 1",
        "allow_unused=True",
    )


def test_a_constant_slope_is_not_differentiable_again():
    x = leaf([1.0, 2.0])
    (slope,) = autograd.grad((3 * x).sum(), x, create_graph=True)
    assert slope.tolist() == [3.0, 3.0]
    expect(lambda: autograd.grad(slope.sum(), x), errors.GraphError, "grad", "output", "does not require grad")


# --- higher orders


CLOSED = {
    "x^4": (lambda x: x**4, [lambda x: 4 * x**3, lambda x: 12 * x**2, lambda x: 24 * x]),
    "exp(2x)": (lambda x: (2 * x).exp(), [lambda x, k=k: 2**k * math.exp(2 * x) for k in (1, 2, 3)]),
    "sin": (lambda x: x.sin(), [math.cos, lambda x: -math.sin(x), lambda x: -math.cos(x)]),
    "log": (lambda x: x.log(), [lambda x: 1 / x, lambda x: -1 / x**2, lambda x: 2 / x**3]),
    "1/x": (lambda x: 1 / x, [lambda x: -1 / x**2, lambda x: 2 / x**3, lambda x: -6 / x**4]),
    "sqrt": (lambda x: x.sqrt(), [lambda x: 0.5 * x**-0.5, lambda x: -0.25 * x**-1.5, lambda x: 0.375 * x**-2.5]),
    "tanh": (
        lambda x: x.tanh(),
        [
            lambda x: 1 - math.tanh(x) ** 2,
            lambda x: -2 * math.tanh(x) * (1 - math.tanh(x) ** 2),
            lambda x: (1 - math.tanh(x) ** 2) * (6 * math.tanh(x) ** 2 - 2),
        ],
    ),
}


@pytest.mark.parametrize("kind", ["Value", "Tensor"])
@pytest.mark.parametrize("name", CLOSED)
def test_three_orders_in_closed_form(name, kind):
    function, derivatives = CLOSED[name]
    x = Value(0.7) if kind == "Value" else leaf(0.7)
    current = function(x)
    for order, derivative in enumerate(derivatives):
        (current,) = autograd.grad(current, x, create_graph=True)
        number = current.data if kind == "Value" else current.item()
        assert number == pytest.approx(derivative(0.7), rel=1e-11), order + 1


def network(module, x, w, b):
    hidden = (x @ w + b).tanh()
    scale = hidden.exp().sum(1)
    return (hidden * hidden).sum() + (scale.log() * x[:, 0]).sum() + (w.transpose(0, 1)[0] / (2 + b)).sum()


def test_three_orders_of_a_small_network_as_in_pytorch(torch, rng):
    arrays = [rng.standard_normal(shape) for shape in ((4, 3), (3, 3), (3,))]

    def run(module):
        inputs = [double(module, a.tolist()) for a in arrays]
        out = network(module, *inputs)
        levels = [out]
        for _ in range(3):
            gradients = grad_of(module)(
                levels[-1] if levels[-1].ndim == 0 else levels[-1].sum(), inputs, create_graph=True
            )
            levels.append(sum((g * g * (k + 1)).sum() for k, g in enumerate(gradients)))
        levels[-1].backward()
        return [level.item() for level in levels], [t.grad.tolist() for t in inputs]

    (ours, our_gradients), (theirs, their_gradients) = run(autograd), run(torch)
    assert ours == pytest.approx(theirs, rel=1e-10)
    for one, other in zip(our_gradients, their_gradients, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-9)


def test_hessian_of_a_quadratic_form(rng):
    a = rng.standard_normal((4, 4))
    matrix = autograd.tensor(a)
    x = leaf(rng.standard_normal(4))
    (slope,) = autograd.grad(x @ matrix @ x, x, create_graph=True)
    rows = [autograd.grad(slope[k], x, retain_graph=True)[0].numpy() for k in range(4)]
    np.testing.assert_allclose(rows, a + a.T, rtol=1e-13)


def test_jacobian_vector_products_by_transposing_twice(rng):
    x, w = leaf(rng.standard_normal((2, 3))), rng.standard_normal((3, 3))
    tangent = rng.standard_normal((2, 3))
    y = (x @ autograd.tensor(w)).tanh()
    v = leaf(np.zeros((2, 3)))
    (g,) = autograd.grad(y, x, v, create_graph=True)
    (jvp,) = autograd.grad(g, v, autograd.tensor(tangent))
    expected = (1 - np.tanh(x.detach().numpy() @ w) ** 2) * (tangent @ w)
    np.testing.assert_allclose(jvp.numpy(), expected, rtol=1e-12)


def test_grad_outputs_of_another_dtype_stay_in_the_graph(torch):
    def run(module):
        x = module.tensor(2.0, requires_grad=True)
        v = module.tensor(3.0, requires_grad=True, dtype=module.float64)
        (g,) = grad_of(module)(x * x, x, v, create_graph=True)
        (h,) = grad_of(module)(g, v)
        return g.item(), h.item(), str(g.dtype).removeprefix("torch."), str(h.dtype).removeprefix("torch.")

    assert same(run, torch) == (12.0, 4.0, "float32", "float64")


def test_backward_with_create_graph_accumulates_differentiably(torch):
    def run(module):
        x = double(module, [1.0, 2.0])
        (x**3).sum().backward(create_graph=True)
        (x**2).sum().backward(create_graph=True)
        total = x.grad
        x.grad = None
        (total * total).sum().backward()
        result = total.tolist(), x.grad.tolist()
        x.grad = None
        return result

    with pytest.warns(UserWarning, match="create_graph=True will create a reference cycle"):
        same(run, torch)


def test_create_graph_works_inside_no_grad():
    x = leaf(2.0)
    y = x**3
    with autograd.no_grad():
        (slope,) = autograd.grad(y, x, create_graph=True)
        assert not autograd.is_grad_enabled()
        y.backward(create_graph=True, inputs=[x])
        y.backward(create_graph=True, inputs=[x])
    assert autograd.grad(slope, x)[0].item() == 12.0
    assert autograd.grad(x.grad, x)[0].item() == 24.0
    x.grad = None


# --- what is returned belongs to the caller


@pytest.mark.parametrize("create_graph", [False, True])
def test_returned_gradients_share_memory_with_nothing(create_graph):
    a, b, c = leaf([[1.0, 2.0]]), leaf([[1.0, 2.0]]), leaf([1.0, 2.0])
    given = autograd.ones(1, 2, dtype="float64")
    out = a + b + c.view(1, 2)
    gradients = autograd.grad(out, [a, b, c, a, out], given, create_graph=create_graph)
    arrays = [g.detach().numpy() for g in gradients] + [given.numpy(), a.detach().numpy(), out.detach().numpy()]
    for i, one in enumerate(arrays):
        assert i >= 5 or one.flags.writeable
        for other in arrays[:i]:
            assert not np.shares_memory(one, other)
    (expanded,) = autograd.grad((a * 1).sum(), a, create_graph=create_graph)
    with autograd.no_grad():
        expanded += 1
    assert expanded.tolist() == [[2.0, 2.0]]


def test_backward_gives_single_numbers_the_gradient_one_whatever_their_shape(torch):
    def run(module):
        x = double(module, [[3.0]])
        (x * x).backward()
        (x[0] * 5).backward()
        return x.grad.tolist()

    same(run, torch)


def test_gradients_given_as_lists_numbers_and_arrays():
    x = leaf([1.0, 2.0], "float32")
    for given in ([1, 2], [1.0, 2.0], np.array([1.0, 2.0]), autograd.tensor([1.0, 2.0], dtype="float64"), (1, 2)):
        x.grad = None
        (x * 10).backward(given)
        assert x.grad.tolist() == [10.0, 20.0]
        assert x.grad.dtype == np.float32
    x.grad = None
    (x.sum() * 10).backward(3)
    assert x.grad.tolist() == [30.0, 30.0]


# --- errors


@pytest.mark.parametrize(
    ("action", "kind", "words"),
    [
        (lambda x: x.backward(), errors.GraphError, ["backward", "(2,)", ".sum()", "gradient of shape"]),
        (lambda x: (x * 2).backward(), errors.GraphError, ["backward", "(2,)", "not a single number"]),
        (lambda x: (x * 2).backward(autograd.ones(3)), errors.ShapeError, ["backward", "(3,)", "(2,)", "equal"]),
        (lambda x: (x * 2).backward(1.0), errors.ShapeError, ["backward", "()", "(2,)"]),
        (lambda x: (x * 2).backward("abc"), errors.DtypeError, ["backward", "<U3"]),
        (lambda x: (x * 2).backward([[1], [1, 2]]), errors.ShapeError, ["backward", "different lengths"]),
        (lambda x: (x * 2).backward(object()), errors.DtypeError, ["backward", "object"]),
        (lambda x: (x * 2).backward([1j, 1]), errors.DtypeError, ["backward", "complex"]),
        (lambda x: x.detach().sum().backward(), errors.GraphError, ["backward", "output", "requires_grad=True"]),
        (lambda x: autograd.backward("y"), errors.DtypeError, ["backward", "output", "'y'"]),
        (lambda x: autograd.backward(None), errors.DtypeError, ["backward", "None"]),
        (lambda x: x.sum().backward(inputs=[]), errors.ArgumentError, ["backward", "inputs is empty"]),
        (lambda x: x.sum().backward(inputs=[autograd.ones(1)]), errors.GraphError, ["backward", "input", "(1,)"]),
        (
            lambda x: autograd.grad(x.sum(), autograd.ones(3)),
            errors.GraphError,
            ["grad", "the input (3,)", "requires_grad=True"],
        ),
        (lambda x: autograd.grad(x.sum(), "x"), errors.DtypeError, ["grad", "input", "'x'"]),
        (
            lambda x: autograd.grad(x.sum(), [x], [None, None]),
            errors.ArgumentError,
            ["grad", "2 gradients for 1 outputs"],
        ),
        (lambda x: autograd.grad(x, x), errors.GraphError, ["grad", "(2,)", ".sum()"]),
        (lambda x: autograd.grad(x, x, autograd.ones(3)), errors.ShapeError, ["grad", "(3,)", "(2,)"]),
        (
            lambda x: autograd.grad(x, x, autograd.ones(3), create_graph=True),
            errors.ShapeError,
            ["grad", "(3,)", "(2,)"],
        ),
    ],
)
def test_errors(action, kind, words):
    x = leaf([1.0, 2.0])
    expect(lambda: action(x), kind, *words)
    assert x.grad is None


# --- the course: hand-derived vector and matrix rules


def test_matrix_product_by_hand(rng):
    x, w = rng.standard_normal((3, 4)), rng.standard_normal((4, 2))
    upstream = rng.standard_normal((3, 2))
    a, b = leaf(x), leaf(w)
    (a @ b).backward(autograd.tensor(upstream))
    np.testing.assert_allclose(a.grad.numpy(), upstream @ w.T, rtol=1e-13)
    np.testing.assert_allclose(b.grad.numpy(), x.T @ upstream, rtol=1e-13)


def test_broadcast_gradients_sum_over_what_was_stretched():
    a, b, c = leaf([[1.0], [2.0]]), leaf([[3.0, 4.0, 5.0]]), leaf(2.0)
    (a * b * c).sum().backward()
    assert a.grad.tolist() == [[24.0], [24.0]]
    assert b.grad.tolist() == [[6.0, 6.0, 6.0]]
    assert c.grad.item() == 36.0
    assert (a.grad.shape, b.grad.shape, c.grad.shape) == ((2, 1), (1, 3), ())


def test_mixed_dtypes_give_each_leaf_its_own():
    a, b, c = leaf([1.0, 2.0], "float32"), leaf([3.0, 4.0], "float64"), leaf(2.0, "float64")
    (a * b * c).sum().backward()
    assert (a.grad.dtype, b.grad.dtype, c.grad.dtype) == (np.float32, np.float64, np.float64)
    assert a.grad.tolist() == [6.0, 8.0]
    x, s = leaf([1.0, 2.0], "float32"), leaf(3.0, "float64")
    (x * s).sum().backward()
    assert x.grad.dtype == np.float32
    assert (s.grad.dtype, s.grad.item()) == (np.float64, 3.0)


# --- PyTorch's switches


def test_a_batch_of_gradients_gives_a_batch_of_answers(torch):
    def run(module):
        x, unused = double(module, [1.0, 2.0, 3.0]), double(module, [1.0])
        y = x**3
        batch = module.eye(3, dtype=module.float64)
        answers = []
        for create in (False, True):
            found = grad_of(module)(y, [x, unused], batch, True, create, True, allow_unused=True, is_grads_batched=True)
            answers.append([found[0].tolist(), found[1], found[0].requires_grad])
        (second,) = grad_of(module)(found[0].sum(), x)
        return answers, second.tolist()

    assert same(run, torch)[1] == [6.0, 12.0, 18.0]


def test_switches_that_cannot_be_followed():
    x = leaf([1.0, 2.0])
    expect(lambda: autograd.grad(x.sum(), x, only_inputs=False), errors.ArgumentError, "only_inputs is False")
    expect(lambda: autograd.grad(x.sum(), x, is_grads_batched=True), errors.ArgumentError, "is_grads_batched is True")
    expect(lambda: autograd.nn, AttributeError, "`import nn.compat as torch`")
