"""save and load: what comes back, what is refused, and that nothing half-written is left."""

from __future__ import annotations

import builtins
import json
import os
import pickle
import struct
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
    save_file({"w": torch.ones(2, dtype=torch.bfloat16)}, tmp_path / "y")
    with pytest.raises(FileFormatError, match=r"'w' in .*y is of dtype BF16, which is not supported"):
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
        ([1], None, DtypeError, "expected a dict from name to Tensor, not list"),
        ({"a": 3.0}, None, DtypeError, "'a' is a float, not a Tensor"),
        ({"a": [1.0]}, None, DtypeError, "'a' is a list"),
        ({3: np.ones(1)}, None, DtypeError, "the name 3 is a int; use text"),
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
