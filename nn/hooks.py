"""The hooks of modules: functions called before and after forward, and when gradients pass.

Those of one module are registered by its methods, those of all modules by the functions at the end.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import autograd
from autograd import Tensor
from autograd.errors import ArgumentError
from autograd.graph import RemovableHandle

__all__ = [
    "ModuleHooks",
    "Passage",
    "everywhere",
    "register_module_buffer_registration_hook",
    "register_module_forward_hook",
    "register_module_forward_pre_hook",
    "register_module_full_backward_hook",
    "register_module_full_backward_pre_hook",
    "register_module_module_registration_hook",
    "register_module_parameter_registration_hook",
]


class Hook(NamedTuple):
    """A function, and how it wants to be called."""

    function: Callable[..., Any]
    with_kwargs: bool = False  # give it the keyword arguments of forward too
    always_call: bool = False  # after forward: call it also where forward has failed


Hooks = dict[int, Hook]


class ModuleHooks:
    """The functions of one module, or of all, in order."""

    def __init__(self) -> None:
        self.before: Hooks = {}
        self.after: Hooks = {}
        self.backward_before: Hooks = {}
        self.backward: Hooks = {}
        self.next_key = 0

    def add(self, where: str, hook: Hook, prepend: bool = False) -> RemovableHandle:
        """Enter a function; the handle takes it away again."""
        functions = getattr(self, where)
        key = self.next_key
        self.next_key += 1
        functions[key] = hook
        if prepend:
            for other in [k for k in functions if k != key]:
                functions[other] = functions.pop(other)
        return RemovableHandle(functions, key)


class EveryModule(ModuleHooks):
    """The functions that are called for all modules; also those that see what is registered, by kind of registry."""

    def __init__(self) -> None:
        super().__init__()
        self._parameters: Hooks = {}
        self._buffers: Hooks = {}
        self._modules: Hooks = {}

    def registered(self, registry: str, module: Any, name: str, value: Any) -> Any:
        """What is to be registered: `value`, or what a function wants in its place."""
        for hook in list(getattr(self, registry).values()):
            answer = hook.function(module, name, value)
            value = value if answer is None else answer
        return value


everywhere = EveryModule()


def call_with_hooks(module: Any, hooks: ModuleHooks, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Call `module.forward` with the functions before and after it: those of all modules, then its own.

    Args:
        module: the module.
        hooks: its own, or `everywhere`, if it has none.
        args: what it was called with.
        kwargs: the same by name.
    """
    kinds = (everywhere,) if hooks is everywhere else (everywhere, hooks)
    result = None
    due = [hook for kind in kinds for hook in kind.after.values() if hook.always_call]
    try:
        for hook in [hook for kind in kinds for hook in kind.before.values()]:
            args, kwargs = _before(module, hook, args, kwargs)
        passage = None
        if any(kind.backward or kind.backward_before for kind in kinds):
            passage = Passage(module, kinds)
            args = passage.enter(args)
        result = module.forward(*args, **kwargs)
        for hook in [hook for kind in kinds for hook in kind.after.values()]:
            if hook.always_call:
                due.remove(hook)
            answer = hook.function(module, args, *([kwargs] if hook.with_kwargs else ()), result)
            result = result if answer is None else answer
        return result if passage is None else passage.leave(result)
    except Exception:
        for hook in due:
            try:
                hook.function(module, args, *([kwargs] if hook.with_kwargs else ()), result)
            except Exception as error:
                warnings.warn(
                    f"{type(module).__name__}: a forward hook with always_call failed after another error: {error}",
                    stacklevel=2,
                )
        raise


