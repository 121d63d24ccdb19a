"""Matrix products by the BLAS library behind NumPy, of which each of our threads calculates a share.

A BLAS library's own threads spin for milliseconds after a product, in case another one follows, and the kernels that
run meanwhile get half of the cores. So where kernels run between the products, BLAS is held to one thread, and called
from the threads that kernels run on. Where there are products alone, its own threads are faster. Float32 matrices of
a few hundred rows and columns go to `product`, and where BLAS does not know the processor's long vectors, larger ones
too. NumPy's wheels bring OpenBLAS, which is called by its address; with another library, products are left to NumPy.
"""

import ctypes
import math
import os
import threading
from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir
from numba import config, types
from numba.core import cgutils
from numba.extending import intrinsic

from autograd.kernels import product
from autograd.kernels.sharing import launches, share_out
from autograd.kernels.threads import jit, numpy_library, thread_count, thread_limit
from autograd.kernels.vectors import VECTOR_BYTES

# Multiplications and additions up to which a product is not shared out.
SMALL = 1 << 21
# The launches of kernels between products, each counting less the more products have followed, from which on they are
# many: the few of an optimizer are not.
FADE, MANY = 0.9, 4.0
# Multiplications from which on BLAS is as fast as `product`, unless it multiplies by shorter vectors: then only of less
# than FEW rows, if the right matrix is not turned.
LARGE, FEW = 1 << 26, 16
# What OpenBLAS calls the processors for which it multiplies by vectors of 64 bytes.
WIDE = {b"SkylakeX", b"Cooperlake", b"SapphireRapids"}
# Shares of a matrix are whole multiples of so many rows or columns, as BLAS works on blocks of them.
UNIT = 16


class _OpenBLAS:
    """The addresses of the library's products, and a hold on its threads.

    As a context it holds the library to one thread until the last Python thread that asked for it leaves.
    """

    def __init__(self, library: ctypes.CDLL, name: str) -> None:
        gemms = {"f": "cblas_sgemm", "d": "cblas_dgemm"}
        self.addresses: dict[str, Any] = {
            kind: ctypes.cast(getattr(library, name.format(gemm)), ctypes.c_void_p).value
            for kind, gemm in gemms.items()
        }
        core = getattr(library, name.format("openblas_get_corename"))
        core.restype = ctypes.c_char_p
        self.core = core()
        self._get = getattr(library, name.format("openblas_get_num_threads"))
        self._set = getattr(library, name.format("openblas_set_num_threads"))
        self._lock, self._users, self._before = threading.Lock(), 0, 0

    def __enter__(self) -> None:
        with self._lock:
            if self._users == 0:
                self._before = self._get()
                self._set(1)
            self._users += 1

    def __exit__(self, *error: object) -> None:
        with self._lock:
            self._users -= 1
            if self._users == 0:
                # A limit may have been set in the meantime.
                self._set(thread_limit() or self._before)

    def after_fork(self) -> None:
        """Let go: in the child there is nobody else to do so."""
        self._lock = threading.Lock()
        if self._users:
            self._users = 0
            self._set(thread_limit() or self._before)


def _find() -> _OpenBLAS | None:
    library = numpy_library()
    if library is None:
        return None
    # As NumPy's wheels name the functions, and as OpenBLAS does by itself; either with integers of 64 bits.
    for name in ("scipy_{}64_", "{}64_"):
        try:
            return _OpenBLAS(library, name)
        except AttributeError:
            continue
    return None


# NumPy's OpenBLAS; None where it is another library, or nothing is compiled.
held = None if config.DISABLE_JIT else _find()
# Whether it multiplies by shorter vectors than kernels do, as on a processor that it is too old for.
narrow = held is not None and VECTOR_BYTES == 64 and held.core not in WIDE
if held is not None and hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=held.after_fork)


class _Job(NamedTuple):
    """Products out[b] = left[b] @ right[b] of matrices of M x K and K x N; if summed, their sum in the place of out[0].

    If `add`, they are added to what `out` holds, or where there is a bias, to that of each row.

    Matrices are given as the address of the first number, whether it is the columns that have no gaps, how many numbers
    lie from one row (or then column) to the next, and from one matrix of the batch to the next.
    """

    gemm: int
    double: bool
    summed: bool
    add: bool
    batch: int
    M: int
    N: int
    K: int
    left: int
    left_turned: bool
    left_row: int
    left_step: int
    right: int
    right_turned: bool
    right_row: int
    right_step: int
    out: int
    out_row: int
    out_step: int


