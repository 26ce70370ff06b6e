"""Sources: slide, model and clustering, each read on a thread of its own; together they make a map."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from wsiview.demo import write_demo_slide
from wsiview.errors import WsiviewError
from wsiview.gui import inputs
from wsiview.gui.inputs import ChosenClustering
from wsiview.gui.jobs import Job
from wsiview.models.bundle import Bundle
from wsiview.progress import Progress
from wsiview.resources import resource, user_cache_folder
from wsiview.slide.slide import Slide


class Sources(QObject):
    """What is open; what was open before stays until the new is there."""

    slide_opened = Signal(object)  # the new Slide; the one before is closed after all have heard
    chosen = Signal()  # model or clustering
    busy_changed = Signal()
    opening_changed = Signal(str)  # name of the slide on its way, "" when none is
    progressed = Signal(object)  # Step of making the demo's slide, None when it is made
    failed = Signal(object)  # the exception
    noted = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        """Open nothing."""
        super().__init__(parent)
        self.slide: Slide | None = None
        self.bundle: Bundle | None = None
        self.clustering: ChosenClustering | None = None
        self._opening_name = ""  # said again when something else has failed meanwhile
        self._waiting: ChosenClustering | None = None  # for the model that was chosen with it and takes longer
        self._slide_job = Job(self, discard=lambda slide: slide.close())
        self._model_job, self._clustering_job, self._demo_job = Job(self), Job(self), Job(self)
        for job, take in (
            (self._slide_job, self._take_slide),
            (self._model_job, self._take_bundle),
            (self._clustering_job, self._take_clustering),
            (self._demo_job, self.open_slide),
        ):
            job.succeeded.connect(take)
            job.failed.connect(self._fail)
        self._demo_job.progressed.connect(self.progressed)

    @property
    def busy(self) -> bool:
        """Whether anything is on its way."""
        return any(job.running for job in self._jobs)

    @property
    def opening(self) -> bool:
        """Whether a slide is on its way."""
        return self._slide_job.running or self._demo_job.running

    def open_slide(self, path: Path) -> None:
        """Open a slide."""
        self._demo_job.cancel()
        self.progressed.emit(None)
        self._name_opening(path.name)
        self._slide_job.start(inputs.read_slide(path))
        self.busy_changed.emit()

    def choose_model(self, path: Path) -> None:
        """Read a bundle."""
        self._model_job.start(inputs.read_model(path))
        self.busy_changed.emit()

    def choose_clustering(self, path: Path) -> None:
        """Read a clustering."""
        self._clustering_job.start(inputs.read_clustering(path))
        self.busy_changed.emit()

    def open_demo(self) -> None:
        """Open the demo case; its slide is painted on the very first start."""

        def paint(progress: Progress) -> Path:
            return write_demo_slide(user_cache_folder() / "demo", progress=progress).slide

        self._name_opening("the demo slide (synthetic tissue)")
        self._demo_job.start(paint)
        folder = resource("demo")
        self.choose_model(folder / "model")
        self.choose_clustering(folder / "demo.clustering")

    def cancel(self) -> None:
        """Stop painting the demo's slide."""
        if self._demo_job.running:
            self._demo_job.cancel()
            self.progressed.emit(None)
            self._name_opening("")

    def close(self) -> None:
        """End the threads and close the slide."""
        for job in self._jobs:
            job.close()
        if self.slide is not None:
            self.slide.close()

    @property
    def _jobs(self) -> tuple[Job, ...]:
        return self._slide_job, self._model_job, self._clustering_job, self._demo_job

    @Slot(object)
    def _take_slide(self, slide: Slide) -> None:
        before, self.slide = self.slide, slide
        self._name_opening("")
        self.slide_opened.emit(slide)
        if before is not None:
            before.close()

    @Slot(object)
    def _take_bundle(self, bundle: Bundle) -> None:
        self.bundle = bundle
        if self.clustering is not None and self.clustering.clustering.model_fingerprint != bundle.fingerprint:
            name, self.clustering = self.clustering.clustering.name, None
            self.noted.emit(f"The clustering {name!r} belongs to another model; choose one fitted on this one.")
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            self._take_clustering(waiting)
        else:
            self.chosen.emit()

    @Slot(object)
    def _take_clustering(self, chosen: ChosenClustering) -> None:
        if self._model_job.running:
            self._waiting = chosen
            return
        if self.bundle is not None:
            try:
                inputs.refuse_other_model(chosen, self.bundle)
            except WsiviewError as error:
                self.failed.emit(error)
                self.chosen.emit()
                return
        self.clustering = chosen
        self.chosen.emit()

    @Slot(object)
    def _fail(self, error: Exception) -> None:
        self._name_opening(self._opening_name if self.opening else "")
        self.failed.emit(error)
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            self._take_clustering(waiting)
        self.busy_changed.emit()

    def _name_opening(self, name: str) -> None:
        self._opening_name = name
        self.opening_changed.emit(name)
