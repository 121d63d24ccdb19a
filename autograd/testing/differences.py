"""The pieces of a gradient check: inputs that can be moved, slopes by finite differences, and kinks."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import differentiate, dtypes
from ..errors import ArgumentError, DtypeError, GradcheckError
from ..primitive import Handle
from ..value import Value

__all__ = ["Function", "Kink", "Slopes", "find_kinks", "place", "slopes"]

MACHINE = float(np.finfo(np.float64).eps)


class Function:
    """A user's function with its inputs: which of them are moved, what comes out, and the gradients.

    Inputs are moved by lending them another array, so that a function that closes over them (as a model does over
    its parameters) sees the change too, and the user's memory is never written to.
    """

    def __init__(self, name: str, func: Callable[..., Any], inputs: Any) -> None:
        self.name = name
        self.func = func
        self.inputs = tuple(inputs) if isinstance(inputs, (tuple, list)) else (inputs,)
        self.positions = [k for k, x in enumerate(self.inputs) if _differentiable(x)]
        self.moved = [self.inputs[k] for k in self.positions]
        self._check_inputs()
        self.names = _names(func, self.inputs)
        self.arrays = [number_array(x).copy() for x in self.moved]
        self.before = self._bytes()
        self._home: list[Any] = [x._array if isinstance(x, Handle) else x.data for x in self.moved]

    def _check_inputs(self) -> None:
        for k, x in enumerate(self.inputs):
            dtype = getattr(x, "dtype", None)
            if (dtype is not None and np.dtype(dtype).kind == "c") or isinstance(x, complex):
                raise DtypeError(f"{self.name}: input {k} is complex; only real numbers are differentiated")
            if isinstance(x, Handle) and x._requires_grad and x.dtype != dtypes.float64:
                raise DtypeError(
                    f"{self.name}: input {k} {x.shape} is {x.dtype}, whose rounding hides errors in a gradient; use "
                    "float64, as with x.detach().double().requires_grad_()"
                )
        if not self.positions:
            found = ", ".join(_describe(x) for x in self.inputs) or "nothing"
            raise ArgumentError(
                f"{self.name}: no input requires grad (given: {found}); make one with "
                "autograd.tensor(..., dtype=autograd.float64, requires_grad=True), or give Values"
            )

    def _bytes(self) -> list[bytes | None]:
        arrays = [x._array if isinstance(x, Handle) else x for x in self.inputs]
        return [
            np.asarray(x.data if isinstance(x, Value) else x).tobytes() if isinstance(x, (np.ndarray, Value)) else None
            for x in arrays
        ]

    def check_unchanged(self, when: str) -> None:
        """Raise if an input no longer holds what the user gave."""
        for k, (before, now) in enumerate(zip(self.before, self._bytes(), strict=True)):
            if before != now:
                raise GradcheckError(
                    f"{self.name}: {when} changed {self.names[k]} in place, so that slopes around it mean nothing; "
                    "let func compute a new tensor"
                )

    def outputs(self) -> list[Any]:
        """Call the function; the outputs that can have a gradient."""
        results = self.func(*self.inputs)
        listed = list(results) if isinstance(results, (tuple, list)) else [results]
        kept: list[Any] = []
        for k, out in enumerate(listed):
            if isinstance(out, Value):
                kept.append(out)
            elif not isinstance(out, Handle):
                raise DtypeError(
                    f"{self.name}: output {k} of func is a {type(out).__name__}, not a Tensor or a Value; return what "
                    "was computed from the inputs by operations that are recorded"
                )
            elif out.dtype.kind == "f":
                if out.dtype != dtypes.float64:
                    raise DtypeError(
                        f"{self.name}: output {k} {out.shape} is {out.dtype}, though the inputs are float64; "
                        "somewhere inside func numbers are rounded: keep float64 throughout"
                    )
                kept.append(out)
        if not kept:
            raise DtypeError(f"{self.name}: func returned no floating Tensor and no Value, so nothing has a gradient")
        return kept

    def values(self) -> list[np.ndarray]:
        """The numbers that come out, as copies."""
        return [number_array(out).copy() for out in self.outputs()]

    def at(self, k: int, array: np.ndarray) -> list[np.ndarray]:
        """The numbers that come out with the k-th moved input somewhere else."""
        self._lend(k, array)
        try:
            return self.values()
        finally:
            self._return(k)

    def _lend(self, k: int, array: np.ndarray) -> None:
        if isinstance(self.moved[k], Handle):
            self.moved[k]._array = array
        else:
            self.moved[k].data = float(array)

    def _return(self, k: int) -> None:
        if isinstance(self.moved[k], Handle):
            self.moved[k]._array = self._home[k]
        else:
            self.moved[k].data = self._home[k]

    def pull(self, outputs: Sequence[Any], seeds: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The gradients of `sum(seed * output)` by the moved inputs; zeros where an input is not used."""
        pairs = [(o, s) for o, s in zip(outputs, seeds, strict=True) if isinstance(o, Value) or o._requires_grad]
        if not pairs:
            return [np.zeros(a.shape) for a in self.arrays]
        found = differentiate.grad(
            [o for o, _ in pairs],
            self.moved,
            [float(s) if isinstance(o, Value) else s for o, s in pairs],
            retain_graph=True,
            allow_unused=True,
        )
        gradients = []
        for position, array, gradient in zip(self.positions, self.arrays, found, strict=True):
            if gradient is None:
                gradients.append(np.zeros(array.shape))
                continue
            numbers = number_array(gradient)
            if numbers.shape != array.shape or numbers.dtype != np.float64:
                raise GradcheckError(
                    f"{self.name}: the gradient by {self.names[position]} is {numbers.dtype} {numbers.shape}, but "
                    f"the input is float64 {array.shape}"
                )
            gradients.append(numbers.copy())
        return gradients


