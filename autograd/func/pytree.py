"""Nested tuples, lists and dicts of tensors: taken apart into leaves, and put together again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any, NamedTuple

from ..errors import ArgumentError

__all__ = ["Structure", "flatten", "map_leaves", "spread_over", "unflatten"]


class Structure(NamedTuple):
    """How a tree is nested: the kind of its root, keys if it is a dict, and its parts; kind None is a leaf."""

    kind: type | None
    keys: tuple[Any, ...]
    parts: tuple[Any, ...]

    @property
    def leaves(self) -> int:
        """How many leaves there are."""
        return 1 if self.kind is None else sum(part.leaves for part in self.parts)


LEAF = Structure(None, (), ())


def _parts(tree: Any) -> tuple[tuple[Any, ...], list[Any]] | None:
    """The keys and children of a tuple, list or dict; None for a leaf."""
    if type(tree) in (tuple, list) or (isinstance(tree, tuple) and hasattr(tree, "_fields")):
        return (), list(tree)
    if type(tree) in (dict, OrderedDict):
        return tuple(tree), list(tree.values())
    return None


def flatten(tree: Any) -> tuple[list[Any], Structure]:
    """The leaves of a tree, in order, and its structure."""
    found = _parts(tree)
    if found is None:
        return [tree], LEAF
    keys, children = found
    leaves: list[Any] = []
    parts = []
    for child in children:
        below, structure = flatten(child)
        leaves += below
        parts.append(structure)
    return leaves, Structure(type(tree), keys, tuple(parts))


def unflatten(leaves: list[Any], structure: Structure) -> Any:
    """The tree of this structure with these leaves."""
    kind: Any = structure.kind
    if kind is None:
        return leaves[0]
    children, start = [], 0
    for part in structure.parts:
        stop = start + part.leaves
        children.append(unflatten(leaves[start:stop], part))
        start = stop
    if issubclass(kind, dict):
        return kind(zip(structure.keys, children, strict=True))
    return kind(*children) if hasattr(kind, "_fields") else kind(children)


def map_leaves(function: Callable[[Any], Any], tree: Any) -> Any:
    """The tree with `function` of each leaf."""
    leaves, structure = flatten(tree)
    return unflatten([function(leaf) for leaf in leaves], structure)


def spread_over(name: str, prefix: Any, structure: Structure) -> list[Any]:
    """One entry of `prefix` for each leaf: a number or None stands for all leaves below it.

    Raises:
        ArgumentError: `prefix` is nested otherwise.
    """
    found = _parts(prefix)
    if found is None:
        return [prefix] * structure.leaves
    keys, children = found
    alike = structure.kind is not None and issubclass(structure.kind, dict) == isinstance(prefix, dict)
    if alike and isinstance(prefix, dict):
        alike = set(keys) == set(structure.keys)
        children = [prefix[key] for key in structure.keys] if alike else []
    if not alike or len(children) != len(structure.parts):
        raise ArgumentError(f"{name} {prefix!r} is nested otherwise than what it belongs to; use one for all of it")
    parts = zip(children, structure.parts, strict=True)
    return [entry for child, part in parts for entry in spread_over(name, child, part)]
