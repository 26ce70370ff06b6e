"""Contact sheets: every patch in its place, and names of any length inside the picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from wsiview.errors import WsiviewError
from wsiview.export.contact_sheet import ContactSheet, SheetPatch, SheetRow

COLOURS = [(200, 30, 30), (30, 200, 30), (30, 30, 200), (120, 10, 160)]


def patch(colour: tuple[int, int, int], score: float = 0.5) -> SheetPatch:
    return SheetPatch(np.full((96, 96, 3), colour, np.uint8), score, 123456, 98765)


def sheet(rows: int = 1, name: str = "tumour", share: float = 0.5) -> ContactSheet:
    ends = [patch(COLOURS[0]), patch(COLOURS[1])], [patch(COLOURS[2]), patch(COLOURS[3])]
    return ContactSheet("a title", ["a line"], [SheetRow(name, ["output 0"], *ends)] * rows, share)


def where(pixels: np.ndarray, colour: tuple[int, int, int]) -> tuple[int, int, int]:
    """Left, top and number of the pixels of a colour."""
    rows, cols = np.nonzero((pixels == colour).all(axis=2))
    return int(cols.min()), int(rows.min()), len(rows)


def test_patches_stand_in_order_highest_before_lowest() -> None:
    pixels = np.asarray(sheet(share=1.0).paint())
    places = [where(pixels, colour) for colour in COLOURS]
    assert [left for left, _, _ in places] == sorted(left for left, _, _ in places)
    assert {(top, number) for _, top, number in places} == {(places[0][1], 132 * 132)}
    assert places[2][0] - places[1][0] > places[1][0] - places[0][0]  # a gap between the two ends


def test_the_square_that_the_label_speaks_of_is_outlined() -> None:
    pixels = np.asarray(sheet(share=0.5).paint())
    left, top, number = where(pixels, COLOURS[0])
    assert 132 * 132 - 4 * 2 * 68 <= number < 132 * 132
    assert (pixels[top + 33, left + 40] == 255).all()


def test_a_name_of_any_length_stays_beside_its_patches() -> None:
    short, long = (np.asarray(sheet(name=name).paint()) for name in ("a", "žlučník " * 40))
    assert short.shape == long.shape
    left, top, _ = where(long, COLOURS[0])
    beside = long[top : top + 132, :left]
    assert (beside[:, -10:] == 255).all()
    assert (beside != 255).any()


def test_more_outputs_than_a_picture_can_show_are_counted(tmp_path: Path) -> None:
    sheet(rows=30).save(tmp_path / "many.png")
    assert sheet(rows=30).paint().height == sheet(rows=24).paint().height + 22
    with pytest.raises(WsiviewError, match="can't be written"):
        sheet().save(tmp_path / "nowhere" / "x.png")
