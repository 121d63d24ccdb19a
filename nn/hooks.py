"""The hooks of modules: functions called before and after forward, and when gradients pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import autograd
from autograd import Tensor
from autograd.errors import ArgumentError
from autograd.graph import RemovableHandle

__all__ = ["ModuleHooks", "Passage"]


class ModuleHooks:
    """The functions of one module, in order; those around forward each with whether it takes keyword arguments too."""

    def __init__(self) -> None:
        self.before: dict[int, tuple[Callable[..., Any], bool]] = {}
        self.after: dict[int, tuple[Callable[..., Any], bool]] = {}
        self.backward_before: dict[int, tuple[Callable[..., Any], bool]] = {}
        self.backward: dict[int, tuple[Callable[..., Any], bool]] = {}
        self.next_key = 0

    def add(self, where: str, hook: Callable[..., Any], prepend: bool, with_kwargs: bool = False) -> RemovableHandle:
        """Enter a function; the handle takes it away again."""
        functions = getattr(self, where)
        key = self.next_key
        self.next_key += 1
        functions[key] = (hook, with_kwargs)
        if prepend:
            for other in [k for k in functions if k != key]:
                functions[other] = functions.pop(other)
        return RemovableHandle(functions, key)


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


class Passage:
    """One call of a module that has backward hooks: it sees the gradients come in at the outputs and go out."""

    def __init__(self, module: Any, hooks: ModuleHooks) -> None:
        self._module = module
        self._hooks = hooks
        self._count = 0
        self._places: list[int] = []
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
        """The outputs, watched."""
        outputs = result if isinstance(result, tuple) else (result,)
        if not all(isinstance(out, Tensor) for out in outputs):
            raise ArgumentError(
                f"{type(self._module).__name__}: a module with backward hooks must return a Tensor or a tuple of "
                f"Tensors, not {type(result).__name__}"
            )
        if not any(out.requires_grad for out in outputs):
            return result
        watched = _Watched.apply(self._coming_in, *outputs)
        return watched if isinstance(result, tuple) else watched[0]

    def _coming_in(self, gradients: tuple[Any, ...]) -> tuple[Any, ...]:
        for hook, _ in list(self._hooks.backward_before.values()):
            gradients = self._answer(hook(self._module, gradients), gradients)
        self._incoming = gradients
        if not self._places:
            self._going_out(())
        return gradients

    def _going_out(self, gradients: tuple[Any, ...]) -> tuple[Any, ...]:
        given: list[Any] = [None] * self._count
        for place, gradient in zip(self._places, gradients, strict=True):
            given[place] = gradient
        for hook, _ in list(self._hooks.backward.values()):
            given = list(self._answer(hook(self._module, tuple(given), self._incoming), tuple(given)))
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
