"""What is to be reached, by class of work: ratios of a peer's time to ours, or figures of ours alone."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


class Figures(Protocol):
    """What is read of a measured case: its class of goal, our figure, and the ratios of the peers' figures to it."""

    goal: str
    ours: float

    def ratio(self, peer: str) -> float | None: ...


@dataclass(frozen=True)
class Goal:
    """A class of work: every case is to reach `each`, their geometric mean `mean`; or our figure is at most `most`."""

    title: str
    each: float | None = None
    mean: float | None = None
    most: float | None = None
    peer: str = "PyTorch"

    def __str__(self) -> str:
        if self.most is not None:
            return f"at most {self.most:g}"
        if self.each is None:
            return "none set"
        return f"{self.each:g}" + (f", mean {self.mean:g}" if self.mean is not None else "")


GOALS = {
    "small": Goal("small-operation chains with backward, small perceptrons", 1.5),
    "chain forward": Goal("small-operation chains, forward", 1.2),
    "perceptron": Goal("784-256-128-10 perceptron", 1.2),
    "conv 3x3": Goal("3x3 stride 1 convolutions, 32 channels or more, with backward", 2.0),
    "conv other": Goal("other convolutions, with backward", 1.0, 1.3),
    "pool and batch norm": Goal("pooling, batch norm", 5.0),
    "norms, losses, activations": Goal("layer and group norm, softmax cross-entropy, activations", 1.5),
    "optimizers": Goal("optimizers", 1.5),
    "recurrent layer": Goal("LSTM and GRU layer", 1.0),
    "recurrent by hand": Goal("LSTM and GRU written out by hand", 1.5),
    "models": Goal("LeNet-5, ResNet-20, MobileNet v2, ResNet-18 training steps", 1.3),
    "VGG-like": Goal("VGG-like training step", 2.0),
    "scalar": Goal("micrograd's perceptron on Values, against micrograd", 4.0, peer="micrograd"),
    "memory": Goal("peak memory of a training step", 1.0),
    "import": Goal("import of autograd, nn, optim, in s", most=0.3),
    "first call": Goal("first convolution, kernels kept on disk, in s", most=0.5),
    "cold call": Goal("first convolution, no kernels kept, in s", most=5.0),
    "other": Goal("softmax, sums, dropout, embedding"),
}


@dataclass(frozen=True)
class Standing:
    """How a class of work stands: of `count` cases, `reached` reach what each of them is to reach."""

    goal: Goal
    count: int
    mean: float
    worst: float
    reached: int | None

    @property
    def verdict(self) -> str:
        """Yes or no, and how many of the cases."""
        if self.reached is None:
            return ""
        mean_reached = self.goal.mean is None or self.mean >= self.goal.mean
        if self.reached == self.count and mean_reached:
            return "yes"
        return f"no ({self.reached} of {self.count}{'' if mean_reached else '; not the mean'})"


def geometric_mean(ratios: Sequence[float]) -> float:
    """The mean of ratios."""
    return math.exp(statistics.fmean(map(math.log, ratios)))


def standings(rows: Sequence[Figures]) -> list[Standing]:
    """How each class stands of which there are measured cases."""
    found = []
    for key, goal in GOALS.items():
        mine = [row for row in rows if row.goal == key]
        if goal.most is not None and mine:
            figures = [row.ours for row in mine]
            reached = sum(figure <= goal.most for figure in figures)
            found.append(Standing(goal, len(mine), geometric_mean(figures), max(figures), reached))
            continue
        ratios = [ratio for row in mine if (ratio := row.ratio(goal.peer)) is not None]
        if ratios:
            reached = None if goal.each is None else sum(ratio >= goal.each for ratio in ratios)
            found.append(Standing(goal, len(ratios), geometric_mean(ratios), min(ratios), reached))
    return found
