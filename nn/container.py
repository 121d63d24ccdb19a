"""Modules that hold modules: in a row, in a list, by name."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from autograd.errors import ArgumentError, DtypeError

from .module import Module, _indented

__all__ = ["ModuleDict", "ModuleList", "Sequential"]


class _Row(Module):
    """Modules that are numbered, with the methods of a list."""

    def _listed(self) -> list[Any]:
        return list(self._modules.values())

    def _renumber(self, modules: Iterable[Module]) -> None:
        """Hold exactly these modules, named "0", "1" and so on."""
        modules = list(modules)
        for name in list(self._modules):
            self._withdraw(name)
        for k, module in enumerate(modules):
            self.register_module(str(k), module)

    def _position(self, index: Any) -> int:
        try:
            k = operator.index(index)
        except TypeError:
            raise DtypeError(f"{type(self).__name__}: an index is a whole number or a slice, not {index!r}") from None
        if not -len(self) <= k < len(self):
            # IndexError, which ends Python's own iteration protocol.
            raise IndexError(f"{type(self).__name__}: index {k} is out of range; there are {len(self)} modules")
        return k % len(self)

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._modules.values())

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            part = type(self).__new__(type(self))
            part._renumber(self._listed()[index])
            return part
        return self._listed()[self._position(index)]

    def __setitem__(self, index: int, module: Module) -> None:
        self.register_module(list(self._modules)[self._position(index)], module)

    def __delitem__(self, index: Any) -> None:
        modules = self._listed()
        del modules[index if isinstance(index, slice) else self._position(index)]
        self._renumber(modules)

    def append(self, module: Module) -> Any:
        """Put a module at the end; returns the container."""
        self.register_module(str(len(self)), module)
        return self

    def extend(self, modules: Iterable[Module]) -> Any:
        """Put modules at the end; returns the container."""
        for module in list(modules):
            self.append(module)
        return self

    def insert(self, index: int, module: Module) -> None:
        """Put a module before the one at `index`."""
        if not isinstance(module, Module):
            raise DtypeError(f"{type(self).__name__}: cannot insert a {type(module).__name__}; use a Module")
        modules = self._listed()
        modules.insert(index, module)
        self._renumber(modules)

    def pop(self, index: int = -1) -> Any:
        """Take a module out, and return it."""
        module = self[index]
        del self[index]
        return module

    def __iadd__(self, modules: Iterable[Module]) -> Any:
        return self.extend(modules)


class Sequential(_Row):
    """Modules one after the other: each gets what the one before returned.

    Args:
        modules: the modules, numbered "0", "1" and so on; or one dict from name to module.

    Example:
        >>> model = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))
        >>> model(autograd.ones(5, 4)).shape
        (5, 2)
    """

    def __init__(self, *modules: Any) -> None:
        super().__init__()
        if len(modules) == 1 and isinstance(modules[0], Mapping):
            for name, module in modules[0].items():
                self.register_module(name, module)
        else:
            self.extend(modules)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            part = type(self).__new__(type(self))
            for name, module in list(self._modules.items())[index]:
                part.register_module(name, module)
            return part
        return super().__getitem__(index)

    def __delitem__(self, index: Any) -> None:
        if all(name == str(k) for k, name in enumerate(self._modules)):
            super().__delitem__(index)
            return
        names = list(self._modules)[index if isinstance(index, slice) else self._position(index)]
        for name in names if isinstance(names, list) else [names]:
            self._withdraw(name)

    def forward(self, input: Any) -> Any:
        """Pass the input through all modules."""
        for module in self._modules.values():
            input = module(input)  # type: ignore[misc]
        return input


class ModuleList(_Row):
    """A list of modules whose parameters are listed; it is not called itself.

    Args:
        modules: the modules.

    Example:
        >>> layers = nn.ModuleList(nn.Linear(2, 2) for _ in range(3))
        >>> len(layers), len(list(layers.parameters()))
        (3, 6)
    """

    def __init__(self, modules: Iterable[Module] | None = None) -> None:
        super().__init__()
        if modules is not None:
            self.extend(modules)

    def __add__(self, other: Iterable[Module]) -> ModuleList:
        return ModuleList([*self, *other])

    def _child_lines(self) -> list[str]:
        """Equal neighbours in one line, as `(0-2): 3 x ReLU()`."""
        runs: list[tuple[int, int, str]] = []
        for k, module in enumerate(self._modules.values()):
            text = repr(module)
            if runs and runs[-1][2] == text:
                runs[-1] = (runs[-1][0], k, text)
            else:
                runs.append((k, k, text))
        return [
            _indented(f"({first}): {text}" if first == last else f"({first}-{last}): {last - first + 1} x {text}")
            for first, last, text in runs
        ]


class ModuleDict(Module):
    """Modules by name, whose parameters are listed; it is not called itself.

    Args:
        modules: a dict, or pairs of name and module.

    Example:
        >>> parts = nn.ModuleDict({"encoder": nn.Linear(4, 2), "decoder": nn.Linear(2, 4)})
        >>> parts["encoder"](autograd.ones(4)).shape
        (2,)
    """

    def __init__(self, modules: Any = None) -> None:
        super().__init__()
        if modules is not None:
            self.update(modules)

    def __getitem__(self, key: str) -> Any:
        if key not in self._modules:
            raise KeyError(
                f"ModuleDict: there is no {key!r}; there are {', '.join(map(repr, self._modules)) or 'none'}"
            )
        return self._modules[key]

    def __setitem__(self, key: str, module: Module) -> None:
        self.register_module(key, module)

    def __delitem__(self, key: str) -> None:
        self[key]
        self._withdraw(key)

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __contains__(self, key: object) -> bool:
        return key in self._modules

    def keys(self) -> Any:
        """The names."""
        return self._modules.keys()

    def items(self) -> Any:
        """Pairs of name and module."""
        return self._modules.items()

    def values(self) -> Any:
        """The modules."""
        return self._modules.values()

    def update(self, modules: Any) -> None:
        """Enter modules from a dict, or from pairs of name and module."""
        if isinstance(modules, (Mapping, ModuleDict)):
            modules = modules.items()
        for pair in list(modules):
            if not (isinstance(pair, (tuple, list)) and len(pair) == 2):
                raise ArgumentError(f"ModuleDict: expected pairs of name and module, not {pair!r:.80}")
            self[pair[0]] = pair[1]

    def pop(self, key: str) -> Any:
        """Take a module out, and return it."""
        module = self[key]
        del self[key]
        return module

    def clear(self) -> None:
        """Take all modules out."""
        for key in list(self._modules):
            self._withdraw(key)
