"""One table of modules: outputs, gradients, state, repr and errors against PyTorch's, in float64."""

from __future__ import annotations

import copy
import inspect
import pickle
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import autograd
import nn
from autograd.errors import ChainruleError

Case = tuple[str, tuple[Any, ...], dict[str, Any], tuple[int, ...]]

CASES: list[Case] = [
    *[(f"Conv{d}d", (4, 6, 3), {"padding": 1, "padding_mode": mode, "groups": 2}, (2, 4, *(5,) * d))
      for d in (1, 2, 3) for mode in ("zeros", "reflect", "replicate", "circular")],
    *[(f"Conv{d}d", (2, 3, 2), {"padding": "same", "dilation": 2, "padding_mode": mode}, (2, *(5,) * d))
      for d in (1, 2) for mode in ("zeros", "circular")],
    ("Conv2d", (2, 3, (2, 4)), {"padding": "same", "padding_mode": "circular"}, (1, 2, 5, 6)),
    ("Conv2d", (2, 3, 2), {"padding": "valid", "padding_mode": "reflect", "bias": False}, (1, 2, 5, 5)),
    *[(f"ConvTranspose{d}d", (4, 6, 3), {"stride": 2, "padding": 1, "output_padding": 1, "groups": 2, "dilation": 2},
       (2, 4, *(3,) * d)) for d in (1, 2, 3)],
    *[(f"MaxPool{d}d", (2,), {"padding": 1, "ceil_mode": True}, (2, 3, *(5,) * d)) for d in (1, 2, 3)],
    *[(f"AvgPool{d}d", (3, 2, 1), {"ceil_mode": True, "count_include_pad": False}, (2, 3, *(5,) * d))
      for d in (1, 2, 3)],
    *[(f"Adaptive{kind}Pool{d}d", (2 if d == 1 else (2,) * (d - 1) + (None,),), {}, (2, 3, *(5,) * d))
      for kind in ("Avg", "Max") for d in (1, 2, 3)],
    *[(f"LPPool{d}d", (2, 2), {"ceil_mode": True}, (2, 3, *(4,) * d)) for d in (1, 2, 3)],
    *[(f"{kind}Pad{d}d", ((1, 2) * d,), {}, (2, 3, *(4,) * d))
      for kind in ("Reflection", "Replication", "Zero", "Circular") for d in (1, 2, 3)],
    *[(f"ConstantPad{d}d", (1, 3.5), {}, (2, 3, *(4,) * d)) for d in (1, 2, 3)],
    ("Upsample", (), {"scale_factor": 2}, (1, 2, 3)),
    ("Upsample", (), {"size": (5, 4), "mode": "bicubic", "align_corners": True}, (1, 2, 3, 3)),
    ("Upsample", (), {"scale_factor": (1.5, 2.0), "mode": "bilinear", "recompute_scale_factor": True}, (1, 2, 3, 3)),
    ("UpsamplingNearest2d", (), {"scale_factor": 2}, (1, 2, 3, 3)),
    ("UpsamplingBilinear2d", (), {"size": (5, 4)}, (1, 2, 3, 3)),
    ("PixelShuffle", (2,), {}, (2, 8, 3, 2)),
    ("PixelUnshuffle", (2,), {}, (2, 2, 4, 2)),
    ("ChannelShuffle", (2,), {}, (2, 6, 3, 2)),
    ("Unfold", ((2, 3),), {"padding": 1, "stride": 2}, (2, 3, 5, 5)),
    ("Fold", ((4, 5), 2), {}, (2, 8, 12)),
    *[(f"BatchNorm{d}d", (3,), settings, (4, 3, *(2,) * d)) for d in (1, 2, 3)
      for settings in ({}, {"momentum": None}, {"track_running_stats": False}, {"affine": False}, {"bias": False})],
    *[(f"InstanceNorm{d}d", (3,), settings, (4, 3, *(3,) * d)) for d in (1, 2, 3)
      for settings in ({}, {"affine": True}, {"track_running_stats": True, "affine": True, "bias": False})],
    ("InstanceNorm2d", (3,), {"affine": True}, (3, 4, 4)),
    ("GroupNorm", (2, 4), {}, (3, 4, 5)),
    ("GroupNorm", (2, 4), {"bias": False}, (3, 4, 5, 2)),
    ("GroupNorm", (4, 4), {"affine": False}, (3, 4, 5)),
    ("LayerNorm", (4,), {"bias": False}, (3, 4)),
    ("LayerNorm", ([3, 4],), {"eps": 1e-3}, (2, 3, 4)),
    ("LayerNorm", (4,), {"elementwise_affine": False}, (3, 4)),
    ("RMSNorm", ((3, 4),), {}, (2, 3, 4)),
    ("RMSNorm", (4,), {"eps": 0.1, "elementwise_affine": False}, (2, 4)),
    ("LocalResponseNorm", (3,), {"alpha": 0.1, "beta": 0.5, "k": 2.0}, (2, 5, 3)),
    *[(name, (), {}, (2, 6)) for name in (
        "CELU", "GLU", "Hardshrink", "Hardsigmoid", "Hardswish", "Mish", "Softshrink", "Tanhshrink", "ReLU6", "SELU")],
    ("CELU", (0.5,), {"inplace": False}, (3,)),
    ("GLU", (0,), {}, (4, 3)),
    ("Hardshrink", (0.2,), {}, (5,)),
    ("Softshrink", (0.2,), {}, (5,)),
    ("Threshold", (0.1, 2.0), {}, (5,)),
    ("RReLU", (0.3, 0.3), {}, (5,)),
    ("Softmin", (1,), {}, (3, 4)),
    ("Softmax2d", (), {}, (2, 3, 2, 2)),
    ("Softmax2d", (), {}, (3, 2, 2)),
    *[(name, (0.0,), {}, (2, 3, 4)) for name in ("Dropout", "Dropout1d", "AlphaDropout", "FeatureAlphaDropout")],
    ("Dropout2d", (0.0,), {}, (2, 3, 4, 2)),
    ("Dropout3d", (0.0,), {}, (2, 3, 4, 2, 2)),
    ("Identity", (3,), {"anything": 1}, (2,)),
    ("Flatten", (0, 1), {}, (2, 3, 4)),
    ("Unflatten", (1, (2, -1)), {}, (2, 6)),
]  # fmt: skip