def _before(module: Any, hook: Hook, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What a function that is called before forward makes of the arguments."""
    answer = hook.function(module, args, kwargs) if hook.with_kwargs else hook.function(module, args)
    if answer is None:
        return args, kwargs
    if not hook.with_kwargs:
        return (answer if isinstance(answer, tuple) else (answer,)), kwargs
    if not (isinstance(answer, tuple) and len(answer) == 2):
        raise ArgumentError(
            f"{type(module).__name__}: a forward pre-hook with_kwargs returns None or a pair (args, kwargs), "
            f"not {answer!r:.80}"
        )
    return answer


class _Watched(autograd.Function):
    """Hand tensors on, and show their gradients to a function, whose answer goes on in their place."""

    @staticmethod
    def forward(ctx: Any, watch: Callable[..., Any], *tensors: Any) -> Any:
        ctx.watch = watch
        ctx.set_materialize_grads(False)
        return tensors

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        return None, *ctx.watch(gradients)


def _spread(gradients: Sequence[Any], places: Sequence[int], count: int) -> tuple[Any, ...]:
    """Gradients at their places among `count`, and None elsewhere."""
    given: list[Any] = [None] * count
    for place, gradient in zip(places, gradients, strict=True):
        given[place] = gradient
    return tuple(given)


class Passage:
    """One call of a module that has backward hooks: it sees the gradients come in at the outputs and go out."""

    def __init__(self, module: Any, kinds: Sequence[ModuleHooks]) -> None:
        self._module = module
        self._kinds = kinds
        self._count = 0
        self._places: list[int] = []
        self._outputs: list[int] = []
        self._width = 0
        self._incoming: tuple[Any, ...] = ()

    def enter(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """The arguments, watched."""
        self._count = len(args)
        self._places = [k for k, a in enumerate(args) if isinstance(a, Tensor) and a.requires_grad]
        if not self._places or not autograd.is_grad_enabled():
            return args
        watched = list(args)
        handed_on = _Watched.apply(self._going_out, *[args[k] for k in self._places])
        for place, tensor in zip(self._places, handed_on, strict=True):
            watched[place] = tensor
        return tuple(watched)

    def leave(self, result: Any) -> Any:
        """The outputs, watched as far as they are Tensors."""
        outputs = list(result) if isinstance(result, tuple) else [result]
        self._outputs = [k for k, out in enumerate(outputs) if isinstance(out, Tensor)]
        if not self._outputs and len(self._kinds) > 1:  # it has hooks of its own
            raise ArgumentError(
                f"{type(self._module).__name__}: a module with backward hooks must return a Tensor or a tuple with "
                f"Tensors, not {type(result).__name__}"
            )
        if not any(outputs[k].requires_grad for k in self._outputs):
            return result
        self._width = len(outputs)
        watched = _Watched.apply(self._coming_in, *[outputs[k] for k in self._outputs])
        for place, tensor in zip(self._outputs, watched, strict=True):
            outputs[place] = tensor
        if not isinstance(result, tuple):
            return outputs[0]
        return type(result)(*outputs) if hasattr(result, "_fields") else tuple(outputs)

    def _coming_in(self, gradients: tuple[Any, ...]) -> tuple[Any, ...]:
        given = _spread(gradients, self._outputs, self._width)
        for hook in [hook for kind in self._kinds for hook in kind.backward_before.values()]:
            given = self._answer(hook.function(self._module, given), given)
        self._incoming = given
        if not self._places:
            self._going_out(())
        return tuple([given[place] for place in self._outputs])

    def _going_out(self, gradients: tuple[Any, ...]) -> tuple[Any, ...]:
        given = _spread(gradients, self._places, self._count)
        for hook in [hook for kind in self._kinds for hook in kind.backward.values()]:
            given = self._answer(hook.function(self._module, given, self._incoming), given)
        return tuple([given[place] for place in self._places])

    def _answer(self, answer: Any, gradients: tuple[Any, ...]) -> tuple[Any, ...]:
        if answer is None:
            return gradients
        answers = answer if isinstance(answer, tuple) else (answer,)
        if len(answers) != len(gradients):
            raise ArgumentError(
                f"{type(self._module).__name__}: a backward hook returned {len(answers)} gradients in place of "
                f"{len(gradients)}; return one for each, or None"
            )
        return answers


def _everywhere(where: str, hook: Hook) -> RemovableHandle:
    from .module import Module

    Module._hooks = everywhere  # modules without hooks of their own now find these
    return everywhere.add(where, hook)


def register_module_forward_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call `hook(module, args)` before the forward of every module; what it returns replaces the arguments.

    Returns:
        A handle whose `remove()` takes the hook away.
    """
    return _everywhere("before", Hook(hook))


def register_module_forward_hook(
    hook: Callable[..., Any], *, with_kwargs: bool = False, always_call: bool = False
) -> RemovableHandle:
    """Call `hook(module, args, output)` after the forward of every module; what it returns replaces the output.

    Args:
        hook: the function.
        with_kwargs: call `hook(module, args, kwargs, output)`.
        always_call: call it also where forward raises an error, with None for the output.

    Returns:
        A handle whose `remove()` takes the hook away.

    Example:
        >>> names = []
        >>> handle = nn.hooks.register_module_forward_hook(lambda module, *_: names.append(type(module).__name__))
        >>> _ = nn.Sequential(nn.Linear(2, 1), nn.ReLU())(autograd.ones(2))
        >>> handle.remove()
        >>> names
        ['Linear', 'ReLU', 'Sequential']
    """
    return _everywhere("after", Hook(hook, with_kwargs, always_call))


def register_module_full_backward_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call `hook(module, grad_output)` for every module as `Module.register_full_backward_pre_hook` does for one.

    Returns:
        A handle whose `remove()` takes the hook away.
    """
    return _everywhere("backward_before", Hook(hook))


def register_module_full_backward_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call `hook(module, grad_input, grad_output)` for every module as `Module.register_full_backward_hook` does.

    Returns:
        A handle whose `remove()` takes the hook away.
    """
    return _everywhere("backward", Hook(hook))


def register_module_parameter_registration_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call `hook(module, name, parameter)` where any module registers a parameter; what it returns takes its place.

    Returns:
        A handle whose `remove()` takes the hook away.
    """
    return everywhere.add("_parameters", Hook(hook))


def register_module_buffer_registration_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call `hook(module, name, buffer)` where any module registers a buffer; what it returns takes its place.

    Returns:
        A handle whose `remove()` takes the hook away.
    """
    return everywhere.add("_buffers", Hook(hook))


def register_module_module_registration_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call `hook(module, name, submodule)` where any module registers another; what it returns takes its place.

    Returns:
        A handle whose `remove()` takes the hook away.
    """
    return everywhere.add("_modules", Hook(hook))
