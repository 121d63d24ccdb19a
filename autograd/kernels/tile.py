"""The innermost loops of the convolutions: small tiles of matrix products that stay in vector registers.

A compiler that sees a plain triple loop keeps few of its sums in registers, and the loop then waits for memory. The
tiles below say with LLVM's vector types which sums live in registers, and reach the speed of BLAS from inside a
parallel loop (where calling BLAS would pit its threads against ours). Arrays are flat; `*_at` is the position at which
a tile begins and `*_step` the distance between its rows, both counted in numbers.

Each tile has a twin in NumPy, which stands in for it under NUMBA_DISABLE_JIT=1.
"""

from typing import Any

import llvmlite.binding as llvm
import numpy as np
from llvmlite import ir
from numba import config, types
from numba.core import cgutils
from numba.extending import intrinsic


def _vector_registers() -> tuple[int, int]:
    """(bytes of a vector register, rows of an outer tile) for this processor.

    An outer tile holds rows * 3 sums, 3 vectors of the right operand and one of the left: 28 of AVX-512's or NEON's
    32 registers, 16 of AVX2's 16.
    """
    features = llvm.get_host_cpu_features()
    if features.get("avx512f"):
        return 64, 8
    if features.get("avx"):
        return 32, 4
    return 16, 8 if features.get("neon") else 4


VECTOR_BYTES, OUTER_ROWS = _vector_registers()
OUTER_VECTORS = 3
ROW_VECTORS = 6
DOT_ROWS = OUTER_ROWS // 2
DOT_COLUMNS = 6


