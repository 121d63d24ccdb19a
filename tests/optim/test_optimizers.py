"""Every update rule: one table of optimizers and of settings drawn at random feeds every property.

Equal to PyTorch's step by step, converging, resuming bit for bit, maximizing, with groups, in blocks, in other dtypes.
"""

from __future__ import annotations

import copy
import math
import pickle
import weakref
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import autograd
import nn
import optim
from autograd.kernels import pieces
from optim import optimizer as base

Draw = Callable[[np.random.Generator], dict[str, Any]]


def some(rng: np.random.Generator, *choices: Any) -> Any:
    return choices[rng.integers(len(choices))]


def betas(rng: np.random.Generator) -> tuple[float, float]:
    return float(rng.uniform(0.3, 0.95)), float(rng.uniform(0.5, 0.999))


def decay(rng: np.random.Generator) -> float:
    return some(rng, 0.0, float(rng.uniform(0, 0.3)))


def turn(rng: np.random.Generator) -> bool:
    return some(rng, False, True)


def sgd(rng: np.random.Generator) -> dict[str, Any]:
    momentum = some(rng, 0.0, float(rng.uniform(0.1, 0.95)))
    nesterov = bool(momentum) and turn(rng)
    dampening = 0.0 if nesterov else some(rng, 0.0, float(rng.uniform(0, 0.9)))
    return {
        "lr": float(rng.uniform(1e-4, 0.02)),
        "momentum": momentum,
        "nesterov": nesterov,
        "dampening": dampening,
        "weight_decay": decay(rng),
        "maximize": turn(rng),
    }


def adam(rng: np.random.Generator) -> dict[str, Any]:
    return {
        "lr": float(rng.uniform(1e-3, 0.1)),
        "betas": betas(rng),
        "eps": some(rng, 1e-8, 1e-3),
        "weight_decay": decay(rng),
        "maximize": turn(rng),
    }


