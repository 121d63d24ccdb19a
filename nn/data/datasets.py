"""Datasets: what examples there are, by index or one after the other."""

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Generic, TypeVar

import autograd
from autograd.errors import ArgumentError, DtypeError, IndexRangeError, ShapeError

__all__ = [
    "ChainDataset",
    "ConcatDataset",
    "Dataset",
    "IterableDataset",
    "StackDataset",
    "Subset",
    "TensorDataset",
    "random_split",
]

T_co = TypeVar("T_co", covariant=True)


class Dataset(Generic[T_co]):
    """Examples by index. A subclass defines `__getitem__(index)`, and `__len__` for samplers.

    Example:
        >>> class Squares(nn.data.Dataset):
        ...     def __len__(self):
        ...         return 3
        ...
        ...     def __getitem__(self, index):
        ...         return index**2
        >>> list(nn.data.DataLoader(Squares(), batch_size=2))
        [tensor([0, 1]), tensor([4])]
    """

    def __getitem__(self, index: Any) -> T_co:
        raise NotImplementedError(f"{type(self).__name__} has no __getitem__; define `def __getitem__(self, index):`")

    def __add__(self, other: Dataset[Any]) -> ConcatDataset:
        return ConcatDataset([self, other])


class IterableDataset(Dataset[T_co]):
    """Examples one after the other, as from a stream. A subclass defines `__iter__`.

    Each worker of a DataLoader iterates over the dataset for itself; `get_worker_info()` in `__iter__` tells which
    part is whose.

    Example:
        >>> class Countdown(nn.data.IterableDataset):
        ...     def __iter__(self):
        ...         return iter([3, 2, 1])
        >>> list(nn.data.DataLoader(Countdown(), batch_size=2))
        [tensor([3, 2]), tensor([1])]
    """

    def __iter__(self) -> Iterator[T_co]:
        raise NotImplementedError(f"{type(self).__name__} has no __iter__; define `def __iter__(self):`")

    def __add__(self, other: Dataset[Any]) -> ChainDataset:  # type: ignore[override]
        return ChainDataset([self, other])


class TensorDataset(Dataset[tuple[Any, ...]]):
    """Tensors of equal first sizes: the example at an index is a tuple with the entry of each.

    Args:
        tensors: Tensors, or arrays.

    Raises:
        ShapeError: the first sizes differ.

    Example:
        >>> data = nn.data.TensorDataset(autograd.tensor([1.0, 2.0]), autograd.tensor([0, 1]))
        >>> data[1]
        (tensor(2.), tensor(1))
    """

    def __init__(self, *tensors: Any) -> None:
        self.tensors = tuple(autograd.as_tensor(tensor) for tensor in tensors)
        shapes = [tensor.shape for tensor in self.tensors]
        if not shapes or () in shapes or len({shape[0] for shape in shapes}) > 1:
            raise ShapeError(f"TensorDataset: the tensors are of shapes {shapes}; give some with equal first sizes")

    def __getitem__(self, index: Any) -> tuple[Any, ...]:
        return tuple(tensor[index] for tensor in self.tensors)

    def __len__(self) -> int:
        return self.tensors[0].shape[0]


class StackDataset(Dataset[Any]):
    """Several datasets of equal lengths side by side: an example holds one of each.

    Args:
        args: datasets, for examples that are tuples; or
        kwargs: datasets by name, for examples that are dicts.

    Raises:
        ArgumentError: both or none are given, or the lengths differ.

    Example:
        >>> nn.data.StackDataset(image=[1, 2], label=["a", "b"])[1]
        {'image': 2, 'label': 'b'}
    """

    datasets: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if bool(args) == bool(kwargs):
            raise ArgumentError("StackDataset: give datasets by position, or by name")
        self.datasets = args or kwargs
        lengths = [len(dataset) for dataset in (args or kwargs.values())]
        if len(set(lengths)) > 1:
            raise ArgumentError(f"StackDataset: the datasets have lengths {lengths}; make them equal")
        self._length = lengths[0]

    def __getitem__(self, index: Any) -> Any:
        if isinstance(self.datasets, dict):
            return {name: dataset[index] for name, dataset in self.datasets.items()}
        return tuple(dataset[index] for dataset in self.datasets)

    def __len__(self) -> int:
        return self._length


