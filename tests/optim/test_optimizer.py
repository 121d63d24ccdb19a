"""Optimizer: groups, state, versions, and mistakes."""

from __future__ import annotations

import copy
import gc
import inspect
import pickle
import tracemalloc
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import autograd
import nn
import optim
from autograd.errors import ArgumentError, DtypeError, GraphError, InPlaceError, ShapeError

NAMES = [
    "SGD",
    "Adagrad",
    "Adadelta",
    "RMSprop",
    "Adam",
    "AdamW",
    "NAdam",
    "RAdam",
    "Adamax",
    "ASGD",
    "Rprop",
    "Adafactor",
]
IN_TORCH = [*NAMES, "Muon", "LBFGS"]


def leaf(*shape: int) -> Any:
    return autograd.randn(shape, requires_grad=True)


def advance(optimizer: Any, steps: int, seed: int = 0) -> None:
    rng = np.random.default_rng(seed)
    for _ in range(steps):
        for group in optimizer.param_groups:
            for p in group["params"]:
                p.grad = autograd.tensor(rng.normal(size=p.shape).astype(np.float32))
        optimizer.step()


def test_groups_have_their_own_settings() -> None:
    a, b, c = leaf(2), leaf(2), leaf(2)
    optimizer = optim.SGD([{"params": [a]}, {"params": b, "lr": 0.5}], lr=0.1)
    optimizer.add_param_group({"params": [c], "lr": 0.0})
    assert [group["lr"] for group in optimizer.param_groups] == [0.1, 0.5, 0.0]
    before = [x.detach().clone() for x in (a, b, c)]
    for x in (a, b, c):
        x.grad = autograd.ones(2)
    optimizer.step()
    moved = [(old - x.detach()).tolist() for old, x in zip(before, (a, b, c), strict=True)]
    np.testing.assert_allclose(moved, [[0.1] * 2, [0.5] * 2, [0.0] * 2], atol=1e-6)


@pytest.mark.parametrize("name", IN_TORCH)
def test_arguments_defaults_and_repr_are_pytorchs(torch: ModuleType, name: str) -> None:
    theirs, ours = getattr(torch.optim, name), getattr(optim, name)
    arguments = [
        [(p.name, p.kind, p.default) for p in inspect.signature(c.__init__).parameters.values()] for c in (ours, theirs)
    ]
    assert arguments[0] == arguments[1]
    a, b = ours([autograd.zeros(1, 1)]), theirs([torch.zeros(1, 1)])
    assert a.defaults == b.defaults and repr(a) == repr(b)


def test_parameters_may_have_names(torch: ModuleType) -> None:
    given = [("weight", leaf(2)), ("bias", leaf(1))]
    optimizer = optim.SGD(given, lr=0.1)
    other = torch.optim.SGD([("weight", torch.zeros(2)), ("bias", torch.zeros(1))], lr=0.1)
    assert repr(optimizer) == repr(other)
    assert optimizer.state_dict()["param_groups"] == other.state_dict()["param_groups"]
    assert optimizer.param_groups[0]["params"] == [p for _, p in given]
    with pytest.raises(ArgumentError, match="some parameters have names"):
        optim.SGD([("weight", leaf(2)), leaf(1)])
    with pytest.raises(ArgumentError, match="some groups have names"):
        optimizer.add_param_group({"params": [leaf(1)]})


@pytest.mark.parametrize("name", ["SGD", "Adam", "LBFGS"])
def test_hooks_of_steps(name: str) -> None:
    x = leaf(2)
    optimizer = getattr(optim, name)([x])
    seen: list[Any] = []

    def closure() -> Any:
        optimizer.zero_grad()
        loss = (x * x).sum()
        loss.backward()
        return loss

    first = optimizer.register_step_pre_hook(lambda o, args, kwargs: seen.append(("before", o is optimizer, kwargs)))
    second = optimizer.register_step_post_hook(lambda o, args, kwargs: seen.append(("after", args == (closure,))))
    optimizer.step(closure)
    assert seen == [("before", True, {}), ("after", True)]
    first.remove()
    second.remove()
    optimizer.step(closure)
    assert len(seen) == 2
    optimizer.register_step_pre_hook(lambda o, args, kwargs: ((), {"closure": closure}))
    assert optimizer.step(closure=None) is not None
    optimizer.register_step_pre_hook(lambda o, args, kwargs: 3)
    with pytest.raises(ArgumentError, match="a hook before step returned 3"):
        optimizer.step(closure)


