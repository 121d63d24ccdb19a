"""The benchmark command runs, and refuses to time two things that are not equal."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

pytest.importorskip("torch")

FOLDER = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(FOLDER))
    return importlib.import_module("run")


def test_command_prints_a_row_for_each_case_and_the_means() -> None:
    done = subprocess.run(
        [sys.executable, str(FOLDER / "run.py"), "chain", "perceptron", "--seconds", "0.01", "--markdown"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    rows = re.findall(r"^(chain|perceptron) +.* +[\d.]+ +[\d.]+ +[\d.]+$", done.stdout, flags=re.MULTILINE)
    assert rows == ["chain"] * 2 + ["perceptron"] * 4
    means = re.findall(r"^(\w+): geometric mean ([\d.]+), lowest ([\d.]+)$", done.stdout, flags=re.MULTILINE)
    assert [group for group, _, _ in means] == ["chain", "perceptron"]
    assert done.stdout.count("| chain: ") == 2


def test_every_case_gives_equal_results(run: ModuleType) -> None:
    cases = run.cases
    small = [case for case in cases.all_cases() if case.group in ("chain", "perceptron", "pool")]
    small += [case for case in cases.all_cases() if "64x6x14" in case.name or "groups" in case.name]
    assert {case.group for case in small} == set(cases.GROUPS)
    for case in small:
        _, ours = case.build(cases.OURS, np.random.default_rng(0))
        _, theirs = case.build(cases.TORCH, np.random.default_rng(0))
        run.check_equal(case, ours(), theirs())


def test_unequal_results_stop_the_run(run: ModuleType) -> None:
    case = run.cases.Case("conv", "a case", lambda library, rng: None, 1e-4)
    right = np.ones((2, 2), np.float32)
    run.check_equal(case, [right * (1 + 5e-5)], [right])
    for wrong in (right * (1 + 2e-4), right * np.nan, right[:1]):
        with pytest.raises(SystemExit, match="differs from PyTorch's"):
            run.check_equal(case, [wrong], [right])
    with pytest.raises(SystemExit, match="2 results, PyTorch has 1"):
        run.check_equal(case, [right, right], [right])


def test_ratio_is_their_time_over_ours(run: ModuleType) -> None:
    assert run.Row("chain", "a case", ours=2.0, theirs=3.0).ratio == 1.5
    assert run.geometric_mean([0.5, 2.0, 8.0]) == pytest.approx(2.0)
