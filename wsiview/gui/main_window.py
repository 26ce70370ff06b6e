"""Main window: puts canvas, panels, menus and messages together and knows nothing of the domain."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QGuiApplication, QIcon, QKeyEvent
from PySide6.QtWidgets import QMainWindow, QSplitter, QStackedWidget, QToolBar

from wsiview.gui.asking import Asking
from wsiview.gui.canvas.overview import OverviewWidget
from wsiview.gui.canvas.slide_canvas import SlideCanvas
from wsiview.gui.companions import Companions
from wsiview.gui.display import Display
from wsiview.gui.docks import Docks
from wsiview.gui.menus import Menus
from wsiview.gui.messages import Banner, Message
from wsiview.gui.panels.corner import Corner
from wsiview.gui.panels.source_bar import SourceBar
from wsiview.gui.panels.status_line import StatusLine
from wsiview.gui.panels.top_edge import TopEdge
from wsiview.gui.panels.welcome import Welcome
from wsiview.gui.screenshots import Screenshots
from wsiview.gui.session import Session
from wsiview.gui.timers import single_shot
from wsiview.scene.layers import LayerStack
from wsiview.scene.synthetic import remark_on
from wsiview.slide.slide import Slide

LAYOUT = "2"  # raised when docks come or go, so that a remembered state never hides a new one
FOCUS_PAUSE = 250  # ms between two words to the explainer about what is in view


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
        screen = QGuiApplication.primaryScreen()
        if screen is not None:
            self.setGeometry(screen.availableGeometry())
        self._focus_timer = single_shot(self, FOCUS_PAUSE, self._tell_focus)
        self._build(icon or QIcon())
        self.companions = Companions(self)
        self.menus = Menus(self)
        self.menus.add_to("View", self.docks.toggles())
        self.asking, self.screenshots = Asking(self), Screenshots(self)
        self._connect_session()
        self._connect_widgets()
        self._show_sources()
        self._show_recent()
        self._restore()

    # Parts

    def _build(self, icon: QIcon) -> None:
        self.canvas = SlideCanvas()
        self.canvas.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.overview = OverviewWidget(self.canvas)
        self.overview.follow(self.canvas)
        self._corner = Corner(self.overview, self.canvas)
        self.overview.reshaped.connect(self._corner.place)
        self.welcome, self.banner = Welcome(icon), Banner()
        self.pages = QStackedWidget()
        self.pages.addWidget(self.welcome)
        self.views = QSplitter()
        self.views.setChildrenCollapsible(False)
        self.pages.addWidget(self.views)
        self.setCentralWidget(self.pages)
        self._top_edge = TopEdge(self.banner, self.pages, self.canvas, self._corner)
        self.sources, self.status = SourceBar(), StatusLine()
        bar = QToolBar("Slide, model and clustering")
        bar.setObjectName("sources")
        bar.setMovable(False)
        bar.toggleViewAction().setVisible(False)
        bar.addWidget(self.sources)
        self.addToolBar(bar)
        self.setStatusBar(self.status)
        self.docks = Docks(self, self.session)

    def _connect_session(self) -> None:
        session = self.session
        session.slide_changed.connect(self._show_slide)
        session.opening_changed.connect(self._show_opening)
        session.inputs_changed.connect(self._show_sources)
        session.map_changed.connect(self.canvas.set_grids)
        session.block_arrived.connect(self.canvas.grids_changed)
        session.predictions_arrived.connect(self.canvas.predictions_changed)
        session.layers_changed.connect(self._show_layers)
        session.progress_changed.connect(self.status.show_step)
        session.scale_changed.connect(self.show_scale)
        session.told.connect(self.show_message)
        session.mpp_needed.connect(lambda _: self.asking.mpp_for_map())
        session.notebook.edits.canUndoChanged.connect(self.menus.refresh)
        session.notebook.edits.canRedoChanged.connect(self.menus.refresh)

    def _connect_widgets(self) -> None:
        session = self.session
        self.companions.whereabouts.pace.told.connect(self._follow_view)
        self.canvas.class_toggled.connect(session.toggle_class)
        self.canvas.class_soloed.connect(session.show_alone)
        self.canvas.opacity_turned.connect(session.turn_opacity)
        self.canvas.clicked.connect(lambda _: self.canvas.setFocus())
        self.companions.slides.neighbours_changed.connect(self.menus.refresh)
        self.sources.wanted.connect(self.menus.run)
        self.welcome.wanted.connect(self.menus.run)
        self.welcome.path_wanted.connect(lambda path: self.open_paths([path]))
        self.banner.offered.connect(self.menus.run)
        self.status.cancelled.connect(session.cancel)
        self.companions.recent.changed.connect(self._show_recent)

    # Which view is meant

    @property
    def active_display(self) -> Display:
        """What the view that has the keys shows."""
        return self.companions.second.active_display

    @property
    def active_canvas(self) -> SlideCanvas:
        """The view that has the keys."""
        return self.companions.second.active_canvas

    # What the session tells

    def _show_slide(self, slide: object) -> None:
        self.canvas.set_slide(self.session.slide, _across(self.session.mpp))
        self.pages.setCurrentWidget(self.views if slide is not None else self.welcome)
        self.setWindowTitle(_title(self.session.slide))
        self.show_scale()
        self.canvas.setFocus()

    def _show_opening(self, name: str) -> None:
        if name and not self.session.sources.opening:
            self.banner.dismiss()  # of the slide before; what is said from now on stays
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
            can_explain=session.can_explain, computing=session.computing, has_slide=session.slide is not None,
            begun=session.grids is not None,
        )
        self.menus.refresh()

    def _show_layers(self, stack: LayerStack | None) -> None:
        if stack is not None:
            self.canvas.set_layers(stack)
        self.menus.refresh()

    def show_scale(self) -> None:
        """Say how closely the view that has the keys looks."""
        self.canvas.set_mpp(_across(self.session.mpp))
        self.companions.whereabouts.show_scale()
        self._follow_view()

    def _show_recent(self) -> None:
        self.welcome.show_recent(self.companions.recent.paths)
        self.menus.refresh()

    def show_message(self, message: Message) -> None:
        """Show a message over the slide's upper edge."""
        offer = self.menus.actions[message.offer].text() if message.offer else ""
        self.banner.show_message(message, offer)

    # What the reader does

    def zoom(self, factor: float) -> None:
        """Magnify, at the cursor where it is over the slide."""
        self.active_canvas.zoom(factor)

    def undo(self) -> None:
        """Take back the last thing written; what is being written counts."""
        self.docks.meanings.save()
        self.session.notebook.edits.undo()

    def redo(self) -> None:
        """Write again what was taken back."""
        self.docks.meanings.save()
        self.session.notebook.edits.redo()

    def export_screenshot(self) -> None:
        """Save what is shown."""
        self.asking.picture_path(self.screenshots.suggested_name(), self.screenshots.save)

    def leave(self) -> None:
        """Close the window."""
        self.close()

    @Slot()
    def _follow_view(self) -> None:
        if not self._focus_timer.isActive():
            self._focus_timer.start()

    def _tell_focus(self) -> None:
        if self.session.slide is not None:
            self.session.look_at(self.canvas.viewport.region)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape dismisses the message and returns to the slide."""
        if event.key() == Qt.Key.Key_Escape:
            self.banner.dismiss()
            self.active_canvas.setFocus()
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
        self.open_paths(paths)

    def open_paths(self, paths: Sequence[Path]) -> None:
        """Open slides, models, clusterings and maps, in any order."""
        self.companions.slides.open_paths(paths)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Keep what was written, hide at once, then end threads and child."""
        self.docks.close()
        self.companions.full_screen.leave()
        self.session.preferences.set_window(self._layout, self.saveGeometry(), self.saveState())
        self.session.preferences.save()
        self.hide()
        self.companions.close()
        self.asking.close()
        self._focus_timer.stop()
        self.banner.dismiss()
        self.screenshots.cancel()
        self.canvas.shutdown()
        self.session.close()
        super().closeEvent(event)

    @property
    def _layout(self) -> str:
        """What a remembered arrangement is good for: these docks, on a screen of this height."""
        return f"{LAYOUT} {self.docks.room}"

    def _restore(self) -> None:
        kept = self.session.preferences.window(self._layout)
        if kept is None:
            self.docks.arrange()
        else:
            self.restoreGeometry(kept[0])
            self.restoreState(kept[1])


def _title(slide: Slide | None) -> str:
    """Slide and program; painted tissue is called so."""
    if slide is None:
        return "wsiview"
    parts = (slide.name, remark_on(slide.name).partition(".")[0], "wsiview")
    return " – ".join(part for part in parts if part)


def _across(mpp: tuple[float, float] | None) -> float | None:
    return mpp[0] if mpp is not None else None
