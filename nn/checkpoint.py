"""Checkpoints: all of a training run in one file, from which it goes on as if it had never stopped."""

from __future__ import annotations

import os
from typing import Any

import autograd
from autograd.errors import ArgumentError, FileFormatError

__all__ = ["load_checkpoint", "save_checkpoint"]

_GENERATOR = "rng_state"


def save_checkpoint(path: str | os.PathLike[str], *, dtype: Any = None, **states: Any) -> None:
    """Write what a training run needs to go on, in one step: whenever the run is killed, a whole file is there.

    The state of the default generator is written too, as "rng_state". Tensors are kept under dotted names ("model."
    before those of the model), and everything else as text; see `autograd.save`.

    Args:
        path: where; its folder must exist.
        dtype: store floating tensors as float16 or "bfloat16"; the run then no longer goes on bit for bit.
        states: by names of your choice, objects with a `state_dict` (a model, an optimizer, a schedule), generators,
            and plain data that may hold Tensors (the epoch, a history).

    Raises:
        ArgumentError: a name is taken.
        DtypeError: a state holds what cannot be kept.
        OSError: the file cannot be written.

    Example:
        >>> import tempfile
        >>> folder = tempfile.TemporaryDirectory()
        >>> model = nn.Linear(2, 1)
        >>> optimizer = optim.SGD(model.parameters(), lr=0.1)
        >>> nn.save_checkpoint(folder.name + "/run.safetensors", model=model, optimizer=optimizer, epoch=3)
        >>> nn.load_checkpoint(folder.name + "/run.safetensors", model=model, optimizer=optimizer)["epoch"]
        3
        >>> folder.cleanup()
    """
    if _GENERATOR in states:
        raise ArgumentError(f"save_checkpoint: {_GENERATOR!r} is the default generator's; use another name")
    described = {name: _state_of(value) for name, value in states.items()}
    autograd.save({**described, _GENERATOR: autograd.get_rng_state()}, path, dtype=dtype)


def _state_of(value: Any) -> Any:
    if isinstance(value, autograd.Generator):
        return value.get_state()
    return value.state_dict() if hasattr(value, "state_dict") else value


def load_checkpoint(path: str | os.PathLike[str], **objects: Any) -> dict[str, Any]:
    """Read what `save_checkpoint` wrote, and put states back into objects and into the default generator.

    Nothing in the file is executed. If the file lacks a state that is asked for, nothing is changed.

    Args:
        path: the file.
        objects: by the names they were saved under, models, optimizers, schedules and generators built as they were
            then; their states are loaded, in the order given.

    Returns:
        The states that no object was given for, by name: plain data as it was, and state dicts.

    Raises:
        ArgumentError: there is no state of that name, or it does not fit the object.
        FileFormatError: the file is no checkpoint, or is corrupted.
        OSError: the file cannot be read.
    """
    states = autograd.load(path)
    if not isinstance(states, dict) or not isinstance(states.get(_GENERATOR), dict):
        raise FileFormatError(f"load_checkpoint: {path} was not written by save_checkpoint; read it with autograd.load")
    for name, target in objects.items():
        if name not in states or name == _GENERATOR:
            there = ", ".join(repr(other) for other in states if other != _GENERATOR)
            raise ArgumentError(f"load_checkpoint: there is no state {name!r} in {path}; there are {there}")
        if not hasattr(target, "load_state_dict") and not isinstance(target, autograd.Generator):
            raise ArgumentError(
                f"load_checkpoint: {name} is a {type(target).__name__}, into which nothing can be loaded; leave it "
                "out, and take what load_checkpoint returns"
            )
    for name, target in objects.items():
        if isinstance(target, autograd.Generator):
            target.set_state(states[name])
        else:
            target.load_state_dict(states[name])
    autograd.set_rng_state(states[_GENERATOR])
    return {name: state for name, state in states.items() if name not in objects and name != _GENERATOR}
