"""save and load: what comes back, what is refused, and that nothing half-written is left."""

from __future__ import annotations

import builtins
import io
import json
import os
import pickle
import struct
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import autograd
import nn
from autograd.errors import ArgumentError, DtypeError, FileFormatError


def test_everything_comes_back(tmp_path: Path, rng: np.random.Generator) -> None:
    base = rng.normal(size=(4, 6))
    state: dict[str, Any] = {
        dtype: autograd.tensor(np.array([[0, 1, 1], [1, 0, 0]], dtype))
        for dtype in ("float64", "float32", "float16", "int64", "int32", "int16", "int8", "uint8", "bool")
    }
    state["number"] = autograd.tensor(2.5, dtype=autograd.float64)
    state["empty"] = autograd.zeros(0, 3)
    state["not contiguous"] = autograd.tensor(base).T[::2, 1:]
    state["broadcast"] = autograd.ones(3).expand(2, 3)
    state["array"] = base[::-1]
    state["big endian"] = base.astype(">f4")
    state["special"] = autograd.tensor([float("inf"), float("-inf"), float("nan"), -0.0])
    state["with/ünïcode. and spaces"] = autograd.ones(1)
    state["parameter"] = nn.Parameter(autograd.ones(2))
    autograd.save(state, tmp_path / "x.safetensors", {"by": "a test"})
    loaded = autograd.load(str(tmp_path / "x.safetensors"))
    assert set(loaded) == set(state)
    for name, value in state.items():
        expected = value.detach().numpy() if isinstance(value, autograd.Tensor) else value
        found = loaded[name].numpy()
        assert type(loaded[name]) is autograd.Tensor and found.dtype == expected.dtype.newbyteorder("=")
        np.testing.assert_array_equal(found, expected)
        assert found.flags.writeable and found.flags.c_contiguous
    assert np.signbit(loaded["special"].numpy()[3])


def test_other_readers_understand_it(torch: ModuleType, tmp_path: Path) -> None:
    """The safetensors package's own reader for PyTorch, the metadata included."""
    from safetensors import safe_open

    autograd.save({"a": autograd.arange(6).reshape(2, 3), "t": autograd.ones(2, 3).T}, tmp_path / "x", {"k": "v"})
    with safe_open(tmp_path / "x", framework="pt") as file:
        assert file.metadata() == {"k": "v"}
        assert (file.get_tensor("a") == torch.arange(6).reshape(2, 3)).all() and file.get_tensor("t").shape == (3, 2)


def test_we_understand_other_writers(torch: ModuleType, tmp_path: Path) -> None:
    from safetensors.torch import save_file

    save_file(torch.nn.Linear(3, 2).state_dict(), tmp_path / "x")
    nn.Linear(3, 2).load_state_dict(autograd.load(tmp_path / "x"))
    save_file({"w": torch.ones(2, dtype=torch.uint16)}, tmp_path / "y")
    with pytest.raises(FileFormatError, match=r"'w' in .*y is of dtype U16, which is not supported"):
        autograd.load(tmp_path / "y")


def test_a_model_goes_through_a_file(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(2 * 16, 3))
    model[3].bias = model[3].bias
    x = autograd.randn(2, 1, 6, 6)
    model(x)
    autograd.save(model.state_dict(), tmp_path / "m.safetensors")
    other = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(2 * 16, 3))
    other.load_state_dict(autograd.load(tmp_path / "m.safetensors"))
    assert (other.eval()(x) == model.eval()(x)).all()


def test_shared_memory_is_written_for_each_name(tmp_path: Path) -> None:
    layer = nn.Linear(2, 2)
    tied = nn.Sequential(layer, layer)
    autograd.save(tied.state_dict(), tmp_path / "x")
    loaded = autograd.load(tmp_path / "x")
    assert list(loaded) == ["0.bias", "0.weight", "1.bias", "1.weight"]
    assert (loaded["0.weight"] == loaded["1.weight"]).all()


