"""The one device, what is answered about others, mixed precision, and settings."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest

import autograd
import nn
import optim
from autograd.errors import ArgumentError, DtypeError, GraphError, ShapeError


def test_the_device() -> None:
    cpu = autograd.device("cpu")
    assert cpu == autograd.device(cpu) == "cpu" and cpu != "cuda" and cpu.type == "cpu" and cpu.index is None
    assert str(cpu) == "cpu" and repr(cpu) == "device(type='cpu')" and {cpu: 1}["cpu"] == 1
    first = autograd.device("cpu", 0)
    assert first == autograd.device("cpu:0") != cpu and repr(first) == "device(type='cpu', index=0)"
    for place in (cpu, first):
        assert pickle.loads(pickle.dumps(place)) == copy.deepcopy(place) == place
    with cpu:
        assert autograd.ones(1).device == cpu
    autograd.set_default_device("cpu")
    assert autograd.get_default_device() == cpu and autograd.Generator("cpu").device == cpu


@pytest.mark.parametrize("place", ["cpu", "cpu:0", autograd.device("cpu"), autograd.device("cpu:0")])
def test_everything_takes_the_device(place: Any) -> None:
    x = autograd.ones(2)
    assert x.to(place) is x and x.to(device=place) is x and x.to(place, autograd.float64).dtype == autograd.float64
    layer = nn.Linear(2, 1)
    assert layer.to(place) is layer and layer.to(device=place, non_blocking=True) is layer
    made = [
        autograd.tensor([1], device=place),
        autograd.zeros(1, device=place),
        autograd.randn(1, device=place),
        autograd.arange(3, device=place),
        autograd.as_tensor([1], device=place),
        x.new_zeros(1, device=place),
    ]
    assert all(tensor.device == "cpu" for tensor in made)


@pytest.mark.parametrize(
    "act",
    [
        lambda: autograd.device("cuda"),
        lambda: autograd.device("cpu", 1),
        lambda: autograd.device("nowhere"),
        lambda: autograd.ones(1).to("cuda:0"),
        lambda: autograd.ones(1, device="mps"),
        lambda: autograd.ones(1).cuda(),
        lambda: nn.Linear(1, 1).to("cuda"),
        lambda: nn.Linear(1, 1).cuda(),
        lambda: autograd.set_default_device("cuda"),
        lambda: autograd.load("x", map_location="cuda"),
        lambda: autograd.Generator("cuda"),
        autograd.cuda.synchronize,
        autograd.cuda.current_device,
    ],
)
def test_other_devices_are_refused(act: Callable[[], Any]) -> None:
    with pytest.raises(ArgumentError, match=r"is not there|no graphics card"):
        act()


def test_what_there_is_not() -> None:
    assert not autograd.cuda.is_available() and autograd.cuda.device_count() == 0
    assert not autograd.backends.mps.is_available() and not autograd.backends.cudnn.is_available()
    assert not autograd.accelerator.is_available() and autograd.accelerator.current_accelerator() is None
    assert autograd.accelerator.device_count() == 0 and not autograd.cuda.is_initialized()
    autograd.backends.cudnn.benchmark = True
    autograd.cuda.manual_seed_all(0)
    autograd.cuda.empty_cache()
    x = autograd.ones(2)
    assert x.is_cpu and not x.is_cuda and not x.is_sparse and x.get_device() == -1


# --- mixed precision


def test_a_loop_with_autocast_and_a_scaler_is_the_plain_one() -> None:
    def train(mixed: bool) -> list[Any]:
        autograd.manual_seed(0)
        model = nn.Linear(3, 2)
        optimizer = optim.Adam(model.parameters(), lr=0.1)
        scaler = autograd.amp.GradScaler("cuda", enabled=True)
        for _ in range(3):
            optimizer.zero_grad()
            if mixed:
                with autograd.autocast(device_type="cuda", dtype=autograd.float16):
                    loss = model(autograd.ones(3)).square().sum()
                scaler.scale(loss).backward()
                scaler.unscale_(optimizer)
                scaler.step(optimizer)
                scaler.update()
            else:
                model(autograd.ones(3)).square().sum().backward()
                optimizer.step()
        assert scaler.get_scale() == 1.0 and not scaler.is_enabled() and scaler.state_dict() == {}
        scaler.load_state_dict({"scale": 65536.0})
        return model.weight.tolist()

    assert train(True) == train(False)


def test_autocast_in_its_forms() -> None:
    @autograd.autocast("cpu")
    def double(x: Any) -> Any:
        """Twice."""
        return x * 2

    assert double(3) == 6 and double.__doc__ == "Twice."
    with (
        autograd.cuda.amp.autocast(),
        autograd.amp.autocast("cpu", autograd.bfloat16),
        autograd.cuda.amp.autocast(False),
    ):
        assert double(autograd.ones(1)).dtype == autograd.float32
    with pytest.raises(ArgumentError, match="'gpu' is no device"):
        autograd.autocast("gpu")

    class Double(autograd.Function):
        @staticmethod
        @autograd.amp.custom_fwd(device_type="cuda")
        def forward(ctx: Any, x: Any) -> Any:
            return x * 2

        @staticmethod
        @autograd.amp.custom_bwd
        def backward(ctx: Any, g: Any) -> Any:
            return g * 2

    x = autograd.ones(1, requires_grad=True)
    Double.apply(x).backward()
    assert x.grad.item() == 2


def test_a_model_of_float16_computes_sums_in_float32() -> None:
    layer = nn.Linear(4096, 1, bias=False).half()
    layer.weight.data.fill_(1.0)
    x = autograd.full((1, 4096), 0.5).half().requires_grad_()
    out = layer(x)
    assert out.dtype == autograd.float16 and out.item() == 2048  # a running sum in float16 would stop at 1024
    out.backward()
    assert x.grad.dtype == layer.weight.grad.dtype == autograd.float16


# --- settings


def test_print_options(torch: Any) -> None:
    ours, theirs = autograd.tensor([[1 / 3, 2e-3], [1e4, 0.5]]), torch.tensor([[1 / 3, 2e-3], [1e4, 0.5]])
    wide, other = autograd.arange(40.0) / 7, torch.arange(40.0) / 7
    try:
        for options in (
            {"precision": 2},
            {"profile": "short"},
            {"profile": "full"},
            {"threshold": 10, "edgeitems": 2},
            {"linewidth": 40},
            {"sci_mode": True},
            {"sci_mode": False, "precision": 6},
            {"profile": "default"},
        ):
            autograd.set_printoptions(**options)
            torch.set_printoptions(**options)
            assert repr(ours) == repr(theirs) and repr(wide) == repr(other)
    finally:
        autograd.set_printoptions(profile="default")
        torch.set_printoptions(profile="default")
    for wrong in ({"precision": -1}, {"profile": "long"}, {"edgeitems": 0}, {"linewidth": "80"}):
        with pytest.raises(ArgumentError, match="set_printoptions"):
            autograd.set_printoptions(**wrong)


def test_threads() -> None:
    before = autograd.get_num_threads()
    try:
        autograd.set_num_threads(1)
        assert autograd.get_num_threads() == 1
        autograd.set_num_threads(10_000)
        assert autograd.get_num_threads() >= before
    finally:
        autograd.set_num_threads(before)
    with pytest.raises(ArgumentError, match="num is 0"):
        autograd.set_num_threads(0)


def test_inference_mode(torch: Any) -> None:
    for of in (autograd, torch):
        seen = []

        @of.inference_mode()
        def decorated(seen: list[bool] = seen, of: Any = of) -> None:
            seen.append(of.is_grad_enabled())

        @of.inference_mode
        def bare(seen: list[bool] = seen, of: Any = of) -> None:
            seen.append(of.is_grad_enabled())

        decorated()
        bare()
        with of.inference_mode():
            seen.append(of.is_grad_enabled())
            with of.inference_mode(False):
                seen.append(of.is_grad_enabled())
        with of.inference_mode(mode=False):
            seen.append(of.is_grad_enabled())
        seen.append(of.is_grad_enabled())
        assert seen == [False, False, False, True, True, True]


# --- older names


def test_the_class_makes_what_pytorchs_makes(torch: Any) -> None:
    import numpy as np

    for arguments in ([2, 3], [0], [], [[1, 2]], [[[1.5], [2.0]]], [np.arange(3)], [np.ones(2)], [(2, 3)]):
        ours, theirs = autograd.Tensor(*arguments), torch.Tensor(*arguments)
        assert ours.shape == theirs.shape and ours.dtype == autograd.float32
        if theirs.numel() and not isinstance(arguments[0], int):
            assert ours.tolist() == theirs.tolist()
    assert autograd.Tensor([1.0], autograd.float64).dtype == autograd.float64
    assert autograd.Tensor([1.0], dtype=autograd.float64, requires_grad=True).requires_grad
    with pytest.raises((ArgumentError, ShapeError)):
        autograd.Tensor(-1)


@pytest.mark.parametrize("name", ["Float", "Double", "Half", "Long", "Int", "Short", "Char", "Byte", "Bool"])
def test_typed_constructors(torch: Any, name: str) -> None:
    ours, theirs = getattr(autograd, name + "Tensor")([1, 0]), getattr(torch, name + "Tensor")([1, 0])
    assert str(ours.dtype) == str(theirs.dtype).removeprefix("torch.") and ours.tolist() == theirs.tolist()
    assert getattr(autograd, name + "Tensor")(2, 3).shape == (2, 3)


def test_limits_of_dtypes(torch: Any) -> None:
    for name in ("float16", "float32", "float64"):
        ours, theirs = autograd.finfo(getattr(autograd, name)), torch.finfo(getattr(torch, name))
        for what in ("eps", "max", "min", "tiny", "smallest_normal", "bits"):
            assert float(getattr(ours, what)) == float(getattr(theirs, what))
    assert autograd.finfo().eps == autograd.finfo(autograd.float32).eps
    for name in ("int8", "int16", "int32", "int64", "uint8"):
        ours, theirs = autograd.iinfo(getattr(autograd, name)), torch.iinfo(getattr(torch, name))
        assert (ours.min, ours.max, ours.bits) == (theirs.min, theirs.max, theirs.bits)
    for wrong in (lambda: autograd.finfo(autograd.int8), lambda: autograd.iinfo(autograd.float32)):
        with pytest.raises(DtypeError):
            wrong()


def test_detaching_and_sharing() -> None:
    import numpy as np

    x = autograd.ones(2, requires_grad=True)
    y = x * 2
    assert y.grad_fn is y.node is not None and x.grad_fn is None
    assert y.detach_() is y and y.is_leaf and not y.requires_grad and y.grad_fn is None
    (y * x).sum().backward()
    assert x.grad.tolist() == [2.0, 2.0]
    with pytest.raises(GraphError, match="view"):
        (x * 2).view(2, 1).detach_()
    array = np.ones(2)
    shared = autograd.asarray(array)
    copied = autograd.asarray(array, copy=True)
    array[0] = 5
    assert shared.tolist() == [5.0, 1.0] and copied.tolist() == [1.0, 1.0]
    assert autograd.asarray([1.0], requires_grad=True).requires_grad
    with pytest.raises(ArgumentError, match="copy is False"):
        autograd.asarray([1.0], copy=False)
    assert autograd.is_nonzero(autograd.ones(1)) and not autograd.zeros(1).is_nonzero()
    assert autograd.vmap is autograd.func.vmap
    with pytest.raises(DtypeError, match="bfloat16"):
        autograd.ones(1, dtype=autograd.bfloat16)


def test_arguments_by_the_names_that_scripts_use() -> None:
    for make in (autograd.zeros, autograd.ones, autograd.empty, autograd.rand, autograd.randn):
        assert make(size=(2, 3)).shape == make(2, 3).shape == make((2, 3)).shape == (2, 3)
    assert autograd.full(size=(2,), fill_value=1.0).tolist() == [1.0, 1.0]
    x = autograd.ones(2, requires_grad=True)
    array = x.numpy(force=True)
    assert array.tolist() == [1.0, 1.0]
    for target in (autograd.LongTensor, "torch.LongTensor", autograd.int64, "int64"):
        assert x.detach().type(target).dtype == autograd.int64
    assert x.contiguous(memory_format=autograd.contiguous_format) is x
    assert x.contiguous(memory_format=autograd.channels_last) is x
    with autograd.random.fork_rng():
        inside = autograd.rand(3)
    assert (inside == autograd.rand(3)).all()
    assert autograd.tensor([0.0, 1.0]).multinomial(2, replacement=True).tolist() == [1, 1]
    assert autograd.tensor([0.0, 1.0]).bernoulli().tolist() == [0.0, 1.0]
