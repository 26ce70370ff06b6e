"""Orientation: how a view is turned and mirrored, in words that nobody overlooks."""

from __future__ import annotations

from wsiview.scene.viewport import Viewport


def orientation(view: Viewport) -> str:
    """For example "turned 90°, mirrored"; empty for a slide that is seen as it was scanned.

    Turns are told clockwise as seen on screen, from 0 up to 360°; the mirror exchanges left and right before them.
    """
    words = []
    if view.rotation % 360:
        words.append(f"turned {view.rotation % 360:.4g}°")
    if view.flipped:
        words.append("mirrored")
    return ", ".join(words)
