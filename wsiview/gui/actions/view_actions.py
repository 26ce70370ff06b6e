"""View actions: where one looks, and how closely."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from wsiview.gui.actions.action import Action, always, has_slide
from wsiview.scene.magnification import PRESETS, Preset, preset_at

if TYPE_CHECKING:
    from wsiview.gui.main_window import MainWindow


def _magnify(preset: Preset, window: MainWindow) -> None:
    window.active_canvas.magnify(preset.microns)


def _magnified(preset: Preset, window: MainWindow) -> bool:
    return has_slide(window) and preset_at(window.active_canvas.microns) == preset


def view_actions() -> Iterator[Action]:
    """The View menu."""
    yield Action(
        "fit", "View", "Fit the slide", ("F",), lambda w: w.active_canvas.fit(), has_slide, "Show the whole slide",
        placed="0",
    )  # fmt: skip
    yield Action(
        "zoom_in", "View", "Zoom in", ("Ctrl++", "Ctrl+="), lambda w: w.zoom(2.0), has_slide,
        "Twice as large; the key + alone takes a smaller step",
    )  # fmt: skip
    yield Action(
        "zoom_out", "View", "Zoom out", ("Ctrl+-",), lambda w: w.zoom(0.5), has_slide,
        "Half as large; the key − alone takes a smaller step",
    )  # fmt: skip
    for preset in PRESETS:
        yield Action(
            f"magnify_{preset.name}", "View/Magnification", f"{preset.name}  ({preset.microns:g} µm per pixel)", (),
            partial(_magnify, preset), has_slide, f"{preset.microns:g} µm of the slide on each pixel of the screen",
            partial(_magnified, preset), placed=f"{preset.digit}",
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
    yield Action(
        "full", "-View", "Full screen", ("F11",), lambda w: w.companions.full_screen.toggle(), always,
        "The slide alone on the whole screen; F11 or Esc returns", lambda w: w.companions.full_screen.on,
    )  # fmt: skip
    yield Action(
        "performance", "View", "Performance", ("F12",), lambda w: w.companions.performance.toggle(), has_slide,
        "How long frames take, what is waited for, and how full the caches are", lambda w: w.companions.performance.on,
    )  # fmt: skip
