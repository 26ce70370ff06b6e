"""Compare actions: two views of one place, what differs between them, and from one field of a class to the next."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from wsiview.gui.actions.action import Action, has_clear_look, has_layers
from wsiview.gui.comparing.two_views import STEP
from wsiview.scene.palette import MAX_CLASSES, class_letter

if TYPE_CHECKING:
    from wsiview.gui.comparing.comparing import Comparing
    from wsiview.gui.display import Display
    from wsiview.gui.main_window import MainWindow


def _of(window: MainWindow) -> Comparing:
    return window.companions.comparing


def _has_curtain(window: MainWindow) -> bool:
    return _of(window).views.curtain is not None


def _beside(window: MainWindow) -> Display:
    """What the view that has not the keys shows."""
    second = window.companions.second.display
    return window.session if window.active_display is second else second


def _has_beside(window: MainWindow) -> bool:
    second = window.companions.second
    return second.open and not second.of_two_slides and _beside(window).grids is not None and has_layers(window)


def _draw_curtain(way: int, window: MainWindow) -> None:
    views = _of(window).views
    if views.curtain is not None:
        views.draw_curtain(views.curtain + way * STEP)


def _has_class(index: int) -> Callable[[MainWindow], bool]:
    def has(window: MainWindow) -> bool:
        stack = window.active_display.layers
        return stack is not None and index < len(stack.classes)

    return has


def _sees_class(index: int, window: MainWindow) -> bool:
    stack = window.active_display.layers
    return stack is not None and index < len(stack.classes) and stack.classes[index].visible


def _toggle_letters(window: MainWindow) -> None:
    if (stack := window.active_display.layers) is not None:
        window.active_display.change_layers(letters=not stack.letters)


def compare_actions() -> Iterator[Action]:
    """What stands in the Layers menu for comparing."""
    yield Action(
        "fade", "-Layers", "Full, half, none", ("H",), lambda w: _of(w).fading.step(w.active_display), has_layers,
        "The opacity of all layers in full, by half and none; full is what you set last",
    )  # fmt: skip
    yield Action(
        "letters", "Layers", "Letters on regions", (), _toggle_letters, has_clear_look,
        "The letter of the strongest class on every region that has room for it",
        lambda w: bool(w.active_display.layers and w.active_display.layers.letters),
    )  # fmt: skip
    yield from _class_actions()
    yield Action(
        "blink", "-Layers", "Blink to the other view", ("B",), lambda w: _of(w).views.toggle(), has_layers,
        "From your layers to the influence map and back; held, as long as the key is down",
        lambda w: _of(w).views.shows_b,
    )  # fmt: skip
    yield Action(
        "set_other", "Layers", "Set view B from what is shown", ("Ctrl+Shift+V",),
        lambda w: _of(w).views.set_b_from_shown(), has_layers,
        "Blink and curtain show these layers from now on",
    )  # fmt: skip
    yield Action(
        "set_other_from_beside", "Layers", "Set view B from the view beside", (),
        lambda w: _of(w).views.set_b_from(_beside(w)), _has_beside,
        "Blink and curtain show what the view beside this one shows, be it the map of another clustering",
    )  # fmt: skip
    yield Action(
        "curtain", "Layers", "Curtain between the views", ("C",), lambda w: _of(w).views.toggle_curtain(),
        has_layers, "Your layers at the left of a line, the other view at its right; drag the line", _has_curtain,
    )  # fmt: skip
    for name, text, key, way in (
        ("curtain_left", "Curtain to the left", "Ctrl+Shift+Left", -1),
        ("curtain_right", "Curtain to the right", "Ctrl+Shift+Right", 1),
    ):
        yield Action(name, "Layers", text, (key,), partial(_draw_curtain, way), _has_curtain, f"{text} by a little")
    yield Action(
        "difference", "-Layers", "Class against influence", ("V",),
        lambda w: _of(w).differences.toggle(w.active_display),
        lambda w: _of(w).differences.possible(w.active_display),
        "Where the class that is described is stronger, and where the influence map is",
        lambda w: bool(w.active_display.layers and w.active_display.layers.difference),
    )  # fmt: skip
    yield Action(
        "agreement", "Layers", "Agreement", ("Ctrl+I",), lambda w: _of(w).agreement.toggle(), has_layers,
        "How far each class agrees with the influence map, in view and on the whole slide",
        lambda w: _of(w).agreement.visible,
    )  # fmt: skip
    for name, text, key, way in (
        ("next_field", "Next field", "N", 1),
        ("previous_field", "Previous field", "Shift+N", -1),
    ):
        yield Action(
            name, "-Layers" if way > 0 else "Layers", f"{text} of the class", (key,),
            partial(_go, way), has_layers, f"{text} where the class that is described is strongest, at 10× or closer",
        )  # fmt: skip


def _go(way: int, window: MainWindow) -> None:
    _of(window).fields.go(way)


def _class_actions() -> Iterator[Action]:
    for index in range(MAX_CLASSES):
        letter = class_letter(index)
        yield Action(
            f"class_seen_{letter}", "Layers/Classes shown", f"Class {letter}", (),
            lambda w, index=index: w.active_display.toggle_class(index), _has_class(index),  # type: ignore[misc]
            f"Show class {letter}, or show it no more", partial(_sees_class, index), placed=f"Alt+{letter}",
        )  # fmt: skip
