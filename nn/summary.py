"""A table of a model: what each module returns, how many parameters it has, and how much arithmetic it does.

The model is run once on an example, in evaluation mode and without a graph. Multiply-adds are counted from the
operations that ran: products of matrices and convolutions count the multiplications of their formula, other operations
none, as is the custom.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import autograd
from autograd import Tensor
from autograd.tracing import Tracer

from .module import Module
from .parameter import UninitializedParameter

__all__ = ["Row", "Summary", "summary"]

# The multiplications of an operation, from the shapes of its inputs and of its result.
_MULTIPLY_ADDS: dict[str, Callable[[list[tuple[int, ...]], tuple[int, ...]], int]] = {
    "matmul": lambda shapes, out: math.prod(out) * shapes[0][-1],
    "linear": lambda shapes, out: math.prod(out) * shapes[1][1],
    "conv2d": lambda shapes, out: math.prod(out) * math.prod(shapes[1][1:]),
    # The transposed convolution: each number of its input meets each of a filter's.
    "conv2d_input_gradient": lambda shapes, out: math.prod(shapes[0]) * math.prod(shapes[1][1:]),
}


@dataclass
class Row:
    """One module: its path, class, the shapes of its results, its own parameters, and multiply-adds with all below."""

    name: str
    kind: str
    depth: int
    output: Any = None
    parameters: int = 0
    multiply_adds: int = 0


class _Counter(Tracer):
    """Counts the multiply-adds of what runs inside, for every module that is running."""

    def __init__(self) -> None:
        super().__init__()
        self.running: list[Row] = []
        self.total = 0

    def apply(self, op: Any, arguments: tuple[Any, ...]) -> Any:
        result = self.below(op, arguments)
        rule = _MULTIPLY_ADDS.get(op.name)
        if rule is not None:
            first = result[0] if isinstance(result, tuple) else result
            shapes = [tuple(a.shape) for a in arguments if hasattr(a, "shape")]
            count = rule(shapes, tuple(first.shape))
            self.total += count
            for row in self.running:
                row.multiply_adds += count
        return result


def _shapes(result: Any) -> Any:
    if isinstance(result, Tensor):
        return result.shape
    if isinstance(result, (tuple, list)):
        return tuple([_shapes(part) for part in result])
    if isinstance(result, dict):
        return {name: _shapes(part) for name, part in result.items()}
    return type(result).__name__


@dataclass
class Summary:
    """The rows of a model and its sums; it prints as a table."""

    rows: list[Row] = field(default_factory=list)
    parameters: int = 0
    trainable: int = 0
    multiply_adds: int = 0

    def __str__(self) -> str:
        lines = [("module", "output shape", "parameters", "multiply-adds")]
        for row in self.rows:
            label = f"{row.name} ({row.kind})" if row.name else row.kind
            shape = "(not called)" if row.output is None else str(row.output)
            own = f"{row.parameters:,}" if row.parameters else "-"
            work = f"{row.multiply_adds:,}" if row.multiply_adds else "-"
            lines.append(("  " * row.depth + label, shape, own, work))
        widths = [max(len(line[k]) for line in lines) for k in range(4)]
        text = [
            "  ".join(cell.ljust(w) if k < 2 else cell.rjust(w) for k, (cell, w) in enumerate(zip(line, widths)))
            for line in lines
        ]
        text.insert(1, "-" * len(text[0]))
        frozen = self.parameters - self.trainable
        text.append(text[1])
        text.append(f"{self.parameters:,} parameters, {self.trainable:,} trainable, {frozen:,} frozen")
        text.append(f"{self.multiply_adds:,} multiply-adds")
        return "\n".join(line.rstrip() for line in text)

    __repr__ = __str__


def summary(model: Module, *inputs: Any, **keywords: Any) -> Summary:
    """Run a model once on an example, and list its modules.

    Args:
        model: the model; its mode and its buffers are as before afterwards, and its lazy modules have their sizes.
        inputs: what `forward` takes; a tuple of whole numbers stands for a random float32 Tensor of that shape.
        keywords: the same by name.

    Returns:
        The table. A parameter that is shared counts in every row that has it, and once in the sum.

    Example:
        >>> print(nn.summary(nn.Sequential(nn.Linear(4, 3), nn.ReLU()), (5, 4)))
        module        output shape  parameters  multiply-adds
        -----------------------------------------------------
        Sequential    (5, 3)                 -             60
          0 (Linear)  (5, 3)                15             60
          1 (ReLU)    (5, 3)                 -              -
        -----------------------------------------------------
        15 parameters, 15 trainable, 0 frozen
        60 multiply-adds
    """
    given = [autograd.randn(x) if _is_shape(x) else x for x in inputs]
    counter, rows, handles = _Counter(), {}, []
    for path, module in model.named_modules():
        rows[module] = Row(path.rpartition(".")[2], type(module).__name__, path.count(".") + bool(path))

    def enter(module: Module, args: Any) -> None:
        counter.running.append(rows[module])

    def leave(module: Module, args: Any, result: Any) -> None:
        counter.running.remove(rows[module])
        rows[module].output = _shapes(result)
        rows[module].kind = type(module).__name__

    modes = {module: module.training for module in rows}
    try:
        for module in rows:
            handles += [module.register_forward_pre_hook(enter), module.register_forward_hook(leave)]
        model.eval()
        with autograd.no_grad(), counter:
            model(*given, **keywords)
    finally:
        for handle in handles:
            handle.remove()
        for module, mode in modes.items():
            module.training = mode
    result = Summary(list(rows.values()), multiply_adds=counter.total)
    for module, row in rows.items():
        own = [p for p in module._parameters.values() if p is not None and not isinstance(p, UninitializedParameter)]
        row.parameters = sum(p.numel() for p in own)
    for parameter in model.parameters():
        if not isinstance(parameter, UninitializedParameter):
            result.parameters += parameter.numel()
            result.trainable += parameter.numel() if parameter.requires_grad else 0
    return result


def _is_shape(x: Any) -> bool:
    return isinstance(x, tuple) and len(x) > 0 and all(type(n) is int for n in x)
