"""The benchmark command measures, writes its table and plot, and refuses to time two things that are not equal."""

from __future__ import annotations

import importlib
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"
MODULES = ("cases", "goals", "libraries", "report", "timing", "run")


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The command, imported as a script sees its neighbours; they are forgotten afterwards."""
    monkeypatch.syspath_prepend(str(FOLDER))
    yield importlib.import_module("run")
    for name in [name for name in sys.modules if name.split(".")[0] in MODULES]:
        del sys.modules[name]


def command(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own."""
    words = [sys.executable, str(FOLDER / "run.py"), *map(str, arguments)]
    return subprocess.run(words, capture_output=True, text=True, check=False)


@pytest.mark.usefixtures("torch")
def test_command_measures_and_writes_its_files(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    done = command("overhead", "dropout of 64x256", "--seconds", 0.01, "--folder", tmp_path, "--markdown")
    assert done.returncode == 0, done.stderr
    measured = re.findall(r"^(overhead|other) +.* [\d.e-]+ ms .*PyTorch [\d.e-]+ \([\d.]+\)", done.stdout, re.MULTILINE)
    assert measured == ["overhead"] * 4 + ["other"] * 2
    assert re.search(r"small perceptrons +3 .* 1\.5: (yes|no)", done.stdout)
    table = (tmp_path / "table.md").read_text(encoding="utf-8")
    assert table.strip() in done.stdout
    assert len(re.findall(r"^\| dropout of 64x256(?: \| [\d.e-]+){6} \|$", table, re.MULTILINE)) == 1
    figures = json.loads((tmp_path / "figures.json").read_text(encoding="utf-8"))
    assert "PyTorch" in figures["machine"]
    assert len(figures["rows"]) == 6
    assert "<svg" in (tmp_path / "ratios.svg").read_text(encoding="utf-8")

    again = command("--read", tmp_path / "figures.json", "--folder", tmp_path / "again", "--plot", tmp_path / "p.png")
    assert again.returncode == 0, again.stderr
    assert (tmp_path / "again" / "table.md").read_text(encoding="utf-8") == table
    assert (tmp_path / "p.png").read_bytes().startswith(b"\x89PNG")


def test_cases_are_chosen_by_group_or_by_part_of_the_title() -> None:
    listed = command("--list", "norm", "gelu").stdout.splitlines()
    assert {line.split(":")[0] for line in listed} == {"norm", "activation"}
    assert all("gelu" in line for line in listed if line.startswith("activation"))
    unknown = command("--list", "nothing like it")
    assert unknown.returncode == 1
    assert "nothing like it" in unknown.stderr
    assert "conv" in unknown.stderr


# Large cases are left to the benchmark: it makes the same comparison before it times.
SMALL = (
    "64-10, batch",
    "8x16x16x16",
    "64x256",
    "128x100",
    "32x10",
    "64x6x14",
    "960x4",
    "graph of 1,000 ",
    "batch of 1,",
)


@pytest.mark.usefixtures("torch")
def test_libraries_agree_on_small_cases(run: ModuleType) -> None:
    named = [case for case in run.cases.all_cases() if any(part in str(case) for part in SMALL)]
    named += [case for case in run.cases.all_cases() if case.group in ("recurrent", "overhead")]
    assert {case.group for case in named} >= {
        "overhead",
        "pool",
        "norm",
        "loss",
        "conv",
        "activation",
        "other",
        "scale",
    }
    for case in named:
        names = [name for name in case.builders if name in ("chainrule", "PyTorch")]
        ours, *theirs = [case.builders[name](np.random.default_rng(0))[1]() for name in names]
        for results in theirs:
            sys.modules["timing"].check_equal(case, "PyTorch", ours, results)
        assert all(np.isfinite(array).all() for array in ours)


@pytest.mark.parametrize(("peer", "group"), [("JAX", "overhead"), ("JAX", "activation"), ("micrograd", "scalar")])
def test_other_peers_agree(run: ModuleType, monkeypatch: pytest.MonkeyPatch, peer: str, group: str) -> None:
    pytest.importorskip(sys.modules["libraries"].MODULES[peer])
    monkeypatch.setattr(sys.modules["cases.scalars"], "POINTS", 10)
    with_peer = [case for case in run.cases.all_cases() if case.group == group and peer in case.builders]
    assert with_peer
    for case in with_peer:
        ours, theirs = (case.builders[name](np.random.default_rng(0))[1]() for name in ("chainrule", peer))
        sys.modules["timing"].check_equal(case, peer, ours, theirs)


def test_unequal_results_stop_the_run(run: ModuleType) -> None:
    check = sys.modules["timing"].check_equal
    right = np.ones((2, 2), np.float32)
    case = run.cases.Case("conv", "a case", "both", {})
    check(case, "PyTorch", [right * (1 + 5e-5)], [right])
    for wrong in (right * (1 + 2e-4), right * np.nan, right[:1]):
        with pytest.raises(SystemExit, match="conv: a case, both: result 0 differs from PyTorch's"):
            check(case, "PyTorch", [wrong], [right])
    with pytest.raises(SystemExit, match="2 results, JAX has 1"):
        check(case, "JAX", [right, right], [right])
    by_result = run.cases.Case("model", "a case", "step", {}, tolerance=(1e-6, 1e-2))
    check(by_result, "PyTorch", [right, right * 1.005], [right, right])
    with pytest.raises(SystemExit, match="result 0 differs"):
        check(by_result, "PyTorch", [right * 1.005, right], [right, right])


def test_measuring_compares_before_it_times(run: ModuleType) -> None:
    calls: list[str] = []

    def library(number: float) -> object:
        return lambda rng: (lambda: calls.append("timed"), lambda: [np.array(number)])

    case = run.cases.Case("conv", "a case", "both", {"chainrule": library(1.0), "PyTorch": library(2.0)})
    with pytest.MonkeyPatch.context() as patch, pytest.raises(SystemExit, match="differs"):
        patch.setattr(sys.modules["libraries"], "installed", lambda name: True)
        run.measure(case, 0.01)
    assert not calls


def test_times_are_medians_in_the_unit_of_the_case(run: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    timing = sys.modules["timing"]
    monkeypatch.setattr(timing, "time_in_turns", lambda functions, seconds: [0.002, 0.003])
    monkeypatch.setattr(timing.libraries, "installed", lambda name: True)
    same = lambda rng: (lambda: None, lambda: [np.ones(1)])  # noqa: E731
    builders = {"chainrule": same, "PyTorch": same}
    row = timing.measure(run.cases.Case("scale", "a case", "both", builders, per=100, unit="µs a node"), 1.0)
    assert row.figures == {"chainrule": pytest.approx(20.0), "PyTorch": pytest.approx(30.0)}
    assert row.ratio("PyTorch") == pytest.approx(1.5)
    assert row.ratio("JAX") is None


def test_the_quietest_of_three_tries_counts(run: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    timing = sys.modules["timing"]
    times = iter([[0.004], [0.002], [0.003]])
    others = iter([0.5, 0.2, 0.3])
    monkeypatch.setattr(timing, "time_in_turns", lambda functions, seconds: next(times))
    monkeypatch.setattr(timing.Busy, "others", lambda self: next(others))
    case = run.cases.Case("conv", "a case", "both", {"chainrule": lambda rng: (lambda: None, list)})
    row = timing.measure(case, 1.0)
    assert (row.ours, row.others) == (pytest.approx(2.0), 0.2)
    assert "other processes: 20%" in sys.modules["report"].line(row)


def test_share_of_other_processes(run: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    timing = sys.modules["timing"]
    if not hasattr(os, "sysconf"):
        pytest.skip("there is no /proc/stat")
    # user, nice, system, idle, iowait, irq, softirq, steal, in hundredths of a second
    stat = iter(["cpu  100 0 0 900 0 0 0 0 0 0", "cpu  300 10 50 900 70 10 10 20 0 0"])
    own = iter([(1.0, 0.0, 0.0, 0.0, 0.0), (2.0, 0.5, 0.25, 0.25, 0.0)])
    clock = iter([0.0, 2.0])
    monkeypatch.setattr(timing, "open", lambda *_, **__: io.StringIO(next(stat)), raising=False)
    monkeypatch.setattr(timing.os, "times", lambda: next(own))
    monkeypatch.setattr(timing.os, "sysconf", lambda name: 100)
    monkeypatch.setattr(timing.os, "cpu_count", lambda: 2)
    monkeypatch.setattr(timing.time, "perf_counter", lambda: next(clock))
    # 3.0 s of work, of which 2.0 s are ours, in 2 s on two cores
    assert timing.Busy().others() == pytest.approx(0.25)


def test_turns_give_every_function_enough_calls(run: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    timing = sys.modules["timing"]
    clock = [0.0]
    monkeypatch.setattr(timing.time, "perf_counter", lambda: clock[0])
    counts = [0, 0]

    def work(which: int, seconds: float) -> object:
        def call() -> None:
            counts[which] += 1
            clock[0] += seconds

        return call

    medians = timing.time_in_turns([work(0, 0.01), work(1, 0.03)], 0.0)
    assert medians == [pytest.approx(0.01), pytest.approx(0.03)]
    assert min(counts) >= 7
    assert timing.time_in_turns([work(0, 0.0001), work(1, 2.0)], 0.0)[1] == pytest.approx(2.0)


def test_every_goal_has_cases_and_every_case_a_known_goal(run: ModuleType) -> None:
    goals = sys.modules["goals"].GOALS
    cases = list(run.cases.all_cases())
    assert {case.goal for case in cases} - {""} == set(goals)
    titles = [(case.group, case.name, case.way) for case in cases]
    assert len(set(titles)) == len(titles)
    for case in cases:
        if isinstance(case, run.cases.Case) and case.goal:
            assert goals[case.goal].peer in case.builders, case


def test_standing_beside_the_goals(run: ModuleType) -> None:
    goals, row = sys.modules["goals"], sys.modules["timing"].Row
    assert goals.geometric_mean([0.5, 2.0, 8.0]) == pytest.approx(2.0)
    rows = [
        row("conv", "a", "both", "ms", "conv other", {"chainrule": 1.0, "PyTorch": 1.1}),
        row("conv", "b", "both", "ms", "conv other", {"chainrule": 2.0, "PyTorch": 2.2}),
        row("start", "c", "", "s", "import", {"chainrule": 0.4}),
    ]
    convolutions, imports = goals.standings(rows)
    assert (convolutions.mean, convolutions.worst) == (pytest.approx(1.1), pytest.approx(1.1))
    assert convolutions.verdict == "no (2 of 2; not the mean)"
    assert imports.verdict == "no (0 of 1)"


def test_a_process_of_its_own_may_keep_bytecode(run: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    processes = sys.modules["cases.processes"]
    seen: list[dict[str, str]] = []

    def process(words: list[str], env: dict[str, str], **options: object) -> subprocess.CompletedProcess[str]:
        seen.append(env)
        return subprocess.CompletedProcess(words, 0, "{}", "")

    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setattr(processes.subprocess, "run", process)
    for case in processes.cases():
        assert case._run("chainrule") == {}
    assert len(seen) > 1
    assert not any("PYTHONDONTWRITEBYTECODE" in environment for environment in seen)
