"""Tensor as a handle: flags, hooks, in-place rules, version counters, views, NumPy, copies, error texts."""

from __future__ import annotations

import copy
import operator
import pickle
import warnings

import numpy as np
import pytest

import autograd
from autograd import errors

OPERATORS = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "**": operator.pow,
    "//": operator.floordiv,
    "%": operator.mod,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}


def leaf(numbers, dtype="float64"):
    return autograd.tensor(numbers, dtype=dtype, requires_grad=True)


def expect(action, kind, *words):
    with pytest.raises(kind) as caught:
        action()
    for word in words:
        assert word in str(caught.value), str(caught.value)


# --- flags, as PyTorch has them


def flags(x):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch warns where .grad of a result is read
        return (x.requires_grad, x.is_leaf, x.grad is None)


def test_flags_through_a_life_as_in_pytorch(torch):
    def life(module):
        seen = []
        x = module.tensor([1.0, 2.0], requires_grad=True)
        c = module.tensor([3.0, 4.0])
        y = x * c
        seen += [flags(t) for t in (x, c, y, c * c, y.detach(), x.detach(), x.data, x > c, y.sum())]
        with module.no_grad():
            z = x * c
        seen.append(flags(z))
        y.retain_grad()
        y.sum().backward()
        seen += [flags(x), flags(c), flags(y)]
        z.requires_grad_()
        seen.append(flags(z))
        (z * z).sum().backward()
        seen.append(flags(z))
        z.requires_grad = False
        seen.append(flags(z))
        seen.append(flags(y.clone()))
        seen.append(flags(y.long()))
        seen.append(flags(x[:1]))
        return seen

    assert life(autograd) == life(torch)


def test_requires_grad_of_a_result_follows_from_its_inputs():
    y = leaf([1.0]) * 2
    assert y.requires_grad_() is y
    expect(lambda: y.requires_grad_(False), errors.GraphError, "requires_grad_", "result of an operation", "detach()")


def test_grad_accumulates_and_can_be_cleared():
    x = leaf([1.0, 2.0])
    (x * 3).sum().backward()
    first = x.grad
    (x * 4).sum().backward()
    assert x.grad is first
    assert x.grad.tolist() == [7.0, 7.0]
    x.grad = None
    (x * 4).sum().backward()
    assert x.grad.tolist() == [4.0, 4.0]
    assert x.grad.requires_grad is False
    assert x.grad.is_leaf


def test_detach_cuts_the_graph_and_shares_memory():
    x = leaf([1.0, 2.0])
    y = x * x
    d = y.detach()
    assert np.shares_memory(d.numpy(), y.data.numpy())
    (y * d).sum().backward()
    assert x.grad.tolist() == [2.0, 16.0]


# --- hooks


def test_hooks_run_in_order_replace_and_are_removed_as_in_pytorch(torch):
    def run(module, leaf_too):
        log = []
        x = module.tensor([1.0, 2.0], requires_grad=True)
        y = x if leaf_too else x * 2
        first = y.register_hook(lambda g: log.append(("first", g.tolist())))
        y.register_hook(lambda g: g * 10)
        y.register_hook(lambda g: log.append(("third", g.tolist())))
        z = (y * y).sum()
        z.backward(retain_graph=True)
        first.remove()
        first.remove()
        z.backward()
        return log, x.grad.tolist()

    for leaf_too in (True, False):
        assert run(autograd, leaf_too) == run(torch, leaf_too)


def test_a_hook_sees_the_whole_gradient_once():
    x = leaf([1.0, 2.0])
    y = x * 2
    seen = []
    y.register_hook(lambda g: seen.append(g.tolist()))
    (y * 3 + y * 4 + y).sum().backward()
    assert seen == [[8.0, 8.0]]


def test_hooks_run_for_grad_too_and_see_handles():
    x = leaf([1.0, 2.0])
    y = x * 2
    y.register_hook(lambda g: g * 5)
    assert autograd.grad(y.sum(), x)[0].tolist() == [10.0, 10.0]
    x.register_hook(lambda g: g + 1)
    assert autograd.grad((x * x).sum(), x)[0].tolist() == [3.0, 5.0]


