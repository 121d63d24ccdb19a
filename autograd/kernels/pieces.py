"""One launch of a kernel over many arrays, as an optimizer's step over all its parameters.

A kernel of one-dimensional arrays that acts on each number by itself is compiled for these, and called by its address
on pieces of them: a thread's share is a range of all numbers of all arrays.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numba import config, types
from numba.core import cgutils
from numba.extending import intrinsic

from autograd.kernels.sharing import compiled_address, share_out
from autograd.kernels.threads import jit, thread_count
from autograd.kernels.words import array_at

# Numbers that one thread is done with before another one has woken up.
_SHARED = 1 << 15
# Shares begin at whole cache lines, as far as the arrays do.
_UNIT = 64


@intrinsic
def _call_piece(typing_context, address, places, at, first, count, numbers, like, columns):  # type: ignore[no-untyped-def]
    """kernel(*arrays, *numbers), where array k is `count` numbers from `first` on of what begins at places[at, k], or
    empty where that is 0. Arrays are of the type of `like`, and as many as the tuple `columns` has numbers."""
    kinds = (*[like] * len(columns), *numbers.types)

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        address, places, at, first, count, numbers, _, _ = values
        word = count.type
        begin = context.make_array(signature.args[1])(context, builder, places).data
        row = builder.gep(begin, [builder.mul(at, word(len(columns)))])
        itemsize = word(like.dtype.bitwidth // 8)
        arrays = []
        for k in range(len(columns)):
            place = builder.load(builder.gep(row, [word(k)]))
            size = builder.select(builder.icmp_signed("==", place, word(0)), word(0), count)
            address_of_piece = builder.add(place, builder.mul(first, itemsize))
            arrays.append(array_at(context, builder, like, address_of_piece, [size]))
        kernel = builder.inttoptr(address, context.call_conv.get_function_type(types.none, kinds).as_pointer())
        arguments = [*arrays, *cgutils.unpack_tuple(builder, numbers)]
        context.call_conv.call_function(builder, kernel, types.none, kinds, arguments)
        return context.get_dummy_value()

    n = types.intp
    return types.void(n, places, n, n, n, numbers, like, columns), generate


@jit()
def _share(thread, threads, address, places, sizes, numbers, like, columns):  # type: ignore[no-untyped-def]
    total = sizes.sum()
    share = (total + threads * _UNIT - 1) // (threads * _UNIT) * _UNIT
    low, high = thread * share, min((thread + 1) * share, total)
    for at in range(sizes.size):
        first, last = max(low, 0), min(high, sizes[at])
        if first < last:
            _call_piece(address, places, at, first, last - first, numbers, like, columns)
        low, high = low - sizes[at], high - sizes[at]


def run_on_pieces(
    kernel: Any,
    rows: Sequence[Sequence[np.ndarray | None]],
    places: Sequence[Sequence[int]],
    numbers: tuple[float, ...],
) -> None:
    """Run kernel(*arrays, *numbers) for each row of arrays.

    Args:
        kernel: takes arrays of one dimension and one length, and of any length; it changes each number by itself, and
            raises no error.
        rows: C-contiguous arrays of one dtype, of one size in a row; None for an empty one.
        places: the address of each array's first number, 0 for None.
        numbers: floats.
    """
    empty = np.empty(0, next(array.dtype for array in rows[0] if array is not None))
    if config.DISABLE_JIT:
        for row in rows:
            kernel(*[empty if array is None else array.reshape(-1) for array in row], *numbers)
        return
    sizes = np.array([row[0].size for row in rows], np.int64)  # type: ignore[union-attr]
    columns = tuple(range(len(rows[0])))
    address = compiled_address(kernel, (*[empty] * len(columns), *numbers))
    threads = thread_count() if sizes.sum() >= _SHARED else 1
    share_out(_share, threads, address, np.array(places, np.int64), sizes, numbers, empty, columns)
