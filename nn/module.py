"""Module: what every layer and model is.

A module keeps three registries, `_parameters`, `_buffers` and `_modules`, from name to object and in the order of
registration. What is registered is also an ordinary attribute, so that `self.weight` in a `forward` costs no more than
any attribute; `__setattr__` and the `register_*` methods keep the two together.

A module does not know its own path. While it runs, the operations it calls carry its path in `node.scope`: at each
call the path below the module that is running is looked up, so a module that is used in two places goes by the right
name in both, and a module inside a ModuleList by that of the list and its own. The root goes by its class name.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import autograd
from autograd import Tensor, dtypes
from autograd.devices import check_device, names_device
from autograd.errors import ArgumentError, DtypeError
from autograd.graph import RemovableHandle, local

from .hooks import Hook, ModuleHooks, call_with_hooks, everywhere
from .parameter import Buffer, Parameter
from .state import State

__all__ = ["Module"]

Self = TypeVar("Self", bound="Module")


class _Running(threading.local):
    """The module whose forward is running in this thread."""

    module: Module | None = None


_running = _Running()


class _Registrations:
    """Counts registrations of modules anywhere, so that paths that were looked up are known to be still right."""

    count = 0


class Module(State):
    """The base class of layers and models.

    A subclass assigns Parameters, Modules and buffers to attributes and defines `forward`; calling the module calls
    `forward`.

    Example:
        >>> class Affine(nn.Module):
        ...     def __init__(self):
        ...         super().__init__()
        ...         self.scale = nn.Parameter(autograd.tensor([2.0]))
        ...
        ...     def forward(self, x):
        ...         return self.scale * x
        >>> model = Affine()
        >>> model(autograd.tensor([1.0, 2.0])).tolist()
        [2.0, 4.0]
        >>> [name for name, parameter in model.named_parameters()]
        ['scale']
    """

    training: bool
    _parameters: dict[str, Parameter | None]
    _buffers: dict[str, Tensor | None]
    _modules: dict[str, Module | None]
    _non_persistent: set[str]
    _hooks: ModuleHooks | None = None
    _paths: tuple[int, dict[Module, tuple[str, ...]]] = (-1, {})

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        self = object.__new__(cls)
        # Made here rather than in __init__, so that a subclass may assign before it calls super().__init__().
        fields = self.__dict__
        fields["training"] = True
        fields["_parameters"], fields["_buffers"], fields["_modules"] = {}, {}, {}
        fields["_non_persistent"] = set()
        return self

    def __init__(self) -> None:
        """Nothing is left to do; subclasses call it as they do in PyTorch."""

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the module computes; every subclass that is called defines it."""
        raise NotImplementedError(f"{type(self).__name__} has no forward; define `def forward(self, x):` in the class")

    # --- calling

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        state, running = local.state, _running
        scope, parent = state.scope, running.module
        path = None
        if parent is not None:
            count, paths = parent._paths
            if count != _Registrations.count:
                paths = parent._find_paths()
            path = paths.get(self)
        state.scope = scope + (path or (type(self).__name__,))
        running.module = self
        try:
            if self._hooks is None:
                return self.forward(*args, **kwargs)
            return call_with_hooks(self, self._hooks, args, kwargs)
        finally:
            state.scope = scope
            running.module = parent

    def _find_paths(self) -> dict[Module, tuple[str, ...]]:
        """The path of every module below this one, for as long as no module is registered anywhere."""
        count = _Registrations.count
        paths = {module: tuple(name.split(".")) for name, module in self.named_modules() if name}
        self.__dict__["_paths"] = (count, paths)
        return paths

    def register_forward_pre_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Call `hook(module, args)` before each forward; what it returns, unless None, replaces the arguments.

        Args:
            hook: the function.
            prepend: call it before those that are there already.
            with_kwargs: call `hook(module, args, kwargs)`, which returns None or both.

        Returns:
            A handle whose `remove()` takes the hook away.
        """
        return self._own_hooks().add("before", Hook(hook, with_kwargs), prepend)

    def register_forward_hook(
        self,
        hook: Callable[..., Any],
        *,
        prepend: bool = False,
        with_kwargs: bool = False,
        always_call: bool = False,
    ) -> RemovableHandle:
        """Call `hook(module, args, output)` after each forward; what it returns, unless None, replaces the output.

        Args:
            hook: the function.
            prepend: call it before those that are there already.
            with_kwargs: call `hook(module, args, kwargs, output)`.
            always_call: call it also where forward raises an error, with None for the output.

        Returns:
            A handle whose `remove()` takes the hook away.

        Example:
            >>> layer = nn.ReLU()
            >>> handle = layer.register_forward_hook(lambda module, args, output: output + 1)
            >>> layer(autograd.tensor([-1.0, 1.0]))
            tensor([1., 2.])
            >>> handle.remove()
        """
        return self._own_hooks().add("after", Hook(hook, with_kwargs, always_call), prepend)

    def register_full_backward_pre_hook(self, hook: Callable[..., Any], *, prepend: bool = False) -> RemovableHandle:
        """Call `hook(module, grad_output)` when the gradients of the outputs have come; its answer replaces them.

        Args:
            hook: the function; it returns None, a gradient, or a tuple with one for each output.
            prepend: call it before those that are there already.

        Returns:
            A handle whose `remove()` takes the hook away.
        """
        return self._own_hooks().add("backward_before", Hook(hook), prepend)

    def register_full_backward_hook(self, hook: Callable[..., Any], *, prepend: bool = False) -> RemovableHandle:
        """Call `hook(module, grad_input, grad_output)` when the gradients of the arguments have been computed.

        `grad_input` has one entry for each positional argument, None for what has no gradient; what the hook
        returns, unless None, replaces it. `grad_output` has one for each output.

        Args:
            hook: the function.
            prepend: call it before those that are there already.

        Returns:
            A handle whose `remove()` takes the hook away.

        Example:
            >>> layer = nn.Tanh()
            >>> seen = []
            >>> handle = layer.register_full_backward_hook(lambda module, inner, outer: seen.append((inner, outer)))
            >>> x = autograd.tensor([0.0], requires_grad=True)
            >>> (layer(x) * 3).sum().backward()
            >>> seen
            [((tensor([3.]),), (tensor([3.]),))]
        """
        return self._own_hooks().add("backward", Hook(hook), prepend)

    def _own_hooks(self) -> ModuleHooks:
        return self.__dict__.setdefault("_hooks", ModuleHooks())

    # --- registering

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Enter a parameter under a name; None keeps the name for later and for `state_dict`.

        Raises:
            ArgumentError: the name is taken, or is no name.
            DtypeError: `param` is no Parameter, or is the result of an operation.
        """
        if param is not None and not isinstance(param, Parameter):
            raise DtypeError(
                f"register_parameter: {name!r} is a {type(param).__name__}; wrap it, as in nn.Parameter(x)"
            )
        self._place("_parameters", name, param)
        if param is not None and param.name is None:
            param.name = name

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Enter a tensor that belongs to the state and is not trained, as a running mean.

        Args:
            name: its name.
            tensor: the tensor, or None.
            persistent: put it into `state_dict`.

        Raises:
            ArgumentError: the name is taken, or is no name.
            DtypeError: `tensor` is no Tensor.
        """
        if tensor is not None and not isinstance(tensor, Tensor):
            raise DtypeError(f"register_buffer: {name!r} is a {type(tensor).__name__}; use a Tensor or None")
        self._place("_buffers", name, tensor)
        (self._non_persistent.discard if persistent else self._non_persistent.add)(name)

    def register_module(self, name: str, module: Module | None) -> None:
        """Enter a module under a name.

        Raises:
            ArgumentError: the name is taken, or is no name.
            DtypeError: `module` is no Module.
        """
        if module is not None and not isinstance(module, Module):
            raise DtypeError(f"register_module: {name!r} is a {type(module).__name__}; use a Module or None")
        self._place("_modules", name, module)

    add_module = register_module

    def _place(self, registry: str, name: str, value: Any) -> None:
        """Enter `value` in a registry and as an attribute."""
        entries = self.__dict__[registry]
        if name not in entries:
            where = type(self).__name__
            if not isinstance(name, str) or not name or "." in name:
                raise ArgumentError(f"{where}: {name!r} cannot name a part of a module; use a name without dots")
            if name in self.__dict__ or hasattr(type(self), name):
                raise ArgumentError(f"{where}: there is an attribute {name!r} already; choose another name")
        value = everywhere.registered(registry, self, name, value)
        entries[name] = self.__dict__[name] = value
        if registry == "_modules":
            _Registrations.count += 1

    def _withdraw(self, name: str) -> None:
        """Take a name out of all registries and attributes."""
        self.__dict__.pop(name, None)
        self._parameters.pop(name, None)
        self._buffers.pop(name, None)
        self._non_persistent.discard(name)
        if name in self._modules:
            del self._modules[name]
            _Registrations.count += 1

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, Parameter):
            if name not in self._parameters:
                self._withdraw(name)
            self.register_parameter(name, value)
        elif isinstance(value, Module):
            if name not in self._modules:
                self._withdraw(name)
            self.register_module(name, value)
        elif isinstance(value, Buffer) and name not in self._parameters and name not in self._modules:
            self.register_buffer(name, value, value.persistent)
        else:
            for registry, kind in _KINDS:
                if name in self.__dict__[registry]:
                    if value is not None and not isinstance(value, kind):
                        raise DtypeError(
                            f"{type(self).__name__}: {name!r} is registered as a {kind.__name__} and cannot become a "
                            f"{type(value).__name__}; assign a {kind.__name__} or None, or delete the attribute first"
                        )
                    self._place(registry, name, value)
                    return
            object.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> None:
        if name in self._parameters or name in self._buffers or name in self._modules:
            self._withdraw(name)
        else:
            object.__delattr__(self, name)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_paths"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        for registry in ("_parameters", "_buffers", "_modules"):  # a shallow copy has registries of its own
            self.__dict__[registry] = dict(state[registry])
        self.__dict__["_non_persistent"] = set(state["_non_persistent"])

    # --- listing

    def _named(
        self, registry: str, prefix: str, recurse: bool, remove_duplicate: bool
    ) -> Iterator[tuple[str, Module, str, Any]]:
        """(full name, owner, own name, object) of everything in one kind of registry."""
        seen: set[int] = set()
        owners = self.named_modules(prefix=prefix, remove_duplicate=remove_duplicate) if recurse else [(prefix, self)]
        for path, owner in owners:
            for name, value in owner.__dict__[registry].items():
                if value is None or (remove_duplicate and id(value) in seen):
                    continue
                seen.add(id(value))
                yield (f"{path}.{name}" if path else name), owner, name, value

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """The parameters with their names, those of modules below included.

        Args:
            prefix: put before every name.
            recurse: include the modules below.
            remove_duplicate: give a shared parameter once.

        Example:
            >>> [name for name, parameter in nn.Sequential(nn.Linear(2, 3)).named_parameters()]
            ['0.weight', '0.bias']
        """
        for name, _, _, parameter in self._named("_parameters", prefix, recurse, remove_duplicate):
            yield name, parameter

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """The parameters, as optimizers want them."""
        for _, parameter in self.named_parameters(recurse=recurse):
            yield parameter

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        """The buffers with their names; arguments as for `named_parameters`."""
        for name, _, _, buffer in self._named("_buffers", prefix, recurse, remove_duplicate):
            yield name, buffer

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """The buffers."""
        for _, buffer in self.named_buffers(recurse=recurse):
            yield buffer

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """The modules directly below, with their names; one that has two names is given once."""
        seen = set()
        for name, module in self._modules.items():
            if module is not None and module not in seen:
                seen.add(module)
                yield name, module

    def children(self) -> Iterator[Module]:
        """The modules directly below."""
        for _, module in self.named_children():
            yield module

    def named_modules(
        self, memo: set[Module] | None = None, prefix: str = "", remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Module]]:
        """This module and all below it, with their paths.

        Example:
            >>> [name for name, module in nn.Sequential(nn.Sequential(nn.ReLU())).named_modules()]
            ['', '0', '0.0']
        """
        memo = set() if memo is None else memo
        if self in memo:
            return
        if remove_duplicate:
            memo.add(self)
        yield prefix, self
        for name, module in self._modules.items():
            if module is not None:
                path = f"{prefix}.{name}" if prefix else name
                yield from module.named_modules(memo, path, remove_duplicate)

    def modules(self, remove_duplicate: bool = True) -> Iterator[Module]:
        """This module and all below it; one that is used in two places once, unless `remove_duplicate` is False."""
        for _, module in self.named_modules(remove_duplicate=remove_duplicate):
            yield module

    def get_submodule(self, target: str) -> Module:
        """The module at a path, as `"features.0"`.

        Raises:
            ArgumentError: there is none.
        """
        module = self
        for name in target.split(".") if target else ():
            below = module._modules.get(name)
            if below is None:
                known = ", ".join(repr(n) for n, m in module._modules.items() if m is not None) or "none"
                raise ArgumentError(
                    f"get_submodule: there is no module {target!r}: {type(module).__name__} has no {name!r}; "
                    f"its modules are {known}"
                )
            module = below
        return module

    def set_submodule(self, target: str, module: Module, strict: bool = False) -> None:
        """Put a module at a path, in place of the one that is there, or as a new one.

        Args:
            target: the path, as `"features.0"`.
            module: the module.
            strict: demand that there is one already.

        Raises:
            ArgumentError: the path is empty, or its beginning leads nowhere, or with `strict` its end.
            DtypeError: `module` is no Module.

        Example:
            >>> model = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
            >>> model.set_submodule("1", nn.Tanh())
            >>> model[1]
            Tanh()
        """
        if not target:
            raise ArgumentError("set_submodule: the path is empty; name a module below this one")
        if not isinstance(module, Module):
            raise DtypeError(f"set_submodule: {target!r} cannot become a {type(module).__name__}; use a Module")
        path, _, name = target.rpartition(".")
        owner = self.get_submodule(path)
        if strict:
            owner.get_submodule(name)
        setattr(owner, name, module)

    def get_parameter(self, target: str) -> Parameter:
        """The parameter at a path, as `"features.0.weight"`.

        Raises:
            ArgumentError: there is none.
        """
        return self._get("get_parameter", "_parameters", target)

    def get_buffer(self, target: str) -> Tensor:
        """The buffer at a path, as `"features.1.running_mean"`.

        Raises:
            ArgumentError: there is none.
        """
        return self._get("get_buffer", "_buffers", target)

    def _get(self, what: str, registry: str, target: str) -> Any:
        path, _, name = target.rpartition(".")
        owner = self.get_submodule(path)
        entries = owner.__dict__[registry]
        if entries.get(name) is None:
            known = ", ".join(repr(n) for n, value in entries.items() if value is not None) or "none"
            raise ArgumentError(f"{what}: {type(owner).__name__} has no {name!r} ({target!r}); it has {known}")
        return entries[name]

    # --- changing all of it

    def apply(self: Self, fn: Callable[[Module], Any]) -> Self:
        """Call `fn(module)` on every module below and then on this one, as to initialise; returns the module."""
        for child in self.children():
            child.apply(fn)
        fn(self)
        return self

    def train(self: Self, mode: bool = True) -> Self:
        """Set training mode (or evaluation mode) here and below, for dropout and batch normalisation."""
        if not isinstance(mode, bool):
            raise ArgumentError(f"train: mode is {mode!r}; use True or False")
        for module in self.modules():
            module.training = mode
        return self

    def eval(self: Self) -> Self:
        """Set evaluation mode here and below."""
        return self.train(False)

    def requires_grad_(self: Self, requires_grad: bool = True) -> Self:
        """Set whether the parameters accumulate gradients; False freezes them."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Drop the gradients of the parameters, or with `set_to_none=False` overwrite them with zeros."""
        for parameter in self.parameters():
            if set_to_none or parameter.grad is None:
                parameter.grad = None
            else:
                parameter.grad = autograd.zeros_like(parameter.grad)

    def to(
        self: Self,
        *target: Any,
        dtype: Any = None,
        device: Any = None,
        non_blocking: bool = False,
        memory_format: Any = None,
    ) -> Self:
        """Convert floating parameters, their gradients, and floating buffers to another dtype, in place.

        Args:
            target: a floating dtype, a Tensor whose dtype is meant, or the device "cpu".
            dtype: the same by name.
            device: "cpu"; there is no other.
            non_blocking: has no meaning on a CPU.
            memory_format: changes no number, and nothing here.

        Raises:
            DtypeError: the dtype is not a floating one.
            ArgumentError: another device is asked for.

        Example:
            >>> nn.Linear(2, 1).to(autograd.float64).weight.dtype
            dtype('float64')
        """
        for given in (*target, device):
            if isinstance(given, Tensor):
                dtype = given.dtype
            elif names_device(given):
                check_device(given, "to")
            elif given is not None:
                dtype = given
        if dtype is None:
            return self
        wanted = dtypes.as_dtype(dtype)
        if wanted.kind != "f":
            raise DtypeError(f"to: a module cannot become {wanted}; use float16, float32 or float64")
        return self._convert(lambda tensor: tensor.to(wanted) if tensor.is_floating_point() else tensor)

    def _apply(self: Self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        """PyTorch's name for what `to` does, which subclasses call and override."""
        return self._convert(fn, recurse)

    def _convert(self: Self, function: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        """Put `function` of every parameter, gradient and buffer in its place; shared ones stay shared."""
        replaced: dict[int, Tensor] = {}
        for module in self.modules() if recurse else (self,):
            for parameter in module._parameters.values():
                if parameter is not None:
                    gradient = parameter.grad
                    parameter.grad = None
                    parameter.data = function(parameter.detach())
                    if gradient is not None:
                        parameter.grad = function(gradient.detach())
            for name, buffer in module._buffers.items():
                if buffer is not None:
                    if id(buffer) not in replaced:
                        replaced[id(buffer)] = function(buffer)
                    module._buffers[name] = module.__dict__[name] = replaced[id(buffer)]
        return self

    def double(self: Self) -> Self:
        """Convert to float64, in place."""
        return self.to(dtypes.float64)

    def float(self: Self) -> Self:
        """Convert to float32, in place."""
        return self.to(dtypes.float32)

    def half(self: Self) -> Self:
        """Convert to float16, in place."""
        return self.to(dtypes.float16)

    def bfloat16(self: Self) -> Self:
        """The module in bfloat16.

        Raises:
            DtypeError: always; it is a dtype of files here, as in `save(state, path, dtype=autograd.bfloat16)`.
        """
        return self.to(dtypes.as_dtype("bfloat16"))

    def type(self: Self, dst_type: Any) -> Self:
        """Convert to a dtype, given as such or as a constructor of it, in place."""
        return self.to(getattr(dst_type, "tensor_dtype", dst_type))

    def to_empty(self: Self, *, device: Any, recurse: bool = True) -> Self:
        """Give parameters and buffers new memory of the same shapes, whose numbers are yet to be set.

        Args:
            device: "cpu"; there is no other.
            recurse: include the modules below.

        Raises:
            ArgumentError: another device is asked for.
        """
        check_device(device, "to_empty")
        return self._convert(autograd.empty_like, recurse)

    def compile(self, *arguments: Any, **keywords: Any) -> None:
        """Accept PyTorch's order to compile `forward`, which goes on to run operation by operation."""

    def cpu(self: Self) -> Self:
        """The module itself: it is on the CPU already."""
        return self

    def cuda(self: Self, device: Any = None) -> Self:
        """The module on a graphics card.

        Raises:
            ArgumentError: always, as there is none.
        """
        raise ArgumentError("cuda: there is no graphics card, as cuda.is_available() says; chainrule computes on 'cpu'")

    # --- text

    def _get_name(self) -> str:
        return type(self).__name__

    def extra_repr(self) -> str:
        """What stands between the brackets of the repr; subclasses say their settings here."""
        return ""

    def summary(self, *inputs: Any, **keywords: Any) -> Any:
        """The table of `nn.summary`: output shapes, parameters and multiply-adds of each module, on an example."""
        from .summary import summary

        return summary(self, *inputs, **keywords)

    def _child_lines(self) -> list[str]:
        return [f"({name}): {_indented(repr(module))}" for name, module in self._modules.items()]

    def __repr__(self) -> str:
        extra = self.extra_repr().split("\n") if self.extra_repr() else []
        children = self._child_lines()
        if len(extra) == 1 and not children:
            return f"{self._get_name()}({extra[0]})"
        lines = extra + children
        body = "\n  " + "\n  ".join(lines) + "\n" if lines else ""
        return f"{self._get_name()}({body})"


def _indented(text: str) -> str:
    """All lines but the first moved in."""
    return text.replace("\n", "\n  ")


_KINDS: tuple[tuple[str, type], ...] = (("_parameters", Parameter), ("_modules", Module), ("_buffers", Tensor))
