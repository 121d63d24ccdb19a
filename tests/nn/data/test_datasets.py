"""Datasets, samplers and collation: as torch.utils.data has them where nothing is random."""

from __future__ import annotations

from collections import Counter, namedtuple
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import autograd
import nn.compat
from autograd.errors import ArgumentError, DtypeError, IndexRangeError, ShapeError
from nn import data

Pair = namedtuple("Pair", ["left", "right"])


def plain(value: Any) -> Any:
    """Tensors of either package as (dtype, lists), inside of whatever holds them."""
    if hasattr(value, "tolist") and hasattr(value, "dtype"):
        return str(value.dtype).removeprefix("torch."), value.tolist()
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        parts = [plain(v) for v in value]
        return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)
    return value


def squares(of: ModuleType, base: Any, n: int) -> Any:
    class Squares(base.Dataset):
        def __len__(self) -> int:
            return n

        def __getitem__(self, index: int) -> Any:
            return of.tensor([index, index**2]), float(index), {"name": str(index)}

    return Squares()


def counting(base: Any, n: int) -> Any:
    class Counting(base.IterableDataset):
        def __iter__(self) -> Any:
            return iter(range(n))

        def __len__(self) -> int:
            return n

    return Counting()


@pytest.mark.parametrize("n", [0, 1, 5, 6])
@pytest.mark.parametrize("options", [{}, {"batch_size": 3}, {"batch_size": 4, "drop_last": True}, {"batch_size": None}])
@pytest.mark.parametrize("stream", [False, True])
def test_loaders_give_what_torch_gives(torch: ModuleType, n: int, options: dict[str, Any], stream: bool) -> None:
    from torch.utils import data as other

    ours = counting(data, n) if stream else squares(autograd, data, n)
    theirs = counting(other, n) if stream else squares(torch, other, n)
    mine, expected = data.DataLoader(ours, **options), other.DataLoader(theirs, **options)
    assert plain(list(mine)) == plain(list(expected))
    assert len(mine) == len(expected)


@pytest.mark.parametrize(
    "batch",
    [
        [1, 2],
        [1.5, 2.5],
        [True, False],
        ["a", "b"],
        [b"a", b"b"],
        [(1, "a"), (2, "b")],
        [[1, 2.0], [3, 4.0]],
        [{"x": 1, "y": (2.0,)}, {"x": 3, "y": (4.0,)}],
        [Pair(1, 2.0), Pair(3, 4.0)],
        [np.float32(1.5), np.float32(2)],
        [np.ones((2, 2)), np.zeros((2, 2))],
    ],
    ids=str,
)
def test_collation_is_that_of_torch(torch: ModuleType, batch: Any) -> None:
    from torch.utils.data import default_collate, default_convert

    assert plain(data.default_collate(batch)) == plain(default_collate(batch))
    assert plain(data.default_convert(batch[0])) == plain(default_convert(batch[0]))


def test_what_cannot_be_collated() -> None:
    with pytest.raises(ShapeError, match=r"have lengths \[1, 2\]"):
        data.default_collate([(1,), (1, 2)])
    with pytest.raises(DtypeError, match="cannot put object together"):
        data.default_collate([object()])
    with pytest.raises(ShapeError, match="no examples"):
        data.default_collate([])
    with pytest.raises(ShapeError):
        data.default_collate([autograd.ones(2), autograd.ones(3)])


def test_tensor_dataset() -> None:
    x, y = autograd.arange(6).reshape(3, 2), np.array([1.0, 2.0, 3.0])
    both = data.TensorDataset(x, y)
    assert len(both) == 3 and plain(both[1]) == (("int64", [2, 3]), ("float64", 2.0))
    assert plain(both[[0, 2]])[0] == ("int64", [[0, 1], [4, 5]])
    for wrong in ((), (x, y[:2]), (autograd.tensor(1.0),)):
        with pytest.raises(ShapeError, match="equal first sizes"):
            data.TensorDataset(*wrong)


def test_datasets_of_datasets() -> None:
    joined = data.ConcatDataset([[1, 2], [], [3]])
    assert list(joined) == [1, 2, 3] and joined[-1] == 3 and len(joined) == 3
    for index in (3, -4):
        with pytest.raises(IndexRangeError, match=f"no example {index} among 3"):
            joined[index]
    both = squares(autograd, data, 2) + squares(autograd, data, 3)
    assert isinstance(both, data.ConcatDataset) and len(both) == 5
    chain = counting(data, 2) + counting(data, 3)
    assert list(chain) == [0, 1, 0, 1, 2] and len(chain) == 5
    assert data.StackDataset([1, 2], ["a", "b"])[1] == (2, "b")
    assert data.Subset(data.Subset([10, 20, 30], [2, 1, 0]), [0])[0] == 30
    for wrong, text in (
        (lambda: data.ConcatDataset([]), "no datasets"),
        (lambda: data.ConcatDataset([counting(data, 1)]), "use ChainDataset"),
        (lambda: data.StackDataset(), "by position, or by name"),
        (lambda: data.StackDataset([1], [1, 2]), r"lengths \[1, 2\]"),
    ):
        with pytest.raises(ArgumentError, match=text):
            wrong()
    with pytest.raises(DtypeError, match="list is no IterableDataset"):
        data.ChainDataset([[1]])


