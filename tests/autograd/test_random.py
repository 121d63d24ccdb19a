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


# --- other distributions

SIZE = 20_000


def _cdf(name, *parameters):
    from scipy import stats

    return getattr(stats, name)(*parameters).cdf


IN_PLACE = {
    "uniform_": (lambda x, **k: x.uniform_(-1, 3, **k), "uniform", (-1, 4)),
    "normal_": (lambda x, **k: x.normal_(1, 2, **k), "norm", (1, 2)),
    "log_normal_": (lambda x, **k: x.log_normal_(0.5, 0.25, **k), "lognorm", (0.25, 0, np.exp(0.5))),
    "exponential_": (lambda x, **k: x.exponential_(2, **k), "expon", (0, 0.5)),
    "cauchy_": (lambda x, **k: x.cauchy_(1, 0.5, **k), "cauchy", (1, 0.5)),
}


@pytest.mark.parametrize("name", IN_PLACE)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_distributions_in_place(name, dtype):
    draw, distribution, parameters = IN_PLACE[name]
    autograd.manual_seed(3)
    x = autograd.empty(SIZE, dtype=dtype)
    assert draw(x) is x
    assert x.dtype == dtype
    assert kolmogorov_smirnov(x.numpy(), _cdf(distribution, *parameters)) < 1.95
    autograd.manual_seed(3)
    assert draw(autograd.zeros(SIZE, dtype=dtype)).tolist() == x.tolist()
    state = autograd.get_rng_state()
    generator = autograd.Generator(3)
    assert draw(autograd.zeros(SIZE, dtype=dtype), generator=generator).tolist() == x.tolist()
    assert autograd.get_rng_state() == state


def test_uniform_in_place_stays_below_its_end():
    for dtype in ("float16", "float32"):
        x = autograd.empty(200_000, dtype=dtype).uniform_(1000, 1001)
        assert x.numpy().min() >= 1000
        assert x.numpy().max() < 1001
    assert set(autograd.empty(3).uniform_(2, 2).tolist()) == {2.0}


def test_whole_numbers_in_place():
    autograd.manual_seed(0)
    for dtype in ("uint8", "int64", "float32"):
        x = autograd.empty(50_000, dtype=dtype).random_(5)
        counts = np.bincount(x.numpy().astype(int), minlength=5)
        assert ((counts - 10_000) ** 2 / 10_000).sum() < 18.5
        assert autograd.empty(9, dtype=dtype).random_(3, 4).tolist() == [3] * 9
    assert set(autograd.empty(4000, dtype="uint8").random_().tolist()) == set(range(256))
    assert set(autograd.empty(100, dtype="bool").random_().tolist()) == {True, False}
    assert autograd.empty(1000, dtype="float16").random_().numpy().max() <= 2**11
    assert autograd.empty(1000).random_().numpy().max() > 2**22
    trials = autograd.empty(SIZE).geometric_(0.25).numpy()
    assert trials.min() == 1
    assert abs(trials.mean() - 4) < 4 * np.sqrt(12 / SIZE)
    tosses = autograd.empty(3, SIZE).bernoulli_(autograd.tensor([[0.0], [0.3], [1.0]])).numpy().mean(1)
    assert tosses[0] == 0
    assert tosses[2] == 1
    assert abs(tosses[1] - 0.3) < 4 * np.sqrt(0.21 / SIZE)


def test_random_numbers_in_place_go_into_views_and_have_no_gradient():
    x = autograd.zeros(2, 3, dtype="float64", requires_grad=True)
    y = x * 2
    y[0].normal_()
    assert y.detach().numpy()[0].all()
    (y * y).sum().backward()
    assert x.grad.tolist() == [[0.0] * 3] * 2
    with pytest.raises(errors.InPlaceError, match="normal_"):
        x.normal_()
    state = autograd.get_rng_state()
    with pytest.raises(errors.InPlaceError, match="uniform_"):
        autograd.zeros(1).expand(3).uniform_()
    assert autograd.get_rng_state() == state
    with autograd.no_grad():
        x.fill_(0).uniform_(1, 2)
    assert x.detach().numpy().min() >= 1


def test_normal_of_tensors(torch):
    autograd.manual_seed(0)
    mean, std = autograd.tensor([[0.0], [5.0]]), autograd.tensor([1.0, 2.0, 3.0], dtype="float64")
    x = autograd.normal(mean.expand(2, 3)[:, None].expand(2, SIZE, 3), std)
    assert x.dtype == np.float64
    np.testing.assert_allclose(x.numpy().mean(1), [[0] * 3, [5] * 3], atol=4 * 3 / np.sqrt(SIZE))
    np.testing.assert_allclose(x.numpy().std(1), [[1, 2, 3]] * 2, rtol=0.03)
    assert autograd.normal(2.0, autograd.zeros(3)).tolist() == [2.0] * 3
    assert autograd.normal(autograd.tensor([1.0, 2.0]), 0.0).tolist() == [1.0, 2.0]
    for arguments in ((autograd.ones(2), -1.0), (autograd.ones(2), -autograd.ones(2)), (0.0, 1.0)):
        with pytest.raises(errors.ArgumentError, match="normal"):
            autograd.normal(*arguments)
    with pytest.raises(errors.ShapeError, match="normal"):
        autograd.normal(autograd.ones(2), autograd.ones(3))


