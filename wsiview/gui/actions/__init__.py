"""Actions: one table of all that can be done; menus, keys, enabling and the sheet of keys are made from it."""

from __future__ import annotations

from wsiview.gui.actions.action import Action
from wsiview.gui.actions.appearance_actions import appearance_actions
from wsiview.gui.actions.check_actions import check_actions
from wsiview.gui.actions.compare_actions import compare_actions
from wsiview.gui.actions.edit_actions import edit_actions
from wsiview.gui.actions.explain_actions import explain_actions
from wsiview.gui.actions.file_actions import file_actions
from wsiview.gui.actions.help_actions import help_actions
from wsiview.gui.actions.layer_actions import layer_actions
from wsiview.gui.actions.measure_actions import measure_actions
from wsiview.gui.actions.place_actions import place_actions
from wsiview.gui.actions.reading_actions import reading_actions
from wsiview.gui.actions.second_actions import second_actions
from wsiview.gui.actions.slide_actions import slide_actions
from wsiview.gui.actions.slide_list_actions import slide_list_actions
from wsiview.gui.actions.turn_actions import turn_actions
from wsiview.gui.actions.view_actions import view_actions

ACTIONS: tuple[Action, ...] = (
    *file_actions(),
    *edit_actions(),
    *view_actions(),
    *turn_actions(),
    *second_actions(),
    *slide_actions(),
    *appearance_actions(),
    *place_actions(),
    *measure_actions(),
    *slide_list_actions(),
    *layer_actions(),
    *compare_actions(),
    *explain_actions(),
    *check_actions(),
    *reading_actions(),
    *help_actions(),
)

CANVAS_KEYS: tuple[tuple[str, str], ...] = (
    ("Space (held)", "look beneath the layers"),
    ("B (held)", "the other view, as long as the key is down"),
    ("Wheel, pinch", "zoom at the cursor"),
    ("Drag, two fingers", "move the slide"),
    ("Middle button", "move the slide, whatever tool is in use"),
    ("Arrows", "move the slide"),
    ("+ and −", "zoom"),
    ("1 … 6, 0", "on the number pad too, with num lock on or off"),
    ("Click in the legend", "a class on or off; double-click, or with Alt: this one alone"),
    ("Click a measure", "select it, to drag, copy or delete it"),
    ("Shift", "with the ruler: keep it straight"),
    ("Overview", "click to go there, or drag the box"),
    ("Ctrl + wheel", "opacity of the layers"),
    ("Esc", "back to the slide; close these keys, or dismiss the message"),
)
