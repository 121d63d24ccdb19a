"""Checks for users: gradients against finite differences, operations against their records, random inputs.

from autograd.testing import gradcheck
from autograd.testing.strategies import tensors     # needs hypothesis

@given(tensors(avoid=(0,)))
def test_mine(x):
    gradcheck(mine, x)
"""

from __future__ import annotations

from .composites import check_composite
from .gradcheck import KinkWarning, gradcheck, gradgradcheck
from .primitives import PrimitiveError, check_primitive

__all__ = ["KinkWarning", "PrimitiveError", "check_composite", "check_primitive", "gradcheck", "gradgradcheck"]
