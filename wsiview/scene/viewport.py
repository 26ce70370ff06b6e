"""Viewport: which part of a slide a picture of so many device pixels shows, and how to get from one to the other."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from wsiview.geometry import Affine, Point, Region, Size


@dataclass(frozen=True, slots=True)
class Viewport:
    """A view of a slide.

    Parameters
    ----------
    center
        The place in the middle, level-0 pixels.
    downsample
        Level-0 pixels per device pixel.
    size
        Device pixels.
    rotation
        Degrees, clockwise as seen on screen.
    flipped
        Mirrored left to right (before the rotation).
    """

    center: Point
    downsample: float
    size: Size
    rotation: float = 0.0
    flipped: bool = False

    @property
    def to_device(self) -> Affine:
        """From level-0 pixels to device pixels of this picture."""
        cos, sin = 1.0, 0.0
        if self.rotation:
            angle = math.radians(self.rotation)
            # Whole quarter turns stay exact, so that their pixels fall on pixels.
            cos, sin = round(math.cos(angle), 15), round(math.sin(angle), 15)
        mirror = -1.0 if self.flipped else 1.0
        a, b = mirror * cos / self.downsample, -sin / self.downsample
        c, d = mirror * sin / self.downsample, cos / self.downsample
        x, y = self.center.x, self.center.y
        return Affine(a, b, self.size.width / 2 - a * x - b * y, c, d, self.size.height / 2 - c * x - d * y)

    @property
    def to_level0(self) -> Affine:
        """From device pixels to level-0 pixels."""
        return self.to_device.inverse()

    @property
    def upright(self) -> bool:
        """Whether the picture is neither turned nor mirrored."""
        return self.rotation % 360 == 0 and not self.flipped

    @property
    def region(self) -> Region:
        """The upright level-0 rectangle around all that is seen."""
        back = self.to_level0
        corners = [back.apply(x, y) for x in (0, self.size.width) for y in (0, self.size.height)]
        xs, ys = [x for x, _ in corners], [y for _, y in corners]
        return Region(min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys))

    def place(self, x: float, y: float) -> Point:
        """The level-0 place under a device position."""
        return Point(*self.to_level0.apply(x, y))

    def zoomed_at(self, x: float, y: float, factor: float) -> Viewport:
        """Magnified `factor` times, with what is under device position (x, y) staying there."""
        there = self.place(x, y)
        # A rounded downsample lets a zoom that goes in and out again find the tiles of the same scale.
        changed = replace(self, downsample=float(f"{self.downsample / factor:.9g}"))
        now = changed.place(x, y)
        return replace(changed, center=Point(changed.center.x + there.x - now.x, changed.center.y + there.y - now.y))

    def panned(self, dx: float, dy: float) -> Viewport:
        """With the slide moved by device pixels (to the right and down where positive)."""
        step, to = self.downsample**2, self.to_device
        # The way back of a turn is its transpose.
        x, y = self.center.x - step * (to.a * dx + to.c * dy), self.center.y - step * (to.b * dx + to.d * dy)
        return Viewport(Point(x, y), self.downsample, self.size, self.rotation, self.flipped)

    def centered(self, place: Point) -> Viewport:
        """The same scale around another place."""
        return replace(self, center=place)

    def turned(self, degrees: float) -> Viewport:
        """Turned clockwise, as seen on screen, around its middle."""
        return replace(self, rotation=round(self.rotation + degrees, 6) % 360)

    def mirrored(self) -> Viewport:
        """With left and right of the screen exchanged, however it is turned."""
        # A mirror on screen after a turn is the mirror of the slide before the opposite turn.
        return replace(self, rotation=-self.rotation % 360, flipped=not self.flipped)

    def righted(self) -> Viewport:
        """Neither turned nor mirrored."""
        return replace(self, rotation=0.0, flipped=False)

    def resized(self, size: Size) -> Viewport:
        """The same place and scale on another number of device pixels."""
        return replace(self, size=size)

    def magnified(self, factor: float) -> Viewport:
        """The same picture with `factor` times as many device pixels per side."""
        size = Size(round(self.size.width * factor), round(self.size.height * factor))
        return replace(self, size=size, downsample=self.downsample / factor)

    def fitted(self, region: Region, border: float = 0.0) -> Viewport:
        """The whole region, as large as it can be, with a border of so many device pixels."""
        width = max(1.0, self.size.width - 2 * border)
        height = max(1.0, self.size.height - 2 * border)
        angle = math.radians(self.rotation)
        cos, sin = abs(math.cos(angle)), abs(math.sin(angle))
        across = region.width * cos + region.height * sin
        down = region.width * sin + region.height * cos
        downsample = max(across / width, down / height)
        return replace(self, center=region.center, downsample=float(f"{downsample:.9g}") or 1.0)