def identity(case: Case) -> str:
    name, arguments, settings, shape = case
    return f"{name}{arguments}{settings}{shape}".replace(" ", "")


@pytest.mark.filterwarnings("ignore::UserWarning")  # PyTorch's, of its own copies
@pytest.mark.parametrize("case", CASES, ids=identity)
def test_modules(torch: ModuleType, agree: Callable[..., None], rng: np.random.Generator, case: Case) -> None:
    name, arguments, settings, shape = case
    ours = getattr(nn, name)(*arguments, **settings)
    theirs = getattr(torch.nn, name)(*arguments, **settings)
    assert repr(ours) == repr(theirs)
    x = rng.normal(size=shape)
    rtol = 1e-7 if name == "Hardsigmoid" else 1e-10  # PyTorch's slope is the float32 number nearest to 1/6
    agree(ours, theirs, x, rounds=2, rtol=rtol)
    agree(ours.eval(), theirs.eval(), x, rtol=rtol)
    for again in (copy.deepcopy(ours), pickle.loads(pickle.dumps(ours))):
        assert repr(again) == repr(ours)
        given = autograd.tensor(x)
        assert (again(given) == ours(given)).all()


def test_the_older_response_norm(rng: np.random.Generator) -> None:
    """Not against PyTorch, which keeps the first channel in all later windows."""
    x = autograd.tensor(rng.normal(size=(2, 5, 3, 3)))
    assert repr(nn.CrossMapLRN2d(3)) == "CrossMapLRN2d(3, alpha=0.0001, beta=0.75, k=1)"
    assert autograd.allclose(nn.CrossMapLRN2d(3, 0.1)(x), nn.LocalResponseNorm(3, 0.1)(x))
    assert autograd.allclose(nn.CrossMapLRN2d(4, 0.4)(x), nn.LocalResponseNorm(3, 0.3)(x))


