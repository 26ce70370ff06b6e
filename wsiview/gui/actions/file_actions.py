"""File actions: what is opened, and what leaves the window."""

from __future__ import annotations

from collections.abc import Iterator

from wsiview.gui.actions.action import Action, has_slide


def file_actions() -> Iterator[Action]:
    """The File menu."""
    yield Action("open", "File", "Open slide…", ("Ctrl+O",), lambda w: w.asking.slide(), tip="Open a whole-slide image")
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
        "Save what is shown as a PNG, with legend, scale bar and where it comes from",
    )  # fmt: skip
    yield Action(
        "copy", "File", "Copy screenshot", ("Ctrl+C",), lambda w: w.screenshots.copy(), has_slide,
        "Put what is shown on the clipboard",
    )  # fmt: skip
    yield Action("quit", "-File", "Quit", ("Ctrl+Q",), lambda w: w.leave(), tip="Close the window")
