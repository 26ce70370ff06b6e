"""Weights file: which file of a bundle holds the tensors, whether it is safe to read, and the tensors' digest."""

from __future__ import annotations

import json
import math
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from wsiview.models.config import BundleError

_WAY_OUT = "save its state_dict with safetensors as model.safetensors"
_HEADER_LIMIT = 100 * 2**20  # the format's own limit
_CHUNK = 2**22
_BYTES = {
    "F64": 8, "I64": 8, "U64": 8, "F32": 4, "I32": 4, "U32": 4, "F16": 2, "BF16": 2, "I16": 2, "U16": 2,
    "I8": 1, "U8": 1, "BOOL": 1, "F8_E4M3": 1, "F8_E5M2": 1,
}  # fmt: skip


class _Digest(Protocol):
    def update(self, data: bytes, /) -> None: ...


@dataclass(frozen=True)
class _Entry:
    """One tensor of a safetensors file: where its bytes start and end in the file."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    start: int
    end: int


def find_weights(folder: Path) -> Path:
    """`model.safetensors`, else the only safetensors file, else the only `.pt` or `.pth` file.

    Raises
    ------
    BundleError
        If there is none, more than one, or one that may run code.
    """
    if (folder / "model.safetensors").is_file():
        return folder / "model.safetensors"
    for suffixes in ((".safetensors",), (".pt", ".pth")):
        found = sorted(file for file in folder.iterdir() if file.suffix.lower() in suffixes and file.is_file())
        if len(found) > 1:
            names = ", ".join(file.name for file in found)
            raise BundleError(folder, f"has several weights files ({names}); keep one, or name it model.safetensors")
        if found:
            if suffixes[0] == ".pt":
                refuse_programs(found[0])
            return found[0]
    raise BundleError(folder, f"has no weights; {_WAY_OUT} in that folder")


def refuse_programs(path: Path) -> None:
    """Refuse TorchScript and torch.export files by the names inside their zip, without running anything.

    Raises
    ------
    BundleError
        With the way out.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, NotImplementedError):
        return  # a pickle of before torch 1.6, or no weights at all: reading it with weights_only tells
    except OSError as error:
        raise BundleError(path, f"can't be read ({error.strerror}); check the file and its permissions") from None
    inner = [name.partition("/")[2] for name in names] + names
    exported = ("serialized_exported_program.json", "serialized_state_dict.pt", "archive_format")
    if any(name in exported or name.startswith("models/") for name in inner):
        raise BundleError(path, f"is a torch.export program, which can run code when it is opened; {_WAY_OUT}")
    if any(name == "constants.pkl" or name.startswith("code/") for name in inner):
        raise BundleError(path, f"is a TorchScript program, which hides what it is and can run code; {_WAY_OUT}")


def hash_weights(path: Path, digest: _Digest) -> None:
    """Feed every tensor, sorted by name, to the digest: name, dtype, shape, then its raw little-endian bytes.

    Raises
    ------
    BundleError
        If the file is damaged or holds something else than tensors.
    """
    if path.suffix.lower() == ".safetensors":
        _hash_safetensors(path, digest)
        return
    # Only a pickle needs torch to be understood.
    from wsiview.models.weights import raw_tensors

    for name, dtype, shape, data in raw_tensors(path):
        digest.update(_title(name, dtype, shape))
        digest.update(data)


def _hash_safetensors(path: Path, digest: _Digest) -> None:
    try:
        with path.open("rb") as file:
            for entry in read_header(path):
                digest.update(_title(entry.name, entry.dtype, entry.shape))
                file.seek(entry.start)
                for at in range(entry.start, entry.end, _CHUNK):
                    digest.update(file.read(min(_CHUNK, entry.end - at)))
    except OSError as error:
        raise BundleError(path, f"can't be read ({error.strerror}); check the file and its permissions") from None


def read_header(path: Path) -> list[_Entry]:
    """The tensors that a safetensors file says it holds, by name, each checked to lie inside the file.

    Raises
    ------
    BundleError
        If the header is damaged or the file is cut off.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if size < 8 or not 2 <= length <= min(size - 8, _HEADER_LIMIT):
            raise BundleError(path, "is no safetensors file, or is cut off; copy or download it again")
        text = file.read(length)
    try:
        header = json.loads(text)
        entries = sorted(_entries(header, 8 + length), key=lambda entry: entry.name)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise BundleError(path, "has a damaged safetensors header; copy or download it again") from None
    for entry in entries:
        if not 8 + length <= entry.start <= entry.end <= size:
            raise BundleError(path, f"is cut off at the tensor {entry.name!r}; copy or download it again")
    return entries


def _entries(header: dict[str, Any], data: int) -> Iterator[_Entry]:
    for name, facts in header.items():
        if name == "__metadata__":
            continue
        shape = tuple(int(side) for side in facts["shape"])
        start, end = (int(offset) for offset in facts["data_offsets"])
        if end - start != math.prod(shape) * _BYTES[facts["dtype"]]:
            raise ValueError(name)
        yield _Entry(name, facts["dtype"], shape, data + start, data + end)


def _title(name: str, dtype: str, shape: tuple[int, ...]) -> bytes:
    return json.dumps([name, dtype, list(shape)], separators=(",", ":")).encode()
