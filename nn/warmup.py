"""Compile every kernel ahead of its first use, and leave it in numba's cache.

Which kernels there are, and with what arguments they are called, is learnt from the registry: the samples of every
operation that is elementwise, or stands beside a reference in plain NumPy, are run forward and backward, and so is what
`FURTHER` lists. Optimizers that have a compiled step take two.
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

# Shapes for operations whose kernels are chosen by the shape, or that have no plain twin; and their attributes. A tuple
# of a shape and a number is an array of whole numbers below that.
_CONVOLUTIONS: tuple[tuple[Any, ...], ...] = (
    ((4, 32, 16, 16), (32, 32, 3, 3), None, (1, 1), (1, 1), (1, 1), 1),
    ((4, 32, 16, 16), (32, 32, 3, 3), None, (1, 1), (2, 2), (2, 2), 1),
    ((2, 64, 14, 14), (64, 64, 3, 3), None, (1, 1), (1, 1), (1, 1), 1),
    ((2, 32, 16, 16), (32, 32, 5, 5), None, (1, 1), (2, 2), (1, 1), 1),
    ((1, 64, 8, 8), (128, 64, 5, 5), None, (1, 1), (2, 2), (1, 1), 1),
    ((2, 3, 16, 16), (8, 3, 5, 5), None, (1, 1), (1, 1), (1, 1), 1),
    ((16, 16, 32, 32), (32, 16, 5, 5), None, (1, 1), (2, 2), (1, 1), 1),
    ((2, 16, 8, 8), (32, 16, 1, 1), None, (1, 1), (0, 0), (1, 1), 1),
    ((8, 32, 8, 8), (512, 32, 1, 1), None, (1, 1), (0, 0), (1, 1), 1),
    ((8, 512, 8, 8), (32, 512, 1, 1), None, (1, 1), (0, 0), (1, 1), 1),
    ((2, 16, 7, 7), (32, 16, 1, 1), None, (1, 1), (0, 0), (1, 1), 1),
    ((2, 128, 8, 8), (128, 128, 3, 3), (128,), (2, 2), (1, 1), (1, 1), 1),
    ((8, 64, 28, 28), (128, 64, 3, 3), None, (2, 2), (1, 1), (1, 1), 1),
    ((2, 16, 8, 8), (16, 1, 3, 3), None, (1, 1), (1, 1), (1, 1), 16),
)
FURTHER: dict[str, tuple[tuple[tuple[Any, ...], tuple[Any, ...]], ...]] = {
    "conv2d": tuple([(case[:3], case[3:]) for case in _CONVOLUTIONS]),
    "add": ((((SIZE,), (SIZE,)), ()),),
    "linear": ((((64, 80), (96, 80), (96,)), ()),),
    "max_pool2d": ((((2, 3, 9, 9),), ((3, 3), (2, 2), (1, 1), (1, 1), (5, 5))),),
    "batch_norm": ((((2, 3, 16, 16), (3,), (3,)), (1e-5,)),),
    "softmax": ((((64, 256),), (1,)),),
    "log_softmax": ((((64, 256),), (1,)),),
    "cross_entropy": ((((128, 256), ((128,), 256)), ("mean",)),),
    "embedding": ((((1024, 64), ((32, 16), 1024), None), ()),),
    "sum": ((((512, 256),), ((1,), False)), (((512, 256),), ((0, 1), False))),
    "lstm_layer": ((((6, 5), (2, 8), (2, 8), (32, 5), (32, 8), (32,), None), ((2, 2, 2), False)),),
    "gru_layer": ((((6, 5), (2, 8), (24, 5), (24, 8), (24,), (24,)), ((2, 2, 2), False)),),
    "rnn_layer": ((((6, 8), (2, 8), (8, 8)), (False, (2, 2, 2), False)),),
}


def compiled() -> list[str]:
    """The names of the operations and optimizers that may call kernels."""
    chosen = [p.name for p in registry.values() if p.reference is not None or _elementwise(p) or p.name in FURTHER]
    return chosen + list(_optimizers())


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
        if isinstance(c, type) and issubclass(c, base) and c.fused_pass is not base.fused_pass
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
    for shapes, attributes in FURTHER.get(primitive.name, ()):
        with _all_threads():
            _both_ways(primitive, tuple([_drawn(shape, rng) for shape in shapes]), attributes)


def _drawn(shape: Any, rng: np.random.Generator) -> Any:
    """Random numbers of a shape of `FURTHER`."""
    if shape is None:
        return None
    if shape and isinstance(shape[0], tuple):
        return autograd.tensor(rng.integers(0, shape[1], shape[0]))
    return rng.standard_normal(shape)


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
    from autograd.kernels.sharing import launches

    launches.always = True
    try:
        yield
    finally:
        launches.always = False
