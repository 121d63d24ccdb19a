"""Changes in place inside a graph: PyTorch's gradients, through views too, or a refusal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd
import nn
from autograd import errors
from autograd.methods.inplace import InPlace
from autograd.testing import gradcheck, gradgradcheck


def arrays(shape: tuple[int, ...] = (3, 4)) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.uniform(0.5, 1.5, shape), rng.uniform(0.5, 1.5, shape)]


# Each program takes a module (ours or PyTorch's), a leaf x and a leaf w, and gives what is differentiated.


def whole(m: Any, x: Any, w: Any) -> Any:
    y = x * 2
    y += w
    y *= w
    y -= 1.5
    y /= w + 1
    return y


def saved_input_is_kept(m: Any, x: Any, w: Any) -> Any:
    y = x * 1
    y.mul_(w)
    y.mul_(w)
    return y * x


def own_function(m: Any, x: Any, w: Any) -> Any:
    y = x * w
    y.exp_()
    y.tanh_()
    y.sigmoid_()
    y.clamp_(0.6, 0.7)
    return y.pow_(2) + w


def a_buffer_joins(m: Any, x: Any, w: Any) -> Any:
    buffer = m.zeros(3, 4, dtype=m.float64)
    first = buffer[0]
    buffer[1] = w[0] * x[1]
    buffer += x
    return buffer * w + first


def rows_are_written(m: Any, x: Any, w: Any) -> Any:
    y = x * 1
    for i in range(3):
        y[i] = y[i - 1] + w[i] * x[i]
    return y


def columns_are_changed(m: Any, x: Any, w: Any) -> Any:
    y = x * w
    y[:, 1] *= 3
    y[:, 1:3] += w[:, :2]
    y[1, 2] = 0
    return y * y


def whole_changes_its_views(m: Any, x: Any, w: Any) -> Any:
    y = x * 1
    row, turned = y[1], y.t()
    corner = turned[2:, 1]
    y.mul_(w)
    return y.sum() + (row * 2).sum() + (turned * turned).sum() + (corner * 5).sum()


def view_changes_its_siblings(m: Any, x: Any, w: Any) -> Any:
    y = x * 1
    row, flat, column = y[1], y.view(-1), y[:, 0]
    row.mul_(w[1])
    flat[5:7] += 2 * w[2, :2]
    return y * w + row + (flat.reshape(3, 4) * flat.reshape(3, 4)) + column.sum()


def views_of_views(m: Any, x: Any, w: Any) -> Any:
    y = x * 1
    inner = y[1:].t()[1:3]
    inner.copy_(w[1:, 1:3].t() * 2)
    inner[0] += inner[1]
    return y * x


def filled(m: Any, x: Any, w: Any) -> Any:
    y = x * w
    y[0].fill_(2.0)
    y[2, 1:].zero_()
    z = w * 1
    z.zero_()
    return y * y + z


def advanced_indices(m: Any, x: Any, w: Any) -> Any:
    y = x * 1
    y[[0, 2], [1, 3]] = w[0, :2] * 3
    y[y > 1.2] = 0.0
    y[[1, 0]] = w[:2]
    return y * x


def repeated_use(m: Any, x: Any, w: Any) -> Any:
    y = x + w
    before = y * 3
    y += before
    return y * before


def constant_into_graph(m: Any, x: Any, w: Any) -> Any:
    y = x * w
    y.copy_(m.ones(3, 4, dtype=m.float32))
    return y * x


def operand_is_broadcast(m: Any, x: Any, w: Any) -> Any:
    y = x * 1
    y += w[0]
    y.mul_(w[:, :1])
    return y


PROGRAMS: list[Callable[..., Any]] = [
    whole, saved_input_is_kept, a_buffer_joins, rows_are_written, columns_are_changed,
    whole_changes_its_views, view_changes_its_siblings, views_of_views, filled, advanced_indices, repeated_use,
    constant_into_graph, operand_is_broadcast,
]  # fmt: skip


@pytest.mark.parametrize("program", PROGRAMS)
def test_gradients_of_both_orders_are_pytorchs(torch: Any, program: Callable[..., Any]) -> None:
    results = []
    for module, make in ((autograd, autograd.tensor), (torch, torch.tensor)):
        x, w = (make(a, requires_grad=True) for a in arrays())
        y = program(module, x, w)
        weights = make(np.cos(np.arange(int(np.prod(tuple(y.shape)))) + 1.0).reshape(tuple(y.shape)))
        first = module.autograd.grad if module is torch else autograd.grad
        slopes = first((y * weights).sum(), [x, w], create_graph=True, allow_unused=True)
        total = sum((s * s * s).sum() for s in slopes if s is not None)
        seconds = first(total, [x, w], allow_unused=True)
        results.append([y, *slopes, *seconds])
    for ours, theirs in zip(*results, strict=True):
        found = np.zeros((3, 4)) if ours is None else ours.detach().numpy()
        expected = np.zeros((3, 4)) if theirs is None else theirs.detach().numpy()
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("program", [*PROGRAMS, own_function])
def test_gradients_of_both_orders_are_slopes(program: Callable[..., Any]) -> None:
    """`own_function` is among them, which PyTorch refuses: it saves results in the memory that the next one takes."""
    x, w = (autograd.tensor(a, requires_grad=True) for a in arrays())
    gradcheck(lambda x, w: program(autograd, x, w), (x, w))
    gradgradcheck(lambda x, w: program(autograd, x, w), (x, w))


@pytest.mark.parametrize("seed", range(20))
def test_random_programs_of_views_and_changes(torch: Any, seed: int) -> None:
    """Random views of one tensor, changed at random; every view's numbers and gradients are PyTorch's."""
    steps = np.random.default_rng(seed)
    plan = []
    for _ in range(8):
        kind = steps.choice(["row", "slice", "turn", "flat", "add", "mul", "copy", "several"])
        plan.append((kind, int(steps.integers(0, 100)), float(steps.uniform(0.5, 1.5))))

    def run(module: Any, x: Any, w: Any) -> Any:
        handles = [x * 1]
        for kind, choice, number in plan:
            y = handles[choice % len(handles)]
            if kind == "row" and y.ndim > 1:
                handles.append(y[choice % y.shape[0]])
            elif kind == "slice":
                handles.append(y[choice % 2 :])
            elif kind == "turn" and y.ndim == 2:
                handles.append(y.t())
            elif kind == "flat" and y.is_contiguous():
                handles.append(y.view(-1))
            elif kind == "add":
                y += w.sum() * number
            elif kind == "mul":
                y.mul_(w.flatten()[0] * number)
            elif kind == "copy":
                y.copy_(w.flatten()[choice % 12] * number)
            elif kind == "several":
                y.mul_(0.5).add_(1).sub_(w.flatten()[choice % 12])
        return sum((h * h).sum() * (k + 1) for k, h in enumerate(handles))

    found = []
    for module, make in ((autograd, autograd.tensor), (torch, torch.tensor)):
        x, w = (make(a, requires_grad=True) for a in arrays())
        y = run(module, x, w)
        y.backward()
        found.append([y.item(), *(np.asarray(t.grad) if t.grad is not None else np.zeros((3, 4)) for t in (x, w))])
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-11)


def test_memory_is_shared_as_before() -> None:
    x = autograd.ones(2, 2, requires_grad=True)
    y = x * 2
    seen = y.detach().numpy()
    row = y[0]
    y.mul_(3)
    assert y.detach().numpy() is seen
    assert (seen == 6).all() and (row.detach().numpy() == 6).all()


def test_a_saved_array_that_was_changed_is_found() -> None:
    x = autograd.ones(3, requires_grad=True)
    y = x * 2
    z = y * y
    y.add_(1)
    with pytest.raises(errors.InPlaceError, match=r"an array that mul saved .* was changed in place afterwards"):
        z.sum().backward()
    y = x * 2
    z = y * x
    y[0] = 5.0
    with pytest.raises(errors.InPlaceError, match="changed in place"):
        z.sum().backward()


def test_what_cannot_be_right_is_refused() -> None:
    leaf = autograd.ones(2, 3, requires_grad=True)
    for name, action in (
        ("a leaf that requires grad", lambda: leaf.add_(1)),
        ("a leaf that requires grad", lambda: leaf.exp_()),
        ("a leaf that requires grad", lambda: leaf.__setitem__(0, 1.0)),
        ("a view of a leaf that requires grad", lambda: leaf[0].mul_(2)),
        ("a view of a leaf that requires grad", lambda: leaf.t()[1].copy_(autograd.ones(2))),
        ("an expanded view or read-only", lambda: (leaf * 2)[:, :1].expand(2, 3).add_(1)),
    ):
        with pytest.raises(errors.InPlaceError, match=name):
            action()
    y = leaf * 2
    with autograd.no_grad():
        hidden = y[0]
    with pytest.raises(errors.InPlaceError, match=r"this view .* was made under no_grad"):
        hidden.add_(1)
    with pytest.raises(errors.ShapeError, match=r"add_: an operand \(4,\) does not broadcast to x \(2, 3\)"):
        y.add_(autograd.ones(4))
    with pytest.raises(errors.ShapeError, match=r"\+=: an operand \(2, 2, 3\)"):
        y += autograd.ones(2, 2, 3)
    with pytest.raises(errors.DtypeError, match=r"exp_: a result of float32 does not fit x, int64"):
        autograd.tensor([1, 2]).exp_()
    with pytest.raises(errors.ShapeError, match=r"item assignment: a value \(5,\) does not broadcast to the \(3,\)"):
        y[0] = autograd.ones(5)
    assert (y.detach().numpy() == 2).all()


def test_under_no_grad_nothing_is_recorded() -> None:
    leaf = autograd.ones(2, requires_grad=True)
    with autograd.no_grad():
        leaf.exp_()
        leaf[0] = 3.0
        leaf += 1
    assert leaf.is_leaf and leaf.tolist() == pytest.approx([4.0, 1 + np.e])


def test_retain_grad_follows_the_tensor() -> None:
    x = autograd.tensor([1.0, 2.0], requires_grad=True)
    y = x * 3
    y.retain_grad()
    y.mul_(2)
    (y * y).sum().backward()
    assert y.grad is not None and x.grad is not None
    assert y.grad.tolist() == [12.0, 24.0]
    assert x.grad.tolist() == [72.0, 144.0]


def test_relu_in_place_after_a_convolution(torch: Any) -> None:
    rng = np.random.default_rng(0)
    image, weight = rng.standard_normal((1, 2, 5, 5)), rng.standard_normal((3, 2, 3, 3))
    x, w = autograd.tensor(image, requires_grad=True), autograd.tensor(weight, requires_grad=True)
    nn.functional.conv2d(x, w).relu_().sum().backward()
    a, b = torch.tensor(image, requires_grad=True), torch.tensor(weight, requires_grad=True)
    torch.nn.functional.conv2d(a, b).relu_().sum().backward()
    np.testing.assert_allclose(x.grad, a.grad, rtol=1e-12)
    np.testing.assert_allclose(w.grad, b.grad, rtol=1e-12)


def test_every_method_in_place_is_a_function_of_the_package() -> None:
    derived = [name for name, method in vars(InPlace).items() if getattr(method, "__qualname__", "").startswith("_bec")]
    assert len(derived) > 5
    for name in derived:
        assert callable(getattr(autograd, name.removesuffix("_"))), name


def test_views_that_are_gone_leave_nothing_behind() -> None:
    x = autograd.ones(4, 4)
    for _ in range(5):
        x[0].t()
    assert x._version == [0]


def test_inside_vmap_changes_are_refused() -> None:
    def changed(x: autograd.Tensor) -> autograd.Tensor:
        y = x * 1
        y.mul_(x)
        return (y * y).sum()

    for function in (changed, autograd.func.grad(changed)):
        with pytest.raises(errors.InPlaceError, match="vmap"):
            autograd.func.vmap(function)(autograd.ones(4, 3))


@pytest.mark.parametrize("wrap", [False, True])
@pytest.mark.parametrize("shape", [(3, 3), (2, 4), (7, 2), (7, 3), (3, 3, 3), (0, 2)])
def test_fill_diagonal(torch: Any, shape: tuple[int, ...], wrap: bool) -> None:
    data = np.random.default_rng(0).standard_normal(shape)
    found = []
    for make in (autograd.tensor, torch.tensor):
        x = make(data, requires_grad=True)
        y = x * 2
        assert y.fill_diagonal_(5, wrap) is y
        (y * y).sum().backward()
        found.append((y.detach().numpy(), x.grad.numpy()))
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(ours, theirs)


def test_fill_diagonal_wants_equal_sizes() -> None:
    for shape in ((3,), (2, 2, 3)):
        with pytest.raises(errors.ShapeError, match="must be a matrix, or have sizes that are all equal"):
            autograd.zeros(*shape).fill_diagonal_(1)
