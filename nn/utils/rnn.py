"""Sequences of several lengths: padded to one length, or packed, step by step, without padding.

In a packed batch the longest sequence comes first. Its rows are those of the first step of all sequences, then those of
the second step of all that have one, and so on; `batch_sizes` says how many each step has.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

import autograd
from autograd import Tensor
from autograd.errors import ArgumentError, DtypeError, ShapeError

__all__ = [
    "PackedSequence",
    "invert_permutation",
    "pack_padded_sequence",
    "pack_sequence",
    "pad_packed_sequence",
    "pad_sequence",
    "unpack_sequence",
    "unpad_sequence",
]


class _Packed(NamedTuple):
    data: Tensor
    batch_sizes: Tensor
    sorted_indices: Tensor | None
    unsorted_indices: Tensor | None


class PackedSequence(_Packed):
    """A batch of sequences without padding, as recurrent networks take it; made by `pack_padded_sequence`.

    Args:
        data: the rows of all steps, (sum of batch_sizes, ...).
        batch_sizes: how many rows each step has; they do not grow.
        sorted_indices: where each sequence stood before they were sorted by length; None if they were sorted.
        unsorted_indices: the permutation that undoes it; computed, unless given.

    Example:
        >>> packed = nn.utils.rnn.pack_sequence([autograd.tensor([1, 2, 3]), autograd.tensor([4])])
        >>> packed.data, packed.batch_sizes
        (tensor([1, 4, 2, 3]), tensor([2, 1, 1]))
    """

    __slots__ = ()

    def __new__(
        cls,
        data: Tensor,
        batch_sizes: Any = None,
        sorted_indices: Any = None,
        unsorted_indices: Any = None,
    ) -> PackedSequence:
        if batch_sizes is None:
            raise ArgumentError("PackedSequence: batch_sizes is None; make one with pack_padded_sequence")
        sizes = autograd.as_tensor(batch_sizes)
        if sizes.ndim != 1 or sizes.dtype.kind not in "iu":
            raise DtypeError(f"PackedSequence: batch_sizes {sizes.shape} of {sizes.dtype} must be whole numbers")
        order = None if sorted_indices is None else autograd.as_tensor(sorted_indices)
        back = invert_permutation(order) if unsorted_indices is None else autograd.as_tensor(unsorted_indices)
        return super().__new__(cls, autograd.as_tensor(data), sizes, order, back)

    def to(self, *target: Any, **named: Any) -> PackedSequence:
        """The same with converted data."""
        return type(self)(self.data.to(*target, **named), *self[1:])

    def double(self) -> PackedSequence:
        """The same in float64."""
        return self.to(autograd.float64)

    def float(self) -> PackedSequence:
        """The same in float32."""
        return self.to(autograd.float32)

    def half(self) -> PackedSequence:
        """The same in float16."""
        return self.to(autograd.float16)

    def cpu(self) -> PackedSequence:
        """The same: it is on the CPU already."""
        return self

    @property
    def is_cuda(self) -> bool:
        """False: there is no such device."""
        return False


def invert_permutation(permutation: Tensor | None) -> Tensor | None:
    """The permutation that undoes another; None of None.

    Example:
        >>> nn.utils.rnn.invert_permutation(autograd.tensor([2, 0, 1]))
        tensor([1, 2, 0])
    """
    return None if permutation is None else autograd.tensor(np.argsort(permutation.numpy()))


def _lengths(name: str, lengths: Any, batch: int) -> np.ndarray:
    found = lengths.numpy() if isinstance(lengths, Tensor) else np.asarray(lengths)
    if found.ndim != 1 or (found.size and found.dtype.kind not in "iu"):
        raise DtypeError(f"{name}: lengths must be a vector of whole numbers, not {lengths!r:.80}")
    if found.size != batch:
        raise ShapeError(f"{name}: there are {found.size} lengths for a batch of {batch} sequences; check batch_first")
    return found.astype(np.int64)


def _places(sizes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The step and the sequence of each row of a packed batch."""
    steps = np.repeat(np.arange(sizes.size), sizes)
    return steps, np.arange(steps.size) - np.repeat(np.cumsum(sizes) - sizes, sizes)