# name -> how settings are drawn, and the learning rates at which the rule is to converge on a quadratic, on
# Rosenbrock's function (None: not asked) and with a small net.
TABLE: dict[str, tuple[Draw, dict[str, dict[str, Any] | None]]] = {
    "SGD": (
        sgd,
        {"quadratic": {"lr": 0.05}, "rosenbrock": {"lr": 1e-3, "momentum": 0.9}, "net": {"lr": 0.1, "momentum": 0.9}},
    ),
    "Adagrad": (
        lambda rng: {
            "lr": float(rng.uniform(0.01, 0.3)),
            "lr_decay": some(rng, 0.0, 0.05),
            "weight_decay": decay(rng),
            "initial_accumulator_value": some(rng, 0.0, 0.3),
            "eps": some(rng, 1e-10, 1e-3),
            "maximize": turn(rng),
        },
        {"quadratic": {"lr": 0.5}, "rosenbrock": {"lr": 0.5}, "net": {"lr": 0.1}},
    ),
    "Adadelta": (
        lambda rng: {
            "lr": float(rng.uniform(0.1, 2)),
            "rho": float(rng.uniform(0.5, 0.99)),
            "eps": some(rng, 1e-6, 1e-3),
            "weight_decay": decay(rng),
            "maximize": turn(rng),
        },
        {"quadratic": {"lr": 1.0}, "rosenbrock": None, "net": {"lr": 1.0}},
    ),
    "RMSprop": (
        lambda rng: {
            "lr": float(rng.uniform(1e-3, 0.05)),
            "alpha": float(rng.uniform(0.5, 0.99)),
            "eps": some(rng, 1e-8, 1e-3),
            "weight_decay": decay(rng),
            "momentum": some(rng, 0.0, 0.7),
            "centered": turn(rng),
            "maximize": turn(rng),
        },
        {"quadratic": {"lr": 1e-3}, "rosenbrock": {"lr": 1e-3}, "net": {"lr": 0.01}},
    ),
    "Adam": (
        lambda rng: {**adam(rng), "amsgrad": turn(rng), "decoupled_weight_decay": turn(rng)},
        {"quadratic": {"lr": 0.05}, "rosenbrock": {"lr": 0.02}, "net": {"lr": 0.01}},
    ),
    "AdamW": (
        lambda rng: {**adam(rng), "amsgrad": turn(rng)},
        {
            "quadratic": {"lr": 0.05, "weight_decay": 0},
            "rosenbrock": {"lr": 0.02, "weight_decay": 0},
            "net": {"lr": 0.01},
        },
    ),
    "NAdam": (
        lambda rng: {
            **adam(rng),
            "momentum_decay": float(rng.uniform(0, 0.01)),
            "decoupled_weight_decay": turn(rng),
        },
        {"quadratic": {"lr": 0.05}, "rosenbrock": {"lr": 0.02}, "net": {"lr": 0.01}},
    ),
    "RAdam": (
        lambda rng: {**adam(rng), "decoupled_weight_decay": turn(rng)},
        {"quadratic": {"lr": 0.05}, "rosenbrock": {"lr": 5e-3}, "net": {"lr": 0.02}},
    ),
    "Adamax": (
        adam,
        {"quadratic": {"lr": 0.05}, "rosenbrock": {"lr": 0.02}, "net": {"lr": 0.02}},
    ),
    "ASGD": (
        lambda rng: {
            "lr": float(rng.uniform(1e-3, 0.02)),
            "lambd": some(rng, 1e-4, 0.1),
            "alpha": float(rng.uniform(0.3, 1)),
            "t0": some(rng, 1e6, 10, 0),
            "weight_decay": decay(rng),
            "maximize": turn(rng),
        },
        {"quadratic": {"lr": 0.05, "lambd": 0}, "rosenbrock": {"lr": 1e-3, "lambd": 0}, "net": {"lr": 0.5}},
    ),
    "Rprop": (
        lambda rng: {
            "lr": float(rng.uniform(1e-3, 0.1)),
            "etas": (float(rng.uniform(0.2, 0.9)), float(rng.uniform(1.05, 1.5))),
            "step_sizes": (1e-6, some(rng, 50, 0.05)),
            "maximize": turn(rng),
        },
        {"quadratic": {"lr": 0.1}, "rosenbrock": {"lr": 0.01}, "net": {"lr": 0.01}},
    ),
    "Adafactor": (
        lambda rng: {
            "lr": float(rng.uniform(0.01, 0.3)),
            "beta2_decay": float(rng.uniform(-1, -0.3)),
            "eps": some(rng, (None, 1e-3), (1e-4, 0.01)),
            "d": some(rng, 1.0, 1.7),
            "weight_decay": decay(rng),
            "maximize": turn(rng),
        },
        {"quadratic": {"lr": 0.02}, "rosenbrock": {"lr": 0.01}, "net": {"lr": 0.05}},
    ),
    "Lion": (
        lambda rng: {
            "lr": float(rng.uniform(1e-3, 0.05)),
            "betas": betas(rng),
            "weight_decay": decay(rng),
            "maximize": turn(rng),
        },
        {"quadratic": {"lr": 1e-3}, "rosenbrock": {"lr": 1e-3}, "net": {"lr": 3e-3}},
    ),
    "Muon": (
        lambda rng: {
            "lr": float(rng.uniform(0.01, 0.1)),
            "weight_decay": decay(rng),
            "momentum": float(rng.uniform(0.5, 0.95)),
            "nesterov": turn(rng),
            "ns_steps": some(rng, 5, 3),
            "adjust_lr_fn": some(rng, None, "original", "match_rms_adamw"),
        },
        {"quadratic": {"lr": 2e-3, "weight_decay": 0}, "rosenbrock": None, "net": {"lr": 0.02}},
    ),
}

DRAWN = [(name, seed) for name in TABLE for seed in range(6)]


def settings_of(name: str, seed: int) -> dict[str, Any]:
    return TABLE[name][0](np.random.default_rng([seed, *name.encode()]))


