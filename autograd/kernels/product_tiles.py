"""Matrix products in registers.

Arrays are flat; `*_at` is where something begins, `*_row` and `*_step` are distances, all counted in float32 numbers.
Each function has a twin in NumPy, which stands in for it under NUMBA_DISABLE_JIT=1.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import config, types
from numba.core import cgutils
from numba.extending import intrinsic

from autograd.kernels.threads import jit
from autograd.kernels.vectors import OUTER_ROWS, VECTOR_BYTES, call_llvm, load, pointer_to, rounds, splat, store

# Numbers of float32 in a vector register, and output rows of a product that are computed together.
LANES = VECTOR_BYTES // 4
ROWS = OUTER_ROWS

FLOATS = ir.VectorType(ir.FloatType(), LANES)
ALIGN = 4


def _product(vectors: int, rows: int = ROWS) -> Any:
    """The intrinsic that multiplies `rows` rows into `vectors` vectors of columns."""

    @intrinsic
    def product(  # type: ignore[no-untyped-def]
        typing_context, left, left_at, left_row, left_step, right, right_at, right_step, into, into_at, into_step,
        depth, fresh
    ):  # fmt: skip
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            left, left_at, left_row, left_step, right, right_at, right_step, into, into_at, into_step, depth, fresh = (
                arguments
            )
            index = left_at.type
            left_start = pointer_to(context, builder, signature.args[0], left, left_at)
            right_start = pointer_to(context, builder, signature.args[4], right, right_at)
            into_start = pointer_to(context, builder, signature.args[7], into, into_at)
            sums = [[cgutils.alloca_once(builder, FLOATS) for _ in range(vectors)] for _ in range(rows)]
            zeros = ir.Constant(FLOATS, [0.0] * LANES)
            for row in sums:
                for place in row:
                    builder.store(zeros, place)
            left_rows = [builder.gep(left_start, [builder.mul(left_row, index(r))]) for r in range(rows)]
            with rounds(builder, depth) as d:
                right_row = builder.gep(right_start, [builder.mul(right_step, d)])
                b = [load(builder, FLOATS, builder.gep(right_row, [index(v * LANES)]), ALIGN) for v in range(vectors)]
                at = builder.mul(left_step, d)
                for r in range(rows):
                    a = splat(builder, FLOATS, builder.load(builder.gep(left_rows[r], [at])))
                    for v in range(vectors):
                        arguments = [a, b[v], builder.load(sums[r][v])]
                        builder.store(call_llvm(builder, f"llvm.fma.v{LANES}f32", FLOATS, arguments), sums[r][v])
            with builder.if_else(builder.icmp_signed("!=", fresh, index(0))) as (first, later):
                with first:
                    for r in range(rows):
                        for v in range(vectors):
                            offset = builder.add(builder.mul(into_step, index(r)), index(v * LANES))
                            store(builder, builder.load(sums[r][v]), builder.gep(into_start, [offset]), ALIGN)
                with later:
                    for r in range(rows):
                        for v in range(vectors):
                            offset = builder.add(builder.mul(into_step, index(r)), index(v * LANES))
                            place = builder.gep(into_start, [offset])
                            total = builder.fadd(load(builder, FLOATS, place, ALIGN), builder.load(sums[r][v]))
                            store(builder, total, place, ALIGN)
            return context.get_dummy_value()

        n = types.intp
        return types.void(left, n, n, n, right, n, n, into, n, n, n, n), generate

    def plain(  # type: ignore[no-untyped-def]
        left, left_at, left_row, left_step, right, right_at, right_step, into, into_at, into_step, depth, fresh
    ) -> None:  # fmt: skip
        view = np.lib.stride_tricks.as_strided
        a = view(left[left_at:], (rows, depth), (left_row * 4, left_step * 4))
        b = view(right[right_at:], (depth, vectors * LANES), (right_step * 4, 4))
        c = view(into[into_at:], (rows, vectors * LANES), (into_step * 4, 4))
        c[...] = a @ b + (0 if fresh else c)

    return plain if config.DISABLE_JIT else product


# into[r, j] = (or, unless `fresh`, +=) sum over d < depth of left[r, d] * right[d, j], for ROWS rows and one, two or
# three vectors of columns.
product_1, product_2, product_3 = _product(1), _product(2), _product(3)

# The same for one row.
row_1, row_2, row_3 = _product(1, 1), _product(2, 1), _product(3, 1)


@jit(inline="always")
def columns_taken(rest):  # type: ignore[no-untyped-def]
    """How many of the remaining vectors of columns a product takes: three, but four are taken two by two."""
    return 3 if rest == 3 or rest > 4 else min(rest, 2)


# Time for a vector of columns, where one, two or three are taken at once, in that of a multiplication of vectors by
# `conv_planes`, for each row: measured with AVX-512, and with AVX2 for all others. The sums of one vector are so few
# that they wait for themselves.
_TIMES = (1.4, 0.95, 0.87) if VECTOR_BYTES == 64 else (1.8, 1.07, 1.0)


def column_time(vectors: int) -> float:
    """Time for so many vectors of columns."""
    time = 0.0
    while vectors:
        taken = columns_taken(vectors)
        time += taken * _TIMES[taken - 1]
        vectors -= taken
    return time


@jit(forceinline=True)
def multiply_tile(  # type: ignore[no-untyped-def]
    vectors, left, left_at, left_row, left_step, right, right_at, right_step, into, into_at, into_row, depth, fresh
):  # fmt: skip
    """The product of ROWS rows and one, two or three vectors of columns; a call would take longer than short ones."""
    if vectors == 3:
        product_3(
            left, left_at, left_row, left_step, right, right_at, right_step, into, into_at, into_row, depth, fresh
        )
    elif vectors == 2:
        product_2(
            left, left_at, left_row, left_step, right, right_at, right_step, into, into_at, into_row, depth, fresh
        )
    else:
        product_1(
            left, left_at, left_row, left_step, right, right_at, right_step, into, into_at, into_row, depth, fresh
        )


@jit()
def multiply(  # type: ignore[no-untyped-def]
    left, left_at, left_row, left_step, right, right_at, right_step, into, into_at, into_row, rows, columns, depth,
    fresh
):  # fmt: skip
    """into[r, j] = (or, unless fresh, +=) sum over d < depth of left[r, d] * right[d, j].

    For one row, or for as many as make whole tiles of `rows`.
    """
    j = 0
    while j < columns:
        taken = columns_taken((columns - j) // LANES)
        if rows == 1:
            a, b, c = left_at, right_at + j, into_at + j
            if taken == 3:
                row_3(left, a, left_row, left_step, right, b, right_step, into, c, into_row, depth, fresh)
            elif taken == 2:
                row_2(left, a, left_row, left_step, right, b, right_step, into, c, into_row, depth, fresh)
            else:
                row_1(left, a, left_row, left_step, right, b, right_step, into, c, into_row, depth, fresh)
        for r in range(0, rows if rows > 1 else 0, ROWS):
            a, b, c = left_at + r * left_row, right_at + j, into_at + r * into_row + j
            multiply_tile(taken, left, a, left_row, left_step, right, b, right_step, into, c, into_row, depth, fresh)
        j += taken * LANES
