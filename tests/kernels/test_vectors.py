"""What tiles are written with, as processors of every kind get it: with registers of masks and without."""

import platform

import numba
import numpy as np
import pytest
from numba import config, types
from numba.extending import intrinsic

from autograd.kernels import tile_masked, vectors

pytestmark = pytest.mark.skipif(config.DISABLE_JIT, reason="nothing is compiled")
registers = pytest.mark.parametrize("register", [16, 32, 64])


@registers
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int32])
def test_the_first_lanes_are_stored_and_no_others(register, dtype, monkeypatch):
    monkeypatch.setattr(vectors, "VECTOR_BYTES", register)
    lanes, align = vectors.lanes(np.dtype(dtype)), np.dtype(dtype).itemsize

    @intrinsic
    def store_first(typing_context, source, target, at, count):
        def generate(context, builder, signature, arguments):
            source, target, at, count = arguments
            vector = vectors.vector_type(context, signature.args[0])
            begin = vectors.pointer_to(context, builder, signature.args[0], source, at.type(0))
            end = vectors.pointer_to(context, builder, signature.args[1], target, at)
            vectors.store_first(builder, vectors.load(builder, vector, begin, align), end, align, count)
            return context.get_dummy_value()

        return types.void(source, target, types.intp, types.intp), generate

    @numba.njit
    def run(source, target, at, count):
        store_first(source, target, at, count)

    source = np.arange(1, lanes + 1).astype(dtype)
    for count in range(-2, lanes + 3):
        target = np.zeros(lanes + 8, dtype)
        run(source, target, 3, count)
        expected = np.zeros(lanes + 8, dtype)
        stored = min(max(count, 0), lanes)
        expected[3 : 3 + stored] = source[:stored]
        np.testing.assert_array_equal(target, expected)


@registers
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_masks_say_which_numbers_are_read(register, dtype, monkeypatch):
    monkeypatch.setattr(vectors, "VECTOR_BYTES", register)
    monkeypatch.setattr(tile_masked, "VECTOR_BYTES", register)
    product = tile_masked.product_run(2)

    @numba.njit
    def run(source, offsets, masks, weight, out):
        product(source, 0, offsets, masks, 0, weight, 0, weight[2], out, 0, out.size)

    random, lanes = np.random.default_rng(0), vectors.lanes(np.dtype(dtype))
    for size in range(1, 3 * lanes + 1):
        blocks = -(-size // lanes)
        inside = random.random((blocks, 2, lanes)) < 0.5
        masks = (inside * (1 << np.arange(lanes))).sum(axis=2).astype(np.int32).reshape(-1)
        # Small numbers, so that sums are exact; and none that is not to be read.
        source = random.integers(1, 9, blocks * lanes + 1).astype(dtype)
        weight, offsets, out = np.array([2, -3, 0.5], dtype), np.array([0, 1]), np.full(size + lanes, 7, dtype)
        pixels = np.arange(blocks * lanes).reshape(blocks, lanes)
        terms = np.where(inside, source[pixels[:, None, :] + offsets[:, None]] * weight[:2, None], 0)
        read = np.unique((pixels[:, None, :] + offsets[:, None])[inside])
        source[np.setdiff1d(np.arange(source.size), read)] = np.nan
        run(source, offsets, masks, weight, out[:size])
        assert (out[size:] == 7).all()
        np.testing.assert_array_equal(out[:size], (terms.sum(axis=1) + weight[2]).reshape(-1)[:size])


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="what is counted is x86's")
def test_a_loop_that_keeps_its_sums_in_registers_is_not_unrolled():
    @intrinsic
    def add_up(typing_context, numbers, count):
        def generate(context, builder, signature, arguments):
            numbers, count = arguments
            start = vectors.pointer_to(context, builder, signature.args[0], numbers, count.type(0))
            total = numba.core.cgutils.alloca_once_value(builder, start.type.pointee(0.0))
            with vectors.rounds(builder, count) as i:
                builder.store(builder.fadd(builder.load(total), builder.load(builder.gep(start, [i]))), total)
            return builder.load(total)

        return types.float64(numbers, types.intp), generate

    @numba.njit
    def run(numbers, count):
        return add_up(numbers, count)

    numbers = np.arange(1.0, 21)
    for count in (-1, 0, 1, 2, 20):
        assert run(numbers, count) == numbers[: max(count, 0)].sum()
    (code,) = run.inspect_asm().values()
    assert code.split("_ZN", 1)[1].split("func_end")[0].count("addsd") == 1