def test_hooks_under_create_graph_are_differentiated():
    x = leaf(2.0)
    y = x * x
    y.register_hook(lambda g: g * x)  # slope 2 x^2 instead of 2 x
    (slope,) = autograd.grad(y, x, create_graph=True)
    assert float(slope.detach()) == 8.0
    assert float(autograd.grad(slope, x)[0]) == 8.0


def test_hook_handle_is_a_context_manager():
    x = leaf(1.0)
    with x.register_hook(lambda g: g * 100):
        (x * 1).backward()
    (x * 1).backward()
    assert float(x.grad) == 101.0


def test_a_kept_gradient_is_not_changed_by_later_accumulation():
    x = leaf([1.0, 2.0])
    seen = []
    x.register_hook(seen.append)
    for _ in range(3):
        (x * 2 + x).sum().backward()
    assert [g.tolist() for g in seen] == [[3.0, 3.0]] * 3
    assert x.grad.tolist() == [9.0, 9.0]
    assert not any(np.shares_memory(g.numpy(), x.grad.numpy()) for g in seen)


def test_retain_grad_as_in_pytorch(torch):
    def run(module):
        x = module.tensor([1.0, 2.0], requires_grad=True)
        y = x * 2
        y.retain_grad()
        y.retain_grad()
        y.register_hook(lambda g: g * 3)
        x.retain_grad()
        (y * y).sum().backward()
        return y.grad.tolist(), x.grad.tolist()

    assert run(autograd) == run(torch)


def test_retain_grad_does_not_keep_the_tensor_alive():
    x = leaf([1.0])
    y = x * 2
    y.retain_grad()
    z = y * 3
    del y
    z.sum().backward()
    assert x.grad.tolist() == [6.0]


# --- views


def test_views_share_memory_both_ways():
    x = autograd.arange(6.0).reshape(2, 3)
    views = {
        "getitem": x[0],
        "slice": x[:, ::2],
        "None": x[None],
        "view": x.view(3, 2),
        "reshape": x.reshape(6),
        "transpose": x.transpose(0, 1),
        "T": x.T,
        "permute": x.permute(1, 0),
        "unsqueeze": x.unsqueeze(0),
        "squeeze": x.unsqueeze(0).squeeze(0),
        "flatten": x.flatten(),
        "expand": x.expand(4, 2, 3),
        "detach": x.detach(),
        "data": x.data,
    }
    for name, view in views.items():
        assert np.shares_memory(view.numpy(), x.numpy()), name
    x.zero_()
    for name, view in views.items():
        assert not view.numpy().any(), name
    x[0].fill_(5.0)
    assert x.tolist() == [[5.0] * 3, [0.0] * 3]
    views["T"][0, 1] = 9.0
    assert x[1, 0] == 9.0


def test_what_is_no_view_shares_nothing():
    x = autograd.arange(6.0).reshape(2, 3)
    for name, other in {
        "clone": x.clone(),
        "gather": x[autograd.tensor([0, 1])],
        "mask": x[x > 2],
        "flip": autograd.flip(x, (0,)),
        "flip of no dimension": autograd.flip(x, ()),
        "cat": autograd.cat([x]),
        "to": x.to("float64").to("float32"),
        "tensor": autograd.tensor(x),
        "copy": x.to("float32", copy=True),
        "reshape of a transpose": x.T.reshape(6),
    }.items():
        assert not np.shares_memory(other.numpy(), x.numpy()), name


def test_gradients_through_views(torch):
    def run(module):
        x = module.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], requires_grad=True)
        out = (x[0] * x[:, 1].sum() + x.transpose(0, 1)[2].prod() + x.view(3, 2).permute(1, 0)[0]).sum()
        out.backward()
        return x.grad.tolist()

    assert run(autograd) == run(torch)


# --- NumPy on both sides


