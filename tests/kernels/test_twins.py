"""The vector code that moves numbers against its twins in NumPy, for registers of every size."""

import numba
import numpy as np
import pytest
from numba import config

from autograd.kernels import lane_scatter, tile, tile_masked, vectors

pytestmark = pytest.mark.skipif(config.DISABLE_JIT, reason="nothing is compiled")
DTYPES = (np.float32, np.float64)


@pytest.fixture(params=[16, 32, 64])
def register(request, monkeypatch):
    """How many bytes a vector register has."""
    for module in (vectors, tile_masked):
        monkeypatch.setattr(module, "VECTOR_BYTES", request.param)
    return request.param


def called(intrinsic):
    """A function that calls the vector code, compiled anew."""

    @numba.njit
    def call(*arguments):
        intrinsic(*arguments)

    return call


def check(compiled, plain, arguments, written):
    """Call both, and compare the arrays at the places `written` from end to end."""
    copies = [tuple(a.copy() if i in written else a for i, a in enumerate(arguments)) for _ in range(2)]
    compiled(*copies[0])
    plain(*copies[1])
    for i in written:
        np.testing.assert_array_equal(copies[0][i], copies[1][i])


@pytest.mark.parametrize("dtype", DTYPES)
def test_rows_are_spread_dealt_and_zipped_like_in_numpy(register, dtype):
    spread, unzip, zipped = map(called, (tile.spread_rows_by_two, tile_masked.unzip_rows, tile_masked.zip_rows))
    random, lanes = np.random.default_rng(0), vectors.lanes(np.dtype(dtype))
    numbers = lambda size: random.standard_normal(size).astype(dtype)  # noqa: E731
    for count in range(3 * lanes + 2):
        for rows in (0, 1, 3):
            # Rows lie side by side, or one number apart, and something lies before and behind all of them.
            for gap in (0, 1):
                row = count + gap
                source, target = numbers(rows * row + 5), numbers(rows * (2 * count + gap) + 5)
                place = (target, 3, 2 * count + gap)
                check(spread, tile._spread_rows_plain, (source, 2, row, *place, rows, count), (3,))
                half = row // 2 + 1
                even, odd = numbers(rows * half + 5), numbers(rows * half + 5)
                dealt = (source, 2, row, even, 3, odd, 1, half, rows, count)
                check(unzip, tile_masked._unzip_plain, dealt, (3, 5))
                joined = (even, 3, odd, 1, half, source, 2, row, rows, count)
                check(zipped, tile_masked._zip_plain, joined, (5,))


@pytest.mark.parametrize("step", [1, 2])
@pytest.mark.parametrize("dtype", DTYPES)
def test_rows_are_copied_and_added_like_in_numpy(register, dtype, step):
    random, lanes = np.random.default_rng(0), vectors.lanes(np.dtype(dtype))
    for adds in (False, True):
        copy, plain = called(tile._copy_rows(step, adds)), tile._copy_rows_plain(step, adds)
        for count in range(2 * lanes + 2):
            source = random.standard_normal(3 * (step * count + 1) + 4).astype(dtype)
            target = random.standard_normal(3 * count + 7).astype(dtype)
            for low, high in ((0, count), (1, count), (0, count - 1), (count, count)):
                place = (source, 2, step * count + 1, low, max(high, low), target, 3, count + 1, 2, count)
                check(copy, plain, place, (5,))


@pytest.mark.parametrize("dtype", DTYPES)
def test_squares_are_turned_like_in_numpy(register, dtype):
    turn, random, lanes = called(tile.turn), np.random.default_rng(0), vectors.lanes(np.dtype(dtype))
    for rows in range(lanes + 2):
        for columns in range(lanes + 2):
            # What is outside is not a number.
            source = np.full((lanes + 2, lanes + 1), np.nan, dtype)
            source[:rows, :columns] = random.standard_normal(source[:rows, :columns].shape)
            target = random.standard_normal((lanes + 1) * (lanes + 2)).astype(dtype)
            check(
                turn, tile._turn_plain, (source.reshape(-1), 0, lanes + 1, rows, columns, target, 2, lanes + 1), (5,)
            )  # fmt: skip


def test_lanes_are_scattered_like_in_numpy():
    scatter, random, lanes = called(lane_scatter.scatter_lanes), np.random.default_rng(0), lane_scatter.LANES
    for channels in range(lanes + 2):
        for count in range(lanes + 2):
            source = random.standard_normal(lanes * (lanes + 2)).astype(np.float32)
            bias, checks = random.standard_normal(lanes).astype(np.float32), np.zeros(lanes, np.float32)
            into = random.standard_normal((lanes + 1) * (lanes + 2)).astype(np.float32)
            place = (source, 0, lanes + 2, bias, 0, checks, 0, channels, count, into, 1, lanes + 1)
            check(scatter, lane_scatter._scatter_lanes_plain, place, (5, 9))
