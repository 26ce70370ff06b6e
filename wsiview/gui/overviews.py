"""Overviews: has the levels that slides in view lack built in the background, one slide at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from wsiview.gui.jobs import Job
from wsiview.gui.post import Address
from wsiview.gui.timers import single_shot
from wsiview.progress import Progress, Step
from wsiview.resources import user_cache_folder
from wsiview.slide.built_slide import BuiltSlide
from wsiview.slide.level_cache import LevelCache, LevelsNotKept
from wsiview.slide.missing_levels import missing_levels
from wsiview.slide.pyramid import Pyramid
from wsiview.slide.slide import Slide

_CALM_MS = 250  # after the last movement before building goes on
_GROWTH_MS = 1000  # between two looks at what has been built by then
_LONGEST_REST = 2.0  # s that one movement can hold it up: whoever moves for ever gets an overview all the same


class Overviews(QObject):
    """Built levels by slide; what was built for a slide is kept on disk and found again.

    Signals
    -------
    changed(Slide)
        Its built levels have come, to be filled in or finished, or were given up.
    grown(Slide)
        More of them is there.
    progressed(Step | None)
        How far the present one has come; None when none is built.
    building_changed()
        One is being built, or no longer.
    failed(Exception)
        Why one can't be built.
    """

    changed = Signal(object)
    grown = Signal(object)
    progressed = Signal(object)
    building_changed = Signal()
    failed = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        """Build nothing yet."""
        super().__init__(parent)
        self._wanted: list[Slide] = []
        self._built: dict[int, BuiltSlide] = {}
        self._given_up: set[int] = set()
        self._failed: set[int] = set()
        self._present: Slide | None = None
        self._job = Job(self)
        self._job.succeeded.connect(self._take)
        self._job.failed.connect(self._fail)
        self._job.progressed.connect(self.progressed)
        self._damaged, self._begun = Address(self._forget), Address(self._show_growing)
        self._growth = QTimer(self)
        self._growth.setInterval(_GROWTH_MS)
        self._growth.timeout.connect(lambda: self.grown.emit(self._present))
        self._calm = threading.Event()
        self._calm.set()
        self._rest = single_shot(self, _CALM_MS, self._calm.set)

    @property
    def building(self) -> bool:
        """Whether one is being built."""
        return self._present is not None

    def built(self, slide: Slide) -> BuiltSlide | None:
        """The slide with the levels it lacks, as soon as they are begun."""
        return self._built.get(id(slide))

    def want(self, slides: Sequence[Slide]) -> None:
        """These are in view; what others lack is no longer built."""
        self._wanted = list(slides)
        ids = {id(slide) for slide in slides}
        self._built = {key: built for key, built in self._built.items() if key in ids}
        self._given_up &= ids
        self._failed &= ids
        if self._present is not None and id(self._present) not in ids:
            self._cease()
        self._go_on()

    def stop(self) -> None:
        """Give the present one up, until its slide is opened again."""
        if self._present is not None:
            self._given_up.add(id(self._present))
            self._cease()
            self._go_on()

    def try_again(self) -> None:
        """A file is back: build what could not be built without it."""
        self._failed.clear()
        self._go_on()

    def make_way(self) -> None:
        """The reader moves a slide: rest for a moment, so that the pictures come first."""
        if self._present is not None:
            self._calm.clear()
            self._rest.start()

    def close(self) -> None:
        """Build no more."""
        self._rest.stop()
        self._growth.stop()
        self._calm.set()
        self._wanted.clear()
        self._job.close()

    def _go_on(self) -> None:
        if self._present is not None:
            return
        done = self._given_up | self._failed | self._built.keys()
        for slide in self._wanted:
            if id(slide) not in done and missing_levels(Pyramid.of(slide)):
                self._present = slide
                self._job.start(self._work(slide))
                break
        self.building_changed.emit()

    def _work(self, slide: Slide) -> Callable[[Progress], BuiltSlide | None]:
        calm, damaged, begun = self._calm, self._damaged, self._begun

        def work(progress: Progress) -> BuiltSlide | None:
            def report(step: Step) -> None:
                calm.wait(_LONGEST_REST)
                progress.report(step.stage, step.done, step.total)

            try:
                cache = LevelCache(user_cache_folder() / "levels")
            except OSError as error:
                raise LevelsNotKept(slide.name, error) from error
            def on_damage() -> None:
                cache.forget(slide)
                damaged.post(slide)

            found = cache.find(slide, on_damage)
            return found or cache.build(
                slide, Progress(report), on_damage, on_begin=lambda growing: begun.post(slide, growing)
            )

        return work

    def _cease(self) -> None:
        """Silence the present job; what it has begun is of no use."""
        self._job.cancel()
        slide = self._end()
        if slide is not None and self._built.pop(id(slide), None) is not None:
            self.changed.emit(slide)

    def _end(self) -> Slide | None:
        slide, self._present = self._present, None
        self._growth.stop()
        self.progressed.emit(None)
        return slide

    def _show_growing(self, slide: Slide, growing: BuiltSlide) -> None:
        if slide is self._present:
            self._built[id(slide)] = growing
            self._growth.start()
            self.changed.emit(slide)

    @Slot(object)
    def _take(self, built: BuiltSlide | None) -> None:
        slide = self._end()
        if slide is not None and built is not None:
            self._built[id(slide)] = built
            self.changed.emit(slide)
        self._go_on()

    @Slot(object)
    def _fail(self, error: Exception) -> None:
        slide = self._present
        if slide is not None:
            self._failed.add(id(slide))
        self._cease()
        self.failed.emit(error)
        self._go_on()

    def _forget(self, slide: Slide) -> None:
        if slide is not self._present and self._built.pop(id(slide), None) is not None:
            self.changed.emit(slide)
            self._go_on()