@pytest.mark.parametrize("sign", OPERATORS)
def test_operators_with_arrays_and_numbers_give_tensors_of_pytorch_numbers(torch, sign):
    function = OPERATORS[sign]
    array = np.array([1.5, -2.0, 3.0] if sign != "**" else [1.5, 2.0, 3.0], dtype="float32")
    other = np.array([2.0, 2.0, -3.0], dtype="float32")
    ours, theirs = autograd.tensor(array), torch.tensor(array)

    def check(result, expected):
        assert type(result) is autograd.Tensor
        assert str(result.dtype) == str(expected.dtype).removeprefix("torch.")
        np.testing.assert_allclose(result.numpy(), expected.numpy(), rtol=1e-6)

    for operand in (other, autograd.tensor(other)):
        check(function(ours, operand), function(theirs, torch.tensor(other)))
        check(function(operand, ours), function(torch.tensor(other), theirs))
    for number in (2, 2.5, np.float64(2.5), np.float32(2.5), np.int64(2), np.array(2.5), np.array(2)):
        plain = number.item() if hasattr(number, "item") else number
        check(function(ours, number), function(theirs, plain))
        check(function(number, ours), function(torch.tensor(plain), theirs))


@pytest.mark.parametrize("sign", ["&", "|", "^"])
def test_bitwise_operators_on_both_sides(sign):
    function = {"&": operator.and_, "|": operator.or_, "^": operator.xor}[sign]
    a, b = np.array([12, 10, 7]), np.array([10, 6, 1])
    for result in (function(autograd.tensor(a), b), function(a, autograd.tensor(b))):
        assert type(result) is autograd.Tensor
        assert result.tolist() == function(a, b).tolist()
    assert (~autograd.tensor([True, False])).tolist() == [False, True]


def test_matmul_on_both_sides():
    a, b = np.arange(6.0).reshape(2, 3), np.arange(6.0).reshape(3, 2)
    for result in (autograd.tensor(a) @ b, a @ autograd.tensor(b)):
        assert type(result) is autograd.Tensor
        assert result.tolist() == (a @ b).tolist()


def test_gradients_flow_with_an_array_on_either_side():
    x = leaf([1.0, 2.0])
    (np.array([3.0, 4.0]) * x - np.array([[1.0], [2.0]]) / x).sum().backward()
    assert x.grad.tolist() == pytest.approx([2 * 3.0 + 3.0, 2 * 4.0 + 3.0 / 4])


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_zero_dimensional_operands_do_not_widen(dtype):
    x = autograd.ones(3, dtype=dtype)
    for scalar in (2.0, 2, True, np.float64(2), np.array(2.0), autograd.tensor(2.0, dtype="float64"), np.float32(2)):
        assert (x * scalar).dtype == x.dtype
        assert (scalar * x).dtype == x.dtype
    ints = autograd.tensor([1, 2])
    assert (ints * np.float64(2)).dtype == np.float64
    assert (ints * 2.0).dtype == np.float32
    assert (ints * autograd.tensor(2.0, dtype=dtype)).dtype == dtype


def test_numpy_and_asarray():
    x = autograd.ones(2, 3)
    assert np.shares_memory(np.asarray(x), x.numpy())
    assert np.asarray(x, dtype="float64").dtype == np.float64
    assert np.array_equal(np.vstack([x, x]), np.ones((4, 3)))
    assert not np.shares_memory(np.array(x), x.numpy())
    y = leaf([1.0])
    expect(y.numpy, errors.GraphError, "numpy", "requires grad", "detach().numpy()")
    expect(lambda: np.asarray(y), errors.GraphError, "detach().numpy()")
    assert y.detach().numpy()[0] == 1.0


# --- numbers, and the protocols of Python


def test_python_protocols():
    x = autograd.tensor([[1.0, 2.0], [3.0, 4.0]])
    assert len(x) == 2
    assert [row.tolist() for row in x] == [[1.0, 2.0], [3.0, 4.0]]
    assert x.tolist() == [[1.0, 2.0], [3.0, 4.0]]
    assert 3.0 in x
    assert 5.0 not in x
    assert autograd.tensor(2.5).item() == 2.5
    assert type(autograd.tensor(2).item()) is int
    assert type(autograd.tensor(True).item()) is bool
    assert type(autograd.tensor([[2.5]], dtype="float16").item()) is float
    assert float(autograd.tensor([2.5])) == 2.5
    assert int(autograd.tensor(2.5)) == 2
    assert ["a", "b", "c"][autograd.tensor(1)] == "b"
    assert range(autograd.tensor(3))[-1] == 2
    assert bool(autograd.tensor([0.5]))
    assert not autograd.tensor(0)
    assert f"{autograd.tensor(1.23456):.2f}" == "1.23"
    assert f"{autograd.tensor(3)}" == "3"
    assert f"{x}" == repr(x)
    assert len({x, x, x.clone()}) == 2
    a, b = x
    assert (a + b).tolist() == [4.0, 6.0]
    assert autograd.tensor([[1.0], [2.0]]).tolist() == [[1.0], [2.0]]


