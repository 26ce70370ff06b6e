"""Registration: whether a map's cells lie on the slide's tissue, and if not, where they seem to belong."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wsiview.geometry import Affine

Grid = NDArray[np.bool_]

SURE = 0.98  # of agreement, from which nothing better is looked for
HOPELESS = 0.5  # of agreement, below which a map is refused even where nothing fits better
CLEARLY = 0.05  # of agreement that another placement must gain to be believed
_TELLING = 0.01  # of the cells compared: with less of tissue or of glass there is nothing to compare
_FEWEST = 24  # cells of tissue and of glass, likewise
_FINISHED = 0.1  # of the tissue, from which a growing map is judged
_FLIPS: tuple[tuple[str, Callable[[Grid], Grid]], ...] = (
    ("", lambda grid: grid),
    ("mirrored left to right", lambda grid: grid[:, ::-1]),
    ("mirrored top to bottom", lambda grid: grid[::-1]),
    ("turned by 180°", lambda grid: grid[::-1, ::-1]),
    ("turned by 90° to the right", lambda grid: grid.T[:, ::-1]),
    ("turned by 90° to the left", lambda grid: grid.T[::-1]),
    ("mirrored across its diagonal", lambda grid: grid.T),
)
_SCALES = (0.5, 0.8, 1.25, 2.0)


@dataclass(frozen=True, eq=False)
class Support:
    """Where a map holds numbers and where the slide would make it hold some, on one coarse frame (rows, cols).

    Attributes
    ----------
    held
        Cells that are computed or unreadable.
    looked
        Cells of the blocks that were picked for the comparison.
    known
        Those of them that are finished; elsewhere `held` says nothing.
    expected
        Cells that the patches over the slide's own tissue cover.
    pixels
        Level-0 pixels per step of the frame, (x, y).
    mpp
        µm per level-0 pixel, None where the slide's scale is unknown.
    """

    held: Grid
    looked: Grid
    known: Grid
    expected: Grid
    pixels: tuple[float, float]
    mpp: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Placement:
    """What came out.

    Attributes
    ----------
    agreement
        Correlation of the map's cells with the slide's tissue, up to 1; None where nothing could be compared.
    same
        Share of the compared cells on which the two agree, None likewise.
    fault
        Why the map must not be shown, as a part of a sentence; empty where it may.
    doubt
        Why it was not checked; empty where it was.
    """

    agreement: float | None = None
    same: float | None = None
    fault: str = ""
    doubt: str = ""

    @property
    def words(self) -> str:
        """The placement in a sentence without its full stop."""
        if self.fault:
            return f"does not fit, because {self.fault}"
        if self.doubt:
            return f"not checked, because {self.doubt}"
        return f"checked: {100 * (self.same or 0.0):.0f} % of the cells agree with the slide's tissue"


def frame_fault(
    found: Affine,
    wanted: Affine,
    shape: tuple[int, int],
    wanted_shape: tuple[int, int],
    mpp: tuple[float, float] | None,
) -> str:
    """How a map's frame differs from the one that the slide asks for; empty where it doesn't.

    Parameters
    ----------
    found, wanted
        Cell index (col, row) to the level-0 position of the cell's corner, of the map and as it should be.
    shape, wanted_shape
        Rows and columns of cells.
    mpp
        µm per level-0 pixel, for the words.
    """
    across, down = found.a / wanted.a, found.d / wanted.d
    if max(abs(across - 1), abs(down - 1)) > 1e-6:
        worse = max(across, down, key=lambda factor: abs(math.log(factor)))
        return f"its cells are {worse:.3g} times as large as they should be on this slide"
    shift = found.tx - wanted.tx, found.ty - wanted.ty
    if max(abs(shift[0]) / wanted.a, abs(shift[1]) / wanted.d) > 1e-3:
        return f"its cells lie shifted by {_shift(shift, mpp)}"
    if shape != wanted_shape:
        return (
            f"it has {shape[1]} × {shape[0]} cells, and this slide takes {wanted_shape[1]} × {wanted_shape[0]} of them"
        )
    return ""


def judge(support: Support) -> Placement:
    """Compare a map's cells with the slide's tissue, and look for a placement that fits clearly better.

    A slide that is all tissue or has none, and a map of which too little is finished, is not judged.
    """
    doubt = _doubt(support)
    if doubt:
        return Placement(doubt=doubt)
    known, expected = support.known, support.expected[support.known]
    same = float((support.held[known] == expected).mean())
    agreement = _agreement(support.held[known], expected)
    if agreement >= SURE:
        return Placement(agreement, same)
    best, words = _search(support)
    if best >= agreement + CLEARLY and best > HOPELESS and words:
        return Placement(agreement, same, fault=f"its tissue lies {words}")
    if agreement < HOPELESS:
        return Placement(
            agreement, same, fault=f"its tissue is not this slide's ({100 * (1 - same):.0f} % of the cells differ)"
        )
    return Placement(agreement, same)


def _doubt(support: Support) -> str:
    """Why nothing can be learned from comparing, empty where something can."""
    known, looked = support.expected[support.known], support.expected[support.looked]
    for cells, of in ((looked, "the slide"), (known, "what is finished of the map")):
        least = max(_FEWEST, _TELLING * cells.size)
        if of != "the slide" and cells.sum() < max(least, _FINISHED * looked.sum()):
            return "little of the map is finished"
        if cells.sum() < least:
            return "almost no tissue was found on the slide"
        if cells.size - cells.sum() < least:
            return f"{of} is almost all tissue"
    return ""


def _agreement(held: Grid, expected: Grid) -> float:
    """Correlation of two binary lists, 0 where one is constant."""
    h, e = held.astype(np.float64), expected.astype(np.float64)
    spread = float(h.std() * e.std())
    return float(((h - h.mean()) * (e - e.mean())).mean() / spread) if spread > 0 else 0.0


def _search(support: Support) -> tuple[float, str]:
    """The best agreement of any shift, turn, flip or scale, and what it means in words.

    A plainer placement is preferred to one that is better by a hair.
    """
    best, words = -1.0, ""
    shifts = _Shifts(support.held, support.known)
    for name, moved in _candidates(support.expected):
        agreement, dy, dx = shifts.best(moved)
        if agreement <= best + 0.02:
            continue
        shift = dx * support.pixels[0], dy * support.pixels[1]
        best, words = agreement, name
        if not name and (dx or dy):
            words = f"shifted by about {_shift(shift, support.mpp)}"
    return best, words


def _candidates(expected: Grid) -> Iterator[tuple[str, Grid]]:
    for name, flip in _FLIPS:
        yield name, flip(expected)
    rows, cols = (np.arange(side) for side in expected.shape)
    for factor in _SCALES:
        # A map drawn twice too large shows at 100 what belongs at 50.
        r, c = np.rint(rows / factor).astype(int), np.rint(cols / factor).astype(int)
        inside = (r < len(rows))[:, None] & (c < len(cols))[None, :]
        scaled = np.zeros_like(expected)
        picked = expected[np.minimum(r, len(rows) - 1)[:, None], np.minimum(c, len(cols) - 1)[None, :]]
        yield f"drawn {factor:.3g} times as large as the slide's", np.where(inside, picked, scaled)


class _Shifts:
    """Tries all shifts of what is expected at once, by correlation, on a frame that nothing wraps around in."""

    def __init__(self, held: Grid, known: Grid) -> None:
        self._side = 2 * max(held.shape)
        self._count, self._sum_held = float(known.sum()), float((held & known).sum())
        self._known, self._held = self._forward(known), self._forward(held & known)

    def best(self, expected: Grid) -> tuple[float, int, int]:
        """The best agreement, and the shift (down, right) of `expected` that gives it."""
        side, count, sum_held = self._side, self._count, self._sum_held
        back = np.conj(self._forward(expected))
        sum_expected, both = self._backward(self._known * back), self._backward(self._held * back)
        spread = sum_held * (count - sum_held) * sum_expected * (count - sum_expected)
        telling = (sum_expected > 0.02 * count) & (sum_expected < 0.98 * count) & (spread > 0)
        values = np.full((side, side), -1.0)
        values[telling] = (count * both - sum_held * sum_expected)[telling] / np.sqrt(spread[telling])
        dy, dx = (int(index) for index in np.unravel_index(int(values.argmax()), values.shape))
        found = float(values[dy, dx])
        return found, dy - side if dy > side // 2 else dy, dx - side if dx > side // 2 else dx

    def _forward(self, grid: Grid) -> NDArray[np.complex128]:
        return np.fft.rfft2(grid.astype(np.float64), (self._side, self._side))

    def _backward(self, values: NDArray[np.complex128]) -> NDArray[np.float64]:
        return np.fft.irfft2(values, (self._side, self._side))


def _shift(pixels: tuple[float, float], mpp: tuple[float, float] | None) -> str:
    """A shift (x, y) in level-0 pixels, in words."""
    ways = ("to the right" if pixels[0] > 0 else "to the left"), ("down" if pixels[1] > 0 else "up")
    lengths = [abs(value) for value in pixels]
    longest = max(lengths)
    parts = []
    for axis, (length, way) in enumerate(zip(lengths, ways, strict=True)):
        if length >= 0.1 * longest:
            text = f"{length:,.0f} pixels".replace(",", "\u202f") if mpp is None else _length(length * mpp[axis])
            parts.append(f"{text} {way}")
    return " and ".join(parts)


def _length(microns: float) -> str:
    return f"{microns / 1000:.1f} mm" if microns >= 95 else f"{microns:.0f} µm"