@pytest.mark.parametrize(
    ("n", "lengths"), [(10, [7, 3]), (10, [0.7, 0.3]), (11, [0.5, 0.25, 0.25]), (3, [1 / 3] * 3), (0, [0.5, 0.5])]
)
@pytest.mark.filterwarnings("ignore:Length of split")
def test_random_split(torch: ModuleType, n: int, lengths: list[Any]) -> None:
    parts = data.random_split(range(n), lengths, autograd.Generator(5))
    assert [len(part) for part in parts] == [len(p) for p in torch.utils.data.random_split(range(n), lengths)]
    assert sorted(example for part in parts for example in part) == list(range(n))
    again = data.random_split(range(n), lengths, autograd.Generator(5))
    assert [list(part) for part in parts] == [list(part) for part in again]


@pytest.mark.parametrize("lengths", [[5, 4], [0.5, 0.6], [-1, 11], ["5", "5"]])
def test_lengths_that_do_not_fit(lengths: list[Any]) -> None:
    with pytest.raises(ArgumentError, match="random_split"):
        data.random_split(range(10), lengths)


def test_samplers() -> None:
    def drawn(**options: Any) -> list[int]:
        sampler = data.RandomSampler(range(10), generator=autograd.Generator(1), **options)
        found = list(sampler)
        assert len(found) == len(sampler)
        return found

    assert sorted(drawn()) == list(range(10)) and drawn() == drawn() != list(range(10))
    counts = Counter(drawn(num_samples=25))
    assert set(counts.values()) == {2, 3} and sum(counts.values()) == 25
    assert set(Counter(drawn(replacement=True, num_samples=1000))) == set(range(10))
    assert list(data.RandomSampler([])) == []
    weighted = Counter(data.WeightedRandomSampler([0.0, 1.0, 3.0], 4000, generator=autograd.Generator(0)))
    assert weighted[0] == 0 and abs(weighted[2] / 4000 - 0.75) < 0.03
    assert sorted(data.WeightedRandomSampler([1.0, 2.0, 3.0], 3, replacement=False)) == [0, 1, 2]
    assert sorted(data.SubsetRandomSampler([4, 7, 9])) == [4, 7, 9]
    assert [len(data.BatchSampler(range(7), 3, drop)) for drop in (False, True)] == [3, 2]
    assert list(data.BatchSampler(range(7), 3, True)) == [[0, 1, 2], [3, 4, 5]]


def test_another_order_at_each_epoch_and_the_same_for_a_seed() -> None:
    def two(seed: int) -> list[list[int]]:
        loader = data.DataLoader(range(20), shuffle=True, generator=autograd.Generator(seed))
        return [[int(x) for x in loader], [int(x) for x in loader]]

    assert two(0) == two(0) != two(1)
    first, second = two(0)
    assert first != second and sorted(first) == sorted(second) == list(range(20))


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"shuffle": True, "sampler": [0]}, "sampler and shuffle"),
        ({"batch_sampler": [[0]], "batch_size": 2}, "batch_sampler gives the batches"),
        ({"batch_sampler": [[0]], "drop_last": True}, "batch_sampler gives the batches"),
        ({"batch_size": None, "drop_last": True}, "no last one"),
        ({"batch_size": 0}, "batch_size is 0"),
        ({"num_workers": -1}, "num_workers is -1"),
        ({"timeout": -1}, "timeout is -1"),
        ({"prefetch_factor": 2}, "are for workers"),
        ({"persistent_workers": True}, "are for workers"),
        ({"num_workers": 1, "prefetch_factor": 0}, "prefetch_factor is 0"),
        ({"worker_kind": "fiber"}, "worker_kind is 'fiber'"),
    ],
)
def test_arguments_that_are_refused(options: dict[str, Any], text: str) -> None:
    with pytest.raises(ArgumentError, match=text):
        data.DataLoader([1, 2], **options)


def test_a_stream_has_no_order() -> None:
    for options in ({"shuffle": True}, {"sampler": [0]}, {"batch_sampler": [[0]]}):
        with pytest.raises(ArgumentError, match="gives its own order"):
            data.DataLoader(counting(data, 2), **options)
    with pytest.raises(DtypeError, match=r"use an autograd\.Generator"):
        data.DataLoader([1], generator=np.random.default_rng())


@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize(("count", "replicas"), [(10, 3), (9, 3), (2, 5), (7, 1)])
def test_distributed_sampler(torch: ModuleType, count: int, replicas: int, drop_last: bool) -> None:
    found = []
    for library in (nn.compat, torch):
        kinds = library.utils.data.DistributedSampler
        parts = [kinds(range(count), replicas, rank, shuffle=False, drop_last=drop_last) for rank in range(replicas)]
        found.append([(len(part), list(part)) for part in parts])
    assert found[0] == found[1]
    shuffled = [nn.data.DistributedSampler(range(count), replicas, k, drop_last=drop_last) for k in range(replicas)]
    first = [list(part) for part in shuffled]
    assert first == [list(part) for part in shuffled]
    together = sorted(index for part in first for index in part)
    assert set(together) <= set(range(count)) and (drop_last or set(together) == set(range(count)))
    for part in shuffled:
        part.set_epoch(1)
    assert count < 7 or [list(part) for part in shuffled] != first
    with pytest.raises(ArgumentError, match="rank is 3; with num_replicas = 3 use 0 to 2"):
        nn.data.DistributedSampler(range(3), 3, 3)
