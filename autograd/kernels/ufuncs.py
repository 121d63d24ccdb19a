"""Kernels that act on each number by itself, as functions of NumPy's own kind.

To look up and unpack the arguments of a compiled kernel, and to make the array for its results, takes longer than to
work on some thousand numbers; NumPy does so in a fraction of a microsecond. A ufunc is a name for machine code that
NumPy calls with addresses, a count and distances in bytes: `_loop` is such code for every kernel of one number of
inputs and settings, and the kernel's own address is the data that NumPy hands it.
"""

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from llvmlite import binding, ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np.ufunc import _internal  # type: ignore[attr-defined]

from autograd.kernels.sharing import address_of, compiled_address
from autograd.kernels.threads import jit
from autograd.kernels.words import array_at, reader, writer

_FLOATS = types.Array(types.float32, 1, "C")
_SIZE = 4

# What is not side by side is copied in pieces of so many numbers.
_BLOCK = 256

# Comparisons with nan and the exponential of a large number leave marks in the processor's state, of which NumPy would
# warn as if somebody had divided by zero. C's function takes them away, and ignores the bits that stand for nothing.
_CLEAR, _ALL_MARKS = "feclearexcept", 0x3F


_load, _store = reader(types.float32), writer(types.float32)


@intrinsic
def _clear_marks(typing_context):  # type: ignore[no-untyped-def]
    """Forget which floating-point exceptions have occurred."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        clear_type = ir.FunctionType(ir.IntType(32), [ir.IntType(32)])
        clear = cgutils.get_or_insert_function(builder.module, clear_type, _CLEAR)
        builder.call(clear, [ir.IntType(32)(_ALL_MARKS)])
        return context.get_dummy_value()

    return types.void(), generate


@intrinsic(prefer_literal=True)
def _call(typing_context, kernel, places, count, inputs, settings):  # type: ignore[no-untyped-def]
    """kernel(0, 1, *arrays, *settings) on arrays of `count` numbers; `places` are those of inputs, settings, result."""
    arrays, numbers = inputs.literal_value + 1, settings.literal_value
    kinds = (types.intp, types.intp, *[_FLOATS] * arrays, *[types.float32] * numbers)

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        kernel, places, count, _, _ = values
        word = count.type
        begin = context.make_array(signature.args[1])(context, builder, places).data
        addresses = [builder.load(builder.gep(begin, [word(k)])) for k in range(arrays + numbers)]
        numbers_at = addresses[arrays - 1 : arrays - 1 + numbers]
        handed = [word(0), word(1)]
        for address in (*addresses[: arrays - 1], addresses[-1]):
            handed.append(array_at(context, builder, _FLOATS, address, [count]))
        handed += [builder.load(builder.inttoptr(address, ir.FloatType().as_pointer())) for address in numbers_at]
        code = builder.inttoptr(kernel, context.call_conv.get_function_type(types.none, kinds).as_pointer())
        context.call_conv.call_function(builder, code, types.none, kinds, handed)
        return context.get_dummy_value()

    n = types.intp
    return types.void(n, places, n, inputs, settings), generate


def _loop(inputs: int, settings: int) -> tuple[Any, int]:
    """What NumPy calls, and its address, for kernels of so many arrays and settings.

    See PyUFuncGenericFunction in NumPy's manual.
    """
    operands = inputs + settings + 1

    def loop(addresses, counts, steps, kernel):  # type: ignore[no-untyped-def]
        count, last = counts[0], operands - 1
        places = np.empty(operands, np.intp)
        dense = steps[last] == _SIZE
        for k in range(operands):
            places[k] = addresses[k]
            dense &= k >= inputs or steps[k] == _SIZE
        if dense:
            _call(kernel, places, count, inputs, settings)
        else:
            copies = np.empty((inputs + 1, _BLOCK), np.float32)
            for k in range(inputs):
                places[k] = copies[k].ctypes.data
            places[last] = copies[inputs].ctypes.data
            for first in range(0, count, _BLOCK):
                length = min(_BLOCK, count - first)
                for k in range(inputs):
                    for i in range(length):
                        copies[k, i] = _load(addresses[k] + (first + i) * steps[k])
                _call(kernel, places, length, inputs, settings)
                for i in range(length):
                    _store(addresses[last] + (first + i) * steps[last], copies[inputs, i])
        _clear_marks()

    # Machine code that is kept on disk is told apart by the name alone when it is loaded beside other.
    loop.__qualname__ = f"loop_of_{inputs}_{settings}"
    compiled = jit(no_cfunc_wrapper=False)(loop)
    words = types.CPointer(types.intp)
    return compiled, address_of(compiled, (words, words, words, types.intp), lambda code: code.llvm_cfunc_wrapper_name)


_loops: dict[tuple[int, int], tuple[Any, int]] = {}

available = binding.address_of_symbol(_CLEAR) is not None and not numba.config.DISABLE_JIT


def as_ufunc(kernel: Any, inputs: int, settings: int) -> Callable[..., np.ndarray]:
    """The NumPy function (*arrays, *settings) -> array of a kernel(thread, threads, *arrays, out, *settings).

    Args:
        kernel: a compiled function of one-dimensional float32 arrays and float32 settings, which raises no error.
        inputs: how many arrays it reads.
        settings: how many numbers follow the result.
    """
    if (inputs, settings) not in _loops:
        _loops[inputs, settings] = _loop(inputs, settings)
    loop, loop_address = _loops[inputs, settings]
    number = np.float32(0)
    address = compiled_address(kernel, (0, 0, *[np.empty(0, np.float32)] * (inputs + 1), *[number] * settings))
    operands = inputs + settings
    kinds = [[np.dtype(np.float32).num] * (operands + 1)]
    name, alive, none = kernel.__name__.strip("_"), (loop, kernel), _internal.PyUFunc_None
    made: Callable[..., np.ndarray] = _internal.fromfunc(
        name, kernel.__doc__, [loop_address], kinds, operands, 1, [address], alive, none
    )
    return made
