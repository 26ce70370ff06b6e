"""Session: what is open and what is shown; the window's only truth, told to whoever listens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from wsiview.errors import WsiviewError
from wsiview.geometry import Region
from wsiview.gui import inputs
from wsiview.gui.display import Display
from wsiview.gui.explainer import Explainer
from wsiview.gui.inputs import ChosenClustering, Kind
from wsiview.gui.jobs import Job
from wsiview.gui.map_worker import MapWish
from wsiview.gui.messages import Message, Weight
from wsiview.gui.notebook import Notebook
from wsiview.gui.preferences import Preferences
from wsiview.gui.sources import Sources
from wsiview.maps.cluster_map import ClusterMap
from wsiview.models.bundle import Bundle
from wsiview.progress import Step
from wsiview.slide.slide import Slide
from wsiview.slide.virtual_level import MppMissing


class Session(Display):
    """Slide, model and clustering, and the display of the cluster map that they make.

    Parameters
    ----------
    explainer
        Brings cluster maps.
    notebook
        Keeps what the reader writes. Both are closed with the session.
    """

    slide_changed = Signal(object)  # Slide or None
    opening_changed = Signal(str)  # name of the slide on its way, "" when none is
    inputs_changed = Signal()  # model, clustering, or whether something runs
    progress_changed = Signal(object)  # Step or None
    mpp_needed = Signal(object)  # the Slide whose scale is missing
    told = Signal(object)  # Message

    def __init__(
        self, preferences: Preferences, explainer: Explainer, notebook: Notebook, parent: QObject | None = None
    ) -> None:
        """Listen to sources, explainer and notebook; nothing is open."""
        super().__init__(notebook, parent)
        self.preferences, self.explainer = preferences, explainer
        self.sources = Sources(self)
        self.given_mpp: tuple[float, float] | None = None
        self._wants_explaining = False
        self._asks_for_scale = False
        self._pending_maps: tuple[Path, ...] = ()
        self._plan_job = Job(self)
        self._plan_job.succeeded.connect(self._take_plan)
        self._plan_job.failed.connect(self._take_failure)
        self._listen()

    def _listen(self) -> None:
        self.sources.slide_opened.connect(self._take_slide)
        self.sources.chosen.connect(self._take_choice)
        self.sources.busy_changed.connect(self.inputs_changed)
        self.sources.opening_changed.connect(self.opening_changed)
        self.sources.progressed.connect(self.progress_changed)
        self.sources.failed.connect(self._take_failure)
        self.sources.noted.connect(self.tell)
        self.explainer.opened.connect(self._take_map)
        self.explainer.blocks_read.connect(self.take_blocks)
        self.explainer.settled.connect(self.take_rest)
        self.explainer.progressed.connect(self.progress_changed)
        self.explainer.computing_changed.connect(self._take_computing)
        self.explainer.finished.connect(self._take_finished)
        self.explainer.failed.connect(self._take_sentence)
        self.notebook.failed.connect(self._take_sentence)

    # Facts

    @property
    def slide(self) -> Slide | None:
        """The open slide."""
        return self.sources.slide

    @property
    def bundle(self) -> Bundle | None:
        """The chosen model."""
        return self.sources.bundle

    @property
    def clustering(self) -> ChosenClustering | None:
        """The chosen clustering."""
        return self.sources.clustering

    @property
    def mpp(self) -> tuple[float, float] | None:
        """µm per level-0 pixel (x, y): given by hand, else the file's own."""
        return self.given_mpp or (self.slide.mpp if self.slide is not None else None)

    @property
    def computing(self) -> bool:
        """Whether a map is being computed, or about to be."""
        return self.explainer.computing or self._plan_job.running

    @property
    def can_explain(self) -> bool:
        """Whether pressing Explain would do something."""
        chosen = self.slide is not None and self.bundle is not None and self.clustering is not None
        return chosen and not self.computing and not (self.cluster_map is not None and self.cluster_map.complete)

    # Opening

    def open_path(self, path: Path) -> None:
        """Open whatever the path holds: slide, model, clustering or map."""
        takers: dict[Kind, Callable[[Path], None]] = {
            Kind.SLIDE: self.open_slide,
            Kind.MODEL: self.choose_model,
            Kind.CLUSTERING: self.choose_clustering,
            Kind.MAP: self.show_map,
        }
        takers[inputs.kind_of(path)](path)

    def open_slide(self, path: Path) -> None:
        """Open a slide; the one before stays until this one is there."""
        self.sources.open_slide(path)

    def choose_model(self, path: Path) -> None:
        """Read a bundle; with slide and clustering there, explain."""
        self._wants_explaining = True
        self.sources.choose_model(path)

    def choose_clustering(self, path: Path) -> None:
        """Read a clustering; with slide and model there, explain."""
        self._wants_explaining = True
        self.sources.choose_clustering(path)

    def open_demo(self) -> None:
        """Open the demo case and explain it."""
        self._wants_explaining = True
        self.sources.open_demo()

    def show_map(self, *paths: Path) -> None:
        """Show a map that was computed before; of several, the first that fits what is open."""
        if self.sources.opening:
            self._pending_maps = paths  # dropped together with its slide
        elif self.slide is None:
            name = paths[0].name
            self.tell(f"{name} is a cluster map: open its slide first, then drop the map again.", Weight.WARNING)
        else:
            slide, bundle, chosen = self.slide, self.bundle, self.clustering
            self._plan_job.start(lambda progress: inputs.show_first_map(paths, slide, bundle, chosen))

    def expect_map(self, path: Path) -> None:
        """Show this map once the slide that is just coming is there, unless another one was asked for."""
        self._pending_maps = self._pending_maps or (path,)

    def explain(self) -> None:
        """Load the map of this slide, model and clustering, and compute what is missing of it."""
        self._plan(compute=True)

    def cancel(self) -> None:
        """Stop computing; what is done stays."""
        self._plan_job.cancel()
        self.sources.cancel()
        self.explainer.cancel()
        self.inputs_changed.emit()

    def set_mpp(self, mpp: tuple[float, float]) -> None:
        """Take the reader's word for the slide's scale, now and whenever this slide is open."""
        if self.slide is not None:
            self.given_mpp = mpp
            self.preferences.set_mpp(self.slide.fingerprint, mpp)
            self.scale_changed.emit()

    def close(self) -> None:
        """End threads and child, let go of files."""
        self._plan_job.close()
        self.explainer.close()
        self.sources.close()
        self.notebook.close()

    @Slot(str)
    def tell(self, text: str, weight: Weight = Weight.NOTE, offer: str = "") -> None:
        """Say something to the reader."""
        self.told.emit(Message(text, weight, offer))

    # Looking

    def look_at(self, region: Region) -> None:
        """Tell the explainer what is in view."""
        self.explainer.look_at(region)

    # What sources and explainer bring

    def _plan(self, *, compute: bool) -> None:
        slide, bundle, chosen = self.slide, self.bundle, self.clustering
        if slide is None or bundle is None or chosen is None:
            return
        self._wants_explaining, self._asks_for_scale = False, compute
        mpp = self.mpp
        self._plan_job.start(lambda progress: inputs.plan_map(slide, bundle, chosen, mpp, compute=compute))
        self.inputs_changed.emit()

    @Slot(object)
    def _take_slide(self, slide: Slide) -> None:
        self.given_mpp = self.preferences.mpp(slide.fingerprint)
        self.preferences.add_recent(slide.path)
        self._forget_map()
        self.slide_changed.emit(slide)
        pending, self._pending_maps = self._pending_maps, ()
        if pending:
            self.show_map(*pending)
        elif not self.sources.busy:
            self._plan(compute=self._wants_explaining)
        self.inputs_changed.emit()

    @Slot()
    def _take_choice(self) -> None:
        self._forget_map()
        if not self.sources.busy:
            self._plan(compute=self._wants_explaining)
        self.inputs_changed.emit()

    @Slot(object)
    def _take_plan(self, wish: MapWish) -> None:
        if self.cluster_map is not None and self.cluster_map.path != wish.path:
            self._forget_map()
        held = frozenset(self.grids.blocks) if self.grids is not None else frozenset()
        self.explainer.want(replace(wish, held=held))
        self.inputs_changed.emit()

    @Slot(object)
    def _take_failure(self, error: Exception) -> None:
        self.inputs_changed.emit()
        if isinstance(error, MppMissing) and self.slide is not None:
            if self._asks_for_scale:  # asked for when mapping, never for looking
                self.mpp_needed.emit(self.slide)
        elif isinstance(error, WsiviewError):
            self._take_sentence(str(error))
        else:
            self._take_sentence(f"Something went wrong that should not ({error}); the log file has the details.")

    @Slot(str)
    def _take_sentence(self, sentence: str) -> None:
        self.progress_changed.emit(None)
        self.tell(_whole(sentence), Weight.ERROR, "explain" if "press Explain" in sentence else "")

    @Slot(object)
    def _take_map(self, cluster_map: ClusterMap) -> None:
        told = cluster_map.attributes["clustering"]
        self.notebook.inherit(str(told["fingerprint"]), told.get("inherited") or {})
        self.notebook.open(str(told["fingerprint"]))
        self.take_map(cluster_map)
        self.inputs_changed.emit()

    @Slot(bool)
    def _take_computing(self, computing: bool) -> None:
        self.progress_changed.emit(Step("starting", 0, 0, None) if computing else None)
        self.inputs_changed.emit()

    @Slot(int)
    def _take_finished(self, unreadable: int) -> None:
        self.progress_changed.emit(None)
        if unreadable:
            patches = "1 patch" if unreadable == 1 else f"{unreadable} patches"
            self.tell(
                f"The map is finished; {patches} of the slide could not be read and stay hatched.", Weight.WARNING
            )

    def _forget_map(self) -> None:
        self._plan_job.cancel()
        self.explainer.want(None)
        self.forget_map()


def _whole(sentence: str) -> str:
    """With a full stop at its end and a capital at its head, unless a file name stands there."""
    first, end = sentence.partition(" ")[0], "" if sentence.endswith((".", "!", "?")) else "."
    return (sentence[:1].upper() + sentence[1:] if first.isalpha() else sentence) + end
