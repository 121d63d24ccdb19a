"""Shares of a kernel's work on the threads of numba's layer."""

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from numba import config
from numba.core.errors import TypingError

from autograd.kernels.sharing import share_out
from autograd.kernels.threads import jit, thread_count

ROOT = Path(__file__).parents[2]
several = pytest.mark.skipif(thread_count() < 2, reason="there is one thread")
compiled = pytest.mark.skipif(config.DISABLE_JIT, reason="nothing is compiled")


@jit()
def record(thread, threads, done, scale, sizes):
    done[thread] += 100 * threads + 10 * scale + sizes[1] * (thread + 1)


@jit()
def measure(thread, threads, done, sizes):
    done[thread] += 100 * threads + sizes[1] * (thread + 1)


@jit()
def take(thread, threads, numbers, flags, cube, table, single, place, values, out):
    """Everything that a kernel may take."""
    integer, yes, double = values
    if thread == 0:
        out[0] = single if flags[1] and not flags[0] else -1
        out[1] = place
        out[2] = integer
        out[3] = yes
        out[4] = double
        out[5] = numbers[numbers.size - 1]
        out[6] = cube[1, 2, 3]
        out[7] = table[table.shape[0] - 1, 1]
        out[8] = cube.shape[0] * 100 + cube.shape[1] * 10 + cube.shape[2]
        out[9] = cube[:, 1, 3][1]
        out[10] = cube[1, :, 2][2]
        cube[1] = cube[0]


@jit()
def with_nothing(thread, threads, out, nothing):
    out[thread] += 1


@jit()
def call_with_nothing(thread, threads, out):
    with_nothing(thread, threads, out, None)


@jit()
def give_back(thread, threads, out):
    return out[thread]


@jit()
def name_otherwise(t, n, out):
    out[t] = n


@jit()
def last_of_many(thread, threads, out, numbers):
    out[0] = numbers[len(numbers) - 1]


@jit()
def exhaust(thread, threads, out):
    out[thread] += np.empty(1 << (60 if thread == threads - 1 else 2), np.int8).size


@pytest.mark.parametrize("threads", range(1, thread_count() + 1))
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_share_is_done_once(threads, dtype):
    done = np.zeros(threads + 1, dtype)
    for _ in range(100):
        share_out(record, threads, done, 2.0, (3, 4))
    shares = [100 * (100 * threads + 20 + 4 * (thread + 1)) for thread in range(threads)]
    assert done.tolist() == [*shares, 0]


@several
def test_types_of_arguments_are_told_apart():
    for dtype, scale, sizes in [(np.float64, 0.5, (3, 4)), (np.int64, 2, (3, 4)), (np.float64, 2, (3, 0.5, 1))]:
        done = np.zeros(2, dtype)
        share_out(record, 2, done, scale, sizes)
        assert done.tolist() == [200 + 10 * scale + sizes[1], 200 + 10 * scale + 2 * sizes[1]]


class Sizes(NamedTuple):
    rows: int
    columns: int


@pytest.mark.parametrize("threads", range(1, thread_count() + 1))
def test_a_named_tuple_is_taken_for_a_plain_one(threads):
    done = np.zeros(threads)
    for sizes in (Sizes(3, 4), (3, 4), Sizes(3, 4)):
        share_out(measure, threads, done, sizes)
    assert done.tolist() == [3 * (100 * threads + 4 * (thread + 1)) for thread in range(threads)]
    if not config.DISABLE_JIT:
        assert len(measure.overloads) == 1


@pytest.mark.parametrize("threads", [1, thread_count()])
@pytest.mark.parametrize(
    ("single", "place", "yes"), [(0.1, -5, True), (np.float32(0.1), 1 << 40, False), (-np.inf, np.int64(7), True)]
)
def test_arguments_of_all_kinds_arrive_as_they_were(threads, single, place, yes):
    rng = np.random.default_rng(0)
    for dtype in (np.float32, np.float64, np.int32, np.int64):
        numbers, cube = np.arange(11, dtype=np.int32), (9 * rng.normal(size=(2, 3, 4))).astype(dtype)
        table = np.array([[1, 2], [3, 200]], np.uint8)
        out = np.full(11, np.nan)
        whole = cube[0].copy()
        expected = [single, place, -3, yes, 2.5, 10, cube[1, 2, 3], 200, 234, cube[1, 1, 3], cube[1, 2, 2]]
        share_out(take, threads, numbers, np.array([False, True]), cube, table, single, place, (-3, yes, 2.5), out)
        assert out.tolist() == [float(number) for number in expected]
        np.testing.assert_array_equal(cube[1], whole)
        share_out(take, threads, numbers[:0:-1].copy(), np.array([True, True]), cube, table[:1], single, place,
                  (-3, yes, 2.5), out)  # fmt: skip
        assert out[[0, 5, 7]].tolist() == [-1, 1, 2]