def _differentiable(x: Any) -> bool:
    return isinstance(x, Value) or (isinstance(x, Handle) and x._requires_grad)


def number_array(x: Any) -> np.ndarray:
    """The numbers of a Tensor, a Value or a float, as an array."""
    if isinstance(x, Handle):
        return x._array
    return np.asarray(x.data if isinstance(x, Value) else x, dtype=np.float64)


def _describe(x: Any) -> str:
    return f"{x.dtype} {x.shape}" if hasattr(x, "dtype") else type(x).__name__


def _names(func: Callable[..., Any], inputs: Sequence[Any]) -> list[str]:
    """What to call each input: its own name, else that of the parameter, else its position."""
    names = [f"input {k}" for k in range(len(inputs))]
    try:
        parameters = list(inspect.signature(func).parameters.values())
    except (TypeError, ValueError):
        parameters = []
    for k, parameter in enumerate(parameters[: len(inputs)]):
        if parameter.kind not in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD):
            break
        names[k] = parameter.name
    for k, x in enumerate(inputs):
        own = getattr(x, "name", None) or getattr(x, "label", None)
        if own:
            names[k] = own
    return names


def place(name: str, index: tuple[int, ...]) -> str:
    """An entry in words: `x[1, 2]`; of a single number just its name."""
    return f"{name}[{', '.join(map(str, index))}]" if index else name


# --- slopes and kinks


@dataclass
class Slopes:
    """The slopes of every output entry along one direction: ahead, behind, and the central difference of both."""

    ahead: list[np.ndarray]
    behind: list[np.ndarray]
    central: list[np.ndarray]
    noise: list[np.ndarray]  # what rounding alone may make of a one-sided slope


