"""Clustering desk: opens the sheet on the clustering that is open, keeps it true, and reads others to compare with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Slot

from wsiview.clustering.clustering import Clustering
from wsiview.clustering.rank import RankRow
from wsiview.clustering.rank_table import read_rank_table
from wsiview.errors import ClusteringError
from wsiview.gui.clustering.clustering_sheet import ClusteringSheet
from wsiview.gui.inputs import ChosenClustering
from wsiview.gui.jobs import Job
from wsiview.progress import Progress
from wsiview.scene.layers import ClassLook, default_looks

if TYPE_CHECKING:
    from wsiview.gui.main_window import MainWindow

Compared = tuple[Clustering, NDArray[np.float64], str]


class ClusteringDesk(QObject):
    """Listens to a session; its sheet stays open beside the work."""

    def __init__(self, window: MainWindow) -> None:
        """Connect itself; no sheet is open."""
        super().__init__(window)
        self._window, self._session = window, window.session
        self.sheet: ClusteringSheet | None = None
        self._shown: Clustering | None = None
        self._rows_job, self._parts_job = Job(self), Job(self)
        self._rows_job.succeeded.connect(self._take_rows)
        self._rows_job.failed.connect(lambda error: self._take_rows((), str(error)))
        self._parts_job.succeeded.connect(self._take_parts)
        self._parts_job.failed.connect(self._refuse)
        self._session.inputs_changed.connect(self._refresh)
        self._session.layers_changed.connect(self._refresh)

    @property
    def chosen(self) -> ChosenClustering | None:
        """The clustering that is open."""
        return self._session.clustering

    def tell(self) -> None:
        """Open the sheet, or bring it to the front."""
        if self.chosen is None:
            return
        if self.sheet is None:
            self.sheet = ClusteringSheet(self._window)
            self.sheet.other_wanted.connect(lambda: self._window.asking.other_clustering(self.compare))
            self.sheet.finished.connect(self._forget_sheet)
            self._shown = None
            self._refresh()
        self.sheet.show()
        self.sheet.raise_()
        self.sheet.activateWindow()

    def compare(self, path: Path) -> None:
        """Show of which classes of the clustering in that file those of the open one are made."""
        if self.chosen is not None:
            clustering = self.chosen.clustering
            self._parts_job.start(lambda progress: _compared(clustering, path, progress))

    def close(self) -> None:
        """End the threads."""
        self._rows_job.close()
        self._parts_job.close()
        self._forget_sheet()

    @Slot()
    def _refresh(self) -> None:
        chosen = self.chosen
        if self.sheet is None:
            return
        if chosen is None:
            self.sheet.reject()
            return
        self.sheet.show_clustering(chosen.clustering, self._looks())
        if chosen.clustering is not self._shown:
            self._shown = chosen.clustering
            self._parts_job.cancel()
            self.sheet.forget_other()
            self.sheet.show_rows((), chosen.clustering.n_classes)
            self._rows_job.start(lambda progress: read_rank_table(chosen.path))

    def _looks(self) -> tuple[ClassLook, ...]:
        """Names and colours as they are on screen, where it is this clustering that is shown."""
        assert self.chosen is not None
        clustering, layers = self.chosen.clustering, self._session.layers
        if layers is not None and self._session.clustering_fingerprint == clustering.fingerprint:
            return layers.classes
        return default_looks(clustering.n_classes)

    def _take_rows(self, rows: tuple[RankRow, ...], trouble: str = "") -> None:
        if self.sheet is not None and self._shown is not None:
            self.sheet.show_rows(rows, self._shown.n_classes, trouble)

    @Slot(object)
    def _take_parts(self, compared: Compared) -> None:
        clustering, parts, name = compared
        if self.sheet is not None and clustering is self._shown:
            self.sheet.show_parts(parts, self._looks(), name)

    @Slot(object)
    def _refuse(self, error: Exception) -> None:
        if self.sheet is not None:
            self.sheet.say(str(error))

    @Slot()
    def _forget_sheet(self) -> None:
        if self.sheet is not None:
            self.sheet.chart.close_plot()
        self.sheet = None


def _compared(clustering: Clustering, path: Path, progress: Progress) -> Compared:
    from wsiview.clustering.matching import split_and_merge  # loads SciPy

    other = Clustering.load(path)
    same_layer = clustering.layer == other.layer and clustering.n_channels == other.n_channels
    if not same_layer or clustering.model_fingerprint != other.model_fingerprint:
        raise ClusteringError(
            f"{path.name} is of the layer {other.layer} of {other.model_name}: only clusterings of one model's layer "
            "can be compared; choose another file"
        )
    return clustering, split_and_merge(clustering.class_vectors, other.class_vectors), other.name
