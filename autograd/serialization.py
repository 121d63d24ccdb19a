"""Saving tensors by name, and loading them: the safetensors format, which holds numbers and runs nothing."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from . import dtypes
from .errors import ArgumentError, DtypeError, FileFormatError
from .primitive import Handle, make
from .tensor import Tensor

__all__ = ["load", "save"]


def save(state: Mapping[str, Any], path: str | os.PathLike[str], metadata: Mapping[str, str] | None = None) -> None:
    """Write tensors by name to a safetensors file, as `model.state_dict()` gives them.

    The file is written beside its place and then moved there in one step: whatever interrupts the writing, under
    `path` there is the old file or the whole new one. Tensors that share memory are written one by one.

    Args:
        state: from name to Tensor or array.
        path: where; its folder must exist.
        metadata: text by name, kept in the file's head.

    Raises:
        DtypeError: a name is no text, or a value is neither Tensor nor array.
        ArgumentError: a name is reserved by the format.
        OSError: the folder is not there, or cannot be written to.

    Example:
        >>> import tempfile
        >>> folder = tempfile.TemporaryDirectory()
        >>> autograd.save({"x": autograd.tensor([1.0, 2.0])}, folder.name + "/x.safetensors")
        >>> autograd.load(folder.name + "/x.safetensors")
        {'x': tensor([1., 2.])}
        >>> folder.cleanup()
    """
    from safetensors.numpy import save as to_bytes

    if not isinstance(state, Mapping):
        raise DtypeError(f"save: expected a dict from name to Tensor, not {type(state).__name__}")
    arrays = {_checked_name(name): _array(name, value) for name, value in state.items()}
    for name, text in (metadata or {}).items():
        if not isinstance(name, str) or not isinstance(text, str):
            raise DtypeError(f"save: metadata {name!r}: {text!r:.80} is not text; convert it with str()")
    target = Path(path)
    if target.is_dir():
        raise IsADirectoryError(f"save: {target} is a folder; give the name of a file in it")
    if not target.parent.is_dir():
        raise FileNotFoundError(f"save: the folder {target.parent} is not there; make it first, as with os.makedirs")
    content = to_bytes(arrays, None if metadata is None else dict(metadata))
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
    if not isinstance(array, np.ndarray):
        raise DtypeError(f"save: {name!r} is a {type(value).__name__}, not a Tensor; save other things beside the file")
    native = array.dtype.newbyteorder("=")
    if native not in dtypes.SUPPORTED:
        raise DtypeError(f"save: {name!r} is {array.dtype}; use one of {', '.join(map(str, dtypes.SUPPORTED))}")
    return np.array(array, dtype=native, order="C", copy=None)  # the package writes memory as it lies


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


def load(path: str | os.PathLike[str]) -> dict[str, Tensor]:
    """Read the tensors of a safetensors file, as for `model.load_state_dict`. Nothing in the file is executed.

    Args:
        path: the file.

    Returns:
        A dict from name to Tensor, in the order of the names.

    Raises:
        FileFormatError: the file is truncated, corrupted, of another format, or of a dtype that is not supported.
        OSError: the file is not there, or cannot be read.

    Example:
        >>> autograd.load("nowhere.safetensors")
        Traceback (most recent call last):
        FileNotFoundError: load: there is no file nowhere.safetensors
    """
    from safetensors import SafetensorError, deserialize

    file = Path(path)
    if file.is_dir():
        raise IsADirectoryError(f"load: {file} is a folder; give the name of a file in it")
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        raise FileNotFoundError(f"load: there is no file {file}") from None
    except OSError as error:
        raise type(error)(error.errno, f"load: {file} cannot be read ({error.strerror})") from error
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
        # A truth value is any byte that is not 0.
        tensors[name] = make(array != 0 if part["dtype"] == "BOOL" else array.astype(dtype.newbyteorder("=")))
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
    "I64": np.dtype("<i8"),
    "I32": np.dtype("<i4"),
    "I16": np.dtype("<i2"),
    "I8": np.dtype("i1"),
    "U8": np.dtype("u1"),
    "BOOL": np.dtype("u1"),
}
