"""How a compiled kernel's work is shared out over the threads of numba's layer.

A parallel loop of numba's is outlined, compiled a second time and optimised anew at every place that calls it: seconds
for a large kernel. Here a kernel is compiled once, as a function of its share of the work, and a small function that
knows nothing but the types of its arguments calls it by its address on every thread. A launch takes some
microseconds; waking a Python thread, with the GIL to hand over, takes ten times as long.
"""

from collections.abc import Callable
from typing import Any

import numba
from llvmlite import ir
from numba import config, types
from numba._dispatcher import compute_fingerprint as fingerprint
from numba.core import cgutils
from numba.core.errors import TypingError
from numba.extending import intrinsic

from autograd.kernels.threads import jit, launch

# What numba's threading layers call their loop. It takes a function and calls it for a range of steps as NumPy calls
# the loop of a generalised ufunc: function(pointers, sizes, strides, data), with the number of steps in sizes[0] and
# a pointer in pointers[0] that was moved on to the first of them.
_PARALLEL_LOOP = "numba_parallel_for"


@intrinsic
def _call_on_threads(typing_context: Any, address: Any, threads: Any, arguments: Any) -> Any:
    """Call the function at `address` as (thread, threads, *arguments) for each thread; 1 if one of the calls failed."""
    for kind in arguments.types:
        if isinstance(kind, types.Array) and (kind.layout != "C" or not kind.mutable):
            raise TypingError(f"a kernel takes C-contiguous arrays that may be written to, not {kind}")

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        address, threads, packed = values
        packed = _uncounted(context, builder, signature.args[2], packed)
        word, pointer = context.get_value_type(types.intp), ir.IntType(8).as_pointer()
        job = cgutils.alloca_once_value(builder, cgutils.pack_struct(builder, [address, threads, word(0), packed]))
        share = _share(context, builder.module, job.type, (types.intp, types.intp, *signature.args[2].types))
        # The thread's number is the step's, read through the pointer that the loop moves on.
        numbers = builder.alloca(word, threads)
        with cgutils.for_range(builder, threads) as loop:
            builder.store(loop.index, builder.gep(numbers, [loop.index]))
        pointers = cgutils.alloca_once_value(builder, numbers)
        sizes = cgutils.alloca_once_value(builder, threads)
        strides = cgutils.alloca_once_value(builder, word(context.get_abi_sizeof(word)))
        loop_type = ir.FunctionType(ir.VoidType(), [pointer] * 5 + [word] * 3)
        parallel_loop = cgutils.get_or_insert_function(builder.module, loop_type, _PARALLEL_LOOP)
        handed = [builder.bitcast(value, pointer) for value in (share, pointers, sizes, strides, job)]
        builder.call(parallel_loop, [*handed, word(0), word(1), threads])
        return builder.load(cgutils.gep_inbounds(builder, job, 0, 2))

    return types.intp(address, threads, arguments), generate


def _uncounted(context: Any, builder: Any, kinds: Any, packed: Any) -> Any:
    """The arguments with arrays that nobody counts references to.

    A kernel would count at every row it takes of an array, and threads that count in one place wait for each other. The
    caller holds the arrays meanwhile.
    """
    for at, kind in enumerate(kinds.types):
        if isinstance(kind, types.Array):
            array = context.make_array(kind)(context, builder, builder.extract_value(packed, at))
            array.meminfo = cgutils.get_null_value(array.meminfo.type)
            packed = builder.insert_value(packed, array._getvalue(), at)
    return packed