@intrinsic
def call_gemm(  # type: ignore[no-untyped-def]
    typing_context, gemm, double, M, N, K, left, left_turned, left_row, right, right_turned, right_row, add, out,
    out_row,
):  # fmt: skip
    """out = left @ right, or out += left @ right, by the cblas function at the address `gemm`."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        gemm, double, M, N, K, left, left_turned, left_row, right, right_turned, right_row, add, out, out_row = values
        flag, word, pointer = ir.IntType(32), ir.IntType(64), ir.IntType(8).as_pointer()
        row_major, as_it_is, turned = flag(101), flag(111), flag(112)

        def call(kind: Any) -> None:
            kinds = [flag] * 3 + [word] * 3 + [kind, pointer, word, pointer, word, kind, pointer, word]
            function = builder.inttoptr(gemm, ir.FunctionType(ir.VoidType(), kinds).as_pointer())
            turns = [
                builder.select(builder.trunc(t, ir.IntType(1)), turned, as_it_is) for t in (left_turned, right_turned)
            ]
            beta = builder.select(builder.trunc(add, ir.IntType(1)), kind(1.0), kind(0.0))
            places = [builder.inttoptr(place, pointer) for place in (left, right, out)]
            builder.call(
                function,
                [
                    row_major,
                    *turns,
                    M,
                    N,
                    K,
                    kind(1.0),
                    places[0],
                    left_row,
                    places[1],
                    right_row,
                    beta,
                    places[2],
                    out_row,
                ],
            )

        with builder.if_else(builder.trunc(double, ir.IntType(1))) as (doubles, singles):
            with doubles:
                call(ir.DoubleType())
            with singles:
                call(ir.FloatType())
        return context.get_dummy_value()

    n, b = types.int64, types.boolean
    return types.void(n, b, n, n, n, n, b, n, n, b, n, b, n, n), generate


@intrinsic
def _fill(typing_context, address, number, count):  # type: ignore[no-untyped-def]
    """Put a number into `count` places from the address on."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        address, number, count = values
        start = builder.inttoptr(address, number.type.as_pointer())
        with cgutils.for_range(builder, count) as loop:
            builder.store(number, builder.gep(start, [loop.index]))
        return context.get_dummy_value()

    return types.void(types.int64, number, types.int64), generate


@jit()
def _share(thread, threads, job, bias):  # type: ignore[no-untyped-def]
    """A thread's share of a job: some of the products, or some rows or columns of every one.

    BLAS passes over a result to set it to zero before it adds to it. To lay the bias there in its place costs nothing.
    """
    job = _Job(*job)
    itemsize = 8 if job.double else 4
    first, step = 0, 1
    row, rows, column, columns = 0, job.M, 0, job.N
    if not job.summed and (job.batch % threads == 0 or job.batch >= 4 * threads):
        first, step = thread, threads
    elif job.M >= job.N:
        share = (job.M + threads * UNIT - 1) // (threads * UNIT) * UNIT
        row = min(thread * share, job.M)
        rows = min(share, job.M - row)
    else:
        share = (job.N + threads * UNIT - 1) // (threads * UNIT) * UNIT
        column = min(thread * share, job.N)
        columns = min(share, job.N - column)
    if rows == 0 or columns == 0:
        return
    left_at = row * (1 if job.left_turned else job.left_row)
    right_at = column * (job.right_row if job.right_turned else 1)
    for item in range(first, job.batch, step):
        out = job.out + (item * job.out_step + row * job.out_row + column) * itemsize
        for r in range(rows if bias.size else 0):
            _fill(out + r * job.out_row * itemsize, bias[row + r], columns)
        call_gemm(
            job.gemm, job.double, rows, columns, job.K,
            job.left + (item * job.left_step + left_at) * itemsize, job.left_turned, job.left_row,
            job.right + (item * job.right_step + right_at) * itemsize, job.right_turned, job.right_row,
            job.add or (job.summed and item > 0), out, job.out_row,
        )  # fmt: skip


