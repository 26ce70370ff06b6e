"""Fingerprint: tells whether two files hold the same slide, whatever they are called."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from wsiview.geometry import Size

_END = 1 << 20
_SERIES_TAG = b"\x20\x00\x0e\x00UI"  # DICOM (0020,000E) SeriesInstanceUID in explicit little endian


def slide_fingerprint(paths: Sequence[Path], dimensions: Size, level_dimensions: Sequence[Size]) -> str:
    """SHA-256 over sizes, layout, and the first and last MiB of each file, as a hex string.

    The files count in the order of their contents, so renaming any of them changes nothing.

    Raises
    ------
    OSError
        If a file can't be read.
    """
    files = sorted(_file_digest(path) for path in paths)
    layout = {
        "dimensions": [dimensions.width, dimensions.height],
        "levels": [[size.width, size.height] for size in level_dimensions],
        "files": files,
    }
    return hashlib.sha256(json.dumps(layout, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def slide_files(path: Path) -> tuple[Path, ...]:
    """All files that belong to the slide whose file to open is `path`."""
    if path.suffix.lower() == ".mrxs":
        folder = path.with_suffix("")
        return (path, *sorted(part for part in folder.iterdir() if part.is_file())) if folder.is_dir() else (path,)
    if path.suffix.lower() in (".vms", ".vmu"):
        index = path.read_bytes()[:_END]
        return (path, *(part for part in _siblings(path) if part.name.encode() in index))
    series = _dicom_series(path)
    if series is None:
        return (path,)
    return (path, *(part for part in _siblings(path) if _dicom_series(part) == series))


def _siblings(path: Path) -> list[Path]:
    return sorted(part for part in path.parent.iterdir() if part.is_file() and part.name != path.name)


def _dicom_series(path: Path) -> bytes | None:
    """The series a DICOM file belongs to, or None for any other file."""
    with path.open("rb") as file:
        head = file.read(132)
        if head[128:] != b"DICM":
            return None
        head = file.read(_END)
    at = head.find(_SERIES_TAG)
    if at < 0:
        return None
    start = at + len(_SERIES_TAG) + 2
    return head[start : start + int.from_bytes(head[start - 2 : start], "little")]


def _file_digest(path: Path) -> str:
    size = path.stat().st_size
    digest = hashlib.sha256(str(size).encode() + b"\n")
    with path.open("rb") as file:
        digest.update(file.read(_END))
        file.seek(max(0, size - _END))
        digest.update(file.read(_END))
    return digest.hexdigest()