def _share(context: Any, module: Any, job_type: Any, kinds: tuple[Any, ...]) -> Any:
    """The function that a thread runs: it unpacks a job (address, threads, failed, arguments) and calls the kernel."""
    word, pointer = context.get_value_type(types.intp), ir.IntType(8).as_pointer()
    parameters = [pointer.as_pointer(), word.as_pointer(), word.as_pointer(), pointer]
    share = ir.Function(module, ir.FunctionType(ir.VoidType(), parameters), module.get_unique_name("share"))
    share.linkage = "internal"
    builder = ir.IRBuilder(share.append_basic_block())
    pointers, sizes, _, data = share.args
    job = builder.bitcast(data, job_type)
    address, threads, _, packed = cgutils.unpack_tuple(builder, builder.load(job))
    kernel_type = context.call_conv.get_function_type(types.none, kinds)
    kernel = builder.inttoptr(address, kernel_type.as_pointer())
    first = builder.load(builder.bitcast(builder.load(pointers), word.as_pointer()))
    with cgutils.for_range(builder, builder.load(sizes)) as loop:
        values = [builder.add(first, loop.index), threads, *cgutils.unpack_tuple(builder, packed)]
        status, _ = context.call_conv.call_function(builder, kernel, types.none, kinds, values)
        with builder.if_then(status.is_error):
            builder.store(word(1), cgutils.gep_inbounds(builder, job, 0, 2))
    builder.ret_void()
    return share


@jit()
def _spread(address: int, threads: int, *arguments: Any) -> int:
    return _call_on_threads(address, threads, arguments)


_addresses: dict[tuple[Any, bytes], int] = {}


def compiled_address(kernel: Any, arguments: tuple[Any, ...]) -> int:
    """The address of the kernel's machine code for arguments of these types, compiled if need be."""
    key = kernel, fingerprint(arguments)
    address = _addresses.get(key)
    if address is None:
        # Asking numba for its threads makes it load its layer, which the code is linked to.
        numba.get_num_threads()
        signature = tuple(map(numba.typeof, arguments))
        kernel.compile(signature)
        compiled = kernel.overloads[signature]
        address = _addresses[key] = compiled.library.get_pointer_to_function(compiled.fndesc.llvm_func_name)
    return address


class _Launches:
    """How often work was shared out, not exactly where Python threads do so at once; and whether it always is.

    `always` is for compiling ahead: also work for one thread then goes the way of that for several.
    """

    count = 0
    always = False


launches = _Launches()


def share_out(kernel: Any, threads: int, *arguments: Any) -> None:
    """Run kernel(thread, threads, *arguments) for each thread, at most `thread_count()` of them.

    Arrays are C-contiguous, aligned and of native byte order, which is not checked at every call. A named tuple reaches
    the kernel as a plain one, and the kernel names its fields again.
    """
    for argument in arguments:
        if isinstance(argument, tuple):
            # Of a named one numba makes another type, by Python code, and the fingerprint of one keeps memory.
            arguments = tuple([tuple(a) if isinstance(a, tuple) else a for a in arguments])
            break
    if config.DISABLE_JIT:
        for thread in range(threads):
            kernel(thread, threads, *arguments)
        return
    alone = threads == 1 and not (launches.always or kernel.inner)
    key = kernel, alone, fingerprint(arguments)
    call = _calls.get(key)
    if call is None:
        call = _calls[key] = (_compiled_alone if alone else _compiled_shared)(kernel, arguments)
    function, address = call
    if alone:
        function(0, 1, *arguments)
        return
    launches.count += 1
    if launch(function, (address, threads, arguments)):
        raise MemoryError(f"{kernel.__name__}: a thread could not do its share")


# What is called for a kernel, by whether it is called by itself and by what tells the types of its arguments apart: a
# function and, for `_spread`, the kernel's address. numba's own way from arguments to code takes longer.
_calls: dict[tuple[Any, bool, bytes], tuple[Callable[..., Any], int]] = {}


def _compiled_alone(kernel: Any, arguments: tuple[Any, ...]) -> tuple[Callable[..., Any], int]:
    """The kernel as a function of (thread, threads, *arguments) for arguments of these types."""
    signature = types.intp, types.intp, *map(numba.typeof, arguments)
    kernel.compile(signature)
    return kernel.overloads[signature].entry_point, 0


def _compiled_shared(kernel: Any, arguments: tuple[Any, ...]) -> tuple[Callable[..., Any], int]:
    """`_spread` as a function of (address, threads, arguments of these types), and the kernel's address."""
    address = compiled_address(kernel, (0, 0, *arguments))
    signature = types.intp, types.intp, types.Tuple(tuple(map(numba.typeof, arguments)))
    spread: Any = _spread
    spread.compile(signature)
    return spread.overloads[signature].entry_point, address
