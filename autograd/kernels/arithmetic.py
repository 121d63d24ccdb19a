"""Sums, differences, products and quotients of the numbers of large arrays, on all threads.

NumPy runs on one, which waits for memory; and half of what other kernels have just written is in the caches of another.
"""

from typing import Any

import numpy as np
from numba import config

from autograd.kernels.sharing import launches, share_out
from autograd.kernels.threads import jit, may_launch, thread_count

# A number stands beside an array as so many copies, which stay in the first-level cache.
_BLOCK = 1024
# With a number fewer than so many take NumPy as long as a launch.
_SHARED = 1 << 18

_ADD, _SUBTRACT, _MULTIPLY, _DIVIDE = range(4)
_OPERATIONS: dict[np.ufunc, int] = {
    np.add: _ADD,
    np.subtract: _SUBTRACT,
    np.multiply: _MULTIPLY,
    np.true_divide: _DIVIDE,
}


def calculate(function: np.ufunc, x: Any, y: Any) -> Any:
    """function(x, y), for NumPy's add, subtract, multiply or divide, of two arrays of one dtype or one and a number.

    What does not fit a kernel is left to NumPy: other shapes, dtypes, layouts and kinds of arrays, and what NumPy may
    have to warn of. So is all before anything else has run on several threads.
    """
    array, other = (x, y) if isinstance(x, np.ndarray) else (y, x)
    state = np.geterr()
    if config.DISABLE_JIT or not _fits(array, other) or state["under"] != "ignore":
        return function(x, y)
    if not (may_launch() or launches.always):
        return function(x, y)
    out, threads = np.empty_like(array), thread_count()
    checks = np.zeros(threads, array.dtype)
    operands = _flat(x, array.dtype), _flat(y, array.dtype)
    share_out(_calculate, threads, _OPERATIONS[function], *operands, out.reshape(-1), checks)
    # Where something is not finite, NumPy knows whether that is new.
    return function(x, y, out) if checks.any() and set(state.values()) != {"ignore"} else out


def _fits(array: Any, other: Any) -> bool:
    if type(array) is not np.ndarray or array.dtype.char not in "fd" or not array.flags.carray:
        return False
    if not isinstance(other, np.ndarray):
        return array.size >= _SHARED
    alike = type(other) is np.ndarray and other.dtype == array.dtype and other.shape == array.shape
    return alike and other.flags.carray


def _flat(operand: Any, dtype: np.dtype) -> np.ndarray:
    if isinstance(operand, np.ndarray):
        return operand.reshape(-1)
    with np.errstate(over="ignore"):  # the results are not finite either, and NumPy warns
        return np.full(_BLOCK, operand, dtype)


@jit()
def _block(thread, threads, block, x, y, out):  # type: ignore[no-untyped-def]
    """Where a block of a thread's part begins in x, y and out, and its length, all of them unsigned."""
    start = thread * out.size // threads + block * _BLOCK
    count = min(_BLOCK, (thread + 1) * out.size // threads - start)
    x_start, y_start = start if x.size == out.size else 0, start if y.size == out.size else 0
    return np.uint64(x_start), np.uint64(y_start), np.uint64(start), np.uint64(max(count, 0))


@jit()
def _blocks(threads, size):  # type: ignore[no-untyped-def]
    """How many blocks a thread has at most."""
    return (size // threads + _BLOCK) // _BLOCK


@jit()
def _result(operation, a, b):  # type: ignore[no-untyped-def]
    if operation == _ADD:
        return a + b
    if operation == _SUBTRACT:
        return a - b
    return a * b if operation == _MULTIPLY else a / b


# The checks are sums of zeros, in any order. Of the loop LLVM makes one for each operation.
@jit(fastmath={"reassoc"})
def _calculate(thread, threads, operation, x, y, out, checks):  # type: ignore[no-untyped-def]
    check = out.dtype.type(0)
    for block in range(_blocks(threads, out.size)):
        a, b, c, count = _block(thread, threads, block, x, y, out)
        for k in range(count):
            result = _result(operation, x[a + k], y[b + k])
            out[c + k] = result
            check += result - result
    checks[thread] = check
