"""Workers of a DataLoader: processes or threads that fetch batches ahead, each an executor of the standard library.

Batch k is fetched by worker k % n, and random numbers inside of it come from a generator with a seed of its own, so
that it holds the same numbers whoever fetches it and when.
"""

from __future__ import annotations

import itertools
import os
import pickle
import random
import signal
import threading
import time
import traceback
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

import autograd
from autograd.errors import WorkerError
from autograd.generator import drawing_from

from .datasets import IterableDataset

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future

__all__ = ["End", "Source", "WorkerInfo", "Workers", "get_worker_info"]

PATIENCE = 5.0  # seconds that a process which fetches a batch is waited for when the interpreter ends


class End:
    """What a stream answers after its last batch."""


@dataclass
class Source:
    """How batches come out of a dataset.

    Attributes:
        dataset: by index, or a stream.
        collate_fn: makes a batch of a list of examples; of one example where there are no batches.
        batched: put examples together in batches.
        batch_size, drop_last: of the batches of a stream.
    """

    dataset: Any
    collate_fn: Callable[[Any], Any]
    batched: bool
    batch_size: int | None
    drop_last: bool

    @property
    def is_stream(self) -> bool:
        """Whether the examples come one after the other rather than by index."""
        return isinstance(self.dataset, IterableDataset)

    def fetch(self, indices: Any, seed: int) -> Any:
        """The batch of some indices, or the example of one."""
        with drawing_from(autograd.Generator(seed)):
            if not self.batched:
                return self.collate_fn(self.dataset[indices])
            many = getattr(self.dataset, "__getitems__", None)
            examples = many(indices) if many is not None else [self.dataset[index] for index in indices]
            return self.collate_fn(examples)

    def stream(self, seed: int) -> Iterator[Any]:
        """The batches of a stream, or its examples."""
        taken: Any
        generator = autograd.Generator(seed)
        with drawing_from(generator):
            examples = iter(self.dataset)
        while True:
            with drawing_from(generator):
                if self.batched:
                    taken = list(itertools.islice(examples, self.batch_size))
                    if not taken or (self.drop_last and len(taken) != self.batch_size):
                        return
                else:
                    taken = next(examples, End)
                    if taken is End:
                        return
                batch = self.collate_fn(taken)
            yield batch


# --- inside of a worker


@dataclass(frozen=True)
class WorkerInfo:
    """What a dataset may know of the worker that it is in.

    Attributes:
        id: the worker's number, from 0.
        num_workers: how many there are.
        seed: what its random numbers began with in this epoch.
        dataset: its copy of the dataset, or with threads the dataset itself.
    """

    id: int
    num_workers: int
    seed: int
    dataset: Any


class _Here(threading.local):
    """What a worker keeps; elsewhere nothing."""

    info: WorkerInfo | None = None
    source: Source
    place: tuple[int, int, bool]
    init: Callable[[int], Any] | None  # called at the beginning of the first epoch
    stream: Iterator[Any]


_here = _Here()


def get_worker_info() -> WorkerInfo | None:
    """The worker of a DataLoader that this code runs in; None outside of one.

    Example:
        >>> nn.data.get_worker_info() is None
        True
    """
    return _here.info


def _enter(source: Source, init: Callable[[int], Any] | None, number: int, count: int, is_process: bool) -> None:
    """Called once in each worker, before anything else."""
    _here.source, _here.init, _here.place = source, init, (number, count, is_process)
    if is_process:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the main process's, which then ends this one
        threading.Thread(target=_follow_parent, daemon=True).start()


def _follow_parent() -> None:
    """End with the main process, also where that was killed and can tell nobody."""
    import multiprocessing

    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _begin(seed: int) -> int:
    """Called in each worker when an epoch begins; returns the process."""
    number, count, is_process = _here.place
    source, seed = _here.source, seed + number
    _here.info = WorkerInfo(number, count, seed, source.dataset)
    if is_process:
        autograd.manual_seed(seed)
        random.seed(seed)
        np.random.seed(seed % 2**32)
    init, _here.init = _here.init, None
    if init is not None:
        init(number)
    if source.is_stream:
        _here.stream = source.stream(seed)
    return os.getpid()


def _fetch(indices: Any, seed: int) -> Any:
    return _here.source.fetch(indices, seed)


