"""Probing: what the map says of one place, in the reader's words."""

from __future__ import annotations

from dataclasses import dataclass, field

from wsiview.geometry import Point
from wsiview.maps import NOT_A_DIAGNOSIS
from wsiview.maps.cell_state import COMPUTED, NOT_COMPUTED, OUTSIDE, UNREADABLE
from wsiview.scene.grids import CellValues, MapGrids
from wsiview.scene.layers import LayerStack

STATES = {
    NOT_COMPUTED: "not computed yet",
    OUTSIDE: "outside tissue",
    COMPUTED: "computed",
    UNREADABLE: "unreadable",
}


@dataclass(frozen=True)
class Reading:
    """Strengths (K,) of the cell under the cursor, empty where nothing was computed, and lines of words by name."""

    strengths: tuple[float, ...] = ()
    words: dict[str, str] = field(default_factory=dict)


def read_at(grids: MapGrids, stack: LayerStack, place: Point) -> Reading | None:
    """What is known of a place (level-0 px); None where the map has no cell."""
    at = grids.cell_at(place)
    if at is None:
        return None
    values = grids.values_at(*at)
    words = {"State": STATES[values.state]}
    if values.state == COMPUTED:
        words["Strongest"] = _strongest(values, stack)
        if values.residual is not None:
            words["Unexplained"] = f"{100 * values.residual:.0f} % not explained by any class"
        if values.saliency:
            shown = stack.saliency
            name = shown if shown is not None and shown in values.saliency else next(iter(values.saliency))
            words["Influence"] = _influence(values.saliency[name], grids.saliency_scale(name))
    prediction = grids.prediction_at(place)
    if prediction is not None:
        words["Model score"] = "unreadable" if prediction.score is None else f"{prediction.score:.3f} for this patch"
    else:
        words["Model score"] = "no patch here"
    return Reading(values.strengths, words)


def _strongest(values: CellValues, stack: LayerStack) -> str:
    if values.strongest is None:
        return "no class"
    look = stack.classes[values.strongest]
    words = f"{look.letter} {look.name}".strip()
    if values.second is None:
        return f"{words}, alone"
    second = stack.classes[values.second].letter
    lead = f"{100 * values.margin:.0f} % ahead of {second}"
    return f"{words}, undecided: {lead}" if values.undecided else f"{words}, {lead}"


def _influence(value: float, scale: float) -> str:
    if scale <= 0 or value == 0:
        return "none"
    way = "up" if value > 0 else "down"
    return f"pushes the score {way}, {100 * abs(value) / scale:.0f} %"


def reading_text(
    reading: Reading, stack: LayerStack, place: Point, mpp: tuple[float, float] | None, names: dict[str, str]
) -> str:
    """A reading as text for the clipboard.

    Parameters
    ----------
    mpp
        µm per level-0 pixel, None while unknown.
    names
        Of slide, model and clustering.
    """
    where = f"x {place.x:.0f}, y {place.y:.0f} px"
    if mpp is not None:
        where += f" ({place.x * mpp[0]:.0f}, {place.y * mpp[1]:.0f} µm)"
    lines = [*(f"{thing}: {name}" for thing, name in names.items() if name), f"place: {where}"]
    for look, strength in zip(stack.classes, reading.strengths, strict=False):
        lines.append(f"{f'{look.letter} {look.name}'.strip()}: strength {strength:.3f}")
    lines += [f"{name.lower()}: {words}" for name, words in reading.words.items()]
    return "\n".join((*lines, NOT_A_DIAGNOSIS))
