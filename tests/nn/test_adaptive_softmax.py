"""AdaptiveLogSoftmaxWithLoss against PyTorch's."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest

import autograd
import nn
from autograd.errors import ArgumentError, ShapeError


@pytest.mark.parametrize("head_bias", [False, True])
@pytest.mark.parametrize(
    "targets",
    [[0, 3, 19, 7, 12, 5], [1, 2, 0], [18, 19], [9], 11],
    ids=["everywhere", "frequent", "rare", "one", "without batch"],
)
def test_agrees_with_torch(torch: ModuleType, rng: np.random.Generator, targets: Any, head_bias: bool) -> None:
    theirs = torch.nn.AdaptiveLogSoftmaxWithLoss(8, 20, [4, 10], div_value=2.0, head_bias=head_bias).double()
    ours = nn.AdaptiveLogSoftmaxWithLoss(8, 20, [4, 10], div_value=2.0, head_bias=head_bias).double()
    assert repr(ours) == repr(theirs)
    state = {name: value.numpy() for name, value in theirs.state_dict().items()}
    assert list(ours.state_dict()) == list(state)
    ours.load_state_dict(state)
    data = rng.normal(size=(*np.shape(targets), 8))

    def run(library: Any, module: Any) -> tuple[list[Any], list[Any]]:
        x = library.tensor(data, requires_grad=True)
        answer = module(x, library.tensor(targets))
        answer.output.sum().backward(retain_graph=True)
        answer.loss.backward()
        rows = x.detach().reshape(-1, 8) * 3
        found = [answer[0], answer[1], module.log_prob(rows), module.predict(rows)]
        return [t.detach().numpy() for t in found], [t.grad for t in (x, *module.parameters())]

    mine, gradients = run(autograd, ours)
    other, expected = run(torch, theirs)
    for a, b in zip(mine, other, strict=True):
        assert a.shape == b.shape
        np.testing.assert_allclose(a, b, rtol=1e-10)
    for a, b in zip(gradients, expected, strict=True):
        # A cluster without targets takes no part: PyTorch's gradient is None there, and so is ours.
        assert (a is None) == (b is None)
        if a is not None:
            np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("start", [0.0, 30.0, -30.0])
def test_predicts_in_head_and_tails(torch: ModuleType, rng: np.random.Generator, start: float) -> None:
    """With clusters that are likely, unlikely, or now one and now the other."""
    theirs = torch.nn.AdaptiveLogSoftmaxWithLoss(4, 9, [3, 5], div_value=1.0, head_bias=True)
    with torch.no_grad():
        theirs.head.bias[3:] = start
    ours = nn.AdaptiveLogSoftmaxWithLoss(4, 9, [3, 5], div_value=1.0, head_bias=True)
    ours.load_state_dict({name: value.numpy() for name, value in theirs.state_dict().items()})
    x = rng.normal(size=(20, 4)).astype(np.float32) * 4
    found = ours.predict(autograd.tensor(x))
    assert found.tolist() == theirs.predict(torch.tensor(x)).tolist()
    assert found.tolist() == ours.log_prob(autograd.tensor(x)).argmax(1).tolist()


def test_the_same_seed_draws_the_same_twice() -> None:
    autograd.manual_seed(3)
    layer = nn.AdaptiveLogSoftmaxWithLoss(4, 9, [3])
    before = [p.tolist() for p in layer.parameters()]
    autograd.manual_seed(3)
    layer.reset_parameters()
    assert [p.tolist() for p in layer.parameters()] == before


@pytest.mark.parametrize("cutoffs", [[], [0, 3], [3, 3], [5, 3], [10], [2.5]])
def test_wrong_cutoffs(cutoffs: list[Any]) -> None:
    with pytest.raises(ArgumentError, match=r"rising whole numbers from 1 to n_classes - 1 = 9"):
        nn.AdaptiveLogSoftmaxWithLoss(4, 10, cutoffs)


def test_wrong_targets() -> None:
    layer = nn.AdaptiveLogSoftmaxWithLoss(4, 10, [3])
    for target in ([1, 10], [-1, 2]):
        with pytest.raises(ArgumentError, match="use classes from 0 to 9"):
            layer(autograd.ones(2, 4), autograd.tensor(target))
    for shape, target in (((3, 4), [1, 2]), ((4,), [1]), ((2, 4), 1), ((1, 1, 4), [[1]])):
        with pytest.raises(ShapeError, match="do not belong together"):
            layer(autograd.ones(*shape), autograd.tensor(target))
