"""How kernels are compiled and launched: numba's disk cache, its threading layer, and the memory that kernels reuse.

numba runs a parallel loop on one of three threading layers, and fixes the choice at the first launch of the process.
We ask for tbb, then workqueue, then omp:

- omp's waiting threads spin, and so do OpenBLAS's. On two cores, alternating a matrix product with a parallel loop
  then costs milliseconds per pair in place of microseconds; and a process forked after an omp launch is killed at its
  first parallel loop. tbb and workqueue sleep while they wait, and survive a fork.
- workqueue ends the process when two Python threads launch at once, so `launch` holds a lock there.

A choice the user made (NUMBA_THREADING_LAYER, NUMBA_THREADING_LAYER_PRIORITY, or a parallel loop of theirs that ran
before ours) stands. The `tbb` wheel puts its library where the loader does not look, so it is loaded here by its path.

The number of threads is one for the process: of the loops, and of the BLAS library behind NumPy's products.
"""

import contextlib
import ctypes
import gc
import importlib
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba import config, types
from numba.core import event
from numba.core.caching import FunctionCache
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import register_pass
from numba.core.errors import TypingError
from numba.core.lowering import Lower
from numba.core.registry import CPUDispatcher
from numba.core.runtime import rtsys
from numba.core.typed_passes import NativeLowering

from autograd.kernels.vectors import wish_for_loop
from autograd.kernels.words import add_share, program_for


def _load_tbb() -> None:
    """Load tbb's library from the environment's folder, so that numba finds it by its name."""
    with contextlib.suppress(OSError):  # it is not installed there; numba looks on the loader's path
        ctypes.CDLL(str(Path(sys.prefix, "lib", "libtbb.so.12")), mode=ctypes.RTLD_GLOBAL)


def _leave_scipy_for_later() -> None:
    """Import numba's functions of arrays without SciPy's linear algebra, which takes as long to import as numba.

    They ask only whether it is installed, as it is with this package. Where a product needs it, numba imports it then.
    """
    if "numba.np.arraymath" in sys.modules:
        return
    linalg: Any = importlib.import_module("numba.np.linalg")
    asking = linalg.ensure_blas
    linalg.ensure_blas = lambda: None
    try:
        importlib.import_module("numba.np.arraymath")
    finally:
        linalg.ensure_blas = asking


class _Compiling(event.Listener):
    """Makes numba ready to compile, and keeps Python's cyclic collector off while it does.

    The collector takes a twentieth of the time, and would find nothing.
    """

    def __init__(self) -> None:
        self.depth = 0  # numba compiles one function at a time, but what that calls meanwhile
        self.enabled = False

    def on_start(self, event: Any) -> None:
        if not self.depth:
            _leave_scipy_for_later()
            self.enabled = gc.isenabled()
            gc.disable()
        self.depth += 1

    def on_end(self, event: Any) -> None:
        self.depth -= 1
        if not self.depth and self.enabled:
            gc.enable()


event.register("numba:compile", _Compiling())

if "NUMBA_THREADING_LAYER" not in os.environ and "NUMBA_THREADING_LAYER_PRIORITY" not in os.environ:
    config.THREADING_LAYER_PRIORITY = ["tbb", "workqueue", "omp"]
    _load_tbb()

# The layers on which two Python threads may launch at the same moment.
_CONCURRENT_LAYERS = ("tbb", "omp")

# A thread keeps its scratch memory between calls up to this size; what is larger lives for one call.
_SCRATCH_BYTES = 64 << 20


def _source_stamp() -> tuple[tuple[str, int, int], ...] | None:
    """Name, time and size of every source file of this folder, or None where there are no such files."""
    try:
        files = sorted(Path(__file__).parent.glob("*.py"))
        return tuple((file.name, file.stat().st_mtime_ns, file.stat().st_size) for file in files) or None
    except OSError:
        return None


_STAMP = _source_stamp()


