"""Each lamp is lit by what it warns of, unlit where all is well, and says that it does not know where it can't."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from wsiview.analysis.class_tally import ClassTally
from wsiview.analysis.lamp import Lamp, Level
from wsiview.analysis.sanity import Evidence, lamps
from wsiview.analysis.scale_lamp import Scales
from wsiview.maps.registration import Placement

GOOD, LOOK, BAD, UNKNOWN = Level.GOOD, Level.LOOK, Level.BAD, Level.UNKNOWN
SCALES = Scales(model=1.0, mapped=(0.5, 0.5), file=(0.5, 0.5), given=None, factor=(2.0, 2.0))


def counted(**changes: Any) -> ClassTally:
    """Three classes over 900 cells of tissue and 100 of glass."""
    tally = ClassTally(
        cells=np.array([900, 100, 0]),
        strongest=np.array([[500, 20, 0], [300, 30, 0], [100, 50, 0]]),
        weight=np.array([[500.0, 20, 0], [300, 30, 0], [100, 50, 0]]),
        judged=1000,
        unlike=10,
    )
    return replace(tally, **changes)


def evidence(**changes: Any) -> Evidence:
    """A map about which there is nothing to say."""
    scores = np.linspace(0.1, 0.9, 50)
    logits = np.stack([np.zeros(50), np.log(scores / (1 - scores))], axis=1).astype(np.float32)
    given = Evidence(
        letters=("A", "B", "C"), tally=counted(), complete=True, empty=(False, False, False), logits=logits,
        scores=scores, scales=SCALES, placement=Placement(0.99, 0.995), has_ground=True, calibrated=True,
    )  # fmt: skip
    return replace(given, **changes)


def lamp(key: str, **changes: Any) -> Lamp:
    return next(one for one in lamps(evidence(**changes)) if one.key == key)


def test_a_sound_map_lights_nothing() -> None:
    found = lamps(evidence())
    assert [one.key for one in found] == ["place", "score", "used", "spread", "ground", "scale", "unlike"]
    assert {one.level for one in found} == {GOOD}
    assert all(one.title and one.meaning.endswith(".") and one.finding.endswith(".") for one in found)


@pytest.mark.parametrize(
    ("placement", "level", "words"),
    [
        (Placement(0.99, 0.995), GOOD, "100 % of the cells agree"),
        (Placement(doubt="the slide is almost all tissue"), UNKNOWN, "Not checked, because the slide is almost all"),
        (None, UNKNOWN, "Not checked."),
    ],
)
def test_the_place(placement: Placement | None, level: Level, words: str) -> None:
    found = lamp("place", placement=placement)
    assert found.level is level
    assert found.finding.startswith(words)


def test_a_constant_output_is_bad() -> None:
    found = lamp("score", logits=np.full((50, 2), 1.25, np.float32), scores=np.full(50, 0.5))
    assert found.level is BAD
    assert found.finding == "It is the same everywhere: 0.500 on 50 patches."


def test_scores_that_hardly_differ_are_looked_at_even_where_outputs_do() -> None:
    logits = np.stack([np.linspace(-14, -8, 50), np.zeros(50)], axis=1).astype(np.float32)
    found = lamp("score", logits=logits, scores=1 / (1 + np.exp(-logits[:, 0].astype(float))))
    assert found.level is LOOK
    assert found.finding.startswith("It is almost the same everywhere: from 0.000 to 0.000")


def test_patches_that_were_not_computed_do_not_count() -> None:
    logits = evidence().logits.copy()
    logits[19:] = np.nan
    found = lamp("score", logits=logits, complete=False)
    assert found.level is UNKNOWN
    assert found.finding == "Not known: 19 patches so far are too few."


def test_an_empty_class_is_named() -> None:
    weight = counted().weight.copy()
    weight[1] = 0
    found = lamp("used", empty=(False, True, False), tally=counted(weight=weight))
    assert found.level is LOOK
    assert found.finding.startswith("Class B is empty")


def test_a_class_without_weight_is_named_once_the_map_is_finished() -> None:
    weight = counted().weight.copy()
    weight[[0, 2]] = 0
    assert lamp("used", tally=counted(weight=weight), complete=False).level is UNKNOWN
    found = lamp("used", tally=counted(weight=weight))
    assert found.level is LOOK
    assert found.finding == "Classes A and C have no weight anywhere on this slide."


@pytest.mark.parametrize(("top", "level"), [(960, LOOK), (940, GOOD)])
def test_a_class_nearly_everywhere_is_looked_at(top: int, level: Level) -> None:
    strongest = np.array([[top, 0, 0], [1000 - top, 900, 0], [0, 0, 0]])  # glass doesn't count
    found = lamp("spread", tally=counted(strongest=strongest))
    assert found.level is level
    assert found.finding == f"Class A is strongest on {top / 10:.0f} % of the tissue."


@pytest.mark.parametrize(
    ("row", "level", "words"),
    [
        ([5.0, 95.0, 0.0], LOOK, "Class C lies on glass (95 % of its weight)."),
        ([5.0, 0.0, 95.0], LOOK, "Class C lies on pen (95 % of its weight)."),
        ([5.0, 50.0, 45.0], LOOK, "Class C lies on glass and pen (95 % of its weight)."),
        ([15.0, 85.0, 0.0], GOOD, "The class that lies most off the tissue is C, with 85 % of its weight."),
    ],
)
def test_a_class_on_glass_or_pen_is_named(row: list[float], level: Level, words: str) -> None:
    weight = counted().weight.copy()
    weight[2] = row
    found = lamp("ground", tally=counted(weight=weight))
    assert found.level is level
    assert found.finding == words


def test_without_a_picture_glass_and_pen_are_not_known() -> None:
    assert lamp("ground", has_ground=False).level is UNKNOWN


@pytest.mark.parametrize(
    ("changes", "level", "words"),
    [
        ({}, GOOD, "It saw 1 µm per pixel, resampled from 0.5."),
        ({"model": 0.5, "factor": (1.0, 1.0)}, GOOD, "It saw the slide's own pixels of 0.5 µm."),
        ({"model": None}, UNKNOWN, "Not known: the model reads level-0 pixels as they are"),
        ({"mapped": None}, UNKNOWN, "Not known: the map doesn't tell"),
        ({"file": None, "given": (0.5, 0.5)}, LOOK, "The slide's file says no scale; 0.5 µm per pixel was given"),
        ({"given": (0.5, 0.5), "file": (0.25, 0.25)}, BAD, "The slide's scale was given by hand, 0.5 µm per pixel;"),
        ({"given": (0.25, 0.25)}, BAD, "The map was made at 0.5 µm per pixel of the slide, and now it is 0.25."),
        ({"model": 1.5}, BAD, "It saw 1 µm per pixel instead of 1.5."),
        ({"model": 0.47, "factor": (0.94, 0.94)}, LOOK, "The slide is coarser than the model wants: its pixels were"),
        ({"model": 0.25, "factor": (0.5, 0.5)}, BAD, "The slide is coarser than the model wants: its pixels were"),
    ],
)
def test_the_scale(changes: dict[str, Any], level: Level, words: str) -> None:
    found = lamp("scale", scales=replace(SCALES, **changes))
    assert found.finding.startswith(words)
    assert found.level is level


@pytest.mark.parametrize(("unlike", "level"), [(10, GOOD), (150, LOOK), (600, BAD)])
def test_tissue_unlike_the_fits_is_counted(unlike: int, level: Level) -> None:
    found = lamp("unlike", tally=counted(unlike=unlike))
    assert found.level is level
    assert found.finding.split(" %")[0] in {"1.0", "15", "60"}


def test_a_clustering_without_calibration_says_so() -> None:
    found = lamp("unlike", calibrated=False, tally=counted(judged=0, unlike=0))
    assert found.level is UNKNOWN
    assert found.finding == "Not known: this clustering has no calibration. Fit it again to have one."


def test_a_growing_map_speaks_of_what_is_there() -> None:
    assert "so far" in lamp("spread", complete=False).finding
    assert lamp("spread", tally=counted(strongest=np.zeros((3, 3), int)), complete=False).level is UNKNOWN
