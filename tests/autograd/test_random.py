"""The random makers: repeatable, of the right distribution, in range, and picky about their arguments."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import autograd
from autograd import errors

DRAWS = {
    "rand": lambda **k: autograd.rand(40, **k),
    "randn": lambda **k: autograd.randn(40, **k),
    "randint": lambda **k: autograd.randint(0, 1000, (40,), **k),
    "randperm": lambda **k: autograd.randperm(40, **k),
    "normal": lambda **k: autograd.normal(1.0, 2.0, (40,), **k),
    "bernoulli": lambda **k: autograd.bernoulli(autograd.full((40,), 0.5), **k),
}


@pytest.mark.parametrize("name", DRAWS)
def test_seeds_states_and_generators(name):
    draw = DRAWS[name]
    autograd.manual_seed(7)
    first, second = draw().tolist(), draw().tolist()
    assert first != second
    autograd.manual_seed(7)
    assert draw().tolist() == first
    state = autograd.get_rng_state()
    assert draw().tolist() == second
    autograd.set_rng_state(state)
    assert draw().tolist() == second
    generator = autograd.Generator(7)
    before = autograd.get_rng_state()
    assert draw(generator=generator).tolist() == first
    assert draw(generator=generator).tolist() == second
    assert autograd.get_rng_state() == before
    autograd.manual_seed(8)
    assert draw().tolist() != first


def test_seed_is_remembered_in_the_state():
    autograd.manual_seed(5)
    assert autograd.initial_seed() == 5
    state = autograd.get_rng_state()
    autograd.manual_seed(6)
    autograd.set_rng_state(state)
    assert autograd.initial_seed() == 5
    assert autograd.Generator().initial_seed() != autograd.Generator().initial_seed()
    copied = autograd.Generator().set_state(state)
    assert copied.get_state() == state


def test_the_state_is_a_copy():
    state = autograd.get_rng_state()
    autograd.rand(10)
    assert autograd.get_rng_state() != state


def kolmogorov_smirnov(sample, cdf):
    """The largest distance between the sample's distribution and `cdf`, times the square root of its size."""
    ordered = np.sort(np.asarray(sample, dtype=np.float64))
    ranks = np.arange(1, ordered.size + 1) / ordered.size
    return np.abs(ranks - cdf(ordered)).max() * np.sqrt(ordered.size)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_uniform(dtype):
    x = autograd.rand(100_000, dtype=dtype)
    assert x.dtype == dtype
    assert x.numpy().min() >= 0
    assert x.numpy().max() < 1  # also where float16 would round up
    assert kolmogorov_smirnov(x.numpy(), lambda v: v) < 1.95  # exceeded once in a thousand seeds


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_normal(dtype):
    from scipy.stats import norm

    for x in (autograd.randn(20_000, dtype=dtype), (autograd.normal(3.0, 2.0, (20_000,), dtype=dtype) - 3) / 2):
        assert x.dtype == dtype
        assert kolmogorov_smirnov(x.numpy(), norm.cdf) < 1.95


def test_whole_numbers():
    x = autograd.randint(-3, 4, (70_000,))
    assert x.dtype == np.int64
    counts = np.bincount(x.numpy() + 3, minlength=7)
    assert counts.size == 7
    assert ((counts - 10_000) ** 2 / 10_000).sum() < 22.5  # chi-squared, 6 degrees of freedom, one in a thousand
    assert set(autograd.randint(2, (100,)).tolist()) == {0, 1}
    assert autograd.randint(5, (2, 3), dtype="int8").dtype == np.int8
    assert set(autograd.randint(0, 256, (5000,), dtype="uint8").tolist()) == set(range(256))


def test_permutations():
    assert sorted(autograd.randperm(50).tolist()) == list(range(50))
    assert autograd.randperm(0).tolist() == []
    firsts = np.bincount([int(autograd.randperm(5)[0]) for _ in range(1000)], minlength=5)
    assert ((firsts - 200) ** 2 / 200).sum() < 18.5


def test_bernoulli():
    p = autograd.tensor([0.0, 0.2, 1.0]).expand(20_000, 3)
    x = autograd.bernoulli(p)
    assert x.dtype == np.float32
    assert set(np.unique(x.numpy())) == {0.0, 1.0}
    means = x.numpy().mean(0)
    assert means[0] == 0
    assert means[2] == 1
    assert abs(means[1] - 0.2) < 4 * np.sqrt(0.16 / 20_000)


def test_like():
    model = autograd.zeros(2, 3, dtype="float64")
    for maker in (autograd.rand_like, autograd.randn_like):
        made = maker(model)
        assert (made.shape, made.dtype) == ((2, 3), np.float64)
        assert maker(model, dtype="float32", requires_grad=True).requires_grad


