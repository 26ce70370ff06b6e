"""Opening: finds the right reader for a file, and tries doubtful files in a process that may die."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from wsiview.slide.plain_image import SUFFIXES, open_plain_image
from wsiview.slide.slide import Slide, SlideUnopenable
from wsiview.slide.standby import standby
from wsiview.slide.trial_process import try_apart
from wsiview.slide.tried import is_compared, is_harmless

_MAGIC = {
    b"\x89PNG\r\n\x1a\n": ("PNG image", ".png"),
    b"\xff\xd8\xff": ("JPEG image", ".jpg"),
    b"GIF8": ("GIF image", None),
    b"%PDF": ("PDF document", None),
    b"PK\x03\x04": ("zip archive", None),
}


def open_slide(path: Path | str, *, compared: bool = False) -> Slide:
    """Open a slide with the fastest reader that shows what OpenSlide shows of it, or a plain image by its suffix.

    A folder must hold one DICOM series.

    Parameters
    ----------
    compared
        Whether it is known already that our own reader shows the same.

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
        return open_beside(openslide, file, compared=compared) or openslide
    except SlideUnopenable:
        openslide.close()
        raise


@contextmanager
def readiness() -> Iterator[None]:
    """Have a process stand by to try slides, and load the readers, so that the first slide waits for neither.

    The process gets ready by itself meanwhile. It ends with the context, and with this process, however that ends.
    """
    standby.start()
    try:
        load_readers()
        yield
    finally:
        standby.close()


def load_readers() -> None:
    """Import what opening a slide needs."""
    import PIL.ImageFile  # noqa: F401
    import tifffile  # noqa: F401

    from wsiview.slide import openslide_reader, tiff_opening  # noqa: F401


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
    if not is_harmless(path) and not standby.has_tried(path, timeout):
        try_apart("wsiview.slide.trial", path, timeout=timeout)
    return open_slide(path, compared=is_compared(path))


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
