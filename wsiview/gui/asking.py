"""Asking: file choosers, the few dialogs and the sheets of one window; none of them blocks what goes on beneath."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSize, Qt, Slot
from PySide6.QtWidgets import QDialog, QFileDialog

from wsiview.gui.dialogs.dismissal import Dismissal
from wsiview.gui.dialogs.keys_sheet import KeysSheet
from wsiview.gui.dialogs.mpp_dialog import MppDialog
from wsiview.gui.dialogs.sheets import about_sheet, picture_sheet
from wsiview.gui.jobs import Job
from wsiview.gui.messages import Weight
from wsiview.slide.folder import SUFFIXES
from wsiview.slide.plain_image import SUFFIXES as PICTURES
from wsiview.slide.slide import Pixels

if TYPE_CHECKING:
    from wsiview.gui.main_window import MainWindow

SLIDES = f"Slides ({' '.join(f'*{suffix}' for suffix in dict.fromkeys((*SUFFIXES, *sorted(PICTURES))))});;All files (*)"


class Asking(QObject):
    """Opens each question over its window and hands the answer to the session."""

    def __init__(self, window: MainWindow) -> None:
        """Ask over this window."""
        super().__init__(window)
        self._window = window
        self._keys: KeysSheet | None = None  # while it is open
        self._job = Job(self)
        self._job.succeeded.connect(self._show_associated)
        self._job.failed.connect(self._tell)
        window.session.slide_changed.connect(lambda _: self._job.cancel())

    def slide(self) -> None:
        """Which slide, or which ones? All come into the list, the first is opened."""
        preferences = self._window.session.preferences
        dialog = QFileDialog(self._window, "Open slides", str(preferences.folder("slide")), SLIDES)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)

        def take(names: list[str]) -> None:
            preferences.set_folder("slide", Path(names[0]).parent)
            self._window.open_paths([Path(name) for name in names])

        dialog.filesSelected.connect(take)
        self._show(dialog)

    def model(self) -> None:
        """Which model?"""
        self._choose("model", "Choose a model's folder", "", folder=True)

    def clustering(self) -> None:
        """Which clustering?"""
        self._choose("clustering", "Choose clustering", "Clusterings (*.clustering);;All files (*)")

    def other_clustering(self, take: Callable[[Path], None]) -> None:
        """Which clustering to compare the open one with?"""
        self._choose("clustering", "Compare with clustering", "Clusterings (*.clustering);;All files (*)", take=take)

    def map(self) -> None:
        """Which map?"""
        self._choose("map", "Show map: choose its .ome.zarr folder", "", folder=True)

    def second_slide(self) -> None:
        """Which slide beside this one?"""
        self._choose("slide", "Open slide in the second view", SLIDES, take=self._window.companions.second.show_slide)

    def second_map(self) -> None:
        """Which map beside this one?"""
        title, take = "Map in the second view: choose its .ome.zarr folder", self._window.companions.second.show_map
        self._choose("map", title, "", folder=True, take=take)

    def mpp(self) -> None:
        """How large is a pixel? Asked for by the reader."""
        self._ask_mpp("", explain=False)

    def mpp_for_map(self) -> None:
        """How large is a pixel? Needed to compute."""
        self._ask_mpp("The model needs to know, and the file doesn't tell.", explain=True)

    def keys(self) -> None:
        """Show all keys, or no more; the sheet can stay open beside the work."""
        if self._keys is not None:
            self._keys.reject()
            return
        self._keys = sheet = KeysSheet(self._window.menus.keys(), self._window)
        Dismissal(sheet, self._window)
        sheet.finished.connect(self._forget_keys)
        sheet.show()

    def about(self) -> None:
        """Show what the program is and is not."""
        logo = self._window.windowIcon().pixmap(QSize(72, 72), self._window.devicePixelRatioF())
        self._show(about_sheet(logo, self._window))

    def associated(self) -> None:
        """Show the picture that travels with the slide, on request."""
        slide = self._window.session.slide
        if slide is None or not slide.associated:
            return
        name = "label" if "label" in slide.associated else slide.associated[0]
        self._job.start(lambda progress: (name, slide.read_associated(name)))

    def close(self) -> None:
        """Read no more."""
        self._job.close()

    def picture_path(self, suggested: str, answer: Callable[[Path], None]) -> None:
        """Where shall a picture be saved?"""
        preferences = self._window.session.preferences
        dialog = QFileDialog(self._window, "Export screenshot", str(preferences.folder("picture") / suggested))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilter("PNG picture (*.png)")
        dialog.setDefaultSuffix("png")

        def take(name: str) -> None:
            preferences.set_folder("picture", Path(name).parent)
            answer(Path(name))

        dialog.fileSelected.connect(take)
        self._show(dialog)

    def _choose(
        self, kind: str, title: str, names: str, *, folder: bool = False, take: Callable[[Path], None] | None = None
    ) -> None:
        session = self._window.session
        usual: dict[str, Callable[[Path], None]] = {
            "model": session.choose_model,
            "clustering": session.choose_clustering,
            "map": session.show_map,
        }
        preferences = self._window.session.preferences
        dialog = QFileDialog(self._window, title, str(preferences.folder(kind)), names)
        dialog.setFileMode(QFileDialog.FileMode.Directory if folder else QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(partial(self._take, kind, take or usual[kind]))
        self._show(dialog)

    def _take(self, kind: str, take: Callable[[Path], None], name: str) -> None:
        self._window.session.preferences.set_folder(kind, Path(name).parent)
        take(Path(name))

    def _ask_mpp(self, reason: str, *, explain: bool) -> None:
        session = self._window.session
        if session.slide is None:
            return
        dialog = MppDialog(session.slide.name, session.mpp, reason=reason, parent=self._window)
        dialog.given.connect(session.set_mpp)
        if explain:
            dialog.given.connect(lambda _: session.explain())
        self._show(dialog)

    @Slot(object)
    def _show_associated(self, read: tuple[str, Pixels]) -> None:
        self._show(picture_sheet(*read, self._window))

    @Slot(object)
    def _tell(self, error: Exception) -> None:
        self._window.session.tell(str(error), Weight.ERROR)

    def _show(self, dialog: QDialog) -> None:
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.finished.connect(self._return_to_slide)
        dialog.open()

    def _forget_keys(self) -> None:
        self._keys = None
        self._return_to_slide()

    def _return_to_slide(self) -> None:
        """Keys go to the slide again, also where no window manager hands the focus back."""
        self._window.activateWindow()
        self._window.active_canvas.setFocus()
