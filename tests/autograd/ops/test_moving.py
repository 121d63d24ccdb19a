"""What moves numbers: which results share memory, what PyTorch does at the edges, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd
import nn.functional as F
from autograd import errors

VIEWS: dict[str, Callable[[Any], Any]] = {
    "view": lambda x: x.view(4, 3),
    "unflatten": lambda x: x.unflatten(1, (2, 2)),
    "ravel": lambda x: x.ravel(),
    "t": lambda x: x.t(),
    "mT": lambda x: x.mT,
    "mH": lambda x: x.mH,
    "H": lambda x: x.H,
    "swapaxes": lambda x: x.swapaxes(0, 1),
    "moveaxis": lambda x: x.moveaxis(0, 1),
    "squeeze": lambda x: x[None].squeeze(0),
    "unsqueeze": lambda x: x.unsqueeze(1),
    "narrow": lambda x: x.narrow(1, 1, 2),
    "select": lambda x: x.select(0, 1),
    "unbind": lambda x: x.unbind(1)[2],
    "split": lambda x: x.split(2)[1],
    "chunk": lambda x: x.chunk(2, 1)[0],
    "tensor_split": lambda x: x.tensor_split([1], 1)[1],
    "hsplit": lambda x: x.hsplit(2)[1],
    "diagonal": lambda x: x.diagonal(1),
    "as_strided": lambda x: x.as_strided((2, 2), (5, 1), 1),
    "unfold": lambda x: x.unfold(1, 2, 2),
}
COPIES: dict[str, Callable[[Any], Any]] = {
    "repeat of once": lambda x: x.repeat(1, 1),
    "tile of once": lambda x: x.tile(1),
    "flip of nothing": lambda x: x.flip(()),
    "rot90 of no turn": lambda x: x.rot90(0),
    "cat of one": lambda x: autograd.cat([x]),
    "diag of a matrix": lambda x: autograd.diag(x),
    "view_copy": lambda x: autograd.view_copy(x, (4, 3)),
    "unfold_copy": lambda x: autograd.unfold_copy(x, 0, 2, 1),
    "split_with_sizes_copy": lambda x: autograd.split_with_sizes_copy(x, [1, 2])[0],
    "alias_copy": lambda x: autograd.alias_copy(x),
    "narrow_copy": lambda x: x.narrow_copy(0, 0, 3),
    "pad that crops": lambda x: autograd.pad(x, (-1, 0)),
    "circular pad that crops": lambda x: autograd.pad(x, (-1, 0), "circular"),
    "fill": lambda x: autograd.fill(x, 2),
    "select_scatter": lambda x: x.select_scatter(autograd.zeros(4), 0, 0),
}


@pytest.mark.parametrize("name", VIEWS)
def test_views_share_memory_and_are_written_through(name: str) -> None:
    whole = autograd.arange(12.0).reshape(3, 4)
    view = VIEWS[name](whole)
    assert np.shares_memory(view.numpy(), whole.numpy())
    view.fill_(-5.0)
    assert (VIEWS[name](whole).numpy() == -5).all()
    assert (whole.numpy() == -5).sum() == view.numel()


@pytest.mark.parametrize("name", VIEWS)
def test_gradients_through_a_view_changed_in_place_are_those_of_torch(torch: Any, name: str) -> None:
    found = []
    for module in (autograd, torch):
        x = module.arange(12.0).reshape(3, 4).requires_grad_()
        y = x * x
        if module is torch and name in ("unbind", "split", "chunk"):  # refused there, since these give several views
            factors = autograd.ones(3, 4)
            VIEWS[name](factors).fill_(3.0)
            y = y * torch.from_numpy(factors.numpy())
        else:
            VIEWS[name](y).mul_(3.0)
        (y * module.arange(12.0).reshape(3, 4)).sum().backward()
        found.append(x.grad.tolist())
    assert found[0] == found[1]


@pytest.mark.parametrize("name", COPIES)
def test_copies_have_memory_of_their_own(name: str) -> None:
    whole = autograd.arange(12.0).reshape(3, 4)
    assert not np.shares_memory(COPIES[name](whole).numpy(), whole.numpy())


def test_overlapping_looks_are_read_only() -> None:
    x = autograd.arange(5.0)
    for look in (x.as_strided((3, 3), (1, 1)), x.unfold(0, 3, 1), x.expand(2, 5)):
        with pytest.raises(errors.InPlaceError):
            look.add_(1.0)
    x.as_strided((2, 2), (3, 1)).add_(1.0)
    assert x.tolist() == [1.0, 2.0, 2.0, 4.0, 5.0]


def test_places_in_memory(torch: Any) -> None:
    for module in (autograd, torch):
        x = module.arange(24.0).reshape(2, 3, 4)
        for look in (x, x[1], x[:, 1:], x.permute(2, 0, 1)[1:], x[1, 2, 3]):
            assert look.storage_offset() == int(look.reshape(-1)[0])
        y = x[1]
        assert y.as_strided((2,), (3,)).tolist() == [12.0, 15.0]
        assert y.as_strided((2,), (3,), y.storage_offset() + 1).tolist() == [13.0, 16.0]
    with pytest.raises(errors.ShapeError, match="reads the numbers -12"):
        autograd.arange(24.0).reshape(2, 3, 4)[1].as_strided((2,), (1,), 0)
    with pytest.raises(errors.ShapeError, match="contiguous"):
        autograd.ones(2, 3).T.as_strided((2,), (1,))


def test_broadcast_shapes(torch: Any) -> None:
    for shapes in ([(2, 1), (3,)], [(), (1,)], [3, (2, 1)], [(0, 1), (1, 4)]):
        assert autograd.broadcast_shapes(*shapes) == tuple(torch.broadcast_shapes(*shapes))  # type: ignore[arg-type]
    with pytest.raises(errors.ShapeError, match="-1"):
        autograd.broadcast_shapes((-1, 2))


@pytest.mark.parametrize("mode", ["reflect", "replicate", "circular"])
@pytest.mark.parametrize("widths", [(2, 1), (-1, 2), (0, 0), (3, -2), (-1, -1), (1, 2, 2, 0), (1, -1, -2, 1)])
def test_padding_is_that_of_torch(torch: Any, mode: str, widths: tuple[int, ...]) -> None:
    array = np.arange(40.0).reshape(2, 1, 4, 5)
    found = []
    for module, pad in ((autograd, F.pad), (torch, torch.nn.functional.pad)):
        x = module.tensor(array, requires_grad=True)
        y = pad(x if len(widths) == 4 else x[:, 0], widths, mode)
        (y * y).sum().backward()
        found.append((y.tolist(), x.grad.tolist()))
    assert found[0] == found[1]


@pytest.mark.parametrize("dtype", ["float16", "int8", "bool"])
def test_padding_keeps_dtypes(dtype: str) -> None:
    x = autograd.ones(1, 2, 3, dtype=dtype)
    for mode in ("constant", "reflect", "replicate", "circular"):
        assert autograd.pad(x, (1, 1), mode).dtype == dtype


def test_meshgrids_and_combinations_pass_gradients() -> None:
    x, y = autograd.tensor([1.0, 2.0], requires_grad=True), autograd.tensor([3.0], requires_grad=True)
    grids = autograd.meshgrid([x, y], indexing="xy")
    (grids[0] * grids[1]).sum().backward()
    assert (x.grad.tolist(), y.grad.tolist()) == ([3.0, 3.0], [3.0])  # type: ignore[union-attr]
    x.grad = None
    autograd.combinations(x, 2, with_replacement=True).prod(1).sum().backward()
    assert x.grad.tolist() == [4.0, 5.0]  # type: ignore[union-attr]


def test_conversions_take_torchs_positional_forms(torch: Any) -> None:
    x = autograd.ones(2)
    assert x.to("cpu") is x and x.to(autograd.float32, True) is x and x.to(x, False, False) is x
    for copied in (x.to(autograd.float32, False, True), x.to("cpu", autograd.float32, copy=True), x.to(x, copy=True)):
        assert copied is not x and not np.shares_memory(copied.numpy(), x.numpy())
    assert x.to("cpu", autograd.int8).dtype == np.int8
    for name in ("bool", "byte", "char", "short", "int", "long", "half", "float", "double"):
        ours, theirs = getattr(x, name)(), getattr(torch.ones(2), name)()
        assert str(ours.dtype) == str(theirs.dtype).removeprefix("torch.")
    with pytest.raises(errors.ArgumentError, match="3 flags"):
        x.to(autograd.float32, False, True, False)
    with pytest.raises(errors.ArgumentError, match="cuda"):
        x.to("cuda")


def test_plain_questions(torch: Any) -> None:
    for dtype in ("float32", "int8", "uint8", "bool", "float16"):
        x, y = autograd.ones(2, 3, dtype=dtype), torch.ones(2, 3, dtype=getattr(torch, dtype))
        for name in ("nelement", "ndimension", "element_size", "is_signed", "is_complex", "is_floating_point"):
            assert getattr(x, name)() == getattr(y, name)()
        for name in ("numel", "is_complex", "is_floating_point"):
            assert getattr(autograd, name)(x) == getattr(torch, name)(y)
    assert x.is_same_size(x.T) is False and x.is_same_size(x + x) is True
    assert x[1].data_ptr() - x.data_ptr() == 3 * x.element_size()


def test_new_tensors_take_the_dtype() -> None:
    x = autograd.ones(2, dtype="float16")
    made = [
        x.new_zeros(2, 3),
        x.new_ones((2, 3)),
        x.new_empty(2, 3),
        x.new_full((2, 3), 7),
        x.new_tensor([[1] * 3] * 2),
    ]
    made.append(x.new_empty_strided((2, 3), (1, 2)))
    assert [(y.shape, str(y.dtype)) for y in made] == [((2, 3), "float16")] * 6
    assert x.new_zeros(2, dtype="int8", device="cpu").dtype == np.int8
    assert x.new_ones(2, requires_grad=True).requires_grad
    assert made[3].tolist() == [[7.0] * 3] * 2
    with pytest.raises(errors.ShapeError, match="negative"):
        x.new_zeros(-1)
    with pytest.raises(errors.ArgumentError, match="cuda"):
        x.new_zeros(1, device="cuda")


def test_made_with_steps() -> None:
    assert autograd.empty_strided((2, 3), (1, 2)).stride() == (1, 2)
    assert autograd.empty_permuted((2, 3, 4), (2, 0, 1)).stride() == (3, 1, 6)
    assert autograd.empty_strided((0, 3), (5, 1)).shape == (0, 3)


@pytest.mark.parametrize(
    ("action", "words"),
    [
        (lambda x: x.view(5), ["reshape", "room for 5"]),
        (lambda x: x.T.view(6), ["view", "reshape"]),
        (lambda x: autograd.reshape(x, (-1, -1)), ["reshape", "-1"]),
        (lambda x: x.unflatten(0, (3,)), ["unflatten", "(3,)", "2"]),
        (lambda x: x.permute(0, 0), ["permute", "twice"]),
        (lambda x: x[0, 0].mT, ["mT", "()"]),
        (lambda x: x[None].H, ["H", "(1, 2, 3)"]),
        (lambda x: x[None].t(), ["t:", "(1, 2, 3)"]),
        (lambda x: x.expand(-1, 2, 3), ["expand", "negative"]),
        (lambda x: x.sum_to_size(3, 3), ["sum_to_size", "(3, 3)"]),
        (lambda x: x.tile(-1), ["tile", "negative"]),
        (lambda x: x.roll((1, 2), (0,)), ["roll", "2 shifts"]),
        (lambda x: x.rot90(1, (0, 0)), ["rot90", "different"]),
        (lambda x: x.repeat_interleave(autograd.tensor([1, 2]), 1), ["repeat_interleave", "3 entries"]),
        (lambda x: x.repeat_interleave(autograd.tensor([1.0])), ["repeat_interleave", "float32"]),
        (lambda x: x.repeat_interleave(2, 0, output_size=5), ["repeat_interleave", "5", "4"]),
        (lambda x: autograd.cat(x), ["cat", "[x, y]"]),
        (lambda x: autograd.cat([x, x[0]]), ["cat", "(3,)"]),
        (lambda x: autograd.block_diag(x[None]), ["block_diag", "(1, 2, 3)"]),
        (lambda x: x.narrow(1, 2, 2), ["narrow", "2"]),
        (lambda x: x.select(1, 3), ["select", "3"]),
        (lambda x: x.split(0), ["split", "0"]),
        (lambda x: x.split([1, 2]), ["split", "3"]),
        (lambda x: x.tensor_split(autograd.tensor([0.5])), ["tensor_split", "float32"]),
        (lambda x: x.hsplit(2), ["hsplit", "not a multiple"]),
        (lambda x: x.unfold(0, 3, 1), ["unfold", "3"]),
        (lambda x: x.unfold(0, 1, 0), ["unfold", "0"]),
        (lambda x: x.diag_embed(0, 1, 1), ["diag_embed", "different"]),
        (lambda x: autograd.pad(x, (1,)), ["pad", "pair"]),
        (lambda x: autograd.pad(x, (3, 0), "reflect"), ["pad", "3"]),
        (lambda x: autograd.pad(x, (4, 0), "circular"), ["pad", "4"]),
        (lambda x: autograd.pad(x, (1, 1), "mirror"), ["pad", "'mirror'", "reflect"]),
        (lambda x: autograd.pad(x, (1, 1), "reflect", 2.0), ["pad", "2.0"]),
        (lambda x: autograd.pad(x, (1, 1, 1, 1, 1, 1), "replicate"), ["pad", "(2, 3)"]),
        (lambda x: autograd.fill(x, x), ["fill", "(2, 3)"]),
        (lambda x: x.slice_scatter(x, 0, 0, 1), ["slice_scatter", "(2, 3)", "(1, 3)"]),
        (lambda x: autograd.combinations(x), ["combinations", "(2, 3)"]),
        (lambda x: autograd.meshgrid(x[0], x[0].int()), ["meshgrid", "float32", "int32"]),
        (lambda x: autograd.signal.windows.hann(-1), ["hann", "-1"]),
        (lambda x: autograd.signal.windows.hann(3, dtype="float16"), ["hann", "float16"]),
        (lambda x: autograd.signal.windows.gaussian(3, std=0.0), ["gaussian", "0.0"]),
        (lambda x: autograd.signal.windows.kaiser(3, beta=-1), ["kaiser", "-1"]),
    ],
)
def test_refusals_name_the_operation_and_what_was_given(action: Callable[[Any], Any], words: list[str]) -> None:
    with pytest.raises(errors.ChainruleError) as caught:
        action(autograd.ones(2, 3))
    for word in words:
        assert word in str(caught.value), str(caught.value)
