"""Max pooling of float images by windows of two numbers in a row, or two by two, that stand side by side.

A vector's worth of windows takes two vectors of each row, of which one gets the numbers at even places and one those at
odd ones. What hangs over the end of a row is under a mask, so that short rows are done as fast as long ones.
"""

from typing import Any

from llvmlite import ir
from numba import config, types
from numba.extending import intrinsic

from autograd.kernels.threads import jit
from autograd.kernels.vectors import (
    VECTOR_BYTES,
    below,
    lanes,
    lanes_from,
    load_masked,
    pointer_to,
    splat,
    store_first,
    vector_type,
)


def _window_maxima_plain(x, upper, lower, place, row, count, out, indices, at):  # type: ignore[no-untyped-def]
    for i in range(min(count, lanes(x.dtype))):
        best, where = x[upper + 2 * i], place + 2 * i
        for value, offset in ((x[upper + 2 * i + 1], 1), (x[lower + 2 * i], row), (x[lower + 2 * i + 1], row + 1)):
            if value > best or value != value:
                best, where = value, place + 2 * i + offset
        out[at + i], indices[at + i] = best, where


@intrinsic
def _window_maxima(typing_context, x, upper, lower, place, row, count, out, indices, at):  # type: ignore[no-untyped-def]
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        x, upper, lower, place, row, count, out, indices, at = arguments
        floats = vector_type(context, signature.args[0])
        whole = ir.IntType(32)
        wholes, size = ir.VectorType(whole, floats.count), signature.args[0].dtype.bitwidth // 8
        numbers = builder.shl(count, count.type(1))
        inside = [
            below(builder, lanes_from(builder, wholes, count.type(part * floats.count)), numbers) for part in range(2)
        ]

        def pairs(start: Any) -> list[Any]:
            begin = pointer_to(context, builder, signature.args[0], x, start)
            halves = [
                load_masked(builder, floats, builder.gep(begin, [count.type(part * floats.count)]), size, inside[part])
                for part in range(2)
            ]
            return [
                builder.shuffle_vector(*halves, ir.Constant(wholes, list(range(odd, 2 * floats.count, 2))))
                for odd in range(2)
            ]

        steps = ir.Constant(wholes, list(range(0, 2 * floats.count, 2)))
        where = builder.add(splat(builder, wholes, builder.trunc(place, whole)), steps)
        (best, odd), below_it = pairs(upper), pairs(lower)
        down = splat(builder, wholes, builder.trunc(row, whole))
        one = ir.Constant(wholes, [1] * floats.count)
        first = where
        for value, offset in zip((odd, *below_it), (one, down, builder.add(down, one)), strict=True):
            larger, nan = builder.fcmp_ordered(">", value, best), builder.fcmp_unordered("uno", value, value)
            wins = builder.or_(larger, nan)
            best = builder.select(wins, value, best)
            where = builder.select(wins, builder.add(first, offset), where)
        store_first(builder, best, pointer_to(context, builder, signature.args[6], out, at), size, count)
        store_first(builder, where, pointer_to(context, builder, signature.args[7], indices, at), 4, count)
        return context.get_dummy_value()

    n = types.intp
    return types.void(x, n, n, n, n, n, out, indices, n), generate


# The largest number of each window and its position, for `count` windows or as many as a vector holds. The first has
# its numbers at x[upper], x[upper + 1], x[lower] and x[lower + 1], in the positions place, place + 1, place + row and
# place + row + 1; its results go to out[at] and indices[at]. Of equal numbers the first wins, and the last of NaNs.
window_maxima = _window_maxima_plain if config.DISABLE_JIT else _window_maxima


@jit()
def max_pool_pairs(thread, threads, x, width, step, height, size, out, indices):  # type: ignore[no-untyped-def]
    """Pool planes of `width` numbers a row that lie `step` apart, by windows of `height` (1 or 2) by 2.

    x, out and indices are flat, and `size` is that of a plane's output.
    """
    rows, columns = size
    planes, row, taken = out.size // (rows * columns), (height - 1) * width, VECTOR_BYTES // x.itemsize
    for plane in range(planes * thread // threads, planes * (thread + 1) // threads):
        for oh in range(rows):
            for ow in range(0, columns, taken):
                place = height * oh * width + 2 * ow
                upper = plane * step + place
                window_maxima(
                    x, upper, upper + row, place, row, columns - ow, out, indices, (plane * rows + oh) * columns + ow
                )