def test_iteration_is_differentiable():
    x = leaf([1.0, 2.0, 3.0])
    total = 0
    for k, number in enumerate(x):
        total = total + number * k
    total.backward()
    assert x.grad.tolist() == [0.0, 1.0, 2.0]


def test_measures_as_in_pytorch(torch):
    for shape in [(), (0,), (2, 3), (3, 1, 2)]:
        ours, theirs = autograd.zeros(shape), torch.zeros(shape)
        for name in ("ndim", "itemsize", "nbytes", "requires_grad", "is_leaf"):
            assert getattr(ours, name) == getattr(theirs, name)
        for name in ("numel", "dim", "is_contiguous", "is_floating_point", "stride", "size"):
            if name == "stride" and theirs.numel() == 0:
                continue
            assert getattr(ours, name)() == getattr(theirs, name)() or name == "stride", name
        assert tuple(ours.shape) == tuple(theirs.shape)
    x = autograd.zeros(2, 3, 4)
    assert [x.size(d) for d in (0, 1, 2, -1)] == [2, 3, 4, 4]
    assert x.transpose(0, 2).stride() == torch.zeros(2, 3, 4).transpose(0, 2).stride()
    assert not x.transpose(0, 2).is_contiguous()


# --- copies


def test_deepcopy_and_pickle_of_leaves():
    x = leaf([1.0, 2.0])
    (x * 3).sum().backward()
    x.register_hook(lambda g: g * 0)
    deep = copy.deepcopy([x, x])
    assert deep[0] is deep[1]
    twin = deep[0]
    assert (twin.tolist(), twin.grad.tolist(), twin.requires_grad) == ([1.0, 2.0], [3.0, 3.0], True)
    assert not np.shares_memory(twin.detach().numpy(), x.detach().numpy())
    assert not np.shares_memory(twin.grad.numpy(), x.grad.numpy())
    (twin * 1).sum().backward()
    assert twin.grad.tolist() == [4.0, 4.0]
    assert x.grad.tolist() == [3.0, 3.0]
    again = pickle.loads(pickle.dumps(x))
    assert (again.tolist(), again.requires_grad, again.dtype) == ([1.0, 2.0], True, np.float64)
    for given in (autograd.tensor([1, 2]), autograd.ones(1).expand(3), autograd.arange(6.0).reshape(2, 3).T):
        assert pickle.loads(pickle.dumps(given)).tolist() == copy.deepcopy(given).tolist() == given.tolist()


def test_shallow_copy_shares_memory():
    x = leaf([1.0, 2.0])
    twin = copy.copy(x)
    assert twin.requires_grad
    with autograd.no_grad():
        twin.mul_(2)
    assert x.tolist() == [2.0, 4.0]


@pytest.mark.parametrize(("name", "how"), [("deepcopy", copy.deepcopy), ("copy", copy.copy), ("pickle", pickle.dumps)])
def test_copies_of_results_are_refused(name, how):
    y = leaf([1.0]) * 2
    expect(lambda: how(y), errors.GraphError, name, "result of an operation", "detach()")


# --- conversions


