"""How a compiled kernel's work is shared out over the threads of numba's layer.

A parallel loop of numba's is outlined, compiled a second time and optimised anew at every place that calls it: seconds
for a large kernel. Here a kernel is compiled once, as a function of its share of the work. `_run`, compiled once for
all kernels, puts the arguments into a row of words and calls on every thread what takes them from there (`words`). A
launch takes some microseconds; waking a Python thread, with the GIL to hand over, takes ten times as long.
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, NamedTuple

import llvmlite.binding as llvm
import numba
import numpy as np
from llvmlite import ir
from numba import config, types
from numba._dispatcher import compute_fingerprint as fingerprint
from numba.core import cgutils
from numba.extending import intrinsic

from autograd.kernels.threads import jit, launch
from autograd.kernels.words import (
    ARGUMENTS,
    ARRAY,
    FAILED,
    FLOAT,
    INTEGER,
    NUMBERS,
    SHAPE,
    THREADS,
    error_occurred,
    float_bits_of,
    integer_of,
    leave_gil,
    part_of,
    program_for,
    read,
    room_for_a_job,
    share_name,
    take_gil,
    truth_of,
    write,
)

# What numba's threading layers call their loop. It takes a function and calls it for a range of steps as NumPy calls
# the loop of a generalised ufunc: function(pointers, sizes, strides, data), with the number of steps in sizes[0] and
# a pointer in pointers[0] that was moved on to the first of them.
_PARALLEL_LOOP = "numba_parallel_for"


@intrinsic
def _call_on_threads(typing_context, loop, share, threads, job):  # type: ignore[no-untyped-def]
    """Call share(pointers, sizes, strides, job) on each thread by `loop`, or for one thread here."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        loop, share, threads, job = values
        word, pointer = threads.type, ir.IntType(8).as_pointer()

        def call(address: Any, arguments: Sequence[Any]) -> None:
            function = ir.FunctionType(ir.VoidType(), [argument.type for argument in arguments])
            builder.call(builder.inttoptr(address, function.as_pointer()), arguments)

        # A thread's number is the step's, read through the pointer that the loop moves on.
        numbers = builder.alloca(word, threads)
        with cgutils.for_range(builder, threads) as each:
            builder.store(each.index, builder.gep(numbers, [each.index]))
        pointers = cgutils.alloca_once_value(builder, numbers)
        sizes = cgutils.alloca_once_value(builder, threads)
        strides = cgutils.alloca_once_value(builder, word(context.get_abi_sizeof(word)))
        handed = [builder.bitcast(value, pointer) for value in (pointers, sizes, strides)]
        handed.append(builder.inttoptr(job, pointer))
        with builder.if_else(builder.icmp_signed(">", threads, word(1))) as (several, one):
            with several:
                call(loop, [builder.inttoptr(share, pointer), *handed, word(0), word(1), threads])
            with one:
                call(share, handed)
        return context.get_dummy_value()

    n = types.intp
    return types.void(n, n, n, n), generate


@jit(python=True, nogil=False)
def _run(loop: int, share: int, threads: int, arguments: int, program: int, parts: int) -> int:
    """Run a kernel on threads, and say whether one of them failed.

    What calls its share on several threads, the share, the tuple of its arguments and its program are given by their
    addresses, the last with its length.
    """
    job = room_for_a_job()
    write(job + 8 * THREADS, threads)
    write(job + 8 * FAILED, 0)
    at = job + 8 * ARGUMENTS
    for part in range(program, program + 24 * parts, 24):
        kind, place = read(part), read(part + 16)
        value = part_of(arguments, read(part + 8))
        if place >= 0:
            value = part_of(value, place)
        if kind >= ARRAY:
            write(at, read(value + NUMBERS))
            shape = read(value + SHAPE)
            for axis in range(kind - ARRAY):
                at += 8
                write(at, read(shape + 8 * axis))
        elif kind == FLOAT:
            write(at, float_bits_of(value))
        else:
            write(at, integer_of(value) if kind == INTEGER else truth_of(value))
        at += 8
    if error_occurred():
        raise OverflowError("a kernel's integers have 64 bits")
    state = leave_gil()
    _call_on_threads(loop, share, threads, job)
    take_gil(state)
    return read(job + 8 * FAILED)


