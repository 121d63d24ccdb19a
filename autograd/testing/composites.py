"""The check of a composite: its function against its reference and finite differences, on the samples it brings."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from ..composites import Composite
from ..creation import tensor
from ..errors import ChainruleError
from ..primitive import Handle, Sample
from .gradcheck import gradcheck, gradgradcheck
from .primitives import PrimitiveError

__all__ = ["check_composite"]


def check_composite(entry: Composite, seed: int = 0) -> None:
    """Hold a composite against its samples: reference, dtypes, gradients of first and second order, errors.

    Args:
        entry: what `autograd.composites.composite` entered.
        seed: of the random numbers in the samples.

    Raises:
        PrimitiveError: a check failed.
        GradcheckError: a gradient is wrong.

    Example:
        >>> from autograd.composites import composites
        >>> from autograd.testing import check_composite
        >>> for entry in composites.values():
        ...     check_composite(entry)
        ...     break
    """
    samples = entry.samples(np.random.default_rng(seed))
    if not samples or not entry.formula.strip():
        raise PrimitiveError(f"{entry.name}: has no samples or no formula, so nothing of it can be checked; give both")
    tried = False
    for sample in samples:
        _check_forward(entry, sample)
        if entry.differentiable:
            tried = _check_gradients(entry, sample) or tried
    if entry.differentiable and not tried:
        raise PrimitiveError(f"{entry.name}: no sample has a floating input, so no gradient is tried")
    for sample in entry.error_samples(np.random.default_rng(seed)) if entry.error_samples else ():
        _check_error(entry, sample)


def _tensors(given: Any, dtype: Any = None) -> Any:
    """The arrays of a sample as Tensors; floating ones in `dtype`."""
    if isinstance(given, (tuple, list)):
        return type(given)([_tensors(x, dtype) for x in given])
    if not isinstance(given, np.ndarray):
        return given
    return tensor(given.astype(dtype) if dtype is not None and given.dtype.kind == "f" else given)


def _call(entry: Composite, inputs: tuple[Any, ...], sample: Sample) -> list[Any]:
    result = entry.function(*inputs, *sample.attributes, **sample.keywords)
    return _flat(result)


def _flat(result: Any) -> list[Any]:
    """The results in a row, out of tuples and lists."""
    if isinstance(result, (tuple, list)):
        return [x for part in result for x in _flat(part)]
    return [result]


def _check_forward(entry: Composite, sample: Sample) -> None:
    found = _call(entry, _tensors(sample.inputs), sample)
    expected = entry.reference(*sample.inputs, *sample.attributes, **sample.keywords)
    expected = _flat(expected)
    if len(found) != len(expected):
        raise PrimitiveError(f"{entry.name}: gave {len(found)} results, and its reference {len(expected)}")
    for ours, plain in zip(found, expected, strict=True):
        if not isinstance(ours, Handle):
            if ours != plain:
                raise PrimitiveError(f"{entry.name}: gave {ours!r}, and its reference {plain!r}")
            continue
        if ours.shape != np.shape(plain):
            raise PrimitiveError(f"{entry.name}: gave shape {ours.shape}, and its reference {np.shape(plain)}")
        if not np.allclose(ours._array, plain, rtol=1e-10, atol=1e-12, equal_nan=True):
            raise PrimitiveError(f"{entry.name}: differs from its reference for {sample}")
    narrow = _call(entry, _tensors(sample.inputs, np.float32), sample)
    for ours, wide in zip(narrow, found, strict=True):
        if isinstance(ours, Handle) and ours.dtype.kind == "f" and ours.dtype != np.float32 and not entry.widens:
            if any(isinstance(a, np.dtype) for a in (*sample.attributes, *sample.keywords.values())):
                continue  # the result's dtype is asked for
            raise PrimitiveError(f"{entry.name}: of float32 inputs is {ours.dtype} (of float64 ones {wide.dtype})")


def _check_gradients(entry: Composite, sample: Sample) -> bool:
    """Check first and second order; returns whether there was a floating input."""
    flat: list[Any] = []

    def collect(given: Any) -> Any:
        if isinstance(given, (tuple, list)):
            return [collect(x) for x in given]
        if isinstance(given, np.ndarray) and given.dtype == np.float64:
            flat.append(tensor(given, requires_grad=True))
            return len(flat) - 1
        return _Fixed(_tensors(given))

    places = [collect(given) for given in sample.inputs]

    def restore(place: Any, tensors: tuple[Any, ...]) -> Any:
        if isinstance(place, list):
            return tuple([restore(p, tensors) for p in place])
        return place.value if isinstance(place, _Fixed) else tensors[place]

    def function(*tensors: Any) -> Any:
        results = _call(entry, tuple([restore(p, tensors) for p in places]), sample)
        return tuple([r for r in results if isinstance(r, Handle) and r._requires_grad])

    if not flat or not function(*flat):
        return False
    gradcheck(function, tuple(flat))
    gradgradcheck(function, tuple(flat))
    return True


class _Fixed:
    """An argument that is handed over as it is."""

    def __init__(self, value: Any) -> None:
        self.value = value


def _check_error(entry: Composite, sample: Sample) -> None:
    if sample.error is None or not sample.match or not issubclass(sample.error, ChainruleError):
        raise PrimitiveError(f"{entry.name}: an error sample needs an error of ours and a text to be found in it")
    try:
        _call(entry, _tensors(sample.inputs), sample)
    except sample.error as error:
        if not re.search(sample.match, str(error)):
            raise PrimitiveError(
                f"{entry.name}: says {str(error)!r}, in which {sample.match!r} is not found"
            ) from error
    else:
        raise PrimitiveError(f"{entry.name}: {sample} raised nothing instead of {sample.error.__name__}")
