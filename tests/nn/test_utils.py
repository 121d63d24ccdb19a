"""Clipping and vectors of parameters, against PyTorch's."""

from __future__ import annotations

import math
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import autograd
import nn
from autograd.errors import ArgumentError, DtypeError, GraphError, ShapeError

SHAPES = [(3, 4), (4,), (), (2, 2)]


def pairs(torch: ModuleType, rng: np.random.Generator, scale: float, dtype: str = "float64") -> tuple[list, list]:
    """Parameters of both libraries with equal gradients; the last has none."""
    ours, theirs = [], []
    for k, shape in enumerate(SHAPES):
        p, q = autograd.zeros(shape, dtype=dtype), torch.zeros(shape, dtype=getattr(torch, dtype))
        if k < len(SHAPES) - 1:
            g = np.asarray(scale * rng.normal(size=shape), dtype=dtype)
            p.grad, q.grad = autograd.tensor(g), torch.tensor(g)
        ours.append(p)
        theirs.append(q)
    return ours, theirs


def same_gradients(ours: list, theirs: list, rtol: float = 1e-12) -> None:
    for p, q in zip(ours, theirs, strict=True):
        assert (p.grad is None) == (q.grad is None)
        if p.grad is not None:
            np.testing.assert_allclose(p.grad.numpy(), q.grad.numpy(), rtol=rtol)


@pytest.mark.parametrize("norm_type", [2.0, 1, 3.0, 0.5, math.inf])
@pytest.mark.parametrize("max_norm", [0.0, 0.1, 1.0, 100.0])
def test_clip_grad_norm(torch: ModuleType, rng: np.random.Generator, max_norm: float, norm_type: float) -> None:
    ours, theirs = pairs(torch, rng, 1.0)
    a = nn.utils.clip_grad_norm_(ours, max_norm, norm_type)
    b = torch.nn.utils.clip_grad_norm_(theirs, max_norm, norm_type)
    assert a.dtype == np.float64 and a.shape == () and math.isclose(a.item(), b.item(), rel_tol=1e-12)
    same_gradients(ours, theirs)


def test_clip_grad_norm_of_float32(torch: ModuleType, rng: np.random.Generator) -> None:
    ours, theirs = pairs(torch, rng, 10.0, "float32")
    a = nn.utils.clip_grad_norm_(iter(ours), 1.0)
    b = torch.nn.utils.clip_grad_norm_(iter(theirs), 1.0)
    assert a.dtype == np.float32 and math.isclose(a.item(), b.item(), rel_tol=1e-6)
    same_gradients(ours, theirs, 1e-6)


def test_clip_grad_norm_is_that_of_one_vector(rng: np.random.Generator) -> None:
    parameters = [nn.Parameter(autograd.tensor(rng.normal(size=s))) for s in SHAPES]
    for p in parameters:
        p.grad = autograd.tensor(rng.normal(size=p.shape))
    vector = np.concatenate([p.grad.numpy().ravel() for p in parameters])
    total = nn.utils.clip_grad_norm_(parameters, 0.5)
    assert math.isclose(total.item(), np.linalg.norm(vector), rel_tol=1e-14)
    after = np.concatenate([p.grad.numpy().ravel() for p in parameters])
    np.testing.assert_allclose(after, vector * (0.5 / (np.linalg.norm(vector) + 1e-6)), rtol=1e-14)


def test_zero_missing_and_shared_gradients(torch: ModuleType) -> None:
    p = autograd.zeros(2)
    assert (
        nn.utils.clip_grad_norm_([p], 1.0).item() == torch.nn.utils.clip_grad_norm_([torch.zeros(2)], 1.0).item() == 0
    )
    p.grad = autograd.zeros(2)
    assert nn.utils.clip_grad_norm_(p, 1.0).item() == 0 and p.grad.tolist() == [0.0, 0.0]
    p.grad = autograd.tensor([3.0, 4.0])
    assert nn.utils.clip_grad_norm_([p, p], 1.0).item() == 5  # a parameter that is given twice counts once
    assert nn.utils.get_total_norm([]).item() == 0


@pytest.mark.parametrize("bad", [math.inf, math.nan])
@pytest.mark.parametrize("norm_type", [2.0, math.inf])
def test_gradients_that_are_not_finite(torch: ModuleType, bad: float, norm_type: float) -> None:
    p, q = autograd.zeros(2), torch.zeros(2)
    p.grad, q.grad = autograd.tensor([1.0, bad]), torch.tensor([1.0, bad])
    with pytest.raises(GraphError, match="a gradient is not finite"):
        nn.utils.clip_grad_norm_(p, 1.0, norm_type, error_if_nonfinite=True)
    assert p.grad.tolist()[0] == 1.0
    nn.utils.clip_grad_norm_(p, 1.0, norm_type)
    torch.nn.utils.clip_grad_norm_(q, 1.0, norm_type)
    np.testing.assert_array_equal(p.grad.numpy(), q.grad.numpy())


