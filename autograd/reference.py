"""The reference table of all operations, written from the registry: `python -m autograd.reference > FILE`."""

from __future__ import annotations

import inspect
from typing import Any

from . import linalg, masked, ops, special
from .composites import composites
from .primitive import Primitive, registry

__all__ = ["operations_table"]

HEAD = """# Operations

Written by `python -m autograd.reference` from the registry of operations, which is the only list of them; a test holds
this page against it. Each function stands in `autograd` under its name, and its docstring says the rest
(`help(autograd.NAME)`).

*rule*: the operation has a gradient rule of its own; *composed*: its gradient is that of the operations it is made of;
*none*: it has no derivative. Every rule is checked against finite differences in first and second order.
"""


def operations_table() -> str:
    """The operations by family, as Markdown: name, formula, gradient, source.

    Example:
        >>> from autograd.reference import operations_table
        >>> [line for line in operations_table().splitlines() if line.startswith("| `tanh`")]
        ['| `tanh` | tanh x | rule |  |']
    """
    entries = {id(entry.function): entry for entry in composites.values()}
    shown: set[str] = set()

    def line(host: str, name: str, function: Any) -> str:
        own = function.__name__  # another, where `name` is an alias
        plain = getattr(function, "__wrapped__", function)  # without what adds names of arguments
        entry = (
            entries.get(id(function))
            or entries.get(id(plain))
            or registry.get(own)
            or composites.get(own)
            or registry.get(name)
        )
        if isinstance(entry, Primitive):
            shown.add(name)
        if entry is not None:
            return _line(host + name, entry)
        summary = (inspect.getdoc(function) or "").split("\n")[0].replace("`", "")
        return f"| `{host}{name}` | {_cell(summary)} | as said |  |"

    families: dict[str, list[str]] = {}
    for name in sorted(ops.__all__):
        function = getattr(ops, name)
        if inspect.isfunction(function):
            family = function.__module__.rsplit(".", 1)[-1]
            families.setdefault(family, []).append(line("", name, function))
    parts = [HEAD]
    for family, lines in sorted(families.items()):
        parts.append(_section(family.replace("_", " ").capitalize(), lines))
    for namespace in (linalg, masked, special):
        host = namespace.__name__.rsplit(".", 1)[-1]
        functions = {name: getattr(namespace, name) for name in namespace.__all__}
        lines = [line(f"{host}.", name, f) for name, f in sorted(functions.items()) if inspect.isfunction(f)]
        parts.append(_section(f"autograd.{host}", lines))
    rest = [_line(name, record) for name, record in sorted(registry.items()) if name not in shown]
    parts.append(_section("Records behind them", rest, "Adjoints, and what functions share; rules call `op.NAME`."))
    return "\n".join(parts)


def _section(title: str, lines: list[str], text: str = "") -> str:
    return f"## {title}\n\n" + (f"{text}\n\n" if text else "") + _COLUMNS + "\n".join(lines) + "\n"


_COLUMNS = "| name | formula | gradient | source |\n|---|---|---|---|\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _line(name: str, entry: Any) -> str:
    if isinstance(entry, Primitive):
        gradient = "none" if entry.vjp is None else "rule"
    else:
        gradient = "composed" if entry.differentiable else "none"
    return f"| `{name}` | {_cell(entry.formula)} | {gradient} | {_cell(entry.source)} |"


if __name__ == "__main__":
    print(operations_table(), end="")