@pytest.mark.parametrize("count", [1, 2, 3])
def test_unpooling_undoes_pooling(torch: ModuleType, rng: np.random.Generator, count: int) -> None:
    x = rng.normal(size=(2, 3, *(5,) * count))
    results = []
    for library, tensor in ((nn, autograd.tensor), (torch.nn, torch.tensor)):
        values, places = getattr(library, f"MaxPool{count}d")(2, return_indices=True)(tensor(x))
        unpool = getattr(library, f"MaxUnpool{count}d")(2)
        results.append((repr(unpool), unpool(values, places, output_size=x.shape[2:]).numpy()))
    assert results[0][0] == results[1][0]
    np.testing.assert_array_equal(results[0][1], results[1][1])


@pytest.mark.parametrize("size", [(5, 6), (6, 5)])
def test_the_output_size_of_a_transposed_convolution(
    torch: ModuleType, rng: np.random.Generator, size: tuple[int, int]
) -> None:
    ours, theirs = nn.ConvTranspose2d(2, 3, 3, 2, 1).double(), torch.nn.ConvTranspose2d(2, 3, 3, 2, 1).double()
    ours.load_state_dict({k: v.numpy() for k, v in theirs.state_dict().items()})
    x = rng.normal(size=(1, 2, 3, 3))
    out, expected = ours(autograd.tensor(x), output_size=size), theirs(torch.tensor(x), output_size=size)
    np.testing.assert_allclose(out.detach().numpy(), expected.detach().numpy(), rtol=1e-10)
    with pytest.raises(ChainruleError, match="output_size"):
        ours(autograd.tensor(x), output_size=(9, 9))


LAZY: list[Case] = [
    ("LazyLinear", (3,), {}, (2, 4)),
    *[(f"LazyConv{d}d", (6, 2), {"groups": 2}, (2, 4, *(3,) * d)) for d in (1, 2, 3)],
    *[(f"LazyConvTranspose{d}d", (6, 2), {"bias": False}, (2, 4, *(3,) * d)) for d in (1, 2, 3)],
    *[(f"Lazy{kind}Norm{d}d", (), {}, (2, 4, *(3,) * d)) for kind in ("Batch", "Instance") for d in (1, 2, 3)],
]


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("case", LAZY, ids=identity)
def test_lazy_modules(torch: ModuleType, agree: Callable[..., None], rng: np.random.Generator, case: Case) -> None:
    name, arguments, settings, shape = case
    ours, theirs = getattr(nn, name)(*arguments, **settings), getattr(torch.nn, name)(*arguments, **settings)
    assert repr(ours) == repr(theirs)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    before = list(ours.parameters())
    x = rng.normal(size=shape)
    loaded = copy.deepcopy(ours)
    ours(autograd.tensor(x.astype(np.float32)))
    theirs(torch.tensor(x.astype(np.float32)))
    assert all(a is b for a, b in zip(before, ours.parameters(), strict=True))  # an optimizer holds them still
    assert repr(ours) == repr(theirs)
    agree(ours, theirs, x)
    loaded.load_state_dict(ours.state_dict())
    loaded.double()(autograd.tensor(x))
    assert type(loaded) is type(ours) and repr(loaded) == repr(ours)


def test_a_lazy_parameter_says_what_to_do() -> None:
    with pytest.raises(ChainruleError, match="call the lazy module once"):
        nn.LazyLinear(3).weight.shape  # noqa: B018


