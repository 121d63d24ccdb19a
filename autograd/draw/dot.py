"""A picture as DOT text, by the rules that `render` states."""

from __future__ import annotations

from collections.abc import Iterator

from .collapse import MOST_USES, drawn_uses
from .picture import Item, Picture, Result, contents_of, results_of, title_of
from .render import FONT, escape_label, escape_record
from .text import count, plural, shorten

__all__ = ["notes", "write"]

_INK = "#3c4450"
_FILL = {
    "leaf": 'fillcolor="#d9e8fb" color="#3f74b5"',
    "parameter": 'fillcolor="#dcf0dc" color="#43884a"',
    "constant": 'fillcolor="#f4f4f4" color="#8a8f98" style="filled,dashed"',
    "leaves": 'fillcolor="#f4f4f4" color="#8a8f98" style="filled,dashed"',
    "result": 'fillcolor="#ffffff" color="#8a8f98"',
    "root": 'fillcolor="#fdf3d0" color="#b58a1e" penwidth=1.8',
    "operation": 'fillcolor="#ffd9a8" color="#c77718"',
    "module": 'fillcolor="#e6def5" color="#7558b0" style="filled,rounded"',
    "fold": 'fillcolor="#ececec" color="#6a6f78" style="filled,rounded,dashed"',
}
# Boxes in boxes, from the outermost inwards.
_MODULES = ("#f7f5fc", "#efebf9", "#e7e1f5", "#dfd7f1")


def write(picture: Picture, direction: str) -> str:
    """Write a picture as DOT text.

    Args:
        picture: the picture, described.
        direction: `LR`, `TB`, `RL` or `BT`.
    """
    return "\n".join(_Writer(picture, direction).lines()) + "\n"


def notes(picture: Picture) -> list[str]:
    """The lines below a picture."""
    lines = []
    if picture.collapsed:
        operations = plural(sum(item.operations for item in picture.items), "operation")
        lines.append(f"too large to draw whole ({operations}): {'; '.join(picture.collapsed.values())}")
    dtype = _one_dtype(picture)
    if dtype:
        lines.append(f"every box holds one number, {dtype}")
    return lines + picture.notes


def _one_dtype(picture: Picture) -> str:
    """The dtype of all results, if each is one number: that is said once, and not in each box."""
    kinds = {(r.shape, str(r.dtype)) for item in picture.items for r in item.outputs if r.shape is not None}
    shape, dtype = next(iter(kinds), (None, ""))
    return dtype if len(kinds) == 1 and shape == () else ""


