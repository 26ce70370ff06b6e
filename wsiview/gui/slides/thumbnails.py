"""Thumbnails: small pictures of slides, made one after the other in a process of their own while one scrolls."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image
from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QImage

from wsiview.cache import Cache
from wsiview.gui.jobs import Job
from wsiview.progress import Progress
from wsiview.slide.color import srgb_transform
from wsiview.slide.color_profile import rgb_profile
from wsiview.slide.slide import SlideUnopenable
from wsiview.tiling.preview import Preview, preview

SIDE = 144  # px of the longer side, enough for 72 on a fine screen
_BYTES = 16 << 20
_IN_VIEW = 20  # rows that a high list shows


class Thumbnails(QObject):
    """Asked for what is painted, so only slides in view are read.

    Signals
    -------
    came(Path)
        The picture of a slide is there, or it is known that there is none.
    """

    came = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        """Make none yet."""
        super().__init__(parent)
        self._made: Cache[Path, QImage] = Cache(_BYTES)
        self._described: dict[Path, Preview] = {}
        self._refused: dict[Path, str] = {}
        self._wanted: list[Path] = []
        self._present: Path | None = None
        self._colors = False
        self._job = Job(self)
        self._job.succeeded.connect(self._take)
        self._job.failed.connect(self._fail)

    def picture(self, path: Path) -> QImage | None:
        """The picture of a slide; null if there is none, None while it is still to come."""
        made = self._made.get(path)
        if made is not None:
            return made
        if path in self._refused:
            return QImage()
        if path != self._present and path not in self._wanted:
            self._wanted = [*self._wanted, path][-_IN_VIEW:]  # what has been scrolled away drops out
            self._go_on()
        return None

    @property
    def described(self) -> Mapping[Path, Preview]:
        """What is known by now of slides, without their pictures."""
        return dict(self._described)

    def refusal(self, path: Path) -> str:
        """Why a slide can't be opened, empty as far as it is known to be sound."""
        return self._refused.get(path, "")

    def refuse(self, path: Path, error: Exception) -> None:
        """A slide turned out not to open."""
        self._refused[path] = f"can't be opened: {error.reason if isinstance(error, SlideUnopenable) else error}"
        self.came.emit(path)

    def forget_refusal(self, path: Path) -> None:
        """A slide was opened after all."""
        if self._refused.pop(path, None) is not None:
            self.came.emit(path)

    def show_colors(self, on: bool) -> None:
        """Show slides in the colours of their ICC profiles, or as their files have them."""
        if on != self._colors:
            self._colors = on
            shown = [path for path, _ in self._made.items()]
            self._made.clear()
            for path in shown:
                self.came.emit(path)

    def close(self) -> None:
        """End the thread."""
        self._wanted.clear()
        self._job.close()

    def _go_on(self) -> None:
        if self._present is None and self._wanted:
            self._present = self._wanted.pop(0)
            self._job.start(partial(_made_of, self._present, self._colors))

    @Slot(object)
    def _take(self, made: tuple[Preview, QImage]) -> None:
        self._present = None
        about, image = made
        self._described[about.path] = about
        self._made.put(about.path, image, max(1024, image.sizeInBytes()))
        self.came.emit(about.path)
        self._go_on()

    @Slot(object)
    def _fail(self, error: Exception) -> None:
        path, self._present = self._present, None
        if path is not None:
            self.refuse(path, error)
        self._go_on()


def _made_of(path: Path, colors: bool, progress: Progress) -> tuple[Preview, QImage]:
    made = preview(path, SIDE)
    return replace(made, png=b""), _colored(made.png) if colors else QImage.fromData(made.png)


def _colored(png: bytes) -> QImage:
    """A picture in the colours of the profile that it carries."""
    if not png:
        return QImage()
    with Image.open(io.BytesIO(png)) as picture:
        profile, pixels = rgb_profile(picture.info.get("icc_profile")), np.array(picture.convert("RGB"))
    if profile is not None:
        pixels = srgb_transform(profile).apply(pixels)
    height, width = pixels.shape[:2]
    return QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()
