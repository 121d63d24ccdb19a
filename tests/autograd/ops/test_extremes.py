"""No overflow and no nan at extreme inputs, forward and backward, against closed forms and PyTorch."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd

HUGE, TINY = 1e300, 1e-300


def run(function: Callable[..., Any], *inputs: Any, dtype: str = "float64") -> tuple[Any, list[Any]]:
    """What comes out, and the gradients of its sum."""
    leaves = [autograd.tensor(np.asarray(x, dtype=dtype), requires_grad=True) for x in inputs]
    out = function(*leaves)
    found = autograd.grad(out.sum(), leaves)
    return out.detach().numpy(), [g.numpy() for g in found]


def logistic(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


def softplus(x: float) -> float:
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))


POINTS = [0.0, -0.0, TINY, -TINY, 1e-20, 30.0, -30.0, 40.0, -40.0, 700.0, -700.0, 800.0, -800.0, HUGE, -HUGE]

# Name: (function, value, derivative), each derivative written so that it does not cancel.
CURVES: dict[str, tuple[Callable[..., Any], Callable[[float], float], Callable[[float], float]]] = {
    "sigmoid": (autograd.sigmoid, logistic, lambda x: logistic(x) * logistic(-x)),
    "logsigmoid": (autograd.logsigmoid, lambda x: -softplus(-x), lambda x: logistic(-x)),
    "softplus": (lambda x: autograd.softplus(x, threshold=math.inf), softplus, logistic),
    "tanh": (autograd.tanh, math.tanh, lambda x: 4 * logistic(2 * x) * logistic(-2 * x) if abs(x) < 1e300 else 0.0),
    "silu": (autograd.silu, lambda x: x * logistic(x), lambda x: logistic(x) * (1 + x * logistic(-x))),
    "elu": (autograd.elu, lambda x: x if x > 0 else math.expm1(x), lambda x: 1.0 if x > 0 else math.exp(x)),
    "softsign": (autograd.softsign, lambda x: x / (1 + abs(x)), lambda x: (1 / (1 + abs(x))) ** 2),
    "atan": (autograd.atan, math.atan, lambda x: 1 / (1 + x * x)),
    "erf": (autograd.erf, math.erf, lambda x: 2 / math.sqrt(math.pi) * math.exp(-min(x * x, 1e4))),
    "relu": (autograd.relu, lambda x: max(x, 0.0), lambda x: float(x > 0)),
    "BCE of target 0": (
        lambda x: autograd.binary_cross_entropy_with_logits(x, autograd.zeros_like(x), reduction="none"),
        softplus,
        logistic,
    ),
    "BCE of target 1": (
        lambda x: autograd.binary_cross_entropy_with_logits(x, autograd.ones_like(x), reduction="none"),
        lambda x: softplus(-x),
        lambda x: -logistic(-x),
    ),
    "soft_margin_loss": (
        lambda x: autograd.soft_margin_loss(x, autograd.ones_like(x), reduction="none"),
        lambda x: softplus(-x),
        lambda x: -logistic(-x),
    ),
    "mish": (
        autograd.mish,
        lambda x: x * math.tanh(softplus(x)),
        lambda x: math.tanh(softplus(x)) + x * logistic(x) * (1 - math.tanh(softplus(x)) ** 2),
    ),
    "BCE of target 1, weighted": (
        lambda x: autograd.binary_cross_entropy_with_logits(
            x, autograd.ones_like(x), reduction="none", pos_weight=autograd.tensor([3.0], dtype=x.dtype)
        ),
        lambda x: 3 * softplus(-x),
        lambda x: -3 * logistic(-x),
    ),
}


@pytest.mark.parametrize("name", CURVES)
def test_curves_have_the_right_number_and_slope_everywhere(name: str) -> None:
    function, value, slope = CURVES[name]
    out, (gradient,) = run(function, POINTS)
    # Of one rounding at 1: sigmoid(40) is 1 - 4e-18, which no float64 holds.
    np.testing.assert_allclose(out, [value(x) for x in POINTS], rtol=1e-14, atol=1e-14, err_msg=name)
    np.testing.assert_allclose(gradient, [slope(x) for x in POINTS], rtol=1e-13, atol=1e-14, err_msg=name)


@pytest.mark.parametrize("name", CURVES)
def test_curves_in_float32(name: str) -> None:
    function, value, slope = CURVES[name]
    points = np.array([0, 1e-30, 20, -20, 88, -88, 104, -104, 1e38, -1e38], dtype=np.float32)
    out, (gradient,) = run(function, points, dtype="float32")
    assert out.dtype == gradient.dtype == np.float32
    np.testing.assert_allclose(out, [value(float(x)) for x in points], rtol=3e-6, atol=3e-7)
    np.testing.assert_allclose(gradient, [slope(float(x)) for x in points], rtol=3e-6, atol=3e-7)


ROWS = [
    [0.0, 0.0, 0.0],
    [1e4, 1e4 + 1, 1e4 - 1],
    [-1e4, -1e4 - 800, -1e4 + 1],
    [HUGE, -HUGE, 0.0],
    [-HUGE, -HUGE, -HUGE],
    [700.0, -700.0, 0.0],
]


def exact_softmax(row: list[float]) -> np.ndarray:
    e = np.array([math.exp(max(x - max(row), -1e5)) for x in row])
    return e / e.sum()


@pytest.mark.parametrize("row", ROWS)
def test_softmax_family(row: list[float]) -> None:
    p = exact_softmax(row)
    weights = autograd.tensor([1.0, -2.0, 0.5], dtype=autograd.float64)
    w = weights.numpy()
    out, (gradient,) = run(lambda x: autograd.softmax(x, 0) * weights, row)
    np.testing.assert_allclose(out, p * w, rtol=1e-12, atol=1e-300)
    np.testing.assert_allclose(gradient, p * (w - (p * w).sum()), rtol=1e-12, atol=1e-15)
    total = max(row) + math.log(sum(math.exp(max(x - max(row), -1e5)) for x in row))
    out, (gradient,) = run(lambda x: autograd.logsumexp(x, 0), row)
    np.testing.assert_allclose(out, total, rtol=1e-14)
    np.testing.assert_allclose(gradient, p, rtol=1e-11, atol=1e-300)
    # Only what the logarithm itself gives: the largest score cancels without a loss.
    out, (gradient,) = run(lambda x: autograd.log_softmax(x, 0) * weights, row)
    shifted = np.array([x - max(row) for x in row])
    np.testing.assert_allclose(out, (shifted - math.log(np.exp(shifted).sum())) * w, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(gradient, w - p * w.sum(), rtol=1e-11, atol=1e-14)
    for target in range(3):
        out, (gradient,) = run(lambda x, target=target: autograd.cross_entropy(x, autograd.tensor(target)), row)
        assert out == pytest.approx(math.log(np.exp(shifted).sum()) - shifted[target], rel=1e-12, abs=1e-12)
        np.testing.assert_allclose(gradient, p - np.eye(3)[target], rtol=1e-11, atol=1e-14)


def test_softmax_family_with_masked_scores() -> None:
    row = [0.0, -math.inf, 1.0]
    p = np.array([1 / (1 + math.e), 0, math.e / (1 + math.e)])
    with np.errstate(all="ignore"):
        out, (gradient,) = run(lambda x: autograd.softmax(x, 0)[2], row)
        np.testing.assert_allclose(out, p[2], rtol=1e-14)
        np.testing.assert_allclose(gradient, p * (np.eye(3)[2] - p[2]), rtol=1e-12)
        out, (gradient,) = run(lambda x: autograd.logsumexp(x, 0), row)
        np.testing.assert_allclose((out, *gradient), (math.log(1 + math.e), *p), rtol=1e-14)
        out, (gradient,) = run(lambda x: autograd.logsumexp(x, 0), [-math.inf, -math.inf])
        assert out == -math.inf and not np.isnan(gradient).any()
        out, (gradient,) = run(lambda x: autograd.cross_entropy(x, autograd.tensor(2)), row)
        np.testing.assert_allclose((out, *gradient), (-math.log(p[2]), *(p - np.eye(3)[2])), rtol=1e-12)


@pytest.mark.parametrize("scale", [TINY, 1e-200, 1e-160, 1.0, 1e160, 1e200, 1e300])
def test_norm_neither_overflows_nor_vanishes(scale: float) -> None:
    """PyTorch gives inf at 1e200 and 0 at 1e-200."""
    out, (gradient,) = run(autograd.norm, [3 * scale, -4 * scale])
    np.testing.assert_allclose(out, 5 * scale, rtol=1e-14)
    np.testing.assert_allclose(gradient, [0.6, -0.8], rtol=1e-14)
    rows = [[3 * scale, -4 * scale], [0.0, 0.0], [1.0, 0.0]]
    out, (gradient,) = run(lambda x: autograd.norm(x, 2, 1), rows)
    np.testing.assert_allclose(out, [5 * scale, 0, 1], rtol=1e-14)
    np.testing.assert_allclose(gradient, [[0.6, -0.8], [0, 0], [1, 0]], rtol=1e-14)


def test_norm_of_infinities() -> None:
    with np.errstate(all="ignore"):
        assert run(autograd.norm, [math.inf, 1.0])[0] == math.inf
        assert math.isnan(run(autograd.norm, [math.nan, 1.0])[0])


def test_norm_in_float32_and_float16() -> None:
    for dtype, scale in (("float32", 1e30), ("float32", 1e-30), ("float16", 1e4), ("float16", 1e-4)):
        out, (gradient,) = run(autograd.norm, [3 * scale, -4 * scale], dtype=dtype)
        assert out.dtype == dtype
        np.testing.assert_allclose(out, 5 * scale, rtol=1e-2 if dtype == "float16" else 1e-6)
        np.testing.assert_allclose(gradient, [0.6, -0.8], rtol=1e-2 if dtype == "float16" else 1e-6)


def test_pow_at_the_edges() -> None:
    for base, exponent, value, slope in (
        (0.0, 2.0, 0.0, 0.0),
        (0.0, 1.0, 0.0, 1.0),
        (0.0, 0.0, 1.0, 0.0),
        (-2.0, 3.0, -8.0, 12.0),
        (-2.0, 0.0, 1.0, 0.0),
        (1e-200, 2.0, 0.0, 2e-200),
        (1e150, 2.0, 1e300, 2e150),
        (HUGE, 1.0, HUGE, 1.0),
        (HUGE, 0.0, 1.0, 0.0),
    ):
        out, (gradient,) = run(lambda x, y=exponent: x**y, [base])
        np.testing.assert_allclose((out[0], gradient[0]), (value, slope), rtol=1e-14, atol=0)
    out, (by_base, by_exponent) = run(lambda x, y: x**y, [0.0, 0.0, 0.0, 1e-300, 2.0], [0.0, 0.5, 3.0, 0.0, 0.0])
    np.testing.assert_allclose(out, [1, 0, 0, 1, 1], rtol=1e-14)
    assert by_base[0] == 0 and by_base[1] == math.inf and by_base[2] == 0
    np.testing.assert_allclose(by_exponent, [0, 0, 0, math.log(1e-300), math.log(2)], rtol=1e-14)


@pytest.mark.parametrize(
    "name",
    ["sigmoid", "logsigmoid", "softplus", "relu", "tanh", "softmax", "log_softmax", "logsumexp", "silu", "gelu", "elu"],
)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_as_torch_at_infinities(torch: Any, name: str, dtype: str) -> None:
    """A number wherever PyTorch has one, and the same."""
    points = np.array([[math.inf, 1.0], [-math.inf, 1.0], [math.nan, 1.0], [3e38, -3e38], [0.0, -0.0]], dtype=dtype)
    rest = (1,) if name in ("softmax", "log_softmax", "logsumexp") else ()
    with np.errstate(all="ignore"):
        out, (gradient,) = run(lambda x: getattr(autograd, name)(x, *rest), points, dtype=dtype)
    x = torch.tensor(points, requires_grad=True)
    theirs = getattr(torch if hasattr(torch, name) and name != "softplus" else torch.nn.functional, name)(x, *rest)
    theirs.sum().backward()
    for ours, other, excuse in (
        (out, theirs.detach().numpy(), np.zeros(out.shape, dtype=bool)),
        (gradient, x.grad.numpy(), np.isnan(points)),
    ):
        # The slope at nan is nobody's; elsewhere ours may be a number where PyTorch's has overflowed.
        worse = ~np.isfinite(ours) & np.isfinite(other) & ~excuse
        assert not worse.any(), (ours, other)
        both = np.isfinite(ours) & np.isfinite(other)
        np.testing.assert_allclose(ours[both], other[both], rtol=2e-6, atol=2e-7)


def test_division_and_logarithms_at_zero() -> None:
    with np.errstate(all="ignore"):
        out, (gradient,) = run(autograd.log, [0.0, TINY])
        assert out[0] == -math.inf and gradient[0] == math.inf and gradient[1] == pytest.approx(1 / TINY)
        out, (gradient,) = run(lambda x: 1 / x, [0.0, 1e-200])
        assert out[0] == math.inf and gradient[0] == -math.inf
        out, (gradient,) = run(autograd.sqrt, [0.0, TINY])
        assert out[0] == 0 and gradient[0] == math.inf and gradient[1] == pytest.approx(0.5 / math.sqrt(TINY))


def test_sums_of_float16_do_not_overflow_on_the_way() -> None:
    x = np.full(4096, 40.0)
    out, _ = run(lambda x: autograd.mean(x), x, dtype="float16")
    assert out == np.float16(40.0)
    out, _ = run(lambda x: autograd.sum(x * 0.25), x, dtype="float16")
    assert out == np.float16(40960.0)
    out, _ = run(lambda x: autograd.var(x), x, dtype="float16")
    assert out == 0


# Name: (function of the module's nn.functional and a Tensor, points).
EVERYWHERE = [0.0, -0.0, math.inf, -math.inf, math.nan, 1e300, -1e300, 1e-300, -1e-300, 40.0, -40.0, 800.0, -800.0]
PAIRS = [[math.inf, 1.0], [1.0, math.inf], [1.0, -math.inf], [1e300, 800.0], [-1e300, -800.0], [0.0, math.nan]]
SCORES = [[0.0, -math.inf, 1.0], [1e300, -1e300, 0.0], [-1e300, -1e300, -1e300], [800.0, -800.0, 0.0]]
LIKE_TORCH: dict[str, tuple[Callable[..., Any], Any]] = {
    **{
        name: (lambda m, F, x, name=name: getattr(F, name)(x), EVERYWHERE)
        for name in (
            "celu", "elu", "gelu", "hardshrink", "hardsigmoid", "hardswish", "hardtanh", "leaky_relu", "logsigmoid",
            "mish", "relu6", "selu", "silu", "softplus", "softshrink", "softsign", "tanhshrink",
        )
    },
    "threshold": (lambda m, F, x: F.threshold(x, 0.5, 2.0), EVERYWHERE),
    "prelu": (lambda m, F, x: F.prelu(x, m.tensor([0.25], dtype=m.float64)), EVERYWHERE),
    "glu": (lambda m, F, x: F.glu(x), PAIRS),
    "softmin": (lambda m, F, x: F.softmin(x, 1), SCORES[1:]),
    "binary_cross_entropy": (
        lambda m, F, x: F.binary_cross_entropy(
            x, m.tensor([0.0, 1.0, 0.0, 1.0, 0.5], dtype=m.float64), reduction="none"
        ),
        [0.0, 0.0, 1.0, 1.0, 1.0],
    ),
    **{
        f"BCE with logits of target {t}": (
            lambda m, F, x, t=t: F.binary_cross_entropy_with_logits(x, m.full_like(x, t), reduction="none"),
            [x for x in EVERYWHERE if not math.isinf(x)],
        )
        for t in (0.0, 0.5, 1.0)
    },
    **{
        f"soft_margin_loss of target {t}": (
            lambda m, F, x, t=t: F.soft_margin_loss(x, m.full_like(x, t), reduction="none"),
            [0.0, 1e-300, 40.0, -40.0, math.inf, -math.inf, math.nan],  # PyTorch's own overflows at 800
        )
        for t in (-1.0, 1.0)
    },
    "multilabel_soft_margin_loss": (
        lambda m, F, x: F.multilabel_soft_margin_loss(x, m.tensor([[1.0, 0.0, 0.0]] * 3, dtype=m.float64)), SCORES[1:],
    ),
    "cross_entropy with masked scores": (
        lambda m, F, x: F.cross_entropy(x, m.tensor([2, 0, 1, 2]), reduction="none"), SCORES,
    ),
    "cross_entropy, weighted": (
        lambda m, F, x: F.cross_entropy(x, m.tensor([2, 0, 1, 2]), m.tensor([0.5, 1.0, 2.0], dtype=m.float64)), SCORES,
    ),
    "cross_entropy with what is ignored": (
        lambda m, F, x: F.cross_entropy(x, m.tensor([1, 0, 1, 2]), ignore_index=1), SCORES,
    ),
    "nll_loss of nothing": (lambda m, F, x: F.nll_loss(x, m.tensor([1, 1, 1, 1]), ignore_index=1), SCORES[:1] * 4),
    "huber_loss": (lambda m, F, x: F.huber_loss(x, m.zeros_like(x), reduction="none"), EVERYWHERE),
    "smooth_l1_loss": (lambda m, F, x: F.smooth_l1_loss(x, m.zeros_like(x), reduction="none"), EVERYWHERE),
    "kl_div at targets of 0": (
        lambda m, F, x: F.kl_div(x, m.tensor([0.0, 1.0, 0.0], dtype=m.float64), reduction="none"),
        [0.0, -800.0, -1e300],
    ),
    "poisson_nll_loss": (
        lambda m, F, x: F.poisson_nll_loss(x, m.full_like(x, 3.0), full=True, reduction="none"), [0.0, 800.0, -800.0],
    ),
    "gaussian_nll_loss at small variances": (
        lambda m, F, v: F.gaussian_nll_loss(m.ones_like(v), m.zeros_like(v), v, reduction="none"),
        [0.0, 1e-6, 1e-300, 1e300],
    ),
    "cosine_similarity at zeros": (
        lambda m, F, x: F.cosine_similarity(x, m.ones_like(x)), [[0.0, 0.0], [1e-9, 0.0], [3.0, 4.0]],
    ),
    "cosine_similarity to zeros": (lambda m, F, x: F.cosine_similarity(x, m.zeros_like(x)), [[0.0, 0.0], [3.0, 4.0]]),
    "cosine_embedding_loss at zeros": (
        lambda m, F, x: F.cosine_embedding_loss(x, m.ones_like(x), m.tensor([1, -1]), reduction="none"),
        [[0.0, 0.0], [0.0, 0.0]],
    ),
    **{
        f"pairwise_distance of equal points, p = {p}": (
            lambda m, F, x, p=p: F.pairwise_distance(x, m.ones_like(x), p=p, eps=0.0), [[1.0, 1.0], [1.0, 2.0]],
        )
        for p in (1.0, 2.0, 3.0, math.inf)
    },
    **{
        f"normalize at zeros, p = {p}": (
            lambda m, F, x, p=p: F.normalize(x, p=p), [[0.0, 0.0], [1e-13, 0.0], [3.0, 4.0], [1e150, 0.0]],
        )
        for p in (1.0, 2.0)
    },
    **{
        f"{name} of equal numbers": (
            lambda m, F, x, name=name: getattr(F, name)(x, *((1,) if name == "group_norm" else ((3,),))),
            [[0.0, 0.0, 0.0], [5.0, 5.0, 5.0], [1e100, 0.0, -1e100], [1e-100, 0.0, 0.0]],
        )
        for name in ("layer_norm", "rms_norm", "group_norm")
    },
    "attention with large scores": (
        lambda m, F, x: F.scaled_dot_product_attention(x, x, m.ones_like(x)), [[1e100, 1.0], [-1e100, 1.0]],
    ),
    "triplet_margin_loss of equal points": (
        lambda m, F, x: F.triplet_margin_loss(x, m.ones_like(x), m.ones_like(x), eps=0.0), [[1.0, 1.0], [3.0, 1.0]],
    ),
    "ctc_loss of what cannot be spelled": (
        lambda m, F, x: F.ctc_loss(
            m.log_softmax(x, 1), m.tensor([1, 1]), m.tensor(2), m.tensor(2), zero_infinity=True
        ),
        [[0.0, 1.0], [2.0, 0.5]],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LIKE_TORCH)
@pytest.mark.filterwarnings("ignore")
def test_as_torch_at_extremes(torch: Any, name: str) -> None:
    """PyTorch's number in value and gradient, wherever PyTorch has one; at nan the gradient is nobody's."""
    from nn import functional

    function, points = LIKE_TORCH[name]
    with np.errstate(all="ignore"):
        out, (gradient,) = run(lambda x: function(autograd, functional, x), points)
    x = torch.tensor(points, dtype=torch.float64, requires_grad=True)
    theirs = function(torch, torch.nn.functional, x)
    theirs.sum().backward()
    known = ~np.isnan(theirs.detach().numpy())
    np.testing.assert_allclose(out[known], theirs.detach().numpy()[known], rtol=1e-12)
    assert known.any() or np.isnan(out).all()
    known = ~np.isnan(x.grad.numpy()) & ~np.isnan(points)
    assert known.any()
    # PyTorch holds a constant of these in float32: 1 / 6, and the smallest divisor of two losses.
    rounded = ("hardsigmoid", "binary_cross_entropy", "cosine_embedding_loss at zeros")
    rtol = 1e-7 if name in rounded else 1e-12
    np.testing.assert_allclose(gradient[known], x.grad.numpy()[known], rtol=rtol, atol=1e-15)


@pytest.mark.parametrize("name", LIKE_TORCH)
@pytest.mark.filterwarnings("ignore")
def test_second_derivatives_at_extremes_are_numbers(name: str) -> None:
    from nn import functional

    function, points = LIKE_TORCH[name]
    places = np.asarray(points, dtype=np.float64)
    if not np.isfinite(places).all() or np.abs(places).max() > 1e6:
        places = np.clip(np.nan_to_num(places, nan=0.0, posinf=800.0, neginf=-800.0), -800.0, 800.0)
    with np.errstate(all="ignore"):
        x = autograd.tensor(places, requires_grad=True)
        (first,) = autograd.grad(function(autograd, functional, x).sum(), [x], create_graph=True)
        if first.requires_grad:
            (second,) = autograd.grad(first.sum(), [x], allow_unused=True)
            assert second is None or not np.isnan(second.numpy()).any()


@pytest.mark.parametrize("p", [3.0, 1.5, 0.5, -1.0, -3.0])
@pytest.mark.parametrize("scale", [1e-250, 1e-100, 1.0, 1e100, 1e250])
def test_norms_of_any_power_neither_overflow_nor_vanish(p: float, scale: float) -> None:
    x = np.array([3.0, -4.0, 5.0])
    out, (gradient,) = run(lambda x: autograd.norm(x, p), x * scale)
    expected = np.sum(np.abs(x) ** p) ** (1 / p)
    np.testing.assert_allclose(out, expected * scale, rtol=1e-13)
    np.testing.assert_allclose(gradient, np.sign(x) * (np.abs(x) / expected) ** (p - 1), rtol=1e-13)


def test_running_logarithms() -> None:
    """Against the sums themselves, of which PyTorch rounds the large ones away."""
    row = [-math.inf, 1e300, 1e300, -1e300, 0.0]
    with np.errstate(all="ignore"):
        out, (gradient,) = run(lambda x: autograd.logcumsumexp(x, 0), row)
    np.testing.assert_allclose(out, [-math.inf, 1e300, 1e300, 1e300, 1e300])
    np.testing.assert_allclose(gradient, [0, 2.5, 1.5, 0, 0], rtol=1e-14)
    row = [-800.0, -799.0, 800.0, 801.0]
    out, (gradient,) = run(lambda x: autograd.logcumsumexp(x, 0), row)
    low, high = 1 / (1 + math.e), math.e / (1 + math.e)
    np.testing.assert_allclose(out, [-800, -799 + math.log1p(1 / math.e), 800, 801 + math.log1p(1 / math.e)])
    np.testing.assert_allclose(gradient, [1 + low, high, 1 + low, high], rtol=1e-13)
    with np.errstate(all="ignore"):
        out, (gradient,) = run(lambda x: autograd.logcumsumexp(x, 0), [1.0, math.inf, 2.0])
    np.testing.assert_array_equal(out, [1, math.inf, math.inf])
    np.testing.assert_array_equal(gradient, [1, math.nan, 0])


def test_running_products_beside_infinities() -> None:
    """The factors after an infinite one or nan do not touch what stands before it."""
    with np.errstate(all="ignore"):
        weights = autograd.tensor([1.0, 1.0, 0.0, 0.0], dtype=autograd.float64)
        _, (gradient,) = run(lambda x: autograd.cumprod(x, 0) * weights, [2.0, 3.0, 4.0, 5.0])
        np.testing.assert_array_equal(gradient, [4, 2, 0, 0])
        out, _ = run(lambda x: autograd.cumprod(x, 0), [2.0, math.inf, 0.0, 5.0])
        np.testing.assert_array_equal(out, [2, math.inf, math.nan, math.nan])


def test_what_has_no_nan_left() -> None:
    with np.errstate(all="ignore"):
        for function in (autograd.nanmean, autograd.nanmedian, lambda x: autograd.nanquantile(x, 0.5)):
            assert math.isnan(run(function, [math.nan, math.nan])[0])
        assert run(autograd.nansum, [math.nan, math.nan])[0] == 0


@pytest.mark.filterwarnings("ignore:.*degrees of freedom")  # PyTorch's
def test_variance_without_freedom(torch: Any) -> None:
    """As PyTorch: nan where it is 0 / 0, infinite beside the mean."""
    for function, numbers, correction in (("var", [1.0], 1), ("std", [1.0], 1), ("var", [1.0, 2.0], 3)):
        with np.errstate(all="ignore"):
            out, (gradient,) = run(lambda x, f=function, c=correction: getattr(autograd, f)(x, correction=c), numbers)
        x = torch.tensor(numbers, dtype=torch.float64, requires_grad=True)
        theirs = getattr(torch, function)(x, correction=correction)
        theirs.backward()
        np.testing.assert_array_equal(out, theirs.detach().numpy())
        np.testing.assert_array_equal(gradient, x.grad.numpy())


@pytest.mark.parametrize("scale", [1e-250, 1e-170, 1.0, 1e170, 1e250])
def test_std_neither_overflows_nor_vanishes(scale: float) -> None:
    x = np.array([3.0, -4.0, 7.0])
    out, (gradient,) = run(autograd.std, x * scale)
    np.testing.assert_allclose(out, np.std(x, ddof=1) * scale, rtol=1e-14)
    np.testing.assert_allclose(gradient, (x - x.mean()) / (2 * np.std(x, ddof=1)), rtol=1e-13)


def in_both(torch: Any, function: Callable[..., Any], *inputs: Any) -> None:
    """Values and gradients of the sum are PyTorch's, nan included."""
    results = []
    for module in (autograd, torch):
        leaves = [module.tensor(x, requires_grad=True) for x in inputs]
        out = function(module, autograd if module is autograd else torch.nn.functional, *leaves)
        out.sum().backward()
        results.append([out.detach().numpy(), *[leaf.grad.numpy() for leaf in leaves]])
    for ours, theirs in zip(*results, strict=True):
        assert ours.dtype == theirs.dtype
        np.testing.assert_allclose(ours, theirs, rtol=1e-6 if ours.dtype != np.float16 else 5e-3)


