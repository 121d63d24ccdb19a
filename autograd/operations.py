"""The registry of all operations, which is the only list of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from .errors import ArgumentError

if TYPE_CHECKING:
    from .primitive import Primitive

__all__ = ["Registry", "op", "registry"]


class Registry(Mapping[str, "Primitive"]):
    """Every operation by name; rules reach them as attributes: `op.exp(x)`."""

    def __init__(self) -> None:
        self._records: dict[str, Primitive] = {}

    def register(self, primitive: Primitive) -> Primitive:
        """Enter an operation under its name."""
        if primitive.name in self._records:
            raise ArgumentError(f"define: there is an operation {primitive.name!r} already; choose another name")
        self._records[primitive.name] = primitive
        setattr(self, primitive.name, primitive)  # a plain attribute, so that rules find it at once
        return primitive

    def __getitem__(self, name: str) -> Primitive:
        return self._records[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._records)

    def __len__(self) -> int:
        return len(self._records)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"there is no operation {name!r}")


registry = Registry()
op: Any = registry
