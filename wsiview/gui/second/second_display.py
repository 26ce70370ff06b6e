"""Second display: what the second view shows: the session's slide and map, another map of it, or another slide."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from wsiview.errors import WsiviewError
from wsiview.geometry import Region
from wsiview.gui import inputs, looks
from wsiview.gui.display import Display
from wsiview.gui.explainer import Explainer
from wsiview.gui.jobs import Job
from wsiview.gui.map_worker import MapWish
from wsiview.gui.messages import Weight
from wsiview.gui.session import Session
from wsiview.slide.slide import Slide
from wsiview.slide.virtual_level import MppMissing


class SecondDisplay(Display):
    """Reads nothing while the second view is closed; maps of its own are read, never computed.

    Signals
    -------
    slide_changed(Slide | None)
        Another slide, or none; the one before is closed after all have heard.
    opening_changed(str)
        Name of the slide on its way, "" when none is.
    """

    slide_changed = Signal(object)
    opening_changed = Signal(str)

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        """Show nothing until `start`."""
        super().__init__(session.notebook, parent)
        self._session = session
        self._running = False
        self._other: Slide | None = None
        self._other_path: Path | None = None  # shown again when the view is opened again
        self._own_map = False  # a map of its own is shown, or on its way
        self._pending_maps: tuple[Path, ...] = ()
        self._reader: Explainer | None = None
        self._slide_job = Job(self, discard=lambda slide: slide.close())
        self._map_job = Job(self)
        self._slide_job.succeeded.connect(self._take_slide)
        self._slide_job.failed.connect(self._fail_to_open)
        self._map_job.succeeded.connect(self._want)
        self._map_job.failed.connect(self._fail)
        session.sources.chosen.connect(self._take_session_choice)
        session.map_changed.connect(self._share)
        session.block_arrived.connect(self._share_block)
        session.predictions_arrived.connect(self._share_predictions)
        session.scale_changed.connect(self.scale_changed)

    @property
    def slide(self) -> Slide | None:
        """The other slide, else the session's."""
        return self._other or self._session.slide

    @property
    def mpp(self) -> tuple[float, float] | None:
        """µm per level-0 pixel (x, y): given by hand, else the file's own."""
        if self._other is None:
            return self._session.mpp
        return self._session.preferences.mpp(self._other.fingerprint) or self._other.mpp

    @property
    def differs(self) -> bool:
        """Whether it shows another slide or another map than the session."""
        return self._other is not None or self._own_map

    def start(self) -> None:
        """Show what was shown last; at first the session's slide and map with what is not yet to be seen of it."""
        self._running = True
        self.slide_changed.emit(self.slide)
        self._share()
        if self._other_path is not None:
            self.show_slide(self._other_path)

    def stop(self) -> None:
        """Show nothing: slide, map and threads of its own are let go."""
        self._running = False
        self._slide_job.cancel()
        self.opening_changed.emit("")
        self._give_up_own_map()
        self._close_reader()
        self.forget_map()
        other, self._other = self._other, None
        self.slide_changed.emit(None)
        if other is not None:
            other.close()

    def close(self) -> None:
        """Stop, and end the threads."""
        if self._running:
            self.stop()
        self._slide_job.close()
        self._map_job.close()

    def show_slide(self, path: Path) -> None:
        """Show another slide; what is shown stays until it is there."""
        self._other_path = path
        self.opening_changed.emit(path.name)
        self._slide_job.start(inputs.read_slide(path))

    def show_same(self) -> None:
        """Show the session's slide and map again."""
        self._slide_job.cancel()
        self.opening_changed.emit("")
        self._give_up_own_map()
        other, self._other, self._other_path = self._other, None, None
        if other is not None:
            self.forget_map()
            self.slide_changed.emit(self._session.slide)
            other.close()
        self._share()

    def show_map(self, *paths: Path) -> None:
        """Show another map of the slide that is shown; one that does not fit is refused with a sentence."""
        slide = self.slide
        if self._slide_job.running:
            self._pending_maps = paths  # chosen together with their slide
        elif slide is not None:
            self._map_job.start(lambda progress: inputs.show_first_map(paths, slide, None, None))

    def look_at(self, region: Region) -> None:
        """What is in view (level-0 px): it is read first."""
        if self._reader is not None:
            self._reader.look_at(region)

    # The session's

    def take_session_slide(self) -> None:
        """The first view shows another slide, and so does this one, unless it has one of its own."""
        if self._running and self._other is None:
            self._give_up_own_map()
            self.forget_map()
            self.slide_changed.emit(self._session.slide)

    @Slot()
    def _take_session_choice(self) -> None:
        if self._running and self._other is not None:
            self._plan()

    @Slot()
    def _share(self) -> None:
        """Show the session's map, whose blocks the session reads; each has layers of its own."""
        session = self._session
        if not self._running or self._other is not None or self._own_map:
            return
        if session.cluster_map is None or session.grids is None or session.layers is None:
            self.forget_map()
            return
        names = session.cluster_map.saliency_names
        first_look = looks.counterpart(session.layers, names)
        self.put_up(session.cluster_map, session.grids, first_look)
        self.select(session.selected)

    @Slot(int, int)
    def _share_block(self, row: int, col: int) -> None:
        if self.grids is not None and self.grids is self._session.grids:
            self.cluster_map = self._session.cluster_map  # which may have learned that it is complete
            self.block_arrived.emit(row, col)

    @Slot()
    def _share_predictions(self) -> None:
        if self.grids is not None and self.grids is self._session.grids:
            self.predictions_arrived.emit()

    # Its own

    @Slot(object)
    def _take_slide(self, slide: Slide) -> None:
        self.opening_changed.emit("")
        self._give_up_own_map()
        self.forget_map()
        before, self._other = self._other, slide
        self._session.preferences.add_recent(slide.path)
        self.slide_changed.emit(slide)
        if before is not None:
            before.close()
        pending, self._pending_maps = self._pending_maps, ()
        if pending:
            self.show_map(*pending)
        else:
            self._plan()

    def _plan(self) -> None:
        """Find the map that the session's model and clustering make of the other slide."""
        slide, bundle, chosen, mpp = self._other, self._session.bundle, self._session.clustering, self.mpp
        self._give_up_own_map()
        self.forget_map()
        if slide is not None and bundle is not None and chosen is not None:
            self._map_job.start(lambda progress: inputs.plan_map(slide, bundle, chosen, mpp, compute=False))

    @Slot(object)
    def _want(self, wish: MapWish) -> None:
        if self._reader is None:
            self._reader = self._session.explainer.another()
            self._reader.opened.connect(self.take_map)
            self._reader.blocks_read.connect(self.take_blocks)
            self._reader.settled.connect(self.take_rest)
            self._reader.failed.connect(self._say)
        self.forget_map()
        self._own_map = True
        self._reader.want(wish)

    def _give_up_own_map(self) -> None:
        self._map_job.cancel()
        self._own_map = False
        if self._reader is not None:
            self._reader.want(None)

    def _close_reader(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader.deleteLater()
            self._reader = None

    @Slot(object)
    def _fail_to_open(self, error: Exception) -> None:
        self.opening_changed.emit("")
        self._pending_maps, self._other_path = (), self._other.path if self._other is not None else None
        self._fail(error)

    @Slot(object)
    def _fail(self, error: Exception) -> None:
        if isinstance(error, MppMissing):
            return  # there is no map of it then, and looking needs none
        if isinstance(error, WsiviewError):
            self._say(str(error))
        else:
            self._say(f"Something went wrong that should not ({error}); the log file has the details.")

    @Slot(str)
    def _say(self, sentence: str) -> None:
        self._session.tell(sentence, Weight.ERROR)
