"""Attention of several heads."""

from __future__ import annotations

import contextlib
import enum
from collections.abc import Iterator
from typing import Any

import autograd
from autograd import Tensor
from autograd.errors import ArgumentError, ShapeError

from . import functional as F
from . import init
from .linear import Linear, positive
from .module import Module
from .parameter import Parameter

__all__ = ["MultiheadAttention", "SDPBackend", "sdpa_kernel"]


class SDPBackend(enum.Enum):
    """PyTorch's ways to compute `scaled_dot_product_attention`, of which there is one here."""

    ERROR = -1
    MATH = 0
    FLASH_ATTENTION = 1
    EFFICIENT_ATTENTION = 2
    CUDNN_ATTENTION = 3
    OVERRIDEABLE = 4


@contextlib.contextmanager
def sdpa_kernel(backends: Any, set_priority: bool = False) -> Iterator[None]:
    """PyTorch's choice among its ways to compute attention, as a context manager or decorator: it changes nothing.

    Example:
        >>> from nn.attention import SDPBackend, sdpa_kernel
        >>> with sdpa_kernel([SDPBackend.MATH]):
        ...     autograd.scaled_dot_product_attention(*autograd.ones(3, 1, 2, 4)).shape
        (1, 2, 4)
    """
    yield


class NonDynamicallyQuantizableLinear(Linear):
    """A `Linear`, under the name that PyTorch shows for the last projection of attention.

    Example:
        >>> nn.MultiheadAttention(4, 2).out_proj
        NonDynamicallyQuantizableLinear(in_features=4, out_features=4, bias=True)
    """


