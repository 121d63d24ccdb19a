"""Sequential, ModuleList, ModuleDict: as lists and dicts, and as PyTorch's."""

from __future__ import annotations

from collections import OrderedDict
from types import ModuleType
from typing import Any

import pytest

import autograd
import nn
from autograd.errors import ArgumentError, DtypeError


def exercise(library: Any, kind: str) -> list[Any]:
    """What a row of modules says of itself through a series of changes."""
    make = [library.ReLU, library.Tanh, library.Sigmoid, library.Identity]
    row = library.Sequential(*[m() for m in make]) if kind == "Sequential" else library.ModuleList([m() for m in make])
    said: list[Any] = []

    def say() -> None:
        said.append([(name, type(m).__name__) for name, m in row.named_children()])
        said.append(len(row))

    say()
    said.append(type(row[-1]).__name__)
    said.append([type(m).__name__ for m in row[1:3]])
    said.append(list(dict(row[1:3].named_children())))
    row[1] = library.Softsign()
    say()
    del row[0]
    say()
    row.append(library.ReLU())
    row.extend([library.Tanh()])
    row.insert(1, library.SELU())
    say()
    said.append(type(row.pop(-2)).__name__)
    say()
    del row[1:3]
    say()
    said.append([type(m).__name__ for m in row])
    return said


@pytest.mark.parametrize("kind", ["Sequential", "ModuleList"])
def test_rows_agree_with_pytorch(torch: ModuleType, kind: str) -> None:
    ours, theirs = exercise(nn, kind), exercise(torch.nn, kind)
    if kind == "Sequential":  # a slice of a Sequential keeps its names there, of a ModuleList it counts from 0
        assert ours[4] == theirs[4] == ["1", "2"]
    assert ours == theirs


def test_sequential_of_names() -> None:
    model = nn.Sequential(OrderedDict(a=nn.Linear(2, 3), b=nn.ReLU()))
    assert [name for name, _ in model.named_parameters()] == ["a.weight", "a.bias"]
    assert model.a is model[0] and model(autograd.ones(1, 2)).shape == (1, 3)
    del model[0]
    assert [name for name, _ in model.named_children()] == ["0"]  # as in PyTorch, which counts anew
    assert nn.Sequential()(5) == 5


def test_module_list_adds_and_is_not_called() -> None:
    layers = nn.ModuleList([nn.ReLU()]) + nn.ModuleList([nn.Tanh()])
    layers += [nn.Sigmoid()]
    assert [type(m) for m in layers] == [nn.ReLU, nn.Tanh, nn.Sigmoid]
    with pytest.raises(NotImplementedError, match="ModuleList has no forward"):
        layers(1)


def test_module_dict() -> None:
    parts = nn.ModuleDict([("a", nn.ReLU())])
    parts["b"] = nn.Tanh()
    parts.update({"a": nn.Sigmoid()})
    assert list(parts) == ["a", "b"] == list(parts.keys()) and len(parts) == 2 and "a" in parts
    assert [type(m) for m in parts.values()] == [nn.Sigmoid, nn.Tanh]
    assert type(parts.pop("a")) is nn.Sigmoid and list(dict(parts.items())) == ["b"]
    del parts["b"]
    parts["c"] = nn.ReLU()
    parts.clear()
    assert len(parts) == 0
    with pytest.raises(KeyError, match="there is no 'x'"):
        _ = parts["x"]
    with pytest.raises(ArgumentError, match="there is an attribute 'items' already"):
        parts["items"] = nn.ReLU()
    with pytest.raises(ArgumentError, match="expected pairs"):
        parts.update([nn.ReLU()])


def test_mistakes_get_an_error() -> None:
    row = nn.Sequential(nn.ReLU())
    with pytest.raises(DtypeError, match="'1' is a function; use a Module"):
        row.append(autograd.relu)
    with pytest.raises(IndexError, match="index 3 is out of range; there are 1 modules"):
        _ = row[3]
    with pytest.raises(DtypeError, match="an index is a whole number or a slice"):
        _ = row["0"]
    with pytest.raises(DtypeError, match="cannot insert a int"):
        row.insert(0, 3)
    assert len(row) == 1
