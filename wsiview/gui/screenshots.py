"""Screenshots: what is on screen to a PNG or to the clipboard, with where it came from inside."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSaveFile
from PySide6.QtGui import QGuiApplication, QImage, QImageWriter

import wsiview
from wsiview.export.provenance import PNG_KEY, Provenance, png_payload, provenance, provenance_lines
from wsiview.gui.messages import Weight
from wsiview.gui.snapshot import Snapshot

if TYPE_CHECKING:
    from wsiview.gui.main_window import MainWindow


class Screenshots(QObject):
    """Takes one picture at a time of the view that has the keys; a newer one replaces the one being taken."""

    def __init__(self, window: MainWindow) -> None:
        """Take none yet."""
        super().__init__(window)
        self._window, self._session = window, window.session
        self._snapshot: Snapshot | None = None
        self._session.slide_changed.connect(lambda _: self.cancel())  # before the slide that is read is closed

    def suggested_name(self) -> str:
        """A file name for the next picture."""
        slide = self._window.active_display.slide
        return f"{slide.name if slide is not None else 'slide'} {datetime.now():%Y-%m-%d %H%M%S}.png"

    def save(self, path: Path, factor: int = 1) -> None:
        """Write a PNG, whole or not at all."""
        self._take(lambda image: self._write(image, path), factor)

    def copy(self) -> None:
        """Put a picture on the clipboard."""
        self._take(self._keep, 1)

    def cancel(self) -> None:
        """Give up the picture being taken."""
        if self._snapshot is not None:
            self._snapshot.cancel()
            self._snapshot.deleteLater()
            self._snapshot = None

    def _take(self, use: Callable[[QImage], None], factor: int) -> None:
        self.cancel()
        source = self._source()
        if source is None:
            return
        canvas, stack = self._window.active_canvas, self._window.active_display.layers
        if stack is not None:  # of two stacks the one that is shown, or that is left of a curtain
            stack = canvas.comparison.parts(stack, 1, 1)[0][0]
        payload = png_payload(source, canvas.viewport, stack)
        snapshot = Snapshot.of(canvas, factor=factor, provenance=provenance_lines(source, stack))

        def finish(image: QImage) -> None:
            self._snapshot = None
            snapshot.deleteLater()
            image.setText(PNG_KEY, payload)
            use(image)

        snapshot.finished.connect(finish)
        snapshot.failed.connect(self._fail)
        self._snapshot = snapshot
        snapshot.start()

    def _source(self) -> Provenance | None:
        display = self._window.active_display
        if display.slide is None:
            return None
        attributes = display.cluster_map.attributes if display.cluster_map is not None else None
        software, now = f"wsiview {wsiview.__version__}", datetime.now().astimezone()
        slide, colors = display.slide, self._window.companions.lens.colors_of(display.slide)
        return provenance(slide.name, slide.fingerprint, display.mpp, software, now, attributes, colors)

    def _write(self, image: QImage, path: Path) -> None:
        file = QSaveFile(str(path))
        writer = QImageWriter(file, b"png")
        if file.open(QSaveFile.OpenModeFlag.WriteOnly) and writer.write(image) and file.commit():
            self._session.tell(f"Saved {path.name}.")
            return
        reason = file.errorString() if file.error() else writer.errorString()
        file.cancelWriting()
        self._session.tell(f"{path} could not be written ({reason}); choose another folder.", Weight.ERROR, "export")

    def _keep(self, image: QImage) -> None:
        QGuiApplication.clipboard().setImage(image)
        self._session.tell("The screenshot is on the clipboard.")

    def _fail(self, sentence: str) -> None:
        self._snapshot = None
        self._session.tell(sentence, Weight.ERROR)