LOSSES: list[tuple[str, dict[str, Any], str]] = [
    ("BCELoss", {}, "probabilities"),
    ("KLDivLoss", {"log_target": True}, "numbers"),
    ("SoftMarginLoss", {}, "signs"),
    ("MultiLabelMarginLoss", {}, "labels"),
    ("MultiLabelSoftMarginLoss", {}, "probabilities"),
    ("SmoothL1Loss", {"beta": 0.5}, "numbers"),
    ("HuberLoss", {"delta": 0.5}, "numbers"),
    ("PoissonNLLLoss", {"full": True}, "counts"),
    ("PoissonNLLLoss", {"log_input": False}, "counts"),
    ("HingeEmbeddingLoss", {"margin": 0.7}, "signs"),
]


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("reduction", ["mean", "sum", "none", "batchmean"])
@pytest.mark.parametrize(("name", "settings", "target"), LOSSES)
def test_losses(
    torch: ModuleType, rng: np.random.Generator, name: str, settings: dict[str, Any], target: str, reduction: str
) -> None:
    if reduction == "batchmean" and name != "KLDivLoss":
        with pytest.raises(ChainruleError, match="reduction is 'batchmean'"):
            getattr(nn, name)(reduction=reduction)
        return
    y = {
        "probabilities": rng.uniform(size=(4, 3)),
        "numbers": rng.normal(size=(4, 3)),
        "signs": np.sign(rng.normal(size=(4, 3))),
        "labels": np.array([[0, 2, -1], [1, -1, 0], [-1, 0, 1], [2, 1, 0]]),
        "counts": rng.poisson(3.0, size=(4, 3)).astype(float),
    }[target]
    x = rng.uniform(0.1, 0.9, size=(4, 3))
    results = []
    for library, tensor in ((nn, autograd.tensor), (torch.nn, torch.tensor)):
        loss = getattr(library, name)(**settings, reduction=reduction)
        given = tensor(x, requires_grad=True)
        out = loss(given, tensor(y))
        out.sum().backward()
        results.append((repr(loss), out.detach().numpy(), given.grad.numpy()))
    (ours, out, gradient), (theirs, expected, slopes) = results
    assert ours == theirs
    np.testing.assert_allclose(out, expected, rtol=1e-10)
    np.testing.assert_allclose(gradient, slopes, rtol=1e-10, atol=1e-14)


DISTANCES: list[tuple[str, dict[str, Any], int]] = [
    ("CosineSimilarity", {"dim": 0}, 2),
    ("PairwiseDistance", {"p": 3.0, "keepdim": True}, 2),
    ("TripletMarginLoss", {"swap": True, "p": 1.5}, 3),
    ("TripletMarginWithDistanceLoss", {"margin": 0.5}, 3),
    ("CosineEmbeddingLoss", {"margin": 0.1}, -2),
    ("GaussianNLLLoss", {"full": True}, -3),
]