def test_squares_do_not_overflow() -> None:
    p = autograd.zeros(2)
    p.grad = autograd.tensor([3e30, 4e30])
    assert math.isclose(nn.utils.clip_grad_norm_(p, 1.0).item(), 5e30, rel_tol=1e-6)
    np.testing.assert_allclose(p.grad.numpy(), [0.6, 0.8], rtol=1e-6)


def test_clip_grad_value(torch: ModuleType, rng: np.random.Generator) -> None:
    ours, theirs = pairs(torch, rng, 2.0)
    nn.utils.clip_grad_value_(ours, 0.7)
    torch.nn.utils.clip_grad_value_(theirs, 0.7)
    same_gradients(ours, theirs)


def test_a_change_counts_in_the_version() -> None:
    p = autograd.zeros(2)
    p.grad = autograd.tensor([3.0, 4.0])
    before = p.grad
    cell = autograd.primitive.version_cell(before)
    nn.utils.clip_grad_norm_(p, 1.0)
    assert p.grad is before and cell[0] == 1
    nn.utils.clip_grad_value_(p, 0.1)
    assert p.grad is before and cell[0] == 2


def test_vectors(torch: ModuleType, rng: np.random.Generator) -> None:
    ours, theirs = nn.Linear(3, 2), torch.nn.Linear(3, 2)
    values = rng.normal(size=8).astype(np.float32)
    nn.utils.vector_to_parameters(autograd.tensor(values), ours.parameters())
    torch.nn.utils.vector_to_parameters(torch.tensor(values), theirs.parameters())
    assert (ours.weight.detach().numpy() == theirs.weight.detach().numpy()).all()
    vector = nn.utils.parameters_to_vector(ours.parameters())
    assert (vector.detach().numpy() == values).all()
    (vector * vector).sum().backward()
    np.testing.assert_allclose(ours.bias.grad.numpy(), 2 * values[6:])
    assert nn.utils.parameters_to_vector(ours.parameters()).is_leaf is False and ours.weight.is_leaf


def test_mistakes_get_an_error() -> None:
    p = autograd.zeros(2)
    with pytest.raises(ShapeError, match=r"vec \(3,\) must be \(2,\)"):
        nn.utils.vector_to_parameters(autograd.ones(3), [p])
    with pytest.raises(DtypeError, match="expected Tensors, not str"):
        nn.utils.clip_grad_norm_(["weight"], 1.0)
    with pytest.raises(ArgumentError, match="clip_value is -1"):
        nn.utils.clip_grad_value_(p, -1)
    with pytest.raises(ArgumentError, match="norm_type is 0"):
        nn.utils.get_total_norm([p], 0)


@pytest.mark.parametrize("kind", ["Conv2d", "ConvTranspose2d", "Linear"])
def test_normalisation_put_into_the_layer_before_it(torch: ModuleType, kind: str) -> None:
    def run(library: Any, tensor: Any, load: Any) -> Any:
        layer = library.Linear(3, 4, bias=False) if kind == "Linear" else getattr(library, kind)(3, 4, 2)
        norm = library.BatchNorm1d(4) if kind == "Linear" else library.BatchNorm2d(4, affine=False)
        both = library.ModuleList([layer, norm]).eval()
        load(both)
        if kind == "Linear":
            fused = library.utils.fuse_linear_bn_eval(layer, norm)
        else:
            fused = library.utils.fusion.fuse_conv_bn_eval(layer, norm, transpose=kind == "ConvTranspose2d")
        out = fused(tensor)
        np.testing.assert_allclose(out.detach().numpy(), norm(layer(tensor)).detach().numpy(), rtol=1e-4, atol=1e-5)
        return both, fused, out.detach().numpy()

    def disturb(both: Any) -> None:
        both[1].running_mean += 0.5
        both[1].running_var *= 3

    x = np.random.default_rng(0).normal(size=(5, 3) if kind == "Linear" else (2, 3, 4, 5)).astype(np.float32)
    theirs, expected, out = run(torch.nn, torch.tensor(x), disturb)
    state = {name: value.numpy() for name, value in theirs.state_dict().items()}
    _, fused, found = run(nn, autograd.tensor(x), lambda both: both.load_state_dict(state))
    assert list(fused.state_dict()) == list(expected.state_dict())
    np.testing.assert_allclose(found, out, rtol=1e-4, atol=1e-5)
    with pytest.raises(ArgumentError, match="call eval"):
        nn.utils.fuse_linear_bn_eval(nn.Linear(1, 1), nn.BatchNorm1d(1))
