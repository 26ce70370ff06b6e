"""Turn actions: the slide turned and mirrored under the eye, and back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from wsiview.gui.actions.action import Action, has_slide

if TYPE_CHECKING:
    from wsiview.gui.main_window import MainWindow


def _turn(degrees: float) -> Callable[[MainWindow], None]:
    return lambda window: window.active_canvas.turn(degrees)


def _is_turned(window: MainWindow) -> bool:
    return has_slide(window) and not window.active_canvas.viewport.upright


def turn_actions() -> Iterator[Action]:
    """The View menu's Turn."""
    menu = "View/Turn"
    yield Action(
        "turn_right", menu, "By 90° to the right", ("R",), _turn(90), has_slide,
        "Turn the slide a quarter clockwise",
    )  # fmt: skip
    yield Action(
        "turn_left", menu, "By 90° to the left", ("Shift+R",), _turn(-90), has_slide,
        "Turn the slide a quarter counter-clockwise",
    )  # fmt: skip
    yield Action(
        "nudge_right", menu, "By 1° to the right", ("Ctrl+Right",), _turn(1), has_slide,
        "Turn the slide a little clockwise; hold the keys to go on turning",
    )  # fmt: skip
    yield Action(
        "nudge_left", menu, "By 1° to the left", ("Ctrl+Left",), _turn(-1), has_slide,
        "Turn the slide a little counter-clockwise; hold the keys to go on turning",
    )  # fmt: skip
    yield Action(
        "turn_to", menu, "To an angle…", ("Ctrl+R",), lambda w: w.companions.turning.ask(), has_slide,
        "Write the angle, in degrees clockwise",
    )  # fmt: skip
    yield Action(
        "mirror", f"-{menu}", "Mirror left to right", ("X",), lambda w: w.active_canvas.mirror(), has_slide,
        "Exchange left and right of what is on screen",
        lambda w: has_slide(w) and w.active_canvas.viewport.flipped,
    )  # fmt: skip
    yield Action(
        "turn_back", menu, "Turn back", ("Shift+X",), lambda w: w.active_canvas.turn_back(), _is_turned,
        "Show the slide as it was scanned",
    )  # fmt: skip
