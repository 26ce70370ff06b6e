"""Slide list: the slides of this session in their order, which of them is open, and the way to the next."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from wsiview.explain.request import Described
from wsiview.gui.jobs import Job
from wsiview.gui.messages import Weight
from wsiview.gui.panels.slides_panel import Row, SlidesPanel
from wsiview.gui.slides.entry import Entry, Wanted, look_up
from wsiview.gui.slides.page_keys import PageKeys
from wsiview.gui.slides.sorting import Handful, Sorted, sort
from wsiview.gui.slides.thumbnails import Thumbnails
from wsiview.gui.timers import single_shot
from wsiview.slide.slide import SlideUnopenable

if TYPE_CHECKING:
    from wsiview.gui.main_window import MainWindow

_PAUSE = 150  # ms in which several reasons to look at the files again become one


class SlideList(QObject):
    """Takes what is opened or dropped, and leads from slide to slide.

    Signals
    -------
    neighbours_changed()
        There is a next or a previous slide now, or none any more.
    """

    neighbours_changed = Signal()

    def __init__(self, window: MainWindow) -> None:
        """Start with what was opened lately, to choose from."""
        super().__init__(window)
        self._window, self._session = window, window.session
        self._paths: list[Path] = []
        self._known: dict[Path, Entry] = {}
        self._wanted: Path | None = None  # on its way
        self._neighbours = (False, False)
        self._handfuls: list[tuple[Handful, bool]] = []  # and whether it is meant for the second view
        self.thumbnails = Thumbnails(self)
        self.panel = SlidesPanel(self.thumbnails)
        PageKeys(window)
        self._dock = window.docks.add("Slides", "slides", self.panel)
        self._sort_job, self._look_job = Job(self), Job(self)
        self._sort_job.succeeded.connect(self._take_sorted)
        self._look_job.succeeded.connect(self._take_entries)
        self._soon = single_shot(self, _PAUSE, self._look)
        self._connect()
        self._show()

    def _connect(self) -> None:
        session, panel = self._session, self.panel
        session.slide_changed.connect(self._take_slide)
        session.opening_changed.connect(self._take_opening)
        session.sources.failed.connect(self._take_failure)
        session.inputs_changed.connect(self._look_soon)
        self.thumbnails.came.connect(self._show)
        self.thumbnails.came.connect(self._look_soon)
        panel.open_wanted.connect(self.open)
        panel.beside_wanted.connect(self._window_beside)
        panel.removal_wanted.connect(self.remove)
        panel.left.connect(lambda: self._window.active_canvas.setFocus())

    @property
    def paths(self) -> tuple[Path, ...]:
        """The slides of this session."""
        return tuple(self._paths)

    @property
    def current(self) -> Path | None:
        """The slide that is open, or on its way."""
        slide = self._session.slide
        return self._wanted or (_whole(slide.path) if slide is not None else None)

    @property
    def has_next(self) -> bool:
        """Whether another slide comes after this one."""
        return self._beside(1) is not None

    @property
    def has_previous(self) -> bool:
        """Whether another slide comes before this one."""
        return self._beside(-1) is not None

    def next(self) -> None:
        """Open the slide after this one."""
        self.open(self._beside(1))

    def previous(self) -> None:
        """Open the slide before this one."""
        self.open(self._beside(-1))

    def open(self, path: Path | None) -> None:
        """Open a slide; pressed again while it is on its way, the next one is counted from there."""
        if path is not None:
            self.add([path])
            self._wanted = path
            self._session.open_slide(path)
            self._show()

    def open_paths(self, paths: Sequence[Path], *, beside: bool = False) -> None:
        """Open slides, folders of slides, models, clusterings and maps, in any order.

        All slides come into the list and the first of them is opened, in the second view if `beside` says so. Maps are
        shown on it; those that came with several slides, each on its own.
        """
        self._handfuls.append((tuple(_whole(path) for path in paths), beside))
        self._sort_job.start(sort([handful for handful, _ in self._handfuls]))

    def add(self, paths: Sequence[Path]) -> None:
        """Put slides at the end of the list, unless they are in it."""
        new = [path for path in dict.fromkeys(_whole(path) for path in paths) if path not in self._paths]
        if new:
            self._paths += new
            self._look_soon()
            self._show()

    def remove(self, path: Path) -> None:
        """Take a slide off the list, and once more off those opened lately; its file stays."""
        if path in self._paths and path != self.current:
            self._paths.remove(path)
        elif path not in self._paths:
            self._session.preferences.drop_recent(path)
        self._show()

    def reveal(self) -> None:
        """Show the list and give it the keys."""
        self._dock.show()
        self._dock.raise_()
        self.panel.take_keys(self.current)

    def close(self) -> None:
        """End the threads."""
        self._soon.stop()
        self._sort_job.close()
        self._look_job.close()
        self.thumbnails.close()

    # What comes

    @Slot(object)
    def _take_sorted(self, handfuls: tuple[Sorted, ...]) -> None:
        meant = [beside for _, beside in self._handfuls]
        self._handfuls.clear()
        for handful, beside in zip(handfuls, meant, strict=True):
            self._take_handful(handful, beside)

    def _take_handful(self, handful: Sorted, beside: bool) -> None:
        session, second = self._session, self._window.companions.second
        self.add(handful.slides)
        whose_maps = len(handful.slides) > 1 and not beside
        if whose_maps:
            self._window.companions.places.expect(handful.homes)
        if handful.slides:
            (second.show_slide if beside else self.open)(handful.slides[0])
        for model in handful.models[-1:]:
            session.choose_model(model)
        for clustering in handful.clusterings[-1:]:
            session.choose_clustering(clustering)
        if handful.maps and not whose_maps:
            (second.show_map if beside else session.show_map)(*handful.maps)
        if handful.listed:
            self._dock.show()
            self._dock.raise_()
        for folder in handful.empty:
            session.tell(f"There is no slide in the folder {folder.name}.", Weight.WARNING)

    @Slot()
    def _take_slide(self) -> None:
        self._wanted = None
        current = self.current
        if current is not None:
            self.add([current])
            self.thumbnails.forget_refusal(current)
        self._show()

    @Slot(str)
    def _take_opening(self, name: str) -> None:
        if not name:
            self._wanted = None
        self._show()

    @Slot(object)
    def _take_failure(self, error: Exception) -> None:
        if isinstance(error, SlideUnopenable):
            self.thumbnails.refuse(_whole(error.path), error)
            self._look_soon()

    # What is known

    @Slot()
    def _look_soon(self) -> None:
        self._soon.start()

    def _look(self) -> None:
        session, described = self._session, dict[Path, Described](self.thumbnails.described)
        if session.slide is not None:
            described[_whole(session.slide.path)] = session.slide
        wanted = None
        if session.bundle is not None and session.clustering is not None:
            given = {slide.fingerprint: session.preferences.mpp(slide.fingerprint) for slide in described.values()}
            wanted = Wanted(session.bundle, session.clustering, given)
        self._look_job.start(look_up((*self._paths, *self._recent()), described, wanted))

    @Slot(object)
    def _take_entries(self, entries: dict[Path, Entry]) -> None:
        self._known = entries
        self._show()

    def _beside(self, step: int) -> Path | None:
        current = self.current
        at = self._paths.index(current) if current in self._paths else -step
        rest = self._paths[at + 1 :] if step > 0 else self._paths[max(at, 0) - 1 :: -1] if at > 0 else []
        return next((path for path in rest if self._opens(path)), None)

    def _opens(self, path: Path) -> bool:
        return not self._known.get(path, Entry()).missing and not self.thumbnails.refusal(path)

    def _recent(self) -> list[Path]:
        return [path for path in self._session.preferences.recent_paths() if path not in self._paths]

    @Slot()
    def _show(self) -> None:
        rows = [self._row(path) for path in self._paths]
        recent = [self._row(path) for path in self._recent()]
        self.panel.show_rows([*rows, *([Row(None, "Opened lately")] if recent else []), *recent])
        neighbours = self.has_previous, self.has_next
        if neighbours != self._neighbours:
            self._neighbours = neighbours
            self.neighbours_changed.emit()

    def _row(self, path: Path) -> Row:
        entry, refusal, current = self._known.get(path, Entry()), self.thumbnails.refusal(path), self.current
        opening = path == self._wanted
        if entry.missing:
            note = "not there any more; check the connection to its disk"
        elif refusal:
            note = refusal
        elif opening:
            note = "opening …"
        else:
            note = {"none": "", "begun": "map begun", "finished": "map"}[entry.map]
        return Row(path, path.name, note, path == current, entry.missing or bool(refusal), entry.map)

    @Slot(object)
    def _window_beside(self, path: Path) -> None:
        self._window.companions.second.show_slide(path)


def _whole(path: Path) -> Path:
    """The one name under which a file is listed; no disk is asked for it."""
    return Path(os.path.abspath(path))