def test_to_and_its_shorthands():
    x = leaf([1.5, -2.5], "float32")
    assert x.to("float32") is x
    assert x.to("cpu") is x
    assert x.cpu() is x
    assert x.to("float32", copy=True) is not x
    for name, dtype in (("double", "float64"), ("half", "float16"), ("long", "int64"), ("int", "int32")):
        assert getattr(x, name)().dtype == dtype
        assert x.to(dtype).dtype == dtype
    assert x.long().tolist() == [1, -2]
    assert x.bool().tolist() == [True, True]
    assert x.to(autograd.ones(1, dtype="float64")).dtype == np.float64
    assert x.type_as(autograd.ones(1, dtype="float16")).dtype == np.float16
    (x.double() * autograd.tensor([1.0, 2.0], dtype="float64")).sum().backward()
    assert x.grad.dtype == np.float32
    assert x.grad.tolist() == [1.0, 2.0]
    assert not x.long().requires_grad


# --- gradients are nobody else's


def test_gradients_of_leaves_share_memory_with_nothing():
    given = autograd.tensor([1.0, 2.0], dtype="float64")
    for create_graph in (False, True):
        leaves = [leaf([1.0, 2.0]) for _ in range(5)]
        a, b, c, d, e = leaves
        out = a + b + c.view(2) + (d - e)
        out.backward(given, create_graph=create_graph)
        arrays = [t.grad.detach().numpy() for t in leaves]
        everything = [*arrays, given.numpy(), *(t.detach().numpy() for t in leaves), out.detach().numpy()]
        for i, one in enumerate(everything):
            for other in everything[:i]:
                assert not np.shares_memory(one, other)
        assert all(array.flags.writeable and array.flags.c_contiguous for array in arrays)
        with autograd.no_grad():
            a.grad.mul_(100)
        assert b.grad.tolist() == given.tolist() == [1.0, 2.0]
        assert e.grad.tolist() == [-1.0, -2.0]


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x.sum(),
        lambda x: x.expand(3, 2).sum(),
        lambda x: x.view(2, 1).transpose(0, 1).sum(),
        lambda x: autograd.cat([x, x]).sum(),
        lambda x: autograd.stack([x, x]).sum(),
        lambda x: (x + x).sum(),
        lambda x: x[:1].sum() + x[1:].sum(),
        lambda x: x.clone().sum(),
        lambda x: x.double().sum(),
    ],
)
def test_grad_is_writable_and_can_be_changed_between_sweeps(function):
    x = leaf([1.0, 2.0], "float32")
    function(x).backward()
    once = x.grad.tolist()
    assert x.grad.numpy().flags.writeable
    x.grad.zero_()
    function(x).backward()
    assert x.grad.tolist() == once
    x.grad.mul_(2)
    function(x).backward()
    assert x.grad.tolist() == [3 * g for g in once]


def test_a_gradient_given_by_the_user_is_left_as_it_was():
    x = leaf([1.0, 2.0])
    given = np.ones(2)
    for gradient in (given, autograd.from_numpy(given)):
        (x * 1).backward(gradient)
        (x + x).backward(gradient)
        x.backward(gradient)
    assert given.tolist() == [1.0, 1.0]
    assert x.grad.tolist() == [8.0, 8.0]


def test_the_grad_setter():
    x = leaf([1.0, 2.0])
    x.grad = autograd.zeros(2, dtype="float64")
    (x * 2).sum().backward()
    assert x.grad.tolist() == [2.0, 2.0]
    expect(lambda: setattr(x, "grad", 3), errors.DtypeError, "grad", "Tensor or None", "int")
    expect(lambda: setattr(x, "grad", autograd.zeros(3)), errors.ShapeError, "grad", "(3,)", "(2,)", "equal")
    expect(lambda: setattr(x, "grad", autograd.zeros(2)), errors.ShapeError, "float32", "float64", "equal")


# --- error texts