@cache
def _loop_address() -> int:
    """The address of the layer's loop, which is loaded, and so chosen, by the first launch on several threads."""
    # Asking numba for its threads makes it load its layer.
    numba.get_num_threads()
    address: int = llvm.address_of_symbol(_PARALLEL_LOOP)
    return address


class _Call(NamedTuple):
    """What is called for a kernel, by the types of its arguments."""

    run: Callable[..., int]
    share: int
    address: int  # that of the program
    parts: int
    program: np.ndarray


# By what tells the types of arguments apart; numba's own way from arguments to code takes longer.
_calls: dict[tuple[Any, bytes], _Call] = {}
_addresses: dict[tuple[Any, bytes], int] = {}


def _compiled(kernel: Any, arguments: tuple[Any, ...]) -> _Call:
    kinds = tuple(map(numba.typeof, arguments))
    program = program_for(kinds)
    share = address_of(kernel, (types.intp, types.intp, *kinds), lambda code: share_name(code.llvm_func_name))
    run: Any = _run
    run.compile((types.intp,) * 6)
    (only,) = run.overloads.values()
    return _Call(only.entry_point, share, program.ctypes.data, len(program), program)


def address_of(function: Any, kinds: tuple[Any, ...], name: Callable[[Any], str]) -> int:
    """The address of machine code of a function for arguments of these types of numba's, compiled if need be.

    `name` gives the code's name by numba's description of the function.
    """
    function.compile(kinds)
    compiled = function.overloads[kinds]
    address: int = compiled.library.get_pointer_to_function(name(compiled.fndesc))
    if not address:
        raise TypeError(f"{function.__name__} is no kernel: one takes (thread, threads, ...) and returns nothing")
    return address


def compiled_address(kernel: Any, arguments: tuple[Any, ...]) -> int:
    """The address of a function's machine code for arguments of these types."""
    key = kernel, fingerprint(arguments)
    address = _addresses.get(key)
    if address is None:
        kinds = tuple(map(numba.typeof, arguments))
        address = _addresses[key] = address_of(kernel, kinds, lambda code: code.llvm_func_name)
    return address


class _Launches:
    """How often work was shared out, not exactly where Python threads do so at once; and whether it always is.

    `always` is for compiling ahead: small work that is otherwise left to NumPy goes the way of large.
    """

    count = 0
    always = False


launches = _Launches()


def share_out(kernel: Any, threads: int, *arguments: Any) -> None:
    """Run kernel(thread, threads, *arguments) for each thread, at most `thread_count()` of them.

    Arguments are numbers, arrays, and tuples of these; arrays are C-contiguous, of native byte order and writeable. A
    named tuple reaches the kernel as a plain one, and the kernel names its fields again.
    """
    for argument in arguments:
        if isinstance(argument, tuple) and type(argument) is not tuple:
            # Of a named one numba makes another type, by Python code, and the fingerprint of one keeps memory.
            arguments = tuple([tuple(a) if isinstance(a, tuple) else a for a in arguments])
            break
    if config.DISABLE_JIT:
        with np.errstate(all="ignore"):  # compiled code warns of nothing either
            for thread in range(threads):
                kernel(thread, threads, *arguments)
        return
    key = kernel, fingerprint(arguments)
    call = _calls.get(key)
    if call is None:
        call = _calls[key] = _compiled(kernel, arguments)
    run, share, address, parts, _ = call
    if threads == 1:
        failed = run(0, share, 1, id(arguments), address, parts)
    else:
        launches.count += 1
        failed = launch(run, (_loop_address(), share, threads, id(arguments), address, parts))
    if failed:
        raise MemoryError(f"{kernel.__name__}: a thread could not do its share")