def shapes_of(name: str) -> tuple[tuple[int, ...], ...]:
    return ((4, 3), (2, 5)) if name == "Muon" else ((4, 3), (), (5,), (2, 3, 4))


class LionInTorch:
    """Lion as its paper writes it, on PyTorch's tensors: PyTorch has none to compare with."""

    def __init__(
        self, torch: ModuleType, params: list[Any], lr: float, betas: Any, weight_decay: float, maximize: bool
    ):
        self.torch, self.params, self.lr, self.betas, self.decay = torch, params, lr, betas, weight_decay
        self.sign = -1 if maximize else 1
        self.m = [torch.zeros_like(p) for p in params]

    def step(self) -> None:
        with self.torch.no_grad():
            for p, m in zip(self.params, self.m, strict=True):
                g, (beta1, beta2) = self.sign * p.grad, self.betas
                c = beta1 * m + (1 - beta1) * g
                p.copy_(p - self.lr * (c.sign() + self.decay * p))
                m.copy_(beta2 * m + (1 - beta2) * g)


def in_torch(torch: ModuleType, name: str, params: list[Any], settings: dict[str, Any]) -> Any:
    return LionInTorch(torch, params, **settings) if name == "Lion" else getattr(torch.optim, name)(params, **settings)


def gradient(p: Any, target: np.ndarray, k: int) -> np.ndarray:
    """Not the same in any two steps, and of many sizes."""
    away = p.detach().numpy() - target * math.cos(k)
    return 2 * away + np.cos(away * math.sin(3 * k)) * math.sin(3 * k)


@pytest.mark.parametrize(("name", "seed"), DRAWN)
def test_fifty_steps_agree_with_pytorch(torch: ModuleType, name: str, seed: int) -> None:
    settings = settings_of(name, seed)
    rng = np.random.default_rng(seed)
    starts, targets = ([rng.normal(size=shape) for shape in shapes_of(name)] for _ in range(2))
    ours = [autograd.tensor(x, requires_grad=True) for x in starts]
    theirs = [torch.tensor(x, requires_grad=True) for x in starts]
    mine, other = getattr(optim, name)(ours, **settings), in_torch(torch, name, theirs, settings)
    for k in range(50):
        for p, q, target in zip(ours, theirs, targets, strict=True):
            g = gradient(q, target, k)
            p.grad, q.grad = autograd.tensor(g), torch.tensor(g)
        mine.step()
        other.step()
        for p, q in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(p.detach().numpy(), q.detach().numpy(), rtol=1e-11, atol=1e-13)
    if name == "Lion":
        return
    for p, q in zip(ours, theirs, strict=True):
        kept = {key: value for key, value in other.state[q].items() if value is not None}
        assert set(mine.state[p]) == set(kept)
        for key, value in kept.items():
            if key == "step":
                assert mine.state[p]["step"] == value.item()
            else:
                assert mine.state[p][key].dtype == str(value.dtype).removeprefix("torch.")
                np.testing.assert_allclose(mine.state[p][key].numpy(), value.numpy(), rtol=1e-10, atol=1e-13)


def test_muon_on_large_matrices_differs_in_the_last_bits_of_bfloat16(
    torch: ModuleType, rng: np.random.Generator
) -> None:
    """Sums of many products are rounded to one side or the other."""
    x, g = rng.normal(size=(64, 32)), rng.normal(size=(64, 32))
    p, q = autograd.tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    p.grad, q.grad = autograd.tensor(g), torch.tensor(g)
    optim.Muon([p], lr=1.0, weight_decay=0, adjust_lr_fn="original").step()
    torch.optim.Muon([q], lr=1.0, weight_decay=0).step()
    np.testing.assert_allclose(p.detach().numpy(), q.detach().numpy(), atol=0.02)
    values = np.linalg.svd(p.detach().numpy() - x, compute_uv=False) / math.sqrt(2)
    assert values.min() > 0.6 and values.max() < 1.3


