"""The transforms against torch.func on the same programs, alone and nested; per-example gradients; what is refused."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest

import autograd
import nn
from autograd import func, graph
from autograd.batching import Level
from autograd.errors import ArgumentError, DtypeError, GraphError, ShapeError

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning:torch")


def arrays(*shapes: tuple[int, ...], seed: int = 0) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [np.asarray(rng.uniform(0.5, 1.5, shape)) for shape in shapes]


def t(x: Any) -> Any:
    return autograd.tensor(np.asarray(x, dtype=np.float64))


def tree(result: Any) -> Any:
    """A result as nested lists of arrays."""
    if isinstance(result, dict):
        return {key: tree(value) for key, value in result.items()}
    if isinstance(result, (tuple, list)):
        return [tree(r) for r in result]
    return np.asarray(result.detach().numpy())


def agree(ours: Any, theirs: Any) -> None:
    if isinstance(theirs, dict):
        assert list(ours) == list(theirs)
        ours, theirs = list(ours.values()), list(theirs.values())
    if isinstance(theirs, list):
        assert len(ours) == len(theirs)
        for a, b in zip(ours, theirs, strict=True):
            agree(a, b)
        return
    assert ours.dtype == theirs.dtype
    np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-11)


def number(m: Any, x: Any) -> Any:
    return (m.sin(x) * x**2).sum() + x.sum() ** 3


def vector(m: Any, x: Any) -> Any:
    return m.exp(x) * x.sum() - m.cumsum(x, 0)


def several(m: Any, x: Any, y: Any) -> Any:
    return {"a": m.matmul(y, x), "b": (x * x, m.tanh(y).mean(0))}


def step(m: Any, f: Any, x: Any) -> Any:
    """A program with a gradient inside it."""
    return (x - 0.1 * f.grad(functools.partial(number, m))(x)) ** 2


# Each takes the package and its func, and arrays made into tensors of the package.
PROGRAMS: dict[str, tuple[Any, tuple[tuple[int, ...], ...]]] = {
    "grad": (lambda m, f, x: f.grad(functools.partial(number, m))(x), ((3,),)),
    "grad by the second": (lambda m, f, x, y: f.grad(lambda a, b: (a * b**2).sum(), 1)(x, y), ((3,), (3,))),
    "grad by both": (lambda m, f, x, y: f.grad(lambda a, b: (a * b**2).sum(), (1, 0))(x, y), ((3,), (3,))),
    "grad by the last": (lambda m, f, x, y: f.grad(lambda a, b: (a * b**2).sum(), -1)(x, y), ((3,), (3,))),
    "grad with aux": (lambda m, f, x: f.grad(lambda a: ((a**2).sum(), (a * 2, a)), has_aux=True)(x), ((3,),)),
    "grad of a dict": (
        lambda m, f, x, y: f.grad(lambda d: (d["p"][0] * d["q"]).sum())({"p": (x, y), "q": y}),
        ((3,), (3,)),
    ),
    "grad_and_value": (lambda m, f, x: f.grad_and_value(functools.partial(number, m))(x), ((3,),)),
    "grad_and_value with aux": (
        lambda m, f, x: f.grad_and_value(lambda a: ((a**2).sum(), a * 2), has_aux=True)(x),
        ((3,),),
    ),
    "grad(grad)": (lambda m, f, x: f.grad(lambda a: f.grad(functools.partial(number, m))(a).sum())(x), ((3,),)),
    "grad(grad(grad))": (lambda m, f, x: f.grad(f.grad(f.grad(lambda a: m.sin(a) * a**3)))(x), ((),)),
    "confusion of perturbations": (
        lambda m, f, x: f.grad(lambda a: a * f.grad(lambda b: a * b + b**2)(a * 1.0))(x),
        ((),),
    ),
    "a closed-over tensor": (
        lambda m, f, x, y: f.grad(lambda a: f.grad(lambda b: (a * b**2).sum())(y).sum())(x),
        ((3,), (3,)),
    ),
    "vjp": (lambda m, f, x, v: f.vjp(functools.partial(vector, m), x)[1](v), ((3,), (3,))),
    "vjp of several": (
        lambda m, f, x, y: f.vjp(functools.partial(several, m), x, y)[1]({"a": x[:2], "b": (x, y[0])}),
        ((3,), (2, 3)),
    ),
    "vjp's output": (lambda m, f, x: f.vjp(functools.partial(vector, m), x)[0], ((3,),)),
    "vjp with aux": (
        lambda m, f, x, v: [f.vjp(lambda a: (a * a, a + 1), x, has_aux=True)[k] for k in (0, 2)],
        ((3,), (3,)),
    ),
    "jvp": (lambda m, f, x, v: f.jvp(functools.partial(vector, m), (x,), (v,)), ((3,), (3,))),
    "jvp of several": (
        lambda m, f, x, y: f.jvp(functools.partial(several, m), (x, y), (x * 2, y + 1)),
        ((3,), (2, 3)),
    ),
    "jvp with aux": (lambda m, f, x, v: f.jvp(lambda a: (a * a, a), (x,), (v,), has_aux=True), ((3,), (3,))),
    "jvp(jvp)": (
        lambda m, f, x, v: f.jvp(lambda a: f.jvp(functools.partial(vector, m), (a,), (v,))[1], (x,), (v,)),
        ((3,), (3,)),
    ),
    "grad(jvp)": (
        lambda m, f, x, v: f.grad(lambda a: f.jvp(functools.partial(vector, m), (a,), (v,))[1].sum())(x),
        ((3,), (3,)),
    ),
    "jvp(grad)": (
        lambda m, f, x, v: f.jvp(f.grad(functools.partial(number, m)), (x,), (v,)),
        ((3,), (3,)),
    ),
    "linearize": (lambda m, f, x, v: f.linearize(functools.partial(vector, m), x)[1](v), ((3,), (3,))),
    "linearize mapped": (
        lambda m, f, x, v: f.vmap(f.linearize(functools.partial(vector, m), x)[1])(v),
        ((3,), (4, 3)),
    ),
    "jacrev": (lambda m, f, x: f.jacrev(functools.partial(vector, m))(x), ((3,),)),
    "jacrev of several": (
        lambda m, f, x, y: f.jacrev(functools.partial(several, m), argnums=(0, 1))(x, y),
        ((3,), (2, 3)),
    ),
    "jacrev by chunks": (lambda m, f, x: f.jacrev(functools.partial(vector, m), chunk_size=2)(x), ((5,),)),
    "jacrev with aux": (lambda m, f, x: f.jacrev(lambda a: (a * a, a + 1), has_aux=True)(x), ((3,),)),
    "jacrev of a number": (lambda m, f, x: f.jacrev(functools.partial(number, m))(x), ((3,),)),
    "jacfwd": (lambda m, f, x: f.jacfwd(functools.partial(vector, m))(x), ((3,),)),
    "jacfwd of several": (
        lambda m, f, x, y: f.jacfwd(functools.partial(several, m), argnums=(0, 1))(x, y),
        ((3,), (2, 3)),
    ),
    "jacfwd with aux": (lambda m, f, x: f.jacfwd(lambda a: (a * a, a + 1), has_aux=True)(x), ((3,),)),
    "jacrev(jacrev)": (lambda m, f, x: f.jacrev(f.jacrev(functools.partial(vector, m)))(x), ((3,),)),
    "jacfwd(jacrev)": (lambda m, f, x: f.jacfwd(f.jacrev(functools.partial(vector, m)))(x), ((3,),)),
    "jacrev(jacfwd)": (lambda m, f, x: f.jacrev(f.jacfwd(functools.partial(vector, m)))(x), ((3,),)),
    "jacfwd(jacfwd)": (lambda m, f, x: f.jacfwd(f.jacfwd(functools.partial(vector, m)))(x), ((3,),)),
    "hessian": (lambda m, f, x: f.hessian(functools.partial(number, m))(x), ((3,),)),
    "hessian by both": (
        lambda m, f, x, y: f.hessian(lambda a, b: (a**2 * b**3).sum(), argnums=(0, 1))(x, y),
        ((3,), (3,)),
    ),
    "jacrev(hessian)": (lambda m, f, x: f.jacrev(f.hessian(functools.partial(number, m)))(x), ((3,),)),
    "vmap": (lambda m, f, x: f.vmap(functools.partial(vector, m))(x), ((4, 3),)),
    "vmap in and out": (
        lambda m, f, x, y: f.vmap(lambda a, b: (a @ b, b), in_dims=(1, None), out_dims=(-1, 0))(x, y),
        ((3, 4, 2), (2, 5)),
    ),
    "vmap of a dict": (
        lambda m, f, x, y: f.vmap(lambda d: {"s": d["a"] + d["b"]}, in_dims=({"a": 0, "b": None},))({"a": x, "b": y}),
        ((4, 3), (3,)),
    ),
    "vmap by chunks": (lambda m, f, x: f.vmap(functools.partial(vector, m), chunk_size=3)(x), ((7, 3),)),
    "vmap(vmap)": (lambda m, f, x, y: f.vmap(f.vmap(m.dot, (0, None)), (None, 0))(x, y), ((4, 3), (5, 3))),
    "vmap(vmap) over both": (
        lambda m, f, x: f.vmap(f.vmap(functools.partial(vector, m)), in_dims=1, out_dims=2)(x),
        ((4, 5, 3),),
    ),
    "vmap(grad)": (lambda m, f, x: f.vmap(f.grad(functools.partial(number, m)))(x), ((4, 3),)),
    "vmap(grad) by what is shared": (
        lambda m, f, x, y: f.vmap(f.grad(lambda a, b: m.tanh(a @ b).sum()), (None, 0))(x, y),
        ((2, 3), (4, 3)),
    ),
    "vmap(grad(grad))": (lambda m, f, x: f.vmap(f.grad(f.grad(lambda a: m.sin(a) * a**3)))(x), ((4,),)),
    "vmap(vmap(grad))": (lambda m, f, x: f.vmap(f.vmap(f.grad(functools.partial(number, m))))(x), ((2, 4, 3),)),
    "vmap(jacrev)": (lambda m, f, x: f.vmap(f.jacrev(functools.partial(vector, m)))(x), ((4, 3),)),
    "vmap(jacfwd)": (lambda m, f, x: f.vmap(f.jacfwd(functools.partial(vector, m)))(x), ((4, 3),)),
    "vmap(hessian)": (lambda m, f, x: f.vmap(f.hessian(functools.partial(number, m)))(x), ((4, 3),)),
    "vmap(vmap(jacrev))": (lambda m, f, x: f.vmap(f.vmap(f.jacrev(functools.partial(vector, m))))(x), ((2, 4, 3),)),
    "vmap(jvp)": (
        lambda m, f, x, v: f.vmap(lambda a, b: f.jvp(functools.partial(vector, m), (a,), (b,)), (0, None))(x, v),
        ((4, 3), (3,)),
    ),
    "vmap(vjp)": (
        lambda m, f, x, v: f.vmap(lambda a, b: f.vjp(functools.partial(vector, m), a)[1](b), (None, 0))(x, v),
        ((3,), (4, 3)),
    ),
    "a pull mapped inside vmap": (
        lambda m, f, x, v: f.vmap(lambda a: f.vmap(f.vjp(functools.partial(vector, m), a)[1])(v))(x),
        ((4, 3), (5, 3)),
    ),
    "grad(vmap)": (lambda m, f, x: f.grad(lambda a: f.vmap(functools.partial(vector, m))(a).sum())(x), ((4, 3),)),
    "jacrev(vmap)": (lambda m, f, x: f.jacrev(f.vmap(functools.partial(number, m)))(x), ((4, 3),)),
    "jacfwd(vmap)": (lambda m, f, x: f.jacfwd(f.vmap(functools.partial(number, m)))(x), ((4, 3),)),
    "grad(vmap(grad))": (
        lambda m, f, x: f.grad(lambda a: (f.vmap(f.grad(functools.partial(number, m)))(a) ** 2).sum())(x),
        ((4, 3),),
    ),
    "a gradient step": (lambda m, f, x: f.jacrev(lambda a: step(m, f, a))(x), ((3,),)),
    "gradient steps mapped": (lambda m, f, x: f.vmap(f.jacrev(lambda a: step(m, f, a)))(x), ((4, 3),)),
    "matrices": (
        lambda m, f, x, y: f.vmap(f.jacrev(lambda a: m.softmax(a @ y, -1).flatten()[1:3]))(x),
        ((3, 2, 4), (4, 2)),
    ),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_as_torch_func(name: str) -> None:
    program, shapes = PROGRAMS[name]
    given = arrays(*shapes)
    ours = tree(program(autograd, func, *map(t, given)))
    agree(ours, tree(program(torch, torch.func, *map(torch.tensor, given))))


# PyTorch's linearize forgets what its output depends on.
@pytest.mark.parametrize("name", [name for name in PROGRAMS if "linearize" not in name])
def test_what_comes_out_is_outside_the_graph_or_goes_on(name: str) -> None:
    """Like PyTorch's: with plain tensors nothing requires grad; with such as do, results can be differentiated."""
    program, shapes = PROGRAMS[name]
    given = arrays(*shapes)
    leaves = [t(x) for x in given]
    assert not any(r.requires_grad for r in func.pytree.flatten(program(autograd, func, *leaves))[0])
    assert all(x.grad is None for x in leaves)
    leaves = [t(x).requires_grad_() for x in given]
    others = [torch.tensor(x, requires_grad=True) for x in given]
    ours = func.pytree.flatten(program(autograd, func, *leaves))[0]
    theirs = torch.utils._pytree.tree_leaves(program(torch, torch.func, *others))
    assert [r.requires_grad for r in ours] == [r.requires_grad for r in theirs]
    ours, theirs = ([r for r in results if r.requires_grad] for results in (ours, theirs))
    found = autograd.grad([r.sum() for r in ours], leaves, allow_unused=True)
    expected = torch.autograd.grad([r.sum() for r in theirs], others, allow_unused=True)
    for a, b in zip(found, expected, strict=True):
        a, b = (np.zeros(1) if g is None else g.detach().numpy() for g in (a, b))
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-11)


