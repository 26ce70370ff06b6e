"""Layer menu: what can be laid over the second view, as choices of one thing at a time."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu

from wsiview.gui import looks
from wsiview.gui.display import Display
from wsiview.scene.layers import LayerStack


def fill_layer_menu(menu: QMenu, display: Display, other: Display) -> None:
    """List what this display can show; `other` is the view beside it."""
    menu.clear()
    menu.setToolTipsVisible(True)
    group = menu.findChild(QActionGroup) or QActionGroup(menu)
    stack, cluster_map = display.layers, display.cluster_map
    if stack is None or cluster_map is None:
        menu.addAction("There is no map of this slide yet").setEnabled(False)
        return

    def choice(text: str, made: LayerStack, tip: str = "") -> QAction:
        return _add(menu, text, tip, stack == made, partial(display.set_layers, made))

    def one_of(text: str, made: LayerStack, tip: str = "") -> None:
        group.addAction(choice(text, made, tip))

    one_of("Strongest class", looks.strongest_alone(stack))
    shown = stack.classes[display.selected]
    name = f"{shown.letter} ({shown.name})" if shown.name else shown.letter
    tip = "Of the class chosen in the panel; Shift and a letter choose any other"
    one_of(f"Strength of class {name}", looks.strength_alone(stack, display.selected), tip)
    for saliency in cluster_map.saliency_names[:1]:
        one_of("Influence map (Grad-CAM)", looks.saliency_alone(stack, saliency))
    one_of("Model score", looks.prediction_alone(stack))
    one_of("None", looks.nothing(stack), "The slide alone")
    if other.layers is not None and display.clustering_fingerprint == other.clustering_fingerprint:
        menu.addSeparator()
        same = looks.carried_over(other.layers, stack, cluster_map.saliency_names)
        choice("As in the first view", same, "The same layers as there, from now on changed apart")


def _add(menu: QMenu, text: str, tip: str, checked: bool, run: Callable[[], None]) -> QAction:
    action = menu.addAction(text)
    action.setToolTip(tip or text)
    action.setCheckable(True)
    action.setChecked(checked)
    action.triggered.connect(lambda _=False: run())
    return action