def _placed(matrices: np.ndarray) -> tuple[int, bool, int, int] | None:
    """Where (batch, rows, columns) lie, as a job says it; None where BLAS could not read them."""
    _, rows, columns = matrices.shape
    itemsize = matrices.itemsize
    step, down, along = matrices.strides
    if step < 0 or step % itemsize or down % itemsize or along % itemsize:
        return None
    address = matrices.__array_interface__["data"][0]
    if (along == itemsize or columns == 1) and (down >= columns * itemsize or rows == 1):
        return address, False, max(down // itemsize, columns), step // itemsize
    if (down == itemsize or rows == 1) and (along >= rows * itemsize or columns == 1):
        return address, True, max(along // itemsize, rows), step // itemsize
    return None


def products(
    left: np.ndarray,
    right: np.ndarray,
    out: np.ndarray,
    summed: bool = False,
    add: bool = False,
    bias: np.ndarray | None = None,
) -> None:
    """out[b] = left[b] @ right[b], for arrays of (batch, M, K), (batch, K, N) and (batch, M, N) in one dtype.

    Args:
        summed: `out` is (1, M, N), and gets the sum of the products.
        add: keep what `out` holds, and add to it.
        bias: (M,), a number for each row, that is added to products which are neither summed nor added.
    """
    batch, M, K = left.shape
    N = right.shape[2]
    if held is None or left.dtype.char not in held.addresses or batch * M * N * K == 0:
        result = np.matmul(left, right)
        out[...] = (result.sum(0) if summed else result) + (out if add else 0)
        if bias is not None:
            out += bias[:, None]
        return
    alone = not add and not (summed and batch > 1)
    if narrow and alone and _by_kernels(left, right, out):
        if bias is not None:
            out += bias[:, None]
        return
    left_place, right_place, out_place = _placed(left), _placed(right), _placed(out)
    if left_place is None:
        left = np.ascontiguousarray(left)
        left_place = _placed(left)
    if right_place is None:
        right = np.ascontiguousarray(right)
        right_place = _placed(right)
    assert left_place and right_place and out_place
    out_at, _, out_row, out_step = out_place
    kind = left.dtype.char
    job = _Job(
        held.addresses[kind], kind == "d", summed, add or bias is not None, batch, M, N, K, *left_place, *right_place,
        out_at, out_row, 0 if summed else out_step,
    )  # fmt: skip
    with held:
        share_out(
            _share, 1 if batch * M * N * K <= SMALL else thread_count(),
            job, np.empty(0, left.dtype) if bias is None else bias,
        )  # fmt: skip


class _Recent:
    """The launches that `_among_kernels` has seen: of all time, and the fading number."""

    seen = 0
    launches = 0.0


def _among_kernels() -> bool:
    """Whether kernels run between the products that are asked for."""
    new = launches.count - _Recent.seen
    _Recent.seen += new
    _Recent.launches = _Recent.launches * FADE + new
    return _Recent.launches >= MANY


def matmul(left: np.ndarray, right: np.ndarray, bias: np.ndarray | None = None, beside: bool = False) -> np.ndarray:
    """left @ right, of matrices or of batches of them, in one dtype, plus the bias in each row.

    `beside` says that other kernels run before and behind it, if they are too few to be noticed.
    """
    if left.ndim == right.ndim == 2 and _by_kernel(left, right):
        out = product.multiply_matrices(left, right, bias)
        if out is not None:
            return out
    out = _matmul(left, right, beside)
    if bias is not None:
        out += bias
    return out


def _by_kernel(left: np.ndarray, right: np.ndarray) -> bool:
    """Whether `product` multiplies two matrices sooner."""
    (M, K), N = left.shape, right.shape[1]
    if not product.fits(M, K, N, left.dtype):
        return False
    return M * N * K <= LARGE or (narrow and (M >= FEW or right.strides[0] < right.strides[1]))


def _by_kernels(left: np.ndarray, right: np.ndarray, out: np.ndarray) -> bool:
    """Multiply a batch by `product`, one after the other, if it can and is sooner done; whether it was."""
    if not (out.flags.c_contiguous and _by_kernel(left[0], right[0])):
        return False
    return all(product.multiply_matrices(a, b, out=c) is not None for a, b, c in zip(left, right, out, strict=True))


def _matmul(left: np.ndarray, right: np.ndarray, beside: bool) -> np.ndarray:
    rows, columns, depth = left.shape[-2], right.shape[-1], left.shape[-1]
    if held is None or left.dtype.char not in held.addresses or rows * columns * depth == 0:
        return left @ right
    batch = left.shape[:-2]
    if not (_among_kernels() or beside):
        return left @ right
    work = math.prod(batch) * rows * columns * depth
    # A product with a vector waits for the memory more than for another thread.
    if work <= SMALL or rows == 1 or columns == 1 or batch != right.shape[:-2]:
        with held:
            return left @ right
    out = np.empty((*batch, rows, columns), left.dtype)
    products(
        left.reshape(-1, rows, depth), right.reshape(-1, depth, columns), out.reshape(-1, rows, columns)
    )  # fmt: skip
    return out
