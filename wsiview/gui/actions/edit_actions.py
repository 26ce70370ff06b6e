"""Edit actions: undo and redo."""

from __future__ import annotations

from collections.abc import Iterator

from wsiview.gui.actions.action import Action


def edit_actions() -> Iterator[Action]:
    """The Edit menu."""
    yield Action(
        "undo", "Edit", "Undo", ("Ctrl+Z",), lambda w: w.undo(), lambda w: w.session.notebook.edits.canUndo(),
        "Take back the last thing written, measured or marked",
    )  # fmt: skip
    yield Action(
        "redo", "Edit", "Redo", ("Ctrl+Shift+Z", "Ctrl+Y"), lambda w: w.redo(),
        lambda w: w.session.notebook.edits.canRedo(), "Do again what was taken back",
    )  # fmt: skip
