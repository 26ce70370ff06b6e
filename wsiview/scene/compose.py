"""Compose: from a map's grids and the wish to see them, to the pixels that are laid over the slide."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from wsiview.scene.contours import contour_rgba
from wsiview.scene.difference import difference_codes, difference_table
from wsiview.scene.grids import MapGrids
from wsiview.scene.layers import LayerStack
from wsiview.scene.marks import mark_codes, mark_table
from wsiview.scene.plane import Appearance, Plane, Rgba
from wsiview.scene.predictions import EDGE, FILL, STEPS, UNREAD
from wsiview.scene.strength import mixed_strengths, strength_codes, strength_table
from wsiview.scene.strongest import strongest_codes, strongest_table
from wsiview.scene.visible_tiles import Window

Table = NDArray[np.uint8]


def compose(grids: MapGrids, stack: LayerStack, window: Window, look: Appearance) -> tuple[Plane, ...]:
    """The planes of a window, lowest first; planes with nothing to see are left out."""
    return tuple(compose_each(grids, stack, window, look))


def compose_each(grids: MapGrids, stack: LayerStack, window: Window, look: Appearance) -> Iterator[Plane]:
    """The same one by one, for who may give up between two."""
    marked = False
    for plane in _layers(grids, stack, window, look):
        marked = True
        if not plane.empty:
            yield plane
    if marked and not (marks := Plane("marks", mark_codes(grids, window, look))).empty:
        yield marks


def _layers(grids: MapGrids, stack: LayerStack, window: Window, look: Appearance) -> Iterator[Plane]:
    """Planes of all that is to be shown, be there anything to see or not."""
    shown, compared = stack.strengths_shown, stack.difference_shown
    if stack.prediction and grids.predictions is not None:
        yield Plane("prediction", grids.predictions.codes(window, look.pixels(1)))
    if stack.look == "paper" or len(shown) > 1:
        yield Plane("mixed", rgba=mixed_strengths(grids, stack, window, look))
    elif shown and (index := shown[0]) < grids.n_classes:
        codes = strength_codes(grids, index, stack.classes[index].hatched, window, look)
        yield Plane("strength", codes, class_index=index)
    if compared is not None and compared[0] < grids.n_classes:
        yield Plane("difference", difference_codes(grids, *compared, window, look))
    if stack.strongest and stack.look == "default":
        yield Plane("strongest", strongest_codes(grids, stack, window, look, bool(shown or compared)))
    if stack.saliency is not None and stack.look == "default":
        yield Plane("mixed", rgba=contour_rgba(grids, stack.saliency, window, look))


def table(plane: Plane, stack: LayerStack, look: Appearance) -> Table:
    """Colours (256, 4), straight RGBA, of a plane of codes."""
    if plane.role == "strongest":
        return strongest_table(stack, look)
    if plane.role == "strength":
        return strength_table(stack.classes[plane.class_index])
    if plane.role == "difference":
        return difference_table()
    return mark_table() if plane.role == "marks" else prediction_table()


def drawing_key(stack: LayerStack) -> tuple[object, ...]:
    """What of a stack the planes depend on; all the rest is tables and needs no new planes."""
    mixed = stack.look == "paper" or len(stack.strength) > 1
    looks = tuple((c.color, c.visible, c.threshold) for c in stack.classes) if mixed else ()
    hatched = tuple(c.hatched for c in stack.classes)
    shown = stack.strongest, stack.strengths_shown, stack.difference_shown, stack.saliency, stack.prediction
    return *shown, stack.look, hatched, looks


def prediction_table() -> Table:
    """A neutral ramp: the higher the score, the darker; every region that was scored has an edge."""
    result = np.zeros((256, 4), np.uint8)
    share = np.arange(STEPS + 1) / STEPS
    result[:, :3] = (24, 28, 36)
    result[FILL : FILL + STEPS + 1, 3] = np.rint(255 * 0.6 * share)
    result[EDGE : EDGE + STEPS + 1, 3] = np.rint(255 * (0.35 + 0.5 * share))
    result[UNREAD] = (235, 235, 235, 150)
    return result


def flattened(planes: tuple[Plane, ...], stack: LayerStack, look: Appearance, shape: tuple[int, int]) -> Rgba:
    """All planes as one picture (h, w, 4), premultiplied, with the master opacity applied once."""
    out: NDArray[np.float64] = np.zeros((*shape, 4))
    for plane in planes:
        above = plane.rgba
        if plane.codes is not None:
            straight = table(plane, stack, look).astype(np.float32)
            straight[:, :3] *= straight[:, 3:] / 255
            above = np.rint(straight).astype(np.uint8)[plane.codes]
        if above is not None:
            out = above + out * (1 - above[..., 3:] / 255)
    scaled: Rgba = np.rint(out * (0 if stack.hidden else stack.opacity)).astype(np.uint8)
    return scaled
