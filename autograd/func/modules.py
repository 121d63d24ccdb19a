"""Modules as functions of their parameters. A module is known here by its registries alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import ops
from ..errors import ArgumentError
from ..primitive import Handle

__all__ = ["functional_call", "stack_module_state"]

_REGISTRIES = ("_parameters", "_buffers")


def _places(module: Any) -> dict[str, tuple[Any, str, str]]:
    """Where each parameter and buffer is held: its name, and the module, registry and own name."""
    return {
        f"{path}.{name}" if path else name: (owner, registry, name)
        for path, owner in module.named_modules(remove_duplicate=False)
        for registry in _REGISTRIES
        for name, value in owner.__dict__[registry].items()
        if value is not None
    }


def _put(place: tuple[Any, str, str], value: Any) -> Any:
    """Put a tensor into its place; returns what was there."""
    owner, registry, name = place
    fields = owner.__dict__
    before = fields[registry][name]
    fields[registry][name] = value
    if name in fields:  # modules keep what is registered as attributes, too
        fields[name] = value
    return before


def functional_call(
    module: Any,
    parameter_and_buffer_dicts: Any,
    args: Any = None,
    kwargs: dict[str, Any] | None = None,
    *,
    tie_weights: bool = True,
    strict: bool = False,
) -> Any:
    """Call a module with other parameters and buffers than its own, which are put back afterwards.

    Args:
        module: an `nn.Module`.
        parameter_and_buffer_dicts: tensors by the names that `named_parameters` and `named_buffers` give, or several
            such dicts; what is not named stays the module's own.
        args: the module's argument, or a tuple of them.
        kwargs: its keyword arguments.
        tie_weights: a tensor that the module holds under several names is replaced under all of them.
        strict: raise unless every parameter and buffer is named.

    Returns:
        What the module returns.

    Raises:
        ArgumentError: a name is unknown, or given twice.

    Example:
        >>> layer = nn.Linear(2, 1)
        >>> weights = {"weight": autograd.ones(1, 2), "bias": autograd.zeros(1)}
        >>> autograd.func.functional_call(layer, weights, autograd.tensor([1.0, 2.0]))
        tensor([3.])
    """
    given = _merged(parameter_and_buffer_dicts)
    places = _places(module)
    unknown = sorted(set(given) - set(places))
    if unknown:
        raise ArgumentError(
            f"functional_call: {type(module).__name__} has no parameter or buffer {', '.join(unknown)}; its names are "
            f"{', '.join(places)}"
        )
    targets = {name: _tied(name, given, places) if tie_weights else (name,) for name in given}
    missing = sorted(set(places) - {tied for names in targets.values() for tied in names})
    if strict and missing:
        raise ArgumentError(f"functional_call: no tensor was given for {', '.join(missing)}; name all, or strict=False")
    arguments = () if args is None else args if isinstance(args, tuple) else (args,)
    before: list[tuple[str, tuple[Any, str, str], Any]] = []
    try:
        for name, names in targets.items():
            for tied in names:
                before.append((name, places[tied], _put(places[tied], given[name])))
        return module(*arguments, **(kwargs or {}))
    finally:
        for name, place, value in reversed(before):
            left = _put(place, value)
            if left is not given[name] and isinstance(parameter_and_buffer_dicts, dict):
                parameter_and_buffer_dicts[name] = left  # the module has replaced a buffer: hand it back


def _merged(dicts: Any) -> dict[str, Any]:
    if isinstance(dicts, dict):
        return dict(dicts)
    if not isinstance(dicts, Sequence) or not all(isinstance(d, dict) for d in dicts):
        raise ArgumentError(
            f"functional_call: parameters and buffers are a {type(dicts).__name__}; give a dict from names to tensors, "
            "or several"
        )
    merged: dict[str, Any] = {}
    for each in dicts:
        twice = sorted(set(merged) & set(each))
        if twice:
            raise ArgumentError(f"functional_call: {', '.join(twice)} is given by two of the dicts; give it once")
        merged.update(each)
    return merged


def _value(place: tuple[Any, str, str]) -> Any:
    owner, registry, name = place
    return owner.__dict__[registry][name]


def _tied(name: str, given: dict[str, Any], places: dict[str, tuple[Any, str, str]]) -> tuple[str, ...]:
    """The names under which the module holds the same tensor, unless they are given tensors of their own."""
    held = _value(places[name])
    same = [other for other, place in places.items() if _value(place) is held]
    return tuple([other for other in same if other == name or other not in given])


def stack_module_state(models: Sequence[Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The parameters and the buffers of several modules of one form, stacked: an ensemble for `vmap`.

    Args:
        models: modules of one class with parameters of one shape.

    Returns:
        Two dicts, of parameters and of buffers, by name; each tensor has the models in front.

    Raises:
        ArgumentError: there are no models, or they differ in class, names or mode.

    Example:
        >>> models = [nn.Linear(2, 1) for _ in range(3)]
        >>> parameters, buffers = autograd.func.stack_module_state(models)
        >>> parameters["weight"].shape
        (3, 1, 2)
    """
    if not models:
        raise ArgumentError("stack_module_state: there are no models; give at least one")
    if len({(type(m), m.training) for m in models}) > 1:
        raise ArgumentError("stack_module_state: the models differ in class or mode; give models of one form")
    stacked: list[dict[str, Any]] = []
    for listing in ("named_parameters", "named_buffers"):
        states = [dict(getattr(m, listing)()) for m in models]
        if any(set(state) != set(states[0]) for state in states):
            raise ArgumentError("stack_module_state: the models differ in their names; give models of one form")
        stacked.append({name: _stack([state[name] for state in states]) for name in states[0]})
    return stacked[0], stacked[1]


def _stack(values: list[Handle]) -> Any:
    """The tensors as one, a leaf that requires grad where the first of them does."""
    made = ops.stack([value.detach() for value in values])  # type: ignore[attr-defined]
    return made.requires_grad_(values[0]._requires_grad)
