"""`gradcheck` and `gradgradcheck`: analytic gradients against central finite differences, in float64."""

from __future__ import annotations

import inspect
import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .. import differentiate
from ..creation import tensor
from ..errors import ArgumentError, GradcheckError
from ..primitive import Handle
from ..value import Value
from .differences import MACHINE, Function, Kink, Slopes, find_kinks, place, slopes

__all__ = ["KinkWarning", "gradcheck", "gradgradcheck"]


class KinkWarning(UserWarning):
    """A point of a gradient check lies at a kink, where the slope is not a single number."""


def gradcheck(
    func: Callable[..., Any],
    inputs: Any,
    *,
    eps: float = 1e-5,
    tolerance: float = 1e-7,
    atol: float | None = None,
    rtol: float | None = None,
    mode: str = "full",
    directions: int = 4,
    kinks: str = "error",
    nondet_tol: float = 0.0,
    seed: int = 0,
    raise_exception: bool = True,
) -> bool:
    """Check the gradients of a function against central finite differences.

    For each output and input the analytic Jacobian A and the numerical one N, whose entries are
    `(f(x + eps) - f(x - eps)) / (2 eps)`, must satisfy `norm(A - N) <= tolerance * max(norm(A), norm(N)) + atol`.
    Checked besides: func is deterministic and leaves its inputs alone, backward is deterministic and linear in the
    incoming gradients, and inputs that func does not use have no slope.

    (PyTorch's names are kept where they mean the same: `eps`, `atol`, `rtol`, `nondet_tol`, `raise_exception`.
    PyTorch compares entry by entry with a tolerance of 1e-3; here the norms are compared, so that one tolerance,
    far smaller, serves all sizes.)

    Args:
        func: a function of Tensors or of Values, with one output or several in a tuple or list; outputs of other
            than floating dtypes are passed over. It may close over its inputs, as a model over its parameters.
        inputs: the inputs, or the only one. Float64 Tensors that require grad, and Values, are checked; anything
            else is handed to func as it is.
        eps: the step.
        tolerance: the largest norm of the difference, relative to the norm of the Jacobian.
        atol: added to that, for Jacobians that are zero; unless given, what rounding can do to a difference:
            `8 * 2.2e-16 * max(1, |f|) / eps` for each entry, 2e-10 at |f| = 1.
        rtol: PyTorch's name for `tolerance`; it counts where both are given.
        mode: "full" compares every entry of the Jacobian, one by one; "fast" its products with random unit vectors
            on both sides, whatever the size.
        directions: how many random directions "fast" takes for each input.
        kinks: "error" raises where slopes ahead and behind disagree; "report" gives a KinkWarning, leaves those
            entries out of the norm, and checks that the analytic slope is between the two.
        nondet_tol: how far two calls at the same point may differ.
        seed: of the random directions.
        raise_exception: raise GradcheckError; else return False.

    Returns:
        True if the gradients are right.

    Raises:
        GradcheckError: they are not. The message names input and entry, both numbers, their difference and the
            relative error.
        DtypeError: an input that requires grad, or an output, is not float64.
        ArgumentError: no input requires grad, or an option has no such value.

    Example:
        >>> from autograd.testing import gradcheck
        >>> x = autograd.tensor([0.5, 2.0], dtype=autograd.float64, requires_grad=True)
        >>> gradcheck(lambda x: (x.sin() * x).sum(), x)
        True
        >>> gradcheck(lambda a, b: a * b + b.tanh(), (Value(2.0), Value(-3.0)))
        True

    Source: CS231n notes, "Neural Networks Part 3", gradient checks.
    """
    options = _options(eps, rtol if rtol is not None else tolerance, atol, mode, directions, kinks, nondet_tol, seed)
    return _run("gradcheck", func, inputs, options, raise_exception)


