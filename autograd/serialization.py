"""Saving tensors, and states that hold them, and loading them: files of numbers and text, from which nothing is run.

The format is safetensors. What is not a Tensor (numbers, texts, lists, dicts) stands as JSON in the file's head, and
says under which name each Tensor is kept; a dict from name to Tensor needs none of it, and is an ordinary safetensors
file.
"""

from __future__ import annotations

import io
import json
import os
import secrets
import struct
import time
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from . import dtypes
from .devices import check_device, device
from .errors import ArgumentError, DtypeError, FileFormatError
from .primitive import Handle, make
from .tensor import Tensor

__all__ = ["load", "save"]

_STRUCTURE = "chainrule.structure"  # the name of the JSON in the file's head
_LEFT_BEHIND = 3600.0  # seconds after which a part of a file is nobody's who still writes it


def save(
    state: Any,
    path: str | os.PathLike[str] | BinaryIO,
    metadata: Mapping[str, str] | None = None,
    *,
    dtype: Any = None,
) -> None:
    """Write tensors, or a state that holds tensors, to a file: by name, as `model.state_dict()` gives them, or nested.

    The file is written beside its place and then moved there in one step: whatever interrupts the writing, under
    `path` there is the old file or the whole new one. Tensors that share memory are written one by one.

    Args:
        state: a dict from name to Tensor or array; or dicts, lists and tuples of these, numbers, texts and None, as
            `{"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 3}`.
        path: where; its folder must exist. A name that ends in ".npz" gets NumPy's format, for Tensors by name. An open
            binary file is accepted too, and is then simply written to.
        metadata: text by name, kept in the file's head.
        dtype: store floating tensors as float16, "bfloat16" or another floating dtype.

    Raises:
        DtypeError: a value is of a type that cannot be kept, or a name is no text where the file needs one.
        ArgumentError: a name is reserved by the format, or the dtype is no floating one.
        OSError: the folder is not there, or cannot be written to.

    Example:
        >>> import tempfile
        >>> folder = tempfile.TemporaryDirectory()
        >>> autograd.save({"x": autograd.tensor([1.0, 2.0])}, folder.name + "/x.safetensors")
        >>> autograd.load(folder.name + "/x.safetensors")
        {'x': tensor([1., 2.])}
        >>> autograd.save({"epoch": 3, "best": (0.5, autograd.ones(1))}, folder.name + "/x.safetensors")
        >>> autograd.load(folder.name + "/x.safetensors")
        {'epoch': 3, 'best': (0.5, tensor([1.]))}
        >>> folder.cleanup()
    """
    stored = _storage_dtype(dtype)
    for name, text in (metadata or {}).items():
        if not isinstance(name, str) or not isinstance(text, str):
            raise DtypeError(f"save: metadata {name!r}: {text!r:.80} is not text; convert it with str()")
        if name == _STRUCTURE:
            raise ArgumentError(f"save: metadata keeps the name {_STRUCTURE!r} for itself; use another")
    head = None if metadata is None else dict(metadata)
    if isinstance(state, Mapping) and all(isinstance(value, (Handle, np.ndarray)) for value in state.values()):
        arrays = {_checked_name(name): _array(repr(name), value) for name, value in state.items()}
    else:
        arrays = {}
        structure = _Writer(arrays).described(state, ())
        head = {**(head or {}), _STRUCTURE: json.dumps(structure, allow_nan=False)}
    if hasattr(path, "write"):
        path.write(_to_bytes(arrays, head, stored))
        return
    target = Path(path)
    if target.is_dir():
        raise IsADirectoryError(f"save: {target} is a folder; give the name of a file in it")
    if not target.parent.is_dir():
        raise FileNotFoundError(f"save: the folder {target.parent} is not there; make it first, as with os.makedirs")
    content = _to_npz(arrays, head, stored) if target.suffix == ".npz" else _to_bytes(arrays, head, stored)
    try:
        _replace(target, content)
    except OSError as error:
        raise type(error)(
            error.errno, f"save: {target} cannot be written ({error.strerror}); nothing was changed"
        ) from error


def _checked_name(name: Any) -> str:
    if not isinstance(name, str):
        raise DtypeError(f"save: the name {name!r} is a {type(name).__name__}; use text")
    if name == "__metadata__":
        raise ArgumentError("save: the format keeps the name '__metadata__' for itself; use another")
    return name


def _array(name: str, value: Any) -> np.ndarray:
    array = value._array if isinstance(value, Handle) else value
    native = array.dtype.newbyteorder("=")
    if native not in dtypes.SUPPORTED:
        raise DtypeError(f"save: {name} is {array.dtype}; use one of {', '.join(map(str, dtypes.SUPPORTED))}")
    return np.array(array, dtype=native, order="C", copy=None)  # the package writes memory as it lies


# --- what is not a Tensor


class _Writer:
    """Describes a nested state as JSON, and puts its arrays aside by name.

    Lists are lists, and what JSON has no form for is an object with one member, whose name says what it is.
    """

    def __init__(self, arrays: dict[str, np.ndarray]) -> None:
        self.arrays = arrays

    def described(self, value: Any, path: tuple[str, ...]) -> Any:
        """The description of a value that stands at a path."""
        if value is None or type(value) in (bool, int, str):
            return value
        if type(value) is float:
            return value if np.isfinite(value) else {"float": str(value)}
        if isinstance(value, (Handle, np.ndarray)):
            kind = "tensor" if isinstance(value, Handle) else "array"
            return {kind: self._put(value, path)}
        if isinstance(value, Mapping):
            return {"dict": [[self._key(k, path), self.described(v, (*path, str(k)))] for k, v in value.items()]}
        if isinstance(value, (list, tuple)):
            items = [self.described(item, (*path, str(k))) for k, item in enumerate(value)]
            return items if isinstance(value, list) else {"tuple": items}
        if isinstance(value, np.generic) and value.dtype in dtypes.SUPPORTED:
            return {"number": [str(value.dtype), self.described(value.item(), path)]}
        if isinstance(value, np.dtype) and value in dtypes.SUPPORTED:
            return {"dtype": str(value)}
        if isinstance(value, device):
            return {"device": str(value)}
        hint = "; save its state_dict()" if hasattr(value, "state_dict") else ""
        raise DtypeError(
            f"save: {_place(path)} is a {type(value).__name__}, which is neither a Tensor nor plain data (numbers, "
            f"text, None, lists, tuples, dicts){hint}"
        )

    def _key(self, key: Any, path: tuple[str, ...]) -> Any:
        if key is not None and type(key) not in (bool, int, float, str, tuple):
            raise DtypeError(f"save: the name {key!r:.80} in {_place(path)} is a {type(key).__name__}; use text")
        return self.described(key, path)

    def _put(self, value: Any, path: tuple[str, ...]) -> str:
        name = ".".join(path) or "tensor"
        while name in self.arrays or name == "__metadata__":
            name += "'"
        self.arrays[name] = _array(_place(path), value)
        return name


def _place(path: tuple[str, ...]) -> str:
    return repr(".".join(path)) if path else "the state"


def _restored(description: Any, tensors: Mapping[str, Tensor]) -> Any:
    """The value that a `_Writer` described."""
    if isinstance(description, list):
        return [_restored(item, tensors) for item in description]
    if not isinstance(description, dict):
        return description
    ((kind, held),) = description.items()
    if kind == "tensor":
        return tensors[held]
    if kind == "array":
        return tensors[held]._array
    if kind == "dict":
        return {_restored(key, tensors): _restored(value, tensors) for key, value in held}
    if kind == "tuple":
        return tuple([_restored(item, tensors) for item in held])
    if kind == "float":
        return float(held)
    if kind == "number":
        return dtypes.as_dtype(held[0]).type(_restored(held[1], tensors))
    if kind == "dtype":
        return dtypes.as_dtype(held)
    if kind == "device":
        return device(held)
    raise KeyError(kind)


# --- bytes


def _storage_dtype(dtype: Any) -> Any:
    """None, "bfloat16", or a floating dtype."""
    if dtype is None or (isinstance(dtype, str) and dtype == "bfloat16"):
        return dtype
    wanted = dtypes.as_dtype(dtype)
    if wanted.kind != "f":
        raise ArgumentError(f"save: dtype {wanted} holds no fractions; use float16, 'bfloat16', float32 or float64")
    return wanted