class _Writer:
    def __init__(self, picture: Picture, direction: str) -> None:
        self.picture = picture
        self.direction = direction
        self.roots = set(picture.roots)
        self.uses = drawn_uses(picture)
        self.alike = bool(_one_dtype(picture))

    def lines(self) -> Iterator[str]:
        """The lines of the text."""
        yield "digraph {"
        yield f"  rankdir={self.direction}; nslimit=2; nslimit1=2; nodesep=0.15; ranksep=0.3;"
        yield f'  graph [fontname="{FONT}" fontsize=9 fontcolor="{_INK}"];'
        yield (
            f'  node [fontname="{FONT}" fontsize=10 fontcolor="{_INK}" height=0.25 width=0.25 margin="0.09,0.05" '
            "style=filled];"
        )
        yield f'  edge [fontname="{FONT}" fontsize=8 fontcolor="{_INK}" color="#6a6f78" arrowsize=0.6];'
        caption = "".join(escape_label(note) + r"\l" for note in notes(self.picture))
        if caption:
            yield f'  label="{caption}"; labelloc=b; labeljust=l;'
        yield from self.modules()
        for k, item in enumerate(self.picture.items):
            yield from self.edges(k, item)
        yield "}"

    # --- boxes in boxes

    def modules(self) -> Iterator[str]:
        """The nodes, those of each module in a box of its own."""
        inside: dict[tuple[str, ...], list[str]] = {(): []}
        children: dict[tuple[str, ...], list[tuple[str, ...]]] = {}
        for k, item in enumerate(self.picture.items):
            for scope, line in self.nodes(k, item):
                for depth in range(1, len(scope) + 1):
                    if scope[:depth] not in inside:
                        inside[scope[:depth]] = []
                        children.setdefault(scope[: depth - 1], []).append(scope[:depth])
                inside[scope].append(line)
        numbers = {scope: k for k, scope in enumerate(inside)}
        # Without recursion: a scope, or None where a box ends.
        stack: list[tuple[str, ...] | None] = [()]
        depth = 1
        while stack:
            top = stack.pop()
            if top is None:
                depth -= 1
                yield "  " * depth + "}"
                continue
            scope = top
            if scope:
                indent = "  " * depth
                yield f"{indent}subgraph cluster_{numbers[scope]} {{"
                depth += 1
                fill = _MODULES[min(len(scope), len(_MODULES)) - 1]
                title = escape_label(title_of(self.picture, scope))
                yield (
                    f'{indent}  label="{title}"; labeljust=l; labelloc=t; style="filled,rounded"; '
                    f'color="#a99bcb"; fillcolor="{fill}"; margin=8;'
                )
                stack.append(None)
            for line in inside[scope]:
                yield "  " * depth + line
            stack += reversed(children.get(scope, []))

    def nodes(self, k: int, item: Item) -> Iterator[tuple[tuple[str, ...], str]]:
        """The statements of the boxes and the circle of an item, each with the module that it stands in."""
        if item.kind in ("leaf", "constant"):
            users = self.uses.get(k, [])
            look = _FILL["parameter" if item.parameter else item.kind]
            if (k, 0) in self.roots:
                look = _FILL["root"]
            if len(users) > MOST_USES:
                for user in users:
                    scope = self.picture.items[user].scope if item.inner else ()
                    yield scope, self.box(f"n{k}_for_{user}", item.outputs[0], look)
                if (k, 0) not in self.roots:
                    return
            scopes = [self.picture.items[user].scope for user in users]
            alone = item.inner and scopes and all(scope == scopes[0] for scope in scopes)
            yield scopes[0] if alone else (), self.box(f"n{k}", item.outputs[0], look)
            return
        look = _FILL[item.kind]
        if item.kind == "operation":
            label = "\n".join(shorten(line) for line in [item.label, *item.lines])
            round_ = len(label) <= 2
            shape = "shape=circle width=0.36 fixedsize=true" if round_ else 'shape=ellipse margin="0.04,0.02"'
            # The order of the inputs is that of the formula: x - y is not y - x.
            yield (
                item.scope,
                f'n{k} [{shape} {look} fontsize={13 if round_ else 11} ordering=in label="{escape_label(label)}"];',
            )
        else:
            yield item.scope, f'n{k} [shape=box {look} label="{escape_label(self.summary(item))}"];'
        for index, result in enumerate(item.outputs):
            if self.name_of(k, index) != f"n{k}":
                root = (k, index) in self.roots
                yield item.scope, self.box(f"n{k}_{index}", result, _FILL["root" if root else "result"])

    def name_of(self, k: int, index: int) -> str:
        """The name of the box of a result; that of the operation where the result has no box."""
        item = self.picture.items[k]
        if item.kind in ("leaf", "constant", "leaves"):
            return f"n{k}"
        # A result of which nothing is known but that it is passed on is no more than the edge.
        blank = (k, index) not in self.roots and not self.fields(item.outputs[index])
        return f"n{k}" if blank else f"n{k}_{index}"

    def summary(self, item: Item) -> str:
        """What the box of a module or a fold says."""
        if item.kind == "module":
            lines = [title_of(self.picture, (*item.scope, item.label)), *item.lines]
        else:
            lines = [item.label] + ([shorten(item.pattern)] if item.pattern else [])
        return "\n".join(lines + (contents_of(item) if item.kind != "leaves" else []))

    def box(self, name: str, result: Result, look: str) -> str:
        """The statement of the box of a value: name and shape, the value, below it the gradient."""
        text = "|".join(escape_record(part) for part in self.fields(result) or [" "])
        if self.direction in ("TB", "BT"):
            text = f"{{{text}}}"  # records turn with the direction of the graph
        return f'{name} [shape=record {look} label="{text}"];'

    def fields(self, result: Result) -> list[str]:
        """What the box of a value says, from top to bottom."""
        head = [shorten(result.name)] if result.name else []
        if result.shape is not None and not self.alike:
            head.append(results_of(result.shape, result.dtype))
        fields = ["\n".join(head)] if head else []
        for word, lines in (("value", result.value_lines), ("grad", result.gradient_lines)):
            if lines:
                fields.append(f"{word} {lines[0]}" if len(lines) == 1 else "\n".join([word, *lines]))
        return fields

    # --- edges

    def edges(self, k: int, item: Item) -> Iterator[str]:
        """The statements of the edges into an item and from it to its results."""
        number: dict[str, int] = {}
        for source, index in item.inputs:
            name = self.name_of(source, index)
            if len(self.uses.get(source, ())) > MOST_USES:
                name = f"n{source}_for_{k}"
            held = self.picture.items[source]
            several = held.kind == "leaves" or held.outputs[index].number > 1
            number[name] = 1 if several else number.get(name, 0) + 1
        for name, times in number.items():
            if times <= MOST_USES:
                yield from [f"  {name} -> n{k};"] * times
            else:
                yield f'  {name} -> n{k} [label="{count(times)} times"];'
        for index in range(len(item.outputs)):
            if self.name_of(k, index) != f"n{k}":
                yield f"  n{k} -> n{k}_{index};"
