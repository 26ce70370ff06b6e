"""Main window: puts canvas, panels, menus and messages together and knows nothing of the domain."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QGuiApplication, QIcon, QKeyEvent
from PySide6.QtWidgets import QDockWidget, QMainWindow, QStackedWidget, QToolBar, QVBoxLayout, QWidget

from wsiview.geometry import Point
from wsiview.gui.asking import Asking
from wsiview.gui.canvas import OverviewWidget, SlideCanvas
from wsiview.gui.menus import Menus
from wsiview.gui.messages import Banner, Message
from wsiview.gui.panels.histogram import Histogram, Tally
from wsiview.gui.panels.layers_panel import LayersPanel
from wsiview.gui.panels.meanings_panel import MeaningsPanel
from wsiview.gui.panels.probe_panel import ProbePanel
from wsiview.gui.panels.source_bar import SourceBar
from wsiview.gui.panels.status_line import StatusLine
from wsiview.gui.panels.welcome import Welcome
from wsiview.gui.probing import read_at
from wsiview.gui.session import Session
from wsiview.scene.layers import LayerStack
from wsiview.scene.probe import probe_marks
from wsiview.scene.viewport import Viewport

LAYOUT = "1"  # raised when docks come or go, so that a remembered state never hides a new one
SIDE = 316  # px, width of the docks on first start
FOCUS_PAUSE = 250  # ms between two words to the explainer about what is in view
TALL = 900  # px of height from which all docks stand below each other


class MainWindow(QMainWindow):
    """One window on one session; closes the session when it is closed."""

    def __init__(self, session: Session, icon: QIcon | None = None) -> None:
        """Build the window and show what the session holds."""
        super().__init__()
        self.session = session
        self.setWindowTitle("wsiview")
        self.setWindowIcon(icon or QIcon())
        self.setAcceptDrops(True)
        self.setDockOptions(QMainWindow.DockOption.AnimatedDocks | QMainWindow.DockOption.AllowTabbedDocks)
        self.resize(1280, 720)
        self._tally: Tally | None = None
        self._peeking = False
        self._focus_timer = QTimer(self)
        self._focus_timer.setSingleShot(True)
        self._focus_timer.setInterval(FOCUS_PAUSE)
        self._focus_timer.timeout.connect(self._tell_focus)
        self._build(icon or QIcon())
        self.menus = Menus(self)
        self.menus.add_to("View", [dock.toggleViewAction() for dock in self._docks])
        self.asking = Asking(self)
        self._connect_session()
        self._connect_widgets()
        self._show_sources()
        self.welcome.show_recent(session.preferences.recent())
        self._restore()

    # Parts

    def _build(self, icon: QIcon) -> None:
        self.canvas, self.overview = SlideCanvas(), OverviewWidget()
        self.welcome, self.banner = Welcome(icon), Banner()
        self.pages = QStackedWidget()
        self.pages.addWidget(self.welcome)
        self.pages.addWidget(self.canvas)
        middle = QWidget()
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.banner)
        column.addWidget(self.pages, 1)
        self.setCentralWidget(middle)
        self.sources, self.status = SourceBar(), StatusLine()
        bar = QToolBar("Slide, model and clustering")
        bar.setObjectName("sources")
        bar.setMovable(False)
        bar.toggleViewAction().setVisible(False)
        bar.addWidget(self.sources)
        self.addToolBar(bar)
        self.setStatusBar(self.status)
        self.layers_panel, self.histogram = LayersPanel(), Histogram()
        self.layers_panel.footer.addWidget(self.histogram)
        self.meanings_panel, self.probe_panel = MeaningsPanel(self.session.notebook), ProbePanel()
        self._docks = [
            self._dock("Layers", "layers", self.layers_panel),
            self._dock("Meaning", "meaning", self.meanings_panel),
            self._dock("Under the cursor", "probe", self.probe_panel),
        ]
        self._arrange()

    def _dock(self, title: str, name: str, panel: QWidget) -> QDockWidget:
        dock = QDockWidget(title)
        dock.setObjectName(name)
        dock.setWidget(panel)
        dock.setAllowedAreas(Qt.DockWidgetArea.LeftDockWidgetArea | Qt.DockWidgetArea.RightDockWidgetArea)
        self.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, dock)
        return dock

    def _arrange(self) -> None:
        """Docks as on first start: all below each other where the screen is tall, else two behind tabs."""
        _, meaning, probe = self._docks
        screen = QGuiApplication.primaryScreen()
        if screen is None or screen.availableGeometry().height() < TALL:
            self.tabifyDockWidget(meaning, probe)
            meaning.raise_()
        self.resizeDocks(self._docks, [SIDE] * len(self._docks), Qt.Orientation.Horizontal)

    def _connect_session(self) -> None:
        session = self.session
        session.slide_changed.connect(self._show_slide)
        session.opening_changed.connect(self._show_opening)
        session.inputs_changed.connect(self._show_sources)
        session.map_changed.connect(self._show_map)
        session.block_arrived.connect(self._show_block)
        session.predictions_arrived.connect(self._show_predictions)
        session.layers_changed.connect(self._show_layers)
        session.selected_changed.connect(self._show_selected)
        session.progress_changed.connect(self.status.show_step)
        session.scale_changed.connect(self._show_scale)
        session.told.connect(self.show_message)
        session.mpp_needed.connect(lambda _: self.asking.mpp_for_map())
        session.notebook.edits.canUndoChanged.connect(self.menus.refresh)
        session.notebook.edits.canRedoChanged.connect(self.menus.refresh)

    def _connect_widgets(self) -> None:
        session = self.session
        self.canvas.view_changed.connect(self._follow_view)
        self.canvas.hovered.connect(self._follow_cursor)
        self.canvas.bad_tiles.connect(self.status.show_bad_tiles)
        self.canvas.installEventFilter(self)
        self.layers_panel.changed.connect(session.set_layers)
        self.layers_panel.selected.connect(session.select)
        self.layers_panel.recolored.connect(self._recolor)
        self.histogram.threshold_wanted.connect(self.layers_panel.set_threshold_of_selected)
        self.meanings_panel.class_wanted.connect(session.select)
        self.sources.wanted.connect(self.menus.run)
        self.welcome.wanted.connect(self.menus.run)
        self.welcome.path_wanted.connect(session.open_path)
        self.banner.offered.connect(self.menus.run)
        self.status.cancelled.connect(session.cancel)

    # What the session tells

    def _show_slide(self, slide: object) -> None:
        self.canvas.set_slide(self.session.slide)
        self.overview.set_slide(self.session.slide)
        self.pages.setCurrentWidget(self.canvas if slide is not None else self.welcome)
        self.setWindowTitle(f"{self.session.slide.name} – wsiview" if self.session.slide is not None else "wsiview")
        self.status.show_bad_tiles(0)
        self.banner.dismiss()
        self._show_scale()
        self.canvas.setFocus()

    def _show_opening(self, name: str) -> None:
        self.welcome.show_opening(name)
        self.status.showMessage(f"Opening {name} …" if name else "")

    def _show_sources(self) -> None:
        session = self.session
        self.sources.show_sources(
            session.slide.name if session.slide is not None else "",
            session.bundle.name if session.bundle is not None else "",
            session.clustering.clustering.name if session.clustering is not None else "",
        )
        self.sources.show_state(
            can_explain=session.can_explain, computing=session.computing, has_slide=session.slide is not None
        )
        self.menus.refresh()

    def _show_map(self, grids: object) -> None:
        session = self.session
        self.canvas.set_grids(session.grids)
        self._tally = Tally(session.grids.n_classes) if session.grids is not None else None
        saliency = session.cluster_map.saliency_names if session.cluster_map is not None else ()
        self.layers_panel.show_sources(saliency, prediction=session.grids is not None)
        self.histogram.setVisible(False)

    def _show_block(self, row: int, col: int) -> None:
        self.canvas.grids_changed(row, col)
        block = self.session.grids.block_at(row, col) if self.session.grids is not None else None
        if block is not None and self._tally is not None:
            self._tally.put(row, col, block.strength, block.state)

    def _show_predictions(self) -> None:
        self.canvas.update()
        self._show_histogram()

    def _show_layers(self, stack: LayerStack | None) -> None:
        if stack is not None:
            self.canvas.set_layers(stack)
        for panel in (self.layers_panel, self.meanings_panel, self.probe_panel):
            panel.show_layers(stack)
        self._show_histogram()
        self.menus.refresh()

    def _show_selected(self, index: int) -> None:
        self.layers_panel.show_selected(index)
        self.meanings_panel.show_class(index)
        self._show_histogram()

    def _show_histogram(self) -> None:
        stack = self.session.layers
        if stack is not None and self._tally is not None and self.session.selected < len(stack.classes):
            index = self.session.selected
            self.histogram.show_class(stack.classes[index], self._tally.counts(index))

    def _show_scale(self) -> None:
        viewport = self.canvas.viewport if self.session.slide is not None else None
        downsample = viewport.downsample if viewport is not None else None
        self.canvas.set_mpp(self.session.mpp)
        self.status.show_scale(downsample, self.session.mpp, self.canvas.devicePixelRatioF())

    def show_message(self, message: Message) -> None:
        """Show a message above the slide."""
        offer = self.menus.actions[message.offer].text() if message.offer else ""
        self.banner.show_message(message, offer)

    # What the reader does

    def zoom(self, factor: float) -> None:
        """Magnify around the middle of the view."""
        size = self.canvas.viewport.size
        self.canvas.set_viewport(self.canvas.viewport.zoomed_at(size.width / 2, size.height / 2, factor))

    def undo(self) -> None:
        """Take back the last thing written; what is being written counts."""
        self.meanings_panel.save()
        self.session.notebook.edits.undo()

    def redo(self) -> None:
        """Write again what was taken back."""
        self.meanings_panel.save()
        self.session.notebook.edits.redo()

    def toggle_full_screen(self) -> None:
        """Full screen, or back."""
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)

    def leave(self) -> None:
        """Close the window."""
        self.close()

    def _follow_view(self, viewport: Viewport) -> None:
        self.overview.set_viewport(viewport)
        self._show_scale()
        if not self._focus_timer.isActive():
            self._focus_timer.start()

    def _tell_focus(self) -> None:
        if self.session.slide is not None:
            self.session.look_at(self.canvas.viewport.region)

    def _follow_cursor(self, place: Point | None) -> None:
        session = self.session
        self.status.show_place(place, session.mpp)
        if place is None or session.grids is None or session.layers is None:
            self.canvas.set_probe(None)
            self.probe_panel.show_reading(None)
            return
        letters = tuple(look.letter for look in session.layers.classes)
        self.canvas.set_probe(probe_marks(session.grids, place, letters))
        self.probe_panel.show_reading(read_at(session.grids, session.layers, place))

    def _peek(self, on: bool) -> None:
        """Hide the layers while Space is held; what was hidden by hand stays so."""
        stack = self.session.layers
        if stack is not None and on != self._peeking and (self._peeking or not stack.hidden):
            self._peeking = on
            self.session.change_layers(hidden=on)

    def _recolor(self, index: int, color: tuple[int, int, int]) -> None:
        if self.session.layers is not None:
            self.session.notebook.recolor(index, self.session.layers.classes[index].color, color)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Holding Space over the slide looks beneath the layers."""
        if watched is self.canvas and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Space:
            if not event.isAutoRepeat() and event.type() in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
                self._peek(event.type() == QEvent.Type.KeyPress)
            return True
        if watched is self.canvas and event.type() == QEvent.Type.FocusOut:
            self._peek(False)
        return super().eventFilter(watched, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape dismisses the message and returns to the slide."""
        if event.key() == Qt.Key.Key_Escape:
            self.banner.dismiss()
            self.canvas.setFocus()
            return
        super().keyPressEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take files."""
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open what was dropped: slide, model, clustering, map, in any order."""
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        event.acceptProposedAction()
        for path in paths:
            self.session.open_path(path)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Keep what was written, hide at once, then end threads and child."""
        self.meanings_panel.save()
        self.session.preferences.set_window(LAYOUT, self.saveGeometry(), self.saveState())
        self.session.preferences.save()
        self.hide()
        self._focus_timer.stop()
        self.canvas.close()
        self.overview.close()
        self.histogram.close_plot()
        self.session.close()
        super().closeEvent(event)

    def _restore(self) -> None:
        kept = self.session.preferences.window(LAYOUT)
        if kept is not None:
            self.restoreGeometry(kept[0])
            self.restoreState(kept[1])
