"""The record of one operation, how it is applied, and the registry of all of them.

An operation is written down once, as a `Primitive`. Everything else reads that record: running it, differentiating
it, checking it against finite differences, drawing it, documenting it. A gradient rule stands beside the forward
formula and reads like the textbook line:

    MUL = binary("mul", np.multiply, operator.mul, x=lambda g, y: g * y, y=lambda g, x: g * x)

A rule's parameters after `g` say what it reads: an input or output by its name, the shape of an input as `x_shape`,
an attribute by its name. Only what the needed rules read is kept alive until the backward sweep.

Rules call operations through `op`, the registry: `op.exp(x)`. On raw arrays and numbers that just computes, so a
first-order sweep runs at NumPy's speed; on Tensors and Values it records, so the same rule has every higher order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .applying import (
    apply_general,
    binary_applier,
    check_broadcast,
    general_applier,
    join_graph,
    plain_applier,
    single_applier,
    unary_applier,
)
from .handle import Handle, appliers, as_handle, handle_types, make, register_handle, register_tensor, version_cell
from .operations import op, registry
from .plan import Plan

__all__ = [
    "Handle", "Plan", "Primitive", "Sample", "appliers", "apply_general", "as_handle", "check_broadcast", "define",
    "handle_types", "join_graph", "make", "op", "register_handle", "register_tensor", "registry", "version_cell",
]  # fmt: skip

ndarray = np.ndarray
Rule = Callable[..., Any]


@dataclass(frozen=True)
class Sample:
    """One generated call of an operation: its inputs as arrays or numbers, its attributes, and its error if any.

    `keywords` are for composites, whose functions are called as users call them.
    """

    inputs: tuple[Any, ...]
    attributes: tuple[Any, ...] = ()
    error: type[Exception] | None = None
    match: str = ""
    keywords: Mapping[str, Any] = field(default_factory=dict)


@dataclass(eq=False, kw_only=True)
class Primitive:
    """The record of one operation.

    Args:
        name: the operation's name, PyTorch's where it has one.
        forward: arrays and attributes in, one array or a tuple of arrays out.
        inputs: names of the array inputs; a single name with a star, `("*tensors",)`, takes a tuple of any length.
        attributes: names of the attributes: hashable plain data, given after the inputs.
        outputs: names of the outputs.
        differentiable: which outputs have a gradient; all, unless given.
        vjp: the gradient rule: a mapping from input name to `rule(g, ...)`, or one function
            `rule(needs, g, ...)` that returns the gradients of all inputs. With several differentiable outputs, `g`
            is a list with None where an output was not used. None: the operation has no derivative.
        infer: `infer(*inputs, *attributes)` raises an error of ours before any arithmetic; for elementwise
            operations it is called only when NumPy refuses.
        scalar: the formula on one number, for elementwise operations; NumPy's IEEE results, never an exception.
        large: the same as `forward`, faster for arrays of `applying.LARGE` numbers; of two inputs that broadcast.
        promotes: how inputs of several dtypes are brought together: "same" (to `torch.result_type`), "float" (that,
            and integers to the default dtype), or "" (not at all).
        promoted: the positions of the inputs that take part in promotion; all, unless given.
        broadcasts: gradients are summed back to the inputs' shapes by the sweep.
        views: the output shares memory with the first input.
        batch: how the operation maps over a leading axis, one of the rules of `batching`; elementwise operations and
            those that may go one example after the other need none.
        reference: plain NumPy, for operations whose forward calls a kernel.
        samples: `samples(rng)` gives calls on smooth points, for every sweep over the registry.
        error_samples: calls that must raise the given error.
        label: how the operation is drawn; its name, unless given.
        formula: the textbook formula.
        source: paper and equation, where there is one.
    """

    name: str
    forward: Callable[..., Any]
    inputs: tuple[str, ...]
    attributes: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ("out",)
    differentiable: tuple[bool, ...] = ()
    vjp: Mapping[str, Rule] | Rule | None = None
    infer: Callable[..., Any] | None = None
    scalar: Callable[..., Any] | None = None
    large: Callable[..., Any] | None = None
    promotes: str = ""
    promoted: tuple[int, ...] = ()
    broadcasts: bool = False
    views: bool = False
    batch: Callable[..., Any] | None = None
    reference: Callable[..., Any] | None = None
    samples: Callable[[np.random.Generator], list[Sample]] | None = None
    error_samples: Callable[[np.random.Generator], list[Sample]] | None = None
    label: str = ""
    formula: str = ""
    source: str = ""
    apply: Callable[..., Any] = field(init=False, repr=False)
    single: bool = field(init=False)
    variadic: bool = field(init=False)
    ruled: tuple[bool, ...] = field(init=False)  # which inputs have a rule; () where the rule itself decides
    plans: dict[tuple[bool, ...], Plan] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.label = self.label or self.name
        self.differentiable = self.differentiable or (self.vjp is not None,) * len(self.outputs)
        self.single = sum(self.differentiable) <= 1
        self.variadic = self.inputs[0].startswith("*") if self.inputs else False
        together = self.vjp is None or callable(self.vjp)
        self.ruled = () if together else tuple(self.vjp.get(n) is not None for n in self.inputs)  # type: ignore[union-attr]
        self.promoted = self.promoted or tuple(range(len(self.inputs)))
        self.plans = {}
        if self.broadcasts and len(self.inputs) == 2 and not self.attributes and self.single:
            self.apply = binary_applier(self)
        elif self.scalar is not None and len(self.inputs) == 1 and not self.attributes:
            self.apply = unary_applier(self)
        elif len(self.inputs) == 1 and self.single and not (self.variadic or self.broadcasts):
            self.apply = single_applier(self)
        elif self.single and not (self.variadic or self.promotes or self.scalar or self.broadcasts):
            self.apply = plain_applier(self)
        else:
            self.apply = general_applier(self)

    def locate(self, name: str) -> tuple[str, int]:
        """Find what a rule's parameter means: (kind, position)."""
        if self.variadic:
            bare = self.inputs[0][1:]
            if name == bare:
                return "inputs", 0
            if name == f"{bare}_shapes":
                return "shapes", 0
        if name in self.inputs:
            return "input", self.inputs.index(name)
        if name in self.outputs:
            return "output", self.outputs.index(name)
        if name in self.attributes:
            return "attribute", self.attributes.index(name)
        if name.endswith("_shape") and name[:-6] in self.inputs:
            return "shape", self.inputs.index(name[:-6])
        raise AssertionError(f"{self.name}: a rule reads {name!r}, which is no input, output or attribute")

    def plan(self, needs: tuple[bool, ...]) -> Plan:
        """The plan for one choice of inputs that need a gradient."""
        plan = self.plans.get(needs)
        if plan is None:
            plan = self.plans[needs] = Plan(self, needs)
        return plan

    def __call__(self, *arguments: Any) -> Any:
        """Apply the operation inside a rule: arrays and numbers are computed with, handles are recorded."""
        first = arguments[0]
        if type(first) is ndarray:
            return self.forward(*arguments)
        if type(first) is tuple and first:
            first = first[0]
        applier = appliers.get(type(first))
        if applier is not None:
            return applier(self, arguments)
        if self.scalar is not None and isinstance(first, (float, int)) and not isinstance(first, np.generic):
            if len(self.inputs) == 2:  # a number and something else
                applier = appliers.get(type(arguments[1]))
                if applier is not None:
                    return applier(self, arguments)
                if type(arguments[1]) is ndarray:
                    return self.forward(*arguments)
            return self.scalar(*arguments)
        return self.forward(*arguments)


def define(name: str, **fields: Any) -> Primitive:
    """Write an operation down; see `Primitive` for the fields."""
    return registry.register(Primitive(name=name, **fields))
