"""Map checks: keeps the lamps true to the map that is shown, from its first block to its last."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from wsiview.analysis.class_tally import ClassTally
from wsiview.analysis.lamp import Lamp
from wsiview.clustering.normality import Normality
from wsiview.gui.checks.check_work import Answer, Ground, Place, Question, check, normality_in
from wsiview.gui.checks.checks_sheet import ChecksSheet
from wsiview.gui.checks.lamp_row import LampRow
from wsiview.gui.jobs import Job
from wsiview.gui.session import Session
from wsiview.gui.timers import single_shot
from wsiview.maps.registration import Placement

if TYPE_CHECKING:
    from wsiview.gui.main_window import MainWindow

log = logging.getLogger(__name__)

PAUSE = 400  # ms between the first of some blocks and the next look at the lamps


class MapChecks(QObject):
    """Listens to a session; its row of lamps stands in the status bar."""

    changed = Signal(object)  # the lamps, none while there is no map

    def __init__(self, window: MainWindow) -> None:
        """Connect itself; no map is shown yet."""
        super().__init__(window)
        self._window, self._session = window, window.session
        self.lamps: tuple[Lamp, ...] = ()
        self.row = LampRow()
        self.sheet: ChecksSheet | None = None
        self._job = Job(self)
        self._job.succeeded.connect(self._take)
        self._job.failed.connect(self._give_up)
        self._timer = single_shot(self, PAUSE, self._look)
        self._ground: Ground | None = None
        self._placement: Placement | None = None
        self._forget()
        window.status.addPermanentWidget(self.row)
        self.row.clicked.connect(self.tell)
        self.changed.connect(self.row.show_lamps)
        self._listen(self._session)

    def tell(self) -> None:
        """Open the sheet, or bring it to the front."""
        if self.sheet is None:
            self.sheet = ChecksSheet(self._window)
            self.sheet.list.show_lamps(self.lamps)
            self.changed.connect(self.sheet.list.show_lamps)
            self.sheet.finished.connect(self._forget_sheet)
        self.sheet.show()
        self.sheet.raise_()
        self.sheet.activateWindow()

    def close(self) -> None:
        """End the thread."""
        self._timer.stop()
        self._job.close()

    def _listen(self, session: Session) -> None:
        session.map_changed.connect(self._forget)
        session.slide_changed.connect(self._forget_ground)
        session.block_arrived.connect(self._wake)
        session.predictions_arrived.connect(self._wake)
        session.scale_changed.connect(self._wake)
        session.explainer.placed.connect(self._take_placement)

    @Slot()
    def _forget(self) -> None:
        """Another map: count anew."""
        self._timer.stop()
        self._job.cancel()
        grids = self._session.grids
        self._counted = ClassTally.empty(grids.n_classes if grids is not None else 1)
        self._known: frozenset[Place] = frozenset()
        self._placement = None
        self.lamps = ()
        self.changed.emit(())

    @Slot()
    def _forget_ground(self) -> None:
        self._ground = None

    @Slot()
    def _forget_sheet(self) -> None:
        if self.sheet is not None:
            self.changed.disconnect(self.sheet.list.show_lamps)
            self.sheet = None

    @Slot(object)
    def _take_placement(self, placement: Placement | None) -> None:
        self._placement = placement
        self._wake()

    @Slot()
    def _wake(self) -> None:
        if not self._timer.isActive() and self._session.grids is not None:
            self._timer.start()

    @Slot()
    def _look(self) -> None:
        session = self._session
        grids, found, slide = session.grids, session.cluster_map, session.slide
        if grids is None or found is None or slide is None:
            return
        if self._job.running:
            self._timer.start()
            return
        blocks = grids.blocks_beyond(self._known)
        all_blocks = found.block_grid[0] * found.block_grid[1]
        question = Question(
            found, slide, session.given_mpp, self._normality(), self._counted, blocks, self._ground, self._placement,
            complete=found.complete and len(self._known) + len(blocks) >= all_blocks,
        )  # fmt: skip
        self._job.start(lambda progress: check(question, progress))

    def _normality(self) -> Normality | None:
        """The fit's normal range: the map's own, else that of the clustering file if it is the same clustering."""
        found, chosen = self._session.cluster_map, self._session.clustering
        if found is None:
            return None
        told = normality_in(found)
        if told is None and chosen is not None:
            same = chosen.clustering.fingerprint == self._session.clustering_fingerprint
            return chosen.clustering.normal.get(chosen.clustering.geometry.evaluation) if same else None
        return told

    @Slot(object)
    def _take(self, answer: Answer) -> None:
        self._counted, self._ground = answer.counted, answer.ground
        self._known |= answer.blocks
        self.lamps = answer.lamps
        self.changed.emit(self.lamps)

    @Slot(object)
    def _give_up(self, error: Exception) -> None:
        log.warning("the map could not be checked: %s", error)
