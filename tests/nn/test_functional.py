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
OURS = {"maxout", "multiclass_hinge_loss"}
# PyTorch's builtins have no signature; these are from their documentation.
BUILTIN = {
    "avg_pool2d": ["input", "kernel_size", "stride", "padding", "ceil_mode", "count_include_pad", "divisor_override"],
    "conv2d": ["input", "weight", "bias", "stride", "padding", "dilation", "groups"],
    "cosine_similarity": ["x1", "x2", "dim", "eps"],
    "gelu": ["input", "approximate"],
    "hardshrink": ["input", "lambd"],
    "pairwise_distance": ["x1", "x2", "p", "eps", "keepdim"],
    "softshrink": ["input", "lambd"],
    "scaled_dot_product_attention": [
        "query",
        "key",
        "value",
        "attn_mask",
        "dropout_p",
        "is_causal",
        "scale",
        "enable_gqa",
    ],
    "linear": ["input", "weight", "bias"],
    "logsigmoid": ["input"],
    "one_hot": ["input", "num_classes"],
    "pad": ["input", "pad", "mode", "value"],
    "prelu": ["input", "weight"],
    "softplus": ["input", "beta", "threshold"],
    **{
        f"max_pool{n}d": ["input", "kernel_size", "stride", "padding", "dilation", "ceil_mode", "return_indices"]
        for n in (1, 2, 3)
    },
    **{f"adaptive_max_pool{n}d": ["input", "output_size", "return_indices"] for n in (1, 2, 3)},
    "adaptive_avg_pool1d": ["input", "output_size"],
    "avg_pool1d": ["input", "kernel_size", "stride", "padding", "ceil_mode", "count_include_pad"],
    "avg_pool3d": [
        "input", "kernel_size", "stride", "padding", "ceil_mode", "count_include_pad", "divisor_override",
    ],
    **{f"conv{n}d": ["input", "weight", "bias", "stride", "padding", "dilation", "groups"] for n in (1, 3)},
    **{
        f"conv_transpose{n}d": [
            "input", "weight", "bias", "stride", "padding", "output_padding", "groups", "dilation",
        ]
        for n in (1, 2, 3)
    },
    **{
        f"fractional_max_pool{n}d": [
            "input", "kernel_size", "output_size", "output_ratio", "return_indices", "_random_samples",
        ]
        for n in (2, 3)
    },
    "bilinear": ["input1", "input2", "weight", "bias"],
    "pdist": ["input", "p"],
    "channel_shuffle": ["input", "groups"],
    "pixel_shuffle": ["input", "upscale_factor"],
    "pixel_unshuffle": ["input", "downscale_factor"],
}  # fmt: skip


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