def test_poisson():
    autograd.manual_seed(0)
    x = autograd.poisson(autograd.full((SIZE,), 3.5))
    assert x.dtype == np.float32
    assert abs(x.numpy().mean() - 3.5) < 4 * np.sqrt(3.5 / SIZE)
    assert abs(x.numpy().var() - 3.5) < 0.2


def test_multinomial():
    autograd.manual_seed(0)
    weights = autograd.tensor([1.0, 0.0, 3.0, 4.0])
    x = autograd.multinomial(weights, SIZE, replacement=True)
    assert (x.dtype, x.shape) == (np.int64, (SIZE,))
    counts = np.bincount(x.numpy(), minlength=4)
    assert counts[1] == 0
    expected = np.array([1, 3, 4]) / 8 * SIZE
    assert ((counts[[0, 2, 3]] - expected) ** 2 / expected).sum() < 13.8
    rows = autograd.multinomial(weights.expand(SIZE, 4), 2)
    assert rows.shape == (SIZE, 2)
    assert (rows.numpy()[:, 0] != rows.numpy()[:, 1]).all()
    firsts = np.bincount(rows.numpy()[:, 0], minlength=4)
    assert ((firsts[[0, 2, 3]] - expected) ** 2 / expected).sum() < 13.8
    second = rows.numpy()[rows.numpy()[:, 0] == 3, 1]  # after a 3, the rest in the proportion 1 to 3
    assert abs((second == 2).mean() - 0.75) < 4 * np.sqrt(0.1875 / second.size)
    assert sorted(autograd.multinomial(weights, 3).tolist()) == [0, 2, 3]


def test_like_and_permutations_take_a_dtype():
    x = autograd.randint_like(autograd.zeros(1000), 2, 4)
    assert (x.dtype, set(x.tolist())) == (np.float32, {2.0, 3.0})
    assert set(autograd.randint_like(autograd.zeros(100), 2, dtype="int8").tolist()) == {0, 1}
    assert autograd.randperm(4, dtype="int8").dtype == np.int8
    assert set(autograd.bernoulli(autograd.zeros(9), 1.0).tolist()) == {1.0}
    assert autograd.seed() == autograd.initial_seed()


@pytest.mark.parametrize(
    ("action", "kind", "words"),
    [
        (lambda x: x.uniform_(2, 1), errors.ArgumentError, ["uniform_", "from 2", "to 1"]),
        (lambda x: x.int().uniform_(), errors.DtypeError, ["uniform_", "int32"]),
        (lambda x: x.uniform_(0, float("inf")), errors.ArgumentError, ["uniform_", "inf"]),
        (lambda x: x.normal_(0, -1), errors.ArgumentError, ["normal_", "-1"]),
        (lambda x: x.log_normal_(0, 0), errors.ArgumentError, ["log_normal_", "0"]),
        (lambda x: x.exponential_(0), errors.ArgumentError, ["exponential_", "0"]),
        (lambda x: x.cauchy_(0, -2), errors.ArgumentError, ["cauchy_", "sigma is -2"]),
        (lambda x: x.geometric_(1), errors.ArgumentError, ["geometric_", "1"]),
        (lambda x: x.bool().geometric_(0.5), errors.DtypeError, ["geometric_", "bool"]),
        (lambda x: x.bernoulli_(1.5), errors.ArgumentError, ["bernoulli_", "[0, 1]"]),
        (lambda x: x.bernoulli_(autograd.ones(3)), errors.ShapeError, ["bernoulli_", "(3,)"]),
        (lambda x: x.random_(5, 5), errors.ArgumentError, ["random_", "5"]),
        (lambda x: x.char().random_(200), errors.DtypeError, ["random_", "200", "int8"]),
        (lambda x: x.uniform_(generator=3), errors.DtypeError, ["generator", "int"]),
        (lambda x: autograd.poisson(-x), errors.ArgumentError, ["poisson"]),
        (lambda x: autograd.poisson(x.int()), errors.DtypeError, ["poisson", "int32"]),
        (lambda x: autograd.multinomial(x, 3), errors.ArgumentError, ["multinomial", "3", "2", "replacement"]),
        (lambda x: autograd.multinomial(x, 0), errors.ArgumentError, ["multinomial", "0"]),
        (lambda x: autograd.multinomial(0 * x, 1), errors.ArgumentError, ["multinomial", "0"]),
        (lambda x: autograd.multinomial(x.int(), 1), errors.DtypeError, ["multinomial", "int32"]),
        (lambda x: autograd.multinomial(x[0], 1), errors.ShapeError, ["multinomial", "()"]),
        (lambda x: autograd.bernoulli(x.int()), errors.DtypeError, ["bernoulli", "int32"]),
        (lambda x: autograd.rand(2, device="cuda"), errors.ArgumentError, ["cuda", "cpu"]),
        (lambda x: autograd.randint_like(x, 3, 3), errors.ArgumentError, ["randint_like", "3"]),
    ],
)
def test_other_errors(action, kind, words):
    state = autograd.get_rng_state()
    with pytest.raises(kind) as caught:
        action(autograd.ones(2))
    for word in words:
        assert word in str(caught.value), str(caught.value)
    assert autograd.get_rng_state() == state