def _to_bytes(arrays: Mapping[str, np.ndarray], head: dict[str, str] | None, stored: Any) -> bytes:
    from safetensors.numpy import save as to_bytes

    floating = {name for name, array in arrays.items() if array.dtype.kind == "f"} if stored is not None else set()
    short = stored == "bfloat16" if isinstance(stored, str) else False
    ready = {
        name: array if name not in floating else _to_bfloat16(array) if short else array.astype(stored)
        for name, array in arrays.items()
    }
    content = to_bytes(ready, head)
    return _marked_bfloat16(content, floating) if short else content


def _to_bfloat16(array: np.ndarray) -> np.ndarray:
    """The upper halves of float32 numbers, rounded to the nearest one, and to the even one of two."""
    with np.errstate(over="ignore"):
        bits = array.astype(np.float32).view(np.uint32)
    rounded = (bits + (0x7FFF + (bits >> 16 & 1))) >> 16
    return np.where(np.isnan(array), (bits >> 16) | 0x40, rounded).astype(np.uint16)


def _marked_bfloat16(content: bytes, names: set[str]) -> bytes:
    """A file in which the tensors of some names, which were written as whole numbers of 16 bits, are bfloat16."""
    header = _header(content)
    for name in names:
        header[name]["dtype"] = "BF16"
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + content[8 + struct.unpack("<Q", content[:8])[0] :]


def _header(content: bytes) -> dict[str, Any]:
    return json.loads(content[8 : 8 + struct.unpack("<Q", content[:8])[0]])


def _to_npz(arrays: dict[str, np.ndarray], head: dict[str, str] | None, stored: Any) -> bytes:
    if head is not None or isinstance(stored, str):
        what = "bfloat16" if head is None else "nested state" if _STRUCTURE in head else "metadata"
        raise ArgumentError(f"save: an .npz file holds arrays by name and no {what}; use the ending .safetensors")
    file = io.BytesIO()
    ready = {n: a if stored is None or a.dtype.kind != "f" else a.astype(stored) for n, a in arrays.items()}
    with zipfile.ZipFile(file, "w") as archive:  # np.savez has names of its own among its arguments
        for name, array in ready.items():
            with archive.open(name + ".npy", "w", force_zip64=True) as part:
                np.lib.format.write_array(part, array, allow_pickle=False)
    return file.getvalue()


