"""Every record of the registry mapped by vmap, against a loop over examples: values, gradients, and their sweeps."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import batching, registry
from autograd.composites import composites
from autograd.errors import ChainruleError, GraphError
from autograd.func import pytree, vjp, vmap
from autograd.primitive import Handle, Primitive, Sample, make

NAMES = sorted(registry)
SIZE = 3


def operands_of(primitive: Primitive, sample: Sample) -> list[Any]:
    given = list(sample.inputs[0]) if primitive.variadic else list(sample.inputs)
    return [np.asarray(x) if isinstance(x, (np.ndarray, np.generic)) else x for x in given]


def apply(primitive: Primitive, operands: Any, attributes: tuple[Any, ...]) -> tuple[Any, ...]:
    given = (tuple(operands), *attributes) if primitive.variadic else (*operands, *attributes)
    result = primitive.apply(*given)
    return result if isinstance(result, tuple) else (result,)


def variants(primitive: Primitive, operands: list[Any], attributes: tuple[Any, ...]) -> list[list[Any]]:
    """The operands of several examples: backwards where the operation takes that, else scaled."""

    def changed(how: Any) -> list[Any]:
        return [np.array(how(x)) if isinstance(x, np.ndarray) else x for x in operands]

    def scaled(x: Any) -> Any:
        return x * 0.9 if x.dtype.kind == "f" else x

    def works(example: list[Any]) -> bool:
        try:
            with np.errstate(all="ignore"):
                apply(primitive, example, attributes)
        except (ChainruleError, ValueError, IndexError):
            return False
        return True

    def last_flipped(x: Any) -> Any:
        return np.flip(x, -1) if x.ndim else x

    other = [changed(np.flip), changed(last_flipped), changed(lambda x: x * 0.8 if x.dtype.kind == "f" else x)]
    return [operands, next(filter(works, other)), changed(scaled)]


def choices(operands: list[Any]) -> list[tuple[int, ...]]:
    """Which operands are mapped: every choice, or for many operands each one and all."""
    places = [i for i, x in enumerate(operands) if isinstance(x, np.ndarray)]
    counts = range(1, len(places) + 1) if len(places) <= 3 else (1, len(places))
    return [chosen for n in counts for chosen in itertools.combinations(places, n)]


def calls_of(primitive: Primitive) -> list[tuple[list[list[Any]], tuple[Any, ...], tuple[int, ...]]]:
    """Operands of each example, attributes, and the mapped places, of all calls to try."""
    assert primitive.samples is not None
    found = []
    for sample in primitive.samples(np.random.default_rng(0)):
        operands = operands_of(primitive, sample)
        examples = variants(primitive, operands, sample.attributes)
        for chosen in choices(operands):
            picked = [[x if i in chosen else operands[i] for i, x in enumerate(example)] for example in examples]
            found.append((picked, sample.attributes, chosen))
    return found


def weights(out: Any) -> Any:
    return np.asarray(np.cos(np.arange(out.size) + 0.5).reshape(out.shape), dtype=out.dtype)


def pulled(outputs: Any, leaves: list[Any], seeds: Any) -> list[Any]:
    """Gradients as arrays; None where there is none."""
    wanted = [x for x in leaves if isinstance(x, Handle) and x.requires_grad]
    roots = [(o, s) for o, s in zip(outputs, seeds, strict=True) if o.requires_grad]
    if not wanted or not roots:
        return []
    found = autograd.grad([o for o, _ in roots], wanted, [s for _, s in roots], allow_unused=True)
    return [None if g is None else g.numpy() for g in found]


def leaf(x: Any) -> Any:
    if not isinstance(x, np.ndarray):
        return x
    return make(x.copy()).requires_grad_(x.dtype.kind == "f")


def close(a: Any, b: Any, what: str) -> None:
    assert a.dtype == b.dtype, (what, a.dtype, b.dtype)
    np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-11, equal_nan=True, err_msg=what)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", NAMES)
def test_record_maps_as_a_loop_over_examples(name: str) -> None:
    primitive = registry[name]
    for examples, attributes, chosen in calls_of(primitive):
        what = f"{name} {[np.shape(x) for x in examples[0]]} {attributes} mapped {chosen}"
        rows, gradients = [], []
        for example in examples:
            leaves = [leaf(x) for x in example]
            outputs = apply(primitive, leaves, attributes)
            rows.append([o.detach().numpy() for o in outputs])
            gradients.append(pulled(outputs, leaves, [weights(o.detach().numpy()) for o in outputs]))
        if any(r.shape != s.shape for r, s in zip(rows[0], rows[1], strict=True)):
            continue  # a shape that depends on the numbers
        whole = [
            leaf(np.stack([example[i] for example in examples])) if i in chosen else leaf(x)
            for i, x in enumerate(examples[0])
        ]
        in_dims = tuple(0 if i in chosen else None for i in range(len(whole)))
        outputs = vmap(lambda *xs: apply(primitive, xs, attributes), in_dims)(*whole)  # noqa: B023
        for j, out in enumerate(outputs):
            close(out.detach().numpy(), np.stack([row[j] for row in rows]), what)
        seeds = [np.stack([weights(row[j]) for row in rows]) for j in range(len(outputs))]
        found = pulled(outputs, whole, seeds)
        places = [i for i, x in enumerate(whole) if isinstance(x, Handle) and x.requires_grad]
        assert len(found) == len(gradients[0]), what
        for i, g, *alone in zip(places, found, *gradients, strict=False):
            if g is None:
                assert all(h is None for h in alone), what
                continue
            expected = np.stack(alone) if i in chosen else np.sum(alone, axis=0)
            close(g, expected, f"{what}: gradient {i}")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", [n for n in NAMES if registry[n].vjp is not None])
def test_rule_maps_over_gradients(name: str) -> None:
    """A mapped backward sweep, as jacrev's, gives what one sweep for each incoming gradient gives."""
    primitive = registry[name]
    assert primitive.samples is not None
    for sample in primitive.samples(np.random.default_rng(0)):
        operands = operands_of(primitive, sample)
        places = [i for i, x in enumerate(operands) if isinstance(x, np.ndarray) and x.dtype.kind == "f"]
        if not places:
            continue

        def function(*xs: Any) -> Any:
            given = list(operands)  # noqa: B023
            for i, x in zip(places, xs, strict=True):  # noqa: B023
                given[i] = x
            outputs = apply(primitive, given, sample.attributes)  # noqa: B023
            return tuple(o for o, d in zip(outputs, primitive.differentiable, strict=True) if d)

        outputs, pull = vjp(function, *[make(operands[i]) for i in places])
        seeds = [np.stack([weights(o.numpy()) * (k + 1) - k for k in range(SIZE)]) for o in outputs]
        found = vmap(pull)(tuple([make(s) for s in seeds]))
        alone = [pull(tuple([make(s[k]) for s in seeds])) for k in range(SIZE)]
        for j, g in enumerate(found):
            close(g.numpy(), np.stack([row[j].numpy() for row in alone]), f"{name} {sample.attributes} gradient {j}")