def test_value_and_grad_and_hvp() -> None:
    x, v = map(t, arrays((3,), (3,)))
    f = functools.partial(number, autograd)
    value, slope = func.value_and_grad(f)(x)
    agree([tree(slope), tree(value)], tree(func.grad_and_value(f)(x)))
    agree(tree(func.hvp(f, (x,), (v,))), tree(func.hessian(f)(x) @ v))
    both = func.hvp(lambda a, b: (a**2 * b**3).sum(), (x, v), (v, x))
    h = func.hessian(lambda a, b: (a**2 * b**3).sum(), (0, 1))(x, v)
    agree(tree(both), [tree(h[k][0] @ v + h[k][1] @ x) for k in range(2)])


# --- per-example gradients of models


def perceptron(package: Any) -> Any:
    layers = package.nn if package is torch else nn
    return layers.Sequential(layers.Linear(5, 7), layers.Tanh(), layers.Linear(7, 3))


def convnet(package: Any) -> Any:
    layers = package.nn if package is torch else nn
    return layers.Sequential(
        layers.Conv2d(2, 3, 3, padding=1),
        layers.ReLU(),
        layers.MaxPool2d(2),
        layers.Conv2d(3, 4, 2, stride=2),
        layers.ReLU(),
        layers.AvgPool2d(2),
        layers.Flatten(),
        layers.Linear(4, 3),
    )