class MultiheadAttention(Module):
    """Attention of several heads: each averages projected values by how well projected queries and keys agree.

    `softmax(q_h k_h^T / sqrt(embed_dim / num_heads) + mask) v_h` for each head h, side by side, and projected once
    more. The projections before start Xavier-uniform, the biases as 0.

    Args:
        embed_dim: E, the features of queries and of the result.
        num_heads: into how many heads E is divided.
        dropout: the probability with which each weight of a value is zeroed, in training.
        bias: add biases to the projections.
        add_bias_kv: learn a further key and value.
        add_zero_attn: add a further key and value of zeros.
        kdim, vdim: the features of keys and values; E, unless given.
        batch_first: input and output are (N, L, features).
        device: "cpu" or None.
        dtype: of the parameters; the default dtype, unless given.

    Raises:
        ArgumentError: a size is not positive, num_heads does not divide E, or dropout is no probability.
        ShapeError: an input does not fit.

    Shapes:
        query (L, N, E), key (S, N, kdim), value (S, N, vdim), or all without N; output as query; weights (N, L, S), or
        (N, num_heads, L, S). in_proj_weight (3 E, E), or q_proj_weight (E, E), k_proj_weight (E, kdim) and
        v_proj_weight (E, vdim); in_proj_bias (3 E,), bias_k and bias_v (1, 1, E), out_proj.weight (E, E).

    Example:
        >>> attention = nn.MultiheadAttention(8, 2)
        >>> x = autograd.randn(5, 3, 8)
        >>> out, weights = attention(x, x, x)
        >>> out.shape, weights.shape
        ((5, 3, 8), (3, 5, 5))

    Source: Vaswani et al. 2017, arXiv 1706.03762, section 3.2.2.
    """

    in_proj_weight: Parameter | None
    q_proj_weight: Parameter | None
    k_proj_weight: Parameter | None
    v_proj_weight: Parameter | None
    in_proj_bias: Parameter | None
    bias_k: Parameter | None
    bias_v: Parameter | None

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        add_bias_kv: bool = False,
        add_zero_attn: bool = False,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        positive("MultiheadAttention", embed_dim=embed_dim, num_heads=num_heads)
        if embed_dim % num_heads:
            raise ArgumentError(f"MultiheadAttention: embed_dim {embed_dim} is not divisible by num_heads {num_heads}")
        if not 0 <= dropout <= 1:
            raise ArgumentError(f"MultiheadAttention: dropout is {dropout}; use a probability from 0 to 1")
        self.embed_dim = embed_dim
        self.kdim = embed_dim if kdim is None else kdim
        self.vdim = embed_dim if vdim is None else vdim
        positive("MultiheadAttention", kdim=self.kdim, vdim=self.vdim)
        self.num_heads = num_heads
        self.dropout = dropout
        self.batch_first = batch_first
        self.head_dim = embed_dim // num_heads
        self.add_zero_attn = add_zero_attn
        together = self.kdim == self.vdim == embed_dim
        self._qkv_same_embed_dim = together
        shapes: dict[str, tuple[int, ...] | None] = {
            "in_proj_weight": (3 * embed_dim, embed_dim) if together else None,
            "q_proj_weight": None if together else (embed_dim, embed_dim),
            "k_proj_weight": None if together else (embed_dim, self.kdim),
            "v_proj_weight": None if together else (embed_dim, self.vdim),
            "in_proj_bias": (3 * embed_dim,) if bias else None,
            "bias_k": (1, 1, embed_dim) if add_bias_kv else None,
            "bias_v": (1, 1, embed_dim) if add_bias_kv else None,
        }
        for name, shape in shapes.items():
            empty = None if shape is None else autograd.empty(shape, dtype=dtype, device=device)
            self.register_parameter(name, None if empty is None else Parameter(empty))
        self.out_proj = NonDynamicallyQuantizableLinear(embed_dim, embed_dim, bias, device, dtype)
        self._reset_parameters()

    def _reset_parameters(self) -> None:
        for weight in (self.in_proj_weight, self.q_proj_weight, self.k_proj_weight, self.v_proj_weight):
            if weight is not None:
                init.xavier_uniform_(weight)
        for bias in (self.in_proj_bias, self.out_proj.bias):
            if bias is not None:
                init.zeros_(bias)
        for further in (self.bias_k, self.bias_v):
            if further is not None:
                init.xavier_normal_(further)

    def forward(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        key_padding_mask: Tensor | None = None,
        need_weights: bool = True,
        attn_mask: Tensor | None = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        """The averages, and the weights where they are needed.

        Args:
            query, key, value: see the class.
            key_padding_mask: (N, S): True, or a number that is added to the scores, where a key is padding.
            need_weights: return the weights too.
            attn_mask: (L, S) or (N num_heads, L, S): True where a query must not see a key, or numbers to add.
            average_attn_weights: give the mean of the weights over the heads.
            is_causal: says that attn_mask, which must be given, is causal.
        """
        if query.ndim not in (2, 3) or not query.ndim == key.ndim == value.ndim:
            raise ShapeError(
                f"MultiheadAttention: query {query.shape}, key {key.shape} and value {value.shape} must have three "
                "dimensions each, or two without a batch"
            )
        if key.shape[-1] != self.kdim or value.shape[-1] != self.vdim:
            raise ShapeError(
                f"MultiheadAttention: key {key.shape} and value {value.shape} must have kdim = {self.kdim} and vdim = "
                f"{self.vdim} features"
            )
        swapped = self.batch_first and query.ndim == 3
        if swapped:
            query, key, value = (x.transpose(0, 1) for x in (query, key, value))
        out, weights = F.multi_head_attention_forward(
            query,
            key,
            value,
            self.embed_dim,
            self.num_heads,
            self.in_proj_weight,
            self.in_proj_bias,
            self.bias_k,
            self.bias_v,
            self.add_zero_attn,
            self.dropout,
            self.out_proj.weight,
            self.out_proj.bias,
            training=self.training,
            key_padding_mask=key_padding_mask,
            need_weights=need_weights,
            attn_mask=attn_mask,
            use_separate_proj_weight=not self._qkv_same_embed_dim,
            q_proj_weight=self.q_proj_weight,
            k_proj_weight=self.k_proj_weight,
            v_proj_weight=self.v_proj_weight,
            average_attn_weights=average_attn_weights,
            is_causal=is_causal,
        )
        return out.transpose(0, 1) if swapped else out, weights
