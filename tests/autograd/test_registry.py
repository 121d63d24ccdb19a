"""The one sweep over all operations: every record is held against everything that it says of itself.

`check_primitive` does the work, for users' operations too. So here stands also the proof that it sees: records that
are broken on purpose, one fault each, of which every one must be caught.
"""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import math
import pkgutil
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import Primitive, registry
from autograd import ops as families
from autograd.composites import Composite, composites
from autograd.errors import ArgumentError, ShapeError
from autograd.ops.reduce import restore
from autograd.primitive import Sample, op
from autograd.testing import PrimitiveError, check_composite, check_primitive
from autograd.testing.primitives import CHECKS

NAMES = sorted(registry)


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("name", NAMES)
def test_record(name: str, check: str) -> None:
    check_primitive(registry[name], [check])


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("name", NAMES)
def test_gradients_of_other_samples(name: str, seed: int) -> None:
    check_primitive(registry[name], ["gradients"], seed)


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("name", sorted(composites))
def test_composite(name: str, seed: int) -> None:
    check_composite(composites[name], seed)


def test_samples_cover_single_numbers_and_empty_arrays() -> None:
    """Elementwise operations are sampled at 0-d and at empty arrays."""
    lacking = []
    for name, record in registry.items():
        if record.scalar is None or record.vjp is None:
            continue
        shapes = {np.shape(x) for s in record.samples(np.random.default_rng(0)) for x in s.inputs}  # type: ignore[misc]
        if () not in shapes or not any(0 in shape for shape in shapes):
            lacking.append(name)
    assert lacking == [n for n in lacking if n in ("where", "clamp")], lacking


