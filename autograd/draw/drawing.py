"""`draw`: pictures of the graph above a result, and the Drawing that saves and shows them."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ..errors import ArgumentError, DrawError, DtypeError

if TYPE_CHECKING:
    from .picture import Picture

__all__ = ["Drawing", "draw"]

MOST_NODES = 160
# A picture that could not be laid out is collapsed to half its size, again and again down to this.
FEWEST_NODES = 8
DIRECTIONS = ("LR", "TB", "RL", "BT")


def draw(
    output: Any,
    *,
    names: Mapping[str, Any] | None = None,
    module: Any = None,
    direction: Literal["LR", "TB", "RL", "BT"] = "LR",
    values: bool = True,
    max_nodes: int = MOST_NODES,
) -> Drawing:
    """Draw the graph above a result: what was computed, from what, with which numbers and gradients.

    Circles and ellipses are operations. Boxes are variables: blue for inputs, green for parameters, white for
    results, yellow for the outputs, dashed for constants. A box holds a name, shape and dtype (a Value has none),
    the value, and below it the gradient: all the numbers of a small tensor, `mean ± standard deviation` of others.
    Modules are boxes around what they computed. An operation shows what it was told beside its inputs.

    Leaves, outputs and tensors in `names` have their value and gradient at hand. Those of other results are there if
    they were computed under `autograd.record()`; where they are not, a line below the picture says so. A Value
    always has both. The drawing shows the moment at which it is made.

    A leaf that up to three operations use is drawn once, one of more uses once for each. A graph that would have
    more than `max_nodes` boxes and circles, or proves too large to lay out, is collapsed: modules become one box
    each, the innermost first; then repetitions are folded. A line below the picture says what was done.

    Args:
        output: a Tensor or a Value, or a list of them.
        names: names for leaves and results, such as `locals()`; also those in lists. A tensor's own `name` and a
            Value's `label` come first.
        module: the module that computed the output; names its parameters and tells the classes of its modules. A
            module without `named_parameters()`, as those of Values, marks its `parameters()`.
        direction: from left to right (`"LR"`), top to bottom (`"TB"`), or the reverse (`"RL"`, `"BT"`).
        values: write values and gradients; False shows names, shapes and dtypes alone.
        max_nodes: the most boxes and circles to draw.

    Returns:
        A Drawing, which notebooks show and `save(path)` writes as svg, png, pdf or dot.

    Raises:
        DtypeError: an output is neither a Tensor nor a Value.
        ArgumentError: an argument has a value that is not meant, or there is no output.

    Example:
        >>> x, y = Value(-2.0, label="x"), Value(5.0, label="y")
        >>> f = (x + y) * Value(-4.0, label="z")
        >>> f.backward()
        >>> autograd.draw(f)
        <Drawing of 2 operations, 3 variables>
    """
    from .collapse import collapse
    from .picture import Names, describe, read

    outputs = _outputs(output)
    if direction not in DIRECTIONS:
        raise ArgumentError(f"draw: direction {direction!r} is not one of {', '.join(map(repr, DIRECTIONS))}")
    if not isinstance(max_nodes, int) or isinstance(max_nodes, bool) or max_nodes < FEWEST_NODES:
        raise ArgumentError(f"draw: max_nodes must be an integer of at least {FEWEST_NODES}, and is {max_nodes!r}")
    if names is not None and not isinstance(names, Mapping):
        raise ArgumentError(
            f"draw: names must map names to Tensors or Values, as locals() does, and is a {type(names).__name__}"
        )
    if module is not None and not (hasattr(module, "named_parameters") or hasattr(module, "parameters")):
        raise ArgumentError(
            f"draw: module must have named_parameters() or parameters(), and {type(module).__name__} has neither"
        )
    picture = collapse(read(outputs, Names(names, module)), max_nodes)
    describe(picture, values)
    return Drawing(picture, direction)


def _outputs(output: Any) -> list[Any]:
    from ..primitive import Handle
    from ..value import Value

    outputs = list(output) if isinstance(output, (list, tuple)) else [output]
    if not outputs:
        raise ArgumentError("draw: there is no output to draw; give a Tensor or a Value, or a list of them")
    for given in outputs:
        if not isinstance(given, (Handle, Value)):
            raise DtypeError(
                f"draw: expected a Tensor or a Value, or a list of them, not {type(given).__name__}: {given!r:.80}"
            )
    return outputs


class Drawing:
    """A picture of a graph, as `autograd.draw` makes it: shown by notebooks, saved by `save`.

    It holds texts alone: it keeps no tensor alive, and does not change when the graph does.

    Example:
        >>> x = autograd.tensor(3.0, requires_grad=True)
        >>> drawing = autograd.draw(x * x, names={"x": x})
        >>> drawing.notes
        ['every box holds one number, float32']
        >>> drawing.source.splitlines()[0]
        'digraph {'
    """

    def __init__(self, picture: Picture, direction: str) -> None:
        self._picture = picture
        self._direction = direction
        self._svg: str | None = None

    @property
    def source(self) -> str:
        """The picture as DOT text."""
        from .dot import write

        return write(self._picture, self._direction)

    @property
    def notes(self) -> list[str]:
        """What the lines below the picture say: what was collapsed, what was not kept."""
        from .dot import notes

        return notes(self._picture)

    def render(self, format: str, *, dpi: float = 144, timeout: float = 20.0) -> bytes:
        """Draw the picture; collapse it further, and note that, for as long as it proves too large to lay out.

        Args:
            format: "svg", "png", "pdf" or "dot".
            dpi: pixels an inch of the png.
            timeout: seconds that one attempt may take.

        Returns:
            The bytes of the file.

        Raises:
            DrawError: the format is unknown, or what draws is not installed.
            MissingExtraError: a pdf needs the extra `pdf` or the program `dot`.
        """
        from .collapse import collapse, size
        from .render import LayoutTooLarge, render

        while True:
            try:
                return render(self.source, format, dpi=dpi, timeout=timeout)
            except LayoutTooLarge:
                before = size(self._picture)
                smaller = collapse(self._picture, max(before // 2, FEWEST_NODES))
                if size(smaller) >= before:
                    raise
                self._picture, self._svg = smaller, None

    def save(self, path: str | os.PathLike[str], *, dpi: float = 144, timeout: float = 20.0) -> None:
        """Save the picture in the format that the file's ending names: svg, png, pdf or dot.

        The file appears whole or not at all; on an error an older file of that name stays as it was.

        Args:
            path: the file, such as `"graph.svg"`.
            dpi: pixels an inch of a png.
            timeout: seconds that the layout may take before the graph is collapsed further.

        Raises:
            DrawError: the ending is unknown, the file cannot be written, or what draws is not installed.
            MissingExtraError: a pdf needs the extra `pdf` or the program `dot`.

        Example:
            >>> import pathlib, tempfile
            >>> x = Value(2.0, label="x")
            >>> folder = pathlib.Path(tempfile.mkdtemp())
            >>> autograd.draw(x * x).save(folder / "square.dot")
            >>> (folder / "square.dot").read_text().count("->")
            3
        """
        from .render import FORMATS

        target = Path(path)
        format = target.suffix[1:].lower()
        if format not in FORMATS:
            endings = ", ".join("." + known for known in FORMATS)
            raise DrawError(f"save: {str(target)!r} does not end in one of {endings}; the ending says the format")
        _replace(target, self.render(format, dpi=dpi, timeout=timeout))

    def _repr_svg_(self) -> str:
        if self._svg is None:
            # A notebook's column may be narrower than the picture.
            self._svg = self.render("svg").decode().replace("<svg ", '<svg style="max-width: 100%; height: auto" ', 1)
        return self._svg

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"image/svg+xml": self._repr_svg_(), "text/plain": repr(self)}

    def __repr__(self) -> str:
        from .text import plural

        operations = sum(item.operations for item in self._picture.items)
        variables = sum(item.variables for item in self._picture.items)
        collapsed = ", collapsed" if self._picture.collapsed else ""
        return f"<Drawing of {plural(operations, 'operation')}, {plural(variables, 'variable')}{collapsed}>"


def _replace(target: Path, content: bytes) -> None:
    """Write a file beside its place, and then move it there in one step."""
    beside = target.with_name(f".{target.name}.{os.getpid()}.{threading.get_ident()}")
    try:
        try:
            beside.write_bytes(content)
            os.replace(beside, target)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        raise DrawError(f"save: {str(target)!r} could not be written: {error.strerror or error}") from error
