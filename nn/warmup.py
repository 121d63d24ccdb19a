"""Compile every kernel ahead of its first use, and leave it in numba's cache.

Which kernels there are, and with what arguments they are called, is learnt from the registry: the samples of every
operation that is elementwise, or stands beside a reference in plain NumPy, are run forward and backward. Optimizers
that have a compiled step take two.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

import autograd
import optim
from autograd.errors import ArgumentError
from autograd.primitive import Handle, Primitive, registry

__all__ = ["compiled", "warm_up"]

# Numbers enough for elementwise operations and optimizers to leave NumPy.
SIZE = 1 << 17

# (x, weight, groups) of convolutions that take each of the paths of `autograd.kernels.conv.choose`.
CONVOLUTIONS = (
    ((2, 32, 16, 16), (32, 32, 3, 3), 1),
    ((2, 3, 16, 16), (8, 3, 5, 5), 1),
    ((2, 16, 8, 8), (32, 16, 1, 1), 1),
    ((2, 16, 8, 8), (16, 1, 3, 3), 16),
)


def compiled() -> list[str]:
    """The names of the operations and optimizers that may call kernels."""
    return [p.name for p in registry.values() if p.reference is not None or _elementwise(p)] + list(_optimizers())


def warm_up(names: Sequence[str] = (), started: Callable[[str], None] = lambda name: None) -> None:
    """Run operations and optimizers so that their kernels are compiled, in float32.

    Args:
        names: of operations, as "conv2d", and of optimizers, as "Adam"; all of `compiled()`, unless given.
        started: called with each name before it is run.

    Raises:
        ArgumentError: there is none of such a name.

    Example:
        >>> from nn.warmup import warm_up
        >>> warm_up(["window_max"])
    """
    optimizers = _optimizers()
    for name in names:
        if name not in registry and name not in optimizers:
            raise ArgumentError(
                f"warmup: there is no operation {name!r}, nor an optimizer with a compiled step of that name; "
                "autograd/OPERATIONS.md lists the operations"
            )
    for name in names or compiled():
        started(name)
        with np.errstate(all="ignore"):
            if name in optimizers:
                _step(optimizers[name])
            else:
                _run(registry[name])


def _optimizers() -> dict[str, Any]:
    base = optim.Optimizer
    classes = [getattr(optim, name) for name in optim.__all__]
    return {
        c.__name__: c
        for c in classes
        if isinstance(c, type) and issubclass(c, base) and c.update_fused is not base.update_fused
    }


def _step(optimizer: Any) -> None:
    """Two steps, as the first one of some rules is another."""
    x = autograd.zeros(SIZE, requires_grad=True)
    x.grad = autograd.ones(SIZE)
    taken = [optimizer([x])]
    if optimizer is optim.SGD:
        taken.append(optim.SGD([x], momentum=0.9))
    for each in taken:
        each.step()
        each.step()


def _elementwise(primitive: Primitive) -> bool:
    return primitive.scalar is not None and len(primitive.inputs) == 1


def _run(primitive: Primitive) -> None:
    rng = np.random.default_rng(0)
    for sample in primitive.samples(rng) if primitive.samples else ():
        inputs = sample.inputs
        if _elementwise(primitive):
            inputs = (np.resize(np.asarray(inputs[0]), SIZE),)
        _both_ways(primitive, inputs, sample.attributes)
        with _all_threads():
            _both_ways(primitive, inputs, sample.attributes)
    if primitive.name == "conv2d":
        for x, weight, groups in CONVOLUTIONS:
            arrays = (rng.standard_normal(x), rng.standard_normal(weight), None)
            _both_ways(primitive, arrays, ((1, 1), (1, 1), (1, 1), groups))


def _both_ways(primitive: Primitive, inputs: tuple[Any, ...], attributes: tuple[Any, ...]) -> None:
    """Forward, and backward where there is a rule."""
    given = [tuple(map(_single, x)) if isinstance(x, tuple) else _single(x) for x in inputs]
    results = primitive.apply(*given, *attributes)
    outputs = [x for x in (results if isinstance(results, tuple) else (results,)) if x.requires_grad]
    if outputs:
        autograd.backward(outputs, [autograd.ones_like(x) for x in outputs])


def _single(x: Any) -> Any:
    """A Tensor of float32, or what is no array of floating point as it is."""
    if isinstance(x, (np.ndarray, Handle)) and x.dtype.kind == "f":
        return autograd.tensor(np.asarray(x), dtype=autograd.float32, requires_grad=True)
    return x


@contextmanager
def _all_threads() -> Iterator[None]:
    """Let loops over little data take the way of those over much."""
    from autograd.kernels import sized

    before, sized.SMALL = sized.SMALL, 0
    try:
        yield
    finally:
        sized.SMALL = before