def test_hooks_of_states() -> None:
    optimizer, seen = optim.Adam([leaf(2)]), []
    optimizer.register_state_dict_pre_hook(lambda o: seen.append("saving"))
    optimizer.register_state_dict_post_hook(lambda o, state: {**state, "epoch": 3})
    optimizer.register_state_dict_post_hook(lambda o, state: seen.append("first"), prepend=True)
    state = optimizer.state_dict()
    assert state["epoch"] == 3 and seen == ["saving", "first"]
    optimizer.register_load_state_dict_pre_hook(lambda o, state: seen.append(state.pop("epoch")))
    optimizer.register_load_state_dict_post_hook(lambda o: seen.append("loaded"))
    optimizer.load_state_dict(state)
    assert seen[2:] == [3, "loaded"] and state["epoch"] == 3


def test_settings_that_say_how_to_compute() -> None:
    for settings in ({"foreach": True}, {"foreach": False}, {"fused": True}):
        optim.Adam([leaf(2)], **settings)
    for settings in ({"capturable": True}, {"differentiable": True}, {"foreach": True, "fused": True}):
        with pytest.raises(ArgumentError, match=next(iter(settings))):
            optim.Adam([leaf(2)], **settings)
    source = optim.Adam([leaf(2)], lr=0.5).state_dict()
    source["param_groups"][0]["capturable"] = True
    optimizer = optim.Adam([leaf(2)])
    optimizer.load_state_dict(source)
    assert optimizer.param_groups[0]["lr"] == 0.5 and not optimizer.param_groups[0]["capturable"]
    with pytest.raises(ArgumentError, match="gradients are never sparse"):
        optim.SparseAdam([leaf(2)])


def test_settings_may_be_tensors() -> None:
    a, b = leaf(2), leaf(2)
    b.data = a.detach().clone()
    optimizers = [
        optim.Adam([a], lr=autograd.tensor(0.25), betas=(autograd.tensor(0.5), autograd.tensor(0.75))),
        optim.Adam([b], lr=np.float64(0.25), betas=(0.5, 0.75)),
    ]
    for optimizer in optimizers:
        advance(optimizer, 3)
    assert (a == b).all() and a.dtype == np.float32


def test_gradients_accumulate_to_those_of_the_whole_batch() -> None:
    """Four parts of a batch and one step move the parameters as the whole batch does."""
    autograd.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1)).double()
    other = copy.deepcopy(model)
    x, y = autograd.randn(12, 3, dtype=autograd.float64), autograd.randn(12, 1, dtype=autograd.float64)
    parts, whole = optim.Adam(model.parameters(), lr=0.1), optim.Adam(other.parameters(), lr=0.1)
    for _ in range(5):
        for k in range(0, 12, 3):
            (nn.functional.mse_loss(model(x[k : k + 3]), y[k : k + 3]) / 4).backward()
        nn.functional.mse_loss(other(x), y).backward()
        for optimizer in (parts, whole):
            optimizer.step()
            optimizer.zero_grad()
    for p, q in zip(model.parameters(), other.parameters(), strict=True):
        np.testing.assert_allclose(p.detach().numpy(), q.detach().numpy(), rtol=1e-10)


def test_parameters_without_gradient_are_passed_over() -> None:
    a, b = leaf(2), leaf(2)
    optimizer = optim.Adam([a, b])
    before = b.detach().clone()
    a.grad = autograd.ones(2)
    optimizer.step()
    assert (b == before).all() and b not in optimizer.state and optimizer.state[a]["step"] == 1


def test_zero_grad() -> None:
    a = leaf(2)
    optimizer = optim.SGD([a])
    kept = a.grad = autograd.ones(2)
    optimizer.zero_grad(set_to_none=False)
    assert a.grad.tolist() == kept.tolist() == [0.0, 0.0]
    optimizer.zero_grad()
    assert a.grad is None
    optimizer.zero_grad(set_to_none=False)
    assert a.grad is None


def test_closure_is_run_with_gradients_recorded() -> None:
    a = leaf(2)
    optimizer = optim.SGD([a], lr=0.1)

    def closure() -> Any:
        optimizer.zero_grad()
        loss = (a * a).sum()
        loss.backward()
        return loss

    with autograd.no_grad():
        first, second = optimizer.step(closure), optimizer.step(closure)
    assert second.item() == pytest.approx(0.64 * first.item(), rel=1e-5)
    assert optimizer.step() is None


@pytest.mark.parametrize("name", NAMES)
def test_a_step_counts_in_the_version(name: str) -> None:
    a = leaf(2)
    optimizer = getattr(optim, name)([a], lr=0.1)
    out = (a * a).sum()
    out.backward(retain_graph=True)
    optimizer.step()
    with pytest.raises(InPlaceError, match="mul"):
        out.backward()
    assert a.is_leaf and a.requires_grad


