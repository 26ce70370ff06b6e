"""Layout: where the pieces of tissue and the tumour lie on the glass."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from wsiview.demo.noise import Field, fractal_noise, smooth_noise

PLAN_STEP = 8
"""Level-0 pixels per side of one plan pixel."""

MARGIN = 4
"""Plan pixels around the slide, so that enlarging never meets a border."""

SMALL_UM = 1500.0
"""A slide whose shorter side is below this holds one piece of tissue."""


@dataclass(frozen=True, slots=True)
class Frame:
    """The plan's raster: a coarse picture of the whole slide with a margin."""

    rows: int
    cols: int
    pixel_um: float

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, cols)."""
        return self.rows, self.cols

    def wavelength(self, microns: float) -> float:
        """Microns in plan pixels."""
        return microns / self.pixel_um

    def axes(self) -> tuple[Field, Field]:
        """Centres of the plan's pixels in µm: y (rows, 1), x (1, cols)."""
        y = (np.arange(self.rows, dtype=np.float32) - MARGIN + 0.5) * self.pixel_um
        x = (np.arange(self.cols, dtype=np.float32) - MARGIN + 0.5) * self.pixel_um
        return y.astype(np.float32)[:, None], x.astype(np.float32)[None, :]


@dataclass(frozen=True, slots=True)
class Piece:
    """A capsule in µm: everything within `radius` of the line from (x0, y0) to (x1, y1)."""

    x0: float
    y0: float
    x1: float
    y1: float
    radius: float

    def inside(self, x: Field, y: Field) -> Field:
        """Depth below the piece's surface in µm, negative outside."""
        dx, dy = self.x1 - self.x0, self.y1 - self.y0
        along = ((x - self.x0) * dx + (y - self.y0) * dy) / max(dx * dx + dy * dy, 1e-6)
        along = np.clip(along, 0, 1)
        return np.asarray(self.radius - np.hypot(x - self.x0 - along * dx, y - self.y0 - along * dy), np.float32)


def pieces(width: float, height: float, rng: np.random.Generator) -> tuple[list[Piece], list[Piece]]:
    """Tissue and tumour zones for a slide of that many µm."""

    def place(x0: float, y0: float, x1: float, y1: float, radius: float) -> Piece:
        # Drawn towards the middle, so that the bends to come rarely reach the slide's border.
        ends = 0.5 + 0.93 * (np.array([x0, y0, x1, y1]) - 0.5) + rng.normal(0, 0.012, 4)
        ax, ay, bx, by = (ends * [width, height, width, height]).tolist()
        return Piece(ax, ay, bx, by, 0.93 * radius * height * (1 + rng.normal(0, 0.04)))

    if min(width, height) < SMALL_UM:
        angle = rng.uniform(0, 2 * math.pi)
        x, y = 0.5 + 0.28 * math.cos(angle), 0.5 + 0.25 * math.sin(angle)
        return [place(0.34, 0.5, 0.66, 0.5, 0.42)], [place(x, y, x, y, 0.36)]
    tissue = [
        place(0.25, 0.43, 0.45, 0.50, 0.335),
        place(0.76, 0.15, 0.86, 0.82, 0.105),
        place(0.63, 0.93, 0.67, 0.91, 0.045),
        place(0.08, 0.93, 0.15, 0.94, 0.035),
    ]
    tumour = [place(0.46, 0.62, 0.52, 0.54, 0.23), place(0.86, 0.72, 0.88, 0.85, 0.21)]
    return tissue, tumour


def depth_fields(frame: Frame, width: float, height: float, rng: np.random.Generator) -> tuple[Field, Field]:
    """Depth inside tissue and inside tumour zones, µm (rows, cols) each, negative outside."""
    y, x = frame.axes()
    tissue, tumour = pieces(width, height, rng)
    reach = min(width, height)
    bend = min(0.05 * reach, 120.0)
    wavy_x = x + np.float32(bend) * fractal_noise(frame.shape, frame.wavelength(reach * 0.45), 3, rng)
    wavy_y = y + np.float32(bend) * fractal_noise(frame.shape, frame.wavelength(reach * 0.45), 3, rng)
    ragged = np.float32(13) * fractal_noise(frame.shape, frame.wavelength(120), 4, rng)
    depth = np.max([piece.inside(wavy_x, wavy_y) for piece in tissue], axis=0) + ragged
    # A rip or two: thin curves along the zero line of a slow field, open only here and there.
    course = smooth_noise(frame.shape, frame.wavelength(1500), rng)
    opened = smooth_noise(frame.shape, frame.wavelength(700), rng)
    width_here = opened - np.float32(1.15)
    rip = np.abs(course) * np.float32(380) - width_here * np.where(width_here > 0, np.float32(45), np.float32(260))
    depth = np.minimum(depth, rip)
    zone = np.max([piece.inside(wavy_x, wavy_y) for piece in tumour], axis=0)
    zone = zone + np.float32(45) * fractal_noise(frame.shape, frame.wavelength(300), 3, rng)
    return np.asarray(depth, np.float32), np.asarray(zone, np.float32)