def test_what_calls_a_kernel_has_a_reference(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every kernel is replaced by one that tells on its caller."""
    from autograd.kernels import conv, pool, windows

    called: list[str] = []
    running: list[str] = []
    for module in (conv, pool, windows):
        for name, function in list(vars(module).items()):
            if inspect.isfunction(function) and function.__module__ == module.__name__ and not name.startswith("_"):

                def telling(*arguments: Any, function: Any = function, **keywords: Any) -> Any:
                    called.append(running[-1])
                    return function(*arguments, **keywords)

                monkeypatch.setattr(module, name, telling)
    for name, record in registry.items():
        running.append(name)
        samples = record.samples
        assert samples is not None
        sample = samples(np.random.default_rng(0))[0]
        record.forward(*sample.inputs, *sample.attributes)
    assert len(set(called)) >= 5
    assert [name for name in set(called) if registry[name].reference is None] == []


# --- broken on purpose


def without(name: str, **changes: Any) -> Primitive:
    """A record of the registry with something changed, outside the registry."""
    return dataclasses.replace(registry[name], **changes)


def rules(name: str, **changed: Callable[..., Any]) -> Primitive:
    vjp = registry[name].vjp
    assert isinstance(vjp, dict)
    return without(name, vjp={**vjp, **changed})


def test_an_operation_without_samples_fails() -> None:
    bad = Primitive(name="twice", forward=lambda x: 2 * x, inputs=("x",), vjp={"x": lambda g: 2 * g}, formula="2 x")
    with pytest.raises(PrimitiveError, match="twice: has no samples"):
        check_primitive(bad)


def test_a_complete_record_passes_and_each_lack_is_named() -> None:
    def define(**changes: Any) -> Primitive:
        fields: dict[str, Any] = {
            "name": "twice",
            "forward": lambda x: 2 * x,
            "inputs": ("x",),
            "vjp": {"x": lambda g: 2 * g},
            "formula": "2 x",
            "samples": lambda rng: [Sample((rng.uniform(size=(2, 3)),))],
        }
        return Primitive(**{**fields, **changes})

    check_primitive(define())
    for change, message in (
        ({"formula": ""}, "has no formula"),
        ({"label": "a\nb"}, "cannot be printed"),
        ({"samples": lambda rng: []}, "has no samples"),
        ({"vjp": {"y": lambda g: g}}, "a rule for 'y', which is none of its inputs"),
        ({"samples": lambda rng: [Sample((rng.integers(0, 5, (2,)),))]}, "so its rule is not tried"),
        ({"vjp": {"x": lambda g, x: 2 * g}}, "takes x and does not read it"),
        ({"outputs": ("out", "extra")}, "gave 1 outputs"),
        ({"reference": lambda x: x + x + 1e-6}, "differs from its reference"),
        ({"error_samples": lambda rng: [Sample((rng.uniform(size=2),), (), ArgumentError, "no")]}, "raised nothing"),
        ({"error_samples": lambda rng: [Sample((rng.uniform(size=2),), (), ValueError, "no")]}, "none of ours"),
        ({"forward": lambda x: 2.0 * x.astype(np.float64)}, "of float32 inputs is float64"),
    ):
        with pytest.raises(PrimitiveError, match=message):
            check_primitive(define(**change))  # type: ignore[arg-type]


def test_error_samples_are_read() -> None:
    def refuse(x: Any) -> None:
        raise ArgumentError("twice: x is wrong")

    fields: dict[str, Any] = {
        "forward": lambda x: 2 * x,
        "inputs": ("x",),
        "infer": refuse,
        "samples": lambda rng: [Sample((rng.uniform(size=2),))],
    }
    sample = Sample((np.zeros(2),), (), ArgumentError, "x is wrong")
    check_primitive(Primitive(name="twice", error_samples=lambda rng: [sample], **fields), ["errors"])
    with pytest.raises(PrimitiveError, match="does not begin with its name"):
        check_primitive(Primitive(name="thrice", error_samples=lambda rng: [sample], **fields), ["errors"])
    other = dataclasses.replace(sample, match="x is right")
    with pytest.raises(PrimitiveError, match="is not found"):
        check_primitive(Primitive(name="twice", error_samples=lambda rng: [other], **fields), ["errors"])


def _conv_without_stride(
    needs: Any, g: Any, x: Any, weight: Any, padding: Any, dilation: Any, groups: int
) -> list[Any]:
    geometry = ((1, 1), padding, dilation, groups)
    return [
        op.conv2d_input_gradient(g, weight, x.shape[2:], *geometry) if needs[0] else None,
        op.conv2d_weight_gradient(x, g, weight.shape[2:], *geometry) if needs[1] else None,
        op.sum(g, (0, 2, 3), False) if needs[2] else None,
    ]


def _conv_without_bias(
    needs: Any, g: Any, x: Any, weight: Any, stride: Any, padding: Any, dilation: Any, groups: int
) -> list[Any]:
    geometry = (stride, padding, dilation, groups)
    return [
        op.conv2d_input_gradient(g, weight, x.shape[2:], *geometry) if needs[0] else None,
        op.conv2d_weight_gradient(x, g, weight.shape[2:], *geometry) if needs[1] else None,
        None,
    ]


def _linear_by_needs(needs: Any, g: Any, x: Any, weight: Any) -> list[Any]:
    gradients = registry["linear"].vjp(needs, g, x, weight)  # type: ignore[operator, misc]
    if needs[0] and not needs[1]:
        gradients[0] = gradients[0] * 2
    return gradients


def _batch_norm_a_millionth_off(needs: Any, g: Any, x: Any, weight: Any, mean: Any, var: Any, eps: float) -> list[Any]:
    rule = registry["batch_norm"].vjp
    gradients = rule(needs, g, x, weight, mean, var, eps)  # type: ignore[operator, misc]
    if gradients[0] is not None:
        gradients[0] = gradients[0] * 1.000001
    return gradients


# What is wrong, the check that must see it, and the record.
BROKEN: dict[str, tuple[str, Callable[[], Primitive]]] = {
    "mul: terms swapped": ("gradients", lambda: rules("mul", x=lambda g, x: g * x, y=lambda g, y: g * y)),
    "sub: sign forgotten": ("gradients", lambda: rules("sub", y=lambda g: g)),
    "div: sign forgotten": ("gradients", lambda: rules("div", y=lambda g, y, out: op.div(g * out, y))),
    "tanh: square forgotten": ("gradients", lambda: rules("tanh", x=lambda g, out: g * (1 - out))),
    "sigmoid: half of the rule": ("gradients", lambda: rules("sigmoid", x=lambda g, out: g * out)),
    "exp: a millionth off": ("gradients", lambda: rules("exp", x=lambda g, out: g * out * 1.000001)),
    "log: number instead of its derivative": ("gradients", lambda: rules("log", x=lambda g, x: g * x)),
    "sin: right at first order alone": ("second gradients", lambda: rules("sin", x=_frozen_cosine)),
    "mean: not divided": ("gradients", lambda: rules("mean", x=registry["sum"].vjp["x"])),  # type: ignore[index]
    "softmax: sum over the wrong dimension": (
        "gradients",
        lambda: rules("softmax", x=lambda g, out: out * (g - op.sum(g * out, (0,), True))),
    ),
    "permute: not inverted": ("gradients", lambda: rules("permute", x=lambda g, dims: op.permute(g, dims))),
    "cumsum: not reversed": ("gradients", lambda: rules("cumsum", x=lambda g, dim: op.cumsum(g, dim))),
    "roll: the wrong way": ("gradients", lambda: rules("roll", x=lambda g, shifts, dims: op.roll(g, shifts, dims))),
    "cumprod: the product up to i, not before it": (
        "gradients",
        lambda: rules("cumprod", x=lambda g, out, dim: op.flip(op.cumsum(op.flip(g * out, (dim,)), dim), (dim,))),
    ),
    "sort: gradient left in sorted order": ("gradients", lambda: rules("sort", x=lambda g: g)),
    "power_norm: one power too many": (
        "gradients",
        lambda: rules(
            "power_norm", x=lambda g, x, p, dims, keepdim: restore(g, x.shape, dims, keepdim) * op.pow(op.abs(x), p)
        ),
    ),
    "add: unbroadcast forgotten": ("gradients", lambda: without("add", broadcasts=False)),
    "where: branches swapped": (
        "gradients",
        lambda: rules(
            "where",
            x=lambda g, condition: op.where(condition, 0 * g, g),
            y=lambda g, condition: op.where(condition, g, 0 * g),
        ),
    ),
    "conv2d: stride dropped": ("gradients", lambda: without("conv2d", vjp=_conv_without_stride)),
    "conv2d: gradient of bias forgotten": ("gradients", lambda: without("conv2d", vjp=_conv_without_bias)),
    "linear: scaled where weight needs no gradient": ("subsets", lambda: without("linear", vjp=_linear_by_needs)),
    "batch_norm: a millionth off": ("gradients", lambda: without("batch_norm", vjp=_batch_norm_a_millionth_off)),
    "max_pool2d_backward: twice the gradient": (
        "gradients",
        lambda: rules("max_pool2d_backward", x=lambda g, indices: op.max_pool2d_gather(g, indices) * 2),
    ),
    "avg_pool2d: padding always counted": (
        "gradients",
        lambda: rules(
            "avg_pool2d",
            x=lambda g, x_shape, kernel_size, stride, padding, divisor: op.avg_pool2d_backward(
                g, x_shape[2:], kernel_size, stride, padding, True, divisor
            ),
        ),
    ),
    "scatter: what is written over has a gradient": (
        "gradients",
        lambda: rules("scatter", src=lambda g, index, dim: op.gather(g, index, dim)),
    ),
    "index_adjoint: repeated indices overwrite": (
        "gradients",
        lambda: without("index_adjoint", forward=_assign),
    ),
    "max: positions said to be differentiable": ("forward", lambda: without("max", differentiable=(True, True))),
    "conv2d: reference differs": ("forward", lambda: without("conv2d", reference=_conv_reference_without_bias)),
    "square: forward in place": ("unchanged", lambda: without("square", forward=_square_in_place)),
    "neg: only right where contiguous": (
        "layouts",
        lambda: without("neg", forward=lambda x: -x if x.flags.c_contiguous else x),
    ),
    "exp: keeps an input that it does not read": ("described", lambda: rules("exp", x=lambda g, x, out: g * out)),
    "erf: float32 widened": ("dtypes", lambda: without("erf", forward=lambda x: np.tanh(x).astype(np.float64))),
    "inv: one factor not transposed": (
        "gradients",
        lambda: rules("inv", x=lambda g, out: -op.matmul(op.matmul(op.transpose(out, -2, -1), g), out)),
    ),
    "pinv: as if x were invertible": (
        "gradients",
        lambda: rules(
            "pinv",
            x=lambda g, out: -op.matmul(op.matmul(op.transpose(out, -2, -1), g), op.transpose(out, -2, -1)),
        ),
    ),
    "relu: scalar formula differs": ("scalar", lambda: without("relu", scalar=lambda x: x if x > 0 else 0.01 * x)),
    "relu: nan lost by the scalar formula": ("scalar", lambda: without("relu", scalar=lambda x: x if x > 0 else 0.0)),
    "exp: scalar formula overflows": ("scalar", lambda: without("exp", scalar=math.exp)),
    "relu: rule for numbers differs": ("values", lambda: rules("relu", x=_one_sided)),
}


def _frozen_cosine(g: Any, x: Any) -> Any:
    return g * op.cos(x.detach() if isinstance(x, autograd.Tensor) else x)


def _one_sided(g: Any, out: Any) -> Any:
    return g if isinstance(out, (float, autograd.Value)) else op.where(out > 0, g, 0 * g)


def _conv_reference_without_bias(x: Any, weight: Any, bias: Any, *geometry: Any) -> Any:
    return registry["conv2d"].reference(x, weight, None, *geometry)  # type: ignore[misc]


def _assign(x: Any, indices: Any, shape: tuple[int, ...], pattern: Any) -> Any:
    return registry["index_put"].forward(np.zeros(shape), x, indices, pattern, False)


def _square_in_place(x: Any) -> Any:
    if x.flags.writeable and x.ndim:
        x *= x
        return x.copy()
    return x * x


@pytest.mark.parametrize("fault", BROKEN)
def test_broken_record_is_caught(fault: str) -> None:
    check, make = BROKEN[fault]
    bad = make()
    check_primitive(without(bad.name), [check])
    # PrimitiveError and GradcheckError are AssertionErrors; ShapeError is the sweep's own on a gradient's shape.
    with pytest.raises((AssertionError, ShapeError)):
        check_primitive(bad, [check])


def _composite(**changes: Any) -> Composite:
    fields: dict[str, Any] = {
        "name": "cube",
        "function": lambda x: x * x * x,
        "formula": "x^3",
        "samples": lambda rng: [Sample((rng.uniform(1, 2, (2, 3)),))],
        "reference": lambda x: x**3,
    }
    return Composite(**{**fields, **changes})


def test_a_broken_composite_is_caught() -> None:
    check_composite(_composite())
    for change, message in (
        ({"samples": lambda rng: []}, "has no samples"),
        ({"formula": " "}, "no formula"),
        ({"reference": lambda x: x**3 + 1e-9}, "differs from its reference"),
        ({"reference": lambda x: (x**3, x)}, "gave 1 results"),
        ({"reference": lambda x: x[0] ** 3}, r"gave shape \(2, 3\)"),
        ({"function": lambda x: x.double() ** 3}, "of float32 inputs is float64"),
        ({"samples": lambda rng: [Sample((rng.integers(0, 5, 2),))]}, "no gradient is tried"),
        ({"function": lambda x: x.detach() ** 3}, "no gradient is tried"),
        ({"error_samples": lambda rng: [Sample((rng.uniform(size=2),), (), ShapeError, "no")]}, "raised nothing"),
        ({"error_samples": lambda rng: [Sample((rng.uniform(size=2),), (), ValueError, "no")]}, "error of ours"),
    ):
        with pytest.raises(PrimitiveError, match=message):
            check_composite(_composite(**change))  # type: ignore[arg-type]
    with pytest.raises(AssertionError, match="gradcheck"):
        check_composite(_composite(function=lambda x: x * x.detach() * x))


def test_what_a_node_keeps_beside_its_rule_is_caught() -> None:
    held = []

    def hoarding(x: Any) -> Any:
        held.append(x)
        return np.exp(x)

    check_primitive(without("exp"), ["kept"])
    with pytest.raises(PrimitiveError, match=r"keeps \[\('input', 0\)\] alive, which no rule reads"):
        check_primitive(without("exp", forward=hoarding), ["kept"])


# --- the public functions

# What modules of operations share with each other, and no user calls.
HELPERS = {
    "views": {"look"},
    "recurrent_cells": {"np_cell", "random_weights"},
    "activation": set(),
    "conv": {"check_operands", "kernel_arrays", "output_size", "pair", "whole_numbers"},
    "along": {
        "at_least_1d",
        "check_along",
        "check_integers",
        "flat_places",
        "one_number",
        "shaped",
        "slices",
        "write_slices",
    },
    "memory": {"hollow", "storage_offset_of", "windows"},
    "splitting": {"pattern_of_select"},
    "index": {"add_at", "assign", "decode", "encode", "in_range", "pick", "same_dtypes", "write"},
    "scattering": {"cut_source"},
    "products": {"require_floating", "same_dtype"},
    "dropping": {"check_dropout", "thinned"},
    "loss": {"check_reduction", "reduce_loss", "same_shape", "weighted"},
    "normalization": {"check_channels"},
    "pool": {"batched", "max_inputs", "pooled_size", "window"},
    "resample": {"adaptive_windows", "table"},
    "window_pool": {"distinct", "even_windows"},
    "reduce": {"cast", "count", "reduction_samples", "require_floating", "restore", "unless_zero"},
    "norms": {"vector_norm"},
    "factorization": {
        "check_reflections",
        "over_upper",
        "permutation",
        "pivot_rows",
        "product_of_reflections",
        "reflected",
        "take_rows",
        "unpacked",
    },
    "solving": {"fits", "pivot_order"},
    "spectral": {"spectral_norm", "tolerances"},
    "contraction": {"chained", "cross_along"},
    "masking": {"filled", "log_sum", "masked_samples", "on_filled", "plain_norm", "wrong_masks"},
    "weighted_sum": {"weighted_total"},
    "recurrent_layers": {"composed", "steps"},
    "extreme": {"define_chosen", "distinct", "place", "require_numbers", "share"},
}
# Modules whose functions stand in `autograd.linalg`.
LINALG = {
    "factorization", "ldl", "least_squares", "linalg_products", "matrix_functions", "matrix_norms", "solving",
    "spectral",
}  # fmt: skip
# Modules whose functions stand in `autograd.masked`.
MASKED = {"masking", "masking_along"}
INTERNAL = {"dims", "families", "matrices", "scalar"}
# Composites that are still to be entered with samples and a reference.
NOT_YET_ENTERED = {
    "take_along_dim",
}


def public_functions() -> list[tuple[str, str]]:
    found = []
    for info in pkgutil.iter_modules(families.__path__):
        if info.name in INTERNAL:
            continue
        module = importlib.import_module(f"autograd.ops.{info.name}")
        for name, value in vars(module).items():
            own = inspect.isfunction(value) and value.__module__ == module.__name__ and not name.startswith("_")
            if own and name not in HELPERS.get(info.name, ()):
                found.append((info.name, name))
    return found


@pytest.mark.parametrize(("family", "name"), public_functions())
def test_public_function_is_exported_and_documented(family: str, name: str) -> None:
    function = getattr(importlib.import_module(f"autograd.ops.{family}"), name)
    host = autograd.linalg if family in LINALG else autograd.masked if family in MASKED else autograd
    exported = inspect.unwrap(getattr(host, name, None))  # without what adds names of arguments
    assert exported is inspect.unwrap(function), f"autograd.ops.{family}.{name} is not exported by {host.__name__}"
    assert name in host.__all__
    text = inspect.getdoc(function) or ""
    assert "Example:" in text and ">>>" in text, f"{name} has no example"
    names = {name, function.__name__, f"linalg.{name}", f"masked.{name}"}  # __name__: that of which it is an alias
    assert names & (registry.keys() | composites.keys() | NOT_YET_ENTERED), f"{name} is neither record nor composite"
    assert "Any" not in str(inspect.signature(function).return_annotation) or name in ("max", "min", "max_pool2d")


def test_what_is_entered_is_no_longer_listed() -> None:
    assert sorted(NOT_YET_ENTERED & composites.keys()) == []


def test_helpers_exist() -> None:
    """No helper stays in the list after it is gone."""
    for family, names in HELPERS.items():
        module = importlib.import_module(f"autograd.ops.{family}")
        assert all(hasattr(module, name) for name in names), family


def test_every_record_is_defined_under_its_name() -> None:
    for name, record in registry.items():
        assert record.name == name and getattr(op, name) is record
    with pytest.raises(ArgumentError, match="there is an operation 'exp' already"):
        autograd.define("exp", forward=np.exp, inputs=("x",))
