"""L-BFGS, with a line search for the strong Wolfe conditions."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

import autograd
from autograd import Tensor
from autograd.errors import ArgumentError, ShapeError
from autograd.primitive import make, version_cell

from .optimizer import Group, Optimizer, State, at_least_zero

__all__ = ["LBFGS"]


class LBFGS(Optimizer):
    """Newton's method with the inverse of the Hessian built from the last steps s and changes of gradient y.

    In each iteration, with s and y of the last steps and `rho_i = 1 / (y_i s_i)`:

        q = -g
        newest to oldest:  a_i = rho_i s_i q,  q = q - a_i y_i
        d = (s y) / (y y) q                                 (of the newest s and y)
        oldest to newest:  d = d + (a_i - rho_i y_i d) s_i
        x = x + t d

    Without a line search t is lr (in the very first iteration `min(1, 1 / |g|_1) lr`); with "strong_wolfe" t is
    searched, beginning there, until `f(x + t d) <= f + 1e-4 t g d` and `|g(x + t d) d| <= 0.9 |g d|`.

    One call of `step` makes up to `max_iter` iterations, so it needs a closure that computes the loss and its gradient.
    All parameters are one vector: there is one group, and the memory is `2 * history_size` times their size.

    Args:
        params: Tensors that require grad.
        lr: t, or where its search begins.
        max_iter: the greatest number of iterations in a step.
        max_eval: the greatest number of calls of the closure in a step; None for `max_iter * 5 // 4`.
        tolerance_grad: end where no number of the gradient is greater.
        tolerance_change: end where no parameter, or where the loss, changes by more.
        history_size: how many s and y are kept.
        line_search_fn: "strong_wolfe" or None.

    Raises:
        ArgumentError: a setting is not accepted, or there are several groups.

    Example:
        >>> x = autograd.tensor([-1.5, 2.0], requires_grad=True)
        >>> optimizer = optim.LBFGS([x], line_search_fn="strong_wolfe", max_iter=50)
        >>> def closure():
        ...     optimizer.zero_grad()
        ...     loss = (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2
        ...     loss.backward()
        ...     return loss
        >>> loss = optimizer.step(closure)
        >>> x
        tensor([1.0000, 1.0000], requires_grad=True)

    Source: Nocedal and Wright 2006, Numerical optimization, algorithms 7.4 and 7.5, and 3.5 and 3.6 for the search.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:
        super().__init__(
            params,
            {
                "lr": lr,
                "max_iter": max_iter,
                "max_eval": max_iter * 5 // 4 if max_eval is None else max_eval,
                "tolerance_grad": tolerance_grad,
                "tolerance_change": tolerance_change,
                "history_size": history_size,
                "line_search_fn": line_search_fn,
            },
        )

    def check(self, group: Group) -> None:
        if self.param_groups:
            raise ArgumentError("LBFGS: all parameters are one vector with one search; give a single group")
        at_least_zero("LBFGS", lr=group["lr"])
        if group["line_search_fn"] not in (None, "strong_wolfe"):
            raise ArgumentError(f"LBFGS: line_search_fn is {group['line_search_fn']!r}; use 'strong_wolfe' or None")

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Make up to `max_iter` iterations.

        Args:
            closure: drops the gradients, computes the loss, calls backward on it and returns it.

        Returns:
            The loss before the first iteration.

        Raises:
            ArgumentError: there is no closure.
        """
        if closure is None:
            raise ArgumentError("LBFGS: step evaluates the loss several times; give it a closure that computes it")
        group, parameters = self.param_groups[0], self.param_groups[0]["params"]
        lr = float(group["lr"])
        state = self.state[parameters[0]]
        state.setdefault("func_evals", 0)
        state.setdefault("n_iter", 0)

        def evaluate() -> tuple[Any, float, Any]:
            state["func_evals"] += 1
            with autograd.enable_grad():
                loss = closure()
            return loss, float(loss), _gradient(parameters)

        first, loss, g = evaluate()
        if _largest(g) <= group["tolerance_grad"]:
            return first
        memory = _Memory(state, group["history_size"])
        evaluations = 1
        for iteration in range(1, group["max_iter"] + 1):
            state["n_iter"] += 1
            begins = state["n_iter"] == 1
            d = -g if begins else memory.direction(g)
            memory.d, memory.before, memory.loss = d, g, loss
            memory.t = min(1.0, 1.0 / float(np.abs(g).sum())) * lr if begins else lr
            slope = float(g @ d)
            if slope > -group["tolerance_change"]:
                break
            here = [parameter._array.copy() for parameter in parameters]
            asked = state["func_evals"]
            if group["line_search_fn"] is not None:

                def along(t: float, here: list[Any] = here, d: Any = d) -> _Point:
                    _place(parameters, here, t, d)
                    _, f, gradient = evaluate()
                    return _Point(t, f, gradient, float(gradient @ d))

                start = _Point(0.0, loss, g, slope)
                found = _strong_wolfe(
                    along, start, memory.t, _largest(d), group["tolerance_change"], group["max_eval"] - evaluations
                )
                memory.t, loss, g = found.t, found.f, found.g
                _place(parameters, here, memory.t, d)
            else:
                _place(parameters, here, memory.t, d)
                if iteration < group["max_iter"]:
                    _, loss, g = evaluate()
            evaluations += state["func_evals"] - asked
            if (
                evaluations >= group["max_eval"]
                or _largest(g) <= group["tolerance_grad"]
                or _largest(d * memory.t) <= group["tolerance_change"]
                or abs(loss - memory.loss) < group["tolerance_change"]
            ):
                break
        memory.keep(state)
        return first

    def _restored(self, key: Any, state: Mapping[str, Any], parameter: Tensor, group: Group) -> State:
        count = sum(p.numel() for p in group["params"])
        dtype = np.result_type(*(p.dtype for p in group["params"]))

        def vector(name: str, value: Any) -> Tensor:
            array = np.array(autograd.as_tensor(value)._array, dtype=dtype)
            if array.shape != (count,):
                raise ShapeError(
                    f"LBFGS: {name!r} has shape {array.shape}, and the parameters have {count} numbers; load the state "
                    "into an optimizer of the same model"
                )
            return make(array)

        restored: State = {}
        for name, value in state.items():
            if value is None or name == "al":
                continue
            if name in ("d", "prev_flat_grad"):
                restored[name] = vector(name, value)
            elif name in ("old_dirs", "old_stps"):
                restored[name] = [vector(name, each) for each in value]
            elif name == "ro":
                restored[name] = [float(each) for each in value]
            else:
                restored[name] = int(value) if name in ("func_evals", "n_iter") else float(value)
        return restored


class _Memory:
    """What an iteration knows of those before it, as arrays."""

    def __init__(self, state: State, size: int) -> None:
        self.size = size
        self.y = [each._array for each in state.get("old_dirs", [])]
        self.s = [each._array for each in state.get("old_stps", [])]
        self.rho = list(state.get("ro", []))
        self.scale = state.get("H_diag", 1.0)
        self.d: Any = state["d"]._array if "d" in state else None
        self.t = state.get("t", 0.0)
        self.before: Any = state["prev_flat_grad"]._array if "prev_flat_grad" in state else None
        self.loss = state.get("prev_loss", math.nan)

    def keep(self, state: State) -> None:
        """Write all into the state, under PyTorch's names."""
        state["d"], state["t"] = make(self.d), self.t
        state["old_dirs"] = [make(y) for y in self.y]
        state["old_stps"] = [make(s) for s in self.s]
        state["ro"], state["H_diag"] = self.rho, self.scale
        state["prev_flat_grad"], state["prev_loss"] = make(self.before), self.loss

    def direction(self, g: Any) -> Any:
        """Take in the last step, and return minus the inverse Hessian's product with g."""
        y, s = g - self.before, self.d * self.t
        curvature = float(y @ s)
        if curvature > 1e-10:
            if len(self.y) == self.size:
                for kept in (self.y, self.s, self.rho):
                    del kept[:1]
            self.y.append(y)
            self.s.append(s)
            self.rho.append(1.0 / curvature)
            self.scale = curvature / float(y @ y)
        q = -g
        shares = []
        for y, s, rho in zip(reversed(self.y), reversed(self.s), reversed(self.rho), strict=True):
            share = float(s @ q) * rho
            shares.append(share)
            q -= share * y
        q *= self.scale
        for y, s, rho, share in zip(self.y, self.s, self.rho, reversed(shares), strict=True):
            q += (share - float(y @ q) * rho) * s
        return q


class _Point(NamedTuple):
    """A point of the line: the step, the loss, the gradient, and the gradient's product with the direction."""

    t: float
    f: float
    g: Any
    slope: float


def _strong_wolfe(
    along: Callable[[float], _Point], start: _Point, t: float, size: float, tolerance: float, most: int
) -> _Point:
    """A point with enough decrease and a flat enough slope, or the best found with `most` further evaluations.

    Args:
        along: evaluates the loss at a step.
        start: the point of step 0.
        t: the first step tried.
        size: the largest number of the direction.
        tolerance: an interval of smaller steps is not divided further.
        most: the greatest number of evaluations after the first.
    """

    def too_high(point: _Point) -> bool:
        return point.f > start.f + 1e-4 * point.t * start.slope

    def flat(point: _Point) -> bool:
        return abs(point.slope) <= -0.9 * start.slope

    before, point = start, along(t)
    used = 0
    while True:  # go on until a good point lies between the last two
        if used >= most:
            ends = [start, point]
            break
        if too_high(point) or (used > 1 and point.f >= before.f) or (point.slope >= 0 and not flat(point)):
            ends = [before, point]
            break
        if flat(point):
            return point
        further = _cubic(before, point, point.t + 0.01 * (point.t - before.t), point.t * 10)
        before, point = point, along(further)
        used += 1

    stuck = False
    low, high = (0, 1) if ends[0].f <= ends[1].f else (1, 0)
    while used < most:  # make the interval smaller
        left, right = sorted((ends[0].t, ends[1].t))
        if (right - left) * size < tolerance:
            break
        t = _cubic(ends[0], ends[1], left, right)
        margin = 0.1 * (right - left)
        if min(right - t, t - left) < margin:
            if stuck or t >= right or t <= left:
                t = right - margin if abs(t - right) < abs(t - left) else left + margin
                stuck = False
            else:
                stuck = True
        else:
            stuck = False
        point = along(t)
        used += 1
        if too_high(point) or point.f >= ends[low].f:
            ends[high] = point
            low, high = (0, 1) if ends[0].f <= ends[1].f else (1, 0)
        else:
            if flat(point):
                return point
            if point.slope * (ends[high].t - ends[low].t) >= 0:
                ends[high] = ends[low]
            ends[low] = point
    return ends[low]


def _cubic(p: _Point, q: _Point, low: float, high: float) -> float:
    """Where the cubic through two points with their slopes is least, within bounds; without such a place, the middle.

    Source: Nocedal and Wright 2006, equation 3.59.
    """
    if p.t > q.t:
        p, q = q, p
    width = q.t - p.t
    if not width:
        return (low + high) / 2
    d1 = p.slope + q.slope - 3 * (p.f - q.f) / (p.t - q.t)
    square = d1 * d1 - p.slope * q.slope
    if not square >= 0:
        return (low + high) / 2
    d2 = math.sqrt(square)
    divisor = q.slope - p.slope + 2 * d2
    if not divisor:
        return (low + high) / 2
    return min(max(q.t - width * ((q.slope + d2 - d1) / divisor), low), high)


def _gradient(parameters: list[Tensor]) -> Any:
    """All gradients as one vector of its own; zeros where there is none."""
    return np.concatenate(
        [np.zeros(p.numel(), p.dtype) if p._grad is None else p._grad._array.reshape(-1) for p in parameters]
    )


def _largest(vector: Any) -> float:
    return float(np.abs(vector).max(initial=0))


def _place(parameters: list[Tensor], here: list[Any], t: float, d: Any) -> None:
    """Set the parameters to `here + t d`."""
    start = 0
    for parameter, x in zip(parameters, here, strict=True):
        parameter._array[...] = x + t * d[start : start + x.size].reshape(x.shape)
        version_cell(parameter)[0] += 1
        start += x.size
