"""A kernel's arguments as a row of words, in which they reach the threads that share its work.

numba's own way from Python's objects to machine code is compiled for each combination of types anew, and takes a fifth
as long to compile as a large kernel. Here a program says what a kernel's arguments are, and one function, compiled
once, reads the objects as it says (`sharing` has it); `add_share` gives a kernel what takes them from the words.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.errors import TypingError
from numba.extending import intrinsic

# A job is a row of words: how many threads share it, whether one of them has failed, and the arguments. A number is
# one word; an array is its address and its shape.
THREADS, FAILED, ARGUMENTS = 0, 1, 2
ROOM = 256

# A program has three numbers for each argument, or part of a tuple: its kind, its index, and its index in the tuple or
# -1. The kind of an array is ARRAY and the number of its dimensions.
INTEGER, TRUTH, FLOAT, ARRAY = 0, 1, 2, 3

# Where an array object keeps the address of its numbers and that of its shape: PyArrayObject_fields in NumPy's C API.
NUMBERS, SHAPE = object.__basicsize__, object.__basicsize__ + 16

_WORD, _DOUBLE, _POINTER, _NOTHING = ir.IntType(64), ir.DoubleType(), ir.IntType(8).as_pointer(), ir.VoidType()


def program_for(kinds: Sequence[Any]) -> np.ndarray:
    """The program for arguments of these types of numba's: numbers, arrays, and tuples of these."""
    program: list[tuple[int, int, int]] = []
    words = ARGUMENTS
    for index, kind in enumerate(kinds):
        parts = list(enumerate(kind.types)) if isinstance(kind, types.BaseTuple) else [(-1, kind)]
        for place, part in parts:
            program.append((_kind_of(part), index, place))
            words += 1 + getattr(part, "ndim", 0)
    if words > ROOM:
        raise TypingError(f"a kernel's arguments fill at most {ROOM - ARGUMENTS} words, not {words - ARGUMENTS}")
    return np.array(program, np.int64)


def _kind_of(kind: Any) -> int:
    if isinstance(kind, types.Array):
        if kind.layout != "C" or not kind.mutable:
            raise TypingError(f"a kernel takes C-contiguous arrays that may be written to, not {kind}")
        return ARRAY + int(kind.ndim)
    if isinstance(kind, types.Float):
        return FLOAT
    if isinstance(kind, types.Boolean):
        return TRUTH
    if isinstance(kind, types.Integer):
        return INTEGER
    raise TypingError(f"a kernel takes numbers, arrays, and tuples of these, not {kind}")


def _of_python(name: str, gives: ir.Type, *takes: ir.Type) -> Any:
    """The intrinsic that calls a function of Python's C API with words, for a word; 0 where it gives nothing."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        function = cgutils.get_or_insert_function(builder.module, ir.FunctionType(gives, takes), name)
        handed = [builder.inttoptr(v, t) if t == _POINTER else v for v, t in zip(values, takes, strict=True)]
        result = builder.call(function, handed)
        if gives == _NOTHING:
            return _WORD(0)
        if gives == _POINTER:
            return builder.ptrtoint(result, _WORD)
        return builder.bitcast(result, _WORD) if gives == _DOUBLE else builder.zext(result, _WORD)

    n = types.intp
    return intrinsic([
        lambda typing_context: (n(), generate),
        lambda typing_context, word: (n(n), generate),
        lambda typing_context, word, other: (n(n, n), generate),
    ][len(takes)])  # fmt: skip


# Part of a tuple, numbers, and whether one of them was none; the calling thread holds the GIL.
part_of = _of_python("PyTuple_GetItem", _POINTER, _POINTER, _WORD)
integer_of = _of_python("PyLong_AsLongLong", _WORD, _POINTER)
truth_of = _of_python("PyObject_IsTrue", ir.IntType(32), _POINTER)
float_bits_of = _of_python("PyFloat_AsDouble", _DOUBLE, _POINTER)
error_occurred = _of_python("PyErr_Occurred", _POINTER)

# Leave the GIL, for a word with which to take it again.
leave_gil = _of_python("PyEval_SaveThread", _POINTER)
take_gil = _of_python("PyEval_RestoreThread", _NOTHING, _POINTER)


def reader(kind: Any) -> Any:
    """The intrinsic that reads a number of a type of numba's at an address."""

    @intrinsic
    def read(typing_context, address):  # type: ignore[no-untyped-def]
        def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            return builder.load(builder.inttoptr(values[0], context.get_value_type(kind).as_pointer()))

        return kind(types.intp), generate

    return read


