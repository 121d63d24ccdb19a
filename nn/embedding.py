"""Tables of vectors, looked up by index."""

from __future__ import annotations

from typing import Any

import autograd
from autograd import Tensor
from autograd.errors import ArgumentError, IndexRangeError, ShapeError

from . import functional as F
from . import init
from .linear import positive
from .module import Module
from .parameter import Parameter

__all__ = ["Embedding", "EmbeddingBag"]


class _Table(Module):
    """A table and the settings by which both modules look it up."""

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None,
        max_norm: float | None,
        norm_type: float,
        scale_grad_by_freq: bool,
        sparse: bool,
        weight: Any,
        trained: bool,
        device: Any,
        dtype: Any,
    ) -> None:
        super().__init__()
        name = type(self).__name__
        positive(name, num_embeddings=num_embeddings, embedding_dim=embedding_dim)
        if sparse:
            raise ArgumentError(f"{name}: sparse gradients are not offered; leave out sparse=True")
        if padding_idx is not None:
            if not -num_embeddings <= padding_idx < num_embeddings:
                raise IndexRangeError(
                    f"{name}: padding_idx {padding_idx} is not one of {num_embeddings} rows; use 0 to "
                    f"{num_embeddings - 1}"
                )
            padding_idx = padding_idx % num_embeddings
        self.num_embeddings = num_embeddings
        self.embedding_dim = embedding_dim
        self.padding_idx = padding_idx
        self.max_norm = max_norm
        self.norm_type = norm_type
        self.scale_grad_by_freq = scale_grad_by_freq
        self.sparse = sparse
        shape = (num_embeddings, embedding_dim)
        if weight is None:
            table = autograd.empty(shape, dtype=dtype, device=device)
            self.weight = Parameter(table, requires_grad=trained)
            self.reset_parameters()
        else:
            table = autograd.as_tensor(weight)
            if table.shape != shape:
                raise ShapeError(f"{name}: the weight {table.shape} must be {shape}, (num_embeddings, embedding_dim)")
            self.weight = Parameter(table, requires_grad=trained)

    def reset_parameters(self) -> None:
        """Draw the table anew; the row of padding becomes 0."""
        init.normal_(self.weight)
        if self.padding_idx is not None:
            with autograd.no_grad():
                self.weight[self.padding_idx] = 0

    def _texts(self, *names: str) -> str:
        """The settings that are not the default ones."""
        usual = {"padding_idx": None, "max_norm": None, "norm_type": 2, "scale_grad_by_freq": False}
        return "".join(f", {n}={getattr(self, n)}" for n in names if getattr(self, n) != usual[n])


def _pretrained(name: str, embeddings: Any) -> Tensor:
    table = autograd.as_tensor(embeddings)
    if table.ndim != 2:
        raise ShapeError(f"{name}.from_pretrained: embeddings {table.shape} must be (num_embeddings, embedding_dim)")
    return table