class ConcatDataset(Dataset[Any]):
    """Several datasets one behind the other, by index.

    Args:
        datasets: datasets with lengths.

    Raises:
        ArgumentError: there are none, or one is an IterableDataset.

    Example:
        >>> list(nn.data.ConcatDataset([[1, 2], [3]]))
        [1, 2, 3]
    """

    def __init__(self, datasets: Iterable[Any]) -> None:
        self.datasets = list(datasets)
        if not self.datasets:
            raise ArgumentError("ConcatDataset: there are no datasets; give at least one")
        if any(isinstance(dataset, IterableDataset) for dataset in self.datasets):
            raise ArgumentError("ConcatDataset: an IterableDataset has no indices; use ChainDataset")
        self.cumulative_sizes = list(itertools.accumulate(len(dataset) for dataset in self.datasets))

    def __len__(self) -> int:
        return self.cumulative_sizes[-1]

    def __getitem__(self, index: int) -> Any:
        length = len(self)
        if not -length <= index < length:
            raise IndexRangeError(f"ConcatDataset: there is no example {index} among {length}")
        index %= length
        which = bisect.bisect_right(self.cumulative_sizes, index)
        return self.datasets[which][index - (self.cumulative_sizes[which - 1] if which else 0)]


class ChainDataset(IterableDataset[Any]):
    """Several IterableDatasets, one behind the other.

    Args:
        datasets: the datasets.

    Example:
        >>> data = nn.data.ChainDataset([nn.data.ChainDataset([]), nn.data.ChainDataset([])])
        >>> list(data)
        []
    """

    def __init__(self, datasets: Iterable[Any]) -> None:
        self.datasets = list(datasets)
        for dataset in self.datasets:
            if not isinstance(dataset, IterableDataset):
                raise DtypeError(
                    f"ChainDataset: {type(dataset).__name__} is no IterableDataset; use ConcatDataset for indices"
                )

    def __iter__(self) -> Iterator[Any]:
        return itertools.chain.from_iterable(self.datasets)

    def __len__(self) -> int:
        return sum(len(dataset) for dataset in self.datasets)


class Subset(Dataset[Any]):
    """The examples of a dataset at some indices.

    Args:
        dataset: the dataset.
        indices: which of its examples, in order.

    Example:
        >>> list(nn.data.Subset([10, 20, 30], [2, 0]))
        [30, 10]
    """

    def __init__(self, dataset: Any, indices: Sequence[int]) -> None:
        self.dataset, self.indices = dataset, indices

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, list):
            return self.dataset[[self.indices[k] for k in index]]
        return self.dataset[self.indices[index]]

    def __len__(self) -> int:
        return len(self.indices)


def random_split(dataset: Any, lengths: Sequence[float], generator: autograd.Generator | None = None) -> list[Subset]:
    """Split a dataset at random into parts that have no example in common.

    Args:
        dataset: a dataset with a length.
        lengths: how many examples in each part; or fractions that add up to 1, of which each part gets the whole
            number below, and the first parts one example more until all are given out.
        generator: the source of random numbers; the default one, unless given.

    Returns:
        A Subset for each length.

    Raises:
        ArgumentError: the lengths do not add up to the dataset's, or the fractions not to 1.

    Example:
        >>> [len(part) for part in nn.data.random_split(range(10), [0.75, 0.25])]
        [8, 2]
    """
    total = len(dataset)
    counts: list[Any] = list(lengths)
    if any(not isinstance(count, (int, float)) or count < 0 for count in counts):
        raise ArgumentError(f"random_split: lengths are {counts}; use numbers that are not negative")
    if math.isclose(sum(counts), 1) and sum(counts) <= 1:
        counts = [math.floor(total * fraction) for fraction in lengths]
        for k in range(total - sum(counts)):
            counts[k % len(counts)] += 1
    if sum(counts) != total or not all(isinstance(count, int) for count in counts):
        raise ArgumentError(
            f"random_split: lengths {list(lengths)} add up to {sum(lengths)}, and the dataset has {total} examples; "
            "use lengths that add up to that, or fractions that add up to 1"
        )
    order = autograd.randperm(total, generator=generator).tolist()
    ends = list(itertools.accumulate(counts))
    return [Subset(dataset, order[end - count : end]) for end, count in zip(ends, counts, strict=True)]
