"""Changes of shape in place: PyTorch's shapes, memory, views and gradients."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import errors

CHANGES = [
    ("squeeze_", (), (1, 3, 1, 2)),
    ("squeeze_", (0,), (1, 3, 1, 2)),
    ("squeeze_", (1,), (1, 3, 1, 2)),
    ("squeeze_", ((0, 2),), (1, 3, 1, 2)),
    ("unsqueeze_", (1,), (3, 2)),
    ("unsqueeze_", (-1,), (3, 2)),
    ("t_", (), (3, 2)),
    ("t_", (), (3,)),
    ("t_", (), ()),
    ("transpose_", (0, -1), (3, 2, 4)),
    ("transpose_", (0, -1), ()),
    ("swapaxes_", (0, 1), (3, 2, 4)),
    ("swapdims_", (2, 1), (3, 2, 4)),
    ("as_strided_", ((2, 2), (1, 2), 1), (3, 2)),
]


@pytest.mark.parametrize(("name", "arguments", "shape"), CHANGES)
def test_shape_memory_and_gradients(torch: ModuleType, name: str, arguments: Any, shape: Any) -> None:
    data = np.arange(1.0, 1 + np.prod(shape)).reshape(shape)
    found = []
    for module in (autograd, torch):
        plain = module.tensor(data)
        other, version = plain.detach(), plain._version if module is torch else 0
        assert getattr(plain, name)(*arguments) is plain
        assert module is autograd or plain._version == version + 1
        plain.mul_(2)
        leaf = module.tensor(data, requires_grad=True)
        y = leaf * leaf
        assert getattr(y, name)(*arguments) is y
        y.retain_grad()
        y.mul_(3)
        (y * y).sum().backward()
        found.append([plain, other, y.detach(), y.grad, leaf.grad])
    for ours, theirs in zip(*found, strict=True):
        assert tuple(ours.shape) == tuple(theirs.shape)
        assert ours.stride() == theirs.stride() or 1 in ours.shape
        np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-12)


@pytest.mark.parametrize("seed", range(30))
def test_random_programs_of_views_changes_and_shapes(torch: Any, seed: int) -> None:
    """Random views of one tensor, whose numbers and shapes are changed at random."""
    steps = np.random.default_rng(seed)
    kinds = ["row", "slice", "turn", "add", "mul", "copy", "t_", "unsqueeze_", "squeeze_", "transpose_", "drop"]
    plan = [(steps.choice(kinds), int(steps.integers(0, 100)), float(steps.uniform(0.5, 1.5))) for _ in range(14)]
    data = np.random.default_rng(seed).uniform(0.5, 1.5, (3, 4))

    def run(module: Any, x: Any, w: Any) -> list[Any]:
        handles = [x * 1]
        for kind, choice, number in plan:
            y = handles[choice % len(handles)]
            if kind == "row" and y.ndim > 1:
                handles.append(y[choice % y.shape[0]])
            elif kind == "slice":
                handles.append(y[choice % 2 :])
            elif kind == "turn":
                handles.append(y.transpose(0, -1))
            elif kind == "add":
                y += w.sum() * number
            elif kind == "mul":
                y.mul_(w.flatten()[0] * number)
            elif kind == "copy":
                y.copy_(w.flatten()[choice % 12] * number)
            elif kind == "t_" and y.ndim <= 2:
                y.t_()
            elif kind == "unsqueeze_":
                y.unsqueeze_(choice % (y.ndim + 1))
            elif kind == "squeeze_" and y.ndim > 1:
                y.squeeze_(choice % y.ndim)
            elif kind == "transpose_":
                y.transpose_(0, -1)
            elif kind == "drop" and len(handles) > 1:
                handles.pop(choice % len(handles))
        return handles

    found = []
    for module, make in ((autograd, autograd.tensor), (torch, torch.tensor)):
        x, w = (make(a, requires_grad=True) for a in (data, data[::-1].copy()))
        handles = run(module, x, w)
        sum((h * h).sum() * (k + 1) for k, h in enumerate(handles)).backward()
        grads = [np.asarray(t.grad) if t.grad is not None else np.zeros((3, 4)) for t in (x, w)]
        found.append([*(h.detach().numpy() for h in handles), *grads])
    for ours, theirs in zip(*found, strict=True):
        assert ours.shape == theirs.shape
        np.testing.assert_allclose(ours, theirs, rtol=1e-11)


def test_a_saved_tensor_whose_shape_was_changed_is_found(torch: ModuleType) -> None:
    for module, error in ((autograd, errors.InPlaceError), (torch, RuntimeError)):
        y = module.ones(2, 3, requires_grad=True) * 2
        z = y * y
        y.t_()
        with pytest.raises(error, match=r"modified by an inplace|changed in place"):
            z.sum().backward()


def test_what_pytorch_refuses_is_refused(torch: ModuleType) -> None:
    for module, error in ((autograd, errors.ChainruleError), (torch, RuntimeError)):
        leaf = module.ones(2, 3, requires_grad=True)
        for change in (leaf.t_, lambda leaf=leaf: leaf.unsqueeze_(0), lambda leaf=leaf: leaf[0].squeeze_()):
            with pytest.raises(error, match="leaf"):
                change()
        with pytest.raises(error, match="require"):
            module.ones(2, requires_grad=True).resize_(3)
    result = autograd.ones(2, 3, requires_grad=True) * 2
    with autograd.no_grad(), pytest.raises(errors.InPlaceError, match=r"t_: x \(2, 3\) is the result of a recorded"):
        result.t_()
    with pytest.raises(errors.InPlaceError, match="vmap"):
        autograd.func.vmap(lambda x: (x * 1).unsqueeze_(0))(autograd.ones(4, 3))


def test_a_leaf_may_turn_where_nothing_is_recorded(torch: ModuleType) -> None:
    for module in (autograd, torch):
        leaf = module.tensor([[1.0, 2.0]], requires_grad=True)
        with module.no_grad():
            leaf.t_()
        (leaf * leaf).sum().backward()
        assert leaf.requires_grad and leaf.is_leaf and leaf.grad.tolist() == [[2.0], [4.0]]


def test_an_expanded_tensor_changes_its_shape_too(torch: ModuleType) -> None:
    for module in (autograd, torch):
        assert tuple(module.ones(1).expand(3).unsqueeze_(0).shape) == (1, 3)


def test_resize(torch: ModuleType) -> None:
    found = []
    for module in (autograd, torch):
        x = module.arange(12).reshape(3, 4).clone()
        sizes = [(2, 3), (5,), (), (0, 3), (12,), (2, 2)]
        seen = []
        for size in sizes:
            assert x.resize_(size) is x
            seen.append(x.tolist())
        x += 1
        seen.append(x.resize_as_(module.ones(4, 3)).tolist())
        seen.append(x.resize_(3, 5).flatten()[:12].tolist())
        turned = module.arange(6).reshape(2, 3).t()
        seen.append(turned.contiguous().resize_(2).tolist())
        found.append(seen)
    assert found[0] == found[1]
    y = autograd.ones(4)
    row = y[:2]
    for shared_with in (y, row):
        with pytest.raises(errors.InPlaceError, match="shares memory with a view"):
            shared_with.resize_(8)
    assert autograd.ones(2).resize_(4).tolist() == [1.0, 1.0, 0.0, 0.0]