def dot_tile_size(dtype: np.dtype) -> int:
    """How many numbers the result of a dot tile takes up: DOT_ROWS * DOT_COLUMNS, rounded up to whole vectors."""
    return -(-DOT_ROWS * DOT_COLUMNS // lanes(dtype)) * lanes(dtype)


def lanes(dtype: np.dtype) -> int:
    """How many numbers of `dtype` one vector register holds."""
    return VECTOR_BYTES // dtype.itemsize


def _product_tile_plain(rows: int, vectors: int) -> Any:
    def tile(left, left_at, right, right_at, offsets, offsets_at, into, into_at, into_step, depth):  # type: ignore[no-untyped-def]
        width = vectors * lanes(right.dtype)
        a = left[left_at : left_at + depth * rows].reshape(depth, rows)
        starts = right_at + offsets[offsets_at : offsets_at + depth]
        b = right[starts[:, None] + np.arange(width)]
        _rows(into, into_at, into_step, rows, width)[...] += a.T @ b

    return tile


def _dot_tile_plain(left, left_at, left_step, right, right_at, offsets, offsets_at, into, into_at, length) -> None:  # type: ignore[no-untyped-def]
    a = _rows(left, left_at, left_step, DOT_ROWS, length)
    starts = right_at + offsets[offsets_at : offsets_at + DOT_COLUMNS]
    b = right[starts[:, None] + np.arange(length)]
    into[into_at : into_at + DOT_ROWS * DOT_COLUMNS] += (a @ b.T).reshape(-1)


def _copy_padded_plain(source, source_at, source_step, low, high, target, target_at, count) -> None:  # type: ignore[no-untyped-def]
    target[target_at : target_at + count] = 0
    for i in range(max(low, 0), min(high, count)):
        target[target_at + i] = source[source_at + i * source_step]


def _rows(array: np.ndarray, at: int, step: int, rows: int, width: int) -> np.ndarray:
    """The (rows, width) matrix that begins at `at` in a flat array, as a view."""
    item = array.itemsize
    return np.lib.stride_tricks.as_strided(array[at:], (rows, width), (step * item, item))


def _pointer(context: Any, builder: Any, array_type: Any, array: Any, at: Any) -> Any:
    data = context.make_array(array_type)(context, builder, array).data
    return builder.gep(data, [at])


def _vector_type(context: Any, array_type: Any) -> Any:
    return ir.VectorType(context.get_value_type(array_type.dtype), VECTOR_BYTES * 8 // array_type.dtype.bitwidth)


def _load(builder: Any, vector: Any, pointer: Any, align: int) -> Any:
    return builder.load(builder.bitcast(pointer, vector.as_pointer()), align=align)


def _store(builder: Any, value: Any, pointer: Any, align: int) -> None:
    builder.store(value, builder.bitcast(pointer, value.type.as_pointer()), align=align)


def _store_masked(builder: Any, value: Any, pointer: Any, align: int, mask: Any) -> None:
    """Store the lanes of `value` for which `mask` is set."""
    place = builder.bitcast(pointer, value.type.as_pointer())
    name = f"llvm.masked.store.{_suffix(value.type)}.p0"
    _intrinsic_call(builder, name, ir.VoidType(), [value, place, ir.IntType(32)(align), mask])


def _splat(builder: Any, vector: Any, scalar: Any) -> Any:
    """A vector whose every lane is `scalar`."""
    lane = ir.IntType(32)
    first = builder.insert_element(ir.Constant(vector, ir.Undefined), scalar, lane(0))
    zeros = ir.Constant(ir.VectorType(lane, vector.count), [0] * vector.count)
    return builder.shuffle_vector(first, ir.Constant(vector, ir.Undefined), zeros)


def _intrinsic_call(builder: Any, name: str, result: Any, arguments: list[Any], **options: Any) -> Any:
    signature = ir.FunctionType(result, [argument.type for argument in arguments])
    function = cgutils.get_or_insert_function(builder.module, signature, name)
    return builder.call(function, arguments, **options)


def _zeroed_sums(builder: Any, vector: Any, rows: int, columns: int) -> list[list[Any]]:
    sums = [[cgutils.alloca_once(builder, vector) for _ in range(columns)] for _ in range(rows)]
    for row in sums:
        for place in row:
            builder.store(ir.Constant(vector, [0.0] * vector.count), place)
    return sums


def _multiply_add(builder: Any, a: Any, b: Any, sum_place: Any) -> None:
    """sum += a * b, lane by lane, rounded once."""
    arguments = [a, b, builder.load(sum_place)]
    builder.store(_intrinsic_call(builder, f"llvm.fma.{_suffix(a.type)}", a.type, arguments), sum_place)


def _suffix(vector: Any) -> str:
    """How LLVM spells a vector type in the name of an intrinsic, such as v16f32."""
    return f"v{vector.count}{'f32' if isinstance(vector.element, ir.FloatType) else 'f64'}"


def _product_tile(rows: int, vectors: int) -> Any:
    """The intrinsic that multiplies `rows` packed rows of the left side into `vectors` vectors of the right side."""

    @intrinsic
    def tile(typing_context, left, left_at, right, right_at, offsets, offsets_at, into, into_at, into_step, depth):  # type: ignore[no-untyped-def]
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            left, left_at, right, right_at, offsets, offsets_at, into, into_at, into_step, depth = arguments
            vector, align = _vector_type(context, signature.args[0]), signature.args[0].dtype.bitwidth // 8
            index = left_at.type
            left_start = _pointer(context, builder, signature.args[0], left, left_at)
            right_start = _pointer(context, builder, signature.args[2], right, right_at)
            offsets_start = _pointer(context, builder, signature.args[4], offsets, offsets_at)
            into_start = _pointer(context, builder, signature.args[6], into, into_at)
            sums = _zeroed_sums(builder, vector, rows, vectors)
            with cgutils.for_range(builder, depth) as loop:
                left_row = builder.gep(left_start, [builder.mul(loop.index, index(rows))])
                right_row = builder.gep(right_start, [builder.load(builder.gep(offsets_start, [loop.index]))])
                b = [
                    _load(builder, vector, builder.gep(right_row, [index(v * vector.count)]), align)
                    for v in range(vectors)
                ]
                for row in range(rows):
                    a = _splat(builder, vector, builder.load(builder.gep(left_row, [index(row)])))
                    for v in range(vectors):
                        _multiply_add(builder, a, b[v], sums[row][v])
            for row in range(rows):
                into_row = builder.gep(into_start, [builder.mul(into_step, index(row))])
                for v in range(vectors):
                    place = builder.gep(into_row, [index(v * vector.count)])
                    total = builder.fadd(_load(builder, vector, place, align), builder.load(sums[row][v]))
                    _store(builder, total, place, align)
            return context.get_dummy_value()

        n = types.intp
        return types.void(left, n, right, n, offsets, n, into, n, n, n), generate

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


@intrinsic
def _dot_tile(typing_context, left, left_at, left_step, right, right_at, offsets, offsets_at, into, into_at, length):  # type: ignore[no-untyped-def]
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        left, left_at, left_step, right, right_at, offsets, offsets_at, into, into_at, length = arguments
        vector, align = _vector_type(context, signature.args[0]), signature.args[0].dtype.bitwidth // 8
        index = left_at.type
        left_start = _pointer(context, builder, signature.args[0], left, left_at)
        right_start = _pointer(context, builder, signature.args[3], right, right_at)
        offsets_start = _pointer(context, builder, signature.args[5], offsets, offsets_at)
        into_start = _pointer(context, builder, signature.args[7], into, into_at)
        sums = _zeroed_sums(builder, vector, DOT_ROWS, DOT_COLUMNS)
        left_rows = [builder.gep(left_start, [builder.mul(left_step, index(r))]) for r in range(DOT_ROWS)]
        right_rows = [
            builder.gep(right_start, [builder.load(builder.gep(offsets_start, [index(c)]))]) for c in range(DOT_COLUMNS)
        ]
        with cgutils.for_range(builder, builder.sdiv(length, index(vector.count))) as loop:
            at = builder.mul(loop.index, index(vector.count))
            a = [_load(builder, vector, builder.gep(row, [at]), align) for row in left_rows]
            for column in range(DOT_COLUMNS):
                b = _load(builder, vector, builder.gep(right_rows[column], [at]), align)
                for row in range(DOT_ROWS):
                    _multiply_add(builder, a[row], b, sums[row][column])
        totals = [builder.load(place) for row in sums for place in row]
        totals += [ir.Constant(vector, [0.0] * vector.count)] * (-len(totals) % vector.count)
        for start in range(0, len(totals), vector.count):
            place = builder.gep(into_start, [index(start)])
            group = _lane_sums(builder, totals[start : start + vector.count])
            _store(builder, builder.fadd(_load(builder, vector, place, align), group), place, align)
        return context.get_dummy_value()

    n = types.intp
    return types.void(left, n, n, right, n, offsets, n, into, n, n), generate


@intrinsic
def _copy_padded(typing_context, source, source_at, source_step, low, high, target, target_at, count):  # type: ignore[no-untyped-def]
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        source, source_at, source_step, low, high, target, target_at, count = arguments
        vector, align = _vector_type(context, signature.args[0]), signature.args[0].dtype.bitwidth // 8
        index = source_at.type
        source_start = _pointer(context, builder, signature.args[0], source, source_at)
        target_start = _pointer(context, builder, signature.args[5], target, target_at)
        positions = ir.VectorType(index, vector.count)
        steps = ir.Constant(positions, list(range(vector.count)))
        zeros = ir.Constant(vector, [0.0] * vector.count)
        low, high = _splat(builder, positions, low), _splat(builder, positions, high)
        end = _splat(builder, positions, count)
        spread = _splat(builder, positions, source_step)
        vectors = builder.sdiv(builder.add(count, index(vector.count - 1)), index(vector.count))
        contiguous = builder.icmp_signed("==", source_step, index(1))
        with cgutils.for_range(builder, vectors) as loop:
            at = builder.mul(loop.index, index(vector.count))
            lane = builder.add(_splat(builder, positions, at), steps)
            inside = builder.and_(builder.icmp_signed(">=", lane, low), builder.icmp_signed("<", lane, high))
            wanted = builder.icmp_signed("<", lane, end)
            place = builder.gep(target_start, [at])
            with builder.if_else(contiguous) as (one_apart, further_apart):
                with one_apart:
                    start = builder.bitcast(builder.gep(source_start, [at]), vector.as_pointer())
                    name = f"llvm.masked.load.{_suffix(vector)}.p0"
                    loaded = _intrinsic_call(builder, name, vector, [start, ir.IntType(32)(align), inside, zeros])
                    _store_masked(builder, loaded, place, align, wanted)
                with further_apart:
                    base = builder.ptrtoint(source_start, index)
                    offsets = builder.mul(builder.mul(lane, spread), _splat(builder, positions, index(align)))
                    addresses = builder.add(_splat(builder, positions, base), offsets)
                    pointers = builder.inttoptr(addresses, ir.VectorType(vector.element.as_pointer(), vector.count))
                    name = f"llvm.masked.gather.{_suffix(vector)}.v{vector.count}p0"
                    gathered = _intrinsic_call(builder, name, vector, [pointers, ir.IntType(32)(align), inside, zeros])
                    _store_masked(builder, gathered, place, align, wanted)
        return context.get_dummy_value()

    n = types.intp
    return types.void(source, n, n, n, n, target, n, n), generate


_compiled = not config.DISABLE_JIT

# into[r, j] += sum over i < depth of left[i, r] * right[offsets[i] + j], for OUTER_ROWS rows and OUTER_VECTORS vectors
# of columns. `left` is packed: its OUTER_ROWS numbers of one i lie together.
_tile = _product_tile if _compiled else _product_tile_plain
outer_tile = _tile(OUTER_ROWS, OUTER_VECTORS)

# The same for one row, over ROW_VECTORS vectors of columns.
row_tile = _tile(1, ROW_VECTORS)

# into[r * DOT_COLUMNS + c] += sum over i < length of left[r, i] * right[offsets[c] + i], for DOT_ROWS rows and
# DOT_COLUMNS columns. `length` is a multiple of the vector length. `into` has dot_tile_size numbers, of which the last
# may be unused.
dot_tile = _dot_tile if _compiled else _dot_tile_plain

# target[i] = source[i * source_step] where low <= i < high, and zero elsewhere, for i < count.
# The source is read inside the bounds only, so `source_at` may lie outside of it.
copy_padded = _copy_padded if _compiled else _copy_padded_plain
