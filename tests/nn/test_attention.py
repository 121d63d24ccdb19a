"""Attention and the transformer against PyTorch's."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import autograd
import nn
from autograd.errors import ArgumentError, ShapeError

Alike = Callable[..., None]
L, S, N, E, H = 3, 4, 2, 8, 2
MODULES: list[dict[str, Any]] = [
    {},
    {"bias": False},
    {"kdim": 5, "vdim": 6},
    {"kdim": 5, "bias": False, "add_bias_kv": True},
    {"add_bias_kv": True},
    {"add_zero_attn": True},
    {"add_bias_kv": True, "add_zero_attn": True, "batch_first": True},
    {"batch_first": True, "vdim": 3},
]
PADDING = np.array([[False, True, False, False], [False, False, True, True]])
SEEN = np.triu(np.ones((L, S), dtype=bool), 2)
CALLS: list[dict[str, Any]] = [
    {},
    {"need_weights": False},
    {"average_attn_weights": False},
    {"key_padding_mask": PADDING},
    {"attn_mask": SEEN},
    {"attn_mask": np.linspace(-1, 1, L * S).reshape(L, S)},
    {"attn_mask": np.linspace(-1, 1, N * H * L * S).reshape(N * H, L, S), "average_attn_weights": False},
    {"attn_mask": SEEN, "key_padding_mask": PADDING},
    {"attn_mask": SEEN, "key_padding_mask": PADDING, "need_weights": False},
]


def _random(torch: ModuleType, module: Any) -> Any:
    """Biases begin as 0, which would hide mistakes."""
    with torch.no_grad():
        for parameter in module.parameters():
            torch.nn.init.normal_(parameter)
    return module


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("settings", MODULES)
def test_multihead_attention(
    torch: ModuleType, alike: Alike, rng: np.random.Generator, settings: dict[str, Any], call: dict[str, Any]
) -> None:
    ours, theirs = nn.MultiheadAttention(E, H, **settings), torch.nn.MultiheadAttention(E, H, **settings)
    _random(torch, theirs)
    sizes = ((L, N, E), (S, N, settings.get("kdim", E)), (S, N, settings.get("vdim", E)))
    arrays = [rng.normal(size=size) for size in sizes]
    if settings.get("batch_first"):
        arrays = [x.swapaxes(0, 1).copy() for x in arrays]
    alike(ours, theirs, *arrays, **call)


@pytest.mark.parametrize("settings", [MODULES[0], MODULES[1], MODULES[2], MODULES[7]])
@pytest.mark.parametrize("need_weights", [True, False])
def test_is_causal(
    torch: ModuleType, alike: Alike, rng: np.random.Generator, settings: dict[str, Any], need_weights: bool
) -> None:
    """Without further keys: those PyTorch hides from most queries if it is told so, and shows them if it is not."""
    ours, theirs = nn.MultiheadAttention(E, H, **settings), torch.nn.MultiheadAttention(E, H, **settings)
    sizes = ((S, N, E), (S, N, settings.get("kdim", E)), (S, N, settings.get("vdim", E)))
    arrays = [rng.normal(size=size) for size in sizes]
    if settings.get("batch_first"):
        arrays = [x.swapaxes(0, 1).copy() for x in arrays]
    mask = np.triu(np.ones((S, S), dtype=bool), 1)
    alike(ours, _random(torch, theirs), *arrays, attn_mask=mask, is_causal=True, need_weights=need_weights)


@pytest.mark.parametrize("settings", [MODULES[0], MODULES[2], MODULES[6]])
@pytest.mark.parametrize("call", [{}, {"key_padding_mask": PADDING[0]}, {"attn_mask": SEEN, "need_weights": False}])
def test_attention_of_one_example(
    torch: ModuleType, alike: Alike, rng: np.random.Generator, settings: dict[str, Any], call: dict[str, Any]
) -> None:
    ours, theirs = nn.MultiheadAttention(E, H, **settings), torch.nn.MultiheadAttention(E, H, **settings)
    sizes = ((L, E), (S, settings.get("kdim", E)), (S, settings.get("vdim", E)))
    alike(ours, _random(torch, theirs), *[rng.normal(size=size) for size in sizes], **call)


def test_initial_values_are_pytorchs(torch: ModuleType) -> None:
    for library in (nn, torch.nn):
        attention = library.MultiheadAttention(64, 4, add_bias_kv=True)
        weight = attention.in_proj_weight.detach().numpy()
        bound = np.sqrt(6 / (3 * 64 + 64))
        assert 0.98 * bound < np.abs(weight).max() <= bound
        assert (attention.in_proj_bias == 0).all() and (attention.out_proj.bias == 0).all()
        assert 0.9 / 8 < np.abs(attention.out_proj.weight.detach().numpy()).max() <= 1 / 8
        assert 0.5 < attention.bias_k.detach().numpy().std() / np.sqrt(2 / 128) < 1.5
        apart = library.MultiheadAttention(64, 4, kdim=32)
        for weight, size in ((apart.k_proj_weight, 32), (apart.v_proj_weight, 64)):
            bound = np.sqrt(6 / (64 + size))
            assert 0.98 * bound < np.abs(weight.detach().numpy()).max() <= bound


def test_dropout_of_attention() -> None:
    attention = nn.MultiheadAttention(E, H, dropout=0.5)
    x = autograd.randn(6, 2, E)
    assert not (attention(x, x, x)[0] == attention(x, x, x)[0]).all()
    attention.eval()
    assert (attention(x, x, x)[0] == attention(x, x, x)[0]).all()


# --- the transformer

LAYERS: list[dict[str, Any]] = [
    {},
    {"norm_first": True},
    {"activation": "gelu", "batch_first": True},
    {"bias": False, "norm_first": True, "layer_norm_eps": 1e-2},
    {"activation": "tanh"},
    {"activation": "module"},
]


def _made(library: Any, functions: Any, name: str, settings: dict[str, Any], *sizes: int) -> Any:
    given = {"dropout": 0.0, **settings}
    if given.get("activation") == "tanh":
        given["activation"] = functions.tanh
    elif given.get("activation") == "module":
        given["activation"] = library.GELU()
    return getattr(library, name)(E, H, *sizes, dim_feedforward=5, **given)


def _pair(torch: ModuleType, name: str, settings: dict[str, Any], *sizes: int) -> tuple[Any, Any]:
    theirs = _made(torch.nn, torch, name, settings, *sizes)
    return _made(nn, autograd, name, settings, *sizes), _random(torch, theirs)


CAUSAL = np.triu(np.full((S, S), -np.inf), 1)


@pytest.mark.parametrize("settings", LAYERS)
@pytest.mark.parametrize(
    "call",
    [
        {},
        {"src_mask": CAUSAL},
        {"src_mask": CAUSAL, "is_causal": True},
        {"src_mask": np.triu(np.ones((S, S), bool), 1), "src_key_padding_mask": PADDING},
    ],
)
def test_encoder_layer(
    torch: ModuleType, alike: Alike, rng: np.random.Generator, settings: dict[str, Any], call: dict[str, Any]
) -> None:
    ours, theirs = _pair(torch, "TransformerEncoderLayer", settings)
    shape = (N, S, E) if settings.get("batch_first") else (S, N, E)
    alike(ours, theirs, rng.normal(size=shape), **call)
    if "src_key_padding_mask" not in call:
        alike(ours, theirs, rng.normal(size=(S, E)), **call)


@pytest.mark.parametrize("settings", LAYERS)
@pytest.mark.parametrize(
    "call",
    [
        {},
        {"tgt_mask": CAUSAL[:L, :L], "tgt_is_causal": True},
        {"memory_mask": SEEN, "memory_key_padding_mask": PADDING, "tgt_key_padding_mask": PADDING[:, 1:]},
    ],
)
def test_decoder_layer(
    torch: ModuleType, alike: Alike, rng: np.random.Generator, settings: dict[str, Any], call: dict[str, Any]
) -> None:
    ours, theirs = _pair(torch, "TransformerDecoderLayer", settings)
    shapes = [(N, L, E), (N, S, E)] if settings.get("batch_first") else [(L, N, E), (S, N, E)]
    alike(ours, theirs, *[rng.normal(size=shape) for shape in shapes], **call)


@pytest.mark.filterwarnings("ignore:enable_nested_tensor is True")
@pytest.mark.parametrize("norm", [False, True])
def test_stacks(torch: ModuleType, alike: Alike, rng: np.random.Generator, norm: bool) -> None:
    def make(library: Any, functions: Any, kind: str) -> Any:
        layer = _made(library, functions, f"Transformer{kind}Layer", {})
        return getattr(library, f"Transformer{kind}")(layer, 2, norm=library.LayerNorm(E) if norm else None)

    ours, theirs = make(nn, autograd, "Encoder"), _random(torch, make(torch.nn, torch, "Encoder"))
    alike(ours, theirs, rng.normal(size=(S, N, E)))
    alike(ours, theirs, rng.normal(size=(S, N, E)), mask=CAUSAL, is_causal=True)
    alike(ours, theirs, rng.normal(size=(S, N, E)), src_key_padding_mask=PADDING)
    ours, theirs = make(nn, autograd, "Decoder"), _random(torch, make(torch.nn, torch, "Decoder"))
    x, memory = rng.normal(size=(L, N, E)), rng.normal(size=(S, N, E))
    alike(ours, theirs, x, memory)
    alike(ours, theirs, x, memory, tgt_mask=CAUSAL[:L, :L], memory_key_padding_mask=PADDING)


@pytest.mark.filterwarnings("ignore:enable_nested_tensor is True")
@pytest.mark.parametrize("settings", LAYERS[:4])
def test_transformer(torch: ModuleType, alike: Alike, rng: np.random.Generator, settings: dict[str, Any]) -> None:
    ours, theirs = _pair(torch, "Transformer", settings, 2, 1)
    shapes = [(N, S, E), (N, L, E)] if settings.get("batch_first") else [(S, N, E), (L, N, E)]
    arrays = [rng.normal(size=shape) for shape in shapes]
    alike(ours, theirs, *arrays, rtol=1e-9)
    named = {"src_key_padding_mask": PADDING, "memory_key_padding_mask": PADDING, "tgt_mask": CAUSAL[:L, :L]}
    alike(ours, theirs, *arrays, rtol=1e-9, **named)
    alike(ours, theirs, rng.normal(size=(S, E)), rng.normal(size=(L, E)), rtol=1e-9)


def test_custom_parts_and_mask(torch: ModuleType) -> None:
    class Sum(nn.Module):
        def forward(self, x: Any, *memory: Any, **masks: Any) -> Any:
            return x + sum(memory)

    model = nn.Transformer(4, 2, custom_encoder=Sum(), custom_decoder=Sum())
    assert (model(autograd.ones(2, 1, 4), autograd.ones(2, 1, 4)) == 2).all()
    ours = nn.Transformer.generate_square_subsequent_mask(3, dtype=autograd.float64)
    theirs = torch.nn.Transformer.generate_square_subsequent_mask(3, dtype=torch.float64)
    assert ours.dtype == np.float64 and (ours.numpy() == theirs.numpy()).all()


def test_weights_of_the_transformer_are_xavier_uniform() -> None:
    model = nn.Transformer(32, 4, 1, 1, dim_feedforward=64)
    for name, parameter in model.named_parameters():
        if parameter.ndim > 1:
            bound = np.sqrt(6 / sum(parameter.shape))
            assert 0.9 * bound < np.abs(parameter.detach().numpy()).max() <= bound, name
    first, second = nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2), 2).layers
    assert (first.linear1.weight == second.linear1.weight).all() and first.linear1.weight is not second.linear1.weight


def test_dropout_of_the_transformer() -> None:
    layer = nn.TransformerEncoderLayer(E, H, 16)
    x = autograd.randn(4, 2, E)
    assert [m.p for m in layer.modules() if isinstance(m, nn.Dropout)] == [0.1] * 3 and layer.self_attn.dropout == 0.1
    assert not (layer(x) == layer(x)).all()
    layer.eval()
    assert (layer(x) == layer(x)).all()


X = np.zeros((3, 2, 8), dtype=np.float32)


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda x: nn.MultiheadAttention(8, 3), ArgumentError, "8 is not divisible by num_heads 3"),
        (lambda x: nn.MultiheadAttention(8, 0), ArgumentError, "num_heads is 0"),
        (lambda x: nn.MultiheadAttention(8, 2, dropout=2.0), ArgumentError, "dropout is 2.0"),
        (lambda x: nn.MultiheadAttention(8, 2)(x[0, 0], x, x), ShapeError, "three dimensions"),
        (lambda x: nn.MultiheadAttention(8, 2, kdim=5)(x, x, x), ShapeError, "kdim = 5"),
        (lambda x: nn.MultiheadAttention(8, 2)(x, x, x, is_causal=True), ArgumentError, "is_causal"),
        (lambda x: nn.TransformerEncoderLayer(8, 2, activation="sin"), ArgumentError, "activation is 'sin'"),
        (lambda x: nn.Transformer(8, 2, 1, 1)(x, x[..., :4]), ShapeError, "8 features"),
        (lambda x: nn.Transformer(8, 2, 1, 1)(x, x[:, :1]), ShapeError, "must be equal"),
    ],
)
def test_mistakes_get_an_error(call: Callable[[Any], Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        call(autograd.tensor(X))
