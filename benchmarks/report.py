"""Write down what was measured: lines on the terminal, Markdown, a plot."""

from __future__ import annotations

import os
import platform
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

import libraries
from cases import BOTH, FORWARD, STEP
from goals import Standing, standings
from timing import QUIET, Row

COLOURS = {"PyTorch": "#c8452e", "JAX": "#2e6fc8", "micrograd": "#3f8f3f"}


def machine() -> str:
    """What the figures are measured on."""
    model = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            model = next(line.split(":", 1)[1].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    cores = os.cpu_count() or 1
    versions = [f"{name} {libraries.version(name)}".strip() for name in libraries.MODULES if libraries.installed(name)]
    return (
        f"{model}, {cores} cores, {platform.system()}; Python {platform.python_version()}, "
        f"NumPy {np.__version__}, {', '.join(versions)}; {cores} threads"
    )


def number(figure: float) -> str:
    """Three digits."""
    return f"{figure:.0f}" if figure >= 100 else f"{figure:.3g}"


def line(row: Row) -> str:
    """A measured case on the terminal: our figure, and each peer's with its ratio to ours."""
    peers = [f"{name} {number(row.figures[name])} ({row.ratio(name):.2f})" for name in row.figures if name in COLOURS]
    title = f"{row.group:11s}{row.name}" + (f", {row.way}" if row.way else "")
    busy = f"  [other processes: {row.others:.0%} of the cores]" if row.others > QUIET else ""
    return f"{title:70s}{number(row.ours):>9s} {row.unit:12s}{'  '.join(peers)}{busy}"


def summary(rows: Sequence[Row]) -> str:
    """Every class of work beside its goal."""
    lines = [f"{'class':66s}{'cases':>6s}{'mean':>8s}{'worst':>8s}  goal"]
    for s in standings(rows):
        goal = f"{s.goal}: {s.verdict}" if s.verdict else str(s.goal)
        lines.append(f"{s.goal.title:66s}{s.count:6d}{s.mean:8.2f}{s.worst:8.2f}  {goal}")
    return "\n".join(lines)


# --- Markdown


def markdown(rows: Sequence[Row], described: str) -> str:
    """The classes beside their goals, then every case, folded away by group."""
    parts = [_table(["class of work", "cases", "mean", "worst", "goal", "reached"], map(_standing, standings(rows)))]
    for group in dict.fromkeys(row.group for row in rows):
        mine = [row for row in rows if row.group == group]
        parts.append(f"<details><summary>{group}</summary>\n\n{_group(mine)}\n\n</details>")
    busy = [row for row in rows if row.others > QUIET]
    note = f" While {len(busy)} cases were timed, other processes took part of the cores." if busy else ""
    return "\n\n".join([*parts, f"({described}.{note})"])


def _table(head: Sequence[str], body: Any) -> str:
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *body))


def _standing(s: Standing) -> list[str]:
    return [s.goal.title, str(s.count), f"{s.mean:.2f}", f"{s.worst:.2f}", str(s.goal), s.verdict]


def _group(rows: Sequence[Row]) -> str:
    """One row for each work; forward and both side by side where there is nothing else."""
    peers = [name for name in libraries.PEERS if any(name in row.figures for row in rows)]
    figures = [cell for name in peers for cell in (name, "ratio")]
    if {row.way for row in rows} == {FORWARD, BOTH} and len({row.unit for row in rows}) == 1:
        works = {row.name: {other.way: other for other in rows if other.name == row.name} for row in rows}
        head = [f"work, {rows[0].unit}", FORWARD, *figures, "with backward", *figures]
        body = [[name, *_cells(by.get(FORWARD), peers), *_cells(by.get(BOTH), peers)] for name, by in works.items()]
        return _table(head, body)
    several = len({row.way for row in rows}) > 1
    title = {BOTH: ", with backward", STEP: ""}
    body = [
        [row.name + (title.get(row.way, f", {row.way}") if several else ""), row.unit, *_cells(row, peers)]
        for row in rows
    ]
    return _table(["work", "unit", libraries.OURS, *figures], body)


def _cells(row: Row | None, peers: Sequence[str]) -> list[str]:
    """Our figure, and each peer's with its ratio; empty where there is none."""
    if row is None:
        return [""] * (1 + 2 * len(peers))
    cells = [number(row.ours)]
    for name in peers:
        cells += [number(row.figures[name]), f"{row.ratio(name):.2f}"] if name in row.figures else ["", ""]
    return cells


# --- the plot


def plot(rows: Sequence[Row], described: str, path: Path) -> bool:
    """Every work's ratios as dots on a logarithmic axis, sorted, with 1 marked. False without matplotlib."""
    os.environ.setdefault("MPLCONFIGDIR", tempfile.gettempdir())
    try:
        import matplotlib as mpl
    except ImportError:
        return False
    mpl.use("Agg")
    mpl.rcParams["svg.hashsalt"] = "chainrule"
    mpl.rcParams["svg.fonttype"] = "none"
    import matplotlib.pyplot as plt

    works: dict[str, list[tuple[str, Row, float]]] = {}
    for row in rows:
        for peer in libraries.PEERS:
            if (ratio := row.ratio(peer)) is not None:
                works.setdefault(f"{row.group}: {row.name}", []).append((peer, row, ratio))
    order = sorted(works, key=lambda work: _sort_key(works[work]))
    figure, axes = plt.subplots(figsize=(9, 1.6 + 0.135 * len(order)), layout="constrained")
    shown = set()
    for height, work in enumerate(order):
        for peer, row, ratio in works[work]:
            full = row.way != FORWARD
            label = f"{peer}{'' if full else ', forward alone'}"
            axes.plot(
                ratio,
                height,
                marker="o",
                linestyle="",
                markersize=4,
                color=COLOURS[peer],
                markerfacecolor=COLOURS[peer] if full else "white",
                zorder=3 if full else 2,
                label=None if label in shown else label,
            )
            shown.add(label)
    axes.axvline(1.0, color="black", linewidth=1)
    axes.set_xscale("log")
    axes.set_yticks(range(len(order)), order, fontsize=6.5)
    axes.set_ylim(-1, len(order))
    axes.grid(axis="both", color="#dddddd", linewidth=0.5)
    axes.set_axisbelow(True)
    axes.tick_params(axis="x", top=True, labeltop=True)
    axes.set_xlabel("the peer's figure over chainrule's: right of 1, chainrule is faster or smaller")
    axes.legend(loc="lower right", fontsize=8)
    figure.suptitle(described, fontsize=6)
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)
    plt.close(figure)
    return True


def _sort_key(entries: list[tuple[str, Row, float]]) -> float:
    """By the ratio to PyTorch (or the first peer) of what includes the backward pass."""
    return min(entries, key=lambda e: (e[0] != "PyTorch", e[1].way == FORWARD))[2]
