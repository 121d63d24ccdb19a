"""nn.functional: PyTorch's signatures, and its numbers where nn adds something of its own."""

from __future__ import annotations

import inspect
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import autograd
import nn
import nn.functional as F
from autograd.errors import ArgumentError

# Left out on purpose: deprecated arguments, and those of other devices.
LEFT_OUT = {"size_average", "reduce", "_stacklevel", "out"}
OURS = {"multiclass_hinge_loss"}
# PyTorch's builtins have no signature; these are from their documentation.
BUILTIN = {
    "avg_pool2d": ["input", "kernel_size", "stride", "padding", "ceil_mode", "count_include_pad", "divisor_override"],
    "conv2d": ["input", "weight", "bias", "stride", "padding", "dilation", "groups"],
    "gelu": ["input", "approximate"],
    "linear": ["input", "weight", "bias"],
    "logsigmoid": ["input"],
    "one_hot": ["input", "num_classes"],
    "pad": ["input", "pad", "mode", "value"],
    "prelu": ["input", "weight"],
    "softplus": ["input", "beta", "threshold"],
    "max_pool2d": ["input", "kernel_size", "stride", "padding", "dilation", "ceil_mode", "return_indices"],
}


@pytest.mark.parametrize("name", sorted(set(F.__all__) - OURS))
def test_signatures_agree_with_pytorch(torch: ModuleType, name: str) -> None:
    theirs = BUILTIN.get(name) or list(inspect.signature(getattr(torch.nn.functional, name)).parameters)
    ours = list(inspect.signature(getattr(F, name)).parameters)
    kept = [parameter for parameter in theirs if parameter not in LEFT_OUT]
    assert ours == kept[: len(ours)] and set(kept) - set(ours) <= {"weight"}


def test_functions_of_nn_agree_with_pytorch(torch: ModuleType, rng: np.random.Generator) -> None:
    x = rng.normal(size=(4, 3))
    calls: list[tuple[str, tuple[Any, ...]]] = [
        ("relu", ()),
        ("relu", (True,)),
        ("relu6", ()),
        ("selu", ()),
        ("silu", ()),
        ("elu", (0.5,)),
        ("leaky_relu", (0.2,)),
        ("hardtanh", (-0.5, 0.5)),
        ("softmax", (1,)),
        ("log_softmax", (0,)),
        ("normalize", ()),
        ("normalize", (1.0, 0)),
        ("dropout", (0.5, False)),
    ]
    for name, arguments in calls:
        theirs = getattr(torch.nn.functional, name)(torch.tensor(x), *arguments)
        ours = getattr(F, name)(autograd.tensor(x), *arguments)
        np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-12, err_msg=name)


def test_dtype_of_softmax() -> None:
    x = autograd.tensor([1, 2])
    assert F.softmax(x, dim=0, dtype=autograd.float64).dtype == np.float64
    assert F.log_softmax(x, dim=0, dtype=autograd.float16).dtype == np.float16


def test_a_dimension_must_be_given() -> None:
    with pytest.raises(ArgumentError, match="softmax: dim is None, which leaves open what is to sum to 1"):
        F.softmax(autograd.ones(2))
    with pytest.raises(ArgumentError, match="log_softmax: dim is None"):
        nn.functional.log_softmax(autograd.ones(2))