@pytest.mark.parametrize(("name", "settings", "count"), DISTANCES)
def test_distances(
    torch: ModuleType, rng: np.random.Generator, name: str, settings: dict[str, Any], count: int
) -> None:
    inputs = [rng.normal(size=(4, 3)) for _ in range(abs(count))]
    if name == "CosineEmbeddingLoss":
        inputs.append(np.array([1.0, -1.0, 1.0, -1.0]))
    if name == "GaussianNLLLoss":
        inputs[2] = np.abs(inputs[2])
    results = []
    for library, tensor in ((nn, autograd.tensor), (torch.nn, torch.tensor)):
        module = getattr(library, name)(**settings)
        given = [tensor(x, requires_grad=True) for x in inputs[:2]] + [tensor(x) for x in inputs[2:]]
        out = module(*given)
        out.sum().backward()
        results.append([repr(module), out.detach().numpy(), *[g.grad.numpy() for g in given[:2]]])
    assert results[0][0] == results[1][0]
    for a, b in zip(results[0][1:], results[1][1:], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("switches", [{"size_average": False}, {"reduce": False}, {"size_average": True}])
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_the_older_switches_of_losses(torch: ModuleType, switches: dict[str, bool]) -> None:
    assert nn.MSELoss(**switches).reduction == torch.nn.MSELoss(**switches).reduction


def public_modules() -> list[str]:
    return sorted(n for n in nn.__all__ if isinstance(getattr(nn, n), type) and issubclass(getattr(nn, n), nn.Module))


@pytest.mark.parametrize("name", public_modules())
def test_constructors_are_pytorch_s(torch: ModuleType, name: str) -> None:
    """The same names in the same order with the same defaults."""
    if not hasattr(torch.nn, name):
        assert name in ("DropConnect", "Maxout", "MulticlassHingeLoss", "StochasticDepth") or not hasattr(nn, name)
        return

    def arguments(cls: Any) -> list[tuple[str, Any]]:
        found = inspect.signature(cls.__init__).parameters.values()
        named = [p for p in found if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)][1:]
        return [(p.name, getattr(p.default, "__name__", p.default)) for p in named]

    theirs = arguments(getattr(torch.nn, name))
    if theirs:
        assert arguments(getattr(nn, name)) == theirs


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: nn.GroupNorm(3, 4), "3 groups do not divide 4 channels"),
        (lambda: nn.Dropout2d(1.5), "p is 1.5"),
        (lambda: nn.StochasticDepth(0.5, "column"), "mode is 'column'"),
        (lambda: nn.ZeroPad2d((1, 2, 3)), r"ZeroPad2d: padding is \(1, 2, 3\)"),
        (lambda: nn.FractionalMaxPool2d(2), "either output_size or output_ratio"),
        (lambda: nn.FractionalMaxPool2d(2, output_ratio=1.5), "between 0 and 1"),
        (lambda: nn.TripletMarginLoss(margin=0), "margin is 0"),
        (lambda: nn.SmoothL1Loss(beta=-1), "beta is -1"),
        (lambda: nn.ConvTranspose2d(2, 2, 2, padding_mode="reflect"), "padding_mode is 'reflect'; use 'zeros'"),
        (lambda: nn.ConvTranspose2d(2, 2, 2, padding="same"), "padding is 'same'; use numbers"),
        (lambda: nn.InstanceNorm2d(3)(autograd.ones(3, 4)), "InstanceNorm2d: x"),
        (lambda: nn.LazyConv2d(2, 2)(autograd.ones(3, 4)), "LazyConv2d: x"),
        (lambda: nn.Softmax2d()(autograd.ones(3)), "Softmax2d: x"),
        (lambda: nn.ParameterDict({"a.b": autograd.ones(1)}), "cannot name a parameter"),
    ],
)
def test_mistakes_get_an_error(make: Callable[[], Any], text: str) -> None:
    with pytest.raises(ChainruleError, match=text):
        make()


def test_what_is_left_out_in_training() -> None:
    autograd.manual_seed(0)
    ones = autograd.ones(1000, 4)
    rows = nn.StochasticDepth(0.25)(ones).numpy()
    assert set(np.unique(rows)) == {0.0, np.float32(1 / 0.75)} and (rows == rows[:, :1]).all()
    assert 0.2 < (rows[:, 0] == 0).mean() < 0.3
    assert len(np.unique(nn.StochasticDepth(0.5, "batch")(ones).numpy())) == 1
    layer = nn.DropConnect(4, 3, p=0.5)
    assert (layer.eval()(ones) == autograd.linear(ones, layer.weight, layer.bias)).all()
    layer.train()
    mean = np.mean([layer(ones[:1]).detach().numpy() for _ in range(4000)], 0)
    np.testing.assert_allclose(mean, layer.eval()(ones[:1]).detach().numpy(), atol=0.05)