@pytest.mark.parametrize("build, shape", [(perceptron, (5,)), (convnet, (2, 8, 8))])
def test_gradients_of_each_example(build: Any, shape: tuple[int, ...]) -> None:
    """With functional_call, against torch.func and a loop over examples; the model is as it was."""
    theirs = build(torch).double()
    ours = build(autograd).double()
    ours.load_state_dict({name: autograd.tensor(value.numpy()) for name, value in theirs.state_dict().items()})
    (inputs,) = arrays((6, *shape))
    classes = np.arange(6) % 3

    def losses(package: Any, call: Any, model: Any) -> Any:
        functional = package.nn.functional if package is torch else nn.functional

        def loss(parameters: Any, x: Any, label: Any) -> Any:
            scores = call(model, parameters, (x[None],))
            return -(functional.log_softmax(scores, 1)[0] * label).sum()

        return loss

    one_hot = np.eye(3)[classes]
    parameters = {name: p.detach() for name, p in ours.named_parameters()}
    loss = losses(autograd, func.functional_call, ours)
    found = func.vmap(func.grad(loss), (None, 0, 0))(parameters, t(inputs), t(one_hot))
    for name, stacked in found.items():
        assert stacked.shape == (6, *parameters[name].shape)
        for k in range(6):
            alone = func.grad(loss)(parameters, t(inputs[k]), t(one_hot[k]))
            np.testing.assert_allclose(stacked[k].numpy(), alone[name].numpy(), rtol=1e-9, atol=1e-12)
    other = {name: p.detach() for name, p in theirs.named_parameters()}
    expected = torch.func.vmap(torch.func.grad(losses(torch, torch.func.functional_call, theirs)), (None, 0, 0))(
        other, torch.tensor(inputs), torch.tensor(one_hot)
    )
    agree(tree(found), tree(expected))
    assert all(p is ours.get_parameter(name) and p.requires_grad for name, p in ours.named_parameters())