class _WideLower(Lower):
    """Lowers a function so that its loops may use the widest vectors that the processor has, and adds a kernel's share.

    For Intel's processors LLVM takes half as wide ones of its own accord, as early ones slowed down for the others.
    """

    def setup_function(self, fndesc: Any) -> None:
        super().setup_function(fndesc)
        # As to a set: llvmlite's own method lets only names pass that it knows.
        set.add(self.function.attributes, '"prefer-vector-width"="512"')

    def lower_normal_function(self, fndesc: Any) -> None:
        super().lower_normal_function(fndesc)
        if tuple(fndesc.args[:2]) == ("thread", "threads") and fndesc.restype == types.none:
            kinds = fndesc.argtypes[2:]
            with contextlib.suppress(TypingError):  # it takes what only other kernels can give it
                program_for(kinds)
                add_share(self.context, self.module, self.function, kinds)


class _MaskedLower(_WideLower):
    """Asks that the last, incomplete vector of a loop be done under a mask, and not number by number.

    A loop takes several vectors at a time, and without a mask a row of ten numbers does not fill a single one.
    """

    def lower_normal_function(self, fndesc: Any) -> None:
        super().lower_normal_function(fndesc)
        done: set[Any] = set()
        for block in self.function.blocks:
            done.add(block)
            if any(target in done for target in getattr(block.terminator, "operands", ())):
                wish_for_loop(
                    self.module, block.terminator, ["llvm.loop.vectorize.predicate.enable", ir.IntType(1)(1)]
                )  # fmt: skip


def _lowering(lower: type[Lower]) -> Any:
    """The compiler of numba with another class for the lowering of plain functions."""

    class Lowering(NativeLowering):
        _name = f"native_lowering_{lower.__name__}"
        lowering_class = lower

    replacement = register_pass(mutates_CFG=True, analysis_only=False)(Lowering)

    class Compiler(CompilerBase):
        def define_pipelines(self) -> list[Any]:
            manager = DefaultPassBuilder.define_nopython_pipeline(self.state)
            manager.add_pass_after(replacement, NativeLowering)
            manager.passes = [entry for entry in manager.passes if entry[0] is not NativeLowering]
            manager.finalize()
            return [manager]

    return Compiler


_WIDE, _MASKED = _lowering(_WideLower), _lowering(_MaskedLower)


class _Compiled(CPUDispatcher):
    """A compiled function, of which numbers that a caller writes out make no further version."""

    def get_call_template(self, args: Any, kws: Any) -> Any:
        return super().get_call_template([types.unliteral(kind) for kind in args], kws)


class _Inner(_Compiled):
    """A compiled function for kernels: there is nothing that would unpack Python's arguments.

    Of what is inlined, and so has no machine code of its own, Python runs the source.
    """

    def __call__(self, *arguments: Any) -> Any:
        if self.targetoptions.get("inline") == "always":
            return self.py_func(*arguments)
        name = self.py_func.__name__
        raise TypeError(f"{name} is compiled for kernels; run it by share_out, or compile it with jit(python=True)")


class _Cache(FunctionCache):
    """The disk cache, from which machine code is taken without first making known all that numba can compile.

    That takes longer than to load the kernels of a convolution, and numba does it when it has to compile.

    numba recompiles a cached function when the file that holds it has changed. Ours call each other across files, so
    here a change of any file of the folder counts: otherwise an edited helper would live on in its callers.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function)
        if _STAMP is not None:
            self._cache_file._source_stamp = _STAMP

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        rtsys.initialize(target_context)
        with self._guard_against_spurious_io_errors():
            return self._load_overload(sig, target_context)
        return None


def jit(
    masked: bool = False, python: bool = False, **options: Any
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """`numba.njit` without the GIL, with the disk cache where there is a folder to keep it in.

    A function whose first arguments are `thread` and `threads` is a kernel, which `sharing.share_out` runs; others are
    called by kernels. Python can call what is inlined, and else only a function that `python` is true for: what would
    unpack the arguments takes long to compile.

    `masked` is for loops over few numbers that take long for each, as exponentials do: see `_MaskedLower`.
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        if config.DISABLE_JIT:
            return function
        settings = {
            "nogil": True,
            # As NumPy divides: a check for zero at every division would keep loops from being vectorised.
            "error_model": "numpy",
            "no_cfunc_wrapper": True,  # nobody calls it as C does
            "no_cpython_wrapper": not python,
            "pipeline_class": _MASKED if masked else _WIDE,
        }
        compiled: Any = numba.njit(**(settings | options))(function)
        compiled.__class__ = _Compiled if python else _Inner
        with contextlib.suppress(RuntimeError):  # no writable folder: compile in every process
            compiled._cache = _Cache(function)
        return compiled

    return decorate


