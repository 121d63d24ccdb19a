"""How many threads compute, and on which layer."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from numba import config

ROOT = Path(__file__).parents[2]
LAUNCH = """
import os
import threading
import numpy as np
import numba
from autograd.kernels import sharing
from autograd.kernels.sharing import share_out
from autograd.kernels.threads import jit, set_thread_count, thread_count

@jit()
def double(thread, threads, x, out):
    for i in range(thread, len(x), threads):
        out[i] = 2 * x[i]

def right():
    x = np.arange(1000.0)
    out = np.zeros_like(x)
    share_out(double, 2, x, out)
    return np.array_equal(out, 2 * x)
"""


compiled = pytest.mark.skipif(config.DISABLE_JIT, reason="kernels are not compiled")


def printed(code: str, **environment: str) -> str:
    result = subprocess.run(
        [sys.executable, "-c", LAUNCH + code],
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.splitlines()[-1]  # before it tbb may have said that its threads did not end before a fork


@pytest.mark.skipif(not Path(sys.prefix, "lib", "libtbb.so.12").exists(), reason="tbb is not installed")
@compiled
def test_tbb_is_found_where_its_wheel_puts_it():
    assert printed("right(); print(numba.threading_layer())") == "tbb"


@compiled
def test_work_for_one_thread_chooses_no_layer():
    code = """
x, out, chosen = np.arange(3.0), np.zeros(3), []
for threads in (1, 2):
    share_out(double, threads, x, out)
    try:
        chosen.append(numba.threading_layer())
    except ValueError:
        chosen.append(None)
print(out, chosen)
"""
    layer = {"NUMBA_THREADING_LAYER": "workqueue", "NUMBA_NUM_THREADS": "2"}
    assert printed(code, **layer) == "[0. 2. 4.] [None, 'workqueue']"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the platform has no fork")
@pytest.mark.parametrize("layer", [None, "workqueue"])
def test_a_child_of_a_process_with_threads_may_launch(layer):
    code = """
assert right()
threads = [threading.Thread(target=lambda: [right() for _ in range(20)]) for _ in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
child = os.fork()
if child == 0:
    os._exit(0 if right() else 1)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), right())
"""
    assert printed(code, **({"NUMBA_THREADING_LAYER": layer} if layer else {})) == "0 True"


@compiled
def test_a_limit_holds_in_every_python_thread():
    code = """
import autograd
taken = []
real = sharing.launch
sharing.launch = lambda kernel, arguments: taken.append(arguments[2]) or real(kernel, arguments)
def count():
    taken.clear()
    autograd.exp(autograd.ones(1 << 20))
    counts.append((thread_count(), taken[:]))
counts = []
count()
set_thread_count(1)
thread = threading.Thread(target=count)
thread.start()
thread.join()
count()
print(counts)
"""
    assert printed(code, NUMBA_NUM_THREADS="2") == "[(2, [2]), (1, []), (1, [])]"


@pytest.mark.skipif(find_spec("threadpoolctl") is None, reason="threadpoolctl is not installed")
def test_a_limit_holds_for_products():
    code = """
import threadpoolctl
def blas():
    return [pool["num_threads"] for pool in threadpoolctl.threadpool_info() if "numpy" in pool["filepath"]]
set_thread_count(2)
before = blas()
set_thread_count(1)
print(before, blas())
"""
    found = printed(code, NUMBA_NUM_THREADS="2", OPENBLAS_NUM_THREADS="4")
    assert found in ("[2] [1]", "[] []")


@compiled
def test_loops_may_use_the_widest_vectors():
    code = """
right()
print(any('"prefer-vector-width"="512"' in code for code in double.inspect_llvm().values()))
"""
    assert printed(code) == "True"


@compiled
def test_scipys_linear_algebra_is_imported_when_numba_needs_it_and_no_earlier():
    code = """
import sys
import autograd
import nn.functional as F
F.gelu(autograd.ones(5000))  # NumPy calls its loop
assert right() and "scipy.linalg" not in sys.modules

@numba.njit
def product(a, b):
    return a @ b