def pack_padded_sequence(
    input: Tensor, lengths: Any, batch_first: bool = False, enforce_sorted: bool = True
) -> PackedSequence:
    """Leave the padding of a batch of sequences out.

    Args:
        input: (T, N, ...), or (N, T, ...) with `batch_first`.
        lengths: of the N sequences, from 1 to T.
        batch_first: how input is laid out.
        enforce_sorted: refuse sequences that are not sorted by length, the longest first; False sorts them.

    Returns:
        A PackedSequence.

    Raises:
        ArgumentError: a length is not from 1 to T, or the lengths are not sorted.
        ShapeError: there is not one length for each sequence.
        DtypeError: the lengths are no whole numbers.

    Example:
        >>> padded = autograd.tensor([[1, 2, 3], [4, 0, 0]])
        >>> nn.utils.rnn.pack_padded_sequence(padded, [3, 1], batch_first=True).data
        tensor([1, 4, 2, 3])
    """
    name = "pack_padded_sequence"
    x = autograd.as_tensor(input)
    if x.ndim < 2:
        raise ShapeError(f"{name}: input {x.shape} must have at least two dimensions, (T, N) or (N, T)")
    x = x.transpose(0, 1) if batch_first else x
    sizes = _lengths(name, lengths, x.shape[1])
    if not sizes.size:
        raise ArgumentError(f"{name}: input {input.shape} holds no sequence; give at least one")
    if sizes.min() < 1 or sizes.max() > x.shape[0]:
        raise ArgumentError(
            f"{name}: lengths {sizes.tolist()!r:.80} must be from 1 to {x.shape[0]}, the steps of input"
        )
    order = None
    if not enforce_sorted:
        order = np.argsort(-sizes, kind="stable")
        sizes = sizes[order]
    elif (np.diff(sizes) > 0).any():
        raise ArgumentError(
            f"{name}: lengths {sizes.tolist()!r:.80} are not sorted, the longest first; pass enforce_sorted=False"
        )
    counts = (sizes > np.arange(sizes[0])[:, None]).sum(1)
    steps, rows = _places(counts)
    data = x[autograd.tensor(steps), autograd.tensor(rows if order is None else order[rows])]
    return PackedSequence(data, autograd.tensor(counts), None if order is None else autograd.tensor(order))


def pad_packed_sequence(
    sequence: PackedSequence, batch_first: bool = False, padding_value: float = 0.0, total_length: int | None = None
) -> tuple[Tensor, Tensor]:
    """Give a packed batch its padding again.

    Args:
        sequence: the packed batch.
        batch_first: give (N, T, ...) instead of (T, N, ...).
        padding_value: what stands after the end of a sequence.
        total_length: T; the longest sequence's length, unless given.

    Returns:
        The padded batch, in the order from before the sequences were sorted, and their lengths.

    Raises:
        DtypeError: `sequence` is not packed.
        ArgumentError: total_length is less than the longest sequence's length.

    Example:
        >>> packed = nn.utils.rnn.pack_sequence([autograd.tensor([1, 2, 3]), autograd.tensor([4])])
        >>> nn.utils.rnn.pad_packed_sequence(packed, batch_first=True)
        (tensor([[1, 2, 3],
                [4, 0, 0]]), tensor([3, 1]))
    """
    name = "pad_packed_sequence"
    if not isinstance(sequence, PackedSequence):
        raise DtypeError(f"{name}: expected a PackedSequence, not {type(sequence).__name__}")
    counts = sequence.batch_sizes.numpy()
    length = counts.size if total_length is None else total_length
    if length < counts.size:
        raise ArgumentError(f"{name}: total_length is {length}, but the longest sequence has {counts.size} steps")
    steps, rows = _places(counts)
    lengths = np.bincount(rows)
    if sequence.sorted_indices is not None and sequence.unsorted_indices is not None:
        rows = sequence.sorted_indices.numpy()[rows]
        lengths = lengths[sequence.unsorted_indices.numpy()]
    data = sequence.data
    if batch_first:
        steps, rows = rows, steps
    shape = (lengths.size, length) if batch_first else (length, lengths.size)
    padded = autograd.full((*shape, *data.shape[1:]), padding_value, dtype=data.dtype)
    padded = autograd.index_put(padded, (autograd.tensor(steps), autograd.tensor(rows)), data)
    return padded, autograd.tensor(lengths)


