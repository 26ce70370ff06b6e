"""Companions: parts of the window that listen to session and canvas on their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wsiview.gui.appearance import Appearance
from wsiview.gui.bookmarking.bookmarks import Bookmarks
from wsiview.gui.canvas.performance import Performance
from wsiview.gui.checks.map_checks import MapChecks
from wsiview.gui.clustering.clustering_desk import ClusteringDesk
from wsiview.gui.comparing.comparing import Comparing
from wsiview.gui.coverage import Coverage
from wsiview.gui.digits import Digits
from wsiview.gui.exemplars.exemplar_guide import ExemplarGuide
from wsiview.gui.full_screen import FullScreen
from wsiview.gui.going import Going
from wsiview.gui.lens import Lens
from wsiview.gui.measuring.measures import Measures
from wsiview.gui.panels.preparing import Preparing
from wsiview.gui.peek import Peek
from wsiview.gui.reading_keeper import ReadingKeeper
from wsiview.gui.recent_files import RecentFiles
from wsiview.gui.reopening import Reopening
from wsiview.gui.second.second_view import SecondView
from wsiview.gui.slide_book import SlideBook
from wsiview.gui.slides.places import Places
from wsiview.gui.slides.slide_list import SlideList
from wsiview.gui.spoken import Spoken
from wsiview.gui.turning import Turning
from wsiview.gui.unreadable import Unreadable
from wsiview.gui.whereabouts import Whereabouts

if TYPE_CHECKING:
    from wsiview.gui.main_window import MainWindow


class Companions:
    """Built once for a window, after its canvas and docks and before its menus."""

    def __init__(self, window: MainWindow) -> None:
        """Build them; each connects itself."""
        self.appearance = Appearance(window.session.preferences)
        self.peek = Peek(window.session, window.canvas)
        self.digits, self.turning, self.whereabouts = Digits(window), Turning(window), Whereabouts(window)
        self.full_screen, self.spoken = FullScreen(window), Spoken(window.session, window.canvas)
        self.performance = Performance(window.canvas)
        self.coverage = Coverage(window.session, window.overview)
        self.recent = RecentFiles(window.session.preferences, window)
        window.session.slide_changed.connect(lambda _: self.recent.look())
        self.lens = Lens(window.session, window)
        self.lens.moved.connect(window.session.explainer.make_way)
        self._see_through(window)
        self.reopening, self.unreadable = Reopening(window, self.lens), Unreadable(window)
        self.places, self.slides = Places(window), SlideList(window)
        self.lens.colors_changed.connect(self.slides.thumbnails.show_colors)
        self.slides.thumbnails.show_colors(self.lens.colors)
        self.second = SecondView(window)
        self.comparing = Comparing(window)
        notebook = window.session.notebook
        self.book = SlideBook(notebook.review, notebook.fault, notebook.edits, window)
        self.book.failed.connect(notebook.failed)
        self.measures = Measures(window, self.book)
        self.going = Going(window)
        self.bookmarks = Bookmarks(window, self.book)
        self.checks, self.exemplars = MapChecks(window), ExemplarGuide(window, self.lens)
        self.reading, self.clustering = ReadingKeeper(window), ClusteringDesk(window)

    def _see_through(self, window: MainWindow) -> None:
        """Let the first canvas show slides through the lens, and the status line what that needs."""
        self.lens.attach(window.canvas)
        self.preparing = Preparing()
        self.preparing.stopped.connect(self.lens.overviews.stop)
        self.lens.overviews.progressed.connect(self.preparing.show_step)
        self.lens.overviews.building_changed.connect(lambda: window.menus.refresh())
        window.status.addPermanentWidget(self.preparing)

    def close(self) -> None:
        """The window is closing: keep what is to be kept, end what runs."""
        self.whereabouts.close()
        self.reading.close()
        self.performance.stop()
        self.recent.close()
        self.lens.close()
        self.comparing.close()
        self.checks.close()
        self.clustering.close()
        self.exemplars.close()
        self.second.close()
        self.slides.close()
