"""Wrong numbers that were found once, each compared with PyTorch or with the right answer."""

from __future__ import annotations

import threading
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import autograd
import nn.functional as F
from autograd import errors


def test_index_changed_after_forward_does_not_change_the_gradient() -> None:
    x = autograd.tensor([1.0, 2.0], requires_grad=True)
    index = autograd.tensor([0, 1])
    y = x[index]
    index.zero_()
    y.sum().backward()
    assert x.grad.tolist() == [1, 1]


def test_target_changed_after_forward_does_not_change_the_gradient() -> None:
    gradients = []
    for changed in (False, True):
        x = autograd.tensor([[5.0, 4.5], [4.0, 4.5]], requires_grad=True)
        target = autograd.tensor([0, 1])
        loss = F.multi_margin_loss(x, target)
        if changed:
            target.zero_()
        loss.backward()
        gradients.append(x.grad.tolist())
    assert gradients[0] == gradients[1]


def test_weight_changed_after_forward_is_noticed() -> None:
    x = autograd.tensor([[5.0, 4.5], [4.0, 4.5]], requires_grad=True)
    target, weight = autograd.tensor([0, 1]), autograd.tensor([1.0, 2.0])
    loss = F.cross_entropy(x, target, weight=weight, label_smoothing=0.2)
    weight.zero_()
    with pytest.raises(errors.InPlaceError):
        loss.backward()


@pytest.mark.parametrize(
    "clip",
    [
        lambda m, x: m.relu(x),
        lambda m, x: m.clamp(x, min=0),
        lambda m, x: m.maximum(x, m.tensor(0.0)),
        lambda m, x: m.where(x > 0, x, m.tensor(0.0)),
        lambda m, x: (m.nn.functional if hasattr(m, "nn") else m).hardtanh(x, 0.0, 5.0),
    ],
)
def test_infinite_slope_behind_a_flat_stretch_gives_zero(torch: ModuleType, clip: Any) -> None:
    def gradient(module: Any) -> list[float]:
        x = module.tensor([-1.0, 2.0], requires_grad=True)
        clip(module, x).sqrt().sum().backward()
        return x.grad.tolist()

    assert gradient(autograd) == pytest.approx(gradient(torch))
    x = autograd.Value(-1.0)
    x.relu().sqrt().backward()
    assert x.grad == 0


def test_mask_of_another_shape_is_refused() -> None:
    x = autograd.arange(4)
    short = autograd.tensor([True, False])
    with pytest.raises(errors.ShapeError, match=r"mask \(2,\) does not fit x \(4,\)"):
        x[short]
    with pytest.raises(errors.ShapeError):
        x[short] = 9
    with pytest.raises(errors.ShapeError):
        autograd.ones(4, 4)[autograd.ones(2, 2, dtype=bool)]
    grid = np.arange(24).reshape(2, 3, 4)
    mask = grid[..., 0] % 8 == 0
    assert np.array_equal(autograd.tensor(grid)[mask].numpy(), grid[mask])
    assert np.array_equal(autograd.tensor(grid)[..., grid[0, 0] > 1].numpy(), grid[..., grid[0, 0] > 1])
    assert x.tolist() == [0, 1, 2, 3]


def test_index_arrays_that_do_not_broadcast_are_refused() -> None:
    with pytest.raises(errors.ShapeError, match="do not broadcast"):
        autograd.ones(4, 4)[[0, 1], [0, 1, 2]]


def test_variance_of_one_number_has_no_gradient() -> None:
    x = autograd.tensor([1.0], requires_grad=True)
    x.var().backward()
    assert np.isnan(x.grad.numpy()).all()


def test_float16_is_added_up_in_float32() -> None:
    n = 5000
    b = autograd.zeros(3, dtype=autograd.float16, requires_grad=True)
    (autograd.zeros(n, 3, dtype=autograd.float16) + b).sum(0).backward(autograd.ones(3, dtype=autograd.float16))
    assert b.grad.tolist() == [5000, 5000, 5000]
    zeros = autograd.zeros(n, 2, dtype=autograd.float16)
    assert autograd.softmax(zeros, 0)[0, 0].item() == pytest.approx(1 / n, rel=1e-2)
    assert autograd.log_softmax(zeros, 0)[0, 0].item() == pytest.approx(-np.log(n), rel=1e-2)
    assert autograd.logsumexp(zeros, 0)[0].item() == pytest.approx(np.log(n), rel=1e-2)
    assert autograd.cumsum(autograd.ones(n, dtype=autograd.float16), 0)[-1].item() == 5000
    x = autograd.ones(70000, dtype=autograd.float16, requires_grad=True)
    (x.mean() * 1024).backward()
    assert x.grad[0].item() == pytest.approx(1024 / 70000, rel=1e-2)
    big = autograd.tensor(np.array([[300.0], [-300.0], [900.0], [-900.0]], np.float16))
    out = autograd.batch_norm(big, training=True).numpy().ravel()
    assert out == pytest.approx(np.array([300, -300, 900, -900]) / np.sqrt(450000), rel=1e-2)