def feed(params: list[Any], seed: int, sign: int = 1, dtype: Any = np.float64) -> None:
    rng = np.random.default_rng(seed)
    for p in params:
        p.grad = autograd.tensor((sign * rng.normal(size=p.shape)).astype(dtype))


@pytest.mark.parametrize(("name", "seed"), DRAWN)
def test_a_run_is_resumed_bit_for_bit(name: str, seed: int) -> None:
    settings = settings_of(name, seed)
    rng = np.random.default_rng(seed)
    starts = [rng.normal(size=shape) for shape in shapes_of(name)]
    first = [autograd.tensor(x, requires_grad=True) for x in starts]
    optimizer = getattr(optim, name)(first, **settings)
    for k in range(12):
        feed(first, k)
        optimizer.step()
    saved = pickle.loads(pickle.dumps(([p.detach().numpy() for p in first], optimizer.state_dict())))
    second = [autograd.tensor(x, requires_grad=True) for x in saved[0]]
    resumed = getattr(optim, name)(second)
    resumed.load_state_dict(saved[1])
    for k in range(12, 24):
        for params, each in ((first, optimizer), (second, resumed)):
            feed(params, k)
            each.step()
    for p, q in zip(first, second, strict=True):
        np.testing.assert_array_equal(p.detach().numpy(), q.detach().numpy())
        for key, value in optimizer.state[p].items():
            other = resumed.state[q][key]
            assert value == other if key == "step" else (value == other).all() and value.dtype == other.dtype


