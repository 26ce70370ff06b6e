"""Legend: what the colours on screen mean, row by row; it is also the control that switches classes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from wsiview.scene.contours import SHARES
from wsiview.scene.difference import THRESHOLD
from wsiview.scene.layers import LayerStack
from wsiview.scene.palette import INFLUENCE_GREEN, Color

NOT_A_DIAGNOSIS = "Groups tissue that looks alike to this network. Not a diagnosis, not a segmentation."

AMPLIFIED = "Weak signals amplified"

Kind = Literal["class", "ramp", "undecided", "contour", "dashed", "prediction", "fill", "difference"]
MarkKind = Literal["none", "weak", "outside", "waiting", "unreadable"]
"""How a cell looks that has no colour."""


@dataclass(frozen=True, slots=True)
class LegendRow:
    """One row; `class_index` is set on rows that can be clicked, `ticks` on ramps (share along the ramp, label)."""

    kind: Kind
    label: str
    color: Color = (0, 0, 0)
    letter: str = ""
    hatched: bool = False
    enabled: bool = True
    class_index: int | None = None
    ticks: tuple[tuple[float, str], ...] = ()
    threshold: float = 0.0


@dataclass(frozen=True, slots=True)
class Legend:
    """All rows, a stamp where the look exaggerates, the line that goes with every map, and cells without a colour."""

    rows: tuple[LegendRow, ...]
    stamp: str = ""
    note: str = NOT_A_DIAGNOSIS
    marks: tuple[tuple[MarkKind, str], ...] = ()


def legend(stack: LayerStack, saliency_note: str = "") -> Legend | None:
    """The legend of a stack, None while nothing is shown.

    `saliency_note` is a sentence on what an influence map's scale was taken from, where that is not the declared one.
    """
    if not stack.shows_anything:
        return None
    rows: list[LegendRow] = []
    strengths = stack.strengths_shown if stack.look == "default" else ()
    if stack.strongest or stack.look == "paper":
        rows += [_class_row(stack, index) for index in range(len(stack.classes))]
    elif strengths:
        rows += [_class_row(stack, index) for index in strengths]
    if stack.strongest and stack.look == "default" and not strengths:
        rows.append(LegendRow("undecided", "Undecided between two"))
    rows += [_ramp_row(stack, index) for index in strengths]
    if stack.difference_shown is not None:
        rows.append(_difference_row(stack, stack.difference_shown[0]))
    if stack.saliency is not None:
        rows += _influence_rows(stack)
    if stack.prediction:
        ticks = ((0.0, "0"), (0.5, "0.5"), (1.0, "1"))
        rows.append(LegendRow("prediction", "Model score", ticks=ticks))
    note = f"{NOT_A_DIAGNOSIS} {saliency_note}" if stack.influence_shown and saliency_note else NOT_A_DIAGNOSIS
    return Legend(tuple(rows), AMPLIFIED if stack.look == "paper" else "", note, _marks(stack))


def of_other_map(shown: Legend | None) -> Legend | None:
    """The legend of a second view that shows another map: its classes are others, and not switched here."""
    if shown is None:
        return None
    rows = (
        replace(row, label=f"{row.label}, view B", class_index=None) if row.kind == "class" else row
        for row in shown.rows
    )
    return replace(shown, rows=tuple(rows))


def side_by_side(first: Legend | None, second: Legend | None) -> Legend | None:
    """One legend for two stacks of the same map that are seen at once; what both show stands once."""
    if first is None or second is None:
        return first or second
    rows = (*first.rows, *(row for row in second.rows if row not in first.rows))
    marks = (*first.marks, *(mark for mark in second.marks if mark not in first.marks))
    return Legend(rows, first.stamp or second.stamp, max(first.note, second.note, key=len), marks)


def _class_row(stack: LayerStack, index: int) -> LegendRow:
    look = stack.classes[index]
    return LegendRow(
        "class", look.name or f"Class {look.letter}", look.color, look.letter, look.hatched, look.visible, index
    )


def _ramp_row(stack: LayerStack, index: int) -> LegendRow:
    look = stack.classes[index]
    ticks = ((look.threshold, f"{100 * look.threshold:.0f} %"), (0.5, "50 %"), (1.0, "100 %"))
    far = tuple(tick for tick in ticks if tick is ticks[0] or tick[0] - look.threshold > 0.2)
    return LegendRow(
        "ramp", f"Strength of {look.letter}", look.color, look.letter, look.hatched, look.visible,
        ticks=far, threshold=look.threshold,
    )  # fmt: skip


def _difference_row(stack: LayerStack, index: int) -> LegendRow:
    look = stack.classes[index]
    ticks = ((0.0, "influence stronger"), (0.25, ""), (0.5, "0"), (0.75, ""), (1.0, f"{look.letter} stronger"))
    label = f"{look.letter} against the influence map"
    return LegendRow("difference", label, look.color, look.letter, ticks=ticks, threshold=THRESHOLD)


def _marks(stack: LayerStack) -> tuple[tuple[MarkKind, str], ...]:
    """What a cell without a colour means in this stack."""
    strengths = stack.strengths_shown if stack.look == "default" else ()
    marks: list[tuple[MarkKind, str]] = []
    if stack.difference_shown is not None:
        marks += [("none", "no difference"), ("weak", f"under {100 * THRESHOLD:.0f} %")]
    elif strengths:
        least = {stack.classes[index].threshold for index in strengths}
        words = f"under {100 * least.pop():.0f} %" if len(least) == 1 else "under threshold"
        marks += [("none", "none of it"), ("weak", words)]
    elif stack.strongest or stack.look == "paper":
        marks.append(("none", "no class"))
    return (*marks, ("outside", "outside tissue"), ("waiting", "not computed"), ("unreadable", "unreadable"))


def _influence_rows(stack: LayerStack) -> list[LegendRow]:
    if stack.look == "paper":
        return [LegendRow("fill", "Influence: pushes the score up", INFLUENCE_GREEN)]
    shares = "/".join(f"{100 * share:.0f}" for share in SHARES)
    return [
        LegendRow("contour", f"Influence up, {shares} %"),
        LegendRow("dashed", f"Influence down, {shares} %"),
    ]
