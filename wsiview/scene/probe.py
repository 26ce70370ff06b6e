"""Probe: what is drawn around the place that a reader asks about."""

from __future__ import annotations

from dataclasses import dataclass

from wsiview.geometry import Point, Region
from wsiview.scene.grids import MapGrids


@dataclass(frozen=True, slots=True)
class ProbeMarks:
    """Level-0 rectangles: cell, receptive field (drawn as the circle inside), the patch's label region; and words."""

    cell: Region | None = None
    field: Region | None = None
    label: Region | None = None
    text: str = ""


def probe_marks(grids: MapGrids, place: Point, letters: tuple[str, ...]) -> ProbeMarks | None:
    """The marks for a place, None where the map knows nothing."""
    at = grids.cell_at(place)
    if at is None:
        return None
    values = grids.values_at(*at)
    prediction = grids.prediction_at(place)
    if not values.strengths and prediction is None:
        return None
    middle = values.region.center
    field = None
    if grids.field is not None and values.strengths:
        width, height = grids.field
        field = Region(middle.x - width / 2, middle.y - height / 2, width, height)
    words = []
    if values.strongest is not None:
        top = f"{letters[values.strongest]} {100 * min(values.strengths[values.strongest], 1):.0f} %"
        words.append(f"{top}, undecided" if values.undecided else top)
    if prediction is not None and prediction.score is not None:
        words.append(f"model score {prediction.score:.2f}")
    label = None if prediction is None else prediction.label
    return ProbeMarks(values.region if values.strengths else None, field, label, " · ".join(words))