@pytest.mark.filterwarnings("ignore:.*:RuntimeWarning")
@pytest.mark.parametrize(
    "loss",
    [lambda F, x, y: F.smooth_l1_loss(x, y, reduction="none"), lambda F, x, y: F.huber_loss(x, y, reduction="none")],
)
def test_nan_keeps_its_gradient_in_rounded_losses(torch: Any, loss: Callable[..., Any]) -> None:
    x = np.array([math.nan, math.inf, math.inf, 1, -3, 0.5], np.float32)
    y = np.array([0, math.inf, 0, 0.5, 1, math.nan], np.float32)
    in_both(torch, lambda m, F, x, y: loss(F, x, y), x, y)


@pytest.mark.filterwarnings("ignore:.*:RuntimeWarning")
def test_norms_whose_squares_overflow_are_nan_and_never_zero(torch: Any) -> None:
    x = np.array([[1e30, 1e30, -1e30]], np.float32)
    in_both(torch, lambda m, F, x: F.layer_norm(x, (3,)), x)
    in_both(torch, lambda m, F, x: F.group_norm(x, 1), x)
    out, (g,) = run(lambda x: autograd.rms_norm(x, (3,)), [3e38, -3e38, 3e38], dtype="float32")
    assert np.isnan(out).all() and np.isnan(g).all()  # PyTorch's values are 0, its gradients nan


def test_renorm_of_large_float16(torch: Any) -> None:
    in_both(torch, lambda m, F, x: m.renorm(x, 2, 0, 1.0), np.array([[65000.0, -65000.0]], np.float16))


@pytest.mark.filterwarnings("ignore:.*:RuntimeWarning")
def test_kl_div_of_a_negative_target_is_nan(torch: Any) -> None:
    target = np.array([-0.7], np.float32)
    in_both(torch, lambda m, F, x: F.kl_div(x, m.tensor(target), reduction="sum"), np.zeros(1, np.float32))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_lgamma_at_the_infinities(dtype: Any) -> None:
    x = autograd.tensor(np.array([-math.inf, math.inf, 0.0, -1.0], dtype))
    out = autograd.lgamma(x)
    assert out.dtype == dtype and (out.numpy() == math.inf).all()
