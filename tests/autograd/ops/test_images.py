"""Pooling, resampling and grids where PyTorch's database does not look: ties, nan, edges, many sizes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd
import nn.functional

torch = pytest.importorskip("torch", reason="PyTorch is not installed (the extra `peer`)")


def both(name: str, arrays: tuple[np.ndarray, ...], *arguments: Any, **keywords: Any) -> None:
    """Results, and gradients by the floating arrays for fixed weights, are PyTorch's."""
    results, gradients = [], []
    for module, functions in ((torch, torch.nn.functional), (autograd, nn.functional)):
        tensors = [module.tensor(a, requires_grad=a.dtype.kind == "f") for a in arrays]
        out = getattr(functions, name)(*tensors, *arguments, **keywords)
        outs = out if isinstance(out, tuple) else (out,)
        results.append([o.detach().numpy() for o in outs])
        weights = np.cos(np.arange(results[-1][0].size)).reshape(results[-1][0].shape).astype(arrays[0].dtype)
        leaves = [t for t in tensors if t.requires_grad]
        found = module.autograd.grad if module is torch else module.grad
        slopes = found(outs[0], leaves, module.tensor(weights), allow_unused=True)
        gradients.append([np.zeros(t.shape) if s is None else s.numpy() for s, t in zip(slopes, leaves, strict=True)])
    tolerance = 1e-9 if arrays[0].dtype == np.float64 else 1e-5
    for theirs, ours in zip(results[0] + gradients[0], results[1] + gradients[1], strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance)


def tied(shape: tuple[int, ...], *specials: float) -> np.ndarray:
    """Numbers of which many are equal, with special ones among them."""
    rng = np.random.default_rng(len(shape))
    x = rng.integers(-2, 3, shape).astype(np.float64)
    for special in specials:
        x[rng.uniform(size=shape) < 0.1] = special
    return x


@pytest.mark.parametrize("specials", [(), (np.nan,), (-np.inf,), (np.inf, np.nan)])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_maxima_at_ties_nan_and_infinities(count: int, specials: tuple[float, ...]) -> None:
    x = tied((2, 3, *(7, 6, 5)[:count]), *specials)
    for window in ({"kernel_size": 3, "stride": 2, "padding": 1}, {"kernel_size": 2, "dilation": 2, "ceil_mode": True}):
        both(f"max_pool{count}d", (x,), return_indices=True, **window)
    both(f"adaptive_max_pool{count}d", (x,), 3, return_indices=True)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_dilated_window_without_any_number_gives_minus_infinity(count: int) -> None:
    x = np.ones((1, 1, *(3,) * count))
    result = getattr(autograd, f"max_pool{count}d")(x, 2, 1, 1, 4)
    expected = getattr(torch.nn.functional, f"max_pool{count}d")(torch.tensor(x), 2, 1, 1, 4)
    np.testing.assert_array_equal(result.numpy(), expected.numpy())
    assert np.isneginf(result.numpy()).all()


@pytest.mark.parametrize("count", [2, 3])
def test_windows_at_given_random_places(count: int) -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        spatial, kernel = rng.integers(4, 10, count), rng.integers(1, 4, count)
        size = tuple(int(rng.integers(1, n - k + 1)) for n, k in zip(spatial, kernel, strict=True))
        draws = rng.uniform(size=(2, 2, count))
        x = rng.normal(size=(2, 2, *spatial))
        answers = []
        for module, functions in ((torch, torch.nn.functional), (autograd, nn.functional)):
            pool = getattr(functions, f"fractional_max_pool{count}d")
            window = tuple(int(k) for k in kernel)
            out = pool(module.tensor(x), window, size, return_indices=True, _random_samples=module.tensor(draws))
            answers.append([o.numpy() for o in out])
        np.testing.assert_array_equal(answers[0][0], answers[1][0])
        np.testing.assert_array_equal(answers[0][1], answers[1][1])