class _Launcher:
    """Runs parallel kernels, one at a time unless the threading layer is known to allow more."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.concurrent = False

    def __call__(self, kernel: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        """Run a kernel that calls the threading layer."""
        if self.concurrent:
            return kernel(*arguments)
        with self.lock:
            result = kernel(*arguments)
            # Only a launch decides the layer, so the first one, and all that wait for it, take the lock.
            self.concurrent = _threading_layer() in _CONCURRENT_LAYERS
            return result

    def after_fork(self) -> None:
        """Replace the lock: in the child nobody is left to release it."""
        self.lock = threading.Lock()


def _threading_layer() -> str | None:
    try:
        return numba.threading_layer()
    except ValueError:
        return None


def may_launch() -> bool:
    """Whether a parallel loop has run already, and on a layer with which a forked process lives on.

    For what NumPy can do as well: it shall neither choose the layer nor fail with it.
    """
    return _threading_layer() in ("tbb", "workqueue")


launch = _Launcher()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=launch.after_fork)


# The number of threads that was set, for all Python threads; 0 for as many as numba was started with.
_limit = 0

# What the BLAS libraries that NumPy is built with call their setting.
_BLAS_SETTINGS = (
    "scipy_openblas_set_num_threads64_",
    "scipy_openblas_set_num_threads",
    "openblas_set_num_threads64_",
    "openblas_set_num_threads",
    "MKL_Set_Num_Threads",
)


def thread_count() -> int:
    """How many threads a kernel runs on."""
    return _limit or int(config.NUMBA_NUM_THREADS)


def set_thread_count(count: int) -> None:
    """Set how many threads kernels and NumPy's products run on, as far as numba was started with so many."""
    global _limit
    _limit = min(count, config.NUMBA_NUM_THREADS)
    _limit_blas(_limit)


def thread_limit() -> int:
    """The number of threads that was set; 0 where none was."""
    return _limit


def numpy_library() -> ctypes.CDLL | None:
    """NumPy's extension, where a name that is not its own is looked for in the BLAS that it is linked to."""
    try:
        return ctypes.CDLL(importlib.import_module("numpy._core._multiarray_umath").__file__)
    except (ImportError, OSError):
        return None


def _limit_blas(count: int) -> None:
    """Tell NumPy's BLAS, where it is one that can be told."""
    library = numpy_library()
    for name in _BLAS_SETTINGS:
        setting = getattr(library, name, None)
        if setting is not None:
            setting(ctypes.c_int(count))
            return


class _Scratch(threading.local):
    memory: dict[str, np.ndarray]

    def __init__(self) -> None:
        self.memory = {}


_scratch = _Scratch()


def scratch(name: str, size: int, dtype: np.dtype) -> np.ndarray:
    """A 1-d array of `size` uninitialised numbers, aligned to cache lines, that this Python thread reuses per `name`.

    Fresh large arrays cost a page fault for every 4 KiB. The caller must have finished with the array before it asks
    for the same name again.
    """
    bytes_needed = size * dtype.itemsize
    memory = _scratch.memory.get(name)
    if memory is None or memory.size < bytes_needed:
        whole = np.empty(bytes_needed + 64, np.uint8)
        start = -whole.__array_interface__["data"][0] % 64
        memory = whole[start : start + bytes_needed]
        if bytes_needed <= _SCRATCH_BYTES:
            _scratch.memory[name] = memory
    return memory[:bytes_needed].view(dtype)
