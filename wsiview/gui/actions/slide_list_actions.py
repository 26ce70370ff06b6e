"""Slide list actions: from slide to slide."""

from __future__ import annotations

from collections.abc import Iterator

from wsiview.gui.actions.action import Action


def slide_list_actions() -> Iterator[Action]:
    """The Slides menu."""
    yield Action(
        "next_slide", "Slides", "Next slide", ("PgDown",), lambda w: w.companions.slides.next(),
        lambda w: w.companions.slides.has_next, "Open the slide after this one, where you were on it",
    )  # fmt: skip
    yield Action(
        "previous_slide", "Slides", "Previous slide", ("PgUp",), lambda w: w.companions.slides.previous(),
        lambda w: w.companions.slides.has_previous, "Open the slide before this one, where you were on it",
    )  # fmt: skip
    yield Action(
        "slide_list", "-Slides", "List of slides", ("Ctrl+T",), lambda w: w.companions.slides.reveal(),
        tip="The slides of this session and those opened lately; drop a folder to list all of its slides",
    )  # fmt: skip
