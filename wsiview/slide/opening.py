"""Opening: finds the right reader for a file, and tries doubtful files in a process that may die."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from wsiview.slide.plain_image import SUFFIXES, open_plain_image
from wsiview.slide.slide import Slide, SlideUnopenable
from wsiview.slide.tried import is_harmless, remember, stamps_of

REFUSED = 3
"""Exit status of the trial when the file is refused with a sentence."""

_MAGIC = {
    b"\x89PNG\r\n\x1a\n": ("PNG image", ".png"),
    b"\xff\xd8\xff": ("JPEG image", ".jpg"),
    b"GIF8": ("GIF image", None),
    b"%PDF": ("PDF document", None),
    b"PK\x03\x04": ("zip archive", None),
}


def open_slide(path: Path | str) -> Slide:
    """Open a slide with the fastest reader that shows what OpenSlide shows of it, or a plain image by its suffix.

    A folder must hold one DICOM series.

    Raises
    ------
    SlideUnopenable
        With one sentence that says why and what to do.
    """
    path = Path(path)
    try:
        file = _dicom_file(path) if path.is_dir() else path
        _check_bytes(file)
    except OSError as error:
        raise SlideUnopenable(path, _unreachable(error)) from error
    from wsiview.slide.openslide_reader import OpenSlideReader, reads
    from wsiview.slide.tiff_opening import open_beside

    if reads(file) is None:
        other = _open_other(file)
        if other is not None:
            return other
        _refuse_stranger(file)
    try:
        openslide = OpenSlideReader(file, path)
    except SlideUnopenable:
        other = _open_other(file)
        if other is None:
            raise
        return other
    try:
        return open_beside(openslide, file) or openslide
    except SlideUnopenable:
        openslide.close()
        raise


def open_checked(path: Path | str, timeout: float = 10.0) -> Slide:
    """Open a slide after a child process has opened it and read one tile of each level.

    A file that crashes or hangs a decoder thus costs the child, not the program. A tile that can't be read is no
    reason to refuse: the rest of the slide may be sound. What one child has survived is not tried again before the
    file changes.

    Parameters
    ----------
    timeout
        Seconds that the child may take.

    Raises
    ------
    SlideUnopenable
        If the file is refused, or the child died or took too long.
    """
    path = Path(path)
    if not is_harmless(path):
        try_apart("wsiview.slide.trial", path, timeout=timeout)
    return open_slide(path)


def try_apart(module: str, path: Path, *arguments: str, timeout: float) -> bytes:
    """Have a child process open a slide; what it does no harm to is opened without a trial from then on.

    Parameters
    ----------
    module
        Run with the path and further arguments; its status is 0, or REFUSED with a JSON reason on stdout.
    timeout
        Seconds that the child may take.

    Returns
    -------
    What the child wrote to stdout.

    Raises
    ------
    SlideUnopenable
        If the file is refused, or the child died or took too long.
    """
    seen = stamps_of(path)
    try:
        trial = subprocess.run(
            _command(module, path, *arguments),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=timeout,
            env=_environment(),
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        reason = f"reading it took more than {timeout:g} s; check the file and the connection to its disk"
        raise SlideUnopenable(path, reason) from error
    if trial.returncode == REFUSED:
        raise SlideUnopenable(path, json.loads(trial.stdout)["reason"])
    if trial.returncode != 0:
        raise SlideUnopenable(path, "it breaks the program that decodes it; check the file or copy it again")
    remember(path, seen)
    return trial.stdout


def _command(module: str, path: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-m", module, os.fspath(path.absolute()), *arguments]


def _environment() -> dict[str, str]:
    """This process's environment, in which the child finds the same wsiview wherever it was started."""
    root = str(Path(__file__).resolve().parents[2])
    others = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": os.pathsep.join([root, others] if others else [root])}


def _unreachable(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "there is no such file; check its name and the connection to its disk"
    if isinstance(error, PermissionError):
        return "reading it is not permitted; ask for access to the file"
    return f"it can't be reached ({error.strerror or error}); check the connection to its disk"


def _check_bytes(file: Path) -> None:
    """Refuse what isn't all there."""
    if file.suffix.lower() == ".mrxs" and not file.with_suffix("").is_dir():
        reason = f"the folder {file.stem!r} that belongs beside it is missing; copy both together"
        raise SlideUnopenable(file, reason)
    with file.open("rb") as stream:
        if not stream.read(1):
            raise SlideUnopenable(file, "it is empty; copy it again")


def _open_other(file: Path) -> Slide | None:
    """A file that OpenSlide doesn't open, as a TIFF or a plain image; None if it is neither by its name and bytes."""
    from wsiview.slide.tiff_opening import open_alone

    tiff = open_alone(file)
    if tiff is not None or file.suffix.lower() not in SUFFIXES:
        return tiff
    return open_plain_image(file)


def _refuse_stranger(file: Path) -> None:
    """Refuse a file that OpenSlide doesn't know and whose first bytes say what it is."""
    with file.open("rb") as stream:
        head = stream.read(16)
    for magic, (kind, right) in _MAGIC.items():
        if head.startswith(magic):
            advice = f"rename it to {file.stem}{right} and open that" if right else "choose the slide itself"
            raise SlideUnopenable(file, f"it is a {kind}; {advice}")


def _dicom_file(folder: Path) -> Path:
    """A file of the one DICOM series that the folder holds."""
    from wsiview.slide.fingerprint import slide_files
    from wsiview.slide.openslide_reader import reads

    files = sorted(part for part in folder.iterdir() if part.is_file())
    first = next((part for part in files if reads(part) == "dicom"), None)
    if first is None:
        raise SlideUnopenable(folder, "it is a folder without DICOM slide files; choose the slide's file")
    strangers = set(files) - set(slide_files(first))
    if any(reads(part) == "dicom" for part in strangers):
        raise SlideUnopenable(folder, "the folder holds several DICOM slides; choose a file of the one you mean")
    return first