def writer(kind: Any) -> Any:
    """The intrinsic that puts a number of a type of numba's at an address."""

    @intrinsic
    def write(typing_context, address, number):  # type: ignore[no-untyped-def]
        def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            builder.store(values[1], builder.inttoptr(values[0], values[1].type.as_pointer()))
            return context.get_dummy_value()

        return types.void(types.intp, kind), generate

    return write


read, write = reader(types.intp), writer(types.intp)


@intrinsic
def room_for_a_job(typing_context):  # type: ignore[no-untyped-def]
    """The address of ROOM words on the stack."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return builder.ptrtoint(cgutils.alloca_once(builder, ir.ArrayType(_WORD, ROOM)), _WORD)

    return types.intp(), generate


def array_at(context: Any, builder: Any, kind: Any, address: Any, shape: Sequence[Any]) -> Any:
    """LLVM's value of a C-contiguous array whose numbers begin at an address; nobody counts references to it."""
    from numba.np import arrayobj  # with much else, that only compiling needs

    array = context.make_array(kind)(context, builder)
    itemsize = _WORD(context.get_abi_sizeof(context.get_data_type(kind.dtype)))
    strides = [itemsize] * kind.ndim
    for axis in reversed(range(kind.ndim - 1)):
        strides[axis] = builder.mul(strides[axis + 1], shape[axis + 1])
    data = builder.inttoptr(address, array.data.type)
    arrayobj.populate_array(array, data, shape, strides, itemsize, None)
    return array._getvalue()


def share_name(kernel: str) -> str:
    """What the machine code is called by which threads run a kernel of a name."""
    return f"share.{kernel}"


def add_share(context: Any, module: Any, kernel: Any, kinds: Sequence[Any]) -> None:
    """Add to a kernel's module the function that a thread runs, called as NumPy calls generalised ufuncs.

    share(pointers, sizes, strides, job) calls the kernel for sizes[0] shares, from the one that pointers[0] points to.
    The kernel gets arrays that nobody counts references to: it would count at every row it takes of one, and threads
    that count in one place wait for each other. The caller of `sharing.share_out` holds them meanwhile.
    """
    parameters = [_POINTER.as_pointer(), _WORD.as_pointer(), _WORD.as_pointer(), _POINTER]
    share = ir.Function(module, ir.FunctionType(ir.VoidType(), parameters), share_name(kernel.name))
    builder = ir.IRBuilder(share.append_basic_block())
    pointers, sizes, _, data = share.args
    job = builder.bitcast(data, _WORD.as_pointer())
    words = _Words(builder, job)
    values = [words.take(context, kind) for kind in kinds]
    threads = builder.load(builder.gep(job, [_WORD(THREADS)]))
    first = builder.load(builder.bitcast(builder.load(pointers), _WORD.as_pointer()))
    with cgutils.for_range(builder, builder.load(sizes)) as loop:
        all_kinds, all_values = (types.intp, types.intp, *kinds), [builder.add(first, loop.index), threads, *values]
        # Inlined, the kernel would be compiled twice, for it is also called by other kernels and by its address.
        status, _ = context.call_conv.call_function(builder, kernel, types.none, all_kinds, all_values, ("noinline",))
        with builder.if_then(status.is_error):
            builder.store(_WORD(1), builder.gep(job, [_WORD(FAILED)]))
    builder.ret_void()


class _Words:
    """The arguments of a job, from the first on."""

    def __init__(self, builder: Any, job: Any) -> None:
        self.builder, self.job, self.at = builder, job, ARGUMENTS

    def word(self) -> Any:
        """The next word."""
        self.at += 1
        return self.builder.load(self.builder.gep(self.job, [_WORD(self.at - 1)]))

    def take(self, context: Any, kind: Any) -> Any:
        """The next argument, as LLVM's value for numba's type."""
        builder = self.builder
        if isinstance(kind, types.BaseTuple):
            return context.make_tuple(builder, kind, [self.take(context, part) for part in kind.types])
        if isinstance(kind, types.Array):
            address = self.word()
            return array_at(context, builder, kind, address, [self.word() for _ in range(kind.ndim)])
        word, value = self.word(), context.get_value_type(kind)
        if isinstance(kind, types.Float):
            double = builder.bitcast(word, _DOUBLE)
            return double if value == _DOUBLE else builder.fptrunc(double, value)
        return word if value == _WORD else builder.trunc(word, value)
