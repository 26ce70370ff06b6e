"""Help actions: keys, and what this program is."""

from __future__ import annotations

from collections.abc import Iterator

from wsiview.gui.actions.action import Action
from wsiview.gui.dialogs.keys_sheet import KEY


def help_actions() -> Iterator[Action]:
    """The Help menu."""
    yield Action(
        "keys", "Help", "Keys", (KEY,), lambda w: w.asking.keys(),
        tip="All keys, and what they do, beside the work; once more, or Esc, closes them",
    )  # fmt: skip
    yield Action(
        "about", "Help", "About wsiview", (), lambda w: w.asking.about(), tip="What this program is, and what it is not"
    )
