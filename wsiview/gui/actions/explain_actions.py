"""Explain actions: computing the map."""

from __future__ import annotations

from collections.abc import Iterator

from wsiview.gui.actions.action import Action


def explain_actions() -> Iterator[Action]:
    """The Explain menu."""
    yield Action(
        "explain", "Explain", "Explain", ("F5", "Ctrl+Return"), lambda w: w.session.explain(),
        lambda w: w.session.can_explain, "Compute the cluster map of this slide, what is in view first",
    )  # fmt: skip
    yield Action(
        "cancel", "Explain", "Stop", ("Ctrl+.",), lambda w: w.session.cancel(), lambda w: w.session.computing,
        "Stop computing; what is done stays, and Explain goes on from there",
    )  # fmt: skip
