"""Pickled tensors: reads a `.pt` state dict without torch and without running anything that the pickle names."""

from __future__ import annotations

import io
import math
import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from wsiview.models.config import BundleError

_KINDS = {
    "DoubleStorage": ("F64", 8), "FloatStorage": ("F32", 4), "HalfStorage": ("F16", 2), "BFloat16Storage": ("BF16", 2),
    "LongStorage": ("I64", 8), "IntStorage": ("I32", 4), "ShortStorage": ("I16", 2), "CharStorage": ("I8", 1),
    "ByteStorage": ("U8", 1), "BoolStorage": ("BOOL", 1),
}  # fmt: skip
_DIRECTORY_LIMIT = 64 * 2**20  # bytes of a pickle without its tensors; real ones stay under one
_FAULTS = (
    zipfile.BadZipFile, pickle.UnpicklingError, LookupError, ValueError, TypeError, AttributeError, EOFError,
    ArithmeticError, RuntimeError,
)  # fmt: skip
"""What reading a damaged or hostile pickle can raise."""

_OLD = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
"""How files of before torch 1.6 begin: no zip, but pickles, and the numbers of all storages behind them."""

_WAY_OUT = "save the network's state_dict with safetensors as model.safetensors"


@dataclass(frozen=True)
class _Storage:
    """A run of numbers in the zip, by its key."""

    kind: str
    key: str


Numbers = Callable[[_Storage, int], bytes]
"""Reads a storage, which must have so many bytes at least."""


