"""The reference table of all operations, written from the registry: `python -m autograd.reference > FILE`."""

from __future__ import annotations

import inspect
from typing import Any

from . import ops
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
    parts = [HEAD]
    shown: set[str] = set()
    for family in sorted(vars(ops)):
        module = getattr(ops, family)
        if not inspect.ismodule(module) or not getattr(module, "__all__", None):
            continue
        lines = []
        for name in sorted(module.__all__):
            entry = registry.get(name) or composites.get(name)
            if entry is not None:
                lines.append(_line(name, entry))
                shown.add(name)
            elif callable(getattr(module, name)):
                summary = (inspect.getdoc(getattr(module, name)) or "").split("\n")[0]
                lines.append(f"| `{name}` | {_cell(summary)} | as said |  |")
        parts.append(f"## {family.replace('_', ' ').capitalize()}\n\n{_COLUMNS}" + "\n".join(lines) + "\n")
    rest = [_line(name, record) for name, record in sorted(registry.items()) if name not in shown]
    parts.append(
        "## Records behind them\n\nAdjoints, and what several functions share; rules call them as `op.NAME`.\n\n"
        + _COLUMNS + "\n".join(rest) + "\n"
    )  # fmt: skip
    return "\n".join(parts)


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
