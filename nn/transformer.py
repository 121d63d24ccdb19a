"""The transformer: encoders and decoders of attention and of maps that treat each place alone."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import autograd
from autograd import Tensor
from autograd.errors import ArgumentError, ShapeError

from . import functional as F
from . import init
from .attention import MultiheadAttention
from .container import ModuleList
from .dropout import Dropout
from .linear import Linear, positive
from .module import Module
from .normalization import LayerNorm

__all__ = [
    "Transformer",
    "TransformerDecoder",
    "TransformerDecoderLayer",
    "TransformerEncoder",
    "TransformerEncoderLayer",
]

Activation = str | Callable[[Tensor], Tensor]


def _activation(name: str, activation: Activation) -> Callable[[Tensor], Tensor]:
    """The function of a name, or the function itself."""
    if callable(activation):
        return activation
    if activation not in ("relu", "gelu"):
        raise ArgumentError(f"{name}: activation is {activation!r}; use 'relu', 'gelu' or a function")
    return F.relu if activation == "relu" else F.gelu


def _copies(layer: Module, count: int) -> ModuleList:
    """Copies of a layer, which begin with the same numbers and are then trained each for itself."""
    return ModuleList(copy.deepcopy(layer) for _ in range(count))


class TransformerEncoderLayer(Module):
    """A layer of an encoder: attention of a sequence to itself, then a network of two layers at each place.

    `x = norm1(x + attention(x))` and `x = norm2(x + linear2(activation(linear1(x))))`, with dropout of each summand and
    before linear2. With `norm_first`, `x = x + attention(norm1(x))` and likewise below.

    Args:
        d_model: the features of the input and the output.
        nhead: the heads of the attention.
        dim_feedforward: the features between linear1 and linear2.
        dropout: the probability with which numbers are zeroed in training.
        activation: "relu", "gelu" or a function.
        layer_norm_eps: eps of the norms.
        batch_first: input and output are (N, S, d_model) instead of (S, N, d_model).
        norm_first: normalise before attention and network instead of after.
        bias: add biases to the affine maps and the norms.
        device: "cpu" or None.
        dtype: of the parameters; the default dtype, unless given.

    Raises:
        ArgumentError: a setting is something else.
        ShapeError: an input does not fit.

    Shapes:
        input and output (S, N, d_model), or (S, d_model) of one sequence.

    Example:
        >>> nn.TransformerEncoderLayer(d_model=8, nhead=2)(autograd.randn(5, 3, 8)).shape
        (5, 3, 8)

    Source: Vaswani et al. 2017, arXiv 1706.03762, section 3.1; norms first: Xiong et al. 2020, arXiv 2002.04745.
    """

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Activation = F.relu,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        made: dict[str, Any] = {"bias": bias, "device": device, "dtype": dtype}
        self.self_attn = MultiheadAttention(d_model, nhead, dropout, batch_first=batch_first, **made)
        self.linear1 = Linear(d_model, dim_feedforward, **made)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, **made)
        self.norm_first = norm_first
        self.norm1 = LayerNorm(d_model, layer_norm_eps, **made)
        self.norm2 = LayerNorm(d_model, layer_norm_eps, **made)
        self.dropout1 = Dropout(dropout)
        self.dropout2 = Dropout(dropout)
        self.activation = _activation("TransformerEncoderLayer", activation)

    def forward(
        self,
        src: Tensor,
        src_mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        is_causal: bool = False,
    ) -> Tensor:
        """The sequence after this layer.

        Args:
            src: the sequence.
            src_mask: `attn_mask` of the attention.
            src_key_padding_mask: `key_padding_mask` of the attention.
            is_causal: says that src_mask is causal.
        """

        def attend(x: Tensor) -> Tensor:
            return self.dropout1(_attended(self.self_attn, x, x, src_mask, src_key_padding_mask, is_causal))

        if self.norm_first:
            x = src + attend(self.norm1(src))
            return x + self._feed(self.norm2(x))
        x = self.norm1(src + attend(src))
        return self.norm2(x + self._feed(x))

    def _feed(self, x: Tensor) -> Tensor:
        return self.dropout2(self.linear2(self.dropout(self.activation(self.linear1(x)))))


def _attended(
    attention: MultiheadAttention, x: Tensor, memory: Tensor, mask: Any, padding: Any, is_causal: bool
) -> Tensor:
    return attention(
        x, memory, memory, key_padding_mask=padding, need_weights=False, attn_mask=mask, is_causal=is_causal
    )[0]


class TransformerDecoderLayer(Module):
    """A layer of a decoder: attention of a sequence to itself and to the encoder's output, then a network.

    Each of the three is followed by dropout, the sum with its input, and a norm; with `norm_first` the norm comes
    before, as in `TransformerEncoderLayer`.

    Args:
        d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps, batch_first, norm_first, bias, device,
            dtype: as those of `TransformerEncoderLayer`.

    Raises:
        ArgumentError: a setting is something else.
        ShapeError: an input does not fit.

    Shapes:
        tgt and output (T, N, d_model), memory (S, N, d_model).

    Example:
        >>> layer = nn.TransformerDecoderLayer(d_model=8, nhead=2)
        >>> layer(autograd.randn(4, 3, 8), autograd.randn(5, 3, 8)).shape
        (4, 3, 8)

    Source: Vaswani et al. 2017, arXiv 1706.03762, section 3.1; norms first: Xiong et al. 2020, arXiv 2002.04745.
    """

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Activation = F.relu,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        made: dict[str, Any] = {"bias": bias, "device": device, "dtype": dtype}
        self.self_attn = MultiheadAttention(d_model, nhead, dropout, batch_first=batch_first, **made)
        self.multihead_attn = MultiheadAttention(d_model, nhead, dropout, batch_first=batch_first, **made)
        self.linear1 = Linear(d_model, dim_feedforward, **made)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, **made)
        self.norm_first = norm_first
        self.norm1 = LayerNorm(d_model, layer_norm_eps, **made)
        self.norm2 = LayerNorm(d_model, layer_norm_eps, **made)
        self.norm3 = LayerNorm(d_model, layer_norm_eps, **made)
        self.dropout1 = Dropout(dropout)
        self.dropout2 = Dropout(dropout)
        self.dropout3 = Dropout(dropout)
        self.activation = _activation("TransformerDecoderLayer", activation)

    def forward(
        self,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        tgt_is_causal: bool = False,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """The sequence after this layer.

        Args:
            tgt: the sequence.
            memory: the encoder's output.
            tgt_mask, tgt_key_padding_mask, tgt_is_causal: of the attention to itself.
            memory_mask, memory_key_padding_mask, memory_is_causal: of the attention to memory.
        """

        def attend(x: Tensor) -> Tensor:
            return self.dropout1(_attended(self.self_attn, x, x, tgt_mask, tgt_key_padding_mask, tgt_is_causal))

        def look(x: Tensor) -> Tensor:
            return self.dropout2(
                _attended(self.multihead_attn, x, memory, memory_mask, memory_key_padding_mask, memory_is_causal)
            )

        if self.norm_first:
            x = tgt + attend(self.norm1(tgt))
            x = x + look(self.norm2(x))
            return x + self._feed(self.norm3(x))
        x = self.norm1(tgt + attend(tgt))
        x = self.norm2(x + look(x))
        return self.norm3(x + self._feed(x))

    def _feed(self, x: Tensor) -> Tensor:
        return self.dropout3(self.linear2(self.dropout(self.activation(self.linear1(x)))))


class TransformerEncoder(Module):
    """Layers of an encoder one after the other.

    Args:
        encoder_layer: a layer, of which copies are made; they begin with the same numbers.
        num_layers: how many.
        norm: a module for the end, or None.
        enable_nested_tensor, mask_check: accepted for PyTorch's sake; they choose between ways of computing the same.

    Shapes:
        as those of the layer.

    Example:
        >>> encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2), num_layers=2)
        >>> encoder(autograd.randn(5, 3, 8)).shape
        (5, 3, 8)

    Source: Vaswani et al. 2017, arXiv 1706.03762, section 3.1.
    """

    def __init__(
        self,
        encoder_layer: Module,
        num_layers: int,
        norm: Module | None = None,
        enable_nested_tensor: bool = True,
        mask_check: bool = True,
    ) -> None:
        super().__init__()
        self.layers = _copies(encoder_layer, num_layers)
        self.num_layers = num_layers
        self.norm = norm
        self.enable_nested_tensor = enable_nested_tensor
        self.mask_check = mask_check

    def forward(
        self,
        src: Tensor,
        mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        is_causal: bool | None = None,
    ) -> Tensor:
        """The sequence after all layers; masks as those of the layer."""
        x = src
        for layer in self.layers:
            x = layer(x, src_mask=mask, src_key_padding_mask=src_key_padding_mask, is_causal=bool(is_causal))
        return x if self.norm is None else self.norm(x)


class TransformerDecoder(Module):
    """Layers of a decoder one after the other.

    Args:
        decoder_layer: a layer, of which copies are made; they begin with the same numbers.
        num_layers: how many.
        norm: a module for the end, or None.

    Shapes:
        as those of the layer.

    Example:
        >>> decoder = nn.TransformerDecoder(nn.TransformerDecoderLayer(8, 2), num_layers=2)
        >>> decoder(autograd.randn(4, 3, 8), autograd.randn(5, 3, 8)).shape
        (4, 3, 8)

    Source: Vaswani et al. 2017, arXiv 1706.03762, section 3.1.
    """

    def __init__(self, decoder_layer: Module, num_layers: int, norm: Module | None = None) -> None:
        super().__init__()
        self.layers = _copies(decoder_layer, num_layers)
        self.num_layers = num_layers
        self.norm = norm

    def forward(
        self,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """The sequence after all layers; memory and masks as those of the layer."""
        x = tgt
        for layer in self.layers:
            x = layer(
                x,
                memory,
                tgt_mask=tgt_mask,
                memory_mask=memory_mask,
                tgt_key_padding_mask=tgt_key_padding_mask,
                memory_key_padding_mask=memory_key_padding_mask,
                tgt_is_causal=bool(tgt_is_causal),
                memory_is_causal=memory_is_causal,
            )
        return x if self.norm is None else self.norm(x)


class Transformer(Module):
    """An encoder and a decoder that looks at the encoder's output. All weights start Xavier-uniform.

    Args:
        d_model: the features of inputs and output.
        nhead: the heads of all attentions.
        num_encoder_layers, num_decoder_layers: how many layers.
        dim_feedforward, dropout, activation, layer_norm_eps, batch_first, norm_first, bias, device, dtype: as those of
            `TransformerEncoderLayer`.
        custom_encoder, custom_decoder: modules to take instead.

    Raises:
        ArgumentError: a setting is something else.
        ShapeError: an input does not fit.

    Shapes:
        src (S, N, d_model), tgt and output (T, N, d_model), or all without N.

    Example:
        >>> model = nn.Transformer(8, 2, 1, 1, dim_feedforward=16)
        >>> mask = nn.Transformer.generate_square_subsequent_mask(4)
        >>> model(autograd.randn(5, 3, 8), autograd.randn(4, 3, 8), tgt_mask=mask).shape
        (4, 3, 8)

    Source: Vaswani et al. 2017, arXiv 1706.03762.
    """

    def __init__(
        self,
        d_model: int = 512,
        nhead: int = 8,
        num_encoder_layers: int = 6,
        num_decoder_layers: int = 6,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Activation = F.relu,
        custom_encoder: Any = None,
        custom_decoder: Any = None,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        positive("Transformer", d_model=d_model, nhead=nhead)
        made: dict[str, Any] = {"bias": bias, "device": device, "dtype": dtype}
        settings = (dim_feedforward, dropout, activation, layer_norm_eps, batch_first, norm_first)
        if custom_encoder is not None:
            self.encoder = custom_encoder
        else:
            encoder_layer = TransformerEncoderLayer(d_model, nhead, *settings, **made)
            norm = LayerNorm(d_model, layer_norm_eps, **made)
            self.encoder = TransformerEncoder(encoder_layer, num_encoder_layers, norm)
        if custom_decoder is not None:
            self.decoder = custom_decoder
        else:
            decoder_layer = TransformerDecoderLayer(d_model, nhead, *settings, **made)
            norm = LayerNorm(d_model, layer_norm_eps, **made)
            self.decoder = TransformerDecoder(decoder_layer, num_decoder_layers, norm)
        self._reset_parameters()
        self.d_model = d_model
        self.nhead = nhead
        self.batch_first = batch_first

    def _reset_parameters(self) -> None:
        for parameter in self.parameters():
            if parameter.ndim > 1:
                init.xavier_uniform_(parameter)

    def forward(
        self,
        src: Tensor,
        tgt: Tensor,
        src_mask: Tensor | None = None,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        src_is_causal: bool | None = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """The decoded sequence.

        Args:
            src: the sequence for the encoder.
            tgt: the sequence for the decoder.
            src_mask, src_key_padding_mask, src_is_causal: of the encoder.
            tgt_mask, tgt_key_padding_mask, tgt_is_causal: of the decoder's attention to itself.
            memory_mask, memory_key_padding_mask, memory_is_causal: of its attention to the encoder's output.
        """
        if src.ndim != tgt.ndim or src.shape[-1] != self.d_model or tgt.shape[-1] != self.d_model:
            raise ShapeError(f"Transformer: src {src.shape} and tgt {tgt.shape} must both have {self.d_model} features")
        batch = 0 if self.batch_first else 1
        if src.ndim == 3 and src.shape[batch] != tgt.shape[batch]:
            raise ShapeError(f"Transformer: the batches of src {src.shape} and tgt {tgt.shape} must be equal")
        memory = self.encoder(src, mask=src_mask, src_key_padding_mask=src_key_padding_mask, is_causal=src_is_causal)
        return self.decoder(
            tgt,
            memory,
            tgt_mask=tgt_mask,
            memory_mask=memory_mask,
            tgt_key_padding_mask=tgt_key_padding_mask,
            memory_key_padding_mask=memory_key_padding_mask,
            tgt_is_causal=tgt_is_causal,
            memory_is_causal=memory_is_causal,
        )

    @staticmethod
    def generate_square_subsequent_mask(sz: int, device: Any = None, dtype: Any = None) -> Tensor:
        """A causal mask to add to scores: 0 up to the diagonal, minus infinity after it.

        Args:
            sz: the length of the sequence.
            device: "cpu" or None.
            dtype: the default dtype, unless given.

        Example:
            >>> nn.Transformer.generate_square_subsequent_mask(2)
            tensor([[0., -inf],
                    [0., 0.]])
        """
        return autograd.triu(autograd.full((sz, sz), float("-inf"), dtype=dtype, device=device), 1)
