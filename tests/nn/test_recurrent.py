"""Recurrent networks and cells against PyTorch's, with packed sequences."""

from __future__ import annotations

import copy
import pickle
import warnings
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import autograd
import nn
from autograd.errors import ArgumentError, DtypeError, ShapeError

Alike = Callable[..., None]
SETTINGS: list[dict[str, Any]] = [
    {},
    {"bias": False},
    {"num_layers": 2, "bidirectional": True},
    {"batch_first": True, "num_layers": 2, "bias": False},
    {"bidirectional": True, "batch_first": True},
    {"num_layers": 3, "dropout": 0.0},
]
KINDS: list[tuple[str, dict[str, Any]]] = [
    ("RNN", {}),
    ("RNN", {"nonlinearity": "relu"}),
    ("GRU", {}),
    ("LSTM", {}),
    ("LSTM", {"proj_size": 2}),
]


def _states(rng: np.random.Generator, name: str, settings: dict[str, Any], *batch: int) -> Any:
    runs = settings.get("num_layers", 1) * (2 if settings.get("bidirectional") else 1)
    h = rng.normal(size=(runs, *batch, settings.get("proj_size", 4)))
    return (h, rng.normal(size=(runs, *batch, 4))) if name == "LSTM" else h


@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize(("name", "kind"), KINDS)
def test_networks(
    torch: ModuleType,
    alike: Alike,
    rng: np.random.Generator,
    name: str,
    kind: dict[str, Any],
    settings: dict[str, Any],
) -> None:
    settings = {**kind, **settings}
    ours, theirs = getattr(nn, name)(3, 4, **settings), getattr(torch.nn, name)(3, 4, **settings)
    alike(ours, theirs, rng.normal(size=(5, 2, 3)))
    batch = 5 if settings.get("batch_first") else 2
    alike(ours, theirs, rng.normal(size=(5, 2, 3)), _states(rng, name, settings, batch))
    alike(ours, theirs, rng.normal(size=(5, 3)))
    alike(ours, theirs, rng.normal(size=(1, 3)), _states(rng, name, settings))


class Packing:
    """A network between packing and padding, in either library."""

    def __init__(self, library: Any, network: Any, lengths: list[int], enforce_sorted: bool) -> None:
        self.rnn, self.network, self.lengths, self.sorted = library.utils.rnn, network, lengths, enforce_sorted

    def __call__(self, x: Any, *hx: Any) -> Any:
        packed = self.rnn.pack_padded_sequence(x, self.lengths, self.network.batch_first, self.sorted)
        out, last = self.network(packed, *hx)
        padded, lengths = self.rnn.pad_packed_sequence(out, self.network.batch_first, -1.0, 6)
        return padded, last, lengths

    def __getattr__(self, name: str) -> Any:
        return getattr(self.network, name)

    def __repr__(self) -> str:
        return repr(self.network)


@pytest.mark.parametrize("settings", [SETTINGS[0], SETTINGS[2], SETTINGS[4]])
@pytest.mark.parametrize(("name", "kind"), KINDS)
@pytest.mark.parametrize("lengths", [[5, 3, 3, 1], [2, 5, 1, 3], [4, 4, 4, 4]])
def test_packed_sequences(
    torch: ModuleType,
    alike: Alike,
    rng: np.random.Generator,
    name: str,
    kind: dict[str, Any],
    settings: dict[str, Any],
    lengths: list[int],
) -> None:
    settings = {**kind, **settings}
    in_order = lengths == sorted(lengths, reverse=True)
    ours = Packing(nn, getattr(nn, name)(3, 4, **settings), lengths, in_order)
    theirs = Packing(torch.nn, getattr(torch.nn, name)(3, 4, **settings), lengths, in_order)
    shape = (4, 5, 3) if settings.get("batch_first") else (5, 4, 3)
    alike(ours, theirs, rng.normal(size=shape))
    alike(ours, theirs, rng.normal(size=shape), _states(rng, name, settings, 4))


CELLS: list[tuple[str, dict[str, Any]]] = [
    ("RNNCell", {}),
    ("RNNCell", {"nonlinearity": "relu", "bias": False}),
    ("GRUCell", {}),
    ("GRUCell", {"bias": False}),
    ("LSTMCell", {}),
    ("LSTMCell", {"bias": False}),
]


@pytest.mark.parametrize(("name", "settings"), CELLS)
def test_cells(torch: ModuleType, alike: Alike, rng: np.random.Generator, name: str, settings: dict[str, Any]) -> None:
    ours, theirs = getattr(nn, name)(3, 4, **settings), getattr(torch.nn, name)(3, 4, **settings)
    for batch in ((2,), ()):
        state: Any = rng.normal(size=(*batch, 4))
        if name == "LSTMCell":
            state = (state, rng.normal(size=(*batch, 4)))
        alike(ours, theirs, rng.normal(size=(*batch, 3)))
        alike(ours, theirs, rng.normal(size=(*batch, 3)), state)