@pytest.mark.parametrize("name", [name for name in TABLE if name not in ("Lion",)])
def test_a_run_goes_on_from_pytorchs_state_and_back(torch: ModuleType, name: str) -> None:
    """A state dict of PyTorch's is loaded here, and one from here there; all go on alike."""
    settings = {key: value for key, value in settings_of(name, 1).items() if key != "maximize"}
    rng = np.random.default_rng(3)
    starts = [rng.normal(size=shape) for shape in shapes_of(name)]
    there = [torch.tensor(x, requires_grad=True) for x in starts]
    theirs = getattr(torch.optim, name)(there, **settings)

    def step(params: list[Any], optimizer: Any, library: Any, k: int) -> None:
        numbers = np.random.default_rng(k)
        for p in params:
            p.grad = library.tensor(numbers.normal(size=tuple(p.shape)))
        optimizer.step()

    for k in range(5):
        step(there, theirs, torch, k)
    here = [autograd.tensor(q.detach().numpy(), requires_grad=True) for q in there]
    ours = getattr(optim, name)(here)
    as_arrays = copy.deepcopy(theirs.state_dict())
    for entries in as_arrays["state"].values():
        for key, value in entries.items():
            entries[key] = value.numpy() if isinstance(value, torch.Tensor) else value
    ours.load_state_dict(as_arrays)
    assert ours.param_groups[0].keys() == theirs.param_groups[0].keys()
    packed = ours.state_dict()
    assert {k: set(v) for k, v in packed["state"].items()} == {
        k: {name for name, value in v.items() if value is not None} for k, v in theirs.state_dict()["state"].items()
    }
    for entries in packed["state"].values():
        for key, value in entries.items():
            entries[key] = torch.tensor(value.numpy())
    back = [q.detach().clone().requires_grad_() for q in there]
    again = getattr(torch.optim, name)(back)
    again.load_state_dict(packed)
    for k in range(5, 10):
        step(there, theirs, torch, k)
        step(here, ours, autograd, k)
        step(back, again, torch, k)
    for p, q, r in zip(here, there, back, strict=True):
        np.testing.assert_allclose(p.detach().numpy(), q.detach().numpy(), rtol=1e-11, atol=1e-13)
        np.testing.assert_allclose(r.detach().numpy(), q.detach().numpy(), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize(("name", "seed"), [case for case in DRAWN if "maximize" in settings_of(*case)])
def test_to_maximize_is_to_minimize_the_negative(name: str, seed: int) -> None:
    settings = settings_of(name, seed)
    results = []
    for maximize, sign in ((True, 1), (False, -1)):
        params = [autograd.tensor(np.ones(shape), requires_grad=True) for shape in shapes_of(name)]
        optimizer = getattr(optim, name)(params, **{**settings, "maximize": maximize})
        for k in range(5):
            feed(params, k, sign)
            optimizer.step()
        results.append([p.detach().numpy() for p in params])
    for p, q in zip(*results, strict=True):
        np.testing.assert_array_equal(p, q)


@pytest.mark.parametrize("name", TABLE)
def test_groups_step_as_optimizers_of_their_own(name: str) -> None:
    settings = [settings_of(name, 0), settings_of(name, 4)]
    shapes = shapes_of(name)[:2]
    together = [autograd.tensor(np.ones(shape), requires_grad=True) for shape in shapes]
    apart = [autograd.tensor(np.ones(shape), requires_grad=True) for shape in shapes]
    both = getattr(optim, name)([{"params": [together[0]], **settings[0]}])
    both.add_param_group({"params": together[1], **settings[1]})
    each = [getattr(optim, name)([p], **s) for p, s in zip(apart, settings, strict=True)]
    for k in range(6):
        for params in (together, apart):
            feed(params, k)
        for optimizer in (both, *each):
            optimizer.step()
    for p, q in zip(together, apart, strict=True):
        np.testing.assert_array_equal(p.detach().numpy(), q.detach().numpy())


def run(params: list[Any], optimizer: Any, loss: Callable[[], Any], steps: int) -> float:
    for _ in range(steps):
        optimizer.zero_grad()
        loss().backward()
        optimizer.step()
    return loss().item()


@pytest.mark.parametrize("name", TABLE)
def test_a_quadratic_is_minimized(name: str) -> None:
    """To a hundredth of the loss at least in every direction, of curvatures 1 to 10."""
    x = autograd.tensor(np.array([[1.0, -0.7], [0.4, 0.9]]), requires_grad=True)
    curvature = autograd.tensor(np.array([[1.0, 2.0], [5.0, 10.0]]))
    optimizer = getattr(optim, name)([x], **TABLE[name][1]["quadratic"])
    assert run([x], optimizer, lambda: (curvature * x * x).sum(), 1500) < 0.02


@pytest.mark.parametrize("name", [name for name in TABLE if TABLE[name][1]["rosenbrock"]])
def test_rosenbrock_is_minimized(name: str) -> None:
    """(1 - a)^2 + 100 (b - a^2)^2 from 24.2 to a thousandth of it, with its gradient by hand, which is quicker."""
    x = autograd.tensor(np.array([-1.2, 1.0]), requires_grad=True)
    optimizer = getattr(optim, name)([x], **TABLE[name][1]["rosenbrock"])
    for _ in range(10_000):
        a, b = x.detach().numpy()
        x.grad = autograd.tensor(np.array([2 * (a - 1) - 400 * a * (b - a * a), 200 * (b - a * a)]))
        optimizer.step()
    a, b = x.tolist()
    assert (1 - a) ** 2 + 100 * (b - a * a) ** 2 < 0.0242


@pytest.mark.parametrize("name", TABLE)
def test_a_small_net_is_fitted(name: str) -> None:
    autograd.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 16, bias=False), nn.Tanh(), nn.Linear(16, 1, bias=False)).double()
    rng = np.random.default_rng(0)
    x = rng.normal(size=(64, 2))
    inputs, wanted = autograd.tensor(x), autograd.tensor(np.sin(x[:, :1]) - 0.5 * x[:, 1:])
    optimizer = getattr(optim, name)(model.parameters(), **TABLE[name][1]["net"])
    before = nn.functional.mse_loss(model(inputs), wanted).item()
    after = run(list(model.parameters()), optimizer, lambda: nn.functional.mse_loss(model(inputs), wanted), 300)
    assert after < 0.05 * before


