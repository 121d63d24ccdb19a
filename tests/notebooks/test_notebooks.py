"""The chapters in notebooks/ run from top to bottom, and what is stored in them is what they give.

Numbers in stored text may differ in the fourth digit; of cells tagged `varies` (timings, training, the last digits of
rounding errors, texts of other packages) only the kinds of their outputs are compared.

Run as a script, this file executes the chapters in place and stores what they gave:

    python tests/notebooks/test_notebooks.py
"""

from __future__ import annotations

import html
import math
import os
import re
import shutil
import sys
from pathlib import Path

import pytest

nbclient = pytest.importorskip("nbclient")
nbformat = pytest.importorskip("nbformat")
pytest.importorskip("ipykernel")

FOLDER = Path(__file__).resolve().parents[2] / "notebooks"
CHAPTERS = sorted(FOLDER.glob("*.ipynb"))
NUMBER = re.compile(r"(?<![\w.])[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?")
MACHINE_PATH = re.compile(r"/(root|home|Users|tmp|usr|opt|var)/|site-packages|\b[A-Z]:\\")
MOST_BYTES = 400_000

each_chapter = pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)


def execute(path, scratch):
    """Run a notebook in its own folder, every warning visible; returns it with its outputs."""
    notebook = nbformat.read(path, as_version=4)
    client = nbclient.NotebookClient(
        notebook,
        timeout=120,
        kernel_name="python3",
        record_timing=False,
        coalesce_streams=True,
        extra_arguments=["--HistoryManager.enabled=False"],
        resources={"metadata": {"path": str(path.parent)}},
    )
    # One deprecation inside matplotlib_inline, which comes of importing it, is nobody's here.
    warnings = "default,ignore:InlineBackend._figure_formats_changed:DeprecationWarning"
    client.execute(env={**os.environ, "PYTHONWARNINGS": warnings, "IPYTHONDIR": str(scratch)})
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    return notebook


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def kind_of(output):
    """What kind of thing a cell gave: a stream by name, an error, or mime types."""
    if output.output_type == "error":
        return output.ename
    return output.name if output.output_type == "stream" else sorted(output.data)


def text_of(output):
    """The text in an output: what was printed or shown, and the words and numbers in a drawn graph."""
    if output.output_type == "stream":
        return output.text
    text = output.data.get("text/plain", "")
    return text + "\n" + words_in(output.data["image/svg+xml"]) if text.startswith("<Drawing") else text


def words_in(svg):
    """The texts of an svg in a fixed order: where they stand is a matter of the layout program."""
    return "\n".join(sorted(html.unescape(word) for word in re.findall(r">([^<>]+)</text>", svg)))


def alike(stored, fresh):
    """Whether two texts are the same up to small differences of the numbers in them."""
    if NUMBER.sub("#", stored) != NUMBER.sub("#", fresh):
        return False
    pairs = zip(NUMBER.findall(stored), NUMBER.findall(fresh), strict=True)
    return all(math.isclose(float(a), float(b), rel_tol=1e-3) for a, b in pairs)


def test_both_chapters_are_there():
    assert [path.name for path in CHAPTERS[:2]] == ["01_computational_graphs.ipynb", "02_checking_gradients.ipynb"]


@each_chapter
def test_runs_and_gives_what_is_stored(path, tmp_path):
    stored = nbformat.read(path, as_version=4)
    copy = tmp_path / path.name
    shutil.copy(path, copy)
    fresh = execute(copy, tmp_path / "ipython")
    for before, now in zip(code_cells(stored), code_cells(fresh), strict=True):
        where = f"{path.name}, {before.id}:\n{before.source}\n\n"
        assert "stderr" not in map(kind_of, now.outputs), f"{where}warned:\n{text_of(now.outputs[0])}"
        assert [kind_of(o) for o in before.outputs] == [kind_of(o) for o in now.outputs], where
        if "varies" in before.metadata.get("tags", []):
            continue
        for one, other in zip(before.outputs, now.outputs, strict=True):
            assert alike(text_of(one), text_of(other)), (
                f"{where}stored:\n{text_of(one)}\n\nnow:\n{text_of(other)}\n\n"
                "If the new output is right, store it: python tests/notebooks/test_notebooks.py"
            )
    for name in re.findall(r"pictures/([\w.]+)", "".join(cell.source for cell in code_cells(stored))):
        made, kept = tmp_path / "pictures" / name, FOLDER / "pictures" / name
        assert made.stat().st_size > 0 and kept.stat().st_size > 0
        if name.endswith(".svg"):
            assert alike(words_in(kept.read_text()), words_in(made.read_text())), f"{name}: not what the chapter draws"


@each_chapter
def test_stored_outputs_are_whole(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert notebook.metadata.kernelspec.name == "python3"
    cells = code_cells(notebook)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1)), "not run from top to bottom"
    kinds = []
    for cell in cells:
        for output in cell.outputs:
            assert output.output_type != "error", f"{cell.id} holds an error: {output.ename}"
            assert not MACHINE_PATH.search(text_of(output)), f"{cell.id} shows a path of this machine"
            kinds.append(kind_of(output))
    assert sum("image/svg+xml" in kind for kind in kinds) >= 5 and kinds.count("stdout") >= 5
    assert "stderr" not in kinds
    assert path.stat().st_size < MOST_BYTES


@each_chapter
def test_links_lead_somewhere(path):
    notebook = nbformat.read(path, as_version=4)
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    links = [link for link in re.findall(r"\]\(([^)\s]+)\)", text) if not link.startswith("http")]
    assert links and all((FOLDER / link).exists() for link in links), links


def test_small_differences_of_numbers_are_forgiven_and_others_not():
    assert alike("slope 0.7265 after 5 steps\n", "slope 0.7266 after 5 steps\n")
    assert not alike("slope 0.7265 after 5 steps", "slope 0.7265 after 6 steps")
    assert not alike("slope 0.7265", "slope -0.7265")
    assert not alike("slope 0.7265", "slope nan")


@pytest.mark.parametrize("text", ["/root/x.py", "lib/python3.11/site-packages/numpy", r"C:\Users\me", "/home/me"])
def test_paths_of_a_machine_are_seen(text):
    assert MACHINE_PATH.search(text)


if __name__ == "__main__":
    import tempfile

    for chapter in CHAPTERS:
        with tempfile.TemporaryDirectory() as scratch:
            nbformat.write(execute(chapter, scratch), chapter)
        print(f"{chapter.name}: {chapter.stat().st_size / 1000:.0f} kB", file=sys.stderr)
