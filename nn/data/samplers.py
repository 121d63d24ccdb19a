"""Samplers: in which order the examples of a dataset come, and how they are put together in batches."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence, Sized
from typing import Any, Generic, TypeVar

import autograd
from autograd.errors import ArgumentError

__all__ = [
    "BatchSampler",
    "DistributedSampler",
    "RandomSampler",
    "Sampler",
    "SequentialSampler",
    "SubsetRandomSampler",
    "WeightedRandomSampler",
]

T_co = TypeVar("T_co", covariant=True)


class Sampler(Generic[T_co]):
    """The base class: a subclass defines `__iter__`, which gives indices, or lists of them; and `__len__` if it can.

    Args:
        data_source: not needed; subclasses may pass it on.

    Example:
        >>> class Backwards(nn.data.Sampler):
        ...     def __iter__(self):
        ...         return iter([2, 1, 0])
        >>> list(nn.data.DataLoader([10, 20, 30], batch_size=3, sampler=Backwards()))
        [tensor([30, 20, 10])]
    """

    def __init__(self, data_source: Any = None) -> None:
        pass

    def __iter__(self) -> Iterator[T_co]:
        raise NotImplementedError(f"{type(self).__name__} has no __iter__; define `def __iter__(self):`")


class SequentialSampler(Sampler[int]):
    """All indices in order.

    Args:
        data_source: what has the length.

    Example:
        >>> list(nn.data.SequentialSampler("abc"))
        [0, 1, 2]
    """

    def __init__(self, data_source: Sized) -> None:
        self.data_source = data_source

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.data_source)))

    def __len__(self) -> int:
        return len(self.data_source)


class RandomSampler(Sampler[int]):
    """Indices in random order, in another one at each iteration.

    Args:
        data_source: what has the length.
        replacement: draw each index from all, so that some come again and others not at all.
        num_samples: how many indices; without replacement more than there are begin another random order.
        generator: the source of random numbers; the default one, unless given.

    Raises:
        ArgumentError: `num_samples` is no positive whole number, or `replacement` no truth value.

    Example:
        >>> sorted(nn.data.RandomSampler("abc"))
        [0, 1, 2]
    """

    def __init__(
        self,
        data_source: Sized,
        replacement: bool = False,
        num_samples: int | None = None,
        generator: autograd.Generator | None = None,
    ) -> None:
        if not isinstance(replacement, bool):
            raise ArgumentError(f"RandomSampler: replacement is {replacement!r}; use True or False")
        if num_samples is not None:
            _positive("RandomSampler", "num_samples", num_samples)
        self.data_source, self.replacement, self.generator = data_source, replacement, generator
        self._num_samples = num_samples

    @property
    def num_samples(self) -> int:
        """How many indices an iteration gives."""
        return len(self.data_source) if self._num_samples is None else self._num_samples

    def __iter__(self) -> Iterator[int]:
        count, wanted = len(self.data_source), self.num_samples
        if not count:
            return iter(())
        if self.replacement:
            return iter(autograd.randint(0, count, (wanted,), generator=self.generator).tolist())
        source = self.generator
        if source is None:  # all orders from one draw, however early a DataLoader asks for the later ones
            source = autograd.Generator(int(autograd.randint(0, 2**62, ())))
        orders = (autograd.randperm(count, generator=source).tolist() for _ in itertools.count())
        return itertools.islice(itertools.chain.from_iterable(orders), wanted)

    def __len__(self) -> int:
        return self.num_samples


class SubsetRandomSampler(Sampler[int]):
    """Some indices, in random order.

    Args:
        indices: the indices.
        generator: the source of random numbers; the default one, unless given.

    Example:
        >>> sorted(nn.data.SubsetRandomSampler([3, 5]))
        [3, 5]
    """

    def __init__(self, indices: Sequence[int], generator: autograd.Generator | None = None) -> None:
        self.indices, self.generator = indices, generator

    def __iter__(self) -> Iterator[int]:
        for k in autograd.randperm(len(self.indices), generator=self.generator).tolist():
            yield self.indices[k]

    def __len__(self) -> int:
        return len(self.indices)


class WeightedRandomSampler(Sampler[int]):
    """Indices drawn with given weights.

    Args:
        weights: one for each index; they need not add up to 1.
        num_samples: how many indices.
        replacement: an index may be drawn again.
        generator: the source of random numbers; the default one, unless given.

    Raises:
        ArgumentError: `num_samples` is no positive whole number, or `replacement` no truth value.

    Example:
        >>> list(nn.data.WeightedRandomSampler([0.0, 1.0], num_samples=3))
        [1, 1, 1]
    """

    def __init__(
        self,
        weights: Any,
        num_samples: int,
        replacement: bool = True,
        generator: autograd.Generator | None = None,
    ) -> None:
        _positive("WeightedRandomSampler", "num_samples", num_samples)
        if not isinstance(replacement, bool):
            raise ArgumentError(f"WeightedRandomSampler: replacement is {replacement!r}; use True or False")
        self.weights = autograd.as_tensor(weights, dtype=autograd.float64)
        if self.weights.ndim != 1:
            raise ArgumentError(f"WeightedRandomSampler: weights {self.weights.shape} are no vector; give one")
        self.num_samples, self.replacement, self.generator = num_samples, replacement, generator

    def __iter__(self) -> Iterator[int]:
        drawn = autograd.multinomial(self.weights, self.num_samples, self.replacement, generator=self.generator)
        return iter(drawn.tolist())

    def __len__(self) -> int:
        return self.num_samples


class BatchSampler(Sampler[list[int]]):
    """The indices of another sampler, in lists.

    Args:
        sampler: gives the indices.
        batch_size: how many make a list.
        drop_last: leave out a last list that is shorter.

    Raises:
        ArgumentError: `batch_size` is no positive whole number, or `drop_last` no truth value.

    Example:
        >>> list(nn.data.BatchSampler(range(3), batch_size=2, drop_last=False))
        [[0, 1], [2]]
    """

    def __init__(self, sampler: Iterable[Any], batch_size: int, drop_last: bool) -> None:
        _positive("BatchSampler", "batch_size", batch_size)
        if not isinstance(drop_last, bool):
            raise ArgumentError(f"BatchSampler: drop_last is {drop_last!r}; use True or False")
        self.sampler, self.batch_size, self.drop_last = sampler, batch_size, drop_last

    def __iter__(self) -> Iterator[list[int]]:
        indices = iter(self.sampler)
        while batch := list(itertools.islice(indices, self.batch_size)):
            if len(batch) == self.batch_size or not self.drop_last:
                yield batch

    def __len__(self) -> int:
        whole, rest = divmod(len(self.sampler), self.batch_size)  # type: ignore[arg-type]
        return whole + bool(rest and not self.drop_last)


def _positive(name: str, argument: str, value: Any) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ArgumentError(f"{name}: {argument} is {value!r}; use a positive whole number")


class DistributedSampler(Sampler[int]):
    """Every so-many-th index for one of several processes that divide a dataset; all get equally many.

    Args:
        dataset: what has the length.
        num_replicas: how many processes there are; 1, unless given.
        rank: which of them this is, from 0.
        shuffle: in random order, the same for all processes, and another in each epoch that `set_epoch` names.
        seed: what the order is drawn from, with the epoch.
        drop_last: leave out the indices that do not divide evenly, instead of giving the first ones twice.

    Raises:
        ArgumentError: `rank` is none of the processes.

    Example:
        >>> [list(nn.data.DistributedSampler(range(5), 2, rank, shuffle=False)) for rank in (0, 1)]
        [[0, 2, 4], [1, 3, 0]]
    """

    def __init__(
        self,
        dataset: Sized,
        num_replicas: int | None = None,
        rank: int | None = None,
        shuffle: bool = True,
        seed: int = 0,
        drop_last: bool = False,
    ) -> None:
        self.num_replicas = 1 if num_replicas is None else num_replicas
        self.rank = 0 if rank is None else rank
        if not 0 <= self.rank < self.num_replicas:
            raise ArgumentError(
                f"DistributedSampler: rank is {rank}; with num_replicas = {self.num_replicas} use 0 to "
                f"{self.num_replicas - 1}"
            )
        self.dataset, self.shuffle, self.seed, self.drop_last = dataset, shuffle, seed, drop_last
        self.epoch = 0
        whole, rest = divmod(len(dataset), self.num_replicas)
        self.num_samples = whole + (rest > 0 and not drop_last)
        self.total_size = self.num_samples * self.num_replicas

    def set_epoch(self, epoch: int) -> None:
        """Choose the order of an epoch; without it every epoch has the same."""
        self.epoch = epoch

    def __iter__(self) -> Iterator[int]:
        count = len(self.dataset)
        indices = list(range(count))
        if self.shuffle:
            source = autograd.Generator()
            source.manual_seed(self.seed + self.epoch)
            indices = autograd.randperm(count, generator=source).tolist()
        whole = [indices[k % count] for k in range(self.total_size)]
        return iter(whole[self.rank :: self.num_replicas])

    def __len__(self) -> int:
        return self.num_samples
