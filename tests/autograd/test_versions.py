"""Changes in place: what is refused, and what the version counters find."""

from __future__ import annotations

import copy
import operator

import numpy as np
import pytest

import autograd
from autograd import errors

from .test_tensor import expect, leaf

# --- in place: what is refused


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("+=", lambda t: operator.iadd(t, 1)),
        ("-=", lambda t: operator.isub(t, 1)),
        ("*=", lambda t: operator.imul(t, 2)),
        ("/=", lambda t: operator.itruediv(t, 2)),
        ("add_", lambda t: t.add_(1, alpha=2)),
        ("sub_", lambda t: t.sub_(1)),
        ("mul_", lambda t: t.mul_(2)),
        ("div_", lambda t: t.div_(2)),
        ("copy_", lambda t: t.copy_(autograd.zeros(3))),
        ("fill_", lambda t: t.fill_(3)),
        ("fill_", lambda t: t.zero_()),
        ("item assignment", lambda t: t.__setitem__(0, 5.0)),
        ("item assignment", lambda t: t.__setitem__(slice(1, None), autograd.zeros(2))),
        ("item assignment", lambda t: t.__setitem__(autograd.tensor([True, False, True]), 9.0)),
        ("item assignment", lambda t: t.__setitem__(autograd.tensor([0, 0]), 9.0)),
    ],
)
def test_in_place_is_refused_on_leaves_that_require_grad_alone(torch, name, change):
    x = leaf([1.0, 2.0, 3.0], "float32")
    expect(lambda: change(x), errors.InPlaceError, name, "leaf that requires grad", "(3,)", "no_grad")
    y = x * 1
    change(y)
    assert not y.is_leaf
    assert x.tolist() == [1.0, 2.0, 3.0]
    expect(lambda: change(autograd.ones(1).expand(3)), errors.InPlaceError, name, "expanded view", "clone()")
    free = autograd.tensor([1.0, 2.0, 3.0])
    change(free)
    with autograd.no_grad():
        change(x)
    theirs = torch.tensor([1.0, 2.0, 3.0])
    twin = {"copy_": lambda t: t.copy_(torch.zeros(3))}.get(name, change)
    if name != "item assignment":
        twin(theirs)
        assert free.tolist() == theirs.tolist()
    assert x.tolist() == y.tolist() == free.tolist() != [1.0, 2.0, 3.0]
    assert x.is_leaf
    assert x.requires_grad


def test_an_operand_that_requires_grad_brings_a_tensor_into_its_graph():
    free = autograd.ones(2, dtype="float64")
    x = leaf([1.0, 2.0])
    free += x.detach()
    with autograd.no_grad():
        free += x
    assert free.tolist() == [3.0, 5.0]
    assert not free.requires_grad
    free += x
    assert free.requires_grad
    free.sum().backward()
    assert x.grad.tolist() == [1.0, 1.0]


def test_in_place_on_a_read_only_array_is_refused():
    array = np.ones(2)
    array.flags.writeable = False
    expect(lambda: autograd.from_numpy(array).zero_(), errors.InPlaceError, "read-only", "clone()")


# --- in place: what is detected

ROUTES = {
    "+=": lambda t: operator.iadd(t, 1),
    "*=": lambda t: operator.imul(t, 2),
    "copy_": lambda t: t.copy_(autograd.zeros(3)),
    "zero_": lambda t: t.zero_(),
    "fill_": lambda t: t.fill_(7),
    "item assignment": lambda t: t.__setitem__(0, 5.0),
    "a view": lambda t: operator.iadd(t[1:], 1),
    "a view of a view": lambda t: t.view(3, 1).permute(1, 0).unsqueeze(0).mul_(2),
    "data": lambda t: t.data.mul_(3),
    "data +=": lambda t: setattr(t, "data", operator.iadd(t.data, 1)),
    "detach": lambda t: t.detach().sub_(1),
    "detached view": lambda t: t.detach()[:1].zero_(),
    "an optimizer's update": lambda t: t.add_(autograd.ones(3, dtype="float64"), alpha=-0.1),
    "alias": lambda t: autograd.as_tensor(t).zero_(),
    "shallow copy": lambda t: copy.copy(t.detach()).zero_(),
}


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("which", ["leaf", "operand outside", "result"])
def test_a_saved_array_changed_in_place_is_detected(route, which):
    x = leaf([1.0, 2.0, 3.0])
    c = autograd.tensor([4.0, 5.0, 6.0], dtype="float64")
    if which == "leaf":
        changed, out, operation = x, (x * x).sum(), "mul"
    elif which == "operand outside":
        changed, out, operation = c, (x * c).sum(), "mul"
    else:
        changed = x.exp()
        out, operation = changed.sum(), "exp"
    with autograd.no_grad():
        ROUTES[route](changed)
    expect(
        out.backward,
        errors.InPlaceError,
        f"that {operation} saved",
        "changed in place",
        "version 1",
        "version 0",
        "clone()",
    )
    assert x.grad is None
    expect(lambda: autograd.grad(out, x), errors.InPlaceError, operation)
    expect(lambda: autograd.grad(out, x, create_graph=True), errors.InPlaceError, operation)


@pytest.mark.parametrize("change_view", [True, False])
def test_a_view_inside_a_graph_shares_its_version_with_the_base(change_view):
    x = leaf([1.0, 2.0, 3.0])
    base = autograd.tensor([[4.0, 5.0, 6.0], [7.0, 8.0, 9.0]], dtype="float64")
    view = base[0]
    out = (x * (base[0] if change_view else view)).sum()
    (view if change_view else base).zero_()
    expect(out.backward, errors.InPlaceError, "mul")


def test_a_change_of_what_was_not_saved_is_no_error():
    x = leaf([1.0, 2.0])
    y = x + 1
    out = (y + x).sum()
    with autograd.no_grad():
        y.zero_()
        x.add_(1)
    out.backward()
    assert x.grad.tolist() == [2.0, 2.0]


def test_a_change_after_backward_and_a_new_forward_is_no_error():
    x = leaf([1.0, 2.0])
    for k in range(3):
        (x * x).sum().backward()
        with autograd.no_grad():
            x -= 0.5 * x.grad
            x.grad.zero_()
        assert x.tolist() == [0.0, 0.0], k
    assert x.grad.tolist() == [0.0, 0.0]


def test_assigning_data_does_not_disturb_a_graph_that_saved_the_old_array():
    x = leaf([1.0, 2.0])
    y = (x * x * x).sum()
    x.data = autograd.tensor([10.0, 10.0], dtype="float64")
    assert x.tolist() == [10.0, 10.0]
    y.backward(create_graph=True)
    assert x.grad.tolist() == [3.0, 12.0]


def test_versions_over_an_accumulated_gradient():
    x = leaf([1.0, 2.0])
    w = leaf([3.0, 4.0])
    (x * 2).sum().backward()
    penalty = (x.grad * w).sum()
    (x * 2).sum().backward()  # adds to x.grad in place
    expect(penalty.backward, errors.InPlaceError, "mul")
