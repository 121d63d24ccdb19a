"""DataLoader: batches of a dataset, epoch by epoch."""

from __future__ import annotations

import itertools
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import autograd
from autograd import Generator
from autograd.errors import ArgumentError, DtypeError

from .collate import default_collate, default_convert
from .datasets import IterableDataset
from .samplers import BatchSampler, RandomSampler, SequentialSampler
from .workers import End, Source, Workers

if TYPE_CHECKING:
    from concurrent.futures import Future

__all__ = ["DataLoader"]


class DataLoader:
    """The batches of a dataset; each `for batch in loader` is one epoch.

    What comes, and in which order, depends on the seed alone, and not on the number or kind of workers: the order is
    drawn in the main process, and what a dataset by index draws with autograd's functions comes from a generator
    seeded for each batch. (Python's `random` and `numpy.random` are seeded for each worker process, as in PyTorch; a
    stream is shared out among the workers by the dataset itself, see `get_worker_info`.)

    Leaving the loop early, an error or Ctrl-C drops what was fetched ahead; a worker ends after the batch that it is
    at.

    Args:
        dataset: by index, with a length; or an IterableDataset.
        batch_size: how many examples make a batch; None for single examples.
        shuffle: another random order at each epoch.
        sampler: gives the indices, in place of `shuffle`.
        batch_sampler: gives lists of indices, in place of `batch_size`, `shuffle`, `sampler` and `drop_last`.
        num_workers: how many workers fetch batches ahead; with 0 they are fetched when they are asked for.
        collate_fn: makes a batch of a list of examples; `default_collate`, unless given.
        pin_memory: accepted, and without effect: there is no graphics card to copy to.
        drop_last: leave out a last batch that is smaller.
        timeout: seconds to wait for a batch from a worker; 0 waits as long as it takes.
        worker_init_fn: called in each worker, with its number, before its first batch.
        multiprocessing_context: "fork", "spawn" or "forkserver", or a context; Python's own choice, unless given.
        generator: the source of the order and of the seeds; the default one, unless given.
        prefetch_factor: how many batches each worker fetches ahead; 2, unless given.
        persistent_workers: keep the workers from epoch to epoch.
        in_order: accepted; batches come in order in any case.
        worker_kind: "process", or "thread": no copies of the dataset and of batches, and nothing is pickled, but
            Python code of the dataset runs in one thread at a time.

    Raises:
        ArgumentError: arguments exclude each other, or one has a value that is not accepted.
        WorkerError: a worker died, or `timeout` was over. (An error in a dataset is raised as it is.)

    Example:
        >>> data = nn.data.TensorDataset(autograd.arange(6.0).reshape(3, 2), autograd.tensor([0, 1, 0]))
        >>> for x, y in nn.data.DataLoader(data, batch_size=2):
        ...     print(x.shape, y)
        (2, 2) tensor([0, 1])
        (1, 2) tensor([0])
    """

    def __init__(
        self,
        dataset: Any,
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Iterable[Any] | None = None,
        batch_sampler: Iterable[Any] | None = None,
        num_workers: int = 0,
        collate_fn: Callable[[Any], Any] | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        timeout: float = 0,
        worker_init_fn: Callable[[int], Any] | None = None,
        multiprocessing_context: Any = None,
        generator: Generator | None = None,
        *,
        prefetch_factor: int | None = None,
        persistent_workers: bool = False,
        pin_memory_device: str = "",
        in_order: bool = True,
        worker_kind: str = "process",
    ) -> None:
        _check_workers(num_workers, timeout, prefetch_factor, persistent_workers, worker_kind)
        if generator is not None and not isinstance(generator, Generator):
            raise DtypeError(f"DataLoader: generator is a {type(generator).__name__}; use an autograd.Generator")
        stream = isinstance(dataset, IterableDataset)
        if stream and (shuffle or sampler is not None or batch_sampler is not None):
            raise ArgumentError(
                "DataLoader: an IterableDataset gives its own order; leave out shuffle, sampler and batch_sampler"
            )
        if sampler is not None and shuffle:
            raise ArgumentError("DataLoader: sampler and shuffle both give the order; leave one of them out")
        if batch_sampler is not None:
            if batch_size != 1 or shuffle or sampler is not None or drop_last:
                raise ArgumentError(
                    "DataLoader: batch_sampler gives the batches; leave out batch_size, shuffle, sampler and drop_last"
                )
            batch_size = None
        elif batch_size is None and drop_last:
            raise ArgumentError("DataLoader: without batches (batch_size=None) there is no last one for drop_last")
        self.dataset, self.num_workers, self.timeout = dataset, num_workers, timeout
        self.batch_size, self.drop_last, self.generator = batch_size, drop_last, generator
        self.pin_memory, self.pin_memory_device = pin_memory, pin_memory_device
        self.worker_init_fn, self.multiprocessing_context = worker_init_fn, multiprocessing_context
        self.persistent_workers, self.worker_kind = persistent_workers, worker_kind
        self.prefetch_factor = 2 if prefetch_factor is None and num_workers else prefetch_factor
        if sampler is None and not stream:
            sampler = RandomSampler(dataset, generator=generator) if shuffle else SequentialSampler(dataset)
        if batch_size is not None and not stream:
            assert sampler is not None
            batch_sampler = BatchSampler(sampler, batch_size, drop_last)
        self.sampler, self.batch_sampler = sampler, batch_sampler
        batched = batch_size is not None or batch_sampler is not None
        self.collate_fn = collate_fn or (default_collate if batched else default_convert)
        self._source = Source(dataset, self.collate_fn, batched, batch_size, drop_last)
        self._kept: Workers | None = None

    def __len__(self) -> int:
        """How many batches an epoch has."""
        if isinstance(self.dataset, IterableDataset):
            length = len(self.dataset)  # type: ignore[arg-type]
            if self.batch_size is None:
                return length
            return length // self.batch_size if self.drop_last else -(-length // self.batch_size)
        return len(self._order())  # type: ignore[arg-type]

    def _order(self) -> Iterable[Any]:
        order = self.sampler if self.batch_sampler is None else self.batch_sampler
        assert order is not None
        return order

    def __iter__(self) -> Iterator[Any]:
        seed = int(autograd.randint(0, 2**62, (), generator=self.generator))
        return self._fetched_ahead(seed) if self.num_workers else self._fetched_here(seed)

    def _fetched_here(self, seed: int) -> Iterator[Any]:
        if self._source.is_stream:
            yield from self._source.stream(seed)
        else:
            for k, indices in enumerate(self._order()):
                yield self._source.fetch(indices, seed + k)

    def _fetched_ahead(self, seed: int) -> Iterator[Any]:
        context = _context(self.multiprocessing_context)
        workers = self._kept or Workers(self._source, self.num_workers, self.worker_kind, context, self.worker_init_fn)
        if self.persistent_workers and self._kept is None:
            self._kept = workers
            weakref.finalize(self, workers.stop).atexit = False
        waiting: deque[tuple[int, Future[Any]]] = deque()  # in the order in which the batches are given out
        whole = False
        try:
            workers.begin(seed, self.timeout)
            orders = None if self._source.is_stream else enumerate(self._order())

            def ask(number: int) -> None:
                if orders is None:
                    waiting.append((number, workers.fetch_next(number)))
                    return
                for k, indices in itertools.islice(orders, 1):
                    number = k % self.num_workers
                    waiting.append((number, workers.fetch(number, indices, seed + k)))

            for _ in range(self.prefetch_factor or 2):
                for number in range(self.num_workers):
                    ask(number)
            while waiting:
                number, future = waiting.popleft()
                batch = workers.result(number, future, self.timeout)
                if batch is not End:
                    ask(number)
                    yield batch
            whole = True
        finally:
            for _, future in waiting:
                future.cancel()
            if not self.persistent_workers:
                workers.stop()
            elif not whole and workers is self._kept:  # they may be anywhere
                self._kept = None
                workers.stop()


def _context(given: Any) -> Any:
    import multiprocessing

    return multiprocessing.get_context(given) if given is None or isinstance(given, str) else given


def _check_workers(count: Any, timeout: Any, prefetch: Any, persistent: Any, kind: Any) -> None:
    if not isinstance(count, int) or count < 0:
        raise ArgumentError(f"DataLoader: num_workers is {count!r}; use a whole number that is not negative")
    if not isinstance(timeout, (int, float)) or timeout < 0:
        raise ArgumentError(f"DataLoader: timeout is {timeout!r}; use a number of seconds, or 0 for no limit")
    if kind not in ("process", "thread"):
        raise ArgumentError(f"DataLoader: worker_kind is {kind!r}; use 'process' or 'thread'")
    if not count and (prefetch is not None or persistent):
        raise ArgumentError(
            "DataLoader: prefetch_factor and persistent_workers are for workers; leave them out, or give num_workers"
        )
    if prefetch is not None and (not isinstance(prefetch, int) or prefetch < 1):
        raise ArgumentError(f"DataLoader: prefetch_factor is {prefetch!r}; use a positive whole number")
