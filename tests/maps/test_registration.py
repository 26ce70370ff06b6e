"""A map is compared with the tissue beneath it, and what is wrong with its place is said in words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from wsiview.geometry import Affine
from wsiview.maps.registration import Support, frame_fault, judge

ROWS, COLS = 90, 120


def tissue() -> np.ndarray:
    """A bean and a speck, alike in no mirror, (90, 120)."""
    y, x = np.mgrid[:ROWS, :COLS]
    bean = ((x - 45) / 28) ** 2 + ((y - 40) / 22) ** 2 < 1
    bite = ((x - 50) / 12) ** 2 + ((y - 20) / 12) ** 2 < 1
    speck = ((x - 95) / 8) ** 2 + ((y - 70) / 6) ** 2 < 1
    return (bean & ~bite) | speck


def support(held: np.ndarray, **changes: object) -> Support:
    """On a frame of 100 level-0 pixels of 0.5 µm a step."""
    known = np.ones(held.shape, bool)
    return replace(Support(held, known, known, tissue(), (100.0, 100.0), (0.5, 0.5)), **changes)


def shifted(down: int, right: int) -> np.ndarray:
    return np.roll(tissue(), (down, right), (0, 1))


def test_a_map_on_its_tissue_fits() -> None:
    placement = judge(support(tissue()))
    assert placement.agreement == pytest.approx(1)
    assert placement.fault == placement.doubt == ""
    assert placement.words == "checked: 100 % of the cells agree with the slide's tissue"


def test_a_ragged_edge_is_no_fault() -> None:
    ragged = tissue() ^ (np.random.default_rng(0).random((ROWS, COLS)) < 0.04)
    placement = judge(support(ragged))
    assert placement.fault == ""
    assert 0.85 < placement.agreement < 0.98


@pytest.mark.parametrize(
    ("down", "right", "words"),
    [
        (0, 16, "shifted by about 0.8 mm to the right"),
        (-3, 0, "shifted by about 0.1 mm up"),
        (10, -14, "shifted by about 0.7 mm to the left and 0.5 mm down"),
    ],
)
def test_a_shift_is_measured(down: int, right: int, words: str) -> None:
    assert judge(support(shifted(down, right))).fault == f"its tissue lies {words}"


def test_without_a_scale_a_shift_is_told_in_pixels() -> None:
    assert "1\u202f600 pixels to the right" in judge(support(shifted(0, 16), mpp=None)).fault


@pytest.mark.parametrize(
    ("turn", "words"),
    [
        (lambda grid: grid[:, ::-1], "mirrored left to right"),
        (lambda grid: grid[::-1], "mirrored top to bottom"),
        (lambda grid: grid[::-1, ::-1], "turned by 180°"),
    ],
)
def test_a_mirrored_or_turned_map_is_called_so(turn: object, words: str) -> None:
    assert judge(support(turn(tissue()))).fault == f"its tissue lies {words}"


def test_a_quarter_turn_is_seen() -> None:
    square = np.zeros((120, 120), bool)
    square[:ROWS] = tissue()
    known = np.ones(square.shape, bool)
    placement = judge(Support(np.rot90(square, -1), known, known, square, (100.0, 100.0), None))
    assert placement.fault == "its tissue lies turned by 90° to the right"


def test_another_scale_is_seen() -> None:
    rows, cols = np.arange(ROWS) * 2, np.arange(COLS) * 2
    half = np.zeros((ROWS, COLS), bool)
    half[: ROWS // 2, : COLS // 2] = tissue()[rows[: ROWS // 2, None], cols[None, : COLS // 2]]
    assert judge(support(half)).fault == "its tissue lies drawn 0.5 times as large as the slide's"


def test_other_tissue_is_not_this_slides() -> None:
    rings = np.hypot(*np.mgrid[-40:50, -70:50]) % 24 < 12
    assert judge(support(rings)).fault.startswith("its tissue is not this slide's (")


def test_only_what_is_finished_counts() -> None:
    known = np.zeros((ROWS, COLS), bool)
    known[:, :64] = True
    assert judge(support(tissue() & known, known=known)).agreement == pytest.approx(1)
    wrong = judge(support(shifted(0, 16) & known, known=known))
    assert wrong.fault == "its tissue lies shifted by about 0.8 mm to the right"


@pytest.mark.parametrize(
    ("expected", "doubt"),
    [
        (np.ones((ROWS, COLS), bool), "almost all tissue"),
        (np.zeros((ROWS, COLS), bool), "almost no tissue was found"),
    ],
)
def test_a_slide_that_tells_nothing_is_not_judged(expected: np.ndarray, doubt: str) -> None:
    placement = judge(support(tissue(), expected=expected))
    assert placement.agreement is None
    assert placement.fault == ""
    assert doubt in placement.doubt


def test_a_map_that_has_only_begun_is_not_judged() -> None:
    placement = judge(support(tissue(), known=np.zeros((ROWS, COLS), bool)))
    assert placement.words == "not checked, because little of the map is finished"


RIGHT = Affine.scaling(16, 16, 0, 0)


@pytest.mark.parametrize(
    ("found", "shape", "fault"),
    [
        (RIGHT, (10, 20), ""),
        (Affine.scaling(16, 16, 1e-6, 0), (10, 20), ""),
        (Affine.scaling(17.12, 16, 0, 0), (10, 20), "its cells are 1.07 times as large as they should be"),
        (Affine.scaling(16, 16, 1600, 0), (10, 20), "its cells lie shifted by 0.8 mm to the right"),
        (Affine.scaling(16, 16, 0, -16), (10, 20), "its cells lie shifted by 8 µm up"),
        (RIGHT, (10, 19), "it has 19 × 10 cells, and this slide takes 20 × 10 of them"),
    ],
)
def test_a_frame_is_the_slides_to_a_thousandth_of_a_cell(found: Affine, shape: tuple[int, int], fault: str) -> None:
    assert frame_fault(found, RIGHT, shape, (10, 20), (0.5, 0.5)).startswith(fault)
    assert bool(frame_fault(found, RIGHT, shape, (10, 20), (0.5, 0.5))) == bool(fault)
