"""Modules that hold modules or parameters: in a row, in a list, by name."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from autograd import Tensor
from autograd.errors import ArgumentError, DtypeError

from .module import Module, _indented
from .parameter import Parameter

__all__ = ["ModuleDict", "ModuleList", "ParameterDict", "ParameterList", "Sequential"]


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


def _count(name: str, times: Any) -> int:
    """How often modules are to be repeated, the same objects each time."""
    if not hasattr(times, "__index__") or times < 1:
        raise ArgumentError(f"{name}: cannot be repeated {times!r} times; use a whole number of at least 1")
    return operator.index(times)


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

    def __add__(self, other: Iterable[Module]) -> Sequential:
        return Sequential(*self, *other)

    def __mul__(self, times: int) -> Sequential:
        return Sequential(*(self._listed() * _count("Sequential", times)))

    __rmul__ = __mul__

    def __imul__(self, times: int) -> Sequential:
        modules = self._listed()
        return self.extend(modules * (_count("Sequential", times) - 1))

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


class _Holder(Module):
    """Holds values by name; Tensors become Parameters."""

    _names: list[str]

    def __init__(self) -> None:
        super().__init__()
        self._names = []

    def _hold(self, name: str, value: Any) -> None:
        """Enter a value under a name, which may be one of an attribute of the class, as "keys"."""
        if isinstance(value, Tensor) and not isinstance(value, Parameter):
            value = Parameter(value, requires_grad=value.requires_grad or value.is_floating_point())
        if not isinstance(name, str) or not name or "." in name:
            raise ArgumentError(f"{type(self).__name__}: {name!r} cannot name a parameter; use a text without dots")
        self._drop(name)
        self._names.append(name)
        if isinstance(value, Parameter):
            self._parameters[name] = value
            if value.name is None:
                value.name = name
        elif isinstance(value, Module):
            self._modules[name] = value
        else:
            self._others[name] = value

    def _drop(self, name: str) -> None:
        if name in self._names:
            self._names.remove(name)
            self._parameters.pop(name, None)
            self._modules.pop(name, None)
            self._others.pop(name, None)

    @property
    def _others(self) -> dict[str, Any]:
        """What is no Parameter, and so is in no state_dict."""
        return self.__dict__.setdefault("_other_values", {})

    def _value(self, name: str) -> Any:
        for registry in (self._parameters, self._modules, self._others):
            if name in registry:
                return registry[name]
        known = ", ".join(map(repr, self._names)) or "none"
        raise KeyError(f"{type(self).__name__}: there is no {name!r}; there are {known}")

    def __len__(self) -> int:
        return len(self._names)

    def _lines(self) -> list[str]:
        lines = []
        for name in self._names:
            value = self._value(name)
            if isinstance(value, Tensor):
                size = "x".join(map(str, value.shape))
                text = f"Parameter containing: [{self._dtype_name(value)} of size {size}]"
            elif isinstance(value, Module):
                text = _indented(repr(value))
            else:
                text = f"Object of type: {type(value).__name__}"
            lines.append(f"  ({name}): {text}")
        return lines

    def _dtype_name(self, value: Tensor) -> str:
        return f"torch.{value.dtype}"

    def __repr__(self) -> str:
        lines = self._lines()
        body = "\n" + "\n".join(f"  {line}" for line in lines) + "\n" if lines else ""
        return f"{type(self).__name__}({body})"


class ParameterList(_Holder):
    """A list of Parameters, which are listed; Tensors become Parameters, and other objects are held as they are.

    Args:
        values: the Parameters.

    Example:
        >>> weights = nn.ParameterList(autograd.ones(k) for k in (1, 2))
        >>> [name for name, parameter in weights.named_parameters()]
        ['0', '1']
    """

    def __init__(self, values: Iterable[Any] | None = None) -> None:
        super().__init__()
        if values is not None:
            self.extend(values)

    def _position(self, index: Any) -> str:
        k = operator.index(index)
        if not -len(self) <= k < len(self):
            # IndexError, which ends Python's own iteration protocol.
            raise IndexError(f"ParameterList: index {k} is out of range; there are {len(self)} entries")
        return str(k % len(self))

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return ParameterList(list(self)[index])
        return self._value(self._position(index))

    def __setitem__(self, index: int, value: Any) -> None:
        values = list(self)
        values[int(self._position(index))] = value
        for name in list(self._names):
            self._drop(name)
        self.extend(values)

    def __iter__(self) -> Iterator[Any]:
        return iter([self._value(name) for name in self._names])

    def append(self, value: Any) -> ParameterList:
        """Put a value at the end; returns the list."""
        self._hold(str(len(self)), value)
        return self

    def extend(self, values: Iterable[Any]) -> ParameterList:
        """Put values at the end; returns the list."""
        if isinstance(values, (Tensor, str)) or not isinstance(values, Iterable):
            raise DtypeError(
                f"ParameterList: expected several values, not a {type(values).__name__}; put it into a list"
            )
        for value in list(values):
            self.append(value)
        return self

    def __iadd__(self, values: Iterable[Any]) -> ParameterList:
        return self.extend(values)


class ParameterDict(_Holder):
    """Parameters by name, which are listed; Tensors become Parameters, and other objects are held as they are.

    Args:
        parameters: a dict, or pairs of name and Parameter.

    Example:
        >>> weights = nn.ParameterDict({"left": autograd.ones(1), "right": autograd.ones(2)})
        >>> weights["right"].shape
        (2,)
    """

    def __init__(self, parameters: Any = None) -> None:
        super().__init__()
        if parameters is not None:
            self.update(parameters)

    def _dtype_name(self, value: Tensor) -> str:
        kinds = {"float16": "Half", "float32": "Float", "float64": "Double", "int64": "Long", "int32": "Int"}
        return f"torch.{kinds.get(str(value.dtype), str(value.dtype).capitalize())}Tensor"

    def __getitem__(self, key: str) -> Any:
        return self._value(key)

    def __setitem__(self, key: str, value: Any) -> None:
        self._hold(key, value)

    def __delitem__(self, key: str) -> None:
        self[key]
        self._drop(key)

    def __getattr__(self, name: str) -> Any:
        if name in self.__dict__.get("_names", ()):
            return self._value(name)
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, Parameter):
            self._hold(name, value)
        else:
            super().__setattr__(name, value)

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._names))

    def __reversed__(self) -> Iterator[str]:
        return reversed(list(self._names))

    def __contains__(self, key: object) -> bool:
        return key in self._names

    def __or__(self, other: ParameterDict) -> ParameterDict:
        result = self.copy()
        result.update(other)
        return result

    def __ior__(self, other: ParameterDict) -> ParameterDict:
        self.update(other)
        return self

    def copy(self) -> ParameterDict:
        """A new ParameterDict with the same Parameters."""
        return ParameterDict(dict(self.items()))

    def keys(self) -> Any:
        """The names."""
        return dict.fromkeys(self._names).keys()

    def items(self) -> Any:
        """Pairs of name and value."""
        return {name: self._value(name) for name in self._names}.items()

    def values(self) -> Any:
        """The values."""
        return {name: self._value(name) for name in self._names}.values()

    def get(self, key: str, default: Any = None) -> Any:
        """The value of a name, or the default where there is none."""
        return self._value(key) if key in self._names else default

    def setdefault(self, key: str, default: Any = None) -> Any:
        """The value of a name, which is entered where there is none."""
        if key not in self:
            self[key] = default
        return self[key]

    def update(self, parameters: Any) -> None:
        """Enter values from a dict, or from pairs of name and value."""
        if isinstance(parameters, (Mapping, ParameterDict)):
            parameters = parameters.items()
        for pair in list(parameters):
            if not (isinstance(pair, (tuple, list)) and len(pair) == 2):
                raise ArgumentError(f"ParameterDict: expected pairs of name and value, not {pair!r:.80}")
            self[pair[0]] = pair[1]

    def fromkeys(self, keys: Iterable[str], default: Any = None) -> ParameterDict:
        """A new ParameterDict with the same value under every name."""
        return ParameterDict([(key, default) for key in keys])

    def pop(self, key: str) -> Any:
        """Take a value out, and return it."""
        value = self[key]
        del self[key]
        return value

    def popitem(self) -> tuple[str, Any]:
        """Take the last value out, and return it with its name."""
        key = self._names[-1]
        return key, self.pop(key)

    def clear(self) -> None:
        """Take all values out."""
        for key in list(self._names):
            self._drop(key)