@compiled
def test_as_many_numbers_arrive_as_there_is_room_for():
    out = np.zeros(1)
    share_out(last_of_many, 1, out, tuple(range(252)))
    assert out == 251
    with pytest.raises(TypingError, match="at most 254 words, not 255"):
        share_out(last_of_many, 1, out, tuple(range(253)))


@compiled
@pytest.mark.parametrize("wrong", [np.zeros(4)[::2], np.zeros((2, 2)).T, np.frombuffer(bytes(8))])
def test_an_array_that_is_not_what_a_kernel_takes_is_refused(wrong):
    with pytest.raises(TypingError, match="C-contiguous arrays that may be written to"):
        share_out(record, 1, wrong, 1.0, (3, 4))


@compiled
def test_a_number_that_fits_no_word_is_refused_before_the_kernel_runs():
    out = np.zeros(1)
    for number, expected in [(np.bool_(True), 10), (np.uint64(7), 80), (-(1 << 53), 80 - 10 * 2.0**53)]:
        share_out(record, 1, out, number, (0, -100))
        assert out == expected
    before = out.copy()
    with pytest.raises(OverflowError, match="64 bits"):
        share_out(record, 1, out, (1 << 64) - 1, (0, 0))
    assert out == before


@compiled
@pytest.mark.parametrize("other", [give_back, name_otherwise])
def test_what_is_no_kernel_is_refused(other):
    with pytest.raises(TypeError, match=f"{other.__name__} is no kernel"):
        share_out(other, 1, np.zeros(1))


def test_a_kernel_may_give_another_what_python_cannot():
    out = np.zeros(1)
    share_out(call_with_nothing, 1, out)
    assert out == 1


@compiled
@pytest.mark.parametrize("wrong", [((1, 2), 3), 1j, None])
def test_what_is_neither_number_nor_array_is_refused(wrong):
    with pytest.raises(TypingError, match="a kernel takes numbers, arrays, and tuples of these, not"):
        share_out(record, 1, np.zeros(1), 1.0, wrong)


def test_an_error_on_the_only_thread_reaches_the_caller():
    out = np.zeros(1)
    with pytest.raises(MemoryError):
        share_out(exhaust, 1, out)
    assert out == 0


@several
def test_an_error_in_a_share_reaches_the_caller():
    out = np.zeros(2)
    with pytest.raises(MemoryError):
        share_out(exhaust, 2, out)
    assert out.tolist() == [4, 0]
    share_out(record, 2, out, 0.0, (0, 1))
    assert out.tolist() == [205, 202]


@several
def test_python_threads_may_share_out_at_the_same_moment():
    results = [np.zeros(2) for _ in range(4)]

    def work(done):
        for _ in range(200):
            share_out(record, 2, done, 1.0, (0, 1))

    workers = [threading.Thread(target=work, args=(done,)) for done in results]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [done.tolist() for done in results] == [[200 * 211, 200 * 212]] * 4


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the platform has no fork")
@pytest.mark.parametrize("layer", [None, "workqueue"])
def test_a_child_of_a_process_that_shared_out_may_do_so_too(layer):
    code = """
import os
import numpy as np
from autograd.kernels.sharing import share_out
from autograd.kernels.threads import jit

@jit()
def double(thread, threads, x, out):
    for i in range(thread, x.size, threads):
        out[i] = 2 * x[i]

def right():
    x = np.arange(1000.0)
    out = np.zeros_like(x)
    share_out(double, 2, x, out)
    return np.array_equal(out, 2 * x)

print(right(), flush=True)
child = os.fork()
if child == 0:
    os._exit(0 if right() else 1)
status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
print(status, right())
"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "NUMBA_NUM_THREADS": "2"}
    if layer:
        environment["NUMBA_THREADING_LAYER"] = layer
    result = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines()[-1] == "0 True", result.stderr


@compiled
def test_what_is_compiled_for_kernels_alone_says_so_when_python_calls_it():
    with pytest.raises(TypeError, match="record is compiled for kernels; run it by share_out"):
        record(0, 1, np.zeros(1), 2.0, (3, 4))
