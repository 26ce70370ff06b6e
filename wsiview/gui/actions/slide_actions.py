"""Slide actions: how a slide's file is read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from wsiview.gui.actions.action import Action

if TYPE_CHECKING:
    from wsiview.gui.main_window import MainWindow


def _has_profile(window: MainWindow) -> bool:
    slide = window.active_display.slide
    return slide is not None and slide.icc_profile is not None


def slide_actions() -> Iterator[Action]:
    """The View menu's words on the file."""
    yield Action(
        "colors", "-View", "Colours by the slide's ICC profile", ("I",),
        lambda w: w.companions.lens.set_colors(not w.companions.lens.colors), _has_profile,
        "The colours that the scanner saw, as far as this screen is sRGB; the network never sees them",
        lambda w: w.companions.lens.colors,
    )  # fmt: skip
    yield Action(
        "stop_overview", "View", "Stop preparing the overview", ("Ctrl+Shift+.",),
        lambda w: w.companions.lens.overviews.stop(), lambda w: w.companions.lens.overviews.building,
        "Stop building the coarse levels that this slide lacks; it begins anew when the slide is opened again",
    )  # fmt: skip
