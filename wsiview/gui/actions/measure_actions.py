"""Measure actions: rulers and areas on the slide."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from wsiview.gui.actions.action import Action, has_slide
from wsiview.gui.measuring.area_tool import AreaTool
from wsiview.gui.measuring.ruler_tool import RulerTool

if TYPE_CHECKING:
    from wsiview.gui.main_window import MainWindow


def _selected(window: MainWindow) -> bool:
    return window.companions.measures.has_selection


def _any(window: MainWindow) -> bool:
    return bool(window.companions.measures.board.shapes)


def measure_actions() -> Iterator[Action]:
    """The Measure menu."""
    yield Action(
        "ruler", "Measure", "Ruler", ("L",), lambda w: w.companions.measures.toggle_ruler(), has_slide,
        "Drag from end to end, or click twice; Shift keeps it straight",
        lambda w: isinstance(w.companions.measures.tool, RulerTool),
    )  # fmt: skip
    yield Action(
        "area", "Measure", "Area", ("A",), lambda w: w.companions.measures.toggle_area(), has_slide,
        "Click round it and double-click, or go round it with the button held",
        lambda w: isinstance(w.companions.measures.tool, AreaTool),
    )  # fmt: skip
    yield Action(
        "next_measure", "-Measure", "Next measure", ("M",), lambda w: w.companions.measures.board.select_next(), _any,
        "Select the next ruler or area of this slide, and bring it into view",
    )  # fmt: skip
    yield Action(
        "copy_measure", "Measure", "Copy measure", (), lambda w: w.companions.measures.copy_selected(), _selected,
        "Put what the selected ruler or area measures on the clipboard; Ctrl+C does so too while one is selected",
    )  # fmt: skip
    yield Action(
        "delete_measure", "Measure", "Delete measure", ("Del",),
        lambda w: w.companions.measures.board.remove_selected(), _selected,
        "Take the selected ruler or area away; Undo brings it back",
    )  # fmt: skip
    yield Action(
        "delete_measures", "Measure", "Delete all measures", (), lambda w: w.companions.measures.board.remove_all(),
        _any, "Take all rulers and areas of this slide away; Undo brings them back",
    )  # fmt: skip
