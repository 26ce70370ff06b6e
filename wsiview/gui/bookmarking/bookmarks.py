"""Bookmarks: views with their layers, kept at once and returned to; one list for the slide that has the keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QApplication, QWidget

from wsiview.gui import looks
from wsiview.gui.bookmarking.bookmark_list import Row
from wsiview.gui.bookmarking.bookmarks_panel import BookmarksPanel
from wsiview.gui.bookmarking.thumbnail import thumbnail
from wsiview.gui.canvas.slide_canvas import SlideCanvas
from wsiview.gui.slide_book import SlideBook
from wsiview.review.items import Item
from wsiview.scene.bookmark import Bookmark, bookmark_from, in_screen_pixels, next_name
from wsiview.scene.magnification import OBJECTIVE
from wsiview.scene.measures import Mpp
from wsiview.scene.orientation import orientation
from wsiview.scene.place_text import place_text

if TYPE_CHECKING:
    from wsiview.gui.main_window import MainWindow

KIND = "bookmark"


class Bookmarks(QObject):
    """Keeps, shows and returns to the bookmarks of a slide."""

    def __init__(self, window: MainWindow, book: SlideBook) -> None:
        """Make the list, in a dock behind others."""
        super().__init__(window)
        self._window, self._book = window, book
        self.panel = BookmarksPanel()
        self.dock = window.docks.add("Bookmarks", "bookmarks", self.panel)
        self._shown: tuple[str, Mpp] | None = None
        self.panel.add_wanted.connect(self.add)
        self.panel.list.wanted.connect(self.go_to)
        self.panel.list.renamed.connect(self._rename)
        self.panel.list.unwanted.connect(self._remove)
        book.changed.connect(self._take_change)
        window.canvas.slide_shown.connect(self._follow)
        window.session.scale_changed.connect(self._follow)
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.focusChanged.connect(self._take_focus)

    def add(self) -> None:
        """Keep what the view that has the keys shows."""
        canvas, display = self._window.active_canvas, self._window.active_display
        if canvas.slide is None:
            return
        slide = canvas.slide.fingerprint
        clustering = display.cluster_map.attributes["clustering"] if display.cluster_map is not None else {}
        bookmark = Bookmark(
            next_name(bookmark.name for _, bookmark in self._bookmarks(slide)),
            in_screen_pixels(canvas.viewport, canvas.pixel_ratio),
            display.layers,
            str(clustering.get("fingerprint") or ""),
            str(clustering.get("name") or ""),
        )
        item = Item(slide, KIND, bookmark.content, picture=thumbnail(canvas.picture()))
        self._book.put(item, "bookmark")
        self.panel.list.choose(item.item)
        saved = "" if self._book.is_saved(item) else ", but not saved"
        self._window.companions.measures.say(f"{bookmark.name} added{saved}. Ctrl+Shift+B lists them.")

    def show_list(self) -> None:
        """Show the list and give it the keys."""
        self.dock.show()
        self.dock.raise_()
        (self.panel.list if self.panel.list.isVisibleTo(self.panel) else self.panel.add).setFocus()

    @Slot(str)
    def go_to(self, key: str) -> None:
        """Return to a bookmark, with its layers where their clustering is shown."""
        canvas, display = self._window.active_canvas, self._window.active_display
        found = [mark for item, mark in self._bookmarks(self._slide(canvas)) if item.item == key]
        if not found:
            return
        bookmark = found[0]
        canvas.set_viewport(bookmark.view_on(canvas.viewport.size, canvas.pixel_ratio))
        if bookmark.layers is None:
            return
        if display.layers is not None and bookmark.clustering == display.clustering_fingerprint:
            names = display.cluster_map.saliency_names if display.cluster_map is not None else ()
            display.set_layers(looks.brought_back(bookmark.layers, display.layers, names))
        else:
            name = f"“{bookmark.clustering_name}”" if bookmark.clustering_name else "another clustering"
            self._window.companions.measures.say(f"The layers of this bookmark belong to {name}, which is not shown.")

    def _rename(self, key: str, name: str) -> None:
        for item, bookmark in self._bookmarks(self._slide(self._window.active_canvas)):
            if item.item == key:
                wanted = name or bookmark.name
                self._book.put(replace(item, content={**item.content, "name": wanted}), "bookmark's name")
        self._fill()  # an empty name is not kept

    def _remove(self, keys: Sequence[str]) -> None:
        marks = self._bookmarks(self._slide(self._window.active_canvas))
        self._book.remove([item for item, _ in marks if item.item in keys], "bookmarks")

    def _take_change(self, slide: str) -> None:
        if self._shown is not None and slide == self._shown[0]:
            self._fill()

    @Slot(QWidget, QWidget)
    def _take_focus(self, before: QWidget | None, now: QWidget | None) -> None:
        if isinstance(now, SlideCanvas):
            self._follow()

    def _follow(self) -> None:
        shown = self._slide(self._window.active_canvas), self._window.active_display.mpp
        if shown != self._shown:
            self._shown = shown
            self._fill()

    def _fill(self) -> None:
        canvas, mpp = self._window.active_canvas, self._window.active_display.mpp
        marks = self._bookmarks(self._slide(canvas))
        rows = [Row(item.item, mark.name, _about(mark, mpp), _tip(mark, mpp), item.picture) for item, mark in marks]
        unsaved = sum(not self._book.is_saved(item) for item, _ in marks)
        self.panel.show_rows(rows, unsaved, can_add=canvas.slide is not None)

    def _bookmarks(self, slide: str) -> list[tuple[Item, Bookmark]]:
        found = []
        for item in self._book.items(slide, KIND) if slide else ():
            try:
                found.append((item, bookmark_from(item.content)))
            except ValueError as error:
                self._book.failed.emit(str(error))
        return found

    @staticmethod
    def _slide(canvas: SlideCanvas) -> str:
        return canvas.slide.fingerprint if canvas.slide is not None else ""


def _about(bookmark: Bookmark, mpp: Mpp) -> str:
    """How closely it looks."""
    if mpp is None:
        return f"{100 / bookmark.view.downsample:.3g} %"
    return f"{OBJECTIVE / (bookmark.view.downsample * mpp[0]):.3g}×"


def _tip(bookmark: Bookmark, mpp: Mpp) -> str:
    """All that it keeps, and what can be done with it."""
    parts = [place_text(bookmark.view.center, bookmark.view.downsample, mpp)]
    if words := orientation(bookmark.view):
        parts.append(words)
    if bookmark.layers is not None:
        parts.append(f"layers of “{bookmark.clustering_name}”" if bookmark.clustering_name else "with layers")
    return f"{', '.join(parts)}\nEnter or double-click goes there, F2 renames, Del deletes"