def test_dropout():
    x = autograd.ones(100_000, requires_grad=True)
    y = autograd.dropout(x, 0.25)
    kept = y.detach().numpy() != 0
    assert abs(kept.mean() - 0.75) < 4 * np.sqrt(0.1875 / 100_000)
    np.testing.assert_allclose(y.detach().numpy()[kept], 1 / 0.75, rtol=1e-6)
    y.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), y.detach().numpy())
    assert autograd.dropout(x, 0.25, training=False) is x
    assert autograd.dropout(x, 0.0) is x
    assert not autograd.dropout(x, 1.0).detach().numpy().any()
    assert autograd.dropout(autograd.ones(3, dtype="float16"), 0.5).dtype == np.float16


def test_threads_draw_from_one_generator_without_repeating():
    results = [[] for _ in range(4)]

    def draw(out):
        for _ in range(200):
            out.append(autograd.rand(4, dtype="float64").tolist())

    threads = [threading.Thread(target=draw, args=(out,)) for out in results]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    drawn = [tuple(row) for out in results for row in out]
    assert len(set(drawn)) == 800


@pytest.mark.parametrize(
    ("action", "kind", "words"),
    [
        (lambda: autograd.manual_seed(-1), errors.ArgumentError, ["manual_seed", "-1"]),
        (lambda: autograd.manual_seed("a"), errors.ArgumentError, ["manual_seed", "'a'"]),
        (lambda: autograd.manual_seed(1.5), errors.ArgumentError, ["manual_seed", "1.5"]),
        (lambda: autograd.Generator(-1), errors.ArgumentError, ["seed", "-1"]),
        (lambda: autograd.Generator("a"), errors.ArgumentError, ["seed", "'a'"]),
        (lambda: autograd.set_rng_state({}), errors.ArgumentError, ["set_state", "get_state"]),
        (lambda: autograd.set_rng_state(3), errors.ArgumentError, ["set_state", "get_state"]),
        (lambda: autograd.set_rng_state({"seed": 1, "state": 2}), errors.ArgumentError, ["set_state"]),
        (lambda: autograd.rand(2, generator=3), errors.DtypeError, ["generator", "int"]),
        (lambda: autograd.rand(2, dtype="int64"), errors.DtypeError, ["rand", "int64", "float32"]),
        (lambda: autograd.randn(2, dtype="bool"), errors.DtypeError, ["randn", "bool"]),
        (lambda: autograd.rand(-1), errors.ShapeError, ["rand", "-1"]),
        (lambda: autograd.rand("a"), errors.ShapeError, ["rand", "'a'"]),
        (lambda: autograd.rand_like([1.0]), errors.DtypeError, ["rand_like", "list"]),
        (lambda: autograd.randint(5), errors.ArgumentError, ["randint", "shape"]),
        (lambda: autograd.randint(0, 5, 3), errors.ArgumentError, ["randint", "shape"]),
        (lambda: autograd.randint(3, 1, (2,)), errors.ArgumentError, ["randint", "3", "1", "larger"]),
        (lambda: autograd.randint(0.5, 2.5, (2,)), errors.ArgumentError, ["randint", "0.5", "whole"]),
        (lambda: autograd.randint(1000, (3,), dtype="int8"), errors.DtypeError, ["randint", "1000", "int8"]),
        (lambda: autograd.randperm(-1), errors.ArgumentError, ["randperm", "-1"]),
        (lambda: autograd.randperm(2.5), errors.ArgumentError, ["randperm", "2.5"]),
        (lambda: autograd.normal(0.0, -1.0, (2,)), errors.ArgumentError, ["normal", "-1.0"]),
        (lambda: autograd.normal("a", 1.0, (2,)), errors.ArgumentError, ["normal", "mean", "'a'"]),
        (lambda: autograd.bernoulli(autograd.tensor([2.0])), errors.ArgumentError, ["bernoulli", "[0, 1]"]),
        (lambda: autograd.bernoulli(autograd.tensor([float("nan")])), errors.ArgumentError, ["bernoulli"]),
        (lambda: autograd.dropout(autograd.ones(2), 2), errors.ArgumentError, ["dropout", "p is 2"]),
        (lambda: autograd.dropout(autograd.ones(2), "a"), errors.ArgumentError, ["dropout", "'a'"]),
        (lambda: autograd.dropout(autograd.tensor([1, 2])), errors.DtypeError, ["dropout", "int64", ".float()"]),
    ],
)
def test_errors(action, kind, words):
    state = autograd.get_rng_state()
    with pytest.raises(kind) as caught:
        action()
    for word in words:
        assert word in str(caught.value), str(caught.value)
    assert autograd.get_rng_state() == state
