"""Exemplar guide: keeps the exemplars true to the class that is named and the map that is shown, and leads there."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, Slot
from PySide6.QtGui import QKeyEvent

from wsiview.analysis.exemplars import Candidates, Exemplar, Exemplars
from wsiview.geometry import Region
from wsiview.gui.checks.check_work import gram_of
from wsiview.gui.exemplars.exemplar_strip import ExemplarStrip
from wsiview.gui.exemplars.picking import Pick, Picked, Place, pick, words_of
from wsiview.gui.exemplars.place_mark import PlaceMark
from wsiview.gui.exemplars.thumb_grid import Thumb
from wsiview.gui.exemplars.thumbnails import Cut, Thumbnail, Thumbnails
from wsiview.gui.jobs import Job
from wsiview.gui.lens import Lens
from wsiview.gui.timers import single_shot
from wsiview.scene.grids import MapGrids

if TYPE_CHECKING:
    from wsiview.gui.main_window import MainWindow

log = logging.getLogger(__name__)

PAUSE = 300  # ms between something new and the next choice
LEAST_SIDE, MOST_SIDE = 128, 256  # of a picture, in the model's pixels
COUNT = 6  # of each kind
FINE, COARSE, GOOD = 0.25, 1.0, 0.5  # µm per screen pixel: where tissue is read (40× to 10×), and what is chosen else


class ExemplarGuide(QObject):
    """Stands between session, strip and canvas.

    Parameters
    ----------
    lens
        Through which pictures are cut, as the slide itself is looked at.
    """

    def __init__(self, window: MainWindow, lens: Lens) -> None:
        """Put the strip into the panel of meanings, and listen."""
        super().__init__(window)
        self._window, self._session, self._lens = window, window.session, lens
        self.strip = ExemplarStrip()
        self.thumbnails = Thumbnails(self)
        self.shown = Exemplars()
        self._cells: tuple[Exemplar, ...] = ()
        self._cuts: tuple[Cut, ...] = ()
        self._known: dict[Place, Candidates] = {}
        self._known_index = 0
        self._mark: PlaceMark | None = None
        self._job = Job(self)
        self._timer = single_shot(self, PAUSE, self._choose)
        window.docks.meanings.put_exemplars(self.strip)
        self._listen()
        self._forget()

    def focus(self) -> None:
        """Bring the panel to the front and give the pictures the keys."""
        self._window.docks.show_panel(self._window.docks.meanings)
        self.strip.grid.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def go_to(self, number: int) -> None:
        """Show the cell of a picture on the slide, magnified so that tissue can be read, and mark it."""
        grids, stack, canvas = self._session.grids, self._session.layers, self._window.canvas
        if grids is None or stack is None or number >= len(self._cells):
            return
        cell = self._cells[number]
        region = grids.cell_region(cell.row, cell.col)
        self.unmark()
        letter = stack.classes[self._session.selected].letter
        words = f"{self.strip.buttons[self.strip.kind].text()} {number + 1} of class {letter}"
        self._mark = PlaceMark(region, _field(grids, region), words)
        canvas.add_decoration(self._mark, screen_only=True)
        canvas.set_viewport(replace(canvas.viewport, center=region.center, downsample=self._downsample()))

    def unmark(self) -> None:
        """Take the mark off the slide."""
        if self._mark is not None:
            self._window.canvas.remove_decoration(self._mark)
            self._mark = None

    def close(self) -> None:
        """End the threads."""
        self._timer.stop()
        self._job.close()
        self.thumbnails.close()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Esc over the slide takes the mark off, and does whatever else it does; a higher panel has room for more."""
        if event.type() == QEvent.Type.Resize and watched is self._window.docks.meanings.viewport():
            if self.strip.fit(self._window.docks.meanings.viewport().height()):
                self._show()
        elif event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape:
            self.unmark()
        return super().eventFilter(watched, event)

    def _listen(self) -> None:
        session = self._session
        session.map_changed.connect(self._forget)
        session.selected_changed.connect(self._turn_to)
        session.block_arrived.connect(self._wake)
        session.predictions_arrived.connect(self._wake)
        session.explainer.finished.connect(self._wake)
        session.layers_changed.connect(self._show_words)
        self._job.succeeded.connect(self._take)
        self._job.failed.connect(self._give_up)
        self._lens.colors_changed.connect(lambda _: self._show())
        self.thumbnails.arrived.connect(self._show_picture)
        self.strip.kind_changed.connect(self._show)
        self.strip.grid.chosen.connect(self.go_to)
        self.strip.grid.left.connect(self._window.canvas.setFocus)
        self._window.canvas.installEventFilter(self)
        self._window.docks.meanings.viewport().installEventFilter(self)

    @Slot()
    def _forget(self) -> None:
        """Another map, or none."""
        self._timer.stop()
        self._job.cancel()
        self.unmark()
        self._known = {}
        self.thumbnails.want(())
        self._take_exemplars(Exemplars())

    @Slot(int)
    def _turn_to(self, index: int) -> None:
        """Another class: what is shown of the one before goes at once."""
        self._timer.stop()
        self._job.cancel()
        self.unmark()
        self._known = {}
        self._take_exemplars(Exemplars())
        if self._session.grids is not None:
            self._choose()

    @Slot()
    def _wake(self) -> None:
        if not self._timer.isActive() and self._session.grids is not None:
            self._timer.start()

    @Slot()
    def _choose(self) -> None:
        grids, found = self._session.grids, self._session.cluster_map
        if grids is None or found is None:
            return
        if self._job.running:
            self._timer.start()
            return
        blocks = grids.blocks_beyond(self._known)
        side = self._side(grids)
        apart = max(1, round(side[1] / grids.cell_to_level0.d)), max(1, round(side[0] / grids.cell_to_level0.a))
        wish = Pick(
            self._session.selected, blocks, self._known, grids.block, grids.strength_scale, gram_of(found), apart,
            COUNT,
        )  # fmt: skip
        self._job.start(lambda progress: pick(wish, progress))

    @Slot(object)
    def _take(self, picked: Picked) -> None:
        if picked.index == self._session.selected:
            self._known = picked.known
            self._take_exemplars(picked.exemplars)

    @Slot(object)
    def _give_up(self, error: Exception) -> None:
        log.warning("exemplars could not be chosen: %s", error)

    def _take_exemplars(self, exemplars: Exemplars) -> None:
        self.shown = exemplars
        self._show()

    @Slot()
    def _show(self) -> None:
        """Show the kind that is chosen, and have its pictures cut."""
        session, grids = self._session, self._session.grids
        complete = session.cluster_map is not None and session.cluster_map.complete
        self.strip.setVisible(grids is not None)
        self.strip.show_where(complete)
        self._cells = getattr(self.shown, self.strip.kind)[: self.strip.grid.capacity]
        if grids is None:
            self.strip.grid.show_thumbs((), "")
            return
        self._cut_from()
        before = dict(zip(self._cuts, self.strip.grid.thumbs, strict=False))
        self._cuts = tuple(self._cut(grids, cell) for cell in self._cells)
        pictures = [before[cut].thumbnail if cut in before else None for cut in self._cuts]
        self.strip.grid.show_thumbs(self._thumbs(grids, pictures), self._message())
        self.thumbnails.want(self._cuts)

    @Slot()
    def _show_words(self) -> None:
        """Letters and names may have changed."""
        grids = self._session.grids
        if grids is not None:
            pictures = [thumb.thumbnail for thumb in self.strip.grid.thumbs]
            self.strip.grid.show_thumbs(self._thumbs(grids, pictures), self._message())

    @Slot(object, object)
    def _show_picture(self, cut: Cut, thumbnail: Thumbnail) -> None:
        if cut in self._cuts:
            self.strip.grid.show_picture(self._cuts.index(cut), thumbnail)

    def _thumbs(self, grids: MapGrids, pictures: list[Thumbnail | None]) -> list[Thumb]:
        stack, index = self._session.layers, self._session.selected
        if stack is None or index >= len(stack.classes):
            return []
        return [
            Thumb(words_of(cell, index, stack), grids.cell_region(cell.row, cell.col), picture)
            for cell, picture in zip(self._cells, pictures, strict=True)
        ]

    def _message(self) -> str:
        stack, index = self._session.layers, self._session.selected
        if stack is None or index >= len(stack.classes):
            return ""
        if self._job.running or not self._known:
            return "Looking for exemplars …"
        what = "is the strongest nowhere" if self.strip.kind != "strongest" else "has no weight"
        so_far = "" if self._session.cluster_map is not None and self._session.cluster_map.complete else " so far"
        return f"Class {stack.classes[index].letter} {what} on this slide{so_far}."

    def _cut_from(self) -> None:
        slide, found = self._session.slide, self._session.cluster_map
        told = {} if found is None else found.attributes.get("parameters") or {}
        mpp = told.get("mpp")
        seen = None if slide is None else self._lens.through(slide)
        self.thumbnails.cut_from(seen, told.get("spacing"), None if mpp is None else (float(mpp[0]), float(mpp[1])))

    def _cut(self, grids: MapGrids, cell: Exemplar) -> Cut:
        scale = self._scale()
        side = round(self._side(grids)[0] / scale[0])
        return Cut(grids.cell_region(cell.row, cell.col).center, side)

    def _side(self, grids: MapGrids) -> tuple[float, float]:
        """Width and height of a picture in level-0 pixels: about the receptive field, but neither a speck nor a sea."""
        scale = self._scale()
        field = LEAST_SIDE if grids.field is None else grids.field[0] / scale[0]
        side = min(max(round(field), LEAST_SIDE), MOST_SIDE)
        return side * scale[0], side * scale[1]

    def _scale(self) -> tuple[float, float]:
        """Level-0 pixels per pixel of the model's."""
        found = self._session.cluster_map
        told = (found.attributes.get("parameters") or {}).get("scale") if found is not None else None
        return (float(told[0]), float(told[1])) if told else (1.0, 1.0)

    def _downsample(self) -> float:
        """The present scale where tissue can be read at it, else 20×; the model's own pixels without a scale."""
        canvas, mpp = self._window.canvas, self._session.mpp
        now = canvas.viewport.downsample
        if mpp is None:
            return min(now, self._scale()[0] / canvas.pixel_ratio)
        microns = now * canvas.pixel_ratio * mpp[0]
        return now if FINE <= microns <= COARSE else GOOD / mpp[0] / canvas.pixel_ratio


def _field(grids: MapGrids, cell: Region) -> Region | None:
    if grids.field is None:
        return None
    (width, height), middle = grids.field, cell.center
    return Region(middle.x - width / 2, middle.y - height / 2, width, height)
