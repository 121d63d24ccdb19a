"""Making tensors: the numbers, dtypes and errors, held to PyTorch's."""

from __future__ import annotations

import numpy as np
import pytest

import autograd
from autograd import errors


def name(dtype):
    return str(dtype).removeprefix("torch.")


DATA = {
    "number": 2.5,
    "whole": 3,
    "bool": True,
    "list": [1.0, 2.0],
    "ints": [1, 2],
    "bools": [True, False],
    "bool and int": [True, 2],
    "bool and float": [True, 1.5],
    "nested": [[1, 2.5], [3, 4]],
    "tuple": ((1, 2), [3, 4]),
    "empty": [],
    "nested empty": [[], []],
    "float64 array": np.arange(3.0),
    "int32 array": np.arange(3, dtype="int32"),
    "float16 array": np.ones(2, "float16"),
    "0-d array": np.array(2.5),
    "NumPy float": np.float64(2.5),
    "NumPy float32": np.float32(2.5),
    "NumPy int": np.int8(2),
    "NumPy bool": np.bool_(True),
    "list of NumPy floats": [np.float64(1), np.float64(2)],
    "float and NumPy float": [1.0, np.float64(2)],
    "float32 and float": [np.float32(2), 1.0],
    "float16 and float": [np.float16(2), 1.0],
    "float16 and int": [np.float16(2), 1],
    "int32 and float": [np.int32(1), 2.0],
    "int32 and float32": [np.int32(1), np.float32(2.0)],
    "int and float64": [1, np.float64(2)],
    "late float64": [[1.0, 2.0], [3.0, np.float64(4)]],
}


@pytest.mark.parametrize("case", DATA)
def test_tensor_infers_what_pytorch_infers(torch, case):
    data = DATA[case]
    ours, theirs = autograd.tensor(data), torch.tensor(data)
    assert name(ours.dtype) == name(theirs.dtype)
    assert ours.shape == tuple(theirs.shape)
    assert ours.tolist() == theirs.tolist()


def test_tensor_of_tensors():
    rows = [autograd.tensor([1.0, 2.0]), autograd.tensor([3.0, 4.0])]
    assert autograd.tensor(rows).tolist() == [[1.0, 2.0], [3.0, 4.0]]
    assert autograd.tensor([autograd.tensor(1.0), 2.0]).dtype == np.float32
    assert autograd.tensor(autograd.tensor([1.0], requires_grad=True)).requires_grad is False


def test_tensor_copies_and_as_tensor_and_from_numpy_share():
    array = np.ones(3)
    copied, shared, viewed = autograd.tensor(array), autograd.as_tensor(array), autograd.from_numpy(array)
    array[0] = 7
    assert copied.tolist() == [1.0, 1.0, 1.0]
    assert shared.tolist() == viewed.tolist() == [7.0, 1.0, 1.0]
    assert autograd.as_tensor(shared) is shared
    assert autograd.as_tensor(array, dtype="float32").dtype == np.float32
    assert autograd.as_tensor([1, 2]).tolist() == [1, 2]
    data = [1.0, 2.0]
    made = autograd.tensor(data)
    made.zero_()
    assert data == [1.0, 2.0]


def test_other_byte_orders_and_layouts_are_brought_to_ours():
    assert autograd.tensor(np.arange(3, dtype=">f4")).dtype is np.dtype("float32")
    assert autograd.tensor(np.arange(3, dtype=">f4")).tolist() == [0.0, 1.0, 2.0]
    assert autograd.tensor(np.arange(6.0).reshape(2, 3).T).tolist() == [[0.0, 3.0], [1.0, 4.0], [2.0, 5.0]]
    assert autograd.tensor(np.arange(6.0)[::-2]).tolist() == [5.0, 3.0, 1.0]


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "int64", "int8", "uint8", "bool"])
def test_given_dtypes(torch, dtype):
    cases = [[0, 1, 2], [True, False], np.array([0.0, 2.7]), 1, [0.5, 1.0] if dtype[0] in "fb" else [0.0, 1.0]]
    for data in cases:
        ours, theirs = autograd.tensor(data, dtype=dtype), torch.tensor(data, dtype=getattr(torch, dtype))
        assert ours.tolist() == theirs.tolist()
        assert name(ours.dtype) == dtype