class Embedding(_Table):
    """A table of vectors, of which each index picks one: `weight[input]`. The table starts standard normal.

    Args:
        num_embeddings: the rows of the table.
        embedding_dim: the features of a row.
        padding_idx: a row that starts as 0 and gets no gradient.
        max_norm: shorten the rows that are looked up to this norm, in place.
        norm_type: which norm that is.
        scale_grad_by_freq: divide the gradient of each row by how often it was looked up.
        sparse: refused.
        device: "cpu" or None.
        dtype: of the table; the default dtype, unless given.

    Raises:
        ArgumentError: a size is not positive, or sparse gradients are asked for.
        IndexRangeError: padding_idx, or an index, is no row.

    Shapes:
        weight (num_embeddings, embedding_dim); input integers of any shape, output one dimension more.

    Example:
        >>> nn.Embedding(10, 3)(autograd.tensor([[1, 2], [4, 9]])).shape
        (2, 2, 3)
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
        _weight: Any = None,
        _freeze: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            num_embeddings,
            embedding_dim,
            padding_idx,
            max_norm,
            norm_type,
            scale_grad_by_freq,
            sparse,
            _weight,
            not _freeze,
            device,
            dtype,
        )

    @classmethod
    def from_pretrained(
        cls,
        embeddings: Any,
        freeze: bool = True,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
    ) -> Any:
        """A module with a given table.

        Args:
            embeddings: (num_embeddings, embedding_dim); its memory is shared.
            freeze: do not train it.
            padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse: as those of the module.

        Raises:
            ShapeError: embeddings is no matrix.

        Example:
            >>> layer = nn.Embedding.from_pretrained(autograd.tensor([[1.0, 2.0], [3.0, 4.0]]))
            >>> layer(autograd.tensor([1]))
            tensor([[3., 4.]])
        """
        table = _pretrained(cls.__name__, embeddings)
        rows, features = table.shape
        return cls(
            rows,
            features,
            padding_idx=padding_idx,
            max_norm=max_norm,
            norm_type=norm_type,
            scale_grad_by_freq=scale_grad_by_freq,
            sparse=sparse,
            _weight=table,
            _freeze=freeze,
        )

    def forward(self, input: Any) -> Tensor:
        """The rows of the indices."""
        return F.embedding(
            input, self.weight, self.padding_idx, self.max_norm, self.norm_type, self.scale_grad_by_freq, self.sparse
        )

    def extra_repr(self) -> str:
        sizes = f"{self.num_embeddings}, {self.embedding_dim}"
        return sizes + self._texts("padding_idx", "max_norm", "norm_type", "scale_grad_by_freq")


class EmbeddingBag(_Table):
    """A table of vectors, of which each bag of indices gives the sum, mean or maximum of its rows.

    Args:
        num_embeddings, embedding_dim: the rows of the table, and their features.
        max_norm: shorten the rows that are looked up to this norm, in place.
        norm_type: which norm that is.
        scale_grad_by_freq: divide the gradient of each row by how often it was looked up; not for "max".
        mode: "sum", "mean" or "max".
        sparse: refused.
        include_last_offset: the last of the offsets is the end of the last bag.
        padding_idx: a row that starts as 0, and is left out of its bags.
        device: "cpu" or None.
        dtype: of the table; the default dtype, unless given.

    Raises:
        ArgumentError: a setting is something else, or offsets are missing or out of order.
        IndexRangeError: padding_idx, or an index, is no row.

    Shapes:
        weight (num_embeddings, embedding_dim); input (bags, size of each), or (all,) with offsets (bags,), where each
        bag begins; per_sample_weights as input, for "sum"; output (bags, embedding_dim).

    Example:
        >>> layer = nn.EmbeddingBag(10, 3, mode="sum")
        >>> layer(autograd.tensor([1, 2, 4, 5, 4]), autograd.tensor([0, 3])).shape
        (2, 3)
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        sparse: bool = False,
        _weight: Any = None,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        if mode not in ("sum", "mean", "max"):
            raise ArgumentError(f"EmbeddingBag: mode is {mode!r}; use 'sum', 'mean' or 'max'")
        super().__init__(
            num_embeddings,
            embedding_dim,
            padding_idx,
            max_norm,
            norm_type,
            scale_grad_by_freq,
            sparse,
            _weight,
            True,
            device,
            dtype,
        )
        self.mode = mode
        self.include_last_offset = include_last_offset

    @classmethod
    def from_pretrained(
        cls,
        embeddings: Any,
        freeze: bool = True,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        sparse: bool = False,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
    ) -> Any:
        """A module with a given table.

        Args:
            embeddings: (num_embeddings, embedding_dim); its memory is shared.
            freeze: do not train it.
            max_norm, norm_type, scale_grad_by_freq, mode, sparse, include_last_offset, padding_idx: as those of the
                module.

        Raises:
            ShapeError: embeddings is no matrix.

        Example:
            >>> layer = nn.EmbeddingBag.from_pretrained(autograd.tensor([[1.0, 2.0], [3.0, 4.0]]))
            >>> layer(autograd.tensor([[0, 1]]))
            tensor([[2., 3.]])
        """
        table = _pretrained(cls.__name__, embeddings)
        rows, features = table.shape
        made = cls(
            rows,
            features,
            max_norm=max_norm,
            norm_type=norm_type,
            scale_grad_by_freq=scale_grad_by_freq,
            mode=mode,
            sparse=sparse,
            _weight=table,
            include_last_offset=include_last_offset,
            padding_idx=padding_idx,
        )
        made.weight.requires_grad_(not freeze)
        return made

    def forward(self, input: Any, offsets: Any = None, per_sample_weights: Any = None) -> Tensor:
        """The sum, mean or maximum of each bag."""
        return F.embedding_bag(
            input,
            self.weight,
            offsets,
            self.max_norm,
            self.norm_type,
            self.scale_grad_by_freq,
            self.mode,
            self.sparse,
            per_sample_weights,
            self.include_last_offset,
            self.padding_idx,
        )

    def extra_repr(self) -> str:
        sizes = f"{self.num_embeddings}, {self.embedding_dim}"
        settings = self._texts("max_norm", "norm_type", "scale_grad_by_freq")
        return f"{sizes}{settings}, mode={self.mode!r}" + self._texts("padding_idx")
