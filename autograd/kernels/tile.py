"""The innermost loops of the convolutions: small tiles of matrix products that stay in vector registers.

A compiler that sees a plain triple loop keeps few of its sums in registers, and the loop then waits for memory. The
tiles below say with LLVM's vector types (`vectors`) which sums live in registers, and reach the speed of BLAS from
inside a kernel, without matrices that BLAS could read. Arrays are flat; `*_at` is the position at which
a tile begins and `*_step` the distance between its rows, both counted in numbers.

Each tile has a twin in NumPy, which stands in for it under NUMBA_DISABLE_JIT=1.
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import config, types
from numba.core import cgutils
from numba.extending import intrinsic

from autograd.kernels.vectors import (
    OUTER_ROWS,
    below,
    lanes,
    lanes_from,
    load,
    load_masked,
    multiply_add,
    pointer_to,
    rounds,
    splat,
    store,
    store_first,
    sum_places,
    transposed,
    vector_type,
)

OUTER_VECTORS = 3
# Tiles of so few rows are twice as wide, for a sum must wait for the one before it.
WIDE_ROWS = min(3, OUTER_ROWS // 2)
DOT_ROWS = OUTER_ROWS // 2
DOT_COLUMNS = 6
ROW_DOTS = 9
# An outer tile has so many vectors of channels, and so many taps that its sums take up as many registers as others'.
OUTER_CHANNELS = 2
OUTER_TAPS = OUTER_ROWS * OUTER_VECTORS // OUTER_CHANNELS
MAX_VECTORS = 4


def dot_tile_size(rows: int, columns: int, dtype: np.dtype) -> int:
    """How many numbers the result of a dot tile takes up: rows * columns, rounded up to whole vectors."""
    return -(-rows * columns // lanes(dtype)) * lanes(dtype)


def tile_width(rows: int, dtype: np.dtype) -> int:
    """How many columns a product tile of so many rows has."""
    return lanes(dtype) * OUTER_VECTORS * (2 if rows <= WIDE_ROWS else 1)


def _product_tile_plain(rows: int) -> Any:
    def tile(  # type: ignore[no-untyped-def]
        left, left_at, right, right_at, offsets, offsets_at, start, start_at, first, into, into_at, into_step, depth
    ):
        width = tile_width(rows, right.dtype)
        a = left[left_at : left_at + depth * rows].reshape(depth, rows)
        starts = right_at + offsets[offsets_at : offsets_at + depth]
        b = right[starts[:, None] + np.arange(width)]
        target = _rows(into, into_at, into_step, rows, width)
        target[...] = (start[start_at : start_at + rows, None] if first else target) + a.T @ b

    return tile


def _place_tile_plain(rows: int) -> Any:
    def tile(  # type: ignore[no-untyped-def]
        left, left_at, right, right_at, offsets, start, start_at, places, places_at, into, into_at, into_step, depth
    ):
        a = left[left_at : left_at + depth * rows].reshape(depth, rows)
        lane = np.arange(lanes(right.dtype))
        for v in range(places_at, places_at + tile_width(rows, right.dtype) // lane.size):
            b = right[(right_at + offsets[:depth] + places[v, 0])[:, None] + lane]
            target = _rows(into, into_at + places[v, 1], into_step, rows, lane.size)
            target[...] = start[start_at : start_at + rows, None] + a.T @ b

    return tile


def _dot_tile_plain(rows: int, columns: int) -> Any:
    def tile(left, left_at, left_step, right, right_at, offsets, offsets_at, into, into_at, length):  # type: ignore[no-untyped-def]
        a = _rows(left, left_at, left_step, rows, length)
        starts = right_at + offsets[offsets_at : offsets_at + columns]
        b = right[starts[:, None] + np.arange(length)]
        into[into_at : into_at + rows * columns] += (a @ b.T).reshape(-1)

    return tile


def _outer_tile_plain(  # type: ignore[no-untyped-def]
    left, left_at, left_row, left_step, offsets, offsets_at, right, right_at, into, into_at, into_step, rows, count
):
    width = OUTER_CHANNELS * lanes(left.dtype)
    pixels = (np.arange(rows)[:, None] * left_row + np.arange(count) * left_step).reshape(-1)
    a = left[left_at + offsets[offsets_at : offsets_at + OUTER_TAPS, None] + pixels]
    b = right[right_at : right_at + pixels.size * width].reshape(-1, width)
    _rows(into, into_at, into_step, OUTER_TAPS, width)[...] += a @ b


def _turn_plain(source, source_at, source_step, rows, columns, target, target_at, target_step) -> None:  # type: ignore[no-untyped-def]
    width = lanes(source.dtype)
    rows, columns = min(rows, width), min(columns, width)
    turned = np.zeros((width, width), source.dtype)
    turned[:columns, :rows] = _rows(source, source_at, source_step, rows, columns).T
    _rows(target, target_at, target_step, width, width)[...] = turned


def _copy_rows_plain(step: int, adds: bool = False) -> Any:
    def copy(source, source_at, source_row, low, high, target, target_at, target_row, rows, count):  # type: ignore[no-untyped-def]
        for r in range(rows):
            for i in range(count):
                place, to = source_at + r * source_row + i * step, target_at + r * target_row + i
                target[to] = (target[to] if adds else 0) + (source[place] if low <= i < high else 0)

    return copy


def _max_tile_plain(source, source_at, offsets, deltas, taps, lowest, best, where, into_at) -> None:  # type: ignore[no-untyped-def]
    for i in range(MAX_VECTORS * lanes(source.dtype)):
        largest, at = lowest, -1
        for d in range(taps):
            value = source[source_at + offsets[d] + i]
            if value > largest or value != value:
                largest, at = value, deltas[d]
        best[into_at + i], where[into_at + i] = largest, at


def _spread_rows_plain(source, source_at, source_row, target, target_at, target_row, rows, count) -> None:  # type: ignore[no-untyped-def]
    for r in range(rows):
        for i in range(count):
            target[target_at + r * target_row + 2 * i] = source[source_at + r * source_row + i]


def _rows(array: np.ndarray, at: int, step: int, rows: int, width: int) -> np.ndarray:
    """The (rows, width) matrix that begins at `at` in a flat array, as a view."""
    item = array.itemsize
    return np.lib.stride_tricks.as_strided(array[at:], (rows, width), (step * item, item))


def _add_products(
    builder: Any, left: Any, right_starts: list[Any], offsets: Any, depth: Any, sums: list[list[Any]], align: int
) -> None:
    """sums[row][v] += sum over i < depth of left[i, row] * the vector at right_starts[v] + offsets[i]."""
    vector, index = sums[0][0].type.pointee, depth.type
    with rounds(builder, depth) as d:
        left_row = builder.gep(left, [builder.mul(d, index(len(sums)))])
        offset = builder.load(builder.gep(offsets, [d]))
        b = [load(builder, vector, builder.gep(start, [offset]), align) for start in right_starts]
        for row, row_sums in enumerate(sums):
            a = splat(builder, vector, builder.load(builder.gep(left_row, [index(row)])))
            for v, place in enumerate(row_sums):
                multiply_add(builder, a, b[v], place)


def _product_tile(rows: int) -> Any:
    """The intrinsic that multiplies `rows` packed rows of the left side into the vectors of the right side."""
    vectors = OUTER_VECTORS * (2 if rows <= WIDE_ROWS else 1)

    @intrinsic
    def tile(  # type: ignore[no-untyped-def]
        typing_context, left, left_at, right, right_at, offsets, offsets_at, start, start_at, first, into, into_at,
        into_step, depth,
    ):  # fmt: skip
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            (
                left, left_at, right, right_at, offsets, offsets_at, start, start_at, first, into, into_at, into_step,
                depth,
            ) = arguments  # fmt: skip
            vector, align = vector_type(context, signature.args[0]), signature.args[0].dtype.bitwidth // 8
            index = left_at.type
            left_start = pointer_to(context, builder, signature.args[0], left, left_at)
            right_start = pointer_to(context, builder, signature.args[2], right, right_at)
            offsets_start = pointer_to(context, builder, signature.args[4], offsets, offsets_at)
            start_start = pointer_to(context, builder, signature.args[6], start, start_at)
            into_start = pointer_to(context, builder, signature.args[9], into, into_at)
            sums = sum_places(builder, vector, rows, vectors)
            into_rows = [builder.gep(into_start, [builder.mul(into_step, index(row))]) for row in range(rows)]
            with builder.if_else(builder.trunc(first, ir.IntType(1))) as (begun_here, begun_before):
                with begun_here:
                    for row in range(rows):
                        a = splat(builder, vector, builder.load(builder.gep(start_start, [index(row)])))
                        for v in range(vectors):
                            builder.store(a, sums[row][v])
                with begun_before:
                    for row in range(rows):
                        for v in range(vectors):
                            place = builder.gep(into_rows[row], [index(v * vector.count)])
                            builder.store(load(builder, vector, place, align), sums[row][v])
            right_starts = [builder.gep(right_start, [index(v * vector.count)]) for v in range(vectors)]
            _add_products(builder, left_start, right_starts, offsets_start, depth, sums, align)
            for row in range(rows):
                for v in range(vectors):
                    place = builder.gep(into_rows[row], [index(v * vector.count)])
                    store(builder, builder.load(sums[row][v]), place, align)
            return context.get_dummy_value()

        n = types.intp
        return types.void(left, n, right, n, offsets, n, start, n, types.boolean, into, n, n, n), generate

    return tile


def _place_tile(rows: int) -> Any:
    """The intrinsic that multiplies `rows` packed rows of the left side into vectors that lie at given places."""
    vectors = OUTER_VECTORS * (2 if rows <= WIDE_ROWS else 1)

    @intrinsic
    def tile(  # type: ignore[no-untyped-def]
        typing_context, left, left_at, right, right_at, offsets, start, start_at, places, places_at, into, into_at,
        into_step, depth,
    ):  # fmt: skip
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            (
                left, left_at, right, right_at, offsets, start, start_at, places, places_at, into, into_at, into_step,
                depth,
            ) = arguments  # fmt: skip
            vector, align = vector_type(context, signature.args[0]), signature.args[0].dtype.bitwidth // 8
            index = left_at.type
            left_start = pointer_to(context, builder, signature.args[0], left, left_at)
            right_start = pointer_to(context, builder, signature.args[2], right, right_at)
            offsets_start = pointer_to(context, builder, signature.args[4], offsets, index(0))
            start_start = pointer_to(context, builder, signature.args[5], start, start_at)
            place = pointer_to(context, builder, signature.args[7], places, builder.mul(places_at, index(2)))
            into_start = pointer_to(context, builder, signature.args[9], into, into_at)
            from_to = [builder.load(builder.gep(place, [index(i)])) for i in range(2 * vectors)]
            sums = sum_places(builder, vector, rows, vectors)
            for row in range(rows):
                a = splat(builder, vector, builder.load(builder.gep(start_start, [index(row)])))
                for v in range(vectors):
                    builder.store(a, sums[row][v])
            right_starts = [builder.gep(right_start, [at]) for at in from_to[::2]]
            _add_products(builder, left_start, right_starts, offsets_start, depth, sums, align)
            for row in range(rows):
                into_row = builder.gep(into_start, [builder.mul(into_step, index(row))])
                for v, to in enumerate(from_to[1::2]):
                    store(builder, builder.load(sums[row][v]), builder.gep(into_row, [to]), align)
            return context.get_dummy_value()

        n = types.intp
        return types.void(left, n, right, n, offsets, start, n, places, n, into, n, n, n), generate

    return tile


def _lane_sums(builder: Any, vectors: list[Any]) -> Any:
    """One vector whose lane i is the sum of all lanes of vectors[i]; there are as many vectors as lanes.

    Each round adds neighbouring lanes and packs two vectors into one, which takes a third of the instructions that
    summing each vector by itself does.
    """
    count = len(vectors)
    even = ir.Constant(ir.VectorType(ir.IntType(32), count), list(range(0, 2 * count, 2)))
    odd = ir.Constant(ir.VectorType(ir.IntType(32), count), list(range(1, 2 * count, 2)))
    while len(vectors) > 1:
        pairs = zip(vectors[::2], vectors[1::2], strict=True)
        vectors = [
            builder.fadd(builder.shuffle_vector(a, b, even), builder.shuffle_vector(a, b, odd)) for a, b in pairs
        ]
    return vectors[0]


def _dot_tile(rows: int, columns: int) -> Any:
    """The intrinsic that multiplies `rows` rows with `columns` rows, number by number, and adds up each product."""

    @intrinsic
    def tile(typing_context, left, left_at, left_step, right, right_at, offsets, offsets_at, into, into_at, length):  # type: ignore[no-untyped-def]
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            left, left_at, left_step, right, right_at, offsets, offsets_at, into, into_at, length = arguments
            vector, align = vector_type(context, signature.args[0]), signature.args[0].dtype.bitwidth // 8
            index = left_at.type
            left_start = pointer_to(context, builder, signature.args[0], left, left_at)
            right_start = pointer_to(context, builder, signature.args[3], right, right_at)
            offsets_start = pointer_to(context, builder, signature.args[5], offsets, offsets_at)
            into_start = pointer_to(context, builder, signature.args[7], into, into_at)
            sums = sum_places(builder, vector, rows, columns)
            zeros = ir.Constant(vector, [0.0] * vector.count)
            for place in [place for row in sums for place in row]:
                builder.store(zeros, place)
            left_rows = [builder.gep(left_start, [builder.mul(left_step, index(r))]) for r in range(rows)]
            right_rows = [
                builder.gep(right_start, [builder.load(builder.gep(offsets_start, [index(c)]))]) for c in range(columns)
            ]
            with rounds(builder, builder.sdiv(length, index(vector.count))) as number:
                at = builder.mul(number, index(vector.count))
                a = [load(builder, vector, builder.gep(row, [at]), align) for row in left_rows]
                for column in range(columns):
                    b = load(builder, vector, builder.gep(right_rows[column], [at]), align)
                    for row in range(rows):
                        multiply_add(builder, a[row], b, sums[row][column])
            totals = [builder.load(place) for row in sums for place in row]
            totals += [zeros] * (-len(totals) % vector.count)
            for start in range(0, len(totals), vector.count):
                place = builder.gep(into_start, [index(start)])
                group = _lane_sums(builder, totals[start : start + vector.count])
                store(builder, builder.fadd(load(builder, vector, place, align), group), place, align)
            return context.get_dummy_value()

        n = types.intp
        return types.void(left, n, n, right, n, offsets, n, into, n, n), generate

    return tile


@intrinsic
def _outer_tile(  # type: ignore[no-untyped-def]
    typing_context, left, left_at, left_row, left_step, offsets, offsets_at, right, right_at, into, into_at, into_step,
    rows, count,
):  # fmt: skip
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        (
            left, left_at, left_row, left_step, offsets, offsets_at, right, right_at, into, into_at, into_step, rows,
            count,
        ) = arguments  # fmt: skip
        vector, align = vector_type(context, signature.args[0]), signature.args[0].dtype.bitwidth // 8
        index, width = left_at.type, OUTER_CHANNELS * vector.count
        left_start = pointer_to(context, builder, signature.args[0], left, left_at)
        offsets_start = pointer_to(context, builder, signature.args[4], offsets, offsets_at)
        right_start = pointer_to(context, builder, signature.args[6], right, right_at)
        into_start = pointer_to(context, builder, signature.args[8], into, into_at)
        sums = sum_places(builder, vector, OUTER_TAPS, OUTER_CHANNELS)
        for place in [place for row in sums for place in row]:
            builder.store(ir.Constant(vector, [0.0] * vector.count), place)
        steps = [builder.load(builder.gep(offsets_start, [index(t)])) for t in range(OUTER_TAPS)]

        def add(starts: list[Any], right_row: Any, pixel: Any, pixels: int) -> None:
            """Add the products of `pixels` pixels from `pixel` on."""
            b, places = [], []
            for p in range(pixels):
                at = builder.add(pixel, index(p))
                places.append(builder.mul(at, left_step))
                begin = builder.mul(at, index(width))
                parts = [builder.add(begin, index(v * vector.count)) for v in range(OUTER_CHANNELS)]
                b.append([load(builder, vector, builder.gep(right_row, [part]), align) for part in parts])
            for t, start in enumerate(starts):
                for p in range(pixels):
                    a = splat(builder, vector, builder.load(builder.gep(start, [places[p]])))
                    for v in range(OUTER_CHANNELS):
                        multiply_add(builder, a, b[p][v], sums[t][v])

        with cgutils.for_range(builder, rows) as row:
            left_begin = builder.gep(left_start, [builder.mul(row.index, left_row)])
            starts = [builder.gep(left_begin, [step]) for step in steps]
            right_row = builder.gep(right_start, [builder.mul(builder.mul(row.index, count), index(width))])
            # Two pixels at a time, for there are more starts than registers for them.
            with rounds(builder, builder.sdiv(count, index(2))) as pair:
                add(starts, right_row, builder.mul(pair, index(2)), 2)
            with builder.if_then(builder.trunc(count, ir.IntType(1))):
                add(starts, right_row, builder.sub(count, index(1)), 1)
        for t in range(OUTER_TAPS):
            for v in range(OUTER_CHANNELS):
                at = builder.add(builder.mul(into_step, index(t)), index(v * vector.count))
                place = builder.gep(into_start, [at])
                total = builder.fadd(load(builder, vector, place, align), builder.load(sums[t][v]))
                store(builder, total, place, align)
        return context.get_dummy_value()

    n = types.intp
    return types.void(left, n, n, n, offsets, n, right, n, into, n, n, n, n), generate


@intrinsic
def _turn(typing_context, source, source_at, source_step, rows, columns, target, target_at, target_step):  # type: ignore[no-untyped-def]
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        source, source_at, source_step, rows, columns, target, target_at, target_step = arguments
        vector, align = vector_type(context, signature.args[0]), signature.args[0].dtype.bitwidth // 8
        index, width = source_at.type, vector.count
        source_start = pointer_to(context, builder, signature.args[0], source, source_at)
        target_start = pointer_to(context, builder, signature.args[5], target, target_at)
        starts = [builder.gep(source_start, [builder.mul(source_step, index(r))]) for r in range(width)]
        places = [cgutils.alloca_once(builder, vector) for _ in range(width)]
        whole = builder.and_(
            builder.icmp_signed(">=", rows, index(width)), builder.icmp_signed(">=", columns, index(width))
        )
        with builder.if_else(whole, likely=True) as (all_there, some_missing):
            with all_there:
                for start, place in zip(starts, places, strict=True):
                    builder.store(load(builder, vector, start, align), place)
            with some_missing:
                wanted = below(builder, lanes_from(builder, vector, index(0)), columns)
                none = ir.Constant(wanted.type, [False] * width)
                for r, (start, place) in enumerate(zip(starts, places, strict=True)):
                    there = builder.icmp_signed("<", index(r), rows)
                    # Under an empty mask too, to read where there is no memory takes as long as hundreds of sums.
                    start = builder.select(there, start, starts[0])
                    mask = builder.select(there, wanted, none)
                    builder.store(load_masked(builder, vector, start, align, mask), place)
        vectors = [builder.load(place) for place in places]
        for r, value in enumerate(transposed(builder, vectors)):
            store(builder, value, builder.gep(target_start, [builder.mul(target_step, index(r))]), align)
        return context.get_dummy_value()

    n = types.intp
    return types.void(source, n, n, n, n, target, n, n), generate


@intrinsic
def _max_tile(typing_context, source, source_at, offsets, deltas, taps, lowest, best, where, into_at):  # type: ignore[no-untyped-def]
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        source, source_at, offsets, deltas, taps, lowest, best, where, into_at = arguments
        vector, align = vector_type(context, signature.args[0]), signature.args[0].dtype.bitwidth // 8
        index, whole = source_at.type, ir.IntType(32)
        places = ir.VectorType(whole, vector.count)
        source_start = pointer_to(context, builder, signature.args[0], source, source_at)
        offsets_start = pointer_to(context, builder, signature.args[2], offsets, index(0))
        deltas_start = pointer_to(context, builder, signature.args[3], deltas, index(0))
        best_start = pointer_to(context, builder, signature.args[6], best, into_at)
        where_start = pointer_to(context, builder, signature.args[7], where, into_at)
        largest = [cgutils.alloca_once_value(builder, splat(builder, vector, lowest)) for _ in range(MAX_VECTORS)]
        nowhere = ir.Constant(places, [-1] * vector.count)
        found = [cgutils.alloca_once_value(builder, nowhere) for _ in range(MAX_VECTORS)]
        with cgutils.for_range(builder, taps) as loop:
            start = builder.gep(source_start, [builder.load(builder.gep(offsets_start, [loop.index]))])
            delta = builder.trunc(builder.load(builder.gep(deltas_start, [loop.index])), whole)
            for v in range(MAX_VECTORS):
                value = load(builder, vector, builder.gep(start, [index(v * vector.count)]), align)
                before = builder.load(largest[v])
                nan = builder.fcmp_unordered("uno", value, value)
                wins = builder.or_(builder.fcmp_ordered(">", value, before), nan)
                builder.store(builder.select(wins, value, before), largest[v])
                builder.store(builder.select(wins, splat(builder, places, delta), builder.load(found[v])), found[v])
        for v in range(MAX_VECTORS):
            at = [index(v * vector.count)]
            store(builder, builder.load(largest[v]), builder.gep(best_start, at), align)
            store(builder, builder.load(found[v]), builder.gep(where_start, at), 4)
        return context.get_dummy_value()

    n = types.intp
    return types.void(source, n, offsets, deltas, n, source.dtype, best, where, n), generate


def _copy_rows(step: int, adds: bool = False) -> Any:
    """The intrinsic that copies, or adds, rows of which it reads every `step`-th number; `step` is 1 or 2."""

    @intrinsic
    def copy(typing_context, source, source_at, source_row, low, high, target, target_at, target_row, rows, count):  # type: ignore[no-untyped-def]
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            source, source_at, source_row, low, high, target, target_at, target_row, rows, count = arguments
            vector, align = vector_type(context, signature.args[0]), signature.args[0].dtype.bitwidth // 8
            index = source_at.type
            source_start = pointer_to(context, builder, signature.args[0], source, source_at)
            target_start = pointer_to(context, builder, signature.args[5], target, target_at)
            even = ir.Constant(ir.VectorType(ir.IntType(32), vector.count), list(range(0, 2 * vector.count, 2)))
            vectors = builder.sdiv(builder.add(count, index(vector.count - 1)), index(vector.count))
            with cgutils.for_range(builder, vectors) as column:
                at = builder.mul(column.index, index(vector.count))
                wanted = below(builder, lanes_from(builder, vector, at), count)
                masks = []
                for part in range(step):
                    # Number `at * step` of a row and those behind it: the ones of `low` to `high - 1` may be read.
                    first = builder.add(builder.mul(at, index(step)), index(part * vector.count))
                    lanes = lanes_from(builder, vector, first)
                    last = builder.sub(builder.mul(high, index(step)), index(step - 1))
                    outside = below(builder, lanes, builder.mul(low, index(step)))
                    masks.append(builder.and_(below(builder, lanes, last), builder.not_(outside)))
                with cgutils.for_range(builder, rows) as row:
                    begin = builder.add(builder.mul(row.index, source_row), builder.mul(at, index(step)))
                    parts = []
                    for part, mask in enumerate(masks):
                        place = builder.gep(source_start, [builder.add(begin, index(part * vector.count))])
                        parts.append(load_masked(builder, vector, place, align, mask))
                    value = parts[0] if step == 1 else builder.shuffle_vector(*parts, even)
                    place = builder.gep(target_start, [builder.add(builder.mul(row.index, target_row), at)])
                    if adds:
                        value = builder.fadd(value, load_masked(builder, vector, place, align, wanted))
                    store_first(builder, value, place, align, builder.sub(count, at))
            return context.get_dummy_value()

        n = types.intp
        return types.void(source, n, n, n, n, target, n, n, n, n), generate

    return copy


@intrinsic
def _spread_rows(typing_context, source, source_at, source_row, target, target_at, target_row, rows, count):  # type: ignore[no-untyped-def]
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        source, source_at, source_row, target, target_at, target_row, rows, count = arguments
        vector, align = vector_type(context, signature.args[0]), signature.args[0].dtype.bitwidth // 8
        index, half = source_at.type, vector.count // 2
        source_start = pointer_to(context, builder, signature.args[0], source, source_at)
        target_start = pointer_to(context, builder, signature.args[3], target, target_at)
        twice = ir.Constant(ir.VectorType(ir.IntType(32), vector.count), [i // 2 for i in range(vector.count)])
        whole = ir.Constant(ir.VectorType(ir.IntType(1), vector.count), [i % 2 == 0 for i in range(vector.count)])
        undefined = ir.Constant(vector, ir.Undefined)
        with cgutils.for_range(builder, builder.sdiv(builder.add(count, index(half - 1)), index(half))) as column:
            at = builder.mul(column.index, index(half))
            wanted = below(builder, lanes_from(builder, vector, at), count)
            doubled = builder.mul(at, index(2))
            # One of two numbers is new; what lies between them is written back, up to the last new one.
            room = builder.sub(builder.mul(count, index(2)), builder.add(doubled, index(1)))
            there = below(builder, lanes_from(builder, vector, index(0)), room)
            with cgutils.for_range(builder, rows) as row:
                begin = builder.gep(source_start, [builder.add(builder.mul(row.index, source_row), at)])
                value = load_masked(builder, vector, begin, align, wanted)
                place = builder.gep(target_start, [builder.add(builder.mul(row.index, target_row), doubled)])
                before = load_masked(builder, vector, place, align, there)
                value = builder.select(whole, builder.shuffle_vector(value, undefined, twice), before)
                store_first(builder, value, place, align, room)
        return context.get_dummy_value()

    n = types.intp
    return types.void(source, n, n, target, n, n, n, n), generate


_compiled = not config.DISABLE_JIT

# into[r, j] = begin[r, j] + sum over i < depth of left[i, r] * right[offsets[i] + j], for the tile's rows and its
# `tile_width` columns. `begin` is start[r] if `first` is true, and otherwise what `into` holds. `left` is packed: the
# rows' numbers of one i lie together.
_product = _product_tile if _compiled else _product_tile_plain
product_tiles = tuple([_product(rows) for rows in range(1, 9)])

# into[r, places[v, 1] + j] = start[r] + sum over i < depth of left[i, r] * right[places[v, 0] + offsets[i] + j], for j
# over the numbers of a vector and v over as many vectors from `places_at` on as a product tile has.
_place = _place_tile if _compiled else _place_tile_plain
place_tiles = tuple([_place(rows) for rows in range(1, 9)])

# into[r * columns + c] += sum over i < length of left[r, i] * right[offsets[c] + i]. `length` is a multiple of the
# vector length. `into` has dot_tile_size numbers, of which the last may be unused.
_dot = _dot_tile if _compiled else _dot_tile_plain
dot_tile = _dot(DOT_ROWS, DOT_COLUMNS)
row_dot_tile = _dot(1, ROW_DOTS)

# into[t, j] += sum over r < rows and i < count of
#     left[offsets[t] + r * left_row + i * left_step] * right[r * count + i, j]
# for OUTER_TAPS taps t, and j over OUTER_CHANNELS vectors, of which a row of `right` consists.
outer_tile = _outer_tile if _compiled else _outer_tile_plain

# target[i, r] = source[r, i] for r < rows and i < columns, zero elsewhere; target is a square of a vector's lanes.
turn = _turn if _compiled else _turn_plain

# best[i] is the largest of source[offsets[d] + i] for d < taps, and where[i] the deltas[d] of it: of equal numbers the
# first, of NaN the last. They are `lowest` and -1 where there is nothing larger. i runs over MAX_VECTORS vectors.
max_tile = _max_tile if _compiled else _max_tile_plain

# target[r, i] = source[r, i * step] where low <= i < high, and zero elsewhere, for r < rows and i < count. The source
# is read inside the bounds only, so `source_at` may lie outside of it.
_copy = _copy_rows if _compiled else _copy_rows_plain
copy_rows = _copy(1)
copy_rows_by_two = _copy(2)

# The same for a step of 1, added to what `target` holds.
add_rows = _copy(1, adds=True)

# target[r, 2 * i] = source[r, i] for r < rows and i < count.
spread_rows_by_two = _spread_rows if _compiled else _spread_rows_plain
