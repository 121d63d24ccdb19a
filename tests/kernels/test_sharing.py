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

from autograd.kernels.sharing import share_out
from autograd.kernels.threads import jit, thread_count

ROOT = Path(__file__).parents[2]
several = pytest.mark.skipif(thread_count() < 2, reason="there is one thread")


@jit()
def record(thread, threads, done, scale, sizes):
    done[thread] += 100 * threads + 10 * scale + sizes[1] * (thread + 1)


@jit(inner=True)
def record_inside(thread, threads, done, scale, sizes):
    record(thread, threads, done, scale, sizes)


@jit()
def measure(thread, threads, done, sizes):
    done[thread] += 100 * threads + sizes[1] * (thread + 1)


@jit(inner=True)
def measure_inside(thread, threads, done, sizes):
    measure(thread, threads, done, sizes)


@jit()
def exhaust(thread, threads, out):
    out[thread] += np.empty(1 << (60 if thread == threads - 1 else 2), np.int8).size


@pytest.mark.parametrize("threads", range(1, thread_count() + 1))
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kernel", [record, record_inside])
def test_every_share_is_done_once(kernel, threads, dtype):
    done = np.zeros(threads + 1, dtype)
    for _ in range(100):
        share_out(kernel, threads, done, 2.0, (3, 4))
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
@pytest.mark.parametrize("kernel", [measure, measure_inside])
def test_a_named_tuple_is_taken_for_a_plain_one(kernel, threads):
    done = np.zeros(threads)
    for sizes in (Sizes(3, 4), (3, 4), Sizes(3, 4)):
        share_out(kernel, threads, done, sizes)
    assert done.tolist() == [3 * (100 * threads + 4 * (thread + 1)) for thread in range(threads)]
    if not config.DISABLE_JIT:
        assert len(kernel.overloads) == 1


@several
@pytest.mark.skipif(os.environ.get("NUMBA_DISABLE_JIT", "0") != "0", reason="nothing is compiled")
def test_an_array_with_gaps_is_refused():
    with pytest.raises(Exception, match="C-contiguous"):
        share_out(record, 2, np.zeros(4)[::2], 1.0, (3, 4))


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


@pytest.mark.skipif(config.DISABLE_JIT, reason="kernels are not compiled")
def test_what_is_compiled_for_kernels_alone_says_so_when_python_calls_it():
    with pytest.raises(TypeError, match="record_inside is compiled for other kernels alone; run it by share_out"):
        record_inside(0, 1, np.zeros(1), 2.0, (3, 4))
