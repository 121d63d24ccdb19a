"""Names that ask PyTorch to compile, to distribute or to lay out memory: programs that use them run as they stand."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import compiler, distributed, fx, jit
from autograd.errors import ArgumentError, ShapeError


def double(x: Any) -> Any:
    return 2 * x


def test_what_would_be_compiled_is_left_as_it_is() -> None:
    for same in (jit.script, jit.unused, jit.export, jit.ignore, jit.ignore(drop=True), jit.script_if_tracing):
        assert same(double) is double
    assert jit.trace(double, autograd.ones(2)) is double and jit._overload_method(double) is double
    assert autograd.compile(double) is double and autograd.compile(mode="max-autotune")(double) is double
    assert compiler.disable(double) is double and compiler.disable()(double) is double
    assert compiler.allow_in_graph(double) is double and fx.wrap("double") == "double"
    assert jit.annotate(list[int], []) == [] and jit.Final[int] is not None
    told = (jit.is_scripting(), jit.is_tracing(), compiler.is_compiling(), compiler.is_exporting())
    assert told == (False, False, False, False)


def test_what_cannot_be_offered_says_so() -> None:
    for call, message in (
        (lambda: autograd.compile(3), "compile: 3 is no function"),
        (lambda: jit.load("x.pt"), "jit.load: programs in files are not executed"),
        (lambda: jit.save(double, "x.pt"), "save the weights"),
        (lambda: distributed.init_process_group("gloo"), "trains in one process"),
        (distributed.get_rank, "distributed.get_rank"),
        (distributed.get_world_size, "distributed.get_world_size"),
        (lambda: autograd.set_float32_matmul_precision("low"), "'low' is none of"),
        (lambda: autograd.set_default_tensor_type("torch.IntTensor"), "none of FloatTensor"),
    ):
        with pytest.raises(ArgumentError, match=message):
            call()
    assert not distributed.is_available() and not distributed.is_initialized()


def test_settings_that_change_nothing_are_accepted() -> None:
    autograd.use_deterministic_algorithms(True)
    autograd.set_float32_matmul_precision("high")
    autograd.set_num_interop_threads(2)
    assert autograd.are_deterministic_algorithms_enabled() and not autograd.set_flush_denormal(True)
    assert autograd.get_float32_matmul_precision() == "highest" and autograd.get_num_interop_threads() == 1
    with autograd.autocast("cpu"):
        assert not autograd.is_autocast_enabled() and not autograd.is_autocast_cpu_enabled()
        assert autograd.get_autocast_dtype("cpu") == autograd.float32


def test_the_old_name_of_the_default_dtype() -> None:
    try:
        autograd.set_default_tensor_type("torch.DoubleTensor")
        assert autograd.ones(1).dtype == autograd.float64
        autograd.set_default_tensor_type(autograd.FloatTensor)
        assert autograd.ones(1).dtype == autograd.float32
    finally:
        autograd.set_default_dtype(autograd.float32)


def test_orders_in_memory_change_no_number() -> None:
    x = autograd.arange(24.0).reshape(1, 2, 3, 4).transpose(1, 3)
    for order in (autograd.channels_last, autograd.preserve_format, autograd.contiguous_format):
        for y in (
            x.contiguous(memory_format=order),
            x.to(memory_format=order),
            x.clone(memory_format=order),
            autograd.clone(x, memory_format=order),
        ):
            np.testing.assert_array_equal(y.numpy(), x.numpy())
        assert autograd.zeros_like(x, memory_format=order).shape == autograd.randn_like(x, memory_format=order).shape


def test_methods_in_place_are_functions_too() -> None:
    x = autograd.tensor([-1.0, 4.0])
    assert autograd.relu_(x) is x and autograd.sqrt_(x) is x and x.tolist() == [0.0, 2.0]
    with pytest.raises(AttributeError, match="no attribute 'nowhere_'"):
        _ = autograd.nowhere_
    autograd._assert(True, "fine")
    with pytest.raises(AssertionError, match="not so"):
        autograd._assert(False, "not so")
    assert autograd.typename(x) == "torch.FloatTensor" and autograd.typename(3) == "int"


def test_sizes_count_their_numbers() -> None:
    x = autograd.ones(2, 3)
    assert x.size() == (2, 3) == autograd.Size([2, 3]) and x.size().numel() == 6 and x.size(1) == 3
    assert isinstance(x.shape, autograd.Size) and not isinstance([2, 3], autograd.Size)


def test_what_would_be_sparse_holds_its_zeros(torch: ModuleType) -> None:
    def run(library: Any) -> list[Any]:
        values = library.tensor([1.0, 2.0, 3.0], requires_grad=True)
        places = library.tensor([[0, 1, 0], [2, 0, 2]])
        x = library.sparse_coo_tensor(places, values, (2, 3), check_invariants=True).coalesce()
        y = library.spmm(x, library.ones(3, 1)) + library.sparse.mm(library.eye(2).to_sparse(), x.to_dense())
        y.sum().backward()
        least = library.sparse_coo_tensor(places, library.ones(3), dtype=library.float64, check_invariants=True)
        return [x.to_dense().tolist(), y.tolist(), values.grad.tolist(), least.to_dense().tolist()]

    assert run(autograd) == run(torch)
    assert not autograd.ones(2).to_sparse().is_sparse
    assert autograd.sparse.FloatTensor([[1]], [2], (2,)).tolist() == [0.0, 2.0]
    with pytest.raises(ArgumentError, match="does not have the dimensions"):
        autograd.sparse_coo_tensor([[0], [1]], [1.0], (2,))
    with pytest.raises(ShapeError, match=r"indices \(1,\) must be \(D, N\)"):
        autograd.sparse_coo_tensor([0], [1.0], (2,))
    with pytest.raises(ArgumentError, match=r"use autograd\.softmax"):
        autograd.sparse.softmax(autograd.eye(2), 1)


def test_old_ways_to_make_tensors() -> None:
    x = autograd.ones(2, dtype=autograd.float64)
    assert x.new(2, 3).shape == (2, 3) and x.new((3, 1)).shape == (3, 1) and x.new().shape == (0,)
    assert x.new([1, 2]).tolist() == [1.0, 2.0] and x.new([1]).dtype == autograd.float64
    for drawn in (autograd.randint(3, size=(4,)), autograd.randint(high=3, size=(4,)), autograd.randint(3, (4,))):
        assert drawn.shape == (4,) and 0 <= int(drawn.min()) <= int(drawn.max()) < 3
    with pytest.raises(ArgumentError, match="randint: give the bounds and a shape"):
        autograd.randint(3)
    assert not autograd.xpu.is_available() and not autograd.mps.is_available()
