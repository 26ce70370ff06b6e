"""View actions: where one looks, and how closely."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from wsiview.gui.actions.action import Action, has_slide

if TYPE_CHECKING:
    from wsiview.gui.main_window import MainWindow

# Magnification × µm per screen pixel is 10.
MAGNIFICATIONS = (("1×", 10.0), ("2×", 5.0), ("4×", 2.5), ("10×", 1.0), ("20×", 0.5), ("40×", 0.25))


def _magnify(microns: float, window: MainWindow) -> None:
    window.magnify(microns)


def view_actions() -> Iterator[Action]:
    """The View menu."""
    yield Action(
        "fit", "View", "Fit the slide", ("F",), lambda w: w.active_canvas.fit(), has_slide, "Show the whole slide"
    )  # fmt: skip
    yield Action("zoom_in", "View", "Zoom in", ("Ctrl++", "Ctrl+="), lambda w: w.zoom(2.0), has_slide)
    yield Action("zoom_out", "View", "Zoom out", ("Ctrl+-",), lambda w: w.zoom(0.5), has_slide)
    for key, (name, microns) in zip("123456", MAGNIFICATIONS, strict=True):
        yield Action(
            f"magnify_{name}", "View/Magnification", f"{name}  ({microns:g} µm per pixel)", (key,),
            partial(_magnify, microns), has_slide,
        )  # fmt: skip
    yield Action(
        "scale", "-View", "Scale of the slide…", (), lambda w: w.asking.mpp(), has_slide,
        "Set how large a pixel is, in µm",
    )  # fmt: skip
    yield Action(
        "label", "View", "Slide label…", (), lambda w: w.asking.associated(),
        lambda w: w.session.slide is not None and bool(w.session.slide.associated),
        "Show the slide's label or overview photograph; it may show who the patient is",
    )  # fmt: skip
    yield Action("full", "-View", "Full screen", ("F11",), lambda w: w.toggle_full_screen())