@pytest.mark.parametrize("name", NAMES)
def test_state_is_saved_and_restored(name: str) -> None:
    settings = {"momentum": 0.9} if name in ("SGD", "RMSprop") else {}
    a, b = [leaf(3, 2), leaf(4)], [leaf(3, 2), leaf(4)]
    first = getattr(optim, name)(a, lr=0.05, **settings)
    advance(first, 3)
    for p, q in zip(a, b, strict=True):
        q.data = p.detach().clone()
    second = getattr(optim, name)(b, lr=9.0)
    state = pickle.loads(pickle.dumps(first.state_dict()))
    second.load_state_dict(state)
    advance(first, 3, seed=1)
    advance(second, 3, seed=1)
    assert second.param_groups[0]["lr"] == 0.05
    for p, q in zip(a, b, strict=True):
        assert (p == q).all()
        for key, value in first.state[p].items():
            if key != "step":
                assert not np.shares_memory(value.numpy(), second.state[q][key].numpy())


@pytest.mark.parametrize("name", NAMES)
def test_state_dict_has_pytorchs_form(torch: ModuleType, name: str) -> None:
    """A state of PyTorch's, its tensors turned into arrays, is gone on from in step with PyTorch."""
    numbers = np.random.default_rng(0).normal(size=(2, 3))
    q = torch.tensor(numbers, requires_grad=True)
    theirs = getattr(torch.optim, name)([q], lr=0.05)
    q.grad = torch.ones(2, 3, dtype=torch.float64)
    theirs.step()
    p = autograd.tensor(q.detach().numpy(), requires_grad=True)
    ours = getattr(optim, name)([p])
    state = copy.deepcopy(theirs.state_dict())
    for entries in state["state"].values():
        for key, value in entries.items():
            entries[key] = value.numpy() if hasattr(value, "numpy") else value
    ours.load_state_dict(state)
    p.grad = autograd.ones(2, 3, dtype=autograd.float64)
    ours.step()
    theirs.step()
    np.testing.assert_allclose(p.detach().numpy(), q.detach().numpy(), rtol=1e-12)
    assert set(ours.state_dict()) == {"state", "param_groups"}
    assert ours.state_dict()["param_groups"][0]["params"] == [0]


def test_deepcopy_and_pickle_go_on_alike() -> None:
    optimizer = optim.Adam([leaf(3)], lr=0.1)
    advance(optimizer, 2)
    others = [copy.deepcopy(optimizer), pickle.loads(pickle.dumps(optimizer))]
    advance(optimizer, 2, seed=1)
    for other in others:
        advance(other, 2, seed=1)
        assert (other.param_groups[0]["params"][0] == optimizer.param_groups[0]["params"][0]).all()


def test_steps_leave_no_garbage_and_take_no_memory() -> None:
    a = autograd.zeros(300, 300, requires_grad=True)
    optimizer = optim.Adam([a])
    a.grad = autograd.ones(300, 300)
    optimizer.step()
    gc.collect()
    gc.disable()
    tracemalloc.start()
    try:
        for _ in range(20):  # Python keeps some freed tuples for the next ones
            optimizer.step()
        before, _ = tracemalloc.get_traced_memory()
        for _ in range(20):
            optimizer.step()
        after, peak = tracemalloc.get_traced_memory()
        assert gc.collect() == 0
    finally:
        tracemalloc.stop()
        gc.enable()
    assert after - before < 2000
    assert peak - before < 300 * 300 * 4  # the formula's intermediates are blocks, smaller than the parameter


