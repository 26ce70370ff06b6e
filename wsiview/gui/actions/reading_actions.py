"""Reading actions: what the map says under the cursor, kept and copied."""

from __future__ import annotations

from collections.abc import Iterator

from wsiview.gui.actions.action import Action


def reading_actions() -> Iterator[Action]:
    """In the Explain menu."""
    yield Action(
        "keep", "-Explain", "Keep the reading", ("K",), lambda w: w.companions.reading.toggle(),
        lambda w: w.session.grids is not None,
        "What stands under the cursor stays, in the panel and on the slide, while the mouse goes elsewhere",
        lambda w: w.companions.reading.keeps,
    )  # fmt: skip
    yield Action(
        "copy_reading", "Explain", "Copy the reading", ("Ctrl+Shift+K",), lambda w: w.companions.reading.copy(),
        lambda w: w.session.grids is not None,
        "Put the strengths, the score and all else under the cursor on the clipboard, as text",
    )  # fmt: skip