def pad_sequence(
    sequences: Any, batch_first: bool = False, padding_value: float = 0.0, padding_side: str = "right"
) -> Tensor:
    """Put sequences side by side, padded to the longest one's length.

    Args:
        sequences: Tensors (length, ...), alike but for their lengths.
        batch_first: give (N, T, ...) instead of (T, N, ...).
        padding_value: what stands where a sequence has no step.
        padding_side: "right", after its end, or "left", before its beginning.

    Raises:
        ArgumentError: there are no sequences, or padding_side is something else.
        ShapeError: they differ in more than their lengths.

    Example:
        >>> nn.utils.rnn.pad_sequence([autograd.tensor([1, 2, 3]), autograd.tensor([4])], batch_first=True)
        tensor([[1, 2, 3],
                [4, 0, 0]])
    """
    if padding_side not in ("left", "right"):
        raise ArgumentError(f"pad_sequence: padding_side is {padding_side!r}; use 'right' or 'left'")
    given = [autograd.as_tensor(s) for s in sequences]
    if not given:
        raise ArgumentError("pad_sequence: there are no sequences; give at least one")
    if any(not s.ndim or s.shape[1:] != given[0].shape[1:] for s in given):
        shapes = ", ".join(str(s.shape) for s in given[:4])
        raise ShapeError(f"pad_sequence: sequences must be (length, ...) and differ in length alone, not {shapes}")
    longest = max(s.shape[0] for s in given)
    padded = []
    for s in given:
        if s.shape[0] < longest:
            missing = autograd.full((longest - s.shape[0], *s.shape[1:]), padding_value, dtype=s.dtype)
            s = autograd.cat([s, missing] if padding_side == "right" else [missing, s])
        padded.append(s)
    return autograd.stack(padded, 0 if batch_first else 1)


def unpad_sequence(padded_sequences: Tensor, lengths: Any, batch_first: bool = False) -> list[Tensor]:
    """Cut a padded batch into its sequences.

    Args:
        padded_sequences: (T, N, ...), or (N, T, ...) with `batch_first`.
        lengths: of the N sequences.
        batch_first: how they are laid out.

    Example:
        >>> nn.utils.rnn.unpad_sequence(autograd.tensor([[1, 2, 3], [4, 0, 0]]), [3, 1], batch_first=True)
        [tensor([1, 2, 3]), tensor([4])]
    """
    x = autograd.as_tensor(padded_sequences)
    if x.ndim < 2:
        raise ShapeError(f"unpad_sequence: x {x.shape} must have at least two dimensions, (T, N) or (N, T)")
    x = x if batch_first else x.transpose(0, 1)
    sizes = _lengths("unpad_sequence", lengths, x.shape[0])
    return [x[k, : int(length)] for k, length in enumerate(sizes)]


def pack_sequence(sequences: Sequence[Tensor], enforce_sorted: bool = True) -> PackedSequence:
    """Pack sequences of several lengths.

    Args:
        sequences: Tensors (length, ...), alike but for their lengths.
        enforce_sorted: refuse sequences that are not sorted by length, the longest first; False sorts them.

    Example:
        >>> nn.utils.rnn.pack_sequence([autograd.tensor([4]), autograd.tensor([1, 2])], enforce_sorted=False)
        PackedSequence(data=tensor([1, 4, 2]), batch_sizes=tensor([2, 1]), sorted_indices=tensor([1, 0]),
                unsorted_indices=tensor([1, 0]))
    """
    lengths = [len(s) for s in sequences]
    return pack_padded_sequence(pad_sequence(sequences), lengths, enforce_sorted=enforce_sorted)


def unpack_sequence(packed_sequences: PackedSequence) -> list[Tensor]:
    """The sequences of a packed batch, in the order from before they were sorted.

    Example:
        >>> packed = nn.utils.rnn.pack_sequence([autograd.tensor([1, 2]), autograd.tensor([4])])
        >>> nn.utils.rnn.unpack_sequence(packed)
        [tensor([1, 2]), tensor([4])]
    """
    padded, lengths = pad_packed_sequence(packed_sequences, batch_first=True)
    return unpad_sequence(padded, lengths, batch_first=True)
