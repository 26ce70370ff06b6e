"""Help actions: keys, and what this program is."""

from __future__ import annotations

from collections.abc import Iterator

from wsiview.gui.actions.action import Action


def help_actions() -> Iterator[Action]:
    """The Help menu."""
    yield Action("keys", "Help", "Keys", ("F1",), lambda w: w.asking.keys(), tip="All keys, and what they do")
    yield Action(
        "about", "Help", "About wsiview", (), lambda w: w.asking.about(), tip="What this program is, and what it is not"
    )
