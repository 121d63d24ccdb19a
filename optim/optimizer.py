"""Optimizer: what all update rules share.

A rule is written once, on arrays, as its paper writes it: `update(x, g, s, t, group)` changes the parameter x in place,
given its gradient g, its state arrays s, the number t of this step, and the settings of its group. `step` calls it for
every parameter that has a gradient, and counts the change in the parameter's version, so that a graph that still
needs the old numbers is found out.

Large parameters are handed to the rule in blocks that fit the cache. A rule acts on each number by itself, so blocks
change nothing in the result; the intermediate arrays of the formula stay small, and are reused at once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from typing import Any

import numpy as np

import autograd
from autograd import Tensor
from autograd.errors import ArgumentError, DtypeError, GraphError, ShapeError
from autograd.primitive import make, version_cell

__all__ = ["Optimizer"]

BLOCK = 1 << 14  # numbers: 64 KiB of float32, below the size at which malloc asks the system for fresh pages

State = dict[str, Any]
Group = dict[str, Any]


def at_least_zero(name: str, **settings: Any) -> None:
    """Raise ArgumentError unless every setting is a number that is not negative."""
    for setting, value in settings.items():
        if isinstance(value, Tensor) or not isinstance(value, (int, float, np.number)) or not value >= 0:
            raise ArgumentError(f"{name}: {setting} is {value!r}; use a number that is not negative")


def below_one(name: str, **settings: Any) -> None:
    """Raise ArgumentError unless every setting is a number of at least 0 and less than 1."""
    at_least_zero(name, **settings)
    for setting, value in settings.items():
        if not value < 1:
            raise ArgumentError(f"{name}: {setting} is {value!r}; use a number less than 1")


class Optimizer:
    """The base class of update rules. A subclass defines `state_arrays` and `update`, and passes its settings here.

    Args:
        params: Tensors that require grad, as `model.parameters()`; or dicts, each with such Tensors under "params"
            and with settings of its own.
        defaults: the settings of groups that do not give their own.

    Attributes:
        param_groups: a list of dicts: "params", and every setting. Change a setting here at any time.
        state: from parameter to its state, a dict of Tensors and of "step", the number of steps so far.
        defaults: the settings given at first.

    Raises:
        ArgumentError: there are no parameters, one comes twice, or a setting is not known or not accepted.
        DtypeError: something is no Tensor.
        GraphError: a parameter is the result of an operation.
    """

    def __init__(self, params: Iterable[Any], defaults: Group) -> None:
        self.defaults = defaults
        self.state: defaultdict[Tensor, State] = defaultdict(dict)
        self.param_groups: list[Group] = []
        if isinstance(params, (Tensor, Mapping)):
            raise DtypeError(
                f"{self._name}: params is a {type(params).__name__}; give a list of Tensors or of dicts, as [x]"
            )
        given = list(params)
        if not given:
            raise ArgumentError(f"{self._name}: params is empty; give model.parameters() of a model that has some")
        for group in given if isinstance(given[0], Mapping) else [{"params": given}]:
            self.add_param_group(group)

    @property
    def _name(self) -> str:
        return type(self).__name__

    def add_param_group(self, param_group: Mapping[str, Any]) -> None:
        """Add parameters with settings of their own, as when layers are unfrozen.

        Args:
            param_group: "params", and any settings that differ from the defaults.
        """
        if not isinstance(param_group, Mapping) or "params" not in param_group:
            raise ArgumentError(f'{self._name}: a group is a dict with "params", not {param_group!r:.80}')
        unknown = [name for name in param_group if name not in self.defaults and name not in ("params", "initial_lr")]
        if unknown:
            raise ArgumentError(
                f"{self._name}: setting {unknown[0]!r} is not known; there are {', '.join(self.defaults)}"
            )
        params = param_group["params"]
        if isinstance(params, (set, frozenset)):
            raise ArgumentError(f"{self._name}: params is a set, which has no fixed order; give a list")
        group = {**self.defaults, **param_group}
        group["params"] = [params] if isinstance(params, Tensor) else list(params)
        known = {id(parameter) for other in self.param_groups for parameter in other["params"]}
        for parameter in group["params"]:
            if not isinstance(parameter, Tensor):
                raise DtypeError(f"{self._name}: expected Tensors to optimize, not {type(parameter).__name__}")
            if not parameter.is_leaf:
                raise GraphError(
                    f"{self._name}: a tensor {parameter.shape} is the result of an operation; optimize the leaf it "
                    "was computed from, or detach() it"
                )
            if id(parameter) in known:
                raise ArgumentError(f"{self._name}: a parameter {parameter.shape} comes twice; give each one once")
            known.add(id(parameter))
        self.check(group)
        self.param_groups.append(group)

    def check(self, group: Group) -> None:
        """Raise ArgumentError where a setting is not accepted."""

    def state_arrays(self, group: Group) -> dict[str, float]:
        """The names of the arrays that the rule keeps for each parameter, and the number each begins with."""
        return {}

    def update(self, x: Any, g: Any, s: dict[str, Any], t: int, group: Group) -> None:
        """Change x in place: one step of the rule."""
        raise NotImplementedError(f"{self._name} has no update rule; define `def update(self, x, g, s, t, group):`")

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Take one step: change every parameter that has a gradient.

        Args:
            closure: computes the loss anew, calls backward on it and returns it; optional.

        Returns:
            What the closure returned.
        """
        loss = None
        if closure is not None:
            with autograd.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter._grad is not None:
                    self._step_one(parameter, group)
        return loss

    def _step_one(self, parameter: Tensor, group: Group) -> None:
        state = self.state[parameter]
        starts = self.state_arrays(group)
        for name, start in starts.items():
            if name not in state:
                state[name] = make(np.full_like(parameter._array, start, order="C", subok=False))
        t = state["step"] = state.get("step", 0) + 1
        x, g = parameter._array, parameter._grad._array
        s = {name: state[name]._array for name in starts}
        if group["maximize"]:
            g = -g
        if x.size <= BLOCK or not (x.flags.c_contiguous and g.flags.c_contiguous):
            self.update(x, g, s, t, group)
        else:
            x, g = x.reshape(-1), g.reshape(-1)
            s = {name: array.reshape(-1) for name, array in s.items()}
            for start in range(0, x.size, BLOCK):
                block = slice(start, start + BLOCK)
                self.update(x[block], g[block], {name: array[block] for name, array in s.items()}, t, group)
        version_cell(parameter)[0] += 1

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Drop the gradients, or with `set_to_none=False` overwrite them with zeros."""
        for group in self.param_groups:
            for parameter in group["params"]:
                if set_to_none:
                    parameter._grad = None
                elif parameter._grad is not None:
                    parameter.grad = autograd.zeros_like(parameter.grad)

    def state_dict(self) -> dict[str, Any]:
        """The state and the settings as plain data and Tensors; parameters are numbered in their order.

        Returns:
            `{"state": {number: state}, "param_groups": [{"params": [numbers], ...settings}]}`, as PyTorch's.
        """
        number = self._numbers()
        return {
            "state": {number[id(p)]: dict(self.state[p]) for p in self._parameters() if self.state.get(p)},
            "param_groups": [
                {**_settings(group), "params": [number[id(p)] for p in group["params"]]} for group in self.param_groups
            ],
        }

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on from a state that `state_dict` gave; it is copied. If anything does not fit, nothing changes.

        Args:
            state_dict: the state of an optimizer with as many parameters, of the same shapes, in the same groups.
                Settings that this optimizer does not know, as PyTorch's "foreach", are passed over.

        Raises:
            ArgumentError: the groups differ, or something is missing.
            ShapeError: a state array does not have its parameter's shape.
        """
        if not isinstance(state_dict, Mapping) or not {"state", "param_groups"} <= set(state_dict):
            raise ArgumentError(
                f'{self._name}: a state has "state" and "param_groups"; give what state_dict() returned'
            )
        saved = state_dict["param_groups"]
        sizes, own = [len(g["params"]) for g in saved], [len(g["params"]) for g in self.param_groups]
        if sizes != own:
            raise ArgumentError(
                f"{self._name}: the state is of groups of {sizes} parameters, and this optimizer has groups of {own}; "
                "load it into one that was built alike"
            )
        places = [key for group in saved for key in group["params"]]
        states: dict[Tensor, State] = {}
        for key, parameter in zip(places, self._parameters(), strict=True):
            if key in state_dict["state"]:
                states[parameter] = self._restored(key, state_dict["state"][key], parameter)
        for group, settings in zip(self.param_groups, saved, strict=True):
            known = {*group, "initial_lr"} - {"params"}
            group.update(deepcopy({name: value for name, value in settings.items() if name in known}))
        self.state = defaultdict(dict, states)

    def _restored(self, key: Any, state: Mapping[str, Any], parameter: Tensor) -> State:
        restored: State = {}
        for name, value in state.items():
            if value is None:
                continue
            if name == "step":
                restored[name] = int(value)
                continue
            array = np.array(autograd.as_tensor(value)._array, dtype=parameter.dtype, order="C")
            if array.shape != parameter.shape:
                raise ShapeError(
                    f"{self._name}: {name!r} of parameter {key} has shape {array.shape}, and the parameter "
                    f"{parameter.shape}; load the state into an optimizer of the same model"
                )
            restored[name] = make(array)
        return restored

    def _parameters(self) -> list[Tensor]:
        return [parameter for group in self.param_groups for parameter in group["params"]]

    def _numbers(self) -> dict[int, int]:
        return {id(parameter): k for k, parameter in enumerate(self._parameters())}

    def __repr__(self) -> str:
        lines = [f"{self._name} ("]
        for k, group in enumerate(self.param_groups):
            lines.append(f"Parameter Group {k}")
            lines += [f"    {name}: {value}" for name, value in sorted(_settings(group).items())]
        return "\n".join([*lines, ")"])


def _settings(group: Group) -> Group:
    return {name: value for name, value in group.items() if name != "params"}
