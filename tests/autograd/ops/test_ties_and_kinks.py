"""Gradients where a function has several slopes: the choices of the design, by value, and PyTorch's where it agrees."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import Value


def functional(module: Any) -> Any:
    """Where the functions of neural networks are."""
    return autograd if module is autograd else module.nn.functional


def gradients(module: Any, function: Callable[..., Any], *inputs: Any) -> list[list[float]]:
    """The gradients of the sum of what comes out."""
    leaves = [module.tensor(np.asarray(x, dtype=np.float64), requires_grad=True) for x in inputs]
    function(module, *leaves).sum().backward()
    return [leaf.grad.tolist() for leaf in leaves]


# Name: (function, inputs, gradients).
CHOICES: dict[str, tuple[Callable[..., Any], list[Any], list[Any]]] = {
    "relu at 0": (lambda m, x: m.relu(x), [[-0.0, 0.0, 1.0]], [[0, 0, 1]]),
    "hardtanh at its bounds": (
        lambda m, x: (autograd if m is autograd else m.nn.functional).hardtanh(x),
        [[-1.0, 1.0, 0.0]],
        [[0, 0, 1]],
    ),
    "relu6 at its bounds": (
        lambda m, x: (autograd if m is autograd else m.nn.functional).relu6(x),
        [[0.0, 6.0, 3.0]],
        [[0, 0, 1]],
    ),
    "leaky_relu at 0": (
        lambda m, x: (autograd if m is autograd else m.nn.functional).leaky_relu(x, 0.25),
        [[0.0]],
        [[0.25]],
    ),
    "elu at 0": (lambda m, x: (autograd if m is autograd else m.nn.functional).elu(x, 0.5), [[0.0]], [[0.5]]),
    "maximum at a tie": (lambda m, x, y: m.maximum(x, y), [[1.0, 2.0], [1.0, 1.0]], [[0.5, 1], [0.5, 0]]),
    "minimum at a tie": (lambda m, x, y: m.minimum(x, y), [[1.0, 2.0], [1.0, 1.0]], [[0.5, 0], [0.5, 1]]),
    "max of all": (lambda m, x: m.max(x), [[3.0, 1.0, 3.0]], [[0.5, 0, 0.5]]),
    "min of all": (lambda m, x: m.min(x), [[1.0, 1.0, 1.0, 4.0]], [[1 / 3, 1 / 3, 1 / 3, 0]]),
    "amax along a dimension": (
        lambda m, x: m.amax(x, 1),
        [[[2.0, 2.0], [1.0, 5.0]]],
        [[[0.5, 0.5], [0, 1]]],
    ),
    "max along a dimension": (lambda m, x: m.max(x, 1)[0], [[[2.0, 2.0], [1.0, 5.0]]], [[[1, 0], [0, 1]]]),
    "min along a dimension": (lambda m, x: m.min(x, 0)[0], [[[2.0, 2.0], [2.0, 5.0]]], [[[1, 1], [0, 0]]]),
    "scatter_reduce amax of equals": (
        lambda m, x, s: m.scatter_reduce(x, 0, m.tensor([0, 0, 1, 1]), s, "amax"),
        [[2.0, 5.0], [2.0, 2.0, 1.0, 4.0]],
        [[1 / 3, 1], [1 / 3, 1 / 3, 0, 0]],
    ),
    "scatter_reduce amin of equals": (
        lambda m, x, s: m.scatter_reduce(x, 0, m.tensor([1, 1]), s, "amin", include_self=False),
        [[2.0, 5.0], [7.0, 7.0]],
        [[1, 0], [0.5, 0.5]],
    ),
    "clamp at its bounds": (lambda m, x: m.clamp(x, -1, 1), [[-1.0, 1.0, 0.0, 2.0]], [[1, 1, 1, 0]]),
    "fmax at a tie, and beside nan": (
        lambda m, x, y: m.fmax(x, y),
        [[1.0, 2.0, np.nan, 1.0, np.nan], [1.0, 1.0, 1.0, np.nan, np.nan]],
        [[1, 1, 0, 1, 1], [0, 0, 1, 0, 0]],
    ),
    "fmin at a tie, and beside nan": (
        lambda m, x, y: m.fmin(x, y),
        [[1.0, 2.0, np.nan, 1.0], [1.0, 1.0, 1.0, np.nan]],
        [[1, 0, 0, 1], [0, 1, 1, 0]],
    ),
    "maximum and minimum beside nan": (
        lambda m, x, y: m.maximum(x, y).nan_to_num() + m.minimum(x, y),
        [[np.nan, 1.0], [1.0, 2.0]],
        [[1, 1], [1, 1]],
    ),
    "clamp between tensors": (
        lambda m, x, a, b: m.clamp(x, a, b),
        [[0.0, 1.0, 2.0, 3.0, 2.0], [1.0, 1.0, 1.0, 1.0, 3.0], [2.0, 2.0, 2.0, 2.0, 1.0]],
        [[0, 1, 1, 0, 0], [1, 0, 0, 0, 0], [0, 0, 0, 1, 1]],
    ),
    "clamp_min and clamp_max at a tie": (
        lambda m, x, y: m.clamp_min(x, y) + 2 * m.clamp_max(x, y),
        [[1.0, 2.0, 0.0], [1.0, 1.0, 1.0]],
        [[3, 1, 2], [0, 2, 1]],
    ),
    "copysign at 0": (
        lambda m, x, y: m.copysign(x, y),
        [[0.0, 2.0, -2.0, 2.0], [-1.0, -1.0, -1.0, 0.0]],
        [[0, -1, 1, 1], [0, 0, 0, 0]],
    ),
    "atan2 at the origin": (lambda m, x, y: m.atan2(x, y), [[0.0, 0.0], [0.0, 2.0]], [[0, 0.5], [0, 0]]),
    "frac, and rounded quotients": (
        lambda m, x, y: m.frac(x) + m.div(x, y, rounding_mode="floor") + m.div(x, y, rounding_mode="trunc"),
        [[1.0, 1.5, 3.0], [1.0, 2.0, 1.5]],
        [[1, 1, 1], [0, 0, 0]],
    ),
    "nan_to_num": (lambda m, x: m.nan_to_num(x), [[np.nan, np.inf, -np.inf, 1.0]], [[0, 0, 0, 1]]),
    "sinc and the Bessel functions at 0": (
        lambda m, x: m.sinc(x) + m.i0(x) + 2 * m.special.i1(x) + m.special.i0e(x) + 2 * m.special.i1e(x),
        [[0.0]],
        [[2]],
    ),
    "xlogy and xlog1py at 0": (
        lambda m, x, y: m.xlogy(x, y) + m.special.xlog1py(x, y - 1),
        [[0.0, 0.0, 2.0], [-1.0, 2.0, 1.0]],
        [[0, 2 * np.log(2), 0], [0, 0, 4]],
    ),
    "nextafter": (lambda m, x, y: m.nextafter(x, y), [[1.0, 2.0], [1.0, 3.0]], [[0, 1], [0, 0]]),
    "logit at the limits of eps": (lambda m, x: m.logit(x, 0.25), [[0.25, 0.75, 0.1]], [[16 / 3, 16 / 3, 0]]),
    "nan to the power of 0": (lambda m, x: m.nan_to_num(x) + x**0, [[np.nan, 2.0]], [[0, 1]]),
    "abs at 0": (lambda m, x: m.abs(x), [[0.0, -0.0, -2.0]], [[0, 0, -1]]),
    "sign and rounding": (lambda m, x: m.sign(x) + m.floor(x) + m.round(x), [[0.0, 1.0, 0.5]], [[0, 0, 0]]),
    "norm at 0": (lambda m, x: m.norm(x), [[0.0, 0.0]], [[0, 0]]),
    "norm of rows, one of them 0": (
        lambda m, x: m.norm(x, 2, 1),
        [[[0.0, 0.0], [3.0, 4.0]]],
        [[[0, 0], [0.6, 0.8]]],
    ),
    "1-norm at 0": (lambda m, x: m.norm(x, 1), [[0.0, -2.0]], [[0, -1]]),
    "3-norm at 0": (lambda m, x: m.norm(x, 3), [[0.0, 0.0]], [[0, 0]]),
    "inf-norm at a tie": (lambda m, x: m.norm(x, float("inf")), [[2.0, -2.0, 1.0]], [[0.5, -0.5, 0]]),
    "std of equal numbers": (lambda m, x: m.std(x), [[2.0, 2.0, 2.0]], [[0, 0, 0]]),
    "prod with a zero": (lambda m, x: m.prod(x), [[2.0, 0.0, 3.0]], [[0, 6, 0]]),
    "prod with two zeros": (lambda m, x: m.prod(x), [[0.0, 0.0, 3.0]], [[0, 0, 0]]),
    "prod along a dimension with zeros": (
        lambda m, x: m.prod(x, 1),
        [[[2.0, 0.0], [3.0, 4.0]]],
        [[[0, 2], [4, 3]]],
    ),
    "pow at 0": (lambda m, x: x**2 + x**1 + x**0, [[0.0, 3.0]], [[1, 7]]),
    "0 to the power of a Tensor": (
        lambda m, x, y: x**y,
        [[0.0, 0.0, 0.0, 2.0], [0.0, 1.0, 2.0, 0.0]],
        [[0, 1, 0, 0], [0, 0, 0, np.log(2)]],
    ),
    "max pooling at a tie": (
        lambda m, x: (autograd if m is autograd else m.nn.functional).max_pool2d(x, 2),
        [np.ones((1, 1, 2, 2))],
        [[[[[1, 0], [0, 0]]]]],
    ),
    "hinge at its margin": (
        lambda m, x: (autograd if m is autograd else m.nn.functional).multi_margin_loss(x, m.tensor([0])) * 3,
        [[[2.0, 1.0, 1.5]]],
        # x[1] is below x[0] by just the margin: gradient 0; x[2] violates it by 0.5.
        [[[-1, 0, 1]]],
    ),
    "max of all with nan": (lambda m, x: m.max(x), [[1.0, np.nan, np.nan]], [[0, 0.5, 0.5]]),
    "max along a dimension with nan": (lambda m, x: m.max(x, 0)[0], [[1.0, np.nan, np.nan]], [[0, 1, 0]]),
    "aminmax at a tie": (lambda m, x: m.aminmax(x)[0], [[1.0, 1.0, 2.0]], [[0.5, 0.5, 0]]),
    "half-norm at 0": (lambda m, x: m.norm(x, 0.5), [[0.0, 4.0]], [[0, 1]]),
    "0-norm": (lambda m, x: m.norm(x, 0) + x.sum(), [[0.0, 4.0]], [[1, 1]]),
    "norm of p = -1 with a zero": (lambda m, x: m.norm(x, -1), [[0.0, 4.0]], [[0, 0]]),
    "norm of p = -inf at a tie": (lambda m, x: m.norm(x, float("-inf")), [[2.0, -2.0, 3.0]], [[0.5, -0.5, 0]]),
    "distance 0": (lambda m, x, y: m.dist(x, y), [[1.0, 2.0], [1.0, 2.0]], [[0, 0], [0, 0]]),
    "cdist of equal rows": (lambda m, x: m.cdist(x, x.detach(), 1.0), [[[1.0, 2.0], [1.0, 2.0]]], [[[0, 0], [0, 0]]]),
    "cdist of p = inf at a tie": (
        lambda m, x: m.cdist(x, m.zeros_like(x), float("inf")),
        [[[2.0, -2.0]]],
        [[[1, -1]]],
    ),
    "renorm at its bound": (lambda m, x: m.renorm(x, 2, 0, 5.0), [[[3.0, 4.0], [0.0, 0.0]]], [[[1, 1], [1, 1]]]),
    "cumprod with a zero": (lambda m, x: m.cumprod(x, 0), [[2.0, 0.0, 3.0]], [[1, 8, 0]]),
    "cumprod with two zeros": (lambda m, x: m.cumprod(x, 0), [[2.0, 0.0, 3.0, 0.0, 4.0]], [[1, 8, 0, 0, 0]]),
    "cummax at ties": (lambda m, x: m.cummax(x, 0)[0], [[1.0, 3.0, 3.0, 2.0]], [[1, 1, 2, 0]]),
    "cummin at ties": (lambda m, x: m.cummin(x, 0)[0], [[1.0, 1.0, 2.0, 0.0]], [[1, 2, 0, 1]]),
    "cummax with nan": (lambda m, x: m.cummax(x, 0)[0], [[1.0, np.nan, 5.0, np.nan]], [[1, 2, 0, 1]]),
    "median of all at a tie": (lambda m, x: m.median(x), [[1.0, 2.0, 2.0, 3.0]], [[0, 0.5, 0.5, 0]]),
    "median of all with nan": (lambda m, x: m.median(x), [[1.0, np.nan, 2.0, np.nan]], [[0, 0.5, 0, 0.5]]),
    "median along a dimension at a tie": (lambda m, x: m.median(x, 0)[0], [[1.0, 2.0, 2.0, 3.0]], [[0, 1, 0, 0]]),
    "median along a dimension with nan": (lambda m, x: m.median(x, 0)[0], [[1.0, np.nan, 2.0]], [[0, 1, 0]]),
    "nanmedian with nan": (lambda m, x: m.nanmedian(x), [[1.0, np.nan, 2.0]], [[1, 0, 0]]),
    "nanmedian of nothing else": (lambda m, x: m.nanmedian(x), [[np.nan, np.nan]], [[0.5, 0.5]]),
    "mode": (lambda m, x: m.mode(x)[0], [[2.0, 1.0, 2.0, 1.0, 3.0]], [[0, 0, 0, 1, 0]]),
    "kthvalue at a tie": (lambda m, x: m.kthvalue(x, 2)[0], [[2.0, 1.0, 2.0, 1.0]], [[0, 0, 0, 1]]),
    "sort at ties": (
        lambda m, x: m.sort(x, stable=True)[0][1:3],
        [[2.0, 1.0, 2.0, 1.0]],
        [[1, 0, 0, 1]],
    ),
    "sort downwards at ties": (
        lambda m, x: m.sort(x, descending=True, stable=True)[0][1:3],
        [[2.0, 1.0, 2.0, 1.0]],
        [[0, 1, 1, 0]],
    ),
    "sort with nan": (lambda m, x: m.sort(x, descending=True)[0][:2], [[2.0, np.nan, 1.0]], [[1, 1, 0]]),
    "quantile at a tie": (lambda m, x: m.quantile(x, 0.5), [[1.0, 2.0, 2.0, 3.0]], [[0, 0.5, 0.5, 0]]),
    "quantile at a number": (lambda m, x: m.quantile(x, 0.5), [[1.0, 2.0, 3.0]], [[0, 1, 0]]),
    "quantile with nan": (lambda m, x: m.quantile(x, 0.5), [[1.0, np.nan, 3.0]], [[0, 1, 0]]),
    "nanquantile with nan": (lambda m, x: m.nanquantile(x, 0.5), [[1.0, np.nan, 3.0]], [[0.5, 0, 0.5]]),
    "nansum": (lambda m, x: m.nansum(x), [[1.0, np.nan, 3.0]], [[1, 0, 1]]),
    "nanmean": (lambda m, x: m.nanmean(x), [[1.0, np.nan, 3.0]], [[0.5, 0, 0.5]]),
    "logsumexp of equal numbers": (lambda m, x: m.logsumexp(x, 0), [[2.0, 2.0]], [[0.5, 0.5]]),
    "logcumsumexp of equal numbers": (lambda m, x: m.logcumsumexp(x, 0), [[2.0, 2.0]], [[1.5, 0.5]]),
    "var of one number": (lambda m, x: m.var(x, correction=0), [[2.0]], [[0]]),
    "std of one number": (lambda m, x: m.std(x, correction=0), [[2.0]], [[0]]),
    "where with nan in the branch not taken": (
        lambda m, x: m.where(x > 0, x, m.zeros_like(x)),
        [[1.0, -1.0]],
        [[1, 0]],
    ),
    "repeated index": (lambda m, x: x[[0, 0, 1]], [[1.0, 2.0, 3.0]], [[2, 1, 0]]),
    "softsign at 0": (
        lambda m, x: (autograd if m is autograd else m.nn.functional).softsign(x),
        [[0.0]],
        [[1]],
    ),
    "hardsigmoid at its bounds": (lambda m, x: functional(m).hardsigmoid(x) * 6, [[-3.0, 3.0]], [[0, 0]]),
    "hardswish at its bounds": (lambda m, x: functional(m).hardswish(x), [[-3.0, 3.0]], [[0, 1]]),
    "hardshrink at its bounds": (lambda m, x: functional(m).hardshrink(x), [[-0.5, 0.5, 0.0, 1.0]], [[0, 0, 0, 1]]),
    "softshrink at its bounds": (lambda m, x: functional(m).softshrink(x), [[-0.5, 0.5, 0.0, 1.0]], [[0, 0, 0, 1]]),
    "threshold at its bound": (lambda m, x: functional(m).threshold(x, 1.0, 3.0), [[1.0, 2.0]], [[0, 1]]),
    "celu at 0": (lambda m, x: functional(m).celu(x, 0.5), [[0.0]], [[1]]),
    "prelu at 0": (lambda m, x, w: functional(m).prelu(x, w), [[0.0, 2.0], [0.25]], [[0.25, 1], [0]]),
    "huber_loss at 0 and at delta": (
        lambda m, x: functional(m).huber_loss(x, m.zeros_like(x), reduction="sum"),
        [[0.0, 1.0, -1.0]],
        [[0, 1, -1]],
    ),
    "smooth_l1_loss at 0 and at beta": (
        lambda m, x: functional(m).smooth_l1_loss(x, m.zeros_like(x), reduction="sum", beta=2.0),
        [[0.0, 2.0, -2.0]],
        [[0, 1, -1]],
    ),
    "margin_ranking_loss at its margin": (
        lambda m, x, y: functional(m).margin_ranking_loss(x, y, m.ones_like(x), margin=1.0),
        [[1.0], [0.0]],
        [[-1], [1]],
    ),
    "hinge_embedding_loss at its margin": (
        lambda m, x: functional(m).hinge_embedding_loss(x, -m.ones_like(x), margin=2.0),
        [[2.0]],
        [[-1]],
    ),
    "multilabel_margin_loss at its margin": (
        lambda m, x: functional(m).multilabel_margin_loss(x, m.tensor([[0, -1]])) * 2,
        [[[2.0, 1.0]]],
        [[[0, 0]]],
    ),
    "pairwise_distance of equal points": (
        lambda m, x, y: functional(m).pairwise_distance(x, y, eps=0.0),
        [[[1.0, 2.0]], [[1.0, 2.0]]],
        [[[0, 0]], [[0, 0]]],
    ),
    "triplet_margin_loss at a tie": (
        lambda m, x: functional(m).triplet_margin_loss(x, m.zeros_like(x), m.full_like(x, 3.0), margin=1.0, eps=0.0),
        [[[1.0]]],
        [[[2]]],
    ),
    "l1_loss at 0": (
        lambda m, x: (autograd if m is autograd else m.nn.functional).l1_loss(x, m.zeros_like(x), reduction="sum"),
        [[0.0, 2.0]],
        [[0, 1]],
    ),
}


@pytest.mark.parametrize("choice", CHOICES)
def test_by_value(choice: str) -> None:
    function, inputs, expected = CHOICES[choice]
    found = gradients(autograd, function, *inputs)
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(np.asarray(a), np.asarray(b, dtype=float), rtol=1e-14)


@pytest.mark.parametrize("choice", CHOICES)
def test_as_torch(torch: Any, choice: str) -> None:
    function, inputs, expected = CHOICES[choice]
    theirs = gradients(torch, function, *inputs)
    for a, b in zip(theirs, expected, strict=True):
        np.testing.assert_allclose(np.asarray(a), np.asarray(b, dtype=float), rtol=1e-14)


@pytest.mark.parametrize(
    ("function", "inputs", "expected"),
    [
        (lambda a: a.relu(), (0.0,), (0.0,)),
        (lambda a: a.abs(), (0.0,), (0.0,)),
        (lambda a, b: a.maximum(b), (1.0, 1.0), (0.5, 0.5)),
        (lambda a, b: a.minimum(b), (1.0, 1.0), (0.5, 0.5)),
        (lambda a: a.maximum(a), (1.0,), (1.0,)),
        (lambda a: a**0, (0.0,), (0.0,)),
        (lambda a, b: a**b, (0.0, 2.0), (0.0, 0.0)),
        (lambda a: a.leaky_relu(0.25), (0.0,), (0.25,)),
    ],
)
def test_values_choose_alike(function: Any, inputs: tuple[float, ...], expected: tuple[float, ...]) -> None:
    values = [Value(x) for x in inputs]
    function(*values).backward()
    assert tuple(v.grad for v in values) == expected


@pytest.mark.parametrize("choice", [c for c in CHOICES if c != "hinge at its margin"])
def test_second_derivatives_are_finite(choice: str) -> None:
    """No 0 / 0 and no 0 * inf behind a branch that was not taken, at second order either."""
    function, inputs, _ = CHOICES[choice]
    leaves = [autograd.tensor(np.asarray(x, dtype=np.float64), requires_grad=True) for x in inputs]
    first = autograd.grad(function(autograd, *leaves).sum(), leaves, create_graph=True, allow_unused=True)
    total = sum((g * g + g).sum() for g in first if g is not None)
    if total.requires_grad:
        second = autograd.grad(total, leaves, allow_unused=True)
        assert all(np.isfinite(g.numpy()).all() for g in second if g is not None)


@pytest.mark.parametrize("name", ["amax", "amin"])
def test_extremes_beside_nan_give_it_the_gradient(torch: Any, name: str) -> None:
    """PyTorch's gradient is nan everywhere."""
    inputs = [[1.0, float("nan"), 3.0]]
    assert gradients(autograd, lambda m, x: getattr(m, name)(x), *inputs) == [[0.0, 1.0, 0.0]]
    assert np.isnan(gradients(torch, lambda m, x: getattr(m, name)(x, 0), *inputs)).all()


