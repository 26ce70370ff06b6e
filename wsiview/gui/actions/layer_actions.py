"""Layer actions: what is laid over the slide."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from wsiview.gui import looks
from wsiview.gui.actions.action import Action, has_clear_look, has_layers
from wsiview.scene.palette import MAX_CLASSES, class_letter

if TYPE_CHECKING:
    from wsiview.gui.main_window import MainWindow


def _has_saliency(window: MainWindow) -> bool:
    cluster_map = window.session.cluster_map
    return cluster_map is not None and bool(cluster_map.saliency_names)


def _toggle_saliency(window: MainWindow) -> None:
    session = window.session
    if session.layers is not None and session.cluster_map is not None:
        name = None if session.layers.saliency else next(iter(session.cluster_map.saliency_names), None)
        session.set_layers(looks.with_saliency(session.layers, name))


def _toggle_strongest(window: MainWindow) -> None:
    if (stack := window.session.layers) is not None:
        window.session.set_layers(looks.with_strongest(stack, not stack.strongest))


def _toggle_prediction(window: MainWindow) -> None:
    if (stack := window.session.layers) is not None:
        window.session.set_layers(looks.with_prediction(stack, not stack.prediction))


def _toggle_hidden(window: MainWindow) -> None:
    if (stack := window.session.layers) is not None:
        window.session.change_layers(hidden=not stack.hidden)


def _toggle_paper(window: MainWindow) -> None:
    if (stack := window.session.layers) is not None:
        window.session.change_layers(look="default" if stack.look == "paper" else "paper")


def _has_class(index: int) -> Callable[[MainWindow], bool]:
    def has(window: MainWindow) -> bool:
        stack = window.session.layers
        return stack is not None and index < len(stack.classes) and has_clear_look(window)

    return has


def _shows_class(index: int) -> Callable[[MainWindow], bool]:
    return lambda window: window.session.layers is not None and index in window.session.layers.strength


def _toggle_class(index: int) -> Callable[[MainWindow], None]:
    def run(window: MainWindow) -> None:
        if (stack := window.session.layers) is not None:
            window.session.select(index)
            window.session.set_layers(looks.with_strength(stack, index, add=False))

    return run


def layer_actions() -> Iterator[Action]:
    """The Layers menu."""
    yield Action(
        "overlay", "Layers", "Show layers", ("O",), _toggle_hidden, has_layers,
        "All layers on or off; hold Space to look beneath them",
        lambda w: w.session.layers is not None and not w.session.layers.hidden,
    )  # fmt: skip
    yield Action(
        "strongest", "-Layers", "Strongest class", ("S",), _toggle_strongest, has_clear_look,
        "Which class is strongest in each cell", lambda w: bool(w.session.layers and w.session.layers.strongest),
    )  # fmt: skip
    yield Action(
        "influence", "Layers", "Influence map (Grad-CAM)", ("G",), _toggle_saliency, _has_saliency,
        "Where the tissue pushes the score up or down", lambda w: bool(w.session.layers and w.session.layers.saliency),
    )  # fmt: skip
    yield Action(
        "prediction", "Layers", "Model score", ("P",), _toggle_prediction, has_layers,
        "The model's score on each patch's label region",
        lambda w: bool(w.session.layers and w.session.layers.prediction),
    )  # fmt: skip
    for index in range(MAX_CLASSES):
        letter = class_letter(index)
        yield Action(
            f"class_{letter}", "Layers/Strength of class", f"Class {letter}", (f"Shift+{letter}",),
            _toggle_class(index), _has_class(index), f"Show how strong class {letter} is, and describe it",
            _shows_class(index),
        )  # fmt: skip
    yield Action(
        "paper", "-Layers", "As in the paper", (), _toggle_paper, has_layers,
        "All classes stacked, weak signals amplified",
        lambda w: bool(w.session.layers and w.session.layers.look == "paper"),
    )  # fmt: skip