@pytest.mark.parametrize(
    ("act", "error", "text"),
    [
        (lambda: optim.SGD([]), ArgumentError, "SGD: params is empty"),
        (lambda: optim.SGD(leaf(2)), DtypeError, "params is a Tensor"),
        (lambda: optim.SGD({"params": [leaf(2)]}), DtypeError, "params is a dict"),
        (lambda: optim.SGD([(leaf(1), leaf(2))]), DtypeError, "expected Tensors to optimize, not tuple"),
        (lambda: optim.Rprop([leaf(2)], etas=(1.5, 2)), ArgumentError, "etas are 1.5 and 2"),
        (lambda: optim.Rprop([leaf(2)], step_sizes=1), ArgumentError, "step_sizes is 1"),
        (lambda: optim.Adafactor([leaf(2)], d=0.5), ArgumentError, r"d is 0\.5"),
        (lambda: optim.Adafactor([leaf(2)], beta2_decay=1), ArgumentError, "beta2_decay is 1"),
        (lambda: optim.Adafactor([leaf(2)], eps=1e-3), ArgumentError, r"eps is 0\.001"),
        (lambda: optim.Muon([leaf(2)]), ShapeError, r"a parameter \(2,\) is no matrix"),
        (lambda: optim.Muon([leaf(2, 2)], ns_steps=100), ArgumentError, "ns_steps is 100"),
        (lambda: optim.Muon([leaf(2, 2)], adjust_lr_fn="x"), ArgumentError, "adjust_lr_fn is 'x'"),
        (lambda: optim.Muon([leaf(2, 2)], ns_coefficients=(1, 2)), ArgumentError, "use three numbers"),
        (lambda: optim.Lion([leaf(2)], betas=(0.9, 1)), ArgumentError, "beta2 is 1"),
        (lambda: optim.NAdam([leaf(2)], momentum_decay=-1), ArgumentError, "momentum_decay is -1"),
        (lambda: optim.Adadelta([leaf(2)], rho=-1), ArgumentError, "rho is -1"),
        (lambda: optim.ASGD([leaf(2)], weight_decay=-1), ArgumentError, "weight_decay is -1"),
        (lambda: optim.SGD([leaf(2)], lr=autograd.ones(2)), ArgumentError, "lr is tensor"),
        (lambda: optim.SGD([leaf(2) * 2]), GraphError, "is the result of an operation"),
        (lambda: optim.SGD([{"params": {leaf(2)}}]), ArgumentError, "params is a set"),
        (lambda: optim.SGD([{"parameters": [leaf(2)]}]), ArgumentError, 'a group is a dict with "params"'),
        (lambda: optim.SGD([{"params": [leaf(2)], "learning_rate": 1}]), ArgumentError, "'learning_rate' is not known"),
        (lambda: optim.SGD([leaf(2)] * 2), ArgumentError, r"a parameter \(2,\) comes twice"),
        (lambda: optim.SGD([leaf(2)], lr=-1.0), ArgumentError, r"SGD: lr is -1\.0"),
        (lambda: optim.SGD([leaf(2)], lr="fast"), ArgumentError, "lr is 'fast'"),
        (lambda: optim.SGD([leaf(2)], lr=float("nan")), ArgumentError, "lr is nan"),
        (lambda: optim.SGD([leaf(2)], nesterov=True), ArgumentError, "nesterov needs momentum above 0"),
        (lambda: optim.SGD([leaf(2)], momentum=0.9, dampening=0.1, nesterov=True), ArgumentError, "dampening 0"),
        (lambda: optim.SGD([leaf(2)], weight_decay=-1), ArgumentError, "weight_decay is -1"),
        (lambda: optim.Adagrad([leaf(2)], lr_decay=-1), ArgumentError, "lr_decay is -1"),
        (lambda: optim.RMSprop([leaf(2)], alpha=1.0), ArgumentError, r"alpha is 1\.0; use a number less than 1"),
        (lambda: optim.Adam([leaf(2)], betas=(0.9, 1.0)), ArgumentError, r"Adam: beta2 is 1\.0"),
        (lambda: optim.AdamW([leaf(2)], betas=0.9), ArgumentError, r"AdamW: betas is 0\.9; use two numbers"),
        (lambda: optim.Adam([{"params": [leaf(2)], "eps": -1}]), ArgumentError, "eps is -1"),
        (lambda: optim.SGD([leaf(2)]).load_state_dict({}), ArgumentError, "give what state_dict"),
        (
            lambda: optim.SGD([leaf(2)]).load_state_dict(optim.SGD([leaf(2), leaf(2)]).state_dict()),
            ArgumentError,
            r"groups of \[2\] parameters, and this optimizer has groups of \[1\]",
        ),
    ],
)
def test_mistakes_get_an_error(act: Callable[[], Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        act()


def test_a_state_of_other_shapes_changes_nothing() -> None:
    a, b = optim.Adam([leaf(3)], lr=0.1), optim.Adam([leaf(2)], lr=0.2)
    advance(a, 1)
    advance(b, 1)
    before = copy.deepcopy(b.state_dict())
    with pytest.raises(ShapeError, match=r"'exp_avg' of parameter 0 has shape \(3,\), and the parameter \(2,\)"):
        b.load_state_dict(a.state_dict())
    assert b.param_groups[0]["lr"] == 0.2
    assert (b.state_dict()["state"][0]["exp_avg"] == before["state"][0]["exp_avg"]).all()


def test_an_optimizer_without_rule_says_so() -> None:
    a = leaf(1)
    a.grad = autograd.ones(1)
    with pytest.raises(NotImplementedError, match="Optimizer has no update rule"):
        optim.Optimizer([a], {"maximize": False}).step()
