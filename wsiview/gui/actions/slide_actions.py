"""Slide actions: how a slide's file is read."""

from __future__ import annotations

from collections.abc import Iterator

from wsiview.gui.actions.action import Action


def slide_actions() -> Iterator[Action]:
    """The View menu's words on the file."""
    yield Action(
        "stop_overview", "-View", "Stop preparing the overview", ("Ctrl+Shift+.",),
        lambda w: w.companions.lens.overviews.stop(), lambda w: w.companions.lens.overviews.building,
        "Stop building the coarse levels that this slide lacks; it begins anew when the slide is opened again",
    )  # fmt: skip
