"""Tiles that read numbers at given distances from each pixel of a plane, through masks.

Pixels of a plane lie end to end, and so do the numbers that one tap of a filter meets: those of pixel p lie at
p + offset[tap]. A mask for each vector of pixels and each tap says which of them exist; what does not exist is zero and
is not read. So nothing needs to be copied beside a border of zeros, and a row may be shorter than a vector.

`masks` holds a number for each vector of pixels and tap, (vectors, taps), whose bit i belongs to pixel i of the vector.
Arrays are flat, and each tile has a twin in NumPy, as in `tile`.
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import config, types
from numba.core import cgutils
from numba.extending import intrinsic

from autograd.kernels.vectors import (
    VECTOR_BYTES,
    below,
    lanes,
    lanes_from,
    load,
    load_masked,
    multiply_add,
    pointer_to,
    splat,
    store,
    store_first,
    vector_type,
)


def _read_plain(source: np.ndarray, at: int, mask: int, count: int) -> np.ndarray:
    wanted = (int(mask) >> np.arange(count)) & 1 == 1
    return np.where(wanted, source[np.where(wanted, at + np.arange(count), 0)], 0)


def _product_run_plain(taps: int) -> Any:
    def run(source, source_at, offsets, masks, taps_at, weight, weight_at, begin, out, out_at, size):  # type: ignore[no-untyped-def]
        width = lanes(source.dtype)
        for v in range(-(-size // width)):
            total = np.full(width, begin, source.dtype)
            for t in range(taps):
                tap = taps_at + t
                place = source_at + v * width + offsets[tap]
                mask = masks[taps_at * -(-size // width) + v * taps + t]
                total += weight[weight_at + t] * _read_plain(source, place, mask, width)
            last = min(width, size - v * width)
            out[out_at + v * width : out_at + v * width + last] = total[:last]

    return run


def _dot_run_plain(taps: int) -> Any:
    def run(left, left_at, right, right_at, offsets, masks, sums, sums_at, size):  # type: ignore[no-untyped-def]
        width = lanes(left.dtype)
        for v in range(-(-size // width)):
            last = min(width, size - v * width)
            a = left[left_at + v * width :][:last]
            for t in range(taps):
                b = _read_plain(right, right_at + v * width + offsets[t], masks[v * taps + t], width)
                sums[sums_at + t * width : sums_at + t * width + last] += a * b[:last]

    return run


def _zip_plain(even, even_at, odd, odd_at, source_row, target, target_at, target_row, rows, count):  # type: ignore[no-untyped-def]
    for r in range(rows):
        for i in range(count):
            source, at = (odd, odd_at) if i % 2 else (even, even_at)
            target[target_at + r * target_row + i] = source[at + r * source_row + i // 2]


def _unzip_plain(source, source_at, source_row, even, even_at, odd, odd_at, target_row, rows, count):  # type: ignore[no-untyped-def]
    for r in range(rows):
        for i in range(count):
            target, at = (odd, odd_at) if i % 2 else (even, even_at)
            target[at + r * target_row + i // 2] = source[source_at + r * source_row + i]


def _mask(builder: Any, vector: Any, masks: Any, at: Any) -> Any:
    """The mask that is number `at` of the masks."""
    bits = builder.load(builder.gep(masks, [at]))
    if VECTOR_BYTES == 64:
        return builder.bitcast(
            builder.trunc(bits, ir.IntType(vector.count)), ir.VectorType(ir.IntType(1), vector.count)
        )
    # Without registers of masks LLVM would take the bits apart one by one.
    each = ir.VectorType(bits.type, vector.count)
    own = builder.and_(splat(builder, each, bits), ir.Constant(each, [1 << i for i in range(vector.count)]))
    return builder.icmp_signed("!=", own, ir.Constant(each, [0] * vector.count))


def _vectors(builder: Any, vector: Any, size: Any) -> Any:
    index = size.type
    return builder.sdiv(builder.add(size, index(vector.count - 1)), index(vector.count))


def _product_run(taps: int) -> Any:
    """The intrinsic that adds up the products of `taps` weights for all pixels of a plane."""

    @intrinsic
    def run(  # type: ignore[no-untyped-def]
        typing_context, source, source_at, offsets, masks, taps_at, weight, weight_at, begin, out, out_at, size
    ):
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            source, source_at, offsets, masks, taps_at, weight, weight_at, begin, out, out_at, size = arguments
            vector, align = vector_type(context, signature.args[0]), signature.args[0].dtype.bitwidth // 8
            index = size.type
            vectors = _vectors(builder, vector, size)
            start = pointer_to(context, builder, signature.args[0], source, source_at)
            offsets = pointer_to(context, builder, signature.args[2], offsets, taps_at)
            masks = pointer_to(context, builder, signature.args[3], masks, builder.mul(taps_at, vectors))
            weights = pointer_to(context, builder, signature.args[5], weight, weight_at)
            out_start = pointer_to(context, builder, signature.args[8], out, out_at)
            starts = [builder.gep(start, [builder.load(builder.gep(offsets, [index(t)]))]) for t in range(taps)]
            factors = [splat(builder, vector, builder.load(builder.gep(weights, [index(t)]))) for t in range(taps)]
            first = splat(builder, vector, begin)
            place = cgutils.alloca_once(builder, vector)
            with cgutils.for_range(builder, vectors) as loop:
                at = builder.mul(loop.index, index(vector.count))
                mask_at = builder.mul(loop.index, index(taps))
                builder.store(first, place)
                for t in range(taps):
                    mask = _mask(builder, vector, masks, builder.add(mask_at, index(t)))
                    number = load_masked(builder, vector, builder.gep(starts[t], [at]), align, mask)
                    multiply_add(builder, number, factors[t], place)
                store_first(builder, builder.load(place), builder.gep(out_start, [at]), align, builder.sub(size, at))
            return context.get_dummy_value()

        n = types.intp
        return types.void(source, n, offsets, masks, n, weight, n, source.dtype, out, n, n), generate

    return run


def _dot_run(taps: int) -> Any:
    """The intrinsic that adds up, for each of `taps` taps, its numbers times those of a plane."""

    @intrinsic
    def run(typing_context, left, left_at, right, right_at, offsets, masks, sums, sums_at, size):  # type: ignore[no-untyped-def]
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            left, left_at, right, right_at, offsets, masks, sums, sums_at, size = arguments
            vector, align = vector_type(context, signature.args[0]), signature.args[0].dtype.bitwidth // 8
            index = size.type
            left_start = pointer_to(context, builder, signature.args[0], left, left_at)
            right_start = pointer_to(context, builder, signature.args[2], right, right_at)
            offsets = pointer_to(context, builder, signature.args[4], offsets, index(0))
            masks = pointer_to(context, builder, signature.args[5], masks, index(0))
            totals = pointer_to(context, builder, signature.args[6], sums, sums_at)
            places = [cgutils.alloca_once(builder, vector) for _ in range(taps)]
            homes = [builder.gep(totals, [index(t * vector.count)]) for t in range(taps)]
            for home, place in zip(homes, places, strict=True):
                builder.store(load(builder, vector, home, align), place)
            steps = [builder.load(builder.gep(offsets, [index(t)])) for t in range(taps)]
            with cgutils.for_range(builder, _vectors(builder, vector, size)) as loop:
                at = builder.mul(loop.index, index(vector.count))
                mask_at = builder.mul(loop.index, index(taps))
                inside = below(builder, lanes_from(builder, vector, at), size)
                a = load_masked(builder, vector, builder.gep(left_start, [at]), align, inside)
                begin = builder.gep(right_start, [at])
                for t in range(taps):
                    mask = _mask(builder, vector, masks, builder.add(mask_at, index(t)))
                    b = load_masked(builder, vector, builder.gep(begin, [steps[t]]), align, mask)
                    multiply_add(builder, a, b, places[t])
            for home, place in zip(homes, places, strict=True):
                store(builder, builder.load(place), home, align)
            return context.get_dummy_value()

        n = types.intp
        return types.void(left, n, right, n, offsets, masks, sums, n, n), generate

    return run


@intrinsic
def _zip(typing_context, even, even_at, odd, odd_at, source_row, target, target_at, target_row, rows, count):  # type: ignore[no-untyped-def]
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        even, even_at, odd, odd_at, source_row, target, target_at, target_row, rows, count = arguments
        vector, align = vector_type(context, signature.args[0]), signature.args[0].dtype.bitwidth // 8
        index, width = count.type, vector.count
        evens = pointer_to(context, builder, signature.args[0], even, even_at)
        odds = pointer_to(context, builder, signature.args[2], odd, odd_at)
        target_start = pointer_to(context, builder, signature.args[5], target, target_at)
        order = ir.VectorType(ir.IntType(32), width)
        low = ir.Constant(order, [i // 2 + i % 2 * width for i in range(width)])
        high = ir.Constant(order, [(i + width) // 2 + i % 2 * width for i in range(width)])
        half = builder.sdiv(count, index(2))
        more = builder.sub(count, half)
        with cgutils.for_range(builder, _vectors(builder, vector, more)) as column:
            at = builder.mul(column.index, index(width))
            places = lanes_from(builder, vector, at)
            in_even, in_odd = below(builder, places, more), below(builder, places, half)
            doubled = builder.mul(at, index(2))
            behind = builder.add(doubled, index(width))
            with cgutils.for_range(builder, rows) as row:
                begin = builder.add(builder.mul(row.index, source_row), at)
                a = load_masked(builder, vector, builder.gep(evens, [begin]), align, in_even)
                b = load_masked(builder, vector, builder.gep(odds, [begin]), align, in_odd)
                to = builder.gep(target_start, [builder.add(builder.mul(row.index, target_row), doubled)])
                store_first(builder, builder.shuffle_vector(a, b, low), to, align, builder.sub(count, doubled))
                with builder.if_then(builder.icmp_signed("<", behind, count)):
                    to = builder.gep(to, [index(width)])
                    store_first(builder, builder.shuffle_vector(a, b, high), to, align, builder.sub(count, behind))
        return context.get_dummy_value()

    n = types.intp
    return types.void(even, n, odd, n, n, target, n, n, n, n), generate


@intrinsic
def _unzip(typing_context, source, source_at, source_row, even, even_at, odd, odd_at, target_row, rows, count):  # type: ignore[no-untyped-def]
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        source, source_at, source_row, even, even_at, odd, odd_at, target_row, rows, count = arguments
        vector, align = vector_type(context, signature.args[0]), signature.args[0].dtype.bitwidth // 8
        index, width = count.type, vector.count
        source_start = pointer_to(context, builder, signature.args[0], source, source_at)
        evens = pointer_to(context, builder, signature.args[3], even, even_at)
        odds = pointer_to(context, builder, signature.args[5], odd, odd_at)
        order = ir.VectorType(ir.IntType(32), width)
        half = builder.sdiv(count, index(2))
        more = builder.sub(count, half)
        with cgutils.for_range(builder, _vectors(builder, vector, more)) as column:
            at = builder.mul(column.index, index(width))
            doubled = builder.mul(at, index(2))
            behind = builder.add(doubled, index(width))
            near = below(builder, lanes_from(builder, vector, doubled), count)
            far = below(builder, lanes_from(builder, vector, behind), count)
            with cgutils.for_range(builder, rows) as row:
                begin = builder.gep(source_start, [builder.add(builder.mul(row.index, source_row), doubled)])
                a = load_masked(builder, vector, begin, align, near)
                b = load_masked(builder, vector, builder.gep(begin, [index(width)]), align, far)
                to = builder.add(builder.mul(row.index, target_row), at)
                for first, target, there in ((0, evens, more), (1, odds, half)):
                    picked = builder.shuffle_vector(a, b, ir.Constant(order, list(range(first, 2 * width, 2))))
                    store_first(builder, picked, builder.gep(target, [to]), align, builder.sub(there, at))
        return context.get_dummy_value()

    n = types.intp
    return types.void(source, n, n, even, n, odd, n, n, n, n), generate


_compiled = not config.DISABLE_JIT

# out[p] = begin + sum over t of weight[t] * source[p + offsets[taps_at + t]] for p < size, where the mask says that the
# number exists. The masks of the taps before `taps_at` lie before, for a plane of the same size.
product_run = _product_run if _compiled else _product_run_plain

# sums[t, p % lanes] += left[p] * right[p + offsets[t]] for p < size, where the mask says that right's number exists.
dot_run = _dot_run if _compiled else _dot_run_plain

# target[r, 2 * i] = even[r, i] and target[r, 2 * i + 1] = odd[r, i] for r < rows, and `count` numbers in a row.
zip_rows = _zip if _compiled else _zip_plain

# even[r, i] = source[r, 2 * i] and odd[r, i] = source[r, 2 * i + 1], the inverse.
unzip_rows = _unzip if _compiled else _unzip_plain