def gradgradcheck(
    func: Callable[..., Any],
    inputs: Any,
    grad_outputs: Any = None,
    *,
    eps: float = 1e-5,
    tolerance: float = 1e-7,
    atol: float | None = None,
    rtol: float | None = None,
    mode: str = "full",
    directions: int = 4,
    kinks: str = "error",
    nondet_tol: float = 0.0,
    seed: int = 0,
    raise_exception: bool = True,
) -> bool:
    """Check the gradients of gradients: `gradcheck` of the function that gives func's gradients.

    Args:
        func: as for `gradcheck`.
        inputs: as for `gradcheck`.
        grad_outputs: the incoming gradients, one for each output that can have one; random, unless given. The
            derivatives by them are checked too.
        eps, tolerance, atol, rtol, mode, directions, kinks, nondet_tol, seed, raise_exception: as for `gradcheck`.

    Returns:
        True if the second derivatives are right.

    Raises:
        GradcheckError, DtypeError, ArgumentError: as for `gradcheck`.

    Example:
        >>> from autograd.testing import gradgradcheck
        >>> x = autograd.tensor([0.5, 2.0], dtype=autograd.float64, requires_grad=True)
        >>> gradgradcheck(lambda x: x**3, x)
        True
    """
    options = _options(eps, rtol if rtol is not None else tolerance, atol, mode, directions, kinks, nondet_tol, seed)
    first = Function("gradgradcheck", func, inputs)
    outputs = first.outputs()
    if grad_outputs is None:
        rng = np.random.default_rng(seed)
        seeds = [_like(out, rng) for out in outputs]
    else:
        seeds = list(grad_outputs) if isinstance(grad_outputs, (tuple, list)) else [grad_outputs]
        if len(seeds) != len(outputs):
            raise ArgumentError(
                f"gradgradcheck: {len(seeds)} grad_outputs for {len(outputs)} outputs; give one for each"
            )
    count = len(first.inputs)

    def gradients(*arguments: Any) -> tuple[Any, ...]:
        first.inputs = arguments[:count]
        outs = first.outputs()
        pairs = [
            (o, s) for o, s in zip(outs, arguments[count:], strict=True) if isinstance(o, Value) or o.requires_grad
        ]
        found: Sequence[Any] = ()
        if pairs:
            found = differentiate.grad(
                [o for o, _ in pairs], first.moved, [s for _, s in pairs], create_graph=True, allow_unused=True
            )
        used = tuple(g for g in found if g is not None)
        # Without any dependence the gradient is 0, and so are its slopes.
        return used or (first.moved[0] * 0.0,)

    gradients.__signature__ = _signature(first.names, len(seeds))  # type: ignore[attr-defined]
    return _run("gradgradcheck", gradients, (*first.inputs, *seeds), options, raise_exception)


def _like(out: Any, rng: np.random.Generator) -> Any:
    if isinstance(out, Value):
        return Value(rng.uniform(0.5, 1.5))
    return tensor(rng.uniform(0.5, 1.5, out.shape) * rng.choice([-1.0, 1.0], out.shape), requires_grad=True)


def _signature(names: Sequence[str], outputs: int) -> Any:
    """A signature whose parameters name the inputs in messages, where they can be parameters."""
    labels = [*names, *(f"grad_output_{k}" for k in range(outputs))]
    if len(set(labels)) != len(labels) or not all(name.isidentifier() for name in labels):
        labels = [f"input_{k}" for k in range(len(names))] + labels[len(names) :]
    return inspect.Signature([inspect.Parameter(n, inspect.Parameter.POSITIONAL_OR_KEYWORD) for n in labels])


@dataclass(frozen=True)
class _Options:
    eps: float
    tolerance: float
    atol: float | None
    mode: str
    directions: int
    kinks: str
    nondet_tol: float
    seed: int


