"""L-BFGS against PyTorch's, step by step, with and without its line search."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import autograd
import nn
import optim
from autograd.errors import ArgumentError, InPlaceError, ShapeError

Loss = Callable[[Any, list[Any]], Any]


def rosenbrock(library: Any, p: list[Any]) -> Any:
    return sum((100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum() for x in p)


def quadratic(library: Any, p: list[Any]) -> Any:
    return sum((k + 1) * ((x - k) ** 2).sum() for k, x in enumerate(p)) + (p[0].sum() - p[1].sum()) ** 2


def waves(library: Any, p: list[Any]) -> Any:
    """Not convex: the search goes on, and back."""
    return sum((x.sin() * 3 + (x**2) / 10 + (2 * x).cos()).sum() for x in p)


def exponential(library: Any, p: list[Any]) -> Any:
    """Steep on one side: the first steps are much too long, or too short."""
    return sum((x.exp() + (-3 * x).exp() / 50).sum() for x in p)


LOSSES = [rosenbrock, quadratic, waves, exponential]


def closure_of(library: Any, optimizer: Any, p: list[Any], loss: Loss) -> Callable[[], Any]:
    def closure() -> Any:
        optimizer.zero_grad()
        value = loss(library, p)
        value.backward()
        return value

    return closure


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("search", ["strong_wolfe", None])
@pytest.mark.parametrize("seed", range(6))
def test_steps_agree_with_pytorch(torch: ModuleType, loss: Loss, search: str | None, seed: int) -> None:
    """Losses, parameters and numbers of evaluations, until a minimum is near. Each iteration makes a difference by
    rounding some times larger (PyTorch's own, from a start that differs by 1e-15, is 3e-2 away after 120 of them), so
    the first ones are held to 1e-10, and 60 are compared."""
    rng = np.random.default_rng(seed)
    settings = {
        "lr": float(rng.choice([1.0, 0.3]))
        if search
        else float(rng.choice([0.02, 0.1])) / (20 if loss is rosenbrock else 1),
        "max_iter": int(rng.choice([1, 4, 20])),
        "history_size": int(rng.choice([2, 5, 100])),
        "line_search_fn": search,
        "tolerance_change": float(rng.choice([1e-9, 1e-5])),
    }
    if rng.integers(2):
        settings["max_eval"] = int(rng.choice([3, 9, 60]))
    starts = [rng.normal(size=3), rng.normal(size=4)]
    p = [autograd.tensor(x, requires_grad=True) for x in starts]
    q = [torch.tensor(x, requires_grad=True) for x in starts]
    mine, other = optim.LBFGS(p, **settings), torch.optim.LBFGS(q, **settings)
    for _ in range(8):
        state, expected = mine.state[p[0]], other.state[q[0]]
        a = mine.step(closure_of(autograd, mine, p, loss)).item()
        b = other.step(closure_of(torch, other, q, loss)).item()
        tolerance = 1e-10 if state["n_iter"] <= 12 else 1e-5
        assert a == pytest.approx(b, rel=1e-5, abs=1e-9)
        if state["n_iter"] > 60 or max(x.grad.abs().max().item() for x in q) < 1e-4:
            break
        for x, y in zip(p, q, strict=True):
            np.testing.assert_allclose(x.detach().numpy(), y.detach().numpy(), rtol=tolerance, atol=tolerance)
        assert (state["n_iter"], state["func_evals"]) == (expected["n_iter"], expected["func_evals"])
        assert set(state) == set(expected) - {"al"}
        assert len(state["old_dirs"]) == len(expected["old_dirs"]) == len(state["ro"])


def test_rosenbrock_is_minimized() -> None:
    p = [autograd.tensor([-1.2, 1.0], dtype=autograd.float64, requires_grad=True)]
    optimizer = optim.LBFGS(p, line_search_fn="strong_wolfe", max_iter=100, tolerance_change=1e-16)
    optimizer.step(closure_of(autograd, optimizer, p, rosenbrock))
    np.testing.assert_allclose(p[0].detach().numpy(), [1, 1], atol=1e-6)
    assert optimizer.state[p[0]]["func_evals"] < 80


def test_a_small_net_is_fitted() -> None:
    autograd.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 1))
    x = np.random.default_rng(0).normal(size=(64, 2)).astype(np.float32)
    inputs, wanted = autograd.tensor(x), autograd.tensor(np.sin(x[:, :1]) - 0.5 * x[:, 1:])
    optimizer = optim.LBFGS(model.parameters(), line_search_fn="strong_wolfe", max_iter=200)

    def closure() -> Any:
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(inputs), wanted)
        loss.backward()
        return loss

    before = optimizer.step(closure).item()
    assert closure().item() < 1e-3 * before
    assert all(parameter.dtype == np.float32 for parameter in model.parameters())


@pytest.mark.parametrize("search", ["strong_wolfe", None])
def test_a_run_is_resumed_bit_for_bit(search: str | None) -> None:
    start = np.random.default_rng(1).normal(size=5)
    settings: dict[str, Any] = {"max_iter": 3, "line_search_fn": search, "lr": 1.0 if search else 0.01}
    first = [autograd.tensor(start, requires_grad=True)]
    optimizer = optim.LBFGS(first, **settings)
    for _ in range(3):
        optimizer.step(closure_of(autograd, optimizer, first, waves))
    numbers, state = pickle.loads(pickle.dumps((first[0].detach().numpy(), optimizer.state_dict())))
    second = [autograd.tensor(numbers, requires_grad=True)]
    resumed = optim.LBFGS(second)
    resumed.load_state_dict(state)
    for _ in range(3):
        for each, p in ((optimizer, first), (resumed, second)):
            each.step(closure_of(autograd, each, p, waves))
        assert (first[0] == second[0]).all()


def test_a_state_of_pytorchs_is_gone_on_from(torch: ModuleType) -> None:
    start = np.random.default_rng(1).normal(size=5)
    q = [torch.tensor(start, requires_grad=True)]
    theirs = torch.optim.LBFGS(q, max_iter=3, line_search_fn="strong_wolfe")
    for _ in range(2):
        theirs.step(closure_of(torch, theirs, q, waves))
    p = [autograd.tensor(q[0].detach().numpy(), requires_grad=True)]
    ours = optim.LBFGS(p)

    def plain(value: Any) -> Any:
        if isinstance(value, list):
            return [plain(each) for each in value]
        return value.numpy() if isinstance(value, torch.Tensor) else value

    state = copy.deepcopy(theirs.state_dict())
    state["state"] = {key: {n: plain(v) for n, v in entries.items()} for key, entries in state["state"].items()}
    ours.load_state_dict(state)
    for _ in range(2):
        ours.step(closure_of(autograd, ours, p, waves))
        theirs.step(closure_of(torch, theirs, q, waves))
    np.testing.assert_allclose(p[0].detach().numpy(), q[0].detach().numpy(), rtol=1e-9)


def test_a_step_counts_in_the_version_and_parameters_may_lack_gradients() -> None:
    p = [autograd.tensor([1.0, 2.0], requires_grad=True), autograd.tensor([3.0], requires_grad=True)]
    out = (p[0] * p[0]).sum()
    optimizer = optim.LBFGS(p, max_iter=2)
    optimizer.step(closure_of(autograd, optimizer, p, lambda library, q: (q[0] * q[0]).sum()))
    assert p[1].tolist() == [3.0]
    with pytest.raises(InPlaceError, match="mul"):
        out.backward()


def test_mistakes_get_an_error() -> None:
    x = autograd.zeros(2, requires_grad=True)
    with pytest.raises(ArgumentError, match="give a single group"):
        optim.LBFGS([{"params": [x]}, {"params": [autograd.zeros(1)]}])
    with pytest.raises(ArgumentError, match="line_search_fn is 'armijo'"):
        optim.LBFGS([x], line_search_fn="armijo")
    with pytest.raises(ArgumentError, match="give it a closure"):
        optim.LBFGS([x]).step()
    optimizer = optim.LBFGS([x])
    optimizer.step(closure_of(autograd, optimizer, [x], lambda library, p: ((p[0] - 1) ** 2).sum()))
    with pytest.raises(ShapeError, match=r"the parameters have 3 numbers"):
        optim.LBFGS([autograd.zeros(3)]).load_state_dict(optimizer.state_dict())
