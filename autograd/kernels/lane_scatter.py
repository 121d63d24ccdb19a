"""Storing results of which the channels lie in the lanes of a vector: turned, so that pixels lie side by side.

Arrays are flat and of float32; `*_at` is where something begins, `*_step` and `plane` are distances. The function has a
twin in NumPy, which stands in for it under NUMBA_DISABLE_JIT=1.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import config, types
from numba.core import cgutils
from numba.extending import intrinsic

from autograd.kernels.product_tiles import ALIGN, FLOATS, LANES
from autograd.kernels.vectors import call_llvm, load, pointer_to, splat, store, store_first, transposed

_INTEGERS = ir.VectorType(ir.IntType(64), LANES)


def _lane_numbers(builder: Any) -> Any:
    return ir.Constant(_INTEGERS, list(range(LANES)))


@intrinsic
def _scatter_lanes(  # type: ignore[no-untyped-def]
    typing_context, source, source_at, source_step, bias, bias_at, check, check_at, channels, count, into, into_at,
    plane
):  # fmt: skip
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        source, source_at, source_step, bias, bias_at, check, check_at, channels, count, into, into_at, plane = (
            arguments
        )
        start = pointer_to(context, builder, signature.args[0], source, source_at)
        bias_place = pointer_to(context, builder, signature.args[3], bias, bias_at)
        check_place = pointer_to(context, builder, signature.args[5], check, check_at)
        end = pointer_to(context, builder, signature.args[9], into, into_at)
        index = source_at.type
        added = load(builder, FLOATS, bias_place, ALIGN)
        places = [builder.gep(start, [builder.mul(source_step, index(pixel))]) for pixel in range(LANES)]
        rows = [builder.fadd(load(builder, FLOATS, place, ALIGN), added) for place in places]
        rows = transposed(builder, rows)
        checked = cgutils.alloca_once_value(builder, load(builder, FLOATS, check_place, ALIGN))
        zeros = ir.Constant(FLOATS, [0.0] * LANES)
        ends = [builder.gep(end, [builder.mul(plane, index(channel))]) for channel in range(LANES)]

        def check_finite(row: Any) -> None:
            arguments = [row, zeros, builder.load(checked)]
            builder.store(call_llvm(builder, f"llvm.fma.v{LANES}f32", FLOATS, arguments), checked)

        whole = builder.and_(
            builder.icmp_signed(">=", channels, index(LANES)), builder.icmp_signed(">=", count, index(LANES))
        )
        with builder.if_else(whole, likely=True) as (all_there, some_missing):
            with all_there:
                for row, place in zip(rows, ends, strict=True):
                    store(builder, row, place, ALIGN)
                    check_finite(row)
            with some_missing:
                inside = builder.icmp_signed("<", _lane_numbers(builder), splat(builder, _INTEGERS, count))
                for channel, (row, place) in enumerate(zip(rows, ends, strict=True)):
                    with builder.if_then(builder.icmp_signed("<", index(channel), channels)):
                        store_first(builder, row, place, ALIGN, count)
                        check_finite(builder.select(inside, row, zeros))
        store(builder, builder.load(checked), check_place, ALIGN)
        return context.get_dummy_value()

    n = types.intp
    return types.void(source, n, n, bias, n, check, n, n, n, into, n, n), generate


def _scatter_lanes_plain(  # type: ignore[no-untyped-def]
    source, source_at, source_step, bias, bias_at, check, check_at, channels, count, into, into_at, plane
) -> None:  # fmt: skip
    pixels = np.lib.stride_tricks.as_strided(source[source_at:], (LANES, LANES), (source_step * 4, 4))
    block = pixels + bias[bias_at : bias_at + LANES]
    for channel in range(min(channels, LANES)):
        row = block[: min(count, LANES), channel]
        into[into_at + channel * plane :][: row.size] = row
        with np.errstate(invalid="ignore"):
            check[check_at : check_at + row.size] += row * 0


# into[channel * plane + pixel] = source[pixel * source_step + channel] + bias[channel] for channel < channels and
# pixel < count. `check` keeps its zeros while all of these are finite, and becomes NaN where one is not.
scatter_lanes = _scatter_lanes_plain if config.DISABLE_JIT else _scatter_lanes
