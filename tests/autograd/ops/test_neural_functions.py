"""The functions of `torch.nn.functional`: what PyTorch's database does not try, against PyTorch, and what is random."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd
from autograd.errors import ArgumentError, ChainruleError, DtypeError, ShapeError
from nn import functional as F

torch = pytest.importorskip("torch", reason="PyTorch is not installed (the extra `peer`)")

from .cases import C, Call, R, call  # noqa: E402
from .test_against_torch import run  # noqa: E402

UNSEEN = -math.inf
PROJECTIONS = (R((12, 4)), R((12,)))
OUTPUT = (R((4, 4)), R((4,)))
TOKENS = (R((3, 2, 4)), R((5, 2, 4)), R((5, 2, 4)))


def heads(*tokens: Any, **kwargs: Any) -> Call:
    """Two heads, without dropout."""
    first = kwargs.pop("first", (*PROJECTIONS, None, None, False))
    return call(*(tokens or TOKENS), 4, 2, *first, 0.0, *OUTPUT, **kwargs)


HIDE = [[False, False, True, False, True], [True, False, False, False, False]]
BIASES = (R((1, 1, 4)), R((1, 1, 4)))
CASES: list[tuple[str, Call]] = [
    ("multi_head_attention_forward", heads()),
    ("multi_head_attention_forward", heads(average_attn_weights=False)),
    ("multi_head_attention_forward", heads(R((3, 4)), R((5, 4)), R((5, 4)))),
    ("multi_head_attention_forward", heads(R((3, 4)), R((5, 4)), R((5, 4)), key_padding_mask=C(HIDE[0]))),
    ("multi_head_attention_forward", heads(key_padding_mask=C(HIDE))),
    ("multi_head_attention_forward", heads(attn_mask=C([HIDE[0], HIDE[1], HIDE[0]]))),
    ("multi_head_attention_forward", heads(attn_mask=R((3, 5)), key_padding_mask=R((2, 5)))),
    ("multi_head_attention_forward", heads(attn_mask=R((4, 3, 5)), is_causal=True)),
    ("multi_head_attention_forward", heads(first=(*PROJECTIONS, *BIASES, False))),
    ("multi_head_attention_forward", heads(first=(*PROJECTIONS, *BIASES, True), key_padding_mask=C(HIDE))),
    ("multi_head_attention_forward", heads(first=(*PROJECTIONS, None, None, True), attn_mask=R((3, 5)))),
    ("multi_head_attention_forward", heads(first=(PROJECTIONS[0], None, None, None, False))),
    ("multi_head_attention_forward", heads(static_k=R((4, 6, 2)), static_v=R((4, 6, 2)))),
    (
        "multi_head_attention_forward",
        heads(
            R((3, 2, 4)),
            R((5, 2, 3)),
            R((5, 2, 6)),
            first=(None, PROJECTIONS[1], None, None, False),
            use_separate_proj_weight=True,
            q_proj_weight=R((4, 4)),
            k_proj_weight=R((4, 3)),
            v_proj_weight=R((4, 6)),
        ),
    ),
    *(
        (name, call(R((2, 3)), R((2, 3)), reduction=r, weight=R((2, 3), 0.5, 2.0)))
        for name in ("mse_loss", "l1_loss", "huber_loss")
        for r in ("mean", "sum", "none")
    ),
    ("smooth_l1_loss", call(R((2, 3)), R((2, 3)), beta=0.0)),
    ("rrelu", call(R((2, 3)), 0.1, 0.4)),
    ("dropout1d", call(R((2, 3, 4)), training=False)),
    ("softmin", call(R((2, 3)), 1, dtype="float64")),
    ("ctc_loss", call(C(np.log(np.full((4, 2, 3), 1 / 3))), C([1, 2, 2]), C([4, 3]), C([2, 1]))),
    ("ctc_loss", call(C(np.log(np.full((4, 3), 1 / 3))), C([1, 1]), C(4), C(2), blank=2, reduction="none")),
    ("scaled_dot_product_attention", call(*TOKENS[:1], R((3, 5, 4)), R((3, 5, 2)), C([HIDE[0], HIDE[1]]))),
    (
        "scaled_dot_product_attention",
        call(R((2, 3)), R((2, 3)), R((2, 3)), C([[0.0, UNSEEN], [0.0, 1.0]]), scale=0.7),
    ),
    (
        "cross_entropy",
        call(R((2, 3, 2)), C([[0, -1], [2, 2]]), C([0.5, 2.0, 1.0]), ignore_index=-1, label_smoothing=0.2),
    ),
    ("cross_entropy", call(R((3,)), C(1), label_smoothing=0.3)),
    ("nll_loss", call(R((3,)), C(1), reduction="none")),
    ("kl_div", call(R((2, 3)), R((3,), 0.1, 1.0), reduction="batchmean")),
    ("group_norm", call(R((2, 6)), 2, R((6,)), R((6,)))),
    ("rms_norm", call(R((2, 4)), (4,))),
    ("batch_norm", call(R((0, 3)), C([0.0] * 3), C([1.0] * 3), R((3,)), R((3,)), True)),
]


def check(ours: Any, theirs: Any, dtype: str, what: str) -> None:
    """Within roundings of the largest number."""
    assert str(ours.dtype) == str(theirs.dtype).removeprefix("torch."), f"dtype of {what}"
    a, b = ours.detach().numpy(), theirs.detach().numpy()
    assert a.shape == b.shape, f"shape of {what}"
    rtol = 3e-5 if dtype == "float32" else 1e-12
    np.testing.assert_allclose(a, b, rtol=rtol, atol=rtol * float(np.max(np.abs(b), initial=1)), err_msg=what)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("k", range(len(CASES)), ids=lambda k: f"{CASES[k][0]}-{k}")
@pytest.mark.filterwarnings("ignore")
def test_same_as_torch(k: int, dtype: str) -> None:
    name, case = CASES[k]
    theirs, _, their_gradients = run(getattr(torch.nn.functional, name), torch, case, dtype)
    ours, _, our_gradients = run(getattr(F, name), autograd, case, dtype)
    for position, (a, b) in enumerate(zip(ours, theirs, strict=True)):
        check(a, b, dtype, f"output {position}")
    for position, (a, b) in enumerate(zip(our_gradients, their_gradients, strict=True)):
        if a is None or b is None:
            assert (a is None or not a.numpy().any()) and (b is None or not b.numpy().any())
        else:
            check(a, b, dtype, f"gradient {position}")


def test_heads_without_weights_give_the_same() -> None:
    case = heads(attn_mask=C([HIDE[0], HIDE[1], HIDE[0]]))
    (with_weights, weights), _, _ = run(F.multi_head_attention_forward, autograd, case, "float64")

    def alone(*arguments: Any, **keywords: Any) -> Any:
        out, nothing = F.multi_head_attention_forward(*arguments, need_weights=False, **keywords)
        assert nothing is None
        return out

    (without,), _, _ = run(alone, autograd, case, "float64")
    np.testing.assert_array_equal(without.detach().numpy(), with_weights.detach().numpy())
    assert weights.shape == (2, 3, 5)


def test_a_query_that_sees_nothing_gets_zero_and_no_nan() -> None:
    q, k, v = (autograd.rand(2, 3, dtype=autograd.float64).requires_grad_() for _ in range(3))
    for mask in ([[True, False], [False, False]], [[0.0, UNSEEN], [UNSEEN, UNSEEN]]):
        mask = autograd.tensor(mask, dtype=autograd.bool if mask[0][0] is True else autograd.float64)
        out = F.scaled_dot_product_attention(q, k, v, mask)
        assert (out[1] == 0).all()
        for gradient in autograd.grad(out.sum(), [q, k, v]):
            assert np.isfinite(gradient.numpy()).all()


def test_attention_in_float16_does_not_overflow_on_the_way() -> None:
    q = autograd.full((2, 64), 60.0, dtype=autograd.float16)
    out = F.scaled_dot_product_attention(q, q, q, scale=1.0)  # scores of 230400, above float16's largest number
    assert out.dtype == autograd.float16 and (out == 60).all()


def test_maxout_of_pieces_is_the_largest_and_ties_share() -> None:
    x = autograd.tensor([[1.0, 5.0, 3.0, 2.0], [0.0, 1.0, 0.0, 1.0]], requires_grad=True)
    out = F.maxout(x, 2)
    assert out.tolist() == [[3, 5], [0, 1]] and F.maxout(x, 2, 0).tolist() == [[1, 5, 3, 2]]
    (gradient,) = autograd.grad(out.sum(), [x])
    assert gradient.tolist() == [[0, 1, 1, 0], [0.5, 0.5, 0.5, 0.5]]


# --- what is random


@pytest.mark.parametrize("p", [0.2, 0.5])
def test_dropout_of_channels_takes_them_as_a_whole(p: float) -> None:
    for function, shape, channels in (
        (F.dropout1d, (100, 50, 3), 2),
        (F.dropout1d, (2000, 3), 1),
        (F.dropout2d, (100, 50, 2, 2), 2),
        (F.dropout3d, (100, 50, 2, 1, 2), 2),
        (F.dropout3d, (5000, 2, 1, 2), 1),
    ):
        autograd.manual_seed(0)
        out = function(autograd.ones(shape), p).numpy().reshape(*shape[:channels], -1)
        assert (out == out[..., :1]).all()
        kept = out[..., 0] != 0
        assert kept.mean() == pytest.approx(1 - p, abs=0.03)
        np.testing.assert_allclose(out[kept], 1 / (1 - p), rtol=1e-6)


@pytest.mark.parametrize("function", [F.alpha_dropout, F.feature_alpha_dropout])
def test_alpha_dropout_keeps_mean_and_variance(function: Callable[..., Any]) -> None:
    autograd.manual_seed(0)
    x = autograd.randn(400, 300, 1, dtype=autograd.float64)
    out = function(x, 0.3, True).numpy()
    assert out.mean() == pytest.approx(0, abs=0.02) and out.var() == pytest.approx(1, abs=0.03)
    assert (function(x, 1.0, True) == 0).all() and function(x, 0.3) is x


def test_alpha_dropout_gives_the_numbers_of_torch() -> None:
    autograd.manual_seed(0)
    ours = set(np.round(F.alpha_dropout(autograd.ones(100, dtype=autograd.float64), 0.3, True).numpy(), 12))
    theirs = torch.nn.functional.alpha_dropout(torch.ones(100, dtype=torch.float64), 0.3, True)
    assert ours == set(np.round(theirs.numpy(), 12)) and len(ours) == 2


def test_rrelu_draws_slopes_between_its_bounds() -> None:
    autograd.manual_seed(0)
    x = autograd.full((1000,), -1.0, requires_grad=True)
    out = F.rrelu(x, 0.2, 0.4, training=True)
    (gradient,) = autograd.grad(out.sum(), [x])
    slopes = -out.detach().numpy()
    assert slopes.min() >= 0.2 and slopes.max() <= 0.4 and slopes.std() == pytest.approx(0.2 / 12**0.5, rel=0.1)
    np.testing.assert_array_equal(gradient.numpy(), slopes)
    assert (F.rrelu(autograd.ones(3), training=True) == 1).all()


def test_gumbel_softmax_draws_classes_with_their_probabilities() -> None:
    autograd.manual_seed(0)
    p = np.array([0.1, 0.6, 0.3])
    logits = autograd.tensor(np.broadcast_to(np.log(p), (20000, 3)).copy(), requires_grad=True)
    hard = F.gumbel_softmax(logits, hard=True)
    np.testing.assert_allclose(hard.detach().numpy().mean(0), p, atol=0.02)
    assert np.allclose(np.sort(hard.detach().numpy(), axis=1), [0, 0, 1])
    (gradient,) = autograd.grad((hard * autograd.tensor([1.0, 2.0, 3.0], dtype=autograd.float64)).sum(), [logits])
    assert np.isfinite(gradient.numpy()).all() and gradient.numpy().any()


def test_one_seed_one_result() -> None:
    x = autograd.ones(4, 5, 6)
    for function in (F.dropout1d, F.dropout2d, F.dropout3d, F.alpha_dropout, F.feature_alpha_dropout, F.gumbel_softmax):
        drawn = []
        for _ in range(2):
            autograd.manual_seed(3)
            drawn.append(function(x, 0.5, True).numpy())
        np.testing.assert_array_equal(*drawn)


# --- what is refused

SCORES, CLASSES = np.zeros((2, 3)), np.array([0, 2])
REFUSED: list[tuple[type[ChainruleError], str, Callable[[], Any]]] = [
    (ShapeError, "log_probs", lambda: F.ctc_loss(np.zeros(3), CLASSES, [1], [1])),
    (DtypeError, "targets", lambda: F.ctc_loss(np.zeros((3, 1, 3)), np.zeros((1, 1)), [3], [1])),
    (ArgumentError, "blank", lambda: F.ctc_loss(np.zeros((3, 1, 3)), np.ones((1, 1), int), [3], [1], blank=3)),
    (ShapeError, "target_lengths", lambda: F.ctc_loss(np.zeros((3, 1, 3)), np.array([1, 1]), [3], [1])),
    (ShapeError, "weight", lambda: F.mse_loss(SCORES, SCORES, weight=np.ones(3))),
    (ShapeError, "weight", lambda: F.cross_entropy(SCORES, CLASSES, np.ones(2))),
    (ShapeError, "weight", lambda: F.binary_cross_entropy(SCORES, SCORES, np.ones((4, 2, 3)))),
    (ArgumentError, "reduction", lambda: F.nll_loss(SCORES, CLASSES, reduction="batchmean")),
    (ShapeError, "one number", lambda: F.group_norm(np.zeros((1, 4)), 4)),
    (ArgumentError, "num_groups", lambda: F.group_norm(np.zeros((1, 4)), 3)),
    (ShapeError, "normalized_shape", lambda: F.layer_norm(np.zeros((2, 3)), (2,))),
    (ArgumentError, "dropout_p", lambda: F.scaled_dot_product_attention(SCORES, SCORES, SCORES, dropout_p=1.5)),
    (DtypeError, "attn_mask", lambda: F.scaled_dot_product_attention(SCORES, SCORES, SCORES, np.ones((2, 2), int))),
    (DtypeError, "rrelu", lambda: F.rrelu(np.array([1, 2]))),
    (ArgumentError, "p is 2", lambda: F.dropout2d(np.ones((1, 2)), 2)),
    (ArgumentError, "alpha is 0", lambda: F.celu(SCORES, 0.0)),
    (ArgumentError, "beta", lambda: F.smooth_l1_loss(SCORES, SCORES, beta=-1.0)),
]


@pytest.mark.parametrize("k", range(len(REFUSED)))
def test_refused(k: int) -> None:
    error, text, wrong = REFUSED[k]
    with pytest.raises(error, match=text):
        wrong()


@pytest.mark.parametrize("rows", [1, 2, 32, 33])
@pytest.mark.parametrize("biased", [True, False])
def test_linear_of_few_and_of_many_rows(rows: int, biased: bool) -> None:
    """From 2 to 32 rows the product with a large weight is turned around."""
    rng = np.random.default_rng(0)
    x, weight, bias = (rng.standard_normal(shape) for shape in ((3, rows, 130), (260, 130), (260,)))
    for given in (x[0], x[1:2], np.asfortranarray(x[2])):
        out = F.linear(autograd.tensor(given), autograd.tensor(weight), autograd.tensor(bias) if biased else None)
        assert out.is_contiguous()
        np.testing.assert_allclose(out.numpy(), given @ weight.T + (bias if biased else 0), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("dtype", ["int64", "int32", "uint8"])
@pytest.mark.parametrize("wrong", [-1, 3, 200])
def test_cross_entropy_refuses_classes_out_of_range(dtype: str, wrong: int) -> None:
    if wrong < 0 and dtype == "uint8":
        return
    target = np.array([0, wrong, 2], dtype)
    with pytest.raises(ArgumentError, match=f"class {wrong} is out of range"):
        F.cross_entropy(autograd.ones(3, 3), autograd.tensor(target))
    everyother = autograd.tensor(np.array([0, 9, 2, 9, 1, 9]))[::2]
    assert F.cross_entropy(autograd.zeros(3, 3), everyother).item() == pytest.approx(math.log(3))


@pytest.mark.filterwarnings("error")
def test_cross_entropy_of_no_rows() -> None:
    no_rows, no_classes = autograd.zeros(0, 3), autograd.zeros(0).long()
    assert math.isnan(F.cross_entropy(no_rows, no_classes).item())
    assert F.cross_entropy(no_rows, no_classes, reduction="sum").item() == 0
