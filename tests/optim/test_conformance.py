"""PyTorch's own database of optimizers: its settings, its groups, its wrong calls."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd
import optim
from autograd.errors import ChainruleError

torch = pytest.importorskip("torch", reason="PyTorch is not installed (the extra `peer`)")
pytest.importorskip("expecttest", reason="PyTorch's database of optimizers needs expecttest (the extra `peer`)")

from torch.testing._internal.common_optimizers import OptimizerErrorEnum, optim_db  # noqa: E402

INFOS = {info.optim_cls.__name__: info for info in optim_db}
CASES = [
    (name, k)
    for name, info in INFOS.items()
    if name != "SparseAdam"
    for k in range(len(info.optim_inputs_func(device="cpu")))
]


def ours(value: Any, made: dict[int, Any] | None = None) -> Any:
    """The same of our Tensors; one that comes twice is one here too."""
    made = {} if made is None else made
    if id(value) in made:
        return made[id(value)]
    if isinstance(value, torch.nn.Parameter | torch.Tensor):
        tensor = autograd.tensor(value.detach().numpy().copy(), requires_grad=value.requires_grad)
        if value.grad is not None and not value.grad.is_sparse:
            tensor.grad = autograd.tensor(value.grad.numpy().copy())
        made[id(value)] = tensor
        return tensor
    if isinstance(value, dict):
        return {key: ours(each, made) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(ours(each, made) for each in value)
    return value


def test_the_fourteen_dense_optimizers_are_there() -> None:
    assert len({name for name, _ in CASES}) == 14
    assert all(issubclass(getattr(optim, name), optim.Optimizer) for name, _ in CASES)


@pytest.mark.parametrize(("name", "k"), CASES)
def test_steps(name: str, k: int) -> None:
    """Two groups, the second with a learning rate of its own, where the rule has groups."""
    given = INFOS[name].optim_inputs_func(device="cpu")[k]
    rng = np.random.default_rng(k)
    shapes = [(3, 4), (5, 2)] if name == "Muon" else [(3, 4), (5,), ()]
    starts = [rng.normal(size=shape) for shape in shapes]
    results = []
    for library, rules, kwargs in ((autograd, optim, ours(given.kwargs)), (torch, torch.optim, given.kwargs)):
        p = [library.tensor(x, requires_grad=True) for x in starts]
        groups: Any = p if name == "LBFGS" else [{"params": p[:1]}, {"params": p[1:], "lr": 0.02}]
        optimizer = getattr(rules, name)(groups, **kwargs)

        def closure(optimizer: Any = optimizer, p: list[Any] = p) -> Any:
            optimizer.zero_grad()
            loss = sum((each**2).sum() + (each * 3).sin().sum() for each in p)
            loss.backward()
            return loss

        losses = [float(optimizer.step(closure).item()) for _ in range(20)]
        names = {
            key for entries in optimizer.state_dict()["state"].values() for key, v in entries.items() if v is not None
        }
        results.append((losses, [each.detach().numpy() for each in p], names - {"al"}))
    (mine, here, own), (other, there, theirs) = results
    # PyTorch's Muon computes `1 - lr * weight_decay` in float32 where lr is a Tensor.
    close = 1e-5 if (name, given.desc) == ("Muon", "Tensor lr") else 1e-9
    np.testing.assert_allclose(mine, other, rtol=close)
    for x, y in zip(here, there, strict=True):
        np.testing.assert_allclose(x, y, rtol=close, atol=close / 1000)
    assert own == theirs


def numbers_as_tensors(kwargs: dict[str, Any]) -> bool:
    """PyTorch's implementations refuse some mixtures of numbers and Tensors; here a Tensor is its number."""
    each = [kwargs.get("lr"), *kwargs.get("betas", ())]
    return any(isinstance(value, torch.Tensor) and value.numel() == 1 for value in each)


@pytest.mark.parametrize("name", [name for name in INFOS if name != "SparseAdam"])
def test_wrong_calls_are_refused(name: str) -> None:
    accepted = []
    for wrong in INFOS[name].optim_error_inputs_func(device="cpu", dtype=torch.float64):
        given = wrong.optimizer_error_input
        if wrong.error_on != OptimizerErrorEnum.CONSTRUCTION_ERROR or numbers_as_tensors(given.kwargs):
            continue
        try:
            params = [autograd.ones(2, 2, requires_grad=True)] if given.params is None else ours(given.params)
            getattr(optim, name)(params, **ours(given.kwargs))
        except ChainruleError:
            continue
        accepted.append(given.desc)
    assert accepted == []