@pytest.mark.parametrize(("name", "seed"), [case for case in DRAWN if case[1] < 2])
def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch, name: str, seed: int) -> None:
    x, gradients = np.random.default_rng(seed).normal(size=(7, 9)), np.random.default_rng(1).normal(size=(6, 7, 9))
    results = []
    for block in (1 << 14, 5):
        monkeypatch.setattr(base, "BLOCK", block)
        p = autograd.tensor(x, requires_grad=True)
        optimizer = getattr(optim, name)([p], **settings_of(name, seed))
        for g in gradients:
            p.grad = autograd.tensor(g)
            optimizer.step()
        results.append(p.detach().numpy())
    np.testing.assert_array_equal(*results)


FUSED = ("SGD", "Adam", "AdamW", "Adamax", "NAdam", "RAdam", "RMSprop", "Adagrad", "Adadelta", "Lion")


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("name", FUSED)
def test_a_compiled_pass_gives_the_bits_of_the_rule(name: str, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    dtype = np.float64 if seed == 3 else np.float32
    rng = np.random.default_rng(seed)
    x, gradients = rng.normal(size=(9, 41)).astype(dtype), rng.normal(size=(12, 9, 41)).astype(dtype)
    x[3, 4], x[5, 6], gradients[2, 7, 8] = np.inf, np.nan, np.nan
    settings = {**settings_of(name, seed), **({"momentum": 0, "centered": False} if name == "RMSprop" else {})}
    done, results = [], []
    inner = base._run_pass
    monkeypatch.setattr(base, "_run_pass", lambda *args: done.append(inner(*args)))
    for smallest in (1, 1000):
        monkeypatch.setattr(base, "FUSED", smallest)
        p = autograd.tensor(x, requires_grad=True)
        optimizer = getattr(optim, name)([p], **settings)
        with np.errstate(all="ignore"):
            for g in gradients:
                p.grad = autograd.tensor(g)
                optimizer.step()
        results.append(
            [
                p.detach().numpy(),
                *(s.numpy() for s in optimizer.state[p].values() if s is not None and not isinstance(s, int)),
            ]
        )
    assert len(done) == len(gradients)
    for compiled, plain in zip(*results, strict=True):
        np.testing.assert_array_equal(compiled, plain)


@pytest.mark.parametrize("name", ["SGD", "Adam", "NAdam"])
def test_many_parameters_change_in_one_pass_as_each_by_itself(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of several sizes and dtypes, one without gaps in another order, one that has no gradient at times; with settings,
    arrays and state that change between the steps."""
    settings = {"SGD": {"momentum": 0.9, "dampening": 0.1}, "Adam": {"amsgrad": True}}.get(name, {})
    shapes = [(300, 200), (7,), (), (0, 3), (130, 129), (64,), (5, 4)]
    results = []
    for smallest in (1, 1 << 30):
        monkeypatch.setattr(base, "FUSED", smallest)
        rng = np.random.default_rng(0)
        params = [autograd.tensor(rng.normal(size=shape).astype(np.float32), requires_grad=True) for shape in shapes]
        params.append(autograd.tensor(rng.normal(size=(50, 30)), requires_grad=True))
        params.append(autograd.from_numpy(rng.normal(size=(40, 60)).astype(np.float32).T).requires_grad_())
        optimizer = getattr(optim, name)(
            [{"params": params[:4]}, {"params": params[4:], "weight_decay": 0.1, "maximize": True}], lr=0.1, **settings
        )
        for step in range(6):
            for p in params:
                p.grad = autograd.tensor(rng.normal(size=tuple(p.shape)).astype(p.dtype))
            if step % 2:
                params[4].grad = None
            if step == 3:
                optimizer.param_groups[0]["lr"] = 0.2
                params[0].data = autograd.ones(300, 200)
            if step == 4:
                state = optimizer.state_dict()
                optimizer.load_state_dict(state)
            if step == 5:
                optimizer.param_groups[0]["momentum" if name == "SGD" else "weight_decay"] = 0.5
            optimizer.step()
        results.append([p.detach().numpy() for p in params])
    for compiled, plain in zip(*results, strict=True):
        np.testing.assert_array_equal(compiled, plain)


def test_parameters_that_share_memory_change_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    launched, run = [], pieces.run_on_pieces
    monkeypatch.setattr(
        pieces, "run_on_pieces", lambda kernel, rows, *rest: launched.append(len(rows)) or run(kernel, rows, *rest)
    )
    numbers = autograd.ones(4 * base.FUSED)
    whole, part = numbers[:].requires_grad_(), numbers[base.FUSED :].requires_grad_()
    whole.grad, part.grad = autograd.ones(4 * base.FUSED), autograd.full((3 * base.FUSED,), 2.0)
    optim.SGD([whole, part], lr=0.5).step()
    assert (numbers[: base.FUSED] == 0.5).all()
    assert (numbers[base.FUSED :] == -0.5).all()
    assert launched == [1, 1]


def test_a_parameter_in_read_only_memory_is_not_written_to() -> None:
    numbers = np.ones(base.FUSED, np.float32)
    numbers.flags.writeable = False
    x = autograd.from_numpy(numbers).requires_grad_()
    x.grad = autograd.ones(base.FUSED)
    with pytest.raises(ValueError, match="read-only"):
        optim.SGD([x], lr=0.1).step()
    assert (numbers == 1).all()


def test_gradients_are_not_kept_by_the_optimizer() -> None:
    p = autograd.zeros(200, 200, requires_grad=True)
    optimizer = optim.Adam([p])
    p.grad = autograd.ones(200, 200)
    optimizer.step()
    gradient = weakref.ref(p.grad._array)
    optimizer.zero_grad()
    assert gradient() is None


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
@pytest.mark.parametrize("name", TABLE)
def test_dtypes_and_layouts_are_kept(name: str, dtype: Any) -> None:
    """Also where the memory of parameter or gradient lies in another order."""
    rng = np.random.default_rng(0)
    x, g = rng.normal(size=(3, 4)).astype(dtype), rng.normal(size=(3, 4)).astype(dtype)
    settings = settings_of(name, 2)
    if "eps" in settings and name != "Adafactor":
        settings["eps"] = 1e-3  # 1e-8 is 0 in float16
    results = []
    for arrange in (np.ascontiguousarray, np.asfortranarray):
        p = autograd.from_numpy(arrange(x.copy())).requires_grad_()
        optimizer = getattr(optim, name)([p], **settings)
        for _ in range(3):
            p.grad = autograd.from_numpy(arrange(g))
            optimizer.step()
        assert p.dtype == dtype and np.isfinite(p.detach().numpy()).all()
        numbers = ("step", *optimizer.number_names)
        assert all(value.dtype == dtype for key, value in optimizer.state[p].items() if key not in numbers)
        results.append(p.detach().numpy())
    np.testing.assert_allclose(*results, rtol=1e-5 if dtype == np.float32 else 1e-2)


@pytest.mark.parametrize("name", TABLE)
def test_the_state_follows_the_parameters_dtype(name: str) -> None:
    """After model.double() the moments are cast; they are the same numbers, and no step is lost."""
    shapes = shapes_of(name)
    narrow = [autograd.tensor(np.ones(shape, np.float32), requires_grad=True) for shape in shapes]
    optimizer = getattr(optim, name)(narrow, **settings_of(name, 3))
    feed(narrow, 0, dtype=np.float32)
    optimizer.step()
    wide = [autograd.tensor(p.detach().numpy().astype(np.float64), requires_grad=True) for p in narrow]
    loaded = getattr(optim, name)(wide)
    loaded.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    for p in narrow:
        p.data = p.detach().double()
    for params, each in ((narrow, optimizer), (wide, loaded)):
        feed(params, 1)
        each.step()
    for p, q in zip(narrow, wide, strict=True):
        assert (p == q).all() and p.dtype == np.float64
        numbers = ("step", *optimizer.number_names)
        assert all(v.dtype == np.float64 for key, v in optimizer.state[p].items() if key not in numbers)


def one(value: float, gradient: float, name: str, **settings: Any) -> float:
    p = autograd.tensor(value, dtype=autograd.float64, requires_grad=True)
    p.grad = autograd.tensor(gradient, dtype=autograd.float64)
    getattr(optim, name)([p], **settings).step()
    return p.item()


def test_first_steps_by_hand() -> None:
    assert one(1.0, 2.0, "SGD", lr=0.1) == pytest.approx(0.8, rel=1e-15)
    assert one(1.0, 2.0, "SGD", lr=0.1, momentum=0.5, nesterov=True) == pytest.approx(
        1 - 0.1 * (2 + 0.5 * 2), rel=1e-15
    )
    # In the first step of AdaGrad and Adam a number moves by lr, whatever its gradient; in RMSProp by lr / sqrt(0.01).
    for gradient in (1e-3, 2.0, 1e3):
        assert one(1.0, gradient, "Adagrad", lr=0.1) == pytest.approx(0.9, rel=1e-6)
        assert one(1.0, gradient, "Adam", lr=0.1) == pytest.approx(0.9, rel=1e-5)
        assert one(1.0, gradient, "RMSprop", lr=0.01, alpha=0.99) == pytest.approx(0.9, rel=1e-4)
        assert one(1.0, gradient, "AdamW", lr=0.1, weight_decay=0.5) == pytest.approx(0.95 - 0.1, rel=1e-5)


def test_momentum_may_be_switched_on_later() -> None:
    p = autograd.tensor([1.0], requires_grad=True)
    optimizer = optim.SGD([p], lr=0.1)
    p.grad = autograd.tensor([1.0])
    optimizer.step()
    optimizer.param_groups[0]["momentum"] = 0.9
    optimizer.step()
    optimizer.step()
    np.testing.assert_allclose(p.detach().numpy(), [1 - 0.1 - 0.1 - 0.1 * 1.9], rtol=1e-6)


def test_a_small_convolutional_network_trains_as_in_pytorch(torch: ModuleType, rng: np.random.Generator) -> None:
    """Thirty steps with momentum, batch normalisation and pooling; the losses are equal."""

    def build(library: Any) -> Any:
        return library.Sequential(
            library.Conv2d(1, 4, 3, padding=1),
            library.BatchNorm2d(4),
            library.ReLU(),
            library.MaxPool2d(2),
            library.Conv2d(4, 6, 3),
            library.ReLU(),
            library.Flatten(),
            library.Linear(24, 5),
        )

    theirs = build(torch.nn).double()
    ours = build(nn).double()
    ours.load_state_dict({name: value.numpy() for name, value in theirs.state_dict().items()})
    mine = optim.SGD(ours.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-3)
    other = torch.optim.SGD(theirs.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-3)
    schedules = [library.lr_scheduler.CosineAnnealingLR(o, 30) for library, o in ((optim, mine), (torch.optim, other))]
    losses = []
    for _ in range(30):
        x, y = rng.normal(size=(8, 1, 8, 8)), rng.integers(0, 5, 8)
        step = []
        for library, modules, model, optimizer, schedule in (
            (autograd, nn, ours, mine, schedules[0]),
            (torch, torch.nn, theirs, other, schedules[1]),
        ):
            loss = modules.CrossEntropyLoss()(model(library.tensor(x)), library.tensor(y))
            optimizer.zero_grad()
            loss.backward()
            modules.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            step.append(loss.item())
        losses.append(step)
    ours_, theirs_ = np.array(losses).T
    np.testing.assert_allclose(ours_, theirs_, rtol=1e-9)
    for name, value in theirs.state_dict().items():
        np.testing.assert_allclose(ours.state_dict()[name].numpy(), value.numpy(), rtol=1e-7, atol=1e-12)
