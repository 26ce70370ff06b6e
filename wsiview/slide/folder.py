"""Folder: the slides that lie in a folder and in the folders in it, in the order in which people count."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from wsiview.slide.plain_image import SUFFIXES as PICTURES

SUFFIXES = (
    ".svs", ".tif", ".tiff", ".ndpi", ".vms", ".vmu", ".scn", ".mrxs", ".svslide", ".bif", ".czi", ".dcm",
)  # fmt: skip
"""Names of whole-slide images end so."""


def slides_in(folder: Path) -> tuple[Path, ...]:
    """The slides in a folder and one level below it.

    A folder of DICOM files is one slide. Plain pictures count only where there is nothing else, for scanners and
    people leave overviews beside their slides; the insides of maps and hidden files never count.

    Raises
    ------
    OSError
        If the folder can't be read; those in it that can't be read are passed over.
    """
    found = list(folder.iterdir())
    for part in found[:]:
        if part.is_dir() and not _is_closed(part):
            found += _inside(part)
    files = [part for part in found if not part.name.startswith(".") and part.is_file()]
    slides = [part for part in files if part.suffix.lower() in SUFFIXES]
    one_for_each = {_whole(part) for part in slides}
    return counted(one_for_each or {part for part in files if part.suffix.lower() in PICTURES})


def counted(paths: Iterable[Path]) -> tuple[Path, ...]:
    """Sorted as people count: 2 before 10, capitals no earlier than small letters."""
    return tuple(sorted(paths, key=_order))


def _order(path: Path) -> list[tuple[int, int, str]]:
    parts = re.split(r"(\d+)", str(path).casefold())
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts if part]


def _whole(file: Path) -> Path:
    return file.parent if file.suffix.lower() == ".dcm" else file


def _is_closed(folder: Path) -> bool:
    return folder.name.startswith(".") or folder.name.endswith(".zarr")


def _inside(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []
