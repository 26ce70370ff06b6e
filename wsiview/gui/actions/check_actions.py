"""Check actions: whether the map shown can be relied on, and what its classes look like."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from wsiview.gui.actions.action import Action

if TYPE_CHECKING:
    from wsiview.gui.main_window import MainWindow


def _has_map(window: MainWindow) -> bool:
    return window.session.grids is not None


def check_actions() -> Iterator[Action]:
    """In the Explain menu."""
    yield Action(
        "checks", "-Explain", "Checks of this map", ("W",), lambda w: w.companions.checks.tell(), _has_map,
        "Whether something speaks against relying on this map: place, score, classes, scale, unlike tissue",
    )  # fmt: skip
    yield Action(
        "exemplars", "Explain", "Exemplars of the class", ("E",), lambda w: w.companions.exemplars.focus(), _has_map,
        "To the pictures beside the class's name: arrows choose, Enter goes there",
    )  # fmt: skip
    yield Action(
        "clustering_holds", "Explain", "How the classes hold", ("Shift+W",), lambda w: w.companions.clustering.tell(),
        lambda w: w.session.clustering is not None,
        "Whether each class is found again on other patients, how many classes hold, and another clustering beside it",
    )  # fmt: skip