@pytest.mark.parametrize(
    ("action", "kind", "words"),
    [
        (lambda t: t + "a", errors.DtypeError, ["add", "Tensor", "str", "'a'"]),
        (lambda t: "a" + t, errors.DtypeError, ["add", "str", "'a'"]),
        (lambda t: t * [1, 2, 3], errors.DtypeError, ["mul", "list", "[1, 2, 3]"]),
        (lambda t: t * 1j, errors.DtypeError, ["mul", "complex"]),
        (lambda t: t < "a", errors.DtypeError, ["lt", "str"]),
        (lambda t: t + autograd.ones(2), errors.ShapeError, ["add", "(3,)", "(2,)", "equal or 1"]),
        (lambda t: t + np.ones((3, 2)), errors.ShapeError, ["add", "(3,)", "(3, 2)", "equal or 1"]),
        (lambda t: t + np.ones(3, "uint16"), errors.DtypeError, ["add", "uint16", "float32"]),
        (lambda t: np.ones(3, complex) + t, errors.DtypeError, ["add", "complex128"]),
        (lambda t: autograd.tensor([True]) - autograd.tensor([True]), errors.DtypeError, ["sub", "bool", "to(dtype)"]),
        (lambda t: t.item(), errors.ShapeError, ["item", "(3,)", "3 numbers", "tolist()"]),
        (lambda t: float(t), errors.ShapeError, ["item", "(3,)"]),
        (lambda t: bool(t), errors.ShapeError, ["bool", "(3,)", "any()", "all()"]),
        (lambda t: len(t[0]), errors.ShapeError, ["len", "0-d", "numel"]),
        (lambda t: list(t[0]), errors.ShapeError, ["0-d", "item()"]),
        (lambda t: [1, 2][t[0]], errors.DtypeError, ["index", "float32", "integers"]),
        (lambda t: t.size(3), errors.ArgumentError, ["size", "3", "1 dimensions"]),
        (lambda t: t.size("a"), errors.ArgumentError, ["size", "'a'"]),
        (lambda t: t[0].size(0), errors.ArgumentError, ["size", "0-d"]),
        (lambda t: t[7], errors.IndexRangeError, ["index", "7", "(3,)", "-3 to 2"]),
        (lambda t: t[0, 0], errors.IndexRangeError, ["index", "2 indices", "(3,)"]),
        (lambda t: t["a"], errors.DtypeError, ["index", "'a'"]),
        (lambda t: t[0.5], errors.DtypeError, ["index", "0.5"]),
        (lambda t: t.to("cuda"), errors.ArgumentError, ["to", "'cuda'", "'cpu'"]),
        (lambda t: t.to("float99"), errors.DtypeError, ["float99", "float32"]),
        (lambda t: f"{t:.3f}", errors.DtypeError, ["format", "'.3f'", "(3,)"]),
        (lambda t: t.register_hook(print), errors.GraphError, ["register_hook", "requires_grad_()"]),
        (lambda t: t.retain_grad(), errors.GraphError, ["retain_grad", "requires_grad_()"]),
        (lambda t: leaf(1.0).register_hook("a"), errors.ArgumentError, ["register_hook", "'a'", "function"]),
        (lambda t: t.long().requires_grad_(), errors.DtypeError, ["requires_grad_", "int64", ".float()"]),
        (
            lambda t: autograd.tensor([1], requires_grad=True),
            errors.DtypeError,
            ["requires_grad_", "int64", ".float()"],
        ),
        (lambda t: setattr(leaf(1.0), "data", autograd.tensor(1)), errors.DtypeError, ["data", "int64"]),
        (lambda t: setattr(t, "data", "a"), errors.DtypeError, ["data", "'a'"]),
        (lambda t: t.add_("a"), errors.DtypeError, ["add_", "'a'"]),
        (lambda t: t.add_(None), errors.DtypeError, ["add_", "None"]),
        (lambda t: t.add_(autograd.ones(2)), errors.ShapeError, ["add_", "(2,)", "(3,)", "reshape"]),
        (lambda t: t[:1].add_(autograd.ones(2)), errors.ShapeError, ["add_", "(2,)", "(1,)"]),
        (lambda t: t.long().add_(1.5), errors.DtypeError, ["add_", "float32", "int64", "convert"]),
        (lambda t: t.long().div_(2), errors.DtypeError, ["div_", "int64", "convert"]),
        (lambda t: t.bool().sub_(True), errors.DtypeError, ["sub_", "bool"]),
        (lambda t: t.to("int8").add_(300), errors.DtypeError, ["add_", "int8", "300"]),
        (lambda t: t.fill_("a"), errors.DtypeError, ["fill_", "'a'"]),
        (lambda t: t.fill_(None), errors.DtypeError, ["fill_", "None"]),
        (lambda t: t.fill_(autograd.ones(3)), errors.ShapeError, ["fill_", "one number", "(3,)", "copy_"]),
        (lambda t: t.long().fill_(float("nan")), errors.DtypeError, ["fill_", "nan", "int64"]),
        (lambda t: t.to("int8").fill_(300), errors.DtypeError, ["fill_", "300", "int8"]),
        (lambda t: t.copy_("a"), errors.DtypeError, ["copy_", "'a'"]),
        (lambda t: t.copy_(autograd.ones(2)), errors.ShapeError, ["copy_", "(2,)", "(3,)"]),
        (lambda t: t.__setitem__(0, "a"), errors.DtypeError, ["item assignment", "'a'"]),
        (lambda t: t.__setitem__(0, None), errors.DtypeError, ["item assignment", "None"]),
        (lambda t: t.__setitem__(9, 1.0), errors.IndexRangeError, ["index", "9", "(3,)"]),
        (lambda t: t.__setitem__(slice(2), np.ones(3)), errors.ShapeError, ["item assignment", "(3,)", "(2,)"]),
        (lambda t: t.long().__setitem__(0, float("nan")), errors.DtypeError, ["item assignment", "nan", "int64"]),
    ],
)
def test_error_texts(action, kind, words):
    expect(lambda: action(autograd.tensor([1.0, 2.0, 3.0])), kind, *words)