def test_a_cell_repeated_is_the_network(rng: np.random.Generator) -> None:
    network, cell = nn.LSTM(3, 4, dtype=autograd.float64), nn.LSTMCell(3, 4, dtype=autograd.float64)
    cell.load_state_dict({name.removesuffix("_l0"): value for name, value in network.state_dict().items()})
    x = autograd.tensor(rng.normal(size=(6, 2, 3)))
    out, (h, c) = network(x)
    state = None
    for t in range(6):
        state = cell(x[t], state)
        np.testing.assert_allclose(state[0].detach().numpy(), out[t].detach().numpy(), rtol=1e-12)
    np.testing.assert_allclose(state[1].detach().numpy(), c[0].detach().numpy(), rtol=1e-12)
    assert (h[0] == out[-1]).all()


def test_second_order(rng: np.random.Generator) -> None:
    from autograd.testing import gradgradcheck

    network = nn.GRU(2, 2, dtype=autograd.float64)
    gradgradcheck(lambda x: network(x)[0], (autograd.tensor(rng.normal(size=(3, 1, 2)), requires_grad=True),))


@pytest.mark.parametrize("name", ["RNN", "GRU", "LSTM", "RNNCell", "GRUCell", "LSTMCell"])
def test_initial_distribution_is_pytorchs(torch: ModuleType, name: str) -> None:
    """All parameters uniform within 1 / sqrt(hidden_size)."""
    bound = 64**-0.5
    for module in (getattr(nn, name)(50, 64), getattr(torch.nn, name)(50, 64)):
        for parameter in module.parameters():
            values = parameter.detach().numpy()
            assert 0.9 * bound < np.abs(values).max() <= bound
            if values.size > 1000:
                assert abs(values.var() / (bound**2 / 3) - 1) < 5 * np.sqrt(0.8 / values.size)


def test_dropout_between_layers_in_training_alone() -> None:
    network = nn.LSTM(3, 8, 2, dropout=0.5)
    x = autograd.randn(4, 2, 3)
    assert not (network(x)[0] == network(x)[0]).all()
    assert (network(x)[1][0][0] == network(x)[1][0][0]).all()  # the first layer is before it
    network.eval()
    assert (network(x)[0] == network(x)[0]).all()
    everything = nn.LSTM(3, 8, 2, dropout=1.0, bias=False)
    assert (everything(x)[0] == 0).all()


def test_dropout_of_one_layer_is_warned_of() -> None:
    with pytest.warns(UserWarning, match="works between layers"):
        nn.GRU(2, 2, dropout=0.5)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        nn.GRU(2, 2, 2, dropout=0.5)


def test_copies_and_dtypes(rng: np.random.Generator) -> None:
    network = nn.LSTM(3, 4, 2, bidirectional=True)
    x = autograd.tensor(rng.normal(size=(5, 2, 3)).astype(np.float32))
    for other in (copy.deepcopy(network), pickle.loads(pickle.dumps(network))):
        assert (other(x)[0] == network(x)[0]).all()
    assert network(x)[0].dtype == np.float32
    half = network.half()(x.half())[0]
    assert half.dtype == np.float16 and np.isfinite(half.detach().numpy()).all()
    assert [len(weights) for weights in network.all_weights] == [4] * 4
    network.flatten_parameters()


def test_positional_arguments_are_pytorchs(torch: ModuleType) -> None:
    for library in (nn, torch.nn):
        assert library.RNN(2, 3, 1, "relu", False, True).batch_first
        assert library.LSTM(2, 3, 2, True, True, 0.5, True, 1).proj_size == 1
        assert library.GRU(2, 3, 2, False, True, 0.5, True).bidirectional
        assert library.RNNCell(2, 3, True, "relu").nonlinearity == "relu"
        assert not library.GRUCell(2, 3, False).bias


def test_learning() -> None:
    """A GRU learns to tell whether the first of eight numbers was positive."""
    import optim

    autograd.manual_seed(0)
    network, head = nn.GRU(1, 8), nn.Linear(8, 1)
    optimizer = optim.Adam([*network.parameters(), *head.parameters()], lr=0.03)
    x = autograd.randn(8, 64, 1)
    right = (x[0] > 0).float()
    losses = []
    for _ in range(80):
        optimizer.zero_grad()
        loss = nn.BCEWithLogitsLoss()(head(network(x)[1][0]), right)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.1 < 0.6 < losses[0]


# --- sequences of several lengths


