"""File stamp: tells without reading whether a slide's files are still those that were opened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from wsiview.slide.fingerprint import slide_files


@dataclass(frozen=True, slots=True)
class FileStamp:
    """What the system says of one file; `number` may change on network shares while the file stays the same."""

    size: int
    changed_ns: int
    number: int

    @property
    def content(self) -> tuple[int, int]:
        """What changes whenever the file is written."""
        return self.size, self.changed_ns


def files_of(path: Path) -> tuple[Path, ...]:
    """All files of the slide that was opened as `path`.

    Raises
    ------
    OSError
        If they can't be reached.
    """
    if path.is_dir():
        return tuple(sorted(part for part in path.iterdir() if part.is_file()))
    return slide_files(path)


def stamps(files: Sequence[Path]) -> tuple[FileStamp, ...]:
    """One stamp for each file.

    Raises
    ------
    OSError
        If one of them can't be reached.
    """
    found = [path.stat() for path in files]
    return tuple(FileStamp(status.st_size, status.st_mtime_ns, status.st_ino) for status in found)