def test_aminmax_beside_nan_gives_it_both_gradients() -> None:
    found = gradients(autograd, lambda m, x: m.aminmax(x)[0] + m.aminmax(x)[1], [1.0, float("nan"), 3.0])
    assert found == [[0.0, 2.0, 0.0]]


def test_selections_take_the_first_of_equal_numbers() -> None:
    """PyTorch leaves open which."""
    x = autograd.tensor([2.0, 1.0, 2.0, 2.0, 1.0])
    assert autograd.topk(x, 2).indices.tolist() == [0, 2]
    assert autograd.topk(x, 2, largest=False).indices.tolist() == [1, 4]
    assert [autograd.kthvalue(x, k).indices.item() for k in range(1, 6)] == [1, 4, 0, 2, 3]
    assert gradients(autograd, lambda m, x: m.topk(x, 2).values, x.numpy()) == [[1.0, 0.0, 1.0, 0.0, 0.0]]
    assert gradients(autograd, lambda m, x: m.kthvalue(x, 3).values, x.numpy()) == [[1.0, 0.0, 0.0, 0.0, 0.0]]


@pytest.mark.parametrize("function", [lambda u: u + -1, lambda u: u == -1, lambda u: autograd.maximum(u, -1)])
def test_negative_numbers_beside_unsigned_ones_are_refused(function: Callable[..., Any]) -> None:
    with pytest.raises(autograd.errors.ArgumentError, match="-1 does not fit uint8"):
        function(autograd.tensor([1, 2], dtype=autograd.uint8))


def test_nested_lists_are_one_index_array() -> None:
    x = np.arange(12.0).reshape(3, 4)
    index = [[0, 1], [1, 2]]
    out = autograd.tensor(x)[index]
    assert out.shape == (2, 2, 4)
    np.testing.assert_array_equal(out.numpy(), x[index])


def test_each_place_that_is_written_twice_counts_once() -> None:
    """The last value stays, and it alone has a gradient (PyTorch gives one to each)."""
    x, v = autograd.zeros(4, requires_grad=True), autograd.tensor([1.0, 2.0, 3.0], requires_grad=True)
    y = x.clone()
    y[autograd.tensor([0, 0, 1])] = v
    assert y.tolist() == [2.0, 3.0, 0.0, 0.0]
    assert [g.tolist() for g in autograd.grad(y.sum(), (x, v))] == [[0.0, 0.0, 1.0, 1.0], [0.0, 1.0, 1.0]]
