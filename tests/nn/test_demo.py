"""The main job: what it reaches, leaves behind, repeats, and survives."""

from __future__ import annotations

import importlib
import json
import struct
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

import autograd
from autograd.deferred import computed
from autograd.errors import GradcheckError
from nn import command, demo

pytest.importorskip("sklearn")
pytest.importorskip("matplotlib")
pytest.importorskip("tqdm")

RESULTS = {
    "curves.png",
    "filters.png",
    "graph.png",
    "graph.svg",
    "history.json",
    "mistakes.png",
    "weights.safetensors",
}


def history(folder: Path) -> list[dict[str, float]]:
    return json.loads((folder / "history.json").read_text())


def test_digits_are_split_by_class_and_by_seed() -> None:
    digits = demo.load_digits(0)
    assert digits.images.shape == (1347, 1, 8, 8)
    assert digits.held_images.shape == (450, 1, 8, 8)
    assert digits.images.dtype == np.float32
    assert digits.images.max() == 1
    share = np.bincount(digits.held_labels) / np.bincount(np.concatenate([digits.labels, digits.held_labels]))
    assert np.abs(share - 0.25).max() < 0.01
    assert not np.array_equal(demo.load_digits(1).held_labels, digits.held_labels)


def test_shifting_moves_whole_images() -> None:
    images = np.zeros((200, 1, 8, 8), np.float32)
    images[:, 0, 3, 4] = np.arange(1, 201)
    moved = demo.shifted(images, np.random.default_rng(0))
    assert moved.shape == images.shape
    n, _, row, column = np.nonzero(moved)
    assert np.array_equal(n, np.arange(200))
    assert np.array_equal(moved[n, 0, row, column], np.arange(1, 201))
    assert set(row - 3) == set(column - 4) == {-1, 0, 1}


def test_demo_reaches_98_percent_and_leaves_its_results(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["demo", "--out", str(tmp_path / "a" / "b"), "--seed", "3"]) == 0
    folder = tmp_path / "a" / "b"
    assert {path.name for path in folder.iterdir()} == RESULTS
    for path in folder.glob("*.png"):
        width, height = struct.unpack(">II", path.read_bytes()[16:24])
        assert width > 300
        assert height > 200
    text = " ".join(ElementTree.parse(folder / "graph.svg").getroot().itertext())
    assert "conv1.weight" in text
    assert "cross_entropy" in text
    model = demo.DigitsNet()
    model.load_state_dict(autograd.load(folder / "weights.safetensors"))
    digits = demo.load_digits(3)
    _, accuracy, predicted = demo.evaluate(model, digits.held_images, digits.held_labels)
    assert accuracy >= 0.98
    assert accuracy == history(folder)[-1]["held_out_accuracy"]
    printed = capsys.readouterr().out
    assert f"{accuracy:.2%}" in printed
    assert f"{int((predicted != digits.held_labels).sum())} of 450 misclassified" in printed
    assert "12,426 parameters, in float64, agree with finite differences" in printed


def test_equal_seeds_give_equal_bytes(tmp_path: Path) -> None:
    for name, seed in (("a", 5), ("b", 5), ("c", 6)):
        assert command.main(["demo", "--out", str(tmp_path / name), "--seed", str(seed), "--epochs", "1"]) == 0
    for result in RESULTS:
        assert (tmp_path / "a" / result).read_bytes() == (tmp_path / "b" / result).read_bytes(), result
    weights = [(tmp_path / name / "weights.safetensors").read_bytes() for name in "ac"]
    assert weights[0] != weights[1]


def test_interruption_keeps_the_finished_epochs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    evaluate, calls = demo.evaluate, []

    def interrupted(*arguments: object) -> tuple[float, float, np.ndarray]:
        calls.append(arguments)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return evaluate(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(demo, "evaluate", interrupted)
    assert command.main(["demo", "--out", str(tmp_path), "--epochs", "5"]) == 130
    assert "interrupted" in capsys.readouterr().err
    assert len(history(tmp_path)) == 2
    model = demo.DigitsNet()
    model.load_state_dict(autograd.load(tmp_path / "weights.safetensors"))
    digits = demo.load_digits(0)
    assert evaluate(model, digits.held_images, digits.held_labels)[1] == history(tmp_path)[-1]["held_out_accuracy"]
    assert {path.name for path in tmp_path.iterdir()} == {"weights.safetensors", "history.json"}


def test_wrong_gradient_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    digits = demo.load_digits(0)
    autograd.manual_seed(0)
    model = demo.DigitsNet()
    assert demo.check_gradients(model, digits) == sum(p.numel() for p in model.parameters())
    record = autograd.registry["linear"]
    assert record.plans
    for plan in list(record.plans.values()):
        right = plan.pull
        monkeypatch.setattr(plan, "pull", lambda g, saved, wanted, right=right: [
            part if part is None else computed(part) * 1.001 for part in right(g, saved, wanted)
        ])  # fmt: skip
    with pytest.raises(GradcheckError):
        demo.check_gradients(model, digits)


def test_digits_whose_activations_lie_at_kinks_are_passed_over() -> None:
    digits = demo.load_digits(0)
    autograd.manual_seed(0)
    model = demo.DigitsNet()
    flat = np.full_like(digits.held_images[:2], 0.3)
    with autograd.no_grad():
        # Where these images are flat, the first channel enters relu as zero.
        model.norm1.running_mean[0] = model.conv1(autograd.from_numpy(flat))[0, 0, 4, 4]
    few = demo.Digits(digits.images, digits.labels, flat, digits.held_labels[:2])
    with pytest.raises(GradcheckError, match=r"each two of 2 digits.*kink"):
        demo.check_gradients(model, few)
    images = np.concatenate([flat, digits.held_images[2:]])
    more = demo.Digits(digits.images, digits.labels, images, digits.held_labels)
    assert demo.check_gradients(model, more) == sum(p.numel() for p in model.parameters())


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "the following arguments are required: COMMAND"),
        (["train"], "invalid choice: 'train'"),
        (["demo", "--seed", "-1"], "the seed must be a whole number from 0 to 4294967295, not '-1'"),
        (["demo", "--seed", "two"], "not 'two'"),
        (["demo", "--epochs", "0"], "the number of epochs must be a whole number from 1, not '0'"),
        (["demo", "--colour"], "unrecognized arguments: --colour"),
    ],
)
def test_wrong_arguments_give_a_sentence(words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        command.main(words)
    assert stop.value.code == 2
    printed = capsys.readouterr().err
    assert sentence in printed
    assert printed.count("\n") == 1


def test_a_folder_that_cannot_be_written_gives_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "taken").write_text("a file")
    assert command.main(["demo", "--out", str(tmp_path / "taken")]) == 1
    printed = capsys.readouterr().err
    assert printed.startswith(f"chainrule: demo: cannot write to {tmp_path / 'taken'}")
    assert "choose another --out" in printed
    assert (tmp_path / "taken").read_text() == "a file"


def test_a_missing_extra_gives_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = importlib.import_module

    def absent(name: str, package: str | None = None) -> object:
        if name.startswith("sklearn"):
            raise ImportError(name)
        return real(name, package)

    monkeypatch.setattr(importlib, "import_module", absent)
    assert command.main(["demo", "--out", str(tmp_path / "out")]) == 1
    assert "scikit-learn is not installed" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
