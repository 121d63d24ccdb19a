"""nn.utils.fusion against PyTorch's."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest

import autograd
import nn
from autograd.errors import ArgumentError


@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize(
    ("layer", "sizes", "norm", "shape", "transpose"),
    [
        ("Conv2d", (3, 4, 2), "BatchNorm2d", (2, 3, 5, 5), False),
        ("ConvTranspose2d", (3, 4, 2), "BatchNorm2d", (2, 3, 5, 5), True),
        ("Linear", (3, 4), "BatchNorm1d", (5, 3), None),
    ],
)
def test_one_layer_does_what_two_did(
    torch: ModuleType, rng: np.random.Generator, layer: str, sizes: Any, norm: str, shape: Any, transpose: Any,
    bias: bool, affine: bool,
) -> None:  # fmt: skip
    affine = affine or transpose is None  # PyTorch's function for linear layers wants weight and bias
    x = rng.normal(size=shape)
    libraries: tuple[Any, Any] = (nn, torch.nn)
    pairs = [(getattr(m, layer)(*sizes, bias=bias), getattr(m, norm)(4, affine=affine)) for m in libraries]
    for module, expected in zip(*pairs, strict=True):
        expected.double().eval()
        for value in expected.state_dict().values():
            if value.dtype == torch.float64:
                value.copy_(torch.tensor(rng.uniform(0.5, 1.5, tuple(value.shape))))
        module.double().eval().load_state_dict({k: v.numpy() for k, v in expected.state_dict().items()})
    fused = [
        m.utils.fuse_linear_bn_eval(*pair) if transpose is None else m.utils.fuse_conv_bn_eval(*pair, transpose)
        for m, pair in zip(libraries, pairs, strict=True)
    ]
    assert repr(fused[0]) == repr(fused[1])
    for a, b in zip(fused[0].parameters(), fused[1].parameters(), strict=True):
        assert a.requires_grad == b.requires_grad
        np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=1e-12)
    first, second = pairs[0]
    np.testing.assert_allclose(
        fused[0](autograd.tensor(x)).detach().numpy(), second(first(autograd.tensor(x))).detach().numpy(), rtol=1e-10
    )
    assert (first.bias is not None) == bias


def test_layers_in_training_are_refused() -> None:
    conv, bn = nn.Conv2d(1, 1, 1).eval(), nn.BatchNorm2d(1)
    with pytest.raises(ArgumentError, match="must be in evaluation mode"):
        nn.utils.fuse_conv_bn_eval(conv, bn)
    with pytest.raises(ArgumentError, match="no running estimates"):
        nn.utils.fuse_conv_bn_eval(conv, nn.BatchNorm2d(1, track_running_stats=False).eval())
    with pytest.raises(ArgumentError, match="3 output features do not fit 2"):
        nn.utils.fuse_linear_bn_eval(nn.Linear(1, 3).eval(), nn.BatchNorm1d(2).eval())
