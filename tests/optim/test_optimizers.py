"""Every update rule against PyTorch's, step by step, and the rules' first steps by hand."""

from __future__ import annotations

import math
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import autograd
import optim
from optim import optimizer as base

SETTINGS: list[tuple[str, dict[str, Any]]] = [
    ("SGD", {"lr": 0.01}),
    ("SGD", {"lr": 0.01, "momentum": 0.9}),
    ("SGD", {"lr": 0.01, "momentum": 0.9, "nesterov": True, "weight_decay": 0.1}),
    ("SGD", {"lr": 0.01, "momentum": 0.5, "dampening": 0.3}),
    ("SGD", {"lr": 0.001, "weight_decay": 0.2, "maximize": True}),
    ("Adagrad", {"lr": 0.1}),
    ("Adagrad", {"lr": 0.1, "lr_decay": 0.05, "weight_decay": 0.1, "initial_accumulator_value": 0.3, "eps": 1e-3}),
    ("Adagrad", {"lr": 0.1, "maximize": True}),
    ("RMSprop", {}),
    ("RMSprop", {"lr": 0.02, "alpha": 0.9, "eps": 1e-3, "weight_decay": 0.1, "momentum": 0.7}),
    ("RMSprop", {"centered": True, "maximize": True}),
    ("RMSprop", {"centered": True, "momentum": 0.5}),
    ("Adam", {"lr": 0.05}),
    ("Adam", {"lr": 0.05, "betas": (0.7, 0.95), "eps": 1e-3, "weight_decay": 0.1}),
    ("Adam", {"lr": 0.05, "amsgrad": True, "betas": (0.5, 0.6)}),
    ("Adam", {"lr": 0.01, "maximize": True}),
    ("AdamW", {"lr": 0.05}),
    ("AdamW", {"lr": 0.05, "weight_decay": 0.3, "amsgrad": True, "betas": (0.5, 0.6)}),
]


def start(rng: np.random.Generator) -> list[np.ndarray]:
    return [rng.normal(size=shape) for shape in ((4, 3), (), (5,))]


def pull(library: Any, parameters: list[Any], targets: list[np.ndarray], k: int) -> Any:
    """A loss that is not the same in any two steps, with gradients of many sizes."""
    tensor = library.tensor
    loss = 0.0
    for p, t in zip(parameters, targets, strict=True):
        away = p - tensor(t) * math.cos(k)
        loss = loss + (away**2).sum() + (away * math.sin(3 * k)).sin().sum()
    return loss


@pytest.mark.parametrize(("name", "settings"), SETTINGS)
def test_fifty_steps_agree_with_pytorch(
    torch: ModuleType, rng: np.random.Generator, name: str, settings: dict[str, Any]
) -> None:
    numbers, targets = start(rng), start(rng)
    ours = [autograd.tensor(x, requires_grad=True) for x in numbers]
    theirs = [torch.tensor(x, requires_grad=True) for x in numbers]
    mine, other = getattr(optim, name)(ours, **settings), getattr(torch.optim, name)(theirs, **settings)
    for k in range(50):
        for library, parameters, optimizer in ((autograd, ours, mine), (torch, theirs, other)):
            optimizer.zero_grad()
            pull(library, parameters, targets, k).backward()
            optimizer.step()
        for p, q in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(p.detach().numpy(), q.detach().numpy(), rtol=1e-10, atol=1e-14)
    for p, q in zip(ours, theirs, strict=True):
        for key, value in other.state[q].items():
            if key != "step" and value is not None:
                np.testing.assert_allclose(mine.state[p][key].numpy(), value.numpy(), rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize(("name", "settings"), SETTINGS)
def test_blocks_change_nothing(
    monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator, name: str, settings: dict[str, Any]
) -> None:
    x, gradients = rng.normal(size=(7, 9)), rng.normal(size=(6, 7, 9))
    results = []
    for block in (1 << 14, 5):
        monkeypatch.setattr(base, "BLOCK", block)
        p = autograd.tensor(x, requires_grad=True)
        optimizer = getattr(optim, name)([p], **settings)
        for g in gradients:
            p.grad = autograd.tensor(g)
            optimizer.step()
        results.append(p.detach().numpy())
    np.testing.assert_array_equal(*results)


@pytest.mark.parametrize(("name", "settings"), SETTINGS)
def test_dtypes_and_layouts_are_kept(rng: np.random.Generator, name: str, settings: dict[str, Any]) -> None:
    """float32 stays float32, also where the memory of parameter or gradient lies in another order."""
    x, g = rng.normal(size=(3, 4)).astype(np.float32), rng.normal(size=(3, 4)).astype(np.float32)
    results = []
    for arrange in (np.ascontiguousarray, np.asfortranarray):
        p = autograd.from_numpy(arrange(x.copy())).requires_grad_()
        optimizer = getattr(optim, name)([p], **settings)
        for _ in range(3):
            p.grad = autograd.from_numpy(arrange(g))
            optimizer.step()
        assert p.dtype == np.float32
        assert all(v.dtype == np.float32 for key, v in optimizer.state[p].items() if key != "step")
        results.append(p.detach().numpy())
    np.testing.assert_array_equal(*results)


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
    import nn

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
