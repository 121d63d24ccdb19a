"""Workers: the same batches with any number of them, their errors, and that nothing hangs or is left behind."""

from __future__ import annotations

import gc
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import textwrap
import threading
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autograd
from autograd.errors import WorkerError
from nn import data

KINDS = ["process", "thread"]
pytestmark = pytest.mark.skipif(os.name != "posix", reason="the datasets of these tests reach the workers by fork")


@pytest.fixture(autouse=True)
def _nothing_is_left() -> Iterator[None]:
    yield
    gc.collect()
    until = time.monotonic() + 10
    while left():
        assert time.monotonic() < until, left()
        time.sleep(0.01)


def left() -> list[Any]:
    """Processes and threads of loaders that are still there."""
    return [*multiprocessing.active_children(), *[t for t in threading.enumerate() if "DataLoader" in t.name]]


class Noisy(data.Dataset[Any]):
    """Examples with random numbers in them; the other functions tell who made them."""

    def __len__(self) -> int:
        return 11

    def __getitem__(self, index: int) -> Any:
        return index, autograd.randn(2)


class Sharded(data.IterableDataset[int]):
    def __init__(self, n: int) -> None:
        self.n = n

    def __iter__(self) -> Iterator[int]:
        info = data.get_worker_info()
        return iter(range(self.n) if info is None else range(info.id, self.n, info.num_workers))


class CannotBePickled(Exception):  # noqa: N818
    def __init__(self, one: int, two: int) -> None:
        super().__init__("both are needed")


class Failing(data.Dataset[int]):
    def __init__(self, what: str, at: int = 4) -> None:
        self.what, self.at = what, at

    def __len__(self) -> int:
        return 40

    def __getitem__(self, index: int) -> int:
        if index == self.at:
            if self.what == "error":
                raise KeyError("this one is broken")
            if self.what == "own error":
                raise CannotBePickled(1, 2)
            if self.what == "die":
                os.kill(os.getpid(), signal.SIGKILL)
            if self.what == "sleep":
                time.sleep(1)
        return index


def batches(dataset: Any, **options: Any) -> list[Any]:
    """Two epochs as plain lists."""
    autograd.manual_seed(7)
    loader = data.DataLoader(dataset, **options)
    found = [[[part.tolist() for part in batch] for batch in loader] for _ in range(2)]
    after = autograd.rand(1).item()  # the default generator has been used equally
    return [*found, after]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("options", [{}, {"persistent_workers": True}, {"prefetch_factor": 5}])
@pytest.mark.parametrize("shuffle", [False, True])
def test_the_number_of_workers_changes_nothing(kind: str, options: dict[str, Any], shuffle: bool) -> None:
    expected = batches(Noisy(), batch_size=2, shuffle=shuffle)
    assert expected[0] != expected[1]
    for count in (1, 3):
        more = {"num_workers": count, "worker_kind": kind, **options}
        assert batches(Noisy(), batch_size=2, shuffle=shuffle, **more) == expected


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("persistent", [False, True])
def test_streams(kind: str, persistent: bool) -> None:
    for count in (1, 2, 3):
        options: dict[str, Any] = {"num_workers": count, "worker_kind": kind, "persistent_workers": persistent}
        loader = data.DataLoader(Sharded(10), batch_size=2, **options)
        for _ in range(2):
            found = [batch.tolist() for batch in loader]
            assert sorted(x for batch in found for x in batch) == list(range(10))
        assert found[0] == list(range(0, 2 * count, count))
    assert list(data.DataLoader(Sharded(0), num_workers=2, worker_kind=kind)) == []


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_worker_knows(kind: str) -> None:
    class Asking(data.Dataset[Any]):
        def __len__(self) -> int:
            return 6

        def __getitem__(self, index: int) -> Any:
            info = data.get_worker_info()
            assert info is not None and isinstance(info.dataset, Asking)
            return info.id, info.num_workers, info.seed, os.getpid(), threading.get_ident()

    options: dict[str, Any] = {"num_workers": 2, "worker_kind": kind, "collate_fn": lambda examples: examples[0]}
    found = list(data.DataLoader(Asking(), **options))
    assert [example[:2] for example in found] == [(0, 2), (1, 2)] * 3
    assert len({example[2] for example in found}) == 2
    assert len({example[3:] for example in found}) == 2
    assert (os.getpid() in {example[3] for example in found}) == (kind == "thread")
    assert data.get_worker_info() is None


def test_other_sources_of_random_numbers_are_seeded_in_processes() -> None:
    class Others(data.Dataset[Any]):
        def __len__(self) -> int:
            return 4

        def __getitem__(self, index: int) -> Any:
            return random.random(), float(np.random.rand())

    def run() -> list[Any]:
        autograd.manual_seed(0)
        return [[p.tolist() for p in batch] for batch in data.DataLoader(Others(), num_workers=2)]

    found = run()
    assert found == run() and len({str(batch) for batch in found}) == 4


@pytest.mark.parametrize("kind", KINDS)
def test_worker_init_fn(kind: str) -> None:
    seen: Any = multiprocessing.Array("i", 2)

    def init(number: int) -> None:
        seen[number] += 1

    options: dict[str, Any] = {"num_workers": 2, "worker_kind": kind, "worker_init_fn": init}
    loader = data.DataLoader(range(4), persistent_workers=True, **options)
    for _ in range(3):
        assert [int(x) for x in loader] == [0, 1, 2, 3]
    assert list(seen) == [1, 1]

    def fail(number: int) -> None:
        raise ValueError(f"no start for {number}")

    with pytest.raises(ValueError, match="no start for 0"):
        list(data.DataLoader(range(4), **{**options, "worker_init_fn": fail}))


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_comes_with_its_traceback(kind: str) -> None:
    loader = data.DataLoader(Failing("error"), num_workers=2, worker_kind=kind)
    found = []
    with pytest.raises(KeyError, match="this one is broken") as caught:
        for batch in loader:
            found.append(batch.item())
    assert found == [0, 1, 2, 3]
    assert caught.value.__notes__ == ["(in worker 0 of a DataLoader)"]
    text = "".join(traceback.format_exception(caught.value))
    assert 'raise KeyError("this one is broken")' in text and "__getitem__" in text


