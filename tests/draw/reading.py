"""Reading a picture's DOT text back, so that tests can ask what a reader would see."""

import re
from dataclasses import dataclass, field

NODE = re.compile(r'^\s*(n\w+) \[(.*) ?label="((?:[^"\\]|\\.)*)"\];$')
EDGE = re.compile(r"^\s*(n\w+) -> (n\w+)(?: \[(.*)\])?;$")
CLUSTER = re.compile(r'^\s*label="((?:[^"\\]|\\.)*)"; labeljust=l; labelloc=t;')


@dataclass
class Box:
    """One box or circle: its look, the texts of its fields, and the titles of the modules around it."""

    name: str
    look: str
    fields: list[str]
    scope: tuple[str, ...]
    inputs: list["Box"] = field(default_factory=list)

    @property
    def shape(self) -> str:
        found = re.search(r"shape=(\w+)", self.look)
        assert found is not None
        return found[1]


def unescape(text: str) -> str:
    """What Graphviz shows for an escaped label."""
    text = re.sub(r"\\(.)", lambda found: "\n" if found[1] == "n" else found[1], text)
    return text.replace("\xa0", " ").replace("&amp;", "&")


def boxes(source: str) -> dict[str, Box]:
    """Every box and circle by its name, with its inputs in order."""
    found: dict[str, Box] = {}
    scope: list[str] = []
    for line in source.splitlines():
        if cluster := CLUSTER.match(line):
            scope.append(unescape(cluster[1]))
        elif line.strip() == "}" and scope:
            scope.pop()
        elif edge := EDGE.match(line):
            found[edge[2]].inputs.append(found[edge[1]])
        elif node := NODE.match(line):
            label = node[3]
            if "shape=record" in node[2]:
                label = label.removeprefix("{").removesuffix("}")
            fields = [unescape(part) for part in re.split(r"(?<!\\)\|", label)]
            assert node[1] not in found
            found[node[1]] = Box(node[1], node[2], fields, tuple(scope))
        else:
            assert "n0" not in line, f"a line that is not read: {line}"
    return found


def operations(source: str) -> list[Box]:
    """The circles and ellipses."""
    return [box for box in boxes(source).values() if box.shape in ("circle", "ellipse")]


def titled(source: str, title: str) -> Box:
    """The one box or circle whose first line is `title`."""
    found = [box for box in boxes(source).values() if box.fields[0].split("\n")[0] == title]
    assert len(found) == 1, f"{len(found)} boxes with the title {title!r}"
    return found[0]


def formula(box: Box) -> str:
    """The formula that a reader reads off the arrows into a box."""
    inputs = [formula(source) for source in box.inputs]
    name = box.fields[0].split("\n")[0]
    if box.shape in ("circle", "ellipse"):
        return f"({f' {name} '.join(inputs)})" if len(inputs) > 1 else f"{name}({inputs[0]})"
    return inputs[0] if inputs else name
