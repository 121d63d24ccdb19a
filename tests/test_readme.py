"""The README's Python blocks run as they stand."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

README = Path(__file__).parents[1] / "README.md"
BLOCKS = re.findall(r"^```python\n(.*?)^```", README.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_block_runs(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    try:
        exec(compile(BLOCKS[number], f"README.md, block {number}", "exec"), names)
    finally:
        _forget("cube")
    printed = capsys.readouterr().out
    if "neuron.svg" in BLOCKS[number]:
        assert "0.731" in (tmp_path / "neuron.svg").read_text(encoding="utf-8")
    elif "accuracy" in BLOCKS[number]:
        assert float(re.findall(r"accuracy ([\d.]+)%", printed)[0]) > 95
    elif "test_mine" in BLOCKS[number]:
        names["test_mine"]()  # type: ignore[operator]
    else:
        comment = re.findall(r"print\(.*#\s*(.*)$", BLOCKS[number], flags=re.MULTILINE)
        assert comment == [printed.strip()]


def _forget(name: str) -> None:
    """Take an operation that a block defined out of the registry again."""
    from autograd import registry

    registry._records.pop(name, None)
    registry.__dict__.pop(name, None)


def test_every_block_is_found_and_every_path_exists() -> None:
    text = README.read_text(encoding="utf-8")
    assert len(BLOCKS) == text.count("```python") == 5
    for path in re.findall(r"^\| `([\w/.]+)`", text, flags=re.MULTILINE) + re.findall(r"!\[.*\]\((.*)\)", text):
        assert (README.parent / path).exists(), path


def test_there_are_two_commands_of_one_line() -> None:
    commands = re.findall(r"^    (python3 -m venv .*)$", README.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert [command.split("&& ")[-1] for command in commands] == ["chainrule demo", "pytest"]
