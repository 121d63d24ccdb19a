"""Optimizer: what all update rules share.

A rule is written once, on arrays, as its paper writes it: `update(x, g, s, t, group)` changes the parameter x in place,
given its gradient g, its state arrays s, the number t of this step, and the settings of its group. `step` calls it for
every parameter that has a gradient, and counts the change in the parameter's version, so that a graph that still
needs the old numbers is found out. The state follows the parameter's dtype: after `model.double()` the next step goes
on with the moments cast to float64 (PyTorch raises an error there), and so does `load_state_dict`.

A rule that keeps no count in its state says `counts = False`, and one that does not act on each number by itself says
`whole = True`. Numbers that a rule keeps beside its arrays (`numbers`) are 0-d Tensors of float32 in the state, as in
PyTorch, or of float64 where that is the default dtype.

Where a rule names a compiled pass (`fused_pass`), which does the same arithmetic, and the parameters of a group are
large enough together, one launch of it changes them all. Otherwise large ones are handed to the rule in blocks that fit
the cache. A rule acts on each number by itself, so neither changes anything in the result; in blocks, the intermediate
arrays of the formula stay small, and are reused at once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from functools import wraps
from itertools import count, pairwise
from operator import is_
from typing import Any, ClassVar, NamedTuple
from weakref import ref

import numpy as np

import autograd
from autograd import Tensor
from autograd.errors import ArgumentError, DtypeError, GraphError, ShapeError
from autograd.graph import RemovableHandle
from autograd.primitive import make, version_cell

__all__ = ["Optimizer"]

BLOCK = 1 << 14  # numbers: 64 KiB of float32, below the size at which malloc asks the system for fresh pages

# From so many numbers on, in all parameters of a group, a compiled pass is worth it. A smaller model never loads the
# compiler.
FUSED = 1 << 13

State = dict[str, Any]
Group = dict[str, Any]
Arrays = tuple[Any, ...]
Places = tuple[int, ...]

PLAIN = frozenset({float, int, bool, str, tuple, list, type(None)})
_keys = count()
HOOKS = ("step_before", "step_after", "save_before", "save_after", "load_before", "load_after")
# Settings of PyTorch's that say on what and how the arrays are computed, which is not for a state to decide.
ENGINE = ("capturable", "differentiable")
# What schedules keep in the groups.
SCHEDULED = ("initial_lr", "max_lr", "min_lr", "max_momentum", "base_momentum", "swa_lr")


class Pass(NamedTuple):
    """A compiled pass of `kernels.updates`: its name, those of the state arrays that it takes after the parameter and
    the gradient (it takes an empty one for what the state does not have), and the numbers it takes after these."""

    kernel: str
    arrays: tuple[str, ...]
    numbers: tuple[float, ...]


class _Row(NamedTuple):
    """The addresses of the arrays that a pass takes: parameter, gradient and state. They are looked up again when one
    of the arrays is another one. The gradient may go meanwhile, as its memory is wanted for the next."""

    gradient: ref[Any]
    others: tuple[Any, ...]
    places: tuple[int, ...]


def at_least_zero(name: str, **settings: Any) -> None:
    """Raise ArgumentError unless every setting is a number that is not negative."""
    for setting, value in settings.items():
        number = value.item() if isinstance(value, Tensor) and value.numel() == 1 else value
        if not isinstance(number, (int, float, np.number)) or not number >= 0:
            raise ArgumentError(f"{name}: {setting} is {value!r}; use a number that is not negative")


def below_one(name: str, **settings: Any) -> None:
    """Raise ArgumentError unless every setting is a number of at least 0 and less than 1."""
    at_least_zero(name, **settings)
    for setting, value in settings.items():
        if not value < 1:
            raise ArgumentError(f"{name}: {setting} is {value!r}; use a number less than 1")


def two_below_one(name: str, betas: Any) -> None:
    """Raise ArgumentError unless `betas` are two numbers of at least 0 and less than 1."""
    if not isinstance(betas, (tuple, list)) or len(betas) != 2:
        raise ArgumentError(f"{name}: betas is {betas!r}; use two numbers, as (0.9, 0.999)")
    below_one(name, beta1=betas[0], beta2=betas[1])


def single(value: float) -> Any:
    """A number of the state: a NumPy scalar of float32, or of the default dtype where that is float64."""
    return np.float64(value) if autograd.get_default_dtype() == np.float64 else np.float32(value)


def _hooked(step: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(step)
    def with_hooks(self: Optimizer, *args: Any, **kwargs: Any) -> Any:
        hooks = self._hooks
        for hook in tuple(hooks["step_before"].values()):
            changed = hook(self, args, kwargs)
            if changed is not None:
                if not isinstance(changed, tuple) or len(changed) != 2:
                    raise ArgumentError(
                        f"{self._name}: a hook before step returned {changed!r:.80}; it returns None, or step's "
                        "arguments as (args, kwargs)"
                    )
                args, kwargs = changed
        out = step(self, *args, **kwargs)
        for hook in tuple(hooks["step_after"].values()):
            hook(self, args, kwargs)
        return out

    return with_hooks


class Optimizer:
    """The base class of update rules. A subclass defines `state_arrays` and `update`, and passes its settings here.

    Args:
        params: Tensors that require grad, as `model.parameters()`; or pairs of name and Tensor, as
            `model.named_parameters()`; or dicts, each with such Tensors or pairs under "params" and with settings of
            its own.
        defaults: the settings of groups that do not give their own.

    Attributes:
        param_groups: a list of dicts: "params", and every setting. Change a setting here at any time.
        state: from parameter to its state, a dict of Tensors and of "step", the number of steps so far.
        defaults: the settings given at first.

    The settings `foreach` and `fused` of PyTorch's optimizers change nothing here: large parameters are changed in one
    compiled pass where the rule has one, and others by NumPy, with the same results. `capturable` (CUDA graphs) and
    `differentiable` (a step that is itself recorded) are refused when they are true.

    A batch too large for memory is split, and the gradients of its parts add up before one step:

        >>> model = nn.Linear(2, 1)
        >>> optimizer = optim.SGD(model.parameters(), lr=0.1)
        >>> x, y = autograd.randn(8, 2), autograd.randn(8, 1)
        >>> for part in range(4):
        ...     rows = slice(2 * part, 2 * part + 2)
        ...     loss = nn.functional.mse_loss(model(x[rows]), y[rows]) / 4  # the mean over all parts
        ...     loss.backward()
        >>> optimizer.step()
        >>> optimizer.zero_grad()

    Raises:
        ArgumentError: there are no parameters, one comes twice, or a setting is not known or not accepted.
        DtypeError: something is no Tensor.
        GraphError: a parameter is the result of an operation.
    """

    counts: ClassVar[bool] = True
    whole: ClassVar[bool] = False
    number_names: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "step" in cls.__dict__:
            cls.step = _hooked(cls.__dict__["step"])  # type: ignore[method-assign]

    def __init__(self, params: Iterable[Any], defaults: Group) -> None:
        self.defaults = defaults
        self._hooks: dict[str, dict[int, Callable[..., Any]]] = {name: {} for name in HOOKS}
        self.state: defaultdict[Tensor, State] = defaultdict(dict)
        self._rows: dict[int, _Row] = {}
        self.param_groups: list[Group] = []
        if isinstance(params, (Tensor, Mapping)) or not isinstance(params, Iterable):
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
        known_names = {*self.defaults, "params", "param_names", *SCHEDULED}
        unknown = [name for name in param_group if name not in known_names]
        if unknown:
            raise ArgumentError(
                f"{self._name}: setting {unknown[0]!r} is not known; there are {', '.join(self.defaults)}"
            )
        params = param_group["params"]
        if isinstance(params, (set, frozenset)):
            raise ArgumentError(f"{self._name}: params is a set, which has no fixed order; give a list")
        group = {**self.defaults, **param_group}
        group["params"] = [params] if isinstance(params, Tensor) else list(params)
        self._take_names(group)
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
        for name, value in group.items():  # a pair of numbers may be one of Tensors, as PyTorch's betas
            if isinstance(value, tuple) and any(isinstance(number, Tensor) for number in value):
                group[name] = tuple(n.item() if isinstance(n, Tensor) and n.numel() == 1 else n for n in value)
        self._refuse(group)
        self.check(group)
        self.param_groups.append(group)

    def _take_names(self, group: Group) -> None:
        """Part pairs of name and Tensor; all groups have names, or none has."""
        pairs = [isinstance(p, tuple) and len(p) == 2 and isinstance(p[0], str) for p in group["params"]]
        if any(pairs):
            if not all(pairs):
                raise ArgumentError(f"{self._name}: some parameters have names and some have not; name all or none")
            group["param_names"] = [name for name, _ in group["params"]]
            group["params"] = [parameter for _, parameter in group["params"]]
        if self.param_groups and ("param_names" in group) != ("param_names" in self.param_groups[0]):
            raise ArgumentError(f"{self._name}: some groups have names and some have not; name all or none")

    def _refuse(self, group: Group) -> None:
        if group.get("capturable"):
            raise ArgumentError(f"{self._name}: capturable is for CUDA graphs, of which a CPU has none; leave it False")
        if group.get("differentiable"):
            raise ArgumentError(
                f"{self._name}: differentiable=True is not offered: a step changes arrays and is not recorded; write "
                "the step with operations, as x - lr * g with g from autograd.grad(..., create_graph=True)"
            )
        if group.get("foreach") and group.get("fused"):
            raise ArgumentError(f"{self._name}: foreach and fused exclude each other; here neither changes anything")

    def check(self, group: Group) -> None:
        """Raise ArgumentError where a setting is not accepted."""

    def state_arrays(self, x: Any, group: Group) -> dict[str, Any]:
        """The names of the arrays that the rule keeps for the parameter x, and what each begins with: one number for
        an array like x, or the shape of an array of zeros."""
        return {}

    def numbers(self, state: State, t: int, group: Group) -> dict[str, Any]:
        """What the rule computes once in a step for the whole parameter; handed to `update` beside the arrays.
        Those that are kept stand in `state` under `number_names`; without such names it is not called."""
        return {}

    def update(self, x: Any, g: Any, s: dict[str, Any], t: int, group: Group) -> None:
        """Change x in place: one step of the rule.

        Args:
            x: the parameter, or a block of it.
            g: its gradient.
            s: its state arrays and numbers by name.
            t: the number of this step, from 1; where the rule does not count, 1 when its state begins, and 2 after it.
            group: the settings.
        """
        raise NotImplementedError(f"{self._name} has no update rule; define `def update(self, x, g, s, t, group):`")

    def fused_pass(self, s: dict[str, Any], t: int, group: Group) -> Pass | None:
        """The compiled pass that does what `update` does, to the bit; None where there is none for these settings.

        Args:
            s: the numbers of the state (`number_names`).
            t: the number of this step, as for `update`.
            group: the settings.
        """
        return None

    @_hooked
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
            params = [parameter for parameter in group["params"] if parameter._grad is not None]
            large = not self.whole and sum([parameter._array.size for parameter in params]) >= FUSED
            self._step_all(params, _numbers_of(group), large)
        return loss

    def _step_all(self, params: list[Tensor], group: Group, large: bool) -> None:
        """Change the parameters by the rule; if `large`, by compiled passes as far as there are any."""
        maximize, numbers = group.get("maximize"), {}
        # What each pass is to change, by all that tells passes of this group apart.
        passes: dict[tuple[Any, ...], tuple[Pass | None, list[tuple[Arrays, Places]]]] = {}
        for parameter in params:
            state = self.state[parameter]
            x, g = parameter._array, parameter._grad._array
            t, arrays = self._begin(state, x, group)
            if self.number_names:
                numbers = self.numbers(state, t, group)
            if maximize:
                g = -g
            places = None
            if large:
                key = (t, x.dtype.char, *numbers.values())
                if key not in passes:
                    passes[key] = self.fused_pass(numbers, t, group), []
                taken, rows = passes[key]
                if taken is not None:
                    others = (x, *map(arrays.get, taken.arrays))
                    places = self._places(parameter, g, others)
                    if places is not None:
                        rows.append(((x, g, *others[1:]), places))
            if places is None:
                self._step_one(x, g, arrays, numbers, t, group)
            version_cell(parameter)[0] += 1
        for taken, rows in passes.values():
            if taken is not None and rows:
                _run_pass(taken, rows)

    def _begin(self, state: State, x: Any, group: Group) -> tuple[int, dict[str, Any]]:
        """Count the step in the state; the count, and the state's arrays by name, begun anew where they are missing."""
        t = 2
        if self.counts:
            t = state["step"] = state.get("step", 0) + 1
        arrays = {}
        for name, start in self.state_arrays(x, group).items():
            held = state.get(name)
            if held is None:
                held = state[name] = make(_begin(x, start))
                t = t if self.counts else 1
            array = held._array
            if array.dtype is not x.dtype and array.dtype != x.dtype:
                array = array.astype(x.dtype)
                state[name] = make(array)
            arrays[name] = array
        return t, arrays

    def _places(self, parameter: Tensor, g: Any, others: Arrays) -> Places | None:
        """The addresses of parameter, gradient and state, `others` but for the gradient; None where a pass cannot take
        them."""
        row = self._rows.get(id(parameter))
        if row is not None and row.gradient() is g and all(map(is_, row.others, others)):
            return row.places
        x, *state = others
        arrays = (x, g, *state)
        written = [a for a in others if a is not None]
        suitable = _suits(g, x.dtype) and all(_suits(a, x.dtype) and a.flags.writeable for a in written)
        if x.dtype.char not in "fd" or not suitable:
            return None
        places = tuple([0 if array is None else array.__array_interface__["data"][0] for array in arrays])
        self._rows[id(parameter)] = _Row(ref(g), others, places)
        return places

    def _step_one(self, x: Any, g: Any, arrays: dict[str, Any], numbers: dict[str, Any], t: int, group: Group) -> None:
        """Change one parameter by the rule itself, a large one in blocks."""
        if x.size < FUSED or self.whole or not (x.flags.c_contiguous and g.flags.c_contiguous):
            self.update(x, g, {**arrays, **numbers} if numbers else arrays, t, group)
            return
        x, g, arrays = x.reshape(-1), g.reshape(-1), {name: array.reshape(-1) for name, array in arrays.items()}
        for start in range(0, x.size, BLOCK):
            block = slice(start, start + BLOCK)
            cut = {name: array[block] for name, array in arrays.items()}
            self.update(x[block], g[block], {**cut, **numbers}, t, group)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Drop the gradients, or with `set_to_none=False` overwrite them with zeros."""
        for group in self.param_groups:
            for parameter in group["params"]:
                if set_to_none:
                    parameter._grad = None
                elif parameter._grad is not None:
                    if parameter._grad.requires_grad:
                        parameter.grad = parameter._grad.detach()
                    parameter._grad.zero_()

    def state_dict(self) -> dict[str, Any]:
        """The state and the settings as plain data and Tensors; parameters are numbered in their order.

        Returns:
            `{"state": {number: state}, "param_groups": [{"params": [numbers], ...settings}]}`, as PyTorch's: "step" is
            a 0-d Tensor. The Tensors are the state's own, which the next step changes; `deepcopy` keeps them.
        """
        for hook in list(self._hooks["save_before"].values()):
            hook(self)
        number = {id(parameter): k for k, parameter in enumerate(self._parameters())}
        packed = {
            "state": {number[id(p)]: _packed(self.state[p]) for p in self._parameters() if self.state.get(p)},
            "param_groups": [
                {**_settings(group), "params": [number[id(p)] for p in group["params"]]} for group in self.param_groups
            ],
        }
        for hook in list(self._hooks["save_after"].values()):
            changed = hook(self, packed)
            packed = packed if changed is None else changed
        return packed

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on from a state that `state_dict` gave; it is copied. If anything does not fit, nothing changes.

        Args:
            state_dict: the state of an optimizer with as many parameters, of the same shapes, in the same groups.
                Arrays are cast to the dtypes of the parameters. Settings that this optimizer does not know, and
                "capturable" and "differentiable", are passed over.

        Raises:
            ArgumentError: the groups differ, or something is missing.
            ShapeError: a state array does not have its parameter's shape.
        """
        if not isinstance(state_dict, Mapping) or not {"state", "param_groups"} <= set(state_dict):
            raise ArgumentError(
                f'{self._name}: a state has "state" and "param_groups"; give what state_dict() returned'
            )
        state_dict = dict(state_dict)
        for hook in list(self._hooks["load_before"].values()):
            changed = hook(self, state_dict)
            state_dict = state_dict if changed is None else changed
        saved = state_dict["param_groups"]
        sizes, own = [len(g["params"]) for g in saved], [len(g["params"]) for g in self.param_groups]
        if sizes != own:
            raise ArgumentError(
                f"{self._name}: the state is of groups of {sizes} parameters, and this optimizer has groups of {own}; "
                "load it into one that was built alike"
            )
        states: dict[Tensor, State] = {}
        for group, settings in zip(self.param_groups, saved, strict=True):
            for key, parameter in zip(settings["params"], group["params"], strict=True):
                if key in state_dict["state"]:
                    states[parameter] = self._restored(key, state_dict["state"][key], parameter, group)
        for group, settings in zip(self.param_groups, saved, strict=True):
            known = {*group, *SCHEDULED, "param_names"} - {"params", *ENGINE}
            group.update(deepcopy({name: value for name, value in settings.items() if name in known}))
        self.state = defaultdict(dict, states)
        for hook in list(self._hooks["load_after"].values()):
            hook(self)

    def _restored(self, key: Any, state: Mapping[str, Any], parameter: Tensor, group: Group) -> State:
        own = {**self.defaults, **group}
        expected = self.state_arrays(parameter._array, own)
        restored: State = {}
        for name, value in state.items():
            if value is None:
                continue
            if name == "step":
                restored[name] = int(value)
                continue
            if name in self.number_names:
                restored[name] = make(np.array(autograd.as_tensor(value)._array))
                continue
            array = np.array(autograd.as_tensor(value)._array, dtype=parameter.dtype, order="C")
            start = expected.get(name)
            shape = start if isinstance(start, tuple) else tuple(parameter.shape)
            if array.shape != shape:
                raise ShapeError(
                    f"{self._name}: {name!r} of parameter {key} has shape {array.shape}, and the parameter "
                    f"{parameter.shape} needs {shape}; load the state into an optimizer of the same model"
                )
            restored[name] = make(array)
        return restored

    def _add_hook(self, where: str, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        functions = self._hooks[where]
        key = next(_keys)
        functions[key] = hook
        if prepend:
            for other in [k for k in functions if k != key]:
                functions[other] = functions.pop(other)
        return RemovableHandle(functions, key)

    def register_step_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(optimizer, args, kwargs)` before each step; it may return other (args, kwargs) for `step`.

        Returns:
            A handle, whose `remove()` takes the hook away.
        """
        return self._add_hook("step_before", hook)

    def register_step_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(optimizer, args, kwargs)` after each step.

        Example:
            >>> x = autograd.tensor([1.0], requires_grad=True)
            >>> optimizer = optim.SGD([x], lr=0.1)
            >>> handle = optimizer.register_step_post_hook(lambda optimizer, args, kwargs: print("stepped"))
            >>> optimizer.step()
            stepped
            >>> handle.remove()
        """
        return self._add_hook("step_after", hook)

    def register_state_dict_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call `hook(optimizer)` before `state_dict`; with `prepend` before the other hooks."""
        return self._add_hook("save_before", hook, prepend)

    def register_state_dict_post_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call `hook(optimizer, state_dict)` after `state_dict`; what it returns, unless None, is the state dict."""
        return self._add_hook("save_after", hook, prepend)

    def register_load_state_dict_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call `hook(optimizer, state_dict)` before `load_state_dict`, with a shallow copy of the state dict; what it
        returns, unless None, is loaded in its place."""
        return self._add_hook("load_before", hook, prepend)

    def register_load_state_dict_post_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call `hook(optimizer)` after `load_state_dict`."""
        return self._add_hook("load_after", hook, prepend)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name not in ("_hooks", "_rows")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._hooks = {name: {} for name in HOOKS}
        self._rows = {}

    def _parameters(self) -> list[Tensor]:
        return [parameter for group in self.param_groups for parameter in group["params"]]

    def __repr__(self) -> str:
        lines = [f"{self._name} ("]
        for k, group in enumerate(self.param_groups):
            lines.append(f"Parameter Group {k}")
            lines += [f"    {name}: {value}" for name, value in sorted(_settings(group).items())]
        return "\n".join([*lines, ")"])


def _settings(group: Group) -> Group:
    return {name: value for name, value in group.items() if name != "params"}


def _numbers_of(group: Group) -> Group:
    """The settings with a Tensor's number in the place of the Tensor, as of a learning rate that is one. A NumPy number
    would widen float32."""
    if PLAIN.issuperset(map(type, group.values())):
        return group
    return {name: v.item() if isinstance(v, (Tensor, np.generic)) else v for name, v in group.items()}


def _suits(array: Any, dtype: Any) -> bool:
    flags = array.flags
    return bool(array.dtype == dtype and flags.c_contiguous and flags.aligned)


def _run_pass(taken: Pass, rows: list[tuple[Arrays, Places]]) -> None:
    """Run a compiled pass over the arrays of all rows; its numbers as float, for which it is compiled."""
    # Imported when the first large parameters are changed.
    from autograd.kernels import updates
    from autograd.kernels.pieces import run_on_pieces

    kernel, numbers = getattr(updates, taken.kernel), tuple([float(number) for number in taken.numbers])
    for together in [rows] if _apart(rows) else [[row] for row in rows]:
        arrays, places = zip(*together, strict=True)
        run_on_pieces(kernel, arrays, places, numbers)


def _apart(rows: list[tuple[Arrays, Places]]) -> bool:
    """Whether no two parameters share memory, which threads would change at once."""
    spans = sorted([(places[0], arrays[0].nbytes) for arrays, places in rows])
    return all(start + size <= after for (start, size), (after, _) in pairwise(spans))


def _begin(x: Any, start: Any) -> Any:
    if isinstance(start, tuple):
        return np.zeros(start, x.dtype)
    return np.full_like(x, start, order="C", subok=False)


def _packed(state: State) -> State:
    step = state.get("step")
    if step is None:
        return dict(state)
    exact = np.float32 if step < 1 << 24 else np.float64
    return {**state, "step": make(np.array(step, exact))}
