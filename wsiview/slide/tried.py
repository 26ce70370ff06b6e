"""Tried: slides that a process which may die has opened without harm, for as long as their files stay as they are."""

from __future__ import annotations

from pathlib import Path

from wsiview.slide.file_stamp import FileStamp, files_of, stamps

Stamps = tuple[FileStamp, ...]
_harmless: dict[Path, Stamps] = {}
_compared: dict[Path, Stamps] = {}


def stamps_of(path: Path) -> Stamps | None:
    """What the system says of a slide's files now; None where they can't be reached."""
    try:
        return stamps(files_of(path))
    except (OSError, ValueError):
        return None


def remember(path: Path, seen: Stamps | None, *, compared: bool = False) -> None:
    """The slide did no harm; `seen` is from before it was tried.

    `compared` says that our own reader was found to show what OpenSlide shows.
    """
    if seen:
        _harmless[path.absolute()] = seen
        if compared:
            _compared[path.absolute()] = seen


def is_harmless(path: Path) -> bool:
    """Whether the slide was tried, and its files have not been written since."""
    return _holds(_harmless, path)


def is_compared(path: Path) -> bool:
    """Whether that was found of our own reader, and the slide's files have not been written since."""
    return _holds(_compared, path)


def _holds(known: dict[Path, Stamps], path: Path) -> bool:
    seen = known.get(path.absolute())
    return seen is not None and seen == stamps_of(path)
