"""Sums, differences, products and quotients of the numbers of large arrays, on all threads.

NumPy runs on one, which waits for memory; and half of what other kernels have just written is in the caches of another.
"""

import numpy as np
from numba import config

from autograd.kernels.sharing import launches, share_out
from autograd.kernels.threads import jit, may_launch, thread_count

# A number stands beside an array as so many copies, which stay in the first-level cache.
_BLOCK = 1024

_ADD, _SUBTRACT, _MULTIPLY, _DIVIDE = range(4)
_OPERATIONS: dict[np.ufunc, int] = {
    np.add: _ADD,
    np.subtract: _SUBTRACT,
    np.multiply: _MULTIPLY,
    np.true_divide: _DIVIDE,
}


def available() -> bool:
    """Whether a kernel may be run: not as the first to choose numba's threading layer, or to fail with it."""
    return not config.DISABLE_JIT and (may_launch() or launches.always)


def calculate(function: np.ufunc, x: np.ndarray | float, y: np.ndarray | float, out: np.ndarray) -> bool:
    """out = function(x, y), for NumPy's add, subtract, multiply or divide; whether all results are finite.

    An operand is an array like `out`, or a number.
    """
    threads = thread_count()
    checks = np.zeros(threads, out.dtype)
    operands = _flat(x, out.dtype), _flat(y, out.dtype)
    share_out(_calculate, threads, _OPERATIONS[function], *operands, out.reshape(-1), checks)
    return not checks.any()


def _flat(operand: np.ndarray | float, dtype: np.dtype) -> np.ndarray:
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
