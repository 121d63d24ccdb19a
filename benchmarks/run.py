"""Time chainrule against every peer that is installed, on the same work, in one run.

    python benchmarks/run.py                     # everything, some 15 minutes
    python benchmarks/run.py conv "batch norm"   # some groups, or all whose name contains some text
    python benchmarks/run.py --list              # what there is

Each case is built once on each library, from the same random numbers. The results are compared first; then the
libraries are timed in turns, some calls each, until there are enough of them. A ratio is the median of the peer's times
over the median of ours: above 1 we are faster. The peers are PyTorch, eager and with as many threads as there are
cores; JAX with `jit`, where the work is simple to say in it; and micrograd for single numbers.

The table, the figures and the plot are written to a folder, to look at or to read in again (`--read`).
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import cases
import libraries
import report
from timing import Row, measure

FOLDER = Path(__file__).parent / "latest"


def chosen(words: list[str]) -> list[cases.Case | cases.ProcessCase]:
    """The cases whose group is one of the words, or whose title contains one; all without words."""
    found = list(cases.all_cases())
    for word in words:
        if not any(_fits(case, word) for case in found):
            sys.exit(f"benchmarks: nothing is called {word!r}; the groups are {', '.join(cases.GROUPS)}")
    return [case for case in found if not words or any(_fits(case, word) for word in words)]


def _fits(case: cases.Case | cases.ProcessCase, word: str) -> bool:
    return case.group == word if word in cases.GROUPS else word.lower() in str(case).lower()


def read(paths: list[Path]) -> tuple[list[Row], str]:
    """Rows of earlier runs, in the order of the cases, and the machine of the last one."""
    rows: dict[tuple[str, str, str], Row] = {}
    described = ""
    for path in paths:
        figures = json.loads(path.read_text(encoding="utf-8"))
        described = figures["machine"]
        rows |= {(row["group"], row["name"], row["way"]): Row(**row) for row in figures["rows"]}
    order = [(case.group, case.name, case.way) for case in cases.all_cases()]
    return [rows[key] for key in order if key in rows], described


def measured(words: list[str], seconds: float) -> list[Row]:
    """Measure the chosen cases, and print each."""
    rows = []
    for case in chosen(words):
        rows.append(measure(case, seconds))
        print(report.line(rows[-1]), flush=True)
    return rows


def main() -> None:
    """Read the arguments, measure, and write what was measured."""
    parser = argparse.ArgumentParser(description="Time chainrule against its peers on the same work, in one run.")
    parser.add_argument("words", nargs="*", metavar="WORD", help="groups, or parts of titles; all, unless given")
    parser.add_argument("--seconds", type=float, default=1.0, help="time spent on each case (default 1)")
    parser.add_argument("--list", action="store_true", help="list the cases, and measure nothing")
    parser.add_argument("--markdown", action="store_true", help="print the Markdown table too")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the files go (default benchmarks/latest)")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="the plot, .svg or .png (default ratios.svg there)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="the figures (default figures.json there)")
    parser.add_argument("--read", type=Path, nargs="+", metavar="FILE", help="figures to show in place of measuring")
    arguments = parser.parse_args()
    if arguments.list:
        print(*chosen(arguments.words), sep="\n")
        return
    start = time.perf_counter()
    if arguments.read:
        rows, described = read(arguments.read)
    else:
        described = report.machine()
        print(described)
        for name in libraries.PEERS:
            if not libraries.installed(name):
                print(f"{name} is not installed, and left out")
        rows = measured(arguments.words, arguments.seconds)
    print("", report.summary(rows), "", sep="\n")
    table = report.markdown(rows, described)
    if arguments.markdown:
        print(table)
    arguments.folder.mkdir(parents=True, exist_ok=True)
    (arguments.folder / "table.md").write_text(table + "\n", encoding="utf-8")
    figures = arguments.json or arguments.folder / "figures.json"
    figures.write_text(
        json.dumps({"machine": described, "rows": [row.as_dict() for row in rows]}, indent=1), encoding="utf-8"
    )
    picture = arguments.plot or arguments.folder / "ratios.svg"
    if not report.plot(rows, described, picture):
        print("matplotlib is not installed, and there is no plot")
    print(f"{len(rows)} cases in {time.perf_counter() - start:.0f} s; the files are in {arguments.folder}")


if __name__ == "__main__":
    main()