# Composites whose results are no tensors, or nested otherwise; what draws random numbers; what reads memory.
NOT_MAPPED = {"allclose", "as_strided_scatter", "equal", "gumbel_softmax", "histogramdd", "pca_lowrank", "svd_lowrank"}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", sorted(set(composites) - NOT_MAPPED))
def test_composite_maps_as_a_loop_over_examples(name: str) -> None:
    """Also those that ask for numbers: they are taken one example after the other."""
    entry = composites[name]
    for sample in entry.samples(np.random.default_rng(0)):
        words = list(sample.keywords)
        leaves, structure = pytree.flatten([*sample.inputs, *sample.keywords.values()])
        places = [i for i, x in enumerate(leaves) if isinstance(x, np.ndarray)]

        def function(*xs: Any) -> tuple[Any, ...]:
            given = list(leaves)  # noqa: B023
            for i, x in zip(places, xs, strict=True):  # noqa: B023
                given[i] = x
            arguments = pytree.unflatten(given, structure)  # noqa: B023
            count = len(arguments) - len(words)  # noqa: B023
            keywords = dict(zip(words, arguments[count:], strict=True))  # noqa: B023
            return tuple(pytree.flatten(entry.function(*arguments[:count], *sample.attributes, **keywords))[0])  # noqa: B023

        factors = (1.0, 0.9, 0.8)
        stacks = []
        for i in places:
            x = leaves[i]
            stacks.append(np.stack([x * x.dtype.type(f) if x.dtype.kind == "f" else x for f in factors]))
        if not places:
            continue
        rows = [function(*[make(x[k].copy()) for x in stacks]) for k in range(len(factors))]
        if any(len({row[j].shape for row in rows}) > 1 for j in range(len(rows[0]))):
            with pytest.raises(GraphError, match="depends on the numbers"):
                vmap(function)(*map(make, stacks))
            continue
        for j, out in enumerate(vmap(function)(*map(make, stacks))):
            close(out.detach().numpy(), np.stack([row[j].detach().numpy() for row in rows]), f"{name} output {j}")


def test_the_table_of_rules_names_records() -> None:
    assert set(batching.RULES) <= set(registry)


def test_a_rule_that_loses_the_batch_is_caught() -> None:
    """The records' sweep above sees a wrong rule: here is one, and it does not pass."""
    registry["tanh"].batch = lambda primitive, inputs, batched, size, attributes: primitive.apply(inputs[0]).sum(0)
    try:
        with pytest.raises(AssertionError, match="its batch rule gave"):
            test_record_maps_as_a_loop_over_examples("tanh")
        registry["tanh"].batch = lambda primitive, inputs, batched, size, attributes: primitive.apply(inputs[0]).flip(0)
        with pytest.raises(AssertionError, match="tanh"):
            test_record_maps_as_a_loop_over_examples("tanh")
    finally:
        registry["tanh"].batch = None
    test_record_maps_as_a_loop_over_examples("tanh")
