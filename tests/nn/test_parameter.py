"""Parameter."""

from __future__ import annotations

import copy
import pickle
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import autograd
import nn
from autograd.errors import ArgumentError, DtypeError


def test_results_are_plain_tensors() -> None:
    p = nn.Parameter(autograd.tensor([1.0, 2.0]))
    for result in (p + 1, p * p, p.sum(), p.reshape(2, 1), p.detach(), p.data, -p, p[0]):
        assert type(result) is autograd.Tensor
    (p * p).sum().backward()
    assert type(p.grad) is autograd.Tensor and p.grad.tolist() == [2.0, 4.0]


def test_it_shares_memory_and_version_with_its_source() -> None:
    source = autograd.ones(2)
    p = nn.Parameter(source)
    assert p.detach().numpy() is source.numpy()
    out = (p * p).sum()
    source.add_(1.0)
    with pytest.raises(autograd.errors.InPlaceError, match="mul"):
        out.backward()


def test_second_derivatives_pass_through_parameters_and_their_subclasses() -> None:
    class Own(nn.Parameter):
        __slots__ = ()

    for kind in (nn.Parameter, Own):
        p = kind(autograd.tensor([2.0]))
        (slope,) = autograd.grad((p**3).sum(), p, create_graph=True)
        (curvature,) = autograd.grad(slope.sum(), p)
        assert curvature.tolist() == [12.0]


def test_copies_and_pickles() -> None:
    p = nn.Parameter(autograd.tensor([1.0, 2.0]), requires_grad=False)
    p.name = "p"
    for other in (copy.deepcopy(p), pickle.loads(pickle.dumps(p))):
        assert type(other) is nn.Parameter and other.tolist() == [1.0, 2.0]
        assert not other.requires_grad and other.name == "p"
        assert not np.shares_memory(other.numpy(), p.numpy())


def test_repr_agrees_with_pytorch(torch: ModuleType) -> None:
    for requires_grad in (True, False):
        theirs = torch.nn.Parameter(torch.ones(2, 2), requires_grad=requires_grad)
        assert repr(nn.Parameter(autograd.ones(2, 2), requires_grad)) == repr(theirs)


def test_integers_have_no_gradients() -> None:
    with pytest.raises(DtypeError, match="int64 has no gradients"):
        nn.Parameter(autograd.tensor([1]))
    assert nn.Parameter(autograd.tensor([1]), requires_grad=False).dtype == np.int64


def test_buffers_are_registered_as_pytorchs_are(torch: ModuleType) -> None:
    def build(library: Any, nn: Any) -> Any:
        module = nn.Module()
        module.plain = library.zeros(2)
        module.kept = nn.Buffer(library.ones(2))
        module.passing = nn.Buffer(library.ones(3), persistent=False)
        with pytest.raises((KeyError, ArgumentError)):  # a plain attribute stands there
            module.plain = nn.Buffer(library.ones(1))
        module.kept = library.zeros(4)
        module.passing = library.zeros(5)
        module.weight = nn.Parameter(library.ones(1))
        module.register_buffer("late", nn.Buffer(library.ones(2)), persistent=False)
        found = [sorted((name, tuple(b.shape)) for name, b in module.named_buffers()), sorted(module.state_dict())]
        module.passing = nn.Buffer(library.zeros(6))
        return [*found, sorted(module.state_dict()), isinstance(module.passing, nn.Buffer)]

    assert build(autograd, nn) == build(torch, torch.nn)


def test_a_buffer_shares_memory_and_can_be_copied() -> None:
    x = autograd.zeros(2)
    buffer = nn.Buffer(x, persistent=False)
    buffer.add_(1)
    assert x.tolist() == [1.0, 1.0]
    assert type(buffer) is nn.Buffer and type(buffer * 2) is autograd.Tensor
    assert repr(buffer) == "tensor([1., 1.])"
    for other in (copy.deepcopy(buffer), pickle.loads(pickle.dumps(buffer))):
        assert type(other) is nn.Buffer and other.persistent is False
        other.add_(1)
    assert x.tolist() == [1.0, 1.0]
    assert nn.UninitializedBuffer(persistent=False).persistent is False
    with pytest.raises(DtypeError, match="is registered as a Parameter"):
        nn.Linear(1, 1).weight = buffer