def test_functional_call_puts_back_what_was_there() -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
    weight, bias = model[0].weight, model[0].bias
    x = autograd.ones(1, 2)
    assert func.functional_call(model, {"0.weight": autograd.zeros(2, 2)}, x).shape == (1, 2)
    assert model[0].weight is weight
    assert dict(model.named_parameters())["0.bias"] is bias
    with pytest.raises(ShapeError):
        func.functional_call(model, ({"0.weight": autograd.zeros(2, 3)}, {"0.bias": autograd.zeros(2)}), (x,))
    assert model[0].weight is weight
    assert model[0].bias is bias
    for dicts, match in (
        ({"weight": x}, "no parameter or buffer weight"),
        (({"0.bias": x}, {"0.bias": x}), "given by two"),
        (3, "give a dict"),
    ):
        with pytest.raises(ArgumentError, match=match):
            func.functional_call(model, dicts, x)
    with pytest.raises(ArgumentError, match=r"no tensor was given for 0\.bias"):
        func.functional_call(model, {"0.weight": weight}, x, strict=True)


def test_functional_call_with_tied_weights_and_keywords() -> None:
    class Tied(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a = nn.Linear(2, 2, bias=False)
            self.b = nn.Linear(2, 2, bias=False)
            self.b.weight = self.a.weight
            self.register_buffer("shift", autograd.zeros(2))

        def forward(self, x: Any, *, scale: float = 1.0) -> Any:
            return self.b(self.a(x)) * scale + self.shift

    model, x = Tied(), autograd.ones(2)
    twice = {"a.weight": 2 * autograd.eye(2), "shift": autograd.ones(2)}
    assert func.functional_call(model, twice, (x,), {"scale": 10.0}).tolist() == [41.0, 41.0]
    once = func.functional_call(model, {"a.weight": 2 * autograd.eye(2)}, x, tie_weights=False)
    np.testing.assert_allclose(once.detach().numpy(), model.b(2 * x).detach().numpy())
    assert model.a.weight is model.b.weight


def test_an_ensemble_of_models() -> None:
    models = [nn.Linear(3, 2) for _ in range(4)]
    parameters, buffers = func.stack_module_state(models)
    x = autograd.ones(3)
    out = func.vmap(lambda p, b: func.functional_call(models[0], (p, b), x))(parameters, buffers)
    for k, model in enumerate(models):
        np.testing.assert_allclose(out[k].detach().numpy(), model(x).detach().numpy(), rtol=1e-6)
    out.sum().backward()
    assert parameters["weight"].grad.shape == (4, 2, 3)
    with pytest.raises(ArgumentError, match="differ in class"):
        func.stack_module_state([nn.Linear(3, 2), nn.ReLU()])


# --- vmap


def test_dtypes_are_those_of_one_example() -> None:
    """A 0-d example of float64 does not widen a float32 vector, although all examples are a vector too."""
    wide, narrow = np.ones(4), np.ones(3, np.float32)
    ours = func.vmap(lambda a, b: a * b, (0, None))(autograd.tensor(wide), autograd.tensor(narrow))
    theirs = torch.func.vmap(lambda a, b: a * b, (0, None))(torch.tensor(wide), torch.tensor(narrow))
    assert ours.numpy().dtype == theirs.numpy().dtype == np.float32
    one = autograd.tensor(np.float64(1))
    assert func.vmap(lambda a: a * one)(autograd.ones(3)).dtype == autograd.float64


def test_empty_batches() -> None:
    x = autograd.zeros(0, 3)
    assert func.vmap(functools.partial(vector, autograd))(x).shape == (0, 3)
    assert func.vmap(func.grad(functools.partial(number, autograd)))(x).shape == (0, 3)


def test_outputs_that_no_example_changes() -> None:
    x = autograd.ones(3, 2)
    assert func.vmap(lambda a: autograd.arange(2))(x).tolist() == [[0, 1]] * 3
    assert func.vmap(lambda a: (a, 5), out_dims=(0, None))(x)[1] == 5


@pytest.mark.parametrize(
    "function, fields, error, match",
    [
        (lambda x: x.item(), {}, GraphError, "one example of many"),
        (lambda x: x if x > 0 else -x, {}, GraphError, "one example of many"),
        (lambda x: float(x), {}, GraphError, "one example of many"),
        (lambda x: x.numpy(), {}, GraphError, "one example of many"),
        (lambda x: np.asarray(x), {}, GraphError, "one example of many"),
        (lambda x: x.tolist(), {}, GraphError, "one example of many"),
        (lambda x: autograd.arange(3)[x > 1], {}, GraphError, "a shape that depends on the numbers"),
        (lambda x: x.add_(1), {}, GraphError, "in place"),
        (lambda x: x.mul_(2), {}, GraphError, "in place"),
        (lambda x: x.zero_(), {}, GraphError, "in place"),
        (lambda x: autograd.zeros(()).copy_(x), {}, GraphError, "one example of many"),
        (lambda x: x.requires_grad_(), {}, GraphError, "use autograd.func.grad"),
        (lambda x: x.backward(), {}, GraphError, "use autograd.func.grad"),
        (lambda x: autograd.grad(x, x), {}, GraphError, "."),
        (lambda x: autograd.rand(2) + x, {}, GraphError, "randomness='different'"),
        (lambda x: 5, {}, DtypeError, "returned a int"),
        (lambda x: x, {"out_dims": None}, ArgumentError, "differs between examples"),
        (lambda x: x, {"out_dims": 1}, ArgumentError, "out_dims has 1"),
        (lambda x: x, {"out_dims": (0, 0)}, ArgumentError, "nested otherwise"),
        (lambda x: x, {"in_dims": None}, ArgumentError, "nothing to map"),
        (lambda x: x, {"in_dims": (0, 0)}, ArgumentError, "nested otherwise"),
        (lambda x: x, {"in_dims": 1}, ArgumentError, "no such dimension"),
        (lambda x: x, {"in_dims": 0.5}, ArgumentError, "whole numbers"),
        (lambda x: x, {"randomness": "some"}, ArgumentError, "randomness is 'some'"),
        (lambda x: x, {"chunk_size": 0}, ArgumentError, "chunk_size is 0"),
    ],
)
def test_vmap_refuses(function: Any, fields: dict[str, Any], error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        func.vmap(function, **fields)(t([1.0, 2.0, 3.0]))
    assert graph.local.state.tracer is None
    assert autograd.batching.active() == ()


def test_vmap_refuses_arguments_that_do_not_fit() -> None:
    with pytest.raises(ShapeError, match="sizes"):
        func.vmap(lambda a, b: a + b)(t([1.0]), t([1.0, 2.0]))
    with pytest.raises(ArgumentError, match="without arguments"):
        func.vmap(lambda: t(1.0))()
    with pytest.raises(DtypeError, match="no tensor"):
        func.vmap(lambda a, b: a)(t([1.0]), "b")
    with pytest.raises(ShapeError, match=r"x \(3,\).*y \(2,\)"):  # the shapes of one example
        func.vmap(lambda a, b: a + b, (0, None))(t(np.ones((4, 3))), t([1.0, 2.0]))
    with pytest.raises(ShapeError, match=r"x \(2, 3\), y \(2, 3\)"):
        func.vmap(lambda a: a @ a)(t(np.ones((4, 2, 3))))


def test_a_tensor_that_outlives_its_vmap() -> None:
    kept: list[Any] = []

    def keep(x: Any) -> Any:
        kept.append(x)
        kept.append(func.vjp(autograd.sin, x)[1])
        return x

    func.vmap(keep)(t([1.0, 2.0]))
    for use in (lambda: kept[0] + 1, lambda: kept[0].sum(), lambda: kept[0].item(), lambda: kept[1](t(1.0))):
        with pytest.raises(GraphError, match="ended"):
            use()


def test_transforms_refuse() -> None:
    x = t([1.0, 2.0])
    for call, error, match in (
        (lambda: func.grad(lambda a: a)(x), ShapeError, "must give one number"),
        (lambda: func.grad(lambda a: (a.sum(), a))(x), ShapeError, "2 outputs"),
        (lambda: func.grad(lambda a: 3.0)(x), DtypeError, "is a float"),
        (lambda: func.grad(lambda a: a.sum())(autograd.arange(3)), DtypeError, "no gradients"),
        (lambda: func.grad(lambda a: a.sum())("x"), DtypeError, "not a Tensor"),
        (lambda: func.grad(lambda a: a.sum(), 1)(x), ArgumentError, "names argument 1"),
        (lambda: func.grad(lambda a: a.sum(), (0, 0))(x), ArgumentError, "none twice"),
        (lambda: func.grad(lambda a: a.sum(), "0")(x), ArgumentError, "whole number"),
        (lambda: func.grad(lambda a: a.sum(), has_aux=True)(x), ArgumentError, "pair"),
        (lambda: func.vjp(lambda a: a, x)[1](t(1.0)), ShapeError, "belongs to"),
        (lambda: func.vjp(lambda a: a, x)[1]((x, x)), ArgumentError, "nested"),
        (lambda: func.jvp(lambda a: a, (x,), (t(1.0),)), ShapeError, "belongs to"),
        (lambda: func.jvp(lambda a: a, x, (x,)), ArgumentError, "give a tuple"),
        (lambda: func.jvp(lambda a: a, (x,), (x, x)), ArgumentError, "nested"),
        (lambda: func.linearize(lambda a: a, x)[1](x, x), ArgumentError, "nested"),
        (lambda: func.hvp(lambda a: a.sum(), x, x), ArgumentError, "must be tuples"),
        (lambda: func.vmap(3), ArgumentError, "cannot be called"),
    ):
        with pytest.raises(error, match=match):
            call()


def test_grad_inside_no_grad_and_around_it() -> None:
    x = t([1.0, 2.0]).requires_grad_()
    with autograd.no_grad():
        slope = func.grad(lambda a: (a**3).sum())(x)
    assert slope.tolist() == [3.0, 12.0]
    assert not slope.requires_grad

    def constant(a: Any) -> Any:
        with autograd.no_grad():
            c = func.grad(lambda b: (b**2).sum())(a)
        return (a * c).sum()

    assert func.grad(constant)(x).tolist() == [2.0, 4.0]


@pytest.mark.parametrize("randomness", ["different", "same"])
def test_random_functions_inside_vmap(randomness: str) -> None:
    x = autograd.zeros(64, 5)
    mapped = func.vmap(lambda a: a + autograd.rand(5), randomness=randomness)
    rows = mapped(x).numpy()
    assert len({tuple(row) for row in rows}) == (1 if randomness == "same" else 64)
    kept = func.vmap(lambda a: autograd.dropout(a + 1, 0.5), randomness=randomness)(autograd.zeros(64, 20)).numpy()
    assert len({tuple(row) for row in kept}) == 1 if randomness == "same" else len({tuple(row) for row in kept}) > 32
    by_chunks = func.vmap(lambda a: a + autograd.rand(5), randomness=randomness, chunk_size=10)(x).numpy()
    assert len({tuple(row) for row in by_chunks}) == (1 if randomness == "same" else 64)
    nested = func.vmap(func.vmap(lambda a: a + autograd.rand(()), randomness=randomness), randomness="different")(x)
    assert len(set(nested.numpy().reshape(-1))) == (64 if randomness == "same" else 320)


# --- no loop over examples


LISTED = {
    "elementwise": lambda x: autograd.where(x > 1, x.exp() * 2, x.clamp(0.6, 0.9)),
    "reductions": lambda x: (x.sum(0), x.mean(), x.var(1), x.amax(0), x.max(1)[0], x.logsumexp(0), x.norm()),
    "shapes": lambda x: (x.reshape(-1), x.T, x[1:, 0], x.flip(0), autograd.pad(x, (1, 1)), x.expand(2, 4, 4), x.tril()),
    "joining": lambda x: (autograd.cat([x, x], 1), autograd.stack([x, 2 * x])),
    "products": lambda x: (x @ x, autograd.linear(x, x, x[0]), autograd.dot(x[0], x[1])),
    "softmax": lambda x: (x.softmax(-1), x.log_softmax(0), x.cumsum(1)),
    "indices": lambda x: (x[[0, 2]], x[:, [1, 1]], x.gather(1, autograd.argmax(x, 1, keepdim=True))),
    "images": lambda x: autograd.avg_pool2d(
        autograd.max_pool2d(autograd.conv2d(x[None, None], x[None, None, :2, :2], padding=1), 2), 2
    ),
}


@pytest.mark.parametrize("name", LISTED)
def test_no_loop_over_examples(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As many operations are applied for ten examples as for two, forward and in mapped sweeps."""
    counts: list[int] = []
    apply = Level.apply

    class Counting:
        def apply(self, primitive: Any, arguments: Any) -> Any:
            counts[-1] += 1
            graph.local.state.tracer = None
            try:
                return primitive.apply(*arguments)
            finally:
                graph.local.state.tracer = self

    def run(size: int) -> None:
        x = t(arrays((size, 4, 4))[0])
        counts.append(0)
        graph.local.state.tracer = Counting()
        try:
            func.vmap(LISTED[name])(x)
            func.vmap(func.jacrev(lambda a: func.pytree.flatten(LISTED[name](a))[0][0]))(x)
        finally:
            graph.local.state.tracer = None

    run(2)
    run(10)
    assert counts[0] == counts[1] > 0
    assert apply is Level.apply