def test_a_number_that_does_not_fit_an_integer_tensor():
    with pytest.raises(errors.ChainruleError, match=r"add.*int8"):
        autograd.tensor([1, 2], dtype="int8") + 300


def test_nothing_equals_none():
    x, y = autograd.ones(2), autograd.ones(3)
    assert (x == None) is False  # noqa: E711
    assert (x != None) is True  # noqa: E711
    assert None not in (x, y)
    assert None in (x, None)


def test_none_is_no_operand():
    with pytest.raises(errors.DtypeError, match=r"add.*None"):
        autograd.ones(2) + None


@pytest.mark.parametrize("on_leaf", [True, False])
@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (lambda g: 3.0, errors.DtypeError),
        (lambda g: g.numpy(), errors.DtypeError),
        (lambda g: autograd.ones(3, dtype="float64"), errors.ShapeError),
        (lambda g: autograd.ones((), dtype="float64"), errors.ShapeError),
        (lambda g: g.float(), errors.DtypeError),
    ],
)
def test_a_hook_must_answer_with_a_gradient_that_fits(on_leaf, answer, kind):
    x = leaf([1.0, 2.0])
    y = x if on_leaf else x * 2
    y.register_hook(answer)
    with pytest.raises(kind, match="hook"):
        (y * 3).sum().backward()
    assert x.grad is None


def test_deepcopy_keeps_what_is_shared(torch):
    whole = np.arange(12.0).reshape(3, 4)
    for make in (autograd.tensor, torch.tensor):
        x = make(whole)
        a, b, c = copy.deepcopy((x, x[1:, ::2], x.T))
        a.mul_(5)
        assert b.tolist() == (whole * 5)[1:, ::2].tolist() and c.tolist() == (whole * 5).T.tolist()
        b.zero_()
        assert a.tolist()[1] == [0.0, 25.0, 0.0, 35.0]
        assert x.tolist() == whole.tolist()
    alone = copy.deepcopy(autograd.tensor(whole)[1])
    assert alone.tolist() == whole[1].tolist()


def test_hooks_after_accumulation(torch):
    for module in (autograd, torch):
        x = module.tensor([1.0, 2.0], requires_grad=True)
        seen = []
        handle = x.register_post_accumulate_grad_hook(lambda t, seen=seen: seen.append(t.grad.tolist()))
        (x * x).sum().backward()
        (x * 3).sum().backward()
        handle.remove()
        (x * 3).sum().backward()
        assert seen == [[2.0, 4.0], [5.0, 7.0]]
    y = autograd.tensor([1.0], requires_grad=True)
    expect(lambda: (y * 2).register_post_accumulate_grad_hook(print), errors.GraphError, "only leaves accumulate")
    expect(lambda: autograd.ones(1).register_post_accumulate_grad_hook(print), errors.GraphError, "require grad")