def test_an_error_that_cannot_be_pickled() -> None:
    with pytest.raises(
        WorkerError, match=r"(?s)CannotBePickled, which cannot be pickled:.*raise CannotBePickled\(1, 2\)"
    ):
        list(data.DataLoader(Failing("own error"), num_workers=2))
    with pytest.raises(CannotBePickled):
        list(data.DataLoader(Failing("own error"), num_workers=2, worker_kind="thread"))


def test_a_batch_that_cannot_be_pickled() -> None:
    with pytest.raises(Exception, match=r"(?i)pickle"):
        list(data.DataLoader(range(4), num_workers=2, collate_fn=lambda examples: lambda: examples))


def test_a_worker_that_dies() -> None:
    with pytest.raises(WorkerError, match="worker 0 died, as a process does that is killed"):
        list(data.DataLoader(Failing("die"), num_workers=2))


@pytest.mark.parametrize("kind", KINDS)
def test_a_worker_that_does_not_answer(kind: str) -> None:
    with pytest.raises(WorkerError, match=r"worker 0 has not answered for 0\.2 seconds"):
        list(data.DataLoader(Failing("sleep"), num_workers=2, worker_kind=kind, timeout=0.2))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("persistent", [False, True])
def test_leaving_early(kind: str, persistent: bool) -> None:
    loader = data.DataLoader(range(100), num_workers=2, worker_kind=kind, persistent_workers=persistent)
    for _ in range(3):
        for batch in loader:
            if batch.item() == 3:
                break
    with pytest.raises(ZeroDivisionError):
        for batch in loader:
            1 / (batch.item() - 3)
    assert [int(x) for x in loader] == list(range(100))
    iterator = iter(loader)
    assert next(iterator).item() == 0
    del iterator


def test_an_error_of_the_sampler() -> None:
    def sampler() -> Iterator[int]:
        yield 0
        raise LookupError("no more")

    with pytest.raises(LookupError, match="no more"):
        list(data.DataLoader([1, 2], sampler=sampler(), num_workers=2))


def test_spawned_workers(tmp_path: Path) -> None:
    run_script(
        tmp_path,
        """
        class D(nn.data.Dataset):
            def __len__(self): return 5
            def __getitem__(self, index): return autograd.tensor([index]) + 0 * autograd.rand(1)
        if __name__ == "__main__":
            loader = nn.data.DataLoader(D(), batch_size=2, num_workers=2, multiprocessing_context="spawn")
            print([batch.tolist() for batch in loader])
        """,
        expected="[[[0.0], [1.0]], [[2.0], [3.0]], [[4.0]]]\n",
    )


# --- the end of the interpreter

SLOW = """
    import time
    class Slow(nn.data.Dataset):
        def __len__(self): return 1000
        def __getitem__(self, index):
            time.sleep({pause} if index > 1 else 0)
            return index
    if __name__ == "__main__":
        loader = nn.data.DataLoader(Slow(), num_workers=2, worker_kind={kind!r}, prefetch_factor=8{more})
        iterator = iter(loader)
        print(next(iterator).item(), flush=True)
"""


def run_script(
    folder: Path, text: str, expected: str, code: int = 0, within: float = 60, interrupt: int | None = None
) -> str:
    """Run a script, send it a signal when it has printed a line, and see what it printed and how it ended."""
    path = folder / "script.py"
    path.write_text("import autograd, nn\n" + textwrap.dedent(text))
    command = [sys.executable, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        if interrupt is not None:
            os.kill(process.pid, interrupt)
        started = time.monotonic()
        out, errors = process.communicate(timeout=120)
    assert (first + out, process.returncode) == (expected, code), errors
    assert time.monotonic() - started < within
    return errors


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("more", ["", ", persistent_workers=True"])
def test_an_open_loader_does_not_keep_the_interpreter(tmp_path: Path, kind: str, more: str) -> None:
    """Sixteen batches of half a second are asked for; only those that have begun are waited for."""
    run_script(tmp_path, SLOW.format(pause=0.5, kind=kind, more=more), expected="0\n", within=3)


def test_a_stuck_process_does_not_keep_the_interpreter(tmp_path: Path) -> None:
    text = SLOW.format(pause=1000, kind="process", more="")
    run_script(
        tmp_path, text.replace("\n    class", "\n    nn.data.workers.PATIENCE = 0.5\n    class", 1), "0\n", within=5
    )


@pytest.mark.parametrize("kind", KINDS)
def test_ctrl_c(tmp_path: Path, kind: str) -> None:
    text = SLOW.format(pause=0.5, kind=kind, more="") + "        for batch in iterator: pass\n"
    errors = run_script(tmp_path, text, "0\n", code=-signal.SIGINT, within=4, interrupt=signal.SIGINT)
    assert errors.count("KeyboardInterrupt") == 1 and errors.rstrip().endswith("KeyboardInterrupt"), errors


def test_workers_end_with_a_parent_that_was_killed(tmp_path: Path) -> None:
    """Their standard output closes only when the last of them is gone, which `communicate` waits for."""
    text = SLOW.format(pause=0.1, kind="process", more="") + "        time.sleep(1000)\n"
    run_script(tmp_path, text, "0\n", code=-signal.SIGKILL, within=5, interrupt=signal.SIGKILL)
