"""Contact sheet: the patches at both ends of each output's scores, as one picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from wsiview.errors import WsiviewError

_TILE, _GAP, _MARGIN, _CAPTION, _NAME = 132, 8, 28, 40, 210
_BETWEEN = 44  # between the two ends of an output
_MOST_ROWS = 24
_FOOT = "Scores of a network on patches drawn at random. Not a diagnosis."
_INK, _PALE, _PAPER, _RULE = (25, 25, 28), (105, 105, 112), (255, 255, 255), (218, 218, 222)
_FONTS = ("DejaVuSans.ttf", "Arial.ttf", "arial.ttf", "Helvetica.ttc", "LiberationSans-Regular.ttf")
_BOLD = ("DejaVuSans-Bold.ttf", "Arial Bold.ttf", "arialbd.ttf", "LiberationSans-Bold.ttf")

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@dataclass(frozen=True)
class SheetPatch:
    """A patch (p, p, 3) uint8, and the lines under it."""

    pixels: NDArray[np.uint8]
    score: float
    x: int
    y: int


@dataclass(frozen=True)
class SheetRow:
    """One output: its name, what is said of it, and its patches, the most extreme first."""

    name: str
    lines: Sequence[str]
    highest: Sequence[SheetPatch]
    lowest: Sequence[SheetPatch]


@dataclass(frozen=True)
class ContactSheet:
    """A picture of rows of patches.

    Attributes
    ----------
    title, lines
        What stands above the rows.
    label_share
        Side of the square that the label speaks of, as a share of the patch's; it is outlined.
    """

    title: str
    lines: Sequence[str]
    rows: Sequence[SheetRow]
    label_share: float

    def save(self, path: Path) -> None:
        """Write it as PNG.

        Raises
        ------
        WsiviewError
            If the file can't be written.
        """
        try:
            self.paint().save(path, "PNG")
        except OSError as error:
            raise WsiviewError(f"{path} can't be written ({error.strerror or error}); choose another file") from error

    def paint(self) -> Image.Image:
        """The picture."""
        rows = self.rows[:_MOST_ROWS]
        ends = max((len(end) for row in rows for end in (row.highest, row.lowest)), default=1)
        block = ends * (_TILE + _GAP) - _GAP
        width = 2 * _MARGIN + _NAME + 2 * block + _BETWEEN
        head = _MARGIN + 34 + 22 * len(self.lines) + 46
        step = _TILE + _CAPTION + 26
        height = head + step * len(rows) + 44 + (22 if len(self.rows) > _MOST_ROWS else 0)
        picture = Image.new("RGB", (width, height), _PAPER)
        draw = ImageDraw.Draw(picture)
        draw.text((_MARGIN, _MARGIN - 6), self.title, _INK, _font(_BOLD, 22))
        for number, line in enumerate(self.lines):
            text = _fitted(line, width - 2 * _MARGIN)
            draw.text((_MARGIN, _MARGIN + 30 + 22 * number), text, _PALE, _font(_FONTS, 14))
        lefts = _MARGIN + _NAME, _MARGIN + _NAME + block + _BETWEEN
        for left, word in zip(lefts, ("highest score", "lowest score"), strict=True):
            draw.text((left, head - 30), word, _INK, _font(_BOLD, 15))
        for number, row in enumerate(rows):
            top = head + step * number
            draw.line((_MARGIN, top - 8, width - _MARGIN, top - 8), _RULE)
            self._paint_name(draw, row, top)
            for left, end in zip(lefts, (row.highest, row.lowest), strict=True):
                for index, patch in enumerate(end):
                    self._paint_patch(picture, draw, patch, left + index * (_TILE + _GAP), top)
        foot = [f"and {len(self.rows) - _MOST_ROWS} more outputs"] if len(self.rows) > _MOST_ROWS else []
        for number, line in enumerate([*foot, _FOOT]):
            draw.text((_MARGIN, head + step * len(rows) + 4 + 22 * number), line, _PALE, _font(_FONTS, 13))
        return picture

    def _paint_name(self, draw: ImageDraw.ImageDraw, row: SheetRow, top: int) -> None:
        name = _fitted(row.name, _NAME - 16, _BOLD, 17)
        draw.text((_MARGIN, top + 2), name, _INK, _font(_BOLD, 17))
        for number, line in enumerate(row.lines):
            draw.text((_MARGIN, top + 32 + 20 * number), _fitted(line, _NAME - 16, size=13), _PALE, _font(_FONTS, 13))

    def _paint_patch(
        self, picture: Image.Image, draw: ImageDraw.ImageDraw, patch: SheetPatch, left: int, top: int
    ) -> None:
        picture.paste(Image.fromarray(patch.pixels).resize((_TILE, _TILE), Image.Resampling.LANCZOS), (left, top))
        inset = round(_TILE * (1 - self.label_share) / 2)
        if inset > 1:
            box = left + inset, top + inset, left + _TILE - 1 - inset, top + _TILE - 1 - inset
            draw.rectangle((box[0] - 1, box[1] - 1, box[2] + 1, box[3] + 1), outline=(0, 0, 0))
            draw.rectangle(box, outline=(255, 255, 255))
        draw.text((left, top + _TILE + 4), _score(patch.score), _INK, _font(_BOLD, 14))
        draw.text((left, top + _TILE + 22), f"{patch.x}, {patch.y}", _PALE, _font(_FONTS, 12))


def _score(score: float) -> str:
    """Three digits after the point, or what tells the last steps to 0 and 1 apart."""
    if 0.0005 <= score < 0.9995 or score in (0, 1):
        return f"{score:.3f}"
    return f"{score:.1e}" if score < 0.5 else f"1 − {1 - score:.0e}"


def _font(names: Sequence[str], size: int) -> Font:
    for name in names:
        try:
            return ImageFont.truetype(name, size)
        except OSError:
            continue
    return ImageFont.load_default(size)


def _fitted(text: str, width: int, names: Sequence[str] = _FONTS, size: int = 14) -> str:
    """The text, its end cut off where it is wider than that."""
    font = _font(names, size)
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(text + "…") > width:
        text = text[:-1]
    return text + "…"
