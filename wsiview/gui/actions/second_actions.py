"""Second view actions: two views side by side, of one slide or of two."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from wsiview.gui.actions.action import Action, has_slide

if TYPE_CHECKING:
    from wsiview.gui.main_window import MainWindow

_MENU = "View/Two views"


def _open(window: MainWindow) -> bool:
    return window.companions.second.open


def _of_two_slides(window: MainWindow) -> bool:
    return window.companions.second.of_two_slides


def second_actions() -> Iterator[Action]:
    """The View menu's part on the second view."""
    yield Action(
        "second", "-View", "Second view", ("D",), lambda w: w.companions.second.toggle(), has_slide,
        "The slide once more beside itself, with other layers; drop another slide or map onto it to see that", _open,
    )  # fmt: skip
    yield Action(
        "second_slide", _MENU, "Other slide in the second view…", (), lambda w: w.asking.second_slide(), has_slide,
        "Show a neighbouring section beside this slide",
    )  # fmt: skip
    yield Action(
        "second_map", _MENU, "Other map in the second view…", (), lambda w: w.asking.second_map(), has_slide,
        "Show another map of the slide, such as another clustering's, beside this one",
    )  # fmt: skip
    yield Action(
        "second_same", _MENU, "Same slide and map in both views", (), lambda w: w.companions.second.display.show_same(),
        lambda w: _open(w) and w.companions.second.display.differs, "Let the second view show this slide and map again",
    )  # fmt: skip
    yield Action(
        "link", f"-{_MENU}", "Link the views", ("Ctrl+D",), lambda w: w.companions.second.toggle_link(), _open,
        "Move both views together, or each alone. Linked again, one slide meets itself at the same place; "
        "two slides go on as they then lie beside each other",
        lambda w: w.companions.second.linked,
    )  # fmt: skip
    yield Action(
        "align", _MENU, "Align by points…", ("Ctrl+Shift+D",), lambda w: w.companions.second.align(), _of_two_slides,
        "Click two or three places that both slides show: two turn and scale, three stretch as well",
    )  # fmt: skip
    yield Action(
        "points_again", _MENU, "Return to the clicked points", (), lambda w: w.companions.second.return_to_points(),
        lambda w: w.companions.second.has_points, "Undo what was moved by hand since the slides were aligned by points",
    )  # fmt: skip
    yield Action(
        "forget_alignment", _MENU, "Forget the alignment", (), lambda w: w.companions.second.forget_alignment(),
        _of_two_slides, "Lay the two slides middle on middle again",
    )  # fmt: skip
    yield Action(
        "other_view", f"-{_MENU}", "Go to the other view", ("F6",), lambda w: w.companions.second.go_to_other(), _open,
        "Give the keys to the other view; its frame is coloured",
    )  # fmt: skip
    yield Action(
        "swap", _MENU, "Swap sides", (), lambda w: w.companions.second.swap(), _open,
        "Put the left view to the right and the right one to the left",
    )  # fmt: skip