def _fetch_next() -> Any:
    return next(_here.stream, End)


def _run(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a function in a process; its error is made one that can be sent."""
    try:
        return function(*arguments)
    except Exception as error:
        try:
            pickle.loads(pickle.dumps(error))
        except Exception:
            text = "".join(traceback.format_exception(error))
            raise WorkerError(f"{type(error).__name__}, which cannot be pickled:\n{text}") from None
        raise


# --- in the main process


class Workers:
    """The workers of one DataLoader.

    Args:
        source: where batches come from.
        count: how many workers.
        kind: "process" or "thread".
        context: multiprocessing's, of processes.
        init: called once in each worker with its number.
    """

    def __init__(self, source: Source, count: int, kind: str, context: Any, init: Callable[[int], Any] | None) -> None:
        import multiprocessing
        from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

        _register_stop()
        self.is_process, self.stopped = kind == "process", False
        self.children = multiprocessing.active_children
        self.owner, self.pids = os.getpid(), set[int]()
        self.executors: list[Executor] = []
        for number in range(count):
            start = (source, init, number, count, self.is_process)
            self.executors.append(
                ProcessPoolExecutor(1, context, _enter, start)
                if self.is_process
                else ThreadPoolExecutor(1, "DataLoader", _enter, start)
            )
        _open.add(self)

    def begin(self, seed: int, timeout: float) -> None:
        """Begin an epoch in all workers."""
        futures = [self._submit(number, _begin, seed) for number in range(len(self.executors))]
        self.pids = {self.result(number, future, timeout) for number, future in enumerate(futures)}

    def fetch(self, number: int, indices: Any, seed: int) -> Future[Any]:
        """Have a worker fetch the batch of some indices."""
        return self._submit(number, _fetch, indices, seed)

    def fetch_next(self, number: int) -> Future[Any]:
        """Have a worker fetch the next batch of its stream."""
        return self._submit(number, _fetch_next)

    def _submit(self, number: int, function: Callable[..., Any], *arguments: Any) -> Future[Any]:
        from concurrent.futures import BrokenExecutor

        try:
            if self.is_process:
                return self.executors[number].submit(_run, function, *arguments)
            return self.executors[number].submit(function, *arguments)
        except BrokenExecutor as error:
            raise _died(number) from error

    def result(self, number: int, future: Future[Any], timeout: float) -> Any:
        """What a worker answered; its error is raised here, with the traceback of there as its cause."""
        from concurrent.futures import BrokenExecutor

        try:
            return future.result(timeout or None)
        except BrokenExecutor as error:
            raise _died(number) from error
        except Exception as error:
            if not future.done():
                raise WorkerError(
                    f"DataLoader: worker {number} has not answered for {timeout} seconds; allow more with timeout="
                ) from None
            error.add_note(f"(in worker {number} of a DataLoader)")
            raise

    def stop(self) -> None:
        """Drop what has not begun, and let the workers end after what they are at."""
        if self.stopped or os.getpid() != self.owner:  # or a fork's copy
            return
        self.stopped = True
        for executor in self.executors:
            executor.shutdown(wait=False, cancel_futures=True)
        _open.discard(self)
        if self.is_process:
            _ending.update(self.pids)
            alive = {process.pid for process in self.children()}
            _ending.intersection_update(alive)


def _died(number: int) -> WorkerError:
    return WorkerError(
        f"DataLoader: worker {number} died, as a process does that is killed, runs out of memory or cannot be started; "
        "try fewer workers, num_workers=0 to see an error, or worker_kind='thread'"
    )


_open: weakref.WeakSet[Workers] = weakref.WeakSet()
_ending: set[int | None] = set()  # processes that may still be at their last batch
_registered: list[Callable[[], None]] = []


def _register_stop() -> None:
    """See to it that workers end before the interpreter waits for all that was asked of them."""
    register = getattr(threading, "_register_atexit", None)  # as concurrent.futures does; the last one is called first
    if not _registered and register is not None:
        register(_stop_all)
        _registered.append(_stop_all)


def _stop_all() -> None:
    import multiprocessing

    for workers in list(_open):
        workers.stop()
    until = time.monotonic() + PATIENCE
    for process in multiprocessing.active_children():
        if process.pid in _ending:
            process.join(max(0.0, until - time.monotonic()))
            if process.is_alive():
                process.terminate()
