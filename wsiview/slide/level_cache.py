"""Level cache: the levels built for slides that lack them, kept in one folder of bounded size."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Any

from wsiview.errors import SlideError
from wsiview.progress import Progress
from wsiview.slide.built_slide import BuiltSlide
from wsiview.slide.file_stamp import files_of, stamps
from wsiview.slide.level_building import build_levels
from wsiview.slide.level_file import QUALITY, LevelFile, LevelFileDamaged, LevelFileWriter
from wsiview.slide.missing_levels import MissingLevel, missing_levels
from wsiview.slide.pyramid import Pyramid
from wsiview.slide.slide import Slide, TileUnreadable
from wsiview.slide.wrapped_slide import Unreadable

VERSION = 1
MOST_BYTES = 4 << 30
"""About twenty slides of 100,000 × 80,000 pixels."""
_BYTES_PER_PIXEL = 0.5  # of JPEG; tissue takes less
_SPARE_BYTES = 256 << 20  # that are left on the disk for others
_LOOKED_AT = 8  # unreadable parts that are tried again
_ABANDONED = 24 * 3600  # s after which what was being written belongs to a program that died


class LevelsNotKept(SlideError):
    """Levels that were built, or were to be, and could not be written down."""

    def __init__(self, name: str, error: Exception) -> None:
        super().__init__(
            f"The overview of {name} can't be kept ({_reason(error)}); the slide can be looked at all the same, more "
            "slowly. Make room in the cache folder, or name another one in WSIVIEW_CACHE."
        )


class LevelCache:
    """Finds, makes and drops level files.

    Parameters
    ----------
    folder
        Where they lie; made when first needed.
    most_bytes
        The files used longest ago are dropped beyond this.
    """

    def __init__(self, folder: Path, most_bytes: int = MOST_BYTES) -> None:
        """Look at nothing yet."""
        self.folder, self.most_bytes = folder, most_bytes

    def find(self, slide: Slide, on_damage: Callable[[], None] = lambda: None) -> BuiltSlide | None:
        """The slide with its built levels, if they were built of these very files and are whole.

        What is damaged is deleted; so is what lacks a part of the slide that can be read by now.
        """
        missing = missing_levels(Pyramid.of(slide))
        facts = _facts(slide, missing)
        path = self._path(facts)
        if not missing or not path.exists():
            return None
        try:
            built = _open(path, slide, missing, facts, on_damage)
            _refuse_healed(built)
        except (LevelFileDamaged, OSError):
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
            return None
        with contextlib.suppress(OSError):
            os.utime(path)  # used now
        return built

    def build(
        self,
        slide: Slide,
        progress: Progress,
        on_damage: Callable[[], None] = lambda: None,
        on_begin: Callable[[BuiltSlide], None] = lambda growing: None,
    ) -> BuiltSlide | None:
        """Build what the slide lacks and keep it; None if it lacks nothing.

        Parameters
        ----------
        on_damage
            As of `BuiltSlide`.
        on_begin
            Is given the slide with levels that are filled in while they are built.

        Raises
        ------
        LevelsNotKept
            If the folder or its disk does not take it.
        Cancelled, SlideError
            As of `build_levels`. Whatever is raised, nothing is left behind.
        """
        missing = missing_levels(Pyramid.of(slide))
        if not missing:
            return None
        facts = _facts(slide, missing)
        path = self._path(facts)
        try:
            self._make_room(sum(level.size.width * level.size.height for level in missing))
            writer = LevelFileWriter(path, [level.size for level in missing])
            try:
                on_begin(BuiltSlide(slide, missing, writer))
                stage = f"Preparing overview of {slide.name}"
                unreadable = build_levels(slide, missing, writer, progress, stage)
                writer.finish({"slide": facts, "unreadable": [list(astuple(part)) for part in unreadable]})
            finally:
                writer.close()
            self._drop_oldest(path)
            return _open(path, slide, missing, facts, on_damage)
        except (OSError, LevelFileDamaged) as error:
            raise LevelsNotKept(slide.name, error) from error

    def forget(self, slide: Slide) -> None:
        """Delete what was built for a slide."""
        with contextlib.suppress(OSError):
            self.path_of(slide).unlink(missing_ok=True)

    def path_of(self, slide: Slide) -> Path:
        """Where the levels of this very slide lie, or would lie; had its file been written since, it were elsewhere."""
        return self._path(_facts(slide, missing_levels(Pyramid.of(slide))))

    def _path(self, facts: dict[str, Any]) -> Path:
        digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
        return self.folder / f"{str(facts['fingerprint'])[:32]}-{digest[:16]}.tiff"

    def _make_room(self, pixels: int) -> None:
        """Make the folder, clear what a program that died was writing, and see whether the disk has room."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for part in (*self.folder.glob(".*.spool"), *self.folder.glob(".*.part")):
            with contextlib.suppress(OSError):
                if time.time() - part.stat().st_mtime > _ABANDONED:
                    part.unlink()
        # Twice: spooled, and put in order.
        if shutil.disk_usage(self.folder).free < 2 * _BYTES_PER_PIXEL * pixels + _SPARE_BYTES:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def _drop_oldest(self, newest: Path) -> None:
        kept = 0
        for path in sorted(self.folder.glob("*.tiff"), key=_last_used, reverse=True):
            with contextlib.suppress(OSError):
                kept += path.stat().st_size
                stale = path.name[:32] == newest.name[:32]
                if path != newest and (stale or kept > self.most_bytes):
                    kept -= path.stat().st_size
                    path.unlink()


def _facts(slide: Slide, missing: Sequence[MissingLevel]) -> dict[str, Any]:
    """What levels are good for; with other facts they are built anew."""
    try:
        files = [list(stamp.content) for stamp in stamps(files_of(slide.path))]
    except OSError:  # a slide without files
        files = []
    return {
        "version": VERSION,
        "quality": QUALITY,
        "fingerprint": slide.fingerprint,
        "reader": slide.reader,
        "files": files,
        "levels": [[level.source, level.factor, level.size.width, level.size.height] for level in missing],
    }


def _open(
    path: Path, slide: Slide, missing: Sequence[MissingLevel], facts: dict[str, Any], on_damage: Callable[[], None]
) -> BuiltSlide:
    levels = LevelFile(path, [level.size for level in missing])
    try:
        if levels.about["slide"] != facts:
            raise LevelFileDamaged(f"{path.name} belongs to another slide; it is made again")
        unreadable = [Unreadable(*(int(fact) for fact in part)) for part in levels.about["unreadable"]]
        return BuiltSlide(slide, missing, levels, unreadable, on_damage)
    except (KeyError, TypeError, ValueError) as error:
        raise LevelFileDamaged(f"{path.name} is damaged ({error}); it is made again") from error


def _refuse_healed(built: BuiltSlide) -> None:
    """Raise if a part that could not be read can be now: a share may have stuttered while the levels were built."""
    for part in built.unreadable[:_LOOKED_AT]:
        with contextlib.suppress(TileUnreadable):
            built.read(part.level, part.x, part.y, part.width, part.height)
            raise LevelFileDamaged("what could not be read can be now; the levels are made again")


def _last_used(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return "the disk is full"
    return (error.strerror if isinstance(error, OSError) else "") or str(error)
