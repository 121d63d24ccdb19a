"""Reading and writing at indices, against PyTorch, NumPy, and finite differences where places repeat."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd
import nn.functional as F
from autograd import errors
from autograd.ops import index as index_ops
from autograd.testing import gradcheck, gradgradcheck


def leaf(data: Any) -> Any:
    return autograd.tensor(np.asarray(data, dtype=np.float64), requires_grad=True)


def numbers(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=shape)


MASK = np.array([[True, False, True], [False, False, True]])

# Into an array of shape (2, 3, 4).
INDICES: dict[str, Any] = {
    "integer": 1,
    "negative integer": -1,
    "all integers": (1, -1, 0),
    "slices with steps": (slice(None), slice(0, 3, 2), slice(1, None, 3)),
    "slices beyond the end": (slice(0, 99), slice(5, 9)),
    "None and Ellipsis": (None, Ellipsis, 2, None),
    "list": [1, 0, 1],
    "nothing chosen": [],
    "index array of two dimensions": np.array([[0, 1], [1, 1]]),
    "0-d index": np.array(1),
    "index arrays that broadcast": (np.array([[0], [1]]), slice(None), np.array([0, 3, -2])),
    "index arrays side by side": (slice(None), [0, 2], [1, 3]),
    "integer beside a list": (slice(None), 1, [1, 3, 3]),
    "integer before a slice and a list": (0, slice(None), [1, 3, 3]),
    "list, slice, integer": ([1, 0], slice(None), 2),
    "list, None, list": ([1, 0], None, [0, 2]),
    "0-d array, slice, list": (np.array(0), slice(None), [1, 3, 3]),
    "Ellipsis and list": (Ellipsis, [0, 0]),
    "list, Ellipsis of nothing, lists": ([1, 0], Ellipsis, [0, 2], None, [1, 1]),
    "None, list, Ellipsis of nothing, list": (None, [1, 0], Ellipsis, [0, 2], slice(1, 3)),
    "mask of one dimension": np.array([True, False]),
    "mask of two dimensions": MASK,
    "mask of all": np.arange(24).reshape(2, 3, 4) % 5 == 0,
    "mask that holds nowhere": np.zeros((2, 3), bool),
    "mask behind a slice": (slice(None), np.array([True, False, True])),
    "mask and list": (np.array([True, True]), [0, 2]),
    "mask and integer": (MASK, 3),
    "list of bools": [True, False],
    "True": True,
    "False": False,
    "0-d mask": np.array(True),
    "bool between": (slice(None), True),
    "bool and list": (True, [0, 1]),
    "bool, integer and list": (1, True, [0, 1]),
}


def both(index: Any, module: Any, tensors: bool) -> Any:
    """An index whose arrays are tensors of a package."""
    if isinstance(index, tuple):
        return tuple([both(item, module, tensors) for item in index])
    return module.tensor(index) if tensors and isinstance(index, np.ndarray) else index


@pytest.mark.parametrize("tensors", [False, True], ids=["arrays", "tensors"])
@pytest.mark.parametrize("name", INDICES)
def test_getitem_and_assignment_are_pytorchs(torch: Any, name: str, tensors: bool) -> None:
    index, array = INDICES[name], numbers(2, 3, 4)
    x, theirs = leaf(array), torch.tensor(array, requires_grad=True)
    picked, expected = x[both(index, autograd, tensors)], theirs[both(index, torch, True)]
    assert picked.shape == tuple(expected.shape)
    assert np.array_equal(picked.detach().numpy(), expected.detach().numpy())
    weights = np.cos(np.arange(expected.numel())).reshape(picked.shape)
    (found,) = autograd.grad(picked, [x], [weights])
    assert np.allclose(found.numpy(), torch.autograd.grad(expected, theirs, torch.tensor(weights))[0].numpy())

    for value in (numbers(*picked.shape), np.array(0.5)):
        v, w = leaf(value), torch.tensor(value, requires_grad=True)
        written = index_ops.assign(x, both(index, autograd, tensors), v)
        other = theirs.clone()
        other[both(index, torch, True)] = w
        if "3, 3" in repr(index) or "1, 0, 1" in repr(index) or "0, 0" in repr(index) or "[1, 1]" in repr(index):
            continue  # places that repeat, which PyTorch leaves open
        assert np.array_equal(written.detach().numpy(), other.detach().numpy())
        weights = np.sin(np.arange(24.0)).reshape(2, 3, 4)
        slopes = torch.autograd.grad(other, [theirs, w], torch.tensor(weights), allow_unused=True)
        for a, b in zip(autograd.grad(written, [x, v], [weights]), slopes, strict=True):
            assert np.allclose(a.numpy(), 0 if b is None else b.numpy())


def test_steps_may_be_negative_as_in_numpy() -> None:
    array = numbers(3, 4)
    x = leaf(array)
    assert np.array_equal(x[::-1, 3:0:-2].detach().numpy(), array[::-1, 3:0:-2])
    assert gradcheck(lambda t: t[::-2] * t[0], [x])


def test_basic_indices_give_views_and_others_copies() -> None:
    x = autograd.zeros(2, 3)
    for index in (0, (0, 1), slice(1, None), None, (Ellipsis, 2), np.array(1)):
        assert np.shares_memory(x[index].numpy(), x.numpy()), index
    for index in ([0], True, np.array([True, False])):
        assert not np.shares_memory(x[index].numpy(), x.numpy()), index


def test_an_index_array_that_changes_later_does_not_matter() -> None:
    places, x = np.array([0, 1]), leaf([1.0, 2.0, 3.0])
    y = x[places]
    places[:] = 2
    y.sum().backward()
    assert x.grad.tolist() == [1, 1, 0]


def test_bools_beside_an_index_of_every_dimension() -> None:
    x = leaf([1.0, 2.0, 3.0])
    assert x[1, True].tolist() == [2.0]
    assert x[1, False].tolist() == []
    for index in ((1, True), (1, False), (True, 1)):
        assert gradcheck(lambda t, index=index: t[index] * t.sum(), [x])
        assert gradcheck(lambda t, index=index: index_ops.assign(t, index, t.sum()), [x])


def test_gradients_of_what_is_chosen_of_an_empty_array() -> None:
    x = autograd.zeros(3, 0, 2, requires_grad=True)
    for index in ([0, 2, 0], (slice(None), []), ([1, 1], Ellipsis, [0, 1]), np.zeros((3, 0), bool)):
        (found,) = autograd.grad(x[index].sum(), [x])
        assert found.shape == (3, 0, 2)


WRONG: list[tuple[Any, type[Exception], str]] = [
    (2, errors.IndexRangeError, "index 2 is out of range for dimension 0 of x (2, 3); use -2 to 1"),
    ((0, -4), errors.IndexRangeError, "index -4 is out of range for dimension 1"),
    ((Ellipsis, [0, 3]), errors.IndexRangeError, "index 3 is out of range for dimension 1"),
    ((0, 0, 0), errors.IndexRangeError, "3 indices for x (2, 3), which has 2 dimensions"),
    ((Ellipsis, Ellipsis), errors.ArgumentError, "stands twice"),
    (slice(None, None, 0), errors.ArgumentError, "step 0"),
    (slice(0.5, None), errors.DtypeError, "not a whole number"),
    (1.0, errors.DtypeError, "1.0 is no index"),
    (np.array([1.0]), errors.DtypeError, "float64 is no index"),
    ("a", errors.DtypeError, "is no index"),
    (([0, 1], [0, 1, 2]), errors.ShapeError, "(2,), (3,) do not broadcast"),
    ((False, [0, 1]), errors.ShapeError, "(2,), (0,) do not broadcast"),
    ([[0, 1], [0]], errors.ShapeError, "differ in length"),
    (np.array([True, False, True]), errors.ShapeError, "a mask (3,) does not fit x (2, 3)"),
]


@pytest.mark.parametrize(("index", "error", "said"), WRONG)
def test_wrong_indices_are_refused(index: Any, error: type[Exception], said: str) -> None:
    x = autograd.zeros(2, 3)
    for call in (lambda: x[index], lambda: x.__setitem__(index, 1.0), lambda: index_ops.assign(x, index, 1.0)):
        with pytest.raises(error) as caught:
            call()
        assert said in str(caught.value)


def test_an_index_out_of_range_is_an_index_error_everywhere() -> None:
    x, one = autograd.zeros(2, 3), autograd.ones(1, 1)
    far, row = autograd.tensor([[7]]), autograd.tensor([7])
    calls: list[Callable[[], Any]] = [
        lambda: x[7],
        lambda: x[[7]],
        lambda: autograd.gather(x, 1, far),
        lambda: autograd.scatter(x, 1, far, one),
        lambda: autograd.scatter_add(x, 1, far, one),
        lambda: autograd.scatter_reduce(x, 1, far, one, "prod"),
        lambda: autograd.take_along_dim(x, far, 1),
        lambda: autograd.index_select(x, 0, row),
        lambda: autograd.index_add(x, 1, row, autograd.ones(2, 1)),
        lambda: autograd.index_copy(x, 1, row, autograd.ones(2, 1)),
        lambda: autograd.index_reduce(x, 1, row, autograd.ones(2, 1), "amax"),
        lambda: autograd.index_fill(x, 1, row, 0.0),
        lambda: autograd.take(x, row),
        lambda: autograd.put(x, row, autograd.ones(1)),
        lambda: autograd.index_put(x, (row,), autograd.ones(1)),
        lambda: autograd.unravel_index(row, (2, 3)),
        lambda: autograd.embedding(row, x),
        lambda: autograd.embedding_bag(far, x),
    ]
    for call in calls:
        with pytest.raises(IndexError, match="is out of range") as caught:
            call()
        assert isinstance(caught.value, errors.ChainruleError)


# --- places that repeat: the last value stays, and it alone has a gradient

REPEATED: dict[str, Callable[[Any, Any], Any]] = {
    "assignment": lambda x, v: index_ops.assign(x, ([0, 2, 0],), v),
    "assignment of rows": lambda x, v: index_ops.assign(x.reshape(3, 1), ([0, 2, 0],), v.reshape(3, 1)),
    "assignment of one number": lambda x, v: index_ops.assign(x, ([0, 0],), v[0]),
    "assignment through two arrays": lambda x, v: index_ops.assign(x.reshape(1, 3), ([0, 0, 0], [1, 1, 2]), v),
    "index_put": lambda x, v: autograd.index_put(x, (np.array([1, 1, 1]),), v),
    "index_put, accumulated": lambda x, v: autograd.index_put(x, (np.array([1, 1, 0]),), v, accumulate=True),
    "put": lambda x, v: autograd.put(x, np.array([2, -1, 0]), v),
    "index_copy": lambda x, v: autograd.index_copy(x, 0, np.array([2, 2, 0]), v),
    "index_fill": lambda x, v: autograd.index_fill(x, 0, np.array([2, 2, 0]), v[1]),
    "scatter": lambda x, v: autograd.scatter(x, 0, np.array([0, 0, 1]), v),
    "scatter of rows": lambda x, v: autograd.scatter(x.reshape(1, 3), 1, np.array([[2, 2]]), v.reshape(1, 3)),
    "scatter, added": lambda x, v: autograd.scatter(x, 0, np.array([0, 0, 1]), v, reduce="add"),
    "scatter, multiplied": lambda x, v: autograd.scatter(x, 0, np.array([0, 0, 1]), v, reduce="multiply"),
}


@pytest.mark.parametrize("name", REPEATED)
def test_gradients_where_places_repeat(name: str) -> None:
    x, v = leaf(numbers(3)), leaf(numbers(3) + 5)
    function = REPEATED[name]

    def curved(a: Any, b: Any) -> Any:
        return function(a, b) * a.sum() * b.prod()

    assert gradcheck(curved, [x, v])
    assert gradgradcheck(curved, [x, v])


def test_the_last_value_stays() -> None:
    x, v = autograd.zeros(3), autograd.tensor([1.0, 2.0, 3.0])
    for found in (
        index_ops.assign(x, [1, 1, 0], v),
        autograd.scatter(x, 0, np.array([1, 1, 0]), v),
        autograd.index_copy(x, 0, np.array([1, 1, 0]), v),
        autograd.put(x, np.array([1, 1, 0]), v),
    ):
        assert found.tolist() == [3, 2, 0]


# --- products with zeros, ties, dtypes


@pytest.mark.parametrize("include_self", [True, False])
@pytest.mark.parametrize("zeros", [[], [0], [0, 1], [0, 1, 3]])
def test_products_with_zeros_have_derivatives_of_every_order(zeros: list[int], include_self: bool) -> None:
    src = numbers(5)
    src[zeros] = 0
    index = np.array([1, 1, 0, 1, 3])

    def function(x: Any, s: Any) -> Any:
        return autograd.scatter_reduce(x, 0, index, s, "prod", include_self=include_self)

    assert gradcheck(function, [leaf(numbers(4)), leaf(src)])
    assert gradgradcheck(function, [leaf(numbers(4)), leaf(src)])
    assert gradgradcheck(lambda x, s: autograd.grad(function(x, s).sum(), [x, s], create_graph=True)[1].sum(),
                         [leaf(numbers(4)), leaf(src)])  # fmt: skip


@pytest.mark.parametrize("reduce", ["amax", "amin", "mean", "prod", "sum"])
@pytest.mark.parametrize("include_self", [True, False])
@pytest.mark.parametrize("dtype", ["float64", "float32", "int64", "int32", "uint8"])
def test_scatter_reduce_of_ties_and_integers_is_pytorchs(
    torch: Any, reduce: str, include_self: bool, dtype: str
) -> None:
    # Where the input does not take part PyTorch counts it among equals all the same; so there it is no equal.
    x, src = np.array([3 if include_self else 1, 1, 2, 7], dtype), np.array([3, 3, 5, 5, 4], dtype)
    index = np.array([0, 0, 1, 1, 2])
    ours, theirs = [autograd.tensor(a) for a in (x, src)], [torch.tensor(a) for a in (x, src)]
    if dtype.startswith("float"):
        for t in (*ours, *theirs):
            t.requires_grad_()
    found = autograd.scatter_reduce(ours[0], 0, autograd.tensor(index), ours[1], reduce, include_self=include_self)
    expected = theirs[0].scatter_reduce(0, torch.tensor(index), theirs[1], reduce, include_self=include_self)
    assert found.dtype == np.dtype(dtype)
    assert np.allclose(found.detach().numpy(), expected.detach().numpy())
    if dtype.startswith("float"):
        slopes = torch.autograd.grad(expected.sum(), theirs)
        for a, b in zip(autograd.grad(found.sum(), ours), slopes, strict=True):
            assert np.allclose(a.numpy(), b.numpy())


def test_an_infinity_that_takes_part_is_told_from_one_that_does_not() -> None:
    x, src = leaf([1.0, 2.0]), leaf([-np.inf])
    out = autograd.scatter_reduce(x, 0, np.array([0]), src, "amax", include_self=False)
    assert out.tolist() == [-np.inf, 2]
    assert [g.tolist() for g in autograd.grad(out.sum(), [x, src])] == [[0, 1], [1]]


def test_many_small_numbers_of_float16_are_added_up_in_float32() -> None:
    ones = autograd.ones(5000, dtype="float16")
    total = autograd.index_add(autograd.zeros(1, dtype="float16"), 0, np.zeros(5000, int), ones)
    assert total.dtype == np.float16
    assert total.tolist() == [5000]


@pytest.mark.parametrize(("count", "width"), [(5, 1), (5, 3), (5000, 100), (20, 600), (0, 3), (3, 0)])
def test_adding_rows_is_numpys_add_at(count: int, width: int) -> None:
    """Narrow rows are added in blocks, and wide ones one after the other."""
    rng = np.random.default_rng(0)
    places, rows = rng.integers(0, 7, count), rng.normal(size=(count, width))
    found, expected = np.ones((7, width)), np.ones((7, width))
    index_ops.add_at(found, places, rows)
    np.add.at(expected, places, rows)
    assert np.allclose(found, expected, rtol=1e-12)


# --- embeddings

EMBEDDINGS: dict[str, tuple[str, Any, dict[str, Any]]] = {
    "plain": ("embedding", [[0, 3], [3, 3]], {}),
    "padding": ("embedding", [[0, 3], [3, 1]], {"padding_idx": 3}),
    "padding from the end": ("embedding", [0, 4, 4], {"padding_idx": -1}),
    "scaled by frequency": ("embedding", [0, 4, 4, 2, 4], {"scale_grad_by_freq": True}),
    "both": ("embedding", [0, 4, 4, 2, 0], {"scale_grad_by_freq": True, "padding_idx": 0}),
    "nothing": ("embedding", np.zeros((2, 0), int), {}),
    "norms limited": ("embedding", [1, 3, 1], {"max_norm": 0.7}),
    "norms of another order limited": ("embedding", [1, 3], {"max_norm": 0.5, "norm_type": 1.0}),
    "bags": ("embedding_bag", [0, 4, 4, 2], {"offsets": [0, 0, 3]}),
    "bags, scaled": ("embedding_bag", [0, 4, 4, 2], {"offsets": [0, 3], "scale_grad_by_freq": True, "mode": "sum"}),
    "bags, mean scaled": ("embedding_bag", [0, 4, 4, 2], {"offsets": [0, 3], "scale_grad_by_freq": True}),
    "bags, limited": ("embedding_bag", [[0, 4], [1, 1]], {"max_norm": 0.7, "mode": "max"}),
    "bags, all padding": ("embedding_bag", [[1, 1], [1, 1]], {"padding_idx": 1, "mode": "max"}),
    "bags, end given": ("embedding_bag", [0, 4, 4, 2], {"offsets": [0, 3, 4], "include_last_offset": True}),
    "no bags": ("embedding_bag", np.zeros((0, 3), int), {"mode": "sum"}),
}


@pytest.mark.parametrize("name", EMBEDDINGS)
def test_embeddings_are_pytorchs(torch: Any, name: str) -> None:
    function, indices, options = EMBEDDINGS[name]
    table = numbers(5, 3)
    indices = np.asarray(indices)

    def run(module: Any, host: Any) -> tuple[Any, Any, Any]:
        weight = module.tensor(table.copy(), requires_grad=True)
        given = {k: module.tensor(v) if isinstance(v, list) else v for k, v in options.items()}
        out = getattr(host, function)(module.tensor(indices), weight, **given)
        weights = np.cos(np.arange(np.prod(out.shape, dtype=int))).reshape(tuple(out.shape))
        (slope,) = module.autograd.grad(out, [weight], [module.tensor(weights)])
        return out, weight, slope

    class Ours:
        tensor = staticmethod(autograd.tensor)
        autograd = autograd

    for a, b in zip(run(Ours, F), run(torch, torch.nn.functional), strict=True):
        assert np.allclose(a.detach().numpy(), b.detach().numpy(), rtol=1e-9)


def test_what_embeddings_refuse() -> None:
    table, row = autograd.ones(3, 2), autograd.tensor([0, 1])
    for call, said in (
        (lambda: F.embedding(row, table, sparse=True), "sparse"),
        (lambda: F.embedding(row, table, padding_idx=3), "padding_idx 3"),
        (lambda: F.embedding(autograd.tensor([1.0]), table), "use integers"),
        (lambda: F.embedding(row, autograd.ones(3)), "no table"),
        (lambda: F.embedding(autograd.tensor([-1]), table), "out of range"),
        (lambda: F.embedding_bag(row, table, autograd.tensor([1])), "begins at 0"),
        (lambda: F.embedding_bag(row, table, autograd.tensor([0, 5])), "not in order"),
        (lambda: F.embedding_bag(row, table, autograd.tensor([0.0])), "use integers"),
        (lambda: F.embedding_bag(row, table, autograd.tensor([0]), mode="min"), "'sum', 'mean' or 'max'"),
        (lambda: F.embedding_bag(row, table, autograd.tensor([0]), mode="max", scale_grad_by_freq=True), "leave out"),
        (lambda: F.embedding_bag(row, table, autograd.tensor([0]), per_sample_weights=row), "are for mode 'sum'"),
        (lambda: F.embedding_bag(row[None, None], table), "has 3 dimensions"),
    ):
        with pytest.raises(errors.ChainruleError, match=said):
            call()


# --- what PyTorch has in place alone, or without an entry in its database


@pytest.mark.parametrize("shape", [(3, 3), (2, 4), (7, 2), (3, 3, 3), (0, 2)])
@pytest.mark.parametrize("wrap", [False, True])
def test_fill_diagonal_is_pytorchs(torch: Any, shape: tuple[int, ...], wrap: bool) -> None:
    array = numbers(*shape)
    expected = torch.tensor(array).fill_diagonal_(2.5, wrap)
    assert np.array_equal(autograd.fill_diagonal(autograd.tensor(array), 2.5, wrap).numpy(), expected.numpy())


@pytest.mark.parametrize("dtype", ["int64", "int32", "uint8"])
@pytest.mark.parametrize("shape", [(2, 3), (7,), 7, (3, 1, 2)])
def test_unravel_index_is_pytorchs(torch: Any, shape: Any, dtype: str) -> None:
    indices = np.array([[5, 0], [3, 1]], dtype)
    found = autograd.unravel_index(autograd.tensor(indices), shape)
    expected = torch.unravel_index(torch.tensor(indices), shape)
    assert len(found) == len(expected)
    for a, b in zip(found, expected, strict=True):
        assert str(a.dtype) == str(b.dtype).removeprefix("torch.")
        assert np.array_equal(a.numpy(), b.numpy())


def test_numbers_that_are_written_take_the_dtype_of_what_they_are_written_into(torch: Any) -> None:
    x, mask, row = np.array([1, 2, 3]), np.array([True, False, True]), np.array([1])
    ours, theirs = autograd.tensor(x), torch.tensor(x)
    m, i = torch.tensor(mask), torch.tensor(row)
    assert ours.masked_fill(mask, 1.5).tolist() == theirs.masked_fill(m, 1.5).tolist()
    assert ours.index_fill(0, row, 9.5).tolist() == theirs.index_fill(0, i, 9.5).tolist()
    assert ours.scatter(0, row, 2.5).tolist() == theirs.scatter(0, i, 2.5).tolist()
    with pytest.raises(errors.DtypeError, match="does not fit"):
        autograd.zeros(2, dtype="uint8").masked_fill(np.array([True, False]), 300)
    with pytest.raises(errors.DtypeError, match="does not fit"):
        ours.masked_fill(mask, np.nan)
