"""Updates of a million parameters in 60 tensors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .case import STEP, Arrays, Built, Case, floats, on_both

SHAPES = ((182, 182), (182,)) * 30
UPDATES: dict[str, tuple[str, dict[str, Any]]] = {
    "SGD": ("SGD", {}),
    "SGD, momentum": ("SGD", {"momentum": 0.9}),
    "SGD, Nesterov, decay": ("SGD", {"momentum": 0.9, "nesterov": True, "weight_decay": 1e-4}),
    "Adam": ("Adam", {}),
    "Adam, amsgrad": ("Adam", {"amsgrad": True}),
    "AdamW": ("AdamW", {}),
    "RMSprop": ("RMSprop", {}),
    "Adagrad": ("Adagrad", {}),
    "Adadelta": ("Adadelta", {}),
    "Adamax": ("Adamax", {}),
    "NAdam": ("NAdam", {}),
    "RAdam": ("RAdam", {}),
}


def cases() -> Iterator[Case]:
    """Each rule with its defaults, and the fused updates that PyTorch offers on request."""
    for name, (rule, settings) in UPDATES.items():
        yield Case("optimizer", name, STEP, on_both(update(rule, settings)), "optimizers")
    for rule in ("SGD", "Adam"):
        builders = on_both(update(rule, {}, {"fused": True}))
        yield Case("optimizer", f"{rule}, against fused=True", STEP, builders)


def update(
    rule: str, settings: dict[str, Any], for_pytorch: dict[str, Any] | None = None
) -> Callable[[Any, np.random.Generator], Built]:
    """`step()` with the same gradients each time. The results are the parameters after three of them."""

    def build(library: Any, rng: np.random.Generator) -> Built:
        parameters = [library.nn.Parameter(library.tensor(floats(rng, *shape))) for shape in SHAPES]
        for parameter in parameters:
            parameter.grad = library.tensor(floats(rng, *parameter.shape))
        extra = for_pytorch or {} if library.name == "PyTorch" else {}
        optimizer = getattr(library.optim, rule)(parameters, lr=1e-3, **settings, **extra)

        def result() -> Arrays:
            for _ in range(3):
                optimizer.step()
            return [np.concatenate([library.array(p).ravel() for p in parameters])]

        return optimizer.step, result

    return build
