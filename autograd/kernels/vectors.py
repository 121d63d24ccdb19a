"""What the tiles of kernels are written with: vectors as LLVM knows them, of as many numbers as a register holds."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import llvmlite.binding as llvm
import numpy as np
from llvmlite import ir
from numba.core import cgutils


def _registers() -> tuple[int, int]:
    """(bytes of a vector register, rows of a product tile) for this processor.

    A product tile holds rows * 3 sums, 3 vectors of the right operand and one of the left: 28 of AVX-512's or NEON's
    32 registers, 16 of AVX2's 16.
    """
    features = llvm.get_host_cpu_features()
    if features.get("avx512f"):
        return 64, 8
    if features.get("avx"):
        return 32, 4
    return 16, 8 if features.get("neon") else 4


VECTOR_BYTES, OUTER_ROWS = _registers()


def round_up(number: int, multiple: int) -> int:
    """The next multiple."""
    return -(-number // multiple) * multiple


def lanes(dtype: np.dtype) -> int:
    """How many numbers of `dtype` one vector register holds."""
    return VECTOR_BYTES // dtype.itemsize


def pointer_to(context: Any, builder: Any, array_type: Any, array: Any, at: Any) -> Any:
    data = context.make_array(array_type)(context, builder, array).data
    return builder.gep(data, [at])


def vector_type(context: Any, array_type: Any) -> Any:
    return ir.VectorType(context.get_value_type(array_type.dtype), VECTOR_BYTES * 8 // array_type.dtype.bitwidth)


def load(builder: Any, vector: Any, pointer: Any, align: int) -> Any:
    return builder.load(builder.bitcast(pointer, vector.as_pointer()), align=align)


def store(builder: Any, value: Any, pointer: Any, align: int) -> None:
    builder.store(value, builder.bitcast(pointer, value.type.as_pointer()), align=align)


def store_first(builder: Any, value: Any, pointer: Any, align: int, count: Any) -> None:
    """Store the first `count` lanes of `value`, none if that is negative and all if it is more than there are."""
    whole = builder.icmp_signed(">=", count, count.type(value.type.count))
    with builder.if_else(whole, likely=True) as (all_lanes, some_lanes):
        with all_lanes:
            store(builder, value, pointer, align)
        with some_lanes:
            if VECTOR_BYTES == 64:
                mask = below(builder, lanes_from(builder, value.type, count.type(0)), count)
                place = builder.bitcast(pointer, value.type.as_pointer())
                name = f"llvm.masked.store.{suffix(value.type)}.p0"
                call_llvm(builder, name, ir.VoidType(), [value, place, ir.IntType(32)(align), mask])
            else:
                # A masked store without registers of masks takes as long as ten whole ones (on Zen 4).
                with builder.if_then(builder.icmp_signed(">", count, count.type(0))):
                    _store_pieces(builder, value, pointer, align, count)


def _store_pieces(builder: Any, value: Any, pointer: Any, align: int, count: Any) -> None:
    """Store the first `count` lanes, fewer than all, by halves of halves."""
    half, lane = value.type.count // 2, ir.IntType(32)
    while half:
        undefined = ir.Constant(value.type, ir.Undefined)
        there = builder.icmp_signed("!=", builder.and_(count, count.type(half)), count.type(0))
        low, high = [
            builder.shuffle_vector(value, undefined, ir.Constant(ir.VectorType(lane, half), list(range(at, at + half))))
            for at in (0, half)
        ]
        with builder.if_then(there):
            store(builder, low, pointer, align)
        pointer = builder.select(there, builder.gep(pointer, [count.type(half)]), pointer)
        value, half = builder.select(there, high, low), half // 2


def splat(builder: Any, vector: Any, scalar: Any) -> Any:
    """A vector whose every lane is `scalar`."""
    lane = ir.IntType(32)
    first = builder.insert_element(ir.Constant(vector, ir.Undefined), scalar, lane(0))
    zeros = ir.Constant(ir.VectorType(lane, vector.count), [0] * vector.count)
    return builder.shuffle_vector(first, ir.Constant(vector, ir.Undefined), zeros)


def call_llvm(builder: Any, name: str, result: Any, arguments: list[Any], **options: Any) -> Any:
    signature = ir.FunctionType(result, [argument.type for argument in arguments])
    function = cgutils.get_or_insert_function(builder.module, signature, name)
    return builder.call(function, arguments, **options)


def prefetch(builder: Any, pointer: Any, to_write: bool = False) -> None:
    """Ask for the cache line at `pointer`, so that it is there when it is read or written to."""
    number = ir.IntType(32)
    place = builder.bitcast(pointer, ir.IntType(8).as_pointer())
    call_llvm(builder, "llvm.prefetch.p0", ir.VoidType(), [place, number(int(to_write)), number(3), number(1)])


@contextmanager
def rounds(builder: Any, count: Any) -> Iterator[Any]:
    """A loop of so many rounds, which gives the number of each, and which LLVM leaves as it is written.

    Where it unrolls a loop that keeps its sums in all registers, it loads the numbers of several rounds ahead, and has
    to put them away on the stack.
    """
    before, test, body, end = (builder.block, *[builder.append_basic_block(name) for name in ("test", "body", "end")])
    builder.branch(test)
    builder.position_at_end(test)
    index = builder.phi(count.type)
    index.add_incoming(count.type(0), before)
    builder.cbranch(builder.icmp_signed("<", index, count), body, end)
    builder.position_at_end(body)
    yield index
    index.add_incoming(builder.add(index, count.type(1), flags=("nsw",)), builder.block)
    wish_for_loop(builder.module, builder.branch(test), ["llvm.loop.unroll.disable"])
    builder.position_at_end(end)


def wish_for_loop(module: Any, branch: Any, wish: list[Any]) -> None:
    """Tell LLVM what to do with a loop; `branch` is where it begins its next round."""
    wanted = module.add_metadata(wish)
    # What names a loop begins with itself; the number makes it another one than those of other loops.
    loop = module.add_metadata([wanted, ir.IntType(32)(len(module.metadata))])
    loop.operands = (loop, wanted)
    branch.set_metadata("llvm.loop", loop)


def multiply_add(builder: Any, a: Any, b: Any, sum_place: Any) -> None:
    """sum += a * b, lane by lane, rounded once."""
    arguments = [a, b, builder.load(sum_place)]
    builder.store(call_llvm(builder, f"llvm.fma.{suffix(a.type)}", a.type, arguments), sum_place)


def suffix(vector: Any) -> str:
    """How LLVM spells a vector type in the name of an intrinsic, such as v16f32."""
    names = {ir.FloatType(): "f32", ir.DoubleType(): "f64"}
    return f"v{vector.count}{names.get(vector.element, vector.element)}"


def lanes_from(builder: Any, vector: Any, at: Any) -> Any:
    """The 32-bit numbers at, at + 1, at + 2 ... in as many lanes as `vector` has."""
    lane = ir.IntType(32)
    positions = ir.VectorType(lane, vector.count)
    steps = ir.Constant(positions, list(range(vector.count)))
    return builder.add(splat(builder, positions, builder.trunc(at, lane)), steps)


def below(builder: Any, lanes: Any, limit: Any) -> Any:
    """Which of the lanes are below `limit`."""
    return builder.icmp_signed("<", lanes, splat(builder, lanes.type, builder.trunc(limit, lanes.type.element)))


def load_masked(builder: Any, vector: Any, pointer: Any, align: int, mask: Any) -> Any:
    """The lanes for which `mask` is set, and zero in the others, of which nothing is read."""
    place = builder.bitcast(pointer, vector.as_pointer())
    zeros = ir.Constant(vector, [0.0] * vector.count)
    name = f"llvm.masked.load.{suffix(vector)}.p0"
    return call_llvm(builder, name, vector, [place, ir.IntType(32)(align), mask, zeros])


def transposed(builder: Any, rows: list[Any]) -> list[Any]:
    """The square of registers transposed: each round exchanges one bit of the row's number with one of the lane's."""
    count = len(rows)
    bit = count // 2
    while bit:
        for i in range(count):
            if i & bit:
                continue
            upper, lower = rows[i], rows[i | bit]
            take = [j if not j & bit else count + j - bit for j in range(count)]
            rest = [j + bit if not j & bit else count + j for j in range(count)]
            lanes = ir.VectorType(ir.IntType(32), count)
            rows[i] = builder.shuffle_vector(upper, lower, ir.Constant(lanes, take))
            rows[i | bit] = builder.shuffle_vector(upper, lower, ir.Constant(lanes, rest))
        bit //= 2
    return rows


def sum_places(builder: Any, vector: Any, rows: int, columns: int) -> list[list[Any]]:
    """Places for rows * columns vectors, which LLVM turns into registers."""
    return [[cgutils.alloca_once(builder, vector) for _ in range(columns)] for _ in range(rows)]
