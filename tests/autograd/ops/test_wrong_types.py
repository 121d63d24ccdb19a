"""Arguments of a wrong type: our errors, on one line, that name the operation the user called and what was given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd
import nn.functional as F
from autograd.errors import ArgumentError, ChainruleError, DtypeError, ShapeError, shown

t = autograd.tensor([1.0, 0.0, -2.0])
square = autograd.ones(2, 2)
heads = autograd.ones(1, 2, 2)
whole = autograd.tensor([1, 2])

# The operation that the message names, and the call.
CALLS: list[tuple[str, Callable[[], Any]]] = [
    ("leaky_relu", lambda: F.leaky_relu(t, "a")),
    ("leaky_relu", lambda: F.leaky_relu(t, (1, 2))),
    ("elu", lambda: F.elu(t, None)),
    ("celu", lambda: F.celu(t, None)),
    ("hardtanh", lambda: F.hardtanh(t, None, 1)),
    ("softplus", lambda: F.softplus(t, 1, "a")),
    ("hardshrink", lambda: F.hardshrink(t, None)),
    ("softshrink", lambda: F.softshrink(t, "a")),
    ("threshold", lambda: F.threshold(t, 1.0, "a")),
    ("logit", lambda: autograd.logit(t, "a")),
    ("norm", lambda: autograd.norm(t, [1, 2])),
    ("norm", lambda: autograd.norm(t, t)),
    ("norm", lambda: autograd.norm(t, 2, 0, [1])),
    ("normalize", lambda: F.normalize(square, "a")),
    ("normalize", lambda: F.normalize(square, eps=None)),
    ("pairwise_distance", lambda: F.pairwise_distance(t, t, None)),
    ("pairwise_distance", lambda: F.pairwise_distance(t, t, 2, None)),
    ("renorm", lambda: autograd.renorm(square, None, 0, 1.0)),
    ("renorm", lambda: autograd.renorm(square, 2, 0, "a")),
    ("cdist", lambda: autograd.cdist(square, square, None)),
    ("pdist", lambda: autograd.pdist(square, "a")),
    ("dist", lambda: autograd.dist(t, t, "a")),
    ("isclose", lambda: autograd.isclose(t, t, None)),
    ("allclose", lambda: autograd.allclose(t, t, 1e-3, "a")),
    ("select_scatter", lambda: autograd.select_scatter(square, autograd.ones(2), 0, None)),
    ("split_with_sizes", lambda: autograd.split_with_sizes(t, 3)),
    ("broadcast_to", lambda: autograd.broadcast_to(t, None)),
    ("expand_copy", lambda: autograd.expand_copy(t, 3)),
    ("layer_norm", lambda: F.layer_norm(t, None)),
    ("layer_norm", lambda: F.layer_norm(t, (3,), eps=None)),
    ("rms_norm", lambda: F.rms_norm(t, "a")),
    ("rms_norm", lambda: F.rms_norm(None, (3,))),
    ("group_norm", lambda: F.group_norm(heads, 1, eps=None)),
    ("affine_grid", lambda: F.affine_grid(autograd.ones(1, 2, 3), 3)),
    ("quantile", lambda: autograd.quantile(t, "a")),
    ("std", lambda: autograd.std(t, correction="a")),
    ("var", lambda: autograd.var(t, correction=[1])),
    ("var", lambda: autograd.masked.var(t, "a")),
    ("scaled_dot_product_attention", lambda: F.scaled_dot_product_attention(heads, heads, heads, scale="a")),
    ("scaled_dot_product_attention", lambda: F.scaled_dot_product_attention(heads, heads, heads, dropout_p="a")),
    ("rrelu", lambda: F.rrelu(t, None)),
    ("triplet_margin_loss", lambda: F.triplet_margin_loss(square, square, square, None)),
    ("smooth_l1_loss", lambda: F.smooth_l1_loss(t, t, beta=None)),
    ("huber_loss", lambda: F.huber_loss(t, t, delta="a")),
    ("gaussian_nll_loss", lambda: F.gaussian_nll_loss(t, t, autograd.ones(3), eps=None)),
    ("tensorinv", lambda: autograd.linalg.tensorinv(autograd.eye(4), None)),
    ("multi_dot", lambda: autograd.linalg.multi_dot(3)),
    ("one_hot", lambda: F.one_hot(whole, "a")),
    ("rot90", lambda: autograd.rot90(square, 1, 3)),
    ("pinv", lambda: autograd.linalg.pinv(square, rcond="a")),
    ("unravel_index", lambda: autograd.unravel_index(whole, None)),
    ("linear", lambda: F.linear(t, None)),
    ("tril", lambda: autograd.tril(None)),
    ("triu", lambda: autograd.triu(square, (1, 2))),
    ("result_type", lambda: autograd.result_type()),
    ("sum", lambda: autograd.sum(t, 0, None)),
    ("mean", lambda: autograd.mean(t, 0, [1])),
    ("amax", lambda: autograd.amax(t, 0, None)),
    ("all", lambda: autograd.all(t, 0, None)),
    ("bitwise_not", lambda: autograd.bitwise_not(t)),
    ("bitwise_not", lambda: ~t),
    # The operation that the user called, not one that it is made of.
    ("cholesky", lambda: autograd.linalg.cholesky(autograd.eye(2), upper=t)),
    ("cholesky", lambda: autograd.cholesky(autograd.eye(2), t)),
    ("addmm", lambda: autograd.addmm(autograd.tensor(1.0), autograd.tensor(1.0), autograd.tensor(1.0))),
    ("hamming_window", lambda: autograd.hamming_window(-1)),
    ("bartlett_window", lambda: autograd.bartlett_window("a")),
    # A Tensor where a number belongs.
    ("transpose", lambda: autograd.transpose(square, autograd.ones(40, 40), 0)),
    ("as_strided", lambda: autograd.as_strided(t, autograd.ones(40, 40), (1,))),
    ("as_strided", lambda: autograd.as_strided(t, (1,), autograd.ones(40, 40))),
    ("dropout3d", lambda: F.dropout3d(autograd.ones(2, 2, 2, 2), p=autograd.ones(40, 40))),
    ("set_num_threads", lambda: autograd.set_num_threads(autograd.ones(40, 40))),
    ("pow", lambda: whole**-1),
    ("pow", lambda: whole ** autograd.tensor([-1, 1])),
]


@pytest.mark.parametrize("k", range(len(CALLS)), ids=lambda k: f"{CALLS[k][0]}-{k}")
def test_refused_in_one_line_that_names_the_operation(k: int) -> None:
    name, call = CALLS[k]
    with pytest.raises(ChainruleError) as caught:
        call()
    message = str(caught.value)
    assert message.startswith(f"{name}: ")
    assert "\n" not in message and "tensor([" not in message


def test_wrong_arguments_are_shown_on_one_line() -> None:
    assert shown(autograd.ones(2, 3)) == "a Tensor of float32 (2, 3)"
    assert shown((np.ones(2), 3)) == "(a ndarray of float64 (2,), 3)"
    assert shown("a") == "'a'" and shown(None) == "None" and shown([1, 2]) == "[1, 2]"


def test_tensors_of_one_number_are_numbers() -> None:
    assert F.leaky_relu(t, autograd.tensor(0.5)).tolist() == [1.0, 0.0, -1.0]
    assert F.softshrink(t, np.float32(0.5)).tolist() == [0.5, 0.0, -1.5]


def test_a_target_without_a_sign_is_never_minus_one(torch: Any) -> None:
    target = np.array([1, 1, 0], np.uint8)
    ours = F.hinge_embedding_loss(t, autograd.tensor(target), reduction="none")
    theirs = torch.nn.functional.hinge_embedding_loss(
        torch.tensor(t.numpy()), torch.from_numpy(target), reduction="none"
    )
    assert ours.tolist() == theirs.tolist()


def test_errors_keep_their_kinds() -> None:
    with pytest.raises(ArgumentError):
        F.elu(t, None)
    with pytest.raises(DtypeError):
        autograd.sum(t, 0, None)
    with pytest.raises(ShapeError):
        autograd.addmm(autograd.tensor(1.0), autograd.ones(2), autograd.ones(2))
