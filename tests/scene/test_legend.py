"""Legend and probe: words for what is shown."""

from dataclasses import replace

import numpy as np

from wsiview.geometry import Point
from wsiview.scene.grids import MapGrids
from wsiview.scene.layers import LayerStack, default_looks
from wsiview.scene.legend import AMPLIFIED, NOT_A_DIAGNOSIS, legend, side_by_side
from wsiview.scene.probe import probe_marks

STACK = LayerStack(default_looks(3, ("glands",)))


def test_there_is_a_legend_whenever_an_overlay_is_shown() -> None:
    shown = legend(STACK)
    assert shown is not None
    assert [row.letter for row in shown.rows if row.class_index is not None] == ["A", "B", "C"]
    assert shown.note == NOT_A_DIAGNOSIS
    assert legend(replace(STACK, hidden=True)) is None
    assert legend(replace(STACK, strongest=False)) is None


def test_hidden_classes_stay_in_the_legend_to_be_switched_on_again() -> None:
    shown = legend(STACK.with_class(1, replace(STACK.classes[1], visible=False)))
    assert shown is not None
    assert [row.enabled for row in shown.rows[:3]] == [True, False, True]


def test_a_strength_has_a_ramp_with_its_threshold() -> None:
    shown = legend(replace(STACK, strongest=False, strength=(2,)))
    assert shown is not None
    ramp = next(row for row in shown.rows if row.kind == "ramp")
    assert ramp.ticks[0] == (0.1, "10 %")
    assert ramp.ticks[-1] == (1.0, "100 %")


def test_cells_without_a_colour_are_named_as_what_is_shown_paints_them() -> None:
    states = ["outside tissue", "not computed", "unreadable"]
    named = {
        "strongest": (STACK, ["no class", *states]),
        "strength": (replace(STACK, strongest=False, strength=(1,)), ["none of it", "under 10 %", *states]),
        "difference": (replace(STACK, difference=(0, "cam")), ["no difference", "under 10 %", *states]),
        "paper": (replace(STACK, look="paper"), ["no class", *states]),
        "influence": (replace(STACK, strongest=False, saliency="cam"), states),
    }
    for stack, words in named.values():
        shown = legend(stack)
        assert shown is not None
        assert [label for _, label in shown.marks] == words
    uneven = replace(STACK.with_class(1, replace(STACK.classes[1], threshold=0.3)), strength=(0, 1))
    shown = legend(uneven)
    assert shown is not None
    assert ("weak", "under threshold") in shown.marks


def test_a_difference_has_a_ramp_with_two_ends_and_the_influences_scale() -> None:
    stack = replace(STACK, strongest=False, difference=(2, "cam"))
    shown = legend(stack, "Influence is scaled by this map alone.")
    assert shown is not None
    (row,) = shown.rows
    assert row.kind == "difference"
    assert [row.ticks[0][1], row.ticks[-1][1]] == ["influence stronger", "C stronger"]
    assert "this map alone" in shown.note


def test_two_stacks_seen_at_once_share_a_legend() -> None:
    other = legend(replace(STACK, strongest=False, saliency="cam"), "Influence is scaled by this map alone.")
    both = side_by_side(legend(STACK), other)
    assert both is not None
    assert [row.kind for row in both.rows] == ["class"] * 3 + ["undecided", "contour", "dashed"]
    assert "this map alone" in both.note
    assert side_by_side(None, other) == other


def test_the_papers_look_is_stamped_and_a_scale_of_its_own_is_told() -> None:
    shown = legend(replace(STACK, look="paper", saliency="gradcam/0"), "Influence is scaled by this map alone.")
    assert shown is not None
    assert shown.stamp == AMPLIFIED
    assert shown.note.startswith(NOT_A_DIAGNOSIS)
    assert "this map alone" in shown.note


def test_the_probe_draws_cell_field_and_label_region(grids: MapGrids) -> None:
    grids.set_predictions(np.array([[1250, 300]]), np.array([0.75], np.float32), (60, 60), (100, 100))
    marks = probe_marks(grids, Point(1310, 350), ("A", "B", "C"))
    assert marks is not None
    assert marks.cell is not None
    assert marks.cell.contains(Point(1310, 350))
    assert marks.field is not None
    assert marks.field.center == marks.cell.center
    assert marks.field.width == 60
    assert marks.label is not None
    assert marks.label.x == 1270
    assert marks.text == "A 100 %, undecided · model score 0.75"
    assert probe_marks(grids, Point(0, 0), ("A", "B", "C")) is None