def test_retained_result_named_in_inputs_receives_once() -> None:
    x = autograd.tensor(2.0, requires_grad=True)
    y = x * x
    y.retain_grad()
    (y * y).backward(inputs=[y, x])
    assert y.grad.item() == 8
    assert x.grad.item() == 32


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_batch_whose_targets_are_all_ignored_has_zero_gradients(smoothing: float) -> None:
    x = autograd.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    loss = F.cross_entropy(x, autograd.tensor([-100, -100]), label_smoothing=smoothing)
    assert np.isnan(loss.item())
    loss.backward()
    assert x.grad.tolist() == [[0, 0], [0, 0]]


def test_sums_of_windows_over_integers_are_refused() -> None:
    images = autograd.ones(1, 1, 4, 4, dtype=autograd.int64)
    for call in (
        lambda: F.avg_pool2d(images, 2),
        lambda: F.conv2d(images, images[:, :, :2, :2]),
    ):
        with pytest.raises(errors.DtypeError, match=r"int64.*x\.float\(\)"):
            call()


def test_geometry_that_is_not_whole_is_refused() -> None:
    x, weight = autograd.ones(1, 2, 4, 4), autograd.ones(2, 2, 3, 3)
    with pytest.raises(errors.ArgumentError, match=r"padding is 1\.5"):
        F.conv2d(x, weight, padding=1.5)
    with pytest.raises(errors.ShapeError, match="groups"):
        F.conv2d(x, weight, groups=2.0)


def test_one_mode_object_in_two_threads_keeps_their_modes_apart() -> None:
    mode = autograd.no_grad()
    entered, leave = threading.Event(), threading.Event()
    seen = []

    def other() -> None:
        with mode:
            entered.set()
            leave.wait(10)
        seen.append(autograd.is_grad_enabled())

    with autograd.enable_grad():
        thread = threading.Thread(target=other)
        thread.start()
        entered.wait(10)
        with autograd.no_grad(), mode:
            pass
        with mode:
            leave.set()
            thread.join()
            assert not autograd.is_grad_enabled()
        assert autograd.is_grad_enabled()
    assert seen == [True]


def test_mode_objects_can_be_entered_again() -> None:
    mode = autograd.set_grad_enabled(True)
    with mode, mode:
        pass
    with autograd.no_grad():
        with mode:
            assert autograd.is_grad_enabled()
        assert not autograd.is_grad_enabled()
    assert autograd.is_grad_enabled()


def test_missing_return_of_forward_is_told() -> None:
    x = autograd.ones(2)
    for call in (lambda: x * None, lambda: autograd.exp(None), lambda: autograd.maximum(x, None), lambda: F.relu(None)):
        with pytest.raises(errors.DtypeError, match="not NoneType"):
            call()


def test_convolution_of_no_channels_is_the_bias() -> None:
    x, weight = autograd.ones(1, 0, 4, 4, requires_grad=True), autograd.ones(2, 0, 3, 3, requires_grad=True)
    bias = autograd.tensor([1.0, -2.0], requires_grad=True)
    out = F.conv2d(x, weight, bias)
    assert (out.detach().numpy() == np.array([1.0, -2.0])[:, None, None]).all()
    out.sum().backward()
    assert x.grad is not None and weight.grad is not None and bias.grad is not None
    assert x.grad.shape == x.shape and weight.grad.shape == weight.shape
    assert bias.grad.tolist() == [4.0, 4.0]


def test_one_bias_of_a_gru_cell_is_as_good_as_two() -> None:
    x, h = autograd.randn(4, 3), autograd.randn(4, 2)
    w_ih, w_hh, bias = autograd.randn(6, 3), autograd.randn(6, 2), autograd.randn(6)
    none = autograd.zeros(6)
    for given, whole in (((bias, None), (bias, none)), ((None, bias), (none, bias))):
        found, expected = (autograd.gru_cell(x, h, w_ih, w_hh, *biases) for biases in (given, whole))
        np.testing.assert_allclose(found.numpy(), expected.numpy(), rtol=1e-6)


@pytest.mark.parametrize("shape", [(), (2,)])
def test_hook_changes_the_gradient_of_what_was_stacked(shape: tuple[int, ...]) -> None:
    a, b = (autograd.ones(*shape, requires_grad=True) for _ in range(2))
    kept = a * 1

    def triple(gradient: Any) -> None:
        gradient.mul_(3)

    kept.register_hook(triple)
    (autograd.stack([kept, b * 1]) * autograd.ones(2, *shape)).sum().backward()
    assert a.grad is not None
    assert (a.grad == 3).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_each_gradient_of_scaled_channels_comes_by_itself(dtype: Any) -> None:
    rng = np.random.default_rng(0)
    vectors = [rng.random(3).astype(dtype) + dtype(0.5) for _ in range(4)]
    given = [autograd.tensor(a, requires_grad=True) for a in (rng.random((2, 3, 4)).astype(dtype), *vectors)]
    x, mean, var, weight, bias = given
    out = (autograd.batch_norm(x, mean, var, weight, bias) * autograd.tensor(rng.random((2, 3, 4)).astype(dtype))).sum()
    together = autograd.grad(out, given, retain_graph=True)
    for source, expected in zip(given, together, strict=True):
        (alone,) = autograd.grad(out, source, retain_graph=True)
        np.testing.assert_allclose(alone.numpy(), expected.numpy(), rtol=1e-6)