@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("features", [(), (2,), (2, 3)])
def test_padding_and_packing(
    torch: ModuleType, rng: np.random.Generator, batch_first: bool, features: tuple[int, ...]
) -> None:
    given = [rng.normal(size=(length, *features)) for length in (2, 4, 1)]

    def run(library: Any, tensor: Callable[..., Any]) -> list[Any]:
        rnn = library.utils.rnn
        leaves = [tensor(x, requires_grad=True) for x in given]
        packed = rnn.pack_sequence(leaves, enforce_sorted=False)
        again, lengths = rnn.pad_packed_sequence(packed, batch_first, 7.0, 5)
        padded = rnn.pad_sequence(leaves, batch_first, -2.0)
        left = rnn.pad_sequence(leaves, batch_first, -2.0, "left")
        # PyTorch transposes in place what it unpads; the sum keeps `padded`.
        parts = rnn.unpack_sequence(packed) + list(rnn.unpad_sequence(padded + 0, lengths, batch_first))
        repacked = rnn.pack_padded_sequence(padded, lengths, batch_first, enforce_sorted=False)
        out = [*packed, again, lengths, padded, left, *parts, *repacked]
        sum((x * x * (k + 1)).sum() for k, x in enumerate(out) if x.requires_grad).backward()
        return [x.detach().numpy() for x in out] + [x.grad.numpy() for x in leaves]

    for a, b in zip(run(nn, autograd.tensor), run(torch.nn, torch.tensor), strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_allclose(a, b, rtol=1e-12)


def test_packed_sequences_convert() -> None:
    packed = nn.utils.rnn.pack_sequence([autograd.ones(3, 2), autograd.ones(1, 2)])
    assert packed.double().data.dtype == np.float64 and packed.double().float().data.dtype == np.float32
    assert packed.half().data.dtype == np.float16 and packed.cpu() is packed and not packed.is_cuda
    again = nn.utils.rnn.PackedSequence(packed.data, [2, 1, 1], autograd.tensor([1, 0]))
    assert again.unsorted_indices.tolist() == [1, 0] and again.batch_sizes.tolist() == packed.batch_sizes.tolist()
    assert nn.utils.rnn.invert_permutation(None) is None


X = np.zeros((3, 2, 4), dtype=np.float32)
rnn = nn.utils.rnn


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda x: nn.LSTM(0, 3), ArgumentError, "LSTM: input_size is 0"),
        (lambda x: nn.LSTM(2, 3, proj_size=3), ArgumentError, "proj_size is 3"),
        (lambda x: nn.GRU(2, 3, 2, dropout=1.5), ArgumentError, "GRU: dropout is 1.5"),
        (lambda x: nn.RNN(2, 3, nonlinearity="sin"), ArgumentError, "nonlinearity is 'sin'"),
        (lambda x: nn.RNNBase("SRU", 2, 3), ArgumentError, "mode is 'SRU'"),
        (lambda x: nn.LSTM(5, 3)(x), ShapeError, "has 4 features, but input_size is 5"),
        (lambda x: nn.LSTM(4, 3)(x[0, 0]), ShapeError, "three dimensions"),
        (lambda x: nn.LSTM(4, 3)(x, x), ArgumentError, r"pair \(h_0, c_0\)"),
        (lambda x: nn.GRU(4, 3)(x, x), ShapeError, r"h_0 \(3, 2, 4\) must be \(1, 2, 3\)"),
        (lambda x: nn.GRU(4, 3)(x[:0]), ShapeError, "no step"),
        (lambda x: nn.GRU(4, 3)([1.0]), DtypeError, "list"),
        (lambda x: nn.LSTMCell(4, 3)(x), ShapeError, r"LSTMCell: x \(3, 2, 4\)"),
        (lambda x: nn.GRUCell(4, 3)(x[0], x[0]), ShapeError, r"a state \(2, 4\) must be \(2, 3\)"),
        (lambda x: nn.LSTMCell(4, 3)(x[0], x[0, 0, 0]), ArgumentError, "pair"),
        (lambda x: rnn.pack_padded_sequence(x, [1, 3]), ArgumentError, "not sorted"),
        (lambda x: rnn.pack_padded_sequence(x, [4, 3]), ArgumentError, "from 1 to 3"),
        (lambda x: rnn.pack_padded_sequence(x, [3, 0]), ArgumentError, "from 1 to 3"),
        (lambda x: rnn.pack_padded_sequence(x, [3, 3, 1]), ShapeError, "3 lengths for a batch of 2"),
        (lambda x: rnn.pack_padded_sequence(x, [3.0, 1.0]), DtypeError, "whole numbers"),
        (lambda x: rnn.pad_packed_sequence(x), DtypeError, "PackedSequence"),
        (lambda x: rnn.pad_packed_sequence(rnn.pack_sequence([x]), total_length=2), ArgumentError, "total_length is 2"),
        (lambda x: rnn.pad_sequence([]), ArgumentError, "no sequences"),
        (lambda x: rnn.pad_sequence([x, x[0]]), ShapeError, "differ in length alone"),
        (lambda x: rnn.pad_sequence([x], padding_side="top"), ArgumentError, "padding_side is 'top'"),
        (lambda x: rnn.PackedSequence(x), ArgumentError, "batch_sizes is None"),
        (lambda x: autograd.gru(x[0], x, [], True, 1, 0.0, False, False, batch_sizes=[1, 2]), ArgumentError, "params"),
    ],
)
def test_mistakes_get_an_error(call: Callable[[Any], Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        call(autograd.tensor(X))
