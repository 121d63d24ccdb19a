"""Backward hooks of modules, against PyTorch's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd
import nn
import nn.compat
from autograd import errors


def run(module: Any, tensor: Any, replacing: bool, with_leaf: bool) -> list[Any]:
    """A small network with hooks on a layer; everything that the hooks and the leaves saw."""
    make = tensor
    layer = module.Linear(3, 2).double()
    state = np.arange(6.0).reshape(2, 3) / 7
    layer.load_state_dict({"weight": make(state), "bias": make(np.ones(2))})
    seen: list[Any] = []

    def plain(gradients: Any) -> Any:
        return [None if g is None else g.detach().numpy().tolist() for g in gradients]

    def before(_: Any, outputs: Any) -> Any:
        seen.append(["before", plain(outputs)])
        return (outputs[0] * 2,) if replacing else None

    def after(_: Any, inputs: Any, outputs: Any) -> Any:
        seen.append(["after", plain(inputs), plain(outputs)])
        return tuple(None if g is None else g * 3 for g in inputs) if replacing else None

    first = layer.register_full_backward_pre_hook(before)
    layer.register_full_backward_hook(after)
    layer.register_full_backward_hook(lambda *_: seen.append("last"))
    layer.register_full_backward_hook(lambda *_: seen.append("first"), prepend=True)
    x = make(np.ones((1, 3)))
    if with_leaf:
        x.requires_grad_()
    y = layer(x * 2)
    (y * y).sum().backward()
    first.remove()
    with_grads = [x] if with_leaf else []
    return [*seen, *(t.grad.numpy().tolist() for t in (*with_grads, layer.weight, layer.bias))]


@pytest.mark.filterwarnings("ignore:Full backward hook is firing")  # PyTorch's, without a leaf
@pytest.mark.parametrize("with_leaf", [True, False])
@pytest.mark.parametrize("replacing", [True, False])
def test_backward_hooks_see_and_replace_what_pytorchs_do(torch: Any, replacing: bool, with_leaf: bool) -> None:
    ours = run(nn, lambda a: autograd.tensor(a), replacing and with_leaf, with_leaf)
    theirs = run(torch.nn, lambda a: torch.tensor(a), replacing and with_leaf, with_leaf)
    assert len(ours) == len(theirs)
    for a, b in zip(ours, theirs, strict=True):
        if isinstance(a, str):
            assert a == b
            continue
        for left, right in zip(a, b, strict=True):
            if isinstance(left, str):
                assert left == right
            elif left == [None]:
                assert right == [None]
            else:
                np.testing.assert_allclose(left, right)


def test_second_derivatives_pass_through() -> None:
    layer = nn.Tanh()
    seen = []
    layer.register_full_backward_hook(lambda module, inputs, outputs: seen.append(inputs[0]))
    x = autograd.tensor([0.3], dtype="float64", requires_grad=True)
    (slope,) = autograd.grad(layer(x).sum(), x, create_graph=True)
    (second,) = autograd.grad(slope.sum(), x)
    t = np.tanh(0.3)
    np.testing.assert_allclose(second, [-2 * t * (1 - t * t)])
    assert seen[0].tolist() == pytest.approx([1 - t * t])


def test_wrong_answers_are_told() -> None:
    layer = nn.ReLU()
    handle = layer.register_full_backward_hook(lambda *_: (autograd.ones(2), autograd.ones(2)))
    x = autograd.ones(2, requires_grad=True)
    with pytest.raises(errors.ArgumentError, match="ReLU: a backward hook returned 2 gradients in place of 1"):
        layer(x).sum().backward()
    handle.remove()
    layer(x).sum().backward()
    assert x.grad is not None

    class Table(nn.Module):
        def forward(self, x: autograd.Tensor) -> Any:
            return {"x": x}

    table = Table()
    table.register_full_backward_hook(lambda *_: None)
    with pytest.raises(errors.ArgumentError, match="must return a Tensor or a tuple with Tensors, not dict"):
        table(x)


def test_without_gradients_nothing_is_watched() -> None:
    layer = nn.ReLU()
    layer.register_full_backward_hook(lambda *_: pytest.fail("no gradient passes"))
    with autograd.no_grad():
        assert layer(autograd.ones(2, requires_grad=True)).tolist() == [1.0, 1.0]
    assert not layer(autograd.ones(2)).requires_grad


def script(library: Any) -> list[Any]:
    """What hooks on all modules, and on one, see and change; a module whose forward fails among them."""
    hooks = library.nn.modules.module
    seen: list[Any] = []

    def plain(given: Any) -> Any:
        if isinstance(given, (tuple, list)):
            return [plain(x) for x in given]
        return given if given is None or isinstance(given, (str, dict)) else given.detach().numpy().round(6).tolist()

    def note(what: str) -> Any:
        return lambda module, *given: seen.append([what, type(module).__name__, *map(plain, given)])

    class Fails(library.nn.Module):
        def forward(self, x: Any, *, loud: bool = True) -> Any:
            raise ValueError("as it should")

    library.manual_seed(0)
    lstm, tanh = library.nn.LSTM(2, 1), library.nn.Tanh()
    with library.no_grad():
        for parameter in lstm.parameters():
            parameter.fill_(0.25)
    handles = [
        hooks.register_module_forward_pre_hook(note("before")),
        hooks.register_module_forward_hook(note("after")),
        hooks.register_module_forward_hook(lambda module, args, out: out * 2 if module is tanh else None),
        hooks.register_module_full_backward_pre_hook(note("backward before")),
        hooks.register_module_full_backward_hook(note("backward")),
        hooks.register_module_forward_hook(note("with kwargs"), with_kwargs=True),
    ]
    tanh.register_forward_hook(note("own after"))
    tanh.register_full_backward_hook(note("own backward"))
    x = library.ones(3, 2).requires_grad_()
    out, _ = lstm(tanh(x))
    out.sum().backward()
    seen.append(plain(x.grad))
    for handle in handles:
        handle.remove()
    seen.append("removed")
    plain_out = library.nn.Sequential(library.nn.ReLU())(library.ones(2))
    seen.append(plain(plain_out))

    always = hooks.register_module_forward_hook(note("always"), always_call=True)
    fails = Fails()
    fails.register_forward_hook(note("own always"), always_call=True, with_kwargs=True)
    fails.register_forward_hook(note("never"))
    with pytest.raises(ValueError, match="as it should"):
        fails(library.ones(1), loud="yes")
    always.remove()

    registered = [
        hooks.register_module_parameter_registration_hook(lambda m, name, p: seen.append(["parameter", name])),
        hooks.register_module_buffer_registration_hook(lambda m, name, b: b + 1 if name == "running_mean" else None),
        hooks.register_module_module_registration_hook(
            lambda m, name, sub: library.nn.Identity() if isinstance(sub, library.nn.Dropout) else None
        ),
    ]
    model = library.nn.Sequential(library.nn.BatchNorm1d(2), library.nn.Dropout())
    model.last = library.nn.Dropout()
    for handle in registered:
        handle.remove()
    seen += [plain(model[0].running_mean), repr(model)]
    return seen


def test_hooks_of_all_modules_see_and_change_what_pytorchs_do(torch: Any) -> None:
    ours, theirs = script(nn.compat), script(torch)
    assert len(ours) == len(theirs)
    for a, b in zip(ours, theirs, strict=True):
        assert a == b


def test_a_failing_hook_that_is_always_called_warns() -> None:
    layer = nn.Linear(2, 1)

    def fails(*_: Any) -> None:
        raise KeyError("hook")

    layer.register_forward_hook(fails, always_call=True)
    with pytest.warns(UserWarning, match="always_call failed after another error"), pytest.raises(errors.ShapeError):
        layer(autograd.ones(3))
    assert not nn.hooks.everywhere.after