def _options(*values: Any) -> _Options:
    options = _Options(*values)
    if options.mode not in ("full", "fast"):
        raise ArgumentError(f"gradcheck: mode is {options.mode!r}; use 'full' or 'fast'")
    if options.kinks not in ("error", "report"):
        raise ArgumentError(f"gradcheck: kinks is {options.kinks!r}; use 'error' or 'report'")
    if not (options.eps > 0 and math.isfinite(options.eps)):
        raise ArgumentError(f"gradcheck: eps is {options.eps!r}; use a small positive step, as 1e-5")
    for name in ("tolerance", "atol", "nondet_tol"):
        value = getattr(options, name)
        if value is not None and not value >= 0:
            raise ArgumentError(f"gradcheck: {name} is {value!r}; use a number that is not negative")
    if options.directions < 1:
        raise ArgumentError(f"gradcheck: directions is {options.directions}; use at least 1")
    return options


def _run(name: str, func: Any, inputs: Any, options: _Options, raise_exception: bool) -> bool:
    function = Function(name, func, inputs)
    try:
        _Check(function, options).run()
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


@dataclass
class _Check:
    """One run of a check: the function, the options, and what was found on the way."""

    function: Function
    options: _Options
    base: list[np.ndarray] = field(default_factory=list)
    outputs: list[Any] = field(default_factory=list)
    kinks: list[str] = field(default_factory=list)

    def run(self) -> None:
        """Run all checks."""
        function = self.function
        self.base = function.values()
        for number, out in enumerate(self.base):
            if not np.isfinite(out).all():
                raise GradcheckError(f"{function.name}: output {number} of func is not finite at the given inputs")
        function.check_unchanged("func")
        self.outputs = function.outputs()
        for number, (a, out) in enumerate(zip(self.base, self.outputs, strict=False)):
            b = out._array if isinstance(out, Handle) else np.asarray(out.data)
            if a.shape != b.shape or not (abs(a - b) <= self.options.nondet_tol).all():
                raise GradcheckError(
                    f"{function.name}: func is not deterministic: output {number} differs between two calls"
                    + (f" by up to {abs(a - b).max():.3g}" if a.shape == b.shape else "")
                    + "; seed its random numbers inside func, or raise nondet_tol"
                )
        self._check_linear()
        if self.options.mode == "full":
            self._compare_entries()
        else:
            self._compare_directions()
        function.check_unchanged("func or its backward")
        if self.kinks:
            message = f"{function.name}: " + "; ".join(self.kinks[:5])
            if len(self.kinks) > 5:
                message += f"; and {len(self.kinks) - 5} more"
            warnings.warn(message, KinkWarning, stacklevel=5)

    # --- backward by itself

    def _check_linear(self) -> None:
        """Backward twice gives the same, and is linear in the gradients that come in."""
        function, rng = self.function, np.random.default_rng(self.options.seed)
        first, second = ([rng.standard_normal(out.shape) for out in self.base] for _ in range(2))
        once = function.pull(self.outputs, first)
        again = function.pull(self.outputs, first)
        other = function.pull(self.outputs, second)
        both = function.pull(self.outputs, [2 * a - 3 * b for a, b in zip(first, second, strict=True)])
        for k, position in enumerate(function.positions):
            name = function.names[position]
            if not np.isfinite(once[k]).all():
                entry = tuple(int(i) for i in np.argwhere(~np.isfinite(once[k]))[0])
                raise GradcheckError(
                    f"{function.name}: the analytic gradient by {place(name, entry)} is {once[k][entry]}"
                )
            if not (abs(once[k] - again[k]) <= self.options.nondet_tol).all():
                raise GradcheckError(
                    f"{function.name}: backward is not deterministic: two sweeps give gradients by {name} that differ "
                    f"by up to {abs(once[k] - again[k]).max():.3g}"
                )
            error = float(np.linalg.norm(both[k] - (2 * once[k] - 3 * other[k])))
            size = sum(float(np.linalg.norm(g[k])) for g in (once, other, both))
            if error > 1e-10 * size + 1e-12:
                raise GradcheckError(
                    f"{function.name}: backward is not linear in the incoming gradient: with 2 a - 3 b in place of a "
                    f"and of b, the gradient by {name} is off by {error:.3g} of {size:.3g}"
                )

    # --- every entry

    def _compare_entries(self) -> None:
        analytic = self._analytic()
        for k, position in enumerate(self.function.positions):
            name, x = self.function.names[position], self.function.arrays[k]
            numerical = [np.zeros((out.size, x.size)) for out in self.base]
            ignored = [np.zeros((out.size, x.size), dtype=bool) for out in self.base]
            for column, entry in enumerate(np.ndindex(x.shape)):
                direction = np.zeros(x.shape)
                direction[entry] = 1.0
                where = place(name, entry)
                found = slopes(self.function, k, direction, self.options.eps, self.base, where)
                for number, central in enumerate(found.central):
                    numerical[number][:, column] = central.ravel()
                for kink in self._kinks(k, direction, found, where, 1e-4):
                    row = int(np.ravel_multi_index(kink.entry, self.base[kink.output].shape)) if kink.entry else 0
                    self._meet(kink, float(analytic[kink.output][k][row, column]))
                    ignored[kink.output][row, column] = True
            for number in range(len(self.base)):
                self._compare(number, k, analytic[number][k], numerical[number], ignored[number])

    def _analytic(self) -> list[list[np.ndarray]]:
        """For each output and each input the Jacobian, one row a backward sweep; the other outputs stay unused."""
        jacobians = []
        for out, base in zip(self.outputs, self.base, strict=True):
            rows: list[list[np.ndarray]] = []
            for entry in np.ndindex(base.shape):
                one = np.zeros(base.shape)
                one[entry] = 1.0
                rows.append([g.ravel() for g in self.function.pull([out], [one])])
            sizes = [x.size for x in self.function.arrays]
            jacobians.append(
                [np.array([row[k] for row in rows]).reshape(base.size, size) for k, size in enumerate(sizes)]
            )
        return jacobians

    def _kinks(self, k: int, direction: np.ndarray, found: Slopes, where: str, least: float) -> list[Kink]:
        return find_kinks(self.function, k, direction, self.options.eps, self.base, found, where, least)

    def _meet(self, kink: Kink, analytic: float) -> None:
        """Raise at a kink, or note it if the analytic slope is one of those between both sides."""
        sentence = kink.describe(analytic, self.options.eps)
        if self.options.kinks == "error":
            raise GradcheckError(
                f"{self.function.name}: {sentence} (output {place(str(kink.output), kink.entry)}); choose a point "
                "away from it, or pass kinks='report'"
            )
        low, high = sorted((kink.behind, kink.ahead))
        slack = 1e-3 * (high - low)
        if not low - slack <= analytic <= high + slack:
            raise GradcheckError(f"{self.function.name}: {sentence}, which is not between them")
        self.kinks.append(sentence)

    def _atol(self, number: int, entries: int) -> float:
        if self.options.atol is not None:
            return self.options.atol
        size = max(1.0, float(abs(self.base[number]).max(initial=0.0)))
        return 8 * MACHINE * size / self.options.eps * math.sqrt(entries)

    def _compare(self, number: int, k: int, analytic: np.ndarray, numerical: np.ndarray, ignored: np.ndarray) -> None:
        """Hold a Jacobian against its finite differences."""
        a, n = np.where(ignored, 0.0, analytic), np.where(ignored, 0.0, numerical)
        difference = a - n
        error = float(np.linalg.norm(difference))
        norm = float(max(np.linalg.norm(a), np.linalg.norm(n)))
        atol = self._atol(number, a.size)
        if error <= self.options.tolerance * norm + atol:
            return
        function = self.function
        row, column = np.unravel_index(int(np.argmax(abs(difference))), a.shape)
        x, out = function.arrays[k], self.base[number]
        entry = tuple(int(i) for i in np.unravel_index(column, x.shape))
        output = place(f"output {number}", tuple(int(i) for i in np.unravel_index(row, out.shape)))
        one, other = float(a[row, column]), float(n[row, column])
        wrong = int((abs(difference) > self.options.tolerance * np.maximum(abs(a), abs(n)) + atol).sum())
        joined = isinstance(self.outputs[number], Value) or self.outputs[number]._requires_grad
        raise GradcheckError(
            f"{function.name}: the slope of {output} by {place(function.names[function.positions[k]], entry)} is "
            f"{one:.10g} analytically but {other:.10g} by finite differences (difference {one - other:.3g}, relative "
            f"{abs(one - other) / max(abs(one), abs(other)):.3g}); norm of the difference {error:.3g} over norm "
            f"{norm:.3g} = {error / norm:.3g}, above {self.options.tolerance:g}; {wrong} of {a.size} entries "
            f"of this Jacobian differ" + ("" if joined else "; the output does not require grad: func left the graph")
        )

    # --- random directions

    def _compare_directions(self) -> None:
        function, rng = self.function, np.random.default_rng(self.options.seed + 1)
        for k, position in enumerate(function.positions):
            name, x = function.names[position], function.arrays[k]
            if x.size == 0:
                continue
            analytic, numerical, steps = [], [], []
            for _ in range(self.options.directions):
                direction = _unit(rng, x.shape)
                seeds = [_unit(rng, out.shape) for out in self.base]
                found = slopes(function, k, direction, self.options.eps, self.base, f"{name} along a random direction")
                analytic.append(float((function.pull(self.outputs, seeds)[k] * direction).sum()))
                numerical.append(sum(float((seed * c).sum()) for seed, c in zip(seeds, found.central, strict=True)))
                steps.append((direction, found))
            a, n = np.array(analytic), np.array(numerical)
            error, norm = float(np.linalg.norm(a - n)), float(max(np.linalg.norm(a), np.linalg.norm(n)))
            atol = max((self._atol(number, 1) for number in range(len(self.base))), default=0.0) * math.sqrt(len(a))
            passed = error <= self.options.tolerance * norm + atol
            # A kink of one entry among very many is a small jump, so after a difference smaller ones are looked at.
            worst = int(np.argmax(abs(a - n)))
            crossed = self._crossed(k, steps, name, 1e-4 if passed else 0.0)
            if crossed is not None:
                sentence = (
                    f"{name} crosses a kink along a random direction: slopes {crossed.behind:.6g} and "
                    f"{crossed.ahead:.6g} of output {place(str(crossed.output), crossed.entry)}"
                )
                if self.options.kinks == "error":
                    raise GradcheckError(
                        f"{function.name}: {sentence}; choose a point away from it, find the entry with mode='full', "
                        "or pass kinks='report'"
                    )
                self.kinks.append(sentence + "; the directions of this input were not compared")
                continue
            if not passed:
                one, other = float(a[worst]), float(n[worst])
                raise GradcheckError(
                    f"{function.name}: along a random direction of {name} {x.shape} the slope of the outputs, weighted "
                    f"at random, is {one:.10g} analytically but {other:.10g} by finite differences (difference "
                    f"{one - other:.3g}, relative {abs(one - other) / max(abs(one), abs(other)):.3g}); norm of the "
                    f"difference over {len(a)} directions {error / norm:.3g}, above {self.options.tolerance:g}; "
                    "mode='full' names the entry"
                )

    def _crossed(self, k: int, steps: list[tuple[np.ndarray, Slopes]], name: str, least: float) -> Kink | None:
        for direction, found in steps:
            kinks = self._kinks(k, direction, found, f"{name} along a random direction", least)
            if kinks:
                return max(kinks, key=lambda kink: abs(kink.ahead - kink.behind))
        return None


def _unit(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """A random vector of length 1."""
    vector = rng.standard_normal(shape)
    return np.asarray(vector / max(float(np.linalg.norm(vector)), MACHINE))