def test_fills(torch):
    for maker in ("zeros", "ones", "empty"):
        for shape in [(), (0,), (3,), (2, 3)]:
            for dtype in ("float32", "int64", "bool"):
                ours = getattr(autograd, maker)(*shape, dtype=dtype)
                theirs = getattr(torch, maker)(shape, dtype=getattr(torch, dtype))
                assert ours.shape == tuple(theirs.shape)
                assert name(ours.dtype) == dtype
                assert maker == "empty" or ours.tolist() == theirs.tolist()
                assert getattr(autograd, maker)(shape).shape == ours.shape
                like = getattr(autograd, maker + "_like")(ours)
                assert (like.shape, like.dtype) == (ours.shape, ours.dtype)
    for value in (2.5, 7, True):
        assert name(autograd.full((2,), value).dtype) == name(torch.full((2,), value).dtype)
        assert autograd.full((2, 2), value).tolist() == torch.full((2, 2), value).tolist()
    assert autograd.full((2,), np.int64(7)).dtype == np.int64
    assert autograd.full((2,), np.float64(7.5)).dtype == np.float32
    assert autograd.full((2,), autograd.tensor(3.0)).tolist() == [3.0, 3.0]
    assert autograd.full_like(autograd.ones(2, dtype="int32"), 7).dtype == np.int32
    assert autograd.zeros_like(np.ones(2)).dtype == np.float64
    assert autograd.ones_like(autograd.ones(2), dtype="int64").dtype == np.int64


RANGES = [
    (5,),
    (2, 7),
    (0, 10, 3),
    (10, 0, -3),
    (5.0,),
    (0, 1, 0.1),
    (1, 0, -0.3),
    (0, 0),
    (3, 3, 2),
    (0.0, 5),
    (0, 2, 0.3),
]


@pytest.mark.parametrize("bounds", RANGES)
def test_arange(torch, bounds):
    ours, theirs = autograd.arange(*bounds), torch.arange(*bounds)
    assert name(ours.dtype) == name(theirs.dtype)
    np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-6, atol=1e-7)
    assert autograd.arange(*bounds, dtype="float64").dtype == np.float64
    assert autograd.arange(*map(np.float64, bounds)).shape == ours.shape


@pytest.mark.parametrize("steps", [0, 1, 2, 5, 101])
def test_linspace_and_logspace(torch, steps):
    for first, last in [(0, 1), (-3.0, 5.0), (2, 2), (1, -1)]:
        ours, theirs = autograd.linspace(first, last, steps), torch.linspace(first, last, steps)
        np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-6, atol=1e-6)
        assert ours.dtype == np.float32
        np.testing.assert_allclose(
            autograd.logspace(first, last, steps, base=2.0).numpy(),
            torch.logspace(first, last, steps, base=2.0).numpy(),
            rtol=1e-5,
        )


def test_eye_and_meshgrid(torch):
    for sizes in [(3,), (2, 3), (3, 2), (0,), (0, 2)]:
        assert autograd.eye(*sizes).tolist() == torch.eye(*sizes).tolist()
    vectors = [[1.0, 2.0], [3.0, 4.0, 5.0], [6.0]]
    for indexing in ("ij", "xy"):
        ours = autograd.meshgrid(*map(autograd.tensor, vectors), indexing=indexing)
        theirs = torch.meshgrid(*map(torch.tensor, vectors), indexing=indexing)
        assert [g.tolist() for g in ours] == [g.tolist() for g in theirs]
    single = autograd.meshgrid(autograd.tensor(1.0), autograd.tensor([1.0, 2.0]))
    assert [g.shape for g in single] == [(1, 2), (1, 2)]


def test_requires_grad_may_be_asked_of_every_maker():
    for made in (
        autograd.tensor([1.0], requires_grad=True),
        autograd.zeros(2, requires_grad=True),
        autograd.full((2,), 1.5, requires_grad=True),
        autograd.arange(0.0, 3.0, requires_grad=True),
        autograd.linspace(0, 1, 3, requires_grad=True),
        autograd.eye(2, requires_grad=True),
        autograd.rand(2, requires_grad=True),
        autograd.ones_like(autograd.ones(2), requires_grad=True),
    ):
        assert made.requires_grad
        assert made.is_leaf


def test_is_tensor():
    assert autograd.is_tensor(autograd.ones(1))
    assert not autograd.is_tensor(np.ones(1))
    assert not autograd.is_tensor(autograd.Value(1.0))


