"""File actions: what is opened, and what leaves the window."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from wsiview.gui.actions.action import Action, has_slide

if TYPE_CHECKING:
    from wsiview.gui.main_window import MainWindow


def _copy(window: MainWindow) -> None:
    measures = window.companions.measures
    if measures.has_selection:
        measures.copy_selected()
    else:
        window.screenshots.copy()


def file_actions() -> Iterator[Action]:
    """The File menu."""
    yield Action("open", "File", "Open slide…", ("Ctrl+O",), lambda w: w.asking.slide(), tip="Open whole-slide images")
    yield Action(
        "reopen", "File", "Open again", ("F9",), lambda w: w.companions.reopening.reopen(), has_slide,
        "Read the slide's file anew, for instance after it was replaced; the view stays",
    )  # fmt: skip
    yield Action(
        "model", "-File", "Choose model…", ("Ctrl+M",), lambda w: w.asking.model(),
        tip="Choose a model's folder (config.json)",
    )  # fmt: skip
    yield Action(
        "clustering", "File", "Choose clustering…", ("Ctrl+K",), lambda w: w.asking.clustering(),
        tip="Choose a .clustering file",
    )  # fmt: skip
    yield Action(
        "map", "File", "Show map…", (), lambda w: w.asking.map(), has_slide, "Show a cluster map computed before"
    )
    yield Action(
        "export", "-File", "Export screenshot…", ("Ctrl+E",), lambda w: w.export_screenshot(), has_slide,
        "Save the view that has the keys as a PNG, with legend, scale bar and where it comes from",
    )  # fmt: skip
    yield Action(
        "copy", "File", "Copy screenshot", ("Ctrl+C",), _copy, has_slide,
        "Put what is shown on the clipboard; while a ruler or area is selected, Ctrl+C copies what that measures",
    )  # fmt: skip
    yield Action("quit", "-File", "Quit", ("Ctrl+Q",), lambda w: w.leave(), tip="Close the window")
