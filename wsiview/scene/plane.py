"""Plane: one overlay of a tile, as codes whose colours are a table, or as colours already mixed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from wsiview.scene.visible_tiles import Window

Role = Literal["strongest", "strength", "difference", "prediction", "marks", "mixed"]
Codes = NDArray[np.uint8]
Rgba = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Plane:
    """Pixels (h, w) of one overlay.

    Either `codes` (h, w), coloured by the table of its role (and of its class, for a strength), so that another colour
    or threshold needs no new plane; or `rgba` (h, w, 4), premultiplied, where colours had to be mixed.
    """

    role: Role
    codes: Codes | None = None
    rgba: Rgba | None = None
    class_index: int = -1

    @property
    def empty(self) -> bool:
        """Whether there is nothing to see."""
        return self.codes is None and self.rgba is None


@dataclass(frozen=True, slots=True)
class Appearance:
    """How large a screen pixel is.

    Parameters
    ----------
    microns
        µm per screen pixel.
    pixel_ratio
        Device pixels per screen pixel: lines and hatches are that much wider.
    """

    microns: float
    pixel_ratio: float = 1.0

    @property
    def band(self) -> Literal["far", "middle", "near"]:
        """Fills alone above 4 µm per screen pixel, outlines alone below 1, because nuclei must stay readable."""
        if self.microns > 4:
            return "far"
        return "middle" if self.microns >= 1 else "near"

    def pixels(self, screen_pixels: float) -> int:
        """Whole device pixels for a length on the screen, at least one."""
        return max(1, round(screen_pixels * self.pixel_ratio))


ASSUMED_MPP = 0.25
"""µm per level-0 pixel taken for choosing a look, and for nothing else, where a slide doesn't tell."""


def appearance(downsample: float, mpp: float | None, pixel_ratio: float) -> Appearance:
    """The appearance at a downsample (level-0 pixels per device pixel)."""
    return Appearance(downsample * pixel_ratio * (ASSUMED_MPP if mpp is None else mpp), pixel_ratio)


def stripes(window: Window, period: int, thickness: int, rising: bool) -> NDArray[np.bool_]:
    """Diagonal stripes (h, w) that go on across tiles, since they are laid on the lattice and not on the window."""
    # Each row is a cut of one line of stripes, a pixel further than the row above it: nothing is worked out per pixel.
    first = window.y + window.x if rising else window.y - window.x - window.width + 1
    line = np.arange(first, first + window.width + window.height - 1) % period < thickness
    rows = sliding_window_view(line, window.width)
    return rows if rising else rows[:, ::-1]


def specks(window: Window, look: Appearance) -> NDArray[np.bool_]:
    """Short strokes far apart (h, w), on the lattice: for what is there, but too weak for a colour."""
    period, length, height = look.pixels(16), look.pixels(4), look.pixels(1.5)
    x = np.arange(window.x, window.x + window.width, dtype=np.int32)
    y = np.arange(window.y, window.y + window.height, dtype=np.int32)
    offset = (y // period % 2) * (period // 2)  # every other row is shifted, or they would line up
    across: NDArray[np.bool_] = (x[None, :] + offset[:, None]) % period < length
    return across & (y % period < height)[:, None]
