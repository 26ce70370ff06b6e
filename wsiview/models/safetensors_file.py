"""Safetensors file: what its header says, checked against the file, and the tensors' bytes; free of torch."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wsiview.models.config import BundleError

_HEADER_LIMIT = 100 * 2**20  # the format's own limit
_CHUNK = 2**22
_POINTER = b"version https://git-lfs"
_WIDTHS = {
    "F64": 8, "I64": 8, "U64": 8, "F32": 4, "I32": 4, "U32": 4, "F16": 2, "BF16": 2, "I16": 2, "U16": 2,
    "I8": 1, "U8": 1, "BOOL": 1, "F8_E4M3": 1, "F8_E5M2": 1,
}  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """One tensor: where its little-endian bytes start and end in the file."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    start: int
    end: int


def read_header(path: Path) -> list[Entry]:
    """The tensors that the file says it holds, by name, each checked to lie inside the file.

    Raises
    ------
    BundleError
        If the header is damaged or the file is cut off.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            if file.read(len(_POINTER)) == _POINTER:
                raise BundleError(path, "only says where Git LFS keeps the weights; run `git lfs pull` in its folder")
            file.seek(0)
            length = int.from_bytes(file.read(8), "little")
            if size < 8 or not 2 <= length <= min(size - 8, _HEADER_LIMIT):
                raise BundleError(path, "is no safetensors file, or is cut off; copy or download it again")
            text = file.read(length)
    except OSError as error:
        raise BundleError(path, f"can't be read ({error.strerror}); check the file and its permissions") from None
    try:
        entries = sorted(_entries(json.loads(text), 8 + length), key=lambda entry: entry.name)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise BundleError(path, "has a damaged safetensors header; copy or download it again") from None
    for entry in entries:
        if not 8 + length <= entry.start <= entry.end <= size:
            raise BundleError(path, f"is cut off at the tensor {entry.name!r}; copy or download it again")
    return entries


def pieces(path: Path, entry: Entry) -> Iterator[bytes]:
    """The bytes of one tensor, a few megabytes at a time."""
    with path.open("rb") as file:
        file.seek(entry.start)
        for at in range(entry.start, entry.end, _CHUNK):
            yield file.read(min(_CHUNK, entry.end - at))


def _entries(header: dict[str, Any], data: int) -> Iterator[Entry]:
    for name, facts in header.items():
        if name == "__metadata__":
            continue
        shape = tuple(int(side) for side in facts["shape"])
        start, end = (int(offset) for offset in facts["data_offsets"])
        if end - start != math.prod(shape) * _WIDTHS[facts["dtype"]]:
            raise ValueError(name)
        yield Entry(name, facts["dtype"], shape, data + start, data + end)
