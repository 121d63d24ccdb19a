"""The dtypes by themselves; how they meet in operations is tested beside the operations."""

from __future__ import annotations

import numpy as np
import pytest

import autograd
from autograd import dtypes, errors

NAMES = ["float32", "float64", "float16", "int64", "int32", "int16", "int8", "uint8", "bool"]


@pytest.fixture
def default():
    """Puts the default dtype back."""
    before = autograd.get_default_dtype()
    yield before
    autograd.set_default_dtype(before)


def test_supported_dtypes_and_their_names(torch):
    assert [str(d) for d in dtypes.SUPPORTED] == NAMES
    for name in [*NAMES, "float", "double", "half", "long", "int", "short"]:
        assert str(np.dtype(getattr(autograd, name))) == str(getattr(torch, name)).removeprefix("torch."), name


@pytest.mark.parametrize("name", NAMES)
def test_as_dtype_takes_dtypes_scalar_types_and_names(name):
    expected = np.dtype(name)
    for given in (name, expected, expected.type, autograd.zeros(1, dtype=name).dtype):
        assert dtypes.as_dtype(given) is expected


def test_as_dtype_takes_pythons_types(default):
    assert dtypes.as_dtype(bool) == np.bool_
    assert dtypes.as_dtype(int) == np.int64
    assert dtypes.as_dtype(float) == np.float32
    autograd.set_default_dtype("float64")
    assert dtypes.as_dtype(float) == np.float64


@pytest.mark.parametrize("wrong", ["float99", "uint16", "complex64", None, 3, object, "U3", np.dtype(">f4"), [1]])
def test_as_dtype_refuses_the_rest(wrong):
    with pytest.raises(errors.DtypeError, match="is not supported; use one of float32, float64"):
        dtypes.as_dtype(wrong)


@pytest.mark.parametrize("a", NAMES)
@pytest.mark.parametrize("b", NAMES)
def test_promote_types_and_can_cast_as_in_pytorch(torch, a, b):
    expected = str(torch.promote_types(getattr(torch, a), getattr(torch, b))).removeprefix("torch.")
    assert str(autograd.promote_types(a, b)) == expected
    assert autograd.can_cast(a, b) == torch.can_cast(getattr(torch, a), getattr(torch, b))


def test_numpys_numbers_count_as_zero_dimensional_arrays_and_pythons_as_numbers():
    x = autograd.ones(2)
    assert autograd.result_type(x, np.float64(1)) == np.float32
    assert autograd.result_type(np.float64(1), 2) == np.float64
    assert autograd.result_type(np.float16(1), 2.5) == np.float16
    assert autograd.result_type(autograd.tensor(1), 2.5) == np.float32
    assert autograd.result_type(autograd.tensor(1), np.float64(2.5)) == np.float64
    assert autograd.result_type(True, 2) == np.int64
    assert autograd.result_type(x.bool(), 2, None) == np.int64


def test_the_default_dtype(default):
    assert default == np.float32
    assert autograd.tensor(1.5).dtype == np.float32
    autograd.set_default_dtype(np.float64)
    made = [
        autograd.tensor([1.5]),
        autograd.zeros(2),
        autograd.rand(2),
        autograd.arange(0, 1, 0.5),
        autograd.linspace(0, 1, 3),
        autograd.tensor([1, 2]) * 1.5,
        autograd.tensor([1, 2]) / 2,
        autograd.full((2,), 1.5),
    ]
    assert {str(t.dtype) for t in made} == {"float64"}
    assert autograd.tensor([1, 2]).dtype == np.int64
    assert repr(autograd.tensor(1.5)) == "tensor(1.5000)"
    assert repr(autograd.tensor(1.5, dtype="float32")) == "tensor(1.5000, dtype=float32)"
    with pytest.raises(errors.DtypeError, match=r"set_default_dtype: int64 is not a floating dtype; use float16"):
        autograd.set_default_dtype("int64")
    assert autograd.get_default_dtype() == np.float64