a = np.arange(9.0).reshape(3, 3)
print(np.array_equal(product(a, a), a @ a), "scipy.linalg" in sys.modules)
"""
    assert printed(code) == "True True"


@compiled
def test_machine_code_is_taken_from_the_disk_without_all_that_numba_can_compile(tmp_path):
    (tmp_path / "kept.py").write_text(
        """
import math
import numpy as np
from autograd.kernels.threads import jit

@jit(python=True)
def tables(x, rows):
    if rows < 0:
        raise ValueError("negative rows")
    table = np.empty((rows, x.size))
    for row in range(rows):
        for i in range(x.size):
            table[row, i] = math.exp(x[i]) + math.erf(x[i]) + np.log1p(x[i]) + math.lgamma(x[i] + row)
    return table

@jit()
def count(thread, threads, out):
    out[thread] += threads
"""
    )
    code = """
import sys
import kept
x, out = np.array([0.5, 2.0]), np.zeros(2)
share_out(kept.count, 2, out)
try:
    kept.tables(x, -1)
except ValueError as error:
    print(out, kept.tables(x, 3).round(6).tolist(), error, "numba.np.arraymath" in sys.modules)
"""
    places = {"PYTHONPATH": f"{ROOT}{os.pathsep}{tmp_path}", "NUMBA_CACHE_DIR": str(tmp_path / "kept")}
    edited = 'from autograd.kernels import threads\nthreads._STAMP = (("tile.py", 0, 0),)\n' + code
    first, second, third = (printed(text, **places, NUMBA_NUM_THREADS="2") for text in (code, code, edited))
    assert first.startswith("[2. 2.] [[3.") and first.endswith("negative rows True")
    assert second == first.removesuffix("True") + "False"
    assert third == first  # compiled anew, since another file of the kernels is not what it was


@compiled
def test_loops_for_numpy_that_several_processes_kept_are_told_apart(tmp_path):
    code = """
from autograd.kernels.activations import _BACKWARD, _FORWARD
from autograd.kernels.ufuncs import _loops, as_ufunc
x = np.linspace(-1, 1, 7, dtype=np.float32)
slope = lambda: as_ufunc(_BACKWARD["softplus"], 2, 2)(x, x, 1, 20), x / (1 + np.exp(-x))
value = lambda: as_ufunc(_FORWARD["softplus"], 1, 2)(x, 1, 20), np.log1p(np.exp(x))
for function, expected in (value, slope, value) if {both} else ({first},):
    np.testing.assert_allclose(function(), expected, rtol=1e-5)
names = {{code.fndesc.llvm_func_name for loop, _ in _loops.values() for code in loop.overloads.values()}}
print(len(names), sum([sum(loop.stats.cache_hits.values()) for loop, _ in _loops.values()]))
"""
    places = {"NUMBA_CACHE_DIR": str(tmp_path)}
    for first, both, answer in (("value", False, "1 0"), ("slope", False, "1 0"), ("value", True, "2 2")):
        assert printed(code.format(first=first, both=both), **places) == answer


@compiled
@pytest.mark.parametrize("before", [True, False])
def test_the_collector_is_as_it_was_when_numba_has_compiled(before):
    code = f"""
import gc
gc.enable() if {before} else gc.disable()
during = []

@numba.njit
def one_more(x):
    return x + 1

@numba.njit
def nothing(x):
    return x.nothing

class Listener(numba.core.event.Listener):
    def on_start(self, event):
        during.append(gc.isenabled())

    def on_end(self, event):
        pass

numba.core.event.register("numba:compile", Listener())
assert one_more(1) == 2 and gc.isenabled() == {before}
try:
    nothing(1)
except numba.core.errors.TypingError:
    print(during, gc.isenabled())
"""
    assert printed(code) == f"[False, False] {before}"


@compiled
def test_a_number_that_a_caller_writes_out_makes_no_further_version():
    answers = printed(
        """
@jit()
def multiply(x, times):
    for i in range(x.size):
        x[i] *= times

@jit(python=True)
def twice(x, times):
    multiply(x, 2)
    multiply(x, times)

x = np.ones(3)
twice(x, 3)
print(x, len(multiply.signatures))
"""
    )
    assert answers == "[6. 6. 6.] 1"
