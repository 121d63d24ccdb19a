"""Averages of models, against PyTorch's."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import autograd
import nn
import optim
from autograd.errors import ArgumentError


def build(library: Any) -> Any:
    return library.Sequential(
        library.Linear(3, 4), library.BatchNorm1d(4), library.Tanh(), library.Linear(4, 2, bias=False)
    ).double()


FUNCTIONS: dict[str, Callable[[Any], dict[str, Any]]] = {
    "plain": lambda u: {},
    "ema": lambda u: {"avg_fn": u.get_ema_avg_fn(0.8)},
    "ema of lists": lambda u: {"multi_avg_fn": u.get_ema_multi_avg_fn(0.8)},
    "swa": lambda u: {"avg_fn": u.get_swa_avg_fn()},
    "swa of lists": lambda u: {"multi_avg_fn": u.get_swa_multi_avg_fn()},
    "one's own": lambda u: {"avg_fn": lambda averaged, current, n: (averaged * n + current) / (n + 1)},
}


@pytest.mark.parametrize(
    ("name", "use_buffers"),
    # PyTorch's function over lists refuses buffers of whole numbers.
    [(name, use) for name in FUNCTIONS for use in (False, True) if (name, use) != ("swa of lists", True)],
)
def test_averages_agree_with_pytorch(torch: ModuleType, name: str, use_buffers: bool) -> None:
    torch.manual_seed(0)
    theirs, ours = build(torch.nn), build(nn)
    ours.load_state_dict({key: value.numpy() for key, value in theirs.state_dict().items()})
    average = optim.swa_utils.AveragedModel(ours, **FUNCTIONS[name](optim.swa_utils), use_buffers=use_buffers)
    other = torch.optim.swa_utils.AveragedModel(
        theirs, **FUNCTIONS[name](torch.optim.swa_utils), use_buffers=use_buffers
    )
    rng = np.random.default_rng(0)
    batches = [rng.normal(size=(6, 3)) for _ in range(5)]
    steps = [rng.normal(size=tuple(p.shape)) for p in theirs.parameters()]
    for x in batches:
        with torch.no_grad():
            for p, q, change in zip(ours.parameters(), theirs.parameters(), steps, strict=True):
                q += torch.tensor(change)
                p.data = autograd.tensor(q.numpy().copy())
        ours(autograd.tensor(x))
        theirs(torch.tensor(x))
        average.update_parameters(ours)
        other.update_parameters(theirs)
    expected = other.state_dict()
    close = 1e-6 if name == "swa of lists" else 1e-12  # PyTorch divides by a float32 there
    assert set(average.state_dict()) == set(expected) and average.n_averaged.item() == 5
    for key, value in average.state_dict().items():
        np.testing.assert_allclose(value.numpy(), expected[key].numpy(), rtol=close, atol=close / 100)
    optim.swa_utils.update_bn([autograd.tensor(x) for x in batches], average)
    torch.optim.swa_utils.update_bn([torch.tensor(x) for x in batches], other)
    for key, value in average.state_dict().items():
        np.testing.assert_allclose(value.numpy(), other.state_dict()[key].numpy(), rtol=close, atol=close / 100)
    x = batches[0]
    np.testing.assert_allclose(
        average.eval()(autograd.tensor(x)).detach().numpy(),
        other.eval()(torch.tensor(x)).detach().numpy(),
        rtol=100 * close,
    )


def test_a_state_is_saved_and_restored() -> None:
    model = build(nn)
    average = optim.swa_utils.AveragedModel(model)
    average.update_parameters(model)
    other = optim.swa_utils.AveragedModel(build(nn))
    other.load_state_dict(average.state_dict())
    assert other.n_averaged.item() == 1
    for p, q in zip(average.parameters(), other.parameters(), strict=True):
        assert (p == q).all()
    assert next(name for name, _ in average.named_parameters()) == "module.0.weight"
    assert repr(average).splitlines()[:2] == ["AveragedModel(", "  (module): Sequential("]


def test_statistics_are_computed_from_pairs_and_modes_are_kept() -> None:
    model = nn.Sequential(nn.BatchNorm1d(2, momentum=0.3)).eval()
    optim.swa_utils.update_bn([(autograd.ones(4, 2), "label"), (autograd.zeros(4, 2), "label")], model)
    assert model[0].running_mean.tolist() == [0.5, 0.5] and model[0].momentum == 0.3 and not model.training
    optim.swa_utils.update_bn(iter([]), nn.Linear(1, 1))


def test_mistakes_get_an_error() -> None:
    u = optim.swa_utils
    with pytest.raises(ArgumentError, match="exclude each other"):
        u.AveragedModel(nn.Linear(1, 1), avg_fn=u.get_swa_avg_fn(), multi_avg_fn=u.get_swa_multi_avg_fn())
    with pytest.raises(ArgumentError, match="device is 'cuda'"):
        u.AveragedModel(nn.Linear(1, 1), "cuda")
    with pytest.raises(ArgumentError, match="device is 'cuda'"):
        u.update_bn([], nn.BatchNorm1d(1), "cuda")
    for make in (u.get_ema_avg_fn, u.get_ema_multi_avg_fn):
        with pytest.raises(ArgumentError, match=r"decay is 1\.5"):
            make(1.5)
    with pytest.raises(ArgumentError, match='no "n_averaged"'):
        u.AveragedModel(nn.Linear(1, 1)).load_state_dict(nn.Linear(1, 1).state_dict())
