"""Place actions: going to places on the slide, and keeping them."""

from __future__ import annotations

from collections.abc import Iterator

from wsiview.gui.actions.action import Action, has_slide


def place_actions() -> Iterator[Action]:
    """The Go menu."""
    yield Action(
        "go_to", "Go", "Go to coordinates…", ("Ctrl+L",), lambda w: w.companions.going.ask(), has_slide,
        "Write a place in pixels, µm or mm, and a magnification if you like",
    )  # fmt: skip
    yield Action(
        "copy_place", "Go", "Copy this place", ("Ctrl+Shift+C",), lambda w: w.companions.going.copy(), has_slide,
        "Put the middle of the view and its magnification on the clipboard, as “Go to coordinates” takes them",
    )  # fmt: skip
    yield Action(
        "bookmark", "-Go", "Bookmark this view", ("Ctrl+B",), lambda w: w.companions.bookmarks.add(), has_slide,
        "Keep the place, how closely it is seen, its turn and its layers",
    )  # fmt: skip
    yield Action(
        "bookmarks", "Go", "Bookmarks", ("Ctrl+Shift+B",), lambda w: w.companions.bookmarks.show_list(), has_slide,
        "The list of what was kept on this slide; Enter goes there, F2 renames, Del deletes",
    )  # fmt: skip
