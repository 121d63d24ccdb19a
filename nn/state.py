"""The state of modules: parameters and buffers by name, out and in, and the hooks that see them pass."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import autograd
from autograd import Tensor, dtypes
from autograd.errors import ArgumentError, DtypeError
from autograd.graph import RemovableHandle

from .parameter import Parameter, UninitializedBuffer, UninitializedParameter

if TYPE_CHECKING:
    from .module import Module

__all__ = ["IncompatibleKeys", "State"]

_UNINITIALIZED = (UninitializedParameter, UninitializedBuffer)
_EXTRA = object()  # in the place of what `get_extra_state` gives


class _Keys(NamedTuple):
    missing_keys: list[str]
    unexpected_keys: list[str]


class IncompatibleKeys(_Keys):
    """The names that `load_state_dict` did not find, and those that it could not place."""

    __slots__ = ()

    def __repr__(self) -> str:
        return super().__repr__() if self.missing_keys or self.unexpected_keys else "<All keys matched successfully>"

    __str__ = __repr__


class StateHooks:
    """The functions of one module that are called around saving and loading, in order."""

    def __init__(self) -> None:
        self.before_saving: dict[int, Callable[..., Any]] = {}
        self.after_saving: dict[int, Callable[..., Any]] = {}
        self.before_loading: dict[int, Callable[..., Any]] = {}
        self.after_loading: dict[int, Callable[..., Any]] = {}
        self.next_key = 0


class State:
    """What a Module does with its state."""

    _state_hooks: StateHooks | None = None
    _may_be_missing: frozenset[str] = frozenset()  # names that older checkpoints do not have

    if TYPE_CHECKING:

        def named_modules(
            self, memo: set[Module] | None = None, prefix: str = "", remove_duplicate: bool = True
        ) -> Iterator[tuple[str, Module]]: ...

    # --- hooks

    def _add_state_hook(self, where: str, hook: Callable[..., Any]) -> RemovableHandle:
        if self._state_hooks is None:
            self.__dict__["_state_hooks"] = StateHooks()
        hooks = self._state_hooks
        assert hooks is not None
        functions = getattr(hooks, where)
        functions[hooks.next_key] = hook
        hooks.next_key += 1
        return RemovableHandle(functions, hooks.next_key - 1)

    def register_state_dict_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(module, prefix, keep_vars)` before each `state_dict`.

        Returns:
            A handle whose `remove()` takes the hook away.
        """
        return self._add_state_hook("before_saving", hook)

    def register_state_dict_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(module, state_dict, prefix, metadata)` after each `state_dict`, to change it in place.

        Returns:
            A handle whose `remove()` takes the hook away.
        """
        return self._add_state_hook("after_saving", hook)

    _register_state_dict_hook = register_state_dict_post_hook

    def register_load_state_dict_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call a hook before each `load_state_dict`, to change a copy of the dict in place: `hook(module, state_dict,
        prefix, metadata, strict, missing_keys, unexpected_keys, error_messages)`.

        Returns:
            A handle whose `remove()` takes the hook away.

        Example:
            >>> layer = nn.Linear(1, 1, bias=False)
            >>> def rename(module, state, prefix, *others):
            ...     state[prefix + "weight"] = state.pop(prefix + "kernel")
            >>> handle = layer.register_load_state_dict_pre_hook(rename)
            >>> layer.load_state_dict({"kernel": autograd.ones(1, 1)})
            <All keys matched successfully>
        """
        return self._add_state_hook("before_loading", hook)

    def _register_load_state_dict_pre_hook(
        self, hook: Callable[..., Any], with_module: bool = False
    ) -> RemovableHandle:
        """PyTorch's older form, whose hook is not given the module, unless asked for."""
        if with_module:
            return self._add_state_hook("before_loading", hook)
        return self._add_state_hook("before_loading", lambda module, *others: hook(*others))

    def register_load_state_dict_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(module, incompatible_keys)` after each `load_state_dict`; what it takes out of the two lists is
        no error.

        Returns:
            A handle whose `remove()` takes the hook away.
        """
        return self._add_state_hook("after_loading", hook)

    def _hooked(self, where: str, prefix: str = "") -> list[tuple[str, Module, Callable[..., Any]]]:
        """The hooks of one kind here and below, with prefix and module."""
        found = []
        for path, module in self.named_modules(remove_duplicate=False):
            hooks = module._state_hooks
            if hooks is not None:
                below = f"{prefix}{path}." if path else prefix
                found += [(below, module, hook) for hook in getattr(hooks, where).values()]
        return found

    # --- what PyTorch's subclasses override

    def get_extra_state(self) -> Any:
        """What else of this module's state is to be saved, under the name "_extra_state".

        A subclass that overrides it also defines `set_extra_state(state)`, which loading calls. (Files hold Tensors;
        other things stay in dicts in memory.)

        Example:
            >>> class Counter(nn.Module):
            ...     count = 0
            ...     def get_extra_state(self):
            ...         return autograd.tensor(self.count)
            ...     def set_extra_state(self, state):
            ...         self.count = state.item()
            >>> Counter().state_dict()["_extra_state"]
            tensor(0)
        """
        raise NotImplementedError(f"{type(self).__name__} has no get_extra_state")

    def set_extra_state(self, state: Any) -> None:
        """Take what `get_extra_state` had given."""
        raise NotImplementedError(f"{type(self).__name__} has a get_extra_state; define set_extra_state beside it")

    def _save_to_state_dict(self, destination: dict[str, Any], prefix: str, keep_vars: bool) -> None:
        """Called for each module whose class overrides it, to change what `state_dict` has gathered."""

    def _load_from_state_dict(
        self,
        state_dict: dict[str, Any],
        prefix: str,
        local_metadata: dict[str, Any],
        strict: bool,
        missing_keys: list[str],
        unexpected_keys: list[str],
        error_msgs: list[str],
    ) -> None:
        """Called for each module whose class overrides it, to change a copy of the state before it is loaded."""

    def _overriding(self, method: str, prefix: str = "") -> list[tuple[str, Module]]:
        """The modules here and below whose class has a `method` of its own, with their prefixes."""
        return [
            (f"{prefix}{path}." if path else prefix, module)
            for path, module in self.named_modules(remove_duplicate=False)
            if getattr(type(module), method) is not getattr(State, method)
        ]

    # --- out and in

    def _state(self) -> Iterator[tuple[str, Module, str, Any]]:
        """Everything that `state_dict` holds, in its order: module by module, parameters before buffers."""
        for path, owner in self.named_modules(remove_duplicate=False):
            for registry in ("_parameters", "_buffers"):
                for name, value in owner.__dict__[registry].items():
                    if value is not None and not (registry == "_buffers" and name in owner._non_persistent):
                        yield (f"{path}.{name}" if path else name), owner, name, value
            if type(owner).get_extra_state is not State.get_extra_state:
                yield (f"{path}._extra_state" if path else "_extra_state"), owner, "_extra_state", _EXTRA

    def state_dict(
        self, *, destination: dict[str, Any] | None = None, prefix: str = "", keep_vars: bool = False
    ) -> dict[str, Any]:
        """Parameters and persistent buffers by name, as detached Tensors on the same memory.

        Args:
            destination: a dict to fill; a new OrderedDict, unless given.
            prefix: put before every name.
            keep_vars: give the Parameters themselves.

        Example:
            >>> list(nn.BatchNorm1d(2).state_dict())
            ['weight', 'bias', 'running_mean', 'running_var', 'num_batches_tracked']
        """
        state = OrderedDict() if destination is None else destination
        for below, module, hook in self._hooked("before_saving", prefix):
            hook(module, below, keep_vars)
        for name, owner, _, value in self._state():
            if value is _EXTRA:
                state[prefix + name] = owner.get_extra_state()
                continue
            state[prefix + name] = value if keep_vars or isinstance(value, _UNINITIALIZED) else value.detach()
        for below, module in self._overriding("_save_to_state_dict", prefix):
            module._save_to_state_dict(state, below, keep_vars)
        for below, module, hook in reversed(self._hooked("after_saving", prefix)):
            answer = hook(module, state, below, {})
            state = state if answer is None else answer
        return state

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> IncompatibleKeys:
        """Copy numbers into the parameters and buffers of the same names. If anything does not fit, nothing changes.

        Args:
            state_dict: from name to Tensor or array, as `state_dict` gives it.
            strict: demand that the names agree exactly.
            assign: take the given tensors over, with their dtypes, instead of copying their numbers.

        Returns:
            The names that were missing and those that were not expected.

        Raises:
            ArgumentError: names or shapes do not agree; all of them are listed.
        """
        if not isinstance(state_dict, Mapping):
            raise DtypeError(f"load_state_dict: expected a dict from name to Tensor, not {type(state_dict).__name__}")
        problems: list[str] = []
        missing: list[str] = []
        unexpected: list[str] = []
        before, after = self._hooked("before_loading"), self._hooked("after_loading")
        overriding = self._overriding("_load_from_state_dict")
        if before or overriding:
            state_dict = OrderedDict(state_dict)
            for below, module, hook in before:
                hook(module, state_dict, below, {}, strict, missing, unexpected, problems)
            for below, module in overriding:
                module._load_from_state_dict(state_dict, below, {}, strict, missing, unexpected, problems)
        own = {name: (owner, short, value) for name, owner, short, value in self._state()}
        missing += [
            name for name, (owner, short, _) in own.items()
            if name not in state_dict and short not in owner._may_be_missing
        ]  # fmt: skip
        unexpected += [name for name in state_dict if name not in own]
        if strict and not after:  # a hook may yet forgive them
            problems += _strict(missing, unexpected)
        given: dict[str, Tensor] = {}
        for name, (_, _, value) in own.items():
            if name not in state_dict or value is _EXTRA:
                continue
            try:
                given[name] = found = autograd.as_tensor(state_dict[name]).detach()
            except (DtypeError, ArgumentError):
                problems.append(f"{name!r} is a {type(state_dict[name]).__name__}, not a Tensor")
                continue
            if isinstance(value, _UNINITIALIZED):
                continue
            if found.shape != value.shape:
                problems.append(f"{name!r} has shape {found.shape}, and the module's is {value.shape}")
            elif not dtypes.can_cast(found.dtype, value.dtype) or (assign and found.dtype.kind != value.dtype.kind):
                problems.append(f"{name!r} is {found.dtype}, and the module's is {value.dtype}")
        self._raise(problems, strict and any(name not in state_dict for name in own))
        with autograd.no_grad():
            for name, tensor in given.items():
                owner, short, value = own[name]
                if isinstance(value, _UNINITIALIZED):
                    value.materialize(tensor.shape)
                if not assign:
                    value.copy_(tensor)
                elif isinstance(value, Parameter):
                    setattr(owner, short, Parameter(tensor, requires_grad=value.requires_grad))
                else:
                    setattr(owner, short, tensor)
        for name, (owner, _, value) in own.items():
            if value is _EXTRA and name in state_dict:
                owner.set_extra_state(state_dict[name])
        keys = IncompatibleKeys(missing, unexpected)
        for _, module, hook in reversed(after):
            hook(module, keys)
        if strict and after:
            self._raise(_strict(missing, unexpected), bool(missing))
        return keys

    def _raise(self, problems: list[str], partly: bool) -> None:
        if problems:
            raise ArgumentError(
                f"load_state_dict: the state does not fit {type(self).__name__}:\n  "
                + "\n  ".join(problems)
                + "\nload it into the architecture it was saved from"
                + (", or pass strict=False to load what there is" if partly else "")
            )


def _strict(missing: list[str], unexpected: list[str]) -> list[str]:
    """What is wrong where the names have to agree."""
    given = (("missing", missing), ("unexpected", unexpected))
    return [f"{what}: " + ", ".join(map(repr, names)) for what, names in given if names]
