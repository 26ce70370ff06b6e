"""Second view: opens and closes the canvas beside the first, and knows which of the two has the keys."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject

from wsiview.gui.canvas.slide_canvas import SlideCanvas
from wsiview.gui.display import Display
from wsiview.gui.second.couple import Couple
from wsiview.gui.second.header import Header
from wsiview.gui.second.pane import Pane
from wsiview.gui.second.second_display import SecondDisplay
from wsiview.gui.second.second_pane import SecondPane, name_in

if TYPE_CHECKING:
    from wsiview.gui.main_window import MainWindow


class SecondView(QObject):
    """Costs nothing until it is opened, and nothing but a hidden widget once it is closed."""

    def __init__(self, window: MainWindow) -> None:
        """Put the first view where a second one can stand beside it."""
        super().__init__(window)
        self._window = window
        self.display = SecondDisplay(window.session, self)
        self.first_pane = Pane(window.canvas, Header())
        window.views.addWidget(self.first_pane)
        self._couple: Couple | None = None
        self._open = False
        self._has_keys = False
        window.canvas.installEventFilter(self)
        window.canvas.slide_shown.connect(self._take_session_slide)
        window.session.layers_changed.connect(self._name_first)

    @property
    def open(self) -> bool:
        """Whether there is a second view."""
        return self._open

    @property
    def couple(self) -> Couple | None:
        """The two views and what is between them; None before the second one is first opened."""
        return self._couple

    @property
    def linked(self) -> bool:
        """Whether the views move together."""
        return self._open and self._couple is not None and self._couple.link.on

    @property
    def of_two_slides(self) -> bool:
        """Whether the views show different slides."""
        return self._open and self._couple is not None and self._couple.pairing.of_two_slides

    @property
    def has_points(self) -> bool:
        """Whether the slides of the views were aligned by points."""
        return self._open and self._couple is not None and self._couple.pairing.has_points

    @property
    def active_display(self) -> Display:
        """What the view that has the keys shows."""
        return self.display if self._open and self._has_keys else self._window.session

    @property
    def active_canvas(self) -> SlideCanvas:
        """The view that has the keys."""
        return self._couple.canvas if self._couple and self._open and self._has_keys else self._window.canvas

    def toggle(self) -> None:
        """Open a second view, or close it."""
        if self._open:
            self.close_view()
        else:
            self.open_view()

    def open_view(self) -> None:
        """Show the slide twice, or what the second view showed when it was closed."""
        if self._open or self._window.session.slide is None:
            return
        if self._couple is None:
            self._couple = self._build()
        couple, self._open = self._couple, True
        self.first_pane.show_framed(True)
        couple.pane.show_framed(True)
        couple.pane.show()
        half = self._window.views.width() // 2
        self._window.views.setSizes([half, half])
        couple.link.set_on(True)
        self.display.start()
        self._name_first()
        self._show_keys(False)

    def close_view(self) -> None:
        """Let the first view have all the room."""
        if not self._open or self._couple is None:
            return
        self._open = False
        self._couple.aligning.cancel()
        self._couple.forget_cursor()
        self._couple.pane.hide()
        self.first_pane.show_framed(False)
        self.display.stop()
        self._show_keys(False)
        self._window.canvas.setFocus()

    def close(self) -> None:
        """The window is closing: end the threads."""
        self.close_view()
        if self._couple is not None:
            self._couple.letters.close()
        self.display.close()

    def take(self, paths: Sequence[Path]) -> None:
        """Show files that are meant for the second view: a slide, a map of it; all else goes to the window."""
        self._window.companions.slides.open_paths(paths, beside=True)

    def show_slide(self, path: Path) -> None:
        """Show another slide beside the first, and list it; where there is no first one, as that."""
        slides = self._window.companions.slides
        if self._window.session.slide is None:
            slides.open(path)
            return
        slides.add([path])
        self.open_view()
        self.display.show_slide(path)

    def show_map(self, *paths: Path) -> None:
        """Show another map beside the first; of several, the first that fits the slide."""
        self.open_view()
        self.display.show_map(*paths)

    def toggle_link(self) -> None:
        """Move both views together, or each alone."""
        if self._couple is not None and self._open:
            self._couple.pairing.toggle_link(self.active_canvas)

    def align(self) -> None:
        """Ask for points that both slides show; each view moves alone meanwhile."""
        if self._couple is not None and self.of_two_slides:
            self._couple.align()

    def swap(self) -> None:
        """Exchange the places of the two views."""
        views, right = self._window.views, self._window.views.widget(1)
        if right is not None:
            sizes = views.sizes()
            views.insertWidget(0, right)
            views.setSizes(sizes[::-1])

    def go_to_other(self) -> None:
        """Give the keys to the other view."""
        if self._couple is not None and self._open:
            (self._window.canvas if self._has_keys else self._couple.canvas).setFocus()

    def return_to_points(self) -> None:
        """Undo what was moved by hand since points were clicked."""
        if self._couple is not None and self.has_points:
            self._couple.pairing.return_to_points()

    def forget_alignment(self) -> None:
        """Lay the slides middle on middle again."""
        if self._couple is not None and self.of_two_slides:
            self._couple.pairing.forget()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Learn which canvas gets the keys."""
        if event.type() == QEvent.Type.FocusIn:
            self._show_keys(self._couple is not None and watched is self._couple.canvas)
        return super().eventFilter(watched, event)

    def _build(self) -> Couple:
        pane = SecondPane(self._window.session, self.display)
        self._window.views.addWidget(pane)
        pane.dropped.connect(self.take)
        pane.buttons.wanted.connect(self._window.menus.run)
        pane.buttons.show_actions(self._window.menus.actions)
        pane.canvas.installEventFilter(self)
        self.display.layers_changed.connect(self._show_in_panel)
        self.display.slide_changed.connect(self._show_in_panel)
        return Couple(self._window, self.display, pane)

    def _show_in_panel(self) -> None:
        if self._has_keys:
            self._window.docks.show_view(self.display)
        self._window.menus.refresh()

    def _show_keys(self, has_keys: bool) -> None:
        before, self._has_keys = self._has_keys, has_keys and self._open
        self.first_pane.show_active(not self._has_keys)
        if self._couple is not None:
            self._couple.pane.show_active(self._has_keys)
        if before != self._has_keys:
            self._window.docks.show_view(self.active_display)
            self._window.companions.whereabouts.refresh()
            self._window.menus.refresh()

    def _take_session_slide(self) -> None:
        self.display.take_session_slide()
        if self._open and self._couple is not None:
            self._couple.aligning.cancel()
            self._couple.pairing.meet()
            self._name_first()

    def _name_first(self) -> None:
        if self._open:
            name_in(self.first_pane.header, self._window.session)