def slopes(function: Function, k: int, direction: np.ndarray, eps: float, base: list[np.ndarray], what: str) -> Slopes:
    """Finite differences of the outputs as the k-th moved input takes a step of `eps` along `direction`, both ways.

    Raises:
        GradcheckError: the function is not finite there, or changes the shapes of its outputs.
    """
    x = function.arrays[k]
    up, down = x + eps * direction, x - eps * direction
    single = np.count_nonzero(direction) == 1
    place_of = np.nonzero(direction) if direction.ndim else ()
    # x + eps is rounded, so the steps that were really taken are measured.
    forth = float((up[place_of] - x[place_of]).sum()) if single else eps
    back = float((x[place_of] - down[place_of]).sum()) if single else eps
    if forth == 0 or back == 0:
        raise GradcheckError(f"{function.name}: {what} is so large that a step of {eps} is rounded away; raise eps")
    high, low = function.at(k, up), function.at(k, down)
    if [a.shape for a in high] != [a.shape for a in base] or [a.shape for a in low] != [a.shape for a in base]:
        raise GradcheckError(f"{function.name}: a small step of {what} changes the shapes of func's outputs")
    found = Slopes([], [], [], [])
    for number, (a, b, c) in enumerate(zip(high, base, low, strict=True)):
        for side, sign in ((a, "+"), (c, "-")):
            if not np.isfinite(side).all():
                raise GradcheckError(
                    f"{function.name}: output {number} is not finite at {what} {sign} {eps:g}; choose a point at "
                    "which func is defined all around"
                )
        found.ahead.append((a - b) / forth)
        found.behind.append((b - c) / back)
        found.central.append((a - c) / (forth + back))
        found.noise.append(4 * MACHINE * np.maximum(np.maximum(abs(a), abs(c)), abs(b)) / eps)
    return found


@dataclass(frozen=True)
class Kink:
    """A point where the slope jumps: at the point itself, or (`near`) within the step beside it."""

    where: str
    output: int
    entry: tuple[int, ...]
    behind: float
    ahead: float
    near: bool

    def describe(self, analytic: float, eps: float) -> str:
        """The sentence about it."""
        lies = f"lies within {eps:g} of a kink" if self.near else "lies at a kink"
        return f"{self.where} {lies}: slopes {self.behind:.6g} and {self.ahead:.6g}, analytic {analytic:.6g}"


def find_kinks(
    function: Function,
    k: int,
    direction: np.ndarray,
    eps: float,
    base: list[np.ndarray],
    coarse: Slopes,
    where: str,
    least: float,
) -> list[Kink]:
    """The output entries at which the slope jumps.

    Where a function is smooth, the slopes ahead and behind differ by the step times its curvature, a tenth of that
    after a step ten times shorter. At a kink the difference stays. Beside a kink only one of the two slopes changes.

    Args:
        least: jumps smaller than this, relative to the slopes, are not looked at.
    """
    suspects = []
    for ahead, behind, noise in zip(coarse.ahead, coarse.behind, coarse.noise, strict=True):
        jump = abs(ahead - behind)
        suspects.append(jump > np.maximum(least * np.maximum(abs(ahead), abs(behind)), 1e3 * noise))
    if not any(s.any() for s in suspects):
        return []
    fine = slopes(function, k, direction, eps / 10, base, where)
    kinks = []
    for number, suspect in enumerate(suspects):
        ahead, behind = coarse.ahead[number], coarse.behind[number]
        jump = abs(ahead - behind)
        moved_ahead, moved_behind = abs(fine.ahead[number] - ahead), abs(fine.behind[number] - behind)
        at = abs(fine.ahead[number] - fine.behind[number]) > 0.5 * jump
        still, changed = np.minimum(moved_ahead, moved_behind), np.maximum(moved_ahead, moved_behind)
        near = ~at & (still < 0.01 * jump) & (changed > 0.1 * jump) & (jump > 1e4 * coarse.noise[number])
        for entry in zip(*np.nonzero(np.atleast_1d(suspect & (at | near)))):
            spot = tuple(int(i) for i in entry) if ahead.ndim else ()
            kinks.append(Kink(where, number, spot, float(behind[spot]), float(ahead[spot]), bool(near[spot])))
    return kinks