@dataclass(frozen=True)
class _Placed:
    """A tensor as a view of a storage, as the pickle describes it."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def pickled_tensors(
    path: Path, reader: type[TensorReader] | None = None, pick: Callable[[Any], Any] = lambda held: held
) -> Iterator[tuple[str, str, tuple[int, ...], bytes]]:
    """Name, dtype (in safetensors' words), shape and contiguous little-endian bytes of each tensor, sorted by name.

    The zip of torch 1.6 and later, or what came before it; the pickle may name tensors and dictionaries, nothing else.

    Parameters
    ----------
    reader
        Knows more names than that.
    pick
        Finds the dictionary of tensors in what the pickle holds.

    Raises
    ------
    BundleError
        If the file is damaged, or holds anything else.
    """
    try:
        opened = _old_file if is_old(path) else _zip_file
        with opened(path, reader or TensorReader) as (held, numbers):
            for name, placed in sorted(_state_dict(pick(held)).items()):
                kind, data = _contents(numbers, placed)
                yield name, kind, placed.shape, data
    except OSError as error:
        raise BundleError(path, f"can't be read ({error.strerror or error}); copy or download it again") from None
    except (zipfile.BadZipFile, EOFError):
        if path.stat().st_size == 0:
            raise BundleError(path, "is empty; copy or download it again") from None
        raise BundleError(
            path, f"is damaged or cut off, or no file of torch's: copy or download it again, or {_WAY_OUT}"
        ) from None
    except _FAULTS:
        raise BundleError(path, f"is damaged, or holds more than tensors, which could run code; {_WAY_OUT}") from None


def is_old(path: Path) -> bool:
    """Whether torch wrote it as it did before version 1.6."""
    with path.open("rb") as stream:
        return stream.read(len(_OLD)) == _OLD


@contextmanager
def _zip_file(path: Path, reader: type[TensorReader]) -> Iterator[tuple[Any, Numbers]]:
    """What the pickle in a zip holds, and what reads its storages."""
    with zipfile.ZipFile(path) as archive:
        root = _root(archive)
        directory = archive.getinfo(f"{root}data.pkl")
        if directory.file_size > _DIRECTORY_LIMIT or directory.compress_type != zipfile.ZIP_STORED:
            raise ValueError("not as torch writes it")

        def numbers(storage: _Storage, least: int) -> bytes:
            member = archive.getinfo(f"{root}data/{storage.key}")
            if member.compress_type != zipfile.ZIP_STORED or least > member.file_size:
                raise ValueError("outside its storage")
            return archive.read(member)

        yield reader(io.BytesIO(archive.read(directory))).load(), numbers


@contextmanager
def _old_file(path: Path, reader: type[TensorReader]) -> Iterator[tuple[Any, Numbers]]:
    """The same of a file of before torch 1.6: each storage is its length in 8 bytes, then its numbers."""
    with path.open("rb") as stream:
        head = io.BytesIO(stream.read(_DIRECTORY_LIMIT))
        _, _, system = (TensorReader(head).load() for _ in range(3))
        if system["little_endian"] is not True:
            raise ValueError("big-endian")
        contents = reader(head)
        held = contents.load()
        places: dict[str, tuple[int, int]] = {}
        end, size = 0, stream.seek(0, io.SEEK_END)
        for key in TensorReader(head).load():
            end = stream.seek(end or head.tell())
            count = int.from_bytes(stream.read(8), "little") * _KINDS[contents.kinds[key]][1]
            places[key] = (end + 8, count)
            end += 8 + count
        if end > size:
            raise EOFError("cut off")

        def numbers(storage: _Storage, least: int) -> bytes:
            start, count = places[storage.key]
            if least > count or contents.kinds[storage.key] != storage.kind:
                raise ValueError("outside its storage")
            stream.seek(start)
            return stream.read(count)

        yield held, numbers


def _root(archive: zipfile.ZipFile) -> str:
    """The folder inside the zip that everything lies in."""
    root = next(name for name in [*archive.namelist(), ""] if name.endswith("data.pkl") or not name)
    root = root.removesuffix("data.pkl")
    if f"{root}byteorder" in archive.namelist() and archive.read(f"{root}byteorder") != b"little":
        raise ValueError("big-endian")
    return root


def is_tensor(held: object) -> bool:
    """Whether a thing in a pickle stands for a tensor."""
    return type(held) is _Placed


def _state_dict(held: Any) -> Mapping[str, _Placed]:
    if not isinstance(held, dict) or not all(type(key) is str and is_tensor(held[key]) for key in held):
        raise ValueError("no state_dict")
    return held


def _contents(numbers: Numbers, placed: _Placed) -> tuple[str, bytes]:
    """Kind and bytes of one tensor; its view is checked against the storage before anything is read through it."""
    kind, width = _KINDS[placed.storage.kind]
    if len(placed.shape) != len(placed.strides):
        raise ValueError("not as torch writes it")
    if math.prod(placed.shape) == 0:
        return kind, b""
    last = placed.offset + sum((side - 1) * stride for side, stride in zip(placed.shape, placed.strides, strict=True))
    if min(placed.offset, *placed.shape, *placed.strides, 0) < 0:
        raise ValueError("outside its storage")
    held = np.frombuffer(numbers(placed.storage, (last + 1) * width), f"<u{width}")[placed.offset :]
    strides = [stride * width for stride in placed.strides]
    return kind, np.lib.stride_tricks.as_strided(held, placed.shape, strides).tobytes()


def _tensor(storage: _Storage, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_: object) -> _Placed:
    sides = tuple(int(side) for side in shape), tuple(int(stride) for stride in strides)
    return _Placed(storage, int(offset), *sides)


def _parameter(tensor: _Placed, *_: object) -> _Placed:
    return tensor


class TensorReader(pickle.Unpickler):
    """An unpickler that knows four names; everything else a pickle could call is refused.

    Attributes
    ----------
    kinds
        Of each storage that it met, by key.
    """

    def __init__(self, stream: io.BytesIO) -> None:
        super().__init__(stream)
        self.kinds: dict[str, str] = {}

    def find_class(self, module: str, name: str) -> Any:
        """What stands for a name: never the thing itself."""
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if module == "torch._utils" and name in ("_rebuild_tensor_v2", "_rebuild_tensor"):
            return _tensor
        if (module, name) == ("torch._utils", "_rebuild_parameter"):
            return _parameter
        if module == "torch" and name in _KINDS:
            return name
        raise pickle.UnpicklingError(f"{module}.{name}")

    def persistent_load(self, pid: Any) -> _Storage:
        """The storage that a tensor is a view of."""
        _, kind, key, _, _, *view = pid
        if any(part is not None for part in view):
            raise pickle.UnpicklingError("a storage within another")
        self.kinds[str(key)] = str(kind)
        return _Storage(str(kind), str(key))