@pytest.mark.parametrize(
    ("state", "metadata", "error", "text"),
    [
        ({3: np.ones(1)}, None, DtypeError, "the name 3 is a int; use text"),
        (
            {"a": {"b": [object()]}},
            None,
            DtypeError,
            r"'a\.b\.0' is a object, which is neither a Tensor nor plain data",
        ),
        ({"a": 1, "m": nn.Linear(1, 1)}, None, DtypeError, r"'m' is a Linear, .*; save its state_dict\(\)"),
        ({"a": 1, "c": {1, 2}}, None, DtypeError, "'c' is a set"),
        ({"a": {frozenset(): 1}}, None, DtypeError, "the name frozenset.* in 'a' is a frozenset"),
        (3 + 4j, None, DtypeError, "the state is a complex"),
        ({"a": 1}, {"chainrule.structure": "x"}, ArgumentError, "keeps the name"),
        ({"__metadata__": np.ones(1)}, None, ArgumentError, "keeps the name '__metadata__'"),
        ({"a": np.ones(1, complex)}, None, DtypeError, "'a' is complex128"),
        ({"a": np.array([object()])}, None, DtypeError, "'a' is object"),
        ({"a": np.ones(1)}, {"k": 3}, DtypeError, "metadata 'k': 3 is not text"),
    ],
)
def test_what_cannot_be_saved(tmp_path: Path, state: Any, metadata: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        autograd.save(state, tmp_path / "x", metadata)
    assert list(tmp_path.iterdir()) == []


def test_places_that_cannot_be_written(tmp_path: Path) -> None:
    state = {"a": autograd.ones(1)}
    with pytest.raises(FileNotFoundError, match=r"the folder .*nowhere is not there; make it first"):
        autograd.save(state, tmp_path / "nowhere" / "x")
    with pytest.raises(IsADirectoryError, match="is a folder"):
        autograd.save(state, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_a_folder_without_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the tests run as root, whom permissions do not stop."""

    def refuse(*arguments: Any, **keywords: Any) -> Any:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(builtins, "open", refuse)
    with pytest.raises(PermissionError, match=r"x cannot be written \(Permission denied\); nothing was changed"):
        autograd.save({"a": autograd.ones(1)}, tmp_path / "x")
    monkeypatch.undo()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("stage", ["fsync", "replace"])
def test_an_interruption_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: str) -> None:
    path = tmp_path / "x"
    autograd.save({"a": autograd.ones(1)}, path)
    before = path.read_bytes()
    for error in (OSError(28, "No space left on device"), KeyboardInterrupt()):

        def fail(*arguments: Any, error: BaseException = error) -> None:
            raise error

        monkeypatch.setattr(os, stage, fail)
        with pytest.raises(type(error)):
            autograd.save({"a": autograd.zeros(1000)}, path)
        monkeypatch.undo()
        assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(os.name != "posix", reason="permissions and links of POSIX")
def test_permissions_and_links_are_kept(tmp_path: Path) -> None:
    path, link = tmp_path / "x", tmp_path / "link"
    plain = tmp_path / "plain"
    plain.touch()
    autograd.save({"a": autograd.ones(1)}, path)
    assert path.stat().st_mode == plain.stat().st_mode
    path.chmod(0o640)
    link.symlink_to(path)
    autograd.save({"a": autograd.zeros(1)}, link)
    assert link.is_symlink() and path.stat().st_mode & 0o777 == 0o640
    assert autograd.load(path)["a"].item() == 0


# --- files that are not what they claim


def crafted(header: Any, data: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


class Bomb:
    """What a pickle would run."""

    def __reduce__(self) -> Any:
        return os._exit, (1,)


GOOD = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
HOSTILE: dict[str, bytes] = {
    "empty": b"",
    "short": b"\x01\x02",
    "text": b"this is no safetensors file at all",
    "huge header": struct.pack("<Q", 2**63) + b"{}",
    "long header": struct.pack("<Q", 10**6) + b"{}",
    "no json": crafted(b"{not json}"),
    "no utf-8": crafted(b"\xff\xfe{}"),
    "list": crafted([1, 2]),
    "nested": crafted(b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
    "no offsets": crafted({"a": {"dtype": "F32", "shape": [2]}}, bytes(8)),
    "too little data": crafted({"a": GOOD}, bytes(4)),
    "too much data": crafted({"a": GOOD}, bytes(16)),
    "wrong size": crafted({"a": {**GOOD, "shape": [3]}}, bytes(8)),
    "overflow": crafted({"a": {**GOOD, "shape": [2**62, 2**62]}}, bytes(8)),
    "negative": crafted({"a": {**GOOD, "shape": [-2]}}, bytes(8)),
    "backwards": crafted({"a": {**GOOD, "data_offsets": [8, 0]}}, bytes(8)),
    "overlap": crafted({"a": GOOD, "b": {**GOOD, "data_offsets": [4, 12]}}, bytes(12)),
    "hole": crafted({"a": GOOD, "b": {**GOOD, "data_offsets": [12, 20]}}, bytes(20)),
    "unknown dtype": crafted({"a": {**GOOD, "dtype": "F33"}}, bytes(8)),
    "pickle": pickle.dumps(Bomb(), protocol=2),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_get_an_error(tmp_path: Path, name: str) -> None:
    path = tmp_path / "hostile.safetensors"
    path.write_bytes(HOSTILE[name])
    with pytest.raises(
        FileFormatError, match=r"hostile\.safetensors is no intact safetensors file of \d+ bytes"
    ) as caught:
        autograd.load(path)
    if name == "pickle":
        assert "looks like a pickle, which is not read here" in str(caught.value)
    if name == "empty":
        assert "it is empty" in str(caught.value)


@pytest.mark.parametrize("shape", [[0] * 100, [0, 2**62, 2**62]])
def test_an_impossible_shape_gets_an_error(tmp_path: Path, shape: list[int]) -> None:
    head = json.dumps({"a": {"dtype": "F32", "shape": shape, "data_offsets": [0, 0]}}).encode()
    (tmp_path / "x").write_bytes(struct.pack("<Q", len(head)) + head)
    with pytest.raises(FileFormatError, match="load: "):
        autograd.load(tmp_path / "x")


def test_a_file_of_torch_save_is_named(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.pt", "w") as archive:
        archive.writestr("data.pkl", pickle.dumps(Bomb()))
    with pytest.raises(FileFormatError, match=r"looks like a zip file, as torch\.save writes"):
        autograd.load(tmp_path / "x.pt")


def test_every_truncation_gets_an_error(tmp_path: Path) -> None:
    path = tmp_path / "x"
    autograd.save({"a": autograd.ones(3), "b": autograd.zeros(2, 2)}, path, {"k": "v"})
    content = path.read_bytes()
    for length in range(len(content)):
        path.write_bytes(content[:length])
        with pytest.raises(FileFormatError):
            autograd.load(path)


def test_flipped_bits_give_an_error_or_other_numbers(tmp_path: Path) -> None:
    """The format has no checksum: a flip in the numbers is read as another number; one in the head never crashes."""
    path = tmp_path / "x"
    autograd.save({"a": autograd.ones(3)}, path)
    content = path.read_bytes()
    refused = 0
    for place in range(8 * len(content)):
        changed = bytearray(content)
        changed[place // 8] ^= 1 << place % 8
        path.write_bytes(bytes(changed))
        try:
            loaded = autograd.load(path)
        except FileFormatError:
            refused += 1
        else:
            assert all(isinstance(value, autograd.Tensor) for value in loaded.values())
    assert refused > 200


def test_truth_values_are_0_or_1(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(crafted({"a": {"dtype": "BOOL", "shape": [3], "data_offsets": [0, 3]}}, b"\x00\x01\x07"))
    assert autograd.load(path)["a"].numpy().view(np.uint8).tolist() == [0, 1, 1]


@pytest.mark.parametrize(
    ("place", "error", "text"),
    [
        (lambda folder: folder / "nowhere", FileNotFoundError, "load: there is no file .*nowhere"),
        (lambda folder: folder, IsADirectoryError, "is a folder"),
    ],
)
def test_files_that_are_not_there(
    tmp_path: Path, place: Callable[[Path], Path], error: type[Exception], text: str
) -> None:
    with pytest.raises(error, match=text):
        autograd.load(place(tmp_path))


# --- nested states


def equal(a: Any, b: Any) -> bool:
    """Equal in type and to the bit, nan included."""
    if isinstance(a, autograd.Tensor):
        a, b = a.detach().numpy(), b.numpy() if type(b) is autograd.Tensor else b
    if type(a) is not type(b):
        return False
    if isinstance(a, (np.ndarray, np.generic)):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(a, dict):
        return list(a) == list(b) and all(equal(a[k], b[k]) for k in a) and list(map(type, a)) == list(map(type, b))
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(equal, a, b))
    return repr(a) == repr(b)


NESTED: dict[str, Any] = {
    "number": 3,
    "list": [1, 2.5, "three", None, True],
    "empty": [[], (), {}, ""],
    "floats": [0.1, -0.0, 1e-320, float("inf"), float("-inf"), float("nan"), 2**200],
    "keys": {1: "a", "1": "b", None: "c", False: 2, 2.5: 3, (1, "x"): 4},
    "tensors": {"a": {"b": autograd.ones(2)}, "a.b": autograd.zeros(1), "__metadata__": autograd.ones(1)},
    "arrays": [np.arange(3), np.float32(0.1), np.int64(5), np.bool_(True)],
    "names like ours": {"tensor": "x", "dict": [1], "tuple": autograd.ones(1)},
    "things": (autograd.float32, autograd.device("cpu")),
    "parameter": [nn.Parameter(autograd.ones(2))],
    "text": "ünï\n\u2028\"'",
    "generator": autograd.Generator(3).get_state(),
}


@pytest.mark.parametrize("state", [*NESTED.values(), NESTED, autograd.arange(3)], ids=str)
def test_a_nested_state_comes_back(tmp_path: Path, state: Any) -> None:
    autograd.save(state, tmp_path / "x", {"k": "v"})
    assert equal(state, autograd.load(tmp_path / "x", map_location="cpu", weights_only=True))
    buffer = io.BytesIO()
    autograd.save(state, buffer)
    buffer.seek(0)
    assert equal(state, autograd.load(buffer))


def test_tensors_of_a_nested_state_have_readable_names(torch: ModuleType, tmp_path: Path) -> None:
    from safetensors.torch import load_file

    autograd.save({"model": nn.Sequential(nn.Linear(2, 1)).state_dict(), "epoch": 3}, tmp_path / "x")
    assert sorted(load_file(tmp_path / "x")) == ["model.0.bias", "model.0.weight"]


@pytest.mark.parametrize(
    "structure", ["{", "[", '{"tensor": "b"}', '{"what": 1}', '{"dict": 3}', "{}", '{"a": 1, "b": 2}', "[" * 9999]
)
def test_a_wrong_description_gets_an_error(tmp_path: Path, structure: str) -> None:
    (tmp_path / "x").write_bytes(crafted({"__metadata__": {"chainrule.structure": structure}, "a": GOOD}, bytes(8)))
    with pytest.raises(FileFormatError, match="describes its state wrongly"):
        autograd.load(tmp_path / "x")


def test_parts_of_killed_writers_are_removed_after_a_while(tmp_path: Path) -> None:
    old, new, other = (tmp_path / f".{n}.part" for n in ("x." + "0" * 16, "x." + "1" * 16, "x.y." + "0" * 16))
    for part in (old, new, other):
        part.touch()
    for part in (old, other):
        os.utime(part, (time.time() - 7200,) * 2)
    autograd.save({}, tmp_path / "x")
    assert sorted(tmp_path.iterdir()) == sorted([new, other, tmp_path / "x"])


# --- bfloat16, float16 and .npz


def test_bfloat16_is_that_of_torch(torch: ModuleType, tmp_path: Path, rng: np.random.Generator) -> None:
    from safetensors.torch import load_file, save_file

    bits = rng.integers(0, 2**32, 100_000, dtype=np.uint32)
    bits[:50_000] &= 0xFFFF8000  # halfway between two, and exact ones
    numbers = np.concatenate([bits.view(np.float32), np.float32([np.inf, -np.inf, -0.0, 3.4e38, 1e-40])])
    state = {"w": autograd.tensor(numbers), "d": autograd.tensor([0.1, 1e300], dtype=autograd.float64)}
    autograd.save({**state, "i": autograd.arange(3)}, tmp_path / "x", {"k": "v"}, dtype="bfloat16")
    theirs = load_file(tmp_path / "x")
    assert theirs["w"].dtype == theirs["d"].dtype == torch.bfloat16 and theirs["i"].tolist() == [0, 1, 2]
    expected = torch.tensor(numbers).bfloat16()
    same = (theirs["w"] == expected) | (theirs["w"].isnan() & expected.isnan())
    assert same.all() and theirs["d"].equal(torch.tensor([0.1, 1e300], dtype=torch.float64).bfloat16())
    save_file({"w": expected.reshape(5, -1)}, tmp_path / "y")
    ours = autograd.load(tmp_path / "y")["w"]
    assert ours.dtype == autograd.float32
    np.testing.assert_array_equal(ours.numpy(), expected.float().reshape(5, -1).numpy())


def test_float16_storage(torch: ModuleType, tmp_path: Path) -> None:
    from safetensors.torch import load_file

    autograd.save({"a": [autograd.tensor([0.1])], "n": 1}, tmp_path / "x", dtype=autograd.float16)
    assert load_file(tmp_path / "x")["a.0"].dtype == torch.float16
    assert autograd.load(tmp_path / "x")["a"][0].dtype == autograd.float16
    with pytest.raises(ArgumentError, match="holds no fractions"):
        autograd.save({}, tmp_path / "y", dtype=autograd.int64)


def test_npz(tmp_path: Path) -> None:
    state = {"w": autograd.randn(2, 3), "file": autograd.arange(2), "a.b/c": autograd.tensor(True)}
    autograd.save(state, tmp_path / "x.npz")
    with np.load(tmp_path / "x.npz") as archive:
        assert {name: archive[name].dtype for name in archive} == {k: v.dtype for k, v in state.items()}
    loaded = autograd.load(tmp_path / "x.npz")
    assert equal({k: state[k] for k in sorted(state)}, loaded)
    np.savez_compressed(tmp_path / "y.npz", w=np.ones(3, ">f8"), i=np.arange(2))
    assert equal(autograd.load(tmp_path / "y.npz"), {"i": autograd.arange(2), "w": autograd.ones(3).double()})
    autograd.save(state, tmp_path / "x.npz", dtype=autograd.float16)
    assert autograd.load(tmp_path / "x.npz")["w"].dtype == autograd.float16
    for wrong, options in (({"a": 1}, {}), (state, {"dtype": "bfloat16"}), (state, {"metadata": {"a": "b"}})):
        with pytest.raises(ArgumentError, match=r"an \.npz file holds arrays by name"):
            autograd.save(wrong, tmp_path / "z.npz", **options)


def test_hostile_npz_files(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    np.savez(path, a=np.array([Bomb()], dtype=object))
    with pytest.raises(FileFormatError, match=r"no intact \.npz file"):
        autograd.load(path)
    np.savez(path, a=np.ones(2, complex))
    with pytest.raises(FileFormatError, match="'a' is complex128"):
        autograd.load(path)
    np.savez(path, a=np.arange(5.0))
    content = path.read_bytes()
    for length in range(2, len(content)):
        path.write_bytes(content[:length])
        with pytest.raises(FileFormatError):
            autograd.load(path)