def _replace(target: Path, content: bytes) -> None:
    """Put a file in its place in one step, complete and on disk."""
    target = Path(os.path.realpath(target))  # a link stays a link
    part = target.with_name(f".{target.name}.{secrets.token_hex(8)}.part")
    try:
        with open(part, "xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            os.chmod(part, target.stat().st_mode & 0o777)
        os.replace(part, target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    if hasattr(os, "O_DIRECTORY"):  # the move itself is on disk when its folder is
        folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    _remove_left_behind(target)


def _remove_left_behind(target: Path) -> None:
    """Remove the parts of writers that were killed: those that nobody has written to for long."""
    start, end = f".{target.name}.", ".part"
    for name in os.listdir(target.parent):
        if name.startswith(start) and name.endswith(end) and len(name) == len(start) + 16 + len(end):
            part = target.with_name(name)
            try:
                if time.time() - part.stat().st_mtime > _LEFT_BEHIND:
                    part.unlink()
            except OSError:  # another process removed it, or may
                pass


# --- reading


def load(
    path: str | os.PathLike[str] | BinaryIO,
    map_location: Any = None,
    *,
    weights_only: bool = True,
    mmap: bool | None = None,
) -> Any:
    """Read what `save` wrote, or any safetensors or .npz file of tensors by name. Nothing in the file is executed.

    Args:
        path: the file; an open binary file is accepted too.
        map_location: "cpu" or None.
        weights_only, mmap: accepted for PyTorch's sake; nothing but numbers and plain data is read in any case.

    Returns:
        A dict from name to Tensor, in the order of the names; or the nested state that was saved, with plain dicts.
        Tensors of bfloat16, which NumPy does not have, come as float32.

    Raises:
        FileFormatError: the file is truncated, corrupted, of another format, or of a dtype that is not supported.
        ArgumentError: another device is asked for.
        OSError: the file is not there, or cannot be read.

    Example:
        >>> autograd.load("nowhere.safetensors")
        Traceback (most recent call last):
        FileNotFoundError: load: there is no file nowhere.safetensors
    """
    check_device(map_location)
    if hasattr(path, "read"):
        return _from_bytes(path.read(), "the open file")
    file = Path(path)
    if file.is_dir():
        raise IsADirectoryError(f"load: {file} is a folder; give the name of a file in it")
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        raise FileNotFoundError(f"load: there is no file {file}") from None
    except OSError as error:
        raise type(error)(error.errno, f"load: {file} cannot be read ({error.strerror})") from error
    return _from_bytes(content, str(file))


def _from_bytes(content: bytes, file: str) -> Any:
    from safetensors import SafetensorError, deserialize

    if content[:2] == b"PK":
        tensors = _from_npz(content, file)
        if tensors is not None:
            return tensors
    try:
        parts: list[tuple[str, dict[str, Any]]] = deserialize(content)
    except SafetensorError as error:
        raise FileFormatError(
            f"load: {file} is no intact safetensors file of {len(content)} bytes: {error}{_hint(content)}; write it "
            "again with autograd.save"
        ) from None
    tensors = {}
    for name, part in sorted(parts, key=lambda pair: pair[0]):
        dtype = _DTYPES.get(part["dtype"])
        if dtype is None:
            raise FileFormatError(
                f"load: {name!r} in {file} is of dtype {part['dtype']}, which is not supported; there are "
                f"{', '.join(_DTYPES)}"
            )
        try:
            array = np.frombuffer(part["data"], dtype=dtype).reshape(part["shape"])
        except ValueError as error:  # more dimensions than NumPy has, or sizes beyond its indices
            raise FileFormatError(
                f"load: {name!r} in {file} has a shape that no array can have ({error}); the file is corrupted"
            ) from None
        if part["dtype"] == "BOOL":  # any byte that is not 0
            tensors[name] = make(np.asarray(array != 0))
        elif part["dtype"] == "BF16":  # the upper half of a float32
            tensors[name] = make((array.astype(np.uint32) << 16).view(np.float32))
        else:
            tensors[name] = make(array.astype(dtype.newbyteorder("=")))
    structure = (_header(content).get("__metadata__") or {}).get(_STRUCTURE)
    if structure is None:
        return tensors
    try:
        return _restored(json.loads(structure), tensors)
    except (ValueError, KeyError, TypeError, IndexError, ArgumentError, DtypeError, RecursionError) as error:
        raise FileFormatError(
            f"load: the head of {file} describes its state wrongly ({error!r:.80}); the file is corrupted"
        ) from None


def _from_npz(content: bytes, file: str) -> dict[str, Tensor] | None:
    """The arrays of NumPy's format by name; None where it is another zip file."""
    tensors = {}
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
            if not all(name.endswith(".npy") for name in names):
                return None
            for name in sorted(names):
                with archive.open(name) as part:
                    array = np.asarray(np.lib.format.read_array(part, allow_pickle=False))
                own = name.removesuffix(".npy")
                tensors[own] = make(_array(repr(own), array))
    except DtypeError as error:
        raise FileFormatError(f"load: {file}: {str(error).removeprefix('save: ')}") from None
    except Exception as error:  # whatever zipfile, zlib and NumPy raise on hostile bytes
        raise FileFormatError(
            f"load: {file} is no intact .npz file of arrays: {error!r:.200}; write it again"
        ) from None
    return tensors


def _hint(content: bytes) -> str:
    """What the file looks like instead, where its first bytes say so."""
    if not content:
        return " (it is empty)"
    if content[:2] == b"PK":
        return " (it looks like a zip file, as torch.save writes; its pickles are not read here)"
    if content[:1] == b"\x80":
        return " (it looks like a pickle, which is not read here)"
    return ""


# The format's names; its numbers are little-endian.
_DTYPES: dict[str, np.dtype[Any]] = {
    "F64": np.dtype("<f8"),
    "F32": np.dtype("<f4"),
    "F16": np.dtype("<f2"),
    "BF16": np.dtype("<u2"),
    "I64": np.dtype("<i8"),
    "I32": np.dtype("<i4"),
    "I16": np.dtype("<i2"),
    "I8": np.dtype("i1"),
    "U8": np.dtype("u1"),
    "BOOL": np.dtype("u1"),
}