def test_random_windows_repeat_with_the_seed() -> None:
    x = np.random.default_rng(0).normal(size=(1, 2, 12, 12))
    answers = []
    for seed in (0, 0, 1):
        autograd.manual_seed(seed)
        answers.append(autograd.fractional_max_pool2d(x, 2, output_ratio=0.6).numpy())
    np.testing.assert_array_equal(answers[0], answers[1])
    assert (answers[0] != answers[2]).any()


MODES: list[dict[str, Any]] = [
    {"mode": "nearest"},
    {"mode": "nearest-exact"},
    {"mode": "area"},
    *[{"mode": mode, "align_corners": a} for mode in ("bilinear", "bicubic") for a in (False, True)],
    *[{"mode": mode, "align_corners": a, "antialias": True} for mode in ("bilinear", "bicubic") for a in (False, True)],
]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("mode", MODES)
def test_interpolation_between_many_sizes(mode: dict[str, Any], dtype: Any) -> None:
    rng = np.random.default_rng(0)
    for n in (4, 7, 14, 31):
        x = rng.normal(size=(1, 1, n, 4)).astype(dtype)
        for size in (1, 2, 5, 7, 13, 29):
            both("interpolate", (x,), size=(size, 3), **mode)
        for scale in (0.55, 1.0, 1.3, 2, 3.1):
            both("interpolate", (x,), scale_factor=scale, **mode)
        # Where a scale leaves the size as it was, PyTorch's gradient is not always that of its own result.
        ours = autograd.interpolate(x, scale_factor=1.01, **mode).numpy()
        theirs = torch.nn.functional.interpolate(torch.tensor(x), scale_factor=1.01, **mode).numpy()
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-5)


@pytest.mark.filterwarnings("ignore")  # 0 times infinity
@pytest.mark.parametrize("align_corners", [False, True])
@pytest.mark.parametrize("padding", ["zeros", "border", "reflection"])
@pytest.mark.parametrize("mode", ["bilinear", "nearest", "bicubic"])
def test_grids_at_pixels_edges_and_far_outside(mode: str, padding: str, align_corners: bool) -> None:
    x = np.random.default_rng(0).normal(size=(1, 2, 3, 4))
    places = [-1.0, 1.0, 0.0, 0.5, -0.5, -1.5, 1.5, -3.0, 3.0, 2.0, 1 / 3, -0.25, 5.0, 1e5]
    if padding == "zeros":  # PyTorch may read anywhere for the others
        places += [np.nan, np.inf, -np.inf, 1e10]
    grid = np.array([[[[a, b] for a in places] for b in places]])
    both("grid_sample", (x, grid), mode, padding, align_corners)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_norm_pooling_where_all_numbers_are_zero(count: int) -> None:
    x = np.random.default_rng(0).normal(size=(1, 2, *(6, 4, 4)[:count]))
    x[0, 0] = 0
    both(f"lp_pool{count}d", (x,), 2, 2)


def test_infinities_stay_in_their_windows() -> None:
    x = np.arange(12.0).reshape(1, 1, 12)
    x[0, 0, 5] = np.inf
    both("adaptive_avg_pool1d", (x,), 5)
    both("avg_pool1d", (x,), 3, 2)


def test_folding_windows_apart_gives_the_image_back() -> None:
    x = np.random.default_rng(0).normal(size=(2, 3, 4, 6))
    columns = nn.functional.unfold(autograd.tensor(x), (2, 3), stride=(2, 3))
    np.testing.assert_array_equal(nn.functional.fold(columns, (4, 6), (2, 3), stride=(2, 3)).numpy(), x)


def test_half_precision_is_computed_in_single() -> None:
    """The largest float16 is 65504; a sum beyond it must not overflow on the way to a mean."""
    x = np.full((1, 1, 4, 4, 4), 30000, np.float16)
    for out in (autograd.avg_pool3d(x, 4), autograd.adaptive_avg_pool3d(x, 1)):
        assert out.dtype == np.float16
        assert out.item() == 30000
