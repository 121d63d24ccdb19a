"""The methods of Tensor that give it in another dtype."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, Any

from .. import dtypes, graph
from ..devices import check_device, names_device
from ..errors import ArgumentError
from ..ops import reduce
from ..ops import shape as shape_ops
from ..primitive import Handle

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["Converting"]


class Converting(Handle):
    """Conversions."""

    __slots__ = ()

    def to(
        self,
        *target: Any,
        dtype: Any = None,
        device: Any = None,
        non_blocking: bool = False,
        copy: bool = False,
        memory_format: Any = None,
    ) -> Tensor:
        """The tensor in another dtype; itself where it has that dtype already.

        Args:
            target: a dtype, the device "cpu" and a dtype, or a Tensor whose dtype is meant; after them, PyTorch's
                `non_blocking` and `copy` may stand.
            dtype: the same by name.
            device: "cpu"; there is no other.
            non_blocking: has no meaning on a CPU.
            copy: make a copy in any case.
            memory_format: changes no number, and nothing here.

        Raises:
            ArgumentError: another device is asked for, or there are more arguments than those.
            DtypeError: it is none of these.

        Example:
            >>> autograd.tensor([1.5, 2.5]).to(autograd.int64)
            tensor([1, 2])
        """
        flags = [given for given in target if given is True or given is False]
        if len(flags) > 2:
            raise ArgumentError(f"to: {len(flags)} flags were given; there are non_blocking and copy")
        copy = flags[1] if len(flags) == 2 else copy
        for given in (*target, device):
            if given is None or given is True or given is False:
                continue
            if isinstance(given, Handle):
                dtype = given.dtype
            elif names_device(given):
                check_device(given, "to")
            else:
                dtype = given
        wanted = self.dtype if dtype is None else dtypes.as_dtype(dtype)
        if wanted == self.dtype:
            return shape_ops.clone(self) if copy else self  # type: ignore[return-value]
        return reduce.TO_DTYPE.apply(self, wanted)

    def type(self, dtype: Any = None) -> Any:
        """The tensor in another dtype, or without an argument PyTorch's name of its type.

        Args:
            dtype: a dtype, or a constructor of one, as `autograd.LongTensor` or its name "torch.LongTensor".

        Example:
            >>> autograd.ones(2).type(), autograd.ones(2).type(autograd.LongTensor).type()
            ('torch.FloatTensor', 'torch.LongTensor')
        """
        if dtype is None:
            return f"torch.{dtypes.CONSTRUCTORS[self.dtype]}"
        if isinstance(dtype, str) and dtype.startswith("torch."):
            dtype = getattr(graph.services.module("legacy"), dtype.removeprefix("torch."), dtype)
        return self.to(getattr(dtype, "tensor_dtype", dtype))

    def cpu(self) -> Tensor:
        """The tensor itself: it is on the CPU already."""
        return self  # type: ignore[return-value]

    def cuda(self, device: Any = None, non_blocking: builtins.bool = False) -> Tensor:
        """The tensor on a graphics card.

        Raises:
            ArgumentError: always, as there is none.
        """
        raise ArgumentError("cuda: there is no graphics card, as cuda.is_available() says; chainrule computes on 'cpu'")

    def float(self) -> Tensor:
        """The tensor as float32."""
        return self.to(dtypes.float32)

    def double(self) -> Tensor:
        """The tensor as float64."""
        return self.to(dtypes.float64)

    def half(self) -> Tensor:
        """The tensor as float16."""
        return self.to(dtypes.float16)

    def long(self) -> Tensor:
        """The tensor as int64."""
        return self.to(dtypes.int64)

    def int(self) -> Tensor:
        """The tensor as int32."""
        return self.to(dtypes.int32)

    def short(self) -> Tensor:
        """The tensor as int16."""
        return self.to(dtypes.int16)

    def char(self) -> Tensor:
        """The tensor as int8."""
        return self.to(dtypes.int8)

    def byte(self) -> Tensor:
        """The tensor as uint8."""
        return self.to(dtypes.uint8)

    def bool(self) -> Tensor:
        """The tensor as bool."""
        return self.to(dtypes.bool_)

    def type_as(self, other: Tensor) -> Tensor:
        """The tensor in the dtype of another."""
        return self.to(other.dtype)