@pytest.mark.parametrize(
    ("action", "kind", "words"),
    [
        (lambda: autograd.tensor("abc"), errors.DtypeError, ["tensor", "<U3", "use one of"]),
        (lambda: autograd.tensor("1.5", dtype="float32"), errors.DtypeError, ["tensor", "<U3"]),
        (lambda: autograd.tensor(["a", 1.0]), errors.DtypeError, ["tensor", "not supported"]),
        (lambda: autograd.tensor([1j]), errors.DtypeError, ["tensor", "complex128"]),
        (lambda: autograd.tensor(np.array([1j]), dtype="float32"), errors.DtypeError, ["tensor", "complex128"]),
        (lambda: autograd.tensor(None), errors.DtypeError, ["tensor", "NoneType"]),
        (lambda: autograd.tensor([1.0, None]), errors.DtypeError, ["tensor", "None"]),
        (lambda: autograd.tensor({1: 2}), errors.DtypeError, ["tensor", "dict"]),
        (lambda: autograd.tensor([[1], [1, 2]]), errors.ShapeError, ["tensor", "different lengths", "[[1], [1, 2]]"]),
        (lambda: autograd.tensor([1, [2]]), errors.ShapeError, ["tensor", "different lengths"]),
        (lambda: autograd.tensor([2**63]), errors.DtypeError, ["tensor"]),
        (lambda: autograd.tensor([2**70]), errors.DtypeError, ["tensor"]),
        (lambda: autograd.tensor([300], dtype="int8"), errors.DtypeError, ["tensor", "300", "int8", "wider"]),
        (lambda: autograd.tensor([-1], dtype="uint8"), errors.DtypeError, ["tensor", "-1", "uint8"]),
        (lambda: autograd.tensor([float("nan")], dtype="int64"), errors.DtypeError, ["tensor", "nan", "int64"]),
        (lambda: autograd.tensor(np.ones(2, "uint16")), errors.DtypeError, ["tensor", "uint16", "use one of"]),
        (lambda: autograd.tensor(np.ones(2, "datetime64[s]")), errors.DtypeError, ["tensor", "datetime64"]),
        (lambda: autograd.tensor([1.0], dtype="float99"), errors.DtypeError, ["'float99'", "use one of"]),
        (lambda: autograd.tensor([1.0], device="cuda"), errors.ArgumentError, ["'cuda'", "'cpu'"]),
        (lambda: autograd.from_numpy([1.0]), errors.DtypeError, ["from_numpy", "list", "autograd.tensor"]),
        (lambda: autograd.from_numpy(np.ones(2, complex)), errors.DtypeError, ["from_numpy", "complex128"]),
        (lambda: autograd.zeros("a"), errors.ShapeError, ["zeros", "'a'", "integers"]),
        (lambda: autograd.zeros(2.5), errors.ShapeError, ["zeros", "2.5"]),
        (lambda: autograd.ones(2, -1), errors.ShapeError, ["ones", "(2, -1)", "negative"]),
        (lambda: autograd.empty(None), errors.ShapeError, ["empty", "None"]),
        (lambda: autograd.zeros(2, dtype="int64", requires_grad=True), errors.DtypeError, ["int64", ".float()"]),
        (lambda: autograd.full((2,), "a"), errors.DtypeError, ["full", "<U1"]),
        (lambda: autograd.full((2,), None), errors.DtypeError, ["full", "None"]),
        (lambda: autograd.full((2,), [1, 2]), errors.ShapeError, ["full", "(2,)", "one number"]),
        (lambda: autograd.full((2,), 300, dtype="int8"), errors.DtypeError, ["full", "300", "int8"]),
        (lambda: autograd.full(("a",), 1.0), errors.ShapeError, ["full", "'a'"]),
        (lambda: autograd.zeros_like([1]), errors.DtypeError, ["zeros_like", "list"]),
        (lambda: autograd.full_like("a", 1), errors.DtypeError, ["full_like", "'a'"]),
        (lambda: autograd.arange("a"), errors.ArgumentError, ["arange", "end", "'a'"]),
        (lambda: autograd.arange(float("nan")), errors.ArgumentError, ["arange", "end", "nan", "finite"]),
        (lambda: autograd.arange(0, float("inf")), errors.ArgumentError, ["arange", "end", "inf"]),
        (lambda: autograd.arange(0, 5, 0), errors.ArgumentError, ["arange", "step 0", "0 to 5"]),
        (lambda: autograd.arange(0, 5, -1), errors.ArgumentError, ["arange", "step -1", "sign"]),
        (lambda: autograd.arange(0, 5, None), errors.ArgumentError, ["arange", "step", "None"]),
        (lambda: autograd.arange(autograd.ones(2)), errors.ArgumentError, ["arange", "end"]),
        (lambda: autograd.linspace(0, 1, 2.5), errors.ArgumentError, ["linspace", "steps", "2.5"]),
        (lambda: autograd.linspace(0, 1, -1), errors.ArgumentError, ["linspace", "steps", "-1"]),
        (lambda: autograd.linspace("a", 1, 2), errors.ArgumentError, ["linspace", "start", "'a'"]),
        (lambda: autograd.logspace(0, "b", 2), errors.ArgumentError, ["logspace", "end", "'b'"]),
        (lambda: autograd.eye("a"), errors.ShapeError, ["eye", "'a'"]),
        (lambda: autograd.eye(-1), errors.ShapeError, ["eye", "-1"]),
        (
            lambda: autograd.meshgrid(autograd.ones(2), indexing="zz"),
            errors.ArgumentError,
            ["meshgrid", "'zz'", "'ij'"],
        ),
    ],
)
def test_errors(action, kind, words):
    with pytest.raises(kind) as caught:
        action()
    for word in words:
        assert word in str(caught.value), str(caught.value)
